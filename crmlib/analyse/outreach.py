"""Whom to address with which offer, through which channel, and whom to leave alone."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.worklist import OF_LISTS
from crmlib.measure.outreach import (
    CHANNELS,
    CONSENT_OF,
    channel_responses,
    contact_permissions,
    last_contacts,
    last_controls,
)
from crmlib.prepare.clock import closing_moment_of_table, in_zone
from crmlib.prepare.config.parts import OutreachConfig
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import campaign_name, listed_contacts
from crmlib.schema.errors import ParameterError, nearest

ASKED_FOR, ONLY, BEST = "asked for", "only", "best"
UNTRIED, NO_TRIED, NOTHING_TRIED = "untried", "no tried", "nothing tried"
CHANNEL_BASES = (ASKED_FOR, ONLY, BEST, UNTRIED, NO_TRIED, NOTHING_TRIED)
"""Why a channel was taken: nobody tried it with this customer, none that was tried is allowed, none was ever tried."""

CHANNEL_COLUMNS = (
    *("channel", "channel_rate", "channel_basis", "channel_contacts", "channel_answers"),
    "channel_all_pct",
)

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

    Gelman, A. et al. (2013). Bayesian Data Analysis, third edition, section 5.1.
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
    rows = []
    for place, (which, some) in enumerate(zip(best, may.any(axis=1), strict=True)):
        name = names[which]
        if not some:
            rows.append(("", np.nan, "", 0, 0, np.nan))
            continue
        n, k = int(seen[name].iloc[place]), int(answered[name].iloc[place])
        only = ASKED_FOR if asked else ONLY if int(may[place].sum()) == 1 else ""
        basis = only or _basis(name, n, rates)
        rows.append((name, float(expected[name].iloc[place]), basis, n, k, _all_pct(name, rates)))
    return pd.DataFrame(rows, index=allowed.index, columns=list(CHANNEL_COLUMNS))


def _basis(name: str, contacts: int, rates: Any) -> str:
    if contacts:
        return BEST
    if name in rates.index:
        return UNTRIED
    return NO_TRIED if len(rates) else NOTHING_TRIED


def _all_pct(name: str, rates: Any) -> float:
    if name not in rates.index:
        return float("nan")
    return float(100 * rates.at[name, "answer_count"] / rates.at[name, "contact_count"])


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


LITTLE_SD = 0.1
"""Groups whose means lie closer than this, in standard deviations, count as alike."""

BALANCE_COLUMNS = ("figure", "contacted", "control", "difference_sd")


def draw_control(values: pd.Series, *, share_pct: float, seed: int, salt: str = "") -> pd.Series:
    """Who is left alone: one customer of each stretch of neighbours by value.

    The customers are put in the order of their value and cut into as many stretches as the control group has
    members; one of each stretch is drawn. So the group has as many valuable and as many small customers as
    the others.

    Imbens, G. W. and Rubin, D. B. (2015). Causal Inference for Statistics, Social, and Biomedical Sciences,
    chapter 9: stratified randomized experiments.
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
    """How alike two groups are."""
    rows = [("customers", float(len(contacts)), float(len(control)), np.nan)]
    for column, factor in (("expected_value", 1), ("probability", 100)):
        rows.append((column, *_compared(contacts[column] * factor, control[column] * factor)))
    for column in ("channel", "kind"):
        both = pd.concat([contacts[column], control[column]])
        for value in sorted(both.unique()):
            parts = [(group[column] == value).astype(float) * 100 for group in (contacts, control)]
            rows.append((f"{column}: {value}", *_compared(*parts)))
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))


def _compared(left: pd.Series, right: pd.Series) -> tuple[float, float, float]:
    first, second = left.astype("float64").dropna(), right.astype("float64").dropna()
    means = [float(group.mean()) if len(group) else np.nan for group in (first, second)]
    spread = float(pd.concat([first, second]).std(ddof=0)) if len(first) and len(second) else 0.0
    return means[0], means[1], (means[0] - means[1]) / spread if spread > 0 else np.nan


REASONS = (
    "other_group",
    "no_offer",
    "other_offer",
    "no_consent",
    "no_address",
    "quiet",
    "control",
    "beyond_most",
)
"""Why a customer is not in the plan, in the order in which it is asked; each customer has one reason."""

NO_CONSENTS, SOME_CONSENTS, WEB_ONLY = "no consents", "some consents", "web only"
CONTROL_NOT_ASKED, CONTROL_TOO_SMALL = "control not asked", "control too small"
NOTES = (NO_CONSENTS, SOME_CONSENTS, WEB_ONLY, CONTROL_NOT_ASKED, CONTROL_TOO_SMALL)
"""What to know before a list is used."""

LIST_COLUMNS = (
    "customer_id", "channel", "kind", "product_id", "product", "category", "probability", "price", "margin",
    "expected_margin", "expected_value", "due_on", "because_product_id", "because", "reason", "channel_basis",
    "channel_contacts", "channel_answers", "channel_all_pct", "last_contacted_on",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class OutreachPlan:
    """One offer for each customer of a campaign, how to reach them, and everybody who is not in it.

    Attributes
    ----------
    contacts : DataFrame, one row a customer to address, the most valuable first
        `customer_id`, `channel`, `kind`, `product_id`, `product`, `category`, `probability` (0 to 1), `price`,
        `margin`, `expected_margin`, `expected_value` (see `value_means`), `due_on`, `because_product_id`,
        `because`, `reason` (why this offer), `channel_basis` (one of `CHANNEL_BASES`), `channel_contacts` and
        `channel_answers` (of this customer), `channel_all_pct` (answered by all customers), `last_contacted_on`
        (day; empty where no contact is known).
    control : DataFrame
        The same columns: customers who would have been addressed and are left alone, for comparison.
    set_aside : DataFrame, sorted by reason and customer
        `customer_id`, `reason` (one of `REASONS`), `days_ago` (since the contact, or the control group, that keeps
        them out), `consents` (channel=what was said, where that keeps them out).
    counts : DataFrame, one row a reason
        `reason`, `customers`.
    balance : DataFrame, one row a figure
        `figure` ("customers", "expected_value", "probability", "channel: email", "kind: cross-sell"), `contacted`,
        `control` (means, or shares in percent), `difference_sd` (in standard deviations; below `LITTLE_SD` counts
        as alike).
    kind, channel : str
        As asked for.
    moment : Timestamp, naive, UTC
        When the customers are addressed.
    contacted_on : Timestamp
        The day of it in the workspace's time zone.
    value_means : str
        What `expected_value` is: "expected margin", "expected revenue", "probability", or of an action "at stake".
    notes : tuple of `NOTES`
        What to know before the list is used.
    consents_missing : tuple of str
        Columns of consent that the workspace does not keep.
    """

    contacts: pd.DataFrame
    control: pd.DataFrame = field(repr=False)
    set_aside: pd.DataFrame = field(repr=False)
    counts: pd.DataFrame
    balance: pd.DataFrame = field(repr=False)
    campaign_id: str
    kind: str
    channel: str
    moment: pd.Timestamp
    contacted_on: pd.Timestamp
    quiet_days: int
    seed: int
    control_share_pct: float
    value_means: str
    notes: tuple[str, ...] = ()
    consents_missing: tuple[str, ...] = ()
    currency: str = ""

    @property
    def customers(self) -> int:
        """Everybody whom the workspace knows: in the plan, left alone for comparison, or set aside."""
        return len(self.contacts) + len(self.control) + len(self.set_aside)

    def _repr_html_(self) -> str:
        shown = self.contacts.head(10).round(3).to_html(index=False)
        return f"{self.counts.to_html(index=False)}{shown}"


KINDS = ("any", "cross-sell", "up-sell", "repeat-sell")
"""Kinds of offer that a list can be made of; "any" takes each customer's first offer."""

PLANNED = (*KINDS, *OF_LISTS)
"""Of what a list can be made: of offers, or of an action that has a list of its own."""

_OFFERED = (
    "customer_id", "kind", "product_id", "product", "category", "probability", "price", "margin",
    "expected_margin", "due_on", "because_product_id", "because", "reason",
)  # fmt: skip


def plan_outreach(
    crm: Crm,
    offers: Any,
    *,
    campaign_id: str,
    kind: str = "any",
    product: str | None = None,
    category: str | None = None,
    most: int | None = None,
    seed: int = 0,
    control_share_pct: float | None = None,
    channel: str = "auto",
    quiet_days: int | None = None,
    moment: Any = None,
    only: Collection[str] | None = None,
) -> OutreachPlan:
    """One offer for each customer who may be addressed, the channel for it, and a group left alone.

    Each customer who is not in the plan is set aside with a reason: no fitting offer, no consent, no usable
    address, addressed within the quiet period, in the control group of a campaign within it, or beyond the
    number asked for. A control group is drawn from the rest, alike in expected value.

    Parameters
    ----------
    offers : Offers
        As `recommend_offers` makes them; `table` is what counts. Make them with ``require_consent=False``:
        consent is looked at here, channel by channel.
    campaign_id : str
        Letters of English, digits, - and _.
    kind : one of `PLANNED`
    product : product_id or name, optional
    most : int, optional
        At most so many customers, the control group among them; those with the highest expected value.
    seed : int
        The same seed draws the same control group.
    control_share_pct, quiet_days : optional
        Otherwise as [outreach] of crm.toml says.
    channel : "auto" or one of `CHANNELS`
        "auto" takes for each customer what is allowed and likely to be answered; the web only by name.
    moment : Timestamp, date or text, optional
        When the customers are addressed; otherwise ``crm.as_of``. Never earlier.
    only : collection of customer_id, optional
        Nobody else is addressed, such as the members of a segment.

    Raises
    ------
    ParameterError
        A parameter that does not fit, or a product or category that no offer has.

    Examples
    --------
    >>> from crmlib import Crm
    >>> people = pd.DataFrame({"customer_id": ["ann", "bob", "cem"], "email_consent": [True, False, None]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=people)
    >>> offered = pd.DataFrame({"customer_id": ["ann", "bob"], "rank": 1, "kind": "cross-sell",
    ...                         "product_id": "p1", "product": "Tea", "probability": 0.2, "price": 5.0})
    >>> from types import SimpleNamespace
    >>> plan = plan_outreach(crm, SimpleNamespace(table=offered), campaign_id="spring")
    >>> plan.contacts[["customer_id", "channel", "expected_value"]].values.tolist()
    [['ann', 'email', 1.0]]
    >>> plan.set_aside[["customer_id", "reason"]].values.tolist(), plan.customers
    ([['cem', 'no_offer'], ['bob', 'no_consent']], 3)
    """
    settings = getattr(crm.config, "outreach", None) or OutreachConfig()
    rest = settings.quiet_days if quiet_days is None else quiet_days
    share = settings.control_share_pct if control_share_pct is None else control_share_pct
    _check(kind=kind, most=most, seed=seed, share=share, channel=channel, rest=rest)
    then, day = _moment(crm, moment)
    permissions = contact_permissions(crm)
    _refuse_strangers(offers.table, permissions)
    chosen, value_means = _best_offers(crm, offers.table, kind=kind, product=product, category=category)
    allowed = allowed_channels(permissions, channel=channel)
    last = _last_days(crm, until=day).reindex(permissions.index)
    aside = _set_aside(permissions, offers.table, chosen, allowed, last, channel=channel, day=day, rest=rest)
    aside |= _others(permissions, only)
    ready = chosen.loc[[name for name in chosen.index if name not in aside]]
    cut = len(ready) if most is None else most
    aside |= dict.fromkeys(ready.index[cut:], ("beyond_most", np.nan, ""))
    ready = ready.iloc[:cut]
    found = choose_channels(allowed.loc[ready.index], channel_responses(crm), asked=channel != "auto")
    ready = ready.join(found)
    ready["last_contacted_on"] = last["contacted_on"].reindex(ready.index)
    drawn = draw_control(ready["expected_value"], share_pct=share, seed=seed, salt=campaign_id)
    is_control = drawn.to_numpy()
    listed = ready.reset_index()[list(LIST_COLUMNS)]
    contacts, control = (listed[rows].reset_index(drop=True) for rows in (~is_control, is_control))
    frame = _aside_frame(aside)
    return OutreachPlan(
        contacts=contacts,
        control=control,
        set_aside=frame,
        counts=_counts(frame),
        balance=balance_table(contacts, control),
        campaign_id=campaign_name(campaign_id),
        kind=kind,
        channel=channel,
        moment=then,
        contacted_on=day,
        quiet_days=rest,
        seed=seed,
        control_share_pct=share,
        value_means=value_means,
        notes=_notes(permissions, channel=channel, share=share, control=control, listed=len(listed)),
        consents_missing=_not_kept(permissions),
        currency=crm.currency,
    )


def _others(permissions: pd.DataFrame, only: Collection[str] | None) -> dict[str, tuple[str, float, str]]:
    """Who is not among those that the list is for."""
    others = [] if only is None else [name for name in permissions.index if name not in only]
    return dict.fromkeys(others, ("other_group", np.nan, ""))


def _check(*, kind: str, most: Any, seed: Any, share: float, channel: str, rest: Any) -> None:
    if kind not in PLANNED:
        raise ParameterError(f"kind: there is no kind of offer {kind!r}.{nearest(kind, PLANNED)}")
    if channel not in ("auto", *CHANNELS):
        raise ParameterError(
            f"channel: there is no channel {channel!r}.{nearest(channel, ('auto', *CHANNELS))}"
        )
    if most is not None and (isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1):
        raise ParameterError(f"most: {most!r} is no number of customers. Give 1 or more.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(f"seed: {seed!r} is no seed. Give a whole number, 0 or more.")
    if not 0 <= share < 100:
        raise ParameterError(f"control_share_pct: {share!r} is no share. Give 0 to below 100 percent.")
    if isinstance(rest, bool) or not isinstance(rest, int | np.integer) or rest < 0:
        raise ParameterError(f"quiet_days: {rest!r} is no number of days. Give 0 or more.")


def _refuse_strangers(table: pd.DataFrame, permissions: pd.DataFrame) -> None:
    strangers = set(table["customer_id"]) - set(permissions.index)
    if strangers:
        raise ParameterError(
            f"offers: {len(strangers):,} of their customers are not of this workspace. Make them from it."
        )


def _moment(crm: Crm, moment: Any) -> tuple[pd.Timestamp, pd.Timestamp]:
    then = crm.as_of if moment is None else closing_moment_of_table(moment, time_zone=crm.time_zone)
    if then < crm.as_of:
        raise ParameterError(
            f"moment: {then:%Y-%m-%d %H:%M} lies before as_of {crm.as_of:%Y-%m-%d %H:%M} (UTC): nobody can be "
            "addressed then any more. Give a later moment, or an earlier as_of."
        )
    return then, pd.Timestamp(in_zone(then, time_zone=crm.time_zone).date())


def _best_offers(
    crm: Crm, table: pd.DataFrame, *, kind: str, product: str | None, category: str | None
) -> tuple[pd.DataFrame, str]:
    """Each customer's first offer that fits, the highest value first; and what the value is."""
    known = table.reindex(columns=[*_OFFERED, "pieces", "rank"])
    fits = pd.Series(True, index=known.index) if kind == "any" else known["kind"] == kind
    for word, columns in ((product, ("product_id", "product")), (category, ("category",))):
        if word is not None:
            fits &= _matches(crm, known, word, columns)
    best = known[fits].sort_values(["customer_id", "rank"], kind="stable").drop_duplicates("customer_id")
    revenue = best.fillna({"pieces": 1})[["probability", "price", "pieces"]].astype("float64")
    revenue = revenue.prod(axis=1, skipna=False)
    margin = best["expected_margin"].astype("float64")
    values = {"expected margin": margin, "expected revenue": revenue, "probability": best["probability"]}
    if "at_stake" in table:
        values = {
            "at stake": table.set_index("customer_id")["at_stake"]
            .reindex(best["customer_id"])
            .set_axis(best.index)
        }
    means = next(
        (name for name, given in values.items() if len(given) and given.notna().all()), "probability"
    )
    best = best.drop(columns="rank").assign(expected_value=values[means].astype("float64"))
    order = best.sort_values(["expected_value", "customer_id"], ascending=[False, True], kind="stable")
    return order.set_index("customer_id"), means


def _matches(crm: Crm, table: pd.DataFrame, word: str, columns: tuple[str, ...]) -> pd.Series:
    folded = str(word).strip().casefold()
    fits = pd.Series(False, index=table.index)
    for column in columns:
        fits |= table[column].astype("str").str.casefold() == folded
    theirs = {"product_id": "product_id", "product": "name", "category": "category"}
    sold = crm.columns("products") if "products" in crm else []
    on_sale = {
        str(value).casefold()
        for column in columns
        if theirs[column] in sold
        for value in crm.frame("products", [theirs[column]])[theirs[column]].dropna().unique()
    }
    if not fits.any() and folded not in on_sale:
        names = sorted({str(value) for column in columns[-1:] for value in table[column].dropna().unique()})
        what = "category" if columns == ("category",) else "product"
        hint = nearest(str(word), names)
        hint = hint if hint.startswith(" Did") else ""
        raise ParameterError(f"{what}: nothing of the name {str(word)[:80]!r} is sold or offered.{hint}")
    return fits


def _last_days(crm: Crm, *, until: pd.Timestamp) -> pd.DataFrame:
    """The last day on which each customer was addressed, or left alone on purpose, by earlier lists too."""
    found = last_contacts(crm)
    talked = found["last_interaction_at"].dt.tz_localize("UTC").dt.tz_convert(crm.time_zone)
    days = [talked.dt.tz_localize(None).dt.normalize(), found["last_campaign_on"]]
    listed, controls = (
        listed_contacts(crm.config, until=until, controls=asked).set_index("customer_id")["contacted_on"]
        for asked in (False, True)
    )
    every = {"contacted_on": [*days, listed], "control_on": [last_controls(crm), controls]}
    return pd.DataFrame(
        {
            name: pd.concat(parts).dropna().astype("datetime64[us]").groupby(level=0).max()
            for name, parts in every.items()
        }
    )


def _set_aside(
    permissions: pd.DataFrame,
    table: pd.DataFrame,
    chosen: pd.DataFrame,
    allowed: pd.DataFrame,
    last: pd.DataFrame,
    *,
    channel: str,
    day: pd.Timestamp,
    rest: int,
) -> dict[str, tuple[str, float, str]]:
    """Customer -> the first reason that keeps them out, the days since then, and the consents that do."""
    has_offer, fits = set(table["customer_id"]), set(chosen.index)
    agreed = allowed.filter(like="_agreed").any(axis=1)
    reachable = allowed.filter(like="_allowed").any(axis=1)
    days = [(day - last[name]).dt.days for name in ("contacted_on", "control_on")]
    aside = {}
    for name, yes, address, gone, alone in zip(permissions.index, agreed, reachable, *days, strict=True):
        if name not in fits:
            aside[name] = ("other_offer" if name in has_offer else "no_offer", np.nan, "")
        elif not yes:
            aside[name] = ("no_consent", np.nan, _consents(permissions.loc[name], channel))
        elif not address:
            aside[name] = ("no_address", np.nan, "")
        elif gone < rest:
            aside[name] = ("quiet", gone, "")
        elif alone < rest:
            # Whoever is addressed spoils the comparison, so they rest as long as those who were.
            aside[name] = ("control", alone, "")
    return aside


def _consents(row: pd.Series, channel: str) -> str:
    asked = [name for name in CONSENT_OF if channel in ("auto", name)]
    return "; ".join(f"{name}={row[f'{name}_consent']}" for name in asked)


def _aside_frame(aside: Mapping[str, tuple[str, float, str]]) -> pd.DataFrame:
    rows = [(name, *why) for name, why in aside.items()]
    kinds = {"customer_id": "str", "reason": "str", "days_ago": "float64", "consents": "str"}
    frame = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    place = frame["reason"].map({reason: i for i, reason in enumerate(REASONS)})
    order = frame.assign(place=place).sort_values(["place", "customer_id"], kind="stable")
    return order.drop(columns="place").reset_index(drop=True)


def _counts(frame: pd.DataFrame) -> pd.DataFrame:
    found = frame["reason"].value_counts()
    rows = [(reason, int(found.get(reason, 0))) for reason in REASONS]
    return pd.DataFrame(rows, columns=["reason", "customers"])


def _not_kept(permissions: pd.DataFrame) -> tuple[str, ...]:
    kept = {
        column for name, column in CONSENT_OF.items() if (permissions[f"{name}_consent"] != "not kept").any()
    }
    return tuple(sorted({*CONSENT_OF.values()} - kept))


def _notes(
    permissions: pd.DataFrame, *, channel: str, share: float, control: pd.DataFrame, listed: int
) -> tuple[str, ...]:
    missing = _not_kept(permissions)
    none_kept = len(missing) == len({*CONSENT_OF.values()})
    no_control = not len(control) and listed > 0
    holds = {
        NO_CONSENTS: none_kept,
        SOME_CONSENTS: bool(missing) and not none_kept and channel != "web",
        WEB_ONLY: channel == "web",
        CONTROL_NOT_ASKED: no_control and not share,
        CONTROL_TOO_SMALL: no_control and bool(share),
    }
    return tuple(note for note, it_does in holds.items() if it_does)
