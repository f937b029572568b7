"""What somebody who leaves hands over: customers, deals, promises and risks, the most urgent first."""

from dataclasses import dataclass, field

import pandas as pd

from crmlib.analyse.people.contacts import signs_of
from crmlib.analyse.people.panorama import Panoramas
from crmlib.measure.deals.contacts import customer_owners, employees_left
from crmlib.measure.deals.stays import deals
from crmlib.measure.people import last_talks, planned_contacts
from crmlib.prepare.clock import closing_day
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import employee_codes
from crmlib.schema.errors import ParameterError

_CUSTOMER_FIGURES = ("spend_365d", "overdue_amount")
_DEAL = ("customer_id", "stage", "amount", "last_touch_days", "next_planned_on")


@dataclass(frozen=True, kw_only=True, eq=False)
class Handover:
    """What one employee hands over.

    Attributes
    ----------
    from_id, to_id : str
        As a page may show them; `to_id` is "" where nobody is named.
    customers : DataFrame indexed by customer_id (public), the most spend of the last year first
        `state`, `spend_365d`, `overdue_amount`, `last_on` (last contact), `signs` (tuple of `ACCOUNT_SIGNS`).
    deals : DataFrame indexed by opportunity_id, the largest first
        Open ones: `customer_id` (public), `stage`, `amount`, `last_touch_days`, `next_planned_on`, `risks` (tuple).
    promises : DataFrame, the next first
        Contacts that are planned and still ahead: `planned_for`, `customer_id` (public), `opportunity_id`.
    work : DataFrame
        Their rows of the worklist, the earliest day first, of one day the most money.
    load : DataFrame indexed by "before" and "after"
        `open_deals` and `open_amount` of who takes over, and `deals_ratio`: against the median of those who hold
        deals and have not left. Empty where nobody is named.
    as_of_on : Timestamp
    currency : str

    Examples
    --------
    See `handover`.
    """

    from_id: str
    to_id: str
    customers: pd.DataFrame = field(repr=False)
    deals: pd.DataFrame = field(repr=False)
    promises: pd.DataFrame = field(repr=False)
    work: pd.DataFrame = field(repr=False)
    load: pd.DataFrame = field(repr=False)
    as_of_on: pd.Timestamp
    currency: str

    def _repr_html_(self) -> str:
        return self.work.head(20).to_html(index=False)


def handover(
    crm: Crm,
    from_id: str,
    *,
    work: pd.DataFrame,
    to_id: str = "",
    panoramas: Panoramas | None = None,
) -> Handover:
    """All customers and open deals of an employee, what was promised to them, what warns, and what comes first.

    Parameters
    ----------
    crm : Crm
        With `opportunities` or `customers` that name their owners.
    from_id : str
        Who hands over: the employee's number, or the code that pages show.
    work : DataFrame
        The `table` of a `Worklist`.
    to_id : str, optional
        Who takes over.
    panoramas : Panoramas, optional
        Of the same workspace; made here where none is given.

    Returns
    -------
    Handover

    Raises
    ------
    ParameterError
        If one of the two is not known, has left (who takes over), or both are the same.

    Examples
    --------
    >>> from crmlib.analyse.worklist import worklist
    >>> sold = pd.DataFrame({"opportunity_id": ["a", "b"], "stage": "x", "owner_id": ["e1", "e2"], "amount": 9.0,
    ...     "outcome": "open", "created_at": "2024-01-01", "closed_at": None, "customer_id": ["ann", "bob"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold)
    >>> handover(crm, "e1", to_id="e2", work=worklist(crm).table).load[["open_deals", "open_amount"]]
            open_deals  open_amount
    before           1          9.0
    after            2         18.0
    """
    known = panoramas or Panoramas(crm)
    table = deals(crm) if "opportunities" in crm else pd.DataFrame(columns=["outcome", "owner_id", *_DEAL])
    still, owners = table[table["outcome"] == "open"], customer_owners(crm)
    leaver = _employee(crm, from_id, owners, table["owner_id"])
    taker = _employee(crm, to_id, owners, table["owner_id"]) if to_id else ""
    if taker and (taker == leaver or taker in employees_left(crm).index):
        why = "hands over" if taker == leaver else "has left"
        raise ParameterError(f"{to_id} {why}. Name somebody else who takes over.")
    theirs = still[still["owner_id"] == leaver]
    held = sorted(owners.index[owners == leaver])
    codes = employee_codes(crm, pd.Series([leaver, taker]))
    own = work[work["owner_id"] == codes[0]]
    own = own.sort_values(["by_when", "at_stake"], ascending=[True, False], kind="stable", na_position="last")
    return Handover(
        from_id=str(codes[0]),
        to_id=str(codes[1]),
        customers=_customers(crm, held, known),
        deals=_deals(theirs, known),
        promises=_promises(crm, leaver, held, list(theirs.index), known),
        work=own.reset_index(drop=True),
        load=_load(crm, still, leaver, taker),
        as_of_on=closing_day(crm),
        currency=crm.currency,
    )


def _employee(crm: Crm, given: str, *columns: pd.Series) -> str:
    """An employee's own number, from the number or the code of pages."""
    staff = (
        crm.frame("employees", ["employee_id"])["employee_id"]
        if "employees" in crm
        else pd.Series(dtype="str")
    )
    known = pd.concat([staff, *columns]).dropna().astype("str").drop_duplicates()
    coded = dict(zip(employee_codes(crm, known), known, strict=True)) | dict(zip(known, known, strict=True))
    asked = str(given).strip()
    if asked not in coded:
        raise ParameterError(
            f"There is no employee {asked!r}. Give the number that the CRM has for them, such as "
            f"{next(iter(coded), 'E05')}."
        )
    return coded[asked]


def _customers(crm: Crm, held: list[str], known: Panoramas) -> pd.DataFrame:
    figures = known.figures.reindex(index=held, columns=list(_CUSTOMER_FIGURES)).astype("float64")
    signs = signs_of(crm, held, parts=known.parts, influence=known.influence)
    made = figures.assign(
        state=known.stages.reindex(held).fillna(""),
        last_on=last_talks(crm).reindex(held),
        signs=pd.Series({one: signs.get(one, ()) for one in held}, index=held, dtype="object"),
    )
    made = made.sort_values("spend_365d", ascending=False, kind="stable", na_position="last")
    made.index = pd.Index([known.public_id(one) for one in made.index], name="customer_id")
    return made[["state", "spend_365d", "overdue_amount", "last_on", "signs"]]


def _deals(theirs: pd.DataFrame, known: Panoramas) -> pd.DataFrame:
    found = pd.Series(dtype="object") if known.decisions is None else known.decisions.deals["risks"]
    risks = [found[deal] if deal in found.index else () for deal in theirs.index]
    made = theirs[list(_DEAL)].assign(risks=pd.Series(risks, index=theirs.index, dtype="object"))
    made["customer_id"] = made["customer_id"].map(known.public_names)
    return made.sort_values("amount", ascending=False, kind="stable", na_position="last")


def _promises(crm: Crm, leaver: str, held: list[str], deal_ids: list[str], known: Panoramas) -> pd.DataFrame:
    plans = planned_contacts(crm)
    theirs = plans["employee_id"].eq(leaver)
    theirs |= plans["opportunity_id"].isin(deal_ids)
    theirs |= plans["customer_id"].isin(held) & plans["opportunity_id"].isna()
    found = plans[theirs][["planned_for", "customer_id", "opportunity_id"]].drop_duplicates()
    found = found.assign(customer_id=found["customer_id"].map(known.public_names))
    return found.sort_values(["planned_for", "customer_id"], kind="stable", ignore_index=True)


def _load(crm: Crm, still: pd.DataFrame, leaver: str, taker: str) -> pd.DataFrame:
    columns = ["open_deals", "open_amount", "deals_ratio"]
    if not taker:
        return pd.DataFrame(columns=columns)
    counts = still["owner_id"].value_counts()
    here = counts[~counts.index.isin([*employees_left(crm).index, leaver])]
    usual = here.median() if len(here) else float("nan")
    before, more = still[still["owner_id"] == taker], still[still["owner_id"] == leaver]
    rows = [
        (len(before), before["amount"].sum()),
        (len(before) + len(more), before["amount"].sum() + more["amount"].sum()),
    ]
    made = pd.DataFrame(rows, columns=columns[:2], index=["before", "after"])
    return made.assign(deals_ratio=made["open_deals"] / usual)
