"""Who buys: the customers of a workspace in a handful of small tables, and their types.

Types are a view beside the states of `crmlib.schema.states`, with names of their own and no advice: a state measures
silence against the customer's own rhythm, a type (how lately, how often, how much) against the other customers.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from re import search
from typing import Any

import pandas as pd

from crmlib.analyse.customers.states import is_late, lifecycle_stages
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER, OTHERS, age_bands, shown_traits
from crmlib.measure.indicators import compute_indicators, indicator_catalogue
from crmlib.measure.purchases.history import net_sales_by_month, purchases_by_month, rfm_scores, sales_totals
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import require_columns
from crmlib.prepare.privacy import min_group, public_ids
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.fields import MINIMUM_GROUP
from crmlib.schema.states import BUYING, is_taken, taken_words
from crmlib.schema.tables import table_spec

RFM_COLUMNS = ("recency_days", "order_count", "spend_total", "r_score", "f_score", "m_score")
"""What a rule may speak of: the columns of `crmlib.rfm_table`."""

SCORE_BINS = 5


@dataclass(frozen=True, kw_only=True)
class CustomerType:
    """A kind of customer: what it is called, and who belongs.

    `rule` (tuple of (column, low, high), optional): Every bound must hold, ends included; None leaves an end open. An
        empty rule takes whoever is left. A mapping ``{column: [low, high]}``, as crm.toml writes it, serves as well.
    `says`: Who they are, in a sentence.
    `action`: What to do, in a sentence, where you want to say so of a type of your own.
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


GROUP_FIELDS = (
    *("kind", "industry", "company_size", "country", "region", "source"),
    *("household_size", "income_band", "gender", "birth_on"),
)
"""The columns of customers that may be told apart; each only in groups that are large enough."""

_IDLE = pd.Timedelta(days=3)
"""Without a sale for so long at its beginning or end, a month may still be whole."""

_ORDER_CLASSES = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 100), (101, None))


@dataclass(frozen=True, kw_only=True)
class CustomerProfile:
    """Who buys, how often, how much, and what kind of customer each one is.

    Attributes
    ----------
    as_of : Timestamp
        As the workspace's clocks show it, like `first_at` and `last_at`.
    totals : dict
        `customers` (with a purchase), `listed_customers` (all that are known), `orders`, `net_sales`,
        `repeat_share_pct` (of customers, with a second purchase), `anonymous_share_pct` (of net sales),
        `refund_share_pct` (of what was bought), `spend_median`, `top_fifth_share_pct` (of spend),
        `first_at`, `last_at`.
    indicators : DataFrame indexed by customer_id
    states : Series customer_id -> state, as `lifecycle_stages` makes it
    types : Series customer_id -> customer type
    type_names : tuple of str
        The types that there could be, whether or not anybody is of one.
    type_table : DataFrame indexed by customer type, the most spend first
        `customers`, `share_pct`, `spend_total`, `spend_share_pct`, medians of `recency_days`, `order_count`,
        `basket_value`, then `says` and `action`.
    months : DataFrame
        As `sales_by_month` makes it.
    order_frequency : DataFrame
        `orders` ("1", "2", "3 to 5" …), `customers`, `share_pct`.
    concentration : DataFrame
        `customers_pct`, `spend_pct`: the part of spend that the part of customers with most spend brings.
    summary : DataFrame indexed by indicator
        `says`, `unit`, `low`, `median`, `high` (a tenth of the customers lies below `low`, a tenth above
        `high`),
        `known_pct`.
    groups : DataFrame
        `field`, `value`, `customers`, `share_pct`, `spend_median` (of those who bought), in groups of at
        least `min_group` customers.
    min_group : int
        Customers of the smallest group that is shown.
    left_out : dict of str
        What could not be computed, and why.

    Examples
    --------
    See `customer_profile`.
    """

    as_of: pd.Timestamp
    currency: str
    totals: dict[str, Any]
    indicators: pd.DataFrame = field(repr=False)
    states: pd.Series = field(repr=False)
    types: pd.Series = field(repr=False)
    type_names: tuple[str, ...]
    type_table: pd.DataFrame = field(repr=False)
    months: pd.DataFrame = field(repr=False)
    order_frequency: pd.DataFrame = field(repr=False)
    concentration: pd.DataFrame = field(repr=False)
    summary: pd.DataFrame = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    min_group: int = MINIMUM_GROUP
    left_out: dict[str, str] = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        return self.type_table.drop(columns=["says", "action"]).to_html()


def customer_profile(crm: Crm) -> CustomerProfile:
    """Put the customers of a workspace into small tables that a page can show.

    Parameters
    ----------
    crm : Crm
        With `transactions`; `customers` and `products` add to it.

    Raises
    ------
    SchemaError
        If there is no table of transactions.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": ["ann", "ann", "bob"], "product_id": ["tea"] * 3,
    ...     "ordered_at": pd.to_datetime(["2024-01-01", "2024-02-10", "2024-01-05"]),
    ...     "net_amount": [10.0, 20.0, 10.0]})
    >>> profile = customer_profile(Crm.from_frames(as_of="2024-02-29", currency="EUR", transactions=lines))
    >>> profile.totals["customers"], profile.totals["orders"], profile.totals["repeat_share_pct"]
    (2, 3, 50.0)
    >>> profile.type_table[["customers", "spend_share_pct"]].to_numpy().tolist()
    [[1.0, 75.0], [1.0, 25.0]]
    """
    # Says how to bring them, where they are not there.
    require_columns(crm.table("transactions"), ("customer_id",), table_name="transactions")
    indicators = compute_indicators(crm)
    buyers = indicators[indicators["order_count"] > 0]
    kinds = _definitions(crm) or CUSTOMER_TYPES
    # Orders are not settled a second time for the figures that `rfm_table` would give.
    figures = buyers[["recency_days", "order_count", "spend_total"]].astype({"recency_days": "int64"})
    rfm = rfm_scores(figures)
    types = customer_types(rfm, definitions=None if kinds is CUSTOMER_TYPES else kinds)
    return CustomerProfile(
        as_of=local_time(crm.as_of, time_zone=crm.time_zone),
        currency=crm.currency,
        totals=_totals(crm, indicators, buyers),
        indicators=indicators,
        states=lifecycle_stages(crm),
        types=types,
        type_names=tuple(kind.name for kind in kinds),
        type_table=_type_table(rfm, types, kinds),
        min_group=min_group(crm),
        months=sales_by_month(crm),
        order_frequency=order_frequency(buyers["order_count"]),
        concentration=concentration(buyers["spend_total"]),
        summary=_summary(buyers, crm),
        groups=_groups(crm, indicators),
        left_out=dict(indicators.attrs.get("left_out", {})),
    )


def sales_by_month(crm: Crm) -> pd.DataFrame:
    """Net sales, orders and customers of every month, in the workspace's time zone."""
    months = net_sales_by_month(crm)
    if months.empty:
        columns = ["month", "net_sales", "orders", "customers"]
        return months.reindex(columns=columns).assign(complete=pd.Series(dtype=bool))
    first_at, last_at = months["first_at"].iloc[0], months["last_at"].iloc[-1]
    months = months.assign(month=pd.to_datetime(months["month"])).set_index("month")[["net_sales"]]
    every = pd.date_range(months.index[0], months.index[-1], freq="MS", name="month")
    months = months.join(purchases_by_month(crm).set_index("month")).reindex(every).fillna(0).reset_index()
    months = months.astype({"orders": "int64", "customers": "int64"})
    reach = min(local_time(crm.as_of, time_zone=crm.time_zone), last_at + _IDLE)
    months["complete"] = months["month"] + pd.offsets.MonthEnd(0) <= reach
    if first_at > months["month"].iloc[0] + _IDLE:
        months.loc[0, "complete"] = False
    return months


def order_frequency(order_count: pd.Series) -> pd.DataFrame:
    """Customers by number of orders."""
    highest = order_count.max() if len(order_count) else 0
    rows = []
    for low, high in _ORDER_CLASSES:
        if low > highest:
            break
        words = f"{low:,}" if low == high else f"{low} to {high}" if high else f"over {low - 1}"
        rows.append((words, int(order_count.between(low, high if high else highest).sum())))
    table = pd.DataFrame(rows, columns=["orders", "customers"])
    return table.assign(share_pct=100 * table["customers"] / max(len(order_count), 1))


def concentration(spend: pd.Series) -> pd.DataFrame:
    """How much of all spend the customers with most spend bring.

    Lorenz, M. O. (1905). Methods of measuring the concentration of wealth. Publications of the American
    Statistical Association 9.
    """
    ordered = spend[spend > 0].sort_values(ascending=False).to_numpy()
    if not len(ordered):
        return pd.DataFrame({"customers_pct": [], "spend_pct": []})
    reached = ordered.cumsum()
    taken = [math.ceil(len(ordered) * share / 100) for share in range(101)]
    parts = [0.0 if not n else float(100 * reached[n - 1] / reached[-1]) for n in taken]
    return pd.DataFrame({"customers_pct": range(101), "spend_pct": parts})


def _definitions(crm: Crm) -> tuple[CustomerType, ...] | None:
    own = getattr(getattr(crm, "config", None), "customer_types", None)
    return read_customer_types(own) if own else None


def _totals(crm: Crm, indicators: pd.DataFrame, buyers: pd.DataFrame) -> dict[str, Any]:
    net, anonymous, bought, refunds, orders, first_at, last_at = sales_totals(crm)
    curve = concentration(buyers["spend_total"])
    return {
        "customers": len(buyers),
        "listed_customers": len(indicators),
        "orders": int(buyers["order_count"].sum()) + int(orders),
        "net_sales": float(net or 0),
        "repeat_share_pct": float(100 * (buyers["order_count"] > 1).mean()) if len(buyers) else None,
        "anonymous_share_pct": 100 * float(anonymous or 0) / float(net) if net else None,
        "refund_share_pct": 100 * float(refunds or 0) / float(bought) if bought else None,
        "spend_median": float(buyers["spend_total"].median()) if len(buyers) else None,
        "top_fifth_share_pct": float(curve["spend_pct"].iloc[20]) if len(curve) else None,
        "first_at": local_time(first_at, time_zone=crm.time_zone),
        "last_at": local_time(last_at, time_zone=crm.time_zone),
    }


def types_by_figures(crm: Any, indicators: pd.DataFrame) -> pd.Series:
    """The type of each customer with a purchase, from indicators that are at hand."""
    bought = indicators[["recency_days", "order_count", "spend_total"]]
    rfm = rfm_scores(bought[bought["order_count"] > 0])
    return customer_types(rfm, definitions=_definitions(crm))


def _type_table(rfm: pd.DataFrame, types: pd.Series, kinds: tuple[CustomerType, ...]) -> pd.DataFrame:
    figures = rfm.assign(basket_value=rfm["spend_total"] / rfm["order_count"]).groupby(types)
    table = pd.DataFrame(
        {
            "customers": figures.size(),
            "spend_total": figures["spend_total"].sum(),
            "recency_days": figures["recency_days"].median(),
            "order_count": figures["order_count"].median(),
            "basket_value": figures["basket_value"].median(),
        }
    )
    table.insert(1, "share_pct", 100 * table["customers"] / max(len(rfm), 1))
    table.insert(3, "spend_share_pct", 100 * table["spend_total"] / (table["spend_total"].sum() or 1))
    said = pd.DataFrame(
        {"says": {k.name: k.says for k in kinds}, "action": {k.name: k.action for k in kinds}}
    )
    table = table.join(said).sort_values("spend_total", ascending=False, kind="stable")
    return table.rename_axis("customer_type")


def _summary(buyers: pd.DataFrame, crm: Crm) -> pd.DataFrame:
    catalogue = indicator_catalogue(crm).set_index("name")
    numbers = buyers.select_dtypes("number")
    quantiles = numbers.quantile([0.1, 0.5, 0.9]).T if len(numbers) else pd.DataFrame(columns=[0.1, 0.5, 0.9])
    table = pd.DataFrame(
        {
            "says": catalogue["says"].reindex(numbers.columns),
            "unit": catalogue["unit"].reindex(numbers.columns).replace("currency", crm.currency),
            "low": quantiles[0.1],
            "median": quantiles[0.5],
            "high": quantiles[0.9],
            "known_pct": 100 * numbers.notna().mean(),
        }
    )
    return table.rename_axis("indicator")


def _groups(crm: Crm, indicators: pd.DataFrame) -> pd.DataFrame:
    columns = ["field", "value", "customers", "share_pct", "spend_median"]
    if "customers" not in crm:
        return pd.DataFrame(columns=columns)
    present = [name for name in GROUP_FIELDS if name in crm.columns("customers")]
    people = crm.frame("customers", ["customer_id", *present]).set_index("customer_id")
    figures = indicators[["order_count", "spend_total"]].reindex(people.index)
    least = min_group(crm)
    if "birth_on" in people:
        people["birth_on"] = age_bands(people["birth_on"], as_of=crm.as_of)
    sensitive = [name for name in present if table_spec("customers").field(name).privacy == "sensitive"]
    named = shown_traits(people.drop(columns=sensitive), min_group=least)
    named = named.join(shown_traits(people[sensitive], min_group=least, most=None))
    tables = [_group(name, named[name], figures, least=least) for name in present]
    tables = [table for table in tables if len(table)]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _group(name: str, named: pd.Series, figures: pd.DataFrame, *, least: int) -> pd.DataFrame:
    spend = figures["spend_total"].where(figures["order_count"] > 0)
    by_value = spend.groupby(named)
    table = pd.DataFrame({"customers": by_value.size(), "spend_median": by_value.median()}).rename_axis(
        "value"
    )
    table["spend_median"] = table["spend_median"].where(by_value.count() >= least)
    shown = set(table.index) - {NOT_STATED}
    if len(shown) < 2 or shown == {OTHER}:
        return table.iloc[:0]
    table = table.assign(share_pct=100 * table["customers"] / len(named), field=name).reset_index()
    return table.sort_values("value", key=lambda names: _places(names, table["customers"]))


def _places(names: pd.Series, customers: pd.Series) -> pd.Series:
    """Bands in their own order ("under 15K" before "15-24K"), other values by size, what is unknown last."""
    sizes = names.map(_lower_end)
    banded = sizes[~names.isin([OTHER, NOT_STATED])].notna().all()
    keys = [(names == NOT_STATED, names == OTHER, sizes if banded else -customers, names)]
    order = pd.DataFrame(dict(enumerate(*keys))).sort_values([0, 1, 2, 3]).index
    return pd.Series(range(len(names)), index=order).reindex(names.index)


def _lower_end(value: str) -> float | None:
    digits = search(r"\d+", value)
    return float(digits[0]) - 0.5 * value.lower().startswith("under") if digits else None


_FIGURES = ("spend_total", "order_count", "recency_days", "gap_days_mean", "gap_overdue_ratio")


def customers_of_types(crm: Crm, profile: CustomerProfile, names: Iterable[str]) -> pd.DataFrame:
    """The customers of some types, most spend first."""
    known = profile.type_names
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise ParameterError(f"there is no customer type {name!r}.{nearest(name, known)}")
    chosen = profile.types[profile.types.isin(wanted)]
    return _most_spend_first(crm, profile, chosen.rename("customer_type"))


def late_customers(crm: Crm, profile: CustomerProfile) -> pd.DataFrame:
    """The customers who are late and still buy by their state, most spend first: a call now comes before silence.

    Who is late and has fallen silent already is left to the list to win back.
    """
    states = profile.states[profile.states.isin(BUYING)]
    late = is_late(profile.indicators["gap_overdue_ratio"].reindex(states.index))
    return _most_spend_first(crm, profile, states[late].astype("str").rename("state"))


def late_of_all(profile: CustomerProfile) -> int:
    """How many customers are late, whatever their state; who has bought once only has no usual gap."""
    return int(is_late(profile.indicators["gap_overdue_ratio"]).sum())


def _most_spend_first(crm: Crm, profile: CustomerProfile, chosen: pd.Series) -> pd.DataFrame:
    figures = [name for name in _FIGURES if name in profile.indicators]
    table = profile.indicators[figures].reindex(chosen.index)
    table.insert(0, str(chosen.name), chosen)
    table.insert(0, "customer_id", chosen.index.astype("str"))
    table = table.reset_index(drop=True).sort_values(
        ["spend_total", "customer_id"], ascending=[False, True], kind="stable"
    )
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return table.reset_index(drop=True)
