"""Profitability: the margin less what it costs to serve the customer."""

import numpy as np
import pandas as pd

PROFIT_UNITS = {
    "margin_total": "currency",
    "margin_365d": "currency",
    "serving_cost_total": "currency",
    "serving_cost_365d": "currency",
    "profit_total": "currency",
    "profit_365d": "currency",
    "profit_share_pct": "%",
}
"""Column -> unit."""


def profit_valuation(margins: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """What is left of each customer's margin after the cost to serve.

    Parameters
    ----------
    margins : DataFrame indexed by customer_id
        `margin_total` and `margin_365d`, as the indicators have them.
    costs : DataFrame indexed by customer_id
        As `crmlib.measure.serving_cost.serving_costs` makes it; who is not in it has cost nothing.

    Returns
    -------
    DataFrame indexed as `margins`
        `serving_cost_total`, `serving_cost_365d`, `profit_total`, `profit_365d`, and `profit_share_pct`: the
        customer's part of the profit of the last 365 days of all customers; below 0 who costs more than they
        bring; empty where all of them together bring none.

    Examples
    --------
    >>> margins = pd.DataFrame({"margin_total": [90.0, 20.0], "margin_365d": [60.0, 20.0]}, index=["ann", "bob"])
    >>> costs = pd.DataFrame({"serving_cost_total": [30.0], "serving_cost_365d": [30.0]}, index=["bob"])
    >>> profit_valuation(margins, costs)[["profit_total", "profit_365d", "profit_share_pct"]]
         profit_total  profit_365d  profit_share_pct
    ann          90.0         60.0             120.0
    bob         -10.0        -10.0             -20.0
    """
    table = pd.DataFrame(index=margins.index)
    for name in ("total", "365d"):
        cost = costs[f"serving_cost_{name}"].reindex(margins.index).fillna(0.0)
        table[f"serving_cost_{name}"] = cost
        table[f"profit_{name}"] = margins[f"margin_{name}"].astype("float64") - cost
    everyone = float(table["profit_365d"].sum())
    table["profit_share_pct"] = 100 * table["profit_365d"] / everyone if everyone > 0 else np.nan
    names = [name for name in PROFIT_UNITS if name in table]
    return table[names]
