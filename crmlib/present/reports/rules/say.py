"""What the report on what is bought together says, made from its numbers."""

from typing import Any

from crmlib.analyse.rules.baskets import MAX_BASKET_ITEMS
from crmlib.analyse.rules.cross_sell import CrossSell
from crmlib.analyse.rules.worth import LATER_DAYS, STRONG, USES
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    money,
    name,
    names,
    number,
    share,
    times,
)

_ITEMS = ("subcategory", "category", "department", "brand", "product_id")

ITEM_WORDS = Family("item", _ITEMS)
"""What an item is called."""

ITEMS_WORDS = Family("items", _ITEMS)
"""What several items are called."""

MONEY_WORDS = Family("rules-money", ("margin", "revenue"))
USE_WORDS = Family("rules-use", USES)
USE_SENTENCES = Family("rules-act-use", USES, ("rules", "days"))
CHANGE_WORDS = Family("rules-change", ("born", "died", "stronger", "weaker"))


def cross_sell_answer(found: CrossSell) -> list[Claim]:
    """What goes together most, and how many combinations there are."""
    if found.pairs.empty:
        return [_no_rule(found)]
    best = found.best.iloc[0]
    many = count(len(found.pairs), at="rules.found")
    facts = {
        "before": _sides(best["if"]),
        "after": _sides(best["then"]),
        "share": share(best["confidence_pct"]),
    }
    first = claim("rules-answer-first", **facts)
    if found.holdout_days:
        worth = money(best["expected"], found.currency)
        first = claim(
            "rules-answer-worth", **facts, worth=worth, kind=MONEY_WORDS.term(found.money),
            days=days(found.holdout_days),
        )  # fmt: skip
    return [first, claim("rules-answer-many", rules=many, items=ITEMS_WORDS.term(found.item))]


def cross_sell_findings(found: CrossSell) -> list[Claim]:
    """What the index repeats: what the rules known before the later time brought in it."""
    if found.pairs.empty:
        return [_no_rule(found)]
    proof = _proof(found)
    return [proof] if proof else [rule_sentence(found.best.iloc[0])]


def _proof(found: CrossSell) -> Claim | None:
    row = found.levels[found.levels["chosen"]].iloc[0]
    if not found.holdout_days or not row["named"]:
        return None
    return claim(
        "rules-finding-proof",
        rules=count(int(row["named"])),
        held=count(int(row["held"])),
        day=date(found.cutoff),
        days=days(found.holdout_days),
        expected=money(row["expected"], found.currency),
        came=money(row["came"], found.currency),
        kind=MONEY_WORDS.term(found.money),
    )


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
    """At which level, how to read a rule, what the money is, and how many join different categories."""
    if found.pairs.empty:
        return [_no_rule(found)]
    said = [level_words(found), claim("rules-read")]
    if found.holdout_days:
        kind = MONEY_WORDS.term(found.money)
        said.append(claim("rules-read-worth", kind=kind, days=days(found.holdout_days)))
    if found.money == "revenue":
        said.append(claim("rules-read-revenue"))
    across = found.pairs["across"]
    if across.isna().all():
        return said
    joined = count(int(across.fillna(False).sum()), part_of="rules.found")
    return [*said, claim("rules-across", joined=joined, rules=count(len(across), at="rules.found"))]


def proof_paragraph(found: CrossSell) -> list[Claim]:
    """What has changed of late, or why that and the worth in later time cannot be told."""
    if found.pairs.empty:
        return [claim("rules-proof-none")]
    return _changed(found) or [claim("rules-proof-short")]


def _changed(found: CrossSell) -> list[Claim]:
    """One sentence on rules that were born, died or changed."""
    if found.compared_on is None:
        return []
    many = found.changes["change"].value_counts()
    day = date(found.compared_on)
    if not len(many):
        return [claim("rules-changes-none", day=day)]
    born, died, moved = (
        count(int(many.reindex(list(words)).fillna(0).sum()))
        for words in (("born",), ("died",), ("stronger", "weaker"))
    )
    return [claim("rules-changes", day=day, born=born, died=died, moved=moved)]


def act_paragraph(found: CrossSell) -> list[Claim]:
    """What to do with the rules: which to use where, those with most at stake first."""
    if found.pairs.empty:
        return [claim("rules-act-none")]
    best = found.best
    strong = best[(best["lift"] >= STRONG) & best["across"].fillna(True)]
    first = (strong if len(strong) else best).drop_duplicates("then").head(1).iloc[0]
    offers = claim("rules-act-one", before=_sides(first["if"]), after=_sides(first["then"]))
    said = [claim("rules-act-start", offers=offers)]
    for use, rules in best.groupby("use", sort=False):
        parts = [
            claim("rules-act-pair", before=_sides(before), after=_sides(after))
            for before, after in rules[["if", "then"]].head(3).itertuples(index=False)
        ]
        said.append(USE_SENTENCES.claim(use, rules=names(parts), days=days(LATER_DAYS)))
    return said


def cross_sell_limits(found: CrossSell) -> list[Claim]:
    """What rules cannot say."""
    said = [claim("rules-limits-cause"), claim("rules-limits-stock")]
    if found.pairs["months_pct"].isna().all():
        said.append(claim("rules-limits-season"))
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
    if aside.get("free_lines"):
        said.append(claim("rules-how-free", lines=count(aside["free_lines"])))
    if aside.get("cancelled_lines"):
        said.append(claim("rules-how-cancelled", lines=count(aside["cancelled_lines"])))
    if aside.get("baskets_above_cap"):
        large = count(aside["baskets_above_cap"])
        said.append(claim("rules-how-large", baskets=large, most=count(MAX_BASKET_ITEMS)))
    if found.unnamed_share_pct >= 0.1:
        said.append(claim("rules-how-unnamed", share=share(found.unnamed_share_pct)))
    return [*said, claim("rules-how-basket"), claim("rules-how-use", days=days(LATER_DAYS))]


def _sides(side: str) -> Fact:
    return names(str(side).split(" + "))


def _asked(support: float) -> Claim:
    if isinstance(support, float):
        return claim("rules-support-share", share=share(100 * support))
    return claim("rules-support-count", n=count(support))


def _no_rule(found: CrossSell) -> Claim:
    least = count(found.book.min_support_count)
    return claim("rules-answer-none", items=ITEMS_WORDS.term(found.item), least=least)
