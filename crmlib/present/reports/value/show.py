"""Key figures and tables of the report on customer value."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.actions import POOR_CREDIT, ActionLists
from crmlib.analyse.customers.states import of_buyers
from crmlib.analyse.lifetime.future import FutureContribution
from crmlib.analyse.lifetime.holdout import HoldoutCheck
from crmlib.analyse.value.pareto import CLASS_BORDERS, ParetoCurve
from crmlib.analyse.value.scorecard import ENOUGH, Scorecard
from crmlib.analyse.value.valuations import VALUATIONS
from crmlib.analyse.value.weights import reason_pairs
from crmlib.measure.columns import label_of, unit_of
from crmlib.measure.indicators import compute_indicators, indicator_catalogue
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.downloads import about_workspace
from crmlib.present.reports.value.draw import PLAIN_GUESSES
from crmlib.present.reports.value.say import measure_word, reason_words, topic_word
from crmlib.present.words import listing, percent, sentence
from crmlib.schema.states import DORMANT, LOST

_ASPECTS = {
    "characteristics": "Who they are",
    "transactions": "How they buy",
    "finance": "What they bring",
    "contact": "How they answer",
}
_BETTER = {"higher": "more is better", "lower": "less is better"}
_VERDICT = {"yes": "true", "no": "not true", "uncertain": "uncertain"}


def worth_figures(pareto: ParetoCurve, scorecard: Scorecard) -> KeyFigures:
    """What the top 20 % bring, how uneven value is, the A customers, and how firm the best fifth is.

    Parameters
    ----------
    pareto : ParetoCurve
    scorecard : Scorecard

    Returns
    -------
    KeyFigures
    """
    known = not pareto.curve.empty
    share, gini = (
        [value if known else None for value in part] for part in (pareto.top20_share_pct, pareto.gini)
    )
    stable = scorecard.rank_stability.set_index("shake_pct").reindex([25.0]).iloc[0]
    kept = [float(stable[name]) for name in ("kept_share_pct", "low", "high")]
    word = measure_word(pareto)
    return KeyFigures(
        KeyFigure(
            label="Brought by the top 20 %",
            value=share[0], low=share[1], high=share[2], unit="%", format=".0f", note=f"of all {word}",
        ),
        KeyFigure(
            label="80/20",
            value=_VERDICT[pareto.says_80_20] if known else None,
            note="do 20 % of customers bring about 80 %?",
        ),
        KeyFigure(
            label="Concentration",
            value=gini[0], low=gini[1], high=gini[2], format=".2f", note="0 all alike, 1 one brings all",
        ),
        KeyFigure(
            label="Class A",
            value=int(pareto.class_table.loc["A", "customers"]) if known else None,
            unit="customers",
            note=f"those it takes for the first 80 % of {word}",
        ),
        KeyFigure(
            label="Best fifth that stays",
            value=kept[0], low=kept[1], high=kept[2], unit="%", format=".0f",
            note="with weights moved by up to 25 %",
        ),
    )  # fmt: skip


def class_table(pareto: ParetoCurve) -> DataTable:
    """Classes A, B and C: how many customers, and what they bring.

    Parameters
    ----------
    pareto : ParetoCurve

    Returns
    -------
    DataTable
    """
    table = pareto.class_table
    customers = table["customers"].where(table["customers"] > 0)
    first, second = CLASS_BORDERS["A"], CLASS_BORDERS["B"] - CLASS_BORDERS["A"]
    frame = table.assign(
        each=table["value"] / customers,
        says=[
            f"those it takes for the first {first:.0f} %",
            f"those it takes for the next {second:.0f} %",
            "the rest",
        ],
    )
    return DataTable(
        frame[
            ["says", "customers", "customers_share_pct", "low", "high", "value", "value_share_pct", "each"]
        ].rename(
            columns={
                "says": "who",
                "low": "customers_share_low",
                "high": "customers_share_high",
                "value": pareto.measure,
            }
        ),
        name="value_classes",
        caption="Classes of customers by what they bring",
        currency=unit_of(pareto.measure, pareto.currency),
    )


def top_customers_table(
    crm: Any, scorecard: Scorecard, indicators: pd.DataFrame | None = None, *, most: int = 200
) -> DataTable:
    """The customers with the highest score, what each aspect says of them, and why they stand there.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    scorecard : Scorecard
        Customers with less than half of the weight known are not listed.
    indicators : DataFrame indexed by customer_id, optional
        `spend_total` is shown where it is there.
    most : int
        So many at most.

    Returns
    -------
    DataTable
    """
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
    return DataTable(
        frame.rename(columns={"total": "score", "coverage_pct": "known_weight_pct"}),
        name="top_customers",
        caption="Customers with the highest value score, from 0 to 100; an average customer has 50",
        currency=crm.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def weights_table(scorecard: Scorecard) -> DataTable:
    """What counts how much in the score, and what does not count, with the reason.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    DataTable
    """
    table = scorecard.weights
    frame = pd.DataFrame(
        {
            "label": [label_of(name) for name in table.index],
            "weight": table["weight"].where(table["used"]).to_numpy(),
            "topic": [topic_word(scorecard, topic) for topic in table["topic"]],
            "aspect": [_aspect_word(aspect) for aspect in table["aspect"]],
            "better": [_BETTER.get(better, "neither") for better in table["better"]],
            "reason": [_reason(reason) for reason in table["reason"]],
            "indicator": list(table.index),
        }
    )
    return DataTable(
        frame.rename(columns={"label": "figure", "reason": "why"}),
        name="score_weights",
        caption="What counts how much in the value score; figures of one topic share its weight",
        rows=12,
    )


def catalogue_table(crm: Any, indicators: pd.DataFrame | None = None) -> DataTable:
    """Every indicator there is: what it means, whether it is known here, and if not, why.

    Parameters
    ----------
    crm : Crm
    indicators : DataFrame, optional
        As `crmlib.compute_indicators(crm)` made it; computed if it is not given.

    Returns
    -------
    DataTable

    Examples
    --------
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
    currency = getattr(crm, "currency", "") or ""
    frame = pd.DataFrame(
        {
            "label": [label_of(name) for name in catalogue["name"]],
            "says": catalogue["says"],
            "aspect": [_aspect_word(aspect) for aspect in catalogue["aspect"]],
            "unit": [currency or "money" if unit == "currency" else unit for unit in catalogue["unit"]],
            "better": [_BETTER.get(better, "neither") for better in catalogue["better"]],
            "here": here.map({True: "yes", False: "no"}),
            "why": [
                "" if there else _reason(left_out.get(name, "was not asked for"))
                for name, there in zip(catalogue["name"], here, strict=True)
            ],
            "name": catalogue["name"],
        }
    )
    return DataTable(
        frame.rename(columns={"name": "indicator"}),
        name="indicator_catalogue",
        caption=f"All {len(frame):,} indicators; {int(here.sum()):,} of them are known here",
        rows=12,
        page_rows=len(frame),
    )


def _aspect_word(aspect: str) -> str:
    return _ASPECTS.get(aspect, str(aspect).replace("_", " ").capitalize())


def _reason(reason: str) -> str:
    return sentence(f"it {reason}" if reason.startswith(("is ", "was ", "grows ")) else reason)


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
VALUATION_WORDS = {
    "future": "Future contribution",
    "loyalty": "Loyalty",
    "credit": "Credit",
    "growth": "Growth potential",
    "profitability": "Profitability",
}
"""The five valuations, in words."""


def valuation_figures(
    valuations: pd.DataFrame, lists: ActionLists | None = None, *, horizon_days: int | None = None
) -> KeyFigures:
    """Customers, future contribution, loyalty, room to grow, what is overdue, profit.

    Parameters
    ----------
    valuations : DataFrame
        As `customer_valuations` makes it.
    lists : ActionLists, optional
        For those to win back.
    horizon_days : int, optional
        How far the future contribution looks ahead.

    Returns
    -------
    KeyFigures
    """
    currency = valuations.attrs.get("currency", "")
    figures = [KeyFigure(label="Customers", value=len(valuations), note="who have bought")]
    sums = {
        "future_contribution": (
            "Future contribution",
            f"expected of today's customers{f' within {horizon_days:,} days' if horizon_days else ''}",
        ),
        "growth_potential": ("Room to grow", "a year, as comparable customers spend"),
        "overdue_amount": ("Overdue", "past its day and not paid"),
        "profit_365d": ("Profit of the last year", "margin less cost to serve"),
    }
    for name, (label, note) in sums.items():
        if name in valuations:
            total = float(valuations[name].sum()) if valuations[name].notna().any() else None
            figures.append(KeyFigure(label=label, value=total, unit=currency, note=note))
    if "loyalty_score" in valuations and valuations["loyalty_score"].notna().any():
        score = round(float(valuations["loyalty_score"].median()))
        note = "of 100" if lists is not None else ""
        figures.append(KeyFigure(label="Median loyalty", value=score, note=note))
    if lists is not None and lists.candidates["win_back"]:
        figures.append(
            KeyFigure(
                label="Customers to win back",
                value=lists.candidates["win_back"],
                note=f"{DORMANT} or {LOST}, once worth at least the median",
            )
        )
    return KeyFigures(*figures)


def valuations_table(crm: Any, valuations: pd.DataFrame, stages: pd.Series | None = None) -> DataTable:
    """Every customer from five sides, the most future contribution first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    valuations : DataFrame
        As `customer_valuations` makes it.
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it; it stands in the table, and of who is dormant or lost by it no chance of
        still being a customer is shown.

    Returns
    -------
    DataTable

    Examples
    --------
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
        frame = frame.assign(stage=stages.reindex(frame.index).astype("object"))
        names = ["stage", *names]
    frame = frame.assign(customer_id=valuations.index.astype("str")).reset_index(drop=True)
    frame = frame.round(2)
    frame.attrs = {}
    frame = frame.sort_values([by, "customer_id"], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    frame = frame[["customer_id", *names]].rename(columns={"probability_alive": "alive_pct"})
    return DataTable(
        frame,
        name="valuations",
        caption=f"What each customer is worth, most {label_of(by).lower()} first",
        currency=crm.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def credit_table(crm: Any, valuations: pd.DataFrame) -> DataTable | None:
    """Who pays late, with the reason of the grade, the most overdue first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    valuations : DataFrame

    Returns
    -------
    DataTable, or None where nobody has a poor grade

    Examples
    --------
    >>> worth = pd.DataFrame({"credit_grade": ["A", "E"], "credit_reason": ["Pays on time.", "Pays late."],
    ...                       "overdue_amount": [0.0, 20.0]}, index=["ann", "bob"])
    >>> credit_table(None, worth).frame.values.tolist()
    [['bob', 'E', 'Pays late.', 20.0]]
    """
    if "credit_grade" not in valuations or not valuations["credit_grade"].isin(POOR_CREDIT).any():
        return None
    poor = valuations[valuations["credit_grade"].isin(POOR_CREDIT)]
    frame = poor[[name for name in _CREDIT_SHOWN if name in poor]].reset_index(drop=True)
    frame.attrs = {}
    frame.insert(0, "customer_id", poor.index.astype("str"))
    frame = frame.sort_values(["overdue_amount", "customer_id"], ascending=[False, True], kind="stable")
    frame = frame.reset_index(drop=True).round(2)
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    return DataTable(
        frame,
        name="late_payers",
        caption="Who pays late, and why the grade is D or E, most overdue first",
        currency=valuations.attrs.get("currency", ""),
        rows=8,
        about=about_workspace(crm),
    )


def keep_table(crm: Any, lists: ActionLists) -> DataTable:
    """The customers to keep, with reason and step.

    Parameters
    ----------
    crm : Crm
    lists : ActionLists

    Returns
    -------
    DataTable
    """
    return _list_table(
        crm, lists.keep, lists, name="to_keep", caption="Customers to keep, most at stake first"
    )


def develop_table(crm: Any, lists: ActionLists) -> DataTable:
    """The customers to develop, with reason and step.

    Parameters
    ----------
    crm : Crm
    lists : ActionLists

    Returns
    -------
    DataTable
    """
    first = "most room to grow first" if "growth_potential" in lists.develop else "the largest first"
    return _list_table(crm, lists.develop, lists, name="to_develop", caption=f"Customers to develop, {first}")


def win_back_table(crm: Any, lists: ActionLists) -> DataTable:
    """The customers to win back, with reason and step.

    Parameters
    ----------
    crm : Crm
    lists : ActionLists

    Returns
    -------
    DataTable
    """
    return _list_table(
        crm, lists.win_back, lists, name="to_win_back", caption="Customers to win back, the largest first"
    )


def missing_table(valuations: pd.DataFrame) -> DataTable | None:
    """What could not be valued, why, and what would bring it.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    DataTable, or None where nothing is missing

    Examples
    --------
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
    for kind, names in VALUATIONS.items():
        for name in names:
            if name in left_out:
                rows.setdefault((VALUATION_WORDS[kind], left_out[name]), []).append(label_of(name))
    frame = pd.DataFrame(
        [
            (kind, _first_capital(listing([names[0], *map(str.lower, names[1:])])), _first_capital(reason))
            for (kind, reason), names in rows.items()
        ],
        columns=["valuation", "figures", "reason"],
    )
    return DataTable(
        frame,
        name="not_valued",
        caption="What could not be valued, and what would bring it",
        download=False,
    )


def _list_table(crm: Any, frame: pd.DataFrame, lists: ActionLists, *, name: str, caption: str) -> DataTable:
    return DataTable(
        frame,
        name=name,
        caption=caption,
        currency=lists.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def _first_capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def holdout_table(future: FutureContribution | HoldoutCheck) -> DataTable:
    """Every prediction of the test beside what came: totals, and how far off customer by customer.

    Parameters
    ----------
    future : FutureContribution or HoldoutCheck

    Returns
    -------
    DataTable
        Without rows where the history is too short.
    """
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
            prediction=("guess: " + totals["model"].replace(PLAIN_GUESSES)).where(
                totals["kind"] == "baseline", "model " + totals["model"]
            ),
            used=totals["chosen"],
            range=[
                _range(low, high) for low, high in zip(totals["error_low"], totals["error_high"], strict=True)
            ],
        )[columns].sort_values("rmse", kind="stable", ignore_index=True)
    return DataTable(
        frame.rename(columns={"predicted": "predicted_purchases", "actual": "actual_purchases"}),
        name="test_of_predictions",
        caption="Predictions put to the test, the nearest customer by customer first",
    )


def fit_table(future: FutureContribution) -> DataTable:
    """Every model that was tried, and why it was taken or not.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    DataTable
    """
    tried, usable = future.fit.tried, future.fit.usable
    frame = tried.assign(
        estimates=[_estimates(usable.get(name)) for name in tried["model"]],
        reason=tried["reason"].str.replace(r"^\w+Model\b", "It", regex=True),
    )
    return DataTable(
        frame[[*tried.columns.drop("reason"), "estimates", "reason"]],
        name="models_tried",
        caption="Models of buying and leaving that were tried",
        download=False,
    )


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
        return "not known"
    return f"{percent(low)} to {percent(high)}"
