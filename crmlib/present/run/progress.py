"""What a run tells while it runs: steps, drawn as bars on a terminal and written to a log."""

import logging
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crmlib.schema.errors import ParameterError

LOGGERS = ("crmlib.run", "papermill")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something that has happened in a run.

    Parameters
    ----------
    kind : "waiting", "opening", "planned", "started", "cell", "done", "failed", "skipped" or "published"
    workspace : str
    report : str
        Empty where the step is about the whole workspace.
    done, total : cells of the report, or reports of the workspace
    says : a sentence
    """

    kind: str
    workspace: str
    report: str = ""
    done: int = 0
    total: int = 0
    says: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Tell nobody."""


class Bars:
    """A bar for each notebook and one for all of a workspace, while they are at work.

    Parameters
    ----------
    console : rich Console, optional
        Standard error by default. Where that is no terminal, only the sentences are printed.
    """

    def __init__(self, console=None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Display

        self.console = console or Console(stderr=True)
        self._display = Display(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._tasks: dict[tuple[str, str], object] = {}

    def __enter__(self) -> "Bars":
        self._display.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._display.__exit__(*details)

    def __call__(self, step: Step) -> None:
        name = f"  {step.report}" if step.report else f"[bold]{_plain(step.workspace)}[/bold]"
        if step.kind == "opening":
            name += ": reading its tables"
        key = (step.workspace, step.report)
        if step.kind == "waiting":
            self.console.print(f"{_plain(step.workspace)}: {_plain(step.says)}", highlight=False)
        elif key not in self._tasks:
            self._tasks[key] = self._display.add_task(name, total=step.total or None, completed=step.done)
        else:
            task = self._tasks[key]
            self._display.update(task, description=name, total=step.total or None, completed=step.done)
        if step.kind in ("done", "failed", "skipped") and key in self._tasks:
            self._display.remove_task(self._tasks.pop(key))


@contextmanager
def log_to(path: str | Path) -> Iterator[logging.Logger]:
    """Write what the runner and papermill log into a file, and nothing of it to the console."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(message)s"))
    changed = [(logging.getLogger(name), logging.getLogger(name).propagate) for name in LOGGERS]
    for logger, _ in changed:
        logger.addHandler(handler)
        logger.propagate = False
    logging.getLogger(LOGGERS[0]).setLevel(logging.INFO)
    try:
        yield logging.getLogger(LOGGERS[0])
    finally:
        for logger, propagate in changed:
            logger.removeHandler(handler)
            logger.propagate = propagate
        handler.close()


class _PlainFormatter(logging.Formatter):
    def format(self, record):
        return _COLOURS.sub("", super().format(record))


def _plain(text):
    from rich.markup import escape

    return escape(text)


SECONDS = 60


def split_command(command: str) -> list[str]:
    """A command line as a list of words; no shell will see it."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ParameterError(f"--on-failure {command!r}: {error}. Write it as in a shell.") from None
    if not words:
        raise ParameterError("--on-failure is empty. Name a command, such as /usr/local/bin/tell-the-team.")
    return words


def tell_failure(command: str, *, reason: str, facts: Mapping[str, str]) -> str:
    """Run a command after a failure, with what happened in its environment and the reason as its input."""
    words = split_command(command)
    told = {f"CRMLIB_{name.upper()}": value for name, value in facts.items()} | {"CRMLIB_REASON": reason}
    name = Path(words[0]).name
    try:
        done = subprocess.run(
            words,
            input=reason,
            text=True,
            timeout=SECONDS,
            check=False,
            env=os.environ | told,
            stdout=subprocess.DEVNULL,
        )
    except OSError as error:
        return f"{name} could not be started: {error.strerror}"
    except subprocess.TimeoutExpired:
        return f"{name} was still running after {SECONDS} seconds"
    return f"{name} ended with exit code {done.returncode}" if done.returncode else ""
