"""Rows far beyond all others in time: a year mistyped would otherwise become the closing moment."""

from crmlib.prepare.engine import Engine

GAP_DAYS = 365
LARGEST_SHARE = 0.001
FEWEST_ROWS = 20
"""Below so many rows nothing can be called isolated."""


def isolated_rows(engine: Engine, table: str, column: str, *, where: str = "true") -> str:
    """A query for the rows more than a year after all others: at most one in a thousand, or one row.

    Parameters
    ----------
    engine : Engine
    table : name in the engine
    column : a date or timestamp
    where : SQL; only such rows are looked at

    Returns
    -------
    str
        SQL that yields their ``rowid``.

    Examples
    --------
    >>> engine = Engine()
    >>> engine.execute("create table t as select date '2020-01-01' + i::int as day from range(30) r(i)")
    >>> engine.execute("insert into t values (date '2099-01-01')")
    >>> engine.rows(isolated_rows(engine, "t", "day"))
    [(30,)]
    """
    name = Engine.quote(column)
    known = f"from {table} where {where} and {name} is not null"
    ((rows,),) = engine.rows(f"select count(*) {known}")
    most = max(1, int(rows * LARGEST_SHARE))
    if rows - most < FEWEST_ROWS:
        return f"select rowid from {table} where false"
    ((last,),) = engine.rows(f"""
        with tail as (select {name}::timestamp as moment {known} order by moment desc limit {most + 1}),
             steps as (select moment, lead(moment) over (order by moment desc) as earlier from tail)
        select min(earlier)::varchar from steps where moment > earlier + interval {GAP_DAYS} day
    """)
    if last is None:
        return f"select rowid from {table} where false"
    moment = f"{Engine.literal(last)}::timestamp"
    return f"select rowid from {table} where {where} and {name}::timestamp > {moment}"
