"""Who moved where: every customer is counted once, and so is the revenue."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.customers.states import (
    NO_LONGER,
    NOT_YET,
    STAGE_ORDER,
    lifecycle_between,
    lifecycle_moves,
    lifecycle_stages,
    revenue_of_a_year,
)
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError
from tests.measure.purchases.lifecycle_cases import AS_OF, SCALE, ledger, one_of_each

KIND = pd.CategoricalDtype(list(STAGE_ORDER), ordered=True)
standing = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from(STAGE_ORDER), min_size=1)


def series(stages):
    return pd.Series(stages, dtype="str").astype(KIND).rename("stage")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(standing, standing)
def test_every_customer_is_counted_once(before, after):
    revenue = pd.Series({name: 2.0**place for place, name in enumerate(before)})
    moves = lifecycle_moves(series(before), series(after), revenue=revenue)
    assert moves.matrix.to_numpy().sum() == len(set(before) | set(after)) == moves.flows["customers"].sum()
    assert moves.matrix.loc[NOT_YET].sum() == len(set(after) - set(before))
    assert moves.matrix[NO_LONGER].sum() == len(set(before) - set(after))
    assert moves.flows["revenue"].sum() == revenue.sum()
    for name in before:
        assert moves.matrix.loc[before[name], after.get(name, NO_LONGER)] > 0
    net = moves.net
    assert (net["change"] == net["came"] - net["left"]).all() and net["before"].sum() == len(before)
    assert net["after"].to_dict() == {s: list(after.values()).count(s) for s in STAGE_ORDER}
    known = moves.shares.dropna(how="all").sum(axis=1)
    assert known.to_numpy() == pytest.approx([100] * len(known))


def test_moves_between_two_dates_are_measured_on_one_scale():
    crm = Crm.from_frames(as_of="2024-05-14", transactions=ledger(seed=2))
    moves = lifecycle_between(crm, earlier="2024-02-14")
    after = lifecycle_stages(crm)
    before = lifecycle_stages(crm.at("2024-02-14"), rhythm=after.attrs["rhythm"])
    assert moves.net["before"].to_dict() == before.value_counts(sort=False).to_dict()
    assert moves.net["after"].to_dict() == after.value_counts(sort=False).to_dict()
    assert moves.flows["revenue"].sum() == pytest.approx(revenue_of_a_year(crm.at("2024-02-14")).sum())
    assert (moves.before_on, moves.after_on) == ("2024-02-14", "2024-05-14")


def test_two_scales_cannot_be_compared():
    crm = Crm.from_frames(as_of=AS_OF, **one_of_each())
    one, other = lifecycle_stages(crm, rhythm=SCALE), lifecycle_stages(crm, rhythm=SCALE | {"gap_days": 11})
    with pytest.raises(ParameterError, match="different scales"):
        lifecycle_moves(one, other)


@pytest.mark.parametrize(
    ("stages", "says"),
    [
        (pd.Series(["new"]), "categorical"),
        (pd.Series(["new", "new"], index=["a", "a"], dtype=KIND), "two stages"),
        (pd.Series([None], index=["a"], dtype=KIND), "no stage"),
        (pd.Series(["x"], index=["a"], dtype="category"), "different stages"),
    ],
)
def test_what_is_no_stage_of_each_customer(stages, says):
    with pytest.raises(ParameterError, match=says):
        lifecycle_moves(stages, series({"a": "new"}))


def test_an_earlier_day_cannot_lie_later():
    with pytest.raises(ParameterError, match="as_of"):
        lifecycle_between(Crm.from_frames(as_of=AS_OF, **one_of_each()), earlier="2024-07-01")
