"""Pictures: one file inside the page, described in words, the same bytes for the same data; trees as pictures."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from math import cos, radians, sin
from re import DOTALL, findall, fullmatch, search, sub
from sys import modules
from typing import Any, ClassVar
from xml.etree import ElementTree

from markupsafe import Markup

from crmlib.present.blocks.base import Block
from crmlib.present.blocks.tables import DataTable
from crmlib.present.claims import Claim, claim, claims_in, count, name
from crmlib.present.theme import GREY, INK, SEGMENT_COLOURS, SHOWN, SOFT, text_width

SVG_BYTES = 150_000
"""A drawing heavier than this (a cloud of thousands of points) is turned into pixels."""

_PIXELS_AN_INCH = 96
_SHARPNESS = 2
_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_LINES = "crm-lines-"
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_ROOT = {
    "xmlns": "http://www.w3.org/2000/svg",
    "font-family": SHOWN,
    "stroke-linejoin": "round",
    "stroke-linecap": "butt",
}
_INHERITED = {
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linejoin",
    "fill-opacity",
    "stroke-opacity",
    "font-size",
}


@dataclass(frozen=True, init=False)
class Picture(Block):
    """The picture that an Axes belongs to, with its alternative text; the figure is closed.

    Parameters
    ----------
    ax : matplotlib Axes
        With `ax.crmlib_alt`: kind of picture, what it compares, the main figures. Every `plot_*` sets it.
    caption : Claim or str, optional
        A line below the picture.

    Raises
    ------
    ValueError
        If the Axes has no alternative text.

    Notes
    -----
    Words are words: they can be selected and searched for, and are shown in the reader's own fonts. Up to
    `SVG_BYTES` the picture is SVG, part of the page; a heavier one becomes a PNG of 256 colours at twice the
    size shown.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure(figsize=(4, 3)).subplots()
    >>> ax.crmlib_alt = "Bars: 3 loyal and 5 new customers."
    >>> Picture(ax, caption="Customers by segment")
    Picture(Bars: 3 loyal and 5 new customers.)
    """

    kind: ClassVar[str] = "picture"
    alt: str
    caption: str | None
    mime: str
    image: bytes = field(repr=False)
    width: int
    height: int
    nothing: str
    claims: tuple[Claim, ...] = field(repr=False)

    def __init__(self, ax, *, caption=None):
        alt = str(getattr(ax, "crmlib_alt", "") or "").strip()
        if not alt:
            raise ValueError(
                "This picture has no alternative text: set ax.crmlib_alt, as the plot_* functions do."
            )
        figure = ax.get_figure(root=True)
        mime, image, width, height = _drawn(figure)
        values = {
            "alt": alt,
            "caption": None if caption is None else str(caption),
            "mime": mime,
            "image": image,
            "width": width,
            "height": height,
            "nothing": str(getattr(ax, "crmlib_nothing", "") or ""),
            "claims": tuple(claims_in(*getattr(ax, "crmlib_claims", ()), caption)),
        }
        for attribute, value in values.items():
            object.__setattr__(self, attribute, value)
        _close(figure)

    def __repr__(self):
        return f"Picture({self.alt})"

    def _html(self) -> str:
        if self.nothing:
            return Markup('<p class="crm-skipped">{}.</p>').format(self.nothing.rstrip("."))
        caption = Markup("<figcaption>{}</figcaption>").format(self.caption) if self.caption else ""
        return Markup('<figure class="crm-picture">{}{}</figure>').format(self._drawing(), caption)

    def _drawing(self) -> Markup:
        size = Markup('width="{}" height="{}"').format(self.width, self.height)
        if self.mime != "image/svg+xml":
            data = b64encode(self.image).decode("ascii")
            return Markup('<img alt="{}" {} src="data:{};base64,{}">').format(self.alt, size, self.mime, data)
        drawing = Markup(self.image.decode("utf-8").removeprefix("<svg"))
        return Markup('<svg role="img" aria-label="{}"{}').format(self.alt, drawing)

    def _text(self) -> str:
        return f"Picture: {self.alt}" + (f"\n{self.caption}" if self.caption else "")

    def _record(self) -> dict[str, Any]:
        digest = sha256(self.image).hexdigest()
        claims = [claim.record() for claim in self.claims]
        record = {"alt": self.alt, "caption": self.caption, "mime": self.mime, "digest": digest}
        return record | {"claims": claims}


def _drawn(figure) -> tuple[str, bytes, int, int]:
    import matplotlib

    buffer = BytesIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crmlib"}), _marked(figure):
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", bbox_inches="tight", pad_inches=0.08, metadata=metadata)
    bare = _slim(buffer.getvalue().decode("utf-8"))
    width, height = _size(bare)
    svg = _embeddable(bare, width=width, height=height)
    return ("image/svg+xml", svg, width, height) if len(svg) <= SVG_BYTES else _pixels(figure)


@contextmanager
def _marked(figure) -> Iterator[None]:
    """Every text tells the SVG how its lines are aligned, which matplotlib keeps to itself."""
    from matplotlib.text import Text

    before = {text: text.get_gid() for text in figure.findobj(Text)}
    try:
        for text in before:
            level = text.get_rotation() == 0 or text.get_rotation_mode() == "anchor"
            text.set_gid(f"{_LINES}{_ANCHORS[text._get_multialignment()]}" if level else None)
        yield
    finally:
        for text, gid in before.items():
            text.set_gid(gid)


def _embeddable(svg: str, *, width: int, height: int) -> bytes:
    """The drawing as a part of a page: no style that the page forbids, and no identifier of another picture's."""
    root = ElementTree.fromstring(svg)
    used = set(findall(r'url\(#([^)"]+)\)|xlink:href="#([^"]+)"', svg))
    prefix = f"p{sha256(svg.encode()).hexdigest()[:10]}-"
    names = {"".join(one): f"{prefix}{n}" for n, one in enumerate(sorted(used))}
    for lines in root.iter():
        anchor = lines.get("id", "").partition(_LINES)[2]
        if anchor:
            _aligned(lines, anchor)
    for mark in root.iter():
        _plain(mark, names)
    _lighten(root)
    root.attrib.update({"width": f"{width}", "height": f"{height}", **_ROOT})
    return ElementTree.tostring(root, encoding="unicode").encode()


def _aligned(lines: ElementTree.Element, anchor: str) -> None:
    """Lines of one text end, or have their middle, at the same place in whatever font they are shown."""
    for line in lines.iter(f"{_SVG}text"):
        style, turned = line.get("style", ""), line.get("transform", "")
        place = fullmatch(r"translate\((\S+) (\S+)\)(?: rotate\((\S+)\))?", turned)
        if place is None or anchor == "start":
            continue
        x, y, angle = float(place[1]), float(place[2]), float(place[3] or 0)
        size = float(search(r"font-size: ([\d.]+)px", style)[1])
        along = text_width(line.text or "", size=size, bold="font-weight: 700" in style)
        along *= 1 if anchor == "end" else 0.5
        x, y = x + along * cos(radians(angle)), y + along * sin(radians(angle))
        line.set("transform", f"translate({x:.2f} {y:.2f})" + (f" rotate({angle:g})" if angle else ""))
        line.set("style", f"{style}; text-anchor: {anchor}")


def _plain(mark: ElementTree.Element, names: dict[str, str]) -> None:
    mark.tag = mark.tag.removeprefix(_SVG)
    given = dict(mark.attrib)
    style = dict(part.split(": ", 1) for part in given.pop("style", "").split("; ") if part)
    style.pop("font-family", None)
    name = names.get(given.pop("id", ""))
    if (target := given.pop(f"{_XLINK}href", None)) is not None:
        given["href"] = f"#{names[target[1:]]}" if target.startswith("#") else target
    if "clip-path" in given:
        given["clip-path"] = f"url(#{names[given['clip-path'][5:-1]]})"
    if given.get("transform", "").startswith("rotate(-0 "):
        del given["transform"]
    for side in given.keys() & {"x", "y"}:
        given[side] = f"{float(given[side]):.2f}".rstrip("0").rstrip(".")
    mark.attrib.clear()
    mark.attrib.update({**({"id": name} if name else {}), **given, **style})


def _lighten(mark: ElementTree.Element) -> None:
    """Groups that say nothing go, and what all the children of a group say is said once."""
    children = []
    for child in mark:
        _lighten(child)
        if child.tag in ("style", "metadata") or (child.tag in ("g", "defs") and not len(child)):
            continue
        children.extend(child if child.tag == "g" and not child.attrib else [child])
    mark[:] = children
    if mark.tag == "g" and len(children) > 1:
        shared = set.intersection(*(set(child.attrib.items()) for child in children))
        for key, value in shared:
            if key in _INHERITED and key not in mark.attrib:
                mark.set(key, value)
                for child in children:
                    del child.attrib[key]


def _slim(svg: str) -> str:
    # Six decimals of a 72nd of an inch are noise: two keep the drawing and halve the file.
    def path(match):
        return 'd="' + sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[1]).strip() + '"'

    bare = sub(
        r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->",
        "",
        svg.replace("\r", ""),
        flags=DOTALL,
    )
    return sub(r">\s+<", "><", sub(r'(?<=\s)d="([^"]*)"', path, bare)).strip()


def _size(svg: str) -> tuple[int, int]:
    head = svg[: svg.index(">") + 1]
    points = [float(search(rf'\s{side}="([\d.]+)pt"', head)[1]) for side in ("width", "height")]
    return round(points[0] * _PIXELS_AN_INCH / 72), round(points[1] * _PIXELS_AN_INCH / 72)


def _pixels(figure) -> tuple[str, bytes, int, int]:
    from PIL import Image

    drawn, buffer = BytesIO(), BytesIO()
    figure.savefig(
        drawn, format="png", dpi=_PIXELS_AN_INCH * _SHARPNESS, bbox_inches="tight", pad_inches=0.08
    )
    with Image.open(drawn) as picture:
        flat = Image.new("RGB", picture.size, "white")
        flat.paste(picture, mask=picture.getchannel("A") if "A" in picture.getbands() else None)
    few = flat.quantize(colors=256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(buffer, format="PNG", optimize=True)
    return "image/png", buffer.getvalue(), flat.width // _SHARPNESS, flat.height // _SHARPNESS


def _close(figure) -> None:
    if "matplotlib.pyplot" in modules:
        modules["matplotlib.pyplot"].close(figure)


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

    `nodes` (sequence of Node): A node hangs on the nearest one before it that is less deep.
    `title`, `alt`: What the picture shows, above it; and what a screen reader says instead of it.
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
