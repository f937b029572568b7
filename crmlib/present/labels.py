"""Columns by the names a reader knows, and their units."""

from collections.abc import Iterable

from crmlib.measure.indicators import INDICATORS
from crmlib.present.labels_indicators import INDICATOR_LABELS

LABELS: dict[str, str] = INDICATOR_LABELS | {
    "probability_alive": "Still a customer",
    "expected_purchases": "Purchases expected",
    "expected_average_spend": "Spend expected a purchase",
    "future_contribution": "Future contribution",
    "loyalty_score": "Loyalty",
    "usual_gap_days": "Usual gap",
    "cadence_kept_pct": "Due purchases made",
    "repeat_rate_pct": "Purchases soon repeated",
    "category_share_pct": "Categories bought",
    "loyalty_decay": "Fewer purchases lately",
    "judged_invoice_count": "Invoices judged",
    "credit_grade": "Credit grade",
    "credit_reason": "Reason of the grade",
    "growth_potential": "Room to grow",
    "growth_category": "Most room in",
    "growth_category_amount": "Room in that category",
    "growth_peers": "Compared with",
    "serving_cost_total": "All cost to serve",
    "serving_cost_365d": "All cost to serve in a year",
    "profit_total": "Profit",
    "profit_365d": "Profit in a year",
    "profit_share_pct": "Share of profit",
    "at_stake": "At stake",
    "stop_probability_pct": "Likely to stop",
    "stop_reason": "What points to it",
    "score": "Score",
    "birth_on": "Age",
    "income_band": "Income",
    "household_size": "People in the household",
    "store_id": "Shop",
}
"""Indicators and columns of customers, in plain words."""

UNITS: dict[str, str] = {
    indicator.name: indicator.unit for indicator in INDICATORS if indicator.unit != "name"
} | {
    "gap_overdue_ratio": "times",
}
"""Units of indicators, and those that a column's name does not tell."""

_MONEY = ("spend_", "margin_")


def label_of(column: str) -> str:
    """A column by the name a reader knows.

    Parameters
    ----------
    column : str

    Returns
    -------
    str

    Examples
    --------
    >>> label_of("recency_days"), label_of("email_open_rate_pct")
    ('Days since last order', 'Email open rate')
    """
    if column in LABELS:
        return LABELS[column]
    plain = column.removesuffix("_pct").removesuffix("_days").replace("_", " ").strip()
    return f"{plain[:1].upper()}{plain[1:]}"


def unit_of(column: str, currency: str = "") -> str:
    """A column's unit: money in the workspace's currency, else what its name says.

    Parameters
    ----------
    column : str
    currency : str

    Returns
    -------
    str

    Examples
    --------
    >>> unit_of("spend_90d", "EUR"), unit_of("recency_days"), unit_of("return_rate_pct"), unit_of("tags")
    ('EUR', 'days', '%', '')
    """
    unit = UNITS.get(column)
    if unit is None and column.endswith("_pct"):
        return "%"
    if unit is None and column.endswith("_days"):
        return "days"
    if unit == "currency" or (unit is None and column.startswith(_MONEY)):
        return currency
    return unit or ""


def labels_and_units(columns: Iterable[str], currency: str = "") -> tuple[dict[str, str], dict[str, str]]:
    """Labels and units of columns, as `DataTable` takes them.

    Parameters
    ----------
    columns : names
    currency : str

    Returns
    -------
    (dict, dict)

    Examples
    --------
    >>> labels_and_units(["spend_total", "order_count"], "EUR")
    ({'spend_total': 'Net spend', 'order_count': 'Orders'}, {'spend_total': 'EUR', 'order_count': ''})
    """
    names = [str(column) for column in columns]
    units = {name: unit_of(name, currency) for name in names}
    said = {name: "" if unit and unit in label_of(name).lower() else unit for name, unit in units.items()}
    return {name: label_of(name) for name in names}, said
