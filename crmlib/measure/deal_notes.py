"""What was noted about each deal before it was decided."""

import pandas as pd

from crmlib.measure.steps import Steps, ask
from crmlib.prepare.crm import Crm

_DEALS = {
    "known_deals": "select opportunity_id, outcome, {closed} as closed_at from opportunities",
}
_NOTES_SQL = """
select
    interactions.opportunity_id,
    interactions.customer_id,
    known_deals.outcome,
    interactions.happened_at,
    trim(interactions.notes) as text
from interactions join known_deals on interactions.opportunity_id = known_deals.opportunity_id
where
    interactions.notes is not null
    and trim(interactions.notes) <> ''
    and (known_deals.closed_at is null or interactions.happened_at <= known_deals.closed_at)
order by interactions.happened_at desc, interactions.interaction_id
limit $most
"""

NOTE_COLUMNS = ("opportunity_id", "customer_id", "outcome", "happened_at", "text")


def deal_notes(crm: Crm, *, most: int = 20_000) -> pd.DataFrame:
    """The notes of contacts about deals, up to the moment at which each deal was decided.

    What was noted afterwards speaks of the outcome and is left out. The texts are personal: they go no further
    than the words that many customers' notes have in common.

    Parameters
    ----------
    crm : Crm
        With `opportunities`; `interactions` with `opportunity_id` and `notes`.
    most : int
        The latest so many.

    Returns
    -------
    DataFrame, one row a note, the latest first
        `opportunity_id`, `customer_id`, `outcome` (open, won, lost), `happened_at`, `text`. Without rows where
        no notes are kept by deal.

    Raises
    ------
    SchemaError
        If there is no table of opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["a"], "stage": "x", "outcome": "lost",
    ...                       "created_at": "2024-01-01", "closed_at": "2024-01-10"})
    >>> calls = pd.DataFrame({"interaction_id": ["1", "2"], "opportunity_id": "a", "customer_id": "ann",
    ...                       "happened_at": ["2024-01-05", "2024-01-20"], "notes": ["too dear", "a pity"]})
    >>> deal_notes(Crm.from_frames(as_of="2024-01-31", opportunities=deals, interactions=calls))["text"].tolist()
    ['too dear']
    """
    present = crm.columns("opportunities")
    columns = crm.columns("interactions") if "interactions" in crm else []
    if not {"opportunity_id", "notes"} <= set(columns):
        return pd.DataFrame(columns=list(NOTE_COLUMNS))
    return ask(crm, notes_sql(present), most=int(most))


def notes_sql(present: list[str]) -> str:
    """The statement behind `deal_notes`.

    Parameters
    ----------
    present : columns of opportunities that are there

    Examples
    --------
    >>> "closed_at as closed_at" in notes_sql(["opportunity_id", "closed_at"])
    True
    """
    closed = "closed_at" if "closed_at" in present else "cast(null as timestamp)"
    return Steps().add(_DEALS, closed=closed).sql(_NOTES_SQL)


def known_names(crm: Crm) -> list[str]:
    """Every name of a customer, a contact or an employee: words of them are never shown.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    list of str, sorted

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> people = pd.DataFrame({"customer_id": ["1"], "name": ["Ann Lee"]})
    >>> known_names(Crm.from_frames(as_of="2024-01-31", customers=people))
    ['Ann Lee']
    """
    parts = [
        f"select name from {table}"
        for table in ("customers", "contacts", "employees")
        if table in crm and "name" in crm.columns(table)
    ]
    if not parts:
        return []
    rows = crm.engine.rows(
        f"select distinct name from ({' union all '.join(parts)}) as named where name is not null order by name"
    )
    return [name for (name,) in rows]
