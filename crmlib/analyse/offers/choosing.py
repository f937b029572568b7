"""The best of a customer's candidates, and the evidence that goes with each."""

from typing import Any

import pandas as pd

from crmlib.analyse.offers.eligibility import due_on
from crmlib.analyse.offers.result import BEST_SELLER
from crmlib.analyse.offers.words import reasons
from crmlib.measure.offer_candidates import evidence_of


def best_of_each(rows: pd.DataFrame, *, k: int) -> pd.DataFrame:
    """The `k` rows of each customer with the highest score; best sellers only where others run out.

    Parameters
    ----------
    rows : DataFrame
        `c`, `p`, `kind`, `score`.
    k : int

    Returns
    -------
    DataFrame
        With `rank` from 1.

    Examples
    --------
    >>> rows = pd.DataFrame({"c": 0, "p": [1, 2, 3], "score": [0.2, 0.9, 0.5],
    ...                      "kind": ["cross-sell", "best-seller", "repeat-sell"]})
    >>> best_of_each(rows, k=3)[["p", "rank"]].values.tolist()
    [[3, 1], [1, 2], [2, 3]]
    """
    order = rows.assign(fill=rows["kind"] == BEST_SELLER).sort_values(
        ["c", "fill", "score", "p"], ascending=[True, True, False, True], kind="stable"
    )
    rank = order.groupby("c", sort=False).cumcount() + 1
    return order.assign(rank=rank)[rank <= k].drop(columns="fill").reset_index(drop=True)


def offered_rows(
    best: pd.DataFrame,
    *,
    engine: Any,
    products: pd.DataFrame,
    rhythms: pd.DataFrame,
    day: pd.Timestamp,
    horizon_days: int,
    currency: str,
) -> pd.DataFrame:
    """Chosen candidates with what speaks for them, ready for the table of offers.

    Parameters
    ----------
    best : DataFrame, as `best_of_each` gives it
    engine : Engine, counted up to the day
    products : DataFrame indexed by number
        `product_id`, `name_shown`, `price`.
    rhythms : DataFrame
    day : Timestamp
    horizon_days : int
    currency : str

    Returns
    -------
    DataFrame
        `c`, `rank`, `offered`, `kind`, `probability`, `due_on`, `because_product_id`, `because`, `reason`,
        `lift`, `confidence_pct`, `baskets`, `last_bought_on`, `is_new`.

    Examples
    --------
    See `crmlib.analyse.offers.recommend.recommend_offers`.

    >>> nothing = pd.DataFrame({"c": [], "p": []})
    >>> len(offered_rows(nothing, engine=None, products=None, rhythms=None, day=None, horizon_days=28, currency=""))
    0
    """
    if best.empty:
        return pd.DataFrame(columns=_KEPT)
    repeat = best["kind"] == "repeat-sell"
    pointing = best["step_from"].where(
        best["kind"] == "up-sell", best["because"].where(best["kind"] == "cross-sell")
    )
    rows = best.assign(because_p=pointing)
    asked = rows.loc[pointing.notna(), ["c", "p", "because_p"]].rename(columns={"because_p": "because"})
    found = evidence_of(engine, asked) if len(asked) else pd.DataFrame(columns=["c", "p", *_EVIDENCE])
    rows = rows.drop(columns=["lift"], errors="ignore").merge(found, on=["c", "p"], how="left")
    names, codes = products["name_shown"], products["product_id"]
    replaced = rows["offered"] != rows["p"]
    rows = rows.assign(
        due_on=due_on(rows, rhythms).where(repeat.to_numpy()),
        last_bought_on=pd.to_datetime(rows["last_on"]).where(repeat.to_numpy()),
        because=rows["because_p"].map(names),
        because_product_id=rows["because_p"].map(codes),
        product=rows["offered"].map(names),
        replaces=rows["p"].map(names).where(replaced),
        price=rows["offered"].map(products["price"]),
        confidence_pct=100 * rows["confidence"].astype("float64"),
        is_new=~rows["is_own"].astype("bool") | replaced,
    )
    said = reasons(rows, day=day, horizon_days=horizon_days, currency=currency)
    return rows.assign(reason=said)[_KEPT]


_EVIDENCE = ["baskets", "orders_before", "confidence", "lift"]
_KEPT = [
    *(
        "c",
        "rank",
        "offered",
        "kind",
        "probability",
        "due_on",
        "because_product_id",
        "because",
        "reason",
        "lift",
    ),
    *("confidence_pct", "baskets", "last_bought_on", "is_new"),
]
