"""Tables taken along, as CSV or a workbook: a spreadsheet opens them as data, never as instructions."""

import os
import re
from base64 import b64encode
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from io import BytesIO
from math import isfinite
from numbers import Integral, Number
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup
from pandas.api import types

from crmlib.prepare.clock import in_zone
from crmlib.present import numbers
from crmlib.present.blocks.base import FILES_VARIABLE
from crmlib.present.numbers import is_known
from crmlib.schema.errors import ParameterError

_SIGNS = "=+@＝＋－＠﹦﹢﹣﹫⁼⁺⁻-"
_UNSEEN = (
    r"\s\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202f"
    r"\u2060-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
_FORMULA = re.compile(rf"[{_UNSEEN}]*[{_SIGNS}]|[\t\r\n\x00]")
_AFTER_A_SEPARATOR = re.compile(rf"(?<=[;|\t\r\n\x0b\x0c])(?=[{_UNSEEN}\"']*[{_SIGNS}])")
"""Where a program that separates cells by another sign than the comma would begin a cell with a formula."""
_RISKY = rf'^[^0-9A-Za-z]|[,"\r\n]|[;|\t\x0b\x0c][^0-9A-Za-z]*[{_SIGNS}]'
"""What all texts have in them that a CSV file changes, and some others."""
_QUOTED = re.compile('[,"\r\n]')
_TEXT = pa.large_string()
_PLAIN = 1e-4, 1e7
"""Between these Arrow writes a broken number as Python does."""
_SETS = (frozenset, set)
_LISTS = (frozenset, set, list, tuple)


def safe_cell(value: Any) -> Any:
    """Make text harmless that a spreadsheet would take for a formula.

    CWE-1236; OWASP, CSV Injection.
    """
    if not isinstance(value, str):
        return value
    return f"'{value}" if _FORMULA.match(value) else value


def safe_csv_cell(value: Any) -> Any:
    """Make text harmless in a CSV file, also for a program that cuts its lines at another sign than the comma."""
    return _AFTER_A_SEPARATOR.sub("'", safe_cell(value)) if isinstance(value, str) else value


def joined(value: Any) -> Any:
    """Write a set or list as text, sets in alphabetical order; other values stay as they are."""
    if not isinstance(value, _LISTS):
        return value
    words = [str(member) for member in value]
    return ", ".join(sorted(words) if isinstance(value, _SETS) else words)


def with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with what its index says as leading columns; a mere row number is dropped."""
    named = any(name is not None for name in frame.index.names)
    keep = named or not types.is_integer_dtype(frame.index)
    names = [str(name) if name is not None else f"index_{i}" for i, name in enumerate(frame.index.names)]
    clash = set(names) & {str(column) for column in frame.columns}
    return frame.reset_index(drop=not keep or bool(clash), names=names if keep and not clash else None)


def to_csv_bytes(frame: pd.DataFrame, *, labels: Collection[str] | None = None) -> bytes:
    """A table as CSV for a spreadsheet: UTF-8 with its mark, formula-safe, CRLF between lines."""
    return csv_cuts(frame, labels=labels)(len(frame))


def csv_cuts(frame: pd.DataFrame, *, labels: Collection[str] | None = None) -> Callable[[int], bytes]:
    """The CSV of so many first rows of a table, which is written once."""
    flat = with_index(frame)
    headers = list(labels) if labels is not None else [str(joined(column)) for column in flat.columns]
    columns = [
        pa.concat_arrays([_safe(_texts([header])), _cells(flat.iloc[:, place])])
        for place, header in enumerate(headers)
    ]
    if len(columns) == 1:
        columns = [pc.if_else(pc.equal(columns[0], ""), _text('""'), columns[0])]
    columns = columns or [_texts([""] * (len(flat) + 1))]
    columns[-1] = pc.binary_join_element_wise(columns[-1], _text("\r\n"), _text(""))
    # The lines stand one after the other in memory, as they will in the file.
    _, places, text = pc.binary_join_element_wise(*columns, _text(",")).buffers()
    ends = np.frombuffer(places, dtype=np.int64)
    return lambda rows: b"\xef\xbb\xbf" + text[: int(ends[rows + 1])]


def _texts(cells: Iterable[Any], of: pa.DataType | None = _TEXT) -> pa.Array:
    made = pa.array(cells, type=of, from_pandas=True)
    return made.combine_chunks() if isinstance(made, pa.ChunkedArray) else made


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, type=_TEXT)


def _cells(column: pd.Series) -> pa.Array:
    """Every value of a column as a CSV file has it: safe, in quotation marks where it has to be, "" where unknown."""
    if types.is_integer_dtype(column):
        cells = _texts(column, None).cast(_TEXT)
    elif types.is_float_dtype(column) and column.dtype.itemsize == 8:
        cells = _floats(column.to_numpy("float64", na_value=np.nan))
    elif types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
        lines = column.to_csv(index=False, header=False, lineterminator="\n").splitlines()
        cells = _texts([line if line != '""' else None for line in lines])
    elif isinstance(column.dtype, pd.StringDtype):
        cells = _safe(_texts(column))
    else:
        written = column.astype(object).map(_safe_value)
        if types.is_numeric_dtype(written) or types.is_datetime64_any_dtype(written):
            return _cells(written)
        cells = _texts([_quoted(str(value)) if is_known(value) else None for value in written])
    return pc.fill_null(cells, "")


def _floats(numbers: np.ndarray) -> pa.Array:
    """As Python writes them: what Arrow writes without a point, or with another exponent, is mended."""
    size = np.abs(numbers)
    cells = pa.array(numbers, from_pandas=True).cast(_TEXT)
    whole = (size < _PLAIN[1]) & (numbers == np.trunc(numbers))
    cells = pc.if_else(whole, pc.binary_join_element_wise(cells, _text(".0"), _text("")), cells)
    odd = np.isfinite(numbers) & ~whole & ((size < _PLAIN[0]) | (size >= _PLAIN[1]))
    return pc.replace_with_mask(cells, odd, _texts([repr(number) for number in numbers[odd].tolist()]))


def _safe(cells: pa.Array) -> pa.Array:
    """Texts safe and quoted; only those are looked at one by one, each once, that may have to be changed."""
    risky = pc.fill_null(pc.match_substring_regex(cells, _RISKY), fill_value=False)
    some = cells.filter(risky).dictionary_encode()
    mended = _texts([_quoted(safe_csv_cell(text)) for text in some.dictionary.to_pylist()])
    return pc.replace_with_mask(cells, risky, mended.take(some.indices))


def _quoted(text: str) -> str:
    plain = text.encode("utf-8", "replace").decode()
    return '"' + plain.replace('"', '""') + '"' if _QUOTED.search(plain) else plain


def _safe_value(value: Any) -> Any:
    if isinstance(value, Number):
        return value
    return safe_csv_cell(joined(value))


def about_workspace(crm: Any) -> dict[str, str]:
    """Where a list is from, as `DataTable` takes it for a workbook's second sheet."""
    as_of = getattr(crm, "as_of", None)
    said = {
        "Workspace": getattr(crm, "name", ""),
        "As of": numbers.date(in_zone(as_of, time_zone=crm.time_zone)) if as_of is not None else "",
        "Currency": getattr(crm, "currency", ""),
    }
    return {word: text for word, text in said.items() if text}


WHOLE_BYTES = 50_000_000
"""A file beside the page larger than this is cut, and says so."""

_TYPES = {
    "CSV": "text/csv;charset=utf-8",
    "Excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SUFFIXES = {"CSV": ".csv", "Excel": ".xlsx"}
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
)
_IN_PAGE = Markup('<a class="crm-download" download="{}" href="data:{};base64,{}">{}</a>')
_PLACE = Markup('<span class="crm-whole" data-file="{}">{}</span>')
_BESIDE = Markup('<a class="crm-download" download="{}" href="{}">{}</a>')


@dataclass(frozen=True, kw_only=True)
class Download:
    """A table as a file: its `content` in the page, of which so many rows are `kept`, and the `whole` beside it.

    In a run the whole lies in the run's folder already, by its `digest`, and the page has no part of it.
    """

    kind: str
    name: str
    rows: int
    content: bytes
    kept: int
    whole: bytes = b""
    whole_rows: int = 0
    digest: str = ""

    @classmethod
    def of(
        cls,
        make: Callable[[int], bytes],
        *,
        kind: str,
        name: str,
        rows: int,
        most: int,
        limit: int | None = None,
    ) -> "Download":
        """The file that `make` makes of so many first rows."""
        named = file_name(name, suffix=_SUFFIXES[kind])
        whole, whole_rows = _fitting(make, min(rows, limit or rows), WHOLE_BYTES)
        laid = os.environ.get(FILES_VARIABLE)
        digest = sha256(whole).hexdigest() if laid and len(whole) > most and whole_rows > 1 else ""
        if digest:
            (Path(str(laid)) / digest).write_bytes(whole)
        content, kept = (b"", 0) if digest else _fitting(make, whole_rows, most, made=whole)
        if kept == whole_rows:
            whole_rows = 0
        return cls(
            kind=kind,
            name=named,
            rows=rows,
            content=content,
            kept=kept,
            whole=b"" if digest or not whole_rows else whole,
            whole_rows=whole_rows,
            digest=digest,
        )

    @property
    def link(self) -> Markup:
        """The link to what is in the page; a link to the whole beside it may take its place."""
        if self.digest:
            return place_of(self.name)
        note = f" (the first {self.kept:,} rows)" if self.kept < self.rows else ""
        content = b64encode(self.content).decode("ascii")
        link = _IN_PAGE.format(self.name, _TYPES[self.kind], content, f"Download as {self.kind}{note}")
        return place_of(self.name, link) if self.whole else link

    @property
    def file(self) -> dict[str, str]:
        """What is told of the file beside the page."""
        held = {"digest": self.digest} if self.digest else {"content": b64encode(self.whole).decode("ascii")}
        return {"says": self.whole_link, **held}

    @property
    def whole_link(self) -> str:
        """What the link to the file beside the page says."""
        count = "All" if self.whole_rows == self.rows else "The first"
        return f"{count} {self.whole_rows:,} rows as {self.kind}"


def place_of(name: str, instead: Markup | str = "") -> Markup:
    """Where in a table's HTML the link to a file beside the page will stand, and what stands there until then."""
    return _PLACE.format(name, instead)


def put_beside(html: str, name: str, link: Markup) -> str:
    """A table's HTML with the link to the file beside the page in its place: one link a format."""
    begin = re.escape(str(place_of(name)).removesuffix("</span>"))
    return re.sub(f"{begin}.*?</span>", lambda _: str(link), html, flags=re.DOTALL)


def link_beside(name: str, *, href: str, says: str) -> Markup:
    """A link to a file beside the page."""
    return _BESIDE.format(name, href, says)


def file_name(name: str, *, suffix: str = ".csv") -> str:
    """A file name that every system takes: letters, digits, dash and underscore."""
    plain = re.sub(r"[^\w-]+", "_", str(name)).strip("_-")[:80]
    return f"{plain or 'table'}{'_' if plain.lower() in _RESERVED else ''}{suffix}"


def _fitting(
    make: Callable[[int], bytes], rows: int, most: int, *, made: bytes | None = None
) -> tuple[bytes, int]:
    """What `make` makes of as many rows as fit so many bytes, and their number."""
    made = make(rows) if made is None else made
    while len(made) > most and rows > 1:
        rows = max(1, int(rows * most / len(made) * 0.98))
        made = make(rows)
    return made, rows


EXCEL_ROWS = 1_048_576
"""Rows of a sheet, its header among them."""

EXCEL_LIST = 100_000
"""Rows of a list beyond which a page has no workbook of it: nobody reads so many, and the CSV has them all."""

EXCEL_COLUMNS = 16_384
EXCEL_TEXT = 32_767
"""Characters of a cell, counted as UTF-16 does."""

EXACT_INTEGER = 10**15
"""Whole numbers from here on lose digits in a spreadsheet: they are written as text."""

_MADE = datetime(2000, 1, 1)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_SAFE = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDEST, _NARROWEST, _MEASURED = 60, 9, 200


def to_excel_bytes(
    frame: pd.DataFrame,
    *,
    labels: Sequence[str] | None = None,
    formats: Sequence[str] | None = None,
    sheet: str = "List",
    about: Iterable[tuple[str, str]] = (),
) -> bytes:
    """A table as an Excel workbook, byte by byte the same in every run.

    Numbers are numbers and dates are dates; text stays text, also where it looks like a number (007), a
    formula or a link. What is not known is an empty cell.

    ECMA-376, Office Open XML; OWASP, CSV Injection.
    """
    from xlsxwriter import Workbook

    flat = with_index(frame).iloc[: EXCEL_ROWS - 1]
    if flat.shape[1] > EXCEL_COLUMNS:
        raise ParameterError(
            f"a sheet holds {EXCEL_COLUMNS:,} columns, not {flat.shape[1]:,}. Choose some of them."
        )
    headers = list(labels) if labels is not None else [str(joined(column)) for column in flat.columns]
    target = BytesIO()
    with Workbook(target, {"in_memory": True, **_SAFE}) as book:
        book.set_properties({"created": _MADE})
        _write_list(book, flat, headers, list(formats or [""] * len(headers)), sheet_name(sheet))
        lines = list(about)
        if lines:
            _write_about(book, lines)
    return target.getvalue()


def excel_text(text: str) -> str:
    """Text as a cell may hold it: formula-safe, without signs that XML forbids, cut where it is too long."""
    plain = _NOT_XML.sub("\ufffd", str(safe_cell(text)).replace("\r\n", "\n").replace("\r", "\n"))
    if plain.startswith("<r>"):
        # XlsxWriter takes <r>...</r> for formatted text of its own and would write it unescaped.
        plain = f"'{plain}"
    if len(plain) * 2 <= EXCEL_TEXT:
        return plain
    wide = plain.encode("utf-16-le")
    if len(wide) <= EXCEL_TEXT * 2:
        return plain
    return wide[: (EXCEL_TEXT - 1) * 2].decode("utf-16-le", "ignore") + "…"


def sheet_name(name: str) -> str:
    """A name that Excel takes for a sheet, and that is not the one of the second sheet."""
    plain = " ".join(_NOT_IN_A_NAME.sub(" ", name).split()).strip("'")
    while len(plain.encode("utf-16-le")) > 62:
        plain = plain[:-1]
    plain = plain.strip("' ")
    return "List" if plain.lower() in ("", "about", "history") else plain


def excel_format(pattern: str) -> str:
    """Excel's number format for one of Python's own, as tables on a page use them."""
    if pattern.startswith("%"):
        return "yyyy-mm-dd hh:mm" if "%H" in pattern else "yyyy-mm-dd"
    found = re.fullmatch(r"(,?)(?:d|\.(\d+)f)", pattern)
    if not found:
        return ""
    decimals = int(found.group(2) or 0)
    return ("#,##0" if found.group(1) else "0") + ("." + "0" * decimals if decimals else "")


def _write_list(book: Any, frame: pd.DataFrame, headers: list[str], formats: list[str], name: str) -> None:
    page = book.add_worksheet(name)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    safe = cache(excel_text)
    for place, header in enumerate(headers):
        values = frame.iloc[:, place].tolist()
        style = book.add_format({"num_format": formats[place]}) if formats[place] else None
        day = style if "yyyy" in formats[place] else book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page.write_string(0, place, excel_text(header), head)
        for row, value in enumerate(values, start=1):
            _write_cell(page, row, place, value, style, day, safe)
        page.set_column(place, place, _width(header, values[:_MEASURED], formats[place]))
    page.freeze_panes(1, 0)
    if headers:
        page.autofilter(0, 0, len(frame), len(headers) - 1)
        page.ignore_errors({"number_stored_as_text": _everything(len(frame), len(headers))})


def _write_cell(
    page: Any, row: int, place: int, value: Any, style: Any, day: Any, safe: Callable[[str], str]
) -> None:
    if isinstance(value, str):
        page.write_string(row, place, safe(value))
    elif isinstance(value, (bool, np.bool_)):
        page.write_boolean(row, place, bool(value))
    elif not is_known(value):
        page.write_blank(row, place, None)
    elif isinstance(value, Number):
        _write_number(page, row, place, value, style)
    elif isinstance(value, date) and 1900 <= value.year <= 9999:
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        page.write_datetime(row, place, moment.replace(tzinfo=None), day)
    else:
        page.write_string(row, place, excel_text(str(joined(value))))


def _write_number(page: Any, row: int, place: int, value: Any, style: Any) -> None:
    if isinstance(value, Integral) and abs(int(value)) >= EXACT_INTEGER:
        page.write_string(row, place, str(int(value)))
        return
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        page.write_string(row, place, excel_text(str(value)))
        return
    if isfinite(number):
        page.write_number(row, place, number, style)
    else:
        page.write_string(row, place, "∞" if number > 0 else "−∞")


def _write_about(book: Any, lines: list[tuple[str, str]]) -> None:
    page = book.add_worksheet("About")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, min(_WIDEST, max(18, *(_letters(word) + 2 for word, _ in lines))))
    page.set_column(1, 1, 90)
    for row, (word, text) in enumerate(lines):
        page.write_string(row, 0, excel_text(word), bold)
        page.write_string(row, 1, excel_text(text), wrapped)
    page.ignore_errors({"number_stored_as_text": _everything(len(lines), 2)})


def _everything(rows: int, columns: int) -> str:
    from xlsxwriter.utility import xl_range

    return xl_range(0, 0, rows, columns - 1)


def _width(header: str, values: list[Any], pattern: str) -> float:
    """About as wide as the longest of the first cells; a long header may break."""
    longest = max((_letters(_shown(value, pattern)) for value in values), default=0)
    words = max((_letters(word) for word in header.split()), default=0)
    return min(_WIDEST, max(_NARROWEST, longest + 1, words + 4, min(_letters(header), 18) + 4))


def _shown(value: Any, pattern: str) -> str:
    if isinstance(value, float) and isfinite(value):
        return f"{value:,.{len(pattern.partition('.')[2])}f}"
    if isinstance(value, datetime):
        return pattern or "yyyy-mm-dd hh:mm"
    return str(joined(value))[:_WIDEST]


def _letters(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in str(text)[: 2 * _WIDEST])
