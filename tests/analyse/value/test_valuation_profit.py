"""Profitability by hand."""

import pandas as pd
import pytest

from crmlib.analyse.value.valuations import profit_valuation

MARGINS = pd.DataFrame(
    {"margin_total": [100.0, 50.0, 10.0], "margin_365d": [60.0, 50.0, 10.0]}, index=["ann", "bob", "cem"]
)
COSTS = pd.DataFrame(
    {"serving_cost_total": [30.0, 40.0, 5.0], "serving_cost_365d": [20.0, 40.0, 0.0]},
    index=["ann", "cem", "eve"],
)


def test_margin_less_cost_to_serve():
    profit = profit_valuation(MARGINS, COSTS)
    assert profit["profit_total"].tolist() == [70.0, 50.0, -30.0]
    assert profit["profit_365d"].tolist() == [40.0, 50.0, -30.0]
    assert profit["profit_share_pct"].tolist() == pytest.approx([100 * 40 / 60, 100 * 50 / 60, -50.0])


def test_no_share_of_a_loss():
    profit = profit_valuation(MARGINS - 100, COSTS)
    assert profit["profit_share_pct"].isna().all()
