"""Tables that a reader can sort, search, print and take along."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from math import floor, isfinite, log10
from numbers import Integral
from re import fullmatch
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from pandas.api import types

from crmlib.measure.columns import column_of
from crmlib.prepare.privacy import are_pseudonyms
from crmlib.present.blocks.base import Block
from crmlib.present.blocks.downloads import (
    EXCEL_LIST,
    EXCEL_ROWS,
    Download,
    about_workspace,
    csv_cuts,
    excel_format,
    joined,
    to_excel_bytes,
    with_index,
)
from crmlib.present.blocks.figures import is_known
from crmlib.present.claims import Claim, Fact, claim, claims_in, name
from crmlib.present.numbers import NBSP
from crmlib.schema.errors import ParameterError

PAGE_ROWS = 100
"""At most so many rows of a table stand in the page; the rest is in the download."""

DOWNLOAD_BYTES = 200_000
"""A download larger than this is cut, and says so: the whole page may weigh two million bytes."""

DOWNLOAD_BYTES_EACH = 80_000
"""The same for each of the two where there is a workbook beside the CSV."""

_NUMBERS = ("decimal", "floating", "integer", "mixed-integer-float")
_UNKNOWN = Markup('<td{}><span class="crm-unknown" title="not known">–</span></td>')
_CELL = Markup("<td{}>{}</td>")
_NUMERIC = Markup(' class="crm-num"')
_DATE = Markup(' class="crm-date"')
_ID = Markup(' class="crm-id"')
_TEXT = Markup(' class="crm-text"')
_CUSTOMERS = ("customer_id", "parent_id")
"""Columns whose cells are marked, so that a run can link them to the page of the customer."""
_OF_CUSTOMER = Markup(" data-customer")
_IN_LINE = 3
"""So many columns stand side by side on a phone; the others follow below them, each with its name."""
_LONG = 45
"""Characters from which a cell is read as a sentence, and gets the room for it."""
_REVEAL = "crmlib reveal"


def plain(said: Any) -> str:
    """A statement as a file or a console takes it: with spaces that are nothing but spaces."""
    return str(said).replace(NBSP, " ")


def _in_full(n: int) -> Fact:
    """So many, with all figures."""
    return Fact(n, "count", shown=n)


def _pseudonym_note() -> str:
    return str(claim("page-pseudonyms", command=name(_REVEAL)))


def _shown_note() -> Markup:
    said = escape(_pseudonym_note()).replace(_REVEAL, Markup("<code>{}</code>").format(_REVEAL))
    return Markup('<p class="crm-coded">{}</p>').format(said)


@dataclass(frozen=True)
class DataTable(Block):
    """A DataFrame for a reader: plain headers, units, aligned numbers, and the whole of it as a download.

    `frame`: A named index comes along as leading columns. It is not changed, and not kept alive by the page.
    `name`: Name of the downloaded file, without ".csv".
    `caption`: What the table shows; stands above it.
    `currency`: Shown behind columns of money. What else a column is called and measured in is declared once, in
        `crmlib.schema.columns`, and with the indicators; one that is not declared there is called by its name.
    `labels` (dict of Claim or str, optional): Column -> plain words, for a column of your own.
    `units` (dict of str, optional): Column -> unit, shown in the header, for a column of your own.
    `digits` (int or dict, optional): Decimals, for all columns or by column, of columns of your own; a text is a
        format of Python's own ("d" leaves out the separators, for years). A column that nothing is known of gets what
        its largest value needs for three significant digits.
    `rows`: How many rows are shown at first; the others unfold, up to `page_rows`.
    `download`: Whether the CSV is in the page.
    `excel`: Whether the same table is in the page as an Excel workbook, too; one of over `EXCEL_LIST` rows is not.
    `about` (Crm, or dict of str, optional): The workspace, or word -> text, for the workbook's second sheet, which
        brings `excel`.
    `page_rows`: At most so many rows stand in the page.
    `download_bytes`: At most so large is each download; a page of many long lists wants less than is usual.
    `meanings` (dict of str, optional): Column -> what it means here, for that sheet, where it is more than the
        declaration says.
    """

    kind: ClassVar[str] = "table"
    frame: pd.DataFrame
    name: str
    caption: str | Claim
    _: KW_ONLY
    currency: str = ""
    labels: Mapping[str, str | Claim] | None = None
    units: Mapping[str, str | Claim] | None = None
    digits: int | Mapping[str, int | str] | None = None
    rows: int = 15
    download: bool = True
    excel: bool = False
    page_rows: int = PAGE_ROWS
    download_bytes: int | None = None
    about: Any = None
    meanings: Mapping[str, str] | None = None
    claims: tuple[Claim, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self):
        if not isinstance(self.frame, pd.DataFrame):
            raise ParameterError(
                f"DataTable takes a DataFrame, not {type(self.frame).__name__}: call .to_frame()."
            )
        object.__setattr__(self, "frame", with_index(self.frame))
        object.__setattr__(self, "excel", self.excel or self.about is not None)
        if not isinstance(self.about, Mapping | None):
            object.__setattr__(self, "about", about_workspace(self.about))
        object.__setattr__(self, "claims", tuple(claims_in(self.caption)))
        object.__setattr__(self, "caption", str(self.caption))

    def _columns(self, rows: int) -> list["_Column"]:
        return [
            _Column.of(
                self.frame.iloc[:, place],
                self._label(column),
                self._unit(column),
                self._digits(column),
                rows,
                is_customer=column in _CUSTOMERS,
                is_below=place >= _IN_LINE,
            )
            for place, column in enumerate(self.frame.columns)
        ]

    def _label(self, column: Any) -> str:
        if self.labels and column in self.labels:
            return str(self.labels[column])
        return column_of(str(joined(column))).label

    def _unit(self, column: Any) -> str:
        if self.units and column in self.units:
            return str(self.units[column])
        return column_of(str(joined(column))).shown_unit(self.currency)

    def _digits(self, column: Any) -> int | str | None:
        if isinstance(self.digits, Mapping):
            if column in self.digits:
                return self.digits[column]
        elif self.digits is not None:
            return self.digits
        return column_of(str(joined(column))).digits

    def _headers(self) -> list[str]:
        pairs = [(self._label(column), self._unit(column)) for column in self.frame.columns]
        return [f"{label} ({unit})" if unit else label for label, unit in pairs]

    def _html(self) -> str:
        columns = self._columns(self.page_rows)
        heads = Markup("").join(column.head for column in columns)
        lines = zip(*(column.cells for column in columns), strict=True)
        body = Markup("\n").join(Markup("<tr>{}</tr>").format(Markup("").join(line)) for line in lines)
        texts = sum("crm-text" in column.head for column in columns)
        page = Markup(
            '<figure class="crm-table{cards}" data-rows="{rows}" data-total="{total}">'
            '<figcaption>{caption}</figcaption><div class="crm-scroll" role="region" aria-label="{caption}" '
            'tabindex="0"><table><thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>'
            '<div class="crm-under"><p class="crm-count">{count}</p>{link}{note}</div></figure>'
        )
        return page.format(
            cards=" crm-cards" if len(columns) > _IN_LINE or texts > 1 else "",
            rows=self.rows,
            total=len(self.frame),
            caption=self.caption,
            heads=heads,
            body=body,
            count=self._count(),
            link=Markup("").join(made.link for made in self._downloads),
            note=_shown_note() if self._has_pseudonyms() else "",
        )

    def _count(self) -> str:
        total = len(self.frame)
        if not total:
            return plain(claim("page-rows-none"))
        if total <= self.page_rows:
            return plain(claim("page-rows", total=_in_full(total)))
        left, shown = _in_full(total - self.page_rows), _in_full(self.page_rows)
        facts = {"shown": shown, "total": _in_full(total), "left": left}
        if self.download and self.excel and self._is_long:
            return plain(claim("page-rows-first-no-excel", most=_in_full(EXCEL_LIST), **facts))
        return plain(claim("page-rows-first-download" if self.download else "page-rows-first", **facts))

    @property
    def _is_long(self) -> bool:
        return len(self.frame) > EXCEL_LIST

    def _has_pseudonyms(self) -> bool:
        return any(are_pseudonyms(self.frame.iloc[:, place]) for place in range(self.frame.shape[1]))

    @cached_property
    def _downloads(self) -> tuple[Download, ...]:
        if not self.download:
            return ()
        most = self.download_bytes or (DOWNLOAD_BYTES_EACH if self.excel else DOWNLOAD_BYTES)
        of = partial(Download.of, name=self.name, rows=len(self.frame), most=most)
        made = [of(self._csv, kind="CSV")]
        if self.excel and not self._is_long:
            made.append(of(self._excel, kind="Excel", limit=EXCEL_ROWS - 1))
        return tuple(made)

    def _files(self) -> dict[str, dict[str, str]]:
        return {made.name: made.file for made in self._downloads if made.whole_rows}

    @cached_property
    def _csv(self) -> Callable[[int], bytes]:
        rounded = [
            _rounded(self.frame.iloc[:, place], self._digits(name))
            for place, name in enumerate(self.frame.columns)
        ]
        return csv_cuts(pd.concat(rounded, axis=1) if rounded else self.frame, labels=self._headers())

    def _excel(self, rows: int) -> bytes:
        patterns = [
            _pattern(self.frame.iloc[:, place], self._digits(column))
            for place, column in enumerate(self.frame.columns)
        ]
        return to_excel_bytes(
            self.frame.iloc[:rows],
            labels=self._headers(),
            formats=[excel_format(pattern) for pattern in patterns],
            sheet=self.name.replace("_", " ").capitalize(),
            about=self._about_lines(rows),
        )

    def _about_lines(self, rows: int) -> Iterator[tuple[str, str]]:
        total = len(self.frame)
        yield str(claim("page-about-list")), self.caption
        yield from (self.about or {}).items()
        whole, first = _in_full(total), _in_full(rows)
        said = whole if rows == total else claim("page-about-rows-first", shown=first, total=whole)
        yield str(claim("page-about-rows")), plain(said)
        if self._has_pseudonyms():
            yield str(claim("page-about-customers")), _pseudonym_note()
        meanings = {
            header: (self.meanings or {}).get(column) or column_of(str(joined(column))).meaning
            for column, header in zip(self.frame.columns, self._headers(), strict=True)
        }
        if any(meanings.values()):
            yield str(claim("page-about-column")), str(claim("page-about-meaning"))
            yield from ((header, says) for header, says in meanings.items() if says)

    def _text(self) -> str:
        columns = self._columns(self.rows)
        if not columns:
            return self.caption
        grid = [[header, *column.texts] for header, column in zip(self._headers(), columns, strict=True)]
        widths = [max(len(text) for text in column) for column in grid]
        lines = [
            "  ".join(f"{text:>{width}}" for text, width in zip(line, widths, strict=True))
            for line in zip(*grid, strict=True)
        ]
        hidden = len(self.frame) - self.rows
        return "\n".join([self.caption, *lines] + ([f"{hidden:,} more rows"] if hidden > 0 else []))

    def _record(self) -> dict[str, Any]:
        names = [str(joined(column)) for column in self.frame.columns]
        record = {"name": self.name, "caption": self.caption, "rows": len(self.frame), "columns": names}
        digest = sha256(self._csv(len(self.frame))).hexdigest()
        return {**record, "digest": digest, "claims": [claim.record() for claim in self.claims]}


def yes_marks(marks: Iterable[bool]) -> list[str]:
    """A column of what holds: "yes" where it does, nothing where it does not.

    >>> yes_marks([True, False])
    ['yes', '']
    """
    yes = str(claim("page-yes"))
    return [yes if mark else "" for mark in marks]


def without_empty(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """A table with rows without those of the columns, or of all, in which nothing is known.

    >>> list(without_empty(pd.DataFrame({"a": [1], "b": [None]})))
    ['a']
    """
    asked = columns or tuple(frame)
    return frame.drop(columns=[name for name in asked if len(frame) and frame[name].isna().all()])


@dataclass(frozen=True, kw_only=True)
class _Column:
    head: Markup
    texts: list[str]
    cells: list[Markup]

    @classmethod
    def of(
        cls,
        values: pd.Series,
        label: str,
        unit: str,
        digits: int | str | None,
        rows: int,
        *,
        is_customer: bool,
        is_below: bool,
    ) -> "_Column":
        numeric = _is_numeric(values)
        pattern = _pattern(values, digits)
        style = _NUMERIC if numeric else _DATE if pattern else _words_style(values.iloc[:rows])
        style = (_OF_CUSTOMER if is_customer else Markup("")) + style
        known = values.iloc[:rows].map(is_known).tolist()
        texts = [
            _cell_text(value, pattern) if there else "–"
            for value, there in zip(values.iloc[:rows].tolist(), known, strict=True)
        ]
        below = is_below or style == _TEXT
        named = Markup(' data-label="{}"').format(f"{label} ({unit})" if unit else label) if below else ""
        cells = [
            _CELL.format(style + named, text) if there else _UNKNOWN.format(style + named)
            for text, there in zip(texts, known, strict=True)
        ]
        named_unit = Markup(' <span class="crm-unit">{}</span>').format(unit) if unit else ""
        head = Markup('<th scope="col"{}>{}{}</th>').format(style, label, named_unit)
        return cls(head=head, texts=texts, cells=cells)


def _words_style(values: pd.Series) -> Markup:
    if are_pseudonyms(values) or _are_codes(values):
        return _ID
    longest = max((len(str(joined(value))) for value in values if is_known(value)), default=0)
    return _TEXT if longest >= _LONG else Markup("")


def _are_codes(values: pd.Series) -> bool:
    """Whether a column holds short numbers of things, such as O-15035, which do not break between lines."""
    known = [str(joined(value)) for value in values if is_known(value)]
    return bool(known) and all(fullmatch(r"(?=\S*\d)\S{1,16}", text) for text in known)


def _pattern(values: pd.Series, digits: int | str | None) -> str:
    return _number_format(values, digits) if _is_numeric(values) else _date_format(values)


def _is_numeric(values: pd.Series) -> bool:
    if types.is_numeric_dtype(values):
        return not types.is_bool_dtype(values)
    return values.dtype == object and types.infer_dtype(values, skipna=True) in _NUMBERS


def _number_format(values: pd.Series, digits: int | str | None) -> str:
    if isinstance(digits, str):
        return digits
    if digits is not None:
        return f",.{digits}f"
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    finite = numbers[numbers.map(isfinite)]
    if finite.empty or types.is_integer_dtype(values) or (finite == finite.round()).all():
        return ",.0f"
    largest = finite.abs().max()
    return f",.{min(max(2 - floor(log10(largest)), 0), 4)}f"


def _date_format(values: pd.Series) -> str:
    if not types.is_datetime64_any_dtype(values):
        return ""
    midnight = (values.dropna().dt.normalize() == values.dropna()).all()
    return "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M"


def _rounded(values: pd.Series, digits: int | str | None) -> pd.Series:
    """Numbers as a page shows them: rounded to the decimals of their unit, whole numbers without a point."""
    if not isinstance(digits, int) or not _is_numeric(values) or types.is_integer_dtype(values):
        return values
    numbers = pd.to_numeric(values, errors="coerce").astype("float64").round(digits) + 0.0
    known = numbers.dropna()
    return numbers.astype("Int64") if digits == 0 and np.isfinite(known).all() and len(known) else numbers


def _cell_text(value: Any, pattern: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if pattern.startswith("%"):
        return value.strftime(pattern)
    if not pattern:
        return str(joined(value))
    if isinstance(value, Integral):
        return f"{int(value):{pattern}}".replace("-", "−")
    number = float(value)
    if not isfinite(number):
        return "∞" if number > 0 else "−∞"
    shown = f"{number:{'.0f' if pattern == 'd' else pattern}}".replace("-", "−")
    return shown[1:] if shown.startswith("−") and not shown.strip("−0.,") else shown
