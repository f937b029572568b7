"""Pictures of the data themselves: what the checks found, and how much of each column is filled in."""

from typing import Any

from crmlib.analyse.health import DataHealth
from crmlib.prepare.checks import CheckReport
from crmlib.present.claims_checks import check_words, table_word
from crmlib.present.plots_parts import bar_percent, bar_rows, nothing
from crmlib.present.theme import ALARM, GREY, MAIN, finish
from crmlib.present.words import count, listing, number, percent

POLICY_COLOURS = {"set_aside": ALARM, "mend": MAIN, "warn": GREY}
POLICY_WORDS = {"set_aside": "set aside", "mend": "mended", "warn": "kept, with a warning"}


def plot_check_counts(result: DataHealth | CheckReport, *, most: int = 10, ax: Any = None) -> Any:
    """Rows that each check found, by what was done about them.

    Parameters
    ----------
    result : DataHealth or CheckReport
    most : int
        At most so many checks: first those that set rows aside, then by rows.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from crmlib import check_tables
    >>> lines = pd.DataFrame({"order_id": ["1", None], "product_id": ["a", "b"], "net_amount": [5.0, 6.0],
    ...                       "ordered_at": ["2020-01-01", "2020-01-02"]})
    >>> ax = plot_check_counts(check_tables({"transactions": lines}))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1 of 2\\xa0rows had to be set aside'
    >>> plt.close(ax.figure)
    """
    checks = result.checks if isinstance(result, DataHealth) else result
    found = checks.summary.assign(place=checks.summary["policy"].map({"set_aside": 0, "mend": 1, "warn": 2}))
    found = found.sort_values(["place", "rows"], ascending=[True, False], kind="stable").head(most)
    if found.empty:
        ax = nothing(ax, says="No check found anything")
        return finish(ax, title="Every check was passed", alt="No picture: no check found anything.")
    names = [f"{table_word(row.table)} that {check_words(row)}" for row in found.itertuples()]
    texts = [
        f"{number(row.rows)} ({bar_percent(row.share_pct)}), {POLICY_WORDS[row.policy]}"
        for row in found.itertuples()
    ]
    title = _checks_title(checks, found)
    ax = bar_rows(
        ax,
        title=title,
        names=[f"{name[:1].upper()}{name[1:]}" for name in names],
        values=found["rows"].tolist(),
        texts=texts,
        unit="rows",
        colours=[POLICY_COLOURS[policy] for policy in found["policy"]],
    )
    listed = "; ".join(f"{name}: {text}" for name, text in zip(names, texts, strict=True))
    return finish(ax, title=title, alt=f"Bar chart of the rows that each check found. {listed}.")


def plot_completeness(result: DataHealth, *, most: int = 12, ax: Any = None) -> Any:
    """How much of each column is filled in, the emptiest first; full columns are left out.

    Parameters
    ----------
    result : DataHealth
    most : int
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> people = pd.DataFrame({"customer_id": ["1", "2"], "region": ["north", None]})
    >>> ax = plot_completeness(data_health(Crm.from_frames(as_of="2024-01-31", customers=people)))
    >>> ax.get_title(loc="left").replace("\\n", " ")
    '1 of 2\\xa0columns has gaps'
    >>> plt.close(ax.figure)
    """
    columns = result.completeness
    gaps = columns[columns["filled_pct"] < 100].sort_values("filled_pct", kind="stable").head(most)
    if gaps.empty:
        ax = nothing(ax, says="No column has a gap")
        return finish(ax, title="Every column is filled in", alt="No picture: every column is filled in.")
    having = int((columns["filled_pct"] < 100).sum())
    title = f"{having} of {count(len(columns), 'column')} {'has' if having == 1 else 'have'} gaps"
    names = [f"{row.column} of {row.table}" for row in gaps.itertuples()]
    texts = [percent(share) for share in gaps["filled_pct"]]
    ax = bar_rows(
        ax,
        title=title,
        names=names,
        values=gaps["filled_pct"].tolist(),
        texts=texts,
        unit="filled in, % of rows",
        whole=100,
    )
    listed = listing([f"{name} {text}" for name, text in zip(names, texts, strict=True)])
    return finish(
        ax, title=title, alt=f"Bar chart of the share of rows in which each column is filled in: {listed}."
    )


def _checks_title(checks: CheckReport, found: Any) -> str:
    if checks.rows_set_aside:
        return f"{number(checks.rows_set_aside)} of {count(checks.rows_read, 'row')} had to be set aside"
    worst = found.loc[found["share_pct"].idxmax()]
    which = f"{percent(worst['share_pct'])} of {table_word(worst['table'])}"
    return f"All rows were kept; {which} {check_words(worst)}"
