"""What will be won: three ways tried on past pipelines, the nearest one used, with bounds that held before."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.chances import Amounts, amounts_known_while_open, learn_amounts
from crmlib.analyse.forecast.outlooks import (
    BASELINES,
    LAST_YEAR,
    OUTLOOKS,
    Futures,
    Outlook,
    draw_futures,
    what_is_known,
)
from crmlib.analyse.forecast.result import (
    BY_STAGE,
    PIPELINE,
    Forecast,
    Remark,
    compare_ways,
    nearest_plain,
    score_ways,
)
from crmlib.analyse.learn.evaluate import (
    FEWEST_DATES,
    LEVEL_PCT,
    Stretch,
    independent_dates,
    learn_stretch,
    stretched_past,
)
from crmlib.measure.deals.past import PastPipeline, StayHistory, deal_ledger, past_pipeline, stay_history
from crmlib.prepare.clock import closing_day, closing_moment, day_of
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

UNITS = ("month", "week", "day")

LONGEST_DAYS = 3 * 366
"""No forecast looks further."""


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """So many months, weeks or days.

    `unit`: "month", "week" or "day".
    """

    count: int
    unit: str

    def later(self, day: pd.Timestamp, *, times: int = 1) -> pd.Timestamp:
        """The day that lies so far after a day; the end of a month leads to the end of a month."""
        return _moved(day, self.count * times, self.unit)

    @property
    def says(self) -> str:
        """The time in words."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"


def read_horizon(given: Any, *, unit: str = "month") -> Horizon:
    """The horizon that was asked for."""
    if isinstance(given, Horizon):
        return given
    if isinstance(given, int) and not isinstance(given, bool):
        given = f"{given} {unit}"
    found = re.fullmatch(r"\s*(\d{1,4})\s*([a-z]+?)s?\s*", str(given).lower())
    if not isinstance(given, str) or found is None or found[2] not in UNITS or int(found[1]) < 1:
        raise ParameterError(f'horizon is {given!r}. Write it as "3 months", "13 weeks" or "90 days".')
    horizon = Horizon(count=int(found[1]), unit=found[2])
    start = pd.Timestamp("2000-01-31")
    if (horizon.later(start) - start).days > LONGEST_DAYS:
        raise ParameterError(f"horizon is {given!r}: at most three years can be foretold.")
    return horizon


def end_of_day(day: pd.Timestamp, *, time_zone: str) -> pd.Timestamp:
    """The last moment of a day of the workspace's calendar, naive, in UTC."""
    return closing_moment(f"{day:%Y-%m-%d}", time_zone=time_zone)


def past_days(today: pd.Timestamp, *, horizon: Horizon, first: pd.Timestamp, most: int) -> list[pd.Timestamp]:
    """Days at which a forecast could have been made whose horizon has passed, a month apart."""
    found: list[pd.Timestamp] = []
    for step in range(most):
        if horizon.unit == "month":
            day = _moved(today, -horizon.count - step, "month")
        else:
            day = horizon.later(today, times=-1) - pd.Timedelta(days=28 * step)
        if day < first:
            break
        found.append(day)
    return found[::-1]


def calendar_months(after: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """The calendar months that the time after a day up to another touches."""
    begin = after + pd.Timedelta(days=1)
    months = pd.period_range(begin, until, freq="M")
    starts, ends = months.start_time, months.end_time.normalize()
    clipped = pd.DataFrame(
        {"period_start": starts.where(starts > begin, begin), "period_end": ends.where(ends < until, until)}
    )
    whole = (clipped["period_start"] == starts) & (clipped["period_end"] == ends)
    return clipped.assign(is_whole=whole.to_numpy()).astype(
        {"period_start": "datetime64[us]", "period_end": "datetime64[us]"}
    )


def _moved(day: pd.Timestamp, count: int, unit: str) -> pd.Timestamp:
    if unit != "month":
        return day + pd.Timedelta(days=count * (7 if unit == "week" else 1))
    moved = day + pd.DateOffset(months=count)
    return moved + pd.offsets.MonthEnd(0) if day.is_month_end else moved


FEWEST_DECIDED = 50
"""Deals won and lost before a day, from which on a forecast of that day is put to the test."""

LEARN_DAYS = 180
"""And days of history."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ledger:
    """All deals, with days of the workspace's calendar, and how their amounts are to be read.

    `deals`: As `deal_ledger` gives them, with `created_on` and `closed_on`.
    `history`: Of the stages.
    """

    deals: pd.DataFrame
    known_while_open: bool
    history: StayHistory

    def known_at(self, moment: pd.Timestamp) -> pd.DataFrame:
        """The deals as they were known at a moment."""
        there = self.deals[self.deals["created_at"] <= moment]
        later = there["closed_at"] > moment
        closed_at = there["closed_at"].mask(later)
        outcome = there["outcome"].mask(later, "open")
        return there.assign(closed_at=closed_at, closed_on=there["closed_on"].mask(later), outcome=outcome)

    def won_between(self, after: pd.Timestamp, until: pd.Timestamp, *, amounts: Amounts) -> pd.DataFrame:
        """The deals won after a day, up to another, with `amount` filled."""
        deals = self.deals
        inside = (deals["closed_on"] > after) & (deals["closed_on"] <= until) & (deals["outcome"] == "won")
        return deals[inside].assign(amount=amounts.fill(deals[inside], is_open=False)[0])


def read_ledger(crm: Crm) -> Ledger:
    """All deals of a workspace."""
    deals = deal_ledger(crm)
    for column in ("created", "closed"):
        local = deals[f"{column}_at"].dt.tz_localize("UTC").dt.tz_convert(crm.time_zone)
        deals[f"{column}_on"] = local.dt.tz_localize(None).dt.normalize()
    return Ledger(deals=deals, known_while_open=amounts_known_while_open(deals), history=stay_history(crm))


def outlooks_at(
    crm: Crm, ledger: Ledger, *, moment: pd.Timestamp, days: int, ways: tuple[str, ...] = tuple(OUTLOOKS)
) -> tuple[PastPipeline, list[Outlook], Amounts]:
    """The pipeline at a moment, and what each way expects of it, from what was known then."""
    past = past_pipeline(crm, moment=moment, ledger=ledger.deals, history=ledger.history)
    known = ledger.known_at(moment)
    today = day_of(moment, time_zone=crm.time_zone)
    amounts = learn_amounts(past.decided, known_while_open=ledger.known_while_open)
    everything = what_is_known(past, ledger=known, amounts=amounts, today=today, days=days)
    return past, [OUTLOOKS[way](everything) for way in ways], amounts


def rebuild_past(
    crm: Crm, ledger: Ledger, *, today: pd.Timestamp, horizon: Horizon, amounts: Amounts, most: int
) -> pd.DataFrame:
    """What each way would have foretold at past days, and what then happened."""
    rows = list(_rows(crm, ledger, today=today, horizon=horizon, amounts=amounts, most=most))
    columns = [
        *("way", "made_on", "until", "expected", "deviation", "actual", "expected_count", "actual_count"),
        "open_deals",
    ]
    table = pd.DataFrame(rows, columns=columns)
    return stretched_past(table).sort_values(["way", "made_on"], kind="stable").reset_index(drop=True)


def _rows(
    crm: Crm, ledger: Ledger, *, today: pd.Timestamp, horizon: Horizon, amounts: Amounts, most: int
) -> Iterator[tuple[Any, ...]]:
    deals = ledger.deals
    decided = deals.loc[deals["outcome"].isin(["won", "lost"]), "closed_on"].dropna().sort_values()
    if len(decided) < FEWEST_DECIDED or deals["created_on"].isna().all():
        return
    first = max(deals["created_on"].min() + pd.Timedelta(days=LEARN_DAYS), decided.iloc[FEWEST_DECIDED - 1])
    for made_on in past_days(today, horizon=horizon, first=first, most=most):
        until = horizon.later(made_on)
        moment = end_of_day(made_on, time_zone=crm.time_zone)
        past, found, _ = outlooks_at(crm, ledger, moment=moment, days=(until - made_on).days)
        won = ledger.won_between(made_on, until, amounts=amounts)
        happened = float(won["amount"].sum())
        for way, outlook in zip(OUTLOOKS, found, strict=True):
            yield (
                way, made_on, until, outlook.expected, outlook.deviation, happened,
                outlook.expected_count, len(won), len(past.open),
            )  # fmt: skip


FEWEST_PAST = 6
"""Past forecasts from which on a way is chosen by them; with fewer the simple one is taken."""

MOST_PAST = 18

_BY = {"owner": "owner_id", "product": "product_id", "category": "category", "region": "region"}


def forecast_pipeline(
    crm: Crm, *, horizon: Any = "3 months", seed: int = 0, draws: int = 1_000, most_past: int = MOST_PAST
) -> Forecast:
    """The amount that will be won within a horizon: in all, by month, owner, product, category and region.

    Three ways are tried on past pipelines, each rebuilt as it was known on a past day, a month apart. "Time in
    stage": every open deal moves on, is won or lost at rates learnt from all stays in stages, by stage and days in
    it, and deals not yet there come at this time of the year's pace. "Stage weights": the share of a stage's
    deals that was won, and of those the share that closed in time, with new deals as in the year before. "A year
    earlier": as much as was won in the same time then. What was learnt for a past day ended before it. The
    way whose errors were smallest makes the forecast. Its interval is drawn, and widened or narrowed by how
    far off it was before.

    Parameters
    ----------
    crm : Crm
        With `opportunities`; `stage_history` tells stages, without it all deals are in one.
    horizon : "3 months", "13 weeks", "90 days", or a number of months
    draws : int
        Futures drawn, 100 or more.
    most_past : int
        At most so many past days are tried.

    Returns
    -------
    Forecast
        With less than `FEWEST_PAST` past days, or without open deals, by the simple way, which `way` names.

    Raises
    ------
    SchemaError
        If there are no opportunities.
    ParameterError
        If an argument does not fit, or no deal has been won.

    References
    ----------
    Yan, J., Zhang, C., Zha, H. et al. (2015). On machine learning towards predictive sales pipeline analytics.
    AAAI-15. Kalbfleisch, J. D. & Prentice, R. L. (2002). The Statistical Analysis of Failure Time Data, ch. 8.
    """
    asked = read_horizon(horizon)
    _check(seed, draws, most_past)
    ledger, today = read_ledger(crm), closing_day(crm)
    _require_won(ledger.deals)
    ends_on = asked.later(today)
    days = (ends_on - today).days
    now, found, amounts = outlooks_at(crm, ledger, moment=crm.as_of, days=days)
    past = rebuild_past(crm, ledger, today=today, horizon=asked, amounts=amounts, most=most_past)
    simplest = next(outlook.way for outlook in found if outlook.way in BASELINES)
    past = past.assign(way=past["way"].replace(LAST_YEAR, simplest))
    scores = score_ways(past)
    is_thin = past["made_on"].nunique() < FEWEST_PAST or now.open.empty
    way = simplest if is_thin else str(scores["way"].iloc[0])
    baseline = simplest if is_thin else nearest_plain(scores)
    chosen = next(outlook for outlook in found if outlook.way == way)
    comparison = compare_ways(past, chosen=way, block=_block(asked), seed=seed) if len(past) else _untested()
    by_stage = next(outlook for outlook in found if outlook.way == BY_STAGE)
    futures = draw_futures(chosen, stretch=_stretch(past, way), draws=draws, seed=seed, of_open=by_stage)
    simple = next(outlook for outlook in found if outlook.way == baseline)
    months = calendar_months(today, ends_on)
    periods = _by_month(futures, simple, months, today=today)
    total = _total(futures, simple)
    by = {name: _by_key(futures, now, amounts, column) for name, column in _BY.items()}
    return Forecast(
        kind=PIPELINE, measure="won_amount", unit=crm.currency, today=today, ends_on=ends_on,
        horizon=asked.says, total=total, periods=periods,
        by={name: table for name, table in by.items() if len(table)},
        history=_history(ledger, amounts, today=today), past=past,
        scores=scores.assign(is_chosen=scores["way"] == way), comparison=comparison, way=way,
        baseline=baseline, is_thin=is_thin, level_pct=LEVEL_PCT, currency=crm.currency,
        notes=_notes(amounts, ledger, now), limits=_limits(crm, past, now, is_thin=is_thin),
        workings={"futures": futures, "ledger": ledger, "amounts": amounts, "open": now.open},
    )  # fmt: skip


def expected_until(forecast: Forecast, *, until: pd.Timestamp, by: str | None = None) -> pd.DataFrame:
    """What is expected to be won from now to a day within the horizon, in all or by a column of the deals."""
    last = (until - forecast.today).days
    if not 1 <= last <= (forecast.ends_on - forecast.today).days:
        raise ParameterError(
            f"{until:%Y-%m-%d} lies outside the forecast, which goes from {forecast.today:%Y-%m-%d} to "
            f"{forecast.ends_on:%Y-%m-%d}. Ask for a longer horizon."
        )
    return forecast.workings["futures"].between(1, last, by=by)


def _check(seed: int, draws: int, most_past: int) -> None:
    for name, value, least in (("seed", seed, 0), ("draws", draws, 100), ("most_past", most_past, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ParameterError(f"{name} is {value!r}. Give a whole number, {least} or more.")


def _require_won(deals: pd.DataFrame) -> None:
    won = (deals["outcome"] == "won") & deals["closed_on"].notna()
    if not won.any() or deals["created_on"].isna().all():
        raise ParameterError(
            "no deal with dates has been won yet: there is nothing to go by. Map created_at, closed_at and "
            "outcome in crm.toml under [tables.opportunities.columns]."
        )


def _block(horizon: Horizon) -> int:
    days = horizon.count * {"month": 30, "week": 7, "day": 1}[horizon.unit]
    return max(1, round(days / 30))


def _stretch(past: pd.DataFrame, way: str) -> Stretch | None:
    own = past[past["way"] == way]
    if own["made_on"].nunique() < FEWEST_DATES:
        return None
    errors = (own["actual"] - own["expected"]) / own["deviation"].where(own["deviation"] > 0)
    return learn_stretch(errors, independent=independent_dates(own))


def _untested() -> pd.DataFrame:
    return pd.DataFrame(columns=["way", "gain_pct", "low", "high", "better"])


def _total(futures: Futures, simple: Outlook) -> dict[str, float]:
    row = futures.between(1, futures.outlook.chances.shape[1])
    found = {name: float(row[name].iloc[0]) if len(row) else 0.0 for name in row.columns}
    return found | {"baseline": simple.expected}


def _by_month(
    futures: Futures, simple: Outlook, months: pd.DataFrame, *, today: pd.Timestamp
) -> pd.DataFrame:
    rows = []
    for month in months.itertuples():
        first, last = (month.period_start - today).days, (month.period_end - today).days
        found = futures.between(first, last)
        row = {name: float(found[name].iloc[0]) if len(found) else 0.0 for name in found.columns}
        rows.append(row | {"baseline": simple.expected_between(first, last)})
    return pd.concat([months, pd.DataFrame(rows)], axis=1)


def _by_key(futures: Futures, now: PastPipeline, amounts: Amounts, column: str) -> pd.DataFrame:
    table = futures.between(1, futures.outlook.chances.shape[1], by=column)
    if column != "owner_id" and not (table.index != "").any():
        return table.head(0)
    worth = now.open.assign(amount=amounts.fill(now.open, is_open=True)[0], key=now.open[column].fillna(""))
    pipeline = worth.groupby("key")["amount"].agg(["size", "sum"])
    open_deals = pipeline["size"].reindex(table.index).fillna(0).astype(int)
    table = table.assign(open_deals=open_deals, open_amount=pipeline["sum"].reindex(table.index).fillna(0.0))
    return table.sort_values(["expected"], ascending=False, kind="stable").reset_index()


def _history(ledger: Ledger, amounts: Amounts, *, today: pd.Timestamp) -> pd.DataFrame:
    deals = ledger.deals
    first = deals[["created_on", "closed_on"]].min().min()
    last = today.to_period("M") if today.is_month_end else today.to_period("M") - 1
    months = pd.period_range(first.to_period("M"), last, freq="M")
    won = ledger.won_between(first - pd.Timedelta(days=1), today, amounts=amounts)
    sums = won.groupby(won["closed_on"].dt.to_period("M"))["amount"].sum()
    return pd.DataFrame(
        {
            "period_start": months.start_time.astype("datetime64[us]"),
            "period_end": months.end_time.normalize().astype("datetime64[us]"),
            "actual": sums.reindex(months, fill_value=0.0).to_numpy(float),
        }
    )


def _notes(amounts: Amounts, ledger: Ledger, now: PastPipeline) -> tuple[Remark, ...]:
    """What was filled in, what was left out."""
    open_deals, deals = now.open, ledger.deals
    missing = int(amounts.fill(open_deals, is_open=True)[1].sum()) if len(open_deals) else 0
    is_closed = deals["outcome"].isin(["won", "lost"])
    found = {
        "amounts_filled" if amounts.known_while_open else "amounts_known_late": missing,
        "no_created_day": int((deals["created_at"].isna() & (deals["outcome"] == "open")).sum()),
        "no_closed_day": int((deals["closed_at"].isna() & is_closed).sum()),
        "no_stage": int((open_deals["stage"] == "").sum()),
    }
    return tuple(Remark(code, {"n": n, "of": len(open_deals)}) for code, n in found.items() if n)


def _limits(crm: Crm, past: pd.DataFrame, now: PastPipeline, *, is_thin: bool) -> tuple[Remark, ...]:
    """What the forecast cannot know, and why only the simple way was open to it."""
    dates, said = past["made_on"].nunique(), []
    if is_thin:
        code = "nothing_open" if now.open.empty else "few_pasts" if dates else "no_past"
        said.append(Remark(code, {"n": dates}))
    if dates < FEWEST_DATES:
        said.append(Remark("no_bounds"))
    if "stage_history" not in crm:
        said.append(Remark("no_stage_history"))
    return (*said, Remark("no_example_deals"))


WAYS = tuple(OUTLOOKS)
"""Names of the ways that are tried."""
