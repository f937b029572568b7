"""What the report on segments says, made from its numbers."""

from math import floor

import pandas as pd

from crmlib.analyse.customers.states import is_late
from crmlib.analyse.segments.choice import STABLE
from crmlib.analyse.segments.lists import deviations, overdue_customers
from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.segment import Segmentation
from crmlib.measure.columns import label_of
from crmlib.present.words import count, listing, number, percent, plural, times
from crmlib.schema.states import LATE_TIMES, spoken

_CLEAR, _SOME = 0.5, 0.3


def segmentation_answer(segmentation: Segmentation, indicators: pd.DataFrame) -> list[str]:
    """How many segments there are, who the best are, and where money may be lost.

    Parameters
    ----------
    segmentation : Segmentation
    indicators : DataFrame indexed by customer_id
        With `gap_overdue_ratio`, where it is known, and `spend_total`.

    Returns
    -------
    list of str
    """
    groups = segmentation.profile.drop(index=NO_PURCHASE, errors="ignore")
    first, *others = segmentation_findings(segmentation, indicators)
    return [f"Customers fall into {count(len(groups), 'segment')}: {first}", *others, _trust(segmentation)]


def segmentation_findings(segmentation: Segmentation, indicators: pd.DataFrame) -> list[str]:
    """The one or two sentences that the index repeats.

    Parameters
    ----------
    segmentation : Segmentation
    indicators : DataFrame indexed by customer_id

    Returns
    -------
    list of str
    """
    profile, late = segmentation.profile, overdue_customers(segmentation, indicators)
    best = profile.index[0]
    first = f"“{best}” is {percent(profile.loc[best, 'share_pct'])} of customers"
    if "spend_share_pct" in profile:
        first += f" and brings {percent(profile.loc[best, 'spend_share_pct'])} of spend"
    if late.get(best, 0):
        verb = plural(late[best], "has", "have")
        first += f"; {number(late[best])} of them {verb} not bought for {spoken(LATE_TIMES)} their usual gap"
    said = [f"{first}."]
    others = late.drop(index=[best, NO_PURCHASE], errors="ignore")
    if len(others) and others.max() > 0 and "spend_total" in indicators:
        worst = _most_at_stake(segmentation, indicators, others.index)
        if worst is not None:
            name, customers, share = worst
            said.append(
                f"In “{name}”, {count(customers, 'customer')} who {plural(customers, 'brings', 'bring')} "
                f"{percent(share)} of "
                f"all spend {plural(customers, 'has', 'have')} not bought for {spoken(LATE_TIMES)} their usual gap."
            )
    return said


def segments_paragraph(segmentation: Segmentation) -> list[str]:
    """How to read the segments: from what they are made, and in which order they stand.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    list of str
    """
    figures = listing([label_of(name).lower() for name in segmentation.features])
    said = [
        f"Segments are made from {count(len(segmentation.features), 'figure')} of each customer: {figures}."
    ]
    if segmentation.candidates["n_segments"].nunique() > 1:
        tried = segmentation.candidates["n_segments"]
        said.append(
            f"From {tried.min()} to {tried.max()} segments were tried. Taken was the number that keeps "
            "customers apart, comes "
            "back when customers are drawn again, and leaves no segment with a mere handful."
        )
    said.append(
        "They stand in the order of their median spend, and keep name and colour throughout this report."
    )
    if NO_PURCHASE in segmentation.profile.index:
        number_of = segmentation.profile.loc[NO_PURCHASE, "customers"]
        said.append(
            f"{count(number_of, 'customer')} {plural(number_of, 'has', 'have')} no purchase left in these "
            "data; they are a "
            "segment by rule."
        )
    return said


def profile_paragraph(segmentation: Segmentation) -> list[str]:
    """What tells the segments apart most.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    list of str
    """
    apart = deviations(segmentation).abs().mean().sort_values(ascending=False, kind="stable")
    names = [label_of(name).lower() for name in apart.index]
    said = [f"The segments differ most in {names[0]}{f', then in {names[1]}' if len(names) > 1 else ''}."]
    profile = segmentation.profile.drop(index=NO_PURCHASE, errors="ignore")
    if "spend_total" in profile and len(profile) > 1 and profile["spend_total"].iloc[-1] > 0:
        ratio = profile["spend_total"].iloc[0] / profile["spend_total"].iloc[-1]
        said.append(
            f"A customer in “{profile.index[0]}” spends {times(ratio)} as much as one in "
            f"“{profile.index[-1]}”, at the median."
        )
    said.append(
        "The table below gives the medians in their own units: half of a segment lies below, half above."
    )
    return said


def stability_paragraph(segmentation: Segmentation) -> list[str]:
    """How far to trust the segments.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    list of str
    """
    table = segmentation.stability.dropna(subset=["jaccard"])
    weak = table[~table["published"]]
    said = []
    if weak.empty:
        said.append(
            "Drawn again, customers fall into the same segments: the overlap of each with itself is at least "
            f"{floor(100 * table['jaccard'].min()) / 100:g}, where 1 is always the same and {number(STABLE)} "
            "is asked for."
        )
    else:
        names = listing([f"“{name}”" for name in weak.index])
        said.append(
            f"{names} {plural(len(weak), 'does', 'do')} not come back when customers are drawn again. "
            f"{plural(len(weak), 'It is', 'They are')} left out of the list of customers, and not to be "
            "relied on."
        )
    return [*said, _apart(segmentation.silhouette)]


def list_paragraph(segmentation: Segmentation) -> list[str]:
    """What the list of customers is for.

    Parameters
    ----------
    segmentation : Segmentation

    Returns
    -------
    list of str
    """
    return [
        "The list holds each customer with the segment, most spend first; sort it by silence against the "
        "usual gap to see "
        f"whom to call. From {number(LATE_TIMES)} times on, a customer counts as late; who buys at "
        "irregular times is so now and then by chance."
    ]


def segmentation_limits(segmentation: Segmentation, left_out: dict[str, str] | None = None) -> list[str]:
    """What segments cannot say.

    Parameters
    ----------
    segmentation : Segmentation
    left_out : dict of indicator -> reason
        Figures that were asked for and are not there.

    Returns
    -------
    list of str
    """
    limits = [
        "A segment says what its customers have done so far, not what they will do, nor why.",
        "Medians hide how wide a segment is: near a border, two customers of different segments can be much "
        "alike.",
    ]
    if segmentation.silhouette < _SOME:
        limits.append(
            f"The segments run into each other (separation {number(segmentation.silhouette)} on a scale to "
            "1). They are a "
            "useful way to see customers, not natural kinds."
        )
    if len(segmentation.outliers):
        limits.append(
            f"{count(len(segmentation.outliers), 'customer')} with very large or small figures "
            f"{plural(len(segmentation.outliers), 'counts', 'count')} with less extreme ones: nobody makes a "
            "segment alone."
        )
    if left_out:
        limits.append(
            f"Not known here, and so not used: {listing([label_of(name).lower() for name in left_out])}."
        )
    if len(segmentation.dropped):
        names = listing([label_of(name).lower() for name in segmentation.dropped.index], limit=5)
        limits.append(f"Left aside because they say the same as another figure, or nothing: {names}.")
    limits.append(
        "With other data, or another closing date, customers change segments; compare runs before acting on "
        "a move."
    )
    return limits


def _trust(segmentation: Segmentation) -> str:
    weak = segmentation.stability.index[~segmentation.stability["published"].astype(bool)]
    if len(weak):
        names = listing([f"“{name}”" for name in weak])
        return f"{names} cannot be relied on: see how far the segments can be trusted."
    return ""


def _apart(silhouette: float) -> str:
    shown = number(silhouette)
    if silhouette >= _CLEAR:
        return f"They stand clearly apart (separation {shown}, where 1 is clear cut and 0 is not at all)."
    if silhouette >= _SOME:
        return f"They stand apart, with customers in between (separation {shown} on a scale from 0 to 1)."
    return (
        f"They run into each other (separation {shown} on a scale from 0 to 1), as customers nearly always "
        "do: the borders are "
        "drawn where they serve best, and hold."
    )


def _most_at_stake(
    segmentation: Segmentation, indicators: pd.DataFrame, names: pd.Index
) -> tuple[str, int, float] | None:
    """Of the other segments, the one whose late customers have brought most."""
    table = indicators[["spend_total", "gap_overdue_ratio"]].reindex(segmentation.labels.index)
    late = table[is_late(table["gap_overdue_ratio"])]
    spend = (
        late["spend_total"]
        .groupby(segmentation.labels.reindex(late.index))
        .agg(["size", "sum"])
        .reindex(names)
        .dropna()
    )
    total = table["spend_total"].sum()
    if spend.empty or total <= 0:
        return None
    name = spend["sum"].idxmax()
    return name, int(spend.loc[name, "size"]), float(100 * spend.loc[name, "sum"] / total)


def _little_segmentation() -> tuple[Segmentation, pd.DataFrame]:
    """A hundred customers, for the examples."""
    import numpy as np

    from crmlib.analyse.segments.segment import segment_customers

    draw = np.random.default_rng(0).normal
    indicators = pd.DataFrame(
        {
            "spend_total": np.r_[draw(900, 90, 40), draw(100, 10, 60)].round(),
            "order_count": np.r_[draw(14, 3, 40), draw(9, 3, 60)].round(),
        }
    )
    return segment_customers(indicators, n_segments=2), indicators
