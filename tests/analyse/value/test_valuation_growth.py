"""Growth potential: a shop by hand, a second reckoning in pandas, and the bounds that make it honest."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.value.potential import growth_valuation, spend_thirds
from crmlib.schema.errors import ParameterError

NAMES = [f"c{i:02}" for i in range(21)]
ONE = pd.Series("shop", index=NAMES)


def long(**categories):
    """{category: spend of each customer} as rows, without the noughts."""
    table = pd.DataFrame(categories, index=pd.Index(NAMES, name="customer_id")).rename_axis(
        "category", axis=1
    )
    rows = table.stack().rename("spend").reset_index()
    return rows[rows["spend"] > 0].reset_index(drop=True)


def test_hand_checked_shop():
    # 21 customers: the upper quartile is the 16th from below
    bread = [100.0] * 21  # everybody: 100
    milk = [0.0] * 10 + [10.0, 40, 40, 40, 40, 40, 40, 60, 60, 60, 60]  # the 16th from below spends 40
    caviar = [0.0] * 16 + [500.0] * 5  # 5 of 21 buy it: not more than a quarter, so there is no room
    growth = growth_valuation(long(bread=bread, milk=milk, caviar=caviar), ONE)
    # in all: ten spend 100, one 110, five 140 ... the 16th from below spends 140
    assert growth.loc["c00", ["growth_potential", "growth_category"]].tolist() == [40.0, "milk"]
    assert growth.loc["c10", "growth_potential"] == 0.0  # 10 is a quarter of 40: not little any more
    assert growth.loc["c11":, "growth_potential"].eq(0).all()
    assert growth.loc["c11":, "growth_category"].isna().all()
    assert growth["growth_peers"].eq("shop").all()


def test_little_bought_counts_the_rest():
    milk = [0.0] * 10 + [9.0, 40, 40, 40, 40, 40, 40, 60, 60, 60, 60]
    growth = growth_valuation(long(bread=[100.0] * 21, milk=milk), ONE)
    assert growth.loc["c10", "growth_potential"] == 40.0 - 9.0


def test_it_is_cut_where_the_customer_would_spend_more_than_the_peers():
    # a and b are never bought together: their quartiles are 50 each, but who spends most spends 150
    a = [50.0] * 10 + [0.0] * 11
    b = [0.0] * 10 + [50.0] * 10 + [0.0]
    growth = growth_valuation(long(bread=[100.0] * 21, a=a, b=b), ONE)
    assert growth.loc["c20", ["growth_potential", "growth_category_amount"]].tolist() == [50.0, 50.0]
    assert growth.loc["c00", "growth_potential"] == 0.0  # spends 150 as the upper quartile does


def reference(spend, labels):
    """The same with a pivot table and loops."""
    wide = spend.pivot_table(index="customer_id", columns="category", values="spend", fill_value=0.0)
    members = {
        segment: [n for n in wide.index if labels.get(n) == segment] for segment in set(labels.values())
    }
    large = {segment: names for segment, names in members.items() if len(names) >= 20}
    bars = {segment: wide.loc[names].quantile(0.75) for segment, names in large.items()}
    tops = {segment: wide.loc[names].sum(axis=1).quantile(0.75) for segment, names in large.items()}
    found = {}
    for name, row in wide.iterrows():
        bar = bars.get(labels.get(name), wide.quantile(0.75))
        top = tops.get(labels.get(name), wide.sum(axis=1).quantile(0.75))
        room = sum(bar[category] - spent for category, spent in row.items() if spent < 0.25 * bar[category])
        found[name] = max(min(room, top - row.sum()), 0.0)
    return pd.Series(found)


@pytest.mark.parametrize("seed", range(3))
def test_equal_to_a_second_reckoning_on_random_data(seed):
    lot = np.random.default_rng(seed)
    names, goods = [f"k{i:03}" for i in range(90)], [f"g{i}" for i in range(9)]
    rows = [
        (n, g, round(float(lot.gamma(0.8, 60)), 2) + 0.01) for n in names for g in goods if lot.random() < 0.5
    ]
    spend = pd.DataFrame(rows, columns=["customer_id", "category", "spend"]).sample(frac=1, random_state=seed)
    labels = pd.Series(
        lot.choice(np.array(["a", "b", "tiny", None], dtype=object), 90, p=[0.5, 0.3, 0.1, 0.1]), names
    )
    growth = growth_valuation(spend, labels)
    expected = reference(spend, labels.dropna().to_dict())
    assert (growth["growth_potential"] > 0).sum() > 10
    np.testing.assert_allclose(growth["growth_potential"], expected.loc[growth.index], atol=1e-9)
    assert (growth["growth_category_amount"] <= growth["growth_potential"] + 1e-9).all()


def test_rows_in_another_order_and_another_currency():
    spend = long(bread=[100.0 + i for i in range(21)], milk=[0.0] * 8 + [40.0] * 13)
    plain = growth_valuation(spend)
    pd.testing.assert_frame_equal(growth_valuation(spend[::-1]), plain)
    scaled = growth_valuation(spend.assign(spend=8 * spend["spend"]))
    np.testing.assert_allclose(scaled["growth_potential"], 8 * plain["growth_potential"])
    assert scaled["growth_category"].equals(plain["growth_category"])


def test_small_segments_are_measured_by_everybody():
    labels = pd.Series(["vip"] * 3 + ["shop"] * 18, NAMES)
    growth = growth_valuation(long(bread=[100.0] * 21, milk=[0.0] * 8 + [40.0] * 13), labels)
    assert growth["growth_peers"].eq("all customers").all()
    assert growth.loc["c00", "growth_potential"] == 40.0


def test_thirds_keep_equals_together():
    thirds = spend_thirds(pd.Series([5.0] * 4 + [9.0, 10.0], index=list("abcdef")))
    assert thirds[list("abcd")].nunique() == 1 and thirds["f"] == "upper third"


def test_nobody_and_a_wrong_kind_of_segments():
    nobody = pd.DataFrame({"customer_id": [], "category": [], "spend": []})
    assert growth_valuation(nobody).empty
    with pytest.raises(ParameterError, match="give a Series"):
        growth_valuation(long(bread=[1.0] * 21), ["shop"] * 21)
