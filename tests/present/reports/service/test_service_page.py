"""The page on service: the planted product by its factor, parts left out where tables are missing, hostile names."""

import re

import pandas as pd
import pytest

from crmlib import Crm, case_sales, cases_ahead, service, service_load, worklist
from crmlib.present.blocks import Answer, Skipped
from crmlib.present.needs import SkipReport, fitted, require_cases
from crmlib.present.reports.service import draw, say, show
from crmlib.present.reports.worklist import say as say_work
from crmlib.present.reports.worklist.show import work_table
from crmlib.schema.states import PREVENT
from tests.analyse.service.company import AS_OF, crm, frames
from tests.present.drawn import faults_of

NAME = "<b>Scanner</b> =cmd| {x}"


def made(workspace):
    """All results of the page, in the order of its cells."""
    ahead = fitted(cases_ahead, workspace, rows=10)
    work = fitted(worklist, workspace, only=(PREVENT,), ahead=ahead)
    return service(workspace), fitted(service_load, workspace), fitted(case_sales, workspace), ahead, work


def sentences(results) -> list[str]:
    found, load, sales, ahead, work = results
    said = [
        *say.service_answer(found, work), *say.service_findings(found, load, sales), *say.ahead_paragraph(ahead),
        *say.products_paragraph(found), *say.served_paragraph(found), *say.cost_paragraph(found),
        *say.load_paragraph(load), *say.sales_paragraph(sales), *say.service_limits(found, ahead),
    ]  # fmt: skip
    return [str(one) for one in said]


def tables(workspace, results):
    found, load, sales, ahead, work = results
    made_tables = [
        show.thirds_table(found), show.levels_table(found), show.products_table(found),
        show.offers_table(workspace, sales), show.load_table(load), show.calls_table(ahead),
        work_table(workspace, work, PREVENT),
    ]  # fmt: skip
    return [table for table in made_tables if table is not None]


@pytest.fixture(scope="module")
def company():
    return crm()


@pytest.fixture(scope="module")
def results(company):
    return made(company)


def test_the_product_that_fails_is_named_with_its_factor_and_called_about_first(results):
    found, *_, work = results
    answer = [str(one) for one in say.service_answer(found, work)]
    top = found.failing.iloc[0]
    others = found.products[found.products["product"] != NAME]
    assert top["product"] == NAME and len(found.failing) == 1
    assert ((others["q_value"] > 0.05) | (others["times"] < 1)).all()
    factor = top["cases"] / top["lines_sold"] / (found.cases - top["cases"]) * (
        len(frames()["transactions"]) - top["lines_sold"]
    )  # fmt: skip
    assert top["times"] == pytest.approx(factor, rel=0.02) and top["low"] < 0.5 / 0.03 < top["high"]
    assert f"“{NAME}” brings {top['times']:.0f}\u00a0times as many cases" in answer[1]
    assert (
        answer[-1] == str(say_work.work_begin_of(work.slice(PREVENT))[0])
        and work.first["customer_id"].iloc[0] in answer[-1]
    )
    assert len(answer) == 3 and len(" ".join(answer).split()) <= 60
    assert Answer(say.service_answer(found, work))


def test_no_sentence_has_a_gap_and_names_from_data_stay_text(company, results):
    for sentence in sentences(results):
        assert not re.search(r"not known|None|\bnan\b|\{ ?\$", sentence), sentence
    for table in tables(company, results):
        page = str(table._html())
        assert "<b>Scanner" not in page and not re.search(r"\bnan\b|NaT", page)
    for plot, result in (
        (draw.plot_products, results[0]),
        (draw.plot_times, results[0]),
        (draw.plot_load, results[1]),
    ):
        assert len(plot(result).crmlib_alt) > 20


def test_pictures_can_be_read(results):
    found, load, *_ = results
    assert not faults_of(draw.plot_times(found))
    assert not faults_of(draw.plot_products(found))
    assert not faults_of(draw.plot_load(load))


def test_the_list_is_a_slice_of_the_worklist_and_says_why(company, results):
    shown = work_table(company, results[-1], PREVENT).frame
    assert len(shown) == len(results[-1].slice(PREVENT)) == len(results[3].table)
    assert shown["reason"].str.contains("likely to have a case with it within 90").all()
    assert shown["step"].str.contains(NAME, regex=False).all()


@pytest.mark.parametrize(
    ("without", "left_out"),
    [
        (
            ("transactions", "products"),
            ["that needs orders", "Nobody needs a call|Whom to call is not known"],
        ),
        (("products",), []),
    ],
)
def test_parts_are_left_out_visibly_where_tables_are_missing(without, left_out):
    given = frames()
    if "transactions" in without:
        given["opportunities"] = pd.DataFrame({"opportunity_id": ["d"], "stage": "x", "outcome": "open"})
    workspace = crm(given, without=without)
    results = made(workspace)
    said = sentences(results)
    assert not any(re.search(r"not known to|None|\bnan\b", sentence) for sentence in said)
    for part in left_out:
        assert any(re.search(part, sentence) for sentence in said), part
    assert isinstance(results[2], Skipped) == ("transactions" in without)
    assert (show.thirds_table(results[0]) is None) == ("transactions" in without)
    named = {row for table in tables(workspace, results) for row in table.frame.get("product", [])}
    assert ("p3" in named) == ("transactions" not in without), "a number where there is no name"


def test_cases_with_little_on_record_still_make_a_page():
    cases = frames()["service_cases"][["case_id", "customer_id", "opened_at"]]
    results = made(Crm.from_frames(as_of=AS_OF, service_cases=cases))
    said = sentences(results)
    assert isinstance(results[1], Skipped) and said[0].endswith("came in within the last year.")
    assert any("First close what has waited longest" in sentence for sentence in said)
    assert any("no case says when it was closed" in sentence for sentence in said)
    assert show.service_figures(results[0], results[1]) is not None


def test_a_workspace_without_a_case_is_skipped_with_the_reason():
    given = frames()
    found = service(crm(given | {"service_cases": given["service_cases"].head(0)}))
    with pytest.raises(SkipReport, match="No service case has come in"):
        require_cases(found)
    unnamed = given | {"service_cases": given["service_cases"].drop(columns="product_id")}
    assert isinstance(fitted(cases_ahead, crm(unnamed)), Skipped)


def test_a_group_that_is_too_small_is_not_shown():
    given = frames()
    cases = given["service_cases"]
    few = cases["customer_id"].isin(sorted(cases["customer_id"].unique())[:9])
    given["service_cases"] = cases.assign(
        service_level=few.map({True: "platinum", False: "standard"}),
        product_id=cases["product_id"].where(~few, "p9"),
    )
    given["transactions"] = pd.concat(
        [given["transactions"], given["transactions"].head(30).assign(product_id="p9", order_id="many")]
    )
    found = service(crm(given))
    assert "platinum" not in set(found.by_level["service_level"])
    assert "p9" not in set(found.products["product_id"])


def test_customers_who_spend_most_and_wait_longer_are_said_to():
    given = frames()
    spend = given["transactions"].groupby("customer_id")["net_amount"].sum().rank(method="first")
    late = given["service_cases"]["customer_id"].map(spend) > 80
    cases = given["service_cases"]
    hours = pd.to_timedelta(late.map({True: 30, False: 2}) + cases.index % 7, unit="h")
    given["service_cases"] = cases.assign(first_response_at=cases["opened_at"] + hours)
    worse = service(crm(given))
    assert worse.served == "worst"
    assert "wait longer than others" in str(say.service_findings(worse, Skipped("x"), Skipped("x"))[-1])
    given["service_cases"] = cases.assign(first_response_at=cases["opened_at"] + pd.Timedelta(hours=3))
    assert service(crm(given)).served == "alike"


def test_calls_that_past_days_do_not_prove_are_not_on_the_list():
    small = crm(frames(customers=60))
    ahead = cases_ahead(small, rows=10)
    assert len(ahead.table) and not ahead.is_proven, "26 % against 18 % of 57 calls may be chance"
    assert str(say.ahead_paragraph(ahead)[0]).startswith("Nobody is named: of 57 who would have been called")
    work = worklist(small, only=(PREVENT,), ahead=ahead)
    assert work.table.empty and work_table(small, work, PREVENT) is None
    assert "First find out what goes wrong" in str(say.service_answer(service(small), work)[-1])
