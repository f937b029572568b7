"""Orders and deals followed a second time: each quantity as a hand counts it, and each falsification of it found."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib.prepare.crm import Crm
from crmlib.present.run.verify import MismatchError, _check_quantities

LINES = [
    ("1", "a", "p", "2024-01-10", 1, 60.0, "2024-02-01", None),
    ("2", "a", "q", "2024-01-20", 1, 20.0, "2024-02-01", "2024-01-30"),
    ("3", "a", "p", "2024-01-30", 1, 15.0, None, None),
    ("4", "b", "p", "2024-01-10", 2, 50.0, "2024-02-01", None),
    ("5", "b", "p", "2024-02-10", -2, -50.0, None, None),
    ("6", "b", "q", "2024-06-20", 1, 30.0, "2024-07-20", None),
    ("7", "c", "q", "2024-06-25", 1, 5.0, None, None),
    ("8", "d", "q", "2024-05-01", 4, 40.0, "2024-05-20", None),
    ("9", "d", "q", "2024-05-10", -1, -10.0, None, None),
]
HISTORY = [
    ("d1", "talk", "2024-01-01", "2024-01-05"),
    ("d1", "offer", "2024-01-05", "2024-01-11"),
    ("d2", "talk", "2024-01-01", "2024-01-09"),
    ("d3", "talk", "2024-06-20", None),
    ("d4", "talk", "2024-02-01", None),
    ("d5", "talk", "2024-01-01", "2024-01-03"),
    ("d5", "talk", "2024-01-03", "2024-01-07"),
    ("d5", "offer", "2024-01-07", "2024-01-20"),
    *[(f"d{n}", "talk", "2024-01-01", "2024-01-06") for n in range(6, 11)],
]
DEALS = [
    ("d1", "won", "2024-01-11", 10.0, "e1"), ("d2", "lost", "2024-01-09", 20.0, "e1"),
    ("d3", "open", None, 30.0, "e1"), ("d4", "open", None, 40.0, "e2"), ("d5", "lost", "2024-01-20", 50.0, "e2"),
    *[(f"d{n}", "lost", "2024-01-06", 1.0, "e2") for n in range(6, 11)],
]  # fmt: skip
CASES = [
    ("s1", "2023-05-01", "2023-05-02", 0, 100.0), ("s2", "2024-05-01", None, 1, 7.5),
    ("s3", "2024-06-01", "2024-06-02", None, 2.0),
]  # fmt: skip
SAID = [
    *(("nps", score, 10, None) for score in (10, 9, 3, None)), *(("csat", score, 5, None) for score in (4, 5, 5, 1)),
    ("complaint", None, None, "2024-06-01"), ("complaint", None, None, None),
]  # fmt: skip
BY_HAND = {
    "sales.orders": 6,  # order 4 came back whole, by order 5
    "baskets.all": 6,
    "customers.late": 1,  # a has been silent for 153 days, and bought every 10
    "customers.silent": 2,  # a and d: the house's gap is 10 days, they have been away for 153 and 61
    "customers.buying": 2,
    "customers.late_buying": 0,
    "sales.late_buying": 0.0,
    "customers.type_share[recent first-timers]": 50.0,  # b and c
    "customers.in_class[A]": 3,  # a with 95, b and d with 30 each: of 160, two of them are less than 80 %
    "customers.in_segment[few]": 3,
    "customers.segment_share[Few]": 75.0,
    "segments.found": 2,
    "customers.late[segment:many]": 1,
    "customers.in_state[declining]": 1,
    "customers.asked[61d]": 2,  # b and c; d bought 61 days ago
    "customers.listed[keep]": 2,
    "worklist.first[keep]": 1,
    "retention.share[all, month 1]": 0.0,  # of d alone the month after is over
    "sales.net_amount[365d, silent]": 125.0,  # a and d
    "sales.net_amount[365d, declining]": 30.0,
    "sales.share[silent]": 78.125,
    "sales.share[buying]": 21.875,
    "offers.made": 4,
    "offers.made[up-sell]": 1,
    "offers.customers": 3,
    "sales.net_amount[segment:few]": 65.0,
    "sales.share[segment:few]": 40.625,
    "sales.overdue": 90.0,  # order 1, and what is left of order 8
    "deals.stage_days[talk]": 5.0,  # of ten one has left after 4 days, five more after 5
    "deals.overdue": 2,  # eight have left after 8 days, d3 and d4 are there for longer
    "deals.overdue_amount": 70.0,
    "deals.overdue_unplanned": 1,
    "deals.lost_from[talk]": 6,
    "plan.keys[won_amount, employee, missed, 2024-Q1]": 1,
    "plan.keys[net_amount, category, missed, 2024-Q2]": 1,
    "lately.figure[plan_reached_pct, 2024-04-01]": 65.0,
    "lately.figure[open_amount, 2024-01-01]": 70.0,  # d3 and d4: all began in that quarter, the others ended in it
    "customers.bought_once": 3,  # all but a
    "customers.buyers": 4,
    "customers.came_back": 25.0,
    "customers.spend_median": 30.0,  # of 95, 30, 30 and 5
    "sales.top_share[20]": 59.375,  # one of four: a, with 95 of 160
    "deals.decided": 8,
    "deals.won_share": 12.5,
    "cases.open": 1,
    "cases.reopened_share": 50.0,  # of the third it is not known
    "cases.cost[365d]": 9.5,  # the first is older
    "complaints.open": 1,
    "feedback.answers[nps]": 3,
    "feedback.score[nps]": 33,
    "feedback.answers[csat]": 4,
    "feedback.score[csat]": 75.0,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    names = [
        "order_id",
        "customer_id",
        "product_id",
        "ordered_at",
        "quantity",
        "net_amount",
        "due_on",
        "paid_on",
    ]
    plans = [("won_amount", "employee", "e1", 1, 10.0), ("won_amount", "employee", "e2", 1, 1.0),
             ("net_amount", "category", "x", 4, 70.0), ("net_amount", "category", "y", 4, 0.0),
             ("net_amount", "total", "all", 4, 100.0)]  # fmt: skip
    ends = {1: "2024-03-31", 4: "2024-06-30"}
    crm = Crm.from_frames(
        as_of="2024-07-01",
        transactions=pd.DataFrame(LINES, columns=names),
        products=pd.DataFrame({"product_id": ["p", "q"], "category": ["y", "x"]}),
        opportunities=pd.DataFrame(
            DEALS, columns=["opportunity_id", "outcome", "closed_at", "amount", "owner_id"]
        ).assign(stage="talk", created_at="2024-01-01"),
        stage_history=pd.DataFrame(HISTORY, columns=["opportunity_id", "stage", "entered_at", "exited_at"]),
        interactions=pd.DataFrame({"interaction_id": ["i"], "customer_id": ["a"], "opportunity_id": ["d3"],
                                   "happened_at": ["2024-06-21"], "planned_for": ["2024-07-10"]}),
        service_cases=pd.DataFrame(CASES, columns=["case_id", "opened_at", "closed_at", "reopened_count",
                                                           "cost_amount"])
        .assign(customer_id="a"),
        feedback=pd.DataFrame(SAID, columns=["kind", "score", "score_max", "resolved_at"])
        .assign(customer_id="a", given_at="2024-05-01", feedback_id=lambda rows: rows.index),
        plans=pd.DataFrame([
            {"measure": m, "dimension": d, "key": k, "period_start": f"2024-0{start}-01",
             "period_end": ends[start], "target": target} for m, d, k, start, target in plans]),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("run")
    (folder / "segmentation_files").mkdir()
    listed = pd.DataFrame({"Segment": ["Many", "Few", "Few", "Few"], "Customer": list("abcd")})
    listed.to_csv(folder / "segmentation_files" / "customers_by_segment.csv", index=False)
    (folder / "churn_files").mkdir()
    states = pd.DataFrame({"Customer": list("abcd"), "State": ["lost", "declining", "new", "dormant"]})
    states.to_csv(folder / "churn_files" / "customers_by_state.csv", index=False)
    (folder / "worklist_files").mkdir()
    first = pd.DataFrame({"What to do": ["Keep", "Win back"], "Customer": ["b", "a"]})
    first.to_csv(folder / "worklist_files" / "worklist_first.csv", index=False)
    kept = pd.DataFrame({"Customer": ["b", "c"]})
    kept.to_csv(folder / "worklist_files" / "worklist_keep.csv", index=False)
    (folder / "cross_sell_files").mkdir()
    offers = {
        "Customer": list("aabc"),
        "Rank": [1, 2, 1, 1],
        "Kind": ["cross-sell", "up-sell", *["cross-sell"] * 2],
    }
    pd.DataFrame(offers).to_csv(folder / "cross_sell_files" / "offers.csv", index=False)
    told = SimpleNamespace(pipeline=SimpleNamespace(stages=("talk", "offer")), customer_types=None)
    yield replace(crm, config=told), folder
    crm.engine.close()


def run_that_says(quantity, value):
    claims = [{"key": "k", "facts": {"n": {"value": value, "at": quantity, "kind": "count"}}}]
    return {"reports": [{"name": "r", "href": "r.html", "claims": claims}]}


@pytest.mark.parametrize("quantity", BY_HAND)
def test_what_a_hand_counts_holds_and_anything_else_is_a_mismatch(shop, quantity):
    crm, folder = shop
    assert _check_quantities(crm, run_that_says(quantity, BY_HAND[quantity]), folder) == 1
    with pytest.raises(MismatchError, match="counted another way"):
        _check_quantities(crm, run_that_says(quantity, BY_HAND[quantity] + 1), folder)


def test_what_is_not_known_has_no_second_way(shop):
    crm, folder = shop
    for quantity in (
        "customers.in_segment[nobody]",
        "plan.keys[margin, brand, missed, 2024-Q1]",
        "customers.at_risk[28d]",
        "sales.net_amount[365d, at risk]",
    ):
        assert _check_quantities(crm, run_that_says(quantity, 1), folder) == 0
    assert _check_quantities(crm, run_that_says("customers.in_segment[few]", 3), folder / "elsewhere") == 0


def test_a_run_that_was_told_another_share_for_overdue_deals_is_counted_by_it(shop):
    crm, folder = shop
    told = run_that_says("deals.overdue", 0)
    told["reports"][0]["parameters"] = {"quantile": 0.95}
    assert _check_quantities(crm, told, folder) == 1
