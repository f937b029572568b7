"""Key figures and tables of the report on segments."""

from typing import Any

import pandas as pd

from crmlib.analyse.segments.lists import segment_advice, segment_list
from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.segment import Segmentation
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.downloads import about_workspace


def segmentation_figures(segmentation: Segmentation) -> KeyFigures:
    """Segments, the best one's share of spend, stability and separation.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    KeyFigures
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
    """
    frame = segmentation.profile.assign(published=segmentation.stability["published"].astype(bool))
    return DataTable(
        frame,
        name="segments",
        caption="Segments, the most valuable first; figures of customers are medians",
        currency=currency,
    )


def advice_table(segmentation: Segmentation) -> DataTable:
    """What each segment is like, and what to do with it.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    DataTable
    """
    frame = pd.DataFrame({"like": segmentation.descriptions, "advice": segment_advice(segmentation)})
    return DataTable(
        frame.reindex(segmentation.profile.index).rename_axis("segment"),
        name="what_to_do",
        caption="What they are like, and what to do",
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
    """
    frame = segment_list(crm, segmentation, indicators)
    return DataTable(
        frame,
        name="customers_by_segment",
        caption="Customers by segment, most spend first",
        currency=crm.currency,
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
        rows=8,
        download=False,
    )
