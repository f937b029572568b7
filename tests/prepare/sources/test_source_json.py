"""JSON lines: objects become rows of text, other lines are rejected under their number."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.schema.errors import SourceError
from tests.prepare.reading import read


@pytest.fixture()
def export(tmp_path):
    def write(*lines, name="a.jsonl", encoding="utf-8"):
        text = "\n".join(
            line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines
        )
        data = text.encode(encoding)
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return tmp_path

    return write


def test_values_are_text_and_inner_objects_stay_json(export):
    row = {
        "id": "007",
        "n": 7,
        "price": 1.5,
        "paid": True,
        "none": None,
        "empty": "",
        "tags": ["a"],
        "x": {"y": 1},
    }
    rows, source, types = read(export(row), "a.jsonl", types=True)
    assert rows == [("a.jsonl", 1, "007", "7", "1.5", "true", None, "", '["a"]', '{"y":1}')]
    assert {types[name] for name in source.columns} == {"VARCHAR"}


def test_long_numbers_keep_their_digits(export):
    rows, _ = read(export('{"id": 12345678901234567890123, "n": 12345678901234567}'), "a.jsonl")
    assert rows[0][2:] == ("12345678901234567890123", "12345678901234567")


def test_keys_that_come_later_are_columns_too(export):
    rows, source = read(export({"b": 1}, {"a": 2, "b": 3}), "a.jsonl")
    assert source.columns == ("b", "a")
    assert [row[2:] for row in rows] == [("1", None), ("3", "2")]


def test_odd_keys_are_columns(export):
    row = {"a/b": 1, "c~d": 2, 'q"t': 3, "": 4, "dot.x": 5, "$.x": 6, "A": 7, "a": 8, "it's": 9, "中": 10}
    rows, source = read(export(row), "a.jsonl")
    assert source.columns == ("a/b", "c~d", 'q"t', "column4", "dot.x", "$.x", "A", "a_2", "it's", "中")
    assert rows[0][2:] == tuple(str(i) for i in range(1, 11))


def test_lines_that_are_no_objects_are_rejected_with_their_number(export):
    rows, source = read(
        export({"a": 1}, "not json", "", "[1]", "7", '{"a": 2', {"a": 3}, '{"a":\x1f4}'), "a.jsonl"
    )
    assert [row[1] for row in rows] == [1, 7]
    assert source.rejects.row.tolist() == [2, 4, 5, 6, 8]
    assert source.rejects.text.tolist()[:2] == ["not json", "[1]"]
    assert source.rows_read == 7


def test_packed_and_in_other_encodings(export):
    assert read(export({"a": "Müller"}, name="a.ndjson.gz"), "a.ndjson.gz")[0][0][2] == "Müller"
    assert read(export({"a": "Müller"}, encoding="latin-1"), "a.jsonl")[0][0][2] == "Müller"


def test_an_array_is_read_as_if_its_elements_stood_one_a_line(export):
    lines = ('[{"a": 1.10, "b": "x"},', ' {"b": "y"}, 7,', ' {"a": 12345678901234567890}]')
    rows, source = read(export(*lines), "a.jsonl")
    assert [row[1:] for row in rows] == [(1, "1.10", "x"), (2, None, "y"), (4, "12345678901234567890", None)]
    assert source.rejects.row.tolist() == [3]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "wrapped", [lambda rows: {"orders": rows}, lambda rows: {"n": 2, "data": {"items": rows}}]
)
def test_an_object_that_holds_one_list_is_read_as_its_list(export, wrapped, indent):
    rows = [{"a": 1.10, "b": [{"c": 1}]}, {"a": 2}]
    got, source = read(export(json.dumps(wrapped(rows), indent=indent)), "a.jsonl")
    assert [row[1:] for row in got] == [(1, "1.1", '[{"c":1}]'), (2, "2", None)]
    assert any("its rows are its list" in note for note in source.notes)


def test_lines_whose_objects_hold_lists_stay_lines(export):
    rows, _ = read(export({"a": 1, "b": [{"c": 1}]}, {"a": 2, "b": [{"c": 2}]}), "a.jsonl")
    assert [row[1:] for row in rows] == [(1, "1", '[{"c":1}]'), (2, "2", '[{"c":2}]')]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (['{"x": [{"a": 1}], "y": [{"a": 2}]}'], "holds several lists: x, y"),
        (['[{"a": 1}'], "is no JSON"),
        (["[1, 2]"], "no line holds a JSON object"),
        (["hello", "world"], "no line holds a JSON object"),
        (["{}"], "no line holds a JSON object with keys"),
        ([{f"k{i}": 1 for i in range(2001)}], "more than 2,000 keys"),
        ([""], "is empty"),
    ],
)
def test_what_is_no_json_lines_says_what_to_do(export, lines, why):
    with pytest.raises(SourceError, match=f"^a.jsonl.*{why}"):
        read(export(*lines), "a.jsonl")


VALUES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
OBJECTS = st.dictionaries(st.text(alphabet="abAB/~ \"'é.$", max_size=3), VALUES, max_size=4)


@given(lines=st.lists(OBJECTS.map(json.dumps) | st.text(alphabet='{}[]"a1,: ', max_size=8), max_size=10))
@settings(max_examples=30, deadline=None)
def test_every_line_is_read_or_rejected(tmp_path_factory, lines):
    folder = tmp_path_factory.getbasetemp() / "lines"
    folder.mkdir(exist_ok=True)
    (folder / "a.jsonl").write_bytes("\n".join(lines).encode())
    objects = {}
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            objects[number] = value
    try:
        rows, source = read(folder, "a.jsonl")
    except SourceError:
        assert (
            not any(objects.values())
            or lines[0].lstrip().startswith("[")
            or any("," in line for line in lines)
        )
        return
    got = {row[1]: dict(zip(source.columns, row[2:], strict=True)) for row in rows}
    assert set(objects) <= set(got)
    assert set(got) | set(source.rejects.row) == {i for i, line in enumerate(lines, start=1) if line}
    for number, value in objects.items():
        expected = {text(one) for one in value.values()} - {None}
        assert expected <= set(got[number].values())


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
