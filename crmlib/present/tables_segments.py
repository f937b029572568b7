"""Key figures and tables of the report on segments."""

from typing import Any

import pandas as pd

from crmlib.analyse.segment_lists import segment_advice, segment_list
from crmlib.analyse.segment_words import NO_PURCHASE
from crmlib.analyse.segments import Segmentation
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.labels import labels_and_units


def segmentation_figures(segmentation: Segmentation) -> KeyFigures:
    """Segments, the best one's share of spend, stability and separation.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib.present.claims_segments import _little_segmentation
    >>> print(segmentation_figures(_little_segmentation()[0])._text().splitlines()[0])
    Segments: 2
    """
    profile = segmentation.profile
    agreement, low, high = segmentation.stability.attrs["adjusted_rand"]
    spend = profile["spend_share_pct"].iloc[0] if "spend_share_pct" in profile else None
    return KeyFigures(
        KeyFigure(label="Segments", value=len(profile.drop(index=NO_PURCHASE, errors="ignore"))),
        KeyFigure(label="Customers", value=int(profile["customers"].sum()), note=_without_purchase(profile)),
        KeyFigure(label="Spend of the best segment", value=spend, unit="%", note="of all spend"),
        KeyFigure(
            label="Agreement when drawn again",
            value=agreement, low=low, high=high, better="higher", format=".2f",
            note="1 is always the same, 0 is chance",
        ),
    )  # fmt: skip


def _without_purchase(profile: pd.DataFrame) -> str:
    nobody = profile["customers"].get(NO_PURCHASE, 0)
    return f"{nobody:,} of them without a purchase" if nobody else ""


def profile_table(segmentation: Segmentation, *, currency: str = "") -> DataTable:
    """Each segment's size, share of spend and medians.

    Parameters
    ----------
    segmentation : Segmentation
    currency : str

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_segments import _little_segmentation
    >>> profile_table(_little_segmentation()[0]).frame.columns.tolist()[:4]
    ['segment', 'customers', 'share_pct', 'spend_share_pct']
    """
    frame = segmentation.profile.assign(published=segmentation.stability["published"].astype(bool))
    labels, units = labels_and_units(frame.columns, currency)
    labels |= {
        "customers": "Customers",
        "share_pct": "Share of customers",
        "spend_share_pct": "Share of spend",
        "published": "Stable",
    }
    return DataTable(
        frame,
        name="segments",
        caption="Segments, the most valuable first; figures of customers are medians",
        labels=labels,
        units=units,
        digits={"share_pct": 1, "spend_share_pct": 1, "spend_total": 0, "order_count": 0, "recency_days": 0},
    )


def advice_table(segmentation: Segmentation) -> DataTable:
    """What each segment is like, and what to do with it.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_segments import _little_segmentation
    >>> advice_table(_little_segmentation()[0]).frame.columns.tolist()
    ['segment', 'like', 'advice']
    """
    frame = pd.DataFrame({"like": segmentation.descriptions, "advice": segment_advice(segmentation)})
    return DataTable(
        frame.reindex(segmentation.profile.index).rename_axis("segment"),
        name="what_to_do",
        caption="What they are like, and what to do",
        labels={"like": "What they are like", "advice": "What to do"},
    )


def list_table(crm: Any, segmentation: Segmentation, indicators: pd.DataFrame) -> DataTable:
    """Every customer with the segment, to work with.

    Parameters
    ----------
    crm : Crm
    segmentation : Segmentation
    indicators : DataFrame indexed by customer_id

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib.present.claims_segments import _little_segmentation
    >>> table = list_table(SimpleNamespace(config=None, currency="EUR"), *_little_segmentation())
    >>> len(table.frame)
    100
    """
    frame = segment_list(crm, segmentation, indicators)
    labels, units = labels_and_units(frame.columns, crm.currency)
    labels |= {"segment": "Segment", "customer_id": "Customer"}
    units |= {"gap_overdue_ratio": "times"}
    return DataTable(
        frame,
        name="customers_by_segment",
        caption="Customers by segment, most spend first",
        labels=labels,
        units=units,
        digits={"spend_total": 2, "order_count": 0, "recency_days": 0, "gap_overdue_ratio": 1},
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def candidates_table(segmentation: Segmentation) -> DataTable:
    """Every number of segments that was tried, and why it was taken or not.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_segments import _little_segmentation
    >>> int(candidates_table(_little_segmentation()[0]).frame["chosen"].sum())
    1
    """
    columns = [
        "n_segments",
        "method",
        "silhouette",
        "smallest_jaccard",
        "smallest_share_pct",
        "chosen",
        "verdict",
    ]
    return DataTable(
        segmentation.candidates[columns],
        name="ways_to_cut",
        caption="Every way that was tried",
        labels={
            "n_segments": "Segments",
            "silhouette": "Separation",
            "smallest_jaccard": "Least overlap",
            "smallest_share_pct": "Smallest segment",
        },
        units={"smallest_share_pct": "% of customers"},
        digits={"silhouette": 2, "smallest_jaccard": 2, "smallest_share_pct": 1},
        rows=8,
        download=False,
    )
