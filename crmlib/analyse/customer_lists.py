"""Lists of customers to work with: by type, the most valuable first."""

from collections.abc import Iterable

import pandas as pd

from crmlib.analyse.profile import CustomerProfile
from crmlib.analyse.segment_lists import OVERDUE_TIMES
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.errors import ParameterError, nearest

AT_RISK = ("at risk", "at risk, large orders")
"""The types whose customers are worth a call."""

_FIGURES = ("spend_total", "order_count", "recency_days", "gap_days_mean", "gap_overdue_ratio")


def customers_of_types(
    crm: Crm, profile: CustomerProfile, names: Iterable[str] | None = None
) -> pd.DataFrame:
    """The customers of some types, most spend first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    profile : CustomerProfile
    names : customer types, optional
        Those at risk where none is given.

    Returns
    -------
    DataFrame
        `customer_id`, `customer_type`, `spend_total`, `order_count`, `recency_days`, `gap_days_mean`,
        `gap_overdue_ratio`.

    Raises
    ------
    ParameterError
        If nobody could be of such a type; it names the nearest.

    Examples
    --------
    >>> from crmlib.analyse.profile import customer_profile
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"],
    ...                       "ordered_at": ["2024-01-02"], "net_amount": [5.0]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines)
    >>> profile = customer_profile(crm)
    >>> customers_of_types(crm, profile, profile.types.unique()).customer_id.tolist()
    ['ann']
    """
    known = profile.type_names
    wanted = [name for name in AT_RISK if name in known] if names is None else list(names)
    for name in wanted:
        if name not in known:
            raise ParameterError(f"there is no customer type {name!r}.{nearest(name, known)}")
    chosen = profile.types[profile.types.isin(wanted)]
    figures = [name for name in _FIGURES if name in profile.indicators]
    table = profile.indicators[figures].reindex(chosen.index)
    table.insert(0, "customer_type", chosen)
    table.insert(0, "customer_id", chosen.index.astype("str"))
    table = table.reset_index(drop=True).sort_values(
        ["spend_total", "customer_id"], ascending=[False, True], kind="stable"
    )
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return table.reset_index(drop=True)


def late_customers(profile: CustomerProfile) -> int:
    """How many of those at risk have been silent for twice their own usual gap.

    A customer type compares customers with each other: who buys once a month is behind most of those who come
    every week, and may not be late at all.

    Parameters
    ----------
    profile : CustomerProfile

    Returns
    -------
    int
        Who has bought once only has no usual gap, and is not counted.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> types = pd.Series({"ann": "at risk", "bob": "at risk", "cy": "lost"})
    >>> silence = pd.DataFrame({"gap_overdue_ratio": [2.5, 0.9, 3.0]}, index=types.index)
    >>> late_customers(SimpleNamespace(types=types, indicators=silence))
    1
    """
    silence = profile.indicators["gap_overdue_ratio"].reindex(profile.types.index)
    return int((silence[profile.types.isin(AT_RISK)] >= OVERDUE_TIMES).sum())
