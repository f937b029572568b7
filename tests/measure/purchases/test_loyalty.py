"""buying_habits: a ledger worked out by hand, and a second reckoning in plain Python."""

import statistics
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.purchases.worth import buying_habits
from crmlib.schema.errors import SchemaError

AS_OF = "2024-06-30"
BOUGHT = {
    "ann": ["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-20"],  # gaps of 10, 10, 30 days
    "bob": ["2024-06-20"],  # one purchase: the others' usual gap
    "cem": ["2023-06-30", "2023-09-29", "2023-12-29", "2024-03-29", "2024-06-28"],  # four gaps of 91 days
    "dan": ["2024-06-01", "2024-06-01", "2024-06-21"],  # two orders of one day, one gap of 20 days
}


def lines_of(bought):
    rows = [(name, day) for name, days in bought.items() for day in days]
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at"])
    return lines.assign(order_id=[f"o{i}" for i in range(len(lines))], product_id="tea", net_amount=10.0)


def test_hand_checked_ledger():
    rhythm = buying_habits(Crm.from_frames(as_of=AS_OF, transactions=lines_of(BOUGHT)))
    house = (10 + 91) / 2  # the median of ann's and cem's usual gaps: bob and dan have too few of their own
    expected = pd.DataFrame(
        {
            "purchase_day_count": [4, 1, 5, 2],
            "tenure_days": [181, 10, 366, 29],
            "recency_days": [131, 10, 2, 9],
            "usual_gap_days": [10.0, house, 91.0, house],
            # ann: the gap of 30 holds 3 slots, 2 missed; 131 days of silence round to 13 slots, 12 missed
            "missed_count": [2.0 + 12.0, 0.0, 0.0, 0.0],
            "could_repeat_count": [
                4,
                0,
                4,
                0,
            ],  # at least 90 days old; cem's purchase of 29 March is 93 days old
            "repeated_count": [3, 0, 0, 0],  # cem comes after 91 days: never within 90
            # ann's middle is day 90.5: all repeats earlier; cem's is day 183: 91 and 182 earlier; dan's is 14.5
            "earlier_count": [3, 0, 2, 0],
            "recent_count": [0, 0, 2, 1],
        },
        index=pd.Index(["ann", "bob", "cem", "dan"], name="customer_id"),
    )
    pd.testing.assert_frame_equal(rhythm, expected, check_dtype=False, check_index_type=False)


def test_without_two_gaps_anywhere_no_gap_is_usual():
    rhythm = buying_habits(Crm.from_frames(as_of=AS_OF, transactions=lines_of({"dan": BOUGHT["dan"]})))
    assert rhythm["usual_gap_days"].isna().all()


def test_later_rows_change_nothing():
    before = buying_habits(Crm.from_frames(as_of=AS_OF, transactions=lines_of(BOUGHT)))
    later = lines_of(BOUGHT | {"eve": ["2024-07-02"], "ann": [*BOUGHT["ann"], "2024-07-01"]})
    pd.testing.assert_frame_equal(buying_habits(Crm.from_frames(as_of=AS_OF, transactions=later)), before)


def test_a_refunded_order_is_no_purchase():
    lines = lines_of(BOUGHT)
    back = lines.iloc[[3]].assign(order_id="back", net_amount=-10.0, ordered_at="2024-02-25")
    rhythm = buying_habits(
        Crm.from_frames(as_of=AS_OF, transactions=pd.concat([lines, back], ignore_index=True))
    )
    assert rhythm.loc["ann", "purchase_day_count"] == 3 and rhythm.loc["ann", "recency_days"] == 161


def test_no_transactions_is_said():
    with pytest.raises(SchemaError, match="no table transactions"):
        buying_habits(Crm.from_frames(as_of=AS_OF, products=pd.DataFrame({"product_id": ["a"]})))


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_plain_python_on_random_purchases(seed):
    lot = np.random.default_rng(seed)
    zone, as_of = ZoneInfo("America/New_York"), pd.Timestamp("2023-10-02 03:30")
    who = [f"c{i:02}" for i in (lot.gamma(0.6, 12, 400)).astype(int) % 60]
    at = pd.Timestamp("2022-06-01") + pd.to_timedelta(lot.integers(0, 480 * 24, 400), unit="h")
    lines = pd.DataFrame({"customer_id": who, "ordered_at": at.tz_localize("UTC"), "product_id": "tea"})
    lines = lines.assign(order_id=lines.index.astype(str), net_amount=1.0)
    crm = Crm.from_frames(as_of=as_of.tz_localize("UTC"), time_zone=str(zone), transactions=lines)
    rhythm = buying_habits(crm)
    today = as_of.tz_localize("UTC").tz_convert(zone).date()
    days = {
        name: sorted(
            {moment.tz_convert(zone).date() for moment in moments if moment.tz_localize(None) <= as_of}
        )
        for name, moments in lines.groupby("customer_id")["ordered_at"]
    }
    gaps = {name: [(b - a).days for a, b in pairwise(own)] for name, own in days.items()}
    house = statistics.median(statistics.median(own) for own in gaps.values() if len(own) >= 2)
    assert set(rhythm.index) == {name for name, own in days.items() if own}
    for name, own in days.items():
        if not own:
            continue
        ages = [(today - day).days for day in own]
        usual = statistics.median(gaps[name]) if len(gaps[name]) >= 2 else house
        missed = sum(max(int(span / usual + 0.5) - 1, 0) for span in [*gaps[name], ages[-1]])
        old = [i for i, age in enumerate(ages) if age >= 90]
        followed = sum(i < len(gaps[name]) and gaps[name][i] <= 90 for i in old)
        recent = sum(2 * (ages[0] - age) > ages[0] for age in ages[1:])
        expected = [
            len(own),
            ages[0],
            ages[-1],
            usual,
            missed,
            len(old),
            followed,
            len(own) - 1 - recent,
            recent,
        ]
        assert rhythm.loc[name].tolist() == pytest.approx(expected), name
