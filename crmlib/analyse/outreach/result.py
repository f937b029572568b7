"""A plan of whom to address comes out as this."""

from dataclasses import dataclass, field
from html import escape

import pandas as pd

REASONS = {
    "no_offer": "no offer is known for the customer",
    "other_offer": "the offers for the customer are of another kind",
    "no_consent": "has agreed to no channel that was asked for",
    "no_address": "has agreed, but no usable address is on record",
    "quiet": "was addressed too recently",
    "control": "is left alone for the comparison of an earlier campaign",
    "beyond_most": "comes after the number of customers asked for",
}
"""Why a customer is not in the plan, in the order in which it is asked; each customer has one reason."""

LIST_COLUMNS = (
    "customer_id", "channel", "kind", "product_id", "product", "category", "probability", "price", "margin",
    "expected_margin", "expected_value", "due_on", "because_product_id", "because", "reason", "channel_reason",
    "last_contacted_on",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class OutreachPlan:
    """One offer for each customer of a campaign, how to reach them, and everybody who is not in it.

    Attributes
    ----------
    contacts : DataFrame, one row a customer to address, the most valuable first
        `customer_id`, `channel`, `kind`, `product_id`, `product`, `category`, `probability` (0 to 1), `price`,
        `margin`, `expected_margin`, `expected_value` (see `value_means`), `due_on`, `because_product_id`,
        `because`, `reason` (why this offer), `channel_reason`, `last_contacted_on` (day; empty where no
        contact is known).
    control : DataFrame
        The same columns: customers who would have been addressed and are left alone, for comparison.
    set_aside : DataFrame, sorted by reason and customer
        `customer_id`, `reason` (one of `REASONS`), `says` (a sentence).
    counts : DataFrame, one row a reason
        `reason`, `says`, `customers`.
    balance : DataFrame, one row a figure
        `figure`, `contacted`, `control` (means, or shares in percent), `difference_sd` (in standard
        deviations; below 0.1 counts as alike).
    campaign_id : str
    kind, channel : str
        As asked for.
    moment : Timestamp, naive, UTC
        When the customers are addressed.
    contacted_on : Timestamp
        The day of it in the workspace's time zone.
    quiet_days, seed : int
    control_share_pct : float
    value_means : str
        What `expected_value` is: "expected margin", "expected revenue" or "probability".
    says : str
    notes : tuple of str
        What to know before the list is used.
    currency : str

    Examples
    --------
    See `crmlib.analyse.outreach.plan.plan_outreach`.
    """

    contacts: pd.DataFrame
    control: pd.DataFrame = field(repr=False)
    set_aside: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame
    balance: pd.DataFrame = field(repr=False)
    campaign_id: str
    kind: str
    channel: str
    moment: pd.Timestamp
    contacted_on: pd.Timestamp
    quiet_days: int
    seed: int
    control_share_pct: float
    value_means: str
    says: str
    notes: tuple[str, ...] = ()
    currency: str = ""

    @property
    def customers(self) -> int:
        """Everybody whom the workspace knows: in the plan, left alone for comparison, or set aside.

        Examples
        --------
        See `crmlib.analyse.outreach.plan.plan_outreach`.
        """
        return len(self.contacts) + len(self.control) + len(self.set_aside)

    def _repr_html_(self) -> str:
        shown = self.contacts.head(10).round(3).to_html(index=False)
        return f"<p>{escape(self.says)}</p>{self.counts.to_html(index=False)}{shown}"
