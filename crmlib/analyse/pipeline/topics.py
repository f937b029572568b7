"""Notes to words: which language a note is in, where its words end, and which of them may be shown."""

import re
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
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
    hits = {language: sum(word in stop for word in words) for language, stop in _STOP.items()}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else "other"


def languages_of(texts: Sequence[str]) -> list[str]:
    """The language of each note; one without small words is of the language that knows most of its words."""
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
        return [word for word in words if word not in _CHINESE_STOP and len(word) > 1]
    if language == "Japanese":
        return [word for word in words if word not in _JAPANESE_STOP and (len(word) > 1 or _HAN.match(word))]
    stop = _STOP.get(language, frozenset())
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


_NOTES_A_TOPIC = 20
_SHARE_OF_A_NOTE = 0.3
_WORDS_OF_A_LABEL = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldTerms:
    """Which note holds which term.

    Attributes
    ----------
    terms : list of str
    matrix : sparse matrix of bool, shape (notes, terms)
    """

    terms: list[str]
    matrix: Any


def find_topics(
    said: Sequence[Sequence[str]], customers: pd.Series, *, minimum: int, most: int
) -> tuple[HeldTerms, list[str], np.ndarray]:
    """Terms and topics of notes in one language.

    References
    ----------
    Lee, D. D. & Seung, H. S. (1999). Learning the parts of objects by non-negative matrix factorization. Nature
    401.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    nothing = HeldTerms(terms=[], matrix=np.zeros((len(said), 0), dtype=bool))
    if not any(said):
        return nothing, [], np.zeros((len(said), 0))
    counter = CountVectorizer(analyzer=_terms_of, binary=True, dtype=np.int32)
    counts = counter.fit_transform(said).tocsc()
    terms = counter.get_feature_names_out()
    codes, _ = pd.factorize(customers)
    enough = [
        place
        for place in range(counts.shape[1])
        if len(np.unique(codes[counts.indices[counts.indptr[place] : counts.indptr[place + 1]]])) >= minimum
    ]
    held = HeldTerms(terms=[str(terms[place]) for place in enough], matrix=counts[:, enough].astype(bool))
    single = [place for place, term in enumerate(held.terms) if " " not in term]
    labels, weights = _factors(held, single, most)
    return held, labels, weights


def _terms_of(words):
    return [*words, *(f"{one} {next_one}" for one, next_one in pairwise(words))]


def _factors(held, single, most):
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import TfidfTransformer

    notes = held.matrix.shape[0]
    count = min(most, notes // _NOTES_A_TOPIC, len(single) // 2)
    if count < 1:
        return [], np.zeros((notes, 0))
    table = TfidfTransformer().fit_transform(held.matrix[:, single].astype(float))
    model = NMF(n_components=count, init="nndsvd", max_iter=1_000, tol=1e-3, random_state=0)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        # Parts that fit exactly have an error of 0, which comes out below 0 and gets no smaller.
        warnings.simplefilter("ignore", ConvergenceWarning)
        amounts = model.fit_transform(table)
    # Rounded, so that the last digit of a sum does not decide what a note is about.
    amounts = np.round(amounts, 6)
    parts = np.round(model.components_, 6)
    share = amounts * parts.sum(axis=1)
    whole = share.sum(axis=1, keepdims=True)
    share = np.divide(share, whole, out=np.zeros_like(share), where=whole > 0)
    weights = np.where(share >= _SHARE_OF_A_NOTE, share * whole, 0.0)
    words = np.array([held.terms[place] for place in single])
    labels = [
        ", ".join(words[place] for place in np.lexsort((words, -row))[:_WORDS_OF_A_LABEL] if row[place] > 0)
        for row in parts
    ]
    used = [place for place, label in enumerate(labels) if label and (weights[:, place] > 0).any()]
    return [labels[place] for place in used], weights[:, used]
