"""Churn of shops: a planted truth is found, none is claimed where there is none, and time is kept."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.churn import model as model_module
from crmlib.analyse.churn import periods as periods_module
from crmlib.analyse.churn.model import fit_churn, fit_purchase
from crmlib.analyse.churn.periods import Question, plan_cutoffs, sample_at
from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.learn import reasons as learn_reasons
from crmlib.analyse.learn.candidates import learn, rows_of
from crmlib.analyse.learn.reasons import explained
from crmlib.measure.indicators import INDICATORS
from crmlib.measure.indicators.compute import compute_indicators, sensitive_indicators
from crmlib.measure.purchases.history import purchases_within
from crmlib.prepare.clock import local_time
from crmlib.present.reports.churn.say import comparison_paragraph, trust_paragraph
from crmlib.schema.errors import ParameterError
from crmlib.schema.states import BUYING
from tests.analyse.churn.churn_cases import (
    BEHAVIOUR,
    DAYS,
    FAST,
    HORIZON,
    driven_model,
    driven_shop,
    orders,
    shop_of,
    silent_shop,
)
from tests.measure.workspaces import with_own

START = pd.Timestamp("2024-01-01")


def test_a_planted_driver_is_found_and_beats_the_baselines():
    model = driven_model()
    assert model.drivers["indicator"].iloc[0] == "discount_share_pct"
    assert model.drivers["direction"].iloc[0] == "more"
    assert model.drivers["low"].iloc[0] > 0
    assert model.beats_baselines and model.differences["better"].all()
    assert model.differences.set_index("baseline").loc["recency", "better"]
    heavy = model.reasons[model.reasons.str.contains("discount share pct")]
    assert model.scores[heavy.index].mean() > 2 * model.scores.drop(heavy.index).mean()


def test_where_silence_is_all_there_is_nothing_better_is_claimed():
    model = fit_churn(silent_shop(), horizon_days=HORIZON, indicators=BEHAVIOUR, candidates=FAST[:1])
    recency = model.differences.set_index("baseline").loc["recency"]
    assert not recency["better"] and not model.beats_baselines


def test_periods_follow_each_other_without_overlap():
    periods = driven_model().periods
    assert periods["role"].tolist()[-2:] == ["test", "score"]
    learnt = periods[periods["role"] == "learn"]
    (test,) = periods.index[periods["role"] == "test"]
    assert learnt["until"].max() <= periods.loc[test, "cutoff"]
    assert (learnt["cutoff"].iloc[1:].to_numpy() >= learnt["until"].iloc[:-1].to_numpy()).all()
    assert periods.loc[test, "until"] == driven_shop().as_of == periods["cutoff"].iloc[-1]


def test_scores_are_of_those_who_bought_lately_and_buy_by_their_state():
    model, shop = driven_model(), driven_shop()
    lately = sample_at(
        shop, shop.as_of, Question(horizon_days=HORIZON, stops=True, active_days=HORIZON), labelled=False
    )
    buying = lifecycle_stages(shop).reindex(lately.features.index).isin(BUYING)
    assert model.scores.index.equals(lately.features.index[buying]) and 0 < (~buying).sum() < 20
    assert (lately.features["recency_days"] < HORIZON).all()
    assert model.scores.between(0, 1).all() and model.reasons.index.equals(model.scores.index)


def test_of_many_customers_some_stand_for_all_at_past_moments_and_the_page_says_so(monkeypatch):
    shop = driven_shop()
    asked = Question(horizon_days=HORIZON, stops=True, active_days=HORIZON)
    cutoff = shop.as_of - pd.Timedelta(days=HORIZON)
    everybody = sample_at(shop, cutoff, asked)
    assert everybody.drawn_from is None
    monkeypatch.setattr(periods_module, "MOST_SEEN", 300)
    assert sample_at(shop, cutoff, asked).drawn_from is None, "too few who stop among 300"
    monkeypatch.setattr(periods_module, "ENOUGH", 20)
    some = sample_at(shop, cutoff, asked, seed=1)
    who = some.features.index
    assert len(who) == len(some.label) == 300 and some.drawn_from.equals(everybody.features.index)
    pd.testing.assert_frame_equal(some.features, everybody.features.loc[who])
    label = pd.Series(everybody.label, index=everybody.features.index)
    assert (label[who] == some.label).all() and who.is_monotonic_increasing
    assert not sample_at(shop, cutoff, asked, seed=2).features.index.equals(who)
    monkeypatch.setattr(periods_module, "FEWEST", 20)
    model = fit_churn(shop, horizon_days=HORIZON, indicators=BEHAVIOUR, candidates=FAST[:1])
    assert len(model.scores) > 300
    (note,) = [note for note in model.notes if note[0] == "some_tested"]
    assert note[3:] == (300, len(everybody.label)) and note[1] < note[2]
    assert any("was tested on 300 of" in str(said) for said in comparison_paragraph(model))


def test_revenue_at_risk_is_the_probability_times_the_last_horizons_spend():
    model, shop = driven_model(), driven_shop()
    begin = shop.as_of - pd.Timedelta(days=HORIZON)
    lines = shop.frame("transactions")
    spend = lines[lines["ordered_at"] > begin].groupby("customer_id")["net_amount"].sum()
    assert np.allclose(model.revenue_at_risk, model.scores * spend.reindex(model.scores.index))


def test_labels_worked_out_by_hand():
    lines = pd.DataFrame(
        [
            ("1", "ann", "2024-01-20 12:00", 5.0),  # silent afterwards: stops
            ("2", "bob", "2024-01-25 12:00", 5.0),
            ("3", "bob", "2024-02-20 12:00", 5.0),  # comes again within 30 days
            ("4", "cem", "2024-01-28 12:00", 5.0),
            ("5", "cem", "2024-03-02 12:00", 5.0),  # comes again, but a day late: stops
            ("6", "dee", "2023-12-20 12:00", 5.0),  # silent for more than 30 days: not asked about
            ("7", "eve", "2024-01-30 12:00", 5.0),
            ("8", "eve", "2024-02-10 12:00", 9.0),
            ("9", "eve", "2024-02-11 12:00", -9.0),  # all of it comes back: stops
        ],
        columns=["order_id", "customer_id", "ordered_at", "net_amount"],
    ).assign(product_id="tea")
    crm = Crm.from_frames(as_of="2024-04-01", transactions=lines)
    asked = Question(horizon_days=30, stops=True, active_days=30)
    sample = sample_at(crm, pd.Timestamp("2024-01-31 12:00"), asked)
    assert dict(zip(sample.features.index, sample.label.tolist(), strict=True)) == {
        "ann": True,
        "bob": False,
        "cem": True,
        "eve": True,
    }
    buys = sample_at(crm, pd.Timestamp("2024-01-31 12:00"), replace(asked, stops=False))
    assert (buys.label == ~sample.label).all()


def test_later_rows_change_neither_features_nor_earlier_labels():
    lines = orders(customers=80, seed=3, driven=True)
    cutoff, asked = START + pd.Timedelta(days=120), Question(horizon_days=40, stops=True, active_days=40)
    edge = cutoff + pd.Timedelta(days=40)
    changed = lines.copy()
    late = changed["ordered_at"] > edge
    changed.loc[late, "net_amount"] = -changed.loc[late, "net_amount"] * 7
    before, after = (sample_at(shop_of(frame), cutoff, asked) for frame in (lines, changed))
    pd.testing.assert_frame_equal(before.features, after.features)
    assert (before.label == after.label).all()
    fewer = shop_of(lines[lines["ordered_at"] <= cutoff])
    pd.testing.assert_frame_equal(before.features, sample_at(fewer, cutoff, asked).features)


def test_the_test_period_does_not_reach_into_what_is_learnt():
    """Whatever happens in the test, who is ranked how there stays the same; only the verdict may change."""
    lines = driven_shop().frame("transactions")
    cutoff = START + pd.Timedelta(days=DAYS - HORIZON)
    gone = lines[(lines["ordered_at"] <= cutoff) | (lines["customer_id"] > "c0300")]
    one, other = (
        fit_churn(shop_of(frame), horizon_days=HORIZON, indicators=BEHAVIOUR[:4], candidates=FAST[1:])
        for frame in (lines, gone)
    )
    assert one.base_rate < other.base_rate
    assert (one.evaluation["model"] == other.evaluation["model"]).all()
    assert one.chosen["model"] == other.chosen["model"]
    assert one.calibration["predicted_pct"].tolist() == other.calibration["predicted_pct"].tolist()


def test_the_same_data_give_the_same_result_to_the_last_bit():
    one, two = driven_model(), fit_churn(driven_shop(), horizon_days=HORIZON, indicators=BEHAVIOUR)
    assert one is not two
    assert one.scores.to_numpy().tobytes() == two.scores.to_numpy().tobytes()
    pd.testing.assert_frame_equal(one.evaluation, two.evaluation, check_exact=True)
    pd.testing.assert_frame_equal(one.drivers, two.drivers, check_exact=True)
    assert one.reasons.equals(two.reasons)


def test_a_model_that_stands_is_the_one_of_its_day_with_the_customers_of_now(monkeypatch):
    shop, made, learnt = driven_shop(), [], model_module.learn
    asked = {"horizon_days": HORIZON, "indicators": BEHAVIOUR[:4], "candidates": FAST[:1]}
    monkeypatch.setattr(model_module, "learn", lambda *a, **k: made.append(learnt(*a, **k)) or made[-1])
    past = shop.at(shop.as_of - pd.Timedelta(days=20))
    then, stands = fit_churn(past, **asked), fit_churn(shop, learnt_from=past, **asked)
    pd.testing.assert_frame_equal(then.evaluation, stands.evaluation, check_exact=True)
    assert (then.learnt_on, stands.learnt_on) == (None, past.as_of)
    moved = []
    for crm, model in ((past, then), (shop, stands)):
        figures = compute_indicators(crm, BEHAVIOUR[:4]).reindex(model.scores.index)
        raw = made[1].chosen.probability(made[1].encoding.matrix(figures))
        moved += [*(np.log(model.scores / (1 - model.scores)) - np.log(raw / (1 - raw)))]
    assert len(moved) > 300 and np.ptp(moved) < 1e-9, "the weights of that day, and the shift of its levels"
    assert not stands.scores.index.equals(then.scores.index)
    assert "learnt from what was known on" in " ".join(map(str, trust_paragraph(stands)))


def test_an_own_indicator_that_knows_the_end_is_refused_by_name():
    """What customers say of themselves has no history: a field that is filled when they leave is a leak."""
    shop = driven_shop()
    until = shop.as_of - pd.Timedelta(days=HORIZON)
    everybody = shop.frame("transactions")["customer_id"].unique()
    stays = purchases_within(shop, after=until - pd.Timedelta(days=HORIZON), until=until).index
    people = pd.DataFrame({"customer_id": np.sort(everybody)})
    people["source"] = np.where(people["customer_id"].isin(stays), "open", "account closed")
    crm = shop_of(shop.frame("transactions"), customers=people)
    own = SimpleNamespace(
        over="customers", sql="min(source)", aspect="characteristics", unit="", better="", says="Account.",
        empty=None,
    )  # fmt: skip
    crm = replace(crm, config=SimpleNamespace(indicators={"account_state": own}))
    model = fit_churn(
        crm, horizon_days=HORIZON, indicators=[*BEHAVIOUR[:4], "account_state"], candidates=["decision_tree"]
    )
    assert list(model.refused.index) == ["account_state"]
    assert "account_state" not in model.features and "AUC" in model.refused["account_state"]


def test_purchases_are_foretold_too_also_of_a_category():
    lines = driven_shop().frame("transactions")
    fond = lines["customer_id"].str[-1].isin(list("012"))
    lot = np.random.default_rng(5).random(len(lines))
    lines["product_id"] = np.where(lot < np.where(fond, 0.8, 0.05), "mug", "tea")
    products = pd.DataFrame({"product_id": ["tea", "mug"], "category": ["drinks", "kitchen"]})
    model = fit_purchase(
        shop_of(lines, products=products), horizon_days=HORIZON, category="kitchen",
        indicators=BEHAVIOUR[:5], candidates=["logistic_regression"],
    )  # fmt: skip
    assert model.outcome == f"buys from kitchen within {HORIZON} days" and not model.stops
    assert "category_recency" in set(model.evaluation["model"])
    assert model.drivers["indicator"].str.startswith("category_").iloc[0]
    fans = model.scores.index.str[-1].isin(list("012"))
    assert model.scores[fans].mean() > model.scores[~fans].mean() + 0.3
    assert model.revenue_at_risk.isna().all()


def test_too_short_a_history_says_how_long_it_must_be():
    with pytest.raises(
        ParameterError, match=r"needs 300 days of orders.*There are 2[34]\d days.*=7\d at the most"
    ):
        fit_churn(driven_shop(), horizon_days=100)
    with pytest.raises(ParameterError, match="Take a longer history"):
        plan_cutoffs(None, START, horizon_days=10)


def test_too_few_of_an_outcome_says_so():
    lines = orders(customers=25, seed=6, driven=True)
    with pytest.raises(ParameterError, match="at least 30 are needed of either kind"):
        fit_churn(shop_of(lines), horizon_days=HORIZON)


@pytest.mark.parametrize("wrong", [0, -5, 1.5, True, "60"])
def test_a_horizon_is_a_whole_number_of_days(wrong):
    with pytest.raises(ParameterError, match="whole number of days"):
        fit_churn(driven_shop(), horizon_days=wrong)


def test_unknown_names_are_refused():
    with pytest.raises(ParameterError, match="Did you mean 'decision_tree'"):
        fit_churn(driven_shop(), horizon_days=HORIZON, candidates=["decision_trees"])
    with pytest.raises(ParameterError, match="recency_days"):
        fit_churn(driven_shop(), horizon_days=HORIZON, indicators=["recency_day"])
    with pytest.raises(ParameterError, match="seed"):
        fit_churn(driven_shop(), horizon_days=HORIZON, seed=-1)


def test_a_horizon_of_one_day_is_said_in_the_singular():
    with pytest.raises(ParameterError, match="a horizon of 1 day needs 3 days of orders"):
        plan_cutoffs(START, START + pd.Timedelta(days=2), horizon_days=1)


def test_what_is_sensitive_moves_predictions_but_is_nobodys_reason():
    lot = np.random.default_rng(0)
    table = pd.DataFrame({"age_years": lot.integers(18, 90, 400), "silence": lot.random(400)})
    rows = rows_of([(table, lot.random(400) < table["age_years"].to_numpy() / 100)])
    learnt = learn(rows, names=["logistic_regression"], refused={})
    said = {}
    for hidden in ((), {"age_years"}, {"age_years", "silence"}):
        found = explained(
            learnt.chosen, learnt.matrix, rows.label, learnt, rows, table, seed=0, hidden=hidden
        )
        assert found["drivers"]["indicator"].iloc[0] == "age_years"
        said[len(hidden)] = set(found["reason_table"]["indicator"])
    assert "age_years" in said[0] and "age_years" not in said[1] and said[2] == set()


def test_indicators_of_ones_own_over_a_date_of_birth_are_sensitive_too():
    people = pd.DataFrame({"customer_id": ["ann"], "birth_on": pd.to_datetime(["1990-01-01"])})
    over = next(indicator.over for indicator in INDICATORS if indicator.name == "age_years")
    crm = with_own(
        Crm.from_frames(as_of="2024-01-01", customers=people),
        old={"sql": "max(age_years > 60)", "over": over, "unit": ""},
        wide={"sql": "max(household_people)", "over": over, "unit": ""},
    )
    assert sensitive_indicators(crm) == {"age_years", "old"}


def test_cutoffs_stay_at_the_end_of_a_day_when_the_clocks_change():
    """Counted in hours, a winter's end of day lies at one in the night of the next day in summer."""
    as_of = pd.Timestamp("2024-11-30 22:59:59")
    for day in plan_cutoffs(START, as_of, horizon_days=60, time_zone="Europe/Berlin"):
        assert f"{local_time(day, time_zone='Europe/Berlin'):%H:%M:%S}" == "23:59:59"
    lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
                          "ordered_at": ["2024-10-02 12:00", "2024-12-01 12:00"]})  # fmt: skip
    crm = Crm.from_frames(as_of="2024-12-31", time_zone="Europe/Berlin", transactions=lines)
    sample = sample_at(crm, pd.Timestamp("2024-10-02 21:59:59"), Question(horizon_days=60, stops=True))
    assert sample.until == pd.Timestamp("2024-12-01 22:59:59") and not sample.label.any()


def test_reasons_are_figures_with_an_effect_in_the_test_alone(monkeypatch):
    lot = np.random.default_rng(1)
    table = pd.DataFrame({"silence": lot.normal(size=600), "noise": lot.normal(size=600)})
    label = lot.random(600) < 1 / (1 + np.exp(-3 * table["silence"].to_numpy()))
    rows = rows_of([(table, label)])
    learnt = learn(rows, names=["logistic_regression"], refused={})
    given = (learnt.chosen, learnt.matrix, rows.label, learnt, rows, table)
    found = explained(*given, seed=0)
    assert found["drivers"].set_index("indicator").loc["silence", "low"] > 0
    assert set(found["reason_table"]["indicator"]) == {"silence"}
    assert explained(*given, seed=0, hidden=("silence",))["reason_table"].empty
    unproven = found["drivers"].assign(
        low=lambda rows: rows["low"].where(rows["indicator"] != "silence", -0.01)
    )
    monkeypatch.setattr(learn_reasons, "drivers", lambda *args, **more: unproven)
    assert "silence" not in set(explained(*given, seed=0)["reason_table"]["indicator"])
