"""Every customer has exactly one type, by a table that can be replaced."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.customers.profile import (
    CUSTOMER_TYPES,
    OTHERS,
    RFM_COLUMNS,
    CustomerType,
    customer_types,
    read_customer_types,
)
from crmlib.present.reports.customers.say import TYPE_SAYS
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import LIFE_ORDER, SIGNALS


def rfm_row(*, r, f, m, order_count=12):
    return {
        "recency_days": 30.0,
        "order_count": order_count,
        "spend_total": 500.0,
        "r_score": r,
        "f_score": f,
        "m_score": m,
    }


CRAFTED = {
    "recent first-timers": rfm_row(r=5, f=1, m=2, order_count=1),
    "frequent big spenders": rfm_row(r=4, f=5, m=4),
    "big spenders": rfm_row(r=4, f=2, m=5),
    "regulars": rfm_row(r=3, f=4, m=2),
    "recent buyers": rfm_row(r=4, f=2, m=3),
    "occasional buyers": rfm_row(r=3, f=3, m=4),
    "earlier regulars": rfm_row(r=2, f=5, m=5),
    "earlier big spenders": rfm_row(r=1, f=2, m=4),
    "earlier buyers": rfm_row(r=2, f=1, m=1),
    "least recent buyers": rfm_row(r=1, f=1, m=1),
    "others": rfm_row(r=np.nan, f=np.nan, m=np.nan),
}


def test_a_crafted_customer_for_every_type():
    rfm = pd.DataFrame(CRAFTED).T
    assert list(CRAFTED) == [kind.name for kind in CUSTOMER_TYPES]
    assert customer_types(rfm).to_dict() == {name: name for name in CRAFTED}


def test_a_first_large_order_is_of_a_first_timer_and_not_yet_a_big_spender():
    rfm = pd.DataFrame([rfm_row(r=5, f=1, m=5, order_count=1)])
    assert customer_types(rfm).tolist() == ["recent first-timers"]


def test_no_type_shares_a_word_with_a_state_or_a_signal_or_says_that_somebody_leaves():
    taken = {word for name in (*LIFE_ORDER, *(signal.name for signal in SIGNALS)) for word in name.split()}
    leaving = {"gone", "leaving", "leaves", "former", "silent", "stop", "slipping", "win", "back", "risk"}
    for kind in CUSTOMER_TYPES:
        assert not set(kind.name.split()) & (taken | leaving), kind.name
        said = str(TYPE_SAYS.term(kind.name))
        assert not set(said.lower().strip(".").split()) & (taken | leaving), said


def test_every_combination_of_scores_has_a_type_of_its_own():
    scores = list(itertools.product(range(1, 6), repeat=3))
    rfm = pd.DataFrame([rfm_row(r=r, f=f, m=m) for r, f, m in scores])
    assert OTHERS not in set(customer_types(rfm))


def by_hand(row, types):
    for kind in types:
        inside = (
            (low is None or row[column] >= low) and (high is None or row[column] <= high)
            for column, low, high in kind.rule
            if not math.isnan(row[column]) or (low, high) == (None, None)
        )
        if all(not math.isnan(row[column]) for column, _, _ in kind.rule) and all(inside):
            return kind.name
    return OTHERS


bound = st.tuples(
    st.sampled_from(RFM_COLUMNS),
    st.none() | st.integers(-2, 8),
    st.none() | st.integers(-2, 8),
).filter(lambda b: None in b[1:] or b[1] <= b[2])
definitions = st.lists(st.lists(bound, min_size=1, max_size=3), min_size=1, max_size=6).map(
    lambda rules: [CustomerType(name=f"type {i}", rule=tuple(rule)) for i, rule in enumerate(rules)]
)
values = st.one_of(st.integers(-3, 9).map(float), st.just(math.nan))


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(*[values] * 6), min_size=1, max_size=15),
    types=st.none() | definitions,
)
def test_every_customer_has_exactly_the_first_type_that_fits(rows, types):
    rfm = pd.DataFrame(rows, columns=list(RFM_COLUMNS))
    if types is None:
        scores = list(RFM_COLUMNS[3:])
        rfm[scores] = rfm[scores].clip(1, 5)
    found = customer_types(rfm, definitions=types)
    assert found.notna().all()
    assert found.tolist() == [by_hand(row, types or CUSTOMER_TYPES) for row in rfm.to_dict("records")]


def test_the_input_stays_and_the_index_is_kept():
    rfm = pd.DataFrame(CRAFTED).T.sample(frac=1, random_state=1).rename_axis("customer_id")
    before = rfm.copy(deep=True)
    found = customer_types(rfm)
    pd.testing.assert_frame_equal(rfm, before)
    assert found.name == "customer_type"
    assert found.index.equals(rfm.index)


def test_nobody_to_type():
    assert customer_types(pd.DataFrame(CRAFTED).T.iloc[:0]).empty


def test_definitions_as_crm_toml_writes_them():
    mine = [
        {"name": "big", "rule": {"spend_total": [1000, ""]}, "says": "Spent a lot."},
        {"name": "once", "rule": {"order_count": 1}} | {"rule": {"order_count": [1, 1]}},
    ]
    rfm = pd.DataFrame({"spend_total": [2000.0, 10.0, 10.0], "order_count": [1, 1, 2]})
    assert customer_types(rfm, definitions=mine).tolist() == ["big", "once", "others"]


def test_a_users_last_type_without_a_rule_takes_the_rest():
    types = read_customer_types([{"name": "big", "rule": {"m_score": [5, 5]}}, {"name": "small"}])
    assert [kind.name for kind in types] == ["big", "small"]


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ([], "Leave it out"),
        ({"name": "big"}, "list"),
        ("big", "list"),
        ([42], "table with name and rule"),
        ([{"nam": "big"}], "Did you mean 'name'"),
        ([{"rule": {"m_score": [5, 5]}}], "needs a name"),
        ([{"name": "big", "rule": {"m_scor": [5, 5]}}], "Did you mean 'm_score'"),
        ([{"name": "big", "rule": {"m_score": [5]}}], r"\(column, low, high\)"),
        ([{"name": "big", "rule": {"m_score": 5}}], r"\(column, low, high\)"),
        ([{"name": "big", "rule": "m_score > 4"}], "list of bounds"),
        ([{"name": "big", "rule": {"m_score": ["high", None]}}], "Give a number"),
        ([{"name": "big", "rule": {"m_score": [True, None]}}], "Give a number"),
        ([{"name": "big", "rule": {"m_score": [math.nan, None]}}], "Give a number"),
        ([{"name": "big", "rule": {"m_score": [5, 4]}}], "Swap"),
        ([{"name": "a", "rule": {"m_score": [5, 5]}}] * 2, "its own name"),
        ([{"name": "Won_back", "rule": {"m_score": [5, 5]}}], "Choose another name"),
        ([{"name": "at risk"}], "Choose another name"),
        ([{"name": "a"}, {"name": "b", "rule": {"m_score": [5, 5]}}], "takes nobody"),
    ],
)
def test_wrong_definitions_are_answered_with_the_remedy(wrong, remedy):
    with pytest.raises(ParameterError, match=remedy):
        customer_types(pd.DataFrame(CRAFTED).T, definitions=wrong)


def test_scores_of_another_scale_are_refused():
    rfm = pd.DataFrame(CRAFTED).T.dropna()
    with pytest.raises(ParameterError, match="bins=5"):
        customer_types(rfm.assign(r_score=10))
    rfm.attrs["bins"] = 3
    with pytest.raises(ParameterError, match="go to 3"):
        customer_types(rfm)
    assert customer_types(rfm, definitions=[{"name": "top", "rule": {"r_score": [3, 3]}}]).notna().all()


def test_a_missing_column_is_named():
    with pytest.raises(ParameterError, match="no column m_score"):
        customer_types(pd.DataFrame(CRAFTED).T.drop(columns="m_score"))
    with pytest.raises(ParameterError, match="not a list"):
        customer_types([1, 2])


def test_the_table_reads_as_sentences():
    assert all(str(TYPE_SAYS.term(kind.name)).endswith(".") and not kind.action for kind in CUSTOMER_TYPES)
    assert CUSTOMER_TYPES[0].condition == "order_count is 1, r_score 4 to 5"
    assert CUSTOMER_TYPES[-1].condition == "everyone else"
    assert (
        CustomerType(name="x", rule=(("spend_total", None, 1500),)).condition == "spend_total at most 1,500"
    )
    assert CustomerType(name="x", rule=(("r_score", None, None),)).condition == "r_score known"
