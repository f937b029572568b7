"""One campaign's customers against those held out, or matched to others like them: how large a difference."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.intervals import interval, resampled_means
from crmlib.analyse.stats.small_groups import age_bands, shown_groups
from crmlib.measure.campaigns import CONTACTED, CONTROL, DURING, OTHER, RECENT_DAYS
from crmlib.prepare.crm import Crm
from crmlib.schema.fields import MINIMUM_GROUP

CALIPER = 0.2
"""Partners' log odds of being in the campaign differ by at most so many standard deviations."""

ALIKE = 0.1
"""Groups whose means lie at most so many standard deviations apart are called alike."""

_RIDGE = 1.0
_ROUNDS, _ENOUGH = 50, 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Who was matched with whom.

    `treated`, `partner`: arrays of row numbers, one entry a pair.
    `log_odds` (array, one a row): Of being in the campaign, as predicted by what was known before.
    `caliper`: Largest difference of the log odds that was allowed.
    """

    treated: np.ndarray
    partner: np.ndarray
    log_odds: np.ndarray
    caliper: float


def match_pairs(features: np.ndarray, treated: np.ndarray, *, seed: int = 0) -> Pairs:
    """A partner for each customer of a campaign, each used once, the nearest that is near enough.

    Rosenbaum, P. R. & Rubin, D. B. (1985). Constructing a control group using multivariate matched sampling
    methods that incorporate the propensity score. The American Statistician 39.
    Austin, P. C. (2011). Optimal caliper widths for propensity-score matching. Pharmaceutical Statistics 10.
    """
    treated = np.asarray(treated, dtype=bool)
    log_odds = propensity(features, treated)
    caliper = CALIPER * float(log_odds.std())
    ours, pool = np.flatnonzero(treated), np.flatnonzero(~treated)
    if not len(ours) or not len(pool):
        return Pairs(treated=ours[:0], partner=pool[:0], log_odds=log_odds, caliper=caliper)
    pool = pool[np.argsort(log_odds[pool], kind="stable")]
    order = np.random.default_rng(seed).permutation(len(ours))
    chosen = _nearest_unused(log_odds[ours[order]], log_odds[pool], caliper)
    found = chosen >= 0
    back = np.argsort(ours[order][found], kind="stable")
    partner = pool[chosen[found]][back]
    return Pairs(treated=ours[order][found][back], partner=partner, log_odds=log_odds, caliper=caliper)


def propensity(features: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """The log odds of being in a campaign, by a logistic regression on standardised figures.

    Rosenbaum, P. R. & Rubin, D. B. (1983). The central role of the propensity score in observational studies
    for causal effects. Biometrika 70.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _log_odds(np.asarray(features, dtype=float), np.asarray(treated, dtype=float))


def balance_table(features: pd.DataFrame, treated: np.ndarray, pairs: Pairs | None) -> pd.DataFrame:
    """How far the groups lie apart in each figure, before matching and after.

    Austin, P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates between
    treatment groups in propensity-score matched samples. Statistics in Medicine 28.
    """
    values, treated = features.to_numpy(dtype=float), np.asarray(treated, dtype=bool)
    ours, others = values[treated], values[~treated]
    spread = np.sqrt((_variance(ours) + _variance(others)) / 2)
    table = pd.DataFrame(
        {"feature": features.columns, "contacted_mean": _mean(ours), "others_mean": _mean(others)}
    )
    table["difference_before"] = _apart(table["contacted_mean"] - table["others_mean"], spread)
    matched = (values[pairs.treated], values[pairs.partner]) if pairs is not None else (ours[:0], others[:0])
    table["contacted_matched"], table["others_matched"] = _mean(matched[0]), _mean(matched[1])
    table["difference_after"] = _apart(table["contacted_matched"] - table["others_matched"], spread)
    judged = table["difference_before"] if pairs is None else table["difference_after"]
    table["alike"] = judged.abs() <= ALIKE
    order = table["difference_before"].abs().round(9)
    return table.loc[order.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def _log_odds(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    matrix = _standardised(features)
    design = np.column_stack([np.ones(len(matrix)), matrix])
    penalty = np.r_[1e-9, np.full(matrix.shape[1], _RIDGE)]
    weights = np.zeros(design.shape[1])
    for _ in range(_ROUNDS):
        odds = np.clip(design @ weights, -30, 30)
        share = 1 / (1 + np.exp(-odds))
        slope = design.T @ (target - share) - penalty * weights
        curve = (design * (share * (1 - share))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights + step * min(1.0, 5 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < _ENOUGH:
            break
    # Rounded, so that the order of the last bits never decides who is nearest.
    return np.round(design @ weights, 9)


def _nearest_unused(wanted: np.ndarray, pool: np.ndarray, caliper: float) -> np.ndarray:
    """For each in turn the place of the nearest unused value of a sorted pool; -1 where none is near enough."""
    n = len(pool)
    right, left = list(range(n + 1)), list(range(n + 1))
    chosen = np.full(len(wanted), -1)
    for turn, (value, place) in enumerate(zip(wanted, np.searchsorted(pool, wanted), strict=True)):
        above, below = _free(right, int(place)), _free(left, int(place)) - 1
        gaps = [pool[above] - value if above < n else np.inf, value - pool[below] if below >= 0 else np.inf]
        nearer = int(gaps[1] < gaps[0])
        if gaps[nearer] <= caliper:
            taken = (above, below)[nearer]
            chosen[turn] = taken
            right[taken], left[taken + 1] = taken + 1, taken
    return chosen


def _free(parent: list[int], place: int) -> int:
    """The next place that is not taken, in the direction that `parent` leads to; the way is shortened."""
    root = place
    while parent[root] != root:
        root = parent[root]
    while parent[place] != root:
        parent[place], place = root, parent[place]
    return root


def _standardised(matrix: np.ndarray) -> np.ndarray:
    spread = matrix.std(axis=0)
    kept = spread > 1e-12
    return (matrix[:, kept] - matrix[:, kept].mean(axis=0)) / spread[kept]


def _mean(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=0) if len(values) else np.full(values.shape[1], np.nan)


def _variance(values: np.ndarray) -> np.ndarray:
    return values.var(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1])


def _apart(difference: pd.Series, spread: np.ndarray) -> np.ndarray:
    """In standard deviations; 0 where all are the same, not known where only the groups differ."""
    gap = difference.to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        found = gap / spread
    return np.where(spread > 1e-12, found, np.where(np.abs(gap) < 1e-12, 0.0, np.nan))


TRAITS = (
    *("kind", "industry", "company_size", "country", "region", "income_band", "household_size", "gender"),
    "source",
)
"""Columns of customers that tell them apart; none says anything about a campaign."""

BUYING = ("spend_before", "spend_recent", "purchase_days_before", "recency_days")
"""The figures that must be alike before two groups may be compared."""

_FIGURES = (
    *("spend_before", "spend_recent", "spend_change", "purchase_days_before", "recency_days", "known_days"),
    *("campaigns_before", "responses_before", "campaigns_running"),
)
_LOGARITHMS = ("spend_before", "spend_recent", "purchase_days_before", "recency_days")
_MOST_LEVELS = 8


def customer_traits(crm: Crm) -> pd.DataFrame:
    """What `customers` says of each customer that may set those in a campaign apart, as it is now."""
    if "customers" not in crm:
        return pd.DataFrame(index=pd.Index([], dtype="str", name="customer_id"))
    present = crm.columns("customers")
    names = [name for name in TRAITS if name in present]
    born = ["birth_on"] if "birth_on" in present else []
    table = crm.frame("customers", ["customer_id", *names, *born]).drop_duplicates("customer_id")
    table = table.set_index("customer_id")
    if born:
        table["age_band"] = age_bands(table.pop("birth_on"), as_of=crm.as_of)
    told = [name for name in table if table[name].nunique() > 1]
    return table[told].apply(lambda column: column.astype("str").where(column.notna()))


def known_before(people: pd.DataFrame) -> pd.DataFrame:
    """The figures of each customer as they stood before a campaign."""
    days = people["history_days"].clip(lower=1)
    usual = people["spend_before"] / days * np.minimum(days, 28)
    table = people.assign(
        spend_change=people["spend_recent"] - usual,
        recency_days=people["recency_days"].fillna(days + 1),
        known_days=people["known_days"].fillna(0),
    )
    return table[list(_FIGURES)].reset_index(drop=True)


def trait_levels(
    traits: pd.DataFrame, customers: pd.Index, *, min_group: int = MINIMUM_GROUP
) -> pd.DataFrame:
    """Whether each customer belongs to each group of each trait; rare groups put together."""
    columns = {}
    for trait in traits:
        given = traits[trait].reindex(customers)
        values = shown_groups(given, min_group=min_group, most=_MOST_LEVELS).to_numpy()
        for level in sorted(set(values)):
            belongs = (values == level).astype(float)
            if 0 < belongs.sum() < len(belongs):
                columns[f"{trait}: {level}"] = belongs
    return pd.DataFrame(columns, index=customers)


def levels_of(levels: pd.DataFrame, customers: pd.Series, *, min_group: int = MINIMUM_GROUP) -> pd.DataFrame:
    """The groups of some customers, those left out that fewer than `min_group` of these are in, or are not in."""
    places = levels.index.get_indexer(pd.Index(customers))
    values = np.where((places >= 0)[:, None], levels.to_numpy(dtype=float)[places], 0.0)
    members = values.sum(axis=0)
    kept = np.minimum(members, len(places) - members) >= min_group
    return pd.DataFrame(values[:, kept], columns=levels.columns[kept])


def matching_matrix(known: pd.DataFrame, levels: pd.DataFrame) -> np.ndarray:
    """The figures that partners are looked for by: as they are and, of those that lie far apart, logarithms too."""
    logs = np.log1p(known[list(_LOGARITHMS)].clip(lower=0)).to_numpy()
    return np.column_stack([known.to_numpy(dtype=float), logs, levels.to_numpy(dtype=float)])


CONTROL_GROUP, MATCHED, NONE = "control group", "matched customers", "none"
"""What a campaign's customers are compared with."""


FAR_APART = 0.25
"""Standard deviations in buying before the campaign from which matched groups may not be compared."""

ONE_CONTACTED, ONE_HELD_OUT, NO_PARTNER = "one contacted", "one held out", "no partner"
SHORT_HISTORY, FEW_INSIDE, FEW_OUTSIDE = "short history", "few inside", "few outside"
"""Why customers cannot be compared."""

EFFECT_COLUMNS = ("way", "effect", "low", "high", "p_value", "error", "freedom", "contacted", "compared")

LEVEL = 0.95
"""Of all intervals of campaigns."""

POWER = 0.8
"""The smallest effect that could have been seen is the one that is missed one time in five."""

_NORMAL_FROM = 2_000.0
"""Degrees of freedom from which a t distribution is as good as normal."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A difference of two means and what chance may have done to it.

    `low`, `high`: 95 %.
    `p_value`: Two-sided.
    `error`: Standard error.
    `freedom`: Degrees of freedom.
    """

    value: float
    low: float
    high: float
    p_value: float
    error: float
    freedom: float

    @classmethod
    def unknown(cls) -> "Difference":
        """Where nothing can be said."""
        return cls(**dict.fromkeys(("value", "low", "high", "p_value", "error", "freedom"), float("nan")))

    @classmethod
    def of(cls, value: float, error: float, freedom: float) -> "Difference":
        """From a value, its standard error and the degrees of freedom, by the t distribution."""
        if error == 0:
            ends = {"low": value, "high": value, "p_value": float(value == 0)}
            return cls(value=value, **ends, error=0.0, freedom=float("inf"))
        edge = float(stats.t.ppf((1 + LEVEL) / 2, freedom))
        low = value - edge * error
        p_value = float(2 * stats.t.sf(abs(value) / error, freedom))
        return cls(
            value=value, low=low, high=value + edge * error, p_value=p_value, error=error, freedom=freedom
        )

    @property
    def smallest(self) -> float:
        """The smallest true difference that such groups show as one four times in five."""
        return smallest_effect(self.error, freedom=self.freedom)


def welch(one: np.ndarray, other: np.ndarray) -> Difference:
    """The difference of two means where the spread of the groups may differ.

    Welch, B. L. (1947). The generalization of "Student's" problem when several different population variances
    are involved. Biometrika 34.
    """
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if min(len(one), len(other)) < 2:
        return Difference.unknown()
    parts = np.array([one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)])
    error = float(np.sqrt(parts.sum()))
    value = float(one.mean() - other.mean())
    if error == 0:
        return Difference.of(value, error, float("inf"))
    freedom = float(parts.sum() ** 2 / (parts**2 / np.array([len(one) - 1, len(other) - 1])).sum())
    return Difference.of(value, error, freedom)


def mean_of_pairs(differences: np.ndarray) -> Difference:
    """The mean of differences within pairs.

    Abadie, A. & Spiess, J. (2022). Robust post-matching inference. JASA 117: pairs matched without replacement
    are the units that chance draws.
    """
    differences = np.asarray(differences, dtype=float)
    n = len(differences)
    if n < 2:
        return Difference.unknown()
    value, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(n))
    return Difference.of(value, error, float(n - 1))


def adjusted_spend(
    one: np.ndarray, other: np.ndarray, *, one_before: np.ndarray, other_before: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Spend less what spend before the campaign predicts of it: the same difference on average, less chance.

    Deng, A., Xu, Y., Kohavi, R. & Walker, T. (2013). Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data (CUPED). WSDM. The factor is taken within the groups, so that the effect
    itself does not bend it.
    """
    spend, before = (
        np.concatenate(pair).astype(float) for pair in ((one, other), (one_before, other_before))
    )
    if not len(one) or not len(other):
        return np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    group = np.repeat([0, 1], [len(one), len(other)])
    inside = [
        values - (np.bincount(group, weights=values) / np.bincount(group))[group]
        for values in (spend, before)
    ]
    spread = float(inside[1] @ inside[1])
    factor = float(inside[0] @ inside[1]) / spread if spread > 0 else 0.0
    adjusted = spend - factor * (before - before.mean())
    return adjusted[: len(one)], adjusted[len(one) :]


def adjusted_pairs(differences: np.ndarray, *, before: np.ndarray) -> tuple[np.ndarray, Difference]:
    """Differences within pairs less what the pair's difference in spend before predicts of them.

    Rubin, D. B. (1979). Using multivariate matched sampling and regression adjustment to control bias in
    observational studies. JASA 74.
    White, H. (1980). A heteroskedasticity-consistent covariance matrix estimator. Econometrica 48.
    """
    differences, before = np.asarray(differences, dtype=float), np.asarray(before, dtype=float)
    n, centred = len(differences), before - (before.mean() if len(before) else 0)
    spread = float(centred @ centred)
    if n < 4 or spread == 0:
        return differences, mean_of_pairs(differences)
    adjusted = differences - float(centred @ differences) / spread * before
    value = float(adjusted.mean())
    weights = 1 / n - before.mean() * centred / spread
    error = float(np.sqrt(((weights * (adjusted - value)) ** 2).sum() * n / (n - 2)))
    return adjusted, Difference.of(value, error, float(n - 2))


def power_of(effect: float, error: float, *, freedom: float, level: float = LEVEL) -> float:
    """The chance that a true difference shows, as one whose interval leaves out 0.

    Cohen, J. (1988). Statistical power analysis for the behavioral sciences, chapter 2.
    """
    if not np.isfinite(error) or not np.isfinite(effect):
        return float("nan")
    if error == 0:
        return float(effect != 0)
    shift = abs(effect) / error
    if freedom > _NORMAL_FROM:
        edge = stats.norm.ppf((1 + level) / 2)
        return float(stats.norm.sf(edge - shift) + stats.norm.cdf(-edge - shift))
    edge = stats.t.ppf((1 + level) / 2, freedom)
    above, below = stats.nct.sf(edge, freedom, shift), stats.nct.cdf(-edge, freedom, shift)
    # Far from the middle the distribution is not computed; there it is as good as 1, and 0.
    return float(above if np.isfinite(above) else 1.0) + float(below if np.isfinite(below) else 0.0)


def smallest_effect(error: float, *, freedom: float, power: float = POWER, level: float = LEVEL) -> float:
    """The smallest true difference that shows with a chance of `power`."""
    from scipy.optimize import brentq

    if not np.isfinite(error):
        return float("nan")
    if error == 0:
        return 0.0
    edge = stats.t.ppf((1 + level) / 2, freedom)
    upper = edge + 4 * stats.t.ppf(max(power, 0.6), freedom) + 8
    found = brentq(
        lambda shift: power_of(shift, 1.0, freedom=freedom, level=level) - power, 1e-9, upper, xtol=1e-10
    )
    return float(found * error)


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """What customers of a campaign spent more than those they are compared with.

    `kind`: `CONTROL_GROUP`, `MATCHED` or `NONE`.
    `reason`: Why there is no comparison, in a code; empty where there is one.
    `few`: Whether there is none because of too few customers.
    `chosen`: Net spend a customer within the time, account currency, adjusted for spend before.
    `effects` (one row a way to work it out): `way` ("adjusted", "unadjusted", "redrawn", "everyone"),
        `effect`, `low`, `high`, `p_value`, `error`, `freedom`, `contacted`, `compared` (customers).
    `balance`: as `crmlib.analyse.campaigns.comparison.balance_table` gives it.
    `units` (one row a customer compared, or a pair): `customer_id`, `partner_id` (matched), `side` (1
        contacted, 0 control, of pairs 1), `value` (adjusted spend, of pairs the difference).
    `contacted`, `compared`: Customers of each side that count.
    `base_mean`: Mean net spend of those compared with.
    `margin_pct`: Of the contacted customers' spend within the time; NaN where costs of goods are not known.
    """

    kind: str
    reason: str = ""
    few: bool = False
    chosen: Difference = field(default_factory=Difference.unknown)
    effects: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(EFFECT_COLUMNS)))
    balance: pd.DataFrame = field(default_factory=pd.DataFrame)
    units: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["customer_id", "partner_id", "side", "value"])
    )
    contacted: int = 0
    compared: int = 0
    base_mean: float = float("nan")
    margin_pct: float = float("nan")

    @property
    def enough(self) -> bool:
        """Whether either side has the customers that a conclusion takes."""
        return min(self.contacted, self.compared) >= FEWEST

    @property
    def unlike(self) -> list[str]:
        """Figures of buying before the campaign in which matched groups still lie too far apart."""
        if self.kind != MATCHED or self.balance.empty:
            return []
        buying = self.balance[self.balance["feature"].isin(BUYING)]
        far = ~(buying["difference_after"].abs() <= FAR_APART)
        return list(buying.loc[far, "feature"])


def compare(
    people: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    span: str = DURING,
    seed: int = 0,
    redrawn: bool = False,
    min_group: int = MINIMUM_GROUP,
) -> Comparison:
    """Compare spend within a campaign's time, or that before it, with the control group or with matched customers."""
    rows = people[people["span"] == span]
    if CONTROL in set(people["arm"]):
        sides = rows[rows["arm"].isin([CONTACTED, CONTROL])].reset_index(drop=True)
        return _with_control(sides, seed=seed, redrawn=redrawn)
    sides = rows[rows["arm"].isin([CONTACTED, OTHER])].reset_index(drop=True)
    return _with_partners(sides, levels, seed=seed, redrawn=redrawn, min_group=min_group)


def _with_control(rows: pd.DataFrame, *, seed: int, redrawn: bool) -> Comparison:
    ours = (rows["arm"] == CONTACTED).to_numpy()
    spend, before = rows["spend"].to_numpy(dtype=float), rows["spend_before"].to_numpy(dtype=float)
    if min(ours.sum(), (~ours).sum()) < 2:
        reason = ONE_CONTACTED if ours.sum() < 2 else ONE_HELD_OUT
        contacted = int(ours.sum())
        return Comparison(
            kind=CONTROL_GROUP, reason=reason, few=True, contacted=contacted, compared=int((~ours).sum())
        )
    adjusted = adjusted_spend(spend[ours], spend[~ours], one_before=before[ours], other_before=before[~ours])
    ways = {"adjusted": welch(*adjusted), "unadjusted": welch(spend[ours], spend[~ours])}
    if redrawn:
        drawn = [resampled_means(part[:, None], seed=seed + i)[:, 0] for i, part in enumerate(adjusted)]
        ways["redrawn"] = _drawn(ways["adjusted"], drawn[0] - drawn[1])
    counts = {"contacted": int(ours.sum()), "compared": int((~ours).sum())}
    value = np.empty(len(rows))
    value[ours], value[~ours] = adjusted
    units = pd.DataFrame({"customer_id": rows["customer_id"], "partner_id": "", "side": ours, "value": value})
    return Comparison(
        kind=CONTROL_GROUP,
        chosen=ways["adjusted"],
        effects=_effects(ways, counts),
        balance=balance_table(known_before(rows), ours, None),
        units=units.astype({"side": "int64"}),
        base_mean=float(spend[~ours].mean()),
        margin_pct=_margin(rows[ours]),
        **counts,
    )


def _with_partners(
    rows: pd.DataFrame, levels: pd.DataFrame, *, seed: int, redrawn: bool, min_group: int
) -> Comparison:
    all_ours = (rows["arm"] == CONTACTED).to_numpy()
    known = rows["known_days"].notna() & (rows["history_days"] >= RECENT_DAYS)
    told = rows[known].reset_index(drop=True)
    ours = (told["arm"] == CONTACTED).to_numpy()
    reason = _no_partners(rows, ours)
    if reason:
        few = reason != SHORT_HISTORY
        contacted = int(ours.sum())
        return Comparison(kind=NONE, reason=reason, few=few, contacted=contacted, compared=int((~ours).sum()))
    figures = known_before(told)
    groups = levels_of(levels, told["customer_id"], min_group=min_group)
    pairs = match_pairs(matching_matrix(figures, groups), ours, seed=seed)
    balance = balance_table(pd.concat([figures, groups], axis=1), ours, pairs)
    n = len(pairs.treated)
    if n < 2:
        return Comparison(kind=NONE, reason=NO_PARTNER, few=True, balance=balance)
    spend, before = told["spend"].to_numpy(dtype=float), told["spend_before"].to_numpy(dtype=float)
    gaps, gaps_before = (values[pairs.treated] - values[pairs.partner] for values in (spend, before))
    adjusted, chosen = adjusted_pairs(gaps, before=gaps_before)
    ways = {"adjusted": chosen, "unadjusted": mean_of_pairs(gaps)}
    if redrawn:
        ways["redrawn"] = _drawn(chosen, resampled_means(adjusted[:, None], seed=seed)[:, 0])
    counts = {"contacted": n, "compared": n}
    everyone = {"contacted": int(all_ours.sum()), "compared": int((~all_ours).sum())}
    all_spend = rows["spend"].to_numpy(dtype=float)
    naive = _effects({"everyone": welch(all_spend[all_ours], all_spend[~all_ours])}, everyone)
    ids = told["customer_id"]
    units = pd.DataFrame(
        {
            "customer_id": ids.to_numpy()[pairs.treated],
            "partner_id": ids.to_numpy()[pairs.partner],
            "side": 1,
            "value": adjusted,
        }
    )
    return Comparison(
        kind=MATCHED,
        chosen=chosen,
        effects=pd.concat([_effects(ways, counts), naive], ignore_index=True),
        balance=balance,
        units=units,
        base_mean=float(spend[pairs.partner].mean()),
        margin_pct=_margin(told.iloc[pairs.treated]),
        **counts,
    )


def _no_partners(rows: pd.DataFrame, ours: np.ndarray) -> str:
    history = float(rows["history_days"].max()) if len(rows) else float("nan")
    if not history >= RECENT_DAYS:
        return SHORT_HISTORY
    if ours.sum() < FEWEST:
        return FEW_INSIDE
    return FEW_OUTSIDE if (~ours).sum() < FEWEST else ""


def _drawn(found: Difference, draws: np.ndarray) -> Difference:
    low, high = interval(draws)
    error = float(draws.std(ddof=1))
    return Difference(
        value=found.value, low=low, high=high, p_value=float("nan"), error=error, freedom=float("nan")
    )


def _effects(ways: dict[str, Difference], counts: dict[str, int]) -> pd.DataFrame:
    rows = [
        (way, found.value, found.low, found.high, found.p_value, found.error, found.freedom, *counts.values())
        for way, found in ways.items()
    ]
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def _margin(rows: pd.DataFrame) -> float:
    costed = float(rows["costed"].sum())
    return 100 * float(rows["margin"].sum()) / costed if costed > 0 else float("nan")
