"""Offers of hand-made ledgers: each kind, each rule, each reason, and probabilities that hold."""

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.offers.recommend import KINDS, recommend_offers, recommend_several
from crmlib.measure.offers.candidates import find_not_goods
from crmlib.present.reports.offers.say import learnt_paragraph, offer_reasons, rule_words
from crmlib.schema.errors import ParameterError
from tests.analyse.offers.shops import AS_OF, goods, lines_of, regular_shop, repeated, together, workspace

DAYS = ["2024-04-07", "2024-05-05", "2024-06-02"]
CROWD = [f"n{n:02}" for n in range(12)]


def offers_of(rows, *, as_of=AS_OF, offers=None, k=9, tables=(), **settings):
    return recommend_offers(workspace(rows, as_of=as_of, offers=offers, **dict(tables)), k=k, **settings)


def reason_of(offers, customer=None):
    """The first reason, as the page says it."""
    table = offers.table if customer is None else offers.for_customer(customer)
    return offer_reasons(table, currency=offers.currency)[0].replace("\u00a0", " ")


def learnt_by(offers):
    return " ".join(map(str, learnt_paragraph(offers)))


def removed(offers):
    return offers.removed.set_index("rule")[["offers_removed", "customers_affected"]].T.to_dict("list")


def test_repeats_are_due_by_the_own_rhythm():
    offers = offers_of(repeated("ann", "tea", DAYS), kinds=["repeat-sell"])
    row = offers.table.iloc[0]
    assert (row["kind"], row["product_id"], row["is_new"]) == ("repeat-sell", "tea", False)
    assert row["due_on"] == pd.Timestamp("2024-06-30") and row["last_bought_on"] == pd.Timestamp("2024-06-02")
    assert reason_of(offers) == (
        "Bought on 3 days, 28 days apart on average, the last on 2 June 2024: due on 30 June 2024."
    )
    assert 0 < row["probability"] < 1 and "have not been tested" in learnt_by(offers)


@pytest.fixture(scope="module")
def cross():
    """Tea and cup go together for twelve others; ann has bought tea only; soap is bought alone."""
    rows = (
        together(CROWD, ["tea", "cup"])
        + together(CROWD, ["soap"], "2024-06-10")
        + repeated("ann", "tea", DAYS)
    )
    people = pd.DataFrame(
        {"customer_id": [*CROWD, "ann", "cem", "dan"], "region": ["North"] * 14 + ["Lost"],
         "email_consent": [True] * 13 + [None, False], "sms_consent": [False] * 15}
    )  # fmt: skip
    return workspace(rows, customers=people)


def test_what_goes_together_is_offered_with_its_evidence(cross):
    offers = recommend_offers(cross, kinds=["cross-sell"])
    row = offers.for_customer("ann").iloc[0]
    assert (row["kind"], row["product_id"], row["because_product_id"]) == ("cross-sell", "cup", "tea")
    # 15 orders with tea, 12 of them with cup; 12 of all 27 orders have a cup.
    assert (row["baskets"], row["confidence_pct"]) == (12, 80) and row["lift"] == pytest.approx(
        0.8 / (12 / 27)
    )
    assert row["is_new"] and pd.isna(row["due_on"])
    assert reason_of(offers, "ann") == (
        "Bought tea: of 15 orders with it, 12 have this too, 1.8 times the share among all orders."
    )


def test_who_has_never_bought_gets_the_best_sellers_of_the_group(cross):
    offers = recommend_offers(cross, k=2)
    assert offers.cold.to_dict("records") == [{"customer_id": "cem", "group_by": "region", "group": "North"}]
    own = offers.for_customer("cem")
    assert own["kind"].tolist() == ["best-seller"] * 2 and own["probability"].isna().all()
    assert reason_of(offers, "cem") == (
        "No purchase is known yet: of 12 buyers in the last 28 days with the same region (North), "
        "12 bought it."
    )
    assert "no_probability" in offers.limits


def test_who_has_refused_every_channel_gets_nothing(cross):
    offers = recommend_offers(cross)
    assert (
        offers.for_customer("dan").empty and len(offers.for_customer("cem")) and "consent" in removed(offers)
    )
    assert len(recommend_offers(cross, require_consent=False).for_customer("dan"))
    rows = repeated("ann", "tea", DAYS)
    people = pd.DataFrame({"customer_id": ["ann"], "phone_consent": [False]})
    refused = offers_of(rows, tables={"customers": people})
    assert refused.table.empty and removed(refused)["consent"] == [1, 1]
    assert refused.customers == 1


def test_a_sensitive_group_is_used_but_not_named():
    people = pd.DataFrame({"customer_id": [*CROWD, "cem"], "income_band": "50-74K"})
    offers = offers_of(together(CROWD, ["tea"]), tables={"customers": people})
    assert offers.cold["group_by"].tolist() == ["income_band"]
    assert "income band" in reason_of(offers, "cem")
    assert not any("50-74K" in said for said in offer_reasons(offers.table))
    assert not offers.table["group"].eq("50-74K").any()


def test_a_step_up_in_price_needs_a_history_that_supports_it():
    shelf = goods(
        product_id=["plain", "fine", "gold", "cheap"], category="Tea", unit_price=[4.0, 6.0, 30.0, 2.0]
    )
    others = [
        row
        for product in ("fine", "gold", "cheap")
        for row in repeated(f"likes {product}", product, DAYS[:1])
    ]
    rows = repeated("ann", "plain", DAYS, 5.0) + repeated("cem", "plain", DAYS[-1:], 5.0) + others
    offers = offers_of(rows, tables={"products": shelf}, kinds=["up-sell"])
    assert offers.table[["customer_id", "product_id", "because_product_id"]].values.tolist() == [
        ["ann", "fine", "plain"]
    ]
    assert reason_of(offers) == (
        "Buys Tea (plain) at about EUR 4 and has paid up to EUR 5 for a piece of this category: "
        "this is a step up at about EUR 6."
    )


def test_a_step_up_in_tier_is_the_next_one():
    shelf = goods(
        product_id=["basic", "plus", "max"], category="Plan", tier=[1, 2, 3], unit_price=[10.0, 18.0, 19.0]
    )
    others = [row for product in ("plus", "max") for row in repeated("bob", product, ["2024-06-20"], 18.0)]
    high = repeated("cem", "basic", DAYS, 10.0) + repeated("cem", "max", DAYS[:1], 10.0)
    rows = repeated("ann", "basic", DAYS, 10.0) + others + high
    offers = offers_of(rows, tables={"products": shelf}, kinds=["up-sell"])
    assert offers.table[["customer_id", "product_id"]].values.tolist() == [["ann", "plus"]]
    assert reason_of(offers) == "Buys Plan (basic): this is the next tier of the same category."


def test_without_categories_no_step_up_and_it_says_so():
    offers = offers_of(repeated("ann", "tea", DAYS), kinds=["up-sell"])
    assert offers.table.empty and "no_category" in offers.limits


def chain(**changes):
    table = {
        "product_id": ["old", "mid", "new", "loop", "pool", "gone"],
        "retired_on": pd.to_datetime(
            ["2024-03-01", "2024-05-01", None, "2024-01-01", "2024-01-01", "2024-06-01"]
        ),
        "launched_on": pd.to_datetime(["2020-01-01"] * 6),
        "replaces_product_id": [None, "old", "mid", "pool", "loop", None],
        "name": ["Old <b>", "Mid", "=New", "Loop", "Pool", "'; drop table x"],
    } | changes
    return goods(**table)


def test_a_retired_product_leads_along_the_chain_to_what_replaced_it():
    rows = [
        row
        for product in ("old", "loop", "gone")
        for row in repeated("ann", product, ["2024-01-05", "2024-02-20"])
    ]
    offers = offers_of(rows, tables={"products": chain()}, kinds=["repeat-sell"])
    row = offers.table.iloc[0]
    assert len(offers.table) == 1 and (row["product_id"], row["is_new"]) == ("new", True)
    assert reason_of(offers).endswith("=New replaces Old <b>, which is no longer offered.")
    assert removed(offers)["retired"] == [2, 1]
    later = chain(launched_on=pd.to_datetime(["2020-01-01"] * 2 + ["2024-08-01"] + ["2020-01-01"] * 3))
    waiting = offers_of(rows, tables={"products": later}, kinds=["repeat-sell"])
    assert waiting.table.empty and removed(waiting)["retired"] == [3, 1]


def test_what_is_not_launched_is_not_offered():
    rows = together(CROWD, ["tea", "cup"]) + repeated("ann", "tea", DAYS)
    shelf = goods(product_id=["tea", "cup"], launched_on=pd.to_datetime([None, "2024-07-15"]))
    offers = offers_of(rows, tables={"products": shelf}, kinds=["cross-sell"])
    assert offers.for_customer("ann").empty and removed(offers)["not launched"][0] >= 1


def test_what_was_just_bought_waits_until_it_is_due_again():
    weekly = ["2024-06-08", "2024-06-15", "2024-06-22", "2024-06-29"]
    rarely = ["2023-06-24", "2023-12-24", "2024-06-24"]
    rows = repeated("ann", "milk", weekly) + repeated("ann", "lamp", rarely)
    offers = offers_of(rows, kinds=["repeat-sell"])
    assert offers.table["product_id"].tolist() == ["milk"] and removed(offers)["just bought"] == [1, 1]
    free = offers_of(rows, kinds=["repeat-sell"], just_bought_days=0)
    assert set(free.table["product_id"]) == {"milk", "lamp"} and "just bought" not in removed(free)
    assert set(
        offers_of(rows, offers={"just_bought_days": 3, "min_margin_pct": None}).table["product_id"]
    ) >= {"lamp"}


def test_margins_rank_and_have_a_floor():
    shelf = goods(
        product_id=["dear", "slim"], unit_price=[10.0, 10.0], unit_cost=[2.0, 9.5], name=["Dear", "Slim"]
    )
    rows = repeated("ann", "dear", DAYS) + repeated("ann", "slim", [*DAYS, "2024-05-20"])
    plain = offers_of(rows, tables={"products": shelf})
    assert plain.ranked_by == "probability" and plain.table["probability"].is_monotonic_decreasing
    offers = offers_of(rows, tables={"products": shelf}, rank_by="expected margin")
    assert offers.ranked_by == "expected margin" and offers.table["product"].tolist() == ["Dear", "Slim"]
    assert offers.table["margin"].tolist() == [8.0, 0.5]
    assert offers.table["expected_margin"].to_numpy() == pytest.approx(
        offers.table["probability"] * offers.table["margin"]
    )
    floored = offers_of(
        rows, tables={"products": shelf}, offers={"min_margin_pct": 20, "just_bought_days": 30}
    )
    assert floored.table["product"].tolist() == ["Dear"] and removed(floored)["margin"] == [1, 1]
    assert str(rule_words(floored.removed.iloc[-1])) == "its margin is below 20\u00a0% of the price"


def test_costs_of_order_lines_serve_where_products_have_none():
    rows = [(*row, 4.0) for row in repeated("ann", "tea", DAYS)]
    row = offers_of(rows).table.iloc[0]
    assert row["price"] == 5 and row["margin"] == pytest.approx(1.0)


def test_the_expected_margin_is_that_of_as_many_pieces_as_are_usually_bought():
    lines = lines_of(*((*row, 24.0) for row in repeated("ann", "tea", DAYS, amount=30.0))).assign(quantity=6)
    row = recommend_offers(Crm.from_frames(as_of=AS_OF, currency="EUR", transactions=lines)).table.iloc[0]
    assert (row["price"], row["margin"], row["pieces"]) == (5, pytest.approx(1.0), 6)
    assert row["expected_margin"] == pytest.approx(6 * row["probability"])


def test_a_stated_life_is_a_prior():
    shelf = goods(product_id=["printer", "pen"], life_days=[900.0, None])
    rows = repeated("ann", "printer", DAYS[:1]) + repeated("bob", "pen", DAYS)
    offers = offers_of(rows, tables={"products": shelf}, kinds=["repeat-sell"])
    assert offers.rhythms.loc["printer", ["due_days", "based_on"]].tolist() == [900, "life"]
    assert offers.for_customer("ann")["due_on"].item() == pd.Timestamp("2024-04-07") + pd.Timedelta(days=900)


def test_what_is_no_article_is_found_by_evidence_and_never_offered():
    shelf = goods(
        product_id=["tea", "POST", "gift"],
        name=["Tea", "Dotcom postage", "Sampler"],
        category=["Tea", None, "Fun"],
    )
    rows = [row for name in ("tea", "POST") for row in repeated("ann", name, DAYS)] + repeated(
        "ann", "gift", DAYS, 0.0
    )
    crm = workspace(rows, products=shelf)
    found = find_not_goods(crm)
    assert found[["product_id", "evidence"]].values.tolist() == [["POST", "name"], ["gift", "free"]]
    offers = recommend_offers(crm, just_bought_days=0)
    assert offers.table["product_id"].tolist() == ["tea"] and removed(offers)["no goods"] == [1, 1]
    settings = {"never": ("tea",), "just_bought_days": 0, "min_margin_pct": None}
    assert offers_of(rows, offers=settings, tables={"products": shelf}).table.empty


def test_codes_without_a_digit_and_lines_that_only_take_away_are_no_articles():
    many = [row for n in range(30) for row in repeated("ann", f"{n:03}", DAYS)]
    rows = (
        many
        + repeated("ann", "M", DAYS)
        + repeated("bob", "099", DAYS, -3.0)
        + repeated("bob", "gold", DAYS[:2])
    )
    found = find_not_goods(workspace(rows))
    assert found.set_index("product_id")["evidence"].to_dict() == {"M": "code", "099": "negative"}


@pytest.fixture(scope="module")
def shop():
    return regular_shop()


@pytest.fixture(scope="module")
def learnt(shop):
    crm = workspace(shop, as_of="2024-06-30")
    return recommend_several(crm.at("2024-06-02"), several=[KINDS, ("cross-sell", "up-sell")], k=5)


def test_probabilities_hold_on_the_days_that_follow(shop, learnt):
    offers, _ = learnt
    assert offers.tried["chosen"].sum() == 1 and offers.tried["part"].unique().tolist() == ["own"]
    assert "for new ones by plain shares" in learnt_by(offers)
    after = lines_of(*shop)
    days = pd.to_datetime(after["ordered_at"])
    after = after[(days > "2024-06-02") & (days <= "2024-06-30")][
        ["customer_id", "product_id"]
    ].drop_duplicates()
    judged = offers.table.merge(after.assign(bought=1), how="left", on=["customer_id", "product_id"])
    bought = judged["bought"].fillna(0)
    assert abs(bought.mean() - judged["probability"].mean()) < 0.06
    top = bought[judged["rank"] == 1].mean()
    assert top > bought[judged["rank"] == 5].mean() + 0.2 and top > 0.8


def test_new_offers_are_new_and_say_why(learnt):
    _, new = learnt
    assert new.table["is_new"].all() and set(new.table["kind"]) <= {"cross-sell", "best-seller"}
    told = new.table[new.table["because_product_id"] == "p00"]
    assert len(told) and (told.loc[told["product_id"] == "p01", "lift"] > 1).all()
    assert new.removed["offers_removed"].le(learnt[0].removed["offers_removed"]).all()


def test_the_same_again_byte_by_byte_and_nothing_of_later_days(shop, learnt):
    rows = [row for row in shop if pd.Timestamp(row[3]) <= pd.Timestamp("2024-06-02")]
    alone = recommend_several(
        workspace(rows[::-1], as_of="2024-06-02"), several=[KINDS, ("cross-sell", "up-sell")], k=5
    )
    for mine, other in zip(learnt, alone, strict=True):
        pd.testing.assert_frame_equal(mine.table, other.table, check_exact=True)
        assert (
            mine.ways == other.ways and mine.tried.equals(other.tried) and mine.signals.equals(other.signals)
        )


def test_table_is_in_order(learnt):
    table = learnt[0].table
    assert not table.duplicated(["customer_id", "product_id"]).any()
    assert (
        table.groupby("customer_id")["rank"]
        .agg(list)
        .map(lambda ranks: ranks == list(range(1, len(ranks) + 1)))
    ).all()
    falling = table.groupby("customer_id")["probability"].agg(lambda own: np.all(np.diff(own) <= 1e-12))
    kinds = table.groupby("customer_id")["kind"].agg(lambda own: "best-seller" not in set(own))
    assert falling[kinds].all() and table["probability"].between(0, 1).all()
    assert all(said.endswith(".") for said in offer_reasons(table))


@pytest.mark.parametrize(
    ("settings", "match"),
    [({"k": 0}, "k is 0"), ({"horizon_days": True}, "horizon_days"), ({"kinds": ["crosssell"]}, "cross-sell"),
     ({"kinds": []}, "kinds is empty"), ({"min_margin_pct": 120}, "100 at most"), ({"just_bought_days": -1}, "just"),
     ({"rank_by": "luck"}, "rank_by is 'luck'")],
    ids=["k", "horizon", "kind", "no kind", "margin", "just bought", "order"],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_refused(settings, match):
    with pytest.raises(ParameterError, match=match):
        recommend_offers(workspace(repeated("ann", "tea", DAYS)), **settings)


def test_a_workspace_without_any_purchase_gives_nothing():
    offers = offers_of([("1", "ann", "tea", "2024-06-01", 5.0), ("2", "ann", "tea", "2024-06-02", -5.0)])
    assert offers.table.empty and offers.customers == 1 and len(offers.cold) == 1
