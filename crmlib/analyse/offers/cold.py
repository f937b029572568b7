"""Offers to customers without a purchase: the best sellers of those who are like them."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.offers.eligibility import GONE
from crmlib.analyse.offers.result import BEST_SELLER
from crmlib.measure.offers.candidates import GROUP_COLUMNS, group_sellers, started_share
from crmlib.prepare.crm import Crm
from crmlib.schema.fields import MINIMUM_GROUP
from crmlib.schema.tables import table_spec


def like_group(
    engine: Any,
    people: pd.DataFrame,
    *,
    day: date,
    horizon_days: int,
    min_group: int = MINIMUM_GROUP,
) -> tuple[pd.DataFrame, dict]:
    """The group of each customer: by the first column that is known of it and has enough buyers."""
    groups = pd.DataFrame(
        {"customer_id": people["customer_id"], "group_by": "", "group": ""}, index=people.index
    )
    if people.empty:
        return groups, {}
    sellers = {"": group_sellers(engine, "", day=day, horizon_days=horizon_days)}
    for column in GROUP_COLUMNS:
        if column not in people or not people[column].notna().any():
            continue
        sellers[column] = group_sellers(
            engine, column, day=day, horizon_days=horizon_days, min_group=min_group
        )
        fits = (groups["group_by"] == "") & people[column].isin(sellers[column]["value"].unique())
        groups.loc[fits, "group_by"] = column
        groups.loc[fits, "group"] = people.loc[fits, column].astype("str")
    return groups, sellers


def cold_offers(
    crm: Crm,
    engine: Any,
    groups: pd.DataFrame,
    sellers: dict[str, pd.DataFrame],
    *,
    products: pd.DataFrame,
    instead: np.ndarray,
    allowed: np.ndarray,
    k: int,
    by_margin: bool,
    day: date,
    horizon_days: int,
) -> pd.DataFrame:
    """Best sellers for customers without a purchase."""
    columns = [
        *("c", "rank", "offered", "kind", "probability", "reason", "buyers", "recent_days"),
        *("group_by", "group", "group_buyers"),
    ]
    if not len(groups):
        return pd.DataFrame(columns=columns)
    listed = "customers" in crm and "signed_up_on" in crm.columns("customers")
    starts = started_share(engine, day=day, horizon_days=horizon_days, listed=listed)
    lists = {
        (column, value): _best(rows, products, instead, allowed, k=k, by_margin=by_margin)
        for column, table in sellers.items()
        for value, rows in table.groupby("value", sort=False)
    }
    parts = []
    for (column, value), members in groups.groupby(["group_by", "group"], sort=True):
        best = lists.get((column, value))
        if best is None or best.empty:
            continue
        sensitive = bool(column) and table_spec("customers").field(column).privacy != "internal"
        why = "no_purchase_trait" if sensitive else "no_purchase_group" if column else "no_purchase"
        best = best.assign(
            reason=why,
            group_by=column,
            group="" if sensitive else " ".join(value.split()),
            recent_days=horizon_days,
            probability=starts * best["buyers"] / best["group_buyers"],
        )
        parts.append(pd.DataFrame({"c": members.index}).merge(best, how="cross"))
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True).assign(kind=BEST_SELLER)[columns]


def _best(
    rows: pd.DataFrame,
    products: pd.DataFrame,
    instead: np.ndarray,
    allowed: np.ndarray,
    *,
    k: int,
    by_margin: bool,
) -> pd.DataFrame:
    rows = rows.assign(offered=instead[rows["p"].to_numpy()])
    rows = rows[rows["offered"] != GONE]
    rows = rows[allowed[rows["offered"].to_numpy()]].drop_duplicates("offered")
    worth = rows["buyers"].astype("float64")
    if by_margin:
        worth = worth * products["worth"].to_numpy()[rows["offered"].to_numpy()]
    order = rows.assign(worth=worth).sort_values(["worth", "place"], ascending=[False, True]).head(k)
    return order.assign(rank=np.arange(1, len(order) + 1))
