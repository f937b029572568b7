"""A run that is killed at any moment leaves the published site whole, and the next run works."""

import random
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from tests.present.small_project import assert_whole, make_project

KILLS = 20
MARKER = f"no_module_{uuid4().hex}"


class Runs:
    def __init__(self, root):
        command = [sys.executable, "-m", "tests.present.small_project", str(root), MARKER]
        top = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            command, cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.process.stdout.readline() == "ready\n"

    def run(self, seconds=-1.0):
        self.process.stdin.write(f"{seconds}\n")
        code, took = self.process.stdout.readline().split()
        return int(code), float(took)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.mark.slow
def test_killed_at_twenty_random_moments(tmp_path):
    root = make_project(tmp_path)
    out = root / "reports"
    runs = Runs(root)
    try:
        assert runs.run()[0] == 0
        took = max(runs.run()[1] for _ in range(2))
        moments = random.Random(20)
        killed = 0
        for _ in range(KILLS):
            before = (out / "shop" / "latest").readlink()
            code, _ = runs.run(moments.uniform(0, took))
            killed += code == -9
            assert_whole(out)
            code, took_now = runs.run()
            assert code == 0, "the run after a killed one"
            assert_whole(out)
            assert (out / "shop" / "latest").readlink() != before
            took = max(took_now, 0.8 * took)
    finally:
        runs.close()
    assert killed >= KILLS // 2
    assert not list((out / "shop").glob(".staging-*")) and not list((out / "shop").glob(".trash-*"))
    assert_nothing_is_left()


def assert_nothing_is_left():
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if not [p for p in psutil.process_iter(["cmdline"]) if MARKER in " ".join(p.info["cmdline"] or [])]:
            return
        time.sleep(0.1)
    raise AssertionError("processes of killed runs are still there")
