"""DuckDB and Spark, interleaved, on the same order lines: `rfm_table` and twelve indicators, read from Parquet.

    python benchmarks/spark.py 1 10 --rounds 3 --master local[2]

draws so many million lines (a tenth as many customers), and prints the median seconds of each engine.
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from crmlib import Crm, rfm_table
from crmlib.measure.indicators.compute import compute_indicators
from crmlib.prepare.engine import Engine
from crmlib.prepare.spark import SparkEngine, spark_session

NAMES = [
    "recency_days", "order_count", "order_count_365d", "gap_days_mean", "active_month_count", "return_rate_pct",
    "basket_lines_mean", "item_count", "weekend_share_pct", "busiest_weekday_share_pct", "spend_total", "spend_365d",
]  # fmt: skip
AS_OF = pd.Timestamp("2024-12-31 23:00")


def drawn(path: Path, millions: float) -> None:
    """Order lines of two years, 3 an order, one of twenty a refund; a tenth as many customers as lines."""
    lines = int(millions * 1_000_000)
    duckdb.sql("select setseed(0.5)")
    duckdb.sql(
        f"""
        copy (
            select
                'o' || (i // 3) as order_id,
                'c' || (hash(i // 3) % {max(lines // 10, 1)}) as customer_id,
                'p' || (hash(i * 7) % 5000) as product_id,
                timestamp '2023-01-01' + to_seconds(cast(hash(i // 3 + 11) % 63000000 as bigint)) as ordered_at,
                cast(case when i % 20 = 19 then -1 else 1 end * (hash(i * 13) % 10000 / 100)
                    as decimal(18, 4)) as net_amount,
                cast(case when i % 20 = 19 then -1 else 1 end * (1 + hash(i * 17) % 4) as double) as quantity
            from range({lines}) as r(i)
            order by customer_id, ordered_at, order_id
        ) to '{path}' (format parquet, compression zstd)
        """
    )


def both(path: Path, session) -> dict[str, Crm]:
    """The same lines with each engine."""
    frame = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": [AS_OF], "net_amount": [1.0],
                          "product_id": ["a"], "quantity": [1.0]})  # fmt: skip
    crm = Crm.from_frames(as_of=AS_OF, transactions=frame)
    here, there = Engine(allowed_paths=[path]), SparkEngine(session)
    here.execute(f"create view transactions as from read_parquet({Engine.literal(str(path))})")
    there.register_parquet("transactions", path)
    return {"DuckDB": replace(crm, engine=here), "Spark": replace(crm, engine=there)}


def timed(crm: Crm) -> tuple[float, pd.DataFrame, float, pd.DataFrame]:
    """Seconds and answers of both questions."""
    begin = time.perf_counter()
    rfm = rfm_table(crm.table("transactions"), as_of=crm.as_of)
    middle = time.perf_counter()
    figures = compute_indicators(crm, NAMES)
    return middle - begin, rfm, time.perf_counter() - middle, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="+", type=float)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--master", default="local[2]")
    given = parser.parse_args()
    session = spark_session(master=given.master)
    session.sparkContext.setLogLevel("OFF")
    with tempfile.TemporaryDirectory() as folder:
        for millions in given.millions:
            path = Path(folder) / "lines.parquet"
            drawn(path, millions)
            crms = both(path, session)
            taken: dict[str, list[tuple[float, float]]] = {name: [] for name in crms}
            for _ in range(given.rounds):
                answers = {}
                for name, crm in crms.items():
                    rfm_s, rfm, figures_s, figures = timed(crm)
                    taken[name].append((rfm_s, figures_s))
                    answers[name] = rfm, figures
                for one, other in zip(*answers.values(), strict=True):
                    pd.testing.assert_frame_equal(one, other, rtol=1e-9)
            for name, rounds in taken.items():
                rfm_s, figures_s = (statistics.median(column) for column in zip(*rounds, strict=True))
                print(
                    f"{millions:g} M lines  {name:7} rfm_table {rfm_s:6.1f} s  12 indicators {figures_s:6.1f} s",
                    flush=True,
                )
            for crm in crms.values():
                crm.engine.close()


if __name__ == "__main__":
    main()
