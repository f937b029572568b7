"""serving_costs: service, time and campaigns added up by hand."""

import pandas as pd

from crmlib import Crm
from crmlib.measure.purchases.worth import serving_costs

AS_OF = "2024-06-30"
TABLES = {
    "service_cases": pd.DataFrame(
        {
            "case_id": ["1", "2", "3", "4"],
            "customer_id": ["ann", "ann", "bob", "ann"],
            "opened_at": ["2024-01-05", "2022-01-05", "2024-02-01", "2024-07-05"],
            "cost_amount": [30.0, 12.0, None, 99.0],
        }
    ),
    "interactions": pd.DataFrame(
        {
            "interaction_id": ["1", "2"],
            "customer_id": ["ann", "bob"],
            "happened_at": ["2024-06-01", "2023-01-01"],
            "duration_minutes": [30.0, 90.0],
        }
    ),
    "campaigns": pd.DataFrame(
        {
            "campaign_id": ["spring", "old"],
            "started_on": ["2024-03-01", "2022-03-01"],
            "cost_amount": [90.0, 8.0],
        }
    ),
    "campaign_contacts": pd.DataFrame(
        {
            "campaign_id": ["spring", "spring", "spring", "spring", "old"],
            "customer_id": ["ann", "bob", "cem", "dan", "bob"],
            "contacted_on": ["2024-03-02", None, "2024-03-02", "2024-03-02", None],
            "is_control": [False, None, False, True, False],
        }
    ),
}


def test_hand_checked_tables():
    costs = serving_costs(Crm.from_frames(as_of=AS_OF, **TABLES), hourly_cost=40.0)
    expected = pd.DataFrame(
        {
            # 42 of service, half an hour, a third of spring (dan was held out) | an hour and a half, a third, old
            "serving_cost_total": [42.0 + 20.0 + 30.0, 60.0 + 30.0 + 8.0, 30.0],
            "serving_cost_365d": [30.0 + 20.0 + 30.0, 30.0, 30.0],
        },
        index=pd.Index(["ann", "bob", "cem"], name="customer_id"),
    )
    pd.testing.assert_frame_equal(costs, expected, check_index_type=False)
    assert costs.attrs["counted"] == ["service cases", "contacts", "campaigns"]


def test_time_counts_only_where_an_hour_has_a_cost():
    costs = serving_costs(Crm.from_frames(as_of=AS_OF, **TABLES))
    assert costs.loc["ann", "serving_cost_total"] == 72.0
    assert "hourly_cost" in costs.attrs["not_counted"]["contacts"]


def test_without_any_record_nobody_costs_anything_and_the_reason_is_said():
    costs = serving_costs(Crm.from_frames(as_of=AS_OF, products=pd.DataFrame({"product_id": ["a"]})))
    assert costs.empty and costs.attrs["counted"] == []
    assert costs.attrs["not_counted"]["service cases"].endswith("as [tables.service_cases].")
