"""CSV as people export it: every record is read or counted as rejected, with its row."""

import csv
import gzip
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.prepare.sources import text as source_text
from crmlib.prepare.sources.text import sniff
from crmlib.schema.errors import SourceError
from tests.prepare.reading import read, values


@pytest.fixture()
def export(tmp_path):
    def write(data, name="a.csv"):
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return tmp_path

    return write


def rejected(source):
    return list(source.rejects[["row", "reason", "text"]].itertuples(index=False, name=None))


def test_everything_is_text_and_007_stays_007(export):
    rows, source, types = read(export("id,amount,day\n007,1.50,2020-01-02\n"), "a.csv", types=True)
    assert rows == [("a.csv", 2, "007", "1.50", "2020-01-02")]
    assert {types[name] for name in source.columns} == {"VARCHAR"}


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(export, sign):
    text = sign.join(["id", "name", "price"]) + "\n" + sign.join(["1", "a", "2.5"]) + "\n"
    assert values(export(text), "a.csv") == [("1", "a", "2.5")]


def test_decimal_commas_do_not_count_as_delimiters(export):
    assert values(export("id;price;tax\n1;2,50;0,48\n2;3,10;0,59\n"), "a.csv")[0] == ("1", "2,50", "0,48")


def test_a_stated_delimiter_wins(export):
    assert values(export("id,x|name,y\n1,2|3,4\n"), "a.csv", delimiter="|") == [("1,2", "3,4")]


def test_the_line_that_excel_puts_on_top_is_understood(export):
    rows, _ = read(export("sep=;\r\nid;name\r\n1;a,b\r\n"), "a.csv")
    assert rows == [("a.csv", 3, "1", "a,b")]


def test_quotes_hold_delimiters_line_ends_and_quotes(export):
    rows, _ = read(export('id,text,n\n1,"a,b\nc ""d""",2\n3,plain,4\n'), "a.csv")
    assert rows == [("a.csv", 2, "1", 'a,b\nc "d"', "2"), ("a.csv", 3, "3", "plain", "4")]


def test_quotes_escaped_by_a_backslash_are_found(export):
    text = "id,text\n" + "".join(f'{i},"a \\"b\\", c"\n' for i in range(5))
    assert values(export(text), "a.csv")[0] == ("0", 'a "b", c')


def test_empty_values_are_missing(export):
    assert values(export('a,b,c\n,"",x\n,,\n'), "a.csv") == [(None, None, "x"), (None, None, None)]


def test_lines_too_short_and_too_long_are_rejected_with_row_and_reason(export):
    rows, source = read(export("a,b,c\n1,2,3\n1,2\n1,2,3,4\n4,5,6\n"), "a.csv")
    assert rows == [("a.csv", 2, "1", "2", "3"), ("a.csv", 5, "4", "5", "6")]
    assert rejected(source) == [(3, "has too few columns", "1,2"), (4, "has too many columns", "1,2,3,4")]
    assert source.rows_read == 4


def test_a_stray_quote_is_rejected(export):
    rows, source = read(export('a,b\n"x"y,2\n3,4\n'), "a.csv")
    assert [row[1] for row in rows] == [3]
    assert rejected(source) == [(2, "has a quote that is not closed", '"x"y,2')]


def test_a_quote_inside_a_plain_value_is_just_a_sign(export):
    assert values(export('a,b\n5" disk,2\n3,4\n'), "a.csv") == [('5" disk', "2"), ("3", "4")]


def test_lines_behind_an_unclosed_quote_are_counted_one_by_one(export):
    rows, source = read(export('a,b\n0,0\n1,"2\n3,4\n5,6\n'), "a.csv")
    assert [row[1] for row in rows] == [2]
    behind = "stands behind a quote that is not closed"
    assert rejected(source) == [
        (3, "has a quote that is not closed", '1,"2'),
        (3, behind, "3,4"),
        (3, behind, "5,6"),
    ]


def test_a_quote_that_swallows_the_file_stops_the_run(export):
    text = "a,b\n0,0\n" + '1,"2\n' + "3,4\n" * 60_000
    with pytest.raises(SourceError, match=r"a\.csv: row 3 opens a quote that is not closed.*Mend that row"):
        read(export(text), "a.csv")


def test_a_line_of_many_megabytes_is_rejected_alone(export):
    rows, source = read(export("a,b\n1,2\n" + "x" * 9_000_000 + ",5\n7,8\n"), "a.csv")
    assert [row[1:] for row in rows] == [(2, "1", "2"), (4, "7", "8")]
    assert source.rejects.reason.tolist() == ["is longer than 8 MB"]
    assert len(source.rejects.text[0]) <= 500


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl"])
@pytest.mark.parametrize("megabytes", [17, 40])
def test_what_the_engine_drops_without_a_word_is_missed(export, name, megabytes):
    """Records beyond two buffers vanish: an endless line, or all that stands behind a stray quote."""
    long = "x" * (megabytes * 1_000_000)
    text = f'{{"a": 1}}\n{{"a": "{long}"}}\n' if name == "a.jsonl" else f"a,b\n1,2\n{long},5\n7,8\n"
    data = gzip.compress(text.encode(), 1) if name.endswith("gz") else text
    with pytest.raises(SourceError, match=rf"{name}: {megabytes} MB of it cannot be cut into records"):
        read(export(data, name), name)


def test_a_quote_that_swallows_many_megabytes_stops_the_run(export):
    text = "a,b\n0,0\n" + '1,"2\n' + "3,4\n" * 6_000_000 + '5,"6"\n' + "7,8\n" * 10
    with pytest.raises(SourceError, match=r"(cannot be cut into records|opens a quote)"):
        read(export(text), "a.csv")


def test_lines_of_some_megabytes_are_read_wherever_they_stand(export):
    long = "x" * 3_000_000
    text = "a,b\n" + "".join(f"{long},{i}\n{i},short\n" for i in range(8))
    rows, source = read(export(text), "a.csv")
    assert [len(row[2]) for row in rows] == [3_000_000, 1] * 8
    assert source.rejects.empty


def test_lines_with_damaged_utf_8_are_rejected(export):
    good = "é,é\n" * 5
    rows, source = read(export(b"a,b\n" + good.encode() + b"\xe9,5\n7,8\n"), "a.csv")
    assert [row[1] for row in rows] == [2, 3, 4, 5, 6, 8]
    assert (source.rejects.row.tolist(), source.rejects.reason.tolist()) == (
        [7],
        ["has bytes that are no UTF-8, or a zero byte"],
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_empty_lines_are_no_records_but_count_as_rows(export, end):
    text = end.join(["", "a,b", "", "1,2", "", "", "1", "3,4", '5,"x', 'y"', "", "6,7", ""])
    rows, source = read(export(text), "a.csv")
    assert [(row[1], row[2]) for row in rows] == [(4, "1"), (8, "3"), (9, "5"), (11, "6")]
    assert [row[0] for row in rejected(source)] == [7]


def test_old_macintosh_and_mixed_line_ends(export):
    assert values(export("a,b\r1,2\r3,4\r"), "a.csv") == [("1", "2"), ("3", "4")]
    rows, source = read(export("a,b\r\n1,2\n3\r\n4,5\r6,7\n"), "a.csv")
    assert ([row[1] for row in rows], rejected(source)) == ([2, 4, 5], [(3, "has too few columns", "3")])


def test_a_single_column_leaves_out_its_empty_lines(export):
    rows, source = read(export("id\n1\n\n2\n\n"), "a.csv")
    assert [row[1:] for row in rows] == [(2, "1"), (4, "2")]
    assert source.rows_read == 2


def test_odd_column_names_are_kept_apart(export):
    text = 'id,ID, name ,,"a ""b""",_row,_file\n1,2,3,4,5,6,7\n'
    rows, source = read(export(text), "a.csv")
    assert source.columns == ("id", "ID_2", "name", "column4", 'a "b"', "_row_2", "_file_2")
    assert rows == [("a.csv", 2, "1", "2", "3", "4", "5", "6", "7")]
    assert "a.csv: ID is called ID_2." in source.notes


def test_a_byte_order_mark_is_no_part_of_the_first_name(export):
    for name, data in (
        ("a.csv", b"\xef\xbb\xbfid,x\n1,2\n"),
        ("b.csv.gz", gzip.compress(b"\xef\xbb\xbfid,x\n1,2\n", mtime=0)),
    ):
        rows, source = read(export(data, name), name)
        assert (source.columns, rows[0][2:]) == (("id", "x"), ("1", "2"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_names_come_through_every_encoding(export, encoding):
    text = "客户,城市\n张三,北京市\n李四,上海市\n王五,广州\n"
    folder = export(text.encode(encoding))
    assert values(folder, "a.csv") == [("张三", "北京市"), ("李四", "上海市"), ("王五", "广州")]
    assert values(folder, "a.csv", encoding=encoding)[0] == ("张三", "北京市")


def test_packed_files_are_read_whatever_they_are_called(export):
    data = gzip.compress("id,name\n1,Müller\n".encode("latin-1"))
    assert values(export(data, "a.csv.gz"), "a.csv.gz") == [("1", "Müller")]
    assert values(export(data, "b.csv"), "b.csv") == [("1", "Müller")]


def test_a_header_without_rows_is_an_empty_table(export):
    for text in ("id,name", "id,name\n", "id,name\r\n\r\n"):
        rows, source = read(export(text), "a.csv")
        assert (rows, source.columns, source.rows_read) == ([], ("id", "name"), 0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b",,\n1,2,3\n", "no header line"),
        (b"sep=;\n", "no header line"),
        (b"a,b,c\n1;2;3\n4;5;6\n7;8;9\n", "no record fits the header of 3 columns"),
        (bytes(range(256)) * 50, "is no text"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(export, data, why):
    with pytest.raises(SourceError, match=rf"^a\.csv.*{why}"):
        read(export(data), "a.csv")


def test_sniffing_prefers_the_sign_that_cuts_all_records_alike():
    text = "a,b;c\n1,2;3\n4;5\n6;7\n"
    assert sniff(text, shown="a").delimiter == ";"


CELLS = st.text(alphabet='ab,;"\n é0', max_size=6)


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=12),
    sign=st.sampled_from(",;\t|"),
)
@settings(max_examples=30, deadline=None)
def test_what_python_writes_is_what_is_read(tmp_path_factory, rows, sign):
    folder = tmp_path_factory.getbasetemp() / "written"
    folder.mkdir(exist_ok=True)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["id", "name", "text"], *rows])
    (folder / "a.csv").write_bytes(out.getvalue().encode())
    read_back, source = read(folder, "a.csv", delimiter=sign)
    assert [row[2:] for row in read_back] == [tuple(cell or None for cell in row) for row in rows]
    assert [row[1] for row in read_back] == list(range(2, len(rows) + 2))
    assert source.rejects.empty


LINES = st.lists(
    st.sampled_from(["1,2,3", "4,5", "6", "7,8,9,10", "", '"x"y,1,2', '"a","b","d"', '1,"q\nr",2', ",,"]),
    max_size=15,
)


@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=40, deadline=None)
def test_every_record_is_read_or_rejected_under_its_own_number(tmp_path_factory, lines, end):
    folder = tmp_path_factory.getbasetemp() / "garbage"
    folder.mkdir(exist_ok=True)
    (folder / "a.csv").write_bytes(end.join(["a,b,c", *lines, ""]).encode())
    good = {
        i: line
        for i, line in enumerate(lines, start=2)
        if line in ("1,2,3", '"a","b","d"', ",,", '1,"q\nr",2')
    }
    bad = {i for i, line in enumerate(lines, start=2) if line and i not in good}
    if bad and not good:
        with pytest.raises(SourceError, match="no record fits"):
            read(folder, "a.csv")
        return
    rows, source = read(folder, "a.csv")
    assert [row[1] for row in rows] == list(good)
    assert set(source.rejects.row) == bad
    assert source.rows_read == len([line for line in lines if line])


def test_numbers_hold_over_many_blocks_and_threads(export):
    count = 300_000
    lines = [f"{i},v{i},w" if i % 1000 else f"{i},bad" for i in range(count)]
    lines[150_000:150_000] = ["", ""]
    rows, source = read(export("\n".join(["a,b,c", *lines]) + "\n"), "a.csv")
    numbers = {int(row[2]): row[1] for row in rows}
    assert len(rows) == count - count // 1000
    assert all(number == i + 2 + (2 if i >= 150_000 else 0) for i, number in numbers.items())
    assert source.rejects.row.tolist() == [i + 2 + (2 if i >= 150_000 else 0) for i in range(0, count, 1000)]


def test_the_limit_of_lost_lines_is_a_limit(export, monkeypatch):
    text = 'a,b\n0,0\n1,"2\n' + "3,4\n" * 20
    assert len(read(export(text), "a.csv")[1].rejects) == 21
    monkeypatch.setattr(source_text, "MAX_LOST_LINES", 10)
    with pytest.raises(SourceError, match="row 3 opens a quote"):
        read(export(text), "a.csv")
