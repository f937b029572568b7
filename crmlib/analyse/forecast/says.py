"""What a forecast says of itself, in sentences made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.chances import Amounts
from crmlib.analyse.forecast.horizon import Ledger
from crmlib.analyse.forecast.outlooks import BY_STAGE, BY_TIME, LAST_YEAR, LATELY, Outlook
from crmlib.analyse.forecast.scores import LEVEL_PCT
from crmlib.analyse.forecast.series import (
    AVERAGE,
    DIFFERENCES,
    FEWEST_ORIGINS,
    LINE,
    SEASONAL,
    SMOOTHING,
    Tried,
)
from crmlib.analyse.forecast.series import LATELY as MODELS_LATELY
from crmlib.measure.deals.past import PastPipeline
from crmlib.measure.sales import SalesSeries
from crmlib.prepare.crm import Crm

WAY_WORDS = {
    BY_TIME: "each deal's stage and the time it has been there",
    BY_STAGE: "the win rate of each deal's stage",
    LAST_YEAR: "what was won in the same time a year earlier",
    LATELY: "the pace of the last months",
}
"""How each way goes about it, as it ends "by ..."."""


def coverage_words(scores: pd.DataFrame, *, way: str) -> str:
    """Whether the intervals of the past held as often as they should."""
    row = scores[scores["way"] == way]
    if row.empty:
        return ""
    n, inside = int(row["forecasts"].iloc[0]), row["coverage_pct"].iloc[0]
    hits = round(n * inside / 100)
    said = (
        f"In {hits:,} of {n:,} past {'forecast' if n == 1 else 'forecasts'} what happened lay inside the bounds; "
        f"{LEVEL_PCT / 10:.0f} in 10 should."
    )
    # Off by more than chance: two standard errors of a share, were the forecasts independent.
    error = 200 * np.sqrt(LEVEL_PCT * (100 - LEVEL_PCT) / 1e4 / max(n, 1))
    if inside < LEVEL_PCT - error:
        said += " The bounds were too narrow: take them as the least."
    return said


def pipeline_says(
    *, horizon: str, total: dict[str, float], way: str, baseline: str, is_thin: bool, scores: pd.DataFrame,
    comparison: pd.DataFrame, currency: str, **_: Any,
) -> str:  # fmt: skip
    """The forecast and how far to trust it, in two or three sentences."""
    unit = f" {currency}" if currency else ""
    said = (
        f"In the coming {horizon} {total['expected']:,.0f}{unit} is expected to be won "
        f"({total['low']:,.0f} to {total['high']:,.0f}), by {WAY_WORDS[way]}."
    )
    if is_thin:
        return f"{said} There is too little history to try other ways, so the simple one was taken."
    score = scores.set_index("way")
    said += (
        f" Over {int(score.loc[way, 'forecasts'])} past pipelines that was off by "
        f"{score.loc[way, 'wape_pct']:.0f} % on the whole"
    )
    if way == baseline:
        return f"{said}; no other way was nearer."
    better = comparison.set_index("way").loc[baseline, "better"]
    return f"{said}, against {score.loc[baseline, 'wape_pct']:.0f} % by {WAY_WORDS[baseline]}" + (
        "." if better == "yes" else ", a difference that chance may have made."
    )


def pipeline_notes(
    *, outlook: Outlook, amounts: Amounts, ledger: Ledger, now: PastPipeline, past: pd.DataFrame, **_: Any
) -> tuple[str, ...]:
    """What was filled in, what was left out."""
    said = []
    open_deals = now.open
    missing = int(amounts.fill(open_deals, is_open=True)[1].sum()) if len(open_deals) else 0
    if missing:
        why = "" if amounts.known_while_open else " (here amounts are known only once a deal is closed)"
        said.append(
            f"{missing:,} of {len(open_deals):,} open deals had no amount{why}; each counts with the usual "
            "amount of won deals of the same product, category or size of customer."
        )
    deals = ledger.deals
    undated = int((deals["created_at"].isna() & (deals["outcome"] == "open")).sum())
    if undated:
        said.append(f"{undated:,} open deals without a date of creation were left out.")
    no_end = int((deals["closed_at"].isna() & deals["outcome"].isin(["won", "lost"])).sum())
    if no_end:
        said.append(f"{no_end:,} closed deals without a closing date were left out.")
    nowhere = int((open_deals["stage"] == "").sum())
    if nowhere:
        said.append(f"{nowhere:,} open deals whose stage is not known count as if they had just begun.")
    return tuple(said)


def pipeline_limits(
    *, past: pd.DataFrame, way: str, baseline: str, is_thin: bool, scores: pd.DataFrame, now: PastPipeline,
    crm: Crm, comparison: pd.DataFrame, **_: Any,
) -> tuple[str, ...]:  # fmt: skip
    """What the forecast cannot know, and where it lost."""
    said = []
    dates = past["made_on"].nunique()
    if is_thin:
        why = "no deal is open" if now.open.empty else f"only {dates} past pipelines can be tried"
        if not dates and not now.open.empty:
            why = "the history is too short to try past pipelines"
        said.append(f"The forecast goes by {WAY_WORDS[way]}: {why}.")
    elif way == baseline:
        said.append(
            f"No other way was nearer on the past than {WAY_WORDS[baseline]}, so the forecast does not look at "
            "the open deals one by one."
        )
    else:
        for row in comparison.itertuples():
            if row.better != "yes":
                said.append(
                    f"It is not shown beyond chance that {WAY_WORDS[way]} foretells better than "
                    f"{WAY_WORDS[row.way]}."
                )
    covered = coverage_words(scores, way=way)
    if covered:
        said.append(covered)
    if "stage_history" not in crm:
        said.append("No history of stages is kept: all open deals count as in one stage, by their age.")
    said.append(
        "A change of prices, people or market that has no example in the past is not in it; amounts are those "
        "noted in the deals today, also where a past pipeline is rebuilt."
    )
    return tuple(said)


SERIES_WORDS = {
    SEASONAL: "the same time a year earlier",
    MODELS_LATELY: "the mean of the last three periods",
    SMOOTHING: "a smoothed level",
    DIFFERENCES: "changes from period to period",
    LINE: "a drifting line",
    AVERAGE: "the average of several ways",
}
"""How each way goes about it, as it ends "by ..."."""

MEASURE_WORDS = {
    "net_amount": "sales",
    "quantity": "pieces sold",
    "margin": "margin",
    "order_count": "orders",
    "won_amount": "won deals",
}


def sales_says(
    *, horizon: str, total: dict[str, float], measure: str, unit: str, way: str, is_thin: bool,
    scores: pd.DataFrame, comparison: pd.DataFrame, tried: Tried, **_: Any,
) -> str:  # fmt: skip
    """The forecast and how far to trust it, in two or three sentences."""
    unit = f" {unit}" if unit else ""
    bounds = f" ({total['low']:,.0f} to {total['high']:,.0f})" if np.isfinite(total["low"]) else ""
    said = (
        f"In the coming {horizon} {total['expected']:,.0f}{unit} of {MEASURE_WORDS[measure]} are expected"
        f"{bounds}, by {SERIES_WORDS[way]}."
    )
    if is_thin:
        return f"{said} There is too little history to try other ways, so the simple one was taken."
    score, simple = scores.set_index("way"), tried.baseline
    said += f" On past periods that was off by {score.loc[way, 'wape_pct']:.1f} % on the whole"
    if way == simple:
        return f"{said}; no other way was nearer."
    better = comparison.set_index("way").loc[simple, "better"]
    return f"{said}, against {score.loc[simple, 'wape_pct']:.1f} % by {SERIES_WORDS[simple]}" + (
        "." if better == "yes" else ", a difference that chance may have made."
    )


def sales_notes(*, series: SalesSeries, freq: str, measure: str, **_: Any) -> tuple[str, ...]:
    """What was left out."""
    left, said = series.left_out, []
    if pd.notna(left["running_start"]):
        said.append(
            f"The {freq} that began on {left['running_start']:%Y-%m-%d} was not over and is left out of the past."
        )
    if pd.notna(left["first_start"]):
        said.append(
            f"The {freq} that began on {left['first_start']:%Y-%m-%d} is left out: the data begin later in it."
        )
    if measure == "margin":
        said.append("Margin counts lines whose cost is known.")
    return tuple(said)


def sales_limits(
    *, way: str, scores: pd.DataFrame, comparison: pd.DataFrame, is_thin: bool, tried: Tried,
    series: SalesSeries, freq: str, **_: Any,
) -> tuple[str, ...]:  # fmt: skip
    """What the forecast cannot know, and where it lost."""
    said, count = [], len(series.values)
    if is_thin:
        said.append(
            f"The history has {count:,} whole {freq}{'' if count == 1 else 's'}: too few to try other ways than "
            f"{SERIES_WORDS[way]}."
        )
        if tried.past["made_on"].nunique() < 2:
            said.append("How far off that was before could not be tried, so no bounds are given.")
    elif way == tried.baseline:
        said.append(f"No other way was nearer on the past than {SERIES_WORDS[way]}.")
    else:
        better = comparison.set_index("way")["better"]
        if better.get(tried.baseline) != "yes":
            said.append(
                f"It is not shown beyond chance that {SERIES_WORDS[way]} foretells better than "
                f"{SERIES_WORDS[tried.baseline]}."
            )
    covered = coverage_words(scores, way=way) if tried.past["made_on"].nunique() >= FEWEST_ORIGINS else ""
    if covered:
        said.append(covered)
    said.append("A change that has no example in the past, such as a new competitor or price, is not in it.")
    return tuple(said)
