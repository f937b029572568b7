"""Key figures and tables of the plan: targets, what is missing, and why sales differ."""

from typing import Any

import pandas as pd

from crmlib.analyse.forecast.plan_result import PlanVsActual
from crmlib.analyse.forecast.plan_says import main_rows
from crmlib.analyse.forecast.says_sales import MEASURE_WORDS
from crmlib.prepare.privacy import employee_names, public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Prose
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.claims_forecast_words import MEASURE_UNITS, period_words
from crmlib.present.needs import or_else
from crmlib.present.words import sentence

_WHOLE = ("", "all", "all others")
KEY_NAMES = {
    "owner": "Owner", "employee": "Employee", "product": "Product", "category": "Category", "region": "Region",
    "customer": "Customer", "department": "Department", "total": "Plan",
}  # fmt: skip
"""What the keys of a dimension are called above their column."""


@or_else(lambda missing: missing)
def plan_figures(plan: PlanVsActual) -> KeyFigures:
    """Target, reached and expected of the first measure of a plan, all keys together.

    Parameters
    ----------
    plan : PlanVsActual

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan
    >>> print(plan_figures(_little_plan())._text().splitlines()[0].replace("\\u00a0", " "))
    Plan for sales: EUR 1,190
    """
    rows = main_rows(plan.table)
    measure = rows["measure"].iloc[0]
    unit = MEASURE_UNITS.get(measure, plan.currency)
    target, actual = float(rows["target"].sum()), float(rows["actual"].sum())
    when = period_words(rows["period_start"].iloc[0], rows["period_end"].iloc[0])
    figures = [
        KeyFigure(label=f"Plan for {MEASURE_WORDS[measure]}", value=target, unit=unit, note=when),
        KeyFigure(
            label="Reached", value=100 * actual / target if target else None, unit="%", format=".0f",
            better="higher", note="of the plan so far" if rows["elapsed_days"].iloc[0] else "it has not begun",
        ),
    ]  # fmt: skip
    return KeyFigures(*figures)


@or_else(lambda missing: missing)
def plan_table(crm: Any, plan: PlanVsActual) -> DataTable:
    """Every plan of a dimension: target, reached, expected at the end, and a year before.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> plan_table(_little_shop(), _little_plan()).frame[["product", "name", "status"]]
      product       name  status
    0     tea        Tea  behind
    1    milk       Milk    open
    2    salt  not known  behind
    """
    columns = [
        *("measure", "key", "period_start", "period_end", "target", "actual", "gap", "gap_pct", "run_rate"),
        *("expected", "low", "high", "expected_gap_pct", "status", "year_before"),
    ]
    frame = plan.table[columns].copy()
    over = bool((plan.table["elapsed_days"] >= plan.table["period_days"]).all())
    if over:
        frame = frame.drop(columns=["run_rate", "expected", "low", "high", "expected_gap_pct"])
    frame = with_keys(crm, frame, by=plan.by)
    frame["measure"] = frame["measure"].map(MEASURE_WORDS)
    if plan.by == "total":
        frame = frame.drop(columns="key")
    return DataTable(
        frame.rename(
            columns={
                "key": plan.by,
                "gap": "plan_gap",
                "expected": "plan_expected",
                "low": "plan_expected_low",
                "high": "plan_expected_high",
            }
        ),
        name=f"plan_by_{plan.by}",
        caption=f"Plan and reality by {plan.by} (money in {plan.currency or 'account currency'})",
        rows=12,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def missing_plans_table(crm: Any, plan: PlanVsActual) -> DataTable | Prose:
    """Plans that are missing, late or for keys that are not known.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Returns
    -------
    DataTable, or Prose where nothing is missing

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> missing_plans_table(_little_shop(), _little_plan()).frame["product"].tolist()[:1]
    ['salt']
    """
    if plan.missing.empty:
        return Prose(f"No plan by {plan.by} is missing or late.")
    frame = with_keys(crm, plan.missing, by=plan.by, blank="all")
    frame["measure"] = frame["measure"].map(MEASURE_WORDS)
    frame["problem"] = [sentence(text).rstrip(".") for text in frame["problem"]]
    return DataTable(
        frame.rename(columns={"key": plan.by, "value": "target_or_reached", "says": "what_is_wrong"}),
        name=f"plans_missing_by_{plan.by}",
        caption=f"Plans by {plan.by} that are missing or late",
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def split_table(crm: Any, plan: PlanVsActual) -> DataTable | Prose:
    """Price, volume and mix of every key, against the same days a year before.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Returns
    -------
    DataTable, or Prose where it cannot be split

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> split_table(_little_shop(), _little_plan()).frame["product"].tolist()
    ['all', 'milk', 'tea']
    """
    if plan.deviation.empty:
        return Prose(
            "The difference to a year before cannot be split: quantities or that year are not known."
        )
    frame = with_keys(crm, plan.deviation, by=plan.by)
    return DataTable(
        frame.rename(columns={"key": plan.by, "price": "price_effect"}),
        name=f"price_volume_mix_by_{plan.by}",
        caption=f"Sales so far against the same days a year before, by {plan.by}",
        currency=plan.currency,
        rows=12,
        excel=True,
        about=about_workspace(crm),
    )


@or_else(lambda missing: None)
def plan_names(crm: Any, plan: PlanVsActual) -> dict[str, str]:
    """Key -> what a picture shows for it: a pseudonym of a customer, the name of a product.

    Parameters
    ----------
    crm : Crm
    plan : PlanVsActual

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_plan, _little_shop
    >>> plan_names(_little_shop(), _little_plan())
    {'tea': 'Tea', 'milk': 'Milk', 'salt': 'salt'}
    """
    keys = pd.Series(plan.table["key"].unique(), dtype="str")
    if plan.by == "customer":
        return dict(zip(keys, public_ids(crm, keys), strict=True))
    names = product_names(crm) if plan.by == "product" else {}
    return {key: names.get(key, key) for key in keys}


def product_names(crm: Any) -> dict[str, str]:
    """Product -> its name, where products have one.

    Parameters
    ----------
    crm : Crm

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_shop
    >>> product_names(_little_shop())
    {'tea': 'Tea', 'milk': 'Milk'}
    """
    if "products" not in crm.tables or "name" not in crm.columns("products"):
        return {}
    frame = crm.frame("products", ["product_id", "name"]).dropna()
    return dict(zip(frame["product_id"].astype(str), frame["name"].astype(str), strict=True))


def with_keys(crm: Any, table: pd.DataFrame, *, by: str, blank: str = "not known") -> pd.DataFrame:
    """A table by key as a list may show it: customers by pseudonyms, products with their names.

    Parameters
    ----------
    crm : Crm
    table : DataFrame
        With `key`; it is not changed.
    by : str
    blank : str
        Stands where the key is empty.

    Examples
    --------
    >>> from crmlib.present.claims_forecast_words import _little_shop
    >>> with_keys(_little_shop(), pd.DataFrame({"key": ["tea", ""]}), by="product")
             key       name
    0        tea        Tea
    1  not known
    """
    frame = table.copy()
    keys = frame["key"].astype(str)
    if by == "customer":
        known = ~keys.isin(_WHOLE)
        frame.loc[known, "key"] = public_ids(crm, keys[known]).to_numpy()
    if by in ("owner", "employee"):
        known = ~keys.isin(_WHOLE)
        frame.loc[known, "key"] = employee_names(crm, keys[known]).to_numpy()
    if by == "product":
        names = product_names(crm)
        if names:
            named = keys.map(names).where(keys.isin(list(names)) | keys.isin(_WHOLE), "not known").fillna("")
            frame.insert(frame.columns.get_loc("key") + 1, "name", named)
    return frame.assign(key=frame["key"].where(frame["key"] != "", blank))
