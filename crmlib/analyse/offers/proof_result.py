"""What the proof of offers comes out as."""

from dataclasses import dataclass, field
from html import escape

import pandas as pd

from crmlib.analyse.offers.proof_measures import BUYERS, EVERYBODY, verdict_of
from crmlib.analyse.offers.proof_sides import OFFERS, PLAIN_SIDES, POPULARITY

ALL_OFFERS, NEW_OFFERS = "all offers", "new to the customer"
"""The two questions: whatever is offered, and only what the customer has not bought before."""

VERDICT_MEASURE = "hit_rate_pct"
"""Fixed beforehand: the share of customers who bought at least one of the products named to them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OffersProof:
    """How offers made in the past fared against what customers then bought, beside simpler lists.

    Attributes
    ----------
    overall : DataFrame
        `question` ("all offers", "new to the customer"), `judged` ("everybody": bought at least once before the
        cut-off; "buyers": those of them who bought, something new where that is the question, in the holdout),
        `side`, `measure`, `value`, `low`, `high` (95 %, customers drawn again, all cut-offs of one together).
        Measures: `hit_rate_pct` (bought at least one of the k), `precision_pct` (of k named), `recall_pct`
        and `ndcg` (buyers only), `revenue_per_customer`, `revenue_share_pct` (of what was spent),
        `novelty_bits`, `new_share_pct` (of those named), `coverage_pct` (of the products sold before the
        cut-off; counted, so without an interval).
    measures : DataFrame
        The same for each `cutoff`.
    differences : DataFrame
        `question`, `judged`, `side`, `measure`, `difference` (offers minus the side), `low`, `high`, `ahead`
        ("yes", "no", "uncertain").
    by_decile : DataFrame
        All offers in groups of like probability; see `acceptance_by_decile`.
    by_kind : DataFrame
        `question` and the columns of `acceptance_by_kind`.
    periods : DataFrame, one row a cut-off
        `cutoff`, `until` (by the clocks of the workspace's zone), `customers` (judged), `buyers`, `with_offers`,
        `products`.
    beats_popularity, beats_popularity_new : "yes", "no" or "uncertain"; the latter "" where it was not asked
        By the interval of the difference in hit rate, everybody judged.
    holdout_days, k : int
    says : str
    notes : tuple of str
    currency : str

    Examples
    --------
    >>> proof = _little_proof()
    >>> proof.beats_popularity, proof.value("hit_rate_pct"), proof.value("hit_rate_pct", side="popularity")
    ('yes', 30.0, 20.0)
    """

    overall: pd.DataFrame
    measures: pd.DataFrame = field(repr=False)
    differences: pd.DataFrame
    by_decile: pd.DataFrame
    by_kind: pd.DataFrame
    periods: pd.DataFrame
    beats_popularity: str
    beats_popularity_new: str
    holdout_days: int
    k: int
    says: str
    notes: tuple[str, ...] = ()
    currency: str = ""

    def row(
        self, measure: str, *, side: str = OFFERS, question: str = ALL_OFFERS, judged: str = EVERYBODY
    ) -> pd.Series | None:
        """One line of `overall`, or None where there is none.

        Parameters
        ----------
        measure, side, question, judged : str

        Returns
        -------
        Series or None

        Examples
        --------
        >>> float(_little_proof().row("hit_rate_pct")["high"])
        33.0
        """
        return _one(self.overall, measure=measure, side=side, question=question, judged=judged)

    def value(self, measure: str, **which: str) -> float:
        """The value of one line of `overall`; NaN where there is none.

        Parameters
        ----------
        measure : str
        **which : `side`, `question`, `judged`, as for `row`

        Returns
        -------
        float

        Examples
        --------
        >>> _little_proof().value("hit_rate_pct", side="nobody")
        nan
        """
        found = self.row(measure, **which)
        return float("nan") if found is None else float(found["value"])

    def ahead_of(
        self,
        side: str,
        measure: str = VERDICT_MEASURE,
        *,
        question: str = ALL_OFFERS,
        judged: str = EVERYBODY,
    ) -> pd.Series | None:
        """How far the offers are ahead of another side, or None where that was not asked.

        Parameters
        ----------
        side, measure, question, judged : str

        Returns
        -------
        Series or None
            `difference`, `low`, `high`, `ahead`.

        Examples
        --------
        >>> _little_proof().ahead_of("popularity")["difference"].item()
        10.0
        """
        return _one(self.differences, measure=measure, side=side, question=question, judged=judged)

    def _repr_html_(self) -> str:
        table = self.overall.pivot_table(
            index=["question", "judged", "side"], columns="measure", values="value", sort=False
        )
        return f"<p>{escape(self.says)}</p>{table.round(3).to_html()}"


def verdict_on(differences: pd.DataFrame, question: str) -> str:
    """Whether the offers beat the best sellers, by the measure that was fixed beforehand.

    Parameters
    ----------
    differences : DataFrame
        As in `OffersProof`.
    question : str

    Returns
    -------
    "yes", "no", "uncertain", or "" where it was not asked

    Examples
    --------
    >>> verdict_on(_little_proof().differences, "new to the customer")
    ''
    """
    row = _one(differences, measure=VERDICT_MEASURE, side=POPULARITY, question=question, judged=EVERYBODY)
    return "" if row is None else verdict_of(row["low"], row["high"])


def plain_verdict(overall: pd.DataFrame, differences: pd.DataFrame, *, holdout_days: int, k: int) -> str:
    """What the proof found, in plain words, whichever way it went.

    Parameters
    ----------
    overall, differences : DataFrame
        As in `OffersProof`.
    holdout_days, k : int

    Returns
    -------
    str

    Examples
    --------
    >>> proof = _little_proof()
    >>> print(plain_verdict(proof.overall, proof.differences, holdout_days=28, k=5))
    Within 28 days 30.0 % of customers bought at least one of the 5 products offered. That beats the best sellers:
    +10.0 points (+8.0 to +12.0).
    """
    said = []
    for question, what in ((ALL_OFFERS, "products offered"), (NEW_OFFERS, "offered that were new to them")):
        ours = _one(overall, measure=VERDICT_MEASURE, side=OFFERS, question=question, judged=EVERYBODY)
        if ours is None:
            continue
        when = f"Within {holdout_days} days " if not said else ""
        said.append(f"{when}{ours['value']:.1f} % of customers bought at least one of the {k} {what}.")
        rows = differences[
            (differences["question"] == question)
            & (differences["judged"] == EVERYBODY)
            & (differences["measure"] == VERDICT_MEASURE)
        ]
        for row in rows.itertuples():
            verb = {"yes": "beats", "no": "falls behind"}.get(row.ahead, "is not shown to beat")
            gain = f"{row.difference:+.1f} points ({row.low:+.1f} to {row.high:+.1f})".replace("-", "−")
            said.append(f"That {verb} {PLAIN_SIDES.get(row.side, row.side)}: {gain}.")
    return " ".join(said)


def _one(table: pd.DataFrame, **which: str) -> pd.Series | None:
    for column, value in which.items():
        table = table[table[column] == value]
    return table.iloc[0] if len(table) else None


def _little_proof() -> OffersProof:
    """Five thousand customers, of whom more took an offer than a best seller."""
    overall = pd.DataFrame(
        [("offers", 30.0, 27.0, 33.0), ("popularity", 20.0, 18.0, 22.0), ("own repeats", 29.5, 27.0, 32.0)],
        columns=["side", "value", "low", "high"],
    )
    overall = overall.assign(question=ALL_OFFERS, judged=EVERYBODY, measure=VERDICT_MEASURE)
    ahead = pd.DataFrame(
        [("popularity", 10.0, 8.0, 12.0, "yes")], columns=["side", "difference", "low", "high", "ahead"]
    ).assign(question=ALL_OFFERS, judged=EVERYBODY, measure=VERDICT_MEASURE)
    periods = pd.DataFrame(
        {"cutoff": [pd.Timestamp("2024-05-03")], "until": [pd.Timestamp("2024-05-31")], "customers": [5000],
         "buyers": [3000], "with_offers": [5000], "products": [400]}
    )  # fmt: skip
    empty = pd.DataFrame()
    return OffersProof(
        overall=overall, measures=empty, differences=ahead, by_decile=empty, by_kind=empty, periods=periods,
        beats_popularity="yes", beats_popularity_new="", holdout_days=28, k=5, says="", currency="EUR",
    )  # fmt: skip


__all__ = ["ALL_OFFERS", "BUYERS", "EVERYBODY", "NEW_OFFERS", "OffersProof", "plain_verdict", "verdict_on"]
