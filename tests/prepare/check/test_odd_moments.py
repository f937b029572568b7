"""Words that the engine takes for moments, and moments that no clock has shown."""

import pytest

import crmlib
from crmlib.prepare.check.findings import MAX_FINDINGS, field_findings, table_findings
from crmlib.schema.tables import TABLES

ROWS = [
    ("1", "epoch"), ("2", "infinity"), ("3", "-infinity"), ("4", "2024-03-31 02:30:00"), ("5", "2024-03-31T02:00"),
    ("6", "2024-03-31 03:30"), ("7", "2024-03-31 01:59:59"), ("8", "2024-10-27 02:30"), ("9", "2024-03-31"),
]  # fmt: skip


@pytest.fixture(scope="module")
def crm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    head = 'currency = "EUR"\ntime_zone = "Europe/Berlin"\nas_of = "2024-12-31"\n'
    (folder / "crm.toml").write_text(f'{head}[tables.transactions]\nfrom = "orders.csv"\n')
    lines = "".join(f"{number},a,{moment},5\n" for number, moment in ROWS)
    (folder / "orders.csv").write_text("order_id,product_id,ordered_at,net_amount\n" + lines)
    return crmlib.open_workspace(folder)


def test_words_that_the_engine_takes_for_moments_are_no_dates(crm):
    assert crm.frame("transactions")["order_id"].tolist() == ["4", "5", "6", "7", "8", "9"]
    summary = crm.checks.summary.set_index("check")
    assert summary.loc["unparsable_date", "rows"] == 3


def test_moments_in_the_hour_that_the_clocks_skip_are_found_and_kept(crm):
    found = crm.checks.summary.set_index("check").loc["skipped_hour"]
    assert (found["rows"], found["policy"], found["column"]) == (2, "warn", "ordered_at")
    assert "Europe/Berlin" in found["says"]


def test_no_table_has_more_findings_than_a_number_has_bits():
    for spec in TABLES.values():
        own = field_findings(spec, spec.names, {}, currency="EUR", time_zone="Europe/Berlin")
        assert len(own) + len(table_findings(spec, spec.names, {})) < MAX_FINDINGS, spec.name
