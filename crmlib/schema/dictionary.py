"""The data dictionary: the vocabulary as a page, made from the declarations."""

from crmlib.schema.fields import MINIMUM_GROUP, Field, TableSpec
from crmlib.schema.tables import CORE_TABLES, TABLES

_PRIVACY = {"internal": "", "personal": "P", "sensitive": "S"}

_HEAD = """# Data dictionary

Made from the declarations in the code by `crmlib dictionary --write data/DICTIONARY.md`; do not edit by hand.

The tables of a CRM as crmlib names them. A workspace needs {core}; every other table is optional, and a
report says what it does without. Map your own exports to these names in `crm.toml`.

- **Bold**: part of the table's key. `*`: must be present and not empty.
- P: personal, never on a page. S: sensitive, only in groups. No group of fewer than {least} customers is shown.
- Money is in the workspace's currency. Times are UTC; a time without a zone is read in the workspace's zone.
- Identifiers are text: 007 stays 007.
"""


def dictionary_markdown() -> str:
    """The tables and columns of the vocabulary as Markdown.

    Returns
    -------
    str
        The first part of data/DICTIONARY.md, which `crmlib.measure.dictionary` completes.

    Examples
    --------
    >>> print(dictionary_markdown().splitlines()[0])
    # Data dictionary
    """
    head = _HEAD.format(least=MINIMUM_GROUP, core=" or ".join(f"`{name}`" for name in CORE_TABLES))
    return "\n".join([head, *(_table(spec) for spec in TABLES.values())])


def _table(spec: TableSpec) -> str:
    lines = [f"## {spec.name}", "", f"One row is {spec.row}.", ""]
    lines += [f"- Beware: {trap}" for trap in spec.traps]
    lines += [f"- Check `{check.name}` ({check.policy.replace('_', ' ')}): rows that {check.says}."
              for check in spec.checks]  # fmt: skip
    if spec.traps or spec.checks:
        lines.append("")
    lines += ["| column | type | unit | privacy | meaning |", "| --- | --- | --- | --- | --- |"]
    lines += [_row(field) for field in spec.fields]
    return "\n".join([*lines, ""])


def _row(field: Field) -> str:
    name = f"**{field.name}**" if field.key else field.name
    notes = [field.description]
    if field.allowed:
        notes.append(f"One of: {', '.join(field.allowed)}.")
    if field.references:
        notes.append(f"Refers to {field.references}.")
    if field.known_from and field.known_from != field.name:
        notes.append(f"Known from {field.known_from} on.")
    cells = [name + ("\\*" if field.required else ""), field.type, field.unit or "", _PRIVACY[field.privacy]]
    return "| " + " | ".join([*cells, " ".join(notes).replace("|", "\\|")]) + " |"
