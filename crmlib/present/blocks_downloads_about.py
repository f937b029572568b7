"""What a list that leaves the house says about itself: where it is from and what its columns mean."""

from typing import Any

from crmlib.prepare.clock import in_zone
from crmlib.present.words import date


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
