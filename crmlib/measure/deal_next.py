"""What was done next with deals of the past, from a point of their stay in a stage."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmlib.measure.stage_stays import stage_name, stay_steps
from crmlib.measure.steps import ask, columns_here, read_table
from crmlib.prepare.crm import Crm

NEXT_COLUMNS = ("opportunity_id", "stage", "at_days", "outcome", "purpose", "channel", "wait_days")

_CONTACT = (
    "interaction_id",
    "opportunity_id",
    "happened_at",
    "direction",
    "planned_for",
    "purpose",
    "channel",
)

_NEXT = {
    "points": "{points}",
    "passed": """
        select
            judged_stays.opportunity_id,
            judged_stays.stage_key,
            points.at_days,
            known_deals.outcome,
            known_deals.closed_at,
            judged_stays.entry_no,
            epoch(judged_stays.entered_at) + 86400 * points.at_days as from_second
        from judged_stays
        join points on judged_stays.stage_key = points.stage_key
        join known_deals on judged_stays.opportunity_id = known_deals.opportunity_id
        where judged_stays.reason is null
            and known_deals.outcome in ('won', 'lost')
            and judged_stays.is_over
            and judged_stays.stay_days > points.at_days
    """,
    "our_contacts": """
        select opportunity_id, interaction_id, happened_at, purpose, channel
        from ({contacts}) as contacts
        where planned_for is null and coalesce(direction, 'out') <> 'in' and happened_at <= $as_of
            and opportunity_id is not null
    """,
    "followed": """
        select
            passed.opportunity_id,
            passed.stage_key,
            passed.at_days,
            passed.outcome,
            our_contacts.purpose,
            our_contacts.channel,
            our_contacts.interaction_id,
            (epoch(our_contacts.happened_at) - passed.from_second) / cast(86400 as double) as wait_days,
            row_number() over (
                partition by passed.opportunity_id, passed.stage_key, passed.entry_no, passed.at_days
                order by our_contacts.happened_at, our_contacts.interaction_id
            ) as place
        from passed
        left join our_contacts on passed.opportunity_id = our_contacts.opportunity_id
            and epoch(our_contacts.happened_at) > passed.from_second
            and our_contacts.happened_at <= passed.closed_at
    """,
}
_NEXT_SQL = """
select opportunity_id, stage_key as stage, at_days, outcome, purpose, channel, wait_days,
    interaction_id is not null as is_done
from followed
where place = 1
order by stage, at_days, opportunity_id, wait_days
"""


def next_contacts(crm: Crm, points: Mapping[str, list[float]]) -> pd.DataFrame:
    """What we did next with each deal that is closed now, from certain days of its stay in a stage on.

    Parameters
    ----------
    crm : Crm
        With `opportunities`, and `interactions` that name the opportunity.
    points : stage -> days since the deal came into the stage

    Returns
    -------
    DataFrame, one row a stay that lasted longer than the point, and point
        `opportunity_id`, `stage`, `at_days`, `outcome` ("won", "lost"), `purpose` and `channel` of the first
        contact from us after the point and before the end of the deal (missing where there was none),
        `wait_days` from the point to it.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1"], "stage": ["x"], "outcome": ["won"],
    ...                      "created_at": ["2024-01-01"], "closed_at": ["2024-01-20"]})
    >>> calls = pd.DataFrame({"interaction_id": ["a", "b"], "customer_id": "ann", "opportunity_id": "1",
    ...                       "happened_at": ["2024-01-03", "2024-01-12"], "channel": ["phone", "visit"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold, interactions=calls)
    >>> next_contacts(crm, {"deal": [5.0]})[["outcome", "channel", "wait_days"]]
      outcome channel  wait_days
    0     won   visit        6.0
    """
    present = set(crm.columns("interactions")) if "interactions" in crm else set()
    listed = [(stage, float(day)) for stage, days in points.items() for day in days]
    if "opportunity_id" not in present or "opportunities" not in crm or not listed:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in NEXT_COLUMNS})
    rows = " union all ".join(
        f"select $stage_{i} as stage_key, cast($day_{i} as double) as at_days" for i in range(len(listed))
    )
    contacts = read_table(columns_here(crm, "interactions"), "interactions", _CONTACT)
    values: dict[str, Any] = {}
    for i, (stage, day) in enumerate(listed):
        values |= {f"stage_{i}": stage.strip().lower(), f"day_{i}": day}
    steps = stay_steps(crm).add(_NEXT, points=rows, contacts=contacts)
    found = ask(crm, _NEXT_SQL, steps=steps, **values)
    found["stage"] = stage_name(crm, found["stage"].map({s.strip().lower(): s for s, _ in listed}))
    done = found["is_done"].astype("bool")
    for name in ("purpose", "channel"):
        found[name] = found[name].where(found[name].notna() | ~done, "")
    return found[list(NEXT_COLUMNS)]
