"""Whom to keep, develop and win back: a ledger whose lists are known, and what must hold of any."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.value.valuations import customer_actions, customer_valuations
from crmlib.analyse.worklist import OF_BUYERS, TASKS, worklist
from crmlib.prepare.privacy import KEY_VARIABLE
from crmlib.present.reports.worklist.show import work_table
from crmlib.schema.errors import ParameterError
from tests.analyse.value.valuation_company import AS_OF, company, future_of, tables

LISTS = ("keep", "develop", "win_back")


@cache
def worth() -> pd.DataFrame:
    return customer_valuations(company(), future=future_of(company()))


def lists_of(crm, *, valued=None, **more):
    if valued is None:
        valued = worth() if crm is company() else customer_valuations(crm, future=future_of(crm))
    return customer_actions(crm, valuations=valued, **more)


def told(crm, action, **known) -> pd.DataFrame:
    """The list of an action as a page shows it, by customer."""
    return work_table(crm, worklist(crm, only=OF_BUYERS, **known), action).frame.set_index("customer_id")


STEPS = {task.reason: task.step for task in TASKS}


@cache
def whole_lists():
    return lists_of(company())


def monthly(name, start, orders, amount, *, product="tea"):
    days = pd.date_range(start, periods=orders, freq="30D")
    return [(f"{name}{i}", name, product, day, amount) for i, day in enumerate(days)]


def ledger():
    """as_of 30 June 2024: ann is best and late, bob came for years and is lost, cem to fay come every month."""
    rows = [
        *monthly("ann", "2023-09-04", 8, 500.0),  # last on 1 April: silent for 90 days, 3 usual gaps
        *monthly("bob", "2022-01-01", 13, 200.0),  # 2,600 within 360 days, silent since 27 December 2022
        *monthly("cem", "2023-12-01", 7, 90.0),  # last on 29 May, 32 days ago
        *monthly("dan", "2024-01-10", 6, 80.0),
        *monthly("eve", "2024-01-12", 6, 70.0),
        *monthly("fay", "2022-02-01", 2, 10.0),  # gone, and never worth much
    ]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "product_id", "ordered_at", "net_amount"])


def plain(text):
    return text.replace("\u00a0", " ")


def small(alive=None):
    crm = Crm.from_frames(as_of="2024-06-30", currency="EUR", transactions=ledger())
    table = pd.DataFrame({"probability_alive": pd.Series(alive)}) if alive else pd.DataFrame(index=["ann"])
    return crm, customer_valuations(crm, future=SimpleNamespace(table=table))


def test_lists_of_a_ledger_by_hand():
    alive = {"ann": 0.7, "bob": 0.01, "cem": 0.9, "dan": 0.9, "eve": 0.9, "fay": 0.05}
    crm, valued = small(alive)
    lists = customer_actions(crm, valuations=valued)
    # bob's 2,600 came in 360 days, which count as a year; fay's 20 are less than the median customer spent
    # ann is late, but not yet silent for longer than three usual gaps: she is kept, not won back
    assert lists["win_back"].index.tolist() == ["bob"]
    assert lists["win_back"]["at_stake"].tolist() == [2600.0]
    assert lists["win_back"][["spend_total", "order_count", "recency_days"]].iloc[0].tolist() == [
        2600.0,
        13,
        551,
    ]
    assert lists["win_back"]["gap_overdue_ratio"].round(1).tolist() == [18.4]
    assert plain(told(crm, "win_back", valuations=valued).loc["bob", "reason"]) == (
        "Spent EUR 2,600 a year while they came, last bought 551 days ago; among those that were worth most."
    )
    # the most valuable fifth of six are two: ann with 8 x 500 and cem with 7 x 90 in the year
    assert lists["keep"].index.tolist() == ["ann", "cem"]
    assert lists["keep"]["at_stake"].tolist() == pytest.approx([0.3 * 4000, 0.1 * 630])


def test_a_day_later_the_best_is_dormant_and_to_be_won_back_whatever_a_model_says():
    crm = Crm.from_frames(as_of="2024-07-01", currency="EUR", transactions=ledger())
    alive = pd.DataFrame({"probability_alive": pd.Series(1.0, list(ledger()["customer_id"].unique()))})
    valued = customer_valuations(crm, future=SimpleNamespace(table=alive))
    lists = customer_actions(crm, valuations=valued)
    assert lists["win_back"].index.tolist() == ["ann", "bob"]
    assert lists["win_back"]["stage"].tolist() == ["dormant", "lost"]
    assert lists["win_back"]["at_stake"].tolist() == [4000.0, 2600.0]
    assert lists["win_back"]["stop_probability_pct"].isna().all()
    assert not told(crm, "win_back", valuations=valued)["reason"].str.contains("likely").any()
    assert "ann" not in set(lists["keep"].index) and lists["keep"]["stop_probability_pct"].notna().all()


def test_the_best_who_is_late_is_kept():
    alive = pd.DataFrame({"probability_alive": {"ann": 0.7, "bob": 0.01, "cem": 0.9, "dan": 0.9, "eve": 0.9}})
    earlier = Crm.from_frames(as_of="2024-06-20", currency="EUR", transactions=ledger())
    valued = customer_valuations(earlier, future=SimpleNamespace(table=alive))
    kept = customer_actions(earlier, valuations=valued)
    assert kept["keep"].index.tolist() == ["ann", "cem"]
    assert kept["keep"]["at_stake"].iloc[0] == pytest.approx(0.3 * 4000)
    assert kept["keep"]["reason"].iloc[0] == "valuable_late"
    shown = told(earlier, "keep", valuations=valued).loc["ann"]
    assert plain(shown["reason"]) == (
        "Spent EUR 4,000 in the last year; last bought 80 days ago, 2.7 times the usual gap; 30 % likely to stop."
    )
    assert shown["step"] == "Call and ask what is missing, before any offer."
    assert shown["at_stake"] == pytest.approx(1200.0)


def test_without_any_probability_silence_decides():
    crm, valued = small()
    lists = customer_actions(crm, valuations=valued)
    assert lists["win_back"].index.tolist() == ["bob"]
    assert "stop_probability_pct" not in lists["keep"]
    assert lists["keep"]["at_stake"].equals(lists["keep"]["spend_365d"]), "no risk is known"


def test_a_model_that_says_nothing_of_who_is_alive_counts_as_none():
    crm, valued = small(dict.fromkeys(["ann", "bob", "cem", "dan", "eve", "fay"], float("nan")))
    lists = customer_actions(crm, valuations=valued)
    assert lists["keep"]["at_stake"].tolist() == [4000.0, 630.0]
    assert not told(crm, "keep", valuations=valued)["reason"].str.contains("likely").any()


def test_rising_spend_stands_in_where_no_categories_are_known():
    crm, valued = small()
    lists = customer_actions(crm, valuations=valued)
    assert lists["develop"].empty  # dan and eve came less than 180 days ago
    gil = pd.DataFrame(monthly("gil", "2023-10-02", 4, 5.0) + monthly("gi", "2024-04-10", 3, 20.0))
    rows = pd.concat(
        [ledger(), gil.set_axis(ledger().columns, axis=1).assign(customer_id="gil")], ignore_index=True
    )
    crm = Crm.from_frames(as_of="2024-06-30", currency="EUR", transactions=rows)
    nothing = SimpleNamespace(table=pd.DataFrame(index=["ann"]))
    valued = customer_valuations(crm, future=nothing)
    lists = customer_actions(crm, valuations=valued)
    # gil: 60 in the last 90 days; 4 times 5 end on 31 December, the day before the 90 before
    assert lists["develop"].index.tolist() == ["gil"]
    assert lists["develop"]["reason"].item() == "spend_rising"
    shown = told(crm, "develop", valuations=valued).loc["gil"]
    assert shown["step"] == "Offer what goes with their last orders while their spend is rising."
    assert plain(shown["reason"]) == "Spent EUR 80 in the last year, and clearly more lately than before."


def test_nobody_is_on_two_lists_and_none_is_empty():
    lists = lists_of(company())
    named = [name for part in LISTS for name in lists[part].index]
    assert len(named) == len(set(named)) and all(len(lists[part]) for part in LISTS)


def test_they_are_ranked_by_money_at_stake_and_ties_by_identifier():
    for part in LISTS:
        stake = whole_lists()[part]["at_stake"]
        assert stake.is_monotonic_decreasing and (stake >= 0).all()
    twins = pd.concat([ledger(), *(ledger()[ledger()["customer_id"] == "bob"].assign(
        customer_id=name, order_id=lambda t, name=name: name + t["order_id"]) for name in ("bo", "z"))])  # fmt: skip
    crm = Crm.from_frames(as_of="2024-06-30", transactions=twins.reset_index(drop=True))
    valued = customer_valuations(crm, future=SimpleNamespace(table=pd.DataFrame(index=["ann"])))
    assert customer_actions(crm, valuations=valued)["win_back"].index.tolist() == ["bo", "bob", "z"]


def test_every_reason_is_a_sentence_of_the_figures_beside_it():
    for part in LISTS:
        table = told(company(), part, valuations=worth())
        assert table["reason"].map(plain).str.match(r"^Spent EUR [\d,.]+ .*\.$").all()
        assert not table["reason"].str.contains(r"nan|None|inf\b|not known|  ").any()
    steps = told(company(), "develop", valuations=worth())["step"]
    for row in whole_lists()["develop"].loc[steps.index].itertuples():
        assert (
            f"“{row.growth_category}”" in steps[row.Index]
            and row.growth_category_amount <= row.growth_potential
        )


def test_who_does_not_pay_is_asked_for_the_money_first():
    lists = lists_of(company(), valued=worth().assign(credit_grade="E", overdue_amount=10.0))
    assert lists["keep"]["reason"].eq("valuable_owing").all() and len(lists["keep"])
    assert lists["win_back"]["reason"].eq("silent_owing").all() and len(lists["win_back"])
    assert (STEPS["valuable_owing"], STEPS["silent_owing"]) == ("settle_then_talk", "settle_then_prepaid")
    assert lists["develop"].empty


def test_a_model_of_who_stops_gives_risk_and_reasons():
    crm = company()
    people = worth().index
    churn = SimpleNamespace(
        scores=pd.Series(0.2, people), revenue_at_risk=pd.Series(np.arange(len(people)) * 1.0, people),
        reasons=pd.Series("silent for long", people), horizon_days=90,
    )  # fmt: skip
    lists = lists_of(crm, churn=churn)
    assert lists["keep"]["at_stake"].equals(churn.revenue_at_risk[lists["keep"].index].rename("at_stake"))
    assert lists["keep"]["stop_probability_pct"].eq(20.0).all()
    assert lists["keep"]["stop_reason"].eq("silent for long").all()
    late = told(crm, "keep", valuations=worth(), churn=churn)
    late = late[late["step"].str.startswith("Call and ask")]
    assert len(late) and late["reason"].str.contains("20\u00a0% likely to stop").all()


def test_the_scorecard_says_who_is_valuable_and_the_stage_who_is_gone():
    crm = company()
    scores = pd.DataFrame({"total": worth()["spend_365d"].rank(ascending=False)})  # who spent least leads
    lists = lists_of(crm, scorecard=SimpleNamespace(scores=scores))
    top = scores["total"].nlargest(len(scores) // 5 + 1).index
    assert set(lists["keep"].index) <= set(top)
    gone = lists_of(crm, stages=pd.Series("lost", index=worth().index))
    assert gone["keep"].empty and gone["develop"].empty and len(gone["win_back"])
    assert gone["win_back"]["stage"].eq("lost").all()
    with pytest.raises(ParameterError, match="no state of a customer"):
        lists_of(crm, stages=pd.Series("asleep", index=worth().index))


def test_identifiers_are_shown_as_the_workspace_wants(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "a key of sixteen or more")
    hidden = replace(
        company(), config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True), indicators=None)
    )
    for part in LISTS:
        table = told(hidden, part, valuations=worth()).reset_index()
        assert table["customer_id"].str.startswith("K-").all()
        assert (
            not table.drop(columns="customer_id")
            .astype("str")
            .apply(lambda c: c.str.contains(r"\bc\d\d\b"))
            .any(axis=None)
        )


def test_later_rows_change_nothing():
    later = tables()["transactions"].tail(20).assign(ordered_at=pd.Timestamp("2024-02-01"))
    later["order_id"] = "later" + later["order_id"]
    more = tables() | {"transactions": pd.concat([tables()["transactions"], later], ignore_index=True)}
    found = lists_of(Crm.from_frames(as_of=AS_OF, currency="EUR", **more))
    for part in LISTS:
        pd.testing.assert_frame_equal(found[part], whole_lists()[part])


def test_the_same_twice():
    first, second = whole_lists(), lists_of(company())
    assert all(first[part].equals(second[part]) for part in LISTS)


def test_a_table_that_is_none_of_ours_is_refused():
    with pytest.raises(ParameterError, match="customer_valuations"):
        customer_actions(company(), valuations=pd.DataFrame({"spend": [1.0]}))


def test_spend_that_hardly_moves_is_not_called_rising():
    """It would be told as "1 times as much in the last 90 days as in the 90 before"."""
    crm = shop_of(*monthly("ann", "2023-11-01", 9, 90.0), *monthly("bob", "2023-11-01", 9, 9.0))
    valued = customer_valuations(crm, future=SimpleNamespace(table=pd.DataFrame(index=["ann"])))
    assert len(customer_actions(crm, valuations=valued.assign(spend_trend=0.2))["develop"]) == 1
    assert customer_actions(crm, valuations=valued.assign(spend_trend=0.0005))["develop"].empty


def test_who_bought_once_and_is_silent_is_to_be_won_back():
    """Who bought once is on it when silent for longer than expected, whatever the probability says."""
    weekly = [(f"a{i}", who, "tea", day, 9.0) for who in ("ann", "bob")
              for i, day in enumerate(pd.date_range("2024-03-01", "2024-06-28", freq="7D"))]  # fmt: skip
    crm = shop_of(*weekly, ("o1", "one", "tea", "2024-05-16", 900.0))
    alive = pd.DataFrame({"probability_alive": [0.9, 0.9, 1.0]}, index=["ann", "bob", "one"])
    lists = customer_actions(crm, valuations=customer_valuations(crm, future=SimpleNamespace(table=alive)))
    assert lists["win_back"]["recency_days"].tolist() == [45]
    assert lists["win_back"]["stage"].isin(["dormant", "lost"]).all()


def shop_of(*rows):
    names = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount"]
    lines = pd.DataFrame(rows, columns=names).astype({"ordered_at": "datetime64[us]"})
    return Crm.from_frames(as_of="2024-06-30", currency="EUR", transactions=lines)
