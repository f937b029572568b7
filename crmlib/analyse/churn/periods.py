"""Cut-offs and labels: what was known at a moment, and what happened afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import learn_calibration, single_figure
from crmlib.analyse.learn.evaluate import Level, cutoffs, learn_level
from crmlib.analyse.lifetime.choice import NaiveRateModel
from crmlib.analyse.lifetime.history import some_histories
from crmlib.analyse.lifetime.model import FitError
from crmlib.analyse.lifetime.purchase_models import BetaGeoModel, ModifiedBetaGeoModel
from crmlib.analyse.stats import FEWEST
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.purchases.history import (
    buyer_count,
    category_habits,
    first_order_at,
    purchase_days,
    purchase_history,
    purchases_within,
)
from crmlib.prepare.clock import days_later, local_time
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

TRAINING_PERIODS = 3
"""At most so many cut-offs are learnt from, the latest ones."""
ENOUGH = 300
"""Earlier cut-offs are taken only until there are so many customers of the rarer outcome."""
MOST_SEEN = 50_000
"""Of more customers asked about at a past moment so many, drawn at random, are learnt from and tested on."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about the time after a cut-off.

    `stops`: True: who buys nothing within the horizon; False: who buys.
    `category`: Purchases of this category alone.
    `active_days`: Only customers who bought within so many days before the cut-off are asked about; None:
        everybody who ever bought.
    `indicators`: None: all that the workspace has.
    """

    horizon_days: int
    stops: bool
    category: str | None = None
    active_days: int | None = None
    indicators: tuple[str, ...] | None = None

    @property
    def outcome(self) -> str:
        """The outcome, as it ends a sentence about one customer."""
        what = "buys nothing" if self.stops else f"buys from {self.category}" if self.category else "buys"
        return f"{what} within {self.horizon_days} days"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """Customers at one cut-off, and what became of them.

    `cutoff`, `until` (Timestamp (naive, UTC)): `until` is None where the outcome is not known yet.
    `features` (indexed by customer_id, sorted): Known at the cut-off.
    `label`: array of bool, or None.
    `drawn_from`: Everybody who was asked about then, where `features` are those of some drawn at random.
    """

    cutoff: pd.Timestamp
    until: pd.Timestamp | None
    features: pd.DataFrame
    label: np.ndarray | None
    drawn_from: pd.Index | None = None

    @property
    def rarer(self) -> int:
        """Customers of the rarer outcome."""
        return int(min(self.label.sum(), (~self.label).sum()))


def check_days(name: str, value: Any) -> int:
    """A number of days that can be one."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ParameterError(f"{name} is {value!r}: give a whole number of days, such as 60.")
    return int(value)


def plan_cutoffs(
    first: pd.Timestamp | None, as_of: pd.Timestamp, *, horizon_days: int, time_zone: str = "UTC"
) -> list[pd.Timestamp]:
    """The cut-offs with a known outcome, latest first: one to test on, then those to learn from.

    Each lies a horizon before the next, so no outcome overlaps another, and each has at least a horizon of
    orders before it.
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
    seed: int = 0,
) -> Sample:
    """Customers with their indicators as known at a cut-off, and the outcome a horizon later.

    Of more than `MOST_SEEN` with an outcome some are drawn at random, unless it would be too rare among them.
    """
    then, everybody, wanted = crm.at(cutoff), None, None
    if question.indicators is not None:
        wanted = list(dict.fromkeys([*question.indicators, *_ASKED_BY]))
    until = days_later(cutoff, question.horizon_days, time_zone=crm.time_zone)
    bought = pd.Index([])
    if labelled:
        later = purchases_within(crm, after=cutoff, until=until, category=question.category)["purchase_count"]
        bought = later.index[later > 0]
        if buyer_count(crm.loaded or crm) > MOST_SEEN:
            who = _asked(compute_indicators(then, _ASKED_BY), question).index
            some = np.sort(np.random.default_rng(seed).permutation(len(who))[:MOST_SEEN])
            buyers = int((bought.get_indexer(who[some]) >= 0).sum())
            if len(who) > MOST_SEEN and min(buyers, MOST_SEEN - buyers) >= ENOUGH:
                everybody, figures = who, compute_indicators(then, wanted, customers=who[some])
    features = _asked(_figures_at(then, wanted, figures), question)
    if question.category is not None:
        habits = category_habits(then, category=question.category).reindex(features.index)
        counts = ["category_order_count", "category_spend_total"]
        features = features.join(habits.fillna(dict.fromkeys(counts, 0.0)))
    if not labelled:
        return Sample(cutoff=cutoff, until=None, features=features, label=None)
    buys = bought.get_indexer(features.index) >= 0
    label = ~buys if question.stops else buys
    return Sample(cutoff=cutoff, until=until, features=features, label=label, drawn_from=everybody)


_ASKED_BY = ("order_count", "recency_days")


def _asked(features: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The customers who are asked about."""
    asked = features["order_count"] > 0
    if question.active_days is not None:
        asked &= features["recency_days"] < question.active_days
    return features[asked]


def collect_samples(crm: Crm, question: Question, *, seed: int = 0) -> tuple[Sample, list[Sample]]:
    """The sample to test on, and the earlier ones to learn from, latest first."""
    days = plan_cutoffs(
        first_order_at(crm), crm.as_of, horizon_days=question.horizon_days, time_zone=crm.time_zone
    )
    test = sample_at(crm, days[0], question, seed=seed)
    require_both(test.label, f"from {test.cutoff:%Y-%m-%d} on (the test)", question)
    earlier: list[Sample] = []
    for day in days[1:]:
        earlier.append(sample_at(crm, day, question, seed=seed))
        if sum(sample.rarer for sample in earlier) >= ENOUGH:
            break
    label = np.concatenate([sample.label for sample in earlier])
    require_both(label, f"before {test.cutoff:%Y-%m-%d} (to learn from)", question)
    return test, earlier


def _figures_at(then: Any, wanted: list[str] | None, given: pd.DataFrame | None) -> pd.DataFrame:
    needed = _ASKED_BY if wanted is None else wanted
    if given is None or not set(needed) <= set(given.columns):
        return compute_indicators(then, wanted)
    return given if wanted is None else given[wanted]


def require_both(label: np.ndarray, when: str, question: Question) -> None:
    """Refuse where one of the two outcomes is too rare."""
    hits = int(label.sum())
    if min(hits, len(label) - hits) < FEWEST:
        raise ParameterError(
            f"in the time {when}, {hits:,} of {len(label):,} customers are such that the customer "
            f"{question.outcome}; at least {FEWEST} are needed of either kind. Take a shorter or longer "
            "horizon, or more history."
        )


def period_table(samples: Sequence[tuple[str, Sample]], *, time_zone: str = "UTC") -> pd.DataFrame:
    """Which cut-offs served for what."""
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
    """The names of indicators that were asked for."""
    if indicators is None:
        return None
    return (indicators,) if isinstance(indicators, str) else tuple(indicators)


def buying_days(crm: Crm) -> pd.DataFrame:
    """The days on which each customer bought, as far as they are known; customers as numbers, which take less room."""
    days = purchase_days(crm.table("transactions"), as_of=crm.as_of, time_zone=crm.time_zone)
    return days[["ordered_on"]].assign(customer_id=pd.factorize(days["customer_id"])[0])


def share_level(days: pd.DataFrame, question: Question, *, today: pd.Timestamp) -> Level | None:
    """Which share of the customers asked about will have the outcome, by what share had it on past days.

    Expected is the share of the latest times that are over, at most `TRAINING_PERIODS`, moved by what that was off
    at past days; None where no past day can be looked at, or where one category is asked about.
    """
    days = days[days["ordered_on"] <= today]
    if question.category is not None or days.empty:
        return None
    length, first = question.horizon_days, days["ordered_on"].min()
    moments = cutoffs(today, first=first + pd.Timedelta(days=2 * length), horizon_days=length)
    step = pd.Timedelta(days=length)
    rows = []
    for day in moments:
        before = _share_before(days, question, day=day, first=first)
        came, n = _share_after(days, question, day=day)
        rows.append((day, day + step, before, came, 1 / np.sqrt(max(n * came * (1 - came), 1.0))))
    past = pd.DataFrame(rows, columns=["made_on", "until", "expected", "actual", "within"])
    past = past[past["actual"].notna() & past["expected"].between(0, 1, inclusive="neither")]
    latest = _share_before(days, question, day=today, first=first)
    _, n = _share_after(days, question, day=today)
    if past.empty or not 0 < latest < 1:
        return None
    within = float(1 / np.sqrt(max(n * latest * (1 - latest), 1.0)))
    return learn_level(
        past, raw=latest, within=within, today=today, span_days=(today - first).days, scale="logit"
    )


def _share_before(days: pd.DataFrame, question: Question, *, day: pd.Timestamp, first: pd.Timestamp) -> float:
    """The mean share with the outcome after the latest days whose time is over on a day."""
    step = pd.Timedelta(days=question.horizon_days)
    known = days[days["ordered_on"] <= day]
    moments = [day - step * back for back in range(1, TRAINING_PERIODS + 1)]
    shares = [_share_after(known, question, day=moment)[0] for moment in moments if moment >= first + step]
    return float(np.nanmean(shares)) if np.isfinite(shares).any() else float("nan")


def _share_after(days: pd.DataFrame, question: Question, *, day: pd.Timestamp) -> tuple[float, int]:
    """The share with the outcome after a day, and of how many."""
    known = days[days["ordered_on"] <= day]
    last = known.groupby("customer_id")["ordered_on"].max()
    if question.active_days is not None:
        last = last[last > day - pd.Timedelta(days=question.active_days)]
    inside = (days["ordered_on"] > day) & (
        days["ordered_on"] <= day + pd.Timedelta(days=question.horizon_days)
    )
    bought = last.index.isin(days.loc[inside, "customer_id"].unique())
    share = float(bought.mean()) if len(last) else float("nan")
    return (1 - share if question.stops else share), len(last)


ALIVE_MODELS = {"probability_alive": BetaGeoModel, "probability_alive_modified": ModifiedBetaGeoModel}
"""BG/NBD, and where that cannot be fitted, the modified one, under a name of its own."""


def recency_alone(samples: Sequence[Sample], test: Sample, *, column: str = "recency_days") -> np.ndarray:
    """The probability that the days since the last order give by themselves."""
    values = np.concatenate([sample.features[column].to_numpy(dtype="float64") for sample in samples])
    label = np.concatenate([sample.label for sample in samples])
    return single_figure(values, label, test.features[column].to_numpy(dtype="float64"))


def alive_alone(crm: Crm, earlier: Sample, test: Sample, *, horizon_days: int) -> tuple[str, np.ndarray, str]:
    """The probability that P(alive) gives by itself, under the name of the model that could be fitted.

    Fitted on all purchases known at each cut-off; turned into a probability of the outcome by the latest
    cut-off that is learnt from. Where no model of buying and leaving can be fitted at both cut-offs, each
    customer's own pace of buying, drawn to the mean, stands in under the name "own_rate".
    """
    histories = [_history(crm, sample) for sample in (earlier, test)]
    customers = (earlier.features.index, test.features.index)
    for name, model in ALIVE_MODELS.items():
        try:
            alive = [
                model().fit(some_histories(history)).probability_alive(history).reindex(ids).to_numpy()
                for history, ids in zip(histories, customers, strict=True)
            ]
        except FitError:
            continue
        learnt, asked = (np.clip(np.nan_to_num(p, nan=0.5), 0.001, 0.999) for p in alive)
        note = "" if name == "probability_alive" else "alive_second"
        return name, learn_calibration(learnt, earlier.label)(asked), note
    learnt, asked = (
        NaiveRateModel().fit(history).expected_purchases(history, horizon_days / 7).reindex(ids).to_numpy()
        for history, ids in zip(histories, customers, strict=True)
    )
    return "own_rate", single_figure(learnt, earlier.label, asked), "own_rate"


def _history(crm: Crm, sample: Sample) -> pd.DataFrame:
    then = crm.at(sample.cutoff)
    return purchase_history(then.table("transactions"), as_of=then.as_of, time_zone=then.time_zone)
