"""Pictures: one file inside the page, described in words, the same bytes for the same data."""

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from re import DOTALL, search, sub
from sys import modules
from typing import Any, ClassVar

from markupsafe import Markup

from crmlib.present.blocks_base import Block
from crmlib.present.claims import Claim, claims_in

SVG_BYTES = 150_000
"""A drawing heavier than this (a cloud of thousands of points) is turned into pixels."""

_PIXELS_AN_INCH = 96
_SHARPNESS = 2


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
    Letters are drawn as outlines, so Chinese and Japanese ones show wherever the page is read. Up to
    `SVG_BYTES` the picture is SVG; a heavier one becomes a PNG of 256 colours at twice the size shown.

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
        page = Markup(
            '<figure class="crm-picture">'
            '<img alt="{}" width="{}" height="{}" src="data:{};base64,{}">{}</figure>'
        )
        data = b64encode(self.image).decode("ascii")
        return page.format(self.alt, self.width, self.height, self.mime, data, caption)

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
    with matplotlib.rc_context({"svg.fonttype": "path", "svg.hashsalt": "crmlib"}):
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", bbox_inches="tight", pad_inches=0.08, metadata=metadata)
    svg = _slim(buffer.getvalue().decode("utf-8"))
    if len(svg) <= SVG_BYTES:
        width, height = _size(svg)
        return "image/svg+xml", svg.encode("utf-8"), width, height
    return _pixels(figure)


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
