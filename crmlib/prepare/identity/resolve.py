"""Which records are the same customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.prepare.engine import frame_of, require_columns
from crmlib.prepare.identity.customers import (
    DECISIONS,
    changes,
    doubtful,
    golden_records,
    join_records,
    lasting_ids,
)
from crmlib.prepare.identity.keys import prepare
from crmlib.prepare.identity.match import PAIR_COLUMNS, Learnt, compare
from crmlib.prepare.identity.settings import IdentitySettings, settings_from
from crmlib.schema.errors import ParameterError, SchemaError

_DRAWS = 400


@dataclass(frozen=True, kw_only=True)
class IdentityMap:
    """Which record is which customer, how sure that is, and what changed.

    Attributes
    ----------
    map : DataFrame, one row a record
        `record_id`, `customer_id`.
    customers : DataFrame, one row a customer
        `customer_id` and every column of the records, each value chosen by the rule of `IdentitySettings.golden`.
    provenance : DataFrame, one row a value of `customers`
        `customer_id`, `column`, `record_id`, `source_system`: where it comes from.
    pairs : DataFrame, one row a pair that may be one customer
        `record_id_l`, `record_id_r`, `probability`, `weight` (bits of evidence), `why` (each comparison with the way
        in which it agrees), `key` (the number that both have, if it joins them), `joined`.
    review : DataFrame
        The pairs of `pairs` that a person should decide, the most doubtful first.
    log : DataFrame
        `event` (added, joined, merged, split, gone), `customer_id`, `record_id`, `from_customer_id`, `why` (as in
        `pairs`, or "decided", "like nobody", "nothing in common" with the former customer, "in no source").
    quality : DataFrame
        `measure` (precision, recall), `estimate`, `low`, `high` (95 percent), `pairs`: as far as the
        probabilities are right, among the pairs that were compared.
    known : DataFrame
        `record_id`, `customer_id`, `is_present`: every record ever seen, for the next load.
    learnt : mapping of kind -> Learnt
        What the data taught; the next load compares by it, so that ids do not waver.
    """

    map: pd.DataFrame
    customers: pd.DataFrame = field(repr=False)
    provenance: pd.DataFrame = field(repr=False)
    pairs: pd.DataFrame = field(repr=False)
    review: pd.DataFrame = field(repr=False)
    log: pd.DataFrame = field(repr=False)
    quality: pd.DataFrame = field(repr=False)
    known: pd.DataFrame = field(repr=False)
    learnt: Mapping[str, Learnt] = field(repr=False)
    settings: IdentitySettings = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"IdentityMap({len(self.map):,} records, {self.map['customer_id'].nunique():,} customers, "
            f"{len(self.review):,} pairs to review)"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.quality.to_html(index=False)}"


def resolve_identities(
    records: Any, *, previous: Any = None, decisions: Any = None, settings: Any = None
) -> IdentityMap:
    """Find the records that are the same customer, and give every customer an id that lasts.

    Names are compared without case, accents, width, legal form and order, in Latin, Chinese, Japanese and Korean
    script, by how they are written and how they sound; besides addresses, e-mail, telephone, dates of birth and
    tax numbers, as far as the records have them. How much each agreement counts is learnt from the records
    themselves, without examples (Fellegi and Sunter, 1969; Splink carries it out). Of places, `latitude` and
    `longitude` in degrees tell how near two records are.

    Parameters
    ----------
    records : pandas or polars DataFrame, Arrow table or DuckDB relation
        `record_id`, and any columns of `customers`. `source_system` says which system a record comes from, `kind`
        whether it is a person or a company, `same_as` names another record that is known to be the same customer.
    previous : IdentityMap or DataFrame of `record_id`, `customer_id`, optional
        The last load. Its ids stay; records that are new join them.
    decisions : DataFrame of `record_id_l`, `record_id_r`, `decision`, optional
        What a person decided: "same" or "different". It is obeyed; a row without a decision says nothing.
    settings : IdentitySettings or mapping, optional
        What differs from the usual settings.

    Raises
    ------
    SchemaError
        If `record_id` is missing, empty or not unique.
    ParameterError
        If a setting or a decision is not known, or decisions contradict one another.

    References
    ----------
    Fellegi, I. and Sunter, A. (1969): A theory for record linkage. JASA 64, 1183-1210.

    Examples
    --------
    >>> import pandas as pd
    >>> records = pd.DataFrame({"record_id": ["a", "b", "c"], "kind": "company",
    ...                         "name": ["Müller GmbH", "MUELLER G.m.b.H.", "Meier AG"],
    ...                         "email": ["info@mueller.example", "info@mueller.example", "post@meier.example"]})
    >>> found = resolve_identities(records)
    >>> found.map["customer_id"].tolist()
    ['a', 'a', 'c']
    >>> found.log[["event", "customer_id", "record_id"]].values.tolist()
    [['joined', 'a', 'b']]
    """
    chosen = settings_from(settings)
    table = _records(records)
    known, before, learnt = _previous(previous)
    decided = _decisions(decisions, table)
    held = known[known.index.isin(table["record_id"])]
    prepared = prepare(table, held=held if len(held) else None)
    pairs, taught = _all_pairs(prepared, settings=chosen, learnt=learnt)
    joined = join_records(table, pairs, decisions=decided, held=held, settings=chosen)
    ids = lasting_ids(table, joined, known=known, settings=chosen)
    pairs = pairs.assign(joined=pairs["record_id_l"].map(ids).eq(pairs["record_id_r"].map(ids)))
    customers, came = golden_records(table, ids, chosen)
    every = pd.concat([ids, known[~known.index.isin(ids.index)]])
    return IdentityMap(
        map=ids.rename_axis("record_id").reset_index(),
        customers=customers,
        provenance=came,
        pairs=pairs[[*PAIR_COLUMNS, "joined"]],
        review=doubtful(pairs, ids, joined, decisions=decided, settings=chosen)[[*PAIR_COLUMNS, "joined"]],
        log=changes(
            ids, joined, pairs=pairs, known=known, present_before=before, first_load=previous is None
        ),
        quality=_quality(pairs, decided, seed=chosen.seed),
        known=pd.DataFrame(
            {
                "record_id": every.index,
                "customer_id": every.to_numpy(),
                "is_present": every.index.isin(ids.index),
            }
        ),
        learnt=taught,
        settings=chosen,
    )


def _records(given: Any) -> pd.DataFrame:
    table = given.reset_index(drop=True) if isinstance(given, pd.DataFrame) else frame_of(given)
    require_columns(table, ["record_id"], table_name="records")
    empty = table["record_id"].isna() | table["record_id"].astype(str).str.strip().eq("")
    if empty.any():
        raise SchemaError(
            f"records: {int(empty.sum())} rows have no record_id. Give each record an id of its own."
        )
    ids = table["record_id"].astype(str)
    if ids.duplicated().any():
        twice = ids[ids.duplicated()].iloc[0]
        raise SchemaError(
            f"records: record_id {twice!r} stands twice. Ids must be unique over all sources: put the source in "
            "front, as in crm:17."
        )
    source = table["source_system"] if "source_system" in table else pd.Series("", index=table.index)
    return table.assign(
        record_id=ids, source_system=source.astype(object).where(source.notna(), "").astype(str)
    )


def _previous(given: Any) -> tuple[pd.Series, pd.Index, Mapping[str, Learnt]]:
    """Every record ever seen with its customer, those of the last load, and what was learnt then."""
    if given is None:
        return pd.Series(dtype=object), pd.Index([], dtype=object), {}
    if isinstance(given, IdentityMap):
        table, learnt = given.known, given.learnt
    else:
        table, learnt = frame_of(given), {}
        require_columns(table, ["record_id", "customer_id"], table_name="previous")
    known = pd.Series(
        table["customer_id"].astype(str).to_numpy(), index=table["record_id"].astype(str), dtype=object
    )
    present = (
        table["is_present"].astype(bool).to_numpy() if "is_present" in table else np.ones(len(table), bool)
    )
    return known, known.index[present], learnt


def _decisions(given: Any, records: pd.DataFrame) -> pd.DataFrame:
    """Decided pairs, each once; and the pairs that the records themselves name."""
    columns = ["record_id_l", "record_id_r", "decision"]
    table = pd.DataFrame(columns=columns, dtype=object)
    if given is not None:
        table = frame_of(given)
        require_columns(table, columns, table_name="decisions")
        said = (
            table["decision"]
            .astype(object)
            .where(table["decision"].notna(), "")
            .astype(str)
            .str.strip()
            .str.lower()
        )
        table = table.assign(decision=said)[said.ne("")][columns].astype(str)
        wrong = table.loc[~table["decision"].isin(DECISIONS), "decision"]
        if len(wrong):
            raise ParameterError(
                f"decisions: {wrong.iloc[0]!r} is no decision. Write same, different, or nothing."
            )
    if "same_as" in records:
        other = records["same_as"].astype(object).where(records["same_as"].notna(), "").astype(str)
        named = pd.DataFrame({"record_id_l": records["record_id"], "record_id_r": other, "decision": "same"})
        named = named[other.isin(records["record_id"]) & other.ne(records["record_id"])]
        table = pd.concat([table, named], ignore_index=True)
    ends = (
        np.sort(table[["record_id_l", "record_id_r"]].to_numpy(dtype=object), axis=1) if len(table) else None
    )
    if ends is not None:
        table = table.assign(record_id_l=ends[:, 0], record_id_r=ends[:, 1])
    table = table.drop_duplicates()
    both = table.duplicated(["record_id_l", "record_id_r"])
    if both.any():
        left, right = table.loc[both, ["record_id_l", "record_id_r"]].iloc[0]
        raise ParameterError(
            f"decisions: {left} and {right} are both the same and different. Keep one of the two."
        )
    return table.reset_index(drop=True)


def _all_pairs(
    prepared: pd.DataFrame, *, settings: IdentitySettings, learnt: Mapping[str, Learnt]
) -> tuple[pd.DataFrame, dict[str, Learnt]]:
    """The pairs of people and of companies; a key that too many hold joins nobody."""
    found, taught = [], {}
    for kind in ("person", "company"):
        part = prepared[prepared["kind"].eq(kind)].reset_index(drop=True)
        pairs, model = compare(part, kind=kind, settings=settings, learnt=learnt.get(kind))
        found.append(pairs)
        if model is not None:
            taught[kind] = model
    pairs = pd.concat([part for part in found if len(part)] or found[:1], ignore_index=True)
    for key in settings.keys:
        holders = prepared[key].map(prepared[key].value_counts())
        many = set(prepared.loc[holders > settings.key_holders, "record_id"])
        shared = pairs["key"].eq(key) & pairs["record_id_l"].isin(many)
        pairs["key"] = pairs["key"].mask(shared, "")
    return pairs, taught


def _quality(pairs: pd.DataFrame, decisions: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Precision and recall as the probabilities tell them, by drawing who is one customer."""
    chance = pairs["probability"].to_numpy(dtype=float)
    joined = pairs["joined"].to_numpy(dtype=bool)
    if len(decisions):
        told = decisions.set_index(["record_id_l", "record_id_r"])["decision"].map(
            {"same": 1.0, "different": 0.0}
        )
        known = told.reindex(pd.MultiIndex.from_frame(pairs[["record_id_l", "record_id_r"]])).to_numpy()
        chance = np.where(np.isnan(known), chance, known)
    right, missed = chance[joined], chance[~joined]
    rng = np.random.default_rng(seed)
    hits = _drawn(right, rng)
    misses = _drawn(missed, rng)
    rows = []
    for measure, estimate, draws, size in (
        ("precision", right.sum() / max(joined.sum(), 1), hits / max(joined.sum(), 1), joined.sum()),
        ("recall", right.sum() / max(chance.sum(), 1e-12), hits / np.maximum(hits + misses, 1), len(pairs)),
    ):
        low, high = np.quantile(draws, [0.025, 0.975]) if size else (np.nan, np.nan)
        rows.append((measure, float(estimate) if size else np.nan, float(low), float(high), int(size)))
    return pd.DataFrame(rows, columns=["measure", "estimate", "low", "high", "pairs"])


def _drawn(chance: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How many of the pairs are one customer, drawn again and again; sums of many draws are normal."""
    mean, spread = chance.sum(), np.sqrt((chance * (1 - chance)).sum())
    if len(chance) > 2000:
        return np.clip(rng.normal(mean, spread, _DRAWS), 0, len(chance))
    return (rng.random((_DRAWS, len(chance))) < chance).sum(axis=1).astype(float)


__all__ = ["IdentityMap", "resolve_identities"]
