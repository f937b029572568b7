"""Questions to the orders of a table that is at hand, whatever kind of table it is."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmlib.measure.indicators.sources import order_lines_sql
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import moments
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine, columns_of, require_columns
from crmlib.schema.errors import SchemaError

_REQUIRED = ("customer_id", "order_id", "ordered_at", "net_amount")
_READ_AS = {
    "customer_id": "customer_id",
    "order_id": "order_id",
    "ordered_at": "cast(ordered_at as timestamp) as ordered_at",
    "net_amount": "cast(net_amount as decimal(18, 4)) as net_amount",
    "product_id": "coalesce(cast(product_id as varchar), '') as product_id",
    "quantity": "try_cast(quantity as decimal(18, 4)) as quantity",
}
_WHERE_MISSING = {"product_id": "'' as product_id", "quantity": "cast(null as decimal(18, 4)) as quantity"}
_UNUSED = {
    **dict.fromkeys(("discount_amount", "cost_amount"), "decimal(18, 4)"),
    **dict.fromkeys(("channel", "store_id"), "varchar"),
    **dict.fromkeys(("due_on", "paid_on"), "date"),
}


def read_once(crm: Crm) -> Any:
    """The order lines of a workspace with the columns that `ask_orders` reads, for several questions in a row.

    Parameters
    ----------
    crm : Crm
        With `transactions`.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    SchemaError
        If a column is missing.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> ledger = pd.DataFrame({"customer_id": ["ann"], "order_id": ["1"], "ordered_at": ["2024-01-05"],
    ...                        "product_id": ["tea"], "net_amount": [20.0], "channel": ["web"]})
    >>> read_once(Crm.from_frames(as_of="2024-01-31", transactions=ledger)).column_names
    ['customer_id', 'order_id', 'ordered_at', 'net_amount', 'product_id']
    """
    transactions = crm.table("transactions")
    require_columns(transactions, _REQUIRED, table_name="transactions")
    present = columns_of(transactions)
    names = [Engine.quote(name) for name in _READ_AS if name in present]
    return crm.engine.to_arrow(f"select {', '.join(names)} from transactions")


def ask_orders(
    transactions: Any,
    question: str,
    *,
    as_of: pd.Timestamp,
    time_zone: str,
    steps: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Ask something of the orders view (refunds settled, purchases told) made from order lines.

    Parameters
    ----------
    transactions : table, one row per order line
        `customer_id`, `order_id`, `ordered_at`, `net_amount`; and where they are there `product_id`, `quantity`.
    question : str
        A select over `orders` or over `steps`.
    as_of : Timestamp (naive, UTC)
    time_zone : str
        Whose days are counted.
    steps : name -> SQL, optional
        Further steps, which read `orders`.

    Returns
    -------
    DataFrame indexed by customer_id

    Raises
    ------
    SchemaError
        If a column is missing, or holds a value that cannot be read.

    Examples
    --------
    >>> ledger = pd.DataFrame({"customer_id": ["ann"], "order_id": ["1"], "ordered_at": ["2024-01-05"],
    ...                        "net_amount": [20.0]})
    >>> ask_orders(ledger, "select customer_id, age_days from orders", as_of=pd.Timestamp("2024-01-07"),
    ...            time_zone="UTC")
                 age_days
    customer_id
    ann                 2
    """
    require_columns(transactions, _REQUIRED, table_name="transactions")
    present = columns_of(transactions)
    read = [_READ_AS[name] if name in present else _WHERE_MISSING[name] for name in _READ_AS]
    read += [f"cast(null as {kind}) as {name}" for name, kind in _UNUSED.items()]
    lines = order_lines_sql(f"select {', '.join(read)} from given_transactions")
    sql = indicator_steps({"order_lines": lines}).add(steps or {}).sql(question)
    with Engine() as engine:
        engine.register("given_transactions", transactions, columns=[n for n in _READ_AS if n in present])
        try:
            table = engine.to_pandas(sql, moments(sql, as_of=as_of, time_zone=time_zone))
        except Exception as error:
            raise SchemaError(
                "transactions holds a value that is no time (ordered_at) or no finite amount (net_amount): "
                f"{str(error).strip().splitlines()[0]}"
            ) from error
    return table.set_index("customer_id")
