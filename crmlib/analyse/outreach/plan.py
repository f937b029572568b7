"""Whom to address with which offer, through which channel, and whom to leave alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.outreach.channels import CHANNEL_WORDS, allowed_channels, choose_channels
from crmlib.analyse.outreach.control import balance_table, draw_control
from crmlib.analyse.outreach.result import LIST_COLUMNS, REASONS, OutreachPlan
from crmlib.measure.outreach_contacts import channel_responses, last_contacts, last_controls
from crmlib.measure.outreach_people import CHANNELS, CONSENT_OF, contact_permissions
from crmlib.prepare.clock import closing_moment_of_table, in_zone
from crmlib.prepare.config_parts import OutreachConfig
from crmlib.prepare.crm import Crm
from crmlib.prepare.outbox import campaign_name, listed_contacts
from crmlib.schema.errors import ParameterError, nearest

KINDS = ("any", "cross-sell", "up-sell", "repeat-sell")
"""Kinds of offer that a list can be made of; "any" takes each customer's first offer."""

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
) -> OutreachPlan:
    """One offer for each customer who may be addressed, the channel for it, and a group left alone.

    Each customer who is not in the plan is set aside with a reason: no fitting offer, no consent, no usable
    address, addressed within the quiet period, in the control group of a campaign within it, or beyond the
    number asked for. A control group is drawn from the rest, alike in expected value.

    Parameters
    ----------
    crm : Crm
    offers : Offers
        As `recommend_offers` makes them; `table` is what counts. Make them with ``require_consent=False``:
        consent is looked at here, channel by channel.
    campaign_id : str
        Letters of English, digits, - and _.
    kind : one of `KINDS`
    product : product_id or name, optional
    category : str, optional
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

    Returns
    -------
    OutreachPlan

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
    ready = chosen.loc[[name for name in chosen.index if name not in aside]]
    cut = len(ready) if most is None else most
    aside |= dict.fromkeys(ready.index[cut:], ("beyond_most", f"comes after the {cut:,} of highest value."))
    ready = ready.iloc[:cut]
    ready = ready.join(
        choose_channels(allowed.loc[ready.index], channel_responses(crm), asked=channel != "auto")
    )
    ready["last_contacted_on"] = last["contacted_on"].reindex(ready.index)
    is_control = draw_control(
        ready["expected_value"], share_pct=share, seed=seed, salt=campaign_id
    ).to_numpy()
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
        says=_says(contacts, control, frame),
        notes=_notes(permissions, channel=channel, share=share, control=control, listed=len(listed)),
        currency=crm.currency,
    )


def _check(*, kind: str, most: Any, seed: Any, share: float, channel: str, rest: Any) -> None:
    if kind not in KINDS:
        raise ParameterError(f"kind: there is no kind of offer {kind!r}.{nearest(kind, KINDS)}")
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
    known = table.reindex(columns=[*_OFFERED, "rank"])
    fits = pd.Series(True, index=known.index) if kind == "any" else known["kind"] == kind
    for word, columns in ((product, ("product_id", "product")), (category, ("category",))):
        if word is not None:
            fits &= _matches(crm, known, word, columns)
    best = known[fits].sort_values(["customer_id", "rank"], kind="stable").drop_duplicates("customer_id")
    revenue = best["probability"].astype("float64") * best["price"].astype("float64")
    margin = best["expected_margin"].astype("float64")
    values = {"expected margin": margin, "expected revenue": revenue, "probability": best["probability"]}
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
) -> dict[str, tuple[str, str]]:
    """Customer -> the first reason that keeps them out, and a sentence."""
    has_offer, fits = set(table["customer_id"]), set(chosen.index)
    agreed = allowed.filter(like="_agreed").any(axis=1)
    reachable = allowed.filter(like="_allowed").any(axis=1)
    days = [(day - last[name]).dt.days for name in ("contacted_on", "control_on")]
    aside = {}
    for name, yes, address, gone, alone in zip(permissions.index, agreed, reachable, *days, strict=True):
        if name not in fits:
            reason = "other_offer" if name in has_offer else "no_offer"
            aside[name] = (reason, f"{REASONS[reason]}.")
        elif not yes:
            aside[name] = ("no_consent", _consent_words(permissions.loc[name], channel))
        elif not address:
            aside[name] = ("no_address", f"{REASONS['no_address']}.")
        elif gone < rest:
            aside[name] = ("quiet", f"was addressed {_ago(gone)}; {_days_of(rest)} of rest are kept.")
        elif alone < rest:
            # Whoever is addressed spoils the comparison, so they rest as long as those who were.
            says = f"was put into a campaign's control group {_ago(alone)}; it is left alone for {_days_of(rest)}."
            aside[name] = ("control", says)
    return aside


def _ago(days: float) -> str:
    return "today" if days == 0 else f"{_days_of(days)} ago"


def _days_of(days: float) -> str:
    return f"{days:.0f} {'day' if days == 1 else 'days'}"


def _consent_words(row: pd.Series, channel: str) -> str:
    words = {"no": "refused", "unknown": "nothing recorded", "not kept": "no consent is kept"}
    names = [name for name in CONSENT_OF if channel in ("auto", name)]
    return "; ".join(f"{CHANNEL_WORDS[name]}: {words[row[f'{name}_consent']]}" for name in names) + "."


def _aside_frame(aside: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    rows = [(name, reason, says) for name, (reason, says) in aside.items()]
    frame = pd.DataFrame(rows, columns=["customer_id", "reason", "says"]).astype("str")
    place = frame["reason"].map({reason: i for i, reason in enumerate(REASONS)})
    order = frame.assign(place=place).sort_values(["place", "customer_id"], kind="stable")
    return order.drop(columns="place").reset_index(drop=True)


def _counts(frame: pd.DataFrame) -> pd.DataFrame:
    found = frame["reason"].value_counts()
    rows = [(reason, says, int(found.get(reason, 0))) for reason, says in REASONS.items()]
    return pd.DataFrame(rows, columns=["reason", "says", "customers"])


def _says(contacts: pd.DataFrame, control: pd.DataFrame, aside: pd.DataFrame) -> str:
    def customers(n: int) -> str:
        return f"{n:,} customer" if n == 1 else f"{n:,} customers"

    if not len(contacts) and not len(control):
        return f"Nobody can be addressed: {customers(len(aside))} set aside, each with the reason."
    by = contacts["channel"].value_counts()
    means = ", ".join(f"{by[name]:,} by {CHANNEL_WORDS[name]}" for name in CHANNELS if name in by.index)
    return (
        f"{customers(len(contacts))} to address{f' ({means})' if means else ''}, {len(control):,} left alone for "
        f"comparison, {len(aside):,} set aside, each with the reason."
    )


def _notes(
    permissions: pd.DataFrame, *, channel: str, share: float, control: pd.DataFrame, listed: int
) -> tuple[str, ...]:
    notes = []
    kept = {
        column for name, column in CONSENT_OF.items() if (permissions[f"{name}_consent"] != "not kept").any()
    }
    missing = sorted({*CONSENT_OF.values()} - kept)
    if not kept:
        notes.append(
            "The workspace keeps no consents, so nobody can be said to have agreed to e-mail, text messages, "
            "telephone or fax. Map email_consent, sms_consent or phone_consent under [tables.customers.columns]; "
            "channel web, our own pages, needs none."
        )
    elif missing and channel != "web":
        notes.append(
            f"No {' and no '.join(missing)} is kept: nobody counts as having agreed to what needs it."
        )
    if channel == "web":
        notes.append("The web reaches only those who come to our own pages; no consent is asked for it.")
    if not len(control) and listed:
        why = "none was asked for" if not share else f"{share:g} % of {listed:,} is less than one customer"
        notes.append(f"There is no control group ({why}): what the campaign brings cannot be told from it.")
    return tuple(notes)
