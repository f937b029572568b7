"""The whole data dictionary: the vocabulary, what is computed from it, its results, and what own indicators may use."""

import pandas as pd

from crmlib.measure.columns import column_of
from crmlib.measure.indicators import ASPECTS, VIEWS, indicator_catalogue, view_catalogue
from crmlib.schema.columns import COLUMNS, UNITS
from crmlib.schema.dictionary import dictionary_markdown

_INDICATORS = """# Indicators

What `crmlib.compute_indicators` works out for every customer. An indicator whose tables or columns a workspace does
not have is left out, and the result says why. Windows such as 90d are the last 90 calendar days, the day of as_of
among them. Better: which end is good for us, where one is. Empty: what a customer without a fitting row gets.
"""

_RESULTS = """# Result columns

What the columns of pages, CSV files and workbooks are called, beside the indicators, and how many decimals they have.
"""

_VIEWS = """# Prepared views

What an indicator of your own may be computed over: `over` names the view, `sql` is one aggregate over its columns,
such as `sum(net_amount) filter (where is_weekend)`. The last column says what it is made from, where that is optional.
"""


def data_dictionary() -> str:
    """The data dictionary as Markdown: tables, indicators, columns of results, prepared views.

    Returns
    -------
    str
        What data/DICTIONARY.md holds; a test says when the file is stale.

    Examples
    --------
    >>> text = data_dictionary()
    >>> [line for line in text.splitlines() if line.startswith("# ")]
    ['# Data dictionary', '# Indicators', '# Result columns', '# Prepared views']
    """
    catalogue, columns = indicator_catalogue(), view_catalogue()
    parts = [dictionary_markdown(), _INDICATORS]
    parts += [_aspect(aspect, catalogue[catalogue["aspect"] == aspect]) for aspect in ASPECTS]
    parts += [_RESULTS, _results()]
    parts += [_VIEWS, *(_view(name, columns[columns["view"] == name]) for name in VIEWS)]
    return "\n".join(parts)


def _aspect(aspect: str, catalogue: pd.DataFrame) -> str:
    lines = [f"## {aspect.capitalize()}: {len(catalogue)} indicators", ""]
    lines += [
        "| indicator | unit | better | empty | over | label | meaning |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in catalogue.fillna({"better": ""}).to_dict("records"):
        empty = "0" if one["empty"] == 0 else ""
        label = column_of(one["name"]).label
        lines.append(_row(one["name"], one["unit"], one["better"], empty, one["over"], label, one["says"]))
    return "\n".join([*lines, ""])


def _results() -> str:
    lines = [
        "| column | label | unit | decimals | better | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in COLUMNS.values():
        digits = "" if one.digits is None else str(one.digits)
        unit = one.unit if one.unit == "currency" else one.word or UNITS[one.unit][0]
        lines.append(_row(one.name, one.label, unit, digits, one.better or "", one.meaning))
    return "\n".join([*lines, ""])


def _view(name: str, columns: pd.DataFrame) -> str:
    row = columns["row"].iloc[0]
    lines = [
        f"## {name}",
        "",
        f"One row is {row}.",
        "",
        "| column | meaning | made from |",
        "| --- | --- | --- |",
    ]
    lines += [_row(*cells) for cells in columns[["column", "says", "needs"]].itertuples(index=False)]
    return "\n".join([*lines, ""])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
