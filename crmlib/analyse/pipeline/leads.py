"""Which open deals are likely to be won, and which leads begin one: learnt from past moments, tested on later ones."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import (
    Fitted,
    Learnt,
    Rows,
    base_rate,
    check_candidates,
    check_seed,
    learn,
    one_thread,
    reason_series,
    rows_of,
    some_of,
)
from crmlib.analyse.learn.reasons import drivers
from crmlib.analyse.pipeline.lead_features import (
    DATED,
    FEWEST,
    LEARN_MOMENTS,
    Moment,
    Refusal,
    check_horizon,
    evaluate_leads,
    features_at,
    lead_reasons,
    leaking_features,
    moments_of,
    period_table,
    require_rows,
    tenths,
)
from crmlib.analyse.pipeline.portrait import TRAITS, deal_values, named, won_portrait
from crmlib.measure.deals.contacts import begun_at, unbegun
from crmlib.measure.deals.stays import deals
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError


@dataclass(frozen=True, kw_only=True, eq=False)
class LeadScores:
    """Open deals with their chance to be won, and how good such chances were on a later period.

    Parameters
    ----------
    table : DataFrame indexed by opportunity_id, the likeliest first
        `customer_id`, `owner_id`, `product_id`, `source`, `stage`, `age_days`, `probability` (to be won within the
        horizon, 0 to 1), `score` (1 to 99: the place among the open deals by probability), `similarity_pct` (share
        of the deals won that are as like the won, or less; NaN where too few were decided to tell), `value` and
        `expected_value` (probability times value; account currency), `value_estimated`.
    evaluation : DataFrame, one row a way to predict
        `model`, `kind`, `auc`, `log_loss`, `brier`, `lift_top_decile`, each with `_low` and `_high` (95 %, deals
        drawn again), `chosen`. On a later period.
    differences : DataFrame, one row a baseline
        Chosen minus baseline, with interval; `better` (AUC), `sharper` (log loss).
    tenths : DataFrame
        Deals of the test by their chance, see `lead_features.tenths`.
    drivers : DataFrame
        `indicator`, `auc_loss`, `low`, `high`, `direction`.
    reason_table : DataFrame, see `lead_features.lead_reasons`: what speaks for and against each
    refused : dict of feature -> Refusal
        Features that know the outcome.
    left_out : Series feature -> reason
        Features that say nothing of their own.
    features : list of the features that count
    periods : DataFrame, see `lead_features.period_table`
    won, not_won, open : int
        Deals won, not won (lost, or open for longer than the horizon), and open ones that are scored.
    undated : int
        Open deals without an opening date, which are not scored.
    beats_base : bool
        Whether it ranks deals better than by chance, by the interval.
    beats_stage : bool or None
        The same against the win rate of the stage alone; None where no stage history is kept.
    beats_age : bool
        The same against the days since a deal was opened alone.
    """

    table: pd.DataFrame
    horizon_days: int
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    tenths: pd.DataFrame
    drivers: pd.DataFrame
    reason_table: pd.DataFrame
    refused: dict[str, Refusal]
    left_out: pd.Series
    features: list[str]
    periods: pd.DataFrame
    won: int
    not_won: int
    open: int
    undated: int
    lost_recorded: bool
    beats_base: bool
    beats_stage: bool | None
    beats_age: bool
    currency: str

    @property
    def carried_by(self) -> str:
        """The one figure without a time that takes most of the lead over tossing a coin with it; "" without one.

        Such a figure is often written down because of the outcome: somebody has to say when it is known.
        """
        gain = float(self.chosen["auc"]) - 0.5
        if not self.beats_base or self.drivers.empty:
            return ""
        first = self.drivers.iloc[0]
        carries = first["auc_loss"] > MOST_OF_IT * gain and first["indicator"] not in DATED
        return str(first["indicator"]) if carries else ""

    @property
    def chosen(self) -> pd.Series:
        """The row of `evaluation` of the way that was chosen."""
        return self.evaluation[self.evaluation["chosen"]].iloc[0]

    def _repr_html_(self) -> str:
        shown = self.table[["probability", "score", "similarity_pct", "expected_value"]]
        return shown.head(10).round(3).to_html()


FEWEST_DECIDED = 200
"""Deals won, and deals not won, below which scores are refused unless they are asked for all the same."""
MOST_OF_IT = 0.5
"""A figure that takes more than this share of the lead with it carries the scores."""
CANDIDATES = ("logistic_regression", "boosted_trees")
_FEWEST_FORCED = 10


def score_leads(
    crm: Crm,
    *,
    horizon_days: int | None = None,
    force: bool = False,
    candidates: Iterable[str] = CANDIDATES,
    seed: int = 0,
) -> LeadScores:
    """The chance of every open deal to be won within a horizon, from what was known at past moments.

    Deals that were open at past moments are rows, with what was known then (``crm.at(moment)``); the label is
    whether they were won within the horizon. A deal that was lost, or was still open at the end of it, was not won
    within it; nobody is taken for lost. Moments whose horizon is not over are not used. The latest moments are the
    test, and no outcome that is learnt from reaches into them. Then it is learnt again with the test, for the open
    deals at ``crm.as_of``. Figures that know the outcome are refused (`lead_features.leaking_features`).

    Parameters
    ----------
    crm : Crm
        With `opportunities` that have `created_at` and `closed_at`; `stage_history`, `interactions`,
        `customers`, `products`, `campaigns` and `employees` are used where they are there.
    horizon_days : int, optional
        By default the time in which four of five deals won were won, at most a quarter of the history.
    force : bool
        Score with fewer than 200 deals won or 200 not won, too.
    candidates : names, as for `crmlib.analyse.churn.model.fit_churn`

    Raises
    ------
    ParameterError
        If too few deals were decided, the history is too short, or an argument does not fit.
    SchemaError
        If there are no opportunities.

    References
    ----------
    van Houwelingen, H. C. (2007). Dynamic prediction by landmarking in event history analysis. Scandinavian Journal
    of Statistics 34.

    Kaufman, S., Rosset, S., Perlich, C. & Stitelman, O. (2012). Leakage in data mining. ACM Transactions on
    Knowledge Discovery from Data 6(4).
    """
    names, seed = check_candidates(list(candidates)), check_seed(seed)
    now = deals(crm)
    horizon = check_horizon(horizon_days, now, as_of=crm.as_of)
    counts = _counted(now, horizon)
    _require(counts, horizon, force=force)
    fewest = _FEWEST_FORCED if force else FEWEST
    test, earlier = moments_of(crm, horizon_days=horizon, now=now)
    require_rows(earlier, what="to learn from", fewest=fewest)
    require_rows(test, what="to test on", fewest=fewest)
    with one_thread():
        found, learnt, refused = _tested(crm, now, test, earlier, names=names, seed=seed)
        final = _refitted(test, earlier, learnt, refused, seed=seed)
        asked = features_at(crm, horizon_days=horizon, known=now)
        probability = final.chosen.probability(final.encoding.matrix(asked)) if len(asked) else np.empty(0)
        proven = found.drivers.loc[found.drivers["low"] > 0, "indicator"]
        why = lead_reasons(final.chosen, asked, shown=_with_names(crm, asked), proven=proven)
    periods = period_table(test, earlier, time_zone=crm.time_zone)
    beaten = found.differences.set_index("baseline")["better"]
    return LeadScores(
        table=_table(now, asked, probability, _similarity(crm, now, asked.index)),
        horizon_days=horizon,
        evaluation=found.evaluation,
        differences=found.differences,
        tenths=found.tenths,
        drivers=found.drivers,
        reason_table=why,
        refused=refused,
        left_out=_left_out(final.encoding.left_out | learnt.encoding.left_out, refused),
        features=list(final.encoding.features),
        periods=periods,
        open=len(asked),
        undated=int((now["outcome"] == "open").sum()) - len(asked),
        **counts,
        beats_base=bool(beaten["base_rate"]),
        beats_stage=bool(beaten["stage_alone"]) if "stage_alone" in beaten else None,
        beats_age=bool(beaten["age_alone"]),
        currency=crm.currency,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Found:
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    tenths: pd.DataFrame
    drivers: pd.DataFrame


def _left_out(reasons: dict[str, str], refused: dict[str, Refusal]) -> pd.Series:
    return reason_series({name: why for name, why in reasons.items() if name not in refused})


def _counted(now: pd.DataFrame, horizon: int) -> dict[str, Any]:
    stale = (now["outcome"] == "open") & (now["age_days"] > horizon)
    lost = now["outcome"] == "lost"
    return {
        "won": int((now["outcome"] == "won").sum()),
        "not_won": int((lost | stale).sum()),
        "lost_recorded": bool(lost.any()),
    }


def _require(counts: dict[str, Any], horizon: int, *, force: bool) -> None:
    if force or min(counts["won"], counts["not_won"]) >= FEWEST_DECIDED:
        return
    raise ParameterError(
        f"{counts['won']:,} deals were won and {counts['not_won']:,} were not (lost, or open for more than "
        f"{horizon} days). Chances learnt from fewer than {FEWEST_DECIDED} of each are mostly chance themselves. "
        "Wait until more are decided, or ask for them all the same with force=True."
    )


def _tested(
    crm: Crm,
    now: pd.DataFrame,
    test: list[Moment],
    earlier: list[Moment],
    *,
    names: tuple[str, ...],
    seed: int,
) -> tuple[_Found, Learnt, dict[str, Refusal]]:
    rows = some_of(_rows(earlier), seed=seed)
    later = _rows(test)
    refused = leaking_features(
        rows.features, rows.label, rows.groups, now=now, has_history="stage_history" in crm
    )
    learnt = learn(_recorded(rows), names=names, refused=refused, seed=seed)
    matrix = learnt.encoding.matrix(later.features)
    predictions = {name: learnt.fitted[name].probability(matrix) for name in names}
    rivals = {}
    if "stage" not in refused:
        before, asked = (frame["stage"].to_numpy() for frame in (rows.features, later.features))
        rivals["stage_alone"] = _share_of_value(before, rows.label, asked)
    rivals["age_alone"] = _age_alone(rows, later.features["age_days"])
    rivals["base_rate"] = base_rate(rows.label, len(later.label))
    evaluation, differences = evaluate_leads(
        predictions | rivals, later.label, later.groups,
        chosen=learnt.chosen.name, baselines=tuple(rivals), seed=seed,
    )  # fmt: skip
    found = _Found(
        evaluation=evaluation,
        differences=differences,
        tenths=tenths(predictions[learnt.chosen.name], later.label, later.groups, seed=seed),
        drivers=_drivers(learnt.chosen, test[0], seed=seed),
    )
    return found, learnt, refused


def _with_names(crm: Crm, features: pd.DataFrame) -> pd.DataFrame:
    product = named(crm, features["product_id"], table="products", key="product_id", column="name")
    campaign = named(crm, features["campaign_id"], table="campaigns", key="campaign_id", column="name")
    return features.assign(product_id=product, campaign_id=campaign)


def _rows(moments: list[Moment]) -> Rows:
    return rows_of([(moment.features, moment.label) for moment in moments])


def _recorded(rows: Rows) -> Rows:
    """Without the features of which nothing at all is recorded."""
    return Rows(features=rows.features.dropna(axis=1, how="all"), label=rows.label, groups=rows.groups)


def _age_alone(rows: Rows, asked: pd.Series) -> np.ndarray:
    """The share won of each tenth of the ages."""
    age = rows.features["age_days"].to_numpy()
    edges = np.unique(np.quantile(age, np.linspace(0, 1, 11)[1:-1]))
    codes = [np.searchsorted(edges, values, side="right") for values in (age, asked.to_numpy())]
    return _share_of_value(codes[0], rows.label, codes[1])


def _share_of_value(values: np.ndarray, label: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The share won of each value, with two deals like all others added; a new value gets the share of all."""
    overall = float(label.mean())
    counts = pd.Series(label).groupby(pd.Series(values).astype(str).to_numpy()).agg(["sum", "size"])
    rate = (counts["sum"] + 2 * overall) / (counts["size"] + 2)
    return pd.Series(asked).astype(str).map(rate).astype("float64").fillna(overall).to_numpy()


def _drivers(model: Fitted, moment: Moment, *, seed: int) -> pd.DataFrame:
    """On the latest moment alone: there every deal is one row."""
    if not 0 < moment.label.sum() < len(moment.label):
        return pd.DataFrame(columns=["indicator", "auc_loss", "low", "high", "direction"])
    return drivers(model, model.encoding.matrix(moment.features), moment.label, seed=seed)


def _refitted(
    test: list[Moment], earlier: list[Moment], learnt: Learnt, refused: dict[str, Refusal], *, seed: int
) -> Learnt:
    newest = [*test, *earlier[: max(1, LEARN_MOMENTS - len(test))]]
    rows = _recorded(some_of(_rows(newest), seed=seed))
    return learn(rows, names=[learnt.chosen.name], refused=refused, seed=seed)


def _similarity(crm: Crm, now: pd.DataFrame, asked: pd.Index) -> pd.Series:
    at_start = [name for name, trait in TRAITS.items() if trait.at_start]
    try:
        return won_portrait(crm, by=at_start, known=now).similarity.reindex(asked)
    except ParameterError:
        return pd.Series(np.nan, index=asked)


def _table(
    now: pd.DataFrame, asked: pd.DataFrame, probability: np.ndarray, likeness: pd.Series
) -> pd.DataFrame:
    worth = deal_values(now).reindex(asked.index)
    known = now.reindex(asked.index)
    table = known[["customer_id", "owner_id", "product_id", "source", "stage", "age_days"]].assign(
        probability=probability,
        score=_scores(probability),
        similarity_pct=likeness,
        value=worth["value"],
        value_estimated=worth["estimated"] & worth["value"].notna(),
        expected_value=probability * worth["value"],
    )
    order = ["probability", "similarity_pct", "expected_value"]
    return table.sort_values(order, ascending=False, kind="stable")


def _scores(probability: np.ndarray) -> np.ndarray:
    """The place among the open deals, from 1 to 99; equal chances share one."""
    from scipy.stats import rankdata

    if len(probability) < 2:
        return np.full(len(probability), 50)
    return 1 + np.floor(98 * (rankdata(probability) - 1) / (len(probability) - 1) + 0.5).astype(int)


BEGIN_DAYS = 90
"""A lead is expected to begin within so many days, or not."""
TESTED, LEARNT = 3, 5
"""Moments, a horizon apart, so that no outcome is in two of them."""
MODEL, NEWEST, BASE = "logistic_regression", "newest_first", "base_rate"


@dataclass(frozen=True, kw_only=True, eq=False)
class Newcomers:
    """Leads who have neither bought nor begun a deal, with the chance that they do, and how good such chances were.

    Attributes
    ----------
    table : DataFrame indexed by customer_id, the likeliest first
        `probability` (to order or begin a deal within `horizon_days`, 0 to 1), `known_days`, `touch_count`,
        `last_touch_days`, `source`, `owner_id`.
    way : "logistic_regression", "newest_first" or "base_rate"
        What the chances are from: the model where it ranks better than the plain rule, else the rule (leads known for
        the shortest time first), else the share of all.
    evaluation, differences : DataFrame
        As `crmlib.analyse.pipeline.lead_features.evaluate_leads` makes them, on later moments.
    periods : DataFrame
        As `period_table`; `won` are those who began.
    """

    table: pd.DataFrame = field(repr=False)
    way: str
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    periods: pd.DataFrame = field(repr=False)
    horizon_days: int

    @property
    def ranks(self) -> bool:
        """Whether the order of the leads says more than chance."""
        return self.way != BASE

    def _repr_html_(self) -> str:
        return self.table.head(10).round(3).to_html()


def score_newcomers(crm: Crm, *, horizon_days: int = BEGIN_DAYS, seed: int = 0) -> Newcomers:
    """The chance of every lead without a deal to order or to begin one within a horizon.

    At past moments leads who had done neither are rows, with what was known then; the label is whether they did
    within the horizon. Moments lie a horizon apart; the latest three are the test, no outcome that is learnt from
    reaches into it.

    Parameters
    ----------
    crm : Crm
        With `customers.signed_up_on`, and `transactions` or `opportunities`.

    Raises
    ------
    SchemaError
        If it is not known since when customers are known.
    ParameterError
        If the history is too short, or too few began or did not.

    References
    ----------
    van Houwelingen, H. C. (2007). Dynamic prediction by landmarking in event history analysis. Scandinavian Journal
    of Statistics 34.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> draw = np.random.default_rng(0)
    >>> signed = pd.Timestamp("2022-01-01") + pd.to_timedelta(draw.integers(0, 1095, 1200), "D")
    >>> people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(1200)], "signed_up_on": signed})
    >>> first = pd.DataFrame({"customer_id": people["customer_id"], "order_id": people["customer_id"],
    ...     "product_id": "p", "net_amount": 9.0,
    ...     "ordered_at": signed + pd.to_timedelta(draw.exponential(60, 1200), "D")})[::2]
    >>> crm = Crm.from_frames(as_of="2024-12-31", customers=people, transactions=first)
    >>> score_newcomers(crm).way
    'newest_first'
    """
    if "customers" not in crm or "signed_up_on" not in crm.columns("customers"):
        raise SchemaError("customers has no column signed_up_on. Map it under [tables.customers.columns].")
    if isinstance(horizon_days, bool) or not isinstance(horizon_days, int) or horizon_days < 1:
        raise ParameterError(f"horizon_days={horizon_days!r}: give a whole number of days, 1 or more.")
    seed, began = check_seed(seed), begun_at(crm)
    made = _moments(crm, began, horizon_days)
    test, earlier = made[:TESTED], made[TESTED:]
    require_rows(earlier, what="to learn from")
    require_rows(test, what="to test on")
    rows, later = (rows_of([(one.features, one.label) for one in some]) for some in (earlier, test))
    with one_thread():
        predictions = _told(rows, later.features, seed=seed)
        evaluation, differences = evaluate_leads(
            predictions, later.label, later.groups, chosen=MODEL, baselines=(NEWEST, BASE), seed=seed
        )
        _, against_base = evaluate_leads(
            {name: predictions[name] for name in (NEWEST, BASE)}, later.label, later.groups,
            chosen=NEWEST, baselines=(BASE,), seed=seed,
        )  # fmt: skip
        better = differences.set_index("baseline")["better"]
        rule_ranks = bool(against_base["better"].iloc[0])
        way = MODEL if better[NEWEST] and better[BASE] else NEWEST if rule_ranks else BASE
        asked = unbegun(crm)
        everything = rows_of([(one.features, one.label) for one in made])
        chance = _told(everything, asked, seed=seed)[way] if len(asked) else np.empty(0)
    shown = asked[["known_days", "touch_count", "last_touch_days", "source", "owner_id"]]
    table = shown.assign(probability=chance, _id=asked.index.astype("str"))
    table = table.sort_values(
        ["probability", "known_days", "_id"], ascending=[False, True, True], kind="stable"
    )
    return Newcomers(
        table=table.drop(columns="_id"),
        way=way,
        evaluation=evaluation.assign(chosen=evaluation["model"] == way),
        differences=differences,
        periods=period_table(test, earlier, time_zone=crm.time_zone),
        horizon_days=horizon_days,
    )


def _moments(crm: Crm, began: pd.Series, horizon: int) -> list[Moment]:
    """Past moments, the latest first, as far as the history reaches."""
    made: list[Moment] = []
    for back in range(1, TESTED + LEARNT + 1):
        at = days_later(crm.as_of, -back * horizon, time_zone=crm.time_zone)
        if began.empty or at <= began.min():
            break
        then = crm.at(at)
        features = unbegun(then)
        until = days_later(at, horizon, time_zone=crm.time_zone)
        label = began.reindex(features.index).le(until).to_numpy(dtype=bool)
        made.append(Moment(at=at, until=until, features=features, label=label))
    return made


def _told(rows: Rows, asked: pd.DataFrame, *, seed: int) -> dict[str, np.ndarray]:
    """The chance of each lead by every way."""
    drawn = some_of(rows, seed=seed)
    known = drawn.features.dropna(axis=1, how="all")
    learnt = learn(
        Rows(features=known, label=drawn.label, groups=drawn.groups), names=[MODEL], refused={}, seed=seed
    )
    return {
        MODEL: learnt.chosen.probability(learnt.encoding.matrix(asked)),
        NEWEST: _newest_first(rows, asked),
        BASE: base_rate(rows.label, len(asked)),
    }


def _newest_first(rows: Rows, asked: pd.DataFrame) -> np.ndarray:
    """The share who began by the days known, which falls with them."""
    from sklearn.isotonic import IsotonicRegression

    days = rows.features["known_days"].to_numpy()
    fitted = IsotonicRegression(increasing=False, out_of_bounds="clip").fit(days, rows.label.astype(float))
    least = 0.5 / len(days)
    return np.clip(fitted.predict(asked["known_days"].to_numpy()), least, 1 - least)
