"""Claims as data: facts with identities, records for run.json, plurals, hostile names, another language."""

import json
import re

import pandas as pd
import pytest

from crmlib.present import blocks, messages, numbers
from crmlib.present.claims import (
    Claim,
    Family,
    claim,
    count,
    counts,
    date,
    days,
    interval,
    money,
    name,
    names,
    share,
    shares,
    term,
    times,
)
from crmlib.present.publish.manifest import claims_of
from crmlib.present.reports.health import draw as plots_health
from crmlib.present.reports.health import say as claims_health
from crmlib.present.reports.health import show as tables_health
from crmlib.present.run.notebooks import harvest
from crmlib.schema.errors import ParameterError
from tests.present.report_samples import SHOPS, health_of

HOSTILE = [
    "{ $x }",
    "<b>bold</b>",
    'say "no"',
    "“quoted”",
    "\u202eevil\u202c",
    "-term = 1",
    "{ -brand }",
    '{""}',
    "# no comment",
]


@pytest.fixture
def test_language(tmp_path, monkeypatch):
    """A language that is English with every letter made Greek; months and lists are Babel's own."""
    for path in (messages.WORDS / "en").glob("*.ftl"):
        target = tmp_path / "el" / path.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(_greek(path.read_text(encoding="utf-8")), encoding="utf-8")
    (tmp_path / "en").symlink_to(messages.WORDS / "en")
    monkeypatch.setattr(messages, "WORDS", tmp_path)
    return "el"


def _greek(text: str) -> str:
    """Letters of values only: keys, placeables, selectors and comments stay."""
    latin = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    table = str.maketrans(latin, "αβψδεφγηιξκλμνοπϙρστθωςχυζΑΒΨΔΕΦΓΗΙΞΚΛΜΝΟΠϘΡΣΤΘΩϛΧΥΖ")
    lines = []
    text = re.sub(r"\{[^{}]*\}", lambda one: one[0] if "->" in one[0] else " ".join(one[0].split()), text)
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        head = re.match(r"^([a-z][\w-]* =|\s*\*?\[[\w-]+\])", line)
        kept = head[0] if head else ""
        parts = re.split(r"(\{[^{}]*\}|\{ [$\w]+ ->)", line[len(kept) :])
        done = [_strings(part, table) if part.startswith("{") else part.translate(table) for part in parts]
        lines.append(kept + "".join(done))
    return "\n".join(lines) + "\n"


def _strings(placeable: str, table) -> str:
    return re.sub(r'"([^"\\]*)"', lambda match: match[0].translate(table), placeable)


def health_claims(health) -> list[Claim]:
    """All claims of the report on data health."""
    said = [
        *(
            getattr(claims_health, function)(health)
            for function in dir(claims_health)
            if function.endswith(("_answer", "_findings", "_paragraph", "_limits"))
        ),
    ]
    figures = tables_health.health_figures(health).figures
    made = [part for figure in figures for part in (figure.label, figure.note) if part]
    for show in ("tables_table", "checks_table", "completeness_table", "missing_table"):
        table = getattr(tables_health, show)(health)
        made += [*table.claims, *(table.labels or {}).values(), *(table.units or {}).values()]
    for draw in (plots_health.plot_check_counts, plots_health.plot_completeness):
        made += blocks.Picture(draw(health)).claims
    return [*(statement for part in said for statement in part), *made]


@pytest.mark.parametrize("shop", [*SHOPS, "products only"])
def test_the_report_on_data_health_can_be_told_in_another_language(shop, test_language):
    for statement in health_claims(health_of(shop)):
        text = statement.text(test_language)
        data = [fact.text() for fact in _facts(statement) if fact.kind == "name"]
        for known in sorted([*data, "USD", "EUR"], key=len, reverse=True):
            text = text.replace(known, "")
        assert not re.search(r"[A-Za-z]", text), statement.text(test_language)


def _facts(statement):
    for fact in statement.facts.values():
        yield fact
        inner = [fact.value] if fact.kind == "clause" else fact.value if fact.kind == "names" else []
        for part in inner:
            yield from _facts(part) if isinstance(part, Claim) else [part]


def test_what_another_language_lacks_is_said_in_english_and_listed(tmp_path, monkeypatch):
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "health.ftl").write_text(
        "health-checks-all-passed = 每一行都通过了检查。\n", encoding="utf-8"
    )
    (tmp_path / "en").symlink_to(messages.WORDS / "en")
    monkeypatch.setattr(messages, "WORDS", tmp_path)
    with messages.in_language("zh"):
        assert str(claim("health-checks-all-passed")) == "每一行都通过了检查。"
        assert str(claim("health-tables-fresh", age=days(7))).endswith(
            "the last 7\u00a0days before the closing date."
        )
    assert "health-tables-fresh" in messages.missing_messages("zh")
    assert "health-checks-all-passed" not in messages.missing_messages("zh")
    assert set(messages.missing_messages("xx")) == set(messages.book("en").files)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_from_data_comes_through_as_data(text):
    said = str(claim("list-quoted", name=name(text)))
    assert said == f"“{text}”"
    assert str(names([text, text])) == f"“{text}” and “{text}”"


def test_names_are_escaped_on_the_page():
    page = str(blocks.Answer(claim("list-quoted", name=name("<b>bold</b>")))._html())
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_selectors_see_the_number_and_readers_what_the_house_writes():
    said = [
        str(claim("health-picture-checks-aside", aside=count(1), rows=count(n))) for n in (1, 2_469, 12_345)
    ]
    assert said == [
        "1 of 1\u00a0row had to be set aside",
        "1 of 2,469\u00a0rows had to be set aside",
        "1 of 12,300\u00a0rows had to be set aside",
    ]


def test_what_is_not_known_is_said_so():
    assert "not known\u00a0rows" in str(claim("health-checks-mended", rows=count(None)))


def test_a_record_is_plain_and_complete():
    facts = {
        "age": days(7.0),
        "from": date(pd.Timestamp("2024-01-31 12:00"), at="data.first_day[transactions]"),
        "worth": money(1_234.5, "USD", at="sales.net_amount[365d]"),
        "part": share(float("nan"), part_of="customers.all"),
        "tables": names(["tea", claim("list-quoted", name=name("x"))]),
        "range": interval(1, 2.5, "money", unit="USD"),
        "twice": times(pd.NA),
    }
    record = claim("health-tables-fresh", **facts).record()
    assert json.loads(json.dumps(record)) == record
    assert record["facts"]["from"] == {
        "value": "2024-01-31",
        "kind": "date",
        "at": "data.first_day[transactions]",
        "part_of": "",
    }
    assert record["facts"]["worth"]["unit"] == "USD" and record["facts"]["part"]["value"] is None
    assert record["facts"]["tables"]["value"][1]["text"] == "“x”"
    assert record["text"].startswith("Every table with dates")


def test_a_quantity_that_nobody_declared_is_refused():
    with pytest.raises(ParameterError, match=r"schema/quantities\.py"):
        count(3, at="customers.who_knows")
    with pytest.raises(ParameterError, match="no quantity"):
        count(3, at="customers")


def test_a_bare_value_is_no_fact():
    with pytest.raises(ParameterError, match=r"count\(\.\.\.\)"):
        claim("list-quoted", name="tea")


def test_parts_add_up_to_their_whole_as_shown():
    parts, whole = counts(
        [12_251, 33, 30, 3], at=["offers.made[a]", *["offers.made[b]"] * 3], part_of="offers.made"
    )
    shown = [int(str(part).replace(",", "")) for part in parts]
    assert sum(shown) == int(str(whole).replace(",", "")) and 0 not in shown
    assert parts[0].part_of == whole.at == "offers.made" and parts[0].value == 12_251
    assert sum(numbers.shares_that_add_up([1, 1, 1, 4])) == 100
    assert [str(part) for part in shares([996, 4])] == ["99.6\u00a0%", "0.4\u00a0%"]
    assert str(shares([0, 0])[0]) == "not known"


def test_a_family_says_what_it_knows_and_quotes_nothing_else():
    family = Family("policy", ("set_aside",))
    assert str(family.term("set_aside")) == "set aside" and family.term("set_aside").kind == "term"
    assert family.term("some_thing").kind == "name" and str(family.term("some_thing")) == "some thing"
    assert str(term("policy-mend")) == "mended"


def test_blocks_carry_their_claims_to_the_run():
    health = health_of("shop")
    cells = [
        {"cell_type": "code", "outputs": [_output(blocks.Answer(claims_health.health_answer(health)))]},
        {"cell_type": "markdown", "source": "## What did the checks *find*?"},
        {"cell_type": "code", "outputs": [_output(blocks.Findings(claims_health.health_findings(health)))]},
        {"cell_type": "code", "outputs": [_output(blocks.Picture(plots_health.plot_check_counts(health)))]},
        {"cell_type": "code", "outputs": [_output(tables_health.health_figures(health))]},
        {"cell_type": "code", "outputs": [_output(blocks.Limits("A plain string stays possible."))]},
    ]
    told = claims_of(harvest({"cells": cells}))
    assert {said["block"] for said in told} == {"answer", "findings", "picture", "key_figures"}
    assert {said["anchor"] for said in told if said["block"] == "answer"} == {""}
    assert {said["anchor"] for said in told if said["block"] == "picture"} == {"what-did-the-checks-find"}
    assert all(said["anchor"].startswith("finding-") for said in told if said["block"] == "findings")
    read = [said for said in told if said["key"] == "health-figure-rows-read"]
    assert read[0]["facts"]["value"]["at"] == "rows.read" and read[0]["text"] == "Rows read: 1,982"
    assert len(json.dumps(told)) < 40_000


def _output(block):
    return {"output_type": "execute_result", "data": block._repr_mimebundle_()}


@pytest.mark.parametrize("shop", [*SHOPS, "products only"])
def test_the_answer_is_short(shop):
    said = claims_health.health_answer(health_of(shop))
    assert len(said) <= 3 and len(" ".join(map(str, said)).split()) <= 60


def test_most_means_more_than_half():
    for shop in SHOPS:
        for statement in claims_health.health_findings(health_of(shop)):
            if statement.key == "health-finding-set-aside-mostly":
                found = health_of(shop).findings
                assert 2 * found["rows"].max() > statement.facts["aside"].value
                assert 50 < statement.facts["main"].value < 100
