"""Every state is declared once: its rule uses the constants, its action is one that can be called for."""

import pytest

from crmlib.measure.purchases.states import STAGE_FIGURES
from crmlib.prepare.expressions import parse_expression
from crmlib.schema import states
from crmlib.schema.states import (
    ACTIONS,
    BUYING,
    KEEP,
    LIFE_ORDER,
    SIGNALS,
    SILENT,
    STATES,
    WIN_BACK,
    WITHOUT_PURCHASE,
    State,
    is_taken,
    state_named,
)


def test_every_state_is_there_once_and_belongs_to_one_kind():
    names = [state.name for state in STATES]
    assert len(set(names)) == len(names) == 9
    assert sorted(names) == sorted(LIFE_ORDER) == sorted([*WITHOUT_PURCHASE, *BUYING, *SILENT])


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_can_be_read_and_calls_for_something(state):
    assert isinstance(state, State) and state.action in ACTIONS
    if state.rule:
        given = {"columns": list(STAGE_FIGURES), "aggregate": False, "key_path": state.name}
        assert parse_expression(state.rule, context="rule", **given)


def test_only_the_last_state_takes_whoever_is_left():
    assert [state.name for state in STATES if not state.rule] == [STATES[-1].name]


def test_who_is_silent_is_to_be_won_back_and_nobody_else():
    assert {state.name for state in STATES if state.action == WIN_BACK} == set(SILENT)
    assert state_named("declining").action == KEEP


def test_rules_carry_the_numbers_of_the_constants():
    assert f"> {states.LOST_TIMES}" in state_named("lost").rule
    assert states.CHANGE_SCORE == 2.33
    for name in ("growing", "declining"):
        rule = state_named(name).rule
        assert str(states.CHANGE_SHARE) in rule and str(states.CHANGE_SCORE) in rule


def test_a_model_speaks_of_buyers_only():
    for signal in SIGNALS:
        assert set(signal.states) <= {*BUYING, *SILENT}
        if "model" in signal.source:
            assert signal.states == BUYING


@pytest.mark.parametrize("name", [*LIFE_ORDER, *(s.name for s in SIGNALS), "WON  BACK", "at_risk"])
def test_names_of_states_and_signals_are_taken(name):
    assert is_taken(name) and not is_taken(f"my {name}")
