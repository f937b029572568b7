"""What changed, and why: the parts add up, and what was planted is named with its cause and size."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crmlib import open_workspace
from crmlib.analyse.changes import (
    CUSTOMER_PARTS,
    PRODUCT_PARTS,
    _by_category,
    look_at_data,
    split_customers,
    split_groups,
    split_products,
    split_rate,
    what_changed,
)
from crmlib.measure.changes import pieces_of_periods, sums_of_periods, two_periods
from crmlib.prepare.crm import Crm
from crmlib.present.reports.changes import say, show
from crmlib.schema.errors import ParameterError, SchemaError

CUSTOMERS, PRODUCTS = [f"c{i:02d}" for i in range(30)], [f"p{i}" for i in range(6)]
MONTHS = pd.period_range("2024-05", "2025-06", freq="M")
KEY = "c00"


def shop():
    """Every month the same: each customer buys as many pieces of the same products; one of them ten times as many."""
    rows = [
        {
            "order_id": f"{month}-{who}",
            "customer_id": who,
            "product_id": PRODUCTS[(number + line) % len(PRODUCTS)],
            "ordered_at": month.start_time + pd.Timedelta(days=3 + number % 20),
            "quantity": (1 + number % 4) * (10 if who == KEY else 1),
            "price": 10.0 + 5 * ((number + line) % len(PRODUCTS)),
        }
        for month in MONTHS
        for number, who in enumerate(CUSTOMERS)
        for line in range(2)
    ]
    lines = pd.DataFrame(rows)
    return lines.assign(net_amount=lines["quantity"] * lines["price"]).drop(columns="price")


LINES = shop()
JUNE = LINES["ordered_at"] >= "2025-06-01"
MAY = LINES["ordered_at"].between("2025-05-01", "2025-05-31 23:59")
BEFORE = float(LINES.loc[MAY, "net_amount"].sum())


def changes(lines, **more):
    return what_changed(Crm.from_frames(as_of="2025-06-30", currency="EUR", transactions=lines, **more))


def told(claims):
    return " ".join(str(one) for one in claims).replace("\xa0", " ")


def test_nothing_changed_and_nothing_is_named():
    found = changes(LINES)
    assert found.split.change == 0 and found.year_ago.change == 0
    assert not found.split.products.any() and not found.split.customers.any()
    answer = told(say.changes_answer(found))
    assert "as much as in the month before" in answer and answer.endswith("nothing calls for a step.")


def test_a_price_rise_is_named_with_its_size():
    found = changes(LINES.assign(net_amount=LINES["net_amount"].where(~JUNE, 1.08 * LINES["net_amount"])))
    assert found.split.products["price"] == pytest.approx(0.08 * BEFORE)
    assert found.split.products.drop("price").abs().max() == pytest.approx(0, abs=1e-6)
    assert found.split.customers["larger_orders"] == pytest.approx(0.08 * BEFORE)
    answer = told(say.changes_answer(found))
    assert "8 % more than in the month before" in answer and "Higher prices (EUR " in answer


def test_a_price_rise_of_one_category_is_named_with_that_category_and_its_size():
    shelf = pd.DataFrame({"product_id": PRODUCTS, "category": ["Filters", "Filters", *["Labels"] * 4]})
    dearer = JUNE & LINES["product_id"].isin(["p0", "p1"])
    found = changes(
        LINES.assign(net_amount=LINES["net_amount"].where(~dearer, 1.12 * LINES["net_amount"])),
        products=shelf,
    )
    more = 0.12 * float(LINES.loc[dearer, "net_amount"].sum())
    assert found.split.prices.loc["Filters"].tolist() == pytest.approx([more, 12.0])
    assert found.split.prices.loc["Labels"].tolist() == pytest.approx([0, 0], abs=1e-9)
    assert found.split.prices["amount"].sum() == pytest.approx(found.split.products["price"])
    assert "Prices moved most in Filters: 12 % higher, which makes EUR" in told(say.changes_findings(found))
    same = changes(LINES, products=shelf)
    assert "Prices moved" not in told(say.changes_findings(same))
    assert "fell behind" not in told(say.changes_groups(same))


def test_a_key_account_that_stays_away_is_named_with_its_size():
    found = changes(LINES[~(JUNE & LINES["customer_id"].eq(KEY))])
    gone = float(LINES.loc[MAY & LINES["customer_id"].eq(KEY), "net_amount"].sum())
    assert found.split.customers["stayed_away"] == pytest.approx(-gone)
    assert found.split.counts.loc["stayed_away", "largest"] == KEY
    assert found.split.customers.drop("stayed_away").abs().max() == pytest.approx(0, abs=1e-6)
    row = found.split.movers[found.split.movers["what"] == "customer"].iloc[0]
    assert (row["key"], row["change"]) == (KEY, pytest.approx(-gone))
    assert f"First call customer “{KEY}”" in told(say.changes_answer(found)).replace(
        KEY, f"“{KEY}”"
    ) or KEY in told(say.changes_answer(found))
    assert "alone ordered for" in told(say.changes_findings(found))


def test_a_new_product_is_named_with_its_size():
    new = LINES[JUNE & LINES["product_id"].eq("p0")]
    new = new.assign(product_id="p9", net_amount=2 * new["net_amount"], quantity=new["quantity"])
    found = changes(
        pd.concat([LINES, new], ignore_index=True),
        products=pd.DataFrame({"product_id": ["p9"], "name": ["Fresh <b>mint</b>"]}),
    )
    assert found.split.products["new_products"] == pytest.approx(new["net_amount"].sum())
    assert found.split.products.drop("new_products").abs().max() == pytest.approx(0, abs=1e-6)
    assert "“Fresh <b>mint</b>”, new since, brought EUR" in told(say.changes_findings(found))
    assert "<b>" not in str(show.movers_table(found)._html())


def test_customers_who_turn_to_another_category_are_told_by_category():
    shelf = pd.DataFrame({"product_id": PRODUCTS, "category": ["Tea", *["Coffee"] * 5]})
    turned = JUNE & LINES["product_id"].eq("p0") & LINES["customer_id"].ne(KEY)
    found = changes(LINES.assign(product_id=LINES["product_id"].where(~turned, "p1")), products=shelf)
    moved = float(LINES.loc[turned, "net_amount"].sum())
    groups = found.split.groups.set_index("by").loc["category"].set_index("group")
    assert (groups["now"] - groups["before"]).to_dict() == pytest.approx({"Tea": -moved, "Coffee": moved})
    assert (groups[["buyers", "spend", "rest"]].sum(axis=1)).to_dict() == pytest.approx(
        {"Tea": -moved, "Coffee": moved}
    )
    assert groups.loc["Tea", "buyers"] < -0.9 * moved, "nine in ten stopped buying it"
    assert groups.loc["Coffee", "buyers"] == 0 and groups.loc["Coffee", "spend"] == pytest.approx(moved)
    said = told(say.changes_groups(found))
    assert "By category of products, Coffee made the largest difference (EUR" in said
    shares = [f"{100 * groups.at['Tea', at] / groups[at].sum():.2g} %" for at in ("before", "now")]
    assert f"Tea fell behind most: {shares[0]} of sales before, {shares[1]} now." in said


def test_a_category_that_stays_where_all_others_rise_is_among_those_that_moved():
    """Eleven categories rise by half; the twelfth, by money the one that moved least, has fallen behind."""
    goods = pd.DataFrame(
        {"customers_before": 9, "customers_now": 9, "amount_before": 100.0, "amount_now": 150.0},
        index=[f"k{i:02d}" for i in range(12)],
    )
    goods.loc["k07", "amount_now"] = 100.0
    found = _by_category(goods)
    assert "k07" in found.index and len(found) == 12
    assert found[["before", "now"]].sum().tolist() == [1200, 1750]


def deals_with_stages(*, slower):
    """Deals of two quarters that pass two stages; of the second quarter the later stage takes three times as long."""
    draw, rows, deals = np.random.default_rng(4), [], []
    closing = pd.Timestamp("2025-06-30 23:59")
    for quarter, start in enumerate(("2025-01-02", "2025-04-02")):
        for number in range(60):
            deal, entered = (
                f"d{quarter}-{number}",
                pd.Timestamp(start) + pd.Timedelta(days=int(draw.integers(0, 75))),
            )
            later = entered + pd.Timedelta(days=float(draw.gamma(4, 2)))
            times = 3 if slower and quarter else 1
            end = later + pd.Timedelta(days=float(times * draw.gamma(4, 3)))
            rows += [(deal, "Qualified", entered), (deal, "Proposal", later)]
            is_won = end <= closing and number % 2 == 0
            outcome = "open" if end > closing else "won" if is_won else "lost"
            deals.append(
                (deal, "Proposal", outcome, entered, end if end <= closing else pd.NaT, 100.0, "fair")
            )
    names = ["opportunity_id", "stage", "outcome", "created_at", "closed_at", "amount", "source"]
    history = pd.DataFrame(rows, columns=["opportunity_id", "stage", "entered_at"])
    history = history[history["entered_at"] <= closing]
    return Crm.from_frames(
        as_of="2025-06-30",
        currency="EUR",
        opportunities=pd.DataFrame(deals, columns=names),
        stage_history=history,
    )


def test_a_slower_stage_is_named_and_the_other_is_not():
    found = what_changed(deals_with_stages(slower=True))
    assert found.stages["differs"].to_dict() == {"Qualified": False, "Proposal": True}
    row = found.stages.loc["Proposal"]
    assert row["left_before_pct"] == pytest.approx(50, abs=2) and row["left_now_pct"] < 20
    assert "Deals leave “Proposal” later" in told(say.changes_findings(found))


def test_stages_that_did_not_change_are_not_named():
    found = what_changed(deals_with_stages(slower=False))
    assert not found.stages["differs"].any() and (found.stages["stays_now"] >= 20).all()
    assert "“Proposal” later" not in told(say.changes_findings(found))
    assert found.money == "won_amount" and found.split.now > 0


def test_late_rows_are_the_data_and_not_the_business(tmp_path):
    late = LINES.assign(day=LINES["ordered_at"])[MAY & LINES["customer_id"].isin(CUSTOMERS[1:9])].drop(
        columns="day"
    )
    toml = 'name = "shop"\ncurrency = "EUR"\nas_of = "{}"\n[tables.transactions]\nfrom = "lines.csv"\n'
    file = tmp_path / "lines.csv"

    def opened(as_of, lines):
        (tmp_path / "crm.toml").write_text(toml.format(as_of), encoding="utf-8")
        lines.to_csv(file, index=False)
        return open_workspace(tmp_path)

    first = opened("2025-05-31", LINES[~JUNE].drop(late.index))
    assert what_changed(first).looked == ""
    look_at_data(first)
    found = what_changed(opened("2025-06-30", LINES))
    assert found.split.change == 0, "the business did not change"
    assert found.data[["table", "what", "name"]].to_numpy().tolist() == [
        ["transactions", "late_rows", "2025-05"]
    ]
    assert found.data["after"].sum() - found.data["before"].sum() == len(late)
    assert found.revised == pytest.approx(late["net_amount"].sum())
    assert f"gained {len(late)} rows" in told(say.changes_findings(found))
    assert told(say.changes_answer(found)).count("First find out why rows of earlier months changed") == 1
    again = what_changed(
        opened("2025-06-30", LINES.drop(late.index).query("product_id != 'p0'").assign(channel="web"))
    )
    assert {"fewer_rows", "new_column"} == set(again.data["what"])
    text = (tmp_path / ".kept" / "data.json").read_text()
    assert not any(who in text for who in CUSTOMERS)


@st.composite
def ledgers(draw):
    days = st.dates(pd.Timestamp("2025-03-01").date(), pd.Timestamp("2025-06-30").date())
    row = st.tuples(
        st.sampled_from(["ann", "bob", "cem", None]),
        st.sampled_from(["tea", "milk", "salt"]),
        days,
        st.one_of(st.none(), st.integers(-3, 9)),
        st.integers(-500, 5_000).map(lambda cents: cents / 100),
    )
    rows = draw(st.lists(row, min_size=1, max_size=25))
    lines = pd.DataFrame(rows, columns=["customer_id", "product_id", "ordered_at", "quantity", "net_amount"])
    return lines.assign(
        order_id=[f"o{i // 2}" for i in range(len(lines))], ordered_at=pd.to_datetime(lines["ordered_at"])
    )


def by_hand(lines):
    """Each customer's part, one customer after the other."""
    found = dict.fromkeys(CUSTOMER_PARTS, 0.0)
    now, old = lines["ordered_at"] >= "2025-06-01", lines["ordered_at"].between("2025-05-01", "2025-05-31")
    for who, own in lines.groupby(lines["customer_id"].fillna("")):
        money = [own.loc[when.reindex(own.index), "net_amount"].sum() for when in (now, old)]
        paid = own[own["net_amount"] > 0]
        orders = [paid.loc[when.reindex(paid.index), "order_id"].nunique() for when in (now, old)]
        change = money[0] - money[1]
        if not who:
            found["unknown"] += change
        elif all(orders):
            each = [amount / n for amount, n in zip(money, orders, strict=True)]
            often = (orders[0] - orders[1]) * sum(each) / 2
            found["more_orders"] += often
            found["larger_orders"] += change - often
        elif orders[0]:
            before = (paid["ordered_at"] < "2025-06-01").any()
            found["came_again" if before else "first_orders"] += change
        else:
            found["stayed_away" if orders[1] else "refunds"] += change
    return found


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(ledgers())
def test_the_parts_add_up_and_are_those_counted_by_hand(lines):
    crm = Crm.from_frames(as_of="2025-06-30", transactions=lines)
    windows = two_periods(crm)
    months = lines["ordered_at"].dt.month
    now, old = (lines.loc[months == month, "net_amount"].sum() for month in (6, 5))
    people = split_customers(sums_of_periods(crm, by="customer", windows=windows), since=windows.before_last)
    found = people.groupby("part")["amount"].sum().reindex(list(CUSTOMER_PARTS)).fillna(0.0)
    assert found.to_dict() == pytest.approx(by_hand(lines), abs=1e-6)
    assert found.sum() == pytest.approx(now - old, abs=1e-6)
    goods = sums_of_periods(crm, by="product", windows=windows)
    pieces = pieces_of_periods(crm, windows)
    parts = split_products(*pieces, first_on=goods["first_on"], since=windows.before_last)
    assert parts.index.tolist() == list(PRODUCT_PARTS)
    assert parts.sum() == pytest.approx(now - old, abs=1e-6)


WEIGHTS = st.dictionaries(
    st.sampled_from("abcd"), st.tuples(st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(WEIGHTS, WEIGHTS)
def test_rate_and_mix_add_up_and_groups_do(one, other):
    sides = [
        pd.DataFrame({"count": [n for n, _ in side.values()], "hits": [n * share for n, share in side.values()]},
                     index=list(side)).astype("float64")
        for side in (one, other)
    ]  # fmt: skip
    groups = split_groups(*(side.rename(columns={"hits": "value"}) for side in sides))
    whole = groups["now"] - groups["before"]
    assert (groups[["buyers", "spend", "rest"]].sum(axis=1) - whole).abs().max() < 1e-9
    if all(side["count"].sum() > 0 for side in sides):
        rates = [100 * side["hits"].sum() / side["count"].sum() for side in sides]
        parts = split_rate(*sides)
        assert parts[["rate", "mix"]].sum().sum() == pytest.approx(rates[1] - rates[0], abs=1e-9)


def test_more_deals_of_a_source_that_is_won_often_is_mix_and_no_better_rate():
    before = pd.DataFrame({"count": [80, 20], "hits": [8, 10]}, index=["cold", "partner"])
    now = pd.DataFrame({"count": [20, 80], "hits": [2, 40]}, index=["cold", "partner"])
    parts = split_rate(before, now).sum()
    assert parts["rate"] == pytest.approx(0) and parts["mix"] == pytest.approx(24)


def test_an_own_day_splits_the_days_since_and_as_many_before():
    windows = two_periods(Crm.from_frames(as_of="2025-06-30", transactions=LINES), before="2025-06-20")
    assert [
        f"{day:%m-%d}" for day in (windows.before_first, windows.before_last, windows.first, windows.last)
    ] == [*("06-11", "06-20", "06-21", "06-30")]
    leap = two_periods(Crm.from_frames(as_of="2025-02-28", transactions=LINES), years_back=1)
    assert (leap.before_first, leap.before_last) == (pd.Timestamp("2024-02-01"), pd.Timestamp("2024-02-29"))


def test_what_cannot_be_compared_is_refused_with_a_remedy():
    crm = Crm.from_frames(as_of="2025-06-30", transactions=LINES)
    with pytest.raises(ParameterError, match="not before"):
        what_changed(crm, before="2025-06-30")
    with pytest.raises(SchemaError, match="neither transactions nor opportunities"):
        what_changed(Crm.from_frames(as_of="2025-06-30", products=pd.DataFrame({"product_id": ["a"]})))


def test_a_ledger_without_customers_or_pieces_is_compared_as_far_as_it_goes():
    found = changes(LINES.drop(columns=["customer_id", "quantity"]))
    assert found.split.change == 0 and found.split.products.empty and found.split.customers.empty
    assert told(say.changes_answer(found)) and told(say.changes_moves(found))
    sums = sums_of_periods(
        Crm.from_frames(as_of="2025-06-30", transactions=LINES),
        by="customer",
        windows=two_periods(Crm.from_frames(as_of="2025-06-30", transactions=LINES)),
    )
    assert set(split_customers(sums, since=pd.Timestamp("2025-05-31"))["part"]) == {
        "more_orders",
        "larger_orders",
    }
