"""How a notebook says that there is nothing to report, which is neither a failure nor a success."""

import re
from typing import Any

from crmlib.schema.errors import CrmlibError

_WITH_TABLE = re.compile(r"^(?P<reason>.*?)(?: \(needs the table (?P<table>\w+)\))?$", re.DOTALL)


class SkipReport(CrmlibError):
    """Raised in a notebook: the report is skipped, with a reason that the index of the run shows.

    Parameters
    ----------
    reason : Claim or str
        Why, for a reader: "No order line has a cost."
    table : str, optional
        The table that would bring the report.

    Examples
    --------
    >>> raise SkipReport("There is nothing to compare yet.", table="campaigns")
    Traceback (most recent call last):
    ...
    crmlib.present.skip.SkipReport: There is nothing to compare yet. (needs the table campaigns)
    """

    def __init__(self, reason: Any, table: str | None = None) -> None:
        self.reason = str(reason)
        self.table = table
        super().__init__(f"{reason} (needs the table {table})" if table else reason)


def skip_reason(message: str) -> tuple[str, str | None]:
    """Reason and table, from the message of a `SkipReport`.

    Examples
    --------
    >>> skip_reason("Too early. (needs the table campaigns)")
    ('Too early.', 'campaigns')
    >>> skip_reason("Too early.")
    ('Too early.', None)
    """
    match = _WITH_TABLE.match(message)
    return match["reason"], match["table"]
