"""Pictures of the data themselves: what the checks found, and how much of each column is filled in."""

from typing import Any

from crmlib.analyse.health import DataHealth
from crmlib.prepare.check.findings import CheckReport
from crmlib.present.claims import Claim, Fact, claim, count, name, share
from crmlib.present.reports.health.say import (
    POLICY_WORDS,
    check_line,
    check_place,
    check_words,
    found_share,
    table_word,
)
from crmlib.present.theme import ALARM, GREY, MAIN, bar_picture, nothing

POLICY_COLOURS = {"set_aside": ALARM, "mend": MAIN, "warn": GREY}


def plot_check_counts(result: DataHealth | CheckReport, *, most: int = 10, ax: Any = None) -> Any:
    """Rows that each check found, by what was done about them."""
    checks = result.checks if isinstance(result, DataHealth) else result
    found = checks.summary.assign(place=checks.summary["policy"].map({"set_aside": 0, "mend": 1, "warn": 2}))
    found = found.sort_values(["place", "rows"], ascending=[True, False], kind="stable").head(most)
    if found.empty:
        passed = claim("health-picture-checks-passed")
        return nothing(ax, says=claim("health-picture-checks-none"), title=passed)
    title = _checks_title(checks, found)
    return bar_picture(
        ax,
        title=title,
        names=[check_line(row) for row in found.itertuples()],
        values=found["rows"].tolist(),
        texts=[_bar_text(row) for row in found.itertuples()],
        unit=claim("health-picture-unit-rows"),
        colours=[POLICY_COLOURS[policy] for policy in found["policy"]],
        alt=lambda bars: claim("health-picture-checks-alt", bars=bars),
    )


def plot_completeness(result: DataHealth, *, most: int = 12, ax: Any = None) -> Any:
    """How much of each column is filled in, the emptiest first; full columns are left out."""
    columns = result.completeness
    gaps = columns[columns["filled_pct"] < 100].sort_values("filled_pct", kind="stable").head(most)
    if gaps.empty:
        full = claim("health-picture-columns-full")
        return nothing(ax, says=claim("health-picture-columns-none"), title=full)
    having = int((columns["filled_pct"] < 100).sum())
    title = claim(
        "health-picture-columns-gaps",
        gaps=count(having, at="columns.with_gaps", part_of="columns.mapped"),
        columns=count(len(columns), at="columns.mapped"),
    )
    return bar_picture(
        ax,
        title=title,
        names=[_column_line(row) for row in gaps.itertuples()],
        values=gaps["filled_pct"].tolist(),
        texts=[_filled(row) for row in gaps.itertuples()],
        unit=claim("health-picture-columns-unit"),
        whole=100,
        alt=lambda bars: claim("health-picture-columns-alt", bars=bars),
    )


def _checks_title(checks: CheckReport, found: Any) -> Claim:
    if checks.rows_set_aside:
        aside = count(checks.rows_set_aside, at="rows.set_aside", part_of="rows.read")
        return claim("health-picture-checks-aside", aside=aside, rows=count(checks.rows_read, at="rows.read"))
    worst = found.loc[found["share_pct"].idxmax()]
    table, words = table_word(worst["table"]), check_words(worst)
    return claim("health-picture-checks-kept", share=found_share(worst), table=table, found=words)


def _bar_text(row: Any) -> Claim:
    rows = count(row.rows, at=f"rows.found[{check_place(row)}]")
    return claim("health-picture-bar", rows=rows, share=found_share(row), done=POLICY_WORDS.term(row.policy))


def _column_line(row: Any) -> Claim:
    return claim("health-picture-columns-one", column=name(row.column), table=name(row.table))


def _filled(row: Any) -> Fact:
    return share(row.filled_pct, at=f"columns.filled_share[{row.table}.{row.column}]")
