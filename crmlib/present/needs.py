"""What a report cannot do without, asked before anything is computed."""

import pickle
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from crmlib.prepare.private import private_folder, write_private
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.numbers import capital
from crmlib.schema.errors import CrmlibError, ParameterError, SchemaError

WORK = "work"
"""Under this name a run keeps its worklist, from which the pages of customers take their lines."""
_WITH_TABLE = re.compile(r"^(?P<reason>.*?)(?: \(needs the table (?P<table>\w+)\))?$", re.DOTALL)


class SkipReport(CrmlibError):
    """Raised in a notebook: the report is skipped, with a reason that the index of the run shows.

    `reason`: Why, for a reader: "No order line has a cost.".
    `table`: The table that would bring the report.
    """

    def __init__(self, reason: Any, table: str | None = None) -> None:
        self.reason = str(reason)
        self.table = table
        super().__init__(f"{reason} (needs the table {table})" if table else reason)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the reason. Where in our code it was found helps nobody, and takes half a second."""
        return [f"{type(self).__name__}: {self}"]


def skip_reason(message: str) -> tuple[str, str | None]:
    """Reason and table, from the message of a `SkipReport`."""
    match = _WITH_TABLE.match(message)
    return match["reason"], match["table"]


def require_customers(crm: Any) -> None:
    """Skip the report where no order line says who bought."""
    if "customer_id" not in crm.columns("transactions"):
        raise SkipReport(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )


def require_sales(crm: Any) -> None:
    """Skip the report where neither orders nor deals are kept."""
    if "transactions" not in crm and "opportunities" not in crm:
        raise SkipReport("Neither orders nor deals are kept here.", table="transactions")


def require_texts(crm: Any) -> None:
    """Skip the report where nothing is kept of what customers say or look at."""
    has_notes = "interactions" in crm and "notes" in crm.columns("interactions")
    if not has_notes and "feedback" not in crm and "events" not in crm:
        raise SkipReport("Nothing is kept here of what customers say.", table="feedback")


def require_buyers(indicators: Any, *, fewest: int = 50) -> None:
    """Skip the report where too few customers have bought to say anything about them."""
    buyers = int((indicators["order_count"] > 0).sum())
    if buyers < fewest:
        who = f"Only {buyers:,} customer{'s' * (buyers != 1)}" if buyers else "No customers"
        raise SkipReport(
            f"{who} {'has' if buyers == 1 else 'have'} bought; this report needs at least {fewest}."
        )


def require_cases(found: Any) -> None:
    """Skip the report where no service case has come in."""
    if not found.cases:
        raise SkipReport("No service case has come in up to the closing moment.")


def fitted(fit: Callable[..., Any], *tables: Any, **settings: Any) -> Any:
    """Fit a model, or say why there is too little to learn from; the rest of the report goes on without it.

    What rests on a result that is missing is missing for the same reason.
    """
    missing = next((part for part in (*tables, *settings.values()) if isinstance(part, Skipped)), None)
    if missing is not None:
        return missing
    try:
        return fit(*tables, **settings)
    except (ParameterError, SchemaError) as error:
        said = str(error)
        return Skipped(capital(said))


def first_known(*results: Any) -> Any:
    """The first result that is there."""
    for result in results:
        if not isinstance(result, Skipped):
            return result
    raise SkipReport(results[0].reason)


def parts_of(results: Any, count: int) -> tuple[Any, ...]:
    """Several results that were made together, or so many times what stands in their place."""
    return (results,) * count if isinstance(results, Skipped) else tuple(results)


def all_known(*results: Any) -> tuple[Any, ...]:
    """The results that are there."""
    return tuple(result for result in results if not isinstance(result, Skipped))


def picture_of(plot: Callable[..., Any], result: Any, **options: Any) -> Picture | None:
    """The picture of a result, or none where the result is missing."""
    return None if isinstance(result, Skipped) else Picture(plot(result, **options))


def or_else(instead: Callable[[Skipped], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say something else where the result that a function tells of is missing."""

    def decorate(tell: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(tell)
        def told(*given: Any, **settings: Any) -> Any:
            missing = next((part for part in given if isinstance(part, Skipped)), None)
            return tell(*given, **settings) if missing is None else instead(missing)

        return told

    return decorate


def hand_on(handed: str, **results: Any) -> None:
    """Leave results for a later report of the same run; outside a run, and what is missing, is not left."""
    if not handed:
        return
    folder = Path(handed)
    private_folder(folder)
    for name, result in results.items():
        if result is not None and not isinstance(result, Skipped):
            write_private(folder / f"{name}.pickle", pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL))


def handed_on(handed: str, *names: str) -> dict[str, Any]:
    """Those of the results that an earlier report of the same run has left."""
    if not handed:
        return {}
    found = {name: Path(handed) / f"{name}.pickle" for name in names}
    return {name: pickle.loads(file.read_bytes()) for name, file in found.items() if file.is_file()}
