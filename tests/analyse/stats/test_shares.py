"""The interval of a share: by hand, as published, and against scipy."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from crmlib.analyse.stats.intervals import share_interval


def test_one_of_four_by_hand():
    """With z = 2 the middle is (1/4 + 1/2) / 2 = 3/8, and half the width the root of 3/64 + 4/64."""
    low, high = share_interval(1, 4, level=1 - 2 * norm.sf(2))
    assert (low, high) == pytest.approx((3 / 8 - 7**0.5 / 8, 3 / 8 + 7**0.5 / 8), abs=1e-12)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_table_i_of_newcombe_1998(hits, n, low, high):
    assert share_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_many_at_once_against_scipy(level):
    hits, n = np.array([0, 7, 1, 214, 3]), np.array([7, 7, 13, 1133, 5000])
    low, high = share_interval(hits, n, level=level)
    theirs = [
        binomtest(int(k), int(of)).proportion_ci(level, method="wilson")
        for k, of in zip(hits, n, strict=True)
    ]
    assert low == pytest.approx([ends.low for ends in theirs], abs=1e-12)
    assert high == pytest.approx([ends.high for ends in theirs], abs=1e-12)
    for place, ends in enumerate(zip(low, high, strict=True)):
        alone = share_interval(int(hits[place]), int(n[place]), level=level)
        assert alone == ends and all(type(end) is float for end in alone)


def test_nothing_and_all_end_where_shares_end():
    n = np.arange(1, 200)
    assert (share_interval(0 * n, n)[0] == 0).all() and (share_interval(n, n)[1] == 1).all()


def test_of_none_nothing_is_known():
    assert np.isnan(share_interval(0, 0)).all()
    low, high = share_interval([0, 1], [0, 4])
    assert np.isnan([low[0], high[0]]).all() and low[1] < 0.25 < high[1]
