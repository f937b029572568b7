"""Reports as notebooks: found, read and chosen, before anything heavy is imported."""

import pytest

from crmlib.present.run.reports import choose_reports, find_reports, notebook_folder, read_report
from crmlib.schema.errors import ConfigError, ParameterError
from tests.present.small_project import make_project, write_notebook


def test_reports_are_found_in_the_order_of_their_files(tmp_path):
    root = make_project(tmp_path)
    found = find_reports(root / "notebooks")
    assert list(found) == ["answer", "figures", "lacking"]
    assert found["answer"].question == "How many orders?" and found["figures"].wants == ("products",)
    assert [p.name for p in found["figures"].parameters] == ["workspace", "as_of", "factor", "names"]
    assert found["lacking"].title == "Lacking" and found["lacking"].lacks(["transactions"]) == ("feedback",)


def test_two_notebooks_of_one_name_are_refused(tmp_path):
    write_notebook(tmp_path / "01_same.ipynb")
    write_notebook(tmp_path / "02_same.ipynb")
    with pytest.raises(ConfigError, match=r"02_same\.ipynb and 01_same\.ipynb are both the report 'same'"):
        find_reports(tmp_path)


def test_a_need_that_is_no_table_is_refused(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", told={"needs": ["transaction"]})
    with pytest.raises(ConfigError, match="Did you mean 'transactions'"):
        read_report(path)


@pytest.mark.parametrize("text", ["", "{}", "[]", "no json", '{"cells": 3}', '{"cells": [{}]}'])
def test_a_file_that_is_no_notebook_is_refused_by_name(tmp_path, text):
    (tmp_path / "09_broken.ipynb").write_text(text)
    with pytest.raises(ConfigError, match=r"09_broken\.ipynb is no notebook"):
        find_reports(tmp_path)


def test_a_notebook_without_a_tagged_cell_is_refused(tmp_path):
    write_notebook(tmp_path / "01_untagged.ipynb", "n = 1", parameters=None)
    with pytest.raises(ParameterError, match=r"01_untagged\.ipynb has no cell tagged 'parameters'"):
        find_reports(tmp_path)


def test_an_unknown_report_is_refused_with_the_nearest(tmp_path):
    found = find_reports(make_project(tmp_path) / "notebooks")
    with pytest.raises(ParameterError, match=r"no report 'figure'\. Did you mean 'figures'\?"):
        choose_reports(found, ["answer", "figure"])
    assert [report.name for report in choose_reports(found, ["figures", "answer"])] == ["answer", "figures"]


def test_the_folder_of_notebooks(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    assert notebook_folder() == tmp_path / "notebooks"
    with pytest.raises(ConfigError, match="--notebooks"):
        notebook_folder("nowhere")
