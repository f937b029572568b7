"""What deals that were won have in common, against all that were decided, and where most is still open."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.traits import (
    TRAITS,
    TraitTable,
    against_the_rest,
    trait_table,
    traits_that_go_together,
)
from crmlib.analyse.stats.shrink import shrunk_rates
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

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


FEWEST = 30
"""Deals won, and deals not won, without which there is no portrait."""
SURE = 0.05
"""Of the differences that are named, so many may be due to chance."""
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
    won, lost, open, base_leads : int
    base : str
        "decided" (won and lost) or "leads" (all, where no loss is recorded).
    win_rate_pct : float
        Of the base.
    similarity : Series opportunity_id -> percent, of the open deals
        The share of the won that are as like the won, or less so (see `Likeness`).
    values_estimated_pct : float
        Share of the open deals whose value had to be taken from like deals that were won.
    absent : dict of trait -> why it is not there
    currency : str
    says : str
    notes : tuple of str

    Examples
    --------
    See `won_portrait`.
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
    says: str
    notes: tuple[str, ...] = ()
    likeness: "Likeness" = field(repr=False)

    @property
    def told(self) -> pd.DataFrame:
        """The rows that are more than chance, each once, those that speak most for winning first.

        Examples
        --------
        See `won_portrait`.
        """
        rows = self.table[(self.table["said_with"] == "") & (self.table["q"] <= SURE)]
        return rows.sort_values("lift_shrunk", ascending=False, kind="stable").reset_index(drop=True)

    def _repr_html_(self) -> str:
        shown = self.told.drop(columns=["said_with", "at_start"]).round(3)
        return f"<p>{escape(self.says)}</p>{shown.to_html(index=False)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Likeness:
    """How like the deals that were won any deal is.

    Parameters
    ----------
    points : dict of trait -> value -> logarithm of the shrunk lift
        Only traits that are known when a deal is opened, each said once.
    won : array
        The sums of points of the deals that were won, sorted.
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
    `portrait_shrink.shrunk_rates`).

    Parameters
    ----------
    crm : Crm
        With `opportunities`.
    by : names of `portrait_traits.TRAITS`, optional
        All by default.
    known : DataFrame, optional
        `crmlib.measure.deals.stays.deals` of the same Crm, where they are at hand.

    Returns
    -------
    Portrait

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
        says=_says(table, counts, leads, rate, base),
        notes=_notes(traits, base),
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
    from crmlib.analyse.stats.tests import benjamini_hochberg

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


def _says(table: pd.DataFrame, counts: dict[str, int], leads: int, rate: float, base: str) -> str:
    of = "decided deals" if base == "decided" else "deals (no loss is recorded, so all are the base)"
    firm = table[(table["said_with"] == "") & (table["q"] <= SURE)]
    best = firm[firm["lift"] > 1].sort_values("lift_shrunk", ascending=False, kind="stable").head(3)
    said = f"Of {leads:,} {of}, {counts['won']:,} were won ({rate:.1f} %); {counts['open']:,} are open."
    if firm.empty:
        return f"{said} No trait sets the won apart by more than chance."
    named = "; ".join(
        f"{TRAITS[row.trait].says} {row.value} ({row.lift_shrunk:.2f} times, {row.low:.2f} to {row.high:.2f})"
        for row in best.itertuples()
    )
    return f"{said} More often among the won: {named}." if named else f"{said} Only rarer traits stand out."


def _notes(traits: TraitTable, base: str) -> tuple[str, ...]:
    notes = []
    if base == "leads":
        notes.append("No loss is recorded: deals that are still open count as not won.")
    grows = [TRAITS[name].says for name in traits.values if not TRAITS[name].at_start]
    if grows:
        notes.append(
            f"Build up while a deal lasts, so that they go with how long it took: {', '.join(grows)}. "
            "They are no reason why it was won."
        )
    return tuple(notes)


@cache
def _little_pipeline() -> Any:
    """Six hundred deals, of which those by referral are won more often, for the examples."""
    from crmlib.prepare.crm import Crm

    lot, n = np.random.default_rng(3), 600
    place = lot.integers(0, 4, n)
    source = lot.choice(["web", "fair", "referral"], n)
    chance = np.select([source == "referral", source == "web"], [0.75, 0.3], 0.45)
    outcome = np.where(lot.random(n) < 0.2, "open", np.where(lot.random(n) < chance, "won", "lost"))
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(lot.integers(0, 330, n)), unit="D")
    closed = created + pd.to_timedelta(lot.integers(5, 60, n), unit="D")
    ids = np.array([f"c{i:03}" for i in range(n)])
    deals = pd.DataFrame(
        {"opportunity_id": np.char.add("o", ids), "customer_id": ids, "source": source, "stage": "deal",
         "outcome": outcome, "created_at": created,
         "closed_at": pd.Series(closed).where(outcome != "open"), "amount": lot.integers(10, 90, n) * 100.0}
    )  # fmt: skip
    parties = pd.DataFrame({"customer_id": ids, "country": np.array(["DE", "FR", "JP", "CN"])[place],
                            "region": np.array(["Europe", "Europe", "Asia", "Asia"])[place]})  # fmt: skip
    return Crm.from_frames(as_of="2024-12-01", currency="EUR", opportunities=deals, customers=parties)
