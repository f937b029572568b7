"""Key figures and tables of the report on changes."""

import pandas as pd

from crmlib.analyse.changes import CUSTOMER_PARTS, PRODUCT_PARTS, WhatChanged
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import Claim, Family, claim
from crmlib.present.reports.changes.say import BY_WORDS, PERIODS, WHAT, amount_of, cause, sold_in

SOLD = "sold"
KIND_WORDS = Family("changes-kind", ("product", "customer"))
SOLD_WORDS = Family("changes-sold", (SOLD,))
DATA_WORDS = Family(
    "changes-data",
    (
        *("late_rows", "fewer_rows", "changed_sums", "new_column", "lost_column", "filled"),
        *("new_table", "lost_table"),
    ),
)


def changes_figures(found: WhatChanged) -> KeyFigures | None:
    """Sales now, the difference to the period before and to a year earlier, and sales that come and go."""
    split = found.split
    if split is None:
        return None
    period = PERIODS.term(split.windows.freq)
    beside = claim("changes-figure-beside", period=period, before=sold_in(found, split, "before"))
    year = None if found.year_ago is None else found.year_ago.change
    moving = split.customers.reindex(["first_orders", "came_again", "stayed_away"]).sum(min_count=1)
    figures = [
        KeyFigure(WHAT.claim(found.money), sold_in(found, split), note=beside, better="higher"),
        KeyFigure(claim("changes-figure-change"), amount_of(found, split.change), better="higher"),
    ]
    if year is not None:
        figures.append(KeyFigure(claim("changes-figure-year"), amount_of(found, year), better="higher"))
    if pd.notna(moving):
        figures.append(KeyFigure(claim("changes-figure-buyers"), amount_of(found, moving)))
    return KeyFigures(*figures)


def movers_table(found: WhatChanged) -> DataTable | None:
    """The customers and products that moved most."""
    if found.split is None or found.split.movers.empty:
        return None
    order = found.split.movers["change"].abs().sort_values(ascending=False, kind="stable").index
    own = found.split.movers.loc[order].reset_index(drop=True)
    part = [
        str(SOLD_WORDS.term(row.part) if row.part == SOLD else cause(row.part, row.change))
        for row in own.itertuples()
    ]
    shown = pd.DataFrame(
        {
            "mover_kind": own["what"].map(lambda what: str(KIND_WORDS.term(what))),
            "mover": own["shown"],
            "cause": part,
            "amount_before": own["before"],
            "amount_now": own["now"],
            "amount_change": own["change"],
        }
    )
    return _table(shown, "what_moved", claim("changes-table-movers"), found)


def data_table(found: WhatChanged) -> DataTable | None:
    """Every difference between the tables of the last look and the same moment as it is known now."""
    if found.data.empty:
        return None
    shown = found.data.assign(what=found.data["what"].map(lambda what: str(DATA_WORDS.term(what))))
    shown = shown.rename(
        columns={
            "before": "held_then",
            "amount": "amount_change",
            "after": "found",
            "name": "place",
            "what": "difference_of",
        }
    )
    return _table(shown, "data_that_changed", claim("changes-table-data"), found)


def parts_table(found: WhatChanged) -> DataTable | None:
    """What made the difference, by product and by customer, against the period before and a year earlier."""
    if found.split is None:
        return None
    rows = []
    ago = found.year_ago
    counts = found.split.counts["customers"]
    for way, order in (("products", PRODUCT_PARTS), ("customers", CUSTOMER_PARTS)):
        parts, earlier = getattr(found.split, way), getattr(ago, way, pd.Series(dtype="float64"))
        for part in order:
            amount, year = parts.get(part, 0.0), earlier.get(part)
            if amount or year:
                rows.append(
                    (
                        str(BY_PARTS.claim(way)),
                        str(cause(part, amount or year)),
                        amount,
                        year,
                        counts.get(part),
                    )
                )
    shown = pd.DataFrame(rows, columns=["looked_at", "cause", "amount_change", "amount_year", "customers"])
    if shown.empty:
        return None
    return _table(shown.dropna(axis=1, how="all"), "parts", claim("changes-table-parts"), found)


BY_PARTS = Family("changes-by", ("products", "customers"))


def groups_table(found: WhatChanged) -> DataTable | None:
    """Sales of both periods by group, each difference split into number of customers and sales of each."""
    if found.split is None or found.split.groups.empty:
        return None
    own = found.split.groups
    unknown = str(claim("changes-group-unknown"))
    shown = own.assign(
        looked_at=own["by"].map(lambda by: str(BY_WORDS.term(by))), group=own["group"].replace("", unknown)
    )
    shown = shown.rename(columns={
            "before": "amount_before", "now": "amount_now",
            "buyers": "by_buyers", "spend": "by_spend", "rest": "in_one_period",
        }
    )  # fmt: skip
    shown = shown[
        ["looked_at", "group", "amount_before", "amount_now", "by_buyers", "by_spend", "in_one_period"]
    ]
    return _table(shown, "groups", claim("changes-table-groups"), found)


def stages_table(found: WhatChanged) -> DataTable | None:
    """How long deals stayed in each stage, before and since."""
    if found.stages.empty:
        return None
    own = found.stages.reset_index()
    shown = own[["stage", "stays_before", "stays_now", "days", "left_now_pct", "p_adjusted", "differs"]]
    return _table(shown, "stage_times", claim("changes-table-stages"), found)


def rates_table(found: WhatChanged) -> DataTable | None:
    """Deals won of those decided, by source: the part of each in the difference of the whole rate."""
    if found.win_rate.empty:
        return None
    own = found.win_rate.reset_index()
    own["source"] = own["source"].replace("", str(claim("changes-group-unknown")))
    return _table(
        own.drop(columns="rate_before").rename(columns={"rate": "rate_points", "mix": "mix_points"}),
        "win_rates",
        claim("changes-table-rates"),
        found,
    )


def _table(frame: pd.DataFrame, table: str, caption: Claim, found: WhatChanged) -> DataTable:
    return DataTable(frame, table, caption, currency=found.currency, rows=10)
