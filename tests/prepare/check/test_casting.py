"""Every way an export may write a value, and what is read from it."""

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pytest

from crmlib.prepare.check.casting import base_sql, cast_sql
from crmlib.prepare.engine import Engine
from crmlib.schema.fields import Field


def read(kind, value, *, sql_type="VARCHAR", allowed=(), **options):
    field = Field("x", kind, "X.", allowed=allowed)
    base = base_sql("v", sql_type)
    cast = cast_sql(field, "b", sql_type, **options)
    with Engine() as engine:
        ((result,),) = engine.rows(
            f"select {cast} from (select {base} as b from (select $1::{sql_type} as v))", [value]
        )
    return result


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1", 1), ("1.5", 1.5), (" 1,234.50 ", 1234.5), ("$3", 3), ("€ 1,000", 1000), ("-0.001", -0.001),
        ("1e3", 1000), ("007", 7), (".5", 0.5), ("2.", 2), ("12,5", None), ("abc", None), ("inf", None),
        ("1_000", None), ("", None), ("NULL", None), ("NaN", None), ("0", 0), ("10,30", None), ("--1", None),
    ],
)  # fmt: skip
def test_amounts_with_a_decimal_point(written, amount):
    expected = None if amount is None else Decimal(str(amount))
    assert read("money", written) == expected
    assert read("number", written) == amount


@pytest.mark.parametrize(
    ("written", "amount"), [("1.234,50", 1234.5), ("12,5", 12.5), ("1.234", 1234), ("3.5", None)]
)
def test_amounts_with_a_decimal_comma(written, amount):
    assert read("number", written, decimal=",") == amount


@pytest.mark.parametrize(
    ("written", "number"), [("3", 3), ("3.0", 3), ("3.7", None), ("9007199254740993.0", 9007199254740992)]
)
def test_whole_numbers_are_never_rounded(written, number):
    assert read("integer", written) == number


def test_large_native_integers_keep_their_digits():
    assert read("integer", 9007199254740993, sql_type="BIGINT") == 9007199254740993


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2020-01-02", datetime(2020, 1, 2)), ("2020-01-02T10:00:00", datetime(2020, 1, 2, 10)),
        ("2020-01-02T10:00:00+02:00", datetime(2020, 1, 2, 8)), ("2020-01-02 10:00Z", datetime(2020, 1, 2, 10)),
        ("20200102", datetime(2020, 1, 2)), ("5 Jan 2020", datetime(2020, 1, 5)), ("2020/03/04", datetime(2020, 3, 4)),
        ("03/04/2020", None), ("inf", None), ("0202-01-01", None), ("2020-02-30", None), ("abc", None),
    ],
)  # fmt: skip
def test_moments(written, moment):
    assert read("timestamp", written) == moment


def test_stated_formats_come_first_and_alone_decide():
    assert read("date", "03/04/2020", date_formats=("%d/%m/%Y",)) == date(2020, 4, 3)
    assert read("date", "03/04/2020", date_formats=("%m/%d/%Y",)) == date(2020, 3, 4)


def test_a_naive_time_is_taken_in_the_workspace_zone_and_kept_in_utc():
    new_york = {"time_zone": "America/New_York"}
    assert read("timestamp", "2020-07-01 12:00", **new_york) == datetime(2020, 7, 1, 16)
    assert read("timestamp", "2020-01-01 12:00", **new_york) == datetime(2020, 1, 1, 17)
    assert read("timestamp", "2020-01-01 12:00+00:00", **new_york) == datetime(2020, 1, 1, 12)
    assert read("timestamp", datetime(2020, 1, 1, 12), sql_type="TIMESTAMP", **new_york) == datetime(
        2020, 1, 1, 17
    )
    assert read("date", "2020-01-01 02:00+00:00", **new_york) == date(2019, 12, 31)


@pytest.mark.parametrize(
    ("written", "truth"),
    [("yes", True), ("N", False), ("1", True), ("0", False), ("maybe", None), ("", None)],
)
def test_yes_and_no(written, truth):
    assert read("boolean", written) is truth


def test_identifiers_keep_their_digits():
    assert read("id", "007") == "007"
    assert read("id", 17850.0, sql_type="DOUBLE") == "17850"
    assert read("id", 17850, sql_type="BIGINT") == "17850"
    assert read("id", "NA") == "NA"
    assert read("id", " \u3000A1\u00a0") == "A1"


def test_values_of_a_closed_list_are_read_in_lower_case():
    assert read("text", "Won", allowed=("won", "lost")) == "won"
    assert read("text", "Won") == "Won"


def test_zone_names_cannot_break_out_of_the_sql():
    with pytest.raises(Exception, match=r"(?i)time ?zone"):
        read("timestamp", "2020-01-01", time_zone="UTC', now()) --")
    assert pd.isna(read("number", "1); drop table x; --"))


def test_a_moment_of_nanoseconds_with_a_zone_is_a_moment():
    with Engine() as engine:
        base = "timezone('Asia/Tokyo', timestamp_ns '2020-01-02 03:04:05')"
        sql = cast_sql(Field("x", "timestamp", "X."), base, "TIMESTAMPTZ_NS", time_zone="Europe/Berlin")
        assert engine.rows(f"select typeof({base}), {sql}") == [
            ("TIMESTAMPTZ_NS", datetime(2020, 1, 1, 18, 4, 5))
        ]
