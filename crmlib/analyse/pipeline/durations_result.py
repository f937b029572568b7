"""What the times of deals in stages come out as."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True, kw_only=True, eq=False)
class StageDurations:
    """How long deals stay in each stage, those counted that are still there, and where they go.

    Attributes
    ----------
    table : DataFrame indexed by stage, or by group and stage
        `stays`, `deals`, `finished`, `open` (still there), `mean_finished_days` and `median_finished_days` (of
        finished stays only: too short while deals are open), `median_days`, `median_low`, `median_high`,
        `q80_days`, `q80_low`, `q80_high` (the time by which so many have left, by a survival curve; NaN where
        not reached), `mean_days` (area under that curve up to the longest time seen), `shown_until` (last time with
        at least 10 deals), `reentered_deals` (deals that came back to the stage), `latest_median_days`,
        `cumulative_median_days` (of a deal's latest stay, and of all its stays there together), `won_pct`,
        `lost_pct`, `forward_pct`, `back_pct` (share that leave that way in the end, open deals counted).
    curves : DataFrame
        `stage`, `time`, `at_risk`, `ended`, `survival` (share still there), `low`, `high`, `shown`.
    incidence : DataFrame
        `stage`, `exit`, `time`, `at_risk`, `ended`, `incidence`, `low`, `high`, `shown`.
    flow : DataFrame
        `stage`, `next_stage` ("won", "lost", "" for still there), `exit`, `stays`, `share_pct` (of the stays of
        the stage), `median_days`.
    funnel : DataFrame, one row a stage
        As `stage_funnel` makes it.
    visits : DataFrame, one row a deal and stage
        `opportunity_id`, `stage`, `visits`, `latest_days`, `cumulative_days`, `is_over` (of the latest).
    tests : DataFrame
        With `by`: `stage`, `p`, `p_adjusted`, `differs`: whether the groups stay unequally long.
    stages : tuple of str
        In their order.
    set_aside : dict reason -> rows that were left out
    joined : int
        Rows that only repeated the stage of the row before.
    as_of : Timestamp
    by : str or None
    has_history : bool
        Whether a stage history is kept; without one each deal is one stay.

    All tables but `set_aside` have a first column, or level, `group` where `by` is given.

    Examples
    --------
    See `crmlib.analyse.pipeline.durations.stage_durations`.
    """

    table: pd.DataFrame
    curves: pd.DataFrame = field(repr=False)
    incidence: pd.DataFrame = field(repr=False)
    flow: pd.DataFrame = field(repr=False)
    funnel: pd.DataFrame = field(repr=False)
    visits: pd.DataFrame = field(repr=False)
    tests: pd.DataFrame = field(repr=False)
    stages: tuple[str, ...]
    set_aside: dict[str, int]
    joined: int
    as_of: pd.Timestamp
    by: str | None
    has_history: bool

    def _repr_html_(self) -> str:
        return self.table.to_html()

    def quantile(self, share: float) -> pd.DataFrame:
        """The time by which a share of the stays in each stage is over, open ones counted.

        Parameters
        ----------
        share : number between 0 and 1

        Returns
        -------
        DataFrame indexed like `table`
            `days`, `low`, `high` (95 %); NaN where the curve does not come so far.

        Raises
        ------
        ParameterError
            If the share does not lie between 0 and 1.

        Examples
        --------
        >>> from crmlib.analyse.pipeline.durations import little_history, stage_durations
        >>> stage_durations(little_history(), as_of="2024-03-31").quantile(0.5).round(0)
               days  low  high
        stage
        Talk    5.0  4.0   8.0
        Offer  10.0  6.0   NaN
        """
        return quantiles_of(self.curves, self.table.index, share)


def quantiles_of(curves: pd.DataFrame, index: Any, share: float) -> pd.DataFrame:
    """The time at which a survival curve has fallen by a share, for each stage (and group).

    Parameters
    ----------
    curves : DataFrame
        The levels of `index` as columns, `time`, `survival`, `low`, `high`.
    index : Index of stages, or of groups and stages
    share : number between 0 and 1

    Returns
    -------
    DataFrame indexed by `index`
        `days`, `low`, `high`.

    Raises
    ------
    ParameterError
        If the share does not lie between 0 and 1.

    Examples
    --------
    >>> curves = pd.DataFrame({"stage": "Talk", "time": [1.0, 2.0], "survival": [0.5, 0.1],
    ...                        "low": [0.2, 0.0], "high": [0.8, 0.4]})
    >>> quantiles_of(curves, pd.Index(["Talk"], name="stage"), 0.5)
           days  low  high
    stage
    Talk    1.0  1.0   2.0
    """
    from crmlib.schema.errors import ParameterError

    if isinstance(share, bool) or not 0 < share < 1:
        raise ParameterError(f"the quantile must lie between 0 and 1, such as 0.8; this is {share!r}.")
    found = {}
    # A product of fractions may come out a hair above what it is on paper.
    reached = 1 - share + 1e-12
    for name, days in (("days", "survival"), ("low", "low"), ("high", "high")):
        there = curves[curves[days] <= reached]
        found[name] = there.groupby(list(index.names), sort=False)["time"].min()
    return pd.DataFrame(found).reindex(index)
