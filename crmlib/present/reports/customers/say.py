"""What the report on customers says, made from its numbers."""

from math import ceil
from typing import Any

import pandas as pd

from crmlib.analyse.customers.profile import CUSTOMER_TYPES, CustomerProfile, late_of_all
from crmlib.analyse.customers.states import is_late
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER
from crmlib.measure.columns import label_of
from crmlib.present.claims import (
    STATE_WORDS,
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    money,
    month,
    name,
    names,
    number,
    share,
    times,
)
from crmlib.present.numbers import capital, is_known
from crmlib.schema.states import BUYING, DORMANT, LATE_TIMES, LOST

NOTABLE = 5.0
_NOUNS = tuple(kind.name for kind in CUSTOMER_TYPES if kind.rule)
_SOLID = 30
TYPE_SAYS = Family("customers-type-says", tuple(kind.name for kind in CUSTOMER_TYPES))
"""Who the types of the house are; a type of your own says so itself."""


def type_noun(kind: str) -> Fact | Claim:
    """The customers of a type, as a sentence can begin with them."""
    if kind in _NOUNS:
        return name(capital(kind))
    return claim("customers-types-own", type=name(kind))


def sales_of(profile: CustomerProfile) -> Fact:
    """All net sales."""
    return money(profile.totals["net_sales"], profile.currency, at="sales.net_amount")


def buyers_of(profile: CustomerProfile) -> Fact:
    """How many customers have bought."""
    return count(profile.totals["customers"], at="customers.buyers")


def orders_of(profile: CustomerProfile) -> Fact:
    """How many orders there are."""
    return count(profile.totals["orders"], at="sales.orders")


def came_back(profile: CustomerProfile) -> Fact:
    """The share of those who have bought that have bought again."""
    return share(profile.totals["repeat_share_pct"], at="customers.came_back")


def top_share(profile: CustomerProfile, part: int = 20) -> Fact:
    """The share of spend of the customers who spend most, a part of all in percent."""
    reached = profile.concentration.set_index("customers_pct")["spend_pct"]
    return share(reached.get(part), at=f"sales.top_share[{part}]")


def type_share(table: pd.DataFrame, kind: str) -> Fact:
    """The share of customers of a type."""
    return share(table.loc[kind, "share_pct"], at=f"customers.type_share[{_at(kind)}]")


def type_spend_share(table: pd.DataFrame, kind: str) -> Fact:
    """The share of spend of a type."""
    return share(table.loc[kind, "spend_share_pct"], at=f"sales.share[type:{_at(kind)}]")


def moved(new: Any, old: Any) -> Claim:
    """How one figure moved against another."""
    if not is_known(new) or not is_known(old):
        return claim("number-not-known")
    new, old = float(new), float(old)
    if new == old:
        return claim("number-unchanged")
    if old and abs((new - old) / old) < 0.001:
        return claim("number-nearly-unchanged")
    way = name("up" if new > old else "down")
    if not old:
        return claim("number-moved-from-nothing", way=way)
    return claim("number-moved", way=way, by=share(100 * abs((new - old) / old)))


def profile_answer(profile: CustomerProfile) -> list[Claim]:
    """How many buy, how far they come back, and whom to call first."""
    totals = profile.totals
    if not totals["customers"]:
        return [claim("customers-answer-nobody", sales=sales_of(profile))]
    said = {
        "customers": buyers_of(profile),
        "orders": orders_of(profile),
        "sales": sales_of(profile),
        "first": date(totals["first_at"]),
        "last": date(totals["last_at"]),
    }
    first = claim("customers-answer-buyers", **said)
    if (totals["anonymous_share_pct"] or 0) >= 1:
        known = share(100 - totals["anonymous_share_pct"])
        first = claim("customers-answer-buyers-known", share=known, **said)
    back = claim("customers-answer-back", back=came_back(profile), top=top_share(profile))
    return [first, back, _first_call(profile)]


def profile_findings(profile: CustomerProfile) -> list[Claim]:
    """The sentence that the index repeats: who is late, and where nobody is, what the best bring."""
    if not profile.totals["customers"]:
        return [claim("customers-finding-nobody")]
    return _at_stake(profile) or [claim("customers-finding-fifth", share=top_share(profile))]


def types_paragraph(profile: CustomerProfile) -> list[Claim]:
    """What sets the leading type apart, and what its customers are worth."""
    table = profile.type_table
    if table.empty:
        return [claim("customers-types-nobody")]
    first = table.index[0]
    said = [
        claim(
            "customers-types-first",
            type=type_noun(first),
            share=type_share(table, first),
            spend_share=type_spend_share(table, first),
            times=times(_against(table.loc[first])),
        )
    ]
    shown = table.index[table["customers"] >= profile.min_group]
    if len(shown) > 2:
        last = shown[-1]
        shares = {"share": type_share(table, last), "spend_share": type_spend_share(table, last)}
        said.append(claim("customers-types-last", type=name(last), **shares))
    return [*said, claim("customers-types-rule")]


def months_paragraph(profile: CustomerProfile) -> list[Claim]:
    """How sales moved from month to month; months in part are left out."""
    whole = profile.months[profile.months["complete"]].reset_index(drop=True)
    if len(whole) < 2:
        return [claim("customers-months-none" if whole.empty else "customers-months-one")]
    best, least = whole.loc[whole["net_sales"].idxmax()], whole.loc[whole["net_sales"].idxmin()]
    last, before = whole.iloc[-1], whole.iloc[-2]
    changes = {part: moved(last[part], before[part]) for part in ("orders", "customers")}
    said = [
        claim(
            "customers-months-range",
            best=month(best["month"]),
            high=month_sales(best, profile.currency),
            least=month(least["month"]),
            low=month_sales(least, profile.currency),
        ),
        claim(
            "customers-months-last",
            month=month(last["month"]),
            sales=moved(last["net_sales"], before["net_sales"]),
            orders=changes["orders"],
            customers=changes["customers"],
        ),
    ]
    if len(whole) < 13:
        return [*said, claim("customers-months-no-year")]
    year_ago = whole.iloc[-13]
    grown = moved(last["net_sales"], year_ago["net_sales"])
    return [*said, claim("customers-months-year", month=month(year_ago["month"]), sales=grown)]


def month_sales(row: pd.Series, currency: str) -> Fact:
    """The net sales of a month."""
    return money(row["net_sales"], currency, at=f"sales.net_amount[{row['month']:%Y-%m}]")


def frequency_paragraph(profile: CustomerProfile) -> list[Claim]:
    """What the number of orders and the spend of customers say about where growth can come from."""
    bought = profile.indicators[profile.indicators["order_count"] > 0]
    if bought.empty:
        return [claim("customers-frequency-nobody")]
    spend = money(profile.totals["spend_median"], profile.currency, at="customers.spend_median")
    said = [claim("customers-frequency-half", orders=number(bought["order_count"].median()), spend=spend)]
    once = 100 - profile.totals["repeat_share_pct"]
    single = int((bought["order_count"] == 1).sum())
    if once >= NOTABLE:
        more = count(max(round(single / 10), 1))
        said.append(
            claim(
                "customers-frequency-once",
                share=share(once),
                customers=count(single, at="customers.bought_once"),
                more=more,
            )
        )
    if "gap_days_mean" in bought and bought["gap_days_mean"].notna().any():
        said.append(claim("customers-frequency-gap", gap=days(bought["gap_days_mean"].median())))
    return said


def concentration_paragraph(profile: CustomerProfile) -> list[Claim]:
    """How far the business rests on few customers."""
    if profile.concentration.empty:
        return [claim("customers-few-nobody")]
    reached = profile.concentration.set_index("customers_pct")["spend_pct"]
    parts = {"one": top_share(profile, 1), "ten": top_share(profile, 10), "half": top_share(profile, 50)}
    said = [claim("customers-few-parts", **parts)]
    if reached[20] >= 70:
        few = ceil((profile.indicators["spend_total"] > 0).sum() / 100)
        return [*said, claim("customers-few-rests", customers=count(few))]
    return [*said, claim("customers-few-programme" if reached[20] >= 45 else "customers-few-spread")]


def groups_paragraph(profile: CustomerProfile) -> list[Claim]:
    """What is known of customers beyond what they buy."""
    groups = profile.groups
    if groups.empty:
        return []
    described = int(groups.groupby("field")["customers"].sum().max())
    part = 100 * described / max(profile.totals["listed_customers"], 1)
    said = []
    if part < 95:
        said.append(claim("customers-groups-described", customers=count(described), share=share(part)))
    each = [
        _group_claim(groups[groups["field"] == field], field, profile.currency)
        for field in groups["field"].unique()
    ]
    said += [one for one in each if one is not None]
    return [*said, claim("customers-groups-small", customers=count(profile.min_group))]


def indicators_paragraph(profile: CustomerProfile) -> list[Claim]:
    """How to read the table of indicators, and which ones are missing."""
    left = [name(label_of(one).lower()) for one in profile.left_out]
    said = [claim("customers-indicators-read")]
    if left:
        figures = names(left, limit=5)
        said.append(claim("customers-indicators-left", n=count(len(left)), figures=figures))
    return said


def profile_limits(profile: CustomerProfile) -> list[Claim]:
    """What this report cannot say."""
    totals = profile.totals
    limits = []
    if (totals["anonymous_share_pct"] or 0) > 0:
        limits.append(claim("customers-limits-anonymous", share=share(totals["anonymous_share_pct"])))
    if totals["first_at"] is not None:
        limits.append(claim("customers-limits-begin", first=date(totals["first_at"])))
    if (totals["refund_share_pct"] or 0) >= 0.1:
        limits.append(claim("customers-limits-refunds", share=share(totals["refund_share_pct"])))
    else:
        limits.append(claim("customers-limits-no-refunds"))
    if profile.groups.empty:
        limits.append(claim("customers-limits-groups"))
    return [*limits, claim("customers-limits-types")]


def _group_claim(table: pd.DataFrame, field: str, currency: str) -> Claim | None:
    shown = table[~table["value"].isin([OTHER, NOT_STATED]) & table["spend_median"].notna()]
    if len(shown) < 2:
        return None
    largest = shown.loc[shown["customers"].idxmax()]
    solid = shown[shown["customers"] >= _SOLID]
    solid = solid if len(solid) > 1 else shown
    most, least = solid.loc[solid["spend_median"].idxmax()], solid.loc[solid["spend_median"].idxmin()]
    return claim(
        "customers-groups-one",
        field=name(label_of(field)),
        largest=name(largest["value"]),
        share=share(largest["share_pct"]),
        low=money(least["spend_median"], currency),
        least=name(least["value"]),
        high=money(most["spend_median"], currency),
        most=name(most["value"]),
    )


def _called(profile: CustomerProfile) -> dict[str, Fact]:
    """Those who are late and still buy by their state: how many, and what they have spent."""
    figures = profile.indicators.loc[profile.states.index[profile.states.isin(BUYING)]]
    called = figures[is_late(figures["gap_overdue_ratio"])]
    spent = float(called["spend_total"].sum())
    return {
        "called": count(len(called), at="customers.late_buying", part_of="customers.late"),
        "spend": money(spent, profile.currency, at="sales.late_buying"),
    }


def _first_call(profile: CustomerProfile) -> Claim:
    called = _called(profile)
    if not called["called"].value:
        return claim("customers-answer-nobody-late")
    return claim(
        "customers-answer-call", dormant=STATE_WORDS.term(DORMANT), lost=STATE_WORDS.term(LOST), **called
    )


def _at_stake(profile: CustomerProfile) -> list[Claim]:
    """The customers who are late: how many, and what those are worth who still buy by their state."""
    late = late_of_all(profile)
    if not late:
        return []
    said = {
        "late": count(late, at="customers.late"),
        "times": times(LATE_TIMES),
        **{state: STATE_WORDS.term(state) for state in (DORMANT, LOST)},
    }
    called = _called(profile)
    if not called["called"].value:
        return [claim("customers-finding-late-silent", **said)]
    return [claim("customers-finding-late", **called, **said)]


def _against(row: pd.Series) -> float | None:
    return row["spend_share_pct"] / row["share_pct"] if row["share_pct"] else None


def _at(kind: str) -> str:
    return kind.replace("[", "(").replace("]", ")")
