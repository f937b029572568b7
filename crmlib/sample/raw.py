"""Values as other systems write them, and files that are the same byte for byte in every run."""

import csv
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from crmlib.sample.truths import START


def iso_dates(days: Sequence[int] | np.ndarray, *, none: np.ndarray | None = None) -> list[str]:
    """Days since the start of the history as 2023-01-31; "" where there is none."""
    written = np.datetime_as_string(START + np.asarray(days, dtype=np.int64)).tolist()
    return (
        written
        if none is None
        else ["" if gone else day for day, gone in zip(written, none.tolist(), strict=True)]
    )


def german_dates(days: Sequence[int] | np.ndarray, *, none: np.ndarray | None = None) -> list[str]:
    """Days as 31.01.2023."""
    return [f"{d[8:]}.{d[5:7]}.{d[:4]}" if d else "" for d in iso_dates(days, none=none)]


def clock(minutes: Sequence[int] | np.ndarray) -> list[str]:
    """Minutes of the day as 08:05."""
    return [f"{m // 60:02d}:{m % 60:02d}" for m in np.asarray(minutes, dtype=np.int64).tolist()]


def moments(
    dates: list[str], minutes: Sequence[int] | np.ndarray, *, by: str = " ", end: str = ""
) -> list[str]:
    """Dates with their time of day; "" where there is no date."""
    return [f"{day}{by}{time}{end}" if day else "" for day, time in zip(dates, clock(minutes), strict=True)]


def amounts(values: Sequence[float] | np.ndarray, *, point: str = ".", group: str = "") -> list[str]:
    """Money with two decimals; "" where there is none."""
    found = []
    for value in np.asarray(values, dtype=float).tolist():
        written = "" if value != value else f"{value:,.2f}"
        found.append(written.replace(",", "\0").replace(".", point).replace("\0", group))
    return found


def numbers(values: Sequence[float] | np.ndarray) -> list[str]:
    """Whole numbers, and shares as they are; "" where there is none."""
    return ["" if v != v else f"{v:.10g}" for v in np.asarray(values, dtype=float).tolist()]


def yes_or_no(values: Sequence[bool] | np.ndarray, words: tuple[str, str]) -> list[str]:
    """Truth values in the words of a system."""
    return [words[0] if value else words[1] for value in np.asarray(values, dtype=bool).tolist()]


def write_csv(
    table: pd.DataFrame, path: Path, *, delimiter: str = ",", encoding: str = "utf-8", line_end: str = "\n"
) -> None:
    """A table of text as a file."""
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end)
        writer.writerow(table.columns)
        writer.writerows(zip(*(table[name].tolist() for name in table.columns), strict=True))


def write_book(sheets: dict[str, pd.DataFrame], path: Path) -> None:
    """Tables as the sheets of a workbook: a title above the column names, dates and numbers as such."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd", "in_memory": True})
    book.set_properties({"created": pd.Timestamp("2026-01-02").to_pydatetime()})
    for name, table in sheets.items():
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, list(table.columns))
        for row, values in enumerate(table.astype(object).itertuples(index=False), start=1):
            for column, value in enumerate(values):
                if isinstance(value, pd.Timestamp):
                    sheet.write_datetime(row, column, value.to_pydatetime())
                elif isinstance(value, str):
                    sheet.write_string(row, column, value)
                elif value is not None and value == value and value is not pd.NaT:
                    sheet.write(row, column, value)
    book.close()


def lots(seed: int, purpose: str) -> np.random.Generator:
    """A stream of chance of its own for a purpose, so that a change in one part leaves the others alone."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(purpose.encode())]))


def pick(rng: np.random.Generator, weights: Sequence[float] | np.ndarray, size: int) -> np.ndarray:
    """Places drawn in proportion to weights."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges, rng.random(size) * edges[-1], side="right")


def pick_name(rng: np.random.Generator, shares: Mapping[str, float], size: int) -> np.ndarray:
    """Names drawn in proportion to their shares."""
    return np.array(list(shares), dtype=object)[pick(rng, list(shares.values()), size)]


def pick_by_row(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One place for each row, in proportion to that row's weights."""
    edges = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * edges[:, -1]
    return (drawn[:, None] >= edges).sum(axis=1)
