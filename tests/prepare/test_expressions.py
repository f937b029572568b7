"""The SQL guard: what passes means the same to the engine, and nothing else passes."""

import random
import re

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from crmlib.prepare import sql_guard as words
from crmlib.prepare.engine import Engine
from crmlib.prepare.expressions import Expression, parse_expression
from crmlib.prepare.sql_guard import tokens_of
from crmlib.schema.errors import ConfigError

COLUMNS = ("i", "x", "s", "ts", "d", "p", "j", "m", "Unit Price")


@pytest.fixture(scope="module")
def engine():
    with Engine() as made:
        made.execute("""
            create table t as select * from (values
                (1, 2.5::double, 'Ab;c d', timestamp '2020-01-05 10:11:12', date '2021-12-31', true,
                 '{"a": {"b": "x"}, "l": [1, 2]}', 1.25::decimal(18, 4), 1.0),
                (7, -0.5, ' x''y ', timestamp '2024-02-29 23:59:59', date '2020-02-29', false, '{"a": 1}', 3.1, 2),
                (3, 0.7, 'Ünï', null, date '1969-12-29', null, null, 2.25, null)
            ) v(i, x, s, ts, d, p, j, m, "Unit Price")""")
        yield made


def answers(engine, sql):
    described = engine.rows(f"describe select {sql} as answer from t")
    return described[0][1], engine.rows(f"select ({sql})::varchar from t")


def checked(sql, aggregate=False, columns=COLUMNS):
    return parse_expression(sql, columns=columns, aggregate=aggregate, key_path="tables.t.columns.c")


SCALARS = """
abs(x)|ceil(x)|ceiling(x)|floor(x)|round(x, 1)|round(x)|trunc(x)|sign(x)|sqrt(i)|cbrt(x)|exp(x)|ln(i)|log(i)
log(2, i)|log2(i)|log10(i)|pow(x, 2)|power(i, x)|mod(i, 2)|fmod(x, 2)|greatest(i, x)|least(i, x)|pi()|degrees(x)
radians(x)|sin(x)|cos(x)|tan(x)|asin(x / 10)|acos(x / 10)|atan(x)|atan2(x, i)|isnan(x)|isinf(x)|isfinite(x)
lower(s)|upper(s)|trim(s)|trim(s, 'xA')|ltrim(s)|ltrim(s, 'A')|rtrim(s)|rtrim(s, 'dy')|length(s)|len(s)
char_length(s)|left(s, 2)|right(s, 2)|left(s, -1)|substr(s, 2)|substr(s, 2, 2)|substring(s, -2)
replace(s, 'b', 'q')|translate(s, 'ab', 'xy')|reverse(s)|repeat(s, 2)|lpad(s, 8, '*')|rpad(s, 8, '*')
concat(s, i, null)|concat_ws('-', s, i, null)|split_part(s, ';', 1)|starts_with(s, 'A')|ends_with(s, 'd')
prefix(s, 'A')|suffix(s, 'd')|contains(s, 'b')|strpos(s, 'b')|instr(s, 'b')|position('b' in s)|ascii(s)
chr(i + 60)|unicode(s)|strip_accents(s)|nfc_normalize(s)|md5(s)|sha256(s)|levenshtein(s, 'Ab')
damerau_levenshtein(s, 'Ab')|jaro_similarity(s, 'Ab')|jaro_winkler_similarity(s, 'Ab')
regexp_matches(s, 'b')|regexp_matches(s, 'B', 'i')|regexp_full_match(s, 'A.*')|regexp_replace(s, '[a-z]', '_')
regexp_replace(s, '[a-z]', '_', 'g')|regexp_extract(s, '([A-Z])(.)')|regexp_extract(s, '([A-Z])(.)', 2)
regexp_extract(s, '(a)(b)', 2, 'i')|regexp_extract_all(s, '[a-z]')|regexp_split_to_array(s, '[;]')
date_diff('day', ts, d)|date_diff('month', ts, d)|date_diff('week', ts, d)|datediff('hour', ts, d)
date_sub('month', ts, d::timestamp)|datesub('day', ts, d)|date_part('isodow', ts)|datepart('year', d)
date_trunc('week', ts)|date_trunc('month', d)|datetrunc('year', ts)|year(d)|quarter(d)|month(d)|week(d)
weekofyear(d)|day(d)|dayofmonth(d)|dayofweek(d)|isodow(d)|weekday(d)|dayofyear(d)|hour(ts)|minute(ts)
second(ts)|isoyear(d)|yearweek(d)|dayname(d)|monthname(d)|last_day(d)|make_date(2020, i, 1)
make_timestamp(2020, i, 1, 2, 3, 4.5)|strptime('03/04/2020', '%d/%m/%Y')|try_strptime(s, '%d')
try_strptime('3.4.2020', ['%d/%m/%Y', '%d.%m.%Y'])|strftime(ts, '%d.%m.%Y-%H:%M:%S')|strftime(d, '%Y')
epoch(ts)|epoch(d)|epoch_ms(ts)|epoch_ms(i)|epoch_us(ts)|to_timestamp(i)|to_seconds(i)|to_minutes(i)
to_hours(i)|to_days(i)|to_weeks(i)|to_months(i)|to_years(i)|time_bucket(to_days(7), d)
time_bucket(interval '7 days', d)|timezone('Europe/Paris', ts)|julian(d)|extract(year from ts)
extract(isodow from d)|extract('year' from d)|ts + interval 1 day|ts - interval '2 months'|d + 3|d - d|ts - d
d + interval (i) day|ts at time zone 'Europe/Paris'|epoch(ts - d)|date '2020-01-01' < d|'2020-01-01'::timestamp
coalesce(ts, d)|ifnull(p, true)|nullif(i, 1)|if(p, i, x)|case when i > 1 then 'a' else s end
case i when 1 then 'one' when 7 then s end|coalesce(nullif(trim(s), ''), 'none')|if(i > 1, 1, 2) * 2
string_split(s, ';')|str_split(s, 'b')|string_to_array(s, ';')|list_contains(string_split(s, ';'), 'Ab')
array_contains([1, 2], i)|list_position([1, 7], i)|list_extract(string_split(s, ';'), 1)|list_value(i, x)
list_sum([i, x])|list_avg([i, x])|list_min([i, x])|list_max([i, x])|list_count([i, null])|list_distinct([i, i])
list_unique([i, i])|list_sort([i, x])|array_to_string(string_split(s, ';'), '+')|array_length([i, x])
string_split(s, ';')[1]|string_split(s, ';')[-1]|string_split(s, ';')[i]|s[1]
json_extract_string(j, '$.a.b')|json_extract_string(j, 'a')|json_extract_string(j, '$.l[0]')
json_array_length(j, '$.l')|json_valid(j)|json_extract_string(j, 'a') || 'x'|json_extract_string(j, 'a') = '1'
s like 'A%'|s not ilike 'a%'|s like 'x%%' escape '%'|i // 2|i / 2|-7 // 2|-7 % 3|x::int|m * 1.5|m / 3
round(m * i, 2)|s || i|i between 1 and 5|i not in (1, 2)|p is not true|try_cast(s as int)|x::decimal(10, 2)
i::varchar|p::int|ts::date|trim(both 'A' from s)|trim(leading 'A' from s)|substring(s from 2 for 3)
i = 1 or i = 7 and x > 0|not i = 1|1e3 + 0.5|i ^ 2|i ** 2|-i ^ 2|2 ^ i ^ 2|i is distinct from 1
i is not distinct from 1
'it''s'
'a\\b'
'%_'
s = 'é'|i % 2 = 0|not p|not (p or i = 1)|- (-i)|- -i
mod(i, 2) * 3|3 * mod(i, 2)|-mod(i, 2)|2 * case when p then 1 else 2 end|ifnull(i, 0) + 1
isnan(x) and p|greatest(i, 2) - least(i, 2)|100.0 * i / x|I + X|"Unit Price" * 2|"unit price"
""".strip()

AGGREGATES = """
count(*)|count()|count(i)|count_if(i > 1)|countif(p)|sum(x)|fsum(x)|avg(m)|favg(x)|mean(i)|min(s)|max(ts)|product(i)
median(x)|mode(mod(i, 2))|quantile_cont(x, 0.3)|quantile_disc(i, 0.5)|approx_quantile(x, 0.5)|mad(x)|stddev(x)
stddev_samp(x)|stddev_pop(x)|variance(x)|var_samp(x)|var_pop(x)|skewness(x)|kurtosis(x)|entropy(i)|arg_max(s, x)
arg_min(s, x)|max_by(s, x)|min_by(s, x)|bool_and(p)|bool_or(p)|approx_count_distinct(i)|corr(x, i)
covar_samp(x, i)|covar_pop(x, i)|regr_slope(x, i)|regr_intercept(x, i)|regr_r2(x, i)|regr_count(x, i)
percentile_cont(0.3) within group (order by x)|percentile_cont(0.3) within group (order by x desc)
percentile_disc(0.5) within group (order by i)|percentile_cont(0.3) within group (order by x) filter (where i > 1)
string_agg(s, ',' order by x)|string_agg(distinct s, ',' order by s desc)|group_concat(s, '+' order by i)
listagg(s, '/' order by i)|count(distinct s)|count(distinct (i, s))|sum(distinct i)|sum(-x)|-sum(x)|1 - sum(x)
sum(x) filter (where p and i > 0)|100.0 * sum(x) / nullif(count(*), 0)|max(ts) - min(ts)
date_diff('day', min(ts), max(ts))|coalesce(sum(x) filter (where i > 100), 0)
case when count(*) > 2 then sum(x) end|sum(case when p then 1 else 0 end)|stddev_samp(x) / avg(x)
count(*) filter (where s ilike '%a%')|sum(x)::decimal(18, 2)|sum(mod(i, 2))|count(*) > 1|mode(s order by s)
""".strip()


def listed(text):
    pieces = re.split(r"(?<!\|)\|(?!\|)|\n", text)
    return [piece.strip() for piece in pieces if piece.strip()]


@pytest.mark.parametrize("sql", listed(SCALARS))
def test_scalar_sql_means_the_same_after_the_guard(engine, sql):
    assert answers(engine, checked(sql).sql) == answers(engine, sql)


@pytest.mark.parametrize("sql", listed(AGGREGATES))
def test_aggregate_sql_means_the_same_after_the_guard(engine, sql):
    assert answers(engine, checked(sql, aggregate=True).sql) == answers(engine, sql)


def test_every_function_of_the_allow_list_is_tried_above():
    tried = {token.text.lower() for sql in listed(SCALARS) + listed(AGGREGATES) for token in tokens_of(sql)}
    assert words.SCALAR_FUNCTIONS - tried == set()
    assert words.AGGREGATE_FUNCTIONS - tried == set()


def test_no_allowed_function_changes_from_call_to_call(engine):
    volatile = {
        name
        for (name,) in engine.rows(
            "select function_name from duckdb_functions() where stability <> 'CONSISTENT'"
        )
        if name
    }
    assert "random" in volatile
    assert (words.SCALAR_FUNCTIONS | words.AGGREGATE_FUNCTIONS) & volatile == set()


REFUSED = {
    "now()": "clock", "today()": "clock", "current_date": "clock", "CURRENT_TIMESTAMP": "clock",
    "localtime": "clock", "get_current_timestamp()": "clock", "age(ts)": "clock",
    "random()": "repeatable", "uuid()": "repeatable", "gen_random_uuid()": "repeatable",
    "read_csv('x')": "read_csv", "Read_Text('/etc/passwd')": "read_text", "glob('*')": "glob",
    "getenv('HOME')": "getenv", "read_parquet('https://x/y')": "read_parquet", "parquet_scan('x')": "parquet_scan",
    "query('select 1')": "query", "query_table('t')": "query_table", "getvariable('x')": "getvariable",
    "current_setting('x')": "current_setting", "current_user": "current_user", "frobnicate(i)": "frobnicate",
    "pg_sleep(9)": "pg_sleep", "error('x')": "error", "unnest(s)": "unnest", "columns(*)": "columns",
    "main.read_csv('x')": "dot", '"read_csv"(s)': "quoted", "t.i": "dot", "s.upper()": "dot", "i.*": "dot",
    "(select 1)": "subquery", "exists(select 1)": "subquery", "i in (select 1)": "subquery", "select i": "subquery",
    "select i from t": "subquery", "from t": "subquery", "with q as (select 1) select 1": "subquery",
    "i = any([1, 2])": "subquery", "values (1)": "subquery",
    "1; drop table t": "more than one statement", "i;": "more than one statement",
    "drop table t": "DROP", "create table q as select 1": "CREATE", "copy t to 'x'": "COPY", "attach 'x'": "ATTACH",
    "pragma x": "PRAGMA", "set x = 1": "SET", "install httpfs": "INSTALL", "load httpfs": "LOAD",
    "sum(x) over ()": "window", "row_number() over ()": "window", "lag(x) over (order by i)": "window",
    "*": "star", "$1": r"\$", "?": r"\?", ":name": ":", "@x": "@", "i -> i + 1": "->", "j ->> 'a'": "->>",
    "list_filter([i], i -> i > 1)": "list_filter", "{'a': 1}": r"\{", "{{ i }}": r"\{", "s ~ 'x'": "~",
    "struct_pack(a := i)": "struct_pack", "[1, 2, 3][1:2]": ":", "s collate nocase": "COLLATE",
    "E'a'": "single quotes", "$$a$$": "single quotes", "i as other": "AS", "i other": "AS", "i, x": "no SQL",
    "(i, x)": "several values", "i in x": "list in brackets", "i::blob": "blob", "i::json": "json",
    "s::varchar[]": r"text\[\]", "s::my_type": "my_type", "first(i)": "order of the rows",
    "any_value(i)": "order of the rows", "sum(x)": "many rows", "count(*)": "many rows", "i = x = 1": "brackets",
    "i not in (1) = p": "brackets", "case when": "no SQL", "i +": "no SQL",
    "'abc": "no SQL", "((((": "no SQL", "": "empty", "   ": "empty", "-- nothing": "statement",
    "amuont": "no column amuont", "quantty * 2": "no column quantty", "\"x.csv\"": "no column x.csv",
    "1e3+.5": "leading zero", "i" * 5000: "characters", "abs(" * 70 + "i" + ")" * 70: "deep",
}  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED)
def test_refused_by_name_with_the_key_path_in_front(sql):
    with pytest.raises(ConfigError, match=rf"^tables\.t\.columns\.c: .*{REFUSED[sql]}"):
        checked(sql)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("abs(x)", "many rows"),
        ("sum(x) + i", "column i stands outside"),
        ("sum(sum(x))", "inside another"),
        ("sum(x) filter (where sum(x) > 1)", "inside another"),
        ("max(x, 3)", "one column"),
        ("sum(x) over (partition by i)", "window"),
        ("first(x)", "order of the rows"),
        ("list(x)", "order of the rows"),
        ("1", "many rows"),
        ("sum(x), sum(i)", "no SQL"),
    ],
)
def test_refused_as_an_aggregate(sql, why):
    with pytest.raises(ConfigError, match=f"^tables.t.columns.c: .*{why}"):
        checked(sql, aggregate=True)


def test_columns_are_found_whatever_their_case_and_named_as_the_table_does():
    found = checked("Quantity * UNITPRICE + quantity", columns=["QUANTITY", "UnitPrice"])
    assert found == Expression(sql='"QUANTITY" * "UnitPrice" + "QUANTITY"', columns=("QUANTITY", "UnitPrice"))


def test_columns_that_differ_only_in_case_need_their_own_spelling():
    assert checked('"a"', columns=["a", "A"]).columns == ("a",)
    assert checked("A", columns=["a", "A"]).columns == ("A",)
    with pytest.raises(ConfigError, match="Aa or aA"):
        checked("aa", columns=["Aa", "aA"])


def test_the_nearest_column_is_suggested():
    with pytest.raises(ConfigError, match=r"no column Quantiy\. Did you mean 'Quantity'\?"):
        checked("Quantiy * 2", columns=["Quantity", "UnitPrice"])


def test_a_column_named_like_a_function_of_the_clock_is_a_column_when_quoted():
    assert checked('"current_date"', columns=["current_date"]).sql == '"current_date"'


def test_hostile_column_names_stay_names(engine):
    name = 'a"; drop table t; --'
    found = checked('"a""; drop table t; --" + 1', columns=[name])
    engine.execute(f"create or replace table hostile as select 1 as {Engine.quote(name)}")
    assert engine.rows(f"select {found.sql} from hostile") == [(2,)]
    assert engine.rows("select count(*) from t") == [(3,)]


def test_comments_are_dropped():
    assert checked("i /* sum(x) */ + -- now()\n 1").sql == '"i" + 1'


def test_without_columns_the_names_are_left_unchecked():
    found = parse_expression("anything + 1", columns=None, aggregate=False, key_path="k")
    assert found.columns == ("anything",)


def test_operators_mean_the_same_as_on_the_engine(engine):
    """Random formulas: the guard refuses, or the engine gives the same answers to both texts."""
    chance = random.Random(11)
    atoms = [
        "i", "x", "p", "s", "1", "2.5", "'1'", "null", "mod(i, 2)", "if(p, i, 2)", "log10(i)", "[i, 2][1]",
        "case when p then i else 2 end", "json_extract_string(j, 'a')", "date_diff('day', d, ts)",
    ]  # fmt: skip
    before, after = ["", "", "", "not ", "- "], ["", "", "", " is null", " is not true", " in (1, 2)",
        " not in (1, 2)", " between 1 and 2", "::int", "::varchar"]  # fmt: skip
    between = [
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "^",
        "||",
        "=",
        "<>",
        "<",
        ">=",
        "and",
        "or",
        "like",
        "not like",
    ]
    same = 0
    for _ in range(1500):
        terms = [
            chance.choice(before) + chance.choice(atoms) + chance.choice(after)
            for _ in range(chance.choice([2, 3]))
        ]
        sql = terms[0] + "".join(f" {chance.choice(between)} {term}" for term in terms[1:])
        try:
            written = checked(sql).sql
        except ConfigError:
            continue
        try:
            expected = answers(engine, sql)
        except Exception:
            continue
        assert answers(engine, written) == expected, (sql, written)
        same += 1
    assert same > 100


WORDS = [
    "i",
    "x",
    "s",
    "p",
    "sum",
    "count",
    "(",
    ")",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "=",
    "<",
    ">",
    "and",
    "or",
    "not",
    "null",
    "'a'",
    '"i"',
    "1",
    "2.5",
    "::",
    "int",
    "varchar",
    "case",
    "when",
    "then",
    "else",
    "end",
    "in",
    "between",
    "is",
    "like",
    ";",
    "--",
    "/*",
    "*/",
    "select",
    "from",
    "now()",
    "current_date",
    "read_csv",
    "over",
    "filter",
    "where",
    "order",
    "by",
    "distinct",
    "[",
    "]",
    ".",
    "$1",
    "?",
    ":",
    "->",
    "->>",
    "{",
    "}",
    "interval",
    "day",
    "cast",
    "as",
    "try_cast",
    "t.i",
    "*",
    "unnest",
    "E'x'",
    "$$",
    "%",
    "^",
    "||",
    "//",
    "lambda",
]
PIECES = st.sampled_from(WORDS)
TEXTS = st.lists(PIECES, max_size=14).map(" ".join) | st.text(max_size=40)


@given(sql=TEXTS, aggregate=st.booleans())
@settings(max_examples=600, deadline=None)
def test_whatever_is_given_it_is_refused_or_reads_the_same_again(sql, aggregate):
    try:
        found = checked(sql, aggregate=aggregate)
    except ConfigError as error:
        assert str(error).startswith("tables.t.columns.c: ")
        return
    assert checked(found.sql, aggregate=aggregate) == found
    tree = sqlglot.parse_one(found.sql, read="duckdb")
    assert {column.name for column in tree.find_all(exp.Column)} <= set(COLUMNS)
    assert not list(tree.find_all(exp.Query, exp.Table, exp.Window, exp.Command, exp.Placeholder, exp.Lambda))


@given(sql=TEXTS)
@settings(max_examples=200, deadline=None)
def test_what_passes_can_touch_nothing_but_the_row(sql):
    try:
        found = checked(sql)
    except ConfigError:
        return
    plain = words.KEYWORDS | words.UNITS | words.TYPES | words.SCALAR_FUNCTIONS
    for token in tokens_of(found.sql):
        if token.token_type.name in ("STRING", "NUMBER", "IDENTIFIER"):
            continue
        for word in token.text.lower().split():
            assert word in plain | words.OPERATORS | {"->>"}, found.sql
