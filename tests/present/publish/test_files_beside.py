"""Lists too long for a page lie beside it: whole, linked, named safely."""

from base64 import b64encode
from hashlib import sha256
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from crmlib.present.blocks import downloads as blocks_downloads_links
from crmlib.present.blocks import tables as blocks_tables
from crmlib.present.blocks.base import BLOCK_MIME, FILES_MIME, FILES_VARIABLE
from crmlib.present.blocks.tables import DataTable
from crmlib.present.publish.publish import move_downloads, take_files
from crmlib.schema.errors import CrmlibError


def shown(block):
    return {"cells": [{"outputs": [{"output_type": "execute_result", "data": block._repr_mimebundle_()}]}]}


def long_list(name="at risk", rows=3_000, **options):
    frame = pd.DataFrame({"n": range(rows), "share": np.random.default_rng(1).random(rows)})
    return DataTable(frame, name=name, caption="Who is at risk", **options)


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(blocks_tables, "DOWNLOAD_BYTES", 20_000)
    monkeypatch.setattr(blocks_tables, "DOWNLOAD_BYTES_EACH", 20_000)


def html_of(notebook):
    return notebook["cells"][0]["outputs"][0]["data"]["text/html"]


def test_the_whole_of_a_cut_list_lies_beside_the_page(small_pages):
    block = long_list(excel=True)
    notebook = shown(block)
    files = take_files(notebook, folder="value_files")
    assert list(files) == ["at_risk.csv", "at_risk.xlsx"]
    pd.testing.assert_frame_equal(
        pd.read_csv(BytesIO(files["at_risk.csv"])).set_axis(["n", "share"], axis=1), block.frame
    )
    assert len(pd.read_excel(BytesIO(files["at_risk.xlsx"]), engine="openpyxl")) == 3_000
    html = html_of(notebook)
    assert 'href="value_files/at_risk.csv">All 3,000 rows as CSV</a>' in html
    assert 'href="value_files/at_risk.xlsx">All 3,000 rows as Excel</a>' in html
    assert "(the first" not in html, "one link a format"
    assert "data-file" not in html
    assert FILES_MIME not in notebook["cells"][0]["outputs"][0]["data"]


def test_in_a_run_a_file_is_made_once_and_handed_over_by_its_digest(small_pages, monkeypatch, tmp_path):
    alone, few = shown(long_list(excel=True)), shown(long_list("few", rows=30, excel=True))
    made, make = [], blocks_tables.to_excel_bytes
    monkeypatch.setattr(blocks_tables, "to_excel_bytes", lambda *a, **k: made.append(1) or make(*a, **k))
    monkeypatch.setenv(FILES_VARIABLE, str(tmp_path))
    run, also = shown(long_list(excel=True)), shown(long_list("few", rows=30, excel=True))
    assert len(made) == 2 and html_of(also) == html_of(few)
    assert len(str(run)) < 50_000, "the content does not travel with the page"
    files = take_files(run, folder="f", laid=tmp_path)
    assert {name: path.read_bytes() for name, path in files.items()} == take_files(alone, folder="f")
    assert html_of(run) == html_of(alone)


@pytest.mark.parametrize("digest", ["../secret", "0" * 64, sha256(b"x").hexdigest(), "a" * 63, "", None])
def test_a_digest_leads_to_no_other_file(tmp_path, digest):
    laid = tmp_path / "files"
    laid.mkdir()
    (tmp_path / "secret").write_text("x")
    (laid / ("0" * 64)).write_text("other")
    (laid / sha256(b"x").hexdigest()).symlink_to(tmp_path / "secret")
    data = {BLOCK_MIME: {"kind": "table"}, "text/html": "", FILES_MIME: {"a.csv": {"digest": digest}}}
    with pytest.raises(CrmlibError, match=r"'a\.csv' that a cell hands over cannot be read"):
        take_files({"cells": [{"outputs": [{"data": data}]}]}, folder="f", laid=laid)


def test_a_list_that_the_page_holds_has_no_file_beside_it():
    notebook = shown(long_list(rows=30, excel=True))
    before = html_of(notebook)
    assert take_files(notebook, folder="value_files") == {}
    assert html_of(notebook) == before


def test_a_file_too_large_for_any_reader_is_cut_and_says_so(small_pages, monkeypatch):
    monkeypatch.setattr(blocks_downloads_links, "WHOLE_BYTES", 40_000)
    notebook = shown(long_list())
    (content,) = take_files(notebook, folder="value_files").values()
    rows = len(pd.read_csv(BytesIO(content)))
    assert 800 < rows < 3_000 and len(content) <= 40_000
    assert f"The first {rows:,} rows as CSV</a>" in html_of(notebook)


def test_two_lists_of_one_name_do_not_overwrite_each_other(small_pages):
    first, second = shown(long_list()), shown(long_list(rows=2_500))
    notebook = {"cells": first["cells"] + second["cells"]}
    files = take_files(notebook, folder="f")
    assert {name: content.count(b"\r\n") - 1 for name, content in files.items()} == {
        "at_risk.csv": 3_000,
        "at_risk_2.csv": 2_500,
    }
    assert 'href="f/at_risk_2.csv">All 2,500 rows' in second["cells"][0]["outputs"][0]["data"]["text/html"]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../../etc/cron.csv", "cron.csv"),
        ("/etc/passwd", "passwd.csv"),
        ("page.html", "page.csv"),
        ("..", "table.csv"),
        ("a/../b.xlsx", "b.xlsx"),
    ],
)
def test_what_a_cell_shows_names_no_path(given, name):
    data = {BLOCK_MIME: {"kind": "table"}, FILES_MIME: {given: {"says": "<b>All</b>", "content": "eA=="}}}
    notebook = {"cells": [{"outputs": [{"data": data | {"text/html": "<p></p>"}}]}]}
    assert take_files(notebook, folder="f") == {name: b"x"}


def test_what_a_link_says_is_escaped():
    table = '<span class="crm-whole" data-file="a.csv"></span>'
    files = {"a.csv": {"says": "<script>", "content": b64encode(b"x").decode()}}
    data = {BLOCK_MIME: {"kind": "table"}, "text/html": table, FILES_MIME: files}
    take_files({"cells": [{"outputs": [{"data": data}]}]}, folder="f")
    assert "&lt;script&gt;" in data["text/html"] and "<script>" not in data["text/html"]


@pytest.mark.parametrize("file", [{"content": "?"}, {"says": "all"}, "text", {"content": None}])
def test_something_that_is_no_file_is_refused(file):
    data = {BLOCK_MIME: {"kind": "table"}, "text/html": "", FILES_MIME: {"a.csv": file}}
    with pytest.raises(CrmlibError, match=r"'a\.csv' that a cell hands over cannot be read"):
        take_files({"cells": [{"outputs": [{"data": data}]}]}, folder="f")


def test_where_the_page_is_too_heavy_its_downloads_lie_beside_it_too(small_pages):
    long, short = shown(long_list(excel=True)), shown(long_list("few", rows=30))
    notebook = {"cells": long["cells"] + short["cells"]}
    files = take_files(notebook, folder="f")
    moved = move_downloads(notebook, folder="f", files=files)
    assert list(moved) == ["at_risk.csv", "at_risk.xlsx", "few.csv"]
    assert all(moved[name] == content for name, content in files.items())
    assert len(pd.read_csv(BytesIO(moved["few.csv"]))) == 30
    assert "base64" not in html_of(long) + html_of(short)
    assert "(the first" not in html_of(long) and "All 3,000 rows as CSV</a>" in html_of(long)
    assert 'href="f/few.csv">Download as CSV</a>' in html_of(short)


def test_a_name_with_quotes_stays_a_name():
    block = DataTable(pd.DataFrame({"n": [1]}), name='a"&amp;<b>', caption="Odd")
    notebook = shown(block)
    moved = move_downloads(notebook, folder="f", files={})
    assert list(moved) == ["a_amp_b.csv"] and 'href="f/a_amp_b.csv"' in html_of(notebook)
