"""Item sets, rules and pairs against mlxtend, rusket, pyfim, efficient-apriori, fastapriori and DuckDB's SQL.

Every side gets the same order lines and must give the same answer, which is checked before the clock starts. Rounds
are interleaved; the ratio of the medians is what counts, once inside a warm process and once for a whole process with
its imports. Peers come with `pip install mlxtend rusket pyfim efficient-apriori fastapriori`.

    python benchmarks/rules.py --shared ../shared/data           # mlxtend makes it half an hour
    python benchmarks/rules.py --shared ../shared/data --memory  # Complete Journey: mlxtend takes over 10 GB
    python benchmarks/rules.py --hundred                         # pairs over 100 million lines, some GB a side
"""

import argparse
import hashlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rules_sides import CASES, Case, agree, load

BARS = {
    ("rules", "crmlib columns", "mlxtend"): 1 / 40,
    ("rules", "crmlib columns", "rusket"): 0.5,
    ("rules", "crmlib frame", "mlxtend"): 1 / 10,
    ("rules", "crmlib frame", "rusket"): 1.2,
    ("sets", "crmlib", "pyfim eclat"): 0.7,
    ("pairs", "crmlib", "DuckDB"): 0.5,
    ("pairs", "crmlib", "fastapriori"): 0.5,
    ("hundred", "crmlib", "DuckDB"): 0.6,
}
"""At most this share of the peer's time."""

MEMORY_BARS = {("memory", "crmlib", "mlxtend"): 0.1, ("hundred", "crmlib", "DuckDB"): 0.7}
"""At most this share of the peer's peak memory, as a whole process."""


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(case: str, side: str, shared: Path) -> dict[str, Any]:
    """One run in a process of its own: seconds inside, seconds in all, peak memory and what of it is the lines."""
    command = [sys.executable, __file__, "--shared", str(shared), "--one", case, side]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.returncode:
        print(f"{side}: {(done.stderr.splitlines() or [done.returncode])[-1]}")
        return {"seconds": float("nan"), "whole": float("nan"), "peak_mb": float("nan"), "lines_mb": 0.0}
    return {**json.loads(done.stdout.splitlines()[-1]), "whole": took}


def one(name: str, side: str, shared: Path) -> None:
    case = CASES[name]
    lines = load(case, shared)
    before, start = peak_mb(), time.perf_counter()
    found = case.sides[side](lines)
    seconds, peak = time.perf_counter() - start, peak_mb()
    print(
        json.dumps(
            {"seconds": seconds, "peak_mb": peak, "lines_mb": before, "answer": digest(case, side, found)}
        )
    )


def digest(case: Case, side: str, found: Any) -> str:
    """A fingerprint of the answer, where answers of several sides would not fit beside each other."""
    if not case.heavy:
        return ""
    rows = sorted((sorted(map(str, items)), int(count)) for items, count in case.answer(side, found).items())
    return f"{len(rows):,} {hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}"


def check(case: Case, shared: Path) -> None:
    lines = load(case, shared)
    answers = {side: case.answer(side, run(lines)) for side, run in case.sides.items()}
    first, *others = answers
    for other in others:
        said = agree(answers[first], answers[other])
        if said:
            sys.exit(f"{case.name}: {first} and {other} differ: {said}")
    print(f"\n{case.name}: {case.says}; {len(answers[first]):,} in the answer, the same on every side")


def inside(case: Case, shared: Path, rounds: int) -> dict[str, float]:
    lines = load(case, shared)
    times: dict[str, list[float]] = {side: [] for side in case.sides}
    for run in case.sides.values():
        run(lines)
    for _ in range(rounds):
        for side, run in case.sides.items():
            start = time.perf_counter()
            run(lines)
            times[side].append(time.perf_counter() - start)
    return {side: statistics.median(seconds) for side, seconds in times.items()}


def whole(case: Case, shared: Path, rounds: int) -> dict[str, dict[str, float]]:
    runs: dict[str, list[dict[str, Any]]] = {side: [] for side in case.sides}
    for _ in range(rounds):
        for side in case.sides:
            runs[side].append(alone(case.name, side, shared))
    answers = {side: {run.get("answer", "failed") for run in found} for side, found in runs.items()}
    if len(set().union(*answers.values())) > 1:
        print(f"answers differ, or a side failed: {answers}")
    names = ("seconds", "whole", "peak_mb", "lines_mb")
    return {
        side: {name: statistics.median(run[name] for run in found) for name in names}
        for side, found in runs.items()
    }


def report(case: Case, warm: dict[str, float], cold: dict[str, dict[str, float]]) -> None:
    print(f"{'side':22}{'inside, s':>11}{'process, s':>12}{'peak, MB':>10}{'of it lines':>13}")
    for side, found in cold.items():
        seconds = warm.get(side, found["seconds"])
        print(
            f"{side:22}{seconds:11.3f}{found['whole']:12.2f}{found['peak_mb']:10,.0f}{found['lines_mb']:13,.0f}"
        )
    seconds = {side: warm.get(side, found["seconds"]) for side, found in cold.items()}
    for bars, values, unit in (
        (BARS, seconds, "time"),
        (MEMORY_BARS, {side: found["peak_mb"] for side, found in cold.items()}, "memory"),
    ):
        for (name, ours, peer), most in bars.items():
            if name == case.name and peer in values:
                ratio = values[ours] / values[peer]
                verdict = "holds" if ratio <= most else "MISSED"
                print(f"  {ours} / {peer}: {ratio:.3f} of its {unit} (bar {most:.3f}: {verdict})")


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--shared", type=Path, default=Path("../shared/data"))
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--cases", nargs="*", default=["rules", "sets", "pairs"], choices=list(CASES))
    options.add_argument("--memory", action="store_true", help="Complete Journey against mlxtend")
    options.add_argument("--hundred", action="store_true", help="pairs over 100 million lines")
    options.add_argument("--one", nargs=2, metavar=("CASE", "SIDE"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        one(*given.one, given.shared)
        return
    print(f"{platform.python_version()}, {os.cpu_count()} cores, {given.rounds} rounds, medians")
    names = ["memory"] * given.memory + ["hundred"] * given.hundred or given.cases
    for case in (CASES[name] for name in names):
        if case.heavy:
            print(f"\n{case.name}: {case.says}")
            report(case, {}, whole(case, given.shared, min(given.rounds, 3)))
        else:
            check(case, given.shared)
            report(case, inside(case, given.shared, given.rounds), whole(case, given.shared, given.rounds))


if __name__ == "__main__":
    main()
