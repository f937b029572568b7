"""How long to wait for a purchase before somebody counts as having stopped."""

from collections.abc import Mapping
from math import ceil

import pandas as pd

from crmlib.measure.lifecycle import purchase_rhythm, read_rhythm
from crmlib.measure.outcomes import first_order_at
from crmlib.prepare.crm import Crm


def usual_horizon(crm: Crm, *, rhythm: Mapping[str, float] | None = None) -> int:
    """The days within which three in four customers have always bought again, as far as the history allows.

    Parameters
    ----------
    crm : Crm
        With `transactions`.
    rhythm : mapping, optional
        As `purchase_rhythm` makes it; that of `crm` where none is given.

    Returns
    -------
    int
        `long_gap_days` of `crmlib.measure.lifecycle.purchase_rhythm`, rounded up to whole days; where the
        orders reach back less than three times as far, a third of that time, since a horizon is needed to look
        back on, one to learn from and one to test on. At least 1.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...     "ordered_at": ["2024-01-01", "2024-01-08", "2024-01-18"]})
    >>> usual_horizon(Crm.from_frames(as_of="2024-06-30", transactions=lines))
    10
    >>> usual_horizon(Crm.from_frames(as_of="2024-01-20", transactions=lines))
    6
    """
    scale = purchase_rhythm(crm) if rhythm is None else read_rhythm(rhythm)
    long_gap = ceil(scale["long_gap_days"])
    first = first_order_at(crm)
    known = 0 if first is None or pd.isna(first) else (crm.as_of - first) // pd.Timedelta(days=1)
    return max(1, min(long_gap, known // 3))
