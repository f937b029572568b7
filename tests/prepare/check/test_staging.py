"""Nothing read is lost: accepted or set aside with a reason, on ledgers small enough to check by hand."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmlib import Crm, check_tables
from crmlib.schema.errors import ConfigError, ParameterError, SchemaError

GOOD = {
    "order_id": "1",
    "customer_id": "c1",
    "product_id": "a",
    "ordered_at": "2020-01-05",
    "quantity": "1",
    "net_amount": "10",
}


def lines(*changes, **columns):
    rows = [{**GOOD, "order_id": str(i + 1), **change} for i, change in enumerate(changes)]
    return pd.DataFrame(rows).assign(**columns)


def crm_of(frame, *, as_of="2020-12-31", checks=None, **others):
    given_checks = {"transactions": checks} if checks else None
    return Crm.from_frames(as_of=as_of, checks=given_checks, transactions=frame, **others)


def found(crm, check):
    summary = crm.checks.summary
    return int(summary.loc[summary["check"] == check, "rows"].sum())


def reasons(crm, table="transactions"):
    return list(crm.checks.set_aside[table]["reason"])


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"order_id": None}, "missing_required"),
        ({"product_id": "  "}, "missing_required"),
        ({"net_amount": "ten"}, "wrong_type"),
        ({"ordered_at": "31/31/2020"}, "unparsable_date"),
        ({"ordered_at": "2021-01-01"}, "after_as_of"),
    ],
)
def test_rows_that_cannot_be_used_leave_with_their_reason(change, check):
    crm = crm_of(lines({}, change))
    assert crm.checks.counts.to_dict("records") == [
        {"table": "transactions", "rows_read": 2, "rows_accepted": 1, "rows_set_aside": 1}
    ]
    assert found(crm, check) == 1
    (reason,) = reasons(crm)
    assert reason.startswith(check)
    assert crm.checks.set_aside["transactions"]["row"].item() == 2


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"quantity": "0"}, "zero_quantity"),
        ({"net_amount": "-4"}, "negative_price"),
        ({"net_amount": "-4", "quantity": "-1", "customer_id": "c9"}, "refund_without_purchase"),
    ],
)
def test_what_is_only_odd_stays_and_is_counted(change, check):
    crm = crm_of(lines({}, change))
    assert len(crm.frame("transactions")) == 2
    assert found(crm, check) == 1


def test_a_refund_of_an_earlier_purchase_is_no_finding_and_of_a_later_one_is():
    refund = {"net_amount": "-10", "quantity": "-1"}
    assert found(crm_of(lines({}, {**refund, "ordered_at": "2020-01-06"})), "refund_without_purchase") == 0
    assert found(crm_of(lines({}, {**refund, "ordered_at": "2020-01-04"})), "refund_without_purchase") == 1


def test_an_optional_value_that_cannot_be_read_is_emptied_and_counted():
    crm = crm_of(lines({}, {"quantity": "many"}))
    assert crm.frame("transactions")["quantity"].tolist()[0] == 1
    assert crm.frame("transactions")["quantity"].isna().tolist() == [False, True]
    row = crm.checks.summary.query("check == 'wrong_type'").iloc[0]
    assert (row.policy, row.column, row.rows) == ("mend", "quantity", 1)


def test_the_same_article_scanned_twice_stays_unless_the_workspace_says_otherwise():
    twice = pd.concat([lines({})] * 2)
    assert len(crm_of(twice).frame("transactions")) == 2
    assert found(crm_of(twice), "exact_duplicate") == 1
    strict = crm_of(twice, checks={"exact_duplicate": "set_aside"})
    assert len(strict.frame("transactions")) == 1


def test_a_repeated_key_is_set_aside_after_the_first():
    frame = lines({}, {"order_id": "1", "net_amount": "99"}, line_no="1")
    crm = crm_of(frame)
    assert crm.frame("transactions")["net_amount"].tolist() == [10]
    assert reasons(crm) == ["duplicate_key: repeat the order_id and line_no of an earlier row"]


def test_a_bad_row_does_not_push_out_the_good_one_of_the_same_key():
    frame = lines({"net_amount": "ten"}, {"order_id": "1"}, line_no="1")
    assert crm_of(frame).frame("transactions")["net_amount"].tolist() == [10]


def test_rows_of_one_key_may_be_merged_instead():
    contacts = pd.DataFrame(
        {"campaign_id": ["k", "k", "k"], "customer_id": ["c1", "c1", "c2"],
         "responded_at": [None, "2020-02-01", None]}
    )  # fmt: skip
    crm = Crm.from_frames(
        as_of="2020-12-31",
        campaign_contacts=contacts,
        checks={"campaign_contacts": {"duplicate_key": "mend"}},
    )
    frame = crm.frame("campaign_contacts")
    assert frame["customer_id"].tolist() == ["c1", "c2"]
    assert frame["responded_at"].notna().tolist() == [True, False]
    assert crm.checks.rows_set_aside == 1


def test_orphans_are_counted_and_may_be_emptied_or_set_aside():
    products = pd.DataFrame({"product_id": ["a"]})
    frame = lines({}, {"product_id": "zzz"})
    assert found(crm_of(frame, products=products), "orphan_key") == 1
    assert len(crm_of(frame, products=products).frame("transactions")) == 2
    strict = crm_of(frame, checks={"orphan_key.product_id": "set_aside"}, products=products)
    assert strict.frame("transactions")["product_id"].tolist() == ["a"]


def test_what_is_known_later_is_not_known_yet():
    deals = pd.DataFrame(
        {"opportunity_id": ["1", "2"], "stage": ["Won", "Lost"], "outcome": ["Won", "Lost"],
         "created_at": ["2020-01-01", "2020-01-01"], "closed_at": ["2020-02-01", "2020-09-01"],
         "lost_reason": [None, "price"]}
    )  # fmt: skip
    crm = Crm.from_frames(as_of="2020-06-30", opportunities=deals)
    frame = crm.frame("opportunities")
    assert frame["outcome"].tolist() == ["won", "open"]
    assert frame["closed_at"].isna().tolist() == [False, True]
    assert frame["lost_reason"].isna().all()


def test_latest_is_the_last_moment_the_data_speaks_of():
    deals = pd.DataFrame(
        {"opportunity_id": ["1"], "stage": ["Won"], "outcome": ["won"], "created_at": ["2020-01-01"],
         "closed_at": ["2020-02-01"]}
    )  # fmt: skip
    assert Crm.from_frames(as_of="latest", opportunities=deals).as_of == pd.Timestamp("2020-02-01")
    with pytest.raises(ParameterError, match="State a date"):
        Crm.from_frames(as_of="latest", products=pd.DataFrame({"product_id": ["a"]}))


def test_a_record_younger_than_its_closing_is_kept_with_a_warning_or_set_aside_where_that_is_asked():
    deals = pd.DataFrame(
        {"opportunity_id": ["1"], "stage": ["Won"], "outcome": ["won"], "created_at": ["2020-03-01"],
         "closed_at": ["2020-02-01"]}
    )  # fmt: skip
    kept = Crm.from_frames(as_of="2020-12-31", opportunities=deals).checks
    assert kept.rows_set_aside == 0
    assert kept.summary[["check", "policy", "rows"]].to_numpy().tolist() == [
        ["closed_before_created", "warn", 1]
    ]
    strict = {"opportunities": {"closed_before_created": "set_aside"}}
    assert Crm.from_frames(as_of="2020-12-31", opportunities=deals, checks=strict).checks.rows_set_aside == 1


def test_rows_after_as_of_change_nothing():
    now = lines({}, {"quantity": "0"}, {"order_id": "1"})
    later = pd.concat(
        [now, lines({"ordered_at": "2021-05-05", "quantity": "0"}, {"ordered_at": "2021-05-05"})]
    )
    for frame in (later, later[::-1]):
        crm = crm_of(frame)
        left = crm.frame("transactions").sort_values(["order_id", "quantity"]).reset_index(drop=True)
        right = crm_of(now).frame("transactions").sort_values(["order_id", "quantity"]).reset_index(drop=True)
        pd.testing.assert_frame_equal(left, right)
        assert found(crm, "zero_quantity") == found(crm_of(now), "zero_quantity")


def test_the_input_is_not_changed():
    frame = lines({}, {"quantity": "many"})
    before = frame.copy(deep=True)
    crm_of(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_missing_column_is_answered_with_what_is_there_and_where_to_map_it():
    with pytest.raises(SchemaError, match=r"no column net_amount \(has: .*\[tables.transactions.columns\]"):
        crm_of(lines({}).drop(columns="net_amount"))


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(SchemaError, match="Did you mean 'transactions'"):
        Crm.from_frames(as_of="2020-01-01", transaction=lines({}))
    with pytest.raises(
        ConfigError, match=r"checks\.zero_quantities: no such check\. Did you mean 'zero_quantity'"
    ):
        crm_of(lines({}), checks={"zero_quantities": "warn"})
    with pytest.raises(ConfigError, match="'drop' is no policy"):
        crm_of(lines({}), checks={"zero_quantity": "drop"})
    with pytest.raises(ConfigError, match="cannot be mended"):
        crm_of(lines({}), checks={"exact_duplicate": "mend"})
    with pytest.raises(ParameterError, match="takes a Crm"):
        check_tables([1])


def test_a_column_beyond_the_vocabulary_is_named():
    crm = crm_of(lines({}, colour="red"))
    assert "colour" not in crm.columns("transactions")
    assert found(crm, "unknown_column") == 1


def test_tables_that_are_not_there_say_how_to_bring_them():
    with pytest.raises(SchemaError, match=r"has no table feedback .*\[tables.feedback\]"):
        crm_of(lines({})).table("feedback")
    with pytest.raises(SchemaError, match="no column cost_amount"):
        crm_of(lines({})).frame("transactions", ["cost_amount"])


garbage = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(["1", "a", "0", "-5", "2020-01-01", "2030-01-01", "1,000", "x y", "'"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys([*GOOD, "line_no"], garbage)), max_size=30),
    policy=st.sampled_from(["set_aside", "warn"]),
)
def test_rows_read_are_rows_accepted_and_rows_set_aside(rows, policy):
    frame = pd.DataFrame(rows, columns=[*GOOD, "line_no"], dtype="str")
    checks = dict.fromkeys(["wrong_type", "unparsable_date", "zero_quantity", "duplicate_key"], policy)
    crm = crm_of(frame, checks=checks)
    counts = crm.checks.counts.iloc[0]
    assert counts.rows_read == len(frame)
    assert counts.rows_read == counts.rows_accepted + counts.rows_set_aside
    assert counts.rows_accepted == len(crm.frame("transactions"))
    aside = crm.checks.set_aside.get("transactions", pd.DataFrame({"reason": [], "row": []}, dtype="str"))
    assert len(aside) == counts.rows_set_aside
    assert (aside["reason"].str.len() > 0).all()
    assert aside["row"].is_unique
