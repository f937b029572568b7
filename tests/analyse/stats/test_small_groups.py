"""Groups of people that are too small to be shown, and cannot be worked out again."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER, age_bands, safe_groups, shown_groups
from crmlib.schema.errors import ParameterError

COLUMNS = st.lists(st.sampled_from([*"abcdefgh", None]), max_size=120).map(
    lambda values: pd.Series(values, dtype="object")
)


@given(COLUMNS, st.integers(2, 15))
def test_no_group_that_is_shown_is_small(values, minimum):
    shown = safe_groups(values, minimum=minimum).value_counts()
    known = values.notna().sum()
    named = shown.drop([OTHER, NOT_STATED], errors="ignore")
    assert (named >= minimum).all()
    if OTHER in shown:
        assert shown[OTHER] >= minimum or shown[OTHER] == known


@given(COLUMNS, st.integers(2, 15))
def test_what_is_hidden_cannot_be_worked_out_from_the_rest(values, minimum):
    counts = values.dropna().value_counts()
    shown = safe_groups(values, minimum=minimum)
    hidden = [value for value in counts.index if value not in set(shown)]
    total_less_shown = len(values.dropna()) - sum(
        counts[value] for value in counts.index if value in set(shown)
    )
    assert total_less_shown == sum(counts[value] for value in hidden)
    if hidden and len(hidden) < len(counts):
        assert total_less_shown >= minimum and len(hidden) >= 2
    if not hidden:
        assert (counts >= minimum).all()


@given(COLUMNS)
def test_no_more_is_hidden_than_needed(values):
    counts = values.dropna().value_counts()
    hidden = [value for value in counts.index if value not in set(safe_groups(values))]
    small = [value for value in counts.index if counts[value] < 10]
    assert set(small) <= set(hidden)
    assert len(hidden) <= len(small) + 1


@given(COLUMNS)
def test_who_has_not_stated_anything_is_told_apart_from_small_groups(values):
    assert (safe_groups(values) == NOT_STATED).tolist() == values.isna().tolist()


@given(COLUMNS, st.randoms())
def test_the_order_of_rows_is_irrelevant(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    there = safe_groups(values.iloc[order])
    assert there.sort_index().tolist() == safe_groups(values).tolist()


def test_a_group_of_nine_is_hidden_and_of_ten_is_not():
    values = pd.Series(["a"] * 10 + ["b"] * 10 + ["c"] * 9)
    assert set(safe_groups(values)) - {OTHER} in ({"a"}, {"b"})
    assert set(safe_groups(pd.Series(["a"] * 10 + ["b"] * 10))) == {"a", "b"}


@pytest.mark.parametrize("minimum", [1, 0, True, 2.5])
def test_a_minimum_that_hides_nothing_is_refused(minimum):
    with pytest.raises(ParameterError, match="from 2 on"):
        safe_groups(pd.Series(["a"]), minimum=minimum)


def test_groups_that_need_not_be_hidden_keep_the_most_frequent():
    values = pd.Series(["a"] * 3 + ["b"] * 2 + ["c", None])
    assert shown_groups(values, min_group=1, most=2).value_counts().to_dict() == {
        "a": 3,
        "b": 2,
        OTHER: 1,
        NOT_STATED: 1,
    }


def test_a_birthday_counts_on_its_day():
    born = pd.Series(["1990-06-15", "1990-06-16", "2200-01-01", "1850-01-01", "rubbish"])
    assert age_bands(born, as_of=pd.Timestamp("2015-06-15 10:00")).tolist() == [
        "25 to 34",
        "18 to 24",
        None,
        None,
        None,
    ]
