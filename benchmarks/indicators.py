"""All indicators of transactions against the same figures in pandas.

The engine makes the order lines (a seed, no file from outside) and lays them down as Parquet, as a checked
workspace lies on disk. Each run is a process of its own, and begins at those files. For pandas the time without
reading is told as well: identifiers are ordered categories then, and money is whole cents. Both must give the same
figures, to 1e-9 of their size, before any time is taken. Rounds are interleaved; the ratio of the medians counts.

    python benchmarks/indicators.py                                 # 10 M lines, 1 M customers
    python benchmarks/indicators.py --lines 200000 --customers 20000
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))

AS_OF = pd.Timestamp("2024-12-31 22:30:00")
ZONE = "Europe/Berlin"
VIEWS = (
    *("lines", "orders", "customer_products", "customer_categories", "customer_channels", "customer_stores"),
    "credit_accounts",
)
"""The prepared views that are made of order lines."""

TOLERANCE = 1e-9

# A share of 0 to 1 that only the seed, the row and the purpose decide.
_SHARE = "create macro share(i, purpose) as (hash(i, purpose, $seed) % 1000003) / 1000003.0"

_ORDERS = """
create table orders as
select
    j,
    'o' || lpad(cast(j as varchar), 9, '0') as order_id,
    'c' || lpad(cast(cast(floor($customers * power(share(j, 'who'), 1.6)) as bigint) as varchar), 8, '0')
        as customer_id,
    timestamp '2023-01-01 06:00:00'
        + to_seconds(cast(floor(share(j, 'day') * 729) * 86400 + floor(share(j, 'hour') * 64800) as bigint))
        as ordered_at,
    ['web', 'shop', 'phone', 'app'][1 + cast(floor(4 * power(share(j, 'channel'), 2)) as integer)] as channel,
    's' || lpad(cast(cast(floor(300 * power(share(j, 'store'), 2)) as bigint) as varchar), 3, '0') as store_id,
    share(j, 'billed') < 0.3 as is_billed
from range(cast(ceil($lines / 3.3) as bigint)) as orders(j)
"""

_BOUGHT = """
create table bought as
select
    i,
    orders.*,
    'p' || lpad(cast(cast(floor(50000 * power(share(i, 'what'), 2)) as bigint) as varchar), 5, '0') as product_id,
    1 + cast(floor(4 * power(share(i, 'pieces'), 3)) as integer) as quantity,
    1 + floor(share(i, 'price') * 9900) as cents,
    case when share(i, 'discounted') < 0.2 then 0.1 else 0 end as discount_share
from range(cast(floor($lines / 1.04) as bigint)) as lines(i)
join orders on orders.j = cast(floor(i / 3.3) as bigint)
"""

_LINES = """
select
    order_id, cast(null as varchar) as line_no, customer_id, product_id, ordered_at,
    cast(quantity as double) as quantity,
    cast(quantity * round(cents * (1 - discount_share)) / 100 as decimal(18, 4)) as net_amount,
    cast(quantity * (cents - round(cents * (1 - discount_share))) / 100 as decimal(18, 4)) as discount_amount,
    case when share(i, 'costed') < 0.95 then cast(quantity * round(0.6 * cents) / 100 as decimal(18, 4)) end
        as cost_amount,
    channel, store_id,
    case when is_billed then cast(ordered_at as date) + 30 end as due_on,
    case when is_billed and share(j, 'paid') < 0.95
        then cast(ordered_at as date) + cast(5 + floor(70 * share(j, 'late')) as integer) end as paid_on
from bought
union all
select
    case when share(i, 'same order') < 0.2 then order_id else 'r' || lpad(cast(i as varchar), 9, '0') end,
    null, customer_id, product_id,
    ordered_at + to_hours(cast(1 + floor(500 * share(i, 'back on')) as bigint)),
    cast(-quantity as double),
    cast(-quantity * round(cents * (1 - discount_share)) / 100 as decimal(18, 4)),
    cast(0 as decimal(18, 4)),
    case when share(i, 'costed') < 0.95 then cast(-quantity * round(0.6 * cents) / 100 as decimal(18, 4)) end,
    channel, store_id, null, null
from bought
where share(i, 'came back') < 0.04
"""

_PRODUCTS = """
select
    'p' || lpad(cast(i as varchar), 5, '0') as product_id,
    case when share(i, 'known') < 0.98 then 'category ' || lpad(cast(i % 200 as varchar), 3, '0') end as category,
    'department ' || lpad(cast(i % 20 as varchar), 2, '0') as department,
    'brand ' || lpad(cast(cast(floor(500 * share(i, 'brand')) as bigint) as varchar), 3, '0') as brand
from range(50000) as products(i)
"""

_CUSTOMERS = """
select
    'c' || lpad(cast(i as varchar), 8, '0') as customer_id,
    case when share(i, 'credit') < 0.3 then cast(500 + floor(share(i, 'limit') * 5000) as decimal(18, 4)) end
        as credit_limit
from range($customers) as customers(i)
"""


def make_data(folder: Path, *, lines: int, customers: int, seed: int) -> None:
    """Lay the tables down as Parquet files, order lines by customer, as a checked workspace does."""
    from crmlib.prepare.engine import Engine

    def filled(sql):
        for name, value in {"lines": lines, "customers": customers, "seed": seed}.items():
            sql = sql.replace(f"${name}", str(value))
        return sql

    with Engine(allowed_paths=[folder]) as engine:
        for step in (_SHARE, _ORDERS, _BOUGHT):
            engine.execute(filled(step))
        tables = {
            "transactions": f"from ({_LINES}) where ordered_at <= timestamp '{AS_OF}' "
            "order by customer_id, ordered_at, order_id",
            "products": _PRODUCTS,
            "customers": _CUSTOMERS,
        }
        for name, sql in tables.items():
            target = Engine.literal(str(folder / f"{name}.parquet"))
            engine.execute(f"copy ({filled(sql)}) to {target} (format parquet, compression zstd)")


def wanted(folder: Path) -> dict[str, list[str]]:
    """The indicators over views of order lines that these tables bring, and which of them are 0 where nothing is."""
    from crmlib.measure.indicators import compute_indicators, indicator_catalogue

    known = indicator_catalogue().query("over in @VIEWS").set_index("name")
    left_out = compute_indicators(workspace(folder), known.index).attrs["left_out"]
    known = known.drop(list(left_out))
    return {"names": known.index.tolist(), "zeros": known.index[known["empty"] == 0].tolist()}


def workspace(folder: Path):
    """The tables as a workspace opens them."""
    from crmlib.prepare.check.findings import CheckReport
    from crmlib.prepare.crm import Crm
    from crmlib.prepare.snapshot import open_snapshot

    tables = ("customers", "products", "transactions")
    nothing = CheckReport(summary=pd.DataFrame(), counts=pd.DataFrame())
    return Crm(
        name="benchmark",
        as_of=AS_OF,
        tables=tables,
        checks=nothing,
        engine=open_snapshot(folder, list(tables)),
        currency="EUR",
        time_zone=ZONE,
    )


def run_crmlib(folder: Path, names: list[str], zeros: list[str]) -> tuple[float, pd.DataFrame]:
    """The figures, and the seconds of reading before them: none, the engine reads while it counts."""
    from crmlib.measure.indicators import compute_indicators

    return 0.0, compute_indicators(workspace(folder), names)


def run_pandas(folder: Path, names: list[str], zeros: list[str]) -> tuple[float, pd.DataFrame]:
    """The figures, and the seconds of reading before them."""
    from indicators_in_pandas import indicators, load

    start = time.perf_counter()
    tables = load(folder)
    reading = time.perf_counter() - start
    return reading, indicators(tables, as_of=AS_OF, time_zone=ZONE, names=names, zeros=zeros)


SIDES = {"crmlib": run_crmlib, "pandas": run_pandas}


def worker(side: str, folder: Path, out: Path | None) -> None:
    """One run in this process: its seconds and its peak of memory on standard output."""
    asked = json.loads((folder / "names.json").read_text())
    import indicators_in_pandas  # noqa: F401  imports are no part of the time

    start, processor = time.perf_counter(), time.process_time()
    reading, figures = SIDES[side](folder, **asked)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e6)
    if out:
        figures.reset_index().to_parquet(out)
    told = {"seconds": seconds, "reading": reading, "processor": processor, "peak_gb": peak}
    print(json.dumps(told | {"customers": len(figures)}))


def start(side: str, folder: Path, out: Path | None = None) -> dict[str, float]:
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder)]
    done = subprocess.run(
        [*command, *(["--out", str(out)] if out else [])], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{side} ended with {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def differences(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Indicators that are not the same on both sides, each with an example."""
    ours, theirs = (frame.set_index("customer_id").sort_index() for frame in (ours, theirs))
    if not ours.index.equals(theirs.index):
        return [f"customers: {len(ours):,} and {len(theirs):,}"]
    found = []
    for name in ours:
        if name not in theirs:
            found.append(f"{name}: not in pandas")
            continue
        a, b = ours[name], theirs[name]
        if pd.api.types.is_numeric_dtype(a) or pd.api.types.is_bool_dtype(a):
            x, y = a.to_numpy(dtype=float, na_value=np.nan), b.to_numpy(dtype=float, na_value=np.nan)
            near = np.abs(x - y) <= TOLERANCE * np.maximum(1, np.maximum(np.abs(x), np.abs(y)))
            same = near | (np.isnan(x) & np.isnan(y))
        else:
            same = ((a == b) | (a.isna() & b.isna())).to_numpy(dtype=bool)
        if not same.all():
            at = int(np.argmin(same))
            found.append(f"{name}: {(~same).sum():,} differ, {ours.index[at]}: {a.iloc[at]} and {b.iloc[at]}")
    return found


def compare(folder: Path, rounds: int) -> dict[str, pd.DataFrame]:
    """The runs of each side, after both have given the same figures."""
    files = {side: folder / f"{side}.out.parquet" for side in SIDES}
    for side, file in files.items():
        start(side, folder, file)
    wrong = differences(*(pd.read_parquet(file) for file in files.values()))
    if wrong:
        sys.exit("not the same figures:\n" + "\n".join(wrong))
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            runs[side].append(start(side, folder))
    return {side: pd.DataFrame(found) for side, found in runs.items()}


def print_table(taken: dict[str, pd.DataFrame], names: list[str]) -> None:
    customers, rounds = int(taken["crmlib"].customers.iloc[0]), len(taken["crmlib"])
    print(f"{len(names)} indicators of {customers:,} customers, the same to {TOLERANCE:g}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds, medians")
    print(f"{'':24}{'seconds':>9}{'processor':>11}{'peak GB':>9}   rounds")
    lines = {side: found.seconds for side, found in taken.items()}
    lines["pandas, after reading"] = taken["pandas"].seconds - taken["pandas"].reading
    for name, seconds in lines.items():
        found = taken[name.split(",")[0]]
        each = ", ".join(f"{one:.1f}" for one in seconds)
        processor = (
            f"{found.processor.median():11.1f}{found.peak_gb.max():9.1f}" if name in taken else " " * 20
        )
        print(f"{name:24}{seconds.median():9.1f}{processor}   {each}")
    for name in ("pandas", "pandas, after reading"):
        print(f"ratio crmlib / {name}: {lines['crmlib'].median() / lines[name].median():.2f}")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--lines", type=int, default=10_000_000)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.side:
        worker(given.side, given.folder, given.out)
        return
    print(f"{given.lines:,} order lines, {given.customers:,} customers, seed {given.seed}", flush=True)
    print_table(*measure(given.lines, given.customers, seed=given.seed, rounds=given.rounds))


def measure(
    lines: int, customers: int, *, seed: int = 1, rounds: int = 3
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The runs of each side on data drawn for them, and the names of the indicators."""
    with tempfile.TemporaryDirectory(prefix="crmlib-bench-") as name:
        folder = Path(name)
        make_data(folder, lines=lines, customers=customers, seed=seed)
        asked = wanted(folder)
        (folder / "names.json").write_text(json.dumps(asked))
        return compare(folder, rounds), asked["names"]


if __name__ == "__main__":
    main()
