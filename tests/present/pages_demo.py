"""A made-up but plausible report, its run and its site, built from the blocks as a notebook would."""

from functools import cache

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from nbformat import v4

from crmlib.present.blocks import (
    Answer,
    DataTable,
    Findings,
    KeyFigure,
    KeyFigures,
    Limits,
    Picture,
    Prose,
    Skipped,
)

SEGMENTS = ["Frequent, high spend", "Steady, mid spend", "Occasional, small baskets", "Fading, few visits"]
COLOURS = ["#0072b2", "#009e73", "#e69f00", "#7a7f87"]


def executed(block):
    """A code cell that has ended with this block."""
    data = block._repr_mimebundle_()
    return v4.new_code_cell("block", outputs=[v4.new_output("execute_result", data=data, execution_count=1)])


def profile():
    return pd.DataFrame(
        {
            "customers": [231, 846, 902, 490],
            "share_pct": [9.36, 34.3, 36.5, 19.8],
            "spend_share_pct": [31.2, 43.9, 19.6, 5.3],
            "recency_days": [1.0, 3.0, 8.0, 61.0],
            "order_count": [187, 81, 38, 9],
            "basket_value_mean": [44.21, 33.8, 21.47, 18.02],
            "next_visit": pd.to_datetime(["2018-01-01", "2018-01-03", "2018-01-08", None]),
        },
        index=pd.Index(SEGMENTS, name="segment"),
    )


def households(rows=230):
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "customer_id": [str(number) for number in rng.permutation(2500)[:rows]],
            "customer_type": rng.choice(["loyal", "at risk", "promising", "dormant"], rows),
            "recency_days": rng.integers(20, 190, rows),
            "spend_365d": np.sort(rng.gamma(3, 420, rows))[::-1].round(2),
            "gap_overdue_ratio": rng.gamma(4, 0.6, rows).round(3),
            "favourite_category": rng.choice(
                ["FLUID MILK PRODUCTS", "BAKED BREAD", "麺類", "SOFT DRINKS", None], rows
            ),
        }
    )


STYLE = {
    "font.family": ["DejaVu Sans", "Noto Sans CJK JP"],
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.titlepad": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def axes(height=2.9):
    return Figure(figsize=(4.8, height), layout="constrained").subplots()


def bars():
    with matplotlib.rc_context(STYLE):
        ax = axes()
        shares = profile()["spend_share_pct"][::-1]
        ax.barh(shares.index, shares, color=COLOURS[::-1], height=0.66)
        for place, share in enumerate(shares):
            ax.text(share + 0.8, place, f"{share:.0f} %", va="center")
        ax.set(xlim=(0, 50), xlabel="Share of spend (%)")
        ax.figure.suptitle(
            "A tenth of households bring a third of spend", x=0.01, ha="left", weight="bold", size=13
        )
        ax.tick_params(left=False)
        ax.crmlib_alt = (
            "Bar chart of the share of spend by segment: frequent, high spend 31.2 %; steady, mid spend "
            "43.9 %; occasional, small baskets 19.6 %; fading, few visits 5.3 %."
        )
    return ax


def cloud(points=2500):
    with matplotlib.rc_context(STYLE):
        ax = axes(3.4)
        rng = np.random.default_rng(3)
        for place, (name, colour) in enumerate(zip(SEGMENTS, COLOURS, strict=True)):
            x, y = rng.normal(4 - 2.4 * place, 0.8, points // 4), rng.normal((-1) ** place, 0.9, points // 4)
            ax.scatter(x, y, s=10, color=colour, alpha=0.5, linewidths=0)
            ax.annotate(name.split(",")[0], (4 - 2.4 * place, 3.4), ha="center", color=colour, weight="bold")
        ax.set(xlabel="Buys often →", ylabel="Large baskets →", ylim=(-4, 4.2))
        ax.set_title("The segments overlap at their edges")
        ax.crmlib_alt = "Scatter plot of 2,500 households in two dimensions, in four overlapping groups."
    return ax


@cache
def notebook():
    """The demo report as an executed notebook."""
    cells = [
        v4.new_markdown_cell("# Customer segments\n"),
        executed(
            Answer(
                "231 frequent households, 9 % of all, bring 31 % of spend.",
                "48 of them have not bought for twice their usual gap: they come first.",
            )
        ),
        executed(
            KeyFigures(
                KeyFigure(label="Households in a segment", value=2469, better="higher"),
                KeyFigure(label="Spend of the top segment", value=1_289_412.0, unit="USD", better="higher"),
                KeyFigure(
                    label="Stability of the segments",
                    value=0.812,
                    low=0.741,
                    high=0.883,
                    note="1 is always the same",
                ),
                KeyFigure(label="Margin", value=None, unit="USD", note="no cost in these data"),
                index=True,
            )
        ),
        v4.new_markdown_cell(
            "## Who are our customers?\n\nFour groups come out of **12 indicators**, *seen over a year*."
        ),
        executed(
            Picture(bars(), caption="Net spend in 2017, refunds taken off. Segments in order of value.")
        ),
        executed(
            Prose(
                "The first segment visits nearly every second day and spends USD 44 a basket; the last has "
                "not been seen for 61 days. Spend follows visits far more than basket size."
            )
        ),
        executed(
            DataTable(
                profile(),
                name="segments",
                caption="What sets the segments apart (medians)",
                labels={"share_pct": "Households", "spend_share_pct": "Spend", "basket_value_mean": "Basket"},
                units={"basket_value_mean": "USD"},
            )
        ),
        executed(Findings("231 frequent households (9 %) bring 31 % of spend.")),
        v4.new_markdown_cell("## How clear are the segments?"),
        executed(Picture(cloud())),
        executed(
            Prose("Separation 0.31: the groups are real, but a household at an edge could sit in either.")
        ),
        v4.new_markdown_cell("## Whom should we call first?"),
        executed(
            Prose("These households have bought for at least a year and are late by their own measure.")
        ),
        executed(
            DataTable(
                households(),
                name="call list",
                caption="Households that are late, most valuable first",
                labels={
                    "gap_overdue_ratio": "Late",
                    "spend_365d": "Spend in a year",
                    "customer_id": "Household",
                },
                units={"spend_365d": "USD", "gap_overdue_ratio": "× usual gap"},
                excel=True,
            )
        ),
        executed(Findings("48 of the best households are late by twice their usual gap.")),
        executed(Skipped("What each segment says about us is not known.", table="feedback")),
        v4.new_markdown_cell("## Limits"),
        executed(
            Limits(
                "Only purchases with a household's card are seen.",
                "The segments describe 2017; nothing here says what causes a household to leave.",
            )
        ),
    ]
    return v4.new_notebook(
        cells=cells, metadata={"crmlib": {"report": "segmentation", "title": "Customer segments"}}
    )


CONTEXT = {
    "workspace": "retail",
    "workspace_title": "Complete Journey",
    "as_of": "2017-12-31",
    "data_up_to": "2017-12-31T23:40:00",
    "run": "2018-01-02T0700",
    "question": "Which groups of households buy alike, and what should we do for each?",
    "notebook": "03_segmentation.ipynb",
    "parameters": {"workspace": "../data/retail", "as_of": "", "n_segments": "auto", "seed": 0},
    "crmlib": "0.1.0",
    "index_href": "index.html",
    "site_href": "../../index.html",
}


def harvested(nb):
    """The records of a notebook's blocks, in order."""
    mime = "application/vnd.crmlib+json"
    return [
        out.data[mime] for cell in nb.cells for out in cell.get("outputs", []) if mime in out.get("data", {})
    ]


def figures(households, spend, stability, recency):
    return [
        {
            "label": "Households",
            "value": households,
            "number": f"{households:,}",
            "unit": "",
            "better": "higher",
        },
        {
            "label": "Net spend, 365 days",
            "value": spend,
            "number": f"{spend / 1e6:.2f} million",
            "unit": "USD",
            "better": "higher",
        },
        {
            "label": "Days since last order, median",
            "value": recency,
            "number": str(recency),
            "unit": "days",
            "better": "lower",
        },
        {
            "label": "Spend of the top segment",
            "value": 31.2,
            "number": "31.2",
            "unit": "%",
            "better": "higher",
        },
        {
            "label": "Stability of the segments",
            "value": stability,
            "number": f"{stability}",
            "unit": "",
            "better": "higher",
        },
        {"label": "Margin", "value": None, "number": "not known", "unit": "USD", "better": "higher"},
    ]


def past(day, *values):
    return {"run": f"{day}T0700", "as_of": day, "key_figures": figures(*values)}


HISTORY = [
    past("2017-07-31", 2455, 3_820_000, 0.79, 3),
    past("2017-08-31", 2459, 3_870_000, 0.74, 3),
    past("2017-09-30", 2460, 3_940_000, 0.8, 4),
    past("2017-10-31", 2463, 3_910_000, 0.83, 4),
    past("2017-11-30", 2466, 4_010_000, 0.83, 4),
]

RUN = {
    "workspace": "retail",
    "title": "Complete Journey",
    "as_of": "2017-12-31",
    "data_up_to": "2017-12-31T23:40:00",
    "currency": "USD",
    "run": "2018-01-02T0700",
    "seconds": 37.4,
    "crmlib": "0.1.0",
    "parameters": {"as_of": "latest", "jobs": 2},
    "row_counts": [
        {"table": "transactions", "rows_read": 1_469_307, "rows_accepted": 1_469_295, "rows_set_aside": 12}
    ],
    "checks": {"rows_read": 1_561_638, "rows_set_aside": 12},
    "missing_tables": ["feedback", "service_cases", "opportunities"],
    "key_figures": figures(2469, 4_130_000, 0.81, 5),
    "previous": HISTORY[-1],
    "history": HISTORY,
    "site_href": "../../index.html",
}


def reports():
    """The reports of the demo run: three done, one failed, one skipped."""
    found = Findings("Every row of 12 tables could be read; 12 order lines lie after the closing day.")
    health = Answer("The data can be trusted: 12 of 1.56 million rows were set aside.")
    sell = Answer(
        "Pasta sauce sells 3.4 times as often in baskets with pasta.", "20 such pairs hold on later data."
    )
    pairs = Findings(
        "Pasta sauce goes with pasta 3.4 times as often as chance.", "Coupons reach 1 of 6 households."
    )

    def record(*blocks):
        return [block._repr_mimebundle_()["application/vnd.crmlib+json"] for block in blocks]

    common = {"status": "done"}
    return [
        {
            **common,
            "name": "data_health",
            "title": "Data health",
            "question": "Can these data be trusted?",
            "seconds": 6.2,
            "href": "data_health.html",
            "blocks": record(health, found),
        },
        {
            **common,
            "name": "segmentation",
            "title": "Customer segments",
            "question": CONTEXT["question"],
            "seconds": 14.8,
            "href": "segmentation.html",
            "blocks": harvested(notebook()),
        },
        {
            **common,
            "name": "cross_sell",
            "title": "Cross-sell",
            "question": "What sells together?",
            "seconds": 16.1,
            "href": "cross_sell.html",
            "blocks": record(sell, pairs),
        },
        {
            "name": "customer_profile",
            "title": "Customer profile",
            "status": "failed",
            "reason": "Cell 4: transactions has no column channel.",
            "seconds": 3.3,
        },
        {
            "name": "voice",
            "title": "Voice of the customer",
            "status": "skipped",
            "reason": "Nothing is known about opinions.",
            "table": "feedback",
        },
    ]


WORKSPACES = [
    {
        "name": "retail",
        "title": "Complete Journey",
        "href": "retail/latest/index.html",
        "as_of": "2017-12-31",
        "run": "2018-01-02T0700",
        "status": "done",
        "findings": [
            "231 frequent households (9 %) bring 31 % of spend.",
            "Pasta sauce goes with pasta 3.4 times as often as chance.",
        ],
        "key_figures": RUN["key_figures"][:4],
    },
    {
        "name": "online_retail",
        "title": "Online gifts",
        "href": "online_retail/latest/index.html",
        "as_of": "2011-12-09",
        "run": "2018-01-02T0712",
        "status": "failed",
        "findings": [],
        "key_figures": [],
    },
]
