"""A real cluster: a master and two workers on loopback, one of which is killed while it is at work."""

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from crmlib import Crm, rfm_table
from crmlib.measure.indicators.compute import compute_indicators
from tests.engine.questions import QUESTIONS
from tests.engine.sparks import assert_same, laid_with, needs_spark, opened
from tests.measure.ledgers import random_ledger

MOST_SECONDS = 400


def started(home, log, *arguments):
    """A process of Spark in a session of its own, so that it and its children can be ended by its number."""
    import pyspark

    spark_class = Path(pyspark.__file__).parent / "bin" / "spark-class"
    settings = os.environ | {
        "SPARK_WORKER_DIR": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m",
    }  # fmt: skip
    with log.open("w") as out:
        return subprocess.Popen(
            [spark_class, *arguments], stdout=out, stderr=out, env=settings, start_new_session=True
        )


def waited_for(look, *, seconds=MOST_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError(f"waited {seconds} s in vain")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def alive_at(page):
    """How many of the master and its workers say that they are alive."""
    with suppress(OSError), urllib.request.urlopen(f"{page}/json/", timeout=5) as told:
        return told.read().decode().count('"ALIVE"')
    return 0


def killed(process):
    """End a process and its children; a worker's executors go with it."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    needs_spark()
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    port, page_port = free_port(), free_port()
    url, page = f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{page_port}"
    place = ("--host", "127.0.0.1", "--port", port, "--webui-port", page_port)
    processes = [started(tmp_path, tmp_path / "master.log", "org.apache.spark.deploy.master.Master", *place)]
    try:
        waited_for(lambda: alive_at(page) >= 1)
        for i in range(2):
            worker = ("--cores", "1", "--memory", "1g", "--webui-port", "0", "--host", "127.0.0.1", url)
            kind = "org.apache.spark.deploy.worker.Worker"
            processes.append(started(tmp_path / f"w{i}", tmp_path / f"worker{i}.log", kind, *worker))
        waited_for(lambda: alive_at(page) >= 3)
        yield url, processes
    finally:
        for process in processes:
            killed(process)


@pytest.mark.spark
def test_a_run_ends_right_when_a_worker_is_killed_in_the_middle(cluster):
    url, (_, first, _) = cluster
    tables = random_ledger(seed=5, lines=60_000, customers=3_000)
    crm = Crm.from_frames(as_of=pd.Timestamp("2023-10-15"), time_zone="Europe/Berlin", **tables)
    expected = rfm_table(crm.table("transactions"), as_of=crm.as_of)
    session = opened(url)
    try:
        tracker, seen = session.sparkContext.statusTracker(), []

        def kill_in_the_middle():
            waited_for(lambda: list(tracker.getActiveStageIds()))
            seen.extend(tracker.getActiveStageIds())
            killed(first)

        there = laid_with(session, crm)
        assassin = threading.Thread(target=kill_in_the_middle)
        assassin.start()
        found = rfm_table(there.table("transactions"), as_of=crm.as_of)
        assassin.join()
        assert seen and first.poll() is not None
        assert_same(found, expected)
        # One worker is left, and goes on.
        names = ["order_count", "spend_total"]
        assert_same(compute_indicators(there, names), compute_indicators(crm, names))
        of_offers = QUESTIONS["measure/offers/tables"]["purchase_days"]
        assert_same(of_offers(there), of_offers(crm))
    finally:
        session.stop()
