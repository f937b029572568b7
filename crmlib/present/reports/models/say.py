"""What the report on models says: the verdict with its rule, what came true, what moved; and what it takes off."""

from typing import Any

import pandas as pd

from crmlib.analyse.promises import DO_NOT_USE, FEWEST, FEWEST_INPUTS, IN_A_ROW, MISSES, VERDICTS, ModelWatch
from crmlib.measure.columns import column_of
from crmlib.present.blocks import Skipped
from crmlib.present.claims import Claim, Family, claim, count, date, money, names, share

VERDICT_WORDS = Family("models-verdict", VERDICTS)
STEP_WORDS = Family("models-step", VERDICTS)
RULE_WORDS = Family(
    "models-rule",
    ("none_due", "few", "no_order", "plain_better", "missed", "missed_lately", "drift", "kept"),
    facts=("row", "misses", "lately", "fewest"),
)


def rule_words(watch: ModelWatch) -> Claim:
    """The rule that gave the verdict."""
    return RULE_WORDS.claim(
        watch.reason,
        row=count(IN_A_ROW),
        misses=count(MISSES),
        lately=count(MISSES - 1),
        fewest=count(FEWEST),
    )


def unless_refuted(model: Any, watch: ModelWatch) -> Any:
    """The model, or what stands in its place on a page where it must not be used: the pages then leave it out."""
    if isinstance(model, Skipped) or watch.verdict != DO_NOT_USE:
        return model
    return Skipped(claim("models-taken-off", rule=rule_words(watch)))


def models_answer(watch: ModelWatch) -> list[Claim]:
    """The rule that holds, and what to do first."""
    return [rule_words(watch), STEP_WORDS.claim(watch.verdict)]


def models_findings(watch: ModelWatch) -> list[Claim]:
    """What came of the last prediction, and how many ranges held."""
    if watch.scored.empty:
        return [claim("models-scored-none"), *_waiting(watch)]
    row = watch.scored.iloc[-1]
    said = [
        claim(
            "models-finding-due",
            customers=count(int(row["customers"])),
            made=date(row["made_on"]),
            actual=share(row["actual_pct"]),
            expected=share(row["expected_pct"]),
            until=claim("models-until", day=date(row["until"])),
        )
    ]
    if pd.notna(row["auc"]):
        model, plain = share(100 * row["auc"]), share(100 * row["plain_auc"])
        said.append(claim("models-finding-order", model=model, plain=plain))
    if pd.notna(row["money_expected"]) and pd.notna(row["money_actual"]):
        expected, actual = (money(row[f"money_{name}"], watch.currency) for name in ("expected", "actual"))
        said.append(claim("models-finding-money", actual=actual, expected=expected))
    covered = watch.scored["is_covered"].dropna()
    if len(covered):
        held = count(int(covered.sum()))
        said.append(claim("models-finding-range", covered=held, all=count(len(covered))))
    return [*said, *_waiting(watch)]


def _waiting(watch: ModelWatch) -> list[Claim]:
    return [claim("models-waiting", n=count(watch.waiting))] if watch.waiting else []


def models_drift(watch: ModelWatch) -> list[Claim]:
    """Which figures moved far since the last prediction."""
    if watch.drift.empty:
        return [claim("models-drift-unknown", fewest=count(FEWEST_INPUTS))]
    moved = watch.drift.index[watch.drift["drifted"]]
    if not len(moved):
        return [claim("models-drift-none")]
    return [claim("models-drift-some", figures=names([column_of(name).label for name in moved], limit=5))]


def models_rules(watch: ModelWatch) -> list[Claim]:
    """The rules, in order."""
    return [claim("models-rules", row=count(IN_A_ROW), misses=count(MISSES), lately=count(MISSES - 1))]


def models_limits() -> list[Claim]:
    """What is not judged."""
    return [claim("models-limits-one"), claim("models-limits-acted")]
