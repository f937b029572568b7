"""Words that the pictures, sentences and tables about who stops, or who buys, share."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn_result import ChurnModel
from crmlib.measure.columns import label_of, unit_of
from crmlib.present.blocks_figures import shown_number, with_unit
from crmlib.present.words import listing

NO_REASON = "nothing stands out"
NO_SINGLE_REASON = "no single figure: several a little each, or what is not known"
FIRST = 20
"""Percent of customers that a campaign might reach: sentences and pictures speak of these."""


def outcome_words(model: ChurnModel, *, short: bool = True) -> str:
    """The outcome as a verb of many customers: "stop", "buy", "leave".

    Parameters
    ----------
    model : ChurnModel
    short : bool
        False: with the time, such as "buy nothing within 60 days".

    Returns
    -------
    str

    Examples
    --------
    >>> outcome_words(_little_churn()), outcome_words(_little_churn(), short=False)
    ('stop', 'buy nothing within 48 days')
    """
    first, _, rest = model.outcome.partition(" ")
    whole = f"{first.removesuffix('s')} {rest}".strip()
    if not short:
        return whole
    if model.stops and model.horizon_days is not None:
        return "stop"
    return whole.partition(" within ")[0]


def reason_words(model: ChurnModel) -> pd.Series:
    """Each customer's reasons in the words of the reports.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    Series customer_id -> text

    Examples
    --------
    >>> reason_words(_little_churn()).iloc[0].replace("\\u00a0", " ")
    'days since last order 16 (ordinary: 7)'
    """
    said: dict[Any, list[str]] = {}
    for row in model.reason_table.itertuples(index=False):
        own, usual = (
            value if isinstance(value, str) else figure_words(row.indicator, value, currency=model.currency)
            for value in (row.value, row.typical)
        )
        said.setdefault(row.customer_id, []).append(f"{plain_label(row.indicator)} {own} (ordinary: {usual})")
    likely = model.scores > model.scores.mean()
    texts = [
        "; ".join(said.get(who, [NO_SINGLE_REASON if likely[who] else NO_REASON]))
        for who in model.scores.index
    ]
    return pd.Series(texts, index=model.scores.index, name="reason", dtype="str")


def plain_label(name: str) -> str:
    """The label of a figure as it stands inside a sentence.

    Examples
    --------
    >>> plain_label("recency_days")
    'days since last order'
    """
    label = label_of(name)
    return f"{label[:1].lower()}{label[1:]}"


def figure_words(name: str, value: float, *, currency: str = "") -> str:
    """A value of a figure with its unit, where its label does not say the unit already.

    Parameters
    ----------
    name : indicator
    value : number
        Multiples are told to one decimal place.
    currency : str

    Returns
    -------
    str

    Examples
    --------
    >>> figure_words("spend_90d", 146, currency="EUR"), figure_words("recency_days", 16.0)
    ('EUR\xa0146', '16')
    >>> figure_words("spend_trend", -0.06)
    '−0.06'
    >>> figure_words("gap_overdue_ratio", 6.571)
    '6.6\xa0times'
    """
    unit = unit_of(name, currency)
    if unit == "times":
        value = round(float(value), 1)
    known = unit in label_of(name).lower() or unit == "ratio" or unit[:1] in "-0123456789"
    return with_unit(shown_number(float(value)), "" if known else unit)


def groups_that_agree(model: ChurnModel) -> int:
    """Groups of like probability in which what was foretold lies within the interval of what happened.

    Parameters
    ----------
    model : ChurnModel

    Examples
    --------
    >>> 0 <= groups_that_agree(_little_churn()) <= len(_little_churn().calibration)
    True
    """
    table = model.calibration
    return int(table["predicted_pct"].between(table["low"], table["high"]).sum())


def top_at_risk(model: ChurnModel) -> tuple[int, float] | None:
    """How few customers hold half of the revenue at risk, and what percentage of all that is.

    Parameters
    ----------
    model : ChurnModel

    Returns
    -------
    (customers, percent), or None where no revenue is known

    Examples
    --------
    >>> few, share = top_at_risk(_little_churn())
    >>> 0 < few < 200 and 0 < share < 50
    True
    """
    risk = model.revenue_at_risk.dropna().sort_values(ascending=False).to_numpy()
    if not len(risk) or risk.sum() <= 0:
        return None
    few = int(np.searchsorted(risk.cumsum(), risk.sum() / 2)) + 1
    return few, 100 * few / len(risk)


def value_words(model: ChurnModel) -> str:
    """What a customer's value is, where a horizon is known: what was brought in the last one.

    Parameters
    ----------
    model : ChurnModel

    Examples
    --------
    >>> value_words(_little_churn()).replace("\u00a0", " ")
    'brought in the last 48 days'
    """
    return "value" if model.horizon_days is None else f"brought in the last {model.horizon_days}\u00a0days"


def driver_words(model: ChurnModel, names: list[str]) -> str:
    """Which way figures work, in one sentence; empty where none goes one way.

    Parameters
    ----------
    model : ChurnModel
    names : indicators among the drivers

    Examples
    --------
    >>> driver_words(_little_churn(), ["recency_days", "order_count_90d"])
    'Likelier to stop are customers with high figures for days since last order and low ones for orders in 90 days.'
    """
    way = model.drivers.set_index("indicator")["direction"]
    high, low = (
        [label_of(name).lower() for name in names if way[name] == direction] for direction in ("more", "less")
    )
    if not high and not low:
        return ""
    parts = [f"high figures for {listing(high)}"] if high else []
    parts += [f"low {'ones' if high else 'figures'} for {listing(low)}"] if low else []
    return f"Likelier to {outcome_words(model)} are customers with {' and '.join(parts)}."


_KEPT: list[ChurnModel] = []


def _little_churn() -> ChurnModel:
    """Six hundred customers of whom those with much discount stop, for the examples."""
    from crmlib.analyse.churn import fit_churn
    from crmlib.prepare.crm import Crm

    if _KEPT:
        return _KEPT[0]
    lot, rows = np.random.default_rng(1), []
    for who in range(500):
        heavy, start = who % 3 == 0, lot.uniform(0, 60)
        days = start + np.cumsum(lot.exponential(9, 50))
        for day in days[days < min(start + lot.exponential(120 if heavy else 900), 240)]:
            price = round(lot.uniform(5, 40), 2)
            share = lot.uniform(0.2, 0.5) if heavy else lot.uniform(0, 0.1)
            rows.append((f"c{who:03}", day, price, round(price * share, 2)))
    lines = pd.DataFrame(rows, columns=["customer_id", "day", "net_amount", "discount_amount"])
    lines["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(lines.pop("day").round(3), unit="D")
    lines = lines.assign(order_id=np.arange(len(lines)).astype(str), product_id="tea")
    crm = Crm.from_frames(as_of="2024-08-27", transactions=lines, currency="EUR")
    names = ["recency_days", "order_count_90d", "spend_90d", "discount_share_pct"]
    _KEPT.append(
        fit_churn(crm, horizon_days=48, indicators=names, candidates=["logistic_regression", "decision_tree"])
    )
    return _KEPT[0]
