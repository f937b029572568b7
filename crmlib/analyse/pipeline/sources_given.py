"""The deals of a workspace, or of a table, as the comparison of sources wants them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.deals import deals
from crmlib.prepare.clock import closing_moment_of_table
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import frame_of
from crmlib.schema.errors import ParameterError, SchemaError, nearest

_OUTCOMES = ("won", "lost", "open")


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """Deals with what they are compared by.

    Parameters
    ----------
    deals : DataFrame
        `outcome`, `age_days` (to the close), `amount`, `campaign_id` and what else there is.
    costs : Series campaign_id -> account currency
    negative_durations : int
    currency : str

    Examples
    --------
    See `given_deals`.
    """

    deals: pd.DataFrame
    costs: pd.Series
    negative_durations: int
    currency: str


def given_deals(source: Any, *, by: str, as_of: Any = None) -> Given:
    """Deals of a Crm, or of a table of opportunities.

    Parameters
    ----------
    source : Crm, or table one row an opportunity
    by : str
        The column that must be there.
    as_of : Timestamp, date or text, optional
        For a table.

    Raises
    ------
    ParameterError
        If the column is not there, an outcome is none of won, lost and open, or there is no deal.
    SchemaError
        If a table has neither `outcome` nor `closed_at`.

    Examples
    --------
    >>> table = pd.DataFrame({"source": ["web", "web"], "created_at": ["2024-01-05", "2024-01-05"],
    ...                       "closed_at": ["2024-01-01", None]})
    >>> given = given_deals(table, by="source")
    >>> given.deals["outcome"].tolist(), given.negative_durations
    (['won', 'open'], 1)
    """
    if isinstance(source, Crm):
        if as_of is not None:
            source = source.at(as_of)
        frame, currency, costs = deals(source), source.currency, _costs(source)
    else:
        frame, currency, costs = _of_table(source, as_of), "", pd.Series(dtype="float64")
    if by not in frame:
        raise ParameterError(f"deals have no column {by!r}.{nearest(by, frame.columns)}")
    if frame.empty:
        raise ParameterError("there is no deal to count. Give opportunities, or a later as_of.")
    negative = int((frame["age_days"] < 0).sum())
    return Given(deals=frame, costs=costs, negative_durations=negative, currency=currency)


def _of_table(source: Any, as_of: Any) -> pd.DataFrame:
    frame = source.copy() if isinstance(source, pd.DataFrame) else frame_of(source)
    for name in ("created_at", "closed_at"):
        known = frame[name] if name in frame else pd.Series(pd.NaT, index=frame.index)
        frame[name] = pd.to_datetime(known, errors="coerce")
    if "outcome" not in frame:
        if frame["closed_at"].isna().all():
            raise SchemaError(
                "opportunities has neither outcome nor closed_at, so nobody knows which were won. Give outcome: "
                "won, lost or open."
            )
        frame["outcome"] = np.where(frame["closed_at"].notna(), "won", "open")
    if as_of is not None:
        moment = closing_moment_of_table(as_of)
        frame = frame[~(frame["created_at"] > moment)].copy()
        later = frame["closed_at"] > moment
        frame.loc[later, "outcome"] = "open"
        frame.loc[later, "closed_at"] = pd.NaT
    strange = sorted(set(frame["outcome"].dropna().astype(str)) - set(_OUTCOMES))
    if strange or frame["outcome"].isna().any():
        raise ParameterError(
            f"outcome holds {', '.join(repr(word) for word in strange[:3]) or 'empty values'}: give won, lost or open."
        )
    frame["age_days"] = (frame["closed_at"] - frame["created_at"]).dt.total_seconds() / 86_400
    for name in ("amount", "campaign_id"):
        if name not in frame:
            frame[name] = np.nan
    return frame


def _costs(crm: Crm) -> pd.Series:
    """What each campaign cost, if its cost is known."""
    if "campaigns" not in crm or "cost_amount" not in crm.columns("campaigns"):
        return pd.Series(dtype="float64")
    table = crm.frame("campaigns", ["campaign_id", "cost_amount"]).dropna().drop_duplicates("campaign_id")
    return table.set_index("campaign_id")["cost_amount"].astype("float64")
