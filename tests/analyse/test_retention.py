"""Retention: what is not over yet is not nought, small groups are not shown, persons are no groups."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.retention import group_columns, retention_curves, survival_curves, typical_retention
from crmlib.analyse.stats.small_groups import OTHER
from crmlib.measure.purchases.cohorts import customer_lifetimes
from crmlib.prepare.crm import Crm
from crmlib.present.reports.churn.say import group_name
from crmlib.schema.errors import ParameterError
from tests.measure.purchases.lifecycle_cases import ledger, purchase_days

PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}


@pytest.mark.parametrize("unit", list(PERIODS))
@pytest.mark.parametrize("end", ["2024-05-14", "2024-03-31"])
def test_the_triangle_is_that_of_pandas(unit, end):
    lines = ledger(seed=21, customers=10)
    found = retention_curves(Crm.from_frames(as_of=end, transactions=lines), unit=unit)
    closing = pd.Timestamp(end) + pd.Timedelta(days=1)
    days = purchase_days(lines[lines["ordered_at"] < closing])
    cohorts = {c: min(own).to_period(PERIODS[unit]) for c, own in days.items()}
    for cohort, row in found.shares.iterrows():
        period = cohort.to_period(PERIODS[unit])
        members = [c for c in cohorts if cohorts[c] == period]
        assert found.sizes[cohort] == len(members)
        for after, share in row.items():
            then = period + after
            if then.end_time >= closing or period.end_time >= closing:
                assert np.isnan(share), (cohort, after)
                continue
            bought = [c for c in members if any(d.to_period(PERIODS[unit]) == then for d in days[c])]
            spent = sum(x for c in members for d, x in days[c].items() if d.to_period(PERIODS[unit]) == then)
            first = sum(
                x for c in members for d, x in days[c].items() if d.to_period(PERIODS[unit]) == period
            )
            assert share == pytest.approx(100 * len(bought) / len(members))
            assert found.revenue_shares.loc[cohort, after] == pytest.approx(100 * spent / first)
    assert set(found.shares.index) == {p.start_time for p in cohorts.values()}


def test_all_are_there_at_first_and_nobody_is_nought_before_time():
    found = retention_curves(Crm.from_frames(as_of="2024-05-14", transactions=ledger(seed=4)))
    whole = found.shares.iloc[:-1]
    assert (whole[0].dropna() == 100).all()
    assert found.shares.iloc[-1].isna().all(), "May 2024 is not over on the 14th"


def test_the_typical_share_leaves_the_first_cohort_out():
    found = retention_curves(Crm.from_frames(as_of="2024-05-14", transactions=ledger(seed=4, customers=80)))
    table = typical_retention(found)
    later = found.active.iloc[1:]
    known = later[1].notna()
    assert table.loc[1, "share_pct"] == pytest.approx(
        100 * later.loc[known, 1].sum() / found.sizes.iloc[1:][known].sum()
    )
    assert (table["customers"] >= 10).all()


def test_the_curves_are_those_of_the_lifetimes():
    crm = Crm.from_frames(as_of="2024-05-14", transactions=ledger(seed=6, customers=60))
    found = retention_curves(crm, silence_days=60)
    known = customer_lifetimes(crm, silence_days=60).dropna(subset="duration_days")
    pd.testing.assert_frame_equal(
        found.overall.curves, survival_curves(known["duration_days"], known["stopped"]).curves
    )
    assert found.survival.medians["count"].sum() == len(known)
    assert found.too_new == len(customer_lifetimes(crm, silence_days=60)) - len(known)
    assert found.limit_days == found.silence_days == 60


def people(customers=60):
    rare = ["x"] * 3 + ["f"] * 12 + ["m"] * (customers - 15)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:02d}" for i in range(customers)],
            "gender": rare,
            "name": [f"Canary {i}" for i in range(customers)],
            "tax_id": [f"T{i}" for i in range(customers)],
            "region": ["north", "south", None] * (customers // 3),
        }
    )


def shop(**more):
    lines = ledger(seed=6, customers=60)
    return Crm.from_frames(as_of="2024-05-14", transactions=lines.assign(**more), customers=people())


def test_small_groups_of_a_sensitive_column_are_not_shown():
    found = retention_curves(shop(), by="gender")
    sizes = found.survival.medians["count"]
    assert "x" not in sizes.index and (sizes >= 10).all()
    assert found.groups[[c for c in found.groups.index if c < "c03"]].isin([OTHER]).all()


@pytest.mark.parametrize("by", ["name", "tax_id", "customer_id", "nothing"])
def test_what_points_at_a_person_is_no_group(by):
    with pytest.raises(ParameterError, match="told apart"):
        retention_curves(shop(), by=by)


def test_groups_by_a_column_leave_out_those_of_whom_it_is_not_stated():
    found = retention_curves(shop(), by="region")
    assert set(found.survival.medians.index) == {"north", "south"}
    assert found.groups.isna().any()
    assert group_columns(shop(channel="web")) == ["channel", "region", "gender"]


def test_the_channel_is_that_of_the_first_purchase():
    lines = (
        ledger(seed=6, customers=60)
        .query("net_amount > 0")
        .sort_values(["ordered_at", "order_id"], ignore_index=True)
    )
    first = ~lines["customer_id"].duplicated()
    lines["channel"] = np.where(first, np.where(lines["customer_id"] < "c30", "web", "shop"), "phone")
    found = retention_curves(Crm.from_frames(as_of="2024-05-14", transactions=lines), by="channel")
    assert set(found.groups.dropna()) == {"web", "shop"}
    assert (found.groups[found.groups.index < "c30"] == "web").all()


def test_many_years_become_six_groups():
    days = pd.date_range("2012-01-15", "2023-12-15", freq="91D")
    lines = pd.DataFrame({"ordered_at": days, "net_amount": 5.0, "product_id": "tea"})
    lines["customer_id"] = lines["order_id"] = [f"c{i}" for i in range(len(days))]
    found = retention_curves(Crm.from_frames(as_of="2024-12-31", transactions=lines), unit="year")
    assert list(found.groups.cat.categories) == ["<=2018", "2019", "2020", "2021", "2022", "2023"]
    assert group_name("<=2018") == "2018 and before" and group_name("2019") == "2019"


def test_later_rows_change_nothing():
    lines = ledger(seed=9)
    one = retention_curves(Crm.from_frames(as_of="2024-01-31", transactions=lines))
    cut = retention_curves(
        Crm.from_frames(as_of="2024-01-31", transactions=lines[lines["ordered_at"] < "2024-02-01"])
    )
    pd.testing.assert_frame_equal(one.shares, cut.shares)
    pd.testing.assert_frame_equal(one.overall.curves, cut.overall.curves)


def test_nobody_is_an_empty_result():
    lines = ledger(seed=1).assign(customer_id=None)
    found = retention_curves(Crm.from_frames(as_of="2024-01-31", transactions=lines))
    assert found.shares.empty and found.survival is None and found.overall is None
    assert typical_retention(found).empty and pd.isna(found.came_back_pct)


@pytest.mark.slow
def test_online_retail_first_cohort(shared_data):
    """883 customers bought in December 2010, of whom 37 % did again in January (after the usual cleaning
    others print 885 and 36.6 %: Chen, Sain & Guo's file, orders wholly refunded not yet taken off)."""
    from crmlib.prepare.workspace import open_workspace

    crm = open_workspace(Path(__file__).parents[1] / "workspaces" / "online_retail")
    found = retention_curves(crm)
    assert abs(found.sizes.iloc[0] - 885) <= 5
    assert found.shares.iloc[0, 1] == pytest.approx(36.6, abs=0.7)
