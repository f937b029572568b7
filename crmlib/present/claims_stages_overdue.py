"""What the report on the pipeline says of overdue deals, and of the step that comes next."""

import pandas as pd

from crmlib.analyse.pipeline.overdue import Overdue
from crmlib.measure.stage_stays import WHOLE_DEAL
from crmlib.present.needs import or_else
from crmlib.present.words import count, days, listing, money, number, percent, plural, quoted, times


@or_else(lambda missing: [])
def overdue_paragraph(overdue: Overdue) -> list[str]:
    """Which open deals are overdue, by how much, and what may be done about them.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> overdue_paragraph(little_pipeline()[1])[0].replace("\\u00a0", " ")
    'A deal is overdue once it has been in its stage for longer than 50 % of deals ever are: “Talk” 5 days and
    “Offer” 10 days.'
    """
    known = overdue.limits.dropna(subset="limit_days")
    if known.empty:
        return ["No stage has seen enough deals leave to say what is overdue."]
    whole = list(known.index) == [WHOLE_DEAL]
    parts = [f"{quoted(stage)} {days(row['limit_days'])}" for stage, row in known.iterrows()]
    place = "been open" if whole else "been in its stage"
    limits = days(known["limit_days"].iloc[0]) if whole else listing(parts)
    said = [
        f"A deal is overdue once it has {place} for longer than {percent(100 * overdue.quantile)} of deals ever "
        f"are: {limits}."
    ]
    unknown = [quoted(stage) for stage in overdue.limits.index.difference(known.index, sort=False)]
    if unknown:
        said.append(f"For {listing(unknown)} no limit can be told: too few stays are seen to end.")
    if len(overdue.table):
        row = overdue.table.iloc[0]
        clear = int(overdue.table["is_clear"].sum())
        said.append(
            f"Of the {count(len(overdue.table), 'overdue deal')}, {number(clear)} "
            f"{plural(clear, 'is', 'are')} beyond the likely range of the limit, too."
        )
        if pd.notna(row["amount"]):
            said.append(
                f"The largest one, worth {money(row['amount'], overdue.currency)}, is "
                f"{days(row['over_days'])} over. Close what is dead, and call on the others."
            )
    return said


@or_else(lambda missing: [])
def next_step_paragraph(overdue: Overdue) -> list[str]:
    """Whether some next step is more frequent among the won than among the lost at the same point.

    Parameters
    ----------
    overdue : Overdue

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.claims_stages import little_pipeline
    >>> next_step_paragraph(little_pipeline()[1])
    ['Too few closed deals had a contact that is known, so no next step can be told from them.']
    """
    steps = overdue.steps
    if steps.empty:
        return ["Too few closed deals had a contact that is known, so no next step can be told from them."]
    said = [
        "For each point of a stage it was looked up what we did next with the deals that were won later and with "
        "those that were lost; deals that had no further contact are left out on both sides."
    ]
    better = steps[steps["is_better"]].sort_values("lift", ascending=False, kind="stable")
    if better.empty:
        said.append(
            f"Not one of {count(len(steps), 'step')} is shown to be more frequent among the won. The list therefore "
            "names the step that the won took most often, as a habit, not as a cure."
        )
    for row in better.head(2).itertuples():
        said.append(
            f"In {_name(row.stage)} after {days(row.at_days)}, “{row.step}” came next in {percent(row.won_pct)} of "
            f"the won against {percent(row.lost_pct)} of the lost ({times(row.lift)} as often, likely "
            f"{number(row.low)} to {number(row.high)}), after another {days(row.wait_days)} in the middle."
        )
    if len(better):
        said.append("That goes together with winning; it is no proof that the step brings it about.")
    return said


def _name(stage: object) -> str:
    return "the pipeline" if stage == WHOLE_DEAL else quoted(stage)
