"""Many customers: figures that are computed part by part are the figures of the whole."""

from itertools import pairwise

import pandas as pd
import pytest

from crmlib import Crm, compute_indicators
from crmlib.measure.indicators import INDICATORS, parts
from crmlib.measure.indicators.compute import indicators_sql
from crmlib.measure.indicators.parts import customer_parts
from crmlib.schema.tables import TABLES
from tests.measure.indicators.test_indicator_steps import to_spark
from tests.measure.ledgers import hand_ledger, random_ledger
from tests.measure.workspaces import RANDOM_AS_OF, ZONE, as_utc, from_tables, hand_crm, with_own


@pytest.fixture(scope="module")
def tables():
    return random_ledger(seed=7)


def opened(tables):
    return from_tables(tables, as_of=as_utc(RANDOM_AS_OF), time_zone=ZONE)


@pytest.fixture(scope="module")
def crm(tables):
    return opened(tables)


@pytest.fixture(scope="module")
def whole(crm):
    """The figures of all customers at once."""
    return compute_indicators(crm)


def in_parts(monkeypatch, lines):
    monkeypatch.setattr(parts, "PART_LINES", lines)


def ids_in(crm):
    seen = "select customer_id from transactions union select customer_id from customers"
    return {
        row[0] for row in crm.engine.rows(f"select customer_id from ({seen}) where customer_id is not null")
    }


@pytest.mark.parametrize("lines", [100, 400])
def test_every_figure_is_that_of_the_whole(crm, whole, monkeypatch, lines):
    in_parts(monkeypatch, lines)
    assert len(customer_parts(crm)) > 1
    found = compute_indicators(crm)
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
    assert found.attrs == whole.attrs


def test_customers_of_other_tables_and_own_indicators_come_along(monkeypatch):
    ledger = hand_ledger()
    deals = ledger["opportunities"].assign(customer_id="zoe")
    ledger["opportunities"] = pd.concat(
        [ledger["opportunities"], deals.assign(opportunity_id=lambda rows: rows.opportunity_id + "z")]
    )
    crm = Crm.from_frames(as_of=hand_crm().as_of, **ledger)
    whole = compute_indicators(crm)
    in_parts(monkeypatch, 5)
    found = compute_indicators(crm)
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
    assert found.loc["zoe", "order_count"] == 0 and pd.isna(found.loc["zoe", "recency_days"])


@pytest.mark.parametrize("left", ["customers", "opportunities", "products"])
def test_workspaces_that_lack_a_table(tables, monkeypatch, left):
    crm = opened({name: table for name, table in tables.items() if name != left})
    whole = compute_indicators(crm)
    in_parts(monkeypatch, 300)
    pd.testing.assert_frame_equal(compute_indicators(crm), whole, check_exact=True)


def test_an_indicator_of_crm_toml(monkeypatch):
    own = with_own(hand_crm(), weekend_spend={"sql": "sum(net_amount) filter (where is_weekend)"})
    whole = compute_indicators(own, ["weekend_spend", "case_count"])
    in_parts(monkeypatch, 5)
    found = compute_indicators(own, ["weekend_spend", "case_count"])
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
    assert found["weekend_spend"].notna().any()


def test_the_parts_hold_every_customer_once_and_are_alike(tables, crm, monkeypatch):
    in_parts(monkeypatch, 100)
    bounds = [(part["first_customer"], part["last_customer"]) for part in customer_parts(crm)]
    assert bounds == sorted(bounds) and all(one[1] < other[0] for one, other in pairwise(bounds))
    assert all(sum(first <= name <= last for first, last in bounds) == 1 for name in ids_in(crm))
    lines = tables["transactions"].customer_id.value_counts()
    sizes = [lines[(lines.index >= first) & (lines.index <= last)].sum() for first, last in bounds]
    assert sum(sizes) == lines.sum() and max(sizes) <= 2 * 100 + lines.max()


def test_few_lines_are_not_parted(crm):
    assert customer_parts(crm) == []


def test_the_statement_of_a_part_translates_to_spark():
    columns = {name: list(spec.names) for name, spec in TABLES.items()}
    to_spark(indicators_sql(INDICATORS, columns=columns, part=True))
