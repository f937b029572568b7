"""The frame that report and index pages share: one style, one script, one policy, no request."""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from numbers import Real
from pathlib import Path
from re import sub
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from crmlib.present.blocks.figures import NOT_KNOWN, is_known
from crmlib.present.numbers import date
from crmlib.schema.errors import CrmlibError

TEMPLATES = Path(__file__).parent / "templates"
"""Folder of template folders, as nbconvert wants it."""

PAGE_BYTES = 2_000_000
"""The most that one page may weigh."""

_LINKS = ("http://", "https://", "mailto:")


class HeavyPageError(CrmlibError):
    """A page weighs more than one may."""


@cache
def asset(name: str) -> Markup:
    """A style or script of the template folder, as it goes into the page."""
    text = (TEMPLATES / "crmlib" / name).read_text(encoding="utf-8").replace("\r\n", "\n").strip()
    return Markup(text)


@cache
def security_policy(*, opens: bool = False) -> str:
    """The Content-Security-Policy of every page: our one style, our script, pictures inside; `opens`: encrypted pages.

    Pages that are decrypted come under the policy of the page that holds them, so it allows the script of both.
    """
    style, *scripts = (_hash(asset(name)) for name in ("page.css", "page.js", *["opens.js"] * opens))
    rules = ["default-src 'none'", "img-src data:", f"style-src {style}", f"script-src {' '.join(scripts)}"]
    return "; ".join([*rules, "base-uri 'none'", "form-action 'none'"])


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def furnish(environment: jinja2.Environment) -> jinja2.Environment:
    """Give a template environment what every page needs, and make it escape."""
    environment.autoescape = True
    environment.undefined = jinja2.ChainableUndefined
    environment.globals |= {"asset": asset, "security_policy": security_policy}
    environment.filters |= {
        "date_words": date_words,
        "duration_words": duration_words,
        "known": _known,
        "safe_href": safe_href,
    }
    return environment


def _known(value: Any) -> Any:
    return value if is_known(value) and value != "" else NOT_KNOWN


@cache
def environment() -> jinja2.Environment:
    """The template environment of the index pages, made once."""
    loader = jinja2.FileSystemLoader(TEMPLATES / "crmlib")
    return furnish(jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True))


def date_words(moment: Any) -> str:
    """A day as it is spoken, in one form on all pages."""
    if not is_known(moment) or not str(moment):
        return NOT_KNOWN
    stamp = pd.to_datetime(str(moment), errors="coerce")
    return str(moment) if stamp is pd.NaT else date(stamp)


def duration_words(seconds: Any) -> str:
    """How long something took."""
    if not isinstance(seconds, Real) or not is_known(seconds):
        return NOT_KNOWN
    whole = round(float(seconds))
    if whole < 1:
        return "under 1 s"
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def safe_href(address: Any) -> str:
    """An address that may stand in a link: relative, http(s) or mail; anything else leads nowhere."""
    text = sub(r"[\x00-\x20]", "", str(address or ""))
    scheme, colon, _ = text.partition(":")
    if (
        "\\" in text
        or text.startswith("//")
        or (colon and "/" not in scheme and not text.lower().startswith(_LINKS))
    ):
        return "#"
    return text or "#"


def slug(text: str, taken: Mapping[str, Any] | set[str] = frozenset()) -> str:
    """A name for an anchor, made from a heading; a number keeps it apart from those already taken."""
    name = sub(r"[^\w]+", "-", text.lower()).strip("-_") or "section"
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken)


def check_size(html: str, *, name: str, limit: int = PAGE_BYTES) -> int:
    """The weight of a page in bytes, refused when it is too heavy to send around."""
    size = len(html.encode("utf-8"))
    if size > limit:
        raise HeavyPageError(
            f"{name} weighs {size:,} bytes, more than {limit:,}. Show fewer rows (DataTable(frame.head(9))), "
            "leave out a download (download=False) or draw fewer points."
        )
    return size
