"""Pages of customers in a run: linked from every list, none where none are wanted, kept for the next call."""

import logging
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import open_workspace
from crmlib.analyse.worklist import worklist
from crmlib.prepare.privacy import read_kept, write_kept
from crmlib.present.blocks import DataTable
from crmlib.present.needs import WORK, hand_on
from crmlib.present.publish.manifest import Facts
from crmlib.present.reports.people.show import CustomerPages, work_at_hand
from crmlib.present.run.customers import print_steps, publish_customers, with_links

CONFIG = """
currency = "EUR"
as_of = 2024-12-31
[customers]
pages = 2
[privacy]
pseudonyms = false
[tables.opportunities]
from = "deals.csv"
[tables.relations]
from = "ties.csv"
[tables.customers]
from = "customers.csv"
"""
DEALS = "opportunity_id,customer_id,stage,outcome,amount,created_at,closed_at,owner_id\n" + "".join(
    f"{n},{who},Offer,{outcome},{n}0,2024-01-{n:02d},{closed},e1\n"
    for n, (who, outcome, closed) in enumerate(
        [("A/1", "open", ""), ("A 1", "open", ""), ("c<b>", "open", ""), ("A/1", "won", "2024-02-01")] * 3, start=1
    )
)  # fmt: skip
CUSTOMERS = "customer_id,owner_id\nA/1,e1\nA 1,e1\nc<b>,e1\n"
TIES = "from_customer_id,to_customer_id,relation,share_pct\nA/1,A 1,parent,80\nA 1,A/1,parent,20\n"


@pytest.fixture(scope="module")
def crm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    for name, text in {
        "crm.toml": CONFIG,
        "deals.csv": DEALS,
        "ties.csv": TIES,
        "customers.csv": CUSTOMERS,
    }.items():
        (folder / name).write_text(text)
    found = open_workspace(folder)
    yield found
    found.engine.close()


@pytest.fixture(scope="module")
def published(crm, tmp_path_factory):
    staging, handed = tmp_path_factory.mktemp("staging"), tmp_path_factory.mktemp("work") / "handed"
    table = pd.DataFrame({"customer_id": ["A/1", "A 1", "c<b>"], "note": ["A/1", "x", "y"]})
    (staging / "list.html").write_text(DataTable(table, name="list", caption="List")._html())
    work = worklist(crm)
    hand_on(str(handed), work=work)
    facts = Facts(name="shop", title="Shop", as_of="2024-12-31")
    log = logging.getLogger("test")
    return staging, work, publish_customers(crm, staging, handed=handed, facts=facts, run="r1", log=log)


def test_so_many_as_are_wanted_from_the_top_of_the_worklist_each_in_a_file_of_its_own(published):
    staging, work, written = published
    assert list(written) == list(work.first["customer_id"])[:2]
    assert len(set(written.values())) == 2
    assert {path.name for path in (staging / "customers").iterdir()} == set(written.values())


def test_lists_link_to_the_pages_and_nothing_else_does(published):
    staging, _, written = published
    html = (staging / "list.html").read_text()
    for customer, file in written.items():
        assert f'<a href="customers/{file}">' in html, customer
    assert html.count("<a href") == 2 and ">A/1</td>" in html.split("</tr>")[1]


def test_a_page_of_a_run_leads_back_and_to_its_kin_and_has_its_line_of_the_worklist(published):
    staging, _, written = published
    pages = {name: (staging / "customers" / file).read_text() for name, file in written.items()}
    assert all('href="../index.html"' in html for html in pages.values())
    assert all("The group they belong to" in html for name, html in pages.items() if name.startswith("A"))
    kin = [name for name in written if name.startswith("A")]
    if len(kin) == 2:
        assert f'<a href="{written[kin[0]]}">' in pages[kin[1]]
    assert all("Nothing presses" not in html for html in pages.values())


def test_what_the_run_has_found_is_kept_for_the_next_page_and_is_not_shown_of_another_day(crm, published):
    _, work, _ = published
    assert work_at_hand(crm)[1] and CustomerPages(crm).work.equals(work_at_hand(crm)[0])
    kept = read_kept(crm, WORK)["table"]
    assert list(kept["customer_id"].fillna("")) == list(work.table["customer_id"].fillna(""))
    assert read_kept(crm.at("2024-06-30"), WORK) is None


def test_nothing_is_kept_of_tables_in_memory():
    crm = SimpleNamespace(root=None, key="")
    write_kept(crm, "x", {"a": pd.DataFrame({"b": [1]})})
    assert read_kept(crm, "x") is None


def test_a_link_is_made_of_a_whole_cell_only():
    html = '<td data-customer class="crm-id">K-1</td><td>K-1</td><td data-customer>K-12</td>'
    assert with_links(html, {"K-1": "k.html"}, prefix="c/") == (
        '<td data-customer class="crm-id"><a href="c/k.html">K-1</a></td><td>K-1</td><td data-customer>K-12</td>'
    )


def test_what_an_owner_is_to_do_first_is_a_calendar_of_its_own(crm, published, tmp_path, capsys):
    _, work, _ = published
    assert print_steps(crm.root, " e1 ", out=tmp_path) == 0
    events = (tmp_path / "steps-e1.ics").read_bytes().replace(b"\r\n ", b"").decode()
    own = work.first[work.first["owner_id"] == "e1"]
    assert events.count("BEGIN:VEVENT") == len(own) > 1 and f"{len(own)} steps." in capsys.readouterr().out
    assert (
        events.count(f"DTSTART;VALUE=DATE:{own['by_when'].min():%Y%m%d}")
        == (own["by_when"] == own["by_when"].min()).sum()
    )
    assert print_steps(crm.root, "e9", out=tmp_path) == 3 and "due from e9" in capsys.readouterr().out
