"""What the report on the life cycle says, made from its numbers."""

import pandas as pd

from crmlib.analyse.lifecycle_moves import NO_LONGER, NOT_YET, LifecycleMoves
from crmlib.analyse.retention import Retention, typical_retention
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, sentence
from crmlib.present.words_lifecycle import (
    flow,
    group_sentences,
    nth,
    period_name,
    silence_sentences,
    silent_stages,
)
from crmlib.schema.states import (
    ACTIVE,
    BUYING,
    CHANCE_ONE_IN,
    DECLINING,
    DORMANT,
    GROWING,
    LEAD,
    LOST,
    LOST_TIMES,
    NEW,
    PROSPECT,
    QUIET_TIMES,
    SILENT,
    WITHOUT_PURCHASE,
    WON_BACK,
    spoken,
)

_SMALL_CHANGE = 5


def lifecycle_answer(summary: pd.DataFrame, moves: LifecycleMoves | None = None) -> list[str]:
    """Who is still buying, who has fallen silent, who is about to, and what changed since the earlier day.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    moves : LifecycleMoves, optional

    Returns
    -------
    list of str

    Examples
    --------
    >>> lifecycle_answer(_little_summary())[0][:70]
    '8 of 10\\xa0customers buy within the time that is usual for them, and brin'
    """
    bought = summary[summary.index.isin([*BUYING, *SILENT])]
    whole = int(bought["customers"].sum())
    if not whole:
        return _without_buyers(summary)
    buying = bought[bought.index.isin(BUYING)]
    n = int(buying["customers"].sum())
    brought = buying["revenue_share_pct"].sum(min_count=1)
    who = (
        f"All {count(whole, 'customer')} buy"
        if n == whole > 1
        else (f"{number(n) if n else 'None'} of {count(whole, 'customer')} {plural(n, 'buys', 'buy')}")
    )
    said = f"{who} within the time that is usual for them"
    if pd.notna(brought):
        said += f", and {plural(n, 'brings', 'bring')} {percent(brought)} of a year’s revenue"
    return [f"{said}.", *lifecycle_findings(summary, moves), *_without_purchase(summary)]


def lifecycle_findings(summary: pd.DataFrame, moves: LifecycleMoves | None = None) -> list[str]:
    """The two or three sentences that the index repeats.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    moves : LifecycleMoves, optional

    Returns
    -------
    list of str

    Examples
    --------
    >>> lifecycle_findings(_little_summary())[0][-50:]
    'be expected; they brought EUR\\xa010 in the last year.'
    """
    said = []
    silent = summary[summary.index.isin(silent_stages(summary))]
    n, brought = int(silent["customers"].sum()), silent["revenue"].sum(min_count=1)
    if n:
        text = f"{count(n, 'customer')} {plural(n, 'has', 'have')} been silent for longer than was to be expected"
        if pd.notna(brought):
            text += f"; they brought {_money(brought, summary)} in the last year"
        said.append(f"{text}.")
    if DECLINING in summary.index and summary.loc[DECLINING, "customers"]:
        n = int(summary.loc[DECLINING, "customers"])
        text = f"{count(n, 'customer')} still {plural(n, 'buys', 'buy')}, but clearly less than before"
        if pd.notna(summary.loc[DECLINING, "revenue"]):
            text += f": {_money(summary.loc[DECLINING, 'revenue'], summary)} a year depends on them"
        said.append(f"{text}.")
    return said + ([] if moves is None else _fell_and_came_back(moves))


def stages_paragraph(summary: pd.DataFrame) -> list[str]:
    """On which scale the stages are measured.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.

    Returns
    -------
    list of str

    Examples
    --------
    >>> stages_paragraph(_little_summary())[0][-51:]
    'and three in four never waited longer than 65\\xa0days.'
    """
    rhythm = summary.attrs.get("rhythm")
    if not rhythm:
        return []
    said = [
        "Stages are measured on an assumed scale, because nobody has bought on two days: a gap of "
        f"{days(rhythm['gap_days'])} between purchases counts as usual."
    ]
    if rhythm["repeat_customers"]:
        said = [
            "Stages are measured on this house’s own scale: half of the customers who bought more than once "
            f"buy every {days(rhythm['gap_days'])} or more often, and three in four never waited longer than "
            f"{days(rhythm['long_gap_days'])}."
        ]
    if summary.index.isin(SILENT).sum() == 2:
        said.append(
            f"A customer is expected back within {spoken(QUIET_TIMES)} the own usual gap, and is given at least "
            f"{days(rhythm['long_gap_days'])}; whoever is silent longer is {DORMANT}, {spoken(LOST_TIMES)} as long "
            f"{LOST}."
        )
    period = days(rhythm["period_days"])
    if summary.index.isin(BUYING).sum() == len(BUYING):
        said.append(
            f"“{sentence(NEW)[:-1]}” and “{WON_BACK}” look at the last {period}; “{GROWING}” and “{DECLINING}” set "
            f"them against the {period} before, and leave out changes that may be chance."
        )
        said.extend(_house_words(summary, period))
    return said


def moves_paragraph(moves: LifecycleMoves) -> list[str]:
    """Who moved where, and what they had brought.

    Parameters
    ----------
    moves : LifecycleMoves

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.analyse.lifecycle_moves import lifecycle_moves
    >>> stage = pd.CategoricalDtype(["active", "dormant"], ordered=True)
    >>> before = pd.Series(["active", "active"], index=["ann", "bob"], dtype=stage)
    >>> after = pd.Series(["active", "dormant"], index=["ann", "bob"], dtype=stage)
    >>> moves_paragraph(lifecycle_moves(before, after))[0]
    'Of 2\\xa0customers known at both dates, 1 stands in another stage now.'
    """
    flows = moves.flows
    both = flows[(flows["before"] != NOT_YET) & (flows["after"] != NO_LONGER)]
    whole, moved = int(both["customers"].sum()), int(both.loc[both["moved"], "customers"].sum())
    dated = (
        f" on {date(moves.before_on)} and {date(moves.after_on)}"
        if moves.before_on and moves.after_on
        else " at both dates"
    )
    said = []
    if whole:
        said.append(
            f"Of {count(whole, 'customer')} known{dated}, {number(moved) if moved else 'none'} "
            f"{plural(moved, 'stands', 'stand')} in another stage now."
        )
    largest = both[both["moved"]].head(3)
    if len(largest) > 1:
        parts = [_flow_words(row, moves.currency) for row in largest.itertuples()]
        said.append(f"Most went {listing(parts)}.")
    said.extend(_fell_and_came_back(moves))
    newcomers = int(flows.loc[flows["before"] == NOT_YET, "customers"].sum())
    if newcomers:
        said.append(f"{count(newcomers, 'customer')} {plural(newcomers, 'was', 'were')} not yet known then.")
    if flows["revenue"].notna().any():
        said.append("Revenue is that of the year before the earlier day.")
    return said


def retention_paragraph(retention: Retention) -> list[str]:
    """How many come back after a first purchase, and how long customers stay.

    Parameters
    ----------
    retention : Retention

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.analyse.retention import retention_curves
    >>> retention_paragraph(retention_curves(_little_crm()))[0]
    'In the month after a first purchase 50\\xa0% of customers bought again.'
    """
    typical, unit = typical_retention(retention), retention.unit
    said = []
    if len(typical):
        said.append(
            f"In the {unit} after a first purchase {percent(typical['share_pct'].iloc[0])} of customers bought "
            "again."
        )
        solid = typical[typical["customers"] >= 0.5 * typical["customers"].iloc[0]]
        later = solid.index.max() if len(solid) else 1
        if later > 1:
            said[-1] = (
                f"{said[-1][:-1]}, in the {nth(later)} {unit} after it "
                f"{percent(typical.loc[later, 'share_pct'])} of those who have been seen for that long."
            )
    else:
        said.append("Too few customers bought first after the data begin to say how many come back.")
    if len(retention.sizes) > 1 and len(typical):
        first = period_name(retention.sizes.index[0], unit)
        said.append(
            f"The first cohort ({first}) is left out of this: the data begin there, so that it may hold "
            "customers who had bought before."
        )
    if retention.overall is not None:
        said.extend(silence_sentences(retention))
    return said + group_sentences(retention)


def lifecycle_limits(summary: pd.DataFrame, retention: Retention | None = None) -> list[str]:
    """What stages and retention cannot say.

    Parameters
    ----------
    summary : DataFrame
        As `lifecycle_summary` makes it.
    retention : Retention, optional

    Returns
    -------
    list of str

    Examples
    --------
    >>> print(lifecycle_limits(_little_summary())[0])
    A stage is set by fixed limits. Silence does not say why somebody is silent, and a dormant customer may buy
    tomorrow.
    """
    said = [
        "A stage is set by fixed limits. Silence does not say why somebody is silent, and a dormant customer may buy "
        "tomorrow.",
        "How often customers buy is measured on those who bought at least twice; who bought once is taken to "
        "be like them.",
    ]
    if summary.attrs.get("purchases") == "won deals":
        said.append("There are no orders in these data: a deal that was won counts as a purchase.")
    if NEW in summary.index:
        said.append(
            f"Whoever bought first soon after the data begin is not called {NEW}, because an earlier purchase "
            "would not be seen."
        )
    if GROWING in summary.index:
        said.append(
            f"By chance alone about one steady customer in {number(CHANCE_ONE_IN)} looks as if growing, and one as if "
            "declining."
        )
    said.append("Seasons are not taken out: before a feast many customers seem to grow, after it to decline.")
    if retention is not None:
        said.append(
            "Customers who have not yet been silent for too long count for as long as they were seen, neither "
            "as gone nor as staying for good."
        )
        if retention.too_new:
            n = retention.too_new
            said.append(
                f"{count(n, 'customer')} bought first too recently to tell, and {plural(n, 'is', 'are')} in "
                "none of the curves."
            )
    return said


def _without_buyers(summary: pd.DataFrame) -> list[str]:
    if not summary["customers"].sum():
        return ["No customer is known."]
    return ["Nobody has bought yet.", *_without_purchase(summary)]


def _without_purchase(summary: pd.DataFrame) -> list[str]:
    parts = []
    for stage, words in ((PROSPECT, "in touch with us"), (LEAD, "not in touch")):
        n = int(summary["customers"].get(stage, 0))
        if n:
            parts.append(f"{number(n)} {words}")
    total = int(summary["customers"].reindex(list(WITHOUT_PURCHASE)).fillna(0).sum())
    if not parts:
        return []
    said = f"{number(total)} more {plural(total, 'is', 'are')} known without a purchase"
    return [f"{said}, {parts[0].partition(' ')[2]}." if len(parts) == 1 else f"{said}: {listing(parts)}."]


def _fell_and_came_back(moves: LifecycleMoves) -> list[str]:
    since = f"Since {date(moves.before_on)}" if moves.before_on else "Since then"
    said = []
    fell, lost = flow(moves, BUYING, SILENT)
    back, _ = flow(moves, SILENT, BUYING)
    if fell:
        text = f"{since}, {count(fell, 'customer')} {plural(fell, 'has', 'have')} fallen silent"
        if pd.notna(lost) and lost > 0:
            text += f", who had brought {money(lost, moves.currency)} in the year before"
        said.append(f"{text}.")
    silent_then = int(moves.net["before"].reindex(list(SILENT)).fillna(0).sum())
    if silent_then:
        said.append(
            f"Of the {number(silent_then)} who were silent then, {number(back) if back else 'none'} "
            f"{plural(back, 'buys', 'buy')} again now."
            if silent_then > 1
            else f"The one who was silent then {'buys again' if back else 'is so still'}."
        )
    return said


def _flow_words(row: object, currency: str) -> str:
    n = int(row.customers)
    text = f"from “{row.before}” to “{row.after}” ({number(n)}"
    brought = f", with {money(row.revenue, currency)}" if pd.notna(row.revenue) else ""
    return f"{text}{brought})"


def _house_words(summary: pd.DataFrame, period: str) -> list[str]:
    moved = summary.attrs.get("house_change_pct")
    if moved is None or abs(moved) < _SMALL_CHANGE:
        return []
    word = "more" if moved > 0 else "less"
    return [
        f"All customers of long enough standing together spent {percent(abs(moved))} {word} in the last "
        f"{period} than in the {period} before; see “{GROWING}” and “{DECLINING}” against that."
    ]


def _money(amount: float, summary: pd.DataFrame) -> str:
    return money(amount, summary.attrs.get("currency", ""))


def _little_summary() -> pd.DataFrame:
    """Ten customers, for the examples."""
    table = pd.DataFrame(
        {"customers": [8, 2], "share_pct": [80.0, 20.0], "revenue": [90.0, 10.0]}, index=[ACTIVE, DORMANT]
    )
    table["revenue_share_pct"] = table["revenue"]
    rhythm = {"gap_days": 9.0, "long_gap_days": 65.0, "period_days": 91.0, "repeat_customers": 9.0}
    table.attrs = {"currency": "EUR", "rhythm": rhythm}
    return table


def _little_crm() -> object:
    """An old customer and ten who bought first in January, for the examples."""
    from crmlib.prepare.crm import Crm

    first = pd.DataFrame({"customer_id": [f"c{i}" for i in range(10)], "ordered_at": "2024-01-05"})
    again = first.head(5).assign(ordered_at="2024-02-05")
    lines = pd.concat([first.head(1).assign(customer_id="old", ordered_at="2023-12-30"), first, again])
    lines = lines.reset_index(drop=True).assign(product_id="tea", net_amount=5.0)
    return Crm.from_frames(as_of="2024-03-15", transactions=lines.assign(order_id=lines.index.astype(str)))
