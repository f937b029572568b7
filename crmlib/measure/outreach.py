"""When each customer was last addressed, and how customers have answered through each channel."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.clock import days_later, in_zone
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import known_customers

ANSWER_DAYS = 14
"""An answer through the same channel within so many days is one to the contact before it."""

ANSWERED = (
    "accepted", "answered", "appointment", "bought", "clicked", "converted", "demo booked", "interested",
    "meeting", "meeting booked", "ordered", "positive", "purchased", "reached", "replied", "reply",
    "responded", "response", "sold", "success", "successful", "yes",
)  # fmt: skip
"""Outcomes of a contact, in small letters, that say that the customer answered."""

LAST_CONTACT_COLUMNS = ("last_interaction_at", "last_campaign_on")

_CONTACT = ("interaction_id", "customer_id", "campaign_id", "happened_at", "channel", "direction", "outcome")
_MEMBER = ("campaign_id", "customer_id", "contacted_on", "responded_at", "is_control")
_STEPS = {
    "contacts": """
        select {listed}, lower(trim(outcome)) as outcome
        from ({interactions}) as interactions
        where planned_for is null
    """,
    "campaign_rows": """
        select
            members.campaign_id,
            members.customer_id,
            members.contacted_on as own_day,
            known.started_on as first_day,
            members.responded_at,
            lower(trim(known.channel)) as channel,
            coalesce(members.is_control, false) as is_control
        from ({members}) as members left join ({campaigns}) as known on members.campaign_id = known.campaign_id
    """,
    "campaign_members": """
        select campaign_id, customer_id, coalesce(own_day, first_day) as contacted_on, responded_at, channel
        from campaign_rows
        where not is_control
    """,
}
LAST_CONTACTS = """
select
    customer_id,
    max(happened_at) as last_interaction_at,
    max(contacted_on) as last_campaign_on
from (
    select customer_id, happened_at, cast(null as date) as contacted_on
    from contacts
    where coalesce(direction, 'out') = 'out' and happened_at <= $as_of
    union all
    select customer_id, cast(null as timestamp) as happened_at, contacted_on
    from campaign_members
    where contacted_on <= $as_of_on
) as all_contacts
group by customer_id
order by customer_id
"""
"""The select behind `last_contacts`."""

LAST_CONTROLS = """
select controls.customer_id, max(coalesce(controls.own_day, others.last_day, controls.first_day)) as last_control_on
from campaign_rows as controls
left join (
    select campaign_id, max(contacted_on) as last_day
    from campaign_members
    where contacted_on <= $as_of_on
    group by campaign_id
) as others on controls.campaign_id = others.campaign_id
where controls.is_control and coalesce(controls.own_day, others.last_day, controls.first_day) <= $as_of_on
group by controls.customer_id
order by controls.customer_id
"""
"""The select behind `last_controls`."""

_RESPONSES = """
select
    customer_id,
    channel,
    count(*) as contact_count,
    sum(case when is_answered then 1 else 0 end) as answer_count
from (
    select
        attempts.customer_id,
        attempts.channel,
        coalesce(attempts.outcome in ({answered}), false)
            or replies.interaction_id is not null
            or responses.campaign_id is not null as is_answered
    from (
        select * from contacts
        where direction = 'out' and channel in ({channels}) and coalesce(outcome, '') <> 'drafted'
            and happened_at <= $judged_until
    ) as attempts
    left join (
        select distinct sent.interaction_id
        from contacts as sent join contacts as come
            on sent.customer_id = come.customer_id and sent.channel = come.channel
        where sent.direction = 'out' and come.direction = 'in'
            and come.happened_at > sent.happened_at
            and come.happened_at <= sent.happened_at + interval {days} day
            and come.happened_at <= $as_of
    ) as replies on attempts.interaction_id = replies.interaction_id
    left join (
        select distinct campaign_id, customer_id from campaign_members where responded_at <= $as_of
    ) as responses
        on attempts.campaign_id = responses.campaign_id and attempts.customer_id = responses.customer_id
    union all
    select
        members.customer_id,
        members.channel,
        coalesce(members.responded_at <= $as_of, false) as is_answered
    from campaign_members as members
    left join (select distinct campaign_id, customer_id from contacts where direction = 'out') as logged
        on members.campaign_id = logged.campaign_id and members.customer_id = logged.customer_id
    where members.channel in ({channels}) and members.contacted_on <= $judged_day and logged.campaign_id is null
) as judged
group by customer_id, channel
order by customer_id, channel
"""


def last_contacts(crm: Crm) -> pd.DataFrame:
    """When each customer was last addressed by us, by any means.

    An interaction counts unless it is a plan or came from the customer; so does one whose direction is not
    recorded, in case of doubt for the customer's peace. A member of a campaign counts from `contacted_on`, or
    where that is not there from the campaign's first day; a control group was not contacted.
    """
    found = ask(crm, LAST_CONTACTS, steps=outreach_steps(columns_here(crm)))
    return found.astype(dict.fromkeys(LAST_CONTACT_COLUMNS, "datetime64[us]")).set_index("customer_id")


def last_controls(crm: Crm) -> pd.Series:
    """When each customer was last left alone on purpose, in the control group of a campaign.

    The day is `contacted_on` of the customer's own row; where that is not there, the last day on which others
    were contacted for that campaign, or else the campaign's first day.
    """
    found = ask(crm, LAST_CONTROLS, steps=outreach_steps(columns_here(crm)))
    return found.astype({"last_control_on": "datetime64[us]"}).set_index("customer_id")["last_control_on"]


def channel_responses(crm: Crm) -> pd.DataFrame:
    """How often each customer was addressed through a channel, and how often an answer came.

    A contact is answered if its outcome says so (`ANSWERED`), if the customer wrote or called through the same
    channel within `ANSWER_DAYS`, or responded to its campaign. Contacts of the last `ANSWER_DAYS` are not
    judged yet, and drafts never.
    """
    judged = days_later(crm.as_of, -ANSWER_DAYS, time_zone=crm.time_zone)
    found = ask(
        crm,
        responses_question(),
        steps=outreach_steps(columns_here(crm)),
        judged_until=judged.to_pydatetime(),
        judged_day=in_zone(judged, time_zone=crm.time_zone).date(),
    )
    return found.astype({"contact_count": "int64", "answer_count": "int64"})


def outreach_steps(columns: Mapping[str, Sequence[str]]) -> Steps:
    """Contacts, rows of campaigns and those of them who were contacted; a table that is not there has no rows."""
    return Steps().add(
        _STEPS,
        listed=", ".join(_CONTACT[:-1]),
        interactions=read_table(columns, "interactions", (*_CONTACT, "planned_for")),
        members=read_table(columns, "campaign_contacts", _MEMBER),
        campaigns=read_table(columns, "campaigns", ("campaign_id", "started_on", "channel")),
    )


def responses_question() -> str:
    """The select behind `channel_responses`."""
    return _RESPONSES.format(
        answered=", ".join(f"'{word}'" for word in ANSWERED),
        channels="'email', 'sms', 'phone', 'fax', 'web'",
        days=ANSWER_DAYS,
    )


CONSENT_OF = {
    "email": "email_consent",
    "sms": "sms_consent",
    "phone": "phone_consent",
    "fax": "phone_consent",
}
"""The column of `customers` that must say yes; a fax goes to a telephone, so it takes that consent."""

ADDRESS_OF = {"email": "email", "sms": "phone", "phone": "phone", "fax": "phone"}

CHANNELS = (*CONSENT_OF, "web")
"""Means to address a customer; the web is our own pages, which reach only those who come."""

_EMAIL = re.compile(
    r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+\.[^\s@,;:<>()\[\]\\\".\x00-\x1f\x7f]+"
)
_PHONE = re.compile(r"\+?[\d ()./-]{5,30}")


def contact_permissions(crm: Crm) -> pd.DataFrame:
    """For every customer and channel: what was agreed to, and whether the address can be used."""
    index = pd.Index(known_customers(crm), name="customer_id")
    asked = {*CONSENT_OF.values(), *ADDRESS_OF.values()}
    present = [name for name in crm.columns("customers") if name in asked] if "customers" in crm else []
    listed = (
        crm.frame("customers", ["customer_id", *present]).drop_duplicates("customer_id")
        if present
        else pd.DataFrame({"customer_id": pd.Series(dtype="str")})
    )
    listed = listed.set_index("customer_id").reindex(index)
    usable = {"email": is_email, "phone": is_phone}
    found = {}
    for channel, column in CONSENT_OF.items():
        found[f"{channel}_consent"] = _consent(listed, column)
        address = ADDRESS_OF[channel]
        reachable = listed[address].map(usable[address]) if address in present else True
        found[f"{channel}_reachable"] = pd.Series(reachable, index=index).astype(bool)
    return pd.DataFrame(found, index=index)


def is_email(value: Any) -> bool:
    """Whether a cell is one e-mail address and nothing else."""
    # Mail programs would decode "=?...?=" into whatever it hides, other addresses among it.
    return (
        isinstance(value, str)
        and len(value) <= 254
        and "=?" not in value
        and _EMAIL.fullmatch(value) is not None
    )


def is_phone(value: Any) -> bool:
    """Whether a cell is one telephone number and nothing else."""
    return (
        isinstance(value, str)
        and _PHONE.fullmatch(value) is not None
        and sum(sign.isdigit() for sign in value) >= 5
    )


def _consent(listed: pd.DataFrame, column: str) -> pd.Series:
    if column not in listed:
        return pd.Series("not kept", index=listed.index, dtype="str")
    said = listed[column].astype("object")
    words = {True: "yes", False: "no"}
    return said.map(lambda value: "unknown" if pd.isna(value) else words[bool(value)]).astype("str")
