"""Text files whose encoding nobody states: what it is, how sure that is, and the file as UTF-8.

A wrong guess spoils every name in a table without a sound, so the rule is: UTF-8 is proved by reading the
whole file; another encoding is taken only where the letters it gives are far likelier than those of every
other; else the file is refused with a request to state the encoding. What was taken is always said.
"""

import codecs
import gzip
import hashlib
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import IO

from crmlib.schema.errors import SourceError

CHUNK = 1 << 20

_STATE_IT = (
    'State it in crm.toml: encoding = "..." (utf-8, gb18030, latin-1, cp1250, cp1251, big5, shift_jis).'
)
_NAMES = {
    "cp1252": "Latin-1 (Windows-1252)", "cp1250": "Central European (Windows-1250)", "iso8859_2": "Latin-2",
    "cp1254": "Turkish (Windows-1254)", "cp1251": "Cyrillic (Windows-1251)", "koi8_r": "KOI8-R",
    "cp1253": "Greek (Windows-1253)", "gb18030": "GB18030", "cp950": "Big5", "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP", "cp949": "EUC-KR", "mac_roman": "Mac Roman", "cp850": "Western DOS (850)",
    "cp852": "Central European DOS (852)", "cp866": "Cyrillic DOS (866)",
}  # fmt: skip
_LANGUAGES = {
    "cp1252": ("äüöß", "éèçêàâôîïëûùœ", "óáíéñúü", "ãçáéíóêõâúàôü", "àèòùéì", "åäöøæéü", "éëïöüóè"),
    "cp1250": ("áíéěřýčšžůúňťóď", "áčíšžýéťúľňôďäóĺŕ", "łóąężśćńź", "áéöóőüíúű", "ăşţâî", "čšžćđ"),
    "cp1254": ("ıüişçğöİ",),
    "cp1251": ("оаеинтрслвкмпдуязьыбгйчхжюшцщэфъё",),
    "cp1253": ("αοιετσνηυρπκμλςωδγχθφβξζψάόίέήύώ",),
}
for _same, _as in (("iso8859_2", "cp1250"), ("koi8_r", "cp1251"), ("cp852", "cp1250"), ("mac_roman", "cp1252"),
                   ("cp850", "cp1252"), ("cp866", "cp1251")):  # fmt: skip
    _LANGUAGES[_same] = _LANGUAGES[_as]
"""Letters outside ASCII of languages, the most frequent first."""

_NO_ORDINAL = re.compile(r"(?<![^\W_])([Nn]|\d+)[şŞｺｪｰ](?![^\W_])")
"""What Nº and 1ª become elsewhere: a lone letter or a figure with a letter of Romanian or Japanese behind it."""

_MONEY = re.compile("(?<=[0-9])[ \u00a0]?[€£]|[€£](?= ?[0-9])")
"""A currency's mark beside a figure, as usual as a letter."""

_LATIN = ("cp1252", "cp1250", "cp1254", "iso8859_2", "mac_roman", "cp850", "cp852")
_BEFORE = {"cp1252": 1.6, "mac_roman": -2.0, "cp850": -2.0, "cp852": -2.0, "cp866": -2.0}
"""How much likelier an encoding is than others before a letter was looked at (its logarithm)."""

_LONE_WIDE = re.compile(r"(?<=[a-z])[^\x00-\u02ff](?=[a-z])|(?<![^\W_])[^\x00-\u02ff](?=[a-z]{2})")
"""A letter of two bytes within a word of Latin letters: two letters of another encoding."""
_BLOCKS = {
    "gb18030": (((0xB0, 0xD7), 0.9, 3755), ((0xD8, 0xF7), 0.05, 3008), ((0xA1, 0xA3), 0.04, 280)),
    "cp950": (((0xA4, 0xC6), 0.93, 5401), ((0xA1, 0xA3), 0.04, 400), ((0xC9, 0xF9), 0.02, 7650)),
    "cp932": (
        ((0x82, 0x83), 0.5, 170),
        ((0x88, 0x97), 0.4, 2965),
        ((0x81, 0x81), 0.05, 108),
        ((0x98, 0xEA), 0.02, 3390),
    ),
    "euc_jp": (
        ((0xA4, 0xA5), 0.5, 170),
        ((0xB0, 0xCF), 0.4, 2965),
        ((0xA1, 0xA1), 0.05, 94),
        ((0xD0, 0xF4), 0.02, 3390),
    ),
    "cp949": (((0xB0, 0xC8), 0.95, 2350), ((0xA1, 0xA3), 0.03, 280), ((0xCA, 0xFD), 0.01, 4888)),
}
"""First bytes of characters of two bytes: how often a language uses them, and how many there are."""

_RARE, _ODD, _ASCII_TAIL = -13.0, -6.0, 4.2
MARGIN = 3.4
"""The best reading must be 30 times as likely as the next one (its logarithm)."""

_LEAST_LIKELY = -5.6
_SAMPLE_BYTES = 1 << 16
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
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")):
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
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", (f"{shown}: read as UTF-32, as its first bytes say.",)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", (f"{shown}: read as UTF-16, as its first bytes say.",)
    if b"\x1b$B" in head or b"\x1b$@" in head:
        return "iso2022_jp", (f"{shown}: read as ISO-2022-JP, as its escape signs say.",)
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
    """The encoding under which the file is by far the likeliest text; refused where two come near each other."""
    sample = _sample(text)
    scored = []
    for encoding in (*_LANGUAGES, *_BLOCKS):
        try:
            decoded = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if re.search("[\x80-\x9f]", decoded):
            continue
        scored.append((_likelihood(decoded, encoding), encoding, decoded))
    scored.sort(key=lambda entry: -entry[0])
    letters = len(re.findall(rb"[\x80-\xff]", sample))
    if not scored or scored[0][0] < _LEAST_LIKELY * letters:
        raise SourceError(f"{shown}: is not UTF-8, and its encoding cannot be told safely. {_STATE_IT}")
    best, encoding, decoded = scored[0]
    others = [score for score, _, other in scored if other != decoded]
    if others and best - others[0] < MARGIN:
        raise SourceError(f"{shown}: its encoding cannot be told from {letters:,} bytes. {_STATE_IT}")
    return encoding, (
        f"{shown}: no encoding stated; taken as {_NAMES[encoding]} from {letters:,} bytes outside ASCII. "
        'If names look wrong, state it in crm.toml: encoding = "...".',
    )


def _sample(text: TextFile) -> bytes:
    """Lines that hold bytes outside ASCII."""
    lines, size = [], 0
    with text.open() as stream:
        for line in stream:
            if not line.isascii():
                lines.append(line[:_SAMPLE_BYTES])
                size += len(line)
            if size > _SAMPLE_BYTES:
                break
    return b"".join(lines)


def _likelihood(decoded: str, encoding: str) -> float:
    """The logarithm of how likely the characters outside ASCII are, in the language that fits best."""
    odd = len(_NO_ORDINAL.findall(decoded))
    if encoding in _BLOCKS:
        counted = Counter(re.findall("[^\x00-\x7f]", decoded))
        odd += len(_LONE_WIDE.findall(decoded))
        return sum(n * _of_two_bytes(character, encoding) for character, n in counted.items()) + _ODD * odd
    letters: Counter[str] = Counter()
    for word in re.findall(r"[^\W\d_]*[^\x00-\x7f][^\s,;|\t\"]*", decoded):
        letters.update(character.lower() for character in word if not character.isascii())
        odd += len(re.findall("(?<=[a-zà-ÿа-яё])[A-ZÀ-ÞА-ЯЁ]", word))
        foreign = [character for character in word if character.isalpha() and not character.isascii()]
        if encoding in _LATIN:
            odd += len(foreign) if len(foreign) > 3 and len(foreign) > len(word) / 2 else 0
        else:
            odd += len(foreign) if re.search("[a-zA-Z]", word) else 0
    alphabets = [_ranked(alphabet) for alphabet in _LANGUAGES[encoding]]
    if encoding in _LATIN:
        every = {letter for alphabet in _LANGUAGES[encoding] for letter in alphabet}
        alphabets.append(dict.fromkeys(every, -math.log(1.2 * len(every))))
    best = max(sum(n * _of_one_byte(one, alphabet) for one, n in letters.items()) for alphabet in alphabets)
    return best + _ODD * odd + 4 * len(_MONEY.findall(decoded)) + _BEFORE.get(encoding, 0)


def _ranked(alphabet: str) -> dict[str, float]:
    """Letters with the logarithm of their share, the first being the most frequent (Zipf)."""
    whole = sum(1 / (place + 2) for place in range(len(alphabet)))
    return {letter: -math.log((place + 2) * whole) for place, letter in enumerate(alphabet)}


def _of_one_byte(character: str, alphabet: dict[str, float]) -> float:
    if character in alphabet:
        return alphabet[character]
    return -5.0 if character in "€’‘“”„–—…«»°ºª¿¡§£·®™\u00a0" else _RARE


@cache
def _of_two_bytes(character: str, encoding: str) -> float:
    try:
        code = character.encode(encoding)
    except UnicodeEncodeError:
        return 2 * _RARE
    if len(code) == 1:
        return -5.0
    tail = _ASCII_TAIL if code[-1] < 0x80 else 0.0
    extended = encoding in ("gb18030", "cp949") and code[1] < 0xA1
    for (low, high), share, size in () if extended or len(code) > 2 else _BLOCKS[encoding]:
        if low <= code[0] <= high:
            return math.log(share / size) + tail
    return _RARE + tail


def _line_ends(text: TextFile) -> tuple[int, bool, int, int, int]:
    """How many kinds of line end there are, whether a line may be empty, bytes, double quotes, and zero bytes."""
    pairs = feeds = returns = size = quotes = zeros = 0
    blank = False
    last = b"\n"
    for chunk in _chunks(text):
        data = last + chunk
        feeds += chunk.count(b"\n")
        size += len(chunk)
        quotes += chunk.count(b'"')
        zeros += chunk.count(0)
        blank = blank or b"\n\n" in data
        if b"\r" in data:  # most files have none, and each look takes its time
            pairs += data.count(b"\r\n") - data[-2:].count(b"\r\n")
            returns += chunk.count(b"\r")
            blank = blank or b"\n\r" in data or b"\r\r" in data
        last = data[-2:]
    pairs += last.count(b"\r\n")
    kinds = (pairs > 0) + (feeds > pairs) + 2 * (returns > pairs)
    return kinds, blank, size, quotes, zeros


def _copy(text: TextFile, shown: str, scratch: Path) -> TextFile:
    """The file again in UTF-8 with one kind of line end."""
    target = scratch / f"{hashlib.sha256(str(text.path).encode()).hexdigest()[:16]}.txt"
    _write_copy(text, target, text.encoding, shown)
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
