"""Checks compiled, each to a condition, a policy and a bit in the row's record of findings; and their report."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from crmlib.prepare.check.casting import hidden_sql, mark_sql, skipped_sql, text_literal
from crmlib.prepare.engine import Engine, EngineError
from crmlib.schema.errors import ConfigError, CrmlibError, SchemaError, SourceError, nearest
from crmlib.schema.fields import POLICIES, Field, TableSpec

SUMMARY_COLUMNS = ("table", "check", "column", "policy", "rows", "share_pct", "says")
COUNT_COLUMNS = ("table", "rows_read", "rows_accepted", "rows_set_aside")
SOURCE_COLUMNS = ("table", "file", "rows_read", "fingerprint", "note")
NOTICE_COLUMNS = ("table", "says")
IDENTITY_COLUMNS = ("source", "sign", "records", "joined", "shared", "rows_named", "right_pct", "found_pct")


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Every check of every table, counted; nothing read is missing from it.

    Attributes
    ----------
    summary : DataFrame
        `table`, `check`, `column`, `policy` (set_aside, mend, warn), `rows`, `share_pct` (of the rows read),
        `says`; one row a check that found something.
    counts : DataFrame
        `table`, `rows_read`, `rows_accepted`, `rows_set_aside`; always read = accepted + set aside.
    set_aside : mapping of table -> DataFrame
        The rows as they were read, with `reason`, `file` and `row` in front.
    sources : DataFrame
        `table`, `file`, `rows_read`, `fingerprint` (SHA-256), `note`: what was read, and how.
    notices : DataFrame
        `table`, `says`: what was taken without being stated, such as an encoding, and what is odd about a whole
        file or table.
    missing : tuple of str
        The tables of the vocabulary that the workspace does not have.
    identities : DataFrame
        With ``[identity]``: `source` (a table), `sign` (customer_id, email, phone, handle, visitor_id, order_id: by
        what its customers are known), `records` (different signs), `joined` (those of one customer; in the first row
        the customers that the records became), `shared` (of several), `rows_named` (rows that now name one);
        `right_pct`, `found_pct` (first row: of what was joined, and of what is one; 95 percent sure to be no less).

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib import check_tables
    >>> lines = pd.DataFrame({"order_id": ["1", None], "product_id": ["a", "b"], "net_amount": [5.0, 6.0],
    ...                       "ordered_at": ["2020-01-01", "2020-01-02"]})
    >>> report = check_tables({"transactions": lines})
    >>> report.counts.to_dict("records")
    [{'table': 'transactions', 'rows_read': 2, 'rows_accepted': 1, 'rows_set_aside': 1}]
    >>> report.set_aside["transactions"].reason.item()
    'missing_required (order_id): have no order_id'
    """

    summary: pd.DataFrame
    counts: pd.DataFrame
    set_aside: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    sources: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SOURCE_COLUMNS)))
    notices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(NOTICE_COLUMNS)))
    missing: tuple[str, ...] = ()
    identities: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(IDENTITY_COLUMNS)))

    @property
    def rows_read(self) -> int:
        """Rows read over all tables.

        Examples
        --------
        >>> CheckReport(summary=pd.DataFrame(), counts=pd.DataFrame({"rows_read": [2, 3]})).rows_read
        5
        """
        return int(self.counts["rows_read"].sum())

    @property
    def rows_set_aside(self) -> int:
        """Rows set aside over all tables.

        Examples
        --------
        >>> CheckReport(summary=pd.DataFrame(), counts=pd.DataFrame({"rows_set_aside": [1]})).rows_set_aside
        1
        """
        return int(self.counts["rows_set_aside"].sum())

    def _repr_html_(self) -> str:
        heading = f"{self.rows_read:,} rows read, {self.rows_set_aside:,} set aside"
        return (
            f"<p>{escape(heading)}</p>{self.counts.to_html(index=False)}{self.summary.to_html(index=False)}"
        )


def join_summaries(summaries: list[pd.DataFrame], counts: pd.DataFrame) -> pd.DataFrame:
    """One summary of all tables: only checks that found something, with their share of the rows read."""
    joined = (
        pd.concat(summaries, ignore_index=True) if summaries else pd.DataFrame(columns=list(SUMMARY_COLUMNS))
    )
    joined = joined[joined["rows"] > 0].reset_index(drop=True)
    read = joined["table"].map(counts.set_index("table")["rows_read"])
    joined["share_pct"] = (100 * joined["rows"].astype(float) / read.astype(float)).astype(float)
    return joined[list(SUMMARY_COLUMNS)]


MAX_FINDINGS = 62
"""Findings are bits of one signed 64-bit number."""

MOMENT_TYPES = ("timestamp", "date")
TEXT_TYPES = ("id", "text", "list")

FIELD_CHECKS = (
    "missing_required", "wrong_type", "unparsable_date", "out_of_range", "not_allowed", "other_currency", "ruined_id",
    "skipped_hour",
    "placeholder",
)  # fmt: skip
ROW_CHECKS = (
    "unreadable_record", "filtered", "isolated_future", "after_as_of", "duplicate_key", "exact_duplicate",
    "orphan_key", "hidden_characters", "total_row", "vanished", "misspelt", "not_agreed", "stale",
)  # fmt: skip

TOTAL_WORDS = (
    "total|totals|grand total|sub total|subtotal|sum|summe|gesamt|gesamtsumme|zwischensumme|"
    "insgesamt|gesamtergebnis|teilergebnis|ergebnis|übertrag|total général|total general|sous-total|somme|"
    "totale|totale generale|subtotale|suma|soma|razem|ogółem|celkem|mezisoučet|spolu|ukupno|skupaj|összesen|"
    "totaal|eindtotaal|subtotaal|totalt|summa|i alt|yhteensä|samtals|kokku|toplam|genel toplam|ara toplam|"
    'σύνολο|итого|итог|всего|tổng|tổng cộng|jumlah|รวม|المجموع|الإجمالي|סך הכל|סה"כ|[Σ∑]|'
    "([本当當][日周週月季年页頁])?(合计|小计|合計|小計)|总计|總計|総計|総合計|累计|累計|합계|총계|소계|누계"
)
"""What stands in place of an order's number in a row that sums up others, as a pattern."""

PLACEHOLDERS = (
    "guest|guest user|guest customer|unknown|unknown customer|n/a|na|n\\.a\\.|nil|undefined|tbd|"
    "test|test customer|test user|anonymous|anonym|walk-in|walk in|walkin|no customer|"
    "not available|not set|\\((blank|none|not set|null)\\)|gast|unbekannt|invité|inconnu|"
    "desconocido|invitado|convidado|desconhecido|ospite|匿名|游客|访客|散客|未知|ゲスト|不明|"
    "no ?name|cash customer|cash sale|counter sale|laufkunde|laufkundschaft|barverkauf|(kein|ohne) kunde|"
    "keine angabe|k\\.a\\.|n\\.n\\.|sans nom|client (comptoir|de passage)|cliente (gen[eé]rico|mostrador|occasionale)|"
    "consumidor final|p[uú]blico general|sin nombre|s/n|無|无|未登录|未登録|未注册|非会员|비회원|게스트|гость|"
    "(guest|no-?reply)@.*"
)
"""What systems write where nobody knows who the customer is, as a pattern; lower case."""

_ERRORS = r"###+|#n/?[adv]|#[^\s0-9]+[!?]|#div/0!"
_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mai|okt|dez)[a-z]*"
_RUINED = (
    r"(?i)[+-]?\d([.,]\d+)?E\+\d+|\d{4}-\d{2}-\d{2}[ T]00:00:00(\.0+)?"
    r"|\d+\.0|[1-9]\d{14}000+|[\[{].*[\]}]"
    rf"|\d{{1,2}}[-. ]{_MONTH}([-. ]\d{{2,4}})?|{_MONTH}[-. ]\d{{2,4}}|{_ERRORS}"
)
_SIGNS = {
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥ ￥ 円 圓",
    "CNY": "¥ ￥ 元 RMB CN¥",
    "KRW": "₩ 원",
    "INR": "₹ RS RS.",
    "PLN": "ZŁ ZL",
    "CZK": "KČ",
    "HUF": "FT",
    "CHF": "FR. SFR.",
    "TRY": "₺",
    "UAH": "₴",
    "VND": "₫",
    "ILS": "₪",
    "THB": "฿",
    "MYR": "RM",
    "RON": "LEI",
    "BGN": "ЛВ ЛВ.",
    "RUB": "₽ РУБ РУБ.",
    "SEK": "KR KR.",
    "NOK": "KR KR.",
    "DKK": "KR KR.",
    "ISK": "KR KR.",
    "BRL": "R$ $",
    "USD": "$ US$",
    "TWD": "NT$ $ 元",
    "HKD": "HK$ $ 元",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that may be wrong with a row, and what is done about it.

    `check`: Its name, as in crm.toml.
    `column`: the column it looks at, or "".
    `policy`: "set_aside", "mend" or "warn".
    `says`: what is wrong, as the end of a sentence that begins with a number of rows.
    `condition`: SQL over the staged row that is true where it is wrong; "" where a query finds the rows.
    """

    check: str
    column: str
    policy: str
    says: str
    condition: str = ""

    @property
    def reason(self) -> str:
        """What stands beside a row that was set aside."""
        return f"{self.check}{f' ({self.column})' if self.column else ''}: {self.says}"


OUTCOME_WORDS = {
    "won": "won|win|gewonnen|gagn|ganad|ganh|vint|success|accepted|signed|赢|贏|成交|受注|成约",
    "lost": "lost|lose|loss|verloren|perdu|perdid|reject|cancel|abandon|输|輸|丢|失|败",
}
"""Parts of words that exports use for the outcome of a deal, lower case."""


def mapping_remedy(field: Field, expression: str, values: Sequence[str]) -> str:
    """A line for crm.toml that brings the values that were seen to those that are allowed."""
    pairs = []
    for value in values:
        lower = value.lower()
        near = [one for one in field.allowed if one in lower]
        near += [one for one, parts in OUTCOME_WORDS.items() if re.search(parts, lower)]
        right = next((one for one in near if one in field.allowed), "open" if "open" in field.allowed else "")
        if right:
            pairs.append(f"when {text_literal(lower)} then {text_literal(right)}")
    whole = f"case lower({expression}) {' '.join(pairs)} end"
    return f" Map them: {field.name} = {{ sql = '''{whole}''' }}" if pairs else ""


def check_names(spec: TableSpec) -> tuple[str, ...]:
    """Every check that a table may have a policy for."""
    return (*FIELD_CHECKS, *ROW_CHECKS, *(check.name for check in spec.checks))


def policy_of(check: str, column: str, default: str, policies: Mapping[str, str], *, table: str = "") -> str:
    """The policy that a workspace states for a check, else the default."""
    policy = policies.get(f"{check}.{column}", policies.get(check, default))
    if policy not in POLICIES:
        raise ConfigError(
            f"tables.{table}.checks.{check}: {policy!r} is no policy.{nearest(policy, POLICIES)}"
        )
    return policy


def field_findings(
    spec: TableSpec,
    mapped: tuple[str, ...],
    policies: Mapping[str, str],
    *,
    currency: str = "",
    time_zone: str = "UTC",
) -> list[Finding]:
    """The findings that the mapped fields of a table declare; conditions over ``b_<name>`` and ``t_<name>``."""
    found: list[Finding] = []

    def add(field: Field, check: str, default: str, says: str, condition: str) -> None:
        policy = policy_of(check, field.name, default, policies, table=spec.name)
        found.append(Finding(check=check, column=field.name, policy=policy, says=says, condition=condition))

    identifiers = [field for field in spec.fields if field.name in mapped and field.type == "id"]
    if identifiers:
        found += _identifier_findings(spec, identifiers, policies)
    for column in spec.fields:
        if column.name not in mapped:
            continue
        base, typed = f'"b_{column.name}"', f'"t_{column.name}"'
        strict = "set_aside" if column.required else "mend"
        if column.required:
            add(column, "missing_required", "set_aside", f"have no {column.name}", _missing(column))
        if column.type in MOMENT_TYPES:
            says = f"have {with_article(column.name)} that is no date as written (state date_formats in crm.toml)"
            add(column, "unparsable_date", strict, says, f"{base} is not null and {typed} is null")
            if column.type == "timestamp" and (skipped := skipped_sql(base, typed, time_zone=time_zone)):
                says = f"have {with_article(column.name)} in the hour that the clocks of {time_zone} skip in spring"
                add(column, "skipped_hour", "warn", says, skipped)
        elif column.type not in TEXT_TYPES:
            says = f"have {with_article(column.name)} that is no {_TYPE_WORDS[column.type]}"
            add(column, "wrong_type", strict, says, f"{base} is not null and {typed} is null")
        if column.minimum is not None or column.maximum is not None:
            low, high = column.minimum, column.maximum
            parts = [
                f"{typed} < {low}" if low is not None else "",
                f"{typed} > {high}" if high is not None else "",
            ]
            says = f"have {with_article(column.name)} {_range_words(low, high)}"
            add(column, "out_of_range", strict, says, " or ".join(part for part in parts if part))
        if column.type == "money" and currency:
            own = (currency, *_SIGNS.get(currency, f"$ {currency[:2]}$").split())
            marks = ", ".join(text_literal(mark) for mark in own)
            written = f"({base})::varchar"
            other = f"upper({mark_sql(written)}) not in ('', {marks})"
            says = (
                f"have {with_article(column.name)} with the mark of another currency than {currency}; "
                "nothing is converted"
            )
            plain = f"regexp_full_match({written}, '[-+0-9.,]*')"
            add(column, "other_currency", "warn", says, f"not {plain} and {other}")
        if column.allowed:
            values = ", ".join(text_literal(value) for value in column.allowed)
            default = "set_aside" if column.required else "warn"
            says = f"have {with_article(column.name)} that is none of: {', '.join(column.allowed)}"
            add(column, "not_allowed", default, says, f"{typed} not in ({values})")
    return found


def _missing(field: Field) -> str:
    base, typed = f'"b_{field.name}"', f'"t_{field.name}"'
    return f"{base} is null or {typed} is null" if field.type == "id" else f"{base} is null"


def _identifier_findings(
    spec: TableSpec, identifiers: list[Field], policies: Mapping[str, str]
) -> list[Finding]:
    """Characters that nobody sees, numbers that a spreadsheet rewrote, and rows that sum up others."""
    hidden = [
        f'({hidden_sql(text)} and {text} is distinct from "t_{one.name}")'
        for one in identifiers
        for text in [f'("b_{one.name}"::varchar)']
    ]
    found = [
        Finding(
            check="hidden_characters",
            column="",
            policy=policy_of("hidden_characters", "", "mend", policies, table=spec.name),
            says=f"have invisible or full-width characters in {' or '.join(one.name for one in identifiers)}; "
            "they were taken out",
            condition=" or ".join(hidden),
        )
    ]
    for one in identifiers:
        says = (
            f"have {with_article(one.name)} that a spreadsheet rewrote as a number, date or error, or that is a "
            "list or an object: several may have become one. Export the column as text"
        )
        policy = policy_of("ruined_id", one.name, "warn", policies, table=spec.name)
        wrong = f'regexp_full_match("t_{one.name}", {text_literal(_RUINED)})'
        found.append(Finding(check="ruined_id", column=one.name, policy=policy, says=says, condition=wrong))
    exact = text_literal(rf"(?i)({TOTAL_WORDS})[ :]*")
    if any(one.name == "customer_id" and not one.key for one in identifiers):
        says = "say Total where customer_id stands: they may sum up other rows"
        policy = policy_of("total_row", "customer_id", "warn", policies, table=spec.name)
        said = text_literal(rf"(?i)(.+ )?({TOTAL_WORDS})[ :]*")
        wrong = f'regexp_full_match("t_customer_id", {said})'
        found.append(
            Finding(check="total_row", column="customer_id", policy=policy, says=says, condition=wrong)
        )
    own = [one for one in spec.fields if one in identifiers and (one.key or one.required)]
    own = [
        one for one in own if one.references not in ("customers", "contacts") and one.name != "customer_id"
    ]
    if own:
        ended = text_literal(rf"(?i)(({TOTAL_WORDS})([ :].*)?|.* ({TOTAL_WORDS}))")
        # Goods may be called so: Total Care, Colgate Total.
        sums = " or ".join(
            f'regexp_full_match("t_{one.name}", {ended if one.key and one.name != "product_id" else exact})'
            for one in own
        )
        policy = policy_of("total_row", "", "set_aside", policies, table=spec.name)
        says = f"say Total where {' or '.join(one.name for one in own)} stands: they sum up other rows"
        found.append(Finding(check="total_row", column="", policy=policy, says=says, condition=f"({sums})"))
    return found


def placeholder_rows(column: str) -> str:
    """A query for the rows of ``{rows}`` whose customer is a word for nobody, or a number that stands for nobody.

    0 and 9999 may be customers: they count as nobody where they buy far more often than the others, where the
    others are no numbers, or have more digits.
    """
    numbered = "(test|guest|dummy)[ _-]?(user|customer|account)?[ _-]?[0-9]*"
    nobody = text_literal(rf"[-–—_.?*]+|xx+|-(1|9+)|{_ERRORS}|{numbered}|{PLACEHOLDERS}")
    return f"""
        with held as (
            select "{column}" as held, count(*) as n from {{rows}} where "{column}" is not null group by all
        ),
        marked as (
            select *, regexp_full_match(lower(held), {nobody}) as word,
                regexp_full_match(held, '0+([.]0+)?|9{{{{4,}}}}') as digits
            from held
        ),
        others as (
            select avg(n) as usual, min(length(held)) as shortest,
                avg(case when regexp_full_match(held, '[0-9]+') then 1.0 else 0.0 end) as numbers
            from marked where not word and not digits
        )
        select rowid from {{rows}} where "{column}" in (
            select held from marked, others
            where word or digits and (n >= 10 and n >= 5 * usual or numbers < 0.5 or length(held) < shortest)
        )
    """


def table_findings(
    spec: TableSpec, mapped: tuple[str, ...], policies: Mapping[str, str]
) -> list[tuple[Finding, bool]]:
    """The findings of the table's own checks whose columns are mapped, each with whether it is a query."""
    return [
        (
            Finding(
                check=check.name,
                column=check.column,
                policy=policy_of(check.name, check.column, check.policy, policies, table=spec.name),
                says=check.says,
                condition=check.sql,
            ),
            check.whole_table,
        )
        for check in spec.checks
        if all(name in mapped for name in check.needs)
    ]


def refuse_unknown(
    spec: TableSpec, mapped: tuple[str, ...], policies: Mapping[str, str], theirs: Sequence[str] = ()
) -> None:
    """Refuse a table without its required columns, and policies of checks and columns that are not there."""
    missing = [name for name in spec.required if name not in mapped]
    if missing:
        raise SchemaError(
            f"{spec.name} has no column {', '.join(missing)} (has: {', '.join(mapped) or 'none'}). "
            f"Map it in crm.toml under [tables.{spec.name}.columns].{_columns_seen(theirs)}"
        )
    for key in policies:
        check, _, column = key.partition(".")
        if check not in check_names(spec):
            raise ConfigError(
                f"tables.{spec.name}.checks.{check}: no such check.{nearest(check, check_names(spec))}"
            )
        if column and column not in spec.names:
            raise ConfigError(
                f"tables.{spec.name}.checks.{check}.{column}: no such column.{nearest(column, spec.names)}"
            )


def _columns_seen(theirs: Sequence[str]) -> str:
    """What a reader has to map from, as a sentence; one column alone was mostly not cut."""
    shown = ", ".join([*(repr(name[:60]) for name in theirs[:12]), *(["..."] if len(theirs) > 12 else [])])
    cut = " If they were not cut where they should be, state delimiter." if len(theirs) == 1 else ""
    return f" The export's columns are: {shown}.{cut}" if theirs else ""


_TYPE_WORDS = {
    "integer": "whole number",
    "number": "number",
    "share": "number",
    "money": "amount",
    "boolean": "yes or no",
}


def with_article(name: str) -> str:
    """A name with the article that its first letter asks for."""
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _range_words(low: float | None, high: float | None) -> str:
    if low is None:
        return f"above {high:g}"
    if high is None:
        return f"below {low:g}"
    return f"outside {low:g} to {high:g}"


def refusal_of(engine: Engine, error: EngineError, *, table: str, computed: Mapping[str, str]) -> CrmlibError:
    """The error to raise: each part is computed alone, and the first that fails is named."""
    for key_path, part in computed.items():
        try:
            engine.rows(f"select max(columns(*)::varchar) from (select {part})")
        except EngineError as reason:
            says = f"the engine cannot compute it: {_first_line(reason)}. Mend the SQL or the column."
            return ConfigError(f"tables.{table}.{key_path}: {says}")
    says = f"its rows cannot be read ({_first_line(error)}). Export them again."
    return SourceError(f"tables.{table}.from: {says}")


def _first_line(error: EngineError) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
