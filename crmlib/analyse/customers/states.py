"""The life cycle: one stage for every customer, by a table of declared rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crmlib.analyse.stats.small_groups import OTHERS
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.purchases.states import (
    PURCHASES,
    first_fitting_rule,
    purchase_amounts,
    purchase_rhythm,
    purchases_are,
    stage_figures,
)
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.columns import Told
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.states import AT_RISK, COMPARED_PERIODS, LATE_TIMES, LIFE_ORDER, LIKELY, STATES

STAGE_ORDER = LIFE_ORDER
"""The stages in the order of a customer's life, which is not the order in which the rules are tried."""


@dataclass(frozen=True, kw_only=True)
class LifecycleStage:
    """A stage of life: what it is called, who is in it, and what to do.

    Parameters
    ----------
    rule : str
        A condition in SQL over the figures of `crmlib.measure.purchases.states.STAGE_FIGURES`. An empty rule
        takes whoever is left.
    says : str, optional
        Who they are, in a sentence.
    action : str, optional
        What to do, in a sentence, or one of `crmlib.schema.states.ACTIONS`.

    Raises
    ------
    ParameterError
        If there is no name.

    Examples
    --------
    >>> LifecycleStage(name="silent", rule="silence_ratio > 1").name
    'silent'
    """

    name: str
    rule: str = ""
    says: str = ""
    action: str = ""

    def __post_init__(self) -> None:
        for part in ("name", "rule", "says", "action"):
            if not isinstance(getattr(self, part), str):
                raise ParameterError(f"A stage's {part} is text, not {getattr(self, part)!r}.")
        if not self.name.strip():
            raise ParameterError("A stage needs a name. Give it one or two words.")


LIFECYCLE_STAGES = tuple(
    LifecycleStage(name=state.name, rule=state.rule, action=state.action) for state in STATES
)
"""The house's states, in the order they are tried; `action` is one of `ACTIONS`."""


def lifecycle_stages(
    crm: Crm,
    *,
    definitions: Iterable[LifecycleStage | Mapping] | None = None,
    rhythm: Mapping[str, float] | None = None,
) -> pd.Series:
    """Give everybody exactly one stage of life: the first whose rule fits.

    Parameters
    ----------
    crm : Crm
        Everybody in `customers` or seen with an order or a deal. Without `transactions`, won deals are the
        purchases.
    definitions : LifecycleStages or mappings with their fields, optional
        Instead of `LIFECYCLE_STAGES`, in the order they are tried. "others" is added where the last one has
        a rule.
    rhythm : mapping, optional
        The scale, as `crmlib.measure.purchases.states.purchase_rhythm` makes it or an earlier result's
        ``attrs["rhythm"]`` keeps it; the house's own where none is given. Stages at two dates can be
        compared only on one scale.

    Returns
    -------
    Series indexed by customer_id, sorted
        Named `stage`, an ordered categorical of all the stages. `attrs`: `rhythm`; `as_of` (day in the
        workspace's time zone, as text); `currency`; `purchases` ("orders" or "won deals"); `house_change_pct`
        (change of all customers' spend between the last two periods, None where it is not known); `says` and
        `actions` by stage.

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.
    ParameterError
        If a definition or the rhythm cannot be read.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": [str(i) for i in range(6)], "product_id": "tea", "net_amount": 5.0,
    ...     "customer_id": ["ann", "ann", "ann", "bob", "bob", "cem"],
    ...     "ordered_at": ["2024-01-01", "2024-01-11", "2024-06-20", "2024-01-01", "2024-01-11", "2024-06-25"]})
    >>> crm = Crm.from_frames(as_of="2024-06-30", transactions=lines,
    ...                       customers=pd.DataFrame({"customer_id": ["dora"]}))
    >>> scale = {"gap_days": 10, "long_gap_days": 30, "period_days": 28}
    >>> lifecycle_stages(crm, rhythm=scale).astype(str).to_dict()
    {'ann': 'won back', 'bob': 'lost', 'cem': 'new', 'dora': 'lead'}
    """
    stages = LIFECYCLE_STAGES if definitions is None else read_stages(definitions)
    figures = stage_figures(crm, rhythm=rhythm)
    place = first_fitting_rule(figures, [stage.rule or "true" for stage in stages])
    names = [stage.name for stage in stages]
    order = STAGE_ORDER if definitions is None else names
    values = pd.Categorical([names[i] for i in place], categories=list(order), ordered=True)
    result = pd.Series(values, index=figures.index, name="stage")
    by_name = {stage.name: stage for stage in stages}
    result.attrs = {
        "rhythm": figures.attrs["rhythm"],
        "as_of": str(local_time(crm.as_of, time_zone=crm.time_zone).date()),
        "currency": crm.currency,
        "purchases": purchases_are(crm),
        "house_change_pct": _house_change(figures),
        "says": Told({name: by_name[name].says for name in order}),
        "actions": Told({name: by_name[name].action for name in order}),
    }
    return result


def read_stages(definitions: Iterable[LifecycleStage | Mapping]) -> tuple[LifecycleStage, ...]:
    """Read a user's table of stages, and see to it that the last one takes whoever is left."""
    if isinstance(definitions, Mapping | str) or not isinstance(definitions, Iterable):
        raise ParameterError(
            "Stages are a list, in the order they are tried; give [LifecycleStage(...), ...]."
        )
    stages = [_read_stage(entry) for entry in definitions]
    if not stages:
        raise ParameterError("The list of stages is empty. Leave it out to have the built-in ones.")
    names = [stage.name for stage in stages]
    for name in names:
        if names.count(name) > 1:
            raise ParameterError(f"Two stages are named {name!r}. Give each its own name.")
    for stage, following in zip(stages, names[1:], strict=False):
        if not stage.rule.strip():
            raise ParameterError(
                f"Stage {stage.name!r} has no rule, so it takes everyone and {following!r} after it takes "
                "nobody. Give it a rule or put it last."
            )
    if not stages[-1].rule.strip():
        return tuple(stages)
    if OTHERS in names:
        raise ParameterError(f"The stage {OTHERS!r} takes whoever is left: put it last, without a rule.")
    return (*stages, LifecycleStage(name=OTHERS))


def lifecycle_summary(stages: pd.Series, *, revenue: pd.Series | None = None) -> pd.DataFrame:
    """Customers and revenue of every stage, with what the stage means and what to do.

    Parameters
    ----------
    stages : Series customer_id -> stage
        As `lifecycle_stages` makes it.
    revenue : Series customer_id -> account currency, optional
        As `revenue_of_a_year` makes it. Who is not in it has none.

    Returns
    -------
    DataFrame indexed by stage, in the order of a customer's life; empty stages too
        `customers`, `share_pct`, `revenue`, `revenue_share_pct` (NaN without `revenue`, or where all of it is
        not above 0), `says`, `action`. `attrs` are those of `stages`.

    Raises
    ------
    ParameterError
        If the stages are no categorical Series, or a customer comes twice.

    Examples
    --------
    >>> stages = pd.Series(pd.Categorical(["new", "lost", "new"], categories=["new", "lost"], ordered=True),
    ...                    index=["ann", "bob", "cem"])
    >>> table = lifecycle_summary(stages, revenue=pd.Series({"ann": 30.0, "cem": 10.0}))
    >>> table[["customers", "share_pct", "revenue", "revenue_share_pct"]].round(1).to_numpy().tolist()
    [[2.0, 66.7, 40.0, 100.0], [1.0, 33.3, 0.0, 0.0]]
    """
    require_stages(stages)
    customers = stages.value_counts(sort=False).reindex(stages.cat.categories)
    table = pd.DataFrame({"customers": customers.astype("int64")})
    table["share_pct"] = 100 * table["customers"] / max(len(stages), 1)
    if revenue is None:
        table["revenue"] = float("nan")
    else:
        given = revenue.reindex(stages.index).fillna(0.0).astype("float64")
        table["revenue"] = given.groupby(stages, observed=False).sum().reindex(table.index)
    whole = table["revenue"].sum(min_count=1)
    table["revenue_share_pct"] = 100 * table["revenue"] / whole if whole > 0 else float("nan")
    table["says"] = [stages.attrs.get("says", {}).get(name, "") for name in table.index]
    table["action"] = [stages.attrs.get("actions", {}).get(name, "") for name in table.index]
    table.attrs = dict(stages.attrs)
    return table.rename_axis("stage")


def revenue_of_a_year(crm: Crm, *, indicators: pd.DataFrame | None = None) -> pd.Series:
    """What every customer brought in the 365 days before the closing moment."""
    if purchases_are(crm) == PURCHASES:
        known = indicators is not None and "spend_365d" in indicators
        figures = indicators if known else compute_indicators(crm, ["spend_365d"])
        return figures["spend_365d"].rename("revenue")
    return purchase_amounts(crm, days=365).rename("revenue")


def require_stages(stages: Any) -> None:
    """Refuse what is not one stage a customer."""
    if not isinstance(stages, pd.Series) or not isinstance(stages.dtype, pd.CategoricalDtype):
        raise ParameterError("Stages are a categorical Series as lifecycle_stages(crm) makes it.")
    if stages.index.has_duplicates:
        twice = stages.index[stages.index.duplicated()][0]
        raise ParameterError(f"Customer {twice!r} has two stages. Give each customer one.")
    if stages.isna().any():
        raise ParameterError("A customer has no stage. Give each customer one.")


def _read_stage(entry: object) -> LifecycleStage:
    if isinstance(entry, LifecycleStage):
        return entry
    if not isinstance(entry, Mapping):
        raise ParameterError(f"A stage is a LifecycleStage or a table with name and rule, not {entry!r}.")
    known = ("name", "rule", "says", "action")
    for key in entry:
        if key not in known:
            raise ParameterError(f"A stage has no field {key!r}.{nearest(key, known)}")
    return LifecycleStage(**{"name": "", **entry})


def _house_change(figures: pd.DataFrame) -> float | None:
    older = figures[figures["tenure_periods"] >= COMPARED_PERIODS]
    before, last = older["spend_period_before"].sum(), older["spend_last_period"].sum()
    return float(100 * (last / before - 1)) if before > 0 else None


_FIGURES = ("spend_365d", "spend_total", "order_count", "recency_days", "gap_days_mean", "gap_overdue_ratio")


def stage_list(crm: Crm, stages: pd.Series, indicators: pd.DataFrame) -> pd.DataFrame:
    """Every customer with the stage and the figures that a caller wants to see."""
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
    """Who is late: how long ago they bought last, in their own usual gaps; what is missing is not late."""
    return silence >= LATE_TIMES


def of_buyers(stages: pd.Series, values: pd.Series) -> pd.Series:
    """What a model says, of those alone who buy by their state: of all others the state's word stands."""
    return values.where(stages.reindex(values.index).isin(AT_RISK.states))


def is_likely(stages: pd.Series, probability: pd.Series) -> pd.Series:
    """Who buys by the state and, by a model, as likely as not will no more."""
    return of_buyers(stages, probability) >= LIKELY


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


def known_at_both(moves: LifecycleMoves) -> pd.DataFrame:
    """The flows of those who were known at both dates."""
    return moves.flows[(moves.flows["before"] != NOT_YET) & (moves.flows["after"] != NO_LONGER)]


def changed_share(moves: LifecycleMoves) -> float:
    """Of the customers known at both dates, the percentage in another state at the second."""
    both = known_at_both(moves)
    whole = both["customers"].sum()
    return float(100 * both.loc[both["moved"], "customers"].sum() / whole) if whole else float("nan")


def flow(moves: LifecycleMoves, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[int, float]:
    """How many customers went from some states to others, and what they had brought (NaN if not known)."""
    rows = moves.flows[moves.flows["before"].isin(before) & moves.flows["after"].isin(after)]
    return int(rows["customers"].sum()), float(rows["revenue"].sum(min_count=1))
