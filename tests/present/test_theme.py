"""The look of pictures: readable, for everyone, and without a trace left behind."""

import os
import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

from crmlib.present import theme as fonts
from crmlib.present.theme import (
    CJK,
    GREY,
    INK,
    SEGMENT_COLOURS,
    SMALL,
    SOFT,
    WIDTH,
    MissingFontWarning,
    axes,
    balanced,
    colour_of,
    contrast,
    families,
    finish,
    letters_of,
    missing_glyphs,
    text_width,
    theme,
    warn_of_missing,
    wrapped,
)

# Machado, Oliveira and Fernandes (2009), severity 1: what readers see who do not see red, green or blue.
SIGHT = {
    "all": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen(colour, sight):
    """CIE L*a*b* of a colour, as seen."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(SIGHT[sight]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(xyz / np.array([0.9505, 1, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_no_two_colours_look_alike(sight):
    colours = [seen(colour, sight) for colour in (*SEGMENT_COLOURS, GREY)]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(colours) for b in colours[:i]]
    assert min(apart) > 15


def test_marks_and_words_stand_out_from_the_page():
    assert len(SEGMENT_COLOURS) <= 6
    assert all(contrast(colour) >= 3 for colour in (*SEGMENT_COLOURS, GREY))
    assert all(contrast(letters_of(colour)) >= 4.5 for colour in (*SEGMENT_COLOURS, GREY, SOFT, INK))


def test_a_segment_keeps_its_colour_and_the_seventh_is_grey():
    order = [f"segment {i}" for i in range(8)]
    assert [colour_of(name, order) for name in order[:6]] == list(SEGMENT_COLOURS)
    assert colour_of(order[6], order) == colour_of("unknown", order) == GREY


def test_letters_are_eleven_pixels_high_on_a_telephone():
    # A picture is cropped to its content and padded by 0.16 inches; the page gives it 358 pixels.
    scale = min(1, 358 / ((WIDTH + 0.16) * 96))
    assert SMALL * 96 / 72 * scale >= 11


def test_no_setting_is_left_behind():
    before = dict(matplotlib.rcParams)
    ax = finish(axes(height=2), title="A finding", alt="Nothing.")
    assert dict(matplotlib.rcParams) == before
    plt.close(ax.figure)


def test_a_dollar_is_a_dollar():
    _, ax = plt.subplots()
    finish(ax, title="From $5 to $6", alt="Nothing.")
    ax.figure.draw_without_rendering()
    assert ax.get_title(loc="left") == "From $5 to $6" and not ax.title.get_parse_math()
    plt.close(ax.figure)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="abc mWi茶", min_size=1, max_size=60), st.floats(30, 300))
def test_wrapped_lines_fit_and_lose_nothing(text, width):
    lines = wrapped(text, width=width).split("\n")
    assert all(text_width(line) <= width or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.integers(1, 3))
@settings(max_examples=5, deadline=None)
def test_cut_text_keeps_to_its_lines_and_says_so(lines):
    shown = wrapped("soft drinks and snacks for the whole family " * 3, width=90, lines=lines)
    assert shown.count("\n") + 1 == lines and shown.endswith("…")
    assert all(text_width(line) <= 90 for line in shown.split("\n"))


def test_a_balanced_title_has_no_more_lines_and_no_lonely_word():
    title = "Champions are 21 % of customers and bring 48 % of spend"
    shown = balanced(title, width=330)
    assert shown.count("\n") == wrapped(title, width=330, size=13, bold=True).count("\n")
    assert len(shown.split("\n")[-1].split()) > 1


def test_chinese_and_japanese_letters_or_a_warning_that_names_the_font():
    if any(name in CJK for name in families()):
        assert missing_glyphs("客户 顧客 고객") == []
    with pytest.warns(MissingFontWarning, match="fonts-noto-cjk"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(fonts, "families", lambda: ("DejaVu Sans",))
        assert warn_of_missing("顧客 per shop") == ["顧", "客"]


def test_a_picture_with_letters_that_no_font_has_warns_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fonts, "families", lambda: ("DejaVu Sans",))
        ax = axes(height=2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            finish(ax, title="茶葉 leads", alt="Nothing.")
    assert sum(issubclass(entry.category, MissingFontWarning) for entry in caught) == 1
    plt.close(ax.figure)


def test_plain_letters_are_never_missing():
    assert missing_glyphs("Umsatz in Köln: 5 € → 6 £, “Zürich”…−") == []


def test_the_theme_uses_only_installed_families():
    with theme():
        assert list(matplotlib.rcParams["font.family"]) == list(families())
    assert families()[0] == fonts.FIRST == "DejaVu Sans" and set(families()[1:]) <= set(CJK)


def test_other_fonts_are_asked_only_for_letters_that_the_first_one_lacks():
    def width(names):
        letters = FontProperties(family=list(names), size=11, weight="bold")
        return RendererAgg(1, 1, 96).get_text_width_height_descent("“Wide” quotes, 5 €", letters, False)

    assert width(families()) == width(["DejaVu Sans"])
    named = fonts.SHOWN.replace("'", "").split(", ")
    assert named[0] == "DejaVu Sans" and named[-1] == "sans-serif" and not set(named[:7]) & set(CJK)


@pytest.mark.skipif("CRMLIB_REQUIRE_CJK" not in os.environ, reason="no Chinese fonts are asked for")
def test_the_fonts_that_were_asked_for_are_there():
    wanted = os.environ["CRMLIB_REQUIRE_CJK"] == "yes"
    assert (len(families()) > 1) == wanted and (missing_glyphs("客户顧客고객") == []) == wanted
