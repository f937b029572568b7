"""Key figures and tables of the report on what is bought together."""

from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import claim, count, number
from crmlib.present.reports.rules.say import ITEM_WORDS, ITEMS_WORDS


def cross_sell_figures(found: CrossSell) -> KeyFigures:
    """Baskets, items in a basket, combinations and the strongest lift."""
    lift = float(found.pairs["lift"].max()) if len(found.pairs) else None
    return KeyFigures(
        KeyFigure(
            label=claim("rules-figure-baskets"), value=count(found.book.basket_count, at="baskets.all")
        ),
        KeyFigure(
            label=claim("rules-figure-items"),
            value=number(found.basket_items_median),
            note=claim("rules-figure-items-note", items=ITEMS_WORDS.term(found.item)),
        ),
        KeyFigure(label=claim("rules-figure-found"), value=count(len(found.pairs), at="rules.found")),
        KeyFigure(label=claim("rules-figure-lift"), value=lift, unit=str(claim("rules-figure-lift-unit"))),
    )


def rules_table(found: CrossSell, *, most: int = 200) -> DataTable:
    """The rules, the highest lift first: if, then, how often, how far above chance."""
    columns = [
        "if",
        "then",
        "lift",
        "confidence_pct",
        "base_pct",
        "count",
        "support_pct",
        "extra",
        "improvement_pct",
    ]
    known = found.pairs["across"].notna().any()
    frame = found.pairs[columns + (["across"] if known else [])].head(most)
    caption = claim("rules-table-rules")
    if len(found.pairs) > most:
        all_rules = count(len(found.pairs), at="rules.found")
        caption = claim("rules-table-rules-first", shown=count(most), rules=all_rules)
    return DataTable(
        frame.assign(extra=frame["extra"].round().astype("int64")).rename(
            columns={"count": "baskets_with_both"}
        ),
        name="rules",
        caption=caption,
        rows=6,
    )


def items_table(found: CrossSell) -> DataTable:
    """What is in most baskets."""
    return DataTable(
        found.items.rename(
            columns={
                "item": str(ITEM_WORDS.term(found.item)).replace(" ", "_"),
                "count": "baskets",
                "share_pct": "support_pct",
            }
        ),
        name="items",
        caption=claim("rules-table-items"),
        rows=12,
    )
