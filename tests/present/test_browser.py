"""The pages as Chromium sees them: no request, no error, keyboard, phone, paper."""

import os
import shutil
from io import BytesIO

import pytest
from openpyxl import load_workbook

from crmlib.present.publish.html import notebook_to_html
from crmlib.present.publish.site import run_index, site_index
from tests.present.blocks.test_blocks import CANARIES, everywhere
from tests.present.pages_demo import CONTEXT, RUN, WORKSPACES, executed, notebook, reports

pytestmark = pytest.mark.browser

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ("segmentation", "index", "site", "hostile")


def missing(reason):
    """Skip, or fail where a browser is demanded."""
    if os.environ.get("CRMLIB_REQUIRE_BROWSER") == "1":
        pytest.fail(f"CRMLIB_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium")
    if not path:
        missing("no chromium: install it (apt-get install chromium) to test the pages in a browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("no playwright: install the extra crmlib[test]")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    hostile = notebook().copy()
    hostile["cells"] = [executed(block) for canary in CANARIES for block in everywhere(canary)]
    made = {
        "segmentation": notebook_to_html(notebook(), title="Customer segments", context=CONTEXT),
        "index": run_index(RUN, reports()),
        "site": site_index(WORKSPACES),
        "hostile": notebook_to_html(
            hostile, title=CANARIES[3], context=dict.fromkeys(CONTEXT, CANARIES[0]) | {"parameters": {}}
        ),
    }
    for name, html in made.items():
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def opener(browser, site):
    """How a page of the site is opened, and the contexts in which that was done."""
    contexts = []

    def open_page(name, **options):
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce", **options}
        )
        contexts.append(context)
        page = context.new_page()
        page.noise = []
        address = (site / f"{name}.html").as_uri()
        page.on("console", lambda message: page.noise.append(message.text))
        page.on("pageerror", lambda error: page.noise.append(str(error)))
        page.on("dialog", lambda dialog: (page.noise.append(dialog.message), dialog.dismiss()))
        page.on(
            "request",
            lambda request: (
                None
                if request.url == address or request.url.startswith("data:")
                else page.noise.append(request.url)
            ),
        )
        page.goto(address)
        return page

    return open_page, contexts


@pytest.fixture
def opened(opener):
    """Open a page of the site; every request, message and error is kept on it as `.noise`."""
    open_page, contexts = opener
    before = len(contexts)
    yield open_page
    for context in contexts[before:]:
        context.close()
    del contexts[before:]


@pytest.fixture(scope="module")
def lying_open(opener):
    """A page opened once for the tests that only read it."""
    open_page, contexts = opener
    pages = {}

    def page_of(name):
        if name not in pages:
            pages[name] = open_page(name)
            contexts.pop()
        return pages[name]

    yield page_of
    for page in pages.values():
        page.context.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_request_no_message_no_error(opened, name, scheme):
    page = opened(name, color_scheme=scheme)
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(100)
    assert page.noise == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_never_scrolls_sideways(opened, name):
    page = opened(name, viewport={"width": 390, "height": 844})
    for width in (390, 320, 820):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("window.innerWidth") == width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_no_table_scrolls_sideways_on_a_phone_and_a_row_unfolds(opened, name):
    page = opened(name, viewport={"width": 390, "height": 844})
    for table in page.locator("figure.crm-cards:visible").all():
        assert table.locator(".crm-scroll").evaluate("one => one.scrollWidth <= one.clientWidth")
        rows = table.locator("tbody tr:not([hidden])")
        below = rows.nth(0).locator("td[data-label]")
        assert below.count() and below.first.is_visible(), "the first card lies open"
        assert below.first.evaluate("one => getComputedStyle(one, '::before').content").strip('"')
        beside = (
            rows.nth(0)
            .locator("td:not([data-label])")
            .evaluate_all(
                "all => all.map(one => one.getBoundingClientRect()).every((one, i, all) => !i ||"
                " one.left >= all[i - 1].right - 1 || one.top >= all[i - 1].bottom - 1)"
            )
        )
        assert beside, "cells lie on each other"
        if rows.count() > 1:
            second, button = rows.nth(1).locator("td[data-label]").first, rows.nth(1).locator("button")
            assert not second.is_visible() and button.get_attribute("aria-expanded") == "false"
            button.click()
            assert second.is_visible() and button.get_attribute("aria-expanded") == "true"
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not page.locator(".crm-open:visible").count()


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_is_drawn_and_described(lying_open, name):
    page = lying_open(name)
    assert page.evaluate("Array.from(document.images).every(i => i.alt && i.complete && i.naturalWidth > 0)")
    drawings = page.locator("svg")
    assert all(drawings.nth(place).get_attribute("aria-label") for place in range(drawings.count()))


def column(table, number):
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({number})").all_inner_texts()


def test_a_table_sorts_by_click(opened):
    page = opened("segmentation")
    table = page.locator("figure.crm-table").nth(1)
    button = table.get_by_role("button", name="Days since last order")
    head = table.locator("th").nth(2)
    assert head.get_attribute("aria-sort") == "none"
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    falling = [int(text) for text in column(table, 3)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] > 180
    button.click()
    rising = [int(text) for text in column(table, 3)]
    assert rising == sorted(rising)
    assert head.get_attribute("aria-sort") == "ascending"
    table.get_by_role("button", name="Spend").click()
    assert head.get_attribute("aria-sort") == "none"
    money = [float(text.replace(",", "")) for text in column(table, 4)]
    assert money == sorted(money, reverse=True)


def test_a_table_sorts_by_keyboard_and_leaves_the_unknown_last(opened):
    page = opened("segmentation")
    table = page.locator("figure.crm-table").first
    table.get_by_role("button", name="Next visit").focus()
    page.keyboard.press("Enter")
    assert column(table, 8) == ["2018-01-01", "2018-01-03", "2018-01-08", "–"]
    page.keyboard.press("Space")
    assert column(table, 8) == ["2018-01-08", "2018-01-03", "2018-01-01", "–"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_long_table_folds_searches_and_counts_what_it_hides(opened):
    page = opened("segmentation")
    table = page.locator("figure.crm-table").nth(1)
    rows, status = table.locator("tbody tr:visible"), table.get_by_role("status")
    assert rows.count() == 15
    assert status.inner_text() == "15 of 100 rows shown, 85 hidden; 130 more rows in the download."
    table.get_by_role("button", name="Show all 100").click()
    assert rows.count() == 100
    table.get_by_role("button", name="Show only 15").click()
    table.get_by_role("searchbox").fill("  麺類 ")
    matching = int(status.inner_text().split()[0])
    assert 15 < matching < 100
    assert f"{matching} of 100 rows match, {matching - 15} of them hidden" in status.inner_text()
    assert all("麺類" in text for text in rows.all_inner_texts())
    table.get_by_role("searchbox").fill("nothing like it")
    assert rows.count() == 0
    table.get_by_role("searchbox").fill("")
    assert rows.count() == 15


def test_a_short_table_has_no_search(lying_open):
    table = lying_open("segmentation").locator("figure.crm-table").first
    assert table.get_by_role("searchbox").count() == 0
    assert table.get_by_role("status").inner_text() == "4 rows."


def test_the_header_stays_while_a_table_scrolls(opened):
    page = opened("segmentation")
    table = page.locator("figure.crm-table").nth(1)
    table.get_by_role("button", name="Show all 100").click()
    scroll = table.locator(".crm-scroll")
    scroll.evaluate("box => box.scrollTop = 900")
    gap = scroll.evaluate(
        "b => b.querySelector('th').getBoundingClientRect().top - b.getBoundingClientRect().top"
    )
    assert abs(gap) <= 2


def test_the_download_works_under_the_policy(opened):
    page = opened("segmentation")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as CSV").nth(1).click()
    assert waiting.value.suggested_filename == "call_list.csv"
    lines = waiting.value.path().read_bytes().decode("utf-8-sig").splitlines()
    assert len(lines) == 231
    assert lines[0].startswith("Household,Type,Days since last order,Spend in a year (USD)")
    assert page.noise == []


def test_the_workbook_downloads_and_opens(opened):
    page = opened("segmentation")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download as Excel").click()
    assert waiting.value.suggested_filename == "call_list.xlsx"
    book = load_workbook(BytesIO(waiting.value.path().read_bytes()))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 231 and rows[0][:2] == ("Household", "Type")
    assert book.sheetnames == ["Call list", "About"] and page.noise == []


def test_without_javascript_everything_is_there(opened):
    page = opened("segmentation", java_script_enabled=False)
    assert page.locator("figure.crm-table").nth(1).locator("tbody tr:visible").count() == 100
    assert page.get_by_text("The first 100 of 230 rows; 130 more rows in the download.").is_visible()
    assert page.locator("button").count() == 0
    assert page.get_by_role("heading", name="Limits", exact=True).is_visible()


def test_contents_stand_at_the_side_or_folded(opened):
    wide, narrow = opened("segmentation"), opened("segmentation", viewport={"width": 390, "height": 844})
    assert wide.locator("nav.contents").is_visible()
    assert not wide.locator(".contents-folded").is_visible()
    assert not narrow.locator("nav.contents").is_visible()
    narrow.locator(".contents-folded summary").click()
    narrow.get_by_role("link", name="Limits").click()
    assert narrow.evaluate("document.getElementById('limits').getBoundingClientRect().top") < 844


def test_the_section_being_read_is_marked(opened):
    page = opened("segmentation", viewport={"width": 1280, "height": 500})
    page.locator("nav.contents").get_by_role("link", name="Whom should we call first?").click()
    page.locator(".contents [aria-current]", has_text="Whom should we call first?").wait_for()
    assert page.locator(".contents [aria-current]").count() == 1


def test_reading_width_is_about_seventy_characters(lying_open):
    page = lying_open("segmentation")
    width = page.evaluate(
        """() => { const p = document.querySelector('.crm-prose p'), s = document.createElement('span');
        s.textContent = 'the quick brown fox jumps over a lazy dog and then it goes home again'; p.append(s);
        const w = s.getBoundingClientRect().width; const one = w / s.textContent.length;
        const all = p.parentElement.getBoundingClientRect().width; s.remove(); return all / one; }"""
    )
    assert 60 <= width <= 85


def test_paper_has_no_buttons_and_a_white_ground(opened):
    page = opened("segmentation", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for unwanted in (
        ".crm-search",
        ".crm-more",
        ".crm-download",
        "nav.contents",
        ".contents-folded",
        ".crumbs",
        ".skip",
    ):
        assert page.locator(unwanted).locator("visible=true").count() == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.querySelector('.crm-scroll')).overflow") == "visible"
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf


def test_dark_follows_the_reader_and_pictures_stay_on_a_light_card(opened):
    page = opened("segmentation", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.crm-picture svg')).backgroundColor")
        == "rgb(255, 255, 255)"
    )


def test_planted_code_never_runs(opened):
    page = opened("hostile")
    page.evaluate("document.querySelectorAll('thead button').forEach(button => button.click())")
    page.wait_for_timeout(100)
    assert page.noise == []
    assert page.locator("script").count() == 1


def test_links_of_the_index_lead_to_the_place(opened):
    page = opened("index")
    page.locator(".found a[href^='segmentation']").first.click()
    page.wait_for_url("**/segmentation.html#finding-*")
    assert page.locator("li:target").count() == 1
