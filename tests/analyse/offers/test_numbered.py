"""A workspace by numbers gives the same proof as by names."""

from dataclasses import fields

import pandas as pd
import pytest

from crmlib.analyse.offers.judging import SIDES
from crmlib.analyse.offers.proof import evaluate_offers, prove, recommend_as_proven
from crmlib.measure.offers.candidates import find_not_goods
from crmlib.measure.offers.numbered import numbered, product_codes
from tests.analyse.offers.shops import goods, regular_shop, workspace

CODES = [f"p{n:02}" for n in range(30)]
ROWS = [
    *regular_shop(customers=80),
    *((f"back-{day}", "c003", "p07", f"2024-05-{day:02}", -4.0) for day in (3, 9)),
]
LISTED = goods(
    product_id=[*CODES, "p30"],
    name=["POSTAGE" if code == "p05" else f"Thing {code}" for code in [*CODES, "p30"]],
    category=["one", "two", "three"] * 10 + ["one"],
    retired_on=[pd.Timestamp("2024-03-01") if code == "p02" else None for code in [*CODES, "p30"]],
    replaces_product_id=[None] * 30 + ["p02"],
)
LOOKS = pd.DataFrame(
    {"event_id": ["1", "2"], "customer_id": ["c001", "c002"], "product_id": ["p09", "p10"], "event": "view",
     "happened_at": ["2024-03-01", "2024-04-01"]}
)  # fmt: skip
PEOPLE = pd.DataFrame({"customer_id": ["c000", "a new one", "zoe"], "region": "North"})
DEALS = pd.DataFrame(
    {"opportunity_id": ["1"], "outcome": ["open"], "stage": ["first"], "created_at": ["2024-01-05"]}
)
OTHERS = {"nothing else": {}, "all of it": {"products": LISTED, "events": LOOKS, "customers": PEOPLE},
          "deals that name nobody": {"opportunities": DEALS}}  # fmt: skip


@pytest.mark.parametrize("tables", OTHERS.values(), ids=list(OTHERS))
def test_the_proof_is_the_same_by_numbers(tables):
    crm = workspace(ROWS, offers={"never": ("p11", "two")}, **tables)
    asked = {"holdout_days": 21, "k": 3, "cutoffs": 2, "seed": 0}
    by_numbers = evaluate_offers(crm, **asked)
    by_names = prove(crm, recommend=recommend_as_proven, rivals=SIDES, **asked)
    assert by_names.value("hit_rate_pct") > 0
    for field in fields(by_names):
        one, other = getattr(by_numbers, field.name), getattr(by_names, field.name)
        if isinstance(other, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other, check_exact=True)
        else:
            assert one == other


def test_what_is_no_article_is_found_by_numbers_and_nothing_is_left_behind():
    crm = workspace(ROWS, products=LISTED)
    before = crm.engine.rows("select table_name from duckdb_tables()")
    with numbered(crm) as by_numbers:
        assert by_numbers.frame("transactions")["product_id"].dtype == "int32"
        found = find_not_goods(by_numbers)["product_id"]
        assert (
            product_codes(by_numbers, found).tolist() == find_not_goods(crm)["product_id"].tolist() == ["p05"]
        )
    assert crm.engine.rows("select table_name from duckdb_tables()") == before
