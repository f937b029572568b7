"""Cohorts and lifetimes against the same worked out in plain Python."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.measure.purchases.cohorts import (
    COHORT_UNITS,
    cohort_cells,
    customer_lifetimes,
    first_purchase_values,
    period_number,
)
from crmlib.measure.purchases.states import purchase_rhythm
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError
from tests.measure.purchases.lifecycle_cases import ledger, limits_of, purchase_days

END = pd.Timestamp("2024-05-14")
PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


def lifetime_by_hand(days, limits):
    """The first purchase whose fate is known to be the end, or not known yet."""
    for place, (day, limit) in enumerate(zip(days, limits, strict=True)):
        following = days[place + 1] if place + 1 < len(days) else END
        if (END - day).days <= limit:
            if not place:
                return None, False
            seen = (END - days[0]).days - limit
            return min(max(seen, (days[place - 1] - days[0]).days), (day - days[0]).days), False
        if (following - day).days > limit:
            return float((day - days[0]).days), True
    raise AssertionError("the last purchase is either the end or open")


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from([None, 45.5]))
def test_lifetimes_are_those_worked_out_one_by_one(seed, silence):
    lines = ledger(seed=seed)
    crm = Crm.from_frames(as_of="2024-05-14", transactions=lines)
    found = customer_lifetimes(crm, silence_days=silence)
    scale = purchase_rhythm(crm)
    days = purchase_days(lines)
    assert list(found.index) == sorted(days)
    for customer, own in days.items():
        dates = sorted(own)
        limits = limits_of(dates, scale) if silence is None else [silence] * len(dates)
        duration, stopped = lifetime_by_hand(dates, limits)
        row = found.loc[customer]
        assert row["stopped"] == stopped and row["first_on"] == dates[0]
        assert (
            pd.isna(row["duration_days"])
            if duration is None
            else row["duration_days"] == pytest.approx(duration)
        )
        returned = stopped and dates[0] + pd.Timedelta(days=duration) < dates[-1]
        assert row["came_back"] == returned


@pytest.mark.parametrize("unit", COHORT_UNITS)
def test_cells_are_those_of_pandas(unit):
    lines = ledger(seed=11)
    cells = cohort_cells(Crm.from_frames(as_of="2024-05-14", transactions=lines), unit=unit)
    rows = [(c, d, x) for c, own in purchase_days(lines).items() for d, x in own.items()]
    table = pd.DataFrame(rows, columns=["customer_id", "day", "revenue"])
    table["period"] = table["day"].dt.to_period(PERIODS[unit])
    table["cohort"] = table.groupby("customer_id")["period"].transform("min")
    table["after"] = [(p - c).n for p, c in zip(table["period"], table["cohort"], strict=True)]
    expected = table.groupby(["cohort", "after"]).agg(
        customers=("customer_id", "nunique"), revenue=("revenue", "sum")
    )
    found = cells.assign(cohort=cells["cohort"].dt.to_period(PERIODS[unit]))
    found = found.set_index(["cohort", "after"])[["customers", "revenue"]]
    pd.testing.assert_frame_equal(
        found.sort_index(), expected.sort_index(), check_dtype=False, check_index_type=False
    )


def test_periods_are_those_of_the_houses_clock():
    lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"], "net_amount": [5.0],
                          "ordered_at": pd.to_datetime(["2024-02-01 03:00+00:00"])})  # fmt: skip
    crm = Crm.from_frames(as_of="2024-03-31", time_zone="America/New_York", transactions=lines)
    assert cohort_cells(crm)["cohort"].tolist() == [pd.Timestamp("2024-01-01")]


def test_numbers_of_periods_follow_each_other_over_new_year():
    days = pd.Series(pd.date_range("2023-11-01", "2025-03-01", freq="D"))
    for unit, freq in PERIODS.items():
        number = period_number(days, unit=unit)
        expected = days.dt.to_period(freq).astype("int64")
        assert ((number - number.iloc[0]) == (expected - expected.iloc[0])).all(), unit


@pytest.mark.parametrize("silence", [0, -1, float("nan"), True, "30"])
def test_a_silence_must_be_a_number_of_days(silence):
    with pytest.raises(ParameterError, match="above 0"):
        customer_lifetimes(Crm.from_frames(as_of=END, transactions=ledger(seed=1)), silence_days=silence)


def test_unknown_units_and_columns_are_refused():
    crm = Crm.from_frames(as_of=END, transactions=ledger(seed=1))
    with pytest.raises(ParameterError, match="Did you mean 'month'"):
        cohort_cells(crm, unit="months")
    with pytest.raises(ParameterError, match="channel"):
        first_purchase_values(crm, column="channel")
