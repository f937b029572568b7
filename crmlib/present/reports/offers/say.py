"""What the report on offers says: whether they beat the strongest plain list, and what there is to offer."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.eligibility import RULES
from crmlib.analyse.offers.interests import AHEAD_DAYS, LOOKED, STATED
from crmlib.analyse.offers.judging import BUYERS, EVERYBODY, ITEM_KNN, OFFERS, OWN_REPEATS, POPULARITY
from crmlib.analyse.offers.learning import WAYS
from crmlib.analyse.offers.methods import SIGNALS
from crmlib.analyse.offers.proof import ALL_OFFERS, NEW_OFFERS, OffersProof
from crmlib.analyse.offers.result import BEST_SELLER, KINDS, REASONS, Offers
from crmlib.present import numbers
from crmlib.present.blocks import Skipped
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    counts,
    date,
    days,
    interval,
    money,
    name,
    names,
    points,
    share,
    times,
)
from crmlib.present.needs import or_else
from crmlib.present.numbers import sentence

_SIDES = (OFFERS, POPULARITY, OWN_REPEATS, ITEM_KNN)
_ALL_KINDS = (*KINDS, BEST_SELLER)
_HIT, _EACH, _SHARE = "hit_rate_pct", "revenue_per_customer", "revenue_share_pct"
_OF_COUNTING = "large_orders"
"""The one limit that says how it was computed."""

_AGREEING = 0.7
"""Of the groups of like chance, so many must agree with what happened for chances to be read as exact."""

_TWO_SEASONS = 728
"""Dates of a test that reach over so many days show each season twice."""

LIST_WORDS = Family("offers-list", _SIDES)
"""What a list is called inside a sentence."""

SIDE_WORDS = Family("offers-side", (*_SIDES, "popularity-new"))
KIND_WORDS = Family("offer-kind", _ALL_KINDS)
KIND_PLURALS = Family("offer-plural", _ALL_KINDS)
KIND_COUNTS = Family("offer-count", _ALL_KINDS, ("n",))
START_WORDS = Family("offers-answer-start", (OWN_REPEATS, POPULARITY, ITEM_KNN))
INTEREST_WORDS = Family(
    "offers-interest",
    tuple(f"{sign}_{how}" for sign in (LOOKED, STATED) for how in ("tells", "silent")),
    facts=("bought", "others", "days"),
)
RULE_WORDS = Family("rule", RULES, ("bound",))
MONEY_WORDS = Family(
    "offers-money", ("more", "less", "they_more", "they_less", "alike", "none"), ("gap", "ours", "theirs")
)
LIMIT_WORDS = Family(
    "offers-limit",
    (
        *("no_category", "steps_by_list_price", "steps_by_price_paid", "no_costs", "few_costs"),
        *("margin_unknown", "consent_not_asked", "consent_not_recorded", "consent_unknown"),
        *("no_probability", "large_orders"),
    ),
    ("n",),
)
WAY_WORDS = Family("offers-way", (*WAYS, "shrunk_shares"))
SIGNAL_WORDS = Family("signal", SIGNALS)
QUESTION_WORDS = Family("offers-question", (ALL_OFFERS, NEW_OFFERS))
JUDGED_WORDS = Family("offers-judged", (EVERYBODY, BUYERS))
REASON_WORDS = Family(
    "offers-reason",
    REASONS,
    (
        *("bought", "last", "due", "because", "orders", "baskets", "lift", "paid", "most", "price"),
        *("buyers", "within", "members", "taken", "trait", "group"),
    ),
)


def side_name(side: str, question: str = ALL_OFFERS) -> Fact:
    """A list of products by the name a reader knows."""
    new = question == NEW_OFFERS and side == POPULARITY
    return SIDE_WORDS.term("popularity-new" if new else side)


def agreeing_deciles(proof: OffersProof) -> int:
    """In how many groups of like chance as many offers were bought as was expected, within chance."""
    return int(proof.by_decile["agrees"].sum()) if len(proof.by_decile) else 0


def hit_share(proof: OffersProof, side: str = OFFERS, question: str = ALL_OFFERS) -> Fact:
    """The share of customers who bought something of a list, the same fact wherever it stands."""
    value = proof.value(_HIT, side=side, question=question)
    return share(value, at=f"offers.hit_share[{side}, {question}]")


def likely(low: Any, high: Any, kind: str = "number", *, unit: str = "", digits: int = 1) -> Fact:
    """A range with as many decimals as its figure has."""
    return interval(*(round(float(end), digits) + 0.0 for end in (low, high)), kind, unit=unit)


def kind_counts(offers: Offers) -> tuple[dict[str, Fact], Fact]:
    """How many offers there are of each kind, most first, and of all: rounded so that they add up."""
    kinds = offers.table["kind"].value_counts()
    places = [f"offers.made[{kind}]" for kind in kinds.index]
    parts, made = counts(kinds.tolist(), at=places, part_of="offers.made")
    return dict(zip(kinds.index, parts, strict=True)), made


def offers_answer(
    proof: OffersProof | Skipped, offers: Offers | Skipped, rule: Iterable[Claim] = ()
) -> list[Claim]:
    """Whether the offers beat the strongest plain list, in points and money; a rule; what to do first."""
    first = _untested(proof) if isinstance(proof, Skipped) else _verdict(proof)
    return [first, *rule, _start(proof, offers)]


def offers_findings(proof: OffersProof | Skipped, offers: Offers | Skipped) -> list[Claim]:
    """What the index repeats beside the answer: how offers of new products fared, and what there is to offer."""
    new = [] if isinstance(proof, Skipped) else _new_verdict(proof)
    return [*new, _what_there_is(offers)]


@or_else(lambda missing: [])
def interest_paragraph(evidence: pd.DataFrame) -> list[Claim]:
    """What was bought after a look, and after an interest was stated."""
    return [
        INTEREST_WORDS.claim(
            f"{row.sign}_{'tells' if row.tells else 'silent'}",
            bought=share(row.bought_pct),
            others=share(row.others_pct),
            days=days(AHEAD_DAYS),
        )
        for row in evidence.itertuples()
    ]


@or_else(lambda missing: [claim("offers-proof-missing", reason=name(sentence(missing.reason)))])
def proof_paragraph(proof: OffersProof) -> list[Claim]:
    """How the other lists fared, and what it was worth."""
    best = proof.strongest_rival()
    others = [side for side in _rivals(proof) if side != best]
    reached = [
        claim("offers-proof-other", list=LIST_WORDS.term(side), share=hit_share(proof, side))
        for side in others
    ]
    said = [claim("offers-proof-others", lists=names(reached))] if reached else []
    if best:
        ours, theirs = (share(proof.value(_SHARE, side=side)) for side in (OFFERS, best))
        said.append(claim("offers-proof-money", ours=ours, theirs=theirs, list=LIST_WORDS.term(best)))
    return said


@or_else(lambda missing: [])
def new_paragraph(proof: OffersProof) -> list[Claim]:
    """What offers of new products are good for."""
    best = proof.strongest_rival(NEW_OFFERS)
    if not best:
        return []
    gap, plain = proof.ahead_of(best, question=NEW_OFFERS), LIST_WORDS.term(best)
    if gap["ahead"] == "yes":
        use = claim("offers-new-use-ahead")
    elif gap["difference"] > 0 and _lists(proof, NEW_OFFERS, _HIT, ("yes",)):
        use = claim("offers-new-use-leading", list=plain, gap=points(gap["difference"]))
    else:
        use = claim("offers-new-use-behind", list=plain)
    return [claim("offers-new-why"), use]


def levels_promised(proof: OffersProof | Skipped) -> bool:
    """Whether chances agreed with what happened later, so that they may stand as levels and not as an order only."""
    return not isinstance(proof, Skipped) and _exact(proof)


@or_else(lambda missing: [claim("offers-none-made", reason=name(sentence(missing.reason)))])
def offers_paragraph(offers: Offers, *, levels: bool = True) -> list[Claim]:
    """What is offered to whom, in which order, and to those of whom nothing is known."""
    table, horizon = offers.table, days(offers.horizon_days)
    if table.empty:
        return [claim("offers-none")]
    margin = offers.ranked_by == "expected margin"
    said = [claim("offers-order-expected-margin" if margin else "offers-order-probability", days=horizon)]
    if not levels:
        said.append(claim("offers-order-only"))
    if len(offers.cold):
        said.append(claim("offers-cold", cold=count(len(offers.cold))))
    return said


@or_else(lambda missing: [])
def removed_paragraph(offers: Offers) -> list[Claim]:
    """What eligibility took out."""
    table = offers.removed[offers.removed["offers_removed"] > 0]
    if table.empty:
        return [claim("offers-removed-none")]
    most = table.sort_values("offers_removed", ascending=False, kind="stable").iloc[0]
    total = count(int(table["offers_removed"].sum()))
    if len(table) == 1:
        return [claim("offers-removed-one", offers=total, rule=rule_words(most))]
    return [
        claim(
            "offers-removed-several",
            rules=count(len(table)),
            offers=total,
            rule=rule_words(most),
            most=count(int(most["offers_removed"])),
        )
    ]


def rule_words(row: Any) -> Claim:
    """A rule of eligibility inside a sentence."""
    bound = row["bound"]
    return RULE_WORDS.claim(row["rule"], bound=share(bound) if row["rule"] == "margin" else days(bound))


@or_else(lambda missing: [])
def how_paragraph(proof: OffersProof) -> list[Claim]:
    """How it was tested, who is judged, and the difference to each other list."""
    periods = proof.periods
    people = sorted(set(periods["customers"]))
    buyers = 100 * periods["buyers"].sum() / periods["customers"].sum()
    said = [
        claim(
            "offers-how-dates",
            dates=names(date(day) for day in periods["cutoff"]),
            days=days(proof.holdout_days),
        ),
        claim(
            "offers-how-judged",
            customers=count(people[0]) if len(people) == 1 else interval(people[0], people[-1], "count"),
            buyers=share(buyers),
            ours=share(proof.value(_HIT, judged=BUYERS)),
            theirs=share(proof.value(_HIT, side=POPULARITY, judged=BUYERS)),
        ),
    ]
    if len(periods) < proof.cutoffs_asked:
        asked = count(proof.cutoffs_asked)
        said.append(claim("offers-how-fewer", used=count(len(periods)), asked=asked))
    return said + [_gap(proof, side) for side in _rivals(proof)]


@or_else(lambda missing: [])
def learnt_paragraph(offers: Offers) -> list[Claim]:
    """Where the chances come from, and which signals tell most."""
    own, new = (offers.ways[part] for part in ("own", "new"))
    if own == new == "shrunk_shares":
        said = [claim("offers-how-unlearnt", way=WAY_WORDS.term(own))]
    else:
        said = [
            claim(
                "offers-how-learnt",
                customers=count(offers.learnt_customers),
                days=days(offers.horizon_days),
                dates=names(date(day) for day in offers.learnt_on),
                own=WAY_WORDS.term(own),
                new=WAY_WORDS.term(new),
            )
        ]
    for part, best in offers.signals.groupby("part", sort=False) if len(offers.signals) else ():
        told = names(SIGNAL_WORDS.term(signal) for signal in best["signal"].head(3))
        said.append(
            claim("offers-how-signals-own" if part == "own" else "offers-how-signals-new", signals=told)
        )
    if _OF_COUNTING in offers.limits:
        said.append(LIMIT_WORDS.claim(_OF_COUNTING, n=count(offers.limits[_OF_COUNTING])))
    return said


@or_else(lambda missing: [])
def decile_paragraph(proof: OffersProof) -> list[Claim]:
    """Whether the likeliest offers were bought most, and as often as expected."""
    table = proof.by_decile
    if table.empty:
        return [claim("offers-deciles-none")]
    expected, bought = (
        share(np.average(table[name], weights=table["offered"])) for name in ("predicted_pct", "accepted_pct")
    )
    said = []
    if len(table) > 1:
        first, last = (share(table["accepted_pct"].iloc[place]) for place in (0, -1))
        said.append(claim("offers-deciles-ends", last=last, first=first))
    agree, groups = count(agreeing_deciles(proof)), count(len(table))
    said.append(claim("offers-deciles-whole", expected=expected, bought=bought, agree=agree, groups=groups))
    if not _exact(proof):
        said.append(claim("offers-deciles-order"))
    return said


@or_else(lambda missing: [])
def kinds_paragraph(proof: OffersProof) -> list[Claim]:
    """How often each kind of offer was bought."""
    table, said = proof.by_kind, []
    for question in (ALL_OFFERS, NEW_OFFERS) if len(table) else ():
        parts = [
            claim(
                "offers-kinds-one",
                kind=KIND_PLURALS.term(row.kind),
                share=share(row.accepted_pct),
                offers=count(int(row.offered)),
                range=likely(row.low, row.high, "share"),
            )
            for row in table[table["question"] == question].itertuples()
        ]
        if parts:
            new = question == NEW_OFFERS
            said.append(
                claim("offers-kinds-bought-new" if new else "offers-kinds-bought", kinds=names(parts))
            )
    return said


def offers_limits(proof: OffersProof | Skipped, offers: Offers | Skipped) -> list[Claim]:
    """What offers and their proof cannot say."""
    said = [claim("offers-limits-foresight")]
    said += [claim("offers-limits-untested")] if isinstance(proof, Skipped) else _proof_limits(proof)
    if not isinstance(offers, Skipped):
        told = {code: n for code, n in offers.limits.items() if code != _OF_COUNTING}
        said += [LIMIT_WORDS.claim(code, n=count(n)) for code, n in told.items()]
    return said


def offer_reasons(table: pd.DataFrame, *, currency: str = "") -> list[str]:
    """Why each offer of `Offers.table` is made, a sentence each; a reason that is no code stands as it is.

    Each message is rendered once and each value written once, since there are tens of thousands of offers.
    """
    facts = dict(zip(REASON_WORDS.facts, map(_slot, REASON_WORDS.facts), strict=True))
    said = {code: str(REASON_WORDS.claim(code, **facts)) for code in REASONS}
    replaces = str(claim("offers-replaces", product=_slot("product"), old=_slot("old")))
    values = _written(table, currency)
    found = []
    for place, reason in enumerate(table["reason"]):
        row = {fact: column[place] for fact, column in values.items()}
        text = _filled(said[reason], row) if reason in said else str(reason)
        found.append(f"{text} {_filled(replaces, row)}" if row["old"] else text)
    return found


_NOUNS = Family("offers-n", ("orders", "customers", "buyers"), ("n",))
_DAILY = 1.5
"""Purchases fewer days apart are said to be of day after day."""

_OPEN, _CLOSE = "\ue010", "\ue011"


def _slot(fact: str) -> Fact:
    """A place in a rendered message that is filled later."""
    return name(f"{_OPEN}{fact}{_CLOSE}")


def _filled(text: str, row: dict[str, str]) -> str:
    first, *parts = text.split(_OPEN)
    return first + "".join(row[fact] + rest for fact, _, rest in (part.partition(_CLOSE) for part in parts))


def _written(table: pd.DataFrame, currency: str) -> dict[str, list[str]]:
    """What fills the reasons, fact by fact."""
    table = table.reindex(columns=[*dict.fromkeys([*table.columns, *_REASON_COLUMNS])])
    written = {fact: _each(table[column], say) for fact, (column, say) in _WRITTEN.items()}
    for fact, column in _PRICES.items():
        written[fact] = _each(table[column], lambda value: str(money(value, currency)))
    gaps = table["gap_days"].astype("float64")
    apart = zip(table["bought_days"], gaps.where(gaps < _DAILY, gaps.round()), strict=True)
    kept: dict[tuple[Any, Any], str] = {}
    written["bought"] = [kept.get(pair) or kept.setdefault(pair, _bought(*pair)) for pair in apart]
    return written


def _each(values: pd.Series, say: Any) -> list[str]:
    """Every value written, each different one once; empty where there is none."""
    kept = {value: say(value) for value in values.dropna().unique()}
    return [kept.get(value, "") for value in values]


def _with_noun(noun: str) -> Any:
    return lambda n: str(_NOUNS.claim(noun, n=count(n)))


def _bought(on: Any, gap: Any) -> str:
    if not numbers.is_known(on):
        return ""
    if on == 1:
        return str(claim("offers-bought-once"))
    if gap < _DAILY:
        return str(claim("offers-bought-daily", n=days(on)))
    return str(claim("offers-bought-often", n=days(on), gap=days(gap)))


_WRITTEN: dict[str, tuple[str, Any]] = {
    "last": ("last_bought_on", lambda day: str(date(day))),
    "due": ("due_on", lambda day: str(date(day))),
    "because": ("because", lambda product: str(name(product))),
    "product": ("product", lambda product: str(name(product))),
    "old": ("replaces", lambda product: str(name(product))),
    "orders": ("orders_before", _with_noun("orders")),
    "baskets": ("baskets", lambda n: str(count(n))),
    "lift": ("lift", lambda lift: str(times(lift))),
    "buyers": ("buyers", _with_noun("customers")),
    "taken": ("buyers", lambda n: str(count(n))),
    "members": ("group_buyers", _with_noun("buyers")),
    "within": ("recent_days", lambda n: str(days(n))),
    "trait": ("group_by", lambda column: str(name(column.replace("_", " ")))),
    "group": ("group", lambda value: str(name(value))),
}
_PRICES = {"paid": "step_price", "most": "top_price", "price": "price"}
_REASON_COLUMNS = (
    *dict.fromkeys(column for column, _ in _WRITTEN.values()),
    *_PRICES.values(),
    *("bought_days", "gap_days"),
)


def _untested(missing: Skipped) -> Claim:
    return claim("offers-answer-untested", reason=name(sentence(str(missing.reason))))


def _verdict(proof: OffersProof) -> Claim:
    best = proof.strongest_rival()
    if not best:
        return claim("offers-answer-alone", ours=hit_share(proof), days=days(proof.holdout_days))
    gap = proof.ahead_of(best)
    facts = {
        "list": LIST_WORDS.term(best),
        "gap": points(abs(gap["difference"])),
        "ours": hit_share(proof),
        "theirs": hit_share(proof, best),
        "days": days(proof.holdout_days),
        "money": _money(proof, best, gap["ahead"]),
    }
    if gap["ahead"] == "uncertain":
        return claim("offers-answer-uncertain", **facts)
    return claim("offers-answer-ahead" if gap["ahead"] == "yes" else "offers-answer-behind", **facts)


def _money(proof: OffersProof, best: str, verdict: str) -> Claim:
    """What the list that the sentence is about brought, against the other one."""
    gap = proof.ahead_of(best, _EACH)
    if gap is None:
        return MONEY_WORDS.claim("none")
    more = gap["difference"] if verdict != "no" else -gap["difference"]
    word = "alike" if gap["ahead"] == "uncertain" else "more" if more > 0 else "less"
    ours, theirs = (
        money(proof.value(_EACH, side=side), proof.currency, at=f"offers.money_each[{side}, {ALL_OFFERS}]")
        for side in (OFFERS, best)
    )
    if verdict == "uncertain" and word != "alike":
        word = f"they_{word}"
    return MONEY_WORDS.claim(word, gap=money(abs(more), proof.currency), ours=ours, theirs=theirs)


def _start(proof: OffersProof | Skipped, offers: Offers | Skipped) -> Claim:
    """What to do first."""
    if isinstance(offers, Skipped):
        return claim("offers-none-made", reason=name(sentence(str(offers.reason))))
    if offers.table.empty:
        return claim("offers-none")
    if isinstance(proof, Skipped):
        return claim("offers-answer-start-trial")
    best = proof.strongest_rival()
    if best in START_WORDS.members and proof.ahead_of(best)["ahead"] != "yes":
        return START_WORDS.claim(best)
    first = offers.table[offers.table["rank"] == 1]["product"].value_counts()
    customers = count(int(first.iloc[0]))
    return claim("offers-answer-start-list", product=name(first.index[0]), customers=customers)


def _new_verdict(proof: OffersProof) -> list[Claim]:
    best = proof.strongest_rival(NEW_OFFERS)
    if not best:
        return []
    facts = {
        "list": LIST_WORDS.term(best),
        "ours": hit_share(proof, OFFERS, NEW_OFFERS),
        "theirs": hit_share(proof, best, NEW_OFFERS),
    }
    ahead = proof.ahead_of(best, question=NEW_OFFERS)["ahead"]
    if ahead == "uncertain":
        return [claim("offers-finding-new-uncertain", **facts)]
    return [claim("offers-finding-new-ahead" if ahead == "yes" else "offers-finding-new-behind", **facts)]


def _what_there_is(offers: Offers | Skipped) -> Claim:
    if isinstance(offers, Skipped):
        return claim("offers-none-made", reason=name(sentence(str(offers.reason))))
    if offers.table.empty:
        return claim("offers-none")
    kinds, made = kind_counts(offers)
    said = names(KIND_COUNTS.claim(kind, n=n) for kind, n in kinds.items())
    people = count(offers.table["customer_id"].nunique(), at="offers.customers")
    if people.value == offers.customers:
        return claim("offers-made-all", people=people, made=made, kinds=said)
    return claim("offers-made-some", people=people, customers=count(offers.customers), made=made, kinds=said)


def _rivals(proof: OffersProof, question: str = ALL_OFFERS) -> list[str]:
    rows = proof.differences
    rows = rows[(rows["question"] == question) & (rows["judged"] == EVERYBODY) & (rows["measure"] == _HIT)]
    return rows["side"].tolist()


def _gap(proof: OffersProof, side: str) -> Claim:
    gap = proof.ahead_of(side)
    low, high = gap["low"], gap["high"]
    facts = {
        "list": LIST_WORDS.term(side),
        "gap": points(abs(gap["difference"])),
        "range": likely(-high, -low) if gap["ahead"] == "no" else likely(low, high),
    }
    if gap["ahead"] == "uncertain":
        return claim("offers-how-gap-uncertain", **facts)
    return claim("offers-how-gap-ahead" if gap["ahead"] == "yes" else "offers-how-gap-behind", **facts)


def _exact(proof: OffersProof) -> bool:
    return not len(proof.by_decile) or agreeing_deciles(proof) >= _AGREEING * len(proof.by_decile)


def _proof_limits(proof: OffersProof) -> list[Claim]:
    said = [claim("offers-limits-rules")]
    if (proof.periods["until"].max() - proof.periods["cutoff"].min()).days < _TWO_SEASONS:
        said.append(claim("offers-limits-one-year"))
    behind = _lists(proof, ALL_OFFERS, _HIT, ("no", "uncertain"))
    if behind:
        said.append(claim("offers-limits-behind", lists=names(behind)))
    for question in (ALL_OFFERS, NEW_OFFERS):
        poorer = _lists(proof, question, _SHARE, ("no",))
        if poorer:
            new = question == NEW_OFFERS
            said.append(
                claim("offers-limits-poorer-new" if new else "offers-limits-poorer", lists=names(poorer))
            )
    return said if _exact(proof) else [*said, claim("offers-limits-chances")]


def _lists(proof: OffersProof, question: str, measure: str, verdicts: tuple[str, ...]) -> list[Fact]:
    """Lists against which the offers fare so, every customer judged."""
    rows = proof.differences
    rows = rows[(rows["question"] == question) & (rows["judged"] == EVERYBODY) & (rows["measure"] == measure)]
    return [LIST_WORDS.term(side) for side in rows.loc[rows["ahead"].isin(verdicts), "side"]]
