"""Segments from one report to the next: names stay, moves add up, and a planted shift is told with its cause."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, compute_indicators, follow_segments, segment_customers, segment_moves
from crmlib.analyse.segments.choice import KEPT, NEW, Published, match_segments
from crmlib.analyse.segments.moves import segment_meetings
from crmlib.analyse.segments.segment import published_of
from crmlib.prepare.outbox import keep, last_kept

START, SHIFTED = pd.Timestamp("2023-01-01"), pd.Timestamp("2024-05-01")


def orders():
    """Sixty who buy much, often; 120 who buy little, seldom; of these, twenty buy much and often since May 2024."""
    rng, rows = np.random.default_rng(3), []
    for i in range(180):
        for day in range(0, 545):
            when = START + pd.Timedelta(days=day)
            large = i < 60 or (i >= 160 and when >= SHIFTED)
            if rng.random() < (0.06 if large else 0.012):
                rows.append((f"c{i:03d}", f"o{i}-{day}", when, rng.lognormal(6 if large else 3.5, 0.3)))
    for i in range(15):
        rows += [
            (f"n{i:02d}", f"n{i}-{d}", pd.Timestamp("2024-06-01") + pd.Timedelta(days=d), 30.0 + i)
            for d in (0, 9)
        ]
    return pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_at", "net_amount"]).assign(
        product_id="p"
    )


@pytest.fixture(scope="module")
def crm():
    return Crm.from_frames(as_of="2024-06-28", transactions=orders())


@pytest.fixture(scope="module")
def figures(crm):
    return compute_indicators(crm)


@pytest.fixture(scope="module")
def then(crm):
    return segment_customers(compute_indicators(crm.at("2024-03-31")), n_segments=2)


def test_a_published_model_survives_the_file_and_puts_everybody_where_they_were(crm, then):
    kept = Published.from_dict(json.loads(json.dumps(published_of(then, as_of="2024-03-31").to_dict())))
    again = segment_customers(compute_indicators(crm.at("2024-03-31")), n_segments=2, published=kept)
    assert again.carried.verdict == KEPT and again.carried.since == "2024-03-31"
    pd.testing.assert_series_equal(again.labels, then.labels)
    assert list(again.profile.index) == list(then.profile.index)


def test_names_and_order_carry_over_to_later_customers(figures, then):
    later = segment_customers(figures, n_segments=2, published=published_of(then, as_of="2024-03-31"))
    assert list(later.deviations.index) == list(then.deviations.index)
    assert later.carried.verdict == KEPT and later.carried.new_pct < later.carried.kept_pct + 5


def test_a_new_model_is_taken_where_the_old_one_tells_nobody_apart(figures, then):
    old = published_of(then, as_of="2024-03-31")
    far = figures.assign(basket_value_mean=figures["basket_value_mean"] * 1000, orders_per_year_mean=99.0)
    assert segment_customers(far, n_segments=2, published=old).carried.verdict == NEW
    assert segment_customers(
        figures.drop(columns="basket_items_mean", errors="ignore"), published=old
    ).profile.shape


def test_groups_are_matched_by_their_members_whatever_their_numbers():
    earlier, labels = np.repeat([0, 1, 2], 30), np.repeat([2, 0, 1], 30)
    assert match_segments(earlier, labels) == {2: 0, 0: 1, 1: 2}
    assert match_segments(np.repeat([0, 1], 30), np.tile([0, 1, 2, 3], 15)) == {}


def test_moves_add_up_and_the_planted_shift_is_told_with_its_cause(crm, figures):
    moves = segment_moves(crm, segment_customers(figures), figures, since="2024-03-31")
    balance = moves.balance
    sums = balance["then"] + balance["joined"] - balance["left"] + balance["moved_in"] - balance["moved_out"]
    assert (sums == balance["now"]).all() and balance["now"].sum() == (figures["order_count"] > 0).sum()
    assert balance["moved_in"].sum() == balance["moved_out"].sum() == moves.moved >= 15
    assert balance["joined"].sum() == 15
    shift, planted = moves.table.iloc[0], {f"c{i:03d}" for i in range(160, 180)}
    assert shift["customers"] >= 10 and shift["change_sd"] > 0.5 and shift["spend_365d"] > 0
    assert shift["figure"] in ("orders_per_year_mean", "basket_value_mean")
    assert len(planted & set(moves.customers.index)) >= 15


def test_the_last_report_is_kept_by_closing_moment(tmp_path, crm, figures):
    kept = SimpleNamespace(config=SimpleNamespace(root=tmp_path), as_of=pd.Timestamp("2024-03-31"))
    keep(kept, "x", {"n": 1})
    keep(kept, "x", {"n": 2})
    later = SimpleNamespace(config=kept.config, as_of=pd.Timestamp("2024-04-30"))
    assert last_kept(kept, "x") is None and last_kept(later, "x")["n"] == 2
    assert (tmp_path / ".kept" / "x.json").stat().st_mode & 0o077 == 0
    found = follow_segments(crm, figures, n_segments=2)
    pd.testing.assert_series_equal(found.labels, segment_customers(figures, n_segments=2).labels)


def test_segments_meet_states_in_counts(then):
    states = pd.Series("active", then.labels.index)
    table = segment_meetings(then, states)
    assert table["active"].to_dict() == then.profile["customers"].to_dict()
