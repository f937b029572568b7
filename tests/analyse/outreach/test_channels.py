"""The channel by past answers: rates drawn to all customers', known truth found again, and the reason that is true."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.outreach import (
    ASKED_FOR,
    BEST,
    NO_TRIED,
    NOTHING_TRIED,
    ONLY,
    UNTRIED,
    WEIGHT,
    channel_rates,
    choose_channels,
)


def responses(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "channel", "contact_count", "answer_count"])


def allowed(**channels):
    return pd.DataFrame({f"{name}_allowed": flags for name, flags in channels.items()}, index=["ann", "bob"])


def test_a_single_answer_does_not_beat_what_all_customers_show():
    rest = [(f"c{i}", "email", 1, int(i < 40)) for i in range(100)] + [
        (f"c{i}", "phone", 1, int(i < 4)) for i in range(100)
    ]
    seen = responses(("ann", "phone", 1, 1), ("bob", "phone", 20, 18), *rest)
    found = choose_channels(allowed(email=[True, True], phone=[True, True]), seen)
    assert found["channel"].tolist() == ["email", "phone"]
    rate = (4 + 19 + 20 * 63 / 221) / (121 + 20)
    assert found.loc["bob", "channel_rate"] == pytest.approx((18 + WEIGHT * rate) / (20 + WEIGHT))
    assert found.loc["ann", "channel_basis"] == UNTRIED and found.loc["ann", "channel_all_pct"] == 40
    assert found.loc["bob", ["channel_basis", "channel_answers", "channel_contacts"]].tolist() == [
        BEST,
        18,
        20,
    ]


def test_the_weight_of_all_customers_is_found_again():
    rng = np.random.default_rng(11)
    n = rng.integers(2, 12, 3000)
    rates = rng.beta(2.0, 6.0, 3000)
    rows = pd.DataFrame(
        {
            "customer_id": range(3000),
            "channel": "sms",
            "contact_count": n,
            "answer_count": rng.binomial(n, rates),
        }
    )
    found = channel_rates(rows).iloc[0]
    assert found["weight"] == pytest.approx(8.0, rel=0.15) and found["answer_rate"] == pytest.approx(
        0.25, abs=0.01
    )
    alike = rows.assign(answer_count=rng.binomial(n, 0.25))
    assert channel_rates(alike).iloc[0]["weight"] > 60


def test_nothing_on_record_takes_the_first_allowed():
    found = choose_channels(
        allowed(email=[False, False], sms=[True, False], phone=[True, False]), responses()
    )
    assert found["channel"].tolist() == ["sms", ""]
    assert found.loc["ann", "channel_basis"] == NOTHING_TRIED
    only = choose_channels(
        allowed(email=[True, True], phone=[False, True]), responses(("ann", "email", 1, 0))
    )
    assert only.loc["ann", ["channel_basis", "channel_answers", "channel_contacts"]].tolist() == [ONLY, 0, 1]
    named = choose_channels(allowed(sms=[True, True]), responses(), asked=True)
    assert named.loc["ann", ["channel_basis", "channel_contacts"]].tolist() == [ASKED_FOR, 0]


def test_a_channel_never_tried_comes_last():
    seen = responses(("x", "phone", 5, 0))
    found = choose_channels(allowed(email=[True, True], phone=[True, False], sms=[False, True]), seen)
    assert found["channel"].tolist() == ["phone", "email"]
    assert found.loc["bob", "channel_basis"] == NO_TRIED
