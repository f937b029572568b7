"""Whether offers hold: made as of earlier dates, held against what customers bought afterwards."""

from collections.abc import Sequence
from typing import Any

from crmlib.analyse.offers.proof_result import OffersProof
from crmlib.analyse.offers.proof_rounds import Recommend, each_of, prove
from crmlib.analyse.offers.proof_sides import SIDES
from crmlib.analyse.offers.result import KINDS
from crmlib.prepare.crm import Crm

__all__ = ["OffersProof", "evaluate_offers"]


def evaluate_offers(
    crm: Crm,
    *,
    holdout_days: int = 28,
    k: int = 5,
    cutoffs: int = 2,
    seed: int = 0,
    recommend: Recommend | None = None,
    kinds: Sequence[str] = KINDS,
) -> OffersProof:
    """Make offers as of earlier dates, and see what customers bought in the time after each.

    Offers and the lists they are held against are made from ``crm.at(cut-off)`` alone. The last cut-off lies
    `holdout_days` before ``crm.as_of``, the others each as much before the next, so that no holdout reaches into
    another. Judged is everybody who had bought at least once before the cut-off, whether or not they came back;
    and, beside that, those of them who bought in the holdout. Somebody who got fewer than k offers is judged by k
    all the same. Consent is not asked for, since nothing is sent; every other rule of eligibility holds for the
    offers and for them alone.

    Two questions are asked: of all offers, and of those that are new to the customer, which are made for the
    purpose without repeats and held against what else is new.

    Parameters
    ----------
    crm : Crm
        With `transactions` that say who bought, over at least three times `holdout_days`.
    holdout_days : int
    k : int
        Offers to a customer.
    cutoffs : int
        At most so many; fewer where the orders do not reach back far enough, which a note then says. More dates
        prove more, and each takes as long as making the offers of one.
    seed : int
    recommend : function, optional
        Called as ``recommend(crm, k=, horizon_days=, seed=, kinds=)``; `recommend_offers` by default.
    kinds : names
        Of "cross-sell", "up-sell", "repeat-sell".

    Returns
    -------
    OffersProof

    Raises
    ------
    ParameterError
        If the history is too short (it says how long it must be), there are too few customers, or an argument
        does not fit.
    SchemaError
        If no order line says who bought.

    References
    ----------
    Herlocker, J., Konstan, J., Terveen, L. & Riedl, J. (2004). Evaluating collaborative filtering recommender
    systems. ACM TOIS 22.

    Examples
    --------
    >>> from crmlib.analyse.offers.proof_rounds import _little_shop, _next_in_row
    >>> proof = evaluate_offers(_little_shop(), cutoffs=1, k=2, recommend=_next_in_row)
    >>> proof.beats_popularity, proof.periods["customers"].tolist()
    ('yes', [60])
    """
    maker = recommend_as_proven if recommend is None else each_of(recommend)
    return prove(
        crm, recommend=maker, rivals=SIDES, holdout_days=holdout_days, k=k, cutoffs=cutoffs, seed=seed, kinds=kinds
    )  # fmt: skip


def recommend_as_proven(crm: Crm, **settings: Any) -> list[Any]:
    """The offers as they are proven: those of `recommend_several`, whoever has consented.

    Parameters
    ----------
    crm : Crm
    **settings : as for `recommend_several`

    Returns
    -------
    list of Offers

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-02-07", transactions=lines)
    >>> [len(offers.table) for offers in recommend_as_proven(crm, several=[KINDS, ["cross-sell"]])]
    [1, 0]
    """
    from crmlib.analyse.offers.recommend import recommend_several

    return recommend_several(crm, require_consent=False, **settings)
