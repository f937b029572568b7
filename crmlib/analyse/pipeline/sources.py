"""Where deals come from, how often each source ends in a win, how long it takes, and what it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from crmlib.analyse.pipeline.portrait import OF_CUSTOMERS, against_the_rest, large_enough
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.small_groups import NOT_STATED
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.measure.deals.stays import deals
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import frame_of
from crmlib.prepare.privacy import employee_codes, min_group
from crmlib.schema.errors import ParameterError, SchemaError, nearest

_OUTCOMES = ("won", "lost", "open")


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """Deals with what they are compared by.

    `deals`: `outcome`, `age_days` (to the close; absent where that came first), `amount`, `campaign_id` and more.
    `costs`: campaign_id -> account currency.
    """

    deals: pd.DataFrame
    costs: pd.Series
    negative_durations: int
    currency: str


def given_deals(source: Any, *, by: str, as_of: Any = None) -> Given:
    """Deals of a Crm, or of a table of opportunities."""
    if isinstance(source, Crm):
        if as_of is not None:
            source = source.at(as_of)
        frame, currency, costs = _shown_groups(source, deals(source), by), source.currency, _costs(source)
    else:
        frame, currency, costs = _of_table(source, as_of), "", pd.Series(dtype="float64")
    if by not in frame:
        raise ParameterError(f"deals have no column {by!r}.{nearest(by, frame.columns)}")
    if frame.empty:
        raise ParameterError("there is no deal to count. Give opportunities, or a later as_of.")
    negative = int((frame["age_days"] < 0).sum())
    frame = frame.assign(age_days=frame["age_days"].where(frame["age_days"] >= 0))
    return Given(deals=frame, costs=costs, negative_durations=negative, currency=currency)


def _shown_groups(crm: Crm, frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Owners by their numbers; values of a customer's trait that too few customers have put together."""
    if by == "owner_id":
        return frame.assign(owner_id=employee_codes(crm, frame["owner_id"]))
    if by in OF_CUSTOMERS:
        return frame.assign(**{by: large_enough(frame[by], frame, by, least=min_group(crm))})
    return frame


def _of_table(source: Any, as_of: Any) -> pd.DataFrame:
    frame = source.copy() if isinstance(source, pd.DataFrame) else frame_of(source)
    for name in ("created_at", "closed_at"):
        known = frame[name] if name in frame else pd.Series(pd.NaT, index=frame.index)
        frame[name] = pd.to_datetime(known, errors="coerce")
    if "outcome" not in frame:
        if frame["closed_at"].isna().all():
            raise SchemaError(
                "opportunities has neither outcome nor closed_at, so nobody knows which were won. Give outcome: "
                "won, lost or open."
            )
        frame["outcome"] = np.where(frame["closed_at"].notna(), "won", "open")
    if as_of is not None:
        moment = closing_moment_of_table(as_of)
        frame = frame[~(frame["created_at"] > moment)].copy()
        later = frame["closed_at"] > moment
        frame.loc[later, "outcome"] = "open"
        frame.loc[later, "closed_at"] = pd.NaT
    strange = sorted(set(frame["outcome"].dropna().astype(str)) - set(_OUTCOMES))
    if strange or frame["outcome"].isna().any():
        raise ParameterError(
            f"outcome holds {', '.join(repr(word) for word in strange[:3]) or 'empty values'}: give won, lost or open."
        )
    frame["age_days"] = (frame["closed_at"] - frame["created_at"]).dt.total_seconds() / 86_400
    for name in ("amount", "campaign_id"):
        if name not in frame:
            frame[name] = np.nan
    return frame


def _costs(crm: Crm) -> pd.Series:
    """What each campaign cost, if its cost is known."""
    if "campaigns" not in crm or "cost_amount" not in crm.columns("campaigns"):
        return pd.Series(dtype="float64")
    table = crm.frame("campaigns", ["campaign_id", "cost_amount"]).dropna().drop_duplicates("campaign_id")
    return table.set_index("campaign_id")["cost_amount"].astype("float64")


_Z = float(ndtri(0.975))


def newcombe_difference(
    hits: np.ndarray, n: np.ndarray, other_hits: np.ndarray, other_n: np.ndarray
) -> pd.DataFrame:
    """Differences of two shares with their 95 % interval, put together from the two shares' own intervals.

    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison
    of eleven methods. Statistics in Medicine 17.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    hits, n, other_hits, other_n = (np.asarray(x, dtype=float) for x in (hits, n, other_hits, other_n))
    n, other_n = (np.where(size > 0, size, np.nan) for size in (n, other_n))
    low, high = confint_proportions_2indep(hits, n, other_hits, other_n, compare="diff", method="newcomb")
    return pd.DataFrame({"difference": hits / n - other_hits / other_n, "low": low, "high": high})


def standardised_difference(won: np.ndarray, inside: np.ndarray, stratum: np.ndarray) -> dict[str, float]:
    """The difference of a group's share to the rest's if both had the same mix (direct standardisation).

    Strata in which either side has no deal are left aside; the mix is that of all deals in the others.

    Simpson, E. H. (1951). The interpretation of interaction in contingency tables. JRSS B 13.
    """
    known = stratum >= 0
    size = int(stratum.max()) + 1 if known.any() else 0
    sides = [known & inside, known & ~inside]
    counts = np.array([np.bincount(stratum[side], minlength=size) for side in sides], dtype=float)
    hits = np.array([np.bincount(stratum[side & won], minlength=size) for side in sides], dtype=float)
    shared = (counts > 0).all(axis=0)
    if not shared.any():
        return dict.fromkeys(("crude", "standardised", "low", "high", "covered"), float("nan"))
    n, w = counts[:, shared], hits[:, shared]
    weight = n.sum(axis=0) / n.sum()
    share = w / n
    # One win and one loss more, so that a stratum where all were won is not taken to be without doubt.
    doubt = ((w + 1) / (n + 2)) * (1 - (w + 1) / (n + 2)) / n
    spread = float(np.sqrt((weight**2 * doubt).sum()))
    difference = float(((share[0] - share[1]) * weight).sum())
    crude = w.sum(axis=1) / n.sum(axis=1)
    return {
        "crude": float(crude[0] - crude[1]),
        "standardised": difference,
        "low": difference - _Z * spread,
        "high": difference + _Z * spread,
        "covered": float(n.sum() / counts.sum()),
    }


MIX = ("category", "industry", "region")
"""What the mix of a source is made of, as far as it is known."""
BASES = ("auto", "decided", "leads")


@dataclass(frozen=True, kw_only=True, eq=False)
class ChannelConversion:
    """One row a source: how many deals, how many won, how long it took, what it brought and cost.

    Parameters
    ----------
    base : str
        "decided" (won and lost) or "leads" (all): what `win_rate_pct` and all comparisons are of.
    table : DataFrame, the source with most leads first
        `value` (of `by`; "not stated" where missing), `leads`, `decided`, `won`, `lost`, `open`;
        `win_rate_pct` with `low`, `high` (Wilson, 95 %), of the base; `won_of_leads_pct` with `leads_low`,
        `leads_high`; `won_of_decided_pct` with `decided_low`, `decided_high`; `days_to_win` (median);
        `value_won`, `value_per_lead`, `cost`, `cost_per_win`, `return_ratio` (value won over cost), account
        currency, NaN where not known; `difference_points` to all other sources with `difference_low`,
        `difference_high` (Newcombe), `p` (Fisher), `q` (over the sources that are judged), `judged`, `verdict`
        ("more_often", "less_often", "no_difference", "too_few").
    mix : DataFrame, one row a source and variable of the mix
        `value`, `mix`, `crude_points`, `standardised_points` with `low`, `high`, `covered_pct`, `q` (of the
        standardised difference, over all rows), `turns`: the difference points the other way once both sides have
        the same mix, and one of the two is more than chance by its own interval.
    overall : Series
        The same counts and rates of all deals.
    negative_durations : int
        Deals won before they were opened; left out of the days to win.
    """

    by: str
    base: str
    table: pd.DataFrame
    mix: pd.DataFrame
    overall: pd.Series
    negative_durations: int
    currency: str

    def _repr_html_(self) -> str:
        shown = self.table[
            ["value", "leads", "won", "lost", "open", "win_rate_pct", "low", "high", "verdict"]
        ]
        return shown.round(1).to_html(index=False)


def channel_conversion(
    opportunities_or_crm: Any,
    *,
    by: str = "source",
    as_of: Any = None,
    base: str = "auto",
    mix: Iterable[str] = MIX,
    fewest: int | None = None,
) -> ChannelConversion:
    """How often deals of each source are won, against all others, with the mix held equal.

    Parameters
    ----------
    opportunities_or_crm : Crm, or table one row an opportunity
        A table has `outcome` (or a `closed_at` for the won alone) and the column `by`; `created_at`, `closed_at`,
        `amount`, `campaign_id` and the columns of `mix` are used where they are there. Costs come from
        `campaigns` of a Crm.
    by : str
        A column of `crmlib.measure.deals.stays.deals`, such as "source", "campaign_id", "owner_id".
    as_of : Timestamp, date or text, optional
        Of a table: deals opened later are left out, those closed later are open. A Crm has its own.
    base : {"auto", "decided", "leads"}
        What the win rate is of. "auto": the decided, or all leads where no loss is recorded.
    mix : names of columns
    fewest : int, optional
        Sources with fewer deals of the base are counted but not judged: 30, or what ``[privacy] min_group`` asks
        for, if that is more.

    Raises
    ------
    ParameterError
        If there is no such column or base, or no deal.
    SchemaError
        If there are no opportunities.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
    Medicine 17.

    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57(1).

    Examples
    --------
    >>> leads = pd.DataFrame({"source": ["web"] * 40 + ["fair"] * 40 + [None],
    ...                       "outcome": ["won"] * 10 + ["lost"] * 30 + ["won"] * 30 + ["lost"] * 10 + ["won"]})
    >>> found = channel_conversion(leads)
    >>> found.table[["value", "leads", "won", "win_rate_pct", "verdict"]]
              value  leads  won  win_rate_pct     verdict
    0          fair     40   30          75.0  more_often
    1           web     40   10          25.0  less_often
    2  not stated      1    1         100.0     too_few
    """
    if base not in BASES:
        raise ParameterError(f"there is no base {base!r}.{nearest(base, BASES)}")
    given = given_deals(opportunities_or_crm, by=by, as_of=as_of)
    chosen = base if base != "auto" else "decided" if (given.deals["outcome"] == "lost").any() else "leads"
    frame = given.deals.assign(
        group=given.deals[by].astype("object").where(given.deals[by].notna(), NOT_STATED)
    )
    table = _counts(frame.groupby("group", sort=True))
    table = _rates(table, chosen)
    overall = _rates(_counts(frame.assign(group="all").groupby("group")), chosen).iloc[0]
    table = _money(_times(table, frame), frame, given.costs)
    least = max(FEWEST, min_group(opportunities_or_crm)) if fewest is None else fewest
    table = _compared(table, overall, chosen, least).reset_index(names="value")
    last = (table["value"] == NOT_STATED).astype(int)
    table = table.assign(last=last).sort_values(
        ["last", "leads", "value"], ascending=[True, False, True], kind="stable", ignore_index=True
    )
    table = table.drop(columns="last")
    held = _mix(frame, table, [name for name in mix if name in frame and name != by], chosen)
    return ChannelConversion(
        by=by,
        base=chosen,
        table=table,
        mix=held,
        overall=overall,
        negative_durations=given.negative_durations,
        currency=given.currency,
    )


def _counts(groups: Any) -> pd.DataFrame:
    outcomes = groups["outcome"].value_counts().unstack(fill_value=0)
    table = outcomes.reindex(columns=["won", "lost", "open"], fill_value=0).astype(int)
    table.insert(0, "leads", table.sum(axis=1))
    table.insert(1, "decided", table["won"] + table["lost"])
    table.columns.name = table.index.name = None
    return table


def _rates(table: pd.DataFrame, base: str) -> pd.DataFrame:
    table = table.copy()
    for name, of, low, high in (
        ("win_rate_pct", base, "low", "high"),
        ("won_of_leads_pct", "leads", "leads_low", "leads_high"),
        ("won_of_decided_pct", "decided", "decided_low", "decided_high"),
    ):
        n = table[of].where(table[of] > 0)
        bottom, top = share_interval(table["won"].to_numpy(), table[of].to_numpy())
        table[name], table[low], table[high] = 100 * table["won"] / n, 100 * bottom, 100 * top
    return table


def _times(table: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    won = frame[(frame["outcome"] == "won") & (frame["age_days"] >= 0)]
    return table.assign(days_to_win=won.groupby("group")["age_days"].median().reindex(table.index))


def _money(table: pd.DataFrame, frame: pd.DataFrame, costs: pd.Series) -> pd.DataFrame:
    won = frame[frame["outcome"] == "won"]
    value = won.groupby("group")["amount"].sum(min_count=1).reindex(table.index).astype("float64")
    table = table.assign(value_won=value, value_per_lead=value.fillna(0) / table["leads"])
    if not frame["amount"].notna().any():
        table["value_per_lead"] = np.nan
    cost = pd.Series(np.nan, index=table.index)
    if len(costs):
        # A campaign that brought deals of several sources is shared out by the number of deals.
        per_deal = frame["campaign_id"].map(
            costs / frame["campaign_id"].value_counts().reindex(costs.index)
        ).astype("float64")  # fmt: skip
        cost = per_deal.groupby(frame["group"]).sum(min_count=1).reindex(table.index)
    with np.errstate(divide="ignore", invalid="ignore"):
        cost_per_win = cost / table["won"].where(table["won"] > 0)
        return table.assign(cost=cost, cost_per_win=cost_per_win, return_ratio=value / cost.where(cost > 0))


def _compared(table: pd.DataFrame, overall: pd.Series, base: str, fewest: int) -> pd.DataFrame:
    n, won = table[base].to_numpy(), table["won"].to_numpy()
    all_n, all_won = int(overall[base]), int(overall["won"])
    judged = (n >= fewest) & (all_n - n >= fewest)
    gap = newcombe_difference(won, n, all_won - won, all_n - n)
    tests = pd.DataFrame({"p": np.nan, "q": np.nan}, index=range(len(table)))
    if judged.any():
        tests.loc[judged, ["p", "q"]] = against_the_rest(won[judged], n[judged], all_won, all_n).to_numpy()
    sure = judged & (tests["q"].to_numpy() <= SURE)
    verdict = np.select(
        [~judged, sure & (gap["difference"] > 0), sure],
        ["too_few", "more_often", "less_often"],
        "no_difference",
    )
    return table.assign(
        difference_points=100 * gap["difference"].to_numpy(),
        difference_low=100 * gap["low"].to_numpy(),
        difference_high=100 * gap["high"].to_numpy(),
        p=tests["p"].to_numpy(),
        q=tests["q"].to_numpy(),
        judged=judged,
        verdict=verdict,
    )


def _mix(frame: pd.DataFrame, table: pd.DataFrame, names: list[str], base: str) -> pd.DataFrame:
    inside = frame if base == "leads" else frame[frame["outcome"] != "open"]
    won, group = (inside["outcome"] == "won").to_numpy(), inside["group"].to_numpy()
    rows = []
    for name in names:
        stratum = pd.factorize(inside[name], sort=False)[0]
        if stratum.max(initial=-1) < 1:
            continue
        for row in table[table["judged"]].itertuples():
            found = standardised_difference(won, group == row.value, stratum)
            sure = row.q <= SURE or found["low"] > 0 or found["high"] < 0
            spread = (found["high"] - found["low"]) / (2 * ndtri(0.975))
            p = 2 * ndtr(-abs(found["standardised"]) / spread) if spread > 0 else 1.0
            turns = bool(found["crude"] * found["standardised"] < 0 and sure)
            points = {key: 100 * found[key] for key in ("crude", "standardised", "low", "high", "covered")}
            rows.append((row.value, name, *points.values(), turns, p))
    columns = ["value", "mix", "crude_points", "standardised_points", "low", "high", "covered_pct", "turns"]
    table = pd.DataFrame(rows, columns=[*columns, "q"])
    return table.assign(q=benjamini_hochberg(table["q"].to_numpy())) if len(table) else table
