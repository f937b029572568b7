"""Indicators that a workspace declares itself: they join the built-in ones, or are refused by key path."""

import numpy as np
import pandas as pd
import pytest

from crmlib import compute_indicators, indicator_catalogue
from crmlib.measure.indicators import INDICATORS, VIEWS
from crmlib.schema.errors import ConfigError
from tests.measure.ledgers import HAND_AS_OF, hand_ledger, random_ledger
from tests.measure.workspaces import RANDOM_AS_OF, as_utc, from_tables, hand_crm, with_own

NAMES = [indicator.name for indicator in INDICATORS]
NEEDED = {}
for view in VIEWS.values():
    for _, _, needs in view.columns:
        for need in needs:
            NEEDED.setdefault(need.split(".")[0], set()).add(need.split(".")[1])


def test_own_indicators_join_the_built_in_ones():
    crm = with_own(
        hand_crm(),
        weekend_spend={"sql": "sum(net_amount) filter (where is_weekend)"},
        tea_lines={"sql": "count(*) filter (where product_id = 'tea')", "over": "lines", "empty": 0},
    )
    result = compute_indicators(crm)
    assert list(result.columns) == [*NAMES, "weekend_spend", "tea_lines"]
    assert result.loc["ann", "weekend_spend"] == 10 and np.isnan(result.loc["fay", "weekend_spend"])
    assert dict(result["tea_lines"]) == {
        **{"ann": 2, "bob": 0, "cem": 2, "dora": 0, "eve": 1, "fay": 2, "gus": 0}
    }
    assert list(indicator_catalogue(crm).name[-2:]) == ["weekend_spend", "tea_lines"]


@pytest.fixture(scope="module")
def with_every_column():
    tables = random_ledger(seed=3, lines=200)
    tables["transactions"]["line_no"] = [str(i) for i in range(200)]
    for table, needs in NEEDED.items():
        for column in sorted(needs - set(tables[table])):
            tables[table][column] = "1"
    return from_tables(tables, as_of=as_utc(RANDOM_AS_OF))


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_column_of_every_view_can_be_used(with_every_column, view):
    own = {
        f"x{i}": {"sql": f"count({name})", "over": view, "empty": 0}
        for i, name in enumerate(VIEWS[view].names)
    }
    result = compute_indicators(with_own(with_every_column, **own), list(own))
    assert not result.attrs["left_out"]
    assert (result.sum() > 0).all()


def test_payment_after_as_of_is_not_known():
    tables = hand_ledger()
    tables["transactions"]["paid_on"] = pd.Timestamp("2024-05-01")
    own = {"paid": {"sql": "count(paid_on)", "over": "lines", "empty": 0}}
    for as_of, paid in (("2024-04-30", 0), ("2024-05-01", 3)):
        crm = with_own(from_tables(tables, as_of=as_of), **own)
        assert compute_indicators(crm, ["paid"]).loc["ann", "paid"] == paid


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"sql": "sum(net_amuont)"}, "indicators.mine.sql: .*net_amount"),
        ({"sql": "net_amount"}, "indicators.mine.sql"),
        ({"sql": "sum((select 1))"}, "indicators.mine.sql"),
        (
            {"sql": "count(*)", "over": "order"},
            "indicators.mine.over: there is no view.*Did you mean 'orders'",
        ),
        ({"sql": "count(*)", "better": "more"}, "indicators.mine: .*better is 'higher', 'lower' or None"),
        ({"sql": "sum(order_id)"}, "indicators.mine.sql: the engine cannot compute it over orders"),
    ],
)
def test_own_indicator_that_cannot_be_is_refused_by_its_key_path(own, message):
    crm = with_own(hand_crm(), fine={"sql": "count(*)"}, mine=own)
    with pytest.raises(ConfigError, match=message):
        compute_indicators(crm)


@pytest.mark.parametrize("name", ["spend_total", "Spend_Total", "customer_id"])
def test_own_indicator_cannot_take_a_name_that_is_there(name):
    crm = with_own(hand_crm(), **{name: {"sql": "count(*)"}})
    with pytest.raises(ConfigError, match=f"indicators.{name}: the name is taken"):
        compute_indicators(crm)


def test_own_indicator_whose_column_is_missing_is_left_out():
    tables = hand_ledger()
    tables["transactions"] = tables["transactions"].drop(columns="cost_amount")
    crm = with_own(from_tables(tables, as_of=HAND_AS_OF), cost={"sql": "sum(cost_amount)"})
    reason = compute_indicators(crm, ["cost"]).attrs["left_out"]["cost"]
    assert reason.startswith("transactions has no column cost_amount.")
