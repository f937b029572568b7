"""Words live in message files: every key is there and used, every fact is supplied, no sentence is in Python."""

import re

import pytest

from crmlib.present import messages
from crmlib.present.claims import claim, count, term
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
        "analyse/action_lists.py",
        "analyse/action_steps.py",
        "analyse/campaigns/comparison.py",
        "analyse/campaigns/effect.py",
        "analyse/campaigns/judging.py",
        "analyse/campaigns/response.py",
        "analyse/churn.py",
        "analyse/churn_baselines.py",
        "analyse/churn_candidates.py",
        "analyse/churn_features.py",
        "analyse/churn_given.py",
        "analyse/churn_leaks.py",
        "analyse/churn_periods.py",
        "analyse/churn_result.py",
        "analyse/cross_sell.py",
        "analyse/customer_lists.py",
        "analyse/customer_types.py",
        "analyse/forecast/plan.py",
        "analyse/forecast/plan_gaps.py",
        "analyse/forecast/plan_says.py",
        "analyse/forecast/sales.py",
        "analyse/forecast/says.py",
        "analyse/forecast/says_sales.py",
        "analyse/future.py",
        "analyse/holdout.py",
        "analyse/lifecycle.py",
        "analyse/lifetime_choice.py",
        "analyse/lifetime_fit.py",
        "analyse/lifetime_history.py",
        "analyse/lifetime_naive.py",
        "analyse/offers/blend.py",
        "analyse/offers/eligibility.py",
        "analyse/offers/learning.py",
        "analyse/offers/limits.py",
        "analyse/offers/proof_result.py",
        "analyse/offers/proof_rounds.py",
        "analyse/offers/proof_sides.py",
        "analyse/offers/result.py",
        "analyse/offers/signals.py",
        "analyse/offers/words.py",
        "analyse/outreach/channels.py",
        "analyse/outreach/plan.py",
        "analyse/outreach/result.py",
        "analyse/pipeline/concern_words.py",
        "analyse/pipeline/concerns.py",
        "analyse/pipeline/lead_features.py",
        "analyse/pipeline/lead_leaks.py",
        "analyse/pipeline/lead_result.py",
        "analyse/pipeline/lead_scores.py",
        "analyse/pipeline/overdue.py",
        "analyse/pipeline/portrait.py",
        "analyse/pipeline/portrait_traits.py",
        "analyse/pipeline/sources.py",
        "analyse/regularity.py",
        "analyse/rule_book.py",
        "analyse/rule_mining.py",
        "analyse/scorecard_ranks.py",
        "analyse/scorecard_weights.py",
        "analyse/segment_choice.py",
        "analyse/segment_lists.py",
        "analyse/segment_prepare.py",
        "analyse/segment_table.py",
        "analyse/segments.py",
        "analyse/valuation_credit.py",
        "analyse/valuations.py",
        "present/blocks_tables.py",
        "present/claims_campaigns.py",
        "present/claims_campaigns_one.py",
        "present/claims_campaigns_words.py",
        "present/claims_churn.py",
        "present/claims_churn_words.py",
        "present/claims_concerns.py",
        "present/claims_forecast.py",
        "present/claims_future.py",
        "present/claims_groups.py",
        "present/claims_leads.py",
        "present/claims_leads_sources.py",
        "present/claims_leads_words.py",
        "present/claims_lifecycle.py",
        "present/claims_offers.py",
        "present/claims_offers_proof.py",
        "present/claims_offers_words.py",
        "present/claims_profile.py",
        "present/claims_rules.py",
        "present/claims_segments.py",
        "present/claims_stages.py",
        "present/claims_stages_overdue.py",
        "present/claims_stages_process.py",
        "present/claims_stages_team.py",
        "present/claims_valuations.py",
        "present/claims_worth.py",
        "present/claims_worth_reasons.py",
        "present/glossary.py",
        "present/html.py",
        "present/labels.py",
        "present/labels_indicators.py",
        "present/plots_campaigns.py",
        "present/plots_churn.py",
        "present/plots_concerns.py",
        "present/plots_forecast.py",
        "present/plots_forecast_plan.py",
        "present/plots_future.py",
        "present/plots_groups.py",
        "present/plots_leads.py",
        "present/plots_lifecycle.py",
        "present/plots_offers.py",
        "present/plots_profile.py",
        "present/plots_rules.py",
        "present/plots_rules_graph.py",
        "present/plots_rules_parts.py",
        "present/plots_segments.py",
        "present/plots_stages.py",
        "present/plots_stages_process.py",
        "present/plots_valuations.py",
        "present/plots_worth.py",
        "present/site.py",
        "present/tables_campaigns.py",
        "present/tables_churn.py",
        "present/tables_concerns.py",
        "present/tables_forecast.py",
        "present/tables_forecast_plan.py",
        "present/tables_future.py",
        "present/tables_leads.py",
        "present/tables_lifecycle.py",
        "present/tables_offers.py",
        "present/tables_profile.py",
        "present/tables_rules.py",
        "present/tables_segments.py",
        "present/tables_stages.py",
        "present/tables_stages_deals.py",
        "present/tables_valuations.py",
        "present/tables_worth.py",
        "present/words.py",
        "present/words_lifecycle.py",
    }
)
"""Modules whose sentences still stand in Python. Take a module out when it is converted; add none."""

FOR_OPERATORS = frozenset(
    {
        "present/console.py",
        "present/fonts.py",
        "present/kernels.py",
        "present/locks.py",
        "present/notebooks.py",
        "present/notify.py",
        "present/outreach.py",
        "present/outreach_drafts.py",
        "present/outreach_lists.py",
        "present/outreach_plan.py",
        "present/outreach_templates.py",
        "present/progress.py",
        "present/reports.py",
        "present/reveal.py",
        "present/runner.py",
        "present/runs.py",
        "present/workspaces.py",
        "present/zygote.py",
    }
)
"""What the command line and its logs say to whoever runs it stays in Python, like errors."""

BANNED = {
    r"foretold|reckon": "expected, predicted",
    r"taken was": "say what was done",
    r"at an own rate": "say whose rate",
    r"\bthe middle\b": "the median, explained, or half of them",
    r"crm\.toml|\.py\b|\.ipynb\b": "no file on a manager's page",
    r"\ba (?=[aeio])(?!one\b|once\b)": "an",
    r"\ban (?![aeiouhx]|\d|\{)": "a",
    r"\bk-means\b|\bsilhouette\b|\bapriori\b|\bsklearn\b|\bpandas\b|\bduckdb\b": "no library, no algorithm",
}


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
