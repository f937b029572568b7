"""A rule counted quarter by quarter, against counting by hand."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.rules.mine import mine_rules, seasonality
from crmlib.schema.errors import ParameterError


@pytest.fixture(scope="module")
def lines():
    rng = np.random.default_rng(4)
    held = rng.random((800, 5)) < [0.5, 0.4, 0.3, 0.2, 1]
    held[:200, 1] |= held[:200, 0]  # in the first quarter only
    order, item = np.nonzero(held)
    days = pd.Timestamp("2023-01-10") + pd.to_timedelta(91 * (np.arange(800) // 200), unit="D")
    return pd.DataFrame(
        {"order_id": order, "product_id": np.array(list("abcde"))[item], "ordered_at": days[order]}
    )


def test_counts_of_every_quarter(lines):
    book = mine_rules(lines, min_support=40, max_consequents=None)
    found = seasonality(book, lines, n=6)
    assert found["period"].unique().tolist() == ["2023 Q1", "2023 Q2", "2023 Q3", "2023 Q4"]
    assert len(found) == 6 * 4
    baskets = lines.groupby("order_id")["product_id"].agg(set)
    quarter = lines.groupby("order_id")["ordered_at"].min().dt.quarter
    for row in found.itertuples():
        before, after = book.rules.loc[row.rule, ["antecedents", "consequents"]]
        here = baskets[quarter == int(row.period[-1])]
        counts = [sum(side <= basket for basket in here) for side in (before, after, before | after)]
        assert [row.antecedent_count, row.consequent_count, row.count] == counts
        assert row.baskets == len(here)
        assert row.lift == pytest.approx(counts[2] * len(here) / (counts[0] * counts[1]))
        assert row.confidence == pytest.approx(counts[2] / counts[0])
    totals = found.groupby("rule")["count"].sum()
    assert totals.tolist() == book.rules["count"].head(6).tolist()


def test_a_rule_of_one_season_is_found_out(lines):
    book = mine_rules(lines, min_support=40, antecedents=["a"], consequents=["b"])
    found = seasonality(book, lines).set_index("period")
    assert book.rules["lift"].iloc[0] > 1.1
    assert found.loc["2023 Q1", "lift"] > 1.25
    assert found["lift"].idxmax() == "2023 Q1"
    assert not found["holds"].all()


def test_too_few_baskets_say_nothing(lines):
    few = lines[lines["order_id"] % 50 == 0]
    found = seasonality(mine_rules(few, min_support=1, max_len=2), few)
    assert found["holds"].isna().all()


def test_no_rules_no_rows_and_wrong_arguments(lines):
    empty = mine_rules(lines, min_support=800)
    assert len(seasonality(empty, lines)) == 0
    with pytest.raises(ParameterError, match="no column 'when'"):
        seasonality(empty, lines, period="when")
    with pytest.raises(ParameterError, match="n must be"):
        seasonality(empty, lines, n=0)
    several = mine_rules(lines.assign(group="x"), min_support=2, item=["product_id", "group"])
    with pytest.raises(ParameterError, match="several columns"):
        seasonality(several, lines)
