"""One row per customer: every indicator over the prepared views, in one statement of the engine."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
from sqlglot import exp, parse_one

from crmlib.measure.indicators.catalogue import INDICATORS, Indicator
from crmlib.measure.indicators.parts import customer_parts, of_orders
from crmlib.measure.indicators.settled import kept_at, of_some, over_some, steps_with_orders
from crmlib.measure.indicators.steps import IN_PART, source_steps
from crmlib.measure.indicators.views import VIEWS
from crmlib.measure.steps import Steps, columns_here, moments
from crmlib.prepare.answers import kept_answer
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.prepare.expressions import parse_expression
from crmlib.prepare.privacy import min_group
from crmlib.schema.columns import Told
from crmlib.schema.errors import ConfigError, ParameterError, nearest
from crmlib.schema.tables import table_spec


def joined_figures(frames: Sequence[pd.DataFrame], *, zeros: Sequence[str]) -> pd.DataFrame:
    """Figures side by side, one row for every customer of any of the frames."""
    everyone = frames[0].index
    for frame in frames[1:]:
        everyone = everyone.union(frame.index)
    parts = []
    for frame in frames:
        zero = [name for name in frame if name in zeros]
        parts += [frame[zero].reindex(everyone, fill_value=0), frame.drop(columns=zero).reindex(everyone)]
    order = [name for frame in frames for name in frame]
    return pd.concat(parts, axis=1)[order]


_PEOPLE = {
    "customers": ("customers",),
    "transactions": ("order_totals", "order_lines"),
    "opportunities": ("known_opportunities",),
}
"""Where customers are known from: table -> the table or steps to read, the shortest first."""

_OF_LINES = {"lines", "product_totals"}
"""Steps that read order lines where orders are kept."""


def compute_indicators(
    crm: Crm, names: Iterable[str] | None = None, *, customers: Sequence[str] | None = None
) -> pd.DataFrame:
    """Every indicator of every customer at the closing moment, or of some customers, in the order of their names."""
    known = {indicator.name: indicator for indicator in (*INDICATORS, *_own_indicators(crm))}
    wanted = _wanted(known, names)
    columns = columns_here(crm)
    reasons = {name: VIEWS[known[name].over].missing(known[name].columns, columns) for name in wanted}
    chosen = [known[name] for name in wanted if not reasons[name]]
    asked = [(indicator.name, indicator.over, indicator.sql, indicator.empty) for indicator in chosen]
    some = [] if customers is None else sorted(customers)
    try:
        frame = kept_answer(crm, "indicators", asked, *some, make=lambda: _run(crm, chosen, columns, some))
    except Exception:
        _blame(crm, chosen, columns)
        raise
    if customers is not None and not some:
        frame = frame.head(0)
    for indicator in chosen:
        if indicator.empty is None and pd.api.types.is_integer_dtype(frame[indicator.name]):
            frame[indicator.name] = frame[indicator.name].astype("float64")
    frame.attrs = {
        "left_out": Told({name: reason for name, reason in reasons.items() if reason}),
        "units": Told({indicator.name: indicator.unit for indicator in chosen}),
        "currency": crm.currency,
        "min_group": min_group(crm),
    }
    return frame


def indicator_catalogue(crm: Crm | None = None) -> pd.DataFrame:
    """What every indicator is and means."""
    own = [] if crm is None else _own_indicators(crm)
    fields = ("name", "aspect", "over", "unit", "better", "says", "sql", "empty")
    return pd.DataFrame(
        [[getattr(indicator, field) for field in fields] for indicator in (*INDICATORS, *own)],
        columns=list(fields),
    ).astype({"empty": "float64"})


def indicators_sql(
    indicators: Sequence[Indicator],
    *,
    columns: Mapping[str, Iterable[str]],
    part: bool = False,
    crm: Crm | None = None,
) -> str:
    """The statement that computes indicators: shared steps, one select per view, one row per customer."""
    over: dict[str, list[Indicator]] = {}
    for indicator in indicators:
        over.setdefault(indicator.over, []).append(indicator)
    steps = steps_with_orders(crm, source_steps(columns, part=part), part=part)
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


def _run(
    crm: Crm, chosen: Sequence[Indicator], columns: Mapping[str, Iterable[str]], some: list[str]
) -> pd.DataFrame:
    of_lines = [indicator for indicator in chosen if "order_lines" in VIEWS[indicator.over].steps]
    parts = customer_parts(crm) if of_lines else []
    if not parts:
        found = _asked(crm, indicators_sql(chosen, columns=columns, crm=crm), [{}])
        return found.loc[some] if some else found
    sql = indicators_sql(of_lines, columns=columns, part=True, crm=crm)
    reads_lines = any(_OF_LINES & set(VIEWS[indicator.over].steps) for indicator in of_lines)
    if not reads_lines and kept_at(crm, crm.as_of):
        parts = of_orders(parts)
    if some:
        with of_some(crm, some) as theirs:
            whole = [{"first_customer": some[0], "last_customer": some[-1]}]
            frames = [_asked(theirs, over_some(sql), customer_parts(theirs) or whole)]
    else:
        frames = [_asked(crm, sql, parts)]
    others = [indicator for indicator in chosen if indicator not in of_lines]
    if others or "opportunities" in columns:
        of_all = _asked(crm, indicators_sql(others, columns=columns), [{}])
        frames.append(of_all.loc[of_all.index.intersection(some)] if some else of_all)
    zeros = [indicator.name for indicator in chosen if indicator.empty == 0]
    joined = joined_figures(frames, zeros=zeros)[[indicator.name for indicator in chosen]]
    return joined.loc[some] if some else joined


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
                _run(crm, [indicator], columns, [])
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


def sensitive_indicators(crm: Crm) -> set[str]:
    """Names of the indicators that are made from a sensitive column, such as the age from a date of birth."""
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
