"""One back-test for all predictions: what its intervals hold, and when it promises nothing."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.churn.periods import Question, share_level
from crmlib.analyse.learn.evaluate import FEWEST_DATES, cutoffs, independent_dates, learn_level

TODAY = pd.Timestamp("2024-12-31")


def past_of(off, *, days=None, within=0.03, length=90):
    days = days or cutoffs(TODAY, first=pd.Timestamp("2022-01-01"), horizon_days=length)
    days = pd.DatetimeIndex(days[len(days) - len(off) :])
    return pd.DataFrame({
        "made_on": days, "until": days + pd.Timedelta(days=length), "expected": 100.0,
        "actual": 100 * np.exp(off), "within": within,
    })  # fmt: skip


def level(off, *, span_days=1000, raw=100.0, **given):
    return learn_level(past_of(off, **given), raw=raw, within=0.03, today=TODAY, span_days=span_days)


@pytest.mark.parametrize("spread", [0.1, 0.15])
@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_four_in_five_lie_inside_also_where_every_date_is_off(spread, shift):
    lot, held = np.random.default_rng(0), []
    for _ in range(100):
        off = lot.normal(shift, spread, 13)
        found = level(off[:12])
        held.append(found.low <= 100 * np.exp(off[12]) <= found.high)
    assert 0.70 <= np.mean(held) <= 0.93


def test_the_level_is_moved_to_what_came_of_late_and_at_this_season():
    assert level(np.full(12, -0.5)).expected < 75 and level(np.zeros(12)).expected == pytest.approx(100)
    days = [TODAY - pd.Timedelta(days=n) for n in (640, 545, 455, 365, 275, 182, 91)]
    at_season, at_other = (np.zeros(7), np.zeros(7))
    at_season[3], at_other[1] = -0.5, -0.5
    one, other = (level(off, days=days).expected for off in (at_season, at_other))
    assert one < other < 100


@pytest.mark.parametrize(("span_days", "dates"), [(400, 12), (690, 12), (1000, FEWEST_DATES - 1), (1000, 0)])
def test_without_two_of_each_season_no_level_is_promised(span_days, dates):
    found = level(np.zeros(dates), span_days=span_days)
    assert not found.is_promised and np.isnan(found.low) == (dates == 0)
    assert level(np.zeros(12)).is_promised


def test_bounds_that_tell_nothing_are_no_promise():
    wild = np.array([2.0, -2.0] * 6)
    assert not level(wild).is_promised and level(wild).held[1] > 0


def test_dates_that_overlap_count_as_fewer():
    apart = past_of(np.zeros(12))
    close = past_of(np.zeros(12), days=[TODAY - pd.Timedelta(days=90 + n) for n in range(12)][::-1])
    assert independent_dates(close) < 1.2 < independent_dates(apart) <= 12


def buyers(*, stop_share, seed=0):
    """Who buys each month goes on; a share stops for good, more of them in winter."""
    lot, rows = np.random.default_rng(seed), []
    alive, number = [], 0
    for month in pd.date_range("2021-01-01", "2024-12-01", freq="MS"):
        alive = [one for one in alive if lot.random() > stop_share(month)] + [*range(number, number + 60)]
        number += 60
        rows += [(str(one), month + pd.Timedelta(days=int(lot.integers(0, 28)))) for one in alive]
    return pd.DataFrame(rows, columns=["customer_id", "ordered_on"])


def test_the_share_that_stops_is_promised_within_its_range_and_looks_at_nothing_later():
    days = buyers(stop_share=lambda month: 0.35 if month.month in (1, 2) else 0.15)
    question = Question(horizon_days=60, stops=True, active_days=60)
    held = []
    for day in pd.to_datetime(["2023-12-31", "2024-03-31", "2024-05-31", "2024-07-31", "2024-09-30"]):
        found = share_level(days, question, today=day)
        known = days[days["ordered_on"] <= day]
        again = share_level(known, question, today=day)
        assert (again.expected, again.low, again.high) == (found.expected, found.low, found.high)
        last = known.groupby("customer_id")["ordered_on"].max()
        active = last.index[last > day - pd.Timedelta(days=60)]
        later = days[(days["ordered_on"] > day) & (days["ordered_on"] <= day + pd.Timedelta(days=60))]
        held.append(found.low <= 1 - active.isin(later["customer_id"]).mean() <= found.high)
        assert found.is_promised
    assert sum(held) >= 3
    assert not share_level(days, question, today=pd.Timestamp("2022-03-31")).is_promised
    assert share_level(days, Question(horizon_days=60, stops=False, category="tea"), today=TODAY) is None
