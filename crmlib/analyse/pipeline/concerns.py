"""What customers who have not bought talk about: words and topics of notes, and reasons why deals were lost."""

import json
import re
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.measure.deals.contacts import deal_notes, known_names
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError

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

_SPACED = ("English", "German", "French", "Spanish")


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
    found = [language_of(text) for text in texts]
    known: dict[str, Counter[str]] = {}
    for text, language in zip(texts, found, strict=True):
        if language in _SPACED:
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

    `matrix`: sparse matrix of bool, shape (notes, terms).
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


OUTCOMES = ("lost", "open", "won")
SHARE_COLUMNS = (
    *("lost_share_pct", "open_share_pct", "won_share_pct", "difference", "low", "high", "p_value"),
    *("recent_share_pct", "earlier_share_pct", "trend"),
)
FEWEST_DEALS = 10
"""Deals with notes on either side, below which two sides are not compared."""

_SURE = 0.05


def shares_of_notes(
    notes: pd.DataFrame, held: Any, labels: Sequence[str], *, since: pd.Timestamp
) -> pd.DataFrame:
    """For each label, the share of notes that speak of it by what became of the deal, and by time.

    Notes
    -----
    Shares are of notes, because a deal of many notes speaks of everything sooner or later, and won deals have
    more notes. See `difference_of_note_shares` for the intervals.
    """
    matrix = csr_matrix(held, dtype=float)
    codes, deals = pd.factorize(notes["opportunity_id"], sort=True)
    outcome = notes["outcome"].to_numpy()
    recent = (notes["happened_at"] > since).to_numpy()
    found = pd.DataFrame({"term": pd.Series(list(labels), dtype="str")})
    found["deals"] = (_by_deal(matrix, codes, len(deals), np.ones(len(notes))) > 0).sum(axis=0)
    for name in OUTCOMES:
        found[f"{name}_share_pct"] = 100 * _shares_share(matrix, outcome == name)
    gap, error, p_value = difference_of_note_shares(matrix, codes, outcome == "lost", outcome == "won")
    found["difference"], found["p_value"] = 100 * gap, p_value
    found["low"], found["high"] = (
        100 * np.maximum(gap - 1.96 * error, -1),
        100 * np.minimum(gap + 1.96 * error, 1),
    )
    found["recent_share_pct"], found["earlier_share_pct"] = (
        100 * _shares_share(matrix, recent),
        100 * _shares_share(matrix, ~recent),
    )
    gap, _, p_value = difference_of_note_shares(matrix, codes, recent, ~recent)
    found["trend"] = trend_words(gap, p_value)
    return found[["term", "deals", *SHARE_COLUMNS]]


def difference_of_note_shares(
    held: Any, deals: np.ndarray, one: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share among the notes of one side less that of the other, with its error when deals are drawn as wholes.

    Notes
    -----
    A share is a ratio of two sums over deals; its error comes from its linear part in each deal, so that notes of
    one deal count together, and a deal may stand on both sides. Where a share is nothing or all, and would seem to
    have no error, that side has at least the error of one note a deal with Agresti and Caffo's two imagined ones.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., chapter 6. Agresti, A. & Caffo, B. (2000). Simple and
    effective confidence intervals for proportions. The American Statistician 54.
    """
    from scipy.stats import norm

    matrix = csr_matrix(held, dtype=float)
    n = int(deals.max(initial=-1)) + 1
    sides = [(np.asarray(side, dtype=float), len(np.unique(deals[side]))) for side in (one, other)]
    if min(count for _, count in sides) < FEWEST_DEALS:
        return tuple(np.full(matrix.shape[1], np.nan) for _ in range(3))
    parts, least = [], 0.0
    for side, count in sides:
        share = _shares_share(matrix, side > 0)
        sums, sizes = _by_deal(matrix, deals, n, side), np.bincount(deals, weights=side, minlength=n)
        parts.append(((sums - np.outer(sizes, share)) / side.sum(), share))
        imagined = (share * count + 1) / (count + 2)
        least = least + np.where(np.isin(share, (0, 1)), imagined * (1 - imagined) / (count + 2), 0.0)
    influence, known = parts[0][0] - parts[1][0], len(np.unique(deals[np.asarray(one) | np.asarray(other)]))
    variance = (influence**2).sum(axis=0) * known / max(known - 1, 1)
    gap, error = parts[0][1] - parts[1][1], np.sqrt(np.maximum(variance, least))
    return gap, error, 2 * norm.sf(np.abs(gap) / error)


def trend_words(gap: np.ndarray, p_value: np.ndarray) -> list[str]:
    """Rising, falling or steady; empty where nothing can be said."""
    return [
        "" if np.isnan(p) else "steady" if p > _SURE else "rising" if more > 0 else "falling"
        for more, p in zip(gap, p_value, strict=True)
    ]


def _shares_share(matrix, side):
    return matrix[side].sum(axis=0).A1 / side.sum() if side.any() else np.full(matrix.shape[1], np.nan)


def _by_deal(matrix, codes, n, weights):
    gather = csr_matrix((weights, (codes, np.arange(len(codes)))), shape=(n, len(codes)))
    return np.asarray((gather @ matrix).todense())


@dataclass(frozen=True, kw_only=True, eq=False)
class Concerns:
    """What notes about deals speak of, among lost, open and won ones.

    Attributes
    ----------
    topics : DataFrame, one row a topic, the most telling of lost deals first
        `topic` (its main words), `language`, `deals` (that speak of it), `lost_share_pct`, `open_share_pct`,
        `won_share_pct` (of the notes of such deals in that language), `difference` (points, lost less won), `low`,
        `high` (95 %), `q_value`, `recent_share_pct`, `earlier_share_pct` (of notes), `trend` ("rising",
        "falling", "steady", or "" where too few notes tell).
    terms : DataFrame, one row a word or two
        `term` and the same columns.
    reasons : DataFrame, one row a reason lost
        `reason`, `deals`, `share_pct` (of the lost deals with a reason), `low`, `high`, `amount`, `recent_share_pct`,
        `earlier_share_pct`, `trend`. Reasons of fewer than `minimum` deals stand together as "other".
    examples : DataFrame
        `topic`, `language`, `outcome`, `example`: a note in which every word that is not common is a dot.
    deals : DataFrame, one row a language
        `language`, `notes`, `lost`, `open`, `won` (deals with notes).
    left_out : dict of str to int
        Language -> notes that were not read, as the package for it is not installed.
    minimum : int
        Customers whose notes must hold a word before it is shown.
    recent_days : int
    reasons_known_pct : float
        Of the lost deals, those with a reason.
    """

    topics: pd.DataFrame
    terms: pd.DataFrame = field(repr=False)
    reasons: pd.DataFrame = field(repr=False)
    examples: pd.DataFrame = field(repr=False)
    deals: pd.DataFrame = field(repr=False)
    left_out: Mapping[str, int]
    minimum: int
    recent_days: int
    reasons_known_pct: float

    def _repr_html_(self) -> str:
        return self.topics.round(1).to_html(index=False)


def concerns(
    crm: Crm, *, most_topics: int = 12, most_terms: int = 60, recent_days: int = 182, most_notes: int = 20_000
) -> Concerns:
    """What the notes of deals speak of, and why deals were lost.

    Parameters
    ----------
    crm : Crm
        With `opportunities`; `interactions` with `opportunity_id` and `notes`, or `lost_reason`, or both.
    most_topics : int
        In each language.
    most_terms : int
    recent_days : int
        What is held against the time before, for the trend.
    most_notes : int
        The latest so many.

    Raises
    ------
    SchemaError
        If there is no table of opportunities.
    ParameterError
        If a number is below 1.

    Notes
    -----
    Only notes up to a deal's close are read. A word is shown when the notes of enough customers hold it, and when
    it belongs to no name; so a secret that one customer told, or a telephone number, is never on a page. Shares
    are of notes, with deals drawn as wholes (see `crmlib.analyse.pipeline.concerns`); lost and won are
    compared with an adjustment by Benjamini and Hochberg over all topics, and over all terms.

    References
    ----------
    Lee, D. D. & Seung, H. S. (1999). Learning the parts of objects by non-negative matrix factorization. Nature
    401. Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": [str(i) for i in range(60)], "stage": "x",
    ...     "outcome": ["lost", "won", "won"] * 20, "created_at": "2024-01-01", "closed_at": "2024-03-01",
    ...     "lost_reason": ["Price", None, None] * 20})
    >>> calls = pd.DataFrame({"interaction_id": deals["opportunity_id"], "opportunity_id": deals["opportunity_id"],
    ...     "customer_id": deals["opportunity_id"], "happened_at": "2024-01-05",
    ...     "notes": ["the price is too high", "the delivery was on time", "service by phone was good"] * 20})
    >>> found = concerns(Crm.from_frames(as_of="2024-06-30", opportunities=deals, interactions=calls))
    >>> found.topics[["topic", "deals", "lost_share_pct", "won_share_pct"]].head(1).to_dict("records")
    [{'topic': 'high, price', 'deals': 20, 'lost_share_pct': 100.0, 'won_share_pct': 0.0}]
    >>> found.reasons[["reason", "deals", "share_pct"]].to_dict("records")
    [{'reason': 'Price', 'deals': 20, 'share_pct': 100.0}]
    """
    for name, value in (
        ("most_topics", most_topics),
        ("most_terms", most_terms),
        ("recent_days", recent_days),
    ):
        if value < 1:
            raise ParameterError(f"{name} must be 1 or more, not {value!r}.")
    minimum = min_group(crm)
    since = days_later(crm.as_of, -recent_days, time_zone=crm.time_zone)
    notes = deal_notes(crm, most=most_notes)
    notes["language"] = languages_of(notes["text"].tolist())
    left_out = _unreadable(notes)
    notes = notes[~notes["language"].isin(list(left_out))].reset_index(drop=True)
    names = known_names(crm)
    found = [
        _of_language(part.reset_index(drop=True), str(language), names, minimum, most_topics, since)
        for language, part in notes.groupby("language", sort=True)
    ]
    topics, terms = (_judged([pair[place] for pair in found]) for place in (0, 1))
    reasons, known = _reasons(crm, minimum, since)
    return Concerns(
        topics=topics.rename(columns={"term": "topic"}),
        terms=_first_terms(terms, most_terms),
        reasons=reasons,
        examples=pd.concat([pair[2] for pair in found], ignore_index=True)
        if found
        else pd.DataFrame(columns=["topic", "language", "outcome", "example"]),
        deals=_deals(notes),
        left_out=left_out,
        minimum=minimum,
        recent_days=recent_days,
        reasons_known_pct=known,
    )


def _unreadable(notes):
    counts = notes["language"].value_counts()
    return {language: int(counts[language]) for language in sorted(counts.index) if missing_package(language)}


def _deals(notes):
    counted = notes.groupby("language").agg(notes=("text", "size"))
    for outcome in OUTCOMES:
        chosen = notes[notes["outcome"] == outcome]
        counted[outcome] = chosen.groupby("language")["opportunity_id"].nunique()
    counted = counted.fillna(0).astype("int64").reset_index()
    return counted.sort_values(["notes", "language"], ascending=[False, True], ignore_index=True)


def _of_language(notes, language, names, minimum, most_topics, since):
    """Topics, terms and examples of the notes of one language."""
    words = [words_of(text, language) for text in notes["text"]]
    allowed = shareable_words(words, notes["customer_id"], texts=notes["text"], names=names, minimum=minimum)
    said = [[word for word in telling(one, language) if word in allowed] for one in words]
    held, labels, weights = find_topics(said, notes["customer_id"], minimum=minimum, most=most_topics)
    topics, terms = (
        shares_of_notes(notes, table, names, since=since).assign(language=language)
        for table, names in ((weights > 0, labels), (held.matrix, held.terms))
    )
    return topics, terms, _examples(notes, weights, labels, language, allowed)


def _judged(tables):
    columns = ["term", "language", "deals", *SHARE_COLUMNS]
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame(columns=columns).rename(columns={"p_value": "q_value"})
    table = pd.concat(tables, ignore_index=True)[columns]
    known = table["p_value"].notna()
    table.loc[known, "p_value"] = benjamini_hochberg(table.loc[known, "p_value"].to_numpy())
    table = table.rename(columns={"p_value": "q_value"})
    return table.sort_values(
        ["difference", "deals", "term"], ascending=[False, False, True], na_position="last", ignore_index=True
    )


def _first_terms(terms, most):
    """The most frequent terms; two words beside each other only where they say more than one of them does."""
    deals = {(row.language, row.term): row.deals for row in terms.itertuples()}
    repeats = [
        any(row.deals >= 0.9 * deals[row.language, word] for word in row.term.split() if " " in row.term)
        for row in terms.itertuples()
    ]
    kept = terms[~np.array(repeats, dtype=bool)] if len(terms) else terms
    often = kept.sort_values(["deals", "term"], ascending=[False, True]).head(most).index
    return kept[kept.index.isin(often)].reset_index(drop=True)


def _examples(notes, weights, labels, language, allowed, *, each=2):
    rows = []
    for place, label in enumerate(labels):
        order = np.lexsort((np.arange(len(notes)), -weights[:, place]))
        seen: set[str] = set()
        for row in order[: 20 * each]:
            line = masked(notes["text"].iloc[row], language, allowed)
            if weights[row, place] > 0 and line not in seen and len(seen) < each:
                seen.add(line)
                rows.append((label, language, notes["outcome"].iloc[row], line))
    return pd.DataFrame(rows, columns=["topic", "language", "outcome", "example"])


def _reasons(crm, minimum, since):
    columns = [
        "reason",
        "deals",
        "share_pct",
        "low",
        "high",
        "amount",
        "recent_share_pct",
        "earlier_share_pct",
        "trend",
    ]
    present = crm.columns("opportunities")
    if not {"lost_reason", "closed_at"} <= set(present):
        return pd.DataFrame(columns=columns), np.nan
    asked = ["lost_reason", "closed_at", "outcome", *(["amount"] if "amount" in present else [])]
    lost = crm.frame("opportunities", asked).query("outcome == 'lost'")
    reason = lost["lost_reason"].str.split().str.join(" ")
    known = lost[reason.notna() & (reason != "")].assign(reason=reason)
    folded = known["reason"].str.casefold()
    spelling = (
        known["reason"].groupby(folded).agg(lambda one: one.value_counts().sort_index(kind="stable").idxmax())
    )
    often = folded.map(folded.value_counts()) >= minimum
    known = known.assign(reason=folded.map(spelling).where(often, "other"))
    rows = [_reason_row(name, part, known, since) for name, part in known.groupby("reason", sort=True)]
    table = pd.DataFrame(rows, columns=columns)
    table = table.assign(last=table["reason"] == "other").sort_values(
        ["last", "deals", "reason"], ascending=[True, False, True], ignore_index=True
    )
    return table.drop(columns="last"), _share(len(known), len(lost))


def _share(part, whole):
    return 100 * float(part) / float(whole) if whole else np.nan


def _reason_row(name, part, known, since):
    low, high = share_interval(len(part), len(known))
    late, held = (known["closed_at"] > since).to_numpy(), (known["reason"] == name).to_numpy()[:, None]
    gap, _, p_value = difference_of_note_shares(held, np.arange(len(known)), late, ~late)
    when = {
        **{
            f"{when}_share_pct": _share(held[side].sum(), side.sum())
            for when, side in (("recent", late), ("earlier", ~late))
        },
        "trend": trend_words(gap, p_value)[0],
    }
    amount = float(part["amount"].astype("float64").sum(min_count=1)) if "amount" in part else np.nan
    return {"reason": name, "deals": len(part), "share_pct": _share(len(part), len(known)), "low": 100 * low,
            "high": 100 * high, "amount": amount, **when}  # fmt: skip
