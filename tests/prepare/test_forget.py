"""A person is shown whole and forgotten whole: every byte of what is kept is searched for her."""

import io
import json
import os
import sqlite3
import zipfile
from email import message_from_bytes, policy
from email.message import EmailMessage

import pandas as pd
import pytest

from crmlib.measure.indicators import compute_indicators
from crmlib.prepare.crm import Crm
from crmlib.prepare.encryption import decrypt
from crmlib.prepare.forget import Person, find_person, pseudonyms_of, remove_from_lists
from crmlib.prepare.outbox import keep, kept_key
from crmlib.prepare.privacy import pseudonyms
from crmlib.prepare.workspace import forget, open_workspace
from crmlib.present.publish.publish import Shelf
from crmlib.present.run.console import print_export
from crmlib.present.run.persons import print_forgotten, print_person, runs_that_hold
from crmlib.schema.errors import ParameterError

HERS = (
    "Zelda Quint",
    "zelda@quint.example",
    "0307654321",
    "Quint Lane 9",
    "zq-4711",
    "SAYSZELDA",
    "DEALZELDA",
)
TOML = """
currency = "EUR"
as_of = 2024-06-30
[tables.customers]
from = "customers*.csv"
[tables.transactions]
from = "orders.csv"
mode = "append"
[tables.opportunities]
from = "deals.csv"
[tables.stage_history]
from = "stages.csv"
[tables.interactions]
from = "talks.csv"
"""
CUSTOMERS = """customer_id,name,email,phone,address
zq-4711,Zelda Quint,zelda@quint.example,030 7654321,Quint Lane 9
c-1,Otto Other,otto@other.example,030 1111111,Other Road 1
c-2,Zelda Quintessa,info@shared.example,030 2222222,Third Way 3
"""
FILES = {
    "customers.csv": CUSTOMERS,
    "orders.csv": "order_id,customer_id,product_id,ordered_at,net_amount\n"
    "1,zq-4711,a,2024-01-05,10\n2,c-1,a,2024-02-05,20\n3,zq-4711,a,,30\n4,c-2,a,2024-02-06,5\n"
    '5,zq-4711,"a,2024-02-06,5\n',
    "deals.csv": "opportunity_id,customer_id,created_at,stage,amount,outcome\n"
    "DEALZELDA,zq-4711,2024-01-01,x,5,open\nd-2,c-1,2024-01-01,x,5,open\n",
    "stages.csv": "opportunity_id,stage,entered_at\nDEALZELDA,x,2024-01-01\nd-2,x,2024-01-01\n",
    "talks.csv": "interaction_id,customer_id,opportunity_id,happened_at,notes\n"
    "i1,zq-4711,,2024-01-02,SAYSZELDA hello\ni2,,DEALZELDA,2024-01-03,SAYSZELDA again\ni3,c-1,,2024-01-03,fine\n",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("temp", "out", "lists"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    root = tmp_path / "firm"
    root.mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text, encoding="utf-8")
    (root / "crm.toml").write_text(TOML)
    return root


def filled(folder):
    """The workspace opened, with a campaign in the outbox, identities of a load, lists and a published run."""
    open_workspace(folder).engine.close()
    box = folder / "outbox" / "spring"
    (box / "email").mkdir(parents=True)
    (box / "email" / "one.html").write_text("Dear Zelda Quint")
    (box / "email" / "two.html").write_text("Dear Otto Other")
    for number, (name, address) in enumerate([HERS[:2], ("Otto Other", "otto@other.example")], start=1):
        mail = EmailMessage()
        mail["To"], mail["Subject"] = f"{name} <{address}>", f"Für {name}"
        mail.set_content(f"Grüße an {name} 名簿", cte="base64")
        (box / "email" / f"{number}.eml").write_bytes(bytes(mail))
    day = pd.Timestamp("2024-05-01")
    pd.DataFrame(
        {"campaign_id": "spring", "customer_id": ["zq-4711", "c-1"], "contacted_on": day, "is_control": False}
    ).to_parquet(box / "campaign_contacts.parquet")
    (folder / ".identity").mkdir()
    for name in ("known", "log"):
        pd.DataFrame({"record_id": ["zq-4711", "c-1"], "customer_id": ["zq-4711", "c-1"]}).to_parquet(
            folder / ".identity" / f"{name}.parquet"
        )
    crm = open_workspace(folder)
    (coded,) = pseudonyms_of(crm, ["zq-4711"])
    crm.engine.close()
    top = folder.parent
    (top / "lists" / "list.csv").write_text(f"customer_id,why\r\n{coded},late\r\nK-AAAAAAAAAAAA,late\r\n")
    shelf = Shelf(root=top / "out" / "firm")
    for run, text in (("20240101T000000Z", coded), ("20240102T000000Z", "Zelda Quintessa, K-AAAAAAAAAAAA")):
        (shelf.root / run).mkdir(parents=True)
        (shelf.root / run / "index.html").write_text(f"<p>{text}</p>")
    (shelf.root / ".work" / "20240101T000000Z").mkdir(parents=True)
    (shelf.root / ".work" / "20240101T000000Z" / "a.ipynb").write_text("zq-4711")
    (shelf.root / ".staging-20240103T000000Z").mkdir()
    (shelf.root / ".staging-20240103T000000Z" / "index.html").write_text(
        "Zelda Quint, of a run that was killed"
    )
    return coded, shelf


def bytes_that_speak(*roots, of=HERS, spared=()):
    """Every file whose name or bytes hold one of her values, also within Parquet and zip."""
    found = {}
    for root in roots:
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            content = path.read_bytes()
            if path.suffix == ".parquet":
                content += pd.read_parquet(path).to_csv().encode()
            elif path.suffix == ".eml":
                mail = message_from_bytes(content, policy=policy.default)
                content += (str(mail["To"]) + str(mail["Subject"]) + mail.get_content()).encode()
            elif zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as parts:
                    content += b"".join(map(parts.read, parts.namelist()))
            plain = (
                content.replace(b"Zelda Quintessa", b"").replace(b" ", b"").lower()
                + path.name.lower().encode()
            )
            said = [word for word in of if word.replace(" ", "").casefold().encode() in plain]
            if said and path.name not in spared:
                found[path.relative_to(root).as_posix()] = said
    return found


def test_all_that_is_held_on_a_person_is_written_for_its_owner_alone(folder):
    filled(folder)
    target = folder.parent / "her.json"
    assert print_person(folder, "zq-4711", to=target) == 0
    held = json.loads(target.read_text())
    assert {name: len(rows) for name, rows in held["tables"].items()} == {
        "customers": 1, "transactions": 1, "opportunities": 1, "stage_history": 1, "interactions": 1,
        "set aside: transactions": 2, "set aside: interactions": 1, "identity: known": 1, "identity: log": 1,
    }  # fmt: skip
    assert held["drafts"] == ["1.eml", "one.html"] and target.stat().st_mode & 0o077 == 0
    assert "Otto" not in target.read_text() and "Quintessa" not in target.read_text()
    assert all(
        word in target.read_text().replace(" ", "") for word in ("ZeldaQuint", "SAYSZELDA", "DEALZELDA")
    )


def test_every_byte_is_free_of_who_was_forgotten_and_the_others_stay(folder, capsys):
    coded, _ = filled(folder)
    top = folder.parent
    assert len(bytes_that_speak(folder, spared=FILES)) >= 6, "she is found before"
    exports = {name: (folder / name).read_bytes() for name in FILES}
    assert print_forgotten(folder, coded, out=top / "out", lists=[top / "lists"]) == 0
    said = capsys.readouterr().out.replace("\n", "")
    assert "Still holds her" in said and "20240101T000000Z" in said and "20240102T000000Z" not in said
    assert bytes_that_speak(folder, top / "out", top / "temp", top / "lists", spared=FILES) == {}
    assert coded not in (top / "lists" / "list.csv").read_text()
    assert "K-AAAAAAAAAAAA" in (top / "lists" / "list.csv").read_text()
    assert {name: (folder / name).read_bytes() for name in FILES} == exports
    assert (folder / ".forgotten.json").stat().st_mode & 0o077 == 0
    crm = open_workspace(folder)
    assert crm.frame("customers").customer_id.tolist() == ["c-1", "c-2"]
    assert crm.frame("transactions").order_id.tolist() == ["2", "4"]
    assert [len(crm.frame(n)) for n in ("opportunities", "stage_history", "interactions")] == [1, 1, 1]
    crm.engine.close()
    assert bytes_that_speak(folder, top / "temp", spared=FILES) == {}
    left = (folder / "outbox" / "spring" / "email").iterdir()
    assert sorted(path.name for path in left) == ["2.eml", "two.html"]
    with pytest.raises(ParameterError, match="No customer"):
        find_person(open_workspace(folder), "zq-4711")


def test_what_a_model_said_of_her_goes_too_and_what_it_said_of_others_stays(folder):
    crm = open_workspace(folder)
    names = pseudonyms(pd.Series(["zq-4711", "c-1"]), key=kept_key(crm))
    keep(crm, "promises", {"customers": {one: [0.5, 1.0, 2.0] for one in names}})
    forget(crm, "zq-4711")
    (kept,) = json.loads((folder / ".kept" / "promises.json").read_text())
    assert list(kept["customers"]) == [names[1]]
    assert (folder / ".kept" / "promises.json").stat().st_mode & 0o077 == 0


def test_with_identities_signs_kept_answers_and_a_database_she_is_gone_from_every_byte_too(
    folder, monkeypatch
):
    """Two of her records are one customer; orders and opinions that name nobody are hers by her address."""
    pytest.importorskip("splink", reason="crmlib[identity] is not installed")
    monkeypatch.setattr("crmlib.prepare.answers.WORTH_SECONDS", -1)
    more = "zq-4712,Zelda Quint,zelda@quint.example,030 7654321,Quint Lane 9\n"
    more += "".join(f"c-{i},Firm {i} Ltd,info@firm{i}.example,030 33333{i},Road {i}\n" for i in range(10, 40))
    texts = FILES | {
        "customers.csv": CUSTOMERS + more,
        "orders.csv": "order_id,customer_id,product_id,ordered_at,net_amount,email\n1,zq-4712,a,2024-01-05,10,\n"
        "2,c-1,a,2024-02-05,20,\n3,,a,2024-02-06,30,Zelda@Quint.example\n4,,a,2024-02-06,30,once@only.example\n",
        "said.csv": "feedback_id,customer_id,kind,given_at,score,score_max,text,email\n"
        "f1,,nps,2024-03-01,9,10,SAYSZELDA liked it,zelda@quint.example\nf2,c-1,nps,2024-03-01,9,10,fine,\n",
    }
    with sqlite3.connect(folder / "shop.db") as shop:
        for name, text in texts.items():
            pd.read_csv(io.StringIO(text), dtype=str).to_sql(name.removesuffix(".csv"), shop, index=False)
    toml = TOML.replace("*.csv", "").replace(".csv", "") + '[tables.feedback]\nfrom = "said"\n'
    toml += (
        '[identity]\nfrom = ["customers", "transactions", "feedback"]\n[source]\nurl = "sqlite:///shop.db"\n'
    )
    (folder / "crm.toml").write_text(toml)
    crm = open_workspace(folder)
    assert set(crm.frame("transactions").set_index("order_id").loc[["1", "3"], "customer_id"]) == {"zq-4711"}
    assert compute_indicators(crm).index.size and list(folder.glob(".*/**/results/*/*.parquet"))
    person = find_person(crm, "zq-4712")
    assert set(person.ids) == {"zq-4711", "zq-4712"} and len(person.tables["transactions"]) == 2
    assert len(person.tables["feedback"]) == 1 and {"identity: known", "identity: signs"} <= set(
        person.tables
    )
    crm.engine.close()
    exports, top = {*FILES, "shop.db"}, folder.parent
    hers = (*HERS, "zq-4712")
    assert len(bytes_that_speak(folder, of=hers, spared=exports)) >= 6, "she is found before"
    forget(open_workspace(folder), "zq-4712")
    assert bytes_that_speak(folder, top / "temp", top / "out", of=hers, spared=exports) == {}
    crm = open_workspace(folder)
    assert not {*hers} & {*crm.frame("customers").customer_id} and len(crm.frame("customers")) == 33
    assert crm.frame("transactions").order_id.tolist() == ["2", "4"] and len(crm.frame("feedback")) == 1
    crm.engine.close()
    assert bytes_that_speak(folder, top / "temp", of=hers, spared=exports) == {}


def test_she_does_not_come_back_by_a_later_load_under_her_number_or_her_address(folder):
    filled(folder)
    forget(open_workspace(folder), "zq-4711")
    (folder / "customers-2.csv").write_text(
        "customer_id,name,email,phone,address\nn-9,Z. Quint,ZELDA@quint.example,,\nn-8,Nora New,nora@new.example,,\n"
    )
    (folder / "orders.csv").write_text(
        FILES["orders.csv"].replace("5,zq", "6,zq-4711,a,2024-03-05,10\n7,c-1,a,2024-03-05,10\n5,zq")
    )
    crm = open_workspace(folder)
    assert sorted(crm.frame("customers").customer_id) == ["c-1", "c-2", "n-8"]
    assert "6" not in set(crm.frame("transactions").order_id) and "7" in set(
        crm.frame("transactions").order_id
    )
    crm.engine.close()
    assert bytes_that_speak(folder, spared={*FILES, "customers-2.csv"}) == {}


def test_an_address_that_others_share_is_no_mark_of_hers(folder):
    (folder / "customers.csv").write_text(CUSTOMERS.replace("otto@other.example", "zelda@quint.example"))
    forget(open_workspace(folder), "zq-4711")
    assert open_workspace(folder).frame("customers").customer_id.tolist() == ["c-1", "c-2"]


ZELDA = Person(ids=("zq-4711",), tables={"customers": pd.read_csv(io.StringIO(CUSTOMERS)).head(1)})


def test_lists_lose_her_rows_also_as_workbooks(tmp_path):
    for name, cell in (("hers.xlsx", "zq-4711"), ("theirs.xlsx", "c-1")):
        pd.DataFrame({"customer_id": [cell], "n": [0]}).to_excel(tmp_path / name, index=False)
    (tmp_path / "calls.csv").write_text("who,why\r\nZelda  QUINT,late\r\nZelda Quintessa,late\r\n")
    changed = remove_from_lists(tmp_path, ZELDA, pseudonyms=())
    assert [path.name for path in changed] == ["calls.csv", "hers.xlsx"]
    assert not (tmp_path / "hers.xlsx").exists() and (tmp_path / "theirs.xlsx").exists()
    assert (tmp_path / "calls.csv").read_text("utf-8-sig").split() == ["who,why", "Zelda", "Quintessa,late"]


def test_runs_are_searched_in_their_downloads_too(tmp_path):
    shelf = Shelf(root=tmp_path)
    for run, cell in (("20240101T000000Z", "K-AAAAAAAAAAAA"), ("20240102T000000Z", "K-BBBBBBBBBBBB")):
        (tmp_path / run / "value_files").mkdir(parents=True)
        pd.DataFrame({"customer_id": [cell]}).to_excel(
            tmp_path / run / "value_files" / "list.xlsx", index=False
        )
    assert [run.name for run in runs_that_hold(shelf, ZELDA, ["K-BBBBBBBBBBBB"])] == ["20240102T000000Z"]
    assert runs_that_hold(shelf, ZELDA, ["K-CCCCCCCCCCCC"]) == []


def test_of_tables_in_memory_nothing_is_kept_to_forget():
    crm = Crm.from_frames(as_of="2024-01-31", customers=pd.DataFrame({"customer_id": ["c-1"]}))
    with pytest.raises(ParameterError, match="nothing is kept of anybody"):
        forget(crm, "c-1")


def test_pages_and_calendars_beside_the_runs_are_named_where_she_stands_in_them(folder, capsys):
    coded, _ = filled(folder)
    out = folder.parent / "out"
    hers = {
        "handover-e1.html": f"<td>{coded}</td>",
        "handover-e1.ics": "SUMMARY:Zelda Quint",
        f"customer-{coded.lower()}.html": f"<h1>{coded}</h1>",
    }
    for name, text in (*hers.items(), ("customer-k-x.html", "Zelda Quintessa")):
        (out / name).write_text(text)
    assert print_forgotten(folder, "zq-4711", out=out) == 0
    said = capsys.readouterr().out.replace("\n", "")
    assert [name for name in hers if f"Still holds her: {os.path.relpath(out / name)}" not in said] == []
    assert "customer-k-x.html" not in said


def test_what_is_encrypted_is_written_whole_and_named_when_she_is_forgotten(folder, monkeypatch, capsys):
    pytest.importorskip("cryptography", reason="no cryptography: install the extra crmlib[encrypt]")
    monkeypatch.setattr("crmlib.prepare.encryption.ROUNDS", 1_000)
    filled(folder)
    top, password = folder.parent, "wide grey owls fly at noon"
    lists, temp = top / "lists", top / "temp"
    assert print_person(folder, "zq-4711", to=lists / "her.json", password=password) == 0
    assert print_export(folder, lists / "all", kind="csv", personal=True, password=password) == 0
    written = sorted(path for path in lists.rglob("*") if path.suffix == ".encrypted")
    assert {path.name for path in written} >= {"her.json.encrypted", "customers.csv.encrypted"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)
    assert bytes_that_speak(lists, temp) == {}, "nothing of her stands anywhere in the open"
    assert "ZeldaQuint" in decrypt(written[-1].read_bytes(), password=password).decode().replace(" ", "")
    (run := top / "out" / "firm" / "20240103T000000Z").mkdir()
    (run / "run.json").write_text('{"encrypted": true}')
    assert print_forgotten(folder, "zq-4711", out=top / "out", lists=[lists]) == 0
    said = capsys.readouterr().out.replace("\n", "")
    for path in (*written, run / "index.html"):
        assert f"not searched: {os.path.relpath(path)}" in said
