"""`crmlib draft` on folders of exports whose truth is known; and that this truth is true."""

import csv
import importlib.util
import sqlite3
import tomllib
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.prepare.draft import made_up, real

_spec = importlib.util.spec_from_file_location(
    "draft_score", Path(__file__).resolve().parents[3] / "benchmarks" / "draft_score.py"
)
draft_score = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(draft_score)

SYSTEMS = {system["name"]: system for system in made_up.systems("abcde")}
GROUPS = sorted({system["group"] for system in SYSTEMS.values()})
LEAST_RIGHT_PCT = 95
MOST_WRONG_PCT = 2


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made_up")
    truths = {name: made_up.write_system(system, folder) for name, system in SYSTEMS.items()}
    return folder, truths


def held(scores):
    """The goal is reached, none is refused; what is missed is named."""
    shares = draft_score.summary(scores)
    told = f"goal: {LEAST_RIGHT_PCT} % right, {MOST_WRONG_PCT} % wrong; {shares}\n" + "\n".join(
        f"{one.line()}\n  wrong {one.columns['wrong']}\n  missing {one.columns['missing']}" for one in scores
    )
    assert shares["refused"] == 0, told
    assert shares["tables_right_pct"] >= LEAST_RIGHT_PCT, told
    assert shares["tables_wrong_pct"] <= MOST_WRONG_PCT, told
    assert shares["columns_right_pct"] >= LEAST_RIGHT_PCT, told
    assert shares["columns_wrong_pct"] <= MOST_WRONG_PCT, told


@pytest.mark.parametrize("group", GROUPS)
def test_exports_of_systems_are_mapped(written, group):
    folder, _ = written
    names = [name for name, system in SYSTEMS.items() if system["group"] == group]
    held([draft_score.score_folder(folder / name) for name in names])


def test_real_exports_are_mapped(shared_data):
    held([draft_score.score_folder(folder, truth=truth) for folder, truth in real.folders(sample=False)])


# The truth.


def header_of(root, name, system):
    """The header row of a file as it lies there, found by its words."""
    file, _, part = name.partition("#")
    wanted = next(made_up._columns(one) for one in system["file"] if made_up.same_export(one["name"], name))
    wanted = [header for header, _, _ in wanted]
    if ".zip/" in name:
        box, inner = name.split(".zip/")
        text = zipfile.ZipFile(root / f"{box}.zip").read(inner).decode()
    elif file.endswith(".xlsx"):
        book = openpyxl.load_workbook(root / file, read_only=True)
        return next(list(row) for row in book[part].values if list(row) == wanted)
    elif file.endswith(".db"):
        with sqlite3.connect(root / file) as base:
            return [row[1] for row in base.execute(f'pragma table_info("{part}")')]
    else:
        style = system.get("style", {})
        entry = next(one for one in system["file"] if made_up.same_export(one["name"], name))
        text = (root / file).read_bytes().decode(entry.get("encoding", style.get("encoding", "utf-8")))
    sign = system.get("style", {}).get("delimiter", ",")
    return next(row for row in csv.reader(text.splitlines(), delimiter=sign) if row == wanted)


@pytest.mark.parametrize("name", sorted(SYSTEMS))
def test_the_truth_names_what_lies_there(written, name):
    folder, truths = written
    truth = tomllib.loads((folder / name / "truth.toml").read_text("utf-8"))
    assert truth == truths[name]
    for file, header in truth["headers"].items():
        assert header_of(folder / name, file, SYSTEMS[name]) == header
    for entry in truth["table"]:
        theirs = {column for file in entry["files"] for column in truth["headers"][file]}
        choices = [one for part in ("columns", "optional") for two in entry[part].values() for one in two]
        assert choices and {column for one in choices for column in one} <= theirs
        assert set(entry["columns"]) | set(entry["optional"]) <= set(draft_score.vocabulary(entry["name"]))


def test_the_same_seed_writes_the_same_files(written, tmp_path):
    folder, _ = written
    made_up.write_system(SYSTEMS["shopify"], tmp_path)
    for path in (folder / "shopify").iterdir():
        assert (tmp_path / "shopify" / path.name).read_bytes() == path.read_bytes()


def test_halves_are_every_second_system():
    names = sorted(one["name"] for one in made_up.systems("ab"))
    assert [one["name"] for one in made_up.systems("a")] == names[::2]
    assert [one["name"] for one in made_up.systems("b")] == names[1::2]


# The scorer.


def scored(monkeypatch, folder, text):
    def given(copy):
        (copy / "crm.toml").write_text(text, "utf-8")
        return tomllib.loads(text), ""

    monkeypatch.setattr(draft_score, "_draft", given)
    return draft_score.score_folder(folder)


def by_truth(truth):
    """A crm.toml that takes the first of the choices of each column."""
    lines = [f'name = "x"\ncurrency = "{truth["currency"]}"\ntime_zone = "{truth["time_zone"]}"']
    for entry in [one for one in truth["table"] if one["needed"]]:
        lines += [f"[tables.{entry['name']}]", f"from = {made_up.json.dumps(entry['files'])}"]
        lines += [f"[tables.{entry['name']}.columns]"]
        for ours, (choice, *_) in entry["columns"].items():
            quoted = ['"' + column.replace('"', '""') + '"' for column in choice]
            lines.append(
                f"{ours} = {{ sql = {made_up.json.dumps(' || '.join(quoted), ensure_ascii=False)} }}"
            )
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["hubspot", "monthly_files", "stripe"])
def test_a_right_draft_has_all_points_and_a_wrong_one_loses_them(written, monkeypatch, name):
    folder, truths = written
    good = scored(monkeypatch, folder / name, by_truth(truths[name]))
    assert not good.columns["wrong"] and not good.columns["missing"]
    assert not good.tables["wrong"] and not good.tables["missing"]
    all_right = len(good.columns["right"])
    text = by_truth(truths[name])
    column = next(line for line in text.splitlines() if line.startswith("customer_id = "))
    lost = scored(monkeypatch, folder / name, text.replace(column, ""))
    wrong = scored(monkeypatch, folder / name, text.replace(column, 'customer_id = "no such column"'))
    assert (
        all_right - len(lost.columns["right"])
        == len(lost.columns["missing"]) + len(lost.columns["wrong"])
        > 0
    )
    assert all_right - len(wrong.columns["right"]) == len(wrong.columns["wrong"]) > 0


def test_one_month_of_twelve_is_a_wrong_table(written, monkeypatch):
    folder, truths = written
    text = by_truth(truths["monthly_files"])
    files = next(line for line in text.splitlines() if "sales_2024-01" in line)
    one = scored(monkeypatch, folder / "monthly_files", text.replace(files, 'from = "sales_2024-01.csv"'))
    assert one.tables["wrong"] == ["transactions"]
    pattern = scored(monkeypatch, folder / "monthly_files", text.replace(files, 'from = "sales_*.csv"'))
    assert "transactions" in pattern.tables["right"]


def test_money_and_rows_are_asked_of_the_workspace_itself(written, monkeypatch):
    folder, truths = written
    text = by_truth(truths["monthly_files"]).replace(
        '{ sql = "\\"Net Value\\"" }',
        "{ sql = \"cast(replace(replace(\\\"Net Value\\\", '£', ''), ',', '') as double)\" }",
    )
    good = scored(monkeypatch, folder / "monthly_files", text)
    assert good.checked["revenue"] == "ok" and good.checked["transactions"] == "ok"
    double = text.replace("cast(replace", "2 * cast(replace")
    assert scored(monkeypatch, folder / "monthly_files", double).checked["revenue"] != "ok"
