"""papermill's engine with kernels of ours: ``papermill_engines.get_engine(ENGINE)``."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from jupyter_core.utils import ensure_event_loop
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from crmlib.present.run.kernels import Kernels

ENGINE = "crmlib"
"""The name under which papermill knows `WarmEngine`."""

SAVE_EVERY = 2.0
"""Seconds between two saves of a notebook that is being executed; papermill saves twice a cell."""


class WarmEngine(NBClientEngine):
    """papermill's engine, with a kernel of ours."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, *, kernels=None, cwd=None, **kwargs):
        """Execute the notebook that `nb_man` holds; papermill calls this."""
        if kernels is None:
            with Kernels(warm=False) as cold:
                return cls.execute_managed_notebook(nb_man, kernel_name, kernels=cold, cwd=cwd, **kwargs)
        nb_man.save = _seldom(nb_man.save)
        known = set(PapermillNotebookClient.class_trait_names())
        traits = {name: value for name, value in kwargs.items() if name in known}
        traits = {"startup_timeout": kwargs.get("start_timeout", 60), "iopub_timeout": 60} | traits
        client = PapermillNotebookClient(nb_man, km=kernels.manager(), kernel_name=kernel_name, **traits)
        try:
            env = kwargs.get("env", os.environ)
            return client.execute(cwd=str(cwd) if cwd else None, env=env, cleanup_kc=True)
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
