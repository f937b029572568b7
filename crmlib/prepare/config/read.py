"""crm.toml: what a workspace's exports are, and how they become the tables of the vocabulary."""

import re
import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, Field, ValidationError
from pydantic import field_validator as validator

from crmlib.prepare.config.mistakes import (
    Mistake,
    mistakes_error,
    secrets_in,
    shape_mistakes,
    vocabulary_mistakes,
)
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
from crmlib.schema.errors import ConfigError, nearest

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
