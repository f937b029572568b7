"""Satisfaction: figures that can be checked by hand, nothing that looks ahead, nothing found where nothing is."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.voice.satisfaction import is_sure, satisfaction
from crmlib.analyse.voice.sentiment import attitude
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError


def opinions(scores, *, kind="nps", best=10, start="2023-01-01", days=3, **more):
    n = len(scores)
    return pd.DataFrame(
        {"feedback_id": [f"{kind}{i:04}" for i in range(n)], "customer_id": [f"c{i}" for i in range(n)],
         "kind": kind, "given_at": pd.Timestamp(start) + pd.to_timedelta(np.arange(n) * days, unit="D"),
         "score": scores, "score_max": best, "order_id": [f"o{i}" for i in range(n)], **more}
    )  # fmt: skip


def orders(customers, day, prefix="o"):
    return pd.DataFrame(
        {"order_id": [f"{prefix}{one[1:]}" for one in customers], "customer_id": customers, "product_id": "tea",
         "ordered_at": day, "net_amount": 10.0}
    )  # fmt: skip


def open_with(as_of="2024-12-31", **frames):
    return Crm.from_frames(as_of=as_of, **frames)


def test_the_score_of_reichheld_and_satisfied_customers_are_counted_as_by_hand():
    said = pd.concat(
        [opinions([10] * 5 + [9] + [8, 7] + [6, 0]), opinions([5, 4, 3, 1], kind="csat", best=5)]
    )
    found = satisfaction(open_with(feedback=said)).surveys.set_index("kind")
    assert found.loc["nps", "score"] == pytest.approx(100 * (6 - 2) / 10)
    assert found.loc["nps", ["promoters", "detractors", "answers"]].tolist() == [6, 2, 10]
    assert found.loc["csat", "score"] == 50
    assert found.loc["csat", ["low", "high"]].tolist() == pytest.approx(
        [100 * x for x in share_interval(2, 4)]
    )
    marks = np.array([1] * 6 + [0, 0, -1, -1])
    error = 100 * 1.96 * marks.std(ddof=1) / np.sqrt(10)
    assert found.loc["nps", ["low", "high"]].tolist() == pytest.approx([40 - error, 40 + error])


def test_who_does_not_answer_counts_through_others_who_spend_as_much():
    """Twenty large customers answer and are glad, two small ones answer and are not; there are as many small ones."""
    customers = [f"c{i}" for i in range(60)]
    lines = orders(customers, "2023-06-01").assign(net_amount=[1000.0 - i for i in range(60)])
    said = opinions([10] * 20 + [0] * 4).assign(
        customer_id=[*customers[:20], *customers[38:40], *customers[58:]]
    )
    row = satisfaction(open_with(feedback=said, transactions=lines)).surveys.iloc[0]
    assert row["score"] == pytest.approx(100 * 16 / 24)
    assert row["weighted"] == pytest.approx(100 * (1 - 1 - 1) / 3)


def test_whether_a_bad_score_foretells_leaving_is_asked_of_days_that_are_over():
    customers = [f"c{i}" for i in range(40)]
    before = orders(customers, "2022-12-01", "a")
    after = orders(customers[20:], "2023-06-01", "b")
    said = opinions([2] * 20 + [10] * 20, days=0)
    found = satisfaction(open_with(feedback=said, transactions=pd.concat([before, after])))
    assert found.leaving["gone_pct"].tolist() == [100.0, 0.0] and found.leaving["customers"].tolist() == [
        20,
        20,
    ]
    gap, low, high = found.leaving_gap
    assert gap == 100 and 50 < low < high
    early = satisfaction(open_with("2023-05-01", feedback=said, transactions=pd.concat([before, after])))
    assert early.leaving["customers"].tolist() == [0, 0]


def test_what_comes_after_the_closing_moment_changes_nothing():
    said = opinions([9, 3, 7] * 10)
    late = opinions([0] * 30, kind="csat", start="2025-02-01")
    one, other = (satisfaction(open_with(feedback=frame)) for frame in (said, pd.concat([said, late])))
    pd.testing.assert_frame_equal(one.surveys, other.surveys)
    pd.testing.assert_frame_equal(one.quarters, other.quarters)
    assert one.change == other.change


def test_a_change_is_found_where_one_is_and_not_where_none_is():
    rng = np.random.default_rng(2)
    steady = rng.integers(4, 10, 120)
    moved = steady - np.where(np.arange(120) >= 70, 3, 0)
    change = satisfaction(open_with(feedback=opinions(moved))).change
    assert is_sure(change) and change["after_pct"] < change["before_pct"] - 20
    assert abs((change["changed_on"] - pd.Timestamp("2023-01-01")).days - 210) <= 24
    assert not is_sure(satisfaction(open_with(feedback=opinions(steady))).change)
    assert satisfaction(open_with(feedback=opinions([5] * 40))).change == {}


def test_complaints_have_a_theme_a_wait_and_those_still_open():
    said = opinions([1] * 24, kind="complaint", days=1,
                    text=["the delivery was late", "Die Lieferung kam zu spät"] * 12)  # fmt: skip
    said["resolved_at"] = said["given_at"] + pd.to_timedelta([4] * 24, unit="D")
    said.loc[20:, "resolved_at"] = pd.NaT
    row = satisfaction(open_with(feedback=said)).complaints.set_index("theme").loc["delivery"]
    assert row.tolist() == [24, 4, 4.0, 0]
    again = pd.concat(
        [said, said.head(6).assign(feedback_id=list("uvwxyz"), given_at=pd.Timestamp("2023-03-01"))]
    )
    assert satisfaction(open_with(feedback=again)).again["again_pct"] == pytest.approx(25)


def test_a_group_of_few_customers_is_not_shown_and_no_feedback_is_said():
    said = opinions([9] * 30, product_id=["one"] * 25 + ["rare"] * 5)
    assert "rare" not in satisfaction(open_with(feedback=said)).groups["value"].tolist()
    people = pd.DataFrame({"customer_id": said["customer_id"], "region": ["a"] * 14 + ["b"] * 12 + ["c"] * 4})
    shown = satisfaction(open_with(feedback=said, customers=people)).groups
    assert shown.loc[shown["by"] == "region", "value"].tolist() == ["a"], "all less a and b would be c"
    with pytest.raises(SchemaError, match="feedback"):
        satisfaction(open_with(customers=pd.DataFrame({"customer_id": ["a"]})))


def test_attitude_is_learnt_from_scored_texts_and_must_earn_its_place():
    rng = np.random.default_rng(4)
    good, bad = ("great", "lovely", "quick", "friendly"), ("awful", "broken", "rude", "useless")
    filler = ["box", "desk", "order", "week", "phone", "green", "paper", "visit", "lamp", "chair"]
    texts = [
        " ".join(
            [*rng.choice(filler, 3), str(rng.choice(bad if i % 3 == 0 else good)), *rng.choice(filler, 2)]
        )
        for i in range(150)
    ]
    scores = [2 if i % 3 == 0 else 9 for i in range(150)]
    found = attitude(open_with(feedback=opinions(scores, kind="review", text=texts)))
    assert found.earned and found.tested["low"] > found.tested["majority_pct"] > 60
    assert found.table["unhappy_pct"].iloc[0] == pytest.approx(100 / 3, abs=4)
    shuffled = list(rng.permutation(scores))
    nothing = attitude(open_with(feedback=opinions(shuffled, kind="review", text=texts)))
    assert not nothing.earned and nothing.table.empty and nothing.tested["texts"] > 100
    assert attitude(open_with(feedback=opinions([9] * 5, text=["a"] * 5))).tested == {}
