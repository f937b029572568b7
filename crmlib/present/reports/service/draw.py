"""Pictures of service: times by spend, products against others, and what waits week by week."""

from typing import Any

from crmlib.analyse.retention import LEVEL
from crmlib.analyse.service.cases import THIRD, ServiceCases
from crmlib.analyse.service.load import ServiceLoad
from crmlib.present.claims import claim, count, interval, name, names, share, times
from crmlib.present.reports.service.say import THIRDS, hours
from crmlib.present.theme import (
    ALARM,
    GREY,
    INK,
    MAIN,
    canvas,
    finish,
    nothing,
    range_rows,
    theme,
)

_MOST_PRODUCTS, _WEEKS = 8, 26


def plot_times(found: ServiceCases, *, ax: Any = None) -> Any:
    """After how many hours half of the cases of each third of spend are answered, with the interval."""
    ends = ["response_hours", "response_hours_low", "response_hours_high"]
    table = found.by_value.dropna(subset=ends).sort_values(THIRD, ascending=False)
    if table.empty:
        return nothing(ax, says=claim("service-picture-times-none"))
    title = claim(
        "service-picture-times", first=hours(table[ends[0]].iloc[0]), last=hours(table[ends[0]].iloc[-1])
    )
    rows = [(THIRDS.term(str(int(row[THIRD]))), *row[ends]) for _, row in table.iterrows()]
    texts = [hours(value) for _, value, *_ in rows]
    unit = claim("service-picture-times-unit", level=share(100 * LEVEL))
    whats, ranges = [what for what, *_ in rows], [row for _, *row in rows]
    ax = range_rows(ax, title=title, names=whats, rows=ranges, texts=texts, unit=unit)
    said = [
        claim(
            "service-picture-row",
            what=what,
            value=hours(value),
            between=interval(round(low, 1), round(high, 1), "number"),
        )
        for what, value, low, high in rows
    ]
    return finish(ax, title=title, alt=claim("service-picture-times-alt", rows=names(said)))


def plot_products(found: ServiceCases, *, ax: Any = None) -> Any:
    """How many times as many cases each product has as all others, with the interval."""
    table = found.products.head(_MOST_PRODUCTS)
    if table.empty:
        return nothing(ax, says=claim("service-picture-products-none"))
    title = claim("service-picture-products-alike")
    if len(found.failing):
        top = found.failing.iloc[0]
        title = claim("service-picture-products", product=name(top["product"]), times=times(top["times"]))
    rows = [(name(row.product), row.times, row.low, row.high) for row in table.itertuples()]
    failing = set(found.failing["product_id"])
    colours = [ALARM if product in failing else GREY for product in table["product_id"]]
    whats, ranges = [what for what, *_ in rows], [row for _, *row in rows]
    ax = range_rows(
        ax, title=title, names=whats, rows=ranges, texts=[times(value) for _, value, *_ in rows],
        unit=claim("service-picture-products-unit"), colours=colours, about=1.0,
    )  # fmt: skip
    said = [
        claim("service-picture-row", what=what, value=times(value), between=interval(low, high, "times"))
        for what, value, low, high in rows
    ]
    return finish(ax, title=title, alt=claim("service-picture-products-alt", rows=names(said)))


def plot_load(load: ServiceLoad, *, ax: Any = None) -> Any:
    """Cases that waited at the end of each week, and how many will."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    past, ahead = load.weeks.tail(_WEEKS), load.ahead
    title = claim("service-picture-load-open", n=count(load.waiting))
    alt = claim("service-picture-load-alt", n=count(load.waiting), weeks=count(len(past)))
    if len(ahead):
        last = ahead.iloc[-1]
        facts = {
            "n": count(load.waiting),
            "expected": count(round(last["expected"])),
            "weeks": count(len(ahead)),
        }
        title = claim("service-picture-load", **facts)
        between = interval(round(last["low"]), round(last["high"]), "count")
        alt = claim("service-picture-load-ahead-alt", between=between, **facts)
    with theme():
        ax = canvas(ax, title=title, body=2.6, foot=0.95)
        ax.bar(past["week_end"], past["came"], width=5, color=GREY, alpha=0.5)
        ax.plot(past["week_end"], past["waiting"], color=INK, linewidth=2)
        if len(ahead):
            ax.fill_between(
                ahead["week_end"], ahead["low"], ahead["high"], color=MAIN, alpha=0.2, linewidth=0
            )
            ax.plot(ahead["week_end"], ahead["expected"], "o-", color=MAIN, markersize=5)
        ax.set_ylim(bottom=0)
        ax.yaxis.grid(True)
        places = AutoDateLocator(maxticks=5)
        ax.xaxis.set_major_locator(places)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(places, show_offset=False))
        key = claim("service-picture-load-key") if len(ahead) else claim("service-picture-load-key-open")
        ax.set_xlabel(str(key), loc="left")
        ax.set_ylabel(str(claim("service-picture-load-unit")))
    return finish(ax, title=title, alt=alt)
