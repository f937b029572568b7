"""Pictures of groups of customers, such as income bands or regions."""

from typing import Any

import pandas as pd

from crmlib.analyse.profile import CustomerProfile
from crmlib.analyse.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of
from crmlib.present.plots_parts import bar_rows, nothing
from crmlib.present.theme import GREY, MAIN, finish
from crmlib.present.words import count, listing, money

_FEW = 30


def plot_groups(result: CustomerProfile, *, column: str | None = None, ax: Any = None) -> Any:
    """Median spend of the customers of each group, such as income bands.

    Parameters
    ----------
    result : CustomerProfile
    column : str, optional
        A `field` of ``result.groups``; the one whose groups differ most where it is not given.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> groups = pd.DataFrame({"field": "region", "value": ["north", "south"], "customers": [30, 40],
    ...                        "spend_median": [10.0, 20.0]})
    >>> ax = plot_groups(SimpleNamespace(groups=groups, currency="EUR"))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Region: “south” spend most, EUR\\xa020 at the median; “north” least, EUR\\xa010'
    >>> plt.close(ax.figure)
    """
    groups = result.groups.dropna(subset=["spend_median"])
    if groups.empty:
        says = "Nothing is known about groups of customers"
        return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")
    column = column or telling_group(groups)
    table = groups[groups["field"] == column]
    title = group_finding(groups, column, result.currency)
    label = label_of(column)
    few = (table["customers"] < _FEW).any()
    texts = [
        f"{money(row.spend_median, result.currency)} ({count(row.customers, 'customer')})"
        for row in table.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=table["value"].tolist(),
        values=table["spend_median"].tolist(),
        texts=texts,
        unit=f"median spend{f', {result.currency}' if result.currency else ''}"
        + (f" (grey: fewer than {_FEW} customers)" if few else ""),
        colours=[GREY if customers < _FEW else MAIN for customers in table["customers"]],
    )
    parts = listing([f"{value} {text}" for value, text in zip(table["value"], texts, strict=True)])
    return finish(ax, title=title, alt=f"Bar chart of median spend by {label.lower()}: {parts}.")


def group_finding(groups: pd.DataFrame, column: str, currency: str) -> str:
    """Which group of a column spends most, and which least; groups of a few customers do not count.

    Parameters
    ----------
    groups : DataFrame
        `field`, `value`, `customers`, `spend_median`.
    column : str
    currency : str

    Returns
    -------
    str, without a full stop

    Examples
    --------
    >>> groups = pd.DataFrame({"field": "region", "value": ["north", "south"],
    ...                        "customers": 40, "spend_median": [1, 2]})
    >>> group_finding(groups, "region", "")
    'Region: “south” spend most, 2 at the median; “north” least, 1'
    """
    table = groups[groups["field"] == column].dropna(subset=["spend_median"])
    large = table[(table["customers"] >= _FEW) & ~table["value"].isin([OTHER, NOT_STATED])]
    table = large if len(large) > 1 else table
    best, least = (
        table.loc[place] for place in (table["spend_median"].idxmax(), table["spend_median"].idxmin())
    )
    return (
        f"{label_of(column)}: “{best['value']}” spend most, {money(best['spend_median'], currency)} at the "
        "median; "
        f"“{least['value']}” least, {money(least['spend_median'], currency)}"
    )


def telling_group(groups: pd.DataFrame) -> str:
    """The column whose groups differ most in median spend.

    Parameters
    ----------
    groups : DataFrame
        `field`, `customers`, `spend_median`.

    Returns
    -------
    str

    Examples
    --------
    >>> groups = pd.DataFrame({"field": ["a", "a", "b", "b"], "customers": 20, "spend_median": [1, 2, 1, 9]})
    >>> telling_group(groups)
    'b'
    """
    large = groups[groups["customers"] >= _FEW]
    spread = (
        (large if len(large) else groups)
        .groupby("field")["spend_median"]
        .agg(lambda spend: spend.max() - spend.min())
    )
    return str(spread.idxmax())
