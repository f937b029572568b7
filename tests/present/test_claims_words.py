"""Words live in message files: every key is there and used, every fact is supplied, no sentence is in Python."""

import re

import pytest

from crmlib.present import messages
from crmlib.present.claims import claim, count, term
from tests.present.consistency import BANNED
from tests.present.words_in_python import (
    families,
    looks_like_a_sentence,
    message_texts,
    message_variables,
    modules,
    named_keys,
    sentences_in,
)

NAMED = list(named_keys())
VARIABLES = message_variables()

NOT_YET = frozenset(
    {
        "analyse/learn/features.py",
    }
)
"""Modules whose sentences still stand in Python. Take a module out when it is converted; add none."""

FOR_OPERATORS = frozenset(
    {
        "present/run/console.py",
        "present/run/customers.py",
        "present/theme.py",
        "present/run/kernels.py",
        "present/run/runs.py",
        "present/run/notebooks.py",
        "present/outreach/lists.py",
        "present/outreach/drafts.py",
        "present/run/reports.py",
        "present/run/runner.py",
        "present/run/schedule.py",
        "present/run/tell.py",
        "present/run/zygote.py",
        "present/run/opening.py",
        "present/run/persons.py",
        "present/run/recount.py",
        "present/publish/scan.py",
    }
)
"""What the command line and its logs say to whoever runs it stays in Python, like errors."""


def test_every_key_is_written_out():
    composed = [where for where, key, _ in NAMED if key is None]
    assert not composed, f"write the key out, or pick it by a Family: {composed}"


def test_every_key_that_python_names_is_a_message():
    missing = {(where, key) for where, key, _ in NAMED if key not in VARIABLES}
    missing |= {("Family", key) for family in families() for key in family.all_keys() if key not in VARIABLES}
    assert not missing


def test_every_message_is_used():
    used = {key for _, key, _ in NAMED} | {key for family in families() for key in family.all_keys()}
    assert set(VARIABLES) <= used, f"no function says them: {sorted(set(VARIABLES) - used)}"


def test_every_fact_that_a_message_names_is_supplied():
    lacking = [
        (where, key, sorted(VARIABLES[key] - facts))
        for where, key, facts in NAMED
        if facts is not None and not VARIABLES[key] <= facts
    ]
    assert not lacking
    for family in families():
        assert all(VARIABLES[key] <= set(family.facts) for key in family.all_keys())


def test_converted_modules_hold_no_sentence():
    found = {
        where: said
        for where, tree in modules("analyse", "present")
        if where not in NOT_YET | FOR_OPERATORS and (said := sentences_in(tree))
    }
    assert not found, f"move these to present/words/en: {found}"


def test_the_list_of_modules_to_convert_only_shrinks():
    speaking = {where for where, tree in modules("analyse", "present") if sentences_in(tree)}
    assert speaking >= NOT_YET, f"converted or gone, so take them out: {sorted(NOT_YET - speaking)}"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("All rows were kept and counted.", True),
        ("select a, b from rows where a = 1", False),
        ("max-width: 40rem; margin: 0", False),
        ("net_amount", False),
        ("have a quantity of", True),
    ],
)
def test_the_detector_knows_a_sentence(text, is_one):
    assert looks_like_a_sentence(text) == is_one


@pytest.mark.parametrize("pattern", BANNED)
def test_no_message_has_a_banned_word(pattern):
    found = {key: text for key, text in message_texts() if re.search(pattern, text, flags=re.IGNORECASE)}
    assert not found, f"instead: {BANNED[pattern]}"


def test_a_message_that_is_missing_is_named():
    with pytest.raises(messages.WordsError, match="No message 'no-such-key' in words/en"):
        str(claim("no-such-key"))


def test_a_fact_that_is_missing_is_named_with_its_file():
    with pytest.raises(messages.WordsError, match=r"en/health\.ftl: message health-tables-largest .*table"):
        str(claim("health-tables-largest", rows=count(3)))


def test_a_term_that_is_missing_raises():
    with pytest.raises(messages.WordsError):
        str(term("table-of-nothing"))


def test_a_broken_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.ftl").write_text("one = { $x\n", encoding="utf-8")
    monkeypatch.setattr(messages, "WORDS", tmp_path)
    with pytest.raises(messages.WordsError, match=r"en/a\.ftl"):
        messages.render("one")


def test_one_key_has_one_home(tmp_path, monkeypatch):
    (tmp_path / "en").mkdir()
    for name in ("a.ftl", "b.ftl"):
        (tmp_path / "en" / name).write_text("one = One\n", encoding="utf-8")
    monkeypatch.setattr(messages, "WORDS", tmp_path)
    with pytest.raises(messages.WordsError, match=r"b\.ftl: one stands in en/a\.ftl"):
        messages.render("one")


def test_a_message_that_is_read_alone_is_what_its_file_says(tmp_path, monkeypatch):
    text = '# Of pages.\none = One\n\ntwo =\n    { PLURAL($n, one: "row", other: "rows") }\n    of { $n }\n# End\n'
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.ftl").write_text(text, encoding="utf-8")
    monkeypatch.setattr(messages, "WORDS", tmp_path)
    assert messages.render("two", {"n": 2}) == "rows of 2"
    assert not messages.book("en").bundle.has_message("one")
    assert messages.render("one") == "One"


def test_every_message_of_every_file_can_be_read():
    book = messages.book(messages.SOURCE)
    assert len(book.files) == len(dict(message_texts()))
    assert all(messages._message(book, key).value is not None for key in book.files)
