"""Two published runs of one workspace beside each other: key figures, tables, and what changed between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.present.claims import Claim
from crmlib.present.reports.changes.say import changes_answer, changes_findings
from crmlib.present.run.verify import read_run, workspace_of
from crmlib.schema.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Two runs, the earlier one first.

    Attributes
    ----------
    moments : closing moments of the two
    figures : DataFrame of `figure`, `before`, `after`, `unit`: the key figures of the index that either has
    tables : DataFrame of `table`, `before`, `after`: rows used, where they differ
    says : what changed between the two moments, by the data as they are now; empty where both close at the same one
    """

    moments: tuple[str, str]
    figures: pd.DataFrame
    tables: pd.DataFrame
    says: list[Claim]


def compare_runs(one: str | Path, other: str | Path, *, workspace: Path | None = None) -> Compared:
    """Compare two published runs, whichever is given first.

    Raises
    ------
    ParameterError
        If they are of two workspaces.
    """
    runs = sorted((read_run(one), read_run(other)), key=lambda run: (run[1]["as_of"], run[1]["run"]))
    (_, before), (folder, after) = runs
    if before["workspace"] != after["workspace"]:
        raise ParameterError(
            f"{one} is of {before['workspace']}, {other} of {after['workspace']}: compare two runs of one workspace."
        )
    moments = before["as_of"], after["as_of"]
    return Compared(
        moments=moments,
        figures=_figures(before, after),
        tables=_tables(before, after),
        says=_says(workspace or workspace_of(folder), *moments) if moments[0][:10] < moments[1][:10] else [],
    )


def _figures(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    sides = [{figure["label"]: figure for figure in run.get("key_figures", ())} for run in (before, after)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    rows = [
        (
            name,
            *(side.get(name, {}).get("value") for side in sides),
            (sides[1].get(name) or sides[0][name]).get("unit"),
        )
        for name in names
    ]
    return pd.DataFrame(rows, columns=["figure", "before", "after", "unit"])


def _tables(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    sides = [
        {row["table"]: int(row["rows_accepted"]) for row in run.get("row_counts", ())}
        for run in (before, after)
    ]
    names = dict.fromkeys([*sides[0], *sides[1]])
    rows = [(name, sides[0].get(name, 0), sides[1].get(name, 0)) for name in names]
    table = pd.DataFrame(rows, columns=["table", "before", "after"])
    return table[table["before"] != table["after"]].reset_index(drop=True)


def _says(workspace: Path, before: str, after: str) -> list[Claim]:
    from crmlib import open_workspace, what_changed

    crm = open_workspace(workspace, as_of=after[:10])
    try:
        found = what_changed(crm, before=before[:10])
    finally:
        crm.engine.close()
    return [*changes_answer(found), *changes_findings(found)]
