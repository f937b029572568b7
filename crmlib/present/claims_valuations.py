"""What the report on customer value says of the five valuations and of the lists for action."""

from typing import Any

import pandas as pd

from crmlib.analyse.action_lists import ActionLists
from crmlib.analyse.lifecycle_lists import is_late
from crmlib.analyse.valuation_loyalty import LOYALTY_WEIGHTS
from crmlib.analyse.valuation_summary import (
    LOYALTY_WORDS,
    credit_by_grade,
    growth_by_category,
)
from crmlib.present.blocks import Skipped
from crmlib.present.words import count, listing, money, number, percent, plural, quoted
from crmlib.schema.states import DORMANT, LATE_TIMES, LOST, spoken

_WANTED = {
    "credit_grade": "credit",
    "growth_potential": "growth potential",
    "profit_365d": "profitability",
    "future_contribution": "future contribution",
}
FALLING = 0.2
"""From so much decay on, a customer's activity counts as falling."""


def valuations_findings(valuations: pd.DataFrame, lists: ActionLists) -> list[str]:
    """The one to three sentences that the index repeats: whom to keep, to win back, to develop.

    Parameters
    ----------
    valuations : DataFrame
    lists : ActionLists

    Returns
    -------
    list of str

    Examples
    --------
    >>> for sentence in valuations_findings(_little_valuations(), _little_lists()):
    ...     print(sentence.replace("\\xa0", " ")[:60])
    1 of 1 customer on the list to keep has not bought for twice
    1 customer is dormant or lost and once brought at least as m
    """
    currency, said = lists.currency, []
    late = _late(lists.keep)
    if late:
        stake = money(lists.keep.loc[is_late(lists.keep["gap_overdue_ratio"]), "spend_365d"].sum(), currency)
        said.append(
            f"{_of(late, len(lists.keep))} on the list to keep {plural(late, 'has', 'have')} not bought for "
            f"{spoken(LATE_TIMES)} the usual gap or longer; they spent {stake} in the last year."
        )
    n = lists.candidates["win_back"]
    if n:
        said.append(
            f"{count(n, 'customer')} {plural(n, 'is', 'are')} {DORMANT} or {LOST} and once brought at least as much a "
            "year as the median customer; at their former pace they spent "
            f"{money(lists.at_stake['win_back'], currency)} a year."
        )
    if "growth_potential" in valuations and lists.candidates["develop"]:
        n = lists.candidates["develop"]
        said.append(
            f"{count(n, 'customer')} who {plural(n, 'buys', 'buy')} as usual could be developed: up to "
            f"{money(lists.at_stake['develop'], currency)} a year, if each bought what a quarter of "
            "comparable customers do."
        )
    return said


def loyalty_paragraph(valuations: pd.DataFrame) -> list[str]:
    """How loyal customers are, and how that is told.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str

    Examples
    --------
    >>> loyalty_paragraph(_little_valuations())[0][:49]
    'The median customer scores 50 of 100 for loyalty.'
    """
    score = valuations["loyalty_score"].dropna() if "loyalty_score" in valuations else pd.Series()
    if score.empty:
        return ["Loyalty cannot be told yet: no customer has had time for a second purchase."]
    parts = [
        f"{LOYALTY_WORDS[name].lower()} {percent(100 * weight)}"
        for name, weight in LOYALTY_WEIGHTS.items()
        if name != "breadth" or "category_share_pct" in valuations
    ]
    said = [
        f"The median customer scores {number(round(score.median()))} of 100 for loyalty.",
        f"The score is the mean of marks from 0 to 100, which count: {listing(parts)}.",
    ]
    kept = valuations["cadence_kept_pct"].dropna()
    if len(kept):
        said.append(
            "A purchase is due when the customer's own usual gap has passed; half of the customers made at "
            f"least {percent(kept.median())} of those that were due."
        )
    falling, rising = (int((sign * valuations["loyalty_decay"] >= FALLING).sum()) for sign in (1, -1))
    judged = int(valuations["loyalty_decay"].notna().sum())
    if judged:
        said.append(
            f"{_of(falling, judged)} with a second purchase came less often in the recent half of their time than "
            f"in the earlier one, {number(rising) if rising else 'none'} more often; by chance alone there would "
            "be about as many of either."
        )
    return said


def growth_paragraph(valuations: pd.DataFrame) -> list[str]:
    """Where customers could buy more, and how far that figure can be taken.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str

    Examples
    --------
    >>> growth_paragraph(_little_valuations())[0][:44]
    'What else customers could buy is not known. '
    """
    if "growth_potential" not in valuations:
        return [_not_known("What else customers could buy", valuations, "growth_potential")]
    currency, potential = valuations.attrs.get("currency", ""), valuations["growth_potential"]
    table, some = growth_by_category(valuations), int((potential > 0).sum())
    if not some:
        return [
            "No room to grow can be seen: nobody who spends less in all than a quarter of comparable customers do "
            "leaves out a category that more than a quarter of those buy."
        ]
    spent = valuations.loc[potential.notna(), "spend_365d"].sum()
    share = (
        f", {percent(100 * potential.sum() / spent)} of what was spent in the last year" if spent > 0 else ""
    )
    first = table.iloc[0]
    return [
        f"{count(some, 'customer')} could spend up to {money(potential.sum(), currency)} more a year{share}.",
        "It counts categories of which a customer buys little or nothing while more than a quarter of comparable "
        "customers buy them, and stops where the customer would spend more in all than a quarter of those do.",
        f"For {count(first['customers'], 'customer')} most of the room is in {quoted(table.index[0])}, "
        f"{money(first['amount'], currency)} a year.",
        *_elsewhere(table["amount"].sum(), potential.sum(), currency),
        "This is room, not a forecast: it says what others do, not what these customers will.",
        *([valuations.attrs["notes"]["growth"]] if "growth" in valuations.attrs.get("notes", {}) else []),
    ]


def credit_paragraph(valuations: pd.DataFrame) -> list[str]:
    """How customers pay, and how the grade is made.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str

    Examples
    --------
    >>> credit_paragraph(_little_valuations())[0].replace("\\xa0", " ")[:48]
    'How customers pay is not known. Transactions has'
    """
    table = credit_by_grade(valuations)
    if "credit_grade" not in valuations:
        return [_not_known("How customers pay", valuations, "credit_grade")]
    if table.empty:
        return ["No invoice has been paid or fallen due yet, so nobody can be graded."]
    currency, graded = valuations.attrs.get("currency", ""), int(table["customers"].sum())
    poor = table.loc[["D", "E"]].sum()
    said = [
        f"{_of(int(poor['customers']), graded)} {plural(poor['customers'], 'has', 'have')} grade D or E.",
    ]
    overdue = table["overdue_amount"].sum()
    if overdue > 0:
        said.append(
            f"{money(overdue, currency)} is overdue, {percent(100 * overdue / valuations['open_amount'].sum())} of "
            f"what is open; {percent(100 * poor['overdue_amount'] / overdue)} of it is owed by those with D or E."
        )
    said.append(
        "The grade is set by the worst of four figures: how often an invoice is late, how many days on average, how "
        "long the oldest open one is overdue, and how much of the credit limit is used."
    )
    return [
        *said,
        *([valuations.attrs["notes"]["credit"]] if "credit" in valuations.attrs.get("notes", {}) else []),
    ]


def profit_paragraph(valuations: pd.DataFrame) -> list[str]:
    """Who brings the profit, and who costs more than they bring.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str

    Examples
    --------
    >>> profit_paragraph(_little_valuations())[0].replace("\\xa0", " ")[:41]
    'What customers earn us is not known. Tran'
    """
    if "profit_365d" not in valuations:
        return [_not_known("What customers earn us", valuations, "profit_365d")]
    profit, currency = valuations["profit_365d"].dropna(), valuations.attrs.get("currency", "")
    bad = profit[profit < 0]
    said = [
        f"In the last year customers left a profit of {money(profit.sum(), currency)} after cost to serve."
    ]
    if profit.sum() < 0:
        said = [f"In the last year customers cost {money(-profit.sum(), currency)} more than they brought."]
    elif len(profit):
        top = profit.nlargest(-(-len(profit) // 5)).sum()
        if 0 < top <= profit.sum():
            share = percent(100 * top / profit.sum())
            said.append(f"The most profitable fifth of customers brings {share} of it.")
        elif top > profit.sum():
            said.append(
                f"The most profitable fifth alone brought {money(top, currency)}; others cost part of it again."
            )
    if len(bad):
        said.append(
            f"{count(len(bad), 'customer')} cost more than they brought, {money(-bad.sum(), currency)} together."
            if len(bad) > 1
            else f"1 customer cost {money(-bad.sum(), currency)} more than they brought."
        )
    return [*said, *([valuations.attrs["notes"]["profitability"]] if "profitability" in
                     valuations.attrs.get("notes", {}) else [])]  # fmt: skip


def actions_paragraph(lists: ActionLists) -> list[str]:
    """How the three lists were made, and how long they are.

    Parameters
    ----------
    lists : ActionLists

    Returns
    -------
    list of str

    Examples
    --------
    >>> actions_paragraph(_little_lists())[0][:43]
    'To keep: the most valuable fifth by the spe'
    """
    said = []
    for name, words in (("keep", "To keep"), ("develop", "To develop"), ("win_back", "To win back")):
        if name in lists.left_out:
            said.append(f"{words}: nobody. {lists.left_out[name]}")
            continue
        basis = lists.basis[name]
        shown, every = len(getattr(lists, name)), lists.candidates[name]
        cut = f" The list holds the first {number(shown)} of {number(every)}." if shown < every else ""
        said.append(f"{words}: {basis[:1].lower()}{basis[1:]}{cut}")
    said.append("Nobody is on two lists. Each line says why, in figures, and what to do first.")
    return said


def valuations_limits(valuations: pd.DataFrame) -> list[str]:
    """What the valuations cannot say.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    list of str

    Examples
    --------
    >>> len(valuations_limits(_little_valuations())) >= 3
    True
    """
    limits = [
        "Loyalty is what customers did, not what they feel; a shop that closes, or a season, looks like disloyalty.",
        "Tenure begins with the first purchase in these data; who came before them looks newer than they are.",
    ]
    if "growth_potential" in valuations:
        limits.append(
            "Growth potential compares customers with their peers; who has reason to differ from them (a small "
            "family, another supplier by contract) has less room than shown, and who came less than a year ago "
            "looks as if they had more."
        )
    if "credit_grade" in valuations:
        limits.append("An invoice is an order; part payments and reminders sent are not known.")
    if "profit_365d" in valuations:
        limits.append(
            "Profit counts the costs that are recorded; rent, wages and overheads that no record ties to a customer "
            "are not in it."
        )
    left_out = valuations.attrs.get("left_out", {})
    missing = [what for name, what in _WANTED.items() if name in left_out]
    if missing:
        words = listing([missing[0].capitalize(), *missing[1:]])
        limits.append(
            f"{words} {plural(len(missing), 'is', 'are')} not known here; the list of what could not be valued says "
            "what would bring it."
        )
    return limits


def valued(valuations: pd.DataFrame, name: str) -> pd.DataFrame | Skipped:
    """The valuations, or `Skipped` where nobody has a value of a column: then there is nothing to draw.

    Parameters
    ----------
    valuations : DataFrame
    name : column

    Returns
    -------
    DataFrame or Skipped

    Examples
    --------
    >>> valued(pd.DataFrame({"credit_grade": [None]}), "credit_grade").reason
    'It could not be computed.'
    """
    if name in valuations and valuations[name].notna().any():
        return valuations
    return Skipped(valuations.attrs.get("left_out", {}).get(name, "It could not be computed."))


def _elsewhere(drawn: float, whole: float, currency: str) -> list[str]:
    """What of the room lies outside the one category of each customer that the picture counts."""
    if drawn >= 0.95 * whole:
        return []
    return [
        f"The picture counts of each customer only the category with most room, {money(drawn, currency)} together; "
        f"the other {money(whole - drawn, currency)} lies in further categories."
    ]


def _late(table: pd.DataFrame) -> int:
    return int(is_late(table["gap_overdue_ratio"]).sum()) if "gap_overdue_ratio" in table else 0


def _of(some: int, every: int) -> str:
    if not some:
        return f"Not one of {count(every, 'customer')}"
    return f"{number(some)} of {count(every, 'customer')}"


def _not_known(what: str, valuations: pd.DataFrame, name: str) -> str:
    reason = valuations.attrs.get("left_out", {}).get(name, "It could not be computed.")
    return f"{what} is not known. {reason[:1].upper()}{reason[1:]}"


def _little_crm() -> Any:
    """Two customers of a tea shop, for the examples."""
    from crmlib.prepare.crm import Crm

    days = {
        "ann": ["2024-01-01", "2024-01-11", "2024-01-21"],
        "bob": ["2023-01-01", "2023-01-31", "2023-03-02"],
    }
    rows = [(who, day) for who, when in days.items() for day in when]
    lines = pd.DataFrame(rows, columns=["customer_id", "ordered_at"]).assign(
        product_id="tea", net_amount=50.0
    )
    lines["order_id"] = lines.index.astype("str")
    return Crm.from_frames(as_of="2024-02-20", currency="EUR", transactions=lines)


def _little_valuations() -> pd.DataFrame:
    from types import SimpleNamespace

    from crmlib.analyse.valuations import customer_valuations

    alive = pd.DataFrame({"probability_alive": [0.6, 0.1]}, index=["ann", "bob"])
    return customer_valuations(_little_crm(), future=SimpleNamespace(table=alive))


def _little_lists() -> ActionLists:
    from crmlib.analyse.action_lists import action_lists

    return action_lists(_little_crm(), valuations=_little_valuations())
