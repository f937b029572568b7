"""One run at a time in a folder: a lock that the system lets go of, however its holder ends."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crmlib.schema.errors import CrmlibError


class BusyError(CrmlibError):
    """Another process holds the lock, and waiting was not wanted.

    Examples
    --------
    >>> issubclass(BusyError, CrmlibError)
    True
    """


@contextmanager
def folder_lock(
    folder: str | Path, *, wait: bool = True, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock of a folder, an ``.lock`` file in it.

    Parameters
    ----------
    folder : made if it is not there
    wait : wait for the holder, or give up at once
    on_wait : called once, with a sentence, before waiting

    Raises
    ------
    BusyError
        If the lock is held and `wait` is false.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with folder_lock(folder):
    ...     with folder_lock(folder, wait=False):
    ...         pass
    Traceback (most recent call last):
    ...
    crmlib.present.locks.BusyError: Another run (process ...) is at work in ...
    """
    path = Path(folder) / ".lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy = f"Another run (process {_holder(path)}) is at work in {folder}."
            if not wait:
                raise BusyError(f"{busy} Wait for it, or leave out --no-wait.") from None
            if on_wait:
                on_wait(f"{busy} Waiting for it to end.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _holder(path):
    return path.read_text(encoding="utf-8").strip() or "unknown"
