"""What offers cannot say in this workspace."""

from typing import Any

import pandas as pd

from crmlib.measure.offer_groups import CONSENTS
from crmlib.measure.offer_pairs import LARGEST_ORDER


def limits_of(ground: Any, table: pd.DataFrame, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """What could not be done for want of columns or history, a sentence each.

    Parameters
    ----------
    ground : Ground
    table : DataFrame, as `Offers.table`
    kinds : tuple of str

    Returns
    -------
    tuple of str

    Examples
    --------
    See `crmlib.analyse.offers.recommend.recommend_offers`.

    >>> from types import SimpleNamespace
    >>> goods = pd.DataFrame({"has_group": [False], "margin": [None], "tier": [None], "unit_price": [None]})
    >>> people = pd.DataFrame({"customer_id": ["ann"]})
    >>> wish = SimpleNamespace(min_margin_pct=None, require_consent=True)
    >>> ground = SimpleNamespace(products=goods, people=people, wish=wish, by_margin=False)
    >>> print(limits_of(ground, pd.DataFrame({"probability": [0.1]}), ("up-sell",))[1])
    No step up can be offered: products have no category.
    """
    products, people, wish = ground.products, ground.people, ground.wish
    said = ["A probability says who would buy, not who buys because of the offer."]
    if "up-sell" in kinds:
        if not products["has_group"].any():
            said.append("No step up can be offered: products have no category.")
        elif products["tier"].isna().all():
            source = "list prices" if products["unit_price"].notna().any() else "what was paid for a piece"
            said.append(
                f"Products have no tiers: a step up is one of price, by {source}, within the category."
            )
    if not products["margin"].notna().any():
        said.append("No costs are known, so offers are ranked by probability and margins are empty.")
    elif not ground.by_margin:
        said.append("Costs are known for too few of the products sold, so offers are ranked by probability.")
    unknown = int(products["margin"].isna().sum())
    if wish.min_margin_pct is not None and unknown:
        said.append(
            f"The floor of the margin could not be asked of {unknown:,} products without a known margin."
        )
    if wish.require_consent:
        said += _consent(people)
    else:
        said.append("Consent was not asked about: check it before anybody is addressed.")
    if len(table) and table["probability"].isna().any():
        said.append(
            "How many customers without a purchase start to buy is not known, so their offers have no probability."
        )
    said.append(
        f"What goes together was counted in orders with up to {LARGEST_ORDER} different products of customers who "
        "are known."
    )
    return tuple(said)


def _consent(people: pd.DataFrame) -> list[str]:
    consents = [name for name in CONSENTS if name in people]
    if not consents:
        return ["Customers' consent is not recorded here: check it before anybody is addressed."]
    asked = people[consents].notna().any(axis=1)
    if asked.all():
        return []
    return [
        f"Of {int((~asked).sum()):,} customers it is not recorded whether they have consented; they get offers."
    ]
