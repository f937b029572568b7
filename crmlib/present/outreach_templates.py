"""Templates of messages: what they may use is declared and checked before one message is made."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crmlib.prepare.config_parts import OutreachConfig
from crmlib.schema.errors import ConfigError, nearest

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

    Examples
    --------
    >>> MessageField(says="What is offered.").personal
    False
    """

    says: str
    column: tuple[str, str] | None = None
    personal: bool = False


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

    Examples
    --------
    >>> read_template(BUILT_IN / "sms.txt", channel="sms", name="built-in sms", columns={}).fields
    ('product', 'kind', 'company')
    """

    channel: str
    name: str
    fields: tuple[str, ...]
    subject: Any
    body: Any

    def render(self, values: Mapping[str, str]) -> tuple[str, str]:
        """The subject in one line, and the body.

        Parameters
        ----------
        values : field -> text
            Only the declared fields are handed over; each becomes one line without control signs.

        Raises
        ------
        ConfigError
            If the template fails on them; what they are is not told.

        Examples
        --------
        >>> sms = read_template(BUILT_IN / "sms.txt", channel="sms", name="built-in sms", columns={})
        >>> print(sms.render({"product": "Tea", "kind": "up-sell", "company": "Acme"})[1])
        Our suggestion for you: Tea. Answer YES and we will see to it, NO and we will not write again. Acme
        """
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
    """Text in one line: no control signs, no signs that turn the direction of reading, not too long.

    Examples
    --------
    >>> one_line("Ann\\r\\nBcc: all@example.org"), one_line("a\\u202eb\\0c"), one_line(None)
    ('Ann Bcc: all@example.org', 'ab c', '')
    """
    if value is None or value != value:
        return ""
    plain = _INVISIBLE.sub("", str(value))
    plain = "".join(" " if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign for sign in plain)
    return " ".join(plain.split())[:LONGEST_VALUE]


def load_templates(crm: Any, channels: Any) -> dict[str, MessageTemplate]:
    """The templates of some channels: the workspace's own where it has them, else the built-in ones.

    Parameters
    ----------
    crm : Crm
    channels : names

    Raises
    ------
    ConfigError
        A template that cannot be read, uses what it does not declare, or declares what does not exist.

    Examples
    --------
    >>> from crmlib import Crm
    >>> import pandas as pd
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=pd.DataFrame({"customer_id": ["ann"]}))
    >>> load_templates(crm, ["web"])["web"].name
    'built-in web'
    """
    settings = getattr(crm.config, "outreach", None) or OutreachConfig()
    columns = {name: crm.columns(name) for name in crm.tables}
    found = {}
    for channel in channels:
        own = crm.root / settings.templates / FILES[channel] if crm.root is not None else None
        if own is not None and own.is_file():
            if not own.resolve().is_relative_to(crm.root.resolve()):
                raise ConfigError(
                    f"{settings.templates}/{FILES[channel]} is a link that leaves the workspace."
                )
            name = f"{settings.templates}/{FILES[channel]}"
            found[channel] = read_template(own, channel=channel, name=name, columns=columns)
        else:
            path, name = BUILT_IN / FILES[channel], f"built-in {channel}"
            found[channel] = read_template(path, channel=channel, name=name, columns=columns)
    return found


def read_template(path: Path, *, channel: str, name: str, columns: Mapping[str, Any]) -> MessageTemplate:
    """Read a template and check it against what it declares and what exists.

    A template begins with a head between two lines ``+++``: ``fields`` (must exist), ``optional`` (empty where
    there is none), and ``subject``. Below stands the text, with ``{{ field }}``, ``{% if %}`` and the filters of
    `FILTERS`; nothing can be called, looked into or included.

    Parameters
    ----------
    path : Path
    channel, name : str
    columns : table -> names of its columns, of the workspace

    Raises
    ------
    ConfigError
        With the name of the template, the line, and the nearest right name.

    Examples
    --------
    >>> read_template(BUILT_IN / "nothing.txt", channel="sms", name="templates/sms.txt", columns={})
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ConfigError: templates/sms.txt: cannot be read as UTF-8 text. Save it again.
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
