"""Key figures and tables of the five valuations, and the lists for action."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmlib.analyse.action_lists import ActionLists
from crmlib.analyse.action_steps import POOR_CREDIT
from crmlib.analyse.lifecycle_lists import of_buyers
from crmlib.analyse.valuations import VALUATIONS
from crmlib.measure.columns import label_of
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.words import listing
from crmlib.schema.states import DORMANT, LOST

_SHOWN = (
    *("spend_365d", "probability_alive", "expected_purchases", "future_contribution", "loyalty_score"),
    *("cadence_kept_pct", "repeat_rate_pct", "category_share_pct", "loyalty_decay", "credit_grade"),
    *("days_late_mean", "overdue_amount", "growth_potential", "growth_category", "spend_trend"),
    *("profit_365d", "profit_total"),
)
_CREDIT_SHOWN = (
    *("credit_grade", "credit_reason", "overdue_amount", "open_amount", "days_late_mean", "days_late_max"),
    "credit_used_pct",
)
VALUATION_WORDS = {
    "future": "Future contribution",
    "loyalty": "Loyalty",
    "credit": "Credit",
    "growth": "Growth potential",
    "profitability": "Profitability",
}
"""The five valuations, in words."""


def valuation_figures(
    valuations: pd.DataFrame, lists: ActionLists | None = None, *, horizon_days: int | None = None
) -> KeyFigures:
    """Customers, future contribution, loyalty, room to grow, what is overdue, profit.

    Parameters
    ----------
    valuations : DataFrame
        As `customer_valuations` makes it.
    lists : ActionLists, optional
        For those to win back.
    horizon_days : int, optional
        How far the future contribution looks ahead.

    Returns
    -------
    KeyFigures

    Examples
    --------
    >>> worth = pd.DataFrame({"spend_365d": [5.0], "loyalty_score": [64.0]})
    >>> print(valuation_figures(worth)._text())
    Customers: 1
    Median loyalty: 64
    """
    currency = valuations.attrs.get("currency", "")
    figures = [KeyFigure(label="Customers", value=len(valuations), note="who have bought")]
    sums = {
        "future_contribution": (
            "Future contribution",
            f"expected of today's customers{f' within {horizon_days:,} days' if horizon_days else ''}",
        ),
        "growth_potential": ("Room to grow", "a year, as comparable customers spend"),
        "overdue_amount": ("Overdue", "past its day and not paid"),
        "profit_365d": ("Profit of the last year", "margin less cost to serve"),
    }
    for name, (label, note) in sums.items():
        if name in valuations:
            total = float(valuations[name].sum()) if valuations[name].notna().any() else None
            figures.append(KeyFigure(label=label, value=total, unit=currency, note=note))
    if "loyalty_score" in valuations and valuations["loyalty_score"].notna().any():
        score = round(float(valuations["loyalty_score"].median()))
        note = "of 100" if lists is not None else ""
        figures.append(KeyFigure(label="Median loyalty", value=score, note=note))
    if lists is not None and lists.candidates["win_back"]:
        figures.append(
            KeyFigure(
                label="Customers to win back",
                value=lists.candidates["win_back"],
                note=f"{DORMANT} or {LOST}, once worth at least the median",
            )
        )
    return KeyFigures(*figures)


def valuations_table(crm: Any, valuations: pd.DataFrame, stages: pd.Series | None = None) -> DataTable:
    """Every customer from five sides, the most future contribution first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    valuations : DataFrame
        As `customer_valuations` makes it.
    stages : Series customer_id -> state, optional
        As `lifecycle_stages` makes it; it stands in the table, and of who is dormant or lost by it no chance of
        still being a customer is shown.

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> worth = pd.DataFrame({"spend_365d": [5.0, 9.0]}, index=pd.Index(["ann", "bob"], name="customer_id"))
    >>> table = valuations_table(SimpleNamespace(config=None, currency="EUR"), worth)
    >>> table.frame["customer_id"].tolist()
    ['bob', 'ann']
    """
    names = [name for name in _SHOWN if name in valuations]
    by = "future_contribution" if "future_contribution" in valuations else "spend_365d"
    frame = valuations[names]
    if "probability_alive" in frame:
        alive = 100 * frame["probability_alive"]
        frame = frame.assign(probability_alive=alive if stages is None else of_buyers(stages, alive))
    if stages is not None:
        frame = frame.assign(stage=stages.reindex(frame.index).astype("object"))
        names = ["stage", *names]
    frame = frame.assign(customer_id=valuations.index.astype("str")).reset_index(drop=True)
    frame = frame.round(2)
    frame.attrs = {}
    frame = frame.sort_values([by, "customer_id"], ascending=[False, True], kind="stable").reset_index(
        drop=True
    )
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    frame = frame[["customer_id", *names]].rename(columns={"probability_alive": "alive_pct"})
    return DataTable(
        frame,
        name="valuations",
        caption=f"What each customer is worth, most {label_of(by).lower()} first",
        currency=crm.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def credit_table(crm: Any, valuations: pd.DataFrame) -> DataTable | None:
    """Who pays late, with the reason of the grade, the most overdue first.

    Parameters
    ----------
    crm : Crm
        Says whether customers are shown by pseudonyms.
    valuations : DataFrame

    Returns
    -------
    DataTable, or None where nobody has a poor grade

    Examples
    --------
    >>> worth = pd.DataFrame({"credit_grade": ["A", "E"], "credit_reason": ["Pays on time.", "Pays late."],
    ...                       "overdue_amount": [0.0, 20.0]}, index=["ann", "bob"])
    >>> credit_table(None, worth).frame.values.tolist()
    [['bob', 'E', 'Pays late.', 20.0]]
    """
    if "credit_grade" not in valuations or not valuations["credit_grade"].isin(POOR_CREDIT).any():
        return None
    poor = valuations[valuations["credit_grade"].isin(POOR_CREDIT)]
    frame = poor[[name for name in _CREDIT_SHOWN if name in poor]].reset_index(drop=True)
    frame.attrs = {}
    frame.insert(0, "customer_id", poor.index.astype("str"))
    frame = frame.sort_values(["overdue_amount", "customer_id"], ascending=[False, True], kind="stable")
    frame = frame.reset_index(drop=True).round(2)
    frame["customer_id"] = public_ids(crm, frame["customer_id"])
    return DataTable(
        frame,
        name="late_payers",
        caption="Who pays late, and why the grade is D or E, most overdue first",
        currency=valuations.attrs.get("currency", ""),
        rows=8,
        about=about_workspace(crm),
    )


def keep_table(crm: Any, lists: ActionLists) -> DataTable:
    """The customers to keep, with reason and step.

    Parameters
    ----------
    crm : Crm
    lists : ActionLists

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_valuations import _little_lists
    >>> keep_table(None, _little_lists()).frame.columns.tolist()[:3]
    ['customer_id', 'reason', 'step']
    """
    return _list_table(
        crm, lists.keep, lists, name="to_keep", caption="Customers to keep, most at stake first"
    )


def develop_table(crm: Any, lists: ActionLists) -> DataTable:
    """The customers to develop, with reason and step.

    Parameters
    ----------
    crm : Crm
    lists : ActionLists

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_valuations import _little_lists
    >>> develop_table(None, _little_lists()).name
    'to_develop'
    """
    first = "most room to grow first" if "growth_potential" in lists.develop else "the largest first"
    return _list_table(crm, lists.develop, lists, name="to_develop", caption=f"Customers to develop, {first}")


def win_back_table(crm: Any, lists: ActionLists) -> DataTable:
    """The customers to win back, with reason and step.

    Parameters
    ----------
    crm : Crm
    lists : ActionLists

    Returns
    -------
    DataTable

    Examples
    --------
    >>> from crmlib.present.claims_valuations import _little_lists
    >>> win_back_table(None, _little_lists()).name
    'to_win_back'
    """
    return _list_table(
        crm, lists.win_back, lists, name="to_win_back", caption="Customers to win back, the largest first"
    )


def missing_table(valuations: pd.DataFrame) -> DataTable | None:
    """What could not be valued, why, and what would bring it.

    Parameters
    ----------
    valuations : DataFrame

    Returns
    -------
    DataTable, or None where nothing is missing

    Examples
    --------
    >>> worth = pd.DataFrame()
    >>> worth.attrs["left_out"] = {"credit_grade": "There is no table customers.", "open_amount":
    ...                            "There is no table customers."}
    >>> missing_table(worth).frame.values.tolist()
    [['Credit', 'Open amount and credit grade', 'There is no table customers.']]
    """
    left_out: Mapping[str, str] = valuations.attrs.get("left_out", {})
    if not left_out:
        return None
    rows: dict[tuple[str, str], list[str]] = {}
    for kind, names in VALUATIONS.items():
        for name in names:
            if name in left_out:
                rows.setdefault((VALUATION_WORDS[kind], left_out[name]), []).append(label_of(name))
    frame = pd.DataFrame(
        [
            (kind, _first_capital(listing([names[0], *map(str.lower, names[1:])])), _first_capital(reason))
            for (kind, reason), names in rows.items()
        ],
        columns=["valuation", "figures", "reason"],
    )
    return DataTable(
        frame,
        name="not_valued",
        caption="What could not be valued, and what would bring it",
        download=False,
    )


def _list_table(crm: Any, frame: pd.DataFrame, lists: ActionLists, *, name: str, caption: str) -> DataTable:
    return DataTable(
        frame,
        name=name,
        caption=caption,
        currency=lists.currency,
        rows=10,
        excel=True,
        about=about_workspace(crm),
    )


def _first_capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
