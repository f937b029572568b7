"""What any column of a result is called and measured in: declared columns, indicators, the vocabulary."""

from functools import cache

from crmlib.measure.indicators.catalogue import INDICATORS
from crmlib.schema.columns import UNITS, Column, declared
from crmlib.schema.tables import TABLES

_KINDS = {"currency": "currency", "%": "share_pct", "days": "days", "name": "text", "0 or 1": "flag"}
_FRACTIONS = ("_mean", "_ratio", "_trend", "_variation", "_concentration", "_median", "_score")


def column_of(name: str) -> Column:
    """The declaration of a column; of one that nobody declared, what its name says."""
    return _known().get(name) or declared(name) or _by_name(name)


def is_declared(name: str) -> bool:
    """Whether a column has a declaration of its own."""
    return name in _known() or declared(name) is not None


def label_of(name: str) -> str:
    """A column by the name a reader knows."""
    return column_of(name).label


def unit_of(name: str, currency: str = "") -> str:
    """A column's unit: money in the workspace's currency, else what its declaration or its name says."""
    column = column_of(name)
    if column.unit == "currency":
        return currency
    return column.word if column.word is not None else UNITS[column.unit][0]


@cache
def _known() -> dict[str, Column]:
    return {one.name: _of_indicator(one) for one in INDICATORS}


def _of_indicator(one) -> Column:
    label = one.label or _plain(one.name)
    unit = _KINDS.get(one.unit, "number" if one.name.endswith(_FRACTIONS) else "count")
    word = "times" if one.name == "gap_overdue_ratio" else None if one.unit in _KINDS else one.unit
    digits = {"days": 1 if one.name.endswith("_mean") else 0, "0 to 1": 2, "-1 to 1": 2, "ratio": 2}.get(
        one.unit
    )
    return Column(one.name, label, unit, one.says, digits=digits, better=one.better, word=word)


def _by_name(name: str) -> Column:
    unit = "share_pct" if name.endswith("_pct") else "days" if name.endswith("_days") else "text"
    digits = 1 if unit == "days" else None
    of_customers = {field.name: field.description for field in TABLES["customers"].fields}
    return Column(name, _plain(name), unit, of_customers.get(name, ""), digits=digits)


def _plain(name: str) -> str:
    plain = name.removesuffix("_pct").removesuffix("_days").replace("_", " ").strip()
    return f"{plain[:1].upper()}{plain[1:]}"
