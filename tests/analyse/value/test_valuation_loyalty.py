"""Loyalty: five customers by hand, and what must hold for any."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.value.potential import LOYALTY_WEIGHTS, loyalty_marks, loyalty_valuation

RHYTHM = pd.DataFrame(
    {
        "purchase_day_count": [4, 1, 5, 1],
        "tenure_days": [181, 200, 366, 5],
        "recency_days": [131, 200, 2, 5],
        "usual_gap_days": [10.0, 50.5, 91.0, 50.5],
        "missed_count": [14.0, 3.0, 0.0, 0.0],
        "could_repeat_count": [4, 1, 4, 0],
        "repeated_count": [3, 0, 0, 0],
        "earlier_count": [3, 0, 2, 0],
        "recent_count": [0, 0, 2, 0],
    },
    index=pd.Index(["ann", "bob", "cem", "dan"], name="customer_id"),
)
SHARE = pd.Series({"ann": 20.0, "bob": 10.0, "cem": 40.0, "dan": 10.0})


def test_components_by_hand():
    loyalty = loyalty_valuation(RHYTHM, category_share_pct=SHARE)
    nan = float("nan")
    assert loyalty["cadence_kept_pct"].tolist() == pytest.approx([100 * 3 / 17, 0, 100, nan], nan_ok=True)
    assert loyalty["repeat_rate_pct"].tolist() == pytest.approx([75, 0, 0, nan], nan_ok=True)
    assert loyalty["loyalty_decay"].tolist() == pytest.approx([(3 - 0) / (3 + 4), nan, 0, nan], nan_ok=True)
    assert loyalty["category_share_pct"].tolist() == [20, 10, 40, 10]


def test_the_score_is_the_weighted_mean_of_the_marks():
    loyalty = loyalty_valuation(RHYTHM, category_share_pct=SHARE)
    # nine in ten lie below: tenure 366 - 0.3 x (366 - 200) = 316.2, categories 40 - 0.3 x 20 = 34 %
    ann = 0.30 * 300 / 17 + 0.25 * 75 + 0.15 * 2000 / 34 + 0.15 * 18100 / 316.2 + 0.15 * 100 * 4 / 7
    assert loyalty.loc["ann", "loyalty_score"] == pytest.approx(ann)
    # of bob no decay is known: the other weights, 0.85 together, take its place
    bob = (0.15 * 1000 / 34 + 0.15 * 20000 / 316.2) / 0.85
    assert loyalty.loc["bob", "loyalty_score"] == pytest.approx(bob)
    assert np.isnan(loyalty.loc["dan", "loyalty_score"])  # came 5 days ago: nothing can be told yet


def test_without_categories_the_other_marks_share_their_weight():
    marks = loyalty_marks(loyalty_valuation(RHYTHM))
    assert "breadth" not in marks
    assert loyalty_valuation(RHYTHM).loc["cem", "loyalty_score"] == pytest.approx(
        (0.30 * 100 + 0.25 * 0 + 0.15 * 100 + 0.15 * 100) / 0.85
    )


def test_the_weights_are_a_whole():
    assert sum(LOYALTY_WEIGHTS.values()) == pytest.approx(1)


@given(st.lists(st.tuples(*[st.integers(0, 9)] * 4), min_size=2, max_size=8))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_marks_and_scores_stay_on_their_scale_and_missing_more_never_helps(rows):
    table = pd.DataFrame(rows, columns=["made", "missed_count", "recent_count", "repeated_count"])
    table["purchase_day_count"] = table["made"] + 1
    table["recent_count"] = table[["recent_count", "made"]].min(axis=1)
    table["earlier_count"] = table["made"] - table["recent_count"]
    table["could_repeat_count"] = table["repeated_count"] + 1
    table["tenure_days"] = table["usual_gap_days"] = 10 * table["purchase_day_count"]
    found = loyalty_valuation(table)
    marks = loyalty_marks(found).stack().dropna()
    assert marks.between(0, 100).all() and found["loyalty_score"].dropna().between(0, 100).all()
    assert found["loyalty_decay"].dropna().between(-1, 1).all()
    worse = loyalty_valuation(table.assign(missed_count=table["missed_count"] + 1))
    known = found["cadence_kept_pct"].notna()
    assert (worse["loyalty_score"][known] <= found["loyalty_score"][known] + 1e-9).all()


def test_a_falling_customer_decays_more_the_more_purchases_say_so():
    few, many = (
        loyalty_valuation(RHYTHM.assign(earlier_count=3 * n, recent_count=n, purchase_day_count=4 * n + 1))
        for n in (1, 10)
    )
    assert (few["loyalty_decay"] > 0).all() and (few["loyalty_decay"] < many["loyalty_decay"]).all()
