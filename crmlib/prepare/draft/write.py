"""A draft as the text of a crm.toml: what was guessed, how surely, and what is to be answered."""

import json
import re
from collections.abc import Sequence

from crmlib.prepare.draft.meaning import Cell
from crmlib.prepare.draft.tables import Table
from crmlib.schema.tables import TABLES

LINE = 160


def written(
    name: str,
    tables: Sequence[Table],
    questions: Sequence[str],
    unused: Sequence[tuple[str, str]],
    *,
    currency: str,
    time_zone: str,
) -> str:
    """The text of crm.toml."""
    lines = ["# A draft by crmlib. Behind each column: how sure it is, the next best column, and values with letters",
             "# as a and figures as 9."]  # fmt: skip
    if questions:
        lines += ["#", "# To be answered:"]
        lines += [f"# {number}. {comment(question)}" for number, question in enumerate(questions, start=1)]
    lines += [
        "",
        f"name = {quoted(name)}",
        f"currency = {quoted(currency)}",
        f"time_zone = {quoted(time_zone)}",
        'as_of = "latest"',
    ]
    lines += [f"# Not used: {comment(file)} ({comment(reason)})" for file, reason in unused]
    for table in tables:
        lines += ["", *_table(table)]
    return "\n".join([*lines, ""])


def _table(table: Table) -> list[str]:
    spec = TABLES[table.name]
    entries = [quoted(entry) for entry in table.entries]
    lines = [
        f"[tables.{table.name}]",
        f"from = {entries[0] if len(entries) == 1 else '[' + ', '.join(entries) + ']'}",
    ]
    if table.encoding:
        lines.append(f"encoding = {quoted(table.encoding)}")
    if table.header_row:
        lines.append(f"header_row = {table.header_row}")
    if table.decimal != ".":
        lines.append(f"decimal = {quoted(table.decimal)}")
    if table.date_formats:
        lines.append(f"date_formats = [{', '.join(quoted(form) for form in table.date_formats)}]")
    lines += [f"# {comment(note)}" for note in table.notes]
    lines += ["", f"[tables.{table.name}.columns]"]
    lines += [f"{ours} = {_cell(cell)}  # {_said(cell)}" for ours, cell in table.cells.items()]
    for one in table.missing:
        lines.append(f'{one} = "?"  # required, and not found: {spec.field(one).description}')
    if table.left:
        lines.append(f"# Their columns not used: {comment(', '.join(table.left))}")
    if table.merged:
        lines += ["", f"[tables.{table.name}.checks]", 'duplicate_key = "mend"  # rows of one key become one']
    for rule in table.filters:
        lines += [
            "",
            f"[[tables.{table.name}.where]]",
            f"sql = {quoted(rule.sql)}",
            f"reason = {quoted(rule.reason)}",
        ]
    for join in table.joins:
        lines += [
            "",
            f"[[tables.{table.name}.join]]",
            f"from = {quoted(join.source)}",
            f"on = {{ {quoted(join.mine)} = {quoted(join.theirs)} }}",
        ]
    if table.missing:
        lacks = ", ".join(table.missing)
        lines = [f"# Without {lacks} this table cannot be read. Name the column and take the signs # away.",
                 *(f"# {line}" if line else "#" for line in lines)]  # fmt: skip
    return lines


def _cell(cell: Cell) -> str:
    if cell.name:
        return quoted(cell.name)
    if cell.sql:
        return f"{{ sql = {quoted(cell.sql)} }}"
    return f"{{ value = {quoted(cell.value)} }}"


def _said(cell: Cell) -> str:
    parts = [f"{cell.sure:.2f}"]
    if cell.why:
        parts.append(cell.why)
    if cell.runner_up:
        parts.append(f"or {quoted(cell.runner_up)}")
    if cell.samples:
        parts.append(f"e.g. {' · '.join(cell.samples)}")
    return comment("; ".join(parts))


def quoted(text: str) -> str:
    """A text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def comment(text: str) -> str:
    """A text within one comment line."""
    one = re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+", " ", text)
    return one if len(one) <= LINE * 2 else one[: LINE * 2] + "…"
