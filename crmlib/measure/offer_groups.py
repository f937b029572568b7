"""What sells best among customers who are alike, for those of whom no purchase is known."""

from datetime import date, timedelta

import pandas as pd

from crmlib.measure.steps import Steps
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.schema.fields import MINIMUM_GROUP

GROUP_COLUMNS = ("industry", "company_size", "income_band", "region", "country")
"""By what customers are alike, the most telling first."""

MOST = 60
"""Best sellers kept of each group."""

_SELLERS = {
    "members": "{members}",
    "buyers": """
        select members.value, purchases.c, purchases.p
        from offer_days as purchases join members using (c)
        where purchases.ordered_on <= $cut and purchases.ordered_on > $recent_on
        group by members.value, purchases.c, purchases.p
    """,
    "sizes": "select value, count(distinct c) as group_buyers from buyers group by value",
    "sellers": """
        select value, p, count(*) as buyers, row_number() over (partition by value order by count(*) desc, p) as place
        from buyers
        group by value, p
    """,
}
_SELLERS_SQL = """
select value, p, buyers, group_buyers, place
from sellers join sizes using (value)
where place <= $most and group_buyers >= $least
order by value, place
"""


def group_sellers(
    engine: Engine, column: str, *, day: date, horizon_days: int, min_group: int = MINIMUM_GROUP
) -> pd.DataFrame:
    """The best sellers of the last days by a column of customers, in groups large enough to name.

    Parameters
    ----------
    engine : Engine, as `offer_tables.offer_engine` makes it
    column : one of `GROUP_COLUMNS`, or "" for all customers together
    day : date
    horizon_days : int

    Returns
    -------
    DataFrame, sorted
        `value` (of the column; "" for all), `p`, `buyers` (customers of the group who bought it), `group_buyers`
        (who bought anything, at least `min_group` in a group), `place`.

    Examples
    --------
    >>> from crmlib.measure.offer_tables import day_of, offer_engine
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["ann", "bob"], "product_id": "tea",
    ...                       "ordered_at": "2024-01-20", "net_amount": 5.0})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    >>> group_sellers(offer_engine(crm), "", day=day_of(crm), horizon_days=28)
      value  p  buyers  group_buyers  place
    0        0       2             2      1
    """
    members = "select c, '' as value from offer_customers"
    if column:
        members = (
            f"select c, cast({Engine.quote(column)} as varchar) as value "
            f"from offer_customers join customers using (customer_id) where {Engine.quote(column)} is not null"
        )
    return engine.to_pandas(
        Steps().add(_SELLERS, members=members).sql(_SELLERS_SQL),
        {
            "cut": day,
            "recent_on": day - timedelta(days=horizon_days),
            "least": min_group if column else 1,
            "most": MOST,
        },
    )


def started_share(engine: Engine, *, day: date, horizon_days: int, listed: bool) -> float:
    """Of those who had bought nothing a horizon before a day, the share that has bought since.

    Parameters
    ----------
    engine : Engine, as `offer_tables.offer_engine` makes it
    day : date
    horizon_days : int
    listed : bool
        Whether customers have `signed_up_on`: without it nobody knows who was there already.

    Returns
    -------
    float
        0 to 1, drawn a little towards a half; NaN where fewer than 20 such customers are known.

    Examples
    --------
    >>> started_share(Engine(), day=date(2024, 1, 31), horizon_days=28, listed=False)
    nan
    """
    if not listed:
        return float("nan")
    ((waiting, started),) = engine.rows(
        """
        select count(*), count(case when first_on is not null then 1 end)
        from offer_customers
            join (select customer_id, min(signed_up_on) as since from customers group by customer_id) as people
                using (customer_id)
            left join (select c, min(ordered_on) as first_on from offer_days group by c) as firsts using (c)
        where since <= $then and (first_on is null or first_on > $then)
        """,
        {"then": day - timedelta(days=horizon_days)},
    )
    return float("nan") if waiting < 20 else (started + 0.5) / (waiting + 1)


def people_of(crm: Crm, engine: Engine) -> pd.DataFrame:
    """Every customer, with what offers ask of them: consents, and what groups are made of.

    Parameters
    ----------
    crm : Crm
    engine : Engine, as `offer_tables.offer_engine` makes it

    Returns
    -------
    DataFrame indexed by `c`
        `customer_id`, and of customers the consents and the columns of `GROUP_COLUMNS` that are there.

    Examples
    --------
    >>> from crmlib.measure.offer_tables import offer_engine
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": "tea",
    ...                       "ordered_at": "2024-01-20", "net_amount": 5.0})
    >>> people = pd.DataFrame({"customer_id": ["ann"], "region": ["North"], "email_consent": [True]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines, customers=people)
    >>> people_of(crm, offer_engine(crm))
      customer_id  email_consent region
    c
    0         ann           True  North
    """
    asked = (*CONSENTS, *GROUP_COLUMNS)
    present = [name for name in asked if "customers" in crm and name in crm.columns("customers")]
    if not present:
        return engine.to_pandas("select c, customer_id from offer_customers order by c").set_index("c")
    chosen = ", ".join(f"min({name}) as {name}" for name in present)
    return engine.to_pandas(
        f"""
        select c, customer_id, {", ".join(present)}
        from offer_customers left join (
            select customer_id, {chosen} from customers group by customer_id
        ) as listed using (customer_id)
        order by c
        """
    ).set_index("c")


CONSENTS = ("email_consent", "sms_consent", "phone_consent")
"""Columns of customers that say by which channel they may be addressed."""
