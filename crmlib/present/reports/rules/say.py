"""What the report on what is bought together says, made from its numbers."""

from typing import Any

from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.present.words import count, listing, number, percent, plural, quoted, sentence, times

_STRONG = 3.0
_ITEM_WORDS = {
    "subcategory": "group of products",
    "category": "category",
    "department": "department",
    "brand": "brand",
    "product_id": "product",
}
_ITEM_PLURALS = {"subcategory": "groups of products"}


def item_word(item: str) -> str:
    """What an item is called."""
    return _ITEM_WORDS.get(item, item.replace("_", " "))


def items_word(item: str) -> str:
    """What several items are called."""
    return _ITEM_PLURALS.get(item, plural(2, item_word(item)))


def cross_sell_answer(found: CrossSell) -> list[str]:
    """What goes together most, and what would move most baskets.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    list of str
    """
    if found.pairs.empty:
        return [_no_rule(found)]
    said = [rule_sentence(found.pairs.iloc[0]), *_most_moved(found)]
    return [
        *said,
        f"{count(len(found.pairs), 'combination')} of {_items(found)} "
        f"{plural(len(found.pairs), 'is', 'are')} bought together "
        "clearly more often than chance would have it.",
    ]


def cross_sell_findings(found: CrossSell) -> list[str]:
    """The one or two sentences that the index repeats.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    list of str
    """
    return cross_sell_answer(found)[:-1] if len(found.pairs) else [_no_rule(found)]


def rule_sentence(rule: Any) -> str:
    """A rule as one would say it."""
    return (
        f"Whoever buys {_sides(rule['if'])} also buys {quoted(rule['then'])} in "
        f"{percent(rule['confidence_pct'])} of cases, "
        f"{times(rule['lift'])} as often as by chance."
    )


def baskets_paragraph(found: CrossSell) -> list[str]:
    """What baskets look like, and how many can say anything.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    list of str
    """
    baskets, items = found.book.basket_count, found.book.item_count
    different = count(items, f"different {item_word(found.item)}", f"different {_items(found)}")
    said = [
        sentence(
            f"{count(baskets, 'basket')} {plural(baskets, 'holds', 'hold')} {different}; half of the baskets "
            "hold "
            f"{number(found.basket_items_median)} or fewer"
        )
    ]
    if found.single_share_pct > 0:
        said.append(f"{percent(found.single_share_pct)} hold one only, so no rule can speak of them.")
    if len(found.items):
        first = found.items.head(3)
        parts = [
            f"{quoted(name)} ({percent(share)})"
            for name, share in first[["item", "share_pct"]].itertuples(index=False)
        ]
        said.append(f"Most often in a basket: {listing(parts)}.")
    return said


def rules_paragraph(found: CrossSell) -> list[str]:
    """How to read a rule, and where the list comes from.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    list of str
    """
    if found.pairs.empty:
        return [_no_rule(found)]
    said = [
        "A rule is read from left to right: of all baskets with the first, so many hold the second too. The "
        "lift says how many "
        "times as often as if both were bought independently of each other.",
    ]
    across = found.pairs["across"]
    if across.notna().any():
        joined = int(across.fillna(False).sum())
        said.append(
            f"{number(joined)} of the {number(len(across))} join different categories: those are the ones "
            "that bring a "
            "customer to a shelf that may not have been on the list."
        )
    return said


def act_paragraph(found: CrossSell) -> list[str]:
    """What to do with the rules.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    list of str
    """
    if found.pairs.empty:
        return ["There is nothing to act on until a rule is found."]
    pairs = found.pairs.sort_values("extra", ascending=False, kind="stable")
    strong = pairs[(pairs["lift"] >= _STRONG) & pairs["across"].fillna(True)]
    best = (strong if len(strong) else pairs).drop_duplicates("then").head(3)
    parts = [
        f"{quoted(row[1])} for buyers of {_sides(row[0])}"
        for row in best[["if", "then"]].itertuples(index=False)
    ]
    return [
        "Start with what already goes together most, for buyers who take one without the other: "
        f"{listing(parts)}.",
        "Rules with a high lift and few baskets are for the shelf and the recipe card; rules with many "
        "baskets are for the till, "
        "the newsletter and the start page. Try an offer on some customers first and compare with the "
        "others.",
    ]


def cross_sell_limits(found: CrossSell) -> list[str]:
    """What rules cannot say.

    Parameters
    ----------
    found : CrossSell

    Returns
    -------
    list of str
    """
    book = found.book
    share = 100 * book.min_support_count / max(book.basket_count, 1)
    limits = [
        "What is bought together need not cause each other: a rule does not promise that an offer sells "
        "more.",
        f"Only combinations in at least {count(book.min_support_count, 'basket')}"
        f"{f' ({percent(share)} of all)' if share <= 100 else ''} are looked at; what is rare does not show, "
        "and what nearly "
        "everyone buys has a low lift by nature.",
    ]
    if book.tested_count:
        limits.append(
            f"{count(book.tested_count, 'rule')} {plural(book.tested_count, 'was', 'were')} tested. Those "
            "shown are above "
            "chance even so, with the number of tests taken into account."
        )
    if found.raised_from is not None:
        limits.append(
            f"A smallest share of {percent(100 * found.raised_from)} of baskets was asked for and would have "
            "taken too much "
            f"memory; {percent(100 * found.min_support)} was used."
        )
    aside = _aside(found)
    if aside:
        limits.append(f"Left out: {aside}.")
    if found.unnamed_share_pct >= 0.1:
        limits.append(
            f"{percent(found.unnamed_share_pct)} of order lines are of products without such a group; they "
            "are in no rule."
        )
    if not found.named:
        limits.append(
            "Products are known by code only. Codes for postage and the like are taken for products."
        )
    limits.append(
        "A basket is an order from which anything was taken, also free of charge or sent back later; the "
        "customer profile counts only orders that were paid for and kept, so it may count fewer."
    )
    return [
        *limits,
        "Prices, margins and stock are not looked at; a good rule can still sell what earns nothing.",
    ]


def _sides(side: str) -> str:
    return listing([quoted(item) for item in str(side).split(" + ")])


def _items(found: CrossSell) -> str:
    return items_word(found.item)


def _most_moved(found: CrossSell) -> list[str]:
    best = found.pairs.loc[found.pairs["extra"].idxmax()]
    if best.name == found.pairs.index[0]:
        return []
    return [
        f"The combination that reaches most baskets beyond chance: {_sides(best['if'])} with "
        f"{quoted(best['then'])}, in "
        f"{count(best['count'], 'basket')}, "
        f"{number(best['extra'])} more than chance would bring."
    ]


def _no_rule(found: CrossSell) -> str:
    return (
        f"No combination of {_items(found)} is bought together clearly more often than by chance, in at "
        "least "
        f"{count(found.book.min_support_count, 'basket')}. A smaller min_support would look at rarer ones."
    )


def _aside(found: CrossSell) -> str:
    words = {
        "refund_lines": ("line that gives goods back or is empty", "lines that give goods back or are empty"),
        "baskets_above_cap": ("basket with more than 1,000 items", "baskets with more than 1,000 items"),
    }
    aside = found.book.set_aside
    return listing([count(aside[name], *words[name]) for name in words if aside.get(name)]) if any(
        aside.get(name) for name in words
    ) else ""  # fmt: skip


def _little_cross_sell() -> CrossSell:
    """Nine baskets, for the examples."""
    import pandas as pd

    from crmlib.analyse.rules.cross_sell import cross_sell
    from crmlib.prepare.crm import Crm

    sold = [("icing", "mix")] * 5 + [("tea",)] * 4
    lines = [(str(order), item) for order, items in enumerate(sold) for item in items]
    frame = pd.DataFrame(lines, columns=["order_id", "product_id"]).assign(
        ordered_at="2024-01-02", net_amount=1.0
    )
    return cross_sell(Crm.from_frames(as_of="2024-01-31", transactions=frame), min_support=2)
