"""Service into sales: whether customers order after a case, and which offers fit one."""

from dataclasses import dataclass, field

import pandas as pd

from crmlib.analyse.service.cases import failing_products
from crmlib.analyse.stats.intervals import interval, resampled_means
from crmlib.measure.service import offers_for_cases, orders_after_cases
from crmlib.prepare.crm import Crm, require
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError

SUCCESSOR, BETTER = "successor", "better"
WHYS = (SUCCESSOR, BETTER)
"""What replaces the product of the case; or the next better one of its kind, where the product fails too often."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CaseSales:
    """Whether customers order after a case, and what could be offered.

    Attributes
    ----------
    ordered_pct, usual_pct : float
        Cases in whose `days` after the end the customer ordered; and the share of the same customers' other orders
        that were followed by one as long after them.
    difference : tuple of float
        Of the two, in points, with its interval of 95 % (customers drawn again).
    cases, customers, days : int
    offers : DataFrame, one row a customer and product of a case in the last 90 days
        `customer_id`, `product_id`, `product`, `offered_id`, `offered`, `offered_price`, `why`, `cases`.
    """

    ordered_pct: float
    usual_pct: float
    difference: tuple[float, float, float]
    cases: int
    customers: int
    days: int
    offers: pd.DataFrame = field(repr=False)

    def _repr_html_(self) -> str:
        return self.offers.to_html(index=False)


def case_sales(crm: Crm, *, days: int = 30, seed: int = 0) -> CaseSales:
    """Whether customers order after a case more than they usually do, and which offers fit a case.

    Parameters
    ----------
    crm : Crm
        With `service_cases` and `transactions`; `products` for the offers.
    days : int
        An order within so many days after the end of a case counts.
    seed : int

    Returns
    -------
    CaseSales

    Raises
    ------
    SchemaError
        If there is no table of service cases, or none of sales.
    ParameterError
        If `days` is below 1, or fewer customers than may be shown had a case and other orders to compare with.

    Notes
    -----
    A case comes some days after an order, and an order then is due anyhow. So each case is compared with the same
    customer's other orders: those not followed by an order sooner than the case came, as long after them. Only cases
    and orders count whose days are over at the closing moment.

    Examples
    --------
    >>> sold = pd.DataFrame({"order_id": list("1234"), "customer_id": "a", "product_id": "p", "net_amount": 1.0,
    ...     "ordered_at": ["2024-01-01", "2024-02-01", "2024-03-01", "2024-06-01"]})
    >>> cases = pd.DataFrame({"case_id": ["x"], "customer_id": "a", "opened_at": "2024-02-10",
    ...     "closed_at": "2024-02-15"})
    >>> case_sales(Crm.from_frames(as_of="2024-08-01", transactions=sold, service_cases=cases))
    Traceback (most recent call last):
        ...
    crmlib.schema.errors.ParameterError: Only 1 customer had a case and other orders to compare with; 10 are needed.
    """
    for needed in ("service_cases", "transactions"):
        require(crm, needed)
    if days < 1:
        raise ParameterError("days must be 1 or more.")
    found, least = orders_after_cases(crm, days=days), min_group(crm)
    if len(found) < least:
        who = f"{len(found)} customer{'s' * (len(found) != 1)}"
        raise ParameterError(f"Only {who} had a case and other orders to compare with; {least} are needed.")
    drawn = resampled_means(
        found.assign(gap=found["hits"] - found["usual"])[["gap", "cases"]].to_numpy(float), seed=seed
    )
    low, high = interval(100 * drawn[:, 0] / drawn[:, 1])
    cases = int(found["cases"].sum())
    ordered, usual = (100 * float(found[name].sum()) / cases for name in ("hits", "usual"))
    return CaseSales(
        ordered_pct=ordered,
        usual_pct=usual,
        difference=(ordered - usual, low, high),
        cases=cases,
        customers=len(found),
        days=days,
        offers=_offers(crm),
    )


def _offers(crm: Crm) -> pd.DataFrame:
    """What replaces a product, and what is one better than a product that fails more often than others."""
    found, failing = offers_for_cases(crm), failing_products(crm)["product_id"]
    fits = (found["why"] == SUCCESSOR) | found["product_id"].isin(failing)
    found = found[fits].sort_values(
        ["offered_price", "customer_id", "offered_id"], ascending=[False, True, True]
    )
    return found.drop_duplicates(["customer_id", "product_id"]).reset_index(drop=True)
