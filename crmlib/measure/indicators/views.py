"""The prepared views that indicators are computed over: one row an event, dates already counted back."""

import pandas as pd

from crmlib.measure.indicators.view import View
from crmlib.measure.indicators.views_contact import (
    CAMPAIGN_CONTACTS,
    CASES,
    CONTACTS,
    CUSTOMERS,
    EVENTS,
    FEEDBACK,
    INTERACTIONS,
    RELATIONS,
    SESSIONS,
)
from crmlib.measure.indicators.views_sales import (
    CATEGORIES,
    CHANNELS,
    CREDIT,
    LINES,
    OPPORTUNITIES,
    ORDERS,
    PRODUCTS,
    STORES,
)
from crmlib.schema.errors import ParameterError, nearest

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        CUSTOMERS,
        CONTACTS,
        RELATIONS,
        LINES,
        ORDERS,
        PRODUCTS,
        CATEGORIES,
        CHANNELS,
        STORES,
        CREDIT,
        OPPORTUNITIES,
        CAMPAIGN_CONTACTS,
        INTERACTIONS,
        EVENTS,
        SESSIONS,
        FEEDBACK,
        CASES,
    )
}
"""The prepared views by their names."""


def view_catalogue() -> pd.DataFrame:
    """The columns that an indicator's SQL may use.

    Returns
    -------
    DataFrame, one row per view and column
        view, row (what one row is), column, says, needs (the optional columns it is made from).

    Examples
    --------
    >>> catalogue = view_catalogue()
    >>> print(catalogue.loc[catalogue.column == "gap_days", "says"].item())
    Days since the customer's previous purchase; empty for the first and for refunds.
    """
    return pd.DataFrame(
        [
            {"view": view.name, "row": view.row, "column": name, "says": says, "needs": ", ".join(needs)}
            for view in VIEWS.values()
            for name, says, needs in view.columns
        ]
    )


def view_named(name: str) -> View:
    """The view of that name.

    Raises
    ------
    ParameterError
        If there is none; it names the nearest.

    Examples
    --------
    >>> view_named("order")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: there is no view 'order'. Did you mean 'orders'?
    """
    if name not in VIEWS:
        raise ParameterError(f"there is no view {name!r}.{nearest(name, VIEWS)}")
    return VIEWS[name]
