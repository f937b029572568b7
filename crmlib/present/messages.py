"""The words of the pages: Fluent messages, one file a subject and language, and how one is rendered."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.resolver import CurrentEnvironment, ResolverEnvironment
from fluent.runtime.types import FluentType
from fluent.runtime.utils import native_to_fluent
from fluent.syntax import ast

from crmlib.schema.errors import CrmlibError

SOURCE = "en"
"""The language in which every message is there; what another one lacks is said in it."""

WORDS = Path(__file__).parent / "words"
"""`words/<language>/<subject>.ftl`."""

NBSP = "\u00a0"
HELD, NOUN = "\ue000", "\ue001"
"""Behind a number and before its noun while a message is rendered: the space between will not break."""
HOLE = "\ue002"
"""Around the name of a fact that is put in later."""

_ENTRY = re.compile(r"^(?=[A-Za-z])", flags=re.MULTILINE)
_KEY = re.compile(r"([A-Za-z][\w-]*) *=")
_LOCALES = {"en": "en_GB"}
_LANGUAGE: ContextVar[str] = ContextVar("language", default=SOURCE)


class WordsError(CrmlibError):
    """A message that is not there, cannot be read, or was not given all that it names."""


@dataclass(frozen=True)
class Book:
    """All messages of one language, the file of each, and its text, which is parsed when somebody asks for it."""

    bundle: FluentBundle
    files: Mapping[str, str]
    texts: Mapping[str, str]


def language() -> str:
    """The language in which claims are said now."""
    return _LANGUAGE.get()


@contextmanager
def in_language(tag: str) -> Iterator[None]:
    """Say claims in this language while the block lasts: "en", "zh"."""
    before = _LANGUAGE.set(tag)
    try:
        yield
    finally:
        _LANGUAGE.reset(before)


def render(key: str, values: Mapping[str, Any] | None = None, *, language: str = SOURCE) -> str:
    """One message with its values, in a language or, where that lacks it, in English; or an error that says why."""
    for tag in dict.fromkeys((language, SOURCE)):
        found = book(tag)
        if key in found.files:
            return _rendered(found, key, values or {})
    raise WordsError(f"No message {key!r} in {WORDS.name}/{SOURCE}/*.ftl: add it, or correct the key.")


def is_message(key: str, *, language: str = SOURCE) -> bool:
    """Whether a language has this message itself."""
    return key in book(language).files


def choices(key: str, *, language: str = SOURCE) -> tuple[dict[str, set[str]], set[str]]:
    """The facts that a message names, each with what takes it: "->" or functions; and all keys of variants."""
    text = book(language if is_message(key, language=language) else SOURCE).texts[key]
    named: dict[str, set[str]] = {name: set() for name in re.findall(r"\$(\w+)", text)}
    for function, given, selector in re.findall(r"([A-Z]+)\(\s*\$(\w+)|\$(\w+)\s*->", text):
        named[given or selector].add(function or "->")
    return named, set(re.findall(r"\[\s*([\w.-]+)\s*\]", text))


def missing_messages(language: str) -> list[str]:
    """Keys that English has and this language lacks; they are said in English."""
    return sorted(set(book(SOURCE).files) - set(book(language).files))


def book(language: str) -> Book:
    """The messages of a language, read once; none for a language without a folder."""
    return _book(WORDS, language)


@cache
def locale_of(language: str) -> Locale:
    """What Babel knows of a language; of one that it does not know, what holds for English."""
    try:
        return Locale.parse(_LOCALES.get(language, language).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_LOCALES[SOURCE])


@cache
def _book(words: Path, language: str) -> Book:
    functions = {"PLURAL": _plural_in(locale_of(language)), "CAPITAL": _capital, "INLINE": _inline}
    bundle = FluentBundle([str(locale_of(language))], functions=functions, use_isolating=False)
    files: dict[str, str] = {}
    texts: dict[str, str] = {}
    for path in sorted((words / language).glob("*.ftl")):
        where = f"{path.parent.name}/{path.name}"
        for key, text in _entries(path.read_text(encoding="utf-8"), where):
            if key in files:
                raise WordsError(f"{where}: {key} stands in {files[key]} already.")
            files[key], texts[key] = where, text
    return Book(bundle, files, texts)


def _entries(text: str, where: str) -> Iterator[tuple[str, str]]:
    """Key and text of each message: it begins with a letter at the beginning of a line."""
    for entry in _ENTRY.split(text):
        if key := _KEY.match(entry):
            yield key[1], entry
        elif any(line.strip() and not line.startswith("#") for line in entry.splitlines()):
            raise _is_none(entry, where)


def _is_none(text: str, where: str) -> WordsError:
    return WordsError(f"{where}: this is no message of Fluent: {text.strip().splitlines()[0]!r}.")


def _message(found: Book, key: str) -> Any:
    """One message, parsed when it is first asked for: a page needs few of them."""
    if not found.bundle.has_message(key):
        resource = FluentResource(found.texts[key])
        if broken := [entry for entry in resource.body if isinstance(entry, ast.Junk)]:
            raise _is_none(broken[0].content, found.files[key])
        found.bundle.add_resource(resource)
    return found.bundle.get_message(key)


def _rendered(found: Book, key: str, values: Mapping[str, Any]) -> str:
    errors: list[Exception] = []
    # Not `format_pattern`, which would make plain numbers of the facts that format themselves.
    current = CurrentEnvironment(args=_Asked(values))
    try:
        text = _message(found, key).value(ResolverEnvironment(found.bundle, errors, current))
    except (ValueError, KeyError) as error:
        errors.append(error)
    if errors:
        told = "; ".join(str(error) for error in errors)
        raise WordsError(f"{found.files[key]}: message {key} was given {sorted(values)}: {told}.")
    return _joined(str(text))


def _joined(text: str) -> str:
    """On one line, each number held to its noun."""
    held = text.replace("\n", " ").replace(f"{HELD} {NOUN}", NBSP)
    return held.replace(HELD, "").replace(NOUN, "")


class _Asked(dict[str, Any]):
    """Values that are written when a message names them, not before: many are given, few are said."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        value = value() if callable(value) else value
        return value if isinstance(value, FluentType) else native_to_fluent(value)


def _plural_in(locale: Locale) -> Any:
    def plural(n: Any, **forms: Any) -> str:
        """`PLURAL($rows, one: "row", other: "rows")`; `zero` is for exactly none."""
        form = "zero" if n == 0 and "zero" in forms else _plural_form(n, locale)
        return f"{NOUN}{_shown(forms.get(form, forms['other']))}"

    return plural


def _plural_form(n: Any, locale: Locale) -> str:
    return "other" if isinstance(n, str) else locale.plural_form(n)


def _capital(value: Any) -> str:
    """`CAPITAL($table)`: with a capital at its beginning."""
    shown = _shown(value)
    return f"{shown[:1].upper()}{shown[1:]}"


def _inline(value: Any) -> str:
    """`INLINE($why)`: as it stands within a sentence, with a small letter at its beginning."""
    shown = _shown(value)
    return f"{shown[:1].lower()}{shown[1:]}"


def _shown(value: Any) -> str:
    return value.format(None) if isinstance(value, FluentType) else str(value)
