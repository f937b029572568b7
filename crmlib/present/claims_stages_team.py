"""What the report on the pipeline says of the team: what was done for deals, who carries how much, what is left."""

from functools import cache

import pandas as pd

from crmlib.analyse.pipeline.handover import TeamWork
from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.present.needs import or_else
from crmlib.present.words import count, days, listing, money, number, percent, plural, times


@or_else(lambda missing: [])
def effort_paragraph(work: TeamWork) -> list[str]:
    """Contacts, time and expense of won and lost deals, and how many plans were kept.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    list of str

    Examples
    --------
    >>> effort_paragraph(little_work())
    ['Contacts are not kept with the deal they were about, so nobody can tell what was done for it.']
    """
    table = work.by_outcome
    if table.empty or table["touch_count"].isna().all():
        return [
            "Contacts are not kept with the deal they were about, so nobody can tell what was done for it."
        ]
    said = []
    for outcome in ("won", "lost"):
        if outcome in table.index:
            row = table.loc[outcome]
            parts = [count(row["touch_count"], "contact")]
            if row["minutes_spent"] > 0:
                parts.append(f"{number(row['minutes_spent'])} minutes")
            if row["cost_spent"] > 0:
                parts.append(f"{money(row['cost_spent'], work.currency)} of expense")
            said.append(f"A {outcome} deal took {listing(parts)} in the middle.")
    kept = table["kept_pct"].dropna()
    if len(kept):
        parts = [f"{percent(share)} of those for {outcome} deals" for outcome, share in kept.items()]
        said.append(
            f"Of the contacts that were planned and due, {listing(parts)} took place within 3 days of the day planned."
        )
    if {"won", "lost"} <= set(table.index):
        said.append(
            "Won deals are worked on for longer, so they have more contacts; that alone is no reason."
        )
    return said


@or_else(lambda missing: [])
def unplanned_paragraph(overdue: Overdue) -> list[str]:
    """Open deals that have no contact planned.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> unplanned_paragraph(little_pipeline()[1])
    ['Planned contacts are not kept, so nobody can tell which deals have none.']
    """
    if not overdue.plans_kept:
        return ["Planned contacts are not kept, so nobody can tell which deals have none."]
    bare, total = overdue.unplanned, len(overdue.open_deals)
    if bare.empty:
        return ["Every open deal has a contact planned."] if total else ["No deal is open."]
    worth = bare["amount"].sum(min_count=1)
    value = (
        f" and {plural(len(bare), 'is', 'are')} worth {money(worth, overdue.currency)}"
        if pd.notna(worth)
        else ""
    )
    late = int(bare["is_overdue"].eq(True).fillna(False).sum())
    return [
        f"{number(len(bare))} of {count(total, 'open deal')} ({percent(100 * len(bare) / total)}) "
        f"{plural(len(bare), 'has', 'have')} no contact planned{value}; {number(late)} of them "
        f"{plural(late, 'is', 'are')} overdue as well.",
        "Put a date on each, or close it.",
    ]


@or_else(lambda missing: [])
def load_paragraph(work: TeamWork) -> list[str]:
    """Who carries most, against the middle of the team.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    list of str

    Examples
    --------
    >>> load_paragraph(little_work())[0].replace("\\u00a0", " ")
    '1 owner who is still here has open deals, 1 in the middle.'
    """
    here = work.load[~work.load["has_left"] & (work.load.index != "without an owner")]
    if here.empty:
        return ["No owner who is still here has an open deal."]
    middle = here["open_deals"].median()
    said = [
        f"{count(len(here), 'owner')} who {plural(len(here), 'is', 'are')} still here "
        f"{plural(len(here), 'has', 'have')} open deals, {number(middle)} in the middle."
    ]
    most = here.iloc[0]
    if len(here) > 2 and most["deals_ratio"] >= 1.2:
        said.append(
            f"{here.index[0]} carries most: {count(most['open_deals'], 'open deal')}, {times(most['deals_ratio'])} "
            f"the middle of the team."
        )
    busy = here[(here["deals_ratio"] >= 1.2) & (here["touches_ratio"] < 0.8)]
    if len(busy):
        said.append(
            f"{listing(busy.index, limit=3)} {plural(len(busy), 'has', 'have')} many deals and few contacts: more than "
            "1.2 times the deals of the middle and less than 0.8 times the contacts."
        )
    nobody = work.load[work.load.index == "without an owner"]
    if len(nobody):
        n = int(nobody["open_deals"].iloc[0])
        said.append(f"{count(n, 'open deal')} {plural(n, 'has', 'have')} no owner.")
    return said


@or_else(lambda missing: [])
def handover_paragraph(work: TeamWork) -> list[str]:
    """The open deals of owners who left.

    Parameters
    ----------
    work : TeamWork

    Returns
    -------
    list of str

    Examples
    --------
    >>> handover_paragraph(little_work())[0].replace("\\u00a0", " ")
    '1 open deal, worth EUR 20, still belongs to 1 owner who has left.'
    """
    if not work.left_known:
        return ["It is not kept who has left, so no deals can be listed for handing over."]
    listed = work.handover
    if listed.empty:
        return ["No open deal belongs to an owner who has left."]
    owners, worth = listed["owner_id"].nunique(), listed["amount"].sum(min_count=1)
    value = f", worth {money(worth, work.currency)}," if pd.notna(worth) else ""
    said = [
        f"{count(len(listed), 'open deal')}{value} still {plural(len(listed), 'belongs', 'belong')} to "
        f"{count(owners, 'owner')} who {plural(owners, 'has', 'have')} left."
    ]
    silent = listed[listed["last_contact_on"].notna() & (listed["last_contact_on"] < listed["left_on"])]
    if len(silent):
        said.append(
            f"{number(len(silent))} of them {plural(len(silent), 'has', 'have')} had no contact since the owner left."
        )
    bare = int(listed["next_planned_on"].isna().sum())
    if listed["next_planned_on"].notna().any():
        said.append(f"{number(bare)} {plural(bare, 'has', 'have')} no contact planned.")
    waiting = listed["stage_age_days"].median()
    if pd.notna(waiting):
        said.append(f"In the middle they have been in their stage for {days(waiting)}.")
    return said


@cache
def little_work() -> TeamWork:
    """Two open deals, one of them of an owner who has left, for the examples.

    Returns
    -------
    TeamWork

    Examples
    --------
    >>> len(little_work().handover)
    1
    """
    from crmlib.analyse.pipeline.handover import team_work
    from crmlib.prepare.crm import Crm

    sold = pd.DataFrame(
        {
            "opportunity_id": ["a", "b", "c"],
            "stage": "x",
            "owner_id": ["e1", "e2", "e1"],
            "outcome": ["open", "open", "won"],
            "amount": [10.0, 20.0, 30.0],
            "created_at": "2024-01-01",
            "closed_at": [None, None, "2024-01-09"],
        }
    )
    staff = pd.DataFrame({"employee_id": ["e1", "e2"], "left_on": [None, "2024-01-20"]})
    return team_work(Crm.from_frames(as_of="2024-01-31", currency="EUR", opportunities=sold, employees=staff))
