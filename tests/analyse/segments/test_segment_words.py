"""Names that a salesperson would use: short, true, told apart, and nobody else's."""

import re

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.customers.profile import CUSTOMER_TYPES
from crmlib.analyse.segments.names import (
    AVERAGE,
    KEY,
    KINDS,
    NO_PURCHASE,
    PHRASES,
    TOP,
    TOPICS,
    advice_codes,
    name_of,
    own_names,
    plain,
    segment_names,
    shown,
)
from crmlib.analyse.segments.preparation import SEGMENT_INDICATORS
from crmlib.measure.indicators import INDICATORS
from crmlib.present.reports.segments.say import RULE_WORDS, SEGMENT_WORDS, rule_words, segment_word
from crmlib.schema.states import LIFE_ORDER, SIGNALS

EVERY_NAME = sorted(SEGMENT_WORDS.members)


def names(medians=None, everyone=None, taken=None, **columns):
    """Names from deviations; without medians these are far from everyone's, in the same direction."""
    apart = pd.DataFrame(columns)
    everyone = pd.Series(100.0, apart.columns) if everyone is None else pd.Series(everyone)
    medians = 100 + 100 * np.sign(apart) if medians is None else pd.DataFrame(medians)
    return segment_names(apart, medians, everyone, taken=taken)


def test_the_segment_that_spends_most_is_the_top():
    assert names(spend_total=[1.8, 0.6, -1.0]) == [TOP, "Good customers", "Small customers"]
    assert names(spend_total=[0.3, -0.3]) == [AVERAGE, f"{AVERAGE} (2)"]


def test_a_few_who_spend_far_more_are_key_accounts_and_seasons_have_a_name():
    apart = pd.DataFrame({"spend_total": [1.8, 0.1, -1.0], "year_end_share_pct": [-0.3, 1.6, -0.2]})
    medians, everyone = 100 + 100 * np.sign(apart), pd.Series(100.0, apart.columns)
    found = segment_names(apart, medians, everyone, [8.0, 30.0, 62.0])
    assert found == [KEY, "Seasonal customers", "Small customers"]
    assert segment_names(apart, medians, everyone, [18.0, 30.0, 52.0])[0] == TOP
    weaker = apart.assign(spend_total=[0.9, 0.1, -1.0])
    assert segment_names(weaker, medians, everyone, [8.0, 30.0, 62.0])[0] == TOP


def test_the_house_may_call_its_segments_otherwise():
    own = {"Key accounts": "Gold", "Small customers": "Gold"}
    assert own_names([KEY, "Small customers", "Many orders (2)"], own) == [
        "Gold",
        "Gold (2)",
        "Many orders (2)",
    ]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ({"discount_share_pct": 1.1, "spend_total": -1.1}, "Bargain hunters"),
        ({"basket_value_mean": 0.97, "order_count": -0.42}, "Few large orders"),
        ({"basket_value_mean": -0.66, "order_count": 0.42}, "Many small orders"),
        ({"basket_value_mean": -0.62, "order_count": -1.06, "spend_total": -1.1}, "Casual customers"),
        ({"recency_days": 0.9, "spend_total": -0.2}, "Not seen lately"),
        ({"spend_30d": -0.9, "recency_days": 0.1}, "Not seen lately"),
        ({"margin_share_pct": -0.6}, "Thin margin"),
        ({"weekend_share_pct": 0.8, "margin_share_pct": 0.5}, "Weekend shoppers"),
    ],
)
def test_what_sets_a_segment_apart_gives_its_name(place, name):
    assert names(**{column: [value] for column, value in place.items()}) == [name]


def test_columns_of_one_topic_speak_once_through_the_clearest():
    assert names(recency_days=[-0.5], spend_30d=[0.9], spend_90d=[0.7]) == ["Seen lately"]


def test_no_name_claims_a_difference_that_the_medians_do_not_show():
    apart = {"discount_share_pct": [-0.57], "spend_total": [0.6]}
    assert names(
        **apart,
        medians={"discount_share_pct": [2.0], "spend_total": [10_600.0]},
        everyone={"discount_share_pct": 2.1, "spend_total": 5_610.0},
    ) == [TOP]
    assert names(
        discount_share_pct=[0.6], medians={"discount_share_pct": [2.9]}, everyone={"discount_share_pct": 2.0}
    ) == [AVERAGE]
    assert names(spend_total=[0.6], medians={"spend_total": [90.0]}, everyone={"spend_total": 100.0}) == [
        AVERAGE
    ]


def test_two_of_a_kind_are_told_apart_by_the_next_name_and_only_then_by_a_number():
    assert names(spend_total=[-0.9, -1.2], recency_days=[0.1, 0.8]) == ["Small customers", "Not seen lately"]
    assert names(order_count=[0.9] * 3) == ["Many orders", "Many orders (2)", "Many orders (3)"]


def test_the_second_of_one_name_bears_what_sets_it_apart_from_the_first():
    one = {"discount_share_pct": [0.9], "basket_value_mean": [0.3], "weekend_share_pct": [0.1]}
    both = {column: [*values, 0.9] for column, values in one.items()}
    assert names(**both | {"basket_value_mean": [0.3, -0.4], "weekend_share_pct": [0.1, 0.15]}) == [
        "Bargain hunters",
        "Bargain hunters (small orders)",
    ]
    assert name_of("Bargain hunters (small orders)") == name_of("Bargain hunters (2)") == "Bargain hunters"
    assert name_of("High nps (net)") == "High nps (net)"
    assert names(**{column: values * 2 for column, values in one.items()})[1] == "Bargain hunters (2)"
    # A name that is borne already goes on with the segment that bears it.
    apart = {"discount_share_pct": [0.9, 0.9], "basket_value_mean": [-0.4, 0.3]}
    assert names(**apart, taken={1: "Bargain hunters"}) == [
        "Bargain hunters (small orders)",
        "Bargain hunters",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_names_are_unique_and_do_not_depend_on_the_columns_order(seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(0, 0.8, size=(8, len(TOPICS))), columns=list(TOPICS))
    found = names(**table)
    assert len(set(found)) == 8
    assert found == names(**table[rng.permutation(table.columns)])
    assert all(name[0].isupper() for name in found)


@pytest.mark.parametrize("name", EVERY_NAME)
def test_names_have_two_or_three_words_and_none_of_a_state_a_signal_or_a_type(name):
    words = set(re.findall(r"\w+", name))
    assert 2 <= len(name.split()) <= 3 and "," not in name
    others = [*LIFE_ORDER, *(signal.name for signal in SIGNALS), *(kind.name for kind in CUSTOMER_TYPES)]
    assert not words & {word for other in others for word in re.findall(r"\w+", other)}


def test_every_name_has_words_and_a_rule():
    given = {
        KEY,
        TOP,
        AVERAGE,
        NO_PURCHASE,
        *(kind.name for kind in KINDS),
        *(one for pair in PHRASES.values() for one in pair),
    }
    assert {name.lower() for name in given} == set(SEGMENT_WORDS.members) == set(RULE_WORDS.members)
    for name in given:
        assert str(segment_word(name)) == name and str(rule_words(name)).endswith(".")
    assert str(rule_words("Many orders (2)")) == str(rule_words("Many orders"))
    assert "figure" in str(rule_words("High nps"))


def test_what_segments_are_made_from_has_words_of_its_own():
    numeric = {indicator.name for indicator in INDICATORS if indicator.unit != "name"}
    assert set(SEGMENT_INDICATORS) <= set(TOPICS) <= numeric
    assert {topic for topic, _ in TOPICS.values()} == set(PHRASES)


def test_words_for_a_users_own_indicator():
    assert names(weekend_spend_total=[-2.0]) == ["Low weekend spend"]
    assert names(**{"nps{}": [0.9]}) == ["High nps{}"]
    assert plain("email_open_rate_pct") == "email open rate"


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ({"spend_total": 1.2, "recency_days": -0.8}, "keep"),
        ({"spend_total": 0.9, "recency_days": 1.0}, "call"),
        ({"spend_total": 0.0, "recency_days": 0.9}, "ask_back"),
        ({"spend_total": -1.0, "recency_days": 1.1}, "let_be"),
        ({"spend_total": -0.2, "order_count": 0.5, "recency_days": -0.6}, "grow"),
        ({"spend_total": -0.9, "order_count": -0.9, "recency_days": -0.5}, "second"),
    ],
)
def test_advice_follows_from_where_a_segment_lies(place, advice):
    assert advice_codes(place) == [advice]


def test_discount_seekers_come_with_a_warning():
    assert "see_to_margin" in advice_codes({"spend_total": 0.0, "discount_share_pct": 1.0})


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
def test_figures_in_texts(value, unit, text):
    assert shown(value, unit, "EUR") == text
