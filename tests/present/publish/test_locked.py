"""A run as one encrypted page: nothing of it stands in the open, and the password opens all of it, offline."""

import json
import re

import pytest

pytest.importorskip("cryptography", reason="no cryptography: install the extra crmlib[encrypt]")

from crmlib.prepare import encryption
from crmlib.present.publish.html import notebook_to_html
from crmlib.present.publish.publish import RECORD, lock_run, unlocked
from crmlib.present.publish.site import run_index
from crmlib.present.run.persons import print_opened
from crmlib.present.run.verify import read_run
from crmlib.schema.errors import ParameterError, SourceError
from tests.present.pages_demo import CONTEXT, RUN, notebook, reports
from tests.present.test_browser import browser as browser

PASSWORD = "wide grey owls fly at noon"
SAID = "Churn costs 4,711 dollars."
LIST = b"\xef\xbb\xbfcustomer_id,why\r\nK-AAAAAAAAAAAA,late\r\n"
ONE = '<!doctype html><title>One</title><h1 id="one">One customer</h1><a href="../index.html">All</a>'


def told():
    return [report | {"answer": SAID} for report in reports()]


def files_of_a_run():
    page = notebook_to_html(notebook(), title="Customer segments", context=CONTEXT)
    more = (
        '<p><a id="list" download href="segmentation_files/list.csv">List</a> <a id="out" href="../../x.html">Out</a>'
        '<a id="one" href="customers/one.html#one">One</a></p></main>'
    )
    index = run_index(RUN, told())
    return {
        "index.html": index.encode(),
        "segmentation.html": page.replace("</main>", more).encode(),
        "segmentation_files/list.csv": LIST,
        "customers/one.html": ONE.encode(),
        "run.json": json.dumps(RUN | {"reports": told()}, default=str).encode(),
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of an encrypted run, and the files that it was made from."""
    folder = tmp_path_factory.mktemp("run")
    files = files_of_a_run()
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encryption, "ROUNDS", 600_000)
        lock_run(folder, password=PASSWORD)
    return folder, files


def test_a_run_is_one_page_and_a_record_without_figures(run):
    folder, files = run
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "run.json"]
    record = json.loads((folder / "run.json").read_text())
    assert record["encrypted"] and set(record) >= RECORD and "key_figures" not in record
    assert all(
        set(report).isdisjoint({"answer", "findings", "claims", "blocks"}) for report in record["reports"]
    )
    plain = "".join(path.read_text() for path in folder.iterdir())
    assert any(SAID in content.decode() for content in files.values())
    assert not any(word in plain for word in (SAID, "K-AAAAAAAAAAAA", '<dl class="crm-figures">'))
    assert unlocked((folder / "index.html").read_text(), password=PASSWORD) == files
    with pytest.raises(ParameterError, match="is encrypted"):
        read_run(folder)


def test_the_command_opens_a_page_into_a_folder_for_its_owner(run, tmp_path, monkeypatch, capsys):
    folder, files = run
    monkeypatch.setenv(encryption.PASSWORD_VARIABLE, PASSWORD)
    assert print_opened(folder / "index.html", to=tmp_path / "opened") == 0
    found = {
        p.relative_to(tmp_path / "opened").as_posix(): p
        for p in (tmp_path / "opened").rglob("*")
        if p.is_file()
    }
    assert {name: path.read_bytes() for name, path in found.items()} == files
    assert all(path.stat().st_mode & 0o077 == 0 for path in found.values())
    with pytest.raises(ParameterError, match="there already"):
        print_opened(folder / "index.html", to=tmp_path / "opened")
    monkeypatch.setenv(encryption.PASSWORD_VARIABLE, f"{PASSWORD}!")
    with pytest.raises(ParameterError, match="another one"):
        print_opened(folder / "index.html", to=tmp_path / "other")
    assert not (tmp_path / "other").exists()
    (tmp_path / "plain.html").write_text("<p>plain")
    with pytest.raises(ParameterError, match="not encrypted"):
        print_opened(tmp_path / "plain.html")
    with pytest.raises(SourceError):
        unlocked("<p>plain", password=PASSWORD)


@pytest.fixture
def opened(run, browser):
    """The page in a browser, from the disk; every request and error is kept on it as `.noise`."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.noise = []
    address = (run[0] / "index.html").as_uri()
    page.on("console", lambda message: page.noise.append(message.text))
    page.on("pageerror", lambda error: page.noise.append(str(error)))
    harmless = ("data:", "blob:", address)
    page.on("request", lambda r: r.url.startswith(harmless) or page.noise.append(r.url))
    page.goto(address)
    yield page
    context.close()


def unlock(page, password=PASSWORD):
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.browser
def test_another_password_is_told_and_the_right_one_opens_the_index(opened):
    assert opened.evaluate("window.isSecureContext && document.activeElement.id") == "password"
    unlock(opened, f"{PASSWORD}!")
    opened.get_by_role("alert").get_by_text("another one").wait_for()
    assert opened.locator("#password").get_attribute("aria-invalid") == "true"
    unlock(opened)
    opened.get_by_role("heading", name="Key figures").wait_for()
    assert opened.locator("#password").count() == 0 and opened.noise == []
    assert PASSWORD not in opened.content()


@pytest.mark.browser
def test_links_lists_and_the_way_back_stay_within_the_page(opened, run):
    unlock(opened)
    opened.locator(".cards a[href='segmentation.html']").click()
    opened.get_by_role("heading", name="Customer segments", level=1).wait_for()
    assert opened.locator("#out").count() == 0, "what leads out of the run is no link"
    with opened.expect_download() as download:
        opened.locator("#list").click()
    assert download.value.suggested_filename == "list.csv"
    with open(download.value.path(), "rb") as saved:  # noqa: PTH123
        assert saved.read() == LIST
    opened.locator("th button").first.click()
    assert opened.locator("th[aria-sort=ascending], th[aria-sort=descending]").count() == 1, "its script runs"
    opened.locator("a#one").click()
    opened.get_by_role("heading", name="One customer").wait_for()
    opened.go_back()
    opened.get_by_role("heading", name="Customer segments", level=1).wait_for()
    opened.go_back()
    opened.get_by_role("heading", name="Key figures").wait_for()
    assert opened.noise == []


@pytest.mark.browser
def test_a_changed_byte_opens_nothing(opened, run, tmp_path):
    page = (run[0] / "index.html").read_text()
    held = re.search(r'encrypted">([^<]+)<', page)
    place = held.end(1) - 200
    changed = page[:place] + ("A" if page[place] != "A" else "B") + page[place + 1 :]
    (tmp_path / "changed.html").write_text(changed)
    opened.goto((tmp_path / "changed.html").as_uri())
    unlock(opened)
    opened.get_by_role("alert").get_by_text("has been changed").wait_for()
