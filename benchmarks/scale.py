"""What each report, and each heavy step, costs on a plain shop of 1, 10 or 100 million order lines.

The shop (order lines, customers, products) is drawn by the engine from a seed and laid down as Parquet. Every report
and every step runs in a process of its own with a time limit; wall time, processor time and the peak memory of its
whole tree of processes are told. What the limit ended is said to be above it.

    python benchmarks/scale.py --millions 1                          # steps and reports
    python benchmarks/scale.py --millions 10 --only rfm --rounds 3   # some of them, interleaved
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent))
from indicators import AS_OF, ZONE, make_data

ROOT = Path(__file__).resolve().parents[1]
CUSTOMERS = {1: 100_000, 10: 500_000, 100: 2_000_000}
"""Million order lines -> customers."""

REPORTS = ("data_health", "customer_profile", "segmentation", "customer_value", "churn_and_life_cycle")
COLUMNS = {
    "transactions": "order_id customer_id product_id ordered_at quantity net_amount channel",
    "customers": "customer_id",
    "products": "product_id category department brand",
}
"""What the plain shop maps of each table."""

# Two stages without refunds settled: what a plain analyst would write.
_PLAIN_RFM = f"""
select customer_id, date_diff('day', cast(max(ordered_at) as date), date '{AS_OF:%Y-%m-%d}') as recency_days,
    count(*) as order_count, sum(amount) as spend_total
from (
    select customer_id, order_id, min(ordered_at) as ordered_at, sum(net_amount) as amount
    from transactions group by customer_id, order_id having sum(net_amount) > 0
) as orders
group by customer_id order by customer_id
"""


def opening(_: Any) -> None:
    """What every step below begins with."""


def laid_down(crm: Any) -> None:
    from crmlib.measure.indicators.settled import are_kept

    _forget(crm, "transactions-*")
    if not are_kept(crm):
        raise ValueError("no orders were laid down")


def plain_rfm(crm: Any) -> None:
    crm.engine.to_pandas(_PLAIN_RFM)


def rfm(crm: Any) -> None:
    from crmlib import rfm_table

    rfm_table(crm.table("transactions"), as_of=crm.as_of, time_zone=ZONE)


def rfm_of_lines(crm: Any) -> None:
    from crmlib import rfm_table

    # Some of the lines, as far as anybody can tell: they are settled anew.
    rfm_table(crm.table("transactions").filter("true"), as_of=crm.as_of, time_zone=ZONE)


def history(crm: Any) -> None:
    from crmlib import purchase_history

    purchase_history(crm.table("transactions"), as_of=crm.as_of, time_zone=ZONE)


def indicators(crm: Any) -> None:
    from crmlib import compute_indicators

    _forget(crm, "answer-*")
    compute_indicators(crm)


def _forget(crm: Any, names: str) -> None:
    for folder in (crm.root / ".prepared" / crm.key).glob(f"results/{names}"):
        shutil.rmtree(folder)


STEPS = {
    "opening": opening,
    "orders laid down": laid_down,
    "plain SQL": plain_rfm,
    "rfm_table of lines": rfm_of_lines,
    "rfm_table": rfm,
    "purchase_history": history,
    "compute_indicators": indicators,
}


def lay_out(folder: Path, *, lines: int, customers: int, seed: int) -> Path:
    """A workspace of the plain shop, its exports drawn."""
    exports = folder / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    make_data(exports, lines=lines, customers=customers, seed=seed)
    parts = [f'name = "Plain shop"\ncurrency = "EUR"\ntime_zone = "{ZONE}"\nas_of = "latest"\n']
    for table, names in COLUMNS.items():
        mapped = "".join(f'{name} = "{name}"\n' for name in names.split())
        parts.append(
            f'[tables.{table}]\nfrom = "exports/{table}.parquet"\n\n[tables.{table}.columns]\n{mapped}'
        )
    (folder / "crm.toml").write_text("\n".join(parts), encoding="utf-8")
    return folder


def measured(command: list[str], *, limit: float) -> dict[str, float | str]:
    """Wall and processor seconds and peak gigabytes (of the process and all below it) of a command."""
    begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True
        )
        peak, ended = 0, "done"
        while process.poll() is None:
            peak = max(peak, _resident(process.pid))
            if time.perf_counter() - begun > limit:
                ended = f"above {limit:.0f} s"
                # A report's kernels lead groups of their own.
                for one in _tree(process.pid):
                    with suppress(psutil.NoSuchProcess):
                        one.kill()
                process.wait()
            time.sleep(0.1)
        if process.returncode and ended == "done":
            told.seek(0)
            ended = (told.read().strip().splitlines() or [f"ended with {process.returncode}"])[-1][:60]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "wall": time.perf_counter() - begun,
        # What was killed inside is reaped by nobody here, so its processor time is not known.
        "processor": float("nan") if ended.startswith("above") else processor,
        "peak_gb": peak / 1e9,
        "ended": ended,
    }


def _tree(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _resident(pid: int) -> int:
    total = 0
    for one in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += one.memory_info().rss
    return total


def cost_table(shop: Path, *, limit: float, rounds: int, only: str = "") -> pd.DataFrame:
    """The median cost of each step and report; rounds are interleaved."""
    python = [sys.executable]
    work = {step: [*python, __file__, "--step", step, "--folder", str(shop)] for step in STEPS}
    out = shop / "reports"
    for report in REPORTS:
        call = ["-m", "crmlib.cli", "report", str(shop), "-r", report, "--out", str(out / report), "--quiet"]
        work[report] = [*python, *call]
    chosen = {name: command for name, command in work.items() if not only or only in name}
    if only:
        beside = ("opening", "orders laid down", "plain SQL") if "rfm" in only else ()
        chosen = {name: work[name] for name in beside} | chosen
    # Reading and checking is a cost of its own, paid once.
    chosen = {"reading and checking": [*python, "-m", "crmlib.cli", "check", str(shop)]} | chosen
    taken = []
    for _ in range(rounds):
        for name, command in chosen.items():
            taken.append({"what": name} | measured(command, limit=limit))
            print(f"  {name}: {taken[-1]['processor']:.1f} s of processor, {taken[-1]['ended']}", flush=True)
    frame = pd.DataFrame(taken)
    figures = frame.groupby("what", sort=False)[["wall", "processor", "peak_gb"]].median()
    return figures.join(frame.groupby("what")["ended"].last())


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--millions", type=int, nargs="+", default=[1], help="order lines, such as 1 10 100")
    options.add_argument("--customers", type=int, help="else 0.1, 0.5 and 2 million, or a tenth of the lines")
    options.add_argument("--limit", type=float, default=600, help="seconds for each process")
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--only", default="", help="part of the name of a step or report")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, help="a folder in which the shops stay, to be used again")
    options.add_argument("--step", choices=list(STEPS), help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.step:
        from crmlib import open_workspace

        STEPS[given.step](open_workspace(given.folder))
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for millions in given.millions:
        customers = given.customers or CUSTOMERS.get(millions, millions * 100_000)
        base = given.keep or Path(tempfile.mkdtemp(prefix="crmlib-scale-"))
        shop = base / f"shop{millions}"
        if not (shop / "crm.toml").exists():
            lay_out(shop, lines=millions * 1_000_000, customers=customers, seed=given.seed)
        print(f"{millions} million order lines, {customers:,} customers, seed {given.seed}", flush=True)
        print(cost_table(shop, limit=given.limit, rounds=given.rounds, only=given.only).round(2).to_string())
        if not given.keep:
            shutil.rmtree(base)


if __name__ == "__main__":
    main()
