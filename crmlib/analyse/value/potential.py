"""Growth potential: what customers do not buy from us, and others who spend alike do."""

import numpy as np
import pandas as pd

from crmlib.schema.errors import ParameterError

BENCHMARK = 0.75
"""The upper quartile: a quarter of a customer's peers spend at least so much, in a category and in all."""

LITTLE = 0.25
"""Under a quarter of the benchmark a category counts as not, or little, bought."""

FEWEST_PEERS = 20
"""A smaller segment is measured by all customers."""

SPEND_THIRDS = ("lower third", "middle third", "upper third")

GROWTH_UNITS = {
    "growth_potential": "currency",
    "growth_category": "name",
    "growth_category_amount": "currency",
    "growth_peers": "segment",
}
"""Column -> unit; amounts are of a year."""

_ALL = "all customers"
_BLOCK = 5_000


def growth_valuation(spend: pd.DataFrame, segments: pd.Series | None = None) -> pd.DataFrame:
    """What each customer could spend a year in categories not, or little, bought so far.

    The benchmark of a category is the upper quartile of the year's spend in it among the customer's peers,
    those who buy none of it included: so it is above 0 only where more than a quarter of them buy it. The
    room in a category is the benchmark less what the customer spends there, if that is under a quarter of it.
    The sum over categories is cut where the customer would spend more in all than the upper quartile of the
    peers does, so that a quarter of them do spend that much more; who spends as much already has none. It
    says what peers do, not what this customer will.
    """
    if segments is not None and not isinstance(segments, pd.Series):
        raise ParameterError(f"segments is a {type(segments).__name__}: give a Series by customer_id.")
    (row, customers), (column, categories) = (_places(spend[name]) for name in ("customer_id", "category"))
    customers = customers.rename("customer_id")
    cells = _Cells((row, column, spend["spend"].to_numpy(dtype="float64")), customers, categories)
    labels = spend_thirds(cells.totals) if segments is None else segments.reindex(customers)
    peers = _peers(labels)
    amounts = np.zeros(len(customers))
    largest = np.zeros(len(customers))
    place = np.full(len(customers), -1)
    for name in sorted(peers.unique()):
        members = np.flatnonzero((peers == name).to_numpy())
        compared = np.arange(len(customers)) if name == _ALL else members
        bar = cells.benchmark(compared)
        top = np.quantile(cells.totals.to_numpy()[compared], BENCHMARK)
        for start in range(0, len(members), _BLOCK):
            rows = members[start : start + _BLOCK]
            room, most, at = _room(cells.dense(rows), bar)
            limit = np.maximum(top - cells.totals.to_numpy()[rows], 0.0)
            amounts[rows], place[rows] = np.minimum(room, limit), at
            largest[rows] = np.minimum(most, limit)
    some = pd.Series(amounts > 0, index=customers)
    named = pd.Series(categories.to_numpy()[place] if len(categories) else [], index=customers, dtype="str")
    return pd.DataFrame(
        {
            "growth_potential": amounts,
            "growth_category": named.where(some),
            "growth_category_amount": np.where(some, largest, 0.0),
            "growth_peers": peers,
        },
        index=customers,
    )


def _places(texts: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """The place of each text among all, and these in order; categories are not spelt out, which takes less room."""
    held = texts.astype("category").cat.remove_unused_categories().cat
    names = held.categories.astype("str")
    order = names.argsort()
    place = np.empty(len(names), dtype="int32")
    place[order] = np.arange(len(names), dtype="int32")
    return place[held.codes.to_numpy()], names[order]


def spend_thirds(totals: pd.Series) -> pd.Series:
    """Customers in three parts by spend, equal spend in the same part."""
    below = totals.rank(method="min") - 1
    upto = totals.rank(method="max")
    part = (3 * (below + upto) // (2 * max(len(totals), 1))).astype("int64").clip(0, 2)
    return part.map(dict(enumerate(SPEND_THIRDS))).astype("str")


class _Cells:
    """The long table, made wide for some customers at a time."""

    def __init__(self, cells: tuple[np.ndarray, ...], customers: pd.Index, categories: pd.Index) -> None:
        row, column, amount = cells
        order = np.argsort(row, kind="stable")
        self._column, self._amount, self._width = column[order], amount[order], len(categories)
        self._begin = np.searchsorted(row[order], np.arange(len(customers) + 1))
        sums = np.bincount(row, weights=amount, minlength=len(customers))
        self.totals = pd.Series(sums, index=customers)

    def _of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The customer's place among `rows`, and the cell, of all their cells."""
        lengths = self._begin[rows + 1] - self._begin[rows]
        place = np.repeat(np.arange(len(rows)), lengths)
        first = np.repeat(self._begin[rows] - np.r_[0, np.cumsum(lengths)[:-1]], lengths)
        return place, first + np.arange(lengths.sum())

    def dense(self, rows: np.ndarray) -> np.ndarray:
        place, cell = self._of(rows)
        table = np.zeros((len(rows), self._width))
        table[place, self._column[cell]] = self._amount[cell]
        return table

    def benchmark(self, rows: np.ndarray) -> np.ndarray:
        """The upper quartile of each category over these customers, those without it counting as 0."""
        _, cell = self._of(rows)
        column, value = self._column[cell], self._amount[cell]
        order = np.lexsort((value, column))
        value, begin = value[order], np.searchsorted(column[order], np.arange(self._width + 1))
        at = BENCHMARK * (len(rows) - 1)
        low, share = int(np.floor(at)), at - np.floor(at)
        zeros = len(rows) - (begin[1:] - begin[:-1])

        def ranked(rank: int) -> np.ndarray:
            inside = np.minimum(begin[:-1] + np.maximum(rank - zeros, 0), len(value) - 1)
            return np.where(rank >= zeros, value[inside], 0.0)

        lower, upper = ranked(low), ranked(min(low + 1, len(rows) - 1))
        return lower + share * (upper - lower)


def _room(spent: np.ndarray, bar: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    room = np.where(spent < LITTLE * bar, bar - spent, 0.0)
    at = room.argmax(axis=1)
    return room.sum(axis=1), room[np.arange(len(room)), at], at


def _peers(labels: pd.Series) -> pd.Series:
    words = labels.astype("str").where(labels.notna(), _ALL)
    sizes = words.map(words.value_counts())
    return words.where(sizes >= FEWEST_PEERS, _ALL).rename("growth_peers")


LOYALTY_WEIGHTS = {"cadence": 0.30, "repeat": 0.25, "breadth": 0.15, "tenure": 0.15, "steadiness": 0.15}
"""What each mark counts for in the score; of marks that are not known the rest takes the place."""

LOYALTY_UNITS = {
    "loyalty_score": "0 to 100",
    "tenure_days": "days",
    "usual_gap_days": "days",
    "cadence_kept_pct": "%",
    "repeat_rate_pct": "%",
    "category_share_pct": "%",
    "loyalty_decay": "-1 to 1",
}
"""Column -> unit."""

FULL_MARK = 0.9
"""Tenure and breadth have the full mark from where nine in ten customers lie below."""

EXTRA_PURCHASES = 4
"""The decay counts as if so many more purchases had been seen, half of them in each half of the time."""


def loyalty_valuation(rhythm: pd.DataFrame, *, category_share_pct: pd.Series | None = None) -> pd.DataFrame:
    """Loyalty of every customer, with what it is made of.

    Gelman, A. et al. (2013). Bayesian Data Analysis, 3rd edition, section 2.4: a share shrunk by a beta prior.
    """
    made = rhythm["purchase_day_count"].astype("float64") - 1
    due = made + rhythm["missed_count"].astype("float64")
    older = rhythm["could_repeat_count"].astype("float64")
    earlier, recent = (rhythm[name].astype("float64") for name in ("earlier_count", "recent_count"))
    table = pd.DataFrame(
        {
            "tenure_days": rhythm["tenure_days"].astype("float64"),
            "usual_gap_days": rhythm["usual_gap_days"].astype("float64"),
            "cadence_kept_pct": 100 * made / due.where(due > 0),
            "repeat_rate_pct": 100 * rhythm["repeated_count"] / older.where(older > 0),
        },
        index=rhythm.index,
    )
    if category_share_pct is not None:
        table["category_share_pct"] = category_share_pct.reindex(rhythm.index).astype("float64")
    repeats = earlier + recent
    table["loyalty_decay"] = ((earlier - recent) / (repeats + EXTRA_PURCHASES)).where(repeats > 0)
    table.insert(0, "loyalty_score", _score(loyalty_marks(table)))
    return table


def loyalty_marks(loyalty: pd.DataFrame) -> pd.DataFrame:
    """The marks, 0 to 100 each, that the score is the weighted mean of."""
    marks = pd.DataFrame(
        {"cadence": loyalty["cadence_kept_pct"], "repeat": loyalty["repeat_rate_pct"]}, index=loyalty.index
    ).astype("float64")
    if "category_share_pct" in loyalty:
        marks["breadth"] = _against_the_tenth(loyalty["category_share_pct"])
    marks["tenure"] = _against_the_tenth(loyalty["tenure_days"])
    marks["steadiness"] = 100 * (1 - loyalty["loyalty_decay"].clip(lower=0))
    return marks


def _against_the_tenth(values: pd.Series) -> pd.Series:
    full = values.quantile(FULL_MARK)
    if not full > 0:
        return pd.Series(np.nan, index=values.index)
    return (100 * values / full).clip(upper=100)


def _score(marks: pd.DataFrame) -> pd.Series:
    weights = pd.Series(LOYALTY_WEIGHTS)[list(marks.columns)]
    known = marks.notna().mul(weights)
    score = marks.mul(weights).sum(axis=1) / known.sum(axis=1)
    return score.where(marks[["cadence", "repeat"]].notna().any(axis=1))


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
    "late_invoice_count": "invoices",
    "late_invoice_days": "days",
    "invoice_overdue_days": "days",
    "credit_grade": "A to E",
    "credit_reason": "code",
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

    Kleinman, J. C. (1973). Proportions with extraneous variance. JASA 68(341), 46-54.
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
            "late_invoice_count": totals["late_count"].astype("float64"),
            "late_invoice_days": totals["late_days"] / totals["late_count"].where(totals["late_count"] > 0),
            "invoice_overdue_days": totals["overdue_days"].astype("float64"),
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
    table["credit_reason"] = _reasons(table, steps)
    table.attrs["shrunk_by"] = float(extra.mean()) if len(extra) else np.nan
    return table


def shrunk_lateness(totals: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Late share and mean days late of every customer, drawn towards those of all other customers."""
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


CREDIT_REASONS = ("no_invoice", "in_time", "late", "overdue", "limit", "few")
"""What a grade may rest on; `credit_reason` names all that apply, with a blank between two."""


def _reasons(table: pd.DataFrame, steps: pd.DataFrame) -> list[str]:
    judged, used = table["judged_invoice_count"], table.get("credit_used_pct", pd.Series(np.nan, table.index))
    own = steps[["overdue_days", *steps.columns.intersection(["credit_used_pct"])]].max(axis=1)
    late = table["late_invoice_count"] > 0
    flags = {
        "in_time": ~late,
        "late": late,
        "overdue": table["invoice_overdue_days"] > 0,
        "limit": used > CREDIT_BOUNDS["credit_used_pct"][0],
        "few": (judged < _FEW_INVOICES) & (own < steps.max(axis=1)),
    }
    held = sum(rows.to_numpy().astype("int64") << at for at, rows in enumerate(flags.values()))
    kinds, place = np.unique(np.where(judged > 0, held, -1), return_inverse=True)
    said = [" ".join(code for at, code in enumerate(flags) if kind >> at & 1) for kind in kinds]
    said = ["no_invoice" if kind < 0 else words for kind, words in zip(kinds, said, strict=True)]
    return [said[at] for at in place]
