"""Deals, drawn from the odds and hazards of `truths`: who, how much, which way through the stages, what end."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.sample.people import LEFT, source_shares
from crmlib.sample.raw import lots, pick, pick_by_row
from crmlib.sample.truths import (
    AMOUNT_ODDS,
    BASE_LOG_ODDS,
    CHAMPION_ODDS,
    DAYS,
    DEALS,
    DELIVERY_2025,
    ENGAGEMENT_ODDS,
    INDUSTRY_ODDS,
    SIZE_ODDS,
    SOURCE_ODDS,
    SOURCE_SHARE,
    SOURCE_SPEED,
    STAGES,
    START,
    TOPICS,
    TOPICS_OF_LOST,
    TOPICS_OF_WON,
    TYPICAL_AMOUNT,
    exit_chances,
    exit_shares,
    month_weights,
)

_LONGEST = 6000
_OUTCOMES = ("forward", "back", "lost")


@dataclass(frozen=True, kw_only=True)
class Deals:
    """Deals and their stays, to the very end of each, also where that lies beyond the closing day.

    `table` (one row a deal): Days are counted from the start of the history; `minute` is the time of day of
        all its moves.
    `stays` (one row a stay): `deal` (row of `table`), `stage` (0 to 3), `entered`, `exited` (days), `exit`.
    """

    table: pd.DataFrame
    stays: pd.DataFrame


def make_deals(
    customers: pd.DataFrame,
    products: pd.DataFrame,
    campaigns: pd.DataFrame,
    owners: list[str],
    *,
    seed: int,
    scale: float,
) -> Deals:
    """Every deal and every stay."""
    rng = lots(seed, "deals")
    table = _begin(customers, rng, max(80, round(DEALS * scale)))
    table = _describe(table, products, campaigns, owners, rng)
    table["champion"] = rng.random(len(table)) < 0.35
    table["engagement"] = rng.normal(0, 1, len(table))
    table["win_chance"] = win_chances(table)
    stays, outcome, closed = walk_stages(
        table["created"].to_numpy(),
        table["win_chance"].to_numpy(),
        table["source"].map(SOURCE_SPEED).to_numpy(),
        rng,
    )
    table["won"], table["closed"] = outcome, closed
    table["topic"] = _topics(table, rng)
    table["expected_close"] = table["created"] + rng.integers(45, 200, len(table))
    return Deals(table=_hand_over(table, owners, rng), stays=stays)


def win_chances(deals: pd.DataFrame) -> np.ndarray:
    """The chance of each deal to be won, at creation: odds multiplied by what is known of it."""
    log_odds = (
        BASE_LOG_ODDS
        + np.log(deals["source"].map(SOURCE_ODDS).astype(float))
        + np.log(deals["industry"].map(INDUSTRY_ODDS).astype(float))
        + np.log(deals["company_size"].map(SIZE_ODDS).astype(float))
        + np.log(CHAMPION_ODDS) * deals["champion"]
        + np.log(ENGAGEMENT_ODDS) * deals["engagement"]
        + np.log(AMOUNT_ODDS) * np.log(deals["amount"] / TYPICAL_AMOUNT)
    )
    return 1 / (1 + np.exp(-log_odds.to_numpy()))


def walk_stages(
    created: np.ndarray, chance: np.ndarray, speed: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Each deal's way through the stages, day by day: how long a stay lasts, then where it leads."""
    n = len(created)
    wear = [np.cumsum(-np.log1p(-exit_chances(stage, _LONGEST))) for stage in STAGES]
    at, stage, day = np.arange(n), np.zeros(n, dtype=np.int64), created.astype(np.int64)
    won, closed = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    parts = []
    while len(at):
        lasts, way = np.empty(len(at), dtype=np.int64), np.empty(len(at), dtype=np.int64)
        for s in range(len(STAGES)):
            here = np.flatnonzero(stage == s)
            lasts[here] = 1 + np.searchsorted(wear[s], rng.exponential(1, len(here)) / speed[at[here]])
            way[here] = pick_by_row(rng, exit_shares(s, chance[at[here]]))
        end = day + lasts
        parts.append(pd.DataFrame({"deal": at, "stage": stage, "entered": day, "exited": end, "way": way}))
        is_won, is_lost = (way == 0) & (stage == len(STAGES) - 1), way == 2
        won[at[is_won]] = True
        closed[at[is_won | is_lost]] = end[is_won | is_lost]
        goes_on = ~(is_won | is_lost)
        at, day = at[goes_on], end[goes_on]
        stage = (stage + np.where(way == 0, 1, -1))[goes_on]
    stays = pd.concat(parts, ignore_index=True).sort_values(["deal", "entered"], ignore_index=True)
    ends = np.array(_OUTCOMES, dtype=object)[stays.pop("way")]
    last = (stays["stage"] == len(STAGES) - 1) & (ends == "forward")
    return stays.assign(exit=np.where(last, "won", ends)), won, closed


def _begin(customers: pd.DataFrame, rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Which customer, on which day: the more in a month, the stronger its demand."""
    first, weight = month_weights()
    month = np.sort(pick(rng, weight, n))
    last = np.append(first[1:], DAYS)[month]
    day = first[month] + (rng.random(n) * (last - first[month])).astype(np.int64)
    signed = customers["signed_up_on"].to_numpy()
    order = np.argsort(signed, kind="stable")
    eager = rng.gamma(1.2, 1.0, len(customers))[order]
    edges = np.cumsum(eager)
    known = np.searchsorted(signed[order], day, side="right")
    who = order[np.searchsorted(edges, rng.random(n) * edges[known - 1], side="right")]
    table = customers.iloc[who][
        [
            "customer_id",
            "industry",
            "company_size",
            "country",
            "region",
            "source",
            "owner_id",
            "employee_count",
        ]
    ].reset_index(drop=True)
    table = table.assign(created=day, who=who, minute=rng.integers(8 * 60 + 30, 17 * 60 + 50, n))
    table = table.sort_values(["created", "minute"], ignore_index=True, kind="stable")
    fresh = ~table["who"].duplicated() & (signed[table["who"]] >= 0)
    mixed = np.array(list(SOURCE_SHARE), dtype=object)[
        pick_by_row(rng, source_shares(table["industry"].to_numpy()))
    ]
    table["source"] = table["source"].where(fresh, mixed)
    table.insert(0, "opportunity_id", [f"O-{10_001 + i}" for i in range(n)])
    return table


def _describe(
    table: pd.DataFrame,
    products: pd.DataFrame,
    campaigns: pd.DataFrame,
    owners: list[str],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Product, amount, owner and campaign."""
    n = len(table)
    day = table["created"].to_numpy()
    favour = products["popularity"].to_numpy() * np.sqrt(products["unit_price"].to_numpy())
    product = pick(rng, favour, n)
    for _ in range(20):
        gone = (products["launched_on"].to_numpy()[product] > day) | (
            products["retired_on"].to_numpy()[product] < day
        )
        product[gone] = pick(rng, favour, int(gone.sum()))
    size = np.sqrt(table["employee_count"].to_numpy() / 40).clip(0.3, 4)
    amount = np.round(TYPICAL_AMOUNT * size * np.exp(rng.normal(0, 0.7, n)), -1)
    campaign = np.full(n, "", dtype=object)
    for row in campaigns.itertuples():
        fits = (table["source"] == row.source) & (day >= row.started_on) & (day <= row.ended_on + 60)
        campaign[fits.to_numpy()] = row.campaign_id
    return table.assign(
        product=product,
        product_id=products["product_id"].to_numpy()[product],
        amount=np.maximum(amount, 500.0),
        campaign_id=campaign,
        owner_id=np.where(
            rng.random(n) < 0.7,
            table["owner_id"],
            np.array(owners, dtype=object)[rng.integers(len(owners), size=n)],
        ),
        is_unknown=rng.random(n) < 0.02,
    )


def _topics(table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The concern of each deal, or "": how likely each is depends on the end that the deal will take."""
    shares = np.where(table["won"].to_numpy()[:, None], TOPICS_OF_WON, TOPICS_OF_LOST)
    late = table["created"].to_numpy() >= int((np.datetime64("2025-01-01") - START).astype(int))
    shares[late, TOPICS.index("delivery time")] *= DELIVERY_2025
    none = 1 - shares.sum(axis=1, keepdims=True)
    return np.array([*TOPICS, ""], dtype=object)[pick_by_row(rng, np.hstack([shares, none]))]


def _hand_over(table: pd.DataFrame, owners: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """New deals do not go to sellers who have left; what was open when they left stays with them."""
    stay = [owner for owner in owners if owner not in LEFT]
    owner = table["owner_id"].to_numpy().copy()
    for left, last in LEFT.items():
        day = int((np.datetime64(last, "D") - START).astype(int))
        late = (owner == left) & (table["created"].to_numpy() > day)
        owner[late] = np.array(stay, dtype=object)[rng.integers(len(stay), size=int(late.sum()))]
    return table.assign(owner_id=owner)


def make_deal_contacts(
    deals: pd.DataFrame, contacts: pd.DataFrame, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who takes part in each decision, and the truth of who sways whom."""
    rng = lots(seed, "deal contacts")
    sizes = contacts.groupby("customer_id", sort=False).size()
    first = (
        pd.Series(np.arange(len(contacts)), index=contacts["customer_id"])
        .groupby(level=0, sort=False)
        .first()
    )
    count = np.minimum(deals["customer_id"].map(sizes).to_numpy(), 1 + rng.binomial(3, 0.4, len(deals)))
    count = np.where(deals["is_unknown"], 0, count)
    at = np.repeat(np.arange(len(deals)), count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    person = deals["customer_id"].map(first).to_numpy()[at] + nth
    ids = contacts["contact_id"].to_numpy()[person]
    role = np.array(["decider", "influencer", "user", "buyer"], dtype=object)[np.minimum(nth, 3)]
    champion = deals["champion"].to_numpy()[at]
    last = nth == count[at] - 1
    against = ~champion & last & (nth > 0) & (rng.random(len(at)) < 0.2)
    role = np.where(champion & last, "champion", np.where(against, "blocker", role))
    stance = np.clip(rng.normal(0.15 * deals["engagement"].to_numpy()[at], 0.4), -1, 1)
    stance = np.where(
        role == "champion", np.abs(stance), np.where(role == "blocker", -np.abs(stance), stance)
    )
    weight, target = 0.8, np.where(last, -1, np.arange(len(at)) + 1)
    for step in (2, 1, 0):
        rows = np.flatnonzero((nth == step) & (target >= 0))
        stance[rows] = np.clip(weight * stance[target[rows]] + rng.normal(0, 0.15, len(rows)), -1, 1)
    by = np.where(nth > 0, ids[np.maximum(np.arange(len(at)) - 1, 0)], "")
    known = (nth > 0) & (rng.random(len(at)) < 0.9)
    table = pd.DataFrame(
        {
            "opportunity_id": deals["opportunity_id"].to_numpy()[at],
            "contact_id": ids,
            "decision_role": role,
            "stance": stance.round(2),
            "influences_contact_id": np.where(known, by, ""),
        }
    )
    ties = table[nth > 0][["opportunity_id", "contact_id"]].assign(
        influences_contact_id=by[nth > 0], weight=weight
    )
    return table, ties
