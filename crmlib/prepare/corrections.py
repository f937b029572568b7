"""What to mend back in the CRM: one row a mistake, where it stands, what is wrong, and what to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.check.findings import Finding
from crmlib.prepare.check.staging import Staged
from crmlib.prepare.engine import Engine
from crmlib.prepare.workspace import visit_findings
from crmlib.schema.errors import nearest
from crmlib.schema.fields import Field

COLUMNS = ("table", "file", "row", "key", "column", "stands", "wrong", "do")
MOST = 50_000
"""Rows of one finding that are listed; the rest is counted."""

_NO_MISTAKES = ("filtered", "after_as_of", "merged", "vanished", "stale")


@dataclass(frozen=True, kw_only=True)
class Corrections:
    """What to mend.

    `table`: `table`, `file`, `row` (as a spreadsheet counts), `key` (of the row), `column`, `stands` (what stands
        there), `wrong`, `do`; one row a mistake.
    `left_out`: Mistakes beyond the first 50,000 of a kind.
    """

    table: pd.DataFrame
    left_out: int = 0

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)


def find_corrections(path: str | Path, *, as_of: Any = None) -> Corrections:
    """Read a workspace anew and list every mistake in it; the values are those of the exports, personal ones too.

    `path` (path): The folder that holds crm.toml.
    `as_of`: the closing moment; None takes what crm.toml says.
    """
    found: list[pd.DataFrame] = []
    left: list[int] = []

    def visit(staged: Staged) -> None:
        for finding, query, rows in _mistakes(staged):
            frame = staged.engine.to_pandas(query)
            left.append(rows - len(frame))
            found.append(_told(staged, finding, frame))

    visit_findings(path, visit, as_of=as_of)
    parts = [frame for frame in found if len(frame)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return Corrections(table=table, left_out=sum(left))


def _mistakes(staged: Staged) -> list[tuple[Finding, str, int]]:
    """Findings that somebody can mend, each with the query of its rows as they were read, and their number."""
    listed = []
    for finding, condition in staged.conditions():
        if finding.check in _NO_MISTAKES:
            continue
        if finding.check in ("misspelt", "not_agreed") and finding.policy != "set_aside":
            words = ", ".join(text_literal(word) for word in staged.words[finding.check, finding.column])
            condition = f'trim(r."r_{finding.column}"::varchar) in ({words})'
        joined = f"{staged.name} s join raw_{staged.spec.name} r on s._file = r._file and s._row = r._row"
        ((rows,),) = staged.engine.rows(f"select count(*) from {joined} where {condition}")
        if not rows:
            continue
        mapped = staged.reading.mapped
        keys = [
            f"coalesce(r.{Engine.quote('r_' + key)}::varchar, '')"
            for key in staged.spec.keys
            if key in mapped
        ]
        key = f"concat_ws(' / ', {', '.join(keys)})" if keys else "''"
        stands = f'r."r_{finding.column}"::varchar' if finding.column else key
        query = (
            f"select s._file as file, s._row as row, {key} as key, {stands} as stands from {joined} "
            f"where {condition} order by 1, 2 limit {MOST}"
        )
        listed.append((finding, query, rows))
    return listed


def _told(staged: Staged, finding: Finding, frame: pd.DataFrame) -> pd.DataFrame:
    declared = staged.spec.field(finding.column) if finding.column else None
    pairs = staged.words.get((finding.check, finding.column), {})
    words = {word: right for word, right in pairs.items() if right}
    told = frame.assign(table=staged.spec.name, column=finding.column)
    wrong = finding.says.partition(":")[0] if finding.check in ("misspelt", "not_agreed") else finding.says
    told["wrong"] = f"{finding.check}: {wrong}"
    told["do"] = [_remedy(finding, declared, str(value).strip(), words) for value in told["stands"]]
    return told[list(COLUMNS)]


def _remedy(finding: Finding, declared: Field | None, value: str, words: dict[str, str]) -> str:
    """What to do about one mistake."""
    if value in words:
        return f"Write {words[value]}."
    if declared is not None and finding.check == "not_allowed":
        return f"Write one of: {', '.join(declared.allowed)}.{_meant(value, declared.allowed)}"
    if declared is not None and finding.check == "out_of_range":
        low, high = declared.minimum, declared.maximum
        parts = [
            f"at least {low:g}" if low is not None else "",
            f"at most {high:g}" if high is not None else "",
        ]
        return f"Write a value of {' and '.join(filter(None, parts))}."
    if declared is not None and finding.check == "orphan_key":
        return f"Add the missing row to {declared.references}, or name one that is there."
    return _REMEDIES.get(finding.check, "Look at the row in the CRM and mend it.")


def _meant(value: str, allowed: tuple[str, ...]) -> str:
    hint = nearest(value.lower(), allowed)
    return hint if hint.startswith(" Did") else ""


_REMEDIES = {
    "missing_required": "Fill it in.",
    "wrong_type": "Write a plain value, such as 12.50 for a number or yes for a choice.",
    "unparsable_date": "Write the day as 2024-12-31, or state date_formats in crm.toml.",
    "isolated_future": "See whether the year is mistyped.",
    "duplicate_key": "Merge it with the earlier row of the same key, or give it a key of its own.",
    "exact_duplicate": "Delete it if it was entered twice.",
    "not_agreed": "Use an agreed word, or add this one under allowed in crm.toml.",
    "unreadable_record": "Export the record again.",
}
