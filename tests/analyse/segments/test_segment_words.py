"""Names that a salesperson would use, and sentences from figures."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.segments.lists import SEGMENT_INDICATORS
from crmlib.analyse.segments.names import WORDINGS, segment_names, shown, unit_of, wording_of
from crmlib.measure.indicators import INDICATORS


def names(**columns):
    return segment_names(pd.DataFrame(columns))


def test_the_example_of_the_house():
    assert names(order_count=[0.8], spend_total=[0.9], category_count=[-0.7], tenure_days=[0.1]) == [
        "Frequent, high spend, few categories"
    ]


def test_columns_of_one_topic_speak_once_through_the_clearest():
    assert names(recency_days=[-0.5], spend_30d=[0.9], spend_90d=[0.7], order_count=[0.6]) == [
        "Frequent, recent"
    ]
    assert names(recency_days=[1.5], spend_30d=[-0.9], order_count=[-1.2]) == ["Rare, least recent"]


def test_faint_differences_give_two_words_and_none_gives_a_plain_name():
    assert names(order_count=[0.3], spend_total=[0.25], tenure_days=[0.22]) == ["Frequent, high spend"]
    assert names(order_count=[0.01], spend_total=[-0.02]) == ["Middle of the road"]


def test_names_differ_by_the_next_word_and_only_then_by_a_number():
    found = names(
        order_count=[0.9, 0.9], spend_total=[0.8, 0.8], tenure_days=[0.7, 0.7], category_count=[0.5, -0.5]
    )
    assert found == [
        "Frequent, high spend, long with us, many categories",
        "Frequent, high spend, long with us, few categories",
    ]
    assert names(order_count=[0.9] * 3) == ["Frequent (1)", "Frequent (2)", "Frequent (3)"]


@pytest.mark.parametrize("seed", range(20))
def test_names_are_unique_and_do_not_depend_on_the_columns_order(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(0, 0.8, size=(8, len(WORDINGS))), columns=list(WORDINGS))
    found = segment_names(table)
    assert len(set(found)) == 8
    assert found == segment_names(table[rng.permutation(table.columns)])
    assert all(name[0].isupper() for name in found)


def test_what_segments_are_made_from_has_words_of_its_own():
    numeric = {indicator.name for indicator in INDICATORS if indicator.unit != "name"}
    assert set(SEGMENT_INDICATORS) <= set(WORDINGS) <= numeric
    assert all(wording_of(name).say(2) or wording_of(name).say(-2) for name in numeric)


def test_units_are_those_of_the_indicators_and_names_with_words_tell_theirs():
    for indicator in INDICATORS:
        stated = indicator.unit if indicator.unit in ("currency", "days", "%") else ""
        assert unit_of(indicator.name, {indicator.name: indicator.unit}) == stated
        assert indicator.name not in WORDINGS or unit_of(indicator.name, {}) == stated


def test_words_for_a_users_own_indicator():
    assert wording_of("weekend_spend_total").say(-2) == "low weekend spend"
    assert names(**{"nps{}": [0.9]}) == ["High nps{}"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567, "currency", "EUR 1,230,000"),
        (-0.004, "", "0"),
        (0, "%", "0 %"),
        (99.96, "%", "100 %"),
        (1.0, "days", "1 day"),
        (-12.34, "", "-12.3"),
        (np.inf, "", "not known"),
        (None, "", "not known"),
    ],
)
def test_figures_in_sentences(value, unit, text):
    assert shown(value, unit, "EUR") == text
