from crmlib.measure.columns import dictionary_markdown
from crmlib.schema.tables import TABLES


def test_every_column_of_every_table_is_in_it():
    text = dictionary_markdown()
    for spec in TABLES.values():
        section = text.split(f"\n## {spec.name}\n")[1].split("\n## ")[0]
        for field in spec.fields:
            assert f"| {field.name}" in section or f"| **{field.name}**" in section
