"""A mistyped year must not become the closing moment of a workspace."""

import pandas as pd
import pytest

from crmlib import Crm


def crm_of(moments, *, as_of="latest", checks=None):
    lines = pd.DataFrame(
        {
            "order_id": [str(i) for i in range(len(moments))],
            "product_id": "a",
            "ordered_at": moments,
            "net_amount": "1",
        }
    )
    return Crm.from_frames(as_of=as_of, checks={"transactions": checks or {}}, transactions=lines)


DAYS = [f"2020-01-{day:02}" for day in range(1, 31)]


def found(crm):
    summary = crm.checks.summary
    return summary.loc[
        (summary.check == "isolated_future") & (summary.rows > 0), ["policy", "rows"]
    ].values.tolist()


def test_a_year_mistyped_is_set_aside_and_said():
    crm = crm_of([*DAYS, "2099-01-01"])
    assert crm.as_of == pd.Timestamp("2020-01-30") and found(crm) == [["set_aside", 1]]
    (row,) = crm.checks.set_aside["transactions"].to_dict("records")
    assert row["reason"].startswith("isolated_future (ordered_at)") and row["order_id"] == "30"
    counts = crm.checks.counts.iloc[0]
    assert (counts.rows_read, counts.rows_accepted, counts.rows_set_aside) == (31, 30, 1)


def test_a_workspace_may_keep_such_rows():
    crm = crm_of([*DAYS, "2099-01-01"], checks={"isolated_future": "warn"})
    assert crm.as_of == pd.Timestamp("2099-01-01") and found(crm) == [["warn", 1]]


def test_several_typos_one_in_a_thousand_at_most():
    many = DAYS * 70
    assert crm_of([*many, "2050-01-01", "2099-01-01"]).as_of == pd.Timestamp("2020-01-30")
    assert crm_of([*many, *["2050-01-01"] * 3]).as_of == pd.Timestamp("2050-01-01")


@pytest.mark.parametrize("moments", [[*DAYS[:5], "2099-01-01"], [*DAYS, "2020-12-31"]])
def test_few_rows_or_a_gap_of_less_than_a_year_are_left_alone(moments):
    crm = crm_of(moments)
    assert crm.as_of == pd.Timestamp(moments[-1]) and found(crm) == []


def test_a_stated_closing_moment_decides_by_itself():
    crm = crm_of([*DAYS, "2099-01-01"], as_of="2020-01-31")
    assert found(crm) == [] and crm.checks.counts.rows_set_aside.item() == 1


def test_a_payment_date_mistyped_is_forgotten_and_its_row_kept():
    lines = pd.DataFrame(
        {
            "order_id": [str(i) for i in range(30)],
            "product_id": "a",
            "ordered_at": DAYS,
            "net_amount": "1",
            "paid_on": [*DAYS[:-1], "2098-02-01"],
        }
    )
    crm = Crm.from_frames(as_of="latest", transactions=lines)
    assert crm.as_of == pd.Timestamp("2020-01-30") and found(crm) == [["mend", 1]]
    assert crm.frame("transactions").paid_on.isna().sum() == 1
