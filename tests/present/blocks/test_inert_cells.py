"""A spreadsheet takes no cell of a list for a formula, in whatever way it cuts the lines into cells."""

import re
import unicodedata

import pandas as pd
import pytest

from crmlib.prepare.forget import Person, remove_from_lists
from crmlib.present.blocks.downloads import excel_text, to_csv_bytes
from crmlib.present.export import write_corrections
from crmlib.present.run.console import _revealed, _write

UNSEEN = ["", " ", "\u200b", "\ufeff\u2060", "\u202e", "\xad", "\u3164", "\x1f", "\u2003", "\x00", "\u180e"]
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻"


def seen(cell):
    """What is left of a cell when nothing of it is blank, unseen or a quotation mark."""
    return "".join(c for c in cell if unicodedata.category(c)[0] not in "ZC" and c not in '"\u3164')


def attacks():
    for unseen in UNSEEN:
        for sign in SIGNS:
            attack = f"{unseen}{sign}cmd|' /C calc'!A1"
            yield attack
            yield from (f"harmless{cut}{attack}" for cut in (";", "\t", "|", "\n", "\r\n", '";"', ";;"))


@pytest.mark.parametrize("cut", [",", ";", "\t", "|"])
def test_no_cell_of_a_csv_begins_with_a_formula(cut):
    given = list(attacks())
    written = to_csv_bytes(pd.DataFrame({"a": given, "b": 1})).decode("utf-8-sig")
    cells = [cell for line in re.split(r"[\r\n]+", written) for cell in line.split(cut)]
    assert len(cells) >= len(given) and "calc" in written
    assert [cell for cell in cells if seen(cell)[:1] and seen(cell)[0] in SIGNS] == []


def corrected(given, path):
    write_corrections(pd.DataFrame({"table": given, "row": 1}), path)


def revealed(given, path):
    _write(path, [[_revealed(cell, {}), "1"] for cell in given])


def forgotten(given, path):
    path.write_bytes(to_csv_bytes(pd.DataFrame({"a": [*given, "gone"], "b": 1})))
    assert remove_from_lists(path.parent, Person(ids=("gone",), tables={}), pseudonyms=()) == [path]


@pytest.mark.parametrize("cut", [",", ";", "\t", "|"])
@pytest.mark.parametrize("write", [corrected, revealed, forgotten])
def test_no_other_way_to_a_csv_lets_a_formula_through(tmp_path, write, cut):
    given = list(attacks())
    write(given, tmp_path / "list.csv")
    written = (tmp_path / "list.csv").read_text("utf-8-sig")
    cells = [cell for line in re.split(r"[\r\n]+", written) for cell in line.split(cut)]
    assert len(cells) >= len(given) and "calc" in written
    assert [cell for cell in cells if seen(cell)[:1] and seen(cell)[0] in SIGNS] == []


def test_plain_text_and_numbers_stay_as_they_are():
    texts = ["a - b", "3; 4", "x=1", "mail@example.com", "50 + 2", "A|B", "first\nsecond", "日本"]
    assert [excel_text(text) for text in texts] == texts
    assert to_csv_bytes(pd.DataFrame({"n": [-1.5]})).decode("utf-8-sig") == "n\r\n-1.5\r\n"
