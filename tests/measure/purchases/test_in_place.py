"""Order lines of an open workspace are asked where they are; another's connection is copied from, as before."""

import duckdb
import pandas as pd
import pytest

from crmlib.measure.purchases.history import rfm_table
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine, ask_in_place
from crmlib.schema.errors import SchemaError

AS_OF = "2024-03-31"
LEDGER = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ann", "bob", "cid", "cid"],
        "order_id": ["1", "2", "3", "4", "5", "6"],
        "product_id": ["tea", "tea", "tea", "jam", "tea", "tea"],
        "ordered_at": pd.to_datetime(
            [
                "2024-01-01 23:30",
                "2024-02-01 09:00",
                "2024-02-03 09:00",
                "2024-01-11 09:00",
                "2024-03-01 09:00",
                "2024-03-02 09:00",
            ]
        ),
        "net_amount": [20.0, 15.0, -15.0, 10.0, 5.0, -5.0],
    }
)


def test_asked_in_place_the_answer_is_that_of_the_copy_and_nothing_is_left_behind():
    crm = Crm.from_frames(as_of=AS_OF, time_zone="Europe/Berlin", transactions=LEDGER)
    before = crm.engine.rows("select view_name from duckdb_views() order by view_name")
    in_place = rfm_table(crm.table("transactions"), as_of=AS_OF, time_zone="Europe/Berlin")
    pd.testing.assert_frame_equal(
        in_place, rfm_table(crm.frame("transactions"), as_of=AS_OF, time_zone="Europe/Berlin")
    )
    assert in_place.index.tolist() == ["ann", "bob"]
    assert crm.engine.rows("select view_name from duckdb_views() order by view_name") == before
    assert len(crm.frame("transactions")) == len(LEDGER)


def test_an_earlier_moment_is_asked_in_place_too():
    crm = Crm.from_frames(as_of=AS_OF, transactions=LEDGER)
    then = crm.at("2024-02-02")
    found = rfm_table(then.table("transactions"), as_of=then.as_of)
    pd.testing.assert_frame_equal(found, rfm_table(LEDGER, as_of=then.as_of))
    assert found.loc["ann", "order_count"] == 2


def test_another_connection_with_habits_of_its_own_gives_the_same():
    other = duckdb.connect()
    other.execute("set TimeZone = 'America/New_York'")
    other.execute("set default_order = 'desc'")
    other.register("ledger", LEDGER)
    relation = other.sql("select * replace (ordered_at at time zone 'UTC' as ordered_at) from ledger")
    assert ask_in_place(relation, "from lines_at_hand", {}, name="lines_at_hand") is None
    pd.testing.assert_frame_equal(rfm_table(relation, as_of=AS_OF), rfm_table(LEDGER, as_of=AS_OF))


def test_values_are_quoted_and_what_cannot_be_read_is_said():
    with Engine() as engine:
        engine.register("ledger", LEDGER.assign(net_amount="a lot"))
        relation = engine.run("from ledger")
        told = ask_in_place(relation, "select $word as word from it limit 1", {"word": "'; drop"}, name="it")
        assert told["word"].item() == "'; drop"
        with pytest.raises(SchemaError, match="no finite amount"):
            rfm_table(relation, as_of=AS_OF)
