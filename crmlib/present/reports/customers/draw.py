"""Pictures of the customers: who they are, how often they buy, how much, and when."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.profile import CustomerProfile
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of, unit_of
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    days,
    money,
    month,
    name,
    names,
    number,
    share,
)
from crmlib.present.numbers import period
from crmlib.present.reports.customers.say import (
    month_sales,
    moved,
    top_share,
    type_noun,
    type_share,
    type_spend_share,
)
from crmlib.present.theme import (
    GREY,
    INK,
    MAIN,
    PALE,
    SOFT,
    bar_percent,
    bar_picture,
    canvas,
    finish,
    nothing,
    paired_bars,
    scale_of,
    short_numbers,
    theme,
)

_SKEWED = 2.0
_PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 1.2, "alpha": 0.85}
HALF_WORDS = Family(
    "customers-half",
    ("spend_total", "order_count", "basket_value_mean", "gap_days_mean", "recency_days", "other"),
    facts=("value", "figure"),
)


def plot_sales_by_month(result: CustomerProfile, *, ax: Any = None) -> Any:
    """Net sales of each month as columns; months that the data cover in part are pale."""
    months = result.months.tail(36).reset_index(drop=True)
    if months.empty:
        return nothing(ax, says=claim("customers-picture-months-none"))
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
        ax.set_ylabel(_in_units(str(claim("customers-picture-months-axis")), word, result.currency))
        ax.yaxis.grid(True)
        ax.axhline(0, color=GREY, linewidth=1)
        short_numbers(ax.yaxis)
        ax.set_ylim(
            min(0, 1.12 * months["net_sales"].min() / size), 1.12 * months["net_sales"].max() / size or 1
        )
        if not months["complete"].all():
            ax.set_xlabel(str(claim("customers-picture-months-pale")), loc="left")
    listed = names(
        claim(
            "customers-picture-months-one", month=month(row["month"]), sales=month_sales(row, result.currency)
        )
        for _, row in months.iterrows()
    )
    return finish(ax, title=title, alt=claim("customers-picture-months-alt", months=listed))


def plot_distribution(result: CustomerProfile, *, indicator: str = "spend_total", ax: Any = None) -> Any:
    """How an indicator is spread over the customers, with its median; logarithmic where it is skewed."""
    import seaborn as sns

    bought = result.indicators["order_count"] > 0
    values = result.indicators.loc[bought, indicator].dropna().astype("float64")
    label, unit = label_of(indicator), unit_of(indicator, result.currency)
    if values.empty:
        return nothing(ax, says=claim("customers-picture-spread-unknown", figure=name(label)))
    positive = values[values > 0]
    logarithmic = len(positive) > 10 and values.skew() > _SKEWED and len(positive) > 0.8 * len(values)
    shown = positive if logarithmic else values[values.between(*values.quantile([0.005, 0.995]))]
    said = _value(values.median(), unit, result.currency)
    half = indicator if indicator in HALF_WORDS.members else "other"
    title = HALF_WORDS.claim(half, value=said, figure=name(label))
    with theme():
        ax = canvas(ax, title=title, body=2.2, foot=0.6)
        bins = min(30, max(5, round(len(shown) ** 0.5)))
        sns.histplot(x=shown, bins=bins, log_scale=logarithmic, color=MAIN, edgecolor="white", alpha=1, ax=ax)
        ax.axvline(values.median(), color=INK, linewidth=1.5)
        ax.annotate(
            str(claim("customers-picture-spread-below", value=said)), (values.median(), 1), (5, -2),
            xycoords=("data", "axes fraction"), va="top", textcoords="offset points", bbox=_PLATE,
        )  # fmt: skip
        ax.minorticks_off()
        ax.set_ylim(0, ax.get_ylim()[1] * 1.15)
        ax.set_ylabel(str(claim("customers-picture-spread-side")))
        steps = f" {claim('customers-picture-spread-ten')}" if logarithmic else ""
        ax.set_xlabel(f"{label}{f', {unit}' if unit else ''}{steps}")
        ax.yaxis.grid(True)
        short_numbers(ax.xaxis)
        short_numbers(ax.yaxis)
    tenth, middle, most = (_value(one, unit, result.currency) for one in values.quantile([0.1, 0.5, 0.9]))
    alt = claim(
        "customers-picture-spread-alt",
        figure=name(label.lower()),
        customers=count(len(values)),
        tenth=tenth,
        half=middle,
        most=most,
    )
    return finish(ax, title=title, alt=alt)


def plot_customer_types(result: CustomerProfile, *, ax: Any = None) -> Any:
    """Each customer type's share of customers beside its share of spend."""
    table = result.type_table
    if table.empty:
        return nothing(ax, says=claim("customers-nobody-bought"))
    first = table.index[0]
    title = claim("customers-picture-types", **_type_facts(table, first))
    ax = paired_bars(
        ax,
        title=title,
        names=[str(type_noun(one)) for one in table.index],
        context=table["share_pct"].tolist(),
        values=table["spend_share_pct"].tolist(),
        context_says=str(claim("customers-picture-of-customers")),
        values_say=str(claim("customers-picture-of-spend")),
        unit=claim("customers-picture-share-unit"),
    )
    bars = names(claim("customers-picture-types-bar", **_type_facts(table, one)) for one in table.index)
    return finish(ax, title=title, alt=claim("customers-picture-types-alt", bars=bars))


def plot_order_frequency(result: CustomerProfile, *, ax: Any = None) -> Any:
    """Customers by how many orders they have placed."""
    table = result.order_frequency
    if table.empty:
        return nothing(ax, says=claim("customers-nobody-bought"))
    once = table["share_pct"].iloc[0]
    most = table.loc[table["share_pct"].idxmax()]
    title = claim("customers-picture-frequency-once", share=share(once))
    if once < 10:
        common = {"orders": name(most["orders"]), "share": share(most["share_pct"])}
        title = claim("customers-picture-frequency-common", **common)
    with theme():
        ax = canvas(ax, title=title, body=2.3, foot=0.6)
        ax.bar(range(len(table)), table["share_pct"], width=0.78, color=MAIN)
        for place, part in enumerate(table["share_pct"]):
            ax.annotate(
                bar_percent(part), (place, part), (0, 3), textcoords="offset points", ha="center", color=SOFT
            )
        ax.set_xticks(
            range(len(table)), [words.replace(" to ", "–").replace("over ", ">") for words in table["orders"]]
        )
        ax.set_ylim(0, 1.15 * table["share_pct"].max())
        ax.set_yticks([])
        ax.set_ylabel(str(claim("customers-picture-frequency-side")))
        ax.set_xlabel(str(claim("customers-picture-frequency-axis")))
        ax.axhline(0, color=GREY, linewidth=1)
    columns = names(
        claim(
            "customers-picture-frequency-one",
            orders=name(row.orders),
            one=count(1 if row.orders == "1" else 2),
            share=share(row.share_pct),
        )
        for row in table.itertuples()
    )
    return finish(ax, title=title, alt=claim("customers-picture-frequency-alt", columns=columns))


def plot_concentration(result: CustomerProfile, *, ax: Any = None) -> Any:
    """How much of all spend the customers with most spend bring."""
    curve = result.concentration
    if curve.empty:
        return nothing(ax, says=claim("customers-nobody-bought"))
    points = curve.set_index("customers_pct")["spend_pct"]
    title = claim("customers-picture-few", share=top_share(result))
    with theme():
        ax = canvas(ax, title=title, body=2.7, foot=0.6)
        ax.plot([0, 100], [0, 100], color=GREY, linewidth=1.5)
        ax.plot(points.index, points, color=MAIN, linewidth=2.5)
        near = points[50] - points[20] < 10
        for part, below in ((20, 5), (50, 25 if near else 5)):
            ax.plot([part], [points[part]], "o", color=MAIN, markersize=7)
            says = claim(
                "customers-picture-few-point", part=share(part), share=name(bar_percent(points[part]))
            )
            ax.annotate(
                str(says),
                (part, points[part]),
                (8, -below),
                va="top",
                textcoords="offset points",
                bbox=_PLATE,
            )
        equal = str(claim("customers-picture-few-equal"))
        ax.annotate(equal, (62, 62), (4, -4), textcoords="offset points", va="top", color=SOFT)
        ax.set_xlim(0, 102)
        ax.set_ylim(0, 102)
        ax.set_xticks(np.arange(0, 101, 25))
        ax.set_yticks(np.arange(0, 101, 25))
        ax.grid(True)
        ax.set_xlabel(str(claim("customers-picture-few-axis")))
        ax.set_ylabel(str(claim("customers-picture-few-side")))
    parts = names(
        claim("customers-picture-few-point", part=share(part), share=top_share(result, part))
        for part in (1, 5, 10, 20, 50)
    )
    return finish(ax, title=title, alt=claim("customers-picture-few-alt", points=parts))


def sales_finding(months: pd.DataFrame, currency: str) -> Claim:
    """What the months say: the last three against a year before, else the best month."""
    whole = months[months["complete"]]
    if len(whole) >= 15:
        late, before = whole["net_sales"].tail(3).sum(), whole["net_sales"].iloc[-15:-12].sum()
        return claim("customers-picture-months-year", change=moved(late, before))
    best = (whole if len(whole) else months).pipe(lambda known: known.loc[known["net_sales"].idxmax()])
    return claim(
        "customers-picture-months-best", month=month(best["month"]), sales=month_sales(best, currency)
    )


def _value(x: float, unit: str, currency: str) -> Fact:
    if unit == currency:
        return money(x, unit)
    return {"days": days, "%": share}.get(unit, number)(x)


def _type_facts(table: pd.DataFrame, kind: str) -> dict[str, Fact | Claim]:
    return {
        "type": type_noun(kind),
        "share": type_share(table, kind),
        "spend_share": type_spend_share(table, kind),
    }


def _month(moment: pd.Timestamp, *, first: bool) -> str:
    return period(moment, "MMM") + (f"\n{moment:%Y}" if first or moment.month <= 2 else "")


def _edges(months: pd.DataFrame) -> list[str]:
    return [MAIN if complete else GREY for complete in months["complete"]]


def _in_units(label: str, word: str, currency: str) -> str:
    return f"{label}, {' '.join(part for part in (currency, word) if part)}".rstrip(", ")


_FEW = 30


def plot_groups(result: CustomerProfile, *, column: str | None = None, ax: Any = None) -> Any:
    """Median spend of the customers of each group, such as income bands."""
    groups = result.groups.dropna(subset=["spend_median"])
    if groups.empty:
        return nothing(ax, says=claim("customers-picture-groups-none"))
    column = column or telling_group(groups)
    table = groups[groups["field"] == column]
    title = group_finding(groups, column, result.currency)
    unit = claim("customers-picture-groups-unit")
    if (table["customers"] < _FEW).any():
        unit = claim("customers-picture-groups-few", few=count(_FEW))
    texts = [
        claim(
            "customers-picture-groups-bar",
            spend=money(row.spend_median, result.currency),
            customers=count(row.customers),
        )
        for row in table.itertuples()
    ]
    field = name(label_of(column).lower())
    return bar_picture(
        ax,
        title=title,
        names=table["value"].tolist(),
        values=table["spend_median"].tolist(),
        texts=texts,
        unit=unit,
        colours=[GREY if customers < _FEW else MAIN for customers in table["customers"]],
        alt=lambda bars: claim("customers-picture-groups-alt", field=field, bars=bars),
    )


def group_finding(groups: pd.DataFrame, column: str, currency: str) -> Claim:
    """Which group of a column spends most, and which least; groups of a few customers do not count."""
    table = groups[groups["field"] == column].dropna(subset=["spend_median"])
    large = table[(table["customers"] >= _FEW) & ~table["value"].isin([OTHER, NOT_STATED])]
    table = large if len(large) > 1 else table
    best, least = (
        table.loc[place] for place in (table["spend_median"].idxmax(), table["spend_median"].idxmin())
    )
    return claim(
        "customers-picture-groups",
        field=name(label_of(column)),
        best=name(best["value"]),
        high=money(best["spend_median"], currency),
        least=name(least["value"]),
        low=money(least["spend_median"], currency),
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
