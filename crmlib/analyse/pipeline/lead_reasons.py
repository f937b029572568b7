"""What speaks for an open deal and what against it, in words."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.churn_candidates import Fitted
from crmlib.analyse.churn_features import OTHER, UNKNOWN
from crmlib.analyse.churn_reasons import WORTH_SAYING, contributions
from crmlib.analyse.pipeline.lead_features import FEATURE_WORDS

MOST_FOR, MOST_AGAINST = 3, 2
NOTHING = "nothing stands out"
_HIDDEN = ("owner_won_pct", "team")
"""Never the reason of a single deal: a list of leads is no list of how good people are."""
_SHARES = ("_won_pct",)


def lead_reasons(model: Fitted, features: pd.DataFrame, *, shown: pd.DataFrame | None = None) -> pd.DataFrame:
    """Up to three figures of each deal that speak for a win, and up to two against.

    Parameters
    ----------
    model : Fitted
    features : DataFrame indexed by opportunity_id
    shown : DataFrame, optional
        The same with names in place of identifiers.

    Returns
    -------
    DataFrame
        `opportunity_id`, `speaks` ("for", "against"), `place` (1 is the strongest), `feature`, `value`, `typical`
        (median of the rows learnt from; the most frequent value), `log_odds`.

    Examples
    --------
    >>> from crmlib.analyse.pipeline.lead_scores import _little_scores
    >>> table = _little_scores().reason_table
    >>> (table["log_odds"] > 0).equals(table["speaks"] == "for"), int(table["place"].max())
    (True, 3)
    """
    columns = ["opportunity_id", "speaks", "place", "feature", "value", "typical", "log_odds"]
    names = [name for name in model.encoding.features if name not in _HIDDEN]
    if features.empty or not names:
        return pd.DataFrame(columns=columns)
    moved = contributions(model, model.encoding.matrix(features), names)
    typical = {name: _typical(model, name) for name in names}
    said = features if shown is None else shown
    texts = {name: said[name].astype("object").to_numpy() for name in names}
    strength = moved.to_numpy()
    rows = []
    for i, who in enumerate(features.index):
        order = np.argsort(-np.abs(strength[i]), kind="stable")
        counted = {"for": 0, "against": 0}
        for j in order:
            size, value = float(strength[i, j]), texts[names[j]][i]
            if abs(size) < WORTH_SAYING:
                break
            side = "for" if size > 0 else "against"
            # That something is not known may well foretell the outcome, but nobody can act on it.
            if pd.isna(value) or counted[side] == (MOST_FOR if size > 0 else MOST_AGAINST):
                continue
            counted[side] += 1
            rows.append((who, side, counted[side], names[j], value, typical[names[j]], size))
    return pd.DataFrame(rows, columns=columns)


def reasons_in_words(table: pd.DataFrame, deals: pd.Index) -> pd.DataFrame:
    """The reasons of each deal as two texts.

    Parameters
    ----------
    table : DataFrame of `lead_reasons`
    deals : Index

    Returns
    -------
    DataFrame indexed like `deals`
        `speaks_for`, `speaks_against`.

    Examples
    --------
    >>> table = pd.DataFrame([("o1", "for", 1, "touch_count", 6.0, 2.0, 0.5), ("o1", "against", 1, "source", "web",
    ...                       "fair", -0.4)], columns=["opportunity_id", "speaks", "place", "feature", "value",
    ...                       "typical", "log_odds"])
    >>> words = reasons_in_words(table, pd.Index(["o1", "o2"]))
    >>> words.loc["o1"].tolist(), words.loc["o2"].tolist()
    (['contacts so far 6 (ordinary: 2)', 'source web'], ['nothing stands out', ''])
    """
    said: dict[tuple[Any, str], list[str]] = {}
    for row in table.itertuples(index=False):
        said.setdefault((row.opportunity_id, row.speaks), []).append(
            _words(row.feature, row.value, row.typical)
        )
    rows = [
        ("; ".join(said.get((who, "for"), [])), "; ".join(said.get((who, "against"), []))) for who in deals
    ]
    words = pd.DataFrame(rows, columns=["speaks_for", "speaks_against"], index=deals)
    nothing = (words["speaks_for"] == "") & (words["speaks_against"] == "")
    return words.assign(speaks_for=words["speaks_for"].where(~nothing, NOTHING))


def _words(name: str, value: Any, typical: Any) -> str:
    plain = FEATURE_WORDS.get(name, name.replace("_", " "))
    if isinstance(value, str):
        return f"{plain} {' '.join(value.split())}"
    unit = "\u00a0%" if name.endswith(_SHARES) else ""
    return f"{plain} {_short(value)}{unit} (ordinary: {_short(typical)}{unit})"


def _short(value: float) -> str:
    size = abs(float(value))
    shown = f"{float(value):,.0f}" if size >= 9.95 or float(value).is_integer() else f"{float(value):.1f}"
    return "0" if shown in ("-0", "-0.0", "0.0") else shown.replace("-", "−")


def _typical(model: Fitted, name: str) -> Any:
    encoding = model.encoding
    if name in encoding.levels:
        first = encoding.levels[name][0]
        return "" if first in (OTHER, UNKNOWN) else first
    return float(encoding.reference[np.flatnonzero(encoding.owner == encoding.features.index(name))[0]])
