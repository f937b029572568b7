"""Partners for the customers of a campaign: those outside it who looked most like them before it began."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.analyse.stats.small_groups import age_bands, shown_groups
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

    Attributes
    ----------
    treated, partner : arrays of row numbers, one entry a pair
    log_odds : array, one a row
        Of being in the campaign, as predicted by what was known before.
    caliper : float
        Largest difference of the log odds that was allowed.
    """

    treated: np.ndarray
    partner: np.ndarray
    log_odds: np.ndarray
    caliper: float


def match_pairs(features: np.ndarray, treated: np.ndarray, *, seed: int = 0) -> Pairs:
    """A partner for each customer of a campaign, each used once, the nearest that is near enough.

    References
    ----------
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
    return Pairs(
        treated=ours[order][found][back],
        partner=pool[chosen[found]][back],
        log_odds=log_odds,
        caliper=caliper,
    )


def propensity(features: np.ndarray, treated: np.ndarray) -> np.ndarray:
    """The log odds of being in a campaign, by a logistic regression on standardised figures.

    References
    ----------
    Rosenbaum, P. R. & Rubin, D. B. (1983). The central role of the propensity score in observational studies
    for causal effects. Biometrika 70.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        return _log_odds(np.asarray(features, dtype=float), np.asarray(treated, dtype=float))


def balance_table(features: pd.DataFrame, treated: np.ndarray, pairs: Pairs | None) -> pd.DataFrame:
    """How far the groups lie apart in each figure, before matching and after.

    References
    ----------
    Austin, P. C. (2009). Balance diagnostics for comparing the distribution of baseline covariates between
    treatment groups in propensity-score matched samples. Statistics in Medicine 28.
    """
    values, treated = features.to_numpy(dtype=float), np.asarray(treated, dtype=bool)
    ours, others = values[treated], values[~treated]
    spread = np.sqrt((_variance(ours) + _variance(others)) / 2)
    table = pd.DataFrame(
        {
            "feature": features.columns,
            "contacted_mean": _mean(ours),
            "others_mean": _mean(others),
        }
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
        gaps = [
            pool[above] - value if above < n else np.inf,
            value - pool[below] if below >= 0 else np.inf,
        ]
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
