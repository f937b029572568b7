"""CSV is written column by column; byte for byte it is what pandas writes of the same safe cells."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from pandas.api import types

from crmlib.present.blocks.downloads import joined, safe_csv_cell, to_csv_bytes

LETTERS = "=+@＝＋－＠﹦﹢﹣﹫⁼⁺⁻-;|\t\r\n\x0b\x0c,\"' a1é中\u3164\u200b\x00K"
MIXED = [
    *(1, -1.5, True, None, "-1", "=1", "a,b", Decimal("-1.20"), pd.Timestamp("2024-01-01"), float("nan")),
    *({"b", "a"}, ["=x", 1], np.float64(-2.5), pd.NA, np.int64(4), pd.NaT),
]


def written_by_pandas(frame, labels):
    def safe(column):
        if types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
            return column
        cells = column.astype(object)
        return cells.map(lambda cell: safe_csv_cell(joined(cell)))

    cells = frame.set_axis(range(frame.shape[1]), axis=1)
    cells = cells.apply(safe) if frame.shape[1] else cells
    heads = [safe_csv_cell(label) for label in labels]
    return b"\xef\xbb\xbf" + cells.to_csv(index=False, header=heads, lineterminator="\r\n").encode()


def columns(rows, seed):
    random = np.random.default_rng(seed)

    def some(values):
        return random.choice(np.array(values, dtype=object), rows)

    def texts():
        drawn = ["".join(random.choice(list(LETTERS), random.integers(0, 7))) for _ in range(rows)]
        return [text if random.random() < 0.9 else None for text in drawn]

    size = 10.0 ** random.uniform(-9, 20, rows) * random.choice([-1, 1], rows)
    edges = [0.0, -0.0, np.inf, -np.inf, 1e7, 9_999_999, 1e-4, 9.9e-5, 5, 1e15, 1e16, np.nan, 0.1 + 0.2]
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D")
    return {
        "text": pd.Series(texts(), dtype="str"),
        "object": pd.Series(texts(), dtype=object),
        "category": pd.Series(texts(), dtype=object).astype("category"),
        "mixed": pd.Series([MIXED[at] for at in random.integers(0, len(MIXED), rows)], dtype=object),
        "size": pd.Series(np.where(random.random(rows) < 0.1, np.nan, size)),
        "money": pd.Series(random.exponential(1000, rows)).round(2),
        "edges": pd.Series(some(edges).astype(float)),
        "unknown": pd.Series(random.exponential(9, rows)).astype("Float64").mask(random.random(rows) < 0.3),
        "short": pd.Series(random.exponential(9, rows)).astype("float32"),
        "whole": pd.Series(random.integers(-5, 10**12, rows)),
        "count": pd.Series(random.integers(-5, 9, rows)).astype("Int64").mask(random.random(rows) < 0.3),
        "flag": pd.Series(random.random(rows) < 0.5),
        "day": pd.Series(days).mask(random.random(rows) < 0.2),
        "moment": pd.Series(days + pd.to_timedelta(random.integers(0, 10**5, rows), unit="s")),
        "zone": pd.Series(days.tz_localize("UTC")),
    }


@pytest.mark.parametrize("rows", [0, 1, 2, 300])
@pytest.mark.parametrize("seed", range(4))
def test_every_kind_of_column_is_written_as_pandas_writes_it(rows, seed):
    made = columns(rows, seed)
    for name, column in made.items():
        alone = pd.DataFrame({name: column})
        assert to_csv_bytes(alone) == written_by_pandas(alone, [name]), name
    table = pd.DataFrame(made)
    heads = [f"{LETTERS[at]}{name}" for at, name in enumerate(table)]
    assert to_csv_bytes(table, labels=heads) == written_by_pandas(table, heads)
    nobody = table.astype({"object": "str"}).iloc[:0]
    chosen = table.assign(text=table["text"].to_numpy(dtype=object))[table["whole"] > 10**13]
    for few in (nobody, chosen, pd.concat([nobody, table]).iloc[1:], table[table["flag"]]):
        assert to_csv_bytes(few.reset_index(drop=True)) == written_by_pandas(few, list(few))
    assert to_csv_bytes(table[[]]) == written_by_pandas(table[[]], [])
