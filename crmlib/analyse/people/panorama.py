"""Everything that is known of one customer in one place: state, history, value, people, deals and what is planned."""

from dataclasses import dataclass, field, replace

import pandas as pd

from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.people.contacts import ContactMap, closing_day, contact_map, influence_of
from crmlib.analyse.people.decisions import Decisions, DecisionTree, decision_tree, decisions
from crmlib.analyse.people.ties import PRIOR_UNITS
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.people import customer_history, decision_parts
from crmlib.measure.purchases.worth import category_spend
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, known_customers, public_ids, reveal_ids
from crmlib.schema.errors import ParameterError

FIGURES = (
    *("spend_365d", "spend_total", "order_count", "recency_days", "overdue_amount", "overdue_days_max"),
    *(
        "open_opportunity_count",
        "open_opportunity_amount",
        "won_amount_total",
        "open_case_count",
        "case_count_365d",
    ),
    *("open_complaint_count", "complaint_count_365d", "last_contact_days"),
)
TRAITS = ("kind", "industry", "company_size", "country", "region", "source")
MOST_TREES = 3
"""So many open deals are shown with their decision, the largest first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Panorama:
    """One customer.

    Attributes
    ----------
    customer_id : str
        The house's own number; `public_id` is what a page may show.
    stage : str
        The state of the life cycle; "" where it is not known.
    traits, figures : Series
        Of `TRAITS` and `FIGURES`; missing where no table brings them.
    history : DataFrame
        As `crmlib.measure.people.customer_history` makes it.
    bought : DataFrame
        `category`, `spend` (last year, account currency) and `usual` (what customers of the same industry and size
        spend there on average, drawn to all customers); the categories not bought by their `usual`.
    deals : DataFrame
        The customer's rows of `Decisions.deals`.
    trees : tuple of DecisionTree
        Of the largest open deals.
    contacts : ContactMap or None
    as_of_on : Timestamp
    currency : str
    """

    customer_id: str = field(repr=False)
    public_id: str
    stage: str
    traits: pd.Series = field(repr=False)
    figures: pd.Series = field(repr=False)
    history: pd.DataFrame = field(repr=False)
    bought: pd.DataFrame = field(repr=False)
    deals: pd.DataFrame = field(repr=False)
    trees: tuple[DecisionTree, ...] = field(repr=False)
    contacts: ContactMap | None = field(repr=False)
    as_of_on: pd.Timestamp
    currency: str


class Panoramas:
    """What all customers' panoramas have in common, computed once; `of` makes one of them."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.known = known_customers(crm)
        self.stages = lifecycle_stages(crm)
        self.figures = compute_indicators(crm, [*FIGURES, *TRAITS])
        has_parts = "opportunity_contacts" in crm and "opportunities" in crm
        self.parts = decision_parts(crm) if has_parts else None
        self.decisions: Decisions | None = decisions(crm, parts=self.parts) if has_parts else None
        has_people = "contacts" in crm and self.parts is not None
        self.influence = influence_of(crm, parts=self.parts) if has_people else None
        self.spend = self._spend()

    def own_number(self, customer_id: str) -> str:
        """The house's own number of a customer that is given by number or by pseudonym."""
        given = str(customer_id).strip()
        known = set(self.known)
        if given not in known:
            given = str(reveal_ids(self.crm, pd.Series([given])).iloc[0])
        if given not in known:
            raise ParameterError(
                f"There is no customer {customer_id!r}. Give a number, or a pseudonym of a page."
            )
        return given

    def of(self, customer_id: str) -> Panorama:
        """The panorama of one customer, by number or pseudonym."""
        own, crm = self.own_number(customer_id), self.crm
        row = self.figures.reindex([own]).iloc[0]
        known = self.decisions
        deals = pd.DataFrame() if known is None else known.deals[known.deals["customer_id"] == own]
        with_people = [deal for deal in deals.index if deals.at[deal, "people"]]
        return Panorama(
            customer_id=own,
            public_id=str(public_ids(crm, pd.Series([own])).iloc[0]),
            stage=str(self.stages.get(own, "")),
            traits=row.reindex(list(TRAITS)),
            figures=row.reindex(list(FIGURES)),
            history=customer_history(crm, own),
            bought=self._bought(own),
            deals=deals,
            trees=tuple(decision_tree(crm, deal, known=known) for deal in with_people[:MOST_TREES]),
            contacts=self._contacts(own),
            as_of_on=closing_day(crm),
            currency=crm.currency,
        )

    def _contacts(self, own: str) -> ContactMap | None:
        if self.influence is None:
            return None
        try:
            found = contact_map(self.crm, own, parts=self.parts, influence=self.influence)
            known_by = employee_codes(self.crm, found.people["known_by"])
            return replace(found, people=found.people.assign(known_by=known_by))
        except ParameterError:
            return None

    def _spend(self) -> pd.DataFrame | None:
        crm = self.crm
        if not {"transactions", "products"} <= set(crm.tables) or "category" not in crm.columns("products"):
            return None
        long = category_spend(crm)
        amount = next(name for name in long.columns if name not in ("customer_id", "category"))
        wide = long.pivot_table(index="customer_id", columns="category", values=amount, aggfunc="sum")
        return wide.astype("float64").fillna(0.0)

    def _bought(self, own: str) -> pd.DataFrame:
        if self.spend is None:
            return pd.DataFrame(columns=["category", "spend", "usual"])
        wide = self.spend
        alike = self.figures[["industry", "company_size"]].reindex(wide.index)
        mine = self.figures[["industry", "company_size"]].reindex([own]).iloc[0]
        peers = wide[(alike == mine).all(axis=1).to_numpy() & (wide.index != own)]
        usual = (peers.sum() + PRIOR_UNITS * wide.mean()) / (len(peers) + PRIOR_UNITS)
        spend = wide.loc[own] if own in wide.index else 0.0 * usual
        table = pd.DataFrame({"spend": spend, "usual": usual}).rename_axis("category").reset_index()
        return table.sort_values(["spend", "usual"], ascending=False, kind="stable", ignore_index=True)
