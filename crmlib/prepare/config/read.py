"""crm.toml: what a workspace's exports are, and how they become the tables of the vocabulary; all mistakes at once."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, ValidationError
from pydantic import field_validator as validator

from crmlib.prepare.check.casting import has_words
from crmlib.prepare.check.findings import check_names
from crmlib.prepare.config.parts import (
    CURRENCIES,
    Checks,
    ColumnConfig,
    CustomersConfig,
    EngineConfig,
    FilterConfig,
    IdentityConfig,
    IndicatorConfig,
    JoinConfig,
    LimitsConfig,
    ModelsConfig,
    OffersConfig,
    OutreachConfig,
    PipelineConfig,
    PrivacyConfig,
    ReportConfig,
    ScorecardConfig,
    Section,
    SegmentsConfig,
    SourceConfig,
    TableConfig,
    VoiceConfig,
)
from crmlib.prepare.expressions import parse_expression
from crmlib.prepare.sql_guard import words_of
from crmlib.schema.errors import ConfigError, nearest
from crmlib.schema.states import is_taken, taken_words
from crmlib.schema.tables import TABLES

MAX_LINES = 3000


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    """The line on which the statement begins that brings a key into a TOML document."""
    lines = text.splitlines(keepends=True)
    if len(lines) > MAX_LINES:
        return None
    found, depth, begun = None, 0, 1
    for i in range(len(lines)):
        try:
            document = tomllib.loads("".join(lines[: i + 1]))
        except tomllib.TOMLDecodeError:
            continue
        reached = _reached(document, path)
        if reached > depth:
            found, depth = begun, reached
        if depth == len(path):
            break
        begun = i + 2
    return found


def _reached(document: Any, path: Sequence[str | int]) -> int:
    for i, key in enumerate(path):
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return i
    return len(path)


KeyPath = tuple[str | int, ...]

_SECRET_WORDS = words_of("password passwd pwd secret token credential credentials apikey passphrase")
_SECRET_PAIRS = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("pseudonym", "key")})
MOST_MISTAKES = 20
"""Mistakes that one error lists; nobody mends more at once."""

_URL_WITH_PASSWORD = re.compile(
    r"(?<![a-z0-9+.\-])[a-z][a-z0-9+.\-]{0,30}://[^/\s:@]{0,200}:[^/\s@]{1,500}@"
    r"|[?&;](?:ssl)?password=",
    re.IGNORECASE,
)
_PLACE_OF_A_SECRET = ("source", "password_file")
_PLAIN_WORDS = {
    "string_type": "wants text in quotes.",
    "bool_type": "wants true or false.",
    "int_type": "wants a whole number.",
    "tuple_type": 'wants a list: ["...", "..."].',
    "list_type": "wants a list.",
    "dict_type": "wants a table of keys and values.",
    "model_type": "wants a table of keys and values.",
    "model_attributes_type": "wants a table of keys and values.",
}
_EXAMPLES = {
    "from": ' Write from = "orders.csv", beside the folder\'s crm.toml.',
    "currency": ' Write currency = "EUR", or what the money is in.',
    "tables": " Describe one: [tables.transactions].",
    "reason": ' Write reason = "..."; it stands beside the rows that are set aside.',
}


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that is wrong in crm.toml.

    `path`: keys from the top.
    `says`: what is wrong and what would be right.
    """

    path: KeyPath
    says: str

    @property
    def key_path(self) -> str:
        """The keys joined with dots, as TOML writes them."""
        text = ""
        for key in self.path:
            text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
        return text


def mistakes_error(mistakes: list[Mistake], *, text: str, file: str) -> ConfigError:
    """One error that lists every mistake with its place, in the order of the file."""
    placed = [(line_of(text, mistake.path), mistake) for mistake in mistakes[:MOST_MISTAKES]]
    placed.sort(key=lambda pair: pair[0] or 0)
    lines = []
    for line, mistake in placed:
        place = f"{file}, line {line}" if line else file
        lines.append(f"{mistake.key_path} ({place}): {mistake.says}")
    rest = len(mistakes) - len(placed)
    lines += [f"{file}: {rest:,} more mistakes are not listed."] if rest else []
    return ConfigError("\n".join(dict.fromkeys(lines)))


def secrets_in(document: Any, path: KeyPath = ()) -> Iterator[Mistake]:
    """Keys that are named like secrets, and addresses with a password in them. The secret is never repeated."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            here = (*path, key)
            if _is_secret(key) and here != _PLACE_OF_A_SECRET and not isinstance(value, Mapping):
                yield Mistake(path=here, says="a secret never stands in crm.toml. Put it in the environment.")
            else:
                yield from secrets_in(value, here)
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from secrets_in(value, (*path, i))
    elif isinstance(document, str) and _URL_WITH_PASSWORD.search(document):
        yield Mistake(
            path=path,
            says="the address has a password in it. Take it out and set the environment variable "
            "CRMLIB_SOURCE_PASSWORD.",
        )


def vocabulary_mistakes(document: Mapping[str, Any]) -> Iterator[Mistake]:
    """Tables, columns and checks that the vocabulary does not know, and SQL that the guard refuses."""
    for name, table in _items(document, "tables"):
        here: KeyPath = ("tables", name)
        if name not in TABLES:
            yield Mistake(path=here, says=f"no such table.{nearest(name, TABLES)}")
            continue
        yield from _column_mistakes(name, table, here)
        for agreed, _ in _items(table, "allowed"):
            if agreed not in TABLES[name].names or not has_words(TABLES[name].field(agreed)):
                free = [field.name for field in TABLES[name].fields if has_words(field)]
                says = f"is no column of {name} whose words can be agreed upon.{nearest(agreed, free)}"
                yield Mistake(path=(*here, "allowed", agreed), says=says)
        yield from _check_mistakes(
            _items(table, "checks"), (*here, "checks"), check_names(TABLES[name]), name
        )
        where = table.get("where") if isinstance(table, Mapping) else None
        for i, entry in enumerate(where if isinstance(where, list) else []):
            if isinstance(entry, Mapping) and isinstance(entry.get("sql"), str):
                yield from _sql_mistakes(entry["sql"], (*here, "where", i, "sql"), False, "filter")
    everywhere = tuple(dict.fromkeys(check for spec in TABLES.values() for check in check_names(spec)))
    yield from _check_mistakes(_items(document, "checks"), ("checks",), everywhere, None)
    own_types = document.get("customer_types")
    for i, kind in enumerate(own_types if isinstance(own_types, list) else []):
        own = kind.get("name") if isinstance(kind, Mapping) else None
        if isinstance(own, str) and is_taken(own):
            says = f"a customer type cannot be {taken_words(own)}"
            yield Mistake(path=("customer_types", i, "name"), says=says)
    for name, indicator in _items(document, "indicators"):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            says = "the name of an indicator has small letters, digits and _, and begins with a letter."
            yield Mistake(path=("indicators", name), says=says)
        if isinstance(indicator, Mapping) and isinstance(indicator.get("sql"), str):
            yield from _sql_mistakes(indicator["sql"], ("indicators", name, "sql"), True, "indicator")


def _column_mistakes(name: str, table: Any, here: KeyPath) -> Iterator[Mistake]:
    spec = TABLES[name]
    for column, source in _items(table, "columns"):
        path = (*here, "columns", column)
        if column not in spec.names:
            says = f"the table {name} has no such column.{nearest(column, spec.names)}"
            yield Mistake(path=path, says=says)
        if isinstance(source, Mapping) and isinstance(source.get("sql"), str):
            yield from _sql_mistakes(source["sql"], (*path, "sql"), False, "column")


def _check_mistakes(
    checks: list[tuple[str, Any]], path: KeyPath, known: tuple[str, ...], table: str | None
) -> Iterator[Mistake]:
    for check, policy in checks:
        if check not in known:
            yield Mistake(path=(*path, check), says=f"no such check.{nearest(check, known)}")
        if table is not None and isinstance(policy, Mapping):
            for column in policy:
                if column not in TABLES[table].names:
                    hint = nearest(column, TABLES[table].names)
                    says = f"the table {table} has no such column.{hint}"
                    yield Mistake(path=(*path, check, column), says=says)


def _sql_mistakes(sql: str, path: KeyPath, aggregate: bool, context: str) -> Iterator[Mistake]:
    try:
        parse_expression(
            sql, columns=None, aggregate=aggregate, key_path="", context=context, windows=not aggregate
        )
    except ConfigError as error:
        yield Mistake(path=path, says=str(error).removeprefix(": "))


def shape_mistakes(
    error: ValidationError, models: Mapping[tuple[str, ...], type[BaseModel]]
) -> Iterator[Mistake]:
    """What pydantic found, in plain words. Values are repeated only where they are one of a few words."""
    for item in error.errors():
        path: KeyPath = tuple(part for key in item["loc"] for part in _parts_of(key, item["loc"]))
        kind = item["type"]
        if kind == "extra_forbidden":
            says = f"no such key.{nearest(str(path[-1]), _keys_at(path[:-1], models))}"
        elif kind == "literal_error":
            words = re.findall(r"'([^']*)'", str(item.get("ctx", {}).get("expected", "")))
            right = " or ".join(f'"{word}"' for word in words)
            says = f"{item['input']!r} is not known; write {right}.{_near(str(item['input']), words)}"
        elif kind == "missing":
            says = f"is missing.{_EXAMPLES.get(str(path[-1]), '')}"
        elif kind == "value_error":
            says = str(item["ctx"]["error"])
        else:
            says = _PLAIN_WORDS.get(kind, f"{item['msg']}.".replace("Input should be", "should be"))
        yield Mistake(path=path, says=says)


def _parts_of(key: str | int, path: KeyPath) -> KeyPath:
    """A policy of one column stands in the file as a table within a table: ``check.column``."""
    return tuple(key.split(".")) if isinstance(key, str) and "checks" in path else (key,)


def _keys_at(path: KeyPath, models: Mapping[tuple[str, ...], type[BaseModel]]) -> list[str]:
    for pattern, model in models.items():
        if len(pattern) == len(path) and all(p in ("*", str(k)) for p, k in zip(pattern, path, strict=True)):
            named = model.model_fields.items()
            return [field.alias or name for name, field in named if not field.exclude]
    return []


def _items(document: Any, key: str) -> list[tuple[str, Any]]:
    part = document.get(key) if isinstance(document, Mapping) else None
    return list(part.items()) if isinstance(part, Mapping) else []


def _is_secret(key: str) -> bool:
    words = [word for word in re.split(r"[_\-\s.]+", key.lower()) if word]
    return not _SECRET_WORDS.isdisjoint(words) or not _SECRET_PAIRS.isdisjoint(pairwise(words))


def _near(word: str, choices: list[str]) -> str:
    hint = nearest(word, choices)
    return hint if hint.startswith(" Did") else ""


CONFIG_NAME = "crm.toml"


class WorkspaceConfig(Section):
    """A workspace as its crm.toml describes it.

    Parameters
    ----------
    root : Path
        The folder that holds crm.toml; relative files are found from it.
    name : str
        The folder's name where crm.toml gives none.
    currency : str
        Code of ISO 4217.
    time_zone : str
        IANA name; naive times in the data are taken in it.
    as_of : "latest", date or datetime
    tables, indicators, scorecard, reports, checks, privacy, limits, engine, pipeline, offers, outreach, customers, \
models, identity, source, customer_types
        As the sections of crm.toml.
    """

    root: Path = Field(exclude=True)
    name: str
    currency: str
    time_zone: str = "UTC"
    as_of: Any = "latest"
    tables: dict[str, TableConfig]
    source: SourceConfig | None = None
    reports: dict[str, ReportConfig] = {}
    indicators: dict[str, IndicatorConfig] = {}
    scorecard: ScorecardConfig = ScorecardConfig()
    checks: Checks = {}
    privacy: PrivacyConfig = PrivacyConfig()
    limits: LimitsConfig = LimitsConfig()
    engine: EngineConfig = Field(default=EngineConfig(), exclude=True)
    pipeline: PipelineConfig = PipelineConfig()
    offers: OffersConfig = OffersConfig()
    outreach: OutreachConfig = OutreachConfig()
    models: ModelsConfig = ModelsConfig()
    segments: SegmentsConfig = SegmentsConfig()
    voice: VoiceConfig = VoiceConfig()
    customers: CustomersConfig = CustomersConfig()
    identity: IdentityConfig | None = None
    customer_types: tuple[dict[str, Any], ...] | None = None

    @validator("currency")
    @classmethod
    def _currency(cls, given: str) -> str:
        if given not in CURRENCIES:
            raise ValueError(
                f"{given!r} is no currency code of ISO 4217.{nearest(given.upper(), CURRENCIES)}"
            )
        return given

    @validator("time_zone")
    @classmethod
    def _time_zone(cls, given: str) -> str:
        zones = available_timezones()
        if given not in zones:
            hint = nearest(given, zones)
            hint = hint if hint.startswith(" Did") else ' Write it like "Europe/Paris".'
            raise ValueError(f"{given!r} is no time zone.{hint}")
        return given

    @validator("as_of", mode="before")
    @classmethod
    def _as_of(cls, given: Any) -> Any:
        if given == "latest" or isinstance(given, date):
            return given
        try:
            text = str(given).strip()
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f'{given!r} is no date. Write "latest" or a date such as 2017-12-31.') from None

    def policies(self, table: str) -> dict[str, str]:
        """Policies of a table's checks by ``check`` or ``check.column``; those of the table win."""
        own = self.tables[table].checks if table in self.tables else {}
        general = {key: one for key, one in self.checks.items() if key.partition(".")[0] not in own}
        return {**general, **own}


_MODELS: dict[tuple[str, ...], type[BaseModel]] = {
    (): WorkspaceConfig,
    ("tables", "*"): TableConfig,
    ("tables", "*", "columns", "*"): ColumnConfig,
    ("tables", "*", "where", "*"): FilterConfig,
    ("tables", "*", "join", "*"): JoinConfig,
    ("source",): SourceConfig,
    ("reports", "*"): ReportConfig,
    ("indicators", "*"): IndicatorConfig,
    ("scorecard",): ScorecardConfig,
    ("privacy",): PrivacyConfig,
    ("limits",): LimitsConfig,
    ("engine",): EngineConfig,
    ("pipeline",): PipelineConfig,
    ("offers",): OffersConfig,
    ("outreach",): OutreachConfig,
    ("models",): ModelsConfig,
    ("segments",): SegmentsConfig,
    ("voice",): VoiceConfig,
    ("customers",): CustomersConfig,
    ("identity",): IdentityConfig,
}


def load_config(path: str | Path) -> WorkspaceConfig:
    """Read a workspace's crm.toml and refuse every mistake in it at once."""
    file = find_config(path)
    text = _read(file)
    document = _parse(text, file)
    mistakes = [*secrets_in(document), *vocabulary_mistakes(document)]
    if "root" in document:
        mistakes.append(Mistake(path=("root",), says="no such key."))
    root = file.parent
    try:
        config = WorkspaceConfig.model_validate({"name": root.resolve().name, **document, "root": root})
    except ValidationError as error:
        mistakes += shape_mistakes(error, _MODELS)
    if mistakes:
        raise mistakes_error(mistakes, text=text, file=str(file))
    if not config.tables:
        raise ConfigError(f"tables ({file}): no table is described. Begin with [tables.transactions].")
    return config


def find_config(path: str | Path) -> Path:
    """The crm.toml of a workspace."""
    given = Path(path)
    file = given / CONFIG_NAME if given.is_dir() else given
    if file.is_file():
        return file
    if given.is_dir():
        raise ConfigError(
            f"{given}: there is no {CONFIG_NAME} in this folder. Write one; README.md shows how."
        )
    beside = given.parent if given.suffix != ".toml" else given.parent.parent
    there = (
        [entry.parent.name for entry in sorted(beside.glob(f"*/{CONFIG_NAME}"))] if beside.is_dir() else []
    )
    name = given.name if given.suffix != ".toml" else given.parent.name
    hint = nearest(name, there) if there else ""
    raise ConfigError(f"{given}: there is no such workspace, a folder that holds a {CONFIG_NAME}.{hint}")


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}).") from error


def _parse(text: str, file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = (place.group(1) if place else None) or str(text.count("\n") + 1)
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise ConfigError(f"{file}, line {line}: this is no TOML: {what}. Text stands in quotes.") from error
    except RecursionError as error:
        raise ConfigError(f"{file}: is nested too deep.") from error
