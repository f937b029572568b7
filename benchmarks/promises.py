"""What the reports promise, made at earlier days, against what came: does an interval of 80 % hold 80 % of it?

Each workspace is closed at several days (`Crm.at`), every prediction is made from what was known then, and judged
by the time after it. A prediction without a promise of its level (too little history, or none that held) is
listed, and counted apart: of it the order alone is said.

    python benchmarks/promises.py                      # all that are at hand; it says which are not
    python benchmarks/promises.py b2b retail --claims churn sales
    pip install --no-deps pmdarima                     # for the two series of monthly sales of many years
"""

import argparse
import platform
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import crmlib
from crmlib.analyse.forecast.pipeline import read_ledger
from crmlib.analyse.learn.evaluate import area
from crmlib.measure.purchases.history import purchase_days, purchases_within
from crmlib.prepare.clock import closing_day, days_later
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import CrmlibError

NEEDS = {"cdnow": "lifetimes", "wine": "pmdarima", "airline": "pmdarima"}
"""The package that holds the data of a workspace."""

DAYS = {
    "b2b": ["2024-06-30", "2024-09-30", "2024-12-31", "2025-02-28", "2025-05-31", "2025-08-31"],
    "retail": ["2017-08-31", "2017-09-30"],
    "online_retail": ["2011-07-31", "2011-08-31"],
    "cdnow": ["1997-12-31", "1998-03-31"],
    "maven_crm": ["2017-08-31", "2017-09-30"],
    "wine": ["1988-02-29", "1989-05-31", "1990-08-31", "1991-11-30", "1993-02-28", "1994-05-31"],
    "airline": ["1954-02-28", "1955-05-31", "1956-08-31", "1957-11-30", "1959-02-28", "1960-05-31"],
}
"""Where each workspace is closed: the seasons of its history, as far as a quarter is left to judge by."""

FIGURES = (
    *("recency_days", "order_count", "order_count_90d", "order_count_365d", "spend_90d", "spend_365d"),
    *("gap_days_mean", "gap_overdue_ratio", "active_month_count_12m", "product_count_365d", "known_days"),
)
"""What churn learns from here: few figures, since the level is what is tried."""

CHURN_DAYS, SALES_MONTHS = 60, (1, 3)
BUYING_DAYS = (90, 365)
COLUMNS = ["data", "claim", "day", "expected", "low", "high", "promised", "came", "ranking", "plain", "own"]


def cdnow() -> Crm:
    path = Path(find_spec("lifetimes").origin).parent / "datasets" / "CDNOW_master.txt"
    names = ["customer_id", "ordered_at", "quantity", "net_amount"]
    lines = pd.read_csv(path, sep=r"\s+", header=0, names=names)
    lines["ordered_at"] = pd.to_datetime(lines["ordered_at"].astype(str))
    lines = lines.assign(product_id="CD", order_id=np.arange(len(lines)).astype(str))
    lines["customer_id"] = lines["customer_id"].astype(str)
    return Crm.from_frames(as_of="1998-06-30", currency="USD", transactions=lines)


def monthly(name: str) -> Crm:
    """Monthly sales of long ago, of the package pmdarima (an extra): Australian wine, airline passengers."""
    from pmdarima import datasets

    load, first = {
        "wine": (datasets.load_wineind, "1980-01"),
        "airline": (datasets.load_airpassengers, "1949-01"),
    }[name]
    values = np.asarray(load(), dtype=float)
    months = pd.period_range(first, periods=len(values), freq="M")
    half = {"product_id": "all", "net_amount": values / 2}
    lines = pd.concat(
        [
            pd.DataFrame(half | {"ordered_at": at, "order_id": months.astype(str)})
            for at in (months.start_time, months.end_time.normalize())
        ]
    )
    return Crm.from_frames(as_of=f"{months[-1].end_time:%Y-%m-%d}", currency="AUD", transactions=lines)


def opened(name: str) -> Crm:
    if name == "cdnow":
        return cdnow()
    if name in ("wine", "airline"):
        return monthly(name)
    folder = ROOT / "data" / name
    return crmlib.open_workspace(folder if folder.exists() else ROOT / "tests" / "workspaces" / name)


def columns_of(crm: Crm) -> list[str]:
    return list(crm.columns("transactions")) if "transactions" in crm else []


def churn(crm: Crm, day: str) -> list[dict]:
    """The share of the customers at risk by their state that buys nothing within so many days."""
    then = crm.at(day)
    until = days_later(then.as_of, CHURN_DAYS, time_zone=crm.time_zone)
    if until > crm.as_of or "customer_id" not in columns_of(crm):
        return []
    model = crmlib.fit_churn(
        then, horizon_days=CHURN_DAYS, candidates=["logistic_regression"], indicators=FIGURES
    )
    bought = purchases_within(crm, after=then.as_of, until=until)["purchase_count"]
    stopped = ~bought.reindex(model.scores.index).fillna(0).gt(0).to_numpy()
    p = model.scores.to_numpy()
    known = model.periods[model.periods["role"] != "score"]
    flat = float(known["outcomes"].sum() / known["customers"].sum())
    level = getattr(model, "level", None)
    found = {
        "expected": 100 * p.mean(),
        "low": np.nan,
        "high": np.nan,
        "promised": True,
        "came": 100 * stopped.mean(),
        "ranking": area(p, stopped),
        "own": ((p - stopped) ** 2).mean(),
        "plain": ((flat - stopped) ** 2).mean(),
    }
    if level is not None:
        found |= {"low": 100 * level.low, "high": 100 * level.high, "promised": level.is_promised}
    return [{"claim": f"stops within {CHURN_DAYS} days, %", **found}]


def buying(crm: Crm, day: str) -> list[dict]:
    """Purchase days of the customers known, and what they bring: revenue, nothing discounted."""
    then, rows = crm.at(day), []
    if "customer_id" not in columns_of(crm):
        return []
    for length in BUYING_DAYS:
        until = days_later(then.as_of, length, time_zone=crm.time_zone)
        if until > crm.as_of:
            continue
        future = crmlib.future_contribution(then, horizon_days=length, margin_pct=100, discount_rate=0)
        days = purchase_days(crm.at(until).table("transactions"), as_of=until, time_zone=crm.time_zone)
        later = days[(days["ordered_on"] > future.as_of) & days["customer_id"].isin(future.history.index)]
        counts = later.groupby("customer_id").size().reindex(future.history.index, fill_value=0)
        each = future.table["expected_purchases"].reindex(future.history.index)
        order = float(each.corr(counts.astype(float), method="spearman"))
        recent = then.as_of - pd.Timedelta(days=length)
        past = purchase_days(then.table("transactions"), as_of=then.as_of, time_zone=crm.time_zone)
        past = past[past["ordered_on"] > recent]
        claims = {
            f"purchases in {length} days": (each.sum(), len(later), len(past), "purchases"),
            f"revenue in {length} days": (
                future.table["future_contribution"].sum(),
                later["kept_amount"].sum(),
                past["kept_amount"].sum(),
                "revenue",
            ),
        }
        for claim, (expected, came, plain, kind) in claims.items():
            row = {"claim": claim, "expected": expected, "came": came, "plain": plain, "own": np.nan}
            rows.append(row | {"ranking": order} | promised_buying(future, kind, expected))
    return rows


def promised_buying(future, kind: str, expected: float) -> dict:
    levels = getattr(future, "levels", None)
    if levels is not None:
        level = levels[kind]
        return {"low": level.low, "high": level.high, "promised": level.is_promised}
    holdout, spend = future.holdout, future.spend_check
    if holdout is None:
        return {"low": np.nan, "high": np.nan, "promised": True}
    error = holdout.total(holdout.used) if kind == "purchases" else spend
    ends = sorted(expected / (1 + error[name] / 100) for name in ("error_low", "error_high"))
    return {"low": ends[0], "high": ends[1], "promised": True}


def sales(crm: Crm, day: str) -> list[dict]:
    """Net sales of the next month and quarter, and the same months a year earlier."""
    if "transactions" not in crm:
        return []
    then, rows = crm.at(day), []
    for months in SALES_MONTHS:
        found = crmlib.forecast_sales(then, horizon=f"{months} months")
        if found.ends_on > crm.as_of:
            continue
        # A workspace closed by its last row has no later moment of that day.
        is_last = found.ends_on == closing_day(crm)
        after = crm if is_last else crm.at(f"{found.ends_on:%Y-%m-%d}")
        lines = after.frame("transactions")[["ordered_at", "net_amount"]]
        when = lines["ordered_at"].dt.tz_localize("UTC").dt.tz_convert(crm.time_zone).dt.tz_localize(None)
        own = lines["net_amount"].where(when >= found.periods["period_start"].iloc[0], 0.0).sum()
        earlier = found.history.tail(12).head(months)["actual"].sum() if len(found.history) >= 12 else np.nan
        rows.append(
            {
                "claim": f"sales of {months} months",
                **named(found),
                "came": own,
                "plain": earlier,
                "ranking": np.nan,
                "own": np.nan,
            }
        )
    return rows


def named(found) -> dict:
    total = {name: found.total[name] for name in ("expected", "low", "high")}
    # Before there was a promise of levels, every interval that was printed was one.
    is_said = np.isfinite(total["low"])
    return total | {"promised": is_said and (found.is_promised or "promised" in ASKED)}


ASKED: set[str] = set()


def pipeline(crm: Crm, day: str) -> list[dict]:
    """Won amount of the next quarter."""
    if "opportunities" not in crm:
        return []
    then = crm.at(day)
    found = crmlib.forecast_pipeline(then, horizon="3 months")
    if found.ends_on > crm.as_of:
        return []
    won = read_ledger(crm).won_between(found.today, found.ends_on, amounts=found.workings["amounts"])
    plain = float(found.history.tail(3)["actual"].sum())
    return [
        {
            "claim": "won in 3 months",
            **named(found),
            "came": won["amount"].sum(),
            "plain": plain,
            "ranking": np.nan,
            "own": np.nan,
        }
    ]


CLAIMS = {"churn": churn, "buying": buying, "sales": sales, "pipeline": pipeline}


def made(names: list[str], claims: list[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        if name in NEEDS and not find_spec(NEEDS[name]):
            print(f"{name}: left out, its data are in the package {NEEDS[name]}", file=sys.stderr)
            continue
        crm = opened(name)
        for day in DAYS[name]:
            for claim in claims:
                begun = time.perf_counter()
                try:
                    found = CLAIMS[claim](crm, day)
                except CrmlibError as error:
                    print(f"{name} {day} {claim}: refused, {str(error)[:110]}", file=sys.stderr)
                    continue
                print(f"{name} {day} {claim}: {time.perf_counter() - begun:.1f} s", file=sys.stderr)
                rows += [{"data": name, "day": day, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def judged(table: pd.DataFrame) -> pd.DataFrame:
    held = (table["came"] >= table["low"]) & (table["came"] <= table["high"])
    return table.assign(
        off_pct=100 * (table["expected"] / table["came"] - 1),
        plain_off_pct=100 * (table["plain"] / table["came"] - 1).where(table["own"].isna()),
        held=held.where(table["promised"].astype(bool) & table["low"].notna()),
    )


def summary(table: pd.DataFrame) -> pd.DataFrame:
    kind = table["claim"].str.split().str[:2].str.join(" ")
    rows = []
    for claim, part in [*table.groupby(kind), ("all", table)]:
        said = part[part["promised"].astype(bool)]
        with_ends = said["held"].dropna().astype(bool)
        rows.append(
            {
                "claim": claim,
                "predictions": len(part),
                "level promised": len(said),
                "with interval": len(with_ends),
                "held %": 100 * with_ends.mean() if len(with_ends) else np.nan,
                "median off %": part["off_pct"].abs().median(),
                "of promised": said["off_pct"].abs().median(),
                "plain rule": part["plain_off_pct"].abs().median(),
                "median width %": (100 * (said["high"] - said["low"]) / said["expected"]).median(),
                "ranking": part["ranking"].mean(),
            }
        )
    return pd.DataFrame(rows)


def as_markdown(table: pd.DataFrame) -> str:
    def cell(value: object) -> str:
        if isinstance(value, float):
            return "" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        return str(value)

    rows = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(cell(value) for value in row) + " |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[name for name in DAYS if DAYS[name]])
    parser.add_argument("--claims", nargs="+", choices=list(CLAIMS), default=list(CLAIMS))
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    parser.add_argument(
        "--every-interval", action="store_true", help="count every interval as a promise, those held back too"
    )
    given = parser.parse_args()
    if given.every_interval:
        ASKED.add("promised")
    table = judged(made(given.names, given.claims))
    if given.out:
        table.to_csv(given.out, index=False)
    print(f"Python {platform.python_version()}, crmlib {crmlib.__version__}")
    for part in (table.drop(columns=["plain", "own"]), summary(table)):
        print(as_markdown(part), end="\n\n")


if __name__ == "__main__":
    main()
