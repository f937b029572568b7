"""What the report on data health says, made from its numbers."""

import pandas as pd

from crmlib.analyse.health import DataHealth
from crmlib.present.claims_checks import check_words, column_word, table_word
from crmlib.present.words import count, date, days, listing, number, percent, plural, sentence

_WIDE = 5.0
_OLD_DAYS = 7


def health_answer(health: DataHealth) -> list[str]:
    """Whether the data can be used, what span they cover, and what to look at first.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
    >>> health_answer(data_health(crm))
    ['All 2\\xa0rows read from 1\\xa0table could be used.', 'No check found anything to warn of.']
    """
    return [part for part in (_used(health), _span(health), _first(health)) if part]


def health_findings(health: DataHealth) -> list[str]:
    """The one or two sentences that the index repeats.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "a"]}))
    >>> health_findings(data_health(crm))[0]
    '1 of 2\\xa0rows was set aside, mostly products that are listed more than once.'
    """
    aside = health.findings[health.findings["policy"] == "set_aside"]
    aside = aside[~aside["check"].isin(["after_as_of", "merged"])]
    found = [_nameless(health)] if _nameless(health) else []
    if len(aside):
        worst, rows = (
            aside.loc[aside["rows"].idxmax()],
            health.checks.rows_set_aside - _later(health) - _merged(health),
        )
        found.append(
            f"{number(rows)} of {count(health.checks.rows_read - _later(health), 'row')} "
            f"{plural(rows, 'was')} set aside, mostly "
            f"{table_word(worst['table'])} that {check_words(worst)}."
        )
    widest = _widest_warning(health)
    if widest is not None:
        found.append(
            sentence(f"{percent(widest['share_pct'])} of {table_word(widest['table'])} {check_words(widest)}")
        )
    return found or [_used(health)]


def tables_paragraph(health: DataHealth) -> list[str]:
    """What was read, and how fresh it is.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
    >>> tables_paragraph(data_health(crm))
    ['The largest table is products with 2\\xa0rows.']
    """
    tables = health.tables
    largest = tables.loc[tables["rows_read"].idxmax()]
    said = [f"The largest table is {largest['table']} with {count(largest['rows_read'], 'row')}."]
    dated = tables.dropna(subset=["last_at"])
    old = dated[dated["age_days"] > _OLD_DAYS]
    if len(old):
        parts = [f"{row.table} ({days(row.age_days)} before the closing date)" for row in old.itertuples()]
        said.append(f"The last row lies well back in {listing(parts)}: ask whether the export is complete.")
    elif len(dated):
        said.append(
            f"Every table with dates reaches into the last {days(_OLD_DAYS)} before the closing date."
        )
    return said


def checks_paragraph(health: DataHealth) -> list[str]:
    """What was done about the rows that a check found, and what it means for the reports.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "a"]}))
    >>> checks_paragraph(data_health(crm))
    ['Rows set aside are in no figure of any report; each is kept with its reason in the workspace.']
    """
    found = health.findings
    if found.empty:
        return ["Every row passed every check."]
    policies, said = set(found["policy"]), []
    if "set_aside" in policies:
        said.append(
            "Rows set aside are in no figure of any report; each is kept with its reason in the workspace."
        )
    if "mend" in policies:
        mended = int(found.loc[found["policy"] == "mend", "rows"].sum())
        said.append(
            f"{sentence(count(mended, 'row'))[:-1]} {plural(mended, 'was')} mended and counted: "
            "what was wrong is put right or left empty, and the rest of the row is used."
        )
    if "warn" in policies:
        said.append(
            "Rows with a warning are used as they are. Each check can be made stricter in crm.toml, where "
            "the export is "
            "known to be wrong."
        )
    return said + _orphans(found)


def completeness_paragraph(health: DataHealth) -> list[str]:
    """Which columns have gaps that limit a report.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> people = pd.DataFrame({"customer_id": ["1", "2"], "region": ["north", None]})
    >>> completeness_paragraph(data_health(Crm.from_frames(as_of="2024-01-31", customers=people)))[0][:58]
    '1 of 2\\xa0columns is filled in for every row; the widest gap:'
    """
    columns = health.completeness
    whole = int((columns["filled_pct"] == 100).sum())
    if whole == len(columns):
        return ["Every column that is mapped is filled in for every row."]
    worst = columns.loc[columns["filled_pct"].idxmin()]
    said = [
        f"{whole} of {count(len(columns), 'column')} {plural(whole, 'is')} filled in for every row; the "
        f"widest gap: “{column_word(worst['column'])}” of {table_word(worst['table'])} has a value in "
        f"{percent(worst['filled_pct'])} of rows."
    ]
    if _nameless(health):
        said.append("Order lines without a customer count for sales and baskets, and for nothing else.")
    if (columns["privacy"] != "internal").any():
        said.append("Of personal and sensitive columns nothing is told but how far they are filled in.")
    return said


def missing_paragraph(health: DataHealth) -> list[str]:
    """What would make the reports richer.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
    >>> missing_paragraph(data_health(crm))[0][:48]
    '15 of 16\\xa0tables that crmlib knows are not mapped'
    """
    tables = health.missing[~health.missing["what"].str.contains(".", regex=False)]
    columns = health.missing[health.missing["what"].str.contains(".", regex=False)]
    known = len(tables) + len(health.tables)
    said = []
    if len(tables):
        verb = "is" if len(tables) == 1 else "are"
        said.append(
            f"{len(tables)} of {count(known, 'table')} that crmlib knows {verb} not mapped here; none of "
            "them is needed "
            "for the reports of this run, and each would add what the table says."
        )
    if len(columns):
        said.append(
            "In the tables that are there, these columns are missing and would add most: "
            f"{listing(columns['what'])}."
        )
    return said


def health_limits(health: DataHealth) -> list[str]:
    """What this report cannot say.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
    >>> len(health_limits(data_health(crm)))
    3
    """
    limits = [
        "Checks find what cannot be right. A wrong amount that looks right passes them.",
        "A row that was never exported is missed by every check; compare the totals with the books.",
    ]
    if "transactions" in set(health.tables["table"]) and health.currency:
        limits.append(f"All amounts are taken to be in {health.currency}; nothing is converted.")
    else:
        limits.append("Amounts are taken to be in one currency; nothing is converted.")
    if len(health.findings):
        limits.append("A row can break several checks and is then counted in each line of the table.")
    return limits


def _later(health: DataHealth) -> int:
    """Rows after the closing date: nothing is wrong with them, they are not yet known."""
    found = health.findings
    return int(found.loc[found["check"] == "after_as_of", "rows"].sum())


def _merged(health: DataHealth) -> int:
    """Rows that became part of an earlier one: the workspace asked for that."""
    found = health.findings
    return int(found.loc[found["check"] == "merged", "rows"].sum())


def _used(health: DataHealth) -> str:
    later = _later(health)
    read, aside = health.checks.rows_read - later, health.checks.rows_set_aside - later
    tables = count(len(health.tables), "table")
    up_to = f"; {count(later, 'later row')} {plural(later, 'is', 'are')} not looked at" if later else ""
    which = " up to the closing date" if later else f" read from {tables}"
    if not read:
        return f"There is no row in the {tables} that {plural(len(health.tables), 'was')} read{up_to}."
    if not aside:
        return f"All {count(read, 'row')}{which} could be used{up_to}."
    return (
        f"Of {count(read, 'row')}{which}, {percent(100 * (read - aside) / read)} could be used, "
        f"{number(aside)} {plural(aside, 'was')} set aside, each with its reason{up_to}."
    )


def _span(health: DataHealth) -> str:
    dated = health.tables.set_index("table")
    for table, what in (("transactions", "sales"), ("opportunities", "deals")):
        if table in dated.index and pd.notna(dated.loc[table, "first_at"]):
            row = dated.loc[table]
            return f"The {what} run from {date(row['first_at'])} to {date(row['last_at'])}."
    return ""


def _first(health: DataHealth) -> str:
    widest, nameless = _widest_warning(health), _nameless(health)
    if nameless:
        return f"Look first at this: {nameless}"
    if widest is not None:
        share = percent(widest["share_pct"])
        return f"Look first at this: {share} of {table_word(widest['table'])} {check_words(widest)}."
    if health.findings.empty:
        return "No check found anything to warn of."
    return "Nothing that the checks found stands in the way of the reports."


def _nameless(health: DataHealth) -> str:
    columns = health.completeness
    lines = columns[(columns["table"] == "transactions") & (columns["column"] == "customer_id")]
    if lines.empty or not lines["filled_pct"].item() <= 100 - _WIDE:
        return ""
    share = percent(100 - lines["filled_pct"].item())
    return f"{share} of order lines have no customer, so nothing that is said about customers covers them."


def _widest_warning(health: DataHealth) -> pd.Series | None:
    """The warning about the largest share of a table; a table that counts for much first."""
    found = health.findings
    wide = found[(found["policy"] != "set_aside") & (found["share_pct"] >= _WIDE)]
    return None if wide.empty else wide.loc[wide["rows"].idxmax()]


def _orphans(found: pd.DataFrame) -> list[str]:
    orphans = found[(found["check"] == "orphan_key") & (found["policy"] == "warn")]
    said = []
    for row in orphans.itertuples():
        if row.column == "customer_id" and row.table == "transactions":
            said.append(
                f"{percent(row.share_pct)} of order lines come from customers who are not in the list: they "
                "count in full, "
                "but nothing is known about them beyond what they buy."
            )
        elif row.column == "product_id" and row.table == "transactions":
            said.append(
                f"{percent(row.share_pct)} of order lines are of products that are not in the list: they "
                "count for sales, "
                "and belong to no category."
            )
    return said
