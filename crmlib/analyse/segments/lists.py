"""From indicators to segments, and from segments to lists of customers with what to do."""

from collections.abc import Iterable

import pandas as pd

from crmlib.analyse.customers.states import is_late
from crmlib.analyse.segments.segment import Segmentation
from crmlib.measure.indicators import indicator_catalogue
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.schema.errors import ParameterError, nearest

SEGMENT_INDICATORS = (
    *("spend_total", "order_count", "recency_days", "basket_value_mean"),
    *("discount_share_pct", "margin_share_pct"),
)
"""What segments are made from unless somebody says otherwise: few figures, each of which one can act on."""

ADVICE = {
    "keep": "Keep them: a contact by name, a first look at what is new, no needless discount.",
    "call": "Call those with most spend and ask what they need next, before any offer.",
    "grow": "Widen the basket: show them what goes with what they buy.",
    "remind": "Remind them shortly before they usually come, with something like their last order.",
    "ask back": "Write to them now, with something like their last order: most others have ordered since.",
    "second": "Make the next order easy: a reminder with what goes with their last one.",
    "let be": "Keep the effort small: one inexpensive reminder, and a call only where a customer's stage asks for it.",
    "invite": "Invite those who never bought to a first order; ask those who sent it all back why.",
}
"""What to do with a segment. Whether one of its customers has to be won back, the state says."""


def choose_columns(
    crm: Crm, indicators: pd.DataFrame, names: Iterable[str] = SEGMENT_INDICATORS
) -> pd.DataFrame:
    """The indicators that segments are made from, with the units that their descriptions need."""
    catalogue = indicator_catalogue(crm).set_index("name")
    known = {*catalogue.index, *indicators.columns}
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise ParameterError(f"there is no indicator {name!r}.{nearest(name, known)}")
    left_out = indicators.attrs.get("left_out", {})
    chosen = indicators[[name for name in wanted if name in indicators.columns]].copy()
    chosen.attrs = {
        "units": catalogue["unit"].reindex(chosen.columns).dropna().to_dict(),
        "currency": crm.currency,
        "left_out": {
            name: left_out.get(name, "is not there") for name in wanted if name not in indicators.columns
        },
    }
    return chosen


def overdue_customers(segmentation: Segmentation, indicators: pd.DataFrame) -> pd.Series:
    """How many customers of each segment are late: no purchase for `LATE_TIMES` their usual gap."""
    if "gap_overdue_ratio" not in indicators:
        return pd.Series(dtype="int64", index=pd.Index([], dtype="str"), name="overdue")
    late = is_late(indicators["gap_overdue_ratio"].reindex(segmentation.labels.index))
    counted = late.groupby(segmentation.labels).sum().astype("int64")
    return counted.reindex(segmentation.profile.index, fill_value=0).rename("overdue")


def segment_advice(segmentation: Segmentation) -> pd.Series:
    """What to do with each segment, from where it lies against the average customer."""
    places = deviations(segmentation)
    said = {name: _advice(row.to_dict()) for name, row in places.iterrows()}
    return pd.Series(
        {name: said.get(name, ADVICE["invite"]) for name in segmentation.profile.index}, name="advice"
    )


def deviations(segmentation: Segmentation) -> pd.DataFrame:
    """Where each segment lies, in standard deviations from the average customer."""
    centres = segmentation.model.centres_
    return pd.DataFrame(
        centres, index=segmentation.profile.index[: len(centres)], columns=list(segmentation.features)
    )


def segment_list(crm: Crm, segmentation: Segmentation, indicators: pd.DataFrame) -> pd.DataFrame:
    """Every customer with the segment, most spend first; segments that do not repeat themselves are left out."""
    shown = [
        name
        for name in ("spend_total", "order_count", "recency_days", "gap_overdue_ratio")
        if name in indicators
    ]
    table = indicators[shown].reindex(segmentation.labels.index)
    table.insert(0, "segment", segmentation.labels)
    place = {name: i for i, name in enumerate(segmentation.profile.index)}
    table = table[table["segment"].map(segmentation.stability["published"]).astype(bool)]
    table = table.assign(place=table["segment"].map(place), customer_id=table.index.astype("str"))
    table = table.reset_index(drop=True)
    by = ["place", *(["spend_total"] if "spend_total" in shown else []), "customer_id"]
    table = table.sort_values(by, ascending=[name != "spend_total" for name in by], kind="stable")
    table["customer_id"] = public_ids(crm, table["customer_id"])
    return table.reset_index(drop=True)[["segment", "customer_id", *shown]]


def _advice(place: dict[str, float]) -> str:
    spend, orders = place.get("spend_total", 0.0), place.get("order_count", 0.0)
    silent, basket = place.get("recency_days", 0.0), place.get("basket_value_mean", 0.0)
    if spend >= 0.4:
        first = "call" if silent >= 0.3 else "keep"
    elif silent >= 0.3:
        first = "ask back" if spend > -0.4 or basket >= 0.4 else "let be"
    elif basket >= 0.4:
        first = "remind"
    else:
        first = "grow" if orders > -0.4 else "second"
    said = [ADVICE[first]]
    if place.get("discount_share_pct", 0.0) >= 0.6:
        said.append("They buy at a discount: see to the margin of every offer.")
    if place.get("return_rate_pct", 0.0) >= 0.6:
        said.append("They send much back: find out why before selling them more.")
    return " ".join(said)
