"""An executed notebook to one self-contained page: blocks are shown, everything else is distrusted, and its frame."""

import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from numbers import Real
from pathlib import Path
from typing import Any

import jinja2
import mistune
import pandas as pd
from markupsafe import Markup, escape
from mistune.plugins.table import table as table_plugin

from crmlib.present.blocks.base import BLOCK_MIME
from crmlib.present.blocks.figures import NOT_KNOWN, is_known
from crmlib.present.claims import NUMBERS, STATE_WORDS, Fact, Family, claim, count, names, times
from crmlib.present.numbers import date
from crmlib.schema.errors import CrmlibError
from crmlib.schema.quantities import meaning_of
from crmlib.schema.states import DORMANT, LIFE_ORDER, LOST, LOST_TIMES, QUIET_TIMES

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
    text = re.sub(r"[\x00-\x20]", "", str(address or ""))
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
    name = re.sub(r"[^\w]+", "-", text.lower()).strip("-_") or "section"
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


_IMAGES = ("image/svg+xml", "image/png", "image/jpeg")
_IMAGE = Markup('<figure class="crm-picture"><img alt="{}" src="data:{};base64,{}"></figure>')
_PLAIN = Markup('<pre class="crm-plain">{}</pre>')
_REFUSED = Markup('<p class="crm-skipped"><strong>Left out:</strong> {}</p>')
_CODE = Markup('<details class="crm-code"><summary>Code</summary><pre><code>{}</code></pre></details>')


def notebook_to_html(nb, *, title: str, context: Mapping[str, Any], show_code: bool = False) -> str:
    """Turn an executed notebook into a page that needs nothing but itself."""
    resources = {
        "writer": ReportWriter(title=title),
        "title": title,
        "context": dict(context),
        "show_code": show_code,
    }
    html, _ = exporter().from_notebook_node(nb, resources=resources)
    return html


@cache
def exporter() -> Any:
    """nbconvert's exporter with the template of these pages, made once; nbconvert takes seconds to come up."""
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.preprocessors import TagRemovePreprocessor
    from traitlets.config import Config

    class ReportExporter(TemplateExporter):
        output_mimetype = "text/html"

        def _file_extension_default(self):
            return ".html"

        def _create_environment(self):
            made = furnish(super()._create_environment())
            made.trim_blocks = made.lstrip_blocks = True
            return made

    tags = {"remove_cell_tags": {"remove_cell"}, "remove_input_tags": {"remove_input"}}
    return ReportExporter(
        config=Config({"TagRemovePreprocessor": {"enabled": True, **tags}}),
        template_name="crmlib",
        template_file="index.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
        default_preprocessors=[TagRemovePreprocessor],
        optimistic_validation=True,
    )


class ReportWriter:
    """Writes the cells of one notebook, one after the other, and remembers its headings and words.

    `title`: The page's heading, which the notebook's own first heading repeats.
    """

    def __init__(self, *, title: str):
        self.headings: list[tuple[int, str, str]] = []
        self.words: list[str] = [title]
        self.counted: dict[str, list[tuple[str, str, str]]] = {}
        self.level = 1
        self.cell = 0

    def markdown(self, cell: Mapping[str, Any]) -> Markup:
        """Write a markdown cell; HTML in it is shown, not obeyed."""
        self.cell += 1
        source = _joined(cell.get("source", ""))
        self.words.append(source)
        renderer = _Renderer(self, cell.get("attachments", {}))
        html = mistune.Markdown(renderer, plugins=[table_plugin])(source)
        return Markup(html)

    def body(self, cells: Iterable[Mapping[str, Any]], *, show_code: bool = False) -> Markup:
        """Write all cells; a heading whose code shows nothing is left out, a section tagged `folded` is folded."""
        sections = [_Section()]
        for cell in cells:
            if cell.get("cell_type") == "markdown":
                known = len(self.headings)
                html = self.markdown(cell)
                begun = [anchor for level, anchor, _ in self.headings[known:] if level == 2]
                if begun:
                    folded = FOLDED in (cell.get("metadata") or {}).get("tags", ())
                    sections.append(_Section(heading=html, anchors=begun, folded=folded))
                else:
                    sections[-1].parts.append(html)
            elif cell.get("cell_type") == "code":
                sections[-1].asks = True
                hidden = (cell.get("metadata") or {}).get("transient", {}).get("remove_source")
                sections[-1].parts += [self.code(cell)] if show_code and not hidden else []
                sections[-1].parts.append(self.outputs(cell))
        silent = {anchor for section in sections if section.is_silent for anchor in section.anchors}
        self.headings = [heading for heading in self.headings if heading[1] not in silent]
        return Markup("\n").join(section.html() for section in sections if not section.is_silent)

    def code(self, cell: Mapping[str, Any]) -> Markup:
        """Write a cell's code, folded."""
        source = _joined(cell.get("source", "")).strip()
        return _CODE.format(source) if source else Markup("")

    def outputs(self, cell: Mapping[str, Any]) -> Markup:
        """Write what a cell shows: blocks as they are, anything else as text."""
        self.cell += 1
        return Markup("\n").join(self._output(output) for output in cell.get("outputs", []))

    def glossary(self) -> dict[str, str]:
        """The terms that were used, explained."""
        return terms_in("\n".join(self.words))

    def heading(self, html: str, level: int) -> Markup:
        """Write a heading below the page's own, without leaving a level out."""
        if level == 1 and not self.headings:
            return Markup("")
        self.level = min(max(level, 2), self.level + 1)
        text = Markup(html).striptags()
        anchor = slug(text, {name for _, name, _ in self.headings} | _TAKEN)
        self.headings.append((self.level, anchor, text))
        return Markup('<h{0} id="{1}">{2}</h{0}>\n').format(self.level, anchor, Markup(html))

    def _output(self, output: Mapping[str, Any]) -> Markup:
        kind = output.get("output_type")
        if kind == "error":
            where = f"cell {self.cell}: {output.get('ename', 'Error')}: {output.get('evalue', '')}"
            raise CrmlibError(f"The notebook ended in an error, so it is not published. {where}")
        if kind == "stream":
            return self._plain(output.get("text", "")) if output.get("name") == "stdout" else Markup("")
        return self._data(output.get("data", {}), output.get("metadata", {}))

    def _data(self, data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Markup:
        block = data.get(BLOCK_MIME)
        if isinstance(block, Mapping) and block.get("kind") and "text/html" in data:
            self.words.append(_joined(data.get("text/plain", "")))
            return self._marked(Markup(_joined(data["text/html"])), block)
        for mime in _IMAGES:
            if mime in data:
                return self._image(mime, data[mime], metadata)
        return self._plain(data.get("text/plain", ""))

    def _marked(self, html: Markup, block: Mapping[str, Any]) -> Markup:
        """A small mark at each statement whose numbers are counted, which leads to how they are."""
        for record in block.get("claims") or ():
            said, text = list(dict.fromkeys(quantities_of(record))), record["text"]
            begins, ends = ("<dt>", "</dt>") if block["kind"] == FIGURES else ("", "")
            label = text.removesuffix(f": {said[0][0]}") if said and begins else text
            found = f"{begins}{escape(label)}"
            if said and text not in self.counted and block["kind"] in MARKED and found + ends in html:
                self.counted[text] = said
                mark = str(_MARK.format(len(self.counted), str(claim("page-how"))))
                html = Markup(str(html).replace(found + ends, found + mark + ends, 1))
        return html

    def _image(self, mime: str, content: Any, metadata: Mapping[str, Any]) -> Markup:
        about = metadata.get(mime, {}) if isinstance(metadata.get(mime), Mapping) else {}
        alt = str(about.get("alt") or metadata.get("alt") or "").strip()
        if not alt:
            return _REFUSED.format(str(claim("page-picture-refused", cell=count(self.cell))))
        return _IMAGE.format(alt, mime, _as_base64(mime, _joined(content)))

    def _plain(self, text: Any) -> Markup:
        words = _joined(text).strip("\n")
        self.words.append(words)
        return _PLAIN.format(words) if words.strip() else Markup("")


FIGURES = "key_figures"
MARKED = ("answer", "findings", "prose", FIGURES)
"""The kinds of blocks whose statements carry a mark."""
_MARK = Markup('<a class="crm-how" href="#how-{}" aria-label="{}">i</a>')


def without_marks(page: str) -> str:
    """A page without the marks beside its statements."""
    return re.sub(r'<a class="crm-how" [^>]*>i</a>', "", page)


def quantities_of(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Of the numbers of a statement that name a quantity: as it is shown, what it is, and the quantity's name."""
    for fact in record.get("facts", {}).values():
        inner = fact["value"] if isinstance(fact["value"], list) else [fact["value"]]
        for one in inner:
            if isinstance(one, Mapping):
                yield from quantities_of(one if "facts" in one else {"facts": {"": one}})
        if fact["at"] and fact["kind"] in NUMBERS:
            seen = Fact(fact["value"], fact["kind"], unit=fact.get("unit", ""), shown=fact.get("shown"))
            yield seen.text(), meaning_of(fact["at"]), fact["at"]


FOLDED = "folded"
"""The tag of a heading's cell whose section, up to the next heading of its level, is folded on the page."""

_FOLDED = Markup(
    '<details class="crm-folded">\n<summary>{}</summary>\n<div class="body">\n{}\n</div>\n</details>'
)
_HEADING = re.compile(r"\s*(<h2 .*?</h2>)(.*)", re.DOTALL)


@dataclass(kw_only=True)
class _Section:
    """A heading and what stands under it."""

    heading: str = ""
    anchors: list[str] = field(default_factory=list)
    folded: bool = False
    asks: bool = False
    parts: list[Markup] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        """Whether there is a heading whose code shows nothing."""
        return bool(self.anchors) and self.asks and not "".join(self.parts).strip()

    def html(self) -> Markup:
        """The section, folded where it is told to be and begins with its heading."""
        begins = _HEADING.fullmatch(self.heading) if self.folded else None
        if not begins:
            return Markup("\n").join([self.heading, *self.parts])
        heading, rest = (Markup(part) for part in begins.groups())
        return _FOLDED.format(heading, Markup("\n").join([rest, *self.parts]))


_EXPLAINED = (
    *("80-20", "as-of", "basket", "best-seller", "class-a", "cohort", "concentration", "confidence"),
    *("control-group", "cost-to-serve", "credit-grade", "cross-sell", "customer-type", "decision-tree"),
    *(DORMANT, "extra-spend", "frequency", "future-contribution", "growth-potential", "household"),
    *("indicator", "interval", "lift", "log-loss", LOST, "loyalty", "many-small-trees", "margin", "median"),
    *("net-spend", "overdue-deal", "percentage-point", "recency", "repeat-sell", "revenue-at-risk"),
    *("plain-rule", "rows-set-aside", "segment", "separation", "small-neural-net", "stability", "state"),
    *("support", "up-sell", "value-score", "weighted-sum-of-the-figures", "won-back"),
)
_TERMS = Family("glossary-term", _EXPLAINED)
_MEANINGS = Family("glossary", _EXPLAINED, facts=("quiet", "late", "states", "one", "other"))


def terms_in(text: str) -> dict[str, str]:
    """The terms of the reports that a text uses, each with its plain explanation."""
    facts = {
        "quiet": times(QUIET_TIMES),
        "late": times(LOST_TIMES),
        "states": names(map(STATE_WORDS.term, LIFE_ORDER)),
        "one": STATE_WORDS.term(DORMANT),
        "other": STATE_WORDS.term(LOST),
    }
    found = {
        str(_TERMS.term(code)): code
        for code in _EXPLAINED
        if re.search(rf"\b{re.escape(str(_TERMS.term(code)))}s?\b", text, re.IGNORECASE)
    }
    return {term: str(_MEANINGS.claim(found[term], **facts)) for term in sorted(found, key=str.lower)}


_TAKEN = {"content", "contents", "counted", "words", "foot"}


class _Renderer(mistune.HTMLRenderer):
    def __init__(self, writer: ReportWriter, attachments: Mapping[str, Any]):
        super().__init__(escape=True)
        self._writer = writer
        self._attachments = attachments

    def heading(self, text, level, **attrs):
        return str(self._writer.heading(text, level))

    def link(self, text, url, title=None):
        return f'<a href="{escape(safe_href(url))}" rel="noopener noreferrer">{text}</a>'

    def image(self, text, url, title=None):
        alt = Markup(text).striptags()
        held = self._attachments.get(url.removeprefix("attachment:"), {})
        mime = next((mime for mime in _IMAGES if mime in held), None)
        if not alt or mime is None:
            return f"<em>{escape(alt or str(claim('page-picture-bare')))}</em>"
        data = _as_base64(mime, _joined(held[mime]))
        return str(Markup('<img alt="{}" src="data:{};base64,{}">').format(alt, mime, data))

    def table_cell(self, text, align=None, head=False):
        style = ' class="crm-num"' if align == "right" else ""
        return f'<th scope="col"{style}>{text}</th>\n' if head else f"<td{style}>{text}</td>\n"


def _as_base64(mime: str, content: str) -> str:
    from base64 import b64encode

    if mime == "image/svg+xml" and content.lstrip().startswith("<"):
        return b64encode(content.encode("utf-8")).decode("ascii")
    return "".join(content.split())


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(str(part) for part in text)


_SECRET_NAME = re.compile(
    r"password(?!_file)|passwd|passphrase|secret|token|(?:api|private|access)_?key|pseudonym_key(?!_file)|credential",
    re.IGNORECASE,
)
_BEFORE = r"(?:(?<=file://)|(?<![\w/+.\-]))"
_CLIMB = r"(?:\.\.(?:/\.\.)*)?"
_AFTER = r"(?![\w+\-])"
SHORTEST_SECRET = 8


def scrub_paths(value: Any, folders: Mapping[str, str]) -> Any:
    """A copy of nested lists, dicts and text in which each folder's path reads as its short name.

    A path that climbs to the root first (``../../srv/acme``) names the folder just as well.
    """
    names = {path: name for path, name in folders.items() if path.count("/") >= 1 and len(path) > 1}
    if not names:
        return value
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(_BEFORE + _CLIMB + "(" + "|".join(map(re.escape, longest_first)) + ")" + _AFTER)
    return _map_text(value, lambda text: pattern.sub(lambda match: names[match[1]], text))


def private_folders(**folders: Path) -> dict[str, str]:
    """The folders that a published page must not name: those given, and the user's home."""
    named = {str(path.resolve()): name for name, path in folders.items()}
    return {str(Path.home()): "~"} | named


def find_secrets(value: Any, environment: Mapping[str, str] | None = None) -> list[str]:
    """Names of environment variables whose secret value stands in the text of a notebook."""
    secrets = secret_values(os.environ if environment is None else environment)
    found = set()

    def look(text):
        found.update(name for name, secret in secrets.items() if secret in text)
        return text

    if secrets:
        _map_text(value, look)
    return sorted(found)


def secret_values(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of an environment that hold a secret, by their names."""
    return {
        name: secret
        for name, secret in environment.items()
        if _SECRET_NAME.search(name) and len(secret) >= SHORTEST_SECRET
    }


def _map_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        copy = type(value)()
        copy.update({change(key): _map_text(item, change) for key, item in value.items()})
        return copy
    if isinstance(value, list):
        return [_map_text(item, change) for item in value]
    return value
