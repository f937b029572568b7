"""Orders that were settled once are those that would be settled anew, at every moment up to theirs."""

import numpy as np
import pandas as pd
import pytest

from crmlib import compute_indicators, lifecycle_stages, open_workspace, purchase_history, rfm_table
from crmlib.measure.indicators import parts, settled
from crmlib.measure.indicators.parts import customer_parts
from crmlib.measure.purchases.baskets import basket_lines
from crmlib.measure.purchases.history import purchase_days, purchases_by_month, purchases_within
from crmlib.measure.purchases.worth import buying_habits, invoice_totals
from tests.measure.ledgers import settled_folder

ZONE = "Europe/Berlin"
MOMENTS = ["2023-03-26 01:17", "2023-08-01 12:00", "2023-10-13"]


@pytest.fixture(params=range(2))
def folder(tmp_path, request):
    return settled_folder(tmp_path, seed=request.param)


def _answers(crm, moment):
    lines = crm.table("transactions")
    asked = {"as_of": moment, "time_zone": ZONE}
    then = crm.at(moment)
    months = purchases_by_month(then)
    return {
        "indicators": compute_indicators(then),
        "stages": lifecycle_stages(then).to_frame(),
        "rfm": rfm_table(lines, **asked),
        "rfm then": rfm_table(then.table("transactions"), **asked),
        "history": purchase_history(lines, free_orders="count", **asked),
        "days": purchase_days(then.table("transactions"), **asked),
        "months": months,
        "within": purchases_within(crm, after="2022-08-31", until=moment),
        "category": purchases_within(crm, after="2022-08-31", until=moment, category="cat2"),
        "habits": buying_habits(then),
        "invoices": invoice_totals(then),
        "baskets": pd.DataFrame({"day": basket_lines(then).day}),
    }


def _asked(folder, moment, monkeypatch, *, least):
    monkeypatch.setattr(settled, "WORTH_LINES", least)
    return _answers(open_workspace(folder), moment)


@pytest.mark.parametrize("moment", MOMENTS)
def test_kept_orders_answer_as_lines_do(folder, moment, monkeypatch):
    anew = _asked(folder, moment, monkeypatch, least=10**9)
    assert not list(folder.glob(".prepared/*/results/transactions-*"))
    kept = _asked(folder, moment, monkeypatch, least=0)
    assert list(folder.glob(".prepared/*/results/transactions-*/kept_orders_0.parquet"))
    assert len(anew["rfm"]) > 10 and len(anew["within"]) > 10
    for name, answer in anew.items():
        pd.testing.assert_frame_equal(kept[name], answer, check_exact=True, obj=name)


def test_a_moment_between_the_lines_of_an_order_is_among_those(folder, monkeypatch):
    monkeypatch.setattr(settled, "WORTH_LINES", 0)
    crm = open_workspace(folder)
    assert settled.are_kept(crm)
    waited = [settled._is_waited_for(crm, crm.at(moment).as_of) for moment in MOMENTS]
    assert any(waited) and not waited[-1]


def test_where_a_moment_cannot_be_laid_down_orders_are_settled_with_each_question(folder, monkeypatch):
    anew = _asked(folder, MOMENTS[1], monkeypatch, least=10**9)
    laid = list(folder.glob(".prepared/*/results/transactions-*"))
    kept = settled.keep_tables
    monkeypatch.setattr(settled, "keep_tables", lambda *a, name="", **more: not name and kept(*a, **more))
    refused = _asked(folder, MOMENTS[1], monkeypatch, least=0)
    assert not laid and [
        path.name.count("-") for path in folder.glob(".prepared/*/results/transactions-*")
    ] == [1]
    for name, answer in anew.items():
        pd.testing.assert_frame_equal(refused[name], answer, check_exact=True, obj=name)


def test_in_parts_and_for_some_lines_the_answer_is_the_same(folder, monkeypatch):
    whole = _asked(folder, MOMENTS[1], monkeypatch, least=10**9)
    anew = whole["indicators"]
    monkeypatch.setattr(parts, "PART_LINES", 100)
    monkeypatch.setattr(parts, "_ORDERS_FOR", 2)
    monkeypatch.setattr(settled, "WORTH_LINES", 0)
    crm = open_workspace(folder)
    assert len(customer_parts(crm)) > 3 and len(parts.of_orders(customer_parts(crm))) > 1
    for name, answer in _answers(crm, MOMENTS[1]).items():
        pd.testing.assert_frame_equal(answer, whole[name], check_exact=True, obj=name)
    few = ["order_count", "recency_days"]
    pd.testing.assert_frame_equal(compute_indicators(crm.at(MOMENTS[1]), few), anew[few], check_exact=True)
    pd.testing.assert_frame_equal(compute_indicators(crm.at(MOMENTS[1])), anew, check_exact=True)
    drawn = list(anew.index[::3])
    with settled.of_some(crm.at(MOMENTS[1]), drawn) as theirs:
        assert 1 < len(customer_parts(theirs)) < len(customer_parts(crm))
        assert set(theirs.frame("transactions")["customer_id"]) <= set(drawn)
    of_drawn = compute_indicators(crm.at(MOMENTS[1]), customers=drawn[::-1])
    assert compute_indicators(crm.at(MOMENTS[1]), customers=[]).empty
    pd.testing.assert_frame_equal(of_drawn, anew.loc[drawn], check_exact=True)
    some = crm.table("transactions").filter("product_id = 'p03'")
    of_frame = rfm_table(some.df(), as_of=crm.as_of, time_zone=ZONE)
    pd.testing.assert_frame_equal(rfm_table(some, as_of=crm.as_of, time_zone=ZONE), of_frame)
    elsewhere = rfm_table(crm.table("transactions"), as_of=crm.as_of, time_zone="Asia/Tokyo")
    lines = crm.frame("transactions")
    pd.testing.assert_frame_equal(elsewhere, rfm_table(lines, as_of=crm.as_of, time_zone="Asia/Tokyo"))


def test_what_is_kept_is_read_again_and_made_anew_where_it_is_damaged(folder, monkeypatch):
    kept = _asked(folder, MOMENTS[2], monkeypatch, least=0)["rfm"]
    (file,) = folder.glob(".prepared/*/results/transactions-*/kept_orders_0.parquet")
    made, content = file.stat().st_mtime_ns, bytearray(file.read_bytes())
    assert file.stat().st_mode & 0o077 == 0
    pd.testing.assert_frame_equal(_asked(folder, MOMENTS[2], monkeypatch, least=0)["rfm"], kept)
    assert file.stat().st_mtime_ns == made
    content[len(content) // 3] ^= 255
    file.write_bytes(content)
    pd.testing.assert_frame_equal(_asked(folder, MOMENTS[2], monkeypatch, least=0)["rfm"], kept)
    assert np.frombuffer(file.read_bytes(), dtype="uint8").tobytes() != bytes(content)
