"""What a list that leaves the house says about itself: where it is from and what its columns mean."""

from functools import cache
from typing import Any

from crmlib.prepare.clock import in_zone
from crmlib.present.words import date
from crmlib.schema.tables import TABLES


def about_workspace(crm: Any) -> dict[str, str]:
    """Where a list is from, as `DataTable` takes it for a workbook's second sheet.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    dict of str
        The workspace's name, the closing day in its time zone, and the currency, as far as they are known.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib import Crm
    >>> crm = Crm.from_frames(as_of="2020-01-31", currency="EUR",
    ...                       products=pd.DataFrame({"product_id": ["a"]}))
    >>> about_workspace(crm)
    {'Workspace': 'frames', 'As of': '31 January 2020', 'Currency': 'EUR'}
    """
    as_of = getattr(crm, "as_of", None)
    said = {
        "Workspace": getattr(crm, "name", ""),
        "As of": date(in_zone(as_of, time_zone=crm.time_zone)) if as_of is not None else "",
        "Currency": getattr(crm, "currency", ""),
    }
    return {word: text for word, text in said.items() if text}


def column_meaning(name: str) -> str:
    """What a column of a list of customers means, if it is an indicator or described in the vocabulary.

    Examples
    --------
    >>> print(column_meaning("recency_days"))
    Days from the last purchase to as_of.
    >>> column_meaning("no_such_column")
    ''
    """
    return _meanings().get(name, "")


@cache
def _meanings() -> dict[str, str]:
    from crmlib.measure.indicators import INDICATORS

    fields = {field.name: field.description for field in TABLES["customers"].fields}
    return fields | {indicator.name: indicator.says for indicator in INDICATORS}
