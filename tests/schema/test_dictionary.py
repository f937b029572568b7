from pathlib import Path

from crmlib.schema.dictionary import dictionary_markdown
from crmlib.schema.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_dictionary_is_what_the_declarations_say():
    committed = (ROOT / "data" / "DICTIONARY.md").read_text(encoding="utf-8")
    assert committed == dictionary_markdown(), "stale: run `crmlib dictionary --write data/DICTIONARY.md`"


def test_every_column_of_every_table_is_in_it():
    text = dictionary_markdown()
    for spec in TABLES.values():
        section = text.split(f"\n## {spec.name}\n")[1].split("\n## ")[0]
        for field in spec.fields:
            assert f"| {field.name}" in section or f"| **{field.name}**" in section
