"""The index of a run and the index of all workspaces: what a manager needs in ten seconds."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

from crmlib.present.blocks_figures import NOT_KNOWN, figure_cell, is_known
from crmlib.present.page import date_words, environment
from crmlib.present.publish import HEALTH_REPORT
from crmlib.present.trend import change_note, past_values, sparkline

_MOST_FIGURES = 6
_MOST_FINDINGS = 5


def run_index(run: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> str:
    """The index page of one run.

    Parameters
    ----------
    run : dict
        `workspace`, `title`, `as_of`, `data_up_to`, `currency`, `run`, `seconds`, `crmlib`, `parameters`,
        `checks` (`rows_read`, `rows_set_aside`) or `row_counts` (one a table), `missing_tables`,
        `key_figures` (records of the figures flagged for the index), `previous` (the run published before,
        with its key figures), `history` (earlier runs, oldest first), `site_href`. What is missing is left
        out or called not known.
    reports : list of dict
        `name`, `title`, `question`, `status` (done, failed or skipped), `reason`, `table` (the one it lacks),
        `seconds`, `reused`, `href` and `blocks` (the records of its blocks, in order).

    Returns
    -------
    str
        HTML, self-contained.

    Examples
    --------
    >>> page = run_index({"title": "Complete Journey", "as_of": "2017-12-31"}, [])
    >>> "As of <b>31 December 2017</b>" in page, "Data up to <b>not known</b>" in page
    (True, True)
    """
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
            page_title=f"{title} · reports",
            workspace=run.get("workspace"),
            parameters=run.get("parameters"),
            site_href=run.get("site_href"),
            figures=_figures(run, done),
            compared=_compared(run),
            findings=_findings(done),
            cards=[_card(report) for report in reports if report.get("status", "done") != "skipped"],
            health=_health(run, done),
            skipped=_skipped(reports),
            missing_tables=list(run.get("missing_tables") or []),
        )
    )


def site_index(workspaces: Iterable[Mapping[str, Any]]) -> str:
    """The index page over all workspaces.

    Parameters
    ----------
    workspaces : list of dict
        `name`, `title`, `href`, `as_of`, `run`, `status`, `findings` (sentences), `key_figures` (records).

    Returns
    -------
    str
        HTML, self-contained.

    Examples
    --------
    >>> page = site_index([{"title": "Complete Journey", "href": "retail/latest/index.html"}])
    >>> '<a href="retail/latest/index.html">Complete Journey</a>' in page
    True
    """
    shown = [_workspace(workspace) for workspace in workspaces or []]
    page = environment().get_template("site_index.html.j2")
    return page.render(lang="en", page_title="Customer reports", workspaces=shown)


def _figures(run, done) -> list[str]:
    current = _key_figures(run) or _flagged(done)
    previous = _key_figures(run.get("previous") or {})
    history = [_key_figures(past) for past in run.get("history") or [] if past.get("run") != run.get("run")]
    cells = []
    for record in current[:_MOST_FIGURES]:
        past = past_values(record, [*history] or [previous])
        more = change_note(record, previous) + sparkline(
            [*past, record.get("value")], label=record.get("label")
        )
        cells.append(figure_cell(record, more=more))
    return cells


def _key_figures(run: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(run.get("key_figures") or [])


def _flagged(done) -> list[Mapping[str, Any]]:
    rows = [block for report in done for block in _blocks(report, "key_figures")]
    flagged = [block for block in rows if block.get("index")] or rows[:1]
    return [figure for block in flagged for figure in block.get("figures") or []]


def _blocks(report: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [block for block in report.get("blocks") or [] if block.get("kind") == kind]


def _compared(run) -> str:
    previous = run.get("previous")
    if not previous:
        return "The first published run: there is nothing yet to compare with."
    when = date_words(previous.get("as_of"))
    if when == NOT_KNOWN:
        return "Changes are against the last published run."
    also = " too" if when == date_words(run.get("as_of")) else ""
    return f"Changes are against the last published run, {previous.get('run') or ''}, as of {when}{also}."


def _findings(done) -> list[dict[str, Any]]:
    by_report = [_found(report) for report in sorted(done, key=lambda one: one.get("name") == HEALTH_REPORT)]
    in_turn = chain.from_iterable(zip_longest(*by_report))
    return [finding for finding in in_turn if finding][:_MOST_FINDINGS]


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
        "reason": report.get("reason") or "The log says why.",
        "answer": answers[0] if answers else "",
    }


def _sentences(block) -> list[str]:
    return list(block.get("sentences") or ([block["text"]] if block.get("text") else []))


def _health(run, done) -> dict[str, Any]:
    read, aside = (_rows(run, name) for name in ("rows_read", "rows_set_aside"))
    report = next((report for report in done if report.get("name") == HEALTH_REPORT), {})
    link = {"href": report.get("href"), "title": report.get("title") or "Data health"}
    if read is None:
        return {"text": "How many rows were read is not known.", **link}
    if aside is None:
        return {"text": f"{read:,} rows read; how many were set aside is not known.", **link}
    share = f" ({_share(aside / read)})" if aside and read else ""
    return {"text": f"{read:,} rows read, {aside:,} set aside{share}.", **link}


def _rows(run, name: str) -> int | None:
    total = (run.get("checks") or {}).get(name)
    if is_known(total):
        return int(total)
    counts = [table.get(name) for table in run.get("row_counts") or []]
    return int(sum(counts)) if counts and all(is_known(count) for count in counts) else None


def _share(share: float) -> str:
    percent = 100 * share
    return f"{percent:.2g} %".replace(" ", "\xa0") if percent >= 0.01 else "less than 0.01\xa0%"


def _skipped(reports) -> list[dict[str, Any]]:
    parts = []
    for report in reports:
        title = report.get("title") or report.get("name") or "Report"
        if report.get("status") == "skipped":
            reason = report.get("reason") or "The reason is not known."
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
        "status": {"done": "", "failed": "the run after it failed"}.get(status, status),
        "failed": status == "failed",
        "figures": [figure_cell(figure) for figure in _key_figures(workspace)[:4]],
        "findings": findings[:2],
    }


def _sentence(finding: Any) -> str:
    return str(finding.get("text") or "") if isinstance(finding, Mapping) else str(finding)
