"""Executing one report: its notebook, in a kernel of its own, with what it showed and why it failed."""

import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crmlib.present.run import light_imports

with light_imports():
    import nbformat
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.engines import papermill_engines
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

from crmlib.prepare.private import private_folder
from crmlib.present.blocks.base import BLOCK_MIME, FILES_VARIABLE
from crmlib.present.needs import SkipReport, skip_reason
from crmlib.present.publish.html import find_secrets, private_folders, scrub_paths, slug
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.papermill_engine import ENGINE
from crmlib.present.run.parameters import match_parameters
from crmlib.present.run.reports import Report

KERNEL = "python3"
FILES = "files"
"""The folder beside executed notebooks in which their blocks leave what will lie beside the pages."""

TIMEOUT = 3600.0
"""Seconds that one notebook may take."""

PATIENCE = 300
"""Seconds that a kernel of a loaded machine may take to start, and what a cell has shown to arrive after its end."""

log = logging.getLogger("crmlib.run")

_LOST = (
    "It had ended, but what it showed did not arrive within {seconds:.0f} seconds, in two tries. The machine may be "
    "overloaded: run fewer notebooks at once (--jobs)."
)
_NOT_REPLIED = "The cell was running when the kernel died: out of memory, or killed from outside."


@dataclass(frozen=True, kw_only=True)
class Execution:
    """What became of one notebook.

    Parameters
    ----------
    report : its name
    status : "done", "failed" or "skipped"
    reason : why it failed or was skipped, one line
    table : the table that a skipped report would need
    seconds : wall-clock time
    notebook : as executed, scrubbed
    traceback : for the log
    blocks : what the cells have shown, in order, as crmlib's JSON
    reused : taken from an earlier, unfinished run
    """

    report: str
    status: str
    seconds: float
    reason: str = ""
    table: str | None = None
    notebook: Any = None
    traceback: str = ""
    blocks: list[dict] = field(default_factory=list)
    reused: bool = False


def read_executed(path: Path) -> Any:
    """A notebook as it was written down; None where it is not there, or not whole."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None


def execute_report(
    report: Report,
    *,
    parameters: Mapping[str, Any],
    output: str | Path,
    kernels: Kernels | None = None,
    folders: Mapping[str, Path] | None = None,
    timeout: float = TIMEOUT,
    on_cell: Callable[[int, int], None] | None = None,
) -> Execution:
    """Execute a notebook in a kernel of its own, with papermill's injected parameters.

    The kernel works in the notebook's folder; this process never changes its own, so that threads can execute
    several at once. What the notebook raises does not come out of here: it is in the result.
    """
    values = match_parameters(report.parameters, parameters, name=report.name)
    began = time.monotonic()
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    hidden = private_folders(**{"notebooks": report.path.parent, **(folders or {})})
    limit = (timeout, began + timeout)
    notebook = _with_parameters(report, values, Path(output))
    failure = _execute(notebook, report, Path(output), kernels, limit, on_cell)
    if failure and failure.pop("again", False):
        log.warning("%s: the output of a cell was lost on its way; begun again in a new kernel", report.name)
        notebook = _with_parameters(report, values, Path(output))
        failure = _execute(notebook, report, Path(output), kernels, limit, on_cell)
        (failure or {}).pop("again", None)
    notebook = scrub_paths(notebook, hidden)
    secrets = find_secrets(notebook)
    if secrets:
        Path(output).unlink(missing_ok=True)
        failure = {"reason": _says_secret(report, secrets)}
        notebook = None
    else:
        nbformat.write(notebook, output)
    result: dict[str, Any] = {"status": "failed" if failure else "done"} | (failure or {})
    result["reason"] = scrub_paths(result.get("reason", ""), hidden)
    blocks = harvest(notebook) if notebook is not None else []
    seconds = round(time.monotonic() - began, 3)
    return Execution(report=report.name, notebook=notebook, seconds=seconds, blocks=blocks, **result)


def _with_parameters(report, values, output):
    notebook = load_notebook_node(str(report.path))
    notebook = parameterize_notebook(notebook, values, kernel_name=KERNEL, language="python")
    # papermill keeps both paths in the notebook; file names tell as much and name nobody.
    notebook.metadata.papermill.update(input_path=report.path.name, output_path=output.name)
    return notebook


def harvest(notebook: Mapping) -> list[dict]:
    """The blocks that the cells of an executed notebook have shown, in order."""
    blocks, section, taken = [], "", set()
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "markdown":
            section = _section(_source(cell), taken) or section
        shown = [
            output["data"][BLOCK_MIME]
            for output in cell.get("outputs", ())
            if "data" in output and BLOCK_MIME in output["data"]
        ]
        blocks += [dict(block) | ({"section": section} if section else {}) for block in shown]
    return blocks


def _section(source: str, taken: set[str]) -> str:
    """The anchor of the last heading of a cell, as the page makes it."""
    anchor = ""
    for heading in re.findall(r"^#{2,6} +(.+?) *#*$", source, flags=re.MULTILINE):
        anchor = slug(re.sub(r"[*_`]", "", heading), taken)
        taken.add(anchor)
    return anchor


def _source(cell: Mapping) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _execute(notebook, report, output, kernels, limit, on_cell):
    timeout, deadline = limit
    patience = max(1, min(PATIENCE, int(timeout)))

    def seconds_left(_source):
        return max(1, int(deadline - time.monotonic()))

    def tell(cell, cell_index):
        if on_cell:
            on_cell(cell_index, len(notebook.cells))

    try:
        papermill_engines.execute_notebook_with_engine(
            ENGINE,
            notebook,
            KERNEL,
            output_path=str(output),
            progress_bar=False,
            kernels=kernels,
            cwd=report.path.parent,
            env=os.environ | {FILES_VARIABLE: str(private_folder(output.resolve().parent / FILES))},
            timeout_func=seconds_left,
            iopub_timeout=patience,
            startup_timeout=PATIENCE,
            on_cell_start=tell,
        )
    except CellTimeoutError:
        where = _where(report, notebook, _last_started(notebook))
        # nbclient has one error for two waits: for a cell's end, and after that for what it has shown.
        if time.monotonic() < deadline - 1:
            return {"reason": f"{where}: {_LOST.format(seconds=patience)}", "again": True}
        return {"reason": f"{where}: still running after {timeout:.0f} seconds, so it was stopped."}
    except DeadKernelError:
        return {"reason": f"{_where(report, notebook, _last_started(notebook))}: {_NOT_REPLIED}"}
    except RuntimeError as error:
        return {"reason": f"{report.path.name}: its kernel did not start: {error}"}
    return _failure(report, notebook)


def _failure(report, notebook):
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.output_type != "error":
                continue
            if output.ename == SkipReport.__name__:
                reason, table = skip_reason(output.evalue)
                return {"status": "skipped", "reason": reason, "table": table}
            if output.ename != "SystemExit" or output.evalue not in ("", "0"):
                says = f"{output.ename}: {output.evalue}".strip().splitlines()[0]
                where = _where(report, notebook, number)
                return {"reason": f"{where}: {says}", "traceback": "\n".join(output.traceback)}
    return None


def _where(report, notebook, index):
    # The injected cell is not in the notebook that the reader will open.
    injected = sum("injected-parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells[:index])
    return f"{report.path.name}, cell {index + 1 - injected}"


def _last_started(notebook):
    started = [i for i, cell in enumerate(notebook.cells) if cell.metadata.papermill.get("start_time")]
    return started[-1] if started else 0


def _says_secret(report, names):
    return (
        f"{report.path.name}: its output holds the value of the environment variable {', '.join(names)}. "
        "Nothing of it was kept; take it out of the notebook."
    )
