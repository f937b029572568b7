"""Sentences: whole, plain, and true of the numbers they are made from."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.customers.profile import late_customers
from crmlib.analyse.health import data_health
from crmlib.prepare.check.findings import check_names
from crmlib.present.numbers import count, money, number, percent
from crmlib.present.reports.customers import say as claims_profile
from crmlib.present.reports.health import say as claims_health
from crmlib.present.reports.health.say import CHECK_WORDS, TABLE_WORDS, check_words, table_word
from crmlib.present.reports.rules import say as claims_rules
from crmlib.present.reports.segments import say as claims_segments
from crmlib.schema.states import LATE_TIMES, SILENT
from crmlib.schema.tables import TABLES
from tests.present.report_samples import (
    CANARIES,
    NAMES,
    SHOPS,
    cross_sell_of,
    customers_of,
    health_of,
    profile_of,
    segments_of,
)

ALGORITHMS = re.compile(
    r"k-means|gaussian|silhouette|jaccard|apriori|pandas|duckdb|sklearn|rfm|quantile", re.IGNORECASE
)


OF_OTHER_RESULTS = ("comparison_paragraph", "moves_paragraph")
"""Said of a comparison or of moves; tests/present/reports/segments asks these."""
MAY_BE_SILENT = ("groups_paragraph", "carried_paragraph", "anonymity_paragraph", "identities_paragraph")
"""Without a sentence where there is nothing to say."""


def paragraphs(module, result, *more):
    """Every public function of a module that makes sentences from this result."""
    for name in dir(module):
        if name.endswith(("_answer", "_findings", "_paragraph", "_limits")) and name not in OF_OTHER_RESULTS:
            function = getattr(module, name)
            given = (result, *more) if name in ("segmentation_answer", "segmentation_findings") else (result,)
            given = () if name == "list_paragraph" else given
            yield name, [str(statement) for statement in function(*given)]


CASES = [
    *[(claims_health, health_of, name) for name in [*SHOPS, "products only"]],
    *[(claims_profile, profile_of, name) for name in SHOPS],
    *[(claims_segments, segments_of, name) for name in ("shop", "bare")],
    *[(claims_rules, cross_sell_of, name) for name in SHOPS],
]
EVERY = pytest.mark.parametrize(
    ("module", "result", "name"),
    CASES,
    ids=[f"{module.__name__.rpartition('_')[2]}-{name}" for module, _, name in CASES],
)


@EVERY
def test_sentences_are_whole_and_say_nothing_that_is_not_known(module, result, name):
    more = (customers_of(name),) if module is claims_segments else ()
    for function, sentences in paragraphs(module, result(name), *more):
        assert sentences or function in MAY_BE_SILENT, function
        for sentence in filter(None, sentences):
            assert sentence[-1] in ".?!", sentence
            assert sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "“", sentence
            assert not re.search(r"\bnan\b|\bNone\b|\binf\b|  |\.\.|,\.|\bno no\b", sentence), sentence
            assert not ALGORITHMS.search(sentence), sentence
            assert not re.search(r"\d{4,}(?!\d*[”\w])", sentence.replace("2023", "").replace("2024", "")), (
                sentence
            )


@EVERY
def test_no_number_above_ten_thousand_has_more_than_three_significant_digits(module, result, name):
    more = (customers_of(name),) if module is claims_segments else ()
    for _, sentences in paragraphs(module, result(name), *more):
        for sentence in sentences:
            plain = re.sub(r"“[^”]*”|\d+ \w+ 20\d\d|\w+ 20\d\d", "", sentence)
            for figure in re.findall(r"\d[\d,.]*\d|\d", plain):
                whole = re.fullmatch(r"\d,\d{3}", figure.strip(".,"))
                assert whole or len(re.sub(r"[.,]", "", figure).strip("0")) <= 3, sentence


@EVERY
def test_no_personal_value_is_in_a_sentence(module, result, name):
    more = (customers_of(name),) if module is claims_segments else ()
    said = " ".join(" ".join(sentences) for _, sentences in paragraphs(module, result(name), *more))
    assert not any(value in said for value in CANARIES.values())
    assert not re.search(r"\bC\d{3}\b", said)


def test_the_answer_on_customers_is_true():
    profile = profile_of("shop")
    bought = profile.indicators[profile.indicators["order_count"] > 0]
    spend = bought["spend_total"].sort_values(ascending=False)
    spend = spend[spend > 0]
    fifth = spend.head(-(-len(spend) // 5)).sum() / spend.sum()
    said = " ".join(map(str, claims_profile.profile_answer(profile)))
    assert f"{count(len(bought))}\u00a0customer{'s' * (len(bought) != 1)}" in said
    assert percent(100 * fifth) in said
    assert percent(100 * (bought["order_count"] > 1).mean()) in said
    assert money(profile.totals["net_sales"], "EUR") in said


def test_the_answer_speaks_of_what_has_no_customer():
    said = str(claims_profile.profile_answer(profile_of("bare"))[0])
    assert (
        percent(100 - profile_of("bare").totals["anonymous_share_pct"]) in said and "known customers" in said
    )


def test_nobody_is_said_to_be_nobody():
    assert [str(said) for said in claims_profile.profile_answer(profile_of("nobody"))] == [
        "No purchase by a known customer is in these data; net sales are "
        f"{number(profile_of('nobody').totals['net_sales'])}."
    ]


def test_customers_to_call_are_those_of_the_list():
    profile = profile_of("shop")
    listed = late_customers(SimpleNamespace(config=None), profile)
    late = int((profile.indicators["gap_overdue_ratio"] >= LATE_TIMES).sum())
    said = str(claims_profile.profile_findings(profile)[-1])
    assert late >= len(listed) > 0 and said.startswith(f"{count(late)}\u00a0customer{'s' * (late != 1)}")
    assert f"{len(listed)} of them, worth {money(listed['spend_total'].sum(), 'EUR')}," in said
    assert not set(listed["state"]) & set(SILENT)


def test_only_whole_months_are_compared():
    profile = profile_of("shop")
    last_whole = profile.months[profile.months["complete"]]["month"].iloc[-1]
    said = " ".join(map(str, claims_profile.months_paragraph(profile)))
    assert f"{last_whole:%B %Y}, the last whole month" in said
    assert f"{profile.months['month'].iloc[-1]:%B %Y}" not in said


def test_the_answer_on_segments_is_true():
    found, customers = segments_of("shop"), customers_of("shop")
    best = found.profile.index[0]
    members = found.labels[found.labels == best].index
    late = int((customers["gap_overdue_ratio"].reindex(members) >= 2).sum())
    said = [str(claim) for claim in claims_segments.segmentation_answer(found, customers)]
    assert f"“{best}”, {percent(100 * len(members) / len(found.labels))} of all customers," in said[0]
    spent = customers["spend_total"].reindex(members).sum()
    assert f"({money(spent, 'EUR')})" in said[0]
    assert (f"First call the {count(late)} in “{best}”" in said[-1]) == (late > 0)


def test_an_unstable_segment_is_not_passed_off_as_one():
    found = segments_of("shop")
    stability = found.stability.copy()
    name = stability.index[1]
    stability.loc[name, ["jaccard", "published"]] = [0.4, False]
    weak = type(
        "Found",
        (),
        {**{key: getattr(found, key) for key in found.__dataclass_fields__}, "stability": stability},
    )
    answer = claims_segments.segmentation_answer(weak, customers_of("shop"))
    assert f"“{name}” cannot be relied on" in str(answer[1])
    assert f"“{name}” does not come back" in str(claims_segments.stability_paragraph(weak)[0])


def test_a_rule_is_said_as_it_was_found():
    found = cross_sell_of("shop")
    rule = found.pairs.iloc[0]
    said = str(claims_rules.cross_sell_answer(found)[0])
    assert rule["if"] in said and rule["then"] in said and percent(rule["confidence_pct"]) in said
    assert not any(name in said for name in ("P0", "P1", "P2"))
    assert any(name.split()[0].lower() in said.lower() for name in NAMES)


def test_without_rules_it_says_so_and_what_to_do():
    said = claims_rules.cross_sell_answer(cross_sell_of("one order"))
    assert len(said) == 1 and "in at least 5\u00a0baskets" in str(said[0])


def test_health_tells_what_was_set_aside_and_what_is_doubtful():
    assert str(claims_health.health_answer(health_of("shop"))[0]).startswith("All ")
    assert any(
        "not in the list of customers" in str(sentence)
        for sentence in claims_health.health_findings(health_of("shop"))
    )
    assert any(
        "have no customer" in str(sentence) for sentence in claims_health.health_answer(health_of("bare"))
    )


def test_every_table_has_words():
    assert set(TABLE_WORDS.members) == set(TABLES)
    assert str(table_word("something_new")) == "something new"


def test_every_check_becomes_words_without_a_column_name():
    for check in (
        "orphan_key",
        "missing_required",
        "unparsable_date",
        "duplicate_key",
        "exact_duplicate",
        "zero_quantity",
    ):
        row = pd.Series({"check": check, "column": "customer_id", "says": "has customer_id"})
        assert "_" not in str(check_words(row))


def test_every_check_of_the_vocabulary_has_words():
    known = {name for spec in TABLES.values() for name in check_names(spec)}
    without_policy = {"merged", "unknown_column", "same_customer", "perhaps_same_customer"}
    without_policy |= {"joined_since", "merged_since", "split_since"}
    assert known | without_policy == set(CHECK_WORDS.members)


def test_rows_after_the_closing_date_are_not_called_unusable():
    lines = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "product_id": "tea",
            "net_amount": 1.0,
            "ordered_at": ["2024-01-01", "2024-01-02", "2024-03-01"],
        }
    )
    health = data_health(Crm.from_frames(as_of="2024-01-31", transactions=lines))
    assert str(claims_health.health_answer(health)[0]) == (
        "All 2\u00a0rows up to the closing date could be used; 1\u00a0later row is not looked at."
    )
    assert not any("set aside" in str(said) for said in claims_health.health_findings(health))
