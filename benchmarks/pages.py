"""Every page of published runs as a reader sees it: pictures at two widths, on paper, its budget, its accessibility.

    python benchmarks/pages.py reports/b2b/latest reports/retail/latest --out /tmp/seen
    pip install axe-playwright-python              # adds the violations that axe-core finds

For each page: a picture at 1280 and 390 pixels, a PDF, and one line of figures. Words, tables, pictures and screens
are counted outside what is folded; words of tables and pictures do not count. What exceeds the budget is marked *.
"""

import argparse
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

BUDGET = {"sentences": 3, "answer": 60, "words": 1_800, "tables": 5, "screens": 9.0, "axe": 0, "sideways": 0}
"""The most that a report may have; screens are of a phone, 390 by 844 pixels."""

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

FIGURES = """() => {
  const words = text => (text.match(/[^\\s–—·]+/g) || []).length;
  const seen = document.querySelector('#content').cloneNode(true);
  for (const away of seen.querySelectorAll('details, .contents, figure, script, svg, .crm-how')) away.remove();
  const answer = seen.querySelector('.crm-answer'), said = answer ? answer.textContent : '';
  const open = what => [...document.querySelectorAll('#content ' + what)].filter(one => !one.closest('details')).length;
  const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
  return {
    sentences: (said.match(/[.!?](?=\\s|$)/g) || []).length, answer: words(said), words: words(seen.textContent),
    tables: open('figure.crm-table'), pictures: open('figure.crm-picture'),
    screens: document.querySelector('#content').getBoundingClientRect().height / innerHeight,
    repeated: ids.length - new Set(ids).size, sideways: Math.max(0, document.documentElement.scrollWidth - innerWidth),
  };
}"""
"""Sentences and words of the answer, words of the page, tables and pictures, screens, and ids that stand twice."""


def axe_source(given: Path | None) -> str:
    """The program of axe-core: of a file, else of the package axe-playwright-python, else none."""
    if given is None and (found := find_spec("axe_playwright_python")) and found.origin:
        given = Path(found.origin).with_name("axe.min.js")
    return given.read_text(encoding="utf-8") if given else ""


def violations(page, axe: str) -> list[str]:
    """What axe-core finds on a page at the width that it has now, the first place of each."""
    if not axe:
        return []
    page.evaluate(f"{axe};undefined")
    found = page.evaluate("axe.run()")["violations"]
    return [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}" for one in found]


def seen(browser, page_file: Path, out: Path, axe: str) -> dict[str, float]:
    """The figures of a page; its pictures and its PDF are written into a folder."""
    context = browser.new_context(viewport=WIDE, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.screenshot(path=out / "1280.png", full_page=True)
    figures, found = {"kB": round(page_file.stat().st_size / 1000)}, violations(page, axe)
    page.pdf(path=out / "print.pdf", prefer_css_page_size=True)
    page.set_viewport_size(PHONE)
    page.screenshot(path=out / "390.png", full_page=True)
    found += violations(page, axe)
    figures |= page.evaluate(FIGURES) | ({"axe": len(found)} if axe else {})
    (out / "axe.txt").write_text("\n".join(found), encoding="utf-8")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    (out / "text.txt").write_text(page.inner_text("body"), encoding="utf-8")
    context.close()
    return figures


def line(name: str, figures: dict[str, float]) -> str:
    """A row of the table."""
    cells = [
        f"{value:.1f}" if isinstance(value, float) else str(value)
        for value in (figures[at] for at in figures)
    ]
    marks = ["*" if value > BUDGET.get(at, value) else "" for at, value in figures.items()]
    return (
        f"| {name} | " + " | ".join(f"{cell}{mark}" for cell, mark in zip(cells, marks, strict=True)) + " |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders with pages")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--axe", type=Path, help="axe.min.js")
    given = parser.parse_args()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sys.exit("playwright is missing: pip install crmlib[test]")
    axe, head = axe_source(given.axe), ""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        for run in given.runs:
            for page_file in sorted(run.resolve().rglob("*.html")):
                name = f"{run.parent.name if run.name == 'latest' else run.name}/{page_file.stem}"
                out = given.out / name
                out.mkdir(parents=True, exist_ok=True)
                figures = seen(browser, page_file, out, axe)
                if not head:
                    head = f"| page | {' | '.join(figures)} |"
                    print(head, "|" + " --- |" * (len(figures) + 1), sep="\n")
                print(line(name, figures), flush=True)
        browser.close()


if __name__ == "__main__":
    main()
