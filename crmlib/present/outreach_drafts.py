"""Drafts of messages: one for each customer to address, for somebody to read, mend and send."""

import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from crmlib.measure.outreach_people import ADDRESS_OF, is_email
from crmlib.prepare.clock import in_zone
from crmlib.prepare.config_parts import OutreachConfig
from crmlib.prepare.outbox import ARCHIVE_COLUMNS, DRAFTED
from crmlib.present.outreach_sms import sms_parts
from crmlib.present.outreach_templates import FIELDS, MessageTemplate, load_templates, one_line
from crmlib.present.words import date, money
from crmlib.schema.errors import ConfigError

ENDINGS = {"email": "eml", "web": "html", "sms": "txt", "phone": "txt", "fax": "txt"}

_OFFERED = ("kind", "product", "product_id", "category", "because", "reason")
_PERSONAL = ("name", "email", "phone")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """One message, as it lies in the outbox.

    Attributes
    ----------
    path : str
        Within the campaign's folder; it tells nothing of the customer.
    content : bytes
    row : dict
        Its row of the archive, see `ARCHIVE_COLUMNS`. What is personal stands there as ``[name]``.
    sms : (parts, alphabet) or None

    Examples
    --------
    >>> Draft(path="sms/ab12.txt", content=b"", row={}).sms is None
    True
    """

    path: str
    content: bytes
    row: dict[str, Any]
    sms: tuple[int, str] | None = None


def make_drafts(crm: Any, plan: Any) -> Iterator[Draft]:
    """A draft for each customer of a plan who is to be addressed; the control group gets none.

    Parameters
    ----------
    crm : Crm
    plan : OutreachPlan

    Raises
    ------
    ConfigError
        If a template or ``[outreach] sender`` cannot be used: before the first draft is made.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib import Crm
    >>> from crmlib.analyse.outreach.plan import plan_outreach
    >>> people = pd.DataFrame({"customer_id": ["ann"], "name": ["<b>Ann</b>"], "email_consent": [True],
    ...                        "email": ["ann@example.org"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=people)
    >>> offered = pd.DataFrame({"customer_id": ["ann"], "rank": 1, "kind": "cross-sell", "product_id": "p1",
    ...                         "product": "Tea", "probability": 0.2, "price": 5.0})
    >>> plan = plan_outreach(crm, SimpleNamespace(table=offered), campaign_id="spring", control_share_pct=0)
    >>> (draft,) = make_drafts(crm, plan)
    >>> b"Dear &lt;b&gt;Ann&lt;/b&gt;" in draft.content, draft.row["subject"], draft.row["outcome"]
    (True, 'Tea: our suggestion for you', 'drafted')
    """
    templates = load_templates(crm, sorted(plan.contacts["channel"].unique()))
    settings = getattr(crm.config, "outreach", None) or OutreachConfig()
    sender = checked_sender(settings.sender)
    people = _people(crm)
    common = {
        "campaign_id": plan.campaign_id,
        "company": crm.name,
        "sender": sender,
        "day": date(in_zone(plan.moment, time_zone=crm.time_zone)),
    }
    for offer in plan.contacts.to_dict("records"):
        person = people.get(offer["customer_id"], {})
        values = {**common, **_values(offer, plan.currency), **person, "customer_id": offer["customer_id"]}
        yield _draft(plan, templates[offer["channel"]], offer, values, sender)


def interaction_id(campaign_id: str, customer_id: str, channel: str) -> str:
    """A number for a draft that is the same whenever it is made; it does not tell the customer.

    Examples
    --------
    >>> interaction_id("spring", "17", "email") == interaction_id("spring", "17", "email")
    True
    >>> interaction_id("spring", "17", "email") == interaction_id("spring", "18", "email")
    False
    """
    digest = hashlib.sha256("\0".join((campaign_id, customer_id, channel)).encode("utf-8", "replace"))
    return f"outbox-{digest.hexdigest()[:24]}"


def checked_sender(sender: str) -> str:
    """The sender as it may stand in a message's head: ``Acme <sales@acme.example>``, or empty.

    Raises
    ------
    ConfigError
        If it is no e-mail address.

    Examples
    --------
    >>> checked_sender("Acme <sales@acme.example>"), checked_sender("")
    ('Acme <sales@acme.example>', '')
    >>> checked_sender("sales@acme.example\\nBcc: all@acme.example")
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ConfigError: outreach.sender: is no e-mail address. Write it like "Acme <sales@acme.example>".
    """
    if sender and (sender != one_line(sender) or not is_email(parseaddr(sender)[1])):
        raise ConfigError('outreach.sender: is no e-mail address. Write it like "Acme <sales@acme.example>".')
    return sender


def plain_text(markup: str) -> str:
    """HTML of a message as plain text, for readers who see no HTML.

    Examples
    --------
    >>> plain_text("<p>Dear Ann &amp; Bob,</p>\\n<p>tea<br>is here.</p>")
    'Dear Ann & Bob,\\n\\ntea\\nis here.'
    """
    reader = _Words()
    reader.feed(markup)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.hidden += tag in ("script", "style", "title")
        self.words.append("\n" if tag in ("br", "li", "tr") else "")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style", "title")
        self.words.append("\n\n" if tag in ("p", "h1", "h2", "h3", "div", "section", "ul") else "")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(re.sub(r"\s+", " ", data))


def _people(crm: Any) -> dict[str, dict[str, Any]]:
    present = [name for name in _PERSONAL if "customers" in crm and name in crm.columns("customers")]
    if not present:
        return {}
    rows = crm.frame("customers", ["customer_id", *present]).drop_duplicates("customer_id")
    return rows.set_index("customer_id").to_dict("index")


def _values(offer: Mapping[str, Any], currency: str) -> dict[str, str]:
    values = {name: one_line(offer[name]) for name in _OFFERED}
    for name, number in (("product", "product_id"), ("because", "because_product_id")):
        # A name that several products share comes with its number, which says nothing to a customer.
        values[name] = values[name].removesuffix(f" ({one_line(offer[number])})")
    due, price = offer["due_on"], offer["price"]
    values["due_on"] = "" if pd.isna(due) else date(due)
    values["price"] = "" if pd.isna(price) else one_line(money(price, currency))
    return values


def _draft(
    plan: Any, template: MessageTemplate, offer: Mapping[str, Any], values: Mapping[str, Any], sender: str
) -> Draft:
    channel, customer = offer["channel"], offer["customer_id"]
    number = interaction_id(plan.campaign_id, customer, channel)
    subject, body = template.render(values)
    hidden = {name: f"[{name}]" for name, field in FIELDS.items() if field.personal and values.get(name)}
    row = {
        "interaction_id": number,
        "customer_id": customer,
        "campaign_id": plan.campaign_id,
        "happened_at": plan.moment,
        "channel": channel,
        "direction": "out",
        "purpose": "campaign",
        "subject": template.render({**values, **hidden})[0] or None,
        "template": template.name,
        "outcome": DRAFTED,
    }
    parts = sms_parts(body) if channel == "sms" else None
    if channel == "email":
        content = _email(number, subject, body, values, sender, plan.moment)
    elif channel == "web":
        content = _web(subject, body)
    else:
        content = _text(channel, body, values, parts)
    assert list(row) == list(ARCHIVE_COLUMNS)
    return Draft(path=f"{channel}/{number}.{ENDINGS[channel]}", content=content, row=row, sms=parts)


def _email(
    number: str, subject: str, body: str, values: Mapping[str, Any], sender: str, moment: pd.Timestamp
) -> bytes:
    # An address in other letters cannot be written in ASCII: encoded words are for names only (RFC 2047, 5).
    ascii_only = f"{sender}{values.get('email') or ''}".isascii()
    message = EmailMessage(policy=SMTP if ascii_only else SMTPUTF8)
    message["Subject"] = subject
    if sender:
        message["From"] = sender
    if is_email(values.get("email")):
        message["To"] = values["email"]
    message["Date"] = moment.tz_localize("UTC").to_pydatetime()
    # Mail programs open a message with this line as a draft that can be sent.
    message["X-Unsent"] = "1"
    message.set_content(plain_text(body))
    message.add_alternative(_page(subject, body), subtype="html")
    message.set_boundary(f"={number}=")
    return message.as_bytes()


def _web(subject: str, body: str) -> bytes:
    return _page(subject, body).encode("utf-8", "replace")


def _page(subject: str, body: str) -> str:
    title = html.escape(subject)
    head = f'<head><meta charset="utf-8"><title>{title}</title></head>'
    return f"<!doctype html>\n<html>{head}\n<body>\n{body}\n</body></html>\n"


def _text(channel: str, body: str, values: Mapping[str, Any], parts: tuple[int, str] | None) -> bytes:
    address = one_line(values.get(ADDRESS_OF[channel]))
    head = [
        f"To: {address or 'no number on record here'}",
        f"Customer: {one_line(values['customer_id'])}",
        f"Campaign: {values['campaign_id']}",
    ]
    if parts is not None:
        head.append(f"Parts: {parts[0]} ({parts[1]})")
    return ("\n".join(head) + "\n\n" + body + "\n").encode("utf-8", "replace")
