"""Customer types: how lately, how often and how much somebody buys, in two or three words, by a table of bounds.

They are a view beside the states of `crmlib.schema.states`, with names of their own and no advice: a state measures
silence against the customer's own rhythm, a type against the other customers.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real

import pandas as pd

from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.states import is_taken, taken_words

RFM_COLUMNS = ("recency_days", "order_count", "spend_total", "r_score", "f_score", "m_score")
"""What a rule may speak of: the columns of `crmlib.rfm_table`."""

OTHERS = "others"
SCORE_BINS = 5


@dataclass(frozen=True, kw_only=True)
class CustomerType:
    """A kind of customer: what it is called, and who belongs.

    Parameters
    ----------
    name : str
    rule : tuple of (column, low, high), optional
        Every bound must hold, ends included; None leaves an end open. An empty rule takes whoever is left.
        A mapping ``{column: [low, high]}``, as crm.toml writes it, serves as well.
    says : str, optional
        Who they are, in a sentence.
    action : str, optional
        What to do, in a sentence, where you want to say so of a type of your own.
    """

    name: str
    rule: tuple[tuple[str, float | None, float | None], ...] = ()
    says: str = ""
    action: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ParameterError(
                f"A customer type needs a name, not {self.name!r}. Give it one or two words."
            )
        if is_taken(self.name):
            raise ParameterError(f"A customer type cannot be {taken_words(self.name)}")
        object.__setattr__(self, "rule", _read_rule(self.name, self.rule))

    @property
    def condition(self) -> str:
        """The rule as a reader would say it."""
        return ", ".join(_say_bound(*bound) for bound in self.rule) or "everyone else"

    def matches(self, rfm: pd.DataFrame) -> pd.Series:
        """Who fulfils the rule; a missing value fulfils no bound."""
        fits = pd.Series(True, index=rfm.index)
        for column, low, high in self.rule:
            values = rfm[column].astype("float64")
            fits &= values.between(-math.inf if low is None else low, math.inf if high is None else high)
        return fits


def _read_rule(name: str, rule: object) -> tuple[tuple[str, float | None, float | None], ...]:
    if isinstance(rule, Mapping):
        rule = [
            (column, *(ends if isinstance(ends, list | tuple) else [ends])) for column, ends in rule.items()
        ]
    if isinstance(rule, str) or not isinstance(rule, Iterable):
        raise ParameterError(
            f"Customer type {name!r}: the rule {rule!r} is no list of bounds. Write (column, low, high), "
            "such as ('r_score', 4, 5); in crm.toml r_score = [4, 5]."
        )
    return tuple(_read_bound(name, bound) for bound in rule)


def _read_bound(name: str, bound: object) -> tuple[str, float | None, float | None]:
    if not isinstance(bound, list | tuple) or len(bound) != 3:
        raise ParameterError(
            f"Customer type {name!r}: the bound {bound!r} is not (column, low, high). Give both ends; "
            'None (in crm.toml "") leaves one open.'
        )
    column, *ends = bound
    if column not in RFM_COLUMNS:
        raise ParameterError(f"Customer type {name!r}: no column {column!r}.{nearest(column, RFM_COLUMNS)}")
    low, high = (None if end is None or end == "" else end for end in ends)
    for end in (low, high):
        if end is not None and (not isinstance(end, Real) or isinstance(end, bool) or math.isnan(end)):
            raise ParameterError(f"Customer type {name!r}: {column} is bounded by {end!r}. Give a number.")
    if low is not None and high is not None and low > high:
        raise ParameterError(
            f"Customer type {name!r}: {column} from {low:g} to {high:g} holds nobody. Swap the two ends."
        )
    return column, low, high


def _say_bound(column: str, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return f"{column} known"
    if low == high:
        return f"{column} is {low:,g}"
    if high is None:
        return f"{column} at least {low:,g}"
    return f"{column} at most {high:,g}" if low is None else f"{column} {low:,g} to {high:,g}"


CUSTOMER_TYPES = (
    CustomerType(name="recent first-timers", rule=(("order_count", 1, 1), ("r_score", 4, 5))),
    CustomerType(
        name="frequent big spenders", rule=(("r_score", 4, 5), ("f_score", 4, 5), ("m_score", 4, 5))
    ),
    CustomerType(name="big spenders", rule=(("r_score", 3, 5), ("m_score", 5, 5))),
    CustomerType(name="regulars", rule=(("r_score", 3, 5), ("f_score", 4, 5))),
    CustomerType(name="recent buyers", rule=(("r_score", 4, 5),)),
    CustomerType(name="occasional buyers", rule=(("r_score", 3, 3),)),
    CustomerType(name="earlier regulars", rule=(("r_score", 1, 2), ("f_score", 3, 5))),
    CustomerType(name="earlier big spenders", rule=(("r_score", 1, 2), ("m_score", 4, 5))),
    CustomerType(name="earlier buyers", rule=(("r_score", 2, 2),)),
    CustomerType(name="least recent buyers", rule=(("r_score", 1, 1),)),
    CustomerType(name=OTHERS),
)
"""The types in the order they are tried. Scores run from 1 (weak) to 5 (strong), as `rfm_table` has them. A type
compares customers with each other; whether somebody still buys, and what to do, the state of the customer says."""


def customer_types(
    rfm: pd.DataFrame, *, definitions: Iterable[CustomerType | Mapping] | None = None
) -> pd.Series:
    """Give every customer exactly one type: the first whose rule fits, else "others".

    Parameters
    ----------
    rfm : DataFrame indexed by customer_id
        As `crmlib.rfm_table` makes it: `recency_days`, `order_count`, `spend_total`, `r_score`, `f_score`,
        `m_score`; only the columns that the rules name are read.
    definitions : CustomerTypes or mappings with their fields, optional
        Instead of `CUSTOMER_TYPES`, in the order they are tried. "others" is added at the end if it is not
        there.

    Returns
    -------
    Series indexed by customer_id
        Named `customer_type`, in the rows' order.

    Raises
    ------
    ParameterError
        If a definition cannot be read, a name comes twice, a column that a rule names is missing, or the
        scores were not made with the 5 bins that `CUSTOMER_TYPES` is written for.

    References
    ----------
    Hughes, A. M. (1994). Strategic Database Marketing.

    Examples
    --------
    >>> rfm = pd.DataFrame(
    ...     {"order_count": [1, 60, 20], "r_score": [5, 5, 1], "f_score": [1, 5, 4], "m_score": [1, 5, 3]},
    ...     index=pd.Index(["Ada", "Ben", "Cy"], name="customer_id"),
    ... )
    >>> customer_types(rfm)
    customer_id
    Ada      recent first-timers
    Ben    frequent big spenders
    Cy          earlier regulars
    Name: customer_type, dtype: str

    A user's own table:

    >>> mine = [{"name": "regulars", "rule": {"order_count": [20, None]}}]
    >>> customer_types(rfm, definitions=mine).tolist()
    ['others', 'regulars', 'regulars']
    """
    types = CUSTOMER_TYPES if definitions is None else read_customer_types(definitions)
    _require_rule_columns(rfm, types)
    if definitions is None:
        _require_five_bins(rfm)
    result = pd.Series(OTHERS, index=rfm.index, name="customer_type", dtype="str")
    undecided = pd.Series(True, index=rfm.index)
    for kind in types:
        taken = undecided & kind.matches(rfm)
        result[taken.to_numpy()] = kind.name
        undecided &= ~taken
    return result


def read_customer_types(definitions: Iterable[CustomerType | Mapping]) -> tuple[CustomerType, ...]:
    """Read a user's table of types, and see to it that the last one is "others"."""
    if isinstance(definitions, Mapping | str) or not isinstance(definitions, Iterable):
        raise ParameterError(
            "Customer types are a list, in the order they are tried; give [CustomerType(...), ...]."
        )
    types = [_read_type(entry) for entry in definitions]
    names = [kind.name for kind in types]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParameterError(f"Two customer types are named {twice[0]!r}. Give each its own name.")
    for i, kind in enumerate(types[:-1]):
        if not kind.rule:
            raise ParameterError(
                f"Customer type {kind.name!r} (number {i + 1}) has no rule, so it takes everyone and "
                f"{types[i + 1].name!r} after it takes nobody. Give it a rule or put it last."
            )
    if not types:
        raise ParameterError("The list of customer types is empty. Leave it out to have the built-in ones.")
    return tuple(types) if not types[-1].rule else (*types, CUSTOMER_TYPES[-1])


def _read_type(entry: object) -> CustomerType:
    if isinstance(entry, CustomerType):
        return entry
    if not isinstance(entry, Mapping):
        raise ParameterError(
            f"A customer type is a CustomerType or a table with name and rule, not {entry!r}."
        )
    known = ("name", "rule", "says", "action")
    for key in entry:
        if key not in known:
            raise ParameterError(f"A customer type has no field {key!r}.{nearest(key, known)}")
    return CustomerType(**{"name": "", **entry})


def _require_rule_columns(rfm: pd.DataFrame, types: Iterable[CustomerType]) -> None:
    if not isinstance(rfm, pd.DataFrame):
        raise ParameterError(f"customer_types needs the DataFrame of rfm_table, not a {type(rfm).__name__}.")
    named = [column for kind in types for column, _, _ in kind.rule]
    missing = [column for column in dict.fromkeys(named) if column not in rfm.columns]
    if missing:
        raise ParameterError(
            f"The rfm table has no column {', '.join(missing)} (has: {', '.join(map(str, rfm.columns))}). "
            "Make it with crmlib.rfm_table, or give definitions that do without."
        )


def _require_five_bins(rfm: pd.DataFrame) -> None:
    scores = rfm[["r_score", "f_score", "m_score"]].astype("float64")
    bins = rfm.attrs.get("bins", SCORE_BINS)
    highest = scores.max().max()
    if bins != SCORE_BINS or highest > SCORE_BINS:
        made = int(max(bins, highest)) if highest > SCORE_BINS else bins
        raise ParameterError(
            f"CUSTOMER_TYPES is written for scores from 1 to {SCORE_BINS}, these go to {made}. Call "
            f"rfm_table with bins={SCORE_BINS}, or give definitions for your own scale."
        )
