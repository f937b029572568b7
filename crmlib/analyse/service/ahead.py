"""Whom to call before a case arises: owners of products that fail more often, tested on past days."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.service.cases import failing_products
from crmlib.analyse.stats.fisher import fisher_p
from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import SURE
from crmlib.measure.service import latest_buyers, owners_of_products, service_cases
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm, require
from crmlib.schema.errors import ParameterError

CHANCE, LATEST, ANYBODY = "chance", "latest", "anybody"
WAYS = (CHANCE, LATEST, ANYBODY)
"""Owners by the expected chance; owners, who bought it last first; and who bought anything last, asked about that."""

MOST_TESTS = 8
FEWEST_CASES = 10
"""So many cases must have come on past days before an order of calls is called tested."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CasesAhead:
    """Whom to call before a case arises.

    Attributes
    ----------
    table : DataFrame, one row a customer, the first to call first
        `customer_id`, `product_id`, `product`, `bought_on` (last), `chance_pct` (of a case within `days`).
    tests : DataFrame indexed by way ("chance", "latest": who bought it last, "anybody": who bought
        anything last, asked about that)
        `called`, `had_case` (within `days` of past days), `hit_pct`, `low`, `high` (95 %), `expected_pct`.
    order : str
        The way whose order the list has: that which found more cases on past days, of equals the plainer one.
    owners : int
        Customers who bought a product that fails more often than others, and have neither an open case nor one about
        it since.
    days, dates : int
        How far ahead, and on how many past days it was tested.
    is_proven : bool
        Whether those called had a case about the product beyond chance more often than who bought anything last.
    """

    table: pd.DataFrame
    tests: pd.DataFrame = field(repr=False)
    order: str
    owners: int
    days: int
    dates: int
    is_proven: bool

    def _repr_html_(self) -> str:
        return self.table.round(1).to_html(index=False)


def cases_ahead(crm: Crm, *, days: int = 90, rows: int = 20) -> CasesAhead:
    """Whom to call before a case arises: owners of products with more cases than chance makes.

    Parameters
    ----------
    crm : Crm
        With `service_cases` and `transactions`.
    days : int
        So far ahead is looked.
    rows : int
        So many customers can be called.

    Returns
    -------
    CasesAhead

    Raises
    ------
    SchemaError
        If there is no table of service cases, or none of sales, or no case names its product, or no order its customer.
    ParameterError
        If `days` or `rows` is below 1.

    Notes
    -----
    The cases expected of a purchase are the rate of all products at its age, times how many more cases its product
    had than was expected of it, drawn to 1 as if one more had been expected and seen. On past days, as many `days`
    apart, the same is made from what was known then; nothing after such a day is used but to count.

    Examples
    --------
    >>> sold = pd.DataFrame({"order_id": [str(i) for i in range(400)], "net_amount": 1.0,
    ...     "customer_id": [f"c{i % 80}" for i in range(400)],
    ...     "product_id": ["pen", "ink"] * 200, "ordered_at": "2024-03-01"})
    >>> cases = sold.iloc[:40:2].assign(case_id=sold["order_id"], opened_at="2024-03-10", closed_at="2024-03-11")
    >>> found = cases_ahead(Crm.from_frames(as_of="2024-03-15", transactions=sold,
    ...     service_cases=cases[["case_id", "customer_id", "product_id", "opened_at", "closed_at"]]), rows=3)
    >>> found.table["product_id"].tolist(), found.owners, found.is_proven
    (['pen', 'pen', 'pen'], 20, False)
    """
    require(crm, "service_cases", "product_id")
    require(crm, "transactions", "customer_id")
    if min(days, rows) < 1:
        raise ParameterError("days and rows must be 1 or more.")
    until = [*_past_days(crm, days), crm.as_of]
    *before, owners = _owners(crm, days=days, until=until)
    latest = latest_buyers(crm, days=days, until=until, most=rows)
    past = [_test(then, latest[latest["place"] == place], rows) for place, then in enumerate(before)]
    tests = _summed(past)
    order = CHANCE if len(tests) and _hits(tests, CHANCE) > _hits(tests, LATEST) else LATEST
    return CasesAhead(
        table=_in_order(owners, order).head(rows)[
            ["customer_id", "product_id", "product", "bought_on", "chance_pct"]
        ].reset_index(drop=True),
        tests=tests,
        order=order,
        owners=len(owners),
        days=days,
        dates=len(past),
        is_proven=_is_proven(tests, order),
    )  # fmt: skip


def _past_days(crm: Crm, days: int) -> list[pd.Timestamp]:
    """Moments whose days are over, with at least as many days of cases behind them."""
    opened = service_cases(crm)["opened_at"]
    made = [
        days_later(crm.as_of, -days * place, time_zone=crm.time_zone) for place in range(1, MOST_TESTS + 1)
    ]
    return [day for day in made if len(opened) and day - opened.min() >= pd.Timedelta(days=days)]


def _owners(crm: Crm, *, days: int, until: list[pd.Timestamp]) -> list[pd.DataFrame]:
    """At each moment one row a customer not yet in touch about it who bought what fails more often."""
    failing, found = failing_products(crm, until=until), owners_of_products(crm, days=days, until=until)
    return [
        _by_customer(own[own["product_id"].isin(failing.loc[failing["place"] == place, "product_id"])])
        for place in range(len(until))
        for own in [found[found["place"] == place]]
    ]


def _by_customer(found: pd.DataFrame) -> pd.DataFrame:
    """One row a customer, with the chance of a case."""
    found = found.sort_values(["expected", "product_id"], ascending=[False, True], kind="stable")
    grouped = found.groupby("customer_id", sort=True)
    owners = grouped[["product_id", "product"]].first().join(
        grouped.agg({"expected": "sum", "cases_after": "sum", "bought_on": "max"})
    )  # fmt: skip
    owners["chance_pct"] = 100 * -np.expm1(-owners["expected"])
    return owners.reset_index()


def _in_order(owners: pd.DataFrame, way: str) -> pd.DataFrame:
    by = "expected" if way == CHANCE else "bought_on"
    return owners.sort_values([by, "customer_id"], ascending=[False, True], kind="stable")


def _test(owners: pd.DataFrame, latest: pd.DataFrame, rows: int) -> pd.DataFrame:
    """How many of those who would have been called on a past day had a case, by each way."""
    chosen = {way: _in_order(owners, way).head(rows) for way in (CHANCE, LATEST)}
    chosen[ANYBODY] = latest.head(len(chosen[CHANCE])).assign(chance_pct=np.nan)
    return pd.DataFrame(
        {
            way: (len(some), int((some["cases_after"] > 0).sum()), some["chance_pct"].sum(min_count=1))
            for way, some in chosen.items()
        },
        index=["called", "had_case", "expected_pct"],
    ).T


def _summed(past: list[pd.DataFrame]) -> pd.DataFrame:
    names = ["called", "had_case", "hit_pct", "low", "high", "expected_pct"]
    if not past or not sum(part["called"].sum() for part in past):
        return pd.DataFrame(columns=names).rename_axis("way")
    total = sum(past[1:], past[0])
    low, high = share_interval(total["had_case"], total["called"])
    return total.assign(
        hit_pct=100 * total["had_case"] / total["called"],
        low=100 * np.asarray(low),
        high=100 * np.asarray(high),
        expected_pct=total["expected_pct"] / total["called"],
    ).astype({"called": "int64", "had_case": "int64"})[names].rename_axis("way")  # fmt: skip


def _hits(tests: pd.DataFrame, way: str) -> int:
    return int(tests["had_case"].get(way, 0))


def _is_proven(tests: pd.DataFrame, order: str) -> bool:
    """Whether those called had a case beyond chance more often than who bought anything last."""
    if not len(tests) or _hits(tests, order) < FEWEST_CASES:
        return False
    hits, called = (tests.loc[[order, ANYBODY], name] for name in ("had_case", "called"))
    return bool(fisher_p(hits[order], called[order], hits.sum(), int(called.sum()))[0] <= SURE)
