"""Past pipelines, rebuilt as they were known, each foretold in several ways and held against what happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.analyse.forecast.amounts import Amounts, amounts_known_while_open, learn_amounts
from crmlib.analyse.forecast.horizon import Horizon, end_of_day, past_days
from crmlib.analyse.forecast.intervals import stretched_past
from crmlib.analyse.forecast.outlooks import OUTLOOKS, Outlook, what_is_known
from crmlib.measure.deal_stays_past import StayHistory, stay_history
from crmlib.measure.pipeline_past import PastPipeline, deal_ledger, past_pipeline
from crmlib.prepare.clock import in_zone
from crmlib.prepare.crm import Crm

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

    Examples
    --------
    See `read_ledger`.
    """

    deals: pd.DataFrame
    known_while_open: bool
    history: StayHistory

    def known_at(self, moment: pd.Timestamp) -> pd.DataFrame:
        """The deals as they were known at a moment.

        Parameters
        ----------
        moment : Timestamp, naive, in UTC
        """
        there = self.deals[self.deals["created_at"] <= moment]
        later = there["closed_at"] > moment
        return there.assign(
            closed_at=there["closed_at"].mask(later),
            closed_on=there["closed_on"].mask(later),
            outcome=there["outcome"].mask(later, "open"),
        )

    def won_between(self, after: pd.Timestamp, until: pd.Timestamp, *, amounts: Amounts) -> pd.DataFrame:
        """The deals won after a day, up to another, with `amount` filled.

        Parameters
        ----------
        after, until : Timestamp
        amounts : Amounts
        """
        deals = self.deals
        inside = (deals["closed_on"] > after) & (deals["closed_on"] <= until) & (deals["outcome"] == "won")
        return deals[inside].assign(amount=amounts.fill(deals[inside], is_open=False)[0])


def read_ledger(crm: Crm) -> Ledger:
    """All deals of a workspace.

    Parameters
    ----------
    crm : Crm
        With `opportunities`.

    Returns
    -------
    Ledger

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": "x", "outcome": ["won"], "amount": [5.0],
    ...                      "created_at": "2024-01-01 23:00", "closed_at": ["2024-01-12 01:00"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold, time_zone="Asia/Tokyo")
    >>> read_ledger(crm).deals[["created_on", "closed_on"]]
                   created_on  closed_on
    opportunity_id
    1              2024-01-01 2024-01-12
    """
    deals = deal_ledger(crm)
    for column in ("created", "closed"):
        local = deals[f"{column}_at"].dt.tz_localize("UTC").dt.tz_convert(crm.time_zone)
        deals[f"{column}_on"] = local.dt.tz_localize(None).dt.normalize()
    return Ledger(deals=deals, known_while_open=amounts_known_while_open(deals), history=stay_history(crm))


def outlooks_at(
    crm: Crm, ledger: Ledger, *, moment: pd.Timestamp, days: int, ways: tuple[str, ...] = tuple(OUTLOOKS)
) -> tuple[PastPipeline, list[Outlook], Amounts]:
    """The pipeline at a moment, and what each way expects of it, from what was known then.

    Parameters
    ----------
    crm : Crm
    ledger : Ledger
    moment : Timestamp, naive, in UTC
    days : int
    ways : names of `OUTLOOKS`

    Returns
    -------
    (PastPipeline, list of Outlook, Amounts)

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "open"],
    ...                      "amount": 5.0, "created_at": "2024-01-01", "closed_at": ["2024-01-12", None]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold)
    >>> past, found, _ = outlooks_at(crm, read_ledger(crm), moment=crm.as_of, days=5)
    >>> len(past.open), [outlook.way for outlook in found]
    (1, ['time in stage', 'stage weights', 'lately'])
    """
    past = past_pipeline(crm, moment=moment, ledger=ledger.deals, history=ledger.history)
    known = ledger.known_at(moment)
    today = in_zone(moment, time_zone=crm.time_zone).tz_localize(None).normalize()
    amounts = learn_amounts(past.decided, known_while_open=ledger.known_while_open)
    everything = what_is_known(past, ledger=known, amounts=amounts, today=today, days=days)
    return past, [OUTLOOKS[way](everything) for way in ways], amounts


def rebuild_past(
    crm: Crm, ledger: Ledger, *, today: pd.Timestamp, horizon: Horizon, amounts: Amounts, most: int
) -> pd.DataFrame:
    """What each way would have foretold at past days, and what then happened.

    Parameters
    ----------
    crm : Crm
    ledger : Ledger
    today : Timestamp
    horizon : Horizon
    amounts : Amounts
        Those of today: what won deals without an amount count for, in what happened.
    most : int
        At most so many days.

    Returns
    -------
    DataFrame, one row a way and day
        `way`, `made_on`, `until`, `expected`, `deviation`, `actual`, `expected_count`, `actual_count`,
        `open_deals`, `low`, `high`, `is_covered`, `known_errors`.

    Examples
    --------
    >>> from crmlib.analyse.forecast.amounts import learn_amounts
    >>> from crmlib.analyse.forecast.pipeline import _little_company
    >>> crm, month = _little_company(), Horizon(count=1, unit="month")
    >>> ledger = read_ledger(crm)
    >>> usual = learn_amounts(ledger.deals[ledger.deals["outcome"] == "won"], known_while_open=True)
    >>> found = rebuild_past(crm, ledger, today=pd.Timestamp("2024-12-31"), horizon=month, amounts=usual, most=2)
    >>> found[["way", "made_on", "actual_count"]].tail(2)
                 way    made_on  actual_count
    4  time in stage 2024-10-31             5
    5  time in stage 2024-11-30            14
    """
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
