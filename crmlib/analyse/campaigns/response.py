"""Who answered a campaign, and how long that took."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.analyse.shares import share_interval
from crmlib.measure.campaign_spend import CONTACTED, CONTROL, DURING
from crmlib.prepare.crm import Crm

MEANT = ("campaign_contacts.responded_at", "transactions.campaign_id")


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """How many of those contacted answered within a campaign's time.

    Attributes
    ----------
    contacted, responded : int
    rate_pct, low, high : float
        Percent of those contacted, with its interval of 95 %; NaN where answers are not known, or nobody was contacted.
    reason : str
        Why answers are not known; empty where they are.
    days_median : float
        Days from contact to answer of those who answered; NaN where nobody did, or contacts have no day.
    curve : DataFrame, one row a day on which somebody answered
        `day` (after contact), `responded` (that day), `responded_pct` (of those contacted, up to that day).
    control_responded : int
        Answers of those who were held out.
    early, late : int
        Answers dated before the contact, and after the campaign's time: not counted.
    who : Series of bool indexed by customer_id
        Whether each customer contacted answered.

    Examples
    --------
    See `response_of`.
    """

    contacted: int
    responded: int
    rate_pct: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    reason: str = ""
    days_median: float = float("nan")
    curve: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["day", "responded", "responded_pct"], dtype="float64")
    )
    control_responded: int = 0
    early: int = 0
    late: int = 0
    who: pd.Series = field(default_factory=lambda: pd.Series(dtype="bool"))


def answers_known(crm: Crm) -> str:
    """Why nobody knows who answered a campaign; nothing where it is known.

    Parameters
    ----------
    crm : Crm
        With `campaign_contacts`.

    Returns
    -------
    str

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> contacts = pd.DataFrame({"campaign_id": ["spring"], "customer_id": ["ann"]})
    >>> print(answers_known(Crm.from_frames(as_of="2024-01-31", campaign_contacts=contacts)))
    campaign_contacts has no column responded_at, and no order names its campaign. Map one of them in crm.toml
    under [tables.campaign_contacts.columns] or [tables.transactions.columns].
    """
    for place in MEANT:
        table, column = place.split(".")
        if table in crm and column in crm.columns(table):
            return ""
    return (
        "campaign_contacts has no column responded_at, and no order names its campaign. Map one of them in "
        "crm.toml under [tables.campaign_contacts.columns] or [tables.transactions.columns]."
    )


def response_of(people: pd.DataFrame, *, until_on: pd.Timestamp, unknown: str = "") -> Response:
    """Count the answers of those contacted: from the day of the contact to the last day that counts.

    Parameters
    ----------
    people : DataFrame
        Rows of one campaign, as `crmlib.measure.campaign_spend.campaign_people` gives them.
    until_on : Timestamp or NaT
        The last day that counts; without one all answers do.
    unknown : str
        Why answers are not known, as `answers_known` says.

    Returns
    -------
    Response

    Examples
    --------
    >>> people = pd.DataFrame({"span": "campaign", "arm": "contacted", "customer_id": list("abcd"),
    ...                        "contact_on": pd.Timestamp("2024-03-01"),
    ...                        "responded_on": pd.to_datetime(["2024-03-04", None, "2024-06-01", None])})
    >>> found = response_of(people, until_on=pd.Timestamp("2024-03-31"))
    >>> found.responded, found.rate_pct, found.late, found.days_median
    (1, 25.0, 1, 3.0)
    """
    rows = people[people["span"] == DURING]
    ours = rows[rows["arm"] == CONTACTED]
    n = len(ours)
    if unknown:
        return Response(contacted=n, responded=0, reason=unknown)
    answered = ours["responded_on"].notna()
    early = answered & (ours["responded_on"] < ours["contact_on"])
    late = answered & (ours["responded_on"] > until_on)
    counts = answered & ~early & ~late
    hits = int(counts.sum())
    low, high = share_interval(hits, n)
    days = (ours.loc[counts, "responded_on"] - ours.loc[counts, "contact_on"]).dt.days.dropna()
    held = rows[rows["arm"] == CONTROL]
    return Response(
        contacted=n,
        responded=hits,
        rate_pct=100 * hits / n if n else float("nan"),
        low=100 * low,
        high=100 * high,
        days_median=float(days.median()) if len(days) else float("nan"),
        curve=_curve(days, n),
        control_responded=int((held["responded_on"].notna() & ~(held["responded_on"] > until_on)).sum()),
        early=int(early.sum()),
        late=int(late.sum()),
        who=pd.Series(counts.to_numpy(), index=pd.Index(ours["customer_id"], name="customer_id")),
    )


def _curve(days: pd.Series, contacted: int) -> pd.DataFrame:
    counted = days.value_counts().sort_index()
    return pd.DataFrame(
        {
            "day": counted.index.to_numpy(dtype=float),
            "responded": counted.to_numpy(dtype=float),
            "responded_pct": 100 * np.cumsum(counted.to_numpy(dtype=float)) / max(contacted, 1),
        }
    )
