"""Figures that others published of real and teaching pipelines, and a real log of events."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import crmlib
from crmlib.analyse.health import data_health
from crmlib.analyse.pipeline.durations import stage_durations
from crmlib.analyse.pipeline.overdue import overdue_opportunities
from crmlib.analyse.pipeline.team import process_flow
from crmlib.measure.deals.stays import deals
from tests.olist import olist_workspace

WORKSPACES = Path(__file__).resolve().parents[2] / "workspaces"


@pytest.fixture(scope="module")
def maven(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("maven") / "maven_crm"
    shutil.copytree(WORKSPACES / "maven_crm", folder, ignore=shutil.ignore_patterns(".prepared"))
    toml = folder / "crm.toml"
    toml.write_text(toml.read_text().replace("../../../../shared/data", str(shared_data)))
    return crmlib.open_workspace(folder)


@pytest.fixture(scope="module")
def olist(shared_data, tmp_path_factory):
    return olist_workspace(shared_data, tmp_path_factory.mktemp("olist"))


def test_deals_of_maven_against_known_answers(maven):
    table = deals(maven)
    assert len(table) == 8_800
    assert table["outcome"].value_counts().to_dict() == {"won": 4_238, "lost": 2_473, "open": 2_089}
    assert table.loc[table["outcome"] == "open", "stage"].value_counts().to_dict() == {
        "Engaging": 1_589,
        "Prospecting": 500,
    }
    won, closed = table["outcome"] == "won", table["outcome"] != "open"
    assert round(100 * won.sum() / closed.sum(), 2) == 63.15
    assert table.loc[won, "amount"].sum() == 10_005_534
    ages = [table.loc[rows, "age_days"].mean() for rows in (closed, won, table["outcome"] == "lost")]
    assert [round(age, 2) for age in ages] == [47.99, 51.78, 41.48]
    assert table["customer_id"].isna().sum() == 1_425


def test_dirt_of_maven_is_reported(maven):
    health = data_health(maven)
    orphans = health.checks.summary.query(
        "check == 'orphan_key' and table == 'opportunities' and column == 'product_id'"
    )
    assert orphans["rows"].item() == 1_480
    assert deals(maven).query("product_id == 'GTXPro'")["category"].isna().sum() == 1_480
    assert maven.frame("customers")["industry"].eq("technolgy").sum() == 12


def test_times_of_maven_count_the_open_deals(maven):
    row = stage_durations(maven).table.loc["deal"]
    assert (row["finished"], row["open"]) == (6_711, 1_589)
    assert round(row["mean_finished_days"], 2) == 47.99 and row["median_finished_days"] == 45
    assert row["median_days"] > row["median_finished_days"]
    late = overdue_opportunities(maven)
    assert len(late.open_deals) == 2_089 and not late.plans_kept and late.unplanned.empty


def test_conversion_of_olist_by_origin_against_known_answers(olist):
    table = deals(olist)
    by_origin = table.groupby("source")["outcome"].agg(["size", lambda x: (x == "won").sum()])
    known = {
        "organic search": (2_296, 271), "paid search": (1_586, 195), "social": (1_350, 75),
        "unknown": (1_099, 179), "direct traffic": (499, 56), "email": (493, 15),
    }  # fmt: skip
    for origin, counted in known.items():
        assert tuple(by_origin.loc[origin]) == counted
    assert set(table["outcome"]) == {"won", "open"}


def test_the_negative_duration_of_olist_is_in_no_time_and_its_deal_is_kept(olist):
    assert olist.checks.rows_read == 8_000 and olist.checks.rows_set_aside == 0
    found = olist.checks.summary.set_index("check").loc["closed_before_created"]
    assert (found["rows"], found["policy"]) == (1, "warn")
    won = deals(olist)["outcome"].eq("won").sum()
    assert round(100 * won / 8_000, 3) == 10.525
    assert stage_durations(olist).set_aside["negative"] == 1


def test_helpdesk_log_against_polato_2017(shared_data):
    log = pd.read_parquet(shared_data / "helpdesk_log" / "helpdesk.parquet")
    found = process_flow(log, case="Case ID", activity="Activity", at="Complete Timestamp")
    assert (len(found.cases), found.activities["events"].sum(), len(found.activities)) == (4_580, 21_348, 14)
    assert found.activities["events"].head(3).sum() > 0
    assert found.activities.loc["Take in charge ticket", "events"] == 5_060
    assert round(found.cases["events"].mean(), 2) == 4.66 and found.cases["events"].max() == 15
    assert [round(found.cases["days"].mean(), 2), round(found.cases["days"].median(), 2)] == [40.86, 39.86]


def test_helpdesk_steps_equal_a_count_by_hand(shared_data):
    log = pd.read_parquet(shared_data / "helpdesk_log" / "helpdesk.parquet")
    found = process_flow(log, case="Case ID", activity="Activity", at="Complete Timestamp")
    ordered = log.assign(at=pd.to_datetime(log["Complete Timestamp"])).sort_values(
        ["Case ID", "at"], kind="stable"
    )
    ahead = ordered.groupby("Case ID")[["Activity", "at"]].shift(-1)
    steps = ordered.assign(
        following=ahead["Activity"], days=(ahead["at"] - ordered["at"]) / pd.Timedelta(days=1)
    )
    by_hand = (
        steps.dropna(subset="following").groupby(["Activity", "following"])["days"].agg(["size", "median"])
    )
    mine = found.steps.set_index(["activity", "next_activity"])
    assert mine["count"].sum() == 21_348 - 4_580
    assert mine["count"].to_dict() == by_hand["size"].to_dict()
    assert (mine["median_days"] - by_hand["median"].reindex(mine.index)).abs().max() < 1e-6
    assert mine.loc[("Take in charge ticket", "Take in charge ticket"), "is_loop"]
