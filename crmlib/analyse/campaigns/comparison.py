"""One campaign's customers against those held out, or, where nobody was, against others like them."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.estimates import (
    Difference,
    adjusted_pairs,
    adjusted_spend,
    mean_of_pairs,
    welch,
)
from crmlib.analyse.campaigns.matching import (
    BUYING,
    balance_table,
    known_before,
    levels_of,
    match_pairs,
    matching_matrix,
)
from crmlib.analyse.stats.bootstrap import interval, resampled_means
from crmlib.measure.campaigns import BEFORE, CONTACTED, CONTROL, DURING, OTHER, RECENT_DAYS

CONTROL_GROUP, MATCHED, NONE = "control group", "matched customers", "none"
"""What a campaign's customers are compared with."""

FEWEST = 30
"""Customers of each side, or pairs, below which nothing is concluded."""

FAR_APART = 0.25
"""Standard deviations in buying before the campaign from which matched groups may not be compared."""

EFFECT_COLUMNS = ("way", "effect", "low", "high", "p_value", "error", "freedom", "contacted", "compared")


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """What customers of a campaign spent more than those they are compared with.

    Attributes
    ----------
    kind : str
        `CONTROL_GROUP`, `MATCHED` or `NONE`.
    reason : str
        Why there is no comparison; empty where there is one.
    few : bool
        Whether there is none because of too few customers.
    chosen : Difference
        Net spend a customer within the time, account currency, adjusted for spend before.
    effects : DataFrame, one row a way to reckon it
        `way` ("adjusted", "unadjusted", "redrawn", "everyone"), `effect`, `low`, `high`, `p_value`, `error`, `freedom`,
        `contacted`, `compared` (customers).
    balance : DataFrame, as `crmlib.analyse.campaigns.matching.balance_table` gives it
    units : DataFrame, one row a customer compared, or a pair
        `customer_id`, `partner_id` (matched), `side` (1 contacted, 0 control, of pairs 1), `value` (adjusted spend, of
        pairs the difference).
    contacted, compared : int
        Customers of each side that count.
    base_mean : float
        Mean net spend of those compared with.
    margin_pct : float
        Of the contacted customers' spend within the time; NaN where costs of goods are not known.
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
    people: pd.DataFrame, levels: pd.DataFrame, *, span: str = DURING, seed: int = 0, redrawn: bool = False
) -> Comparison:
    """Compare spend within a campaign's time, or that before it, with the control group or with matched customers."""
    rows = people[people["span"] == span]
    if CONTROL in set(people["arm"]):
        sides = rows[rows["arm"].isin([CONTACTED, CONTROL])].reset_index(drop=True)
        return _with_control(sides, seed=seed, redrawn=redrawn)
    sides = rows[rows["arm"].isin([CONTACTED, OTHER])].reset_index(drop=True)
    return _with_partners(sides, levels, seed=seed, redrawn=redrawn)


def _with_control(rows: pd.DataFrame, *, seed: int, redrawn: bool) -> Comparison:
    ours = (rows["arm"] == CONTACTED).to_numpy()
    spend, before = rows["spend"].to_numpy(dtype=float), rows["spend_before"].to_numpy(dtype=float)
    if min(ours.sum(), (~ours).sum()) < 2:
        few = (
            "Fewer than two customers were contacted" if ours.sum() < 2 else "Only one customer was held out"
        )
        return Comparison(
            kind=CONTROL_GROUP,
            reason=f"{few}.",
            few=True,
            contacted=int(ours.sum()),
            compared=int((~ours).sum()),
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


def _with_partners(rows: pd.DataFrame, levels: pd.DataFrame, *, seed: int, redrawn: bool) -> Comparison:
    all_ours = (rows["arm"] == CONTACTED).to_numpy()
    known = rows["known_days"].notna() & (rows["history_days"] >= RECENT_DAYS)
    told = rows[known].reset_index(drop=True)
    ours = (told["arm"] == CONTACTED).to_numpy()
    reason = _no_partners(rows, told, ours)
    if reason:
        return Comparison(
            kind=NONE,
            reason=reason,
            few=reason.startswith("Fewer"),
            contacted=int(ours.sum()),
            compared=int((~ours).sum()),
        )
    figures = known_before(told)
    groups = levels_of(levels, told["customer_id"])
    pairs = match_pairs(matching_matrix(figures, groups), ours, seed=seed)
    balance = balance_table(pd.concat([figures, groups], axis=1), ours, pairs)
    n = len(pairs.treated)
    if n < 2:
        said = "No customer outside the campaign was near enough to those in it."
        return Comparison(kind=NONE, reason=said, few=True, balance=balance)
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


def _no_partners(rows: pd.DataFrame, told: pd.DataFrame, ours: np.ndarray) -> str:
    history = float(rows["history_days"].max()) if len(rows) else float("nan")
    if not history >= RECENT_DAYS:
        return f"Orders from before it reach back less than {RECENT_DAYS} days, so nobody can be told to be alike."
    if ours.sum() < FEWEST:
        return f"Fewer than {FEWEST} customers in it had bought before it."
    if (~ours).sum() < FEWEST:
        return f"Fewer than {FEWEST} customers outside it had bought before it."
    return ""


def _drawn(found: Difference, draws: np.ndarray) -> Difference:
    low, high = interval(draws)
    return Difference(
        value=found.value,
        low=low,
        high=high,
        p_value=float("nan"),
        error=float(draws.std(ddof=1)),
        freedom=float("nan"),
    )


def _effects(ways: dict[str, Difference], counts: dict[str, int]) -> pd.DataFrame:
    rows = [
        (
            way,
            found.value,
            found.low,
            found.high,
            found.p_value,
            found.error,
            found.freedom,
            *counts.values(),
        )
        for way, found in ways.items()
    ]
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def _margin(rows: pd.DataFrame) -> float:
    costed = float(rows["costed"].sum())
    return 100 * float(rows["margin"].sum()) / costed if costed > 0 else float("nan")


__all__ = ["BEFORE", "CONTROL_GROUP", "MATCHED", "NONE", "Comparison", "compare"]
