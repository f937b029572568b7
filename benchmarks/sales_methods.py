"""The sales forecast against the best of statsforecast: AutoETS, AutoARIMA, AutoTheta, and the same month of last year.

Each workspace is closed at the end of several months; the sales of the next month and of the next three are foretold
from what was known then, and judged by what came. statsforecast stays out of the project's own environment, so it is
done in two steps:

    python benchmarks/sales_methods.py --write series.json
    python -m venv other && other/bin/pip install statsforecast
    other/bin/python benchmarks/sales_methods.py --judge series.json
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]

CLOSED = {
    "b2b": pd.period_range("2024-06", "2025-11", freq="M"),
    "online_retail": pd.period_range("2011-05", "2011-10", freq="M"),
    "retail": pd.period_range("2017-05", "2017-11", freq="M"),
}
MONTHS = (1, 3)
YEAR, LEVEL = 12, 80


def written(names: list[str]) -> list[dict]:
    """What crmlib foretells, with the months known then and those that came."""
    sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
    from promises import opened

    import crmlib

    cases = []
    for name in names:
        crm = opened(name)
        for day in CLOSED[name]:
            then = crm.at(f"{day.end_time:%Y-%m-%d}")
            for months in MONTHS:
                ends = (day + months).end_time
                whole = (
                    crm
                    if ends.tz_localize(crm.time_zone).tz_convert("UTC").tz_localize(None) >= crm.as_of
                    else None
                )
                late = (ends.normalize() - local(crm)).days
                if late > 0:
                    continue
                later = whole or crm.at(f"{ends:%Y-%m-%d}")
                found = crmlib.forecast_sales(then, horizon=f"{months} months")
                known, came = monthly(then), monthly(later).loc[day + 1 : day + months]
                total = {key: float(found.total[key]) for key in ("expected", "low", "high")}
                cases.append({"data": name, "day": str(day), "months": months, "way": found.way, **total,
                              "promised": bool(found.is_promised), "came": float(came.sum()),
                              "known": known.round(2).tolist()})  # fmt: skip
                print(name, day, months, found.way, file=sys.stderr)
    return cases


def local(crm) -> pd.Timestamp:
    return crm.as_of.tz_localize("UTC").tz_convert(crm.time_zone).tz_localize(None).normalize()


def monthly(crm) -> pd.Series:
    """Net sales by month, in the workspace's calendar."""
    lines = crm.frame("transactions", ["ordered_at", "net_amount"])
    when = lines["ordered_at"].dt.tz_localize("UTC").dt.tz_convert(crm.time_zone).dt.tz_localize(None)
    found = lines["net_amount"].astype(float).groupby(when.dt.to_period("M")).sum()
    return found.reindex(pd.period_range(found.index.min(), found.index.max(), freq="M"), fill_value=0.0)


def judged(cases: list[dict]) -> pd.DataFrame:
    """One row a case and method: what it foretold, and by how much that was off."""
    from statsforecast.models import AutoARIMA, AutoETS, AutoTheta

    rows = []
    for case in cases:
        known, h = np.array(case["known"]), case["months"]
        base = {name: case[name] for name in ("data", "day", "months", "came")}
        rows.append(base | {"method": "crmlib", **{name: case[name] for name in ("expected", "low", "high")}})
        rows.append(
            base
            | {"method": "last year", "expected": known[-YEAR:][:h].sum() if len(known) >= YEAR else np.nan}
        )
        rows.append(base | {"method": "last months", "expected": known[-1] * h})
        season = YEAR if len(known) >= 2 * YEAR else 1
        each = {}
        for model in (
            AutoETS(season_length=season),
            AutoARIMA(season_length=season),
            AutoTheta(season_length=season),
        ):
            try:
                told = model.forecast(y=known, h=h, level=[LEVEL])
            except Exception as error:
                print(case["data"], case["day"], type(model).__name__, str(error)[:80], file=sys.stderr)
                continue
            ends = {"low": told[f"lo-{LEVEL}"][0], "high": told[f"hi-{LEVEL}"][0]} if h == 1 else {}
            each[type(model).__name__] = told["mean"].sum()
            rows.append(base | {"method": type(model).__name__, "expected": told["mean"].sum(), **ends})
        rows.append(base | {"method": "mean of the three", "expected": np.mean(list(each.values()))})
    table = pd.DataFrame(rows)
    off = 100 * (table["expected"] / table["came"] - 1)
    held = table["came"].between(table["low"], table["high"]).where(table["low"].notna())
    return table.assign(off_pct=off.abs(), bias_pct=off, held=held)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    groups = table.groupby(["data", "months", "method"], sort=False)
    told = {"cases": ("off_pct", "count"), "mean_off": ("off_pct", "mean"), "median_off": ("off_pct", "median"),
            "bias": ("bias_pct", "mean")}  # fmt: skip
    found = groups.agg(**told)
    found["held"] = groups["held"].agg(lambda some: f"{int(some.sum())} of {some.notna().sum()}")
    return found.round(1).reset_index()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("names", nargs="*", default=list(CLOSED))
    asked.add_argument("--write", type=Path)
    asked.add_argument("--judge", type=Path)
    given = asked.parse_args()
    if given.write:
        given.write.write_text(json.dumps(written(given.names)))
    if given.judge:
        warnings.simplefilter("ignore")
        print(summary(judged(json.loads(given.judge.read_text()))).to_string(index=False))


if __name__ == "__main__":
    main()
