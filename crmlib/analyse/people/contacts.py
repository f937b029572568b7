"""The people at a customer: who reports to whom, who counts how much, and whom of them we know."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from crmlib.measure.people import contact_people, contact_touches, decision_parts
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm, require
from crmlib.schema.errors import ParameterError

DECIDER, APPROVER, CHAMPION, BLOCKER = "decider", "approver", "champion", "blocker"
ROLES = (DECIDER, APPROVER, CHAMPION, "influencer", BLOCKER, "buyer", "user")
"""Parts in a decision, the one that weighs most first."""

ROLE_WEIGHTS = dict(zip(ROLES, (1.0, 0.9, 0.65, 0.55, 0.55, 0.4, 0.2), strict=True))
"""Influence that a part suggests where nobody has stated any."""

FRESH_DAYS = 180
"""Longer ago than this, a contact is no longer fresh."""

FEWEST_GIVEN = 50
"""From so many stated influences on, the weights of an estimate are learnt from them."""

NOBODY, SINGLE_THREADED, NO_DECIDER = "nobody_spoken_to", "single_threaded", "no_decider"
CHAMPION_SILENT, CHAMPION_MOVED = "champion_silent", "champion_moved"
ACCOUNT_SIGNS = (NOBODY, SINGLE_THREADED, NO_DECIDER, CHAMPION_SILENT, CHAMPION_MOVED)
"""What may be wrong with an account: no contact is fresh; one only; no decider is known, or none of them fresh; who
spoke for us has gone silent; who spoke for us now stands with another customer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ContactMap:
    """The people at one customer.

    Attributes
    ----------
    customer_id : str
        The house's own number.
    people : DataFrame indexed by contact_id, superiors before those who report to them
        `title`, `department`, `reports_to_contact_id`, `depth`, `influence` (0 to 1), `is_estimate` (of the
        influence: nobody has stated it), `decision_role` (the part the person takes most often), `stance` (mean
        over their deals, -1 to 1), `deal_count`, `touch_count`, `last_on`, `last_days`, `is_fresh`, `known_by`
        (the employee who has spoken to them most), `known_by_count`.
    who_knows_whom : DataFrame
        `contact_id`, `employee_id`, `touch_count`, `last_on`.
    signs : tuple of str
        Of `ACCOUNT_SIGNS`.
    as_of_on : Timestamp

    Examples
    --------
    See `contact_map`.
    """

    customer_id: str
    people: pd.DataFrame = field(repr=False)
    who_knows_whom: pd.DataFrame = field(repr=False)
    signs: tuple[str, ...]
    as_of_on: pd.Timestamp

    def __repr__(self) -> str:
        return f"ContactMap(people={len(self.people)}, signs={list(self.signs)})"

    def _repr_html_(self) -> str:
        return self.people.to_html()


def contact_map(
    crm: Crm, customer_id: str, *, parts: pd.DataFrame | None = None, influence: pd.DataFrame | None = None
) -> ContactMap:
    """Reporting lines, influence and freshness of the people at one customer.

    Parameters
    ----------
    crm : Crm
        With `contacts`; `interactions` and `opportunity_contacts` where they are kept.
    customer_id : str
        The house's own number.
    parts : DataFrame, optional
        As `crmlib.measure.people.decision_parts` makes it.
    influence : DataFrame, optional
        As `influence_of` makes it; one for many maps saves its time.

    Returns
    -------
    ContactMap

    Raises
    ------
    SchemaError
        If there are no contacts.
    ParameterError
        If nobody at that customer is known.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> people = pd.DataFrame({"contact_id": ["ann", "bob"], "customer_id": "c", "title": ["Head", "Buyer"],
    ...     "reports_to_contact_id": [None, "ann"]})
    >>> talk = pd.DataFrame({"interaction_id": ["1"], "customer_id": "c", "contact_id": ["bob"],
    ...     "employee_id": "e", "happened_at": ["2024-01-21"]})
    >>> found = contact_map(Crm.from_frames(as_of="2024-01-31", contacts=people, interactions=talk), "c")
    >>> found.people[["depth", "is_estimate", "last_days"]]
                depth  is_estimate  last_days
    contact_id
    ann             0         True        NaN
    bob             1         True       10.0
    >>> found.signs
    ('single_threaded', 'no_decider')
    """
    require(crm, "contacts")
    parts = decision_parts(crm) if parts is None else parts
    people = contact_people(crm, customer_id=customer_id)
    if people.empty:
        raise ParameterError(f"No contact at customer {customer_id!r} is known.")
    known = influence_of(crm, parts=parts) if influence is None else influence
    touches = contact_touches(crm, customer_id=customer_id)
    as_of_on = closing_day(crm)
    table = _people(people, known.reindex(people.index), touches, as_of_on)
    own = parts[parts["contact_id"].isin(people.index) | (parts["customer_id"] == customer_id)]
    signs = account_signs(table, own, customer_id=customer_id)
    ordered = _in_line(table)
    talked = touches[touches["contact_id"].isin(people.index)].reset_index(drop=True)
    return ContactMap(
        customer_id=customer_id, people=ordered, who_knows_whom=talked, signs=signs, as_of_on=as_of_on
    )


def influence_of(
    crm: Crm, *, parts: pd.DataFrame | None = None, hide: pd.Index | None = None
) -> pd.DataFrame:
    """The influence of every contact: as stated, else estimated.

    An estimate rests on the part that somebody takes in decisions, on how many report to them, on how many of
    the others they sway, and on visits. Where at least 50 influences are stated it is learnt from those (ridge
    regression); else it is the weight of the part, or one half. `hide` takes stated ones away, for a test of it.
    Columns `influence`, `is_estimate`, `decision_role`, `stance`, `deal_count`.
    """
    parts = decision_parts(crm) if parts is None else parts
    people = contact_people(crm)
    marks = _marks(people, parts, contact_touches(crm))
    given = people["influence"].astype("float64")
    if hide is not None:
        given = given.mask(given.index.isin(hide))
    plain = marks["role_weight"].fillna(0.5)
    estimate = plain
    if given.notna().sum() >= FEWEST_GIVEN and given.isna().any():
        features = marks[["role_weight", "reports", "sways", "visits"]]
        features = features.fillna(features.median()).fillna(0.0)
        middle = features[given.notna()].mean()
        x, y = (features - middle)[given.notna()].to_numpy(), given.dropna()
        slopes = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T @ (y - y.mean()))
        estimate = (y.mean() + (features - middle) @ slopes).clip(0, 1)
    return pd.DataFrame(
        {
            "influence": given.fillna(estimate),
            "is_estimate": given.isna(),
            "decision_role": marks["decision_role"],
            "stance": marks["stance"],
            "deal_count": marks["deal_count"].fillna(0).astype("int64"),
        }
    )


def _marks(people: pd.DataFrame, parts: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    """What suggests somebody's influence."""
    grouped = parts.groupby("contact_id")
    marks = pd.DataFrame(index=people.index)
    marks["decision_role"] = (
        parts.groupby(["contact_id", "decision_role"]).size().rename("n").reset_index()
        .assign(rank=lambda t: t["decision_role"].map({role: i for i, role in enumerate(ROLES)}))
        .sort_values(["n", "rank"], ascending=[False, True], kind="stable")
        .drop_duplicates("contact_id").set_index("contact_id")["decision_role"]
    )  # fmt: skip
    marks["stance"] = grouped["stance"].mean()
    marks["deal_count"] = grouped["opportunity_id"].nunique()
    weights = parts["decision_role"].map(ROLE_WEIGHTS).astype("float64")
    marks["role_weight"] = weights.groupby(parts["contact_id"]).mean()
    at_customer = people.groupby("customer_id")["title"].transform("size")
    others = (at_customer - 1).clip(lower=1)
    reports = people["reports_to_contact_id"].value_counts()
    marks["reports"] = reports.reindex(people.index).fillna(0.0) / others
    marks["sways"] = parts["influences_contact_id"].notna().groupby(parts["contact_id"]).mean()
    visits = touches.groupby("contact_id")["visit_count"].sum()
    marks["visits"] = np.log1p(visits.reindex(people.index).fillna(0.0))
    marks[["role_weight", "sways"]] = marks[["role_weight", "sways"]].astype("float64")
    return marks


def _people(
    people: pd.DataFrame, known: pd.DataFrame, touches: pd.DataFrame, as_of_on: pd.Timestamp
) -> pd.DataFrame:
    table = people.drop(columns=["influence", "customer_id"]).join(known)
    grouped = touches.groupby("contact_id")
    table["touch_count"] = grouped["touch_count"].sum().reindex(table.index).fillna(0).astype("int64")
    table["last_on"] = pd.to_datetime(grouped["last_on"].max().reindex(table.index)).astype("datetime64[us]")
    table["last_days"] = (as_of_on - table["last_on"]).dt.days.astype("float64")
    table["is_fresh"] = (table["last_days"] <= FRESH_DAYS).astype("bool")
    most = touches.sort_values(["touch_count", "last_on"], ascending=False, kind="stable")
    most = most.drop_duplicates("contact_id").set_index("contact_id")["employee_id"]
    table["known_by"] = most.reindex(table.index)
    table["known_by_count"] = grouped["employee_id"].nunique().reindex(table.index).fillna(0).astype("int64")
    return table


def account_signs(people: pd.DataFrame, parts: pd.DataFrame, *, customer_id: str) -> tuple[str, ...]:
    """What is wrong with an account, from its people and their parts in decisions."""
    fresh = people[people["is_fresh"]]
    deciders = fresh["decision_role"].isin([DECIDER, APPROVER])
    champions = parts[parts["decision_role"] == CHAMPION]
    here = champions["contact_id"].isin(people.index) & (champions["customer_id"] == customer_id)
    silent = ~people.reindex(champions.loc[here, "contact_id"].unique())["is_fresh"].eq(True)
    moved = (champions["customer_id"] == customer_id) & ~champions["contact_id"].isin(people.index)
    found = {
        NOBODY: fresh.empty,
        SINGLE_THREADED: len(fresh) == 1 and len(people) > 1,
        NO_DECIDER: not deciders.any() and not fresh.empty,
        CHAMPION_SILENT: bool(silent.any()),
        CHAMPION_MOVED: bool(moved.any()),
    }
    return tuple(sign for sign in ACCOUNT_SIGNS if found[sign])


def signs_of(
    crm: Crm, customers: list[str], *, parts: pd.DataFrame | None, influence: pd.DataFrame | None
) -> dict[str, tuple[str, ...]]:
    """What is wrong with each of many accounts, as `contact_map` says it of one; nothing where nobody is known."""
    if parts is None or influence is None:
        return {}
    people = contact_people(crm)
    people = people[people["customer_id"].isin(customers)]
    whose = people["customer_id"]
    table = _people(people, influence.reindex(people.index), contact_touches(crm), closing_day(crm))
    near = parts[parts["contact_id"].isin(people.index) | parts["customer_id"].isin(customers)]
    found = {}
    for customer, own in table.groupby(whose):
        concerned = near["contact_id"].isin(own.index) | (near["customer_id"] == customer)
        found[str(customer)] = account_signs(own, near[concerned], customer_id=str(customer))
    return found


def _in_line(people: pd.DataFrame) -> pd.DataFrame:
    """Superiors before those who report to them, the more influential first."""
    by_weight = people.assign(_id=people.index).sort_values(
        ["influence", "_id"], ascending=[False, True], kind="stable"
    )
    order = down_the_line(people["reports_to_contact_id"], by_weight.index)
    placed = people.loc[list(order)]
    placed.insert(3, "depth", pd.Series(order, dtype="int64"))
    return placed


def down_the_line(above: pd.Series, ordered: pd.Index) -> dict[str, int]:
    """Everybody and their depth, each behind who stands above them, of equals as ordered; a circle is cut."""
    below: dict[str | None, list[str]] = {}
    for one in ordered:
        below.setdefault(above[one] if above[one] in ordered else None, []).append(one)
    depths: dict[str, int] = {}
    left = [(one, 0) for one in [*below.get(None, ()), *ordered]][::-1]
    while left:
        one, depth = left.pop()
        if one not in depths:
            depths[one] = depth
            left += [(other, depth + 1) for other in below.get(one, ())][::-1]
    return depths
