"""What to offer each customer next, and why: learnt on an earlier day of the same workspace."""

from collections.abc import Iterable
from numbers import Integral

from crmlib.analyse.offers.making import Wish, make_offers
from crmlib.analyse.offers.result import KINDS, Offers
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ParameterError, nearest

__all__ = ["KINDS", "Offers", "recommend_offers", "recommend_several"]

_JUST_BOUGHT_DAYS = 30


def recommend_offers(
    crm: Crm,
    *,
    k: int = 5,
    horizon_days: int = 28,
    seed: int = 0,
    kinds: Iterable[str] = KINDS,
    min_margin_pct: float | None = None,
    just_bought_days: int | None = None,
    require_consent: bool = True,
) -> Offers:
    """For each customer, what to offer next: something that goes with it, a step up, or the same again.

    Candidates are the customer's own history, what is bought in one order with it, best sellers and the next
    step of price or tier in the customer's categories. What each signal weighs is learnt on an earlier day, or
    two where there are few customers, and the purchases of the `horizon_days` after it: a weighted sum, many
    small trees or the mean of both, whichever told best what customers left out did, its probabilities set
    right there. Where the history is too short or too thin for that, plain shares are used, and `says` names
    it. Products that are retired lead to what replaced them.

    Parameters
    ----------
    crm : Crm
        With `transactions` that say who bought. `products` and `customers` add names, categories, prices, costs,
        successors, consents and groups where they have them.
    k : int
        Offers for a customer, at most.
    horizon_days : int
        Within which a purchase is waited for.
    seed : int
    kinds : names
        Of "cross-sell", "up-sell", "repeat-sell". Who has never bought gets best sellers, and so does who is
        left with fewer than `k` others where "cross-sell" is asked for.
    min_margin_pct : number, optional
        Least margin in percent of the price; that of crm.toml where none is given. A product whose margin is
        not known stays.
    just_bought_days : int, optional
        What was bought so few days ago is offered only if it is due again; 30, or that of crm.toml.
    require_consent : bool
        Leave out who has refused every channel that the table of customers knows.

    Returns
    -------
    Offers

    Raises
    ------
    ParameterError
        If an argument does not fit.
    SchemaError
        If no order line says who bought.

    References
    ----------
    Sarwar, B., Karypis, G., Konstan, J. & Riedl, J. (2001). Item-based collaborative filtering. WWW10.
    Kaplan, E. L. & Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53.
    Burges, C. (2010). From RankNet to LambdaRank to LambdaMART: an overview.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({
    ...     "order_id": ["1", "2", "3"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...     "ordered_at": ["2024-01-01", "2024-01-15", "2024-01-29"]})
    >>> offers = recommend_offers(Crm.from_frames(as_of="2024-02-07", transactions=lines))
    >>> print(offers.table["reason"].item())
    Bought on 3 days, 14 days apart on average, the last on 2024-01-29: due on 2024-02-12.
    """
    (offers,) = recommend_several(
        crm,
        several=[tuple([kinds] if isinstance(kinds, str) else kinds)],
        k=k,
        horizon_days=horizon_days,
        seed=seed,
        min_margin_pct=min_margin_pct,
        just_bought_days=just_bought_days,
        require_consent=require_consent,
    )
    return offers


def recommend_several(
    crm: Crm,
    *,
    several: Iterable[Iterable[str]],
    k: int = 5,
    horizon_days: int = 28,
    seed: int = 0,
    min_margin_pct: float | None = None,
    just_bought_days: int | None = None,
    require_consent: bool = True,
) -> list[Offers]:
    """Offers of several choices of kinds at the price of one: what is learnt serves them all.

    Parameters
    ----------
    crm : Crm
    several : choices of kinds, each as for `recommend_offers`
    k, horizon_days, seed, min_margin_pct, just_bought_days, require_consent
        As for `recommend_offers`.

    Returns
    -------
    list of Offers
        One a choice; each equal to what `recommend_offers` gives for it.

    Raises
    ------
    ParameterError, SchemaError
        As `recommend_offers`.

    Examples
    --------
    >>> import pandas as pd
    >>> from crmlib.prepare.crm import Crm
    >>> lines = pd.DataFrame({"order_id": ["1"], "customer_id": "ann", "product_id": "tea", "net_amount": 5.0,
    ...                       "ordered_at": ["2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-02-07", transactions=lines)
    >>> every, new = recommend_several(crm, several=[KINDS, ["cross-sell"]])
    >>> len(every.table), len(new.table)
    (1, 0)
    """
    settings = getattr(getattr(crm, "config", None), "offers", None)
    if min_margin_pct is None:
        min_margin_pct = getattr(settings, "min_margin_pct", None)
    if just_bought_days is None:
        just_bought_days = getattr(settings, "just_bought_days", _JUST_BOUGHT_DAYS)
    for name, value, least in (
        ("k", k, 1),
        ("horizon_days", horizon_days, 1),
        ("just_bought_days", just_bought_days, 0),
        ("seed", seed, 0),
    ):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise ParameterError(f"{name} is {value!r}. Give a whole number, {least} or more.")
    if min_margin_pct is not None and not -1000 < min_margin_pct <= 100:
        raise ParameterError(
            f"min_margin_pct is {min_margin_pct!r}. Give a percentage of the price, 100 at most."
        )
    choices = [_checked(kinds) for kinds in several]
    wish = Wish(
        k=int(k),
        horizon_days=int(horizon_days),
        seed=int(seed),
        min_margin_pct=None if min_margin_pct is None else float(min_margin_pct),
        just_bought_days=int(just_bought_days),
        require_consent=bool(require_consent),
    )
    return make_offers(crm, wish, choices)


def _checked(kinds: Iterable[str]) -> tuple[str, ...]:
    chosen = tuple(kinds)
    for kind in chosen:
        if kind not in KINDS:
            raise ParameterError(f"there is no kind of offer {kind!r}.{nearest(str(kind), KINDS)}")
    if not chosen:
        raise ParameterError(f"kinds is empty. Give some of {', '.join(KINDS)}.")
    return tuple(kind for kind in KINDS if kind in chosen)
