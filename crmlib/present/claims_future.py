"""What the report says on purchases to come, made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.future import STRONG_CORRELATION, FutureContribution
from crmlib.analyse.holdout import HoldoutCheck
from crmlib.analyse.lifetime_choice import OWN_RATE, OWN_SPEND
from crmlib.analyse.lifetime_naive import RATE_KINDS
from crmlib.analyse.regularity import FEWEST_CUSTOMERS, Regularity
from crmlib.present.claims_future_example import _little_future  # noqa: F401
from crmlib.present.words import count, date, days, listing, money, number, percent, plural
from crmlib.present.words_lifecycle import likely_gone_sentences

_HOW = {
    RATE_KINDS["shrunk"]: "each customer goes on at the own rate evened out towards that of all",
    RATE_KINDS["own"]: "each customer goes on at the own rate",
    RATE_KINDS["mean"]: "everyone buys like the average customer",
    RATE_KINDS["last period"]: "the last stretch of equal length repeats",
}


def future_answer(future: FutureContribution) -> list[str]:
    """How much is expected, from how many, and whether to trust it.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    list of str

    Examples
    --------
    >>> future_answer(_little_future())[0][:59]
    'Within 90\\xa0days 200\\xa0customers are expected to make 408\\xa0purch'
    """
    known = future.table.dropna(subset=["expected_purchases"])
    purchases, value = known["expected_purchases"].sum(), known["future_contribution"].sum(min_count=1)
    buyers = count(len(known), "customer")
    said = [
        f"Within {days(future.horizon_days)} {buyers} {plural(len(known), 'is', 'are')} expected to make "
        f"{_purchases(purchases)}"
        f"{f' and to bring {money(value, future.currency)} of {_what(future)}' if pd.notna(value) else ''}."
    ]
    return [*said, _trust(future)]


def future_findings(future: FutureContribution, stages: pd.Series | None = None) -> list[str]:
    """What to know first: who matters, who may have stopped, how well it was known before.

    Parameters
    ----------
    future : FutureContribution
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it. Who may have stopped is said only of those who buy by their state, and
        not at all where no states are given.

    Returns
    -------
    list of str

    Examples
    --------
    >>> future_findings(_little_future())[-1].startswith("Put to the test")
    True
    """
    said = []
    share = _top_share(future)
    if np.isfinite(share):
        said.append(
            f"The best tenth of customers is expected to bring {percent(share)} of the {_what(future)} of the next "
            f"{days(future.horizon_days)}."
        )
    if stages is not None:
        said.extend(likely_gone_sentences(future.table["probability_alive"], stages))
    if future.holdout is not None:
        said.append(_tested(future.holdout, future.holdout.used))
    return said


def future_paragraph(future: FutureContribution) -> list[str]:
    """How the figures of purchases and of money are made.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    list of str

    Examples
    --------
    >>> future_paragraph(_little_future())[-1]
    'The margin of 40\\xa0% was given; a year later, an amount counts 9.1\\xa0% less.'
    """
    spend = {
        "": "Nobody has bought again, so nothing is known of what a purchase brings.",
        OWN_SPEND: "What a purchase brings could not be fitted; it is the customer's own mean so far, drawn towards "
        "that of all.",
    }.get(
        future.spend.name,
        "What a purchase brings is the customer's own mean so far, drawn towards that of all the more, the fewer "
        "purchases there are.",
    )
    return [_how(future), spend, *_correlation(future), _money_of_today(future)]


def holdout_paragraph(future: FutureContribution | HoldoutCheck) -> list[str]:
    """Whether such a prediction would have been right before.

    Parameters
    ----------
    future : FutureContribution or HoldoutCheck

    Returns
    -------
    list of str

    Examples
    --------
    >>> holdout_paragraph(_little_future())[0][:58]
    'Put to the test: what was known on 6 May 2024 gave 366\\xa0pur'
    """
    check = future if isinstance(future, HoldoutCheck) else future.holdout
    if check is None:
        return [future.holdout_missing]
    row = check.total(check.chosen)
    said = [_tested(check, check.chosen)]
    if np.isfinite(row["error_low"]):
        said.append(
            f"Other customers of the same kind would have put this error between {_signed(row['error_low'])} and "
            f"{_signed(row['error_high'])}."
        )
    off = check.cumulative_error_pct
    if row["kind"] == "model" and np.isfinite(off):
        last = check.cumulative.iloc[-1]
        said.append(
            f"Counted from the first day on, {_purchases(last['expected'], 'repeat purchase')} were to be expected "
            f"and {number(last['actual'])} had come by {date(check.holdout_end)}: an error of {_signed(off)}. "
            f"The test above, with an error of {_signed(row['error_pct'])}, counts only what was not known yet."
        )
    said.append(_against_guesses(check))
    return [*said, *_revenue_tested(future)]


def regularity_paragraph(future: FutureContribution | Regularity) -> list[str]:
    """Whether customers buy at random moments, and what that means for the figures.

    Parameters
    ----------
    future : FutureContribution or Regularity

    Returns
    -------
    list of str

    Examples
    --------
    >>> regularity_paragraph(_little_future())[0][:38]
    'Customers buy at random moments: regul'
    """
    found = future if isinstance(future, Regularity) else future.regularity
    if found.verdict == "unknown":
        return ["Too few customers have bought three times to say whether they buy regularly or at random."]
    size = (
        f"regularity is {number(found.shape)} ({number(found.low)} to {number(found.high)}), where 1 is at random "
        "and 2 clearly regular"
    )
    said = {
        "random": [
            f"Customers buy at random moments: {size}. That is what the expectation takes for granted."
        ],
        "bursts": [
            f"Customers buy {_how_unevenly(found.shape)} than at random, in bursts with pauses between: {size}.",
            "So a long silence says less about who has left than the probability of still buying has it.",
        ],
        "regular": [
            f"Customers buy {_how_regularly(found.shape)} than at random: {size}.",
            "The probability of still buying takes purchases for random, so it sees late that a regular buyer "
            "has stopped; silence against the customer's usual gap sees it sooner.",
        ],
    }[found.verdict]
    who = f"{percent(found.measured_share_pct)} of customers bought often enough to be measured."
    if found.judged_customers >= FEWEST_CUSTOMERS:
        who += (
            f" Of the {count(found.judged_customers, 'customer')} with many purchases, "
            f"{percent(found.regular_share_pct)} are regular by themselves; chance alone would make it "
            f"{percent(5)}."
        )
    return [*said, who]


def future_limits(future: FutureContribution) -> list[str]:
    """What these figures cannot say.

    Parameters
    ----------
    future : FutureContribution

    Returns
    -------
    list of str

    Examples
    --------
    >>> len(future_limits(_little_future()))
    5
    """
    limits = [future.holdout_missing] if future.holdout is None else []
    if future.holdout is not None and future.holdout.holdout_days < future.horizon_days:
        limits.append(
            f"The test reaches {days(future.holdout.holdout_days)} ahead, the figures {days(future.horizon_days)}: "
            "beyond the test nothing was checked."
        )
    if future.holdout is not None and future.holdout.beats_baselines != "yes":
        limits.append(_against_guesses(future.holdout))
    if future.method in _HOW and future.fit.name != OWN_RATE:
        limits.append(
            "The probability of still buying is that of the model that lost: the plain guess does not say who has "
            "stopped."
        )
    if future.is_revenue:
        limits.append("The cost of the goods is not known: what customers bring is revenue, not margin.")
    else:
        limits.append("One margin is taken for all customers; what each of them buys may bring more or less.")
    if future.fit.name == OWN_RATE:
        limits.append("Who has stopped buying is not told apart from who is only between two purchases.")
    nobody = int(future.table["expected_purchases"].isna().sum())
    if nobody:
        limits.append(
            f"{_capital(count(nobody, 'customer'))} without a purchase {plural(nobody, 'has', 'have')} no figure: "
            "there is nothing to go by."
        )
    limits.append(
        "Seasons, campaigns and prices to come are not in the figures: they carry on what was, on average."
    )
    limits.append("Who bought before these data begin counts as new at the first purchase seen.")
    return limits


def _what(future: FutureContribution) -> str:
    return "revenue" if future.is_revenue else "margin"


def _purchases(n: float, noun: str = "purchase") -> str:
    return count(round(float(n)) if n >= 10 else round(float(n), 1), noun)


def _signed(pct: float) -> str:
    return f"{'+' if pct > 0 else ''}{percent(pct)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _top_share(future: FutureContribution) -> float:
    value = future.table["future_contribution"].dropna().sort_values(ascending=False, kind="stable")
    if len(value) < 10 or value.sum() <= 0:
        return float("nan")
    return float(100 * value.head(-(-len(value) // 10)).sum() / value.sum())


def _trust(future: FutureContribution) -> str:
    check = future.holdout
    if check is None:
        return "The history is too short to put the figures to the test."
    return _tested(check, check.used)


def _tested(check: HoldoutCheck, name: str) -> str:
    row = check.total(name)
    found = (
        f"Put to the test: what was known on {date(check.calibration_end)} gave {_purchases(row['predicted'])} for the "
        f"{days(check.holdout_days)} after, and {number(row['actual'])} came"
    )
    if not np.isfinite(row["error_pct"]):
        return f"{found}."
    if abs(row["error_pct"]) < 0.05:
        return f"{found}, as many as expected."
    return f"{found}, an error of {_signed(row['error_pct'])}."


def _against_guesses(check: HoldoutCheck) -> str:
    if check.total(check.chosen)["kind"] == "baseline":
        best = (
            f" The one that {_HOW[check.best_baseline]} was nearest, and that is more than chance: the purchases "
            "expected follow it."
        )
        return (
            "No model of buying and leaving could be fitted to what was known, so only plain guesses were "
            f"tested.{best if check.beats_baselines == 'no' else ''}"
        )
    if check.beats_baselines == "yes":
        return (
            "Customer by customer the model was nearer than every plain guess, and that is more than chance."
        )
    if check.beats_baselines == "no":
        return (
            f"Customer by customer the model lost: the plain guess that {_HOW[check.best_baseline]} was nearer, and "
            "that is more than chance. The purchases expected follow that guess."
        )
    level = check.differences.loc[check.differences["verdict"] != "better", "baseline"]
    guesses = [f"that {_HOW[name]}" for name in level]
    return (
        f"Customer by customer the model cannot be told apart from the plain {plural(len(guesses), 'guess')} "
        f"{listing(guesses)}: the difference is within chance."
    )


def _revenue_tested(future: Any) -> list[str]:
    found = getattr(future, "spend_check", None)
    if not found or not np.isfinite(found["error_pct"]):
        return []
    return [
        f"Of revenue, {money(found['expected'], future.currency)} was expected in that time and "
        f"{money(found['actual'], future.currency)} came, an error of {_signed(found['error_pct'])}."
    ]


def _how(future: FutureContribution) -> str:
    if future.method in _HOW and future.holdout is not None:
        return (
            f"The purchases expected take it that {_HOW[future.method]}: in the test this was nearer than the model "
            "of buying and leaving."
            if future.fit.name != OWN_RATE
            else f"The purchases expected take it that {_HOW[future.method]}: of the plain guesses it was nearest in "
            "the test, and no model of buying and leaving fits these customers."
        )
    if future.method == OWN_RATE:
        return (
            "No model of buying and leaving fits these customers, so the purchases expected take it that "
            f"{_HOW[RATE_KINDS['shrunk']]}."
        )
    return (
        "The purchases expected come from a model in which each customer buys at an own rate and may stop one day; "
        "both are read from how often and how lately somebody bought."
    )


def _correlation(future: FutureContribution) -> list[str]:
    spend = future.spend
    if not np.isfinite(spend.correlation):
        return []
    shown = (
        f"correlation {number(round(spend.correlation, 2))}, "
        f"{number(round(spend.correlation_low, 2))} to {number(round(spend.correlation_high, 2))}"
    )
    if abs(spend.correlation) < STRONG_CORRELATION:
        return [
            f"How often and how much somebody buys are taken for unrelated, which nearly holds here ({shown})."
        ]
    way = "more" if spend.correlation > 0 else "less"
    return [
        "How often and how much somebody buys are taken for unrelated, which does not hold here: who buys often "
        f"spends {way} each time ({shown})."
    ]


def _money_of_today(future: FutureContribution) -> str:
    later = 100 * (1 - 1 / (1 + future.discount_rate))
    waits = (
        f"a year later, an amount counts {percent(later)} less"
        if later
        else "no discount is taken for waiting"
    )
    if future.margin_source == "unknown":
        return f"No cost is known, so all amounts are revenue, not margin; {waits}."
    where = (
        "was given"
        if future.margin_source == "given"
        else "is that of all lines of the last year with a known cost"
    )
    return f"The margin of {percent(future.margin_pct)} {where}; {waits}."


def _how_unevenly(shape: float) -> str:
    return "a little less evenly" if shape > 0.8 else "less evenly" if shape > 0.5 else "far less evenly"


def _how_regularly(shape: float) -> str:
    return (
        "a little more regularly"
        if shape < 1.5
        else "more regularly"
        if shape < 2.5
        else "far more regularly"
    )
