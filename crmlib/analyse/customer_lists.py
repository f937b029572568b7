"""Lists of customers to work with: by type, and who is late; the most valuable first."""

from collections.abc import Iterable

import pandas as pd

from crmlib.analyse.lifecycle_lists import is_late
from crmlib.analyse.profile import CustomerProfile
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.states import BUYING

_FIGURES = ("spend_total", "order_count", "recency_days", "gap_days_mean", "gap_overdue_ratio")


def customers_of_types(crm: Crm, profile: CustomerProfile, names: Iterable[str]) -> pd.DataFrame:
    """The customers of some types, most spend first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    profile : CustomerProfile
    names : customer types

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
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise ParameterError(f"there is no customer type {name!r}.{nearest(name, known)}")
    chosen = profile.types[profile.types.isin(wanted)]
    return _most_spend_first(crm, profile, chosen.rename("customer_type"))


def late_customers(crm: Crm, profile: CustomerProfile) -> pd.DataFrame:
    """The customers who are late and still buy by their state, most spend first: a call now comes before silence.

    Who is late and has fallen silent already is left to the list to win back.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    profile : CustomerProfile

    Returns
    -------
    DataFrame
        `customer_id`, `stage`, and the figures of `customers_of_types`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> states = pd.Series({"ann": "active", "bob": "active", "cy": "lost"})
    >>> figures = pd.DataFrame({"gap_overdue_ratio": [2.5, 0.9, 3.0], "spend_total": 9.0}, index=states.index)
    >>> profile = SimpleNamespace(states=states, indicators=figures)
    >>> late_customers(SimpleNamespace(config=None), profile)["customer_id"].tolist()
    ['ann']
    """
    states = profile.states[profile.states.isin(BUYING)]
    late = is_late(profile.indicators["gap_overdue_ratio"].reindex(states.index))
    return _most_spend_first(crm, profile, states[late].astype("str").rename("stage"))


def late_of_all(profile: CustomerProfile) -> int:
    """How many customers are late, whatever their state; who has bought once only has no usual gap.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> late_of_all(SimpleNamespace(indicators=pd.DataFrame({"gap_overdue_ratio": [2.5, 0.9, None]})))
    1
    """
    return int(is_late(profile.indicators["gap_overdue_ratio"]).sum())


def _most_spend_first(crm: Crm, profile: CustomerProfile, chosen: pd.Series) -> pd.DataFrame:
    figures = [name for name in _FIGURES if name in profile.indicators]
    table = profile.indicators[figures].reindex(chosen.index)
    table.insert(0, str(chosen.name), chosen)
    table.insert(0, "customer_id", chosen.index.astype("str"))
    table = table.reset_index(drop=True).sort_values(
        ["spend_total", "customer_id"], ascending=[False, True], kind="stable"
    )
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return table.reset_index(drop=True)
