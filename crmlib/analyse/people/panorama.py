"""Everything that is known of one customer in one place: state, history, value, people, deals and what is planned."""

from dataclasses import dataclass, field, replace

import pandas as pd

from crmlib.analyse.customers.states import lifecycle_stages
from crmlib.analyse.offers.interests import interest_table
from crmlib.analyse.people.contacts import ContactMap, contact_map, influence_of
from crmlib.analyse.people.decisions import Decisions, DecisionTree, decision_tree, decisions
from crmlib.analyse.people.ties import PRIOR_UNITS, TIE_FIGURES, relation_graph, spend_by_category
from crmlib.analyse.stats.small_groups import shown_traits
from crmlib.analyse.stats.tests import SURE
from crmlib.analyse.voice.themes import themes_of_customers
from crmlib.measure.indicators import compute_indicators
from crmlib.measure.people import customer_history, decision_parts
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes, kept_or_made, known_customers, min_group, public_ids
from crmlib.schema.errors import ParameterError, SchemaError

FIGURES = (
    *("spend_365d", "spend_total", "order_count", "recency_days", "overdue_amount", "overdue_days_max"),
    *("open_opportunity_count", "open_opportunity_amount", "won_amount_total", "open_case_count"),
    *("case_count_365d", "open_complaint_count", "complaint_count_365d", "last_contact_days"),
)
TRAITS = ("kind", "industry", "company_size", "country", "region", "source")
WORK_FIGURES = ("gap_overdue_ratio",)
"""What the worklist asks for besides."""
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
        Of `TRAITS` and `FIGURES`; missing where no table brings them. A trait that fewer customers share than
        `[privacy] min_group` asks is `OTHER`, as on all pages.
    history : DataFrame
        As `crmlib.measure.people.customer_history` makes it.
    bought : DataFrame
        `category`, `spend` (last year, account currency) and `usual` (what customers of the same industry and size
        spend there on average, drawn to all customers), `looks` and `is_stated` as `preferences` makes them; the
        categories not bought by their `usual`.
    deals : DataFrame
        The customer's rows of `Decisions.deals`.
    trees : tuple of DecisionTree
        Of the largest open deals.
    contacts : ContactMap or None
    family : DataFrame
        The customer's rows of `RelationGraph.units` and those of its family, under their public names; empty where
        it belongs to none.
    headroom : DataFrame
        The customer's rows of `RelationGraph.headroom`.
    speaks : DataFrame
        The customer's rows of `crmlib.speaks_of`, the theme of the latest text first; without a share won where fewer
        decided deals than `[privacy] min_group` spoke of it.
    followed : DataFrame
        What followed notes of these themes in won and lost deals, where the difference is more than chance.
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
    family: pd.DataFrame = field(repr=False)
    headroom: pd.DataFrame = field(repr=False)
    speaks: pd.DataFrame = field(repr=False)
    followed: pd.DataFrame = field(repr=False)
    as_of_on: pd.Timestamp
    currency: str


class Panoramas:
    """What all customers' panoramas have in common, computed once and kept; `of` makes one of them."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        known = known_customers(crm)
        self._public = dict(zip(known, public_ids(crm, known), strict=True))
        self._own = {public: own for own, public in self._public.items()}
        self._kept = kept_or_made(crm, "panoramas", lambda: _in_common(crm))
        self.stages: pd.Series = self._kept["stages"]["stage"]
        self.figures = self._kept["figures"]
        self.decisions = _decisions_again(crm, self._kept)
        self.influence = self._kept.get("influence")

    def own_number(self, customer_id: str) -> str:
        """The house's own number of a customer that is given by number or by pseudonym."""
        given = str(customer_id).strip()
        if given in self._public:
            return given
        own = self._own.get(given, self._own.get(given.upper()))
        if own is None:
            raise ParameterError(
                f"There is no customer {customer_id!r}. Give a number, or a pseudonym of a page."
            )
        return own

    @property
    def public_names(self) -> dict[str, str]:
        """Every customer's own number -> what a page may call them."""
        return self._public

    @property
    def parts(self) -> pd.DataFrame | None:
        """Everybody's part in every decision; None where that is not kept."""
        return None if self.decisions is None else self.decisions.parts

    def public_id(self, customer_id: str) -> str:
        """What a page may call a customer that is given by number or by pseudonym."""
        return str(self._public[self.own_number(customer_id)])

    def of(self, customer_id: str) -> Panorama:
        """The panorama of one customer, by number or pseudonym."""
        own, crm = self.own_number(customer_id), self.crm
        row = self.figures.reindex([own]).iloc[0]
        known = self.decisions
        deals = pd.DataFrame() if known is None else known.deals[known.deals["customer_id"] == own]
        with_people = [deal for deal in deals.index if deals.at[deal, "people"]]
        family, headroom = self._family(own)
        speaks, followed = self._speaks(own)
        return Panorama(
            customer_id=own,
            public_id=self.public_id(own),
            stage=str(self.stages.get(own, "")),
            traits=self._kept["traits"].reindex([own]).iloc[0],
            figures=row.reindex(list(FIGURES)),
            history=customer_history(crm, own),
            bought=self._bought(own),
            deals=deals,
            trees=tuple(decision_tree(crm, deal, known=known) for deal in with_people[:MOST_TREES]),
            contacts=self.contacts_of(own),
            family=family,
            headroom=headroom,
            speaks=speaks,
            followed=followed,
            as_of_on=closing_day(crm),
            currency=crm.currency,
        )

    def contacts_of(self, own: str) -> ContactMap | None:
        """The people at a customer, by the house's own number; None where nobody is known."""
        if self.influence is None:
            return None
        try:
            found = contact_map(self.crm, own, parts=self.decisions.parts, influence=self._kept["influence"])
        except ParameterError:
            return None
        known_by = employee_codes(self.crm, found.people["known_by"])
        return replace(found, people=found.people.assign(known_by=known_by))

    def _family(self, own: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        units, headroom = self._kept["units"], self._kept["headroom"]
        if own not in units.index:
            return units.iloc[:0], headroom.iloc[:0]
        family = units[units["family"] == units.at[own, "family"]]
        public = self._public
        family = family.assign(
            is_own=family.index == own,
            family=family["family"].map(public),
            parent_id=family["parent_id"].map(public),
        )
        return family.rename(index=public), headroom[headroom["customer_id"] == own]

    def _speaks(self, own: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        speaks, followed = self._kept["speaks"], self._kept["followed"]
        mine = speaks[speaks["customer_id"] == own].reset_index(drop=True)
        mine["won_pct"] = mine["won_pct"].where(mine["decided"] >= min_group(self.crm))
        sure = followed["theme"].isin(mine["theme"]) & (followed["q_value"] <= SURE)
        return mine, followed[sure].sort_values("difference", ascending=False, ignore_index=True)

    def _bought(self, own: str) -> pd.DataFrame:
        if "spend" not in self._kept:
            return pd.DataFrame(columns=["category", "spend", "usual", "looks", "is_stated"])
        wide = self._kept["spend"]
        alike = self.figures[["industry", "company_size"]].reindex(wide.index)
        mine = self.figures[["industry", "company_size"]].reindex([own]).iloc[0]
        peers = wide[(alike == mine).all(axis=1).to_numpy() & (wide.index != own)]
        usual = (peers.sum() + PRIOR_UNITS * wide.mean()) / (len(peers) + PRIOR_UNITS)
        spend = wide.loc[own] if own in wide.index else 0.0 * usual
        table = pd.DataFrame({"spend": spend, "usual": usual}).rename_axis("category").reset_index()
        known = self._kept["interests"]
        signs = known[known["customer_id"] == own].set_index("category").reindex(table["category"])
        table["looks"] = signs["looks"].fillna(0).to_numpy(dtype="int64")
        table["is_stated"] = signs["is_stated"].eq(True).to_numpy()
        return table.sort_values(["spend", "usual"], ascending=False, kind="stable", ignore_index=True)


def _in_common(crm: Crm) -> dict[str, pd.DataFrame]:
    """What is computed over all customers, as tables that can be kept."""
    names = list(dict.fromkeys([*FIGURES, *TRAITS, *TIE_FIGURES, *WORK_FIGURES]))
    figures = compute_indicators(crm, names).reindex(columns=names)
    known = figures[list(TRAITS)]
    told = shown_traits(known, min_group=min_group(crm), most=None).where(known.notna())
    stages = lifecycle_stages(crm).astype("str").rename("stage").to_frame()
    made = {"figures": figures, "traits": told, "stages": stages}
    if "opportunity_contacts" in crm and "opportunities" in crm:
        parts = decision_parts(crm)
        found = decisions(crm, parts=parts)
        sway = pd.DataFrame({"sway": [found.sway], "low": [found.sway_low], "high": [found.sway_high]})
        made |= {"parts": found.parts, "deals": found.deals, "roles": found.roles, "sway": sway}
        if "contacts" in crm:
            made["influence"] = influence_of(crm, parts=parts)
    if {"transactions", "products"} <= set(crm.tables) and "category" in crm.columns("products"):
        made["spend"] = spend_by_category(crm)
        made["interests"] = interest_table(crm)
    return made | themes_of_customers(crm) | _ties(crm, figures)


def _ties(crm: Crm, figures: pd.DataFrame) -> dict[str, pd.DataFrame]:
    try:
        found = relation_graph(crm, indicators=figures)
    except SchemaError:
        nothing = pd.DataFrame({"family": [], "parent_id": [], "customer_id": []}, dtype="str")
        return {"units": nothing.set_index("customer_id"), "headroom": nothing}
    return {"units": found.units, "headroom": found.headroom}


def _decisions_again(crm: Crm, kept: dict[str, pd.DataFrame]) -> Decisions | None:
    if "deals" not in kept:
        return None
    listed = {name: kept["deals"][name].map(tuple) for name in ("missing_roles", "risks")}
    sway = kept["sway"].iloc[0]
    return Decisions(
        parts=kept["parts"], deals=kept["deals"].assign(**listed), roles=kept["roles"], sway=sway["sway"],
        sway_low=sway["low"], sway_high=sway["high"], as_of_on=closing_day(crm),
    )  # fmt: skip
