import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.people.decisions import decision_tree, decisions, sway_ties
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError

PART = ["opportunity_id", "contact_id", "decision_role", "stance", "influences_contact_id"]


def crm_of(parts, outcomes, talked=()):
    sold = pd.DataFrame(
        {"opportunity_id": list(outcomes), "outcome": list(outcomes.values()), "stage": "Offer", "customer_id": "c",
         "amount": 10.0, "created_at": "2024-01-01",
         "closed_at": [None if end == "open" else "2024-02-01" for end in outcomes.values()]}
    )  # fmt: skip
    tables = {"opportunities": sold, "opportunity_contacts": pd.DataFrame(parts, columns=PART)}
    if talked:
        said = pd.DataFrame(talked, columns=["opportunity_id", "contact_id", "happened_at"])
        tables["interactions"] = said.assign(
            customer_id="c", interaction_id=[str(i) for i in range(len(said))]
        )
    return Crm.from_frames(as_of="2024-12-31", **tables)


def frame(*rows):
    names = [
        "opportunity_id",
        "contact_id",
        "decision_role",
        "influences_contact_id",
        "reports_to_contact_id",
    ]
    return pd.DataFrame(rows, columns=names).astype("str").replace({"None": None, "": None})


def test_a_tie_that_is_not_stated_comes_from_other_deals_then_from_the_reporting_line():
    found = sway_ties(
        frame(
            ("1", "ann", "influencer", "bob", None), ("1", "bob", "decider", None, None),
            ("2", "ann", "influencer", None, "cem"), ("2", "bob", "decider", None, None),
            ("2", "cem", "user", None, None),
            ("3", "ann", "influencer", None, "cem"), ("3", "cem", "decider", None, None),
        )
    )  # fmt: skip
    rows = found.set_index(["opportunity_id", "contact_id"])[["sways_contact_id", "tie_source"]]
    assert rows.loc[("1", "ann")].tolist() == ["bob", "given"]
    assert rows.loc[("2", "ann")].tolist() == ["bob", "other deals"]
    assert rows.loc[("3", "ann")].tolist() == ["cem", "reporting line"]
    assert rows.loc[[("1", "bob"), ("2", "cem")], "sways_contact_id"].isna().all()


def test_an_estimated_tie_closes_no_circle():
    found = sway_ties(frame(("1", "ann", "user", "bob", None), ("1", "bob", "influencer", None, "ann")))
    assert found["sways_contact_id"].isna().tolist() == [False, True]


@pytest.fixture(scope="module")
def planted():
    """100 closed deals: a champion in all the won, in none of the lost; whom ann sways follows her by 0.8."""
    rng = np.random.default_rng(1)
    parts, outcomes = [], {}
    for i in range(100):
        outcomes[deal := f"d{i}"] = "won" if i % 2 else "lost"
        stance = rng.uniform(-1, 1)
        parts.append((deal, "bob", "decider", 0.8 * stance + rng.normal(0, 0.05), None))
        parts.append((deal, "ann", "champion" if i % 2 else "user", stance, "bob"))
    outcomes |= {"cold": "open", "pulled": "open", "well": "open", "alone": "open"}
    parts += [("cold", "bob", "decider", -0.9, None), ("cold", "ann", "champion", 0.5, "bob")]
    parts += [("pulled", "bob", "decider", 0.9, None), ("pulled", "ann", "champion", 0.1, "bob")]
    parts += [("well", "bob", "decider", 0.4, None), ("well", "ann", "champion", 0.5, "bob")]
    parts += [("alone", "bob", "decider", 0.4, None)]
    spoken = [(deal, who, "2024-12-20") for deal in ("cold", "pulled", "well") for who in ("bob", "ann")]
    return decisions(crm_of(parts, outcomes, [*spoken, ("alone", "bob", "2024-12-20")]))


def test_the_planted_sway_is_found(planted):
    assert planted.sway_low < 0.8 < planted.sway_high and planted.sway == pytest.approx(0.8, abs=0.05)


def test_a_role_is_wanted_that_tells_won_from_lost(planted):
    roles = planted.roles.loc[""]
    assert roles.loc["champion", ["won_pct", "lost_pct", "is_wanted"]].tolist() == [100, 0, True]
    assert not roles.loc["user", "is_wanted"]


@pytest.mark.parametrize(
    ("deal", "missing", "risks", "move", "whom"),
    [
        ("cold", (), ("stance_against",), "win_over", "bob"),
        ("pulled", (), ("stance_pulled_down",), "break_silence", "bob"),
        ("well", (), (), "go_on", "ann"),
        ("alone", ("champion",), ("one_contact",), "gain_champion", "bob"),
    ],
)
def test_what_warns_and_whom_to_speak_to(planted, deal, missing, risks, move, whom):
    row = planted.deals.loc[deal]
    assert (row["missing_roles"], row["risks"]) == (missing, risks)
    assert (row["next_move"], row["next_contact_id"]) == (move, whom)
    assert row["coverage_pct"] == (50 if missing else 100)


def test_who_sways_the_decider_opens_the_door(planted):
    assert planted.deals.loc["cold", "via_contact_id"] == "ann"


def test_a_circle_of_sway_shows_everybody_once():
    crm = crm_of([("d", "a", "user", 0.1, "b"), ("d", "b", "user", 0.1, "a")], {"d": "open"})
    assert sorted(decision_tree(crm, "d").people.index) == ["a", "b"]


def test_errors_say_what_is_missing():
    crm = crm_of([("d", "a", "user", 0.1, None)], {"d": "open"})
    with pytest.raises(ParameterError, match="'e'"):
        decision_tree(crm, "e")
    bare = Crm.from_frames(as_of="2024-12-31", products=pd.DataFrame({"product_id": ["a"]}))
    with pytest.raises(SchemaError, match="opportunity_contacts"):
        decisions(bare)
