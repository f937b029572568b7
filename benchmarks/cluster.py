"""What steps over order lines take with DuckDB, and with Spark on clusters of one and of two workers of a core each.

The shop is that of scale.py. Every step runs in a process of its own, one after another; wall time is told, less that
of a process which only opens the workspace. All of it stands on one machine, so nothing else should be at work there.

    .venv/spark/bin/python benchmarks/cluster.py --millions 1 10 --workers 1 2    # after `make spark-test`
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
from scale import CUSTOMERS, lay_out, measured

from tests.engine.test_spark_cluster import alive_at, free_port, killed, started, waited_for

STEPS = ("opening", "rfm_table of lines", "compute_indicators")
_SETTINGS = """
spark.driver.memory 3g
spark.executor.memory {memory}
spark.sql.shuffle.partitions 8
spark.driver.extraJavaOptions -XX:+UseSerialGC
spark.executor.extraJavaOptions -XX:+UseSerialGC
spark.ui.showConsoleProgress false
spark.local.dir {home}/local
"""


@contextmanager
def cluster(home: Path, *, workers: int, memory: str) -> Iterator[None]:
    """A standalone master and workers of one core on loopback, named to crmlib by the environment."""
    port, page_port = free_port(), free_port()
    url, page = f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{page_port}"
    place = ("--host", "127.0.0.1", "--port", port, "--webui-port", page_port)
    processes = [started(home, home / "master.log", "org.apache.spark.deploy.master.Master", *place)]
    (home / "spark-defaults.conf").write_text(_SETTINGS.format(memory=memory, home=home), encoding="utf-8")
    named = {"CRMLIB_ENGINE": "spark", "CRMLIB_SPARK_MASTER": url, "SPARK_CONF_DIR": str(home)}
    try:
        waited_for(lambda: alive_at(page) >= 1)
        for i in range(workers):
            worker = ("--cores", "1", "--memory", memory, "--webui-port", "0", "--host", "127.0.0.1", url)
            kind = "org.apache.spark.deploy.worker.Worker"
            (home / f"w{i}").mkdir()
            processes.append(started(home / f"w{i}", home / f"worker{i}.log", kind, *worker))
        waited_for(lambda: alive_at(page) >= workers + 1)
        os.environ.update(named | {"SPARK_LOCAL_IP": "127.0.0.1"})
        yield
    finally:
        for name in named:
            os.environ.pop(name, None)
        for process in processes:
            killed(process)


def taken(shop: Path, *, limit: float) -> list[dict[str, object]]:
    """The wall seconds of each step without those of opening."""
    rows: list[dict[str, object]] = []
    opening = 0.0
    for step in STEPS:
        command = [
            sys.executable,
            str(ROOT / "benchmarks" / "scale.py"),
            "--step",
            step,
            "--folder",
            str(shop),
        ]
        found = measured(command, limit=limit)
        opening = opening or float(found["wall"])
        wall = float(found["wall"]) - (opening if rows else 0)
        rows.append({"step": step, "wall": wall, "ended": found["ended"]})
        print(f"  {step}: {wall:.1f} s, {found['ended']}", flush=True)
    return rows


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--millions", type=int, nargs="+", default=[1], help="order lines, such as 1 10 100")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("--memory", default="3g", help="of each worker")
    options.add_argument("--limit", type=float, default=1200, help="seconds for each process")
    options.add_argument("--keep", type=Path, help="a folder in which the shops stay, to be used again")
    given = options.parse_args()
    # The venv of Spark knows the packages of ours, and not crmlib itself.
    os.environ["PYTHONPATH"] = str(ROOT)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}")
    told = []
    for millions in given.millions:
        base = given.keep or Path(tempfile.mkdtemp(prefix="crmlib-cluster-"))
        shop = base / f"shop{millions}"
        if not (shop / "crm.toml").exists():
            lay_out(shop, lines=millions * 1_000_000, customers=CUSTOMERS[millions], seed=1)
        measured([sys.executable, "-m", "crmlib.cli", "check", str(shop)], limit=given.limit)
        told += [{"millions": millions, "workers": 0, **row} for row in taken(shop, limit=given.limit)]
        for workers in given.workers:
            with (
                tempfile.TemporaryDirectory() as home,
                cluster(Path(home), workers=workers, memory=given.memory),
            ):
                rows = taken(shop, limit=given.limit)
            told += [{"millions": millions, "workers": workers, **row} for row in rows]
    print(pd.DataFrame(told).round(1).to_string(index=False))


if __name__ == "__main__":
    main()
