"""Who moved from which stage of life to which between two dates."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crmlib.analyse.lifecycle import lifecycle_stages, require_stages, revenue_of_a_year
from crmlib.measure.lifecycle import purchase_rhythm
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

NOT_YET, NO_LONGER = "not yet known", "no longer known"


@dataclass(frozen=True, kw_only=True)
class LifecycleMoves:
    """Where customers stood at two dates.

    Attributes
    ----------
    matrix : DataFrame, stage before x stage after
        Customers; the last row is "not yet known" (newcomers), the last column "no longer known".
    shares : DataFrame of the same shape
        Percent of those who stood in the stage before; NaN where nobody did.
    flows : DataFrame, one row per pair of stages with customers, the most customers first
        `before`, `after`, `customers`, `share_pct` (of all customers of both dates), `revenue` (account
        currency; NaN where none was given), `moved` (whether the stages differ).
    net : DataFrame indexed by stage
        `before`, `after`, `came`, `left`, `change`.
    before_on, after_on : str
        The two days; empty where not known.
    currency : str
    purchases : str
        "orders" or "won deals".

    Examples
    --------
    See `lifecycle_moves`.
    """

    matrix: pd.DataFrame
    shares: pd.DataFrame = field(repr=False)
    flows: pd.DataFrame = field(repr=False)
    net: pd.DataFrame = field(repr=False)
    before_on: str = ""
    after_on: str = ""
    currency: str = ""
    purchases: str = "orders"

    def _repr_html_(self) -> str:
        return self.matrix.to_html()


def lifecycle_moves(
    before: pd.Series, after: pd.Series, *, revenue: pd.Series | None = None
) -> LifecycleMoves:
    """Compare the stages at two dates, customer by customer.

    Parameters
    ----------
    before, after : Series customer_id -> stage
        As `lifecycle_stages` makes them, on one scale: give the same `rhythm` to both.
    revenue : Series customer_id -> account currency, optional
        What each customer brought, such as ``revenue_of_a_year(crm.at(earlier))``. Who is not in it brought
        nothing.

    Returns
    -------
    LifecycleMoves

    Raises
    ------
    ParameterError
        If the two were measured on different scales or by different stages, or a customer comes twice.

    Examples
    --------
    >>> stage = pd.CategoricalDtype(["new", "active", "lost"], ordered=True)
    >>> before = pd.Series(["new", "new", "active"], index=["ann", "bob", "cem"], dtype=stage)
    >>> after = pd.Series(["active", "lost", "active", "new"], index=["ann", "bob", "cem", "dora"], dtype=stage)
    >>> moves = lifecycle_moves(before, after, revenue=pd.Series({"ann": 40.0, "bob": 60.0}))
    >>> moves.matrix
    after          new  active  lost  no longer known
    before
    new              0       1     1                0
    active           0       1     0                0
    lost             0       0     0                0
    not yet known    1       0     0                0
    >>> moves.flows.loc[moves.flows.after == "lost", ["before", "customers", "revenue"]].to_numpy().tolist()
    [['new', 1, 60.0]]
    >>> moves.net["change"].to_dict()
    {'new': -1, 'active': 1, 'lost': 1}
    """
    require_stages(before)
    require_stages(after)
    _require_one_scale(before, after)
    stages = list(after.cat.categories)
    pairs = pd.DataFrame({"before": before.astype("str"), "after": after.astype("str")})
    pairs = pairs.fillna({"before": NOT_YET, "after": NO_LONGER})
    matrix = pd.crosstab(pairs["before"], pairs["after"])
    matrix = matrix.reindex(index=[*stages, NOT_YET], columns=[*stages, NO_LONGER], fill_value=0)
    matrix = matrix.astype("int64").rename_axis(index="before", columns="after")
    whole = matrix.sum(axis=1)
    return LifecycleMoves(
        matrix=matrix,
        shares=100 * matrix.div(whole.where(whole > 0), axis=0),
        flows=_flows(pairs, revenue, matrix),
        net=_net(matrix, stages),
        before_on=before.attrs.get("as_of", ""),
        after_on=after.attrs.get("as_of", ""),
        currency=after.attrs.get("currency", ""),
        purchases=after.attrs.get("purchases", "orders"),
    )


def lifecycle_between(crm: Crm, *, earlier: Any, now: pd.Series | None = None) -> LifecycleMoves:
    """Who moved where since an earlier day, both ends measured on the scale of the later one.

    Parameters
    ----------
    crm : Crm
    earlier : Timestamp, date or text
        A bare date means the end of that day.
    now : Series customer_id -> stage, optional
        As `lifecycle_stages` makes it for `crm`, which is called where none is given.

    Returns
    -------
    LifecycleMoves
        With the revenue of the year before the earlier day.

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.
    ParameterError
        If `earlier` lies after the closing moment.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"],
    ...                       "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01", "2024-01-11", "2024-06-20"]})
    >>> moves = lifecycle_between(Crm.from_frames(as_of="2024-06-30", transactions=lines), earlier="2024-01-31")
    >>> moves.flows[["before", "after", "customers"]].to_numpy().tolist()
    [['active', 'lost', 1], ['not yet known', 'new', 1]]
    """
    then = crm.at(earlier)
    stages = lifecycle_stages(crm) if now is None else now
    require_stages(stages)
    before = lifecycle_stages(then, rhythm=stages.attrs.get("rhythm") or purchase_rhythm(crm))
    return lifecycle_moves(before, stages, revenue=revenue_of_a_year(then))


def _require_one_scale(before: pd.Series, after: pd.Series) -> None:
    if list(before.cat.categories) != list(after.cat.categories):
        raise ParameterError("The two dates have different stages. Give the same definitions to both.")
    one, other = before.attrs.get("rhythm"), after.attrs.get("rhythm")
    scales = [{k: v for k, v in (scale or {}).items() if k != "repeat_customers"} for scale in (one, other)]
    if one is not None and other is not None and scales[0] != scales[1]:
        raise ParameterError(
            "The two dates were measured on different scales, so stages would change without any customer "
            'doing so. Call lifecycle_stages(crm.at(...), rhythm=after.attrs["rhythm"]).'
        )


def _flows(pairs: pd.DataFrame, revenue: pd.Series | None, matrix: pd.DataFrame) -> pd.DataFrame:
    money = pd.Series(float("nan"), index=pairs.index)
    if revenue is not None:
        money = revenue.reindex(pairs.index).fillna(0.0).astype("float64")
    grouped = pairs.assign(revenue=money).groupby(["before", "after"], sort=True)["revenue"]
    flows = pd.DataFrame({"customers": grouped.size(), "revenue": grouped.sum(min_count=1)}).reset_index()
    flows["share_pct"] = 100 * flows["customers"] / max(len(pairs), 1)
    flows["moved"] = flows["before"] != flows["after"]
    places = flows.assign(
        row=flows["before"].map(matrix.index.get_loc), column=flows["after"].map(matrix.columns.get_loc)
    ).sort_values(["customers", "row", "column"], ascending=[False, True, True])
    return places[["before", "after", "customers", "share_pct", "revenue", "moved"]].reset_index(drop=True)


def _net(matrix: pd.DataFrame, stages: list[str]) -> pd.DataFrame:
    stood = matrix.loc[stages].sum(axis=1)
    stands = matrix[stages].sum(axis=0)
    stayed = pd.Series({stage: matrix.loc[stage, stage] for stage in stages}, dtype="int64")
    net = pd.DataFrame({"before": stood, "after": stands, "came": stands - stayed, "left": stood - stayed})
    return net.assign(change=net["after"] - net["before"]).astype("int64").rename_axis("stage")
