from pathlib import Path

from crmlib.measure.columns import data_dictionary, dictionary_markdown
from crmlib.measure.indicators import INDICATORS, VIEWS

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_dictionary_is_what_the_declarations_say():
    committed = (ROOT / "data" / "DICTIONARY.md").read_text(encoding="utf-8")
    assert committed == data_dictionary(), "stale: run `crmlib dictionary --write data/DICTIONARY.md`"


def test_the_vocabulary_every_indicator_and_every_view_is_in_it():
    text = data_dictionary()
    assert text.startswith(dictionary_markdown())
    indicators, views = text.split("\n# Indicators\n")[1].split("\n# Prepared views\n")
    for indicator in INDICATORS:
        assert f"| {indicator.name} | {indicator.unit} | {indicator.better or ''} |" in indicators
    for view in VIEWS.values():
        section = views.split(f"\n## {view.name}\n")[1].split("\n## ")[0]
        assert [
            line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")
        ][2:] == list(view.names)
