"""How well `crmlib draft` maps folders of exports whose truth is known.

``python benchmarks/draft_score.py [FOLDER ...]``: each FOLDER holds exports and a truth.toml, or folders that
do. Without one, the made-up systems of tests/prepare/draft, the sample company, the household data and the real
exports of ../shared/data are scored.
Drafting happens in a copy, without truth.toml or crm.toml. A column is right if its mapping reads exactly one
of the sets of their columns that the truth allows; wrong if it reads others, or if nothing of ours is there;
missing if the truth has it and the draft has not. Tables likewise, by the files that they are drawn from.
"""

import argparse
import json
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from sqlglot import exp, parse_one

Row = dict[str, Any]
TOLERANCE = 0.005
HOURS = 15


@dataclass
class Score:
    """What came of one folder: names of tables and columns by verdict, and what else was found."""

    system: str
    group: str
    tables: dict[str, list[str]] = field(default_factory=lambda: {"right": [], "wrong": [], "missing": []})
    columns: dict[str, list[str]] = field(default_factory=lambda: {"right": [], "wrong": [], "missing": []})
    refused: str = ""
    checked: dict[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """One line: figures, then what is not as it should be."""
        tables, columns = ("/".join(str(len(x[k])) for k in x) for x in (self.tables, self.columns))
        bad = [f"{key}: {said}" for key, said in self.checked.items() if said != "ok"]
        fine = "ok" if not bad else "; ".join(bad)
        return f"{self.system:28} {tables:>9} {columns:>11}  {'REFUSED ' + self.refused if self.refused else fine}"


def score_folder(folder: Path, *, truth: Row | None = None) -> Score:
    """Draft a crm.toml for a copy of a folder's exports and compare it with the truth."""
    truth = truth or tomllib.loads((folder / "truth.toml").read_text("utf-8"))
    score = Score(truth["system"], truth.get("group", ""))
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / folder.name
        left = shutil.ignore_patterns("truth.toml", "crm.toml", "SOURCE.md", "truth", *truth.get("leave", []))
        shutil.copytree(folder, copy, ignore=left, copy_function=shutil.copyfile)
        copy.chmod(0o755)
        config, score.refused = _draft(copy)
        _compare(score, truth, config)
        if config and not score.refused and {"revenue", "deals"} & truth.keys():
            _check(score, truth, copy)
    return score


def _draft(folder: Path) -> tuple[Row, str]:
    from typer.testing import CliRunner

    from crmlib.cli import app

    result = CliRunner().invoke(app, ["draft", str(folder), "--write"])
    file = folder / "crm.toml"
    if not file.is_file():
        said = str(result.exception or result.output)
        return {}, (said.strip().splitlines() or ["no crm.toml"])[-1][:160]
    try:
        return tomllib.loads(file.read_text("utf-8")), ""
    except tomllib.TOMLDecodeError as error:
        return {}, f"crm.toml is no TOML: {error}"


# Tables and columns.


def _compare(score: Score, truth: Row, config: Row) -> None:
    known: dict[str, list[Row]] = {}
    for entry in truth["table"]:
        known.setdefault(entry["name"], []).append(entry)
    drafted = config.get("tables", {})
    for name, entries in known.items():
        needed = next((one for one in entries if one.get("needed", True)), None)
        if name not in drafted:
            if needed:
                score.tables["missing"].append(name)
                score.columns["missing"] += [f"{name}.{column}" for column in needed["columns"]]
            continue
        files = _files(drafted[name], truth["headers"])
        entry = next((one for one in entries if _drawn_from(one, files)), None)
        good = entry is not None and (needed is None or _drawn_from(needed, files))
        score.tables["right" if good else "wrong"].append(name)
        _compare_columns(score, truth, drafted[name], entry=needed or entry or entries[0], files=files)
    for name in drafted.keys() - known.keys():
        score.tables["wrong"].append(name)


def _drawn_from(entry: Row, files: set[str]) -> bool:
    """Whether all the months are read; of tables joined, whether the one that holds the rows is."""
    if entry.get("any"):
        return bool(files & set(entry["files"]))
    return entry["files"][0] in files if entry.get("joined") else set(entry["files"]) <= files


def _files(table: Row, headers: Row) -> set[str]:
    """Which of the known files a drafted table is drawn from."""
    found: set[str] = set()
    for said in _said(table):
        for name in headers:
            if _same_file(said, name):
                found.add(name)
    return found


def _said(table: Row) -> list[str]:
    told = table.get("from", [])
    told = [told] if isinstance(told, str | dict) else list(told)
    for key in ("join", "joins"):
        more = table.get(key, [])
        told += (
            list(more)
            if isinstance(more, list)
            else list(more.values())
            if isinstance(more, dict)
            else [more]
        )
    texts = []
    for one in told:
        parts = [one] if isinstance(one, str) else [text for text in one.values() if isinstance(text, str)]
        for text in parts:
            database, _, query = text.partition("#")
            if _is_query(query):
                texts += [
                    f"{database}#{node.name}"
                    for node in parse_one(query, dialect="duckdb").find_all(exp.Table)
                ]
            elif text.lstrip().lower().startswith(("select", "with", "from")):
                texts += [node.name for node in parse_one(text, dialect="duckdb").find_all(exp.Table)]
            else:
                texts.append(f"{text}#{table['sheet']}" if "sheet" in table and "#" not in text else text)
    return texts


def _is_query(text: str) -> bool:
    return text.lstrip().lower().startswith(("select ", "with "))


def _same_file(said: str, name: str) -> bool:
    """Whether a word of `from` means a known file; sheets, tables of databases and zipped files included."""
    file, _, part = name.partition("#")
    plain, _, wanted = said.partition("#")
    if part and plain == part and file.endswith((".db", ".duckdb")):
        return True
    literal = plain.replace("[[]", "[").replace("[]]", "]").replace("[*]", "*").replace("[?]", "?")
    inner = file.rpartition(".zip/")[2]
    same = any(one == file or one.lstrip("./") == file for one in (plain, literal)) or fnmatch(file, plain)
    same = same or (".zip" in file and (plain.endswith(inner) or fnmatch(inner, plain) or wanted == inner))
    return same and (not part or not wanted or wanted in (part, inner))


def _compare_columns(score: Score, truth: Row, table: Row, *, entry: Row, files: set[str]) -> None:
    good = bool(files & set(entry["files"]))
    mapping = _mapping(table, entry, truth["headers"], files)
    for column, choices in entry["columns"].items():
        verdict = "missing"
        if column in mapping:
            verdict = "right" if good and _fits(mapping[column], choices) else "wrong"
        if entry.get("needed", True) or verdict == "wrong":
            score.columns[verdict].append(f"{entry['name']}.{column}")
    for column, read in mapping.items():
        if column in entry["columns"] or read is None or not read:
            continue
        if not (good and _fits(read, entry.get("optional", {}).get(column, []))):
            score.columns["wrong"].append(f"{entry['name']}.{column}")


def _fits(read: frozenset[str] | None, choices: list[list[str]]) -> bool:
    return read is not None and read in {frozenset(map(_plain, choice)) for choice in choices}


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _mapping(table: Row, entry: Row, headers: Row, files: set[str]) -> dict[str, frozenset[str] | None]:
    """Our column -> their columns that its words read; those of equal name count as mapped."""
    theirs = {name for file in files for name in headers[file]}
    mapping = {name: frozenset([_plain(name)]) for name in vocabulary(entry["name"]) if name in theirs}
    inner = _inner(table) | _prefixed(table, headers)
    for column, given in table.get("columns", {}).items():
        read = _reads(given)
        if read is not None:
            read = frozenset(one for name in read for one in inner.get(name, {name}))
        mapping[column] = read
    return mapping


def vocabulary(table: str) -> tuple[str, ...]:
    """Our columns of a table."""
    from crmlib.schema.tables import TABLES

    return tuple(TABLES[table].names) if table in TABLES else ()


def _reads(given: Any) -> frozenset[str] | None:
    if isinstance(given, str):
        return frozenset([_plain(given)])
    if "name" in given:
        return frozenset([_plain(given["name"])])
    if "sql" not in given:
        return frozenset()
    try:
        parsed = parse_one(given["sql"], dialect="duckdb")
    except Exception:
        return None
    return frozenset(_plain(node.name) for node in parsed.find_all(exp.Column))


def _prefixed(table: Row, headers: Row) -> dict[str, set[str]]:
    """Columns of a joined file that bear its stem, since both files have the name."""
    found = {}
    for one in table.get("join", []):
        stem = one["from"].rpartition("#")[2].rpartition("/")[2].split(".")[0]
        for file in headers:
            if _same_file(one["from"], file):
                found |= {_plain(f"{stem}.{name}"): {_plain(name)} for name in headers[file]}
    return found


def _inner(table: Row) -> dict[str, set[str]]:
    """What the columns of a query given as `from` read in turn."""
    told = table.get("from", "")
    told = told.partition("#")[2] if isinstance(told, str) and _is_query(told.partition("#")[2]) else told
    if not (isinstance(told, str) and told.lstrip().lower().startswith(("select", "with"))):
        return {}
    selected = parse_one(told, dialect="duckdb")
    return {
        _plain(one.alias_or_name): {_plain(node.name) for node in one.find_all(exp.Column)}
        for one in getattr(selected, "selects", [])
    }


# Rows and money.


def _check(score: Score, truth: Row, folder: Path) -> None:
    import crmlib

    try:
        crm = crmlib.open_workspace(folder)
    except Exception as error:
        score.checked["opens"] = f"{type(error).__name__} {str(error).splitlines()[0][:140]}"
        return
    accepted = crm.checks.counts.set_index("table")["rows_accepted"].to_dict()
    for entry in truth["table"]:
        if entry.get("needed", True) and "rows" in entry and entry["name"] in accepted:
            enough = accepted[entry["name"]] >= 0.99 * entry["rows"]
            said = "ok" if enough else f"{accepted[entry['name']]} of {entry['rows']} rows"
            score.checked[entry["name"]] = said
    if "revenue" in truth:
        score.checked["revenue"] = _revenue(crm, truth["revenue"])
        score.checked["dates"] = _dates(crm, truth.get("ordered", []))
    if "deals" in truth:
        score.checked["outcomes"] = _outcomes(crm, truth["deals"])


def _revenue(crm: Any, right: list[float]) -> str:
    if "transactions" not in crm:
        return "no transactions"
    money = float(crm.frame("transactions")["net_amount"].sum())
    close = any(abs(money - one) <= TOLERANCE * abs(one) for one in right)
    return "ok" if close else f"{money:,.2f} for {' or '.join(f'{one:,.2f}' for one in right)}"


def _dates(crm: Any, right: list[str]) -> str:
    import pandas as pd

    if "transactions" not in crm or not right:
        return "ok" if not right else "no transactions"
    moments = crm.frame("transactions")["ordered_at"]
    for found, wanted in zip((moments.min(), moments.max()), right, strict=True):
        meant = pd.Timestamp(wanted).tz_convert("UTC").tz_localize(None)
        if pd.isna(found) or abs(found - meant) > pd.Timedelta(hours=HOURS):
            return f"{found} for {meant}"
    return "ok"


def _outcomes(crm: Any, right: dict[str, int]) -> str:
    if "opportunities" not in crm:
        return "no opportunities"
    found = crm.frame("opportunities")["outcome"].value_counts().to_dict()
    close = all(abs(found.get(key, 0) - n) <= max(1, 0.01 * n) for key, n in right.items())
    return "ok" if close else f"{found} for {right}"


# Which folders, and what is said of them.


def folders_of(path: Path) -> list[Path]:
    """A folder with a truth.toml, or the folders in it that have one."""
    return [path] if (path / "truth.toml").is_file() else sorted(p.parent for p in path.glob("*/truth.toml"))


def summary(scores: list[Score]) -> dict[str, float]:
    """Shares over all folders, in percent: of the columns and tables that the truth has."""

    def share(kind: str, verdict: str) -> float:
        counts = {v: sum(len(getattr(one, kind)[v]) for one in scores) for v in ("right", "wrong", "missing")}
        return 100 * counts[verdict] / max(sum(counts.values()), 1)

    shares = {f"{kind}_{v}_pct": share(kind, v) for kind in ("tables", "columns") for v in ("right", "wrong")}
    return shares | {"refused": sum(bool(one.refused) for one in scores), "folders": len(scores)}


def main() -> None:
    """Print a line a folder and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--half", default="ab", help="Of the made-up systems: a, b or ab.")
    parser.add_argument("--details", action="store_true", help="Name each wrong and missing column.")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.folders:
        scores = [score_folder(one) for path in asked.folders for one in folders_of(path)]
    else:
        scores = everything(asked.half)
    if asked.json:
        print(json.dumps([vars(one) for one in scores], ensure_ascii=False))
        return
    print(f"{'':28} {'tables':>9} {'columns':>11}  (right/wrong/missing)")
    for one in scores:
        print(one.line())
        for verdict in ("wrong", "missing") if asked.details else ():
            named = [*one.tables[verdict], *one.columns[verdict]]
            if named:
                print(f"    {verdict}: {', '.join(named)}")
    print({key: round(value, 1) for key, value in summary(scores).items()})


def everything(half: str = "ab") -> list[Score]:
    """The made-up systems, and the real exports that are there."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from tests.prepare.draft import made_up, real

    with tempfile.TemporaryDirectory() as scratch:
        for system in made_up.systems(half):
            made_up.write_system(system, Path(scratch))
        scores = [score_folder(one) for one in folders_of(Path(scratch))]
    return scores + [score_folder(folder, truth=truth) for folder, truth in real.folders()]


if __name__ == "__main__":
    main()
