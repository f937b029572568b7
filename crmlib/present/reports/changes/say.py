"""What the report on changes says: the difference, what made it, what to do first, and what the data did."""

from typing import Any

import pandas as pd

from crmlib.analyse.changes import (
    BORN,
    CATEGORY,
    CHANGED,
    CHANGED_POINTS,
    CUSTOMER_PARTS,
    DIED,
    GROUPED_BY,
    KEY_SHARE,
    PRODUCT_PARTS,
    SEGMENT,
    Split,
    Turnover,
    WhatChanged,
)
from crmlib.analyse.customers.states import LifecycleMoves, changed_share, known_at_both
from crmlib.analyse.stats.small_groups import OTHER
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
    name,
    names,
    points,
    share,
)
from crmlib.schema.states import SILENT

PERIODS = Family("changes-period", ("quarter", "month", "days"))
WHAT = Family("changes-what", ("net_amount", "won_amount"))
BY_WORDS = Family("changes-by", (CATEGORY, *GROUPED_BY, SEGMENT))
CAUSE_WORDS = Family(
    "changes-cause",
    tuple(f"{part}_{way}" for part in (*PRODUCT_PARTS, *CUSTOMER_PARTS) for way in ("up", "down")),
)
LEVEL_PCT = 0.5
"""A difference of less than so many percent is none worth a word."""
BEHIND_POINTS = 1.0
"""A category that lost so many percentage points of its share of sales has fallen behind."""
REVISED_PCT = 1.0
"""Data that changed the period before by so many percent are looked into before anything else."""


def cause(part: str, amount: float) -> Fact:
    """What a part of the difference is called."""
    return CAUSE_WORDS.term(f"{part}_{'up' if amount >= 0 else 'down'}")


def amount_of(found: WhatChanged, value: float) -> Fact:
    """Money of a workspace."""
    return money(value, found.currency)


def sold_in(found: WhatChanged, split: Split, when: str = "now") -> Fact:
    """What was sold "now", in the period, or "before"; a whole month or quarter names its quantity."""
    windows, sold = split.windows, "sales" if found.money == "net_amount" else "won_amount"
    first = windows.first if when == "now" else windows.before_first
    at = f"lately.figure[{sold}, {first:%Y-%m-%d}]" if windows.freq != "days" else ""
    return money(getattr(split, when), found.currency, at=at)


def changes_answer(found: WhatChanged) -> list[Claim]:
    """The difference to the period before, the parts that made most of it, and what to do first."""
    split = found.split
    if split is None:
        return [claim("changes-answer-none")]
    return [_difference(found, split), *_largest_parts(found, split), changes_step(found, split)]


def _difference(found: WhatChanged, split: Split) -> Claim:
    windows = split.windows
    given = {
        "what": WHAT.term(found.money),
        "first": date(windows.first),
        "last": date(windows.last),
        "now": sold_in(found, split),
        "period": PERIODS.term(windows.freq),
    }
    if split.before <= 0:
        return claim("changes-answer-from-nothing", **given)
    percent = 100 * split.change / split.before
    if abs(percent) < LEVEL_PCT:
        return claim("changes-answer-level", share=share(LEVEL_PCT), **given)
    ago = count(None) if found.year_ago is None else sold_in(found, found.year_ago, "before")
    if percent > 0:
        return claim("changes-answer-up", share=share(percent), ago=ago, **given)
    return claim("changes-answer-down", share=share(-percent), ago=ago, **given)


def _largest_parts(found: WhatChanged, split: Split) -> list[Claim]:
    """The largest part by product and the largest by customer."""
    tops = []
    for parts in (split.products, split.customers):
        moved = parts[parts != 0]
        if len(moved):
            part = moved.abs().idxmax()
            tops.append((cause(part, moved[part]), amount_of(found, moved[part])))
    if not tops:
        return []
    (part, amount), *more = tops
    if not more:
        return [claim("changes-answer-one", part=part, amount=amount)]
    return [claim("changes-answer-two", part=part, amount=amount, other=more[0][0], more=more[0][1])]


def changes_step(found: WhatChanged, split: Split) -> Claim:
    """What to do first: data before customers, a large customer before deals, deals before prices."""
    if split.before > 0 and abs(found.revised) >= REVISED_PCT / 100 * split.before:
        return claim("changes-step-data")
    fell = _customers_who_fell(split)
    first = _first_customer(found, fell)
    if len(fell) and fell["now"].iloc[0] <= 0 and -fell["change"].iloc[0] >= KEY_SHARE * split.before:
        return first
    slower = found.stages[
        found.stages["differs"] & (found.stages["left_now_pct"] < found.stages["left_before_pct"])
    ]
    slower = slower.sort_values("left_now_pct", kind="stable")
    if len(slower):
        return claim("changes-step-stage", stage=name(slower.index[0]))
    if split.products.get("price", 0.0) <= -KEY_SHARE * split.before:
        return claim("changes-step-price")
    return first


def _first_customer(found: WhatChanged, fell: pd.DataFrame) -> Claim:
    """Of whom to ask first: who stayed away is called, who ordered for less is asked why."""
    if fell.empty:
        return claim("changes-step-none")
    top = fell.iloc[0]
    if top["now"] <= 0:
        return claim(
            "changes-step-customer", customer=name(top["shown"]), amount=amount_of(found, top["before"])
        )
    return claim("changes-step-largest", customer=name(top["shown"]), amount=amount_of(found, -top["change"]))


def _customers_who_fell(split: Split) -> pd.DataFrame:
    own = split.movers[split.movers["what"].eq("customer") & (split.movers["change"] < 0)]
    return own.sort_values("change", kind="stable")


def changes_findings(found: WhatChanged) -> list[Claim]:
    """What moved sales, which customer or product alone, which stage, and what the data did."""
    split = found.split
    if split is None:
        return [*_stages(found), *_data(found)]
    said = []
    if len(split.products):
        parts = _parts(found, split.products)
        said.append(claim("changes-finding-products", change=amount_of(found, split.change), parts=parts))
        said += _prices(found, split)
    if len(split.customers):
        parts = _parts(found, split.customers)
        said.append(claim("changes-finding-customers", change=amount_of(found, split.change), parts=parts))
    return [*said, *_alone(found, split), *_stages(found), *_data(found)]


def _prices(found: WhatChanged, split: Split) -> list[Claim]:
    """The category whose prices made most of what prices made."""
    if len(split.prices) < 2:
        return []
    top = split.prices.loc[split.prices["amount"].abs().idxmax()]
    if abs(top["amount"]) < LEVEL_PCT / 100 * split.before:
        return []
    given = {
        "category": name(top.name),
        "amount": amount_of(found, top["amount"]),
        "share": share(abs(top["percent"])),
    }
    return [claim("changes-finding-prices", side=name("higher" if top["amount"] > 0 else "lower"), **given)]


def _parts(found: WhatChanged, parts: pd.Series) -> Fact:
    """The parts in words, those that make less than a hundredth of the largest left to the table."""
    large = parts[(parts != 0) & (parts.abs() >= parts.abs().max() / 100)]
    said = [
        claim("changes-part", part=cause(part, value), amount=amount_of(found, value))
        for part, value in large.items()
    ]
    return names(said, limit=len(PRODUCT_PARTS))


def _alone(found: WhatChanged, split: Split) -> list[Claim]:
    large = split.movers[split.movers["change"].abs() >= max(KEY_SHARE * split.before, 1e-9)]
    said = []
    for row in large[large["what"].eq("customer")].head(1).itertuples():
        given = {
            "customer": name(row.shown),
            "amount": amount_of(found, abs(row.change)),
            "before": amount_of(found, row.before),
            "now": amount_of(found, row.now),
        }
        less = row.change < 0
        said.append(
            claim("changes-finding-key-less", **given) if less else claim("changes-finding-key-more", **given)
        )
    for row in large[large["part"].eq("new_products")].head(1).itertuples():
        said.append(
            claim("changes-finding-new-product", product=name(row.shown), amount=amount_of(found, row.change))
        )
    return said


def _stages(found: WhatChanged) -> list[Claim]:
    said = []
    for row in found.stages[found.stages["differs"]].itertuples():
        given = {"stage": name(row.Index), "days": days(row.days), "left": share(row.left_now_pct)}
        slower = row.left_now_pct < row.left_before_pct
        said.append(
            claim("changes-finding-stage-slower", **given)
            if slower
            else claim("changes-finding-stage-faster", **given)
        )
    return said


def _data(found: WhatChanged) -> list[Claim]:
    said: list[Claim] = []
    for (what, table), own in found.data.groupby(["what", "table"], sort=False):
        rows = count(
            int((own["after"] - own["before"]).abs().sum()) if what in ("late_rows", "fewer_rows") else 0
        )
        summed = own["amount"].sum(min_count=1)
        amount = count(None) if pd.isna(summed) else amount_of(found, summed)
        if what == "late_rows":
            said.append(claim("changes-finding-late", rows=rows, table=name(table), amount=amount))
        elif what == "fewer_rows":
            said.append(claim("changes-finding-fewer", rows=rows, table=name(table), amount=amount))
        elif what == "changed_sums":
            said.append(claim("changes-finding-sums", months=count(len(own)), amount=amount))
    return said


def changes_groups(found: WhatChanged) -> list[Claim]:
    """What the table of movers shows, and the group that made the largest difference, of each way to group."""
    if found.split is None or found.split.movers.empty:
        return []
    said = [claim("changes-movers")]
    groups = found.split.groups.assign(change=lambda table: table["now"] - table["before"])
    for by, own in groups[groups["group"].ne(OTHER)].groupby("by", sort=False):
        row = own.loc[own["change"].abs().idxmax()]
        group = name(row["group"]) if row["group"] else claim("changes-group-unknown")
        given: dict[str, Any] = {
            "by": BY_WORDS.term(by),
            "group": group,
            "amount": amount_of(found, row["change"]),
        }
        if row["rest"]:
            said.append(claim("changes-group-rest", **given))
        else:
            buyers, spend = (amount_of(found, row[part]) for part in ("buyers", "spend"))
            said.append(claim("changes-group", buyers=buyers, spend=spend, **given))
        if by == CATEGORY:
            said += _fell_behind(groups[groups["by"].eq(by)].set_index("group"))
    return said


def _fell_behind(own: pd.DataFrame) -> list[Claim]:
    """The category whose share of sales fell most."""
    shares = 100 * own[["before", "now"]] / own[["before", "now"]].sum()
    lost = (shares["before"] - shares["now"]).drop([OTHER, ""], errors="ignore")
    if lost.empty or not lost.max() >= BEHIND_POINTS:
        return []
    behind = shares.loc[lost.idxmax()]
    facts = {at: share(behind[at]) for at in ("before", "now")}
    return [claim("changes-group-behind", group=name(behind.name), **facts)]


def changes_deals(found: WhatChanged) -> list[Claim]:
    """Whether deals are won more often, and leave their stages sooner, than before."""
    rates = found.win_rate
    before, now = rates["decided_before"].sum(), rates["decided_now"].sum()
    said = []
    if before and now:
        whole = [
            (rates[f"rate_{at}"].fillna(0) * rates[f"decided_{at}"]).sum() / rates[f"decided_{at}"].sum()
            for at in ("before", "now")
        ]
        parts = {part: points(float(rates[part].sum())) for part in ("rate", "mix")}
        said.append(claim("changes-deals-rate", before=share(whole[0]), now=share(whole[1]), **parts))
    if len(found.stages):
        differ = count(int(found.stages["differs"].sum()))
        said.append(claim("changes-deals-stages", stages=count(len(found.stages)), differ=differ))
    if said:
        return said
    return [claim("changes-deals-none") if len(rates) else claim("changes-deals-absent")]


def changes_moves(found: WhatChanged) -> list[Claim]:
    """Who moved between states and segments."""
    said = []
    if found.states is None:
        said.append(claim("changes-states-unknown"))
    else:
        said += _moved(found, found.states)
    if found.segments is not None:
        said.append(claim("changes-segments", moved=count(found.segments.moved), since=date(found.since)))
    return said


def _moved(found: WhatChanged, moves: LifecycleMoves) -> list[Claim]:
    both = known_at_both(moves)
    moved = both[both["moved"]]
    if moved.empty:
        return [claim("changes-states-none")]
    silent = moved[moved["after"].isin(SILENT) & ~moved["before"].isin(SILENT)]
    row = (silent if len(silent) else moved).iloc[0]
    given = {
        "since": date(found.since),
        "share": share(changed_share(moves)),
        "customers": count(int(row["customers"])),
        "before": STATE_WORDS.term(row["before"]),
        "after": STATE_WORDS.term(row["after"]),
        "revenue": count(None) if pd.isna(row["revenue"]) else amount_of(found, row["revenue"]),
    }
    return [claim("changes-states-silent", **given) if len(silent) else claim("changes-states", **given)]


def rules_turnover(found: Turnover | None) -> list[Claim]:
    """How many rules were born and died since the last look; the one sentence of the page on cross-selling."""
    if found is None:
        return []
    n = found.rules["change"].value_counts()
    facts = {"looked": date(pd.Timestamp(found.looked)), "now": count(found.rule_counts[1])}
    if not len(n):
        return [claim("changes-rules-same", **facts)]
    born, died, changed = (count(int(n.get(one, 0))) for one in (BORN, DIED, CHANGED))
    facts |= {"before": count(found.rule_counts[0]), "points": points(CHANGED_POINTS)}
    return [claim("changes-rules-moved", born=born, died=died, changed=changed, **facts)]


def turnover_paragraph(found: Turnover | None) -> list[Claim]:
    """Rules and offers that were born, died or changed, the most frequent of each kind by name."""
    if found is None:
        return [claim("changes-turnover-first")]
    said = rules_turnover(found)
    for change in (BORN, DIED, CHANGED):
        own = found.rules[found.rules["change"] == change]
        if len(own):
            said.append(_one_rule(own.iloc[0]))
    if found.customers != (0, 0):
        said.append(claim("changes-offers", now=count(found.customers[1]), before=count(found.customers[0])))
    for change, own in found.offers.groupby("change", sort=False):
        first = own.iloc[0]
        facts = {"product": name(first["product"]), "customers": count(int(first["customers"]))}
        facts["n"] = count(len(own))
        said.append(
            claim("changes-offers-born", **facts) if change == BORN else claim("changes-offers-died", **facts)
        )
    return said


def _one_rule(row: pd.Series) -> Claim:
    facts = {"if": name(row["if"]), "then": name(row["then"]), "share": share(row["confidence_pct"])}
    if row["change"] == CHANGED:
        return claim("changes-rule-changed", before=share(row["confidence_before_pct"]), **facts)
    if row["change"] == BORN:
        return claim("changes-rule-born", baskets=count(int(row["count"])), **facts)
    return claim("changes-rule-died", **facts)


def changes_data(found: WhatChanged) -> list[Claim]:
    """Whether the tables of the last look are still what they were."""
    if not found.looked:
        return [claim("changes-data-first")]
    looked = date(pd.Timestamp(found.looked))
    if found.data.empty:
        return [claim("changes-data-same", looked=looked)]
    said = [claim("changes-data-changed", looked=looked, places=count(len(found.data)))]
    if pd.notna(found.revised) and found.revised:
        said.append(claim("changes-data-revised", amount=amount_of(found, found.revised)))
    return said


def changes_limits(found: WhatChanged) -> list[Claim]:
    """What the comparison cannot say."""
    said = [claim("changes-limits-parts"), claim("changes-limits-season")]
    has_pieces = found.split is not None and len(found.split.products) > 0
    return [*said, claim("changes-limits-pieces")] if has_pieces else said
