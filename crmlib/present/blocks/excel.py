"""The same table as a workbook: numbers and dates as such, text never as a formula or a link."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import BytesIO
from math import isfinite
from numbers import Integral, Number
from typing import Any
from unicodedata import east_asian_width

import numpy as np
import pandas as pd

from crmlib.present.blocks.downloads import joined, safe_cell, with_index
from crmlib.present.blocks.figures import is_known
from crmlib.schema.errors import ParameterError

EXCEL_ROWS = 1_048_576
"""Rows of a sheet, its header among them."""

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

    References
    ----------
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
    for place, header in enumerate(headers):
        values = frame.iloc[:, place].tolist()
        style = book.add_format({"num_format": formats[place]}) if formats[place] else None
        day = style if "yyyy" in formats[place] else book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page.write_string(0, place, excel_text(header), head)
        for row, value in enumerate(values, start=1):
            _write_cell(page, row, place, value, style, day)
        page.set_column(place, place, _width(header, values[:_MEASURED], formats[place]))
    page.freeze_panes(1, 0)
    if headers:
        page.autofilter(0, 0, len(frame), len(headers) - 1)
        page.ignore_errors({"number_stored_as_text": _everything(len(frame), len(headers))})


def _write_cell(page: Any, row: int, place: int, value: Any, style: Any, day: Any) -> None:
    if isinstance(value, str):
        page.write_string(row, place, excel_text(value))
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
