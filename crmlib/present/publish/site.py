"""The index of a run and the index of all workspaces: what a manager needs in ten seconds."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from numbers import Real
from typing import Any

from markupsafe import Markup

from crmlib.present.blocks.figures import NOT_KNOWN, figure_cell, is_known, shown_number, with_unit
from crmlib.present.claims import Claim, Fact, claim, name, share
from crmlib.present.publish.html import date_words, environment
from crmlib.present.publish.manifest import index_figures, reader_notes
from crmlib.present.publish.publish import CHANGES_REPORT, HEALTH_REPORT, WORKLIST_REPORT, found_in_turn
from crmlib.schema.audiences import DEFAULT

_WIDTH, _HEIGHT, _EDGE = 120, 28, 3
_LONGEST = 24


def earlier(record: Mapping[str, Any], figures: Iterable[Mapping[str, Any]]) -> Real | None:
    """The value that the same figure had in another run: same label, same unit."""
    for figure in figures:
        same = all((figure.get(key) or "") == (record.get(key) or "") for key in ("label", "unit", "report"))
        if same and _is_number(figure.get("value")):
            return figure["value"]
    return None


def past_values(record: Mapping[str, Any], runs: Iterable[Iterable[Mapping[str, Any]]]) -> list[Real | None]:
    """The values of a figure in earlier runs, oldest first."""
    return [earlier(record, figures) for figures in runs]


def change_note(record: Mapping[str, Any], previous: Iterable[Mapping[str, Any]]) -> Markup:
    """The change since the last published run, with its direction in a sign and a word."""
    before, now = earlier(record, previous), record.get("value")
    if before is None or not _is_number(now):
        return Markup("")
    if now == before:
        return Markup('<dd class="crm-change">no change</dd>')
    up = now > before
    better = record.get("better")
    verdict = "" if better not in ("higher", "lower") else "good" if up == (better == "higher") else "bad"
    said = {"good": ", better", "bad": ", worse", "": ""}[verdict]
    note = Markup('<dd class="crm-change{}"><span aria-hidden="true">{}</span> {}{}</dd>')
    unseen = Markup('<span class="unseen">{}</span>').format(said) if said else ""
    amount = _difference(now - before, before, str(record.get("unit") or ""))
    words = f"{amount} {'more' if up else 'less'}"
    return note.format(f" {verdict}" if verdict else "", "▲" if up else "▼", words, unseen)


def _difference(change: Real, before: Real, unit: str) -> str:
    size = abs(change)
    if unit == "%":
        return with_unit(_short(size), "points")
    if unit == "days" or not before:
        return with_unit(_short(size), unit)
    percent = 100 * size / abs(before)
    return "under 0.1 %" if percent < 0.1 else f"{_short(percent)} %"


def _short(number: Real) -> str:
    return shown_number(float(f"{number:.2g}") if number < 100 else round(number))


def sparkline(values: Sequence[Any], *, label: str | None = None, what: str = "runs") -> Markup:
    """A small line of a figure's history, the newest at its end."""
    recent = list(values)[-_LONGEST:]
    known = [(place, float(value)) for place, value in enumerate(recent) if _is_number(value)]
    if len(known) < 2:
        return Markup("")
    low, high = min(value for _, value in known), max(value for _, value in known)
    across = (_WIDTH - 2 * _EDGE) / max(len(recent) - 1, 1)
    up = (_HEIGHT - 2 * _EDGE) / (high - low) if high > low else 0
    middle = 0 if high > low else (_HEIGHT - 2 * _EDGE) / 2
    points = [
        (round(_EDGE + place * across, 1), round(_HEIGHT - _EDGE - middle - (value - low) * up, 1))
        for place, value in known
    ]
    said = f"{label or 'History'}, {len(known)} {what}: " + ", ".join(
        shown_number(value) for _, value in known
    )
    drawing = Markup(
        '<dd class="crm-history"><svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.5"/></svg></dd>'
    )
    line = " ".join(f"{x},{y}" for x, y in points)
    return drawing.format(_WIDTH, _HEIGHT, _WIDTH, _HEIGHT, said, line, *points[-1])


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and is_known(value)


_MOST_FIGURES = 6
_MOST_FINDINGS = 5


def run_index(run: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> str:
    """The index page of one run."""
    reports = list(reports or [])
    done = [report for report in reports if report.get("status", "done") == "done"]
    values = {name: run.get(name) for name in ("as_of", "data_up_to", "currency", "run", "seconds", "crmlib")}
    title = run.get("title") or run.get("workspace") or "Workspace"
    return (
        environment()
        .get_template("run_index.html.j2")
        .render(
            **values,
            lang=run.get("lang") or "en",
            title=title,
            own_numbers=reader_notes(run.get("audience") or DEFAULT, pseudonyms=run.get("pseudonyms", True)),
            page_title=f"{title} · reports",
            workspace=run.get("workspace"),
            parameters=run.get("parameters"),
            site_href=run.get("site_href"),
            figures=_figures(run, done),
            compared=_compared(run, done),
            work=_work(done),
            changed=_changed(done),
            findings=_findings(done),
            cards=[_card(report) for report in reports if report.get("status", "done") != "skipped"],
            health=_health(run, done),
            skipped=_skipped(reports),
            missing_tables=list(run.get("missing_tables") or []),
        )
    )


def site_index(workspaces: Iterable[Mapping[str, Any]]) -> str:
    """The index page over all workspaces."""
    shown = [_workspace(workspace) for workspace in workspaces or []]
    page = environment().get_template("site_index.html.j2")
    return page.render(lang="en", page_title="Customer reports", workspaces=shown)


def _figures(run, done) -> list[str]:
    current = _key_figures(run) or index_figures(done)
    previous = _key_figures(run.get("previous") or {})
    history = [_key_figures(past) for past in run.get("history") or [] if past.get("run") != run.get("run")]
    cells = []
    for record in current[:_MOST_FIGURES]:
        if record.get("history"):
            more = sparkline(record["history"], label=record.get("label"), what="periods")
        else:
            past = [*past_values(record, [*history] or [previous]), record.get("value")]
            more = change_note(record, previous) + sparkline(past, label=record.get("label"))
        cells.append(figure_cell(record, more=more))
    return cells


def _key_figures(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(run.get("key_figures") or [])


def _blocks(report: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [block for block in report.get("blocks") or [] if block.get("kind") == kind]


def _compared(run, done) -> str:
    of_time = [str(block["says"]) for report in done for block in _blocks(report, "key_figures")
               if block.get("index") and block.get("says")]  # fmt: skip
    if of_time:
        return of_time[0]
    previous = run.get("previous")
    if not previous:
        return str(claim("page-compared-first"))
    when = date_words(previous.get("as_of"))
    if when == NOT_KNOWN:
        return str(claim("page-compared"))
    same = "yes" if when == date_words(run.get("as_of")) else "no"
    earlier_run = name(previous.get("run") or "")
    return str(claim("page-compared-run", run=earlier_run, when=name(when), same=name(same)))


def _findings(done) -> list[dict[str, Any]]:
    by_report = [_found(report) for report in found_in_turn(done)]
    in_turn = chain.from_iterable(zip_longest(*by_report))
    return [finding for finding in in_turn if finding][:_MOST_FINDINGS]


def _work(done) -> dict[str, Any]:
    """The largest of each kind of what is to be done, and where the list is."""
    report = next((report for report in done if report.get("name") == WORKLIST_REPORT), {})
    found = _found(report)
    return {"found": found, "href": report.get("href"), "title": report.get("title")} if found else {}


def _changed(done) -> dict[str, Any]:
    """What is different and why, in the sentences of the report about it, and where the rest is."""
    report = next((report for report in done if report.get("name") == CHANGES_REPORT), {})
    said = [sentence for block in _blocks(report, "answer") for sentence in _sentences(block)]
    return {"said": said[:3], "href": report.get("href"), "title": report.get("title")} if said else {}


def _found(report) -> list[dict[str, Any]]:
    href, title = report.get("href") or "", report.get("title") or report.get("name") or "Report"
    found = []
    for block in _blocks(report, "findings"):
        sentences = block.get("sentences") or []
        for sentence, anchor in zip_longest(sentences, (block.get("anchors") or [])[: len(sentences)]):
            place = f"{href}#{anchor}" if href and anchor else href
            found.append({"text": sentence, "href": place, "title": title})
    return found


def _card(report) -> dict[str, Any]:
    answers = [sentence for block in _blocks(report, "answer") for sentence in _sentences(block)]
    return {
        "title": report.get("title") or report.get("name") or "Report",
        "question": report.get("question"),
        "href": report.get("href"),
        "seconds": report.get("seconds"),
        "failed": report.get("status") == "failed",
        "reused": bool(report.get("reused")),
        "reason": report.get("reason") or str(claim("page-see-log")),
        "answer": answers[0] if answers else "",
    }


def _sentences(block) -> list[str]:
    return list(block.get("sentences") or ([block["text"]] if block.get("text") else []))


def _health(run, done) -> dict[str, Any]:
    read, aside = (_rows(run, name) for name in ("rows_read", "rows_set_aside"))
    report = next((report for report in done if report.get("name") == HEALTH_REPORT), {})
    link = {"href": report.get("href"), "title": report.get("title") or "Data health"}
    return {"text": str(_rows_said(read, aside)), **link}


def _rows_said(read: int | None, aside: int | None) -> Claim:
    if read is None:
        return claim("page-health-unknown")
    facts = {"read": Fact(read, "count", shown=read)}
    if aside is None:
        return claim("page-health-aside-unknown", **facts)
    facts["aside"] = Fact(aside, "count", shown=aside)
    if not aside or not read:
        return claim("page-health", **facts)
    return claim("page-health-share", share=share(100 * aside / read), **facts)


def _rows(run, name: str) -> int | None:
    total = (run.get("checks") or {}).get(name)
    if is_known(total):
        return int(total)
    counts = [table.get(name) for table in run.get("row_counts") or []]
    return int(sum(counts)) if counts and all(is_known(count) for count in counts) else None


def _skipped(reports) -> list[dict[str, Any]]:
    parts = []
    for report in reports:
        title = report.get("title") or report.get("name") or "Report"
        if report.get("status") == "skipped":
            reason = report.get("reason") or str(claim("page-no-reason"))
            parts.append({"title": title, "reason": reason, "table": report.get("table")})
        for block in _blocks(report, "skipped"):
            parts.append({"title": title, "reason": block.get("reason"), "table": block.get("table")})
    return parts


def _workspace(workspace: Mapping[str, Any]) -> dict[str, Any]:
    status = str(workspace.get("status") or "")
    findings = [_sentence(finding) for finding in workspace.get("findings") or []]
    return {
        "title": workspace.get("title") or workspace.get("name") or "Workspace",
        "href": workspace.get("href"),
        "as_of": workspace.get("as_of"),
        "run": workspace.get("run"),
        "status": {"done": "", "failed": str(claim("page-run-failed"))}.get(status, status),
        "failed": status == "failed",
        "figures": [figure_cell(figure) for figure in _key_figures(workspace)[:4]],
        "findings": findings[:2],
    }


def _sentence(finding: Any) -> str:
    return str(finding.get("text") or "") if isinstance(finding, Mapping) else str(finding)
