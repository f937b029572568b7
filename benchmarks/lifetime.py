"""Fitting the models of buying and leaving, against lifetimes 0.11.3 on the same customers.

Both sides fit the same histories in weeks, turn by turn in processes of their own. A process makes its data first,
fits two thousand of the customers to be warm, and only then `fit` is timed. Before a ratio is printed the two fits
must agree: log-likelihood and parameters equal (or this project's likelihood higher, which is then printed). A side
that is not done within the time limit is stopped, and its ratio is given as "at least".

Three sets of customers: CDNOW's master file (23,570), inside the package lifetimes; a million drawn from BG/NBD or
Pareto/NBD by their own story in whole days, as every ledger of purchases gives them; and the same million at
moments of continuous time, where no two histories are equal and putting equal ones together gains nothing.

    python benchmarks/lifetime.py --rounds 3 --limit 900
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

PARAMS = {
    "BG/NBD": {"r": 0.25, "alpha": 4.4, "a": 0.8, "b": 2.4},
    "Pareto/NBD": {"r": 0.55, "alpha": 10.6, "s": 0.6, "beta": 11.7},
}
CASES = [
    ("BG/NBD", "master", 10.0),
    ("BG/NBD", "days", 10.0),
    ("BG/NBD", "continuous", 10.0),
    ("Pareto/NBD", "master", 5.0),
    ("Pareto/NBD", "days", 5.0),
    ("Pareto/NBD", "continuous", 5.0),
]
"""Model, customers, and the ratio that is asked for."""


def master_history() -> pd.DataFrame:
    path = Path(find_spec("lifetimes").origin).parent / "datasets" / "CDNOW_master.txt"
    names = ["customer_id", "ordered_at", "quantity", "net_amount"]
    lines = pd.read_csv(path, sep=r"\s+", header=0, names=names)
    day = pd.to_datetime(lines["ordered_at"].astype(str))
    days = pd.DataFrame({"customer": lines["customer_id"], "day": day}).drop_duplicates()
    table = days[days["day"] <= "1997-09-30"].groupby("customer")["day"].agg(["min", "max", "size"])
    weeks = 1 / 7
    return pd.DataFrame(
        {
            "frequency": table["size"].to_numpy() - 1.0,
            "recency": (table["max"] - table["min"]).dt.days.to_numpy() * weeks,
            "T": (pd.Timestamp("1997-09-30") - table["min"]).dt.days.to_numpy() * weeks,
        }
    )


def drawn_history(model: str, customers: int, *, whole_days: bool) -> pd.DataFrame:
    rng, given = np.random.default_rng(1), PARAMS[model]
    age = rng.uniform(26, 78, customers)
    rate = rng.gamma(given["r"], 1 / given["alpha"], customers)
    x, recency = np.zeros(customers), np.zeros(customers)
    if model == "Pareto/NBD":
        lives = rng.exponential(1 / np.maximum(rng.gamma(given["s"], 1 / given["beta"], customers), 1e-300))
        seen = np.minimum(age, lives)
        x = rng.poisson(rate * seen).astype(float)
        recency = np.where(x > 0, seen * rng.random(customers) ** (1 / np.maximum(x, 1)), 0)
    else:
        leaving, now, there = (
            rng.beta(given["a"], given["b"], customers),
            np.zeros(customers),
            np.arange(customers),
        )
        while len(there):
            now[there] += rng.exponential(1 / np.maximum(rate[there], 1e-300))
            there = there[now[there] <= age[there]]
            x[there] += 1
            recency[there] = now[there]
            there = there[rng.random(len(there)) > leaving[there]]
    if whole_days:
        age = np.ceil(7 * age) / 7
        recency = np.ceil(7 * recency) / 7
    return pd.DataFrame({"frequency": x, "recency": np.minimum(recency, age), "T": age})


def history_of(customers: str, model: str, size: int) -> pd.DataFrame:
    if customers == "master":
        return master_history()
    return drawn_history(model, size, whole_days=customers == "days")


def fit_ours(model: str, history: pd.DataFrame) -> tuple[float, dict, float]:
    from crmlib.analyse.lifetime.spend import BetaGeoModel, ParetoNBDModel

    fitted = {"BG/NBD": BetaGeoModel, "Pareto/NBD": ParetoNBDModel}[model]()
    start = time.perf_counter()
    fitted.fit(history)
    return time.perf_counter() - start, fitted.params_.to_dict(), fitted.log_likelihood_


def fit_theirs(model: str, history: pd.DataFrame) -> tuple[float, dict, float]:
    import lifetimes

    fitter = {"BG/NBD": lifetimes.BetaGeoFitter, "Pareto/NBD": lifetimes.ParetoNBDFitter}[model]()
    start = time.perf_counter()
    fitter.fit(history["frequency"], history["recency"], history["T"])
    return (
        time.perf_counter() - start,
        dict(fitter.params_),
        log_likelihood(model, dict(fitter.params_), history),
    )


def log_likelihood(model: str, params: dict, history: pd.DataFrame) -> float:
    """Both sides' parameters are judged by one likelihood, that of this project."""
    from crmlib.analyse.lifetime.history import group_histories
    from crmlib.analyse.lifetime.spend import BetaGeoModel, ParetoNBDModel

    judge = {"BG/NBD": BetaGeoModel, "Pareto/NBD": ParetoNBDModel}[model]()
    return judge._log_likelihood(group_histories(history), *(params[name] for name in judge.names))[0]


def one(side: str, model: str, customers: str, size: int) -> None:
    history = history_of(customers, model, size)
    fit = {"ours": fit_ours, "theirs": fit_theirs}[side]
    fit(model, history.sample(min(2_000, len(history)), random_state=0))
    seconds, params, value = fit(model, history)
    print(
        json.dumps({"seconds": seconds, "params": params, "log_likelihood": value, "customers": len(history)})
    )


def timed(side: str, model: str, customers: str, *, size: int, limit: float) -> dict | None:
    command = [sys.executable, __file__, "--one", side, model, customers, "--customers", str(size)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def agreement(ours: dict, theirs: dict) -> str:
    gain = ours["log_likelihood"] - theirs["log_likelihood"]
    apart = max(abs(ours["params"][name] / theirs["params"][name] - 1) for name in ours["params"])
    if gain < -1e-3:
        sys.exit(f"the fit of this project is worse: log-likelihood lower by {-gain:.4f}")
    if apart > 0.01 and gain < 0.01:
        sys.exit(f"equal likelihood, but parameters {apart:.1%} apart: {ours['params']}, {theirs['params']}")
    return f"parameters within {apart:.2%}, log-likelihood {gain:+.4f}"


def measure(model: str, customers: str, wanted: float, *, given: argparse.Namespace) -> dict:
    """Seconds of both sides (medians), how they agree, and the ratio that is asked for."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    agreed, size, stopped = "not compared", 0, False
    for _ in range(given.rounds):
        mine = timed("ours", model, customers, size=given.customers, limit=given.limit)
        if mine is None:
            sys.exit(f"{model} on {customers}: this project is not done within {given.limit:g} s")
        times["ours"].append(mine["seconds"])
        size = mine["customers"]
        other = (
            None if stopped else timed("theirs", model, customers, size=given.customers, limit=given.limit)
        )
        stopped = other is None
        if other:
            times["theirs"].append(other["seconds"])
            agreed = agreement(mine, other)
    return {
        "name": f"{model} {customers}",
        "customers": size,
        "ours": statistics.median(times["ours"]),
        "theirs": statistics.median(times["theirs"]) if times["theirs"] else given.limit,
        "is_stopped": not times["theirs"],
        "wanted": wanted,
        "agreed": agreed,
    }


def line(found: dict) -> str:
    least, bar = ">= " if found["is_stopped"] else "", f">= {found['wanted']:g}"
    ratio = found["theirs"] / found["ours"]
    return (
        f"{found['name']:24}{found['customers']:>11,}{found['ours']:>10.2f} s{least:>5}{found['theirs']:>9.1f} s"
        f"{least:>5}{ratio:>8.1f}{bar:>8}   {found['agreed']}"
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--customers", type=int, default=1_000_000, help="how many are drawn")
    options.add_argument("--limit", type=float, default=900, help="seconds, for a process with its data")
    options.add_argument("--only", default="", help='a part of the names, such as "BG/NBD" or "master"')
    options.add_argument("--one", nargs=3, metavar=("SIDE", "MODEL", "CUSTOMERS"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        one(*given.one, given.customers)
        return
    print(
        f"{platform.python_version()}, {os.cpu_count()} cores, {given.rounds} rounds, limit {given.limit:g} s"
    )
    print(f"{'fit':24}{'customers':>11}{'crmlib':>12}{'lifetimes':>16}{'ratio':>13}{'asked':>8}   agreement")
    for model, customers, wanted in CASES:
        if given.only in f"{model} {customers}":
            print(line(measure(model, customers, wanted, given=given)), flush=True)


if __name__ == "__main__":
    main()
