"""Shifted beta-geometric: the published figures, sums worked out term by term, and what is refused."""

import numpy as np
import pytest

from crmlib.analyse.lifetime.model import FitError
from crmlib.analyse.lifetime.purchase_models import ShiftedBetaGeoModel, _Renewals
from crmlib.schema.errors import ParameterError, SchemaError

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


def test_high_end_segment_of_fader_hardie_2007():
    model = ShiftedBetaGeoModel().fit(HIGH_END)
    assert model.params_.round(3).to_dict() == {"alpha": 0.668, "beta": 3.806}
    assert round(model.log_likelihood_, 2) == -1611.16 and model.converged_


def test_regular_segment_of_fader_hardie_2007():
    model = ShiftedBetaGeoModel().fit(REGULAR)
    assert model.params_.round(3).to_dict() == {"alpha": 0.704, "beta": 1.182}
    assert (model.standard_errors_ > 0).all()


def test_the_likelihood_is_that_of_the_definition():
    """P(T = 1) = alpha / (alpha + beta), then the recursion of the paper."""
    alpha, beta = 0.9, 2.1
    p = [alpha / (alpha + beta)]
    for t in range(2, 8):
        p.append(p[-1] * (beta + t - 2) / (alpha + beta + t - 1))
    counts = np.array(HIGH_END, dtype=float)
    expected = -np.diff(counts) @ np.log(p) + counts[-1] * np.log(1 - sum(p))
    lost, periods = -np.diff(counts), np.arange(1.0, 8.0)
    objective = ShiftedBetaGeoModel()._objective(_Renewals(lost=lost, periods=periods, last=counts[-1]))
    value, gradient = objective(np.log([alpha, beta]))
    assert -value * 1000 == pytest.approx(expected, rel=1e-12)
    for i in range(2):
        step = np.eye(2)[i] * 1e-6
        up, down = (objective(np.log([alpha, beta]) + sign * step)[0] for sign in (1, -1))
        assert gradient[i] == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_survival_retention_and_lifetime_hang_together():
    model = ShiftedBetaGeoModel.with_params(alpha=1.4, beta=3.0)
    survival = model.survival(np.arange(6))
    np.testing.assert_allclose(model.retention_rate(np.arange(1, 6)), survival[1:] / survival[:-1])
    assert (np.diff(model.retention_rate(np.arange(1, 30))) > 0).all()
    ahead = np.arange(1, 200_000)
    for renewals in (0, 3):
        stays = model.survival(renewals + ahead) / model.survival(renewals)
        discounted = stays @ (1.1 ** -(ahead - 1.0))
        assert model.residual_lifetime(renewals, discount_rate=0.1) == pytest.approx(discounted, rel=1e-9)
        # The tail of the plain sum falls as a power only: what is left is about a percent.
        assert model.residual_lifetime(renewals, discount_rate=0) == pytest.approx(stays.sum(), rel=0.02)


def test_without_discount_a_heavy_tail_has_no_finite_lifetime():
    model = ShiftedBetaGeoModel.with_params(alpha=0.668, beta=3.806)
    assert model.residual_lifetime(0, discount_rate=0) == np.inf


@pytest.mark.parametrize(
    ("surviving", "error", "says"),
    [
        ([1000, 900, 950], SchemaError, "rises at renewal 2, from 900 to 950"),
        ([1000, np.nan, 3], SchemaError, "none missing"),
        ([5, -1, -2], SchemaError, "0 or more"),
        ([1000, 900], FitError, "fewer than two renewals"),
        ([0, 0, 0], FitError, "fewer than two renewals"),
        ([1000, 1000, 1000, 1000], FitError, "ShiftedBetaGeoModel"),
    ],
)
def test_counts_that_say_nothing_are_refused(surviving, error, says):
    with pytest.raises(error, match=says):
        ShiftedBetaGeoModel().fit(surviving)


def test_times_that_are_none_are_refused():
    model = ShiftedBetaGeoModel.with_params(alpha=1, beta=1)
    for ask in (
        lambda: model.survival(1.5),
        lambda: model.survival(-1),
        lambda: model.retention_rate(0),
        lambda: model.residual_lifetime(0, discount_rate=-0.1),
    ):
        with pytest.raises(ParameterError):
            ask()
    with pytest.raises(FitError, match="call fit"):
        ShiftedBetaGeoModel().survival(1)
