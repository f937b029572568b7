"""Order lines to baskets of numbered items: what counts as bought, what is set aside, what is frequent."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral
from typing import Any

import numpy as np

from crmlib.prepare.engine import Engine, columns_of, require_columns
from crmlib.schema.errors import ParameterError

MAX_BASKET_ITEMS = 1_000
"""Baskets of more distinct items are set aside by default: the work grows with the square of a basket, and
what holds more is a stock transfer or a collective booking rather than what somebody chose to buy together
(one of 25,900 invoices of UCI Online Retail, none of 155,848 baskets of the Complete Journey)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Baskets:
    """What was bought together, counted; the numbered (basket, item) pairs stay in the engine.

    `names`: The frequent items as the table has them; an item's number is its place here, rarest first.
    `item_counts` (int array, shape (frequent items,)): Baskets that hold the item.
    `basket_count`: All baskets with a purchase: what support is a share of.
    `item_count`, `transaction_count`: Distinct items bought, frequent or not; lines read.
    `min_count`: Baskets that make an item frequent.
    `entry_count`, `pair_steps`: (basket, item) pairs of frequent items; pairs of them that share a basket, one by
        one.
    `set_aside`: What was left out, and how much of it.
    """

    names: list
    item_counts: np.ndarray
    basket_count: int
    item_count: int
    transaction_count: int
    min_count: int
    entry_count: int
    pair_steps: int
    set_aside: Mapping[str, int]


def encode_baskets(
    engine: Engine,
    transactions: Any,
    *,
    min_support: int | float,
    basket: str = "order_id",
    item: str = "product_id",
    max_basket_items: int = MAX_BASKET_ITEMS,
) -> Baskets:
    """Number the baskets and the frequent items, and leave the pairs in the engine as ``entries``.

    With the columns `quantity` and `net_amount`, a line where neither is above 0 is a refund, a cancellation
    or an empty booking, and is set aside; an article given free (quantity above 0, amount 0) was taken along
    and stays. Where only one of the two is known, a quantity of 0 or less, or an amount below 0, is a refund.
    A refund does not undo the purchase it belongs to, which was made together with the rest of its basket. A
    basket of refunds only is no basket. A line without its item is set aside, yet its basket counts.
    """
    check_whole(max_basket_items, name="max_basket_items")
    lines, _ = register_lines(engine, transactions, basket=basket, item=item)
    _gather_lines(engine)
    basket_count, over_cap = engine.rows(
        "select count(*), count(*) filter (where size > $1) from baskets", [int(max_basket_items)]
    )[0]
    min_count = baskets_needed(min_support, basket_count)
    item_count, frequent = _number_items(engine, min_count, int(max_basket_items))
    entry_count, pair_steps = engine.rows(
        "select coalesce(sum(n), 0)::bigint, coalesce(sum(n::hugeint * (n - 1) // 2), 0)::bigint "
        "from (select count(*) as n from entries group by basket)"
    )[0]
    return Baskets(
        names=frequent.column("item").to_pylist(),
        item_counts=frequent.column("n").to_numpy().astype(np.int64),
        basket_count=basket_count,
        item_count=item_count,
        transaction_count=lines["lines_read"],
        min_count=min_count,
        entry_count=entry_count,
        pair_steps=pair_steps,
        set_aside={
            "refund_lines": lines["refund_lines"],
            "lines_without_basket": lines["lines_without_basket"],
            "lines_without_item": lines["lines_without_item"],
            "baskets_above_cap": over_cap,
        },
    )


def baskets_needed(min_support: int | float, basket_count: int) -> int:
    """The smallest whole number of baskets that meets a support."""
    if isinstance(min_support, Integral) and not isinstance(min_support, bool):
        if min_support < 1:
            raise ParameterError(f"min_support must be at least 1 basket, not {min_support}.")
        return int(min_support)
    share = as_written(min_support, name="min_support")
    if not 0 < share <= 1:
        raise ParameterError(
            f"min_support must be a share above 0 and at most 1 (0.01 = 1 %), or a whole number of baskets, "
            f"not {min_support!r}."
        )
    return max(least_count(share, basket_count), 1)


def least_count(share: Fraction, total: int) -> int:
    """The smallest whole number that is at least a share of a total.

    90 of 300 meets 0.3, though the double nearest to 0.3 is a little less or more than three tenths; and 5 of
    6 meets the double ``5 / 6``, though that is a little more than five sixths.
    """
    count = -(-share.numerator * total // share.denominator)
    return count - 1 if count and (count - 1) / total >= float(share) else count


def as_written(value: Any, *, name: str) -> Fraction:
    """A number as its shortest decimal form says, exactly."""
    try:
        if isinstance(value, bool | np.bool_ | str):
            raise ValueError
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise ParameterError(f"{name} must be a number, not {value!r}.") from None


def check_whole(value: Any, *, name: str) -> None:
    """Refuse what is no whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ParameterError(f"{name} must be a whole number of at least 1, not {value!r}.")


def register_lines(
    engine: Engine, transactions: Any, *, basket: str, item: str
) -> tuple[dict[str, int], dict[str, str]]:
    """Make the view ``lines`` (basket, item, is_refund) in the engine, and count its rows."""
    require_columns(transactions, [basket, item], table_name="transactions")
    if basket == item:
        raise ParameterError(f"basket and item are both {item!r}. Name two different columns.")
    present = columns_of(transactions)
    amounts = [name for name in ("quantity", "net_amount") if name in present]
    engine.register("order_lines", transactions, columns=list(dict.fromkeys([basket, item, *amounts])))
    types = dict(engine.rows("select column_name, column_type from (describe order_lines)"))
    if types.get(item, "").endswith(("]", ")")) and not types[item].startswith(("DECIMAL", "ENUM")):
        raise ParameterError(
            f"column {item} holds {types[item]}: one item a line is needed. Unnest it first."
        )
    engine.execute(
        f"create or replace view lines as select {_known(basket, types)} as basket, "
        f"{_known(item, types)} as item, {_refund(amounts)} as is_refund from order_lines"
    )
    counts = {
        "lines_read": "true",
        "refund_lines": "is_refund",
        "lines_without_basket": "basket is null and not is_refund",
        "lines_without_item": "item is null and basket is not null and not is_refund",
    }
    counted = ", ".join(f"count(*) filter (where {condition})" for condition in counts.values())
    found = engine.rows(f"select {counted} from lines")[0]
    return dict(zip(counts, found, strict=True)), {"basket": types[basket], "item": types[item]}


def _gather_lines(engine):
    """Make ``bought`` (id, item; distinct) and ``baskets`` (id, size, number)."""
    engine.execute(
        "create table bought as select distinct basket, item from lines "
        "where basket is not null and not is_refund"
    )
    engine.execute(
        "create table baskets as select basket, count(item) as size, "
        "(row_number() over () - 1)::integer as number from bought group by basket"
    )


def _number_items(engine, min_count, max_basket_items):
    """Make ``items`` (counted), ``frequent`` (numbered) and ``entries`` (numbers of basket and item)."""
    engine.execute(
        "create table items as select item, count(*) as n from bought join baskets using (basket) "
        "where item is not null and size <= $1 group by item",
        [max_basket_items],
    )
    engine.execute(
        "create table frequent as select item, n, "
        "(row_number() over (order by n, item) - 1)::integer as number from items where n >= $1",
        [min_count],
    )
    engine.execute(
        "create table entries as select baskets.number as basket, frequent.number as item "
        "from bought join baskets using (basket) join frequent using (item) where size <= $1",
        [max_basket_items],
    )
    item_count = engine.rows("select count(*) from items")[0][0]
    return item_count, engine.to_arrow("select item, n from frequent order by number")


def _known(column, types):
    """A column with not-a-number read as missing."""
    quoted = Engine.quote(column)
    return f"nullif({quoted}, 'nan'::double)" if types.get(column) in ("DOUBLE", "FLOAT") else quoted


def _refund(amounts):
    if not amounts:
        return "false"
    quantity, amount = (
        f"try_cast({Engine.quote(name)} as double)" if name in amounts else "null::double"
        for name in ("quantity", "net_amount")
    )
    return (
        f"coalesce(case when {amount} is null then {quantity} <= 0 when {quantity} is null then {amount} < 0 "
        f"else {quantity} <= 0 and {amount} <= 0 end, false)"
    )
