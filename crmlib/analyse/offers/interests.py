"""What each customer is interested in: bought, looked at and stated, in one profile; and what a sign tells."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.offers.methods import Days, Past
from crmlib.measure.offers.candidates import product_views
from crmlib.measure.offers.tables import offer_engine, offer_people, product_categories, purchase_days
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

YEAR_DAYS, LOOKED_DAYS, AHEAD_DAYS = 365, 90, 28
"""Purchases and looks count for so long; what follows a sign is waited for so many days."""
DATES = 6
"""So many past days are looked at, `AHEAD_DAYS` apart."""
BANDS = 4
"""Customers are compared with others who buy about as often."""
LEAST_PAIRS = 100
"""Customers and categories with a sign, and as many without, from which it is judged."""
INTEREST_INDEX = 150.0
"""From so much of the usual share on, in percent, a category that is bought makes its buyers a group."""

LOOKED, STATED = "looked", "stated"
COLUMNS = ("customer_id", "category", "bought_days", "looks", "last_looked_on", "is_stated", "share_pct", "usual_pct",
           "index", "is_open")  # fmt: skip
_EVIDENCE = ["sign", "pairs", "bought_pct", "others_pct", "odds", "low", "high", "tells"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Preferences:
    """What customers are interested in, by category.

    Attributes
    ----------
    table : DataFrame, one row a customer and category with a sign of interest, the strongest first
        `customer_id`, `category`, `bought_days` (with a purchase, of the last 365), `looks` (views, clicks, searches of
        its products in the last 90), `last_looked_on`, `is_stated` (among the customer's interests or labels),
        `share_pct` (of the customer's interest: purchases and looks, fading, drawn to the usual share), `usual_pct`
        (everybody's), `index` (share over usual, 100 is usual), `is_open` (looked at or stated, and not bought).
    evidence : DataFrame, one row a sign
        Of categories not bought for a year, on past days: `sign` ("looked", "stated"), `pairs`, `bought_pct` (bought
        within 28 days), `others_pct` (of other categories of the customers who gave the sign for some), `odds` (ratio,
        within category, day and band of customers who buy about as often), `low`, `high` (95 %), `tells` (low above 1).
    unmatched : Series stated interest -> customers
        What is stated and is no category here.
    """

    table: pd.DataFrame = field(repr=False)
    evidence: pd.DataFrame
    unmatched: pd.Series = field(repr=False)

    def tells(self, sign: str) -> bool:
        """Whether a sign was followed by more purchases than its absence."""
        return bool(self.evidence.loc[self.evidence["sign"] == sign, "tells"].any())

    def _repr_html_(self) -> str:
        return f"{self.evidence.round(2).to_html(index=False)}{self.table.head(10).round(1).to_html(index=False)}"


def preferences(crm: Crm) -> Preferences:
    """One profile of interests per customer, from what was bought, looked at and stated.

    Shares are those that offers are ranked by (`Past.liking`): purchases fade by half in 56 days, looks in 14 and
    count a tenth, and the usual share weighs as much as five purchases. What is stated is shown and not weighed.

    Parameters
    ----------
    crm : Crm
        With `transactions` and `products.category`; `events`, and `interests` and `tags` of customers, are used where
        they are there.

    Returns
    -------
    Preferences

    Raises
    ------
    SchemaError
        If products have no category, or no order says who bought.

    References
    ----------
    Mantel, N. & Haenszel, W. (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. Journal of the National Cancer Institute 22.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> goods = pd.DataFrame({"product_id": ["t", "c"], "category": ["Tea", "Coffee"]})
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["ann", "bob"], "product_id": ["t", "c"],
    ...     "ordered_at": "2024-01-05", "net_amount": 5.0})
    >>> people = pd.DataFrame({"customer_id": ["ann", "bob"], "interests": ["coffee;chess", None]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", transactions=lines, products=goods, customers=people)
    >>> found = preferences(crm)
    >>> found.table.query("is_open")[["customer_id", "category"]].values.tolist(), found.unmatched.to_dict()
    ([['ann', 'Coffee']], {'chess': 1})
    """
    known, unmatched = _of_workspace(crm)
    return Preferences(table=_profile(*known), evidence=_evidence(*known[:4]), unmatched=unmatched)


def interest_table(crm: Crm) -> pd.DataFrame:
    """`Preferences.table`, without the proof of what a sign tells."""
    return _profile(*_of_workspace(crm)[0])


def _of_workspace(crm: Crm) -> tuple[tuple[Days, pd.Series, set[tuple[int, int]], int, pd.Series], pd.Series]:
    """Purchases and looks, categories, who stated which, the last day and everybody; and what is stated and is none."""
    if "products" not in crm or "category" not in crm.columns("products"):
        raise SchemaError("products has no column category. Map it under [tables.products.columns].")
    engine = offer_engine(crm)
    try:
        rows, seen = purchase_days(engine), product_views(crm, engine)
        people, goods = offer_people(engine), product_categories(engine)
    finally:
        engine.close()
    codes, names = pd.factorize(goods["category"].fillna(""), sort=True)
    goods, names = goods.assign(g=codes), pd.Series(names.astype("str"))
    names = names[names != ""]
    views = tuple(seen[name].to_numpy() for name in ("c", "p", "day")) if len(seen) else None
    c, p, day = (rows[name].to_numpy() for name in ("c", "p", "day"))
    days = Days(
        c=c, p=p, day=day.astype("int64"), customers=len(people), groups=codes.astype("int64"), views=views
    )
    stated, unmatched = _stated(crm, people, goods)
    return (days, names, stated, (crm.as_of - pd.Timestamp(0)).days, people), unmatched


def interest_evidence(crm: Crm) -> pd.DataFrame:
    """What a look, and a stated interest, told: `Preferences.evidence`; empty at once where no sign is kept."""
    of_people = crm.columns("customers") if "customers" in crm else ()
    if "events" in crm or {"interests", "tags"} & set(of_people):
        return preferences(crm).evidence
    return pd.DataFrame(columns=_EVIDENCE)


def interests(crm: Crm) -> pd.Series:
    """Customer -> a category that they buy much more of than usual, or looked at and do not buy, by customer."""
    table = interest_table(crm)
    clear = (table["bought_days"] > 0) & (table["index"] >= INTEREST_INDEX)
    return table[clear | (table["is_open"] & (table["looks"] > 0))].set_index("customer_id")["category"]


def _stated(crm: Crm, people: pd.Series, goods: pd.DataFrame) -> tuple[set[tuple[int, int]], pd.Series]:
    """Customers and categories that they named, by category or by what is within it; and what is none."""
    known: dict[str, set[int]] = {}
    for column in ("subcategory", "category"):
        for g, text in goods[["g", column]].dropna().itertuples(index=False):
            known.setdefault(str(text).strip().casefold(), set()).add(int(g))
    if "customers" not in crm:
        return set(), pd.Series(dtype="int64")
    place = pd.Series(range(len(people)), people)
    found, none = set(), []
    for column in [name for name in ("interests", "tags") if name in crm.columns("customers")]:
        frame = crm.frame("customers", ["customer_id", column]).dropna().drop_duplicates("customer_id")
        for who, listed in frame.itertuples(index=False):
            for one in str(listed).split(";") if isinstance(listed, str) else list(listed):
                word = str(one).strip()
                matched = known.get(word.casefold(), set())
                found |= {(int(place[who]), g) for g in matched if who in place.index}
                none += [] if matched or not word else [word]
    return found, pd.Series(none, dtype="str").value_counts()


def _profile(
    days: Days, names: pd.Series, stated: set[tuple[int, int]], today: int, people: pd.Series
) -> pd.DataFrame:
    past = Past.at(days, today, AHEAD_DAYS)
    bought, looks = _bought_days(days, today), _looks(days, today)
    pairs = pd.MultiIndex.from_tuples(sorted({*bought.index, *looks.index, *stated}), names=["c", "g"])
    pairs = pairs[pairs.get_level_values("g").isin(names.index)]
    c, g = (pairs.get_level_values(name).to_numpy(dtype="int64") for name in ("c", "g"))
    share, usual = past.interest_shares(c, g)
    table = pd.DataFrame({"c": c, "category": names.reindex(g).to_numpy()})
    table["bought_days"] = bought.reindex(pairs).fillna(0).to_numpy(dtype="int64")
    table["looks"] = looks["count"].reindex(pairs).fillna(0).to_numpy(dtype="int64")
    table["last_looked_on"] = pd.to_datetime(looks["last"].reindex(pairs).to_numpy(), unit="D")
    table["is_stated"] = [pair in stated for pair in zip(c.tolist(), g.tolist(), strict=True)]
    table["share_pct"], table["usual_pct"] = 100.0 * share, 100.0 * usual
    table["index"] = 100 * table["share_pct"] / table["usual_pct"].clip(lower=1e-9)
    table["is_open"] = (table["bought_days"] == 0) & ((table["looks"] > 0) | table["is_stated"])
    order = ["c", "share_pct", "category"]
    table = table.sort_values(order, ascending=[True, False, True], kind="stable", ignore_index=True)
    return table.assign(customer_id=people.to_numpy()[table["c"]])[list(COLUMNS)]


def _bought_days(days: Days, today: int) -> pd.Series:
    """Days with a purchase in a category, within a year up to a day."""
    kept = (days.day <= today) & (days.day > today - YEAR_DAYS)
    frame = pd.DataFrame({"c": days.c[kept], "g": days.groups[days.p[kept]], "day": days.day[kept]})
    return frame.drop_duplicates().groupby(["c", "g"]).size()


def _looks(days: Days, today: int) -> pd.DataFrame:
    """How often a category was looked at lately, and when last."""
    c, p, day = days.views if days.views is not None else (np.zeros(0, int),) * 3
    kept = (day <= today) & (day > today - LOOKED_DAYS)
    frame = pd.DataFrame({"c": c[kept], "g": days.groups[p[kept].astype(int)], "day": day[kept]})
    return frame.groupby(["c", "g"])["day"].agg(["count", "max"]).rename(columns={"max": "last"})


def _evidence(days: Days, names: pd.Series, stated: set[tuple[int, int]], today: int) -> pd.DataFrame:
    cuts = [today - AHEAD_DAYS * (back + 1) for back in range(DATES)]
    parts = [
        _at_date(days, cut, names, stated)
        for cut in cuts
        if len(days.day) and cut - YEAR_DAYS >= days.day.min()
    ]
    rows = [_judged(sign, pd.concat(parts)) for sign in (LOOKED, STATED)] if parts else []
    return pd.DataFrame([row for row in rows if row], columns=_EVIDENCE)


def _at_date(days: Days, cut: int, names: pd.Series, stated: set[tuple[int, int]]) -> pd.DataFrame:
    """Customers and categories not bought for a year: the signs at a day, and whether it was bought then."""
    bought, looks = _bought_days(days, cut), _looks(days, cut)
    often = bought.groupby("c").sum()
    band = pd.qcut(often.rank(method="first"), BANDS, labels=False)
    every = pd.MultiIndex.from_product([often.index, names.index], names=["c", "g"]).difference(bought.index)
    later = (days.day > cut) & (days.day <= cut + AHEAD_DAYS)
    came = pd.MultiIndex.from_arrays([days.c[later], days.groups[days.p[later]]])
    return pd.DataFrame(
        {
            "day": cut,
            "c": every.get_level_values("c"),
            "g": every.get_level_values("g"),
            "band": band.reindex(every.get_level_values("c")).to_numpy(),
            LOOKED: every.isin(looks.index),
            STATED: every.isin(list(stated)) if stated else False,
            "came": every.isin(came),
        }
    )


def _judged(sign: str, rows: pd.DataFrame) -> dict[str, object] | None:
    from statsmodels.stats.contingency_tables import StratifiedTable

    # Whoever gives a sign is about to buy anyway: only categories of the same customers are compared.
    rows = rows[rows.groupby(["day", "c"])[sign].transform("any")]
    with_sign = rows[sign].to_numpy(dtype=bool)
    if min(with_sign.sum(), (~with_sign).sum()) < LEAST_PAIRS:
        return None
    codes = rows.groupby(["day", "g", "band"]).ngroup().to_numpy()
    cells = 4 * codes + 2 * ~with_sign + ~rows["came"].to_numpy()
    tables = np.bincount(cells, minlength=4 * (codes.max() + 1)).reshape(-1, 2, 2).astype(float)
    told = tables[(tables.sum(axis=2) > 0).all(axis=1) & (tables.sum(axis=1) > 0).all(axis=1)]
    odds, low, high = np.nan, np.nan, np.nan
    if len(told) and told[:, 0, 0].sum() and told[:, 1, 0].sum():
        pooled = StratifiedTable(told.transpose(1, 2, 0))
        odds, (low, high) = float(pooled.oddsratio_pooled), pooled.oddsratio_pooled_confint()
    shares = (100 * float(rows.loc[mask, "came"].mean()) for mask in (with_sign, ~with_sign))
    found = {"sign": sign, "pairs": int(with_sign.sum())} | dict(
        zip(("bought_pct", "others_pct"), shares, strict=True)
    )
    return found | {"odds": odds, "low": float(low), "high": float(high), "tells": bool(low > 1)}
