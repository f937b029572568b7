"""A few baskets and what goes together in them, for examples."""

import pandas as pd

from crmlib.analyse.rules.cross_sell import CrossSell, cross_sell
from crmlib.prepare.crm import Crm


def little_cross_sell() -> CrossSell:
    """Nine baskets, for the examples."""
    sold = [("icing", "mix")] * 5 + [("tea",)] * 4
    lines = [(str(order), item) for order, items in enumerate(sold) for item in items]
    frame = pd.DataFrame(lines, columns=["order_id", "product_id"]).assign(
        ordered_at="2024-01-02", net_amount=1.0
    )
    return cross_sell(Crm.from_frames(as_of="2024-01-31", transactions=frame), min_support=2)
