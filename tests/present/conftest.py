"""While the tests of pages run, no report may show a column that nobody declared."""

import sys

import pytest

from crmlib.measure.columns import is_declared
from crmlib.present.blocks.tables import DataTable


@pytest.fixture(scope="session", autouse=True)
def every_column_of_a_report_is_declared():
    made = DataTable.__post_init__

    def checked(table):
        made(table)
        caller = sys._getframe(2).f_globals.get("__name__", "")
        if caller.startswith("crmlib.present.reports.") and caller.endswith(".show"):
            unknown = [str(name) for name in table.frame.columns if not is_declared(str(name))]
            assert not unknown, (
                f"{caller} shows {', '.join(unknown)}: declare it in crmlib/schema/columns.csv"
            )

    DataTable.__post_init__ = checked
    yield
    DataTable.__post_init__ = made
