"""The pipeline as it stood at a past moment: which deals were open, in which stage, and for how long."""

from dataclasses import dataclass

import pandas as pd

from crmlib.measure.deal_stays_past import StayHistory, stay_history
from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

DEAL_KEYS = ("owner_id", "product_id", "category", "department", "region", "customer_id")
"""What deals may be told apart by."""

_OWN = (
    *("opportunity_id", "customer_id", "owner_id", "product_id", "amount", "created_at", "closed_at"),
    "outcome",
)
_LEDGER = {
    "parties": """
        select customer_id, min(region) as region, min(company_size) as company_size
        from ({customers}) as customers
        group by customer_id
    """,
    "things": """
        select product_id, min(category) as category, min(department) as department
        from ({products}) as products
        group by product_id
    """,
}
_LEDGER_SQL = """
select
    deals.opportunity_id,
    deals.owner_id,
    deals.product_id,
    things.category,
    things.department,
    parties.region,
    deals.customer_id,
    parties.company_size,
    cast(deals.amount as double) as amount,
    deals.created_at,
    deals.closed_at,
    coalesce(deals.outcome, 'open') as outcome
from ({deals}) as deals
left join parties on deals.customer_id = parties.customer_id
left join things on deals.product_id = things.product_id
order by deals.opportunity_id
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class PastPipeline:
    """The deals that were open at a moment, and all stays in stages known then.

    Parameters
    ----------
    moment : Timestamp, naive, in UTC
    open : DataFrame indexed by opportunity_id
        `stage` ("" where no stage is known), `in_stage_days`, `age_days` (to the moment), and the ledger's
        columns.
    decided : DataFrame indexed by opportunity_id
        The deals won or lost up to the moment, with a date.
    stays : DataFrame
        As `stage_stays` gives them.
    stages : tuple of str
        In their order.

    Examples
    --------
    See `past_pipeline`.
    """

    moment: pd.Timestamp
    open: pd.DataFrame
    decided: pd.DataFrame
    stays: pd.DataFrame
    stages: tuple[str, ...]


def deal_ledger(crm: Crm) -> pd.DataFrame:
    """What is known of every deal, without its contacts: whose it is, what it is about, when it came and went.

    Parameters
    ----------
    crm : Crm
        With `opportunities`.

    Returns
    -------
    DataFrame indexed by opportunity_id, sorted
        The columns of `DEAL_KEYS`, `company_size`, `amount` (account currency), `created_at`, `closed_at`
        (moments, naive, in UTC), `outcome`. Empty where the workspace does not have a column.

    Raises
    ------
    SchemaError
        If there are no opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": "x", "outcome": ["won"], "amount": [5.0],
    ...                      "created_at": "2024-01-01", "closed_at": ["2024-01-12"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold)
    >>> deal_ledger(crm)[["amount", "closed_at", "outcome"]]
                    amount  closed_at outcome
    opportunity_id
    1                  5.0 2024-01-12     won
    """
    if "opportunities" not in crm:
        raise SchemaError(
            f"{crm.name} has no opportunities, so there is no pipeline. "
            "Map them in crm.toml under [tables.opportunities]."
        )
    ledger = ask(crm, ledger_sql(crm)).set_index("opportunity_id")
    for name in ("created_at", "closed_at"):
        ledger[name] = pd.to_datetime(ledger[name]).astype("datetime64[us]")
    return ledger.astype({"amount": "float64"})


def ledger_sql(crm: Crm) -> str:
    """The statement behind `deal_ledger`.

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": ["x"], "outcome": ["open"]})
    >>> ledger_sql(Crm.from_frames(as_of="2024-01-31", opportunities=sold)).count("left join")
    2
    """
    columns = columns_here(crm, "opportunities", "customers", "products")
    steps = Steps().add(
        _LEDGER,
        customers=read_table(columns, "customers", ("customer_id", "region", "company_size")),
        products=read_table(columns, "products", ("product_id", "category", "department")),
    )
    return steps.sql(_LEDGER_SQL.format(deals=read_table(columns, "opportunities", _OWN)))


def past_pipeline(
    crm: Crm,
    *,
    moment: pd.Timestamp,
    ledger: pd.DataFrame | None = None,
    history: StayHistory | None = None,
) -> PastPipeline:
    """The pipeline as ``crm.at(moment)`` knows it.

    Parameters
    ----------
    crm : Crm
        With `opportunities`; with `stage_history` deals have stages, else all are in one stage "deal".
    moment : Timestamp, naive, in UTC
    ledger : DataFrame, optional
        What `deal_ledger` gives for `crm`, where it is at hand: it is cut to what was known then.
    history : StayHistory, optional
        What `stay_history` gives for `crm`, where it is at hand.

    Returns
    -------
    PastPipeline
        A deal without a date of creation is in no pipeline, and one without a closing date is never decided.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "open"],
    ...                      "created_at": "2024-01-01", "closed_at": ["2024-01-12", None]})
    >>> history = pd.DataFrame({"opportunity_id": ["1", "1", "2"], "stage": ["Talk", "Offer", "Talk"],
    ...                         "entered_at": ["2024-01-01", "2024-01-05", "2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold, stage_history=history)
    >>> past_pipeline(crm, moment=pd.Timestamp("2024-01-09")).open[["stage", "in_stage_days"]]
                    stage  in_stage_days
    opportunity_id
    1               Offer            4.0
    2                Talk            8.0
    """
    ledger = deal_ledger(crm) if ledger is None else ledger
    stays = (stay_history(crm) if history is None else history).at(moment)
    closed = ledger["outcome"].isin(["won", "lost"])
    there = ledger["created_at"] <= moment
    gone = closed & ~(ledger["closed_at"] > moment)
    open_deals = ledger[there & ~gone].drop(columns=["closed_at", "outcome"])
    last = stays.groupby("opportunity_id").tail(1).set_index("opportunity_id")
    last = last.reindex(open_deals.index)
    left = last["is_over"].eq(True)
    begun = last["entered_at"].where(~left, last["exited_at"])
    inside = ~left | last["next_stage"].isin(stays.attrs["stages"])
    stage = last["stage"].where(~left | ~inside, last["next_stage"]).fillna("")
    open_deals = open_deals.assign(
        stage=stage.astype("str"),
        in_stage_days=_days(moment - begun.fillna(open_deals["created_at"])),
        age_days=_days(moment - open_deals["created_at"]),
    )
    return PastPipeline(
        moment=moment,
        open=open_deals,
        decided=ledger[closed & (ledger["closed_at"] <= moment)],
        stays=stays,
        stages=tuple(stays.attrs["stages"]),
    )


def _days(spans: pd.Series) -> pd.Series:
    return spans.dt.total_seconds() / 86_400
