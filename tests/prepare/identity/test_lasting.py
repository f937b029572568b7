"""Ids last over loads, decisions are obeyed, and the log says what changed."""

import pandas as pd
import pytest

pytest.importorskip("splink", reason="crmlib[identity] is not installed")

from crmlib import resolve_identities
from crmlib.schema.errors import ParameterError, SchemaError

NAMES = (
    *("Ahrend", "Brandl", "Conrad", "Dietz", "Ebert", "Frisch"),
    *("Gruber", "Hansen", "Ihle", "Jansen", "Kessler", "Lorenz"),
)


def records(*more: tuple[str, str, str], without: tuple[str, ...] = ()) -> pd.DataFrame:
    rows = [(f"e{i}", f"{name} GmbH", f"info@{name.lower()}.example") for i, name in enumerate(NAMES)]
    table = pd.DataFrame([*rows, *more], columns=["record_id", "name", "email"])
    return table[~table["record_id"].isin(without)].assign(kind="company").reset_index(drop=True)


def ids(found) -> dict[str, str]:
    return found.map.set_index("record_id")["customer_id"].to_dict()


def events(found) -> list[tuple[str, str, str, str]]:
    assert found.log["why"].str.len().gt(0).all(), "each change is explained"
    columns = ["event", "customer_id", "record_id", "from_customer_id"]
    return list(found.log[columns].itertuples(index=False, name=None))


def test_five_loads():
    """Additions, a correction, a removal and a return: every id is the one it was, every change is logged."""
    first = resolve_identities(records())
    assert all(record == customer for record, customer in ids(first).items()) and not len(first.log)
    second = resolve_identities(records(("c1", "Ahrend G.m.b.H.", "info@ahrend.example")), previous=first)
    assert ids(second)["c1"] == "e0" and events(second) == [("joined", "e0", "c1", "")]
    assert "email same" in second.log["why"].item()
    # The first record of the customer goes: the customer keeps its id.
    third = resolve_identities(
        records(("c1", "Ahrend G.m.b.H.", "info@ahrend.example"), without=("e0",)), previous=second
    )
    assert ids(third)["c1"] == "e0" and events(third) == [("gone", "e0", "e0", "")]
    # It comes back, and another customer comes in.
    back = (("c1", "Ahrend G.m.b.H.", "info@ahrend.example"), ("c2", "Zeller AG", "post@zeller.example"))
    fourth = resolve_identities(records(*back), previous=third)
    assert ids(fourth)["e0"] == ids(fourth)["c1"] == "e0" and events(fourth) == [("added", "c2", "c2", "")]
    # The record was of someone else, as its correction shows.
    corrected = (("c1", "Mertens KG", "info@mertens.example"), back[1])
    fifth = resolve_identities(records(*corrected), previous=fourth)
    assert ids(fifth)["e0"] == "e0" and ids(fifth)["c1"] == "c1"
    assert events(fifth) == [("split", "c1", "c1", "e0")] and "name other" in fifth.log["why"].item()
    sixth = resolve_identities(records(*corrected), previous=fifth)
    assert ids(sixth) == ids(fifth) and not len(sixth.log)


def test_decisions_stand_above_everything():
    twice = (("c1", "Ahrend G.m.b.H.", "info@ahrend.example"), ("c2", "Quast OHG", "mail@quast.example"))
    told = pd.DataFrame(
        [("e0", "c1", "different"), ("c2", "e5", "same"), ("e1", "e2", None)],
        columns=["record_id_l", "record_id_r", "decision"],
    )
    found = resolve_identities(records(*twice), decisions=told)
    assert ids(found)["c1"] == "c1" and ids(found)["c2"] == "e5" and ids(found)["e2"] == "e2"
    assert not found.review["record_id_r"].isin(["e0"]).any()


def test_given_links_join():
    table = records(("c2", "Quast OHG", "mail@quast.example")).assign(same_as=None)
    table.loc[table["record_id"].eq("c2"), "same_as"] = "e5"
    assert ids(resolve_identities(table))["c2"] == "e5"


def test_merged_customers_keep_one_id():
    before = pd.DataFrame({"record_id": ["e0", "c1"], "customer_id": ["K1", "K2"]})
    found = resolve_identities(records(("c1", "Ahrend G.m.b.H.", "info@ahrend.example")), previous=before)
    assert ids(found)["e0"] == ids(found)["c1"] == "K1"
    assert ("merged", "K1", "c1", "K2") in events(found)


def test_an_id_is_never_given_to_another_customer():
    before = pd.DataFrame({"record_id": ["e0", "e1"], "customer_id": ["e5", "e5"]})
    found = ids(resolve_identities(records(), previous=before))
    assert found["e0"] == "e5" and found["e1"] == "e1" and found["e5"] == "e5-2"


def test_a_source_that_lists_everybody_once_joins_nobody_of_its_own():
    table = records(("c1", "Ahrend G.m.b.H.", "info@ahrend.example")).assign(source_system="erp")
    assert ids(resolve_identities(table, settings={"one_per_source": ["erp"]}))["c1"] == "c1"


def test_the_order_of_the_rows_changes_nothing_but_the_first_id():
    table = records(("c1", "Ahrend G.m.b.H.", "info@ahrend.example"))
    one, other = (ids(resolve_identities(rows)) for rows in (table, table.iloc[::-1]))
    assert {(one[a] == one[b]) for a, b in [("e0", "c1")]} == {(other["e0"] == other["c1"])} == {True}


def test_mistakes_say_what_to_do():
    with pytest.raises(SchemaError, match="record_id 'e0' stands twice"):
        resolve_identities(pd.concat([records(), records()]))
    with pytest.raises(SchemaError, match="no column record_id"):
        resolve_identities(pd.DataFrame({"name": ["a"]}))
    with pytest.raises(ParameterError, match="there is no 'link_over'"):
        resolve_identities(records(), settings={"link_over": 0.9})
    told = pd.DataFrame({"record_id_l": ["e0"], "record_id_r": ["e1"], "decision": ["maybe"]})
    with pytest.raises(ParameterError, match="is no decision"):
        resolve_identities(records(), decisions=told)
