"""Tables of the report on leads."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.lead_features import FEATURE_WORDS
from crmlib.analyse.pipeline.lead_result import LEAD_MODELS, LeadScores
from crmlib.analyse.pipeline.portrait import Portrait
from crmlib.analyse.pipeline.portrait_traits import TRAITS
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.prepare.privacy import employee_names, public_ids
from crmlib.present.blocks import DataTable, Prose
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_leads_words import base_words, by_words
from crmlib.present.needs import or_else
from crmlib.present.words import sentence


@or_else(lambda missing: missing)
def open_leads_table(crm: Any, scores: LeadScores, *, most: int | None = None) -> DataTable:
    """Open deals, the best chances first, with what speaks for and against each.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    scores : LeadScores
    most : int, optional
        At most so many deals.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> table = open_leads_table(SimpleNamespace(config=None), _little_scores(), most=3)
    >>> table.frame.columns.tolist()[:5], len(table.frame)
    (['opportunity_id', 'customer_id', 'deal_score', 'chance_pct', 'similarity_pct'], 3)
    """
    table = scores.table.head(most or len(scores.table)).reset_index(names="opportunity_id")
    frame = pd.DataFrame(
        {
            "opportunity_id": table["opportunity_id"].astype("str"),
            "customer_id": public_ids(crm, table["customer_id"]),
            "owner_id": employee_names(crm, table["owner_id"]),
            "score": table["score"],
            "chance_pct": 100 * table["probability"],
            "similarity_pct": table["similarity_pct"],
            "value": table["value"],
            "expected_value": table["expected_value"],
            "stage": table["stage"] if scores.beats_stage is not None else pd.NA,
            "speaks_for": table["speaks_for"].map(_sentence),
            "speaks_against": table["speaks_against"].map(_sentence),
        }
    )
    empty = [name for name in frame if len(frame) and frame[name].isna().all()]
    return DataTable(
        frame.drop(columns=empty).rename(columns={"score": "deal_score", "value": "amount"}),
        name="open_deals_by_chance",
        caption=f"Open deals, the best chances to be won within {scores.horizon_days} days first",
        currency=scores.currency,
        rows=15,
        page_rows=40,
        download_bytes=80_000,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: missing)
def portrait_table(portrait: Portrait) -> DataTable:
    """Every value of every trait: its share among the won and among all.

    Parameters
    ----------
    portrait : Portrait

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_portrait
    >>> portrait_table(_little_portrait()).frame[["trait", "trait_value"]].iloc[0].tolist()
    ['Source', 'referral']
    """
    rows = portrait.table[portrait.table["said_with"] == ""]
    rows = rows.sort_values(["q", "lift_shrunk"], ascending=[True, False], kind="stable")
    frame = pd.DataFrame(
        {
            "trait": [sentence(TRAITS[name].says).rstrip(".") for name in rows["trait"]],
            "value": rows["value"].astype("str"),
            **{name: rows[name] for name in ("leads", "won", "share_won_pct", "share_base_pct",
                                             "win_rate_pct", "lift_shrunk", "low", "high")},
            "sure": (rows["q"] <= 0.05).map({True: "yes", False: ""}),
            "open": rows["open"],
        }
    )  # fmt: skip
    return DataTable(
        frame.reset_index(drop=True).rename(
            columns={
                "value": "trait_value",
                "win_rate_pct": "deal_win_rate_pct",
                "low": "lift_shrunk_low",
                "high": "lift_shrunk_high",
                "open": "open_deals",
            }
        ),
        name="portrait_of_the_won",
        caption=f"What the won have in common, against all {base_words(portrait.base)}",
        rows=12,
    )


@or_else(lambda missing: missing)
def opportunity_table(portrait: Portrait) -> DataTable | Prose:
    """Where most is open: deals, value and what can be expected of it.

    Parameters
    ----------
    portrait : Portrait

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_portrait
    >>> opportunity_table(_little_portrait()).frame["trait"].unique().tolist()
    ['Region']
    """
    rows = portrait.opportunity
    if rows.empty:
        return Prose("Of the open deals neither industry, region nor product is known.")
    frame = rows.assign(trait=[sentence(TRAITS[name].says).rstrip(".") for name in rows["trait"]])
    if frame["open_value"].isna().all():
        frame = frame.drop(columns=["open_value", "expected_value"])
    return DataTable(
        frame.rename(
            columns={
                "value": "trait_value",
                "open": "open_deals",
                "win_rate_pct": "deal_win_rate_pct",
                "expected_value": "expected",
            }
        ),
        name="open_opportunity",
        caption="Open deals by industry, region, product and product category",
        currency=portrait.currency,
        rows=12,
    )


@or_else(lambda missing: missing)
def sources_table(found: ChannelConversion) -> DataTable:
    """Every source with its deals, win rate, time, value, cost and how it compares.

    Parameters
    ----------
    found : ChannelConversion

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_sources
    >>> sources_table(_little_sources()).frame.columns.tolist()[:6]
    ['source', 'leads', 'won', 'lost', 'open_deals', 'deal_win_rate_pct']
    """
    names = ["value", "leads", "won", "lost", "open", "win_rate_pct", "low", "high", "verdict", "won_of_leads_pct",
             "days_to_win", "value_won", "cost", "cost_per_win", "return_ratio"]  # fmt: skip
    frame = found.table[names]
    if found.base == "leads":
        frame = frame.drop(columns="won_of_leads_pct")
    frame = frame.drop(columns=[name for name in frame if len(frame) and frame[name].isna().all()])
    one = by_words(found.by)[0]
    return DataTable(
        frame.rename(
            columns={
                "value": one.replace(" ", "_"),
                "open": "open_deals",
                "win_rate_pct": "deal_win_rate_pct",
                "low": "win_rate_low",
                "high": "win_rate_high",
                "verdict": "against_rest",
            }
        ),
        name=f"deals_by_{one.replace(' ', '_')}",
        caption=f"Deals by {one}: the win rate is of {base_words(found.base)}",
        currency=found.currency,
        rows=15,
    )


@or_else(lambda missing: None)
def lead_ways_table(scores: LeadScores) -> DataTable:
    """Every way to foretell a win, and how good it was on later days.

    Parameters
    ----------
    scores : LeadScores

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> lead_ways_table(_little_scores()).frame["way"].tolist()[0]
    'A weighted sum of the figures'
    """
    table = scores.evaluation
    frame = pd.DataFrame({"way": [sentence(LEAD_MODELS[name]).rstrip(".") for name in table["model"]]})
    for name, measure, factor in (
        ("right", "auc", 100),
        ("first", "lift_top_decile", 1),
        ("loss", "log_loss", 1),
    ):
        for suffix in ("", "_low", "_high"):
            frame[f"{name}{suffix}"] = factor * table[f"{measure}{suffix}"].to_numpy()
    frame["chosen"] = table["chosen"].map({True: "yes", False: ""}).to_numpy()
    return DataTable(
        frame,
        name="ways_to_foretell_a_win",
        caption="Ways to foretell a win, tested on later days (ranges: 95 %)",
    )


@or_else(lambda missing: None)
def refused_leads_table(scores: LeadScores) -> DataTable | Prose:
    """Fields that were refused because they know the outcome, each with the reason.

    Parameters
    ----------
    scores : LeadScores

    Examples
    --------
    >>> from crmlib.present.claims_leads_words import _little_scores
    >>> refused_leads_table(_little_scores()).frame["refused_field"].tolist()
    ['Stage']
    """
    if not len(scores.refused):
        return Prose("No field was refused: none tells how a deal ends by itself.")
    frame = pd.DataFrame(
        {
            "field": [sentence(FEATURE_WORDS.get(name, name)).rstrip(".") for name in scores.refused.index],
            "reason": [sentence(reason) for reason in scores.refused],
        }
    )
    return DataTable(
        frame.rename(columns={"field": "refused_field"}),
        name="fields_refused",
        caption="Fields that were refused because they know the outcome",
        download=False,
    )


def _sentence(words: str) -> str:
    return sentence(words) if words else ""
