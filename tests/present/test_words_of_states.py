"""The words of states and signals: each has a name, a meaning and an advice, with the numbers of the constants."""

import pytest

from crmlib.present.claims import SIGNAL_WORDS, STATE_WORDS, signal_says, state_advice, state_says
from crmlib.schema.states import LATE_TIMES, LIFE_ORDER, LIKELY, LOST_TIMES, SIGNALS


@pytest.mark.parametrize("name", LIFE_ORDER)
def test_every_state_says_who_is_in_it_and_what_to_do(name):
    assert str(STATE_WORDS.term(name)) == name
    assert str(state_says(name)).endswith(".") and str(state_advice(name)).endswith(".")


@pytest.mark.parametrize("name", [signal.name for signal in SIGNALS])
def test_every_signal_says_what_it_means(name):
    assert str(SIGNAL_WORDS.term(name)) == name and str(signal_says(name)).endswith(".")


def test_sentences_carry_the_numbers_of_the_constants(monkeypatch):
    assert (LOST_TIMES, LATE_TIMES, LIKELY) == (2, 2.0, 0.5)
    assert "more than twice the longest pause" in str(state_says("lost"))
    assert "twice the customer’s own usual gap" in str(signal_says("late"))
    assert "50\u00a0% or more" in str(signal_says("at risk")) and "50\u00a0%" in str(
        signal_says("likely gone")
    )
    monkeypatch.setattr("crmlib.present.claims.LOST_TIMES", 2.5)
    assert "more than 2.5\u00a0times the longest pause" in str(state_says("lost"))
