"""What the sample company was drawn from comes out again by plain counting, within three standard errors."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

import crmlib
from crmlib.sample import truths
from crmlib.sample.company import make_company
from crmlib.sample.people import LEFT, TESTED
from crmlib.sample.truths import DAYS, STAGES, month_weights
from tests.sample.company import drawn, sample_crm, truth

PLAIN = ("Web form", "Partner", "Advertising")
"""Sources of speed 1."""


@cache
def company():
    return drawn(0.4)


def of_chance(hits, chances):
    """How many standard errors a count lies from what was to be expected."""
    chances = np.asarray(chances, dtype=float)
    return (np.sum(hits) - chances.sum()) / np.sqrt((chances * (1 - chances)).sum())


def logistic_regression(given, happened):
    """Coefficients and their standard errors, by Newton's steps."""
    x, found = given.to_numpy(dtype=float), np.zeros(given.shape[1])
    for _ in range(12):
        chance = 1 / (1 + np.exp(-x @ found))
        spread = np.linalg.inv(x.T @ (x * (chance * (1 - chance))[:, None]))
        found = found + spread @ x.T @ (happened - chance)
    return pd.Series(found, given.columns), pd.Series(np.sqrt(np.diag(spread)), given.columns)


@pytest.mark.parametrize("trait", ["source", "industry"])
def test_win_rates_are_those_of_the_odds(trait):
    for _, part in company().deals.table.groupby(trait):
        assert abs(of_chance(part["won"], part["win_chance"])) < 3


def test_odds_of_the_sources_are_recovered_by_a_logistic_regression():
    table = company().deals.table
    others = pd.get_dummies(table[["source", "industry", "company_size"]], dtype=float)
    others = others.drop(columns=["source_Web form", "industry_Manufacturing", "company_size_10-49"])
    others = others.assign(
        champion=table["champion"].astype(float),
        engagement=table["engagement"],
        amount=np.log(table["amount"]),
    )
    fitted, errors = logistic_regression(others.assign(constant=1.0), table["won"].to_numpy())
    true = {f"source_{name}": odds for name, odds in truths.SOURCE_ODDS.items() if name != "Web form"}
    true |= {
        f"industry_{name}": odds for name, odds in truths.INDUSTRY_ODDS.items() if name != "Manufacturing"
    }
    true |= {
        "champion": truths.CHAMPION_ODDS,
        "engagement": truths.ENGAGEMENT_ODDS,
        "amount": truths.AMOUNT_ODDS,
    }
    off = {name: abs(fitted[name] - np.log(odds)) / errors[name] for name, odds in true.items()}
    assert max(off.values()) < 3, off


def test_the_plain_win_rates_of_two_sources_mislead():
    rate = company().deals.table.groupby("source")["win_chance"].mean()
    assert (
        truths.SOURCE_ODDS["Trade fair"] == truths.SOURCE_ODDS["Web form"]
        and rate["Trade fair"] > rate["Web form"] + 0.02
    )
    assert truths.SOURCE_ODDS["Partner"] == 1.3 and rate["Partner"] < rate["Web form"] + 0.03


@pytest.mark.parametrize("stage", STAGES)
def test_survival_in_a_stage_follows_its_hazards(stage):
    deals, stays = company().deals.table, company().deals.stays
    plain = deals["source"].isin(PLAIN).to_numpy()[stays["deal"]]
    here = stays[(stays["stage"] == STAGES.index(stage)) & plain & (stays["entered"] < DAYS)]
    seen = np.minimum(here["exited"], DAYS - 1) - here["entered"]
    left = (here["exited"] < DAYS).to_numpy()
    edges = [*truths.AGE_BANDS, 100_000]
    for i, hazard in enumerate(truths.EXIT_HAZARDS[stage]):
        days = np.clip(seen - edges[i], 0, edges[i + 1] - edges[i]).sum()
        exits = (left & (seen > edges[i]) & (seen <= edges[i + 1])).sum()
        assert abs(exits - hazard * days) < 3 * np.sqrt(hazard * (1 - hazard) * days)
    curve, day = 1.0, int(np.argmax(np.cumprod(1 - truths.exit_chances(stage, 400)) <= 0.5)) + 1
    for t in range(1, day + 1):
        curve *= 1 - (left & (seen == t)).sum() / (seen >= t).sum()
    still = np.prod(1 - truths.exit_chances(stage, day))
    assert abs(curve - still) < 4 * np.sqrt(still * (1 - still) / len(here))


@pytest.mark.parametrize("stage", range(len(STAGES)))
def test_exits_lead_where_their_shares_say(stage):
    deals, stays = company().deals.table, company().deals.stays
    here = stays[stays["stage"] == stage]
    shares = truths.exit_shares(stage, deals["win_chance"].to_numpy()[here["deal"]])
    assert shares.sum(axis=1) == pytest.approx(1)
    for column, names in enumerate((("forward", "won"), ("back",), ("lost",))):
        if stage or names != ("back",):
            assert abs(of_chance(here["exit"].isin(names), shares[:, column])) < 3


def test_faster_sources_leave_sooner():
    deals, stays = company().deals.table, company().deals.stays
    source = deals["source"].to_numpy()[stays["deal"]]
    for name in ("Referral", "Cold call"):
        here, out, expected, spread = stays[source == name], 0, 0.0, 0.0
        for s, stage in enumerate(STAGES):
            chance = truths.exit_chances(stage, 20, speed=truths.SOURCE_SPEED[name])
            lasted = (here["exited"] - here["entered"])[here["stage"] == s].to_numpy()
            at_risk = np.array([(lasted > day).sum() for day in range(20)])
            out += (lasted <= 20).sum()
            expected, spread = expected + chance @ at_risk, spread + (chance * (1 - chance)) @ at_risk
        assert abs(out - expected) < 3 * np.sqrt(spread)


def test_orders_grow_by_twelve_percent_a_year():
    months = company().months
    demand = months["orders"] / months["expected_orders"] * truths.GROWTH_PER_YEAR ** (np.arange(36) / 12)
    slope = np.polyfit(np.arange(36) / 12, np.log(demand), 1)[0]
    error = 1 / np.sqrt(months["orders"].sum() * 0.75)
    assert abs(slope - np.log(truths.GROWTH_PER_YEAR)) < 3 * error
    december = months["orders"].to_numpy().reshape(3, 12)
    assert (december.argmax(axis=1) == 11).all()


def test_rules_put_in_what_they_say():
    rules = company().rules
    free = rules["baskets"] - rules["there"]
    off = (rules["added"] - rules["chance"] * free) / np.sqrt(rules["chance"] * (1 - rules["chance"]) * free)
    assert (off.abs() < 3).all() and free.sum() > 1000


def test_one_tested_campaign_works_and_the_other_does_not():
    who, orders = company().members, company().orders
    uplift = {name: row[6] for name, row in truths.SEGMENTS.items()}
    for name, works in TESTED.items():
        part = who[(who["campaign_id"] == name) & ~who["is_control"]]
        brought = (orders["campaign_id"] == name).sum()
        assert abs(of_chance([brought], part["segment"].map(uplift) * works)) < 3 if works else brought == 0
        share = who.loc[who["campaign_id"] == name, "is_control"]
        assert abs(of_chance(share, np.full(len(share), 0.3))) < 3


def test_customers_leave_with_the_monthly_chance_of_their_segment():
    table = company().customers
    for segment, row in truths.SEGMENTS.items():
        part = table[table["segment"] == segment]
        monthly = row[5]
        days = (np.minimum(part["end_day"], DAYS) - part["first_day"]).sum()
        gone, daily = (part["end_day"] < DAYS).sum(), 1 - (1 - monthly) ** (12 / 365.25)
        assert abs(gone - daily * days) <= 3 * np.sqrt(daily * days)
    lines = company().lines
    bought = lines[~lines["is_return"]]
    assert (bought["day"].to_numpy() <= table["end_day"].to_numpy()[bought["customer"]] + 28).all()


def test_concerns_have_their_shares():
    table = company().deals.table[lambda t: t["created"] < 731]
    for topic, lost, won in zip(truths.TOPICS, truths.TOPICS_OF_LOST, truths.TOPICS_OF_WON, strict=True):
        assert abs(of_chance(table["topic"] == topic, np.where(table["won"], won, lost))) < 3
    touches = company().touches
    named = touches[touches["topic"] != ""]
    concern = table.set_index("opportunity_id")["topic"]
    known = named["opportunity_id"].isin(concern.index)
    assert (named["topic"] == named["opportunity_id"].map(concern))[known].all() and known.sum() > 1000


def test_engaged_customers_get_in_touch_more_often():
    touches, deals = company().touches, company().deals.table
    count = touches[(touches["direction"] == "in")].groupby("opportunity_id").size()
    count = deals["opportunity_id"].map(count).fillna(0)
    half = deals["engagement"] > 0
    assert count[half].mean() > 1.3 * count[~half].mean()


def test_who_is_swayed_takes_a_stance_like_that_of_who_sways():
    stance = company().deal_contacts.set_index(["opportunity_id", "contact_id"])["stance"]
    ties = company().ties
    first = stance[pd.MultiIndex.from_frame(ties[["opportunity_id", "contact_id"]])].to_numpy()
    second = stance[pd.MultiIndex.from_frame(ties[["opportunity_id", "influences_contact_id"]])].to_numpy()
    assert np.polyfit(first, second, 1)[0] == pytest.approx(0.8, abs=0.05)


def test_products_sell_while_they_are_on_sale_and_the_faulty_one_fails():
    lines, goods = company().lines, company().products
    sold = lines[~lines["is_return"]]
    assert (sold["day"].to_numpy() <= goods["retired_on"].to_numpy()[sold["product"]]).all()
    assert (sold["day"].to_numpy() >= goods["launched_on"].to_numpy()[sold["product"]]).all()
    faulty = goods.loc[goods["label"] == truths.FAULTY, "product_id"].item()
    pieces = (
        sold.groupby("product").size().set_axis(goods["product_id"].iloc[sorted(sold["product"].unique())])
    )
    rate = (company().cases.groupby("product_id").size() / pieces).fillna(0)
    assert rate[faulty] > 3 * rate.drop(faulty).mean()


def test_nobody_works_after_leaving_and_their_open_deals_stay_with_them():
    touches, deals = company().touches, company().deals.table
    for who, last in LEFT.items():
        day = int((np.datetime64(last) - truths.START).astype(int))
        assert (touches.loc[touches["employee_id"] == who, "day"] <= day).all()
        assert (deals.loc[deals["owner_id"] == who, "created"] <= day).all()
        assert ((deals["owner_id"] == who) & (deals["closed"] >= DAYS)).any()


def test_targets_are_their_factor_times_what_came():
    plans = company().plans
    past = plans[plans["factor"].notna()]
    assert (past["target"] - past["factor"] * past["actual"]).abs().max() <= 5 + 1e-6
    assert plans["factor"].isna().sum() == 9 and 0.02 < plans["is_late"].mean() < 0.2


def test_a_planted_drift_makes_so_many_more_leave_in_each_month_of_the_last_year_and_nobody_orders_for_them():
    plain, drifted = drawn(0.1), make_company(scale=0.1, leaving_pct=10)
    both = plain.customers[["first_day", "end_day"]].assign(leaves=drifted.customers["end_day"])
    for day in month_weights()[0][-12:]:
        here = both[(both["first_day"] < day) & (both["end_day"] > day) & (both["leaves"] >= day)]
        assert abs(of_chance(here["leaves"] == day, np.full(len(here), 0.1))) < 3.5
    orders = drifted.orders
    planted = (both["leaves"] < both["end_day"]).to_numpy()[orders["customer"]]
    assert (orders["day"] < both["leaves"].to_numpy()[orders["customer"]])[planted].all()
    stays = (both["leaves"] == both["end_day"]).to_numpy()
    kept = plain.orders[stays[plain.orders["customer"]]]
    assert len(kept) == stays[orders["customer"]].sum() and len(orders) < len(plain.orders)
    assert drifted.months[["orders", "campaign_orders"]].to_numpy().sum() == len(orders)


def test_planted_segments_are_found_where_orders_show_them():
    indicators = crmlib.compute_indicators(
        sample_crm(scale=1.0, tables=("customers", "products", "transactions"))
    )
    found = crmlib.segment_customers(indicators).labels.astype("str")
    planted = truth("segments", scale=1.0).set_index("customer_id")["segment"]
    shown = indicators.index[indicators["order_count"] >= 3].intersection(planted.index)
    assert len(shown) > 800 and adjusted_rand_score(planted[shown], found[shown]) >= 0.7
    names = {
        "key account": "Key accounts",
        "bargain hunter": "Bargain hunters",
        "seasonal": "Seasonal customers",
    }
    for kind, called in names.items():
        assert (found[shown][planted[shown] == kind] == called).mean() > 0.7
