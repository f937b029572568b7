"""Every way an export may write a value, and what is read from it."""

from datetime import date, datetime
from decimal import Decimal
from functools import cache

import pandas as pd
import pytest

from crmlib.prepare.check.casting import base_sql, cast_sql
from crmlib.prepare.engine import Engine
from crmlib.schema.fields import Field


@cache
def engine():
    return Engine()


def read(kind, value, *, sql_type="VARCHAR", allowed=(), **options):
    field = Field("x", kind, "X.", allowed=allowed)
    base = base_sql("v", sql_type)
    cast = cast_sql(field, "b", sql_type, **options)
    if sql_type == "VARCHAR" and value in texts():
        return read_texts(base, cast)[value]
    query = f"select {cast} from (select {base} as b from (select $1::{sql_type} as v))"
    ((result,),) = engine().rows(query, [value])
    return result


@cache
def texts():
    """Every text of the lists below: all are read as one column, since planning costs far more than reading."""
    marks = [mark for test in globals().values() for mark in getattr(test, "pytestmark", ())]
    cases = [case for mark in marks if mark.name == "parametrize" for case in mark.args[1]]
    return dict.fromkeys(case[0] if isinstance(case, tuple) else case for case in cases)


@cache
def read_texts(base, cast):
    """Text -> what is read from it."""
    query = f"select v, {cast} from (select v, {base} as b from (select unnest($1::varchar[]) as v))"
    return dict(engine().rows(query, [list(texts())]))


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
    ("written", "number"), [("3", 3), ("3.0", 3), ("3.7", None), ("9007199254740993.0", None)]
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


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1\u202f234,56", 1234.56), ("2\u00a0500,00", 2500), ("1 234,56", 1234.56), ("1\u2009234\u2009567", 1234567),
        ("1'234,50", 1234.5), ("1\u2019234,50", 1234.5), ("12,50 €", 12.5), ("€12,50", 12.5), ("EUR 12,50", 12.5),
        ("12,50 CHF", 12.5), ("12,50 kr", 12.5), ("12,50 zł", 12.5), ("R$ 12,50", 12.5), ("US$12,50", 12.5),
        ("(1.234,50)", -1234.5), ("(€ 5)", -5), ("€ (5)", -5), ("5,00-", -5), ("5,00- EUR", -5), ("5,00 EUR-", -5),
        ("\u22125,00", -5), ("-€ 5", -5), ("€ -5", -5), ("+5", 5), ("１２，５０", 12.5), ("￥１２", 12),
        ("1 2", None), ("12 34", None), ("1'2", None), ("(-5)", None), ("--5", None), ("5-5", None), ("(5", None),
        ("1\n2", None), ("1\r\n234", None), ("5 ABC", None), ("QTY 5", None), ("5 %", None), ("1.234 567", None),
        ("€", None), ("()", None), ("EUR", None), ("#", None), ("5#", None),
    ],
)  # fmt: skip
def test_amounts_as_accountants_and_countries_write_them(written, amount):
    assert read("number", written, decimal=",") == amount
    expected = None if amount is None else Decimal(str(amount))
    assert read("money", written, decimal=",") == expected


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("(1,234.50)", -1234.5), ("1'234.50", 1234.5), ("1 234.50", 1234.5), ("12,34,567.5", 1234567.5),
        ("$1,234-", -1234), ("USD (1.5)", -1.5), ("1.5e3", 1500), ("1,2,3", None), ("1e309", None), ("-1e400", None),
        ("9" * 40, None), ("Infinity", None), ("-inf", None), ("1e-400", 0), ("\u221e", None),
    ],
)  # fmt: skip
def test_numbers_that_are_none_or_too_large_are_not_read(written, amount):
    assert read("number", written) == amount


def test_percent_is_read_where_a_share_is_meant_and_nowhere_else():
    assert read("share", "25 %") == 0.25
    assert read("share", "0.25") == 0.25
    assert read("number", "25%") is None


def test_a_native_infinity_is_no_number():
    assert read("number", float("inf"), sql_type="DOUBLE") is None
    assert read("number", 1e300, sql_type="DOUBLE") is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024-01-05 10:11:12 UTC", datetime(2024, 1, 5, 10, 11, 12)),
        ("2024-01-05 10:11:12 CET", datetime(2024, 1, 5, 9, 11, 12)),
        ("2024-07-05 10:11:12 EST", datetime(2024, 7, 5, 15, 11, 12)),
        ("2024-01-05 10:11 gmt", datetime(2024, 1, 5, 10, 11)),
        ("2024-01-05 10:11:12 PM", datetime(2024, 1, 5, 21, 11, 12)),
        ("2024-01-05 12:00:00 AM", datetime(2024, 1, 4, 23)),
        ("2024-01-05 12:30 p.m.", datetime(2024, 1, 5, 11, 30)),
        ("2024-01-05 1:30pm", datetime(2024, 1, 5, 12, 30)),
        ("2024-01-05 01:30 PM EST", datetime(2024, 1, 5, 18, 30)),
        ("2024-01-05 00:30:00 UTC", datetime(2024, 1, 5, 0, 30)),
        ("2024-01-05 10:11:12 -0400", datetime(2024, 1, 5, 14, 11, 12)),
        ("2024-01-05 10:11:12 +01:00", datetime(2024, 1, 5, 9, 11, 12)),
        ("2024-01-05 10:11:12 +05:30", datetime(2024, 1, 5, 4, 41, 12)),
        ("2024-01-05 10:11:12+0530", datetime(2024, 1, 5, 4, 41, 12)),
        ("2024-01-05T10:11:12.250-03", datetime(2024, 1, 5, 13, 11, 12, 250000)),
        ("2024-01-05 10:11:12 UTC+2", datetime(2024, 1, 5, 8, 11, 12)),
        ("2024-01-05 10:11:12 +0100 (CET)", datetime(2024, 1, 5, 9, 11, 12)),
        ("20240105T101112Z", datetime(2024, 1, 5, 10, 11, 12)),
        ("2024-01-05 10:11:12", datetime(2024, 1, 5, 9, 11, 12)),
        ("2024-01-05", datetime(2024, 1, 4, 23)),
        ("2024-01-05 22:11:12 PM", None),
        ("2024-01-05 10:11:12 CST", None),
        ("2024-01-05 10:11:12 IST", None),
        ("2024-01-05 10:11:12 Europe/Berlin", None),
        ("2024-01-05 10:11:12 soon", None),
        ("2024-01-05 10:11:12 +99:00", None),
        ("2024-01-05 10:11:12 +02:75", None),
        ("2024-01-05 25:11:12 UTC", None),
        ("2024-02-30 10:00 UTC", None),
    ],
)
def test_a_word_or_an_offset_behind_the_time_is_honoured_or_nothing_is_read(written, moment):
    assert read("timestamp", written, time_zone="Europe/Berlin") == moment


@pytest.mark.parametrize(
    ("written", "form", "moment"),
    [
        ("05.01.2024 10:11 +0200", "%d.%m.%Y %H:%M %z", datetime(2024, 1, 5, 8, 11)),
        ("05.01.2024 10:11+02:00", "%d.%m.%Y %H:%M%z", datetime(2024, 1, 5, 8, 11)),
        ("05.01.2024 10:11 UTC", "%d.%m.%Y %H:%M", datetime(2024, 1, 5, 10, 11)),
        ("05.01.2024 10:11", "%d.%m.%Y %H:%M %z", datetime(2024, 1, 5, 9, 11)),
        ("01/05/2024 10:11 PM", "%m/%d/%Y %I:%M %p", datetime(2024, 1, 5, 21, 11)),
        ("01/05/2024 10:11:00 p.m. UTC", "%m/%d/%Y %I:%M:%S %p", datetime(2024, 1, 5, 22, 11)),
        ("01/05/2024 10:11 PM", "%m/%d/%Y %H:%M", None),
        ("Fri Jan 05 10:11:12 +0000 2024", "%a %b %d %H:%M:%S %z %Y", datetime(2024, 1, 5, 10, 11, 12)),
        ("2024-01-05 10:11:12+0200", "%Y-%m-%d %H:%M:%S%z", datetime(2024, 1, 5, 8, 11, 12)),
        ("20240105T101112Z", "%Y%m%dT%H%M%S%z", datetime(2024, 1, 5, 10, 11, 12)),
    ],
)  # fmt: skip
def test_stated_formats_with_a_zone_give_a_plain_moment(written, form, moment):
    assert read("timestamp", written, time_zone="Europe/Berlin", date_formats=(form,)) == moment


def test_the_day_of_a_zoned_time_is_that_of_the_workspace():
    berlin = {"time_zone": "Europe/Berlin"}
    assert read("date", "2024-01-05 23:30:00 UTC", **berlin) == date(2024, 1, 6)
    assert read("date", "2024-01-05 12:00:00 AM", **berlin) == date(2024, 1, 5)


@pytest.mark.parametrize(
    ("written", "identifier"),
    [
        ("\u200bK1", "K1"),
        ("K1\u200b", "K1"),
        ("\ufeffK1", "K1"),
        ("K\u00ad1", "K1"),
        ("Ｋ１", "K1"),
        ("Ke\u0301", "Ké"),
        ("Ké", "Ké"),
        ("k1", "k1"),
        ("\u200b", None),
        ("客户１", "客户1"),
        ("K1\u202f", "K1"),
        ("Łódź", "Łódź"),
    ],
)
def test_identifiers_lose_what_nobody_sees(written, identifier):
    assert read("id", written) == identifier


def test_a_moment_of_nanoseconds_with_a_zone_is_a_moment():
    with Engine() as engine:
        base = "timezone('Asia/Tokyo', timestamp_ns '2020-01-02 03:04:05')"
        sql = cast_sql(Field("x", "timestamp", "X."), base, "TIMESTAMPTZ_NS", time_zone="Europe/Berlin")
        assert engine.rows(f"select typeof({base}), {sql}") == [
            ("TIMESTAMPTZ_NS", datetime(2020, 1, 1, 18, 4, 5))
        ]


@pytest.mark.parametrize(
    ("written", "decimal", "amount"),
    [("5,-", ",", 5), ("CHF 5.--", ".", 5), ("1.234,\u2013 €", ",", 1234), ("-5,-", ",", -5), ("5.00-", ".", -5),
     ("5-", ".", -5), ("\u20145", ".", -5), ("5.-3", ".", None), ("`12.50", ".", 12.5), ('="12.5"', ".", 12.5)],
)  # fmt: skip
def test_a_dash_for_no_cents_is_no_debt_and_a_spreadsheets_marks_go(written, decimal, amount):
    assert read("money", written, decimal=decimal) == (None if amount is None else Decimal(str(amount)))


@pytest.mark.parametrize("written", ["1e15", "9007199254740993", "99999999999999999999"])
def test_a_whole_number_that_cannot_be_exact_is_not_read(written):
    assert read("integer", written) is None


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2024年1月5日", (0, 0)), ("2024年01月05日 下午3时30分", (15, 30)), ("2024-01-05 午後3:30", (15, 30)),
        ("2024年 1月 5日 오후 3:30", (15, 30)), ("2024-01-05 10:11 上午", (10, 11)),
        ("2024/01/05（金） 10:11", (10, 11)),
        ("２０２４－０１－０５ １０：１１", (10, 11)), ("2024\u201101\u201105", (0, 0)),
        ("\u200e2024-01-05\u00a010:11", (10, 11)),
        ("2024-01-05 10:11 p. m.", (22, 11)), ("`2024-01-05 10:11:00", (10, 11)), ("January 5, 2024", (0, 0)),
        ("Fri, 05 Jan 2024 10:11:00 GMT", (10, 11)), ("20240105101100", (10, 11)), ("令和6年1月5日", None),
        ("2024-01-05 25:11 下午", None), ("2024-Q1", None), ("45296", None), ("113/01/05", None), ("2024-W01", None),
    ],
)  # fmt: skip
def test_east_asian_and_other_ways_to_write_a_moment(written, moment):
    assert read("timestamp", written) == (moment and datetime(2024, 1, 5, *moment))


@pytest.mark.parametrize(
    ("written", "form", "day"),
    [("2024-01-05", "%d.%m.%Y", (1, 5)),
     ("2024-01-05T10:11:12", "%d.%m.%Y", (1, 5)), ("2024-05-01", "%Y-%d-%m", (1, 5)),
     ("2024-05-01 10:11 UTC", "%Y-%d-%m %H:%M", (1, 5)), ("2024年01月05日", "%Y年%m月%d日", (1, 5))],
)  # fmt: skip
def test_iso_8601_is_read_beside_a_stated_format_and_never_against_it(written, form, day):
    assert read("date", written, date_formats=(form,)) == date(2024, *day)


@pytest.mark.parametrize(
    ("written", "identifier"),
    [("'007", "007"), ("`007", "007"), ('="007"', "007"), ("K\n1", "K1"), ("K\t1", "K1"), ("K\u20101", "K-1"),
     ("K\u20131", "K-1"), ("K'1", "K'1"), ("=A1", "=A1")],
)  # fmt: skip
def test_what_a_spreadsheet_or_a_typesetter_put_into_an_identifier(written, identifier):
    assert read("id", written) == identifier


def test_text_keeps_an_apostrophe_in_front_and_an_inexact_number_looks_so():
    assert read("text", "'s-Hertogenbosch") == "'s-Hertogenbosch"
    assert read("id", 1.2345678901234568e17, sql_type="DOUBLE") == "1.2345678901234568e+17"
    assert read("money", True, sql_type="BOOLEAN") is None


@pytest.mark.parametrize("word", ["ja", "Oui", "sí", "是", "はい", "WAHR", "1.0", "✓"])
def test_yes_in_other_languages(word):
    assert read("boolean", word) is True


@pytest.mark.parametrize("word", ["nein", "Non", "não", "否", "いいえ", "FALSCH", "0.0"])
def test_no_in_other_languages(word):
    assert read("boolean", word) is False
