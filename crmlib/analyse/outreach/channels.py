"""Which channel a customer is addressed through: what was agreed to, then what was answered."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.outreach_people import CHANNELS, CONSENT_OF

CHANNEL_WORDS = {"email": "e-mail", "sms": "text message", "phone": "telephone", "fax": "fax", "web": "web"}
BY = {
    "email": "by e-mail",
    "sms": "by text message",
    "phone": "by telephone",
    "fax": "by fax",
    "web": "on the web",
}

WEIGHT = 10.0
"""Contacts that all customers' rate weighs against a customer's own, where the data cannot tell."""

LEAST_WEIGHT, MOST_WEIGHT = 1.0, 1000.0
OVERALL_WEIGHT = 20.0
"""Contacts that the rate of all channels weighs against that of one."""

_NEVER_TRIED = -1.0

_JUDGED_CUSTOMERS = 20
"""From so many customers with two contacts or more the data can tell how unlike customers are."""

RATE_COLUMNS = ("channel", "contact_count", "answer_count", "answer_rate", "weight")


def allowed_channels(permissions: pd.DataFrame, *, channel: str = "auto") -> pd.DataFrame:
    """Who may be addressed through which channel, and who has an address for it.

    Nothing written is no agreement. The web needs none: it is our own pages, which reach those who come. It
    is used where it is asked for by name.

    Parameters
    ----------
    permissions : DataFrame indexed by customer_id, see `contact_permissions`
    channel : "auto" (any but the web) or one of `CHANNELS`

    Returns
    -------
    DataFrame indexed by customer_id
        ``<channel>_agreed`` and ``<channel>_allowed`` (agreed, and reachable) of each channel; bool.

    Examples
    --------
    >>> said = {"email_consent": ["yes", "no", "unknown", "yes"], "email_reachable": [True, True, True, False]}
    >>> rest = {f"{c}_{w}": v for c in ("sms", "phone", "fax") for w, v in
    ...         (("consent", "not kept"), ("reachable", True))}
    >>> people = pd.DataFrame(said | rest, index=list("abcd"))
    >>> allowed_channels(people)["email_allowed"].tolist()
    [True, False, False, False]
    """
    found = {}
    for name in CHANNELS:
        asked = name == channel or (channel == "auto" and name != "web")
        agreed = permissions[f"{name}_consent"] == "yes" if name in CONSENT_OF else True
        reachable = permissions[f"{name}_reachable"] if name in CONSENT_OF else True
        found[f"{name}_agreed"] = pd.Series(agreed & asked, index=permissions.index)
        found[f"{name}_allowed"] = pd.Series(agreed & asked & reachable, index=permissions.index)
    return pd.DataFrame(found, index=permissions.index).astype(bool)


def channel_rates(responses: pd.DataFrame) -> pd.DataFrame:
    """How often all customers answer through each channel, and how much that says of one of them.

    Parameters
    ----------
    responses : DataFrame
        `customer_id`, `channel`, `contact_count`, `answer_count`, see `channel_responses`.

    Returns
    -------
    DataFrame, one row a channel that was used
        `channel`, `contact_count`, `answer_count`, `answer_rate` (0 to 1, drawn to that of all channels by
        `OVERALL_WEIGHT` contacts), `weight` (contacts that it weighs against a customer's own: alpha + beta of
        the Beta distribution of customers' rates, by its first two moments; `WEIGHT` where too few customers
        were contacted twice).

    References
    ----------
    Gelman, A. et al. (2013). Bayesian Data Analysis, third edition, section 5.1.

    Examples
    --------
    >>> seen = pd.DataFrame({"customer_id": ["ann", "bob"], "channel": "email", "contact_count": [4, 6],
    ...                      "answer_count": [2, 1]})
    >>> channel_rates(seen)[["channel", "contact_count", "answer_rate", "weight"]].values.tolist()
    [['email', 10, 0.3, 10.0]]
    """
    rows = []
    every, given = responses["contact_count"].sum(), responses["answer_count"].sum()
    for name in CHANNELS:
        own = responses[responses["channel"] == name]
        contacts, answers = int(own["contact_count"].sum()), int(own["answer_count"].sum())
        if contacts:
            rate = (answers + OVERALL_WEIGHT * given / every) / (contacts + OVERALL_WEIGHT)
            rows.append((name, contacts, answers, rate, _weight(own)))
    kinds = {"contact_count": "int64", "answer_count": "int64", "answer_rate": "float64", "weight": "float64"}
    return pd.DataFrame(rows, columns=list(RATE_COLUMNS)).astype(kinds)


def choose_channels(allowed: pd.DataFrame, responses: pd.DataFrame, *, asked: bool = False) -> pd.DataFrame:
    """For each customer the allowed channel that is most likely to be answered, and why.

    A customer's own answers are drawn to all customers' rate of the channel (a Beta prior); where no answer
    is on record at all, the first allowed channel in the order of `CHANNELS` is taken. A channel that was never
    tried comes after those that were.

    Parameters
    ----------
    allowed : DataFrame indexed by customer_id, see `allowed_channels`
    responses : DataFrame, see `channel_responses`
    asked : bool
        Whether one channel was asked for by name: then that is the reason.

    Returns
    -------
    DataFrame indexed like `allowed`
        `channel` (empty where none is allowed), `channel_rate` (expected share of contacts answered, 0 to 1;
        NaN unknown), `channel_reason`.

    Examples
    --------
    >>> allowed = pd.DataFrame({"email_allowed": [True, True], "phone_allowed": [True, True]}, index=["ann", "bob"])
    >>> seen = pd.DataFrame({"customer_id": ["ann", "bob", "bob"], "channel": ["email", "email", "phone"],
    ...                      "contact_count": [9, 9, 5], "answer_count": [8, 0, 2]})
    >>> choose_channels(allowed, seen)["channel"].tolist()
    ['email', 'phone']
    """
    names = [name for name in CHANNELS if f"{name}_allowed" in allowed]
    rates: Any = channel_rates(responses).set_index("channel")
    own = responses.set_index(["customer_id", "channel"])
    seen, answered, expected = ({} for _ in range(3))
    for name in names:
        of_channel = (
            own.xs(name, level="channel") if name in rates.index else own.iloc[:0].droplevel("channel")
        )
        seen[name] = of_channel["contact_count"].reindex(allowed.index).fillna(0)
        answered[name] = of_channel["answer_count"].reindex(allowed.index).fillna(0)
        known = rates.loc[name] if name in rates.index else {"answer_rate": np.nan, "weight": WEIGHT}
        rate, weight = float(known["answer_rate"]), float(known["weight"])
        expected[name] = (answered[name] + weight * rate) / (seen[name] + weight)
    scores = np.column_stack([expected[name].fillna(_NEVER_TRIED).to_numpy() for name in names])
    may: Any = np.column_stack([allowed[f"{name}_allowed"].to_numpy() for name in names])
    best = np.where(may, scores, _NEVER_TRIED - 1).argmax(axis=1)
    any_allowed = may.any(axis=1)
    rows = []
    for place, (which, some) in enumerate(zip(best, any_allowed, strict=True)):
        name = names[which]
        if not some:
            rows.append(("", np.nan, ""))
            continue
        n, k = int(seen[name].iloc[place]), int(answered[name].iloc[place])
        only = "asked for" if asked else "only" if int(may[place].sum()) == 1 else ""
        rows.append((name, float(expected[name].iloc[place]), _why(name, n, k, only, rates)))
    return pd.DataFrame(rows, index=allowed.index, columns=["channel", "channel_rate", "channel_reason"])


def _why(name: str, contacts: int, answers: int, only: str, rates: Any) -> str:
    word = CHANNEL_WORDS[name]
    own = f"answered {answers} of {contacts} {'contact' if contacts == 1 else 'contacts'} {BY[name]}"
    if only:
        basis = "the channel asked for" if only == "asked for" else "the only channel allowed"
        return f"{word}: {basis}; {own}." if contacts else f"{word}: {basis}."
    if contacts:
        return f"{word}: {own}, the best of the channels allowed once all customers' answers are weighed in."
    if name in rates.index:
        rate = 100 * rates.at[name, "answer_count"] / rates.at[name, "contact_count"]
        return (
            f"{word}: no contact {BY[name]} with this customer is on record; all customers answered "
            f"{rate:.0f} % of theirs, and of the channels allowed it promises most."
        )
    if len(rates):
        return f"{word}: never tried so far, but none of the channels tried is allowed."
    return f"{word}: no channel has been tried on record, so the first that is allowed."


def _weight(own: pd.DataFrame) -> float:
    """alpha + beta of a Beta-binomial by moments of customers with two contacts or more."""
    repeated = own[own["contact_count"] > 1]
    if len(repeated) < _JUDGED_CUSTOMERS:
        return WEIGHT
    n, k = (repeated[name].to_numpy(dtype=float) for name in ("contact_count", "answer_count"))
    rate = k.sum() / n.sum()
    if rate in (0.0, 1.0):
        return MOST_WEIGHT
    # E[k(k-1)] / E[n(n-1)] is the chance that two contacts with one customer are both answered.
    both = (k * (k - 1)).sum() / (n * (n - 1)).sum()
    likeness = (both - rate**2) / (rate * (1 - rate))
    weight = MOST_WEIGHT if likeness <= 0 else 1 / likeness - 1
    return float(np.clip(weight, LEAST_WEIGHT, MOST_WEIGHT))
