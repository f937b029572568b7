import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.people.contacts import contact_map, down_the_line, influence_of
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError

PEOPLE = pd.DataFrame(
    {
        "contact_id": ["boss", "ann", "bob", "far"],
        "customer_id": ["c", "c", "c", "other"],
        "title": "t",
        "reports_to_contact_id": [None, "boss", "ann", None],
    }
)


def talk(*rows):
    names = ["contact_id", "happened_at", "employee_id"]
    table = pd.DataFrame(rows, columns=names).assign(customer_id="c", direction="out", channel="phone")
    return table.assign(interaction_id=[str(i) for i in range(len(rows))])


def parts(*rows):
    return pd.DataFrame(
        rows, columns=["opportunity_id", "contact_id", "decision_role", "influences_contact_id"]
    )


def deals(*names):
    return pd.DataFrame({"opportunity_id": names, "stage": "x", "outcome": "open", "customer_id": "c"})


def map_of(talked, took_part, people=PEOPLE):
    crm = Crm.from_frames(
        as_of="2024-12-31",
        contacts=people,
        interactions=talked,
        opportunities=deals("d"),
        opportunity_contacts=took_part,
    )
    return contact_map(crm, "c")


def test_superiors_stand_above_and_a_circle_is_cut():
    found = map_of(talk(("ann", "2024-12-01", "e1")), parts(("d", "boss", "decider", None)))
    assert found.people["depth"].to_dict() == {"boss": 0, "ann": 1, "bob": 2}
    ring = PEOPLE.assign(reports_to_contact_id=["bob", "boss", "ann", None])
    found = map_of(talk(("ann", "2024-12-01", "e1")), parts(("d", "boss", "decider", None)), ring)
    assert sorted(found.people.index) == ["ann", "bob", "boss"]


def test_a_line_of_any_length_is_followed_to_its_end():
    names = [f"p{n}" for n in range(3_000)]
    depths = down_the_line(pd.Series([None, *names], [*names, "last"]), pd.Index([*names, "last"]))
    assert list(depths) == [*names, "last"] and depths["last"] == 3_000


def test_who_knows_whom_and_how_fresh():
    talked = talk(("ann", "2024-12-01", "e1"), ("ann", "2024-12-11", "e2"), ("ann", "2024-12-21", "e2"))
    people = map_of(talked, parts(("d", "boss", "decider", None))).people
    assert people.loc["ann", ["known_by", "known_by_count", "last_days"]].tolist() == ["e2", 2, 10]
    assert not people.loc["boss", "is_fresh"]


@pytest.mark.parametrize(
    ("talked", "took_part", "signs"),
    [
        (talk(("ann", "2023-01-01", "e")), parts(("d", "boss", "decider", None)), ("nobody_spoken_to",)),
        (talk(("ann", "2024-12-01", "e")), parts(("d", "boss", "user", None)), ("single_threaded", "no_decider")),
        (talk(("boss", "2024-12-01", "e"), ("ann", "2024-12-01", "e")),
         parts(("d", "boss", "decider", None), ("d", "bob", "champion", "boss")), ("champion_silent",)),
        (talk(("boss", "2024-12-01", "e"), ("ann", "2024-12-01", "e")),
         parts(("d", "boss", "decider", None), ("d", "far", "champion", "boss")), ("champion_moved",)),
    ],
)  # fmt: skip
def test_signs(talked, took_part, signs):
    assert map_of(talked, took_part).signs == signs


def test_nobody_known_is_an_error():
    with pytest.raises(ParameterError, match="nowhere"):
        contact_map(Crm.from_frames(as_of="2024-12-31", contacts=PEOPLE), "nowhere")


def test_hidden_influence_is_estimated_better_than_by_the_mean_and_says_so():
    rng = np.random.default_rng(3)
    names = [f"p{i}" for i in range(300)]
    role = np.array(["decider", "user"])[np.arange(300) % 2]
    people = pd.DataFrame(
        {"contact_id": names, "customer_id": [f"c{i // 2}" for i in range(300)], "title": "t",
         "influence": np.where(role == "decider", 0.8, 0.3) + rng.normal(0, 0.05, 300)}
    )  # fmt: skip
    took_part = pd.DataFrame({"opportunity_id": "d", "contact_id": names, "decision_role": role})
    crm = Crm.from_frames(
        as_of="2024-12-31", contacts=people, opportunities=deals("d"), opportunity_contacts=took_part
    )
    hidden = pd.Index(names[:60])
    true = people.set_index("contact_id")["influence"]
    found = influence_of(crm, hide=hidden)
    assert found["is_estimate"].sum() == 60 and found.loc[hidden, "is_estimate"].all()
    error = (found["influence"] - true)[hidden].abs().mean()
    assert error < 0.07 and (true[hidden] - true.drop(hidden).mean()).abs().mean() > 0.2
