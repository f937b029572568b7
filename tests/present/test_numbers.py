"""Numbers in sentences."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crmlib.present import claims, numbers
from crmlib.present.numbers import (
    change,
    count,
    date,
    days,
    listing,
    money,
    number,
    percent,
    points,
    sentence,
    times,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14)
UNKNOWN = [None, float("nan"), float("inf"), -float("inf"), pd.NA, pd.NaT]


SIZES = {"trillion": 1e12, "billion": 1e9, "million": 1e6}


def significant(text: str) -> int:
    """Digits between the first and the last that are not nought."""
    digits = re.sub(r"[^0-9]", "", text.split("e")[0])
    return len(digits.strip("0"))


@given(NUMBERS)
def test_at_most_three_significant_digits(x):
    assert significant(number(x)) <= 3


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_a_number_is_off_by_half_of_its_third_digit_at_most(x):
    shown = number(x).replace(",", "")
    size = next((size for word, size in SIZES.items() if word in shown), 1)
    assert abs(float(shown.split("\u00a0")[0]) * size - x) <= 0.5001 * 10 ** (math.floor(math.log10(x)) - 2)


@pytest.mark.parametrize("value", UNKNOWN)
@pytest.mark.parametrize("say", [number, money, percent, points, days, times])
def test_what_is_not_known_is_said_to_be_so(say, value):
    assert say(value) == "not known"


@given(NUMBERS)
def test_the_unit_is_always_there(x):
    assert money(x, "USD").startswith("USD\u00a0") and percent(x).endswith("%")
    assert points(x).endswith(("percentage point", "percentage points"))
    assert days(x).endswith(("day", "days", "hour", "hours", "minute", "minutes")) and times(x).endswith(
        ("time", "times")
    )


@given(st.floats(min_value=1e-9, max_value=100 - 1e-9))
def test_a_share_is_neither_nothing_nor_all_unless_it_is(x):
    assert percent(x) not in ("0\u00a0%", "100\u00a0%")


@given(st.integers(min_value=0, max_value=10**9))
def test_counts_agree_with_their_noun(n):
    said = str(claims.claim("value-picture-credit-bar", n=claims.count(n)))
    assert said.endswith("customer") == (n == 1)
    if n < 10_000:
        assert said.startswith(f"{n:,}\u00a0")
    else:
        assert significant(said) <= 3


@pytest.mark.parametrize("kind", ["money", "share", "days", "times", "points", "number"])
@given(x=st.one_of(st.floats(-1e7, 1e7), st.integers(-40_000, 40_000).map(lambda n: n / 1_000)))
@example(x=1.335)
def test_a_number_by_its_kind_is_the_number_itself_whoever_made_it(kind, x):
    say = numbers._KINDS.get(kind, lambda x, locale: numbers.money(x, "EUR", locale=locale))
    expected = say(x, locale="en")
    assert (
        numbers.of_kind(x, kind, unit="EUR") == numbers.of_kind(np.float64(x), kind, unit="EUR") == expected
    )


def test_thousands_are_separated_and_minus_is_a_minus():
    assert (
        number(-12_345) == "−12,300"
        and count(-2_345) == "−2,345"
        and money(-1_234.5, "EUR") == "EUR\u00a0−1,230"
    )


def test_a_currency_without_a_code_stands_behind():
    assert money(12, "points of the card") == "12\u00a0points of the card" and money(12) == "12"


def test_change_says_which_way():
    assert (
        change(110, 100) == "up 10\u00a0%"
        and change(90, 100) == "down 10\u00a0%"
        and change(1, None) == "not known"
    )
    assert change(31.0, 30.0, unit="points") == "up 1\u00a0percentage point"
    assert change(-50, -100) == "up 50\u00a0%"


def test_lists_read_as_one_would_say_them():
    assert (
        listing("abc") == "a, b and c"
        and listing("abcde", limit=3, noun="letters") == "a, b, c and 2 more letters"
    )


@given(st.text(max_size=40))
def test_a_sentence_ends_once(text):
    said = sentence(text)
    assert said == "" or said[-1] in ".?!"
    assert said.endswith("..") <= text.strip().endswith("..")


def test_dates():
    assert date(pd.Timestamp("2017-12-31 23:59")) == "31 December 2017" and date("no date") == "not known"


def test_every_public_word_is_there():
    assert {"number", "money", "percent", "points", "count", "days", "listing", "change"} <= set(dir(numbers))


def test_a_change_too_small_to_speak_of_has_no_percentage():
    assert change(2062, 2061) == "nearly unchanged" and change(2064, 2061) == "up 0.1\u00a0%"
