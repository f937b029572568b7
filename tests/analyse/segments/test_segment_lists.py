"""What stands before and after the segments."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.segments.lists import (
    ADVICE,
    SEGMENT_INDICATORS,
    choose_columns,
    overdue_customers,
    segment_advice,
    segment_list,
)
from crmlib.measure.indicators import indicator_catalogue
from crmlib.prepare.privacy import KEY_VARIABLE
from crmlib.schema.errors import ParameterError
from tests.present.report_samples import customers_of, segments_of, shop

HOUSE = SimpleNamespace(currency="EUR", config=None)


def test_the_usual_indicators_are_known():
    assert set(SEGMENT_INDICATORS) <= set(indicator_catalogue()["name"])


def test_what_cannot_be_computed_is_left_out_with_its_reason():
    chosen = choose_columns(shop(), customers_of("shop"))
    assert "margin_share_pct" not in chosen
    assert "cost_amount" in chosen.attrs["left_out"]["margin_share_pct"]
    assert chosen.attrs["units"]["spend_total"] == "currency" and chosen.attrs["currency"] == "EUR"


def test_a_misspelt_indicator_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'spend_total'"):
        choose_columns(shop(), customers_of("shop"), ["spend_totl"])


def test_the_input_is_not_changed():
    before = customers_of("shop").copy()
    choose_columns(shop(), customers_of("shop"))
    pd.testing.assert_frame_equal(customers_of("shop"), before)


def test_overdue_is_twice_the_usual_gap_end_included():
    found = SimpleNamespace(
        labels=pd.Series({"a": "x", "b": "x", "c": "y"}), profile=pd.DataFrame(index=["x", "y"])
    )
    ratios = pd.DataFrame({"gap_overdue_ratio": [2.0, 1.99, np.nan]}, index=["a", "b", "c"])
    assert overdue_customers(found, ratios).to_dict() == {"x": 1, "y": 0}
    assert overdue_customers(found, ratios.drop(columns="gap_overdue_ratio")).empty


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


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ({"spend_total": 1.2, "recency_days": -0.8}, "keep"),
        ({"spend_total": 0.9, "recency_days": 1.0}, "call"),
        ({"spend_total": 0.0, "recency_days": 0.9}, "ask back"),
        ({"spend_total": -1.0, "recency_days": 1.1}, "let be"),
        ({"spend_total": -0.2, "order_count": 0.5, "recency_days": -0.6}, "grow"),
        ({"spend_total": -0.9, "order_count": -0.9, "recency_days": -0.5}, "second"),
    ],
)
def test_advice_follows_from_where_a_segment_lies(place, advice):
    model = SimpleNamespace(centres_=np.array([list(place.values())]))
    found = SimpleNamespace(profile=pd.DataFrame(index=["it"]), features=list(place), model=model)
    assert segment_advice(found)["it"] == ADVICE[advice]


def test_discount_seekers_come_with_a_warning():
    model = SimpleNamespace(centres_=np.array([[0.0, 1.0]]))
    found = SimpleNamespace(
        profile=pd.DataFrame(index=["it"]), features=["spend_total", "discount_share_pct"], model=model
    )
    assert "margin" in segment_advice(found)["it"]
