"""One table of the ways to rank offers, on what customers bought after several dates, with intervals over dates.

Every way learns from what was bought up to a date and names k products to everybody who had bought before; hits are
counted apart for products new to the customer and for repeats. Beside the ways of `crmlib.analyse.offers.methods`
stand all signals weighed (learnt on earlier dates only) and ALS of the package implicit, where it is installed:

    python benchmarks/offers.py                     # data/retail, Online Retail and data/b2b, where they are
    python benchmarks/offers.py data/retail --dates 6 --proof

A lead is that over the plain list of its question; its interval is Student's over dates. `--proof` adds
`evaluate_offers`, which judges the finished lists with every rule of eligibility.
"""

import argparse
import platform
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t as student

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import crmlib
from crmlib.analyse.offers.learning import ALL_SIGNALS, HISTORY, learn
from crmlib.analyse.offers.methods import NEW_METHODS, OWN_METHODS, Days, Past, candidates
from crmlib.measure.offers.candidates import product_views
from crmlib.measure.offers.tables import offer_engine, purchase_days

WORKSPACES = ("data/retail", "online_retail", "data/b2b")
ONLINE_RETAIL = ROOT.parent / "shared" / "data" / "online_retail" / "online_retail.parquet"
RULES = {"new": "best_sellers", "own": "own_most"}


def opened(name):
    """A workspace, or Online Retail as one."""
    if name != "online_retail":
        return crmlib.open_workspace(ROOT / name if not Path(name).is_dir() else name)
    lines = pd.read_parquet(ONLINE_RETAIL)
    lines = lines[lines.CustomerID.notna()]
    goods = lines.drop_duplicates("StockCode")
    return crmlib.Crm.from_frames(
        as_of="latest",
        time_zone="Europe/London",
        currency="GBP",
        products=pd.DataFrame(
            {"product_id": goods.StockCode.astype(str), "name": goods.Description.str.strip()}
        ),
        transactions=pd.DataFrame(
            {
                "order_id": lines.InvoiceNo.astype(str),
                "customer_id": lines.CustomerID.astype(int).astype(str),
                "product_id": lines.StockCode.astype(str),
                "ordered_at": lines.InvoiceDate,
                "quantity": lines.Quantity,
                "net_amount": lines.Quantity * lines.UnitPrice,
            }
        ),
    )


def days_of(crm):
    """Who bought and looked at what, when."""
    engine = offer_engine(crm)
    rows, seen = purchase_days(engine), product_views(crm, engine)
    groups = engine.to_pandas("select g from offer_products order by p")["g"].to_numpy(dtype="int64")
    customers = engine.rows("select count(*) from offer_customers")[0][0]
    engine.close()
    views = tuple(seen[name].to_numpy() for name in ("c", "p", "day")) if len(seen) else None
    c, p, day = (rows[name].to_numpy() for name in ("c", "p", "day"))
    return Days(c=c, p=p, day=day.astype("int64"), customers=customers, groups=groups, views=views)


def hit_rate(rows, score, followed, many, known, k):
    """Of the customers known, in percent, those who bought one of their k best."""
    order = np.lexsort((rows.p, -score, rows.c))
    c, p = rows.c[order].astype("int64"), rows.p[order]
    named = (np.arange(len(c)) - np.searchsorted(c, c)) < k
    hits = named & np.isin(c * many + p, followed)
    return 100 * len(np.unique(c[hits])) / known


def at_date(days, cut, *, horizon, k, factors):
    """The hit rate of every way at one date."""
    past, many = Past.at(days, cut, horizon), len(days.groups)
    followed = days.bought_between(cut, cut + horizon)
    learnt = learn(days, cut, horizon_days=horizon, seed=0)
    blocks = list(candidates(past, past.known))
    found = {}
    for part, place, names in (("own", 0, OWN_METHODS), ("new", 1, NEW_METHODS)):
        blend = learnt.own if part == "own" else learnt.new
        sums = dict.fromkeys([*names, f"{ALL_SIGNALS} or the best list"], 0.0)
        for block in blocks:
            rows = block[place]
            scores = {name: rows.signals[name] for name in names}
            if blend.weights is not None:
                scores[f"{ALL_SIGNALS} or the best list"] = blend.weights.probability(rows)
            for name, score in scores.items():
                sums[name] += hit_rate(rows, score, followed, many, len(past.known), k)
        found |= {(part, name): value for name, value in sums.items() if value}
    if factors:
        found["new", f"ALS {factors}"] = als(past, blocks, followed, many, factors, k)
    return found, (learnt.own.way, learnt.new.way)


def als(past, blocks, followed, many, factors, k):
    """Implicit feedback factorised by alternating least squares (Hu, Koren & Volinsky 2008)."""
    from implicit.als import AlternatingLeastSquares
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=factors, iterations=15, random_state=0, num_threads=2)
        model.fit(csr_matrix(past.weights), show_progress=False)
    found = 0.0
    for _, rows in blocks:
        score = (model.user_factors[rows.c] * model.item_factors[past.place[rows.p]]).sum(axis=1)
        found += hit_rate(rows, score, followed, many, len(past.known), k)
    return found


def spread_dates(days, *, dates, horizon):
    """Dates over the last two years, as far as there is enough before them."""
    last, first = int(days.day.max()), int(days.day.min()) + (HISTORY + 1) * horizon
    return np.unique(
        np.linspace(max(first, last - horizon - 672), last - horizon, dates).astype(int)
    ).tolist()


def with_interval(values):
    """A mean and its interval over dates."""
    values = np.asarray(values, dtype=float)
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.1f} ({values.mean() - half:.1f} to {values.mean() + half:.1f})"


def run(name, arguments):
    crm = opened(name)
    days = days_of(crm)
    begun, rows, ways = time.perf_counter(), [], []
    cuts = spread_dates(days, dates=arguments.dates, horizon=arguments.horizon)
    for cut in cuts:
        found, way = at_date(days, cut, horizon=arguments.horizon, k=arguments.k, factors=arguments.factors)
        rows.append(found)
        ways.append(way)
    table = pd.DataFrame(rows)
    dates = ", ".join(str(pd.Timestamp("1970-01-01") + pd.Timedelta(days=cut))[:10] for cut in cuts)
    print(f"\n## {name}: {days.customers:,} customers, {len(days.groups):,} products; after {dates}")
    shown = [
        {"question": part, "way": way, "hit rate %": with_interval(table[part, way]),
         "lead": with_interval(table[part, way] - table[part, RULES[part]]) if way != RULES[part] else "",
         "by date": " ".join(f"{value:.1f}" for value in table[part, way])}
        for part, way in sorted(table.columns, key=lambda key: (key[0], -table[key].mean()))
    ]  # fmt: skip
    print(pd.DataFrame(shown).to_string(index=False))
    print(f"taken at the dates: {ways}; {time.perf_counter() - begun:.0f} s")
    if arguments.proof:
        prove(crm, arguments)


def prove(crm, arguments):
    """The finished lists, with every rule of eligibility."""
    begun = time.process_time()
    proof = crmlib.evaluate_offers(
        crm, cutoffs=arguments.dates, k=arguments.k, holdout_days=arguments.horizon
    )
    for question in proof.overall["question"].unique():
        for measure in ("hit_rate_pct", "revenue_per_customer"):
            for side in proof.overall["side"].unique():
                row = proof.row(measure, side=side, question=question)
                if row is None:
                    continue
                said = f"{question}: {measure} of {side} {row['value']:.1f} ({row['low']:.1f} to {row['high']:.1f})"
                gap = proof.ahead_of(side, measure, question=question)
                if gap is not None:
                    said += (
                        f"; offers ahead {gap['difference']:+.1f} ({gap['low']:+.1f} to {gap['high']:+.1f})"
                    )
                print(said)
    print(proof.by_kind.round(1).to_string())
    agree = int(proof.by_decile["agrees"].sum())
    print(
        f"chances agree in {agree} of {len(proof.by_decile)} groups; {time.process_time() - begun:.0f} s of processor"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspaces", nargs="*", default=list(WORKSPACES))
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--dates", type=int, default=6)
    parser.add_argument("--factors", type=int, default=0, help="of ALS; 0 leaves it out")
    parser.add_argument("--proof", action="store_true", help="judge the finished offers, too")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, crmlib {crmlib.__version__}")
    for name in arguments.workspaces:
        run(name, arguments)


if __name__ == "__main__":
    main()
