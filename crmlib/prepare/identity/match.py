"""How likely two records are one customer: Splink learns from the data and compares the pairs."""

import logging
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from crmlib.prepare.engine import Engine
from crmlib.prepare.identity.keys import PREPARED
from crmlib.prepare.identity.names import _package
from crmlib.prepare.identity.settings import Comparison, IdentitySettings, Level, Model

LEAST_PAIRS = 20
"""Pairs that a column's training needs; with fewer the expected shares stand."""

_PRIOR_PAIRS = 20
"""How many pairs of one customer the expected shares weigh as much as."""

_FOUND_BY_ONE = 0.8
"""The share of the pairs of one customer that agree in the column which most of them agree in."""

_ROUNDS = 60

PAIR_COLUMNS = ("record_id_l", "record_id_r", "probability", "weight", "why", "key")


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What the data said: the chance that two records are one customer, and (m, u) of every (comparison, level)."""

    chance: float
    shares: Mapping[tuple[str, str], tuple[float, float]]


def compare(
    prepared: pd.DataFrame, *, kind: str, settings: IdentitySettings, learnt: Learnt | None = None
) -> tuple[pd.DataFrame, Learnt | None]:
    """Pairs of records of one kind that may be one customer, and what was learnt: `PAIR_COLUMNS`."""
    model = _useful(settings.model(kind), prepared)
    if len(prepared) < 2 or not model.comparisons:
        return pd.DataFrame(columns=list(PAIR_COLUMNS)), learnt
    with Engine() as engine, _quietly():
        _lay_out(engine, prepared, model, settings)
        if learnt is None or not _fits(learnt, model):
            learnt = _learn(engine, model, settings)
        linker = _linker(engine, model, learnt)
        scored = linker.inference.predict(warning_mode="never")
        pairs = engine.to_pandas(_kept_sql(scored.physical_name, model, settings))
        return _told(pairs, model, settings), learnt


def _useful(model: Model, prepared: pd.DataFrame) -> Model:
    """Comparisons and blocks of which the data have something."""
    filled = prepared.notna().sum()
    filled["source_system"] *= prepared["source_system"].nunique() > 1
    least = max(2, len(prepared) // 200)
    comparisons = tuple(
        one for one in model.comparisons if any(filled[column] >= least for column in one.columns)
    )
    columns = [column for column in PREPARED if filled[column] >= 2]

    def there(parts: tuple[str, ...]) -> bool:
        return all(any(_column_of(part) == column for column in columns) for part in parts)

    return replace(
        model,
        comparisons=comparisons,
        blocks=tuple(block for block in model.blocks if there(block)),
        training=tuple(block for block in model.training if there(block)),
    )


def _column_of(part: str) -> str:
    """The column that an expression of a block is about."""
    return part.partition("(")[2].partition(",")[0] or part.partition("[")[0]


def _fits(learnt: Learnt, model: Model) -> bool:
    return all((one.name, level.code) in learnt.shares for one in model.comparisons for level in one.levels)


def _lay_out(engine: Engine, prepared: pd.DataFrame, model: Model, settings: IdentitySettings) -> None:
    """The records as a table with one column a block: empty where the block is too large to be compared."""
    engine.register("given_records", _arrow(prepared))
    parts = []
    for i, block in enumerate(model.blocks):
        there = " and ".join(f"{part} is not null and {part} <> ''" for part in block)
        key = f"case when {there} then hash({', '.join(block)}) end"
        parts.append(f"{key} as block_{i}")
    engine.execute(f"create table keyed as select *, {', '.join(parts)} from given_records")
    limits = [_largest(engine, f"block_{i}", len(prepared), settings) for i in range(len(parts))]
    blocks = ", ".join(f"block_{i}" for i in range(len(parts)))
    limited = ", ".join(
        f"case when count(*) over (partition by block_{i}) <= {limit} then block_{i} end as block_{i}"
        for i, limit in enumerate(limits)
    )
    engine.execute(
        f"create table records as select * exclude ({blocks}), {limited} from keyed order by record_id"
    )
    engine.execute("drop table keyed")


def _largest(engine: Engine, block: str, records: int, settings: IdentitySettings) -> int:
    """How many records may share a value of a block, so that it is worth its price."""
    sizes = engine.to_pandas(
        f"select size, count(*) * size * (size - 1) / 2 as pairs from (select count(*)::double as size from keyed "
        f"where {block} is not null group by {block}) group by size order by size"
    )
    cheap = sizes["size"].le(settings.largest_block) & sizes["pairs"].cumsum().le(
        max(settings.pairs_per_record * records, 50_000)
    )
    return int(sizes.loc[cheap, "size"].max()) if cheap.any() else 1


def _arrow(prepared: pd.DataFrame) -> Any:
    import pyarrow as pa

    types = {name: pa.list_(pa.string()) if name in ("words", "nicks") else pa.string() for name in PREPARED}
    return pa.table(
        {name: pa.array(prepared[name], type=kind, from_pandas=True) for name, kind in types.items()}
    )


def _learn(engine: Engine, model: Model, settings: IdentitySettings) -> Learnt:
    """u from random pairs; m from pairs that agree in one column after the other, by expectation maximisation.

    Splink's own training fails where a set has no pair of one customer at some level; here what is expected
    weighs as much as a few pairs, so that small sets learn little instead of something wrong.
    """
    records = engine.rows("select count(*) from records")[0][0]
    rarest = 1 / max(records, 100) / 100
    random = _vectors(engine, model, _random_pairs_sql(settings))
    u = {one.name: np.maximum(_shares(random, one), rarest) for one in model.comparisons}
    sums = {one.name: _PRIOR_PAIRS * _expected(one) for one in model.comparisons}
    most = 1.0
    for columns in model.training:
        vectors = _vectors(engine, model, _agreeing_pairs_sql(engine, columns, settings))
        free = [one for one in model.comparisons if not {*one.columns} & {*columns}]
        if vectors["pairs"].sum() < LEAST_PAIRS or not free:
            continue
        chance, m = _expectation_maximisation(vectors, free, u)
        taught = float(chance @ vectors["pairs"])
        most = max(most, taught * float(vectors["of"].iloc[0]))
        for one in free:
            sums[one.name] = sums[one.name] + taught * m[one.name]
    every = records * (records - 1) / 2
    overall = min(most / _FOUND_BY_ONE / every, 0.5)
    shares: dict[tuple[str, str], tuple[float, float]] = {}
    for one in model.comparisons:
        got = np.maximum(sums[one.name] / sums[one.name].sum(), 1e-4)
        # The random pairs hold a few of one customer: in a small set they are most of those that agree.
        others = np.maximum(u[one.name] - overall * got, rarest)
        for code, *pair in zip(_codes(one), got / got.sum(), others / others.sum(), strict=True):
            shares[one.name, code] = (float(pair[0]), float(pair[1]))
    return Learnt(chance=overall, shares=shares)


def _codes(one: Comparison) -> list[str]:
    return [*(level.code for level in one.levels), "other"]


def _random_pairs_sql(settings: IdentitySettings) -> tuple[str, float]:
    size = int((2 * settings.training_pairs) ** 0.5)
    some = f"(select * from records order by hash(record_id, {settings.seed}) limit {size})"
    return f"{some} as l join {some} as r on l.record_id < r.record_id", 1.0


def _agreeing_pairs_sql(
    engine: Engine, columns: tuple[str, ...], settings: IdentitySettings
) -> tuple[str, float]:
    """Pairs that agree in the columns, of some of their values if there are too many; and one in how many."""
    names = ", ".join(columns)
    there = " and ".join(f"{column} is not null" for column in columns)
    sizes = f"select {names}, count(*) as size from records where {there} group by all having size > 1"
    (pairs,) = engine.rows(f"select coalesce(sum(size * (size - 1) // 2), 0)::bigint from ({sizes})")[0]
    part = max(1, -(-int(pairs) // settings.training_pairs))
    chosen = f"(select * from records where {there} and hash({names}, {settings.seed}) % {part} = 0)"
    same = " and ".join(f"l.{column} = r.{column}" for column in columns)
    return f"{chosen} as l join {chosen} as r on {same} and l.record_id < r.record_id", float(part)


def _vectors(engine: Engine, model: Model, source: tuple[str, float]) -> pd.DataFrame:
    """How often each combination of levels stands among pairs: -1 missing, 0 the first level, the last is other."""
    pairs, of = source
    sides = ", ".join(f"{side}.{name} as {name}_{side}" for name in PREPARED for side in "lr")
    levels = []
    for one in model.comparisons:
        whens = " ".join(f"when {level.sql} then {i}" for i, level in enumerate(one.levels))
        levels.append(
            f"case when {one.missing} then -1 {whens} else {len(one.levels)} end as {one.name}_level"
        )
    found = engine.to_pandas(
        f"select {', '.join(levels)}, count(*)::double as pairs from (select {sides} from {pairs}) group by all"
    )
    return found.sort_values(list(found.columns), ignore_index=True).assign(of=of)


def _shares(vectors: pd.DataFrame, one: Comparison, weight: np.ndarray | None = None) -> np.ndarray:
    """The share of each level among the pairs of which something can be said."""
    level = vectors[f"{one.name}_level"].to_numpy()
    weights = vectors["pairs"].to_numpy() if weight is None else weight
    counts = np.bincount(level[level >= 0], weights=weights[level >= 0], minlength=len(one.levels) + 1)
    return counts / max(counts.sum(), 1e-12)


def _expectation_maximisation(
    vectors: pd.DataFrame, comparisons: list[Comparison], u: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The chance of each combination to be of one customer, and the levels' shares among those that are."""
    size = vectors["pairs"].to_numpy()
    m = {one.name: _expected(one) for one in comparisons}
    other = {one.name: u[one.name] / u[one.name].sum() for one in comparisons}
    rate = 0.5
    for _ in range(_ROUNDS):
        odds = np.full(len(vectors), np.log(rate / (1 - rate)))
        for one in comparisons:
            level = vectors[f"{one.name}_level"].to_numpy()
            weight = np.log(m[one.name]) - np.log(other[one.name])
            odds += np.where(level >= 0, weight[level], 0.0)
        chance = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
        before, rate = rate, float((chance @ size + 1) / (size.sum() + 2))
        part = chance * size
        for one in comparisons:
            told = part[vectors[f"{one.name}_level"].to_numpy() >= 0].sum()
            shares = _shares(vectors, one, part) * told + _PRIOR_PAIRS * _expected(one)
            m[one.name] = shares / (told + _PRIOR_PAIRS)
        if abs(rate - before) < 1e-6:
            break
    return chance, m


def _expected(one: Comparison) -> np.ndarray:
    """The share of each level among the pairs of one customer, before the data have been looked at."""
    shares = np.array([level.expected for level in one.levels])
    return np.append(shares, max(1 - shares.sum(), 0.01)) / max(shares.sum() + 0.01, 1.0)


def _linker(engine: Engine, model: Model, learnt: Learnt) -> Any:
    splink = _package("splink")
    backend = engine.splink_backend()
    settings = splink.SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        probability_two_random_records_match=learnt.chance,
        comparisons=[_splink_comparison(one, learnt) for one in model.comparisons],
        blocking_rules_to_generate_predictions=[
            splink.block_on(f"block_{i}") for i in range(len(model.blocks))
        ],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=False,
    )
    # The settings are our own: to check them costs a small set more than to compare it.
    return splink.Linker(
        backend.register("records"), settings, log_level=logging.ERROR, validate_settings=False
    )


def _splink_comparison(one: Comparison, learnt: Learnt) -> dict[str, Any]:
    last = Level(code="other", sql="ELSE", expected=0)
    levels: list[dict[str, Any]] = [
        {"sql_condition": one.missing, "label_for_charts": "missing", "is_null_level": True}
    ]
    for level in (*one.levels, last):
        m, u = learnt.shares[one.name, level.code]
        made: dict[str, Any] = {"sql_condition": level.sql, "label_for_charts": level.code}
        made |= {"m_probability": m, "u_probability": u}
        if level.rare:
            made |= {"tf_adjustment_column": level.rare, "tf_minimum_u_value": 1e-5}
            made["disable_tf_exact_match_detection"] = True
        levels.append(made)
    return {"output_column_name": one.name, "comparison_levels": levels}


def _kept_sql(table: str, model: Model, settings: IdentitySettings) -> str:
    """The pairs that may be one customer, and those that share a key or were one customer before."""
    gammas = ", ".join(f"gamma_{one.name}" for one in model.comparisons)
    keys = [f"gamma_{one.name} = {len(one.levels)}" for one in model.comparisons if one.name in settings.keys]
    held = [f"match_key = '{i}'" for i, block in enumerate(model.blocks) if block == ("held",)]
    wanted = " or ".join([f"match_probability >= {settings.review_above / 10}", *keys, *held])
    return (
        f"select record_id_l, record_id_r, match_probability as probability, match_weight as weight, {gammas} "
        f"from {Engine.quote(table)} where {wanted} order by record_id_l, record_id_r"
    )


def _told(pairs: pd.DataFrame, model: Model, settings: IdentitySettings) -> pd.DataFrame:
    """Pairs with why they may be one customer: one code a comparison, and the keys that they share."""
    why, key = pd.Series("", index=pairs.index), pd.Series("", index=pairs.index)
    for one in model.comparisons:
        codes = {-1: ""} | {len(one.levels) - i: f"{one.name} {code}; " for i, code in enumerate(_codes(one))}
        said = pairs[f"gamma_{one.name}"].map(codes).fillna("")
        why += said
        if one.name in settings.keys:
            key = key.mask(key.eq("") & said.eq(f"{one.name} same; "), one.name)
    told = pairs[["record_id_l", "record_id_r", "probability", "weight"]].copy()
    return told.assign(why=why.str.removesuffix("; "), key=key.where(~contradicted(why), ""), held_key=key)


def contradicted(why: pd.Series) -> pd.Series:
    """Where names, births or tax numbers speak against one customer: a shared telephone does not join these."""
    return somebody_else(why) | why.str.contains("tax other")


def somebody_else(why: pd.Series) -> pd.Series:
    """Where names or births are somebody else's, whatever else the two share: a house, a telephone, a mail box."""
    company = why.str.contains("name other")
    person = why.str.contains("given other") | (
        why.str.contains("family other") & ~why.str.contains("given same")
    )
    return company | person | why.str.contains("birth other")


@contextmanager
def _quietly() -> Any:
    """Splink tells its progress to the log and warns of levels that a small set does not have."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
