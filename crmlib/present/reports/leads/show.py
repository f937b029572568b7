"""Tables of the report on leads."""

import pandas as pd

from crmlib.analyse.pipeline.lead_features import Refusal
from crmlib.analyse.pipeline.leads import LeadScores, Newcomers
from crmlib.analyse.pipeline.portrait import Portrait
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.analyse.stats.tests import SURE
from crmlib.analyse.voice.concerns import Concerns
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.present.blocks import DataTable, Prose
from crmlib.present.blocks.tables import without_empty, yes_marks
from crmlib.present.claims import Family, claim, days, share, term
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital
from crmlib.present.reports.leads.say import (
    BASE_WORDS,
    BY_WORDS,
    FEATURES,
    TRAIT_WORDS,
    WAY_WORDS,
    reason_words,
)
from crmlib.present.reports.voice.show import told

VERDICT_WORDS = Family("leads-verdict-word", ("more_often", "less_often", "no_difference", "too_few"))
REFUSED_WORDS = Family(
    "leads-refused",
    ("written_when_lost", "stage_at_end", "filled_at_close", "emptied_at_close", "tells_outcome"),
    facts=("decided", "open"),
)
"""Why a field was refused."""


@or_else(lambda missing: missing)
def open_leads_table(crm: Crm, scores: LeadScores, *, most: int | None = None) -> DataTable:
    """Open deals, the best chances first, with what speaks for and against each."""
    table = scores.table.head(most or len(scores.table)).join(_reasons(scores))
    table = table.reset_index(names="opportunity_id")
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
            "speaks_for": table["speaks_for"],
            "speaks_against": table["speaks_against"],
        }
    )
    return DataTable(
        without_empty(frame).rename(columns={"score": "deal_score", "value": "amount"}),
        "open_deals_by_chance",
        claim("leads-table-open", horizon=days(scores.horizon_days)),
        currency=scores.currency,
        rows=6,
        page_rows=40,
        download_bytes=80_000,
        about=crm,
    )


@or_else(lambda missing: None)
def newcomers_table(crm: Crm, found: Newcomers) -> DataTable | None:
    """Leads without a deal in the order in which to speak to them; none where no order says more than chance."""
    if not found.ranks or found.table.empty:
        return None
    table = found.table.rename_axis("customer_id").reset_index()
    frame = pd.DataFrame(
        {
            "customer_id": public_ids(crm, table["customer_id"]),
            "begin_pct": 100 * table["probability"],
            "known_days": table["known_days"],
            "touch_count": table["touch_count"].where(table["touch_count"] > 0),
            "source": table["source"],
            "owner_id": employee_codes(crm, table["owner_id"]),
        }
    )
    return DataTable(
        without_empty(frame), "leads_without_a_deal", claim("leads-table-newcomers"), rows=5, about=crm
    )


@or_else(lambda missing: missing)
def portrait_table(portrait: Portrait) -> DataTable:
    """Every value of every trait: its share among the won and among all."""
    rows = portrait.table[portrait.table["said_with"] == ""]
    rows = rows.sort_values(["q", "lift_shrunk"], ascending=[True, False], kind="stable")
    frame = pd.DataFrame(
        {
            "trait": rows["trait"].map(_trait),
            "value": rows["value"].astype("str"),
            **{name: rows[name] for name in ("leads", "won", "share_won_pct", "share_base_pct",
                                             "win_rate_pct", "lift_shrunk", "low", "high")},
            "sure": yes_marks(rows["q"] <= SURE),
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
        "portrait_of_the_won",
        claim("leads-table-portrait", base=BASE_WORDS.term(portrait.base)),
        rows=12,
    )


@or_else(lambda missing: missing)
def opportunity_table(portrait: Portrait) -> DataTable | None:
    """Where most is open: deals, value and what can be expected of it."""
    rows = portrait.opportunity
    if rows.empty:
        return None
    frame = rows.assign(trait=rows["trait"].map(_trait))
    if frame["open_value"].isna().all():
        frame = frame.drop(columns=["open_value", "expected_value"])
    shown = frame.rename(
        columns={
            "value": "trait_value",
            "open": "open_deals",
            "win_rate_pct": "deal_win_rate_pct",
            "expected_value": "expected",
        }
    )
    caption = claim("leads-table-opportunity")
    return DataTable(shown, "open_opportunity", caption, currency=portrait.currency, rows=12)


@or_else(lambda missing: missing)
def sources_table(found: ChannelConversion) -> DataTable:
    """Every source with its deals, win rate, time, value, cost and how it compares."""
    names = ["value", "leads", "won", "lost", "open", "win_rate_pct", "low", "high", "verdict", "won_of_leads_pct",
             "days_to_win", "value_won", "cost", "cost_per_win", "return_ratio"]  # fmt: skip
    frame = found.table[names]
    if found.base == "leads":
        frame = frame.drop(columns="won_of_leads_pct")
    frame = without_empty(frame)
    one = found.by.removesuffix("_id")
    return DataTable(
        frame.assign(verdict=frame["verdict"].map(VERDICT_WORDS.term).astype("str")).rename(
            columns={
                "value": one,
                "open": "open_deals",
                "win_rate_pct": "deal_win_rate_pct",
                "low": "win_rate_low",
                "high": "win_rate_high",
                "verdict": "against_rest",
            }
        ),
        f"deals_by_{one}",
        claim("leads-table-sources", by=BY_WORDS.term(found.by), base=BASE_WORDS.term(found.base)),
        currency=found.currency,
        rows=15,
    )


@or_else(lambda missing: None)
def lead_ways_table(scores: LeadScores) -> DataTable:
    """Every way to predict a win, and how good it was on later days."""
    table = scores.evaluation
    frame = pd.DataFrame({"way": [capital(WAY_WORDS.term(way)) for way in table["model"]]})
    for name, measure, factor in (
        ("right", "auc", 100),
        ("first", "lift_top_decile", 1),
        ("loss", "log_loss", 1),
    ):
        for suffix in ("", "_low", "_high"):
            frame[f"{name}{suffix}"] = factor * table[f"{measure}{suffix}"].to_numpy()
    frame["chosen"] = yes_marks(table["chosen"])
    return DataTable(frame, "ways_to_predict_a_win", claim("leads-table-ways"))


@or_else(lambda missing: None)
def refused_leads_table(scores: LeadScores) -> DataTable | Prose:
    """Fields that were refused because they know the outcome, each with the reason."""
    if not len(scores.refused):
        return Prose(claim("leads-refused-none"))
    frame = pd.DataFrame(
        {
            "field": [capital(FEATURES.term(feature)) for feature in scores.refused],
            "reason": [_why(refused) for refused in scores.refused.values()],
        }
    )
    shown = frame.rename(columns={"field": "refused_field"})
    return DataTable(shown, "fields_refused", claim("leads-table-refused"), download=False)


def _reasons(scores: LeadScores) -> pd.DataFrame:
    """What speaks for and against each deal, in words; where nothing does, that."""
    rows = scores.reason_table
    said = pd.Series(
        [str(reason_words(row)) for row in rows.itertuples(index=False)], index=rows.index, dtype="object"
    )
    parts = said.groupby([rows["opportunity_id"], rows["speaks"]], sort=False).agg("; ".join)
    table = parts.unstack("speaks") if len(parts) else pd.DataFrame()
    table = table.reindex(index=scores.table.index, columns=["for", "against"]).fillna("")
    bare = (table["for"] == "") & (table["against"] == "")
    table["for"] = table["for"].where(~bare, str(term("leads-speaks-nothing")))
    return table.map(_sentence).rename(columns={"for": "speaks_for", "against": "speaks_against"})


def _why(refused: Refusal) -> str:
    facts = {"decided": share(refused.decided_pct), "open": share(refused.open_pct)}
    return str(REFUSED_WORDS.claim(refused.why, **facts))


def _trait(trait: str) -> str:
    return capital(TRAIT_WORDS.term(trait))


def _sentence(words: str) -> str:
    return f"{capital(words)}." if words else ""


def reasons_table(result: Concerns, *, currency: str = "") -> DataTable | None:
    """Why deals were lost."""
    if result.reasons.empty:
        return None
    frame = told(result.reasons.dropna(axis="columns", how="all"))
    other = str(term("leads-reason-other"))
    frame["reason"] = frame["reason"].where(frame["reason"] != "other", other)
    shown = frame.rename(
        columns={
            "reason": "lost_reason",
            "share_pct": "reason_share_pct",
            "low": "reason_share_low",
            "high": "reason_share_high",
            "amount": "amount_lost",
        }
    )
    return DataTable(shown, "lost-reasons", claim("leads-table-reasons"), currency=currency)
