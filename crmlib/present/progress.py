"""What a run tells while it runs: steps, drawn as bars on a terminal and written to a log."""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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

    Examples
    --------
    >>> Step(kind="cell", workspace="retail", report="segmentation", done=3, total=20).kind
    'cell'
    """

    kind: str
    workspace: str
    report: str = ""
    done: int = 0
    total: int = 0
    says: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Tell nobody.

    Examples
    --------
    >>> silent(Step(kind="opening", workspace="retail"))
    """


class Bars:
    """A bar for each notebook and one for all of a workspace, while they are at work.

    Parameters
    ----------
    console : rich Console, optional
        Standard error by default. Where that is no terminal, only the sentences are printed.

    Examples
    --------
    >>> import io
    >>> from rich.console import Console
    >>> screen = Console(file=io.StringIO(), force_terminal=False)
    >>> with Bars(screen) as bars:
    ...     bars(Step(kind="waiting", workspace="retail", says="Another run is at work."))
    >>> screen.file.getvalue().strip()
    'retail: Another run is at work.'
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
    """Write what the runner and papermill log into a file, and nothing of it to the console.

    Parameters
    ----------
    path : the log; new lines go to its end

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "run.log"
    >>> with log_to(path) as log:
    ...     log.info("segmentation: done")
    >>> path.read_text().split(" ", 2)[2]
    'INFO segmentation: done\\n'
    """
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
