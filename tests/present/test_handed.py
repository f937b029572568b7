"""Reports of one run leave results for one another; a notebook on its own neither leaves nor finds any."""

import json

from crmlib.present.blocks import Skipped
from crmlib.present.needs import hand_on, handed_on
from crmlib.present.run.reports import HANDED, RESERVED, find_reports, notebook_folder, read_report


def test_what_was_handed_on_is_found_and_what_is_missing_is_not(tmp_path):
    folder = str(tmp_path / "handed")
    hand_on(folder, overdue={"rows": 3}, team=Skipped("Nobody works here."), offers=None)
    assert handed_on(folder, "overdue", "team", "offers", "actions") == {"overdue": {"rows": 3}}
    assert (tmp_path / "handed").stat().st_mode & 0o077 == 0


def test_outside_a_run_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hand_on("", overdue=1)
    assert handed_on("", "overdue") == {}
    assert not list(tmp_path.iterdir())


def test_reports_that_take_what_others_found_wait_for_them():
    waiting = [name for name, report in find_reports(notebook_folder()).items() if report.last]
    assert waiting == ["worklist", "voice", "what_changed"]
    assert HANDED in RESERVED, "no user names the folder"


def test_a_notebook_says_that_it_waits(tmp_path):
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": 'workspace: str = "."  # it'}
    ]
    for last in (True, False):
        nb = {"cells": cells, "metadata": {"crmlib": {"last": last}}, "nbformat": 4, "nbformat_minor": 5}
        (tmp_path / "a.ipynb").write_text(json.dumps(nb), encoding="utf-8")
        assert read_report(tmp_path / "a.ipynb").last == last
