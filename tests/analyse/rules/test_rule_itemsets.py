"""The miner against plain enumeration."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.rules import itemsets as rule_itemsets
from crmlib.analyse.rules.eclat import _is_dense, _narrowed, grow
from crmlib.analyse.rules.itemsets import bytes_per_set, grow_itemsets, number_entries


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


@settings(max_examples=40, deadline=None)
@given(
    baskets=st.lists(st.frozensets(st.integers(0, 6)), max_size=30),
    min_count=st.integers(1, 6),
    max_len=st.sampled_from([None, 1, 2, 3, 4]),
)
def test_random_baskets_against_enumeration(baskets, min_count, max_len):
    entries, baskets = lay_out(baskets, 7)
    sets = grow_itemsets(entries, min_count=min_count, max_len=max_len)
    found = as_dict(sets)
    assert len(found) == len(sets)
    assert found == enumerate_sets(baskets, 7, min_count, max_len)


def test_rows_stand_in_order_and_find_their_parts():
    rng = np.random.default_rng(5)
    entries, _ = lay_out([frozenset(np.flatnonzero(rng.random(9) < 0.5)) for _ in range(60)], 9)
    sets = grow_itemsets(entries, min_count=3)
    assert len(sets.codes) > 4
    for level, rows in enumerate(sets.codes):
        assert rows.tolist() == sorted(rows.tolist())
        for column, places in enumerate(sets.without_column(level) if level else []):
            np.testing.assert_array_equal(sets.codes[level - 1][places], np.delete(rows, column, axis=1))


def by_lists_only(entries, min_count, max_len=50):
    """No rows of bits fit into no memory, and sets that weigh nothing do."""
    found, _ = grow(
        entries.items, entries.places, entries.item_starts, 0, len(entries.item_starts) - 1, min_count,
        max_len, np.zeros(1, dtype=np.int64), 0, rule_itemsets.UNRELATED,
    )  # fmt: skip
    return as_dict(rule_itemsets._by_level([found]))


@settings(max_examples=40, deadline=None)
@given(
    baskets=st.lists(st.frozensets(st.integers(0, 6)), max_size=30),
    min_count=st.integers(1, 4),
    max_len=st.sampled_from([1, 2, 3, 50]),
)
def test_lists_alone_against_enumeration(baskets, min_count, max_len):
    entries, baskets = lay_out(baskets, 7)
    assert by_lists_only(entries, min_count, max_len) == enumerate_sets(
        baskets, 7, min_count, min(max_len, 7)
    )


def test_lists_and_bits_find_the_same():
    rng = np.random.default_rng(7)
    dense = [frozenset(np.flatnonzero(rng.random(12) < rng.choice([0.05, 0.6]))) for _ in range(700)]
    entries, baskets = lay_out(dense, 12)
    assert _is_dense(700, np.full(11, 200), 10**9)
    expected = enumerate_sets(baskets, 12, 5)
    assert as_dict(grow_itemsets(entries, min_count=5)) == by_lists_only(entries, 5) == expected
    assert max(map(len, expected)) > 4


@settings(max_examples=40, deadline=None)
@given(baskets=st.lists(st.frozensets(st.integers(0, 5)), max_size=20), min_count=st.integers(1, 3))
def test_closed_and_maximal_sets_against_their_definitions(baskets, min_count):
    entries, baskets = lay_out(baskets, 6)
    sets = grow_itemsets(entries, min_count=min_count)
    counts = enumerate_sets(baskets, 6, min_count)
    closed = {
        s: n for s, n in counts.items() if not any(set(s) < set(o) and m == n for o, m in counts.items())
    }
    maximal = {s: n for s, n in counts.items() if not any(set(s) < set(o) for o in counts)}
    assert as_dict(sets.subset(sets.closed())) == closed
    assert as_dict(sets.subset(sets.maximal())) == maximal


@settings(max_examples=40, deadline=None)
@given(
    baskets=st.lists(st.frozensets(st.integers(0, 6)), max_size=25),
    apart=st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=6),
    min_count=st.integers(1, 3),
)
def test_items_that_must_not_stand_together_never_do(baskets, apart, min_count):
    entries, baskets = lay_out(baskets, 7)
    width = len(entries.item_starts) - 1
    apart = sorted({p for a, b in apart if a != b and max(a, b) < width for p in ((a, b), (b, a))})
    starts = np.searchsorted([a for a, _ in apart], np.arange(width + 1)).astype(np.int64)
    related = (starts, np.array([b for _, b in apart], dtype=np.int32))
    found = as_dict(grow_itemsets(entries, min_count=min_count, related=related))
    allowed = enumerate_sets(baskets, 7, min_count)
    assert found == {s: n for s, n in allowed.items() if not any(a in s and b in s for a, b in apart)}


@pytest.mark.parametrize(("threads", "parts", "quick"), [(1, 1, 0), (2, 16, 0), (2, 5, 10**9)])
def test_the_number_of_threads_changes_nothing(monkeypatch, threads, parts, quick):
    rng = np.random.default_rng(9)
    entries, _ = lay_out([frozenset(np.flatnonzero(rng.random(15) < 0.4)) for _ in range(300)], 15)
    expected = grow_itemsets(entries, min_count=3)
    for name, value in (("THREADS", threads), ("PARTS", parts), ("QUICK_STEPS", quick)):
        monkeypatch.setattr(rule_itemsets, name, value)
    found = grow_itemsets(entries, min_count=3)
    for level, codes in enumerate(expected.codes):
        np.testing.assert_array_equal(found.codes[level], codes)
        np.testing.assert_array_equal(found.counts[level], expected.counts[level])
    assert len(expected.codes) > 5


def test_rows_are_narrowed_where_few_baskets_are_left():
    baskets = [frozenset({0, 1, 2, 3, 4})] * 10 + [frozenset({0, 4})] * 3000 + [frozenset({1, 2, 3})] * 5000
    entries, baskets = lay_out(baskets, 5)
    assert as_dict(grow_itemsets(entries, min_count=5)) == enumerate_sets(baskets, 5, 5)


def bits_of(rows):
    words = -(-rows.shape[1] // 64)
    padded = np.zeros((len(rows), 64 * words), dtype=bool)
    padded[:, : rows.shape[1]] = rows
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64).ravel()


def test_narrowed_rows_hold_the_masked_baskets_only():
    rng = np.random.default_rng(3)
    rows, mask = rng.random((4, 640)) < 0.5, rng.random(640) < 0.1
    bits = np.concatenate((bits_of(rows), bits_of(mask[None, :]), np.zeros(4 * 2, dtype=np.uint64)))
    at = np.arange(4) * 10
    _narrowed(bits, 40, 10, 2, at)
    assert at.tolist() == [50, 52, 54, 56]
    np.testing.assert_array_equal(bits[50:], bits_of(rows[:, mask]))


def test_what_does_not_fit_is_given_up_before_it_is_held():
    everything = [frozenset(range(40))] * 3
    entries, _ = lay_out(everything, 40)
    assert grow_itemsets(entries, min_count=3, max_bytes=2_000_000) is None
    assert len(grow_itemsets(entries, min_count=3, max_len=2, max_bytes=2_000_000)) == 40 + 40 * 39 // 2
    long = grow_itemsets(lay_out([frozenset(range(1500))] * 2, 1500)[0], min_count=2, max_bytes=10_000_000)
    assert long is None


def test_a_class_of_bits_that_does_not_fit_is_mined_by_lists():
    entries, _ = lay_out([frozenset({0, 1, 2})] * 20_000, 3)
    assert not _is_dense(20_000, np.array([20_000, 20_000]), 4_000)
    assert _is_dense(20_000, np.array([20_000, 20_000]), 40_000)
    assert len(grow_itemsets(entries, min_count=1, max_bytes=4_000)) == 7
    for few in (2, 3):
        assert grow_itemsets(entries, min_count=1, max_bytes=few * bytes_per_set(1)) is None


def test_no_entries():
    sets = grow_itemsets(number_entries([], []), min_count=1)
    assert len(sets) == 0
    assert sets.frozensets([]).tolist() == []
    assert sets.name_order([]).tolist() == []


def test_names_decide_the_order_whatever_their_numbers():
    sets = grow_itemsets(number_entries([0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]), min_count=1)
    names = ["m", "z", "a"]
    ordered = sets.frozensets(names)[np.argsort(sets.name_order(names))]
    assert [sorted(items) for items in ordered] == [
        ["a"], ["m"], ["z"], ["a", "m"], ["a", "z"], ["m", "z"], ["a", "m", "z"],
    ]  # fmt: skip
    mixed = sets.name_order(["b", 1, None])
    assert sorted(mixed) == list(range(7))
