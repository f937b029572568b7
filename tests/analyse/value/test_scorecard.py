"""The value score: ranks by brute force, sums that add up, weights that are checked, reasons that are true."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from crmlib import Crm, compute_indicators, indicator_catalogue, open_workspace
from crmlib.analyse.value.scorecard import (
    MOST_CUSTOMERS,
    SHAKES,
    TOPICS,
    default_weights,
    lifts,
    rank_score,
    rank_stability,
    reason_pairs,
    score_reasons,
    topic_of,
    value_scorecard,
    workspace_scorecard,
    workspace_weights,
)
from crmlib.schema.errors import ConfigError, ParameterError

FEW = settings(max_examples=60, deadline=None, derandomize=True)
CATALOGUE = pd.DataFrame(
    [
        ("a", "finance", "higher"),
        ("b", "finance", "lower"),
        ("c", "contact", "higher"),
        ("t", "contact", None),
    ],
    columns=["name", "aspect", "better"],
)


def figures(customers=60, *, seed=0, missing=0.2):
    """Made-up indicators with ties and gaps, of customers whose order is not that of their names."""
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {name: random.integers(0, 12, customers).astype(float) for name in "abc"},
        index=pd.Index([f"C{i:03}" for i in random.permutation(customers)], name="customer_id"),
    )
    return table.mask(random.random(table.shape) < missing)


def card(table=None, **more):
    return value_scorecard(figures() if table is None else table, catalogue=CATALOGUE, **more)


def test_figures_that_differ_in_the_last_bits_are_level():
    lot = np.random.default_rng(5)
    plain = pd.Series(np.r_[lot.integers(1, 40, 200) / 7, 1e300, -1e300, 5e-324, 0.0, -3.5, np.nan, np.inf])
    noisy = plain * (1 + lot.integers(-3, 4, len(plain)) * 2.0**-52)
    for better in ("higher", "lower"):
        expected = rank_score(plain, better=better)
        assert rank_score(noisy, better=better).equals(expected)
        assert expected.equals((plain.rank(ascending=better == "higher") - 0.5) * (100 / plain.count()))
    assert rank_score(pd.Series([1.0, 1.0 + 1e-9]), better="higher").tolist() == [25.0, 75.0]


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), max_size=15), st.sampled_from(["higher", "lower"]))
@FEW
def test_a_rank_score_is_the_share_left_behind(values, better):
    found = rank_score(pd.Series(values, dtype="float64"), better=better)
    known = [value for value in values if value is not None]
    for value, score in zip(values, found, strict=True):
        if value is None:
            assert np.isnan(score)
        else:
            behind = sum(other < value if better == "higher" else other > value for other in known)
            assert score == pytest.approx(100 * (behind + known.count(value) / 2) / len(known))


def test_three_customers_worked_by_hand():
    # Ranks: a 83.3 50 16.7; b (fewer is better) 25 75 and one unknown. Weights 3 and 1.
    table = pd.DataFrame({"a": [9.0, 5.0, 1.0], "b": [8.0, 2.0, None]}, index=["ann", "bob", "cy"])
    found = card(table, weights={"a": 3, "b": 1})
    assert found.scores["total"].tolist() == pytest.approx([(250 + 25) / 4, (150 + 75) / 4, 50 / 3])
    assert found.coverage.to_dict() == {"ann": 1.0, "bob": 1.0, "cy": 0.75}
    assert found.contributions.loc["ann"].to_dict() == pytest.approx({"a": 62.5, "b": 6.25})
    assert found.contributions["b"].isna().tolist() == [False, False, True]
    assert found.scores["contact"].isna().all()
    assert found.scores.columns.tolist() == ["characteristics", "transactions", "finance", "contact", "total"]


def test_contributions_add_up_to_the_total_exactly():
    found = card()
    assert (found.contributions.sum(axis=1, min_count=1) == found.scores["total"])[found.coverage > 0].all()
    assert found.scores["total"].between(0, 100)[found.coverage > 0].all()


def test_a_total_is_the_weighted_mean_of_what_is_known():
    table = figures()
    found = card(table, weights={"a": 1, "b": 2, "c": 4})
    ranks = pd.DataFrame(
        {n: rank_score(table[n], better=w) for n, w in zip("abc", ("higher", "lower", "higher"), strict=True)}
    )
    weights = ranks.notna() * [1, 2, 4]
    assert found.scores["total"].to_numpy() == pytest.approx(
        (ranks * weights).sum(axis=1) / weights.sum(axis=1), nan_ok=True
    )
    two = weights[["a", "b"]]
    assert found.scores["finance"].to_numpy() == pytest.approx(
        (ranks * two).sum(axis=1) / two.sum(axis=1), nan_ok=True
    )
    assert found.coverage.to_numpy() == pytest.approx(weights.sum(axis=1) / 7)


def test_only_the_order_of_values_counts():
    table = figures()
    bent = table.assign(a=np.exp(table["a"]), b=table["b"] ** 3 - 7, c=table["c"] * 1e6)
    pd.testing.assert_frame_equal(card(table).scores, card(bent).scores)


def test_the_order_of_customers_and_columns_does_not_count():
    table = figures()
    mixed = table.sample(frac=1, random_state=4)[["c", "a", "b"]]
    one, other = card(table), card(mixed)
    assert other.scores.index.equals(mixed.index)
    pd.testing.assert_frame_equal(one.scores, other.scores.loc[one.scores.index])
    pd.testing.assert_frame_equal(one.contributions, other.contributions.loc[one.scores.index])
    pd.testing.assert_frame_equal(one.rank_stability, other.rank_stability)
    pd.testing.assert_frame_equal(one.weights, other.weights)


def test_the_input_stays_as_it_is():
    table = figures()
    before = table.copy(deep=True)
    card(table)
    pd.testing.assert_frame_equal(table, before)


def test_what_is_left_out_says_why():
    table = figures().assign(t=1.0, same=3.0, empty=np.nan, text="x", other=range(60))
    more = pd.DataFrame(
        {"name": ["same", "empty", "text", "gone", "lost"], "aspect": "finance", "better": "higher"}
    )
    table.attrs["left_out"] = {"gone": "transactions has no column cost_amount."}
    found = value_scorecard(table, catalogue=pd.concat([CATALOGUE, more], ignore_index=True))
    assert found.left_out.to_dict() == {
        "t": "neither_better",
        "same": "same",
        "empty": "unknown",
        "text": "no_number",
        "gone": "transactions has no column cost_amount.",
        "lost": "not_given",
        "other": "unlisted",
    }
    assert found.weights["used"].sum() == 3 and found.weights["weight"].sum() == pytest.approx(100)


def test_decimals_whole_numbers_and_truth_values_are_numbers():
    table = pd.DataFrame({"a": [Decimal("1.5"), Decimal("2.5"), None], "b": pd.array([1, None, 3], "Int64"),
                          "c": [True, False, False]})  # fmt: skip
    assert card(table).weights["used"].sum() == 3


@pytest.mark.parametrize("customers", [0, 1, 2])
def test_few_customers(customers):
    table = figures(2, missing=0).iloc[:customers]
    found = card(table)
    assert len(found.scores) == len(found.coverage) == len(found.contributions) == customers
    assert len(found.best_fifth) == (1 if customers == 2 else 0)
    assert score_reasons(found).shape == (customers,)
    if customers < 2:
        assert (
            found.scores["total"].isna().all() and found.rank_stability.empty and (found.coverage == 0).all()
        )
        assert found.rank_stability.columns.tolist() == card().rank_stability.columns.tolist()


def test_figures_that_say_the_same_share_one_weight():
    one = default_weights(["spend_total", "recency_days"])
    four = default_weights(["spend_total", "spend_30d", "spend_90d", "spend_365d", "recency_days"])
    assert sum(points for name, points in four.items() if name.startswith("spend")) == one["spend_total"]
    assert four["recency_days"] == one["recency_days"]
    assert topic_of("spend_trend").name != topic_of("spend_total").name


def test_every_indicator_with_a_better_end_has_a_topic_and_every_topic_an_indicator():
    catalogue = indicator_catalogue()
    scored = catalogue.loc[catalogue["better"].isin(["higher", "lower"]), "name"]
    assert {topic_of(name).name for name in scored} == {topic.name for topic in TOPICS}
    assert sum(topic.points for topic in TOPICS) == 100


def test_what_grows_with_spend_does_not_punish_the_best_unless_somebody_wants_it():
    table = pd.DataFrame({"spend_total": [9.0, 5.0, 1.0], "discount_total": [3.0, 2.0, 0.0]})
    assert value_scorecard(table).left_out["discount_total"] == "grows"
    wanted = value_scorecard(table, weights={"spend_total": 1, "discount_total": 1})
    assert wanted.weights.loc["discount_total", "weight"] == 50


def test_two_topics_never_claim_the_same_indicator():
    begins = [begin for topic in TOPICS for begin in topic.begin]
    assert len(begins) == len(set(begins))
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"aa": 1}, "no indicator 'aa'"),
        ({"a": -1}, "weight of a is -1"),
        ({"a": float("nan")}, "weight of a is nan"),
        ({"a": "3"}, "weight of a is '3'"),
        ({"a": True}, "weight of a is True"),
        ({"t": 1}, "neither"),
        ({"a": 0}, "none above 0"),
        ({}, "none above 0"),
        ([1, 2], "list"),
    ],
    ids=lambda part: part.replace(" ", "_")[:20] if isinstance(part, str) else "weights",
)
def test_weights_that_cannot_be_meant_are_refused(weights, says):
    with pytest.raises(ParameterError, match=says):
        card(weights=weights)


def test_a_misspelt_weight_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'spend_total'"):
        value_scorecard(pd.DataFrame({"spend_total": [1.0, 2.0]}), weights={"spend_totals": 1})


def test_own_weights_replace_the_default_ones():
    found = card(weights=pd.Series({"a": 3.0, "c": 1.0, "b": 0.0}))
    assert found.weights.loc[["a", "c"], "weight"].tolist() == [75.0, 25.0]
    assert found.left_out.to_dict() == {"b": "nought", "t": "no_weight"}
    assert found.contributions.columns.tolist() == ["a", "c"]


@pytest.mark.parametrize(
    "table",
    [
        [1, 2],
        pd.DataFrame({"a": [1, 2]}, index=["x", "x"]),
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
    ],
    ids=["list", "customer twice", "column twice"],
)
def test_a_table_that_does_not_fit_is_refused(table):
    with pytest.raises(ParameterError):
        value_scorecard(table)


@pytest.mark.parametrize("catalogue", [CATALOGUE.drop(columns="better"), pd.concat([CATALOGUE, CATALOGUE])])
def test_a_catalogue_that_does_not_fit_is_refused(catalogue):
    with pytest.raises(ParameterError, match="catalogue"):
        value_scorecard(figures(), catalogue=catalogue)


def test_stability_is_what_a_plain_loop_finds():
    table, weights, decisions = figures(40).to_numpy(), np.array([5.0, 3.0, 2.0]), np.array([0, 1, 1])
    table = table[~np.isnan(table).all(axis=1)]
    found = rank_stability(table, weights, decisions, seed=7, draws=6)
    random = np.random.default_rng(7)

    def total(weights):
        return np.ma.average(np.ma.masked_invalid(table), axis=1, weights=weights).data

    def best(scores):
        return scores >= np.sort(scores)[-int(np.ceil(0.2 * len(scores)))] - 1e-9

    for shake, row in zip(SHAKES, found.itertuples(), strict=True):
        factors = 1 + shake / 100 * random.uniform(-1, 1, (2, 6))
        base = total(weights)
        shaken = [total(weights * factors[decisions, i]) for i in range(6)]
        kept = [100 * best(one)[best(base)].mean() for one in shaken]
        assert row.kept_share_pct == pytest.approx(np.mean(kept))
        assert (row.low, row.high) == pytest.approx(tuple(np.percentile(kept, [2.5, 97.5])))
        assert row.rank_correlation == pytest.approx(np.mean([spearmanr(base, one)[0] for one in shaken]))


def test_harder_shakes_leave_fewer_in_place_and_one_weight_cannot_be_shaken():
    table = card(figures(400)).rank_stability
    assert table["shake_pct"].tolist() == list(SHAKES)
    assert table["kept_share_pct"].is_monotonic_decreasing and table["kept_share_pct"].iloc[-1] < 99
    assert ((table["low"] <= table["kept_share_pct"]) & (table["kept_share_pct"] <= table["high"])).all()
    alone = card(figures()[["a"]]).rank_stability
    assert (alone["kept_share_pct"] == 100).all() and alone["rank_correlation"].to_numpy() == pytest.approx(1)


def test_of_many_customers_some_stand_for_all():
    few, many = figures(2000, seed=1), figures(2 * MOST_CUSTOMERS, seed=1)
    one, other = (
        rank_stability(t.to_numpy(), np.ones(3), np.arange(3), seed=0, draws=40) for t in (few, many)
    )
    assert np.abs(one["kept_share_pct"] - other["kept_share_pct"]).max() < 4


def test_the_seed_decides_the_shakes():
    pd.testing.assert_frame_equal(card(seed=1).rank_stability, card(seed=1).rank_stability)
    assert not card(seed=1).rank_stability.equals(card(seed=2).rank_stability)
    with pytest.raises(ParameterError, match="seed"):
        card(seed=-1)


def test_lifts_add_up_to_the_distance_from_the_average():
    found = card()
    known = found.coverage > 0
    assert lifts(found).sum(axis=1)[known].to_numpy() == pytest.approx(found.scores["total"][known] - 50)


def test_reasons_are_the_largest_lifts_in_the_direction_of_the_score():
    found = card()
    moves = lifts(found)
    for customer, pairs in reason_pairs(found, n=2).items():
        total = found.scores.loc[customer, "total"]
        if np.isnan(total):
            assert pairs == ()
            continue
        way = 1 if total >= 50 else -1
        largest = (way * moves.loc[customer]).fillna(0).sort_values(ascending=False).head(2)
        assert sorted(way * moves.loc[customer, name] for name, _ in pairs) == pytest.approx(
            sorted(largest[largest > 1e-9])
        )
        for name, word in pairs:
            good = (word == "high") == (CATALOGUE.set_index("name").loc[name, "better"] == "higher")
            assert good == (way > 0)


def test_one_figure_stands_for_its_topic():
    random = np.random.default_rng(0)
    spend = random.gamma(1, 50, 30)
    table = pd.DataFrame(
        {"spend_total": spend, "spend_90d": spend / 4, "recency_days": random.integers(0, 99, 30)}
    )
    said = score_reasons(value_scorecard(table))
    assert not said.str.contains("spend_total").__and__(said.str.contains("spend_90d")).any()
    chosen = score_reasons(value_scorecard(table), 1, customers=[7, 3])
    assert chosen.index.tolist() == [7, 3] and (chosen.str.count(",") == 0).all()


def test_the_best_fifth_are_the_highest_and_whoever_is_level():
    found = card(figures(50, missing=0))
    totals, best = found.scores["total"], found.best_fifth
    assert len(best) >= 10 and totals[best].min() > totals.drop(best).max()
    assert totals[best].is_monotonic_decreasing


WORKSPACE = """
currency = "EUR"
as_of = 2024-01-31
[tables.transactions]
from = "orders.csv"
[indicators.tea_spend]
over = "lines"
sql = "sum(net_amount) filter (where product_id = 'tea')"
aspect = "finance"
unit = "currency"
better = "higher"
says = "Net spend on tea."
[scorecard.weights]
{weights}
"""


@pytest.fixture()
def workspace(tmp_path):
    def made(weights):
        (tmp_path / "crm.toml").write_text(WORKSPACE.format(weights=weights))
        lines = ["order_id,customer_id,product_id,ordered_at,net_amount", "1,ann,tea,2024-01-01,9",
                 "2,bob,tea,2024-01-05,4", "3,cy,milk,2024-01-20,2"]  # fmt: skip
        (tmp_path / "orders.csv").write_text("\n".join(lines) + "\n")
        return open_workspace(tmp_path)

    return made


def test_weights_and_indicators_of_crm_toml_join_the_score(workspace):
    crm = workspace("tea_spend = 3\nrecency_days = 1")
    found = workspace_scorecard(crm, compute_indicators(crm))
    assert found.weights.loc[["tea_spend", "recency_days"], "weight"].tolist() == [75.0, 25.0]
    assert found.coverage.to_dict() == {"ann": 1.0, "bob": 1.0, "cy": 0.25}


def test_without_weights_in_crm_toml_the_default_ones_hold(workspace):
    crm = workspace("")
    assert workspace_weights(crm) is None
    assert workspace_scorecard(crm, compute_indicators(crm)).weights.loc["tea_spend", "used"]


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ("tea_spent = 3", "Did you mean 'tea_spend'"),
        ("favourite_category = 1", "neither end"),
        ("tea_spend = 0", "none above 0"),
    ],
    ids=["misspelt", "no better end", "nought"],
)
def test_weights_of_crm_toml_that_cannot_be_meant_are_refused_by_their_key(workspace, weights, says):
    with pytest.raises(ConfigError, match=rf"scorecard\.weights: .*{says}"):
        workspace_weights(workspace(weights))


def test_a_workspace_without_a_file_has_the_default_weights():
    assert workspace_weights(SimpleNamespace(config=None)) is None


def test_the_demo_of_frames_is_scored():
    lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["ann", "bob"], "product_id": "tea",
                          "ordered_at": ["2024-01-01", "2024-01-09"], "net_amount": [5.0, 9.0]})  # fmt: skip
    crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    found = workspace_scorecard(crm, compute_indicators(crm))
    assert found.scores["total"].idxmax() == "bob"
    assert "cost_amount" in found.left_out["margin_total"]
    assert "spend_total" in found._repr_html_()
