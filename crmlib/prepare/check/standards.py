"""What was agreed about a table: its owner, how fresh it is, the words of a column; and words that look misspelt."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from crmlib.prepare.engine import Engine
from crmlib.schema.fields import Field

SHORTEST = 5
"""Words shorter than this are never called misspelt: Iran is not Iraq."""
OFTEN = 20
"""A word is taken for right when it stands so often, and for so many times as often as the odd one."""
MOST_WORDS = 300
"""A column with more different values has names, not categories."""
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Standards:
    """The agreements of crm.toml about one table.

    Parameters
    ----------
    owner : who answers for the table
    fresh_days : int or None
        The last row lies at most so many days before the closing moment.
    allowed : column -> its words, as they should be written
    """

    owner: str = ""
    fresh_days: int | None = None
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def asks(self) -> str:
        """Whom to ask, as the end of a sentence."""
        return f" (ask {self.owner})" if self.owner else ""


def has_words(declared: Field) -> bool:
    """Whether a column may hold categories whose words can be compared."""
    plain = declared.type == "text" and declared.privacy == "internal" and not declared.allowed
    return (
        plain and declared.references is None and declared.name not in ("name", "subject", "template", "page")
    )


def words_of_column(engine: Engine, table: str, column: str, where: str) -> dict[str, int] | None:
    """The values of a column and how often each stands; None where they are too many to be categories."""
    name = Engine.quote(column)
    found = engine.rows(
        f"select {name}, count(*) from {table} where {where} and {name} is not null group by 1 limit {MOST_WORDS + 1}"
    )
    return dict(found) if len(found) <= MOST_WORDS else None


def misspelt(counts: Mapping[str, int], allowed: Collection[str] = ()) -> dict[str, str]:
    """The odd words of a column, each with the word that is meant; the most frequent of several near ones.

    >>> misspelt({"Healthcare": 400, "Helthcare": 2, "Education": 60, "North 1": 90, "North 2": 3})
    {'Helthcare': 'Healthcare'}
    """
    found = {}
    for word, count in counts.items():
        if word in allowed:
            continue
        right = allowed or [one for one, n in counts.items() if n >= OFTEN * max(1, count)]
        near = [one for one in right if is_near(word, one)]
        if near:
            found[word] = max(near, key=lambda one: (counts.get(one, 0), one))
    return found


def is_near(word: str, other: str) -> bool:
    """Whether two words differ by one letter, or by upper and lower case or blanks only."""
    one, two = (" ".join(text.split()).casefold() for text in (word, other))
    if one == two:
        return word != other
    long = max(len(one), len(two))
    if min(len(one), len(two)) < SHORTEST or _digits(one) != _digits(two) or abs(len(one) - len(two)) > 1:
        return False
    blocks = SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) >= long - 1


def pairs_shown(pairs: Mapping[str, str]) -> str:
    """Some of the odd words with the right ones, for a sentence."""
    shown = [f"{wrong} (for {right})" for wrong, right in list(pairs.items())[:SHOWN]]
    rest = len(pairs) - len(shown)
    return ", ".join([*shown, *([f"and {rest} more"] if rest else [])])


def words_shown(words: Iterable[str]) -> str:
    """Some words, for a sentence."""
    words = list(words)
    rest = len(words) - SHOWN
    return ", ".join([*words[:SHOWN], *([f"and {rest} more"] if rest > 0 else [])])


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())
