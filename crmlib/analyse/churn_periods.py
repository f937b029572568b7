"""Cut-offs and labels: what was known at a moment, and what happened afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.indicators import compute_indicators
from crmlib.measure.outcomes import category_habits, first_order_at, purchases_within
from crmlib.prepare.clock import days_later, local_time
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

TRAINING_PERIODS = 3
"""At most so many cut-offs are learnt from, the latest ones."""
ENOUGH = 300
"""Earlier cut-offs are taken only until there are so many customers of the rarer outcome."""
FEWEST = 30
"""Customers of the rarer outcome, without whom nothing is learnt or tested."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about the time after a cut-off.

    Parameters
    ----------
    horizon_days : int
    stops : bool
        True: who buys nothing within the horizon; False: who buys.
    category : str or None
        Purchases of this category alone.
    active_days : int or None
        Only customers who bought within so many days before the cut-off are asked about; None: everybody who
        ever bought.
    indicators : names or None
        None: all that the workspace has.

    Examples
    --------
    >>> Question(horizon_days=60, stops=True, active_days=60).outcome
    'buys nothing within 60 days'
    """

    horizon_days: int
    stops: bool
    category: str | None = None
    active_days: int | None = None
    indicators: tuple[str, ...] | None = None

    @property
    def outcome(self) -> str:
        """The outcome, as it ends a sentence about one customer.

        Examples
        --------
        >>> Question(horizon_days=30, stops=False, category="tea").outcome
        'buys from tea within 30 days'
        """
        what = "buys nothing" if self.stops else f"buys from {self.category}" if self.category else "buys"
        return f"{what} within {self.horizon_days} days"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Customers at one cut-off, and what became of them.

    Parameters
    ----------
    cutoff, until : Timestamp (naive, UTC)
        `until` is None where the outcome is not known yet.
    features : DataFrame indexed by customer_id, sorted
        Known at the cut-off.
    label : array of bool, or None

    Examples
    --------
    See `sample_at`.
    """

    cutoff: pd.Timestamp
    until: pd.Timestamp | None
    features: pd.DataFrame
    label: np.ndarray | None

    @property
    def rarer(self) -> int:
        """Customers of the rarer outcome.

        Examples
        --------
        >>> Sample(cutoff=None, until=None, features=None, label=np.array([True, False, False])).rarer
        1
        """
        return int(min(self.label.sum(), (~self.label).sum()))


def check_days(name: str, value: Any) -> int:
    """A number of days that can be one.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> check_days("horizon_days", 60)
    60
    >>> check_days("horizon_days", 0.5)
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: horizon_days is 0.5: give a whole number of days, such as 60.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ParameterError(f"{name} is {value!r}: give a whole number of days, such as 60.")
    return int(value)


def plan_cutoffs(
    first: pd.Timestamp | None, as_of: pd.Timestamp, *, horizon_days: int, time_zone: str = "UTC"
) -> list[pd.Timestamp]:
    """The cut-offs with a known outcome, latest first: one to test on, then those to learn from.

    Each lies a horizon before the next, so no outcome overlaps another, and each has at least a horizon of
    orders before it.

    Parameters
    ----------
    first : Timestamp
        Of the first order.
    as_of : Timestamp
        The end of the last outcome.
    horizon_days : int
    time_zone : str
        By whose calendar days are counted: a cut-off at the end of a day stays there in summer and winter.

    Raises
    ------
    ParameterError
        If the history is shorter than three horizons: it says how long it is and which horizon fits.

    Examples
    --------
    >>> days = plan_cutoffs(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-05-30"), horizon_days=30)
    >>> [f"{day:%m-%d}" for day in days]
    ['04-30', '03-31', '03-01', '01-31']
    """
    known = 0.0 if first is None else (as_of - first) / pd.Timedelta(days=1)
    if known < 3 * horizon_days:
        longest = int(known // 3)
        remedy = f"Take horizon_days={longest} at the most." if longest else "Take a longer history."
        raise ParameterError(
            f"a horizon of {horizon_days} {'day' if horizon_days == 1 else 'days'} needs {3 * horizon_days} days "
            "of orders: one horizon to look "
            f"back on, one to learn from, a later one to test on. There are {int(known)} days. {remedy}"
        )
    places = range(1, min(int(known // horizon_days), TRAINING_PERIODS + 2))
    return [days_later(as_of, -n * horizon_days, time_zone=time_zone) for n in places]


def sample_at(
    crm: Crm,
    cutoff: pd.Timestamp,
    question: Question,
    *,
    labelled: bool = True,
    figures: pd.DataFrame | None = None,
) -> Sample:
    """Customers with their indicators as known at a cut-off, and the outcome a horizon later.

    Parameters
    ----------
    crm : Crm
    cutoff : Timestamp (naive, UTC)
    question : Question
    labelled : bool
        False where the outcome is still to come.
    figures : DataFrame indexed by customer_id, optional
        The indicators at the cut-off, as `compute_indicators` makes them; computed where some are missing.

    Returns
    -------
    Sample

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["ann", "bob", "bob"], "product_id": "tea",
    ...     "ordered_at": ["2024-01-20", "2024-01-25", "2024-02-10"], "net_amount": [5.0, 7.0, 4.0]})
    >>> crm = Crm.from_frames(as_of="2024-03-01", transactions=lines)
    >>> asked = Question(horizon_days=30, stops=True, active_days=30)
    >>> sample = sample_at(crm, pd.Timestamp("2024-01-31"), asked)
    >>> dict(zip(sample.features.index, sample.label.tolist()))
    {'ann': True, 'bob': False}
    """
    then = crm.at(cutoff)
    wanted = None
    if question.indicators is not None:
        wanted = list(dict.fromkeys([*question.indicators, "order_count", "recency_days"]))
    features = _figures_at(then, wanted, figures)
    asked = features["order_count"] > 0
    if question.active_days is not None:
        asked &= features["recency_days"] < question.active_days
    features = features[asked]
    if question.category is not None:
        habits = category_habits(then, category=question.category).reindex(features.index)
        counts = ["category_order_count", "category_spend_total"]
        features = features.join(habits.fillna(dict.fromkeys(counts, 0.0)))
    if not labelled:
        return Sample(cutoff=cutoff, until=None, features=features, label=None)
    until = days_later(cutoff, question.horizon_days, time_zone=crm.time_zone)
    bought = purchases_within(crm, after=cutoff, until=until, category=question.category)["purchase_count"]
    buys = bought.reindex(features.index).fillna(0).gt(0).to_numpy(dtype=bool)
    return Sample(cutoff=cutoff, until=until, features=features, label=~buys if question.stops else buys)


def collect_samples(crm: Crm, question: Question) -> tuple[Sample, list[Sample]]:
    """The sample to test on, and the earlier ones to learn from, latest first.

    Parameters
    ----------
    crm : Crm
    question : Question

    Raises
    ------
    ParameterError
        If the history is too short, or an outcome too rare.

    Examples
    --------
    >>> from crmlib.analyse.churn import _little_shop
    >>> asked = Question(horizon_days=60, stops=True, active_days=60, indicators=("recency_days",))
    >>> test, earlier = collect_samples(_little_shop(), asked)
    >>> f"{test.cutoff:%m-%d}", [f"{sample.cutoff:%m-%d}" for sample in earlier]
    ('06-28', ['04-29'])
    """
    days = plan_cutoffs(
        first_order_at(crm), crm.as_of, horizon_days=question.horizon_days, time_zone=crm.time_zone
    )
    test = sample_at(crm, days[0], question)
    require_both(test.label, f"from {test.cutoff:%Y-%m-%d} on, which is kept for the test", question)
    earlier: list[Sample] = []
    for day in days[1:]:
        earlier.append(sample_at(crm, day, question))
        if sum(sample.rarer for sample in earlier) >= ENOUGH:
            break
    label = np.concatenate([sample.label for sample in earlier])
    require_both(label, f"before {test.cutoff:%Y-%m-%d}, which is learnt from", question)
    return test, earlier


def _figures_at(then: Any, wanted: list[str] | None, given: pd.DataFrame | None) -> pd.DataFrame:
    needed = ["order_count", "recency_days"] if wanted is None else wanted
    if given is None or not set(needed) <= set(given.columns):
        return compute_indicators(then, wanted)
    return given if wanted is None else given[wanted]


def require_both(label: np.ndarray, when: str, question: Question) -> None:
    """Refuse where one of the two outcomes is too rare.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> require_both(np.array([True] * 40), "in March", Question(horizon_days=30, stops=True))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: in the time in March, 40 of 40 customers are such that the customer
    buys nothing within 30 days; at least 30 are needed of either kind. Take a shorter or longer horizon, or
    more history.
    """
    hits = int(label.sum())
    if min(hits, len(label) - hits) < FEWEST:
        raise ParameterError(
            f"in the time {when}, {hits:,} of {len(label):,} customers are such that the customer "
            f"{question.outcome}; at least {FEWEST} are needed of either kind. Take a shorter or longer "
            "horizon, or more history."
        )


def period_table(samples: Sequence[tuple[str, Sample]], *, time_zone: str = "UTC") -> pd.DataFrame:
    """Which cut-offs served for what.

    Parameters
    ----------
    samples : pairs of role ("learn", "test", "score") and Sample
    time_zone : str
        By whose clocks the moments are told.

    Returns
    -------
    DataFrame
        `role`, `cutoff`, `until` (without a zone), `customers`, `outcomes`, `outcome_share_pct`.

    Examples
    --------
    >>> sample = Sample(cutoff=pd.Timestamp("2024-01-31"), until=pd.Timestamp("2024-03-01"),
    ...                 features=pd.DataFrame(index=["a", "b"]), label=np.array([True, False]))
    >>> period_table([("test", sample)])["outcome_share_pct"].tolist()
    [50.0]
    """
    rows = [
        {
            "role": role,
            "cutoff": local_time(sample.cutoff, time_zone=time_zone),
            "until": local_time(sample.until, time_zone=time_zone) or pd.NaT,
            "customers": len(sample.features),
            "outcomes": np.nan if sample.label is None else float(sample.label.sum()),
            "outcome_share_pct": np.nan if sample.label is None else 100 * float(sample.label.mean()),
        }
        for role, sample in samples
    ]
    return pd.DataFrame(rows)


def names_of(indicators: Iterable[str] | str | None) -> tuple[str, ...] | None:
    """The names of indicators that were asked for.

    Examples
    --------
    >>> names_of("recency_days"), names_of(None)
    (('recency_days',), None)
    """
    if indicators is None:
        return None
    return (indicators,) if isinstance(indicators, str) else tuple(indicators)
