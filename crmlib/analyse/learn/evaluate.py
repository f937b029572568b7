"""How good predictions were on customers they had not seen, with intervals from drawing customers again; back-tests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from crmlib.analyse.stats.intervals import share_interval

DRAWS, MANY, FEWER_DRAWS = 500, 20_000, 200
"""How often the customers of the test are drawn again; fewer times where they are so many that intervals are short."""
_CELLS = 4_000_000
_TOP = 0.1
_LEAST = 1e-6
MEASURES = ("auc", "log_loss", "brier", "lift_top_decile")


def area(score: np.ndarray, label: np.ndarray) -> float:
    """The chance that a customer with the outcome stands above one without, ties counting half.

    Hanley, J. A. & McNeil, B. J. (1982). The meaning and use of the area under a receiver operating
    characteristic (ROC) curve. Radiology 143.
    """
    from scipy.stats import rankdata

    hits = int(label.sum())
    if hits in (0, len(label)):
        return float("nan")
    ranks = rankdata(score)[label].sum()
    return float((ranks - hits * (hits + 1) / 2) / (hits * (len(label) - hits)))


def log_losses(probability: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Each customer's part of the log loss; no probability counts as less than one in a million."""
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    return -np.where(label, np.log(p), np.log1p(-p))


def weighted_measures(probability: np.ndarray, label: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """All measures of one set of predictions, for each way to weigh the customers."""
    everybody, hits = _down_to_each(probability, label, weights)
    total, positive = everybody[:, -1], hits[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        others = np.diff(everybody - hits, axis=1, prepend=0)
        before = np.c_[np.zeros(len(hits)), hits[:, :-1]]
        auc = (others * (hits + before) / 2).sum(axis=1) / (positive * (total - positive))
        lift = _hits_within(everybody, hits, _TOP * total) / (_TOP * total) / (positive / total)
    losses = weights @ log_losses(probability, label) / total
    brier = weights @ (probability - label) ** 2 / total
    return np.column_stack([auc, losses, brier, lift])


def _down_to_each(probability: np.ndarray, label: np.ndarray, weights: np.ndarray) -> list[np.ndarray]:
    """Customers, and those with the outcome, down to each probability from the highest, for each way to weigh."""
    _, level = np.unique(-probability, return_inverse=True)
    place = (level, np.arange(len(level)))
    shape = (level.max() + 1, len(level))
    counted = (csr_array((part.astype("float64"), place), shape) for part in (np.ones(len(level)), label))
    return [np.cumsum((part @ weights.T).T, axis=1) for part in counted]


def _hits_within(everybody: np.ndarray, hits: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Hits among so many of the first, between two ends of equal probabilities in proportion."""
    rows = np.arange(len(everybody))
    at = np.minimum((everybody < reach[:, None] - 1e-9).sum(axis=1), everybody.shape[1] - 1)
    low = np.where(at > 0, everybody[rows, np.maximum(at - 1, 0)], 0)
    found = np.where(at > 0, hits[rows, np.maximum(at - 1, 0)], 0)
    size = everybody[rows, at] - low
    share = np.where(size > 0, (reach - low) / np.where(size > 0, size, 1), 0)
    return found + share * (hits[rows, at] - found)


def draws_of(customers: int, *, seed: int, draws: int | None = None) -> Iterator[np.ndarray]:
    """How often each customer comes when as many are drawn again with replacement, some draws at a time.

    Efron, B. & Tibshirani, R. J. (1993). An Introduction to the Bootstrap.
    """
    wanted = draws or (DRAWS if customers <= MANY else FEWER_DRAWS)
    lot = np.random.default_rng(seed)
    step = max(1, _CELLS // max(customers, 1))
    for begin in range(0, wanted, step):
        many = min(step, wanted - begin)
        drawn = lot.integers(0, customers, (many, customers)) + np.arange(many)[:, None] * customers
        yield (
            np.bincount(drawn.ravel(), minlength=many * customers).reshape(many, customers).astype("float64")
        )


def evaluate(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every model, and how far the chosen one is ahead of each baseline.

    Customers are drawn again for the intervals, the same ones for all models, so that differences are paired.
    """
    names = list(predictions)
    exact = {
        name: weighted_measures(p, label, np.ones((1, len(label))))[0] for name, p in predictions.items()
    }
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for weights in draws_of(len(label), seed=seed):
        for name in names:
            drawn[name].append(weighted_measures(predictions[name], label, weights))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    rows = []
    for name in names:
        low, high = np.nanquantile(spread[name], [0.025, 0.975], axis=0)
        row: dict[str, object] = {"model": name, "kind": "baseline" if name in baselines else "candidate"}
        for i, measure in enumerate(MEASURES):
            row |= {measure: exact[name][i], f"{measure}_low": low[i], f"{measure}_high": high[i]}
        rows.append(row | {"chosen": name == chosen})
    ahead = []
    for name in [name for name in names if name in baselines]:
        low, high = np.nanquantile(spread[chosen] - spread[name], [0.025, 0.975], axis=0)
        row = {"baseline": name}
        for i, measure in enumerate(MEASURES):
            difference = exact[chosen][i] - exact[name][i]
            row |= {f"{measure}_difference": difference, f"{measure}_low": low[i], f"{measure}_high": high[i]}
        ahead.append(row | {"better": bool(low[0] > 0)})
    return pd.DataFrame(rows), pd.DataFrame(ahead)


def calibration_table(probability: np.ndarray, label: np.ndarray, *, most: int = 10) -> pd.DataFrame:
    """What was foretold against what happened, customers in groups of like probability."""
    groups = int(np.clip(len(label) // 30, 1, most))
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, groups + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="right")
    frame = pd.DataFrame({"p": probability, "y": label.astype(float)}).groupby(place)
    n, share = frame.size().to_numpy(), frame["y"].mean().to_numpy()
    low, high = share_interval(frame["y"].sum().to_numpy(), n)
    return pd.DataFrame(
        {
            "customers": n,
            "predicted_pct": 100 * frame["p"].mean().to_numpy(),
            "observed_pct": 100 * share,
            "low": 100 * low,
            "high": 100 * high,
        }
    )


def gains_table(
    probability: np.ndarray, rivals: Mapping[str, np.ndarray], label: np.ndarray, *, seed: int = 0
) -> pd.DataFrame:
    """How many of those with the outcome are reached when the likeliest customers are called first."""
    reached = np.array([5.0, *range(10, 101, 10)])
    drawn = np.concatenate([_gains(probability, label, w, reached) for w in draws_of(len(label), seed=seed)])
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    one = np.ones((1, len(label)))
    table = pd.DataFrame(
        {"reached_pct": reached, "found_pct": _gains(probability, label, one, reached)[0], "low": low,
         "high": high}
    )  # fmt: skip
    for name, rival in rivals.items():
        table[f"found_pct_{name}"] = _gains(rival, label, one, reached)[0]
    return table


def judged(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int,
) -> dict[str, Any]:
    """The parts of the result that say how good the predictions are."""
    evaluation, differences = evaluate(predictions, label, chosen=chosen, baselines=baselines, seed=seed)
    rivals = {name: predictions[name] for name in baselines if name != "base_rate"}
    return {
        "evaluation": evaluation,
        "differences": differences,
        "calibration": calibration_table(predictions[chosen], label),
        "gains": gains_table(predictions[chosen], rivals, label, seed=seed),
        "base_rate": float(label.mean()),
        "beats_baselines": bool(differences["better"].all()),
    }


def _gains(
    probability: np.ndarray, label: np.ndarray, weights: np.ndarray, reached: np.ndarray
) -> np.ndarray:
    everybody, hits = _down_to_each(probability, label, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [_hits_within(everybody, hits, everybody[:, -1] * r / 100) / hits[:, -1] for r in reached]
    return 100 * np.column_stack(shares)


LEVEL_PCT = 80.0
"""Of the intervals of all forecasts: so often what happens should lie inside."""

PRIOR_ERRORS, PRIOR_SIZE = 4.0, 1.0
"""Before any past error is known: as if four had been seen, of the size the model says."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """By how much the distances from the expected value are multiplied.

    `size`: Past errors over the model's own standard deviation, root of the mean square.
    `freedom`: How many errors that rests on, those assumed included.
    """

    size: float
    freedom: float

    @property
    def reach(self) -> float:
        """Half of the interval in standard deviations of the model."""
        from scipy.special import stdtrit

        return float(self.size * stdtrit(self.freedom, 0.5 + LEVEL_PCT / 200))

    def ends(
        self, expected: np.ndarray | float, deviation: np.ndarray | float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval."""
        half = self.reach * np.asarray(deviation, dtype=float)
        return np.asarray(expected) - half, np.asarray(expected) + half

    def of_draws(self, draws: np.ndarray, expected: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Both ends of the interval of what was drawn, the first axis being draws."""
        from scipy.special import ndtri

        wider = self.reach / float(ndtri(0.5 + LEVEL_PCT / 200))
        tail = (1 - LEVEL_PCT / 100) / 2
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        expected = np.asarray(expected, dtype=float)
        low, high = expected + wider * (low - expected), expected + wider * (high - expected)
        # Where few deals can be won the median of the draws may lie beside the mean; the interval holds it.
        return np.clip(np.minimum(low, expected), 0, None), np.maximum(high, expected)


def learn_stretch(errors: Sequence[float] | np.ndarray, *, independent: float | None = None) -> Stretch:
    """How wide intervals must be, from errors of the past in standard deviations of the model.

    Shafer, G. & Vovk, V. (2008). A tutorial on conformal prediction. Journal of Machine Learning Research 9,
    371-421: what was missed before says how far to reach. Here with a prior, as few errors are known, and of
    errors of times that overlap only so many counted as are independent of each other.
    """
    known = np.asarray(errors, dtype=float)
    known = known[np.isfinite(known)]
    count = len(known) if independent is None else min(independent, len(known))
    mean = float((known**2).mean()) if len(known) else 0.0
    freedom = PRIOR_ERRORS + count
    return Stretch(
        size=float(np.sqrt((PRIOR_ERRORS * PRIOR_SIZE**2 + count * mean) / freedom)), freedom=freedom
    )


def stretched_past(table: pd.DataFrame, *, lowest: float | None = 0.0) -> pd.DataFrame:
    """Intervals of forecasts of the past, each as wide as the errors ask for that were known when it was made."""
    gap = (table["actual"] - table["expected"]) / table["deviation"].where(table["deviation"] > 0)
    error, low, high = gap.to_numpy(float), *np.full((2, len(table)), np.nan)
    known = np.zeros(len(table), int)
    ways, made, until = (table[name].to_numpy() for name in ("way", "made_on", "until"))
    expected, deviation = table["expected"].to_numpy(float), table["deviation"].to_numpy(float)
    for way, day in dict.fromkeys(zip(ways, made, strict=True)):
        before = error[(ways == way) & (until <= day) & np.isfinite(error)]
        here = (ways == way) & (made == day)
        known[here] = len(before)
        low[here], high[here] = learn_stretch(before).ends(expected[here], deviation[here])
    if lowest is not None:
        low = np.maximum(low, np.minimum(lowest, expected))
    covered = (table["actual"] >= low) & (table["actual"] <= high)
    return table.assign(low=low, high=high, is_covered=covered.to_numpy(), known_errors=known)


SEASONS_DAYS = 2 * 365 - 31
"""History from which on a level is promised: two of each season, but for the month in which the data begin."""

WIDEST = 1.5
"""Bounds further apart than so many times what is expected are no promise."""

FEWEST_DATES = 4
"""Past days without which no level is promised."""

SURPRISE = {"log": 0.15, "logit": 0.25}
"""How far two like dates lie apart before any has been seen: one standard deviation on the scale."""

_SEASON_DAYS = 45.0
_FADES_DAYS = 365.0
_FLOOR = 0.25
_PRIOR_DATES = 1.0
_DAY = np.timedelta64(1, "D")

_SCALES: dict[str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]] = {
    "log": (lambda x: np.log(np.maximum(x, 1e-9)), np.exp),
    "logit": (
        lambda x: np.log(np.clip(x, 1e-4, 1 - 1e-4)) - np.log1p(-np.clip(x, 1e-4, 1 - 1e-4)),
        lambda x: 1 / (1 + np.exp(-x)),
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """How much, or which share, is expected in all, and how far past days let it be trusted.

    `raw`: What the method says by itself; `expected`: the same moved by what past days were off, those of this
    season and the latest ones most.
    `low`, `high`: An interval of `LEVEL_PCT` that holds the surprise of the next period; NaN without a test.
    `is_promised`: Whether two of each season stand behind it.
    `within`, `between`: Standard deviations on the scale: of drawing customers, and from date to date.
    `past`: One row a past day: `made_on`, `until`, `expected`, `actual`, `within`, `off`, `shift` (as it was known
    then), `is_covered`.
    """

    raw: float
    expected: float
    low: float
    high: float
    is_promised: bool
    scale: str
    shift: float
    within: float
    between: float
    past: pd.DataFrame

    @property
    def held(self) -> tuple[int, int]:
        """In how many of how many past days what came lay within the range that was known then."""
        tried = self.past["is_covered"].dropna()
        return int(tried.sum()), len(tried)

    def moved(self, values: pd.Series) -> pd.Series:
        """Each customer's amount in the proportion in which the whole was moved."""
        return values * (self.expected / self.raw if self.raw > 0 else 1.0)


def odds_moved(probability: np.ndarray, *, mean: float) -> float:
    """By how much the logarithm of everybody's odds has to move for probabilities to have a mean."""
    from scipy.optimize import brentq

    there, back = _SCALES["logit"]
    odds, target = there(probability), float(np.clip(mean, 1e-4, 1 - 1e-4))
    return float(brentq(lambda by: back(odds + by).mean() - target, -20, 20))


def with_odds(probability: np.ndarray, *, by: float) -> np.ndarray:
    """Probabilities after their odds have been moved."""
    there, back = _SCALES["logit"]
    return back(there(probability) + by)


def cutoffs(
    today: pd.Timestamp, *, first: pd.Timestamp, horizon_days: int, most: int = 12, apart: int = 28
) -> list[pd.Timestamp]:
    """Past days whose horizon is over, the earliest first: as far apart as the history lets `most` days be.

    The steps are whole parts of a year, so that days of this season a year ago are among them.
    """
    reach = (today - first).days - horizon_days
    steps = [days for days in (28, 30.4, 45.6, 60.8, 91.25) if days >= apart and reach / days <= most]
    step = steps[0] if steps else 91.25
    many = min(int(reach // step) + 1, most) if reach >= 0 else 0
    return [today - pd.Timedelta(days=horizon_days + round(step * n)) for n in range(many)][::-1]


def learn_level(
    past: pd.DataFrame, *, raw: float, within: float, today: pd.Timestamp, span_days: int, scale: str = "log"
) -> Level:
    """Move a prediction by what past ones were off, and give it the interval that they ask for.

    Errors are split: what drawing customers explains (`within`) and the rest, from date to date. Each past day's
    own interval is made from what was known on it alone, so that `Level.held` is a test.
    """
    there, back = _SCALES[scale]
    kinds = {"made_on": "datetime64[us]", "until": "datetime64[us]", "expected": float, "actual": float}
    past = past.astype(kinds | {"within": float})
    past = past[past["expected"] > 0].reset_index(drop=True)
    off = there(past["actual"].to_numpy(float)) - there(past["expected"].to_numpy(float))
    past = past.assign(off=off, deviation=np.hypot(past["within"], SURPRISE[scale]))
    made, until = (past[name].to_numpy("datetime64[us]") for name in ("made_on", "until"))
    days = [*made, np.datetime64(today, "us")]
    over = [until <= day for day in days]
    shifts = [
        _shift(made[known], until[known], off[known], day) for known, day in zip(over, days, strict=True)
    ]
    past["shift"] = shifts[:-1]
    rest = (off - shifts[:-1]) / past["deviation"].to_numpy()
    held = pd.Series(np.nan, index=past.index, dtype=object)
    for place, known in enumerate(over[:-1]):
        if known.any():
            reach = learn_stretch(rest[known], independent=_independent(made[known], until[known])).reach
            held[place] = bool(abs(rest[place]) <= reach)
    stretch = learn_stretch(rest, independent=independent_dates(past))
    deviation = float(np.hypot(within, SURPRISE[scale]))
    centre, half = float(there(raw)) + shifts[-1], stretch.reach * deviation
    tested = len(past) > 0 and np.isfinite(centre + half)
    total = stretch.size * deviation
    expected, *ends = (float(back(end)) for end in (centre, centre - half, centre + half))
    low, high = ends if tested else (float("nan"), float("nan"))
    return Level(
        raw=raw, expected=expected, scale=scale, shift=shifts[-1], within=within, low=low, high=high,
        between=float(np.sqrt(max(total**2 - within**2, 0.0))), past=past.assign(is_covered=held),
        is_promised=bool(
            tested and len(past) >= FEWEST_DATES and span_days >= SEASONS_DAYS
            and high - low <= WIDEST * expected
        ),
    )  # fmt: skip


def _shift(made: np.ndarray, until: np.ndarray, off: np.ndarray, day: np.datetime64) -> float:
    """What predictions were off of late, at this season above all, drawn to nothing as far as few are known."""
    if not len(made):
        return 0.0
    ago = ((day - made) // _DAY).astype(float)
    season = np.abs((ago + 182.6) % 365.25 - 182.6)
    weight = 0.5 ** (ago / _FADES_DAYS) * np.maximum(np.exp(-((season / _SEASON_DAYS) ** 2) / 2), _FLOOR)
    weight *= _independent(made, until) / len(made)
    return float(weight @ off / (weight.sum() + _PRIOR_DATES))


def independent_dates(past: pd.DataFrame) -> float:
    """As many past days as do not overlap, by `made_on` and `until`."""
    return _independent(*(past[name].to_numpy("datetime64[us]") for name in ("made_on", "until")))


def _independent(made: np.ndarray, until: np.ndarray) -> float:
    if not len(made):
        return 0.0
    length = max(float(np.median((until - made) // _DAY)), 1.0)
    return min(float(len(np.unique(made))), 1 + int((made.max() - made.min()) // _DAY) / length)
