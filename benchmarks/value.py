"""What a customer is worth: models against lifetimes and indicators against pandas, in one table.

Each line is measured as its own script says (lifetime.py, indicators.py): interleaved rounds in processes of their
own, outputs found equal before any time is taken, medians. A side that is stopped at the limit gives "at least".

    python benchmarks/value.py --rounds 3 --limit 60
"""

import argparse
import os
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import indicators
import lifetime

_CUSTOMERS = {"master": "CDNOW", "days": "drawn, whole days", "continuous": "drawn, continuous time"}
MOST = 0.1
"""Of pandas' time, what the indicators may take."""


def row(what: str, ours: float, theirs: str, ratio: str, asked: str, holds: bool) -> str:
    return f"{what:68}{ours:>8.2f} s{theirs:>12}{ratio:>30}{asked:>22}{'yes' if holds else 'no':>7}"


def model_row(found: dict, customers: str) -> str:
    model, ratio = found["name"].removesuffix(f" {customers}"), found["theirs"] / found["ours"]
    least = "at least " if found["is_stopped"] else ""
    what = f"{model}, {found['customers']:,} customers ({_CUSTOMERS[customers]}; lifetimes)"
    theirs = f"{found['theirs']:.1f} s"
    asked = f">= {found['wanted']:g} times faster"
    return row(
        what, found["ours"], theirs, f"{least}{ratio:.1f} times faster", asked, ratio >= found["wanted"]
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--limit", type=float, default=60, help="seconds, for a process of lifetime.py")
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--lines", type=int, default=10_000_000)
    given = options.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {given.rounds} rounds")
    print(f"{'':68}{'crmlib':>10}{'the other':>12}{'ratio':>30}{'asked':>22}{'holds':>7}")
    for model, customers, wanted in lifetime.CASES:
        print(model_row(lifetime.measure(model, customers, wanted, given=given), customers), flush=True)
    taken, names = indicators.measure(given.lines, given.customers, rounds=given.rounds)
    ours, theirs, reading = (
        taken[side][what].median()
        for side, what in (("crmlib", "seconds"), ("pandas", "seconds"), ("pandas", "reading"))
    )
    for other, seconds in (("pandas", theirs), ("pandas, its reading left out", theirs - reading)):
        what = f"{len(names)} indicators, {given.lines:,} order lines ({other})"
        ratio = ours / seconds
        print(row(what, ours, f"{seconds:.1f} s", f"{ratio:.2f} of its time", f"<= {MOST:g}", ratio <= MOST))


if __name__ == "__main__":
    main()
