"""Runs that are killed, starved of disk, set against each other: published whole or not at all, and the next goes on.

python benchmarks/kills.py --kills 500          (a developer's machine: about an hour)
python benchmarks/kills.py --kills 40 --only kills --seed 8

How far it has come is told every ten kills, so that what was ended early still has its figures; another seed goes
on from there.

A small project of two notebooks is run by the command line as a scheduler would. After each blow the published
site is read: every link leads to a file, every run is whole. The disk that fills needs the right to mount a tmpfs.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

from tests.present.small_project import READER, assert_whole, make_project

COMMAND = (
    "from crmlib.present.run import zygote; zygote.modules_to_import = lambda: {names!r}; "
    "from crmlib.cli import main; main()"
)


class Project:
    """A project in a folder, with a temporary folder of its own, so that what is left there is seen."""

    def __init__(self, root: Path) -> None:
        self.root = make_project(root / "project")
        self.temp = root / "t"
        self.temp.mkdir()
        self.out = self.root / "reports"

    def start(
        self, workspace: str = "data/shop", *, bare: bool = False, out: Path | None = None
    ) -> subprocess.Popen:
        env = {"PATH": "/usr/bin:/bin"} if bare else dict(os.environ)
        env |= {"PYTHONPATH": str(TOP), "TMPDIR": str(self.temp), "OPENBLAS_NUM_THREADS": "1"}
        words = ["report", str(self.root / workspace), "-r", "answer", "-r", "figures", "--quiet"]
        words += ["--out", str(out or self.out), "--notebooks", str(self.root / "notebooks")]
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND.format(names=list(READER)), *words],
            cwd="/" if bare else self.root,
            env=env,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, **how) -> tuple[int, str]:
        process = self.start(**how)
        err = process.communicate(timeout=600)[1]
        return process.returncode, err

    def left_behind(self) -> list[str]:
        """What a run that is over should not have left: half pages, half tables, temporary files, processes."""
        half = [*self.root.rglob(".staging-*"), *self.root.rglob(".building-*"), *self.root.rglob(".trash-*")]
        temporary = [path for path in self.temp.glob("*") if path.is_dir() and any(path.iterdir())]
        mine = [
            f"process {one.pid}"
            for one in psutil.process_iter()
            if _environment(one).get("TMPDIR") == str(self.temp) and one.status() != psutil.STATUS_ZOMBIE
        ]
        return [str(path) for path in (*half, *temporary)] + mine


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def kills(root: Path, *, number: int, seed: int = 7) -> str:
    """Kill runs at random moments of their whole length; every fifth is let be and must come through."""
    project, moments, found = Project(root), random.Random(seed), Counter()
    began = time.monotonic()
    assert project.run()[0] == 0
    took = time.monotonic() - began
    while found["killed"] < number:
        change(project, found["killed"])
        process = project.start()
        try:
            process.communicate(timeout=moments.uniform(0, took * 1.1))
            found["ended before"] += 1
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            found["killed"] += 1
            if found["killed"] % 10 == 0:
                print(f"  {dict(found)} after {time.monotonic() - began:.0f} s", flush=True)
        assert_whole(project.out)
        if found["killed"] % 5 == 4:
            began_again = time.monotonic()
            code, err = project.run()
            assert code == 0, err
            # Beside other work a run takes longer than the first one did: moments follow.
            took = time.monotonic() - began_again
            found["next run good"] += 1
            assert_whole(project.out)
    code, err = project.run()
    assert code == 0, err
    time.sleep(2)
    left = project.left_behind()
    return f"{dict(found)}, published site whole each time; left behind at the end: {left or 'nothing'}"


def change(project: Project, number: int) -> None:
    """Another order, so that tables are read anew each time."""
    with (project.root / "data" / "shop" / "transactions.csv").open("a") as lines:
        lines.write(f"k{number},tea,ann,2020-01-02,1,1.0\n")


def full_disk(root: Path, *, number: int) -> str:
    """Run on a disk with so many kilobytes left, from none to enough."""
    disk, found = root / "disk", Counter()
    for free in (0, 4, 16, 32, 64, 96, 128, 192, 256, 512)[: max(number // 4, 3)]:
        disk.mkdir(exist_ok=True)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=False).returncode:
            return "not tried: a tmpfs cannot be mounted here"
        try:
            project = Project(disk)
            ballast = disk / "ballast"
            with ballast.open("wb") as file:
                room = shutil.disk_usage(disk).free - free * 1024
                file.write(b"x" * max(room, 0))
            shutil.rmtree(project.temp)
            project.temp = root / f"t{free}"
            project.temp.mkdir()
            code, err = project.run()
            named = code == 0 or str(disk) in err or "data/shop" in err
            found["whole" if code == 0 else "refused, path named" if named else f"refused: {err[-300:]}"] += 1
            assert "Traceback" not in err, err
            if project.out.is_dir():
                assert_whole(project.out)
            ballast.unlink()
            code, err = project.run()
            assert code == 0, err
            assert_whole(project.out)
            found["next run good"] += 1
        finally:
            subprocess.run(["umount", "-l", disk], check=True)
    return str(dict(found))


def read_only(root: Path, *, number: int) -> str:
    """Publish into a folder that takes nothing."""
    disk = root / "readonly"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,ro", "tmpfs", disk], check=False).returncode:
        return "not tried: a tmpfs cannot be mounted here"
    try:
        project = Project(root)
        code, err = project.run(out=disk / "reports")
        assert code == 2 and str(disk) in err and "Traceback" not in err, (code, err)
        assert project.run()[0] == 0
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
    return "exit code 2, path named; the next run elsewhere was good"


def written_while_read(root: Path, *, number: int) -> str:
    """Append to an export all the time that it is read."""
    project, stop = Project(root), threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            change(project, n := n + 1)
            time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    codes = Counter(project.run()[0] for _ in range(3))
    stop.set()
    writer.join()
    assert project.run()[0] == 0
    assert_whole(project.out)
    return f"exit codes {dict(codes)}; the run after it was good"


def clock_set_back(root: Path, *, number: int) -> str:
    """A run of the future is the newest by name; the one made now still takes its place."""
    project = Project(root)
    assert project.run()[0] == 0
    shelf = project.out / "shop"
    (shelf / (shelf / "latest").readlink()).rename(shelf / "20991231T000000Z")
    (shelf / "latest").unlink()
    (shelf / "latest").symlink_to("20991231T000000Z")
    assert project.run()[0] == 0
    now = (shelf / "latest").readlink().name
    assert now < "2099" and (shelf / now / "run.json").is_file()
    return "the run made now is the latest, the one of the future stays"


def two_at_once(root: Path, *, number: int) -> str:
    """Two runs of one workspace, then two workspaces of one name, started at once."""
    project = Project(root)
    both = [project.start(), project.start()]
    assert [process.wait(600) for process in both] == [0, 0]
    assert_whole(project.out)
    shutil.copytree(project.root / "data" / "shop", project.root / "other" / "shop")
    fresh = project.root / "fresh"
    both = [project.start(out=fresh), project.start(workspace="other/shop", out=fresh)]
    codes = sorted(process.wait(600) for process in both)
    assert codes == [0, 2], codes
    assert_whole(fresh)
    return "two runs: both published, one after the other; two workspaces of one name: one published, one refused"


def bare_environment(root: Path, *, number: int) -> str:
    """As cron starts it: no HOME, no locale, hardly a PATH, in /."""
    project = Project(root)
    code, err = project.run(bare=True)
    assert code == 0, err
    assert_whole(project.out)
    return "published"


ATTACKS: dict[str, Callable[..., str]] = {
    attack.__name__: attack
    for attack in (
        kills,
        full_disk,
        read_only,
        written_while_read,
        clock_set_back,
        two_at_once,
        bare_environment,
    )
}


def main() -> None:
    """Carry out the attacks and print what came of each."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kills", type=int, default=500)
    arguments.add_argument("--only", choices=ATTACKS, action="append")
    arguments.add_argument("--seed", type=int, default=7, help="of the moments at which runs are killed")
    given = arguments.parse_args()
    for name in given.only or ATTACKS:
        with tempfile.TemporaryDirectory(prefix="kills") as root:
            began = time.monotonic()
            how = {"seed": given.seed} if name == "kills" else {}
            said = ATTACKS[name](Path(root), number=given.kills, **how)
            print(f"{name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    main()
