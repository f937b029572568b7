"""Executing a report: done, skipped or failed, and nothing private kept with its notebook."""

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import nbformat
import pytest
from papermill.clientwrap import PapermillNotebookClient

from crmlib.present.run import light_imports, notebooks, papermill_engine, zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.notebooks import execute_report
from crmlib.present.run.reports import read_report
from crmlib.schema.errors import ParameterError
from tests.present.small_project import SHOW, write_notebook


@pytest.fixture(scope="module")
def kernels():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: ["crmlib.present.run.kernel_app"])
        with Kernels() as found:
            yield found


@pytest.fixture
def run(tmp_path, kernels):
    """Execute a notebook of these cells; its outcome."""

    def execute(*cells, given=None, parameters='workspace: str = "."\n', **options):
        path = write_notebook(tmp_path / "notebooks" / "07_tried.ipynb", *cells, parameters=parameters)
        return execute_report(
            read_report(path),
            parameters={"workspace": ".", **(given or {})},
            output=tmp_path / "work" / "tried.ipynb",
            kernels=kernels,
            folders={"secret-plans": tmp_path / "plans"},
            **options,
        )

    return execute


def test_parameters_arrive_typed_and_text_stays_text(run):
    nasty = "a\"b'c\\d\n{e} 中文"
    done = run(
        "print(repr((n, text, flags)), workspace)",
        parameters='workspace: str = "."\nn: int = 1\ntext: str = ""\nflags: list[bool] = []\n',
        given={"n": "2", "text": nasty, "flags": "[true, false]"},
    )
    shown = done.notebook.cells[-1].outputs[0].text
    assert done.status == "done" and shown == f"{(2, nasty, [True, False])!r} .\n"


def test_an_unknown_parameter_is_refused_before_anything_runs(run, tmp_path):
    with pytest.raises(ParameterError, match="Did you mean 'workspace'"):
        run("print(1)", given={"work_space": "x"})
    assert not (tmp_path / "work").exists()


def test_blocks_are_harvested_in_order(run):
    done = run(
        SHOW, 'Shown(kind="answer", text="Yes.")', 'display(Shown(kind="limits", sentences=["None."]))'
    )
    assert done.blocks == [{"kind": "answer", "text": "Yes."}, {"kind": "limits", "sentences": ["None."]}]


def test_a_failing_cell_is_named_and_its_traceback_kept_apart(run, tmp_path):
    failed = run("x = 1", "def deep():\n    return {}['gone']\ndeep()", "print('never')")
    assert failed.status == "failed" and failed.reason == "07_tried.ipynb, cell 4: KeyError: 'gone'"
    assert "deep()" in failed.traceback and "\n" not in failed.reason
    kept = nbformat.read(tmp_path / "work" / "tried.ipynb", as_version=4)
    assert kept.cells[4].outputs[0].ename == "KeyError" and not kept.cells[5].outputs


def test_exit_zero_is_no_failure_and_exit_one_is(run):
    assert run("import sys; sys.exit(0)").status == "done"
    assert run("import sys; sys.exit(1)").reason.endswith("cell 3: SystemExit: 1")


def test_a_notebook_can_skip_itself_with_a_reason(run):
    skipped = run(
        "from crmlib.present.needs import SkipReport",
        'raise SkipReport("Nobody has complained yet.", table="feedback")',
    )
    assert (skipped.status, skipped.reason, skipped.table) == (
        "skipped",
        "Nobody has complained yet.",
        "feedback",
    )


def test_a_notebook_that_takes_too_long_is_stopped(run, monkeypatch):
    passed = []  # its clock has gone on by 599 seconds when the cell begins, however long the kernel took to start
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(passed))
    monkeypatch.setattr(notebooks, "time", clock)
    endless = "import time\nwhile True:\n    time.sleep(0.1)"
    failed = run(endless, timeout=600, on_cell=lambda cell, _: passed.append(599 if cell == 3 else 0))
    assert failed.reason == "07_tried.ipynb, cell 3: still running after 600 seconds, so it was stopped."
    assert failed.seconds < 660


def test_a_kernel_that_is_killed_is_a_failure_with_its_cell(run):
    failed = run("import os, signal", "os.kill(os.getpid(), signal.SIGKILL)")
    assert failed.status == "failed" and failed.reason.startswith("07_tried.ipynb, cell 4: ")
    assert "out of memory" in failed.reason


LOSE = "get_ipython().kernel._publish_status_and_flush = lambda *a, **k: None"
"""The kernel never says that this cell has ended: what nbclient waits for when the reply is there."""


@pytest.fixture
def impatient(tmp_path, monkeypatch):
    """Patience of a second for output that is lost (until there is a file `tried`), of minutes for all else."""

    class Client(PapermillNotebookClient):
        def execute_cell(self, cell, *args, **options):
            is_lost = LOSE in cell.source and not (tmp_path / "tried").exists()
            self.iopub_timeout = given[-1] if is_lost else 300
            return super().execute_cell(cell, *args, **options)

    given = []

    def client(*args, iopub_timeout, **traits):
        given.append(iopub_timeout)
        return Client(*args, **(traits | {"startup_timeout": 300}))

    client.class_trait_names = PapermillNotebookClient.class_trait_names
    monkeypatch.setattr(papermill_engine, "PapermillNotebookClient", client)
    monkeypatch.setattr(notebooks, "PATIENCE", 1)


def test_output_that_does_not_arrive_is_no_time_limit_and_is_told_as_what_it_is(run, impatient):
    failed = run("x = 1", LOSE)
    assert failed.status == "failed" and "still running" not in failed.reason
    assert failed.reason.startswith("07_tried.ipynb, cell 4: It had ended, but what it showed did not arrive")
    assert "within 1 seconds, in two tries" in failed.reason


def test_output_that_was_lost_once_is_made_again_in_a_new_kernel(run, tmp_path, impatient):
    mark = str(tmp_path / "tried")
    lose_once = (
        f"from pathlib import Path\nif not Path({mark!r}).exists():\n    Path({mark!r}).touch()\n    {LOSE}"
    )
    done = run(lose_once, "print(2)")
    assert done.status == "done" and done.notebook.cells[-1].outputs[0].text == "2\n"


def test_a_kernel_that_stands_still_between_its_reply_and_its_output_is_waited_for(run):
    stand_still = """
import os, signal, subprocess, time
kernel = get_ipython().kernel
publish = kernel._publish_status_and_flush
def late(*args, **kwargs):
    subprocess.Popen(["sh", "-c", f"sleep 1.5; kill -CONT {os.getpid()}"], start_new_session=True)
    time.sleep(0.3)  # the reply goes out
    os.kill(os.getpid(), signal.SIGSTOP)
    kernel._publish_status_and_flush = publish
    publish(*args, **kwargs)
kernel._publish_status_and_flush = late
print(1)"""
    done = run(stand_still, "print(2)")
    assert done.status == "done" and done.notebook.cells[-1].outputs[0].text == "2\n"


def test_a_time_limit_that_a_cell_has_set_itself_is_its_own_error(run):
    failed = run("raise TimeoutError('the shop did not answer')")
    assert failed.reason == "07_tried.ipynb, cell 3: TimeoutError: the shop did not answer"


def test_nothing_that_is_kept_names_a_folder_of_this_machine(run, tmp_path):
    paths = (str(tmp_path / "plans" / "a.csv"), str(Path.home() / "x"))
    done = run(f"import os\nprint(*{paths!r})\nprint(os.getcwd())")
    text = (tmp_path / "work" / "tried.ipynb").read_text()
    assert str(tmp_path) not in text and "secret-plans/a.csv ~/x" in text and "notebooks\\n" in text
    assert done.notebook.metadata.papermill.input_path == "07_tried.ipynb"
    assert done.notebook.metadata.papermill.output_path == "tried.ipynb"


def test_the_value_of_a_secret_in_an_output_fails_the_report_and_is_not_kept(run, tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_DB_PASSWORD", "correct-horse-battery")
    failed = run("import os\nprint('connected with', os.environ['CRM_DB_PASSWORD'])")
    assert failed.status == "failed" and "CRM_DB_PASSWORD" in failed.reason
    assert "correct-horse" not in repr(failed) and failed.notebook is None
    assert not (tmp_path / "work" / "tried.ipynb").exists()


def test_progress_counts_cells(run):
    seen = []
    run("1", "2", on_cell=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 5) for i in range(5)]


def test_two_at_once_do_not_disturb_each_other_or_this_process(tmp_path, kernels):
    from concurrent.futures import ThreadPoolExecutor

    before = Path.cwd()
    reports = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        path = write_notebook(
            tmp_path / name / f"{name}.ipynb", "import os\nprint(os.path.basename(os.getcwd()))"
        )
        reports.append(read_report(path))

    def execute(report):
        output = tmp_path / f"{report.name}-done.ipynb"
        return execute_report(report, parameters={"workspace": "."}, output=output, kernels=kernels)

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(execute, reports))
    assert [execution.notebook.cells[-1].outputs[0].text for execution in done] == ["one\n", "two\n"]
    assert Path.cwd() == before


def test_the_kept_notebook_can_be_opened_by_jupyter(run, tmp_path):
    run("print(1)")
    nbformat.validate(nbformat.read(tmp_path / "work" / "tried.ipynb", as_version=4))
    assert json.loads((tmp_path / "work" / "tried.ipynb").read_text())["nbformat"] == 4
    assert os.environ.get("MPLBACKEND") != "module://matplotlib_inline.backend_inline"


def test_the_grammar_that_takes_two_seconds_is_away_while_notebooks_are_imported_and_no_longer(monkeypatch):
    grammar = "rfc3987_syntax"
    monkeypatch.delitem(sys.modules, grammar, raising=False)
    with light_imports(), pytest.raises(ImportError):
        import_module(grammar)
    assert grammar not in sys.modules
    known = ModuleType(grammar)
    monkeypatch.setitem(sys.modules, grammar, known)
    with light_imports():
        assert import_module(grammar) is known
    assert sys.modules[grammar] is known
