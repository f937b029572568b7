"""Groups of customers of any kind, and what each buys more or less of than all customers."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from crmlib.analyse.customers.profile import types_by_figures
from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.offers.interests import interests
from crmlib.analyse.segments.moves import follow_segments
from crmlib.analyse.stats.intervals import shrunk_rates
from crmlib.analyse.stats.small_groups import NESTED, OTHER, shown_traits
from crmlib.measure.changes import customer_traits
from crmlib.measure.deals.contacts import customer_owners
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.purchases.history import values_bought
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, min_group
from crmlib.schema.errors import ParameterError, nearest

OF_CUSTOMERS = ("kind", "industry", "company_size", "country", "region", "city", "source", "campaign_id")
GROUPS = ("segment", "state", "type", "label", "stage", "owner", "interest", *OF_CUSTOMERS)
"""What customers can be grouped by; a customer can bear several labels and have deals in several stages."""

OVER = ("category", "subcategory", "department", "brand", "channel", "store_id")
"""What groups can be compared over: traits of what was bought, and where."""

MOST_VALUES = 12
CLEAR_POINTS = 5.0
"""An index that is nearer than this to 100 shows no difference worth a word, however sure it is."""


def customer_groups(crm: Crm, by: str) -> pd.DataFrame:
    """One row a customer and group."""
    if by not in GROUPS:
        raise ParameterError(f"by: customers are not grouped by {by!r}.{nearest(by, GROUPS)}")
    found = {
        "segment": lambda: follow_segments(crm).labels,
        "state": lambda: lifecycle_stages(crm),
        "type": lambda: types_by_figures(crm, compute_indicators(crm)),
        "owner": lambda: employee_codes(crm, customer_owners(crm)),
        "interest": lambda: interests(crm),
        "label": lambda: _of_table(crm, "customers", "tags"),
        "stage": lambda: _of_table(crm, "opportunities", "stage"),
    }.get(by, lambda: _of_table(crm, "customers", by))()
    table = pd.DataFrame({"customer_id": found.index.astype("str"), "group": found.to_numpy()})
    if by == "label":
        table["group"] = table["group"].map(_labels)
    table = table.explode("group").dropna()
    return table.astype({"group": "str"}).drop_duplicates().reset_index(drop=True)


def customers_in(crm: Crm, **groups: str | None) -> set[str] | None:
    """The customers who are in all the groups that are asked for; None where none is."""
    wanted = {by: value for by, value in groups.items() if value}
    chosen: set[str] | None = None
    for by, value in wanted.items():
        table = customer_groups(crm, by)
        found = table[table["group"].str.casefold() == str(value).strip().casefold()]
        if found.empty:
            there = sorted(table["group"].unique())
            raise ParameterError(
                f"{by}: no customer is in {str(value)[:80]!r}.{nearest(str(value), there) if there else ''}"
            )
        ids = set(found["customer_id"])
        chosen = ids if chosen is None else chosen & ids
    return chosen


@dataclass(frozen=True, kw_only=True, eq=False)
class GroupComparison:
    """What groups of customers buy more or less of than all customers.

    Attributes
    ----------
    table : DataFrame, one row a group and value, groups by size, then the largest index first
        `group`, `value`, `customers` (of the group), `bought` (of them, who bought it), `share_pct`, `index` (100 is
        the share of all customers; drawn towards it as far as groups are alike), `index_low`, `index_high` (95 %),
        `is_clear` (the interval leaves out 100, and the index is 5 from it).
    left_out : int
        Customers in groups that are too small to be shown, or would give such a one away.
    """

    table: pd.DataFrame
    by: str
    over: str
    left_out: int = field(default=0)

    def _repr_html_(self) -> str:
        return self.table.round(1).to_html(index=False)


def compare_groups(crm: Crm, *, by: str = "segment", over: str = "category") -> GroupComparison:
    """What each group of customers buys more or less of than all, as an index with an interval.

    Parameters
    ----------
    by : one of "segment", "state", "type", "label", "stage", "owner", "interest", or a column of customers
    over : one of "category", "subcategory", "department", "brand", "channel", "store_id"

    Returns
    -------
    GroupComparison
        Of at most 12 values, those that most customers bought. Shares are drawn to that of all groups (a beta
        prior, empirical Bayes), so that a small group has no large index by chance.

    Raises
    ------
    ParameterError
        If groups or values are not known here, or fewer than two groups are large enough to be shown.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference: theory and applications. Journal of the American
    Statistical Association 78.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)], "order_id": [f"o{i}" for i in range(40)],
    ...     "product_id": "p", "ordered_at": "2024-01-05", "net_amount": 5.0,
    ...     "channel": ["web"] * 18 + ["shop"] * 22})
    >>> people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(40)], "region": ["North"] * 20 + ["South"] * 20})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines, customers=people)
    >>> found = compare_groups(crm, by="region", over="channel").table
    >>> found[["group", "value", "customers", "bought", "is_clear"]].values.tolist()[0]
    ['North', 'web', 20, 18, True]
    """
    if over not in OVER:
        raise ParameterError(f"over: groups are not compared over {over!r}.{nearest(over, OVER)}")
    groups, bought = customer_groups(crm, by), values_bought(crm, over)
    groups = groups[groups["customer_id"].isin(bought["customer_id"])]
    sizes = groups["group"].value_counts()
    shown = sizes[(sizes >= min_group(crm)) & ~sizes.index.isin(_given_away(crm, by, groups["customer_id"]))]
    if len(shown) < 2:
        raise ParameterError(f"by: fewer than two groups of {by} have {min_group(crm)} customers who bought.")
    values = bought["value"].value_counts().index[:MOST_VALUES]
    counts = pd.crosstab(*(groups.merge(bought, on="customer_id")[one] for one in ("group", "value")))
    counts = counts.reindex(index=shown.index, columns=values, fill_value=0)
    everyone = bought["customer_id"].nunique()
    rows = [
        _compared(counts[value], shown, value, bought["value"].eq(value).sum() / everyone) for value in values
    ]
    table = pd.concat(rows, ignore_index=True)
    place = table["group"].map({name: i for i, name in enumerate(shown.index)})
    table = table.assign(place=place).sort_values(["place", "index"], ascending=[True, False], kind="stable")
    left_out = int(sizes.sum() - shown.sum())
    return GroupComparison(
        table=table.drop(columns="place").reset_index(drop=True), by=by, over=over, left_out=left_out
    )


def _given_away(crm: Crm, by: str, buyers: pd.Series) -> set[str]:
    """The groups of a trait of customers that are small, or would give a small one away beside all customers."""
    if by not in OF_CUSTOMERS:
        return set()
    traits = customer_traits(crm, tuple(dict.fromkeys((*NESTED, by))))
    bought = traits.index.isin(buyers)
    shown = shown_traits(traits[bought], min_group=min_group(crm), most=None, beside=traits[~bought])[by]
    return set(traits.loc[bought, by].astype("str")[shown.eq(OTHER)])


def _compared(counts: pd.Series, sizes: pd.Series, value: str, share: float) -> pd.DataFrame:
    shrunk = 100 * shrunk_rates(counts.to_numpy(), sizes.to_numpy()) / max(share, 1e-9)
    return pd.DataFrame(
        {
            "group": sizes.index.astype("str"),
            "value": str(value),
            "customers": sizes.to_numpy(),
            "bought": counts.to_numpy(),
            "share_pct": 100 * counts.to_numpy() / sizes.to_numpy(),
            "index": shrunk["rate"].to_numpy(),
            "index_low": shrunk["low"].to_numpy(),
            "index_high": shrunk["high"].to_numpy(),
            "is_clear": (
                ((shrunk["low"] > 100) | (shrunk["high"] < 100))
                & ((shrunk["rate"] - 100).abs() >= CLEAR_POINTS)
            ).to_numpy(),
        }
    )


def _labels(listed: Any) -> list[str]:
    """The labels of a list, or of its text."""
    if isinstance(listed, str):
        listed = listed.split(";")
    found = [] if listed is None or isinstance(listed, float) else list(listed)
    return [str(one).strip() for one in found if str(one).strip()]


def _of_table(crm: Crm, table: str, column: str) -> pd.Series:
    if table not in crm or column not in crm.columns(table) or "customer_id" not in crm.columns(table):
        raise ParameterError(f"by: {table} has no column {column}. Map it in crm.toml, or group by another.")
    open_only = table == "opportunities" and "outcome" in crm.columns(table)
    frame = crm.frame(table, ["customer_id", column, *(["outcome"] if open_only else [])])
    frame = frame[frame["outcome"] == "open"] if open_only else frame
    return frame.dropna(subset=["customer_id"]).set_index("customer_id")[column]
