"""A workspace as it was known at an earlier moment: views over the same tables, nothing is copied."""

from collections.abc import Mapping, Sequence

import pandas as pd

from crmlib.prepare.clock import in_zone
from crmlib.prepare.engine import Engine, columns_of
from crmlib.schema.fields import Field, TableSpec
from crmlib.schema.tables import table_spec

_BEGINS = {"customers": "signed_up_on"}
"""Tables that have no time of their own, and the column before which a row was not there."""

_BELONGS = {
    "campaign_contacts": ("campaign_id", "campaigns"),
    "opportunity_contacts": ("opportunity_id", "opportunities"),
}
"""Tables whose rows were not there before that which they belong to."""


def earlier_engine(
    engine: Engine, tables: Sequence[str], *, moment: pd.Timestamp, time_zone: str = "UTC"
) -> Engine:
    """An engine over the same tables that sees them as they were known at `moment`.

    Rows that came later are gone; values that became known later, such as a payment or the outcome of a deal,
    are empty or as they were before. What tables keep no history of, such as a customer's address or a
    product's price, is as it is now.

    Parameters
    ----------
    engine : Engine
        Holds the tables; it stays as it is.
    tables : names
    moment : Timestamp (naive, UTC)
    time_zone : str
        Whose calendar the dates are of.

    Examples
    --------
    >>> lines = pd.DataFrame({"ordered_at": pd.to_datetime(["2020-01-05", "2020-03-01"]),
    ...                       "paid_on": pd.to_datetime(["2020-02-09", "2020-03-02"]).date})
    >>> engine = Engine()
    >>> engine.register("given", lines)
    >>> engine.execute("create table transactions as from given")
    >>> earlier = earlier_engine(engine, ["transactions"], moment=pd.Timestamp("2020-01-31"))
    >>> len(earlier.rows("from transactions")), len(engine.rows("from transactions"))
    (1, 2)
    >>> earlier.rows("select paid_on from transactions")
    [(None,)]
    """
    columns = {name: columns_of(engine.run(f"from {name}")) for name in tables}
    views = {name: _view_sql(table_spec(name), columns, moment, time_zone) for name in tables}
    return engine.branch(f"at_{moment:%Y%m%d_%H%M%S_%f}", views)


def _view_sql(
    spec: TableSpec, columns: Mapping[str, Sequence[str]], moment: pd.Timestamp, time_zone: str
) -> str:
    present, selected = columns[spec.name], []
    for name in present:
        declared, value = spec.field(name), Engine.quote(name)
        if declared.known_from in present:
            later = _later(spec.field(str(declared.known_from)), moment, time_zone)
            unknown = Engine.literal(declared.unknown_as) if declared.unknown_as else "null"
            value = f"case when {later} then {unknown} else {value} end as {value}"
        selected.append(value)
    later_rows = []
    begins = spec.time or _BEGINS.get(spec.name, "")
    if begins in present:
        later_rows.append(f"coalesce({_later(spec.field(begins), moment, time_zone)}, false)")
    key, owner = _BELONGS.get(spec.name, ("", ""))
    owner_time = table_spec(owner).time or "" if owner in columns else ""
    if key in present and owner_time in columns.get(owner, ()):
        unborn = _later(table_spec(owner).field(owner_time), moment, time_zone)
        later_rows.append(f"coalesce({key} in (select {key} from {{here}}.{owner} where {unborn}), false)")
    where = f" where not ({' or '.join(later_rows)})" if later_rows else ""
    return f"select {', '.join(selected)} from {{source}}{where}"


def _later(field: Field, moment: pd.Timestamp, time_zone: str) -> str:
    if field.type == "date":
        day = in_zone(moment, time_zone=time_zone).date()
        return f"{Engine.quote(field.name)} > {Engine.literal(str(day))}::date"
    return f"{Engine.quote(field.name)} > {Engine.literal(str(moment))}::timestamp"
