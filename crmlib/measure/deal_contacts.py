"""Contacts of deals: the plans that were kept and missed, the last one, and how many an owner makes."""

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, read_table
from crmlib.prepare.crm import Crm

KEPT_WITHIN_DAYS = 3
"""A plan is kept by a contact so many days before or after the day it was made for."""

LOAD_DAYS = 28
"""The days before the closing moment over which contacts are counted for an owner's load."""

_CONTACT = (
    *("interaction_id", "opportunity_id", "employee_id", "happened_at", "direction", "planned_for"),
    *("purpose", "channel"),
)
_DATED = {
    "dated_contacts": """
        select *, {day} as happened_on
        from ({contacts}) as contacts
        where happened_at <= $as_of and {known} is not null
    """,
}
_PLANS = {
    "judged_plans": """
        select
            plans.opportunity_id,
            plans.interaction_id,
            max(plans.planned_for) as planned_for,
            count(done.interaction_id) as kept_by
        from dated_contacts as plans
        left join dated_contacts as done on plans.opportunity_id = done.opportunity_id
            and done.planned_for is null
            and done.happened_at >= plans.happened_at
            and abs(date_diff('day', plans.planned_for, done.happened_on)) <= $days
        where plans.planned_for is not null
        group by plans.opportunity_id, plans.interaction_id
    """,
}
_PLANS_SQL = """
select
    opportunity_id,
    count(*) as plan_count,
    count(case when planned_for < $as_of_on and kept_by > 0 then 1 end) as kept_count,
    count(case when date_diff('day', planned_for, $as_of_on) > $days and kept_by = 0 then 1 end) as missed_count
from judged_plans
group by opportunity_id
order by opportunity_id
"""
_LAST = """
select opportunity_id, purpose, channel, happened_at
from (
    select *, row_number() over (
        partition by opportunity_id order by happened_at desc, interaction_id
    ) as from_the_end
    from dated_contacts
    where planned_for is null
) as contacts
where from_the_end = 1
order by opportunity_id
"""
_MADE = """
select employee_id, count(*) as touch_count
from dated_contacts
where planned_for is null and coalesce(direction, 'out') <> 'in'
    and date_diff('day', happened_on, $as_of_on) < $days
group by employee_id
order by employee_id
"""


def deal_plans(crm: Crm) -> pd.DataFrame:
    """What became of the contacts that were planned for each deal.

    A plan is kept where a contact took place within three days before or after the day it was made for, and not
    before it was made. It is missed when those days are over and there was none.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    DataFrame indexed by opportunity_id, sorted; deals with a plan
        `plan_count` (made so far), `kept_count`, `missed_count`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> rows = pd.DataFrame({"interaction_id": ["a", "b", "c"], "customer_id": "ann", "opportunity_id": "1",
    ...                      "happened_at": ["2024-01-01", "2024-01-11", "2024-01-12"],
    ...                      "planned_for": ["2024-01-10", None, "2024-01-20"]})
    >>> deal_plans(Crm.from_frames(as_of="2024-01-31", interactions=rows))
                    plan_count  kept_count  missed_count
    opportunity_id
    1                        2           1             1
    """
    columns = ["plan_count", "kept_count", "missed_count"]
    if not _has(crm, "opportunity_id", "planned_for"):
        return pd.DataFrame(columns=columns, dtype="int64").rename_axis("opportunity_id")
    found = ask(crm, _PLANS_SQL, steps=_dated(crm, "opportunity_id").add(_PLANS), days=KEPT_WITHIN_DAYS)
    return found.set_index("opportunity_id")[columns]


def last_contacts(crm: Crm) -> pd.DataFrame:
    """The last contact that took place about each deal.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    DataFrame indexed by opportunity_id, sorted; deals with a contact
        `purpose`, `channel`, `happened_at`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> rows = pd.DataFrame({"interaction_id": ["a", "b"], "customer_id": "ann", "opportunity_id": "1",
    ...                      "happened_at": ["2024-01-01", "2024-01-11"], "channel": ["phone", "visit"]})
    >>> last_contacts(Crm.from_frames(as_of="2024-01-31", interactions=rows))["channel"].tolist()
    ['visit']
    """
    columns = ["purpose", "channel", "happened_at"]
    if not _has(crm, "opportunity_id"):
        return pd.DataFrame(columns=columns).rename_axis("opportunity_id")
    return ask(crm, _LAST, steps=_dated(crm, "opportunity_id")).set_index("opportunity_id")[columns]


def contacts_made(crm: Crm, *, within_days: int = LOAD_DAYS) -> pd.Series:
    """Contacts that each of us has made in the last days, about deals or not.

    Parameters
    ----------
    crm : Crm
    within_days : int

    Returns
    -------
    Series employee_id -> contacts, sorted by employee

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> rows = pd.DataFrame({"interaction_id": ["a", "b"], "customer_id": "ann", "employee_id": "e1",
    ...                      "happened_at": ["2023-01-01", "2024-01-11"]})
    >>> contacts_made(Crm.from_frames(as_of="2024-01-31", interactions=rows)).to_dict()
    {'e1': 1}
    """
    if not _has(crm, "employee_id"):
        return pd.Series(dtype="int64", name="touch_count").rename_axis("employee_id")
    found = ask(crm, _MADE, steps=_dated(crm, "employee_id"), days=within_days)
    return found.set_index("employee_id")["touch_count"]


def employees_left(crm: Crm) -> pd.Series:
    """The day on which each employee who is gone by the closing moment left.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    Series employee_id -> day, sorted by employee

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": ["2024-01-10", "2024-03-01"]})
    >>> employees_left(Crm.from_frames(as_of="2024-01-31", employees=staff)).index.tolist()
    ['e1']
    """
    if "employees" not in crm or "left_on" not in crm.columns("employees"):
        return pd.Series(dtype="datetime64[us]", name="left_on").rename_axis("employee_id")
    sql = "select employee_id, left_on from employees where left_on <= $as_of_on order by employee_id"
    left = ask(crm, sql).set_index("employee_id")["left_on"]
    return pd.to_datetime(left).astype("datetime64[us]")


def _has(crm: Crm, *columns: str) -> bool:
    return "interactions" in crm and set(columns) <= set(crm.columns("interactions"))


def _dated(crm: Crm, known: str) -> Steps:
    contacts = read_table(columns_here(crm, "interactions"), "interactions", _CONTACT)
    return Steps().add(_DATED, day=local_day("happened_at"), contacts=contacts, known=known)
