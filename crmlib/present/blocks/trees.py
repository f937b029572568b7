"""A tree as a picture: one row a node, indented below the node it hangs on; readable on a phone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar

from markupsafe import Markup

from crmlib.present.blocks.base import Block
from crmlib.present.blocks.tables import DataTable
from crmlib.present.claims import Claim, claim, claims_in, count, name
from crmlib.present.theme import GREY, INK, SEGMENT_COLOURS, SHOWN, SOFT, text_width

WIDTH, ROW, STEP, EDGE = 360, 46, 18, 10
"""Pixels: width of the picture, height of a row, indentation of a level, margin."""

MOST_ROWS = 15
"""So many nodes are drawn; the others stand in the table beside the picture."""
DEEPEST = 8
"""Deeper levels are not indented further."""

_LABEL, _NOTE = 14, 12


@dataclass(frozen=True)
class Node:
    """One row: how deep it hangs, what it is called, what is said of it, and whether that is a warning."""

    depth: int
    label: str
    note: str = ""
    warns: bool = False


@dataclass(frozen=True, init=False)
class TreePicture(Block):
    """A tree of nodes in reading order, drawn as an indented list with lines; its words can be selected.

    Parameters
    ----------
    nodes : sequence of Node
        A node hangs on the nearest one before it that is less deep.
    title, alt : Claim
        What the picture shows, above it; and what a screen reader says instead of it.
    """

    kind: ClassVar[str] = "picture"
    nodes: tuple[Node, ...]
    title: str
    alt: str
    claims: tuple[Claim, ...] = field(repr=False)

    def __init__(self, nodes: Sequence[Node], *, title: Claim, alt: Claim) -> None:
        for part, value in {
            "nodes": tuple(nodes), "title": str(title), "alt": str(alt), "claims": tuple(claims_in(title, alt)),
        }.items():  # fmt: skip
            object.__setattr__(self, part, value)

    def _html(self) -> str:
        return Markup('<figure class="crm-picture"><figcaption>{}</figcaption>{}</figure>').format(
            self.title, self._drawing()
        )

    def _drawing(self) -> Markup:
        shown = self.nodes[:MOST_ROWS]
        left = len(self.nodes) - len(shown)
        height = ROW * len(shown) + (24 if left else 0) + EDGE
        parts = [*self._lines(shown), *(mark for at, node in enumerate(shown) for mark in _row(at, node))]
        if left:
            more = str(claim("people-picture-more", rows=count(left)))
            parts.append(_text(EDGE, ROW * len(shown) + 16, more, size=_NOTE, fill=SOFT))
        return Markup(
            '<svg role="img" aria-label="{}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" width="{}" '
            'height="{}" font-family="{}">{}</svg>'
        ).format(self.alt, WIDTH, height, WIDTH, height, SHOWN, Markup("").join(parts))

    def _lines(self, shown: Sequence[Node]) -> list[Markup]:
        """From each node to the one it hangs on."""
        drawn, last = [], {}
        for at, node in enumerate(shown):
            depth = min(node.depth, DEEPEST)
            above = max((d for d in last if d < depth), default=None)
            if above is not None:
                x, top, y = EDGE + above * STEP + 5, last[above] * ROW + 26, at * ROW + 18
                path = f"M{x} {top}V{y}H{EDGE + depth * STEP}"
                drawn.append(Markup('<path d="{}" fill="none" stroke="{}"/>').format(path, GREY))
            last = {d: place for d, place in last.items() if d < depth} | {depth: at}
        return drawn

    def _text(self) -> str:
        lines = [f"{'  ' * node.depth}{node.label}: {node.note}" for node in self.nodes]
        return "\n".join([self.title, *lines])

    def _record(self) -> dict[str, Any]:
        digest = sha256(self._drawing().encode()).hexdigest()
        said = {"alt": self.alt, "caption": self.title, "mime": "image/svg+xml", "digest": digest}
        return said | {"claims": [one.record() for one in self.claims]}


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


def _text(x: float, y: float, text: str, *, size: int, fill: str, weight: int = 400) -> Markup:
    cut = text
    while cut and text_width(cut, size=size, bold=weight > 400) > WIDTH - x - EDGE:
        cut = cut[: max(len(cut) - 2, 0)]
    shown = text if cut == text else f"{cut.rstrip()}…"
    return Markup('<text x="{}" y="{}" font-size="{}px" font-weight="{}" fill="{}">{}</text>').format(
        x, y, size, weight, fill, shown
    )
