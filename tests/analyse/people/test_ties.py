import pandas as pd
import pytest

from crmlib.analyse.people.ties import _at_level, relation_graph
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError


def ties(*rows):
    names = ["from_customer_id", "to_customer_id", "relation", "share_pct"]
    return pd.DataFrame([(*row, None)[:4] for row in rows], columns=names)


def graph_of(*rows, **tables):
    return relation_graph(Crm.from_frames(as_of="2024-12-31", relations=ties(*rows), **tables))


def test_shares_are_multiplied_down_a_chain_and_added_where_chains_meet():
    found = graph_of(
        ("top", "left", "parent", 60), ("top", "right", "parent", 50),
        ("left", "low", "parent", 50), ("right", "low", "parent", 40),
    )  # fmt: skip
    units = found.units
    assert units["held_pct"].round(6).to_dict() == {"top": 100, "left": 60, "low": 50, "right": 50}
    assert units.loc["low", "parent_id"] == "left" and units.loc["low", "depth"] == 2
    assert found.families.loc["top", "units"] == 4


def test_a_circle_of_ownership_is_named_and_everybody_stands_in_one_family_once():
    found = graph_of(("a", "b", "parent", 80), ("b", "c", "parent", 70), ("c", "a", "parent", 10))
    assert len(found.cycles) == 1 and set(found.cycles[0]) == {"a", "b", "c"}
    assert found.units["parent_id"].fillna("").to_dict() == {"a": "", "b": "a", "c": "b"}
    assert found.units.index.is_unique


def test_a_family_of_sixty_stands_in_the_order_of_its_tree():
    rows = [(f"u{i // 3:02d}", f"u{i:02d}", "parent", 100) for i in range(1, 60)]
    found = graph_of(*rows)
    assert found.families["units"].tolist() == [60]
    place = {unit: at for at, unit in enumerate(found.units.index)}
    below = found.units["parent_id"].dropna()
    assert all(place[parent] < place[unit] for unit, parent in below.items())


def test_a_parent_named_by_the_customer_counts_and_a_tie_to_oneself_does_not():
    known = pd.DataFrame({"customer_id": ["a", "b"], "parent_customer_id": [None, "a"]})
    found = graph_of(("a", "a", "parent", 100), ("a", "b", "parent", 75), customers=known)
    assert found.units["share_pct"].to_dict()["b"] == 75 and len(found.graph.edges) == 1


@pytest.fixture(scope="module")
def trading():
    orders = pd.DataFrame(
        [("1", "a", "p", 100.0), ("2", "b", "q", 40.0), ("3", "c", "p", 60.0), ("4", "d", "p", 30.0)],
        columns=["order_id", "customer_id", "product_id", "net_amount"],
    ).assign(ordered_at="2024-11-30")
    goods = pd.DataFrame({"product_id": ["p", "q"], "category": ["Pumps", "Queues"]})
    known = pd.DataFrame(
        {
            "customer_id": list("abcde"),
            "industry": "x",
            "company_size": "s",
            "credit_limit": [10.0, 20.0, 0, 0, 0],
        }
    )
    return graph_of(
        ("a", "b", "parent", 100), ("a", "c", "referrer"), ("c", "d", "referrer"), ("a", "e", "partner"),
        transactions=orders, products=goods, customers=known,
    )  # fmt: skip


def test_a_family_sums_its_units_and_counts_partners_outside(trading):
    family = trading.families.loc["a"]
    assert family["spend_365d"] == 140 and family["credit_limit"] == 30 and family["partners"] == 1


def test_headroom_is_what_similar_units_spend_at_the_level_of_the_unit(trading):
    found = trading.headroom.set_index(["customer_id", "category"])["headroom"]
    # Four buyers spend 190 on pumps and 40 on queues; they are all alike, so the mean of all stays: 47.50 and 10.
    # b spends 40 where they spend 10, a spends 100 where they spend 47.50, each a tenth drawn to their 57.50.
    assert found.to_dict() == pytest.approx(
        {
            ("b", "Pumps"): 47.5 * (400 + 57.5) / (100 + 57.5),
            ("a", "Queues"): 10 * (1000 + 57.5) / (475 + 57.5),
        }
    )


def test_a_unit_that_spends_as_similar_ones_do_has_the_headroom_of_their_mean():
    expected = pd.DataFrame({"p": [30.0], "q": [70.0]}, index=["u"])
    assert _at_level(expected, pd.Series([70.0], index=["u"])).at["u", "p"] == pytest.approx(30)
    assert _at_level(expected * 0, pd.Series([0.0], index=["u"])).to_numpy().tolist() == [[0, 0]]


def test_the_referred_count_in_turn(trading):
    found = trading.referrers
    assert found.loc["a", ["referred_count", "referred_spend_total", "network_spend_total"]].tolist() == [
        1,
        60,
        90,
    ]
    assert found.index[0] == "a"


def test_without_a_table_of_ties_it_says_what_to_map():
    with pytest.raises(SchemaError, match="relations"):
        relation_graph(Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a"]})))
