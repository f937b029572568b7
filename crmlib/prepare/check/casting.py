"""From what an export holds to what a field declares: SQL that reads a value as a type, or as nothing.

Here, too: what was agreed about a table (how fresh it is, the words of a column), and words that look misspelt.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from difflib import SequenceMatcher
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel.numbers import list_currencies
from sqlglot import exp, parse_one

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

    `owner`: who answers for the table.
    `fresh_days` (int or None): The last row lies at most so many days before the closing moment.
    `allowed`: column -> its words, as they should be written.
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


NULL_WORDS = ("", "null", "nan", "\\n", "none", "nat")
"""What exports write where they have nothing; compared in lower case. ``NA`` is not among them: it is Namibia."""

_LONGEST = max(map(len, NULL_WORDS))
_FIRST_OF_NULL = sorted(
    {sign for word in NULL_WORDS for sign in (word[:1].lower(), word[:1].upper()) if sign}
)
_NULL_WORD = f"^(?i:{'|'.join(re.escape(word) for word in NULL_WORDS if word)})$"

PLAIN_DATE_FORMATS = (
    "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y", "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S", "%a, %d %b %Y %H:%M:%S", "%a %b %d %Y %H:%M:%S",
)  # fmt: skip
"""Formats with one possible reading, tried after ISO 8601. 03/04/2020 has two: a workspace states which."""

_BLANKS = " \t\r\n\u00a0\u3000\u202f\u2007\u2009"
_YEARS = (1800, 2200)
MOST = 10**15
"""A number as large as this is no quantity and no amount: digits ran together, or a spreadsheet overflowed."""

ZONE_WORDS = {
    "Z": 0, "UTC": 0, "GMT": 0, "UCT": 0, "WET": 0, "WEST": 60, "CET": 60, "MEZ": 60, "CEST": 120, "MESZ": 120,
    "EET": 120, "EEST": 180, "MSK": 180, "JST": 540, "KST": 540, "HKT": 480, "SGT": 480, "AEST": 600, "AEDT": 660,
    "NZST": 720, "NZDT": 780, "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
    "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
}  # fmt: skip
"""Words of a time zone with one meaning, in minutes from UTC. CST, IST, BST and AST have several: not read."""

_FULL_WIDTH = "".join(map(chr, range(0xFF01, 0xFF5F)))
_HALF_WIDTH = "".join(map(chr, range(0x21, 0x7F)))
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_INVISIBLE = r"[\x00-\x1f\x7f\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{feff}]"
_HOUSE_MARKS = r"\p{Sc}|[A-Z]{1,3}\$|RMB|元|円|圆|圓|원|kr\.?|zł|zl|Kč|Ft|S?Fr\.|lei|руб\.?|лв\.?|RM|Rs\.?|"


@cache
def _marks() -> str:
    """What may stand beside an amount: signs, codes of ISO 4217 and what people write instead."""
    return _HOUSE_MARKS + "|".join(sorted(list_currencies()))


_YES = (
    "('true', 't', 'yes', 'y', '1', '1.0', 'x', 'on', 'ja', 'wahr', 'oui', 'vrai', 'sí', 'si', 'verdadero', 'sim', "
    "'verdadeiro', 'sì', 'vero', '是', '有', 'はい', '有り', '✓', '✔', '☑')"
)
_NO = (
    "('false', 'f', 'no', 'n', '0', '0.0', 'off', 'nein', 'falsch', 'non', 'faux', 'falso', 'não', 'nao', '否', "
    "'不是', '无', '無', 'いいえ', '无', '✗', '✘', '☐')"
)


@lru_cache(maxsize=4096)
def text_literal(value: str) -> str:
    """A text as an SQL literal, quoted by sqlglot."""
    return exp.Literal.string(value).sql(dialect="duckdb")


class Parts:
    """Parts of expressions that many others need: each is computed once, as a column of a step of its own.

    A pattern is made ready wherever it stands in a statement, which costs more than to use it on a small table.
    """

    def __init__(self) -> None:
        self._steps: list[dict[str, str]] = []
        self._names: dict[str, str] = {}

    def __call__(self, sql: str) -> str:
        """The name of the column that holds what `sql` says."""
        if sql not in self._names:
            name = f'"part {len(self._names)}"'
            used = set(re.findall(r'"part \d+"', sql))
            step = 1 + max((i for i, step in enumerate(self._steps) if used & step.keys()), default=-1)
            if step == len(self._steps):
                self._steps.append({})
            self._steps[step][name] = sql
            self._names[sql] = name
        return self._names[sql]

    def over(self, source: str) -> str:
        """A query for the rows of `source` with the parts beside them."""
        for step in self._steps:
            columns = ", ".join(f"{sql} as {name}" for name, sql in step.items())
            source = f"(select *, {columns} from {source})"
        return f"select * from {source}"


Share = Callable[[str], str]


def is_text(sql_type: str) -> bool:
    """Whether the engine holds a column as text."""
    return sql_type.startswith(("VARCHAR", "ENUM")) and not sql_type.endswith("]")


def base_sql(column: str, sql_type: str) -> str:
    """A raw column without the words for nothing: text is trimmed, other types stay as they are."""
    if not is_text(sql_type):
        return f"case when isfinite({column}) then {column} end" if _is_float(sql_type) else column
    column = column if sql_type == "VARCHAR" else f"({column})::varchar"
    seen = f"{column} between '!' and '~~' and right({column}, 1) between '!' and '~'"
    perhaps = " or ".join(
        f"{column} between '{first}' and '{chr(ord(first) + 1)}'" for first in _FIRST_OF_NULL
    )
    trimmed = f"trim({column}, {text_literal(_BLANKS)})"
    trimmed = f"regexp_replace({trimmed}, '^=\"(.*)\"$', '\\1')"  # how a cell is kept from becoming a number
    # Most values have no blank at either end and do not begin like a word for nothing: those are left alone. No part
    # stands twice in what is left, since the engine takes such parts out of a case and computes them for every row.
    return (
        f"case when {seen} and (strlen({column}) > {_LONGEST} or not ({perhaps})) "
        f"and not ({column} between '=' and '>') then {column} "
        f"else nullif(regexp_replace({trimmed}, {text_literal(_NULL_WORD)}, ''), '') end"
    )


def cast_sql(
    field: Field,
    base: str,
    sql_type: str,
    *,
    time_zone: str = "UTC",
    date_formats: Sequence[str] = (),
    decimal: str = ".",
    share: Share = str,
) -> str:
    """SQL that reads `base` (see `base_sql`) as the field's type; null where it cannot be read.

    `share` is asked how a part that is needed more than once is written (see `Parts`); else it is repeated.
    """
    kind = field.type
    if kind in ("id", "text", "list"):
        return _text(field, base, sql_type)
    if kind in ("timestamp", "date"):
        return _moment(kind, base, sql_type, time_zone, date_formats, share)
    if kind == "boolean":
        lowered = f"lower({base}::varchar)"
        return f"case when {lowered} in {_YES} then true when {lowered} in {_NO} then false end"
    if kind == "integer":
        number = share(_number(base, sql_type, "double", decimal, share))
        exact = f"try_cast({base} as bigint)" if not is_text(sql_type) and not _is_float(sql_type) else "null"
        return (
            f"coalesce({exact}, case when {number} = round({number}) and abs({number}) < {MOST} "
            f"then try_cast({number} as bigint) end)"
        )
    if kind == "money":
        return _number(base, sql_type, "decimal(18, 4)", decimal, share)
    percent = 0.01 if kind == "share" else 1 if field.name.endswith("_pct") else None
    number = share(_number(base, sql_type, "double", decimal, share, percent=percent))
    return f"case when abs({number}) < {MOST} then {number} end"


def _is_float(sql_type: str) -> bool:
    return sql_type in ("DOUBLE", "FLOAT")


def _text(field: Field, base: str, sql_type: str) -> str:
    text = base
    if _is_float(sql_type):
        whole = f"{base} = round({base}) and abs({base}) < {MOST}"
        text = f"case when {whole} then try_cast({base} as bigint)::varchar else {base}::varchar end"
    elif sql_type != "VARCHAR":
        text = f"{base}::varchar"
    if field.type == "id" and is_text(sql_type):
        text = f"case when {hidden_sql(base)} then {_plain_id(base)} else {base} end"
    return f"lower({text})" if field.allowed else text


def hidden_sql(text: str) -> str:
    """Whether a text may hold what nobody sees: signs outside ASCII, line breaks, a spreadsheet's mark of text."""
    inside = " or ".join(f"contains({text}, chr({code}))" for code in (9, 10, 13))
    return f"(strlen({text}) > length({text}) or {text}[1] in ('''', '`') or {inside})"


def _plain_id(text: str) -> str:
    """An identifier without characters that nobody sees, full width made half, one kind of dash, accents composed."""
    seen = f"regexp_replace(ltrim({text}, '''`'), {text_literal(_INVISIBLE)}, '', 'g')"
    wide = _FULL_WIDTH + "\u00a0\u202f\u2007\u2009\u3000" + _DASHES
    narrow = _HALF_WIDTH + "     " + "-" * len(_DASHES)
    half = f"translate({seen}, {text_literal(wide)}, {text_literal(narrow)})"
    return f"nullif(trim(nfc_normalize({half}), {text_literal(_BLANKS)}), '')"


def mark_sql(text: str) -> str:
    """The currency mark that stands before or behind a number written as text, or ''."""
    before = text_literal(rf"^[^\d]*?({_marks()})[^\d\pL]*\d")
    behind = text_literal(rf"\d[^\d\pL]*?({_marks()})[^\d\pL]*$")
    return f"coalesce(nullif(regexp_extract({text}, {before}, 1), ''), regexp_extract({text}, {behind}, 1))"


def _number(
    base: str, sql_type: str, target: str, decimal: str, share: Share, *, percent: float | None = None
) -> str:
    if not is_text(sql_type):
        return "null" if sql_type == "BOOLEAN" else f"try_cast({base} as {target})"
    plain = share(f"regexp_full_match({base}, '-?[0-9]+(\\{decimal}[0-9]+)?')")
    simple = f"case when {plain} then {_dotted(base, decimal)} end"
    # The engine takes repeated parts out of a case and computes them for every row: plain rows give them nothing to do.
    odd = share(f"case when not {plain} then {base} end")
    slow = f"try_cast({_canonical(odd, decimal, share)} as {target})"
    if percent is not None:
        stem = rf"regexp_extract({odd}, '^([^%％]*[^%％\s])\s*[%％]$', 1)"
        slow = f"coalesce({slow}, {percent} * try_cast({_canonical(stem, decimal, share)} as {target}))"
    return f"coalesce(try_cast({simple} as {target}), {slow})"


def _dotted(text: str, decimal: str) -> str:
    return text if decimal == "." else f"replace({text}, {text_literal(decimal)}, '.')"


_SIGNS_THEN_DIGITS = r"\1\3\7\2\4\6#\5"


def _canonical(text: str, decimal: str, share: Share) -> str:
    """A number however it is written, as SQL reads it: signs and marks on either side, digits in groups."""
    narrow = _FULL_WIDTH + _DASHES + "\u00a0\u202f\u2007\u2009\u3000\u2019\u02bc"
    wide = _HALF_WIDTH + "-" * len(_DASHES) + "     \u0027\u0027"
    plain = f"translate(ltrim({text}, '''`'), {text_literal(narrow)}, {text_literal(wide)})"
    # 5,- and 5.-- are a whole amount, as prices are written, and no debt.
    plain = f"regexp_replace({plain}, '(\\d)[.,]--?([^\\d]|$)', '\\1\\2')"
    mark, blank = f"(?:{_marks()})?", " *"
    around = (
        rf"^(\()?{blank}([+-]?){blank}{mark}{blank}(\(?){blank}([+-]?){blank}"
        r"(\d[\d.,' ]*[\d.,]|\d|[.,]\d+|\d[\d.,]*[eE][+-]?\d+)"
        rf"{blank}{mark}{blank}([+-]?){blank}{mark}{blank}(\)?){blank}{mark}$"
    )
    signed = f"regexp_replace({plain}, {text_literal(around)}, '{_SIGNS_THEN_DIGITS}')"
    minus = f"regexp_replace({signed}, '^(\\(\\)|-)#', '-')"
    bare = share(f"regexp_replace({minus}, '^\\+?#', '')")
    comma, point = (",", r"\.") if decimal == "." else (r"\.", ",")
    groups = [rf"\d{{1,3}}({sign}\d{{3}})+" for sign in (comma, " ", "'")]
    indian = r"|\d{1,2}(,\d{2})+,\d{3}" if decimal == "." else ""
    grouped = rf"-?({'|'.join(groups)}{indian})({point}\d*)?"
    lone = rf"[+-]?(\d+{point}?\d*|{point}\d+)([eE][+-]?\d+)?"
    between = text_literal(f"[{comma} ']")
    closed = f"regexp_replace({bare}, {between}, '', 'g')"
    return (
        f"case when regexp_full_match({bare}, {text_literal(grouped)}) then {_dotted(closed, decimal)} "
        f"when regexp_full_match({bare}, {text_literal(lone)}) then {_dotted(bare, decimal)} end"
    )


_DAY = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_ISO = rf"{_DAY}(?:[ T]+{_CLOCK})?"
_HALF_DAY = r" *([AaPp])\.? ?[Mm]\.?"
_HALF_DAY_FORMATS = tuple(
    f"{day} {clock}" for day in ("%Y-%m-%d", "%Y/%m/%d") for clock in ("%I:%M:%S %p", "%I:%M %p")
)


_WORDS = "|".join(ZONE_WORDS)
_ZONE_TAIL = (
    r"(?i)^(.*?(?:\d:\d{2}(?:[:.]\d+)*|\dT\d{4,6}|\d\d{5})(?: *[AP]\.? ?M\.?)?) *"
    rf"(?:({_WORDS})|(?:UTC|GMT)?([+−-]\d{{1,2}}(?::?\d{{2}})?)(?: *\((?:{_WORDS})\))?)$"
)
"""What stands before a zone, the zone's word, or the offset from UTC."""

_MAYBE_ZONE = r"[A-Za-z)]$|[+−-]\d{1,2}(?::?\d{2})?$"
"""How a time ends that may have a zone; told fast."""


def _moment(
    kind: str, base: str, sql_type: str, time_zone: str, date_formats: Sequence[str], share: Share
) -> str:
    zone = text_literal(time_zone)
    if sql_type in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"):
        base = f"({base})::timestamptz"
        utc = f"timezone('UTC', {base})"
        return utc if kind == "timestamp" else f"timezone({zone}, {base})::date"
    if is_text(sql_type):
        return _written_moment(kind, base, zone, date_formats, share)
    naive = (
        _sane(f"try_cast({base} as timestamp)")
        if sql_type.startswith(("TIMESTAMP", "DATE"))
        else "null::timestamp"
    )
    return f"({naive})::date" if kind == "date" else _to_utc(naive, zone)


def _written_moment(kind: str, base: str, zone: str, date_formats: Sequence[str], share: Share) -> str:
    """A moment written as text: with the zone or offset that stands behind it, else by the workspace's clocks."""
    inner = tuple(form for form in date_formats if re.search("%[zZ].*%", form))
    outer = tuple(re.sub(r"\s*%[zZ]$", "", form) for form in date_formats if form not in inner)
    tail = text_literal(_ZONE_TAIL)
    if all(form.isascii() for form in date_formats):
        wide = f"strlen({base}) > length({base})"
        base = share(f"case when {wide} then {_plain_moment(base)} else ltrim({base}, '''`') end")
    plain = share(f"regexp_full_match({base}, {text_literal(_ISO)})")
    slow_only = "" if date_formats else f"not {plain} and "
    told = f"case when {slow_only}regexp_matches({base}, {text_literal(_MAYBE_ZONE)}) then {base} end"
    parts = share(f"regexp_extract({told}, {tail}, ['stem', 'word', 'signed'])")
    stem, word, offset = (f"({parts}).{part}" for part in ("stem", "word", "signed"))
    zoned = f"coalesce({stem} <> '', false)"
    iso = not any(re.match("%Y.?%[de]", form) for form in date_formats)
    moment = share(
        f"({_naive(stem, outer, share, iso=iso)} - {_minutes(word, offset, share)} * interval 1 minute)"
    )
    if inner:
        forms = ", ".join(map(text_literal, inner))
        moment = share(
            f"coalesce(timezone('UTC', try_strptime({base}, [{forms}])), case when {zoned} then {moment} end)"
        )
        zoned = f"{moment} is not null"
    odd = base if date_formats else share(f"case when not {plain} then {base} end")
    naive = _sane(share(_naive(odd, outer, share, iso=iso)))
    if kind == "date":
        local = share(f"timezone({zone}, timezone('UTC', {moment}))")
        slow = f"case when {zoned} then ({_sane(local)})::date else ({naive})::date end"
    else:
        slow = f"case when {zoned} then {_sane(moment)} else {_to_utc(naive, zone)} end"
    if date_formats:
        return slow
    fast = _sane(share(f"try_cast({base} as timestamp)"))
    fast = f"({fast})::date" if kind == "date" else _to_utc(fast, zone)
    return f"case when {plain} then {fast} else {slow} end"


_MORNING, _EVENING = "上午|午前|오전|凌晨|早上", "下午|午後|오후|晚上"
_DAY_SIGNS = (
    (_INVISIBLE, ""),
    (r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일号號]?", r"\1-\2-\3 "),
    (r"(\d) ?[时時点點시] ?(\d{1,2}) ?[分분]", r"\1:\2:"),
    (r"(:\d{1,2}) ?[秒초]|:( *[^\d ]|$)", r"\1\2"),
    (r"\((?:[月火水木金土日一二三四五六월화수목금토일])\)", " "),
    (rf"(?:{_MORNING}) *([\d:]+)|(\d+:[\d:]+) *(?:{_MORNING})", r"\1\2 AM"),
    (rf"(?:{_EVENING}) *([\d:]+)|(\d+:[\d:]+) *(?:{_EVENING})", r"\1\2 PM"),
    (" +", " "),
)
"""How days and times are written in Chinese, Japanese and Korean, and what stands for it in ISO 8601."""


def _plain_moment(text: str) -> str:
    """A moment with signs outside ASCII: full width made half, one kind of dash, East Asian dates as ISO 8601."""
    wide = _FULL_WIDTH + "\u00a0\u202f\u2007\u2009\u3000" + _DASHES
    half = _HALF_WIDTH + "     " + "-" * len(_DASHES)
    sql = f"translate({text}, {text_literal(wide)}, {text_literal(half)})"
    for pattern, written in _DAY_SIGNS:
        sql = f"regexp_replace({sql}, {text_literal(pattern)}, {text_literal(written)}, 'g')"
    return f"trim({sql})"


def _naive(text: str, date_formats: Sequence[str], share: Share, *, iso: bool) -> str:
    """A moment without a zone: by ISO 8601 where it may be, by the stated formats, by those with one reading."""
    halved = rf"regexp_replace({text}, {text_literal(_HALF_DAY + '$')}, ' \1M')"
    forms = (*date_formats, *PLAIN_DATE_FORMATS, *(_HALF_DAY_FORMATS if iso else ()))
    tried = f"try_strptime({halved}, [{', '.join(map(text_literal, forms))}])"
    # The engine reads the words epoch and infinity as moments.
    tried = f"case when regexp_matches({text}, '[0-9]') then {tried} end"
    if not iso:
        return tried
    whole = (
        f"case when regexp_full_match({text}, {text_literal(_ISO)}) then try_cast({text} as timestamp) end"
    )
    return f"coalesce({whole}, {tried})"


def _minutes(word: str, offset: str, share: Share) -> str:
    """Minutes from UTC that a zone's word or an offset such as +0530 says."""
    words, each = (text_literal(",".join(map(str, some))) for some in (ZONE_WORDS, ZONE_WORDS.values()))
    # Lists as one text: the engine would plan each branch of a case.
    named = f"string_split({each}, ',')[list_position(string_split({words}, ','), upper({word}))]::integer"
    digits = share(f"regexp_replace({offset}, '\\D', '', 'g')")
    hours = f"try_cast(case when length({digits}) > 2 then {digits}[:-3] else {digits} end as integer)"
    minutes = f"try_cast(case when length({digits}) > 2 then {digits}[-2:] else '0' end as integer)"
    sign = f"case when {offset}[1] = '+' then 1 else -1 end"
    sum_ = f"case when {hours} <= 14 and {minutes} < 60 then {sign} * ({hours} * 60 + {minutes}) end"
    return f"(case when {word} <> '' then {named} else {sum_} end)"


def _sane(moment: str) -> str:
    return f"case when year({moment}) between {_YEARS[0]} and {_YEARS[1]} then {moment} end"


def _to_utc(naive: str, zone: str) -> str:
    return naive if zone == "'UTC'" else f"timezone('UTC', timezone({zone}, {naive}))"


@cache
def _days_that_skip(time_zone: str) -> tuple[date, ...]:
    """The days, in UTC, on which the clocks of a zone go forward."""
    zone, days = ZoneInfo(time_zone), [date(1990, 1, 1) + timedelta(days=n) for n in range(50 * 365)]
    moments = [datetime(one.year, one.month, one.day, tzinfo=UTC).astimezone(zone) for one in days]
    offsets = [moment.utcoffset() or timedelta() for moment in moments]
    return tuple(day for day, now, then in zip(days, offsets, offsets[1:], strict=False) if now < then)


def skipped_sql(base: str, typed: str, *, time_zone: str) -> str:
    """Whether a written moment is one that the clocks of the zone skipped; "" where they never do."""
    days = ", ".join(f"{text_literal(str(day))}::date" for day in _days_that_skip(time_zone))
    written, zone = f"({base})::varchar", text_literal(time_zone)
    shown = f"timezone({zone}, timezone('UTC', {typed}))"
    told = f"regexp_full_match({written}, {text_literal(_ISO)})"
    gap = f"{told} and try_cast({written} as timestamp) is distinct from {shown}"
    return f"case when ({typed})::date in ({days}) then {gap} else false end" if days else ""


NUMBER_PREFIX = "number of "

_ARITHMETIC = (
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg, exp.Abs, exp.Round, exp.Floor, exp.Ceil,
    exp.Sqrt, exp.Ln, exp.Log, exp.Exp, exp.Pow, exp.Sign, exp.Sum, exp.Avg, exp.Median, exp.Stddev, exp.Variance,
)  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_PASSING = (
    exp.Paren, exp.Coalesce, exp.Case, exp.If, exp.Greatest, exp.Least, exp.Nullif, exp.Max, exp.Min,
    exp.IgnoreNulls, exp.FirstValue, exp.LastValue, exp.Lag, exp.Lead,
)  # fmt: skip


def numbers_in(sql: str, *, text_columns: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """Where an expression reckons with columns of text, let it read their numbers instead."""
    if re.fullmatch(r'"[^"]+"', sql):
        return sql, ()
    tree = parse_one(sql, dialect="duckdb")
    used: dict[str, None] = {}
    for column in list(tree.find_all(exp.Column, bfs=False)):
        if column.name in text_columns and _number_is_meant(column):
            used[column.name] = None
            numeric = exp.column(exp.to_identifier(NUMBER_PREFIX + column.name, quoted=True))
            tree = numeric if column is tree else tree
            column.replace(numeric)
    return (tree.sql(dialect="duckdb"), tuple(used)) if used else (sql, ())


def _number_is_meant(node: exp.Expr) -> bool:
    parent = node.parent
    while parent is not None:
        if isinstance(parent, _ARITHMETIC):
            return True
        if isinstance(parent, _COMPARISONS):
            return any(_is_number(child) for child in parent.iter_expressions() if child is not node)
        condition = isinstance(parent, exp.If) and parent.this is node
        over = isinstance(parent, exp.Window | exp.Filter) and parent.this is node
        if condition or not (over or isinstance(parent, _PASSING)):
            return False
        node, parent = parent, parent.parent
    return False


def _is_number(node: exp.Expr) -> bool:
    inner = node.this if isinstance(node, exp.Neg) else node
    return isinstance(inner, exp.Literal) and not inner.is_string
