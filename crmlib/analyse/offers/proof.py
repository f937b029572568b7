"""Whether offers hold: made as of earlier dates, held against what customers bought afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import one_thread
from crmlib.analyse.offers.judging import (
    COVERAGE,
    EVERYBODY,
    OFFERS,
    POPULARITY,
    SIDES,
    Bought,
    Lists,
    Side,
    acceptance_by_decile,
    acceptance_by_kind,
    among,
    figures_of,
    measure_table,
    outcome_keys,
    verdict_of,
)
from crmlib.analyse.offers.result import KINDS
from crmlib.measure.offers.candidates import products_bought
from crmlib.measure.purchases.history import first_order_at
from crmlib.prepare.clock import days_later, in_zone
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

ALL_OFFERS, NEW_OFFERS = "all offers", "new offers"
"""The two questions: whatever is offered, and only what the customer has not bought before."""

VERDICT_MEASURE = "hit_rate_pct"
"""Fixed beforehand: the share of customers who bought at least one of the products named to them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OffersProof:
    """How offers made in the past fared against what customers then bought, beside simpler lists.

    Attributes
    ----------
    overall : DataFrame
        `question` ("all offers", "new offers"), `judged` ("everybody": bought at least once before the
        cut-off; "buyers": those of them who bought, something new where that is the question, in the holdout),
        `side`, `measure`, `value`, `low`, `high` (95 %: customers drawn again, all cut-offs of one together,
        and widened by how much the cut-offs differ beyond that).
        Measures: `hit_rate_pct` (bought at least one of the k), `precision_pct` (of k named), `recall_pct`
        and `ndcg` (buyers only), `revenue_per_customer`, `revenue_share_pct` (of what was spent),
        `novelty_bits`, `new_share_pct` (of those named), `coverage_pct` (of the products sold before the
        cut-off; counted, so without an interval).
    measures : DataFrame
        The same for each `cutoff`.
    differences : DataFrame
        `question`, `judged`, `side`, `measure`, `difference` (offers minus the side), `low`, `high`, `ahead`
        ("yes", "no", "uncertain").
    by_decile : DataFrame
        All offers in groups of like probability; see `acceptance_by_decile`.
    by_kind : DataFrame
        `question` and the columns of `acceptance_by_kind`.
    periods : DataFrame, one row a cut-off
        `cutoff`, `until` (by the clocks of the workspace's zone), `customers` (judged), `buyers`, `with_offers`,
        `products`.
    beats_popularity, beats_popularity_new : "yes", "no" or "uncertain"; the latter "" where it was not asked
        By the interval of the difference in hit rate, everybody judged.
    holdout_days, k : int
    cutoffs_asked : int
        Of which those with too few orders or customers before them are not in `periods`.
    currency : str
    """

    overall: pd.DataFrame
    measures: pd.DataFrame = field(repr=False)
    differences: pd.DataFrame
    by_decile: pd.DataFrame
    by_kind: pd.DataFrame
    periods: pd.DataFrame
    beats_popularity: str
    beats_popularity_new: str
    holdout_days: int
    k: int
    cutoffs_asked: int = 0
    currency: str = ""

    def row(
        self, measure: str, *, side: str = OFFERS, question: str = ALL_OFFERS, judged: str = EVERYBODY
    ) -> pd.Series | None:
        """One line of `overall`, or None where there is none.

        Parameters
        ----------
        measure, side, question, judged : str

        Returns
        -------
        Series or None
        """
        return _one(self.overall, measure=measure, side=side, question=question, judged=judged)

    def value(self, measure: str, **which: str) -> float:
        """The value of one line of `overall`; NaN where there is none.

        Parameters
        ----------
        measure : str
        **which : `side`, `question`, `judged`, as for `row`

        Returns
        -------
        float
        """
        found = self.row(measure, **which)
        return float("nan") if found is None else float(found["value"])

    def ahead_of(
        self,
        side: str,
        measure: str = VERDICT_MEASURE,
        *,
        question: str = ALL_OFFERS,
        judged: str = EVERYBODY,
    ) -> pd.Series | None:
        """How far the offers are ahead of another side, or None where that was not asked.

        Parameters
        ----------
        side, measure, question, judged : str

        Returns
        -------
        Series or None
            `difference`, `low`, `high`, `ahead`.
        """
        return _one(self.differences, measure=measure, side=side, question=question, judged=judged)

    def strongest_rival(self, question: str = ALL_OFFERS) -> str:
        """The list beside the offers of which most customers bought something; "" where there is none.

        Parameters
        ----------
        question : str

        Returns
        -------
        str
        """
        rows = self.overall
        rows = rows[
            (rows["question"] == question)
            & (rows["judged"] == EVERYBODY)
            & (rows["measure"] == VERDICT_MEASURE)
            & (rows["side"] != OFFERS)
        ]
        return str(rows.loc[rows["value"].idxmax(), "side"]) if rows["value"].notna().any() else ""

    def _repr_html_(self) -> str:
        table = self.overall.pivot_table(
            index=["question", "judged", "side"], columns="measure", values="value", sort=False
        )
        return table.round(3).to_html()


def verdict_on(differences: pd.DataFrame, question: str) -> str:
    """Whether the offers beat the best sellers, by the measure that was fixed beforehand."""
    row = _one(differences, measure=VERDICT_MEASURE, side=POPULARITY, question=question, judged=EVERYBODY)
    return "" if row is None else verdict_of(row["low"], row["high"])


def _one(table: pd.DataFrame, **which: str) -> pd.Series | None:
    for column, value in which.items():
        table = table[table[column] == value]
    return table.iloc[0] if len(table) else None


LEAST_HISTORY = 2
"""So many holdouts of orders must lie before a cut-off."""

SEASONS_DAYS = 364
"""Cut-offs are spread over so many days, as far as the history reaches."""

LEAST_CUSTOMERS = 20
"""Fewer customers with a purchase before the last cut-off prove nothing."""

_REPEAT = "repeat-sell"

Recommend = Callable[..., Any]
"""Takes a workspace and `k`, `horizon_days`, `seed`, `kinds`; gives `Offers`, or a table like theirs."""

Several = Callable[..., Sequence[Any]]
"""The same for `several` choices of kinds at once; gives one each."""


def each_of(recommend: Recommend) -> Several:
    """A way to make offers for one choice of kinds, as one for several."""

    def several_of(crm: Crm, *, several: Sequence[Any], **settings: Any) -> list[Any]:
        return [recommend(crm, kinds=kinds, **settings) for kinds in several]

    return several_of


def prove(
    crm: Crm,
    *,
    recommend: Several,
    rivals: Mapping[str, Side],
    holdout_days: int,
    k: int,
    cutoffs: int,
    seed: int,
    kinds: Sequence[str] = KINDS,
) -> OffersProof:
    """The proof with sides of one's own choice, such as a package's."""
    for name, value in {"holdout_days": holdout_days, "k": k, "cutoffs": cutoffs}.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise ParameterError(f"{name} is {value!r}. Give a whole number, 1 or more.")
    _check_kinds(kinds)
    moments = _moments(crm, int(holdout_days), int(cutoffs))
    rounds = []
    for moment in moments:
        then, bought, outcome = _known_at(crm, moment, int(holdout_days))
        if len(bought.customers) >= LEAST_CUSTOMERS:
            with one_thread():
                made = _one_round(
                    then, bought, outcome, recommend, rivals, k=int(k), seed=seed, kinds=tuple(kinds)
                )
            rounds.append(made)
    if not rounds:
        raise ParameterError(
            f"offers can be proven with at least {LEAST_CUSTOMERS} customers who had bought before the last "
            f"cut-off, {moments[-1]:%Y-%m-%d}. There are {len(bought.customers)}."
        )
    with one_thread():
        return _summed_up(
            crm, rounds, holdout_days=int(holdout_days), k=int(k), asked=int(cutoffs), seed=seed
        )


def _check_kinds(kinds: Sequence[str]) -> None:
    unknown = [kind for kind in kinds if kind not in KINDS]
    if isinstance(kinds, str) or unknown or not len(kinds):
        raise ParameterError(f"kinds is {kinds!r}. Give some of {', '.join(KINDS)}.")


def _moments(crm: Crm, holdout_days: int, cutoffs: int) -> list[pd.Timestamp]:
    """The cut-offs that have enough history, the earliest first."""
    first = first_order_at(crm)
    if first is None:
        raise ParameterError("offers cannot be proven: no customer has bought anything.")
    zone = crm.time_zone
    least = pd.Timedelta(days=LEAST_HISTORY * holdout_days)
    reach = (crm.as_of - least - first).days // holdout_days
    apart = max(min(reach, SEASONS_DAYS // holdout_days) // cutoffs, 1)
    asked = [
        days_later(crm.as_of, -holdout_days * (1 + apart * n), time_zone=zone)
        for n in reversed(range(cutoffs))
    ]
    moments = [moment for moment in asked if moment - least >= first]
    if not moments:
        days = max((crm.as_of - first).days, 0)
        raise ParameterError(
            f"a proof over {holdout_days} days needs {(LEAST_HISTORY + 1) * holdout_days} days of orders. There are "
            f"{days}: give at most {max(days // (LEAST_HISTORY + 1), 1)} holdout_days."
        )
    return moments


def _known_at(crm: Crm, moment: pd.Timestamp, holdout_days: int) -> tuple[Any, Bought, pd.DataFrame]:
    then = crm.at(moment)
    bought = Bought.of(products_bought(then), cutoff=moment, holdout_days=holdout_days)
    until = min(days_later(moment, holdout_days, time_zone=crm.time_zone), crm.as_of)
    outcome = products_bought(crm, after=moment, until=until)
    return then, bought, outcome[outcome["net_amount"] > 0].reset_index(drop=True)


def _one_round(
    then: Any,
    bought: Bought,
    outcome: pd.DataFrame,
    recommend: Several,
    rivals: Mapping[str, Side],
    *,
    k: int,
    seed: int,
    kinds: tuple[str, ...],
) -> dict[str, Any]:
    """Everything of one cut-off: the figures of each side, and what became of each offer."""
    made, made_new = _offers_of(then, bought, recommend, k=k, seed=seed, kinds=kinds)
    bought = bought.with_products(
        outcome["product_id"], *(part["product_id"] for part in (made, made_new) if part is not None)
    )
    own, followed = bought.keys(), outcome_keys(bought, outcome)
    made, named = _listed(made, bought, own, k=k, new=False)
    lists: dict[str, Lists] = {OFFERS: (named, None)}
    offered = [made.assign(question=ALL_OFFERS)]
    if made_new is not None:
        made_new, named_new = _listed(made_new, bought, own, k=k, new=True)
        lists[OFFERS] = (named, named_new)
        offered.append(made_new.assign(question=NEW_OFFERS))
    lists |= {side: rival(bought, k) for side, rival in rivals.items()}
    figures, coverage = {}, []
    for place, question in enumerate((ALL_OFFERS, NEW_OFFERS)):
        sides = {side: both[place] for side, both in lists.items() if both[place] is not None}
        if OFFERS not in sides:
            continue
        figures[question] = {
            side: figures_of(names, bought, followed, new=question == NEW_OFFERS)
            for side, names in sides.items()
        }
        for side, names in sides.items():
            share = 100 * len(np.unique(names[(names >= 0) & (names < bought.known)])) / bought.known
            coverage.append((question, side, share))
    return {
        "cutoff": bought.cutoff,
        "customers": bought.customers,
        "products": bought.known,
        "figures": figures,
        "coverage": pd.DataFrame(coverage, columns=["question", "side", "value"]),
        "offers": _became(pd.concat(offered, ignore_index=True), outcome),
    }


def _offers_of(
    then: Any, bought: Bought, recommend: Several, *, k: int, seed: int, kinds: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    others = tuple(kind for kind in kinds if kind != _REPEAT)
    several = [kinds, others] if others and others != kinds else [kinds]
    made = recommend(then, several=several, k=k, horizon_days=bought.holdout_days, seed=seed)
    tables = [_table_of(offers) for offers in made]
    return tables[0], tables[-1] if others else None


def _table_of(offers: Any) -> pd.DataFrame:
    table = offers if isinstance(offers, pd.DataFrame) else offers.table
    missing = [name for name in ("customer_id", "rank", "product_id") if name not in table]
    if missing:
        raise ParameterError(f"recommend gave offers without {', '.join(missing)}.")
    kept = table.reindex(columns=["customer_id", "rank", "product_id", "kind", "probability"])
    kept = kept.astype({"kind": "str", "probability": "float64"})
    kept = kept.assign(kind=kept["kind"].fillna("offer"))
    return kept.sort_values(["customer_id", "rank"], kind="stable").drop_duplicates(
        ["customer_id", "product_id"]
    )


def _listed(
    made: pd.DataFrame, bought: Bought, own: np.ndarray, *, k: int, new: bool
) -> tuple[pd.DataFrame, np.ndarray]:
    """The first k offers of each customer who is judged, as a table and as a list a customer."""
    customer = bought.customers.get_indexer(made["customer_id"])
    product = bought.products.get_indexer(made["product_id"])
    rows = (customer >= 0) & (product >= 0)
    if new:
        rows &= ~among(own, customer.astype("int64") * len(bought.products) + product)
    made, customer, product = made[rows], customer[rows], product[rows]
    order = np.argsort(customer, kind="stable")
    made, customer, product = made.iloc[order], customer[order], product[order]
    place = np.arange(len(customer)) - np.searchsorted(customer, customer)
    first = place < k
    named = np.full((len(bought.customers), k), -1)
    named[customer[first], place[first]] = product[first]
    return made[first], named


def _became(offers: pd.DataFrame, outcome: pd.DataFrame) -> pd.DataFrame:
    paid = outcome[["customer_id", "product_id", "net_amount"]].rename(columns={"net_amount": "paid"})
    joined = offers.merge(paid, on=["customer_id", "product_id"], how="left")
    return joined.assign(accepted=joined["paid"].notna(), paid=joined["paid"].fillna(0.0))


def _summed_up(
    crm: Crm, rounds: list[dict[str, Any]], *, holdout_days: int, k: int, asked: int, seed: int
) -> OffersProof:
    overall, differences, measures = [], [], []
    for question in rounds[0]["figures"]:
        for cutoff, chosen in [(None, rounds), *((each["cutoff"], [each]) for each in rounds)]:
            table, ahead = _measured(chosen, question, seed=seed)
            if cutoff is None:
                overall.append(table)
                differences.append(ahead.assign(question=question))
            else:
                measures.append(table.assign(cutoff=cutoff))
    whole, ahead = pd.concat(overall, ignore_index=True), pd.concat(differences, ignore_index=True)
    offers = pd.concat([each["offers"] for each in rounds], ignore_index=True)
    kinds = [
        acceptance_by_kind(part, seed=seed).assign(question=question)
        for question, part in offers.groupby("question", sort=False)
    ]
    return OffersProof(
        overall=whole[["question", "judged", "side", "measure", "value", "low", "high"]],
        measures=pd.concat(measures, ignore_index=True),
        differences=ahead,
        by_decile=acceptance_by_decile(offers[offers["question"] == ALL_OFFERS], seed=seed),
        by_kind=pd.concat(kinds, ignore_index=True) if kinds else pd.DataFrame(),
        periods=_periods(crm, rounds, holdout_days),
        beats_popularity=verdict_on(ahead, ALL_OFFERS),
        beats_popularity_new=verdict_on(ahead, NEW_OFFERS),
        holdout_days=holdout_days,
        k=k,
        cutoffs_asked=asked,
        currency=crm.currency,
    )


def _measured(rounds: list[dict[str, Any]], question: str, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    figures = {
        side: np.concatenate([each["figures"][question][side] for each in rounds])
        for side in rounds[0]["figures"][question]
    }
    people = np.concatenate([each["customers"].to_numpy(dtype=object) for each in rounds])
    dates = np.repeat(np.arange(len(rounds)), [len(each["customers"]) for each in rounds])
    table, ahead = measure_table(figures, people, ours=OFFERS, seed=seed, dates=dates)
    shares = pd.concat([each["coverage"] for each in rounds], ignore_index=True)
    shares = (
        shares[shares["question"] == question].groupby("side", sort=False, as_index=False)["value"].mean()
    )
    counted = shares.assign(judged=EVERYBODY, measure=COVERAGE, low=np.nan, high=np.nan)
    return pd.concat([table, counted], ignore_index=True).assign(question=question), ahead


def _periods(crm: Crm, rounds: list[dict[str, Any]], holdout_days: int) -> pd.DataFrame:
    rows = []
    for each in rounds:
        figures = each["figures"][ALL_OFFERS][OFFERS]
        until = days_later(each["cutoff"], holdout_days, time_zone=crm.time_zone)
        rows.append(
            {
                "cutoff": in_zone(each["cutoff"], time_zone=crm.time_zone).tz_localize(None),
                "until": in_zone(until, time_zone=crm.time_zone).tz_localize(None),
                "customers": len(figures),
                "buyers": int((figures[:, 6] > 0).sum()),
                "with_offers": int((figures[:, 9] > 0).sum()),
                "products": each["products"],
            }
        )
    return pd.DataFrame(rows)


def evaluate_offers(
    crm: Crm,
    *,
    holdout_days: int = 28,
    k: int = 5,
    cutoffs: int = 3,
    seed: int = 0,
    recommend: Recommend | None = None,
    kinds: Sequence[str] = KINDS,
) -> OffersProof:
    """Make offers as of earlier dates, and see what customers bought in the time after each.

    Offers and the lists they are held against are made from ``crm.at(cut-off)`` alone. The last cut-off lies
    `holdout_days` before ``crm.as_of``, the others are spread over the year before it as far as the history reaches,
    so that seasons are among them and no holdout reaches into another. Judged is everybody who had bought at least
    once before the cut-off, whether or not they came back; and, beside that, those of them who bought in the holdout.
    Somebody who got fewer than k offers is judged by k all the same. Consent is not asked for, since nothing is sent;
    every other rule of eligibility holds for the offers and for them alone.

    Two questions are asked: of all offers, and of those that are new to the customer, which are made for the
    purpose without repeats and held against what else is new.

    Parameters
    ----------
    crm : Crm
        With `transactions` that say who bought, over at least three times `holdout_days`.
    holdout_days : int
    k : int
        Offers to a customer.
    cutoffs : int
        At most so many; fewer where the orders do not reach back far enough, as `periods` then shows. More dates
        prove more, and each takes as long as making the offers of one.
    seed : int
    recommend : function, optional
        Called as ``recommend(crm, k=, horizon_days=, seed=, kinds=)``; `recommend_offers` by default.
    kinds : names
        Of "cross-sell", "up-sell", "repeat-sell".

    Returns
    -------
    OffersProof

    Raises
    ------
    ParameterError
        If the history is too short (it says how long it must be), there are too few customers, or an argument
        does not fit.
    SchemaError
        If no order line says who bought.

    References
    ----------
    Herlocker, J., Konstan, J., Terveen, L. & Riedl, J. (2004). Evaluating collaborative filtering recommender
    systems. ACM TOIS 22.
    """
    maker = recommend_as_proven if recommend is None else each_of(recommend)
    return prove(
        crm, recommend=maker, rivals=SIDES, holdout_days=holdout_days, k=k, cutoffs=cutoffs, seed=seed, kinds=kinds
    )  # fmt: skip


def recommend_as_proven(crm: Crm, **settings: Any) -> list[Any]:
    """The offers as they are proven: those of `recommend_several`, whoever has consented."""
    from crmlib.analyse.offers.recommend import name_several

    return name_several(crm, require_consent=False, **settings)
