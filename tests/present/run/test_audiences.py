"""For whom a report is: each audience has a folder of its own, and nothing in it that it may not read."""

import io
import json
import stat

import pandas as pd
import pytest

from crmlib.prepare.crm import Crm
from crmlib.prepare.personal import known_values
from crmlib.present.publish.scan import Scanner
from crmlib.present.run import zygote
from crmlib.present.run.kernels import Kernels
from crmlib.present.run.runner import Pages
from crmlib.present.run.runs import run_reports
from crmlib.present.run.verify import verify_run
from crmlib.schema.audiences import AUDIENCES, may_read
from crmlib.schema.errors import ParameterError
from tests.present.small_project import PARAMETERS, READER, make_project, write_notebook

PEOPLE = """customer_id,name,gender
ann,Ann Archibald-Other,two-spirit person
bob,Bob Unusualname,m
"""
CELLS = {
    "people": ("operator", "print('Ann Archibald-Other lives here, ann@shop.example')"),
    "traits": ("analyst", "print('one is a two-spirit person')"),
    "listed": ("stakeholder", "print('K-ABCDEFGHIJKL')"),
    "open": ("public", "print('two orders')"),
}
TEXT = """Ann Archibald-Other, a two-spirit person, K-ABCDEFGHIJKL, jo@shop.example, +49 30 901820,
DE89 3704 0044 0532 0130 00, AKIAIOSFODNN7EXAMPLE"""
ALL = tuple(AUDIENCES)
PLAIN = Pages(
    notebook_to_html=lambda notebook, **told: json.dumps(notebook, default=str),
    run_index=lambda run, reports: "",
    site_index=lambda workspaces: "",
)


@pytest.fixture(scope="module")
def kernels():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zygote, "modules_to_import", lambda: list(READER))
        with Kernels() as found:
            yield found


@pytest.fixture
def project(tmp_path):
    root = make_project(tmp_path)
    for old in (root / "notebooks").glob("*.ipynb"):
        old.unlink()
    for name, (audience, cell) in CELLS.items():
        write_report(root, name, audience, cell)
    shop = root / "data" / "shop"
    (shop / "customers.csv").write_text(PEOPLE)
    config = (shop / "crm.toml").read_text()
    (shop / "crm.toml").write_text(config + '\n[tables.customers]\nfrom = "customers.csv"\n')
    return root


def write_report(root, name, audience, cell):
    told = {"title": name.capitalize(), **({"audience": audience} if audience else {})}
    write_notebook(root / "notebooks" / f"{name}.ipynb", cell, parameters=PARAMETERS, told=told)


def report(root, kernels, *audiences, **options):
    told = {"out": root / "reports", "notebooks": root / "notebooks", "audiences": audiences, "pages": PLAIN}
    (run,) = run_reports(root / "data" / "shop", kernels=kernels, **(told | options))
    return run


def place(root, audience):
    return root / ("reports" if audience == "stakeholder" else f"reports-{audience}") / "shop"


def pages(root, audience):
    return {path.stem for path in (place(root, audience) / "latest").glob("*.html")} - {"index"}


def test_one_run_goes_to_each_audience_in_a_folder_of_its_own_with_its_own_rights(project, kernels):
    run = report(project, kernels, *ALL, pages=Pages())
    assert run.status == "published", run.reason
    seen = {one: pages(project, one) for one in ALL}
    assert seen == {one: {n for n, (of, _) in CELLS.items() if may_read(one, of)} for one in ALL}
    assert [len(seen[one]) for one in ALL] == [1, 2, 3, 4]
    for one, rights in (("analyst", 0o750), ("operator", 0o700)):
        assert stat.S_IMODE(place(project, one).parent.stat().st_mode) == rights
        latest = (place(project, one) / "latest").resolve()
        for path in (latest, *latest.rglob("*")):
            wanted = rights if path.is_dir() else rights & ~0o111
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    for one in ALL:
        latest = (place(project, one) / "latest").resolve()
        record = json.loads((latest / "run.json").read_text())
        text = "".join(path.read_text() for path in latest.rglob("*") if path.is_file())
        assert latest.name == run.run and record["audience"] == one
        assert {r["name"] for r in record["reports"]} == seen[one]
        assert ("Archibald" in text, "two-spirit" in text, "K-ABCDEFGHIJKL" in text) == (
            one == "operator",
            one in ("operator", "analyst"),
            one != "public",
        )
        assert "do not pass it on" in text or one in ("public", "stakeholder")
    assert verify_run(place(project, "operator") / "latest", notebooks=project / "notebooks")


def test_what_an_audience_may_not_read_is_found_in_its_pages_and_only_there():
    people = pd.read_csv(io.StringIO(PEOPLE))
    orders = pd.DataFrame(
        {"order_id": ["1"], "customer_id": ["ann"], "product_id": ["tea"], "net_amount": [1.0]}
    )
    crm = Crm.from_frames(
        as_of="2024-03-01",
        customers=people,
        transactions=orders.assign(ordered_at=pd.Timestamp("2024-01-05")),
    )
    known = known_values(crm)
    found = {one: set(Scanner(crm, known=known, audience=one).kinds(TEXT)) for one in ALL}
    personal = {"a value of customers.name", "an e-mail address", "a telephone number"}
    always = {"an IBAN", "a secret"}
    assert found["operator"] == always
    assert found["analyst"] == always | personal
    assert found["stakeholder"] == found["analyst"] | {"a value of customers.gender"}
    assert found["public"] == found["stakeholder"] | {"a customer"}


def test_what_an_audience_may_not_read_stops_the_publish_for_all(project, kernels):
    write_report(project, "traits", None, CELLS["traits"][1])
    run = report(project, kernels, *ALL, reports=["traits", "open"])
    assert run.status == "failed" and "a value of customers.gender" in run.reason
    assert "traits.html" in run.reason and "not for the audience" not in run.reason
    assert not any((place(project, one) / "latest").exists() for one in ALL)
    assert not any(list(place(project, one).glob(".staging*")) for one in ALL)


def test_who_is_not_asked_for_gets_nothing_and_reports_for_others_are_not_executed(project, kernels):
    write_report(project, "people", "operator", "1 / 0")
    run = report(project, kernels, "stakeholder")
    assert run.status == "published" and set(run.reports.report) == {"listed", "open"}
    assert {path.name for path in project.iterdir() if path.name.startswith("reports")} == {"reports"}
    nothing = report(project, kernels, "public", reports=["people"])
    assert nothing.status == "nothing to do" and "public" in nothing.reason


def test_a_changed_audience_is_a_change(project, kernels):
    told = {"if_changed": True, "reports": ["open"]}
    assert report(project, kernels, "stakeholder", **told).status == "published"
    assert report(project, kernels, "stakeholder", **told).status == "nothing to do"
    assert report(project, kernels, "stakeholder", "public", **told).status == "published"
    assert report(project, kernels, "stakeholder", "public", **told).status == "nothing to do"
    config = project / "data" / "shop" / "crm.toml"
    config.write_text(config.read_text() + '\n[reports.open]\naudience = "analyst"\n')
    assert report(project, kernels, "stakeholder", "analyst", **told).status == "published"
    assert pages(project, "analyst") == {"open"}


def test_an_audience_that_is_none_is_refused_where_it_is_named(project, kernels):
    with pytest.raises(ParameterError, match=r"no audience 'stakeholders'.*stakeholder"):
        report(project, kernels, "stakeholders")
    config = project / "data" / "shop" / "crm.toml"
    plain = config.read_text()
    config.write_text(plain + '\n[reports.open]\naudience = "all"\n')
    assert "public, stakeholder, analyst, operator" in report(project, kernels, "stakeholder").reason
    config.write_text(plain.replace("[tables", "[privacy]\npseudonyms = false\n[tables", 1))
    assert "nothing for the public" in report(project, kernels, "public").reason.replace("\n", " ")
