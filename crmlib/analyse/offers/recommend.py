"""What to offer each customer next, and why: learnt on an earlier day of the same workspace."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import one_thread
from crmlib.analyse.offers.cold import cold_offers, like_group
from crmlib.analyse.offers.eligibility import (
    Removals,
    due_on,
    product_names,
    refused_everything,
    rule_of_each,
    rules_that_apply,
    sold_instead,
)
from crmlib.analyse.offers.learning import Learnt, learn, product_rhythms
from crmlib.analyse.offers.methods import Days, Past, Rows, Together, candidates
from crmlib.analyse.offers.result import BEST_SELLER, KINDS, Offers, offer_frame, reasons
from crmlib.measure.offers.candidates import (
    CONSENTS,
    find_not_goods,
    people_of,
    product_views,
    steps_up,
)
from crmlib.measure.offers.tables import (
    LARGEST_ORDER,
    count_up_to,
    offer_engine,
    order_products,
    product_gaps,
    products_offered,
    purchase_days,
)
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError, nearest


def best_of_each(rows: pd.DataFrame, kept: np.ndarray, *, k: int) -> pd.DataFrame:
    """Of the rows that are kept, the `k` of each customer with the highest score."""
    who, score, product = (rows[name].to_numpy()[kept] for name in ("c", "score", "p"))
    order = np.lexsort((product, -score, who))
    rank = np.arange(len(order)) - np.searchsorted(who[order], who[order]) + 1
    best = np.flatnonzero(kept)[order[rank <= k]]
    return rows.iloc[best].assign(rank=rank[rank <= k]).reset_index(drop=True)


def offered_rows(best: pd.DataFrame, ground: "Ground") -> pd.DataFrame:
    """Chosen candidates with what speaks for them, ready for the table of offers."""
    if best.empty:
        return pd.DataFrame(columns=_KEPT)
    products, day, horizon = ground.products, pd.Timestamp(ground.day), ground.wish.horizon_days
    repeat = best["kind"] == "repeat-sell"
    pointing = best["step_from"].where(
        best["kind"] == "up-sell", best["because"].where(best["kind"] == "cross-sell")
    )
    told = pointing.notna().to_numpy()
    found = ground.together.evidence(
        ground.past, pointing[told].to_numpy(dtype="int64"), best["p"].to_numpy(dtype="int64")[told]
    )
    rows = best.reset_index(drop=True)
    for name, values in found.items():
        rows[name] = np.nan
        rows.loc[told, name] = values
    pointing.index = repeat.index = rows.index
    names, codes = ground.names, products["product_id"]
    replaced = rows["offered"] != rows["p"]
    rows = rows.assign(
        due_on=due_on(rows, ground.rhythms).where(repeat),
        last_bought_on=pd.to_datetime(rows["last_on"]).where(repeat),
        because=pointing.map(names),
        because_product_id=pointing.map(codes),
        product=rows["offered"].map(names),
        replaces=rows["p"].map(names).where(replaced),
        price=rows["offered"].map(products["price"]),
        confidence_pct=100 * rows["confidence"],
        is_new=~rows["is_own"].astype("bool") | replaced,
    )
    return rows.assign(
        reason=reasons(rows, day=day),
        bought_days=rows["own_days"].where(repeat),
        gap_days=rows["own_gap"].where(repeat),
        top_price=rows["group_top_price"],
        buyers=ground.past.of_product["best_sellers"][rows["p"].to_numpy(dtype="int64")],
        recent_days=horizon,
    )[_KEPT]


_KEPT = [
    *("c", "rank", "offered", "kind", "probability", "due_on", "because_product_id", "because", "reason"),
    *("lift", "confidence_pct", "baskets", "last_bought_on", "is_new", "bought_days", "gap_days"),
    *("orders_before", "step_price", "top_price", "buyers", "recent_days", "replaces"),
]


def limits_of(ground: Any, table: pd.DataFrame, kinds: tuple[str, ...]) -> dict[str, int]:
    """What could not be done for want of columns or history: a code, and how many it concerns."""
    products, people, wish = ground.products, ground.people, ground.wish
    found = dict.fromkeys(_step_limits(products) if "up-sell" in kinds else (), 0)
    if not products["margin"].notna().any():
        found["no_costs"] = 0
    elif not ground.costed:
        found["few_costs"] = 0
    unknown = int(products["margin"].isna().sum())
    if wish.min_margin_pct is not None and unknown:
        found["margin_unknown"] = unknown
    found |= _consent_limits(people) if wish.require_consent else {"consent_not_asked": 0}
    if len(table) and table["probability"].isna().any():
        found["no_probability"] = 0
    return found | {"large_orders": LARGEST_ORDER}


def _step_limits(products: pd.DataFrame) -> tuple[str, ...]:
    if not products["has_group"].any():
        return ("no_category",)
    if not products["tier"].isna().all():
        return ()
    return ("steps_by_list_price" if products["unit_price"].notna().any() else "steps_by_price_paid",)


def _consent_limits(people: pd.DataFrame) -> dict[str, int]:
    consents = [name for name in CONSENTS if name in people]
    if not consents:
        return {"consent_not_recorded": 0}
    unasked = int((~people[consents].notna().any(axis=1)).sum())
    return {"consent_unknown": unasked} if unasked else {}


CHANCE, EXPECTED_MARGIN = "probability", "expected margin"
"""What the offers of a customer are ordered by; tested on the sample company, chance brought more hits and money."""

COSTED_SHARE = 0.5
"""Of what was sold, by buyers, the margin must be known for so much to rank by it."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for, checked."""

    k: int
    horizon_days: int
    seed: int
    min_margin_pct: float | None
    just_bought_days: int | None
    require_consent: bool
    rank_by: str = CHANCE


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What every customer's offers rest on."""

    crm: Crm
    engine: Any
    day: date
    wish: Wish
    products: pd.DataFrame
    instead: np.ndarray
    people: pd.DataFrame
    refused: np.ndarray
    by_margin: bool
    costed: bool
    learnt: Learnt
    past: Past
    steps: pd.DataFrame
    together: Together

    @cached_property
    def names(self) -> pd.Series:
        """What a reader calls each product."""
        return product_names(self.products)

    @cached_property
    def rhythms(self) -> pd.DataFrame:
        """The time between purchases of each product."""
        return product_rhythms(product_gaps(self.engine, self.day))


def make_offers(crm: Crm, wish: Wish, choices: Sequence[tuple[str, ...]]) -> list[Offers]:
    """The offers of every customer, for each choice of kinds."""
    return _made(crm, wish, choices, _result)


def _made(crm: Crm, wish: Wish, choices: Sequence[tuple[str, ...]], finish: Callable[..., Any]) -> list[Any]:
    engine = offer_engine(crm)
    try:
        with one_thread():
            ground = _ground(crm, engine, wish)
            removals = [_removals(ground) for _ in choices]
            chosen = _warm(ground, choices, removals)
            cold, groups = _cold(ground)
            return [
                finish(ground, kinds, rows, cold, groups, removed)
                for kinds, rows, removed in zip(choices, chosen, removals, strict=True)
            ]
    finally:
        engine.close()


def _removals(ground: "Ground") -> Removals:
    wish = ground.wish
    consents = [name for name in CONSENTS if name in ground.people and wish.require_consent]
    days = wish.just_bought_days
    if days is None:
        # Chances that were learnt know how lately something was bought; plain shares do not.
        days = _JUST_BOUGHT_DAYS if ground.learnt.own.weights is None else 0
    applied = rules_that_apply(ground.products, consents=consents, days=days, margin=wish.min_margin_pct)
    return Removals(applied=applied, days=days, margin=wish.min_margin_pct)


def _cold(ground: "Ground") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Offers of customers without a purchase, and the groups that they are in."""
    crm, engine, wish = ground.crm, ground.engine, ground.wish
    waiting = ground.people[~ground.people.index.isin(ground.past.known) & ~ground.refused]
    groups, sellers = like_group(
        engine, waiting, day=ground.day, horizon_days=wish.horizon_days, min_group=min_group(crm)
    )
    return cold_offers(
        crm, engine, groups, sellers, products=ground.products, instead=ground.instead,
        allowed=_open_to_all(ground), k=wish.k, by_margin=ground.by_margin, day=ground.day,
        horizon_days=wish.horizon_days,
    ), groups  # fmt: skip


def _ground(crm: Crm, engine: Any, wish: Wish) -> Ground:
    day = closing_day(crm).date()
    count_up_to(engine, day, horizon_days=wish.horizon_days)
    products = _priced(products_offered(engine)).assign(never=lambda known: _never(crm, engine, known))
    people = people_of(crm, engine)
    days, cut = _days(crm, engine, people, products), (day - _FIRST_DAY).days
    past = Past.at(days, cut, wish.horizon_days)
    consents = [name for name in CONSENTS if name in people] if wish.require_consent else []
    until = day + pd.Timedelta(days=wish.horizon_days).to_pytimedelta()
    sold = past.buyers
    costed = bool(sold[products["margin"].notna().to_numpy()].sum() > COSTED_SHARE * sold.sum())
    orders = order_products(engine)
    return Ground(
        crm=crm,
        engine=engine,
        day=day,
        wish=wish,
        products=products,
        instead=sold_instead(products, day=day, until=until),
        people=people,
        refused=refused_everything(people, consents),
        by_margin=wish.rank_by == EXPECTED_MARGIN and costed,
        costed=costed,
        learnt=learn(days, cut, horizon_days=wish.horizon_days, seed=wish.seed),
        past=past,
        steps=steps_up(engine),
        together=Together.of(past, orders["o"].to_numpy(), orders["p"].to_numpy()),
    )


_FIRST_DAY = date(1970, 1, 1)


def _never(crm: Crm, engine: Any, products: pd.DataFrame) -> pd.Series:
    """What is no article by evidence, and what the configuration says is never to be offered."""
    asked = getattr(getattr(getattr(crm, "config", None), "offers", None), "never", ())
    barred = {*asked, *find_not_goods(crm, engine=engine)["product_id"]}
    return products["product_id"].isin(barred) | products["category"].isin(set(asked))


def _days(crm: Crm, engine: Any, people: pd.DataFrame, products: pd.DataFrame) -> Days:
    rows = purchase_days(engine)
    seen = product_views(crm, engine)
    return Days(
        c=rows["c"].to_numpy(), p=rows["p"].to_numpy(), day=rows["day"].to_numpy(dtype="int64"),
        customers=len(people), groups=products["g"].to_numpy(dtype="int64"),
        views=None if seen.empty else tuple(seen[name].to_numpy() for name in ("c", "p", "day")),
    )  # fmt: skip


def _priced(products: pd.DataFrame) -> pd.DataFrame:
    """With the price and margin of a piece, pieces bought at once, and what they are worth where margins rank."""
    figures = products[["unit_price", "unit_cost", "paid_price", "cost_share", "usual_pieces"]].astype(
        "float64"
    )
    price = figures["unit_price"].fillna(figures["paid_price"])
    margin = (price - figures["unit_cost"]).fillna(price * (1 - figures["cost_share"]))
    usual = (margin / price.where(price > 0)).median()
    pieces = figures["usual_pieces"].fillna(1.0)
    return products.assign(
        price=price,
        margin=margin,
        pieces=pieces,
        worth=margin.fillna(price * usual).fillna(0.0) * pieces,
    )


def _open_to_all(ground: Ground) -> np.ndarray:
    products, floor = ground.products, ground.wish.min_margin_pct
    later = (pd.to_datetime(products["launched_on"]) > pd.Timestamp(ground.day)).to_numpy()
    later = later | products["never"].to_numpy(dtype=bool)
    if floor is None:
        return ~later
    return ~later & ~(100 * products["margin"] / products["price"] < floor).to_numpy()


def _warm(ground: Ground, choices: Sequence[tuple[str, ...]], removals: list[Removals]) -> list[pd.DataFrame]:
    """The chosen rows of customers with a purchase, for each choice of kinds."""
    found: list[list[pd.DataFrame]] = [[] for _ in choices]
    steps = tuple(ground.steps[name].to_numpy(dtype="int64") for name in ("c", "p"))
    for own, new in candidates(ground.past, ground.past.known, most=MOST_LOOKED_AT, steps=steps):
        rows = _scored(ground, own, new)
        rules = rule_of_each(
            rows, ground.products, removals=removals[0], refused=ground.refused,
            day=pd.Timestamp(ground.day), horizon_days=ground.wish.horizon_days, rhythms=lambda: ground.rhythms,
        )  # fmt: skip
        for place, kinds in enumerate(choices):
            fill = (BEST_SELLER,) if "cross-sell" in kinds else ()
            asked = rows["kind"].isin((*kinds, *fill)).to_numpy()
            removals[place].add(rows["c"].to_numpy()[asked], rules[asked])
            found[place].append(best_of_each(rows, asked & (rules == ""), k=ground.wish.k))
    return [pd.concat(parts, ignore_index=True) if parts else pd.DataFrame() for parts in found]


MOST_LOOKED_AT = 20
"""New products of a customer that each way to rank may bring in; of own ones twice as many."""


def _scored(ground: Ground, own: Rows, new: Rows) -> pd.DataFrame:
    """Candidates with probability, kind and order, each product once a customer."""
    learnt = ground.learnt
    rows = pd.concat([_own_frame(ground, own), _new_frame(ground, new)], ignore_index=True)
    chances = ((learnt.own, own), (learnt.new, new))
    rows["probability"] = np.concatenate(
        [blend.probability(part, lambda: ground.rhythms) for blend, part in chances]
    )
    rows["offered"] = ground.instead[rows["p"].to_numpy()]
    worth = ground.products["worth"].to_numpy()[np.maximum(rows["offered"], 0)] if ground.by_margin else 1.0
    rows["score"] = rows["probability"] * worth
    # What is known of a product itself goes before what is known of one that it replaced.
    itself = (rows["offered"] == rows["p"]) & rows["is_own"]
    who, offered = rows["c"].to_numpy(), rows["offered"].to_numpy()
    order = np.lexsort((rows["p"], -rows["probability"], ~itself.to_numpy(dtype=bool), offered, who))
    who, offered = who[order], offered[order]
    twice = np.zeros(len(order), dtype=bool)
    twice[1:] = (who[1:] == who[:-1]) & (offered[1:] == offered[:-1]) & (offered[1:] >= 0)
    return rows.iloc[order[~twice]]


def _own_frame(ground: Ground, own: Rows) -> pd.DataFrame:
    since, tenure = own.signals["since"], own.signals["tenure"]
    count = np.floor(own.signals["own_most"])
    day = pd.Timestamp(ground.day)
    return pd.DataFrame(
        {
            "c": own.c, "p": own.p, "is_own": True, "kind": "repeat-sell",
            "last_on": day - pd.to_timedelta(since, unit="D"), "own_days": count.astype("float64"),
            "own_gap": np.where(count > 1, (tenure - since) / np.maximum(count - 1, 1), np.nan),
            "because": np.nan,
        }
    ).reindex(columns=_TOLD)  # fmt: skip


def _new_frame(ground: Ground, new: Rows) -> pd.DataFrame:
    because = ground.together.pointing(ground.past, new)
    rows = pd.DataFrame(
        {
            "c": new.c, "p": new.p, "is_own": False, "because": np.where(because >= 0, because, np.nan),
            "last_on": pd.Timestamp(ground.day) - pd.to_timedelta(np.full(len(new), np.nan), unit="D"),
        }
    )  # fmt: skip
    rows = rows.merge(ground.steps, on=["c", "p"], how="left")
    like = (new.signals["customers_alike"] > 0) & (new.signals["products_alike"] > 0)
    kind = np.select(
        [rows["step_from"].notna(), rows["because"].notna() | like], ["up-sell", "cross-sell"], BEST_SELLER
    )
    return rows.assign(kind=kind).reindex(columns=_TOLD)


def _result(
    ground: Ground,
    kinds: tuple[str, ...],
    rows: pd.DataFrame,
    cold: pd.DataFrame,
    groups: pd.DataFrame,
    removals: Removals,
) -> Offers:
    rows, cold = offered_rows(rows, ground), cold.assign(is_new=True)
    table = pd.concat([part for part in (rows, cold) if len(part)] or [cold], ignore_index=True)
    offered = ground.products.assign(name_shown=ground.names).iloc[table["offered"].astype("int64")]
    table = table.assign(
        customer_id=ground.people["customer_id"].reindex(table["c"]).to_numpy(),
        **{name: offered[column].to_numpy() for name, column in _OF_PRODUCT.items()},
    )
    table["expected_margin"] = table["probability"].astype("float64") * table["margin"] * table["pieces"]
    table = offer_frame(table.sort_values(["customer_id", "rank"], kind="stable"))
    ranked_by = EXPECTED_MARGIN if ground.by_margin else CHANCE
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
        ways={"own": learnt.own.way, "new": learnt.new.way},
        learnt_on=tuple(_FIRST_DAY + timedelta(days=day) for day in learnt.days),
        learnt_customers=learnt.customers,
        limits=limits_of(ground, table, kinds),
        currency=ground.crm.currency,
    )


def _named(ground: Ground, kinds: object, rows: pd.DataFrame, cold: pd.DataFrame, *_: object) -> pd.DataFrame:
    """What is offered to whom, and no more of it."""
    columns = ["c", "rank", "offered", "kind", "probability"]
    table = pd.concat([part[columns] for part in (rows, cold) if len(part)] or [cold], ignore_index=True)
    table["customer_id"] = ground.people["customer_id"].reindex(table["c"]).to_numpy()
    table["product_id"] = ground.products["product_id"].reindex(table["offered"]).to_numpy()
    return table[["customer_id", "rank", "product_id", "kind", "probability"]]


_TOLD = [
    *("c", "p", "is_own", "kind", "last_on", "own_days", "own_gap", "because", "step_from", "step_days"),
    *("step_first_on", "step_last_on", "step_price", "step_by_tier", "group_top_price"),
]
"""What rules and reasons ask of a candidate, besides how probable it is."""

_OF_PRODUCT = {
    "product_id": "product_id",
    "product": "name_shown",
    "category": "category",
    "price": "price",
    "margin": "margin",
    "pieces": "pieces",
}


__all__ = ["KINDS", "Offers", "recommend_offers", "recommend_several"]

_JUST_BOUGHT_DAYS = 30


def recommend_offers(
    crm: Crm,
    *,
    k: int = 5,
    horizon_days: int = 28,
    seed: int = 0,
    kinds: Iterable[str] = KINDS,
    min_margin_pct: float | None = None,
    just_bought_days: int | None = None,
    require_consent: bool = True,
    rank_by: str = CHANCE,
) -> Offers:
    """For each customer, what to offer next: something that goes with it, a step up, or the same again.

    Products bought before and products that are new are ranked apart: the former by how often and how lately, the
    latter by best sellers, first buyers, customers alike and products alike, or each by all signals weighed. Which
    way is taken was tested on earlier days, in the `horizon_days` after each: the plain list with most hits, unless
    all signals together are clearly ahead; `ways` names it, and `tried` says how each fared. Chances are learnt on
    the same days, the last two and that of the same season a year before where there is one. Where the history is
    too short for that, plain shares are used. Products that are retired lead to what replaced them.

    Parameters
    ----------
    crm : Crm
        With `transactions` that say who bought. `products` and `customers` add names, categories, prices, costs,
        successors, consents and groups where they have them.
    k : int
        Offers for a customer, at most.
    horizon_days : int
        Within which a purchase is waited for.
    seed : int
    kinds : names
        Of "cross-sell", "up-sell", "repeat-sell". Who has never bought gets best sellers, and so does who is
        left with fewer than `k` others where "cross-sell" is asked for.
    min_margin_pct : number, optional
        Least margin in percent of the price; that of crm.toml where none is given. A product whose margin is
        not known stays.
    just_bought_days : int, optional
        What was bought so few days ago is offered only if it is due again. Where neither this nor crm.toml says so:
        30 where chances could not be learnt, else nothing is kept back, as chances know how lately it was.
    require_consent : bool
        Leave out who has refused every channel that the table of customers knows.
    rank_by : "probability" or "expected margin"
        By what the offers of a customer stand in order. The margin is of a piece, and orders by it only where costs
        are known of most that is sold.

    Returns
    -------
    Offers

    Raises
    ------
    ParameterError
        If an argument does not fit.
    SchemaError
        If no order line says who bought.

    References
    ----------
    Steck, H. (2019). Embarrassingly shallow autoencoders for sparse data. WWW.
    Li, M., Jullien, S., Ariannezhad, M. & de Rijke, M. (2023). A next basket recommendation reality check. ACM
    TOIS 41.
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...     "ordered_at": ["2024-01-01", "2024-01-15", "2024-01-29"]})
    >>> offers = recommend_offers(Crm.from_frames(as_of="2024-02-07", transactions=lines))
    >>> offers.table[["kind", "reason", "due_on"]].iloc[0].tolist()
    ['repeat-sell', 'bought_due', Timestamp('2024-02-12 00:00:00')]
    """
    (offers,) = recommend_several(
        crm,
        several=[tuple([kinds] if isinstance(kinds, str) else kinds)],
        k=k,
        horizon_days=horizon_days,
        seed=seed,
        min_margin_pct=min_margin_pct,
        just_bought_days=just_bought_days,
        require_consent=require_consent,
        rank_by=rank_by,
    )
    return offers


def recommend_several(
    crm: Crm,
    *,
    several: Iterable[Iterable[str]],
    k: int = 5,
    horizon_days: int = 28,
    seed: int = 0,
    min_margin_pct: float | None = None,
    just_bought_days: int | None = None,
    require_consent: bool = True,
    rank_by: str = CHANCE,
) -> list[Offers]:
    """Offers of several choices of kinds at the price of one: what is learnt serves them all.

    Parameters
    ----------
    crm : Crm
    several : choices of kinds, each as for `recommend_offers`
    k, horizon_days, seed, min_margin_pct, just_bought_days, require_consent, rank_by
        As for `recommend_offers`.

    Returns
    -------
    list of Offers
        One a choice; each equal to what `recommend_offers` gives for it.

    Raises
    ------
    ParameterError, SchemaError
        As `recommend_offers`.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-02-07", transactions=lines)
    >>> every, new = recommend_several(crm, several=[KINDS, ["cross-sell"]])
    >>> len(every.table), len(new.table)
    (1, 0)
    """
    wish = _wish(
        crm, k=k, horizon_days=horizon_days, seed=seed, min_margin_pct=min_margin_pct,
        just_bought_days=just_bought_days, require_consent=require_consent, rank_by=rank_by,
    )  # fmt: skip
    return make_offers(crm, wish, [_checked(kinds) for kinds in several])


def name_several(crm: Crm, *, several: Iterable[Iterable[str]], **settings: Any) -> list[pd.DataFrame]:
    """What `recommend_several` offers to whom, without what speaks for it, at less cost.

    Columns: `customer_id`, `rank`, `product_id`, `kind`, `probability`.
    """
    return _made(crm, _wish(crm, **settings), [_checked(kinds) for kinds in several], _named)


def _wish(
    crm: Crm,
    *,
    k: int = 5,
    horizon_days: int = 28,
    seed: int = 0,
    min_margin_pct: float | None = None,
    just_bought_days: int | None = None,
    require_consent: bool = True,
    rank_by: str = CHANCE,
) -> Wish:
    settings = getattr(getattr(crm, "config", None), "offers", None)
    if min_margin_pct is None:
        min_margin_pct = getattr(settings, "min_margin_pct", None)
    if just_bought_days is None:
        just_bought_days = getattr(settings, "just_bought_days", None)
    for name, value, least in (
        ("k", k, 1),
        ("horizon_days", horizon_days, 1),
        ("just_bought_days", just_bought_days, 0),
        ("seed", seed, 0),
    ):
        if name == "just_bought_days" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise ParameterError(f"{name} is {value!r}. Give a whole number, {least} or more.")
    if min_margin_pct is not None and not -1000 < min_margin_pct <= 100:
        raise ParameterError(
            f"min_margin_pct is {min_margin_pct!r}. Give a percentage of the price, 100 at most."
        )
    if rank_by not in (CHANCE, EXPECTED_MARGIN):
        raise ParameterError(f"rank_by is {rank_by!r}. Give {CHANCE!r} or {EXPECTED_MARGIN!r}.")
    return Wish(
        k=int(k),
        horizon_days=int(horizon_days),
        seed=int(seed),
        min_margin_pct=None if min_margin_pct is None else float(min_margin_pct),
        just_bought_days=None if just_bought_days is None else int(just_bought_days),
        require_consent=bool(require_consent),
        rank_by=rank_by,
    )


def _checked(kinds: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(kinds)
    for kind in chosen:
        if kind not in KINDS:
            raise ParameterError(f"there is no kind of offer {kind!r}.{nearest(str(kind), KINDS)}")
    if not chosen:
        raise ParameterError(f"kinds is empty. Give some of {', '.join(KINDS)}.")
    return tuple(kind for kind in KINDS if kind in chosen)
