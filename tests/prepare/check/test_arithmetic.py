import pytest

from crmlib.prepare.check.casting import numbers_in


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ('"a" * "b"', ("a", "b")),
        ('COALESCE("a", 0) - "b"', ("a", "b")),
        ('-"a"', ("a",)),
        ('CASE WHEN "a" = \'x\' THEN "b" * 2 END', ("b",)),
        ('CASE WHEN "a" > 5 THEN "b" END', ("a",)),
        ("\"a\" > '5'", ()),
        ('"a" BETWEEN 1 AND 2', ("a",)),
        ('"a" IN (1, 2)', ("a",)),
        ('UPPER("a")', ()),
        ('CAST("a" AS INT) + 1', ()),
        ('"a"', ()),
        ('"other" * 2', ()),
    ],
)
def test_numbers_are_read_where_numbers_are_meant(sql, columns):
    written, used = numbers_in(sql, text_columns=["a", "b"])
    assert used == columns
    for column in columns:
        assert f'"number of {column}"' in written
