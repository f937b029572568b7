"""Key figures, tables and the picture of the report on customers' voice."""

from typing import Any

import pandas as pd

from crmlib.analyse.voice.satisfaction import UNHAPPY_PCT, Satisfaction
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.claims import claim, count, interval, name, names, number, share, term
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital
from crmlib.present.reports.voice.say import BY_WORDS, SOURCE_WORDS, subject
from crmlib.present.theme import MAIN, draw_range, finish, named_rows, nothing, say_behind, theme

_MOST_GROUPS, _MOST_QUARTERS = 15, 8


@or_else(lambda missing: missing)
def voice_figures(result: Satisfaction) -> KeyFigures:
    """NPS, satisfied customers, answers, open complaints, unhappy customers."""
    figures = [
        KeyFigure(
            label=claim("voice-figure-nps") if row.kind == "nps" else claim("voice-figure-csat"),
            value=number(round(row.score)) if row.kind == "nps" else share(row.score),
            low=row.low, high=row.high, better="higher", format=".0f",
            note=claim("voice-figure-answers", n=count(row.answers)),
        )
        for row in result.surveys.itertuples()
    ]  # fmt: skip
    if pd.notna(result.response_pct):
        figures.append(
            KeyFigure(label=claim("voice-figure-response"), value=share(result.response_pct), format=".1f")
        )
    note = claim("voice-figure-unhappy-note", least=share(UNHAPPY_PCT))
    figures += [
        KeyFigure(
            label=claim("voice-figure-complaints"),
            value=count(int(result.complaints["open"].sum())),
            better="lower",
        ),
        KeyFigure(
            label=claim("voice-figure-unhappy"), value=count(len(result.unhappy)), better="lower", note=note
        ),
    ]
    return KeyFigures(*figures)


@or_else(lambda missing: None)
def groups_table(result: Satisfaction) -> DataTable | None:
    """Satisfaction by group."""
    if result.groups.empty:
        return None
    frame = result.groups.assign(
        grouped_by=result.groups["by"].map(lambda by: capital(BY_WORDS.term(by))),
        group=result.groups["value"].astype("str"),
    )
    columns = ["grouped_by", "group", "opinions", "score_pct", "difference", "low", "high", "q_value"]
    frame = frame.rename(columns={"answers": "opinions"})[columns]
    frame = frame.rename(
        columns={"low": "difference_low", "high": "difference_high", "difference": "score_gap"}
    )
    return DataTable(
        frame, name="satisfaction-groups", caption=claim("voice-table-groups"), rows=_MOST_GROUPS
    )


@or_else(lambda missing: None)
def complaints_table(result: Satisfaction) -> DataTable | None:
    """What complaints speak of."""
    if result.complaints.empty:
        return None
    frame = result.complaints.rename(columns={"open": "open_complaints"})
    frame["theme"] = frame["theme"].map(lambda theme: capital(subject(theme)))
    return DataTable(frame, name="complaints", caption=claim("voice-table-complaints"))


@or_else(lambda missing: None)
def unhappy_table(crm: Crm, result: Satisfaction) -> DataTable | None:
    """Unhappy customers, those first who spend most."""
    if result.unhappy.empty:
        return None
    words = {True: str(term("voice-yes")), False: str(term("voice-no"))}
    frame = result.unhappy.assign(
        customer_id=public_ids(crm, result.unhappy["customer_id"].astype("str")),
        scored_on=result.unhappy["given_at"].dt.normalize(),
        complaint_open=result.unhappy["open_complaint"].astype(bool).map(words),
    )
    frame = frame[["customer_id", "scored_on", "score_pct", "complaint_open", "spend_365d"]]
    return DataTable(
        frame, name="unhappy", caption=claim("voice-table-unhappy"), currency=crm.currency, rows=10,
        about=about_workspace(crm),
    )  # fmt: skip


def sources_table(table: pd.DataFrame) -> DataTable | None:
    """What each kind of text speaks of."""
    if table.empty:
        return None
    frame = table.assign(
        source=table["source"].map(lambda source: capital(SOURCE_WORDS.term(source))),
        theme=table["theme"].map(lambda theme: capital(subject(theme))),
    ).rename(columns={"source": "kind_of_text", "share_pct": "of_texts_pct"})
    return DataTable(
        frame[["kind_of_text", "theme", "texts", "of_texts_pct"]], name="text-themes",
        caption=claim("voice-table-themes"), rows=12,
    )  # fmt: skip


def plot_quarters(result: Satisfaction, *, ax: Any = None) -> Any:
    """The mean score of each of the last quarters with its interval."""
    table = result.quarters[result.quarters["answers"] >= result.minimum].tail(_MOST_QUARTERS)
    if table.empty:
        return nothing(ax, says=claim("voice-picture-quarters-none"))
    title = claim("voice-picture-quarters", last=share(table["score_pct"].iloc[-1]))
    labels = [str(one.to_period("Q")) for one in table["period_start"]]
    with theme():
        ax, middles = named_rows(ax, labels, title=title)
        for place, row in zip(middles, table.itertuples(), strict=True):
            draw_range(ax, place, (row.score_pct, row.low, row.high), colour=MAIN)
            say_behind(ax, share(row.score_pct), (row.high, place))
        ax.set_xlabel(str(claim("voice-picture-quarters-unit")), loc="left")
    rows = [
        claim(
            "voice-picture-quarters-row", when=name(label), value=share(row.score_pct),
            likely=interval(row.low, row.high, "share"),
        )
        for label, row in zip(labels, table.itertuples(), strict=True)
    ]  # fmt: skip
    return finish(ax, title=title, alt=claim("voice-picture-quarters-alt", rows=names(rows)))
