"""What the rows of an export prove of its columns, whatever their names say: products, runs, outcomes, places."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import permutations, product

import numpy as np
import pandas as pd
from babel import Locale

from crmlib.prepare.draft.exports import Export
from crmlib.prepare.draft.names import meaning_of, names, plain, value_key, words
from crmlib.prepare.draft.profile import VALUES_KEPT, Column, number_of, text_of, usual_point

ROWS = 1_500
"""Rows that are reckoned with."""

MOST_NUMBERS = 14
"""Columns of numbers that are multiplied with each other."""

_TERMS = frozenset([0, 7, 8, 10, 14, 15, 20, 21, 28, 30, 45, 60, 75, 90, 120])
"""Days to pay that are usual."""

_STATES = (
    "ALAKAZARCACOCTDEFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCNDOHOKORPARISCSDTNTXUTVTVAWAWVWIWYDC"
)
STATES = frozenset(re.findall("..", _STATES))
"""States whose short forms are also those of countries: CA, DE, ID."""

_TAX = re.compile(r"(?=.*[A-Z])[A-Z]{0,4}[ -]?\d{7,12}[ -]?[A-Z]?\d{0,2}")

Proofs = dict[str, dict[str, float]]
"""Column of theirs -> ours -> how surely."""


def proofs_of(
    table: str, frame: pd.DataFrame, profile: Mapping[str, Column], links: Collection[str]
) -> Proofs:
    """What the values and their relations say of each column in a table."""
    found: Proofs = {}
    if table == "transactions":
        _runs(found, frame, profile)
        _products(found, frame, profile)
        _per_piece(found, frame.head(ROWS), profile)
        _taxed(found, frame.head(ROWS), profile)
        _less(found, frame.head(ROWS), profile)
        _order_sums(found, frame.head(ROWS), profile)
        _orders(found, frame.head(ROWS), profile, links)
    elif table == "opportunities":
        _outcomes(found, frame, profile)
    elif table == "service_cases":
        _cases(found, profile)
    elif table == "interactions":
        for name, column in profile.items():
            if 2 <= column.distinct <= 20 and _among(column, range(5, 485, 5)):
                _say(found, name, "duration_minutes", 0.66)
    elif table in ("customers", "contacts"):
        phones = [
            name for name, one in profile.items()
            if one.phones > 0.9 and one.length >= 9.5 and one.dates < 0.1 and one.integers < 0.9
        ]  # fmt: skip
        for name, column in profile.items():
            usual = (
                column.distinct >= 2 and _among(column, _TERMS) and bool({"14", "30", "60"} & column.texts)
            )
            if usual and table == "customers":
                _say(found, name, "payment_terms_days", 0.66)
            if name in phones:
                _say(found, name, "phone", 0.66 if len(phones) == 1 else 0.55)
            if (
                column.unique
                and all(_TAX.fullmatch(text) for text in column.texts)
                and plain(name) not in links
            ):
                _say(found, name, "tax_id", 0.66)
            if table == "customers" and column.distinct >= 3 and is_countries(column):
                _say(found, name, "country", 0.7)
            kinds = [words("kind").get(value_key(value)) for value in column.values if len(value) > 1]
            if table == "customers" and set(kinds) == {"person", "company"} and len(kinds) == column.distinct:
                _say(found, name, "kind", 0.7)
    if table in ("customers", "products", "employees", "campaigns"):
        _masters(found, table, frame.head(ROWS), profile, links)
    return found


def said_elsewhere(
    exports: Sequence[Export], profiles: Sequence[Mapping[str, Column]]
) -> list[dict[str, Column]]:
    """The profiles, with words for what is a code: of a small table of codes, or won and lost as the rows tell."""
    tables = [
        found
        for export, profile in zip(exports, profiles, strict=True)
        if (found := codes_of(export, profile))
    ]
    told = []
    for export, profile in zip(exports, profiles, strict=True):
        known = dict(profile)
        for name, column in profile.items():
            for key, meant in tables:
                near = len(column.values) >= 3 and len(column.values) > 0.6 * len(meant)
                fits = not column.unique and bool(column.values) and column.texts <= meant.keys()
                if fits and (near or plain(key) == plain(name)):
                    known[name] = replace(column, said=meant)
        told.append(known | _decided(export.frame, known))
    return told


def codes_of(export: Export, profile: Mapping[str, Column]) -> tuple[str, dict[str, str]] | None:
    """The column of codes and the word of each, where a small table holds nothing else."""
    keys = [name for name, one in profile.items() if one.unique and one.length <= 6 and one.dates < 0.5]
    texts = [
        name for name, one in profile.items() if one.unique and one.numbers < 0.5 and name not in keys[:1]
    ]
    if not keys or not texts or len(profile) > 3 or not 2 <= len(export.frame) <= VALUES_KEPT:
        return None
    pairs = export.frame[[keys[0], texts[0]]].map(text_of).dropna()
    meant = dict(zip(pairs[keys[0]], pairs[texts[0]], strict=True))
    said = [word for word in meant.values() if meaning_of("status", word) or meaning_of("outcome", word)]
    return (keys[0], meant) if 3 * len(said) >= len(meant) else None


def _decided(frame: pd.DataFrame, profile: Mapping[str, Column]) -> dict[str, Column]:
    """Stages whose end a date tells, and a reason which of them are lost, where their words say neither."""
    some = {
        name: frame[name].map(text_of).notna() for name, one in profile.items() if 0 < one.filled < one.rows
    }
    ends = [name for name in some if profile[name].dates > 0.9]
    whys = [name for name in some if profile[name].dates < 0.1 and profile[name].numbers < 0.5]
    meant = [{one.meaning("outcome", value) for value in one.values} for one in profile.values()]
    told = any({"won", "lost"} <= meanings for meanings in meant)
    for name, column in profile.items() if ends and whys and not told else ():
        if not 3 <= len(column.values) <= 25 or column.dates > 0.5:
            continue
        states = frame[name].map(text_of)
        for end, why in product(ends, whys):
            share = some[end].groupby(states).mean()
            done, reasons = set(share[share > 0.95].index), some[why].groupby(states).mean()
            lost = set(reasons[reasons > 0.5].index)
            whole = done | set(share[share < 0.05].index) == set(share.index)
            if lost and lost < done and whole and not some[why][~states.isin(lost)].any():
                return {name: replace(column, said={one: "lost" if one in lost else "won" for one in done})}
    return {}


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


def _numbers(frame: pd.DataFrame, name: str, usual: str) -> np.ndarray:
    found = [number_of(text, usual) if (text := text_of(cell)) else None for cell in frame[name]]
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
        step, values = column.low, _numbers(head, name, ".")
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
    ][:MOST_NUMBERS]  # fmt: skip
    usual = usual_point(profile)
    numbers = {name: np.nan_to_num(_numbers(frame.head(ROWS), name, usual)) for name in names}
    triples = []
    full = [name for name in names if profile[name].filled > 0.9 * profile[name].rows]
    for many, price in product(full, full):
        quantity, each = numbers[many], numbers[price]
        whole = many != price and (quantity % 1 == 0).mean() > 0.97 and (np.abs(quantity) > 1).mean() > 0.05
        if (
            not whole
            or np.median(np.abs(quantity)) > np.median(np.abs(each))
            or profile[price].negatives > 0.1
        ):
            continue
        for amount in full:
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
        elif not _differ_by_tax(numbers[amount], numbers[triples[0][3]]):
            _say(found, amount, "cost_amount", 0.7)
        if taken:
            _say(found, taken, "discount_amount", 0.85)


def _differ_by_tax(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether amounts are to others as a few rates of tax are: a cost is another share of each price."""
    told = (other != 0) & (one != 0)
    rates, rows = np.unique(np.round(one[told] / other[told], 2), return_counts=True)
    return len(rates) > 0 and np.sort(rows)[-3:].sum() > 0.95 * rows.sum() and told.sum() > 20


def _orders(found: Proofs, head: pd.DataFrame, profile: Mapping[str, Column], links: Collection[str]) -> None:
    """The moment, the order, and who bought what: by what stays within an order and what never comes twice in it."""
    money = [
        name for name, one in profile.items() if one.numbers == 1 and one.integers < 0.6 and one.distinct > 5
    ]
    sparse = [
        name
        for name in money
        if (head[name].map(lambda cell: number_of(text_of(cell) or "0") or (0,)).str[0] == 0).mean() > 0.5
    ]
    money = [name for name in money if name not in sparse]
    said = [name for name, now in found.items() if now.get("net_amount", 0) > 0.8]
    days = [name for name, one in profile.items() if one.dates > 0.97 and one.filled > 0.97 * one.rows]
    if not days or not (said or len(money) == 1):
        return
    _say(found, (said or money)[0], "net_amount", 0.66)
    _say(found, days[0], "ordered_at", 0.7)
    order = next((name for name, now in found.items() if "order_id" in now), "")
    texts = head.astype(str)
    rest = [
        name
        for name, one in profile.items()
        if name not in {*days, *money, *said} and one.filled > 0.97 * one.rows
    ]
    for name in () if order else rest:
        runs = (texts[name] != texts[name].shift()).cumsum()
        together = runs.iloc[-1] == texts[name].nunique() < 0.95 * len(texts) and profile[name].distinct > 10
        if together and (texts[days[0]].groupby(runs).nunique() == 1).all():
            order = name
            _say(found, name, "order_id", 0.75)
            break
    order = order or next((one for one in rest if profile[one].unique and profile[one].length < 30), "")
    if not order:
        return
    _say(found, order, "order_id", 0.6)
    by = texts.groupby(order)
    fixed = {name for name in rest if (by[name].nunique() == 1).all()}
    linked = [
        name for name in profile if plain(name) in links and name != order and profile[name].distinct >= 5
    ]
    bought = [name for name in rest if name not in fixed and not texts.duplicated([order, name]).any()]
    if len(texts) == texts[order].nunique():
        kinds = [
            name
            for name in rest
            if 10 <= profile[name].distinct < 0.3 * len(texts) + 3 and profile[name].numbers < 0.5
        ]
        kinds = [name for name in kinds if plain(name) not in links]
        bought = kinds if len(kinds) == 1 else []
    pairs = [(a, b) for a in bought for b in bought if profile[a].distinct < profile[b].distinct]
    groups = {a for a, b in pairs if (texts.groupby(b)[a].nunique() == 1).all()}
    for name in groups:
        _say(found, name, "product_category", 0.66)
    for name in (one for one in bought if one not in groups):
        numbered = name in linked or profile[name].length < 12
        if profile[name].distinct < 0.6 * len(texts) and (name in linked or profile[name].numbers < 0.5):
            _say(found, name, "product_id" if numbered else "product_name", 0.75 if name in linked else 0.6)
    buyers = [name for name in linked if name in fixed or not bought]
    if buyers:
        _say(found, max(buyers, key=lambda name: profile[name].distinct), "customer_id", 0.72)


def _masters(
    found: Proofs, table: str, head: pd.DataFrame, profile: Mapping[str, Column], links: Collection[str]
) -> None:
    """Names, dates and prices of an export whose rows others name, where only one column can hold them."""
    if not any(one.unique and plain(name) in links for name, one in profile.items()):
        return
    texts = [
        name for name, one in profile.items()
        if max(one.numbers, one.dates, one.emails, one.phones) < 0.5 and one.length > 1
        and (plain(name) not in links or 2 * sum(" " in text for text in one.texts) > one.distinct)
    ]  # fmt: skip
    many = [name for name in texts if profile[name].distinct > 0.8 * profile[name].rows]
    digits = {name: np.mean([any(map(str.isdigit, text)) for text in profile[name].texts]) for name in many}
    names = [name for name in many if digits[name] < 0.6]
    if names:
        _say(found, names[0], "name", 0.66)
    if table == "customers":
        for name, one in profile.items():
            years = [
                int(year) for text in one.texts if (year := "".join(re.findall(r"(?:19|20)\d\d", text)[:1]))
            ]
            if one.dates > 0.9 and years and one.distinct > 5:
                born = max(years) < 2015 and float(np.median(years)) < 2003
                _say(found, name, "birth_on" if born else "signed_up_on", 0.66)
    days = [name for name, one in profile.items() if one.dates > 0.9 and one.filled > 0.5 * one.rows]
    if table == "campaigns" and len(days) == 2:
        _say(found, days[0], "started_on", 0.66)
        _say(found, days[1], "ended_on", 0.66)
    if table == "products":
        groups = [name for name in texts if 2 <= profile[name].distinct <= 0.5 * profile[name].rows]
        if len(groups) == 1:
            _say(found, groups[0], "category", 0.66)
        prices = [n for n, one in profile.items() if one.numbers == 1 and one.integers < 0.5 and one.low >= 0]
        prices.sort(key=lambda name: -profile[name].high)
        prices = _price_above_cost(head, profile) or prices
        for name, ours in zip(prices, ("unit_price", "unit_cost"), strict=False) if len(prices) <= 2 else ():
            _say(found, name, ours, 0.66)


def _price_above_cost(head: pd.DataFrame, profile: Mapping[str, Column]) -> list[str]:
    """The only two columns of numbers of which one is above the other, by less than its fivefold, on every row."""
    numbers = {
        name: _numbers(head, name, usual_point(profile))
        for name, one in profile.items()
        if one.numbers == 1 and one.low > 0 and one.distinct > 5 and one.filled == one.rows
    }
    pairs = [
        [high, low]
        for high, low in product(numbers, numbers)
        if high != low and ((ratio := numbers[high] / numbers[low]) > 1).all() and (ratio < 5).all()
    ]
    return pairs[0] if len(pairs) == 1 else []


def _per_piece(found: Proofs, head: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """An amount that is one and the same for each piece of a product, and differs by their number, is the line's."""
    if any("net_amount" in now for now in found.values()):
        return
    usual = usual_point(profile)
    figures = [n for n, one in profile.items() if one.numbers > 0.97 and one.dates < 0.5 and one.distinct > 2]
    goods = [n for n, one in profile.items() if n not in figures and 3 <= one.distinct < 0.6 * one.rows]
    counts = [
        n for n in figures if profile[n].integers == 1 and 1 <= profile[n].low <= profile[n].high < 1000
    ]
    numbers = {
        name: _numbers(head, name, usual) for name in dict.fromkeys([*counts, *figures[:MOST_NUMBERS]])
    }
    groups = {name: _groups(head[name]) for name in goods}
    for many, amount, good in product(counts, figures[:MOST_NUMBERS], goods):
        if many == amount or profile[amount].high <= profile[many].high:
            continue
        pieces, (order, starts) = numbers[many], groups[good]
        several = _width(pieces[order], starts) > 0
        if several.sum() < 3:
            continue
        with np.errstate(all="ignore"):
            each = (numbers[amount] / pieces)[order]
            near = 0.02 + 0.005 * np.abs(np.fmax.reduceat(each, starts))
            same = (_width(each, starts) <= near)[several]
        flat = _width(numbers[amount][order], starts)[several] == 0
        if same.mean() > 0.9 and not flat.any():
            _say(found, many, "quantity", 0.85)
            _say(found, amount, "net_amount", 1.0)


def _groups(cells: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The rows in the order of their values, less those without one, and where each value begins."""
    codes = pd.factorize(cells.map(text_of))[0]
    order = np.argsort(codes, kind="stable")[(codes < 0).sum() :]
    return order, np.flatnonzero(np.diff(codes[order], prepend=-1))


def _width(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The largest less the smallest number of each group; missing where it has none."""
    return np.fmax.reduceat(values, starts) - np.fmin.reduceat(values, starts)


def _less(found: Proofs, head: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """An amount that is another less a third, which many rows do not have, is the line's and the third a discount."""
    if any("net_amount" in now for now in found.values()):
        return
    numbers = {
        name: np.nan_to_num(_numbers(head, name, usual_point(profile)))
        for name, one in profile.items()
        if one.numbers > 0.97 and one.dates < 0.5 and one.distinct > 1 and one.low >= 0
    }
    for whole, off, rest in permutations(list(numbers)[:MOST_NUMBERS], 3):
        near = np.abs(numbers[whole] - numbers[off] - numbers[rest]) <= 0.006
        if near.mean() > 0.97 and 0.15 < (numbers[off] == 0).mean() < 0.97 and numbers[whole].any():
            _say(found, rest, "net_amount", 0.85)
            _say(found, off, "discount_amount", 0.8)
            _say(found, whole, "unit_price", 0.66)
            return


def _taxed(found: Proofs, head: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """An amount that is another and the tax, with or without postage, holds the tax; the other one does not."""
    usual, known = usual_point(profile), names()
    said = {
        name: known.meanings_of("transactions", name) for name, one in profile.items() if one.numbers > 0.97
    }
    numbers = {name: np.nan_to_num(_numbers(head, name, usual)) for name in said if profile[name].dates < 0.5}
    freight = [values for name, values in numbers.items() if said[name].get("shipping_amount", 0.0) > 0.9]
    for tax in (name for name in numbers if said[name].get("tax_amount", 0.0) > 0.9):
        for net, total in permutations([name for name in numbers if name != tax][:MOST_NUMBERS], 2):
            rest = numbers[total] - numbers[net] - numbers[tax]
            near = max((np.abs(rest - more) <= 0.011).mean() for more in (0.0, *freight))
            if near > 0.97 and (numbers[tax] != 0).mean() > 0.3 and (numbers[net] != 0).mean() > 0.3:
                _say(found, net, "net_amount", 0.9)
                _say(found, total, "order_total", 0.9)
                return


def _order_sums(found: Proofs, head: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """Quantity times price, added up to the next row that has it, is a total that first lines of orders have."""
    usual = usual_point(profile)
    figures = {name: _numbers(head, name, usual) for name, one in profile.items() if one.numbers > 0.97}
    full = [n for n in figures if profile[n].filled == profile[n].rows and profile[n].distinct > 1]
    firsts = [n for n in figures if 0.2 * profile[n].rows < profile[n].filled < profile[n].rows]
    for many, price, total in product(full, full, firsts):
        if many == price or (figures[many] % 1).any() or np.median(figures[many]) > np.median(figures[price]):
            continue
        starts = ~np.isnan(figures[total])
        sums = pd.Series(figures[many] * figures[price]).groupby(starts.cumsum()).sum()
        said = pd.Series(figures[total]).groupby(starts.cumsum()).max()
        near = ((sums - said).abs() <= 0.02)[1:-1]
        if len(near) > 20 and near.mean() > 0.9:
            for name, ours in ((many, "quantity"), (price, "unit_price"), (total, "order_total")):
                _say(found, name, ours, 0.85)
            return


def _cases(found: Proofs, profile: Mapping[str, Column]) -> None:
    """Words of urgency; the only date that some of the cases do not have yet is that of their end."""
    for name, one in profile.items():
        known = sum(n for value, n in one.values.items() if meaning_of("priority", value))
        if 2 <= len(one.values) <= 6 and known > 0.6 * one.filled:
            _say(found, name, "priority", 0.66)
    dates = [one for one in profile.values() if one.dates > 0.9]
    later = [one.name for one in dates if one.filled < 0.97 * one.rows]
    if len(later) == 1 and len(dates) > 1:
        _say(found, later[0], "closed_at", 0.66)


def _among(column: Column, usual: Collection[int]) -> bool:
    """Whether all values are whole numbers of a few."""
    return (
        column.numbers == 1
        and column.integers == 1
        and {int(t) for t in column.texts if t.isdigit()} <= set(usual)
    )


def _taken_off(
    rest: np.ndarray, near: np.ndarray, gross: np.ndarray, others: Mapping[str, np.ndarray]
) -> str:
    """The column that explains what is missing from price times quantity, as an amount, a percentage or a share."""
    if not 0.02 < (np.abs(rest) > near).mean() < 0.9:
        return ""
    return next(
        (
            name
            for unit in (1.0, gross / 100, gross)
            for name, values in others.items()
            if (np.abs(rest - np.abs(values) * unit) <= near).mean() > 0.97
        ),
        "",
    )


def _outcomes(found: Proofs, frame: pd.DataFrame, profile: Mapping[str, Column]) -> None:
    """Words of won and lost; what is filled for decided deals only, and for lost ones only."""
    states = [
        name for name, one in profile.items()
        if 2 <= len(one.values) <= 25 and {"won", "lost"} <= {one.meaning("outcome", value) for value in one.values}
    ]  # fmt: skip
    for name in states:
        _say(found, name, "stage" if len(profile[name].values) > 3 else "outcome", 0.7)
    if not states:
        return
    ends = frame[states[0]].map(lambda cell: profile[states[0]].meaning("outcome", text_of(cell) or ""))
    decided, lost = ends.isin(["won", "lost"]), ends == "lost"
    for name, column in profile.items():
        there = frame[name].map(lambda cell: text_of(cell) is not None)
        if column.dates > 0.9 or _serial(column):
            if there.mean() > 0.97 and name == next(
                n for n, one in profile.items() if one.dates > 0.9 or _serial(one)
            ):
                _say(found, name, "created_at", 0.66)
            if decided.any() and there[decided].mean() > 0.9 and there[~decided].mean() < 0.05:
                _say(found, name, "closed_at", 0.8)
        elif column.numbers < 0.5 and there[lost].mean() > 0.5 and there[~lost].mean() < 0.03:
            _say(found, name, "lost_reason", 0.75)


def _serial(column: Column) -> bool:
    """Whether numbers are days as a spreadsheet counts them, of the years 1954 to 2064."""
    return column.numbers > 0.95 and column.low > 20_000 and column.high < 60_000 and column.length < 8
