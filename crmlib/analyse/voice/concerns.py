"""What customers who have not bought talk about: themes and words of notes, and reasons why deals were lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.analyse.voice.themes import Lexicon, keyword_names, lexicon_of, small_talk, within_a_theme
from crmlib.analyse.voice.topics import (
    OUTCOMES,
    SHARE_COLUMNS,
    difference_of_note_shares,
    find_topics,
    share_intervals,
    shares_of_notes,
    trend_words,
)
from crmlib.analyse.voice.words import (
    languages_of,
    masked,
    missing_package,
    shareable_words,
    telling,
    words_of,
)
from crmlib.measure.deals.contacts import deal_notes, known_names
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError

_MOST = 0.9
"""Share of a topic's notes in one language from which on its words are of that language."""


_ENDS = ("low", "high", "deals_pct", "deals_low", "deals_high")


@dataclass(frozen=True, kw_only=True, eq=False)
class Concerns:
    """What notes about deals speak of, among lost, open and won ones.

    Attributes
    ----------
    themes : DataFrame, one row a theme, the most telling of lost deals first
        `theme` (a code, the same in all languages), `deals` (that speak of it), `lost_share_pct`, `open_share_pct`,
        `won_share_pct` (of the notes of such deals), each with `_low` and `_high` (95 %), `lost_deals_pct`,
        `open_deals_pct`, `won_deals_pct` (of such deals with notes, those that speak of it; each with `_deals_low` and
        `_deals_high`, 95 %), `difference` (points,
        of notes, lost less won), `low`, `high` (95 %), `q_value`, `recent_share_pct`, `earlier_share_pct` (of notes),
        `trend` ("rising", "falling", "steady", or "" where too few notes tell).
    languages : DataFrame, one row a theme and language
        `theme`, `language` and the same columns without the intervals of the shares.
    topics : DataFrame, one row a topic that no theme covers
        `topic` (its main words), `language` (that its words can be read in, or "several") and the same columns.
    terms : DataFrame, one row a word or two
        `term`, `language` and the same columns.
    reasons : DataFrame, one row a reason lost
        `reason`, `deals`, `share_pct` (of the lost deals with a reason), `low`, `high`, `amount`, `recent_share_pct`,
        `earlier_share_pct`, `trend`. Reasons of fewer than `minimum` deals stand together as "other".
    examples : DataFrame
        `theme`, `language`, `outcome`, `example`: a note in which every word that is not common is a dot.
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

    themes: pd.DataFrame
    languages: pd.DataFrame = field(repr=False)
    topics: pd.DataFrame = field(repr=False)
    terms: pd.DataFrame = field(repr=False)
    reasons: pd.DataFrame = field(repr=False)
    examples: pd.DataFrame = field(repr=False)
    deals: pd.DataFrame = field(repr=False)
    left_out: Mapping[str, int]
    minimum: int
    recent_days: int
    reasons_known_pct: float

    def _repr_html_(self) -> str:
        return self.themes.round(1).to_html(index=False)


def concerns(
    crm: Crm, *, most_topics: int = 12, most_terms: int = 60, recent_days: int = 182, most_notes: int = 20_000
) -> Concerns:
    """What the notes of deals speak of, and why deals were lost.

    Parameters
    ----------
    crm : Crm
        With `opportunities`; `interactions` with `opportunity_id` and `notes`, or `lost_reason`, or both.
    most_topics : int
        Beside the themes.
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
    are of notes, with deals drawn as wholes; lost and won are compared with an adjustment by Benjamini and Hochberg
    over all themes, and over all terms. A theme is the same in all languages: its words stand in a list, which
    `[voice.themes]` in crm.toml extends. Topics are found over all languages at once, from the keywords of that list
    and from all other words but small talk, which lost and won deals share alike; a topic most of whose notes speak
    of one theme is left out.

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
    >>> found.themes[["theme", "deals", "lost_share_pct", "won_share_pct"]].head(1).to_dict("records")
    [{'theme': 'price', 'deals': 20, 'lost_share_pct': 100.0, 'won_share_pct': 0.0}]
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
    lexicon = lexicon_of(crm)
    held = lexicon.keywords_in(notes["text"].tolist(), notes["language"].tolist())
    themes, languages = _of_themes(notes, lexicon, held, minimum, since)
    words = _Words(notes, known_names(crm), minimum, since)
    topics = _discovered(notes, lexicon, held, words, minimum, most_topics, since)
    reasons, known = _reasons(crm, minimum, since)
    return Concerns(
        themes=themes,
        languages=languages,
        topics=topics,
        terms=_first_terms(words.terms, most_terms),
        reasons=reasons,
        examples=_examples(notes, lexicon, held, words.allowed, shown=themes["theme"].tolist()),
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


def _of_themes(notes, lexicon: Lexicon, held, minimum, since):
    """The shares of each theme, over all languages and within each; only themes that enough customers speak of."""
    said = lexicon.themes_of(held)
    often = notes["customer_id"].to_numpy()
    kept = [place for place in range(said.shape[1]) if len(set(often[said[:, place]])) >= minimum]
    labels = [lexicon.themes[place] for place in kept]
    whole = shares_of_notes(notes, said[:, kept], labels, since=since)
    for outcome in OUTCOMES:
        side = (notes["outcome"] == outcome).to_numpy()
        low, high = share_intervals(said[:, kept], notes["opportunity_id"], side)
        deals = pd.DataFrame(said[side][:, kept]).groupby(notes.loc[side, "opportunity_id"].to_numpy()).any()
        ends = share_interval(deals.sum().to_numpy(), np.full(len(kept), len(deals)))
        whole[f"{outcome}_deals_pct"] = 100 * deals.mean().to_numpy() if len(deals) else np.nan
        whole[f"{outcome}_deals_low"], whole[f"{outcome}_deals_high"] = 100 * ends[0], 100 * ends[1]
        whole[f"{outcome}_low"], whole[f"{outcome}_high"] = 100 * low, 100 * high
    more = [f"{outcome}_{end}" for outcome in OUTCOMES for end in _ENDS]
    parts = [
        shares_of_notes(part, said[part.index][:, kept], labels, since=since).assign(language=str(language))
        for language, part in notes.groupby("language", sort=True)
    ]
    parts = [part[part["deals"] >= minimum] for part in parts]
    themes = _judged([whole.assign(language="")], more=more).drop(columns="language")
    return themes.rename(columns={"term": "theme"}), _judged(parts).rename(columns={"term": "theme"})


class _Words:
    """The words of the notes of each language: which may be shown, which are said, and the shares of each."""

    def __init__(self, notes, names, minimum, since):
        self.allowed, tables = {}, []
        self.said = np.empty(len(notes), dtype=object)
        for language, part in notes.groupby("language", sort=True):
            once = {text: words_of(text, language) for text in part["text"].unique()}
            words = [once[text] for text in part["text"]]
            allowed = shareable_words(
                words, part["customer_id"], texts=part["text"], names=names, minimum=minimum
            )
            said = [[word for word in telling(one, language) if word in allowed] for one in words]
            held, _, _ = find_topics(said, part["customer_id"], minimum=minimum, most=0)
            table = shares_of_notes(part, held.matrix, held.terms, since=since)
            tables.append(table.assign(language=str(language)))
            self.allowed[str(language)] = allowed
            self.said[part.index] = said
        self.terms = _judged(tables)


def _discovered(notes, lexicon, held, words, minimum, most, since):
    """Topics over all languages at once: keywords, and words that are neither keywords nor small talk."""
    terms = words.terms
    chatter = terms[small_talk(terms)] if len(terms) else terms
    dull = set(zip(chatter["language"], chatter["term"], strict=True))
    pairs = list(zip(terms["language"], terms["term"], strict=True))
    covered = lexicon.keywords_in([word for _, word in pairs], [language for language, _ in pairs])
    dull |= {pair for pair, known in zip(pairs, covered.any(axis=1), strict=True) if known}
    said = [
        [*keywords, *(word for word in own if (language, word) not in dull)]
        for keywords, own, language in zip(
            keyword_names(lexicon, held), words.said, notes["language"], strict=True
        )
    ]
    _, labels, weights = find_topics(said, notes["customer_id"], minimum=minimum, most=most)
    news = ~within_a_theme(weights, lexicon.themes_of(held))
    labels, on = [label for label, new in zip(labels, news, strict=True) if new], weights[:, news] > 0
    table = shares_of_notes(notes, on, labels, since=since)
    table["language"] = [
        _language_of(label, notes["language"][column], lexicon)
        for label, column in zip(labels, on.T, strict=True)
    ]
    return _judged([table]).rename(columns={"term": "topic"})


def _language_of(label: str, languages: pd.Series, lexicon: Lexicon) -> str:
    """Who can read a topic: keywords are English; else those who read the language of most of its notes."""
    if set(label.split(", ")) <= {keyword.replace("_", " ") for _, keyword in lexicon.keywords}:
        return "English"
    counts = languages.value_counts(normalize=True)
    return str(counts.index[0]) if counts.iloc[0] >= _MOST else "several"


def _judged(tables, more=()):
    columns = ["term", "language", "deals", *SHARE_COLUMNS, *more]
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


def _examples(notes, lexicon, held, allowed, *, shown):
    """For each theme one line of each language, of a lost deal where there is one."""
    said, rows = lexicon.themes_of(held), []
    order = np.argsort((notes["outcome"] != OUTCOMES[0]).to_numpy(), kind="stable")
    for theme in shown:
        of = said[:, lexicon.themes.index(theme)]
        done: set[str] = set()
        for row in order[of[order]]:
            language = notes["language"].iloc[row]
            if language not in done:
                done.add(language)
                line = masked(notes["text"].iloc[row], language, allowed[language])
                if line.strip("… "):
                    rows.append((theme, language, notes["outcome"].iloc[row], line))
    return pd.DataFrame(rows, columns=["theme", "language", "outcome", "example"])


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
