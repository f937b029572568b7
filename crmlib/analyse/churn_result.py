"""What a prediction of who stops, or who buys, comes out as."""

from dataclasses import dataclass
from html import escape

import pandas as pd

from crmlib.analyse.churn_candidates import PLAIN_NAMES


@dataclass(frozen=True, kw_only=True, eq=False)
class ChurnModel:
    """Each customer's probability of an outcome, how good such probabilities were on a later period, and why.

    Parameters
    ----------
    outcome : str
        What is foretold, as it ends a sentence about one customer: "buys nothing within 60 days".
    stops : bool
        Whether the outcome is a loss.
    horizon_days : int or None
    active_days : int or None
        Only customers who bought within so many days are asked about; None: all.
    scores : Series customer_id -> probability at the closing moment, 0 to 1
    evaluation : DataFrame, one row a model
        `model`, `kind` ("candidate", "baseline"), `auc`, `log_loss`, `brier`, `lift_top_decile`, each with
        `_low` and `_high` (95 %), `chosen`. On customers the models had not seen.
    differences : DataFrame, one row a baseline
        Chosen minus baseline of each measure, with interval, and `better`.
    calibration : DataFrame
        `customers`, `predicted_pct`, `observed_pct`, `low`, `high`.
    gains : DataFrame
        `reached_pct`, `found_pct`, `low`, `high`, and `found_pct_<baseline>`.
    drivers : DataFrame
        `indicator`, `auc_loss`, `low`, `high`, `direction`.
    reasons : Series customer_id -> words
    reason_table : DataFrame
        `customer_id`, `place`, `indicator`, `value`, `typical`, `direction`, `log_odds`.
    revenue_at_risk : Series customer_id -> account currency within the horizon
        Probability times `value`; NaN where the outcome is no loss or the value is not known.
    value : Series customer_id -> what the customer brought in the last horizon, account currency
    refused : Series feature -> reason
        Features that know the outcome.
    left_out : Series feature -> reason
        Features that say nothing of their own.
    features : list of the features that count
    tree : DataFrame
        The decision tree, see `churn_reasons.tree_table`; empty where it did not compete.
    tree_text : str
    periods : DataFrame
        `role` ("learn", "test", "refit", "score"), `cutoff`, `until`, `customers`, `outcomes`,
        `outcome_share_pct`. Moments by the clocks of the workspace's zone.
    base_rate : float
        Share of the customers of the test with the outcome, 0 to 1.
    beats_baselines : bool
        Whether the chosen model ranks customers better than every baseline, by the interval of the
        difference.
    tested_later : bool
        Whether the test was on a later period.
    says : str
    notes : tuple of str
    currency : str

    Examples
    --------
    See `crmlib.analyse.churn.fit_churn`.
    """

    outcome: str
    stops: bool
    horizon_days: int | None
    scores: pd.Series
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    calibration: pd.DataFrame
    gains: pd.DataFrame
    drivers: pd.DataFrame
    reasons: pd.Series
    reason_table: pd.DataFrame
    revenue_at_risk: pd.Series
    value: pd.Series
    refused: pd.Series
    left_out: pd.Series
    features: list[str]
    tree: pd.DataFrame
    tree_text: str
    periods: pd.DataFrame
    base_rate: float
    beats_baselines: bool
    tested_later: bool
    says: str
    notes: tuple[str, ...] = ()
    currency: str = ""
    active_days: int | None = None

    @property
    def chosen(self) -> pd.Series:
        """The row of `evaluation` of the model that was chosen.

        Examples
        --------
        See `crmlib.analyse.churn.fit_churn`.
        """
        return self.evaluation[self.evaluation["chosen"]].iloc[0]

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.says)}</p>{self.evaluation.round(3).to_html(index=False)}"


def verdict(
    evaluation: pd.DataFrame,
    differences: pd.DataFrame,
    *,
    outcome: str,
    customers: int,
    hits: int,
    how: str,
    notes: tuple[str, ...] = (),
) -> str:
    """What the test says, plainly, whichever way it went.

    Parameters
    ----------
    evaluation, differences : DataFrames, as `churn_evaluation.evaluate` makes them
    outcome : str
    customers, hits : int
        Of the test.
    how : str
        How it was tested, a sentence.
    notes : sentences

    Returns
    -------
    str

    Examples
    --------
    >>> row = {"model": "decision_tree", "auc": 0.8, "auc_low": 0.7, "auc_high": 0.9, "chosen": True}
    >>> ahead = {"baseline": "recency", "auc_difference": 0.02, "auc_low": -0.01, "auc_high": 0.05,
    ...          "better": False}
    >>> print(verdict(pd.DataFrame([row]), pd.DataFrame([ahead]), outcome="stops", customers=200, hits=50,
    ...               how="Tested later."))
    Tested later. Of 200 customers, 50 (25.0 %) were such that the customer stops. Chosen: a decision tree, AUC
    0.80 (0.70 to 0.90). It is not shown to be better than days since the last order alone (AUC +0.02, -0.01 to
    +0.05).
    """
    best = evaluation[evaluation["chosen"]].iloc[0]
    parts = [
        how,
        f"Of {customers:,} customers, {hits:,} ({100 * hits / customers:.1f} %) were such that the customer "
        f"{outcome}.",
        f"Chosen: {PLAIN_NAMES[best['model']]}, AUC {best['auc']:.2f} ({best['auc_low']:.2f} to "
        f"{best['auc_high']:.2f}).",
    ]
    for better, words in ((True, "better than"), (False, "not shown to be better than")):
        said = [
            f"{PLAIN_NAMES[row['baseline']]} (AUC {row['auc_difference']:+.2f}, {row['auc_low']:+.2f} to "
            f"{row['auc_high']:+.2f})"
            for _, row in differences[differences["better"] == better].iterrows()
        ]
        if said:
            parts.append(f"It is {words} {'; '.join(said)}.")
    return " ".join([*parts, *notes])
