"""Words that the pictures, sentences and tables about leads share."""

from functools import cache

import pandas as pd

from crmlib.analyse.pipeline.lead_result import LeadScores
from crmlib.analyse.pipeline.portrait import Portrait
from crmlib.analyse.pipeline.portrait_traits import NOT_STATED, TRAITS
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.present.words import quoted

BY_WORDS = {
    "source": ("source", "sources"),
    "campaign_id": ("campaign", "campaigns"),
    "owner_id": ("owner", "owners"),
    "product_id": ("product", "products"),
    "category": ("product category", "product categories"),
    "industry": ("industry", "industries"),
    "region": ("region", "regions"),
    "country": ("country", "countries"),
}
"""What deals can be told apart by: one, and several."""


def trait_words(trait: str, value: str) -> str:
    """A value of a trait as it stands in a sentence.

    Parameters
    ----------
    trait, value : str

    Examples
    --------
    >>> trait_words("source", "Referral"), trait_words("touches_before_close", "5 to 7")
    ('source “Referral”', '5 to 7 contacts before the close')
    """
    if trait == "touches_before_close":
        return f"{value} contact{'' if value == '1' else 's'} before the close"
    if trait == "days_in_first_stage":
        return f"{value} day{'' if value == '1' else 's'} in the first stage"
    return f"{TRAITS[trait].says} {quoted(value)}"


def trait_label(trait: str, value: str) -> str:
    """The same beside a mark of a picture or in a table.

    Parameters
    ----------
    trait, value : str

    Examples
    --------
    >>> trait_label("source", "Referral"), trait_label("touches_before_close", "5 to 7")
    ('Referral (source)', '5 to 7 contacts before the close')
    """
    said = trait_words(trait, value)
    return f"{value} ({TRAITS[trait].says})" if said.startswith(TRAITS[trait].says) else said


def base_words(base: str) -> str:
    """What a win rate is of.

    Parameters
    ----------
    base : "decided" or "leads"

    Examples
    --------
    >>> base_words("decided"), base_words("leads")
    ('decided deals', 'deals, open ones among them')
    """
    return "decided deals" if base == "decided" else "deals, open ones among them"


def group_words(value: str, by: str) -> str:
    """The name of a source as it stands in a sentence.

    Parameters
    ----------
    value, by : str

    Examples
    --------
    >>> group_words("web", "source"), group_words("(not stated)", "source")
    ('“web”', 'deals without a source')
    """
    return f"deals without a {by_words(by)[0]}" if value == NOT_STATED else quoted(value)


def by_words(by: str) -> tuple[str, str]:
    """What deals are told apart by, as one and as several.

    Parameters
    ----------
    by : str

    Examples
    --------
    >>> by_words("campaign_id"), by_words("lost_reason")
    (('campaign', 'campaigns'), ('lost reason', 'groups'))
    """
    return BY_WORDS.get(by, (by.removesuffix("_id").replace("_", " "), "groups"))


def lift_text(row: pd.Series) -> str:
    """How many times as often, short, as it stands behind a mark.

    Parameters
    ----------
    row : of `Portrait.table`

    Examples
    --------
    >>> lift_text(pd.Series({"lift_shrunk": 1.456}))
    '1.46×'
    """
    return f"{row['lift_shrunk']:.2f}×"


@cache
def _little_portrait() -> Portrait:
    from crmlib.analyse.pipeline.portrait import _little_pipeline, won_portrait

    return won_portrait(_little_pipeline(), by=["source", "country", "region"])


@cache
def _little_sources() -> ChannelConversion:
    from crmlib.analyse.pipeline.portrait import _little_pipeline
    from crmlib.analyse.pipeline.sources import channel_conversion

    return channel_conversion(_little_pipeline())


def _little_scores() -> LeadScores:
    from crmlib.analyse.pipeline.lead_scores import _little_scores as made

    return made()
