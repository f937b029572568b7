"""A notebook as a page: self-contained, distrustful, in order."""

import re
from base64 import b64encode
from copy import deepcopy
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from nbformat import v4

from crmlib.present import claims
from crmlib.present.blocks import Answer, DataTable, KeyFigure, KeyFigures, Prose
from crmlib.present.claims import claim, count, money
from crmlib.present.publish.html import (
    asset,
    check_size,
    date_words,
    notebook_to_html,
    safe_href,
    security_policy,
    terms_in,
)
from crmlib.present.run.verify import MismatchError, _check_words
from crmlib.schema.errors import CrmlibError
from tests.present.blocks.test_blocks import CANARIES, Tags, everywhere
from tests.present.pages_demo import CONTEXT, executed, notebook


def page_of(*cells, show_code=False, context=None, title="Customer segments"):
    nb = v4.new_notebook(cells=list(cells))
    return notebook_to_html(
        nb, title=title, context=CONTEXT if context is None else context, show_code=show_code
    )


def output(kind, **fields):
    return v4.new_code_cell("code", outputs=[v4.new_output(kind, **fields)])


def shown(data, metadata=None):
    return output("display_data", data=data, metadata=metadata or {})


@pytest.fixture(scope="module")
def page():
    return notebook_to_html(notebook(), title="Customer segments", context=CONTEXT)


def test_the_policy_lets_in_this_style_and_this_script_only(page):
    policy = unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    assert policy == security_policy()
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_nothing_is_fetched_and_no_style_or_handler_stands_in_a_tag(page):
    tags = Tags(page).seen
    assert not [
        attrs for _, attrs in tags if "style" in attrs or any(name.startswith("on") for name in attrs)
    ]
    assert all(attrs["src"].startswith("data:") for _, attrs in tags if "src" in attrs)
    assert [attrs["href"][:5] for tag, attrs in tags if tag == "link"] == ["data:"]
    assert [tag for tag, _ in tags].count("style") == [tag for tag, _ in tags].count("script") == 1
    assert "@import" not in page
    assert "url(" not in asset("page.css")


def test_headings_never_leave_out_a_level_and_there_is_one_title(page):
    levels = [int(tag[1]) for tag, _ in Tags(page).seen if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_levels_left_out_in_a_notebook_are_closed_up():
    html = page_of(v4.new_markdown_cell("# Title\n### Deep\n##### Deeper\n# Again"))
    assert re.findall(r"<(h\d) id=\"(?:deep|deeper|again)\">", html) == ["h2", "h3", "h2"]


def test_the_contents_lead_to_every_question(page):
    anchors = re.findall(r'<h2 id="([^"]+)">', page.split("<footer")[0])
    for part in (page.split('class="contents"')[1], page.split('class="contents-folded"')[1]):
        assert re.findall(r'<li><a href="#([^"]+)"', part)[: len(anchors)] == anchors
    assert len(anchors) == 4


def test_ids_are_not_given_twice():
    html = page_of(v4.new_markdown_cell("# T\n## Words\n## Words\n## Content\n## Who?\n## Who?"))
    ids = [attrs["id"] for _, attrs in Tags(html).seen if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_head_and_foot_say_whose_when_and_how(page):
    foot = page.split("<footer")[1]
    for word in (
        "Complete Journey",
        "31 December 2017",
        "2018-01-02T0700",
        "03_segmentation.ipynb",
        "seed = 0",
        "0.1.0",
    ):
        assert word in foot
    assert '<html lang="en">' in page
    assert '<a href="../../index.html">All workspaces</a>' in page
    assert CONTEXT["question"] in page


def test_a_page_knows_nothing_and_says_so():
    html = page_of(context={})
    assert "not known" in html
    assert "None" not in html
    assert "Undefined" not in html


def test_the_glossary_explains_the_words_that_stand_on_the_page(page):
    foot = page.split("<footer")[1]
    assert terms_in("Separation")["Separation"] in foot
    assert "Separation" not in page_of(executed(Answer("Lift is 3.")))
    assert terms_in("Lift")["Lift"] in page_of(executed(Answer("Lift is 3."))).replace("&#39;", "'")


def test_a_mark_at_a_number_leads_to_how_it_is_counted_and_is_no_word_of_its_sentence(tmp_path):
    late, stake = count(16, at="customers.late_buying"), money(1000, "EUR", at="sales.late_buying")
    said = claim("value-answer-first-late", late=late, stake=stake)
    figure = KeyFigure(
        claim("list-quoted", name=claims.name("<b>Late</b>")), count(17, at="customers.late[segment:x]")
    )
    bare = claim("list-quoted", name=claims.name("tea"))
    cells = [executed(Answer(said, bare)), executed(KeyFigures(figure)), executed(Prose(said, bare))]
    page = page_of(*cells, context=CONTEXT | {"counted": [("orders", "1,234")]})
    main, foot = page.split("<footer")
    marks = re.findall(r'<a class="crm-how" href="#(how-\d+)" aria-label="How this is counted">i</a>', main)
    assert marks == ["how-1", "how-2"], (
        "a statement that stands twice is marked once, one without a quantity never"
    )
    assert re.search(r"<dt>“&lt;b&gt;Late&lt;/b&gt;”<a class=\"crm-how\"", main)
    told = dict(re.findall(r'<div id="(how-\d+)">(.*?)</div>', foot))
    assert list(told) == marks and "orders (1,234 rows)" in foot
    assert (
        "<b>16</b>: late customers who still buy by their state <code>customers.late_buying</code>"
        in told["how-1"]
    )
    assert "<code>customers.late[segment:x]</code>" in told["how-2"]
    assert "crm-counted" not in page_of(executed(Prose(bare))).split("<footer")[1]
    (tmp_path / "page.html").write_text(page)
    record = {"reports": [{"href": "page.html", "answer": f"{said} {said}", "findings": []}]}
    with pytest.raises(MismatchError, match="without that sentence"):
        _check_words(tmp_path, record)
    record["reports"][0]["answer"] = f"{said} {bare}"
    _check_words(tmp_path, record)


def test_a_share_stands_below_as_it_stands_above():
    parts = claims.shares([1, 1, 1], at=[f"sales.share[{one}]" for one in "abc"])
    said = claim("list-quoted", name=claims.names(parts))
    foot = page_of(executed(Prose(said))).split("<footer")[1]
    assert re.findall(r"<dd><b>(\d+)", foot) == ["34", "33", "33"]


def test_code_is_hidden_until_it_is_asked_for():
    cells = [v4.new_code_cell("a < 1"), v4.new_code_cell("secret", metadata={"tags": ["remove_input"]})]
    assert "a &lt; 1" not in page_of(*cells)
    with_code = page_of(*cells, show_code=True)
    assert "<summary>Code</summary><pre><code>a &lt; 1</code></pre>" in with_code
    assert "secret" not in with_code


def test_removed_cells_are_gone():
    cell = executed(Answer("Not for everyone."))
    cell.metadata["tags"] = ["remove_cell"]
    assert "Not for everyone" not in page_of(cell, show_code=True)


def test_an_error_is_not_published():
    with pytest.raises(CrmlibError, match=r"cell 1: KeyError: 'x'"):
        page_of(output("error", ename="KeyError", evalue="'x'", traceback=["…"]))


def test_foreign_html_is_shown_as_text():
    html = page_of(shown({"text/html": "<b>bold</b><script>alert(1)</script>", "text/plain": "<b>plain"}))
    assert '<pre class="crm-plain">&lt;b&gt;plain</pre>' in html
    assert "alert(1)" not in html


@pytest.mark.parametrize("record", [{}, "text", None, {"kind": ""}])
def test_html_is_not_trusted_for_a_record_that_is_none(record):
    html = page_of(shown({"text/html": "<b>bold</b>", "application/vnd.crmlib+json": record}))
    assert "<b>bold</b>" not in html


def test_only_what_was_printed_is_shown_of_the_streams():
    assert "printed" in page_of(output("stream", name="stdout", text="printed"))
    assert "warned" not in page_of(output("stream", name="stderr", text="warned"))


def test_pictures_need_words():
    picture = {"image/png": "aGVsbG8=\n"}
    assert "a picture without a description (cell 1)" in page_of(shown(picture))
    assert "aGVsbG8=" not in page_of(shown(picture))
    assert '<img alt="Two &lt;bars&gt;" src="data:image/png;base64,aGVsbG8=">' in page_of(
        shown(picture, {"image/png": {"alt": "Two <bars>"}})
    )
    assert "data:image/svg+xml;base64,PHN2Zy8+" in page_of(
        shown({"image/svg+xml": "<svg/>"}, {"alt": "Nothing"})
    )


@pytest.mark.parametrize("canary", CANARIES)
def test_canaries_in_every_place_leave_the_page_as_it_is(canary):
    def made(text):
        cells = [executed(block) for block in everywhere(text)]
        cells += [
            shown({"text/plain": text}),
            output("stream", name="stdout", text=text),
            v4.new_code_cell(text),
        ]
        context = {**dict.fromkeys(CONTEXT, text), "parameters": {text: text}, "traps": [text], "lang": text}
        return Tags(page_of(*cells, context=context, title=text, show_code=True)).seen

    harmless = made("plain")
    assert [(tag, sorted(attrs)) for tag, attrs in made(canary)] == [
        (tag, sorted(attrs)) for tag, attrs in harmless
    ]
    hrefs = [attrs.get("href", "") for tag, attrs in made(canary) if tag == "a"]
    assert not [href for href in hrefs if href.lower().lstrip().startswith("javascript")]


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[click](javascript:alert(1))",
        "[click](data:text/html,<script>alert(1)</script>)",
        "![x](https://evil.example/pixel.png)",
        "![x](x.png)",
        '# <svg onload="alert(1)">\n## <svg onload="alert(1)">',
        "|a|b|\n|:-|-:|\n|<script>1</script>|2|",
        "```html\n<script>alert(1)</script>\n```",
    ],
)
def test_markdown_cells_cannot_bring_tags_requests_or_styles(source):
    tags = Tags(page_of(v4.new_markdown_cell(source), context={})).seen
    assert [tag for tag, _ in tags].count("script") == 1
    assert not [tag for tag, _ in tags if tag in ("img", "svg")]
    assert not [
        attrs for _, attrs in tags if "style" in attrs or any(name.startswith("on") for name in attrs)
    ]
    assert not [
        attrs
        for tag, attrs in tags
        if tag == "a" and attrs["href"].startswith(("javascript", "data:text/html"))
    ]


def test_markdown_tables_links_and_attached_pictures_work():
    cell = v4.new_markdown_cell("|a|n|\n|-|-:|\n|x|2|\n\n[more](notes.html) ![Two bars](attachment:b.png)")
    cell["attachments"] = {"b.png": {"image/png": "aGVsbG8="}}
    html = page_of(cell)
    assert '<td class="crm-num">2</td>' in html
    assert '<a href="notes.html" rel="noopener noreferrer">more</a>' in html
    assert '<img alt="Two bars" src="data:image/png;base64,aGVsbG8=">' in html


def test_the_notebook_is_not_changed_and_the_page_is_the_same_again():
    nb = deepcopy(notebook())
    first = notebook_to_html(nb, title="x", context=CONTEXT)
    assert nb == notebook()
    assert first == notebook_to_html(nb, title="x", context=CONTEXT)


def test_text_that_came_in_lines_is_joined():
    cell = executed(Prose("One line."))
    cell.outputs[0].data["text/html"] = ["<p>One ", "line.</p>"]
    assert "<p>One line.</p>" in page_of(cell)


def test_a_page_too_heavy_is_refused_with_advice(page):
    assert 50_000 < check_size(page, name="segmentation.html") < 1_000_000
    with pytest.raises(CrmlibError, match="Show fewer rows"):
        check_size(page, name="segmentation.html", limit=1_000)


@pytest.mark.parametrize(
    ("address", "href"),
    [
        ("a/b.html#x", "a/b.html#x"),
        ("../index.html", "../index.html"),
        ("https://example.org", "https://example.org"),
        ("JaVaScRiPt:alert(1)", "#"),
        ("java\tscript:alert(1)", "#"),
        (" javascript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("vbscript:x", "#"),
        ("//evil.example", "#"),
        ("/\\evil.example", "#"),
        ("\\\\evil.example", "#"),
        (None, "#"),
    ],
)
def test_links_lead_nowhere_dangerous(address, href):
    assert safe_href(address) == href


def test_dates_that_are_none_are_left_as_they_were_written():
    assert date_words("latest") == "latest"


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("ground", ["paper", "tint"])
def test_text_has_the_contrast_that_wcag_aa_asks_for(scheme, ground):
    blocks = re.findall(r":root \{(.*?)\}", asset("page.css"), re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", blocks[scheme]))
    for name in ("ink", "soft", "link", "good", "bad"):
        assert contrast(colours[name], colours[ground]) >= 4.5, name
    assert contrast(colours["focus"], colours[ground]) >= 3


def test_the_template_folder_is_one_that_nbconvert_knows():
    folder = Path(__file__).parents[3] / "crmlib" / "present" / "publish" / "templates" / "crmlib"
    assert {"conf.json", "index.html.j2"} <= {file.name for file in folder.iterdir()}


def heading(text, *tags):
    return v4.new_markdown_cell(text, metadata={"tags": list(tags)})


def test_a_tagged_section_is_folded_up_to_the_next_heading_of_its_level():
    page = page_of(
        heading("## Who buys?"),
        executed(Prose("Few do.")),
        heading("## How it was computed", "folded"),
        executed(Prose("By counting.")),
        heading("### Ways tried"),
        executed(Prose("Two ways.")),
        heading("## What next?"),
        executed(Prose("Call them.")),
    )
    (folded,) = re.findall(r'<details class="crm-folded">(.*?)</details>', page, re.DOTALL)
    assert re.match(r'\s*<summary><h2 id="how-it-was-computed">How it was computed</h2></summary>', folded)
    assert "By counting." in folded and "Two ways." in folded
    assert "Few do." not in folded and "Call them." not in folded
    contents = re.search(r'<nav class="contents".*?</nav>', page, re.DOTALL)[0]
    assert re.findall('href="#([^"]*)"', contents) == ["who-buys", "how-it-was-computed", "what-next"]
    assert ".crm-folded::details-content" in asset("page.css").split("@media print")[1]


def test_the_tag_folds_nothing_where_no_heading_begins():
    assert 'crm-folded">' not in page_of(heading("Some words.", "folded"), executed(Prose("Few do.")))


def test_a_question_that_no_cell_answers_is_not_asked():
    page = page_of(
        heading("## Who buys?"),
        executed(Prose("Few do.")),
        heading("## Who plans?"),
        v4.new_code_cell("nothing"),
        heading("## How it was computed", "folded"),
        v4.new_code_cell("nothing"),
    )
    assert "Who plans?" not in page and 'crm-folded">' not in page
    assert "Who buys?" in page


def page_budget(html: str) -> tuple[int, int]:
    """Words and tables of a page's main part, outside what is folded.

    Words in the cells of tables and in pictures are not counted: tables and pictures are.
    """
    reader = _Reader()
    reader.feed(html)
    return len(" ".join(reader.texts).split()), reader.tables


class _Reader(HTMLParser):
    """Reads what stands in main; what is in an element that is passed over is not read."""

    passed_over = ("details", "table", "svg", "script", "style")

    def __init__(self):
        super().__init__()
        self.texts: list[str] = []
        self.tables = self._within = self._over = 0

    def handle_starttag(self, tag, attrs):
        self._within += tag == "main"
        self.tables += tag == "table" and self._within > 0 and self._over == 0
        self._over += tag in self.passed_over

    def handle_endtag(self, tag):
        self._within -= tag == "main"
        self._over -= tag in self.passed_over

    def handle_data(self, data):
        if self._within > 0 and self._over == 0:
            self.texts.append(data)


def test_the_budget_counts_what_stands_outside_the_folded_part():
    table = executed(DataTable(pd.DataFrame({"n": [1, 2]}), name="n", caption="Two numbers"))
    cells = [heading("## Who buys?"), executed(Prose("one two three four")), table]
    more = executed(Prose("five six seven"))
    bare = page_budget(page_of(*cells))
    assert bare == page_budget(
        page_of(*cells, heading("## How it was computed", "folded"), more, deepcopy(table))
    )
    assert bare[1] == 1
    assert page_budget(page_of(*cells, more)) == (bare[0] + 3, 1)
    assert page_budget(page_of(*cells, deepcopy(table)))[1] == 2


def test_paper_keeps_every_identifier():
    frame = pd.DataFrame({"customer_id": ["K-ABCDEFGHIJKL", "K-BCDEFGHIJKLM"]})
    page = page_of(executed(DataTable(frame, name="ids", caption="Customers")))
    (worn, _) = re.findall(r'<td[^>]* class="([^"]*)">K-', page)
    paper = asset("page.css").split("@media print")[1]
    hidden = re.findall(r"([^{}]*)\{ display: none !important; \}", paper)
    unseen = set(re.findall(r"\.([\w-]+)", " ".join(hidden)))
    assert worn == "crm-id" and "crm-code" in unseen
    assert not {worn, "crm-num", "crm-date", "crm-text", "crm-folded"} & unseen
