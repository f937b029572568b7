"""A published run, verified: its files, its words, and its numbers counted again from the sources."""

import hashlib
import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from re import sub
from typing import Any

import pandas as pd

from crmlib.present.publish.html import without_marks
from crmlib.present.publish.manifest import seal_of
from crmlib.present.publish.publish import RECORD, read_json
from crmlib.present.run.recount import Recount
from crmlib.present.run.reports import CONFIG
from crmlib.schema.audiences import DEFAULT
from crmlib.schema.errors import ParameterError, SourceError

CLOSE = 1e-9
"""Two ways to reckon a number agree where they differ by less than this part of it."""


class MismatchError(SourceError):
    """Something that a run says is not what it is."""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was compared, and how.

    Attributes
    ----------
    claims, facts : int
        Claims of the run, and the values in them.
    recounted, again : int
        Values that were counted another way, and those that only the library's own path reckoned again.
    quantities : int
        Values that name a quantity; of these `recounted` have a second way.
    """

    claims: int
    facts: int
    quantities: int
    recounted: int
    again: int


def read_run(run: str | Path) -> tuple[Path, dict[str, Any]]:
    """The folder of a published run and its record."""
    folder = Path(run).resolve()
    record = read_json(folder / "run.json")
    if not set(record) >= RECORD:
        raise ParameterError(f"{run} is no published run: name a folder such as reports/shop/latest.")
    if record.get("encrypted"):
        raise ParameterError(
            f"{run} is encrypted. Open it first: crmlib open {run}/index.html --to FOLDER, and name that folder."
        )
    return folder, record


def workspace_of(folder: Path) -> Path:
    """The workspace that a run was made from, as the folder of its runs says."""
    mark = folder.parent / ".workspace"
    told = mark.read_text(encoding="utf-8").strip() if mark.is_file() else ""
    workspace = (folder.parent / told).resolve()
    if not told or not (workspace / CONFIG).is_file():
        raise ParameterError(
            f"Which workspace {folder} was made from is not known. Name it with --workspace."
        )
    return workspace


def claim_table(record: Mapping[str, Any]) -> pd.DataFrame:
    """One row a fact of a claim: `report`, `key`, `fact`, `value`, `quantity`, `unit`, `tables`, `page`."""
    rows = [
        {
            "report": report["name"],
            "key": claim["key"],
            "fact": name,
            "value": fact.get("value"),
            "quantity": fact.get("at", ""),
            "unit": fact.get("unit", ""),
            "tables": ", ".join(report.get("tables", ())),
            "page": f"{report['href']}#{claim['anchor']}" if claim.get("anchor") else report["href"],
        }
        for report in record["reports"]
        for claim in report.get("claims", ())
        for name, fact in _facts(claim)
    ]
    columns = ["report", "key", "fact", "value", "quantity", "unit", "tables", "page"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(value=pd.Series([row["value"] for row in rows], dtype=object))


def claim_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> pd.DataFrame:
    """The facts of two runs that differ: `before` and `after` beside each other, missing where one has none."""
    sides = []
    for record in (before, after):
        table = claim_table(record)
        table["nth"] = table.groupby(["report", "key", "fact", "quantity"]).cumcount()
        sides.append(table.set_index(["report", "key", "fact", "quantity", "nth"])["value"])
    both = pd.concat(sides, axis=1, keys=["before", "after"]).reset_index()
    differ = [not _same(one.before, one.after) for one in both.itertuples()]
    return both[differ].drop(columns="nth").reset_index(drop=True)


def verify_run(
    run: str | Path, *, workspace: Path | None = None, notebooks: Path | None = None, again: bool = True
) -> Verified:
    """Compare a published run with its files, its words and its sources; the first mismatch is raised.

    Parameters
    ----------
    run : the folder of a published run
    workspace : where the folder of runs does not know it
    notebooks : folder of notebooks, if not the one that is found
    again : whether every report is executed again, too, and each of its claims compared

    Raises
    ------
    MismatchError
        With what the run says and what was found.
    """
    folder, record = read_run(run)
    source = workspace or workspace_of(folder)
    _check_files(folder, record)
    _check_words(folder, record)
    crm = _open(source, record)
    try:
        _check_sources(crm, record, source)
        recounted = _check_quantities(crm, record, folder)
    finally:
        crm.engine.close()
    facts = claim_table(record)
    if again:
        _check_again(record, source, notebooks)
    stated = int(facts["quantity"].ne("").sum())
    return Verified(
        claims=sum(len(report.get("claims", ())) for report in record["reports"]),
        facts=len(facts),
        quantities=stated,
        recounted=recounted,
        again=len(facts) - recounted if again else 0,
    )


def _facts(claim: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The values of a claim, those of the clauses within it too."""
    for name, fact in (claim.get("facts") or {}).items():
        if not isinstance(fact, dict):
            continue
        if "facts" in fact:
            yield from ((f"{name}.{inner}", value) for inner, value in _facts(fact))
        elif "value" in fact:
            yield name, fact


def _mismatch(what: str, *, said: Any, found: Any) -> MismatchError:
    return MismatchError(f"{what}: the run says {said}, found is {found}.")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE) or (one != one and other != other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(_same(one[name], other[name]) for name in one)
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def _check_files(folder: Path, record: Mapping[str, Any]) -> None:
    """Pages and files are those that were published, and the record is whole."""
    sums = record.get("files")
    if not sums:
        raise MismatchError(
            f"{folder.name}/run.json names no checksums: an older crmlib published it. Run it anew."
        )
    if seal_of(record) != record.get("seal"):
        raise _mismatch("run.json", said=f"its checksum is {record.get('seal')}", found=seal_of(record))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {
        "run.json"
    }
    for name in sorted({*sums, *there}):
        path = folder / name
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no such file"
        if found != sums.get(name, "no such file"):
            raise _mismatch(name, said=sums.get(name, "no such file"), found=found)


def _check_words(folder: Path, record: Mapping[str, Any]) -> None:
    """What the record says that a page says stands on that page."""
    for report in record["reports"]:
        if not report.get("href") or not report.get("answer"):
            continue
        page = _plain(without_marks((folder / report["href"]).read_text(encoding="utf-8")))
        for sentence in (report["answer"], *report.get("findings", ())):
            if _plain(sentence) not in page:
                raise _mismatch(report["href"], said=f"“{sentence}”", found="a page without that sentence")


def _plain(text: str) -> str:
    return sub(r"\s+", "", unescape(sub(r"<[^>]*>", "", text)))


def _as_of(record: Mapping[str, Any]) -> str | None:
    told = [report.get("parameters", {}).get("as_of") for report in record["reports"]]
    return next((str(one) for one in told if one), None)


def _open(source: Path, record: Mapping[str, Any]) -> Any:
    from crmlib import open_workspace

    return open_workspace(source, as_of=_as_of(record))


def _check_sources(crm: Any, record: Mapping[str, Any], source: Path) -> None:
    """The sources are those that the run was made from: fingerprints first, counts after them."""
    from crmlib.present.publish.manifest import read_facts

    facts = read_facts(crm, folder=source)
    now = {(row["table"], row["file"]): row["fingerprint"] for row in facts.sources}
    then = {(row["table"], row["file"]): row["fingerprint"] for row in record["sources"]}
    for place in sorted({*now, *then}):
        if now.get(place) != then.get(place):
            what = f"fingerprint of {place[1]} ({place[0]})"
            raise _mismatch(what, said=then.get(place, "no such file"), found=now.get(place, "no such file"))
    for name in ("as_of", "currency", "data_up_to", "checks"):
        if getattr(facts, name) != record[name]:
            raise _mismatch(name, said=record[name], found=getattr(facts, name))
    if facts.counts != record["row_counts"]:
        raise _mismatch("row_counts", said=record["row_counts"], found=facts.counts)


def _check_quantities(crm: Any, record: Mapping[str, Any], folder: Path) -> int:
    """Values that name a quantity, counted another way; how many there were."""
    told = [report.get("parameters", {}).get("quantile") for report in record["reports"]]
    recount = Recount(crm, overdue_share=next((float(one) for one in told if one), 0.8), folder=folder)
    compared = 0
    for row in claim_table(record).itertuples():
        found = recount(row.quantity) if row.quantity else None
        if found is None:
            continue
        compared += 1
        if not _same(row.value, found):
            what = f"{row.report}: {row.quantity} in {row.key} (counted another way)"
            raise _mismatch(what, said=row.value, found=found)
    return compared


def _check_again(record: Mapping[str, Any], source: Path, notebooks: Path | None) -> None:
    """Every report executed again, and each of its claims compared."""
    from crmlib.present.run.runs import run_reports

    names = [report["name"] for report in record["reports"]]
    with tempfile.TemporaryDirectory(prefix="crmlib-verify-") as out:
        (run,) = run_reports(
            source,
            reports=names,
            as_of=_as_of(record),
            parameters=record.get("parameters"),
            out=Path(out) / "reports",
            audiences=[record.get("audience", DEFAULT)],
            notebooks=notebooks,
        )
        if run.folder is None or run.status != "published":
            raise MismatchError(f"The reports cannot be executed again: {run.reason}")
        other = read_json(run.folder / "run.json")
    if differs := first_difference(record["reports"], other["reports"]):
        raise differs


def first_difference(
    said: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> MismatchError | None:
    """The first claim or figure in which two runs differ, as the error to raise; None where there is none."""
    others = {report["name"]: report for report in found}
    for report in said:
        other = others.get(report["name"], {})
        for part in ("status", "answer", "findings", "claims", "blocks"):
            ours, theirs = report.get(part), other.get(part)
            if _same(ours, theirs):
                continue
            pairs = (
                zip(ours, theirs, strict=False) if isinstance(ours, list) and isinstance(theirs, list) else ()
            )
            one, two = next(((a, b) for a, b in pairs if not _same(a, b)), (ours, theirs))
            what = f"{report['name']}: {one.get('key', part) if isinstance(one, dict) else part} (executed again)"
            return _mismatch(what, said=_short(one), found=_short(two))
    return None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, str) else value
    return text if len(text) <= 400 else f"{text[:400]} …"
