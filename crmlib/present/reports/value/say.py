"""What the report on customer value says, made from its numbers."""

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from crmlib.analyse.customers.states import is_late
from crmlib.analyse.lifetime.future import FutureContribution
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.value.pareto import CLASS_BORDERS, NEARLY_80, ParetoCurve
from crmlib.analyse.value.potential import LOYALTY_WEIGHTS
from crmlib.analyse.value.scorecard import (
    ENOUGH,
    OWN_REASONS,
    SAME,
    SHAKE_DRAWS,
    TOP_SHARE,
    TOPICS,
    UNKNOWN,
    Scorecard,
    topic_lifts,
)
from crmlib.analyse.value.valuations import LEFT_OUT, credit_by_grade, growth_by_category
from crmlib.analyse.worklist import Worklist
from crmlib.measure.columns import label_of, unit_of
from crmlib.present.blocks import Skipped
from crmlib.present.claims import (
    STATE_WORDS,
    Claim,
    Fact,
    Family,
    claim,
    count,
    interval,
    money,
    name,
    names,
    number,
    share,
    term,
)
from crmlib.present.reports.value.ahead import future_answer
from crmlib.schema.states import DEVELOP, DORMANT, KEEP, LATE_TIMES, LOST, WIN_BACK

TOPIC_WORDS = Family("topic", tuple(topic.name for topic in TOPICS))
MARK_WORDS = Family("loyalty-mark", tuple(LOYALTY_WEIGHTS))
SERVING_WORDS = Family("serving", ("service cases", "contacts", "campaigns"))
WANTED = Family("wanted", ("credit_grade", "growth_potential", "profit_365d", "future_contribution"))
LEFT_OUT_WORDS = Family("value-left-out", LEFT_OUT)
REASON_WORDS = Family(
    "score-reason",
    tuple(
        f"{figure}.{way}"
        for figure in (
            *(
                "spend_total",
                "spend_trend",
                "recency_days",
                "tenure_days",
                "gap_days_mean",
                "gap_days_variation",
            ),
            *("gap_overdue_ratio", "basket_value_mean", "campaign_response_rate_pct", "discount_share_pct"),
            "return_rate_pct",
        )
        for way in ("high", "low")
    ),
)
WAY_WORDS = Family("score-way", ("many", "few", "high", "low"), facts=("label",))

FALLING = 0.2
"""From so much decay on, a customer's activity counts as falling."""

SHOWN_SHAKE = 25.0
"""How far the weights are moved, in percent, where one figure must do."""

TOP = 20
"""The share of customers, in percent, whose share of value is named."""

_DRAWN_OF_ALL = 0.95
_MISSING = re.compile(r"no table (\w+)|^(\w+) has no column (\w+)")
_NEEDED = {
    "no_category": ("category", "products"),
    "no_due_date": ("due_on", "transactions"),
    "no_credit_limit": ("credit_limit", "customers"),
    "no_margin": ("cost_amount", "transactions"),
}
# fmt: off
_COUNTED = frozenset({
    "orders", "products", "categories", "departments", "campaigns", "lines", "pieces", "visits", "months",
    "weeks", "cases", "complaints", "interactions", "contacts", "responses", "channels", "stores", "invoices",
    "shops", "opportunities", "events", "views", "clicks", "searches", "times", "downloads", "opinions",
    "requests", "people", "interests", "customers", "days with orders",
})
# fmt: on


def reason_words(pairs: Iterable[tuple[str, str]]) -> str:
    """The reasons of a score, as a salesperson would say them."""
    return ", ".join(str(_reason(figure, way)) for figure, way in pairs)


def _reason(figure: str, way: str) -> Fact | Claim:
    if f"{figure}.{way}" in REASON_WORDS.members:
        return REASON_WORDS.term(f"{figure}.{way}")
    said = label_of(figure).lower()
    if said.startswith("days ") or unit_of(figure) in _COUNTED:
        way = "many" if way == "high" else "few"
    return WAY_WORDS.claim(way, label=name(said))


def topic_word(scorecard: Scorecard, topic: str) -> Fact:
    """A topic of the score as it stands in a sentence."""
    if topic in scorecard.weights.index:
        return name(label_of(topic).lower())
    return TOPIC_WORDS.term(topic)


def measure_word(pareto: ParetoCurve) -> Fact:
    """What the value is, as it stands in a sentence."""
    return name(label_of(pareto.measure).lower())


# The answer and the findings


def value_answer(future: FutureContribution, work: Worklist) -> list[Claim]:
    """What today's customers should bring, how such a figure held before, and whom to call first."""
    return [*future_answer(future), _first_step(work)]


def listed(work: Worklist, action: str) -> dict[str, Fact]:
    """How many customers a list of the worklist holds, and the money at stake."""
    own = work.slice(action)
    n = count(len(own), at=f"customers.listed[{action}]")
    return {"n": n, "stake": money(own["at_stake"].sum(), work.currency)}


def _first_step(work: Worklist) -> Claim:
    kept = work.slice(KEEP)
    late = is_late(kept["gap_overdue_ratio"])
    if late.any():
        stake = money(kept.loc[late, "spend_365d"].sum(), work.currency)
        return claim("value-answer-first-late", late=count(late.sum()), stake=stake)
    for kind in (KEEP, WIN_BACK):
        if len(work.slice(kind)):
            n, stake = listed(work, kind).values()
            keep = kind == KEEP
            return claim(
                "value-answer-first-keep" if keep else "value-answer-first-win-back", n=n, stake=stake
            )
    return claim("value-answer-first-nobody")


def valuations_findings(valuations: pd.DataFrame, work: Worklist) -> list[Claim]:
    """The one to three sentences that the index repeats: whom to keep, to win back, to develop."""
    kept, said = work.slice(KEEP), []
    late = is_late(kept["gap_overdue_ratio"])
    if late.any():
        said.append(
            claim(
                "value-finding-late",
                late=count(late.sum()),
                all=count(len(kept), at=f"customers.listed[{KEEP}]"),
                times=number(LATE_TIMES),
                stake=money(kept.loc[late, "spend_365d"].sum(), work.currency),
            )
        )
    n, stake = listed(work, WIN_BACK).values()
    if n.value:
        gone = {state: STATE_WORDS.term(state) for state in (DORMANT, LOST)}
        said.append(claim("value-finding-win-back", n=n, stake=stake, **gone))
    n, stake = listed(work, DEVELOP).values()
    if "growth_potential" in valuations and n.value:
        said.append(claim("value-finding-develop", n=n, stake=stake))
    return said


# Do a few customers bring most?


def worth_answer(pareto: ParetoCurve, scorecard: Scorecard) -> list[Claim]:
    """Whether 80/20 is true here, and how far the score of the best can be relied on."""
    if pareto.curve.empty:
        return [_no_value(pareto)]
    half = share(pareto.half_of_value_customers_pct)
    said = [_eighty_twenty(pareto), claim("value-pareto-half", measure=measure_word(pareto), half=half)]
    stable = scorecard.rank_stability.set_index("shake_pct")["kept_share_pct"]
    if len(stable):
        figures = count(_used(scorecard))
        shake = share(SHOWN_SHAKE)
        said.append(claim("value-score-names", figures=figures, shake=shake, kept=share(stable[SHOWN_SHAKE])))
    return said


def pareto_paragraph(pareto: ParetoCurve) -> list[Claim]:
    """What the curve and the classes mean, and what was done with those who bring nothing."""
    if pareto.curve.empty:
        return [_no_value(pareto)]
    gini, low, high = (round(end, 2) for end in pareto.gini)
    said = [
        claim("value-pareto-concentration", gini=number(gini), range=interval(low, high)),
        _class_a(pareto),
    ]
    if pareto.negative_customers:
        amount = money(-pareto.negative_total, unit_of(pareto.measure, pareto.currency))
        said.append(claim("value-pareto-negative", n=count(pareto.negative_customers), amount=amount))
    if pareto.without_value:
        said.append(claim("value-pareto-zero", n=count(pareto.without_value)))
    return said


def _class_a(pareto: ParetoCurve) -> Claim:
    a, bring = pareto.class_table.loc["A"], pareto.class_table.query("customers > 0")["value_share_pct"]
    parts = [
        claim("value-pareto-class-a-brings", share=share(bring[kind]))
        if kind == "A"
        else claim("value-pareto-class-brings", name=name(kind), share=share(bring[kind]))
        for kind in bring.index
    ]
    return claim(
        "value-pareto-class-a",
        n=count(int(a["customers"]), at="customers.in_class[A]", part_of="customers.buyers"),
        share=share(a["customers_share_pct"]),
        low=share(a["low"]),
        high=share(a["high"]),
        border=share(CLASS_BORDERS["A"]),
        parts=names(parts),
    )


def _eighty_twenty(pareto: ParetoCurve) -> Claim:
    low, high = pareto.top20_share_pct[1:]
    verdict = {
        "yes": term("value-pareto-verdict-yes"),
        "no": term("value-pareto-verdict-no"),
        "uncertain": term("value-pareto-verdict-uncertain"),
    }[pareto.says_80_20]
    if pareto.says_80_20 == "yes" and low > 100 - (100 - NEARLY_80) / 2:
        verdict = term("value-pareto-verdict-steeper")
    return claim(
        "value-pareto-answer",
        top=share(TOP),
        customers=count(pareto.customers, at="customers.buyers"),
        share=top_share(pareto),
        measure=measure_word(pareto),
        low=share(low),
        high=share(high),
        verdict=verdict,
    )


def top_share(pareto: ParetoCurve) -> Fact:
    """What the top 20 % bring of the whole, the same in sentence, figure and picture."""
    return share(pareto.top20_share_pct[0], at=f"customers.top_share[{TOP}, {pareto.measure}]")


def _no_value(pareto: ParetoCurve) -> Claim:
    if not pareto.customers:
        return claim("value-pareto-nobody", measure=measure_word(pareto))
    return claim("value-pareto-nothing", measure=measure_word(pareto))


# How each is scored


def score_paragraph(scorecard: Scorecard) -> list[Claim]:
    """How to read the score, and what lifts the best."""
    used = scorecard.weights[scorecard.weights["used"]]
    if used.empty:
        return [claim("value-score-none")]
    said, best = [claim("value-score-how", figures=count(len(used)))], topic_lifts(scorecard)
    if len(best) and best["mean"].iloc[0] > 0:
        lead = [topic_word(scorecard, topic) for topic in best.index[best["mean"] > 0][:2]]
        said.append(claim("value-score-lead", topics=names(lead)))
    return said


def weights_paragraph(scorecard: Scorecard) -> list[Claim]:
    """What counts most in the score, and who is known too little."""
    used = scorecard.weights[scorecard.weights["used"]]
    if used.empty:
        return []
    heavy = used.groupby("topic")["weight"].sum().sort_values(ascending=False, kind="stable")
    named = [
        claim("value-score-topic-weight", topic=topic_word(scorecard, topic), weight=share(weight))
        for topic, weight in heavy.head(3).items()
    ]
    said = [
        claim("value-score-heaviest" if len(heavy) > 1 else "value-score-all-weight", topics=names(named))
    ]
    if len(heavy) < len(used):
        said.append(claim("value-score-shared"))
    thin = int((scorecard.coverage < ENOUGH).sum())
    return [*said, claim("value-score-thin", n=count(thin))] if thin else said


def stability_paragraph(scorecard: Scorecard) -> list[Claim]:
    """What becomes of the best customers when the weights are moved."""
    table = scorecard.rank_stability
    if table.empty:
        return [claim("value-stability-none")]
    mild, wild = table.iloc[0], table.iloc[-1]
    said = claim(
        "value-stability-tried",
        draws=count(SHAKE_DRAWS),
        mild=share(mild["shake_pct"]),
        wild=share(wild["shake_pct"]),
        low=share(wild["low"]),
        high=share(wild["high"]),
        **{"mild-kept": share(mild["kept_share_pct"]), "wild-kept": share(wild["kept_share_pct"])},
    )
    if wild["low"] >= 80:
        return [said, claim("value-stability-firm")]
    return [said, claim("value-stability-border" if wild["low"] >= 60 else "value-stability-loose")]


# Where is more to be had? Who is loyal, who pays on time, who leaves a profit?


def growth_paragraph(valuations: pd.DataFrame) -> list[Claim]:
    """Where customers could buy more, and how far that figure can be taken; nothing where it is not known."""
    if "growth_potential" not in valuations:
        return []
    currency, potential = valuations.attrs.get("currency", ""), valuations["growth_potential"]
    table, some = growth_by_category(valuations), int((potential > 0).sum())
    if not some:
        return [claim("value-growth-none")]
    spent = valuations.loc[potential.notna(), "spend_365d"].sum()
    room = {"n": count(some), "room": money(potential.sum(), currency, at="sales.room")}
    part = share(100 * potential.sum() / spent) if spent > 0 else None
    first = table.iloc[0]
    n = count(first["customers"])
    category = name(table.index[0])
    said = [
        claim("value-growth-room", **room, share=part) if part else claim("value-growth-room-alone", **room),
        claim("value-growth-how"),
        claim("value-growth-first", n=n, category=category, amount=money(first["amount"], currency)),
        *_elsewhere(table["amount"].sum(), potential.sum(), currency),
        claim("value-growth-no-forecast"),
    ]
    peers = valuations.attrs.get("notes", {}).get("growth")
    if peers:
        said.append(claim("value-note-peers-segment" if peers == "segment" else "value-note-peers-thirds"))
    return said


def _elsewhere(drawn: float, whole: float, currency: str) -> list[Claim]:
    """What of the room lies outside the one category of each customer that the picture counts."""
    if drawn >= _DRAWN_OF_ALL * whole:
        return []
    rest = money(whole - drawn, currency)
    return [claim("value-growth-elsewhere", drawn=money(drawn, currency), rest=rest)]


def loyalty_score(valuations: pd.DataFrame) -> Fact:
    """The median score, the same in sentence, figure and picture."""
    return count(round(valuations["loyalty_score"].median()), at="customers.loyalty")


def loyalty_paragraph(valuations: pd.DataFrame) -> list[Claim]:
    """How loyal customers are, and how that is told."""
    if "loyalty_score" not in valuations or valuations["loyalty_score"].isna().all():
        return [claim("value-loyalty-untold")]
    marks = [
        claim("value-loyalty-mark-weight", mark=MARK_WORDS.term(mark), weight=share(100 * weight))
        for mark, weight in LOYALTY_WEIGHTS.items()
        if mark != "breadth" or "category_share_pct" in valuations
    ]
    score = loyalty_score(valuations)
    said = [claim("value-loyalty-median", score=score), claim("value-loyalty-how", marks=names(marks))]
    kept = valuations["cadence_kept_pct"].dropna()
    if len(kept):
        said.append(claim("value-loyalty-due", share=share(kept.median())))
    falling, rising = (int((sign * valuations["loyalty_decay"] >= FALLING).sum()) for sign in (1, -1))
    judged = int(valuations["loyalty_decay"].notna().sum())
    if judged:
        facts = {"falling": count(falling), "all": count(judged), "rising": count(rising)}
        said.append(claim("value-loyalty-falling", **facts))
    return said


def credit_paragraph(valuations: pd.DataFrame) -> list[Claim]:
    """How customers pay, and how the grade is made; nothing where it is not known."""
    if "credit_grade" not in valuations:
        return []
    table = credit_by_grade(valuations)
    if table.empty:
        return [claim("value-credit-ungraded")]
    currency, poor = valuations.attrs.get("currency", ""), table.loc[["D", "E"]].sum()
    said = [claim("value-credit-poor", **_poor(table))]
    overdue = table["overdue_amount"].sum()
    if overdue > 0:
        said.append(
            claim(
                "value-credit-overdue",
                overdue=money(overdue, currency, at="sales.overdue"),
                share=share(100 * overdue / valuations["open_amount"].sum()),
                poor=share(100 * poor["overdue_amount"] / overdue),
            )
        )
    said.append(claim("value-credit-how"))
    extra = valuations.attrs.get("notes", {}).get("credit")
    return [*said, claim("value-note-credit", extra=number(round(extra, 1)))] if extra else said


def _poor(table: pd.DataFrame) -> dict[str, Fact]:
    poor, graded = int(table.loc[["D", "E"], "customers"].sum()), int(table["customers"].sum())
    return {"poor": count(poor), "graded": count(graded)}


def credit_title(table: pd.DataFrame, currency: str) -> Claim:
    """The title of the picture of credit grades: the same numbers as in the sentence."""
    overdue = table.loc[["D", "E"], "overdue_amount"].sum()
    if overdue > 0:
        return claim("value-picture-credit-overdue", **_poor(table), overdue=money(overdue, currency))
    return claim("value-picture-credit", **_poor(table))


def profit_paragraph(valuations: pd.DataFrame) -> list[Claim]:
    """Who brings the profit, and who costs more than they bring; nothing where it is not known."""
    if "profit_365d" not in valuations:
        return []
    profit, currency = valuations["profit_365d"].dropna(), valuations.attrs.get("currency", "")
    bad, whole = profit[profit < 0], profit.sum()
    if whole < 0:
        said = [claim("value-profit-loss", loss=money(-whole, currency, at="profit.amount[365d]"))]
    else:
        said = [claim("value-profit-total", profit=money(whole, currency, at="profit.amount[365d]"))]
        top = profit.nlargest(-(-len(profit) // 5)).sum()
        if 0 < top <= whole:
            said.append(claim("value-profit-top-fifth", share=share(100 * top / whole)))
        elif top > whole:
            said.append(claim("value-profit-top-alone", amount=money(top, currency)))
    if len(bad):
        said.append(claim("value-profit-costly", n=count(len(bad)), loss=money(-bad.sum(), currency)))
    return [*said, *_serving(valuations.attrs.get("notes", {}).get("profitability"))]


def _serving(costs: Mapping[str, list[str]] | None) -> list[Claim]:
    if costs is None:
        return []
    counted, left = (
        [SERVING_WORDS.term(kind) for kind in costs[part]] for part in ("counted", "not_counted")
    )
    said = [
        claim("value-note-serving", counted=names(counted))
        if counted
        else claim("value-note-serving-nothing")
    ]
    return [*said, claim("value-note-not-counted", kind=names(left))] if left else said


# Whom to keep, to develop, to win back?


def actions_paragraph(work: Worklist) -> list[Claim]:
    """How the three lists were made."""
    gone = {state: STATE_WORDS.term(state) for state in (DORMANT, LOST)}
    own = {kind: work.slice(kind) for kind in (KEEP, DEVELOP, WIN_BACK)}
    growing = own[DEVELOP]["reason"].eq("room_to_grow").any()
    rules = {
        KEEP: claim("value-lists-keep", share=share(100 * TOP_SHARE)),
        DEVELOP: claim("value-lists-develop" if growing else "value-lists-develop-rising"),
        WIN_BACK: claim("value-lists-win-back", **gone),
    }
    nobody = {
        KEEP: claim("value-lists-no-keep"),
        DEVELOP: claim("value-lists-no-develop"),
        WIN_BACK: claim("value-lists-no-win-back", **gone),
    }
    return [*(rules[kind] if len(own[kind]) else nobody[kind] for kind in rules), claim("value-lists-apart")]


# Which figures are there of each customer?


def catalogue_paragraph(indicators: pd.DataFrame) -> list[Claim]:
    """How many figures there are of a customer, and what would bring the others.

    >>> known = pd.DataFrame({"order_count": [1], "spend_total": [2.0]})
    >>> known.attrs["left_out"] = {"margin_total": "transactions has no column cost_amount. Map it."}
    >>> catalogue_paragraph(known)
    [value-catalogue-known: Of 3 figures of each customer, 2 are known here.,
     value-catalogue-missing: The other waits for a table or a column, which the list names: 1 for “transactions”.]
    """
    left = indicators.attrs.get("left_out", {})
    every, known = count(len(left) + indicators.shape[1]), count(indicators.shape[1])
    said = [claim("value-catalogue-known", all=every, known=known)]
    wanted = pd.Series([_wanted(reason)[1] for reason in left.values()], dtype="str").value_counts()
    wanted = wanted[wanted.index != ""].head(4)
    if len(wanted):
        parts = [claim("value-catalogue-part", n=count(n), table=name(table)) for table, n in wanted.items()]
        said.append(claim("value-catalogue-missing", left=count(len(left)), parts=names(parts)))
    return said


def _wanted(reason: str) -> tuple[str, str]:
    """The column and the table that would bring what a reason says is missing; empty where neither is named."""
    if reason in _NEEDED:
        return _NEEDED[reason]
    found = _MISSING.search(reason)
    return (found[3] or "", (found[1] or found[2]).lower()) if found else ("", "")


# What do these figures not say?


def worth_limits(pareto: ParetoCurve, scorecard: Scorecard) -> list[Claim]:
    """What score and curve cannot say."""
    said = [claim("value-limits-relative"), claim("value-limits-past")]
    if 0 < pareto.customers < FEWEST:
        said.append(claim("value-limits-few", n=count(pareto.customers)))
    if pareto.missing:
        said.append(claim("value-limits-off-curve", n=count(pareto.missing)))
    useless = scorecard.left_out.isin([SAME, UNKNOWN])
    if useless.any():
        labels = [name(label_of(figure).lower()) for figure in scorecard.left_out.index[useless]]
        said.append(claim("value-limits-useless", figures=names(labels, limit=5)))
    missing = _missing_topics(scorecard)
    if missing:
        said.append(claim("value-limits-topics", topics=names(missing, limit=6)))
    known = 100 * float(scorecard.coverage.mean()) if _used(scorecard) else 100.0
    return [*said, claim("value-limits-coverage", known=share(known))] if known < 99.5 else said


def valuations_limits(valuations: pd.DataFrame) -> list[Claim]:
    """What the valuations cannot say, and what would bring those that are missing."""
    said = [claim("value-limits-loyalty")]
    if "growth_potential" in valuations:
        said.append(claim("value-limits-growth"))
    if "credit_grade" in valuations:
        said.append(claim("value-limits-credit"))
    if "profit_365d" in valuations:
        said.append(claim("value-limits-profit"))
    left_out: Mapping[str, str] = valuations.attrs.get("left_out", {})
    needs: dict[tuple[str, str], list[Fact]] = {}
    for kind in WANTED.members:
        if kind in left_out:
            needs.setdefault(_wanted(left_out[kind]), []).append(WANTED.term(kind))
    return [*said, *(_missing(*place, what) for place, what in needs.items())]


def _missing(column: str, table: str, what: list[Fact]) -> Claim:
    facts = {"what": names(what), "n": count(len(what))}
    if not table:
        return claim("value-limits-missing-alone", **facts)
    needs = claim("value-needs-table", table=name(table))
    if column:
        needs = claim("value-needs-column", column=name(column), table=name(table))
    return claim("value-limits-missing", **facts, needs=needs)


def _missing_topics(scorecard: Scorecard) -> list[Fact]:
    """Topics that would count if the data for them were there."""
    weights = scorecard.weights
    known = set(weights.loc[weights["used"], "topic"])
    wanted = weights[weights["better"].isin(["higher", "lower"]) & ~weights["used"]]
    wanted = wanted[~wanted["reason"].isin(OWN_REASONS) & ~wanted["topic"].isin(known)]
    points = {topic.name: topic.points for topic in TOPICS}
    named = [topic for topic in dict.fromkeys(wanted["topic"]) if points.get(topic, 1.0) > 0]
    named.sort(key=lambda topic: -points.get(topic, 1.0))
    return [topic_word(scorecard, topic) for topic in named]


def _used(scorecard: Scorecard) -> int:
    return int(scorecard.weights["used"].sum())


def left_out_words(reason: str) -> str:
    """Why something could not be valued: a code in words, or what the workspace lacks, with its remedy."""
    if reason in LEFT_OUT_WORDS.members:
        return str(LEFT_OUT_WORDS.term(reason))
    return f"{reason[:1].upper()}{reason[1:]}" or str(claim("value-not-computed"))


def valued(valuations: pd.DataFrame, column: str) -> pd.DataFrame | Skipped:
    """The valuations, or `Skipped` where nobody has a value of a column: then there is nothing to draw.

    >>> valued(pd.DataFrame({"credit_grade": [None]}), "credit_grade").reason
    'It could not be computed.'
    """
    if column in valuations and valuations[column].notna().any():
        return valuations
    return Skipped(left_out_words(valuations.attrs.get("left_out", {}).get(column, "")))
