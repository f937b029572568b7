"""What must not leave the machine with an executed notebook: paths that name people, and secrets."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_SECRET_NAME = re.compile(r"password|passwd|secret|token|api_?key|private_key|credential", re.IGNORECASE)
_BEFORE = r"(?:(?<=file://)|(?<![\w/+.\-]))"
_CLIMB = r"(?:\.\.(?:/\.\.)*)?"
_AFTER = r"(?![\w+\-])"
SHORTEST_SECRET = 8


def scrub_paths(value: Any, folders: Mapping[str, str]) -> Any:
    """A copy of nested lists, dicts and text in which each folder's path reads as its short name.

    A path that climbs to the root first (``../../srv/acme``) names the folder just as well.

    Parameters
    ----------
    value : a notebook, or any part of one
    folders : absolute path to what stands in its place; the longest path that fits is taken

    Examples
    --------
    >>> scrub_paths({"text": ["see /home/ann/crm/a.ipynb"]}, {"/home/ann/crm": ".", "/home/ann": "~"})
    {'text': ['see ./a.ipynb']}
    >>> scrub_paths("workspace = '../../srv/acme'", {"/srv/acme": "acme"})
    "workspace = 'acme'"
    >>> scrub_paths("/home/anna, data:x/home/ann", {"/home/ann": "~"})
    '/home/anna, data:x/home/ann'
    """
    names = {path: name for path, name in folders.items() if path.count("/") >= 1 and len(path) > 1}
    if not names:
        return value
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(_BEFORE + _CLIMB + "(" + "|".join(map(re.escape, longest_first)) + ")" + _AFTER)
    return _map_text(value, lambda text: pattern.sub(lambda match: names[match[1]], text))


def private_folders(**folders: Path) -> dict[str, str]:
    """The folders that a published page must not name: those given, and the user's home.

    Parameters
    ----------
    **folders : short name to path

    Examples
    --------
    >>> private_folders(data=Path("/srv/acme"))["/srv/acme"]
    'data'
    """
    named = {str(path.resolve()): name for name, path in folders.items()}
    return {str(Path.home()): "~"} | named


def find_secrets(value: Any, environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of environment variables whose secret value stands in the text of a notebook.

    Parameters
    ----------
    value : a notebook, or any part of one
    environment : else that of this process; a variable counts by its name, and from 8 characters on

    Examples
    --------
    >>> find_secrets({"text": "postgres://crm:hunter2hunter2@db"}, {"CRM_DB_PASSWORD": "hunter2hunter2"})
    ['CRM_DB_PASSWORD']
    """
    known = os.environ if environment is None else environment
    secrets = {
        name: secret
        for name, secret in known.items()
        if _SECRET_NAME.search(name) and len(secret) >= SHORTEST_SECRET
    }
    found = set()

    def look(text):
        found.update(name for name, secret in secrets.items() if secret in text)
        return text

    if secrets:
        _map_text(value, look)
    return sorted(found)


def _map_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        copy = type(value)()
        copy.update({change(key): _map_text(item, change) for key, item in value.items()})
        return copy
    if isinstance(value, list):
        return [_map_text(item, change) for item in value]
    return value
