"""What the report on customer value says of the time ahead, and of how such an expectation held before."""

import numpy as np
import pandas as pd

from crmlib.analyse.customers.states import is_likely, of_buyers
from crmlib.analyse.learn.evaluate import LEVEL_PCT
from crmlib.analyse.lifetime.choice import OWN_RATE, OWN_SPEND, RATE_KINDS
from crmlib.analyse.lifetime.future import LAST_AMOUNT, STRONG_CORRELATION, FutureContribution
from crmlib.analyse.lifetime.history import ONE_SIDED_PCT, Regularity, some_histories
from crmlib.analyse.lifetime.holdout import HoldoutCheck
from crmlib.analyse.stats import FEWEST
from crmlib.present.claims import (
    STATE_WORDS,
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    interval,
    money,
    names,
    number,
    share,
    term,
)
from crmlib.schema.states import DORMANT, LIKELY, LOST

GUESS_WORDS = Family("guess", (*RATE_KINDS.values(), LAST_AMOUNT))
"""The plain rules that an expectation has to beat."""

SHORT_GUESS = Family("value-guess-short", GUESS_WORDS.members)
"""The same in few words."""


def future_answer(future: FutureContribution) -> list[Claim]:
    """How much is expected, and whether to trust it, against the strongest plain rule."""
    return [_expected(future), _trust(future)]


def future_range(future: FutureContribution) -> tuple[float, float] | None:
    """The range that past days promise, the next season's surprise in it; None where no level is promised."""
    level = future.levels["revenue"]
    return (level.low, level.high) if level.is_promised else None


def future_value(future: FutureContribution) -> float:
    """What is expected of all of today's customers."""
    return float(future.table["future_contribution"].sum(min_count=1))


def value_at(horizon_days: int | None) -> str:
    """Which quantity the future contribution is."""
    return f"customers.future_value[{horizon_days}d]" if horizon_days else "customers.future_value"


def _expected(future: FutureContribution) -> Claim:
    known = future.table["expected_purchases"].dropna()
    value, horizon = future_value(future), days(future.horizon_days)
    customers = count(len(known), at="customers.buyers")
    if not np.isfinite(value):
        purchases = _purchases(known.sum())
        return claim("value-answer-purchases", customers=customers, purchases=purchases, horizon=horizon)
    said = money(value, future.currency, at=value_at(future.horizon_days))
    ends = future_range(future)
    if ends is None:
        what = future_what(future)
        return claim(
            "value-answer-expected-alone", customers=customers, value=said, what=what, horizon=horizon
        )
    return claim(
        "value-answer-expected",
        customers=customers,
        value=said,
        what=future_what(future),
        horizon=horizon,
        range=interval(*ends, "money", unit=future.currency),
    )


def _trust(future: FutureContribution) -> Claim:
    check, found = future.holdout, future.spend_check
    if check is None:
        return claim("value-answer-untested")
    level = future.levels["revenue"]
    if not level.is_promised:
        return claim("value-answer-order", tried=count(len(level.past)))
    tested = days(check.holdout_days)
    if not found or not np.isfinite(found["error_pct"]):
        row = check.total(check.used)
        predicted = _purchases(row["predicted"])
        return claim("value-tested-purchases", days=tested, predicted=predicted, actual=count(row["actual"]))
    missed = _missed(found["error_pct"])
    if not found["rule"]:
        return claim("value-tested-alone", days=tested, missed=missed)
    rule, rule_missed = SHORT_GUESS.term(found["rule"]), _missed(found["rule_error_pct"])
    facts = {"days": tested, "missed": missed, "rule": rule, "rule-missed": rule_missed}
    if found["nearer"] == "rule":
        return claim("value-tested-rule", **facts)
    if found["nearer"] == "method":
        return claim("value-tested-method", **facts)
    return claim("value-tested-level", **facts)


def _missed(pct: float) -> Claim:
    if abs(pct) < 0.05:
        return claim("value-missed-level")
    if pct > 0:
        return claim("value-missed-high", by=share(pct))
    return claim("value-missed-low", by=share(-pct))


def future_findings(future: FutureContribution, stages: pd.Series | None = None) -> list[Claim | str]:
    """Who matters, and who of those that buy by their state may have stopped; nothing of the latter without states."""
    said: list[Claim | str] = []
    top = best_tenth(future)
    if np.isfinite(top):
        what = future_what(future)
        horizon = days(future.horizon_days)
        said.append(claim("value-finding-best-tenth", share=share(top), what=what, horizon=horizon))
    if stages is not None:
        said.extend(likely_gone_sentences(future.table["probability_alive"], stages))
    return said


def likely_gone_sentences(alive: pd.Series, stages: pd.Series) -> list[Claim]:
    """Of those who buy by their state, how many have by the model of purchases as likely as not stopped."""
    stopped = of_buyers(stages, 1 - alive).dropna()
    if stopped.empty:
        return []
    gone = int(is_likely(stages, stopped).sum())
    facts = {
        "n": count(len(stopped)),
        **{state: STATE_WORDS.term(state) for state in (DORMANT, LOST)},
        "likely": share(100 * LIKELY),
    }
    if not gone:
        return [claim("value-gone-none", **facts)]
    return [claim("value-gone-some", gone=count(gone, at="customers.likely_gone"), **facts)]


def future_paragraph(future: FutureContribution) -> list[Claim]:
    """How the figures of purchases and of money are made."""
    if not future.spend.name:
        spend = claim("value-future-spend-unknown")
    else:
        own = future.spend.name == OWN_SPEND
        spend = claim("value-future-spend-fallback" if own else "value-future-spend-fitted")
    return [_how(future), *_drawn(future), spend, *_correlation(future), _money_of_today(future)]


def _drawn(future: FutureContribution) -> list[Claim]:
    """On how many of how many customers models were fitted, and how far these buy as often as all do."""
    some, every = (one["frequency"] for one in (some_histories(future.history), future.history))
    if len(some) == len(every) or not every.any():
        return []
    counts = {"drawn": count(len(some)), "customers": count(len(every))}
    return [claim("value-future-drawn", **counts, off=signed(100 * (some.mean() / every.mean() - 1)))]


def holdout_paragraph(future: FutureContribution | HoldoutCheck) -> list[Claim]:
    """Whether such a prediction would have been right before, in purchases and in money."""
    check = future if isinstance(future, HoldoutCheck) else future.holdout
    if check is None:
        return [_too_short(future)]
    row, said = check.total(check.chosen), [_tested(check, check.chosen)]
    if np.isfinite(row["error_low"]):
        said.append(claim("value-test-range", low=signed(row["error_low"]), high=signed(row["error_high"])))
    off = check.cumulative_error_pct
    if row["kind"] == "model" and np.isfinite(off):
        last = check.cumulative.iloc[-1]
        said.append(
            claim(
                "value-test-cumulative",
                expected=_purchases(last["expected"]),
                actual=count(last["actual"]),
                day=date(check.holdout_end),
                off=signed(off),
                error=signed(row["error_pct"]),
            )
        )
    said.append(_against_guesses(check))
    return [*said, *([] if future is check else money_paragraph(future))]


def money_paragraph(future: FutureContribution) -> list[Claim]:
    """What was expected in money at the day of the test and what came, beside the strongest plain rule."""
    found, check = future.spend_check, future.holdout
    if check is None or not found or not np.isfinite(found["error_pct"]):
        return []
    said = [
        claim(
            "value-test-money",
            expected=money(found["expected"], future.currency),
            actual=money(found["actual"], future.currency),
            days=days(check.holdout_days),
            day=date(check.calibration_end),
            error=signed(found["error_pct"]),
            low=signed(found["error_low"]),
            high=signed(found["error_high"]),
        )
    ]
    if found["rule"]:
        verdict = {
            "method": term("value-test-nearer-method"),
            "rule": term("value-test-nearer-rule"),
            "level": term("value-test-nearer-level"),
        }[found["nearer"]]
        said.append(
            claim(
                "value-test-money-rule",
                rule=GUESS_WORDS.term(found["rule"]),
                expected=money(found["rule_expected"], future.currency),
                error=signed(found["rule_error_pct"]),
                verdict=verdict,
            )
        )
    return [*said, claim("value-test-one-season"), *_on_past_days(future)]


def _on_past_days(future: FutureContribution) -> list[Claim]:
    """How often the range known on a past day held what came."""
    level = future.levels["revenue"]
    inside, tried = level.held
    if not tried:
        return []
    facts = {"inside": count(inside), "tried": count(tried), "level": share(LEVEL_PCT)}
    moved = 100 * (level.expected / level.raw - 1) if level.raw > 0 else 0.0
    return [claim("value-test-past-days", moved=signed(moved), **facts)]


def regularity_paragraph(future: FutureContribution | Regularity) -> list[Claim]:
    """Whether customers buy at random moments, and what that means for the figures."""
    found = future if isinstance(future, Regularity) else future.regularity
    if found.verdict == "unknown":
        return [claim("value-regular-unknown")]
    size = claim("value-regular-size", shape=number(found.shape), range=interval(found.low, found.high))
    said = {
        "random": lambda: claim("value-regular-random", size=size),
        "bursts": lambda: claim("value-regular-bursts", size=size, how=_how_unevenly(found.shape)),
        "regular": lambda: claim("value-regular-even", size=size, how=_how_regularly(found.shape)),
    }[found.verdict]()
    said = [said, claim("value-regular-measured", share=share(found.measured_share_pct))]
    if found.judged_customers < FEWEST:
        return said
    single = {"n": count(found.judged_customers), "share": share(found.regular_share_pct)}
    return [*said, claim("value-regular-single", **single, chance=share(ONE_SIDED_PCT))]


def future_what(future: FutureContribution) -> Fact:
    """Whether margin or revenue is expected."""
    return term("value-what-revenue") if future.is_revenue else term("value-what-margin")


def _purchases(n: float) -> Fact:
    return count(round(float(n))) if n >= 10 else number(round(float(n), 1))


def signed(pct: float) -> Fact | Claim:
    """An error in percent with its sign."""
    return claim("value-signed-plus", x=share(pct)) if np.isfinite(pct) and pct > 0 else share(pct)


def best_tenth(future: FutureContribution) -> float:
    """What the best tenth of customers should bring of the whole, in percent; NaN of fewer than ten."""
    value = future.table["future_contribution"].dropna().sort_values(ascending=False, kind="stable")
    if len(value) < 10 or value.sum() <= 0:
        return float("nan")
    return float(100 * value.head(-(-len(value) // 10)).sum() / value.sum())


def _too_short(future: FutureContribution) -> Claim:
    missing = future.holdout_missing
    span = days(missing["span_days"])
    customers = count(missing["customers"])
    return claim("value-test-short", span=span, customers=customers, day=date(missing["day"]))


def _tested(check: HoldoutCheck, model: str) -> Claim:
    row = check.total(model)
    facts = {
        "day": date(check.calibration_end),
        "predicted": _purchases(row["predicted"]),
        "days": days(check.holdout_days),
        "actual": count(row["actual"]),
    }
    if not np.isfinite(row["error_pct"]):
        return claim("value-test-purchases", **facts)
    return claim("value-test-purchases-error", **facts, error=signed(row["error_pct"]))


def _against_guesses(check: HoldoutCheck) -> Claim:
    best = GUESS_WORDS.term(check.best_baseline)
    if check.total(check.chosen)["kind"] == "baseline":
        if check.beats_baselines == "no":
            return claim("value-test-rules-best", rule=best)
        return claim("value-test-rules-only")
    if check.beats_baselines == "yes":
        return claim("value-test-won")
    if check.beats_baselines == "no":
        return claim("value-test-lost", rule=best)
    level = check.differences.loc[check.differences["verdict"] != "better", "baseline"]
    rules = names([GUESS_WORDS.term(guess) for guess in level])
    return claim("value-test-level", n=count(len(level)), rules=rules)


def _how(future: FutureContribution) -> Claim:
    if future.method in RATE_KINDS.values() and future.holdout is not None:
        rule = GUESS_WORDS.term(future.method)
        if future.fit.name != OWN_RATE:
            return claim("value-future-rule-beat", rule=rule)
        return claim("value-future-rule-nearest", rule=rule)
    if future.method == OWN_RATE:
        return claim("value-future-rule-only", rule=GUESS_WORDS.term(RATE_KINDS["shrunk"]))
    return claim("value-future-model")


def _correlation(future: FutureContribution) -> list[Claim]:
    spend = future.spend
    if not np.isfinite(spend.correlation):
        return []
    found = number(round(spend.correlation, 2))
    ends = interval(round(spend.correlation_low, 2), round(spend.correlation_high, 2))
    if abs(spend.correlation) < STRONG_CORRELATION:
        return [claim("value-future-unrelated", found=found, range=ends)]
    more = spend.correlation > 0
    return [
        claim("value-future-related-more" if more else "value-future-related-less", found=found, range=ends)
    ]


def _money_of_today(future: FutureContribution) -> Claim:
    later = 100 * (1 - 1 / (1 + future.discount_rate))
    waiting = claim("value-future-waiting", less=share(later)) if later else claim("value-future-not-waiting")
    if future.margin_source == "unknown":
        return claim("value-future-margin-unknown", waiting=waiting)
    given = future.margin_source == "given"
    return claim(
        "value-future-margin-given" if given else "value-future-margin-costs",
        margin=share(future.margin_pct),
        waiting=waiting,
    )


def _how_unevenly(shape: float) -> Fact:
    if shape > 0.8:
        return term("value-regular-how-slightly-uneven")
    return term("value-regular-how-uneven" if shape > 0.5 else "value-regular-how-very-uneven")


def _how_regularly(shape: float) -> Fact:
    if shape < 1.5:
        return term("value-regular-how-slightly-regular")
    return term("value-regular-how-regular" if shape < 2.5 else "value-regular-how-very-regular")


def future_limits(future: FutureContribution) -> list[Claim]:
    """What the figures of the time ahead cannot say."""
    check = future.holdout
    said = [_too_short(future)] if check is None else []
    if check is not None and check.holdout_days < future.horizon_days:
        tested = days(check.holdout_days)
        said.append(claim("value-limits-reach", tested=tested, horizon=days(future.horizon_days)))
    if future.method in RATE_KINDS.values() and future.fit.name != OWN_RATE:
        said.append(claim("value-limits-loser"))
    said.append(claim("value-limits-revenue" if future.is_revenue else "value-limits-margin"))
    if future.fit.name == OWN_RATE:
        said.append(claim("value-limits-own-rate"))
    nobody = int(future.table["expected_purchases"].isna().sum())
    if nobody:
        said.append(claim("value-limits-nobody", n=count(nobody)))
    return [*said, claim("value-limits-seasons"), claim("value-limits-begin")]
