"""Tables of the report on leads."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.analyse.pipeline.lead_features import FEATURE_WORDS
from crmlib.analyse.pipeline.leads import LEAD_MODELS, LeadScores
from crmlib.analyse.pipeline.portrait import Portrait
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.analyse.pipeline.traits import TRAITS
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.present.blocks import DataTable, Prose
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.needs import or_else
from crmlib.present.reports.leads.say import base_words, by_words
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
    """
    table = scores.table.head(most or len(scores.table)).reset_index(names="opportunity_id")
    frame = pd.DataFrame(
        {
            "opportunity_id": table["opportunity_id"].astype("str"),
            "customer_id": public_ids(crm, table["customer_id"]),
            "owner_id": employee_codes(crm, table["owner_id"]),
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


_NAMES = {"low": "difference_low", "high": "difference_high"}


def topics_table(result: Concerns) -> DataTable | None:
    """The topics, those of lost deals first.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    DataTable, or None where there is no topic
    """
    if result.topics.empty:
        return None
    return DataTable(
        result.topics.rename(columns=_NAMES),
        name="concerns",
        caption="What notes speak of, by what became of the deal",
    )


def terms_table(result: Concerns) -> DataTable | None:
    """The most frequent words in notes of lost and of won deals, those of lost deals first.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    DataTable, or None where no word may be shown
    """
    if result.terms.empty:
        return None
    return DataTable(
        result.terms.drop(columns="open_share_pct").rename(columns=_NAMES),
        name="concern-words",
        caption="The most frequent words of notes, those of lost deals first",
        rows=12,
    )


def examples_table(result: Concerns) -> DataTable | None:
    """Notes in which every word that is not common is replaced by dots.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    DataTable, or None where there is no topic
    """
    if result.examples.empty:
        return None
    order = {topic: place for place, topic in enumerate(result.topics["topic"])}
    frame = result.examples.sort_values("topic", key=lambda topic: topic.map(order), kind="stable")
    return DataTable(
        frame,
        name="concern-examples",
        caption="How it sounds (rare words and all names are dots)",
    )


def reasons_table(result: Concerns, *, currency: str = "") -> DataTable | None:
    """Why deals were lost.

    Parameters
    ----------
    result : Concerns
    currency : str

    Returns
    -------
    DataTable, or None where no reasons are known
    """
    if result.reasons.empty:
        return None
    frame = result.reasons.dropna(axis="columns", how="all")
    return DataTable(
        frame.rename(
            columns={
                "reason": "lost_reason",
                "share_pct": "reason_share_pct",
                "low": "reason_share_low",
                "high": "reason_share_high",
                "amount": "amount_lost",
            }
        ),
        name="lost-reasons",
        caption="Reasons given for lost deals",
        currency=currency,
    )
