"""Runs: published whole, kept when they fail, reused when nothing has changed, one at a time."""

import json
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from crmlib.present.run import zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runner import Pages
from crmlib.present.run.runs import folder_lock, run_reports
from crmlib.schema.errors import ConfigError, ParameterError
from tests.present.small_project import READER, SHOW, assert_whole, make_project, write_notebook


def page(notebook, *, title, context, show_code=False):
    said = [
        o["text"] for cell in notebook.cells for o in cell.get("outputs", ()) if o.output_type == "stream"
    ]
    return f"<h1>{title}</h1><a href={context['index_href']}>index</a>{json.dumps(context)}{said}{show_code}"


def index(run, reports):
    links = "".join(f"<a href={r['href']}>{r['name']}</a>" for r in reports if r["status"] == "done")
    return f"{links}<p>{len(run['history'])} before, {(run['previous'] or {}).get('run')}</p>"


def site(workspaces):
    return "".join(f"<a href={w['href']}>{w['title']}: {w['status']}</a>" for w in workspaces)


PLAIN = Pages(notebook_to_html=page, run_index=index, site_index=site)


@pytest.fixture(scope="module", autouse=True)
def light():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        yield


@pytest.fixture(scope="module")
def kernels(light):
    with Kernels() as found:
        yield found


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


@pytest.fixture
def report(project, kernels):
    def run(*names, workspace=project / "data" / "shop", **options):
        defaults = {
            "reports": names or None,
            "out": project / "reports",
            "notebooks": project / "notebooks",
            "pages": PLAIN,
            "kernels": kernels,
        }
        (run,) = run_reports(workspace, **(defaults | options))
        return run

    return run


def shelf(project):
    return project / "reports" / "shop"


def statuses(run):
    return dict(zip(run.reports.report, run.reports.status, strict=True))


def break_report(project, cell="1 / 0"):
    write_notebook(project / "notebooks" / "01_answer.ipynb", cell, told={"needs": ["transactions"]})


def test_a_run_is_published_with_all_it_says_about_itself(project, report):
    run = report(jobs=2, as_of="2020-01-31")
    assert run.status == "published" and run.exit_code == 0 and run.folder == shelf(project) / run.run
    assert statuses(run) == {"answer": "done", "figures": "done", "lacking": "skipped"}
    assert_whole(project / "reports")
    assert not (shelf(project) / "latest").readlink().is_absolute()
    record = json.loads((shelf(project) / "latest" / "run.json").read_text())
    assert record["workspace"] == "shop" and record["title"] == "The shop" and record["currency"] == "EUR"
    assert record["as_of"].startswith("2020-01-31") and record["data_up_to"] == "2020-01-02T00:00:00"
    assert record["checks"] == {"rows_read": 2, "rows_accepted": 2, "rows_set_aside": 0}
    assert {"python", "crmlib", "pandas", "duckdb"} <= set(record["versions"])
    assert record["missing_tables"] == ["products", "feedback"]
    assert [figure["value"] for figure in record["key_figures"]] == [1.5]
    answer, figures, lacking = record["reports"]
    assert answer["answer"] == "2 orders." and answer["parameters"] == {"as_of": "2020-01-31"}
    assert figures["findings"] == ["Up."] and figures["seconds"] > 0
    assert lacking["reason"] == "The workspace has no table feedback." and lacking["table"] == "feedback"
    assert record["started"] <= record["finished"]


def test_notebooks_run_at_once_as_far_as_memory_allows(project, report, monkeypatch):
    monkeypatch.setattr("crmlib.present.run.runner.os.cpu_count", lambda: 4)
    said = "notebooks at once: "
    for free, told in ((10**12, ""), (900_000_000, "2"), (1, "1")):
        monkeypatch.setattr("crmlib.present.run.runner.free_memory", lambda free=free: free)
        log = report("answer").log.read_text()
        assert (f"{said}{told}," in log) if told else said not in log
    assert said not in report("answer", jobs=3).log.read_text()


def test_what_is_published_is_pages_and_the_record_and_names_no_folder(project, report):
    report("answer")
    published = shelf(project) / "latest"
    names = {"index.html", "run.json", "answer.html", "answer_files"}
    assert {path.name for path in published.iterdir()} == names
    assert not any(str(project) in path.read_text() for path in published.rglob("*") if path.is_file())
    assert (shelf(project) / ".work").stat().st_mode & 0o77 == 0


def test_the_real_pages_of_a_run_are_whole(project, report):
    assert report(pages=None).status == "published"
    assert_whole(project / "reports")
    assert "How many orders?" in (shelf(project) / "latest" / "answer.html").read_text()
    assert "2 orders." in (shelf(project) / "latest" / "index.html").read_text()
    assert "The shop" in (project / "reports" / "index.html").read_text()


def test_same_inputs_give_the_same_figures(project, report):
    blocks = []
    for _ in range(2):
        record = json.loads((report().folder / "run.json").read_text())
        blocks.append([(r["name"], r["blocks"], r["key"]) for r in record["reports"]])
    assert blocks[0] == blocks[1]


def test_the_index_knows_the_runs_before(project, report):
    first, second = report("answer"), report("answer")
    assert first.run != second.run
    assert f"1 before, {first.run}" in (second.folder / "index.html").read_text()


def test_parameters_from_crm_toml_and_from_the_call(project, report):
    with (project / "data" / "shop" / "crm.toml").open("a") as config:
        config.write("[reports.figures.parameters]\nfactor = 3\n")
    told = {}
    for name, given in (("stated", {}), ("given", {"factor": "4.5", "names": '["a"]'})):
        run = report("figures", "answer", parameters=given)
        record = json.loads((run.folder / "run.json").read_text())
        told[name] = {r["name"]: r["parameters"] for r in record["reports"]}
    assert told["stated"] == {"answer": {}, "figures": {"factor": 3.0}}
    assert told["given"] == {"answer": {}, "figures": {"factor": 4.5, "names": ["a"]}}


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"parameters": {"facter": "2"}}, "Did you mean 'factor'?"),
        ({"parameters": {"factor": "two"}}, "Give a number"),
        ({"parameters": {"token": "x"}}, "environment variable"),
        ({"parameters": {"workspace": "x"}}, "name the workspace itself"),
        ({"parameters": {"as_of": "x"}}, "--as-of"),
        ({"reports": ["answers"]}, "Did you mean 'answer'?"),
        ({"workspace": "nowhere"}, "There is no workspace 'nowhere'."),
    ],
)
def test_bad_use_is_refused_before_anything_is_touched(project, report, options, remedy):
    with pytest.raises(ParameterError) as refused:
        report(**options)
    assert remedy in str(refused.value)
    assert not (project / "reports").exists()


def test_a_workspace_is_refused_with_the_nearest(project, report):
    with pytest.raises(ParameterError, match=r"Did you mean '.*/data/shop'"):
        report(workspace=project / "data" / "shp")
    (project / "data" / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"empty holds no crm\.toml"):
        report(workspace=project / "data" / "empty")
    (project / "other" / "shop").mkdir(parents=True)
    (project / "other" / "shop" / "crm.toml").write_text("")
    with pytest.raises(ParameterError, match="Two workspaces are named shop"):
        report(workspace=[project / "data" / "shop", project / "other" / "shop"])


def test_data_that_cannot_be_used_stops_the_run_and_touches_nothing(project, report):
    first = report("answer")
    (project / "data" / "shop" / "transactions.csv").unlink()
    run = report()
    assert run.status == "refused" and run.exit_code == 2 and "transactions" in run.reason
    assert (shelf(project) / "latest").readlink().name == first.run
    assert_whole(project / "reports")


def test_a_failed_run_leaves_the_published_one_and_its_notebooks(project, report):
    first = report()
    break_report(project)
    run = report()
    assert run.status == "failed" and run.exit_code == 1
    assert run.reason == "01_answer.ipynb, cell 3: ZeroDivisionError: division by zero"
    assert statuses(run) == {"answer": "failed", "figures": "done", "lacking": "skipped"}
    assert (shelf(project) / "latest").readlink().name == first.run
    assert run.folder == shelf(project) / "failed" / run.run and (run.folder / "answer.ipynb").exists()
    log = run.log.read_text()
    assert "ZeroDivisionError" in log and "1 / 0" in log and "\x1b[" not in log
    assert_whole(project / "reports")
    assert "The shop: failed" in (project / "reports" / "index.html").read_text()
    assert not list(shelf(project).glob(".staging*"))


def test_finished_notebooks_of_a_failed_run_are_reused_when_nothing_about_them_has_changed(project, report):
    source = (project / "notebooks" / "01_answer.ipynb").read_text()
    break_report(project)
    assert report().status == "failed"
    (project / "notebooks" / "01_answer.ipynb").write_text(source)
    run = report()
    assert run.status == "published" and dict(zip(run.reports.report, run.reports.reused, strict=True)) == {
        "answer": False,
        "figures": True,
        "lacking": False,
    }
    record = json.loads((run.folder / "run.json").read_text())
    assert [figure["value"] for figure in record["key_figures"]] == [1.5]
    assert not report().reports.reused.any(), "a finished run is no quarry"


@pytest.mark.parametrize("change", ["parameter", "notebook", "data", "as_of", "fresh"])
def test_nothing_is_reused_when_something_has_changed(project, report, change):
    source = (project / "notebooks" / "01_answer.ipynb").read_text()
    break_report(project)
    report()
    (project / "notebooks" / "01_answer.ipynb").write_text(source)
    options = {}
    if change == "parameter":
        options = {"parameters": {"factor": 9}}
    elif change == "as_of":
        options = {"as_of": "2020-01-30"}
    elif change == "fresh":
        options = {"fresh": True}
    elif change == "notebook":
        write_notebook(
            project / "notebooks" / "02_figures.ipynb",
            SHOW,
            'Shown(kind="answer", text="!", sentences=["!"])',
        )
    else:
        with (project / "data" / "shop" / "transactions.csv").open("a") as lines:
            lines.write("3,tea,cem,2020-01-03,1,7.0\n")
    run = report(**options)
    assert run.status == "published" and not run.reports.reused.any()


def test_if_changed_does_nothing_until_something_changes(project, report):
    assert report("figures", if_changed=True).status == "published"
    again = report("figures", if_changed=True)
    assert again.status == "nothing to do" and again.exit_code == 3 and "Nothing has changed" in again.reason
    assert report("figures", if_changed=True, parameters={"factor": 2}).status == "published"
    assert report("figures", if_changed=True, show_code=True, parameters={"factor": 2}).status == "published"


def test_when_every_report_is_skipped_there_is_nothing_to_do(project, report):
    run = report("lacking")
    assert run.status == "nothing to do" and run.exit_code == 3 and "feedback" in run.reason
    assert not (shelf(project) / "latest").exists() and not list((shelf(project) / ".work").iterdir())


def test_a_report_that_skips_itself_does_not_hold_up_the_others(project, report):
    break_report(
        project,
        "from crmlib.present.needs import SkipReport\nraise SkipReport('Too early.', table='products')",
    )
    run = report()
    assert run.status == "published" and statuses(run)["answer"] == "skipped"
    record = json.loads((run.folder / "run.json").read_text())
    assert (record["reports"][0]["reason"], record["reports"][0]["table"]) == ("Too early.", "products")


def test_a_page_that_is_too_heavy_fails_its_report(project, report):
    heavy = Pages(notebook_to_html=lambda *_, **__: "x" * 50_000_000, run_index=index, site_index=site)
    run = report("answer", pages=heavy)
    assert run.status == "failed" and "weighs" in run.reason


def test_old_runs_leave_but_never_the_latest(project, report):
    runs = [report("answer", keep=2).run for _ in range(3)]
    kept = sorted(path.name for path in shelf(project).iterdir() if path.name.startswith("2"))
    assert kept == runs[-2:] and (shelf(project) / "latest").readlink().name == runs[-1]
    (shelf(project) / "latest").unlink()
    (shelf(project) / "latest").symlink_to(runs[-2])
    (shelf(project) / "failed").mkdir(exist_ok=True)
    from crmlib.present.publish.publish import Shelf

    Shelf(root=shelf(project)).prune(keep=1)
    assert (shelf(project) / runs[-2]).is_dir()


def test_what_dead_runs_have_left_is_cleared_away(project, report):
    root = shelf(project)
    (root / ".staging-20200101T000000Z").mkdir(parents=True)
    (root / ".work" / "20200101T000000Z").mkdir(parents=True)
    (root / ".work" / "20200101T000000Z" / "answer.ipynb").write_text("half")
    (root / ".trash-20190101T000000Z").mkdir()
    report("answer")
    assert not list(root.glob(".staging*")) and not list(root.glob(".trash*"))
    assert (root / "failed" / "20200101T000000Z" / "answer.ipynb").read_text() == "half"


def test_a_latest_that_is_no_link_is_not_overwritten(project, report):
    (shelf(project) / "latest").mkdir(parents=True)
    run = report("answer")
    assert run.status == "refused" and "Move it away" in run.reason
    assert (shelf(project) / "latest").is_dir()


def test_a_second_run_waits_and_says_so(project, report):
    steps = []
    with folder_lock(shelf(project)):
        refused = report("answer", wait=False)
        second = threading.Thread(target=lambda: steps.append(report("answer", progress=steps.append)))
        second.start()
        end = time.monotonic() + 20
        while not any(step.kind == "waiting" for step in steps) and time.monotonic() < end:
            time.sleep(0.02)
        assert [step.kind for step in steps] == ["waiting"] and "process" in steps[0].says
        assert not list(shelf(project).glob(".staging*"))
    second.join(60)
    assert steps[-1].status == "published"
    assert refused.status == "refused" and refused.exit_code == 2 and "--no-wait" in refused.reason


def test_two_processes_at_once_publish_one_after_the_other(project):
    # One that imports once and then forks, twice.
    code = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from crmlib.prepare import workspace
        from crmlib.present.publish import html, site
        from crmlib.present.run import zygote
        from crmlib.present.run.runs import run_reports
        zygote.modules_to_import = lambda: ["crmlib.present.run.kernel_app"]
        root = Path(sys.argv[1])
        children = []
        for _ in range(2):
            children.append(os.fork())
            if not children[-1]:
                try:
                    (run,) = run_reports(root / "data/shop", out=root / "reports", notebooks=root / "notebooks")
                    os.write(1, f"{run.run} {run.status}\\n".encode())
                    os._exit(0)
                finally:
                    os._exit(1)
        sys.exit(any(os.waitpid(child, 0)[1] for child in children))
        """
    )
    top = Path(__file__).parents[3]
    command = [sys.executable, "-c", code, project]
    done = subprocess.run(command, cwd=top, stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    said = [line.split() for line in done.stdout.splitlines()]
    assert [status for _, status in said] == ["published", "published"] and said[0][0] != said[1][0]
    assert_whole(project / "reports")


def test_an_error_nobody_foresaw_on_a_page_leaves_the_next_run_its_kernels(project, report):
    def page(*_, **__):
        raise ZeroDivisionError("of all things")

    run = report(pages=Pages(notebook_to_html=page, run_index=index, site_index=site))
    assert (run.status, run.reason) == ("failed", "ZeroDivisionError: of all things")
    assert report().status == "published"


def test_several_workspaces_of_which_one_fails(project):
    other = project / "data" / "other"
    other.mkdir()
    (other / "crm.toml").write_text('currency = "EUR"\n')
    runs = run_reports(
        [other, project / "data" / "shop"],
        reports=["answer"],
        out=project / "reports",
        notebooks=project / "notebooks",
        pages=PLAIN,
    )
    assert [run.status for run in runs] == ["refused", "published"]


def test_stopping_a_run_keeps_its_notebooks_and_ends_its_kernels(project, report):
    write_notebook(project / "notebooks" / "01_answer.ipynb", "import time; time.sleep(60)")

    def stop(step):
        if step.kind == "done":
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        report("figures", "answer", progress=stop, jobs=2, kernels=None)
    assert time.monotonic() - began < 30
    (kept,) = (shelf(project) / "failed").iterdir()
    assert (kept / "figures.ipynb").exists() and not list(shelf(project).glob(".staging*"))


HEAVY = """\
import base64

link = "data:text/csv;charset=utf-8;base64," + base64.b64encode(b"4711,12\\n" * 200_000).decode()


class Table:
    def _repr_mimebundle_(self, include=None, exclude=None):
        html = f'<p>Rows</p><a class="crm-download" download="list.csv" href="{link}">Download as CSV</a>'
        return {"text/plain": "", "text/html": html, "application/vnd.crmlib+json": {"kind": "table"}}


Table()
"""


def test_a_page_that_its_downloads_make_too_heavy_is_published_with_them_beside_it(project, report):
    write_notebook(project / "notebooks" / "04_heavy.ipynb", HEAVY, told={"title": "Heavy"})
    run = report("heavy", pages=Pages(run_index=index, site_index=site))
    assert run.status == "published", run.reason
    latest = shelf(project) / "latest"
    page = (latest / "heavy.html").read_text()
    assert len(page) < 200_000 and 'href="heavy_files/list.csv">Download as CSV</a>' in page
    assert (latest / "heavy_files" / "list.csv").stat().st_size == 1_600_000
    assert "lie beside it" in run.log.read_text()


def test_a_page_that_is_too_heavy_without_downloads_is_not_published(project, report):
    words = "class Text:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    words += '        html = "<p>" + "word " * 500_000 + "</p>"\n'
    words += (
        '        return {"text/plain": "", "text/html": html, "application/vnd.crmlib+json": {"kind": "x"}}\n'
    )
    write_notebook(project / "notebooks" / "04_heavy.ipynb", words + "Text()", told={"title": "Heavy"})
    run = report("heavy", pages=Pages(run_index=index, site_index=site))
    assert run.status == "failed" and "weighs 2,5" in run.reason
