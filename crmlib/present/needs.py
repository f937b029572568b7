"""What a report cannot do without, asked before anything is computed."""

from typing import Any

from crmlib.present.skip import SkipReport
from crmlib.present.words import count


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
    crmlib.present.skip.SkipReport: Only 2 customers have bought; segments need at least 3.
    """
    buyers = int((indicators["order_count"] > 0).sum())
    if buyers < fewest:
        said = count(buyers, "customer").replace("\u00a0", " ")
        who = f"Only {said}" if buyers else "No customers"
        raise SkipReport(f"{who} {'has' if buyers == 1 else 'have'} bought; segments need at least {fewest}.")
