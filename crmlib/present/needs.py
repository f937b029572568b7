"""What a report cannot do without, asked before anything is computed."""

import pickle
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from crmlib.present.blocks import Picture, Skipped
from crmlib.present.words import count
from crmlib.schema.errors import CrmlibError, ParameterError, SchemaError

_WITH_TABLE = re.compile(r"^(?P<reason>.*?)(?: \(needs the table (?P<table>\w+)\))?$", re.DOTALL)


class SkipReport(CrmlibError):
    """Raised in a notebook: the report is skipped, with a reason that the index of the run shows.

    Parameters
    ----------
    reason : Claim or str
        Why, for a reader: "No order line has a cost."
    table : str, optional
        The table that would bring the report.
    """

    def __init__(self, reason: Any, table: str | None = None) -> None:
        self.reason = str(reason)
        self.table = table
        super().__init__(f"{reason} (needs the table {table})" if table else reason)


def skip_reason(message: str) -> tuple[str, str | None]:
    """Reason and table, from the message of a `SkipReport`."""
    match = _WITH_TABLE.match(message)
    return match["reason"], match["table"]


def require_customers(crm: Any) -> None:
    """Skip the report where no order line says who bought.

    Parameters
    ----------
    crm : Crm
        With `transactions`.

    Raises
    ------
    SkipReport
        With the reason, which the index of the run shows.

    Examples
    --------
    >>> from crmlib import Crm
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"order_id": ["1"], "product_id": ["tea"], "net_amount": [5.0],
    ...                       "ordered_at": ["2024-01-02"]})
    >>> require_customers(Crm.from_frames(as_of="2024-01-31", transactions=lines))
    Traceback (most recent call last):
    ...
    crmlib.present.needs.SkipReport: No order line says who bought. Map customer_id in crm.toml under
    [tables.transactions.columns].
    """
    if "customer_id" not in crm.columns("transactions"):
        raise SkipReport(
            "No order line says who bought. Map customer_id in crm.toml under [tables.transactions.columns]."
        )


def require_buyers(indicators: Any, *, fewest: int = 50) -> None:
    """Skip the report where too few customers have bought to say anything about them.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id
        With `order_count`.
    fewest : int

    Raises
    ------
    SkipReport
        With the reason, which the index of the run shows.

    Examples
    --------
    >>> import pandas as pd
    >>> require_buyers(pd.DataFrame({"order_count": [1, 0, 3]}), fewest=2)
    >>> require_buyers(pd.DataFrame({"order_count": [1, 0, 3]}), fewest=3)
    Traceback (most recent call last):
    ...
    crmlib.present.needs.SkipReport: Only 2 customers have bought; this report needs at least 3.
    """
    buyers = int((indicators["order_count"] > 0).sum())
    if buyers < fewest:
        said = count(buyers, "customer").replace("\u00a0", " ")
        who = f"Only {said}" if buyers else "No customers"
        raise SkipReport(
            f"{who} {'has' if buyers == 1 else 'have'} bought; this report needs at least {fewest}."
        )


def fitted(fit: Callable[..., Any], *tables: Any, **settings: Any) -> Any:
    """Fit a model, or say why there is too little to learn from; the rest of the report goes on without it.

    What rests on a result that is missing is missing for the same reason.

    Parameters
    ----------
    fit : function, such as `crmlib.fit_churn`
    *tables, **settings : what it takes

    Returns
    -------
    What `fit` gives, or `Skipped` with the reason.

    Examples
    --------
    >>> def fit(days):
    ...     raise ParameterError("a horizon of 90 days needs 270 days of orders. There are 100.")
    >>> fitted(fit, 100)
    Skipped(reason='A horizon of 90 days needs 270 days of orders. There are 100.', table=None)
    >>> fitted(fit, fitted(fit, 100)).reason[:9]
    'A horizon'
    """
    missing = next((part for part in (*tables, *settings.values()) if isinstance(part, Skipped)), None)
    if missing is not None:
        return missing
    try:
        return fit(*tables, **settings)
    except (ParameterError, SchemaError) as error:
        said = str(error)
        return Skipped(said[:1].upper() + said[1:])


def first_known(*results: Any) -> Any:
    """The first result that is there.

    Parameters
    ----------
    *results : results, or `Skipped`

    Raises
    ------
    SkipReport
        If none is there, with the reason of the first.

    Examples
    --------
    >>> first_known(Skipped("No deals are known."), "sales")
    'sales'
    """
    for result in results:
        if not isinstance(result, Skipped):
            return result
    raise SkipReport(results[0].reason)


def parts_of(results: Any, count: int) -> tuple[Any, ...]:
    """Several results that were made together, or so many times what stands in their place.

    Parameters
    ----------
    results : list of results, or `Skipped`
    count : int

    Examples
    --------
    >>> one, other = parts_of(Skipped("Nobody has bought."), 2)
    >>> other.reason
    'Nobody has bought.'
    """
    return (results,) * count if isinstance(results, Skipped) else tuple(results)


def all_known(*results: Any) -> tuple[Any, ...]:
    """The results that are there.

    Parameters
    ----------
    *results : results, or `Skipped`

    Examples
    --------
    >>> all_known(Skipped("No deals are known."), "sales")
    ('sales',)
    """
    return tuple(result for result in results if not isinstance(result, Skipped))


def picture_of(plot: Callable[..., Any], result: Any, **options: Any) -> Picture | None:
    """The picture of a result, or none where the result is missing.

    Parameters
    ----------
    plot : function of the result that draws it
    result : what is drawn, or `Skipped`
    **options : of `plot`

    Returns
    -------
    Picture or None

    Examples
    --------
    >>> picture_of(print, Skipped("Too few customers."))
    """
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
    """Leave results for a later report of the same run; outside a run, and what is missing, is not left.

    Parameters
    ----------
    handed : str
        The folder that the run names; empty outside a run.
    **results
    """
    if not handed:
        return
    folder = Path(handed)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, result in results.items():
        if result is not None and not isinstance(result, Skipped):
            draft = folder / f".{name}.pickle"
            draft.write_bytes(pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL))
            draft.replace(folder / f"{name}.pickle")


def handed_on(handed: str, *names: str) -> dict[str, Any]:
    """Those of the results that an earlier report of the same run has left.

    Parameters
    ----------
    handed : str
        The folder that the run names; empty outside a run. Only the run writes in it, and only its owner can.
    *names : str

    Returns
    -------
    dict of name -> result

    Examples
    --------
    >>> handed_on("", "overdue")
    {}
    """
    if not handed:
        return {}
    found = {name: Path(handed) / f"{name}.pickle" for name in names}
    return {name: pickle.loads(file.read_bytes()) for name, file in found.items() if file.is_file()}
