"""Rows that look right and are not: placeholders, ruined identifiers, totals, expectations, holes in time."""

import pandas as pd
import pytest

from crmlib.prepare.crm import Crm
from crmlib.schema.errors import NothingAcceptedError, ParameterError


def lines(customers, **columns):
    n = len(customers)
    days = pd.date_range("2024-01-01", periods=n).strftime("%Y-%m-%d")
    given = {
        "order_id": [f"O{i}" for i in range(n)], "customer_id": customers, "product_id": "a",
        "ordered_at": days, "net_amount": "10",
    }  # fmt: skip
    return pd.DataFrame({**given, **columns})


def crm_of(frame, **options):
    return Crm.from_frames(**{"as_of": "2026-12-31", "currency": "EUR", "transactions": frame, **options})


def found(crm, check):
    rows = crm.checks.summary.set_index("check")
    return int(rows.loc[check, "rows"]) if check in rows.index else 0


@pytest.mark.parametrize(
    "word",
    ["guest", "Guest", "#N/A", "#REF!", "unknown", "n/a", "-", "--", "?", "test", "TEST USER 3", "anonymous",
     "-1", "匿名", "Unbekannt", "(blank)", "undefined"],
)  # fmt: skip
def test_a_word_for_nobody_is_no_customer(word):
    crm = crm_of(lines(["K1", word, "K2", "K3"]))
    assert found(crm, "placeholder") == 1
    assert crm.frame("transactions")["customer_id"].isna().sum() == 1
    assert crm.checks.rows_set_aside == 0


@pytest.mark.parametrize(
    "word", ["TE-55", "Guestrow Ltd", "Testa", "101", "A-1", "0815", "x", "Unknown Pleasures Ltd"]
)
def test_a_customer_who_only_sounds_like_nobody_stays(word):
    crm = crm_of(lines(["K1", word, "K2", "K3"]))
    assert found(crm, "placeholder") == 0


def test_0_is_nobody_where_it_buys_far_more_or_looks_unlike_the_others():
    assert found(crm_of(lines(["0"] * 20 + list("123456789"))), "placeholder") == 20
    assert found(crm_of(lines(["0", "17850", "13047"])), "placeholder") == 1
    assert found(crm_of(lines(["0", "K1", "K2"])), "placeholder") == 1
    assert found(crm_of(lines(list("0123456789"))), "placeholder") == 0, "numbered from 0: a customer"
    assert found(crm_of(lines(["9999", "9999", "K1"])), "placeholder") == 2


def test_a_placeholder_can_be_set_aside_or_only_warned_of():
    frame = lines(["K1", "guest"])
    assert crm_of(frame, checks={"transactions": {"placeholder": "set_aside"}}).checks.rows_set_aside == 1
    kept = crm_of(frame, checks={"transactions": {"placeholder": "warn"}})
    assert set(kept.frame("transactions")["customer_id"]) == {"K1", "guest"}


@pytest.mark.parametrize(
    ("written", "ruined"),
    [("1.23E+11", True), ("1,23e+11", True), ("4E+05", True), ("01-Mar", True), ("Mar-24", True), ("#NAME?", True),
     ("2024-03-01 00:00:00", True), ("123000000000", False), ("1E5", False), ("DE+49", False), ("Mar-yam", False),
     ("3-Marlin", True)],
)  # fmt: skip
def test_identifiers_that_a_spreadsheet_rewrote_are_named(written, ruined):
    crm = crm_of(lines(["K1", "K2"], product_id=["a", written]))
    assert found(crm, "ruined_id") == ruined
    assert crm.frame("transactions")["product_id"].nunique() == 2


def test_hidden_characters_are_taken_out_and_counted():
    crm = crm_of(lines(["K1", "\u200bK1", "K1\ufeff", "Ｋ１", "K\u00a01", "K 1", "k1"]))
    assert found(crm, "hidden_characters") == 4
    assert set(crm.frame("transactions")["customer_id"]) == {"K1", "K 1", "k1"}


@pytest.mark.parametrize(
    "word", ["Grand Total", "TOTAL", "Summe", "Gesamt", "合计", "总计", "Total 2024-01", "Subtotal:", "Итого"]
)
def test_a_dated_total_row_is_set_aside(word):
    frame = lines(["K1", "K2", None], order_id=["1", "2", word], net_amount=["10", "5", "15"])
    crm = crm_of(frame)
    assert found(crm, "total_row") == 1
    assert crm.frame("transactions")["net_amount"].sum() == 15


@pytest.mark.parametrize("word", ["Total Care Shampoo", "Summer hat", "Sumatra", "Totalizer"])
def test_a_product_that_only_begins_like_a_total_stays(word):
    assert crm_of(lines(["K1", "K2"], product_id=["a", word])).checks.rows_set_aside == 0


def test_an_amount_as_large_as_all_others_together_is_named():
    crm = crm_of(lines([f"K{i}" for i in range(6)], net_amount=["1", "2", "3", "4", "5", "15"]))
    assert found(crm, "sum_of_all") == 1
    assert found(crm_of(lines(["K1", "K2", "K3"], net_amount=["1", "2", "3"])), "sum_of_all") == 0


def test_marks_of_another_currency_are_named_and_nothing_is_converted():
    crm = crm_of(lines(["K1", "K2", "K3", "K4"], net_amount=["€ 10", "10 EUR", "USD 10", "10"]))
    assert found(crm, "other_currency") == 1
    assert crm.frame("transactions")["net_amount"].astype(float).tolist() == [10, 10, 10, 10]


def test_a_hole_in_time_is_noticed_and_a_quiet_business_is_not_blamed():
    days = pd.date_range("2023-01-01", "2024-03-31", freq="D")
    kept = days[(days < "2023-08-01") | (days > "2023-09-30")]
    stamps = [str(day.date()) for day in kept]
    crm = crm_of(lines([f"K{i % 9}" for i in range(len(kept))], ordered_at=stamps))
    (notice,) = crm.checks.notices["says"]
    assert "2023-08-01 to 2023-09-30 (61 days)" in notice
    every = [str(day.date()) for day in days]
    assert crm_of(lines([f"K{i % 9}" for i in range(len(days))], ordered_at=every)).checks.notices.empty
    rare = [str(day.date()) for day in days[::40]]
    assert crm_of(lines([f"K{i}" for i in range(len(rare))], ordered_at=rare)).checks.notices.empty


def deals(**columns):
    given = {"opportunity_id": ["1", "2", "3"], "stage": "s", "outcome": ["won", "open", "open"],
             "created_at": ["2024-01-01", "2024-01-05", "2024-02-01"],
             "closed_at": ["2024-01-20", "2024-12-31", None]}  # fmt: skip
    return pd.DataFrame({**given, **columns})


def test_the_closing_date_of_an_open_deal_is_an_expectation():
    crm = Crm.from_frames(as_of="latest", opportunities=deals())
    assert crm.as_of == pd.Timestamp("2024-02-01")
    table = crm.frame("opportunities").set_index("opportunity_id")
    assert table["closed_at"].notna().tolist() == [True, False, False]
    assert str(table.loc["2", "expected_close_on"])[:10] == "2024-12-31"
    assert found(crm, "open_with_closing") == 1


def test_a_stated_expectation_stays_and_warning_alone_moves_no_closing_moment():
    frame = deals(expected_close_on=["2024-01-15", "2024-06-30", "2024-07-31"])
    kept = Crm.from_frames(as_of="latest", opportunities=frame).frame("opportunities")
    assert [str(day)[:10] for day in kept["expected_close_on"]] == ["2024-01-15", "2024-06-30", "2024-07-31"]
    checks = {"opportunities": {"open_with_closing": "warn"}}
    assert Crm.from_frames(as_of="latest", opportunities=deals(), checks=checks).as_of == pd.Timestamp(
        "2024-02-01"
    )


def test_a_deal_that_is_over_without_a_day_is_named():
    crm = Crm.from_frames(as_of="2024-12-31", opportunities=deals(closed_at=[None, None, None]))
    assert found(crm, "closed_without_day") == 1
    assert "expected_close_on" not in crm.columns("opportunities")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_a_closing_day_is_not_before_the_hour_of_that_day(zone):
    frame = deals(
        outcome="won", created_at=["2024-01-22 16:14", "2024-01-22 00:00", "2024-01-23 10:00"],
        closed_at=["2024-01-22", "2024-01-22", "2024-01-22"],
    )  # fmt: skip
    crm = Crm.from_frames(as_of="2024-12-31", opportunities=frame, time_zone=zone)
    table = crm.frame("opportunities").set_index("opportunity_id")
    assert found(crm, "closed_before_created") == 1, "only the one of a later day"
    assert (table["closed_at"] >= table["created_at"]).tolist() == [True, True, False]


def test_a_clock_that_runs_backwards_on_one_day_stays_a_finding():
    frame = deals(
        outcome="won", created_at="2024-01-22 16:14", closed_at=["2024-01-22 10:00", "2024-01-22 17:00", None]
    )
    crm = Crm.from_frames(as_of="2024-12-31", opportunities=frame)
    assert found(crm, "closed_before_created") == 1


def test_findings_come_first_where_nothing_is_accepted():
    frame = deals(outcome=["Closed won", "Closed lost", "Proposal"])
    with pytest.raises(
        NothingAcceptedError, match=r"(?s)None of 3 rows of opportunities can be used.*'Closed won' \(1\)"
    ) as told:
        Crm.from_frames(as_of="latest", opportunities=frame)
    assert "when 'closed won' then 'won' when 'proposal' then 'open'" in str(told.value)
    assert told.value.report.rows_set_aside == 3
    with pytest.raises(NothingAcceptedError, match=r"'10,5' \(2\)\. State decimal"):
        crm_of(lines(["K1", "K2"], net_amount="10,5"), as_of="latest")


def test_accepted_rows_without_a_time_ask_for_a_date():
    frame = deals().drop(columns=["created_at", "closed_at"])
    with pytest.raises(ParameterError, match="State a date"):
        Crm.from_frames(as_of="latest", opportunities=frame)


def test_personal_values_are_never_shown_in_a_finding():
    people = pd.DataFrame(
        {"customer_id": ["1"], "birth_on": ["the tenth of May"], "signed_up_on": ["last year"]}
    )
    says = " ".join(Crm.from_frames(as_of="2024-01-01", customers=people).checks.summary["says"])
    assert "tenth" not in says and "last year" in says
