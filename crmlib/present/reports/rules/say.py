"""What the report on what is bought together says, made from its numbers."""

from typing import Any

from crmlib.analyse.rules.baskets import MAX_BASKET_ITEMS
from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.present.claims import Claim, Fact, Family, claim, count, name, names, number, share, times

_STRONG = 3.0
_ITEMS = ("subcategory", "category", "department", "brand", "product_id")

ITEM_WORDS = Family("item", _ITEMS)
"""What an item is called."""

ITEMS_WORDS = Family("items", _ITEMS)
"""What several items are called."""


def cross_sell_answer(found: CrossSell) -> list[Claim]:
    """What goes together most, and how many combinations there are."""
    if found.pairs.empty:
        return [_no_rule(found)]
    best = found.pairs.iloc[0]
    many = count(len(found.pairs), at="rules.found")
    return [
        claim(
            "rules-answer-first",
            before=_sides(best["if"]),
            after=_sides(best["then"]),
            share=share(best["confidence_pct"]),
        ),
        claim("rules-answer-many", rules=many, items=ITEMS_WORDS.term(found.item)),
    ]


def cross_sell_findings(found: CrossSell) -> list[Claim]:
    """What the index repeats: the combination that reaches most baskets beyond chance."""
    if found.pairs.empty:
        return [_no_rule(found)]
    best = found.pairs.loc[found.pairs["extra"].idxmax()]
    if best.name == found.pairs.index[0]:
        return [rule_sentence(best)]
    return [
        claim(
            "rules-finding-most",
            before=_sides(best["if"]),
            after=_sides(best["then"]),
            baskets=count(int(best["count"])),
            extra=count(round(best["extra"])),
        )
    ]


def rule_sentence(rule: Any) -> Claim:
    """A rule as one would say it."""
    return claim(
        "rules-finding-first",
        before=_sides(rule["if"]),
        after=_sides(rule["then"]),
        share=share(rule["confidence_pct"]),
        lift=times(rule["lift"]),
    )


def baskets_paragraph(found: CrossSell) -> list[Claim]:
    """What baskets look like, at which level, and how many can say anything."""
    said = [
        level_words(found),
        claim(
            "rules-baskets",
            baskets=count(found.book.basket_count, at="baskets.all"),
            different=count(found.book.item_count),
            items=ITEMS_WORDS.term(found.item) if found.book.item_count != 1 else ITEM_WORDS.term(found.item),
            median=number(found.basket_items_median),
        ),
    ]
    if found.single_share_pct > 0:
        said.append(claim("rules-baskets-single", share=share(found.single_share_pct)))
    if len(found.items):
        first = found.items.head(3)[["item", "share_pct"]]
        parts = [
            claim("rules-baskets-most-one", item=name(item), share=share(pct))
            for item, pct in first.itertuples(index=False)
        ]
        said.append(claim("rules-baskets-most", items=names(parts)))
    return said


def level_words(found: CrossSell) -> Claim:
    """At which level items are looked at, or that their names are not known."""
    if not found.named:
        return claim("rules-codes-only")
    if found.item == "product_id":
        return claim("rules-level-single")
    return claim("rules-level-group", items=ITEMS_WORDS.term(found.item))


def rules_paragraph(found: CrossSell) -> list[Claim]:
    """How to read a rule, and how many join different categories."""
    if found.pairs.empty:
        return [_no_rule(found)]
    across = found.pairs["across"]
    if across.isna().all():
        return [claim("rules-read")]
    joined = count(int(across.fillna(False).sum()), part_of="rules.found")
    return [
        claim("rules-read"),
        claim("rules-across", joined=joined, rules=count(len(across), at="rules.found")),
    ]


def act_paragraph(found: CrossSell) -> list[Claim]:
    """What to do with the rules."""
    if found.pairs.empty:
        return [claim("rules-act-none")]
    pairs = found.pairs.sort_values("extra", ascending=False, kind="stable")
    strong = pairs[(pairs["lift"] >= _STRONG) & pairs["across"].fillna(True)]
    best = (strong if len(strong) else pairs).drop_duplicates("then").head(3)
    parts = [
        claim("rules-act-one", before=_sides(before), after=_sides(after))
        for before, after in best[["if", "then"]].itertuples(index=False)
    ]
    return [claim("rules-act-start", offers=names(parts)), claim("rules-act-where")]


def cross_sell_limits(found: CrossSell) -> list[Claim]:
    """What rules cannot say."""
    said = [claim("rules-limits-cause"), claim("rules-limits-margin")]
    return said if found.named else [*said, claim("rules-limits-codes")]


def counted_paragraph(found: CrossSell) -> list[Claim]:
    """What was counted, and what was left out."""
    book = found.book
    said = [claim("rules-how-rare", least=count(book.min_support_count))]
    if book.tested_count:
        said.append(claim("rules-how-tested", tested=count(book.tested_count)))
    if found.raised_from is not None:
        asked, used = (_asked(support) for support in (found.raised_from, found.min_support))
        said.append(claim("rules-how-raised", asked=asked, used=used))
    aside = book.set_aside
    if aside.get("refund_lines"):
        said.append(claim("rules-how-refunds", lines=count(aside["refund_lines"])))
    if aside.get("baskets_above_cap"):
        large = count(aside["baskets_above_cap"])
        said.append(claim("rules-how-large", baskets=large, most=count(MAX_BASKET_ITEMS)))
    if found.unnamed_share_pct >= 0.1:
        said.append(claim("rules-how-unnamed", share=share(found.unnamed_share_pct)))
    return [*said, claim("rules-how-basket")]


def _sides(side: str) -> Fact:
    return names(str(side).split(" + "))


def _asked(support: float) -> Claim:
    if isinstance(support, float):
        return claim("rules-support-share", share=share(100 * support))
    return claim("rules-support-count", n=count(support))


def _no_rule(found: CrossSell) -> Claim:
    least = count(found.book.min_support_count)
    return claim("rules-answer-none", items=ITEMS_WORDS.term(found.item), least=least)
