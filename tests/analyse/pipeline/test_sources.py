"""Sources of deals: published counts, intervals of the books, differences that turn with the mix."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib import Crm
from crmlib.analyse.pipeline.sources import (
    channel_conversion,
    given_deals,
    newcombe_difference,
    standardised_difference,
)
from crmlib.present.reports.leads.say import sources_limits, sources_paragraph
from crmlib.schema.errors import ParameterError, SchemaError
from tests.analyse.pipeline.lead_cases import olist_leads, planted

MAVEN = Path(__file__).resolve().parents[2] / "workspaces" / "maven_crm"
OLIST = {
    "organic search": (271, 2296),
    "paid search": (195, 1586),
    "social": (75, 1350),
    "unknown": (179, 1099),
    "direct traffic": (56, 499),
    "email": (15, 493),
}


def test_olist_conversion_by_origin(shared_data):
    found = channel_conversion(olist_leads(shared_data / "olist_marketing_funnel"))
    rows = found.table.set_index("value")
    assert found.base == "leads" and (found.overall["won"], found.overall["leads"]) == (842, 8000)
    assert found.overall["win_rate_pct"] == pytest.approx(10.525)
    for origin, (won, leads) in OLIST.items():
        assert (rows.loc[origin, "won"], rows.loc[origin, "leads"]) == (won, leads)
    assert rows.index[-1] == "not stated" and rows.loc["not stated", "leads"] == 60
    assert found.negative_durations == 1 and sources_limits(found)[-1].key == "leads-limits-negative"
    assert set(rows.index[rows["verdict"] == "less_often"]) >= {"social", "email"}
    assert set(rows.index[rows["verdict"] == "more_often"]) >= {"unknown"}


def test_olist_as_a_workspace_keeps_the_deal_and_counts_the_negative_duration(shared_data):
    leads = olist_leads(shared_data / "olist_marketing_funnel")
    crm = Crm.from_frames(as_of="2018-11-14", opportunities=leads)
    found = channel_conversion(crm)
    assert (found.overall["won"], found.overall["leads"], found.negative_durations) == (842, 8000, 1)


def test_maven_win_rate_and_won_value(shared_data):
    found = channel_conversion(crmlib.open_workspace(MAVEN), by="owner_id")
    assert found.base == "decided" and found.overall["win_rate_pct"] == pytest.approx(63.15, abs=0.005)
    assert (found.overall["won"], found.overall["decided"], found.overall["open"]) == (4_238, 6_711, 2_089)
    assert found.table["value_won"].sum() == pytest.approx(10_005_534)
    top = found.table.loc[found.table["value_won"].idxmax()]
    assert top["value"] == "Darcel Schlecht" and top["value_won"] == pytest.approx(1_153_214)


def test_differences_of_newcombe_1998():
    for one, other, low, high in (
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ):
        row = newcombe_difference(*(np.array([x]) for x in (*one, *other))).iloc[0]
        assert [row["low"], row["high"]] == pytest.approx([low, high], abs=5e-5)


def test_a_side_without_deals_has_no_difference():
    many = newcombe_difference(np.array([56, 0]), np.array([70, 0]), np.array([48, 3]), np.array([80, 10]))
    assert many.iloc[0].round(4).tolist() == [0.2, 0.0524, 0.3339] and many.iloc[1].isna().all()


def test_berkeley_admissions_turn_with_the_department():
    """Bickel, Hammel & O'Connell 1975: men are admitted more often, and not so department by department."""
    men = [(512, 825), (353, 560), (120, 325), (138, 417), (53, 191), (22, 373)]
    women = [(89, 108), (17, 25), (202, 593), (131, 375), (94, 393), (24, 341)]
    rows = [
        (sex, place, won)
        for sex, counts in (("men", men), ("women", women))
        for place, (hits, n) in zip("ABCDEF", counts, strict=True)
        for won in [True] * hits + [False] * (n - hits)
    ]
    table = pd.DataFrame(rows, columns=["source", "category", "won"])
    table["outcome"] = np.where(table["won"], "won", "lost")
    found = channel_conversion(table)
    mix = found.mix.set_index("value")
    assert mix.loc["men", "crude_points"] == pytest.approx(14.17, abs=0.01)
    assert mix.loc["men", "standardised_points"] < 0 and mix["turns"].all()
    by_hand = table.groupby(["category", "source"])["won"].mean().unstack()
    weight = table["category"].value_counts(normalize=True).reindex(by_hand.index)
    gap = 100 * ((by_hand["men"] - by_hand["women"]) * weight).sum()
    assert mix.loc["men", "standardised_points"] == pytest.approx(gap)
    assert found.mix["turns"].any() and any(
        said.key == "leads-mix-turns" for said in sources_paragraph(found)
    )


def test_strata_that_only_one_side_has_are_left_aside():
    won = np.array([True, False, True, False, True])
    found = standardised_difference(won, np.array([1, 1, 0, 0, 0], bool), np.array([0, 0, 0, 0, 1]))
    assert found["covered"] == pytest.approx(0.8) and found["standardised"] == 0


def test_cost_and_return_of_campaigns():
    deals = pd.DataFrame(
        {"opportunity_id": list("abcdef"), "source": ["fair"] * 3 + ["web"] * 3, "outcome": ["won", "lost"] * 3,
         "campaign_id": ["x", "x", None, "x", None, None], "amount": [100.0, 1, 300, 1, 500, 1], "stage": "s",
         "created_at": "2024-01-01", "closed_at": ["2024-01-11"] * 6}
    )  # fmt: skip
    camps = pd.DataFrame({"campaign_id": ["x"], "cost_amount": [90.0]})
    found = channel_conversion(Crm.from_frames(as_of="2024-02-01", opportunities=deals, campaigns=camps))
    rows = found.table.set_index("value")
    assert rows["cost"].to_dict() == {"fair": 60.0, "web": 30.0}
    assert rows.loc["fair", "return_ratio"] == pytest.approx(400 / 60)
    assert rows.loc["web", "cost_per_win"] == pytest.approx(30) and (rows["days_to_win"] == 10).all()
    assert (rows["verdict"] == "too_few").all() and rows["q"].isna().all()


def test_later_rows_change_nothing():
    deals = planted().frame("opportunities")
    now = channel_conversion(deals, as_of="2024-03-31").table
    crm = channel_conversion(planted().at("2024-03-31")).table
    counts = ["value", "leads", "won", "lost", "open"]
    assert now[counts].equals(crm[counts])
    later = pd.concat([deals, deals.head(50).assign(created_at=pd.Timestamp("2024-05-01"))])
    assert channel_conversion(later, as_of="2024-03-31").table[counts].equals(now[counts])


def test_what_does_not_fit_is_named():
    with pytest.raises(ParameterError, match="Did you mean 'source'"):
        channel_conversion(planted(), by="sourc")
    with pytest.raises(ParameterError, match="no base"):
        channel_conversion(planted(), base="all")
    with pytest.raises(SchemaError, match="neither outcome nor closed_at"):
        channel_conversion(pd.DataFrame({"source": ["web"]}))
    with pytest.raises(ParameterError, match="'gone'"):
        channel_conversion(pd.DataFrame({"source": ["web"], "outcome": ["gone"]}))


def test_a_deal_recorded_after_its_closing_has_no_age_and_is_counted():
    days = pd.to_datetime(["2020-01-10", "2020-01-10", "2020-01-10"])
    closed = pd.to_datetime(["2020-01-01", "2020-01-10", None])
    deals = pd.DataFrame(
        {"source": "web", "outcome": ["won", "lost", "open"], "created_at": days, "closed_at": closed}
    )
    given = given_deals(deals, by="source")
    assert given.negative_durations == 1
    assert (
        given.deals["age_days"].isna().tolist() == [True, False, True] and given.deals["age_days"].max() == 0
    )
