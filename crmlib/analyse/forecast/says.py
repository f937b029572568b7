"""What a forecast says of itself, in sentences made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.forecast.amounts import Amounts
from crmlib.analyse.forecast.intervals import LEVEL_PCT
from crmlib.analyse.forecast.outlooks import BY_STAGE, BY_TIME, LAST_YEAR, LATELY, Outlook
from crmlib.analyse.forecast.rebuilt import Ledger
from crmlib.measure.pipeline_past import PastPipeline
from crmlib.prepare.crm import Crm

WAY_WORDS = {
    BY_TIME: "each deal's stage and the time it has been there",
    BY_STAGE: "the win rate of each deal's stage",
    LAST_YEAR: "what was won in the same time a year earlier",
    LATELY: "the pace of the last months",
}
"""How each way goes about it, as it ends "by ..."."""


def coverage_words(scores: pd.DataFrame, *, way: str) -> str:
    """Whether the intervals of the past held as often as they should.

    Parameters
    ----------
    scores : DataFrame
        As `score_ways` gives them.
    way : str

    Returns
    -------
    str
        A sentence; empty where nothing was tested.

    Examples
    --------
    >>> scores = pd.DataFrame({"way": ["a"], "forecasts": [10], "coverage_pct": [80.0]})
    >>> coverage_words(scores, way="a")
    'In 8 of 10 past forecasts what happened lay inside the bounds; 8 in 10 should.'
    """
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
    """The forecast and how far to trust it, in two or three sentences.

    Parameters
    ----------
    horizon, total, way, baseline, is_thin, scores, comparison, currency
        As `Forecast` has them.

    Returns
    -------
    str

    Examples
    --------
    >>> pipeline_says(horizon="3 months", total={"expected": 5.0, "low": 4.0, "high": 6.0}, way=LATELY,
    ...               baseline=LATELY, is_thin=True, scores=pd.DataFrame(columns=["way"]),
    ...               comparison=pd.DataFrame(columns=["way"]), currency="EUR")[:68]
    'In the coming 3 months 5 EUR is expected to be won (4 to 6), by the '
    """
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
    """What was filled in, what was left out.

    Parameters
    ----------
    outlook, amounts, ledger, now, past
        As `forecast_pipeline` has them.

    Returns
    -------
    tuple of str

    Examples
    --------
    See `crmlib.analyse.forecast.pipeline.forecast_pipeline`; it says of a company whose deals all have amounts:

    >>> from crmlib.analyse.forecast.pipeline import _little_company, forecast_pipeline
    >>> forecast_pipeline(_little_company(), draws=100, most_past=0).notes
    ()
    """
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
    """What the forecast cannot know, and where it lost.

    Parameters
    ----------
    past, way, baseline, is_thin, scores, now, crm, comparison
        As `forecast_pipeline` has them.

    Returns
    -------
    tuple of str

    Examples
    --------
    See `crmlib.analyse.forecast.pipeline.forecast_pipeline`; two years of history say this much:

    >>> from crmlib.analyse.forecast.pipeline import _little_company, forecast_pipeline
    >>> len(forecast_pipeline(_little_company(), draws=100, most_past=0).limits)
    2
    """
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
