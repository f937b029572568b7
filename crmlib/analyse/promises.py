"""What models promised at earlier closing moments, held against what has come true since; and their verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.model import ChurnModel
from crmlib.analyse.forecast.result import PIPELINE, SALES, Forecast
from crmlib.analyse.learn.evaluate import evaluate, learn_level
from crmlib.analyse.lifetime.future import FutureContribution
from crmlib.analyse.offers.result import Offers
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.tests import SURE
from crmlib.measure.deals.stays import deals
from crmlib.measure.offers.candidates import products_bought
from crmlib.measure.purchases.history import purchase_days, purchases_within, read_once
from crmlib.measure.sales import sales_series
from crmlib.prepare.clock import closing_moment, day_of, days_later, local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import all_kept, keep, kept_key
from crmlib.prepare.privacy import pseudonyms

CHURN, VALUE, OFFERS = "churn", "value", "offers"
MODELS = (CHURN, VALUE, OFFERS, SALES, PIPELINE)
KEPT_AS = {CHURN: "promises", **{model: f"promises-{model}" for model in MODELS[1:]}}
"""What is kept of each model under which name."""
UNITS = {CHURN: "share", VALUE: "count", OFFERS: "share", SALES: "money", PIPELINE: "money"}
"""Of what is promised; shares are in percent."""
TOO_EARLY, HOLDS, WATCH, REFIT, DO_NOT_USE = "too_early", "holds", "watch", "refit", "do_not_use"
VERDICTS = (TOO_EARLY, HOLDS, WATCH, REFIT, DO_NOT_USE)
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
"""So many of the latest promises that are due are scored, and of earlier ones those that verdicts need: a promise of a
year shares days with all of the eleven months after it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ModelWatch:
    """What came of the promises of one model.

    Attributes
    ----------
    scored : DataFrame, one row a promise that is due, the oldest first
        `made_on`, `until`, `learnt_on` (days of the workspace's zone), `customers`, `expected`, `low`,
        `high`, `actual` (in the unit of `UNITS`: the share that stopped, purchases, the share that bought an
        offer, money sold or won), `is_covered` (NaN where no range was promised), `plain_expected` (of the
        plain rule of a forecast), `order`, `order_low`, `order_high`, `plain_order` (pairs in the right
        order, the plain one by the longest silence; of offers the share of customers who bought one, the
        plain list being that of the products with most buyers), `ahead`, `ahead_low`, `ahead_high` (of the
        plain order, paired), `money_expected`, `money_actual` (of churn what those who stopped had brought in
        the horizon before, of value what customers brought; account currency), `counts` (enough customers to
        judge).
    drift : DataFrame indexed by figure
        `psi`, `distance` (largest difference of the two distributions, 0 to 1), `low`, `high` (95 %), `drifted`.
    verdict : str
        One of `VERDICTS`.
    reason : str
        Which rule gave it: "none_due", "few", "no_order", "plain_better", "missed", "missed_lately", "drift", "kept".
    waiting : int
        Promises that are not due yet.
    model : str
        One of `MODELS`.
    learnt_on : tuple of Timestamp
        Where ``[models] refit`` lets a model stand: until when each that stood was learnt, the present one last.
    """

    scored: pd.DataFrame
    drift: pd.DataFrame = field(repr=False)
    verdict: str
    reason: str
    waiting: int
    currency: str = ""
    model: str = CHURN
    learnt_on: tuple[pd.Timestamp, ...] = ()

    def learnt_from(self, crm: Crm) -> Crm:
        """The tables from which the model that stands was learnt."""
        return crm.at(self.learnt_on[-1]) if self.learnt_on and self.learnt_on[-1] < crm.as_of else crm

    @property
    def covered(self) -> tuple[int, int]:
        """How many of the ranges held what came, and how many there were."""
        known = self.scored["is_covered"].dropna()
        return int(known.sum()), len(known)

    @property
    def off_pct(self) -> float:
        """How much more came than was expected, percent, over the last promises that share no day."""
        last = one_after_the_other(self.scored).tail(MISSES)
        return 100 * (float(last["actual"].sum() / last["expected"].sum()) - 1)

    def error_pct(self, expected: str = "expected") -> float:
        """How far off promises were, as a share of what came; NaN where none is known."""
        known = self.scored.dropna(subset=[expected])
        came = known["actual"].abs().sum()
        return 100 * float((known[expected] - known["actual"]).abs().sum() / came) if came > 0 else np.nan

    def _repr_html_(self) -> str:
        return self.scored.round(3).to_html(index=False)


Promising = ChurnModel | FutureContribution | Offers | Forecast


def keep_promise(
    crm: Crm, model: Promising, indicators: pd.DataFrame | None = None, *, levels: bool = True
) -> None:
    """Keep what a model says today, once a calendar month, under names that only this workspace's secret makes.

    Without `levels` its order is kept and no range.
    """
    kind, key = kind_of(model), kept_key(crm)
    if not key or any(one["as_of"].startswith(f"{crm.as_of:%Y-%m}") for one in all_kept(crm, KEPT_AS[kind])):
        return
    if isinstance(model, Forecast):
        found = _of_forecast(crm, model)
    elif isinstance(model, Offers):
        found = _of_offers(crm, model, key=key, levels=levels)
    else:
        of = _of_value if isinstance(model, FutureContribution) else _of_churn
        found = of(crm, model, indicators, key)
    if found is not None:
        keep(crm, KEPT_AS[kind], found)


def kind_of(model: Promising) -> str:
    """Which of `MODELS` it is."""
    if isinstance(model, Forecast):
        return model.kind
    return VALUE if isinstance(model, FutureContribution) else OFFERS if isinstance(model, Offers) else CHURN


def _of_churn(crm: Crm, model: Any, indicators: pd.DataFrame, key: str) -> dict[str, Any] | None:
    if not model.stops or model.horizon_days is None:
        return None
    numbers = set(indicators.head(0).select_dtypes(["number", "bool"]))
    figures = [name for name in model.features if name in numbers]
    # Customers are looked up once for all figures.
    now = indicators[list(dict.fromkeys(["recency_days", *figures]))].reindex(model.scores.index)
    value = model.value.reindex(model.scores.index)
    level = model.level
    return {
        "horizon_days": int(model.horizon_days),
        "active_days": model.active_days,
        "learnt_on": (model.learnt_on or crm.as_of).isoformat(),
        "customers": _by_name(key, model.scores, now["recency_days"], value),
        "range": None if level is None or not level.is_promised else [float(level.low), float(level.high)],
        "figures": {name: spread_of(now[name]) for name in figures},
    }


def _of_value(
    crm: Crm, future: FutureContribution, indicators: pd.DataFrame, key: str
) -> dict[str, Any] | None:
    said = future.table.dropna(subset=["expected_purchases"])
    level = future.levels["purchases"]
    spend = said["expected_purchases"] * said["expected_average_spend"]
    silence = indicators["recency_days"].reindex(said.index)
    return {
        "horizon_days": int(future.horizon_days),
        "customers": _by_name(key, said["expected_purchases"], silence, spend),
        "range": [float(level.low), float(level.high)] if level.is_promised else None,
    }


def _of_offers(crm: Crm, offers: Offers, *, key: str, levels: bool) -> dict[str, Any] | None:
    table = offers.table.dropna(subset=["probability"])
    if table.empty:
        return None
    lists = table.groupby("customer_id")["product_id"].agg(list)
    chances = 1 - (1 - table["probability"]).groupby(table["customer_id"]).prod()
    lately = products_bought(crm, after=days_later(crm.as_of, -91, time_zone=crm.time_zone))
    expected = float(chances.mean())
    # What drawing customers explains, on the scale of odds; the next season's surprise is added by the level.
    within = 1 / np.sqrt(len(chances) * expected * (1 - expected)) if 0 < expected < 1 else np.nan
    level = surprised(expected, within=float(within))
    return {
        "horizon_days": int(offers.horizon_days),
        "customers": dict(zip(_names(lists.index, key), lists, strict=True)),
        "plain": lately["product_id"].value_counts().head(offers.k).index.tolist(),
        "expected": expected,
        "range": level if levels else None,
    }


def surprised(share: float, *, within: float) -> list[float] | None:
    """The range of a share whose past is not known: two like dates lie apart as far as `backtest.SURPRISE` says."""
    today = pd.Timestamp(0)
    # One past day that was met exactly leaves the shift at nothing and the surprise as it is assumed.
    past = pd.DataFrame(
        {"made_on": [today], "until": [today], "expected": share, "actual": share, "within": within}
    )
    level = learn_level(past, raw=share, within=within, today=today, span_days=0, scale="logit")
    return [level.low, level.high] if np.isfinite(level.high) else None


def _of_forecast(crm: Crm, forecast: Forecast) -> dict[str, Any]:
    total = forecast.total
    return {
        "measure": forecast.measure,
        "today": f"{forecast.today:%Y-%m-%d}",
        "ends_on": f"{forecast.ends_on:%Y-%m-%d}",
        "expected": float(total["expected"]),
        "plain": _number(total["baseline"]),
        "range": [float(total["low"]), float(total["high"])] if forecast.is_promised else None,
    }


def _names(customers: Any, key: str) -> pd.Series:
    return pseudonyms(pd.Series(customers, dtype="str"), key=key)


def _by_name(key: str, *columns: pd.Series) -> dict[str, list[float | None]]:
    kept = [
        [None if x != x else round(x, 6) for x in column.to_numpy("float64", na_value=np.nan).tolist()]
        for column in columns
    ]
    return {name: list(row) for name, *row in zip(_names(columns[0].index, key), *kept, strict=True)}


def watch_models(crm: Crm, indicators: pd.DataFrame | None = None) -> dict[str, ModelWatch]:
    """Every model that has promised something, and that of who stops buying: model -> what came of it."""
    kept = [model for model in MODELS if model == CHURN or all_kept(crm, KEPT_AS[model])]
    return {model: watch_model(crm, indicators if model == CHURN else None, model=model) for model in kept}


def watch_model(crm: Crm, indicators: pd.DataFrame | None = None, *, model: str = CHURN) -> ModelWatch:
    """Score every promise of a model that has come due, and say whether it still holds."""
    kept = all_kept(crm, KEPT_AS[model])
    due = [one for one in kept if _ends(crm, one) <= crm.as_of]
    days = pd.DataFrame([_days(crm, one) for one in due], columns=["made_on", "until", "learnt_on"])
    apart = one_after_the_other(days).index[-MISSES:]
    chosen = sorted({*apart, *days.index[-MOST_SCORED:]})
    key = kept_key(crm) if due else ""
    scores = [_SCORERS[model](crm, due[place], _ends(crm, due[place]), key) for place in chosen]
    scored = days.loc[chosen].reset_index(drop=True).join(pd.DataFrame(scores, columns=list(SCORES)))
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
        model=model,
        learnt_on=_learning(crm, kept, scored) if model == CHURN else (),
    )


def _days(crm: Crm, promise: Mapping[str, Any]) -> dict[str, pd.Timestamp]:
    """From when, until when, and until when its model was learnt: days of the workspace's zone."""
    made = {"made_on": pd.Timestamp(promise["today"])} if "today" in promise else {}
    moments = {"made_on": promise["as_of"], "until": _ends(crm, promise), "learnt_on": _learnt_on(promise)}
    return {name: day_of(moment, time_zone=crm.time_zone) for name, moment in moments.items()} | made


def _learnt_on(promise: Mapping[str, Any]) -> pd.Timestamp:
    return pd.Timestamp(promise.get("learnt_on", promise["as_of"]))


def _learning(crm: Crm, kept: Sequence[Mapping[str, Any]], scored: pd.DataFrame) -> tuple[pd.Timestamp, ...]:
    """Until when each model that stood was learnt, and that of now: its own promises alone speak against a model."""
    refit = getattr(getattr(crm.config, "models", None), "refit", "always")
    stood = list(dict.fromkeys(map(_learnt_on, kept)))
    if refit == "always":
        return ()
    if isinstance(refit, date):
        now = min(closing_moment(refit.isoformat(), time_zone=crm.time_zone), crm.as_of)
    elif not stood:
        now = crm.as_of
    else:
        now = _learnt_on(kept[-1])
        own = scored[scored["learnt_on"] == day_of(now, time_zone=crm.time_zone)]
        verdict, _ = judge(own, drift_of({}, pd.DataFrame()))
        if refit == "by_verdict" and verdict in (REFIT, DO_NOT_USE):
            now = crm.as_of
    return (*(day for day in stood if day != now), now)


def _ends(crm: Crm, promise: Mapping[str, Any]) -> pd.Timestamp:
    if "ends_on" in promise:
        return closing_moment(promise["ends_on"], time_zone=crm.time_zone)
    return days_later(pd.Timestamp(promise["as_of"]), promise["horizon_days"], time_zone=crm.time_zone)


SCORES = (
    *("customers", "expected", "low", "high", "actual", "is_covered", "plain_expected"),
    *("order", "order_low", "order_high", "plain_order", "ahead", "ahead_low", "ahead_high"),
    *("money_expected", "money_actual", "counts"),
)


def _stops(crm: Crm, one: Mapping[str, Any], end: pd.Timestamp, key: str) -> dict[str, Any]:
    bought = purchases_within(crm, after=pd.Timestamp(one["as_of"]), until=end)["purchase_count"]
    return score(one, set(_names(bought.index[bought > 0], key)))


def score(promise: Mapping[str, Any], came: set[str]) -> dict[str, Any]:
    """One promise of who stops against who came: order beside the plain rule, share and money beside what came."""
    table = _said(promise)
    stopped = ~table.index.isin(came)
    low, high = (100 * end for end in promise["range"] or (np.nan, np.nan))
    return {
        **_level(100 * table["said"].mean(), 100 * float(stopped.mean()), (low, high)),
        **_order(table["said"].to_numpy(), table["silence"], stopped),
        "customers": len(table),
        "money_expected": float((table["said"] * table["value"]).sum(min_count=1)),
        "money_actual": float(table.loc[stopped, "value"].sum(min_count=1)),
    }


def _purchases(crm: Crm, one: Mapping[str, Any], end: pd.Timestamp, key: str) -> dict[str, Any]:
    table, zone = _said(one), crm.time_zone
    days = purchase_days(read_once(crm.at(end)), as_of=end, time_zone=zone)
    days = days[days["ordered_on"] > local_time(one["as_of"], time_zone=zone).normalize()]
    came = days.assign(who=_names(days["customer_id"], key).to_numpy()).groupby("who")["kept_amount"]
    count, money = (
        came.agg(how).reindex(table.index).fillna(0.0).astype("float64") for how in ("size", "sum")
    )
    # Who is expected to buy least often is the likeliest to stay away.
    stays = 1 - table["said"].rank(pct=True).to_numpy()
    return {
        **_level(table["said"].sum(), count.sum(), one["range"]),
        **_order(stays, table["silence"], count.to_numpy() == 0),
        "customers": len(table),
        "money_expected": float(table["value"].sum(min_count=1)),
        "money_actual": float(money.sum()),
    }


def _bought(crm: Crm, one: Mapping[str, Any], end: pd.Timestamp, key: str) -> dict[str, Any]:
    pairs = products_bought(crm, after=pd.Timestamp(one["as_of"]), until=end)
    baskets = (
        pairs.assign(who=_names(pairs["customer_id"], key).to_numpy()).groupby("who")["product_id"].agg(set)
    )
    return score_offers(one, baskets.to_dict())


def score_offers(promise: Mapping[str, Any], bought: Mapping[str, set[str]]) -> dict[str, Any]:
    """Lists of offers against what each customer bought, beside the list of what most customers buy."""
    plain, lists = set(promise["plain"]), promise["customers"]
    hits = np.array([not bought.get(who, set()).isdisjoint(own) for who, own in lists.items()], dtype=float)
    others = np.array([not bought.get(who, set()).isdisjoint(plain) for who in lists], dtype=float)
    ahead = 100 * (hits - others)
    reach = 1.96 * ahead.std() / np.sqrt(len(ahead))
    counts = min(int(hits.sum()), int((1 - hits).sum())) >= FEWEST
    low, high = (100 * end for end in promise["range"] or (np.nan, np.nan))
    return {
        **_level(100 * promise["expected"], 100 * hits.mean(), (low, high)),
        "customers": len(lists),
        "order": 100 * hits.mean(),
        "plain_order": 100 * others.mean(),
        "ahead": ahead.mean(),
        "ahead_low": ahead.mean() - reach,
        "ahead_high": ahead.mean() + reach,
        "counts": counts,
    }


def _sold(crm: Crm, one: Mapping[str, Any], end: pd.Timestamp, key: str) -> dict[str, Any]:
    today = pd.Timestamp(one["ends_on"])
    values = sales_series(crm.at(end), measure=one["measure"], today=today).values["all"]
    inside = (values.index > pd.Timestamp(one["today"])) & (values.index <= today)
    return _forecast(one, float(values[inside].sum()))


def _won(crm: Crm, one: Mapping[str, Any], end: pd.Timestamp, key: str) -> dict[str, Any]:
    known = deals(crm.at(end))
    begins = closing_moment(one["today"], time_zone=crm.time_zone)
    inside = known["outcome"].eq("won") & (known["closed_at"] > begins) & (known["closed_at"] <= end)
    return _forecast(one, float(known.loc[inside, "amount"].sum()))


_SCORERS = {CHURN: _stops, VALUE: _purchases, OFFERS: _bought, SALES: _sold, PIPELINE: _won}


def _forecast(one: Mapping[str, Any], actual: float) -> dict[str, Any]:
    plain = np.nan if one["plain"] is None else one["plain"]
    return _level(one["expected"], actual, one["range"]) | {"plain_expected": plain, "counts": True}


def _level(expected: float, actual: float, ends: Sequence[float] | None) -> dict[str, Any]:
    low, high = ends or (np.nan, np.nan)
    covered = float(low <= actual <= high) if np.isfinite(low) else np.nan
    level = {"expected": expected, "low": low, "high": high, "actual": actual, "is_covered": covered}
    return dict.fromkeys(SCORES, np.nan) | {name: float(value) for name, value in level.items()}


def _said(promise: Mapping[str, Any]) -> pd.DataFrame:
    columns = ["said", "silence", "value"]
    return pd.DataFrame.from_dict(promise["customers"], orient="index", columns=columns, dtype="float64")


_AHEAD = {"ahead": "auc_difference", "ahead_low": "auc_low", "ahead_high": "auc_high"}


def _order(stops: np.ndarray, silence: pd.Series, stopped: np.ndarray) -> dict[str, Any]:
    """How well who stops was put in order, beside the plain rule; nothing where too few did or stayed."""
    if min(int(stopped.sum()), int((~stopped).sum())) < FEWEST:
        return {"counts": False}
    plain = silence.rank(pct=True).fillna(0.5).to_numpy()
    rows, ahead = evaluate({"model": stops, "plain": plain}, stopped, chosen="model", baselines=("plain",))
    of_model, of_plain = (rows[rows["model"] == name].iloc[0] for name in ("model", "plain"))
    found = {f"order{end}": float(of_model[f"auc{end}"]) for end in ("", "_low", "_high")}
    found |= {name: float(ahead[of].iloc[0]) for name, of in _AHEAD.items()}
    return found | {"plain_order": float(of_plain["auc"]), "counts": True}


def judge(scored: pd.DataFrame, drift: pd.DataFrame) -> tuple[str, str]:
    """The verdict on a model, and the rule that gave it: the worst that holds."""
    moved = bool(drift["drifted"].any())
    known = scored if scored.empty else one_after_the_other(scored[scored["counts"].astype("bool")])
    if known.empty and not moved:
        return TOO_EARLY, "none_due" if scored.empty else "few"
    if known.empty:
        return WATCH, "drift"
    last = known.tail(IN_A_ROW)
    # One promise alone may fail by chance; a model is given up on two that speak against it.
    if len(last) == IN_A_ROW and (last["order_low"] <= 0.5).all():
        return DO_NOT_USE, "no_order"
    if len(last) == IN_A_ROW and (last["ahead_high"] < 0).all():
        return DO_NOT_USE, "plain_better"
    above, below = known["actual"] > known["high"], known["actual"] < known["low"]
    side = np.select([above, below], [1, -1], default=0)
    if len(side) >= MISSES and abs(side[-MISSES:].sum()) == MISSES:
        return REFIT, "missed"
    if len(side) >= MISSES - 1 and abs(side[1 - MISSES :].sum()) == MISSES - 1:
        return WATCH, "missed_lately"
    if moved:
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
