"""What the engine cannot compute, led back to the line of crm.toml that asks for it."""

from collections.abc import Mapping

from crmlib.prepare.engine import Engine, EngineError
from crmlib.schema.errors import ConfigError, CrmlibError, SourceError


def refusal_of(engine: Engine, error: EngineError, *, table: str, computed: Mapping[str, str]) -> CrmlibError:
    """The error to raise: each part is computed alone, and the first that fails is named.

    Parameters
    ----------
    engine : Engine
    error : what the whole failed with
    table : name of ours
    computed : key path within the table -> ``<expression> as <name> from <rows>``

    Examples
    --------
    >>> parts = {"columns.name": "'2020-13-01'::date as n from (select 1)"}
    >>> with Engine() as engine:
    ...     print(refusal_of(engine, EngineError("..."), table="products", computed=parts))
    tables.products.columns.name: the engine cannot compute it: Conversion Error: ...
    """
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
