"""Every result column is declared once, and nothing that shows it says otherwise."""

import ast
import csv
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from crmlib.measure.columns import column_of, is_declared, label_of, unit_of
from crmlib.measure.indicators import INDICATORS
from crmlib.present.blocks import DataTable
from crmlib.schema.columns import COLUMNS, UNITS, Column, declared
from crmlib.schema.errors import SchemaError

ROOT = Path(__file__).resolve().parents[2]
TABLES = sorted((ROOT / "crmlib").rglob("*.py"))


def test_no_column_is_declared_twice():
    with (ROOT / "crmlib" / "schema" / "columns.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file) if row["label"]]
    assert len(names) > 400
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert not set(COLUMNS) & {one.name for one in INDICATORS}


def test_every_indicator_has_a_label():
    assert all(one.label for one in INDICATORS)
    for one in INDICATORS:
        column = column_of(one.name)
        assert (column.label, column.better, column.meaning) == (one.label, one.better, one.says)


def test_a_column_has_a_label_a_unit_and_its_decimals():
    for name in [*COLUMNS, *(one.name for one in INDICATORS)]:
        column = column_of(name)
        assert column.label == column.label.strip() and column.label and "_" not in column.label, name
        assert column.unit in UNITS and column.better in ("higher", "lower", None), name
        assert (column.digits is None) == (column.unit in ("text", "date", "flag")), name
        assert column.unit != "days" or column.digits <= 1, name
        assert name.endswith("_pct") <= (column.unit in ("share_pct", "points")), name


def test_a_unit_that_there_is_not_is_refused():
    with pytest.raises(SchemaError, match="furlongs"):
        Column("far", "Far", "furlongs")


def test_a_table_names_its_columns_and_no_more():
    calls = [
        (f"{path.name}:{call.lineno}", {word.arg for word in call.keywords})
        for path in TABLES
        if "DataTable(" in (text := path.read_text(encoding="utf-8"))
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "DataTable"
    ]
    assert calls
    assert [where for where, given in calls if given & {"labels", "units", "digits"}] == []


def test_pages_csv_and_workbooks_read_the_declaration():
    frame = pd.DataFrame({"revenue": [1234.5678, None], "age_days": [0.000694, 3.0], "lift": [1.23456, 2.0]})
    table = DataTable(frame, name="t", caption="A table", currency="EUR")
    assert table._headers() == [
        "Revenue (EUR)",
        "Last row before closing date (days)",
        "Times as often as by chance",
    ]
    head, first, second = table._csv(2).decode("utf-8-sig").splitlines()
    assert head.split(",") == table._headers()
    assert first.split(",") == ["1235", "0", "1.2"] and second.split(",") == ["", "3", "2.0"]
    assert "0.000694" not in table._html() and ">1,235<" in table._html()


def test_a_column_that_nobody_declared_is_called_by_its_name():
    assert not is_declared("own_figure_pct") and declared("own_figure_pct") is None
    assert (label_of("own_figure_pct"), unit_of("own_figure_pct")) == ("Own figure", "%")


def test_the_smallest_group_that_is_shown_has_one_home():
    homes = [
        path.relative_to(ROOT).as_posix()
        for path in TABLES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
        and ("GROUP" in target.id and target.id.startswith(("MIN", "LEAST", "SMALL")))
    ]
    assert homes == ["crmlib/schema/fields.py"]
