"""Files with personal data: closed to others, no link followed, nothing left of a process that was killed."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from crmlib.prepare import private
from crmlib.prepare.engine import Engine
from crmlib.prepare.workspace import open_workspace
from crmlib.schema.errors import SourceError

WAITS = """
import sys, time
from crmlib.prepare.private import scratch_folder
(scratch_folder() / "copy.csv").write_text("Jane Doe")
print(scratch_folder(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def temp(tmp_path, monkeypatch):
    """A temporary folder of the test's own, into which everybody may write."""
    folder = tmp_path / "temp"
    folder.mkdir()
    folder.chmod(0o1777)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


def rights(folder):
    """Everything in a folder that others have a right to."""
    inner = [Path(folder), *Path(folder).rglob("*")]
    return {p.name for p in inner if not p.is_symlink() and stat.S_IMODE(p.stat().st_mode) & 0o077}


def waiting(temp):
    process = subprocess.Popen([sys.executable, "-c", WAITS], stdout=subprocess.PIPE, text=True)
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_goes_and_what_a_living_one_uses_stays(temp):
    dead, left = waiting(temp)
    alive, used = waiting(temp)
    try:
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert (left / "copy.csv").read_text() == "Jane Doe", "a kill leaves it"
        for folder in (left, used):
            os.utime(folder / ".lock", (time.time() - 60,) * 2)
        private.sweep(temp / f"crmlib-{os.getuid()}")
        assert not left.exists() and (used / "copy.csv").exists()
        assert rights(used) - {".lock"} <= {"copy.csv"} and stat.S_IMODE(used.stat().st_mode) == 0o700
    finally:
        for process in (dead, alive):
            process.kill()
            process.communicate()


def test_leftovers_of_earlier_versions_go_after_a_day_and_links_are_not_followed(temp, tmp_path):
    theirs = tmp_path / "precious"
    theirs.mkdir()
    (theirs / "file").write_text("stays")
    for name, age in (("crmlib-text-old", 90_000), ("crmlib-text-new", 60)):
        (temp / name).mkdir()
        os.utime(temp / name, (time.time() - age,) * 2)
    (temp / "crmlib-text-link").symlink_to(theirs)
    private.sweep(private.temporary_root())
    assert {p.name for p in temp.glob("crmlib-text-*")} == {"crmlib-text-new", "crmlib-text-link"}
    assert (theirs / "file").read_text() == "stays"


def test_a_link_or_a_strangers_folder_in_the_place_of_ours_is_refused(temp, tmp_path, monkeypatch):
    place = temp / f"crmlib-{os.getuid()}"
    place.symlink_to(tmp_path)
    with pytest.raises(SourceError, match="link"):
        Engine(temp_directory=place)
    place.unlink()
    place.mkdir(mode=0o777)
    assert stat.S_IMODE(private.temporary_root().stat().st_mode) == 0o700, "ours, and open: it is closed"
    monkeypatch.setattr(private.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SourceError, match="another user"):
        private.temporary_root()


def test_everything_that_opening_a_workspace_leaves_is_closed(tmp_path, temp):
    old = os.umask(0o000)
    try:
        folder = tmp_path / "firm"
        folder.mkdir()
        (folder / "orders.csv").write_text(
            "order_id,product_id,ordered_at,net_amount\n7,a,2020-01-05,9\n8,a,,9\n"
        )
        (folder / "crm.toml").write_text('currency = "EUR"\n[tables.transactions]\nfrom = "orders.csv"\n')
        (folder / "set_aside").mkdir(mode=0o777)
        crm = open_workspace(folder)
        crm.engine.close()
        assert len(pd.read_parquet(folder / "set_aside" / "transactions.parquet"))
        for name in ("set_aside", ".prepared"):
            assert rights(folder / name) == set(), name
        assert rights(temp / f"crmlib-{os.getuid()}") <= {".lock"}
    finally:
        os.umask(old)


def test_a_file_put_in_place_replaces_a_link_and_does_not_follow_it(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.write_text("stays")
    (tmp_path / "list.csv").symlink_to(theirs)
    private.write_private(tmp_path / "list.csv", b"personal")
    assert theirs.read_text() == "stays" and not (tmp_path / "list.csv").is_symlink()
    assert stat.S_IMODE((tmp_path / "list.csv").stat().st_mode) == 0o600
