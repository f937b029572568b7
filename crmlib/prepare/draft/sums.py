"""What the amounts of an export add up to: which is of the line, which of the order, and what a discount is of."""

import re
from dataclasses import dataclass

import pandas as pd

from crmlib.prepare.check.casting import text_literal
from crmlib.prepare.draft.names import PERCENT
from crmlib.prepare.draft.profile import number_of, usual_point
from crmlib.prepare.draft.score import Match
from crmlib.prepare.engine import Engine

ROWS_RECKONED = 20_000
CENT, LEAST_PROVEN = 0.011, 20
"""So near are two prices that are the same, and so many lines prove that a further discount is one."""

_CENTS = frozenset(["cents", "cent", "分", "centimes", "centavos", "céntimos", "centimos", "pence"])


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What fills one of our columns.

    Parameters
    ----------
    name, sql, value : exactly one: their column, an expression, a constant
    theirs : the columns it reads
    sure : 0 to 1
    runner_up : the next best column
    samples : masked values
    why : what was seen that says so
    """

    name: str = ""
    sql: str = ""
    value: str = ""
    theirs: tuple[str, ...] = ()
    sure: float = 1.0
    runner_up: str = ""
    samples: tuple[str, ...] = ()
    why: str = ""

    @property
    def expression(self) -> str:
        """The cell as SQL."""
        if self.name:
            return Engine.quote(self.name)
        return self.sql or text_literal(self.value)


def in_cents(name: str) -> bool:
    """Whether the last word of a name, or what stands in brackets, says so."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    said = [word for word in re.split(r"[\W_]+", spaced.lower()) if word]
    return bool(said and said[-1] in _CENTS) or said[-2:] == ["minor", "unit"]


def firsts(match: Match, name: str, order: str) -> int:
    """Orders that say a value at least once; none where all their lines say it."""
    frame = match.export.frame
    said = frame[frame[name].map(lambda cell: cell not in (None, ""))]
    return int(said[order].nunique()) if len(said) < len(frame) else -1


class Sums:
    """What the amounts of an export add up to."""

    def __init__(self, match: Match) -> None:
        self.match = match
        self.price = match.guesses.get("unit_price")
        self.quantity = match.guesses.get("quantity")
        self.frame = match.export.frame.head(ROWS_RECKONED)
        self.order, self.usual = match.guesses.get("order_id"), usual_point(match.profile)

    def numbers(self, name: str) -> pd.Series:
        """A column's numbers; what is none is missing."""
        found = [
            number_of(str(cell).strip(), self.usual) if cell not in (None, "") else None
            for cell in self.frame[name]
        ]
        return pd.Series(
            [one[0] if one else float("nan") for one in found], index=self.frame.index, dtype=float
        )

    def lines(self) -> pd.Series | None:
        """What each line comes to by price and quantity; nothing without a price."""
        if self.price is None:
            return None
        price = self.numbers(self.price.theirs)
        return price * self.numbers(self.quantity.theirs) if self.quantity else price

    def repeated(self, name: str) -> bool:
        """Whether an amount is that of the whole order, standing on each of its lines."""
        if self.order is None:
            return False
        amount = self.numbers(name)
        groups = pd.DataFrame(
            {"order": self.frame[self.order.theirs].astype(str), "amount": amount, "line": self.lines()}
        )
        known = groups.dropna(subset=["amount"]).groupby("order")
        size, kinds = known.size(), known["amount"].nunique()
        several = size.index[size > 1]
        if not len(several) or (kinds[several] == 1).mean() < 0.95:
            return False
        if groups["line"].isna().all():
            return len(several) >= 5
        differs = (groups["line"] - groups["amount"]).abs() > 0.01 * groups["amount"].abs() + 0.01
        return bool(differs[groups["order"].isin(several)].mean() > 0.5)

    def sparse(self, name: str) -> bool:
        """Whether an amount stands on the first line of an order only."""
        column = self.match.profile[name]
        price = self.match.profile[self.price.theirs] if self.price else None
        return price is not None and column.filled < 0.9 * column.rows and price.filled > 0.97 * price.rows

    def of_the_order(self, name: str) -> bool:
        """Whether an amount is that of the whole order, repeated or said on its first line only."""
        column = self.match.profile[name]
        orders = self.match.column("order_id") if self.price is not None else None
        blank = column.filled < 0.9 * column.rows and column.filled == (
            firsts(self.match, name, self.order.theirs) if self.order else -1
        )
        return self.repeated(name) or bool(orders and blank and orders.distinct < 0.9 * column.rows)

    def discounts(self, said: Cell, net: str) -> Cell:
        """A discount with what else brings the price of a piece back to what the product usually costs."""
        match, product = self.match, self.match.guesses.get("product_id")
        if self.quantity is None or product is None:
            return said
        pieces, goods = self.numbers(self.quantity.theirs), self.frame[product.theirs]
        price = (self.numbers(net) + self.numbers(said.name).fillna(0)) / pieces.where(pieces > 0)
        used = {guess.theirs for guess in match.guesses.values()}
        theirs = [said.name]
        for name in (name for name, one in match.profile.items() if name not in used and one.numbers > 0.97):
            off = self.numbers(name).fillna(0)
            asked = (off > 0) & (off < price * pieces)
            like = price[~asked & goods.isin(set(goods[asked]))].dropna().round(2).groupby(goods)
            usual = goods[asked].map(like.agg(lambda one: one.mode().iloc[0])).astype("float64").dropna()
            gaps = [(found[usual.index] - usual).abs() < CENT for found in (price, price + off / pieces)]
            if len(usual) >= LEAST_PROVEN and gaps[0].mean() < 0.2 and gaps[1].mean() > 0.8:
                theirs.append(name)
        if len(theirs) == 1:
            return said
        sql = " + ".join(f"coalesce({Engine.quote(name)}, 0)" for name in theirs)
        return Cell(
            sql=sql, theirs=tuple(theirs), sure=said.sure, why="with both a piece costs what it usually does"
        )

    def before(self, discount: str) -> bool:
        """Whether a line's amount is still without its discount: a third is it less the discount, or with tax."""
        net, gross, tax = (
            self.match.guesses.get("net_amount"),
            self.lines(),
            self.match.guesses.get("tax_amount"),
        )
        if net is None or gross is None:
            return False
        off = self.numbers(discount).fillna(0)
        asked = off > 0
        if (
            asked.sum() < LEAST_PROVEN
            or ((gross - self.numbers(net.theirs)).abs() < CENT)[asked].mean() < 0.9
        ):
            return False
        rest = gross - off
        paid = [rest, rest + self.numbers(tax.theirs).fillna(0)] if tax else [rest]
        others = [
            name for name, one in self.match.profile.items() if one.numbers > 0.97 and name != net.theirs
        ]
        return any(
            ((one - self.numbers(name)).abs() < CENT)[asked].mean() > 0.9 for name in others for one in paid
        )

    def hundred(self, name: str) -> int:
        """100 where a discount is a percentage of the price, 1 where it is a share; 0 where it is an amount."""
        column, net = self.match.profile[name], self.match.guesses.get("net_amount")
        if column.low < 0 or not 0 < column.high <= 100:
            return 0
        gross = self.lines()
        if net is not None and gross is not None:
            off, rest = self.numbers(name).fillna(0), gross - self.numbers(net.theirs)
            gaps = {unit: (rest - off * by).abs() for unit, by in ((0, 1.0), (100, gross / 100), (1, gross))}
            near = 0.006 * self.numbers(self.quantity.theirs).abs().clip(1) if self.quantity else 0.01
            shares = {
                unit: float((gap <= near + 1e-4 * gross.abs())[off > 0].mean()) for unit, gap in gaps.items()
            }
            best = max(shares, key=lambda unit: shares[unit])
            if shares[best] > 0.9:
                return best
        if PERCENT.search(name):
            return 1 if column.high <= 1 else 100
        return 1 if column.high <= 1 and column.integers < 1 else 0

    def product(self, *, whole: bool = False) -> Cell:
        """Quantity times price, less the line's discount unless the whole price is asked for."""
        assert self.price is not None
        price = Engine.quote(self.price.theirs) + (" / 100.0" if in_cents(self.price.theirs) else "")
        sql = price
        theirs: tuple[str, ...] = (self.price.theirs,)
        sure = self.price.sure
        if self.quantity is not None:
            sql = f"{Engine.quote(self.quantity.theirs)} * {price}"
            theirs, sure = (self.quantity.theirs, self.price.theirs), min(sure, self.quantity.sure)
        discount = self.match.guesses.get("discount_amount")
        if (
            discount is not None
            and not whole
            and not self.of_the_order(discount.theirs)
            and not self.sparse(discount.theirs)
        ):
            column = self.match.profile[discount.theirs]
            quoted = f"coalesce({Engine.quote(discount.theirs)}, 0)"
            if unit := self.hundred(discount.theirs):
                share = f"{quoted} / 100.0" if unit == 100 else quoted
                sql, theirs = f"{sql} * (1 - {share})", (*theirs, discount.theirs)
            elif column.high > 0:
                sql, theirs = f"{sql} - {quoted}", (*theirs, discount.theirs)
        return Cell(sql=sql, theirs=theirs, sure=sure, why="quantity times price" if self.quantity else "")
