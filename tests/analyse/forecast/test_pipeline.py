"""The forecast of won deals: known rates come back, nothing looks ahead, parts add up, bounds hold."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib.analyse.forecast.chances import expected_arrivals, learn_amounts, learn_hazards, win_chances
from crmlib.analyse.forecast.outlooks import BY_STAGE, BY_TIME, LAST_YEAR, LATELY
from crmlib.analyse.forecast.pipeline import expected_until, forecast_pipeline, outlooks_at, read_ledger
from crmlib.analyse.learn.evaluate import learn_stretch, stretched_past
from crmlib.measure.deals.past import past_pipeline
from crmlib.measure.deals.stays import deals, stage_stays
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.forecast.cases import (
    END,
    OFFER_TO_LOST,
    OFFER_TO_WON,
    TALK_TO_LOST,
    TALK_TO_OFFER,
    company,
    deals_and_history,
)


@cache
def forecast():
    return forecast_pipeline(company(), draws=400, most_past=6)


def true_chances(days):
    """The chance to be won within some days from each stage, by the rates alone."""
    rates = np.array(
        [[-TALK_TO_OFFER - TALK_TO_LOST, TALK_TO_OFFER, 0], [0, -OFFER_TO_WON - OFFER_TO_LOST, OFFER_TO_WON]]
    )
    step = np.eye(3) + np.vstack([rates, np.zeros(3)]) / 100
    return np.linalg.matrix_power(step, 100 * days)[:2, 2]


def test_known_rates_come_back():
    crm = company(count=4_000)
    found = learn_hazards(stage_stays(crm), as_of=crm.as_of, stages=("Talk", "Offer"))
    total = found.exits.sum(axis=1) / found.exposure_days.sum(axis=1)[:, None]
    truth = [[0, TALK_TO_OFFER, 0, TALK_TO_LOST], [0, 0, OFFER_TO_WON, OFFER_TO_LOST]]
    assert total == pytest.approx(np.array(truth), rel=0.06)
    busy = found.exposure_days > 5_000
    assert found.rates[busy].sum(axis=1) == pytest.approx(
        np.where(np.nonzero(busy)[0] == 0, 0.05, 0.07), rel=0.25
    )
    assert win_chances(found, days=60).sum(axis=0)[:, 10] == pytest.approx(true_chances(60), rel=0.08)


def test_chances_equal_those_of_walks_through_the_stages():
    lot = np.random.default_rng(0)
    crm = company(count=400)
    found = learn_hazards(stage_stays(crm), as_of=crm.as_of, stages=("Talk", "Offer"))
    from crmlib.analyse.forecast.chances import OLDEST, daily_exits

    leave = daily_exits(found)
    at, age, won = np.zeros(20_000, int), np.full(20_000, 5), 0
    for _ in range(40):
        on = at < 2
        ends = np.cumsum(leave[at[on], age[on]], axis=1)
        to = (lot.random(on.sum())[:, None] > ends).sum(axis=1)
        age[on] = np.where(to == 4, np.minimum(age[on] + 1, OLDEST), 0)
        at[on] = np.where(to == 4, at[on], to)
        won = (at == 2).mean()
    assert win_chances(found, days=40).sum(axis=0)[0, 5] == pytest.approx(won, abs=0.012)


def test_open_deals_are_won_as_often_as_their_rates_say():
    crm = company(count=4_000)
    past, (outlook,), _ = outlooks_at(crm, read_ledger(crm), moment=crm.as_of, days=60, ways=(BY_TIME,))
    truth = past.open["stage"].map(dict(zip(["Talk", "Offer"], true_chances(60), strict=True))).sum()
    assert outlook.chances.sum() == pytest.approx(truth, rel=0.06)
    happened = deals_and_history(count=4_000)[0].set_index("opportunity_id").loc[past.open.index]
    within = (happened["outcome"] == "won") & (happened["closed_at"] <= END + pd.Timedelta(days=60))
    assert outlook.chances.sum() == pytest.approx(within.sum(), abs=3 * np.sqrt(truth))


def test_stage_weights_equal_a_count_day_by_day():
    crm, days = company(), 30
    past, (outlook,), _ = outlooks_at(crm, read_ledger(crm), moment=crm.as_of, days=days, ways=(BY_STAGE,))
    won_at = past.decided.loc[past.decided["outcome"] == "won", "closed_at"]
    hits = seen = 0
    for moment in pd.date_range(
        crm.as_of - pd.Timedelta(days=720), crm.as_of - pd.Timedelta(days=days), freq="3D"
    ):
        stays = past.stays[(past.stays["stage"] == "Offer") & (past.stays["entered_at"] <= moment)]
        here = stays[~(stays["exited_at"] <= moment)]
        seen += len(here)
        after = (here["opportunity_id"].map(won_at) - moment).dt.total_seconds() / 86_400
        hits += int((after <= days).sum())
    chance = outlook.chances[(past.open["stage"] == "Offer").to_numpy()].sum(axis=1)
    assert len(set(chance.round(9))) == 1
    assert chance[0] == pytest.approx(hits / seen, rel=0.04)


def test_a_past_pipeline_is_the_one_of_that_day():
    crm = company(with_future=True)
    moment = pd.Timestamp("2024-06-30 23:59:59")
    past, then = past_pipeline(crm, moment=moment), deals(crm.at(moment))
    then = then[then["outcome"] == "open"]
    pd.testing.assert_index_equal(past.open.index, then.index)
    assert (past.open["stage"] == then["stage"]).all()
    assert past.open["in_stage_days"].to_numpy() == pytest.approx(then["stage_age_days"].to_numpy())


def test_what_came_later_changes_nothing():
    now, future = company(), company(with_future=True)
    one, other = (forecast_pipeline(crm, draws=100, most_past=1) for crm in (now, future))
    pd.testing.assert_frame_equal(one.periods, other.periods)
    pd.testing.assert_frame_equal(one.past, other.past)
    early = pd.Timestamp("2024-03-31 23:59:59")
    (_, before, _), (_, after, _) = (
        outlooks_at(crm, read_ledger(crm), moment=early, days=91) for crm in (company(until=early), future)
    )
    for left, right in zip(before, after, strict=True):
        assert left.expected == pytest.approx(right.expected, rel=1e-12)
        assert left.deviation == pytest.approx(right.deviation, rel=1e-12)


def test_bounds_of_the_past_know_only_earlier_errors():
    table = forecast().past[["way", "made_on", "until", "expected", "deviation", "actual"]]
    changed = table.assign(actual=table["actual"].where(table["until"] < table["until"].max(), 9e9))
    one, other = stretched_past(table), stretched_past(changed)
    made = table["made_on"] < table["until"].max()
    pd.testing.assert_frame_equal(one.loc[made, ["low", "high"]], other.loc[made, ["low", "high"]])
    early = table.assign(actual=table["actual"].where(table["until"] > table["until"].min(), 9e9))
    assert (stretched_past(early)["high"] > one["high"]).any()


def test_bounds_cover_as_often_as_they_should():
    lot = np.random.default_rng(0)
    months = pd.date_range("2000-01-31", periods=300, freq="ME")
    table = pd.DataFrame(
        {"way": "a", "made_on": months, "until": months + pd.offsets.MonthEnd(3), "expected": 100.0,
         "deviation": 5.0, "actual": lot.normal(100, 15, 300)}
    )  # fmt: skip
    assert 74 < 100 * stretched_past(table)["is_covered"].tail(250).mean() < 86
    assert learn_stretch(lot.normal(0, 3, 5_000)).reach == pytest.approx(1.2816 * 3, rel=0.05)


def test_parts_add_up():
    found = forecast()
    total = found.total
    assert found.periods["expected"].sum() == pytest.approx(total["expected"])
    assert found.periods["baseline"].sum() == pytest.approx(total["baseline"])
    assert total["from_open"] + total["from_new"] == pytest.approx(total["expected"])
    for name in ("owner", "product", "category"):
        assert found.by[name]["expected"].sum() == pytest.approx(total["expected"])
        assert (found.by[name]["low"] <= found.by[name]["high"]).all()
    assert total["low"] < total["expected"] < total["high"]
    until = expected_until(found, until=found.periods["period_end"].iloc[1])
    assert until["expected"].sum() == pytest.approx(found.periods["expected"].head(2).sum())
    with pytest.raises(ParameterError, match="outside the forecast"):
        expected_until(found, until=found.today)


def test_draws_agree_with_the_mean():
    futures = forecast().workings["futures"]
    worth = np.bincount(
        futures.draw, futures.stock["amount"].to_numpy()[futures.item], minlength=futures.draws
    )
    assert worth.mean() == pytest.approx(forecast().total["expected"], rel=0.03)
    assert worth.std() == pytest.approx(futures.outlook.deviation, rel=0.15)


def test_the_same_seed_gives_the_same_bytes():
    crm = company(months=13)
    one, same, other = (forecast_pipeline(crm, draws=100, most_past=4, seed=seed) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(one.periods, same.periods, check_exact=True)
    assert one.total == same.total and one.total["high"] != other.total["high"]


def test_a_short_history_is_said_and_the_simple_way_is_taken():
    crm = company(months=5)
    found = forecast_pipeline(crm, draws=100)
    assert found.is_thin and found.way == found.baseline == LATELY
    assert not found.is_promised and found.limits[0].code == "no_past"
    # No test stands behind an interval: there is none, and the page says so.
    assert np.isnan([found.total["low"], found.total["high"]]).all()
    assert "no_bounds" in [limit.code for limit in found.limits]
    assert found.beats_baseline == "not tested"
    none = company(change=lambda table: table.assign(outcome="open"))
    with pytest.raises(ParameterError, match="no deal with dates has been won"):
        forecast_pipeline(none)
    with pytest.raises(SchemaError, match="no opportunities"):
        forecast_pipeline(
            crmlib.Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a"]}))
        )


@pytest.mark.parametrize("won_share", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("days", [10, 40])
def test_no_more_is_won_from_open_deals_than_they_are_worth(won_share, days):
    lot, n = np.random.default_rng(0), 240
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(lot.integers(0, 180, n), unit="D")
    deals = pd.DataFrame({
        "opportunity_id": [str(i) for i in range(n)], "created_at": opened, "stage": "Offer", "amount": 100.0,
        "closed_at": opened + pd.Timedelta(days=days), "owner_id": lot.choice(["ann", "bob"], n),
        "outcome": np.where(lot.random(n) < won_share, "won", "lost"),
    })  # fmt: skip
    end = pd.Timestamp("2024-06-29")
    deals.loc[deals.closed_at > end, ["outcome", "closed_at"]] = ["open", pd.NaT]
    crm = crmlib.Crm.from_frames(as_of="2024-06-29", opportunities=deals)
    found, is_open = forecast_pipeline(crm), deals[deals.outcome == "open"]
    assert 0 < found.total["from_open"] <= is_open.amount.sum()
    assert found.total["from_open"] + found.total["from_new"] == pytest.approx(found.total["expected"])
    owners = found.by["owner"].set_index("key")
    assert (owners.from_open <= is_open.groupby("owner_id").amount.sum().reindex(owners.index) + 1e-9).all()
    assert (found.periods.from_open <= found.total["from_open"] + 1e-9).all()


@pytest.mark.parametrize(
    "settings",
    [{"horizon": "soon"}, {"horizon": 0}, {"draws": 5}, {"seed": -1}, {"most_past": True}],
    ids=str,
)
def test_wrong_arguments_are_refused(settings):
    with pytest.raises(ParameterError):
        forecast_pipeline(company(months=5), **settings)


def test_missing_amounts_are_filled_and_said():
    hide = company(
        change=lambda table: table.assign(amount=table["amount"].where(table["outcome"] != "open"))
    )
    found = forecast_pipeline(hide, draws=100, most_past=0)
    assert found.notes[0].code == "amounts_known_late"
    assert found.workings["amounts"].known_while_open is False
    assert found.total["expected"] > 0
    few = company(change=lambda t: t.assign(amount=t["amount"].where(t["opportunity_id"].str[-1] != "7")))
    assert forecast_pipeline(few, draws=100, most_past=0).notes[0].code == "amounts_filled"


def test_filled_amounts_are_medians_of_the_product_that_keep_the_sum():
    decided = pd.DataFrame(
        {"outcome": "won", "amount": [1.0, 2.0, 9.0, 2.0, 1.0, 30.0, 30.0, 30.0, 30.0, 30.0],
         "product_id": list("aaaaabbbbb"), "category": None, "company_size": None}
    )  # fmt: skip
    usual = learn_amounts(decided, known_while_open=True)
    open_deals = decided.head(1).assign(product_id=["b"], amount=np.nan)
    filled, missing = usual.fill(open_deals, is_open=True)
    assert missing.all() and filled.iloc[0] == pytest.approx(30 * 165 / 160)


def test_arrivals_follow_the_season():
    days = pd.date_range("2021-01-01", "2024-12-31")
    each = np.where(days.month == 3, 6, 2)
    found = expected_arrivals(pd.Series(days.repeat(each)), today=pd.Timestamp("2024-12-31"), days=90)
    assert found.seasons[3] / found.seasons[2] == pytest.approx(3, rel=0.2)
    assert found.daily[:31].mean() == pytest.approx(2, rel=0.15) and found.daily[60:].mean() > 4.5


def test_a_year_earlier_is_exact():
    crm = company()
    _, (outlook,), _ = outlooks_at(crm, read_ledger(crm), moment=crm.as_of, days=90, ways=(LAST_YEAR,))
    table = deals_and_history()[0]
    day = table["closed_at"].dt.normalize()
    inside = (table["outcome"] == "won") & (day > "2023-12-31") & (day <= "2024-03-30")
    assert outlook.expected == pytest.approx(table.loc[inside, "amount"].sum())


def test_the_better_way_is_taken_and_says_so():
    found = forecast()
    best = found.scores.sort_values("mean_error").iloc[0]
    assert found.way == best["way"] and found.scores["is_chosen"].sum() == 1
    assert len(found.past) == 3 * 6 and found.past["until"].max() <= found.today


def test_maven_has_amounts_only_when_closed(shared_data):
    root = Path(__file__).parents[2] / "workspaces" / "maven_crm"
    crm = crmlib.open_workspace(root)
    found = forecast_pipeline(crm, draws=100, most_past=0)
    notes = {note.code: note.facts for note in found.notes}
    assert notes["amounts_known_late"] == {"n": 1_589, "of": 1_589}
    assert notes["no_created_day"]["n"] == 500
    assert found.baseline == LATELY and 9e6 < found.history["actual"].sum() < 10.1e6
