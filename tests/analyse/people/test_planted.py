"""Planted influences of the sample company, found again within the error that docs/benchmarks.md states."""

import pandas as pd
import pytest

from crmlib.analyse.people.decisions import GIVEN, sway_slope, sway_ties
from crmlib.measure.people import decision_parts
from tests.sample.company import sample_crm, sample_folder

WEIGHT = 0.8


@pytest.fixture(scope="module")
def parts():
    return sway_ties(decision_parts(sample_crm()))


def test_who_sways_whom_is_found_where_the_crm_does_not_say_it(parts):
    truth = pd.read_csv(sample_folder() / "truth" / "influence.csv", dtype="str")
    truth = truth[truth["opportunity_id"].isin(parts["opportunity_id"])]
    told = parts.loc[
        parts["sways_contact_id"].notna(), ["opportunity_id", "contact_id", "sways_contact_id", "tie_source"]
    ]
    both = told.merge(truth, how="outer", on=["opportunity_id", "contact_id"])
    unstated = both[both["tie_source"] != GIVEN]
    right = unstated["sways_contact_id"] == unstated["influences_contact_id"]
    assert len(unstated) > 20 and right.mean() > 0.8


def test_how_far_a_stance_follows_another(parts):
    slope, low, high = sway_slope(parts)
    assert low - 0.03 < WEIGHT < high + 0.03 and high - low < 0.2 and slope == pytest.approx(WEIGHT, abs=0.06)
