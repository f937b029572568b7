"""Item sets and rules: published counts, mlxtend, and what a user relies on."""

import html
import pickle
import random
from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlxtend.frequent_patterns import association_rules, fpgrowth

from crmlib.analyse.rules.mine import RuleBook, frequent_itemsets, mine_itemsets, mine_rules, prune_redundant
from crmlib.schema.errors import ParameterError, SchemaError

MLXTEND_COLUMNS = [
    "antecedents", "consequents", "antecedent support", "consequent support", "support", "confidence", "lift",
    "representativity", "leverage", "conviction", "zhangs_metric", "jaccard", "certainty", "kulczynski",
]  # fmt: skip


def to_lines(baskets):
    pairs = [(number, item) for number, basket in enumerate(baskets) for item in basket]
    return pd.DataFrame(pairs, columns=["order_id", "product_id"])


@pytest.fixture(scope="module")
def groceries(shared_data):
    text = (shared_data / "groceries" / "groceries_baskets.csv").read_text()
    return to_lines(line.split(",") for line in text.splitlines())


@pytest.fixture(scope="module")
def fim(shared_data):
    @cache
    def read(name):
        text = (shared_data / "fim" / f"{name}.dat").read_text()
        sizes = [len(line.split()) for line in text.splitlines()]
        order_id = np.repeat(np.arange(len(sizes)), sizes)
        return pd.DataFrame({"order_id": order_id, "product_id": np.array(text.split(), dtype=int)})

    return read


@pytest.fixture(scope="module")
def five_baskets():
    return to_lines(
        [
            ["Milk", "Onion", "Nutmeg", "Kidney Beans", "Eggs", "Yogurt"],
            ["Dill", "Onion", "Nutmeg", "Kidney Beans", "Eggs", "Yogurt"],
            ["Milk", "Apple", "Kidney Beans", "Eggs"],
            ["Milk", "Unicorn", "Corn", "Kidney Beans", "Yogurt"],
            ["Corn", "Onion", "Onion", "Kidney Beans", "Ice cream", "Eggs"],
        ]
    )


# published counts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("min_support", "sets"),
    [(0.001, 13_492), (0.005, 1_001), (0.006, 747), (0.01, 333), (0.02, 122), (0.05, 31)],
)
def test_groceries_item_sets_of_hahsler(groceries, min_support, sets):
    found = frequent_itemsets(groceries, min_support=min_support)
    assert list(found.columns) == ["support", "itemsets"]
    assert len(found) == sets == found["itemsets"].nunique()


@pytest.mark.parametrize(
    ("min_support", "min_confidence", "one_consequent", "any_consequent"),
    [
        (0.001, 0.5, 5_668, 5_829),
        (0.001, 0.8, 410, 413),
        (0.006, 0.25, 463, 467),
        (0.005, 0.5, 120, 120),
        (0.01, 0.5, 15, 15),
    ],
)
def test_groceries_rules_of_hahsler(groceries, min_support, min_confidence, one_consequent, any_consequent):
    thresholds = {"min_support": min_support, "min_confidence": min_confidence}
    assert len(mine_rules(groceries, **thresholds)) == one_consequent
    assert len(mine_rules(groceries, **thresholds, max_consequents=None)) == any_consequent


def test_groceries_rule_lengths_and_redundancy_of_hahsler(groceries):
    book = mine_rules(groceries, min_support=0.001, min_confidence=0.8)
    lengths = book.rules["antecedents"].map(len) + book.rules["consequents"].map(len)
    assert lengths.value_counts().to_dict() == {3: 29, 4: 229, 5: 140, 6: 12}
    assert len(prune_redundant(book)) == 392
    best = book.rules.iloc[0]
    assert (best["antecedents"], best["consequents"]) == (
        {"liquor", "red/blush wine"},
        {"bottled beer"},
    )
    assert best["count"] == 19
    assert best["confidence"] == pytest.approx(0.9048, abs=5e-5)
    assert best["lift"] == pytest.approx(11.235, abs=5e-4)
    book = mine_rules(groceries, min_support=0.006, min_confidence=0.25)
    lengths = book.rules["antecedents"].map(len) + 1
    assert lengths.value_counts().to_dict() == {2: 150, 3: 297, 4: 16}
    assert (book.basket_count, book.item_count, book.transaction_count) == (9_835, 169, 43_367)


@pytest.mark.parametrize(("min_support", "sets"), [(0.01, 159), (0.005, 580), (89, 7_589)])
def test_retail_item_sets_of_brijs(fim, min_support, sets):
    assert len(frequent_itemsets(fim("retail"), min_support=min_support)) == sets


@pytest.mark.parametrize(("min_support", "sets"), [(0.01, 385), (0.005, 1_073), (0.001, 27_532)])
def test_t10i4d100k_item_sets_of_fimi(fim, min_support, sets):
    assert len(frequent_itemsets(fim("T10I4D100K"), min_support=min_support)) == sets


@pytest.mark.parametrize(("min_support", "sets"), [(0.4, 564), (0.2, 53_582)])
def test_mushroom_item_sets_of_fimi(fim, min_support, sets):
    # Item 85 is in every basket. Counts made by pyfim leave the set {85} out; it is a set like any other.
    found = frequent_itemsets(fim("mushroom"), min_support=min_support)
    everywhere = found["itemsets"] == frozenset({85})
    assert found.loc[everywhere, "support"].tolist() == [1.0]
    assert len(found[~everywhere]) == sets


def test_mushroom_item_sets_against_mlxtend(fim):
    lines = fim("mushroom")
    expected = fpgrowth(one_hot(lines), min_support=0.4, use_colnames=True)
    assert same_sets(frequent_itemsets(lines, min_support=0.4), expected)
    assert len(expected) == 565


def test_closed_and_maximal_sets_of_retail_of_brijs(fim):
    for kind, sets in (("closed", 7_572), ("maximal", 3_452)):
        assert len(mine_itemsets(fim("retail"), min_support=89, **{kind: True})) == sets


def test_mushroom_at_a_tenth_of_fimi(fim):
    # Closed sets: the set {85} is one more than the published count, which leaves it out.
    assert len(mine_itemsets(fim("mushroom"), min_support=0.1)) == 574_431
    closed = mine_itemsets(fim("mushroom"), min_support=0.1, closed=True)
    assert len(closed) == 4_885
    assert len(mine_itemsets(fim("mushroom"), min_support=0.1, maximal=True)) == 547


def test_mlxtends_documented_baskets(five_baskets):
    assert len(frequent_itemsets(five_baskets, min_support=0.6)) == 11
    for min_confidence, rules in ((0.7, 12), (0.8, 9)):
        book = mine_rules(five_baskets, min_support=0.6, min_confidence=min_confidence, max_consequents=None)
        assert len(book) == rules
    book = mine_rules(five_baskets, min_support=0.6, max_consequents=None)
    assert (book.rules["lift"] >= 1.2).sum() == 6


# against mlxtend --------------------------------------------------------------------------------------


def one_hot(lines):
    return pd.crosstab(lines["order_id"], lines["product_id"]).astype(bool)


def same_sets(found, expected):
    ours, theirs = (dict(zip(f["itemsets"], f["support"], strict=True)) for f in (found, expected))
    return ours == theirs


@pytest.mark.parametrize("seed", range(8))
def test_random_baskets_against_mlxtend(seed):
    rng = np.random.default_rng(seed)
    held = rng.random((rng.integers(20, 400), 9)) < rng.random(9)
    held[:, 0] |= seed % 2 == 0  # the item in every basket
    held = held[held.any(axis=1)]
    lines = to_lines(np.flatnonzero(basket).tolist() for basket in held)
    expected_sets = fpgrowth(one_hot(lines), min_support=0.08, use_colnames=True)
    assert same_sets(frequent_itemsets(lines, min_support=0.08), expected_sets)
    with np.errstate(all="ignore"):
        # a little lower, for it loses rules at exactly 0.4 to rounding
        expected = association_rules(expected_sets, metric="confidence", min_threshold=0.4 - 1e-9)
    found = mine_rules(lines, min_support=0.08, min_confidence=0.4, max_consequents=None).rules
    assert list(found.columns[:14]) == list(expected.columns) == MLXTEND_COLUMNS
    sides = ["antecedents", "consequents"]
    found, expected = (frame.set_index(frame[sides].apply(tuple, axis=1)) for frame in (found, expected))
    assert len(found) == len(expected) > 20
    expected = expected.loc[found.index]
    for column in MLXTEND_COLUMNS[2:]:
        # to the last bit
        np.testing.assert_array_equal(found[column], expected[column], err_msg=column)
    book = mine_rules(lines, min_support=0.08, min_confidence=0.4, max_consequents=None)
    shown = book.to_mlxtend()
    assert list(shown.columns) == MLXTEND_COLUMNS
    pd.testing.assert_frame_equal(shown, book.rules[MLXTEND_COLUMNS])


# thresholds -------------------------------------------------------------------------------------------


def test_90_of_300_is_in_at_three_tenths():
    lines = to_lines([["a", "b"]] * 90 + [["a"]] * 210)
    assert len(frequent_itemsets(lines, min_support=0.3)) == 3
    assert len(frequent_itemsets(lines, min_support=0.3004)) == 1
    assert len(mine_rules(lines, min_support=0.3, min_confidence=0.3)) == 2
    assert len(mine_rules(lines, min_support=0.3, min_confidence=0.3001)) == 1
    assert len(frequent_itemsets(lines, min_support=90)) == 3
    assert len(frequent_itemsets(lines, min_support=91)) == 1


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_a_rule_at_exactly_k_of_n_is_in(k_of_n):
    k, n = k_of_n
    lines = to_lines([["a", "b"]] * k + [["a"]] * (n - k))
    rules = mine_rules(lines, min_support=k / n, min_confidence=k / n).rules
    from_a = rules[rules["antecedents"] == frozenset("a")]
    assert from_a["count"].tolist() == [k]


def test_one_is_a_basket_and_one_point_nought_is_all_of_them():
    lines = to_lines([["a", "b"], ["a"]])
    assert len(frequent_itemsets(lines, min_support=1)) == 3
    assert len(frequent_itemsets(lines, min_support=1.0)) == 1


def test_lengths_are_limited():
    lines = to_lines([["a", "b", "c", "d"]] * 3)
    for max_len, sets in ((1, 4), (2, 10), (3, 14), (None, 15)):
        assert len(frequent_itemsets(lines, min_support=3, max_len=max_len)) == sets
    for max_len, max_consequents, rules in ((1, 1, 0), (2, 1, 12), (3, 1, 24), (3, 2, 36), (None, None, 50)):
        book = mine_rules(lines, min_support=3, max_len=max_len, max_consequents=max_consequents)
        assert len(book) == rules


# what a user relies on --------------------------------------------------------------------------------


def test_the_order_of_the_rows_and_doubles_are_irrelevant(groceries):
    sample = groceries[groceries["order_id"] < 800]
    shuffled = pd.concat([sample, sample.iloc[::3]]).sample(frac=1, random_state=3)
    shuffled["order_id"] = shuffled["order_id"].map(lambda number: f"order {7 * number % 800}")
    arguments = {"min_support": 0.02, "min_confidence": 0.1, "max_consequents": None}
    expected = mine_rules(sample, **arguments)
    pd.testing.assert_frame_equal(mine_rules(shuffled, **arguments).rules, expected.rules)
    pd.testing.assert_frame_equal(
        frequent_itemsets(shuffled, min_support=0.02), frequent_itemsets(sample, min_support=0.02)
    )
    assert len(expected) > 50


def test_rules_stand_by_lift_then_confidence_then_count_then_names():
    rng = random.Random(1)
    lines = to_lines([[item for item in "fedcba" if rng.random() < 0.5] for _ in range(40)])
    rules = mine_rules(lines, min_support=2, max_consequents=None).rules
    keys = [
        (
            -round(lift, 12),
            -round(confidence, 12),
            -count,
            len(before),
            sorted(before),
            len(after),
            sorted(after),
        )
        for before, after, lift, confidence, count in zip(
            *(rules[c] for c in ("antecedents", "consequents", "lift", "confidence", "count")), strict=True
        )
    ]
    assert len(keys) > 100
    assert keys == sorted(keys)


def test_every_kind_of_table_gives_the_same(five_baskets):
    import duckdb
    import polars

    expected = mine_rules(five_baskets, min_support=3).rules
    assert len(expected) > 5
    before = five_baskets.copy(deep=True)
    with duckdb.connect() as connection:
        tables = [
            polars.from_pandas(five_baskets),
            pa.Table.from_pandas(five_baskets),
            connection.from_df(five_baskets),
            five_baskets.astype({"product_id": "category"}),
            five_baskets.astype({"product_id": object}),
            five_baskets.assign(note="other columns are ignored"),
        ]
        for table in tables:
            pd.testing.assert_frame_equal(mine_rules(table, min_support=3).rules, expected)
    pd.testing.assert_frame_equal(five_baskets, before)


def test_groups_serve_as_items():
    lines = pd.DataFrame(
        {"order_id": [1, 1, 1, 2, 2], "product_id": list("abcab"), "category": ["x", "x", "y", "x", None]}
    )
    book = mine_rules(lines, min_support=1, item="category")
    assert book.rules["antecedents"].tolist() == [{"y"}, {"x"}]
    assert (book.basket_count, book.item_count, book.item) == (2, 2, "category")
    assert book.set_aside["lines_without_item"] == 1


def test_baskets_over_the_cap_lower_every_support():
    lines = to_lines([["a", "b"]] * 3 + [["a", "b", "c"]])
    book = mine_rules(lines, min_support=1, max_basket_items=2)
    assert book.rules["support"].tolist() == [0.75, 0.75]
    assert (book.basket_count, book.set_aside["baskets_above_cap"]) == (4, 1)


@pytest.mark.parametrize("max_len", [None, 2])
def test_nothing_in_is_a_valid_answer(max_len):
    nothing = pd.DataFrame({"order_id": [], "product_id": []})
    one_each = to_lines([["a"], ["b"], ["c"]])
    refunds = to_lines([["a", "b"]]).assign(quantity=-1, net_amount=-1.0)
    full = mine_rules(to_lines([["a", "b"]]), min_support=1).rules
    for lines, min_support in ((nothing, 0.1), (nothing, 1), (one_each, 2), (one_each, 1), (refunds, 1)):
        book = mine_rules(lines, min_support=min_support, max_len=max_len)
        assert isinstance(book, RuleBook)
        assert (
            len(book)
            == len(book.to_table())
            == len(book.for_basket(["a"]))
            == len(prune_redundant(book))
            == 0
        )
        assert book.rules.dtypes.to_dict() == full.dtypes.to_dict()
        assert "0 rules" in book._repr_html_()
    found = frequent_itemsets(nothing, min_support=0.5, max_len=max_len)
    assert found.dtypes.astype(str).to_dict() == {"support": "float64", "itemsets": "object"}


def test_hostile_names_stay_text():
    names = ["'; drop table entries; --", '"quoted"', "<script>alert(1)</script>", "=cmd()", "naïve 牛乳", ""]
    lines = to_lines([names] * 2).rename(columns={"order_id": 'ord"er', "product_id": "it'em <b>"})
    book = mine_rules(lines, min_support=2, max_len=2, basket='ord"er', item="it'em <b>")
    assert {item for items in book.rules["antecedents"] for item in items} == set(names)
    page = book._repr_html_()
    assert "<script>" not in page and "<b>" not in page
    assert "<script>alert(1)</script>" in html.unescape(page)


def test_rules_for_a_basket():
    lines = to_lines([["a", "b", "c"]] * 5 + [["a", "b"]] * 2 + [["a", "d"]] * 3 + [["a"]])
    book = mine_rules(lines, min_support=2, max_consequents=None)
    found = book.for_basket(["a", "b"])
    assert found["confidence"].is_monotonic_decreasing
    assert [sorted(items) for items in found["consequents"]] == [["c"], ["c"], ["c"], ["d"]]
    assert len(book.for_basket([])) == len(book.for_basket(["unknown"])) == 0
    assert len(book.for_basket({"a", "b", "c", "d"})) == 0
    with pytest.raises(ParameterError, match=r"\['tea'\]"):
        book.for_basket("tea")


def test_a_rule_book_for_reading(five_baskets):
    book = mine_rules(five_baskets, min_support=3, min_confidence=0.8)
    table = book.to_table(2)
    assert len(table) == len(book.head(2)) == 2
    assert table.loc[0, ["if", "then", "count", "support_pct"]].tolist() == [
        " + ".join(sorted(book.rules.loc[0, "antecedents"])),
        " + ".join(book.rules.loc[0, "consequents"]),
        3,
        60.0,
    ]
    assert f"{len(book)} rules on product_id in at least 3 of 5 baskets" in book._repr_html_()
    assert (book.min_support_count, book.min_confidence) == (3, 0.8)
    assert len(pickle.loads(pickle.dumps(book))) == len(book)
    with pytest.raises(AttributeError):
        book.item = "other"


def test_chance_findings_have_large_q_values_and_real_ones_small():
    rng = np.random.default_rng(8)
    held = rng.random((2_000, 30)) < 0.15
    held[:, 1] = np.where(rng.random(2_000) < 0.5, held[:, 0], held[:, 1])
    book = mine_rules(to_lines(np.flatnonzero(basket).tolist() for basket in held), min_support=10, max_len=2)
    assert book.tested_count == len(book) == 30 * 29
    real = book.rules["antecedents"].map(lambda items: items <= {0, 1}) & book.rules["consequents"].map(
        lambda items: items <= {0, 1}
    )
    assert (book.rules.loc[real, "q_value"] < 1e-20).all()
    assert (book.rules.loc[~real, "q_value"] > 0.05).all()
    confident = mine_rules(
        to_lines(np.flatnonzero(basket).tolist() for basket in held),
        min_support=10,
        max_len=2,
        min_confidence=0.4,
    )
    assert confident.tested_count == book.tested_count
    assert (
        confident.rules["q_value"].tolist()
        == book.rules.loc[book.rules["confidence"] >= 0.4, "q_value"].tolist()
    )


def named(book):
    """Improvements by ("ab", "c") for the rule {a, b} -> {c}."""
    columns = (book.rules[name] for name in ("antecedents", "consequents", "improvement"))
    return {("".join(sorted(b)), "".join(sorted(a))): gain for b, a, gain in zip(*columns, strict=True)}


def test_pruning_asks_for_an_improvement():
    lines = to_lines([["a", "b", "c"]] * 8 + [["a", "c"]] * 1 + [["a", "b"]] * 1 + [["a"]] * 2 + [["b"]] * 8)
    book = mine_rules(lines, min_support=2)
    rules = named(book)
    assert rules["ab", "c"] == pytest.approx(8 / 9 - 9 / 12)
    assert rules["ac", "b"] == 0  # "c then b" is as sure
    assert rules["a", "b"] == pytest.approx(9 / 12 - 17 / 20)  # "b anyway" is surer
    kept = named(prune_redundant(book))
    assert ("ab", "c") in kept and ("ac", "b") not in kept and ("a", "b") not in kept
    assert named(prune_redundant(book, min_improvement=0.1)) == {k: v for k, v in rules.items() if v >= 0.1}
    assert prune_redundant(book).tested_count == book.tested_count


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_confidence": 1.1}, "min_confidence must be from 0 to 1"),
        ({"min_confidence": True}, "min_confidence must be a number"),
        ({"max_len": 0}, "max_len"),
        ({"max_len": True}, "max_len"),
        ({"max_consequents": 1.5}, "max_consequents"),
        ({"max_memory_mb": 0}, "max_memory_mb"),
        ({"min_support": False}, "min_support"),
    ],
)
def test_wrong_arguments_are_refused(five_baskets, arguments, message):
    with pytest.raises(ParameterError, match=message):
        mine_rules(five_baskets, **{"min_support": 2, **arguments})


def test_a_missing_column_is_refused(five_baskets):
    with pytest.raises(SchemaError, match="transactions has no column category"):
        frequent_itemsets(five_baskets, min_support=2, item="category")


# columns ----------------------------------------------------------------------------------------------


def test_columns_say_what_the_frame_says(groceries):
    book = mine_rules(groceries, min_support=0.01, min_confidence=0.2, max_consequents=None)
    columns, rules = book.columns, book.rules
    for side in ("antecedents", "consequents"):
        codes, offsets = getattr(columns, side)
        made = [frozenset(columns.names[code] for code in codes[a:b]) for a, b in pairwise(offsets)]
        assert made == rules[side].tolist()
    assert columns.counts.tolist() == rules["count"].tolist()
    assert columns.q_value.tolist() == rules["q_value"].tolist()
    pd.testing.assert_frame_equal(book.head(7), rules.head(7))
    assert len(book.head(0)) == 0
    assert len(rules) > 200


def test_sets_are_made_for_shown_rows_only(groceries, monkeypatch):
    book = mine_rules(groceries, min_support=0.001, min_confidence=0.5)
    made = []
    real = type(book.columns.found.sets).frozensets
    monkeypatch.setattr(
        type(book.columns.found.sets),
        "frozensets",
        lambda self, names, chosen=None: made.append(len(chosen)) or real(self, names, chosen),
    )
    book._repr_html_()
    book.for_basket(["whole milk", "yogurt"])
    assert 0 < sum(made) < 500 < len(book)


def test_item_sets_as_columns(groceries):
    sets = mine_itemsets(groceries, min_support=0.01)
    frame = frequent_itemsets(groceries, min_support=0.01)
    made = {
        frozenset(sets.names[code] for code in sets.items[a:b]): count / sets.basket_count
        for a, b, count in zip(sets.offsets[:-1], sets.offsets[1:], sets.counts, strict=True)
    }
    assert made == dict(zip(frame["itemsets"], frame["support"], strict=True))
    pd.testing.assert_frame_equal(sets.to_frame(), frame)
    assert "333 sets of product_id" in sets._repr_html_()


def test_a_longer_set_keeps_a_short_one_from_being_closed_or_maximal():
    lines = to_lines([["a", "b", "c"]] * 3 + [["a", "b"]] * 2)
    for kind, expected in (("closed", ["ab"]), ("maximal", [])):
        found = frequent_itemsets(lines, min_support=2, max_len=2, **{kind: True})
        assert ["".join(sorted(items)) for items in found["itemsets"]] == expected
        everything = frequent_itemsets(lines, min_support=2, **{kind: True})
        assert "abc" in ["".join(sorted(items)) for items in everything["itemsets"]]


# which items, which levels ----------------------------------------------------------------------------


@pytest.mark.parametrize("max_consequents", [1, None])
def test_only_wanted_items_stand_on_a_side(groceries, max_consequents):
    arguments = {"min_support": 0.005, "max_consequents": max_consequents}
    before, after = {"yogurt", "curd", "butter", "whole milk"}, {"whole milk", "other vegetables"}
    everything = mine_rules(groceries, **arguments).rules
    for sides in (
        {"antecedents": before},
        {"consequents": after},
        {"antecedents": before, "consequents": after},
    ):
        book = mine_rules(groceries, **arguments, **{side: sorted(items) for side, items in sides.items()})
        fits = everything[[all(row[s] <= sides[s] for s in sides) for _, row in everything.iterrows()]]
        same = ["antecedents", "consequents", "count", "lift", "improvement"]
        pd.testing.assert_frame_equal(book.rules[same], fits[same].reset_index(drop=True))
        assert book.tested_count == len(book) > 3
    with pytest.raises(ParameterError, match=r"consequents must be a list.*\['tea'\]"):
        mine_rules(groceries, min_support=5, consequents="tea")


def test_levels_are_mined_together_without_trivial_rules():
    lines = pd.DataFrame(
        {
            "order_id": [1, 1, 2, 2, 3, 3, 4],
            "product_id": ["cola", "crisps", "cola", "nuts", "tea", "crisps", "tea"],
            "category": ["drinks", "snacks", "drinks", "snacks", "drinks", "snacks", None],
        }
    )
    levels = ["product_id", "category"]
    book = mine_rules(lines, min_support=2, item=levels)
    rules = {
        (a, c): n for a, c, n in book.rules[["antecedents", "consequents", "count"]].itertuples(index=False)
    }

    def side(*items):
        return frozenset((levels[level], value) for level, value in items)

    cola, drinks, snacks = side((0, "cola")), side((1, "drinks")), side((1, "snacks"))
    crisps = side((0, "crisps"))
    assert rules == {
        (cola, snacks): 2, (snacks, cola): 2, (drinks, snacks): 3, (snacks, drinks): 3,
        (crisps, drinks): 2, (drinks, crisps): 2,
    }  # fmt: skip
    assert (book.basket_count, book.transaction_count) == (4, 7)
    assert "cola (product_id)" in book._repr_html_()
    alone = {frozenset(v for _, v in s): n for s, n in zip(*_sets(lines, levels), strict=True)}
    assert alone[frozenset({"cola"})] == 0.5 and frozenset({"cola", "drinks"}) not in alone
    for wrong in ([], ["product_id"], ["category", "category"], ["order_id", "category"]):
        with pytest.raises(ParameterError, match="item"):
            mine_rules(lines, min_support=2, item=wrong)


def _sets(lines, levels):
    found = frequent_itemsets(lines, min_support=2, item=levels)
    return found["itemsets"], found["support"]
