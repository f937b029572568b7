"""Groups of customers: who is in which, what each buys more of, and lists of their members alone."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, compare_groups
from crmlib.analyse.segments import groups
from crmlib.analyse.segments.groups import customer_groups, customers_in
from crmlib.present.reports.segments.draw import plot_group_comparison
from crmlib.schema.errors import ParameterError
from tests.present.drawn import faults_of


@pytest.fixture(scope="module")
def crm():
    """Of North nearly all buy tools, of South nearly none; East is too small to be shown, and West would tell of it."""
    rng, rows = np.random.default_rng(1), []
    for i in range(215):
        region = "North" if i < 100 else "South" if i < 200 else "East"
        for product in ("tool", "soap"):
            chance = 1.0 if product == "soap" else 0.9 if region == "North" else 0.1
            if rng.random() < chance or (product == "soap" and i >= 200):
                rows.append((f"c{i}", f"o{i}{product}", product, 10.0, "2024-01-05"))
    lines = pd.DataFrame(rows, columns=["customer_id", "order_id", "product_id", "net_amount", "ordered_at"])
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(215)]})
    people["region"] = ["North"] * 100 + ["South"] * 100 + ["East"] * 3 + ["West"] * 12
    people["tags"] = ["vip; new" if i < 30 else None for i in range(215)]
    people["owner_id"] = "e1"
    goods = pd.DataFrame({"product_id": ["tool", "soap"], "category": ["Tools", "Soap"]})
    return Crm.from_frames(as_of="2024-01-31", transactions=lines, customers=people, products=goods)


def test_planted_differences_are_clear_and_alike_groups_are_not(crm):
    found = compare_groups(crm, by="region", over="category")
    table = found.table.set_index(["group", "value"])
    assert table.loc[("North", "Tools"), "index"] > 140 and table.loc[("South", "Tools"), "index"] < 60
    assert table.loc[("North", "Tools"), "is_clear"] and not table["is_clear"].xs("Soap", level="value").any()
    assert (table["index_low"] <= table["index"]).all() and (table["index"] <= table["index_high"]).all()
    assert (table["share_pct"] - 100 * table["bought"] / table["customers"]).abs().max() < 1e-9


def test_groups_too_small_to_be_shown_are_counted_and_left_out(crm):
    found = compare_groups(crm, by="region", over="category")
    assert set(found.table["group"]) == {"North", "South"} and found.left_out == 15


def test_a_customer_is_in_all_groups_of_several_kinds(crm):
    assert len(customers_in(crm, region="north", label="VIP")) == 30
    assert customers_in(crm, region=None) is None
    assert customers_in(crm, region="South", label="vip") == set()
    assert customer_groups(crm, "state")["customer_id"].is_unique


def test_segments_are_groups_as_columns_are(crm, monkeypatch):
    labels = pd.Series({"c0": "Key accounts", "c1": "Key accounts", "c150": "Casual customers"})
    monkeypatch.setattr(groups, "follow_segments", lambda crm: SimpleNamespace(labels=labels))
    assert customers_in(crm, segment="key accounts") == {"c0", "c1"}
    assert customers_in(crm, segment="key accounts", region="South") == set()


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"by": "regoin"}, "Did you mean 'region'"),
        ({"over": "colour"}, "not compared over"),
        ({"by": "source"}, "no column"),
    ],
)
def test_what_is_not_known_is_answered_with_the_remedy(crm, asked, remedy):
    with pytest.raises(ParameterError, match=remedy):
        compare_groups(crm, **asked)


def test_a_group_that_nobody_is_in_is_refused(crm):
    with pytest.raises(ParameterError, match="Did you mean 'North'"):
        customers_in(crm, region="Nort")


def test_the_picture_shows_clear_differences_only(crm):
    ax = plot_group_comparison(compare_groups(crm, by="region", over="category"))
    texts = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert len(texts) == 2 and faults_of(ax) == []
