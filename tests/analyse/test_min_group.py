"""`[privacy] min_group` holds wherever customers are shown in groups."""

from dataclasses import replace
from datetime import date
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm, compute_indicators
from crmlib.analyse.campaigns.comparison import Comparison, customer_traits, trait_levels
from crmlib.analyse.campaigns.groups import Response, who_responds
from crmlib.analyse.customers.profile import customer_profile
from crmlib.analyse.pipeline.portrait import trait_table
from crmlib.analyse.retention import retention_curves, shown_cohorts, typical_retention
from crmlib.analyse.segments.choice import try_candidates
from crmlib.analyse.stats.small_groups import OTHER, shown_groups
from crmlib.measure.offers.candidates import group_sellers
from crmlib.measure.offers.tables import offer_engine
from crmlib.prepare.privacy import min_group
from crmlib.present.reports.churn import show as tables_lifecycle
from crmlib.schema.fields import MINIMUM_GROUP

SIZES = {"small": 24, "large": 40, "largest": 60}
WHO = [name for name, size in SIZES.items() for _ in range(size)]
TRAITS = (
    "industry",
    "company_size",
    "country",
    "region",
    "source",
    "household_size",
    "income_band",
    "gender",
)


@cache
def workspace(least):
    ids = [f"c{i:03}" for i in range(len(WHO))]
    people = pd.DataFrame({"customer_id": ids, **dict.fromkeys(TRAITS, WHO)})
    month = {"small": "2024-01-02", "large": "2024-01-03", "largest": "2024-02-03"}
    lines = pd.DataFrame({"order_id": ids, "customer_id": ids, "product_id": "tea", "net_amount": 5.0,
                          "ordered_at": [month[name] for name in WHO]})  # fmt: skip
    deals = pd.DataFrame({"opportunity_id": ids, "customer_id": ids, "stage": "x", "outcome": "won",
                          "created_at": "2024-01-02", "closed_at": "2024-01-20"})  # fmt: skip
    crm = Crm.from_frames(as_of="2024-04-30", customers=people, transactions=lines, opportunities=deals)
    return replace(crm, config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=False, min_group=least)))


@cache
def _profile(least):
    return customer_profile(workspace(least))


def profile_of(crm, trait):
    groups = _profile(min_group(crm)).groups
    return set(groups.loc[groups["field"] == trait, "value"])


def retention_of(crm, trait):
    return set(retention_curves(crm, by=trait, silence_days=30).groups.dropna())


def levels_of_campaigns(crm, trait):
    traits = customer_traits(crm)[[trait]]
    levels = trait_levels(traits, traits.index, min_group=min_group(crm))
    return {name.split(": ")[1] for name in levels}


def answers_of(crm, trait):
    given = customer_traits(crm)[trait]
    people = pd.DataFrame({"span": "campaign", "arm": "contacted", "customer_id": given.index})
    response = Response(contacted=len(given), responded=0, who=pd.Series(False, index=given.index))
    found = who_responds(people, response, Comparison(kind="none"), {trait: given}, min_group=min_group(crm))
    return set(found["group"])


def portrait_of(crm, trait):
    return set(trait_table(crm, by=[trait]).values[trait])


def sellers_of(crm, trait):
    found = group_sellers(
        offer_engine(crm), trait, day=date(2024, 2, 10), horizon_days=60, min_group=min_group(crm)
    )
    return set(found["value"])


GROUPED = [
    *((profile_of, trait) for trait in TRAITS),
    *((retention_of, trait) for trait in TRAITS),
    *((levels_of_campaigns, trait) for trait in TRAITS),
    *((answers_of, trait) for trait in TRAITS),
    *((portrait_of, trait) for trait in ("industry", "company_size", "country", "region")),
    *((sellers_of, trait) for trait in ("industry", "company_size", "income_band", "region", "country")),
]


@pytest.mark.parametrize(("groups_of", "trait"), GROUPED, ids=lambda part: getattr(part, "__name__", part))
def test_a_group_below_the_limit_is_hidden_with_another_and_shown_without_a_limit(groups_of, trait):
    strict, open_to_all = groups_of(workspace(25), trait), groups_of(workspace(1), trait)
    assert "small" not in strict and "largest" in strict
    if groups_of is not sellers_of:
        assert "large" not in strict and OTHER in strict
    assert set(SIZES) <= open_to_all and OTHER not in open_to_all


def test_small_cohorts_are_not_shown_on_their_own():
    strict = retention_curves(workspace(100))
    assert shown_cohorts(strict).empty and typical_retention(strict).empty
    assert (
        "2\u00a0cohorts of fewer than 100 customers left out" in tables_lifecycle.cohort_table(strict).caption
    )
    assert len(shown_cohorts(retention_curves(workspace(1)))) == 2


def test_a_curve_ends_where_fewer_are_under_observation():
    def shortest(least):
        curves = retention_curves(workspace(least), silence_days=30).overall.curves
        return curves.loc[curves["shown"], "at_risk"].min()

    assert shortest(25) >= 25 and shortest(1) >= 10 and shortest(1) <= shortest(25)
    assert not retention_curves(workspace(1_000), silence_days=30).overall.curves["shown"].any()


def test_no_segment_is_smaller_than_a_group_may_be():
    lot = np.random.default_rng(0)
    rows = np.r_[lot.normal(0, 0.1, (100, 2)), lot.normal(5, 0.1, (15, 2))]
    (as_usual, *_), (strict, *_) = (try_candidates(rows, [2], seed=0, rounds=3, fewest=n) for n in (10, 25))
    assert as_usual.sizes.min() == 15 and as_usual.big_enough and not strict.big_enough
    assert compute_indicators(workspace(25), ["order_count"]).attrs["min_group"] == 25


def test_without_a_configuration_the_one_default_holds():
    assert (
        min_group(Crm.from_frames(as_of="2024-01-31", customers=pd.DataFrame({"customer_id": ["a"]}))) == 10
    )
    assert MINIMUM_GROUP == 10 and min_group(workspace(25)) == 25


def test_the_rest_of_the_frequent_is_large_enough_too():
    values = pd.Series(["a"] * 30 + ["b"] * 20 + ["c"] * 12 + ["d"] * 3)
    assert shown_groups(values, most=1).value_counts().to_dict() == {OTHER: 35, "a": 30}
    assert shown_groups(values).value_counts().to_dict() == {"a": 30, "b": 20, OTHER: 15}
