"""Which possible offers are not made, by rule, and how many each rule took away."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.offers.signals import own_rhythm
from crmlib.analyse.offers.successors import GONE

RULES = {
    "consent": "the customer has refused every channel by which we could ask",
    "retired": "no longer sold, and nothing replaces it",
    "not launched": "not on sale yet",
    "just bought": "bought within the last {days} days and not due again soon",
    "margin": "the margin is below {margin:g} % of the price",
}
"""Rule -> what it takes away, the first that fits; a possible offer is counted once."""


@dataclass(kw_only=True, eq=False)
class Removals:
    """What the rules took away, added up over customers.

    Attributes
    ----------
    applied : names of the rules that apply in this workspace
    days : int
    margin : float or None

    Examples
    --------
    >>> removals = Removals(applied=["retired"], days=30, margin=None)
    >>> removals.add(pd.DataFrame({"c": [1, 1, 2]}), np.array(["retired", "retired", ""], dtype=object))
    >>> removals.table()[["rule", "offers_removed", "customers_affected"]].values.tolist()
    [['retired', 2, 1]]
    """

    applied: list[str]
    days: int
    margin: float | None
    _offers: dict[str, int] = field(default_factory=dict)
    _customers: dict[str, set[int]] = field(default_factory=dict)

    def add(self, candidates: pd.DataFrame, rules: np.ndarray) -> None:
        """Count what was taken from some customers.

        Parameters
        ----------
        candidates : DataFrame
            `c`.
        rules : array of str, "" where an offer stays

        Examples
        --------
        See `Removals`.
        """
        customers = candidates["c"].to_numpy()
        for rule in self.applied:
            hit = rules == rule
            self._offers[rule] = self._offers.get(rule, 0) + int(hit.sum())
            self._customers.setdefault(rule, set()).update(np.unique(customers[hit]).tolist())

    def table(self) -> pd.DataFrame:
        """One row a rule.

        Returns
        -------
        DataFrame
            `rule`, `says`, `offers_removed`, `customers_affected`.

        Examples
        --------
        See `Removals`.
        """
        rows = [
            (
                rule,
                RULES[rule].format(days=self.days, margin=self.margin),
                self._offers.get(rule, 0),
                len(self._customers.get(rule, ())),
            )
            for rule in self.applied
        ]
        return pd.DataFrame(rows, columns=["rule", "says", "offers_removed", "customers_affected"])


def rules_that_apply(
    products: pd.DataFrame, *, consents: Iterable[str], days: int, margin: float | None
) -> list[str]:
    """The rules for which this workspace has the columns.

    Parameters
    ----------
    products : DataFrame, as `offer_tables.products_offered` gives it
    consents : columns of consent that are asked for and there
    days : int
    margin : float or None

    Returns
    -------
    list of str

    Examples
    --------
    >>> nothing = pd.DataFrame({"retired_on": [None], "launched_on": [None]})
    >>> rules_that_apply(nothing, consents=[], days=30, margin=None)
    ['just bought']
    """
    there = {
        "consent": bool(list(consents)),
        "retired": products["retired_on"].notna().any(),
        "not launched": products["launched_on"].notna().any(),
        "just bought": days > 0,
        "margin": margin is not None,
    }
    return [rule for rule in RULES if there[rule]]


def refused_everything(people: pd.DataFrame, consents: list[str]) -> np.ndarray:
    """Whether a customer has said no to every channel that is asked about.

    Parameters
    ----------
    people : DataFrame
        The columns of consent: True, False, missing (never asked).
    consents : names of columns
        None: nobody has.

    Returns
    -------
    array of bool

    Examples
    --------
    >>> people = pd.DataFrame({"email_consent": [False, False, None], "sms_consent": [False, True, False]})
    >>> refused_everything(people, ["email_consent", "sms_consent"]).tolist()
    [True, False, False]
    """
    if not consents:
        return np.zeros(len(people), dtype=bool)
    return np.logical_and.reduce(
        [people[name].astype("boolean").eq(False).fillna(False) for name in consents]
    )


def rule_of_each(
    candidates: pd.DataFrame, products: pd.DataFrame, *, removals: Removals, refused: np.ndarray,
    day: pd.Timestamp, horizon_days: int, rhythms: pd.DataFrame,
) -> np.ndarray:  # fmt: skip
    """The first rule that takes each possible offer away.

    Parameters
    ----------
    candidates : DataFrame
        `c`, `p`, `offered` (the product to offer, or `GONE`), `is_own`, `last_on`, `own_days`, `own_gap`,
        `step_from` and what is known of that product's purchases.
    products : DataFrame
        `launched_on`, `price`, `margin`.
    removals : Removals
    refused : array of bool, by customer number
    day : Timestamp
    horizon_days : int
    rhythms : DataFrame

    Returns
    -------
    array of str, "" where an offer stays

    Examples
    --------
    >>> rows = pd.DataFrame({"c": [0, 1], "p": [0, 0], "offered": [0, GONE], "is_own": False, "last_on": pd.NaT,
    ...     "own_days": np.nan, "own_gap": np.nan, "step_from": np.nan, "step_days": np.nan,
    ...     "step_first_on": pd.NaT, "step_last_on": pd.NaT})
    >>> goods = pd.DataFrame({"launched_on": [None], "price": [5.0], "margin": [1.0]})
    >>> rule_of_each(rows, goods, removals=Removals(applied=["margin", "retired"], days=30, margin=30),
    ...              refused=np.zeros(2, dtype=bool), day=pd.Timestamp("2024-01-31"), horizon_days=28,
    ...              rhythms=pd.DataFrame({"due_days": [9.0]})).tolist()
    ['margin', 'retired']
    """
    gone = candidates["offered"].to_numpy() == GONE
    offered = products.iloc[np.where(gone, 0, candidates["offered"])]
    floor = -np.inf if removals.margin is None else removals.margin
    with np.errstate(divide="ignore", invalid="ignore"):
        margin_pct = (
            100 * offered["margin"].to_numpy(dtype="float64") / offered["price"].to_numpy(dtype="float64")
        )
    hit = {
        "consent": refused[candidates["c"].to_numpy()],
        "retired": gone,
        "not launched": (pd.to_datetime(offered["launched_on"]) > day).to_numpy(),
        "just bought": _just_bought(
            candidates, rhythms, day=day, horizon_days=horizon_days, days=removals.days
        ),
        "margin": margin_pct < floor,
    }
    rules = np.full(len(candidates), "", dtype=object)
    for rule in RULES:
        if rule in removals.applied:
            rules[(rules == "") & hit[rule]] = rule
    return rules


def _just_bought(
    candidates: pd.DataFrame, rhythms: pd.DataFrame, *, day: pd.Timestamp, horizon_days: int, days: int
) -> np.ndarray:
    """Bought lately, the product itself or that which it would be a step up from, and not due again soon."""
    until = day + pd.Timedelta(days=horizon_days)
    step = pd.DataFrame(
        {
            "p": candidates["step_from"].fillna(0).astype("int64"),
            "own_days": candidates["step_days"],
            "last_on": pd.to_datetime(candidates["step_last_on"]),
            "own_gap": (
                pd.to_datetime(candidates["step_last_on"]) - pd.to_datetime(candidates["step_first_on"])
            ).dt.days
            / (candidates["step_days"].astype("float64") - 1).where(lambda gaps: gaps > 0),
        }
    )
    own, own_news = due_on(candidates, rhythms), pd.to_datetime(candidates["last_on"])
    step_due = due_on(step, rhythms)
    since = day - pd.Timedelta(days=days)
    of_own = candidates["is_own"].to_numpy() & (own_news > since).to_numpy() & ~(own <= until).to_numpy()
    of_step = (
        candidates["step_from"].notna().to_numpy()
        & (step["last_on"] > since).to_numpy()
        & ~(step_due <= until).to_numpy()
    )
    return of_own | of_step


def due_on(rows: pd.DataFrame, rhythms: pd.DataFrame) -> pd.Series:
    """The day on which a product is due again.

    Parameters
    ----------
    rows : DataFrame
        `p`, `own_days`, `own_gap`, `last_on`.
    rhythms : DataFrame

    Returns
    -------
    Series of days; NaT where no rhythm is known

    Examples
    --------
    >>> rows = pd.DataFrame({"p": [0], "own_days": [1], "own_gap": [None], "last_on": ["2024-01-01"]})
    >>> str(due_on(rows, pd.DataFrame({"due_days": [20.0]})).iloc[0].date())
    '2024-01-21'
    """
    rhythm = pd.Series(own_rhythm(rows, rhythms), index=rows.index).round().clip(upper=36_500)
    return pd.to_datetime(rows["last_on"]) + pd.to_timedelta(rhythm, unit="D")
