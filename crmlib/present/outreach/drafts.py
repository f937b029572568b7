"""Drafts of messages: one for each customer to address, for somebody to read, mend and send."""

import hashlib
import html
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crmlib.analyse.worklist import OF_LISTS
from crmlib.measure.outreach import ADDRESS_OF, is_email
from crmlib.prepare.clock import in_zone
from crmlib.prepare.config.parts import OutreachConfig
from crmlib.prepare.outbox import ARCHIVE_COLUMNS, DRAFTED
from crmlib.present.numbers import date, money
from crmlib.schema.errors import ConfigError, nearest
from crmlib.schema.states import COUPON, SERVE

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"


def sms_parts(text: str) -> tuple[int, str]:
    """Parts that a text message takes, and the alphabet that decides it.

    References
    ----------
    3GPP TS 23.038, Alphabets and language-specific information; TS 23.040, section 9.2.3.24.1.
    """
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        return _parts([2 if sign in _EXTENDED else 1 for sign in text], 160, 153), "GSM-7"
    return _parts([len(sign.encode("utf-16-le", "replace")) // 2 for sign in text], 70, 67), "UCS-2"


def _parts(sizes: list[int], alone: int, several: int) -> int:
    if sum(sizes) <= alone:
        return int(bool(sizes))
    parts, room = 1, several
    for size in sizes:
        if size > room:
            parts, room = parts + 1, several
        room -= size
    return parts


BUILT_IN = Path(__file__).parent / "messages"
FILES = {"email": "email.html", "sms": "sms.txt", "phone": "phone.txt", "fax": "fax.txt", "web": "web.html"}
"""A channel's template, in the workspace's own folder or among the built-in ones."""

HTML_CHANNELS = ("email", "web")
LONGEST_VALUE, LONGEST_BODY = 500, 50_000

FILTERS = ("capitalize", "default", "lower", "replace", "title", "trim", "truncate", "upper")
_NODES = frozenset(
    {"Template", "Output", "TemplateData", "Name", "Const", "If", "CondExpr", "And", "Or", "Not", "Compare",
     "Operand", "Filter", "Keyword", "Concat"}
)  # fmt: skip
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True, kw_only=True)
class MessageField:
    """Something that a template may write.

    Parameters
    ----------
    says : what it is
    column : (table, column) that must be mapped for it; None: always there
    personal : whether it may stand in drafts only
    """

    says: str
    column: tuple[str, str] | None = None
    personal: bool = False


PROMISES = {COUPON: "coupon", SERVE: "service_level"}
"""Action -> the setting under [outreach], and the field, that holds what it promises."""
_SUCH_AS = {
    COUPON: "10 % off your next order until 31 March, code WELCOME",
    SERVE: "an answer within 4 working hours",
}

FIELDS = {
    "name": MessageField(says="The customer's name.", column=("customers", "name"), personal=True),
    "email": MessageField(says="The e-mail address.", column=("customers", "email"), personal=True),
    "phone": MessageField(says="The telephone number.", column=("customers", "phone"), personal=True),
    "customer_id": MessageField(says="The house's own customer number.", personal=True),
    "kind": MessageField(says="cross-sell, up-sell, repeat-sell or best-seller."),
    "product": MessageField(says="What is offered."),
    "product_id": MessageField(says="Its number."),
    "category": MessageField(says="Its category."),
    "price": MessageField(says="The price expected for a piece."),
    "because": MessageField(says="The product bought that points to it."),
    "reason": MessageField(says="Why it is offered, for us."),
    "due_on": MessageField(says="The day on which a repeat is due."),
    "campaign_id": MessageField(says="The campaign."),
    "company": MessageField(says="Our name: the workspace's."),
    "sender": MessageField(says="The sender stated under [outreach]."),
    "day": MessageField(says="The day of the message."),
    "coupon": MessageField(says="The coupon stated under [outreach]."),
    "service_level": MessageField(says="The service level stated under [outreach]."),
}
"""The fields that templates may declare."""


@dataclass(frozen=True, kw_only=True)
class MessageTemplate:
    """A template that has been read and checked.

    Attributes
    ----------
    channel, name : str
        `name` as it is archived: "built-in email", or the file within the workspace.
    fields : tuple of str
        What it may use; empty where the customer has none.
    subject, body : compiled templates; `subject` None where there is none
    """

    channel: str
    name: str
    fields: tuple[str, ...]
    subject: Any
    body: Any

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """The subject in one line, and the body."""
        given = {name: one_line(values.get(name, "")) for name in self.fields}
        try:
            subject = one_line(self.subject.render(given)) if self.subject is not None else ""
            body = self.body.render(given)
        except (SecurityError, UndefinedError) as error:
            raise ConfigError(f"{self.name}: {error.message}. Mend the template.") from None
        except Exception as error:
            # Its message could repeat what a customer is called.
            raise ConfigError(f"{self.name}: fails with {type(error).__name__}. Mend the template.") from None
        if len(body) > LONGEST_BODY:
            raise ConfigError(f"{self.name}: makes a message of {len(body):,} characters. Shorten it.")
        return subject, body.strip()


def one_line(value: Any) -> str:
    """Text in one line: no control signs, no signs that turn the direction of reading, not too long."""
    if value is None or value != value:
        return ""
    plain = _INVISIBLE.sub("", str(value))
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in plain)
    return " ".join(plain.split())[:LONGEST_VALUE]


def load_templates(crm: Any, channels: Any, *, action: str = "") -> dict[str, MessageTemplate]:
    """The templates of some channels: the workspace's own where it has them, else the built-in ones.

    An action with a list of its own has templates of its own, such as coupon-email.html.
    """
    settings = getattr(crm.config, "outreach", None) or OutreachConfig()
    columns = {name: crm.columns(name) for name in crm.tables}
    found = {}
    for channel in channels:
        file = f"{action}-{FILES[channel]}" if action else FILES[channel]
        own = crm.root / settings.templates / file if crm.root is not None else None
        if own is not None and own.is_file():
            if not own.resolve().is_relative_to(crm.root.resolve()):
                raise ConfigError(f"{settings.templates}/{file} is a link that leaves the workspace.")
            name = f"{settings.templates}/{file}"
            found[channel] = read_template(own, channel=channel, name=name, columns=columns)
        else:
            path, name = BUILT_IN / file, f"built-in {file.rpartition('.')[0]}"
            found[channel] = read_template(path, channel=channel, name=name, columns=columns)
    return found


def read_template(path: Path, *, channel: str, name: str, columns: Mapping[str, Any]) -> MessageTemplate:
    """Read a template and check it against what it declares and what exists.

    A template begins with a head between two lines ``+++``: ``fields`` (must exist), ``optional`` (empty where
    there is none), and ``subject``. Below stands the text, with ``{{ field }}``, ``{% if %}`` and the filters of
    `FILTERS`; nothing can be called, looked into or included.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{name}: cannot be read as UTF-8 text. Save it again.") from None
    head, body, line = _split(text, name)
    fields, optional = _names(head, "fields", name), _names(head, "optional", name)
    _check_fields([*fields, *optional], fields, name, columns)
    subject = head.get("subject", "")
    if not isinstance(subject, str) or (channel == "email" and not subject.strip()):
        raise ConfigError(
            f'{name}: subject wants text, and an e-mail needs one: subject = "{{{{ product }}}}".'
        )
    declared = (*fields, *(one for one in optional if one not in fields))
    return MessageTemplate(
        channel=channel,
        name=name,
        fields=declared,
        subject=_compiled(subject, declared, name, html=False, line=1) if subject else None,
        body=_compiled(body, declared, name, html=channel in HTML_CHANNELS, line=line),
    )


def _split(text: str, name: str) -> tuple[dict[str, Any], str, int]:
    found = re.match(r"\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", text, re.DOTALL | re.MULTILINE)
    if not found:
        raise ConfigError(
            f'{name}: has no head. Begin it with a line +++, then fields = ["product"], then a line +++.'
        )
    try:
        head = tomllib.loads(found.group(1))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: its head is no TOML: {error}.") from None
    for key in head:
        if key not in ("fields", "optional", "subject"):
            raise ConfigError(f"{name}: no such key {key}.{nearest(key, ('fields', 'optional', 'subject'))}")
    return head, text[found.end() :], found.group(0).count("\n") + 1


def _names(head: Mapping[str, Any], key: str, name: str) -> list[str]:
    given = head.get(key, [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ConfigError(f'{name}: {key} wants names of fields: {key} = ["product"].')
    return given


def _check_fields(declared: list[str], needed: list[str], name: str, columns: Mapping[str, Any]) -> None:
    for field in declared:
        if field not in FIELDS:
            raise ConfigError(f"{name}: there is no field {field!r}.{nearest(field, FIELDS)}")
        table, column = FIELDS[field].column or ("", "")
        if field in needed and table and column not in columns.get(table, ()):
            raise ConfigError(
                f"{name}: field {field}: this workspace has no {table}.{column}. Map it under "
                f"[tables.{table}.columns], or move the field to optional."
            )


def _compiled(source: str, declared: tuple[str, ...], name: str, *, html: bool, line: int) -> Any:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=html, trim_blocks=True, lstrip_blocks=False
    )
    environment.globals.clear()
    environment.filters = {word: environment.filters[word] for word in FILTERS}
    environment.tests = {}
    try:
        tree = environment.parse(source)
        for node in tree.find_all(nodes.Node):
            if type(node).__name__ not in _NODES:
                at = line + (getattr(node, "lineno", None) or 1) - 1
                raise ConfigError(
                    f"{name}, line {at}: {_REFUSED.get(type(node).__name__, 'this')} is not allowed."
                )
        unknown = sorted(find_undeclared_variables(tree) - set(declared))
        if unknown:
            known = nearest(unknown[0], declared) if unknown[0] not in FIELDS else " Add it to fields."
            raise ConfigError(f"{name}: uses {unknown[0]!r}, which it does not declare.{known}")
        return environment.from_string(source)
    except TemplateSyntaxError as error:
        raise ConfigError(f"{name}, line {line + error.lineno - 1}: {error.message}") from None
    except TemplateError as error:
        raise ConfigError(f"{name}: {error.message}") from None


_REFUSED = {
    "Getattr": "looking into a value (.)",
    "Getitem": "looking into a value ([ ])",
    "Call": "calling something",
    "For": "a loop",
    "Include": "including a file",
    "Import": "importing",
    "FromImport": "importing",
    "Extends": "extending a template",
    "Scope": "switching the escaping off",
    "ScopedEvalContextModifier": "switching the escaping off",
    "Assign": "setting a name",
    "Macro": "a macro",
}


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
    """

    path: str
    content: bytes
    row: dict[str, Any]
    sms: tuple[int, str] | None = None


def make_drafts(crm: Any, plan: Any) -> Iterator[Draft]:
    """A draft for each customer of a plan who is to be addressed; the control group gets none."""
    action = plan.kind if plan.kind in OF_LISTS else ""
    templates = load_templates(crm, sorted(plan.contacts["channel"].unique()), action=action)
    settings = getattr(crm.config, "outreach", None) or OutreachConfig()
    sender = checked_sender(settings.sender)
    people = _people(crm)
    common = {
        "campaign_id": plan.campaign_id,
        "company": crm.name,
        "sender": sender,
        "day": date(in_zone(plan.moment, time_zone=crm.time_zone)),
        **(promised(settings, action) if action else {}),
    }
    for offer in plan.contacts.to_dict("records"):
        person = people.get(offer["customer_id"], {})
        values = {**common, **_values(offer, plan.currency), **person, "customer_id": offer["customer_id"]}
        yield _draft(plan, templates[offer["channel"]], offer, values, sender)


def interaction_id(campaign_id: str, customer_id: str, channel: str) -> str:
    """A number for a draft that is the same whenever it is made; it does not tell the customer."""
    digest = hashlib.sha256("\0".join((campaign_id, customer_id, channel)).encode("utf-8", "replace"))
    return f"outbox-{digest.hexdigest()[:24]}"


def promised(settings: OutreachConfig, action: str) -> dict[str, str]:
    """What the house promises with an action: nobody else can say what a coupon is worth."""
    name = PROMISES[action]
    if not (text := one_line(getattr(settings, name))):
        raise ConfigError(
            f'outreach.{name}: says nothing, so no draft can promise it. State it: {name} = "{_SUCH_AS[action]}".'
        )
    return {name: text}


def checked_sender(sender: str) -> str:
    """The sender as it may stand in a message's head: ``Acme <sales@acme.example>``, or empty."""
    if sender and (sender != one_line(sender) or not is_email(parseaddr(sender)[1])):
        raise ConfigError('outreach.sender: is no e-mail address. Write it like "Acme <sales@acme.example>".')
    return sender


def plain_text(markup: str) -> str:
    """HTML of a message as plain text, for readers who see no HTML."""
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
