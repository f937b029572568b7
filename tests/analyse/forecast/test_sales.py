"""The forecast of sales: published figures, simple ways, no look-ahead, short and odd series."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.forecast.result import GROWN
from crmlib.analyse.forecast.sales import forecast_sales
from crmlib.analyse.forecast.series import (
    DIFFERENCES,
    FAMILIES,
    FEWEST_ORIGINS,
    LATELY,
    LINE,
    SEASONAL,
    SMOOTHING,
    Spec,
    choose_spec,
    foretell,
    try_ways,
)
from crmlib.analyse.learn.candidates import one_thread
from crmlib.analyse.stats.small_groups import OTHER
from crmlib.schema.errors import ParameterError, SchemaError

AIR_PASSENGERS = np.fromstring(
    """112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140
    145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242 209 191 172 194
    196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
    242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306
    315 301 356 348 355 422 465 467 404 347 305 336 340 318 362 348 363 435 491 505 404 359 310 337
    360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432""",
    sep=" ",
)
"""Box, G. E. P. & Jenkins, G. M. (1976), series G: thousands of passengers a month, 1949 to 1960."""


@cache
def plain_shop(count):
    return shop(trend(count))


def shop(values, *, start="2021-01-01", as_of=None, freq="MS", **columns):
    days = pd.date_range(start, periods=len(values), freq=freq) + pd.Timedelta(days=1 if freq == "MS" else 0)
    lines = pd.DataFrame(
        {"order_id": [f"o{n}" for n in range(len(values))], "product_id": "tea", "net_amount": values,
         "ordered_at": days, **columns}
    )  # fmt: skip
    return Crm.from_frames(as_of=as_of or days[-1] + pd.offsets.MonthEnd(0), transactions=lines)


@pytest.fixture
def _quick(monkeypatch):
    """Only one way beside the simple one: for what does not depend on the others."""
    monkeypatch.setattr("crmlib.analyse.forecast.sales.FAMILIES", (LINE,))


@pytest.fixture
def _few_origins(monkeypatch):
    """All ways, from as few past periods as something is chosen by."""
    monkeypatch.setattr("crmlib.analyse.forecast.series.MOST_ORIGINS", FEWEST_ORIGINS)


def trend(count, *, seed=0):
    lot = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(count) / 12)
    return (1_000 + 20 * np.arange(count)) * season * lot.normal(1, 0.02, count)


def test_air_passengers_against_r_auto_arima():
    spec = Spec(family=DIFFERENCES, order=(2, 1, 1, 0, 1, 0), season=12, is_log=False)
    found = foretell(spec, AIR_PASSENGERS, periods=3)
    assert found.aic == pytest.approx(1017.85, abs=0.02)
    assert found.expected == pytest.approx([445.6349, 420.3950, 449.1983], abs=0.5)


def test_air_passengers_are_foretold_better_than_a_year_before():
    months = pd.date_range("1954-01-01", periods=84, freq="MS")
    values = pd.Series(AIR_PASSENGERS[-84:], index=months)
    tried = try_ways(values, periods=3, season=12, families=(LINE,), lowest=0.0)
    error = (tried.past["expected"] - tried.past["actual"]).abs().groupby(tried.past["way"]).mean()
    assert error[LINE] < 0.6 * error[SEASONAL]


def test_a_known_trend_is_found_and_bounds_hold():
    found = forecast_sales(shop(trend(48)), by=None)
    truth = (1_000 + 20 * np.arange(48, 51)) * (1 + 0.3 * np.sin(2 * np.pi * np.arange(48, 51) / 12))
    assert found.periods["expected"].to_numpy() == pytest.approx(truth, rel=0.06)
    better = found.comparison.set_index("way")["better"]
    assert better[[SEASONAL, LATELY]].eq("yes").all() and found.way not in (SEASONAL, LATELY)
    assert found.baseline == GROWN
    assert 70 <= found.coverage_pct <= 100
    assert (found.periods["low"] <= found.periods["expected"]).all()
    assert found.periods["period_start"].iloc[0] == pd.Timestamp("2025-01-01")


def test_simple_ways_are_exact():
    values = np.arange(30.0)
    seasonal = foretell(Spec(family=SEASONAL, order=(), season=12, is_log=False), values, periods=14)
    assert seasonal.expected.tolist() == [*range(18, 30), 18, 19]
    assert seasonal.deviation == pytest.approx([12.0] * 12 + [12 * np.sqrt(2)] * 2)
    lately = foretell(Spec(family=LATELY, order=(), season=12, is_log=False), values, periods=2)
    assert lately.expected.tolist() == [28.0, 28.0] and lately.deviation == pytest.approx([2.0, 2.0])


def test_last_year_with_growth_is_exact():
    values = np.concatenate([[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], [4.0, 8.0, 12.0, 16.0]])
    grown = foretell(Spec(family=GROWN, order=(), season=4, is_log=False), values, periods=5)
    assert grown.expected.tolist() == [8.0, 16.0, 24.0, 32.0, 8.0]
    once = foretell(Spec(family=GROWN, order=(), season=4, is_log=False), values[:8], periods=1)
    assert once.expected.tolist() == [4.0] and once.deviation[0] > 0


def test_smoothing_of_noise_is_its_level():
    values = 100 + np.random.default_rng(1).normal(0, 5, 60)
    spec = choose_spec(SMOOTHING, values, season=1)
    ahead = foretell(spec, values, periods=4)
    assert ahead.expected == pytest.approx([100] * 4, abs=3)
    assert ahead.deviation[0] == pytest.approx(5, rel=0.25)


def test_what_comes_later_changes_no_earlier_forecast():
    values = pd.Series(trend(44), index=pd.date_range("2021-01-01", periods=44, freq="MS"))
    longer = pd.concat([values, pd.Series([9e6], index=[pd.Timestamp("2024-09-01")])])
    one = try_ways(values, periods=3, season=12, families=(LINE,), lowest=0.0).past
    two = try_ways(longer, periods=3, season=12, families=(LINE,), lowest=0.0).past
    key = ["way", "made_on", "ahead"]
    both = one.merge(two, on=key, suffixes=("", "_later"))
    same = both[both["made_on"] > two["made_on"].min()]
    assert len(same) > 40 and np.allclose(same["expected"], same["expected_later"])
    assert (two.loc[two["until"] <= "2024-08-31", "actual"] < 9e6).all()


@pytest.mark.usefixtures("_quick")
def test_a_running_period_is_left_out_and_said():
    lines = trend(18)
    lines[-1] = 1.0
    crm = shop(lines, as_of="2022-06-20")
    found = forecast_sales(crm)
    assert found.today == pd.Timestamp("2022-05-31") and found.history["actual"].min() > 100
    assert found.periods["period_start"].iloc[0] == pd.Timestamp("2022-06-01")
    assert found.notes[0].code == "running_left_out"
    assert found.notes[0].facts["day"] == pd.Timestamp("2022-06-01")


@pytest.mark.usefixtures("_quick")
def test_short_series_take_the_simple_way_by_name():
    found = forecast_sales(shop(trend(7)))
    assert found.is_thin and found.way == LATELY and found.limits[0].code == "short_history"
    one = forecast_sales(shop([500.0]))
    assert one.total["expected"] == 1_500 and np.isnan(one.total["low"])
    assert any(limit.code == "no_bounds" for limit in one.limits)
    with pytest.raises(ParameterError, match="no whole month has a sale"):
        forecast_sales(shop([500.0], as_of="2021-01-25"))


@pytest.mark.usefixtures("_few_origins")
@pytest.mark.parametrize("values", [np.zeros(18), np.full(18, 5.0), np.where(np.arange(18) % 7, 0.0, 90.0)],
                         ids=["zeros", "constant", "rare"])  # fmt: skip
def test_odd_series_give_finite_forecasts(values):
    found = forecast_sales(shop(values))
    assert np.isfinite(found.periods[["expected", "baseline"]].to_numpy()).all()
    assert (found.periods["low"].dropna() >= 0).all()


@pytest.mark.usefixtures("_quick")
def test_negative_totals_are_kept():
    values = np.random.default_rng(0).normal(-20, 5, 18)
    found = forecast_sales(shop(values))
    assert found.total["expected"] < 0 and found.total["low"] < found.total["expected"]


@pytest.mark.usefixtures("_quick", "_few_origins")
def test_groups_are_foretold_and_small_ones_together():
    crm = shop(trend(20), channel=[f"c{n % 14}" for n in range(20)])
    found = forecast_sales(crm, by="channel")
    table = found.by["channel"]
    assert len(table) == 13 and table["key"].iloc[-1] == OTHER
    assert any(note.code == "others_together" for note in found.notes)
    for name in ("expected", "baseline"):
        assert table[name].sum() == pytest.approx(found.total[name])


@pytest.mark.usefixtures("_quick")
def test_weeks_begin_on_monday():
    values = np.random.default_rng(0).normal(100, 5, 60)
    crm = shop(values, start="2023-01-02", freq="7D", as_of="2024-02-25")
    found = forecast_sales(crm, freq="week", horizon="2 weeks")
    assert found.periods["period_start"].dt.day_of_week.tolist() == [0, 0] and len(found.history) == 60
    assert found.total["expected"] == pytest.approx(200, rel=0.05)


@pytest.mark.usefixtures("_few_origins")
def test_the_same_seed_gives_the_same_bytes():
    crm = plain_shop(20)
    one, other = forecast_sales(crm), forecast_sales(crm)
    pd.testing.assert_frame_equal(one.periods, other.periods, check_exact=True)
    assert one.notes == other.notes and one.total == other.total


@pytest.mark.parametrize(
    ("settings", "error"),
    [({"freq": "year"}, ParameterError), ({"by": "colour"}, ParameterError), ({"by": "region"}, SchemaError),
     ({"measure": "weight"}, ParameterError), ({"measure": "margin"}, SchemaError),
     ({"horizon": "9999 months"}, ParameterError)],
    ids=str,
)  # fmt: skip
def test_wrong_arguments_are_refused(settings, error):
    with pytest.raises(error):
        forecast_sales(plain_shop(20), **settings)


def test_families_all_fit_the_passengers():
    for family in FAMILIES:
        with one_thread():
            spec = choose_spec(family, AIR_PASSENGERS[-60:], season=12)
            ahead = foretell(spec, AIR_PASSENGERS[-60:], periods=2)
        assert ahead.expected == pytest.approx([447, 420], rel=0.08), family
