"""Key figures and tables of the report on campaigns."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, LEVEL
from crmlib.analyse.campaigns.effect import DOUBTED, FEW, JUDGED, MORE, CampaignEffect, CampaignSummary
from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import SURE
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.tables import without_empty
from crmlib.present.claims import Fact, Family, claim, count, money, share
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital
from crmlib.present.reports.campaigns.say import (
    COMPARED_WORDS,
    VERDICT_WORDS,
    WAY_WORDS,
    answer_facts,
    at,
    called,
    campaign_label,
    doubt_of,
    group_name,
    grouping_name,
    measure_name,
    reason_of,
)

JUDGED_WORDS = Family("campaigns-judged", ("few", "differs", "chance"))


@or_else(lambda missing: missing)
def campaigns_figures(summary: CampaignSummary, effect: CampaignEffect) -> KeyFigures:
    """Contacts, answers, campaigns shown to have brought extra spend, and what the one looked at brought."""
    table = summary.table
    campaigns = count(int((table["contacted"] > 0).sum()))
    contacts = count(int(table["contacted"].sum()), at="campaigns.contacts")
    judged = count(int(table["verdict"].isin(JUDGED).sum()), at="campaigns.all")
    raised = count(int((table["verdict"] == MORE).sum()), at="campaigns.raised", part_of="campaigns.all")
    figures = [
        KeyFigure(
            claim("campaigns-figure-contacts"),
            contacts,
            note=claim("campaigns-figure-in-campaigns", n=campaigns),
        ),
        *_answers(summary),
        KeyFigure(
            claim("campaigns-figure-raised"),
            raised,
            better="higher",
            note=claim("campaigns-figure-judged", judged=judged),
        ),
    ]
    chosen = effect.comparison.chosen
    if np.isfinite(chosen.value):
        compared = COMPARED_WORDS.term(effect.comparison.kind)
        effect_of = money(chosen.value, summary.currency, at=at("effect", effect.campaign_id))
        note = claim("campaigns-figure-against", campaign=called(effect), compared=compared)
        ends = {"low": chosen.low, "high": chosen.high}
        figures.append(
            KeyFigure(claim("campaigns-figure-effect"), effect_of, **ends, better="higher", note=note)
        )
    return KeyFigures(*figures)


def _answers(summary: CampaignSummary) -> list[KeyFigure]:
    facts = answer_facts(summary.table)
    contacts = facts["contacts"].value
    if summary.responses_unknown or not contacts:
        return []
    low, high = share_interval(round(facts["share"].value * contacts / 100), contacts)
    everybody = contacts == int(summary.table["contacted"].sum())
    note = "" if everybody else claim("campaigns-figure-answers-note", contacts=facts["contacts"])
    label = claim("campaigns-figure-answers")
    value = facts["share"]
    return [KeyFigure(label, value, low=100 * low, high=100 * high, note=note, better="higher", format=".1f")]


@or_else(lambda missing: missing)
def campaigns_table(crm: Crm, summary: CampaignSummary) -> DataTable:
    """Every campaign with its days, contacts, answers and verdict."""
    table = summary.table
    frame = pd.DataFrame(
        {
            "campaign": [campaign_label(row) for row in table.itertuples()],
            "kind": table["kind"],
            "channel": table["channel"],
            "begin_on": table["begin_on"],
            "until_on": table["planned_until_on"],
            "contacted": table["contacted"],
            "control": table["control"],
            "responded": table["responded"],
            "response_pct": table["response_pct"],
            "cost_amount": table["cost_amount"],
            "verdict": [_verdict(row) for row in table.itertuples()],
        }
    )
    empty = [name for name in ("kind", "channel", "cost_amount") if frame[name].isna().all()]
    if not frame["control"].any():
        empty.append("control")
    shown = frame.drop(columns=empty).rename(columns={"kind": "campaign_kind", "verdict": "effect_words"})
    caption = claim("campaigns-table-campaigns")
    return DataTable(shown, "campaigns", caption, currency=summary.currency, rows=5, about=crm)


def _verdict(row: Any) -> str:
    verdict = VERDICT_WORDS.term(row.verdict)
    return str(verdict if row.is_over else claim("campaigns-verdict-so-far", verdict=verdict))


@or_else(lambda missing: None)
def effects_table(crm: Crm, summary: CampaignSummary) -> DataTable:
    """What every campaign brought in spend a customer, beside the plain comparison and the trial before it."""
    table = summary.table
    known = table.where(table["verdict"] != FEW)
    frame = pd.DataFrame(
        {
            "campaign": [campaign_label(row) for row in table.itertuples()],
            "comparison": [str(COMPARED_WORDS.term(kind)) for kind in table["comparison"]],
            "compared": table["compared"],
            **{name: known[name] for name in ("effect", "effect_low", "effect_high", "q_value", "base_mean")},
            **{name: known[name] for name in ("smallest_effect", "everyone", "trial_effect")},
            **{name: known[name] for name in ("trial_low", "trial_high")},
            "verdict": [str(VERDICT_WORDS.term(verdict)) for verdict in table["verdict"]],
            "why": [_why(row) for row in table.itertuples()],
        }
    ).astype({"q_value": "float64", "everyone": "float64"})
    shown = without_empty(frame, "everyone")
    caption = claim("campaigns-table-effects", level=_level())
    return DataTable(shown, "campaign_effects", caption, currency=summary.currency, rows=30, about=crm)


def _why(row: Any) -> str:
    said = doubt_of(row.doubt) if row.verdict == DOUBTED else reason_of(row.reason) if row.reason else ""
    return capital(said)


@or_else(lambda missing: None)
def ways_table(effect: CampaignEffect) -> DataTable:
    """One campaign's extra spend, worked out in several ways."""
    table = effect.comparison.effects
    frame = pd.DataFrame(
        {
            "way": [str(WAY_WORDS.term(way)) for way in table["way"]],
            "effect": table["effect"],
            "effect_low": table["low"],
            "effect_high": table["high"],
            "contacted": table["contacted"],
            "compared": table["compared"],
        }
    )
    caption = claim("campaigns-table-ways", campaign=called(effect), level=_level())
    return DataTable(frame, "ways_to_compare", caption, currency=effect.currency)


@or_else(lambda missing: None)
def groups_table(crm: Crm, effect: CampaignEffect) -> DataTable:
    """Answers and extra spend of every group of customers."""
    table = effect.groups
    figures = ("contacted", "responded", "response_pct", "response_low", "response_high")
    gaps = ("effect", "gap", "gap_low", "gap_high")
    frame = pd.DataFrame(
        {
            "grouping": [str(grouping_name(grouping)) for grouping in table["grouping"]],
            "group": [str(group_name(group)) for group in table["group"]],
            **{name: table[name] for name in figures},
            "answers": _judged(table["response_judged"], table["response_q"]),
            **{name: table[name] for name in gaps},
            "effect_words": _judged(table["effect_judged"], table["gap_q"]),
        }
    )
    caption = claim("campaigns-table-groups", campaign=called(effect), level=_level())
    return DataTable(frame, "who_responds", caption, currency=effect.currency, rows=15, about=crm)


@or_else(lambda missing: None)
def alike_table(effect: CampaignEffect) -> DataTable:
    """Every figure in which the groups were compared, before matching and after."""
    columns = ["contacted_mean", "others_mean", "difference_before", "contacted_matched", "others_matched"]
    columns.append("difference_after")
    table = effect.balance if len(effect.balance) else pd.DataFrame(columns=["feature", *columns])
    frame = table[columns].astype("float64")
    shares = table["feature"].astype("str").str.contains(": ").to_numpy()
    means = [name for name in columns if not name.startswith("difference")]
    frame.loc[shares, means] *= 100
    said = [measure_name(measure) for measure in table["feature"]]
    of_shares = [str(claim("campaigns-measure-share", measure=one)) for one in said]
    frame.insert(0, "figure", np.where(shares, of_shares, [str(one) for one in said]))
    if effect.comparison.kind == CONTROL_GROUP or frame["difference_after"].isna().all():
        frame = frame.drop(columns=columns[3:])
    return DataTable(frame, "how_alike", claim("campaigns-table-alike", campaign=called(effect)), rows=10)


def _judged(judged: pd.Series, q_values: pd.Series) -> list[str]:
    return [
        str(JUDGED_WORDS.term("few" if not known else "differs" if q <= SURE else "chance"))
        for known, q in zip(judged.astype(bool), q_values, strict=True)
    ]


def _level() -> Fact:
    return share(100 * LEVEL)
