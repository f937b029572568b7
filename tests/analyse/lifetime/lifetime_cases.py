"""Customers for the tests of the lifetime models: those of CDNOW, and some drawn by lot from a model."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmlib.measure.purchases.history import purchase_history

AS_OF = "1997-09-30"


def cdnow_ledger():
    """The 1/10 sample of CDNOW (inside the package lifetimes, which is read as a folder, not imported)."""
    spec = find_spec("lifetimes")
    path = Path(spec.origin).parent / "datasets" / "CDNOW_sample.txt" if spec else None
    if path is None or not path.is_file():
        pytest.skip("no package lifetimes 0.11.3: its CDNOW_sample.txt is not there to test against")
    names = ["master_id", "customer_id", "ordered_at", "quantity", "net_amount"]
    lines = pd.read_csv(path, sep=r"\s+", header=None, names=names, dtype={"customer_id": str})
    return pd.DataFrame(
        {
            "order_id": [str(i) for i in range(len(lines))],
            "customer_id": lines.customer_id,
            "ordered_at": pd.to_datetime(lines.ordered_at.astype(str)),
            "net_amount": lines.net_amount,
        }
    )


def cdnow_history():
    return purchase_history(cdnow_ledger(), as_of=AS_OF, free_orders="count")


def as_history(x, recency, age):
    return pd.DataFrame({"frequency": x, "recency": recency, "T": age})


def drawn_from_beta_geometric(customers, *, r, alpha, a, b, seed, ahead=0.0, leaves_at_once=False):
    """Histories of 27 to 39 weeks and the purchases in the time after, by the story of the model."""
    rng = np.random.default_rng(seed)
    rate, leaving = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.uniform(27, 39, customers)
    now, x, recency, later = (np.zeros(customers) for _ in range(4))
    there = rng.random(customers) > leaving if leaves_at_once else np.ones(customers, dtype=bool)
    while there.any():
        rows = np.flatnonzero(there)
        now[rows] += rng.exponential(1 / np.maximum(rate[rows], 1e-300))
        known, future = rows[now[rows] <= age[rows]], rows[now[rows] > age[rows]]
        x[known] += 1
        recency[known] = now[known]
        later[future[now[future] <= age[future] + ahead]] += 1
        there[rows] = (now[rows] <= age[rows] + ahead) & (rng.random(len(rows)) > leaving[rows])
    return as_history(x, recency, age), later


def drawn_from_pareto(customers, *, r, alpha, s, beta, seed, ahead=0.0):
    """Histories of 27 to 39 weeks and the purchases in the time after, by the story of the model."""
    rng = np.random.default_rng(seed)
    rate, death = rng.gamma(r, 1 / alpha, customers), rng.gamma(s, 1 / beta, customers)
    age = rng.uniform(27, 39, customers)
    lives = rng.exponential(1 / np.maximum(death, 1e-300))
    seen = np.minimum(age, lives)
    x = rng.poisson(rate * seen).astype(float)
    recency = np.where(x > 0, seen * rng.random(customers) ** (1 / np.maximum(x, 1)), 0)
    later = rng.poisson(rate * np.clip(lives - age, 0, ahead)).astype(float)
    return as_history(x, recency, age), later


def numeric_gradient(function, at, step=1e-5):
    """Central differences of a function of several numbers."""
    at = np.asarray(at, dtype=float)
    rows = []
    for i in range(len(at)):
        change = np.zeros(len(at))
        change[i] = step * at[i]
        rows.append((function(*(at + change)) - function(*(at - change))) / (2 * change[i]))
    return np.array(rows)


def assert_right_on_average(predicted, actual, groups, *, errors=4.5):
    """In every group of customers what happened is on average what was expected, but for luck."""
    table = pd.DataFrame({"miss": actual - predicted, "group": groups}).groupby("group").miss
    size, mean, spread = table.size(), table.mean(), table.std()
    large = size >= 200
    assert large.sum() >= 3
    assert (mean.abs() <= errors * spread / np.sqrt(size))[large].all(), mean[large]
