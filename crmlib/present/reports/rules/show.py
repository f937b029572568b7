"""Key figures and tables of the report on what is bought together."""

from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose, Skipped
from crmlib.present.reports.rules.say import item_word, items_word


def cross_sell_figures(found: CrossSell) -> KeyFigures:
    """Baskets, items in a basket, combinations and the strongest lift.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    KeyFigures
    """
    lift = float(found.pairs["lift"].max()) if len(found.pairs) else None
    return KeyFigures(
        KeyFigure(label="Baskets", value=found.book.basket_count),
        KeyFigure(
            label="Items in a basket",
            value=found.basket_items_median,
            note=f"different {items_word(found.item)}, median",
        ),
        KeyFigure(label="Combinations above chance", value=len(found.pairs)),
        KeyFigure(label="Strongest lift", value=lift, unit="times chance"),
    )


def rules_table(found: CrossSell, *, most: int = 200) -> DataTable:
    """The rules, the highest lift first: if, then, how often, how far above chance.

    Parameters
    ----------
    found : CrossSell
    most : int
        At most so many rules.

    Returns
    -------
    DataTable
    """
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
    part = "" if len(found.pairs) <= most else f": the first {most:,} of {len(found.pairs):,}"
    return DataTable(
        frame.assign(extra=frame["extra"].round().astype("int64")).rename(
            columns={"count": "baskets_with_both"}
        ),
        name="rules",
        caption=f"Whoever buys this buys that as well{part}",
    )


def items_table(found: CrossSell) -> DataTable:
    """What is in most baskets.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    DataTable
    """
    return DataTable(
        found.items.rename(
            columns={
                "item": item_word(found.item).replace(" ", "_"),
                "count": "baskets",
                "share_pct": "support_pct",
            }
        ),
        name="items",
        caption="What is in most baskets",
        rows=12,
    )


def names_note(found: CrossSell) -> Prose | Skipped:
    """At which level items are looked at, or that their names are not known.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    Prose, or Skipped
    """
    if not found.named:
        return Skipped("Products are known by code only, so rules are between codes.", table="products")
    level = {"product_id": "single products"}.get(found.item, f"products by {found.item}")
    return Prose(
        f"This report looks at {level}. The parameter `item` chooses another level.".replace("`", "")
    )
