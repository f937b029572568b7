"""What the report on the pipeline says of the process: steps that go back, and steps that wait."""

import pandas as pd

from crmlib.analyse.pipeline.process import ProcessFlow
from crmlib.present.needs import or_else
from crmlib.present.words import count, days, listing, number, percent, plural, quoted


@or_else(lambda missing: [])
def process_paragraph(flow: ProcessFlow) -> list[str]:
    """Steps of the process that go back, and those that wait longest.

    Parameters
    ----------
    flow : ProcessFlow

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.analyse.pipeline.durations import little_history
    >>> from crmlib.analyse.pipeline.process import process_flow
    >>> log = little_history()
    >>> process_paragraph(process_flow(log, case="opportunity_id", activity="stage", at="entered_at"))[-2:]
    ['No step goes back to an earlier activity.', 'No frequent step waits twice as long as the middle one.']
    """
    steps, total = flow.steps, int(flow.steps["count"].sum())
    if not total:
        return [f"No {flow.what} has more than one step."]
    first = steps.iloc[0]
    said = [
        f"{count(len(flow.cases), flow.what)} took {count(total, 'step')}. The most frequent one leads from "
        f"{quoted(first['activity'])} to {quoted(first['next_activity'])}: {number(first['count'])} times, after "
        f"{short_time(first['median_days'])} in the middle."
    ]
    loops = steps[steps["is_loop"]]
    if loops.empty:
        said.append("No step goes back to an earlier activity.")
    else:
        back, row = int(loops["count"].sum()), loops.iloc[0]
        said.append(
            f"{count(back, 'step')} ({percent(100 * back / total)}) {plural(back, 'goes', 'go')} back or "
            f"{plural(back, 'repeats', 'repeat')} what was done, most often from {quoted(row['activity'])} to "
            f"{quoted(row['next_activity'])} ({number(row['count'])})."
        )
    stalls = steps[steps["is_stall"]].sort_values("median_days", ascending=False, kind="stable")
    if stalls.empty:
        said.append("No frequent step waits twice as long as the middle one.")
    else:
        parts = [
            f"from {quoted(row.activity)} to {quoted(row.next_activity)} ({short_time(row.median_days)})"
            for row in stalls.head(3).itertuples()
        ]
        said.append(f"Work stalls {listing(parts)}: twice the wait of the middle step, or more.")
    return said


def short_time(x: float) -> str:
    """A time in days; below one day in hours, below one hour in minutes.

    Parameters
    ----------
    x : days

    Returns
    -------
    str

    Examples
    --------
    >>> [short_time(x).replace("\\u00a0", " ") for x in (30, 1, 0.25, 0.01, 0.0)]
    ['30 days', '1 day', '6 hours', '14 minutes', 'under a minute']
    """
    if pd.isna(x) or x >= 1:
        return days(x)
    if x * 24 >= 1:
        return count(round(24 * x), "hour")
    minutes = round(24 * 60 * x)
    return count(minutes, "minute") if minutes >= 1 else "under a minute"
