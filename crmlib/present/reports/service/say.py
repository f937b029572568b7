"""What the report on service says: how fast and for whom, which product fails, what waits, what cases bring."""

import pandas as pd

from crmlib.analyse.learn.evaluate import LEVEL_PCT
from crmlib.analyse.service.ahead import ANYBODY, CHANCE, LATEST, CasesAhead
from crmlib.analyse.service.cases import BEST, KEPT, SERVED, THIRD, ServiceCases
from crmlib.analyse.service.load import AS_TODAY, FLOW, ServiceLoad
from crmlib.analyse.service.sales import WHYS, CaseSales
from crmlib.analyse.worklist import Worklist
from crmlib.measure.service import RECENT_DAYS
from crmlib.present.blocks import Skipped
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    days,
    interval,
    money,
    name,
    number,
    points,
    share,
    times,
)
from crmlib.present.needs import or_else
from crmlib.present.numbers import is_known
from crmlib.present.reports.worklist.say import work_begin_of

THIRDS = Family("service-third", ("3", "2", "1"))
SERVED_WORDS = Family("service-served", SERVED, facts=("done", "most", "least"))
LOAD_WAYS = Family("service-load-way", (AS_TODAY, FLOW))
CALL_WAYS = Family("service-call-way", (CHANCE, LATEST, ANYBODY))
WHY_WORDS = Family("service-why", WHYS)


def hours(n: float) -> Fact:
    """Hours, with one decimal."""
    return number(None if pd.isna(n) else round(float(n), 1))


def service_answer(found: ServiceCases, work: Worklist | Skipped) -> list[Claim]:
    """How fast cases are closed, which product fails most, and what to do first."""
    said = [_pace(found)]
    if len(found.failing):
        top = found.failing.iloc[0]
        said.append(claim("service-answer-product", product=name(top["product"]), times=times(top["times"])))
    elif len(found.products):
        said.append(claim("service-answer-no-product"))
    return [*said, _step(found, work)]


def _pace(found: ServiceCases) -> Claim:
    cases, pace = count(found.cases_365d), found.overall["median"]
    answered, closed = hours(pace["response_hours"]), days(pace["resolution_days"])
    if is_known(pace["response_hours"]) and is_known(pace["resolution_days"]):
        return claim("service-answer-both", cases=cases, hours=answered, days=closed)
    if is_known(pace["resolution_days"]):
        return claim("service-answer-closed", cases=cases, days=closed)
    if is_known(pace["response_hours"]):
        return claim("service-answer-answered", cases=cases, hours=answered)
    return claim("service-answer-came", cases=cases)


def _step(found: ServiceCases, work: Worklist | Skipped) -> Claim:
    """What to do first: a call that prevents a case, a product that fails, those who spend most, what waits."""
    if not isinstance(work, Skipped) and len(work.first):
        return work_begin_of(work.slice("prevent"))[0]
    if len(found.failing):
        return claim("service-step-product", product=name(found.failing.iloc[0]["product"]))
    if found.served not in (BEST, None):
        return claim("service-step-served")
    return (
        claim("service-step-open", n=count(found.open_cases))
        if found.open_cases
        else claim("service-step-none")
    )


def service_findings(
    found: ServiceCases, load: ServiceLoad | Skipped, sales: CaseSales | Skipped
) -> list[Claim]:
    """Which product fails, whether those who spend most are served first, what waits, what comes after a case."""
    said = [_product(row) for row in found.failing.head(3).itertuples()]
    if found.served is not None:
        said.append(_served(found))
    return [*said, *_waiting(load), *_after(sales)]


def _product(row) -> Claim:
    return claim(
        "service-finding-product",
        product=name(row.product),
        rate=number(row.rate_pct),
        times=times(row.times),
        between=interval(row.low, row.high, "times"),
    )


def _served(found: ServiceCases) -> Claim:
    table = found.by_value.set_index(THIRD)
    if table["response_hours"].notna().all():
        done = claim("service-answered")
        most, least = (
            claim("service-hours", n=hours(table.loc[third, "response_hours"])) for third in (3, 1)
        )
    else:
        done = claim("service-closed")
        most, least = (days(table.loc[third, "resolution_days"]) for third in (3, 1))
    return SERVED_WORDS.claim(str(found.served), done=done, most=most, least=least)


@or_else(lambda missing: [])
def _waiting(load: ServiceLoad) -> list[Claim]:
    if load.ahead.empty:
        return [claim("service-finding-waiting", n=count(load.waiting))]
    last = load.ahead.iloc[-1]
    return [
        claim(
            "service-finding-ahead",
            n=count(load.waiting),
            weeks=count(len(load.ahead)),
            expected=count(round(last["expected"])),
            between=interval(round(last["low"]), round(last["high"]), "count"),
        )
    ]


@or_else(lambda missing: [])
def _after(sales: CaseSales) -> list[Claim]:
    gap, low, high = sales.difference
    facts = {
        "ordered": share(sales.ordered_pct),
        "usual": share(sales.usual_pct),
        "days": days(sales.days),
        "between": interval(low, high, "points"),
    }
    if low > 0:
        return [claim("service-finding-more-orders", gap=points(gap), **facts)]
    if high < 0:
        return [claim("service-finding-fewer-orders", gap=points(-gap), **facts)]
    return [claim("service-finding-same-orders", **facts)]


def served_paragraph(found: ServiceCases) -> list[Claim]:
    """How often cases come back, and which times could be kept by spend."""
    said = []
    if found.served is None:
        said.append(claim("service-served-unknown"))
    if is_known(found.reopened[0]):
        again, low, high = found.reopened
        said.append(
            claim(
                "service-reopened",
                share=share(again, at="cases.reopened_share"),
                between=interval(low, high, "share"),
            )
        )
    table = found.levels.set_index(THIRD)
    if set(table.index) == {1, 2, 3}:
        most, middle, least = (hours(table.loc[third, "by_value_kept"]) for third in (3, 2, 1))
        now, part = hours(table.loc[3, "now_kept"]), share(100 * KEPT)
        said.append(claim("service-levels", part=part, now=now, most=most, middle=middle, least=least))
    return said


def products_paragraph(found: ServiceCases) -> list[Claim]:
    """What the products that fail cost, and what to do about them."""
    if found.products.empty:
        return [claim("service-products-none")]
    if found.failing.empty:
        return [claim("service-products-alike", n=count(len(found.products)))]
    said = [claim("service-products-tested", n=count(len(found.products)), failing=count(len(found.failing)))]
    dear = found.failing[found.failing["cost_pct"].notna()].head(1)
    for row in dear.itertuples():
        said.append(
            claim("service-products-cost", product=name(row.product), pct=share(row.cost_pct),
                  cost=money(row.cost_365d, found.currency))
        )  # fmt: skip
    return [*said, claim("service-products-do")]


def cost_paragraph(found: ServiceCases) -> list[Claim]:
    """What cases cost in a year, and for whom they weigh most."""
    if not is_known(found.cost_365d):
        return [claim("service-cost-unknown")]
    said = [claim("service-cost", cost=money(found.cost_365d, found.currency), cases=count(found.cases_365d))]
    known = found.by_value.dropna(subset="cost_pct")
    if len(known) > 1:
        most, least = known.loc[known["cost_pct"].idxmax()], known.loc[known["cost_pct"].idxmin()]
        said.append(
            claim("service-cost-thirds", most=_third(most), most_pct=share(most["cost_pct"]), least=_third(least),
                  least_pct=share(least["cost_pct"]))
        )  # fmt: skip
    return said


def _third(row: pd.Series) -> Claim:
    return THIRDS.claim(str(int(row[THIRD])))


def load_paragraph(load: ServiceLoad | Skipped) -> list[Claim]:
    """On what the coming weeks rest, and how such forecasts did."""
    if isinstance(load, Skipped):
        return [claim("service-load-unknown")]
    if load.ahead.empty:
        return [claim("service-load-unpromised")]
    own = load.tests.loc[load.way]
    facts = {"way": LOAD_WAYS.claim(load.way), "off": number(own["mae"]), "level": share(LEVEL_PCT)}
    facts |= {"held": count(int(own["held"])), "tried": count(int(own["tried"]))}
    if load.way == FLOW:
        return [claim("service-load-flow", plain=number(load.tests.loc[AS_TODAY, "mae"]), **facts)]
    return [claim("service-load-plain", **facts)]


def sales_paragraph(sales: CaseSales | Skipped) -> list[Claim]:
    """How cases were compared with other orders, and what could be offered."""
    if isinstance(sales, Skipped):
        return [claim("service-sales-unknown")]
    compared = claim("service-sales-compared", cases=count(sales.cases), customers=count(sales.customers))
    lately, customers = days(RECENT_DAYS), count(sales.offers["customer_id"].nunique())
    if sales.offers.empty:
        return [compared, claim("service-offers-none", days=lately)]
    return [compared, claim("service-offers", customers=customers, days=lately)]


def ahead_paragraph(ahead: CasesAhead | Skipped) -> list[Claim]:
    """Whether calling would have met cases on past days."""
    if isinstance(ahead, Skipped):
        return [claim("service-ahead-unknown")]
    if ahead.table.empty:
        return [claim("service-ahead-nobody")]
    if ahead.tests.empty:
        return [claim("service-ahead-untested")]
    own, anybody = ahead.tests.loc[ahead.order], ahead.tests.loc[ANYBODY]
    facts = {
        "called": count(int(own["called"])),
        "dates": count(ahead.dates),
        "days": days(ahead.days),
        "hit": share(own["hit_pct"]),
        "between": interval(own["low"], own["high"], "share"),
        "anybody": share(anybody["hit_pct"]),
        "expected": share(own["expected_pct"]),
    }
    if not ahead.is_proven:
        return [claim("service-ahead-unproven", **facts)]
    said = claim("service-ahead-proven", **facts)
    listed = claim("service-ahead-listed", n=count(len(ahead.table)), owners=count(ahead.owners))
    order = claim("service-ahead-by-chance") if ahead.order == CHANCE else claim("service-ahead-by-purchase")
    return [said, listed, order]


def service_limits(found: ServiceCases, ahead: CasesAhead | Skipped) -> list[Claim]:
    """What the figures do not say."""
    said = [claim("service-limits-spend"), claim("service-limits-hours")]
    if len(found.products):
        said.append(claim("service-limits-lots"))
    if not isinstance(ahead, Skipped) and ahead.is_proven:
        said.append(claim("service-limits-calls"))
    return said
