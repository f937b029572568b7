"""The notebooks on a hostile company: nothing personal, no small group and no live text leaves the house."""

import base64
import csv
import getpass
import html
import io
import re
import tempfile
import zipfile
from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from crmlib.analyse.stats.small_groups import NESTED
from crmlib.prepare.privacy import KEY_VARIABLE, key_from_exports
from crmlib.prepare.workspace import open_workspace
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runs import run_reports
from crmlib.schema.fields import MINIMUM_GROUP
from tests.hostile_company import FORMULA, HOSTILE, TRAITS, canary, personal_columns, write_company
from tests.present.consistency import faults, run_in
from tests.present.subtraction import published_groups, small_groups_found

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PLAIN = """
[privacy]
pseudonyms = false
"""
SETTINGS = """
[customers]
pages = 5

[indicators.last_name]
over = "lines"
sql = "max(customer_id)"
aspect = "finance"
unit = ""
better = "higher"
says = "<img src=x onerror=alert(1)>"

[indicators.endless]
over = "lines"
sql = "max(age_days) / 0"
aspect = "finance"
unit = ""
better = "higher"
says = "Divided by nothing."
"""


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    """Two published sites: the company as it is, and with pseudonyms and the code shown."""
    root = tmp_path_factory.mktemp("canaries")
    plain = write_company(root / "data" / "plain")
    hidden = write_company(root / "data" / "hidden")
    for folder in (plain, hidden):
        people = (folder / "customers.csv").read_text(encoding="utf-8")
        quoted = FORMULA.replace('"', '""')
        (folder / "customers.csv").write_text(people.replace("日本", f'"{quoted}"'), encoding="utf-8")
    for path in hidden.glob("*.csv"):
        path.write_text(
            re.sub(r"\bc(\d{3})\b", r"zqid\1", path.read_text(encoding="utf-8")), encoding="utf-8"
        )
    for folder, settings in ((plain, PLAIN), (hidden, SETTINGS)):
        config = (folder / "crm.toml").read_text(encoding="utf-8")
        config = config.replace("\n[tables", settings + "\n[tables", 1)
        (folder / "crm.toml").write_text(config, encoding="utf-8")
    (root / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(root / "tmp"))
        patch.setattr(tempfile, "tempdir", None)
        patch.delenv(KEY_VARIABLE, raising=False)
        found = _reported(root, {plain: False, hidden: True})
    return found


def _reported(root, folders):
    found = {}
    with Kernels() as kernels:
        for folder, show_code in folders.items():
            out = root / f"site-{folder.name}"
            (run,) = run_reports(folder, out=out, notebooks=NOTEBOOKS, show_code=show_code, kernels=kernels)
            assert run.status == "published" and set(run.reports.status) == {"done"}, run.reason
            found[folder.name] = out
    return found


@cache
def published(out):
    """Every published file with what its downloads and pictures hold; also run.json and the log."""
    texts = {}
    for path in [*out.rglob("*.html"), *out.rglob("*.json"), *out.rglob("run.log")]:
        if ".work" in path.parts and path.name != "run.log":
            continue
        text = path.read_text(encoding="utf-8")
        inner = [_opened(base64.b64decode(part)) for part in _packed(text)]
        texts[path.relative_to(out).as_posix()] = "\n".join([text, html.unescape(text), *inner])
    for path in out.rglob("*_files/*"):
        if ".work" not in path.parts:
            texts[path.relative_to(out).as_posix()] = _opened(path.read_bytes())
    assert len(texts) >= 8
    return texts


def downloads(out):
    """The rows of every CSV that a page offers."""
    for path in out.rglob("*.html"):
        for part in re.findall(
            r"data:text/csv[^,\"]*base64,([A-Za-z0-9+/=]+)", path.read_text(encoding="utf-8")
        ):
            yield path.name, list(csv.reader(io.StringIO(base64.b64decode(part).decode("utf-8-sig"))))


def workbooks(out):
    """The cells of every workbook that a page offers."""
    for path in out.rglob("*.html"):
        for part in re.findall(r"spreadsheetml.sheet;base64,([A-Za-z0-9+/=]+)", path.read_text("utf-8")):
            for sheet in load_workbook(io.BytesIO(base64.b64decode(part))):
                yield path.name, [cell for row in sheet.iter_rows() for cell in row]


def _opened(content):
    """A download or a picture as text: a workbook with all its parts."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8-sig", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        texts = [parts.read(name).decode("utf-8") for name in parts.namelist()]
    return "\n".join([*texts, *(html.unescape(text) for text in texts)])


def _packed(text):
    return re.findall(r"base64,([A-Za-z0-9+/=]+)", text)


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_personal_value_and_no_small_group_in_any_published_file(sites, name):
    forbidden = {canary(*column) for column in personal_columns()} | {"canary", "rare gender", "rare income"}
    for file, text in published(sites[name]).items():
        assert [word for word in forbidden if word in text] == [], file


def test_a_thousand_values_were_sought_and_each_of_them_could_have_been_found(sites):
    exports = sites["plain"].parent / "data" / "plain"
    told = "".join(path.read_text(encoding="utf-8") for path in exports.glob("*.csv"))
    planted = set(re.findall(r"canary\w+", told))
    assert len(planted) >= 1_000
    kinds = {re.sub(r"x\d.*", "", word) for word in planted}
    there = {path.stem for path in exports.glob("*.csv")}
    assert {canary(*column) for column in personal_columns() if column[0] in there} <= kinds


def test_nobody_else_reads_what_a_run_has_left_on_the_disk(sites):
    root = sites["plain"].parent
    seen = [path for path in (root / "tmp").rglob("*") if path.is_file()]
    seen += [
        path for folder in (root / "data").iterdir() for path in folder.glob(".*/**/*") if path.is_file()
    ]
    seen += [path for site in sites.values() for path in site.rglob(".work/**/*") if path.is_file()]
    assert any(path.suffix == ".ipynb" for path in seen)
    for path in seen:
        inside = [
            place
            for place in path.parents
            if place.is_relative_to(root) and place.stat().st_mode & 0o077 == 0
        ]
        assert inside or path.stat().st_mode & 0o077 == 0, path
    kept = [path for path in (root / "tmp").rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert kept == []


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_folder_of_the_machine_and_no_user_in_any_published_file(sites, name):
    home, user = str(Path.home()), getpass.getuser()
    for file, text in published(sites[name]).items():
        found = [
            word for word in (str(sites[name].parent), str(NOTEBOOKS.parent), f"{home}/") if word in text
        ]
        assert found == [] and not re.search(rf"(home|Users)/{re.escape(user)}\b", text), file


def test_by_default_no_raw_identifier_is_published_and_no_key(sites):
    secret = key_from_exports(open_workspace(sites["hidden"].parent / "data" / "hidden"))
    texts = published(sites["hidden"])
    assert sum("/customers/" in file and file.endswith(".html") for file in texts) == 5
    for file, text in texts.items():
        assert "zqid" not in text and secret not in text, file
    assert sum(text.count("K-") > 20 for text in texts.values()) >= 2, "the lists are there, by pseudonym"
    assert any("c001" in text for text in published(sites["plain"]).values()), "they would be found"


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_text_from_data_and_from_crm_toml_is_no_markup(sites, name):
    pages = {path.name: path.read_text(encoding="utf-8") for path in sites[name].rglob("*.html")}
    for file, text in pages.items():
        for live in (HOSTILE, "<script>alert", "<b>Hostile</b>", "<img src=x"):
            assert live not in text, file
        assert "default-src &#39;none&#39;" in text and len(re.findall(r"<script\b", text)) <= 1
        assert not re.search(
            r"<[a-z]+[^>]*\son[a-z]+\s*=", re.sub(r"<script.*?</script>", "", text, flags=re.S)
        )
    assert html.escape("The <b>Hostile</b> Company") in pages["index.html"]
    assert html.escape("<script>alert", quote=False) in pages["customer_profile.html"]


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_cell_of_a_download_is_a_formula(sites, name):
    cells, shown = [], ""
    for file, rows in downloads(sites[name]):
        for cell in (cell for row in rows for cell in row):
            number = re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", cell)
            assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (file, cell)
            cells.append(cell)
            shown += cell
    assert len(cells) > 500 and FORMULA in shown, "the formulas are there, harmless"


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(sites, name):
    cells = [cell for _, found in workbooks(sites[name]) for cell in found]
    assert len(cells) > 500 and {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}
    assert not any(cell.hyperlink for cell in cells)
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not any(text.startswith(("=", "+", "-", "@", "\t")) for text in texts)
    assert any(text == "c001" for text in texts) == (name == "plain")


def test_a_key_that_can_be_guessed_is_refused_before_the_work(sites, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "short")
    workspace = sites["hidden"].parent / "data" / "hidden"
    (run,) = run_reports(workspace, out=tmp_path / "out", notebooks=NOTEBOOKS, reports=["data_health"])
    assert (run.status, run.exit_code) == ("refused", 2) and KEY_VARIABLE in run.reason


def test_lists_say_that_their_customer_numbers_are_pseudonyms(sites):
    notes = {
        name: sum(t.count('class="crm-coded"') for t in published(sites[name]).values()) for name in sites
    }
    assert notes["plain"] == 0 and notes["hidden"] >= 2


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_page_contradicts_another(sites, name):
    said = run_in(sites[name] / name / "latest")
    assert said.claims and said.lists and faults(said) == []


def planted_groups(folder):
    """The customers of an export, the trait of each planted name, and the wider group in which each of them lies."""
    people = pd.read_csv(folder / "customers.csv", dtype=str)
    planted = {value: trait for trait in TRAITS for value in people[trait] if value.startswith("zq")}
    pairs = [(one, wider) for one, wider in pairwise(reversed(NESTED))]
    parents = {
        (one, part): (wider, whole)
        for one, wider in pairs
        for part, whole in people[[one, wider]].itertuples(index=False)
    }
    return people, planted, parents


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_small_group_can_be_worked_out_by_subtraction_over_all_pages(sites, name):
    people, planted, parents = planted_groups(sites[name].parent / "data" / name)
    asked = {"planted": planted, "total": len(people)}
    groups = published_groups((sites[name] / name / "latest").resolve(), **asked)
    assert {place[3] for place in groups} >= {
        "industry",
        "region",
        "company_size",
        "household_size",
        "source",
    }
    assert small_groups_found(groups, least=MINIMUM_GROUP, parents=parents, total=len(people)) == []


@pytest.mark.parametrize("name", ["plain", "hidden"])
def test_no_file_names_a_group_that_is_too_small_to_be_shown(sites, name):
    people, planted, _ = planted_groups(sites[name].parent / "data" / name)
    sizes = pd.concat([people[trait] for trait in TRAITS]).value_counts()
    small = {value for value in planted if sizes[value] < MINIMUM_GROUP}
    assert len(small) >= 4
    for file, text in published(sites[name]).items():
        assert [value for value in small if value in text] == [], file
