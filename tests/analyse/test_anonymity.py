"""k-anonymity, l-diversity and t-closeness, held against published tables, pyCANON and a ledger by hand."""

import numpy as np
import pandas as pd
import pytest

from crmlib import Crm
from crmlib.analyse.health import anonymity, data_health, k_anonymity, l_diversity, t_closeness
from crmlib.present.reports.health.say import anonymity_paragraph

# Li, Li & Venkatasubramanian (2007), table 5: 3-diverse; t by pyCANON 1.3.6, which knows no order of diseases.
LI = pd.DataFrame(
    {
        "zip": ["476**"] * 3 + ["4790*"] * 3 + ["476**"] * 3,
        "age": ["2*"] * 3 + [">=40"] * 3 + ["3*"] * 3,
        "disease": [
            *("gastric ulcer", "gastritis", "stomach cancer", "gastritis", "flu", "bronchitis"),
            *("bronchitis", "pneumonia", "stomach cancer"),
        ],
    }
)
PYCANON = [(8, 3, 0.25), (3, 2, 0.4167), (9, 2, 0.2), (7, 2, 0.3924), (6, 2, 0.2778)]
"""k, l and t that pyCANON 1.3.6 finds in `drawn`, by seed."""


def drawn(seed):
    rng = np.random.default_rng(seed)
    columns = {"x": rng.choice(list("abc"), 60), "y": rng.choice(list("pq"), 60)}
    return pd.DataFrame(columns | {"s": rng.choice(list("uvwz"), 60, p=[0.5, 0.3, 0.1, 0.1])})


def test_the_published_table_is_three_anonymous_and_three_diverse():
    quasi = ["zip", "age"]
    assert (k_anonymity(LI, quasi), l_diversity(LI, quasi, "disease")) == (3, 3)
    assert t_closeness(LI, quasi, "disease") == pytest.approx(4 / 9)


@pytest.mark.parametrize(("seed", "known"), list(enumerate(PYCANON)))
def test_pycanon_finds_the_same(seed, known):
    frame, quasi = drawn(seed), ["x", "y"]
    found = (k_anonymity(frame, quasi), l_diversity(frame, quasi, "s"), t_closeness(frame, quasi, "s"))
    assert found == pytest.approx(known, abs=5e-5)


def people(**more):
    frame = {
        "region": ["n"] * 12 + ["s"] * 3 + ["e"],
        "gender": ["f", "m"] * 8,
        "birth_on": ["1980-05-01"] * 16,
    }
    return pd.DataFrame({"customer_id": [f"c{i}" for i in range(16)], **frame, **more})


def test_customers_are_measured_for_each_audience_by_what_it_may_read():
    found = anonymity(Crm.from_frames(as_of="2024-01-31", customers=people())).set_index("audience")
    assert found.loc["stakeholder", ["columns", "k", "alone", "below", "sensitive"]].tolist() == [
        ("region",),
        1,
        1,
        4,
        "",
    ]
    analyst = found.loc["analyst"]
    assert analyst["columns"] == ("region", "gender"), "a column in which all are alike tells nothing"
    assert analyst[["k", "alone", "below", "sensitive", "l"]].tolist() == [1, 2, 16, "gender", 1]
    assert analyst["t"] == pytest.approx(0.5)


def test_the_page_says_how_many_stand_alone_and_what_to_do():
    health = data_health(Crm.from_frames(as_of="2024-01-31", customers=people()))
    said = [str(one).replace("\xa0", " ") for one in anonymity_paragraph(health)]
    first, alike = said[0].split(", and ")
    assert first == "By region alone, 1 of 16 customers is unlike all others"
    assert alike == "4 have fewer than 10 like them (k-anonymity 1)."
    assert "also learns gender (l-diversity 1, t-closeness 50" in said[2] and "leave columns out" in said[-1]


def test_where_nothing_is_known_of_customers_nothing_is_said():
    bare = Crm.from_frames(as_of="2024-01-31", customers=pd.DataFrame({"customer_id": ["a", "b"]}))
    assert anonymity(bare).empty and anonymity_paragraph(data_health(bare)) == []
    assert k_anonymity(people().head(0), ["region"]) == 0
