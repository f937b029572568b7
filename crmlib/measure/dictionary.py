"""The whole data dictionary: the vocabulary, what is computed from it, and what own indicators may use."""

import pandas as pd

from crmlib.measure.indicators import ASPECTS, VIEWS, indicator_catalogue, view_catalogue
from crmlib.schema.dictionary import dictionary_markdown

_INDICATORS = """# Indicators

What `crmlib.compute_indicators` works out for every customer. An indicator whose tables or columns a workspace does
not have is left out, and the result says why. Windows such as 90d are the last 90 calendar days, the day of as_of
among them. Better: which end is good for us, where one is. Empty: what a customer without a fitting row gets.
"""

_VIEWS = """# Prepared views

What an indicator of your own may be computed over: `over` names the view, `sql` is one aggregate over its columns,
such as `sum(net_amount) filter (where is_weekend)`. The last column says what it is made from, where that is optional.
"""


def data_dictionary() -> str:
    """The data dictionary as Markdown: tables, indicators, prepared views.

    Returns
    -------
    str
        What data/DICTIONARY.md holds; a test says when the file is stale.

    Examples
    --------
    >>> text = data_dictionary()
    >>> [line for line in text.splitlines() if line.startswith("# ")]
    ['# Data dictionary', '# Indicators', '# Prepared views']
    """
    catalogue, columns = indicator_catalogue(), view_catalogue()
    parts = [dictionary_markdown(), _INDICATORS]
    parts += [_aspect(aspect, catalogue[catalogue["aspect"] == aspect]) for aspect in ASPECTS]
    parts += [_VIEWS, *(_view(name, columns[columns["view"] == name]) for name in VIEWS)]
    return "\n".join(parts)


def _aspect(aspect: str, catalogue: pd.DataFrame) -> str:
    lines = [f"## {aspect.capitalize()}: {len(catalogue)} indicators", ""]
    lines += [
        "| indicator | unit | better | empty | over | meaning |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in catalogue.fillna({"better": ""}).to_dict("records"):
        empty = "0" if one["empty"] == 0 else ""
        lines.append(_row(one["name"], one["unit"], one["better"], empty, one["over"], one["says"]))
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
