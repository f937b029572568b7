"""Pictures: one file inside the page, described in words, the same bytes for the same data."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO, StringIO
from math import cos, radians, sin
from re import DOTALL, findall, fullmatch, search, sub
from sys import modules
from typing import Any, ClassVar
from xml.etree import ElementTree

from markupsafe import Markup

from crmlib.present.blocks.base import Block
from crmlib.present.claims import Claim, claims_in
from crmlib.present.theme import SHOWN, text_width

SVG_BYTES = 150_000
"""A drawing heavier than this (a cloud of thousands of points) is turned into pixels."""

_PIXELS_AN_INCH = 96
_SHARPNESS = 2
_MARGIN = 0.08
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "crmlib",
    "figure.autolayout": False,
    "figure.constrained_layout.use": False,
}
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
        for name, value in values.items():
            object.__setattr__(self, name, value)
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
    with matplotlib.rc_context(_SETTINGS), _marked(figure):
        metadata = {"Date": None, "Creator": None}
        figure.savefig(
            buffer, format="svg", bbox_inches=_bounds(figure), pad_inches=_MARGIN, metadata=metadata
        )
    bare = _slim(buffer.getvalue().decode("utf-8"))
    width, height = _size(bare)
    svg = _embeddable(bare, width=width, height=height)
    return ("image/svg+xml", svg, width, height) if len(svg) <= SVG_BYTES else _pixels(figure)


def _bounds(figure) -> Any:
    """The part that is drawn on, with its margin, in inches; a picture that `finish` laid out is not drawn for that."""
    laid_out = type(figure.get_layout_engine()).__name__ == "PlaceHolderLayoutEngine"
    if not (laid_out and getattr(figure, "crmlib_own", False)):
        return "tight"
    from matplotlib.backends.backend_svg import RendererSVG

    figure.set_layout_engine(None)
    dpi, figure.dpi = figure.dpi, 72
    try:
        size = 72 * figure.get_figwidth(), 72 * figure.get_figheight()
        return figure.get_tightbbox(RendererSVG(*size, StringIO(), image_dpi=dpi)).padded(_MARGIN)
    finally:
        figure.dpi = dpi


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
        drawn, format="png", dpi=_PIXELS_AN_INCH * _SHARPNESS, bbox_inches="tight", pad_inches=_MARGIN
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
