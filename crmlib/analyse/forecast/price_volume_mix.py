"""Why the amount differs: prices, how much was sold, and of what."""

import numpy as np
import pandas as pd

PARTS = ("price", "volume", "mix", "other")
"""They add up to the difference. `other`: what has no price, such as lines without a quantity and net returns."""


def price_volume_mix(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Split the difference of two amounts into price, volume, mix and what has no price.

    Of every product with pieces and money in both times, ``price`` is what its pieces of now would have brought
    less at the price of before. ``volume`` is the change of all pieces at the mean price of before. ``mix`` is the
    rest: more or less of dear products, new and dropped ones among them.

    Parameters
    ----------
    now, before : DataFrame
        `key`, `product_id`, `amount`, `pieces`, `unpriced`, as `product_sums` gives them.

    Returns
    -------
    DataFrame indexed by key, sorted
        `before`, `price`, `volume`, `mix`, `other`, `now`: before + the four parts = now. Where nothing with a
        price was sold before, all is mix.

    References
    ----------
    Horngren, C. T., Datar, S. M. & Rajan, M. V. (2015). Cost Accounting, 15th ed., ch. 14: sales-mix and
    sales-quantity variances.

    Examples
    --------
    Ten pieces at 2, then twelve at 3:

    >>> before = pd.DataFrame({"key": "all", "product_id": ["tea"], "amount": [20.0], "pieces": [10.0],
    ...                        "unpriced": 0.0})
    >>> price_volume_mix(before.assign(amount=36.0, pieces=12.0), before).round(2)
         before  price  volume  mix  other   now
    key
    all    20.0   12.0     4.0  0.0    0.0  36.0
    """
    both = pd.merge(
        _priced(now), _priced(before), on=["key", "product_id"], how="outer", suffixes=("_now", "_before")
    ).fillna(0.0)
    old = np.divide(
        both["amount_before"], both["pieces_before"],
        out=np.full(len(both), np.nan), where=(both["pieces_before"] > 0).to_numpy(),
    )  # fmt: skip
    new = np.divide(
        both["amount_now"], both["pieces_now"],
        out=np.full(len(both), np.nan), where=(both["pieces_now"] > 0).to_numpy(),
    )  # fmt: skip
    # A product that is new has no price of before: its own is taken, so that it counts as mix.
    usual = np.where(np.isfinite(old), old, new)
    both["price"] = np.where(both["pieces_now"] > 0, both["pieces_now"] * (new - usual), 0.0)
    sums = both.groupby("key")[["pieces_now", "pieces_before", "amount_now", "amount_before", "price"]].sum()
    keys = sorted({*now["key"], *before["key"]})
    sums = sums.reindex(keys).fillna(0.0)
    mean = (sums["amount_before"] / sums["pieces_before"].where(sums["pieces_before"] > 0)).fillna(0.0)
    whole = pd.DataFrame(
        {
            "before": before.groupby("key")["amount"].sum().reindex(keys).fillna(0.0),
            "now": now.groupby("key")["amount"].sum().reindex(keys).fillna(0.0),
        }
    )
    volume = (sums["pieces_now"] - sums["pieces_before"]) * mean
    priced = sums["amount_now"] - sums["amount_before"]
    table = pd.DataFrame(
        {
            "before": whole["before"],
            "price": sums["price"],
            "volume": volume,
            "mix": priced - sums["price"] - volume,
            "other": whole["now"] - whole["before"] - priced,
            "now": whole["now"],
        }
    )
    table.index.name = "key"
    return table


def _priced(sums: pd.DataFrame) -> pd.DataFrame:
    """Products whose price can be told; what was sold without a quantity is none of it."""
    table = sums.groupby(["key", "product_id"], as_index=False)[["amount", "pieces", "unpriced"]].sum()
    table["amount"] -= table["unpriced"]
    kept = (table["pieces"] > 0) & (table["amount"] > 0)
    return table.loc[kept, ["key", "product_id", "amount", "pieces"]]
