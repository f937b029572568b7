"""Runs month by month: names and order stay, moves add up, and a planted shift is told with its cause."""

from itertools import pairwise

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators, segment_customers, segment_moves, what_changed
from crmlib.analyse.segments.names import segment_names
from crmlib.analyse.segments.segment import published_of
from tests.analyse.segments.test_segment_moves import orders

MONTHS = pd.period_range("2024-01", "2024-06", freq="M")
FIGURES = (
    *("order_count", "spend_total", "orders_per_year_mean", "basket_value_mean"),
    *("basket_lines_mean", "recency_days", "spend_365d"),
)
CUT = pd.Timestamp("2024-04-01")


def shop(lines=None):
    return Crm.from_frames(as_of="2024-06-30", transactions=orders() if lines is None else lines)


def run_of(crm, published=None):
    figures = compute_indicators(crm, FIGURES)
    return figures, segment_customers(figures, n_segments=2, published=published)


@pytest.fixture(scope="module")
def year():
    """Six runs, each carried on from the last: (segments, moves since the last)."""
    crm, kept, last, made = shop(), None, None, []
    for month in MONTHS:
        then = crm if month == MONTHS[-1] else crm.at(f"{month.end_time:%Y-%m-%d}")
        figures, found = run_of(then, kept)
        moves = segment_moves(then, found, figures, since=last) if last else None
        made.append((found, moves))
        kept, last = published_of(found, as_of=str(month)), f"{month.end_time:%Y-%m-%d}"
    return made


def test_names_order_and_so_colours_stay_from_month_to_month(year):
    assert len({tuple(found.deviations.index) for found, _ in year}) == 1
    assert len(set(year[0][0].deviations.index)) == 2
    assert [found.carried.verdict for found, _ in year[1:]].count("kept") >= 4


def test_moves_add_up_from_month_to_month(year):
    for (before, _), (found, moves) in pairwise(year):
        told = moves.balance
        sums = told["then"] + told["joined"] - told["left"] + told["moved_in"] - told["moved_out"]
        assert (sums == told["now"]).all()
        assert told["now"].sum() == len(found.labels) and told["then"].sum() == len(before.labels)
        assert told["moved_in"].sum() == told["moved_out"].sum() == len(moves.customers)
    assert year[-1][1].balance["joined"].sum() >= 15, "the new ones of June"


def test_customers_who_spend_a_third_are_told_as_behaviour_and_new_ones_as_mix():
    lines = orders().assign(ordered_at=lambda table: pd.to_datetime(table["ordered_at"]))
    many = [f"c{i:03d}" for i in range(20)]
    less = lines["customer_id"].isin(many) & (lines["ordered_at"] >= CUT)
    lost = float(lines.loc[less, "net_amount"].sum()) * 2 / 3
    cut = lines.assign(net_amount=lines["net_amount"].where(~less, lines["net_amount"] / 3))
    told = {}
    for case, table in (("as it was", lines), ("planted", cut)):
        crm = shop(table)
        figures, found = run_of(crm, published_of(run_of(crm.at("2024-03-31"))[1], as_of="2024-03-31"))
        split = what_changed(crm, before=CUT, segmentation=found, indicators=figures).split
        groups = split.groups[split.groups["by"] == "segment"][["buyers", "spend", "rest"]].sum()
        told[case] = split.customers, groups, split.change
        assert split.customers["first_orders"] == pytest.approx(
            lines.loc[lines["customer_id"].str[0] == "n", "net_amount"].sum()
        )
    parts = told["planted"][0] - told["as it was"][0]
    assert told["planted"][2] - told["as it was"][2] == pytest.approx(-lost)
    assert parts[["larger_orders", "more_orders"]].sum() == pytest.approx(-lost, rel=1e-6)
    assert parts["larger_orders"] < 0.8 * -lost, "they order as often, and smaller"
    assert parts[["first_orders", "came_again", "stayed_away"]].abs().max() == pytest.approx(0, abs=1e-6)
    groups = told["planted"][1] - told["as it was"][1]
    assert groups.sum() == pytest.approx(-lost) and groups["spend"] < -0.8 * lost


def test_a_name_stays_while_half_of_its_rule_holds_and_no_longer():
    medians = pd.DataFrame({"spend_total": [300.0, 50.0]})
    everyone = pd.Series({"spend_total": 100.0})

    def second(spend, taken):
        placed = pd.DataFrame({"spend_total": [0.9, spend]})
        return segment_names(placed, medians, everyone, [50, 50], taken)[1]

    assert second(-0.5, {}) == "Small customers" and second(-0.4, {}) == "Average customers"
    assert second(-0.4, {1: "Small customers"}) == "Small customers"
    assert second(-0.2, {1: "Small customers"}) == "Average customers"


def test_a_name_that_a_segment_has_lost_passes_to_no_other():
    deviations = pd.DataFrame({"spend_total": [0.9, 1.2], "order_count": [0.3, 0.5]})
    medians = pd.DataFrame({"spend_total": [300.0, 900.0], "order_count": [12.0, 15.0]})
    everyone = pd.Series({"spend_total": 100.0, "order_count": 8.0})
    fresh = segment_names(deviations, medians, everyone, [50, 50])
    assert fresh[1] == "Top customers" != fresh[0]
    carried = segment_names(deviations, medians, everyone, [50, 50], {0: "Top customers"})
    assert "Top customers" not in carried and len(set(carried)) == 2
