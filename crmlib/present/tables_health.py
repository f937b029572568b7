"""Key figures and tables of the report on data health."""

import pandas as pd

from crmlib.analyse.health import DataHealth
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims_checks import check_words, table_word
from crmlib.present.words import percent, sentence

_POLICIES = {"set_aside": "set aside", "mend": "mended", "warn": "kept, with a warning"}
_PRIVACY = {"internal": "", "personal": "personal", "sensitive": "sensitive"}


def health_figures(health: DataHealth) -> KeyFigures:
    """Rows read, set aside and mended, and how far the data reach.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
    >>> print(health_figures(data_health(crm))._text())
    Rows read: 2
    Rows set aside: 0
    Rows mended: 0
    Data up to: not known
    """
    checks, found = health.checks, health.findings
    share = 100 * checks.rows_set_aside / checks.rows_read if checks.rows_read else None
    last = health.tables.set_index("table")["last_at"].reindex(["transactions", "opportunities"]).max()
    return KeyFigures(
        KeyFigure(label="Rows read", value=checks.rows_read),
        KeyFigure(
            label="Rows set aside",
            value=checks.rows_set_aside,
            note=f"{percent(share)} of all",
            better="lower",
        ),
        KeyFigure(label="Rows mended", value=int(found.loc[found["policy"] == "mend", "rows"].sum())),
        KeyFigure(label="Data up to", value=None if pd.isna(last) else last.date()),
    )


def tables_table(health: DataHealth) -> DataTable:
    """What was read, table by table.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "b"]}))
    >>> list(tables_table(data_health(crm)).frame["rows_read"])
    [2]
    """
    columns = [
        "table",
        "row",
        "rows_read",
        "rows_accepted",
        "rows_set_aside",
        "first_at",
        "last_at",
        "age_days",
    ]
    frame = health.tables[columns].assign(
        first_at=health.tables["first_at"].dt.normalize(), last_at=health.tables["last_at"].dt.normalize()
    )
    return DataTable(
        frame,
        name="tables",
        caption="Rows by table",
    )


def checks_table(health: DataHealth) -> DataTable:
    """What the checks found: counts and reasons, no rows.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "a"]}))
    >>> checks_table(data_health(crm)).frame[["finding", "done"]].to_numpy().tolist()
    [['Products that are listed more than once', 'set aside']]
    """
    found = health.findings
    words = [sentence(f"{table_word(row.table)} that {check_words(row)}")[:-1] for row in found.itertuples()]
    frame = pd.DataFrame(
        {
            "what": pd.Series(words, dtype="str"),
            "done": found["policy"].map(_POLICIES),
            "rows": found["rows"].astype("int64"),
            "share_pct": found["share_pct"],
            "check": found["check"],
            "column": [
                f"{row.table}.{row.column}" if row.column else row.table for row in found.itertuples()
            ],
        }
    )
    return DataTable(
        frame.rename(columns={"what": "finding", "share_pct": "table_share_pct", "column": "checked_column"}),
        name="rows_by_reason",
        caption="Rows by reason",
    )


def completeness_table(health: DataHealth) -> DataTable:
    """How far each column is filled in, and how many values it has; of personal columns only the first.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> people = pd.DataFrame({"customer_id": ["1", "2"], "email": ["a@b.example", None]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=people)
    >>> completeness_table(data_health(crm)).frame["privacy_class"].tolist()
    ['', 'personal']
    """
    columns = health.completeness
    frame = columns[["table", "column", "says", "filled_pct", "distinct"]].assign(
        **{"class": columns["privacy"].map(_PRIVACY)}
    )
    return DataTable(
        frame.rename(columns={"class": "privacy_class"}),
        name="completeness",
        caption="Columns, and how far they are filled in",
    )


def missing_table(health: DataHealth) -> DataTable:
    """Tables and columns that are not there, and what each would bring.

    Parameters
    ----------
    health : DataHealth

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib import Crm
    >>> from crmlib.analyse.health import data_health
    >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a"]}))
    >>> len(missing_table(data_health(crm)).frame)
    17
    """
    return DataTable(
        health.missing,
        name="missing_tables",
        caption="What is not there",
        rows=8,
        download=False,
    )
