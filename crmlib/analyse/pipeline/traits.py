"""What deals are told apart by: who the customer is, what it is about, how it came and how it went."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.stats.small_groups import safe_groups
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.measure.deals.contacts import touches_before_close
from crmlib.measure.deals.stays import deals
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError, nearest

NOT_STATED = "(not stated)"
MOST_VALUES = 200
"""A trait with more values than this tells single deals apart, not kinds of deals."""
_BANDS = 4
OF_CUSTOMERS = ("industry", "region", "country", "company_size")
"""Traits of the customer: a value that too few customers have is not shown on its own."""


@dataclass(frozen=True, kw_only=True)
class Trait:
    """One thing that deals are told apart by.

    Parameters
    ----------
    name : str
    says : str
        In plain words, as it stands inside a sentence.
    at_start : bool
        Whether it is known when a deal is opened; what builds up over time is not.
    """

    name: str
    says: str
    at_start: bool = True


TRAITS: dict[str, Trait] = {
    trait.name: trait
    for trait in (
        Trait(name="industry", says="industry"),
        Trait(name="region", says="region"),
        Trait(name="country", says="country"),
        Trait(name="company_size", says="company size"),
        Trait(name="source", says="source"),
        Trait(name="category", says="product category"),
        Trait(name="product", says="product"),
        Trait(name="campaign", says="campaign"),
        Trait(name="team", says="owner's team"),
        Trait(name="days_in_first_stage", says="days in the first stage", at_start=False),
        Trait(name="touches_before_close", says="contacts before the close", at_start=False),
    )
}
"""All traits of a portrait, by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TraitTable:
    """Deals with the value of every trait.

    Parameters
    ----------
    values : DataFrame indexed by opportunity_id
        A column a trait, texts; missing where not known.
    deals : DataFrame
        `crmlib.measure.deals.stays.deals` of the same deals.
    absent : dict of trait -> why it is not there
    """

    values: pd.DataFrame
    deals: pd.DataFrame
    absent: dict[str, str]


def trait_table(
    crm: Crm, *, by: Iterable[str] | None = None, known: pd.DataFrame | None = None
) -> TraitTable:
    """The traits of every deal, as far as the workspace knows them."""
    names = _asked(by)
    known = deals(crm) if known is None else known
    least = min_group(crm)
    made = {name: _large_enough(_values(crm, known, name), known, name, least=least) for name in names}
    absent = {}
    for name, values in made.items():
        kinds = values.nunique()
        if kinds == 0:
            absent[name] = "nothing is recorded"
        elif kinds > MOST_VALUES:
            absent[name] = f"{kinds:,} different values tell single deals apart, not kinds of deals"
    kept = {name: values for name, values in made.items() if name not in absent}
    frame = pd.DataFrame(kept, index=known.index)
    return TraitTable(values=frame, deals=known, absent=absent)


def banded(values: pd.Series) -> pd.Series:
    """Numbers as up to four bands that hold about as many deals each, in words that sort as the numbers do."""
    numbers = np.floor(pd.to_numeric(values, errors="coerce").astype("float64"))
    known = numbers.dropna()
    out = pd.Series(np.nan, index=values.index, dtype="object")
    if known.empty:
        return out
    edges = np.unique(np.ceil(np.quantile(known, np.linspace(0, 1, _BANDS + 1)[1:-1]) + 1e-9))
    edges = edges[(edges > known.min()) & (edges <= known.max())]
    place = np.searchsorted(edges, known.to_numpy(), side="right")
    said = np.array([_band(known, edges, i) for i in range(len(edges) + 1)], dtype=object)
    out.loc[known.index] = said[place]
    return out


def traits_that_go_together(values: pd.DataFrame, *, least: float = 0.9) -> pd.DataFrame:
    """Pairs of traits of which one nearly tells the other.

    References
    ----------
    Bergsma, W. (2013). A bias-correction for Cramer's V and Tschuprow's T. Journal of the Korean Statistical
    Society 42.
    """
    names, rows = list(values.columns), []
    for i, name in enumerate(names):
        for other in names[i + 1 :]:
            both = values[[name, other]].dropna()
            strength = cramers_v(both[name], both[other])
            if strength >= least:
                rows.append((name, other, strength, len(both)))
    return pd.DataFrame(rows, columns=["trait", "other", "cramers_v", "deals"])


def cramers_v(one: pd.Series, other: pd.Series) -> float:
    """How far two traits go together, from 0 (not at all) to 1 (one tells the other), corrected for chance."""
    (rows, left), (columns, top) = (pd.factorize(values.to_numpy()) for values in (one, other))
    shape = (len(left), len(top))
    cells = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    table = cells.reshape(shape).astype("float64")
    n = table.sum()
    if min(table.shape, default=0) < 2 or n < 2:
        return 0.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    phi2 = float(((table - expected) ** 2 / expected).sum() / n)
    freedom = (shape[0] - 1) * (shape[1] - 1) / (n - 1)
    corrected = max(0.0, phi2 - freedom)
    fewer = min(size - (size - 1) ** 2 / (n - 1) for size in shape) - 1
    return float(np.sqrt(min(1.0, corrected / fewer))) if fewer > 0 else 0.0


def against_the_rest(won: np.ndarray, leads: np.ndarray, all_won: int, all_leads: int) -> pd.DataFrame:
    """Whether each group is won more or less often than all other deals: Fisher's exact test, two-sided."""
    from scipy.stats import fisher_exact

    p = np.array(
        [
            fisher_exact([[w, n - w], [all_won - w, all_leads - n - all_won + w]])[1]
            for w, n in zip(np.asarray(won, dtype=int), np.asarray(leads, dtype=int), strict=True)
        ],
        dtype=float,
    )
    return pd.DataFrame({"p": p, "q": benjamini_hochberg(p)})


def _asked(by: Iterable[str] | None) -> list[str]:
    names = list(TRAITS) if by is None else [by] if isinstance(by, str) else list(by)
    for name in names:
        if name not in TRAITS:
            raise ParameterError(f"there is no trait {name!r}.{nearest(name, TRAITS)}")
    if not names:
        raise ParameterError(f"by is empty: give at least one of {', '.join(TRAITS)}.")
    return list(dict.fromkeys(names))


def _values(crm: Crm, known: pd.DataFrame, name: str) -> pd.Series:
    if name == "touches_before_close":
        return banded(touches_before_close(crm).reindex(known.index))
    if name == "days_in_first_stage":
        return banded(_first_stage_days(crm).reindex(known.index))
    if name == "company_size" and known["company_size"].isna().all():
        bands = banded(known["employee_count"])
        return bands.where(bands.isna(), bands.astype("str") + " employees")
    if name == "product":
        return named(crm, known["product_id"], table="products", key="product_id", column="name")
    if name == "campaign":
        return named(crm, known["campaign_id"], table="campaigns", key="campaign_id", column="name")
    if name == "team":
        return named(crm, known["owner_id"], table="employees", key="employee_id", column="team", alone=True)
    values = known[name].astype("object")
    return values.where(values.notna(), np.nan)


def _large_enough(values: pd.Series, known: pd.DataFrame, name: str, *, least: int) -> pd.Series:
    """Values of a trait of customers, those of fewer than `least` customers put together."""
    if name not in OF_CUSTOMERS or least < 2:
        return values
    who = known["customer_id"].where(known["customer_id"].notna(), known.index.to_series())
    each = pd.DataFrame({"value": values, "who": who}).dropna(subset="value").drop_duplicates()
    shown = dict(zip(each["value"], safe_groups(each["value"], minimum=least), strict=True))
    return values.map(shown).astype("object")


def named(crm: Crm, ids: pd.Series, *, table: str, key: str, column: str, alone: bool = False) -> pd.Series:
    """The names that go with identifiers; the identifier itself where there is none, unless `alone`."""
    plain = ids.astype("object").where(ids.notna(), np.nan)
    if table not in crm or column not in crm.columns(table):
        return pd.Series(np.nan, index=ids.index, dtype="object") if alone else plain
    names = crm.frame(table, [key, column]).dropna().drop_duplicates(key).set_index(key)[column]
    if not alone:
        twice = names.duplicated(keep=False)
        names = names.where(~twice, names.astype(str) + " (" + names.index.astype(str) + ")")
    found = plain.map(names).astype("object")
    return found if alone else found.where(found.notna(), plain)


def _first_stage_days(crm: Crm) -> pd.Series:
    if "stage_history" not in crm:
        return pd.Series(dtype="float64")
    from crmlib.measure.deals.stays import stage_stays

    stays = stage_stays(crm).sort_values(["opportunity_id", "entered_at"], kind="stable")
    first = stays.drop_duplicates("opportunity_id").set_index("opportunity_id")
    return first["stay_days"].where(first["is_over"].astype(bool)).astype("float64")


def _band(known: pd.Series, edges: np.ndarray, place: int) -> str:
    low = known.min() if place == 0 else edges[place - 1]
    if place == len(edges):
        return f"{low:,.0f}" if low == known.max() and place == 0 else f"{low:,.0f} or more"
    high = edges[place] - 1
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
