"""Contacts, visits to the site, cases and opinions as the systems write them."""

import numpy as np
import pandas as pd

from crmlib.sample.company import Company
from crmlib.sample.raw import amounts, iso_dates, moments, numbers
from crmlib.sample.truths import DAYS

CHANNEL_WORDS = {"email": "E-Mail", "phone": "Call", "visit": "Meeting", "web": "Video"}
"""What the CRM calls a channel, where it differs."""


def raw_touches(company: Company) -> pd.DataFrame:
    """Contacts and plans; a deal whose customer is not yet known has none.

    Examples
    --------
    >>> raw_touches.__name__  # see crmlib.sample.exports.write_exports
    'raw_touches'
    """
    deals = company.deals.table
    unknown = set(deals.loc[deals["is_unknown"], "opportunity_id"])
    table = company.touches[~company.touches["opportunity_id"].isin(unknown)]
    return pd.DataFrame(
        {
            "Activity": table["interaction_id"],
            "Account": table["customer_id"],
            "Contact": table["contact_id"],
            "Opportunity": table["opportunity_id"],
            "Campaign": table["campaign_id"],
            "Owner": table["employee_id"],
            "When": moments(iso_dates(table["day"]), table["minute"]),
            "Type": table["channel"].replace(CHANNEL_WORDS),
            "Direction": table["direction"],
            "Purpose": table["purpose"],
            "Subject": table["subject"],
            "Notes": table["notes"],
            "Template": table["template"],
            "Result": table["outcome"],
            "Minutes": numbers(table["duration_minutes"]),
            "Planned for": iso_dates(table["planned"], none=(table["planned"] < 0).to_numpy()),
            "Expenses": amounts(table["cost_amount"]),
        }
    ).reset_index(drop=True)


def raw_events(company: Company) -> pd.DataFrame:
    """Visits to the site.

    Examples
    --------
    >>> raw_events.__name__  # see crmlib.sample.exports.write_exports
    'raw_events'
    """
    table = company.events
    names = (
        "event_id",
        "customer_id",
        "visitor_id",
        "session_id",
        "event",
        "product_id",
        "page",
        "campaign_id",
    )
    return pd.DataFrame(
        {"happened_at": moments(iso_dates(table["day"]), table["minute"], by="T", end=":00+08:00")}
        | {name: table[name] for name in names}
    )


def raw_cases(company: Company) -> pd.DataFrame:
    """Service requests.

    Examples
    --------
    >>> raw_cases.__name__  # see crmlib.sample.exports.write_exports
    'raw_cases'
    """
    table = company.cases
    answered = table["minute"].to_numpy() + table["answer_minutes"].to_numpy()
    answer_day = table["day"].to_numpy() + answered // 1440
    closed = np.maximum(table["closed_day"].to_numpy(), answer_day + 1)
    return pd.DataFrame(
        {
            "case": table["case_id"],
            "customer": table["customer_id"],
            "article": table["product_id"],
            "opened": moments(iso_dates(table["day"]), table["minute"]),
            "answered": moments(iso_dates(answer_day, none=answer_day >= DAYS), answered % 1440),
            "closed": moments(iso_dates(closed, none=closed >= DAYS), table["minute"]),
            "priority": table["priority"],
            "level": table["service_level"],
            "kind": table["kind"],
            "by": table["employee_id"],
            "cost": amounts(table["cost_amount"]),
            "reopened": numbers(table["reopened_count"]),
        }
    )


def raw_feedback(company: Company) -> pd.DataFrame:
    """Opinions.

    Examples
    --------
    >>> raw_feedback.__name__  # see crmlib.sample.exports.write_exports
    'raw_feedback'
    """
    table = company.feedback
    solved = table["resolved_day"].to_numpy()
    return pd.DataFrame(
        {
            "id": table["feedback_id"],
            "customer": table["customer_id"],
            "article": table["product_id"],
            "order": [f"B{300_000 + i}" for i in table["order_id"]],
            "given": moments(iso_dates(table["day"]), table["minute"]),
            "kind": table["kind"],
            "score": numbers(table["score"]),
            "of": numbers(table["score_max"]),
            "text": table["text"],
            "resolved": iso_dates(solved, none=(solved < 0) | (solved >= DAYS)),
        }
    )
