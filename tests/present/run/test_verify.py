"""A published run verified: true to its sources, and every planted falsification caught."""

import json
import shutil

import pytest

from crmlib.present.publish.manifest import seal_of, sealed
from crmlib.present.run import zygote
from crmlib.present.run.console import print_status
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runner import Pages
from crmlib.present.run.runs import run_reports
from crmlib.present.run.status import read_status
from crmlib.present.run.verify import (
    MismatchError,
    claim_changes,
    claim_table,
    first_difference,
    read_run,
    verify_run,
)
from crmlib.schema.errors import ParameterError
from tests.present.small_project import READER, SHOW, make_project, write_notebook

CLAIMS = """\
lines = [row.split(",") for row in open(f"{workspace}/transactions.csv").read().splitlines()[1:]]
orders, sales = len(lines), sum(float(row[-1]) for row in lines)
facts = {
    "orders": {"value": orders, "kind": "count", "at": "baskets.all", "part_of": ""},
    "sales": {"value": sales, "kind": "money", "at": "sales.net_amount", "part_of": "", "unit": "EUR"},
    "buyers": {"value": 2, "kind": "count", "at": "customers.buyers", "part_of": ""},
    "odd": {"value": 7, "kind": "count", "at": "", "part_of": ""},
}
text = f"{orders} orders brought {sales:g} EUR."
"""
SAY = """\
Shown(kind="answer", text=text, sentences=[text],
      claims=[{"key": "shop-answer", "facts": facts, "text": text}])
"""


def page(notebook, *, title, context, show_code=False):
    told = [o["data"]["application/vnd.crmlib+json"]["text"] for cell in notebook.cells
            for o in cell.get("outputs", ()) if "application/vnd.crmlib+json" in o.get("data", {})]  # fmt: skip
    return f"<h1>{title}</h1>" + "".join(f"<p><b>{text.split()[0]}</b>{text[1:]}</p>" for text in told)


PLAIN = Pages(notebook_to_html=page, run_index=lambda *_: "<p>index</p>", site_index=lambda _: "<p>site</p>")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with one published run, made once; `published` is a copy of it for each test."""
    root = make_project(tmp_path_factory.mktemp("verified"))
    write_notebook(
        root / "notebooks" / "01_answer.ipynb", SHOW, CLAIMS, SAY, told={"needs": ["transactions"]}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        with Kernels() as kernels:
            (run,) = run_reports(
                root / "data" / "shop",
                reports=["answer"],
                out=root / "reports",
                notebooks=root / "notebooks",
                pages=PLAIN,
                kernels=kernels,
            )
    assert run.status == "published", run.reason
    return root


@pytest.fixture
def published(made, tmp_path):
    shutil.copytree(made, tmp_path / "p", symlinks=True)
    return tmp_path / "p" / "reports" / "shop" / "latest"


def rewrite(run, change, *, seal=True):
    """Change the record, and seal it again as a clever hand would."""
    record = json.loads((run / "run.json").read_text())
    change(record)
    whole = sealed(record, folder=run.resolve()) if seal else record
    (run / "run.json").write_text(json.dumps(whole))


def fact(name, **values):
    def change(record):
        record["reports"][0]["claims"][0]["facts"][name].update(values)

    return change


def in_page(run, old, new, *, seal):
    path = run / "answer.html"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    if seal:
        rewrite(run, lambda record: None)


def in_data(run, old, new):
    path = run.resolve().parents[2] / "data" / "shop" / "transactions.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def put(place, value):
    def change(record):
        *way, last = place
        for step in way:
            record = record[step]
        record[last] = value

    return change


FALSIFIED = {
    "an amount in the data": (lambda run: in_data(run, "5.0", "5.1"), "fingerprint of transactions.csv"),
    "a date in the data": (lambda run: in_data(run, "2020-01-02", "2020-01-03"), "fingerprint"),
    "a row more": (lambda run: in_data(run, "2,cup", "9,tea,ann,2020-01-02,1,1\n2,cup"), "fingerprint"),
    "a row less": (lambda run: in_data(run, "2,cup,bob,2020-01-02,2,6.0\n", ""), "fingerprint"),
    "a number on the page": (lambda run: in_page(run, "11 EUR", "12 EUR", seal=False), "answer.html"),
    "a number on the page, sealed": (
        lambda run: in_page(run, "11 EUR", "12 EUR", seal=True),
        "without that sentence",
    ),
    "a word on the page, sealed": (
        lambda run: in_page(run, "brought", "cost", seal=True),
        "without that sentence",
    ),
    "a page that is gone": (lambda run: (run / "answer.html").unlink(), "no such file"),
    "a page that came in": (lambda run: (run / "more.html").write_text("x"), "more.html"),
    "another index": (lambda run: (run / "index.html").write_text("x"), "index.html"),
    "a value": (lambda run: rewrite(run, fact("sales", value=12.0), seal=False), "checksum"),
    "a value, sealed": (
        lambda run: rewrite(run, fact("sales", value=12.0)),
        "the run says 12.0, found is 11.0",
    ),
    "a count, sealed": (lambda run: rewrite(run, fact("orders", value=3)), "the run says 3, found is 2"),
    "buyers, sealed": (lambda run: rewrite(run, fact("buyers", value=1)), "the run says 1, found is 2"),
    "a value by a hair, sealed": (lambda run: rewrite(run, fact("sales", value=11.0001)), "11.0001"),
    "a quantity, sealed": (lambda run: rewrite(run, fact("sales", at="baskets.all")), "found is 2"),
    "the closing moment, sealed": (lambda run: rewrite(run, put(["as_of"], "2021-01-31")), "as_of"),
    "the currency, sealed": (lambda run: rewrite(run, put(["currency"], "USD")), "currency"),
    "a fingerprint, sealed": (
        lambda run: rewrite(run, put(["sources", 0, "fingerprint"], "0")),
        "fingerprint",
    ),
    "rows read, sealed": (lambda run: rewrite(run, put(["checks", "rows_read"], 3)), "checks"),
    "rows of a table, sealed": (
        lambda run: rewrite(run, put(["row_counts", 0, "rows_read"], 9)),
        "row_counts",
    ),
    "an answer, sealed": (
        lambda run: rewrite(run, put(["reports", 0, "answer"], "All is well.")),
        "without that sentence",
    ),
    "no checksums": (
        lambda run: rewrite(run, lambda record: record.pop("files"), seal=False),
        "no checksums",
    ),
}


def test_a_true_run_holds_and_says_how_it_was_verified(published):
    found = verify_run(published, again=False)
    assert (found.claims, found.facts, found.quantities, found.recounted, found.again) == (1, 4, 3, 3, 0)


@pytest.mark.parametrize("how", FALSIFIED)
def test_a_planted_falsification_is_caught_with_both_values(published, how):
    falsify, says = FALSIFIED[how]
    falsify(published)
    with pytest.raises(MismatchError, match=r"found is|checksums") as caught:
        verify_run(published, again=False)
    assert says in str(caught.value)


def test_what_has_no_second_way_is_reckoned_again_by_the_same_path(published, monkeypatch):
    notebooks = published.resolve().parents[2] / "notebooks"
    monkeypatch.setattr(zygote, "modules_to_import", lambda: list(READER))
    found = verify_run(published, notebooks=notebooks)
    assert found.again == 1
    rewrite(published, fact("odd", value=8))
    assert verify_run(published, again=False).recounted == 3, "no second way knows it"
    with pytest.raises(MismatchError, match="executed again"):
        verify_run(published, notebooks=notebooks)


def test_the_first_difference_of_two_runs_is_named():
    one = [{"name": "a", "status": "done", "claims": [{"key": "k", "facts": {}}, {"key": "m", "facts": {}}]}]
    other = [
        {
            "name": "a",
            "status": "done",
            "claims": [{"key": "k", "facts": {}}, {"key": "m", "facts": {"x": 1}}],
        }
    ]
    assert first_difference(one, one) is None and "a: m" in str(first_difference(one, other))


def test_the_last_digit_of_a_number_within_a_claim_is_no_difference():
    def run(high):
        facts = {"between": {"value": [-1.0, high], "kind": "interval-points"}}
        return [{"name": "a", "status": "done", "claims": [{"key": "k", "facts": facts}]}]

    assert first_difference(run(0.594478396470172), run(0.5944783964701724)) is None
    assert "a: k" in str(first_difference(run(0.5944), run(0.5945)))


def test_claims_are_listed_with_where_they_come_from_and_compared(published):
    _, record = read_run(published)
    table = claim_table(record).set_index("fact")
    assert table.loc["sales", ["report", "key", "value", "quantity", "unit", "tables", "page"]].tolist() == [
        "answer", "shop-answer", 11.0, "sales.net_amount", "EUR", "transactions", "answer.html",
    ]  # fmt: skip
    later = json.loads(json.dumps(record))
    fact("sales", value=13.0)(later)
    assert claim_changes(record, later)[["fact", "before", "after"]].to_numpy().tolist() == [
        ["sales", 11.0, 13.0]
    ]
    assert claim_changes(record, record).empty


def test_a_folder_that_is_no_run_and_a_workspace_that_is_gone_are_refused(published, tmp_path):
    with pytest.raises(ParameterError, match="no published run"):
        verify_run(tmp_path)
    (published.resolve().parent / ".workspace").unlink()
    with pytest.raises(ParameterError, match="--workspace"):
        verify_run(published)


def test_the_seal_of_a_record_is_of_all_but_itself(published):
    record = json.loads((published / "run.json").read_text())
    assert record["seal"] == seal_of(record) == seal_of(record | {"seal": "another"})


def test_the_status_of_all_workspaces_names_the_last_good_run_and_what_failed_since(published, capsys):
    out = published.resolve().parents[1]
    (row,) = read_status(out).itertuples()
    assert (row.workspace, row.last_attempt, row.runs) == ("shop", "published", 1) and 0 <= row.age_hours < 1
    (out / "shop" / ".last.json").write_text('{"status": "failed", "reason": "of all\\nthings"}')
    (row,) = read_status(out).itertuples()
    assert (row.last_attempt, row.reason) == ("failed", "of all things") and row.last_good_run
    assert print_status(out) == 1
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "shop: failed: of all things" and row.last_good_run in second
    assert read_status(out / "nowhere").empty
