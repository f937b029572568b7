"""The whole suite of reports on real data, as the scheduler runs it."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from crmlib.prepare.engine import THREADS_VARIABLE
from crmlib.present.publish.manifest import index_figures
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runs import run_reports
from tests.conftest import NUMERIC_THREADS
from tests.present.consistency import faults, run_in

ROOT = Path(__file__).resolve().parents[1]
REPORTS = {
    *("data_health", "customer_profile", "segmentation", "cross_sell"),
    *(
        "customer_value",
        "churn_and_life_cycle",
        "forecast_and_plan",
        "worklist",
        "what_changed",
        "model_health",
    ),
}
REPEATED = {"customer_profile", "segmentation", "customer_value", "churn_and_life_cycle"}
"""Made twice: those that draw lots, and that with the key figures. Offers and forecasts give the same bytes twice
in tests of their own."""

PAIRS = "[reports.cross_sell.parameters]\nmax_len = 2\n"
"""With triples there are a million rules, and most of the time goes into them; tests of rules have them."""

BYTES = 2_000_000


@pytest.fixture(scope="module")
def online_retail(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "online_retail"
    shutil.copytree(ROOT / "tests" / "workspaces" / "online_retail", folder)
    toml = folder / "crm.toml"
    told = toml.read_text().replace("../../../../shared/data", str(shared_data))
    toml.write_text(f"{told}\n{PAIRS}")
    return folder


@pytest.fixture(scope="module")
def runs(online_retail, tmp_path_factory):
    """Two runs of the same inputs, the second of some reports."""
    out = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        for variable in (THREADS_VARIABLE, *NUMERIC_THREADS):  # the same twice on all cores, too
            patch.delenv(variable, raising=False)
        with Kernels() as kernels:
            told = {"out": out, "notebooks": ROOT / "notebooks", "fresh": True, "kernels": kernels}
            return [
                run_reports(online_retail, reports=chosen, **told)[0] for chosen in (None, sorted(REPEATED))
            ]


def told(run):
    return json.loads((run.folder / "run.json").read_text(encoding="utf-8"))


def test_every_report_is_done_without_products_costs_or_all_customers(runs):
    for run, reports in zip(runs, (REPORTS, REPEATED), strict=True):
        assert run.status == "published", run.reason
        assert set(run.reports.loc[run.reports["status"] == "done", "report"]) == reports


def test_pages_are_whole_small_and_alone(runs):
    pages = sorted(runs[0].folder.glob("*.html"))
    assert {page.stem for page in pages} == REPORTS | {"index"}
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(text.encode()) <= BYTES
        assert "Content-Security-Policy" in text and '<html lang="' in text
        assert not re.search(r'(src|href)="(https?:)?//', text)
        assert not re.search(
            r"\b(nan|NaN|None|Traceback)\b",
            re.sub(r"<script.*?</script>|base64,[A-Za-z0-9+/=]+", "", text, flags=re.S),
        )
        assert len(re.findall(r"<img ", text)) == len(re.findall(r'<img [^>]*alt="[^"]{20,}"', text))
        described = re.findall(
            r'<figure class="crm-picture"><(?:img alt|svg role="img" aria-label)="[^"]{20,}"', text
        )
        assert text.count('<figure class="crm-picture">') == len(described)


def test_a_list_too_long_for_its_page_lies_whole_beside_it(runs):
    linked = {}
    for page in runs[0].folder.glob("*.html"):
        found = re.findall(r'href="([^":]+)">All ([\d,]+) rows as (CSV|Excel)</a>', page.read_text("utf-8"))
        linked |= {href: (int(rows.replace(",", "")), kind) for href, rows, kind in found}
    beside = {path.relative_to(runs[0].folder).as_posix() for path in runs[0].folder.glob("*_files/*")}
    assert set(linked) == beside
    sheets = {href: rows for href, (rows, kind) in linked.items() if kind == "CSV"}
    assert sheets and all(len(pd.read_csv(runs[0].folder / href)) == rows for href, rows in sheets.items())


def test_same_inputs_and_parameters_give_the_same_figures_and_tables(runs):
    first, second = (told(run) for run in runs)
    again = {report["name"]: report for report in second["reports"]}
    shared = [report for report in first["reports"] if report["name"] in again]
    assert index_figures(shared) == second["key_figures"]
    assert set(again) >= REPEATED
    for one in first["reports"]:
        if one["name"] in REPEATED:
            assert one["blocks"] == again[one["name"]]["blocks"], one["name"]
            assert one["key"] == again[one["name"]]["key"]
    pages = [{name: _body(run.folder / f"{name}.html") for name in REPEATED} for run in runs]
    assert pages[0] == pages[1]


def test_the_run_tells_where_its_figures_come_from(runs):
    run = told(runs[0])
    assert run["checks"]["rows_read"] == 541_909
    assert run["as_of"].startswith("2011-12-09")
    assert [source["fingerprint"][:8] for source in run["sources"]] == ["310acfdf"]
    assert {"pandas", "duckdb", "scikit-learn"} <= set(run["versions"])


def test_no_page_contradicts_another(runs):
    for run in runs:
        said = run_in(run.folder)
        assert said.claims and said.lists and faults(said) == []


def _body(page):
    """A page less the name of its run."""
    return re.sub(r"\d{8}T\d{6}Z(-\d+)?", "", page.read_text(encoding="utf-8"))
