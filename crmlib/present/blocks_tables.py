"""Tables that a reader can sort, search, print and take along."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from hashlib import sha256
from math import floor, isfinite, log10
from numbers import Integral
from re import sub
from typing import Any, ClassVar

import pandas as pd
from markupsafe import Markup
from pandas.api import types

from crmlib.present.blocks_base import Block
from crmlib.present.blocks_downloads import joined, to_csv_bytes, with_index
from crmlib.present.blocks_figures import is_known
from crmlib.schema.errors import ParameterError

PAGE_ROWS = 200
"""At most so many rows of a table stand in the page; the rest is in the download."""

DOWNLOAD_BYTES = 500_000
"""A download larger than this is cut, and says so: the whole page may weigh two million bytes."""

_NUMBERS = ("decimal", "floating", "integer", "mixed-integer-float")
_SUFFIX_UNITS = {"_days": "days", "_pct": "%"}
_UNKNOWN = Markup('<td{}><span class="crm-unknown" title="not known">–</span></td>')
_CELL = Markup("<td{}>{}</td>")
_NUMERIC = Markup(' class="crm-num"')
_DATE = Markup(' class="crm-date"')


@dataclass(frozen=True)
class DataTable(Block):
    """A DataFrame for a reader: plain headers, units, aligned numbers, and the whole of it as a download.

    Parameters
    ----------
    frame : DataFrame
        A named index comes along as leading columns. It is not changed, and not kept alive by the page.
    name : str
        Name of the downloaded file, without ".csv".
    caption : str
        What the table shows; stands above it.
    labels : dict of str, optional
        Column -> plain words. Without it "recency_days" becomes "Recency" with the unit "days".
    units : dict of str, optional
        Column -> unit, shown in the header.
    digits : int or dict, optional
        Decimals, for all columns or by column; a text is a format of Python's own ("d" leaves out the
        separators, for years). Without it a column gets what its largest value needs for three
        significant digits.
    rows : int
        How many rows are shown at first; the others unfold, up to `PAGE_ROWS`.
    download : bool
        Whether the CSV is in the page.

    Raises
    ------
    ParameterError
        If `frame` is no DataFrame.

    Examples
    --------
    >>> frame = pd.DataFrame({"segment": ["loyal", None], "spend_total": [1204.5, 33.25]})
    >>> table = DataTable(frame, name="segments", caption="Spend by segment", units={"spend_total": "USD"})
    >>> print(table._text())
    Spend by segment
    Segment  Spend total (USD)
      loyal              1,204
          –                 33
    """

    kind: ClassVar[str] = "table"
    frame: pd.DataFrame
    _: KW_ONLY
    name: str
    caption: str
    labels: Mapping[str, str] | None = None
    units: Mapping[str, str] | None = None
    digits: int | Mapping[str, int | str] | None = None
    rows: int = 15
    download: bool = True

    def __post_init__(self):
        if not isinstance(self.frame, pd.DataFrame):
            raise ParameterError(
                f"DataTable takes a DataFrame, not {type(self.frame).__name__}: call .to_frame()."
            )
        object.__setattr__(self, "frame", with_index(self.frame))

    def _columns(self, rows: int) -> list["_Column"]:
        return [
            _Column.of(
                self.frame.iloc[:, place], self._label(column), self._unit(column), self._digits(column), rows
            )
            for place, column in enumerate(self.frame.columns)
        ]

    def _label(self, column: Any) -> str:
        if self.labels and column in self.labels:
            return str(self.labels[column])
        plain = str(joined(column))
        for suffix in _SUFFIX_UNITS:
            plain = plain.removesuffix(suffix)
        plain = plain.replace("_", " ").strip()
        return plain[:1].upper() + plain[1:]

    def _unit(self, column: Any) -> str:
        if self.units and column in self.units:
            return str(self.units[column])
        for suffix, unit in _SUFFIX_UNITS.items():
            if str(column).endswith(suffix):
                return unit
        return ""

    def _digits(self, column: Any) -> int | str | None:
        if isinstance(self.digits, Mapping):
            return self.digits.get(column)
        return self.digits

    def _headers(self) -> list[str]:
        pairs = [(self._label(column), self._unit(column)) for column in self.frame.columns]
        return [f"{label} ({unit})" if unit else label for label, unit in pairs]

    def _html(self) -> str:
        columns = self._columns(PAGE_ROWS)
        heads = Markup("").join(column.head for column in columns)
        lines = zip(*(column.cells for column in columns), strict=True)
        body = Markup("\n").join(Markup("<tr>{}</tr>").format(Markup("").join(line)) for line in lines)
        page = Markup(
            '<figure class="crm-table" data-rows="{rows}" data-total="{total}">'
            '<figcaption>{caption}</figcaption><div class="crm-scroll" role="region" aria-label="{caption}" '
            'tabindex="0"><table><thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table></div>'
            '<div class="crm-under"><p class="crm-count">{count}</p>{link}</div></figure>'
        )
        csv, whole = self._csv()
        return page.format(
            rows=self.rows,
            total=len(self.frame),
            caption=self.caption,
            heads=heads,
            body=body,
            count=self._count(),
            link=_download_link(csv, self.name, whole) if self.download else "",
        )

    def _count(self) -> str:
        total = len(self.frame)
        if not total:
            return "No rows."
        if total <= PAGE_ROWS:
            return f"{total:,} row{'s' if total > 1 else ''}."
        place = "in the download" if self.download else "not shown here"
        return f"The first {PAGE_ROWS:,} of {total:,} rows; {total - PAGE_ROWS:,} more rows {place}."

    def _csv(self) -> tuple[bytes, int]:
        headers, kept = self._headers(), len(self.frame)
        if not self.download:
            return b"", 0
        csv = to_csv_bytes(self.frame, labels=headers)
        while len(csv) > DOWNLOAD_BYTES and kept > 1:
            kept = max(1, int(kept * DOWNLOAD_BYTES / len(csv) * 0.98))
            csv = to_csv_bytes(self.frame.iloc[:kept], labels=headers)
        return csv, kept if kept < len(self.frame) else 0

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
        digest = sha256(to_csv_bytes(self.frame)).hexdigest()
        record = {"name": self.name, "caption": self.caption, "rows": len(self.frame), "columns": names}
        return {**record, "digest": digest}


def file_name(name: str, *, suffix: str = ".csv") -> str:
    """A file name that every system takes: letters, digits, dash and underscore.

    Parameters
    ----------
    name : str
    suffix : str

    Returns
    -------
    str

    Examples
    --------
    >>> file_name("../at risk: €"), file_name("顧客"), file_name("???")
    ('at_risk.csv', '顧客.csv', 'table.csv')
    """
    plain = sub(r"[^\w-]+", "_", str(name)).strip("_-")[:80]
    return f"{plain or 'table'}{suffix}"


def _download_link(csv: bytes, name: str, kept: int) -> Markup:
    data = b64encode(csv).decode("ascii")
    note = f" (the first {kept:,} rows)" if kept else ""
    link = Markup('<a class="crm-download" download="{}" href="data:text/csv;charset=utf-8;base64,{}">{}</a>')
    return link.format(file_name(name), data, f"Download as CSV{note}")


@dataclass(frozen=True, kw_only=True)
class _Column:
    head: Markup
    texts: list[str]
    cells: list[Markup]

    @classmethod
    def of(cls, values: pd.Series, label: str, unit: str, digits: int | str | None, rows: int) -> "_Column":
        numeric = _is_numeric(values)
        pattern = _number_format(values, digits) if numeric else _date_format(values)
        style = _NUMERIC if numeric else _DATE if pattern else Markup("")
        known = values.iloc[:rows].map(is_known).tolist()
        texts = [
            _cell_text(value, pattern) if there else "–"
            for value, there in zip(values.iloc[:rows].tolist(), known, strict=True)
        ]
        cells = [
            _CELL.format(style, text) if there else _UNKNOWN.format(style)
            for text, there in zip(texts, known, strict=True)
        ]
        named_unit = Markup(' <span class="crm-unit">{}</span>').format(unit) if unit else ""
        head = Markup('<th scope="col"{}>{}{}</th>').format(style, label, named_unit)
        return cls(head=head, texts=texts, cells=cells)


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
