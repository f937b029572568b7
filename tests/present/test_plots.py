"""What every picture promises, on four shops: described, readable, honest, at home on given axes."""

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmlib.present.blocks import Picture
from crmlib.present.reports.customers import draw as plots_groups
from crmlib.present.reports.customers import draw as plots_profile
from crmlib.present.reports.health import draw as plots_health
from crmlib.present.reports.rules import draw as plots_rules
from crmlib.present.reports.rules import draw as plots_rules_graph
from crmlib.present.reports.segments import draw as plots_segments
from crmlib.present.theme import SMALL
from tests.present.drawn import drawn, faults_of, words_of
from tests.present.report_samples import SHOPS, cross_sell_of, health_of, profile_of, segments_of

HEALTH = [plots_health.plot_check_counts, plots_health.plot_completeness]
PROFILE = [
    plots_profile.plot_sales_by_month,
    plots_profile.plot_distribution,
    plots_profile.plot_customer_types,
    plots_profile.plot_order_frequency,
    plots_profile.plot_concentration,
    plots_groups.plot_groups,
]
SEGMENTS = [
    plots_segments.plot_segment_share,
    plots_segments.plot_segment_profile,
    plots_segments.plot_segment_map,
    plots_segments.plot_stability,
    plots_segments.plot_candidates,
]
RULES = [
    plots_rules.plot_rules_lift,
    plots_rules.plot_rules_scatter,
    plots_rules.plot_item_frequency,
    plots_rules_graph.plot_rule_graph,
    plots_rules_graph.plot_lift_by_support,
]

CASES = [
    *[(plot, health_of, name) for plot in HEALTH for name in [*SHOPS, "products only"]],
    *[(plot, profile_of, name) for plot in PROFILE for name in SHOPS],
    *[(plot, segments_of, name) for plot in SEGMENTS for name in ("shop", "bare")],
    *[(plot, cross_sell_of, name) for plot in RULES for name in SHOPS],
]
EVERY = pytest.mark.parametrize(
    ("plot", "result", "name"), CASES, ids=[f"{plot.__name__}-{name}" for plot, _, name in CASES]
)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@EVERY
def test_it_is_described_and_titled_from_the_data(plot, result, name):
    ax = drawn(plot, result, name).ax
    title = ax.get_title(loc="left")
    assert len(ax.crmlib_alt) > 20 and ax.crmlib_alt.endswith(".")
    assert title and not title.endswith(".")
    for text in (ax.crmlib_alt, title):
        assert not {"nan", "None", "inf"} & set(text.replace("%", " ").split())


@EVERY
def test_no_letter_is_too_small_for_a_telephone(plot, result, name):
    seen = drawn(plot, result, name)
    assert min(text.get_fontsize() for text in seen.words) >= SMALL
    assert seen.picture.width <= 480


@EVERY
def test_words_do_not_overlap_and_stay_inside(plot, result, name):
    seen = drawn(plot, result, name)
    assert not faults_of(seen.ax)


@EVERY
def test_bars_begin_at_nought(plot, result, name):
    ax = drawn(plot, result, name).ax
    bars = [bar for container in ax.containers for bar in container]
    for bar in bars:
        assert bar.get_x() == 0 or bar.get_y() == 0
    if bars:
        across = all(bar.get_x() == 0 for bar in bars)
        low, high = sorted(ax.get_xlim() if across else ax.get_ylim())
        assert low <= 0 <= high


@EVERY
def test_it_draws_on_the_axes_it_is_given_and_leaves_no_trace(plot, result, name):
    before = dict(matplotlib.rcParams)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert plot(result(name), ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data() and left.crmlib_alt
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(("plot", "result"), [(p, r) for p, r, name in CASES if name == "shop"])
def test_the_same_data_give_the_same_picture(plot, result):
    assert Picture(plot(result("shop"))).image == drawn(plot, result, "shop").picture.image


def test_an_incomplete_month_is_told_from_the_others():
    ax = plots_profile.plot_sales_by_month(profile_of("shop"))
    faces = [bar.get_facecolor() for bar in ax.containers[0]]
    assert profile_of("shop").months["complete"].tolist() == [face == faces[0] for face in faces]
    assert "whole month" in ax.get_xlabel()


def test_units_stand_on_the_axes():
    assert "EUR" in plots_profile.plot_sales_by_month(profile_of("shop")).get_ylabel()
    assert "EUR" in plots_profile.plot_distribution(profile_of("shop")).get_xlabel()
    assert "%" in plots_segments.plot_segment_share(segments_of("shop")).get_xlabel()
    assert "%" in plots_rules.plot_rules_scatter(cross_sell_of("shop")).get_xlabel()


def test_a_skewed_indicator_is_shown_on_a_logarithmic_scale_with_plain_numbers():
    ax = plots_profile.plot_distribution(profile_of("shop"), indicator="spend_total")
    assert ax.get_xscale() == "log"
    assert all("$" not in tick.get_text() for tick in ax.get_xticklabels())
    assert (
        plots_profile.plot_distribution(profile_of("shop"), indicator="weekend_share_pct").get_xscale()
        == "linear"
    )


def test_a_segment_has_one_colour_in_every_picture():
    found = segments_of("shop")
    share, stability = plots_segments.plot_segment_share(found), plots_segments.plot_stability(found)
    bars = [container[0].get_facecolor() for container in share.containers[1::2]]
    dots = [line.get_color() for line in stability.lines[1::2]]
    assert [matplotlib.colors.to_hex(colour) for colour in bars] == dots


def test_stability_shows_its_range():
    found = segments_of("shop")
    lines = plots_segments.plot_stability(found).lines[::2]
    for line, (_, row) in zip(lines, found.stability.iterrows(), strict=True):
        assert list(line.get_xdata()) == [row["low"], row["high"]]


def test_an_unstable_segment_is_named_in_the_title():
    found = segments_of("shop")
    table = found.stability.assign(jaccard=[0.5, *found.stability["jaccard"].iloc[1:]])
    weak = type("Found", (), {"stability": table})
    assert "1 of" in plots_segments.plot_stability(weak).get_title(loc="left")


def test_lift_starts_at_chance():
    ax = plots_rules.plot_rules_lift(cross_sell_of("shop"))
    assert ax.get_xlim()[0] == 1


def test_the_graph_has_an_arrow_for_every_rule_and_a_point_for_every_item():
    pairs = [("a", "b"), ("c", "b"), ("d", "e"), ("b", "f"), ("g", "h")]
    rules = pd.DataFrame(pairs, columns=["if", "then"]).assign(
        lift=[9.0, 8.0, 7.0, 6.0, 5.0], confidence_pct=[10.0, 30.0, 60.0, 20.0, 50.0], support_pct=1.0
    )
    ax = plots_rules_graph.plot_rule_graph(type("Found", (), {"pairs": rules}))
    points = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert sorted(points) == list("abcdefgh")
    arrows = [
        (patch._path_original.vertices[0][1], patch._path_original.vertices[-1][1]) for patch in ax.patches
    ]
    assert sorted(arrows) == sorted((points[a], points[b]) for a, b in pairs)
    assert "round “b”" in ax.get_title(loc="left").replace("\n", " ")
    together = sorted(points, key=points.get)
    assert {frozenset(together[:4]), frozenset(together[4:6]), frozenset(together[6:])} == {
        frozenset("abcf"), frozenset("de"), frozenset("gh")
    }  # fmt: skip


def test_a_book_of_rules_is_drawn_like_what_was_found_in_it():
    found = cross_sell_of("shop")
    ax = plots_rules_graph.plot_lift_by_support(found.book)
    drawn = sum(len(line.get_xdata()) for line in ax.lines[:3])
    rules = found.book.rules
    sides = {a | c for a, c in zip(rules["antecedents"], rules["consequents"], strict=True)}
    above = {a | c for a, c in rules.loc[rules["lift"] > 1, ["antecedents", "consequents"]].to_numpy()}
    assert drawn == len(above) <= len(sides)


@pytest.mark.parametrize(
    "names",
    [["x" * 300], ["客户 " * 30], ["$a_b^{c}$", "<script>alert(1)</script>", "مرحبا", "a\nb", ""]],
    ids=["long", "Chinese", "hostile"],
)
def test_names_from_outside_do_no_harm(names):
    rules = pd.DataFrame({"if": names, "then": names, "lift": 3.0, "confidence_pct": 40.0,
                          "support_pct": 1.0, "extra": 3.0, "count": 9})  # fmt: skip
    items = pd.DataFrame({"item": names * 2, "count": 3, "share_pct": 30.0})
    result = type("Found", (), {"pairs": rules, "items": items})
    for plot in RULES:
        ax = plot(result)
        page = ax.figure.bbox.padded(2)
        assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in words_of(ax).values())
        assert "<script" not in Picture(ax)._html()
