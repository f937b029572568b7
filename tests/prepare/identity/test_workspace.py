"""`[identity]` in crm.toml: one row a customer, and every table follows."""

import sys
from types import SimpleNamespace

import pandas as pd
import pytest

pytest.importorskip("splink", reason="crmlib[identity] is not installed")

from crmlib import open_workspace
from crmlib.prepare.identity.follow import read_review, write_review
from crmlib.present.reports.health.say import check_words, identities_paragraph
from crmlib.present.run.console import print_identities
from crmlib.present.run.recount import Recount
from crmlib.schema.errors import CrmlibError

TOML = """
currency = "EUR"
as_of = 2024-12-31
[tables.customers]
from = "customers.csv"
[tables.transactions]
from = "orders.csv"
[tables.relations]
from = "relations.csv"
[tables.campaign_contacts]
from = "members.csv"
"""
NAMES = ("Ahrend", "Brandl", "Conrad", "Dietz", "Ebert", "Frisch", "Gruber", "Hansen", "Ihle", "Jansen")


@pytest.fixture
def folder(tmp_path):
    rows = [
        (f"e{i}", f"{name} GmbH", f"info@{name.lower()}.example", "", 2020) for i, name in enumerate(NAMES)
    ]
    rows.append(("c1", "AHREND G.m.b.H.", "info@ahrend.example", "+49 30 1234567", 2019))
    table = pd.DataFrame(rows, columns=["customer_id", "name", "email", "phone", "year"])
    table["signed_up_on"] = table.pop("year").astype(str) + "-05-01"
    table.assign(parent_customer_id=["c1", *[""] * (len(table) - 1)]).to_csv(
        tmp_path / "customers.csv", index=False
    )
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,product_id,ordered_at,net_amount\n"
        "1,e0,a,2024-01-05,10\n2,c1,a,2024-02-05,20\n3,zz,a,2024-03-05,30\n4,,a,2024-03-06,40\n"
    )
    (tmp_path / "relations.csv").write_text(
        "from_customer_id,to_customer_id,relation\ne0,c1,partner\nc1,e3,partner\ne0,e3,partner\n"
    )
    (tmp_path / "members.csv").write_text("campaign_id,customer_id\nK,e0\nK,c1\nK,e1\n")
    (tmp_path / "crm.toml").write_text(TOML)
    return tmp_path


def test_off_unless_asked_for(folder):
    crm = open_workspace(folder)
    assert len(crm.frame("customers")) == 11 and not (folder / ".identity").exists()


def test_every_table_follows(folder):
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    crm = open_workspace(folder)
    customers = crm.frame("customers").set_index("customer_id")
    assert len(customers) == 10 and "c1" not in customers.index
    recount = Recount(crm)
    assert recount("rows.read[customers]") == 11, "a row that became part of another was read, too"
    assert recount("rows.read[relations]") is None and recount("rows.read[transactions]") == 4
    one = customers.loc["e0"]
    assert one["name"] == "Ahrend GmbH" and one["phone"] == "+49 30 1234567"
    assert str(one["signed_up_on"])[:4] == "2019" and pd.isna(one["parent_customer_id"])
    orders = crm.frame("transactions").set_index("order_id")["customer_id"]
    assert orders[["1", "2", "3"]].tolist() == ["e0", "e0", "zz"] and pd.isna(orders["4"])
    assert crm.frame("relations")[["from_customer_id", "to_customer_id"]].values.tolist() == [["e0", "e3"]]
    assert sorted(crm.frame("campaign_contacts")["customer_id"]) == ["e0", "e1"]
    told = crm.checks.summary.set_index("check")
    assert told.loc["same_customer", "rows"] == 1
    lists, quality, *_ = identities_paragraph(SimpleNamespace(checks=crm.checks))
    assert str(lists).replace("\xa0", " ") == "11 entries in the lists of customers are 10 customers."
    right, hit = crm.checks.identities.loc[0, ["right_pct", "found_pct"]]
    assert 0 <= right <= 100 and f"at least {min(hit // 1, 99):.0f}\xa0% of the double entries" in str(
        quality
    )


def test_ids_last_and_nobody_else_reads_them(folder):
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    open_workspace(folder)
    kept = folder / ".identity"
    assert kept.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in kept.iterdir())
    # The first record is gone from the export: its customer is still e0.
    table = pd.read_csv(folder / "customers.csv", dtype=str)
    table[table["customer_id"].ne("e0")].to_csv(folder / "customers.csv", index=False)
    crm = open_workspace(folder)
    assert "e0" in set(crm.frame("customers")["customer_id"])
    assert crm.frame("transactions").set_index("order_id").loc["2", "customer_id"] == "e0"


def test_what_a_record_that_is_gone_did_stays_with_its_customer(folder):
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    open_workspace(folder)
    table = pd.read_csv(folder / "customers.csv", dtype=str)
    table[table["customer_id"].ne("c1")].to_csv(folder / "customers.csv", index=False)
    crm = open_workspace(folder)
    assert crm.frame("transactions").set_index("order_id").loc["2", "customer_id"] == "e0"


def test_five_loads_of_a_workspace_keep_their_ids_and_data_health_says_what_changed(folder):
    """Additions, a correction, a removal and a return; every table follows, and every change is counted."""
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    first = pd.read_csv(folder / "customers.csv", dtype=str)
    new = {"name": "BRANDL G.m.b.H.", "email": "info@brandl.example", "signed_up_on": "2024-01-01"}
    other = {"name": "Zeller AG", "email": "post@zeller.example", "signed_up_on": "2024-02-01"}
    grown = pd.concat([first, pd.DataFrame([{"customer_id": "w1", **new}])], ignore_index=True)
    without = grown[grown["customer_id"].ne("e1")]
    back = pd.concat([grown, pd.DataFrame([{"customer_id": "w2", **other}])], ignore_index=True)
    corrected = back.copy()
    corrected.loc[corrected["customer_id"].eq("w1"), ["name", "email"]] = [
        "Mertens KG",
        "info@mertens.example",
    ]
    with (folder / "orders.csv").open("a") as file:
        file.write("5,w1,a,2024-04-05,50\n")
    seen = []
    for table in (first, grown, without, back, corrected):
        table.to_csv(folder / "customers.csv", index=False)
        crm = open_workspace(folder)
        told = crm.checks.summary.set_index("check")["rows"]
        order = crm.frame("transactions").set_index("order_id").loc["5", "customer_id"]
        changed = {name: int(told.get(f"{name}_since", 0)) for name in ("joined", "merged", "split")}
        seen.append((order, len(crm.frame("customers")), int(told["same_customer"]), changed))
        lines = [str(check_words(row)) for row in crm.checks.summary.itertuples()]
        crm.engine.close()
    assert "belonged to another customer at the last load" in lines
    assert "are the same customer as another row and became one" in lines
    quiet = {"joined": 0, "merged": 0, "split": 0}
    assert seen == [
        ("w1", 10, 1, quiet),
        ("e1", 10, 2, quiet | {"joined": 1}),
        ("e1", 10, 1, quiet),
        ("e1", 11, 2, quiet),
        ("w1", 12, 1, quiet | {"split": 1}),
    ]


def test_decisions_are_read_and_written_as_excel(folder):
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    table = pd.read_csv(folder / "customers.csv", dtype=str, keep_default_na=False)
    table.loc[len(table)] = {"customer_id": "c9", "name": "=Quast OHG", "email": "q@q.example"}
    table.to_csv(folder / "customers.csv", index=False)
    file = folder / "review.xlsx"
    assert "c1" not in set(open_workspace(folder).frame("customers")["customer_id"])
    write_review(folder, file)
    assert file.stat().st_mode & 0o777 == 0o600
    told = [("e0", "c1", "different"), ("e5", "c9", "same")]
    pd.DataFrame(told, columns=["record_id_l", "record_id_r", "decision"]).to_excel(file, index=False)
    assert read_review(folder, file) == 2
    crm = open_workspace(folder)
    there = set(crm.frame("customers")["customer_id"])
    assert "c1" in there and "c9" not in there
    write_review(folder, file)
    kept = pd.read_excel(file, dtype=str, keep_default_na=False, engine="calamine")
    assert set(kept["decision"]) >= {"same", "different"}
    # A second reading of the same file changes nothing, an emptied decision is taken back.
    assert read_review(folder, file) == 2
    kept.assign(decision=kept["decision"].where(kept["decision"].ne("different"), "")).to_excel(
        file, index=False
    )
    assert read_review(folder, file) == 1
    assert "c1" not in set(open_workspace(folder).frame("customers")["customer_id"])


def test_the_command_reads_and_writes_decisions(folder, capsys):
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    file = folder / "pairs.xlsx"
    assert print_identities(folder, review=file) == 0 and file.is_file()
    told = [("e0", "c1", "different")]
    pd.DataFrame(told, columns=["record_id_l", "record_id_r", "decision"]).to_excel(file, index=False)
    assert print_identities(folder, review=file) == 0
    assert "1 decisions taken over" in capsys.readouterr().out
    assert "c1" in set(open_workspace(folder).frame("customers")["customer_id"])


def test_a_look_back_takes_the_ids_of_the_last_load_and_is_none_itself(folder):
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    table = pd.read_csv(folder / "customers.csv", dtype=str, keep_default_na=False)
    table[table["customer_id"].ne("e0")].to_csv(folder / "customers.csv", index=False)
    open_workspace(folder).engine.close()
    kept = {file.name: file.read_bytes() for file in (folder / ".identity").iterdir()}
    table.to_csv(folder / "customers.csv", index=False)
    crm = open_workspace(folder, as_of="2024-02-28")
    # c1 was there first: e0 joins it, whichever moment is asked about.
    assert "c1" in set(crm.frame("customers")["customer_id"])
    assert {file.name: file.read_bytes() for file in (folder / ".identity").iterdir()} == kept
    assert not crm.checks.summary["check"].str.endswith("_since").any()


def test_what_is_not_installed_is_said_before_anything_is_read(folder, monkeypatch):
    """Unjoined figures would pass for joined ones: the run stops, and says what to install or to leave out."""
    (folder / "crm.toml").write_text(TOML + "[identity]\n")
    monkeypatch.setitem(sys.modules, "splink", None)
    with pytest.raises(CrmlibError, match=r"pip install crmlib\[identity\], or take \[identity\] out of crm"):
        open_workspace(folder)
    assert not (folder / ".identity").exists()
