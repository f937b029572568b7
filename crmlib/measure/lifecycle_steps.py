"""The steps from a workspace's tables to purchase days and other contact, shared by life cycle and cohorts."""

import pandas as pd

from crmlib.measure.indicators.sources import source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

PURCHASES, DEALS = "orders", "won deals"
"""What a purchase is here: an order, or, in a workspace without orders, a deal that was won."""

_ORDER_DAYS = """
        select customer_id, ordered_on, sum(kept_amount) as amount
        from orders
        where is_purchase
        group by customer_id, ordered_on
    """
_DEAL_DAYS = """
        select customer_id, ordered_on, sum(coalesce(amount, 0)) as amount
        from (
            select
                customer_id,
                amount,
                cast(closed_at at time zone 'UTC' at time zone $time_zone as date) as ordered_on
            from ({deals}) as deals
            where customer_id is not null and outcome = 'won' and closed_at <= $as_of
        ) as won_deals
        group by customer_id, ordered_on
    """
_CONTACTS = {
    "opportunities": """
        select customer_id from ({rows}) as deals
        where coalesce(outcome, 'open') = 'open' and coalesce(created_at <= $as_of, true)
    """,
    "campaign_contacts": "select customer_id from ({rows}) as answers where responded_at <= $as_of",
    "interactions": """
        select customer_id from ({rows}) as interactions
        where happened_at <= $as_of
            and not (coalesce(direction, '') = 'out' and coalesce(purpose, '') = 'campaign')
    """,
    "events": "select customer_id from ({rows}) as events where happened_at <= $as_of",
    "transactions": "select distinct customer_id from ({rows}) as orders where ordered_at <= $as_of",
}
_PEOPLE = ("customers", "transactions", "opportunities")


def purchases_are(crm: Crm) -> str:
    """What counts as a purchase in a workspace.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    str
        `PURCHASES` or `DEALS`.

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["1"], "stage": ["Won"], "outcome": ["won"]})
    >>> purchases_are(Crm.from_frames(as_of="2024-01-31", opportunities=deals))
    'won deals'
    """
    if "transactions" in crm:
        return PURCHASES
    if "opportunities" in crm:
        return DEALS
    raise SchemaError(
        f"{crm.name} has neither transactions nor opportunities, so nobody's purchases are known. "
        "Map one of them in crm.toml, as [tables.transactions] or [tables.opportunities]."
    )


def purchase_day_steps(crm: Crm) -> Steps:
    """The steps whose last one is `purchase_days`: one row a customer and day with a purchase.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    Steps
        Columns of `purchase_days`: `customer_id`, `ordered_on` (day, in the workspace's time zone),
        `amount` (what is left of the day's orders after refunds, or the won amount). The orders' own steps
        stand before it where there are orders.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"],
    ...                       "ordered_at": ["2024-01-02"], "net_amount": [5.0]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    >>> ask(crm, "select customer_id, amount from purchase_days", steps=purchase_day_steps(crm))
      customer_id  amount
    0         ann     5.0
    """
    columns = columns_here(crm)
    if purchases_are(crm) == PURCHASES:
        return indicator_steps(source_steps(columns)).add({"purchase_days": _ORDER_DAYS})
    deals = read_table(columns, "opportunities", ("customer_id", "outcome", "closed_at", "amount"))
    return Steps().add({"purchase_days": _DEAL_DAYS}, deals=deals)


def purchase_amounts(crm: Crm, *, days: int) -> pd.Series:
    """What each customer bought in the last days, customer_id -> amount in account currency, sorted.

    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["1"], "customer_id": ["ann"], "stage": "x", "amount": [7.0],
    ...                       "outcome": ["won"], "closed_at": ["2024-01-02"]})
    >>> purchase_amounts(Crm.from_frames(as_of="2024-01-31", opportunities=deals), days=365).to_dict()
    {'ann': 7.0}
    """
    question = """
        select customer_id, cast(sum(amount) as double) as amount
        from purchase_days
        where date_diff('day', ordered_on, $as_of_on) < $days
        group by customer_id
        order by customer_id
    """
    return ask(crm, question, steps=purchase_day_steps(crm), days=days).set_index("customer_id")["amount"]


def contacts_sql(crm: Crm) -> str:
    """One row for every sign that somebody is in touch: an open deal, an answer, a talk, a visit.

    Who has ordered has one more, even if everything came back. A message of ours that belongs to a campaign
    is no such sign, and neither is a deal that was lost.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    str
        A select of `customer_id`.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["1", "2"], "customer_id": ["ann", "bob"],
    ...                       "stage": "Talk", "outcome": ["open", "lost"]})
    >>> ask(crm := Crm.from_frames(as_of="2024-01-31", opportunities=deals), contacts_sql(crm))
      customer_id
    0         ann
    """
    columns = columns_here(crm)
    needed = {
        "opportunities": ("customer_id", "outcome", "created_at"),
        "campaign_contacts": ("customer_id", "responded_at"),
        "interactions": ("customer_id", "happened_at", "direction", "purpose"),
        "events": ("customer_id", "happened_at"),
        "transactions": ("customer_id", "ordered_at"),
    }
    parts = [
        sql.format(rows=read_table(columns, table, needed[table]))
        for table, sql in _CONTACTS.items()
        if table in columns
    ]
    return " union all ".join(parts) or "select cast(null as varchar) as customer_id where false"


def people_sql(crm: Crm) -> str:
    """Everybody who has a place in the life cycle: listed, or seen with an order or a deal.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    str
        A select of `customer_id`, each once.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=pd.DataFrame({"customer_id": ["ann"]}))
    >>> ask(crm, people_sql(crm)).customer_id.tolist()
    ['ann']
    """
    columns = columns_here(crm)
    time = {"transactions": "ordered_at", "opportunities": "created_at"}
    parts = []
    for table in _PEOPLE:
        if table in columns:
            moment = time.get(table, "")
            seen = f"coalesce({moment} <= $as_of, true)" if moment in columns[table] else ""
            parts.append(read_table(columns, table, ("customer_id",), where=seen))
    united = " union all ".join(parts)
    return f"select distinct customer_id from ({united}) as everyone where customer_id is not null"
