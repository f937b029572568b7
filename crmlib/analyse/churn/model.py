"""Who is about to leave, and who will buy: learnt on one period, tested on a later one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn.periods import (
    FEWEST,
    Question,
    Sample,
    alive_alone,
    buying_days,
    check_days,
    collect_samples,
    names_of,
    period_table,
    recency_alone,
    sample_at,
    share_level,
)
from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.learn.candidates import (
    Fitted,
    Learnt,
    Rows,
    base_rate,
    best_single,
    check_candidates,
    check_seed,
    fit_candidate,
    learn,
    one_thread,
    reason_series,
    rows_of,
    some_of,
)
from crmlib.analyse.learn.evaluate import Level, judged, odds_moved, with_odds
from crmlib.analyse.learn.features import find_leaks, label_array
from crmlib.analyse.learn.reasons import explained
from crmlib.measure.indicators.compute import sensitive_indicators
from crmlib.measure.purchases.history import first_order_at, purchases_within
from crmlib.measure.purchases.states import purchase_rhythm, read_rhythm
from crmlib.prepare.clock import closing_day, day_of, days_later
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import AT_RISK, LIKELY


@dataclass(frozen=True, kw_only=True, eq=False)
class ChurnModel:
    """Each customer's probability of an outcome, how good such probabilities were on a later period, and why.

    Parameters
    ----------
    outcome : str
        What is predicted, as it ends a sentence about one customer: "buys nothing within 60 days".
    stops : bool
        Whether the outcome is a loss.
    active_days : int or None
        Only customers who bought within so many days are asked about; None: all.
    scores : Series customer_id -> probability at the closing moment, 0 to 1
    evaluation : DataFrame, one row a model
        `model`, `kind` ("candidate", "baseline"), `auc`, `log_loss`, `brier`, `lift_top_decile`, each with
        `_low` and `_high` (95 %), `chosen`. On customers the models had not seen.
    differences : DataFrame, one row a baseline
        Chosen minus baseline of each measure, with interval, and `better`.
    calibration : DataFrame
        `customers`, `predicted_pct`, `observed_pct`, `low`, `high`.
    gains : DataFrame
        `reached_pct`, `found_pct`, `low`, `high`, and `found_pct_<baseline>`.
    drivers : DataFrame
        `indicator`, `auc_loss`, `low`, `high`, `direction`.
    reasons : Series customer_id -> words
        Of more than `ALL_EXPLAINED` customers those whose chance is acted on; so is `reason_table`.
    reason_table : DataFrame
        `customer_id`, `place`, `indicator`, `value`, `typical`, `direction`, `log_odds`.
    revenue_at_risk : Series customer_id -> account currency within the horizon
        Probability times `value`; NaN where the outcome is no loss or the value is not known.
    value : Series customer_id -> what the customer brought in the last horizon, account currency
    refused : Series feature -> reason
        Features that know the outcome.
    left_out : Series feature -> reason
        Features that say nothing of their own.
    features : list of the features that count
    tree : DataFrame
        The decision tree, see `churn_reasons.tree_table`; empty where it did not compete.
    periods : DataFrame
        `role` ("learn", "test", "refit", "score"), `cutoff`, `until`, `customers`, `outcomes`,
        `outcome_share_pct`. Moments by the clocks of the workspace's zone.
    base_rate : float
        Share of the customers of the test with the outcome, 0 to 1.
    beats_baselines : bool
        Whether the chosen model ranks customers better than every baseline, by the interval of the
        difference.
    tested_later : bool
        Whether the test was on a later period.
    level : Level or None
        The share of those scored that is expected to have the outcome, with an interval that holds the surprise
        of the next period; None where no past day could be looked at.
    learnt_on : Timestamp or None
        The moment up to which it was learnt, where that lies before the closing moment.
    notes : tuple of (code, values...)
        What stood in for what, see `crmlib.present.reports.churn.say.NOTE_WORDS`.
    """

    outcome: str
    stops: bool
    horizon_days: int | None
    scores: pd.Series
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    calibration: pd.DataFrame
    gains: pd.DataFrame
    drivers: pd.DataFrame
    reasons: pd.Series
    reason_table: pd.DataFrame
    revenue_at_risk: pd.Series
    value: pd.Series
    refused: pd.Series
    left_out: pd.Series
    features: list[str]
    tree: pd.DataFrame
    tree_text: str
    periods: pd.DataFrame
    base_rate: float
    beats_baselines: bool
    tested_later: bool
    notes: tuple[tuple[Any, ...], ...] = ()
    currency: str = ""
    active_days: int | None = None
    level: Level | None = None
    learnt_on: pd.Timestamp | None = None

    @property
    def chosen(self) -> pd.Series:
        """The row of `evaluation` of the model that was chosen."""
        return self.evaluation[self.evaluation["chosen"]].iloc[0]

    def _repr_html_(self) -> str:
        return self.evaluation.round(3).to_html(index=False)


def at_risk(model: ChurnModel) -> pd.Index:
    """The customers whose chance is acted on, the largest revenue at risk first."""
    listed = model.scores[model.scores >= LIKELY]
    order = pd.DataFrame({"risk": model.revenue_at_risk.reindex(listed.index), "chance": listed})
    by = ["risk", "chance", "customer_id"]
    order = order.rename_axis("customer_id").sort_values(by, ascending=[False, False, True])
    return order.index


def top_at_risk(model: ChurnModel) -> tuple[int, float] | None:
    """How few customers hold half of the revenue at risk, and what percentage of all that is."""
    risk = model.revenue_at_risk.dropna().sort_values(ascending=False).to_numpy()
    if not len(risk) or risk.sum() <= 0:
        return None
    few = int(np.searchsorted(risk.cumsum(), risk.sum() / 2)) + 1
    return few, 100 * few / len(risk)


def groups_that_agree(model: ChurnModel) -> int:
    """Groups of like probability in which what was expected lies within the interval of what happened."""
    table = model.calibration
    return int(table["predicted_pct"].between(table["low"], table["high"]).sum())


def strongest_rule(model: ChurnModel) -> pd.Series | None:
    """The plain rule that ranked customers best in the test, with `better`: whether the model is shown to be so."""
    table = model.evaluation
    rules = table[(table["kind"] == "baseline") & (table["model"] != "base_rate")]
    if rules.empty:
        return None
    ahead = model.differences.set_index("baseline")["better"]
    rule = rules.loc[rules["auc"].idxmax()]
    return pd.Series({**rule, "better": bool(ahead[rule["model"]])})


FOLDS = 4
"""Into so many parts customers are cut where no later period can be tested."""
TEST_SHARE = 0.25
"""At least so much of the customers, the latest, are kept for the test where their order is known."""


def fit_given_label(
    features: pd.DataFrame,
    label: pd.Series,
    *,
    order: pd.Series | None = None,
    value: pd.Series | None = None,
    positive: Any = None,
    outcome: str = "leaves",
    candidates: Iterable[str] | None = None,
    currency: str = "",
    seed: int = 0,
) -> ChurnModel:
    """Who will leave, where the data state who did: contracts, subscriptions.

    Features that know the outcome are refused (see `churn_leaks.find_leaks`). With `order`, the earlier
    customers are learnt from and the latest quarter is the test. Without it every customer is judged by models
    that have not seen them (four parts, each left out in turn, each with its share of the outcome), and
    `says` states that no later period was tested.

    Parameters
    ----------
    features : DataFrame indexed by customer_id
        What was known before the outcome. Numbers, texts and truth values; dates are left out.
    label : Series customer_id -> the outcome
        True, 1 or "Yes", else False, 0 or "No"; missing where it is still to come.
    order : Series customer_id -> date or period, optional
        When each customer's outcome was known, such as the quarter.
    value : Series customer_id -> what the customer brings within the horizon, account currency, optional
    positive : optional
        The value of the label that is the outcome, where it cannot be told.
    outcome : str
        What it means, as it ends a sentence about one customer.
    currency : str
        Of `value`.
    candidates, seed
        As for `crmlib.analyse.churn.model.fit_churn`.

    Returns
    -------
    ChurnModel
        `scores` are those of the customers without a label yet; where all have one, those of all, each by
        models that had not seen the customer.

    Raises
    ------
    ParameterError
        If customers come twice, the label has not two values, an outcome is too rare, or `order` has one value.

    Examples
    --------
    >>> lot = np.random.default_rng(0)
    >>> table = pd.DataFrame({"silence": lot.random(400), "visits": lot.integers(0, 9, 400)})
    >>> label = pd.Series(np.where(lot.random(400) < table["silence"], "Yes", "No"), name="left")
    >>> model = fit_given_label(table.assign(left_reason=label.map({"Yes": "price"})), label,
    ...                         candidates=["logistic_regression"])
    >>> model.refused.index.tolist(), model.tested_later, model.drivers["indicator"].iloc[0]
    (['left_reason'], False, 'silence')
    """
    names, seed = check_candidates(candidates), check_seed(seed)
    table, truth, known, when = _aligned(features, label, order, positive)
    late = _latest(when, known, truth)
    early = known & ~late
    refused = find_leaks(table[early], truth[early], label_name=str(pd.Series(label).name or ""))
    rows = rows_of([(table[early], truth[early])])
    everything = rows_of([(table[known], truth[known])])
    scored = table[known] if known.all() else table[~known]
    with one_thread():
        test = (_later if late.any() else _in_turn)(rows, table[late], truth[late], names, refused, seed)
        found = judged(test.predictions, test.label, chosen=test.tester.name, baselines=_RIVALS, seed=seed)
        final = test.learnt or learn(
            everything, names=[test.tester.name], refused={**refused, **test.tester.encoding.left_out},
            seed=seed, tree_too="decision_tree" in names,
        )  # fmt: skip
        seen = known.all()
        p = final.chosen.out_of_fold if seen else final.chosen.probability_of(scored)
        scores = pd.Series(p, index=scored.index, name="probability")
        why = explained(
            test.tester, test.matrix, test.matrix_label, final, everything, scored, chance=scores, seed=seed
        )
    worth = pd.Series(np.nan, index=scored.index) if value is None else value.reindex(scored.index)
    return ChurnModel(
        outcome=outcome,
        stops=True,
        horizon_days=None,
        scores=scores,
        revenue_at_risk=(scores * worth).rename("revenue_at_risk"),
        value=worth.rename("value"),
        refused=reason_series(refused),
        periods=_periods(truth, known, late, when),
        tested_later=bool(late.any()),
        notes=(("best_single", test.single),),
        currency=currency,
        **found,
        **why,
    )  # fmt: skip


_RIVALS = ("best_single", "base_rate")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Test:
    """Predictions for customers not seen, and the model and rows on which its drivers are measured."""

    predictions: dict[str, np.ndarray]
    label: np.ndarray
    tester: Fitted
    matrix: np.ndarray
    matrix_label: np.ndarray
    single: str
    learnt: Learnt | None = None
    """Fitted on everybody with a label, where that has been done."""


def _later(
    rows: Rows, features: pd.DataFrame, label: np.ndarray, names: Sequence[str], refused: dict, seed: int
) -> _Test:
    learnt = learn(rows, names=names, refused=refused, seed=seed)
    matrix = learnt.encoding.matrix(features)
    single, alone = best_single(learnt.matrix, learnt.encoding, rows.label, matrix)
    predictions = {name: learnt.fitted[name].probability(matrix) for name in names}
    return _Test(
        predictions=predictions | {"best_single": alone, "base_rate": base_rate(rows.label, len(label))},
        label=label,
        tester=learnt.chosen,
        matrix=matrix,
        matrix_label=label,
        single=single,
    )


def _in_turn(
    rows: Rows, features: pd.DataFrame, label: np.ndarray, names: Sequence[str], refused: dict, seed: int
) -> _Test:
    learnt = learn(rows, names=names, refused=refused, folds=FOLDS, seed=seed)
    matrix, fold = learnt.matrix, learnt.fold
    alone, flat = np.empty(len(fold)), np.empty(len(fold))
    for k in range(FOLDS):
        inside = fold != k
        single, alone[~inside] = best_single(
            matrix[inside], learnt.encoding, rows.label[inside], matrix[~inside]
        )
        flat[~inside] = base_rate(rows.label[inside], int((~inside).sum()))
    seen = fold != 0
    tester = fit_candidate(
        learnt.chosen.name, matrix[seen], rows.label[seen], fold[seen], encoding=learnt.encoding, seed=seed
    )
    return _Test(
        predictions={name: learnt.fitted[name].out_of_fold for name in names}
        | {"best_single": alone, "base_rate": flat},
        label=rows.label,
        tester=tester,
        matrix=matrix[~seen],
        matrix_label=rows.label[~seen],
        single=single,
        learnt=learnt,
    )


def _aligned(
    features: pd.DataFrame, label: pd.Series, order: pd.Series | None, positive: Any
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.Series | None]:
    if not isinstance(features, pd.DataFrame) or features.index.has_duplicates:
        raise ParameterError("features: give a DataFrame with one row a customer, indexed by customer_id.")
    label = pd.Series(label)
    strangers = label.index.difference(features.index)
    if label.index.has_duplicates or len(strangers):
        raise ParameterError(
            f"label: {len(strangers)} customers have no row in features, or one comes twice. Give both the same "
            "index, customer_id."
        )
    by_customer = np.argsort(features.index.astype(str).to_numpy(dtype=object), kind="stable")
    table = features.iloc[by_customer].rename(columns=str)
    truth, known = label_array(label.reindex(table.index), positive=positive)
    _require_both(truth[known], "")
    return table, truth, known, None if order is None else pd.Series(order).reindex(table.index)


def _latest(when: pd.Series | None, known: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The latest quarter of the customers with a label, whole periods; nobody where no order is known."""
    if when is None:
        return np.zeros(len(known), dtype=bool)
    if when[known].isna().any():
        raise ParameterError(
            "order is missing for customers who have a label: give a date or period for each."
        )
    values = np.sort(when[known].unique())
    if len(values) < 2:
        raise ParameterError(
            f"order has one value ({values[0]}): no later period can be tested. Leave it out."
        )
    counts = when[known].value_counts().reindex(values).to_numpy()
    share_from = counts[::-1].cumsum()[::-1] / counts.sum()
    first = values[max(1, int(np.flatnonzero(share_from >= TEST_SHARE)[-1]))]
    late = known & (when >= first).to_numpy()
    _require_both(truth[late], f" from {first} on (the test)")
    _require_both(truth[known & ~late], f" before {first} (to learn from)")
    return late


def _require_both(label: np.ndarray, when: str) -> None:
    hits = int(label.sum())
    if min(hits, len(label) - hits) < FEWEST:
        raise ParameterError(
            f"of {len(label):,} customers with a label{when}, {hits:,} have the outcome; at least {FEWEST} are "
            "needed with it and without. Give more customers."
        )


def _periods(truth: np.ndarray, known: np.ndarray, late: np.ndarray, when: pd.Series | None) -> pd.DataFrame:
    parts = {"learn": known & ~late, "test": late if late.any() else known, "score": ~known | known.all()}
    rows = []
    for role, part in parts.items():
        labelled = part & known if role != "score" else np.zeros(len(part), dtype=bool)
        rows.append(
            {
                "role": role,
                "cutoff": None if when is None else when[part].min(),
                "until": None if when is None else when[part].max(),
                "customers": int(part.sum()),
                "outcomes": float(truth[part].sum()) if labelled.any() else np.nan,
                "outcome_share_pct": 100 * float(truth[part].mean()) if labelled.any() else np.nan,
            }
        )
    return pd.DataFrame(rows)


__all__ = ["ChurnModel", "fit_churn", "fit_given_label", "fit_purchase"]


def fit_churn(
    crm: Crm,
    *,
    horizon_days: int,
    active_days: int | None = None,
    candidates: Iterable[str] | None = None,
    indicators: Iterable[str] | None = None,
    seed: int = 0,
    now: pd.DataFrame | None = None,
    stages: pd.Series | None = None,
    learnt_from: Crm | None = None,
) -> ChurnModel:
    """Who will stop: customers who bought lately and will buy nothing within a horizon.

    Asked about are the customers who bought within `active_days` before a cut-off: who has been silent for
    longer has stopped already. The outcome is that the customer purchases nothing in the time ``(cut-off,
    cut-off + horizon]``, by the orders and refunds known at its end. The last such time ends at
    ``crm.as_of``: it is the test. Candidates learn from up to three earlier cut-offs, each a horizon before
    the next, so that no outcome they see lies in the test. The one with the smallest log loss on customers
    left out in turn is chosen there. For the scores at ``crm.as_of`` it is fitted again on the latest cut-offs,
    the test among them. Of more than 30,000 rows, those of some customers drawn at random are learnt from; of more
    than 50,000 customers asked about at a past moment, so many drawn at random stand for all, in the test too.
    Scores are given to those alone who buy by their state: of who is dormant or lost the state's word stands.

    Parameters
    ----------
    crm : Crm
        With `transactions`.
    horizon_days : int
        The time within which a purchase is waited for. The orders must reach back three horizons.
    active_days : int, optional
        `horizon_days` by default.
    candidates : names, optional
        Of "logistic_regression", "decision_tree", "boosted_trees", "neural_net"; all by default.
    indicators : names, optional
        All that the workspace has by default.
    now : DataFrame indexed by customer_id, optional
        The indicators at ``crm.as_of``, as `compute_indicators` makes them, where they are at hand.
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it, which is called where none is given.
    learnt_from : Crm, optional
        The same workspace at an earlier moment (`Crm.at`): models, their test and the level are of what was known
        then, and stand as they were; customers are as they are now.

    Returns
    -------
    ChurnModel
        `revenue_at_risk` is the probability times the net spend of the last `horizon_days` before
        ``crm.as_of`` (0 where refunds were more), in account currency.

    Raises
    ------
    ParameterError
        If the history is too short (it says how long it must be, and the longest horizon that fits), an outcome
        is too rare, or an argument does not fit.
    SchemaError
        If no order line says who bought.

    References
    ----------
    Neslin, S. A., Gupta, S., Kamakura, W., Lu, J. & Mason, C. H. (2006). Defection detection: measuring and
    understanding the predictive accuracy of customer churn models. Journal of Marketing Research 43(2).
    """
    horizon = check_days("horizon_days", horizon_days)
    question = Question(
        horizon_days=horizon,
        stops=True,
        active_days=horizon if active_days is None else check_days("active_days", active_days),
        indicators=names_of(indicators),
    )
    states = lifecycle_stages(crm) if stages is None else stages
    with one_thread():
        known = {"now": now, "states": states, "learnt_from": learnt_from}
        return _fit(crm, question, candidates=candidates, seed=seed, **known)


def fit_purchase(
    crm: Crm,
    *,
    horizon_days: int,
    category: str | None = None,
    active_days: int | None = None,
    candidates: Iterable[str] | None = None,
    indicators: Iterable[str] | None = None,
    seed: int = 0,
    now: pd.DataFrame | None = None,
) -> ChurnModel:
    """Who will buy within a horizon, or buy from one category.

    Learnt, tested and explained as `fit_churn` does it. With a category, what each customer bought from it so
    far joins the indicators (`category_recency_days`, `category_order_count`, `category_spend_total`), and the
    days since the last purchase from it are one more baseline.

    Parameters
    ----------
    crm : Crm
        With `transactions`, and `products.category` where a category is asked for.
    active_days : int, optional
        Only customers who bought within so many days before a cut-off; everybody who ever bought by default.
    candidates, indicators, seed, now
        As for `fit_churn`.

    Returns
    -------
    ChurnModel
        With the probability to buy; `revenue_at_risk` is NaN.

    Raises
    ------
    ParameterError, SchemaError
        As `fit_churn`; also if there is no such category.
    """
    question = Question(
        horizon_days=check_days("horizon_days", horizon_days),
        stops=False,
        category=category,
        active_days=None if active_days is None else check_days("active_days", active_days),
        indicators=names_of(indicators),
    )
    with one_thread():
        return _fit(crm, question, candidates=candidates, seed=seed, now=now)


def _fit(
    crm: Crm,
    question: Question,
    *,
    candidates: Iterable[str] | None,
    seed: int,
    now: pd.DataFrame | None,
    states: pd.Series | None = None,
    learnt_from: Crm | None = None,
) -> ChurnModel:
    names, seed = check_candidates(candidates), check_seed(seed)
    past = crm if learnt_from is None else learnt_from
    stands = past.as_of < crm.as_of
    test, earlier = collect_samples(past, question, seed=seed)
    known = rows_of([(sample.features, sample.label) for sample in earlier])
    rows = some_of(known, seed=seed)
    rivals, notes = _baselines(past, question, earlier, test)
    notes += _drawn(rows, known, earlier, test) + ((("stands", closing_day(past)),) if stands else ())
    # All figures of all cut-offs: too much to keep beside what is learnt.
    del known
    refused = find_leaks(rows.features, rows.label, groups=rows.groups)
    learnt = learn(rows, names=names, refused=refused, seed=seed)
    matrix = learnt.encoding.matrix(test.features)
    bought = buying_days(past)
    then = share_level(bought, question, today=day_of(test.cutoff, time_zone=crm.time_zone))
    predictions = {name: _at_level(learnt.fitted[name].probability(matrix), then) for name in names} | rivals
    found = judged(predictions, test.label, chosen=learnt.chosen.name, baselines=tuple(rivals), seed=seed)
    newest = [test, *earlier[: max(1, len(earlier) - 1)]]
    latest = some_of(rows_of([(s.features, s.label) for s in newest]), seed=seed)
    left_out = {**refused, **learnt.encoding.left_out}
    tree_too = "decision_tree" in names
    final = learn(latest, names=[learnt.chosen.name], refused=left_out, seed=seed, tree_too=tree_too)
    level = share_level(bought, question, today=closing_day(past))
    # Figures of everybody: too much to keep beside what is learnt from.
    asked = sample_at(crm, crm.as_of, question, labelled=False, figures=now)
    basis = sample_at(past, past.as_of, question, labelled=False) if stands else asked
    scored = _of_buyers(asked, states)
    scores, level = _scores(final, asked, scored.features.index, level, basis=basis)
    value = _value(crm, question, scored.features.index)
    roles = [*(("learn", sample) for sample in reversed(earlier)), ("test", test), ("score", scored)]
    periods = period_table(roles, time_zone=crm.time_zone)
    return ChurnModel(
        outcome=question.outcome,
        stops=question.stops,
        horizon_days=question.horizon_days,
        active_days=question.active_days,
        scores=scores,
        revenue_at_risk=(scores * value).rename("revenue_at_risk"),
        value=value,
        refused=reason_series(refused),
        periods=periods,
        level=level,
        learnt_on=past.as_of if stands else None,
        tested_later=True,
        notes=notes,
        currency=crm.currency,
        **found,
        **explained(learnt.chosen, matrix, test.label, final, latest, asked.features, chance=scores, seed=seed,
                    hidden=sensitive_indicators(crm)),
    )  # fmt: skip


def _at_level(probability: np.ndarray, level: Level | None) -> np.ndarray:
    if level is None or not len(probability):
        return probability
    return with_odds(probability, by=odds_moved(probability, mean=level.expected))


def _scores(
    final: Learnt, asked: Sample, kept: pd.Index, level: Level | None, *, basis: Sample
) -> tuple[pd.Series, Level | None]:
    """Probabilities at the level that past days let expect of `basis`, and that level of those who are scored."""
    raw = final.chosen.probability_of(asked.features)
    then = raw if basis is asked else final.chosen.probability_of(basis.features)
    here = kept.get_indexer(asked.features.index) >= 0
    if level is None or not here.any():
        return pd.Series(raw[here], index=asked.features.index[here], name="probability"), level
    ends = {"expected": level.expected, "low": level.low, "high": level.high}
    moved = {
        name: with_odds(raw[here], by=odds_moved(then, mean=end))
        if np.isfinite(end)
        else np.full(here.sum(), end)
        for name, end in ends.items()
    }
    means = {name: float(p.mean()) for name, p in moved.items()}
    scores = pd.Series(moved["expected"], index=asked.features.index[here], name="probability")
    return scores, replace(level, raw=float(raw[here].mean()), **means)


def _of_buyers(scored: Sample, states: pd.Series | None) -> Sample:
    """The customers of whom the model has a say: those who buy by their state."""
    if states is None:
        return scored
    buy = states.reindex(scored.features.index).isin(AT_RISK.states)
    return replace(scored, features=scored.features.iloc[:, :0][buy])


def _baselines(
    crm: Crm, question: Question, earlier: list[Sample], test: Sample
) -> tuple[dict[str, np.ndarray], tuple[tuple[Any, ...], ...]]:
    rivals = {"recency": recency_alone(earlier, test)}
    if question.category is not None:
        rivals["category_recency"] = recency_alone(earlier, test, column="category_recency_days")
    name, alive, note = alive_alone(crm, earlier[0], test, horizon_days=question.horizon_days)
    rivals[name] = alive
    rivals["base_rate"] = base_rate(np.concatenate([s.label for s in earlier]), len(test.label))
    return rivals, ((note,),) if note else ()


def _drawn(rows: Rows, known: Rows, earlier: Sequence[Sample], test: Sample) -> tuple[tuple[Any, ...], ...]:
    """From how many of how many customers it was learnt, and on how many of how many it was tested."""
    drawn, customers = (int(each.groups.max()) + 1 for each in (rows, known))
    asked = [sample.features.index if sample.drawn_from is None else sample.drawn_from for sample in earlier]
    customers = max(customers, len(pd.Index(np.concatenate(asked)).unique()))
    if test.drawn_from is not None:
        return (("some_tested", drawn, customers, len(test.label), len(test.drawn_from)),)
    return (("some", drawn, customers),) if drawn < customers else ()


def _value(crm: Crm, question: Question, customers: pd.Index) -> pd.Series:
    if not question.stops:
        return pd.Series(np.nan, index=customers, name="value")
    begin = days_later(crm.as_of, -question.horizon_days, time_zone=crm.time_zone)
    spend = purchases_within(crm, after=begin, until=crm.as_of)["net_amount"]
    return spend.reindex(customers).fillna(0.0).clip(lower=0).rename("value")


def usual_horizon(crm: Crm, *, rhythm: Mapping[str, float] | None = None) -> int:
    """The days within which three in four customers have always bought again, as far as the history allows."""
    scale = purchase_rhythm(crm) if rhythm is None else read_rhythm(rhythm)
    long_gap = ceil(scale["long_gap_days"])
    first = first_order_at(crm)
    known = 0 if first is None or pd.isna(first) else (crm.as_of - first) // pd.Timedelta(days=1)
    return max(1, min(long_gap, known // 3))
