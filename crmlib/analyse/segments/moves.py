"""Segments from one report to the next: the same ones carried on, who moved between them, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.segments.choice import Published
from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.segment import Segmentation, published_of, segment_customers
from crmlib.measure.indicators import compute_indicators
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import keep, last_kept
from crmlib.prepare.privacy import min_group

KEPT_AS = "segments"
LOOK_BACK_DAYS = 92
"""How far a first report looks back, which has no earlier one to compare with."""

LITTLE_CHANGE = 0.1
"""Standard deviations: customers whose figures changed less on average moved by chance, near a border."""

JOINED, LEFT = "joined", "left"


@dataclass(frozen=True, kw_only=True, eq=False)
class SegmentMoves:
    """Who moved between segments since an earlier moment, and why.

    Attributes
    ----------
    balance : DataFrame indexed by segment
        `then`, `joined` (first purchase since), `left` (no purchase left now), `moved_in`, `moved_out`, `now`: always
        then + joined - left + moved_in - moved_out = now. `joined` and `left` change the mix, the others behaviour.
    table : DataFrame, the most spend first
        `from_segment`, `to_segment`, `customers`, `spend_365d` (theirs, in the last 365 days), `figure` (that
        changed most), `change_sd` (by how much on average, in standard deviations of all customers). Moves of
        fewer customers than the smallest group that is shown are left out.
    customers : Series customer_id -> earlier segment, of those who moved
    since : Timestamp, UTC
    """

    balance: pd.DataFrame
    table: pd.DataFrame
    customers: pd.Series = field(repr=False)
    since: pd.Timestamp

    @property
    def moved(self) -> int:
        """Customers who bought before and now, and are in another segment."""
        return int(self.balance["moved_in"].sum())

    def _repr_html_(self) -> str:
        return f"{self.balance.to_html()}{self.table.round(2).to_html(index=False)}"


def follow_segments(
    crm: Crm,
    indicators: pd.DataFrame | None = None,
    *,
    columns: Iterable[str] | None = None,
    n_segments: int | str = "auto",
    seed: int = 0,
) -> Segmentation:
    """The segments of a workspace, carried on from its last report.

    The model of the last report before this closing moment is kept, with its names and order, until a new one
    is clearly better (see `segment_customers`, whose result this is where there is no earlier report). It is
    kept in the workspace's ``.kept`` folder: figures of the model, none of a customer. Own columns or an own
    number of segments carry nothing on.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id, optional
        As `compute_indicators` makes it.
    columns, n_segments, seed
        As `segment_customers` takes them.

    Raises
    ------
    ParameterError
        As `segment_customers`.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> draw = np.random.default_rng(0)
    >>> lines = pd.DataFrame({"customer_id": [f"c{i % 60}" for i in range(600)], "product_id": "p",
    ...     "order_id": [f"o{i}" for i in range(600)], "ordered_at": pd.Timestamp("2024-01-01"),
    ...     "net_amount": np.where(np.arange(600) % 60 < 20, 500.0, 20.0) + draw.random(600)})
    >>> crm = Crm.from_frames(as_of="2024-06-30", transactions=lines)
    >>> follow_segments(crm).profile["customers"].tolist()
    [20, 40]
    """
    figures = compute_indicators(crm) if indicators is None else indicators
    own = getattr(getattr(crm.config, "segments", None), "names", {})
    usual = columns is None and n_segments == "auto"
    kept = last_kept(crm, KEPT_AS) if usual else None
    found = segment_customers(
        figures,
        columns=columns,
        n_segments=n_segments,
        seed=seed,
        names=own,
        published=None if kept is None else Published.from_dict(kept),
    )
    if usual:
        keep(crm, KEPT_AS, published_of(found, as_of=crm.as_of.isoformat()).to_dict())
    return found


def segment_moves(
    crm: Crm, segmentation: Segmentation, indicators: pd.DataFrame, *, since: Any = None
) -> SegmentMoves:
    """Who is in another segment than at an earlier moment, and which of their figures changed.

    The customers of then (`crm.at`) are put into the segments of today, so that a move is never one of the model.

    Parameters
    ----------
    indicators : DataFrame indexed by customer_id
        What the segments were made from.
    since : Timestamp, date or text, optional
        Otherwise the closing moment of the last report, or 92 days ago, a quarter at its longest, for a first one.

    Raises
    ------
    ParameterError
        If `since` lies after the closing moment, or a figure of the segments is not known of then.

    Examples
    --------
    See `follow_segments`, whose result this explains.
    """
    kept = last_kept(crm, KEPT_AS)
    back = crm.as_of - pd.Timedelta(days=LOOK_BACK_DAYS)
    moment = since if since is not None else pd.Timestamp(kept["as_of"]) if kept else back
    earlier = crm.at(moment)
    model = published_of(segmentation, as_of="")
    then = _buyers(compute_indicators(earlier, {*model.columns, "order_count"}), model)
    now = _buyers(indicators, model)
    names = np.array(list(segmentation.deviations.index), dtype=object)
    was = pd.Series(names[model.assign(then)], then.index)
    lost = was.index.difference(now.index)
    return _moves(crm, segmentation, indicators, model=model, was=was.drop(lost), lost=was[lost], then=then, now=now,
                  since=earlier.as_of)  # fmt: skip


def segment_meetings(segmentation: Segmentation, groups: pd.Series) -> pd.DataFrame:
    """How many customers of each segment are in each other group, such as a state or a type."""
    other = groups.reindex(segmentation.labels.index)
    table = pd.crosstab(segmentation.labels, other)
    return table.reindex(segmentation.profile.index, fill_value=0)


def _buyers(indicators: pd.DataFrame, model: Published) -> pd.DataFrame:
    columns = list(dict.fromkeys([*model.columns, "order_count"]))
    figures = indicators[[name for name in columns if name in indicators]].astype("float64")
    bought = figures["order_count"].gt(0) if "order_count" in figures else figures.notna().any(axis=1)
    return figures[bought]


def _moves(
    crm: Crm,
    segmentation: Segmentation,
    indicators: pd.DataFrame,
    *,
    model: Published,
    was: pd.Series,
    lost: pd.Series,
    then: pd.DataFrame,
    now: pd.DataFrame,
    since: pd.Timestamp,
) -> SegmentMoves:
    names = [name for name in segmentation.profile.index if name != NO_PURCHASE]
    labels = segmentation.labels.reindex(now.index)
    stays = labels.reindex(was.index)
    moved = stays != was
    balance = pd.DataFrame(
        {
            "then": pd.concat([was, lost]).value_counts(),
            JOINED: labels[was.index.get_indexer(labels.index) < 0].value_counts(),
            LEFT: lost.value_counts(),
            "moved_in": stays[moved].value_counts(),
            "moved_out": was[moved].value_counts(),
            "now": labels.value_counts(),
        }
    )
    balance = balance.reindex(names).fillna(0).astype("int64").rename_axis("segment")
    table = _pairs(model, was[moved], stays[moved], then, now, indicators, fewest=min_group(crm))
    return SegmentMoves(balance=balance, table=table, customers=was[moved], since=since)


def _pairs(
    model: Published,
    was: pd.Series,
    stays: pd.Series,
    then: pd.DataFrame,
    now: pd.DataFrame,
    indicators: pd.DataFrame,
    *,
    fewest: int,
) -> pd.DataFrame:
    """One row a move that enough customers made, with the figure that changed most."""
    kept = [model.columns[j] for j in model.preparation.kept]
    prepared = [model.preparation.apply(model.values(one.loc[was.index]).to_numpy()) for one in (then, now)]
    change = pd.DataFrame(prepared[1] - prepared[0], index=was.index, columns=kept)
    spend = indicators.get("spend_365d", pd.Series(np.nan, indicators.index)).reindex(was.index)
    rows = []
    for (old, new), members in was.groupby([was, stays]):
        if len(members) >= fewest:
            mean = change.loc[members.index].mean()
            most = mean.abs().idxmax()
            figure = most if abs(mean[most]) >= LITTLE_CHANGE else ""
            rows.append((old, new, len(members), spend[members.index].sum(), figure, mean[most]))
    columns = ["from_segment", "to_segment", "customers", "spend_365d", "figure", "change_sd"]
    table = pd.DataFrame(rows, columns=columns)
    order = ["spend_365d", "customers", "from_segment", "to_segment"]
    return table.sort_values(order, ascending=[False, False, True, True]).reset_index(drop=True)
