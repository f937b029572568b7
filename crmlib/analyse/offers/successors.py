"""Products that are no longer sold lead to what replaced them, and the names that products go by."""

from datetime import date

import numpy as np
import pandas as pd

from crmlib.analyse.cross_sell import plain_name

GONE = -1
"""Instead of a product: it is no longer sold and nothing replaces it."""


def sold_instead(products: pd.DataFrame, *, day: date, until: date) -> np.ndarray:
    """The product to offer for each product: itself, or the last of those that replaced it.

    Parameters
    ----------
    products : DataFrame indexed by number from 0
        `product_id`, `launched_on`, `retired_on` (last day on sale), `replaces_product_id`.
    day, until : date
        Who is retired before `until` gives way to a successor that is on sale on `day`; without one it is
        offered to its last day.

    Returns
    -------
    array of product numbers
        `GONE` where a product is retired and its chain of successors ends in nothing, or in itself.

    Examples
    --------
    >>> products = pd.DataFrame({"product_id": ["a", "b", "c"], "launched_on": None,
    ...     "retired_on": [date(2024, 1, 1), date(2024, 2, 1), None], "replaces_product_id": [None, "a", "b"]})
    >>> sold_instead(products, day=date(2024, 3, 1), until=date(2024, 4, 1)).tolist()
    [2, 2, 2]
    """
    found = np.arange(len(products))
    retired = pd.to_datetime(products["retired_on"])
    ends = (retired < pd.Timestamp(until)).to_numpy()
    if not ends.any():
        return found
    over = (retired < pd.Timestamp(day)).to_numpy()
    launched = ~(pd.to_datetime(products["launched_on"]) > pd.Timestamp(day)).to_numpy()
    followers = _followers(products, launched & ~over, launched)
    for start in np.flatnonzero(ends):
        found[start] = _end_of_chain(int(start), followers, ends, over)
    return found


def _followers(products: pd.DataFrame, sold: np.ndarray, launched: np.ndarray) -> dict[int, int]:
    """Product -> the one that replaced it; of several that which is sold, then the latest."""
    number = {identifier: place for place, identifier in enumerate(products["product_id"])}
    since = pd.to_datetime(products["launched_on"]).fillna(pd.Timestamp("1700-01-01")).to_numpy()
    best: dict[int, int] = {}
    for place, replaced in enumerate(products["replaces_product_id"]):
        before = None if replaced is None or pd.isna(replaced) else number.get(replaced)
        if before is None or before == place or not launched[place]:
            continue
        rival = best.get(before)
        if rival is None or (sold[place], since[place]) > (sold[rival], since[rival]):
            best[before] = place
    return best


def _end_of_chain(start: int, followers: dict[int, int], ends: np.ndarray, over: np.ndarray) -> int:
    place, seen = start, {start}
    last_sold = GONE if over[start] else start
    while ends[place]:
        place = followers.get(place, GONE)
        if place == GONE or place in seen:
            return last_sold
        seen.add(place)
        if not over[place]:
            last_sold = place
    return place


def product_names(products: pd.DataFrame) -> pd.Series:
    """The name by which a reader knows a product: its own, else its kind and code, else its code.

    Parameters
    ----------
    products : DataFrame
        `product_id`, `name`, `subcategory`, `category`.

    Returns
    -------
    Series of str, like `products`
        No two are alike.

    Examples
    --------
    >>> products = pd.DataFrame({"product_id": ["1", "2", "3"], "name": ["EARL GREY TEA", None, None],
    ...                          "subcategory": None, "category": [None, "JAM", None]})
    >>> product_names(products).tolist()
    ['Earl grey tea', 'Jam (2)', '3']
    """
    plain = {word: plain_name(word) for word in pd.unique(_words(products).to_numpy()) if word is not None}
    kinds = (
        products["subcategory"].astype("object").where(products["subcategory"].notna(), products["category"])
    )
    columns = (products["product_id"], products["name"], kinds)
    rows = zip(*(column.to_numpy(dtype=object) for column in columns), strict=True)
    names = [
        plain[name] if _is_word(name) else f"{plain[kind]} ({code})" if _is_word(kind) else str(code)
        for code, name, kind in rows
    ]
    found = pd.Series(names, index=products.index, dtype="str")
    twice = found.duplicated(keep=False) | (found.str.strip() == "")
    return found.where(~twice, found + " (" + products["product_id"].astype("str") + ")")


def _words(products: pd.DataFrame) -> pd.Series:
    columns = [products[name].dropna().astype("object") for name in ("name", "subcategory", "category")]
    return pd.concat(columns, ignore_index=True)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
