"""Campaigns, their time, and what each customer bought before and within it."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from crmlib.measure.campaign_steps import campaign_steps
from crmlib.measure.lifecycle_steps import purchases_are
from crmlib.measure.steps import ask, columns_here
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError

CONTACTED, CONTROL, OTHER, ASIDE = "contacted", "control", "other", "aside"
"""What a customer was to a campaign: in it, held out for comparison, neither, or in it by a date that cannot be."""

DURING, BEFORE = "campaign", "before"
"""The two times: the campaign's own, and one of the same length, as far as orders reach back, before it."""

_WINDOWS = """
select
    campaign_id,
    begin_day,
    until_day,
    planned_day,
    first_order_day,
    history_days,
    contact_count,
    control_count,
    ended_day >= begin_day as end_is_known
from campaign_days
order by begin_day nulls last, campaign_id
"""
_PEOPLE = """
select
    people.campaign_id,
    coalesce(spans.span, 'campaign') as span,
    people.customer_id,
    people.arm,
    people.contact_day,
    people.responded_day,
    cast(coalesce(figures.spend, 0) as double) as spend,
    cast(coalesce(figures.purchase_days, 0) as double) as purchase_days,
    cast(figures.margin as double) as margin,
    cast(figures.costed as double) as costed,
    cast(coalesce(figures.spend_before, 0) as double) as spend_before,
    cast(coalesce(figures.purchase_days_before, 0) as double) as purchase_days_before,
    cast(coalesce(figures.spend_recent, 0) as double) as spend_recent,
    cast(spans.reference_day - figures.last_day as double) as recency_days,
    cast(coalesce(touches.campaigns_before, 0) as double) as campaigns_before,
    cast(coalesce(touches.responses_before, 0) as double) as responses_before,
    cast(coalesce(touches.campaigns_running, 0) as double) as campaigns_running,
    cast(coalesce(touches.campaigns_overlapping, 0) as double) as campaigns_overlapping,
    cast(case when first_day < spans.reference_day then spans.reference_day - first_day end as double) as known_days,
    cast(spans.history_days as double) as history_days
from people
left join first_days on people.customer_id = first_days.customer_id
left join spans on people.campaign_id = spans.campaign_id
left join figures
    on people.campaign_id = figures.campaign_id
    and spans.span = figures.span
    and people.customer_id = figures.customer_id
left join touches
    on people.campaign_id = touches.campaign_id
    and spans.span = touches.span
    and people.customer_id = touches.customer_id
order by people.campaign_id, 2, people.customer_id
"""


def campaign_windows(crm: Crm, *, response_days: int | None = None) -> pd.DataFrame:
    """Every campaign, and the days over which it is judged.

    A campaign begins on its first day, or with its first contact if that is earlier (by up to a month). It is
    followed to its last day, for `response_days` where they are given, or for four weeks where no end is known;
    in no case beyond the closing moment.

    Parameters
    ----------
    crm : Crm
        With `campaign_contacts`; `campaigns` gives names, days and costs; `transactions`, or else won
        `opportunities`, give the purchases.
    response_days : int, optional
        Days from the first, in place of each campaign's own end.

    Returns
    -------
    DataFrame indexed by campaign_id, the earliest first
        `name`, `kind`, `channel`, `cost_amount` (NA or NaN where not known), `begin_on`, `until_on` (last day that
        counts so far; NaT where no day is known), `planned_until_on`, `end_is_known`, `is_over`,
        `first_order_on` (of the workspace), `history_days` (looked back at, at most 182), `contact_count`
        (rows, the control group among them), `control_count`.

    Raises
    ------
    SchemaError
        If there are no campaign_contacts, or neither orders nor opportunities.
    ParameterError
        If `response_days` is no whole number from 1 on.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"],
    ...                       "ordered_at": ["2024-01-02"], "net_amount": [5.0]})
    >>> crm = Crm.from_frames(
    ...     as_of="2024-03-31", transactions=lines,
    ...     campaigns=pd.DataFrame({"campaign_id": ["spring"], "started_on": ["2024-03-20"]}),
    ...     campaign_contacts=pd.DataFrame({"campaign_id": ["spring"], "customer_id": ["ann"]}))
    >>> row = campaign_windows(crm).loc["spring"]
    >>> f"{row.begin_on:%d.%m.} to {row.planned_until_on:%d.%m.}, so far {row.until_on:%d.%m.}", bool(row.is_over)
    ('20.03. to 16.04., so far 31.03.', False)
    """
    table = _ask(crm, _WINDOWS, response_days=response_days).set_index("campaign_id")
    for day, name in (
        ("begin_day", "begin_on"),
        ("until_day", "until_on"),
        ("planned_day", "planned_until_on"),
        ("first_order_day", "first_order_on"),
    ):
        table[name] = _days(table.pop(day))
    table["end_is_known"] = table["end_is_known"].fillna(False).astype("bool")
    table["is_over"] = table["until_on"].notna() & (table["until_on"] == table["planned_until_on"])
    counts = ["history_days", "contact_count", "control_count"]
    table[counts] = table[counts].fillna(0).astype("int64")
    return _described(crm, table)


def campaign_people(
    crm: Crm, *, campaign_ids: Iterable[str] | None = None, response_days: int | None = None
) -> pd.DataFrame:
    """What each customer bought before and within campaigns: one row a campaign, time and customer.

    Beside those in a campaign stand, where nobody was held out for comparison, all customers who had bought
    before it began.

    Parameters
    ----------
    crm : Crm
        As for `campaign_windows`.
    campaign_ids : ids, optional
        All by default; each multiplies the rows by the customers.
    response_days : int, optional
        As for `campaign_windows`.

    Returns
    -------
    DataFrame, sorted
        `campaign_id`, `span` ("campaign", or "before": a time of the same length, or as long as orders allow,
        right before it, where at least 14 days of it and 28 days ahead of it are known), `customer_id`, `arm`
        ("contacted", "control", "other", "aside": by a date that cannot be), `contact_on`, `responded_on`,
        within the time `spend` (net), `purchase_days`, `margin`, `costed` (net spend of which the cost is known),
        `campaigns_overlapping`; and as known at its beginning `spend_before`, `purchase_days_before` (of
        `history_days`), `spend_recent` (of 28), `recency_days` (NaN: none in that time), `campaigns_before`,
        `responses_before`, `campaigns_running` (other campaigns with that customer), `known_days` (since the first
        purchase; NaN: none yet).

    Raises
    ------
    SchemaError, ParameterError
        As `campaign_windows`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"],
    ...                       "product_id": "tea", "net_amount": [5.0, 7.0, 4.0],
    ...                       "ordered_at": ["2024-03-18", "2024-03-21", "2024-03-10"]})
    >>> crm = Crm.from_frames(
    ...     as_of="2024-03-31", transactions=lines,
    ...     campaigns=pd.DataFrame({"campaign_id": ["spring"], "started_on": ["2024-03-20"]}),
    ...     campaign_contacts=pd.DataFrame({"campaign_id": ["spring"], "customer_id": ["ann"]}))
    >>> campaign_people(crm)[["customer_id", "arm", "spend", "spend_before", "recency_days"]]
      customer_id        arm  spend  spend_before  recency_days
    0         ann  contacted    7.0           5.0           2.0
    1         bob      other    0.0           4.0          10.0
    """
    if campaign_ids is None:
        ids = list(campaign_windows(crm, response_days=response_days).index)
    else:
        ids = [campaign_ids] if isinstance(campaign_ids, str) else list(campaign_ids)
    people = _ask(crm, _PEOPLE, response_days=response_days, campaign_ids=ids)
    people["contact_on"], people["responded_on"] = (
        _days(people.pop("contact_day")),
        _days(people.pop("responded_day")),
    )
    return people


def _ask(crm: Crm, question: str, *, response_days: int | None, campaign_ids: Any = ()) -> pd.DataFrame:
    if "campaign_contacts" not in crm:
        raise SchemaError(
            f"{crm.name} has no table campaign_contacts, so nobody knows who was in a campaign. "
            "Map it in crm.toml under [tables.campaign_contacts]."
        )
    if response_days is not None and (
        isinstance(response_days, bool) or not isinstance(response_days, int) or response_days < 1
    ):
        raise ParameterError(f"response_days is {response_days!r}. Give a whole number of days from 1 on.")
    steps = campaign_steps(columns_here(crm), purchases=purchases_are(crm))
    return ask(crm, question, steps=steps, response_days=response_days, campaign_ids=list(campaign_ids))


def _days(numbers: pd.Series) -> pd.Series:
    return pd.to_datetime(numbers.astype("float64"), unit="D", origin="unix").astype("datetime64[us]")


def _described(crm: Crm, table: pd.DataFrame) -> pd.DataFrame:
    texts = ["name", "kind", "channel"]
    present = [
        name for name in (*texts, "cost_amount") if "campaigns" in crm and name in crm.columns("campaigns")
    ]
    if present:
        told = crm.frame("campaigns", ["campaign_id", *present]).drop_duplicates("campaign_id")
        table = table.join(told.set_index("campaign_id"))
    for name in texts:
        table[name] = (
            table[name].astype("str") if name in table else pd.Series(index=table.index, dtype="str")
        )
    table["cost_amount"] = table["cost_amount"].astype("float64") if "cost_amount" in table else float("nan")
    order = [
        *texts, "cost_amount", "begin_on", "until_on", "planned_until_on", "end_is_known", "is_over",
        "first_order_on", "history_days", "contact_count", "control_count",
    ]  # fmt: skip
    return table[order]
