"""Times in stages: equal to a count by hand, and the mean of finished stays shown to be too short."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.analyse.pipeline.durations import cumulative_incidence, stage_durations
from crmlib.analyse.retention import survival_curves
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.pipeline.little import little_history
from tests.measure.deals.deal_cases import pipeline

CASES = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["won", "lost", "back", ""])), min_size=1, max_size=40
)


def shares_by_hand(cases):
    """Shares that are still there, and that ended in each way, by going from day to day."""
    there, ended = 1.0, dict.fromkeys(["won", "lost", "back"], 0.0)
    curve = {}
    for day in sorted({time for time, _ in cases}):
        at_risk = sum(time >= day for time, _ in cases)
        ends = {way: sum((time, end) == (day, way) for time, end in cases) for way in ended}
        for way in ended:
            ended[way] += there * ends[way] / at_risk
        there *= 1 - sum(ends.values()) / at_risk
        curve[day] = (there, dict(ended))
    return curve


@given(CASES)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
def test_curves_and_incidence_equal_a_count_by_hand(cases):
    days, ends = [time for time, _ in cases], [end for _, end in cases]
    by_hand = shares_by_hand(cases)
    incidence = cumulative_incidence(days, ends)
    for row in incidence.itertuples():
        assert row.incidence == pytest.approx(by_hand[row.time][1][row.exit], abs=1e-12)
    if any(ends):
        curve = survival_curves(days, [bool(end) for end in ends]).curves
        for row in curve.itertuples():
            assert row.survival == pytest.approx(by_hand[row.time][0], abs=1e-12)
        whole = incidence.groupby("time")["incidence"].sum()
        assert (1 - curve.set_index("time")["survival"] - whole).abs().max() < 1e-12
    inside = incidence.dropna(subset="low")
    assert ((inside["low"] <= inside["incidence"]) & (inside["incidence"] <= inside["high"])).all()


def test_with_one_way_to_end_the_error_is_greenwoods():
    draw = np.random.default_rng(3)
    days, over = draw.integers(1, 30, 200), draw.random(200) < 0.7
    incidence = cumulative_incidence(days, np.where(over, "won", ""))
    from statsmodels.duration.survfunc import SurvfuncRight

    curve = SurvfuncRight(days.astype(float), over.astype(float))
    share, error = incidence["incidence"].to_numpy(), curve.surv_prob_se
    rows = slice(3, 20)
    wide = 1.959964 * error[rows] / (share[rows] * np.abs(np.log(share[rows])))
    assert incidence["low"].to_numpy()[rows] == pytest.approx(share[rows] ** np.exp(wide), rel=1e-6)


def test_the_interval_holds_the_true_incidence_as_often_as_it_says():
    """Three in four end well at a rate of 0.1 a day; followed up for 5 to 25 days."""
    held = 0
    for seed in range(80):
        draw = np.random.default_rng(seed)
        time, won = draw.exponential(10, 120), draw.random(120) < 0.75
        end = draw.uniform(5, 25, 120)
        ways = np.where(time > end, "", np.where(won, "won", "lost"))
        found = (
            cumulative_incidence(np.minimum(time, end), ways).query("exit == 'won' and time <= 8").iloc[-1]
        )
        held += found["low"] <= 0.75 * (1 - np.exp(-0.8)) <= found["high"]
    assert 70 <= held <= 80


def exponential_deals(*, mean_days, seed=1, deals=600):
    """Deals begun over 100 days in a stage that lasts `mean_days` on average; seen until day 100."""
    draw = np.random.default_rng(seed)
    begin = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.uniform(0, 100, deals), unit="D").round("s")
    end = begin + pd.to_timedelta(draw.exponential(mean_days, deals), unit="D").round("s")
    history = pd.DataFrame(
        {
            "opportunity_id": [f"d{i}" for i in range(deals)],
            "stage": "Offer",
            "entered_at": begin,
            "exited_at": end,
        }
    )
    lost = history.assign(stage="Lost", entered_at=end, exited_at=pd.NaT)
    return pd.concat([history, lost], ignore_index=True)


def test_the_mean_of_finished_stays_is_too_short_where_deals_are_open():
    history = exponential_deals(mean_days=60)
    row = stage_durations(history, as_of=pd.Timestamp("2024-04-10")).table.loc["Offer"]
    assert row["open"] > 200
    assert row["mean_finished_days"] < 0.6 * 60
    assert row["median_finished_days"] < row["median_low"]
    assert row["median_low"] < 60 * np.log(2) < row["median_high"]


def test_without_open_deals_the_medians_agree():
    row = stage_durations(exponential_deals(mean_days=5), as_of=pd.Timestamp("2026-01-01")).table.loc["Offer"]
    assert row["open"] == 0 and abs(row["median_days"] - row["median_finished_days"]) < 0.1


def test_the_way_out_of_a_stage_and_the_time_it_took():
    found = stage_durations(little_history(), as_of="2024-03-31")
    offer = found.flow[found.flow["stage"] == "Offer"]
    assert offer[["next_stage", "exit", "stays"]].to_numpy().tolist() == [["lost", "lost", 12], ["", "", 8]]
    assert found.flow.groupby("stage")["share_pct"].sum().tolist() == [100, 100]
    assert found.table.loc["Talk", ["forward_pct", "lost_pct"]].tolist()[1] == 0
    assert found.tests.empty and found.has_history


def test_stays_again_count_alone_and_together():
    rows = [
        ("a", "Talk", "2024-01-01", "2024-01-04"),
        ("a", "Offer", "2024-01-04", "2024-01-06"),
        ("a", "Talk", "2024-01-06", "2024-01-11"),
        ("a", "Lost", "2024-01-11", None),
    ]
    found = stage_durations(pipeline(rows))
    talk = found.visits[found.visits["stage"] == "Talk"].iloc[0]
    assert (talk["visits"], talk["latest_days"], talk["cumulative_days"]) == (2, 5, 8)
    assert found.table.loc["Talk", ["stays", "deals", "reentered_deals"]].tolist() == [2, 1, 1]
    assert found.table.loc["Talk", ["latest_median_days", "cumulative_median_days"]].tolist() == [5, 8]


def test_an_earlier_moment_sees_less():
    history = exponential_deals(mean_days=30)
    early = stage_durations(history, as_of="2024-02-15").table.loc["Offer"]
    crm_early = stage_durations(
        pipeline(history.itertuples(index=False, name=None), as_of=pd.Timestamp("2024-06-01")),
        as_of="2024-02-15",
    ).table.loc["Offer"]
    assert early["stays"] < 600
    pd.testing.assert_series_equal(early, crm_early)


def test_groups_that_differ_are_said_to():
    slow, fast = (
        exponential_deals(mean_days=40, seed=2, deals=80),
        exponential_deals(mean_days=5, seed=3, deals=80),
    )
    history = pd.concat([slow, fast.assign(opportunity_id="f" + fast["opportunity_id"])])
    names = history["opportunity_id"].unique()
    sold = pd.DataFrame(
        {
            "opportunity_id": names,
            "outcome": "open",
            "source": ["web" if n[0] == "f" else "fair" for n in names],
        }
    )
    found = stage_durations(history, as_of="2024-06-01", by="source", opportunities=sold)
    medians = found.table["median_days"]
    assert medians[("web", "Offer")] < 10 < medians[("fair", "Offer")]
    assert found.tests["differs"].tolist() == [True]


def test_mistakes_are_answered_with_what_to_do():
    with pytest.raises(ParameterError, match="as_of is missing"):
        stage_durations(little_history())
    with pytest.raises(SchemaError, match=r"stage_history has no column stage"):
        stage_durations(little_history().drop(columns="stage"), as_of="2024-03-31")
    with pytest.raises(ParameterError, match=r"'sauce' of deals\. Did you mean 'source'"):
        stage_durations(little_history(), as_of="2024-03-31", by="sauce")
    with pytest.raises(ParameterError, match="no stay"):
        stage_durations(little_history(), as_of="2020-03-31")
    with pytest.raises(ParameterError, match="between 0 and 1"):
        stage_durations(little_history(), as_of="2024-03-31").quantile(80)
