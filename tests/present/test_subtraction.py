"""Groups that are suppressed cannot be worked out from what is published beside them."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.stats.small_groups import OTHER, shown_groups
from tests.present.subtraction import published_groups, small_groups_found


def page(folder, name, head, rows):
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    (folder / f"{name}.html").write_text(f"<table><thead><tr>{heads}</tr></thead>{cells}</table>")


def profile(folder, counts, name="profile"):
    rows = [("Gender", value, f"{count:,}") for value, count in counts.items()]
    page(folder, name, ("What is known", "Value", "Customers"), rows)


def campaign(folder, counts):
    rows = [("Gender", value, f"{count:,}") for value, count in counts.items()]
    page(folder, "campaigns", ("Customers by", "Group", "Contacted"), rows)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"f": 1_200, "m": 7}, {}),
        ({"f": 1_200, "m": 300}, {"f": 1_195, "m": 200}),
        ({"f": 1_200, OTHER: 60}, {"f": 1_000, "m": 55}),
    ],
)
def test_the_attack_finds_a_group_in_a_cell_a_difference_and_a_rest(tmp_path, one, two):
    profile(tmp_path, one)
    campaign(tmp_path, two)
    assert small_groups_found(published_groups(tmp_path), least=10)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("least", [10, 25])
def test_what_is_suppressed_cannot_be_worked_out_of_all_customers_and_some_of_them(tmp_path, seed, least):
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 2, 5, 9, 10, 14, 40, 300], size=rng.integers(2, 9))
    values = pd.Series(np.repeat([f"v{i}" for i in range(len(sizes))], sizes))
    ours = rng.random(len(values)) < rng.choice([0.5, 0.9, 0.98])
    everybody = shown_groups(values, min_group=least, most=None).value_counts()
    some = shown_groups(values[ours], min_group=least, most=None, beside=values[~ours]).value_counts()
    # A table in which everybody is in one group tells nothing, and is not shown.
    profile(tmp_path, everybody if len(everybody) > 1 else {})
    campaign(tmp_path, some if len(some) > 1 else {})
    assert small_groups_found(published_groups(tmp_path), least=least) == []


def test_without_looking_beside_the_attack_would_succeed(tmp_path):
    values = pd.Series(["f"] * 60 + ["m"] * 50)
    ours = np.arange(110) >= 4
    profile(tmp_path, shown_groups(values).value_counts())
    campaign(tmp_path, shown_groups(values[ours]).value_counts())
    assert small_groups_found(published_groups(tmp_path), least=10)
