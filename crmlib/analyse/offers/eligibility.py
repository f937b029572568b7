"""Which possible offers are not made, by rule, and how many each rule took away."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from crmlib.analyse.offers.learning import own_rhythm
from crmlib.analyse.rules.cross_sell import plain_name

GONE = -1
"""Instead of a product: it is no longer sold and nothing replaces it."""


def sold_instead(products: pd.DataFrame, *, day: date, until: date) -> np.ndarray:
    """The product to offer for each product: itself, or the last of those that replaced it."""
    found = np.arange(len(products))
    retired = pd.to_datetime(products["retired_on"])
    ends = (retired < pd.Timestamp(until)).to_numpy()
    if not ends.any():
        return found
    over = (retired < pd.Timestamp(day)).to_numpy()
    launched = ~(pd.to_datetime(products["launched_on"]) > pd.Timestamp(day)).to_numpy()
    followers = _followers(products, launched & ~over, launched)
    for start in np.flatnonzero(ends):
        found[start] = _end_of_chain(int(start), followers, ends, over)
    return found


def _followers(products: pd.DataFrame, sold: np.ndarray, launched: np.ndarray) -> dict[int, int]:
    """Product -> the one that replaced it; of several that which is sold, then the latest."""
    number = {identifier: place for place, identifier in enumerate(products["product_id"])}
    since = pd.to_datetime(products["launched_on"]).fillna(pd.Timestamp("1700-01-01")).to_numpy()
    best: dict[int, int] = {}
    for place, replaced in enumerate(products["replaces_product_id"]):
        before = None if replaced is None or pd.isna(replaced) else number.get(replaced)
        if before is None or before == place or not launched[place]:
            continue
        rival = best.get(before)
        if rival is None or (sold[place], since[place]) > (sold[rival], since[rival]):
            best[before] = place
    return best


def _end_of_chain(start: int, followers: dict[int, int], ends: np.ndarray, over: np.ndarray) -> int:
    place, seen = start, {start}
    last_sold = GONE if over[start] else start
    while ends[place]:
        place = followers.get(place, GONE)
        if place == GONE or place in seen:
            return last_sold
        seen.add(place)
        if not over[place]:
            last_sold = place
    return place


def product_names(products: pd.DataFrame) -> pd.Series:
    """The name by which a reader knows a product: its own, else its kind and code, else its code."""
    plain = {word: plain_name(word) for word in pd.unique(_words(products).to_numpy()) if word is not None}
    kinds = (
        products["subcategory"].astype("object").where(products["subcategory"].notna(), products["category"])
    )
    columns = (products["product_id"], products["name"], kinds)
    rows = zip(*(column.to_numpy(dtype=object) for column in columns), strict=True)
    names = [
        plain[name] if _is_word(name) else f"{plain[kind]} ({code})" if _is_word(kind) else str(code)
        for code, name, kind in rows
    ]
    found = pd.Series(names, index=products.index, dtype="str")
    twice = found.duplicated(keep=False) | (found.str.strip() == "")
    return found.where(~twice, found + " (" + products["product_id"].astype("str") + ")")


def _words(products: pd.DataFrame) -> pd.Series:
    columns = [products[name].dropna().astype("object") for name in ("name", "subcategory", "category")]
    return pd.concat(columns, ignore_index=True)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


RULES = ("consent", "no goods", "retired", "not launched", "just bought", "margin")
"""What takes a possible offer away, the first that fits; each is counted once."""


@dataclass(kw_only=True, eq=False)
class Removals:
    """What the rules took away, added up over customers.

    Attributes
    ----------
    applied : names of the rules that apply in this workspace
    days : int
    margin : float or None
    """

    applied: list[str]
    days: int
    margin: float | None
    _offers: dict[str, int] = field(default_factory=dict)
    _customers: dict[str, set[int]] = field(default_factory=dict)

    def add(self, customers: np.ndarray, rules: np.ndarray) -> None:
        """Count what was taken from some customers, one a possible offer."""
        for rule in self.applied:
            hit = rules == rule
            self._offers[rule] = self._offers.get(rule, 0) + int(hit.sum())
            self._customers.setdefault(rule, set()).update(np.unique(customers[hit]).tolist())

    def table(self) -> pd.DataFrame:
        """One row a rule."""
        bounds = {"just bought": float(self.days), "margin": self.margin}
        rows = [
            (rule, self._offers.get(rule, 0), len(self._customers.get(rule, ())), bounds.get(rule, np.nan))
            for rule in self.applied
        ]
        return pd.DataFrame(rows, columns=["rule", "offers_removed", "customers_affected", "bound"])


def rules_that_apply(
    products: pd.DataFrame, *, consents: Iterable[str], days: int, margin: float | None
) -> list[str]:
    """The rules for which this workspace has the columns."""
    there = {
        "consent": bool(list(consents)),
        "no goods": "never" in products and bool(products["never"].any()),
        "retired": products["retired_on"].notna().any(),
        "not launched": products["launched_on"].notna().any(),
        "just bought": days > 0,
        "margin": margin is not None,
    }
    return [rule for rule in RULES if there[rule]]


def refused_everything(people: pd.DataFrame, consents: list[str]) -> np.ndarray:
    """Whether a customer has said no to every channel that is asked about."""
    if not consents:
        return np.zeros(len(people), dtype=bool)
    return np.logical_and.reduce(
        [people[name].astype("boolean").eq(False).fillna(False) for name in consents]
    )


def rule_of_each(
    candidates: pd.DataFrame, products: pd.DataFrame, *, removals: Removals, refused: np.ndarray,
    day: pd.Timestamp, horizon_days: int, rhythms: Callable[[], pd.DataFrame],
) -> np.ndarray:  # fmt: skip
    """The first rule that takes each possible offer away."""
    gone = candidates["offered"].to_numpy() == GONE
    offered = np.where(gone, 0, candidates["offered"])
    floor = -np.inf if removals.margin is None else removals.margin
    with np.errstate(divide="ignore", invalid="ignore"):
        margin_pct = (
            100 * products["margin"].to_numpy(dtype="float64") / products["price"].to_numpy("float64")
        )
    never = products["never"].to_numpy(dtype=bool) if "never" in products else np.zeros(len(products), bool)
    hit = {
        "consent": refused[candidates["c"].to_numpy()],
        "no goods": never[offered],
        "retired": gone,
        "not launched": (pd.to_datetime(products["launched_on"]) > day).to_numpy()[offered],
        "margin": (margin_pct < floor)[offered],
    }
    if "just bought" in removals.applied:
        hit["just bought"] = _just_bought(
            candidates, rhythms(), day=day, horizon_days=horizon_days, days=removals.days
        )
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
    """The day on which a product is due again."""
    rhythm = pd.Series(own_rhythm(rows, rhythms), index=rows.index).round().clip(upper=36_500)
    return pd.to_datetime(rows["last_on"]) + pd.to_timedelta(rhythm, unit="D")
