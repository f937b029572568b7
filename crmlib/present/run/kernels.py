"""Kernels for a run: warm ones forked from a zygote, cold ones where there is no fork, all over unix sockets.

Connection files and sockets lie in one folder with mode 0700 and a short path (a unix socket's path holds at
most 107 bytes). How papermill uses them is in `crmlib.present.run.papermill_engine`. This module imports nothing
heavy, so that the zygote can be started before the process that owns it has imported the rest.
"""

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from crmlib.prepare.private import scratch_folder
from crmlib.present.run import zygote

LONGEST_FOLDER = 60
log = logging.getLogger("crmlib.run")


class Kernels:
    """Where the kernels of a run come from; closing it ends them all and removes their folder.

    Parameters
    ----------
    warm : bool
        Fork kernels from a zygote, which begins to import at once. Otherwise, where a process cannot fork and
        where the zygote has died, each kernel is a process started from nothing.
    """

    def __init__(self, *, warm: bool = True) -> None:
        self.folder = _private_folder()
        self._count = 0
        self._lock = threading.Lock()
        self._zygote: subprocess.Popen | None = None
        self._channel: socket.socket | None = None
        self._lines: Any = None
        self._closed = self._forked = False
        if warm and hasattr(os, "fork"):
            self._start_zygote()

    def __enter__(self) -> "Kernels":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def warm(self) -> bool:
        """Whether there is a zygote to fork from."""
        return self._zygote is not None

    def manager(self) -> Any:
        """The manager of one new kernel, as nbclient and papermill take it."""
        with self._lock:
            self._count += 1
            name = f"k{self._count}"

        return FileKernelManager(self, connection_file=str(self.folder / f"{name}.json"))

    def fork(
        self, arguments: list[str], *, env: dict[str, str], cwd: str, do: str = "fork"
    ) -> "ForkedKernel | None":
        """A kernel, or a reader of a workspace, forked from the zygote, once that has imported everything."""
        if self._closed:
            raise RuntimeError("no kernel is started any more: the run is ending")
        self._forked = True
        answer = self.ask({"do": do, "arguments": arguments, "env": env, "cwd": cwd})
        return ForkedKernel(self, answer["pid"]) if answer else None

    def ask(self, request: dict) -> dict | None:
        """The zygote's answer to a request (see `crmlib.present.run.zygote.serve`); None when it is not there."""
        with self._lock:
            if self._lines is None:
                return None
            try:
                self._lines.write(json.dumps(request).encode() + b"\n")
                self._lines.flush()
                line = self._lines.readline()
            except (OSError, ValueError):
                line = b""
            if not line:
                if not self._closed:
                    log.warning("the process that forks kernels is gone; kernels start cold from here on")
                self._forget_zygote()
                return None
            return json.loads(line)

    def close(self) -> None:
        """End every kernel and remove the folder."""
        self._closed = True
        process = self._zygote
        if process is not None:
            # Closing waits for whoever is asking; shutting down does not, and ends their waiting.
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_RDWR)
            if not self._forked:
                # It has nothing to end, and may be deep in its imports.
                process.kill()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with self._lock:
                self._forget_zygote()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _forget_zygote(self):
        for stream in (self._lines, self._channel):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._lines = self._channel = self._zygote = None

    def _start_zygote(self):
        ours, theirs = socket.socketpair()
        fd, root = theirs.fileno(), Path(zygote.__file__).parents[3]
        code = (
            f"import sys; sys.path.append({str(root)!r}); from crmlib.present.run.zygote import main; "
            f"main({fd}, {str(self.folder)!r}, {zygote.modules_to_import()!r})"
        )
        with theirs, (self.folder / "kernels.log").open("wb") as errors:
            self._zygote = subprocess.Popen(
                [sys.executable, "-P", "-c", code],
                env=os.environ | zygote.ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=[fd],
                start_new_session=True,
            )
        self._channel = ours
        self._lines = ours.makefile("rwb")


class ForkedKernel:
    """A kernel's process, as much of `subprocess.Popen` as jupyter_client asks for; its parent is the zygote."""

    stdin = stdout = stderr = None

    def __init__(self, kernels: Kernels, pid: int) -> None:
        self.pid = pid
        self._kernels = kernels
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs. Without the zygote there is no kernel: -9."""
        if self.returncode is None:
            answer = self._kernels.ask({"do": "poll", "pid": self.pid})
            self.returncode = answer["code"] if answer else -signal.SIGKILL
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        pause = threading.Event()
        waited = 0.0
        while self.poll() is None:
            if timeout is not None and waited >= timeout:
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout)
            pause.wait(0.02)
            waited += 0.02
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and the processes that it has started."""
        self._kernels.ask({"do": "signal", "pid": self.pid, "signal": int(number)})

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _private_folder() -> Path:
    base = str(scratch_folder())
    return Path(tempfile.mkdtemp(prefix="crm", dir=base if len(base) <= LONGEST_FOLDER else "/tmp"))


LAUNCHER = "crmlib.present.run.kernel_app"


class WarmProvisioner(LocalProvisioner):
    """Gives a manager a forked kernel, and a process of its own where that cannot be had."""

    kernels: "Kernels | None" = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; jupyter_client calls this."""
        cwd = str(kwargs.get("cwd") or Path.cwd())
        arguments = cmd[cmd.index(LAUNCHER) + 1 :]
        process = self.kernels.fork(arguments, env=dict(kwargs.get("env") or os.environ), cwd=cwd)
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.cwd = process, process.pid, cwd
        return self.connection_info


class FileKernelManager(AsyncKernelManager):
    """jupyter_client's manager, with sockets that are files and this Python as the kernel's."""

    def __init__(self, kernels: "Kernels", *, connection_file: str) -> None:
        super().__init__(
            transport="ipc", connection_file=connection_file, kernel_id=Path(connection_file).stem
        )
        # The kernelspec of the name python3 may belong to another Python of the user's.
        argv = [sys.executable, "-m", LAUNCHER, "-f", "{connection_file}"]
        self._kernel_spec = KernelSpec(argv=argv, language="python", display_name="Python 3")
        self.provisioner = WarmProvisioner(
            kernel_id=self.kernel_id, kernel_spec=self._kernel_spec, parent=self
        )
        self.provisioner.kernels = kernels
