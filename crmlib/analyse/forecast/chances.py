"""How likely a deal leaves its stage on a day, where to, and what that makes of its chance to be won in time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

AGE_EDGES = (0, 1, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365)
"""Days in a stage at which the rate of leaving may change; it is constant in between and after the last."""

OLDEST = AGE_EDGES[-1]

LOOK_BACK_DAYS = 730
"""Only so many days before the closing moment are learnt from."""

PRIOR_EXITS = 3.0
"""A rate counts as if so many exits at the stage's own mean rate had been seen beside what was."""


@dataclass(frozen=True, kw_only=True, eq=False)
class StageHazards:
    """Rates of leaving each stage by days in it, to every other stage and to won and lost.

    `rates` (stages, age bands, stages + 2): A day; the last two columns are won and lost.
    `exits` (array, same shape): How often each was seen.
    `exposure_days`: stages, age bands.
    `entry` (stages,): Shares of the stages in which deals begin.
    """

    stages: tuple[str, ...]
    rates: np.ndarray
    exits: np.ndarray
    exposure_days: np.ndarray
    entry: np.ndarray

    @property
    def table(self) -> pd.DataFrame:
        """One row a stage and age band: `stage`, `from_days`, `exposure_days`, and a rate a day to each end."""
        rows = pd.DataFrame(
            self.rates.reshape(-1, self.rates.shape[2]), columns=[*self.stages, "won", "lost"]
        )
        names = np.repeat(np.array(self.stages, dtype=object), len(AGE_EDGES))
        rows.insert(0, "stage", names)
        rows.insert(1, "from_days", np.tile(AGE_EDGES, len(self.stages)))
        rows.insert(2, "exposure_days", self.exposure_days.ravel())
        return rows


def learn_hazards(
    stays: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    stages: tuple[str, ...],
    look_back_days: float = LOOK_BACK_DAYS,
) -> StageHazards:
    """Rates of leaving a stage, from stays that are over and stays that are not.

    A stay counts for every day it lasted within the time looked back on; one that goes on counts its days and no
    exit. Each rate is shrunk to the stage's own mean, and that to the mean of all stages, as if
    `PRIOR_EXITS` exits at that rate had been seen.

    Kalbfleisch, J. D. & Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, 2nd ed.,
    ch. 8 (competing risks, piecewise constant hazards).
    """
    place = {name: number for number, name in enumerate(stages)}
    ends = place | {"won": len(stages), "lost": len(stages) + 1}
    known = stays[stays["stage"].isin(place)]
    here = known["stage"].map(place).to_numpy(int)
    leaves = known["is_over"].to_numpy(bool) & known["next_stage"].isin(ends).to_numpy(bool)
    there = known["next_stage"].map(ends).fillna(0).to_numpy(int)
    begun = _days(known["entered_at"], as_of)
    last = np.where(known["is_over"], begun - _days(known["exited_at"].fillna(as_of), as_of), begun)
    first = np.maximum(begun - look_back_days, 0.0)
    in_view = last >= first
    edges = np.append(np.array(AGE_EDGES, float), np.inf)
    shape = (len(stages), len(AGE_EDGES), len(stages) + 2)
    exposure = np.zeros(shape[:2])
    for band in range(shape[1]):
        spent = np.minimum(last, edges[band + 1]) - np.maximum(first, edges[band])
        np.add.at(exposure[:, band], here, np.clip(spent, 0, None))
    exits = np.zeros(shape)
    seen = leaves & in_view
    band = np.searchsorted(edges, last[seen], side="right") - 1
    # An exit at the very edge belongs to the band in which its days were spent.
    band = np.where((edges[band] == last[seen]) & (band > 0), band - 1, band)
    np.add.at(exits, (here[seen], band, there[seen]), 1.0)
    return StageHazards(
        stages=stages, rates=_shrunk(exits, exposure), exits=exits, exposure_days=exposure,
        entry=_entries(known, place, as_of=as_of, look_back_days=look_back_days),
    )  # fmt: skip


def win_chances(hazards: StageHazards, *, days: int) -> np.ndarray:
    """The chance to be won on each of the coming days, for a deal in each stage that has been there so long."""
    leave = daily_exits(hazards)
    count = len(hazards.stages)
    won, moved = leave[:, :, count], leave[:, :, :count]
    stay = 1 - leave.sum(axis=2)
    ahead = np.empty((days, *won.shape))
    ahead[0] = won
    for day in range(1, days):
        before = ahead[day - 1]
        older = np.concatenate([before[:, 1:], before[:, -1:]], axis=1)
        ahead[day] = stay * older + moved @ before[:, 0]
    return ahead


def daily_exits(hazards: StageHazards) -> np.ndarray:
    """Chances to leave a stage within a day, by whole days in it: competing rates made into probabilities."""
    band = np.searchsorted(np.array(AGE_EDGES), np.arange(OLDEST + 1), side="right") - 1
    rates = hazards.rates[:, band]
    total = rates.sum(axis=2, keepdims=True)
    share = np.divide(rates, total, out=np.zeros_like(rates), where=total > 0)
    return share * -np.expm1(-total)


def _days(moments: pd.Series, as_of: pd.Timestamp) -> np.ndarray:
    return ((as_of - moments).dt.total_seconds() / 86_400).to_numpy(float)


def _shrunk(exits: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    overall = exits.sum(axis=(0, 1)).sum() / max(exposure.sum(), 1.0)
    total = exits.sum(axis=1)
    ends = np.zeros_like(total)
    ends[:, -2:] = exits.sum(axis=(0, 1))[-2:] / max(exits.sum(axis=(0, 1))[-2:].sum(), 1.0)
    weight = PRIOR_EXITS / overall if overall > 0 else 1.0
    own = (total + PRIOR_EXITS * ends * (overall > 0)) / (exposure.sum(axis=1) + weight)[:, None]
    rate = own.sum(axis=1)
    days = np.divide(PRIOR_EXITS, rate, out=np.ones_like(rate), where=rate > 0)
    return (exits + (own * days[:, None])[:, None]) / (exposure + days[:, None])[:, :, None]


def _entries(
    stays: pd.DataFrame, place: dict[str, int], *, as_of: pd.Timestamp, look_back_days: float
) -> np.ndarray:
    first = stays.drop_duplicates("opportunity_id")
    recent = first[first["entered_at"] > as_of - pd.Timedelta(days=look_back_days)]
    counts = np.bincount(recent["stage"].map(place).to_numpy(int), minlength=len(place)).astype(float)
    return counts / counts.sum() if counts.sum() else np.full(len(place), 1 / max(len(place), 1))


FEWEST_IN_GROUP = 5
"""Won deals with an amount, from which on their median stands for a product, category or size of customer."""

_GROUPS = ("product_id", "category", "company_size")
_SHRINK = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts:
    """The usual amounts of won deals, and how amounts of open deals are to be read.

    `medians` (dict column -> Series value -> account currency): Of `product_id`, `category` and
        `company_size`, where enough won deals have an amount.
    `overall`: Median of all won deals; 0 where no amount is known.
    `scale`: Filled amounts are multiplied by it: medians add up to less than what was won in all.
    `known_while_open`: Whether deals have an amount before they are closed. Where they do not, none is taken
        as known.
    `won_factor`: Mean amount of won deals over that of all decided ones, shrunk to 1: below 1 where large
        deals are won less often.
    """

    medians: dict[str, pd.Series]
    overall: float
    scale: float
    known_while_open: bool
    won_factor: float

    def fill(self, deals: pd.DataFrame, *, is_open: bool) -> tuple[pd.Series, pd.Series]:
        """The amounts of deals, with the usual ones where none is known."""
        given = deals["amount"].where(deals["amount"] > 0 if is_open else deals["amount"].notna())
        if is_open and not self.known_while_open:
            given = given * np.nan
        filled = given.copy()
        for column, medians in self.medians.items():
            filled = filled.fillna(deals[column].map(medians).astype("float64") * self.scale)
        filled = filled.fillna(self.overall * self.scale)
        return filled.astype("float64"), given.isna()


def amounts_known_while_open(ledger: pd.DataFrame) -> bool:
    """Whether open deals have amounts at least half as often as won ones."""
    known = (ledger["amount"] > 0).groupby(ledger["outcome"]).mean()
    return "open" not in known or bool(known["open"] >= 0.5 * known.get("won", 0.0))


def learn_amounts(decided: pd.DataFrame, *, known_while_open: bool) -> Amounts:
    """The usual amounts of won deals."""
    won = decided[(decided["outcome"] == "won") & (decided["amount"] > 0)]
    medians = {}
    for column in _GROUPS:
        sizes = won.groupby(column)["amount"].agg(["median", "size"])
        medians[column] = sizes.loc[sizes["size"] >= FEWEST_IN_GROUP, "median"]
    overall = float(won["amount"].median()) if len(won) else 0.0
    plain = Amounts(
        medians=medians, overall=overall, scale=1.0, known_while_open=known_while_open, won_factor=1.0
    )
    usual = float(plain.fill(won.assign(amount=np.nan), is_open=False)[0].sum())
    scale = float(won["amount"].sum()) / usual if usual > 0 else 1.0
    factor = 1.0
    priced = decided[decided["amount"] > 0]
    if known_while_open and len(won) and len(priced):
        trust = len(won) / (len(won) + _SHRINK)
        factor = 1 + trust * (float(won["amount"].mean() / priced["amount"].mean()) - 1)
    return Amounts(
        medians=medians,
        overall=overall,
        scale=float(np.clip(scale, 0.5, 3.0)),
        known_while_open=known_while_open,
        won_factor=factor,
    )


HALF_LIFE_MONTHS = 4.0
"""A month counts half as much as one so much later."""

PRIOR_YEARS = 1.0
"""A month's share in a year is shrunk as if so many years without seasons had been seen."""

FEWEST_YEARS = 2
"""Seasons are told from chance only with so many whole years."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrivals:
    """New deals that are expected, day by day.

    `daily` (days,): Expected number on each day of the horizon.
    `seasons` (month of the year -> factor): 1 for each where there is too little history to tell.
    `level`: New deals a day, without seasons, of late.
    `relative_variance`: Of the number over the horizon, beyond that of counting: (standard deviation / mean)
        squared.
    `months`: Whole months learnt from.
    """

    daily: np.ndarray
    seasons: pd.Series
    level: float
    relative_variance: float
    months: int


def expected_arrivals(created_on: pd.Series, *, today: pd.Timestamp, days: int) -> Arrivals:
    """How many deals will be opened on each of the coming days."""
    opened = created_on.dropna()
    opened = opened[opened < today + pd.Timedelta(days=1)]
    whole = _monthly_rates(opened, today)
    coming = pd.date_range(today + pd.Timedelta(days=1), periods=days)
    if len(whole) < 2:
        span = max((today - opened.min()).days + 1, 1) if len(opened) else 1
        level, seasons, spread = len(opened) / span, pd.Series(1.0, index=range(1, 13)), 0.0
    else:
        seasons = _seasons(whole)
        level, spread = _level(whole, seasons)
    daily = level * seasons.reindex(coming.month).to_numpy(float)
    return Arrivals(daily=daily, seasons=seasons, level=level, relative_variance=spread, months=len(whole))


def _monthly_rates(opened: pd.Series, today: pd.Timestamp) -> pd.DataFrame:
    """Whole months with the number a day: neither the first month, if it began late, nor the running one."""
    columns = {"month": [], "rate": [], "count": []}
    if opened.empty:
        return pd.DataFrame(columns)
    last = today.to_period("M") if today.is_month_end else today.to_period("M") - 1
    first = opened.min().to_period("M") + int(opened.min().day > 3)
    if first > last:
        return pd.DataFrame(columns)
    months = pd.period_range(first, last, freq="M")
    counts = opened.dt.to_period("M").value_counts().reindex(months, fill_value=0)
    return pd.DataFrame(
        {
            "month": months.month,
            "rate": counts.to_numpy() / months.days_in_month,
            "count": counts.to_numpy(float),
        },
        index=months,
    )


def _seasons(whole: pd.DataFrame) -> pd.Series:
    flat = pd.Series(1.0, index=range(1, 13))
    years = len(whole) // 12
    if years < FEWEST_YEARS:
        return flat
    used = whole.tail(12 * years)
    year = np.arange(len(used)) // 12
    usual = used.groupby(year)["rate"].transform("mean")
    ratio = (used["rate"] / usual.where(usual > 0)).fillna(1.0)
    factor = (ratio.groupby(used["month"]).sum() + PRIOR_YEARS) / (years + PRIOR_YEARS)
    return flat.mul(factor / factor.mean(), fill_value=1.0)


def _level(whole: pd.DataFrame, seasons: pd.Series) -> tuple[float, float]:
    rate = whole["rate"] / seasons.reindex(whole["month"]).to_numpy()
    level = rate.ewm(halflife=HALF_LIFE_MONTHS).mean()
    # How far off the level of the month before was, beyond what counting alone makes.
    error = (rate / level.shift(1).where(level.shift(1) > 0) - 1).dropna().tail(24)
    counted = 1 / max(float(whole["count"].tail(24).mean()), 1.0)
    spread = max(float((error**2).mean()) - counted, 0.0) if len(error) >= 3 else 0.04
    return float(level.iloc[-1]), min(spread, 1.0)
