"""Lists of customers by stage of life, and the signals about a customer beside the stage."""

import pandas as pd

from crmlib.analyse.lifecycle import require_stages
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.states import AT_RISK, LATE_TIMES, LIKELY

_FIGURES = ("spend_365d", "spend_total", "order_count", "recency_days", "gap_days_mean", "gap_overdue_ratio")


def stage_list(crm: Crm, stages: pd.Series, indicators: pd.DataFrame) -> pd.DataFrame:
    """Every customer with the stage and the figures that a caller wants to see.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    stages : Series customer_id -> stage
    indicators : DataFrame indexed by customer_id
        As `compute_indicators` makes it; the columns that are there are taken.

    Returns
    -------
    DataFrame
        `customer_id`, `stage`, and of `spend_365d`, `spend_total`, `order_count`, `recency_days`,
        `gap_days_mean`, `gap_overdue_ratio` what is known. Those who brought most in the last year come
        first.

    Raises
    ------
    ParameterError
        If the stages are no categorical Series, or a customer comes twice.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> stages = pd.Series(pd.Categorical(["new", "lost"], ordered=True), index=["ann", "bob"])
    >>> figures = pd.DataFrame({"spend_365d": [5.0, 9.0]}, index=["ann", "bob"])
    >>> stage_list(SimpleNamespace(config=None), stages, figures)
      customer_id stage  spend_365d
    0         bob  lost         9.0
    1         ann   new         5.0
    """
    require_stages(stages)
    known = [name for name in _FIGURES if name in indicators]
    table = indicators[known].reindex(stages.index).rename_axis(None)
    table.insert(0, "stage", stages.astype("str"))
    table.insert(0, "customer_id", stages.index.astype("str"))
    by = [known[0]] if known else []
    table = table.sort_values([*by, "customer_id"], ascending=[False] * len(by) + [True], kind="stable")
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return table.reset_index(drop=True)


def is_late(silence: pd.Series) -> pd.Series:
    """Who is late: how long ago they bought last, in their own usual gaps; what is missing is not late.

    Examples
    --------
    >>> is_late(pd.Series([1.9, 2.0, None])).tolist()
    [False, True, False]
    """
    return silence >= LATE_TIMES


def of_buyers(stages: pd.Series, values: pd.Series) -> pd.Series:
    """What a model says, of those alone who buy by their state: of all others the state's word stands.

    Examples
    --------
    >>> of_buyers(pd.Series(["active", "lost"]), pd.Series([0.2, 0.9])).tolist()
    [0.2, nan]
    """
    return values.where(stages.reindex(values.index).isin(AT_RISK.states))


def is_likely(stages: pd.Series, probability: pd.Series) -> pd.Series:
    """Who buys by the state and, by a model, as likely as not will no more.

    Examples
    --------
    >>> is_likely(pd.Series(["active", "active", "lost"]), pd.Series([0.5, 0.4, 0.9])).tolist()
    [True, False, False]
    """
    return of_buyers(stages, probability) >= LIKELY
