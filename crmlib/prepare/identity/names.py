"""Names in one form: width, case, accents, script, legal form, order and sound."""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.schema.errors import CrmlibError

_HAN = r"㐀-䶿一-鿿豈-﫿々〆"
_KANA = r"ぁ-ゖァ-ヺー"
_HANGUL = r"가-힣"
HAN, KANA, HANGUL = (re.compile(f"[{signs}]") for signs in (_HAN, _KANA, _HANGUL))
_NO_SPACES = re.compile(f"[{_HAN}{_KANA}{_HANGUL}]")
_NO_SPACES_ONLY = re.compile(rf"[{_HAN}{_KANA}{_HANGUL}\s]+")
_DROPPED = re.compile(r"[.'’‘`´·・]")
_WITHIN = re.compile(r"(?<=[^\W\d])-(?=[^\W\d])")
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_BETWEEN = re.compile(r"[^\w]+|_")
_HIRAGANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_LONG = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("oh", "o"), ("aa", "a"))


def plain(text: str) -> str:
    """Full width, capitals, accents and signs put away; words stand apart by one space.

    Japanese and Chinese signs keep what they have, traditional and simplified signs are made alike by `simplified`.
    """
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA)
        folded = "".join(_latin(one) for one in folded)
    return _BETWEEN.sub(" ", _DROPPED.sub("", folded)).strip()


@lru_cache(maxsize=65_536)
def _latin(sign: str) -> str:
    if sign.isascii() or _NO_SPACES.match(sign):
        return sign
    if not sign.isalpha() and not unicodedata.combining(sign):
        return sign
    bare = "".join(one for one in unicodedata.normalize("NFD", sign) if not unicodedata.combining(one))
    return _package("anyascii").anyascii(bare).lower()


def simplified(texts: Iterable[str]) -> list[str]:
    """Chinese and Japanese signs in the simplified form, whichever they came in."""
    given = list(texts)
    at = [i for i, text in enumerate(given) if not text.isascii() and HAN.search(text)]
    if at:
        block = "\n".join(given[i].replace("\n", " ") for i in at)
        for config in ("jp2t", "t2s"):
            block = _converter(config).convert(block)
        for i, text in zip(at, block.split("\n"), strict=True):
            given[i] = text
    return given


def company_names(names: pd.Series, country: pd.Series) -> pd.DataFrame:
    """`core` (the name without its legal form), `words`, `sound` and `letters` of companies' names."""

    def parts(name: str, there: str) -> tuple[Any, ...]:
        core = core_name(name)
        spoken = sound(core, country=there)
        words = [word for word in core.split() if word not in _words("small_words")] or core.split()
        return core or None, words or None, spoken or None, _letters(spoken), _skeleton(core, spoken)

    return _each(names, country, plain, parts, ("core", "words", "sound", "letters", "skeleton"))


def person_names(names: pd.Series, country: pd.Series) -> pd.DataFrame:
    """`family`, `given`, `whole`, `nicks`, `sound` and `letters` of people's names; the order may be either."""

    def parts(name: str, there: str) -> tuple[Any, ...]:
        family, given = split_person(name)
        whole = (given + family).replace(" ", "")
        spoken = sound(f"{given} {family}".strip(), country=there)
        nicks = sorted({given, *_nicks(given)}) if given else None
        return family or None, given or None, whole or None, nicks, spoken or None, _letters(spoken), None

    return _each(
        names,
        country,
        _family_first,
        parts,
        ("family", "given", "whole", "nicks", "sound", "letters", "skeleton"),
    )


def core_name(name: str) -> str:
    """A company's name in its plain form, without legal form and without the word for a branch."""
    words = _without_forms(name).split()
    ends = _words("legal_forms") | _words("branch_words")
    while len(words) > 1:
        cut = next((n for n in (4, 3, 2, 1) if n < len(words) and " ".join(words[-n:]) in ends), 0)
        if not cut and words[-1] in _words("small_words"):
            cut = 1
        if not cut:
            break
        words = words[:-cut]
    return " ".join(words)


def _without_forms(name: str) -> str:
    """Legal forms and the word for a branch off both ends; one sign only where it stands alone, as (株) does."""
    if not _NO_SPACES.search(name):
        return name
    for word in _forms_without_spaces():
        if len(word) == 1:
            rest = " ".join(token for token in name.split() if token != word)
        else:
            rest = name.removeprefix(word).removesuffix(word).strip()
        name = rest or name
    return name


@cache
def _forms_without_spaces() -> tuple[str, ...]:
    words = _words("legal_forms_without_spaces") | _words("branch_words_without_spaces")
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def split_person(name: str) -> tuple[str, str]:
    """Family and given name of a plain name; what stands before a comma (kept as ``|``) is the family."""
    before, comma, after = name.partition("|")
    ordered = f"{after} {before}".split() if comma else name.split()
    tokens = [word for word in ordered if word not in _words("titles")] or ordered
    whole = "".join(tokens)
    if whole and _NO_SPACES_ONLY.fullmatch(whole):
        return _split_without_spaces(tokens)
    if len(tokens) < 2:
        return whole, ""
    at = (
        len(tokens) - max(len([word for word in before.split() if word in tokens]), 1)
        if comma
        else len(tokens) - 1
    )
    while at > 1 and tokens[at - 1] in _words("particles"):
        at -= 1
    given = [
        tokens[0],
        *(word for word in tokens[1:at] if len(word) > 1),
    ]  # a middle initial is left out by most
    return " ".join(tokens[at:]), " ".join(given)


def _split_without_spaces(tokens: list[str]) -> tuple[str, str]:
    last = tokens[-1]
    for title in _words("titles_without_spaces"):
        if last.endswith(title) and len("".join(tokens)) > len(title) + 1:
            tokens = [*tokens[:-1], last.removesuffix(title)]
            break
    tokens = [token for token in tokens if token]
    if len(tokens) > 1:
        return tokens[0], "".join(tokens[1:])
    whole = tokens[0]
    size = 2 if whole[:2] in _words("double_families") and len(whole) > 2 else 1
    return (whole[:size], whole[size:]) if len(whole) > 1 else (whole, "")


def sound(name: str, *, country: str = "") -> str:
    """How a name sounds, in small Latin letters: pinyin, kana and Hangul read out, long vowels short in Japan."""
    if not name:
        return ""
    if name.isascii():
        read = name
    else:
        read = name
        if HAN.search(name) and country != "JP" and not KANA.search(name):
            read = " ".join(
                "".join(_package("pypinyin").lazy_pinyin(token)) if HAN.search(token) else token
                for token in read.split()
            )
        read = _package("anyascii").anyascii(read).lower()
    if country == "KR" or HANGUL.search(name):
        read = " ".join(_spellings().get(token, token) for token in read.split())
    if country == "JP" or KANA.search(name):
        for long, short in _LONG:
            read = read.replace(long, short)
    return " ".join(re.sub(r"[^a-z0-9 ]+", "", read).split())


def _letters(spoken: str) -> str | None:
    return "".join(sorted(spoken.replace(" ", ""))) or None


def _skeleton(core: str, spoken: str) -> str | None:
    """Beginning and consonants: what a slip of the key mostly leaves alone."""
    bare = spoken.replace(" ", "")
    if len(bare) < 5 and len(core) < 3:
        return None
    return bare[:1] + re.sub(r"(.)\1+", r"\1", re.sub("[aeiouyhw]", "", bare[1:]))


def _each(
    names: pd.Series,
    country: pd.Series,
    bare: Callable[[str], str],
    parts: Callable[[str, str], tuple],
    columns: tuple[str, ...],
) -> pd.DataFrame:
    """Each different name of a country is looked at once."""
    text = names.astype("object").where(names.notna(), "").astype(str)
    keys = list(zip(text, country.fillna(""), strict=True))
    unique = list(dict.fromkeys(keys))
    known = simplified("" if (one := bare(name)) in _words("missing_words") else one for name, _ in unique)
    made = {key: parts(name, key[1]) for key, name in zip(unique, known, strict=True)}
    return pd.DataFrame([made[key] for key in keys], columns=list(columns), index=names.index, dtype=object)


def _family_first(name: str) -> str:
    """The plain form of a person's name; | follows a family name that stands first, before a comma or in capitals."""
    name = _WITHIN.sub("", name)
    first, comma, last = name.partition(",")
    if not comma:
        words = name.split()
        loud = [word.isupper() and bool(_TWO_LETTERS.search(word)) for word in words]
        capitals = len(list(takewhile(bool, loud)))
        first, last = " ".join(words[:capitals]), " ".join(words[capitals:])
        comma = "|" if capitals and not any(loud[capitals:]) else ""
    elif "," in last or len(first.split()) > 1:
        comma = ""
    return f"{plain(first)}|{plain(last)}" if comma and last.strip() else plain(name)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(simplified(plain(word) for word in _table()[kind]))


@cache
def street_words() -> dict[str, str]:
    """Words of an address -> the one that is kept."""
    return {word: kept for kept, words in _table()["street_words"].items() for word in words}


@cache
def _spellings() -> dict[str, str]:
    return {word: kept for kept, words in _table()["family_spellings"].items() for word in words}


@lru_cache(maxsize=65_536)
def _nicks(given: str) -> frozenset[str]:
    """The names that a given name is short for."""
    return frozenset(_nicknamer().canonicals_of(given.split()[0])) if given.isascii() else frozenset()


@cache
def _converter(config: str) -> Any:
    return _package("opencc").OpenCC(config)


@cache
def _nicknamer() -> Any:
    return _package("nicknames").NickNamer()


def needs_packages() -> None:
    """Refuse before anything is read where the extra `identity` is not installed: what is read would not be joined."""
    for name in _PACKAGES:
        if find_spec(name) is None:
            raise CrmlibError(
                f"{_lacking(name)}, or take [identity] out of crm.toml: every record is a customer of its own then."
            )


_PACKAGES = ("splink", "opencc", "pypinyin", "anyascii", "nicknames", "phonenumbers", "stdnum")


@cache
def _package(name: str) -> Any:
    """A package of the extra `identity`."""
    try:
        return import_module(name)
    except ImportError as error:
        raise CrmlibError(_lacking(name)) from error


def _lacking(name: str) -> str:
    return (
        f"To see which records are one customer, crmlib needs the package {name}. "
        "Install it: pip install crmlib[identity]"
    )
