"""How often the verdict on a model is wrong: 200 simulated years each of a model that holds, and of ones that fail.

Every month a promise is made about each customer and judged a quarter later by the rules of
`crmlib.analyse.promises`. Months bring surprises that the promised range of 80 % knows of, and promises overlap.

    python benchmarks/model_health.py --years 200 [--without-order]
    python benchmarks/model_health.py --sample data/b2b [--leaving 10] [--refit by_verdict] [--into FOLDER]

The second draws the sample company with a drift (`crmlib sample --leaving`), and goes through the orders of its last
year month by month: what was promised, what came, the verdict, and which model stood. FOLDER is then a workspace with
all that was promised: `crmlib report FOLDER -r model_health --as-of 2025-10-31` shows the page of any of the months.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import crmlib
from crmlib.analyse import promises
from crmlib.analyse.learn import evaluate as learnt
from crmlib.sample.dirt import write_company

MONTHS, AHEAD, SURPRISE, BEGINS = 15, 3, 0.15, 6
"""Promises of twelve months and the quarter after them; standard deviation of a month on the log-odds scale; the
month from which on the truth moves."""
MOST_FALSE_PCT = 5.0
"""Of years in which nothing moves, at most so many may bring "refit" or "do not use"."""


ALARMS = (promises.DO_NOT_USE, promises.REFIT)


def year(rng: np.random.Generator, *, customers: int, shift: float, ranks: bool) -> list[tuple[str, int]]:
    """The verdicts of one year, month by month; from its middle on the truth moves by `shift`, if at all."""
    months = rng.normal(0, SURPRISE, MONTHS + AHEAD) + np.where(
        np.arange(MONTHS + AHEAD) >= BEGINS, shift / AHEAD, 0
    )
    rows, found = [], []
    for month in range(MONTHS):
        truth = rng.normal(-0.5, 1, customers)
        said = truth if ranks else rng.permutation(truth)
        draws = [expit(said + x).mean() for x in rng.normal(0, SURPRISE * AHEAD**0.5, 200)]
        draws = rng.binomial(customers, draws) / customers
        stopped = rng.random(customers) < expit(truth + months[month : month + AHEAD].sum())
        one = {
            "customers": {
                str(i): [p, silence, 1.0]
                for i, (p, silence) in enumerate(
                    zip(expit(said), truth + rng.normal(0, 1, customers), strict=True)
                )
            },
            "range": [float(end) for end in np.quantile(draws, [0.1, 0.9])],
        }
        made = pd.Timestamp("2024-01-01") + pd.DateOffset(months=month)
        came = {str(i) for i in np.flatnonzero(~stopped)}
        rows.append(
            {"made_on": made, "until": made + pd.DateOffset(months=AHEAD), **promises.score(one, came)}
        )
        verdict, _ = promises.judge(pd.DataFrame(rows), promises.drift_of({}, pd.DataFrame()))
        found.append((verdict, month))
    return found


def expit(x: np.ndarray) -> np.ndarray:
    """Log-odds as a probability."""
    return 1 / (1 + np.exp(-x))


def in_order(*_: object, **__: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Stands for the evaluation where only shares are judged: a model in good order, ahead of the plain rule."""
    rows = pd.DataFrame(
        {"model": ["model", "plain"], "auc": [0.8, 0.7], "auc_low": [0.7, 0.6], "auc_high": [0.9, 0.8]}
    )
    return rows, pd.DataFrame({"auc_difference": [0.1], "auc_low": [0.0], "auc_high": [0.2]})


def drift_alarms(rng: np.random.Generator, *, customers: int, moved: float, years: int) -> float:
    """Of years of twelve looks at six figures, those in which any counts as drifted, in percent."""
    hits = 0
    for _ in range(years):
        then = {f"f{i}": promises.spread_of(pd.Series(rng.lognormal(0, 1, customers))) for i in range(6)}
        looks = (
            pd.DataFrame({f"f{i}": rng.lognormal(moved if i == 0 else 0, 1, customers) for i in range(6)})
            for _ in range(12)
        )
        hits += any(promises.drift_of(then, look)["drifted"].any() for look in looks)
    return 100 * hits / years


QUARTER_DAYS = 91
ORDERS = ["order_id", "customer_id", "product_id", "ordered_at", "net_amount"]


def orders_with_a_drift(
    workspace: str, *, leaving: float, seed: int
) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    """The orders of the sample company, of whose customers so many percent more leave in each month; its month ends."""
    with tempfile.TemporaryDirectory() as root:
        shutil.copy(Path(workspace) / "crm.toml", root)
        write_company(root, seed=seed, leaving_pct=leaving)
        crm = crmlib.open_workspace(root)
        lines = crm.frame("transactions")[ORDERS].dropna()
    ends = pd.date_range(end=crm.as_of.normalize(), periods=13, freq="ME")
    return lines.assign(ordered_at=lines["ordered_at"].dt.tz_localize("UTC")), ends


def on_the_sample(workspace: str, *, leaving: float, refit: str, seed: int, into: str | None) -> None:
    """Go through a year of monthly runs of the model of who stops buying, and print what page 13 would say."""
    lines, ends = orders_with_a_drift(workspace, leaving=leaving, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        root = into or scratch
        Path(root).mkdir(parents=True, exist_ok=True)
        lines.to_parquet(Path(root) / "orders.parquet")
        (Path(root) / "crm.toml").write_text(
            f'name = "copy"\ncurrency = "SGD"\nas_of = {ends[-1]:%Y-%m-%d}\n[models]\nrefit = "{refit}"\n'
            '[tables.transactions]\nfrom = "orders.parquet"\n'
        )
        crm = crmlib.open_workspace(root)
        for end in ends:
            then = crm.at(end.date())
            figures = crmlib.compute_indicators(then)
            watch = promises.watch_model(then, figures)
            past = watch.learnt_from(then)
            model = crmlib.fit_churn(
                then,
                horizon_days=QUARTER_DAYS,
                now=figures,
                learnt_from=past,
                candidates=["logistic_regression"],
            )
            promises.keep_promise(then, model, figures)
            told = "-"
            if len(watch.scored):
                due = watch.scored.iloc[-1]
                told = f"made {due['made_on']:%Y-%m-%d}: {due['expected']:.1f} ({due['low']:.1f} to {due['high']:.1f})"
                told += f" expected, {due['actual']:.1f} came"
            print(
                f"{end:%Y-%m}",
                watch.verdict,
                watch.reason,
                f"learnt {past.as_of:%Y-%m-%d}",
                told,
                sep="\t",
                flush=True,
            )


def main() -> None:
    """Print one line a case."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--without-order", action="store_true", help="Quick: judge shares alone, not the order."
    )
    parser.add_argument(
        "--sample", help="Workspace whose crm.toml reads the sample company, gone through instead."
    )
    parser.add_argument(
        "--leaving", type=float, default=10.0, help="Of the customers, in each month, percent."
    )
    parser.add_argument("--into", help="An empty folder, which becomes the workspace that is gone through.")
    parser.add_argument("--refit", choices=["always", "by_verdict", "never"], default="always")
    given = parser.parse_args()
    if given.sample:
        return on_the_sample(
            given.sample, leaving=given.leaving, refit=given.refit, seed=given.seed, into=given.into
        )
    learnt.DRAWS = 100
    if given.without_order:
        promises.evaluate = in_order
    print("case\tcustomers\tdo_not_use_pct\trefit_pct\twatch_pct\tfound_pct\tmedian_months_to_alarm")
    too_often = []
    for case, customers, shift, ranks in (
        ("holds", 400, 0.0, True),
        ("holds", 150, 0.0, True),
        ("share moves by 0.5 on the log-odds scale", 400, 0.5, True),
        ("share moves by 1 on the log-odds scale", 400, 1.0, True),
        ("no order", 400, 0.0, False),
    ):
        if given.without_order and not ranks:
            continue
        rng = np.random.default_rng(given.seed)
        years = [year(rng, customers=customers, shift=shift, ranks=ranks) for _ in range(given.years)]
        shares = [
            100 * np.mean([any(verdict == name for verdict, _ in one) for one in years])
            for name in (*ALARMS, promises.WATCH)
        ]
        # A promise is judged when its time is over; a drift can be found from its beginning on.
        begins = BEGINS if shift else 0
        alarms = [
            min(
                [m + AHEAD - begins for m, v in enumerate(one) if v in ALARMS and m + AHEAD > begins],
                default=np.nan,
            )
            for one in ([verdict for verdict, _ in one] for one in years)
        ]
        found = 100 * np.isfinite(alarms).mean()
        if not shift and ranks and found > MOST_FALSE_PCT:
            too_often.append(case)
        print(
            case,
            customers,
            *(f"{x:.1f}" for x in (*shares, found)),
            f"{np.nanmedian(alarms):.0f}" if found else "-",
            sep="\t",
            flush=True,
        )
    print(
        "drift of inputs\tcustomers\tmoved by (standard deviations of the logarithm)\tyears_with_an_alarm_pct"
    )
    for customers, moved in ((200, 0.0), (1000, 0.0), (1000, 0.25), (1000, 0.75)):
        found = drift_alarms(
            np.random.default_rng(given.seed), customers=customers, moved=moved, years=given.years
        )
        print("figures", customers, moved, f"{found:.1f}", sep="\t", flush=True)
    if too_often:
        sys.exit(
            f"More than {MOST_FALSE_PCT:g} % of years without a drift raise an alarm: {', '.join(too_often)}"
        )


if __name__ == "__main__":
    main()
