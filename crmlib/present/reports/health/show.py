"""Key figures and tables of the report on data health."""

import pandas as pd

from crmlib.analyse.health import COLUMNS_THAT_ADD, DataHealth
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import Family, claim, count, date, share
from crmlib.present.reports.health.say import POLICY_WORDS, SIGN_WORDS, check_line, signs_elsewhere
from crmlib.schema.tables import TABLES

BRINGS = Family("brings", (*TABLES, *COLUMNS_THAT_ADD))
"""What each table, and some columns, would add to the reports."""

PRIVACY_WORDS = Family("privacy", ("personal", "sensitive"))


def health_figures(health: DataHealth) -> KeyFigures:
    """Rows read, set aside and mended, and how far the data reach."""
    checks = health.checks
    aside = 100 * checks.rows_set_aside / checks.rows_read if checks.rows_read else None
    last = health.tables.set_index("table")["last_at"].reindex(["transactions", "opportunities"]).max()
    return KeyFigures(
        KeyFigure(claim("health-figure-rows-read"), count(checks.rows_read, at="rows.read")),
        KeyFigure(
            claim("health-figure-rows-set-aside"),
            count(checks.rows_set_aside, at="rows.set_aside", part_of="rows.read"),
            note=claim("health-figure-share-set-aside", share=share(aside)),
            better="lower",
        ),
        KeyFigure(claim("health-figure-rows-mended"), count(health.rows_mended, at="rows.mended")),
        KeyFigure(claim("health-figure-data-up-to"), date(last, at="data.last_day")),
    )


def tables_table(health: DataHealth) -> DataTable:
    """What was read, table by table."""
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
    return DataTable(frame, "tables", claim("health-table-tables"))


def checks_table(health: DataHealth) -> DataTable:
    """What the checks found: counts and reasons, no rows."""
    found = health.findings
    words = [str(check_line(row)) for row in found.itertuples()]
    frame = pd.DataFrame(
        {
            "what": pd.Series(words, dtype="str"),
            "done": found["policy"].map(lambda policy: str(POLICY_WORDS.term(policy))),
            "rows": found["rows"].astype("int64"),
            "share_pct": found["share_pct"],
            "check": found["check"],
            "column": [
                f"{row.table}.{row.column}" if row.column else row.table for row in found.itertuples()
            ],
        }
    )
    noticed = health.checks.notices
    if len(noticed):
        told = {"what": noticed["says"], "done": str(claim("health-table-noticed")), "check": "notice"}
        whole = pd.DataFrame({**told, "rows": 0, "share_pct": 0.0, "column": noticed["table"]})
        frame = pd.concat([frame, whole], ignore_index=True)
    shown = frame.rename(
        columns={"what": "finding", "share_pct": "table_share_pct", "column": "checked_column"}
    )
    return DataTable(shown, "rows_by_reason", claim("health-table-checks"))


def identities_table(health: DataHealth) -> DataTable | None:
    """What tells a customer besides the lists of customers, and how much of it does; nothing where there is none."""
    signs = signs_elsewhere(health)
    if signs.empty:
        return None
    kinds = [str(SIGN_WORDS.term(f"{row.source}_{row.sign}")) for row in signs.itertuples()]
    frame = pd.DataFrame(
        {
            "sign": kinds,
            "signs": signs["records"],
            "signs_of_one": signs["joined"],
            "signs_shared": signs["shared"],
            "signs_unknown": signs["records"] - signs["joined"] - signs["shared"],
            "rows_named": signs["rows_named"],
        }
    )
    return DataTable(frame, "identities", claim("health-table-identities"), download=False)


def completeness_table(health: DataHealth) -> DataTable:
    """How far each column is filled in, and how many values it has; of personal columns only the first."""
    columns = health.completeness
    frame = columns[["table", "column", "says", "filled_pct", "distinct"]].assign(
        **{"class": columns["privacy"].map(_class_word)}
    )
    return DataTable(
        frame.rename(columns={"class": "privacy_class"}), "completeness", claim("health-table-completeness")
    )


def missing_table(health: DataHealth) -> DataTable | None:
    """Tables and columns that are not there, and what each would bring; nothing where all are there."""
    if health.missing.empty:
        return None
    brings = health.missing["what"].map(lambda what: str(BRINGS.term(what)))
    shown = health.missing.assign(brings=brings)
    return DataTable(shown, "missing_tables", claim("health-table-missing"), rows=8, download=False)


def _class_word(privacy: str) -> str:
    return "" if privacy == "internal" else str(PRIVACY_WORDS.term(privacy))
