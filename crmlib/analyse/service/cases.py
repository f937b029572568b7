"""How fast service answers and solves, whom it serves best, and which products cause more cases than others."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.retention import SurvivalCurves, survival_curves
from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.measure.service import cases_by_product, service_cases
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import SchemaError


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceCases:
    """How service does.

    Attributes
    ----------
    response, resolution : SurvivalCurves or None
        Hours to the first answer and days to the end, by third of spend (3 = most); cases still open are counted.
    by_value : DataFrame, one row a third of spend
        `value_third`, `cases`, `response_hours`, `resolution_days` (medians), `reopened_pct`, `low`, `high` (95 %),
        `cost_each`.
    products : DataFrame, one row a product that was sold and had cases, the highest rate first
        `product_id`, `lines_sold`, `cases`, `rate_pct` (cases a hundred order lines), `times` (the rate against that of
        all other products), `low`, `high` (95 %), `q_value`.
    cases, open_cases : int
    cost_amount : float
        Of all cases with a cost.
    """

    response: SurvivalCurves | None = field(repr=False)
    resolution: SurvivalCurves | None = field(repr=False)
    by_value: pd.DataFrame
    products: pd.DataFrame = field(repr=False)
    cases: int
    open_cases: int
    cost_amount: float

    def _repr_html_(self) -> str:
        return self.by_value.round(1).to_html(index=False)


def service(crm: Crm) -> ServiceCases:
    """How fast service answers and solves, for whom, and which products cause cases.

    Parameters
    ----------
    crm : Crm
        With `service_cases`; `transactions` for what customers are worth and how much was sold.

    Returns
    -------
    ServiceCases

    Raises
    ------
    SchemaError
        If there is no table of service cases.

    Notes
    -----
    A case that is still open has lasted at least until the closing moment, and is counted so (Kaplan and Meier). The
    rate of a product against that of all others is a ratio of two Poisson rates, with the exact interval that follows
    from the binomial one of its share of cases; chances are adjusted by Benjamini and Hochberg.

    References
    ----------
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53. Przyborowski, J.
    & Wilenski, H. (1940). Homogeneity of results in testing samples from Poisson series. Biometrika 31.

    Examples
    --------
    >>> cases = pd.DataFrame({"case_id": ["1", "2"], "customer_id": "a", "opened_at": "2024-01-01",
    ...     "closed_at": ["2024-01-03", None]})
    >>> found = service(Crm.from_frames(as_of="2024-06-30", service_cases=cases, customers=cases[["customer_id"]][:1]))
    >>> found.cases, found.open_cases
    (2, 1)
    """
    if "service_cases" not in crm:
        raise SchemaError("There is no table service_cases. Map it in crm.toml under [tables.service_cases].")
    cases, least = service_cases(crm), min_group(crm)
    response = _lasting(cases, "first_response_at", crm.as_of, pd.Timedelta(hours=1))
    resolution = _lasting(cases, "closed_at", crm.as_of, pd.Timedelta(days=1))
    return ServiceCases(
        response=response,
        resolution=resolution,
        by_value=_by_value(cases, response, resolution, least),
        products=_products(cases_by_product(crm), least),
        cases=len(cases),
        open_cases=int(cases["closed_at"].isna().sum()),
        cost_amount=float(cases["cost_amount"].sum(min_count=1)),
    )


def _lasting(cases: pd.DataFrame, end: str, as_of: pd.Timestamp, unit: pd.Timedelta) -> SurvivalCurves | None:
    known = cases[cases["value_third"].notna()]
    if known.empty or known[end].isna().all():
        return None
    lasted = (known[end].fillna(pd.Timestamp(as_of)) - known["opened_at"]) / unit
    return survival_curves(
        lasted.clip(lower=0).to_numpy(),
        known[end].notna().to_numpy(),
        groups=known["value_third"].astype(int).to_numpy(),
    )


def _by_value(cases, response, resolution, least) -> pd.DataFrame:
    found = []
    for third, part in cases.groupby("value_third", sort=True):
        if part["customer_id"].nunique() < least:
            continue
        counted = part["reopened_count"].dropna()
        low, high = (
            share_interval(int((counted > 0).sum()), len(counted)) if len(counted) else (np.nan, np.nan)
        )
        share = 100 * (counted > 0).mean() if len(counted) else np.nan
        medians = [
            np.nan if curves is None else float(curves.medians["median"].get(int(third), np.nan))
            for curves in (response, resolution)
        ]
        cost = part["cost_amount"].mean()
        found.append((int(third), len(part), *medians, share, 100 * low, 100 * high, cost))
    columns = [
        "value_third",
        "cases",
        "response_hours",
        "resolution_days",
        "reopened_pct",
        "low",
        "high",
        "cost_each",
    ]
    return pd.DataFrame(found, columns=columns)


def _products(sold: pd.DataFrame, least: int) -> pd.DataFrame:
    """The rate of cases of each product against that of all others; only where enough customers had one."""
    from scipy.stats import binomtest

    columns = ["product_id", "lines_sold", "cases", "rate_pct", "times", "low", "high", "q_value"]
    lines, every = int(sold["lines_sold"].sum()), int(sold["cases"].sum())
    found, chances = [], []
    for row in sold[(sold["customers"] >= least) & (sold["lines_sold"] < lines)].itertuples():
        part, rest = row.lines_sold / lines, every - row.cases
        test = binomtest(int(row.cases), every, part)
        ends = test.proportion_ci(0.95, method="exact")
        odds = part / (1 - part)
        low, high = (end / (1 - end) / odds if end < 1 else np.inf for end in ends)
        times = row.cases / rest / odds if rest else np.inf
        found.append(
            (row.product_id, row.lines_sold, row.cases, 100 * row.cases / row.lines_sold, times, low, high)
        )
        chances.append(test.pvalue)
    table = pd.DataFrame(found, columns=columns[:-1])
    table["q_value"] = benjamini_hochberg(np.array(chances)) if chances else pd.Series(dtype="float64")
    return table.sort_values(["times", "product_id"], ascending=[False, True], ignore_index=True)
