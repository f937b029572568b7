"""What a model promised at earlier closing moments, held against what has come true since; and its verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import ChurnModel
from crmlib.analyse.learn.evaluate import evaluate
from crmlib.analyse.stats.tests import SURE
from crmlib.measure.purchases.outcomes import purchases_within
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import all_kept, keep, kept_key
from crmlib.prepare.privacy import pseudonyms

KEPT_AS = "promises"
TOO_EARLY, HOLDS, WATCH, REFIT, DO_NOT_USE = "too_early", "holds", "watch", "refit", "do_not_use"
VERDICTS = (TOO_EARLY, HOLDS, WATCH, REFIT, DO_NOT_USE)
FEWEST = 30
"""Customers who stopped, and who stayed, that a promise needs to be judged."""
IN_A_ROW = 2
"""So many promises in a row, one horizon after the other, must speak against a model before it is given up."""
MISSES = 3
"""So many in a row must miss on one side before its level is; one less is worth a look. A range of 80 % is missed by
one of five, so that less would be said of every model within a year."""
FEWEST_INPUTS = 200
"""Customers at both dates without which no drift of a figure is judged."""
DRIFT = 0.25
"""Population stability index from which a figure counts as drifted."""
DRIFT_DISTANCE = 0.1
"""And the distance of the two distributions must be shown to be more than this."""
BINS = 10
MOST_SCORED = 8
"""So many of the latest promises that are due are scored."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelWatch:
    """What came of the promises of the churn model.

    Attributes
    ----------
    scored : DataFrame, one row a promise that is due, the oldest first
        `made_on`, `until`, `customers`, `stopped`, `auc`, `auc_low`, `auc_high`, `plain_auc` (longest silence first),
        `ahead`, `ahead_low`, `ahead_high` (of the plain rule, paired), `expected_pct`, `low_pct`, `high_pct`,
        `actual_pct`, `is_covered` (NaN where no range was promised), `money_expected`, `money_actual` (what those who
        stopped had brought in the horizon before; account currency), `counts` (enough customers to judge).
    drift : DataFrame indexed by figure
        `psi`, `distance` (largest difference of the two distributions, 0 to 1), `low`, `high` (95 %), `drifted`.
    verdict : str
        One of `VERDICTS`.
    reason : str
        Which rule gave it: "none_due", "few", "no_order", "plain_better", "missed", "missed_lately", "drift", "kept".
    waiting : int
        Promises that are not due yet.
    """

    scored: pd.DataFrame
    drift: pd.DataFrame = field(repr=False)
    verdict: str
    reason: str
    waiting: int
    currency: str = ""

    def _repr_html_(self) -> str:
        return self.scored.round(3).to_html(index=False)


def keep_promise(crm: Crm, model: ChurnModel, indicators: pd.DataFrame) -> None:
    """Keep what the model says today, once a calendar month, under names that only this workspace's secret makes."""
    month, key = f"{crm.as_of:%Y-%m}", kept_key(crm)
    is_kept = any(one["as_of"].startswith(month) for one in all_kept(crm, KEPT_AS))
    if is_kept or not key or not model.stops or model.horizon_days is None:
        return
    who = pseudonyms(pd.Series(model.scores.index, dtype="str"), key=key)
    silence = indicators["recency_days"].reindex(model.scores.index)
    value = model.value.reindex(model.scores.index)
    rows = zip(who, model.scores, silence, value, strict=True)
    level = model.level
    figures = [name for name in model.features if name in indicators]
    keep(
        crm,
        KEPT_AS,
        {
            "horizon_days": int(model.horizon_days),
            "active_days": model.active_days,
            "customers": {name: [_number(x) for x in row] for name, *row in rows},
            "range": None
            if level is None or not level.is_promised
            else [float(level.low), float(level.high)],
            "figures": {name: spread_of(indicators[name].reindex(model.scores.index)) for name in figures},
        },
    )


def watch_model(crm: Crm, indicators: pd.DataFrame | None = None) -> ModelWatch:
    """Score every promise that has come due, and say whether the model still holds."""
    key, rows = kept_key(crm), []
    kept = all_kept(crm, KEPT_AS)
    until = [
        days_later(pd.Timestamp(one["as_of"]), one["horizon_days"], time_zone=crm.time_zone) for one in kept
    ]
    due = [(one, end) for one, end in zip(kept, until, strict=True) if end <= crm.as_of]
    for one, end in due[-MOST_SCORED:]:
        made = pd.Timestamp(one["as_of"])
        bought = purchases_within(crm, after=made, until=end)["purchase_count"]
        came = pd.Series(bought[bought > 0].index, dtype="str")
        who = set(pseudonyms(came, key=key)) if len(came) else set()
        rows.append({"made_on": made, "until": end, **score(one, who)})
    scored = pd.DataFrame(rows, columns=["made_on", "until", *SCORES])
    drift = drift_of({}, pd.DataFrame())
    if kept and indicators is not None:
        asked = indicators["order_count"] > 0
        if kept[-1]["active_days"] is not None:
            asked &= indicators["recency_days"] < kept[-1]["active_days"]
        drift = drift_of(kept[-1]["figures"], indicators[asked])
    verdict, reason = judge(scored, drift)
    return ModelWatch(
        scored=scored,
        drift=drift,
        verdict=verdict,
        reason=reason,
        waiting=len(kept) - len(due),
        currency=crm.currency,
    )


SCORES = (
    *("customers", "stopped", "auc", "auc_low", "auc_high", "plain_auc", "ahead", "ahead_low", "ahead_high"),
    *(
        "expected_pct",
        "low_pct",
        "high_pct",
        "actual_pct",
        "is_covered",
        "money_expected",
        "money_actual",
        "counts",
    ),
)


_AHEAD = {"ahead": "auc_difference", "ahead_low": "auc_low", "ahead_high": "auc_high"}


def score(promise: Mapping[str, Any], came: set[str]) -> dict[str, Any]:
    """One promise against who came: order beside the plain rule, share and money beside what came true."""
    table = pd.DataFrame.from_dict(
        promise["customers"], orient="index", columns=["p", "silence", "value"], dtype="float64"
    )
    stopped = ~table.index.isin(came)
    counts = min(int(stopped.sum()), int((~stopped).sum())) >= FEWEST
    found: dict[str, Any] = dict.fromkeys(SCORES, np.nan)
    if counts:
        plain = table["silence"].rank(pct=True).fillna(0.5).to_numpy()
        rows, ahead = evaluate(
            {"model": table["p"].to_numpy(), "plain": plain}, stopped, chosen="model", baselines=("plain",)
        )
        of_model, of_plain = (rows[rows["model"] == name].iloc[0] for name in ("model", "plain"))
        found |= {name: float(of_model[name]) for name in ("auc", "auc_low", "auc_high")}
        found |= {"plain_auc": float(of_plain["auc"])}
        found |= {name: float(ahead[of].iloc[0]) for name, of in _AHEAD.items()}
    low, high = promise["range"] or (np.nan, np.nan)
    actual = 100 * float(stopped.mean()) if len(table) else np.nan
    return found | {
        "customers": len(table),
        "stopped": int(stopped.sum()),
        "expected_pct": 100 * float(table["p"].mean()),
        "low_pct": 100 * low,
        "high_pct": 100 * high,
        "actual_pct": actual,
        "is_covered": float(100 * low <= actual <= 100 * high) if np.isfinite(low) else np.nan,
        "money_expected": float((table["p"] * table["value"]).sum(min_count=1)),
        "money_actual": float(table.loc[stopped, "value"].sum(min_count=1)),
        "counts": counts,
    }


def judge(scored: pd.DataFrame, drift: pd.DataFrame) -> tuple[str, str]:
    """The verdict on a model, and the rule that gave it: the worst that holds."""
    if scored.empty:
        return TOO_EARLY, "none_due"
    known = one_after_the_other(scored[scored["counts"].astype("bool")])
    if known.empty:
        return TOO_EARLY, "few"
    last = known.tail(IN_A_ROW)
    # One promise alone may fail by chance; a model is given up on two that speak against it.
    if len(last) == IN_A_ROW and (last["auc_low"] <= 0.5).all():
        return DO_NOT_USE, "no_order"
    if len(last) == IN_A_ROW and (last["ahead_high"] < 0).all():
        return DO_NOT_USE, "plain_better"
    side = np.select(
        [known["actual_pct"] > known["high_pct"], known["actual_pct"] < known["low_pct"]], [1, -1], default=0
    )
    if len(side) >= MISSES and abs(side[-MISSES:].sum()) == MISSES:
        return REFIT, "missed"
    if len(side) >= MISSES - 1 and abs(side[1 - MISSES :].sum()) == MISSES - 1:
        return WATCH, "missed_lately"
    if drift["drifted"].any():
        return WATCH, "drift"
    return HOLDS, "kept"


def one_after_the_other(scored: pd.DataFrame) -> pd.DataFrame:
    """Promises that share no day, chosen backwards from the last: what overlaps would fail together."""
    kept, begins = [], None
    for place in range(len(scored) - 1, -1, -1):
        row = scored.iloc[place]
        if begins is None or row["until"] <= begins:
            kept.append(place)
            begins = row["made_on"]
    return scored.iloc[kept[::-1]]


def spread_of(values: pd.Series) -> dict[str, Any]:
    """A figure's distribution in ten parts: edges, how many in each, and how many where it is not known.

    Of words the nine most frequent stand for the edges, and the last part is of all others."""
    known = values.dropna()
    if not len(known):
        return {"edges": [], "counts": _binned(values, [])}
    if pd.api.types.is_numeric_dtype(known):
        edges = np.unique(np.quantile(known.astype("float64"), np.arange(1, BINS) / BINS)).tolist()
    else:
        edges = sorted(known.astype("str").value_counts().index[: BINS - 1])
    return {"edges": edges, "counts": _binned(values, edges)}


def drift_of(then: Mapping[str, Mapping[str, Any]], now: pd.DataFrame) -> pd.DataFrame:
    """How far each figure has moved: no verdict where either date has fewer than `FEWEST_INPUTS` customers.

    References
    ----------
    Siddiqi, N. (2006). Credit Risk Scorecards (population stability index). Massart, P. (1990). The tight constant
    in the Dvoretzky-Kiefer-Wolfowitz inequality. Annals of Probability 18 (the interval of the distance).
    """
    rows = {}
    for name, kept in then.items():
        old = np.array(kept["counts"], dtype="float64")
        if name not in now or min(old.sum(), len(now)) < FEWEST_INPUTS:
            continue
        new = np.array(_binned(now[name], kept["edges"]), dtype="float64")
        # Half a customer more in each part, so that an empty one is not infinitely far.
        p, q = ((one + 0.5) / (one + 0.5).sum() for one in (old, new))
        distance = float(np.abs(np.cumsum(old / old.sum()) - np.cumsum(new / new.sum())).max())
        reach = np.sqrt(np.log(2 / SURE) / 2) * (np.sqrt(1 / old.sum()) + np.sqrt(1 / new.sum()))
        psi = float(((q - p) * np.log(q / p)).sum())
        low, high = max(distance - reach, 0.0), min(distance + reach, 1.0)
        rows[name] = (psi, distance, low, high, psi >= DRIFT and low > DRIFT_DISTANCE)
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["psi", "distance", "low", "high", "drifted"]
    )
    return table.astype({"drifted": "bool"}).rename_axis("figure").sort_values("psi", ascending=False)


def _binned(values: pd.Series, edges: Sequence[float] | Sequence[str]) -> list[int]:
    known = values.dropna()
    if edges and isinstance(edges[0], str):
        places = pd.Index(edges).get_indexer(known.astype("str")) % (len(edges) + 1)
    else:
        places = np.searchsorted(np.asarray(edges, dtype="float64"), known.astype("float64"), side="right")
    return [*np.bincount(places, minlength=len(edges) + 1).tolist(), int(len(values) - len(known))]


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else round(float(value), 6)
