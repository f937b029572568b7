"""Purchase days are those that the purchase history counts."""

import numpy as np
import pandas as pd
import pytest

from crmlib.measure.purchases.history import purchase_days, purchase_history
from crmlib.schema.errors import ParameterError, SchemaError


def ledger():
    draw = np.random.default_rng(3)
    lines = pd.DataFrame(
        {
            "customer_id": draw.choice(list("abcdefgh"), 300),
            "order_id": draw.integers(0, 140, 300).astype(str),
            "product_id": draw.choice(["tea", "jam", "bread"], 300),
            "net_amount": draw.choice([-5.0, 0.0, 5.0, 8.0], 300, p=[0.2, 0.1, 0.4, 0.3]),
        }
    )
    day = pd.to_timedelta(lines.order_id.astype(int) * 37 % 200, unit="h") * 20
    return lines.assign(ordered_at=pd.Timestamp("2024-01-01") + day)


@pytest.mark.parametrize("as_of", ["2024-03-01", "2024-06-30"])
def test_days_add_up_to_the_purchase_history(as_of):
    zone = "America/New_York"
    days = purchase_days(ledger(), as_of=as_of, time_zone=zone)
    history = purchase_history(ledger(), as_of=as_of, time_zone=zone)
    by_customer = days.groupby("customer_id")
    assert len(history) > 3 and not days.duplicated(["customer_id", "ordered_on"]).any()
    pd.testing.assert_series_equal(by_customer.size() - 1, history.frequency, check_names=False)
    last, first = by_customer.ordered_on.max(), by_customer.ordered_on.min()
    np.testing.assert_allclose((last - first).dt.days / 7, history.recency)
    repeats = days[days.ordered_on > days.customer_id.map(first)]
    means = repeats.groupby("customer_id").kept_amount.mean().reindex(history.index)
    np.testing.assert_allclose(means, history.monetary_value)


def test_later_rows_are_not_there():
    lines = ledger()
    early = purchase_days(lines, as_of="2024-03-01")
    known = lines[lines.ordered_at < "2024-03-02"]
    pd.testing.assert_frame_equal(early, purchase_days(known, as_of="2024-03-01"))
    assert early.ordered_on.max() <= pd.Timestamp("2024-03-01") and (early.kept_amount > 0).all()


def test_what_is_missing_is_named():
    with pytest.raises(SchemaError, match="no column net_amount"):
        purchase_days(ledger().drop(columns="net_amount"), as_of="2024-03-01")
    with pytest.raises(ParameterError, match="no date"):
        purchase_days(ledger(), as_of="soon")
