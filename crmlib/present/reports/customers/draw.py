"""Pictures of the customers: who they are, how often they buy, how much, and when."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.profile import CustomerProfile
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of, unit_of
from crmlib.present.plots_parts import (
    bar_percent,
    bar_rows,
    canvas,
    nothing,
    paired_bars,
    scale_of,
    short_numbers,
)
from crmlib.present.theme import GREY, INK, MAIN, PALE, SOFT, finish, theme
from crmlib.present.words import change, count, listing, money, number, percent, sentence

_SKEWED = 2.0
_PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.85}
_HALF = {
    "spend_total": "Half of the customers spent less than {}",
    "order_count": "Half of the customers placed fewer than {}",
    "basket_value_mean": "Half of the customers spend less than {} an order",
    "gap_days_mean": "Half of the customers come back within {}",
    "recency_days": "Half of the customers bought within the last {}",
}


def plot_sales_by_month(result: CustomerProfile, *, ax: Any = None) -> Any:
    """Net sales of each month as columns; months that the data cover in part are pale.

    Parameters
    ----------
    result : CustomerProfile
        Its `months`, of which the last 36 are drawn.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> months = pd.DataFrame({"month": pd.date_range("2024-01-01", periods=3, freq="MS"),
    ...                        "net_sales": [10.0, 30.0, 5.0], "complete": [True, True, False]})
    >>> ax = plot_sales_by_month(SimpleNamespace(months=months, currency="EUR"))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'February 2024 had the highest net sales: EUR\\xa030'
    >>> plt.close(ax.figure)
    """
    months = result.months.tail(36).reset_index(drop=True)
    if months.empty:
        return _nothing(ax, "No sales are known")
    size, word = scale_of(months["net_sales"])
    title = sales_finding(months, result.currency)
    with theme():
        ax = canvas(ax, title=title, body=2.4, foot=0.6)
        colours = [MAIN if complete else PALE for complete in months["complete"]]
        ax.bar(
            months.index,
            months["net_sales"] / size,
            width=0.78,
            color=colours,
            edgecolor=_edges(months),
            linewidth=1,
        )
        step = -(-len(months) // 6)
        places = list(range(0, len(months), step))
        ax.set_xticks(places, [_month(months["month"][i], first=i == 0) for i in places])
        ax.set_ylabel(_in_units("Net sales", word, result.currency))
        ax.yaxis.grid(True)
        ax.axhline(0, color=GREY, linewidth=1)
        short_numbers(ax.yaxis)
        ax.set_ylim(
            min(0, 1.12 * months["net_sales"].min() / size), 1.12 * months["net_sales"].max() / size or 1
        )
        if not months["complete"].all():
            ax.set_xlabel("Pale: the data do not cover the whole month", loc="left")
    listed = listing(
        [f"{row.month:%B %Y} {money(row.net_sales, result.currency)}" for row in months.itertuples()]
    )
    return finish(ax, title=title, alt=f"Column chart of net sales a month: {listed}.")


def plot_distribution(result: CustomerProfile, *, indicator: str = "spend_total", ax: Any = None) -> Any:
    """How an indicator is spread over the customers, with its median; logarithmic where it is skewed.

    Parameters
    ----------
    result : CustomerProfile
    indicator : str
        A column of ``result.indicators``.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> spend = pd.DataFrame({"spend_total": [10.0, 20.0, 30.0], "order_count": [1, 1, 2]})
    >>> summary = pd.DataFrame({"unit": ["EUR"]}, index=["spend_total"])
    >>> ax = plot_distribution(SimpleNamespace(indicators=spend, summary=summary, currency="EUR"))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Half of the customers spent less than EUR\\xa020'
    >>> plt.close(ax.figure)
    """
    import seaborn as sns

    bought = result.indicators["order_count"] > 0
    values = result.indicators.loc[bought, indicator].dropna().astype("float64")
    label, unit = label_of(indicator), unit_of(indicator, result.currency)
    if values.empty:
        return _nothing(ax, f"{label} is not known for any customer")
    positive = values[values > 0]
    logarithmic = len(positive) > 10 and values.skew() > _SKEWED and len(positive) > 0.8 * len(values)
    shown = positive if logarithmic else values[values.between(*values.quantile([0.005, 0.995]))]
    said = (
        money(values.median(), unit)
        if unit == result.currency
        else f"{number(values.median())} {unit}".strip()
    )
    title = _HALF.get(indicator, f"{label}: half of the customers lie below {{}}").format(said)
    with theme():
        ax = canvas(ax, title=title, body=2.2, foot=0.6)
        bins = min(30, max(5, round(len(shown) ** 0.5)))
        sns.histplot(x=shown, bins=bins, log_scale=logarithmic, color=MAIN, edgecolor="white", alpha=1, ax=ax)
        ax.axvline(values.median(), color=INK, linewidth=1.5)
        ax.annotate(
            f"half below {said}", (values.median(), 1), (5, -2), xycoords=("data", "axes fraction"), va="top",
            textcoords="offset points", bbox=_PLATE,
        )  # fmt: skip
        ax.minorticks_off()
        ax.set_ylim(0, ax.get_ylim()[1] * 1.15)
        ax.set_ylabel("customers")
        ax.set_xlabel(
            f"{label}{f', {unit}' if unit else ''}{' (each step ten times)' if logarithmic else ''}"
        )
        ax.yaxis.grid(True)
        short_numbers(ax.xaxis)
        short_numbers(ax.yaxis)
    tenth, half, most = values.quantile([0.1, 0.5, 0.9])
    alt = (
        f"Histogram of {label.lower()}, {unit or 'no unit'}, over {count(len(values), 'customer')}: a tenth "
        "lie below "
        f"{number(tenth)}, half below {number(half)}, nine tenths below {number(most)}."
    )
    return finish(ax, title=title, alt=alt)


def plot_customer_types(result: CustomerProfile, *, ax: Any = None) -> Any:
    """Each customer type's share of customers beside its share of spend.

    Parameters
    ----------
    result : CustomerProfile
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"share_pct": [20.0, 80.0], "spend_share_pct": [60.0, 40.0]},
    ...                      index=["big spenders", "regulars"])
    >>> ax = plot_customer_types(SimpleNamespace(type_table=table))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'Big spenders are 20\\xa0% of customers and bring 60\\xa0% of spend'
    >>> plt.close(ax.figure)
    """
    table = result.type_table
    if table.empty:
        return _nothing(ax, "Nobody has bought yet")
    first = table.iloc[0]
    title = f"{table.index[0]} are {percent(first['share_pct'])} of customers and bring "
    title = sentence(f"{title}{percent(first['spend_share_pct'])} of spend").rstrip(".")
    ax = paired_bars(
        ax,
        title=title,
        names=[sentence(name).rstrip(".") for name in table.index],
        context=table["share_pct"].tolist(),
        values=table["spend_share_pct"].tolist(),
        context_says="of customers",
        values_say="of spend",
        unit="share, %",
    )
    parts = [
        f"{name} {percent(c)} and {percent(s)}"
        for name, c, s in table[["share_pct", "spend_share_pct"]].itertuples()
    ]
    alt = f"Bar chart of customer types, share of customers and share of spend: {listing(parts)}."
    return finish(ax, title=title, alt=alt)


def plot_order_frequency(result: CustomerProfile, *, ax: Any = None) -> Any:
    """Customers by how many orders they have placed.

    Parameters
    ----------
    result : CustomerProfile
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"orders": ["1", "2"], "customers": [3, 1], "share_pct": [75.0, 25.0]})
    >>> ax = plot_order_frequency(SimpleNamespace(order_frequency=table))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '75\\xa0% of customers have ordered only once'
    >>> plt.close(ax.figure)
    """
    table = result.order_frequency
    if table.empty:
        return _nothing(ax, "Nobody has bought yet")
    once = table["share_pct"].iloc[0]
    most = table.loc[table["share_pct"].idxmax()]
    title = f"{percent(once)} of customers have ordered only once"
    if once < 10:
        title = f"Most common are {most['orders']} orders: {percent(most['share_pct'])} of customers"
    with theme():
        ax = canvas(ax, title=title, body=2.3, foot=0.6)
        ax.bar(range(len(table)), table["share_pct"], width=0.78, color=MAIN)
        for place, share in enumerate(table["share_pct"]):
            ax.annotate(
                bar_percent(share),
                (place, share),
                (0, 3),
                textcoords="offset points",
                ha="center",
                color=SOFT,
            )
        ax.set_xticks(
            range(len(table)), [words.replace(" to ", "–").replace("over ", ">") for words in table["orders"]]
        )
        ax.set_ylim(0, 1.15 * table["share_pct"].max())
        ax.set_yticks([])
        ax.set_ylabel("customers, %")
        ax.set_xlabel("orders placed")
        ax.axhline(0, color=GREY, linewidth=1)
    parts = [
        f"{row.orders} order{'' if row.orders == '1' else 's'} {percent(row.share_pct)}"
        for row in table.itertuples()
    ]
    return finish(
        ax, title=title, alt=f"Column chart of the share of customers by orders placed: {listing(parts)}."
    )


def plot_concentration(result: CustomerProfile, *, ax: Any = None) -> Any:
    """How much of all spend the customers with most spend bring.

    Parameters
    ----------
    result : CustomerProfile
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> from crmlib.analyse.customers.profile import concentration
    >>> curve = concentration(pd.Series([60.0, 20.0, 10.0, 5.0, 5.0]))
    >>> ax = plot_concentration(SimpleNamespace(concentration=curve))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    'A fifth of the customers brings 60\\xa0% of spend'
    >>> plt.close(ax.figure)
    """
    curve = result.concentration
    if curve.empty:
        return _nothing(ax, "Nobody has bought yet")
    points = curve.set_index("customers_pct")["spend_pct"]
    title = f"A fifth of the customers brings {percent(points[20])} of spend"
    with theme():
        ax = canvas(ax, title=title, body=2.7, foot=0.6)
        ax.plot([0, 100], [0, 100], color=GREY, linewidth=1.5)
        ax.plot(points.index, points, color=MAIN, linewidth=2.5)
        near = points[50] - points[20] < 10
        for share, below in ((20, 5), (50, 25 if near else 5)):
            ax.plot([share], [points[share]], "o", color=MAIN, markersize=7)
            ax.annotate(
                f"{share} % bring {bar_percent(points[share])}", (share, points[share]), (8, -below), va="top",
                textcoords="offset points", bbox=_PLATE,
            )  # fmt: skip
        ax.annotate(
            "if all spent the same", (62, 62), (4, -4), textcoords="offset points", va="top", color=SOFT
        )
        ax.set_xlim(0, 102)
        ax.set_ylim(0, 102)
        ax.set_xticks(np.arange(0, 101, 25))
        ax.set_yticks(np.arange(0, 101, 25))
        ax.grid(True)
        ax.set_xlabel("customers, most spend first, %")
        ax.set_ylabel("spend, %")
    parts = [f"{share} % of customers bring {percent(points[share])}" for share in (1, 5, 10, 20, 50)]
    return finish(
        ax, title=title, alt=f"Curve of spend over customers, those with most spend first: {listing(parts)}."
    )


def sales_finding(months: pd.DataFrame, currency: str) -> str:
    """What the months say: the last three against a year before, else the best month."""
    whole = months[months["complete"]]
    if len(whole) >= 15:
        late, before = whole["net_sales"].tail(3).sum(), whole["net_sales"].iloc[-15:-12].sum()
        return f"Net sales of the last three months are {change(late, before)} on the year before"
    best = (whole if len(whole) else months).pipe(lambda known: known.loc[known["net_sales"].idxmax()])
    return f"{best['month']:%B %Y} had the highest net sales: {money(best['net_sales'], currency)}"


def _month(moment: pd.Timestamp, *, first: bool) -> str:
    return f"{moment:%b}\n{moment:%Y}" if first or moment.month <= 2 else f"{moment:%b}"


def _edges(months: pd.DataFrame) -> list[str]:
    return [MAIN if complete else GREY for complete in months["complete"]]


def _in_units(label: str, word: str, currency: str) -> str:
    return f"{label}, {' '.join(part for part in (currency, word) if part)}".rstrip(", ")


def _nothing(ax: Any, says: str) -> Any:
    return finish(nothing(ax, says=says), title="Nothing to show", alt=f"No picture: {says.lower()}.")


_FEW = 30


def plot_groups(result: CustomerProfile, *, column: str | None = None, ax: Any = None) -> Any:
    """Median spend of the customers of each group, such as income bands."""
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
    """Which group of a column spends most, and which least; groups of a few customers do not count."""
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
    """The column whose groups differ most in median spend."""
    large = groups[groups["customers"] >= _FEW]
    spread = (
        (large if len(large) else groups)
        .groupby("field")["spend_median"]
        .agg(lambda spend: spend.max() - spend.min())
    )
    return str(spread.idxmax())
