"""Lists that are too long for a page: they lie beside it, and the page links to them."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from itertools import count
from pathlib import PurePosixPath
from typing import Any

from crmlib.present.blocks_base import BLOCK_MIME, FILES_MIME
from crmlib.present.blocks_downloads_links import file_name, link_beside, place_of
from crmlib.schema.errors import CrmlibError


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
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            files = data.pop(FILES_MIME, {})
            if not files or BLOCK_MIME not in data:
                continue
            html = "".join(data.get("text/html", ""))
            for given, file in files.items():
                name = _free_name(given, taken)
                taken[name] = _content(given, file)
                link = link_beside(name, href=f"{folder}/{name}", says=str(file.get("says", "All rows")))
                html = html.replace(place_of(given), link)
            data["text/html"] = html
    return taken


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
