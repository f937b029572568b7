"""What stands before and after the segments: which columns, who is late, who is in which."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import compute_indicators, segment_customers
from crmlib.analyse.segments.preparation import HABITS, SEGMENT_INDICATORS, choose_columns
from crmlib.analyse.segments.segment import late_in_segments, segment_advice, segment_list
from crmlib.measure.indicators import indicator_catalogue
from crmlib.prepare.privacy import KEY_VARIABLE
from crmlib.schema.errors import ParameterError
from tests.present.report_samples import customers_of, segments_of, shop


def test_the_usual_indicators_are_known():
    assert {*SEGMENT_INDICATORS, *HABITS} <= set(indicator_catalogue()["name"])


def test_what_cannot_be_computed_is_left_out_and_named():
    chosen, missing = choose_columns(customers_of("shop"), SEGMENT_INDICATORS)
    assert "margin_share_pct" not in chosen and missing == ("margin_share_pct",)
    assert segment_customers(customers_of("shop"), columns=SEGMENT_INDICATORS).missing == missing
    found = segments_of("shop")
    assert choose_columns(customers_of("shop"))[1] == found.missing == ()
    assert found.profile.attrs["units"]["spend_total"] == "currency"
    assert found.profile.attrs["currency"] == "EUR"


def test_the_line_of_the_readme_gives_what_the_report_shows():
    line = segment_customers(compute_indicators(shop()))
    assert sorted([*line.features, *line.dropped.index]) == sorted(HABITS)
    assert {"spend_total", "order_count", "recency_days"} <= set(line.deviations)
    report = segment_customers(customers_of("shop"), columns=None, n_segments="auto", seed=0)
    pd.testing.assert_series_equal(line.labels, report.labels)
    pd.testing.assert_frame_equal(line.profile, report.profile)


def test_a_misspelt_indicator_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'spend_total'"):
        choose_columns(customers_of("shop"), ["spend_totl"])


def test_columns_come_in_the_order_that_was_asked_for():
    chosen, _ = choose_columns(customers_of("shop"), ["recency_days", "margin_total", "spend_total"])
    assert chosen.columns.tolist() == ["recency_days", "spend_total"]


def test_the_input_is_not_changed():
    before = customers_of("shop").copy()
    choose_columns(customers_of("shop"))
    pd.testing.assert_frame_equal(customers_of("shop"), before)


def test_late_is_twice_the_usual_gap_end_included_and_buying_by_the_state():
    found = SimpleNamespace(
        labels=pd.Series({"a": "x", "b": "x", "c": "y", "d": "x"}), profile=pd.DataFrame(index=["x", "y"])
    )
    ratios = pd.DataFrame(
        {"gap_overdue_ratio": [2.0, 1.99, np.nan, 9.0], "spend_total": [7.0, 1.0, 1.0, 5.0]},
        index=list("abcd"),
    )
    late = late_in_segments(found, ratios)
    assert late["late"].to_dict() == late["buying"].to_dict() == {"x": 2, "y": 0}
    states = pd.Series(["active", "active", "active", "lost"], index=list("abcd"))
    late = late_in_segments(found, ratios, states)
    assert late.loc["x"].tolist() == [2, 1, 7.0]
    assert late_in_segments(found, ratios.drop(columns="gap_overdue_ratio"))["late"].sum() == 0


def test_every_customer_is_listed_once_in_the_order_of_segments():
    found = segments_of("shop")
    listed = segment_list(shop(), found, customers_of("shop"))
    assert sorted(listed["customer_id"]) == sorted(found.labels.index)
    assert listed["segment"].drop_duplicates().tolist() == list(found.profile.index)
    for _, members in listed.groupby("segment"):
        assert members["spend_total"].is_monotonic_decreasing


def test_members_of_a_segment_that_does_not_hold_are_not_listed():
    found = segments_of("shop")
    stability = found.stability.assign(published=[False, *[True] * (len(found.stability) - 1)])
    weak = SimpleNamespace(labels=found.labels, profile=found.profile, stability=stability)
    assert found.profile.index[0] not in set(segment_list(shop(), weak, customers_of("shop"))["segment"])


def test_customers_are_shown_by_pseudonym_where_crm_toml_says_so(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "a secret of sixteen or more")
    private = SimpleNamespace(
        currency="EUR", config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True))
    )
    listed = segment_list(private, segments_of("shop"), customers_of("shop"))
    assert not set(listed["customer_id"]) & set(customers_of("shop").index)
    assert listed["customer_id"].is_unique


def test_every_segment_has_advice():
    advice = segment_advice(segments_of("shop"))
    assert list(advice.index) == list(segments_of("shop").profile.index)
    assert advice.map(len).min() >= 1
