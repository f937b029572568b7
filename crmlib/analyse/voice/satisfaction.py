"""How satisfied customers are, by whom and what, over time, and whether a bad score foretells leaving."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmlib.analyse.retention import survival_curves
from crmlib.analyse.stats.intervals import share_interval
from crmlib.analyse.stats.small_groups import OTHER, shown_traits
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.analyse.voice.themes import lexicon_of
from crmlib.analyse.voice.words import languages_of
from crmlib.measure.indicators.catalogue import HEAVY_DISCOUNT_PCT
from crmlib.measure.voice import scored_feedback
from crmlib.prepare.crm import Crm, require
from crmlib.prepare.privacy import min_group

if TYPE_CHECKING:
    from crmlib.analyse.segments.segment import Segmentation

PROMOTER, DETRACTOR = 9, 6
"""Of 10: promoters give at least so much, detractors at most so much (Reichheld 2003)."""
SATISFIED_PCT = 80
"""Share of the best score from which on an answer counts as satisfied: 4 of 5."""
UNHAPPY_PCT = 60
"""Share of the best score up to which a customer counts as unhappy: 3 of 5, 6 of 10."""
WITHIN_DAYS = 182
"""Days after a score in which the customer buys again, or does not."""
ASKED = ("nps", "csat")
OPINIONS = ("nps", "csat", "review")
TRAITS = ("region", "country", "industry", "company_size")
GROUPED_BY = ("product_id", "category", *TRAITS, "order_channel", "value_third", "discount", "segment")
DRIVERS = ("heavy_discount", "top_spend", "low_spend", "had_case")
_DRAWS = 999


@dataclass(frozen=True, kw_only=True, eq=False)
class Satisfaction:
    """How satisfied customers are.

    Attributes
    ----------
    surveys : DataFrame, one row a survey
        `kind` ("nps", "csat"), `answers`, `customers`, `score` (NPS from -100 to 100; CSAT: % satisfied), `low`,
        `high` (95 %), `weighted` (the same, were all buyers asked: by thirds of spend), `promoters`, `detractors`.
    groups : DataFrame, one row a group
        `by`, `value`, `answers`, `score_pct` (mean share of the best score), `rest_pct`, `difference` (points),
        `low`, `high` (95 %, of the difference), `q_value`. `value_third` is 1 to 3 (3 spends most), `discount`
        "heavy": more than 10 % came off the list price.
    drivers : DataFrame, one row of `DRIVERS` that enough customers have
        `driver`, `answers`, `effect` (points by which their score differs from that of customers who are alike in all
        other drivers and answered the same kind of question), `low`, `high` (95 %), `q_value`.
    quarters : DataFrame
        `period_start`, `answers`, `score_pct`, `low`, `high`.
    change : dict
        `changed_on`, `before_pct`, `after_pct`, `p_value` of the likeliest change; empty where there is none to judge.
    complaints : DataFrame, one row a theme, or "other"
        `theme`, `complaints`, `open`, `resolved_days` (median, the open ones counted as far as they have come),
        `again` (those whose customer had complained within 182 days before).
    again : dict
        `complainers`, `again_pct`, `low`, `high`: who complained and did so again within 182 days.
    leaving : DataFrame, one row each for "unhappy" and "others"
        `mood`, `customers`, `gone_pct` (bought nothing in 182 days after their score), `low`, `high`.
    leaving_gap : tuple of float
        Points by which more of the unhappy left, with its 95 % interval.
    to_call : DataFrame, the largest spend first
        As `customers_to_call` makes it.
    open_complaints : int
    response_pct : float
        Of the orders of known customers, those with an answer to a survey.
    """

    surveys: pd.DataFrame
    groups: pd.DataFrame = field(repr=False)
    drivers: pd.DataFrame = field(repr=False)
    quarters: pd.DataFrame = field(repr=False)
    change: dict
    complaints: pd.DataFrame = field(repr=False)
    again: dict
    leaving: pd.DataFrame
    leaving_gap: tuple[float, float, float]
    to_call: pd.DataFrame = field(repr=False)
    open_complaints: int
    response_pct: float
    minimum: int

    def _repr_html_(self) -> str:
        return self.surveys.round(1).to_html(index=False)


def satisfaction(crm: Crm, *, seed: int = 0, segmentation: "Segmentation | None" = None) -> Satisfaction:
    """How satisfied customers are, from surveys, reviews and complaints up to the closing moment.

    Parameters
    ----------
    crm : Crm
        With `feedback`; `transactions`, `customers` and `products` where there are any.
    seed : int
        Of the permutations that judge a change over time.
    segmentation : Segmentation, optional
        Its `labels` are groups, too.

    Returns
    -------
    Satisfaction

    Raises
    ------
    SchemaError
        If there is no table of feedback.

    Notes
    -----
    Shares have Wilson's interval, the NPS that of a mean of -1, 0 and 1. A change over time is the largest departure
    of the cumulative sum from its line, against the same of shuffled scores. Whether a bad score foretells leaving is
    asked of each customer's first score that lies at least 182 days before the closing moment.

    References
    ----------
    Reichheld, F. F. (2003). The one number you need to grow. Harvard Business Review 81. Taylor, W. A. (2000).
    Change-point analysis: a powerful new tool for detecting changes.

    Examples
    --------
    >>> said = pd.DataFrame({"feedback_id": range(4), "customer_id": ["a", "b", "c", "d"], "kind": "nps",
    ...     "given_at": "2024-01-05", "score": [10, 9, 8, 3], "score_max": 10})
    >>> found = satisfaction(Crm.from_frames(as_of="2024-06-30", feedback=said, customers=said[["customer_id"]]))
    >>> found.surveys[["kind", "answers", "score"]].values.tolist()
    [['nps', 4, 25.0]]
    """
    require(crm, "feedback")
    rows = scored_feedback(crm)
    orders, answered = int(rows.attrs["orders"]), int(rows.attrs["answered"])
    thirds = pd.Series(rows.attrs["thirds"], dtype="float64")
    rows["score_pct"] = 100 * rows["score"] / rows["score_max"]
    heavy = np.where(rows["discount_pct"] > HEAVY_DISCOUNT_PCT, "heavy", "light")
    rows["discount"] = pd.Series(heavy, index=rows.index).where(rows["discount_pct"].notna())
    rows["segment"] = np.nan if segmentation is None else rows["customer_id"].map(segmentation.labels)
    asked = rows[rows["kind"].isin(OPINIONS) & rows["score_pct"].notna()].reset_index(drop=True)
    least = min_group(crm)
    complaints = rows[rows["kind"] == "complaint"]
    leaving, gap = _leaving(rows)
    return Satisfaction(
        surveys=pd.DataFrame(
            [
                _survey(kind, asked[asked["kind"] == kind], thirds)
                for kind in ASKED
                if (asked["kind"] == kind).any()
            ]
        ),
        groups=_groups(asked, least),
        drivers=_drivers(asked, least),
        quarters=_quarters(asked),
        change=_change(asked, seed),
        complaints=_complaints(complaints, lexicon_of(crm), least, crm.as_of),
        again=_again(complaints, crm.as_of),
        leaving=leaving,
        leaving_gap=gap,
        to_call=customers_to_call(crm, rows),
        open_complaints=int(complaints["resolved_at"].isna().sum()),
        response_pct=100 * answered / orders if orders else np.nan,
        minimum=least,
    )


def _marks(kind: str, part: pd.DataFrame) -> np.ndarray:
    """What each answer counts: 1, 0 or -1 of an NPS, 1 or 0 of a CSAT."""
    if kind == "nps":
        of_ten = part["score_pct"].to_numpy() / 10
        return (of_ten >= PROMOTER).astype(float) - (of_ten <= DETRACTOR)
    return (part["score_pct"].to_numpy() >= SATISFIED_PCT).astype(float)


def _survey(kind: str, part: pd.DataFrame, thirds: pd.Series) -> dict:
    marks, n = _marks(kind, part), len(part)
    mean = marks.mean()
    if kind == "nps":
        error = marks.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
        low, high = max(mean - 1.96 * error, -1.0), min(mean + 1.96 * error, 1.0)
    else:
        low, high = share_interval(int(marks.sum()), n)
    by_third = pd.Series(marks).groupby(part["value_third"].to_numpy()).mean()
    known = thirds.reindex(by_third.index).dropna()
    weighted = float((by_third[known.index] * known).sum() / known.sum()) if known.sum() else np.nan
    return {"kind": kind, "answers": n, "customers": part["customer_id"].nunique(), "score": 100 * mean,
            "low": 100 * low, "high": 100 * high, "weighted": 100 * weighted,
            "promoters": int((marks == 1).sum()), "detractors": int((marks == -1).sum())}  # fmt: skip


def _groups(asked: pd.DataFrame, least: int) -> pd.DataFrame:
    """Each group against all others: the difference of means with Welch's interval."""
    from scipy.stats import ttest_ind

    found = []
    # What is known of customers is told of groups that give no small one away.
    people = asked.dropna(subset="customer_id").drop_duplicates("customer_id").set_index("customer_id")
    shown = shown_traits(people[list(TRAITS)], min_group=least, most=None)
    hidden = shown.reindex(asked["customer_id"]).eq(OTHER).to_numpy()
    asked = asked.assign(**asked[list(TRAITS)].mask(hidden, OTHER))
    for by in [name for name in GROUPED_BY if asked[name].notna().any()]:
        for value, part in asked[~asked[by].isin(("light", OTHER))].groupby(by, sort=True):
            rest = asked.loc[asked[by].notna() & (asked[by] != value), "score_pct"]
            if part["customer_id"].nunique() < least or len(rest) < least:
                continue
            test = ttest_ind(part["score_pct"], rest, equal_var=False)
            ends = test.confidence_interval()
            found.append((by, value, len(part), part["score_pct"].mean(), rest.mean(),
                          part["score_pct"].mean() - rest.mean(), ends.low, ends.high, test.pvalue))  # fmt: skip
    columns = ["by", "value", "answers", "score_pct", "rest_pct", "difference", "low", "high", "q_value"]
    table = pd.DataFrame(found, columns=columns)
    # A country with one region of its own name would be told twice.
    table = table[~table.duplicated(["value", "answers", "score_pct"])].reset_index(drop=True)
    known = table["q_value"].notna()
    if known.any():
        table.loc[known, "q_value"] = benjamini_hochberg(table.loc[known, "q_value"].to_numpy(dtype=float))
    return table.sort_values(["difference", "by"], ignore_index=True)


def _quarters(asked: pd.DataFrame) -> pd.DataFrame:
    start = asked["given_at"].dt.to_period("Q").dt.start_time
    table = (
        asked.groupby(start.rename("period_start"))["score_pct"].agg(["size", "mean", "sem"]).reset_index()
    )
    table = table.rename(columns={"size": "answers", "mean": "score_pct"})
    error = 1.96 * table.pop("sem")
    return table.assign(low=table["score_pct"] - error, high=(table["score_pct"] + error).clip(upper=100))


def _change(asked: pd.DataFrame, seed: int) -> dict:
    """The likeliest moment at which the mean changed."""
    rows = asked.sort_values(["given_at", "feedback_id"], ignore_index=True)
    scores = rows["score_pct"].to_numpy()
    if len(scores) < 20 or not scores.std():
        return {}
    rng, centred = np.random.default_rng(seed), scores - scores.mean()
    sums = np.abs(np.cumsum(centred))[:-1]
    at = int(sums.argmax()) + 1
    more = sum(np.abs(np.cumsum(rng.permutation(centred))[:-1]).max() >= sums.max() for _ in range(_DRAWS))
    return {"changed_on": rows["given_at"].iloc[at], "before_pct": scores[:at].mean(),
            "after_pct": scores[at:].mean(), "p_value": (1 + more) / (1 + _DRAWS)}  # fmt: skip


def is_sure(change: dict) -> bool:
    """Whether a change over time is hardly chance."""
    return bool(change) and change["p_value"] <= SURE


def _drivers(asked: pd.DataFrame, least: int) -> pd.DataFrame:
    """Each driver's effect with the others held, by least squares; errors allow for customers who answer twice."""
    import statsmodels.api as sm

    columns = ["driver", "answers", "effect", "low", "high", "q_value"]
    known = asked[asked["value_third"].notna() & asked["discount"].notna()].reset_index(drop=True)
    held = pd.DataFrame(
        {"heavy_discount": known["discount"] == "heavy", "top_spend": known["value_third"] == 3,
         "low_spend": known["value_third"] == 1, "had_case": known["had_case"] == 1}
    )  # fmt: skip
    enough = [
        name for name in DRIVERS
        if all(known.loc[side, "customer_id"].nunique() >= least for side in (held[name], ~held[name]))
    ]  # fmt: skip
    if not enough:
        return pd.DataFrame(columns=columns)
    kinds = pd.get_dummies(known["kind"], drop_first=True)
    design = sm.add_constant(pd.concat([held[enough], kinds], axis=1).astype("float64"))
    whose = known["customer_id"].astype("category").cat.codes
    fit = sm.OLS(known["score_pct"], design).fit(cov_type="cluster", cov_kwds={"groups": whose})
    ends = fit.conf_int().loc[enough]
    table = pd.DataFrame({"driver": enough, "answers": held[enough].sum().to_numpy(),
                          "effect": fit.params[enough].to_numpy(), "low": ends[0].to_numpy(),
                          "high": ends[1].to_numpy(), "q_value": benjamini_hochberg(fit.pvalues[enough])})  # fmt: skip
    return table.sort_values("effect", ignore_index=True)[columns]


def _complaints(rows: pd.DataFrame, lexicon, least: int, as_of: pd.Timestamp) -> pd.DataFrame:
    texts = rows["text"].fillna("").tolist()
    said = lexicon.themes_of(lexicon.keywords_in(texts, languages_of(texts)))
    said = np.column_stack([said, ~said.any(axis=1)])
    names = [*lexicon.themes, "other"]
    still = rows["resolved_at"].isna().to_numpy()
    waited = (rows["resolved_at"].fillna(as_of) - rows["given_at"]).dt.total_seconds().to_numpy() / 86_400
    before = rows.groupby("customer_id")["given_at"].shift()
    again = (rows["given_at"] - before <= pd.Timedelta(days=WITHIN_DAYS)).to_numpy()
    customers, found = rows["customer_id"].to_numpy(), []
    for place, theme in enumerate(names):
        of = said[:, place]
        if len(set(customers[of])) >= least:
            lasted = survival_curves(waited[of].clip(min=0), ~still[of]).medians["median"].iloc[0]
            found.append((theme, int(of.sum()), int((of & still).sum()), lasted, int((of & again).sum())))
    table = pd.DataFrame(found, columns=["theme", "complaints", "open", "resolved_days", "again"])
    return table.sort_values(["complaints", "theme"], ascending=[False, True], ignore_index=True)


def _again(rows: pd.DataFrame, as_of: pd.Timestamp) -> dict:
    """Of those whose first complaint lies long enough back, who complained once more within the window."""
    window = pd.Timedelta(days=WITHIN_DAYS)
    first = rows.groupby("customer_id")["given_at"].min()
    first = first[first <= as_of - window]
    if first.empty:
        return {}
    since = rows["given_at"] - rows["customer_id"].map(first)
    again = int(rows.loc[(since > pd.Timedelta(0)) & (since <= window), "customer_id"].nunique())
    low, high = share_interval(again, len(first))
    return {
        "complainers": len(first),
        "again_pct": 100 * again / len(first),
        "low": 100 * low,
        "high": 100 * high,
    }


def _leaving(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    """Who bought nothing within the window after their first score that is old enough, by what it was."""
    known = rows[rows["bought_after"].notna() & rows["score_pct"].notna()]
    first = known.sort_values(["given_at", "feedback_id"]).drop_duplicates("customer_id")
    bad = (first["score_pct"] <= UNHAPPY_PCT).to_numpy()
    gone = ~first["bought_after"].astype(bool).to_numpy()
    found = []
    for mood, side in (("unhappy", bad), ("others", ~bad)):
        low, high = share_interval(int(gone[side].sum()), int(side.sum())) if side.any() else (np.nan, np.nan)
        share = 100 * gone[side].mean() if side.any() else np.nan
        found.append((mood, int(side.sum()), share, 100 * low, 100 * high))
    table = pd.DataFrame(found, columns=["mood", "customers", "gone_pct", "low", "high"])
    one, other = table["gone_pct"]
    # Newcombe (1998), method 10: from the two intervals of Wilson.
    below = np.hypot(one - table["low"][0], table["high"][1] - other)
    above = np.hypot(table["high"][0] - one, other - table["low"][1])
    return table, (one - other, one - other - below, one - other + above)


def customers_to_call(crm: Crm, rows: pd.DataFrame | None = None) -> pd.DataFrame:
    """Who waits for an answer to a complaint, and whose last score within a year is at most 60 % of the best.

    One row a customer, the largest spend first: `customer_id`, `reason` ("complaint_open" before "unhappy"), `said_on`
    (the day of the oldest open complaint, or of the score), `waited_days` (since then), `score_pct`, `spend_365d`.
    """
    rows = scored_feedback(crm) if rows is None else rows
    score = 100 * rows["score"] / rows["score_max"]
    known = rows.assign(score_pct=score)[rows["customer_id"].notna()].sort_values(["given_at", "feedback_id"])
    waiting = known[(known["kind"] == "complaint") & known["resolved_at"].isna()]
    last = known[known["score_pct"].notna()].drop_duplicates("customer_id", keep="last")
    late = last["given_at"] > crm.as_of - pd.Timedelta(days=365)
    parts = [
        waiting.drop_duplicates("customer_id").assign(reason="complaint_open"),
        last[late & (last["score_pct"] <= UNHAPPY_PCT)].assign(reason="unhappy"),
    ]
    table = pd.concat(parts, ignore_index=True).drop_duplicates("customer_id")
    said = table["given_at"].dt.tz_localize("UTC").dt.tz_convert(crm.time_zone).dt.tz_localize(None)
    table = table.assign(said_on=said.dt.normalize(), waited_days=(crm.as_of - table["given_at"]).dt.days)
    columns = ["customer_id", "reason", "said_on", "waited_days", "score_pct", "spend_365d"]
    return table.sort_values(["spend_365d", "customer_id"], ascending=[False, True], ignore_index=True)[
        columns
    ]
