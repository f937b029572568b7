"""What steps over order lines take with DuckDB, and with Spark on clusters of one and of two workers of a core each.

The shop is that of scale.py. Every step runs in a process of its own, one after another; wall time is told, less that
of a process which only opens the workspace. All of it stands on one machine, so nothing else should be at work there.

What more machines would take is estimated from Spark's own log of tasks: the time in which no task runs (the driver
plans and collects), which stays, and the tasks of each stage, which are shared among the cores, but never end before
the longest of them. Give as many partitions as there would be cores: their cost is then measured, too. Left out are the
network between machines, and others at work there.

    .venv/spark/bin/python benchmarks/cluster.py --millions 1 10 --workers 1 2    # after `make spark-test`
    .venv/spark/bin/python benchmarks/cluster.py --millions 10 --workers 1 --partitions 8 200
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
from scale import CUSTOMERS, lay_out, measured

from tests.engine.test_spark_cluster import alive_at, free_port, killed, started, waited_for

STEPS = ("rfm_table of lines", "compute_indicators")
CORES = (1, 20, 200)
"""For which numbers of cores the tasks' clock time is told: here, ten and a hundred machines of two."""
_SETTINGS = """
spark.driver.memory 3g
spark.executor.memory {memory}
spark.sql.shuffle.partitions {partitions}
spark.sql.adaptive.coalescePartitions.enabled false
spark.sql.files.maxPartitionBytes {read}
spark.eventLog.enabled true
spark.eventLog.dir file://{home}/events
spark.eventLog.rolling.enabled false
spark.eventLog.compress false
spark.driver.extraJavaOptions -XX:+UseSerialGC
spark.executor.extraJavaOptions -XX:+UseSerialGC
spark.ui.showConsoleProgress false
spark.local.dir {home}/local
"""


@contextmanager
def cluster(home: Path, *, workers: int, memory: str, partitions: int, read: int) -> Iterator[None]:
    """A standalone master and workers of one core on loopback, named to crmlib by the environment."""
    port, page_port = free_port(), free_port()
    url, page = f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{page_port}"
    place = ("--host", "127.0.0.1", "--port", port, "--webui-port", page_port)
    processes = [started(home, home / "master.log", "org.apache.spark.deploy.master.Master", *place)]
    settings = _SETTINGS.format(memory=memory, home=home, partitions=partitions, read=read)
    (home / "spark-defaults.conf").write_text(settings, encoding="utf-8")
    (home / "events").mkdir()
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


def taken(
    shop: Path, *, steps: list[str], limit: float, events: Path | None = None
) -> list[dict[str, object]]:
    """The wall seconds of each step without those of opening, and what Spark's log says of its tasks."""
    rows: list[dict[str, object]] = []
    opening: dict[str, float] = {}
    for step in ("opening", *steps):
        before = set(events.iterdir()) if events else set()
        command = [
            sys.executable,
            str(ROOT / "benchmarks" / "scale.py"),
            "--step",
            step,
            "--folder",
            str(shop),
        ]
        found = measured(command, limit=limit)
        told = {name: float(found[name]) for name in ("wall", "processor", "peak_gb")}
        if events:
            # What ended before Spark began has none.
            for log in set(events.iterdir()) - before:
                told |= spread(log)
        opening = opening or {name: told[name] for name in ("wall", "processor", "alone") if name in told}
        net = told | {name: told[name] - value for name, value in opening.items() if name in told}
        rows.append({"step": step, **(net if rows else told), "ended": found["ended"]})
        print(
            "  " + ", ".join(f"{k} {v:.2f}" if isinstance(v, float) else str(v) for k, v in rows[-1].items()),
            flush=True,
        )
    return rows


def spread(log: Path) -> dict[str, float]:
    """Of one application: seconds without any task, those of all tasks, their number, and clock time on more cores."""
    tasks, ends = defaultdict(list), [0.0, 0.0]
    # What the limit ended may have left half a line.
    for line in filter(lambda line: line.endswith("\n"), log.open(encoding="utf-8")):
        event = json.loads(line)
        if event["Event"] in ("SparkListenerApplicationStart", "SparkListenerApplicationEnd"):
            ends[event["Event"].endswith("End")] = event["Timestamp"] / 1000
        elif event["Event"] == "SparkListenerTaskEnd":
            info = event["Task Info"]
            at = (info["Launch Time"] / 1000, info["Finish Time"] / 1000)
            tasks[event["Stage ID"], event["Stage Attempt ID"]].append(at)
    spans = sorted(span for stage in tasks.values() for span in stage)
    alone, until = max(ends[1] - ends[0], 0.0), ends[0]
    for begun, ended in spans:
        alone -= max(ended - max(begun, until), 0.0)
        until = max(until, ended)
    lengths = [[ended - begun for begun, ended in stage] for stage in tasks.values()]
    told = {"alone": alone, "tasks_s": sum(map(sum, lengths)), "tasks": float(len(spans))}
    for cores in CORES:
        told[f"on {cores} cores"] = sum(max(sum(stage) / cores, max(stage)) for stage in lengths)
    return told


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--millions", type=int, nargs="+", default=[1], help="order lines, such as 1 10 100")
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    options.add_argument("--steps", nargs="+", default=list(STEPS))
    options.add_argument(
        "--partitions", type=int, nargs="+", default=[8], help="of a shuffle, and of the files read"
    )
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
        asked = {"steps": given.steps, "limit": given.limit}
        told += [{"millions": millions, "workers": 0, **row} for row in taken(shop, **asked)]
        size = sum(file.stat().st_size for file in shop.glob(".prepared/*/transactions*.parquet"))
        for workers, partitions in product(given.workers, given.partitions):
            read = max(size // partitions, 2**20)
            with (
                tempfile.TemporaryDirectory() as home,
                cluster(Path(home), workers=workers, memory=given.memory, partitions=partitions, read=read),
            ):
                rows = taken(shop, events=Path(home) / "events", **asked)
            about = {"millions": millions, "workers": workers, "partitions": partitions}
            told += [about | row for row in rows]
    print(pd.DataFrame(told).round(1).to_string(index=False))


if __name__ == "__main__":
    main()
