"""From look to cart to order: counted by hand, over days that are over, and of enough customers only."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.voice.browsing import browsing
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError


def looks(customers, product, *, day="2024-01-05", event="view", campaign=None, visit="s"):
    n = len(customers)
    return pd.DataFrame(
        {"event_id": [f"{visit}{product}{event}{one}" for one in customers], "customer_id": customers,
         "session_id": [f"{visit}{one}" for one in customers], "product_id": product, "event": event,
         "happened_at": day, "campaign_id": [campaign] * n}
    )  # fmt: skip


def bought(customers, product, day="2024-01-06"):
    return pd.DataFrame(
        {"order_id": [f"{product}{day}{one}" for one in customers], "customer_id": customers,
         "product_id": product, "ordered_at": day, "net_amount": 5.0}
    )  # fmt: skip


def found(seen, orders, as_of="2024-06-30"):
    return browsing(Crm.from_frames(as_of=as_of, events=pd.concat(seen), transactions=pd.concat(orders)))


WHO = [f"c{i:02}" for i in range(40)]


def test_the_funnel_is_that_of_a_plain_count():
    seen = [looks(WHO, "tea"), looks(WHO[:6], "tea", event="cart"), looks(WHO[:3], "tea", event="search")]
    orders = [
        bought(WHO[:8], "tea"),
        bought(WHO[8:10], "tea", "2024-02-20"),
        bought(WHO[10:14], "tea", "2024-01-02"),
    ]
    row = found(seen, orders).funnel.iloc[0]
    assert row[["looks", "carts", "orders"]].tolist() == [40, 6, 8]
    assert row[["cart_pct", "order_pct"]].tolist() == [15, 20] and row["low"] < 20 < row["high"]


def test_looks_whose_days_are_not_over_and_orders_after_the_closing_moment_do_not_count():
    seen = [looks(WHO, "tea"), looks(WHO, "cup", day="2024-06-25")]
    one = found(seen, [bought(WHO[:8], "tea")]).funnel
    assert one["looks"].tolist() == [40]
    early = found(seen, [bought(WHO[:8], "tea", "2024-01-18")], as_of="2024-01-15").funnel
    assert early.empty


def test_who_is_not_known_is_told_apart():
    nobody = looks(WHO[:10], "tea", visit="t").assign(customer_id=None)
    result = found([looks(WHO[:30], "tea"), nobody], [bought(WHO[:8], "tea")])
    assert result.funnel["looks"].tolist() == [30] and result.unknown_pct == pytest.approx(25)


def test_a_product_that_is_left_is_found_and_of_equals_none_is():
    seen = [looks(WHO, product) for product in ("tea", "cup", "pot")]
    most = [bought(WHO[:20], product) for product in ("tea", "cup")]
    left = found(seen, [*most, bought(WHO[:2], "pot")]).products
    assert left.loc[left["is_left"], "product_id"].tolist() == ["pot"] == left["product_id"].head(1).tolist()
    assert left["orders_missed"].iloc[0] == pytest.approx(40 * (20 / 40 - 2 / 40))
    assert not found(seen, [*most, bought(WHO[:19], "pot")]).products["is_left"].any()


def test_a_campaign_counts_each_customer_once_and_few_are_not_shown():
    few = [looks(WHO[:6], product, campaign="small") for product in ("tea", "cup")]
    many = looks(WHO, "pot", campaign="large")
    result = found([*few, many], [bought(WHO[:10], "pot")])
    assert result.by_campaign and result.funnel["campaign_id"].dropna().tolist() == ["large"]
    assert set(result.products["product_id"]) == {"pot"}
    assert np.isclose(result.funnel["order_pct"].iloc[1], 25)


def test_without_customers_orders_or_events_it_says_what_is_missing():
    seen = looks(WHO, "tea")
    for frames, said in (
        ({"events": seen}, "transactions"),
        ({"transactions": bought(WHO, "tea")}, "events"),
        ({"events": seen.drop(columns="product_id"), "transactions": bought(WHO, "tea")}, "product_id"),
    ):
        with pytest.raises(SchemaError, match=said):
            browsing(Crm.from_frames(as_of="2024-06-30", **frames))
