"""The portrait of the won: shares that can be counted by hand, planted odds found again, nothing said twice."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln

import crmlib
from crmlib import Crm
from crmlib.analyse.pipeline.portrait import banded, cramers_v, trait_table, won_portrait
from crmlib.analyse.stats.intervals import fit_beta_binomial, shrunk_rates
from crmlib.measure.deals.stays import deals
from crmlib.sample import truths
from crmlib.schema.errors import ParameterError
from tests.analyse.pipeline.lead_cases import INDUSTRY_ODDS, SOURCE_ODDS, planted
from tests.sample.company import OF_DEALS, sample_crm

MAVEN = Path(__file__).resolve().parents[2] / "workspaces" / "maven_crm"


@pytest.fixture(scope="module")
def portrait():
    return won_portrait(planted(), by=["source", "industry", "country", "touches_before_close"])


def expected_rates(of, other):
    """Win rates by hand from the planted odds, the other trait at its shares."""
    shares = (
        {"web": 0.5, "referral": 0.2, "fair": 0.3} if other is SOURCE_ODDS else dict.fromkeys(other, 1 / 3)
    )
    return {
        name: sum(share * (o := 0.8 * odds * other[key]) / (1 + o) for key, share in shares.items())
        for name, odds in of.items()
    }


@pytest.mark.parametrize(("trait", "of", "other"), [("source", SOURCE_ODDS, INDUSTRY_ODDS),
                                                    ("industry", INDUSTRY_ODDS, SOURCE_ODDS)])  # fmt: skip
def test_planted_odds_lie_within_the_intervals(portrait, trait, of, other):
    rates = expected_rates(of, other)
    rows = portrait.table[portrait.table["trait"] == trait].set_index("value")
    overall = portrait.win_rate_pct / 100
    for name, rate in rates.items():
        assert rows.loc[name, "low"] - 0.03 <= rate / overall <= rows.loc[name, "high"] + 0.03, name
    assert (rows.loc[["referral" if trait == "source" else "food"], "q"] < 0.001).all()


def test_shares_are_counted_over_the_decided_deals_only(portrait):
    crm = planted()
    deals = crm.frame("opportunities")
    decided = deals[deals["outcome"] != "open"]
    row = portrait.table.set_index(["trait", "value"]).loc[("source", "referral")]
    inside = decided["source"] == "referral"
    won = decided["outcome"] == "won"
    assert (row["leads"], row["won"]) == (inside.sum(), (inside & won).sum())
    assert row["share_won_pct"] == pytest.approx(100 * (inside & won).sum() / won.sum())
    assert row["share_base_pct"] == pytest.approx(100 * inside.mean())
    assert row["lift"] == pytest.approx(row["share_won_pct"] / row["share_base_pct"])
    assert portrait.open == (deals["outcome"] == "open").sum() > 0


def test_traits_that_go_together_are_said_once(portrait):
    assert portrait.together[["trait", "other"]].values.tolist() == [["industry", "country"]]
    kept = portrait.together["kept"].item()
    assert set(portrait.told["trait"]) & {"industry", "country"} == {kept}
    dropped = portrait.table[~portrait.table["trait"].isin([kept, "source", "touches_before_close"])]
    assert (dropped["said_with"] == kept).all()


def test_contacts_after_the_close_do_not_count():
    late = planted().frame("interactions").head(1).assign(interaction_id="late", happened_at="2024-11-30")
    closed = planted().frame("opportunities").set_index("opportunity_id").loc[late["opportunity_id"].item()]
    assert closed["outcome"] != "open"
    calls = pd.concat([planted().frame("interactions"), late])
    by = ["touches_before_close"]
    one, other = (trait_table(crm, by=by).values for crm in (planted(), planted(interactions=calls)))
    assert one.equals(other)


def test_open_opportunity_adds_up(portrait):
    crm = planted()
    deals = crm.frame("opportunities").merge(crm.frame("customers"), on="customer_id")
    by_hand = deals[deals["outcome"] == "open"].groupby("industry")["amount"].agg(["size", "sum"])
    rows = portrait.opportunity[portrait.opportunity["trait"] == "industry"].set_index("value")
    assert rows["open"].to_dict() == by_hand["size"].to_dict()
    assert rows["open_value"].to_dict() == by_hand["sum"].to_dict()
    assert np.allclose(rows["expected_value"], rows["open_value"] * rows["win_rate_pct"] / 100)
    assert rows["expected_value"].is_monotonic_decreasing


def test_likeness_is_the_share_of_the_won_below(portrait):
    like = portrait.likeness
    deals = planted().frame("opportunities").merge(planted().frame("customers"), on="customer_id")
    won = deals[deals["outcome"] == "won"].sort_values("opportunity_id")
    sums = like.sums(won)
    one = deals[deals["outcome"] == "open"].head(20)
    by_hand = [100 * (sums <= x + 1e-9).mean() for x in like.sums(one)]
    assert like.percent(one) == pytest.approx(by_hand)
    assert "touches_before_close" not in like.points


def test_beta_binomial_fit_is_the_largest_likelihood_of_a_grid():
    lot = np.random.default_rng(1)
    n = lot.integers(20, 200, 12)
    won = lot.binomial(n, lot.beta(6, 4, 12))
    alpha, beta = fit_beta_binomial(won, n)

    def likelihood(a, b):
        return (betaln(won + a, n - won + b) - betaln(a, b)).sum()

    grid = [
        likelihood(m * s, (1 - m) * s) for m in np.linspace(0.3, 0.9, 61) for s in np.geomspace(0.5, 1e4, 80)
    ]
    assert likelihood(alpha, beta) >= max(grid) - 1e-6


def test_intervals_of_shrunk_rates_hold_the_truth():
    lot, inside = np.random.default_rng(5), []
    for _ in range(40):
        rate, n = lot.beta(12, 8, 8), lot.integers(5, 150, 8)
        table = shrunk_rates(lot.binomial(n, rate), n)
        inside.append(((table["low"] <= rate) & (rate <= table["high"])).mean())
    assert 0.88 <= np.mean(inside) <= 0.99


def test_few_deals_are_drawn_to_all():
    table = shrunk_rates(np.array([3, 300, 240, 270]), np.array([3, 500, 500, 500]))
    assert table["rate"][0] < 0.75 and abs(table["rate"][1] - 0.6) < 0.02


def test_noise_is_not_told():
    lot = np.random.default_rng(2)
    deals = planted().frame("opportunities").assign(source=lambda t: lot.choice(list("abcdefghij"), len(t)))
    assert won_portrait(planted(opportunities=deals), by=["source"]).told.empty


def test_cramers_v_of_independent_and_of_same():
    lot = np.random.default_rng(0)
    one, other = pd.Series(lot.integers(0, 5, 4000)), pd.Series(lot.integers(0, 4, 4000))
    assert cramers_v(one, other) < 0.03 and cramers_v(one, one) == pytest.approx(1, abs=0.01)


def test_bands_hold_every_number():
    values = pd.Series(np.random.default_rng(0).poisson(4, 500))
    bands = banded(values)
    assert bands.notna().all() and bands.nunique() <= 4
    ends = values.groupby(bands).agg(["min", "max"]).sort_values("min")
    assert (ends["min"].to_numpy()[1:] > ends["max"].to_numpy()[:-1]).all()


def test_too_few_decided_deals_are_refused():
    deals = pd.DataFrame(
        {"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "lost"], "source": "web"}
    )
    with pytest.raises(ParameterError, match="at least 30"):
        won_portrait(Crm.from_frames(as_of="2024-01-01", opportunities=deals))
    with pytest.raises(ParameterError, match="Did you mean 'industry'"):
        won_portrait(planted(), by=["industri"])


def test_maven_win_rate_and_nothing_sets_its_won_apart(shared_data):
    found = won_portrait(crmlib.open_workspace(MAVEN))
    assert (found.won, found.lost, found.open) == (4_238, 2_473, 2_089)
    assert found.win_rate_pct == pytest.approx(63.15, abs=0.005)
    assert found.told.empty and found.values_estimated_pct == 100
    products = found.table[found.table["trait"] == "product"].set_index("value")["win_rate_pct"]
    assert products["MG Special"] == pytest.approx(64.84, abs=0.005)
    assert products["GTK 500"] == pytest.approx(60.00, abs=0.005)


def test_planted_odds_of_the_sample_company_are_found(monkeypatch):
    """All industries, those of few customers among them: what is measured here is not what is shown."""
    monkeypatch.setattr("crmlib.analyse.pipeline.portrait.min_group", lambda crm: 1)
    found = won_portrait(sample_crm(scale=1.0, tables=OF_DEALS), by=["source", "industry"])
    told = found.told.set_index("value")["lift_shrunk"]
    assert told["Referral"] > 1 > told["Cold call"] and told["Healthcare"] > 1 > told["Retail"]
    rows = found.table[found.table["leads"] >= 150].set_index("value")
    odds = rows["win_rate_pct"] / (100 - rows["win_rate_pct"])
    for planted_odds, base in ((truths.SOURCE_ODDS, "Web form"), (truths.INDUSTRY_ODDS, "Manufacturing")):
        names = [name for name in planted_odds if name not in ("Trade fair", "Partner")]
        gap = np.array([np.log(odds[name] / odds[base] / planted_odds[name]) for name in names])
        assert np.abs(gap).max() < 0.35, dict(zip(names, gap, strict=True))


def people_of(crm, *, named=lambda deals: deals.index == deals.index):
    """A decider for each deal, and a champion for most that are won and some that are not."""
    table = deals(crm)
    lot = np.random.default_rng(5)
    backed = lot.random(len(table)) < np.where(table["outcome"] == "won", 0.6, 0.3)
    rows = pd.DataFrame({"opportunity_id": table.index, "contact_id": "d", "decision_role": "decider"})
    more = rows[backed].assign(contact_id="c", decision_role="champion")
    return pd.concat([rows, more])[lambda both: both["opportunity_id"].isin(table.index[named(table)])]


def test_a_champion_among_the_people_sets_the_won_apart_unless_named_once_they_are_won():
    crm = planted(opportunity_contacts=people_of(planted()))
    told = won_portrait(crm, by=["source", "champion"]).told
    assert (told.loc[told["trait"] == "champion", "value"] == ["yes", "no"]).all()
    assert told.set_index(["trait", "value"]).loc[("champion", "yes"), "low"] > 1.2
    late = people_of(planted(), named=lambda table: table["outcome"] != "open")
    found = trait_table(planted(opportunity_contacts=late), by=["source", "champion"])
    assert found.absent == {"champion": "filled_at_close"}
    assert trait_table(planted(), by=["champion", "source"]).absent == {"champion": "nothing_recorded"}
