"""A statement on a page as data: the key of a message, and the facts that it is filled with.

The words are in words/<language>/<subject>.ftl. How to write one: docs/claims.md.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from math import isfinite, nan
from numbers import Integral
from operator import add
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from fluent.runtime.types import FluentFloat, FluentType

from crmlib.present import messages, numbers
from crmlib.schema.errors import ParameterError
from crmlib.schema.quantities import QUANTITIES
from crmlib.schema.states import LATE_TIMES, LIFE_ORDER, LIKELY, LOST_TIMES, SIGNALS

NAME_LENGTH = 60
"""A name from data that is longer is cut in a sentence."""

NUMBERS = ("count", "money", "share", "points", "days", "times", "number")
_WITHIN = {"CAPITAL", "INLINE"}
"""Functions that change the text itself."""
_PLURALS = {"zero", "one", "two", "few", "many"}
_AT = re.compile(r"([a-z_]+\.[a-z_]+)(\[[^\[\]]+\])?")


@dataclass(frozen=True)
class Fact:
    """One value of a statement: its kind says how it is written, `at` which quantity it is (schema/quantities)."""

    value: Any
    kind: str
    at: str = ""
    part_of: str = ""
    unit: str = ""
    limit: int | None = None
    shown: float | None = None

    def __post_init__(self) -> None:
        for place in filter(None, (self.at, self.part_of)):
            found = _AT.fullmatch(place)
            if not found or found[1] not in QUANTITIES:
                raise ParameterError(
                    f"{place!r} is no quantity: write subject.quantity[selector] with one of "
                    "schema/quantities.py, or add it there."
                )

    def __str__(self) -> str:
        return self.text()

    def text(self, language: str | None = None) -> str:
        """The fact alone, in a language or in the page's."""
        return _text(self, language or messages.language())

    def record(self) -> dict[str, Any]:
        """The fact as run.json keeps it."""
        kept = {"value": _plain(self.value), "kind": self.kind, "at": self.at, "part_of": self.part_of}
        kept |= {"shown": _plain(self.shown)} if self.shown is not None else {}
        return kept | ({"unit": self.unit} if self.unit else {})


@dataclass(frozen=True, repr=False)
class Claim:
    """A statement: `str()` says it in the page's language, `record()` keeps it for run.json."""

    key: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {name: clause(fact) if isinstance(fact, Claim) else fact for name, fact in self.facts.items()}
        wrong = [name for name, fact in given.items() if not isinstance(fact, Fact)]
        if wrong:
            raise ParameterError(
                f"Claim {self.key!r}: {wrong[0]} is no Fact; wrap it: count(...), name(...)."
            )
        object.__setattr__(self, "facts", MappingProxyType(given))

    def __hash__(self) -> int:
        return hash((self.key, str(self)))

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"{self.key}: {self.text()}".replace(messages.NBSP, " ")

    def text(self, language: str | None = None) -> str:
        """The statement in a language, or in the page's."""
        tag = language or messages.language()
        if not messages.is_message(self.key, language=tag):
            tag = messages.SOURCE
        values = {name: partial(_fluent, fact, tag) for name, fact in self.facts.items()}
        return messages.render(self.key, values, language=tag)

    def texts(self, rows: int) -> np.ndarray:
        """The text of each of so many rows, where facts hold a column of them instead of one value.

        A number is written once for all rows in which it looks the same, the message once for each of its forms.
        """
        tag = messages.language()
        named, keys = messages.choices(self.key, language=tag)
        columns = {one: self.facts[one] for one in named if isinstance(self.facts[one].value, pd.Series)}
        if not columns:
            return np.full(rows, self.text(tag), dtype=object)
        seen, forms = {}, {}
        for one, fact in columns.items():
            seen[one], forms[one] = _column(fact, named[one], keys, tag)
        texts = np.empty(rows, dtype=object)
        for alike in pd.DataFrame(forms).groupby(list(forms), sort=False).indices.values():
            shown = {one: partial(_fluent, self.facts[one], tag) for one in named}
            for one, fact in columns.items():
                hole = seen[one][alike[0]] if named[one] & _WITHIN else f"{messages.HOLE}{one}{messages.HOLE}"
                shown[one] = partial(_fluent, replace(fact, value=fact.value.iloc[alike[0]]), tag, hole)
            pieces = messages.render(self.key, shown, language=tag).split(messages.HOLE)
            texts[alike] = reduce(add, [seen[one][alike] if at % 2 else one for at, one in enumerate(pieces)])
        return texts

    def record(self) -> dict[str, Any]:
        """Key, facts and text, of plain values only."""
        facts = {name: fact.record() for name, fact in self.facts.items()}
        return {"key": self.key, "facts": facts, "text": str(self)}


@dataclass(frozen=True)
class Family:
    """Words of which one is picked by a value of the data: message `<prefix>-<value>`, with - for each _ or dot.

    `facts` are those that `claim` fills its messages with.
    """

    prefix: str
    members: tuple[str, ...]
    facts: tuple[str, ...] = ()

    def key(self, member: str) -> str:
        """The message of a member."""
        return f"{self.prefix}-{re.sub('[._ ]', '-', member)}"

    def all_keys(self) -> Iterator[str]:
        """The messages of all members."""
        return map(self.key, self.members)

    def term(self, member: str) -> Fact:
        """The member as a fact; one that is not known is said as it is called in the data."""
        return term(self.key(member)) if member in self.members else name(member.replace("_", " "))

    def claim(self, member: str, **facts: Any) -> Claim:
        """A message of the family that is filled with facts of its own."""
        return Claim(self.key(member), facts)


STATE_WORDS = Family("state", LIFE_ORDER)
"""What each state of a customer is called: `STATE_WORDS.term("won back")`."""
_STATE_SAYS = Family("state-says", LIFE_ORDER, facts=("times",))
_STATE_ADVICE = Family("state-advice", LIFE_ORDER)
SIGNAL_WORDS = Family("signal", tuple(signal.name for signal in SIGNALS))
_SIGNAL_SAYS = Family("signal-says", SIGNAL_WORDS.members, facts=("times", "likely"))


def state_says(state: str) -> Claim:
    """Who is in a state.

    >>> state_says("lost")
    state-says-lost: Silent for more than twice the longest pause that was to be expected.
    """
    return _STATE_SAYS.claim(state, times=times(LOST_TIMES))


def state_advice(state: str) -> Claim:
    """What to do about those in a state."""
    return _STATE_ADVICE.claim(state)


def signal_says(signal: str) -> Claim:
    """What a signal means.

    >>> signal_says("at risk")
    signal-says-at-risk: Still buys by the state, but has 50 % or more chance of buying nothing in the time ahead.
    """
    return _SIGNAL_SAYS.claim(signal, times=times(LATE_TIMES), likely=share(100 * LIKELY))


def claim(key: str, **facts: Any) -> Claim:
    """A statement: the key of its message, and its facts by the names that the message uses.

    >>> claim("list-quoted", name=name("tea"))
    list-quoted: “tea”
    """
    return Claim(key, facts)


def count(n: Any, *, at: str = "", part_of: str = "") -> Fact:
    """So many; the noun stands in the message: `{ $n } { PLURAL($n, one: "row", other: "rows") }`.

    >>> str(count(2469, at="customers.all")), str(count(12_345)), str(count(None))
    ('2,469', '12,300', 'not known')
    """
    return Fact(n, "count", at, part_of)


def counts(parts: Sequence[int], *, at: Sequence[str] = (), part_of: str = "") -> tuple[list[Fact], Fact]:
    """Parts and their whole, rounded so that they add up.

    >>> parts, whole = counts([8_451, 3_851])
    >>> [str(part) for part in parts], str(whole)
    (['8,500', '3,800'], '12,300')
    """
    shown = numbers.counts_that_add_up(parts)
    places = list(at) or [""] * len(parts)
    made = [
        replace(count(n, at=place, part_of=part_of), shown=seen)
        for n, place, seen in zip(parts, places, shown, strict=True)
    ]
    return made, replace(count(sum(parts), at=part_of), shown=sum(shown))


def shares(parts: Sequence[float], *, at: Sequence[str] = (), part_of: str = "") -> list[Fact]:
    """The share of each part in their sum, rounded so that they make 100 % together.

    >>> [str(part) for part in shares([1, 1, 1])]
    ['34\\xa0%', '33\\xa0%', '33\\xa0%']
    """
    whole = sum(parts) or float("nan")
    places = list(at) or [""] * len(parts)
    return [
        replace(share(100 * part / whole, at=place, part_of=part_of), shown=seen if whole == whole else None)
        for part, place, seen in zip(parts, places, numbers.shares_that_add_up(parts), strict=True)
    ]


def share(pct: Any, *, at: str = "", part_of: str = "") -> Fact:
    """A share, given in percent."""
    return Fact(pct, "share", at, part_of)


def money(x: Any, currency: str = "", *, at: str = "", part_of: str = "") -> Fact:
    """An amount with its currency."""
    return Fact(x, "money", at, part_of, currency)


def points(x: Any, *, at: str = "") -> Fact:
    """A difference of two percentages."""
    return Fact(x, "points", at)


def days(x: Any, *, at: str = "") -> Fact:
    """A time in days."""
    return Fact(x, "days", at)


def times(x: Any, *, at: str = "") -> Fact:
    """A multiple."""
    return Fact(x, "times", at)


def number(x: Any, *, at: str = "") -> Fact:
    """A measure with three figures."""
    return Fact(x, "number", at)


def date(moment: Any, *, at: str = "") -> Fact:
    """A day."""
    return Fact(moment, "date", at)


def month(moment: Any, *, at: str = "") -> Fact:
    """A month of a year, by the name that the language has for it."""
    return Fact(moment, "month", at)


def interval(low: Any, high: Any, kind: str = "number", *, unit: str = "", at: str = "") -> Fact:
    """From one end to the other: kind is "money" (with its currency as unit), "share", "days"...

    >>> str(interval(31, 34, "share"))
    '31\\xa0% to 34\\xa0%'
    """
    return Fact((low, high), f"interval-{kind}", at, unit=unit)


def name(text: Any) -> Fact:
    """Text from data: never read as a message; the message puts it in quotation marks.

    >>> str(name("  FLUID  MILK { $x } "))
    'FLUID MILK { $x }'
    """
    return Fact(text, "name")


def names(items: Iterable[Any], *, limit: int | None = None) -> Fact:
    """Several: texts from data, each in quotation marks, or facts and claims; beyond the limit they are counted.

    >>> str(names(["tea", "milk", "bread"], limit=1))
    '“tea” and 2 more'
    """
    return Fact(tuple(items), "names", limit=limit)


def term(key: str) -> Fact:
    """A word of the message files: of a state, a column, a table. Selectors see its key."""
    return Fact(key, "term")


def clause(inner: Claim) -> Fact:
    """A statement within another one; `claim` makes it of a Claim by itself. Selectors see its key."""
    return Fact(inner, "clause")


def claims_in(*parts: Any) -> list[Claim]:
    """The claims among anything that a block was given."""
    return [part for part in parts if isinstance(part, Claim)]


class _Number(FluentFloat):
    """A number of which selectors see the value, and readers what the house writes."""

    seen: str

    def format(self, locale: Any) -> str:
        return self.seen


class _Text(str, FluentType):
    """Text of which selectors see the key, and readers the words."""

    seen: str

    def format(self, locale: Any) -> str:
        return self.seen


def _column(fact: Fact, how: set[str], keys: set[str], language: str) -> tuple[np.ndarray, np.ndarray]:
    """How each row of a fact is written, and by what its message takes another form."""
    codes, values = pd.factorize(fact.value, use_na_sentinel=False)
    counts = "PLURAL" in how or bool(keys & _PLURALS)

    def form(value: Any) -> str:
        if fact.kind not in NUMBERS:
            return str(value) if str(value) in keys else ""
        if not isfinite(value):
            return "unknown"
        exact = f"{value:g}" if not value or f"{value:g}" in keys else ""
        return exact + messages.locale_of(language).plural_form(value) if counts else exact

    if fact.kind in NUMBERS:
        values = pd.Series(values).to_numpy("float64", na_value=nan).tolist()
        seen = [numbers.of_kind(value, fact.kind, unit=fact.unit, locale=language) for value in values]
    else:
        seen = [_text(replace(fact, value=value), language) for value in values]
    forms = seen if how & _WITHIN else [form(value) if how else "" for value in values]
    return np.array(seen, dtype=object)[codes], pd.factorize(np.array(forms, dtype=object))[0][codes]


def _fluent(fact: Fact, language: str, seen: str = "") -> FluentType:
    seen = seen or _text(fact, language)
    if fact.kind in NUMBERS:
        known = numbers.is_known(fact.value) and isfinite(float(fact.value))
        made = _Number(float(fact.value)) if known else _Text("unknown")
        seen = f"{seen}{messages.HELD}"
    else:
        made = _Text(fact.value.key if fact.kind == "clause" else fact.value)
    made.seen = seen
    return made


def _text(fact: Fact, language: str) -> str:
    if fact.kind.startswith("interval-"):
        low, high = fact.value
        kind = fact.kind.removeprefix("interval-")
        return numbers.interval(low, high, kind=kind, unit=fact.unit, locale=language)
    if fact.shown is not None:
        written = numbers.percent_in_full if fact.kind == "share" else numbers.in_full
        return written(fact.shown, locale=language)
    if said := _SAID.get(fact.kind):
        return said(fact, language)
    return numbers.of_kind(fact.value, fact.kind, unit=fact.unit, locale=language)


def _name_text(fact: Fact, language: str) -> str:
    bare = " ".join(re.sub(f"[{messages.HELD}{messages.NOUN}{messages.HOLE}]", "", str(fact.value)).split())
    return bare if len(bare) <= NAME_LENGTH else f"{bare[: NAME_LENGTH - 1].rstrip()}…"


def _names_text(fact: Fact, language: str) -> str:
    said = [
        item.text(language)
        if isinstance(item, Fact | Claim)
        else claim("list-quoted", name=name(item)).text(language)
        for item in fact.value
    ]
    return numbers.listing(said, limit=fact.limit, locale=language)


_SAID: dict[str, Callable[[Fact, str], str]] = {
    "name": _name_text,
    "names": _names_text,
    "term": lambda fact, language: messages.render(fact.value, language=language),
    "clause": lambda fact, language: fact.value.text(language),
}


def _plain(value: Any) -> Any:
    if isinstance(value, Fact | Claim):
        return value.record()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if not numbers.is_known(value):
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if hasattr(value, "isoformat"):
        return pd.Timestamp(value).date().isoformat()
    return float(value) if isfinite(float(value)) else None
