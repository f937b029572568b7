"""What the rows of an export prove of its columns, whatever their names say: products, runs, outcomes, places."""

from collections.abc import Mapping
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
from babel import Locale

from crmlib.prepare.draft.names import meaning_of, plain
from crmlib.prepare.draft.profile import Column, number_of, text_of

ROWS = 1_500
"""Rows that are reckoned with."""

MOST_NUMBERS = 14
"""Columns of numbers that are multiplied with each other."""

Proofs = dict[str, dict[str, float]]
"""Column of theirs -> ours -> how surely."""


def proofs_of(table: str, frame: pd.DataFrame, profile: Mapping[str, Column]) -> Proofs:
    """What the values and their relations say of each column in a table."""
    found: Proofs = {}
    if table == "transactions":
        _runs(found, frame, profile)
        _products(found, frame, profile)
    elif table == "opportunities":
        _outcomes(found, frame, profile)
    elif table in ("customers", "contacts"):
        for name, column in profile.items():
            if column.phones > 0.9 and column.length >= 9.5 and column.dates < 0.1 and column.integers < 0.9:
                _say(found, name, "phone", 0.55)
            if table == "customers" and column.distinct >= 3 and is_countries(column):
                _say(found, name, "country", 0.7)
    return found


def _say(found: Proofs, name: str, ours: str, sure: float) -> None:
    now = found.setdefault(name, {})
    now[ours] = max(now.get(ours, 0.0), sure)


@cache
def countries() -> dict[str, str]:
    """Names of countries in the seven languages, and their codes of two letters: plain word -> code."""
    known = [Locale.parse(language).territories for language in ("en", "de", "fr", "es", "pt", "zh", "ja")]
    lands = sorted(code for code in known[0] if len(code) == 2 and code.isalpha())
    return {plain(word): code for names in known for code in lands for word in (code, names.get(code, code))}


def is_countries(column: Column) -> bool:
    """Whether nearly all values are countries."""
    some = [text for text in list(column.texts)[:100] if len(text) != 2 or text.isupper()]
    if column.numbers > 0.1 or not some:
        return False
    return sum(plain(text) in countries() for text in some) > 0.8 * len(column.texts)


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    found = [number_of(text) if (text := text_of(cell)) else None for cell in frame[name]]
    return np.array([one[0] if one else np.nan for one in found])


def _runs(found: Proofs, frame: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """Numbers that begin anew with each order are its lines; what changes with them and never comes back names it."""
    head = frame.head(ROWS)
    for name, column in profile.items():
        if (
            column.low not in (1.0, 10.0)
            or column.integers < 1
            or column.numbers < 1
            or column.filled < column.rows
        ):
            continue
        step, values = column.low, _numbers(head, name)
        starts = values == step
        follows = np.concatenate([[True], values[1:] == values[:-1] + step])
        if starts.sum() < 3 or starts.all() or (starts | follows).mean() < 0.98:
            continue
        _say(found, name, "line_no", 0.85)
        order = starts.cumsum()
        for other in profile:
            texts = head[other].astype(str)
            if (
                other != name
                and texts.nunique() == starts.sum()
                and (texts.groupby(order).nunique() == 1).all()
            ):
                _say(found, other, "order_id", 0.8)


def _products(found: Proofs, frame: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """Quantity times price, less a discount, is the amount of a line: three columns of which this is true are these."""
    names = [
        name for name, one in profile.items()
        if one.numbers > 0.97 and one.dates < 0.5 and one.distinct > 1 and one.high < 1e9
        and one.filled > 0.9 * one.rows
    ][:MOST_NUMBERS]  # fmt: skip
    numbers = {name: np.nan_to_num(_numbers(frame.head(ROWS), name)) for name in names}
    triples = []
    for many, price in product(names, names):
        quantity, each = numbers[many], numbers[price]
        whole = many != price and profile[many].integers > 0.97 and (np.abs(quantity) > 1).mean() > 0.1
        if (
            not whole
            or np.median(np.abs(quantity)) > np.median(np.abs(each))
            or profile[price].negatives > 0.1
        ):
            continue
        for amount in names:
            if amount in (many, price):
                continue
            rest = quantity * each - numbers[amount]
            near = 0.006 * np.maximum(np.abs(quantity), 1) + 1e-4 * np.abs(numbers[amount])
            taken = _taken_off(
                rest, near, quantity * each, {n: numbers[n] for n in names if n not in (many, price, amount)}
            )
            if (np.abs(rest) <= near).mean() > 0.97 or taken:
                triples.append((float(np.mean(each)), many, price, amount, taken))
    triples.sort(key=lambda one: (-one[0], not one[4]))
    for place, (_, many, price, amount, taken) in enumerate(triples):
        if place == 0:
            _say(found, many, "quantity", 0.85)
            _say(found, price, "unit_price", 0.85)
        if many != triples[0][1]:
            continue
        if price == triples[0][2]:
            _say(found, amount, "net_amount", 0.85 if bool(taken) == bool(triples[0][4]) else 0.6)
        else:
            _say(found, amount, "cost_amount", 0.7)
        if taken:
            _say(found, taken, "discount_amount", 0.85)


def _taken_off(
    rest: np.ndarray, near: np.ndarray, gross: np.ndarray, others: Mapping[str, np.ndarray]
) -> str:
    """The column that explains what is missing from price times quantity, as an amount of money."""
    if not 0.02 < (np.abs(rest) > near).mean() < 0.9:
        return ""
    return next(
        (name for name, values in others.items() if (np.abs(rest - np.abs(values)) <= near).mean() > 0.97), ""
    )


def _outcomes(found: Proofs, frame: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """Words of won and lost; what is filled for decided deals only, and for lost ones only."""
    states = [
        name for name, one in profile.items()
        if 2 <= len(one.values) <= 25 and {"won", "lost"} <= {meaning_of("outcome", value) for value in one.values}
    ]  # fmt: skip
    for name in states:
        _say(found, name, "stage" if len(profile[name].values) > 3 else "outcome", 0.7)
    if not states:
        return
    ends = frame[states[0]].map(lambda cell: meaning_of("outcome", text_of(cell) or ""))
    decided, lost = ends.isin(["won", "lost"]), ends == "lost"
    for name, column in profile.items():
        there = frame[name].map(lambda cell: text_of(cell) is not None)
        if column.dates > 0.9 or _serial(column):
            if decided.any() and there[decided].mean() > 0.9 and there[~decided].mean() < 0.05:
                _say(found, name, "closed_at", 0.8)
        elif column.numbers < 0.5 and there[lost].mean() > 0.5 and there[~lost].mean() < 0.03:
            _say(found, name, "lost_reason", 0.75)


def _serial(column: Column) -> bool:
    """Whether numbers are days as a spreadsheet counts them, of the years 1954 to 2064."""
    return column.numbers > 0.95 and column.low > 20_000 and column.high < 60_000 and column.length < 8
