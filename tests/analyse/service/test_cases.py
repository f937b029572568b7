"""Service: cases still open are counted, the product that fails is found, nothing looks ahead."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.service.cases import service
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError


def company(*, seed=0, factor=6.0):
    """Sixty customers with twenty lines each of five products, one of which fails more often."""
    rng = np.random.default_rng(seed)
    n = 1_200
    lines = pd.DataFrame(
        {"order_id": [f"o{i}" for i in range(n)], "customer_id": [f"c{i % 60}" for i in range(n)],
         "product_id": [f"p{i // 60 % 5}" for i in range(n)], "ordered_at": "2023-03-01",
         "net_amount": [1.0 + (i % 60 >= 20) + (i % 60 >= 40) for i in range(n)]}
    )  # fmt: skip
    fails = rng.random(n) < 0.05 * np.where(lines["product_id"] == "p3", factor, 1.0)
    sold = lines[fails].reset_index(drop=True)
    opened = pd.Timestamp("2023-04-01") + pd.to_timedelta(rng.integers(0, 200, len(sold)), unit="D")
    best = sold["customer_id"].str[1:].astype(int) >= 40
    days = np.where(best, 1, 4) + rng.integers(0, 3, len(sold))
    cases = pd.DataFrame(
        {"case_id": [f"s{i}" for i in range(len(sold))], "customer_id": sold["customer_id"],
         "product_id": sold["product_id"], "opened_at": opened,
         "first_response_at": opened + pd.to_timedelta(days, unit="h"),
         "closed_at": opened + pd.to_timedelta(days, unit="D"), "cost_amount": 10.0,
         "reopened_count": (np.arange(len(sold)) % 4 == 0).astype(int)}
    )  # fmt: skip
    return {"transactions": lines, "service_cases": cases}


@pytest.fixture(scope="module")
def found():
    return service(Crm.from_frames(as_of="2024-06-30", **company()))


def test_the_product_that_fails_is_first_and_beyond_chance_and_the_others_are_not(found):
    frames = company()
    first = found.products.iloc[0]
    counted = (frames["service_cases"]["product_id"] == "p3").sum()
    assert (first["product_id"], first["cases"], first["lines_sold"]) == ("p3", counted, 240)
    others = (len(frames["service_cases"]) - counted) / (1_200 - 240)
    assert first["times"] == pytest.approx(counted / 240 / others)
    assert first["low"] < 6 < first["high"] and first["q_value"] < 0.001
    alike = service(Crm.from_frames(as_of="2024-06-30", **company(factor=1.0))).products
    assert (alike["q_value"] > 0.01).all()


def test_the_best_customers_are_served_fastest_where_they_are(found):
    table = found.by_value.set_index("value_third")
    assert table.loc[3, "resolution_days"] < table.loc[1, "resolution_days"]
    assert table.loc[3, "response_hours"] < table.loc[1, "response_hours"]
    assert (table["cost_each"] == 10).all() and table["cases"].sum() == found.cases
    assert ((table["low"] < table["reopened_pct"]) & (table["reopened_pct"] < table["high"])).all()


def test_cases_that_are_still_open_make_the_median_longer():
    frames = company()
    cases = frames["service_cases"]
    cases.loc[cases.index % 5 < 2, "closed_at"] = pd.NaT
    longer = service(Crm.from_frames(as_of="2024-06-30", **frames))
    closed = (cases["closed_at"] - cases["opened_at"]).dt.days.median()
    assert longer.open_cases == (cases.index % 5 < 2).sum()
    assert longer.by_value["resolution_days"].max() > closed


def test_what_is_closed_after_the_closing_moment_is_open_now():
    frames = company()
    crm = Crm.from_frames(as_of="2023-06-30", **frames)
    cases = frames["service_cases"]
    there = cases[cases["opened_at"] < "2023-07-01"]
    found = service(crm)
    assert found.cases == len(there)
    assert found.open_cases == (there["closed_at"] >= "2023-07-01").sum()


def test_cases_without_sales_and_no_cases_at_all():
    frames = company()
    alone = service(Crm.from_frames(as_of="2024-06-30", service_cases=frames["service_cases"],
                                    customers=frames["transactions"][["customer_id"]].drop_duplicates()))  # fmt: skip
    assert alone.products.empty and alone.by_value.empty and alone.cases > 50
    with pytest.raises(SchemaError, match="service_cases"):
        service(Crm.from_frames(as_of="2024-06-30", transactions=frames["transactions"]))
