"""An executed notebook to one self-contained page: blocks are shown, everything else is distrusted."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import mistune
from markupsafe import Markup, escape
from mistune.plugins.table import table as table_plugin
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.preprocessors import TagRemovePreprocessor
from traitlets.config import Config

from crmlib.present.blocks_base import BLOCK_MIME
from crmlib.present.glossary import terms_in
from crmlib.present.page import TEMPLATES, furnish, safe_href, slug
from crmlib.schema.errors import CrmlibError

_IMAGES = ("image/svg+xml", "image/png", "image/jpeg")
_IMAGE = Markup('<figure class="crm-picture"><img alt="{}" src="data:{};base64,{}"></figure>')
_PLAIN = Markup('<pre class="crm-plain">{}</pre>')
_REFUSED = Markup('<p class="crm-skipped"><strong>Left out:</strong> {}</p>')
_CODE = Markup('<details class="crm-code"><summary>Code</summary><pre><code>{}</code></pre></details>')


def notebook_to_html(nb, *, title: str, context: Mapping[str, Any], show_code: bool = False) -> str:
    """Turn an executed notebook into a page that needs nothing but itself.

    Parameters
    ----------
    nb : NotebookNode
        Executed. It is not changed. Cells tagged `remove_cell` are left out, `remove_input` hides their code.
    title : str
        The heading of the page. A first heading of level 1 in the notebook gives way to it.
    context : dict
        What head and foot say; everything is optional: `workspace`, `workspace_title`, `as_of`, `data_up_to`,
        `run`, `question`, `notebook` (file name), `notebook_href`, `parameters` (dict), `crmlib` (version),
        `index_href`, `site_href`, `traps` (sentences about the tables used), `lang`.
    show_code : bool
        Whether each cell's code stands there, folded.

    Returns
    -------
    str
        HTML with one style, one script and a Content-Security-Policy that lets nothing else in.

    Raises
    ------
    CrmlibError
        If a cell ended in an error: nothing half done is published.

    Examples
    --------
    >>> import nbformat.v4 as v4
    >>> nb = v4.new_notebook(cells=[v4.new_markdown_cell("# A title\\n\\n## Who buys *most*?")])
    >>> page = notebook_to_html(nb, title="Customer segments", context={"workspace": "retail"})
    >>> '<h2 id="who-buys-most">Who buys <em>most</em>?</h2>' in page, "A title" in page
    (True, False)
    """
    resources = {
        "writer": ReportWriter(title=title),
        "title": title,
        "context": dict(context),
        "show_code": show_code,
    }
    html, _ = _exporter().from_notebook_node(nb, resources=resources)
    return html


class ReportExporter(TemplateExporter):
    """nbconvert's exporter with the template of these pages; `notebook_to_html` is its front door.

    Examples
    --------
    >>> ReportExporter().template_name
    'crmlib'
    """

    output_mimetype = "text/html"

    def __init__(self, **options):
        tags = {"remove_cell_tags": {"remove_cell"}, "remove_input_tags": {"remove_input"}}
        config = Config({"TagRemovePreprocessor": {"enabled": True, **tags}})
        options.setdefault("extra_template_basedirs", [str(TEMPLATES)])
        super().__init__(config=config, template_name="crmlib", template_file="index.html.j2", **options)

    def _file_extension_default(self):
        return ".html"

    def _create_environment(self):
        made = furnish(super()._create_environment())
        made.trim_blocks = made.lstrip_blocks = True
        return made


@cache
def _exporter() -> ReportExporter:
    return ReportExporter(default_preprocessors=[TagRemovePreprocessor], optimistic_validation=True)


class ReportWriter:
    """Writes the cells of one notebook, one after the other, and remembers its headings and words.

    Parameters
    ----------
    title : str
        The page's heading, which the notebook's own first heading repeats.

    Examples
    --------
    >>> writer = ReportWriter(title="Segments")
    >>> print(writer.markdown({"source": "## Who is *loyal*?"}), end="")
    <h2 id="who-is-loyal">Who is <em>loyal</em>?</h2>
    >>> writer.headings
    [(2, 'who-is-loyal', 'Who is loyal?')]
    """

    def __init__(self, *, title: str):
        self.headings: list[tuple[int, str, str]] = []
        self.words: list[str] = [title]
        self.level = 1
        self.cell = 0

    def markdown(self, cell: Mapping[str, Any]) -> Markup:
        """Write a markdown cell; HTML in it is shown, not obeyed.

        Parameters
        ----------
        cell : markdown cell

        Returns
        -------
        Markup

        Examples
        --------
        >>> print(ReportWriter(title="").markdown({"source": "2 <b>big</b>"}), end="")
        <p>2 &lt;b&gt;big&lt;/b&gt;</p>
        """
        self.cell += 1
        source = _joined(cell.get("source", ""))
        self.words.append(source)
        renderer = _Renderer(self, cell.get("attachments", {}))
        html = mistune.Markdown(renderer, plugins=[table_plugin])(source)
        return Markup(html)

    def code(self, cell: Mapping[str, Any]) -> Markup:
        """Write a cell's code, folded.

        Parameters
        ----------
        cell : code cell

        Returns
        -------
        Markup

        Examples
        --------
        >>> print(ReportWriter(title="").code({"source": "a < b"}))
        <details class="crm-code"><summary>Code</summary><pre><code>a &lt; b</code></pre></details>
        """
        source = _joined(cell.get("source", "")).strip()
        return _CODE.format(source) if source else Markup("")

    def outputs(self, cell: Mapping[str, Any]) -> Markup:
        """Write what a cell shows: blocks as they are, anything else as text.

        Parameters
        ----------
        cell : code cell

        Returns
        -------
        Markup

        Raises
        ------
        CrmlibError
            If the cell ended in an error.

        Examples
        --------
        >>> foreign = {"text/html": "<b>x</b>", "text/plain": "x < y"}
        >>> shown = {"output_type": "execute_result", "data": foreign}
        >>> print(ReportWriter(title="").outputs({"outputs": [shown]}))
        <pre class="crm-plain">x &lt; y</pre>
        """
        self.cell += 1
        return Markup("\n").join(self._output(output) for output in cell.get("outputs", []))

    def glossary(self) -> dict[str, str]:
        """The terms that were used, explained.

        Returns
        -------
        dict

        Examples
        --------
        >>> list(ReportWriter(title="Lift").glossary())
        ['Lift']
        """
        return terms_in("\n".join(self.words))

    def heading(self, html: str, level: int) -> Markup:
        """Write a heading below the page's own, without leaving a level out.

        Parameters
        ----------
        html : the heading, already HTML
        level : as the notebook has it

        Returns
        -------
        Markup
            Empty for the notebook's own title.

        Examples
        --------
        >>> writer = ReportWriter(title="Segments")
        >>> writer.heading("Segments", 1), print(writer.heading("Deep", 4), end="")
        <h2 id="deep">Deep</h2>
        (Markup(''), None)
        """
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
            return Markup(_joined(data["text/html"]))
        for mime in _IMAGES:
            if mime in data:
                return self._image(mime, data[mime], metadata)
        return self._plain(data.get("text/plain", ""))

    def _image(self, mime: str, content: Any, metadata: Mapping[str, Any]) -> Markup:
        about = metadata.get(mime, {}) if isinstance(metadata.get(mime), Mapping) else {}
        alt = str(about.get("alt") or metadata.get("alt") or "").strip()
        if not alt:
            return _REFUSED.format(
                f"a picture without a description (cell {self.cell}). End the cell with Picture(ax)."
            )
        return _IMAGE.format(alt, mime, _as_base64(mime, _joined(content)))

    def _plain(self, text: Any) -> Markup:
        words = _joined(text).strip("\n")
        self.words.append(words)
        return _PLAIN.format(words) if words.strip() else Markup("")


_TAKEN = {"content", "contents", "words", "foot"}


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
            return f"<em>{escape(alt or 'a picture without a description')}</em>"
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
