"""How far a forecast looks: months, weeks or days, counted on the calendar of the workspace."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.analyse.forecast.chances import Amounts, amounts_known_while_open, learn_amounts
from crmlib.analyse.forecast.outlooks import OUTLOOKS, Outlook, what_is_known
from crmlib.analyse.forecast.scores import stretched_past
from crmlib.measure.deals.past import PastPipeline, StayHistory, deal_ledger, past_pipeline, stay_history
from crmlib.prepare.clock import closing_moment, in_zone
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

UNITS = ("month", "week", "day")

LONGEST_DAYS = 3 * 366
"""No forecast looks further."""


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """So many months, weeks or days.

    Parameters
    ----------
    count : int
    unit : "month", "week" or "day"
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


def closing_day(crm: Crm) -> pd.Timestamp:
    """The day of the closing moment in the workspace's calendar."""
    return in_zone(crm.as_of, time_zone=crm.time_zone).tz_localize(None).normalize()


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

    Parameters
    ----------
    deals : DataFrame
        As `deal_ledger` gives them, with `created_on` and `closed_on`.
    known_while_open : bool
    history : StayHistory
        Of the stages.
    """

    deals: pd.DataFrame
    known_while_open: bool
    history: StayHistory

    def known_at(self, moment: pd.Timestamp) -> pd.DataFrame:
        """The deals as they were known at a moment."""
        there = self.deals[self.deals["created_at"] <= moment]
        later = there["closed_at"] > moment
        return there.assign(
            closed_at=there["closed_at"].mask(later),
            closed_on=there["closed_on"].mask(later),
            outcome=there["outcome"].mask(later, "open"),
        )

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
    today = in_zone(moment, time_zone=crm.time_zone).tz_localize(None).normalize()
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
