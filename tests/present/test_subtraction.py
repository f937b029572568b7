"""Groups that are suppressed cannot be worked out from what is published beside them."""

import numpy as np
import pandas as pd
import pytest

from crmlib.analyse.stats.small_groups import OTHER, shown_groups, shown_traits
from tests.present.subtraction import published_groups, small_groups_found


def page(folder, name, head, rows):
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    heads = "".join(f"<th>{cell}</th>" for cell in head)
    (folder / f"{name}.html").write_text(f"<table><thead><tr>{heads}</tr></thead>{cells}</table>")


def profile(folder, counts, name="profile"):
    rows = [("Gender", value, f"{count:,}") for value, count in counts.items()]
    page(folder, name, ("What is known", "Value", "Customers"), rows)


def traits(folder, shown, name="profile"):
    rows = [(trait, value, f"{n:,}") for trait in shown for value, n in shown[trait].value_counts().items()]
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


PARENTS = {
    ("region", "r1"): ("country", "a"),
    ("region", "r2"): ("country", "a"),
    ("region", "r3"): ("country", "b"),
}


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (("What is known", "Value", "Customers"), [("Country", "a", "300"), ("Region", "r1", "293")]),
        (
            ("What is known", "Value", "Share of those listed %"),
            [("Gender", "f", "99.3"), ("Gender", "m", "0.7")],
        ),
        (("Region", "Customers"), [("r1", "200"), ("r3", "795")]),
        (("Which", "Deals"), [("r3", "9")]),
        (("Region", "Gender", "Customers"), [("r1", "m", "3")]),
    ],
    ids=["nested", "share", "what is left of all", "without a word for its trait", "two traits crossed"],
)
@pytest.mark.parametrize("kind", ["page", "list"])
def test_the_attack_finds_a_planted_leak_on_a_page_and_in_a_list(tmp_path, head, rows, kind):
    if kind == "page":
        page(tmp_path, "leak", head, rows)
    else:
        (tmp_path / "leak_files").mkdir()
        lines = "".join(",".join(row) + "\n" for row in (head, *rows))
        (tmp_path / "leak_files" / "list.csv").write_text(lines, encoding="utf-8")
    groups = published_groups(tmp_path, planted={"r3": "region"}, total=1_000)
    assert small_groups_found(groups, least=10, parents=PARENTS, total=1_000)


def test_the_attack_lets_go_what_gives_nobody_away(tmp_path):
    rows = [
        ("Country", "a", "300"),
        ("Region", "r1", "280"),
        ("Region", OTHER, "20"),
        ("Gender", "not stated", "3"),
    ]
    page(tmp_path, "fine", ("What is known", "Value", "Customers"), rows)
    page(tmp_path, "one", ("Customer", "Region", "Deals"), [("K-AAAAAAAAAAAA", "r1", "3")])
    groups = published_groups(tmp_path, planted={"r1": "region"}, total=300)
    assert groups and small_groups_found(groups, least=10, parents=PARENTS, total=300) == []


def nested_customers(seed):
    """Customers in countries of some regions of some cities each, many of them small; and whether each buys."""
    rng = np.random.default_rng(seed)
    rows = []
    for country in range(rng.integers(1, 4)):
        for region in range(rng.integers(1, 4)):
            for city in range(rng.integers(1, 4)):
                names = (f"n{country}", f"r{country}{region}", f"c{country}{region}{city}")
                rows += [names] * int(rng.choice([1, 3, 6, 10, 12, 25, 80]))
    people = pd.DataFrame(rows, columns=["country", "region", "city"])
    parents = {
        (name, value): (wider, above)
        for name, wider in (("region", "country"), ("city", "region"))
        for value, above in people[[name, wider]].drop_duplicates().itertuples(index=False)
    }
    return people, parents, rng.random(len(people)) < rng.choice([0.6, 0.95])


@pytest.mark.parametrize("seed", range(16))
def test_cities_do_not_give_regions_away_nor_regions_countries(tmp_path, seed):
    people, parents, buys = nested_customers(seed)
    traits(tmp_path, shown_traits(people, most=None))
    some = shown_traits(people[buys], most=None, beside=people[~buys])
    traits(tmp_path, some.loc[:, some.nunique() > 1], name="buyers")
    groups = published_groups(tmp_path)
    assert small_groups_found(groups, least=10, parents=parents) == []


def test_with_each_trait_judged_alone_a_city_would_give_a_region_away(tmp_path):
    found = []
    for seed in range(6):
        people, parents, _ = nested_customers(seed)
        traits(tmp_path, people.apply(lambda one: shown_groups(one, most=None)))
        found += small_groups_found(published_groups(tmp_path), least=10, parents=parents)
    assert found
