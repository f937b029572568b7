"""What deals are worth: the amount that is known, or the usual one of won deals of the same product."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_IN_GROUP = 5
"""Won deals with an amount, from which on their median stands for a product, category or size of customer."""

_GROUPS = ("product_id", "category", "company_size")
_SHRINK = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts:
    """The usual amounts of won deals, and how amounts of open deals are to be read.

    Parameters
    ----------
    medians : dict column -> Series value -> account currency
        Of `product_id`, `category` and `company_size`, where enough won deals have an amount.
    overall : float
        Median of all won deals; 0 where no amount is known.
    scale : float
        Filled amounts are multiplied by it: medians add up to less than what was won in all.
    known_while_open : bool
        Whether deals have an amount before they are closed. Where they do not, none is taken as known.
    won_factor : float
        Mean amount of won deals over that of all decided ones, shrunk to 1: below 1 where large deals are won
        less often.

    Examples
    --------
    See `learn_amounts`.
    """

    medians: dict[str, pd.Series]
    overall: float
    scale: float
    known_while_open: bool
    won_factor: float

    def fill(self, deals: pd.DataFrame, *, is_open: bool) -> tuple[pd.Series, pd.Series]:
        """The amounts of deals, with the usual ones where none is known.

        Parameters
        ----------
        deals : DataFrame
            `amount`, `product_id`, `category`, `company_size`.
        is_open : bool
            Whether they are open deals.

        Returns
        -------
        (amounts, which of them were filled)
        """
        given = deals["amount"].where(deals["amount"] > 0 if is_open else deals["amount"].notna())
        if is_open and not self.known_while_open:
            given = given * np.nan
        filled = given.copy()
        for column, medians in self.medians.items():
            filled = filled.fillna(deals[column].map(medians).astype("float64") * self.scale)
        filled = filled.fillna(self.overall * self.scale)
        return filled.astype("float64"), given.isna()


def amounts_known_while_open(ledger: pd.DataFrame) -> bool:
    """Whether open deals have amounts at least half as often as won ones.

    Parameters
    ----------
    ledger : DataFrame
        As `deal_ledger` gives it.

    Examples
    --------
    >>> ledger = pd.DataFrame({"outcome": ["won", "open", "open"], "amount": [5.0, None, None]})
    >>> amounts_known_while_open(ledger), amounts_known_while_open(ledger.assign(amount=1.0))
    (False, True)
    """
    known = (ledger["amount"] > 0).groupby(ledger["outcome"]).mean()
    return "open" not in known or bool(known["open"] >= 0.5 * known.get("won", 0.0))


def learn_amounts(decided: pd.DataFrame, *, known_while_open: bool) -> Amounts:
    """The usual amounts of won deals.

    Parameters
    ----------
    decided : DataFrame
        Deals won and lost so far: `outcome`, `amount`, `product_id`, `category`, `company_size`.
    known_while_open : bool

    Returns
    -------
    Amounts

    Examples
    --------
    >>> decided = pd.DataFrame({"outcome": "won", "amount": [1.0, 2.0, 3.0, 2.0, 2.0, 8.0],
    ...                         "product_id": list("aaaaab"), "category": None, "company_size": None})
    >>> usual = learn_amounts(decided, known_while_open=True)
    >>> usual.medians["product_id"].to_dict(), usual.overall, usual.scale
    ({'a': 2.0}, 2.0, 1.5)
    """
    won = decided[(decided["outcome"] == "won") & (decided["amount"] > 0)]
    medians = {}
    for column in _GROUPS:
        sizes = won.groupby(column)["amount"].agg(["median", "size"])
        medians[column] = sizes.loc[sizes["size"] >= FEWEST_IN_GROUP, "median"]
    overall = float(won["amount"].median()) if len(won) else 0.0
    plain = Amounts(
        medians=medians, overall=overall, scale=1.0, known_while_open=known_while_open, won_factor=1.0
    )
    usual = float(plain.fill(won.assign(amount=np.nan), is_open=False)[0].sum())
    scale = float(won["amount"].sum()) / usual if usual > 0 else 1.0
    factor = 1.0
    priced = decided[decided["amount"] > 0]
    if known_while_open and len(won) and len(priced):
        trust = len(won) / (len(won) + _SHRINK)
        factor = 1 + trust * (float(won["amount"].mean() / priced["amount"].mean()) - 1)
    return Amounts(
        medians=medians,
        overall=overall,
        scale=float(np.clip(scale, 0.5, 3.0)),
        known_while_open=known_while_open,
        won_factor=factor,
    )
