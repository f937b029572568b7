"""Chances to win: nothing known later is learnt from, leaks are caught, the test says which way it went."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib import Crm
from crmlib.analyse.learn.candidates import rows_of
from crmlib.analyse.pipeline import lead_features
from crmlib.analyse.pipeline.lead_features import (
    deal_draws,
    evaluate_leads,
    features_at,
    leaking_features,
    moments_of,
    tenths,
)
from crmlib.analyse.pipeline.leads import score_leads
from crmlib.analyse.pipeline.portrait import deal_values
from crmlib.measure.deals.stays import deals
from crmlib.present.reports.leads.say import leads_findings, leads_limits, scores_paragraph
from crmlib.present.reports.leads.show import open_leads_table
from crmlib.schema.errors import ParameterError
from tests.analyse.pipeline.lead_cases import olist_leads, planted
from tests.sample.company import OF_DEALS, sample_crm

MAVEN = Path(__file__).resolve().parents[2] / "workspaces" / "maven_crm"
QUICK = ["logistic_regression"]


@pytest.fixture
def fewer_moments(monkeypatch):
    """Two moments to learn from and two to test on: less than half of the time."""
    monkeypatch.setattr(lead_features, "LEARN_MOMENTS", 2)
    monkeypatch.setattr(lead_features, "TEST_MOMENTS", 2)


def refused_of(crm, days=(-90, -180, -270)):
    now = deals(crm)
    moments = [lead_features.moment_at(crm, ago, now, horizon_days=60) for ago in days]
    rows = rows_of([(moment.features, moment.label) for moment in moments])
    history = "stage_history" in crm
    return leaking_features(rows.features, rows.label, rows.groups, now=now, has_history=history)


@cache
def scored():
    return score_leads(planted(), horizon_days=60, candidates=QUICK)


def test_chances_beat_chance_and_the_stage_on_a_later_period():
    found = scored()
    assert found.beats_base and found.beats_stage and found.beats_age
    ahead = found.differences.set_index("baseline")
    assert ahead.loc["stage_alone", "auc_low"] > 0 and ahead.loc["base_rate", "log_loss_high"] < 0
    learn, test = (found.periods[found.periods["role"] == role] for role in ("learn", "test"))
    assert learn["until"].max() <= test["moment"].min() and test["until"].max() <= planted().as_of
    assert set(found.drivers["indicator"].head(4)) & {"source", "industry", "stage"}


def test_labels_are_wins_within_the_horizon_and_nothing_else():
    crm = planted()
    test, learn = moments_of(crm, horizon_days=60)
    raw = crm.frame("opportunities").set_index("opportunity_id")
    for moment in (test[0], learn[-1]):
        closed = pd.to_datetime(raw["closed_at"])
        there = (raw["created_at"] <= moment.at) & ~(closed <= moment.at)
        assert set(moment.features.index) == set(raw.index[there])
        won = raw["outcome"].eq("won") & closed.between(moment.at, moment.at + pd.Timedelta(days=60))
        assert moment.label.tolist() == won.reindex(moment.features.index).tolist()
        assert 0 < moment.label.sum() < len(moment.label)


def test_features_at_a_moment_know_nothing_of_what_came_later():
    crm, at = planted(), pd.Timestamp("2024-03-31 12:00")
    turned = crm.frame("opportunities").copy()
    later = turned["closed_at"] > at
    turned.loc[later, "outcome"] = np.where(turned.loc[later, "outcome"] == "won", "lost", "won")
    turned.loc[later, "closed_at"] += pd.Timedelta(days=9)
    calls = crm.frame("interactions")
    more = calls.assign(interaction_id=lambda t: "x" + t["interaction_id"], happened_at="2024-04-01")
    stays = crm.frame("stage_history")
    other = Crm.from_frames(
        as_of=crm.as_of, opportunities=turned, interactions=pd.concat([calls, more]),
        stage_history=stays[stays["entered_at"] <= at], customers=crm.frame("customers"),
    )  # fmt: skip
    one, two = (features_at(each.at(at), horizon_days=60) for each in (crm, other))
    pd.testing.assert_frame_equal(one, two)
    assert one["age_days"].min() >= 0 and one["stage"].isin(["Talk", "Offer"]).all()


def test_a_field_rewritten_when_deals_are_won_is_refused():
    deals_now = planted().frame("opportunities").set_index("opportunity_id")
    parties = planted().frame("customers")
    won = parties["customer_id"].map(deals_now["outcome"]).to_numpy() == "won"
    leaking = planted(customers=parties.assign(company_size=np.where(won, "client", "lead")))
    refused = refused_of(leaking)
    assert refused["company_size"].why == "tells_outcome" and set(refused) == {"company_size"}
    assert not refused_of(planted())


def test_contacts_entered_back_in_time_for_the_won_are_refused():
    raw = planted().frame("opportunities")
    won = raw[raw["outcome"] == "won"]
    signed = pd.DataFrame(
        {"interaction_id": "s" + won["opportunity_id"], "customer_id": won["customer_id"], "direction": "in",
         "opportunity_id": won["opportunity_id"], "happened_at": won["created_at"]}
    )  # fmt: skip
    calls = pd.concat([planted().frame("interactions"), signed])
    refused = refused_of(planted(interactions=calls))
    assert "touch_in_count" in refused and "touch_out_count" not in refused


def test_roles_named_once_deals_are_decided_are_refused():
    table = deals(planted())
    decided = table.index[table["outcome"] != "open"]
    people = pd.DataFrame({"opportunity_id": decided, "contact_id": "p", "decision_role": "champion"})
    refused = refused_of(planted(opportunity_contacts=people))
    assert refused["champion_count"].why == "filled_at_close"
    assert {"people_count", "decider_count", "blocker_count", "stance_mean"} <= set(refused)


def test_a_figure_without_a_time_that_carries_the_scores_is_named():
    found = scored()
    gain = found.chosen["auc"] - 0.5
    for indicator, share, said in (("source", 0.6, "source"), ("source", 0.4, ""), ("stage", 0.9, "")):
        one = found.drivers.head(1).assign(indicator=indicator, auc_loss=share * gain, low=0.01)
        asked = replace(found, drivers=one)
        assert asked.carried_by == said
        text = " ".join(map(str, scores_paragraph(asked)))
        assert ("Make sure that it is written down before a deal ends" in text) is bool(said)


def test_reasons_are_figures_with_an_effect_in_the_test():
    found = scored()
    firm = set(found.drivers.loc[found.drivers["low"] > 0, "indicator"])
    assert set(found.reason_table["feature"]) <= firm and len(found.reason_table)


def test_a_stage_without_history_and_an_amount_known_at_the_close_are_refused():
    frames = {name: planted().frame(name) for name in ("opportunities", "customers")}
    raw = frames["opportunities"]
    raw["amount"] = raw["amount"].where(raw["outcome"] != "open").where(raw["outcome"] != "lost", 0.0)
    crm = Crm.from_frames(as_of="2024-12-01", **frames)
    refused = refused_of(crm)
    assert refused["stage"].why == "stage_at_end" and set(refused) == {"stage", "amount"}
    assert refused["amount"].why == "filled_at_close"
    values = deal_values(deals(crm))
    won = raw["outcome"].eq("won")
    assert values["estimated"].sum() == raw["outcome"].eq("open").sum()
    assert set(values.loc[values["estimated"], "value"]) == {raw.loc[won, "amount"].median()}


def test_scores_reasons_and_values_of_the_open_deals():
    found, now = scored(), deals(planted())
    table = found.table
    assert set(table.index) == set(now.index[now["outcome"] == "open"])
    assert table["score"].between(1, 99).all() and table["probability"].is_monotonic_decreasing
    assert table["score"].is_monotonic_decreasing and table["score"].max() > 90
    assert np.allclose(table["expected_value"], table["probability"] * table["value"])
    first = table.index[0]
    reasons = found.reason_table[found.reason_table["opportunity_id"] == first]
    assert (reasons.loc[reasons["speaks"] == "for", "log_odds"] > 0).all() and len(reasons)
    words = open_leads_table(SimpleNamespace(config=None), found).frame.set_index("opportunity_id")
    assert words.loc[first, "speaks_for"].count(";") == (reasons["speaks"] == "for").sum() - 1
    assert table["similarity_pct"].between(0, 100).all()
    like = table.groupby("source")["similarity_pct"].mean()
    assert like["referral"] > like["fair"]


def test_too_few_are_refused_unless_forced_and_the_same_seed_gives_the_same_bytes(fewer_moments):
    few = planted().frame("opportunities").iloc[::5].copy()
    undated = few["outcome"].eq("open") & (np.arange(len(few)) % 2 == 0)
    few["created_at"] = few["created_at"].where(~undated)
    crm = planted(opportunities=few, interactions=planted().frame("interactions").head(0))
    with pytest.raises(ParameterError, match=r"fewer than 200 of each.*force=True"):
        score_leads(crm, horizon_days=60, candidates=QUICK)
    found = score_leads(crm, horizon_days=60, candidates=QUICK, force=True)
    again = score_leads(crm, horizon_days=60, candidates=QUICK, force=True)
    pd.testing.assert_frame_equal(found.table, again.table, check_exact=True)
    pd.testing.assert_frame_equal(found.evaluation, again.evaluation, check_exact=True)
    assert found.won < 200 and len(found.table) == found.open
    assert found.undated == undated.sum() > 0 and not set(few.loc[undated, "opportunity_id"]) & set(
        found.table.index
    )
    assert any(said.key == "leads-limits-undated" for said in leads_limits(found))
    with pytest.raises(ParameterError, match="needs 1500 days"):
        score_leads(planted(), horizon_days=500)


def test_intervals_draw_whole_deals():
    """A row copied four times makes no interval narrower."""
    lot = np.random.default_rng(0)
    p = lot.random(150)
    label = lot.random(150) < p
    flat = {"good": p, "base_rate": np.full(150, 0.5)}
    many = {name: np.tile(values, 4) for name, values in flat.items()}
    one, _ = evaluate_leads(flat, label, np.arange(150), chosen="good", baselines=("base_rate",))
    four, _ = evaluate_leads(
        many, np.tile(label, 4), np.tile(np.arange(150), 4), chosen="good", baselines=("base_rate",)
    )
    assert four["auc"].tolist() == pytest.approx(one["auc"].tolist())
    assert four.loc[0, ["auc_low", "auc_high"]].tolist() == pytest.approx(
        one.loc[0, ["auc_low", "auc_high"]].tolist()
    )
    weights = next(deal_draws(np.tile(np.arange(150), 2), seed=0, draws=3))
    assert (weights[:, :150] == weights[:, 150:]).all()


def test_tenths_hold_every_row_once():
    lot = np.random.default_rng(0)
    p = lot.random(1000)
    table = tenths(p, lot.random(1000) < p, np.arange(1000))
    assert table["deals"].sum() == 1000 and table["predicted_pct"].is_monotonic_decreasing
    assert table["predicted_pct"].between(table["low"], table["high"]).sum() >= 8


def test_olist_leads_beat_the_base_rate_and_say_whether_they_beat_their_age(shared_data, fewer_moments):
    leads = olist_leads(shared_data / "olist_marketing_funnel")
    found = score_leads(Crm.from_frames(as_of="2018-11-14", opportunities=leads), candidates=QUICK)
    assert found.won == 842 and not found.lost_recorded and found.beats_stage is None
    assert found.beats_base
    shown = found.differences.set_index("baseline")["better"]
    assert shown["age_alone"] == found.beats_age and shown["base_rate"]
    (said,) = leads_findings(found)
    first = found.differences.set_index("baseline")["lift_top_decile_low"]
    assert (said.key == "leads-finding-rule-beaten") == (first["age_alone"] > 0)
    assert said.facts["rule"].value == "leads-way-age-alone"
    assert set(found.features) <= {"age_days", "source", "campaign_id", "campaign_won_pct"}


def test_maven_amount_account_and_stage_know_the_outcome(shared_data):
    crm = crmlib.open_workspace(MAVEN)
    refused = refused_of(crm)
    assert {"amount", "stage", "industry", "employee_count", "country"} <= set(refused)
    assert (refused["amount"].decided_pct, refused["amount"].open_pct) == (100, 0)
    assert len(features_at(crm, horizon_days=60)) == 1_589


@pytest.mark.slow
def test_sample_company_beats_the_stage_alone(fewer_moments):
    # A smaller company has too few deals to tell the two apart.
    found = score_leads(sample_crm(scale=1.0, tables=OF_DEALS), candidates=QUICK)
    assert found.beats_stage and found.differences.set_index("baseline").loc["stage_alone", "auc_low"] > 0
    agree = found.tenths["predicted_pct"].between(found.tenths["low"], found.tenths["high"])
    assert agree.mean() >= 0.6
