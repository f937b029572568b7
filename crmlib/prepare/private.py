"""Files that only their owner can read, in folders that only their owner can open; and what dead processes left."""

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from crmlib.schema.errors import SourceError

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OLD_NAMES = ("crmlib-text-*", "crmlib-check-*")
"""Folders that earlier versions left in the system's temporary folder when they were killed."""

OLD_SECONDS = 86_400
"""Nothing of an earlier version works on one folder for so long."""

_LOCK = ".lock"
_UNFINISHED = 5


def private_folder(folder: str | Path) -> Path:
    """A folder that only its owner can open, made if need be; a link, or the folder of a stranger, is refused."""
    path = Path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=FOLDER_MODE)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise SourceError(f"{path} is a link or a file, and personal data would follow it. Move it away.")
    if found.st_uid not in _trusted_owners(path.parent):
        raise SourceError(f"{path} belongs to another user, who could read what is put there. Remove it.")
    if stat.S_IMODE(found.st_mode) != FOLDER_MODE:
        path.chmod(FOLDER_MODE)
    return path


@contextlib.contextmanager
def in_place(path: str | Path) -> Iterator[Path]:
    """A file of the owner's alone beside its place, put there by one rename when it is written."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes it with mode 0600, and follows no link.
    handle, made = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    aside = Path(made)
    try:
        yield aside
        aside.chmod(FILE_MODE)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_private(path: str | Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    with in_place(path) as aside:
        aside.write_bytes(content)


def close_to_others(folder: str | Path) -> None:
    """Take every right of others from a folder and all that is in it; links are left alone."""
    for inner, folders, files in os.walk(folder):
        Path(inner).chmod(FOLDER_MODE)
        for name in (*files, *folders):
            if not (path := Path(inner) / name).is_symlink() and path.is_file():
                path.chmod(FILE_MODE)


def give_rights(folder: str | Path, rights: int) -> None:
    """Give a folder and all in it such rights; files those without the right to enter."""
    for inner, folders, files in os.walk(folder, topdown=False):
        for name in files:
            (Path(inner) / name).chmod(rights & ~0o111)
        for name in folders:
            (Path(inner) / name).chmod(rights)
    Path(folder).chmod(rights)


def open_to_all(path: str | Path) -> None:
    """Give a file or folder the rights that the user's other new ones have."""
    mask = os.umask(0)
    os.umask(mask)
    path = Path(path)
    path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def temporary_root() -> Path:
    """The folder of this user in the system's temporary folder, checked to be ours."""
    return private_folder(Path(tempfile.gettempdir()) / f"crmlib-{os.getuid()}")


def scratch_folder() -> Path:
    """A folder of this process alone; it is removed when the process ends, or by the next that begins."""
    return _scratch(os.getpid(), tempfile.gettempdir())


@cache
def _scratch(process: int, _place: str) -> Path:
    root = temporary_root()
    sweep(root)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=root)).resolve()
    held = FileLock(folder / _LOCK)
    held.acquire()

    def remove() -> None:
        if os.getpid() == process:
            held.release()
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def sweep(root: Path) -> None:
    """Remove what processes that are dead have left: the system lets go of a process's lock when it ends.

    What earlier versions left beside it had no lock, and goes when it is ours and a day old.
    """
    for folder in root.glob("work-*"):
        if _is_ours(folder) and not _is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)
    for pattern in OLD_NAMES:
        for folder in root.parent.glob(pattern):
            if _is_ours(folder) and _age(folder) > OLD_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _is_held(folder: Path) -> bool:
    lock = folder / _LOCK
    # Made this moment by another process that has not locked it yet, or left by one killed just then.
    if _age(lock if lock.exists() else folder) < _UNFINISHED:
        return True
    probe = FileLock(lock)
    try:
        probe.acquire(blocking=False)
    except (Timeout, OSError):
        return True
    probe.release()
    return False


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.lstat().st_mtime
    except OSError:
        return 0.0


def _trusted_owners(parent: Path) -> set[int]:
    """Ourselves; and whose folder it lies in, where nobody else can put anything."""
    around = parent.stat()
    return {os.geteuid()} | (set() if around.st_mode & stat.S_IWOTH else {around.st_uid})
