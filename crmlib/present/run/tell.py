"""How a night went, told by mail and webhook: three sentences and a link, and a small page for the mail.

What leaves the machine names a failed cell and the kind of its error, never the error's words: those may hold a
value of a customer.
"""

import json
import os
import re
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from html import escape
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from crmlib.present.claims import claim, count, name, share
from crmlib.present.publish.publish import Shelf, found_in_turn, moment_of, read_json
from crmlib.schema.errors import ParameterError

SECONDS = 30
SERVER, PASSWORD, SENDER = "CRMLIB_SMTP", "CRMLIB_SMTP_PASSWORD", "CRMLIB_MAIL_FROM"
HEAVIEST = 100_000
"""Bytes of the page in a mail."""

LOOK = ("models-rule-drift", "models-step-refit", "models-step-do-not-use", "changes-step-data")
"""Claims that ask for a look: a good run that says one which the run before did not is told like a bad one."""

ASIDE_POINTS = 1.0
"""Of a table's rows, so many percent more that a check sets aside than in the run before ask for a look, too."""

_RULE = "models-rule-"
_NO_FAULT = ("merged", "after_as_of", "filtered")
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_CELL = re.compile(r"^(\S+\.ipynb, cell \d+: \w+|\w*(?:Error|Exception)): .*$", flags=re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Receivers:
    """Who is told, and whether of good runs, too.

    Parameters
    ----------
    mail : addresses
    webhook : https address that takes JSON
    link : where the pages can be read, such as https://intranet/reports
    good : tell of a good run, too
    """

    mail: Sequence[str] = ()
    webhook: str = ""
    link: str = ""
    good: bool = False

    def __post_init__(self) -> None:
        for address in self.mail:
            if not _ADDRESS.fullmatch(address):
                raise ParameterError(f"--mail {address!r} is no address. Write it as name@example.com.")
        for option in ("webhook", "link"):
            told = getattr(self, option)
            if told and (urlsplit(told).scheme not in ("http", "https") or not urlsplit(told).hostname):
                raise ParameterError(f"--{option} is no web address. It begins with https://.")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is told of one workspace.

    Parameters
    ----------
    workspace, status, run : as `crmlib.present.run.runner.Run` has them
    title : of the workspace
    sentences : at most three
    link : of its pages, empty where no address is known
    figures : label and value of the key figures
    look : a good run that asks for a look
    """

    workspace: str
    status: str
    title: str
    sentences: tuple[str, ...]
    run: str = ""
    link: str = ""
    figures: Sequence[tuple[str, str]] = field(default_factory=tuple)
    look: bool = False


def message_of(run: Any, *, out: Path, link: str = "") -> Message:
    """What there is to tell of a run: what it found, or why it failed and which one stands."""
    shelf = Shelf(root=out / run.workspace)
    latest = shelf.latest()
    record = read_json(shelf.root / latest / "run.json") if latest else {}
    title = str(record.get("title") or run.workspace)
    *_, before = [{}, *(one for one in shelf.history() if one["run"] != latest)]
    new = {answer for key, answer in looks(record, before).items() if key not in looks(before)}
    look = sorted(new) if run.exit_code == 0 else []
    if run.exit_code == 0:
        done = sum(report.get("status") == "done" for report in record.get("reports", ()))
        as_of = name(str(record.get("as_of", ""))[:10])
        said = [str(claim("page-night-published", title=name(title), reports=count(done), as_of=as_of))]
        said += [*look, *_findings(record)][:2]
    else:
        said = [f"{title}: {run.status}.", without_values(run.reason)]
        then = name(f"{moment_of(latest):%Y-%m-%d %H:%M}") if latest else count(None)
        said.append(str(claim("page-night-stands", then=then)))
    href = f"{link.rstrip('/')}/{quote(run.workspace)}/latest/index.html" if link and latest else ""
    figures = [(str(one.get("label")), str(one.get("shown"))) for one in record.get("key_figures", ())]
    return Message(
        workspace=run.workspace,
        status=run.status,
        title=title,
        sentences=tuple(said),
        run=run.run,
        link=href,
        figures=figures if run.exit_code == 0 else (),
        look=bool(look),
    )


def tell(message: Message, receivers: Receivers, *, good: bool) -> list[str]:
    """Tell the receivers; what did not arrive, one sentence each."""
    if good and not (receivers.good or message.look):
        return []
    ways = [(receivers.mail, "--mail", _mail), (receivers.webhook, "--webhook", _post)]
    problems = [f"{option}: {way(message, told)}" for told, option, way in ways if told]
    return [problem for problem in problems if not problem.endswith(": ")]


def mail_page(message: Message) -> str:
    """The message as a page without scripts, pictures or anything fetched from elsewhere."""
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in message.sentences)
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td style='text-align:right'>{escape(shown)}</td></tr>"
        for label, shown in message.figures[:20]
    )
    href = escape(message.link, quote=True)
    link = f"<p><a href='{href}'>{href}</a></p>" if href else ""
    head = f"<meta charset='utf-8'><title>{escape(message.title)}</title>"
    body = f"<h1 style='font-size:1.3em'>{escape(message.title)}</h1>{said}<table>{rows}</table>{link}"
    body = f"<body style='font-family:sans-serif'>{body}</body>"
    return f"<!doctype html><html lang='en'><head>{head}</head>{body}</html>"


def looks(record: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What of a run asks for a look: claims' keys, each with what it says and by which rule; rows set aside since
    `before`."""
    found = {}
    for report in record.get("reports", ()):
        told = [one for one in report.get("claims", ()) if one["key"] in LOOK or one["key"].startswith(_RULE)]
        asks = next((one["key"] for one in told if one["key"] in LOOK), None)
        if asks:
            found[asks] = " ".join(dict.fromkeys(str(one.get("text", "")) for one in told))
    return found | (_set_aside(record, before) if before else {})


def _set_aside(record: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, str]:
    """The checks that set more of a table aside than in the run before, each with what it found."""
    shares = [
        {
            (one["table"], one["check"], one["column"]): (one["share_pct"], one["says"])
            for one in run.get("check_summary", ())
            if one["policy"] == "set_aside" and one["check"] not in _NO_FAULT
        }
        for run in (before, record)
    ]
    found = {}
    for key, (now, says) in shares[1].items():
        then, _ = shares[0].get(key, (0.0, ""))
        if now - then >= ASIDE_POINTS:
            facts = {"now": share(now), "table": name(key[0]), "found": name(says), "then": share(then)}
            found[" ".join(key)] = str(claim("page-night-aside", **facts))
    return found


def _findings(record: Mapping[str, Any]) -> list[str]:
    in_turn = zip_longest(*(one.get("findings", ()) for one in found_in_turn(record.get("reports", ()))))
    return [text for texts in in_turn for text in texts if text]


def without_values(reason: str) -> str:
    """A reason with the kind of an error, but not its words; of several the first."""
    first, *more = _CELL.sub(r"\1.", reason.strip()).splitlines() or [""]
    return _short(first + (f" {claim('page-night-more', n=count(len(more)))}" if more else ""))


def _short(text: str) -> str:
    return text if len(text) <= 500 else f"{text[:500]} …"


def _mail(message: Message, addresses: Sequence[str]) -> str:
    server = urlsplit(os.environ.get(SERVER) or "smtp://localhost")
    letter = EmailMessage()
    status = message.status + ", look at it" * message.look
    letter["Subject"] = " ".join(f"crmlib: {message.title}: {status}".split())
    letter["From"] = os.environ.get(SENDER) or f"crmlib@{socket.gethostname()}"
    letter["To"] = ", ".join(addresses)
    letter.set_content("\n".join((*message.sentences, message.link)))
    page = mail_page(message)
    if len(page.encode()) < HEAVIEST:
        letter.add_alternative(page, subtype="html")
    try:
        _hand_in(letter, server)
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return (
            f"the mail server {server.hostname} did not take it ({type(error).__name__}). Look at {SERVER}."
        )
    return ""


def _hand_in(letter: EmailMessage, server: Any) -> None:
    secure = ssl.create_default_context()
    where = {"host": server.hostname or "localhost", "timeout": SECONDS}
    if server.scheme == "smtps":
        post = smtplib.SMTP_SSL(port=server.port or 465, context=secure, **where)
    else:
        post = smtplib.SMTP(port=server.port or 25, **where)
    with post:
        post.ehlo()
        if server.scheme != "smtps" and post.has_extn("starttls"):
            post.starttls(context=secure)
            post.ehlo()
        elif server.scheme != "smtps" and server.username:
            raise smtplib.SMTPNotSupportedError("no password is sent over a line that is not encrypted")
        if server.username:
            post.login(server.username, os.environ.get(PASSWORD, ""))
        post.send_message(letter)


def _post(message: Message, address: str) -> str:
    told = {
        "text": "\n".join((*message.sentences, message.link)).strip(),
        "workspace": message.workspace,
        "status": message.status,
        "look": message.look,
        "run": message.run,
        "sentences": list(message.sentences),
        "link": message.link,
    }
    request = urllib.request.Request(
        address, data=json.dumps(told).encode(), headers={"Content-Type": "application/json"}
    )
    host = urlsplit(address).hostname  # the rest of the address may be a secret
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        return f"{host} answered {error.code}"
    except (OSError, ValueError) as error:
        return f"{host} did not take it ({type(error).__name__})"
