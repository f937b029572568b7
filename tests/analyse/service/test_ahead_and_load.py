"""What waits, what follows a case, whom to call: against counts made by hand, and nothing looks ahead."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.service.ahead import cases_ahead
from crmlib.analyse.service.cases import service
from crmlib.analyse.service.load import AS_TODAY, FLOW, service_load
from crmlib.analyse.service.sales import case_sales
from crmlib.analyse.worklist import worklist
from crmlib.measure.service import PRIOR_CASES, orders_after_cases, owners_of_products
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError
from crmlib.schema.states import PREVENT
from tests.analyse.service.company import AS_OF, BAD, crm, frames


@pytest.fixture(scope="module")
def company():
    return crm()


@pytest.fixture(scope="module")
def ahead(company):
    return cases_ahead(company, rows=10)


def day_of(moments):
    return moments.dt.normalize()


def test_orders_after_a_case_and_after_other_orders_are_those_counted_one_by_one(company):
    tables, days = frames(), 30
    end = pd.Timestamp(AS_OF)
    bought = {
        who: sorted(set(day_of(own["ordered_at"])))
        for who, own in tables["transactions"].groupby("customer_id")
    }
    rows = []
    for case in tables["service_cases"].itertuples():
        opened, closed = case.opened_at.normalize(), case.closed_at.normalize()
        own = bought[case.customer_id]
        if (
            case.closed_at > end
            or closed + pd.Timedelta(days=days) > end
            or not [d for d in own if d <= opened]
        ):
            continue
        last = max(d for d in own if d <= opened)

        def followed(moment, own=own):
            return any(moment < d <= moment + pd.Timedelta(days=days) for d in own)

        alike = [
            followed(d + (closed - last))
            for d, after in zip(own, [*own[1:], pd.Timestamp.max], strict=True)
            if d != last
            and after - d > opened - last
            and d + (closed - last) + pd.Timedelta(days=days) <= end
        ]
        if alike:
            rows.append((case.customer_id, followed(closed), np.mean(alike)))
    by_hand = pd.DataFrame(rows, columns=["customer_id", "hits", "usual"]).groupby("customer_id").sum()
    found = orders_after_cases(company, days=days).set_index("customer_id")
    pd.testing.assert_frame_equal(found[["hits", "usual"]], by_hand.astype("float64"), check_names=False)
    said = case_sales(company, days=days)
    assert said.cases == len(rows) and said.ordered_pct == pytest.approx(
        100 * by_hand["hits"].sum() / len(rows)
    )
    gap, low, high = said.difference
    assert low < gap < high and low < 0 < high, "orders do not depend on cases here"
    assert set(said.offers["offered_id"]) == {"p6"} and set(said.offers["why"]) == {"successor"}


def test_cases_that_bring_orders_are_seen_to_do_so():
    tables = frames()
    cases = tables["service_cases"]
    more = cases.assign(ordered_at=cases["closed_at"] + pd.Timedelta(days=3), order_id="x" + cases["case_id"])
    more = more[["customer_id", "product_id", "ordered_at", "order_id"]].assign(
        net_amount=10.0, cost_amount=5.0
    )
    tables["transactions"] = pd.concat([tables["transactions"], more[more["ordered_at"] < AS_OF]])
    assert case_sales(crm(tables)).difference[1] > 10


def test_expected_cases_follow_from_rates_by_age_and_the_product_alone():
    sold = pd.DataFrame(
        {"order_id": [f"o{i}" for i in range(40)], "customer_id": [f"c{i}" for i in range(40)],
         "product_id": ["bad"] * 20 + ["good"] * 20, "net_amount": 1.0, "ordered_at": "2024-01-01"}
    )  # fmt: skip
    sold.loc[39, "ordered_at"] = sold.loc[0, "ordered_at"] = "2024-03-01"
    cases = sold.iloc[1:11].assign(case_id=sold["order_id"], opened_at="2024-01-11", closed_at="2024-01-12")
    cases = cases[["case_id", "customer_id", "product_id", "opened_at", "closed_at"]]
    found = owners_of_products(
        Crm.from_frames(as_of="2024-03-11", transactions=sold, service_cases=cases), days=10
    ).set_index("customer_id")
    # 10 cases in the first 30 days, each after 10 days; 28 lines without a case were 30 days old, and two are of 10.
    rate = 10 / (10 * 10 + 28 * 30 + 2 * 10)
    factor = (10 + PRIOR_CASES) / (rate * (10 * 10 + 9 * 30 + 10) + PRIOR_CASES)
    assert found.loc["c0", "expected"] == pytest.approx(10 * rate * factor)
    assert found.index.tolist() == ["c0"], (
        "older purchases had no cases at their age, the good product none at all"
    )


def test_those_to_call_own_what_fails_and_past_days_prove_it(ahead):
    assert set(ahead.table["product_id"]) == {BAD} and len(ahead.table) == 10
    assert ahead.is_proven and ahead.dates >= 4
    tests = ahead.tests
    assert tests.loc[ahead.order, "had_case"] == max(tests.loc[["chance", "latest"], "had_case"])
    assert tests.loc[ahead.order, "low"] > tests.loc["anybody", "hit_pct"]
    cases = frames()["service_cases"].query("opened_at <= @AS_OF")
    about = cases[cases["product_id"] == BAD].merge(ahead.table, on="customer_id")
    assert (about["opened_at"] < about["bought_on"]).all(), "nobody who has already reported it is called"
    assert not set(ahead.table["customer_id"]) & set(cases.query("closed_at > @AS_OF")["customer_id"])


def test_where_no_product_fails_nobody_is_named():
    found = cases_ahead(crm(frames(bad=0.2, other=0.2)))
    assert found.table.empty and not found.is_proven
    with pytest.raises(SchemaError, match="transactions"):
        cases_ahead(crm(without=("transactions",)))
    with pytest.raises(ParameterError, match="1 or more"):
        cases_ahead(crm(), rows=0)


def test_nothing_after_the_closing_moment_is_seen():
    tables, as_of = frames(), "2024-06-30"
    until = {
        name: frame[frame[time] <= f"{as_of} 23:59"] if time else frame
        for (name, frame), time in zip(tables.items(), ("ordered_at", "opened_at", None), strict=True)
    }
    cases = until["service_cases"]
    for end in ("closed_at", "first_response_at"):
        cases = cases.assign(**{end: cases[end].where(cases[end] <= f"{as_of} 23:59")})
    until["service_cases"] = cases
    whole, cut = crm(tables, as_of=as_of), crm(until, as_of=as_of)
    for made in (cases_ahead, service_load, case_sales, service):
        one, other = made(whole), made(cut)
        for name in ("table", "tests", "weeks", "ahead", "offers", "by_value", "levels", "products"):
            if hasattr(one, name):
                pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))


def test_the_calls_are_a_slice_of_the_worklist_once_they_are_proven(company, ahead):
    found = worklist(company, only=(PREVENT,), ahead=ahead)
    spend = (
        frames()["transactions"].query("ordered_at > '2024-01-01'").groupby("customer_id")["net_amount"].sum()
    )
    assert len(found.table) == 10 and set(found.table["action"]) == {PREVENT}
    stake = ahead.table.set_index("customer_id")["chance_pct"] / 100 * spend
    assert sorted(found.table["at_stake"]) == pytest.approx(sorted(stake.dropna()))
    assert worklist(company, only=(PREVENT,)).table.empty, "not computed where it is not given"


def test_weeks_are_counted_and_the_coming_ones_tested(company):
    found, cases, end = service_load(company), frames()["service_cases"], pd.Timestamp("2025-01-01")
    last = cases["opened_at"].between(end - pd.Timedelta(days=7), end, inclusive="left")
    assert found.weeks["came"].iloc[-1] == last.sum()
    assert found.waiting == ((cases["opened_at"] < end) & (cases["closed_at"] >= end)).sum()
    assert found.weeks["waiting"].iloc[-1] == found.waiting
    change = found.weeks["came"] - found.weeks["closed"]
    assert (found.weeks["waiting"].diff().dropna() == change.iloc[1:]).all()
    assert found.way == (
        FLOW if found.tests.loc[FLOW, "mae"] < found.tests.loc[AS_TODAY, "mae"] else AS_TODAY
    )


def test_what_will_wait_is_what_comes_times_how_long_it_takes():
    days = pd.date_range("2022-01-01", "2025-01-31", freq="6h")
    cases = pd.DataFrame(
        {"case_id": [f"s{i}" for i in range(len(days))], "customer_id": "a", "opened_at": days}
    )
    cases["closed_at"] = cases["opened_at"] + pd.Timedelta(days=5)
    found = service_load(Crm.from_frames(as_of="2024-12-30", service_cases=cases))
    assert found.way == AS_TODAY or found.tests.loc[FLOW, "mae"] < 1
    assert found.ahead["expected"].to_numpy() == pytest.approx([20] * 4, abs=1)
    assert (found.ahead["low"] <= 20).all() and (found.ahead["high"] >= 20).all()
    few = service_load(Crm.from_frames(as_of="2022-02-28", service_cases=cases))
    assert few.ahead.empty and few.waiting == 20
    with pytest.raises(ParameterError, match="closed"):
        service_load(Crm.from_frames(as_of="2024-12-30", service_cases=cases.drop(columns="closed_at")))


def test_times_count_open_cases_as_the_product_limit_does(company):
    cases, end = frames()["service_cases"], pd.Timestamp("2025-01-01")
    cases = cases[cases["opened_at"] < end]
    ended = cases["closed_at"] < end
    lasted = (cases["closed_at"].where(ended, end) - cases["opened_at"]) / pd.Timedelta(days=1)
    left = 1.0
    for time in np.unique(lasted[ended]):
        left *= 1 - ((lasted == time) & ended).sum() / (lasted >= time - 1e-4).sum()
        if left <= 0.5:
            break
    assert service(company).overall.loc["resolution_days", "median"] == pytest.approx(time)


def test_cost_against_margin_and_times_dealt_out_by_spend_add_up(company):
    found, tables = service(company), frames()
    year = tables["service_cases"].query("opened_at >= '2024-01-02' and opened_at < '2025-01-01'")
    assert found.by_value["cost_365d"].sum() == found.cost_365d == 20 * len(year)
    sold = tables["transactions"].query("ordered_at >= '2024-01-02'")
    assert found.by_value["margin_365d"].sum() == 40 * len(sold)
    share = 100 * found.by_value["cost_365d"] / found.by_value["margin_365d"]
    assert found.by_value["cost_pct"].to_numpy() == pytest.approx(share.to_numpy())
    levels = found.levels.set_index("value_third")
    assert levels["by_value_hours"].is_monotonic_decreasing
    assert levels.loc[3, "by_value_hours"] <= levels.loc[3, "now_hours"]
