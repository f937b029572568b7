"""A week of nights, told to whom it concerns; and the texts for schedulers."""

import ast
import configparser
import json
import os
import shlex
import shutil
import socketserver
import subprocess
import threading
from email import message_from_bytes, policy
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pandas as pd
import pytest

import crmlib
from crmlib.cli import split_keep
from crmlib.present.publish.publish import Shelf
from crmlib.present.run import console, zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runner import Pages, Run
from crmlib.present.run.runs import run_reports
from crmlib.present.run.schedule import schedule_text
from crmlib.present.run.status import read_status
from crmlib.present.run.tell import HEAVIEST, LOOK, Message, Receivers, looks, mail_page, message_of, tell
from crmlib.schema.errors import ParameterError
from tests.present.small_project import READER, SHOW, make_project, write_notebook

PLAIN = Pages(
    notebook_to_html=lambda *_, **__: "<p>page</p>", run_index=lambda *_: "", site_index=lambda _: "index"
)


class MailServer(socketserver.StreamRequestHandler):
    """As much of a mail server as takes a letter in."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


class Hook(BaseHTTPRequestHandler):
    """A webhook that keeps what it was told, and refuses at /no."""

    def do_POST(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(403 if self.path == "/no" else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


def serving(server, kept):
    setattr(server, kept, [])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


@pytest.fixture
def servers(monkeypatch):
    with (
        serving(socketserver.TCPServer(("127.0.0.1", 0), MailServer), "letters") as mail,
        serving(HTTPServer(("127.0.0.1", 0), Hook), "told") as hook,
    ):
        monkeypatch.setenv("CRMLIB_SMTP", f"smtp://127.0.0.1:{mail.server_address[1]}")
        yield mail.letters, hook.told, f"http://127.0.0.1:{hook.server_address[1]}"
        mail.shutdown()
        hook.shutdown()


@pytest.fixture(scope="module")
def kernels():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        with Kernels() as found:
            yield found


@pytest.fixture
def night(tmp_path, monkeypatch, kernels):
    """One night on the workspace shop: its run."""
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of this test, 7h4kQz-81")
    project = make_project(tmp_path)

    def run(**options):
        told = {"reports": ["answer", "figures"], "out": project / "reports", "if_changed": True}
        told |= {"notebooks": project / "notebooks", "pages": PLAIN, "kernels": kernels}
        (done,) = run_reports(project / "data" / "shop", **(told | options))
        return done

    run.project = project
    return run


def grow(project, day):
    with (project / "data" / "shop" / "transactions.csv").open("a") as lines:
        lines.write(f"{day + 10},tea,ann,2020-01-{day + 10},1,5.0\n")


DRIFT = """
if len(lines) > 5:
    text = "Customers’ figures have moved far from those that the last prediction was made from."
    claims = [{"key": "models-rule-drift", "facts": {}, "text": text}]
    display(Shown(kind="answer", text=text, sentences=[text], claims=claims))
"""


def test_a_week_of_nights_is_told_as_it_was(night, servers, monkeypatch):
    (letters, hooked, address), project = servers, night.project
    out, receivers = project / "reports", Receivers(mail=["a@x.de"], webhook=address, good=False)
    read = 'lines = open(f"{workspace}/transactions.csv").read().splitlines()'
    write_notebook(project / "notebooks" / "04_models.ipynb", SHOW, read, DRIFT)
    night = partial(night, reports=["answer", "figures", "models"])
    statuses = []

    def end(run):
        statuses.append(run.status)
        assert tell(message_of(run, out=out), receivers, good=run.exit_code in (0, 3)) == []

    end(night())  # Monday: first run
    end(night())  # Tuesday: nothing came
    grow(project, 3)
    end(night())  # Wednesday: new rows
    good = (project / "notebooks" / "02_figures.ipynb").read_text()
    write_notebook(project / "notebooks" / "02_figures.ipynb", "raise ValueError('ann@x.de owes 5')")
    grow(project, 4)
    end(night())  # Thursday: a notebook fails
    (row,) = read_status(out).itertuples()
    assert (row.last_attempt, row.failures, row.runs) == ("failed", 1, 2) and row.reason
    (project / "notebooks" / "02_figures.ipynb").write_text(good)
    friday = night()  # Friday: mended; what Thursday had finished is not made again
    end(friday)
    log = [json.loads(line) for line in (friday.log.with_suffix(".jsonl")).read_text().splitlines()]
    assert log and all({"time", "level", "says"} <= set(line) for line in log)
    assert friday.reports.set_index("report")["reused"].to_dict() == {
        **{"answer": True, "models": True, "figures": False}
    }
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "another key of this test, 93jd-Lq")
    end(night())  # Saturday: the key was rotated, so all pages are new
    grow(project, 5)
    end(night())  # Sunday: with its rows a model's figures have moved far
    (row,) = read_status(out).itertuples()
    assert row.last_attempt == "published" and "have moved far" in row.reason
    end(night())  # Monday
    grow(project, 6)
    end(night())  # Tuesday: they still have, which was told
    assert statuses == [
        *("published", "nothing to do", "published", "failed"),
        *("published",) * 3,
        *("nothing to do", "published"),
    ]
    assert len(letters) == len(hooked) == 2, "nobody is woken for nothing"
    assert (hooked[1]["status"], hooked[1]["look"]) == ("published", True) and not hooked[0]["look"]
    assert "have moved far" in hooked[1]["sentences"][1] and b"published, look at it" in letters[1]
    assert hooked[0]["status"] == "failed" and len(hooked[0]["sentences"]) == 3
    assert (
        "02_figures.ipynb, cell 3: ValueError." in hooked[0]["text"]
        and "The last good run" in hooked[0]["text"]
    )
    assert "ann@x.de" not in json.dumps(hooked) and b"ann@x.de" not in letters[0]
    (row,) = read_status(out).itertuples()
    assert (row.last_attempt, row.failures, row.runs) == ("published", 0, 6) and row.next


def test_rows_that_an_export_suddenly_spoils_are_told_once(night, servers):
    letters, out, data = (
        servers[0],
        night.project / "reports",
        night.project / "data" / "shop" / "transactions.csv",
    )
    receivers = Receivers(mail=["a@x.de"], good=False)
    night()
    with data.open("a") as lines:
        lines.write("3,tea,ann,31.31.2020,1,5.0\n4,tea,ann,31.31.2020,1,5.0\n")
    spoilt = message_of(night(), out=out)
    assert spoilt.look and tell(spoilt, receivers, good=True) == [] and len(letters) == 1
    assert "Of transactions, 50" in spoilt.sentences[1] and spoilt.sentences[1].endswith("it was 0\u00a0%.")
    (row,) = read_status(out).itertuples()
    assert row.last_attempt == "published" and "set aside" in row.reason
    grow(night.project, 3)
    after = message_of(night(), out=out)
    assert not after.look and tell(after, receivers, good=True) == [] and len(letters) == 1


def test_what_asks_for_a_look_is_told_with_its_rule_and_nothing_else():
    step, rule, other = (
        "First find out why rows changed.",
        "In 3 in a row it was outside.",
        "Use the order only.",
    )
    changed = [
        {"key": "changes-answer-up", "text": "Sales are up."},
        {"key": "changes-step-data", "text": step},
    ]
    refit = [{"key": "models-rule-missed", "text": rule}, {"key": "models-step-refit", "text": other}]
    holds = [{"key": "models-rule-kept", "text": "Kept."}, {"key": "models-step-holds", "text": "Nothing."}]
    found = looks({"reports": [{"claims": changed}, {"claims": refit}, {"claims": holds}]})
    assert found == {"changes-step-data": step, "models-step-refit": f"{rule} {other}"}


def test_what_asks_for_a_look_is_what_pages_say():
    words = (Path(crmlib.__file__).parent / "present" / "words" / "en").glob("*.ftl")
    keys = {line.split(" =")[0] for path in words for line in path.read_text().splitlines()}
    assert set(LOOK) <= keys


def test_what_fails_once_is_tried_again_and_told_to_nobody_but_who_watches(night, tmp_path):
    mark = str(tmp_path / "once")
    fails_once = f"import pathlib\np = pathlib.Path({mark!r})\nif not p.exists():\n    p.touch()\n    1 / 0"
    write_notebook(night.project / "notebooks" / "02_figures.ipynb", fails_once)
    said = []
    run = night(retries=2, retry_seconds=0.01, progress=lambda step: said.append(step.says))
    assert run.status == "published" and run.reports["reused"].sum() == 1
    assert sum("Trying again" in text for text in said) == 1
    write_notebook(night.project / "notebooks" / "02_figures.ipynb", "1 / 0")
    assert night(retries=1, retry_seconds=0.01).status == "failed"


def test_a_good_run_is_told_in_three_sentences_with_figures_and_a_link(night, servers):
    letters, hooked, address = servers
    run = night()
    message = message_of(run, out=night.project / "reports", link="https://intra.net/r/")
    assert (
        message.sentences[0] == "The shop: 2\u00a0reports published, as of 2020-01-31."
        and "Up." in message.sentences
    )
    told = Receivers(mail=["a@x.de", "b@x.de"], webhook=address, good=True)
    assert tell(message, told, good=True) == []
    letter = message_from_bytes(letters[0], policy=policy.default)
    assert letter["To"] == "a@x.de, b@x.de" and letter["Subject"] == "crmlib: The shop: published"
    page = letter.get_body("html").get_content()
    assert "https://intra.net/r/shop/latest/index.html" in page and "Factor" in page
    assert hooked[0]["link"] == "https://intra.net/r/shop/latest/index.html"


def test_the_page_of_a_mail_has_no_script_and_hostile_names_stay_text():
    nasty = "<script>alert(1)</script>\r\nBcc: x@x.de"
    page = mail_page(
        Message(
            workspace="w", status="failed", title=nasty, sentences=(nasty,) * 3, figures=[(nasty, "1")] * 999
        )
    )
    assert "<script" not in page and "&lt;script" in page and len(page.encode()) < HEAVIEST


def test_who_cannot_be_reached_is_told_without_the_secret_in_the_address(servers, monkeypatch):
    letters, _, address = servers
    message = Message(workspace="w", status="failed", title="a\nBcc: b@x.de", sentences=("Failed.",))
    (says,) = tell(message, Receivers(webhook=f"{address}/no"), good=False)
    assert says == "--webhook: 127.0.0.1 answered 403"
    assert tell(message, Receivers(mail=["a@x.de"]), good=False) == []
    assert message_from_bytes(letters[0], policy=policy.default)["Bcc"] is None
    monkeypatch.setenv("CRMLIB_SMTP", os.environ["CRMLIB_SMTP"].replace("//", "//user@"))
    (says,) = tell(message, Receivers(mail=["a@x.de"]), good=False)
    assert "did not take it (SMTPNotSupportedError)" in says, "no password without encryption"
    for wrong in ({"mail": ["a b@x.de\n"]}, {"webhook": "file:///etc/passwd"}, {"link": "x"}):
        with pytest.raises(ParameterError):
            Receivers(**wrong)


def test_a_command_is_told_of_a_good_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = Run(
        workspace="shop",
        status="published",
        folder=tmp_path / "shop" / "1",
        reports=pd.DataFrame({"status": []}),
    )
    console._tell(
        run, quiet=True, on_failure="", on_success="sh -c 'cat > told; echo $CRMLIB_WORKSPACE >> told'"
    )
    told = (tmp_path / "told").read_text()
    assert told.startswith("shop: 0 reports") and told.endswith("shop\n") and not capsys.readouterr().out


def test_runs_stay_as_many_or_as_long_as_wished(tmp_path):
    names = ["20200101T000000Z", "20200102T000000Z", "29990101T000000Z"]
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "latest").symlink_to(names[0])
    told = split_keep("90d")
    Shelf(root=tmp_path).prune(keep=told["keep"], days=told["keep_days"])
    assert Shelf(root=tmp_path).published() == [names[0], names[2]], "the one shown stays, however old"
    assert split_keep("7") == {"keep": 7}
    for wrong in ("0", "x", "-1", "1.5d"):
        with pytest.raises(ParameterError, match="--keep"):
            split_keep(wrong)


OPTIONS = "--retries 2 -p note '50% of \"$HOME\"'"


@pytest.fixture
def words(tmp_path):
    folder = tmp_path / "a b"
    folder.mkdir()
    return lambda kind: schedule_text(
        [Path("data/shop")], kind=kind, at="2:05", options=OPTIONS, folder=folder
    )


EXPECTED = [
    "-m",
    "crmlib.cli",
    "report",
    "data/shop",
    "--quiet",
    "--retries",
    "2",
    "-p",
    "note",
    '50% of "$HOME"',
]


def test_every_scheduler_is_given_the_same_command(words, tmp_path):
    cron = words("cron").splitlines()[-1]
    minute, hour, *_, command = cron.split(" ", 5)
    assert (minute, hour) == ("5", "2") and "\\%" in command
    place, call = command.replace("\\%", "%").removeprefix("cd ").split(" && ", 1)
    assert shlex.split(place) == [str(tmp_path / "a b")] and shlex.split(call)[1:] == EXPECTED
    service = configparser.ConfigParser(interpolation=None, strict=False)
    service.optionxform = str
    service.read_string(words("systemd"))
    start = service["Service"]["ExecStart"].replace("%%", "%").replace("$$", "$")
    assert shlex.split(start)[1:] == EXPECTED and service["Timer"]["OnCalendar"] == "*-*-* 02:05:00"
    calls = {node.func.id: node for node in ast.walk(ast.parse(words("airflow"))) if isinstance(node, ast.Call)
             and isinstance(node.func, ast.Name)}  # fmt: skip
    given = {one.arg: ast.literal_eval(one.value) for one in calls["BashOperator"].keywords}
    call = given["bash_command"].removeprefix("{% raw %}").removesuffix("{% endraw %}").split(" && ", 1)[1]
    assert shlex.split(call)[1:] == EXPECTED and given["skip_on_exit_code"] == 3


def test_the_line_of_cron_runs_with_next_to_no_environment(tmp_path):
    line = schedule_text([Path("no/such")], kind="cron", folder=tmp_path).splitlines()[-1]
    command = line.split(" ", 5)[5].replace("\\%", "%")
    path = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(["sh", "-c", command], env={"PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 2 and "no/such" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_takes_its_units(words, tmp_path):
    service, timer = words("systemd").split("\n# ~/.config/systemd/user/crmlib-shop.timer")
    (tmp_path / "crmlib-shop.service").write_text(service)
    (tmp_path / "crmlib-shop.timer").write_text("#" + timer)
    units = [str(tmp_path / f"crmlib-shop.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert done.returncode == 0 and "crmlib-shop" not in done.stderr, done.stderr


def test_airflow_reads_its_dag(words, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    airflow = pytest.importorskip("airflow.models")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "dag.py").write_text(words("airflow"))
    bag = airflow.DagBag(str(tmp_path / "dags"))
    assert not bag.import_errors and list(bag.dags) == ["crmlib_shop"]


@pytest.mark.parametrize(
    "wrong", [{"kind": "at"}, {"at": "24:00"}, {"options": "'"}, {"folder": Path("a\nb")}]
)
def test_what_cannot_be_scheduled_is_refused(wrong):
    with pytest.raises(ParameterError):
        schedule_text([Path("x")], **({"kind": "cron"} | wrong))
