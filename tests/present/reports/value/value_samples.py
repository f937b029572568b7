"""Small companies whose value is told of in the tests and examples of this report."""

from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd

from crmlib import Crm
from crmlib.analyse.lifetime.future import future_contribution
from crmlib.analyse.value.pareto import customer_value, pareto
from crmlib.analyse.value.scorecard import value_scorecard
from crmlib.analyse.value.valuations import customer_valuations
from crmlib.analyse.worklist import OF_BUYERS, worklist


def little_worth():
    """Sixty customers."""
    draw = np.random.default_rng(0)
    orders = draw.geometric(0.2, 60)
    figures = pd.DataFrame(
        {
            "spend_total": (orders * draw.gamma(2.0, 4.0, 60)).round(2),
            "order_count": orders,
            "recency_days": draw.integers(0, 300, 60),
        }
    )
    figures.attrs = {"currency": "EUR"}
    return pareto(customer_value(figures)), value_scorecard(figures)


def little_crm():
    """Two customers of a tea shop."""
    days = {
        "ann": ["2024-01-01", "2024-01-11", "2024-01-21"],
        "bob": ["2023-01-01", "2023-01-31", "2023-03-02"],
    }
    rows = [(who, day) for who, when in days.items() for day in when]
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at"]).assign(
        product_id="tea", net_amount=50.0
    )
    lines["order_id"] = lines.index.astype("str")
    return Crm.from_frames(as_of="2024-02-20", currency="EUR", transactions=lines)


def little_valuations():
    """What the two are worth."""
    alive = pd.DataFrame({"probability_alive": [0.6, 0.1]}, index=["ann", "bob"])
    return customer_valuations(little_crm(), future=SimpleNamespace(table=alive))


def little_work():
    """Whom of the two to keep, and whom to win back."""
    return worklist(little_crm(), valuations=little_valuations(), only=OF_BUYERS)


@cache
def little_future():
    """Two hundred customers who buy at random and now and then leave."""
    draw = np.random.default_rng(4)
    rate, lives = draw.gamma(1.2, 1 / 25, 200), draw.exponential(250, 200)
    begin = draw.integers(0, 60, 200)
    seen = np.minimum(lives, 190 - begin)
    times = draw.poisson(rate * seen)
    who = np.concatenate([np.arange(200), np.repeat(np.arange(200), times)])
    at = np.concatenate([begin, begin[who[200:]] + (draw.random(times.sum()) * seen[who[200:]]).astype(int)])
    lines = pd.DataFrame({"customer_id": who.astype(str), "order_id": np.arange(len(who)).astype(str)})
    lines = lines.assign(
        product_id="tea",
        net_amount=draw.gamma(4, 5, len(who)).round(2) + 1,
        ordered_at=pd.Timestamp("2024-01-01") + pd.to_timedelta(at, unit="D"),
    )
    crm = Crm.from_frames(as_of="2024-07-08", currency="EUR", transactions=lines)
    return future_contribution(crm, horizon_days=90, margin_pct=40)
