"""What is about to be published is read once more: personal values and secrets in it stop the publish."""

import base64
import csv
import html
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stdnum import iban, luhn
from stdnum.cn import ric, uscc
from stdnum.eu import vat
from stdnum.jp import cn as corporate
from stdnum.kr import rrn
from stdnum.us import ssn

import crmlib
from crmlib.prepare.personal import Known, is_own_number
from crmlib.present.publish.html import secret_values
from crmlib.schema.audiences import DEFAULT, audience_of

_BASE64 = re.compile(r"data:[\w.+/-]+[^,\"']{0,80}base64,([A-Za-z0-9+/=\s]{16,})")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_BETWEEN = re.compile(">([^<]+)")
_PNG = b"\x89PNG\r\n\x1a\n"
_EMAIL = re.compile(r"[\w.+%'-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,24}\b")
_PSEUDONYM = re.compile(r"\bK-[A-Z2-7]{12}\b")
_OF_PERSONS = frozenset({"an e-mail address", "a telephone number"})
_MOST = 20
"""Hits that are told of one run."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something that must not be published: the file, the place in it, and what it is, never the value itself."""

    file: str
    place: str
    kind: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.kind}"


def _is_card(digits: str) -> bool:
    return luhn.is_valid(digits)


def _is_phone(text: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, None if text.startswith("+") else "CN"))
    except phonenumbers.NumberParseException:
        return False


_B, _E = r"(?<![\w.,+/-])", r"(?![\w/-]|[.,]\d)"
NUMBERS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("a telephone number", re.compile(r"(?<![\w+])\+[1-9](?:[ ().-]{0,2}\d){6,14}(?!\w)"), _is_phone),
    ("a telephone number", re.compile(rf"{_B}1[3-9]\d(?:[ -]?\d{{4}}){{2}}{_E}"), _is_phone),
    ("a Chinese identity number", re.compile(rf"{_B}[1-9]\d{{16}}[\dXx]{_E}"), ric.is_valid),
    (
        "a card number",
        re.compile(
            rf"{_B}(?:4\d{{3}}|5[1-5]\d\d|2[2-7]\d\d|6\d{{3}})(?:[ -]?\d{{4}}){{3}}(?:\d{{3}})?{_E}"
            rf"|{_B}3[47]\d\d[ -]?\d{{6}}[ -]?\d{{5}}{_E}"
        ),
        lambda text: _is_card(re.sub(r"\D", "", text)),
    ),
    (
        "an IBAN",
        re.compile(rf"{_B}[A-Z]{{2}}\d\d(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,3}})?(?![\w])"),
        iban.is_valid,
    ),
    ("a tax number", re.compile(rf"{_B}[0-9A-Y]{{2}}\d{{6}}[0-9A-Y]{{10}}{_E}"), uscc.is_valid),
    (
        "a tax number",
        re.compile(
            rf"{_B}(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)"
            rf" ?[A-Z0-9]{{8,12}}{_E}"
        ),
        vat.is_valid,
    ),
    ("a tax number", re.compile(rf"{_B}T\d{{13}}{_E}"), lambda text: corporate.is_valid(text[1:])),
    ("a social security number", re.compile(rf"{_B}\d{{3}}-\d\d-\d{{4}}{_E}"), ssn.is_valid),
    ("a resident number", re.compile(rf"{_B}\d{{6}}-[1-8]\d{{6}}{_E}"), rrn.is_valid),
)
_LONG = (
    re.compile(r"\d(?<![\d.]\d)(?:[ -]?[\dA-Z]){8,40}"),
    re.compile(r"\+[1-9](?:[ ().-]{0,2}\d){6}[\d ().-]*"),
    re.compile(r"(?:ATU|DK|FI|HU|LU|MT|SI) ?\d{8}"),
)
_SECRETS = {
    "PRIVATE KEY-----": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "AKIA": re.compile(r"AKIA[0-9A-Z]{16}"),
    "gh": re.compile(r"gh[pousr]_[A-Za-z0-9]{36}"),
    "sk-": re.compile(r"sk-(?<!\wsk-)[A-Za-z0-9_-]{24,}"),
    "xox": re.compile(r"xox[abprs]-[A-Za-z0-9-]{10,}"),
    "eyJ": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "://": re.compile(r"://[^\s/:@\"'<>]{1,80}:[^\s/@\"'<>]{3,80}@"),
}
"""What secrets look like, by signs without which there is none."""


class Scanner:
    """What is sought: personal values that an audience may not read, numbers of known form, secrets."""

    def __init__(
        self, crm: Any, *, known: Known, keys: Mapping[str, str] | None = None, audience: str = DEFAULT
    ) -> None:
        self.audience = audience_of(audience)
        self.crm, self.known = crm, known.hidden_from(self.audience.reads)
        self.allowed = _OF_PERSONS if "personal" in self.audience.reads else frozenset()
        self.secrets = {**secret_values(os.environ), **(keys or {})}
        config = getattr(crm, "config", None)
        self.ours = str(config.model_dump_json()) if config is not None else ""
        privacy = getattr(config, "privacy", None)
        self.shows_customers = privacy is None or not privacy.pseudonyms

    def kinds(self, text: str, *, listed: bool = False) -> dict[str, str]:
        """What of it stands in a text, or a list with a record a line: a kind in words, and one value of it."""
        found: dict[str, str] = {}
        telling = self.known.telling_lines(text) if listed else text
        for value, column in self.known.found_in(telling):
            found.setdefault(f"a value of {column}", value)
        if not self.audience.customers and (match := _PSEUDONYM.search(text)):
            found["a customer"] = match[0]
        for value in _emails(telling):
            if value not in self.ours:
                found.setdefault("an e-mail address", value)
        for part in dict.fromkeys(_parts_with_numbers(telling)):
            for kind, pattern, holds in NUMBERS:
                for match in pattern.finditer(part):
                    if kind not in found and holds(match[0]) and not self._is_own(match[0]):
                        found[kind] = match[0]
        found = {kind: value for kind, value in found.items() if kind not in self.allowed}
        for name, secret in self.secrets.items():
            if secret in text:
                found[f"the secret {name}"] = secret
        for sign, pattern in _SECRETS.items():
            if sign in text and (match := pattern.search(text)):
                found.setdefault("a secret", match[0])
        return found

    def _is_own(self, value: str) -> bool:
        return value in self.ours or is_own_number(self.crm, value, customers=self.shows_customers)


def scan_folder(scanner: Scanner, folder: Path, *, notebooks: Path | None = None) -> list[Hit]:
    """Read every file of a folder that is to be published, and the executed notebooks its pages were made from."""
    hits = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        shown = path.relative_to(folder).as_posix()
        found = _kinds_in(scanner, path)
        source = notebooks / f"{path.stem}.ipynb" if notebooks and path.suffix == ".html" else None
        for kind in found:
            place = _place(scanner, path, kind) or (_cell_of(scanner, source, kind) if source else "")
            hits.append(Hit(file=shown, place=place, kind=kind))
    for path in sorted(notebooks.glob("*.ipynb")) if notebooks else ():
        if not (folder / f"{path.stem}.html").is_file():
            continue
        told = {hit.kind for hit in hits if hit.file == f"{path.stem}.html"}
        for kind in scanner.kinds("\n".join(_outputs(path, printed=True))):
            if kind not in told:
                hits.append(Hit(file=path.name, place=_cell_of(scanner, path, kind), kind=kind))
    return hits


def _kinds_in(scanner: Scanner, path: Path) -> dict[str, str]:
    texts = texts_of(path.name, path.read_bytes())
    if path.suffix not in (".csv", ".xlsx"):
        return scanner.kinds("\n".join(texts))
    return {kind: value for text in texts for kind, value in scanner.kinds(text, listed=True).items()}


def says_hits(hits: list[Hit], *, audience: str = DEFAULT) -> str:
    """Why the run was not published, for a person."""
    lines = [f"  {hit}" for hit in hits[:_MOST]]
    lines += [f"  and {len(hits) - _MOST} more"] if len(hits) > _MOST else []
    head = "Not published, since it holds what must not leave the house:"
    if audience != DEFAULT:
        head = f"Not published, since it holds what is not for the audience {audience}:"
    foot = 'Take it out of the notebook or the data. What is no secret is named under [privacy] no_secret = ["..."].'
    return "\n".join([head, *lines, foot])


def texts_of(name: str, content: bytes) -> Iterator[str]:
    """What can be read in a file: text as it stands and unescaped, what is packed in it, and what a picture says."""
    if content.startswith(b"PK"):
        yield from _workbook(content)
    elif content.startswith(_PNG):
        yield from _png_texts(content)
    else:
        text = content.decode("utf-8-sig", "replace")
        for packed in _BASE64.findall(text):
            yield from texts_of(name, base64.b64decode(re.sub(r"\s", "", packed) + "=="))
        yield _plain(_BASE64.sub(" ", text))


def _plain(text: str) -> str:
    text = html.unescape(text) if "&" in text else text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text


def _workbook(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            # Styles and drawings hold long numbers, and no word of the data.
            if name.endswith((".xml", ".rels")) and "styles" not in name and "theme" not in name:
                text = html.unescape(parts.read(name).decode("utf-8", "replace"))
                is_sheet = "sheet" in name.lower()
                yield "\r\n".join(_BETWEEN.findall(text)) if is_sheet else text.replace("<si>", "\r\n<si>")
            elif name.endswith((".png", ".svg")):
                yield from texts_of(name, parts.read(name))


def _png_texts(content: bytes) -> Iterator[str]:
    at = len(_PNG)
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        part = content[at + 8 : at + 8 + size]
        if kind in (b"tEXt", b"iTXt", b"zTXt", b"eXIf"):
            # By the standard tEXt is Latin-1; not every program keeps to it.
            yield part.decode("utf-8", "replace")
            yield part.decode("latin-1")
            _, _, rest = part.partition(b"\0")
            packed = (
                rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1] if rest[:1] == b"\1" else b""
            )
            if packed:
                yield _inflated(packed)
        at += 12 + size


def _inflated(packed: bytes) -> str:
    try:
        return zlib.decompressobj().decompress(packed, 1_000_000).decode("utf-8", "replace")
    except zlib.error:
        return ""


def _parts_with_numbers(text: str) -> Iterator[str]:
    """Where so many digits stand together that they may be a number of somebody's, with what is around them."""
    for pattern in _LONG:
        for match in pattern.finditer(text):
            yield text[max(0, match.start() - 6) : match.end() + 4]


def _emails(text: str) -> Iterator[str]:
    for sign in re.finditer("@", text):
        begin = max(0, sign.start() - 64)
        for match in _EMAIL.finditer(text, begin, sign.end() + 200):
            yield match[0]


def _place(scanner: Scanner, path: Path, kind: str) -> str:
    """The cell of a list, looked for only where something was found."""
    if path.suffix == ".csv":
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig", errors="replace")))
        for line, row in enumerate(rows, start=1):
            for column, cell in enumerate(row, start=1):
                if kind in scanner.kinds(cell):
                    return f"row {line}, column {column}"
    if path.suffix == ".xlsx":
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(str(path))
        for sheet in book.sheet_names:
            for line, row in enumerate(
                book.get_sheet_by_name(sheet).to_python(skip_empty_area=False), start=1
            ):
                for column, cell in enumerate(row, start=1):
                    if kind in scanner.kinds(str(cell)):
                        return f"sheet {sheet}, row {line}, column {column}"
    return ""


def _cell_of(scanner: Scanner, notebook: Path, kind: str) -> str:
    for number, text in enumerate(_outputs(notebook), start=1):
        if kind in scanner.kinds(text):
            return f"cell {number} of the notebook"
    return ""


def _outputs(notebook: Path, *, printed: bool = False) -> list[str]:
    """What each cell of an executed notebook has shown, as it can be read; or only what it has printed."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return []
    return [
        "\n".join(
            text
            for part in _strings(
                _printed(cell) if printed else [cell.get("outputs", ()), cell.get("source", "")]
            )
            for text in texts_of(notebook.name, part.encode("utf-8", "replace"))
        )
        for cell in cells
        if "injected-parameters" not in cell.get("metadata", {}).get("tags", ())
    ]


def _printed(cell: Mapping[str, Any]) -> list[Any]:
    shown = cell.get("outputs", ())
    return [[one.get("text", ""), one.get("data", {}).get("text/plain", "")] for one in shown]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "image/png":
                yield f"data:image/png;base64,{''.join(item)}"
            else:
                yield from _strings(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)


@cache
def our_words() -> str:
    """What crmlib says itself: a customer who is called like a heading is not found in every page."""
    root = Path(crmlib.__file__).parent
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(root.rglob("words/*/*.ftl")))
