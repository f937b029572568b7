"""The sample company: drawn from known truths, written as raw exports, the truth kept apart."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.sample import truths
from crmlib.sample.deals import Deals, make_deal_contacts, make_deals
from crmlib.sample.orders import (
    leave_for_good,
    make_baskets,
    make_gaps,
    make_lines,
    make_orders,
    make_products,
)
from crmlib.sample.people import (
    CONTROL_SHARE,
    LEFT,
    MISSING,
    ORDERS_WITHIN_DAYS,
    TESTED,
    make_campaign_contacts,
    make_campaigns,
    make_contacts,
    make_customers,
    make_employees,
    make_plans,
    make_relations,
    make_twins,
)
from crmlib.sample.raw import iso_dates, lots
from crmlib.sample.signs import handles, make_signs
from crmlib.sample.touches import make_cases, make_events, make_feedback, make_other_touches, make_touches
from crmlib.sample.truths import DAYS, STAGES
from crmlib.schema.errors import ParameterError

SELLERS = [f"E{i:02d}" for i in range(1, 25)]


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everything that happened, and what was not seen by anybody.

    Attributes
    ----------
    products, employees, campaigns, members, customers, twins, contacts, relations, deal_contacts, ties, touches, \
next_steps, orders, months, lines, gaps, unbought, rules, events, cases, feedback, signs, plans : DataFrame
        See the functions of this package that make them. Days are counted from the start of the history.
    deals : Deals
    leaving_pct : float
        Of the customers, so many more left in each month of the last year.
    """

    products: pd.DataFrame
    employees: pd.DataFrame
    campaigns: pd.DataFrame
    members: pd.DataFrame
    customers: pd.DataFrame
    twins: pd.DataFrame
    contacts: pd.DataFrame
    relations: pd.DataFrame
    deals: Deals
    deal_contacts: pd.DataFrame
    ties: pd.DataFrame
    touches: pd.DataFrame
    next_steps: pd.DataFrame
    orders: pd.DataFrame
    months: pd.DataFrame
    lines: pd.DataFrame
    gaps: pd.DataFrame
    unbought: pd.DataFrame
    rules: pd.DataFrame
    events: pd.DataFrame
    cases: pd.DataFrame
    feedback: pd.DataFrame
    signs: pd.DataFrame
    plans: pd.DataFrame
    leaving_pct: float = 0.0


def make_company(*, seed: int = 1, scale: float = 1.0, leaving_pct: float = 0.0) -> Company:
    """Draw the whole company; the same seed and scale give the same one, on every machine."""
    if not 0 <= leaving_pct <= 100:
        raise ParameterError(f"leaving_pct is {leaving_pct}: give a number from 0 to 100.")
    if not 0.01 <= scale <= 100:
        raise ParameterError(f"scale is {scale}: give a number from 0.01 to 100.")
    if seed < 0:
        raise ParameterError(f"seed is {seed}: give a whole number, 0 or more.")
    products, employees, campaigns = make_products(seed=seed), make_employees(seed=seed), make_campaigns()
    customers = make_customers(seed=seed, scale=scale, owners=SELLERS, campaigns=campaigns)
    customers = customers.assign(handle=handles(customers, seed=seed))
    twins = make_twins(customers, seed=seed).assign(handle="")
    contacts = make_contacts(customers, seed=seed)
    members = make_campaign_contacts(customers, campaigns, seed=seed)
    deals = make_deals(customers, products, campaigns, SELLERS, seed=seed, scale=scale)
    deal_contacts, ties = make_deal_contacts(deals.table, contacts, seed=seed)
    deals = _under_either_number(deals, twins, seed=seed)
    touches, next_steps = make_touches(deals, deal_contacts, contacts, seed=seed)
    orders, months = make_orders(customers, members, seed=seed, scale=scale)
    if leaving_pct:
        customers, orders, months = leave_for_good(
            customers, orders, months, leaving_pct=leaving_pct, seed=seed
        )
    baskets, rules = make_baskets(orders, customers, products, seed=seed)
    lines = make_lines(orders, baskets, customers, products, seed=seed)
    cases = make_cases(lines, customers, products, seed=seed)
    others = make_other_touches(members, cases, seed=seed)
    events = make_events(lines, customers, products, seed=seed)
    feedback = make_feedback(lines, customers, products, seed=seed)
    relations = make_relations(customers, seed=seed)
    signs = make_signs(lines, events, feedback, customers, contacts, seed=seed)
    told = pd.concat([cases, feedback])[["customer_id", "product_id"]]
    gaps, falls = make_gaps(lines, relations, customers, products, told=told, seed=seed)
    lines, unbought = lines[~falls], lines[falls]
    return Company(
        products=products,
        employees=employees,
        campaigns=campaigns,
        members=_responses(members, orders, customers),
        customers=customers,
        twins=twins,
        contacts=contacts,
        relations=relations,
        deals=deals,
        deal_contacts=deal_contacts,
        ties=ties,
        touches=_in_order(pd.concat([touches, others], ignore_index=True)),
        next_steps=next_steps,
        orders=orders,
        months=months,
        lines=lines,
        gaps=gaps,
        unbought=unbought,
        rules=rules,
        events=events,
        cases=cases,
        feedback=feedback,
        signs=signs,
        plans=make_plans(_lines_to_plan(lines, customers, products), deals.table, seed=seed),
        leaving_pct=leaving_pct,
    )


def _under_either_number(deals: Deals, twins: pd.DataFrame, *, seed: int) -> Deals:
    """Half of the deals of customers recorded twice stand under the second number."""
    rng = lots(seed, "twin deals")
    second = deals.table["customer_id"].map(twins.set_index("twin_of")["customer_id"])
    taken = second.notna().to_numpy() & (rng.random(len(second)) < 0.5)
    return replace(
        deals, table=deals.table.assign(customer_id=deals.table["customer_id"].mask(taken, second))
    )


def _responses(members: pd.DataFrame, orders: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """The day on which each answered: that of the order which the campaign brought; -1: never."""
    brought = orders[orders["campaign_id"] != ""]
    ids = customers["customer_id"].to_numpy()[brought["customer"].to_numpy()]
    answered = {
        (campaign, who): (day, minute)
        for campaign, who, day, minute in zip(
            brought["campaign_id"], ids, brought["day"], brought["minute"], strict=True
        )
    }
    found = [
        answered.get(key, (-1, 0)) for key in zip(members["campaign_id"], members["customer_id"], strict=True)
    ]
    return members.assign(
        answered_day=[day for day, _ in found], answered_minute=[minute for _, minute in found]
    )


def _in_order(touches: pd.DataFrame) -> pd.DataFrame:
    table = touches.sort_values(["day", "minute"], ignore_index=True, kind="stable")
    table.insert(0, "interaction_id", [f"I{500_001 + i}" for i in range(len(table))])
    return table


def _lines_to_plan(lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    goods = products.iloc[lines["product"].to_numpy()]
    who = customers.iloc[lines["customer"].to_numpy()]
    return lines.assign(
        all="total",
        region=who["region"].to_numpy(),
        customer_id=who["customer_id"].to_numpy(),
        department=goods["department"].to_numpy(),
        category=goods["category"].to_numpy(),
        product_id=goods["product_id"].to_numpy(),
        employee_id=np.where(lines["employee_id"] == "", "", lines["employee_id"]),
    )


def write_truth(company: Company, dirt: pd.DataFrame, folder: Path, *, seed: int, scale: float) -> None:
    """Write every table of `TRUTHS` and a README that says what each is."""
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for name, make in TRUTHS.items():
        table = make(company)
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.6g")
        columns = ", ".join(f"`{column}`" for column in table.columns)
        says = " ".join((make.__doc__ or "").split("\n\n")[0].split())
        told.append(f"## {name}.csv\n{says}\n\n{len(table):,} rows: {columns}\n")
    dirt.to_csv(folder / "dirt.csv", index=False, lineterminator="\n")
    told.append(
        "## dirt.csv\nWhat was put in that is wrong: table, check that finds it (empty where no check of "
        f"`crmlib check` looks for it), column, rows.\n\n{len(dirt):,} rows\n"
    )
    drift = f" --leaving {company.leaving_pct:g}" if company.leaving_pct else ""
    text = _README.format(seed=seed, scale=f"{scale:g}{drift}") + "\n" + "\n".join(told)
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")


def segments(company: Company) -> pd.DataFrame:
    """The planted kind of each customer, how readily it orders (`order_weight`), the days between which it
    may order, and the last of them if its time is over (`churned_on`).
    """
    table = company.customers
    gone = table["end_day"].to_numpy() < DAYS
    return pd.DataFrame(
        {
            "customer_id": table["customer_id"],
            "segment": table["segment"],
            "order_weight": table["weight"],
            "first_on": iso_dates(table["first_day"]),
            "churned_on": iso_dates(np.where(gone, table["end_day"], 0), none=~gone),
        }
    )


def _segment_traits(company: Company) -> pd.DataFrame:
    """What a segment is: share of the customers, mean weight of ordering, mean extra pieces a line, mean extra
    lines, discount, chance to leave for good in a month, chance of one more order by a campaign that works."""
    del company
    names = ("share", "order_weight", "pieces", "lines", "discount", "monthly_churn", "campaign_uplift")
    return pd.DataFrame([(name, *row) for name, row in truths.SEGMENTS.items()], columns=["segment", *names])


def _win_odds(company: Company) -> pd.DataFrame:
    """The odds of a deal to be won are the base odds times the factor of each of its traits; all other traits,
    country, region, owner and product among them, have the factor 1. The factor of `amount` is for e times as
    large an amount; that of `engagement` for one unit more."""
    del company
    rows = [("base", f"amount {truths.TYPICAL_AMOUNT:.0f}", float(np.exp(truths.BASE_LOG_ODDS)))]
    rows += [("source", name, odds) for name, odds in truths.SOURCE_ODDS.items()]
    rows += [("industry", name, odds) for name, odds in truths.INDUSTRY_ODDS.items()]
    rows += [("company_size", name, odds) for name, odds in truths.SIZE_ODDS.items()]
    rows += [
        ("champion", "among the contacts", truths.CHAMPION_ODDS),
        ("engagement", "one unit", truths.ENGAGEMENT_ODDS),
        ("amount", "e times as large", truths.AMOUNT_ODDS),
    ]
    return pd.DataFrame(rows, columns=["trait", "value", "odds_factor"])


def _stage_hazards(company: Company) -> pd.DataFrame:
    """The chance to leave a stage on a day, given that the deal was there the day before, for sources of speed
    1; a source of speed v has 1 - (1 - chance)^v. A stay that is entered again begins anew at day 1."""
    del company
    rows = []
    for stage in STAGES:
        for i, chance in enumerate(truths.EXIT_HAZARDS[stage]):
            last = truths.AGE_BANDS[i + 1] if i + 1 < len(truths.AGE_BANDS) else None
            rows.append((stage, truths.AGE_BANDS[i] + 1, last, chance))
    table = pd.DataFrame(rows, columns=["stage", "from_day", "to_day", "daily_exit_chance"])
    return table.astype({"to_day": "Int64"})


def _stage_times(company: Company) -> pd.DataFrame:
    """Days after which half, and four fifths, of the deals have left a stage, by source."""
    del company
    rows = []
    for stage in STAGES:
        for source, speed in truths.SOURCE_SPEED.items():
            still = np.cumprod(1 - truths.exit_chances(stage, 4000, speed=speed))
            half, most = (int(np.argmax(still <= share)) + 1 for share in (0.5, 0.2))
            rows.append((stage, source, speed, half, most))
    return pd.DataFrame(rows, columns=["stage", "source", "speed", "median_days", "q80_days"])


def _exit_shares(company: Company) -> pd.DataFrame:
    """Where deals go that leave a stage, at any age, by their chance to be won at creation;
    `crmlib.sample.truths.exit_shares` gives them for every chance. The first row of a stage is the chain that
    all others are derived from."""
    del company
    base = float(truths.base_win_chances()[0])
    chances = np.array([base, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    parts = []
    for i, stage in enumerate(STAGES):
        shares = truths.exit_shares(i, chances)
        part = pd.DataFrame(shares, columns=["forward", "back", "lost"]).assign(
            stage=stage, win_chance=chances
        )
        parts.append(part)
    return pd.concat(parts)[["stage", "win_chance", "forward", "back", "lost"]]


def deals(company: Company) -> pd.DataFrame:
    """Each deal's traits as they were drawn, its chance to be won, and the end that it takes, also where that
    lies beyond the closing day; `topic` is the concern that its notes speak of.
    """
    table = company.deals.table
    names = [
        "opportunity_id",
        "source",
        "industry",
        "company_size",
        "champion",
        "engagement",
        "amount",
        "win_chance",
    ]
    return table[names].assign(
        won=table["won"],
        created_on=iso_dates(table["created"]),
        closed_on=iso_dates(table["closed"]),
        open_at_end=(table["closed"] >= DAYS),
        topic=table["topic"],
    )


def _stays(company: Company) -> pd.DataFrame:
    """Each stay with its real end, also beyond the closing day: forward, back, won or lost."""
    stays, table = company.deals.stays, company.deals.table
    return pd.DataFrame(
        {
            "opportunity_id": table["opportunity_id"].to_numpy()[stays["deal"]],
            "stage": np.array(STAGES, dtype=object)[stays["stage"]],
            "entered_on": iso_dates(stays["entered"]),
            "exited_on": iso_dates(stays["exited"]),
            "exit": stays["exit"],
        }
    )


def _topics(company: Company) -> pd.DataFrame:
    """Share of the deals with a concern, among those that end won and lost; of deals created in 2025 the share
    of delivery time is larger."""
    del company
    parts = []
    for since, factor in (("2023-01-01", 1.0), ("2025-01-01", truths.DELIVERY_2025)):
        table = pd.DataFrame(
            {"topic": truths.TOPICS, "lost": truths.TOPICS_OF_LOST, "won": truths.TOPICS_OF_WON}
        )
        late = table["topic"] == "delivery time"
        table.loc[late, ["lost", "won"]] *= factor
        parts.append(table.assign(created_since=since))
    return pd.concat(parts)


def _open_deals(company: Company) -> pd.DataFrame:
    """Deals open at the end: whether a contact is planned after the closing day, when, and how long they have
    been in their stage."""
    stays, table = company.deals.stays, company.deals.table
    now = stays[(stays["entered"] < DAYS) & (stays["exited"] >= DAYS)].set_index("deal")
    open_ = table[table["closed"] >= DAYS]
    here = now.loc[open_.index]
    steps = company.next_steps.set_index("opportunity_id").loc[open_["opportunity_id"]]
    none = (steps["planned_day"] < 0).to_numpy()
    return pd.DataFrame(
        {
            "opportunity_id": open_["opportunity_id"],
            "owner_id": open_["owner_id"],
            "owner_has_left": open_["owner_id"].isin(LEFT),
            "stage": np.array(STAGES, dtype=object)[here["stage"]],
            "stage_age_days": DAYS - 1 - here["entered"].to_numpy(),
            "has_next_step": steps["has_next_step"].to_numpy(),
            "planned_for": iso_dates(steps["planned_day"].to_numpy(), none=none),
        }
    )


def _duplicates(company: Company) -> pd.DataFrame:
    """Pairs of numbers that are one customer."""
    return company.twins[["twin_of", "customer_id"]].set_axis(["customer_id", "duplicate_id"], axis=1)


def _identities(company: Company) -> pd.DataFrame:
    """Whose the orders (`transactions`), visits (`events`) and opinions (`feedback`) are that name no customer."""
    quiet = company.signs[~company.signs["is_named"]]
    return quiet[["source", "record", "customer_id"]]


def _influence(company: Company) -> pd.DataFrame:
    """Who sways whom in a decision: the stance of the second is the weight times that of the first, and chance
    (normal, 0.15). Nine in ten of these ties stand in the CRM."""
    return company.ties


def _rules(company: Company) -> pd.DataFrame:
    """What was put into a basket because of what was in it: the chance of it, the baskets that had all of the
    antecedent while the consequent was on sale, those that had the consequent anyway, and those to which it was
    added. The confidence to be found is (there + added) / baskets."""
    names = company.products.set_index("label")["product_id"]
    table = company.rules.copy()
    table["antecedent_ids"] = [
        " + ".join(names[one] for one in text.split(" + ")) for text in table["antecedent"]
    ]
    table["consequent_id"] = table["consequent"].map(names)
    return table


def _demand(company: Company) -> pd.DataFrame:
    """Orders of each month: the mean they were drawn with (twelve percent more a year, the season's factor, the
    length of the month), what was drawn, and what a campaign brought besides. Returns come on top. Where customers
    leave by `--leaving`, the mean is of before that."""
    season = np.tile(truths.SEASON, 3)
    growth = truths.GROWTH_PER_YEAR ** (np.arange(36) / 12)
    return company.months.assign(season_factor=season, growth_factor=growth)


def _campaigns(company: Company) -> pd.DataFrame:
    """The two campaigns with a control group, by segment: how many were asked and left alone, and the chance of
    one more order within four weeks that the campaign gave those who were asked."""
    table = company.members[company.members["campaign_id"].isin(TESTED)]
    counts = (
        table.groupby(["campaign_id", "segment"])["is_control"]
        .agg(left_alone="sum", members="size")
        .reset_index()
    )
    uplift = counts["segment"].map({name: row[6] for name, row in truths.SEGMENTS.items()})
    return counts.assign(
        asked=counts["members"] - counts["left_alone"],
        extra_order_chance=uplift * counts["campaign_id"].map(TESTED),
        within_days=ORDERS_WITHIN_DAYS,
        control_share=CONTROL_SHARE,
    ).drop(columns="members")


def _products(company: Company) -> pd.DataFrame:
    """Products that others replace, their last day on sale, and the one that fails far more often
    (`case_factor`)."""
    table = company.products
    new = table[table["replaces_product_id"].notna()].set_index("replaces_product_id")["product_id"]
    last = table["retired_on"].to_numpy()
    return pd.DataFrame(
        {
            "product_id": table["product_id"],
            "label": table["label"],
            "life_days": table["life_days"],
            "retired_on": iso_dates(np.minimum(last, 2 * DAYS), none=last >= 2 * DAYS),
            "successor_id": table["product_id"].map(new).fillna(""),
            "case_factor": np.where(table["label"] == truths.FAULTY, truths.FAULTY_FACTOR, 1.0),
        }
    )


def _changes(company: Company) -> pd.DataFrame:
    """Changes of price, volume and mix: which products, from when, and the factor; and what `--leaving` added to the
    monthly chance to leave for good."""
    category, day, price, volume = truths.FILTER_RISE
    rows = [("price", "all", f"{year}-01-01", level) for year, level in truths.PRICE_BY_YEAR.items()]
    rows += [
        ("price", category, str(day), price),
        ("mean of pieces beyond the first", category, str(day), volume),
    ]
    mixed, since, weight = truths.CLEANING_MIX
    rows.append(("weight of tier 3 in free choices", mixed, str(since), weight))
    rows.append(("cost", "all", "2025-01-01", 1.03))
    if company.leaving_pct:
        rows.append(("monthly chance to leave, added", "all", "2025-01-01", company.leaving_pct / 100))
    return pd.DataFrame(rows, columns=["what", "category", "since", "factor"])


def _plans(company: Company) -> pd.DataFrame:
    """Each target with the factor by which it exceeds what came of it (empty for the future), and whether it was
    set after its period had begun (`is_late`)."""
    table = company.plans
    return pd.DataFrame(
        {
            "period_start": iso_dates(table["start"]),
            "period_end": iso_dates(table["end"]),
            "dimension": table["dimension"],
            "key": table["key"],
            "measure": table["measure"],
            "target": table["target"],
            "actual": table["actual"],
            "factor": table["factor"],
            "set_on": iso_dates(table["set_on"]),
            "is_late": table["is_late"],
        }
    )


def _missing_plans(company: Company) -> pd.DataFrame:
    """Targets of 2025 that were never set: dimension, key, quarter."""
    del company
    rows = [(dimension, key, f"2025Q{quarter + 1}") for dimension, key, quarter in MISSING]
    return pd.DataFrame(rows, columns=["dimension", "key", "quarter"])


def _headroom(company: Company) -> pd.DataFrame:
    """Units of families with a category that they need and buy elsewhere, while another unit buys it from us, and what
    it is worth to them in the last year."""
    return company.gaps


def _left(company: Company) -> pd.DataFrame:
    """Sellers who have left, and how many open deals still carry their name."""
    owner = company.deals.table.loc[company.deals.table["closed"] >= DAYS, "owner_id"]
    rows = [(who, last, int((owner == who).sum())) for who, last in LEFT.items()]
    return pd.DataFrame(rows, columns=["employee_id", "left_on", "open_deals"])


TRUTHS: dict[str, Callable[[Company], pd.DataFrame]] = {
    "segments": segments, "segment_traits": _segment_traits, "win_odds": _win_odds, "stage_hazards": _stage_hazards,
    "stage_times": _stage_times, "exit_shares": _exit_shares, "deals": deals, "stays": _stays, "topics": _topics,
    "open_deals": _open_deals, "duplicates": _duplicates, "identities": _identities, "influence": _influence,
    "rules": _rules, "demand": _demand, "campaigns": _campaigns, "products": _products, "changes": _changes,
    "plans": _plans, "missing_plans": _missing_plans, "left": _left, "headroom": _headroom,
}  # fmt: skip
"""File -> the function that makes its table; its first paragraph stands in the README."""

_README = """\
# What is true of the sample company
Made by `crmlib sample --seed {seed} --scale {scale}`. The exports were drawn from these figures, so an analysis can be
held against them. Nothing here belongs to the exports: crm.toml names none of it and no report reads it.

Days are whole: all moves of a deal happen at its own time of day, so a stay of 12 days is one of exactly 12 times 24
hours in the company's time zone, which knows no summer time. Dirt comes as rows of its own; no true row is missing.
"""
