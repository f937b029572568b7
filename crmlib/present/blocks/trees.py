"""Pictures made of rows, readable on a phone: a tree, each node indented below what it hangs on; what happened when."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar

import pandas as pd
from markupsafe import Markup

from crmlib.present.blocks.base import Block
from crmlib.present.blocks.tables import DataTable
from crmlib.present.claims import Claim, claim, claims_in, count, name
from crmlib.present.numbers import period
from crmlib.present.theme import GREY, INK, PALE, SEGMENT_COLOURS, SHOWN, SOFT, text_width

WIDTH, ROW, STEP, EDGE = 360, 46, 18, 10
"""Pixels: width of the picture, height of a row, indentation of a level, margin."""

MOST_ROWS = 15
"""So many nodes are drawn; the others stand in the table beside the picture."""
DEEPEST = 8
"""Deeper levels are not indented further."""

TIME_ROW, MOST_DAYS = 24, 5
"""Height of a row along time, in pixels; the names of so many months or quarters are tried below it."""

_LABEL, _NOTE = 14, 12


@dataclass(frozen=True)
class Node:
    """One row: how deep it hangs, what it is called, what is said of it, and whether that is a warning."""

    depth: int
    label: str
    note: str = ""
    warns: bool = False


@dataclass(frozen=True)
class TimeRow:
    """One row along time: what it is called, when each thing began, and until when those that last did."""

    label: str
    began: pd.Series
    ended: pd.Series | None = None


class _RowPicture(Block):
    """Rows as SVG whose words can be selected, its title above it; a screen reader says `alt` instead."""

    kind: ClassVar[str] = "picture"

    def __init__(self, *, title: Claim, alt: Claim) -> None:
        self.title, self.alt, self.claims = str(title), str(alt), tuple(claims_in(title, alt))

    def _html(self) -> str:
        return Markup('<figure class="crm-picture"><figcaption>{}</figcaption>{}</figure>').format(
            self.title, self._drawing()
        )

    def _drawing(self) -> Markup:
        height, parts = self._marks()
        return Markup(
            '<svg role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" '
            'height="{}" font-family="{}">{}</svg>'
        ).format(self.alt, WIDTH, height, WIDTH, height, SHOWN, Markup("").join(parts))

    def _record(self) -> dict[str, Any]:
        digest = sha256(self._drawing().encode()).hexdigest()
        said = {"alt": self.alt, "caption": self.title, "mime": "image/svg+xml", "digest": digest}
        return said | {"claims": [one.record() for one in self.claims]}


class TreePicture(_RowPicture):
    """An indented list with lines: a node hangs on the nearest one before it that is less deep."""

    def __init__(self, nodes: Sequence[Node], *, title: Claim, alt: Claim) -> None:
        super().__init__(title=title, alt=alt)
        self.nodes = tuple(nodes)

    def _marks(self) -> tuple[int, list[Markup]]:
        shown = self.nodes[:MOST_ROWS]
        left = len(self.nodes) - len(shown)
        parts = [*self._lines(shown), *(mark for at, node in enumerate(shown) for mark in _row(at, node))]
        if left:
            more = str(claim("people-picture-more", rows=count(left)))
            parts.append(_text(EDGE, ROW * len(shown) + 16, more, size=_NOTE, fill=SOFT))
        return ROW * len(shown) + (24 if left else 0) + EDGE, parts

    def _lines(self, shown: Sequence[Node]) -> list[Markup]:
        """From each node to the one it hangs on."""
        drawn, last = [], {}
        for at, node in enumerate(shown):
            depth = min(node.depth, DEEPEST)
            above = max((d for d in last if d < depth), default=None)
            if above is not None:
                x, top, y = EDGE + above * STEP + 5, last[above] * ROW + 26, at * ROW + 18
                drawn.append(_path(f"M{x} {top}V{y}H{EDGE + depth * STEP}", GREY, 1))
            last = {d: place for d, place in last.items() if d < depth} | {depth: at}
        return drawn

    def _text(self) -> str:
        lines = [f"{'  ' * node.depth}{node.label}: {node.note}" for node in self.nodes]
        return "\n".join([self.title, *lines])


class TimePicture(_RowPicture):
    """Dots on a line of time, one row a kind of thing, lines for what lasts; `today` is a line across all rows."""

    def __init__(self, rows: Sequence[TimeRow], *, today: pd.Timestamp, title: Claim, alt: Claim) -> None:
        super().__init__(title=title, alt=alt)
        self.rows, self.today = tuple(rows), today

    def _marks(self) -> tuple[int, list[Markup]]:
        left = 2 * EDGE + min(max(text_width(row.label, size=_NOTE) for row in self.rows), WIDTH / 3)
        known = pd.concat([side for row in self.rows for side in (row.began, row.ended) if side is not None])
        first, last = min(known.min(), self.today), max(known.max(), self.today)
        room, whole = WIDTH - EDGE - left, max(last - first, pd.Timedelta(days=1))

        def place(moment: Any) -> Any:
            return left + room * ((moment - first) / whole)

        foot = TIME_ROW * len(self.rows) + 4
        parts = [_path(f"M{place(self.today):.1f} 0V{foot}", GREY, 1)]
        for at, row in enumerate(self.rows):
            y, colour = TIME_ROW * at + 14, SEGMENT_COLOURS[at % len(SEGMENT_COLOURS)]
            began = place(row.began).round(1)
            parts += [
                _text(EDGE, y + 4, row.label, size=_NOTE, fill=INK, until=left - EDGE),
                _path(f"M{left:.1f} {y}H{WIDTH - EDGE}", PALE, 1),
            ]
            if row.ended is not None:
                ended = place(row.ended).round(1)
                lasted = "".join(f"M{x} {y}H{to}" for x, to in zip(began, ended, strict=True))
                parts.append(_path(lasted, colour, 3, opacity=0.4))
            parts.append(_path("".join(f"M{x} {y}h0" for x in began.unique()), colour, 6))
        free = 0.0
        for day, said in _days(first, last).items():
            half = text_width(said, size=_NOTE) / 2
            x = min(max(place(day), left + half), WIDTH - half)
            if x - half >= free:
                free = x + half + EDGE
                parts.append(_text(x - half, foot + 14, said, size=_NOTE, fill=SOFT, until=WIDTH))
        return foot + 22, parts

    def _text(self) -> str:
        return "\n".join([self.title, *(f"{row.label}: {len(row.began)}" for row in self.rows)])


def _days(first: pd.Timestamp, last: pd.Timestamp) -> dict[pd.Timestamp, str]:
    """Months, quarters or years between two days, as they are written below a line of time."""
    for step, form in (("MS", "month"), ("QS", "quarter"), ("YS", "year")):
        found = pd.date_range(first.normalize(), last, freq=step)
        if 0 < len(found) <= MOST_DAYS or form == "year":
            return {day: period(day, form) for day in found} or {first: period(first, "yMMMd")}
    return {}


@dataclass(frozen=True)
class FoldedTable(Block):
    """A table of the same content as a picture, for who reads it aloud or takes it along; folded away at first."""

    kind: ClassVar[str] = "table"
    table: DataTable

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Those of the table."""
        return self.table.claims

    def _html(self) -> str:
        return Markup(
            '<details class="crm-folded"><summary>{}</summary><div class="body">{}</div></details>'
        ).format(
            str(claim("people-table-folded", caption=name(self.table.caption))), Markup(self.table._html())
        )

    def _text(self) -> str:
        return self.table._text()

    def _record(self) -> dict[str, Any]:
        return self.table._record()


def _row(at: int, node: Node) -> tuple[Markup, ...]:
    x, y = EDGE + min(node.depth, DEEPEST) * STEP, at * ROW + 18
    colour = SEGMENT_COLOURS[1] if node.warns else SEGMENT_COLOURS[0]
    dot = Markup('<circle cx="{}" cy="{}" r="5" fill="{}"/>').format(x + 5, y, colour)
    label = _text(x + 16, y + 5, node.label, size=_LABEL, fill=INK, weight=700)
    return dot, label, _text(x + 16, y + 21, node.note, size=_NOTE, fill=SOFT)


def _path(way: str, colour: str, width: int, *, opacity: float = 1) -> Markup:
    return Markup(
        '<path d="{}" fill="none" stroke="{}" stroke-width="{}" stroke-opacity="{}" stroke-linecap="round"/>'
    ).format(way, colour, width, opacity)


def _text(
    x: float, y: float, text: str, *, size: int, fill: str, weight: int = 400, until: float = WIDTH - EDGE
) -> Markup:
    cut = text
    while cut and text_width(cut, size=size, bold=weight > 400) > until - x:
        cut = cut[: max(len(cut) - 2, 0)]
    shown = text if cut == text else f"{cut.rstrip()}…"
    return Markup('<text x="{}" y="{}" font-size="{}px" font-weight="{}" fill="{}">{}</text>').format(
        x, y, size, weight, fill, shown
    )
