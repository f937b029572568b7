"""Overdue deals, next steps, owners' load and handovers, on a team whose truth is known."""

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.pipeline.durations import stage_durations
from crmlib.analyse.pipeline.overdue import overdue_opportunities, suggested_steps
from crmlib.analyse.pipeline.team import WITHOUT_OWNER, deal_process, process_flow, team_capacity, team_work
from crmlib.measure.deals.stays import deals
from crmlib.present.blocks.tables import plain
from crmlib.present.reports.worklist.say import team_paragraph
from crmlib.present.reports.worklist.show import team_table
from crmlib.schema.errors import ParameterError
from tests.analyse.pipeline.sales_team import sales_team


@pytest.fixture(scope="module")
def team():
    return sales_team()


@pytest.fixture(scope="module")
def late(team):
    return overdue_opportunities(team)


def test_overdue_deals_are_those_beyond_the_quantile(team, late):
    table, limits = deals(team), stage_durations(team).table["q80_days"]
    still = table[table["outcome"] == "open"]
    by_hand = still[still["stage_age_days"] > still["stage"].map(limits)]
    assert 0 < len(by_hand) < len(still)
    assert set(late.table.index) == set(by_hand.index)
    assert late.table["amount"].is_monotonic_decreasing
    assert (late.table["over_days"] > 0).all()
    assert late.limits["overdue"].sum() == len(by_hand)
    assert late.limits["overdue_amount"].sum() == by_hand["amount"].sum()


def test_the_limit_is_near_the_true_quantile(late):
    """80 % of exponential stays with mean 10, rounded up to days, are over after 17 days."""
    assert ((late.limits["low"] <= 17) & (late.limits["high"] >= 16)).all()


def test_a_smaller_quantile_finds_more(team, late):
    assert len(overdue_opportunities(team, quantile=0.5).table) > len(late.table)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        overdue_opportunities(team, quantile=80)


def test_the_step_of_the_won_is_found_with_its_time(late):
    first = late.steps[(late.steps["stage"] == "Talk") & (late.steps["at_days"] == 0)].set_index("step")
    visit = first.loc["follow-up, visit"]
    assert (visit["won_pct"], visit["lost_pct"], visit["wait_days"]) == (100, 0, 1)
    assert visit["is_better"] and visit["low"] > 1
    assert not first.loc["follow-up, email", "is_better"]


def test_where_won_and_lost_were_treated_alike_no_step_is_better():
    steps = overdue_opportunities(sales_team(difference=False)).steps
    assert len(steps) and not steps["is_better"].any()


def test_a_deal_gets_the_step_of_the_last_point_that_it_passed():
    steps = pd.DataFrame(
        {"stage": "Talk", "at_days": [0.0, 0.0, 10.0], "step": ["call", "mail", "visit"], "won": [30, 50, 9],
         "won_pct": [30.0, 50.0, 9.0], "lost_pct": [10.0, 60.0, 9.0], "lift": [3.0, 0.8, 1.0],
         "is_better": [True, False, False], "wait_days": [2.0, 1.0, 5.0]}
    )  # fmt: skip
    waiting = pd.DataFrame(
        {"stage": ["Talk", "Talk", "Offer"], "stage_age_days": [1.0, 11.0, 3.0],
         "stage_entered_at": pd.to_datetime(["2024-01-09", "2023-12-30", "2024-01-07"])}, index=list("abc"),
    )  # fmt: skip
    found = suggested_steps(waiting, steps, as_of_on=pd.Timestamp("2024-01-10"))
    assert found["next_step"].tolist()[:2] == ["call", "visit"] and pd.isna(found.loc["c", "next_step"])
    assert found["next_step_on"].tolist()[:2] == [pd.Timestamp("2024-01-11"), pd.Timestamp("2024-01-14")]


def test_no_next_step_is_put_on_a_day_that_is_over(late):
    """The closing day is over at its end, so the first day on which something can be done is the next one."""
    soonest = late.as_of_on + pd.Timedelta(days=1)
    steps = late.open_deals["next_step_on"].dropna()
    assert len(steps) and (steps >= soonest).all() and (steps == soonest).any()
    assert (late.table["next_step_on"].dropna() >= soonest).all()


def test_deals_without_a_plan(team, late):
    table = deals(team)
    bare = table[(table["outcome"] == "open") & table["next_planned_on"].isna()]
    assert late.plans_kept and 0 < len(bare) < len(late.open_deals)
    assert set(late.unplanned.index) == set(bare.index)


def test_handover_lists_all_open_deals_of_those_who_left(team, late):
    work = team_work(team, late)
    table = deals(team)
    theirs = table[(table["outcome"] == "open") & (table["owner_id"] == "e1")]
    assert len(theirs) and set(work.handover.index) == set(theirs.index)
    assert work.handover["left_on"].unique().tolist() == [pd.Timestamp("2024-11-30")]
    assert set(work.handover["last_contact"]) <= {"follow-up, visit", "follow-up, email"}
    assert (work.handover["last_contact_on"] == theirs["last_touch_at"].reindex(work.handover.index)).all()


def test_load_is_held_against_those_who_are_here(team, late):
    load = team_work(team, late).load
    assert load["open_deals"].sum() == len(late.open_deals)
    assert load["overdue_deals"].sum() == len(late.table)
    here = load[~load["has_left"]]
    assert here.index.tolist() != load.index.tolist() and set(load.index) - set(here.index) == {"e1"}
    assert load["deals_ratio"].to_dict() == (load["open_deals"] / here["open_deals"].median()).to_dict()
    made = team.frame("interactions")
    recent = made[made["planned_for"].isna() & (made["happened_at"] >= pd.Timestamp("2024-12-04"))]
    assert (load["touches_a_week"] * 4).to_dict() == recent["employee_id"].value_counts().to_dict()


def test_capacity_holds_what_is_due_against_the_contacts_that_each_makes(team):
    first = pd.DataFrame(
        {"owner_id": ["e2", "e2", "e3", "e2", "e1", None], "at_stake": [5.0, None, 2.0, 90.0, 7.0, 1.0],
         "by_when": pd.to_datetime([f"2025-01-{day}" for day in ("03", "28", "28", "29", "01", "01")])}
    )  # fmt: skip
    found = team_capacity(team, first)
    made = team.frame("interactions")
    recent = made[made["planned_for"].isna() & (made["happened_at"] >= pd.Timestamp("2024-12-04"))]
    weekly = recent["employee_id"].value_counts() / 4
    assert found["due_steps"].to_dict() == {"e2": 2, "e3": 1, "": 2} and found.at["", "at_stake"] == 8.0
    assert found.at["e2", "at_stake"] == 5.0 and found.at["e2", "touches_a_week"] == weekly["e2"]
    assert found.at["e2", "work_weeks"] == 2 / weekly["e2"] and not found["shared_deals"].any()
    said = " ".join(map(plain, team_paragraph(found)))
    assert "3 steps are due from 2 of us" in said and "2 more steps have no owner who is here" in said
    shown = team_table(found, currency="EUR").frame
    assert "more due than" not in said and list(shown["owner_id"]) == ["e2", "e3"]
    over = found.assign(due_steps=found.index.map({"e2": 999, "e3": 1, "": 2}))
    busy = " ".join(map(plain, team_paragraph(over)))
    assert "1 has more due than contacts in that time: e2; e3 can help" in busy


def test_where_nobody_has_room_the_steps_with_most_at_stake_that_fit_are_told(team):
    owners, made = ["e2", "e3"], team_capacity(team, worked(["e2", "e3"], [1.0, 1.0]))["touches_a_week"] * 4
    most = int(made.max())
    first = worked(owners * (2 * most), [float(stake) for stake in range(4 * most)])
    found = team_capacity(team, first)
    for owner in owners:
        own = first.loc[first["owner_id"] == owner, "at_stake"].sort_values(ascending=False)
        fits = own.iloc[: round(made[owner])].sum()
        assert found.at[owner, "fitting_steps"] == made[owner] < found.at[owner, "due_steps"]
        assert found.at[owner, "fitting_pct"] == pytest.approx(100 * fits / own.sum())
    said = " ".join(map(plain, team_paragraph(found)))
    held = (found["at_stake"] * found["fitting_pct"]).sum() / found["at_stake"].sum()
    assert "nobody has room to help" in said and "can help" not in said
    assert f"{made.sum():.0f} steps with {held:.0f} % of the money at stake" in said


def worked(owners, stakes):
    """Steps of some owners, due in a week."""
    return pd.DataFrame({"owner_id": owners, "at_stake": stakes, "by_when": pd.Timestamp("2025-01-07")})


def test_a_deal_is_shared_where_somebody_else_who_is_here_was_in_contact():
    sold = pd.DataFrame(
        {"opportunity_id": ["a", "b", "c", "d"], "stage": "x", "outcome": ["open"] * 3 + ["won"],
         "created_at": "2024-01-01", "owner_id": "e1", "customer_id": "k"}
    )  # fmt: skip
    talk = pd.DataFrame(
        {"interaction_id": list("12345"), "opportunity_id": ["a", "a", "b", "c", "d"], "customer_id": "k",
         "employee_id": ["e1", "e2", "gone", "e1", "e2"], "happened_at": "2024-01-20"}
    )  # fmt: skip
    staff = pd.DataFrame({"employee_id": ["e1", "e2", "gone"], "left_on": [None, None, "2024-01-25"]})
    first = pd.DataFrame({"owner_id": ["e1"], "at_stake": [1.0], "by_when": pd.to_datetime(["2024-02-03"])})
    given = {"opportunities": sold, "employees": staff}
    crm = Crm.from_frames(as_of="2024-02-01", interactions=talk, **given)
    assert team_capacity(crm, first).at["e1", "shared_deals"] == 1
    without = Crm.from_frames(as_of="2024-02-01", interactions=talk, employees=staff)
    assert team_capacity(without, first).at["e1", "shared_deals"] == 0, (
        "contacts name deals that are not here"
    )
    bare = team_capacity(Crm.from_frames(as_of="2024-02-01", **given), first)
    assert bare["touches_a_week"].isna().all() and team_paragraph(bare) == []
    assert list(team_table(bare, currency="EUR").frame) == ["owner_id", "due_steps", "at_stake"]
    assert team_table(team_capacity(crm, first.iloc[:0]), currency="EUR") is None


def test_efforts_count_what_was_planned_and_done(team, late):
    work = team_work(team, late)
    row = work.efforts.loc["d000"]
    counts = [
        "touch_count",
        "plan_count",
        "kept_count",
        "missed_count",
        "planned_count",
        "minutes_spent",
        "cost_spent",
    ]
    assert row[counts].tolist() == [1, 1, 1, 0, 0, 30, 5]
    assert work.efforts.loc["d001", "planned_count"] == 1
    assert work.by_outcome.loc["won", "kept_pct"] == 100


def test_without_contacts_and_employees_it_is_said_that_nothing_is_known():
    sold = pd.DataFrame(
        {"opportunity_id": ["a", "b"], "stage": "x", "outcome": "open", "created_at": "2024-01-01",
         "owner_id": [None, "e1"]}
    )  # fmt: skip
    crm = Crm.from_frames(as_of="2024-02-01", opportunities=sold)
    late = overdue_opportunities(crm)
    assert late.table.empty and late.limits["overdue"].isna().all() and late.limits["limit_days"].isna().all()
    work = team_work(crm, late)
    assert not (work.left_known or work.touches_known) and work.handover.empty
    assert set(work.load.index) == {WITHOUT_OWNER, "e1"} and work.load["touches_a_week"].isna().all()


def test_the_process_of_deals_counts_every_move(team):
    flow = deal_process(team)
    moves = flow.steps.set_index(["activity", "next_activity"])["count"]
    table = deals(team)
    assert moves["Offer", "won"] == (table["outcome"] == "won").sum()
    assert moves["Offer", "lost"] == (table["outcome"] == "lost").sum()
    assert list(flow.activities.index) == ["Talk", "Offer", "won", "lost"]
    assert not flow.steps["is_loop"].any()


def test_loops_and_stalls_are_marked():
    rows = [
        (f"c{i}", what, day)
        for i in range(10)
        for what, day in (("a", 0), ("b", 1), ("a", 2), ("b", 3), ("c", 40))
    ]
    log = pd.DataFrame(rows, columns=["case", "what", "day"])
    log["at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(log["day"], unit="D")
    steps = process_flow(log, case="case", activity="what", at="at").steps.set_index(
        ["activity", "next_activity"]
    )
    assert steps["is_loop"].to_dict() == {("a", "b"): False, ("b", "a"): True, ("b", "c"): False}
    assert steps["is_stall"].to_dict() == {("a", "b"): False, ("b", "a"): False, ("b", "c"): True}
    assert steps["median_days"].to_dict() == {("a", "b"): 1, ("b", "a"): 1, ("b", "c"): 37}


def test_a_log_without_rows_or_times_is_refused():
    log = pd.DataFrame({"case": ["1"], "what": ["a"], "at": ["soon"]})
    with pytest.raises(ParameterError, match="cannot be read as moments"):
        process_flow(log, case="case", activity="what", at="at")
    with pytest.raises(ParameterError, match="no event"):
        process_flow(log.head(0), case="case", activity="what", at="at")
    with pytest.raises(ParameterError, match="three columns"):
        process_flow(log, case="case", activity="case", at="at")
