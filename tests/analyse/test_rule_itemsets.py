"""The miner against plain enumeration."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse import rule_itemsets
from crmlib.analyse.rule_itemsets import bytes_per_set, mine_itemsets, number_entries


def lay_out(baskets, width):
    """Entries of baskets whose items are renumbered rarest first; and the baskets in those numbers."""
    order = sorted(range(width), key=lambda item: (sum(item in basket for basket in baskets), item))
    baskets = [sorted(order.index(item) for item in basket) for basket in baskets]
    pairs = [(number, item) for number, basket in enumerate(baskets) for item in basket]
    return number_entries([p[0] for p in pairs], [p[1] for p in pairs]), baskets


def enumerate_sets(baskets, width, min_count, max_len=None):
    found = {}
    for length in range(1, (max_len or width) + 1):
        for chosen in combinations(range(width), length):
            count = sum(set(chosen) <= set(basket) for basket in baskets)
            if count >= min_count:
                found[chosen] = count
    return found


def as_dict(sets):
    return {
        tuple(row): count
        for codes, counts in zip(sets.codes, sets.counts, strict=True)
        for row, count in zip(codes.tolist(), counts.tolist(), strict=True)
    }


@settings(max_examples=150, deadline=None)
@given(
    baskets=st.lists(st.frozensets(st.integers(0, 6)), max_size=30),
    min_count=st.integers(1, 6),
    max_len=st.sampled_from([None, 1, 2, 3, 4]),
)
def test_random_baskets_against_enumeration(baskets, min_count, max_len):
    entries, baskets = lay_out(baskets, 7)
    sets = mine_itemsets(entries, min_count=min_count, max_len=max_len)
    found = as_dict(sets)
    assert len(found) == len(sets)
    assert found == enumerate_sets(baskets, 7, min_count, max_len)


def test_rows_stand_in_order_and_find_their_parts():
    rng = np.random.default_rng(5)
    entries, _ = lay_out([frozenset(np.flatnonzero(rng.random(9) < 0.5)) for _ in range(60)], 9)
    sets = mine_itemsets(entries, min_count=3)
    assert len(sets.codes) > 4
    for level, rows in enumerate(sets.codes):
        assert rows.tolist() == sorted(rows.tolist())
        for column, places in enumerate(sets.without_column(level) if level else []):
            np.testing.assert_array_equal(sets.codes[level - 1][places], np.delete(rows, column, axis=1))


@pytest.mark.parametrize(("name", "value"), [("PIECE", 3), ("SPARSE", 1), ("SPARSE", 10**9)])
def test_the_ways_to_save_memory_change_nothing(monkeypatch, name, value):
    rng = np.random.default_rng(7)
    dense = [frozenset(np.flatnonzero(rng.random(12) < rng.choice([0.05, 0.6]))) for _ in range(700)]
    entries, _ = lay_out(dense, 12)
    expected = as_dict(mine_itemsets(entries, min_count=5))
    monkeypatch.setattr(rule_itemsets, name, value)
    assert as_dict(mine_itemsets(entries, min_count=5)) == expected
    assert max(map(len, expected)) > 4


def test_rows_are_narrowed_where_few_baskets_are_left(monkeypatch):
    narrowed = []
    real = rule_itemsets._narrowed

    def watched(bits, held):
        result = real(bits, held)
        narrowed.append(
            (bits.shape, result.shape, np.bitwise_count(bits).sum(), np.bitwise_count(result).sum())
        )
        return result

    monkeypatch.setattr(rule_itemsets, "_narrowed", watched)
    baskets = [frozenset({0, 1, 2, 3, 4})] * 10 + [frozenset({0, 4})] * 3000 + [frozenset({1, 2, 3})] * 5000
    entries, _ = lay_out(baskets, 5)
    assert len(mine_itemsets(entries, min_count=5)) == 31
    assert any(before[1] > after[1] for before, after, _, _ in narrowed)
    assert all(ones == still for _, _, ones, still in narrowed)


def test_what_does_not_fit_is_given_up_before_it_is_held():
    everything = [frozenset(range(40))] * 3
    entries, _ = lay_out(everything, 40)
    assert mine_itemsets(entries, min_count=3, max_bytes=2_000_000) is None
    assert len(mine_itemsets(entries, min_count=3, max_len=2, max_bytes=2_000_000)) == 40 + 40 * 39 // 2
    long = mine_itemsets(lay_out([frozenset(range(1500))] * 2, 1500)[0], min_count=2, max_bytes=10_000_000)
    assert long is None


def test_a_class_of_bits_that_does_not_fit_is_not_made():
    entries, _ = lay_out([frozenset({0, 1, 2})] * 20_000, 3)
    assert mine_itemsets(entries, min_count=1, max_bytes=10_000) is None
    assert len(mine_itemsets(entries, min_count=1, max_bytes=10_000, max_len=2)) == 6
    assert len(mine_itemsets(entries, min_count=1, max_bytes=30_000)) == 7
    for few in (2, 3):
        assert mine_itemsets(entries, min_count=1, max_bytes=few * bytes_per_set(1)) is None


def test_no_entries():
    sets = mine_itemsets(number_entries([], []), min_count=1)
    assert len(sets) == 0
    assert sets.frozensets([]).tolist() == []
    assert sets.name_order([]).tolist() == []


def test_names_decide_the_order_whatever_their_numbers():
    sets = mine_itemsets(number_entries([0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]), min_count=1)
    names = ["m", "z", "a"]
    ordered = sets.frozensets(names)[np.argsort(sets.name_order(names))]
    assert [sorted(items) for items in ordered] == [
        ["a"], ["m"], ["z"], ["a", "m"], ["a", "z"], ["m", "z"], ["a", "m", "z"],
    ]  # fmt: skip
    mixed = sets.name_order(["b", 1, None])
    assert sorted(mixed) == list(range(7))
