"""What was bought within a time: against the same in pandas, and the traps of refunds."""

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.measure.indicators.steps import indicator_steps, source_steps
from crmlib.measure.offers.candidates import BOUGHT_SQL, products_bought
from crmlib.schema.errors import ParameterError, SchemaError
from tests.measure.indicators.test_indicator_steps import ALL_COLUMNS, to_spark
from tests.measure.purchases.test_purchase_days import ledger


def in_pandas(lines, after, until):
    lines = lines[(lines.ordered_at > after) & (lines.ordered_at <= until)]
    paid = lines[lines.net_amount > 0]
    keys = ["customer_id", "product_id"]
    table = pd.DataFrame(
        {
            "order_count": paid.groupby(keys).order_id.nunique(),
            "last_at": paid.groupby(keys).ordered_at.max(),
        }
    )
    return table.assign(net_amount=lines.groupby(keys).net_amount.sum()).reset_index()


@pytest.mark.parametrize(
    ("after", "until"), [("2024-01-01", "2024-07-30"), ("2024-02-11 03:00", "2024-03-20 05:00")]
)
def test_against_pandas(after, until):
    lines = ledger().drop_duplicates()
    crm = Crm.from_frames(as_of="2024-12-31", transactions=lines)
    after, until = pd.Timestamp(after), pd.Timestamp(until)
    found = products_bought(crm, after=after, until=until)
    wanted = in_pandas(lines, after, until)
    assert len(wanted) > 8
    pd.testing.assert_frame_equal(found[wanted.columns], wanted, check_dtype=False)


def test_what_came_back_has_no_amount_and_a_refund_alone_is_no_purchase():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "2", "3", "4", "5"],
            "customer_id": ["ann", "ann", "bob", "bob", None],
            "product_id": ["tea", "tea", "jam", "jam", "tea"],
            "net_amount": [5.0, -5.0, 4.0, 0.0, 9.0],
            "ordered_at": ["2024-02-01", "2024-02-03", "2024-01-05", "2024-02-09", "2024-02-09"],
        }
    )
    crm = Crm.from_frames(as_of="2024-02-29", transactions=lines)
    everything = products_bought(crm).set_index(["customer_id", "product_id"])
    assert everything.net_amount.to_dict() == {("ann", "tea"): 0.0, ("bob", "jam"): 4.0}
    assert everything.order_count.tolist() == [1, 1]
    later = products_bought(crm, after="2024-02-02", until="2024-02-28")
    assert later.empty and list(later) == [
        "customer_id",
        "product_id",
        "order_count",
        "net_amount",
        "last_at",
    ]


def test_orders_are_counted_once_however_many_lines_they_have():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "1", "2"],
            "line_no": ["1", "2", "1"],
            "customer_id": "ann",
            "product_id": "tea",
            "net_amount": [1.0, 2.0, 4.0],
            "ordered_at": ["2024-02-01", "2024-02-01", "2024-02-03"],
        }
    )
    found = products_bought(Crm.from_frames(as_of="2024-02-29", transactions=lines)).iloc[0]
    assert (found.order_count, found.net_amount) == (2, 7.0)
    assert found.last_at == pd.Timestamp("2024-02-03")


def test_what_cannot_be_asked_is_refused():
    lines = ledger()
    crm = Crm.from_frames(as_of="2024-06-30", transactions=lines)
    with pytest.raises(ParameterError, match="before it begins"):
        products_bought(crm, after="2024-05-01", until="2024-04-01")
    with pytest.raises(ParameterError, match="lies after as_of"):
        products_bought(crm, until="2025-01-01")
    nameless = Crm.from_frames(as_of="2024-06-30", transactions=lines.drop(columns="customer_id"))
    with pytest.raises(SchemaError, match="who bought"):
        products_bought(nameless)


@pytest.mark.parametrize("columns", [ALL_COLUMNS, {}], ids=["all columns", "no table"])
def test_it_translates_to_spark(columns):
    to_spark(indicator_steps(source_steps(columns)).sql(BOUGHT_SQL))


def test_types_are_plain():
    found = products_bought(Crm.from_frames(as_of="2024-06-30", transactions=ledger()))
    assert found.order_count.dtype == np.int64 and found.net_amount.dtype == np.float64
