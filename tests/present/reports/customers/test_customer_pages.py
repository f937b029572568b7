"""The report on customers, on a ledger of two customers that can be checked by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from crmlib.analyse.customers.profile import customer_profile
from crmlib.prepare.crm import Crm
from crmlib.present.messages import NBSP
from crmlib.present.reports.customers import say, show

LINES = pd.DataFrame(
    {
        "order_id": ["1", "2", "3"],
        "customer_id": ["ann", "ann", "bob"],
        "product_id": ["tea"] * 3,
        "ordered_at": pd.to_datetime(["2024-01-01", "2024-02-10", "2024-01-05"]),
        "net_amount": [10.0, 20.0, 10.0],
    }
)


def texts(claims):
    return [str(one).replace(NBSP, " ") for one in claims]


@pytest.fixture(scope="module")
def crm():
    return Crm.from_frames(as_of="2024-02-20", currency="EUR", transactions=LINES)


@pytest.fixture(scope="module")
def little(crm):
    return customer_profile(crm)


def test_types_are_named_as_a_sentence_begins_with_them():
    assert str(say.type_noun("big spenders")) == "Big spenders"
    assert str(say.type_noun("A")) == "“A” customers"


def test_the_answer_and_the_findings(little):
    answer = texts(say.profile_answer(little))
    assert answer[0] == "2 customers placed 3 orders worth EUR 40 from 1 January 2024 to 10 February 2024."
    assert (
        answer[1]
        == "50 % of the customers have ordered again, and the fifth that spend most bring 75 % of spend."
    )
    assert len(answer) == 3 and len(" ".join(answer).split()) <= 60
    assert texts(say.profile_findings(little))[0] == "A fifth of the customers brings 75 % of spend."


def test_the_paragraphs(little):
    assert say.groups_paragraph(little) == []
    assert texts(say.indicators_paragraph(little))[0].startswith(
        "Half of the customers lie below the median, "
    )
    assert texts(say.types_paragraph(little))[-1].startswith(
        "Each customer has exactly one type, the first whose"
    )
    assert texts(say.months_paragraph(little)) == ["One whole month is in the data; a comparison needs two."]
    half = "Half of the customers have placed 1.5 orders or fewer, and half have spent EUR 20 or less."
    assert texts(say.frequency_paragraph(little))[0] == half
    assert texts(say.concentration_paragraph(little))[0].startswith(
        "The 1 % of customers who spend most bring 75 %, the "
    )


def test_the_limits_name_the_table_that_would_tell_more(little):
    limits = texts(say.profile_limits(little))
    assert len(limits) == 4 and sum("table of customers would bring" in one for one in limits) == 1


@pytest.mark.parametrize(
    ("new", "old", "said"),
    [
        (112, 100, "up 12 %"),
        (90, 100, "down 10 %"),
        (5, 5, "unchanged"),
        (2062, 2061, "nearly unchanged"),
        (5, 0, "up from 0"),
        (None, 3, "not known"),
    ],
)
def test_changes(new, old, said):
    assert str(say.moved(new, old)).replace(NBSP, " ") == said


def test_key_figures(little):
    assert show.profile_figures(little)._text().replace(NBSP, " ").splitlines() == [
        *("Customers: 2", "Orders: 3", "Net sales: EUR 40"),
        *("Came back: 50 %", "Spend of a customer: EUR 20", "Spend of the top fifth: 75 %"),
    ]


def test_tables(crm, little):
    assert len(show.types_table(little).frame) == 2 and "action" not in show.types_table(little).frame
    assert len(show.months_table(little).frame) == len(little.months)
    assert len(show.indicators_table(little).frame) == len(little.summary)
    assert show.groups_table(little)._text() == "" == show.groups_picture(little)._text()
    assert show.call_list(crm, little).frame.empty


def test_of_a_type_with_few_customers_only_how_many_they_are_is_shown(little):
    assert show.types_table(replace(little, min_group=1)).frame["spend_of_group"].notna().all()
    few = show.types_table(replace(little, min_group=2)).frame
    figures = ["spend_of_group", "recency_days_median", "order_count_median", "basket_value_median"]
    assert few[figures].isna().all().all() and few["customers"].tolist() == [1, 1]
