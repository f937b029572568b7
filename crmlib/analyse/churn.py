"""Who is about to leave, and who will buy: learnt on one period, tested on a later one."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn_baselines import alive_alone, base_rate, recency_alone
from crmlib.analyse.churn_candidates import check_candidates, one_thread
from crmlib.analyse.churn_fit import (
    Rows,
    check_seed,
    explained,
    judged,
    learn,
    reason_series,
    rows_of,
    some_of,
)
from crmlib.analyse.churn_given import fit_given_label
from crmlib.analyse.churn_leaks import find_leaks
from crmlib.analyse.churn_periods import (
    Question,
    Sample,
    check_days,
    collect_samples,
    names_of,
    period_table,
    sample_at,
)
from crmlib.analyse.churn_result import ChurnModel, verdict
from crmlib.analyse.lifecycle import lifecycle_stages
from crmlib.measure.indicators.sensitive import sensitive_indicators
from crmlib.measure.outcomes import purchases_within
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm
from crmlib.schema.states import AT_RISK

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
) -> ChurnModel:
    """Who will stop: customers who bought lately and will buy nothing within a horizon.

    Asked about are the customers who bought within `active_days` before a cut-off: who has been silent for
    longer has stopped already. The outcome is that the customer purchases nothing in the time ``(cut-off,
    cut-off + horizon]``, by the orders and refunds known at its end. The last such time ends at
    ``crm.as_of``: it is the test. Candidates learn from up to three earlier cut-offs, each a horizon before
    the next, so that no outcome they see lies in the test. The one with the smallest log loss on customers
    left out in turn is chosen there. For the scores at ``crm.as_of`` it is fitted again on the latest cut-offs,
    the test among them. Of more than 30,000 rows, those of some customers drawn at random are learnt from.
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
    seed : int
    now : DataFrame indexed by customer_id, optional
        The indicators at ``crm.as_of``, as `compute_indicators` makes them, where they are at hand.
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it, which is called where none is given.

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

    Examples
    --------
    >>> model = fit_churn(_little_shop(), horizon_days=30, candidates=["logistic_regression"],
    ...                   indicators=["recency_days", "gap_days_mean"])
    >>> model.outcome, len(model.scores), model.periods["role"].tolist()
    ('buys nothing within 30 days', 123, ['learn', 'learn', 'learn', 'test', 'score'])
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
        return _fit(crm, question, candidates=candidates, seed=seed, now=now, states=states)


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
    horizon_days : int
    category : str, optional
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

    Examples
    --------
    >>> model = fit_purchase(_little_shop(), horizon_days=30, candidates=["logistic_regression"],
    ...                      indicators=["recency_days", "gap_days_mean"])
    >>> model.outcome, bool(model.revenue_at_risk.isna().all())
    ('buys within 30 days', True)
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
) -> ChurnModel:
    names, seed = check_candidates(candidates), check_seed(seed)
    test, earlier = collect_samples(crm, question)
    scored = _of_buyers(sample_at(crm, crm.as_of, question, labelled=False, figures=now), states)
    known = rows_of([(sample.features, sample.label) for sample in earlier])
    rows = some_of(known, seed=seed)
    refused = find_leaks(rows.features, rows.label, groups=rows.groups)
    learnt = learn(rows, names=names, refused=refused, seed=seed)
    matrix = learnt.encoding.matrix(test.features)
    rivals, notes = _baselines(crm, question, earlier, test)
    notes += _learnt_from_some(rows, known)
    predictions = {name: learnt.fitted[name].probability(matrix) for name in names} | rivals
    found = judged(predictions, test.label, chosen=learnt.chosen.name, baselines=tuple(rivals), seed=seed)
    newest = [test, *earlier[: max(1, len(earlier) - 1)]]
    latest = some_of(rows_of([(s.features, s.label) for s in newest]), seed=seed)
    final = learn(
        latest,
        names=[learnt.chosen.name],
        refused={**refused, **learnt.encoding.left_out},
        seed=seed,
        tree_too="decision_tree" in names,
    )
    scores = pd.Series(
        final.chosen.probability(final.encoding.matrix(scored.features)),
        index=scored.features.index,
        name="probability",
    )
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
        tested_later=True,
        says=verdict(
            found["evaluation"], found["differences"], outcome=question.outcome,
            customers=len(test.label), hits=int(test.label.sum()), how=_how(periods), notes=notes,
        ),
        notes=notes,
        currency=crm.currency,
        **found,
        **explained(learnt.chosen, matrix, test.label, final, latest, scored.features, seed=seed,
                    hidden=sensitive_indicators(crm)),
    )  # fmt: skip


def _of_buyers(scored: Sample, states: pd.Series | None) -> Sample:
    """The customers of whom the model has a say: those who buy by their state."""
    if states is None:
        return scored
    buy = states.reindex(scored.features.index).isin(AT_RISK.states)
    return replace(scored, features=scored.features[buy])


def _baselines(
    crm: Crm, question: Question, earlier: list[Sample], test: Sample
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    rivals = {"recency": recency_alone(earlier, test)}
    if question.category is not None:
        rivals["category_recency"] = recency_alone(earlier, test, column="category_recency_days")
    name, alive, note = alive_alone(crm, earlier[0], test, horizon_days=question.horizon_days)
    rivals[name] = alive
    rivals["base_rate"] = base_rate(np.concatenate([s.label for s in earlier]), len(test.label))
    return rivals, (note,) if note else ()


def _learnt_from_some(rows: Rows, known: Rows) -> tuple[str, ...]:
    drawn, customers = (int(each.groups.max()) + 1 for each in (rows, known))
    if drawn == customers:
        return ()
    return (f"It learnt from {drawn:,} of {customers:,} customers, drawn at random, and was tested on all.",)


def _value(crm: Crm, question: Question, customers: pd.Index) -> pd.Series:
    if not question.stops:
        return pd.Series(np.nan, index=customers, name="value")
    begin = days_later(crm.as_of, -question.horizon_days, time_zone=crm.time_zone)
    spend = purchases_within(crm, after=begin, until=crm.as_of)["net_amount"]
    return spend.reindex(customers).fillna(0.0).clip(lower=0).rename("value")


def _how(periods: pd.DataFrame) -> str:
    days = ", ".join(f"{day:%Y-%m-%d}" for day in periods.loc[periods["role"] == "learn", "cutoff"])
    test = periods[periods["role"] == "test"].iloc[0]
    return (
        f"Learnt from what was known on {days} and what followed, tested on {test['cutoff']:%Y-%m-%d} to "
        f"{test['until']:%Y-%m-%d}."
    )


def _little_shop() -> Any:
    """Three hundred customers who come at their own pace; half of them leave some day."""
    from crmlib.prepare.crm import Crm

    lot = np.random.default_rng(0)
    rows = []
    for who in range(300):
        gap, leaves = lot.uniform(4, 25), lot.uniform(0, 400)
        days = np.cumsum(lot.exponential(gap, 80))
        rows += [(f"c{who:03}", day) for day in days[days < min(240, leaves)]]
    lines = pd.DataFrame(rows, columns=["customer_id", "day"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines["day"].round(3), unit="D")
    lines = lines.assign(order_id=np.arange(len(lines)).astype(str), product_id="tea", net_amount=10.0)
    return Crm.from_frames(as_of="2024-08-27", transactions=lines.drop(columns="day"), currency="EUR")
