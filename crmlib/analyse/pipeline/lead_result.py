"""What the scoring of open deals comes out as."""

from dataclasses import dataclass
from html import escape

import pandas as pd

LEAD_MODELS = {
    "logistic_regression": "a weighted sum of the figures",
    "decision_tree": "a decision tree",
    "boosted_trees": "many small trees",
    "neural_net": "a small neural net",
    "stage_alone": "the win rate of the stage alone",
    "age_alone": "the days since a deal was opened alone",
    "base_rate": "the same chance for every deal",
}
"""Ways to foretell a win, as a sentence can name them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LeadScores:
    """Open deals with their chance to be won, and how good such chances were on a later period.

    Parameters
    ----------
    table : DataFrame indexed by opportunity_id, the likeliest first
        `customer_id`, `owner_id`, `product_id`, `source`, `stage`, `age_days`, `probability` (to be won within the
        horizon, 0 to 1), `score` (1 to 99: the place among the open deals by probability), `similarity_pct` (share
        of the deals won that are as like the won, or less), `value` and `expected_value` (probability times value;
        account currency), `value_estimated`, `speaks_for`, `speaks_against`.
    horizon_days : int
    evaluation : DataFrame, one row a way to foretell
        `model`, `kind`, `auc`, `log_loss`, `brier`, `lift_top_decile`, each with `_low` and `_high` (95 %, deals
        drawn again), `chosen`. On a later period.
    differences : DataFrame, one row a baseline
        Chosen minus baseline, with interval; `better` (AUC), `sharper` (log loss).
    tenths : DataFrame
        Deals of the test by their chance, see `lead_evaluation.tenths`.
    drivers : DataFrame
        `indicator`, `auc_loss`, `low`, `high`, `direction`.
    reason_table : DataFrame, see `lead_reasons.lead_reasons`
    refused : Series feature -> reason
        Features that know the outcome.
    left_out : Series feature -> reason
        Features that say nothing of their own.
    features : list of the features that count
    periods : DataFrame, see `lead_moments.period_table`
    won, not_won, open : int
        Deals won, not won (lost, or open for longer than the horizon), and open ones that are scored.
    undated : int
        Open deals without an opening date, which are not scored.
    lost_recorded : bool
    beats_base : bool
        Whether it ranks deals better than by chance, by the interval.
    beats_stage : bool or None
        The same against the win rate of the stage alone; None where no stage history is kept.
    beats_age : bool
        The same against the days since a deal was opened alone.
    currency : str
    says : str
    notes : tuple of str
    portrait_says : str
        Why there is no similarity, where there is none.

    Examples
    --------
    See `crmlib.analyse.pipeline.lead_scores.score_leads`.
    """

    table: pd.DataFrame
    horizon_days: int
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    tenths: pd.DataFrame
    drivers: pd.DataFrame
    reason_table: pd.DataFrame
    refused: pd.Series
    left_out: pd.Series
    features: list[str]
    periods: pd.DataFrame
    won: int
    not_won: int
    open: int
    undated: int
    lost_recorded: bool
    beats_base: bool
    beats_stage: bool | None
    beats_age: bool
    currency: str
    says: str
    notes: tuple[str, ...] = ()
    portrait_says: str = ""

    @property
    def chosen(self) -> pd.Series:
        """The row of `evaluation` of the way that was chosen.

        Examples
        --------
        See `crmlib.analyse.pipeline.lead_scores.score_leads`.
        """
        return self.evaluation[self.evaluation["chosen"]].iloc[0]

    def _repr_html_(self) -> str:
        shown = self.table[["probability", "score", "similarity_pct", "expected_value", "speaks_for"]]
        return f"<p>{escape(self.says)}</p>{shown.head(10).round(3).to_html()}"


def lead_verdict(
    evaluation: pd.DataFrame, differences: pd.DataFrame, periods: pd.DataFrame, *, horizon_days: int
) -> str:
    """What the test says, plainly, whichever way it went.

    Parameters
    ----------
    evaluation, differences : DataFrames, as `lead_evaluation.evaluate_leads` makes them
    periods : DataFrame, as `lead_moments.period_table` makes it
    horizon_days : int

    Examples
    --------
    >>> row = {"model": "boosted_trees", "auc": 0.8, "auc_low": 0.7, "auc_high": 0.9, "chosen": True}
    >>> gap = {"baseline": "stage_alone", "auc_difference": 0.02, "auc_low": -0.01, "auc_high": 0.05, "better": False}
    >>> when = {"role": "test", "moment": pd.Timestamp("2024-05-01"), "until": pd.Timestamp("2024-06-01"),
    ...         "deals": 90, "won": 30}
    >>> print(lead_verdict(pd.DataFrame([row]), pd.DataFrame([gap]), pd.DataFrame([when]), horizon_days=31))
    Tested on 2024-05-01 to 2024-06-01: 30 of 90 open deals were won within 31 days. Chosen: many small trees, AUC
    0.80 (0.70 to 0.90). It is not shown to be better than the win rate of the stage alone (AUC +0.02, -0.01 to
    +0.05).
    """
    test, best = periods[periods["role"] == "test"], evaluation[evaluation["chosen"]].iloc[0]
    parts = [
        f"Tested on {test['moment'].min():%Y-%m-%d} to {test['until'].max():%Y-%m-%d}: {int(test['won'].sum()):,} of "
        f"{int(test['deals'].sum()):,} open deals were won within {horizon_days} days.",
        f"Chosen: {LEAD_MODELS[best['model']]}, AUC {best['auc']:.2f} ({best['auc_low']:.2f} to "
        f"{best['auc_high']:.2f}).",
    ]
    for better, words in ((True, "better than"), (False, "not shown to be better than")):
        said = [
            f"{LEAD_MODELS[row['baseline']]} (AUC {row['auc_difference']:+.2f}, {row['auc_low']:+.2f} to "
            f"{row['auc_high']:+.2f})"
            for _, row in differences[differences["better"] == better].iterrows()
        ]
        if said:
            parts.append(f"It is {words} {'; '.join(said)}.")
    return " ".join(parts)
