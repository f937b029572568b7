"""What deals that were won have in common, against all that were decided, and where most is still open.

Deals are told apart by traits: who the customer is, what it is about, how it came and how it went.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.lead_features import FILLED_APART, known_shares
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.intervals import shrunk_rates
from crmlib.analyse.stats.small_groups import NESTED, OTHER, safe_groups, widest_first
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.measure.deals.contacts import touches_before_close
from crmlib.measure.deals.stays import deals, stage_stays
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError, nearest

MOST_VALUES = 200
"""A trait with more values than this tells single deals apart, not kinds of deals."""
_BANDS = 4
OF_CUSTOMERS = ("industry", "region", "country", "company_size")
"""Traits of the customer: a value that too few customers have is not shown on its own."""


@dataclass(frozen=True, kw_only=True)
class Trait:
    """One thing that deals are told apart by.

    `at_start`: Whether it is known when a deal is opened; what builds up over time is not.
    `is_dated`: Whether it is known since when; if not, it must be known of open deals about as often as of others.
    """

    name: str
    at_start: bool = True
    is_dated: bool = True


TRAITS: dict[str, Trait] = {
    trait.name: trait
    for trait in (
        Trait(name="industry"),
        Trait(name="region"),
        Trait(name="country"),
        Trait(name="company_size"),
        Trait(name="source"),
        Trait(name="category"),
        Trait(name="product"),
        Trait(name="campaign"),
        Trait(name="team"),
        Trait(name="champion", is_dated=False),
        Trait(name="days_in_first_stage", at_start=False),
        Trait(name="touches_before_close", at_start=False),
    )
}
"""All traits of a portrait, by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TraitTable:
    """Deals with the value of every trait.

    `values` (indexed by opportunity_id): A column a trait, texts; missing where not known.
    `deals`: `crmlib.measure.deals.stays.deals` of the same deals.
    `absent`: dict of trait -> "nothing_recorded", "groups_too_small", "too_many_values" or "filled_at_close".
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
    made: dict[str, pd.Series] = {}
    for name in widest_first(names):
        within = [made[wider] for wider in NESTED if wider in made] if name in NESTED else []
        made[name] = large_enough(_values(crm, known, name), known, name, least=least, within=within)
    made = {name: made[name] for name in names}
    absent = {}
    for name, values in made.items():
        kinds = values.nunique()
        if kinds == 0:
            absent[name] = "nothing_recorded"
        elif values.dropna().eq(OTHER).all():
            absent[name] = "groups_too_small"
        elif kinds > MOST_VALUES:
            absent[name] = "too_many_values"
        elif not TRAITS[name].is_dated and _named_late(values, known["outcome"]):
            absent[name] = "filled_at_close"
    kept = {name: values for name, values in made.items() if name not in absent}
    frame = pd.DataFrame(kept, index=known.index)
    return TraitTable(values=frame, deals=known, absent=absent)


def _named_late(values: pd.Series, outcome: pd.Series) -> bool:
    """Whether people are named for far more of the decided deals than of the open ones, or for far fewer."""
    decided, waiting = known_shares(values, outcome)
    return abs(decided - waiting) >= FILLED_APART


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
    if name == "champion":
        named_people = known["champion_count"].where(known["people_count"] > 0)
        return named_people.map(lambda n: "yes" if n > 0 else "no", na_action="ignore").astype("object")
    values = known[name].astype("object")
    return values.where(values.notna(), np.nan)


def large_enough(
    values: pd.Series, known: pd.DataFrame, name: str, *, least: int, within: Sequence[pd.Series] = ()
) -> pd.Series:
    """Values of a trait of customers, those of fewer than `least` customers put together; `within`: `safe_groups`."""
    if name not in OF_CUSTOMERS or least < 2:
        return values
    who = known["customer_id"].where(known["customer_id"].notna(), known.index.to_series())
    each = pd.DataFrame({"value": values, "who": who}).dropna(subset="value").drop_duplicates()
    safe = safe_groups(each["value"], minimum=least, within=within)
    shown = dict(zip(each["value"], safe, strict=True))
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
    stays = stage_stays(crm).sort_values(["opportunity_id", "entered_at"], kind="stable")
    first = stays.drop_duplicates("opportunity_id").set_index("opportunity_id")
    return first["stay_days"].where(first["is_over"].astype(bool)).astype("float64")


def _band(known: pd.Series, edges: np.ndarray, place: int) -> str:
    low = known.min() if place == 0 else edges[place - 1]
    if place == len(edges):
        return f"{low:,.0f}" if low == known.max() and place == 0 else f"{low:,.0f} or more"
    high = edges[place] - 1
    return f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"


OPEN_BY = ("industry", "region", "product", "category")
"""Traits by which open value is added up."""
FEWEST_LIKE = 5
"""Deals won with a known value, from which the value of a like deal is taken."""


def deal_values(deals: pd.DataFrame) -> pd.DataFrame:
    """The value of every deal: as recorded, or for open ones without one that of like deals that were won."""
    amount = deals["amount"].astype("float64")
    won = deals[(deals["outcome"] == "won") & (amount > 0)]
    value = amount.where((amount > 0) | (deals["outcome"] != "open"))
    estimated = (deals["outcome"] == "open") & value.isna()
    guess = pd.Series(np.nan, index=deals.index)
    for column in ("product_id", "category"):
        like = won.groupby(column)["amount"].agg(["median", "size"])
        medians = like.loc[like["size"] >= FEWEST_LIKE, "median"]
        guess = guess.fillna(deals[column].map(medians).astype("float64"))
    if len(won) >= FEWEST_LIKE:
        guess = guess.fillna(float(won["amount"].median()))
    return pd.DataFrame({"value": value.where(~estimated, guess), "estimated": estimated})


def open_by_value(
    values: pd.DataFrame, worth: pd.Series, table: pd.DataFrame, *, overall: float
) -> pd.DataFrame:
    """Open deals, their value and what of it is likely to be won, by industry, region, product and category."""
    parts = []
    for name in [name for name in OPEN_BY if name in values]:
        frame = pd.DataFrame({"value": values[name], "open_value": worth})
        known = frame.dropna(subset="value").groupby("value", sort=True)["open_value"]
        rows = pd.DataFrame({"open": known.size(), "open_value": known.sum(min_count=1)}).reset_index()
        own = table[table["trait"] == name]
        base = 100 * own["won"].sum() / own["leads"].sum() if len(own) else overall
        rate = rows["value"].map((own.set_index("value")["lift_shrunk"] * base).to_dict())
        rows["win_rate_pct"] = rate.astype("float64").fillna(overall)
        rows["expected_value"] = rows["open_value"] * rows["win_rate_pct"] / 100
        rows.insert(0, "trait", name)
        parts.append(
            rows.sort_values(
                ["expected_value", "open", "value"], ascending=[False, False, True], kind="stable"
            )
        )
    columns = ["trait", "value", "open", "open_value", "win_rate_pct", "expected_value"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


_SAME_ROWS = 0.95


@dataclass(frozen=True, kw_only=True, eq=False)
class Portrait:
    """How the won differ from all deals, trait by trait.

    Parameters
    ----------
    table : DataFrame, one row a value of a trait
        `trait`, `value`, `leads` (of the base), `won`, `share_won_pct` (of the won), `share_base_pct` (of the
        base), `win_rate_pct`, `lift` (share among the won over share in the base), `lift_shrunk` (drawn to 1
        where deals are few), `low`, `high` (its 95 % interval), `p`, `q` (against all other deals of which the
        trait is known; q over all rows), `open` (deals), `said_with` ("" or the trait that says the same),
        `at_start` (whether it is known when a deal is opened).
    together : DataFrame
        `trait`, `other`, `cramers_v`, `deals`, `kept` (the one of the two that is said).
    opportunity : DataFrame, one row a value of industry, region, product or category
        `trait`, `value`, `open`, `open_value`, `win_rate_pct` (drawn to that of all), `expected_value` (open
        value times win rate), account currency; the largest first within a trait.
    base : str
        "decided" (won and lost) or "leads" (all, where no loss is recorded).
    win_rate_pct : float
        Of the base.
    similarity : Series opportunity_id -> percent, of the open deals
        The share of the won that are as like the won, or less so (see `Likeness`).
    values_estimated_pct : float
        Share of the open deals whose value had to be taken from like deals that were won.
    absent : dict of trait -> why it is not there
    """

    table: pd.DataFrame
    together: pd.DataFrame
    opportunity: pd.DataFrame
    won: int
    lost: int
    open: int
    base_leads: int
    base: str
    win_rate_pct: float
    similarity: pd.Series
    values_estimated_pct: float
    absent: dict[str, str]
    currency: str
    likeness: "Likeness" = field(repr=False)

    @property
    def told(self) -> pd.DataFrame:
        """The rows that are more than chance, each once, those that speak most for winning first."""
        rows = self.table[(self.table["said_with"] == "") & (self.table["q"] <= SURE)]
        return rows.sort_values("lift_shrunk", ascending=False, kind="stable").reset_index(drop=True)

    def _repr_html_(self) -> str:
        shown = self.told.drop(columns=["said_with", "at_start"]).round(3)
        return shown.to_html(index=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Likeness:
    """How like the deals that were won any deal is.

    `points` (dict of trait -> value -> logarithm of the shrunk lift): Only traits that are known when a deal
        is opened, each said once.
    `won`: The sums of points of the deals that were won, sorted.
    """

    points: dict[str, dict[str, float]]
    won: np.ndarray

    def sums(self, values: pd.DataFrame) -> np.ndarray:
        """The points of each deal; a trait that is not known counts nothing."""
        parts = [
            values[name].map(points).astype("float64").fillna(0.0).to_numpy()
            for name, points in self.points.items()
            if name in values
        ]
        return np.sum(parts, axis=0) if parts else np.zeros(len(values))

    def percent(self, values: pd.DataFrame) -> np.ndarray:
        """The share of the won that are as like the won, or less so, in percent."""
        if not len(self.won):
            return np.full(len(values), np.nan)
        place = np.searchsorted(self.won, self.sums(values) + 1e-9, side="right")
        return 100 * place / len(self.won)


def won_portrait(crm: Crm, *, by: Iterable[str] | None = None, known: pd.DataFrame | None = None) -> Portrait:
    """What the won have in common: for each trait its share among the won against that in the base.

    The base are the deals decided by ``crm.as_of``; open ones are counted apart. Where no loss is recorded at
    all, the base are all deals. Deals of which a trait is not known do not count for that trait. A lift is drawn
    to 1 the further, the fewer deals there are and the more alike the values of the trait are (see
    `shrunk_rates`).

    Parameters
    ----------
    crm : Crm
        With `opportunities`.
    by : names of `TRAITS`, optional
        All by default.
    known : DataFrame, optional
        `crmlib.measure.deals.stays.deals` of the same Crm, where they are at hand.

    Raises
    ------
    ParameterError
        If fewer than 30 deals were won, or fewer than 30 not, or a trait is unknown.
    SchemaError
        If there are no opportunities.

    References
    ----------
    Efron, B. & Morris, C. (1975). Data analysis using Stein's estimator and its generalizations. Journal of the
    American Statistical Association 70.

    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57(1).
    """
    traits = trait_table(crm, by=by, known=known)
    outcome = traits.deals["outcome"]
    counts = {name: int((outcome == name).sum()) for name in ("won", "lost", "open")}
    base = "decided" if counts["lost"] else "leads"
    inside = (outcome != "open").to_numpy() if counts["lost"] else np.ones(len(outcome), dtype=bool)
    won = (outcome == "won").to_numpy()
    leads = int(inside.sum())
    _require(counts["won"], leads - counts["won"])
    table = _rows(traits, inside=inside, won=won)
    together = _together(traits.values[inside], won[inside], table)
    table["said_with"] = _said_with(table, together, traits.values[inside])
    values, like = deal_values(traits.deals), _likeness(table, traits.values[won])
    is_open = (outcome == "open").to_numpy()
    rate = 100 * counts["won"] / leads
    estimated = values.loc[is_open, "estimated"] & values.loc[is_open, "value"].notna()
    return Portrait(
        table=table,
        together=together,
        opportunity=open_by_value(traits.values[is_open], values.loc[is_open, "value"], table, overall=rate),
        **counts,
        base_leads=leads,
        base=base,
        win_rate_pct=rate,
        values_estimated_pct=100 * float(estimated.mean()) if is_open.any() else 0.0,
        absent=traits.absent,
        currency=crm.currency,
        likeness=like,
        similarity=pd.Series(like.percent(traits.values[is_open]), index=traits.values.index[is_open]),
    )


def _require(won: int, others: int) -> None:
    if min(won, others) < FEWEST:
        raise ParameterError(
            f"{won:,} deals were won and {others:,} were not; a portrait needs at least {FEWEST} of each. "
            "Wait until more are decided, or give a longer history."
        )


def _rows(traits: TraitTable, *, inside: np.ndarray, won: np.ndarray) -> pd.DataFrame:
    is_open = (traits.deals["outcome"] == "open").to_numpy()
    parts = []
    for name in traits.values:
        values = traits.values[name]
        frame = pd.DataFrame({"value": values, "leads": inside, "won": won & inside, "open": is_open})
        rows = frame.dropna(subset="value").groupby("value", sort=True)[["leads", "won", "open"]].sum()
        rows = rows[rows["leads"] > 0].reset_index()
        if rows.empty:
            continue
        n, w = rows["leads"].to_numpy(float), rows["won"].to_numpy(float)
        overall = w.sum() / n.sum()
        shrunk = shrunk_rates(w, n)
        with np.errstate(divide="ignore", invalid="ignore"):
            figures = pd.DataFrame(
                {"trait": name, "share_won_pct": 100 * w / w.sum(), "share_base_pct": 100 * n / n.sum(),
                 "win_rate_pct": 100 * w / n, "lift": w / n / overall, "lift_shrunk": shrunk["rate"] / overall,
                 "low": shrunk["low"] / overall, "high": shrunk["high"] / overall,
                 "p": against_the_rest(w, n, int(w.sum()), int(n.sum()))["p"]}
            )  # fmt: skip
        parts.append(pd.concat([rows, figures], axis=1).assign(at_start=TRAITS[name].at_start))
    columns = ["trait", "value", "leads", "won", "share_won_pct", "share_base_pct", "win_rate_pct", "lift",
               "lift_shrunk", "low", "high", "p", "q", "open", "at_start"]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    # A trait with one value is the base itself: there is nothing to compare, and it is no test.
    several = table.groupby("trait")["value"].transform("size") > 1
    table["q"] = 1.0
    table.loc[several, "q"] = benjamini_hochberg(table.loc[several, "p"].to_numpy())
    return table[columns].sort_values(["trait", "leads", "value"], ascending=[True, False, True], kind="stable",
                                      ignore_index=True)  # fmt: skip


def _together(values: pd.DataFrame, won: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """Of two traits that say the same, the one is kept that tells the outcome with fewer values to it."""
    pairs = traits_that_go_together(values)
    cost = {name: _information(table[table["trait"] == name]) for name in values}
    kept = [
        pair.trait if cost[pair.trait] <= cost[pair.other] else pair.other
        for pair in pairs.itertuples(index=False)
    ]
    return pairs.assign(kept=pd.Series(kept, dtype="str"))


def _information(rows: pd.DataFrame) -> float:
    """Schwarz's criterion of the win rates by value: small where few values tell much; per deal known."""
    n, w = rows["leads"].to_numpy(float), rows["won"].to_numpy(float)
    if not n.sum():
        return np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(w > 0, w * np.log(w / n), 0) + np.where(n > w, (n - w) * np.log1p(-w / n), 0)
    overall = w.sum() / n.sum()
    flat = w.sum() * np.log(overall) + (n.sum() - w.sum()) * np.log1p(-overall) if 0 < overall < 1 else 0.0
    return float(-2 * (parts.sum() - flat) + (len(n) - 1) * np.log(n.sum()))


def _said_with(table: pd.DataFrame, together: pd.DataFrame, values: pd.DataFrame) -> list[str]:
    """For each row the trait that says the same already: its whole trait, or another value for the same deals."""
    whole: dict[str, str] = {}
    for pair in together.itertuples(index=False):
        dropped = pair.other if pair.kept == pair.trait else pair.trait
        if pair.kept not in whole:
            whole.setdefault(dropped, pair.kept)
    said, kept = [], []
    for row in table.itertuples(index=False):
        if row.trait in whole:
            said.append(whole[row.trait])
            continue
        mask = (values[row.trait] == row.value).to_numpy()
        same = next((name for name, other in kept if name != row.trait and _overlap(mask, other)), "")
        said.append(same)
        if not same and row.leads >= FEWEST:
            kept.append((row.trait, mask))
    return said


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((one & other).sum() >= _SAME_ROWS * (one | other).sum())


def _likeness(table: pd.DataFrame, won: pd.DataFrame) -> Likeness:
    rows = table[table["at_start"] & (table["said_with"] == "")]
    points = {
        str(name): dict(zip(part["value"], np.log(np.maximum(part["lift_shrunk"], 1e-3)), strict=True))
        for name, part in rows.groupby("trait", sort=True)
    }
    like = Likeness(points=points, won=np.array([]))
    return Likeness(points=points, won=np.sort(like.sums(won)))
