"""Key figures and tables of the report on customer value."""

from typing import Any

import pandas as pd

from crmlib.analyse.pareto import CLASS_BORDERS, ParetoCurve
from crmlib.analyse.scorecard import ENOUGH, Scorecard
from crmlib.analyse.scorecard_reasons import reason_pairs
from crmlib.measure.columns import label_of, unit_of
from crmlib.measure.indicators import compute_indicators, indicator_catalogue
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_worth import measure_word
from crmlib.present.claims_worth_reasons import reason_words, topic_word
from crmlib.present.words import sentence

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

    Examples
    --------
    >>> from crmlib.present.claims_worth import _little_worth
    >>> print(worth_figures(*_little_worth())._text().replace("\u00a0", " "))
    Brought by the top 20 %: 56 % (47 to 63)
    80/20: not true
    Concentration: 0.52 (0.44 to 0.58)
    Class A: 25 customers
    Best fifth that stays: 100 % (100 to 100)
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

    Examples
    --------
    >>> from crmlib.present.claims_worth import _little_worth
    >>> class_table(_little_worth()[0]).frame["customers"].tolist()
    [25, 19, 16]
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

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_worth import _little_worth
    >>> crm = SimpleNamespace(config=None, currency="EUR")
    >>> top_customers_table(crm, _little_worth()[1], most=2).frame["reasons"].tolist()
    ['high net spend, many orders, bought lately', 'high net spend, many orders, bought lately']
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

    Examples
    --------
    >>> from crmlib.present.claims_worth import _little_worth
    >>> weights_table(_little_worth()[1]).frame["indicator"].head(3).tolist()
    ['spend_total', 'order_count', 'recency_days']
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
