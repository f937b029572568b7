"""The shelf of runs: what others have laid there, a clock set back, a disk that is full."""

import json

import pytest

from crmlib.present.publish import publish
from crmlib.present.publish.publish import Shelf

RECORD = {"title": "The shop", "as_of": "2020-01-31", "run": "r", "reports": []}


@pytest.fixture
def shelf(tmp_path):
    return Shelf(root=tmp_path / "shop")


def lay(shelf, run, record=RECORD):
    for folder in (shelf.root / run, shelf.work(run)):
        folder.mkdir(parents=True)
    (shelf.root / run / "run.json").write_text(json.dumps(record))
    return run


def point(shelf, target):
    (shelf.root / "latest").unlink(missing_ok=True)
    (shelf.root / "latest").symlink_to(target)


@pytest.mark.parametrize("record", [[1], {"title": "<b>"}, 7, None, {"reports": []}])
def test_a_record_of_somebody_else_does_not_stop_the_index(shelf, record):
    point(shelf, lay(shelf, "20260101T000000Z", record))
    assert publish.site_records(shelf.root.parent) == [] and shelf.history() == []
    lay(shelf, "20260102T000000Z")
    assert [run["title"] for run in shelf.history()] == ["The shop"]


def test_a_latest_that_leads_elsewhere_is_no_run(shelf, tmp_path):
    run = lay(shelf, "20260101T000000Z")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "run.json").write_text(json.dumps(RECORD | {"title": "Not ours"}))
    point(shelf, elsewhere)
    assert shelf.latest() is None and publish.site_records(tmp_path) == []
    point(shelf, run)
    assert [record["title"] for record in publish.site_records(tmp_path)] == ["The shop"]


def test_a_clock_set_back_takes_nothing_from_the_run_that_has_just_ended(shelf):
    newer = [lay(shelf, f"2030010{day}T000000Z") for day in range(1, 8)]
    point(shelf, lay(shelf, "20260101T000000Z"))
    shelf.prune(keep=3, run="20260101T000000Z")
    assert shelf.published() == ["20260101T000000Z", *newer[-3:]]
    assert shelf.work("20260101T000000Z").is_dir()
    for day in range(1, 8):
        (shelf.failed(f"2030020{day}T000000Z")).mkdir(parents=True)
    shelf.failed("20260102T000000Z").mkdir()
    shelf.prune(keep=3, run="20260102T000000Z")
    assert shelf.failed("20260102T000000Z").is_dir()


def test_notebooks_of_a_published_run_never_count_as_failed(shelf):
    runs = [lay(shelf, f"2026010{day}T000000Z") for day in range(1, 4)]
    point(shelf, runs[-1])
    shelf.prune(keep=1, run=runs[-1])
    shelf.recover()
    assert shelf.published() == runs[-1:] and not (shelf.root / "failed").exists()


def test_a_full_disk_leaves_the_old_page_and_no_draft(tmp_path, monkeypatch):
    page = tmp_path / "index.html"
    publish.write_text(page, "old")

    def full(self, content, **_):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(page), "write_text", full)
    monkeypatch.setattr(type(page), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        publish.write_text(page, "new")
    with pytest.raises(OSError, match="No space left"):
        publish.write_bytes(page, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"] and page.read_text() == "old"
