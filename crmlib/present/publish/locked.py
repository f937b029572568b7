"""A run as one page that a password opens: every page and list of it, encrypted in one file that makes no request."""

import gzip
import json
import re
import shutil
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from crmlib.prepare.encryption import decrypt, encrypt
from crmlib.present.publish.html import environment
from crmlib.present.publish.manifest import sealed
from crmlib.present.publish.publish import read_json, write_text
from crmlib.schema.errors import SourceError

KEPT = (
    *("workspace", "title", "run", "as_of", "data_up_to", "currency", "time_zone", "show_code", "pseudonyms"),
    *("audience", "started", "finished", "seconds", "crmlib", "versions", "site_href"),
)
"""What the record of an encrypted run says in the open: which run it is, and nothing of what it found."""

KEPT_OF_REPORTS = ("name", "title", "status", "seconds", "reused", "key", "href")

_HELD = re.compile(r'<template id="encrypted">([A-Za-z0-9+/=]+)</template>')


def lock_run(folder: Path, *, password: str) -> None:
    """Put one encrypted page in the place of all that a run is about to publish; its record keeps no figure."""
    record = read_json(folder / "run.json")
    files = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }
    page = locked_page(files, record, password=password)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_text(folder / "index.html", page)
    bare = {name: record[name] for name in KEPT if name in record}
    bare["reports"] = [
        {name: report[name] for name in KEPT_OF_REPORTS if name in report} for report in record["reports"]
    ]
    whole = sealed(bare | {"encrypted": True}, folder=folder)
    write_text(folder / "run.json", json.dumps(whole, indent=1))


def locked_page(files: Mapping[str, bytes], record: Mapping[str, Any], *, password: str) -> str:
    """The page that holds files, opens with a password and begins with ``index.html``."""
    held = b64encode(encrypt(_pack(files), password=password)).decode("ascii")
    title = str(record.get("title") or "Customer reports")
    told = {"lang": "en", "page_title": f"{title} · encrypted", "title": title, "as_of": record.get("as_of")}
    return environment().get_template("locked.html.j2").render(**told, opens=True, encrypted=held)


def held_in(page: str) -> bytes | None:
    """The encrypted bytes that a page holds; None where it is another kind of page."""
    found = _HELD.search(page)
    return b64decode(found[1]) if found else None


def unlocked(page: str, *, password: str) -> dict[str, bytes]:
    """The files that a page holds, by name."""
    held = held_in(page)
    if held is None:
        raise SourceError("This page holds nothing that is encrypted.")
    return _unpack(decrypt(held, password=password))


def _pack(files: Mapping[str, bytes]) -> bytes:
    """Names and sizes as a line of JSON, then the files one behind the other; compressed."""
    listed = json.dumps([[name, len(content)] for name, content in files.items()]).encode()
    return gzip.compress(b"".join([listed, b"\n", *files.values()]), mtime=0)


def _unpack(packed: bytes) -> dict[str, bytes]:
    listed, whole = gzip.decompress(packed).split(b"\n", 1)
    files, at = {}, 0
    for name, size in json.loads(listed):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise SourceError(f"The page holds a file {name!r}, which would lie outside its folder.")
        files[name] = whole[at : at + size]
        at += size
    return files
