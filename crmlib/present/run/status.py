"""How all workspaces of a folder of runs stand: the last good run, its age, what failed since."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from crmlib.present.publish.publish import RECORD, Shelf, moment_of, read_json
from crmlib.present.run.tell import looks

COLUMNS = (
    *("workspace", "last_good_run", "age_hours", "seconds", "runs", "last_attempt", "failures", "next"),
    "reason",
)


def read_status(out: str | Path, *, now: datetime | None = None) -> pd.DataFrame:
    """One row a workspace: its last good run with age and seconds, the runs kept, and what the last call came to.

    `last_attempt` is "published", "failed", "refused" or "nothing to do"; `reason` says why, or what of a good run
    asks for a look. `failures` counts the calls that have failed since one that did not; `next` is when the rhythm of
    the kept runs lets expect one (UTC).
    """
    moment = now or datetime.now(UTC)
    rows = (
        [_row(path, moment) for path in sorted(Path(out).iterdir()) if path.is_dir()]
        if Path(out).is_dir()
        else []
    )
    return pd.DataFrame([row for row in rows if row], columns=list(COLUMNS))


def _row(root: Path, now: datetime) -> tuple | None:
    shelf = Shelf(root=root)
    latest, attempt = shelf.latest(), read_json(root / ATTEMPT)
    if latest is None and not attempt:
        return None
    record = read_json(root / latest / "run.json") if latest else {}
    record = record if set(record) >= RECORD else {}
    *_, before = [{}, *(one for one in shelf.history() if one["run"] != latest)]
    finished = record.get("finished")
    age = (now - datetime.fromisoformat(finished)).total_seconds() / 3600 if finished else float("nan")
    return (
        root.name,
        latest or "",
        age,
        record.get("seconds"),
        len(shelf.published()),
        attempt.get("status", "published"),
        int(attempt.get("failures", 0)),
        _next(shelf.published()),
        " ".join((attempt.get("reason") or " ".join(looks(record, before).values())).split())[:200],
    )


def _next(runs: list[str]) -> str:
    """One usual pause after the last of at least three runs; nothing where there are fewer."""
    moments = pd.Series([moment_of(run) for run in runs])
    pause = moments.diff().median()
    return f"{moments.iloc[-1] + pause:%Y-%m-%d %H:%M}" if len(moments) > 2 else ""


ATTEMPT = ".last.json"
"""What the last call left of a workspace: its status, reason and time; beside its runs."""
