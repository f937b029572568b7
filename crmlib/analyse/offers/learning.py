"""Earlier days of the same workspace, what could have been offered then, and what was bought after."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.blend import PLAIN_WAYS, Blend, fit_blend
from crmlib.analyse.offers.signals import SIGNALS, product_rhythms
from crmlib.measure.offer_candidates import bought_after, candidates_of
from crmlib.measure.offer_pairs import count_pairs
from crmlib.measure.offer_steps import count_up_to
from crmlib.measure.offer_tables import first_purchase_on, known_buyers, products_offered

HISTORY = 2
"""So many horizons of orders must lie before a day that is learnt from."""

CUSTOMERS = 800
"""Customers drawn of a day; where it has fewer, the day a horizon before it is learnt from too."""

BATCH = 250
"""Customers whose candidates are in memory at once."""


_A_DAY = 1_000_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt:
    """The weights for products bought before and for new ones, and where they come from.

    Attributes
    ----------
    own, new : Blend
    days : tuple of dates
    horizon_days, customers : int
        `customers`: drawn, over all days.

    Examples
    --------
    See `crmlib.analyse.offers.recommend.recommend_offers`.
    """

    own: Blend
    new: Blend
    days: tuple[date, ...]
    horizon_days: int
    customers: int = field(default=0)

    def probability(self, candidates: pd.DataFrame, rhythms: pd.DataFrame) -> np.ndarray:
        """The probability of each candidate, by the blend of its part.

        Parameters
        ----------
        candidates : DataFrame, as `offer_candidates.candidates_of` gives them
        rhythms : DataFrame

        Returns
        -------
        array

        Examples
        --------
        See `crmlib.analyse.offers.recommend.recommend_offers`.
        """
        own = candidates["is_own"].to_numpy(dtype=bool)
        found = np.zeros(len(candidates))
        found[own] = self.own.probability(candidates[own], rhythms)
        found[~own] = self.new.probability(candidates[~own], rhythms)
        return found

    @property
    def says(self) -> str:
        """How the probabilities came about, a sentence or two.

        Examples
        --------
        See `crmlib.analyse.offers.recommend.recommend_offers`.
        """
        ways = {"products bought before": self.own.way, "new ones": self.new.way}
        plain = [part for part, way in ways.items() if way == "shrunk_shares"]
        if len(plain) == len(ways):
            return (
                "The orders are too few, or reach back too short a time, to learn from: the probabilities are "
                f"{PLAIN_WAYS['shrunk_shares']}, and have not been tested."
            )
        said = "; ".join(f"for {part} by {PLAIN_WAYS[way]}" for part, way in ways.items())
        return f"The probabilities were learnt {self.source}: {said}."

    @property
    def source(self) -> str:
        """Where it was learnt from, as it continues a sentence.

        Examples
        --------
        See `crmlib.analyse.offers.recommend.recommend_offers`.
        """
        days = " and ".join(f"{day:%Y-%m-%d}" for day in self.days)
        return (
            f"from what {self.customers:,} customers bought in the {self.horizon_days} days after {days}"
            if days
            else "from nothing: the history is too short"
        )


def learn(engine: Any, *, day: date, horizon_days: int, seed: int) -> Learnt:
    """Learn the weights on one or two earlier days; the engine is then counted up to `day`.

    Parameters
    ----------
    engine : Engine, as `offer_tables.offer_engine` makes it
    day : date
        Of the closing moment.
    horizon_days, seed : int

    Returns
    -------
    Learnt

    Examples
    --------
    >>> from crmlib.measure.offer_tables import day_of, offer_engine
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-02-07", transactions=lines)
    >>> learn(offer_engine(crm), day=day_of(crm), horizon_days=28, seed=0).days
    ()
    """
    first = first_purchase_on(engine)
    count_pairs(engine, day, horizon_days=horizon_days)
    days: list[date] = []
    parts, usual, drawn = [], [], 0
    for place in (1, 2):
        then = day - timedelta(days=place * horizon_days)
        if not first or first > then - timedelta(days=HISTORY * horizon_days) or drawn >= CUSTOMERS:
            break
        count_up_to(engine, then, horizon_days=horizon_days, place=place)
        rhythms = product_rhythms(products_offered(engine))
        customers = _drawn(engine, seed=seed)
        for begin in range(0, len(customers), BATCH):
            part = _labelled(engine, customers[begin : begin + BATCH], then, horizon_days)
            # A product's number stands for its rhythm on this day: the next day's gets numbers of its own.
            parts.append(
                part.assign(p=part["p"] + len(days) * len(rhythms), c=part["c"] + len(days) * _A_DAY)
            )
        usual.append(rhythms)
        days.insert(0, then)
        drawn += len(customers)
    known = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    rhythms = pd.concat(usual, ignore_index=True) if usual else pd.DataFrame()
    given = {"horizon_days": horizon_days, "seed": seed}
    own, new = (fit_blend(known, rhythms, part=part, **given) for part in ("own", "new"))
    count_up_to(engine, day, horizon_days=horizon_days)
    return Learnt(own=own, new=new, days=tuple(days), horizon_days=horizon_days, customers=drawn)


def _drawn(engine: Any, *, seed: int) -> np.ndarray:
    everybody = known_buyers(engine).to_numpy()
    return np.sort(np.random.default_rng([seed, 3]).permutation(everybody)[:CUSTOMERS])


def _labelled(engine: Any, customers: np.ndarray, day: date, horizon_days: int) -> pd.DataFrame:
    rows = candidates_of(engine, customers, day=day, horizon_days=horizon_days)
    rows = rows[["c", "p", "is_own", *(name for name in SIGNALS if name in rows)]]
    bought = bought_after(engine, customers, day=day, horizon_days=horizon_days)
    found = pd.MultiIndex.from_frame(rows[["c", "p"]]).isin(pd.MultiIndex.from_frame(bought))
    return rows.astype({"c": "int64", "p": "int64"}).assign(bought=found)
