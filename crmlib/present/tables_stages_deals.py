"""Lists of deals to work with: overdue, without a plan, and to be handed over."""

from typing import Any

import pandas as pd

from crmlib.analyse.pipeline.handover import TeamWork
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.prepare.privacy import employee_names, public_ids
from crmlib.present.blocks import DataTable
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_stages import as_of_words
from crmlib.present.needs import or_else

_ROWS, _BYTES = 40, 80_000
"""Of each list: the report has four of them, and a page may weigh two million bytes."""


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
    if "owner_id" in listed:
        listed["owner_id"] = employee_names(crm, listed["owner_id"])
    empty = [column for column in listed if column != "opportunity_id" and listed[column].isna().all()]
    listed = listed.drop(columns=empty) if len(listed) else listed
    return DataTable(
        listed,
        name=name,
        caption=caption,
        currency=currency,
        rows=10,
        page_rows=_ROWS,
        download_bytes=_BYTES,
        excel=True,
        about=about_workspace(crm),
    )
