"""Kernels: warm and cold, over files that only their owner can open, and none left behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from papermill.engines import papermill_engines
from papermill.iorw import load_notebook_node

from crmlib.present.run import zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.papermill_engine import ENGINE
from tests.conftest import NUMERIC_THREADS
from tests.present.small_project import write_notebook

LIGHT = ["crmlib.present.run.kernel_app"]


@pytest.fixture
def light(monkeypatch):
    monkeypatch.setattr(zygote, "modules_to_import", lambda: LIGHT)


@pytest.fixture
def warm(light):
    with Kernels() as kernels:
        yield kernels


@pytest.fixture(scope="module")
def shared():
    """Warm kernels for the tests that leave the zygote alive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: LIGHT)
        with Kernels() as kernels:
            yield kernels


def execute(path, kernels, **options):
    notebook = load_notebook_node(str(path))
    papermill_engines.execute_notebook_with_engine(
        ENGINE, notebook, "python3", kernels=kernels, progress_bar=False, **options
    )
    return notebook


def printed(cell):
    return "".join(output.get("text", "") for output in cell.outputs)


@pytest.mark.parametrize("heat", ["warm", "cold"])
def test_a_notebook_runs_in_a_kernel_of_its_own(tmp_path, light, heat):
    path = write_notebook(tmp_path / "a.ipynb", "import os\nprint(os.getpid(), os.getcwd())")
    with Kernels(warm=heat == "warm") as kernels:
        pid, cwd = printed(execute(path, kernels, cwd=tmp_path).cells[-1]).split()
        assert kernels.warm == (heat == "warm")
        assert not list(kernels.folder.glob("*.json")), "connection files are gone with their kernel"
    assert int(pid) != os.getpid() and Path(cwd) == tmp_path
    assert not psutil.pid_exists(int(pid)) and not kernels.folder.exists()


def test_the_fork_has_what_the_zygote_imported_and_the_environment_of_the_run(tmp_path, monkeypatch, shared):
    monkeypatch.setenv("GIVEN_LATER", "yes")
    code = (
        "import sys, os\nprint('crmlib.present.run.kernel_app' in sys.modules, os.environ.get('GIVEN_LATER'))"
    )
    assert printed(execute(write_notebook(tmp_path / "a.ipynb", code), shared).cells[-1]) == "True yes\n"


def test_a_kernel_has_no_debugger_and_a_notebook_may_still_import_one(tmp_path, shared):
    code = (
        "import sys\nseen = any('pydevd' in name for name in sys.modules)\n"
        "import debugpy\nprint(seen, debugpy.__name__)"
    )
    assert printed(execute(write_notebook(tmp_path / "a.ipynb", code), shared).cells[-1]) == "False debugpy\n"


def test_a_picture_is_shown_though_matplotlib_was_imported_before_the_fork(tmp_path, monkeypatch):
    monkeypatch.setattr(zygote, "modules_to_import", lambda: ["matplotlib.pyplot", *LIGHT])
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    with Kernels() as kernels:
        notebook = execute(write_notebook(tmp_path / "a.ipynb", code), kernels)
    assert "image/png" in notebook.cells[-1].outputs[0].data


def test_parallel_work_after_the_fork_does_not_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(zygote, "modules_to_import", lambda: ["sklearn.cluster", "duckdb", *LIGHT])
    for variable in NUMERIC_THREADS:
        monkeypatch.delenv(variable, raising=False)
    code = (
        "import numpy as np, duckdb\nfrom sklearn.cluster import KMeans\n"
        "a = np.random.default_rng(0).normal(size=(400, 400))\n"
        "print(round((a @ a).shape[0] + KMeans(2, random_state=0).fit(a).n_clusters), "
        "duckdb.sql('select count(*) from range(1000000)').fetchall()[0][0])"
    )
    with Kernels() as kernels:
        notebook = execute(write_notebook(tmp_path / "a.ipynb", code), kernels, timeout=60)
    assert printed(notebook.cells[-1]) == "402 1000000\n"


def test_no_port_is_opened_and_only_the_owner_can_reach_the_sockets(tmp_path, shared):
    code = (
        "import psutil, os\n"
        "print([c.laddr for c in psutil.Process().net_connections('inet')])\n"
        "files = [c.laddr for c in psutil.Process().net_connections('unix') if c.laddr]\n"
        "print(sorted({os.path.dirname(file) for file in files}))"
    )
    notebook = execute(write_notebook(tmp_path / "a.ipynb", code), shared)
    ports, folders = printed(notebook.cells[-1]).splitlines()
    assert ports == "[]" and folders == f"['{shared.folder}']"
    assert stat.S_IMODE(shared.folder.stat().st_mode) & 0o777 == 0o700
    assert shared.folder.stat().st_uid == os.getuid()


def test_the_paths_of_sockets_are_short_wherever_temporary_files_go(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with Kernels(warm=False) as kernels:
        assert len(str(kernels.folder / "k1000-out")) < 100


def test_what_a_forked_child_of_the_kernel_prints_is_shown(tmp_path, shared):
    code = (
        "import os, sys, time\npid = os.fork()\n"
        "if pid == 0:\n    print('from the child'); sys.stdout.flush(); os._exit(0)\n"
        "_ = os.waitpid(pid, 0)\ntime.sleep(0.3)"
    )
    cells = execute(write_notebook(tmp_path / "a.ipynb", code), shared).cells
    assert "from the child" in printed(cells[-1])


def test_poll_signal_and_wait(shared, tmp_path):
    manager = shared.manager()
    manager.write_connection_file()
    process = shared.fork(["-f", manager.connection_file], env=dict(os.environ), cwd=str(tmp_path))
    assert process.poll() is None and psutil.Process(process.pid).ppid() == shared._zygote.pid
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.1)
    process.terminate()
    assert process.wait(timeout=60) in (-signal.SIGTERM, 0, 1)
    assert process.poll() == process.returncode
    process.kill()  # it is gone, and its number may be another's by now: nothing is sent


def test_a_kernel_that_dies_is_a_dead_kernel(tmp_path, shared):
    with pytest.raises(RuntimeError, match="died"):
        execute(
            write_notebook(tmp_path / "a.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
            shared,
        )


def test_when_the_zygote_dies_its_kernels_die_and_later_ones_start_cold(tmp_path, warm):
    manager = warm.manager()
    manager.write_connection_file()
    process = warm.fork(["-f", manager.connection_file], env=dict(os.environ), cwd=str(tmp_path))
    kernel = psutil.Process(process.pid)
    warm._zygote.kill()
    warm._zygote.wait()
    kernel.wait(timeout=60)
    assert process.poll() == -signal.SIGKILL
    assert printed(execute(write_notebook(tmp_path / "a.ipynb", "print(6 * 7)"), warm).cells[-1]) == "42\n"
    assert not warm.warm


def test_nothing_is_left_of_a_killed_owner(tmp_path):
    code = (
        "import os, sys, time\n"
        "from crmlib.present.run import zygote\n"
        "zygote.modules_to_import = lambda: ['crmlib.present.run.kernel_app']\n"
        "from crmlib.present.run.kernels import Kernels\n"
        "kernels = Kernels(); manager = kernels.manager(); manager.write_connection_file()\n"
        "kernel = kernels.fork(['-f', manager.connection_file], env=dict(os.environ), cwd='/')\n"
        "print(kernels._zygote.pid, kernel.pid, kernels.folder, flush=True); time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    zygote_pid, kernel_pid, folder = owner.stdout.readline().split()
    family = [psutil.Process(int(zygote_pid)), psutil.Process(int(kernel_pid))]
    owner.kill()
    owner.wait()
    owner.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive
    end = time.monotonic() + 5
    while Path(folder).exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(folder).exists()


def test_plain_papermill_runs_the_same_notebook(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "print(workspace)")
    command = [
        sys.executable,
        "-m",
        "papermill",
        path,
        tmp_path / "out.ipynb",
        "-p",
        "workspace",
        "elsewhere",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    assert printed(load_notebook_node(str(tmp_path / "out.ipynb")).cells[-1]) == "elsewhere\n"
