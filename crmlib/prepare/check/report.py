"""What was found in the tables on their way in, and where the rows that were set aside lie."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

import pandas as pd

SUMMARY_COLUMNS = ("table", "check", "column", "policy", "rows", "share_pct", "says")
COUNT_COLUMNS = ("table", "rows_read", "rows_accepted", "rows_set_aside")
SOURCE_COLUMNS = ("table", "file", "rows_read", "fingerprint", "note")
NOTICE_COLUMNS = ("table", "says")
IDENTITY_COLUMNS = ("source", "sign", "records", "joined", "shared", "rows_named", "right_pct", "found_pct")


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Every check of every table, counted; nothing read is missing from it.

    Attributes
    ----------
    summary : DataFrame
        `table`, `check`, `column`, `policy` (set_aside, mend, warn), `rows`, `share_pct` (of the rows read),
        `says`; one row a check that found something.
    counts : DataFrame
        `table`, `rows_read`, `rows_accepted`, `rows_set_aside`; always read = accepted + set aside.
    set_aside : mapping of table -> DataFrame
        The rows as they were read, with `reason`, `file` and `row` in front.
    sources : DataFrame
        `table`, `file`, `rows_read`, `fingerprint` (SHA-256), `note`: what was read, and how.
    notices : DataFrame
        `table`, `says`: what was taken without being stated, such as an encoding, and what is odd about a whole
        file or table.
    missing : tuple of str
        The tables of the vocabulary that the workspace does not have.
    identities : DataFrame
        With ``[identity]``: `source` (a table), `sign` (customer_id, email, phone, handle, visitor_id, order_id: by
        what its customers are known), `records` (different signs), `joined` (those of one customer; in the first row
        the customers that the records became), `shared` (of several), `rows_named` (rows that now name one);
        `right_pct`, `found_pct` (first row: of what was joined, and of what is one; 95 percent sure to be no less).

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib import check_tables
    >>> lines = pd.DataFrame({"order_id": ["1", None], "product_id": ["a", "b"], "net_amount": [5.0, 6.0],
    ...                       "ordered_at": ["2020-01-01", "2020-01-02"]})
    >>> report = check_tables({"transactions": lines})
    >>> report.counts.to_dict("records")
    [{'table': 'transactions', 'rows_read': 2, 'rows_accepted': 1, 'rows_set_aside': 1}]
    >>> report.set_aside["transactions"].reason.item()
    'missing_required (order_id): have no order_id'
    """

    summary: pd.DataFrame
    counts: pd.DataFrame
    set_aside: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    sources: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(SOURCE_COLUMNS)))
    notices: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(NOTICE_COLUMNS)))
    missing: tuple[str, ...] = ()
    identities: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(IDENTITY_COLUMNS)))

    @property
    def rows_read(self) -> int:
        """Rows read over all tables.

        Examples
        --------
        >>> CheckReport(summary=pd.DataFrame(), counts=pd.DataFrame({"rows_read": [2, 3]})).rows_read
        5
        """
        return int(self.counts["rows_read"].sum())

    @property
    def rows_set_aside(self) -> int:
        """Rows set aside over all tables.

        Examples
        --------
        >>> CheckReport(summary=pd.DataFrame(), counts=pd.DataFrame({"rows_set_aside": [1]})).rows_set_aside
        1
        """
        return int(self.counts["rows_set_aside"].sum())

    def _repr_html_(self) -> str:
        heading = f"{self.rows_read:,} rows read, {self.rows_set_aside:,} set aside"
        return (
            f"<p>{escape(heading)}</p>{self.counts.to_html(index=False)}{self.summary.to_html(index=False)}"
        )


def join_summaries(summaries: list[pd.DataFrame], counts: pd.DataFrame) -> pd.DataFrame:
    """One summary of all tables: only checks that found something, with their share of the rows read."""
    joined = (
        pd.concat(summaries, ignore_index=True) if summaries else pd.DataFrame(columns=list(SUMMARY_COLUMNS))
    )
    joined = joined[joined["rows"] > 0].reset_index(drop=True)
    read = joined["table"].map(counts.set_index("table")["rows_read"])
    joined["share_pct"] = (100 * joined["rows"].astype(float) / read.astype(float)).astype(float)
    return joined[list(SUMMARY_COLUMNS)]
