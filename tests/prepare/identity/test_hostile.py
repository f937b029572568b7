"""Records that share a house, a telephone or a mail box and are not one customer; and slips that are."""

import itertools

import pandas as pd
import pytest

pytest.importorskip("splink", reason="crmlib[identity] is not installed")

from crmlib import resolve_identities
from tests.prepare.identity.known import f1, found_pairs

GIVEN = (
    *("Anna", "Bernd", "Clara", "Dieter", "Elena", "Frank", "Greta", "Hugo"),
    *("Ida", "Jonas", "Karla", "Lukas", "Marta", "Niklas", "Olga", "Peter"),
)
FAMILY = (
    *("Ahrend", "Brandl", "Conrad", "Dietz", "Ebert", "Frisch", "Gruber"),
    *("Hansen", "Ihle", "Jansen", "Kessler", "Lorenz", "Mertens", "Nagel"),
)
STREETS = (
    *("Birkenweg", "Eichenallee", "Feldstrasse", "Gartenweg"),
    *("Hauptstrasse", "Kirchgasse", "Lindenplatz", "Marktstrasse"),
)
TRADES = ("Druck", "Logistik", "Optik", "Medizin", "Stahl", "Papier", "Software", "Textil")


def household(i: int) -> dict[str, str]:
    """A house of its own, and whoever lives first in it."""
    return {
        "kind": "person",
        "name": f"{GIVEN[i % 16]} {FAMILY[(i * 5 + i // 14) % 14]}",
        "birth_on": f"19{40 + i % 50}-{1 + i % 12:02d}-{1 + (7 * i) % 28:02d}",
        "address": f"{STREETS[i % 8]} {1 + i}",
        "postcode": f"{10000 + 37 * i}",
        "phone": f"+49 30 55{i:03d}7{i % 9}",
        "email": f"haus{i}@post.example",
    }


def people() -> list[dict[str, str]]:
    rows = []
    for i in range(90):
        one = household(i)
        rows.append({**one, "record_id": f"a{i}", "truth": f"a{i}"})
        family = one["name"].split()[1]
        if i < 15:  # twins
            rows.append(
                {**one, "name": f"{GIVEN[(i + 5) % 16]} {family}", "record_id": f"b{i}", "truth": f"b{i}"}
            )
        elif i < 30:  # father and son of one name
            rows.append(
                {**one, "birth_on": f"2005-0{1 + i % 9}-1{i % 9}", "record_id": f"b{i}", "truth": f"b{i}"}
            )
        elif i < 70:  # the same once more, with a slip of the key and less known
            slip = one["name"][:3] + one["name"][4:]
            rows.append({**one, "name": slip, "email": "", "record_id": f"b{i}", "truth": f"a{i}"})
    return rows


def companies() -> list[dict[str, str]]:
    rows = []
    for i in range(60):
        hall = i // 3 if i < 30 else i  # three firms in a hall, with its telephone
        name = f"{FAMILY[i % 14]} {TRADES[(i + i // 14) % 8]}"
        one = {
            "kind": "company",
            "name": f"{name} GmbH",
            "address": f"{STREETS[hall % 8]} {300 + hall}",
            "postcode": f"{50000 + 41 * hall}",
            "phone": f"+49 40 77{hall:03d}12"
            if i < 50
            else "+49 800 1234567",  # the last have one call centre
            "email": f"info@firma{i}.example" if i < 40 else "office@gruppe.example",  # and one mail box
        }
        rows.append({**one, "record_id": f"c{i}", "truth": f"c{i}"})
        if i < 20:
            rows.append({**one, "name": f"{name.upper()} G.m.b.H.", "record_id": f"d{i}", "truth": f"c{i}"})
    placeholder = {"kind": "company", "name": "n/a", "phone": "000000", "email": "none", "address": "unknown"}
    return [*rows, *({**placeholder, "record_id": f"x{i}", "truth": f"x{i}"} for i in range(5))]


@pytest.fixture(scope="module")
def told():
    table = pd.DataFrame([*people(), *companies()])
    return table, resolve_identities(table.drop(columns="truth"))


@pytest.mark.parametrize("kind", ["person", "company"])
def test_neighbours_stay_apart_and_double_entries_join(told, kind):
    table, found = told
    table = table[table["kind"].eq(kind)]
    groups = table.groupby("truth")["record_id"].agg(sorted)
    true = {pair for group in groups for pair in itertools.combinations(group, 2)}
    pairs = {pair for pair in found_pairs(found) if pair[0] in set(table["record_id"])}
    assert len(true) >= 20 and f1(pairs, true) >= 0.95


def test_who_only_shares_a_house_is_for_a_person_to_decide(told):
    _, found = told
    asked = set(zip(found.review["record_id_l"], found.review["record_id_r"], strict=True))
    assert {(f"a{i}", f"b{i}") for i in range(15)} <= asked and not found.review["joined"].all()


def test_sites_of_several_lists_are_told_by_name_and_spot_and_what_is_certain_is_not_asked():
    """Villages of one name lie elsewhere, neighbours have other names; each list has its own spelling and measuring."""
    rows = []
    for i in range(160):
        name, north, east = (
            f"{FAMILY[i % 14]}{('dorf', 'hausen', 'bach')[i % 3]}",
            47 + i % 13 / 2,
            6 + i // 13 / 2,
        )
        for source, spelling, aside in (
            ("map", name, 0),
            ("guide", name.upper(), 0.004),
            ("walk", name[:-1], -0.003),
        ):
            spot = {"latitude": north + aside, "longitude": f"{east - aside:.4f}"}
            rows.append(
                {"record_id": f"{source}{i}", "name": spelling, "source_system": source, **spot, "truth": i}
            )
    rows[0]["latitude"], rows[1]["longitude"] = 0, "1e9"
    table = pd.DataFrame(rows)
    groups = table.groupby("truth")["record_id"].agg(sorted)
    true = {pair for group in groups for pair in itertools.combinations(group, 2)}
    found = resolve_identities(table.drop(columns="truth"))
    assert f1(found_pairs(found), true) >= 0.98
    asked = found.review
    assert asked["probability"].notna().all() and len(asked) < 10
