"""Key figures and tables of the report on what is bought together."""

from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import claim, count, date, days, number
from crmlib.present.reports.rules.say import CHANGE_WORDS, ITEM_WORDS, ITEMS_WORDS, MONEY_WORDS, USE_WORDS


def cross_sell_figures(found: CrossSell) -> KeyFigures:
    """Baskets, items in a basket, combinations and the strongest lift."""
    lift = float(found.pairs["lift"].max()) if len(found.pairs) else None
    note = claim("rules-figure-items-note", items=ITEMS_WORDS.term(found.item))
    return KeyFigures(
        KeyFigure(claim("rules-figure-baskets"), count(found.book.basket_count, at="baskets.all")),
        KeyFigure(claim("rules-figure-items"), number(found.basket_items_median), note=note),
        KeyFigure(claim("rules-figure-found"), count(len(found.pairs), at="rules.found")),
        KeyFigure(claim("rules-figure-lift"), lift, unit=str(claim("rules-figure-lift-unit"))),
    )


def best_table(found: CrossSell) -> DataTable | None:
    """The rules that matter: counts, what they are expected to bring, what they brought, and where to use them."""
    if found.best.empty:
        return None
    best, within = found.best, days(found.holdout_days)
    frame = best[["if", "then"]].assign(
        rule_use=[str(USE_WORDS.term(use)) for use in best["use"]],
        rule_expected=best["expected"],
        rule_came=best["came"],
        baskets_with_both=best["count"],
        baskets_with_either=best["either"],
        confidence_pct=best["confidence_pct"],
        lift=best["lift"],
    )
    if not found.holdout_days:
        frame = frame.drop(columns=["rule_expected", "rule_came"])
    caption = claim("rules-table-best", kind=MONEY_WORDS.term(found.money))
    meanings = {
        "rule_expected": str(claim("rules-table-best-expected", days=within)),
        "rule_came": str(claim("rules-table-best-came", days=within)),
    }
    return DataTable(frame, "rules_that_matter", caption, currency=found.currency, rows=5, meanings=meanings)


def changes_table(found: CrossSell) -> DataTable | None:
    """Rules that were born, died or changed."""
    if found.changes.empty:
        return None
    frame = found.changes.assign(
        rule_change=[str(CHANGE_WORDS.term(each)) for each in found.changes["change"]]
    )
    shown = frame[["rule_change", "if", "then", "confidence_pct", "later_confidence_pct"]]
    caption = claim("rules-table-changes", day=date(found.compared_on), days=days(found.holdout_days))
    return DataTable(shown, "rules_changed", caption, download=False)


def levels_table(found: CrossSell) -> DataTable | None:
    """The levels that were looked at, and what their rules brought in later time."""
    if not found.holdout_days:
        return None
    frame = found.levels.assign(level=[str(ITEM_WORDS.term(item)) for item in found.levels["item"]])
    shown = frame[["level", "rules", "named", "held", "expected", "came"]].rename(
        columns={
            "rules": "rules_found",
            "named": "rules_named",
            "held": "rules_held",
            "expected": "rule_expected",
            "came": "rule_came",
        }
    )
    caption = claim("rules-table-levels", day=date(found.cutoff), days=days(found.holdout_days))
    return DataTable(shown, "rule_levels", caption, currency=found.currency, download=False)


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
    shown = frame.assign(extra=frame["extra"].round().astype("int64")).rename(
        columns={"count": "baskets_with_both"}
    )
    return DataTable(shown, "rules", caption, rows=6)


def items_table(found: CrossSell) -> DataTable:
    """What is in most baskets."""
    shown = found.items.rename(
        columns={
            "item": str(ITEM_WORDS.term(found.item)).replace(" ", "_"),
            "count": "baskets",
            "share_pct": "support_pct",
        }
    )
    return DataTable(shown, "items", claim("rules-table-items"), rows=12)
