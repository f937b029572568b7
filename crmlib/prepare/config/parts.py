"""The sections of crm.toml, each a typed part."""

import codecs
import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic import field_validator as validator

from crmlib.prepare.sql_guard import words_of
from crmlib.schema.audiences import AUDIENCES
from crmlib.schema.errors import nearest
from crmlib.schema.fields import MINIMUM_GROUP

ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "gb18030", "latin-1", "cp1252", "cp1250", "cp1251", "big5", "shift_jis",
    "euc_jp", "euc_kr",
)  # fmt: skip
DATABASES = ("sqlite", "duckdb", "postgresql", "mysql")
_DATABASE_NAMES = {"postgres": "postgresql", "mariadb": "mysql"}

_DATE_DIRECTIVES = frozenset("aAbBdfgGHIjmMnpSuUVwWyYzZ%")


def flat_policies(checks: Any) -> Any:
    """Policies by ``check`` or ``check.column``, from the tables within tables that TOML makes of them."""
    if not isinstance(checks, Mapping):
        return checks
    flat: dict[str, Any] = {}
    for check, policy in checks.items():
        if isinstance(policy, Mapping):
            flat |= {f"{check}.{column}": one for column, one in policy.items()}
        else:
            flat[check] = policy
    return flat


Checks = Annotated[dict[str, Literal["set_aside", "mend", "warn"]], BeforeValidator(flat_policies)]


class Section(BaseModel):
    """A section of crm.toml: unknown keys are refused, nothing is changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ColumnConfig(Section):
    """Where one of our columns comes from: exactly one of a name, SQL, or a constant."""

    name: str | None = None
    sql: str | None = None
    value: Any = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        if isinstance(given, str):
            given = {"name": given}
        if not isinstance(given, dict) or len([key for key in given if key in cls.model_fields]) != 1:
            raise ValueError('wants their column\'s name in quotes, or { sql = "..." }, or { value = ... }.')
        if any(
            isinstance(value, str) and not value.strip() for key, value in given.items() if key != "value"
        ):
            raise ValueError("is empty. Write their column's name in quotes.")
        value = given.get("value")
        if isinstance(value, dict | list) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError("wants one constant: text, a number, a date, true or false.")
        return given


class FilterConfig(Section):
    """Rows for which `sql` is not true are set aside, and `reason` says why."""

    sql: str
    reason: str


class FilesConfig(Section):
    """Files, sheets or tables of a database that are read alike, one below the other."""

    files: tuple[str, ...] = Field(alias="from")
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    skip_rows: Annotated[StrictInt, Field(ge=0, le=9_999)] | None = None

    @validator("files", mode="before")
    @classmethod
    def _files(cls, given: Any) -> Any:
        given = [given] if isinstance(given, str) else given
        if not given or (
            isinstance(given, list) and not all(isinstance(f, str) and f.strip() for f in given)
        ):
            raise ValueError('names no file. Write a file, a pattern or a list: from = "orders-*.csv".')
        return given

    @validator("encoding")
    @classmethod
    def _encoding(cls, given: str) -> str:
        try:
            known = codecs.lookup(given)
        except (LookupError, ValueError):
            raise ValueError(f"{given!r} is no encoding.{nearest(given, ENCODINGS)}") from None
        if not getattr(known, "_is_text_encoding", True):
            raise ValueError(f"{given!r} is no encoding of text.{nearest(given, ENCODINGS)}")
        return known.name

    @validator("delimiter")
    @classmethod
    def _delimiter(cls, given: str) -> str:
        given = {"tab": "\t", "\\t": "\t"}.get(given, given)
        if len(given) != 1 or given.isalnum() or given in "\"'\r\n. ":
            raise ValueError('wants one sign: ",", ";", "tab" or "|".')
        return given

    @model_validator(mode="after")
    def _one_header(self) -> "FilesConfig":
        if self.header_row is not None and self.skip_rows is not None:
            raise ValueError(
                "states both header_row and skip_rows. Keep one: skip_rows = 3 is header_row = 4."
            )
        return self

    @property
    def header_line(self) -> int | None:
        """The line of the column names, counted from 1; None where it is to be found."""
        return self.header_row if self.skip_rows is None else self.skip_rows + 1


class JoinConfig(FilesConfig):
    """Files whose columns are set beside a table's rows: the one row whose key is the same.

    `on` names columns of the table's own files (or of a join before) and those of the joined ones that must be equal;
    `name` stands before a column that both have, and is the file's name without its ending where none is stated.
    """

    on: dict[str, str] = Field(min_length=1)
    name: str | None = None

    @property
    def prefix(self) -> str:
        """What stands before a dot and the name of a column that the table has, too."""
        if self.name is not None:
            return self.name
        entry = self.files[0].replace("\\", "/")
        if len(entry.split()) > 1 and entry.split()[0].lower() in ("select", "with"):
            return "joined"
        whole, sign, part = entry.rpartition("#")
        plain = part if sign and whole and part else entry.rpartition("/")[2].split(".")[0]
        return re.sub(r"[\W_]*[*?\[].*$", "", plain) or "joined"


class TableConfig(FilesConfig):
    """One table of the vocabulary: where it lies and how its columns are called there."""

    columns: dict[str, ColumnConfig] = {}
    join: tuple[JoinConfig, ...] = ()
    where: tuple[FilterConfig, ...] = ()
    date_formats: tuple[str, ...] = ()
    decimal: Literal[".", ","] = "."
    checks: Checks = {}
    mode: Literal["append", "latest_by_key", "full"] | None = None
    key: tuple[str, ...] = ()
    latest_by: str | None = None
    owner: str = ""
    fresh_days: Annotated[StrictInt, Field(ge=0)] | None = None
    allowed: dict[str, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _mode_needs(self) -> "TableConfig":
        if self.latest_by is not None and self.mode != "latest_by_key":
            raise ValueError('has latest_by, which wants mode = "latest_by_key".')
        if self.key and self.mode not in ("latest_by_key", "full"):
            raise ValueError('has a key, which wants mode = "latest_by_key" or mode = "full".')
        if self.join and self.mode:
            raise ValueError(
                "has a join and a mode: loads that add up are of files that are not joined. Keep one."
            )
        return self

    @validator("date_formats")
    @classmethod
    def _date_formats(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for form in given:
            found = re.findall(r"%-?(.?)", form)
            unknown = [letter for letter in found if letter not in _DATE_DIRECTIVES or not letter]
            if not found or unknown:
                wrong = f"%{unknown[0]} is not known in it" if unknown else "it has no % sign"
                raise ValueError(f'{form!r} is no date format: {wrong}. Write it like "%d/%m/%Y %H:%M".')
        return given


class SourceConfig(Section):
    """A database instead of files. The password of a server is in the environment, or in `password_file`."""

    url: str
    password_file: str | None = None

    @validator("url")
    @classmethod
    def _url(cls, given: str) -> str:
        kind, separator, rest = given.partition("://")
        kind = kind.split("+")[0]
        kind = _DATABASE_NAMES.get(kind, kind)
        if not separator or kind not in DATABASES:
            hint = nearest(kind, DATABASES) if separator else ""
            raise ValueError(f"wants an address such as sqlite:///shop.db or duckdb:///shop.duckdb.{hint}")
        if kind in ("sqlite", "duckdb") and not (rest.startswith("/") and rest.strip("/")):
            raise ValueError(
                f"names no file. Write {kind}:///shop.db with three slashes; four for a path from /."
            )
        if kind in ("postgresql", "mysql") and not re.fullmatch(r"[^/?#]*/[^/?#]+([?][^#]*)?", rest):
            raise ValueError(f"names no database. Write {kind}://reader@host/crm.")
        return given

    @property
    def kind(self) -> str:
        """Which database it is: one of `DATABASES`."""
        kind = self.url.partition("://")[0].split("+")[0]
        return _DATABASE_NAMES.get(kind, kind)

    @property
    def database(self) -> str:
        """The database's file, for SQLite and DuckDB; relative to the workspace unless it begins with /."""
        return self.url.partition("://")[2].removeprefix("/")


class IndicatorConfig(Section):
    """An indicator of the user's own: an aggregate over one of the prepared views.

    `empty` = 0 gives 0 to a customer for whom the view has no fitting row; without it such a customer has none.
    """

    over: str
    sql: str
    aspect: str
    says: str
    unit: str = ""
    better: Literal["higher", "lower"] | None = None
    empty: Literal[0] | None = None


def weight_of(given: Any) -> Any:
    """A weight as it may stand in crm.toml: a number, 0 or more."""
    number = isinstance(given, int | float) and not isinstance(given, bool)
    if not number or not math.isfinite(given) or given < 0:
        raise ValueError("wants a number, 0 or more: how much it counts against the others.")
    return given


class ScorecardConfig(Section):
    """What counts how much in the value score: indicator -> weight. What is not named does not count."""

    weights: dict[str, Annotated[float, BeforeValidator(weight_of)]] = {}


def _audience(name: str) -> str:
    if name not in AUDIENCES:
        raise ValueError(f"is one of {', '.join(AUDIENCES)}.")
    return name


class ReportConfig(Section):
    """Parameters of a report that differ from its own, and for whom it is, where that differs."""

    parameters: dict[str, Any] = {}
    audience: Annotated[str, AfterValidator(_audience)] | None = None


class PrivacyConfig(Section):
    """What may leave the house. The key of the pseudonyms comes from the environment, else from the exports.

    `no_secret` are values of personal columns, and addresses of the house, that may stand on a page.
    """

    pseudonyms: StrictBool = True
    min_group: StrictInt = Field(default=MINIMUM_GROUP, ge=MINIMUM_GROUP)
    no_secret: tuple[str, ...] = ()


_UNITS = {"KB": 2**10, "MB": 2**20, "GB": 2**30}


def _memory(given: str) -> str:
    if not re.fullmatch(r"[1-9]\d{0,6} ?(KB|MB|GB)", given):
        raise ValueError(f'{given!r} is no amount of memory. Write it like "4GB".')
    return given


class EngineConfig(Section):
    """Who carries out the SQL over the checked tables: DuckDB here, or Spark at a master or a Connect server."""

    kind: Literal["duckdb", "spark"] = "duckdb"
    master: str = ""
    remote: str = ""
    answer_memory: Annotated[str, AfterValidator(_memory)] = "2GB"

    @model_validator(mode="after")
    def _one_place(self) -> "EngineConfig":
        if self.master and self.remote:
            raise ValueError("names both a master and a remote. Keep one: remote is a Spark Connect server.")
        if self.kind == "duckdb" and (self.master or self.remote):
            raise ValueError('names a cluster, and kind is "duckdb". Set kind = "spark".')
        return self


class LimitsConfig(Section):
    """What reading the workspace may take before it is stopped."""

    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    memory: Annotated[str, AfterValidator(_memory)] | None = None

    @property
    def bytes(self) -> int:
        """The bound on memory; 0 where none is stated."""
        return int(self.memory[:-2]) * _UNITS[self.memory[-2:]] if self.memory else 0


def _named_once(given: tuple[str, ...]) -> tuple[str, ...]:
    names = [" ".join(name.split()).casefold() for name in given]
    if not all(names) or len(set(names)) < len(names):
        raise ValueError("wants each stage once, from the first to the last before won or lost.")
    return given


class IdentityConfig(Section):
    """That records of one customer become one row, which tables carry customers, and from which probability.

    See `crmlib.IdentitySettings`.
    """

    carriers: tuple[Literal["customers", "contacts", "transactions", "events", "feedback"], ...] = Field(
        default=("customers",), alias="from"
    )
    link_above: float = Field(default=0.5, gt=0, lt=1, allow_inf_nan=False)
    review_above: float = Field(default=0.1, gt=0, lt=1, allow_inf_nan=False)


class PipelineConfig(Section):
    """The stages of a deal in their order, from the first to the last before it is won or lost.

    Without them the order is taken from the stage history.
    """

    stages: Annotated[tuple[str, ...], AfterValidator(_named_once)] = ()


class SegmentsConfig(Section):
    """[segments]: what the house calls its segments, by the names that the rules give."""

    names: dict[str, Annotated[str, Field(min_length=1, max_length=40)]] = {}


class CustomersConfig(Section):
    """[customers]: so many from the top of the worklist have a page of their own in each run; none if not stated."""

    pages: StrictInt = Field(default=0, ge=0, le=1000)


class OffersConfig(Section):
    """Which offers may be made: the least margin in percent of the price, and how long ago a purchase is news."""

    min_margin_pct: Annotated[float, Field(gt=-1000, le=100, allow_inf_nan=False)] | None = None
    just_bought_days: StrictInt | None = Field(default=None, ge=0)
    never: tuple[str, ...] = ()


class VoiceConfig(Section):
    """Themes of what customers say: theme -> code of a language (en, de, fr, es, zh, ja) -> words for it."""

    themes: dict[str, dict[Literal["en", "de", "fr", "es", "zh", "ja"], tuple[str, ...]]] = {}


class ModelsConfig(Section):
    """When the model of who stops buying is learnt anew: in each run, when its promises ask for it, not at all; or the
    day of the model that is to stand. All other models are learnt in each run."""

    refit: Literal["always", "by_verdict", "never"] | date = "always"


class OutreachConfig(Section):
    """How customers may be addressed: days of rest between two contacts, the share left alone, where drafts go.

    `templates` and `outbox` are folders of the workspace; `sender` stands under messages; `coupon` and `service_level`
    are what a list of that action promises.
    """

    quiet_days: StrictInt = Field(default=14, ge=0)
    control_share_pct: float = Field(default=10, ge=0, lt=100, allow_inf_nan=False)
    templates: str = "templates"
    outbox: str = "outbox"
    sender: str = ""
    coupon: str = ""
    service_level: str = ""

    @validator("templates", "outbox")
    @classmethod
    def _inside(cls, given: str) -> str:
        parts = given.replace("\\", "/").split("/")
        if not given.strip() or given.startswith(("/", "~")) or ".." in parts or ":" in parts[0]:
            raise ValueError("wants a folder inside the workspace, such as outbox.")
        return given


CURRENCIES = words_of(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ "
    "GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR "
    "LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN "
    "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR "
    "ZMW ZWG"
)
"""Codes of the money in use."""
