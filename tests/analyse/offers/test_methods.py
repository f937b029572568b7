"""What offers rank by: histories, likeness and what goes together, against the same worked out by hand."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from crmlib.analyse.offers.methods import (
    HALF_LIFE,
    LEAST_TOGETHER,
    NEW_METHODS,
    POOL,
    RIDGE,
    TOGETHER_WEIGHT,
    Days,
    Past,
    Together,
    candidates,
)

CUT, HORIZON = 200, 28


def random_days(seed, *, customers=40, products=15, lines=900, last=260):
    draw = np.random.default_rng(seed)
    who = draw.integers(0, customers, lines).tolist()
    what = (3 * np.array(who) + draw.integers(0, 9, lines)) % products
    rows = set(zip(who, what.tolist(), draw.integers(1, last, lines).tolist(), strict=True))
    c, p, day = (np.array(part) for part in zip(*sorted(rows), strict=True))
    return Days(c=c, p=p, day=day, customers=customers, groups=np.arange(products) % 4)


@pytest.fixture(scope="module")
def days():
    return random_days(4)


@pytest.fixture(scope="module")
def past(days):
    return Past.at(days, CUT, HORIZON)


def bought_by_hand(days, cut=CUT):
    found = {}
    for c, p, day in zip(days.c, days.p, days.day, strict=True):
        if day <= cut:
            found.setdefault((int(c), int(p)), []).append(int(day))
    return found


def test_histories_end_on_the_day_and_fade(days, past):
    own = bought_by_hand(days)
    assert list(zip(past.c, past.p, strict=True)) == sorted(own)
    for place, key in enumerate(sorted(own)):
        assert (past.count[place], past.first[place], past.last[place]) == (
            len(own[key]),
            min(own[key]),
            max(own[key]),
        )
        weight = sum(0.5 ** ((CUT - day) / HALF_LIFE) for day in own[key])
        assert past.weight[place] == pytest.approx(weight, rel=1e-5)
    for p in range(15):
        assert past.of_product["best_sellers"][p] == sum(
            q == p and max(d) > CUT - HORIZON for (_, q), d in own.items()
        )
        assert past.of_product["first_buyers"][p] == sum(
            q == p and min(d) > CUT - 3 * HORIZON for (_, q), d in own.items()
        )


def test_nothing_of_later_days_is_known(days, past):
    earlier = days.day <= CUT
    alone = Days(
        c=days.c[earlier], p=days.p[earlier], day=days.day[earlier], customers=40, groups=days.groups
    )
    then = Past.at(alone, CUT, HORIZON)
    for mine, other in zip(candidates(past, past.known), candidates(then, then.known), strict=True):
        for one, two in zip(mine, other, strict=True):
            assert np.array_equal(one.c, two.c) and np.array_equal(one.p, two.p)
            assert all(np.array_equal(one.signals[name], two.signals[name]) for name in one.signals)


def test_products_alike_are_the_closed_form(past):
    taste = past.taste.toarray().astype(float)
    inverse = np.linalg.inv(
        taste.T @ taste + RIDGE * max(len(past.known), 25) / POOL * np.eye(taste.shape[1])
    )
    wanted = -inverse / np.diag(inverse)
    np.fill_diagonal(wanted, 0)
    np.testing.assert_allclose(past.between_items, wanted, atol=2e-4)


def test_customers_alike_buy_by_cosine_without_themselves(past):
    taste, weights = past.taste.toarray(), past.weights.toarray()
    length = np.linalg.norm(taste, axis=1)
    near = taste @ taste.T / np.maximum(np.outer(length, length), 1e-9)
    np.fill_diagonal(near, 0)
    wanted = near[past.known] @ weights / near[past.known].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(past.customers_alike(past.known), wanted, atol=1e-4)


def test_candidates_are_own_or_new_and_never_both(days, past):
    own = set(bought_by_hand(days))
    for mine, new in candidates(past, past.known, most=4):
        assert set(zip(mine.c.tolist(), mine.p.tolist(), strict=True)) <= own
        keys = list(zip(new.c.tolist(), new.p.tolist(), strict=True))
        assert not set(keys) & own and len(keys) == len(set(keys)) > 100
        for name in NEW_METHODS[:2]:
            assert np.array_equal(new.signals[name], past.of_product[name][new.p])


def test_what_was_looked_at_becomes_a_candidate_and_a_liking(days):
    own = set(bought_by_hand(days))
    c, p = next((c, p) for c in range(40) for p in range(15) if (c, p) not in own)
    views = (np.array([c, c]), np.array([p, p]), np.array([CUT - 14, CUT + 1]))
    looked = Past.at(
        Days(c=days.c, p=days.p, day=days.day, customers=40, groups=days.groups, views=views), CUT, HORIZON
    )
    ((_, new),) = candidates(looked, np.array([c]), most=1)
    assert new.signals["viewed"][new.p == p].tolist() == [0.5]
    blind = Past.at(days, CUT, HORIZON)
    at = np.array([c]), days.groups[[p]]
    assert looked.liking(*at) > blind.liking(*at)


def test_what_goes_together_is_counted_order_by_order(past):
    draw = np.random.default_rng(1)
    rows = sorted(
        {(int(o), int(p)) for o, p in zip(draw.integers(0, 120, 500), draw.integers(0, 9, 500), strict=True)}
    )
    order, product = (np.array(part) for part in zip(*rows, strict=True))
    together = Together.of(past, 7 * order, product)
    baskets = [{p for o, p in rows if o == number} for number in sorted(set(order.tolist()))]
    alone = Counter(p for basket in baskets for p in basket)
    both = Counter(pair for basket in baskets for pair in combinations(sorted(basket), 2))
    assert together.total == len(baskets)
    for (a, b), n in both.items():
        told = together.evidence(past, np.array([a]), np.array([b]))
        if n < LEAST_TOGETHER:
            assert np.isnan(told["lift"]).all()
            continue
        assert (told["baskets"][0], told["orders_before"][0]) == (n, alone[a])
        assert told["lift"][0] == pytest.approx(n / alone[a] / (alone[b] / len(baskets)))
        base = alone[b] / len(baskets)
        share = (n + TOGETHER_WEIGHT * base) / (alone[a] + TOGETHER_WEIGHT)
        excess = together.excess[past.place[a], past.place[b]]
        assert excess == pytest.approx(max(share - base, 0), abs=1e-6)


def test_the_product_that_points_most_is_named(past):
    draw = np.random.default_rng(2)
    together = Together.of(past, draw.integers(0, 150, 600), draw.integers(0, 15, 600))
    ((_, new),) = candidates(past, past.known)
    pointing = together.pointing(past, new)
    weights = past.weights.toarray()
    assert (pointing >= 0).sum() > 50
    for c, p, because in zip(new.c, new.p, pointing, strict=True):
        parts = weights[c] * together.excess[:, past.place[p]]
        if because < 0:
            assert parts.max() == 0
        else:
            assert parts[past.place[because]] == pytest.approx(parts.max()) and parts.max() > 0
