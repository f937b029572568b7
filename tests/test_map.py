"""The map of CONTRIBUTING.md leads somewhere: each file is there, and holds the names that one is told to search."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def rows_of(text):
    """What one looks for -> what to search, and where, of the table of places."""
    part = text.split("## Where is", 1)[1].split("\n## ", 1)[0]
    cells = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return {one[0].strip(): (one[1], one[2]) for one in cells[1:] if not one[0].startswith(" ---")}


MAP = rows_of((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def files_of(where):
    """The files and folders that a cell names, and those names that nothing answers to."""
    found, lost = [], []
    for path in re.findall(r"`([\w/<>.]+[/.][\w/]*)`", where):
        pattern = path.replace("<subject>", "*").replace("<language>", "*").rstrip("/")
        places = [*(ROOT / "crmlib").glob(pattern), *ROOT.glob(pattern)]
        found += places
        lost += [] if places else [path]
    return found, lost


@pytest.mark.parametrize("what", MAP)
def test_every_file_of_the_map_is_there(what):
    found, lost = files_of(MAP[what][1])
    assert found and not lost, lost


@pytest.mark.parametrize(
    "what", [what for what, (search, _) in MAP.items() if re.search(r"`[\w.]+`", search)]
)
def test_what_one_is_told_to_search_stands_there(what):
    names, (found, _) = re.findall(r"`(?:page\.)?(\w+)`", MAP[what][0]), files_of(MAP[what][1])
    inside = [file for one in found for file in ([one] if one.is_file() else one.rglob("*.*"))]
    inside = [file for file in inside if file.suffix in (".py", ".ipynb")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in inside)
    assert names and all(name in text for name in names), names


def test_the_map_is_one_and_a_lost_file_is_found():
    assert len(MAP) > 20
    assert files_of("`schema/nowhere.py` and `schema/states.py`")[1] == ["schema/nowhere.py"]
