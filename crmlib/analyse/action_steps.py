"""The steps that the lists for action suggest, and the reasons they give, one sentence a customer."""

import pandas as pd

from crmlib.analyse.valuation_words import amount, counted, figure, known, plain_name

ACTION_STEPS = {
    "keep, late": "Call within a week and ask what is missing, before any offer.",
    "keep, likely to stop": "Call within a month with something that fits the last orders.",
    "keep, steady": "Thank them by name and give them a first look at what is new; no needless discount.",
    "keep, in arrears": "Settle the open invoices with them first, then speak of the next order.",
    "develop, category": "Show them {category} with their next order: comparable customers buy it.",
    "develop, rising": "Offer what goes with their last orders while their spend is rising.",
    "win back, large": "Call in person, ask why they stay away, and make one offer that fits what they bought.",
    "win back, small": "Write once, with something like their last order; no more if it goes unanswered.",
    "win back, in arrears": "Settle what is open before anything else; a new order against payment in advance.",
}
"""Situation -> what to do."""

POOR_CREDIT = ("D", "E")
"""The grades with which money comes before the next order."""


def suggest(table: pd.DataFrame) -> pd.Series:
    """The step for each row, from its situation.

    Parameters
    ----------
    table : DataFrame
        With `situation`, and `growth_category` where it is known.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> table = pd.DataFrame({"situation": ["develop, category"], "growth_category": ["TEA"]})
    >>> print(suggest(table).item())
    Show them “TEA” with their next order: comparable customers buy it.
    """
    names = table.get("growth_category", pd.Series(None, index=table.index, dtype="object"))
    said = [
        ACTION_STEPS[situation].format(category=plain_name(name))
        if situation == "develop, category"
        else ACTION_STEPS[situation]
        for situation, name in zip(table["situation"], names, strict=True)
    ]
    return pd.Series(said, index=table.index, dtype="str")


def keep_reason(row: dict, *, currency: str = "", horizon_days: int | None = None) -> str:
    """Why to keep a customer: what they spend, how long ago they bought, what may be lost.

    Parameters
    ----------
    row : dict
        `spend_365d`, `recency_days`, and where known `gap_overdue_ratio`, `stop_probability`, `at_stake`,
        `at_stake_is` ("risk": what may be lost).
    currency : str
    horizon_days : int, optional
        Within how many days the loss is expected.

    Returns
    -------
    str, a sentence

    Examples
    --------
    >>> row = {"spend_365d": 5234.0, "recency_days": 24, "gap_overdue_ratio": 2.4, "stop_probability": 0.31,
    ...        "at_stake": 1622.0, "at_stake_is": "risk"}
    >>> print(keep_reason(row, currency="USD"))
    Spent USD 5,230 in the last year; last bought 24 days ago, 2.4 times the usual gap; 31 % likely to have
    stopped, which puts USD 1,620 at risk.
    """
    parts = [f"Spent {amount(row['spend_365d'], currency)} in the last year", silence(row)]
    chance = row.get("stop_probability")
    if known(chance):
        said = f"{_share(chance)} likely to have stopped"
        if horizon_days:
            said = f"{_share(chance)} likely not to buy within {counted(horizon_days, 'day')}"
        if row.get("at_stake_is") == "risk":
            said += f", which puts {amount(row['at_stake'], currency)} at risk"
        parts.append(said)
    return f"{'; '.join(parts)}."


def develop_reason(row: dict, *, currency: str = "") -> str:
    """Why to develop a customer: what peers spend where this one does not, or the rising spend.

    Parameters
    ----------
    row : dict
        `spend_365d`, `recency_days`, and either `growth_potential`, `growth_category` and
        `growth_category_amount`, or `spend_trend`.
    currency : str

    Returns
    -------
    str, a sentence

    Examples
    --------
    >>> row = {"spend_365d": 900.0, "recency_days": 3, "gap_overdue_ratio": 0.4, "growth_potential": 250.0,
    ...        "growth_category": "TEA", "growth_category_amount": 90.0}
    >>> print(develop_reason(row, currency="EUR"))
    Spent EUR 900 in the last year; bought 3 days ago; a quarter of comparable customers spend at least EUR 250
    more a year, and at least EUR 90 more on “TEA”, of which this one buys little or nothing.
    """
    parts = [f"Spent {amount(row['spend_365d'], currency)} in the last year", silence(row)]
    if known(row.get("growth_potential")):
        parts.append(
            f"a quarter of comparable customers spend at least {amount(row['growth_potential'], currency)} "
            f"more a year, and at least {amount(row['growth_category_amount'], currency)} more on "
            f"{plain_name(row['growth_category'])}, of which this one buys little or nothing"
        )
    elif known(row.get("spend_trend")):
        trend = row["spend_trend"]
        parts.append(
            "came back in the last 90 days after 90 days without spend"
            if trend >= 1
            else f"{figure((1 + trend) / (1 - trend))} times as much in the last 90 days as in the 90 before"
        )
    return f"{'; '.join(parts)}."


def win_back_reason(row: dict, *, currency: str = "") -> str:
    """Why to win a customer back: what they brought a year while they came, and how long ago they bought last.

    Parameters
    ----------
    row : dict
        `worth_a_year`, `order_count`, `recency_days`, and where known `gap_overdue_ratio`, `stage`.
    currency : str

    Returns
    -------
    str, a sentence

    Examples
    --------
    >>> row = {"worth_a_year": 800.0, "spend_total": 1600.0, "order_count": 12, "recency_days": 200,
    ...        "gap_overdue_ratio": 5.0}
    >>> print(win_back_reason(row, currency="EUR"))
    Spent EUR 1,600 in 12 orders, EUR 800 a year while they came; last bought 200 days ago, 5 times the usual
    gap.
    """
    spent = f"Spent {amount(row['spend_total'], currency)} in {counted(row['order_count'], 'order')}"
    if abs(row["worth_a_year"] - row["spend_total"]) > 0.01 * abs(row["spend_total"]):
        spent += f", {amount(row['worth_a_year'], currency)} a year while they came"
    return f"{spent}; {silence(row)}."


def silence(row: dict) -> str:
    """How long ago the last purchase was, against the customer's own habit.

    Parameters
    ----------
    row : dict
        `recency_days`, and where known `gap_overdue_ratio`.

    Returns
    -------
    str

    Examples
    --------
    >>> silence({"recency_days": 40, "gap_overdue_ratio": 2.04}), silence({"recency_days": 0})
    ('last bought 40 days ago, 2 times the usual gap', 'bought on the last day')
    """
    days, ratio = row["recency_days"], row.get("gap_overdue_ratio")
    if days < 1:
        return "bought on the last day"
    if known(ratio) and ratio >= 1.05:
        return f"last bought {counted(days, 'day')} ago, {figure(round(ratio, 1))} times the usual gap"
    return f"bought {counted(days, 'day')} ago"


def _share(chance: float) -> str:
    pct = 100 * chance
    if pct < 1:
        return "under 1 %"
    return f"{min(round(pct), 99)} %"
