"""One process that has imported everything, and forks into a kernel for each notebook.

Importing pandas, seaborn and scikit-learn takes most of the time of a short notebook. The zygote pays for it
once, while the workspace is being checked; a fork then has a kernel ready in a fraction of a second.

What makes the fork safe: the zygote has one thread, has opened no DuckDB connection and has run no parallel
region (BLAS is held to one thread until after the fork). It speaks with its owner over a socket pair. When
that closes, because the owner has finished or was killed, it kills its kernels and removes their folder.
Each kernel also asks the system to be killed when the zygote dies, so none is ever left behind.
"""

import atexit
import contextlib
import ctypes
import gc
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from crmlib.present.run import light_imports

FLOORS = ("schema", "prepare", "measure", "analyse", "present")
FOREIGN = (
    "numpy",
    "pandas",
    "pyarrow",
    "duckdb",
    "matplotlib.pyplot",
    "seaborn",
    "crmlib.present.run.kernel_app",
    "crmlib.present.publish.manifest",
)
FOR_NOTEBOOKS = ("blocks", "claims", "messages", "needs", "numbers", "reports", "theme")
"""How the modules of floor 4 begin that a notebook uses; the others belong to the runner."""

ENVIRONMENT = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
"""What the zygote is started with. The fixed hash seed makes the order of sets the same in every run."""


def main(channel_fd: int, folder: str, names: Sequence[str]) -> None:
    """Import, then serve until the other end of the channel closes; in a forked child: be the kernel."""
    channel = socket.socket(fileno=channel_fd)
    _inherit_orphans()
    with light_imports():
        for name in names:
            _try_import(name)
    if words := sys.modules.get("crmlib.present.messages"):
        words.book(words.SOURCE)  # to read all messages takes longer than to fork
    gc.collect()
    gc.freeze()
    request = serve(channel, Path(folder))
    if request is not None:
        _become(request)
    # To take apart all that was imported would cost a kernel more than to begin.
    atexit._run_exitfuncs()
    os._exit(0)


def modules_to_import() -> list[str]:
    """What notebooks use: the big libraries, and the modules of crmlib that are not the runner's own."""
    root = Path(__file__).parents[2]
    found = list(FOREIGN)
    for floor in FLOORS:
        for file in sorted((root / floor).rglob("*.py")):
            parts = file.relative_to(root.parent).with_suffix("").parts
            if floor != "present" or parts[2].startswith(FOR_NOTEBOOKS):
                found.append(".".join(parts).removesuffix(".__init__"))
    return found


def serve(channel: socket.socket, folder: Path) -> dict | None:
    """Answer requests, one JSON object a line, until the owner is gone."""
    kernels: set[int] = set()
    request = None
    with contextlib.suppress(OSError):
        request = _answer(channel, kernels)
    if request is None:
        for pid in list(kernels):
            _send_signal(pid, signal.SIGKILL, kernels)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        _end_orphans(set())
        shutil.rmtree(folder, ignore_errors=True)
    return request


def _answer(channel, kernels):
    zygote = os.getpid()
    with channel, channel.makefile("rwb") as lines:
        for line in lines:
            request = json.loads(line)
            if request["do"] in ("fork", "read"):
                pid = os.fork()
                if pid == 0:
                    return request | {"zygote": zygote}
                kernels.add(pid)
                answer = {"pid": pid}
            elif request["do"] == "poll":
                answer = {"code": _poll(request["pid"], kernels)}
            else:
                answer = {"sent": _send_signal(request["pid"], request["signal"], kernels)}
            lines.write(json.dumps(answer).encode() + b"\n")
            lines.flush()
    return None


def _poll(pid, kernels):
    if pid not in kernels:
        return 0
    found, status = os.waitpid(pid, os.WNOHANG)
    if found == 0:
        return None
    kernels.discard(pid)
    # What it has started and left running ends with it. Its group cannot be another's while it has members.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _end_orphans(kernels)
    return os.waitstatus_to_exitcode(status)


def _end_orphans(kernels):
    """Kill what has left the group of a kernel that has ended; as their subreaper the zygote inherits them."""
    import psutil

    for child in psutil.Process().children():
        if child.pid not in kernels:
            for one in (*child.children(recursive=True), child):
                with contextlib.suppress(psutil.Error):
                    one.kill()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child.pid, 0)


def _send_signal(pid, number, kernels):
    # Only children that have not been waited for: their numbers cannot have been given to another process.
    if pid not in kernels:
        return False
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        os.kill(pid, number)
    return True


def _become(request):
    os.setsid()
    _die_with_parent(request["zygote"])
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    _all_cores()
    if request["do"] == "read":
        from crmlib.present.run.opening import read_into

        read_into(request["arguments"])
        return
    from crmlib.present.run.kernel_app import run_kernel

    sys.argv = ["ipykernel_launcher", *request["arguments"]]
    run_kernel(request["arguments"])


def _die_with_parent(parent):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _inherit_orphans():
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1)


def _all_cores():
    from threadpoolctl import threadpool_limits

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told = os.environ.get("OPENBLAS_NUM_THREADS", "")
    threadpool_limits(limits=int(told) if told.isdecimal() and int(told) else cores, user_api="blas")


def _try_import(name):
    # A module that cannot be imported says so in the notebook that asks for it.
    try:
        import_module(name)
    except Exception:
        sys.stderr.write(f"{name} could not be imported beforehand\n")
