"""Checks compiled: each becomes a condition, a policy and a bit in the row's record of findings."""

from collections.abc import Mapping
from dataclasses import dataclass

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.engine import Engine, EngineError
from crmlib.schema.errors import ConfigError, CrmlibError, SchemaError, SourceError, nearest
from crmlib.schema.fields import POLICIES, Field, TableSpec

MAX_FINDINGS = 62
"""Findings are bits of one signed 64-bit number."""

MOMENT_TYPES = ("timestamp", "date")
TEXT_TYPES = ("id", "text", "list")

FIELD_CHECKS = ("missing_required", "wrong_type", "unparsable_date", "out_of_range", "not_allowed")
ROW_CHECKS = (
    "unreadable_record", "filtered", "isolated_future", "after_as_of", "duplicate_key", "exact_duplicate",
    "orphan_key", "vanished", "misspelt", "not_agreed", "stale",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that may be wrong with a row, and what is done about it.

    Parameters
    ----------
    check : str
        Its name, as in crm.toml.
    column : the column it looks at, or ""
    policy : "set_aside", "mend" or "warn"
    says : what is wrong, as the end of a sentence that begins with a number of rows
    condition : SQL over the staged row that is true where it is wrong; "" where a query finds the rows
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


def field_findings(spec: TableSpec, mapped: tuple[str, ...], policies: Mapping[str, str]) -> list[Finding]:
    """The findings that the mapped fields of a table declare; conditions over ``b_<name>`` and ``t_<name>``."""
    found: list[Finding] = []

    def add(field: Field, check: str, default: str, says: str, condition: str) -> None:
        policy = policy_of(check, field.name, default, policies, table=spec.name)
        found.append(Finding(check=check, column=field.name, policy=policy, says=says, condition=condition))

    for field in spec.fields:
        if field.name not in mapped:
            continue
        base, typed = f'"b_{field.name}"', f'"t_{field.name}"'
        strict = "set_aside" if field.required else "mend"
        if field.required:
            add(field, "missing_required", "set_aside", f"have no {field.name}", f"{base} is null")
        if field.type in MOMENT_TYPES:
            says = f"have a {field.name} that is no date as written (state date_formats in crm.toml)"
            add(field, "unparsable_date", strict, says, f"{base} is not null and {typed} is null")
        elif field.type not in TEXT_TYPES:
            says = f"have a {field.name} that is no {_TYPE_WORDS[field.type]}"
            add(field, "wrong_type", strict, says, f"{base} is not null and {typed} is null")
        if field.minimum is not None or field.maximum is not None:
            low, high = field.minimum, field.maximum
            parts = [
                f"{typed} < {low}" if low is not None else "",
                f"{typed} > {high}" if high is not None else "",
            ]
            says = f"have a {field.name} {_range_words(low, high)}"
            add(field, "out_of_range", strict, says, " or ".join(part for part in parts if part))
        if field.allowed:
            values = ", ".join(text_literal(value) for value in field.allowed)
            default = "set_aside" if field.required else "warn"
            says = f"have a {field.name} that is none of: {', '.join(field.allowed)}"
            add(field, "not_allowed", default, says, f"{typed} not in ({values})")
    return found


def table_findings(
    spec: TableSpec, mapped: tuple[str, ...], policies: Mapping[str, str]
) -> list[tuple[Finding, bool]]:
    """The findings of the table's own checks whose columns are mapped, each with whether it is a query."""
    return [
        (
            Finding(
                check=check.name,
                column="",
                policy=policy_of(check.name, "", check.policy, policies, table=spec.name),
                says=check.says,
                condition=check.sql,
            ),
            check.whole_table,
        )
        for check in spec.checks
        if all(name in mapped for name in check.needs)
    ]


def refuse_unknown(spec: TableSpec, mapped: tuple[str, ...], policies: Mapping[str, str]) -> None:
    """Refuse a table without its required columns, and policies of checks and columns that are not there."""
    missing = [name for name in spec.required if name not in mapped]
    if missing:
        raise SchemaError(
            f"{spec.name} has no column {', '.join(missing)} (has: {', '.join(mapped) or 'none'}). "
            f"Map it in crm.toml under [tables.{spec.name}.columns]."
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


_TYPE_WORDS = {
    "integer": "whole number",
    "number": "number",
    "share": "number",
    "money": "amount",
    "boolean": "yes or no",
}


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
