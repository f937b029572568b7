"""Which indicators say something of a single customer that only groups may show."""

from crmlib.measure.indicators.built_in import INDICATORS
from crmlib.measure.indicators.compute import _own_indicators
from crmlib.measure.indicators.views import VIEWS
from crmlib.prepare.crm import Crm
from crmlib.schema.tables import table_spec


def sensitive_indicators(crm: Crm) -> set[str]:
    """Names of the indicators that are made from a sensitive column, such as the age from a date of birth.

    Parameters
    ----------
    crm : Crm
        Whose own indicators of crm.toml are looked at too.

    Returns
    -------
    set of str

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> import pandas as pd
    >>> sensitive_indicators(Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a"]})))
    {'age_years'}
    """
    private = {
        (view.name, name)
        for view in VIEWS.values()
        for name, _, needs in view.columns
        if any(_is_sensitive(*need.split(".")) for need in needs)
    }
    return {
        indicator.name
        for indicator in (*INDICATORS, *_own_indicators(crm))
        if any((indicator.over, column) in private for column in indicator.columns)
    }


def _is_sensitive(table: str, column: str) -> bool:
    return any(field.name == column and field.privacy != "internal" for field in table_spec(table).fields)
