"""Sales that stood still, and months that are missing: what came before a stop is not carried on as a season."""

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib.analyse.forecast.sales import forecast_sales
from crmlib.analyse.forecast.series import after_stop


def shop(amounts, *, first="2021-01-01"):
    months = pd.date_range(first, periods=len(amounts), freq="MS")
    lines = pd.DataFrame({
        "order_id": [f"{n}-{k}" for n in range(len(months)) for k in range(2)], "product_id": "tea",
        "ordered_at": [month + pd.Timedelta(days=14 * k) for month in months for k in range(2)],
        "net_amount": np.repeat(np.asarray(amounts, float) / 2, 2),
    })  # fmt: skip
    lines = lines[lines["net_amount"] != 0]
    last = months[-1] + pd.offsets.MonthEnd(0)
    return crmlib.Crm.from_frames(as_of=f"{last:%Y-%m-%d}", currency="EUR", transactions=lines)


def level(n, *, size=500.0, seed=0):
    return size + np.random.default_rng(seed).normal(0, 15, n)


@pytest.mark.parametrize("closed", [3, 6, 12])
@pytest.mark.parametrize("since", [8, 11, 14])
def test_after_a_stop_what_came_since_is_carried_on(closed, since):
    found = forecast_sales(shop([*level(12), *np.zeros(closed), *level(since)]))
    assert found.total["expected"] == pytest.approx(1500, rel=0.1)
    assert not found.is_promised and "after_stop" in [note.code for note in found.notes]
    assert len(found.learnt) == since and len(found.history) == 12 + closed + since
    assert not (found.periods["low"] < 0).any()


@pytest.mark.parametrize("missing", [[20], [15, 28], [30, 31]])
def test_months_that_are_missing_are_filled(missing):
    amounts = level(36)
    amounts[missing] = 0
    found = forecast_sales(shop(amounts))
    assert found.total["expected"] == pytest.approx(1500, rel=0.1)
    note = next(note for note in found.notes if note.code == "missing_filled")
    assert note.facts["n"] == len(missing) and found.is_promised


def test_a_month_without_sales_every_year_is_a_season_and_stays():
    amounts = level(48)
    amounts[7::12] = 0
    begin, kept = after_stop(amounts, season=12)
    assert begin == 0 and (kept == amounts).all()
    found = forecast_sales(shop(amounts[:43], first="2021-01-01"), horizon="3 months")
    assert found.periods["expected"].iloc[0] < 150


def test_a_product_that_seldom_sells_is_left_as_it_is():
    amounts = np.where(np.arange(36) % 3 == 0, 100.0, 0.0)
    assert (after_stop(amounts, season=12)[1] == amounts).all()
    assert after_stop(np.zeros(5), season=12)[0] == 0
