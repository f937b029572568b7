"""Workspaces by their folders: found, or refused with the nearest one."""

from collections.abc import Iterable
from pathlib import Path

from crmlib.schema.errors import ConfigError, ParameterError, nearest

CONFIG = "crm.toml"


def workspace_folders(given: Iterable[str | Path]) -> list[Path]:
    """The folders of workspaces, checked before anything is started.

    Parameters
    ----------
    given : paths; each holds a crm.toml

    Raises
    ------
    ParameterError, ConfigError
        If none is given, one is not there (with the nearest that is), one holds no crm.toml, or two have the
        same name, under which their reports would lie.

    Examples
    --------
    >>> workspace_folders([])
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: Name at least one workspace: a folder that holds a crm.toml.
    """
    folders: dict[str, Path] = {}
    for path in given:
        folder = _folder(Path(path))
        if folder.name in folders and folders[folder.name] != folder:
            raise ParameterError(
                f"Two workspaces are named {folder.name}, and their reports would lie in the same place. "
                "Rename one folder, or report them to different places with --out."
            )
        folders[folder.name] = folder
    if not folders:
        raise ParameterError(f"Name at least one workspace: a folder that holds a {CONFIG}.")
    return list(folders.values())


def _folder(path):
    if path.name == CONFIG and path.is_file():
        path = path.parent
    if not path.is_dir():
        known = nearest(str(path), _neighbours(path)) or f" Name a folder that holds a {CONFIG}."
        raise ParameterError(f"There is no workspace {str(path)!r}.{known}")
    if not (path / CONFIG).is_file():
        raise ConfigError(f"{path} holds no {CONFIG}, which says what its exports mean. Write one.")
    return path.resolve()


def _neighbours(path):
    places = {path.parent, Path("data")}
    return [str(found.parent) for place in places for found in sorted(place.glob(f"*/{CONFIG}"))]
