"""Themes of what customers say: one list for all languages, which a workspace extends, and who speaks of what."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.analyse.voice.topics import difference_of_note_shares
from crmlib.analyse.voice.words import LANGUAGES, UNSPACED, is_detected, languages_of
from crmlib.measure.voice import said_texts
from crmlib.prepare.answers import kept_answer
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError


@cache
def _declared() -> dict[str, dict[str, dict[str, list[str]]]]:
    """Theme -> keyword -> code of a language -> words, as the package brings them."""
    return tomllib.loads(Path(__file__).with_name("themes.toml").read_text(encoding="utf-8"))


THEMES: tuple[str, ...] = tuple(_declared())
"""The themes that come with the package; a workspace may have more."""


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """What is looked for in a text: one pattern for each keyword and language.

    `keywords`: (theme, keyword) in order; `patterns`: language -> one pattern for each keyword, or None.
    """

    keywords: tuple[tuple[str, str], ...]
    patterns: Mapping[str, tuple[re.Pattern[str] | None, ...]]

    @property
    def themes(self) -> tuple[str, ...]:
        """The themes in order, each once."""
        return tuple(dict.fromkeys(theme for theme, _ in self.keywords))

    def keywords_in(self, texts: Sequence[str], languages: Sequence[str]) -> np.ndarray:
        """Whether each text holds each keyword: bool, shape (texts, keywords).

        A text of no known language is searched for the words of all of them.
        """
        pairs = list(zip(texts, languages, strict=True))
        once = {pair: place for place, pair in enumerate(dict.fromkeys(pairs))}
        held = np.zeros((len(once), len(self.keywords)), dtype=bool)
        for (text, language), row in once.items():
            plain = text.casefold()
            for name in [language] if language in self.patterns else self.patterns:
                for place, pattern in enumerate(self.patterns[name]):
                    if pattern is not None and pattern.search(plain):
                        held[row, place] = True
        return held[[once[pair] for pair in pairs]]

    def themes_of(self, held: np.ndarray) -> np.ndarray:
        """Whether each text speaks of each theme, from `keywords_in`: bool, shape (texts, themes)."""
        of = np.array([theme for theme, _ in self.keywords])
        return np.column_stack([held[:, of == theme].any(axis=1) for theme in self.themes])


def lexicon_of(crm: Crm) -> Lexicon:
    """The declared themes and those of `[voice.themes]` in crm.toml, which add words or new themes."""
    settings = getattr(crm.config, "voice", None)
    return make_lexicon(getattr(settings, "themes", None) or {})


def make_lexicon(more: Mapping[str, Mapping[str, Sequence[str]]]) -> Lexicon:
    """The declared themes with more words: theme -> code of a language -> words."""
    words = {
        (theme, keyword): dict(by_language)
        for theme, keywords in _declared().items()
        for keyword, by_language in keywords.items()
    }
    for theme, by_language in more.items():
        unknown = sorted(set(by_language) - set(LANGUAGES))
        if unknown:
            raise ParameterError(
                f"theme {theme} has words for {', '.join(unknown)}; languages are {', '.join(LANGUAGES)}."
            )
        words[theme, theme] = {
            code: [*words.get((theme, theme), {}).get(code, []), *given]
            for code, given in {**dict.fromkeys(words.get((theme, theme), {}), ()), **by_language}.items()
        }
    order = {theme: place for place, theme in enumerate(dict.fromkeys(theme for theme, _ in words))}
    keywords = tuple(sorted(words, key=lambda pair: order[pair[0]]))
    patterns = {
        language: tuple(_pattern(words[pair].get(code, ()), language) for pair in keywords)
        for code, language in LANGUAGES.items()
    }
    return Lexicon(keywords=keywords, patterns=patterns)


def _pattern(words: Sequence[str], language: str) -> re.Pattern[str] | None:
    given = [word.strip().casefold() for word in words if word.strip(" *")]
    if not given:
        return None
    if language in UNSPACED:
        return re.compile("|".join(re.escape(word.rstrip("*")) for word in given))
    parts = [
        r"\s+".join(
            re.escape(part.rstrip("*")) + (r"\w*" if part.endswith("*") else "") for part in word.split()
        )
        for word in given
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")


def speaks_of(crm: Crm, *, by: str = "customer_id", most: int = 50_000) -> pd.DataFrame:
    """What each customer, or each deal, speaks of, and what became of the deals that spoke of it.

    Parameters
    ----------
    crm : Crm
        With notes of `interactions`, texts of `feedback`, or both.
    by : {"customer_id", "opportunity_id"}
        Whom the rows are about.
    most : int
        The latest so many texts.

    Returns
    -------
    DataFrame, one row a customer (or deal) and theme, the latest first
        `customer_id` or `opportunity_id`, `theme` (a code), `texts` (that speak of it), `last_at` (the last of
        them, UTC), `won_pct`, `won_low`, `won_high` (of all decided deals whose notes speak of the theme, the
        share won, with its 95 % interval; missing where there are none), `decided` (those deals).

    Raises
    ------
    ParameterError
        If `by` is another column.

    Notes
    -----
    Notes that were written after a deal's close are not read. Words are looked up in a list of themes for English,
    German, French, Spanish, Chinese and Japanese, extended by `[voice.themes]` in crm.toml. That somebody speaks
    of a theme is no complaint yet.

    References
    ----------
    Stone, P. J. et al. (1966). The General Inquirer: A Computer Approach to Content Analysis. MIT Press.

    Examples
    --------
    >>> calls = pd.DataFrame({"interaction_id": ["1", "2"], "customer_id": ["c", "d"],
    ...     "happened_at": ["2024-01-05", "2024-01-06"],
    ...     "notes": ["The price is too high for them.", "Das Budget ist gesperrt."]})
    >>> found = speaks_of(Crm.from_frames(as_of="2024-06-30", interactions=calls, customers=pd.DataFrame(
    ...     {"customer_id": ["c", "d"]})))
    >>> found[["customer_id", "theme", "texts"]].values.tolist()
    [['d', 'budget', 1], ['c', 'price', 1]]
    """
    if by not in ("customer_id", "opportunity_id"):
        raise ParameterError(f"by must be customer_id or opportunity_id, not {by!r}.")
    return _speaks(_said_themes(crm, most), by)


def _speaks(long: pd.DataFrame, by: str) -> pd.DataFrame:
    columns = [by, "theme", "texts", "last_at", "won_pct", "won_low", "won_high", "decided"]
    rows = long[long[by].notna()]
    found = rows.groupby([by, "theme"], sort=True).agg(texts=("theme", "size"), last_at=("said_at", "max"))
    found = found.reset_index().merge(_outcomes(long), on="theme", how="left")
    found["decided"] = found["decided"].fillna(0).astype("int64")
    return found.sort_values(["last_at", by, "theme"], ascending=[False, True, True], ignore_index=True)[
        columns
    ]


WITHIN_A_WEEK = "within_a_week"
"""What may follow a note: a contact within a week, or (by the name of the channel) the next contact by such means."""


def open_deal_themes(crm: Crm, *, most: int = 50_000) -> pd.Series:
    """Open deal -> the themes that its notes speak of, the latest first, as a tuple of codes."""
    long = _said_themes(crm, most)
    once = long[long["outcome"] == "open"].drop_duplicates(["opportunity_id", "theme"])
    return once.groupby("opportunity_id", sort=True)["theme"].agg(tuple)


def themes_of_customers(crm: Crm, *, most: int = 50_000) -> dict[str, pd.DataFrame]:
    """Two tables: `speaks` as `speaks_of` makes it, and `followed`: what followed such notes in won and lost deals.

    `followed`, one row a theme and what followed (see `WITHIN_A_WEEK`): `theme`, `what`, `won_pct`, `lost_pct` (of the
    notes of such deals), `difference` (points), `low`, `high` (95 %), `q_value`, over all themes.
    """
    long = _said_themes(crm, most)
    return {"speaks": _speaks(long, "customer_id"), "followed": _followed(long, min_group(crm))}


def _followed(long: pd.DataFrame, least: int) -> pd.DataFrame:
    decided = long[long["outcome"].isin(["won", "lost"]) & long["next_days"].notna()]
    channels = decided["next_channel"].value_counts()
    names = [str(name) for name in channels.index[channels >= least]]
    rows = []
    for theme, notes in decided.groupby("theme", sort=True):
        if notes["customer_id"].nunique() < least:
            continue
        held = np.column_stack(
            [notes["next_days"] <= 7, *(notes["next_channel"] == name for name in names)]
        ).astype(bool)
        won = (notes["outcome"] == "won").to_numpy()
        gap, error, p = difference_of_note_shares(held, pd.factorize(notes["opportunity_id"])[0], won, ~won)
        for place, what in enumerate([WITHIN_A_WEEK, *names]):
            shares = [100 * held[side, place].mean() if side.any() else np.nan for side in (won, ~won)]
            rows.append((theme, what, *shares, 100 * gap[place], 100 * error[place], p[place]))
    columns = ["theme", "what", "won_pct", "lost_pct", "difference", "error", "q_value"]
    table = pd.DataFrame(rows, columns=columns)
    known = table["q_value"].notna()
    table.loc[known, "q_value"] = benjamini_hochberg(table.loc[known, "q_value"].to_numpy(dtype=float))
    error = 1.96 * table.pop("error").astype("float64")
    return table.assign(low=table["difference"] - error, high=table["difference"] + error)


def _said_themes(crm: Crm, most: int) -> pd.DataFrame:
    """One row a text, the latest first, and theme that it speaks of; kept for all reports."""
    lexicon = lexicon_of(crm)
    looked = {name: [p and p.pattern for p in patterns] for name, patterns in lexicon.patterns.items()}
    asked = ("themes", most, lexicon.keywords, looked, is_detected())
    return kept_answer(crm, *asked, make=lambda: _long(said_texts(crm, most=most), lexicon))


def _long(texts: pd.DataFrame, lexicon: Lexicon) -> pd.DataFrame:
    """One row a text and theme, without the text."""
    languages = languages_of(texts["text"].tolist())
    said = lexicon.themes_of(lexicon.keywords_in(texts["text"].tolist(), languages))
    row, place = np.nonzero(said)
    themes = pd.array(np.array(lexicon.themes, dtype=object)[place], dtype="str")
    return texts.iloc[row].assign(theme=themes).drop(columns="text").reset_index(drop=True)


def _outcomes(long: pd.DataFrame) -> pd.DataFrame:
    """Of the decided deals that speak of each theme, the share won."""
    deals = long[long["outcome"].isin(["won", "lost"])].drop_duplicates(["opportunity_id", "theme"])
    won = (deals["outcome"] == "won").astype("int64")
    counts = won.groupby(deals["theme"]).agg(won="sum", decided="size")
    low, high = share_interval(counts["won"].to_numpy(), counts["decided"].to_numpy())
    return counts.assign(
        won_pct=100 * counts["won"] / counts["decided"], won_low=100 * low, won_high=100 * high
    ).reset_index()


def themes_by_source(crm: Crm, *, most: int = 50_000, least: int | None = None) -> pd.DataFrame:
    """How many texts of each kind (notes on deals, other notes, each kind of feedback) speak of each theme.

    `source`, `theme`, `texts`, `of` (texts of that kind), `share_pct`, `low`, `high` (95 %); rows of fewer than `least`
    customers (`[privacy] min_group` without it) are left out.
    """
    sizes = said_texts(crm, most=most)["source"].value_counts()
    spoken = _said_themes(crm, most).groupby(["source", "theme"])
    counts = spoken.agg(texts=("theme", "size"), customers=("customer_id", "nunique")).reset_index()
    counts = counts[counts.pop("customers") >= (min_group(crm) if least is None else least)].copy()
    counts["of"] = counts["source"].map(sizes).astype("int64")
    low, high = share_interval(counts["texts"].to_numpy(), counts["of"].to_numpy())
    counts = counts.assign(share_pct=100 * counts["texts"] / counts["of"], low=100 * low, high=100 * high)
    return counts.sort_values(["source", "texts", "theme"], ascending=[True, False, True], ignore_index=True)


def small_talk(table: pd.DataFrame, *, fewest: float = 0.5) -> pd.Series:
    """Whether a word is surely about as common among lost as among won deals: it tells nothing of what concerns.

    The whole interval of the difference lies within half of the word's larger share.
    """
    share = table[["lost_share_pct", "won_share_pct"]].max(axis=1)
    return table[["low", "high"]].abs().max(axis=1) <= fewest * share


def keyword_names(lexicon: Lexicon, held: np.ndarray) -> list[list[str]]:
    """The keywords of each text, by the same names in all languages."""
    names = [keyword.replace("_", " ") for _, keyword in lexicon.keywords]
    return [[names[place] for place in np.flatnonzero(row)] for row in held]


def within_a_theme(weights: np.ndarray, said: np.ndarray, *, share: float = 0.6) -> np.ndarray:
    """Which discovered topics are no news, as most of their texts speak of one and the same declared theme."""
    on = weights > 0
    shared = on.T.astype(float) @ said.astype(float) / np.maximum(on.sum(axis=0), 1)[:, None]
    return shared.max(axis=1, initial=0) >= share
