"""Past moments at which open deals are looked at, and what became of them afterwards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.evaluate import MEASURES, draws_of, weighted_measures
from crmlib.analyse.pipeline.lead_features import features_at
from crmlib.measure.deals.stays import deals
from crmlib.prepare.clock import days_later, local_time
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

TEST_MOMENTS = 3
"""At most so many moments are tested, a third of a horizon apart."""
LEARN_MOMENTS = 6
"""At most so many moments are learnt from, the latest ones."""
FEWEST = 30
"""Rows with either outcome, without which nothing is learnt or tested."""
_LEAST_DAYS, _SHARE_WON_BY_THEN = 7, 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """Open deals as they were known at one moment, and whether they were won within the horizon.

    Parameters
    ----------
    at, until : Timestamp (naive, UTC)
    features : DataFrame indexed by opportunity_id
    label : array of bool
    """

    at: pd.Timestamp
    until: pd.Timestamp
    features: pd.DataFrame
    label: np.ndarray


def usual_days_to_win(table: pd.DataFrame, *, as_of: pd.Timestamp) -> int:
    """Days within which four of five of the deals won were won, in whole weeks; a quarter of the history at most."""
    days = table.loc[(table["outcome"] == "won") & (table["age_days"] >= 0), "age_days"].dropna()
    if days.empty:
        raise ParameterError(
            "of no deal that was won is it known when it was opened and closed. Map created_at and closed_at."
        )
    weeks = ceil(float(days.quantile(_SHARE_WON_BY_THEN)) / 7)
    longest = int((as_of - table["created_at"].min()).days / 4 / 7)
    if longest < 1:
        raise ParameterError(
            "the deals reach back less than four weeks: there is no later period to test on."
        )
    return 7 * max(1, min(weeks, longest))


def check_horizon(days: Any, table: pd.DataFrame, *, as_of: pd.Timestamp) -> int:
    """The horizon that was asked for, or the usual one."""
    if days is None:
        return usual_days_to_win(table, as_of=as_of)
    if isinstance(days, bool) or not isinstance(days, Integral) or days < 1:
        raise ParameterError(f"horizon_days={days!r}: give a whole number of days, 1 or more.")
    history = (as_of - table["created_at"].min()).days
    if not history >= 3 * days:
        raise ParameterError(
            f"a horizon of {days} days needs {3 * int(days)} days of deals: one to learn, one to wait, one to test. "
            f"There are {max(0, int(history)) if history == history else 0}. Give at most {int(history) // 3} days."
        )
    return int(days)


def moments_of(
    crm: Crm, *, horizon_days: int, now: pd.DataFrame | None = None
) -> tuple[list[Moment], list[Moment]]:
    """Moments to test on and moments to learn from, the latest first.

    No outcome that is learnt from lies after the first moment of the test. A deal that is open at several moments
    is in several of them.
    """
    now = deals(crm) if now is None else now
    begin = now["created_at"].min()
    step = max(_LEAST_DAYS, horizon_days // 3)
    history = (crm.as_of - begin).days
    many = next(
        (n for n in range(TEST_MOMENTS, 1, -1) if 2 * horizon_days + n * step <= history),
        1,
    )
    ends = [-horizon_days - i * step for i in range(many)]
    first = ends[-1]
    learn = [first - horizon_days - i * step for i in range(LEARN_MOMENTS)]
    learn = [days for days in learn if -days <= history]
    made = {days: moment_at(crm, days, now, horizon_days=horizon_days) for days in [*ends, *learn]}
    return [made[days] for days in ends], [made[days] for days in learn if len(made[days].label)]


def moment_at(crm: Crm, days: int, now: pd.DataFrame, *, horizon_days: int) -> Moment:
    """The deals that were open so many days from the closing moment, and what became of them."""
    at = days_later(crm.as_of, days, time_zone=crm.time_zone)
    until = days_later(at, horizon_days, time_zone=crm.time_zone)
    features = features_at(crm.at(at), horizon_days=horizon_days)
    then = now.reindex(features.index)
    label = (then["outcome"] == "won") & (then["closed_at"] <= until)
    return Moment(at=at, until=until, features=features, label=label.to_numpy(dtype=bool))


def require_rows(moments: Sequence[Moment], *, what: str, fewest: int = FEWEST) -> None:
    """Refuse where too few rows have either outcome."""
    n = sum(len(moment.label) for moment in moments)
    won = int(sum(moment.label.sum() for moment in moments))
    if min(won, n - won) < fewest:
        raise ParameterError(
            f"of {n:,} open deals {what}, {won:,} were won within the horizon; at least {fewest} are needed that "
            f"were and {fewest} that were not. Give a longer history or another horizon_days."
        )


def period_table(test: Sequence[Moment], learn: Sequence[Moment], *, time_zone: str) -> pd.DataFrame:
    """The moments, the earliest first: what was learnt from, what was tested."""
    rows = []
    for role, moments in (("learn", learn), ("test", test)):
        for each in sorted(moments, key=lambda moment: moment.at):
            ends = [local_time(moment, time_zone=time_zone) for moment in (each.at, each.until)]
            n, won = len(each.label), int(each.label.sum())
            rows.append((role, *ends, n, won, 100 * won / n if n else np.nan))
    return pd.DataFrame(rows, columns=["role", "moment", "until", "deals", "won", "won_pct"])


def deal_draws(groups: np.ndarray, *, seed: int, draws: int | None = None) -> Iterator[np.ndarray]:
    """How often each row comes when deals are drawn again, all rows of a deal together.

    References
    ----------
    Field, C. A. & Welsh, A. H. (2007). Bootstrapping clustered data. JRSS B 69.
    """
    for weights in draws_of(int(groups.max()) + 1, seed=seed, draws=draws):
        yield weights[:, groups]


def evaluate_leads(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    groups: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every way to foretell, and how far the chosen one is ahead of each baseline.

    As `churn_evaluation.evaluate`, but deals are drawn again, not rows: a deal that was open at several moments
    counts as one.
    """
    one = np.ones((1, len(label)))
    exact = {name: weighted_measures(p, label, one)[0] for name, p in predictions.items()}
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in predictions}
    for weights in deal_draws(groups, seed=seed):
        for name, p in predictions.items():
            drawn[name].append(weighted_measures(p, label, weights))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    rows, ahead = [], []
    for name in predictions:
        low, high = np.nanquantile(spread[name], [0.025, 0.975], axis=0)
        row: dict[str, object] = {"model": name, "kind": "baseline" if name in baselines else "candidate"}
        for i, measure in enumerate(MEASURES):
            row |= {measure: exact[name][i], f"{measure}_low": low[i], f"{measure}_high": high[i]}
        rows.append(row | {"chosen": name == chosen})
    for name in baselines:
        low, high = np.nanquantile(spread[chosen] - spread[name], [0.025, 0.975], axis=0)
        row = {"baseline": name}
        for i, measure in enumerate(MEASURES):
            difference = exact[chosen][i] - exact[name][i]
            row |= {f"{measure}_difference": difference, f"{measure}_low": low[i], f"{measure}_high": high[i]}
        ahead.append(row | {"better": bool(low[0] > 0), "sharper": bool(high[1] < 0)})
    return pd.DataFrame(rows), pd.DataFrame(ahead)


def tenths(probability: np.ndarray, label: np.ndarray, groups: np.ndarray, *, seed: int = 0) -> pd.DataFrame:
    """Deals in ten groups by their chance: what was foretold, and what share was won."""
    won = label.astype("float64")
    many = int(np.clip(len(label) // 30, 1, 10))
    order = np.argsort(-probability, kind="stable")
    place = np.empty(len(label), dtype=int)
    place[order] = np.arange(len(label)) * many // len(label)
    inside = (place[:, None] == np.arange(many)).astype("float64")
    drawn = []
    for weights in deal_draws(groups, seed=seed, draws=300):
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn.append((weights * won) @ inside / (weights @ inside))
    low, high = np.nanquantile(np.concatenate(drawn), [0.025, 0.975], axis=0)
    n = inside.sum(axis=0)
    share = won @ inside / n
    return pd.DataFrame(
        {"tenth": np.arange(1, many + 1), "deals": n.astype(int), "predicted_pct": 100 * (probability @ inside) / n,
         "won_pct": 100 * share, "low": 100 * low, "high": 100 * high, "lift": share / won.mean()}
    )  # fmt: skip
