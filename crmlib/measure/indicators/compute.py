"""One row per customer: every indicator over the prepared views, in one statement of the engine."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
from sqlglot import exp, parse_one

from crmlib.measure.indicators.built_in import INDICATORS
from crmlib.measure.indicators.indicator import Indicator
from crmlib.measure.indicators.parts import customer_parts, joined_figures
from crmlib.measure.indicators.sources import IN_PART, source_steps
from crmlib.measure.indicators.steps import indicator_steps
from crmlib.measure.indicators.views import VIEWS
from crmlib.measure.steps import Steps, columns_here, moments
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.prepare.expressions import parse_expression
from crmlib.schema.errors import ConfigError, ParameterError, nearest

_PEOPLE = {
    "customers": ("customers",),
    "transactions": ("order_totals", "order_lines"),
    "opportunities": ("known_opportunities",),
}
"""Where customers are known from: table -> the table or steps to read, the shortest first."""


def compute_indicators(crm: Crm, names: Iterable[str] | None = None) -> pd.DataFrame:
    """Every indicator of every customer at the closing moment.

    Parameters
    ----------
    crm : Crm
        The tables of a workspace. Customers are those of `customers`, and those seen in `transactions` or
        `opportunities`.
    names : names of indicators, optional
        Only these, in this order. All by default, the workspace's own after the built-in ones.

    Returns
    -------
    DataFrame indexed by customer_id, sorted
        One column per indicator; `indicator_catalogue` has the units. Where the view has no fitting row for a
        customer the value is 0 or NaN, as the catalogue's `empty` says. ``.attrs["left_out"]`` is a dict of
        the indicators that cannot be computed here, each with the reason; ``.attrs["units"]`` has the unit of
        each column ("currency" stands for ``.attrs["currency"]``, that of the workspace).

    Raises
    ------
    ParameterError
        If there is no indicator of that name; it says the nearest.
    ConfigError
        If an indicator of crm.toml cannot be computed; it says the key path.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> ledger = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"], "product_id": ["tea"] * 3,
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-05"]),
    ...     "net_amount": [10.0, 20.0, 5.0]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=ledger)
    >>> figures = compute_indicators(crm, ["recency_days", "spend_total", "gap_days_mean", "margin_total"])
    >>> figures
                 recency_days  spend_total  gap_days_mean
    customer_id
    ann                  20.0         30.0           10.0
    bob                  26.0          5.0            NaN
    >>> figures.attrs["units"]["gap_days_mean"]
    'days'
    >>> print(figures.attrs["left_out"]["margin_total"])
    transactions has no column cost_amount. Map it in crm.toml under [tables.transactions.columns].
    """
    known = {indicator.name: indicator for indicator in (*INDICATORS, *_own_indicators(crm))}
    wanted = _wanted(known, names)
    columns = columns_here(crm)
    reasons = {name: VIEWS[known[name].over].missing(known[name].columns, columns) for name in wanted}
    chosen = [known[name] for name in wanted if not reasons[name]]
    try:
        frame = _run(crm, chosen, columns)
    except Exception:
        _blame(crm, chosen, columns)
        raise
    for indicator in chosen:
        if indicator.empty is None and pd.api.types.is_integer_dtype(frame[indicator.name]):
            frame[indicator.name] = frame[indicator.name].astype("float64")
    frame.attrs = {
        "left_out": {name: reason for name, reason in reasons.items() if reason},
        "units": {indicator.name: indicator.unit for indicator in chosen},
        "currency": crm.currency,
    }
    return frame


def indicator_catalogue(crm: Crm | None = None) -> pd.DataFrame:
    """What every indicator is and means.

    Parameters
    ----------
    crm : Crm, optional
        A workspace, to list its own indicators of crm.toml too.

    Returns
    -------
    DataFrame, one row per indicator
        name, aspect, over (the prepared view), unit, better ("higher", "lower" or empty), says,
        sql, empty (what a customer without a fitting row gets: 0 or NaN).

    Examples
    --------
    >>> catalogue = indicator_catalogue().set_index("name")
    >>> print(catalogue.loc["recency_days", "sql"])
    min(age_days) filter (where is_purchase)
    """
    own = [] if crm is None else _own_indicators(crm)
    fields = ("name", "aspect", "over", "unit", "better", "says", "sql", "empty")
    return pd.DataFrame(
        [[getattr(indicator, field) for field in fields] for indicator in (*INDICATORS, *own)],
        columns=list(fields),
    ).astype({"empty": "float64"})


def indicators_sql(
    indicators: Sequence[Indicator], *, columns: Mapping[str, Iterable[str]], part: bool = False
) -> str:
    """The statement that computes indicators: shared steps, one select per view, one row per customer.

    Parameters
    ----------
    indicators : those to compute; the columns that they need are there
    columns : table name -> the columns it has in this workspace
    part : bool
        Whether only the customers from ``$first_customer`` to ``$last_customer`` are asked for.

    Returns
    -------
    str
        DuckDB's dialect, with the parameters that `moments` fills.

    Examples
    --------
    >>> sql = indicators_sql(INDICATORS[:1], columns={"transactions": ["order_id"]})
    >>> "MAX(CASE WHEN is_purchase THEN age_days END)" in sql
    True
    """
    over: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        over.setdefault(indicator.over, []).append(indicator)
    steps = indicator_steps(source_steps(columns, part=part))
    everyone = _everyone(columns, steps.needed_by(VIEWS[view].steps[-1] for view in over), part=part)
    figures = {f"{view}_figures": _figures_sql(members) for view, members in over.items()}
    selected = [
        f"coalesce({quoted}, 0) as {quoted}" if indicator.empty == 0 else quoted
        for indicator in indicators
        for quoted in [Engine.quote(indicator.name)]
    ]
    question = f"select {', '.join(['customer_id', *selected])}\nfrom everyone\n" + "".join(
        f"left join {name} using (customer_id)\n" for name in figures
    )
    return steps.add({"everyone": everyone, **figures}).sql(question)


def _run(crm: Crm, chosen: Sequence[Indicator], columns: Mapping[str, Iterable[str]]) -> pd.DataFrame:
    of_lines = [indicator for indicator in chosen if "order_lines" in VIEWS[indicator.over].steps]
    parts = customer_parts(crm) if of_lines else []
    if not parts:
        return _asked(crm, indicators_sql(chosen, columns=columns), [{}])
    frames = [_asked(crm, indicators_sql(of_lines, columns=columns, part=True), parts)]
    others = [indicator for indicator in chosen if indicator not in of_lines]
    if others or "opportunities" in columns:
        frames.append(_asked(crm, indicators_sql(others, columns=columns), [{}]))
    zeros = [indicator.name for indicator in chosen if indicator.empty == 0]
    return joined_figures(frames, zeros=zeros)[[indicator.name for indicator in chosen]]


def _asked(crm: Crm, sql: str, parts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    values = moments(sql, as_of=crm.as_of, time_zone=crm.time_zone)
    asked = [{**values, **part} for part in parts]
    return crm.engine.to_pandas_by_parts(sql, asked, order_by="customer_id").set_index("customer_id")


def _blame(crm: Crm, chosen: Sequence[Indicator], columns: Mapping[str, Iterable[str]]) -> None:
    """Say which of the workspace's own indicators the engine refuses, if it is one of them."""
    own = set(_own_names(crm))
    for indicator in chosen:
        if indicator.name in own:
            try:
                _run(crm, [indicator], columns)
            except Exception as error:
                raise ConfigError(
                    f"indicators.{indicator.name}.sql: the engine cannot compute it over {indicator.over}: "
                    f"{str(error).strip().splitlines()[0]}"
                ) from error


def _figures_sql(indicators: Sequence[Indicator]) -> str:
    lines = [f"{_by_case(indicator.sql)} as {Engine.quote(indicator.name)}" for indicator in indicators]
    step = VIEWS[indicators[0].over].steps[-1]
    listed = ",\n            ".join(["customer_id", *lines])
    return f"""
        select
            {listed}
        from {step}
        group by customer_id
    """


@cache
def _by_case(sql: str) -> str:
    """`sum(x) filter (where y)` as `sum(case when y then x end)`: the same, a fifth faster in the engine."""

    def turned(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Filter) or type(node.this) not in (exp.Sum, exp.Count, exp.Min, exp.Max):
            return node
        value = node.this.this
        if isinstance(value, exp.Distinct | exp.Struct) or node.this.expressions:
            return node
        counted = exp.Literal.number(1) if isinstance(value, exp.Star) else value
        node.this.set("this", exp.Case().when(node.expression.this, counted))
        return node.this

    tree = parse_one(sql, read="duckdb")
    # A quantile would be written in words that only one engine knows.
    if not tree.find(exp.Filter) or tree.find(exp.WithinGroup):
        return sql
    return tree.transform(turned).sql(dialect="duckdb")


def _everyone(columns: Mapping[str, Iterable[str]], steps: Steps, *, part: bool) -> str:
    chosen = [
        next((source for source in sources if source in steps), sources[-1])
        for table, sources in _PEOPLE.items()
        if table in columns
    ]
    if not chosen:
        return "select cast(null as varchar) as customer_id where false"
    within = IN_PART if part else ""
    return " union ".join(
        f"select distinct customer_id from {source} where customer_id is not null{within}"
        for source in chosen
    )


def _wanted(known: Mapping[str, Indicator], names: Iterable[str] | None) -> list[str]:
    asked = [names] if isinstance(names, str) else list(known) if names is None else names
    wanted = list(dict.fromkeys(asked))
    for name in wanted:
        if name not in known:
            raise ParameterError(f"there is no indicator {name!r}.{nearest(name, known)}")
    return wanted


def _own_names(crm: Crm) -> list[str]:
    return list(getattr(getattr(crm, "config", None), "indicators", None) or {})


def _own_indicators(crm: Crm) -> list[Indicator]:
    taken = {"customer_id"} | {indicator.name for indicator in INDICATORS}
    own = []
    for name in _own_names(crm):
        key = f"indicators.{name}"
        if name.lower() in taken:
            raise ConfigError(f"{key}: the name is taken by one of crmlib's. Choose another.")
        taken.add(name.lower())
        own.append(_own_indicator(name, crm.config.indicators[name], key=key))
    return own


def _own_indicator(name: str, declared: Any, *, key: str) -> Indicator:
    if declared.over not in VIEWS:
        raise ConfigError(f"{key}.over: there is no view {declared.over!r}.{nearest(declared.over, VIEWS)}")
    expression = parse_expression(
        declared.sql,
        columns=VIEWS[declared.over].names,
        aggregate=True,
        key_path=f"{key}.sql",
        context="indicator",
    )
    try:
        return Indicator(
            name,
            expression.sql,
            over=declared.over,
            aspect=declared.aspect,
            unit=declared.unit,
            better=declared.better or None,
            says=declared.says,
            empty=getattr(declared, "empty", None),
        )
    except ParameterError as error:
        raise ConfigError(f"{key}: {error}") from error
