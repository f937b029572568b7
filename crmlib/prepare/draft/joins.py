"""Lines of orders in one export, the orders themselves in another: the one joined to the other by its key."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pandas as pd

from crmlib.prepare.draft.exports import Export, Join
from crmlib.prepare.draft.names import names
from crmlib.prepare.draft.presets import preset_of
from crmlib.prepare.draft.profile import Column, profile_of, text_of
from crmlib.prepare.draft.score import Folder, Guess, Match, known_keys, match_table
from crmlib.prepare.engine import Engine
from crmlib.schema.tables import TABLES

COVERED = 0.5
"""At least this share of the orders has lines; of the lines nearly all have an order."""

SURELY = 0.9
"""From here on nobody asks whether an export is of another table."""

_TOLD_BY_HEADS = ("ordered_at", "customer_id", "status", "currency", "channel", "store_id", "employee_id",
                  "customer_name", "customer_email", "paid_on", "due_on", "test_flag", "cancelled_at")  # fmt: skip


def join_heads(
    matches: Sequence[Match], left: Sequence[tuple[Export, Match | None]]
) -> tuple[list[Match], list[tuple[Export, Match | None]]]:
    """Matches in which exports of lines have got what the orders' own export says, by the order's number."""
    keys = known_keys(matches)
    matches = [_order_that_comes_again(match) for match in matches]
    found, others = _details_of_deals(matches, keys), list(left)
    sure = [match.export for match in found if _is_surely_another(match)]
    heads = [head for match in found if (head := _as_head(match, keys)) is not None]
    heads = [head for head in heads if all(head.export is not one for one in sure)]
    for head in heads:
        if all(one.export is not head.export for one in found):
            continue
        lines = [
            match
            for export in [
                *(
                    m.export
                    for m in found
                    if m.export is not head.export and all(m.export is not s for s in sure)
                ),
                *(export for export, _ in others),
            ]
            if (match := _as_lines(export, keys)) is not None
        ]
        for line in sorted(lines, key=lambda one: -len(one.guesses)):
            together = _joined(line, head, keys)
            if together is not None:
                found = [m for m in found if m.export is not line.export and m.export is not head.export] + [
                    together
                ]
                others = [one for one in others if one[0] is not line.export]
                break
    return found, others


def _order_that_comes_again(match: Match) -> Match:
    """Lines whose own number was taken for the order's, where another column names what several lines belong to."""
    lines, product = match.column("order_id"), match.column("product_id")
    if match.table != "transactions" or "quantity" not in match.guesses or product is None or lines is None:
        return match
    if lines.rows < 20 or "line_no" in match.guesses:
        return match
    used = {guess.theirs for guess in match.guesses.values()}
    if not lines.unique:
        own = [
            one for name, one in match.profile.items() if name not in used and names().numbers_only_rows(name)
        ]
        if len(own) == 1 and own[0].unique and own[0].filled == own[0].rows:
            line = Guess(field="line_no", theirs=own[0].name, sure=0.8)
            return replace(match, guesses={**match.guesses, "line_no": line})
        return match
    fixed = [match.guesses[one].theirs for one in ("ordered_at", "customer_id") if one in match.guesses]
    texts = match.export.frame.astype(str)
    for name, one in match.profile.items():
        several = name not in used and 0.2 * one.rows < one.distinct < 0.95 * one.rows == 0.95 * one.filled
        about = any(names().speaks_of(field, name) for field in ("order_id", "opportunity_id"))
        if several and about and fixed and (texts.groupby(name)[fixed].nunique() == 1).all(axis=None):
            guess = match.guesses["order_id"]
            order = replace(guess, theirs=name, sure=0.9, runner_up=guess.theirs)
            line = replace(guess, field="line_no")
            return replace(match, guesses={**match.guesses, "order_id": order, "line_no": line})
    return match


def _details_of_deals(matches: list[Match], keys: Folder) -> list[Match]:
    """Deals without stage or outcome, with the export that tells these of some of them joined to them."""
    deals = [match for match in matches if match.table == "opportunities" and not match.export.joins]
    for main in deals:
        for more in deals:
            if main is more or {"stage", "outcome", "is_won", "closed_at"} & set(main.guesses):
                continue
            mine, theirs = main.column("opportunity_id"), more.column("opportunity_id")
            if (
                mine is None
                or theirs is None
                or theirs.distinct != theirs.rows
                or len(more.export.entries) > 1
            ):
                continue
            if len(theirs.texts & mine.texts) >= 0.95 * len(theirs.texts):
                export = _export_of_both(main.export, more.export, mine.name, theirs.name)
                both = match_table("opportunities", export, profile_of(export.frame), keys, 1.0)
                if both is not None:
                    return [one for one in matches if one is not main and one is not more] + [both]
    return matches


def _is_surely_another(match: Match) -> bool:
    """Whether an export has all that another table than that of orders asks for, beyond doubt."""
    spec, key = TABLES[match.table], match.column(TABLES[match.table].keys[0])
    sure = [match.guesses[name].sure for name in spec.required if name in match.guesses]
    named = match.table != "transactions" and key is not None and key.unique and key.rows >= 5
    return named and len(sure) == len(spec.required) >= 3 and min(sure) > SURELY


def _as_head(match: Match, keys: Folder) -> Match | None:
    """An export as orders: each once, with its moment; one taken for other things names its customer, too."""
    head: Match | None = match
    if match.table != "transactions":
        head = match_table("transactions", match.export, match.profile, keys, 1.0)
        customer, known = head.column("customer_id") if head else None, preset_of(tuple(match.profile))
        if customer is None or customer.empty or customer.emails > 0.5:
            return None
        if known is not None and known.table == match.table:
            return None
    order = head.column("order_id") if head else None
    if head is None or order is None or "ordered_at" not in head.guesses or len(head.export.entries) != 1:
        return None
    return head if order.distinct == order.rows else None


def _as_lines(export: Export, keys: Folder) -> Match | None:
    """An export as lines of orders: it names the order and the product, and says how many or how much."""
    match = match_table("transactions", export, profile_of(export.frame), keys, 1.0)
    if match is None or export.joins:
        return None
    product = {"product_id", "product_name"} & set(match.guesses)
    much = {"quantity", "unit_price", "net_amount"} & set(match.guesses)
    return match if product and much else None


def _joined(line: Match, head: Match, keys: Folder) -> Match | None:
    pair = _key_of_both(line, head)
    told = [name for name in _TOLD_BY_HEADS if name in head.guesses and name not in line.guesses]
    same = (line.export.encoding, line.export.header_row) == (head.export.encoding, head.export.header_row)
    if pair is None or not told or not same:
        return None
    export = _export_of_both(line.export, head.export, *pair)
    profile = profile_of(export.frame)
    told = [name for name in head.guesses if name in _TOLD_BY_HEADS or name.startswith("customer_")]
    wanted = {head.guesses[name].theirs for name in told}
    looked_at = {
        name: column
        for place, (name, column) in enumerate(profile.items())
        if place < len(line.profile) or _theirs_at(head, place - len(line.profile), pair[1]) in wanted
    }
    match = match_table("transactions", export, looked_at, keys, 1.0)
    return _numbered_lines(replace(match, profile=profile), line) if match else None


def _theirs_at(head: Match, place: int, key: str) -> str:
    return [name for name in head.export.columns if name != key][place]


def _numbered_lines(match: Match, line: Match) -> Match:
    """Lines whose own key says nothing else have it as their number."""
    used = {guess.theirs for guess in match.guesses.values()}
    for name, column in line.profile.items():
        named = names().meanings_of("transactions", name)
        own = max(named.get("order_id", 0.0), named.get("line_no", 0.0)) > 0.6
        first = name == next(iter(line.profile)) and column.dates < 0.5
        if column.unique and (own or first) and name not in used and "line_no" not in match.guesses:
            guess = Guess(field="line_no", theirs=name, sure=0.7)
            return replace(match, guesses={**match.guesses, "line_no": guess})
    return match


def _key_of_both(line: Match, head: Match) -> tuple[str, str] | None:
    """The column of the lines, and that of the orders, which hold the same numbers."""
    best: tuple[float, str, str] | None = None
    others = {guess.theirs for name, guess in line.guesses.items() if name not in ("order_id", "line_no")}
    for mine in line.profile.values():
        if mine.name in others:
            continue
        named = names().meanings_of("transactions", mine.name).get("order_id", 0.0)
        if mine.empty or named < 0.5:
            continue
        for theirs in head.profile.values():
            if _covers(mine, theirs):
                usual = theirs is head.column("order_id")
                found = (named + usual, mine.name, theirs.name)
                best = max(best, found) if best else found
    return best[1:] if best else None


def _covers(mine: Column, theirs: Column) -> bool:
    if theirs.distinct != theirs.rows or theirs.distinct < 2:
        return False
    shared = len(mine.texts & theirs.texts)
    return shared >= 0.95 * len(mine.texts) and shared >= COVERED * len(theirs.texts)


def _export_of_both(line: Export, head: Export, mine: str, theirs: str) -> Export:
    """The lines with the columns of their orders, as a left join names them."""
    source = head.entries[0]
    stem = source.rpartition("#")[2] if "#" in source else PurePosixPath(source).name.split(".")[0]
    own = {name.lower() for name in line.columns}
    called = {name: f"{stem}.{name}" if name.lower() in own else name for name in head.columns}
    right = head.frame.rename(columns=called)
    right.index = pd.Index([text_of(cell) for cell in head.frame[theirs]])
    keys = [text_of(cell) for cell in line.frame[mine]]
    rows = right.reindex(keys).drop(columns=called[theirs]).reset_index(drop=True)
    frame = pd.concat(
        [line.frame.reset_index(drop=True), rows.astype(object).where(rows.notna(), None)], axis=1
    )
    made = replace(line, frame=frame, notes=(*line.notes, *head.notes))
    inner = _in_one_database(line.entries[0], source)
    if inner is None:
        return replace(made, joins=(Join(source=source, mine=mine, theirs=theirs),))
    cells = [f"{Engine.quote(stem)}.{Engine.quote(old)} as {Engine.quote(new)}"
             for old, new in called.items() if old != theirs]  # fmt: skip
    file, table = inner
    sql = (
        f"select {', '.join([f'{Engine.quote(table)}.*', *cells])} from {Engine.quote(table)} left join "
        f"{Engine.quote(stem)} on {Engine.quote(table)}.{Engine.quote(mine)} = "
        f"{Engine.quote(stem)}.{Engine.quote(theirs)}"
    )
    return replace(made, entries=(f"{file}#{sql}",))


def _in_one_database(first: str, second: str) -> tuple[str, str] | None:
    """File and table of the first, if both are plain tables of one database."""
    file, _, table = first.rpartition("#")
    ends = (".db", ".sqlite", ".sqlite3", ".duckdb", ".ddb")
    same = second.rpartition("#")[0] == file and file.lower().endswith(ends) and "." not in table
    return (file, table) if same else None
