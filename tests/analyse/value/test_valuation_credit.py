"""Credit: grades by hand, shrinkage by a second reckoning, and that paying later never helps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.value.potential import CREDIT_BOUNDS, CREDIT_GRADES, credit_valuation, shrunk_lateness
from crmlib.present.reports.value.show import credit_reason_words

_NAMES = [
    "invoice_count", "judged_count", "late_count", "late_days", "days_late_max", "open_amount",
    "overdue_amount", "overdue_days", "credit_limit",
]  # fmt: skip
TOTALS = pd.DataFrame(
    {
        "good": [40, 40, 0, 0, 0, 0.0, 0.0, 0, None],
        "slow": [40, 40, 20, 400, 30, 100.0, 0.0, 0, 1000.0],
        "over": [40, 40, 0, 0, 0, 1300.0, 0.0, 0, 1000.0],
        "owes": [40, 40, 1, 70, 70, 400.0, 300.0, 70, 1000.0],
        "new": [1, 0, 0, 0, None, 50.0, 0.0, 0, None],
        "once": [1, 1, 0, 0, 0, 0.0, 0.0, 0, None],
    },
    index=_NAMES,
).T


def test_grades_by_hand():
    credit = credit_valuation(TOTALS)
    assert credit["credit_used_pct"].tolist() == pytest.approx(
        [np.nan, 10, 130, 40, np.nan, np.nan], nan_ok=True
    )
    nan = float("nan")
    assert credit["overdue_share_pct"].tolist() == pytest.approx([nan, 0, 0, 75, 0, nan], nan_ok=True)
    assert credit["days_late_mean"].tolist()[:4] == [0, 10, 0, 70 / 40]
    grades = credit["credit_grade"]
    # slow: half of them late lies above 30 %; over: 130 % of the limit above 125; owes: 70 days above 60
    assert grades[["good", "slow", "over", "owes"]].tolist() == ["A", "C", "D", "E"]
    assert grades["new"] is None or pd.isna(grades["new"])


def test_reasons_say_the_figures():
    credit = credit_valuation(TOTALS)
    said = zip(credit.index, credit_reason_words(credit), strict=True)
    reasons = {who: words.replace("\xa0", " ") for who, words in said}
    assert reasons["good"] == "All 40 invoices were paid in time."
    assert reasons["slow"] == "20 of 40 invoices were late, by 20 days on average."
    assert reasons["over"].endswith("; 130 % of the credit limit is used.")
    assert reasons["owes"].startswith(
        "1 of 40 invoices was late, by 70 days on average; the oldest open one is 70"
    )
    assert reasons["new"] == "No invoice has been paid or fallen due yet."
    assert "leans on how other customers pay" in reasons["once"]


def test_few_invoices_are_shrunk_towards_the_others_and_many_are_not():
    shrunk, extra = shrunk_lateness(TOTALS)
    others = 100 * 21 / 160  # of all but the one invoice of "once", 21 of 160 were late
    m = extra["once"]
    assert shrunk.loc["once", "late_invoice_share_pct"] == pytest.approx(m * others / (1 + m))
    assert abs(shrunk.loc["slow", "late_invoice_share_pct"] - 50) < 50 * m / (40 + m)


@pytest.mark.parametrize("seed", range(3))
def test_the_weight_of_the_others_is_that_of_a_second_reckoning(seed):
    lot = np.random.default_rng(seed)
    n = lot.integers(1, 30, 60)
    late = lot.binomial(n, lot.beta(1.5, 4.0, 60))
    totals = pd.DataFrame({"judged_count": n, "late_count": late, "late_days": 5 * late})
    _, extra = shrunk_lateness(totals)
    for place in (0, 17, 59):
        k, y = np.delete(n, place).astype(float), np.delete(late, place).astype(float)
        p = y.sum() / k.sum()
        scatter = (k * (y / k - p) ** 2).sum()
        room = k.sum() - (k**2).sum() / k.sum() - (len(k) - 1)
        alike = (scatter - (len(k) - 1) * p * (1 - p)) / (room * p * (1 - p))
        alike = min(max(alike, 1 / 21), 1 / 3)
        assert extra[place] == pytest.approx((1 - alike) / alike)


def test_the_known_scatter_is_found_again():
    lot = np.random.default_rng(5)
    n = np.full(4_000, 12)
    late = lot.binomial(n, lot.beta(2.0, 6.0, 4_000))  # a prior of 2 + 6 = 8 invoices
    _, extra = shrunk_lateness(pd.DataFrame({"judged_count": n, "late_count": late, "late_days": late}))
    assert extra.mean() == pytest.approx(8, rel=0.1)


# customers enough that their scatter is looked at; payment from 20 days before to 100 after the due day
invoices = st.lists(
    st.tuples(st.integers(0, 13), st.integers(0, 140), st.integers(-20, 100)), min_size=12, max_size=40
)


def totals_of(rows):
    """Invoices of (customer, due day, days paid after it) as they stand on day 130, without the engine."""
    judged = []
    for who, due, late in rows:
        is_open = due + late > 130
        known = max(130 - due if is_open else late, 0)
        judged.append((f"c{who}", not is_open or due < 130, known, 10.0 * is_open, is_open and due < 130))
    table = pd.DataFrame(judged, columns=["who", "is_judged", "days", "open", "is_overdue"])
    table["days"] = table["days"].where(table["is_judged"])
    table["overdue"], table["over_days"] = (
        table["open"] * table["is_overdue"],
        table["days"] * table["is_overdue"],
    )
    grouped = table.groupby("who")
    return pd.DataFrame(
        {
            "judged_count": grouped["days"].count(),
            "late_count": (table["days"] > 0).groupby(table["who"]).sum(),
            "late_days": grouped["days"].sum(),
            "days_late_max": grouped["days"].max(),
            "open_amount": grouped["open"].sum(),
            "overdue_amount": grouped["overdue"].sum(),
            "overdue_days": grouped["over_days"].max().fillna(0),
            "credit_limit": 40.0,
        }
    )


@given(invoices, st.integers(0, 11), st.integers(1, 100))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_paying_later_never_betters_the_grade(rows, which, more):
    which %= len(rows)
    who, due, late = rows[which]
    later = [*rows[:which], (who, due, late + more), *rows[which + 1 :]]
    before, after = (
        credit_valuation(totals_of(case))["credit_grade"].get(f"c{who}") for case in (rows, later)
    )
    if before in CREDIT_GRADES and after in CREDIT_GRADES:
        assert after >= before


def test_scaling_the_currency_scales_money_and_leaves_the_grade():
    money = ["open_amount", "overdue_amount", "credit_limit"]
    before, after = credit_valuation(TOTALS), credit_valuation(TOTALS.assign(**TOTALS[money] * 7))
    assert (after["open_amount"] == 7 * before["open_amount"]).all()
    assert after["credit_reason"].tolist() == before["credit_reason"].tolist()


def test_the_bounds_rise():
    assert all(list(bounds) == sorted(set(bounds)) and len(bounds) == 4 for bounds in CREDIT_BOUNDS.values())
