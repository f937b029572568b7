"""How fast service answers and solves, whom it serves best, what it costs, and which products cause more cases."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.retention import SurvivalCurves, survival_curves
from crmlib.analyse.stats.intervals import exact_interval, share_interval
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg, both_tails
from crmlib.measure.service import cases_by_product, service_by_third, service_cases
from crmlib.prepare.crm import Crm, require
from crmlib.prepare.privacy import min_group

THIRD, LEVEL = "value_third", "service_level"
BEST, WORST, ALIKE = "best", "worst", "alike"
SERVED = (BEST, WORST, ALIKE)
"""How the third of customers who spend most is served beside the others, beyond chance."""

KEPT = 0.8
"""A proposed time is one that so many cases keep."""

TIMES = tuple(
    f"{time}{end}" for time in ("response_hours", "resolution_days") for end in ("", "_low", "_high")
)
_GROUPED = ("cases", *TIMES, "reopened_pct", "low", "high", "cost_each")


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceCases:
    """How service does.

    Attributes
    ----------
    response, resolution : SurvivalCurves or None
        Hours to the first answer and days to the end, by third of spend (3 = most); cases still open are counted.
    overall : DataFrame indexed by "response_hours" and "resolution_days"
        The same of all cases: `median`, `low`, `high` (95 %).
    by_value : DataFrame, one row a third of spend
        `value_third`, `cases`, `response_hours`, `resolution_days` (medians, each with `_low` and `_high`, 95 %),
        `reopened_pct`, `low`, `high` (95 %), `cost_each`, and of the last 365 days `customers`, `cases_365d`,
        `cost_365d`, `margin_365d` and `cost_pct` (of the margin).
    by_level : DataFrame, one row a service level agreed
        As `by_value`, without the money of the year.
    levels : DataFrame, one row a third of spend
        Of the last 365 days: `now_hours` and `now_kept` (median, and within how many hours 80 % were answered),
        `by_value_hours` and `by_value_kept` (if each month's times had been given in the order of spend).
    products : DataFrame, one row a product that was sold and had cases, the highest rate first
        `product_id`, `product`, `lines_sold`, `cases`, `rate_pct` (cases a hundred order lines), `times` (the rate
        against that of all other products), `low`, `high` (95 %), `q_value`, `reopened_pct`, and of the last 365
        days `cost_365d`, `margin_365d`, `cost_pct`.
    reopened : tuple of float
        Share of cases opened again, in percent, and its interval of 95 %.
    cases, cases_365d, open_cases : int
    cost_amount, cost_365d : float
        Of all cases with a cost, and of those of the last 365 days.
    currency : str
    """

    response: SurvivalCurves | None = field(repr=False)
    resolution: SurvivalCurves | None = field(repr=False)
    overall: pd.DataFrame = field(repr=False)
    by_value: pd.DataFrame
    by_level: pd.DataFrame = field(repr=False)
    levels: pd.DataFrame = field(repr=False)
    products: pd.DataFrame = field(repr=False)
    reopened: tuple[float, float, float]
    cases: int
    cases_365d: int
    open_cases: int
    cost_amount: float
    cost_365d: float
    currency: str = ""

    @property
    def failing(self) -> pd.DataFrame:
        """The products with more cases than chance makes."""
        return _failing(self.products)

    @property
    def served(self) -> str | None:
        """Whether those who spend most are answered, or else served to the end, first; None where it is not known."""
        for curves, column in ((self.response, "response_hours"), (self.resolution, "resolution_days")):
            if curves is None or 3 not in curves.tests.index or set(self.by_value[THIRD]) != {1, 2, 3}:
                continue
            times = self.by_value.set_index(THIRD)[column]
            if not curves.tests.loc[3, "differs"]:
                return ALIKE
            more = curves.tests.loc[3, "ended_expected"] < curves.medians.loc[3, "ended"]
            return BEST if more and times[3] <= times.min() else WORST if not more else ALIKE
        return None

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
    require(crm, "service_cases")
    cases, least = service_cases(crm), min_group(crm)
    lately = _lately(crm, cases)
    response, resolution = (_lasting(cases, *end, crm.as_of, by=THIRD) for end in _ENDS.values())
    counted = cases["reopened_count"].dropna()
    return ServiceCases(
        response=response,
        resolution=resolution,
        overall=_overall(cases, crm.as_of),
        by_value=_with_money(_by(cases, THIRD, response, resolution, least), service_by_third(crm)),
        by_level=_by_level(cases, crm.as_of, least),
        levels=_levels(lately, least),
        products=_products(cases_by_product(crm), least),
        reopened=_share(int((counted > 0).sum()), len(counted)),
        cases=len(cases),
        cases_365d=len(lately),
        open_cases=int(cases["closed_at"].isna().sum()),
        cost_amount=float(cases["cost_amount"].sum(min_count=1)),
        cost_365d=float(lately["cost_amount"].sum(min_count=1)),
        currency=crm.currency,
    )


_ENDS = {
    "response_hours": ("first_response_at", pd.Timedelta(hours=1)),
    "resolution_days": ("closed_at", pd.Timedelta(days=1)),
}


def _lasting(
    cases: pd.DataFrame, end: str, unit: pd.Timedelta, as_of: pd.Timestamp, *, by: str | None = None
) -> SurvivalCurves | None:
    """How long it takes to an end, those included that wait; by a group, or of all together."""
    known = cases if by is None else cases[cases[by].notna()]
    if known.empty or known[end].isna().all():
        return None
    lasted = (known[end].fillna(pd.Timestamp(as_of)) - known["opened_at"]) / unit
    groups = None if by is None else known[by].astype(int if by == THIRD else str).to_numpy()
    return survival_curves(lasted.clip(lower=0).to_numpy(), known[end].notna().to_numpy(), groups=groups)


def _lately(crm: Crm, cases: pd.DataFrame) -> pd.DataFrame:
    return cases[cases["opened_at"] > pd.Timestamp(crm.as_of) - pd.Timedelta(days=365)]


def _overall(cases: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    names = ["median", "low", "high"]
    curves = {name: _lasting(cases, *end, as_of) for name, end in _ENDS.items()}
    rows = {
        name: dict.fromkeys(names, np.nan) if found is None else found.medians[names].iloc[0].to_dict()
        for name, found in curves.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=names)


def _by(
    cases: pd.DataFrame,
    by: str,
    response: SurvivalCurves | None,
    resolution: SurvivalCurves | None,
    least: int,
) -> pd.DataFrame:
    """Times, cases opened again and cost by a group; groups of too few customers are left out."""
    found = []
    for name, part in cases.groupby(by, sort=True):
        if part["customer_id"].nunique() < least:
            continue
        group = int(name) if by == THIRD else str(name)
        times = [
            np.nan if curves is None else float(curves.medians[end].get(group, np.nan))
            for curves in (response, resolution)
            for end in ("median", "low", "high")
        ]
        counted = part["reopened_count"].dropna()
        again = _share(int((counted > 0).sum()), len(counted))
        found.append((group, len(part), *times, *again, part["cost_amount"].mean()))
    return pd.DataFrame(found, columns=[by, *_GROUPED])


def _by_level(cases: pd.DataFrame, as_of: pd.Timestamp, least: int) -> pd.DataFrame:
    curves = [_lasting(cases, *end, as_of, by=LEVEL) for end in _ENDS.values()]
    return _by(cases, LEVEL, *curves, least)


def _share(hits: int, n: int) -> tuple[float, float, float]:
    """A share in percent and its interval."""
    if not n:
        return (np.nan, np.nan, np.nan)
    low, high = share_interval(hits, n)
    return (100 * hits / n, 100 * low, 100 * high)


def _with_money(by_value: pd.DataFrame, thirds: pd.DataFrame) -> pd.DataFrame:
    """Beside each third what its cases cost in a year, and that as a share of its margin."""
    money = thirds.assign(cost_pct=_cost_share(thirds)).astype({THIRD: "int64"})
    return by_value.astype({THIRD: "int64"}).merge(money, on=THIRD, how="left")


def _cost_share(table: pd.DataFrame) -> pd.Series:
    return 100 * table["cost_365d"] / table["margin_365d"].where(table["margin_365d"] > 0)


def _levels(cases: pd.DataFrame, least: int) -> pd.DataFrame:
    """Hours to the answer by third of spend as they were, and as each month's would be in the order of spend."""
    known = cases.dropna(subset=["first_response_at", THIRD])
    hours = ((known["first_response_at"] - known["opened_at"]) / pd.Timedelta(hours=1)).clip(lower=0)
    known = known.assign(month=known["opened_at"].dt.to_period("M"), hours=hours)
    given = known.sort_values(["month", THIRD, "opened_at", "case_id"], ascending=[True, False, True, True])
    given["by_value"] = known.sort_values(["month", "hours"], kind="stable")["hours"].to_numpy()
    rows = [
        (int(third), part["hours"].median(), part["hours"].quantile(KEPT), part["by_value"].median(),
         part["by_value"].quantile(KEPT))
        for third, part in given.groupby(THIRD)
        if part["customer_id"].nunique() >= least
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[THIRD, "now_hours", "now_kept", "by_value_hours", "by_value_kept"])


def proposed_hours(crm: Crm) -> float:
    """Within how many hours those who spend most could be answered; missing where no level can be proposed."""
    if "service_cases" not in crm:
        return np.nan
    table = _levels(_lately(crm, service_cases(crm)), min_group(crm)).set_index(THIRD)
    return float(table["by_value_kept"].get(3, np.nan))


def failing_products(crm: Crm, *, until: Sequence[pd.Timestamp] = ()) -> pd.DataFrame:
    """The products with more cases than chance makes, of all that were sold, as was known at each of some moments."""
    sold = cases_by_product(crm, until=until)
    found = [
        _failing(_products(own, min_group(crm))).assign(place=place) for place, own in sold.groupby("place")
    ]
    return pd.concat(found or [_products(sold, min_group(crm)).assign(place=0)], ignore_index=True)


def _failing(products: pd.DataFrame) -> pd.DataFrame:
    return products[(products["q_value"] <= SURE) & (products["times"] > 1)]


def _products(sold: pd.DataFrame, least: int) -> pd.DataFrame:
    """The rate of cases of each product against that of all others; only where enough customers had one."""
    lines, every = int(sold["lines_sold"].sum()), int(sold["cases"].sum())
    own = sold[(sold["customers"] >= least) & (sold["lines_sold"] < lines)]
    part, cases = own["lines_sold"].to_numpy(float) / max(lines, 1), own["cases"].to_numpy(float)
    low, high = exact_interval(cases, every)
    odds = part / (1 - part)
    with np.errstate(divide="ignore"):
        times, low, high = (share / (1 - share) / odds for share in (cases / max(every, 1), low, high))
    table = own[["product_id", "product", "lines_sold", "cases"]].assign(
        rate_pct=100 * own["cases"] / own["lines_sold"],
        times=times,
        low=low,
        high=high,
        q_value=benjamini_hochberg(both_tails(cases, every, part)),
        reopened_pct=100 * own["reopened"] / own["counted"].where(own["counted"] > 0),
        cost_365d=own["cost_365d"],
        margin_365d=own["margin_365d"],
        cost_pct=_cost_share(own),
    )
    return table.sort_values(["times", "product_id"], ascending=[False, True], ignore_index=True)
