"""The command line: words in, exit codes out, and never a traceback for bad use."""

import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest

import crmlib
from crmlib import cli
from crmlib.prepare.privacy import KEY_VARIABLE, known_customers, public_ids
from crmlib.prepare.workspace import open_workspace
from crmlib.present.run import console, zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.reports import notebook_folder
from tests.present.small_project import READER, assert_whole, make_project, write_notebook


@pytest.fixture(scope="module")
def warm():
    """Kernels for all the commands that only need some."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        with Kernels() as kernels:
            yield kernels


@pytest.fixture
def project(tmp_path, monkeypatch, warm):
    monkeypatch.setattr(console, "Kernels", lambda: nullcontext(warm))
    monkeypatch.chdir(make_project(tmp_path))
    return tmp_path


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command; its exit code, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["crmlib", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return left.value.code, *capsys.readouterr()

    return run


def test_a_run_from_the_command_line(project, call, monkeypatch):
    monkeypatch.setattr(console, "Kernels", Kernels)
    code, out, err = call(
        "report", "data/shop", "-r", "figures", "-p", "factor", "2.5", "--as-of", "2020-01-31"
    )
    assert code == 0 and out.startswith("shop: 1 report in ") and "reports/shop/latest/index.html" in out
    assert err == ""
    assert_whole(project / "reports")
    assert '"value": 2.5' in (project / "reports" / "shop" / "latest" / "run.json").read_text()


def test_quiet_says_nothing_on_success_and_all_on_failure(project, call):
    assert call("report", "data/shop", "--quiet", "-r", "answer") == (0, "", "")
    write_notebook(project / "notebooks" / "01_answer.ipynb", "1 / 0")
    code, out, err = call("report", "data/shop", "--quiet", "-r", "answer")
    assert code == 1 and out == "" and "Traceback" not in err
    assert "shop: failed. 01_answer.ipynb, cell 3: ZeroDivisionError: division by zero" in err
    assert "The last published run stands. Notebooks and log: reports/shop/failed/" in err


def test_skipped_reports_and_nothing_to_do(project, call):
    code, out, _ = call("report", "data/shop")
    assert code == 0 and "lacking skipped: The workspace has no table feedback." in out
    code, out, _ = call("report", "data/shop", "--if-changed")
    assert code == 3 and "Nothing has changed since" in out
    assert call("report", "data/shop", "-r", "lacking", "-q") == (3, "", "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "data/shp"], "Did you mean 'data/shop'?"),
        (["report", "data/shop", "-r", "answers"], "Did you mean 'answer'?"),
        (["report", "data/shop", "-p", "facter", "2"], "Did you mean 'factor'?"),
        (["report", "data/shop", "-p", "factor", "two"], "parameter factor is float; 'two' is not."),
        (["report", "data/shop", "-p", "factor"], "-p factor has no value"),
        (["report", "data/shop", "-p", "factor", "2", "-p", "factor", "3"], "given twice"),
        (["report", "data/shop", "-p", "db_password", "x"], "environment variable"),
        (["report", "data/shop", "--jobs", "many"], "--jobs"),
        (["report", "data/shop", "--on-failure", "mail 'x"], "--on-failure"),
        (["report", "data/shop", "--notebooks", "nowhere"], "no folder of notebooks at nowhere"),
        (["report"], "Missing argument"),
        (["reprot", "data/shop"], "Did you mean 'report'"),
        (["report", "data/shop", "--qiet"], "--quiet"),
        (["check", "data/shp"], "Did you mean 'data/shop'?"),
        (["reports", "data/shp"], "Did you mean 'data/shop'?"),
        (["reveal", "data/shp", "list.csv"], "Did you mean 'data/shop'?"),
        (["reveal", "data/shop", "list.csv"], "There is no file list.csv"),
        (["reveal", "data/shop"], "Missing argument"),
    ],
)
def test_bad_use_is_one_sentence_and_exit_code_2(project, call, words, says):
    code, out, err = call(*words)
    assert code == 2 and out == "" and says in err and "Traceback" not in err
    assert not (project / "reports").exists()


def test_copies_of_the_notebooks_are_never_written_over_unasked(project, call):
    code, out, err = call("notebooks", "mine")
    copies = sorted((project / "mine").glob("*.ipynb"))
    assert code == 0 and err == "" and f"Written: {len(copies)} notebooks into mine." in out
    assert out.endswith("crmlib report WORKSPACE --notebooks mine\n")
    assert [copy.name[:2] for copy in copies] == [f"{number:02}" for number in range(1, 15)]
    copies[0].write_text("my own")
    copies[1].unlink()
    code, out, err = call("notebooks", "mine")
    assert code == 2 and out == "" and f"mine holds {copies[0].name}" in err and "--force" in err
    assert copies[0].read_text() == "my own" and not copies[1].exists()
    assert call("notebooks", "mine", "--force")[0] == 0
    assert copies[0].read_text().startswith("{") and copies[1].exists()
    source = notebook_folder(Path(crmlib.__file__).parents[1] / "notebooks")
    code, _, err = call("notebooks", source, "--force")
    assert code == 2 and "is where the notebooks come from" in err


def test_data_that_cannot_be_used_is_exit_code_2(project, call):
    (project / "data" / "shop" / "transactions.csv").write_text("order_id,net_amount,ordered_at\n")
    code, _, err = call("report", "data/shop")
    assert code == 2 and err.startswith("shop: refused. ") and "Traceback" not in err


def test_the_command_after_a_failure_gets_the_reason_and_the_log(project, call):
    write_notebook(project / "notebooks" / "01_answer.ipynb", "1 / 0")
    hook = (
        "sh -c 'cat > told.txt; echo $CRMLIB_WORKSPACE $CRMLIB_EXIT_CODE >> told.txt; cp $CRMLIB_LOG log.txt'"
    )
    assert call("report", "data/shop", "-r", "answer", "--on-failure", hook)[0] == 1
    told = (project / "told.txt").read_text()
    assert "ZeroDivisionError" in told and told.endswith("shop 1\n")
    assert "ZeroDivisionError" in (project / "log.txt").read_text()
    assert call("report", "data/shop", "-r", "nothing", "--on-failure", hook)[0] == 2
    assert "There is no report 'nothing'" in (project / "told.txt").read_text()
    code, _, err = call("report", "data/shop", "-r", "answer", "--on-failure", "no-such-command")
    assert code == 1 and "--on-failure: no-such-command could not be started" in err


def test_check_and_reports_print_tables(project, call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    code, out, _ = call("check", "data/shop")
    assert code == 0 and "transactions" in out and "2" in out and "The shop, as of" in out
    code, out, _ = call("reports", "data/shop")
    assert (
        code == 0 and "How many orders?" in out and "no: no table feedback" in out and "factor: float" in out
    )


def test_reveal_turns_a_list_back(project, call, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "a key of sixteen or more")
    crm = open_workspace("data/shop")
    own = known_customers(crm).iloc[0]
    name = public_ids(crm, known_customers(crm)).iloc[0]
    lists = {
        "mixed": f"Customer,n\n{name},1\nK-AAAAAAAAAAAA,2\n",
        "none": "Customer\n7\n",
        "all": f"c,n\n{name},1\n",
    }
    for stem, text in lists.items():
        (project / f"{stem}.csv").write_text(text)
    code, out, err = call("reveal", "data/shop", "all.csv", "--out", "back.csv")
    assert (code, out, err) == (0, "1 customer number turned back: back.csv\n", "")
    assert (project / "back.csv").read_text("utf-8-sig").splitlines()[1] == f"{own},1"
    code, out, err = call("reveal", "data/shop", "mixed.csv")
    assert code == 2 and "mixed-revealed.csv" in out and "1 of 2 pseudonyms is not of this workspace" in err
    assert call("reveal", "data/shop", "mixed.csv")[0] == 2
    assert call("reveal", "data/shop", "none.csv")[0] == 3


def test_stopped_by_the_keyboard(project, call, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("crmlib.present.run.console.report_and_tell", stop)
    code, _, err = call("report", "data/shop")
    assert code == 130 and "stopped" in err and "Traceback" not in err


def test_version_and_help(call):
    assert call("--version")[:2] == (0, f"crmlib {crmlib.__version__}\n")
    for words in (["--help"], ["report", "--help"]):
        code, out, _ = call(*words)
        assert code == 0 and "Exit codes: 0 done, 1 a report failed" in " ".join(out.split())
    assert "NAME VALUE" in call("report", "--help")[1]


def test_help_is_quick_because_nothing_heavy_is_imported():
    code = (
        "import sys; sys.argv = ['crmlib', 'report', '--help']\n"
        "from crmlib.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'duckdb', 'papermill', 'matplotlib', 'jupyter_client'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    began = time.process_time()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.process_time() - began < 0.5
