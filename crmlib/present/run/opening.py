"""A workspace is read in a process of its own, so that no query and no value can hold up the night.

The reading has a deadline and a bound on its memory. At the deadline the process is asked to stop, which interrupts
the engine; where it does not (a database's own code hears nothing), it is killed.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from crmlib.schema.errors import CrmlibError, SourceError

GRACE_SECONDS = 3.0
"""How long a reading that was asked to stop may take to do so."""

LOOK_SECONDS = 0.05
MEMORY_SHARE = 0.75
"""Of the machine's memory, what reading may take where crm.toml states no bound."""


class UnexpectedError(Exception):
    """What went wrong in a process of its own: its last line, and in `details` all of it."""

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.details = details


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What reading a workspace may take.

    Parameters
    ----------
    seconds : float
    memory : bytes; 0 for three quarters of the machine's
    """

    seconds: float
    memory: int = 0

    @property
    def bytes(self) -> int:
        """The bound on memory in bytes."""
        return self.memory or int(psutil.virtual_memory().total * MEMORY_SHARE)


def read_apart(folder: Path, *, as_of: str | None, bounds: Bounds, kernels: Any) -> Any:
    """The facts of a workspace, read in a process of its own (see `crmlib.present.publish.manifest.read_facts`)."""
    answer = kernels.folder / f"read-{time.monotonic_ns()}"
    arguments = [str(folder.resolve()), as_of or "", str(answer), str(bounds.seconds)]
    process = kernels.fork(arguments, env=dict(os.environ), cwd=str(Path.cwd()), do="read")
    process = process or subprocess.Popen(
        [sys.executable, "-m", __name__, *arguments], start_new_session=True, stdin=subprocess.DEVNULL
    )
    try:
        _watch(process, bounds, began=_began(answer))
        if not answer.is_file():
            raise SourceError(
                f"Reading {folder.name} ended without a result (exit code {process.poll()}): killed from "
                "outside, or out of memory."
            )
        how, *details = pickle.loads(answer.read_bytes())
    finally:
        _end(process)
        answer.unlink(missing_ok=True)
        _began(answer).unlink(missing_ok=True)
    if how == "read":
        return details[0]
    if how == "refused":
        raise SourceError(details[0])
    raise UnexpectedError(details[0], details=details[1])


def _began(answer: Path) -> Path:
    """The file that says that a reading has begun: until then its imports are at work."""
    return answer.with_suffix(".began")


def _watch(process: Any, bounds: Bounds, *, began: Path) -> None:
    """Wait until a reading has ended, and end it where it takes too long or too much."""
    deadline = None
    while process.poll() is None:
        if deadline is None and began.exists():
            deadline = time.monotonic() + bounds.seconds + GRACE_SECONDS
        if deadline and time.monotonic() > deadline:
            raise _too_long(bounds.seconds)
        if _resident(process.pid) > bounds.bytes:
            raise SourceError(
                f"Reading took more than {bounds.bytes / 2**30:.3g} GB of memory, so it was stopped. Look for a "
                "query or column that makes long text or many rows; or set [limits] memory in crm.toml higher."
            )
        time.sleep(LOOK_SECONDS)


def _too_long(seconds: float) -> SourceError:
    return SourceError(
        f"Reading was not done after {seconds:,.0f} seconds, so it was stopped. Look for a query without end or a "
        "join that multiplies rows; or allow more with --timeout, or [limits] seconds in crm.toml."
    )


def _resident(pid: int) -> int:
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return 0


def _end(process: Any) -> None:
    if process.poll() is None:
        if isinstance(process, subprocess.Popen):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait(timeout=10)


def read_into(arguments: list[str]) -> None:
    """Read a workspace within its seconds and write what came of it into a file; this process does nothing else."""
    folder, as_of, answer, seconds = arguments
    from crmlib import open_workspace
    from crmlib.prepare.engine import interrupt_all
    from crmlib.present.publish.manifest import open_facts

    late, done = threading.Event(), threading.Event()

    def interrupt() -> None:
        if not done.wait(float(seconds)):
            late.set()
        while not done.wait(0.1):
            interrupt_all()

    _began(Path(answer)).touch()
    threading.Thread(target=interrupt, daemon=True).start()
    try:
        told = ("read", open_facts(Path(folder), as_of=as_of or None, open_workspace=open_workspace))
    except Exception as error:
        kind = "refused" if isinstance(error, CrmlibError | OSError) else "failed"
        told = (kind, in_words(error, place=folder), traceback.format_exc())
        if late.is_set():  # what was interrupted says so in its own words
            told = ("refused", str(_too_long(float(seconds))), "")
    done.set()
    half = Path(f"{answer}.half")
    half.write_bytes(pickle.dumps(told))
    half.replace(answer)


def in_words(error: BaseException, *, place: str | Path = "the disk") -> str:
    """An error as one line: a file with what is wrong with it, a sentence of ours, or its kind and its words."""
    if isinstance(error, CrmlibError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or place}: {error.strerror}."
    return f"{type(error).__name__}: {error}".strip().splitlines()[0].rstrip(": ")


if __name__ == "__main__":
    read_into(sys.argv[1:])
