"""Which leads without a deal begin one, or order: learnt at past moments, tested later, beside the plainest rule."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.learn.candidates import Rows, base_rate, check_seed, learn, one_thread, rows_of, some_of
from crmlib.analyse.pipeline.lead_features import Moment, evaluate_leads, period_table, require_rows
from crmlib.measure.deals.contacts import begun_at, unbegun
from crmlib.prepare.clock import days_later
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, SchemaError

BEGIN_DAYS = 90
"""A lead is expected to begin within so many days, or not."""
TESTED, LEARNT = 3, 5
"""Moments, a horizon apart, so that no outcome is in two of them."""
MODEL, NEWEST, BASE = "logistic_regression", "newest_first", "base_rate"


@dataclass(frozen=True, kw_only=True, eq=False)
class Newcomers:
    """Leads who have neither bought nor begun a deal, with the chance that they do, and how good such chances were.

    Attributes
    ----------
    table : DataFrame indexed by customer_id, the likeliest first
        `probability` (to order or begin a deal within `horizon_days`, 0 to 1), `known_days`, `touch_count`,
        `last_touch_days`, `source`, `owner_id`.
    way : "logistic_regression", "newest_first" or "base_rate"
        What the chances are from: the model where it ranks better than the plain rule, else the rule (leads known for
        the shortest time first), else the share of all.
    evaluation, differences : DataFrame
        As `crmlib.analyse.pipeline.lead_features.evaluate_leads` makes them, on later moments.
    periods : DataFrame
        As `period_table`; `won` are those who began.
    horizon_days : int
    """

    table: pd.DataFrame = field(repr=False)
    way: str
    evaluation: pd.DataFrame
    differences: pd.DataFrame
    periods: pd.DataFrame = field(repr=False)
    horizon_days: int

    @property
    def ranks(self) -> bool:
        """Whether the order of the leads says more than chance."""
        return self.way != BASE

    def _repr_html_(self) -> str:
        return self.table.head(10).round(3).to_html()


def score_newcomers(crm: Crm, *, horizon_days: int = BEGIN_DAYS, seed: int = 0) -> Newcomers:
    """The chance of every lead without a deal to order or to begin one within a horizon.

    At past moments leads who had done neither are rows, with what was known then; the label is whether they did
    within the horizon. Moments lie a horizon apart; the latest three are the test, no outcome that is learnt from
    reaches into it.

    Parameters
    ----------
    crm : Crm
        With `customers.signed_up_on`, and `transactions` or `opportunities`.
    horizon_days : int
    seed : int

    Returns
    -------
    Newcomers

    Raises
    ------
    SchemaError
        If it is not known since when customers are known.
    ParameterError
        If the history is too short, or too few began or did not.

    References
    ----------
    van Houwelingen, H. C. (2007). Dynamic prediction by landmarking in event history analysis. Scandinavian Journal
    of Statistics 34.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> draw = np.random.default_rng(0)
    >>> signed = pd.Timestamp("2022-01-01") + pd.to_timedelta(draw.integers(0, 1095, 1200), "D")
    >>> people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(1200)], "signed_up_on": signed})
    >>> first = pd.DataFrame({"customer_id": people["customer_id"], "order_id": people["customer_id"],
    ...     "product_id": "p", "net_amount": 9.0,
    ...     "ordered_at": signed + pd.to_timedelta(draw.exponential(60, 1200), "D")})[::2]
    >>> crm = Crm.from_frames(as_of="2024-12-31", customers=people, transactions=first)
    >>> score_newcomers(crm).way
    'newest_first'
    """
    if "customers" not in crm or "signed_up_on" not in crm.columns("customers"):
        raise SchemaError("customers has no column signed_up_on. Map it under [tables.customers.columns].")
    if isinstance(horizon_days, bool) or not isinstance(horizon_days, int) or horizon_days < 1:
        raise ParameterError(f"horizon_days={horizon_days!r}: give a whole number of days, 1 or more.")
    seed, began = check_seed(seed), begun_at(crm)
    made = _moments(crm, began, horizon_days)
    test, earlier = made[:TESTED], made[TESTED:]
    require_rows(earlier, what="to learn from")
    require_rows(test, what="to test on")
    rows, later = (rows_of([(one.features, one.label) for one in some]) for some in (earlier, test))
    with one_thread():
        predictions = _told(rows, later.features, seed=seed)
        evaluation, differences = evaluate_leads(
            predictions, later.label, later.groups, chosen=MODEL, baselines=(NEWEST, BASE), seed=seed
        )
        _, against_base = evaluate_leads(
            {name: predictions[name] for name in (NEWEST, BASE)}, later.label, later.groups,
            chosen=NEWEST, baselines=(BASE,), seed=seed,
        )  # fmt: skip
        better = differences.set_index("baseline")["better"]
        rule_ranks = bool(against_base["better"].iloc[0])
        way = MODEL if better[NEWEST] and better[BASE] else NEWEST if rule_ranks else BASE
        asked = unbegun(crm)
        everything = rows_of([(one.features, one.label) for one in made])
        chance = _told(everything, asked, seed=seed)[way] if len(asked) else np.empty(0)
    shown = asked[["known_days", "touch_count", "last_touch_days", "source", "owner_id"]]
    table = shown.assign(probability=chance, _id=asked.index.astype("str"))
    table = table.sort_values(
        ["probability", "known_days", "_id"], ascending=[False, True, True], kind="stable"
    )
    return Newcomers(
        table=table.drop(columns="_id"),
        way=way,
        evaluation=evaluation.assign(chosen=evaluation["model"] == way),
        differences=differences,
        periods=period_table(test, earlier, time_zone=crm.time_zone),
        horizon_days=horizon_days,
    )


def _moments(crm: Crm, began: pd.Series, horizon: int) -> list[Moment]:
    """Past moments, the latest first, as far as the history reaches."""
    made: list[Moment] = []
    for back in range(1, TESTED + LEARNT + 1):
        at = days_later(crm.as_of, -back * horizon, time_zone=crm.time_zone)
        if began.empty or at <= began.min():
            break
        then = crm.at(at)
        features = unbegun(then)
        until = days_later(at, horizon, time_zone=crm.time_zone)
        label = began.reindex(features.index).le(until).to_numpy(dtype=bool)
        made.append(Moment(at=at, until=until, features=features, label=label))
    return made


def _told(rows: Rows, asked: pd.DataFrame, *, seed: int) -> dict[str, np.ndarray]:
    """The chance of each lead by every way."""
    drawn = some_of(rows, seed=seed)
    known = drawn.features.dropna(axis=1, how="all")
    learnt = learn(
        Rows(features=known, label=drawn.label, groups=drawn.groups), names=[MODEL], refused={}, seed=seed
    )
    return {
        MODEL: learnt.chosen.probability(learnt.encoding.matrix(asked)),
        NEWEST: _newest_first(rows, asked),
        BASE: base_rate(rows.label, len(asked)),
    }


def _newest_first(rows: Rows, asked: pd.DataFrame) -> np.ndarray:
    """The share who began by the days known, which falls with them."""
    from sklearn.isotonic import IsotonicRegression

    days = rows.features["known_days"].to_numpy()
    fitted = IsotonicRegression(increasing=False, out_of_bounds="clip").fit(days, rows.label.astype(float))
    least = 0.5 / len(days)
    return np.clip(fitted.predict(asked["known_days"].to_numpy()), least, 1 - least)
