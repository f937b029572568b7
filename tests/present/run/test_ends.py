"""Every end of a run that is not good is told, and one workspace never keeps another from its run."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from crmlib.present.run import console, zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runner import Pages
from crmlib.present.run.runs import run_reports
from tests.present.small_project import READER, make_project, write_notebook

PLAIN = Pages(
    notebook_to_html=lambda *_, **__: "<p>page</p>", run_index=lambda *_: "", site_index=lambda _: "index"
)
HOOK = "sh -c 'cat > told.txt; echo \" $CRMLIB_WORKSPACE $CRMLIB_EXIT_CODE\" >> told.txt'"


@pytest.fixture(scope="module")
def kernels():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        with Kernels() as found:
            yield found


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return make_project(tmp_path)


@pytest.fixture
def runs(project, kernels):
    def run(*folders, **options):
        told = {"reports": ["answer"], "out": project / "reports", "notebooks": project / "notebooks"}
        return run_reports(folders, pages=PLAIN, kernels=kernels, **(told | options))

    return run


@pytest.fixture
def told(project, kernels, monkeypatch):
    """What the command after a failure was told."""
    monkeypatch.setattr(console, "Kernels", lambda: kernels.__class__(warm=False))

    def run(**options):
        (project / "told.txt").unlink(missing_ok=True)
        chosen = {"reports": ["answer"], "out": project / "reports", "quiet": True, "on_failure": HOOK}
        try:
            code = console.report_and_tell([project / "data" / "shop"], **(chosen | options))
        except BaseException as error:
            code = type(error)
        file = project / "told.txt"
        return code, file.read_text() if file.exists() else ""

    return run


def database(folder, *statements, read):
    with sqlite3.connect(folder / "shop.db") as shop:
        for statement in statements:
            shop.execute(statement)
    shop.close()
    (folder / "crm.toml").write_text(
        f'currency = "EUR"\nas_of = "2020-01-31"\n[tables.transactions]\nfrom = "shop.db#{read}"\n'
    )


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) "
ROW = "i as order_id, 'a' as product_id, '2020-01-01' as ordered_at, 1 as net_amount"


def test_a_view_without_end_is_stopped_and_the_next_workspace_runs(project, runs):
    endless = project / "data" / "endless"
    endless.mkdir()
    database(endless, f"create view orders as {ENDLESS} select {ROW} from n where i < 0", read="orders")
    config = (endless / "crm.toml").read_text()
    (endless / "crm.toml").write_text(f"{config}[limits]\nseconds = 1\n")
    first, second = runs(endless, project / "data" / "shop")
    assert first.status == "refused" and "not done after 1 seconds" in first.reason
    assert "--timeout" in first.reason and second.status == "published"
    (endless / "crm.toml").write_text(config)
    (again,) = runs(endless, timeout=1)
    assert again.status == "refused", "and the next night is not held up by it"


def test_what_the_engine_reads_without_end_is_interrupted_and_leaves_nothing(project, runs):
    shop = project / "data" / "shop"
    (shop / "crm.toml").write_text(
        'currency = "EUR"\nas_of = "2020-01-31"\n[limits]\nseconds = 2\n'
        '[tables.transactions]\nfrom = "shop.duckdb#with recursive n as (select x as i from one union all '
        'select i + 1 from n) select i as order_id from n where i < 0"\n'
    )
    make = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table one as select 1 as x')"
    subprocess.run([sys.executable, "-c", make, shop / "shop.duckdb"], check=True)
    (run,) = runs(shop)
    assert run.status == "refused" and "not done after 2 seconds" in run.reason
    assert not [path for path in (shop / ".prepared").glob(".building-*") if any(path.iterdir())]


def test_text_without_bound_is_stopped_by_its_memory(project, runs):
    shop = project / "data" / "shop"
    database(
        shop,
        f"create view orders as select zeroblob(1000000000) || zeroblob(1000000000) as x, {ROW} from "
        "(select 1 as i)",
        read="orders",
    )
    config = (shop / "crm.toml").read_text()
    (shop / "crm.toml").write_text(f'{config}[limits]\nmemory = "600MB"\n')
    (run,) = runs(shop, timeout=120)
    assert run.status in ("refused", "failed") and run.reason, "stopped by the bound, or by the database"


def test_an_error_nobody_foresaw_ends_one_workspace_and_keeps_its_traceback(project, runs):
    second = project / "data" / "second"
    (project / "data" / "shop").rename(second)
    make_project(project / "more")

    def opening(folder, *, as_of):
        import crmlib

        if Path(folder).name == "second":
            raise ZeroDivisionError("of all things")
        return crmlib.open_workspace(folder, as_of=as_of)

    first, other = runs(second, project / "more" / "data" / "shop", open_workspace=opening)
    assert (first.status, first.reason) == ("failed", "ZeroDivisionError: of all things")
    assert "Traceback" in first.log.read_text() and first.log.parent.stat().st_mode & 0o077 == 0
    assert other.status == "published"


def test_an_error_in_the_reading_process_is_told_with_its_traceback(project, runs, monkeypatch):
    (project / "data" / "shop" / "crm.toml").write_text(
        'currency = "EUR"\n[tables.transactions]\nfrom = "transactions.csv"\n'
    )
    (project / "data" / "shop" / ".prepared").write_text("a file where a folder should be")
    (run,) = runs(project / "data" / "shop")
    assert run.exit_code in (1, 2) and ".prepared" in run.reason


def test_a_full_disk_is_told_with_its_path(project, told, monkeypatch):
    from crmlib.present.publish import publish

    def full(path, *_):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(publish, "write_bytes", full)
    code, says = told()
    assert code == 2 and "No space left on device" in says and str(project / "reports" / "shop") in says
    assert says.endswith(" shop 2\n")


def test_a_notebook_beyond_its_time_is_told(project, told):
    write_notebook(project / "notebooks" / "01_answer.ipynb", "import time; time.sleep(90)")
    code, says = told(timeout=8)
    assert code == 1 and "still running after 8 seconds" in says


def test_an_error_in_the_command_itself_is_told(told, monkeypatch):
    monkeypatch.setattr(console, "find_reports", lambda _: 1 / 0)
    code, says = told()
    assert code is ZeroDivisionError and says.startswith("ZeroDivisionError: division by zero")
    assert says.endswith(" 1\n")


def test_sigterm_is_told_ends_the_notebooks_and_leaves_nothing_half(project):
    write_notebook(
        project / "notebooks" / "01_answer.ipynb",
        "import pathlib, subprocess, time",
        'child = subprocess.Popen(["sleep", "300"], start_new_session=True)',
        'pathlib.Path("../child").write_text(str(child.pid)); time.sleep(300)',
        told={"needs": ["transactions"]},
    )
    code = (
        "from crmlib.present.run import zygote; zygote.modules_to_import = lambda: ['crmlib.present.run.kernel_app'];"
        "from crmlib.cli import main; main()"
    )
    words = ["report", "data/shop", "-r", "answer", "--on-failure", HOOK]
    run = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (project / "child").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    child = psutil.Process(int((project / "child").read_text()))
    run.send_signal(signal.SIGTERM)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 143 and "stopped" in err and "Traceback" not in err
    told = (project / "told.txt").read_text()
    assert "SIGTERM" in told and told.endswith("data/shop 143\n")
    child.wait(timeout=10)
    assert not list((project / "reports" / "shop").glob(".staging*"))


def test_what_a_notebook_started_ends_with_it(project, runs):
    write_notebook(
        project / "notebooks" / "01_answer.ipynb",
        "import pathlib, subprocess",
        'apart = subprocess.Popen(["sh", "-c", "setsid sleep 300 & echo $!"], stdout=subprocess.PIPE, text=True)',
        'beside = subprocess.Popen(["sleep", "300"])',
        'pathlib.Path("../children").write_text(f"{beside.pid} {apart.stdout.readline()}")',
        told={"needs": ["transactions"]},
    )
    (run,) = runs(project / "data" / "shop")
    assert run.status == "published", run.reason
    for pid in (project / "children").read_text().split():
        try:
            child = psutil.Process(int(pid))
        except psutil.NoSuchProcess:
            continue
        child.wait(timeout=10)


def test_a_second_workspace_of_the_same_name_is_refused_until_the_first_is_gone(project, runs):
    first, second = project / "data" / "shop", project / "other" / "shop"
    second.parent.mkdir()
    shutil.copytree(first, second)
    (run,) = runs(first)
    assert run.status == "published"
    (refused,) = runs(second)
    assert refused.exit_code == 2 and "data/shop" in refused.reason and "--out" in refused.reason
    assert (project / "reports" / "shop" / "latest").readlink().name == run.run
    (linked,) = runs(second, out=project / "elsewhere")
    assert linked.status == "published"
    first.rename(project / "data" / "gone")
    assert runs(second)[0].status == "published"


def test_if_changed_sees_all_that_a_page_comes_from(project, runs, monkeypatch):
    from crmlib.present import messages
    from crmlib.present.publish.manifest import Facts, report_key
    from crmlib.present.run.reports import find_reports

    shop = project / "data" / "shop"
    assert runs(shop, reports=["answer", "figures"], if_changed=True)[0].status == "published"
    assert runs(shop, if_changed=True)[0].status == "published", "a page that is gone is a change"
    assert runs(shop, if_changed=True)[0].status == "nothing to do"
    (answer, *_) = find_reports(project / "notebooks").values()
    facts = Facts(name="shop", title="shop", as_of="2020-01-31", tables_key="1")

    def key(facts=facts, **parameters):
        return report_key(answer, facts=facts, parameters=parameters)

    keys = {
        key(),
        key(replace(facts, tables_key="2")),
        key(replace(facts, time_zone="Asia/Tokyo")),
        key(as_of="2"),
    }
    with messages.in_language("zh"):
        keys.add(key())
    for change in ("_needed", "code_fingerprint", "versions"):
        with monkeypatch.context() as patch:
            patch.setattr(f"crmlib.present.publish.manifest.{change}", lambda: "another")
            keys.add(key())
    assert len(keys) == 8 and key() in keys
