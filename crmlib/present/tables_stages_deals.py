"""Lists of deals to work with: overdue, without a plan, and to be handed over."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.handover import TeamWork
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_stages import as_of_words
from crmlib.present.needs import or_else

_DEAL_LABELS = {
    "opportunity_id": "Deal",
    "customer_id": "Customer",
    "owner_id": "Owner",
    "stage": "Stage",
    "stage_age_days": "Days in stage",
    "limit_days": "Limit, days",
    "over_days": "Days over",
    "amount": "Value",
    "source": "Source",
    "expected_close_on": "Expected to close",
    "last_touch_days": "Days since last contact",
    "next_planned_on": "Contact planned for",
    "next_step": "What the won did next",
    "next_step_on": "When to do it",
    "next_step_won_pct": "Share of the won",
    "next_step_lost_pct": "Share of the lost",
    "next_step_lift": "Times as often as the lost",
    "left_on": "Owner left on",
    "last_contact": "Last contact",
    "last_contact_on": "Last contact on",
}
_DAYS = ("stage_age_days", "limit_days", "over_days", "last_touch_days")
_ROWS, _BYTES = 40, 80_000
"""Of each list: the report has four of them, and a page may weigh two million bytes."""

_WHOLE_DAYS = dict.fromkeys(("stage_age_days", "limit_days", "over_days", "last_touch_days", "amount"), 0)


@or_else(lambda missing: missing)
def overdue_table(crm: Any, overdue: Overdue) -> DataTable:
    """Overdue deals with owner, value, how long over, and the next step of the won, the largest value first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    overdue : Overdue

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> table = overdue_table(SimpleNamespace(config=None), little_pipeline()[1])
    >>> table.frame["opportunity_id"].head(2).tolist()
    ['d12', 'd13']
    """
    columns = [
        *("customer_id", "owner_id", "stage", "stage_age_days", "limit_days", "over_days", "amount"),
        *("last_touch_days", "next_planned_on", "next_step", "next_step_on", "next_step_won_pct"),
        *("next_step_lost_pct", "next_step_lift"),
    ]
    return _deals_table(
        crm, overdue.table[columns], currency=overdue.currency, name="overdue_deals",
        caption=f"Deals overdue on {as_of_words(overdue)}, the largest value first",
    )  # fmt: skip


@or_else(lambda missing: missing)
def unplanned_table(crm: Any, overdue: Overdue) -> DataTable:
    """Open deals with no contact planned, the largest value first.

    Parameters
    ----------
    crm : Crm
    overdue : Overdue

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> len(unplanned_table(SimpleNamespace(config=None), little_pipeline()[1]).frame)
    0
    """
    columns = [
        *("customer_id", "owner_id", "stage", "stage_age_days", "over_days", "amount", "last_touch_days"),
        *("expected_close_on", "next_step", "next_step_on"),
    ]
    return _deals_table(
        crm, overdue.unplanned[columns], currency=overdue.currency, name="deals_without_a_plan",
        caption="Open deals with no contact planned, the largest value first",
    )  # fmt: skip


@or_else(lambda missing: missing)
def handover_table(crm: Any, work: TeamWork) -> DataTable:
    """Open deals of owners who left, with the last contact and the next step.

    Parameters
    ----------
    crm : Crm
    work : TeamWork

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_stages_team import little_work
    >>> handover_table(SimpleNamespace(config=None), little_work()).frame["owner_id"].tolist()
    ['e2']
    """
    return _deals_table(
        crm, work.handover, currency=work.currency, name="deals_to_hand_over",
        caption="Open deals of owners who have left, the largest value first",
    )  # fmt: skip


def _deals_table(crm: Any, frame: pd.DataFrame, *, currency: str, name: str, caption: str) -> DataTable:
    listed = frame.reset_index()
    listed["customer_id"] = public_ids(
        crm, listed["customer_id"].astype("str").where(listed["customer_id"].notna())
    )
    shares = [column for column in ("next_step_won_pct", "next_step_lost_pct") if column in listed]
    empty = [column for column in listed if column != "opportunity_id" and listed[column].isna().all()]
    listed = listed.drop(columns=empty) if len(listed) else listed
    return DataTable(
        listed,
        name=name,
        caption=caption,
        labels=_DEAL_LABELS,
        units={"amount": currency} | dict.fromkeys(shares, "%") | dict.fromkeys(_DAYS, ""),
        digits=_WHOLE_DAYS | dict.fromkeys(shares, 0) | {"next_step_lift": 1},
        rows=10,
        page_rows=_ROWS,
        download_bytes=_BYTES,
        excel=True,
        about=about_workspace(crm),
    )
