"""What the report on models says: the verdicts with their rules, what came true, what moved; and what they take off."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmlib.analyse.promises import (
    CHURN,
    DO_NOT_USE,
    FEWEST_INPUTS,
    HOLDS,
    IN_A_ROW,
    MISSES,
    MODELS,
    REFIT,
    TOO_EARLY,
    UNITS,
    VERDICTS,
    ModelWatch,
)
from crmlib.analyse.stats import FEWEST
from crmlib.measure.columns import column_of
from crmlib.prepare.clock import day_of
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import Skipped
from crmlib.present.claims import Claim, Fact, Family, claim, count, date, interval, money, name, names, share

VERDICT_WORDS = Family("models-verdict", VERDICTS)
STEP_WORDS = Family("models-step", VERDICTS, facts=("model",))
MODEL_WORDS = Family("models-model", MODELS)
WHAT_WORDS = Family("models-what", MODELS)
RULE_WORDS = Family(
    "models-rule",
    ("none_due", "few", "no_order", "plain_better", "missed", "missed_lately", "drift", "kept"),
    facts=("row", "misses", "lately", "fewest", "model", "what"),
)

Watched = Mapping[str, ModelWatch]


def rule_words(watch: ModelWatch) -> Claim:
    """The rule that gave the verdict."""
    return RULE_WORDS.claim(
        watch.reason,
        row=count(IN_A_ROW),
        misses=count(MISSES),
        lately=count(MISSES - 1),
        fewest=count(FEWEST),
        model=name(watch.model),
        what=WHAT_WORDS.term(watch.model),
    )


def unless_refuted(model: Any, watch: ModelWatch) -> Any:
    """The model, or what stands in its place on a page where it must not be used: the pages then leave it out."""
    if isinstance(model, Skipped) or watch.verdict != DO_NOT_USE:
        return model
    return Skipped(taken_off(watch))


def taken_off(watch: ModelWatch) -> Claim:
    """That a model is left out, and why."""
    return claim("models-taken-off", model=MODEL_WORDS.term(watch.model), rule=rule_words(watch))


def answer_watched(answer: list[Claim], watch: ModelWatch) -> list[Claim]:
    """A page's answer; where its model must not be used, that instead of its figures, and what to do first."""
    return [taken_off(watch), answer[-1]] if watch.verdict == DO_NOT_USE else answer


def findings_watched(findings: list[Claim], watch: ModelWatch) -> list[Claim]:
    """What a page finds by its model: after by how much levels are off, or nothing where it must not be used."""
    return [] if watch.verdict == DO_NOT_USE else [*levels_off(watch), *findings]


def levels_off(watch: ModelWatch) -> list[Claim]:
    """By how much the last predictions were off, where the model is to be refitted."""
    if watch.verdict != REFIT:
        return []
    off = watch.off_pct
    facts = {"what": WHAT_WORDS.term(watch.model), "misses": count(MISSES), "off": share(abs(off))}
    return [claim("models-levels-off", side=name("higher" if off > 0 else "lower"), **facts)]


def models_answer(watched: Watched) -> list[Claim]:
    """How many models hold, the rule that speaks against the worst, and what to do first."""
    worst = max(watched.values(), key=lambda watch: VERDICTS.index(watch.verdict))
    judged = [watch for watch in watched.values() if watch.verdict != TOO_EARLY and len(watch.scored)]
    said = []
    if len(judged) > 1:
        hold = sum(watch.verdict == HOLDS for watch in judged)
        said = [claim("models-answer-several", hold=count(hold), judged=count(len(judged)))]
    return [*said, rule_words(worst), STEP_WORDS.claim(worst.verdict, model=name(worst.model))]


def models_findings(watched: Watched) -> list[Claim]:
    """What came of the last prediction of each model."""
    return [said for watch in watched.values() for said in _last(watch)]


def _last(watch: ModelWatch) -> list[Claim]:
    if watch.scored.empty:
        return []
    row = watch.scored.iloc[-1]
    has_range = pd.notna(row["low"])
    ends = interval(row["low"], row["high"], UNITS[watch.model], **_unit(watch)) if has_range else None
    return [
        claim(
            "models-finding-due",
            what=WHAT_WORDS.term(watch.model),
            made=date(row["made_on"]),
            until=date(row["until"]),
            actual=amount(row["actual"], watch),
            expected=amount(row["expected"], watch),
            range=ends if ends is not None else name("none"),
        )
    ]


def _unit(watch: ModelWatch) -> dict[str, str]:
    return {"unit": watch.currency} if UNITS[watch.model] == "money" else {}


def amount(value: float, watch: ModelWatch) -> Fact:
    """What a model promises, in its unit."""
    kind = UNITS[watch.model]
    return (
        money(value, watch.currency)
        if kind == "money"
        else share(value)
        if kind == "share"
        else count(round(value))
    )


def models_paragraph(watch: ModelWatch) -> list[Claim]:
    """What came of the last prediction of who stops: its order, its money, how many ranges held."""
    if watch.scored.empty:
        return [claim("models-scored-none"), *_waiting(watch)]
    row, said = watch.scored.iloc[-1], []
    if pd.notna(row["order"]):
        model, plain = share(100 * row["order"]), share(100 * row["plain_order"])
        said.append(claim("models-finding-order", model=model, plain=plain))
    if pd.notna(row["money_expected"]) and pd.notna(row["money_actual"]):
        expected, actual = (money(row[f"money_{which}"], watch.currency) for which in ("expected", "actual"))
        said.append(claim("models-finding-money", actual=actual, expected=expected))
    held, ranges = watch.covered
    if ranges:
        said.append(claim("models-finding-range", covered=count(held), all=count(ranges)))
    return [*said, *_waiting(watch)]


def models_learning(watch: ModelWatch, crm: Crm) -> list[Claim]:
    """Until when the model that stands was learnt, and those that stood before it."""
    if not watch.learnt_on:
        return [claim("models-learnt-always")]
    *before, now = (date(day_of(one, time_zone=crm.time_zone)) for one in watch.learnt_on)
    said = [claim("models-learnt-stands", day=now)]
    return [*said, claim("models-learnt-before", days=names(before, limit=5))] if before else said


def _waiting(watch: ModelWatch) -> list[Claim]:
    return [claim("models-waiting", n=count(watch.waiting))] if watch.waiting else []


def models_drift(watch: ModelWatch) -> list[Claim]:
    """Which figures moved far since the last prediction."""
    if watch.drift.empty:
        return [claim("models-drift-unknown", fewest=count(FEWEST_INPUTS))]
    moved = watch.drift.index[watch.drift["drifted"]]
    if not len(moved):
        return [claim("models-drift-none")]
    return [claim("models-drift-some", figures=names([column_of(one).label for one in moved], limit=5))]


def models_rules() -> list[Claim]:
    """The rules, in order."""
    return [claim("models-rules", row=count(IN_A_ROW), misses=count(MISSES), lately=count(MISSES - 1))]


def models_limits(watched: Watched) -> list[Claim]:
    """What is not judged."""
    acted = claim("models-limits-acted")
    if not set(watched) - {CHURN}:
        return [claim("models-limits-one"), acted]
    return [claim("models-limits-forecast"), claim("models-limits-learnt"), acted]
