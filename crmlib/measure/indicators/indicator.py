"""What an indicator is: one line of SQL and what it means."""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Literal

from sqlglot import exp, parse_one

from crmlib.measure.indicators.views import view_named
from crmlib.schema.errors import ParameterError

ASPECTS = ("characteristics", "transactions", "finance", "contact")
"""What an indicator is about, in the order a reader meets them."""


@dataclass(frozen=True)
class Indicator:
    """One figure per customer.

    Parameters
    ----------
    name : str
        The column's name; the unit is in the suffix where there is one.
    sql : str
        An aggregate expression over the columns of the view, in DuckDB's dialect.
    over : str
        The prepared view, such as "orders".
    aspect : one of `ASPECTS`
    unit : str
        As a reader would write it: "days", "currency", "%".
    better : "higher", "lower" or None
        Which end is good for us; None where neither is.
    says : str
        What it means, in a sentence.
    empty : 0 or None
        What a customer gets for whom the view has no fitting row: 0, or nothing (NaN).
    """

    name: str
    sql: str
    _: KW_ONLY
    over: str
    aspect: str
    unit: str
    better: str | None
    says: str
    empty: Literal[0] | None = None

    def __post_init__(self) -> None:
        view_named(self.over)
        if self.better not in ("higher", "lower", None):
            raise ParameterError(f"indicator {self.name}: better is 'higher', 'lower' or None.")
        if self.empty is not None and self.empty != 0:
            raise ParameterError(f"indicator {self.name}: empty is 0 or None.")

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns of the view that the SQL reads."""
        tree = parse_one(self.sql, read="duckdb")
        return frozenset(column.name for column in tree.find_all(exp.Column))
