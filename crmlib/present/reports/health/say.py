"""What the report on data health says, made from its numbers."""

from typing import Any

import pandas as pd

from crmlib.analyse.health import QUASI_IDENTIFIERS, DataHealth
from crmlib.present.claims import Claim, Fact, Family, claim, clause, count, date, days, name, names, share
from crmlib.schema.tables import SIGNS_OF, TABLES

TABLE_WORDS = Family("table", tuple(TABLES))
"""What the rows of a table are called."""

COLUMN_WORDS = Family(
    "column",
    (
        *("customer_id", "product_id", "campaign_id", "employee_id", "opportunity_id", "contact_id"),
        *("order_id", "ordered_at", "net_amount"),
    ),
)

CHECK_WORDS = Family(
    "check",
    (
        *("after_as_of", "isolated_future", "exact_duplicate", "duplicate_key", "merged", "filtered"),
        *("unreadable_record", "zero_quantity", "negative_price", "refund_without_purchase"),
        *("score_above_best", "closed_before_opened", "closed_before_created", "left_before_entered"),
        *("ends_before_start", "missing_required", "unparsable_date", "wrong_type", "out_of_range"),
        *(
            "not_allowed",
            "unknown_column",
            "orphan_key",
            "other_currency",
            "ruined_id",
            "placeholder",
            "skipped_hour",
        ),
        *("hidden_characters", "total_row", "sum_of_all", "open_with_closing", "closed_without_day"),
        *("same_customer", "perhaps_same_customer", "joined_since", "merged_since", "split_since"),
        *("vanished", "misspelt", "not_agreed", "stale"),
    ),
    facts=("column",),
)

SIGN_WORDS = Family(
    "sign",
    tuple(
        f"{source}_{sign}" for source, signs in SIGNS_OF.items() for sign in signs if source != "customers"
    ),
)
"""What tells a customer besides the lists of customers, by table and column."""
KNOWN_WORDS = Family("known", QUASI_IDENTIFIERS)
"""By what others may know a customer."""

POLICY_WORDS = Family("policy", ("set_aside", "mend", "warn"))


def table_word(table: str) -> Fact:
    """What the rows of a table are called.

    >>> str(table_word("transactions")), str(table_word("something_new"))
    ('order lines', 'something new')
    """
    return TABLE_WORDS.term(table)


def column_word(column: str) -> Fact:
    """What a column is called in a sentence.

    >>> str(column_word("customer_id")), str(column_word("unit_price"))
    ('customer', 'unit price')
    """
    return COLUMN_WORDS.term(column)


def check_words(finding: Any) -> Claim | Fact:
    """What a row of ``CheckReport.summary`` found, as the end of a sentence that begins with a number of rows.

    >>> from types import SimpleNamespace
    >>> str(check_words(SimpleNamespace(check="orphan_key", column="customer_id")))
    'name a customer who is not in the list of customers'
    """
    check = str(finding.check)
    if check not in CHECK_WORDS.members:
        return name(finding.says)
    return CHECK_WORDS.claim(check, column=column_word(str(finding.column or "")))


def check_line(finding: Any) -> Claim:
    """The same as a line of its own: "Products that are listed more than once"."""
    return claim("check-line", table=table_word(finding.table), found=check_words(finding))


def check_place(finding: Any) -> str:
    """Which check of which column a fact is about, as its `at` selects it."""
    return ".".join(filter(None, (str(finding.table), str(finding.check), str(finding.column or ""))))


def found_share(finding: Any) -> Fact:
    """The share of its table's rows that a check found."""
    return share(finding.share_pct, at=f"rows.found_share[{check_place(finding)}]")


_WIDE = 5.0
_OLD_DAYS = 7


def health_answer(health: DataHealth) -> list[Claim]:
    """Whether the data can be used, what span they cover, and what to look at first."""
    return [_used(health), *_span(health), _first(health)]


def health_findings(health: DataHealth) -> list[Claim]:
    """The one to three sentences that the index repeats."""
    found = [*_no_customer(health), *_set_aside(health), *_warning(health)]
    return found or [_used(health)]


def tables_paragraph(health: DataHealth) -> list[Claim]:
    """What was read, and how fresh it is."""
    tables = health.tables
    largest = tables.loc[tables["rows_read"].idxmax()]
    rows = count(largest["rows_read"], at=f"rows.read[{largest['table']}]")
    said = [claim("health-tables-largest", table=name(largest["table"]), rows=rows)]
    dated = tables.dropna(subset=["last_at"])
    old = [_old_table(row) for row in dated[dated["age_days"] > _OLD_DAYS].itertuples()]
    if old:
        said.append(claim("health-tables-old", tables=names(old)))
    elif len(dated):
        said.append(claim("health-tables-fresh", age=days(_OLD_DAYS)))
    return said


def checks_paragraph(health: DataHealth) -> list[Claim]:
    """What was done about the rows that a check found, and what it means for the reports."""
    found = health.findings
    if found.empty:
        return [claim("health-checks-all-passed"), *_not_goods(health)]
    policies, said = set(found["policy"]), []
    if "set_aside" in policies:
        said.append(claim("health-checks-set-aside"))
    if "mend" in policies:
        said.append(claim("health-checks-mended", rows=count(health.rows_mended, at="rows.mended")))
    if "warn" in policies:
        said.append(claim("health-checks-warned"))
    return said + _orphans(found) + _not_goods(health)


def _not_goods(health: DataHealth) -> list[Claim]:
    """Products that are no goods, those with most lines by name."""
    found = health.not_goods
    if found.empty:
        return []
    most = found.sort_values(["lines", "product_id"], ascending=[False, True]).head(3)
    named = names(most["name"].fillna(most["product_id"]).astype(str).tolist())
    return [claim("health-checks-not-goods", products=count(len(found)), named=named)]


def identities_paragraph(health: DataHealth) -> list[Claim]:
    """How many entries became how many customers, and what else tells a customer; nothing where none is sought."""
    found = health.checks.identities
    if found.empty:
        return []
    lists, signs = found.iloc[0], signs_elsewhere(health)
    records = count(lists["records"], at="identities.records")
    customers = count(lists["joined"], at="identities.customers", part_of="identities.records")
    said = [claim("health-identities-lists", records=records, customers=customers)]
    if pd.notna(lists["right_pct"]):
        least = {one: min(lists[f"{one}_pct"] // 1, 99) for one in ("right", "found")}
        facts = {one: share(pct, at=f"identities.{one}") for one, pct in least.items()}
        said.append(claim("health-identities-quality", **facts))
    if len(signs):
        sums = signs[["records", "joined", "shared", "rows_named"]].sum()
        facts = {
            "signs": count(sums["records"], at="identities.signs"),
            "joined": count(sums["joined"], at="identities.signs_joined", part_of="identities.signs"),
            "shared": count(sums["shared"], at="identities.signs_shared", part_of="identities.signs"),
            "rows": count(sums["rows_named"], at="rows.named"),
        }
        said.append(claim("health-identities-signs", **facts))
    return said


def signs_elsewhere(health: DataHealth) -> pd.DataFrame:
    """What tells a customer besides the lists of customers: rows of `CheckReport.identities`."""
    found = health.checks.identities
    return found[found["source"].ne("customers")]


def completeness_paragraph(health: DataHealth) -> list[Claim]:
    """Which columns have gaps that limit a report."""
    columns = health.completeness
    full = int((columns["filled_pct"] == 100).sum())
    if full == len(columns):
        return [claim("health-columns-all-full")]
    said = [_gaps(columns, full=full)]
    if _no_customer(health):
        said.append(claim("health-columns-no-customer"))
    if (columns["privacy"] != "internal").any():
        said.append(claim("health-columns-personal"))
    return said


def missing_paragraph(health: DataHealth) -> list[Claim]:
    """What would make the reports richer."""
    of_column = health.missing["what"].str.contains(".", regex=False)
    tables, columns = health.missing["what"][~of_column], health.missing["what"][of_column]
    said = []
    if len(tables):
        missing = count(len(tables), at="tables.missing", part_of="tables.known")
        known = count(len(tables) + len(health.tables), at="tables.known")
        said.append(claim("health-missing-tables", missing=missing, known=known))
    if len(columns):
        said.append(claim("health-missing-columns", columns=names(name(column) for column in columns)))
    return said


def anonymity_paragraph(health: DataHealth) -> list[Claim]:
    """How easily one customer is told from all others by what is on record, and what to do about it."""
    said = []
    for row in health.anonymity.itertuples():
        said.append(
            claim(
                "health-anonymity",
                known=names(KNOWN_WORDS.term(one) for one in row.columns),
                alone=count(row.alone),
                customers=count(row.customers),
                below=count(row.below),
                least=count(row.minimum),
                k=count(row.k),
            )
        )
        if row.sensitive and row.l == row.l:
            told = {"what": KNOWN_WORDS.term(row.sensitive), "l": count(int(row.l)), "t": share(100 * row.t)}
            said.append(
                claim("health-anonymity-learns", **told)
                if row.l == 1
                else claim("health-anonymity-several", **told)
            )
    return [*said, claim("health-anonymity-do")] if said else []


def health_limits(health: DataHealth) -> list[Claim]:
    """What this report cannot say."""
    limits = [claim("health-limits-looks-right"), claim("health-limits-not-exported")]
    if "transactions" in set(health.tables["table"]) and health.currency:
        limits.append(claim("health-limits-currency", currency=name(health.currency)))
    else:
        limits.append(claim("health-limits-one-currency"))
    if len(health.findings):
        limits.append(claim("health-limits-counted-twice"))
    return limits


def _used(health: DataHealth) -> Claim:
    later, aside = health.rows_later, health.rows_at_fault + health.rows_merged
    read = health.checks.rows_read - later
    tables = count(len(health.tables), at="tables.read")
    if not read:
        return claim("health-answer-no-rows", tables=tables)
    facts = {
        "rows": count(read, at="rows.up_to_closing"),
        "later": count(later, at="rows.after_closing"),
        "tables": tables,
    }
    if not aside:
        return claim("health-answer-all-used", **facts)
    facts["rows"] = count(health.checks.rows_read, at="rows.read")
    left = count(health.checks.rows_set_aside, at="rows.set_aside", part_of="rows.read")
    return claim("health-answer-some-set-aside", used=share(100 * (read - aside) / read), aside=left, **facts)


def _span(health: DataHealth) -> list[Claim]:
    dated = health.tables.dropna(subset=["first_at"]).set_index("table")
    if "transactions" in dated.index:
        return [claim("health-answer-span-sales", **_days_of(dated, "transactions"))]
    if "opportunities" in dated.index:
        return [claim("health-answer-span-deals", **_days_of(dated, "opportunities"))]
    return []


def _days_of(dated: pd.DataFrame, table: str) -> dict[str, Fact]:
    row = dated.loc[table]
    return {
        "first": date(row["first_at"], at=f"data.first_day[{table}]"),
        "last": date(row["last_at"], at=f"data.last_day[{table}]"),
    }


def _first(health: DataHealth) -> Claim:
    serious = [*_no_customer(health), *_warning(health)]
    if serious:
        return claim("health-answer-look-first", what=clause(serious[0]))
    if health.findings.empty and len(health.checks.notices):
        return claim("health-answer-noticed", notices=count(len(health.checks.notices)))
    if health.findings.empty:
        return claim("health-answer-nothing-found")
    return claim("health-answer-nothing-serious")


def _no_customer(health: DataHealth) -> list[Claim]:
    columns = health.completeness
    lines = columns[(columns["table"] == "transactions") & (columns["column"] == "customer_id")]
    if lines.empty or not lines["filled_pct"].item() <= 100 - _WIDE:
        return []
    empty = share(100 - lines["filled_pct"].item(), at="columns.empty_share[transactions.customer_id]")
    return [claim("health-finding-no-customer", share=empty)]


def _set_aside(health: DataHealth) -> list[Claim]:
    aside = health.findings[health.findings["policy"] == "set_aside"]
    aside = aside[~aside["check"].isin(["after_as_of", "merged"])]
    if aside.empty:
        return []
    worst, rows = aside.loc[aside["rows"].idxmax()], health.rows_at_fault
    facts = {
        "aside": count(rows, at="rows.at_fault", part_of="rows.up_to_closing"),
        "rows": count(health.checks.rows_read - health.rows_later, at="rows.up_to_closing"),
        "table": table_word(worst["table"]),
        "found": check_words(worst),
        "merged": count(health.rows_merged),
    }
    if worst["rows"] == rows:
        return [claim("health-finding-set-aside-all", **facts)]
    if 2 * worst["rows"] > rows:
        return [claim("health-finding-set-aside-mostly", **facts, main=share(100 * worst["rows"] / rows))]
    return [claim("health-finding-set-aside-among", **facts)]


def _warning(health: DataHealth) -> list[Claim]:
    """What a check kept of the largest share of a table; a table that counts for much first."""
    found = health.findings
    wide = found[(found["policy"] != "set_aside") & (found["share_pct"] >= _WIDE)]
    if wide.empty:
        return []
    widest = wide.loc[wide["rows"].idxmax()]
    table, words = table_word(widest["table"]), check_words(widest)
    return [claim("health-finding-warning", share=found_share(widest), table=table, found=words)]


def _old_table(row: object) -> Claim:
    age = days(row.age_days, at=f"data.age_days[{row.table}]")
    return claim("health-tables-old-one", table=name(row.table), age=age)


def _gaps(columns: pd.DataFrame, *, full: int) -> Claim:
    worst = columns.loc[columns["filled_pct"].idxmin()]
    place = f"columns.filled_share[{worst['table']}.{worst['column']}]"
    return claim(
        "health-columns-gaps",
        full=count(full, at="columns.full", part_of="columns.mapped"),
        columns=count(len(columns), at="columns.mapped"),
        column=column_word(worst["column"]),
        table=table_word(worst["table"]),
        share=share(worst["filled_pct"], at=place),
    )


def _orphans(found: pd.DataFrame) -> list[Claim]:
    lines = found[(found["table"] == "transactions") & (found["policy"] == "warn")]
    orphans = lines[lines["check"] == "orphan_key"].set_index("column", drop=False)
    said = []
    if "customer_id" in orphans.index:
        unknown = found_share(orphans.loc["customer_id"])
        said.append(claim("health-checks-unknown-customers", share=unknown))
    if "product_id" in orphans.index:
        said.append(claim("health-checks-unknown-products", share=found_share(orphans.loc["product_id"])))
    return said
