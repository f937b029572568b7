"""Key figures and tables of the report on purchases to come."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.future import FutureContribution
from crmlib.analyse.holdout import HoldoutCheck
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.words import percent


def future_figures(future: FutureContribution) -> KeyFigures:
    """Purchases expected, what they bring, who still buys, and the error of the test.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib.present.claims_future import _little_future
    >>> print(future_figures(_little_future())._text().splitlines()[0])
    Purchases expected: 408
    """
    table = future.table
    alive, check = table["probability_alive"].dropna(), future.holdout
    row = None if check is None else check.total(check.used)
    tested = row is not None and np.isfinite(row["error_low"])
    ahead = f"within {future.horizon_days:,} days"
    return KeyFigures(
        KeyFigure(label="Purchases expected", value=round(table["expected_purchases"].sum()), note=ahead),
        KeyFigure(
            label=f"{'Revenue' if future.is_revenue else 'Margin'} expected",
            value=table["future_contribution"].sum(min_count=1),
            unit=future.currency,
            note=f"{ahead}, in money of today",
        ),
        KeyFigure(
            label="Customers who still buy",
            value=round(alive.sum()) if len(alive) else None,
            note=f"expected, of {len(table.dropna(subset=['expected_purchases'])):,} who have bought",
        ),
        KeyFigure(
            label="Error when put to the test",
            value=None if row is None else row["error_pct"],
            low=row["error_low"] if tested else None,
            high=row["error_high"] if tested else None,
            unit="%",
            format="+.1f",
            note=f"purchases of the last {check.holdout_days:,} days" if check else "history too short",
        ),
    )


def holdout_table(future: FutureContribution | HoldoutCheck) -> DataTable:
    """Every prediction of the test beside what came: totals, and how far off customer by customer.

    Parameters
    ----------
    future : FutureContribution or HoldoutCheck

    Returns
    -------
    DataTable
        Without rows where the history is too short.

    Examples
    --------
    >>> from crmlib.present.claims_future import _little_future
    >>> holdout_table(_little_future()).frame.columns.tolist()[:4]
    ['prediction', 'predicted', 'actual', 'error_pct']
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
            prediction=totals["model"].where(totals["kind"] == "baseline", "model " + totals["model"]),
            used=totals["chosen"],
            range=[
                _range(low, high) for low, high in zip(totals["error_low"], totals["error_high"], strict=True)
            ],
        )[columns].sort_values("rmse", kind="stable", ignore_index=True)
    return DataTable(
        frame,
        name="test_of_predictions",
        caption="Predictions put to the test, the nearest customer by customer first",
        labels={
            "prediction": "Prediction",
            "predicted": "Expected",
            "actual": "Came",
            "error_pct": "Error",
            "range": "Error, 95 % interval",
            "mae": "Off by, mean",
            "rmse": "Off by, root mean square",
            "correlation": "Correlation",
            "used": "Put to the test first",
        },
        units={"predicted": "purchases", "actual": "purchases", "error_pct": "%"},
        digits={"predicted": 0, "actual": 0, "error_pct": 1, "mae": 2, "rmse": 2, "correlation": 2},
    )


def fit_table(future: FutureContribution) -> DataTable:
    """Every model that was tried, and why it was taken or not.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_future import _little_future
    >>> int(fit_table(_little_future()).frame["chosen"].sum())
    1
    """
    return DataTable(
        future.fit.tried,
        name="models_tried",
        caption="Models of buying and leaving that were tried",
        labels={"log_likelihood": "Log-likelihood", "aic": "AIC, less is better"},
        digits={"log_likelihood": 1, "aic": 1},
        download=False,
    )


def future_table(crm: Any, future: FutureContribution) -> DataTable:
    """Every customer with what is expected, the most valuable first.

    Parameters
    ----------
    crm : Crm
    future : FutureContribution

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_future import _little_future
    >>> len(future_table(SimpleNamespace(config=None, currency="EUR"), _little_future()).frame)
    200
    """
    known = future.table.dropna(subset=["expected_purchases"])
    frame = known.sort_values("future_contribution", ascending=False, kind="stable").reset_index()
    frame = frame.assign(
        customer_id=public_ids(crm, frame["customer_id"]).to_numpy(),
        probability_alive=100 * frame["probability_alive"],
    )
    what = "Revenue" if future.is_revenue else "Margin"
    return DataTable(
        frame,
        name="future_contribution",
        caption=f"Customers by what they are expected to bring within {future.horizon_days:,} days",
        labels={
            "customer_id": "Customer",
            "probability_alive": "Probability of still buying",
            "expected_purchases": "Purchases expected",
            "expected_average_spend": "Spend a purchase",
            "future_contribution": f"{what} expected",
        },
        units={
            "probability_alive": "%",
            "expected_average_spend": crm.currency,
            "future_contribution": crm.currency,
        },
        digits={
            "probability_alive": 0,
            "expected_purchases": 1,
            "expected_average_spend": 2,
            "future_contribution": 2,
        },
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def _range(low: float, high: float) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return "not known"
    return f"{percent(low)} to {percent(high)}"
