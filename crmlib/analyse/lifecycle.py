"""The life cycle: one stage for every customer, by a table of declared rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmlib.measure.indicators import compute_indicators
from crmlib.measure.lifecycle import first_fitting_rule, stage_figures
from crmlib.measure.lifecycle_steps import PURCHASES, purchase_amounts, purchases_are
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.states import COMPARED_PERIODS, LIFE_ORDER, STATES

OTHERS = "others"
STAGE_ORDER = LIFE_ORDER
"""The stages in the order of a customer's life, which is not the order in which the rules are tried."""


@dataclass(frozen=True, kw_only=True)
class LifecycleStage:
    """A stage of life: what it is called, who is in it, and what to do.

    Parameters
    ----------
    name : str
    rule : str
        A condition in SQL over the figures of `crmlib.measure.lifecycle.STAGE_FIGURES`. An empty rule
        takes whoever is left.
    says : str, optional
        Who they are, in a sentence.
    action : str, optional
        What to do, in a sentence.

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
    LifecycleStage(name=state.name, rule=state.rule, says=state.says, action=state.advice) for state in STATES
)
"""The house's states, in the order they are tried."""


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
        The scale, as `crmlib.measure.lifecycle.purchase_rhythm` makes it or an earlier result's
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
        "says": {name: by_name[name].says for name in order},
        "actions": {name: by_name[name].action for name in order},
    }
    return result


def read_stages(definitions: Iterable[LifecycleStage | Mapping]) -> tuple[LifecycleStage, ...]:
    """Read a user's table of stages, and see to it that the last one takes whoever is left.

    Parameters
    ----------
    definitions : LifecycleStages, or mappings with `name`, `rule`, `says`, `action`

    Raises
    ------
    ParameterError
        If there is none, a field is unknown, a name comes twice, or a stage in between has no rule.

    Examples
    --------
    >>> [stage.name for stage in read_stages([{"name": "silent", "rule": "silence_ratio > 1"}])]
    ['silent', 'others']
    """
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
    return (*stages, LifecycleStage(name=OTHERS, says="No rule fits."))


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
    """What every customer brought in the 365 days before the closing moment.

    Parameters
    ----------
    crm : Crm
        With `transactions`: the indicator `spend_365d`. Without: the amount of the deals won in that time.
    indicators : DataFrame indexed by customer_id, optional
        As `compute_indicators` makes it for `crm`; computed where it does not hold `spend_365d`.

    Returns
    -------
    Series customer_id -> account currency, named `revenue`

    Raises
    ------
    SchemaError
        If there are neither orders nor opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": "ann", "product_id": "tea",
    ...                       "ordered_at": ["2022-01-02", "2024-01-02"], "net_amount": [5.0, 7.0]})
    >>> revenue_of_a_year(Crm.from_frames(as_of="2024-01-31", transactions=lines)).to_dict()
    {'ann': 7.0}
    """
    if purchases_are(crm) == PURCHASES:
        known = indicators is not None and "spend_365d" in indicators
        figures = indicators if known else compute_indicators(crm, ["spend_365d"])
        return figures["spend_365d"].rename("revenue")
    return purchase_amounts(crm, days=365).rename("revenue")


def require_stages(stages: Any) -> None:
    """Refuse what is not one stage a customer.

    Parameters
    ----------
    stages : Series

    Raises
    ------
    ParameterError
        If it is no Series of an ordered categorical, or a customer comes twice.

    Examples
    --------
    >>> require_stages(pd.Series(["new"]))
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: Stages are a categorical Series as lifecycle_stages(crm) makes it.
    """
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
