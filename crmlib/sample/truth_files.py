"""The truth behind the sample company, written apart from its exports. No report reads it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.sample import truths
from crmlib.sample.company import Company
from crmlib.sample.plans import MISSING
from crmlib.sample.raw import iso_dates
from crmlib.sample.staff import CONTROL_SHARE, LEFT, ORDERS_WITHIN_DAYS, TESTED
from crmlib.sample.truths import DAYS, STAGES


def write_truth(company: Company, dirt: pd.DataFrame, folder: Path, *, seed: int, scale: float) -> None:
    """Write every table of `TRUTHS` and a README that says what each is.

    Examples
    --------
    >>> write_truth.__name__  # see crmlib.sample.exports.write_company
    'write_truth'
    """
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
    text = _README.format(seed=seed, scale=f"{scale:g}") + "\n" + "\n".join(told)
    (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")


def segments(company: Company) -> pd.DataFrame:
    """The planted kind of each customer, how readily it orders (`order_weight`), the days between which it
    may order, and the last of them if its time is over (`churned_on`).

    Examples
    --------
    >>> from crmlib.sample.company import make_company
    >>> list(segments(make_company(scale=0.01)))
    ['customer_id', 'segment', 'order_weight', 'first_on', 'churned_on']
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

    Examples
    --------
    >>> from crmlib.sample.company import make_company
    >>> truth = deals(make_company(scale=0.01))
    >>> bool(truth["win_chance"].between(0, 1).all()), len(truth)
    (True, 80)
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
    length of the month), what was drawn, and what a campaign brought besides. Returns come on top."""
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
    """Changes of price, volume and mix: which products, from when, and the factor."""
    del company
    category, day, price, volume = truths.FILTER_RISE
    rows = [("price", "all", f"{year}-01-01", level) for year, level in truths.PRICE_BY_YEAR.items()]
    rows += [
        ("price", category, str(day), price),
        ("mean of pieces beyond the first", category, str(day), volume),
    ]
    mixed, since, weight = truths.CLEANING_MIX
    rows.append(("weight of tier 3 in free choices", mixed, str(since), weight))
    rows.append(("cost", "all", "2025-01-01", 1.03))
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


def _left(company: Company) -> pd.DataFrame:
    """Sellers who have left, and how many open deals still carry their name."""
    owner = company.deals.table.loc[company.deals.table["closed"] >= DAYS, "owner_id"]
    rows = [(who, last, int((owner == who).sum())) for who, last in LEFT.items()]
    return pd.DataFrame(rows, columns=["employee_id", "left_on", "open_deals"])


TRUTHS: dict[str, Callable[[Company], pd.DataFrame]] = {
    "segments": segments, "segment_traits": _segment_traits, "win_odds": _win_odds, "stage_hazards": _stage_hazards,
    "stage_times": _stage_times, "exit_shares": _exit_shares, "deals": deals, "stays": _stays, "topics": _topics,
    "open_deals": _open_deals, "duplicates": _duplicates, "influence": _influence, "rules": _rules,
    "demand": _demand, "campaigns": _campaigns, "products": _products, "changes": _changes, "plans": _plans,
    "missing_plans": _missing_plans, "left": _left,
}  # fmt: skip
"""File -> the function that makes its table; its first paragraph stands in the README."""

_README = """\
# What is true of the sample company
Made by `crmlib sample --seed {seed} --scale {scale}`. The exports were drawn from these figures, so an analysis can be
held against them. Nothing here belongs to the exports: crm.toml names none of it and no report reads it.

Days are whole: all moves of a deal happen at its own time of day, so a stay of 12 days is one of exactly 12 times 24
hours in the company's time zone, which knows no summer time. Dirt comes as rows of its own; no true row is missing.
"""
