"""What was reached of a plan: targets of a period, and what was sold, earned or won in it."""

import pandas as pd

from crmlib.measure.sales_series import SPLITS, facts_steps
from crmlib.measure.steps import Steps, ask
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

DIMENSIONS = ("total", "customer", "product", "category", "department", "employee", "region")

_FIGURES = {
    "net_amount": "sum(net_amount)",
    "quantity": "sum(quantity)",
    "margin": "sum(margin)",
    "order_count": "count(distinct counted_order_id)",
    "won_amount": "sum(won_amount)",
}
_WINDOW = "where sold_on between cast($first_on as date) and cast($last_on as date)"
_MASTERS = {
    "customer": ("customers", "customer_id"),
    "product": ("products", "product_id"),
    "category": ("products", "category"),
    "department": ("products", "department"),
    "employee": ("employees", "employee_id"),
    "region": ("customers", "region"),
}


def plan_rows(crm: Crm, *, by: str) -> pd.DataFrame:
    """The targets of a dimension.

    Parameters
    ----------
    crm : Crm
        With `plans`.
    by : one of `DIMENSIONS`

    Returns
    -------
    DataFrame, sorted
        `period_start`, `period_end`, `key` ("all" for the total), `measure`, `target`.

    Raises
    ------
    SchemaError
        If there are no plans.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> plans = pd.DataFrame({"period_start": ["2024-01-01"], "period_end": ["2024-01-31"], "dimension": "total",
    ...                       "key": "house", "measure": "net_amount", "target": 90.0})
    >>> plan_rows(Crm.from_frames(as_of="2024-01-31", plans=plans), by="total")
      period_start period_end  key     measure  target
    0   2024-01-01 2024-01-31  all  net_amount    90.0
    """
    if "plans" not in crm:
        raise SchemaError(f"{crm.name} has no plans. Map them in crm.toml under [tables.plans].")
    key = "'all'" if by == "total" else "key"
    found = crm.engine.to_pandas(
        f"select period_start, period_end, {key} as key, measure, cast(sum(target) as double) as target "
        "from plans where dimension = $by group by 1, 2, 3, 4 order by 4, 1, 2, 3",
        {"by": by},
    )
    for column in ("period_start", "period_end"):
        found[column] = pd.to_datetime(found[column]).astype("datetime64[us]")
    return found


def reached(crm: Crm, *, by: str, measure: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.Series:
    """What was reached from one day to another, by key.

    Parameters
    ----------
    crm : Crm
    by : one of `DIMENSIONS`
    measure : one of `sales_series.MEASURES`
    first, last : Timestamp
        Days of the workspace's calendar, both included.

    Returns
    -------
    Series key -> value, sorted by key ("all" for the total, "" where the key is not known)

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": list("12"), "product_id": ["tea", "milk"], "net_amount": [5.0, 6.0],
    ...                       "ordered_at": ["2024-01-01", "2024-03-11"]})
    >>> crm = Crm.from_frames(as_of="2024-04-20", transactions=lines)
    >>> first, last = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-31")
    >>> reached(crm, by="product", measure="net_amount", first=first, last=last).to_dict()
    {'tea': 5.0}
    """
    steps = facts_steps(crm, by=None if by == "total" else by, measure=measure)
    question = f"select coalesce(key, '') as key, cast({_FIGURES[measure]} as double) as figure from facts {_WINDOW} "
    found = _ask(crm, question + "group by 1 order by 1", steps, first, last)
    return found.set_index("key")["figure"].astype("float64")


def product_sums(crm: Crm, *, by: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Money and pieces of every product from one day to another, by key.

    Parameters
    ----------
    crm : Crm
        With ``transactions.quantity``.
    by : one of `DIMENSIONS`
    first, last : Timestamp

    Returns
    -------
    DataFrame
        `key`, `product_id`, `amount` (account currency), `pieces` (NaN where none is known), `unpriced` (amount
        of lines without a quantity).

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": list("12"), "product_id": "tea", "net_amount": [5.0, 6.0],
    ...                       "quantity": [1, 2], "ordered_at": ["2024-01-01", "2024-01-11"]})
    >>> crm = Crm.from_frames(as_of="2024-04-20", transactions=lines)
    >>> first, last = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-31")
    >>> product_sums(crm, by="total", first=first, last=last)
       key product_id  amount  pieces  unpriced
    0  all        tea    11.0     3.0       0.0
    """
    steps = facts_steps(crm, by=None if by == "total" else by, measure="quantity")
    question = f"""select coalesce(key, '') as key, product_id, cast(sum(net_amount) as double) as amount,
        cast(sum(quantity) as double) as pieces,
        cast(coalesce(sum(case when quantity is null then net_amount end), 0) as double) as unpriced
        from facts {_WINDOW} group by 1, 2 order by 1, 2"""
    return _ask(crm, question, steps, first, last).astype(
        {"amount": "float64", "pieces": "float64", "unpriced": "float64"}
    )


def known_keys(crm: Crm, *, by: str) -> set[str] | None:
    """The keys of a dimension that the workspace knows; None where it keeps no list of them.

    Parameters
    ----------
    crm : Crm
    by : one of `DIMENSIONS`

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> crm = Crm.from_frames(as_of="2024-04-20", products=pd.DataFrame({"product_id": ["tea"]}))
    >>> known_keys(crm, by="product"), known_keys(crm, by="region")
    ({'tea'}, None)
    """
    table, column = _MASTERS.get(by, ("", ""))
    if table not in crm.tables or column not in crm.columns(table):
        return None
    return {
        str(row[0]) for row in crm.engine.rows(f"select distinct {column} from {table}") if row[0] is not None
    }


def left_employees(crm: Crm) -> pd.Series:
    """Employees who left, and when.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    Series employee_id -> day

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": ["2024-01-31", None]})
    >>> left_employees(Crm.from_frames(as_of="2024-04-20", employees=staff)).to_dict()
    {'e1': Timestamp('2024-01-31 00:00:00')}
    """
    if "employees" not in crm or "left_on" not in crm.columns("employees"):
        return pd.Series(dtype="datetime64[us]")
    rows = crm.engine.rows("select employee_id, left_on from employees where left_on is not null order by 1")
    return pd.Series({str(who): pd.Timestamp(day) for who, day in rows}, dtype="datetime64[us]")


def can_measure(crm: Crm, *, by: str, measure: str) -> str:
    """Why a measure cannot be computed here; empty where it can.

    Parameters
    ----------
    crm : Crm
    by : one of `DIMENSIONS`
    measure : str

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> crm = Crm.from_frames(as_of="2024-04-20", products=pd.DataFrame({"product_id": ["tea"]}))
    >>> can_measure(crm, by="total", measure="net_amount")[:32]
    'frames has no table transactions'
    """
    try:
        facts_steps(crm, by=by if by in SPLITS else None, measure=measure)
    except (SchemaError, ValueError) as error:
        return str(error)
    return ""


def _ask(crm: Crm, question: str, steps: Steps, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    return ask(crm, question, steps=steps, first_on=f"{first:%Y-%m-%d}", last_on=f"{last:%Y-%m-%d}")
