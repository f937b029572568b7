"""What was known of each open deal at a moment, which past moments are looked at, and what became of the deals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import Fitted
from crmlib.analyse.learn.evaluate import MEASURES, draws_of, weighted_measures
from crmlib.analyse.learn.features import OTHER, UNKNOWN, find_leaks
from crmlib.analyse.learn.reasons import WORTH_SAYING, contributions
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.intervals import fit_beta_binomial
from crmlib.measure.deals.stays import deals
from crmlib.prepare.clock import days_later, local_time
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

NUMBERS = (
    *("amount", "age_days", "stage_age_days", "touch_count", "touch_in_count", "touch_out_count"),
    *("last_touch_days", "planned_count", "minutes_spent", "cost_spent", "employee_count"),
    *("people_count", "champion_count", "decider_count", "blocker_count", "stance_mean"),
)
KINDS = (
    *("stage", "industry", "company_size", "country", "region", "source", "category", "product_id"),
    *("campaign_id", "team"),
)
RECORDS = ("owner_id", "campaign_id", "product_id", "industry")
"""Of each of these, how many of its earlier deals were won in time is a feature."""
RECORDED = (
    *("amount", "expected_close_on", "source", "campaign_id", "product_id", "category", "owner_id"),
    *("customer_id", "industry", "company_size", "employee_count", "country", "region", "people_count"),
    "stance_mean",
)
"""Fields that somebody fills in: one that is filled in when a deal closes knows the outcome."""


def features_at(then: Any, *, horizon_days: int, known: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row an open deal, with what was known of it at the closing moment of `then`.

    Deals without an opening date are left out: nobody can say whether they were there.
    """
    known = deals(then) if known is None else known
    known = known.assign(team=_team(then, known["owner_id"]))
    at = then.as_of
    is_open = (known["outcome"] == "open") & known["created_at"].notna()
    table = known.loc[is_open, [*NUMBERS, *KINDS]].copy()
    close = known.loc[is_open, "expected_close_on"]
    table["days_to_expected_close"] = (close - at).dt.total_seconds() / 86_400
    for outcome in ("won", "lost"):
        earlier = known.loc[known["outcome"] == outcome, "customer_id"].value_counts()
        who = known.loc[is_open, "customer_id"]
        table[f"customer_{outcome}_count"] = who.map(earlier).fillna(0.0).where(who.notna())
    for name in RECORDS:
        column = f"{name.removesuffix('_id')}_won_pct"
        table[column] = _record(known, name, at, horizon_days).reindex(known.loc[is_open, name]).to_numpy()
    return table.astype({name: "float64" for name in table if name not in KINDS})


def _team(then: Any, owner: pd.Series) -> pd.Series:
    if "employees" not in then or "team" not in then.columns("employees"):
        return pd.Series(np.nan, index=owner.index, dtype="object")
    table = then.frame("employees", ["employee_id", "team"]).dropna().drop_duplicates("employee_id")
    return owner.map(table.set_index("employee_id")["team"]).astype("object")


def _record(known: pd.DataFrame, name: str, at: pd.Timestamp, horizon_days: int) -> pd.Series:
    """Per cent of the earlier deals that were won within the horizon of being opened, drawn to that of all."""
    time = pd.Timedelta(days=horizon_days)
    ripe = known[(known["created_at"] <= at - time) & known[name].notna()]
    in_time = (ripe["outcome"] == "won") & (ripe["closed_at"] <= ripe["created_at"] + time)
    counts = in_time.groupby(ripe[name].astype(str)).agg(["sum", "size"])
    if len(counts) < 2:
        return pd.Series(dtype="float64")
    won, n = counts["sum"].to_numpy(dtype=float), counts["size"].to_numpy(dtype=float)
    alpha, beta = fit_beta_binomial(won, n)
    return pd.Series(100 * (won + alpha) / (n + alpha + beta), index=counts.index)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a feature is refused: "written_when_lost", "stage_at_end", "filled_at_close", "emptied_at_close" (with how
    far it is known of decided and of open deals), or "tells_outcome" (with what `find_leaks` found)."""

    why: str
    decided_pct: float = float("nan")
    open_pct: float = float("nan")
    found: Any = ""


FILLED_APART = 0.25
"""A field is refused if it is known so much more often of decided deals than of open ones, or less often."""
DATED = (
    *("stage", "stage_age_days", "age_days", "touch_count", "touch_in_count", "touch_out_count"),
    *("last_touch_days", "planned_count", "minutes_spent", "cost_spent"),
    *("customer_won_count", "customer_lost_count"),
)
"""Features that bear a time of their own, so that what is known at a moment was known then."""
_FROM = {
    "expected_close_on": ("days_to_expected_close",),
    "campaign_id": ("campaign_id", "campaign_won_pct"),
    "product_id": ("product_id", "product_won_pct"),
    "owner_id": ("owner_won_pct", "team"),
    "industry": ("industry", "industry_won_pct"),
    "customer_id": ("customer_won_count", "customer_lost_count"),
    "people_count": ("people_count", "champion_count", "decider_count", "blocker_count", "stance_mean"),
}
"""Features that rest on a field of another name."""


def leaking_features(
    features: pd.DataFrame, label: np.ndarray, groups: np.ndarray, *, now: pd.DataFrame, has_history: bool
) -> dict[str, Refusal]:
    """Features of open deals that are refused because they know the outcome, each with the reason.

    Refused by name: the stage where no stage history is kept (it is the one at the end), and the reason lost.
    Refused by how it is filled in: a field known for many more of the decided deals than of the open ones, such
    as an amount that is written when a deal closes, or the other way round; its history is not kept, so at an
    earlier moment it seems to have been there. Refused by what it tells: see `churn_leaks.find_leaks`, asked both of
    the wins within the horizon and of how the deals ended at last.
    """
    refused: dict[str, Refusal] = {}
    if "lost_reason" in now and now["lost_reason"].notna().any():
        refused["lost_reason"] = Refusal(why="written_when_lost")
    if not has_history and "stage" in features:
        refused["stage"] = Refusal(why="stage_at_end")
    refused |= _filled_in_late(now)
    rest = features.drop(columns=[name for name in refused if name in features])
    told = find_leaks(rest, label, groups=groups) | _knows_the_end(rest, groups, now)
    return refused | {name: Refusal(why="tells_outcome", found=found) for name, found in told.items()}


def _knows_the_end(features: pd.DataFrame, groups: np.ndarray, now: pd.DataFrame) -> dict[str, Any]:
    end = now["outcome"].reindex(features.index).to_numpy()
    decided, won = np.isin(end, ["won", "lost"]), end == "won"
    if min(int((decided & won).sum()), int((decided & ~won).sum())) < FEWEST:
        return {}
    return find_leaks(features[decided], won[decided], groups=pd.factorize(groups[decided])[0])


def _filled_in_late(now: pd.DataFrame) -> dict[str, Refusal]:
    refused: dict[str, Refusal] = {}
    for name in [name for name in RECORDED if name in now]:
        decided, waiting = known_shares(now[name], now["outcome"])
        if not abs(decided - waiting) >= FILLED_APART:
            continue
        why = "filled_at_close" if decided > waiting else "emptied_at_close"
        reason = Refusal(why=why, decided_pct=100 * decided, open_pct=100 * waiting)
        refused |= dict.fromkeys(_FROM.get(name, (name,)), reason)
    return refused


def known_shares(values: pd.Series, outcome: pd.Series) -> tuple[float, float]:
    """The share of the decided and of the open deals of which a field is known (0 to 1); NaN without such deals."""
    known, is_open = values.notna(), (outcome == "open").to_numpy()
    return float(known[~is_open].mean()), float(known[is_open].mean())


MOST_FOR, MOST_AGAINST = 3, 2
_HIDDEN = ("owner_won_pct", "team")
"""Never the reason of a single deal: a list of leads is no list of how good people are."""


def lead_reasons(
    model: Fitted,
    features: pd.DataFrame,
    *,
    shown: pd.DataFrame | None = None,
    proven: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Up to three figures of each deal that speak for a win, and up to two against; of the `proven` ones alone."""
    columns = ["opportunity_id", "speaks", "place", "feature", "value", "typical", "log_odds"]
    told = model.encoding.features if proven is None else list(proven)
    names = [name for name in model.encoding.features if name in told and name not in _HIDDEN]
    if features.empty or not names:
        return pd.DataFrame(columns=columns)
    moved = contributions(model, model.encoding.matrix(features), names)
    typical = {name: _typical(model, name) for name in names}
    said = features if shown is None else shown
    texts = {name: said[name].astype("object").to_numpy() for name in names}
    strength = moved.to_numpy()
    rows = []
    for i, who in enumerate(features.index):
        order = np.argsort(-np.abs(strength[i]), kind="stable")
        counted = {"for": 0, "against": 0}
        for j in order:
            size, value = float(strength[i, j]), texts[names[j]][i]
            if abs(size) < WORTH_SAYING:
                break
            side = "for" if size > 0 else "against"
            # That something is not known may go with the outcome, but nobody can act on it.
            if pd.isna(value) or counted[side] == (MOST_FOR if size > 0 else MOST_AGAINST):
                continue
            counted[side] += 1
            rows.append((who, side, counted[side], names[j], value, typical[names[j]], size))
    return pd.DataFrame(rows, columns=columns)


def _typical(model: Fitted, name: str) -> Any:
    encoding = model.encoding
    if name in encoding.levels:
        first = encoding.levels[name][0]
        return "" if first in (OTHER, UNKNOWN) else first
    return float(encoding.reference[np.flatnonzero(encoding.owner == encoding.features.index(name))[0]])


TEST_MOMENTS = 3
"""At most so many moments are tested, a third of a horizon apart."""
LEARN_MOMENTS = 6
"""At most so many moments are learnt from, the latest ones."""
_LEAST_DAYS, _SHARE_WON_BY_THEN = 7, 0.8


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """Open deals as they were known at one moment, and whether they were won within the horizon.

    `at`, `until`: Timestamp (naive, UTC).
    `features`: indexed by opportunity_id.
    `label`: array of bool.
    """

    at: pd.Timestamp
    until: pd.Timestamp
    features: pd.DataFrame
    label: np.ndarray


def usual_days_to_win(table: pd.DataFrame, *, as_of: pd.Timestamp) -> int:
    """Days within which four of five of the deals won were won, in whole weeks; a quarter of the history at most."""
    days = table.loc[(table["outcome"] == "won") & (table["age_days"] >= 0), "age_days"].dropna()
    if days.empty:
        raise ParameterError(
            "of no deal that was won is it known when it was opened and closed. Map created_at and closed_at."
        )
    weeks = ceil(float(days.quantile(_SHARE_WON_BY_THEN)) / 7)
    longest = int((as_of - table["created_at"].min()).days / 4 / 7)
    if longest < 1:
        raise ParameterError(
            "the deals reach back less than four weeks: there is no later period to test on."
        )
    return 7 * max(1, min(weeks, longest))


def check_horizon(days: Any, table: pd.DataFrame, *, as_of: pd.Timestamp) -> int:
    """The horizon that was asked for, or the usual one."""
    if days is None:
        return usual_days_to_win(table, as_of=as_of)
    if isinstance(days, bool) or not isinstance(days, Integral) or days < 1:
        raise ParameterError(f"horizon_days={days!r}: give a whole number of days, 1 or more.")
    history = (as_of - table["created_at"].min()).days
    if not history >= 3 * days:
        raise ParameterError(
            f"a horizon of {days} days needs {3 * int(days)} days of deals: one to learn, one to wait, one to test. "
            f"There are {max(0, int(history)) if history == history else 0}. Give at most {int(history) // 3} days."
        )
    return int(days)


def moments_of(
    crm: Crm, *, horizon_days: int, now: pd.DataFrame | None = None
) -> tuple[list[Moment], list[Moment]]:
    """Moments to test on and moments to learn from, the latest first.

    No outcome that is learnt from lies after the first moment of the test. A deal that is open at several moments
    is in several of them.
    """
    now = deals(crm) if now is None else now
    begin = now["created_at"].min()
    step = max(_LEAST_DAYS, horizon_days // 3)
    history = (crm.as_of - begin).days
    many = next((n for n in range(TEST_MOMENTS, 1, -1) if 2 * horizon_days + n * step <= history), 1)
    ends = [-horizon_days - i * step for i in range(many)]
    first = ends[-1]
    learn = [first - horizon_days - i * step for i in range(LEARN_MOMENTS)]
    learn = [days for days in learn if -days <= history]
    made = {days: moment_at(crm, days, now, horizon_days=horizon_days) for days in [*ends, *learn]}
    return [made[days] for days in ends], [made[days] for days in learn if len(made[days].label)]


def moment_at(crm: Crm, days: int, now: pd.DataFrame, *, horizon_days: int) -> Moment:
    """The deals that were open so many days from the closing moment, and what became of them."""
    at = days_later(crm.as_of, days, time_zone=crm.time_zone)
    until = days_later(at, horizon_days, time_zone=crm.time_zone)
    features = features_at(crm.at(at), horizon_days=horizon_days)
    then = now.reindex(features.index)
    label = (then["outcome"] == "won") & (then["closed_at"] <= until)
    return Moment(at=at, until=until, features=features, label=label.to_numpy(dtype=bool))


def require_rows(moments: Sequence[Moment], *, what: str, fewest: int = FEWEST) -> None:
    """Refuse where too few rows have either outcome."""
    n = sum(len(moment.label) for moment in moments)
    won = int(sum(moment.label.sum() for moment in moments))
    if min(won, n - won) < fewest:
        raise ParameterError(
            f"of {n:,} open deals {what}, {won:,} were won within the horizon; at least {fewest} are needed that "
            f"were and {fewest} that were not. Give a longer history or another horizon_days."
        )


def period_table(test: Sequence[Moment], learn: Sequence[Moment], *, time_zone: str) -> pd.DataFrame:
    """The moments, the earliest first: what was learnt from, what was tested."""
    rows = []
    for role, moments in (("learn", learn), ("test", test)):
        for each in sorted(moments, key=lambda moment: moment.at):
            ends = [local_time(moment, time_zone=time_zone) for moment in (each.at, each.until)]
            n, won = len(each.label), int(each.label.sum())
            rows.append((role, *ends, n, won, 100 * won / n if n else np.nan))
    return pd.DataFrame(rows, columns=["role", "moment", "until", "deals", "won", "won_pct"])


def deal_draws(groups: np.ndarray, *, seed: int, draws: int | None = None) -> Iterator[np.ndarray]:
    """How often each row comes when deals are drawn again, all rows of a deal together.

    Field, C. A. & Welsh, A. H. (2007). Bootstrapping clustered data. JRSS B 69.
    """
    for weights in draws_of(int(groups.max()) + 1, seed=seed, draws=draws):
        yield weights[:, groups]


def evaluate_leads(
    predictions: Mapping[str, np.ndarray],
    label: np.ndarray,
    groups: np.ndarray,
    *,
    chosen: str,
    baselines: tuple[str, ...],
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every measure of every way to predict a win, and how far the chosen one is ahead of each baseline.

    As `churn_evaluation.evaluate`, but deals are drawn again, not rows: a deal that was open at several moments
    counts as one.
    """
    one = np.ones((1, len(label)))
    exact = {name: weighted_measures(p, label, one)[0] for name, p in predictions.items()}
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in predictions}
    for weights in deal_draws(groups, seed=seed):
        for name, p in predictions.items():
            drawn[name].append(weighted_measures(p, label, weights))
    spread = {name: np.concatenate(parts) for name, parts in drawn.items()}
    rows, ahead = [], []
    for name in predictions:
        low, high = np.nanquantile(spread[name], [0.025, 0.975], axis=0)
        row: dict[str, object] = {"model": name, "kind": "baseline" if name in baselines else "candidate"}
        for i, measure in enumerate(MEASURES):
            row |= {measure: exact[name][i], f"{measure}_low": low[i], f"{measure}_high": high[i]}
        rows.append(row | {"chosen": name == chosen})
    for name in baselines:
        low, high = np.nanquantile(spread[chosen] - spread[name], [0.025, 0.975], axis=0)
        row = {"baseline": name}
        for i, measure in enumerate(MEASURES):
            difference = exact[chosen][i] - exact[name][i]
            row |= {f"{measure}_difference": difference, f"{measure}_low": low[i], f"{measure}_high": high[i]}
        ahead.append(row | {"better": bool(low[0] > 0), "sharper": bool(high[1] < 0)})
    return pd.DataFrame(rows), pd.DataFrame(ahead)


def tenths(probability: np.ndarray, label: np.ndarray, groups: np.ndarray, *, seed: int = 0) -> pd.DataFrame:
    """Deals in ten groups by their chance: what was predicted, and what share was won."""
    won = label.astype("float64")
    many = int(np.clip(len(label) // 30, 1, 10))
    order = np.argsort(-probability, kind="stable")
    place = np.empty(len(label), dtype=int)
    place[order] = np.arange(len(label)) * many // len(label)
    inside = (place[:, None] == np.arange(many)).astype("float64")
    drawn = []
    for weights in deal_draws(groups, seed=seed, draws=300):
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn.append((weights * won) @ inside / (weights @ inside))
    low, high = np.nanquantile(np.concatenate(drawn), [0.025, 0.975], axis=0)
    n = inside.sum(axis=0)
    share = won @ inside / n
    return pd.DataFrame(
        {"tenth": np.arange(1, many + 1), "deals": n.astype(int), "predicted_pct": 100 * (probability @ inside) / n,
         "won_pct": 100 * share, "low": 100 * low, "high": 100 * high, "lift": share / won.mean()}
    )  # fmt: skip
