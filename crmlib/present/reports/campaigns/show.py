"""Key figures and tables of the report on campaigns."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.effect import JUDGED, MORE, CampaignEffect, CampaignSummary
from crmlib.analyse.stats.intervals import share_interval
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.needs import or_else
from crmlib.present.reports.campaigns.say import WAYS, campaign_name, effect_name, figure_name, grouping_name


@or_else(lambda missing: missing)
def campaigns_figures(summary: CampaignSummary, effect: CampaignEffect) -> KeyFigures:
    """Contacts, answers, campaigns shown to have brought extra spend, and what the largest one brought.

    Parameters
    ----------
    summary : CampaignSummary
    effect : CampaignEffect
        The campaign that the report looks at more closely.

    Returns
    -------
    KeyFigures
    """
    table = summary.table
    contacted = int(table["contacted"].sum())
    judged = int(table["verdict"].isin(JUDGED).sum())
    figures = [
        KeyFigure(label="Contacts", value=contacted, note=f"in {len(table):,} campaigns"),
        KeyFigure(
            label="Campaigns with extra spend", value=int((table["verdict"] == MORE).sum()),
            note=f"of {judged:,} that could be judged", better="higher",
        ),
    ]  # fmt: skip
    if not summary.responses_unknown and contacted:
        hits = int(table["responded"].sum())
        low, high = share_interval(hits, contacted)
        figures.insert(1, KeyFigure(
            label="Contacts that brought an answer", value=100 * hits / contacted, low=100 * low, high=100 * high,
            unit="%", better="higher", format=".1f",
        ))  # fmt: skip
    chosen = effect.comparison.chosen
    if np.isfinite(chosen.value):
        note = f"{effect_name(effect)}, against {effect.comparison.kind}"
        figures.append(KeyFigure(
            label="Extra spend a customer", value=chosen.value, low=chosen.low, high=chosen.high, unit=summary.currency,
            better="higher", note=note,
        ))  # fmt: skip
    return KeyFigures(*figures)


@or_else(lambda missing: missing)
def campaigns_table(crm: Any, summary: CampaignSummary) -> DataTable:
    """Every campaign with its days, contacts, answers and verdict.

    Parameters
    ----------
    crm : Crm
    summary : CampaignSummary

    Returns
    -------
    DataTable
    """
    table = summary.table
    frame = pd.DataFrame(
        {
            "campaign": [_capital(campaign_name(row)) for row in table.itertuples()],
            "kind": table["kind"],
            "channel": table["channel"],
            "begin_on": table["begin_on"],
            "until_on": table["planned_until_on"],
            "contacted": table["contacted"],
            "control": table["control"],
            "responded": table["responded"],
            "response_pct": table["response_pct"],
            "response_low": table["response_low"],
            "response_high": table["response_high"],
            "cost_amount": table["cost_amount"],
            "verdict": table["verdict"] + table["is_over"].map({True: "", False: ", so far"}),
        }
    )
    empty = [name for name in ("kind", "channel", "cost_amount") if frame[name].isna().all()]
    if not frame["control"].any():
        empty.append("control")
    return DataTable(
        frame.drop(columns=empty).rename(columns={"kind": "campaign_kind", "verdict": "effect_words"}),
        name="campaigns",
        caption="Campaigns, the earliest first (ranges: 95 %)",
        currency=summary.currency,
        rows=30,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def effects_table(crm: Any, summary: CampaignSummary) -> DataTable:
    """What every campaign brought in spend a customer, beside the naive comparison and the trial before it.

    Parameters
    ----------
    crm : Crm
    summary : CampaignSummary

    Returns
    -------
    DataTable
    """
    table = summary.table
    reason = table["doubt"].where(table["doubt"] != "", table["reason"].str.rstrip("."))
    frame = pd.DataFrame(
        {
            "campaign": [_capital(campaign_name(row)) for row in table.itertuples()],
            "comparison": table["comparison"].replace({"none": "nobody"}),
            "compared": table["compared"],
            "effect": table["effect"],
            "effect_low": table["effect_low"],
            "effect_high": table["effect_high"],
            "q_value": table["q_value"],
            "base_mean": table["base_mean"],
            "smallest_effect": table["smallest_effect"],
            "everyone": table["everyone"],
            "trial_effect": table["trial_effect"],
            "trial_low": table["trial_low"],
            "trial_high": table["trial_high"],
            "verdict": table["verdict"],
            "why": reason.str[:1].str.upper() + reason.str[1:],
        }
    )
    if frame["everyone"].isna().all():
        frame = frame.drop(columns="everyone")
    unit = summary.currency
    return DataTable(
        frame,
        name="campaign_effects",
        caption="Extra spend a customer, campaign by campaign (ranges: 95 %)",
        currency=unit,
        rows=30,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def ways_table(effect: CampaignEffect) -> DataTable:
    """The ways to reckon one campaign's extra spend, side by side.

    Parameters
    ----------
    effect : CampaignEffect

    Returns
    -------
    DataTable
    """
    table = effect.comparison.effects
    frame = pd.DataFrame(
        {
            "way": table["way"].map(WAYS),
            "effect": table["effect"],
            "low": table["low"],
            "high": table["high"],
            "contacted": table["contacted"],
            "compared": table["compared"],
        }
    )
    return DataTable(
        frame.rename(columns={"low": "effect_low", "high": "effect_high"}),
        name="ways_to_reckon",
        caption=f"Extra spend a customer, {effect_name(effect)}, reckoned in several ways (ranges: 95 %)",
        currency=effect.currency,
    )


@or_else(lambda missing: None)
def groups_table(crm: Any, effect: CampaignEffect) -> DataTable:
    """Answers and extra spend of every group of customers.

    Parameters
    ----------
    crm : Crm
    effect : CampaignEffect

    Returns
    -------
    DataTable
    """
    table = effect.groups
    few = "too few to judge"
    frame = pd.DataFrame(
        {
            "grouping": [grouping_name(name) for name in table["grouping"]],
            "group": table["group"],
            "contacted": table["contacted"],
            "responded": table["responded"],
            "response_pct": table["response_pct"],
            "response_low": table["response_low"],
            "response_high": table["response_high"],
            "answers": _verdict(table["response_judged"], table["response_q"], few),
            "effect": table["effect"],
            "gap": table["gap"],
            "gap_low": table["gap_low"],
            "gap_high": table["gap_high"],
            "spend": _verdict(table["effect_judged"], table["gap_q"], few),
        }
    )
    unit = effect.currency
    return DataTable(
        frame.rename(columns={"spend": "effect_words"}),
        name="who_responds",
        caption=f"Who responds, {effect_name(effect)}: groups as they were before it (ranges: 95 %)",
        currency=unit,
        rows=15,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def alike_table(effect: CampaignEffect) -> DataTable:
    """Every figure in which the groups were compared, before matching and after.

    Parameters
    ----------
    effect : CampaignEffect

    Returns
    -------
    DataTable
    """
    columns = ["contacted_mean", "others_mean", "difference_before", "contacted_matched", "others_matched"]
    columns.append("difference_after")
    table = effect.balance if len(effect.balance) else pd.DataFrame(columns=["feature", *columns])
    frame = table[columns].astype("float64")
    shares = table["feature"].astype("str").str.contains(": ").to_numpy()
    means = [name for name in columns if not name.startswith("difference")]
    frame.loc[shares, means] *= 100
    names = [figure_name(name) for name in table["feature"]]
    frame.insert(
        0, "figure", [f"{name}, %" if share else name for name, share in zip(names, shares, strict=True)]
    )
    if frame["difference_after"].isna().all():
        frame = frame.drop(columns=columns[3:])
    return DataTable(
        frame,
        name="how_alike",
        caption=f"How alike the groups were before {effect_name(effect)} (apart: in standard deviations)",
        rows=10,
    )


def _verdict(judged: pd.Series, q_values: pd.Series, few: str) -> list[str]:
    return [
        few if not known else "differs" if q <= 0.05 else "within chance"
        for known, q in zip(judged.astype(bool), q_values, strict=True)
    ]


def _capital(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"
