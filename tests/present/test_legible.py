"""The helper that measures the words of pictures finds what it is for, and every picture is put before it."""

import ast
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import crmlib.present
from crmlib.present.theme import SMALL, axes, finish, theme
from tests.present.drawn import faults_of


@pytest.fixture
def plain():
    with theme():
        ax = finish(axes(height=2.5), title="A finding", alt="Nothing.")
        ax.set(xticks=[0.5, 1], yticks=[0.5, 1])
    yield ax
    plt.close("all")


def test_a_plain_picture_has_no_fault(plain):
    assert faults_of(plain) == []


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_a_planted_overlap_is_found(plain, angle):
    plain.text(0.5, 0.5, "first words", rotation=angle, fontsize=SMALL)
    plain.text(0.52, 0.52, "second words", rotation=angle, fontsize=SMALL)
    assert faults_of(plain) == ["'first words' over 'second words'"]


def test_a_label_over_a_tick_or_a_key_is_found(plain):
    plain.plot([0, 1], [0, 1], label="the key")
    plain.legend(loc="center")
    plain.text(0.5, 0.5, "over it", ha="center", va="center")
    assert "'the key' over 'over it'" in faults_of(plain) or "'over it' over 'the key'" in faults_of(plain)


def test_turned_words_side_by_side_do_not_overlap(plain):
    for place in (0.2, 0.4, 0.6):
        plain.text(place, 0.3, "turned words", rotation=40, fontsize=SMALL)
    assert faults_of(plain) == []


def test_words_outside_and_words_too_small_are_found(plain):
    plain.text(0.9, 0.5, "far too long to be inside")
    plain.text(0.1, 0.5, "small", fontsize=8)
    found = " ".join(faults_of(plain))
    assert "'far too long to be inside' is outside" in found and "'small' is" in found


def test_every_picture_is_put_before_it():
    folder = Path(crmlib.present.__path__[0])
    plots = {
        node.name
        for path in folder.rglob("draw.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("plot_")
    }
    looked_at = " ".join(
        text
        for text in (path.read_text("utf-8") for path in Path("tests").rglob("test_*.py"))
        if "faults_of(" in text
    )
    assert len(plots) > 40 and not {name for name in plots if name not in looked_at}
