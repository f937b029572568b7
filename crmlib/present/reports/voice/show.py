"""Key figures and tables of the report on customers' voice."""

from collections.abc import Mapping

import pandas as pd

from crmlib.analyse.voice.browsing import Browsing
from crmlib.analyse.voice.concerns import Concerns
from crmlib.analyse.voice.satisfaction import UNHAPPY_PCT, Satisfaction
from crmlib.analyse.worklist import FOLLOW_UP, Worklist
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Skipped
from crmlib.present.blocks.tables import without_empty
from crmlib.present.claims import Claim, Family, claim, count, share
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital, is_known
from crmlib.present.reports.voice.say import (
    BY_WORDS,
    LANGUAGE_WORDS,
    SOURCE_WORDS,
    answers,
    group_words,
    opinion,
    shown_surveys,
    subject,
    theme_words,
)
from crmlib.present.reports.worklist.show import work_table

_MOST_GROUPS, _MOST_LOOKS = 15, 5
TREND_WORDS = Family("voice-trend", ("rising", "falling", "steady"))
OUTCOME_WORDS = Family("voice-outcome", ("won", "lost", "open"))
_SHARES = ("lost_share_pct", "won_share_pct", "difference")
_NAMES = {"low": "difference_low", "high": "difference_high"}
_SAID_TO_US = {"complaint": "of_complaints_pct", "note": "of_other_notes_pct"}
"""Kinds of text beside notes on deals that the table of themes has a column for."""


def voice_figures(result: Satisfaction | Skipped, said: Concerns | Skipped) -> KeyFigures:
    """NPS, satisfied customers, answers, open complaints, customers to call; deals whose notes were read."""
    figures = [
        KeyFigure(
            claim("voice-figure-nps") if row.kind == "nps" else claim("voice-figure-csat"),
            opinion(row),
            low=row.low,
            high=row.high,
            better="higher",
            format=".0f",
            note=claim("voice-figure-answers", n=answers(row)),
        )
        for row in shown_surveys(result).itertuples()
    ]
    if not isinstance(result, Skipped):
        figures += _more_figures(result)
    if not isinstance(said, Skipped) and len(said.deals):
        read = int(said.deals[["lost", "open", "won"]].sum().sum())
        figures.append(KeyFigure(claim("voice-figure-deals"), count(read)))
    return KeyFigures(*figures)


def _more_figures(result: Satisfaction) -> list[KeyFigure]:
    note = claim("voice-figure-call-note", least=share(UNHAPPY_PCT))
    asked = (
        [KeyFigure(claim("voice-figure-response"), share(result.response_pct), format=".1f")]
        if pd.notna(result.response_pct)
        else []
    )
    return [
        *asked,
        KeyFigure(
            claim("voice-figure-complaints"),
            count(result.open_complaints, at="complaints.open"),
            better="lower",
        ),
        KeyFigure(claim("voice-figure-call"), count(len(result.to_call)), better="lower", note=note),
    ]


def themes_table(said: Concerns | Skipped, sources: pd.DataFrame | None = None) -> DataTable | None:
    """Every theme once: in how many lost, open and won deals, and how often in what customers say to us."""
    ends = [f"{outcome}_deals_{end}" for outcome in ("lost", "won") for end in ("pct", "low", "high")]
    columns = ["theme", "deals", *ends[:3], "open_deals_pct", *ends[3:], "trend"]
    deals = pd.DataFrame(columns=columns) if isinstance(said, Skipped) else said.themes[columns]
    sources = pd.DataFrame(columns=["source", "theme", "share_pct"]) if sources is None else sources
    known = sources[sources["source"].isin(list(_SAID_TO_US))]
    wide = known.pivot(index="theme", columns="source", values="share_pct").rename(columns=_SAID_TO_US)
    frame = deals.merge(wide, left_on="theme", right_index=True, how="outer").dropna(subset="theme")
    if frame.empty:
        return None
    first = frame["theme"].map({theme: place for place, theme in enumerate(deals["theme"])})
    frame = frame.iloc[first.reset_index(drop=True).argsort(kind="stable")]
    return DataTable(without_empty(told(frame)), "themes", claim("voice-table-concerns"))


@or_else(lambda missing: None)
def groups_table(result: Satisfaction, products: Mapping[str, str]) -> DataTable | None:
    """Satisfaction by group."""
    if result.groups.empty:
        return None
    plain = result.groups["by"].isin(["value_third", "discount"])
    words = [
        capital(group_words(row.by, row.value)) if said else products.get(str(row.value), str(row.value))
        for row, said in zip(result.groups.itertuples(), plain, strict=True)
    ]
    frame = result.groups.assign(
        grouped_by=result.groups["by"].map(lambda by: capital(BY_WORDS.term(by))), group=words
    )
    columns = ["grouped_by", "group", "opinions", "score_pct", "score_gap", *_NAMES.values(), "q_value"]
    frame = frame.rename(columns={"answers": "opinions", "difference": "score_gap", **_NAMES})[columns]
    return DataTable(frame, "satisfaction-groups", claim("voice-table-groups"), rows=_MOST_GROUPS)


@or_else(lambda missing: None)
def call_table(crm: Crm, todo: Worklist, *, rows: int = 5) -> DataTable | None:
    """Whom to call: the worklist's rows that rest on what customers said."""
    return work_table(crm, todo, FOLLOW_UP, rows=rows, caption=claim("voice-table-call"))


@or_else(lambda missing: None)
def complaints_table(result: Satisfaction) -> DataTable | None:
    """What complaints speak of."""
    if result.complaints.empty:
        return None
    names = {"open": "open_complaints", "again": "complaints_again"}
    frame = result.complaints.rename(columns=names)
    frame["theme"] = frame["theme"].map(lambda theme: capital(subject(theme)))
    return DataTable(frame, "complaints", claim("voice-table-complaints"))


@or_else(lambda missing: None)
def looks_table(result: Browsing, products: Mapping[str, str]) -> DataTable | None:
    """Products that are looked at and left, the most orders missed first."""
    frame = result.products[result.products["is_left"]]
    if frame.empty:
        return None
    frame = frame.assign(product=frame["product_id"].map(lambda one: products.get(str(one), str(one))))
    columns = ["product", "looks", "carts", "order_pct", "low", "high", "orders_missed"]
    frame = frame[columns].rename(columns={"low": "order_pct_low", "high": "order_pct_high"})
    return DataTable(frame, "looks", claim("voice-table-looks"), rows=_MOST_LOOKS)


@or_else(lambda missing: None)
def campaigns_table(result: Browsing) -> DataTable | None:
    """From look to order, by campaign."""
    frame = result.funnel[result.funnel["campaign_id"].notna()]
    if frame.empty:
        return None
    names = {"campaign_id": "campaign", "low": "order_pct_low", "high": "order_pct_high"}
    columns = ["campaign", "looks", "carts", "orders", "cart_pct", "order_pct", *list(names.values())[1:]]
    return DataTable(frame.rename(columns=names)[columns], "look-campaigns", claim("voice-table-campaigns"))


def sources_table(table: pd.DataFrame) -> DataTable | None:
    """What each kind of text speaks of."""
    if table.empty:
        return None
    frame = table.assign(
        kind_of_text=table["source"].map(lambda source: capital(SOURCE_WORDS.term(source))),
        theme=table["theme"].map(lambda theme: capital(subject(theme))),
    ).rename(columns={"share_pct": "of_texts_pct", "low": "of_texts_low", "high": "of_texts_high"})
    shown = frame[["kind_of_text", "theme", "texts", "of_texts_pct", "of_texts_low", "of_texts_high"]]
    return DataTable(shown, "text-themes", claim("voice-table-themes"), rows=12)


def told(frame: pd.DataFrame) -> pd.DataFrame:
    """Codes of trends, outcomes, languages and themes in words."""
    words = {"trend": TREND_WORDS, "outcome": OUTCOME_WORDS, "language": LANGUAGE_WORDS}
    told = {
        column: frame[column].map(
            lambda code, family=family: str(family.term(code)) if is_known(code) and code else ""
        )
        for column, family in words.items()
        if column in frame
    }
    if "theme" in frame:
        told["theme"] = frame["theme"].map(lambda code: capital(theme_words(code)))
    return frame.assign(**told)


@or_else(lambda missing: None)
def languages_table(result: Concerns) -> DataTable | None:
    """The themes within the notes of each language."""
    frame = result.languages[["theme", "language", "deals", *_SHARES, "low", "high", "q_value"]]
    return _told_table(frame, name="concern-languages", caption=claim("voice-table-languages"))


@or_else(lambda missing: None)
def topics_table(result: Concerns) -> DataTable | None:
    """What notes speak of beside the themes."""
    away = ["lost_low", "lost_high", "won_low", "won_high", *result.topics.filter(regex="^open_")]
    frame = result.topics.drop(columns=away, errors="ignore")
    return _told_table(frame, name="concern-topics", caption=claim("voice-table-topics"))


@or_else(lambda missing: None)
def terms_table(result: Concerns) -> DataTable | None:
    """The most frequent words in notes of lost and of won deals, those of lost deals first."""
    frame = result.terms.drop(columns="open_share_pct", errors="ignore")
    return _told_table(frame, name="concern-words", caption=claim("voice-table-terms"))


@or_else(lambda missing: None)
def examples_table(result: Concerns) -> DataTable | None:
    """Notes in which every word that is not common is replaced by dots."""
    return _told_table(result.examples, name="concern-examples", caption=claim("voice-table-examples"))


def _told_table(frame: pd.DataFrame, *, name: str, caption: Claim) -> DataTable | None:
    if frame.empty:
        return None
    return DataTable(told(frame).rename(columns=_NAMES), name, caption, rows=12)
