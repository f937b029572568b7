"""The words of texts in six languages: which language, which words, and which of them may be shown."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

NEEDS_EXTRA = {"Chinese": "rjieba", "Japanese": "janome"}
"""Languages without spaces between words, and the package of the extra `text` that finds the words."""

LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "zh": "Chinese",
    "ja": "Japanese",
}
"""Code -> the language that notes are read in."""

_SURE_OF_LANGUAGE = 0.6
_CONTACT_DATA = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|\+?\d[\d\s()./-]{5,}\d")
_CODE = re.compile(r"[A-Za-z0-9_]*\d[A-Za-z0-9_]*")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_JAPANESE_TIES = ("助詞", "助動詞", "記号", "接続詞", "感動詞", "フィラー", "連体詞", "副詞", "接頭詞")
_JAPANESE_FORMAL = ("非自立", "代名詞", "数", "接尾")

UNSPACED = tuple(NEEDS_EXTRA)
_SPACED = tuple(name for name in LANGUAGES.values() if name not in NEEDS_EXTRA)


@cache
def _stop_words() -> dict[str, frozenset[str]]:
    """By language the words that say nothing of what a note is about."""
    read = json.loads(Path(__file__).with_name("stop_words.json").read_text(encoding="utf-8"))
    return {language: frozenset(words.split()) for language, words in read.items()}


def language_of(text: str) -> str:
    """The language of a note: what the detector says or, without it, what letters and small words tell."""
    classify = _detector()
    if classify is None:
        return _by_small_words(text)
    found, sure = classify(_plain(text))
    return LANGUAGES[found] if sure >= _SURE_OF_LANGUAGE else "other"


def _by_small_words(text: str) -> str:
    if _KANA.search(text):
        return "Japanese"
    if _HAN.search(text):
        return "Chinese"
    words = [word.casefold() for word in _WORD.findall(_plain(text))]
    hits = {name: sum(word in _stop_words()[name] for word in words) for name in _SPACED}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else "other"


def languages_of(texts: Sequence[str]) -> list[str]:
    """The language of each note; one without small words is of the language that knows most of its words."""
    of = {text: language_of(text) for text in dict.fromkeys(texts)}
    found = [of[text] for text in texts]
    words_in = cache(words_of)
    known: dict[str, Counter[str]] = {}
    for text, language in zip(texts, found, strict=True):
        if language in _SPACED:
            known.setdefault(language, Counter()).update(set(words_in(text, language)))
    for place, language in enumerate(found):
        words = words_in(texts[place], language) if language == "other" else []
        met = {name: sum(counts[word] for word in words) for name, counts in sorted(known.items())}
        best = max(met, key=met.__getitem__, default="other")
        if words and 2 * sum(word in known.get(best, ()) for word in words) >= len(words):
            found[place] = best
    return found


def words_of(text: str, language: str) -> list[str]:
    """The words of a note in their order, small letters, with the small words; no addresses, no numbers."""
    clean = _plain(text)
    if language == "Chinese":
        return [word for word in _chinese()(clean) if _HAN.search(word) or _WORD.fullmatch(word)]
    if language == "Japanese":
        return [word for _, word in _japanese_words(clean) if _WORD.fullmatch(word)]
    return [word.casefold() for word in _WORD.findall(clean)]


def telling(words: Iterable[str], language: str) -> list[str]:
    """Those words that can tell a topic: no small words, nothing of a single letter."""
    if language == "Chinese":
        return [word for word in words if word not in _stop_words()["Chinese"] and len(word) > 1]
    if language == "Japanese":
        return [
            word
            for word in words
            if word not in _stop_words()["Japanese"] and (len(word) > 1 or _HAN.match(word))
        ]
    stop = _stop_words().get(language, frozenset())
    return [word for word in words if word not in stop and len(word) > 1]


def missing_package(language: str) -> str:
    """The package that is missing for a language, empty where nothing is."""
    try:
        words_of("", language)
    except ImportError:
        return NEEDS_EXTRA[language]
    return ""


def shareable_words(
    words: Sequence[Collection[str]],
    customers: pd.Series,
    *,
    texts: Iterable[str],
    names: Iterable[str],
    minimum: int,
) -> frozenset[str]:
    """Words that stand in the notes of enough customers and belong to nobody's name.

    A word of a name stays where it is mostly written small: "price", though there is a Mr Price.
    """
    held = {(word, customer) for said, customer in zip(words, customers, strict=True) for word in said}
    often = Counter(word for word, _ in held)
    enough = {word for word, n in often.items() if n >= minimum}
    named = {part.casefold() for name in names for part in _WORD.findall(name)} | {
        "".join(name.split()) for name in names
    }
    suspect = enough & named
    if suspect:
        written = Counter(
            word for text in texts for word in _WORD.findall(text) if word.casefold() in suspect
        )
        small = {
            word
            for word in suspect
            if written[word] >= 0.8 * sum(n for other, n in written.items() if other.casefold() == word)
            and word.islower()
        }
        enough -= suspect - small
    return frozenset(enough)


def masked(text: str, language: str, allowed: Collection[str], *, most: int = 160) -> str:
    """A note with dots for every word that is not `allowed`, and for everything that is no word."""
    shown: list[str] = []
    pairs = [(word, word) for word in words_of(text, language)]
    if language == "Japanese":
        pairs = [(word, plain) for word, plain in _japanese_words(_plain(text)) if word.strip()]
    for word, plain in pairs:
        part = word if plain in allowed or _only_kana(word, plain) else "…"
        if part != "…" or shown[-1:] != ["…"]:
            shown.append(part)
    line = ("" if language in NEEDS_EXTRA else " ").join(shown)
    return line if len(line) <= most else line[: most - 1].rstrip(" …") + "…"


def _plain(text: str) -> str:
    """Without addresses and numbers, and without codes, which mostly stand for somebody or something."""
    return _CODE.sub(" ", _CONTACT_DATA.sub(" ", text))


def _japanese_words(text: str) -> list[tuple[str, str]]:
    """Each word as written, and its plain form; no plain form where it only ties others together."""
    words = []
    for token in _japanese().tokenize(text):
        kind, detail = token.part_of_speech.split(",")[:2]
        base = token.surface if token.base_form == "*" else token.base_form
        words.append((token.surface, "" if kind in _JAPANESE_TIES or detail in _JAPANESE_FORMAL else base))
    return words


def _only_kana(word: str, plain: str) -> bool:
    """Particles and endings: they tie words together and tell nothing."""
    return not plain and all(_KANA.match(letter) for letter in word)


def is_detected() -> bool:
    """Whether a detector says of which language a note is."""
    return _detector() is not None


@cache
def _detector() -> Any:
    """The function that gives a language and how sure it is, of those that are read here; None without it."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except (ImportError, AttributeError):
        return None
    found.set_languages(list(LANGUAGES))
    return found.classify


@cache
def _japanese() -> Any:
    try:
        from janome.tokenizer import Tokenizer
    except ImportError as error:
        raise ImportError("Japanese notes need janome: pip install crmlib[text].") from error
    return Tokenizer()


@cache
def _chinese() -> Any:
    try:
        import rjieba
    except ImportError as error:
        raise ImportError("Chinese notes need rjieba: pip install crmlib[text].") from error
    return rjieba.cut
