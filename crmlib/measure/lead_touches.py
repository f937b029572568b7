"""How often we were in touch about a deal before it was decided."""

from typing import Any

import pandas as pd

from crmlib.measure.steps import Steps
from crmlib.prepare.crm import Crm

_TOUCHES = {
    "touches": """
        select opportunity_id, happened_at
        from interactions
        where opportunity_id is not null{done}
    """,
}
_TOUCHES_SQL = """
select opportunities.opportunity_id, count(touches.opportunity_id) as touch_count
from opportunities left join touches
    on touches.opportunity_id = opportunities.opportunity_id{before}
group by opportunities.opportunity_id
order by opportunities.opportunity_id
"""


def touches_before_close(crm: Crm) -> pd.Series:
    """Contacts about each deal up to the moment it was won or lost, or up to the closing moment.

    What comes after the close, such as a word of thanks, would tell the outcome. Plans are no contacts.

    Parameters
    ----------
    crm : Crm
        With `opportunities`.

    Returns
    -------
    Series opportunity_id -> number of contacts
        Missing throughout where contacts are not recorded by deal.

    Raises
    ------
    SchemaError
        If there is no table of opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["a", "b"], "stage": "x", "outcome": ["won", "open"],
    ...                       "created_at": "2024-01-01", "closed_at": ["2024-01-10", None]})
    >>> calls = pd.DataFrame({"interaction_id": ["1", "2", "3"], "opportunity_id": ["a", "a", "b"],
    ...                       "customer_id": "ann",
    ...                       "happened_at": ["2024-01-05", "2024-01-20", "2024-01-20"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=deals, interactions=calls)
    >>> touches_before_close(crm).to_dict()
    {'a': 1.0, 'b': 1.0}
    """
    deals = crm.frame("opportunities", ["opportunity_id"])["opportunity_id"]
    columns = crm.columns("interactions") if "interactions" in crm else []
    if "opportunity_id" not in columns:
        return pd.Series(float("nan"), index=pd.Index(deals, name="opportunity_id"), name="touch_count")
    counted = crm.engine.to_pandas(touches_sql(columns, crm.columns("opportunities")))
    return counted.set_index("opportunity_id")["touch_count"].astype("float64")


def touches_sql(interaction_columns: Any, opportunity_columns: Any) -> str:
    """The query of `touches_before_close`, for the columns that are there.

    Parameters
    ----------
    interaction_columns, opportunity_columns : names

    Returns
    -------
    str

    Examples
    --------
    >>> "planned_for is null" in touches_sql(["planned_for"], ["closed_at"])
    True
    """
    done = " and planned_for is null" if "planned_for" in interaction_columns else ""
    before = ""
    if "closed_at" in opportunity_columns:
        before = (
            "\n    and (opportunities.closed_at is null or touches.happened_at <= opportunities.closed_at)"
        )
    return Steps().add(_TOUCHES, done=done).sql(_TOUCHES_SQL.format(before=before))
