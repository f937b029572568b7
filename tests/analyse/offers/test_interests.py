"""Interests: one profile of what was bought, looked at and stated; and whether a sign tells anything."""

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, preferences
from crmlib.analyse.offers import interests as offers_interests
from crmlib.analyse.offers.interests import AHEAD_DAYS, LOOKED, STATED, _judged, interest_evidence
from crmlib.analyse.segments.groups import customers_in
from crmlib.present.reports.offers.say import interest_paragraph
from crmlib.present.reports.people.show import CustomerPages
from crmlib.schema.errors import SchemaError

CATEGORIES = ("Tea", "Coffee", "Cups", "<b>Pots</b>")
AS_OF = pd.Timestamp("2024-12-31")


def tables(*, looks_tell):
    """400 customers who buy one category every month; each looks at another once, half buy that, or any, then."""
    rng, lines, looks = np.random.default_rng(5), [], []
    for i in range(400):
        own = i % 4
        name, seen, other = f"c{i:03d}", (own + 1 + rng.integers(3)) % 4, (own + 1 + rng.integers(3)) % 4
        lines += [
            (name, CATEGORIES[own], AS_OF - pd.Timedelta(days=day + i % 27)) for day in range(1, 420, 28)
        ]
        looked = AS_OF - pd.Timedelta(days=28 * int(rng.integers(1, 7)) + 5)
        looks.append((name, CATEGORIES[seen], looked))
        if rng.random() < 0.2:
            lines.append((name, CATEGORIES[other], looked + pd.Timedelta(days=22)))
        if rng.random() < 0.5:
            lines.append((name, CATEGORIES[seen if looks_tell else other], looked + pd.Timedelta(days=20)))
    sold = pd.DataFrame(lines, columns=["customer_id", "product_id", "ordered_at"])
    seen = pd.DataFrame(looks, columns=["customer_id", "product_id", "happened_at"]).assign(event="view")
    people = pd.DataFrame({"customer_id": [f"c{i:03d}" for i in range(401)]})
    people["interests"] = np.where(people.index == 400, "tea; chess", None)
    return {
        "transactions": sold.assign(order_id=[f"o{i}" for i in range(len(sold))], net_amount=10.0),
        "products": pd.DataFrame({"product_id": CATEGORIES, "category": CATEGORIES}),
        "events": seen,
        "customers": people,
    }


@pytest.fixture(scope="module")
def crm():
    return Crm.from_frames(as_of="2024-12-31", currency="EUR", **tables(looks_tell=True))


@pytest.fixture(scope="module")
def found(crm):
    return preferences(crm)


def test_shares_of_a_customer_follow_what_was_bought_and_are_drawn_to_the_usual(found):
    own = found.table[found.table["customer_id"] == "c000"].set_index("category")
    assert own["share_pct"].idxmax() == "Tea" and own.at["Tea", "index"] > 120
    assert own.at["Tea", "bought_days"] == 13 and own["share_pct"].sum() <= 100 + 1e-6
    assert found.table["usual_pct"].between(0, 100).all()


def test_what_was_looked_at_or_stated_and_not_bought_is_open(found, crm):
    table = found.table
    assert (table.loc[table["is_open"], "bought_days"] == 0).all()
    assert table.loc[table["is_open"], ["looks", "is_stated"]].any(axis=1).all()
    stated = table[table["customer_id"] == "c400"]
    assert stated[["category", "is_stated", "is_open"]].values.tolist() == [["Tea", True, True]]
    assert found.unmatched.to_dict() == {"chess": 1}
    assert table["last_looked_on"].max() < AS_OF


def test_a_look_that_is_followed_by_a_purchase_tells_and_one_that_is_not_does_not(crm, found):
    row = found.evidence.set_index("sign").loc[LOOKED]
    assert row["tells"] and row["low"] > 1 and row["bought_pct"] > 2 * row["others_pct"]
    other = preferences(Crm.from_frames(as_of="2024-12-31", **tables(looks_tell=False)))
    assert not other.tells(LOOKED) and not other.tells(STATED), "too few stated to judge"
    told = interest_evidence(crm)
    pd.testing.assert_frame_equal(told, found.evidence)
    said = " ".join(str(one) for one in interest_paragraph(told)).replace("\u00a0", " ")
    assert f"{AHEAD_DAYS} days" in said and "worth a word" in said
    assert "may be chance" in str(interest_paragraph(other.evidence)[0])


def test_where_no_sign_is_kept_nothing_is_computed(monkeypatch):
    kept = tables(looks_tell=True)
    kept.pop("events"), kept["customers"].pop("interests")
    monkeypatch.setattr(offers_interests, "preferences", None)
    told = interest_evidence(Crm.from_frames(as_of="2024-12-31", **kept))
    assert told.empty and interest_paragraph(told) == []


def test_customers_who_buy_much_do_not_make_a_sign_tell():
    """Signs and purchases both go with how active a customer is, and within a customer not with each other."""
    rng = np.random.default_rng(1)
    active = np.repeat(rng.random(600), 8)
    rows = pd.DataFrame(
        {"day": 0, "c": np.repeat(np.arange(600), 8), "g": np.tile(np.arange(8), 600), "band": 0}
    )
    rows["band"] = (4 * active).astype(int)
    rows[LOOKED], rows["came"] = rng.random(4800) < 0.4 * active, rng.random(4800) < 0.3 * active
    assert rows.loc[rows[LOOKED], "came"].mean() > 1.25 * rows.loc[~rows[LOOKED], "came"].mean()
    judged = _judged(LOOKED, rows)
    assert not judged["tells"] and judged["low"] < 1 < judged["high"]


def test_interests_make_groups_and_stand_escaped_on_the_page_of_a_customer(crm, found):
    group = customers_in(crm, interest="tea")
    assert {"c000", "c004"} <= group and "c400" not in group, "stated alone is no interest that was acted on"
    pots = found.table.query("is_open and category == '<b>Pots</b>' and looks > 0")["customer_id"]
    html = CustomerPages(crm).html(pots.iloc[0])[1]
    assert "Looked at in the last 90 days" in html and "<b>Pots" not in html


def test_products_without_a_category_are_refused_with_the_remedy():
    with pytest.raises(SchemaError, match="products has no column category"):
        preferences(Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a"]})))
