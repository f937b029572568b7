"""Key figures and tables of the report on customer value."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import of_buyers
from crmlib.analyse.lifetime.choice import FIT_REASONS
from crmlib.analyse.lifetime.future import FutureContribution
from crmlib.analyse.lifetime.holdout import HoldoutCheck
from crmlib.analyse.value.pareto import CLASS_BORDERS, ParetoCurve
from crmlib.analyse.value.potential import CREDIT_REASONS
from crmlib.analyse.value.scorecard import ENOUGH, OWN_REASONS, Scorecard, reason_pairs
from crmlib.analyse.value.valuations import POOR_CREDIT, VALUATIONS
from crmlib.analyse.worklist import Worklist
from crmlib.measure.columns import label_of, unit_of
from crmlib.measure.indicators import compute_indicators, indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Skipped
from crmlib.present.claims import STATE_WORDS, Family, claim, count, days, interval, money, name, names, share
from crmlib.present.numbers import capital
from crmlib.present.reports.value.ahead import SHORT_GUESS, future_range, future_value, value_at
from crmlib.present.reports.value.say import (
    SHOWN_SHAKE,
    TOP,
    left_out_words,
    listed,
    measure_word,
    reason_words,
    top_share,
    topic_word,
)
from crmlib.schema.states import DORMANT, LOST, WIN_BACK

ASPECT_WORDS = Family("value-aspect", ("characteristics", "transactions", "finance", "contact"))
BETTER_WORDS = Family("value-better", ("higher", "lower", "neither"))
VERDICT_WORDS = Family("value-80-20", ("yes", "no", "uncertain"))
UNSCORED_WORDS = Family("value-unscored", (*sorted(OWN_REASONS), "not_asked"))
VALUATION_WORDS = Family("valuation", tuple(VALUATIONS))
FIT_WORDS = Family("value-fit", tuple(code for code in FIT_REASONS if code != "unfit"), facts=("detail",))
CREDIT_WORDS = Family("value-credit-reason", CREDIT_REASONS, facts=("n", "late", "days", "overdue", "used"))


def worth_figures(pareto: ParetoCurve, scorecard: Scorecard) -> KeyFigures:
    """What the top 20 % bring, how uneven value is, the A customers, and how firm the best fifth is."""
    known = not pareto.curve.empty
    brought, gini = (
        [value if known else None for value in part] for part in (pareto.top20_share_pct, pareto.gini)
    )
    stable = scorecard.rank_stability.set_index("shake_pct").reindex([SHOWN_SHAKE]).iloc[0]
    kept = [float(stable[column]) for column in ("kept_share_pct", "low", "high")]
    word = measure_word(pareto)
    return KeyFigures(
        KeyFigure(
            claim("value-figure-top", top=share(TOP)),
            top_share(pareto) if known else None,
            low=brought[1],
            high=brought[2],
            unit="%",
            format=".0f",
            note=claim("value-figure-of-all", measure=word),
        ),
        KeyFigure(
            claim("value-figure-80-20"),
            str(VERDICT_WORDS.term(pareto.says_80_20)) if known else None,
            note=claim("value-figure-80-20-note"),
        ),
        KeyFigure(
            claim("value-figure-concentration"),
            gini[0],
            low=gini[1],
            high=gini[2],
            format=".2f",
            note=claim("value-figure-concentration-note"),
        ),
        KeyFigure(
            claim("value-figure-class-a"),
            count(pareto.class_table.loc["A", "customers"], at="customers.in_class[A]") if known else None,
            unit=str(claim("value-axis-customers-alone")),
            note=claim("value-figure-class-a-note", border=share(CLASS_BORDERS["A"]), measure=word),
        ),
        KeyFigure(
            claim("value-figure-stays"),
            kept[0],
            low=kept[1],
            high=kept[2],
            unit="%",
            format=".0f",
            note=claim("value-figure-stays-note", shake=share(SHOWN_SHAKE)),
        ),
    )


def class_table(pareto: ParetoCurve) -> DataTable:
    """Classes A, B and C: how many customers, and what they bring."""
    table = pareto.class_table
    customers = table["customers"].where(table["customers"] > 0)
    first, second = CLASS_BORDERS["A"], CLASS_BORDERS["B"] - CLASS_BORDERS["A"]
    says = [
        str(claim("value-class-first", part=share(first))),
        str(claim("value-class-next", part=share(second))),
        str(claim("value-class-rest")),
    ]
    frame = table.assign(each=table["value"] / customers, says=says)
    shown = frame[
        ["says", "customers", "customers_share_pct", "low", "high", "value", "value_share_pct", "each"]
    ].rename(
        columns={
            "says": "who",
            "low": "customers_share_low",
            "high": "customers_share_high",
            "value": pareto.measure,
        }
    )
    caption = claim("value-table-classes")
    return DataTable(shown, "value_classes", caption, currency=unit_of(pareto.measure, pareto.currency))


def top_customers_table(
    crm: Crm, scorecard: Scorecard, indicators: pd.DataFrame | None = None, *, most: int = 200
) -> DataTable:
    """The customers with the highest score, what each aspect says of them, and why they stand there."""
    scores = scorecard.scores[(scorecard.coverage >= ENOUGH) & scorecard.scores["total"].notna()]
    best = scores.assign(by=scores.index.astype("str")).sort_values(
        ["total", "by"], ascending=[False, True], kind="stable"
    )
    best = best.head(most).drop(columns="by").dropna(axis=1, how="all")
    aspects = [name for name in best.columns if name != "total"]
    frame = pd.DataFrame({"total": best.get("total", pd.Series(dtype="float64"))})
    frame["reasons"] = reason_pairs(scorecard, n=4, customers=best.index).map(reason_words).astype("str")
    if indicators is not None and "spend_total" in indicators:
        frame["spend_total"] = indicators["spend_total"].reindex(best.index)
    frame = frame.join(best[aspects])
    frame["coverage_pct"] = 100 * scorecard.coverage.reindex(best.index)
    ids = pd.Series(frame.index.astype("str"))
    frame = frame.reset_index(drop=True)
    frame.insert(0, "customer_id", public_ids(crm, ids))
    shown = frame.rename(columns={"total": "score", "coverage_pct": "known_weight_pct"})
    caption = claim("value-table-top")
    return DataTable(shown, "top_customers", caption, currency=crm.currency, rows=5, about=crm)


def weights_table(scorecard: Scorecard) -> DataTable:
    """What counts how much in the score, and what does not count, with the reason."""
    table = scorecard.weights
    frame = pd.DataFrame(
        {
            "label": [label_of(name) for name in table.index],
            "weight": table["weight"].where(table["used"]).to_numpy(),
            "topic": [str(topic_word(scorecard, topic)) for topic in table["topic"]],
            "aspect": [_aspect_word(aspect) for aspect in table["aspect"]],
            "better": [_better(better) for better in table["better"]],
            "reason": [_reason(reason) for reason in table["reason"]],
            "indicator": list(table.index),
        }
    )
    shown = frame.rename(columns={"label": "figure", "reason": "why"})
    return DataTable(shown, "score_weights", claim("value-table-weights"), rows=12)


def catalogue_table(crm: Crm, indicators: pd.DataFrame | None = None) -> DataTable:
    """Every indicator there is: what it means, whether it is known here, and if not, why.

    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"],
    ...                       "ordered_at": ["2024-01-02"], "net_amount": [5.0]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    >>> table = catalogue_table(crm).frame.set_index("indicator")
    >>> table.loc["spend_total", "here"], table.loc["margin_total", "why"][:40]
    ('yes', 'Transactions has no column cost_amount. ')
    """
    found = compute_indicators(crm) if indicators is None else indicators
    catalogue = indicator_catalogue(crm)
    left_out = found.attrs.get("left_out", {})
    here = catalogue["name"].isin(found.columns)
    currency, money_word = getattr(crm, "currency", "") or "", str(claim("value-catalogue-money"))
    frame = pd.DataFrame(
        {
            "label": [label_of(name) for name in catalogue["name"]],
            "says": catalogue["says"],
            "aspect": [_aspect_word(aspect) for aspect in catalogue["aspect"]],
            "unit": [currency or money_word if unit == "currency" else unit for unit in catalogue["unit"]],
            "better": [_better(better) for better in catalogue["better"]],
            "here": here.map({True: str(claim("value-yes")), False: str(claim("value-no"))}),
            "why": [
                "" if there else _reason(left_out.get(name, "not_asked"))
                for name, there in zip(catalogue["name"], here, strict=True)
            ],
            "name": catalogue["name"],
        }
    )
    shown = frame.rename(columns={"name": "indicator"})
    caption = claim("value-table-catalogue", all=count(len(frame)), known=count(int(here.sum())))
    return DataTable(shown, "indicator_catalogue", caption, rows=12, page_rows=len(frame))


def _aspect_word(aspect: str) -> str:
    return capital(ASPECT_WORDS.term(str(aspect)))


def _better(way: str) -> str:
    return str(BETTER_WORDS.term(way if way in BETTER_WORDS.members else "neither"))


def _reason(reason: str) -> str:
    if reason in UNSCORED_WORDS.members:
        return str(UNSCORED_WORDS.term(reason))
    return left_out_words(reason) if reason else ""


_SHOWN = (
    *("spend_365d", "probability_alive", "expected_purchases", "future_contribution", "loyalty_score"),
    *("cadence_kept_pct", "repeat_rate_pct", "category_share_pct", "loyalty_decay", "credit_grade"),
    *("days_late_mean", "overdue_amount", "growth_potential", "growth_category", "spend_trend"),
    *("profit_365d", "profit_total"),
)
_CREDIT_SHOWN = (
    *("credit_grade", "credit_reason", "overdue_amount", "open_amount", "days_late_mean", "days_late_max"),
    "credit_used_pct",
)


def valuation_figures(
    valuations: pd.DataFrame,
    work: Worklist | None = None,
    *,
    future: FutureContribution | Skipped | None = None,
) -> KeyFigures:
    """Customers, future contribution, room to grow, what is overdue, profit."""
    currency = valuations.attrs.get("currency", "")
    buyers = count(len(valuations), at="customers.buyers")
    figures = [KeyFigure(claim("value-figure-customers"), buyers, note=claim("value-figure-bought"))]
    if future is not None and not isinstance(future, Skipped) and np.isfinite(future_value(future)):
        figures.append(_future_figure(future))
    sums = (
        ("growth_potential", claim("value-figure-room"), claim("value-figure-room-note"), "sales.room"),
        (
            "overdue_amount",
            claim("value-figure-overdue"),
            claim("value-figure-overdue-note"),
            "sales.overdue",
        ),
        (
            "profit_365d",
            claim("value-figure-profit"),
            claim("value-figure-profit-note"),
            "profit.amount[365d]",
        ),
    )
    for column, label, note, at in sums:
        if column in valuations and valuations[column].notna().any():
            total = money(float(valuations[column].sum()), currency, at=at)
            figures.append(KeyFigure(label, total, note=note))
    if work is not None and (n := listed(work, WIN_BACK)["n"]).value:
        gone = {state: STATE_WORDS.term(state) for state in (DORMANT, LOST)}
        note = claim("value-figure-win-back-note", **gone)
        figures.append(KeyFigure(claim("value-figure-win-back"), n, note=note))
    return KeyFigures(*figures)


def _future_figure(future: FutureContribution) -> KeyFigure:
    horizon = days(future.horizon_days)
    low, high = future_range(future) or (None, None)
    value = money(future_value(future), future.currency, at=value_at(future.horizon_days))
    note = claim("value-figure-future-note" if low is None else "value-figure-future-range", horizon=horizon)
    return KeyFigure(claim("value-figure-future"), value, low=low, high=high, note=note)


def valuations_table(crm: Crm, valuations: pd.DataFrame, stages: pd.Series | None = None) -> DataTable:
    """Every customer from five sides, the most future contribution first.

    >>> from types import SimpleNamespace
    >>> worth = pd.DataFrame({"spend_365d": [5.0, 9.0]}, index=pd.Index(["ann", "bob"], name="customer_id"))
    >>> table = valuations_table(SimpleNamespace(config=None, currency="EUR"), worth)
    >>> table.frame["customer_id"].tolist()
    ['bob', 'ann']
    """
    names = [name for name in _SHOWN if name in valuations]
    by = "future_contribution" if "future_contribution" in valuations else "spend_365d"
    frame = valuations[names]
    if "probability_alive" in frame:
        alive = 100 * frame["probability_alive"]
        frame = frame.assign(probability_alive=alive if stages is None else of_buyers(stages, alive))
    if stages is not None:
        frame = frame.assign(state=stages.reindex(frame.index).astype("object"))
        names = ["state", *names]
    frame = frame.assign(customer_id=valuations.index.astype("str")).reset_index(drop=True)
    frame = frame.round(2)
    frame.attrs = {}
    frame = frame.sort_values([by, "customer_id"], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    frame = frame[["customer_id", *names]].rename(columns={"probability_alive": "alive_pct"})
    caption = claim("value-table-valuations", by=name(label_of(by).lower()))
    return DataTable(frame, "valuations", caption, currency=crm.currency, rows=10, about=crm)


def credit_table(crm: Crm, valuations: pd.DataFrame) -> DataTable | None:
    """Who pays late, with the reason of the grade, the most overdue first."""
    if "credit_grade" not in valuations or not valuations["credit_grade"].isin(POOR_CREDIT).any():
        return None
    poor = valuations[valuations["credit_grade"].isin(POOR_CREDIT)]
    frame = poor[[column for column in _CREDIT_SHOWN if column in poor]].reset_index(drop=True)
    frame.attrs = {}
    if "credit_reason" in frame:
        frame["credit_reason"] = credit_reason_words(poor)
    frame.insert(0, "customer_id", poor.index.astype("str"))
    frame = frame.sort_values(["overdue_amount", "customer_id"], ascending=[False, True], kind="stable")
    frame = frame.reset_index(drop=True).round(2)
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    caption = claim("value-table-late")
    return DataTable(
        frame, "late_payers", caption, currency=valuations.attrs.get("currency", ""), rows=5, about=crm
    )


def missing_table(valuations: pd.DataFrame) -> DataTable | None:
    """What could not be valued, why, and what would bring it.

    >>> worth = pd.DataFrame()
    >>> worth.attrs["left_out"] = {"credit_grade": "There is no table customers.", "open_amount":
    ...                            "There is no table customers."}
    >>> missing_table(worth).frame.values.tolist()
    [['Credit', 'Open amount and credit grade', 'There is no table customers.']]
    """
    left_out: Mapping[str, str] = valuations.attrs.get("left_out", {})
    if not left_out:
        return None
    rows: dict[tuple[str, str], list[str]] = {}
    for kind, columns in VALUATIONS.items():
        for column in columns:
            if column in left_out:
                rows.setdefault((kind, left_out[column]), []).append(label_of(column))
    frame = pd.DataFrame(
        [
            (str(VALUATION_WORDS.term(kind)), _listed(labels), left_out_words(reason))
            for (kind, reason), labels in rows.items()
        ],
        columns=["valuation", "figures", "reason"],
    )
    return DataTable(frame, "not_valued", claim("value-table-missing"), download=False)


def holdout_table(future: FutureContribution | HoldoutCheck) -> DataTable:
    """Every prediction of the test beside what came: totals, and how far off customer by customer."""
    check = future if isinstance(future, HoldoutCheck) else future.holdout
    columns = [
        "prediction",
        "predicted",
        "actual",
        "error_pct",
        "range",
        "mae",
        "rmse",
        "correlation",
        "used",
    ]
    frame = pd.DataFrame(columns=columns)
    if check is not None:
        totals = check.totals
        frame = totals.assign(
            prediction=[_prediction(model) for model in totals["model"]],
            used=totals["chosen"],
            range=[
                _range(low, high) for low, high in zip(totals["error_low"], totals["error_high"], strict=True)
            ],
        )[columns].sort_values("rmse", kind="stable", ignore_index=True)
    shown = frame.rename(columns={"predicted": "predicted_purchases", "actual": "actual_purchases"})
    return DataTable(shown, "test_of_predictions", claim("value-table-tests"))


def fit_table(future: FutureContribution) -> DataTable:
    """Every model that was tried, and why it was taken or not."""
    tried, usable = future.fit.tried, future.fit.usable
    estimates = [_estimates(usable.get(model)) for model in tried["model"]]
    frame = tried.assign(estimates=estimates, reason=[_fit_reason(row) for row in tried.itertuples()])
    shown = frame[[*tried.columns.drop(["reason", "detail"]), "estimates", "reason"]]
    return DataTable(shown, "models_tried", claim("value-table-models"), download=False)


def _listed(labels: list[str]) -> str:
    return str(names([name(labels[0]), *(name(label.lower()) for label in labels[1:])]))


def credit_reason_words(poor: pd.DataFrame) -> np.ndarray:
    """Why each customer has a credit grade, from the codes of the reason and the figures beside them."""
    said = np.empty(len(poor), dtype=object)
    for codes, rows in poor.groupby("credit_reason", sort=False).indices.items():
        some = poor.iloc[rows]
        facts = {
            "n": count(some.get("judged_invoice_count")),
            "late": count(some.get("late_invoice_count")),
            "days": days(some.get("late_invoice_days")),
            "overdue": days(some.get("invoice_overdue_days")),
            "used": share(some.get("credit_used_pct")),
        }
        parts = [CREDIT_WORDS.claim(code, **facts).texts(len(rows)) for code in str(codes).split()]
        said[rows] = [f"{capital('; '.join(texts))}." for texts in zip(*parts, strict=True)]
    return said


def _prediction(model: str) -> str:
    if model in SHORT_GUESS.members:
        return str(claim("value-prediction-rule", rule=SHORT_GUESS.term(model)))
    return str(claim("value-prediction-model", model=name(model)))


def _fit_reason(row: Any) -> str:
    if row.reason == "unfit":
        return re.sub(r"^\w+Model\b", str(claim("value-fit-it")), row.detail)
    return str(FIT_WORDS.claim(row.reason, detail=name(row.detail)))


def _estimates(model: Any) -> str:
    if model is None:
        return ""
    errors = model.standard_errors_
    return ", ".join(
        f"{name} {value:.3g}" + (f" ± {errors[name]:.2g}" if np.isfinite(errors[name]) else "")
        for name, value in model.params_.items()
    )


def _range(low: float, high: float) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return str(share(None))
    return str(interval(low, high, "share"))
