"""How campaigns, groups and verdicts are called in the report on campaigns."""

from typing import Any

import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, MATCHED
from crmlib.analyse.campaigns.groups import ANSWERED_BAND, CAMPAIGNS_BAND, SPEND_BAND
from crmlib.analyse.campaigns.result import CampaignEffect
from crmlib.analyse.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of
from crmlib.present.words import NBSP, money, percent, shortened

FIGURES = {
    "spend_before": "Spend before",
    "spend_recent": "Spend in the last 28 days",
    "spend_change": "Change of spend lately",
    "purchase_days_before": "Days with a purchase",
    "recency_days": "Days since last purchase",
    "known_days": "Days since first purchase",
    "campaigns_before": "Earlier campaigns",
    "responses_before": "Earlier answers",
    "campaigns_running": "Other campaigns running",
}
GROUPINGS = {
    SPEND_BAND: "Spend before",
    ANSWERED_BAND: "Answered a campaign before",
    CAMPAIGNS_BAND: "Campaigns before",
    "age_band": "Age",
}
WAYS = {
    "adjusted": "Adjusted for spend before",
    "unadjusted": "As it is",
    "redrawn": "Adjusted, customers drawn again",
    "everyone": "Against all other customers",
}


def campaign_name(row: Any) -> str:
    """A campaign as it is called: its name, or its number.

    Parameters
    ----------
    row : with `campaign_id` and `name`

    Returns
    -------
    str

    Examples
    --------
    >>> campaign_name(pd.Series({"campaign_id": "18", "name": None})).replace(NBSP, " ")
    'campaign 18'
    >>> campaign_name(pd.Series({"campaign_id": "18", "name": "Spring  sale"}))
    'Spring sale'
    """
    name = row["name"] if isinstance(row, pd.Series) else row.name
    campaign = row["campaign_id"] if isinstance(row, pd.Series) else row.campaign_id
    if name is None or pd.isna(name) or not str(name).strip():
        return f"campaign{NBSP}{shortened(campaign, 30)}"
    return shortened(name, 40)


def grouping_name(name: str) -> str:
    """What customers were grouped by.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> grouping_name("spend_band"), grouping_name("household_size")
    ('Spend before', 'People in the household')
    """
    return GROUPINGS.get(name) or label_of(name)


def figure_name(name: str) -> str:
    """A figure that groups were compared in.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> figure_name("recency_days"), figure_name("household_size: 2")
    ('Days since last purchase', 'People in the household: 2')
    """
    trait, colon, level = name.partition(": ")
    return FIGURES.get(name) or (f"{grouping_name(trait)}: {level}" if colon else label_of(name))


def stated(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups that say something of a customer: not those of whom nothing is known.

    Parameters
    ----------
    groups : DataFrame with `group`

    Examples
    --------
    >>> stated(pd.DataFrame({"group": ["north", "not stated", "all other values"]}))["group"].tolist()
    ['north']
    """
    return groups[~groups["group"].isin([NOT_STATED, OTHER])]


def signed_money(amount: float, currency: str) -> str:
    """An amount with its sign, also where it is a gain.

    Parameters
    ----------
    amount : float
    currency : str

    Examples
    --------
    >>> signed_money(5.0, "USD").replace(NBSP, " "), signed_money(-5.0, "").replace(NBSP, " ")
    ('+USD 5', '−5')
    """
    said = money(abs(amount), currency)
    return said if amount == 0 or not pd.notna(amount) else f"{'+' if amount > 0 else '−'}{said}"


def likely(low: float, high: float, currency: str) -> str:
    """The ends of an interval of amounts.

    Parameters
    ----------
    low, high : float
    currency : str

    Examples
    --------
    >>> likely(-1.5, 2.0, "USD").replace(NBSP, " ")
    'likely −USD 1.5 to +USD 2'
    """
    return f"likely {signed_money(low, currency)} to {signed_money(high, currency)}"


def whom(effect: CampaignEffect) -> str:
    """Those that a campaign's customers are compared with.

    Parameters
    ----------
    effect : CampaignEffect

    Examples
    --------
    >>> whom(_little_effect())
    'the control group'
    """
    names = {CONTROL_GROUP: "the control group", MATCHED: "customers outside it like them"}
    return names.get(effect.comparison.kind, "nobody")


def effect_name(effect: CampaignEffect) -> str:
    """A campaign as it is called.

    Parameters
    ----------
    effect : CampaignEffect

    Examples
    --------
    >>> effect_name(_little_effect()).replace(NBSP, " ")
    'campaign spring'
    """
    return campaign_name(pd.Series({"campaign_id": effect.campaign_id, "name": effect.name or None}))


def likely_share(row: Any) -> str:
    """The ends of the interval of a share that answered.

    Parameters
    ----------
    row : Series with `response_low`, `response_high`

    Examples
    --------
    >>> likely_share({"response_low": 2.5, "response_high": 31.0}).replace(NBSP, " ")
    'likely 2.5 % to 31 %'
    """
    return f"likely {percent(row['response_low'])} to {percent(row['response_high'])}"


_KEPT: dict[str, Any] = {}


def _little_effect() -> CampaignEffect:
    """One campaign with a control group, for the examples."""
    from crmlib.analyse.campaigns.effect import _little_shop, campaign_effect

    if "effect" not in _KEPT:
        _KEPT["effect"] = campaign_effect(_little_shop(), "spring")
    return _KEPT["effect"]


def _little_summary() -> Any:
    """The campaigns of the same shop, for the examples."""
    from crmlib.analyse.campaigns.effect import _little_shop
    from crmlib.analyse.campaigns.summary import campaign_summary

    if "summary" not in _KEPT:
        _KEPT["summary"] = campaign_summary(_little_shop())
    return _KEPT["summary"]
