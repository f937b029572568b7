"""Whether a rule holds all year, or comes from one season."""

from typing import Any

import pandas as pd
import pyarrow as pa

from crmlib.analyse.baskets import check_whole, register_lines
from crmlib.analyse.rule_book import RuleBook
from crmlib.prepare.engine import Engine, columns_of
from crmlib.schema.errors import ParameterError

FEWEST_EXPECTED = 5
"""Baskets with both sides that chance alone would give, below which a period says nothing about a rule."""

_COUNTS = """
with dated as (
    select lines.basket, lines.item::varchar as item, dates.period
    from lines join dates on lines.basket = dates.basket
    where not lines.is_refund
),
bought as (select distinct basket, item, period from dated where item is not null),
periods as (select period, count(distinct basket) as baskets from dated group by period),
held as (
    select rule, side, period
    from bought join wanted using (item)
    group by rule, side, size, basket, period
    having count(*) = size
),
counted as (
    select rule, period, count(*) filter (where side = 'before') as before_count,
        count(*) filter (where side = 'after') as after_count, count(*) filter (where side = 'both') as count
    from held group by rule, period
)
select rules.rule, periods.period, periods.baskets, coalesce(before_count, 0) as before_count,
    coalesce(after_count, 0) as after_count, coalesce(counted.count, 0) as count
from (select distinct rule from wanted) as rules cross join periods
left join counted on counted.rule = rules.rule and counted.period = periods.period
order by rules.rule, periods.period
"""


def seasonality(
    book: RuleBook, transactions: Any, *, period: str = "ordered_at", basket: str = "order_id", n: int = 50
) -> pd.DataFrame:
    """The first rules of a book, counted anew in every quarter.

    Parameters
    ----------
    book : RuleBook
        Mined on one column of items.
    transactions : table, one row per order line
        The same lines, with a column that tells the time.
    period : str
        A column of times, of which the calendar quarter is taken as it stands there (bring it to the shop's
        time zone first); or of names of periods, taken as they are. A basket belongs to its earliest.
    basket : str
    n : int
        So many rules from the top.

    Returns
    -------
    DataFrame, one row per rule and period
        `rule` (its row in ``book.rules``), `period`, `baskets`, `antecedent_count`, `consequent_count`, `count`,
        `confidence`, `lift`, and `holds`: whether lift is above 1, missing where chance alone would give fewer
        than 5 baskets with both sides. Baskets set aside for their size are counted here.

    Raises
    ------
    ParameterError
        If the book was mined on several columns.
    SchemaError
        If a column is missing.

    References
    ----------
    Özden, B., Ramaswamy, S. & Silberschatz, A. (1998). Cyclic association rules. ICDE.

    Examples
    --------
    >>> from crmlib.analyse.rules import mine_rules
    >>> winter = [("w%d" % i, item) for i in range(40) for item in (("tea", "mug") if i < 30 else ("ice",))]
    >>> summer = [("s%d" % i, item) for i in range(40) for item in (("tea",) if i < 20 else ("mug",))]
    >>> lines = pd.DataFrame(winter + summer, columns=["order_id", "product_id"])
    >>> lines["season"] = lines["order_id"].str[0].map({"w": "winter", "s": "summer"})
    >>> book = mine_rules(lines, min_support=20)
    >>> seasonality(book, lines, period="season", n=1)[["period", "count", "holds"]]
       period  count  holds
    0  summer      0  False
    1  winter     30   True
    """
    check_whole(n, name="n")
    if not isinstance(book.item, str):
        raise ParameterError("The rules were mined on several columns. Mine one of them for this check.")
    rules = book.head(n)
    wanted = [
        (rule, side, len(items), str(item))
        for rule, (before, after) in enumerate(zip(rules["antecedents"], rules["consequents"], strict=True))
        for side, items in (("before", before), ("after", after), ("both", before | after))
        for item in sorted(items, key=str)
    ]
    with Engine() as engine:
        if period not in columns_of(transactions):
            raise ParameterError(
                f"transactions has no column {period!r} to tell the time by. Name one as period."
            )
        register_lines(engine, transactions, basket=basket, item=book.item)
        engine.register("timed_lines", transactions, columns=list(dict.fromkeys([basket, period])))
        types = dict(engine.rows("select column_name, column_type from (describe timed_lines)"))
        column, when = Engine.quote(basket), f"min({Engine.quote(period)})"
        if types[period].startswith(("TIMESTAMP", "DATE")):
            when = f"year({when}) || ' Q' || quarter({when})"
        engine.execute(
            f"create view dates as select {column} as basket, ({when})::varchar as period from timed_lines "
            f"where {Engine.quote(period)} is not null group by {column}"
        )
        columns = list(zip(*wanted, strict=True)) or [()] * 4
        types = {"rule": pa.int64(), "side": pa.string(), "size": pa.int64(), "item": pa.string()}
        engine.register(
            "wanted",
            pa.table(
                {name: pa.array(c, type=t) for c, (name, t) in zip(columns, types.items(), strict=True)}
            ),
        )
        found = engine.to_pandas(_COUNTS)
    return _judged(
        found.rename(columns={"before_count": "antecedent_count", "after_count": "consequent_count"})
    )


def _judged(found):
    expected = found["antecedent_count"] * found["consequent_count"] / found["baskets"]
    known = found["antecedent_count"] > 0
    found["confidence"] = (found["count"] / found["antecedent_count"]).where(known)
    found["lift"] = (found["count"] / expected).where(expected > 0)
    found["holds"] = pd.array(found["count"] > expected, dtype="boolean")
    found.loc[expected < FEWEST_EXPECTED, "holds"] = pd.NA
    return found
