"""A control group that is like the others: drawn at random within groups of like value."""

import hashlib

import numpy as np
import pandas as pd

LITTLE_SD = 0.1
"""Groups whose means lie closer than this, in standard deviations, count as alike."""

_FIGURES = {"expected_value": "expected value", "probability": "chance of buying (%)"}
BALANCE_COLUMNS = ("figure", "contacted", "control", "difference_sd")


def draw_control(values: pd.Series, *, share_pct: float, seed: int, salt: str = "") -> pd.Series:
    """Who is left alone: one customer of each stretch of neighbours by value.

    The customers are put in the order of their value and cut into as many stretches as the control group has
    members; one of each stretch is drawn. So the group has as many valuable and as many small customers as
    the others.

    Parameters
    ----------
    values : Series customer_id -> value; missing values come last
    share_pct : float, 0 to below 100
    seed : int
    salt : str
        Such as the campaign's number: other campaigns draw other customers.

    Returns
    -------
    Series customer_id -> bool, in the order of `values`
        The draw does not depend on the order of the rows.

    References
    ----------
    Imbens, G. W. and Rubin, D. B. (2015). Causal Inference for Statistics, Social, and Biomedical Sciences,
    chapter 9: stratified randomized experiments.

    Examples
    --------
    >>> values = pd.Series(range(40), index=[f"c{i:02}" for i in range(40)], dtype=float)
    >>> drawn = draw_control(values, share_pct=10, seed=1)
    >>> drawn.groupby(values // 10).sum().tolist()
    [1, 1, 1, 1]
    """
    drawn = pd.Series(False, index=values.index)
    size = round(len(values) * share_pct / 100)
    if not size:
        return drawn
    frame = pd.DataFrame({"value": values.to_numpy(), "id": values.index.astype("str")})
    order = frame.sort_values(["value", "id"], ascending=[False, True], kind="stable").index.to_numpy()
    rng = np.random.default_rng([seed, *hashlib.sha256(salt.encode()).digest()[:8]])
    # The smaller group is drawn, so that a stretch never gives more than one.
    fewer = min(size, len(values) - size)
    picked = np.zeros(len(values), dtype=bool)
    if fewer:
        sizes = np.full(fewer, len(values) // fewer)
        sizes[rng.permutation(fewer)[: len(values) % fewer]] += 1
        starts = np.cumsum(sizes) - sizes
        picked[order[starts + rng.integers(0, sizes)]] = True
    return pd.Series(picked if fewer == size else ~picked, index=values.index)


def balance_table(contacts: pd.DataFrame, control: pd.DataFrame) -> pd.DataFrame:
    """How alike two groups are.

    Parameters
    ----------
    contacts, control : DataFrame
        With `expected_value`, `probability`, `channel`, `kind`.

    Returns
    -------
    DataFrame, one row a figure
        `figure`, `contacted`, `control` (means; shares in percent), `difference_sd` (contacted minus control
        over the standard deviation of both; NaN where nothing varies or a group is empty).

    Examples
    --------
    >>> group = pd.DataFrame({"expected_value": [1.0, 3.0], "probability": [0.1, 0.3], "channel": "email",
    ...                       "kind": "cross-sell"})
    >>> balance_table(group, group)["figure"].tolist()
    ['customers', 'expected value', 'chance of buying (%)', 'by e-mail (%)', 'cross-sell (%)']
    """
    rows = [("customers", float(len(contacts)), float(len(control)), np.nan)]
    for column, says in _FIGURES.items():
        factor = 100 if column == "probability" else 1
        rows.append((says, *_compared(contacts[column] * factor, control[column] * factor)))
    for column in ("channel", "kind"):
        both = pd.concat([contacts[column], control[column]])
        for value in sorted(both.unique()):
            parts = [(group[column] == value).astype(float) * 100 for group in (contacts, control)]
            rows.append((f"{_words(column, value)} (%)", *_compared(*parts)))
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))


def _compared(left: pd.Series, right: pd.Series) -> tuple[float, float, float]:
    first, second = left.astype("float64").dropna(), right.astype("float64").dropna()
    means = [float(group.mean()) if len(group) else np.nan for group in (first, second)]
    spread = float(pd.concat([first, second]).std(ddof=0)) if len(first) and len(second) else 0.0
    return means[0], means[1], (means[0] - means[1]) / spread if spread > 0 else np.nan


def _words(column: str, value: str) -> str:
    from crmlib.analyse.outreach.channels import BY

    return BY.get(value, value) if column == "channel" else value
