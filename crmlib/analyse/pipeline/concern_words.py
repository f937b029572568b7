"""Notes to words: which language a note is in, where its words end, and which of them may be shown."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

import pandas as pd

NEEDS_EXTRA = {"Chinese": "rjieba", "Japanese": "janome"}
"""Languages without spaces between words, and the package of the extra `text` that finds the words."""

_CONTACT_DATA = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|\+?\d[\d\s()./-]{5,}\d")
_CODE = re.compile(r"[A-Za-z0-9_]*\d[A-Za-z0-9_]*")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?:['’][^\W\d_]+)*(?!\w)")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_JAPANESE_TIES = ("助詞", "助動詞", "記号", "接続詞", "感動詞", "フィラー", "連体詞", "副詞", "接頭詞")
_JAPANESE_FORMAL = ("非自立", "代名詞", "数", "接尾")

_FUNCTION_WORDS = {
    "English": "the and of to in is it that for on with as was be by this are at not have from they we has he "
    "she you but will would can our their there been were which or an if so no do about more when what all "
    "too very still again also only just than then them his her its us your my me into up out over after before",
    "German": "der die das und ist nicht ein eine einen einem einer zu den dem des mit von für auf sich im es er "
    "sie wir ich hat haben wird werden wurde sind war auch noch nur als aber oder bei nach aus an in vor über "
    "zum zur vom am wie so daß dass wenn kann will möchte sehr mehr kein keine ihr ihre uns unser bis durch um "
    "doch dann da man sein des dass wünscht unter wurden hatte",
    "French": "le la les de des du un une et est il elle nous vous ils que qui ne pas pour dans sur avec au aux "
    "en ce cette ces se sont a ont été par plus mais ou son sa ses leur très trop encore on qu",
    "Spanish": "el la los las de del un una y es que no en por para con su sus se al lo como más pero o este esta "
    "ha han fue son muy todavía sin sobre nos le les ya",
}
_STOP = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
_CHINESE_STOP = frozenset(
    "的 了 是 在 我们 他们 我 你 他 她 它 和 与 也 都 就 还 很 有 没有 不 吗 呢 吧 啊 这 那 一个 说 要 会 能 到 对 等 "  # noqa: SIM905
    "再 但 把 被 给 让 向 从 比 更 太 觉得 希望 表示 认为 可以 客户".split()
)
_JAPANESE_STOP = frozenset(
    "する いる ある なる れる られる こと もの ため よう 言う 思う できる くださる お客様 客様 様 さん".split()  # noqa: SIM905
)


def language_of(text: str) -> str:
    """The language of a note, as far as its letters and its small words tell.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        "English", "German", "French", "Spanish", "Chinese", "Japanese", or "other".

    Examples
    --------
    >>> [language_of(t) for t in ("the price is too high", "der Preis ist zu hoch", "价格太高", "価格が高い")]
    ['English', 'German', 'Chinese', 'Japanese']
    """
    if _KANA.search(text):
        return "Japanese"
    if _HAN.search(text):
        return "Chinese"
    words = [word.casefold() for word in _WORD.findall(_plain(text))]
    hits = {language: sum(word in stop for word in words) for language, stop in _STOP.items()}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else "other"


def languages_of(texts: Sequence[str]) -> list[str]:
    """The language of each note; one without small words is of the language that knows most of its words.

    Parameters
    ----------
    texts : list of str

    Returns
    -------
    list of str

    Examples
    --------
    >>> languages_of(["the price is high", "price high", "xyz"])
    ['English', 'English', 'other']
    """
    found = [language_of(text) for text in texts]
    known: dict[str, Counter[str]] = {}
    for text, language in zip(texts, found, strict=True):
        if language in _STOP:
            known.setdefault(language, Counter()).update(set(words_of(text, language)))
    for place, language in enumerate(found):
        words = words_of(texts[place], language) if language == "other" else []
        met = {name: sum(counts[word] for word in words) for name, counts in sorted(known.items())}
        best = max(met, key=met.__getitem__, default="other")
        if words and 2 * sum(word in known.get(best, ()) for word in words) >= len(words):
            found[place] = best
    return found


def words_of(text: str, language: str) -> list[str]:
    """The words of a note in their order, small letters, with the small words; no addresses, no numbers.

    Parameters
    ----------
    text : str
    language : str
        As `language_of` says.

    Returns
    -------
    list of str

    Raises
    ------
    ImportError
        If the package for a language without spaces is missing; it names the extra.

    Examples
    --------
    >>> words_of("Call Ann: ann@x.org, +49 30 123456. Price too high!", "English")
    ['call', 'ann', 'price', 'too', 'high']
    >>> words_of("order AB17x for room_7", "English")
    ['order', 'for']
    >>> words_of("客户觉得价格太高", "Chinese")
    ['客户', '觉得', '价格', '太高']
    """
    clean = _plain(text)
    if language == "Chinese":
        return [word for word in _chinese()(clean) if _HAN.search(word) or _WORD.fullmatch(word)]
    if language == "Japanese":
        return [word for _, word in _japanese_words(clean) if _WORD.fullmatch(word)]
    return [word.casefold() for word in _WORD.findall(clean)]


def telling(words: Iterable[str], language: str) -> list[str]:
    """Those words that can tell a topic: no small words, nothing of a single letter.

    Examples
    --------
    >>> telling(["the", "price", "is", "too", "high"], "English")
    ['price', 'high']
    """
    if language == "Chinese":
        return [word for word in words if word not in _CHINESE_STOP and len(word) > 1]
    if language == "Japanese":
        return [word for word in words if word not in _JAPANESE_STOP and (len(word) > 1 or _HAN.match(word))]
    stop = _STOP.get(language, frozenset())
    return [word for word in words if word not in stop and len(word) > 1]


def missing_package(language: str) -> str:
    """The package that is missing for a language, empty where nothing is.

    Examples
    --------
    >>> missing_package("English")
    ''
    """
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

    Parameters
    ----------
    words : the words of each note
    customers : Series
        Whose note it is, in the same order.
    texts : the notes as they were written
    names : names of customers, contacts and employees
    minimum : int
        Customers.

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> notes = ["price too high, says Ann", "price", "the price, Ann thinks"]
    >>> sorted(shareable_words([n.replace(",", "").lower().split() for n in notes], pd.Series([1, 2, 3]),
    ...                        texts=notes, names=["Ann Lee"], minimum=2))
    ['price']
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
    """A note with dots for every word that is not `allowed`, and for everything that is no word.

    Parameters
    ----------
    text : str
    language : str
    allowed : words, as `shareable_words` finds them
    most : int
        Letters.

    Returns
    -------
    str

    Examples
    --------
    >>> masked("Ann Lee, 030 1234567: the price is too high", "English", {"the", "price", "is", "too", "high"})
    '… the price is too high'
    """
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
