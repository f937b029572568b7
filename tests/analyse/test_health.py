"""Data health: what is told of the data, and what is not."""

import pandas as pd

from crmlib import Crm
from crmlib.analyse.health import COLUMNS_THAT_ADD, data_health
from crmlib.present.reports.health.say import health_answer
from crmlib.present.reports.health.show import BRINGS, missing_table
from crmlib.schema.tables import TABLES, table_spec

PEOPLE = pd.DataFrame(
    {
        "customer_id": ["1", "2", "3", "4"],
        "email": ["canary@example.org", None, None, None],
        "gender": ["f", "m", "x", None],
        "region": ["north", "north", "south", None],
    }
)


def health(**frames):
    return data_health(Crm.from_frames(as_of="2024-03-31", **frames))


def test_completeness_is_counted_and_personal_columns_tell_nothing_else():
    table = health(customers=PEOPLE).completeness.set_index("column")
    assert table["filled_pct"].to_dict() == {
        "customer_id": 100.0,
        "email": 25.0,
        "gender": 75.0,
        "region": 75.0,
    }
    assert table.loc["region", "distinct"] == 2
    assert table.loc[["email", "gender"], "distinct"].isna().all()
    assert "canary" not in table.to_csv()


def test_rows_add_up_and_the_last_row_is_dated():
    lines = pd.DataFrame(
        {
            "order_id": ["1", None],
            "product_id": "a",
            "net_amount": 5.0,
            "ordered_at": ["2024-03-01", "2024-03-02"],
        }
    )
    row = health(transactions=lines).tables.iloc[0]
    assert (row["rows_read"], row["rows_accepted"], row["rows_set_aside"]) == (2, 1, 1)
    assert (
        row["set_aside_pct"] == 50.0
        and row["last_at"] == pd.Timestamp("2024-03-01")
        and row["age_days"] == 30
    )


def test_findings_begin_with_what_was_set_aside():
    lines = pd.DataFrame(
        {
            "order_id": ["1", None, "3"],
            "product_id": "a",
            "quantity": [0, 1, 0],
            "net_amount": 5.0,
            "ordered_at": "2024-03-01",
        }
    )
    assert health(transactions=lines).findings["policy"].tolist()[0] == "set_aside"


def test_what_is_missing_is_named_with_what_it_would_bring():
    missing = missing_table(health(customers=PEOPLE)).frame
    tables = [what for what in missing["what"] if "." not in what]
    assert set(tables) == set(TABLES) - {"customers"}
    assert missing["brings"].str.endswith(".").all()


def test_the_words_cover_the_vocabulary():
    assert set(BRINGS.members) == {*TABLES, *COLUMNS_THAT_ADD}
    for column in COLUMNS_THAT_ADD:
        table, _, name = column.partition(".")
        assert name in table_spec(table).names


def test_an_empty_table_does_no_harm():
    table = health(customers=PEOPLE.head(0)).completeness
    assert table["filled_pct"].isna().all()


def test_when_all_rows_lie_after_the_closing_moment_nothing_is_known_and_the_page_says_so():
    lines = {"order_id": ["1"], "customer_id": ["a"], "product_id": ["x"], "ordered_at": ["2025-01-05"]}
    found = health(transactions=pd.DataFrame(lines | {"net_amount": ["1"]}))
    assert found.completeness["filled_pct"].dtype == "float64"
    assert found.completeness["filled_pct"].isna().all()
    assert health_answer(found)
