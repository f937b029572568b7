"""Templates: what they may do, what is refused, and that every built-in one reads well for every kind of offer."""

import re

import pytest

from crmlib.present.outreach.drafts import BUILT_IN, FIELDS, FILES, one_line, read_template
from crmlib.schema.errors import ConfigError

COLUMNS = {"customers": ["customer_id", "name", "email", "phone"]}
VALUES = {
    "product": "Tea",
    "kind": "cross-sell",
    "company": "Acme",
    "day": "31 January 2024",
    "because": "Cup",
}


def template(tmp_path, text, *, channel="sms", columns=COLUMNS):
    path = tmp_path / FILES[channel]
    path.write_text(text, encoding="utf-8")
    return read_template(path, channel=channel, name=f"templates/{path.name}", columns=columns)


def head(body, fields='["name"]', more=""):
    return f"+++\nfields = {fields}\n{more}+++\n{body}"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{{ name.__class__ }}", r"line 4: looking into a value \(\.\) is not allowed"),
        ("{{ name['__class__'] }}", "looking into a value"),
        ("{{ ''.__class__.__mro__ }}", "looking into a value"),
        ("{{ name | attr('__class__') }}", "No filter named 'attr'"),
        ("{{ name() }}", "calling something is not allowed"),
        ("\n{% for a in name %}{% endfor %}", "line 5: a loop is not allowed"),
        ("{% include '/etc/passwd' %}", "including a file is not allowed"),
        ("{% import 'os' as os %}", "importing is not allowed"),
        ("{% extends 'x' %}", "extending a template is not allowed"),
        ("{% autoescape false %}{{ name }}{% endautoescape %}", "switching the escaping off is not allowed"),
        ("{{ name | safe }}", "No filter named 'safe'"),
        ("{{ 'a' * 1000000000 }}", "this is not allowed"),
        ("{% set x = name %}", "setting a name is not allowed"),
        ("{{ range }}", "uses 'range', which it does not declare"),
        ("{{ product }}", r"uses 'product', which it does not declare\. Add it to fields\."),
        ("{{ nmae }}", r"uses 'nmae', which it does not declare\. Did you mean 'name'"),
        ("{{ name ", "line 4: "),
        ("{% if name %}", "line 4: "),
    ],
)
@pytest.mark.parametrize("channel", ["sms", "web"])
def test_what_a_template_may_not_do(tmp_path, body, says, channel):
    with pytest.raises(ConfigError, match=f"templates/{FILES[channel]}.*{says}"):
        template(
            tmp_path,
            head(body, more="optional = []\n") if "line" not in says else head(body),
            channel=channel,
        )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hello", "has no head"),
        ("+++\nfields = [\n+++\n", "its head is no TOML"),
        ("+++\nfield = []\n+++\n", "no such key field. Did you mean 'fields'"),
        (head("", fields='"name"'), "fields wants names"),
        (head("", fields='["fone"]'), "there is no field 'fone'. Did you mean 'phone'"),
        (head("", more="subject = 3\n"), "subject wants text"),
        (head("", more='subject = "{{ name.x }}"\n'), "line 1: looking into"),
    ],
)
def test_heads_that_are_refused(tmp_path, text, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        template(tmp_path, text)


def test_an_email_needs_a_subject(tmp_path):
    with pytest.raises(ConfigError, match="an e-mail needs one"):
        template(tmp_path, head("x"), channel="email")


def test_a_field_whose_column_is_missing(tmp_path):
    with pytest.raises(
        ConfigError, match=r"field name: this workspace has no customers\.name\. Map it under"
    ):
        template(tmp_path, head("x"), columns={"customers": ["customer_id"]})
    made = template(
        tmp_path, head("{{ name or 'you' }}", fields="[]", more='optional = ["name"]\n'), columns={}
    )
    assert made.render({})[1] == "you"


def test_values_are_escaped_in_html_and_plain_elsewhere(tmp_path):
    given = {"name": '<i onload="x">\n{{ 1 }}'}
    text = head("{{ name }}|{{ name | upper | replace('I', '<') }}")
    assert template(tmp_path, text, channel="sms").render(given)[1].startswith('<i onload="x"> {{ 1 }}|')
    markup = template(tmp_path, text, channel="web").render(given)[1]
    assert markup.startswith("&lt;i onload=&#34;x&#34;&gt; {{ 1 }}|") and "<" not in markup


def test_an_error_does_not_tell_the_value(tmp_path):
    made = template(tmp_path, head("{{ name | truncate('x') }}"))
    with pytest.raises(ConfigError) as told:
        made.render({"name": "canary " * 90})
    assert "canary" not in str(told.value) and "templates/sms.txt: fails with" in str(told.value)


def test_one_line_has_no_signs_that_mislead():
    assert one_line("a\r\nb\tc\x00d\u2028e\u202ef\u200bg  h") == "a b c d efg h"
    assert len(one_line("x" * 9999)) == 500 and one_line(float("nan")) == ""


@pytest.mark.parametrize("channel", list(FILES))
@pytest.mark.parametrize("kind", ["cross-sell", "up-sell", "repeat-sell", "best-seller"])
@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
def test_built_in_templates_read_well(channel, kind, full):
    made = read_template(BUILT_IN / FILES[channel], channel=channel, name="built-in", columns={})
    values = {**VALUES, "kind": kind, **({"name": "Ann"} if full else {"because": ""})}
    subject, body = made.render(values)
    assert "Tea" in body + subject and "\n\n\n" not in body and "  ," not in body
    assert not re.search(r"\bNone\b|\bnan\b|\{|\}", body + subject)
    assert set(made.fields) <= set(FIELDS)
    assert ("Ann" in body) == (full and "name" in made.fields)
