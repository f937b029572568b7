"""Offers against simpler lists and against matrix factorisation, on what customers bought afterwards.

Every side learns from the same history before each cut-off and names k products to every customer who had bought
before; `crmlib.analyse.offers.proof.prove` judges all by the same purchases. Beside the sides of
`evaluate_offers` (best sellers, the customer's own repeats, item-kNN) stands ALS of the package implicit, an extra:

    pip install -e .[bench]
    python benchmarks/offers.py                                  # data/retail, then Online Retail where it is
    python benchmarks/offers.py data/retail --cutoffs 1 --factors 32 64 128

Figures are means over customers and cut-offs with 95 % intervals; seconds are those of one run, per cut-off, learning
and naming together. A difference whose interval reaches over 0 is a tie.
"""

import argparse
import platform
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import crmlib
from crmlib.analyse.offers.judging import OFFERS, SIDES
from crmlib.analyse.offers.proof import prove, recommend_as_proven
from crmlib.present.reports.offers.say import how_paragraph

WORKSPACES = ("data/retail", "tests/workspaces/online_retail")
SHOWN = {
    "hit_rate_pct": "hit rate %",
    "precision_pct": "precision %",
    "recall_pct": "recall % (buyers)",
    "ndcg": "nDCG (buyers)",
    "revenue_share_pct": "revenue %",
    "coverage_pct": "coverage %",
    "novelty_bits": "novelty bits",
}


def als(factors):
    """A side: implicit feedback factorised by alternating least squares (Hu, Koren & Volinsky 2008)."""

    def side(bought, k):
        from implicit.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits

        shape = (len(bought.customers), bought.known)
        often = csr_matrix(
            (np.log1p(bought.order_count).astype("float32"), (bought.customer, bought.product)), shape=shape
        )
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=factors, regularization=0.05, alpha=1.0, iterations=15, random_state=0, num_threads=2
            )
            model.fit(often, show_progress=False)
            people = np.arange(shape[0])
            whole, _ = model.recommend(people, often, N=k, filter_already_liked_items=False)
            new, _ = model.recommend(people, often, N=k, filter_already_liked_items=True)
        return whole.astype("int64"), new.astype("int64")

    return side


def timed(name, work, seconds):
    def run(*given, **settings):
        begun = time.perf_counter()
        made = work(*given, **settings)
        seconds.setdefault(name, []).append(time.perf_counter() - begun)
        return made

    return run


def table_of(proof, seconds, question):
    """A row a side: figures with intervals, the difference in hit rate, and seconds a cut-off."""
    rows = []
    cutoffs = len(proof.periods)
    for side in proof.overall["side"].unique():
        row = {"side": side}
        for measure, words in SHOWN.items():
            judged = "buyers" if "buyers" in words else "everybody"
            found = proof.row(measure, side=side, question=question, judged=judged)
            if found is None:
                continue
            digits = 3 if measure == "ndcg" else 1
            row[words] = f"{found['value']:.{digits}f}"
            if measure in ("hit_rate_pct", "ndcg"):
                row[words] += f" ({found['low']:.{digits}f} to {found['high']:.{digits}f})"
        if len(row) == 1:
            continue
        gap = proof.ahead_of(side, question=question)
        row["offers ahead"] = ""
        if gap is not None:
            row["offers ahead"] = f"{gap['difference']:+.1f} ({gap['low']:+.1f} to {gap['high']:+.1f})"
        row["seconds"] = f"{sum(seconds[side]) / cutoffs:.2f}"
        rows.append(row)
    return pd.DataFrame(rows).set_index("side")


def run(workspace, arguments):
    crm = crmlib.open_workspace(workspace)
    seconds = {}
    rivals = SIDES | {f"ALS {factors}": als(factors) for factors in arguments.factors}
    proof = prove(
        crm,
        recommend=timed(OFFERS, recommend_as_proven, seconds),
        rivals={name: timed(name, side, seconds) for name, side in rivals.items()},
        holdout_days=arguments.holdout_days,
        k=arguments.k,
        cutoffs=arguments.cutoffs,
        seed=0,
    )
    periods = proof.periods
    print(f"\n## {crm.name}: {len(periods)} times {proof.holdout_days} days, k = {proof.k}, "
          f"{periods['customers'].max():,} customers, {periods['products'].max():,} products")  # fmt: skip
    for question in proof.overall["question"].unique():
        print(f"\n{question}")
        print(table_of(proof, seconds, question).to_string())
    said = " ".join(map(str, how_paragraph(proof)))
    print(f"\n{said}\nOne run of the offers answers both questions; its seconds stand in both tables.")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspaces", nargs="*", default=list(WORKSPACES))
    parser.add_argument("--holdout-days", type=int, default=28)
    parser.add_argument("--k", type=int, default=5)
    parser.add_argument("--cutoffs", type=int, default=3)
    parser.add_argument("--factors", type=int, nargs="*", default=[64], help="of ALS; none leaves it out")
    arguments = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, crmlib {crmlib.__version__}")
    for workspace in arguments.workspaces:
        folder = Path(workspace) if Path(workspace).is_dir() else ROOT / workspace
        try:
            run(folder, arguments)
        except crmlib.schema.errors.SourceError as error:
            print(f"\n{workspace} is left out: {error}")


if __name__ == "__main__":
    main()
