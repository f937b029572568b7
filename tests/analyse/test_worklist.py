"""One worklist: one first thing a customer, nothing in the past, nothing that another list gainsays."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, lifecycle_stages, worklist
from crmlib.analyse.offers.result import offer_frame
from crmlib.analyse.worklist import (
    COLUMNS,
    EVIDENCE,
    FACTS,
    FIRST,
    OF_DEALS,
    PRECEDENCE,
    RULED_OUT,
    STRENGTHS,
    TASKS,
    Worklist,
)
from crmlib.present.blocks import Skipped
from crmlib.present.reports.worklist import say, show
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import (
    ACTIONS,
    BUYING,
    COLLECT,
    FOLLOW_UP,
    NO_ACTION,
    OFFER,
    PREVENT,
    SILENT,
    WIN_BACK,
)
from tests.analyse.test_states_agree import random_shop
from tests.sample.company import sample_crm

SHOPS = ("company", "shop")


@cache
def crm_of(name) -> Crm:
    if name == "shop":
        return random_shop(7)
    crm = sample_crm()
    open_ids = crm.config.privacy.model_copy(update={"pseudonyms": False})
    return replace(crm, config=crm.config.model_copy(update={"privacy": open_ids}))


@cache
def stages(name) -> pd.Series:
    return lifecycle_stages(crm_of(name))


@cache
def work(name) -> Worklist:
    return worklist(crm_of(name), stages=stages(name))


@cache
def work_of_deals() -> Worklist:
    return worklist(crm_of("company"), only=OF_DEALS, stages=stages("company"))


@pytest.mark.parametrize("name", SHOPS)
def test_at_most_one_thing_comes_first_for_a_customer(name):
    table = work(name).table
    assert len(table)
    first = table[table["turn"] == FIRST]
    assert not first["customer_id"].dropna().duplicated().any()
    assert set(first["customer_id"].dropna()) == set(table["customer_id"].dropna()), "and everybody has one"
    place = table["action"].map(PRECEDENCE.index)
    whose = table["customer_id"].fillna(table["opportunity_id"])
    assert (place.groupby(whose).min() == place[table["turn"] == FIRST].groupby(whose).min()).all()


@pytest.mark.parametrize("name", SHOPS)
def test_nothing_is_to_be_done_in_the_past(name):
    found = work(name)
    assert (found.table["by_when"] >= found.as_of_on).all()


@pytest.mark.parametrize("name", SHOPS)
def test_to_win_back_are_the_silent_alone_and_to_keep_or_develop_those_who_buy(name):
    table = work(name).table
    state = table["customer_id"].map(stages(name).astype("object"))
    assert (table["action"] == WIN_BACK).any()
    assert set(state[table["action"] == WIN_BACK]) <= set(SILENT)
    assert set(state[table["action"].isin(["keep", "develop", "offer"])]) <= set(BUYING)


@pytest.mark.parametrize("name", SHOPS)
def test_no_customer_is_told_opposite_things(name):
    actions = work(name).table.groupby("customer_id")["action"].agg(set)
    for action, others in RULED_OUT.items():
        assert not [some for some in actions if action in some and some & set(others)]


@pytest.mark.parametrize("name", SHOPS)
def test_the_lists_of_actions_make_up_the_whole(name):
    found = work(name)
    slices = [found.slice(action) for action in PRECEDENCE]
    assert sum(map(len, slices)) == len(found.table)
    key = ["customer_id", "opportunity_id", "action", "reason"]
    together = pd.concat([part for part in slices if len(part)])[key].fillna("")
    assert sorted(map(tuple, together.to_numpy())) == sorted(
        map(tuple, found.table[key].fillna("").to_numpy())
    )
    assert not together.drop(columns="reason").duplicated().any()
    assert all(part["at_stake"].dropna().is_monotonic_decreasing for part in slices)


@pytest.mark.parametrize("name", SHOPS)
def test_every_row_says_what_it_rests_on_and_every_list_holds_all_its_rows(name):
    found = work(name)
    assert list(found.table.columns) == [*COLUMNS, *FACTS]
    assert set(found.table["evidence"]) <= set(EVIDENCE)
    assert set(found.table["strength"]) <= set(STRENGTHS)
    for action in PRECEDENCE:
        shown, own = show.work_table(crm_of(name), found, action), found.slice(action)
        if own.empty:
            assert shown is None
            continue
        frame = shown.frame
        assert len(frame) == len(own)
        assert frame["reason"].str.endswith(".").all() and frame["step"].str.endswith(".").all()
        said = frame["reason"] + frame["step"]
        assert not said.str.contains(r"not known|None|\bnan\b|\{", regex=True).any(), said.tolist()


@pytest.mark.parametrize("action", OF_DEALS)
def test_what_is_to_be_done_about_deals_is_a_slice_of_the_whole(action):
    crm, whole, of_deals = crm_of("company"), work("company"), work_of_deals()
    shown = show.work_table(crm, of_deals, action, about_deals=True).frame
    rows = whole.table.loc[whole.slice_index(action, about_deals=True)]
    assert len(rows) and rows["opportunity_id"].notna().all()
    assert len(rows) == whole.slice(action)["opportunity_id"].notna().sum()
    for column in ("opportunity_id", "customer_id", "by_when", "at_stake"):
        assert shown[column].tolist() == rows[column].tolist(), column
    assert show.work_table(crm, Skipped("There are no deals."), action) is None
    (begin,) = say.work_begin(of_deals)
    assert of_deals.first["opportunity_id"].iloc[0] in str(begin)


def test_the_company_has_work_of_every_kind_but_what_is_taken_only_where_it_is_given():
    assert set(work("company").table["action"]) == set(PRECEDENCE) - {OFFER, PREVENT}
    assert {"also", FIRST} == set(work("company").table["turn"])
    assert work("company").first["also"].map(len).max() > 0


def test_every_task_is_of_an_action_of_the_house_and_only_one_has_its_reason():
    assert set(PRECEDENCE) == set(ACTIONS) - {NO_ACTION}
    assert {task.action for task in TASKS} == set(PRECEDENCE)
    assert len({task.reason for task in TASKS}) == len(TASKS)


def offers_of(crm, names):
    rows = [
        {"customer_id": name, "rank": rank, "kind": "cross-sell", "product_id": "p", "product": "Tea",
         "probability": 0.4, "price": 10.0, "pieces": 1.0, "margin": np.nan, "expected_margin": np.nan, "is_new": True,
         "due_on": pd.Timestamp("2000-01-01") if rank == 1 else pd.NaT, "baskets": 0.0}
        for name in names for rank in (1, 2)
    ]  # fmt: skip
    return SimpleNamespace(table=offer_frame(pd.DataFrame(rows)))


def test_offers_go_to_who_buys_and_owes_nothing_each_one_the_best():
    crm, state = crm_of("company"), stages("company")
    found = worklist(crm, offers=offers_of(crm, state.index), stages=state)
    offers = found.slice(OFFER)
    assert len(offers) and offers["customer_id"].is_unique
    assert set(state[offers["customer_id"]].astype("object")) <= set(BUYING)
    assert not set(offers["customer_id"]) & set(found.slice(COLLECT)["customer_id"])
    assert (offers["by_when"] >= found.as_of_on).all()
    assert (offers["at_stake"] == 4.0).all()


def test_identifiers_are_shown_as_the_workspace_wants():
    hidden = worklist(sample_crm(), only=(COLLECT,), stages=stages("company"))
    plain = worklist(crm_of("company"), only=(COLLECT,), stages=stages("company"))
    assert hidden.table["customer_id"].str.startswith("K-").all()
    assert not set(hidden.table["customer_id"]) & set(plain.table["customer_id"])
    assert (hidden.table["at_stake"] == plain.table["at_stake"]).all()


def test_some_actions_alone_and_no_others():
    assert set(worklist(crm_of("shop"), only=(WIN_BACK,)).table["action"]) == {WIN_BACK}
    with pytest.raises(ParameterError, match="'sell'"):
        worklist(crm_of("shop"), only=("sell",))
    with pytest.raises(ParameterError, match="'sell'"):
        work("shop").slice("sell")


def test_a_workspace_of_nothing_has_nothing_to_do():
    crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["tea"]}))
    found = worklist(crm, stages=pd.Series(dtype="object"))
    assert found.table.empty and found.first.empty
    assert [str(said) for said in say.work_answer(found)] == [
        "Nothing is waiting to be done about any customer or deal."
    ]
    assert not say.work_top(found) and not say.work_precedence(found)
    assert show.work_table(crm, found) is None and show.work_counts(found) is None


def test_the_answer_is_short_and_ends_in_what_to_do_first():
    said = [str(one) for one in say.work_answer(work("company"))]
    assert len(said) <= 3 and len(" ".join(said).split()) <= 60
    assert said[-1].startswith("Begin with ")


def test_deals_without_a_buyer_or_an_order_are_followed_up():
    deals = pd.DataFrame({"opportunity_id": [f"d{i}" for i in range(12)], "stage": "x", "amount": 100.0,
        "outcome": ["won"] * 10 + ["open"] * 2, "created_at": ["2024-01-01"] * 11 + ["2024-01-29"],
        "closed_at": [f"2024-01-{day:02d}" for day in range(3, 13)] + [None, None]})  # fmt: skip
    found = worklist(Crm.from_frames(as_of="2024-01-31", opportunities=deals))
    assert found.table[["opportunity_id", "action", "turn"]].to_numpy().tolist() == [
        ["d10", FOLLOW_UP, FIRST]
    ]
    assert found.table["customer_id"].isna().all()
