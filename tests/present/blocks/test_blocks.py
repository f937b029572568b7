"""Blocks: escaped everywhere, readable three ways, honest about what is missing."""

import json
import re
from base64 import b64decode
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from crmlib.present.blocks import (
    BLOCK_MIME,
    Answer,
    DataTable,
    Findings,
    KeyFigure,
    KeyFigures,
    Limits,
    Picture,
    Prose,
    Skipped,
    safe_cell,
    to_csv_bytes,
)
from crmlib.present.blocks import tables as blocks_tables
from crmlib.schema.errors import ParameterError
from tests.present.pages_demo import bars, cloud

CANARIES = [
    "<script>alert(1)</script>",
    '" onerror="alert(1)',
    "' onmouseover='alert(1)",
    "</style><img src=x onerror=alert(1)>",
    "--><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}",
    '=HYPERLINK("http://evil.example")',
]


class Tags(HTMLParser):
    """Every tag with its attributes, as a browser would see them."""

    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.words = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)


def everywhere(text):
    """Every block with the same text in all its places."""
    ax = Figure(figsize=(2, 2)).subplots()
    ax.crmlib_alt = text
    frame = pd.DataFrame({text: [text, None], "n": [1, 2]}, index=pd.Index(["a", text], name=text + "."))
    figure = KeyFigure(label=text, value=text, unit=text, note=text)
    return [
        Answer(text),
        Prose(text),
        Findings(text),
        Limits(text),
        Skipped(text, table=text),
        KeyFigures(figure, figure),
        DataTable(frame, name=text, caption=text, labels={text: text}, units={"n": text}),
        Picture(ax, caption=text),
    ]


def bundle(block):
    return block._repr_mimebundle_()


@pytest.mark.parametrize("canary", CANARIES)
def test_text_from_outside_never_becomes_a_tag_or_an_attribute(canary):
    harmless = [Tags(bundle(block)["text/html"]).seen for block in everywhere("plain")]
    for block, plain in zip(everywhere(canary), harmless, strict=True):
        tags = Tags(bundle(block)["text/html"])
        assert [tag for tag, _ in tags.seen] == [tag for tag, _ in plain]
        assert [sorted(attrs) for _, attrs in tags.seen] == [sorted(attrs) for _, attrs in plain]
        assert not any(name.startswith("on") or name == "style" for _, attrs in tags.seen for name in attrs)


@pytest.mark.parametrize("canary", CANARIES)
def test_text_from_outside_is_still_shown_as_it_is(canary):
    for block in everywhere(canary):
        tags = Tags(bundle(block)["text/html"])
        said = " ".join(tags.words) + " ".join(
            str(value) for _, attrs in tags.seen for value in attrs.values()
        )
        assert canary in said


def test_every_block_speaks_three_languages_and_its_record_is_json():
    for block in everywhere("milk"):
        shown = bundle(block)
        assert set(shown) == {"text/html", "text/plain", BLOCK_MIME}
        assert shown[BLOCK_MIME]["kind"] == block.kind
        assert json.loads(json.dumps(shown[BLOCK_MIME], allow_nan=False)) == shown[BLOCK_MIME]


def test_include_and_exclude_are_honoured():
    block = Answer("Yes.")
    assert set(block._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "text/html" not in block._repr_mimebundle_(exclude={"text/html"})


def test_blocks_take_the_lists_that_claims_return_and_leave_out_the_empty():
    assert Answer(["One.", "Two."], "")._record()["sentences"] == ["One.", "Two."]


def test_blocks_cannot_be_changed():
    with pytest.raises(AttributeError):
        Answer("Yes.").sentences = ()


# Key figures


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (2469, "", "2,469"),
        (0, "orders", "0 orders"),
        (1, "orders", "1 order"),
        (np.int64(1_469_307), "", "1.47 million"),
        (999_999, "", "1 million"),
        (12_345, "", "12,300"),
        (999_999.6, "", "1 million"),
        (8_911_407.9, "GBP", "GBP 8.91 million"),
        (Decimal("12.3456"), "EUR", "EUR 12.3"),
        (0.5, "%", "0.5 %"),
        (-3.25, "%", "−3.25 %"),
        (float("inf"), "", "∞"),
        (date(2017, 12, 31), "", "31 December 2017"),
        (pd.Timestamp("2017-12-01 09:30"), "", "1 December 2017"),
        (None, "days", "not known"),
        (float("nan"), "days", "not known"),
        (pd.NaT, "days", "not known"),
        (pd.NA, "days", "not known"),
    ],
)
def test_key_figures_are_shown_with_units_and_three_digits(value, unit, shown):
    assert KeyFigure(label="x", value=value, unit=unit).shown.replace("\xa0", " ") == shown


@given(st.none() | st.floats() | st.integers(-(10**12), 10**12))
def test_a_figure_shows_0_only_when_it_is_0(value):
    figure = KeyFigure(label="x", value=value)
    assert (figure.number == "0") == (value == 0)
    assert figure._record()["value"] is None or isinstance(figure._record()["value"], (int, float))


def test_a_figure_carries_its_interval_and_refuses_half_of_one():
    figure = KeyFigure(label="Stability", value=0.8123, low=0.74, high=0.88)
    assert figure.interval == "0.74 to 0.88"
    assert "likely 0.74 to 0.88" in KeyFigures(figure)._html()
    with pytest.raises(ParameterError, match="one end of an interval"):
        KeyFigure(label="Stability", value=0.8, low=0.7)
    with pytest.raises(ParameterError, match="better"):
        KeyFigure(label="Stability", value=0.8, better="up")


def test_records_keep_machine_numbers_beside_the_words():
    record = KeyFigures(
        KeyFigure(label="Spend", value=Decimal("4.5"), unit="USD", better="higher"), index=True
    )._record()
    assert record["index"] is True
    assert (
        record["figures"][0] | {"value": 4.5, "shown": "USD\xa04.5", "better": "higher"}
        == record["figures"][0]
    )


# Tables


def table(frame, **options):
    return DataTable(frame, **{"name": "t", "caption": "A table", **options})


def cells(html):
    return re.findall(r"<td[^>]*>(?:<span[^>]*>)?(.*?)(?:</span>)?</td>", html)


def test_numbers_are_aligned_separated_and_named_with_their_unit():
    frame = pd.DataFrame(
        {"product": ["tea"], "spend_total": [12345.678], "recency_days": [3], "share_pct": [9.361]}
    )
    html = table(frame, labels={"spend_total": "Spend"}, units={"spend_total": "USD"})._html()
    assert '<th scope="col" class="crm-num">Spend <span class="crm-unit">USD</span></th>' in html
    assert '<th scope="col" class="crm-num">Days since last order</th>' in html
    assert '<th scope="col" class="crm-num">Share of customers <span class="crm-unit">%</span></th>' in html
    assert cells(html) == ["tea", "12,345.68", "3", "9.4"]


def test_what_is_not_known_is_a_dash_and_never_a_nought():
    frame = pd.DataFrame({"a": [None, 1.5], "b": ["x", None], "c": pd.to_datetime(["2017-01-01", None])})
    html = table(frame)._html()
    assert cells(html) == ["–", "x", "2017-01-01", "1.50", "–", "–"]
    assert html.count('title="not known"') == 3


def test_rules_dates_and_flags_are_written_in_words():
    frame = pd.DataFrame(
        {
            "items": [frozenset({"pasta", "basil"})],
            "conviction": [float("inf")],
            "at": pd.to_datetime(["2017-01-02 03:04"]),
            "sold": [True],
            "year": [2017],
            "change": [-0.00001],
        }
    )
    html = table(frame, digits={"year": "d", "change": 2})._html()
    assert cells(html) == ["basil, pasta", "∞", "2017-01-02 03:04", "yes", "2017", "0.00"]


def test_decimals_of_money_are_numbers():
    html = table(pd.DataFrame({"paid": [Decimal("1234.50"), None]}))._html()
    assert cells(html) == ["1,234" if cells(html)[0] == "1,234" else "1,235", "–"]
    assert 'class="crm-num"' in html


def test_empty_and_duplicate_columns_are_taken():
    assert "No rows." in table(pd.DataFrame({"a": []}))._html()
    assert cells(table(pd.DataFrame([[1, 2]], columns=["a", "a"]))._html()) == ["1", "2"]
    assert "No rows." in table(pd.DataFrame())._html()


def test_the_frame_is_not_changed():
    frame = pd.DataFrame({"a": ["=1"]}, index=pd.Index(["x"], name="k"))
    before = frame.copy(deep=True)
    bundle(table(frame))
    pd.testing.assert_frame_equal(frame, before)


def test_a_series_is_refused_with_the_remedy():
    with pytest.raises(ParameterError, match="to_frame"):
        table(pd.Series([1]))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (1, "1 row."),
        (100, "100 rows."),
        (2469, "The first 100 of 2,469 rows; 2,369 more rows in the download."),
    ],
)
def test_a_table_says_how_many_rows_it_holds(rows, said):
    html = table(pd.DataFrame({"n": range(rows)}))._html()
    assert f'<p class="crm-count">{said}</p>' in html
    assert html.count("<tr>") == 1 + min(rows, 100)


def downloaded(html):
    name, data = re.search(
        r'download="([^"]*)" href="data:text/csv;charset=utf-8;base64,([^"]*)"', html
    ).groups()
    return name, b64decode(data)


def test_the_download_holds_every_row_with_full_precision():
    frame = pd.DataFrame({"n": range(2469), "share": [1 / 3] * 2469})
    name, csv = downloaded(table(frame, name="../call list")._html())
    assert name == "call_list.csv"
    assert csv.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(BytesIO(csv))
    assert len(back) == 2469
    assert back["Share"][0] == 1 / 3


def test_a_download_too_heavy_for_the_page_is_cut_and_says_so(monkeypatch):
    monkeypatch.setattr(blocks_tables, "DOWNLOAD_BYTES", 2_000)
    html = table(pd.DataFrame({"n": range(1_000)}))._html()
    _, csv = downloaded(html)
    kept = csv.count(b"\r\n") - 1
    assert len(csv) <= 2_000
    assert f"(the first {kept:,} rows)" in html


def test_without_a_download_there_is_none():
    assert "data:text/csv" not in table(pd.DataFrame({"n": range(300)}), download=False)._html()
    assert "200 more rows not shown here" in table(pd.DataFrame({"n": range(300)}), download=False)._html()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "\ufeff=1", "\n"]
)
def test_formulas_become_text(text):
    assert safe_cell(text) == f"'{text}"


@given(st.text() | st.floats() | st.integers() | st.none())
def test_safe_cell_changes_nothing_but_formulas(value):
    safe = safe_cell(value)
    if isinstance(value, str) and safe != value:
        assert safe == f"'{value}"
    else:
        assert safe is value
    if isinstance(safe, str):
        assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_csv_cells_headers_and_sets_are_harmless_and_numbers_stay_numbers():
    frame = pd.DataFrame(
        {"=cmd": ["@x", None], "n": [-1.5, 2], "set": [frozenset({"=a"}), ["b", "c"]], "f": [True, False]}
    )
    csv = to_csv_bytes(frame).decode("utf-8-sig")
    assert csv == "'=cmd,n,set,f\r\n'@x,-1.5,'=a,True\r\n,2.0,\"b, c\",False\r\n"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=8
    )
)
def test_text_comes_back_from_the_csv_as_it_went_in(texts):
    csv = to_csv_bytes(pd.DataFrame({"t": texts, "n": 1}))
    back = pd.read_csv(BytesIO(csv), keep_default_na=False, encoding="utf-8-sig", lineterminator=None)
    assert len(back) == len(texts)


def test_numbers_in_an_object_column_stay_numbers():
    frame = pd.DataFrame({"mixed": pd.Series([-1, "-1", Decimal("-2.5")], dtype=object)})
    assert to_csv_bytes(frame).decode("utf-8-sig") == "mixed\r\n-1\r\n'-1\r\n-2.5\r\n"


# Pictures


def named_bars(title, *names):
    ax = Figure(figsize=(4, 3)).subplots()
    ax.barh(range(len(names)), range(1, len(names) + 1), tick_label=names)
    ax.plot([0, 1], [0, 1], "o")
    ax.set_title(title)
    ax.crmlib_alt = "Two bars: 1 and 2."
    return ax


def test_a_picture_without_words_is_refused():
    with pytest.raises(ValueError, match="crmlib_alt"):
        Picture(Figure().subplots())


def test_a_light_picture_is_a_part_of_the_page_whose_words_are_words():
    block = Picture(named_bars("Spend of 顧客 & <b>", "one", "two"), caption="Spend")
    svg = block.image.decode()
    assert block.mime == "image/svg+xml"
    assert block.width > block.height > 100
    page = block._html()
    assert ">Spend of 顧客 &amp; &lt;b&gt;</text>" in svg and svg in page.replace(
        f'role="img" aria-label="{block.alt}" ', ""
    )
    assert "style=" not in page and "<style" not in page and "base64" not in page
    assert "DejaVu Sans" in svg and svg.index("Verdana") < svg.index("Noto Sans CJK SC")
    assert "<script" not in svg
    assert "http-equiv" not in svg
    assert f'width="{block.width}"' in block._html()


def test_two_pictures_on_a_page_share_no_identifier_and_every_reference_is_met():
    figures = [Picture(named_bars(title, "one", "two"))._html() for title in ("One", "Another")]
    named = [set(re.findall(r' id="([^"]+)"', html)) for html in figures]
    meant = [set(re.findall(r'(?:url\(|href=")#([^")]+)', html)) for html in figures]
    assert named == meant and named[0] and not named[0] & named[1]


def test_lines_of_a_name_end_at_the_same_place_in_any_font():
    svg = Picture(named_bars("Names", "one\nlonger", "two")).image.decode()
    lines = re.findall(
        r'<text transform="translate\(([\d.]+) [\d.]+\)"[^>]*text-anchor="end"[^>]*>(\w+)<', svg
    )
    places = {line: float(place) for place, line in lines}
    assert abs(places["one"] - places["longer"]) < 1


def test_a_heavy_picture_becomes_a_small_png_at_twice_the_size():
    ax = cloud()
    ax.plot(*np.random.default_rng(0).random((2, 9_000)), "o")
    block = Picture(ax)
    assert block.mime == "image/png"
    assert len(block.image) < blocks_tables.DOWNLOAD_BYTES // 2
    with Image.open(BytesIO(block.image)) as picture:
        assert picture.mode == "P"
        assert abs(picture.width - 2 * block.width) <= 1


@pytest.mark.parametrize("draw", [bars, cloud])
def test_the_same_data_give_the_same_bytes(draw):
    assert Picture(draw())._record() == Picture(draw())._record()


def test_the_figure_is_closed_so_that_it_is_not_shown_twice():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    ax.crmlib_alt = "Nothing."
    Picture(ax)
    assert not plt.fignum_exists(figure.number)


def test_slimming_keeps_the_drawing():
    from crmlib.present.blocks.pictures import _slim

    path = '<path d="M 1.234567 2 \nL 3 -4.567891" transform="scale(0.015625)"/>'
    svg = f'<?xml version="1.0"?>\n<svg width="10pt">\n {path}\n</svg>'
    assert (
        _slim(svg) == '<svg width="10pt"><path d="M 1.23 2 \nL 3 -4.57" transform="scale(0.015625)"/></svg>'
    )
