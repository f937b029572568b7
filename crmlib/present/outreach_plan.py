"""From a workspace's folder to the plan of a campaign, and what to say when it is written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import crmlib
from crmlib.analyse.outreach.channels import CHANNEL_WORDS
from crmlib.analyse.outreach.plan import KINDS, plan_outreach
from crmlib.analyse.outreach.result import OutreachPlan
from crmlib.prepare.clock import closing_moment_of_table, in_zone
from crmlib.prepare.outbox import campaign_name
from crmlib.schema.errors import ParameterError, nearest

SEARCHED = 50
"""Offers looked through for each customer where only one product or category is asked for."""


@contextmanager
def plan_from_workspace(
    folder: Path,
    *,
    kind: str,
    campaign_id: str | None = None,
    moment: str | None = None,
    as_of: str | None = None,
    seed: int = 0,
    product: str | None = None,
    category: str | None = None,
    **options: Any,
) -> Iterator[tuple[Any, OutreachPlan]]:
    """Open a workspace, make its offers, and plan whom to address; closed again at the end.

    Parameters
    ----------
    folder : path
    kind : of offer, see `plan_outreach`
    campaign_id : str, optional
        Otherwise the kind and the day: ``cross-sell-20240131``.
    moment : text, optional
        When the customers are addressed: a date, or "today" for the clock's moment.
    as_of : text, optional
    seed, product, category, **options : see `plan_outreach`

    Yields
    ------
    Crm, OutreachPlan

    Raises
    ------
    ParameterError
        A parameter that does not fit, before anything is read.

    Examples
    --------
    >>> with plan_from_workspace(Path("acme"), kind="crosssell"):
    ...     pass
    Traceback (most recent call last):
    ...
    crmlib.schema.errors.ParameterError: kind: there is no kind of offer 'crosssell'. Did you mean 'cross-sell'?
    """
    if kind not in KINDS:
        raise ParameterError(f"kind: there is no kind of offer {kind!r}.{nearest(kind, KINDS)}")
    if campaign_id is not None:
        campaign_name(campaign_id)
    from crmlib.analyse.offers.recommend import recommend_offers

    crm = crmlib.open_workspace(folder, as_of=as_of)
    try:
        then = _moment(crm, moment)
        kinds: dict[str, Any] = {} if kind == "any" else {"kinds": (kind,)}
        wide = product is not None or category is not None
        # Consent is asked for channel by channel, so that who is left out for it is counted on the list.
        offers = recommend_offers(crm, k=SEARCHED if wide else 1, seed=seed, require_consent=False, **kinds)
        plan = plan_outreach(
            crm,
            offers,
            campaign_id=campaign_id or f"{kind}-{in_zone(then, time_zone=crm.time_zone):%Y%m%d}",
            kind=kind,
            moment=then,
            seed=seed,
            product=product,
            category=category,
            **options,
        )
        yield crm, plan
    finally:
        crm.engine.close()


def written_words(written: Any) -> list[str]:
    """Where everything lies, and how to go on.

    Parameters
    ----------
    written : WrittenOutreach

    Returns
    -------
    list of str

    Examples
    --------
    >>> from crmlib.present.outreach import WrittenOutreach
    >>> done = WrittenOutreach(folder=Path("lists/spring"), files=(), outbox=None, drafts={"sms": 1})
    >>> written_words(done)
    ['The list: lists/spring', '1 draft by text message. Nothing has been sent.']
    """
    lines = [f"The list: {os.path.relpath(written.folder)}"]
    if written.drafts:
        each = ", ".join(f"{n:,} by {CHANNEL_WORDS[name]}" for name, n in sorted(written.drafts.items()))
        total = sum(written.drafts.values())
        what = f"{total:,} {'draft' if total == 1 else 'drafts'}"
        what = f"{what}: {each}" if len(written.drafts) > 1 else f"{what} by {each.partition(' by ')[2]}"
        lines.append(f"{what}. Nothing has been sent.")
    if written.outbox is not None:
        lines.append(f"Remembered for the next list: {os.path.relpath(written.outbox)}")
    return lines


def _moment(crm: Any, moment: str | None) -> Any:
    if moment is None:
        return crm.as_of
    if moment.strip().lower() == "today":
        moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00:00"
    return closing_moment_of_table(moment, time_zone=crm.time_zone)
