"""Everybody has exactly one stage of life, by rules that can be read, on a scale that can be fixed."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.customers.states import (
    LIFECYCLE_STAGES,
    STAGE_ORDER,
    LifecycleStage,
    lifecycle_stages,
    lifecycle_summary,
    revenue_of_a_year,
)
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.purchases.states import STAGE_FIGURES, purchase_rhythm, stage_figures
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError
from crmlib.schema.states import ACTIONS
from tests.measure.ledgers import HAND_AS_OF, hand_ledger
from tests.measure.purchases.lifecycle_cases import (
    AS_OF,
    SCALE,
    ledger,
    one_of_each,
    purchase_days,
    stage_by_hand,
)

seeds = st.integers(0, 10_000)


def test_one_customer_of_each_stage():
    stages = lifecycle_stages(Crm.from_frames(as_of=AS_OF, **one_of_each()), rhythm=SCALE)
    assert stages.astype("str").to_dict() == {name: name for name in STAGE_ORDER}
    assert tuple(stages.cat.categories) == STAGE_ORDER and stages.cat.ordered and stages.name == "stage"


def test_every_stage_is_in_the_table_once_and_says_what_to_do():
    assert sorted(stage.name for stage in LIFECYCLE_STAGES) == sorted(STAGE_ORDER)
    assert all(stage.action in ACTIONS for stage in LIFECYCLE_STAGES)
    assert [stage.name for stage in LIFECYCLE_STAGES if not stage.rule] == ["active"]


@settings(max_examples=5, deadline=None, derandomize=True)
@given(seeds)
def test_stages_are_those_worked_out_one_by_one(seed):
    lines = ledger(seed=seed, customers=60)
    as_of = pd.Timestamp("2024-05-14")
    crm = Crm.from_frames(as_of="2024-05-14", transactions=lines)
    stages = lifecycle_stages(crm)
    days = purchase_days(lines[lines["ordered_at"] < as_of + pd.Timedelta(days=1)])
    begin = min(min(own) for own in days.values())
    expected = {c: stage_by_hand(own, as_of, begin, stages.attrs["rhythm"]) for c, own in days.items()}
    assert stages[list(expected)].astype("str").to_dict() == expected
    assert not stages.index.has_duplicates and stages.notna().all()
    assert set(stages.index) == set(lines["customer_id"])
    assert set(stages.drop(list(expected))) <= {"prospect"}


@settings(max_examples=3, deadline=None, derandomize=True)
@given(seeds)
def test_a_customer_is_won_back_out_of_silence(seed):
    lines = ledger(seed=seed, customers=15).query("net_amount > 0")  # a later refund undoes a purchase
    crm = Crm.from_frames(as_of="2024-05-14", transactions=lines)
    stages = lifecycle_stages(crm)
    figures = stage_figures(crm, rhythm=stages.attrs["rhythm"])
    period = stages.attrs["rhythm"]["period_days"]
    for customer in stages.index[stages == "won back"][:4]:
        back = pd.Timestamp("2024-05-14") - pd.Timedelta(
            days=round(figures.loc[customer, "return_periods"] * period)
        )
        day_before = crm.at(str((back - pd.Timedelta(days=1)).date()))
        then = lifecycle_stages(day_before, rhythm=stages.attrs["rhythm"])
        assert then[customer] in ("dormant", "lost")


def test_later_rows_change_nothing():
    lines = ledger(seed=3)
    known = Crm.from_frames(as_of="2024-01-31", transactions=lines[lines["ordered_at"] < "2024-02-01"])
    more = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    one, other = lifecycle_stages(known), lifecycle_stages(more)
    pd.testing.assert_series_equal(one, other)
    assert one.attrs == other.attrs


def test_an_earlier_moment_is_like_a_workspace_that_ends_there():
    lines = ledger(seed=5)
    then = Crm.from_frames(as_of="2024-05-14", transactions=lines).at("2023-12-31")
    cut = Crm.from_frames(as_of="2023-12-31", transactions=lines[lines["ordered_at"] < "2024-01-01"])
    pd.testing.assert_frame_equal(stage_figures(then), stage_figures(cut))
    pd.testing.assert_series_equal(lifecycle_stages(then, rhythm=SCALE), lifecycle_stages(cut, rhythm=SCALE))


def test_the_order_of_rows_changes_no_bit():
    lines = ledger(seed=8)
    one = stage_figures(Crm.from_frames(as_of="2024-05-14", transactions=lines))
    other = stage_figures(
        Crm.from_frames(as_of="2024-05-14", transactions=lines.sample(frac=1, random_state=1))
    )
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert list(one.columns) == list(STAGE_FIGURES)


@pytest.mark.parametrize(("gap", "period"), [(7, 28), (20, 91), (40, 182), (400, 1826)])
def test_time_is_measured_in_the_houses_own_purchases(gap, period):
    days = pd.date_range("1990-01-01", periods=20, freq=f"{gap}D")
    lines = pd.DataFrame({"ordered_at": days, "customer_id": "ann", "net_amount": 5.0, "product_id": "tea"})
    lines["order_id"] = lines.index.astype(str)
    rhythm = purchase_rhythm(
        Crm.from_frames(as_of=str((days[-1] + pd.Timedelta(days=1)).date()), transactions=lines)
    )
    assert rhythm == {"gap_days": gap, "long_gap_days": gap, "period_days": period, "repeat_customers": 1}


def test_a_house_without_a_second_purchase_has_a_scale_all_the_same():
    lines = one_of_each()["transactions"].drop_duplicates("customer_id")
    rhythm = purchase_rhythm(Crm.from_frames(as_of=AS_OF, transactions=lines))
    assert rhythm["gap_days"] == 91 and rhythm["repeat_customers"] == 0


def test_what_came_back_whole_or_cost_nothing_is_no_purchase():
    stages = lifecycle_stages(Crm.from_frames(as_of=HAND_AS_OF, **hand_ledger()))
    assert stages["bob"] == stages["eve"] == "prospect"
    assert stages["dora"] == "lead", "her answer to the campaign comes after the closing date"
    later = lifecycle_stages(Crm.from_frames(as_of="2024-07-31", **hand_ledger()))
    assert later["dora"] == "prospect"


@pytest.mark.parametrize(
    ("table", "row", "stage"),
    [
        ("interactions", {"interaction_id": "1", "happened_at": "2024-06-01"}, "prospect"),
        ("interactions", {"interaction_id": "1", "happened_at": "2024-06-01", "direction": "out",
                          "purpose": "campaign"}, "lead"),
        ("events", {"event_id": "1", "happened_at": "2024-06-01", "event": "view"}, "prospect"),
        ("events", {"event_id": "1", "happened_at": "2024-07-01", "event": "view"}, "lead"),
        ("opportunities", {"opportunity_id": "1", "stage": "Talk", "outcome": "open"}, "prospect"),
        ("opportunities", {"opportunity_id": "1", "stage": "Lost", "outcome": "lost",
                           "closed_at": "2024-05-01"}, "lead"),
    ],
    ids=["a talk", "our own mail", "a visit", "a visit later", "an open deal", "a lost deal"],
)  # fmt: skip
def test_what_makes_a_prospect(table, row, stage):
    frames = one_of_each() | {table: pd.DataFrame([{"customer_id": "lead", **row}])}
    assert lifecycle_stages(Crm.from_frames(as_of=AS_OF, **frames), rhythm=SCALE)["lead"] == stage


def test_without_orders_a_won_deal_is_the_purchase():
    deals = pd.DataFrame(
        {
            "opportunity_id": ["1", "2", "3", "4"],
            "customer_id": ["ann", "ann", "bob", None],
            "stage": "x",
            "outcome": ["won", "won", "open", "won"],
            "closed_at": ["2024-05-01", "2024-06-20", None, "2024-06-20"],
            "amount": [100.0, 50.0, 900.0, 10.0],
        }
    )
    crm = Crm.from_frames(as_of=AS_OF, opportunities=deals)
    stages = lifecycle_stages(crm)
    assert stages.astype("str").to_dict() == {"ann": "active", "bob": "prospect"}
    assert stages.attrs["purchases"] == "won deals"
    assert revenue_of_a_year(crm).to_dict() == {"ann": 150.0}


def test_a_workspace_without_either_says_what_is_missing():
    with pytest.raises(SchemaError, match="neither transactions nor opportunities"):
        lifecycle_stages(Crm.from_frames(as_of=AS_OF, customers=pd.DataFrame({"customer_id": ["ann"]})))


def test_the_summary_adds_up_and_agrees_with_the_indicator():
    crm = Crm.from_frames(as_of=AS_OF, **one_of_each())
    table = lifecycle_summary(lifecycle_stages(crm), revenue=revenue_of_a_year(crm))
    spend = compute_indicators(crm, ["spend_365d"])["spend_365d"]
    assert table["customers"].sum() == 9 and table["share_pct"].sum() == pytest.approx(100)
    assert table["revenue"].sum() == pytest.approx(spend.sum())
    assert list(table.index) == list(STAGE_ORDER)


def test_ones_own_stages():
    mine = [{"name": "silent", "rule": "silence_ratio > 1"}, LifecycleStage(name="others", rule="")]
    stages = lifecycle_stages(Crm.from_frames(as_of=AS_OF, **one_of_each()), definitions=mine, rhythm=SCALE)
    assert stages[stages == "silent"].index.tolist() == ["dormant", "lost"]
    assert list(stages.cat.categories) == ["silent", "others"]


@pytest.mark.parametrize(
    ("definitions", "says"),
    [
        ([], "empty"),
        ("silent", "list"),
        ([{"name": "a", "rule": "x = 1"}], "no column x"),
        ([{"name": "a", "rule": "(select 1) = 1"}], "rule 1"),
        ([{"name": "a", "rule": "purchase_count > 0; drop table customers"}], "rule 1"),
        ([{"name": "a", "rule": "purchase_count > 'x'"}], "condition"),
        ([{"name": "a", "rule": ""}, {"name": "b"}], "takes nobody"),
        ([{"name": "a", "rule": "tenure_days > 1"}, {"name": "a"}], "own name"),
        ([{"name": "a", "rul": ""}], "Did you mean 'rule'"),
        ([{"rule": "tenure_days > 1"}], "name"),
    ],
)
def test_a_table_of_stages_that_cannot_be_read(definitions, says):
    crm = Crm.from_frames(as_of=AS_OF, **one_of_each())
    with pytest.raises(ParameterError, match=says):
        lifecycle_stages(crm, definitions=definitions)


@pytest.mark.parametrize(
    ("rhythm", "says"),
    [
        ({"gap_days": 1.0, "long_gap_days": 1.0}, "period_days"),
        (SCALE | {"gap_days": 0}, "above 0"),
        (SCALE | {"gap_days": float("nan")}, "above 0"),
        (SCALE | {"gapdays": 1}, "Did you mean 'gap_days'"),
        (9, "mapping"),
    ],
)
def test_a_scale_that_cannot_be_read(rhythm, says):
    with pytest.raises(ParameterError, match=says):
        lifecycle_stages(Crm.from_frames(as_of=AS_OF, **one_of_each()), rhythm=rhythm)
