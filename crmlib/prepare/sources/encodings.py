"""Text files whose encoding nobody states: what it is, how sure that is, and the file as UTF-8.

A wrong guess spoils every name in a table without a sound, so the rule is: UTF-8 is proved by reading the
whole file; GB18030 and Western European (Windows-1252) are taken only when the letters look right; else the
file is refused with a request to state the encoding. What was taken is always said.
"""

import codecs
import gzip
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO

from crmlib.schema.errors import SourceError

CHUNK = 1 << 20
SAMPLE_CHARACTERS = 200_000
LEAST_CHARACTERS = 4
"""Fewer characters outside ASCII than this are no evidence for GB18030."""

_STATE_IT = (
    'State it in crm.toml: encoding = "..." (utf-8, gb18030, latin-1, cp1250, cp1251, big5, shift_jis).'
)
_NAMES = {"cp1252": "Latin-1 (Windows-1252)", "gb18030": "GB18030", "utf-16": "UTF-16"}
_MAGIC = {
    b"PK\x03\x04": "is a ZIP archive or a workbook. Unpack it, or name it .xlsx",
    b"%PDF": "is a PDF. Export a table instead",
    b"PAR1": "is a Parquet file. Name it .parquet",
    b"SQLite format 3\x00": "is a SQLite database. Name it .sqlite",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook. Name it .xls",
    b"\x28\xb5\x2f\xfd": "is packed with Zstandard. Unpack it, or pack it with gzip",
    b"BZh": "is packed with bzip2. Unpack it, or pack it with gzip",
    b"\xfd7zXZ": "is packed with xz. Unpack it, or pack it with gzip",
}
_WESTERN = frozenset(range(0xC0, 0x100)) - {0xD7, 0xF7} | frozenset(
    b"\x80\x85\x8a\x8c\x8e\x91\x92\x93\x94\x95\x96\x97\x99\x9a\x9c\x9e\x9f"
    b"\xa0\xa1\xa3\xa7\xa9\xaa\xab\xad\xae\xb0\xb2\xb3\xb4\xb7\xba\xbb\xbd\xbf"
)


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text file that the engine can read: UTF-8, one kind of line end.

    Parameters
    ----------
    path : Path
        The file itself, or its copy in UTF-8.
    packed : bool
        Whether it is packed with gzip.
    encoding : str
        Of the file as it was given.
    notes : tuple of str
        What was taken without being stated, and what is odd.
    blank_lines : bool
        Whether some line may be empty.
    copied : bool
        Whether `path` is a copy that may be removed after reading.
    size : int
        Bytes, unpacked.
    quotes : int
        Double quotes in it.
    """

    path: Path
    packed: bool
    encoding: str
    notes: tuple[str, ...] = ()
    blank_lines: bool = False
    copied: bool = False
    size: int = 0
    quotes: int = 0

    def open(self) -> IO[bytes]:
        """The bytes, unpacked."""
        return gzip.open(self.path) if self.packed else self.path.open("rb")  # type: ignore[return-value]

    def head(self, size: int = CHUNK) -> str:
        """The first characters, without a byte order mark."""
        with self.open() as stream:
            return stream.read(size).decode("utf-8", "replace").removeprefix("\ufeff")


def prepare_text(path: Path, *, shown: str, stated: str | None = None, scratch: Path) -> TextFile:
    """Find out a text file's encoding and make it readable for the engine."""
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == b"\x1f\x8b"
        text = TextFile(path=path, packed=packed, encoding="utf-8")
        with text.open() as stream:
            head = stream.read(1 << 16)
        _refuse_what_is_no_text(head, shown, stated)
        encoding, notes = _encoding_of(text, head, shown, stated)
        text = replace(text, encoding=encoding, notes=notes)
        ends, blank, size, quotes, zeros = _line_ends(text)
        text = replace(text, size=size, quotes=quotes)
        if encoding == "utf-8" and ends <= 1 and not zeros:
            return replace(text, blank_lines=blank)
        return replace(
            _copy(text, shown, scratch), blank_lines=blank or encoding.startswith(("utf-16", "utf-32"))
        )
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{shown} is packed with gzip and damaged ({error}). Export it again.") from error
    except OSError as error:
        raise SourceError(f"{shown} cannot be read ({error.strerror or error}).") from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _chunks(text: TextFile) -> Iterator[bytes]:
    with text.open() as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _refuse_what_is_no_text(head: bytes, shown: str, stated: str | None) -> None:
    if not head.strip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t"):
        raise SourceError(f"{shown} is empty. Export it again, or take it out of crm.toml.")
    for magic, says in _MAGIC.items():
        if head.startswith(magic):
            raise SourceError(f"{shown} {says}.")
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")):
        raise SourceError(f"{shown} is a web page or XML under another name. Export it as CSV.")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or (stated or "").startswith(("utf-16", "utf-32"))
    zeros, controls = head.count(0), sum(head.count(code) for code in (*range(1, 9), *range(14, 27)))
    binary = zeros and (controls > zeros / 4 or zeros > max(3, len(head) / 50))
    if binary and not wide and not _utf_16_order(head):
        raise SourceError(
            f"{shown} is no text: it has zero bytes. Export it as CSV, or name its kind rightly."
        )


def _utf_16_order(head: bytes) -> str | None:
    """Which UTF-16 it is where nearly every second byte is zero."""
    pairs = len(head) // 2 or 1
    if head[1::2].count(0) > 0.7 * pairs and head[0::2].count(0) < 0.05 * pairs:
        return "utf-16-le"
    if head[0::2].count(0) > 0.7 * pairs and head[1::2].count(0) < 0.05 * pairs:
        return "utf-16-be"
    return None


def _encoding_of(text: TextFile, head: bytes, shown: str, stated: str | None) -> tuple[str, tuple[str, ...]]:
    if stated and codecs.lookup(stated).name not in ("utf-8", "utf-8-sig", "ascii"):
        return codecs.lookup(stated).name, ()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", (f"{shown}: read as UTF-16, as its first bytes say.",)
    if order := _utf_16_order(head):
        return order, (f"{shown}: no encoding stated; taken as UTF-16, since every second byte is zero.",)
    good, bad = _count_utf_8(text)
    if bad == 0:
        return "utf-8", ()
    if stated or good > bad:
        return "utf-8", (
            f"{shown}: is UTF-8 with {bad:,} damaged bytes; the lines they stand in are set aside.",
        )
    return _guess(text, shown)


def _count_utf_8(text: TextFile) -> tuple[int, int]:
    """Characters outside ASCII that are good UTF-8, and bytes that are not; the first is 0 if none is bad."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        for chunk in _chunks(text):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
        return 0, 0
    except UnicodeDecodeError:
        lenient = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        good = bad = 0
        for chunk in _chunks(text):
            decoded = lenient.decode(chunk)
            wrong = len(re.findall("[\udc80-\udcff]", decoded))
            bad += wrong
            good += len(re.findall("[^\x00-\x7f]", decoded)) - wrong
        return good, max(bad, 1)


def _guess(text: TextFile, shown: str) -> tuple[str, tuple[str, ...]]:
    found = _gb18030_characters(text)
    if found is not None:
        total, common, kana, high = found
        if total and common >= 0.9 * total and kana < 0.1 * total:
            if total >= LEAST_CHARACTERS and (high or total < 30):
                return "gb18030", (_taken(shown, "gb18030", total),)
            raise SourceError(f"{shown}: its encoding cannot be told from {total:,} characters. {_STATE_IT}")
    letters, western, in_short_runs = _western_letters(text)
    if letters and western >= 0.9 * letters and in_short_runs >= 0.9 * letters:
        return "cp1252", (_taken(shown, "cp1252", letters),)
    raise SourceError(f"{shown}: is not UTF-8, and its encoding cannot be told safely. {_STATE_IT}")


def _taken(shown: str, encoding: str, characters: int) -> str:
    return (
        f"{shown}: no encoding stated; taken as {_NAMES[encoding]} from {characters:,} characters. "
        f'If names look wrong, state it in crm.toml: encoding = "...".'
    )


def _gb18030_characters(text: TextFile) -> tuple[int, int, int, int] | None:
    """Characters in all, of GB 2312, kana, and of lead bytes beyond Korean's; None if it is no GB18030."""
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    seen: Counter[str] = Counter()
    total = 0
    try:
        for chunk in _chunks(text):
            decoded = decoder.decode(chunk)
            if total < SAMPLE_CHARACTERS and not decoded.isascii():
                found = re.findall("[^\x00-\x7f]", decoded)
                seen.update(found)
                total += len(found)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    common = kana = high = 0
    for character, count in seen.items():
        code = character.encode("gb18030")
        if len(code) == 2 and 0xA1 <= code[0] <= 0xF7 and code[1] >= 0xA1:
            common += count
            kana += count if code[0] in (0xA4, 0xA5) else 0
            high += count if code[0] >= 0xC9 else 0
    return total, common, kana, high


def _western_letters(text: TextFile) -> tuple[int, int, int]:
    """Bytes outside ASCII in all, those that Western text uses, and those in runs of one or two."""
    letters = western = short = 0
    for chunk in _chunks(text):
        for run in re.findall(rb"[\x80-\xff]+", chunk):
            letters += len(run)
            western += sum(byte in _WESTERN for byte in run)
            short += len(run) if len(run) <= 2 else 0
    return letters, western, short


def _line_ends(text: TextFile) -> tuple[int, bool, int, int, int]:
    """How many kinds of line end there are, whether a line may be empty, bytes, double quotes, and zero bytes."""
    pairs = feeds = returns = size = quotes = zeros = 0
    blank = False
    last = b"\n"
    for chunk in _chunks(text):
        data = last + chunk
        pairs += data.count(b"\r\n")
        feeds += data.count(b"\n") - last.count(b"\n")
        returns += data.count(b"\r") - last.count(b"\r")
        size += len(chunk)
        quotes += chunk.count(b'"')
        zeros += chunk.count(0)
        blank = blank or b"\n\n" in data or b"\n\r" in data or b"\r\r" in data
        last = data[-2:]
        pairs -= last.count(b"\r\n")
    pairs += last.count(b"\r\n")
    kinds = (pairs > 0) + (feeds > pairs) + 2 * (returns > pairs)
    return kinds, blank, size, quotes, zeros


def _copy(text: TextFile, shown: str, scratch: Path) -> TextFile:
    """The file again in UTF-8 with one kind of line end."""
    target = scratch / f"{hashlib.sha256(str(text.path).encode()).hexdigest()[:16]}.txt"
    try:
        _write_copy(text, target, text.encoding, shown)
    except SourceError:
        if text.encoding != "cp1252":
            raise
        _write_copy(text, target, "latin-1", shown)
    return replace(text, path=target, packed=False, copied=True, size=target.stat().st_size)


def _write_copy(text: TextFile, target: Path, encoding: str, shown: str) -> None:
    keep = "surrogateescape" if encoding == "utf-8" else "strict"
    decoder = codecs.getincrementaldecoder(encoding)(keep)
    lines, pending = 1, ""
    with target.open("wb") as out:
        for chunk in chain(_chunks(text), [b""]):
            try:
                decoded = pending + decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                good = _good_part(error, encoding)
                line = lines + len(re.findall("\r\n|\r|\n", good))
                raise SourceError(f"{shown}, line {line:,}: is not {encoding}. {_STATE_IT}") from error
            pending = "\r" if decoded.endswith("\r") and chunk else ""
            plain = decoded.removesuffix(pending).replace("\r\n", "\n").replace("\r", "\n")
            lines += plain.count("\n")
            # A zero byte costs its row: the engine rejects a record that holds a byte of no text.
            out.write(plain.replace("\x00", "\udcff").encode("utf-8", "surrogateescape"))


def _good_part(error: UnicodeError, encoding: str) -> str:
    # Some decoders refuse a file without saying where, UTF-16 without its first bytes for one.
    if isinstance(error, UnicodeDecodeError):
        return error.object[: error.start].decode(encoding, "replace")
    return ""
