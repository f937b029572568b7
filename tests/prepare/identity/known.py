"""Sets of records of which the truth is known."""

import pandas as pd

FEBRL = {
    "record_id": "rec_id", "city": "suburb", "postcode": "postcode", "region": "state",
    "birth_on": "date_of_birth", "tax_id": "soc_sec_id",
}  # fmt: skip


def febrl(folder, *files: str) -> pd.DataFrame:
    """Febrl's people under the vocabulary's names."""
    given = pd.concat([pd.read_csv(folder / name, dtype=str, keep_default_na=False) for name in files])
    return pd.DataFrame({ours: given[theirs] for ours, theirs in FEBRL.items()}).assign(
        name=(given["given_name"] + " " + given["surname"]).str.strip(),
        address=given["street_number"] + " " + given["address_1"] + " " + given["address_2"],
    )


def true_pairs(links: pd.DataFrame) -> set[tuple[str, str]]:
    """Pairs in one order."""
    return {tuple(sorted(pair)) for pair in links.itertuples(index=False)}


def found_pairs(found) -> set[tuple[str, str]]:
    """Every pair of records that became one customer."""
    groups = found.map.groupby("customer_id")["record_id"].agg(sorted)
    return {(a, b) for group in groups for i, a in enumerate(group) for b in group[i + 1 :]}


def f1(found: set, true: set) -> float:
    """Twice the pairs that are in both, over those of either."""
    return 2 * len(found & true) / (len(found) + len(true))
