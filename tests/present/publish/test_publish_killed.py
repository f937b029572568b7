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

MOMENTS = 10
STEPS = 6
MARKER = f"no_module_{uuid4().hex}"


class Runs:
    """Runs of a small project in processes of their own; see `serve_runs`."""

    def __init__(self, root):
        command = [sys.executable, "-m", "tests.present.small_project", str(root), MARKER]
        top = Path(__file__).parents[3]
        self.process = subprocess.Popen(
            command, cwd=top, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self.process.stdout.readline() == "ready\n"

    def __call__(self, how="end"):
        self.process.stdin.write(f"{how}\n")
        code, seconds, steps = self.process.stdout.readline().split()
        return int(code), float(seconds), int(steps)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("killed"))


@pytest.fixture(scope="module")
def run(root):
    runs = Runs(root)
    assert runs()[0] == 0
    yield runs
    runs.close()
    assert not left_over()
    assert not [*root.glob("reports/shop/.staging-*"), *root.glob("reports/shop/.trash-*")]


@pytest.mark.slow
def test_killed_at_random_moments(root, run):
    moments, killed = random.Random(20), 0
    latest = root / "reports" / "shop" / "latest"
    took = run()[1]
    for _ in range(MOMENTS // 2):
        before = latest.readlink()
        for _ in range(2):
            code, *_ = run(f"time {moments.uniform(0, took)}")
            killed += code == -9
            assert_whole(root / "reports")
        code, seconds, _ = run()
        assert code == 0, "the run after two killed ones"
        assert_whole(root / "reports")
        assert latest.readlink() != before
        took = (took + seconds) / 2
    assert killed >= MOMENTS // 2


@pytest.mark.slow
def test_killed_before_random_steps_of_publishing(root, run):
    _, _, steps = run()
    assert steps > STEPS
    killed = 0
    for step in sorted(random.Random(10).sample(range(steps // 3, steps), STEPS)):
        code, *_ = run(f"step {step}")
        # Waiting for kernels is a step too, so that a run may be over before the last one of another.
        assert code in (0, -9)
        killed += code == -9
        assert_whole(root / "reports")
    assert killed >= STEPS // 2
    assert run()[0] == 0
    assert_whole(root / "reports")


def left_over():
    """Processes of killed runs that are still there after five seconds."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = [p for p in psutil.process_iter(["cmdline"]) if MARKER in " ".join(p.info["cmdline"] or [])]
        if not found:
            return []
        time.sleep(0.1)
    return found
