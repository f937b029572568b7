"""How long `crmlib check` takes for an export, against DuckDB's own way from the same text to Parquet.

python benchmarks/reading.py --lines 2_000_000 --rounds 3

Both run in processes of their own, turn by turn, with the same threads; the seconds of the processor are what a
busy machine does not change. Data are made up, the same each time: about 130 bytes a line.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import duckdb

_CRM = """
currency = "EUR"
[tables.transactions]
from = "orders.csv"
[tables.transactions.columns]
order_id = "Order"
product_id = "Item"
customer_id = "Customer"
ordered_at = "Ordered at"
quantity = "Quantity"
net_amount = "Amount"
channel = "Channel"
"""

_ROWS = """
select 'SO-' || lpad((i // 3)::varchar, 10, '0') as "Order", i % 3 + 1 as "Line",
    'SKU-' || lpad((hash(i) % 40000)::varchar, 6, '0') as "Item",
    'C' || lpad((hash(i // 3) % 500000)::varchar, 8, '0') as "Customer",
    strftime(timestamp '2020-01-01' + interval (i // 3 * 2) second, '%Y-%m-%d %H:%M:%S') as "Ordered at",
    1 + hash(i, 1) % 5 as "Quantity", printf('%.2f', (hash(i, 2) % 100000) / 100.0) as "Amount",
    (['web', 'shop', 'phone'])[(1 + hash(i // 3, 3) % 3)::int] as "Channel",
    'Delivered by the usual carrier ' || (hash(i, 4) % 1000)::varchar as "Note",
    md5((i // 3)::varchar)[:12] as "Session"
from range({lines}) r(i)
"""

_CHECK = "import sys; from crmlib.cli import main; sys.argv = ['crmlib', 'check', {folder!r}]; main()"
_DUCKDB = """
import duckdb
with duckdb.connect(config={{'threads': {threads}, 'memory_limit': '2GB', 'temp_directory': {folder!r}}}) as engine:
    engine.execute("copy (from read_csv('{folder}/orders.csv')) to '{folder}/plain.parquet' (compression zstd)")
"""


def write_export(folder: Path, lines: int) -> int:
    """Write orders.csv and crm.toml into a folder; the size of the export in bytes."""
    with duckdb.connect() as engine:
        engine.execute(f"copy ({_ROWS.format(lines=lines)}) to '{folder / 'orders.csv'}' (header)")
    (folder / "crm.toml").write_text(_CRM)
    return (folder / "orders.csv").stat().st_size


def measure(code: str) -> tuple[float, float, float]:
    """Seconds by the clock, seconds of the processor, and the most memory in MB of a process of its own."""
    begun = time.perf_counter()
    process = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", code])
    _, status, used = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit("A measured process failed.")
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--lines", type=int, default=2_000_000)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--folder", type=Path, help="where the export lies or is to be written")
    stated = given.parse_args()
    folder = stated.folder or Path(tempfile.mkdtemp(prefix="crmlib-reading-"))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "orders.csv").exists():
        write_export(folder, stated.lines)
    size = (folder / "orders.csv").stat().st_size
    print(f"{size / 1e6:,.0f} MB, {os.cpu_count()} cores")
    found: dict[str, list[tuple[float, float, float]]] = {"duckdb": [], "crmlib": []}
    for _ in range(stated.rounds):
        shutil.rmtree(folder / ".prepared", ignore_errors=True)
        found["duckdb"].append(measure(_DUCKDB.format(folder=str(folder), threads=os.cpu_count())))
        found["crmlib"].append(measure(_CHECK.format(folder=str(folder))))
    middle = {
        name: [statistics.median(values) for values in zip(*rows, strict=True)]
        for name, rows in found.items()
    }
    for name, (wall, processor, memory) in middle.items():
        print(f"{name}: {wall:.1f} s by the clock, {processor:.1f} s of the processor, {memory:,.0f} MB")
    clock, processor, _ = (a / b for a, b in zip(middle["crmlib"], middle["duckdb"], strict=True))
    print(f"ratio: {clock:.2f} by the clock, {processor:.2f} of the processor")
    if stated.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
