"""Words and figures that the pictures and the sentences about the life cycle share."""

from typing import Any

import pandas as pd

from crmlib.analyse.lifecycle_lists import is_likely, of_buyers
from crmlib.analyse.lifecycle_moves import NO_LONGER, NOT_YET, LifecycleMoves
from crmlib.analyse.retention import Retention
from crmlib.analyse.retention_survival import SurvivalCurves
from crmlib.measure.columns import label_of
from crmlib.present.words import count, days, listing, number, percent, plural, sentence
from crmlib.schema.states import DORMANT, LIKELY, LOST, QUIET_TIMES, SILENT, spoken

_TIMES = {
    28: "four weeks",
    91: "three months",
    182: "half a year",
    365: "a year",
    730: "two years",
    1826: "five years",
}


def silent_stages(table: pd.DataFrame) -> list[str]:
    """The stages of a table whose customers have fallen silent.

    Parameters
    ----------
    table : DataFrame indexed by stage

    Examples
    --------
    >>> silent_stages(pd.DataFrame(index=["active", "lost"]))
    ['lost']
    """
    return [name for name in SILENT if name in table.index]


def changed_share(moves: LifecycleMoves) -> float:
    """Of the customers known at both dates, the percentage in another stage at the second.

    Parameters
    ----------
    moves : LifecycleMoves

    Returns
    -------
    float
        NaN where nobody was known at both.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> flows = pd.DataFrame({"before": ["new", "new"], "after": ["new", "lost"], "customers": [3, 1],
    ...                       "moved": [False, True]})
    >>> changed_share(SimpleNamespace(flows=flows))
    25.0
    """
    both = moves.flows[(moves.flows["before"] != NOT_YET) & (moves.flows["after"] != NO_LONGER)]
    whole = both["customers"].sum()
    return float(100 * both.loc[both["moved"], "customers"].sum() / whole) if whole else float("nan")


def flow(moves: LifecycleMoves, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[int, float]:
    """How many customers went from some stages to others, and what they had brought.

    Parameters
    ----------
    moves : LifecycleMoves
    before, after : stages

    Returns
    -------
    (customers, revenue)
        The revenue is NaN where it is not known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> flows = pd.DataFrame({"before": ["new", "new"], "after": ["new", "lost"], "customers": [3, 1],
    ...                       "revenue": [9.0, 5.0]})
    >>> from crmlib.schema.states import BUYING
    >>> flow(SimpleNamespace(flows=flows), BUYING, SILENT)
    (1, 5.0)
    """
    rows = moves.flows[moves.flows["before"].isin(before) & moves.flows["after"].isin(after)]
    return int(rows["customers"].sum()), float(rows["revenue"].sum(min_count=1))


def retention_day(curves: SurvivalCurves) -> tuple[float, pd.Series]:
    """The longest usual time for which the share of all customers still buying is shown, and that share.

    Parameters
    ----------
    curves : SurvivalCurves of everybody together, in days

    Returns
    -------
    (days, Series of `survival`, `low`, `high`)

    Examples
    --------
    >>> from crmlib.analyse.retention_survival import survival_curves
    >>> day, share = retention_day(survival_curves(pd.Series(range(200)), pd.Series([True] * 200)))
    >>> day, round(float(share["survival"]), 2)
    (182, 0.09)
    """
    until = float(curves.medians["shown_until"].iloc[0])
    day = max((time for time in _TIMES if time <= until), default=until)
    return day, curves.share_after(day).iloc[0]


def time_word(time: Any) -> str:
    """A number of days as it is spoken.

    Parameters
    ----------
    time : number of days

    Examples
    --------
    >>> time_word(182.0), time_word(40)
    ('half a year', '40\\xa0days')
    """
    return _TIMES.get(time) or days(time)


def period_name(day: pd.Timestamp, unit: str) -> str:
    """A calendar period, short enough for the side of a table.

    Parameters
    ----------
    day : Timestamp
        Its first day.
    unit : "week", "month", "quarter" or "year"

    Examples
    --------
    >>> [period_name(pd.Timestamp("2024-04-01"), unit) for unit in ("week", "month", "quarter", "year")]
    ['1 Apr 2024', 'Apr 2024', 'Q2 2024', '2024']
    """
    names = {"week": f"{day.day} {day:%b %Y}", "month": f"{day:%b %Y}", "year": f"{day:%Y}"}
    return names.get(unit) or f"Q{day.quarter} {day.year}"


def silence_sentences(retention: Retention) -> list[str]:
    """How long customers buy before their first long silence, and how many come back after it.

    Parameters
    ----------
    retention : Retention
        With customers of whom something can be said.

    Examples
    --------
    >>> from crmlib.analyse.retention import retention_curves
    >>> from crmlib.present.claims_lifecycle import _little_crm
    >>> silence_sentences(retention_curves(_little_crm(), silence_days=40))[1]
    '0\\xa0% of those who fell silent have bought again so far.'
    """
    day, share = retention_day(retention.overall)
    limit = (
        f"{days(retention.silence_days)} without a purchase"
        if retention.silence_days is not None
        else f"{spoken(QUIET_TIMES)} the own usual gap without a purchase, for the middle customer "
        f"{days(retention.limit_days)}"
    )
    said = []
    if not day >= 1:
        said.append("Too few customers have been seen for long enough to say how long customers stay.")
    elif pd.notna(share["survival"]):
        span = ""
        if pd.notna(share["low"]):
            span = f" (likely {percent(100 * share['low'])} to {percent(100 * share['high'])})"
        said.append(
            f"{percent(100 * share['survival'])} of customers{span} buy on for {time_word(day)} or longer before "
            f"their first long silence ({limit})."
        )
    if pd.notna(retention.came_back_pct):
        back = f"{percent(retention.came_back_pct)} of those who fell silent have bought again so far."
        said.append(f"Silence is not always the end: {back}" if retention.came_back_pct else sentence(back))
    return said


def group_sentences(retention: Retention) -> list[str]:
    """Which groups fall silent sooner or later than the others, beyond chance.

    Parameters
    ----------
    retention : Retention

    Examples
    --------
    >>> from crmlib.analyse.retention import retention_curves
    >>> from crmlib.present.claims_lifecycle import _little_crm
    >>> group_sentences(retention_curves(_little_crm(), silence_days=20))
    ['By time of first purchase, no group falls silent sooner or later than the others beyond chance.']
    """
    curves = retention.survival
    if curves is None or len(curves.medians) < 2:
        return []
    what = "time of first purchase" if retention.by == "cohort" else label_of(retention.by).lower()
    apart = curves.tests[curves.tests["differs"]]
    if apart.empty:
        return [f"By {what}, no group falls silent sooner or later than the others beyond chance."]
    ended = curves.medians["ended"].reindex(apart.index)
    sooner = [f"“{name}”" for name in apart.index[ended > apart["ended_expected"]]]
    later = [f"“{name}”" for name in apart.index[ended <= apart["ended_expected"]]]
    parts = [
        f"{listing(names)} {plural(len(names), 'falls', 'fall')} silent {word}"
        for names, word in ((sooner, "sooner"), (later, "later"))
        if names
    ]
    said = [f"By {what}, {listing(parts)} than the others, beyond chance."]
    first = curves.medians.index[0]
    if retention.by == "cohort" and first in apart.index:
        said.append(
            f"“{first}” may hold customers who had bought before the data begin, which by itself would make it "
            "look steadier."
        )
    return said


def likely_gone_sentences(alive: pd.Series, stages: pd.Series) -> list[str]:
    """Of those who buy by their stage, how many have by the model of purchases as likely as not stopped.

    Examples
    --------
    >>> alive, stages = pd.Series([0.9, 0.4, 0.01]), pd.Series(["active", "active", "lost"])
    >>> likely_gone_sentences(alive, stages)[0].replace("\\xa0", " ")[:69]
    'Of 2 customers who are neither dormant nor lost, 1 has probably stopp'
    """
    stopped = of_buyers(stages, 1 - alive).dropna()
    if stopped.empty:
        return []
    gone, whole = int(is_likely(stages, stopped).sum()), count(len(stopped), "customer")
    share = percent(100 * LIKELY)
    who = f"{whole} who {plural(len(stopped), 'is', 'are')} neither {DORMANT} nor {LOST}"
    if not gone:
        return [f"None of {who} has probably stopped buying: no chance of that reaches {share}."]
    return [
        f"Of {who}, {number(gone)} {plural(gone, 'has', 'have')} probably stopped buying: the chance of that is "
        f"{share} or more."
    ]


def nth(n: int) -> str:
    """A place in a row as it is spoken.

    Parameters
    ----------
    n : int, from 1

    Examples
    --------
    >>> nth(2), nth(14)
    ('second', '14th')
    """
    words = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    return words.split()[n - 1] if n <= 12 else f"{n}th"
