"""Key figures and tables of the report on service."""

import pandas as pd

from crmlib.analyse.service.ahead import CasesAhead
from crmlib.analyse.service.cases import KEPT, LEVEL, THIRD, ServiceCases
from crmlib.analyse.service.load import ServiceLoad
from crmlib.analyse.service.sales import CaseSales
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures, Skipped
from crmlib.present.blocks.tables import without_empty
from crmlib.present.claims import claim, count, money, share
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital, is_known
from crmlib.present.reports.service.say import CALL_WAYS, LOAD_WAYS, THIRDS, WHY_WORDS

_TIMES = ("response_hours", "response_hours_low", "response_hours_high", "resolution_days")


def service_figures(found: ServiceCases, load: ServiceLoad | Skipped) -> KeyFigures:
    """What waits, how fast it goes, what comes back, what it costs."""
    figures = []
    if not isinstance(load, Skipped):
        waiting = load.weeks["waiting"].tail(26).tolist()
        figures.append(
            KeyFigure(
                claim("service-figure-open"),
                count(load.waiting, at="cases.open"),
                better="lower",
                history=waiting,
            )
        )
    for column, label, unit, digits in (
        ("response_hours", claim("service-figure-response"), "hours", ".1f"),
        ("resolution_days", claim("service-figure-resolution"), "days", ".0f"),
    ):
        row = found.overall.loc[column]
        if is_known(row["median"]):
            figures.append(KeyFigure(label, float(row["median"]), unit=unit, better="lower", format=digits))
    if is_known(found.reopened[0]):
        again, low, high = found.reopened
        figures.append(
            KeyFigure(
                claim("service-figure-reopened"),
                share(again, at="cases.reopened_share"),
                low=low,
                high=high,
                better="lower",
            )
        )
    if is_known(found.cost_365d):
        cost = money(found.cost_365d, found.currency, at="cases.cost[365d]")
        figures.append(KeyFigure(claim("service-figure-cost"), cost, better="lower"))
    return KeyFigures(*figures)


def thirds_table(found: ServiceCases) -> DataTable | None:
    """How each third of customers by spend is served, and what it costs."""
    if found.by_value.empty:
        return None
    table = found.by_value.merge(found.levels[[THIRD, "now_kept", "by_value_kept"]], on=THIRD, how="left")
    names = [
        "cases",
        "response_hours",
        "now_kept",
        "by_value_kept",
        "resolution_days",
        "reopened_pct",
        "cost_pct",
    ]
    shown = table.sort_values(THIRD, ascending=False, ignore_index=True)[[THIRD, *names]]
    shown[THIRD] = [capital(str(THIRDS.term(str(third)))) for third in shown[THIRD]]
    return _table(shown, found, "service_by_spend", claim("service-table-thirds", part=share(100 * KEPT)))


def levels_table(found: ServiceCases) -> DataTable | None:
    """How each service level agreed is kept."""
    if len(found.by_level) < 2:
        return None
    return _table(
        found.by_level[[LEVEL, "cases", *_TIMES, "reopened_pct", "cost_each"]], found, "service_levels",
        claim("service-table-levels"),
    )  # fmt: skip


def products_table(found: ServiceCases) -> DataTable | None:
    """Cases against sales of every product that enough customers had one of."""
    if found.products.empty:
        return None
    renamed = {
        "rate_pct": "case_rate_pct",
        "times": "case_times",
        "low": "case_times_low",
        "high": "case_times_high",
    }
    shown = found.products.rename(columns=renamed).drop(columns=["product_id", "margin_365d"])
    return _table(shown, found, "cases_by_product", claim("service-table-products"))


def _table(shown: pd.DataFrame, found: ServiceCases, name: str, caption) -> DataTable:
    return DataTable(without_empty(shown), name, caption, currency=found.currency)


@or_else(lambda missing: None)
def offers_table(crm: Crm, sales: CaseSales) -> DataTable | None:
    """What could be offered to whom after a case of the last 90 days."""
    if sales.offers.empty:
        return None
    shown = pd.DataFrame(
        {
            "customer_id": public_ids(crm, sales.offers["customer_id"]),
            "product": sales.offers["product"],
            "offered_product": sales.offers["offered"],
            "offered_price": sales.offers["offered_price"],
            "offer_reason": [capital(str(WHY_WORDS.term(why))) for why in sales.offers["why"]],
        }
    )
    return DataTable(
        shown, "offers_after_cases", claim("service-table-offers"), currency=crm.currency, rows=5, about=crm
    )


@or_else(lambda missing: None)
def load_table(load: ServiceLoad) -> DataTable | None:
    """How far off each way was on past days."""
    if load.tests.empty:
        return None
    tests = load.tests.reset_index()
    shown = pd.DataFrame(
        {
            "way": [capital(str(LOAD_WAYS.term(way))) for way in tests["way"]],
            "forecasts": tests["forecasts"],
            "mae": tests["mae"],
            "within_bounds_pct": 100 * tests["held"] / tests["tried"].where(tests["tried"] > 0),
        }
    )
    return DataTable(shown, "cases_forecast", claim("service-table-load"))


@or_else(lambda missing: None)
def calls_table(ahead: CasesAhead) -> DataTable | None:
    """What became of those who would have been called on past days."""
    if ahead.tests.empty:
        return None
    tests = ahead.tests.reset_index()
    shown = tests.assign(way=[str(CALL_WAYS.term(way)) for way in tests["way"]])
    shown = shown.rename(columns={"low": "hit_low", "high": "hit_high"}).drop(columns="expected_pct")
    return DataTable(shown, "calls_tested", claim("service-table-calls"))
