"""Contacts before the close: counted by hand, and the query travels to Spark."""

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.deals.contacts import touches_before_close, touches_sql
from tests.measure.indicators.test_indicator_steps import to_spark


@pytest.mark.parametrize("columns", [("planned_for", "happened_at"), ("happened_at",)])
@pytest.mark.parametrize("dates", [("closed_at",), ()])
def test_the_query_translates_to_spark(columns, dates):
    tree = to_spark(touches_sql(columns, dates))
    assert [column.alias_or_name for column in tree.selects] == ["opportunity_id", "touch_count"]


def test_plans_and_contacts_after_the_close_do_not_count():
    deals = pd.DataFrame({"opportunity_id": list("abc"), "stage": "x", "outcome": ["won", "open", "lost"],
                          "created_at": "2024-01-01", "closed_at": ["2024-01-10", None, "2024-01-05"]})  # fmt: skip
    rows = [
        ("a", "2024-01-02", None), ("a", "2024-01-10", None), ("a", "2024-01-11", None), ("b", "2024-01-20", None),
        ("b", "2024-01-21", "2024-02-09"), (None, "2024-01-03", None),
    ]  # fmt: skip
    calls = pd.DataFrame(rows, columns=["opportunity_id", "happened_at", "planned_for"])
    calls = calls.assign(interaction_id=list("123456"), customer_id="ann")
    crm = Crm.from_frames(as_of="2024-01-31", opportunities=deals, interactions=calls)
    assert touches_before_close(crm).to_dict() == {"a": 2.0, "b": 1.0, "c": 0.0}
    assert touches_before_close(Crm.from_frames(as_of="2024-01-31", opportunities=deals)).isna().all()
