"""The process of one notebook: IPython's kernel, with every socket of it a file in a private folder.

ipykernel opens one TCP port of its own, on which forked children of the kernel hand in what they print. Here
that is a unix socket beside the others, so that nobody else on the machine can write into a report.

Run as ``python -m crmlib.present.run.kernel_app -f CONNECTION_FILE``, or by `crmlib.present.run.zygote` after a fork.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import zmq
from ipykernel import iostream, kernelapp
from zmq.eventloop.zmqstream import ZMQStream

# Nobody debugs a report, and debugpy takes as long to import as all else that a short notebook needs: it is not found.
# The others ipykernel would import in each kernel; once before the fork is enough.
_HIDDEN = {} if "debugpy" in sys.modules else {"debugpy": None}
sys.modules.update(_HIDDEN)  # type: ignore[arg-type]
for _name in ("ipykernel.debugger", "IPython.core.completerlib", "psutil", "tornado.platform.asyncio"):
    import_module(_name)
for _name in _HIDDEN:
    del sys.modules[_name]


def run_kernel(arguments: Sequence[str]) -> None:
    """Be a kernel until it is told to stop."""
    kernelapp.IOPubThread = output_over_files(Path(arguments[arguments.index("-f") + 1]))
    app = KernelApp.instance(parent_handle=os.getppid())
    app.initialize(list(arguments))
    app.start()


class KernelApp(kernelapp.IPKernelApp):
    """ipykernel's application, with an end that cannot hang.

    ipykernel stops its output thread first, while its control thread may still be sending to it. Then neither
    comes to an end, and after some seconds the kernel is killed. Here the control thread finishes before.
    """

    def start(self) -> None:
        """Serve until told to stop."""
        super().start()
        self.control_thread.stop()
        self.control_thread.join()


def output_over_files(connection_file: Path) -> type:
    """ipykernel's output thread, with a unix socket in place of its TCP port."""

    class OutputOverFiles(iostream.IOPubThread):
        address = f"ipc://{connection_file.with_suffix('')}-out"

        def _setup_pipe_in(self):
            self._pipe_uuid = os.urandom(16)
            incoming = self.socket.context.socket(zmq.PULL)
            incoming.linger = 0
            incoming.bind(self.address)
            self._pipe_in = ZMQStream(incoming, self.io_loop)
            self._pipe_in.on_recv(self._handle_pipe_msg)

        def _setup_pipe_out(self):
            context = zmq.Context()
            outgoing = context.socket(zmq.PUSH)
            outgoing.linger = 3000
            outgoing.connect(self.address)
            return context, outgoing

    return OutputOverFiles


if __name__ == "__main__":
    run_kernel(sys.argv[1:])
