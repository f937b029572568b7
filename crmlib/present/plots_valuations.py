"""Pictures of the valuations: where there is room, how customers pay, what loyalty is made of."""

from typing import Any

import pandas as pd

from crmlib.analyse.valuation_summary import (
    credit_by_grade,
    growth_by_category,
    loyalty_table,
)
from crmlib.present.plots_parts import bar_rows, nothing
from crmlib.present.theme import ALARM, GREY, MAIN, finish
from crmlib.present.words import NBSP, count, listing, money, number, percent, quoted, shortened

_MOST_BARS = 8
_GRADES = {
    "A": "A: as agreed",
    "B": "B: small delays",
    "C": "C: noticeable delays",
    "D": "D: long delays, or over the limit",
    "E": "E: very long delays",
}


def plot_growth(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """The categories where most room is, with the customers who have it there.

    Parameters
    ----------
    result : DataFrame
        As `customer_valuations` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> worth = pd.DataFrame({"growth_category": ["tea", "mugs"], "growth_category_amount": [9.0, 7.0]})
    >>> worth.attrs["currency"] = "EUR"
    >>> ax = plot_growth(worth)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Most room is in “tea”: EUR\\xa09 a year'
    >>> plt.close(ax.figure)
    """
    currency = result.attrs.get("currency", "")
    table = growth_by_category(result)
    if table.empty:
        return _none(ax, "No room to grow is known")
    shown = table.head(_MOST_BARS)
    first = shown.iloc[0]
    title = (
        f"Most room is in {quoted(shortened(shown.index[0], 40))}: {money(first['amount'], currency)} a year"
    )
    texts = [
        f"{money(row.amount, currency)}, {count(row.customers, 'customer')}" for row in shown.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=[shortened(name, 60) or "no name" for name in shown.index],
        values=shown["amount"].tolist(),
        texts=texts,
        unit=f"{currency or 'amount'} a year, where each customer has most room".replace("  ", " "),
        colours=[MAIN, *[GREY] * (len(shown) - 1)],
    )
    parts = [f"{quoted(name)} {text}" for name, text in zip(shown.index, texts, strict=True)]
    alt = f"Bar chart of categories by the room to grow of customers who have most of theirs there: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def plot_credit(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """Customers by credit grade, with what they owe past its day.

    Parameters
    ----------
    result : DataFrame
        As `customer_valuations` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> worth = pd.DataFrame({"credit_grade": ["A", "E"], "open_amount": [0.0, 50.0],
    ...                       "overdue_amount": [0.0, 20.0]})
    >>> ax = plot_credit(worth)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1\\xa0of 2\\xa0customers has grade D or E, with 20 overdue'
    >>> plt.close(ax.figure)
    """
    currency = result.attrs.get("currency", "")
    table = credit_by_grade(result)
    if table.empty:
        return _none(ax, "How customers pay is not known")
    graded, poor = int(table["customers"].sum()), table.loc[["D", "E"]].sum()
    verb = "has" if poor["customers"] == 1 else "have"
    title = f"{number(poor['customers'])}{NBSP}of {count(graded, 'customer')} {verb} grade D or E"
    title += f", with {money(poor['overdue_amount'], currency)} overdue" if poor["overdue_amount"] > 0 else ""
    texts = [
        count(row.customers, "customer")
        + (f", {money(row.overdue_amount, currency)} overdue" if row.overdue_amount > 0 else "")
        for row in table.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=[_GRADES[name] for name in table.index],
        values=table["customers"].tolist(),
        texts=texts,
        unit="customers",
        colours=[MAIN if name < "D" else ALARM for name in table.index],
    )
    parts = [f"{name} {text}" for name, text in zip(table.index, texts, strict=True)]
    return finish(ax, title=title, alt=f"Bar chart of customers by credit grade: {listing(parts)}.")


def plot_loyalty(result: pd.DataFrame, *, ax: Any = None) -> Any:
    """The marks that make up loyalty, at the median, with the middle half of the customers.

    Parameters
    ----------
    result : DataFrame
        As `customer_valuations` makes it.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> worth = pd.DataFrame({"loyalty_score": [70.0, 60.0], "tenure_days": [100.0, 100.0],
    ...                       "cadence_kept_pct": [80.0, 60.0], "repeat_rate_pct": [50.0, 70.0],
    ...                       "loyalty_decay": [0.2, 0.0]})
    >>> ax = plot_loyalty(worth)
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'The median customer scores 65 of 100 for loyalty'
    >>> plt.close(ax.figure)
    """
    score = result["loyalty_score"].median()
    table = loyalty_table(result).dropna(subset=["median"])
    if pd.isna(score) or table.empty:
        return _none(ax, "Loyalty cannot be told yet")
    title = f"The median customer scores {number(round(score))} of 100 for loyalty"
    texts = [
        f"{number(round(row.median))} ({number(round(row.low))} to {number(round(row.high))})"
        for row in table.itertuples()
    ]
    ax = bar_rows(
        ax,
        title=title,
        names=[f"{row.says}, counts {percent(row.weight_pct)}" for row in table.itertuples()],
        values=table["median"].tolist(),
        texts=texts,
        unit="mark, 0 to 100: median (and middle half of the customers)",
        whole=100,
    )
    middles = [bar.get_y() + bar.get_height() / 2 for bar in ax.patches[1::2]]
    for middle, row in zip(middles, table.itertuples(), strict=True):
        ax.plot([row.low, row.high], [middle, middle], color="#1a1f26", linewidth=2, zorder=5)
    parts = [f"{row.says.lower()} {text}" for row, text in zip(table.itertuples(), texts, strict=True)]
    alt = (
        f"Bar chart of the marks of loyalty, medians and the middle half of the customers: {listing(parts)}."
    )
    return finish(ax, title=title, alt=alt)


def _none(ax: Any, says: str) -> Any:
    return finish(nothing(ax, says=says), title=says, alt=f"No picture: {says.lower()}.")
