"""Lists that are too long for a page: they lie beside it, and the page links to them."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import count
from pathlib import PurePosixPath
from re import Match, compile
from typing import Any

from crmlib.present.blocks_base import BLOCK_MIME, FILES_MIME
from crmlib.present.blocks_downloads_links import file_name, link_beside, place_of
from crmlib.schema.errors import CrmlibError

_IN_TABLE = compile(
    r'<a class="crm-download" download="([^"]*)" href="data:[^",]*;base64,([^"]*)">([^<]*)</a>'
)
_CUT = "(the first"


def take_files(notebook: Mapping[str, Any], *, folder: str) -> dict[str, bytes]:
    """Take the files out of an executed notebook, and let its tables link to where they will lie.

    Parameters
    ----------
    notebook : executed; its outputs are changed
    folder : of the files, as the page names it

    Returns
    -------
    dict of file name to content
        A name that stands there twice gets a number.

    Raises
    ------
    CrmlibError
        If a cell hands over something else than a file.

    Examples
    --------
    >>> shown = {BLOCK_MIME: {"kind": "table"}, "text/html": f"<p>{place_of('a.csv')}</p>",
    ...          FILES_MIME: {"a.csv": {"says": "All 9 rows as CSV", "content": "eA=="}}}
    >>> take_files({"cells": [{"outputs": [{"data": shown}]}]}, folder="value_files")
    {'a.csv': b'x'}
    >>> print(shown["text/html"])
    <p><a class="crm-download" download="a.csv" href="value_files/a.csv">All 9 rows as CSV</a></p>
    """
    taken: dict[str, bytes] = {}
    for data in _shown(notebook):
        html = "".join(data.get("text/html", ""))
        for given, file in data.pop(FILES_MIME, {}).items():
            name = _free_name(given, taken)
            taken[name] = _content(given, file)
            link = link_beside(name, href=f"{folder}/{name}", says=str(file.get("says", "All rows")))
            html = html.replace(place_of(given), link)
        data["text/html"] = html
    return taken


def move_downloads(
    notebook: Mapping[str, Any], *, folder: str, files: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Take the downloads that are in the tables themselves, too: for a page that is too heavy with them.

    Parameters
    ----------
    notebook : as `take_files` leaves it; its outputs are changed
    folder : of the files, as the page names it
    files : what lies there already

    Returns
    -------
    dict of file name to content
        `files`, and what was moved. The part of a list that lies there whole is left out.

    Examples
    --------
    >>> link = '<a class="crm-download" download="a.csv" href="data:text/csv;base64,eA==">Download as CSV</a>'
    >>> shown = {BLOCK_MIME: {"kind": "table"}, "text/html": link}
    >>> move_downloads({"cells": [{"outputs": [{"data": shown}]}]}, folder="value_files", files={})
    {'a.csv': b'x'}
    >>> print(shown["text/html"])
    <a class="crm-download" download="a.csv" href="value_files/a.csv">Download as CSV</a>
    """
    taken = dict(files)

    def moved(link: Match[str]) -> str:
        given, content, says = (unescape(part) for part in link.groups())
        if _CUT in says:
            return ""
        name = _free_name(given, taken)
        taken[name] = b64decode(content)
        return link_beside(name, href=f"{folder}/{name}", says=says)

    for data in _shown(notebook):
        data["text/html"] = _IN_TABLE.sub(moved, "".join(data.get("text/html", "")))
    return taken


def _shown(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What blocks have shown; files from elsewhere are thrown away."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if BLOCK_MIME in data and "text/html" in data:
                yield data
            else:
                data.pop(FILES_MIME, None)


def _free_name(given: str, taken: Mapping[str, bytes]) -> str:
    # What a notebook shows is not trusted to name a path.
    path = PurePosixPath(str(given))
    suffix = path.suffix if path.suffix in (".csv", ".xlsx") else ".csv"
    names = (file_name(path.stem if n == 1 else f"{path.stem}_{n}", suffix=suffix) for n in count(1))
    used = {name.casefold() for name in taken}
    return next(name for name in names if name.casefold() not in used)


def _content(given: str, file: Any) -> bytes:
    try:
        return b64decode(file["content"], validate=True)
    except (TypeError, KeyError, ValueError, NotBase64) as error:
        raise CrmlibError(
            f"The file {given!r} that a cell hands over cannot be read. Show a DataTable."
        ) from error
