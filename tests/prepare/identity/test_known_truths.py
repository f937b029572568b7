"""Customers are recognised where the truth is known: Febrl's people, and the sample company's double entries."""

import pandas as pd
import pytest

from tests.prepare.identity.known import f1, febrl, found_pairs, true_pairs
from tests.sample.company import drawn

pytest.importorskip("splink", reason="crmlib[identity] is not installed")

from crmlib import resolve_identities

COLUMNS = ["kind", "name", "country", "city", "postcode", "address", "email", "phone", "tax_id"]


@pytest.mark.parametrize(
    ("files", "links", "least"),
    [
        (["febrl3.csv"], "febrl3_links.csv", 0.9954),
        (["febrl4a.csv", "febrl4b.csv"], "febrl4_links.csv", 0.999),
    ],
)
def test_febrl(shared_data, files, links, least):
    """The issue asks for .99; the best that Splink 4 is known for is .9954 and .9998."""
    folder = shared_data / "febrl"
    true = true_pairs(pd.read_csv(folder / links, dtype=str))
    found = resolve_identities(febrl(folder, *files))
    assert f1(found_pairs(found), true) >= least
    recall = len(found_pairs(found) & true) / len(true)
    told = found.quality.set_index("measure")
    assert abs(told.loc["recall", "estimate"] - recall) < 0.01
    assert told.loc["precision", "estimate"] > 0.99


@pytest.fixture(scope="module")
def sample():
    company = drawn(1.0)
    given = pd.concat([company.customers, company.twins], ignore_index=True)
    records = given[["customer_id", *COLUMNS]].rename(columns={"customer_id": "record_id"})
    true = true_pairs(company.twins[["twin_of", "customer_id"]])
    return records, true, resolve_identities(records)


def test_double_entries_of_the_sample_company_in_each_country(sample):
    """Chinese, Japanese and Latin names: at most one of twenty is missed or wrong, in each."""
    records, true, found = sample
    country = records.set_index("record_id")["country"]
    pairs = found_pairs(found)
    assert len(true) == 120
    for one in sorted(country.unique()):
        there = {pair for pair in true if country[pair[0]] == one}
        assert f1({pair for pair in pairs if country[pair[0]] == one}, there) >= 0.95, one


def test_every_pair_says_why(sample):
    _, _, found = sample
    joined = found.pairs[found.pairs["joined"]]
    assert joined["why"].str.len().gt(0).all()
    assert joined["probability"].between(0, 1).all()
    keyed = joined[joined["key"].ne("")]
    assert set(keyed["key"]) <= {"tax", "email", "phone"} and len(keyed) > 60
    assert all(f"{key} same" in why for key, why in zip(keyed["key"], keyed["why"], strict=True))


def test_golden_records_say_where_each_value_comes_from(sample):
    records, _, found = sample
    assert found.customers["customer_id"].is_unique
    assert len(found.customers) == found.map["customer_id"].nunique()
    values = records.set_index("record_id")
    came = found.provenance[found.provenance["column"].eq("email")].set_index("customer_id")["record_id"]
    golden = found.customers.set_index("customer_id")["email"].dropna()
    assert (values.loc[came.loc[golden.index], "email"].to_numpy() == golden.to_numpy()).all()
