"""Tables of the report on purchases to come."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.future import FutureContribution
from crmlib.analyse.holdout import HoldoutCheck
from crmlib.present.blocks import DataTable
from crmlib.present.plots_future import PLAIN_GUESSES
from crmlib.present.words import percent


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
    ['prediction', 'predicted_purchases', 'actual_purchases', 'error_pct']
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

    Examples
    --------
    >>> from crmlib.present.claims_future import _little_future
    >>> int(fit_table(_little_future()).frame["chosen"].sum())
    1
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
