"""Stays in stages: what counts as one, what is set aside, and that nothing is known before its time."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import sqlglot

from crmlib import Crm
from crmlib.measure.deals.past import stay_history
from crmlib.measure.deals.stays import history_entries, stage_stays, visit_steps
from crmlib.schema.errors import SchemaError
from crmlib.schema.tables import TABLES
from tests.measure.deals.deal_cases import AS_OF, known_then, pipeline, random_pipeline
from tests.measure.indicators.test_indicator_steps import to_spark
from tests.sample.company import sample_crm

SHOWN = ["stage", "next_stage", "exit", "stay_days", "visit_no"]


def shown(stays):
    return stays[SHOWN].round(2).to_numpy().tolist()


def test_stays_of_a_deal_by_hand():
    crm = pipeline(
        [
            ("a", "Talk", "2024-01-01", None),
            ("a", "Offer", "2024-01-05", "2024-01-08"),
            ("a", "Talk", "2024-01-08", "2024-01-09 12:00"),
            ("a", "Offer", "2024-01-09 12:00", None),
            ("b", "Talk", "2024-06-20 12:00", None),
        ],
        [("a", "won", "2024-01-01", "2024-01-20"), ("b", "open", "2024-06-20", None)],
    )
    stays = stage_stays(crm)
    assert shown(stays) == [
        ["Talk", "Offer", "forward", 4.0, 1],
        ["Offer", "Talk", "back", 3.0, 1],
        ["Talk", "Offer", "forward", 1.5, 2],
        ["Offer", "won", "won", 10.5, 2],
        ["Talk", "", "", 10.0, 1],
    ]
    assert stays["is_over"].tolist() == [True] * 4 + [False]
    assert stays.attrs["stages"] == ("Talk", "Offer")
    assert stays.attrs["set_aside"] == {"negative": 0, "overlapping": 0}


@pytest.mark.parametrize("end", ["Won", "closed won", "Closed-Won", "Closed"])
def test_rows_that_are_ends_are_no_stays(end):
    crm = pipeline(
        [("a", "Talk", "2024-01-01", None), ("a", end, "2024-01-05", None)],
        [("a", "won", "2024-01-01", "2024-01-05")],
    )
    assert shown(stage_stays(crm)) == [["Talk", "won", "won", 4.0, 1]]


def test_a_history_alone_knows_its_ends():
    crm = pipeline([("a", "Talk", "2024-01-01", None), ("a", "Lost", "2024-01-05", None)])
    assert shown(stage_stays(crm)) == [["Talk", "lost", "lost", 4.0, 1]]


def test_what_cannot_be_right_is_set_aside_and_counted():
    crm = pipeline(
        [
            ("a", "Talk", "2024-01-01", "2023-12-01"),
            ("b", "Talk", "2024-01-01", "2024-01-10"),
            ("b", "Offer", "2024-01-05", "2024-01-20"),
            ("c", "Talk", "2024-01-01", "2024-01-03"),
            ("d", "Talk", "2024-01-01", None),
            ("e", "Talk", "2024-01-01", "2024-01-03"),
            ("e", "Offer", "2024-02-03", None),
            ("f", "Talk", "2024-01-01", None),
            ("ghost", "Talk", "2024-01-01", None),
            ("g", "Talk", "2024-01-01", None),
            ("g", "Closed", "2024-01-09", None),
        ],
        [
            ("a", "open", "2024-01-01", None),
            ("b", "lost", "2024-01-01", "2024-01-20"),
            ("c", "open", "2024-01-01", None),
            ("d", "won", "2024-01-01", None),
            ("e", "won", "2024-01-01", "2024-01-03"),
            ("f", "open", "2024-01-01", None),
            ("g", "open", "2024-01-01", None),
        ],
    )
    stays = stage_stays(crm)
    assert stays["opportunity_id"].tolist() == ["b", "e", "f", "g"]
    assert stays.attrs["set_aside"] == {
        "negative": 1,
        "overlapping": 1,
        "nowhere": 1,
        "no_end": 1,
        "after_close": 1,
        "orphan": 1,
        "unclear_end": 1,
    }


def test_the_same_stage_twice_in_a_row_is_one_stay():
    crm = pipeline(
        [
            ("a", "Talk", "2024-01-01", None),
            ("a", "TALK", "2024-01-03", None),
            ("a", "Offer", "2024-01-06", None),
        ],
        [("a", "open", "2024-01-01", None)],
    )
    stays = stage_stays(crm)
    assert shown(stays)[0][:4] == ["TALK", "Offer", "forward", 5.0]
    assert len(stays) == 2 and stays.attrs["joined"] == 1


def test_the_order_of_crm_toml_decides_what_is_forward():
    crm = pipeline(
        [("a", "talk", "2024-01-01", None), ("a", "Offer", "2024-01-06", None)],
        [("a", "open", "2024-01-01", None)],
    )
    turned = SimpleNamespace(pipeline=SimpleNamespace(stages=("Offer", "Talk", "Never seen")))
    stays = stage_stays(replace(crm, config=turned))
    assert stays["stage"].tolist() == ["Talk", "Offer"] and stays["exit"].tolist() == ["back", ""]
    assert stays.attrs["stages"] == ("Offer", "Talk", "Never seen")


def test_days_are_those_of_the_clocks_there():
    history = pd.DataFrame({"opportunity_id": ["a"], "stage": "Talk", "entered_at": ["2024-03-09"]})
    sold = pd.DataFrame(
        {"opportunity_id": ["a"], "stage": "x", "outcome": "won", "created_at": "2024-03-09", "closed_at": "2024-03-11"}
    )  # fmt: skip
    crm = Crm.from_frames(
        as_of="2024-04-01", time_zone="America/New_York", stage_history=history, opportunities=sold
    )
    assert stage_stays(crm)["stay_days"].item() == 2.0  # 47 hours: the clocks were put forward


def test_without_a_history_a_deal_is_one_stay():
    sold = pd.DataFrame(
        {
            "opportunity_id": ["a", "b", "c"],
            "stage": ["Won", "Talk", "Talk"],
            "outcome": ["won", "open", "open"],
            "created_at": ["2024-01-01", "2024-06-01 12:00", None],
            "closed_at": ["2024-01-05", None, None],
        }
    )
    stays = stage_stays(Crm.from_frames(as_of=AS_OF, opportunities=sold))
    assert shown(stays) == [["deal", "won", "won", 4.0, 1], ["deal", "", "", 29.0, 1]]
    assert stays.attrs["set_aside"] == {"negative": 0, "overlapping": 0, "no_begin": 1}


def test_without_deals_there_are_no_stays():
    crm = Crm.from_frames(as_of=AS_OF, products=pd.DataFrame({"product_id": ["a"]}))
    with pytest.raises(SchemaError, match=r"tables\.stage_history"):
        stage_stays(crm)


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_known_before_its_time(seed):
    history, sold = random_pipeline(seed)
    crm = pipeline(history, sold)
    for moment in (pd.Timestamp("2024-04-01 10:00"),):
        by_hand = stage_stays(pipeline(*known_then(history, sold, moment), as_of=moment))
        then = stage_stays(crm.at(moment))
        assert len(then) > 5
        pd.testing.assert_frame_equal(then, by_hand, check_like=False)
        assert then.attrs["stages"] == by_hand.attrs["stages"]


def test_rows_after_the_closing_moment_change_nothing():
    history, sold = random_pipeline(5)
    later = AS_OF + pd.Timedelta(days=1)
    more = [*history, ("d001", "Won", later, None), ("d002", "New stage", later, None)]
    pd.testing.assert_frame_equal(stage_stays(pipeline(more, sold)), stage_stays(pipeline(history, sold)))


def test_the_steps_translate_to_spark():
    crm = pipeline([("a", "Talk", "2024-01-01", None)], [("a", "open", "2024-01-01", None)])
    tree = to_spark(visit_steps(crm).sql("select * from stage_visits"))
    assert len(list(tree.find_all(sqlglot.exp.CTE))) == 8
    assert len(list(to_spark(history_entries(crm)).find_all(sqlglot.exp.CTE))) == 2
    assert set(TABLES) >= {"stage_history", "opportunities"}


def assert_same_stays(crm, moments):
    history = stay_history(crm)
    assert history.entries is not None
    for moment in moments:
        cut, asked = history.at(moment), stage_stays(crm.at(moment))
        pd.testing.assert_frame_equal(cut, asked, check_exact=True)
        assert cut.attrs == asked.attrs


def with_every_oddity(seed):
    """Rows of ends, spellings, ties, exits after the next entry, deals that nobody knows, unsaid dates."""
    draw = np.random.default_rng(seed)
    names = ["Talk", " talk", "TALK", "Offer", "Plan  B", "plan b", "Won", "closed lost", "Closed"]
    days = pd.Timestamp("2024-03-20") + pd.to_timedelta(np.arange(24) * 11, unit="h")
    history, sold = [], []
    for number in range(60):
        for _ in range(draw.integers(1, 7)):
            entered, exited = draw.choice(days), draw.choice(days)
            history.append(
                (f"d{number}", str(draw.choice(names)), entered, exited if draw.random() < 0.4 else pd.NaT)
            )
        if number % 12:
            outcome = str(draw.choice(["open", "won", "lost"]))
            closed = draw.choice(days) if outcome != "open" and draw.random() < 0.6 else pd.NaT
            sold.append((f"d{number}", outcome, draw.choice(days[:6]) if number % 7 else pd.NaT, closed))
    return history, sold


@pytest.mark.parametrize(("seed", "zone"), [(0, "UTC"), (1, "Europe/Berlin"), (2, "America/New_York")])
def test_a_history_cut_for_a_moment_is_what_the_tables_say_then(seed, zone):
    odd = replace(pipeline(*with_every_oddity(seed)), time_zone=zone)
    assert_same_stays(odd, pd.date_range("2024-03-19 07:00", "2024-04-02", periods=4).as_unit("us"))
    found = stage_stays(odd.at("2024-03-29")).attrs
    assert {"orphan", "after_close", "unclear_end", "no_end"} <= set(found["set_aside"]) and found["joined"]
    plain = replace(pipeline(*random_pipeline(seed)), time_zone=zone)
    assert_same_stays(plain, [pd.Timestamp("2024-05-01 10:00")])


def test_the_history_of_the_sample_company_is_cut_alike():
    crm = sample_crm()
    moments = [crm.as_of - pd.Timedelta(days=days, hours=5) for days in (60, 400, 700)]
    assert all(len(stage_stays(crm.at(moment))) > 300 for moment in moments)
    assert_same_stays(crm, moments)


def test_a_history_that_cannot_be_cut_is_asked_of_the_tables():
    crm = pipeline([], [("a", "won", "2024-01-01", "2024-01-20")])
    empty = stay_history(crm).at(pd.Timestamp("2024-01-10"))
    pd.testing.assert_frame_equal(empty, stage_stays(crm.at("2024-01-10 00:00")), check_dtype=False)
    alone = Crm.from_frames(as_of=AS_OF, opportunities=crm.frame("opportunities"))
    assert stay_history(alone).entries is None
    assert stay_history(alone).at(pd.Timestamp("2024-01-10"))["stay_days"].round(2).tolist() == [9.0]
