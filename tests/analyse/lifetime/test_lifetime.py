"""lifetime_value: purchases times spend times margin, less the price of waiting."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.lifetime.spend import (
    BetaGeoModel,
    GammaGammaModel,
    ModifiedBetaGeoModel,
    ParetoNBDModel,
    lifetime_value,
)
from crmlib.schema.errors import ParameterError
from tests.analyse.lifetime.lifetime_cases import as_history

BUYING = [
    BetaGeoModel.with_params(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259),
    ModifiedBetaGeoModel.with_params(r=0.525, alpha=6.183, a=0.891, b=1.614),
    ParetoNBDModel.with_params(r=0.553, alpha=10.578, s=0.606, beta=11.669),
]
SPENDING = GammaGammaModel.with_params(p=6.25, q=3.74, gamma=15.44)
EACH = pytest.mark.parametrize("buying", BUYING, ids=lambda model: type(model).__name__)


@pytest.fixture
def history():
    found = as_history([0, 2, 26, 5], [0, 30.43, 30.86, 3], [38.86, 38.86, 31, 0.5 + 3]).assign(
        monetary_value=[np.nan, 22.35, 40.0, 12.0]
    )
    found.index = pd.Index(["bob", "ann", "cem", "dora"], name="customer_id")
    found.attrs["unit"] = "W"
    return found


@EACH
def test_without_discount_it_is_purchases_times_spend_times_margin(buying, history):
    value = lifetime_value(buying, SPENDING, history, horizon=52, margin_pct=30)
    assert value.index.equals(history.index)
    pd.testing.assert_series_equal(value.expected_purchases, buying.expected_purchases(history, 52))
    pd.testing.assert_series_equal(value.probability_alive, buying.probability_alive(history))
    by_hand = value.expected_purchases * SPENDING.expected_average_spend(history) * 0.3
    np.testing.assert_allclose(value.lifetime_value, by_hand)


@EACH
@pytest.mark.parametrize(("unit", "a_year"), [("W", 365.25 / 7), ("D", 365.25), ("M", 12)])
def test_discounting_is_that_of_many_small_steps(buying, history, unit, a_year):
    history.attrs["unit"] = unit
    value = lifetime_value(buying, SPENDING, history, horizon=104, discount_rate=0.2, unit=unit)
    edges = np.linspace(0, 104, 1041)
    repeated = pd.concat([history] * len(edges))
    total = buying.expected_purchases(repeated, np.repeat(edges, len(history))).to_numpy()
    total = total.reshape(len(edges), len(history))
    middle = (edges[1:] + edges[:-1]) / 2
    worth = (np.diff(total, axis=0) * 1.2 ** (-middle / a_year)[:, None]).sum(axis=0)
    np.testing.assert_allclose(value.lifetime_value, worth * value.expected_average_spend, rtol=1e-5)


@EACH
def test_waiting_costs_and_looking_further_brings(buying, history):
    near, far = (lifetime_value(buying, SPENDING, history, horizon=h).lifetime_value for h in (26, 52))
    less = lifetime_value(buying, SPENDING, history, horizon=52, discount_rate=0.5).lifetime_value
    assert (near < far).all() and (less < far).all() and (less > 0.6 * far).all()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"horizon": 0}, "horizon"),
        ({"horizon": np.inf}, "horizon"),
        ({"horizon": 52, "discount_rate": -0.1}, "discount_rate"),
        ({"horizon": 52, "margin_pct": np.nan}, "margin_pct"),
        ({"horizon": 52, "unit": "Q"}, "no unit"),
        ({"horizon": 52, "unit": "D"}, "unit 'W', not 'D'"),
    ],
)
def test_figures_that_do_not_fit_are_refused(history, given, says):
    with pytest.raises(ParameterError, match=says):
        lifetime_value(BUYING[0], SPENDING, history, **given)
