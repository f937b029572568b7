"""What a report cannot do without, asked before anything is computed."""

from collections.abc import Callable
from typing import Any

from crmlib.present.skip import SkipReport
from crmlib.present.words import count
from crmlib.schema.errors import ParameterError


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
    crmlib.present.skip.SkipReport: No order line says who bought. Map customer_id in crm.toml under
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
    crmlib.present.skip.SkipReport: Only 2 customers have bought; this report needs at least 3.
    """
    buyers = int((indicators["order_count"] > 0).sum())
    if buyers < fewest:
        said = count(buyers, "customer").replace("\u00a0", " ")
        who = f"Only {said}" if buyers else "No customers"
        raise SkipReport(
            f"{who} {'has' if buyers == 1 else 'have'} bought; this report needs at least {fewest}."
        )


def fitted(fit: Callable[..., Any], *tables: Any, **settings: Any) -> Any:
    """Fit a model, or skip the report where there is too little to learn from.

    Parameters
    ----------
    fit : function, such as `crmlib.fit_churn`
    *tables, **settings : what it takes

    Returns
    -------
    What `fit` gives.

    Raises
    ------
    SkipReport
        With the reason that the function gave.

    Examples
    --------
    >>> def fit(days):
    ...     raise ParameterError("a horizon of 90 days needs 270 days of orders. There are 100.")
    >>> fitted(fit, 100)
    Traceback (most recent call last):
    ...
    crmlib.present.skip.SkipReport: A horizon of 90 days needs 270 days of orders. There are 100.
    """
    try:
        return fit(*tables, **settings)
    except ParameterError as error:
        said = str(error)
        raise SkipReport(said[:1].upper() + said[1:]) from error
