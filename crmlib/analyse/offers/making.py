"""From a workspace to the offers of every customer, some hundred customers at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn_candidates import one_thread
from crmlib.analyse.offers.choosing import best_of_each, offered_rows
from crmlib.analyse.offers.cold import cold_offers, like_group
from crmlib.analyse.offers.eligibility import (
    Removals,
    refused_everything,
    rule_of_each,
    rules_that_apply,
)
from crmlib.analyse.offers.learning import BATCH, Learnt, learn
from crmlib.analyse.offers.limits import limits_of
from crmlib.analyse.offers.result import Offers, offer_frame
from crmlib.analyse.offers.signals import product_rhythms
from crmlib.analyse.offers.successors import product_names, sold_instead
from crmlib.analyse.offers.words import summary
from crmlib.measure.offer_candidates import candidates_of
from crmlib.measure.offer_groups import CONSENTS, people_of
from crmlib.measure.offer_tables import (
    buyers_of_products,
    day_of,
    known_buyers,
    offer_engine,
    products_offered,
)
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group

COSTED_SHARE = 0.5
"""Of what was sold, by buyers, the margin must be known for so much to rank by it."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for, checked.

    Examples
    --------
    >>> Wish(k=5, horizon_days=28, seed=0, min_margin_pct=None, just_bought_days=30, require_consent=True).k
    5
    """

    k: int
    horizon_days: int
    seed: int
    min_margin_pct: float | None
    just_bought_days: int
    require_consent: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What every customer's offers rest on.

    Examples
    --------
    See `make_offers`.
    """

    crm: Crm
    engine: Any
    day: date
    wish: Wish
    products: pd.DataFrame
    rhythms: pd.DataFrame
    instead: np.ndarray
    people: pd.DataFrame
    refused: np.ndarray
    by_margin: bool
    learnt: Learnt


def make_offers(crm: Crm, wish: Wish, choices: Sequence[tuple[str, ...]]) -> list[Offers]:
    """The offers of every customer, for each choice of kinds.

    Parameters
    ----------
    crm : Crm
    wish : Wish
    choices : tuples of kinds

    Returns
    -------
    list of Offers, one a choice

    Raises
    ------
    SchemaError
        If no order line says who bought.

    Examples
    --------
    See `crmlib.analyse.offers.recommend.recommend_offers`.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01"]})
    >>> wish = Wish(k=1, horizon_days=28, seed=0, min_margin_pct=None, just_bought_days=30, require_consent=True)
    >>> (offers,) = make_offers(Crm.from_frames(as_of="2024-02-07", transactions=lines), wish, [("repeat-sell",)])
    >>> offers.table["kind"].tolist()
    ['repeat-sell']
    """
    engine = offer_engine(crm)
    try:
        with one_thread():
            return _made(crm, engine, wish, choices)
    finally:
        engine.close()


def _made(crm: Crm, engine: Any, wish: Wish, choices: Sequence[tuple[str, ...]]) -> list[Offers]:
    ground = _ground(crm, engine, wish)
    consents = [name for name in CONSENTS if name in ground.people and wish.require_consent]
    applied = rules_that_apply(
        ground.products, consents=consents, days=wish.just_bought_days, margin=wish.min_margin_pct
    )
    removals = [
        Removals(applied=applied, days=wish.just_bought_days, margin=wish.min_margin_pct) for _ in choices
    ]
    chosen = _warm(ground, choices, removals)
    warm = known_buyers(engine)
    waiting = ground.people[~ground.people.index.isin(warm) & ~ground.refused]
    groups, sellers = like_group(
        engine, waiting, day=ground.day, horizon_days=wish.horizon_days, min_group=min_group(crm)
    )
    cold = cold_offers(
        crm, engine, groups, sellers, products=ground.products, instead=ground.instead,
        allowed=_open_to_all(ground), k=wish.k, by_margin=ground.by_margin, day=ground.day,
        horizon_days=wish.horizon_days,
    )  # fmt: skip
    return [
        _result(ground, kinds, rows, cold, groups, removed)
        for kinds, rows, removed in zip(choices, chosen, removals, strict=True)
    ]


def _ground(crm: Crm, engine: Any, wish: Wish) -> Ground:
    day = day_of(crm)
    learnt = learn(engine, day=day, horizon_days=wish.horizon_days, seed=wish.seed)
    products = _priced(products_offered(engine))
    people = people_of(crm, engine)
    consents = [name for name in CONSENTS if name in people] if wish.require_consent else []
    until = day + pd.Timedelta(days=wish.horizon_days).to_pytimedelta()
    weight = buyers_of_products(engine)
    sold = weight.reindex(products.index).fillna(0).to_numpy(dtype="float64")
    return Ground(
        crm=crm,
        engine=engine,
        day=day,
        wish=wish,
        products=products,
        rhythms=product_rhythms(products),
        instead=sold_instead(products, day=day, until=until),
        people=people,
        refused=refused_everything(people, consents),
        by_margin=bool(sold[products["margin"].notna().to_numpy()].sum() > COSTED_SHARE * sold.sum()),
        learnt=learnt,
    )


def _priced(products: pd.DataFrame) -> pd.DataFrame:
    """With the price, the margin of a piece, and what a product is worth where margins rank."""
    figures = products[["unit_price", "unit_cost", "paid_price", "cost_share"]].astype("float64")
    price = figures["unit_price"].fillna(figures["paid_price"])
    margin = (price - figures["unit_cost"]).fillna(price * (1 - figures["cost_share"]))
    usual = (margin / price.where(price > 0)).median()
    return products.assign(
        price=price,
        margin=margin,
        worth=margin.fillna(price * usual).fillna(0.0),
        name_shown=product_names(products),
    )


def _open_to_all(ground: Ground) -> np.ndarray:
    products, floor = ground.products, ground.wish.min_margin_pct
    later = (pd.to_datetime(products["launched_on"]) > pd.Timestamp(ground.day)).to_numpy()
    if floor is None:
        return ~later
    return ~later & ~(100 * products["margin"] / products["price"] < floor).to_numpy()


def _warm(ground: Ground, choices: Sequence[tuple[str, ...]], removals: list[Removals]) -> list[pd.DataFrame]:
    """The chosen rows of customers with a purchase, for each choice of kinds."""
    customers = ground.people.index.to_numpy()
    found: list[list[pd.DataFrame]] = [[] for _ in choices]
    for begin in range(0, len(customers), BATCH):
        rows = _scored(ground, customers[begin : begin + BATCH])
        rules = rule_of_each(
            rows, ground.products, removals=removals[0], refused=ground.refused,
            day=pd.Timestamp(ground.day), horizon_days=ground.wish.horizon_days, rhythms=ground.rhythms,
        )  # fmt: skip
        for place, kinds in enumerate(choices):
            asked = rows["kind"].isin(kinds).to_numpy()
            fill = (rows["kind"] == "best-seller").to_numpy() & ("cross-sell" in kinds)
            removals[place].add(rows[asked | fill], rules[asked | fill])
            kept = rows[(asked | fill) & (rules == "")]
            found[place].append(best_of_each(kept, k=ground.wish.k))
    return [
        offered_rows(
            pd.concat(parts, ignore_index=True), engine=ground.engine, products=ground.products,
            rhythms=ground.rhythms, day=pd.Timestamp(ground.day), horizon_days=ground.wish.horizon_days,
            currency=ground.crm.currency,
        ) if parts else pd.DataFrame()
        for parts in found
    ]  # fmt: skip


def _scored(ground: Ground, customers: np.ndarray) -> pd.DataFrame:
    """Candidates with probability, kind and order, each product once a customer."""
    rows = candidates_of(ground.engine, customers, day=ground.day, horizon_days=ground.wish.horizon_days)
    own = rows["is_own"].to_numpy(dtype=bool)
    kind = np.select(
        [own, rows["step_from"].notna(), rows["because"].notna()],
        ["repeat-sell", "up-sell", "cross-sell"],
        "best-seller",
    )
    probability = ground.learnt.probability(rows, ground.rhythms)
    rows = rows[_TOLD].assign(
        is_own=own, kind=kind, probability=probability, offered=ground.instead[rows["p"].to_numpy()]
    )
    worth = ground.products["worth"].to_numpy()[np.maximum(rows["offered"], 0)] if ground.by_margin else 1.0
    rows["score"] = rows["probability"] * worth
    # What is known of a product itself goes before what is known of one that it replaced.
    itself = (rows["offered"] == rows["p"]) & own
    order = rows.assign(itself=itself).sort_values(
        ["c", "offered", "itself", "probability", "p"],
        ascending=[True, True, False, False, True],
        kind="stable",
    )
    twice = order.duplicated(["c", "offered"]) & (order["offered"] >= 0)
    return order[~twice].drop(columns="itself")


def _result(
    ground: Ground,
    kinds: tuple[str, ...],
    rows: pd.DataFrame,
    cold: pd.DataFrame,
    groups: pd.DataFrame,
    removals: Removals,
) -> Offers:
    cold = cold.assign(is_new=True)
    table = pd.concat([part for part in (rows, cold) if len(part)] or [cold], ignore_index=True)
    offered = ground.products.iloc[table["offered"].astype("int64")]
    table = table.assign(
        customer_id=ground.people["customer_id"].reindex(table["c"]).to_numpy(),
        **{name: offered[column].to_numpy() for name, column in _OF_PRODUCT.items()},
    )
    table["expected_margin"] = table["probability"].astype("float64") * table["margin"]
    table = offer_frame(table.sort_values(["customer_id", "rank"], kind="stable"))
    ranked_by = "expected margin" if ground.by_margin else "probability"
    learnt, horizon = ground.learnt, ground.wish.horizon_days
    named = groups.assign(group=groups["group"].where(groups["group_by"] != "", "all customers"))
    return Offers(
        table=table,
        removed=removals.table(),
        cold=named.reset_index(drop=True),
        tried=pd.concat([learnt.own.tried, learnt.new.tried], ignore_index=True),
        signals=pd.concat(
            [blend.strength.assign(part=blend.part) for blend in (learnt.own, learnt.new)], ignore_index=True
        ),
        rhythms=ground.rhythms.set_index(pd.Index(ground.products["product_id"], name="product_id")),
        ranked_by=ranked_by,
        horizon_days=horizon,
        k=ground.wish.k,
        customers=len(ground.people),
        learnt_from=learnt.source,
        says=summary(
            table, customers=len(ground.people), ranked_by=ranked_by, horizon_days=horizon, learnt=learnt.says
        ),
        limits=limits_of(ground, table, kinds),
        currency=ground.crm.currency,
    )


_TOLD = [
    *("c", "p", "last_on", "own_days", "own_gap", "because", "step_from", "step_days", "step_first_on"),
    *("step_last_on", "step_price", "step_by_tier", "group_top_price", "buyers_recent"),
]
"""What rules and reasons ask of a candidate, besides how probable it is."""

_OF_PRODUCT = {
    "product_id": "product_id",
    "product": "name_shown",
    "category": "category",
    "price": "price",
    "margin": "margin",
}
