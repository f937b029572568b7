"""The integral over the moment of death: against the published form, and a fine composite rule."""

import numpy as np
import pytest
from scipy.special import hyp2f1

from crmlib.analyse.lifetime.purchase_models import death_integral


def published(power, recency, age, *, alpha, beta, s):
    """The two branches of Fader & Hardie's note of 2005, for figures small enough."""
    order = power + s
    second = s + 1 if alpha >= beta else power
    larger = max(alpha, beta)

    def part(t):
        z = abs(alpha - beta) / (larger + t)
        return hyp2f1(order, second, order + 1, z) / (larger + t) ** order

    return (part(recency) - part(age)) / order


@pytest.mark.parametrize(("alpha", "beta"), [(10.578, 11.669), (11.669, 10.578), (2.0, 9.0), (9.0, 2.0)])
@pytest.mark.parametrize("power", [0.553, 2.553, 26.553])
def test_equal_to_the_two_branches_of_fader_hardie_2005(alpha, beta, power):
    given = np.array([power]), np.array([3.0]), np.array([38.0])
    found = death_integral(*given, alpha=alpha, beta=beta, s=0.606)
    assert np.exp(found.log_value[0]) == pytest.approx(
        published(power, 3.0, 38.0, alpha=alpha, beta=beta, s=0.606), rel=1e-9
    )


def by_a_fine_rule(power, recency, age, *, alpha, beta, s):
    low, high = np.log(min(alpha, beta) + np.array([recency, age]))
    edges = low + (high - low) * np.concatenate([[0.0], np.geomspace(1e-6, 1, 80)])
    places, weights = np.polynomial.legendre.leggauss(20)
    half = np.diff(edges)[:, None] / 2
    v = edges[:-1, None] + half * (1 + places)
    t = np.exp(v) - min(alpha, beta)
    height = v - power * np.log(t + alpha) - (s + 1) * np.log(t + beta)
    mass = half * weights * np.exp(height - height.max())
    means = [np.log(t + alpha), 1 / (t + alpha), np.log(t + beta), 1 / (t + beta)]
    return np.log(mass.sum()) + height.max(), *((mass * mean).sum() / mass.sum() for mean in means)


@pytest.mark.parametrize("seed", range(3))
def test_all_digits_hold_for_figures_of_every_size(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        alpha, beta = np.exp(rng.uniform(-5, 5, 2))
        s, age, power = np.exp(rng.uniform([-3, -3, -3], [2, 4, 7]))
        recency = age * rng.random() * rng.integers(0, 2)
        found = death_integral(
            np.array([power]), np.array([recency]), np.array([age]), alpha=alpha, beta=beta, s=s
        )
        expected = by_a_fine_rule(power, recency, age, alpha=alpha, beta=beta, s=s)
        got = [found.log_value, found.log_alpha, found.inverse_alpha, found.log_beta, found.inverse_beta]
        np.testing.assert_allclose(np.concatenate(got), expected, rtol=1e-9, atol=1e-10)


def test_many_rows_are_those_one_by_one():
    rng = np.random.default_rng(0)
    age = rng.uniform(1, 39, 20_000)
    recency, power = age * rng.random(20_000), 0.5 + rng.poisson(3, 20_000)
    whole = death_integral(power, recency, age, alpha=10.0, beta=12.0, s=0.6)
    for i in range(0, 20_000, 4_000):
        one = death_integral(power[[i]], recency[[i]], age[[i]], alpha=10.0, beta=12.0, s=0.6)
        assert one.log_value[0] == pytest.approx(whole.log_value[i], abs=1e-12)


def test_a_path_without_length_has_no_value_but_means():
    found = death_integral(np.ones(1), np.ones(1), np.ones(1), alpha=1.0, beta=2.0, s=1.0)
    assert found.log_value[0] == -np.inf
    assert found.inverse_beta[0] == pytest.approx(1 / 3)
