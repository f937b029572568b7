"""What speaks for a product: the signals by which one customer's candidates are compared."""

import numpy as np
import pandas as pd

from crmlib.measure.offers.tables import LEAST_ENDED

RHYTHM_WEIGHT = 3
"""The product's time between purchases counts as much as so many of the customer's own."""

SIGNALS: dict[str, str] = {
    "own_days": "days on which the customer bought it",
    "own_days_recent": "days on which the customer bought it lately",
    "own_days_season": "days on which the customer bought it this season",
    "since": "days since the customer bought it",
    "own_gap": "the customer's days between purchases of it",
    "own_tenure": "days since the customer first bought it",
    "due_ratio": "time since the last purchase against the usual time between two",
    "own_rate": "how often the customer buys it",
    "own_share": "share of the customer's visits with it",
    "return_share": "how often it is bought again at all",
    "together": "what the customer bought that goes together with it",
    "together_best": "the one product of the customer's that points to it most",
    "lift_best": "how much more often than usual it goes with one of them",
    "excess": "how much more often than usual it goes with all of them",
    "buyers": "customers who ever bought it",
    "buyers_recent": "customers who bought it lately",
    "buyers_season": "customers who bought it this season",
    "first_recent": "customers who bought it for the first time lately",
    "first_season": "customers who bought it for the first time this season",
    "repeat_share": "share of its buyers who came back for it",
    "days_per_buyer": "purchases a buyer",
    "trend": "its buyers lately against those of the season",
    "group_share": "its share of what sells in its category",
    "group_days": "the customer's purchases in its category",
    "group_days_season": "the customer's purchases in its category this season",
    "group_products": "different products of its category that the customer has bought",
    "group_since": "days since the customer bought in its category",
    "price_ratio": "its price against the highest that the customer paid in its category",
    "visit_days_recent": "the customer's visits lately",
    "visit_days_season": "the customer's visits this season",
    "recency": "days since the customer's last visit",
    "tenure": "days since the customer's first visit",
    "basket": "different products a visit",
    "products": "different products that the customer has bought",
    "tried_recent": "products that the customer bought for the first time lately",
    "tried_season": "products that the customer bought for the first time this season",
}
"""Signal -> what it is, as it ends a sentence."""

_OF_OWN = (
    *("own_days", "own_days_recent", "own_days_season", "since", "own_gap", "own_tenure", "due_ratio"),
    *("own_rate", "own_share", "return_share", "together", "excess", "buyers", "buyers_recent"),
    *("repeat_share", "days_per_buyer", "trend", "group_days_season", "group_since"),
    *("visit_days_recent", "visit_days_season", "recency", "tenure", "basket", "products"),
)
_OF_NEW = (
    *("together", "together_best", "lift_best", "excess", "buyers", "buyers_recent", "buyers_season"),
    *("first_recent", "first_season", "repeat_share", "days_per_buyer", "trend", "group_share"),
    *("group_days", "group_days_season", "group_products", "group_since", "price_ratio"),
    *("visit_days_recent", "visit_days_season", "recency", "tenure", "basket", "products"),
    *("tried_recent", "tried_season"),
)
SHARES = ("own_rate", "own_share", "return_share", "repeat_share", "trend", "group_share")
"""Signals that are not counts, days or amounts, so that their logarithm says no more."""

SIGNALS_OF = {"own": _OF_OWN, "new": _OF_NEW}
"""What is looked at for products that the customer has bought before, and for those that are new."""


def signal_table(candidates: pd.DataFrame, rhythms: pd.DataFrame, *, part: str) -> pd.DataFrame:
    """The signals of candidates."""
    names = SIGNALS_OF[part]
    known = candidates.reindex(columns=[name for name in names if name in candidates])
    table = known.astype("float64").reindex(columns=list(names))
    if part == "own":
        product = rhythms.reindex(candidates["p"])
        table["due_ratio"] = candidates["since"].to_numpy() / own_rhythm(candidates, rhythms)
        table["own_rate"] = table["own_days"] / (table["own_tenure"] + 28)
        table["own_share"] = table["own_days_season"] / (table["visit_days_season"] + 1)
        table["return_share"] = product["return_pct"].to_numpy(dtype="float64") / 100
    table["trend"] = table["buyers_recent"] / (
        candidates["buyers_season"].astype("float64") / 3 + 1 if "buyers_season" in candidates else 1
    )
    return table.replace([np.inf, -np.inf], np.nan)


def own_rhythm(candidates: pd.DataFrame, rhythms: pd.DataFrame) -> np.ndarray:
    """Days between a customer's purchases of a product: the own ones, drawn towards those of the product."""
    usual = rhythms["due_days"].reindex(candidates["p"]).to_numpy(dtype="float64")
    gaps = np.maximum(candidates["own_days"].to_numpy(dtype="float64") - 1, 0)
    own = np.where(gaps > 0, candidates["own_gap"].to_numpy(dtype="float64"), 0.0)
    drawn = (RHYTHM_WEIGHT * usual + gaps * own) / (RHYTHM_WEIGHT + gaps)
    return np.maximum(np.where(np.isnan(usual), np.where(gaps > 0, own, np.nan), drawn), 1.0)


def product_rhythms(products: pd.DataFrame) -> pd.DataFrame:
    """The time between purchases of each product: its own, its stated life, its category's, or that of all."""
    figure = {name: products[name].astype("float64").to_numpy() for name in _FIGURES}
    ended = np.nan_to_num(figure["ended"])
    own, grouped = ended >= LEAST_ENDED, np.nan_to_num(figure["group_ended"]) >= LEAST_ENDED
    usual = np.where(own, figure["km_days"], np.where(grouped, figure["group_days"], figure["all_days"]))
    share = np.where(
        own, figure["km_return"], np.where(grouped, figure["group_return"], figure["all_return"])
    )
    life = np.where(figure["life_days"] > 0, figure["life_days"], np.nan)
    seen = np.where(own, ended, 0)
    stated = (LEAST_ENDED * life + seen * np.nan_to_num(figure["km_days"])) / (LEAST_ENDED + seen)
    based = np.select(
        [own, ~np.isnan(life), grouped, ~np.isnan(figure["all_days"])],
        ["product", "life", "category", "all"],
        "nothing",
    )
    return pd.DataFrame(
        {
            "due_days": np.where(np.isnan(life), usual, stated),
            "return_pct": 100 * share,
            "based_on": based,
            "ended": ended.astype("int64"),
            "running": np.nan_to_num(figure["running"]).astype("int64"),
        },
        index=products.index,
    )


_FIGURES = (
    *("km_days", "km_return", "ended", "running", "life_days", "group_days", "group_return", "group_ended"),
    *("all_days", "all_return"),
)
