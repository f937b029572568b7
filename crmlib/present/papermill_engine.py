"""papermill's engine with kernels of ours: ``papermill_engines.get_engine(ENGINE)``."""

import threading
import time
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_event_loop
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from crmlib.present.kernels import Kernels

ENGINE = "crmlib"
"""The name under which papermill knows `WarmEngine`."""

SAVE_EVERY = 2.0
"""Seconds between two saves of a notebook that is being executed; papermill saves twice a cell."""


class WarmEngine(NBClientEngine):
    """papermill's engine, with a kernel of ours.

    Examples
    --------
    >>> papermill_engines.get_engine(ENGINE).__name__
    'WarmEngine'
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, kernels=None, cwd=None, **kwargs):
        """Execute the notebook that `nb_man` holds; papermill calls this.

        Parameters
        ----------
        nb_man : papermill's NotebookExecutionManager
        kernel_name : str
            Kept in the notebook; the kernel is this Python.
        kernels : Kernels, optional
            Where the kernel comes from; else a cold one is started.
        cwd : path, optional
            The kernel's working folder. The calling process never changes its own.
        **kwargs : traits of nbclient's client

        Examples
        --------
        >>> WarmEngine.execute_managed_notebook.__name__  # executed in tests/present/test_kernels.py
        'execute_managed_notebook'
        """
        if kernels is None:
            with Kernels(warm=False) as cold:
                return cls.execute_managed_notebook(nb_man, kernel_name, kernels=cold, cwd=cwd, **kwargs)
        nb_man.save = _seldom(nb_man.save)
        known = set(PapermillNotebookClient.class_trait_names())
        traits = {name: value for name, value in kwargs.items() if name in known}
        client = PapermillNotebookClient(
            nb_man,
            km=kernels.manager(),
            kernel_name=kernel_name,
            startup_timeout=kwargs.get("start_timeout", 60),
            iopub_timeout=60,
            **traits,
        )
        try:
            return client.execute(cwd=str(cwd) if cwd else None, cleanup_kc=True)
        finally:
            if threading.current_thread() is not threading.main_thread():
                ensure_event_loop().close()


def _seldom(save: Callable[..., Any]) -> Callable[..., Any]:
    last = time.monotonic()

    def save_if_due(**kwargs):
        nonlocal last
        if time.monotonic() - last >= SAVE_EVERY:
            save(**kwargs)
            last = time.monotonic()

    return save_if_due


papermill_engines.register(ENGINE, WarmEngine)
