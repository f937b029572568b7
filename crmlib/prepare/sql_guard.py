"""The words that SQL in crm.toml may use: functions, types and units, and why the others may not."""

from collections.abc import Iterable

import sqlglot
from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from crmlib.schema.errors import nearest


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


SCALAR_FUNCTIONS = words_of(
    """
    abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log2 log10 pow power mod fmod greatest least
    pi degrees radians sin cos tan asin acos atan atan2 isnan isinf isfinite

    lower upper trim ltrim rtrim length len char_length left right substr substring replace translate reverse
    repeat lpad rpad concat concat_ws split_part starts_with ends_with prefix suffix contains strpos instr
    position ascii chr unicode strip_accents nfc_normalize md5 sha256 levenshtein damerau_levenshtein
    jaro_similarity jaro_winkler_similarity

    regexp_matches regexp_full_match regexp_replace regexp_extract regexp_extract_all regexp_split_to_array

    date_diff datediff date_sub datesub date_part datepart date_trunc datetrunc extract year quarter
    month week weekofyear day dayofmonth dayofweek isodow weekday dayofyear hour minute second isoyear
    yearweek dayname monthname last_day make_date make_timestamp strptime try_strptime strftime epoch epoch_ms
    epoch_us to_timestamp to_seconds to_minutes to_hours to_days to_weeks to_months to_years time_bucket
    timezone julian

    coalesce ifnull nullif if

    string_split str_split string_to_array list_contains array_contains list_position list_extract list_value
    list_sum list_avg list_min list_max list_count list_distinct list_unique list_sort array_to_string
    array_length

    json_extract_string json_array_length json_valid
    """
)
"""Functions of one row: the same row gives the same answer, and nothing outside the row is seen."""

AGGREGATE_FUNCTIONS = words_of(
    """
    count count_if countif sum fsum avg favg mean min max product
    median mode quantile_cont quantile_disc percentile_cont percentile_disc approx_quantile mad
    stddev stddev_samp stddev_pop variance var_samp var_pop skewness kurtosis entropy
    arg_max arg_min max_by min_by bool_and bool_or approx_count_distinct
    corr covar_samp covar_pop regr_slope regr_intercept regr_r2 regr_count
    string_agg group_concat listagg
    """
)
"""Functions of many rows whose answer does not hang on the order of the rows."""

TYPES = words_of(
    """
    tinyint smallint int integer bigint hugeint utinyint usmallint uinteger ubigint float real double decimal
    numeric text varchar string boolean bool date time timestamp timestamptz interval
    """
)
"""Types that CAST may name."""

UNITS = words_of(
    """
    microsecond millisecond second minute hour day week month quarter year decade century millennium
    microseconds milliseconds seconds minutes hours days weeks months quarters years decades centuries
    dow isodow doy isoyear epoch yearweek dayofweek dayofyear weekday julian era
    """
)
"""Units of time, after INTERVAL and in EXTRACT."""

KEYWORDS = words_of(
    """
    and or not is null true false in between like ilike escape case when then else end cast try_cast as
    interval distinct from filter where within group order by asc desc nulls first last at time zone
    both leading trailing for isnull notnull precision with without
    """
)
"""Words of the grammar of an expression."""

BEFORE_A_BRACKET = words_of(
    """
    and or not is in between like ilike escape case when then else as from interval distinct filter where by
    group decimal numeric varchar cast try_cast
    """
)
"""Words that may stand before an opening bracket without being a function."""

OPERATORS = words_of("+ - * / // % ^ ** || :: = == <> != < <= > >= ( ) [ ] ,")
"""Signs of an expression. Absent on purpose: ``~`` (two engines, two meanings), arrows, colons, dots."""

CLOCK = words_of(
    """
    now today current_date current_time current_timestamp localtime localtimestamp
    transaction_timestamp
    statement_timestamp clock_timestamp get_current_timestamp get_current_time current_localtime
    current_localtimestamp getdate sysdate age ago
    """
)
RANDOM = words_of("random rand setseed uuid gen_random_uuid uuidv4 uuidv7 newid nextval currval")
ROW_ORDER = words_of("first last any_value arbitrary list array_agg histogram")
WINDOW = words_of(
    """
    over row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    """
)
PLACED = words_of("row_number ntile lag lead first_value last_value nth_value")
"""Window functions whose answer hangs on the order of the rows also where `order by` leaves ties."""

WINDOW_FUNCTIONS = WINDOW - {"over"}
WINDOW_WORDS = words_of(
    "over partition order by rows range between unbounded preceding following current row ignore respect nulls"
)
"""Words of a window, where one is available."""

QUERY = words_of("select with exists values union intersect except table unnest any all some")
FILES = words_of(
    """
    glob getenv sniff_csv parquet_scan parquet_metadata parquet_schema sqlite_scan postgres_scan mysql_scan
    iceberg_scan delta_scan query query_table copy attach install load httpfs which_secret
    """
)

REMEDY = {
    "CLOCK": "there is no hidden clock: take the closing moment from as_of, or a column of the data",
    "RANDOM": "it gives another answer each time, and a report must be repeatable",
    "ROW_ORDER": "its answer hangs on the order of the rows; use min, max, arg_min, arg_max or string_agg",
    "WINDOW": "window functions are not available here; in a column or filter: sum(x) over (partition by order_id)",
    "QUERY": "a subquery is not available; write one expression over the columns",
    "FILES": "files, networks and the environment are out of reach; name the file under `from`",
}
"""What to do instead, by the set that a refused word stands in."""


def why_refused(word: str) -> str:
    """Say why a function or keyword is not available, in half a sentence."""
    name = word.lower()
    if name in FILES or name.startswith(("read_", "write_")):
        return REMEDY["FILES"]
    for kind, words in (
        ("CLOCK", CLOCK),
        ("RANDOM", RANDOM),
        ("ROW_ORDER", ROW_ORDER),
        ("WINDOW", WINDOW),
        ("QUERY", QUERY),
    ):
        if name in words:
            return REMEDY[kind]
    return ""


PLAIN_VALUES = frozenset({TokenType.STRING, TokenType.NUMBER, TokenType.IDENTIFIER})
ODD_STRINGS = frozenset(kind for kind in TokenType if kind.name.endswith("STRING")) - {TokenType.STRING}


def tokens_of(sql: str, dialect: str = "duckdb") -> list[Token]:
    """The tokens of SQL text, comments left out."""
    return sqlglot.tokenize(sql, read=dialect)


def is_call(tokens: list[Token], i: int) -> bool:
    """Whether a token is followed by an opening bracket."""
    return i + 1 < len(tokens) and tokens[i + 1].token_type == TokenType.L_PAREN


def is_word(text: str) -> bool:
    """Whether the text of a token is a word and not a sign or a number."""
    return text[:1].isalpha() or text[:1] == "_"


def is_aggregate(node: exp.Expr) -> bool:
    """Whether a node of the tree is a function of many rows."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower() in AGGREGATE_FUNCTIONS
    return isinstance(node, exp.AggFunc)


def near(name: str, known: Iterable[str]) -> str:
    """The nearest of many names as the end of a sentence; empty where none is near."""
    hint = nearest(name, known)
    return hint if hint.startswith(" Did") else ""


def first_line(error: BaseException) -> str:
    """What went wrong, in one line that is fit for a message."""
    text = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "").strip()
    return " ".join(text.splitlines()[0].split())[:160].rstrip(".") if text else type(error).__name__
