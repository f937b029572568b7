"""Credit: how a customer pays, and the grade that follows, with its reason."""

from math import floor

import numpy as np
import pandas as pd

from crmlib.analyse.valuation_words import counted, known

CREDIT_GRADES = ("A", "B", "C", "D", "E")

CREDIT_BOUNDS = {
    "late_invoice_share_pct": (10.0, 30.0, 60.0, 90.0),
    "days_late_mean": (2.0, 7.0, 21.0, 45.0),
    "overdue_days": (0.0, 14.0, 30.0, 60.0),
    "credit_used_pct": (80.0, 100.0, 125.0, 150.0),
}
"""Up to the first bound a customer is an A, up to the second a B, and so on; the worst figure decides.
Share and mean are shrunk towards those of the other customers before they are judged."""

CREDIT_UNITS = {
    "judged_invoice_count": "invoices",
    "late_invoice_share_pct": "%",
    "days_late_mean": "days",
    "days_late_max": "days",
    "open_amount": "currency",
    "overdue_amount": "currency",
    "overdue_share_pct": "%",
    "credit_used_pct": "%",
    "credit_grade": "A to E",
    "credit_reason": "words",
}
"""Column -> unit."""

_FEWEST, _MOST, _UNKNOWN = 2.0, 20.0, 5.0
_FEWEST_OTHERS = 10
_FEW_INVOICES = 5


def credit_valuation(totals: pd.DataFrame) -> pd.DataFrame:
    """How every customer pays, graded from A (as agreed) to E.

    A customer with few invoices is judged partly by how the others pay (empirical Bayes): late share and mean
    days late count as if m more invoices had been paid as all other customers pay theirs. The m is the one
    with which the late shares of the other customers scatter as they do (beta-binomial, by moments; at least
    2, at most 20, and 5 where fewer than 10 others can be judged or all of them pay alike). A customer's own
    payments never change what they are measured by, so that to pay later can never better the grade.

    Parameters
    ----------
    totals : DataFrame indexed by customer_id
        As `crmlib.measure.payments.invoice_totals` makes it.

    Returns
    -------
    DataFrame indexed by customer_id
        `judged_invoice_count` (paid, or past its due day), `late_invoice_share_pct`, `days_late_mean` (an
        invoice in time counts 0; an open one past its day so far), `days_late_max`, `open_amount`,
        `overdue_amount`, `overdue_share_pct` (of what is open; empty where nothing is), `credit_used_pct` (what is
        open over the limit; absent where no limit is known), `credit_grade` (empty while no invoice can be
        judged), `credit_reason`. ``attrs["shrunk_by"]`` is the mean m.

    References
    ----------
    Kleinman, J. C. (1973). Proportions with extraneous variance. JASA 68(341), 46-54.

    Examples
    --------
    >>> totals = pd.DataFrame({
    ...     "invoice_count": [12, 12], "judged_count": [12, 12], "late_count": [0, 9], "late_days": [0, 360],
    ...     "days_late_max": [0, 60], "open_amount": [0.0, 500.0], "overdue_amount": [0.0, 250.0],
    ...     "overdue_days": [0, 20], "credit_limit": [None, 1000.0]}, index=["ann", "bob"])
    >>> print(credit_valuation(totals).loc["bob", "credit_reason"])
    9 of 12 invoices were late, by 40 days on average; the oldest open one is 20 days overdue.
    """
    judged = totals["judged_count"].astype("float64")
    some = judged.where(judged > 0)
    table = pd.DataFrame(
        {
            "judged_invoice_count": judged,
            "late_invoice_share_pct": 100 * totals["late_count"] / some,
            "days_late_mean": totals["late_days"] / some,
            "days_late_max": totals["days_late_max"].astype("float64"),
            "open_amount": totals["open_amount"].astype("float64"),
            "overdue_amount": totals["overdue_amount"].astype("float64"),
        },
        index=totals.index,
    )
    open_amount = table["open_amount"].where(table["open_amount"] > 0)
    table["overdue_share_pct"] = 100 * table["overdue_amount"] / open_amount
    limit = totals["credit_limit"].astype("float64")
    if (limit > 0).any():
        table["credit_used_pct"] = 100 * table["open_amount"] / limit.where(limit > 0)
    shrunk, extra = shrunk_lateness(totals)
    judged_by = shrunk.assign(overdue_days=totals["overdue_days"].astype("float64"))
    if "credit_used_pct" in table:
        judged_by["credit_used_pct"] = table["credit_used_pct"]
    steps = judged_by.apply(lambda column: _steps(column, CREDIT_BOUNDS[str(column.name)]))
    worst = steps.max(axis=1)
    table["credit_grade"] = [
        CREDIT_GRADES[int(step)] if n > 0 else None for step, n in zip(worst, judged, strict=True)
    ]
    table["credit_reason"] = _reasons(totals, table, steps)
    table.attrs["shrunk_by"] = float(extra.mean()) if len(extra) else np.nan
    return table


def shrunk_lateness(totals: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Late share and mean days late of every customer, drawn towards those of all other customers.

    Parameters
    ----------
    totals : DataFrame indexed by customer_id
        With `judged_count`, `late_count`, `late_days`.

    Returns
    -------
    (DataFrame, Series)
        `late_invoice_share_pct` and `days_late_mean`, (own + m x others') / (invoices + m); and m of each customer.

    Examples
    --------
    >>> totals = pd.DataFrame({"judged_count": [1, 9], "late_count": [1, 0], "late_days": [10, 0]},
    ...                       index=["ann", "bob"])
    >>> shrunk, extra = shrunk_lateness(totals)
    >>> extra.round(6).tolist()                    # bob is all that ann is measured by: no scatter to see
    [5.0, 5.0]
    >>> shrunk.loc["ann"].round(2).tolist()        # (1 + 5 x 0) / (1 + 5) in percent, (10 + 5 x 0) / (1 + 5)
    [16.67, 1.67]
    """
    n, late, days = (totals[name].astype("float64") for name in ("judged_count", "late_count", "late_days"))
    others = n.sum() - n
    share = (late.sum() - late) / others.where(others > 0)
    mean = (days.sum() - days) / others.where(others > 0)
    extra = _prior_invoices(n, late, share)
    shrunk = pd.DataFrame(
        {
            "late_invoice_share_pct": 100
            * (late + extra * share.fillna(0))
            / (n + extra.where(others > 0, 0)),
            "days_late_mean": (days + extra * mean.fillna(0)) / (n + extra.where(others > 0, 0)),
        }
    )
    return shrunk, extra


def _prior_invoices(n: pd.Series, late: pd.Series, share: pd.Series) -> pd.Series:
    """m of the beta-binomial of all the others, from sums that leave the customer out."""
    there = n > 0
    ratio = (late**2 / n.where(there)).fillna(0.0)
    count = there.sum() - there.astype("float64")
    total, late_total = n.sum() - n, late.sum() - late
    squares = (n**2).sum() - n**2
    scatter = (ratio.sum() - ratio) - late_total**2 / total.where(total > 0)
    spread = share * (1 - share)
    room = total - squares / total.where(total > 0) - (count - 1)
    alike = (scatter - (count - 1) * spread) / (room * spread).where(
        (room > 1e-9) & (spread > 0) & (count >= _FEWEST_OTHERS)
    )
    alike = alike.clip(1 / (_MOST + 1), 1 / (_FEWEST + 1)).fillna(1 / (_UNKNOWN + 1))
    return (1 - alike) / alike


def _steps(values: pd.Series, bounds: tuple[float, ...]) -> pd.Series:
    # A share of exactly 30 % may come out as 30.000000000000004.
    rounded = values.round(9)
    step = pd.Series(np.searchsorted(bounds, rounded.fillna(-np.inf), side="left"), index=values.index)
    return step.astype("float64").where(values.notna())


def _reasons(totals: pd.DataFrame, table: pd.DataFrame, steps: pd.DataFrame) -> list[str | None]:
    said: list[str | None] = []
    columns = ["judged_count", "late_count", "late_days", "overdue_days"]
    used = table.get("credit_used_pct", pd.Series(np.nan, index=table.index))
    for n, late, days, overdue, use, worst, own in zip(
        *(totals[name] for name in columns),
        used,
        steps.max(axis=1),
        steps[["overdue_days", *steps.columns.intersection(["credit_used_pct"])]].max(axis=1),
        strict=True,
    ):
        if not n:
            said.append("No invoice has been paid or fallen due yet.")
            continue
        parts = [_paid(int(n), int(late), int(days))]
        if overdue > 0:
            parts.append(f"the oldest open one is {counted(overdue, 'day')} overdue")
        if known(use) and use > CREDIT_BOUNDS["credit_used_pct"][0]:
            parts.append(f"{_whole(use)} % of the credit limit is used")
        if n < _FEW_INVOICES and own < worst:
            parts.append("with so few invoices the grade leans on how other customers pay")
        said.append(f"{'; '.join(parts)}.")
    return said


def _paid(n: int, late: int, days: int) -> str:
    if not late:
        return "The only invoice was paid in time" if n == 1 else f"All {n:,} invoices were paid in time"
    by = counted(days / late, "day")
    if n == 1:
        return f"The only invoice was {by} late"
    return f"{late:,} of {n:,} invoices {'was' if late == 1 else 'were'} late, by {by} on average"


def _whole(value: float) -> str:
    return f"{floor(value):,}"
