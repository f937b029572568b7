"""A little company whose future the examples of the future pages show."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.analyse.future import FutureContribution, future_contribution
from crmlib.prepare.crm import Crm


@cache
def _little_future() -> FutureContribution:
    """Two hundred customers who buy at random and now and then leave, for the examples."""
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
