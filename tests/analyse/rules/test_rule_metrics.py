"""Rules and their measures against fractions, enumeration, scipy and mlxtend."""

from fractions import Fraction
from itertools import chain, combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from crmlib.analyse.rules.itemsets import grow_itemsets, number_entries
from crmlib.analyse.rules.metrics import count_candidates, derive_rules, measures, support_with_rules_below
from crmlib.analyse.stats.fisher import fisher_p
from crmlib.analyse.stats.tests import benjamini_hochberg


def parts(items):
    return chain.from_iterable(combinations(items, n) for n in range(len(items) + 1))


def mined(baskets, min_count):
    pairs = [(number, item) for number, basket in enumerate(baskets) for item in sorted(basket)]
    return grow_itemsets(number_entries([p[0] for p in pairs], [p[1] for p in pairs]), min_count=min_count)


def enumerate_rules(baskets, min_count, min_confidence, max_consequents):
    """All rules as {(antecedent, consequent): numbers}, by the definitions, in fractions."""

    def count(items):
        return sum(set(items) <= basket for basket in baskets)

    rules, tests = {}, {}
    n = len(baskets)
    for whole in parts(sorted(set().union(*baskets))):
        both = count(whole)
        if len(whole) < 2 or both < min_count:
            continue
        for after in parts(whole):
            before = tuple(sorted(set(whole) - set(after)))
            if not after or not before or len(after) > (max_consequents or len(whole)):
                continue
            a, c = count(before), count(after)
            p = sum(Fraction(comb(a, k) * comb(n - a, c - k), comb(n, c)) for k in range(both, min(a, c) + 1))
            tests[before, after] = p
            confidence = Fraction(both, a)
            general = max(
                Fraction(count((*some, *after)), count(some)) for some in parts(before) if some != before
            )
            if confidence >= min_confidence:
                rules[before, after] = (both, a, c, confidence - general)
    return rules, tests


def as_rules(found, sets, width):
    names = sets.frozensets(list(range(width)))
    keys = [
        (tuple(sorted(names[a])), tuple(sorted(names[c])))
        for a, c in zip(found.antecedents, found.consequents, strict=True)
    ]
    assert len(set(keys)) == len(keys)
    return keys


@settings(max_examples=60, deadline=None)
@given(
    baskets=st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=14),
    min_count=st.integers(1, 3),
    min_confidence=st.fractions(0, 1, max_denominator=6),
    max_consequents=st.sampled_from([1, 2, None]),
)
def test_random_baskets_against_enumeration(baskets, min_count, min_confidence, max_consequents):
    present = sorted(set().union(*baskets))
    baskets = [{present.index(item) for item in basket} for basket in baskets]
    sets = mined(baskets, min_count)
    found = derive_rules(
        sets, basket_count=len(baskets), min_confidence=min_confidence, max_consequents=max_consequents
    )
    expected, tests = enumerate_rules(baskets, min_count, min_confidence, max_consequents)
    keys = as_rules(found, sets, len(present))
    assert set(keys) == set(expected)
    assert found.tested_count == len(tests) == count_candidates(sets, max_consequents)
    p_values = dict(zip(tests, benjamini_hochberg([float(p) for p in tests.values()]), strict=True))
    for i, key in enumerate(keys):
        both, a, c, improvement = expected[key]
        assert (found.counts[i], found.antecedent_counts[i], found.consequent_counts[i]) == (both, a, c)
        assert found.improvement[i] == pytest.approx(float(improvement), abs=1e-12)
        assert (found.improvement[i] > 0) == (improvement > 0)
        assert found.q_values[i] == pytest.approx(p_values[key], rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(baskets=st.lists(st.sets(st.integers(0, 4), min_size=1), min_size=1, max_size=25))
def test_every_measure_against_fractions(baskets):
    present = sorted(set().union(*baskets))
    sets = mined([{present.index(item) for item in basket} for basket in baskets], 1)
    n = len(baskets)
    found = derive_rules(sets, basket_count=n, min_confidence=Fraction(0), max_consequents=None)
    shown = measures(found.counts, found.antecedent_counts, found.consequent_counts, n)
    for i, (both, a, c) in enumerate(
        zip(found.counts, found.antecedent_counts, found.consequent_counts, strict=True)
    ):
        s, sa, sc = Fraction(int(both), n), Fraction(int(a), n), Fraction(int(c), n)
        confidence, leverage = s / sa, s - sa * sc
        spread = max(s * (1 - sa), sa * (sc - s))
        expected = {
            "antecedent support": sa,
            "consequent support": sc,
            "support": s,
            "confidence": confidence,
            "lift": s / (sa * sc),
            "representativity": 1,
            "leverage": leverage,
            "conviction": (1 - sc) / (1 - confidence) if confidence < 1 else np.inf,
            "zhangs_metric": leverage / spread if spread else 0,
            "jaccard": s / (sa + sc - s),
            "certainty": (confidence - sc) / (1 - sc) if sc < 1 else 0,
            "kulczynski": (confidence + s / sc) / 2,
        }
        assert list(shown) == list(expected)
        for name, value in expected.items():
            assert shown[name][i] == pytest.approx(float(value), rel=1e-9, abs=1e-12), name


def test_fisher_p_against_scipy():
    rng = np.random.default_rng(1)
    n = 5_000
    a, c = rng.integers(1, n + 1, 300), rng.integers(1, n + 1, 300)
    k = rng.integers(np.maximum(0, a + c - n), np.minimum(a, c) + 1)
    near = np.clip((a * c) // n + rng.integers(-30, 30, 300), np.maximum(0, a + c - n), np.minimum(a, c))
    for counts in (k, near):
        np.testing.assert_allclose(
            fisher_p(counts, a, c, n), stats.hypergeom.sf(counts - 1, n, a, c), rtol=1e-7, atol=1e-300
        )
    table = [[30, 70], [100, 800]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert fisher_p([30], [100], [130], 1000)[0] == pytest.approx(expected, rel=1e-9)


def test_fisher_p_of_an_item_in_every_basket_is_1():
    assert fisher_p([7, 10, 10], [7, 10, 10], [10, 10, 10], 10).tolist() == [1, 1, 1]


def test_benjamini_hochberg_against_scipy():
    p_values = np.random.default_rng(2).random(500) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p_values), stats.false_discovery_control(p_values))
    assert benjamini_hochberg([]).tolist() == []


def test_more_rules_than_allowed_are_not_made():
    sets = mined([{0, 1, 2}] * 4, 1)
    arguments = {"basket_count": 4, "min_confidence": Fraction(1, 2), "max_consequents": None}
    assert derive_rules(sets, **arguments, max_rules=11) is None
    assert len(derive_rules(sets, **arguments, max_rules=12).counts) == 12


def test_the_support_that_is_advised_fits():
    rng = np.random.default_rng(4)
    baskets = [set(np.flatnonzero(rng.random(8) < 0.4)) for _ in range(200)]
    for limit in (0, 5, 60, 10**9):
        for consequents in (1, None):
            advised = support_with_rules_below(mined(baskets, 1), consequents, limit)
            assert count_candidates(mined(baskets, advised), consequents) <= limit
            if advised > 1:
                assert count_candidates(mined(baskets, advised - 1), consequents) > limit
