"""jupyter_client's managers of kernels, with sockets that are files and processes that are forked."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

if TYPE_CHECKING:
    from crmlib.present.kernels import Kernels

LAUNCHER = "crmlib.present.kernel_app"


class WarmProvisioner(LocalProvisioner):
    """Gives a manager a forked kernel, and a process of its own where that cannot be had.

    Examples
    --------
    >>> from crmlib.present.kernels import Kernels
    >>> with Kernels(warm=False) as kernels:
    ...     kernels.manager().provisioner.has_process
    False
    """

    kernels: "Kernels | None" = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel; jupyter_client calls this.

        Examples
        --------
        >>> WarmProvisioner.launch_kernel.__name__  # needs a running event loop
        'launch_kernel'
        """
        cwd = str(kwargs.get("cwd") or Path.cwd())
        arguments = cmd[cmd.index(LAUNCHER) + 1 :]
        process = self.kernels.fork(arguments, env=dict(kwargs.get("env") or os.environ), cwd=cwd)
        if process is None:
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.cwd = process, process.pid, cwd
        return self.connection_info


class FileKernelManager(AsyncKernelManager):
    """jupyter_client's manager, with sockets that are files and this Python as the kernel's.

    Parameters
    ----------
    kernels : Kernels
    connection_file : str

    Examples
    --------
    >>> from crmlib.present.kernels import Kernels
    >>> with Kernels(warm=False) as kernels:
    ...     kernels.manager().kernel_spec.argv[1:3]
    ['-m', 'crmlib.present.kernel_app']
    """

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
