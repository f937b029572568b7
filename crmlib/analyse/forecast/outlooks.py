"""Three ways to forecast what will be won: by stage, by time in stage, and as a year ago."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.chances import (
    OLDEST,
    Amounts,
    StageHazards,
    expected_arrivals,
    learn_hazards,
    win_chances,
)
from crmlib.analyse.forecast.result import BY_STAGE, LAST_YEAR, LATELY
from crmlib.analyse.learn.evaluate import Stretch
from crmlib.measure.deals.past import DEAL_KEYS, PastPipeline

BY_TIME = "time in stage"

BASELINES = (LAST_YEAR, LATELY)
"""With and without a year of history."""

LATELY_DAYS = 180
POOL_DAYS = 365
_PRIOR_DAYS = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """What is known on a day, as every way takes it.

    `ledger`: Deals known at ``past.moment``, with `created_on` and `closed_on` (days of the workspace's
        calendar).
    `today`: The day of ``past.moment``.
    `days`: To look ahead.
    `worth`: The open deals: `amount` (filled), `is_filled` and the columns of `DEAL_KEYS`.
    `pool`: The same of the deals won in the last year: what new ones will be like.
    `open_amount`: What the open deals are worth as they stand: no more can be won from them.
    """

    past: PastPipeline
    ledger: pd.DataFrame
    amounts: Amounts
    today: pd.Timestamp
    days: int
    worth: pd.DataFrame
    pool: pd.DataFrame
    open_amount: float


def what_is_known(
    past: PastPipeline, *, ledger: pd.DataFrame, amounts: Amounts, today: pd.Timestamp, days: int
) -> Known:
    """Put together what every way takes."""
    won = past.decided[past.decided["outcome"] == "won"]
    closed_on = ledger["closed_on"].reindex(won.index)
    late = won[closed_on > today - pd.Timedelta(days=POOL_DAYS)]
    return Known(
        past=past, ledger=ledger, amounts=amounts, today=today, days=days, worth=_worth(past.open, amounts),
        pool=_worth(late if len(late) else won, amounts, is_open=False),
        open_amount=float(amounts.fill(past.open, is_open=True)[0].sum()),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Outlook:
    """What one way expects, deal by deal and day by day.

    `items`: `amount` (account currency) and the columns of `DEAL_KEYS`: the deals that may be won.
    `chances` (items, days): Chance to be won on each day; a rate where `repeats`.
    `repeats`: Whether an item stands for deals like it, of which there may be none or several.
    `pool`: Like `items`: deals that the new ones will be like.
    `new_rates` (days,): Expected number of won deals that are not there yet, on each day.
    `relative_variance`: Of their number, beyond counting.
    """

    way: str
    items: pd.DataFrame
    chances: np.ndarray
    repeats: bool
    pool: pd.DataFrame
    new_rates: np.ndarray
    relative_variance: float

    @property
    def expected(self) -> float:
        """Expected won amount within the horizon, account currency."""
        return float(self.items["amount"].to_numpy() @ self.chances.sum(axis=1)) + self.expected_new

    def expected_between(self, first: int, last: int) -> float:
        """Expected won amount from one day ahead to another, account currency."""
        known = self.items["amount"].to_numpy() @ self.chances[:, first - 1 : last].sum(axis=1)
        new = self.new_rates[first - 1 : last].sum() * self.pool["amount"].mean() if len(self.pool) else 0.0
        return float(known + new)

    @property
    def expected_new(self) -> float:
        """The part of it from deals that are not there yet."""
        return float(self.new_rates.sum() * self.pool["amount"].mean()) if len(self.pool) else 0.0

    @property
    def expected_count(self) -> float:
        """Expected number of won deals."""
        return float(self.chances.sum() + (self.new_rates.sum() if len(self.pool) else 0.0))

    @property
    def deviation(self) -> float:
        """Standard deviation of the won amount, as far as chance alone makes it."""
        amounts, chance = self.items["amount"].to_numpy(), self.chances.sum(axis=1)
        variance = float(amounts**2 @ (chance if self.repeats else chance * (1 - chance)))
        if len(self.pool):
            new = self.new_rates.sum()
            variance += float(new * (self.pool["amount"] ** 2).mean())
            variance += self.relative_variance * self.expected_new**2
        return float(np.sqrt(variance))


def outlook_by_time(known: Known) -> Outlook:
    """Each open deal by its stage and the time in it; new deals as they come at this time of the year."""
    past, days = known.past, known.days
    hazards = learn_hazards(past.stays, as_of=past.moment, stages=past.stages)
    ahead = win_chances(hazards, days=days)
    opened = expected_arrivals(known.ledger["created_on"], today=known.today, days=days)
    fresh = ahead[:, :, 0] @ hazards.entry
    new = np.convolve(opened.daily, fresh)[:days]
    return Outlook(
        way=BY_TIME,
        items=known.worth,
        chances=_within_open(_chances_of(past.open, ahead, hazards), known),
        repeats=False,
        pool=known.pool,
        new_rates=new,
        relative_variance=opened.relative_variance,
    )


def outlook_by_stage(known: Known) -> Outlook:
    """Each open deal by how often deals of its stage were won, and in time, whatever their age.

    The share is that of the days that deals spent in the stage after which they were won within the horizon: what
    a look at the pipeline on any such day would have found. New deals are added as they came in the year before,
    won as often and as fast as deals are.
    """
    past, ledger, today, days = known.past, known.ledger, known.today, known.days
    decided = past.decided
    outcome = decided["outcome"] == "won"
    overall = float(outcome.mean()) if len(outcome) else 0.0
    took = ((decided["closed_at"] - decided["created_at"]).dt.total_seconds() / 86_400).clip(lower=0)
    plain = overall * _day_shares(took[outcome], days)
    daily = _stage_shares(past, won=decided[outcome], usual=plain, days=days)
    year = ledger["created_on"] > today - pd.Timedelta(days=POOL_DAYS)
    span = min(max((today - ledger["created_on"].min()).days + 1, 1), POOL_DAYS) if len(ledger) else 1
    chances = [daily.get(stage, plain) for stage in past.open["stage"]]
    return Outlook(
        way=BY_STAGE,
        items=known.worth,
        chances=_within_open(np.array(chances).reshape(len(past.open), days), known),
        repeats=False,
        pool=known.pool,
        new_rates=float(year.sum()) / span * np.cumsum(plain),
        relative_variance=0.0,
    )


def outlook_as_before(known: Known) -> Outlook:
    """As much as was won in the same time a year earlier; without that history, at the pace of late."""
    ledger, today, days = known.ledger, known.today, known.days
    decided = known.past.decided
    decided = decided.assign(closed_on=ledger["closed_on"].reindex(decided.index))
    won = decided[decided["outcome"] == "won"]
    begins = today - pd.DateOffset(years=1)
    first, first_end = ledger["created_on"].min(), decided["closed_on"].min()
    if pd.notna(first_end) and first_end <= begins:
        ahead = (won["closed_on"] - begins).dt.days
        used = won[(ahead >= 1) & (ahead <= days)]
        chances = np.zeros((len(used), days))
        chances[np.arange(len(used)), ahead[used.index].to_numpy(int) - 1] = 1.0
        way = LAST_YEAR
    else:
        span = min(max((today - first).days + 1, 1), LATELY_DAYS) if pd.notna(first) else LATELY_DAYS
        used = won[won["closed_on"] > today - pd.Timedelta(days=span)]
        chances = np.full((len(used), days), 1 / span)
        way = LATELY
    return Outlook(
        way=way, items=_worth(used, known.amounts, is_open=False), chances=chances, repeats=True,
        pool=known.pool.head(0), new_rates=np.zeros(days), relative_variance=0.0,
    )  # fmt: skip


OUTLOOKS = {BY_TIME: outlook_by_time, BY_STAGE: outlook_by_stage, LAST_YEAR: outlook_as_before}


def _worth(deals: pd.DataFrame, amounts: Amounts, *, is_open: bool = True) -> pd.DataFrame:
    filled, was_missing = amounts.fill(deals, is_open=is_open)
    if is_open:
        filled = filled.where(was_missing, filled * amounts.won_factor)
    return deals[list(DEAL_KEYS)].assign(amount=filled, is_filled=was_missing)


def _within_open(chances: np.ndarray, known: Known) -> np.ndarray:
    """Chances with which no more is expected of the open deals than they are worth."""
    expected = float(known.worth["amount"].to_numpy() @ chances.sum(axis=1))
    return chances * min(1.0, known.open_amount / expected) if expected > 0 else chances


def _chances_of(open_deals: pd.DataFrame, ahead: np.ndarray, hazards: StageHazards) -> np.ndarray:
    """A deal whose stage is not known counts as one that has just begun."""
    place = {name: number for number, name in enumerate(hazards.stages)}
    at = open_deals["stage"].map(place)
    age = open_deals["in_stage_days"].clip(0, OLDEST).fillna(0).astype(int).to_numpy()
    known = at.notna().to_numpy()
    chances = np.tile(ahead[:, :, 0] @ hazards.entry, (len(open_deals), 1))
    chances[known] = ahead[:, at[known].astype(int), age[known]].T
    return chances


def _stage_shares(
    past: PastPipeline, *, won: pd.DataFrame, usual: np.ndarray, days: int
) -> dict[str, np.ndarray]:
    """Stage -> chance that a deal seen in it on some day is won so many days later.

    Only days that lie a horizon back are looked at: what followed them is known.
    """
    stays = past.stays
    end = np.where(stays["is_over"], _ago(stays["exited_at"], past.moment), 0.0)
    begin, end = _ago(stays["entered_at"], past.moment), np.maximum(end, days)
    closed = _ago(stays["opportunity_id"].map(won["closed_at"]), past.moment)
    spent = np.clip(begin - end, 0, None)
    stage = stays["stage"].to_numpy()
    found = {}
    for name in past.stages:
        here = (stage == name) & (spent > 0)
        sure = here & np.isfinite(closed)
        # A stay was seen d days before its win if the win lies d days after a moment of it.
        first = np.clip(np.ceil(end[sure] - closed[sure]), 1, days + 1).astype(int)
        last = np.clip(np.floor(begin[sure] - closed[sure]), 0, days).astype(int)
        kept = last >= first
        steps = np.bincount(first[kept], minlength=days + 2) - np.bincount(last[kept] + 1, minlength=days + 2)
        hits = np.cumsum(steps)[1 : days + 1]
        found[name] = (hits + _PRIOR_DAYS * usual) / (spent[here].sum() + _PRIOR_DAYS)
    return found


def _ago(moments: pd.Series, moment: pd.Timestamp) -> np.ndarray:
    return ((moment - moments).dt.total_seconds() / 86_400).to_numpy(float)


def _day_shares(took: pd.Series, days: int) -> np.ndarray:
    """Of all that took so long, the share that ended on each of the first days."""
    if not len(took):
        return np.zeros(days)
    day = np.ceil(took.to_numpy()).clip(1, days + 1).astype(int)
    return np.bincount(day - 1, minlength=days + 1)[:days] / len(took)


_CELLS = 4_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Futures:
    """Drawn futures of an outlook.

    `stock`: The items and after them the pool of new deals: `amount`, `is_new` and the columns of
        `DEAL_KEYS`.
    `draw`, `item`, `day`: One won deal each: of which future, which row of the stock, on which day ahead
        (from 1).
    `stretch`: By how much intervals are widened; None where no test stands behind any.
    `of_open`: The open deals one by one, where the outlook looks at what was won before instead.
    """

    outlook: Outlook
    stock: pd.DataFrame
    draw: np.ndarray
    item: np.ndarray
    day: np.ndarray
    draws: int
    stretch: Stretch | None
    of_open: Outlook | None = None

    def between(self, first: int, last: int, *, by: str | None = None) -> pd.DataFrame:
        """What is won from one day ahead to another."""
        keys = (
            pd.Series("all", index=self.stock.index) if by is None else self.stock[by].fillna("").astype(str)
        )
        code, names = pd.factorize(keys, sort=True)
        if not len(names):
            columns = ["expected", "low", "high", "from_open", "from_new", "count"]
            return pd.DataFrame(columns=columns, index=pd.Index([], name="key"), dtype="float64")
        outlook, amount = self.outlook, self.stock["amount"].to_numpy()
        n = len(outlook.items)
        chance = outlook.chances[:, first - 1 : last].sum(axis=1)
        new = outlook.new_rates[first - 1 : last].sum() / max(len(outlook.pool), 1)
        weight = np.append(chance, np.full(len(outlook.pool), new))
        is_new = np.arange(len(weight)) >= n
        worth = weight * amount
        expected = np.bincount(code, worth, minlength=len(names))
        fresh = np.bincount(code, worth * is_new, minlength=len(names))
        low, high = self._ends(code, len(names), first, last, expected)
        from_open = np.minimum(expected - fresh, self._most_open(names, first, last, by=by))
        return pd.DataFrame(
            {
                "expected": expected,
                "low": low,
                "high": high,
                "from_open": from_open,
                "from_new": expected - from_open,
                "count": np.bincount(code, weight, minlength=len(names)),
            },
            index=pd.Index(names, name="key"),
        )

    def _most_open(self, names: pd.Index, first: int, last: int, *, by: str | None) -> np.ndarray | float:
        """What can come from the open deals of each key: what was won before says nothing of them."""
        if self.of_open is None:
            return np.inf
        items = self.of_open.items
        keys = pd.Series("all", index=items.index) if by is None else items[by].fillna("").astype(str)
        worth = items["amount"] * self.of_open.chances[:, first - 1 : last].sum(axis=1)
        return worth.groupby(keys).sum().reindex(names, fill_value=0.0).to_numpy()

    def _ends(
        self, code: np.ndarray, size: int, first: int, last: int, expected: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.stretch is None:
            return np.full(size, np.nan), np.full(size, np.nan)
        inside = (self.day >= first) & (self.day <= last)
        item, draw = self.item[inside], self.draw[inside]
        amount = self.stock["amount"].to_numpy()[item]
        low, high = np.empty((2, size))
        at_once = max(1, _CELLS // self.draws)
        for begin in range(0, size, at_once):
            end = min(begin + at_once, size)
            here = (code[item] >= begin) & (code[item] < end)
            cell = draw[here] * (end - begin) + code[item[here]] - begin
            sums = np.bincount(cell, amount[here], minlength=self.draws * (end - begin))
            sums = sums.reshape(self.draws, end - begin)
            low[begin:end], high[begin:end] = self.stretch.of_draws(sums, expected[begin:end])
        return low, high


def draw_futures(
    outlook: Outlook, *, stretch: Stretch | None, draws: int, seed: int, of_open: Outlook | None = None
) -> Futures:
    """Draw futures: each open deal is won or not, on some day; new deals come and are won."""
    lot = np.random.default_rng(seed)
    own = _of_items(lot, outlook, draws)
    new = _of_new(lot, outlook, draws)
    stock = pd.concat([outlook.items, outlook.pool], ignore_index=True)
    stock = stock.assign(is_new=np.arange(len(stock)) >= len(outlook.items))
    draw, item, day = (np.concatenate(pair) for pair in zip(own, new, strict=True))
    return Futures(
        outlook=outlook, stock=stock, draw=draw, item=item, day=day, draws=draws, stretch=stretch,
        of_open=of_open if outlook.repeats else None,
    )  # fmt: skip


def _of_items(lot: np.random.Generator, outlook: Outlook, draws: int) -> tuple[np.ndarray, ...]:
    n = len(outlook.chances)
    if not n:
        return tuple(np.zeros(0, int) for _ in range(3))
    sums = np.cumsum(outlook.chances, axis=1)
    found = []
    at_once = max(1, _CELLS // n)
    for begin in range(0, draws, at_once):
        size = min(at_once, draws - begin)
        if outlook.repeats:
            often = lot.poisson(sums[:, -1], (size, n))
            draw, item = np.nonzero(often)
            draw, item = np.repeat(draw, often[draw, item]), np.repeat(item, often[draw, item])
            at = lot.random(len(draw)) * sums[item, -1]
        else:
            point = lot.random((size, n))
            draw, item = np.nonzero(point < sums[:, -1])
            at = point[draw, item]
        found.append((draw + begin, item, _day_of(sums, item, at)))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))


def _day_of(sums: np.ndarray, item: np.ndarray, at: np.ndarray) -> np.ndarray:
    # Each row's running sums lie in a span of their own, so that one search serves all rows.
    span = float(sums[:, -1].max()) + 1
    flat = (sums + span * np.arange(len(sums))[:, None]).ravel()
    place = np.searchsorted(flat, at + span * item, side="right") - item * sums.shape[1]
    return np.clip(place, 0, sums.shape[1] - 1) + 1


def _of_new(lot: np.random.Generator, outlook: Outlook, draws: int) -> tuple[np.ndarray, ...]:
    expected = float(outlook.new_rates.sum())
    if not len(outlook.pool) or expected <= 0:
        return tuple(np.zeros(0, int) for _ in range(3))
    spread = outlook.relative_variance
    level = lot.gamma(1 / spread, spread, draws) if spread > 0 else np.ones(draws)
    often = lot.poisson(expected * level)
    draw = np.repeat(np.arange(draws), often)
    item = len(outlook.items) + lot.integers(0, len(outlook.pool), len(draw))
    at = lot.random(len(draw)) * expected
    day = np.searchsorted(np.cumsum(outlook.new_rates), at, side="right") + 1
    return draw, item, np.minimum(day, len(outlook.new_rates))
