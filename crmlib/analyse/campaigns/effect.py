"""What one campaign brought: response, extra spend, cost and return, who responds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, MATCHED, Comparison
from crmlib.analyse.campaigns.estimates import LEVEL, power_of
from crmlib.analyse.campaigns.features import customer_traits, trait_levels
from crmlib.analyse.campaigns.groups import known_groups, who_responds
from crmlib.analyse.campaigns.judging import Judgement, differs, judge, overlap_of
from crmlib.analyse.campaigns.response import answers_known
from crmlib.analyse.campaigns.result import CampaignEffect
from crmlib.measure.campaign_spend import ASIDE, CONTACTED, DURING, campaign_people, campaign_windows
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.errors import ParameterError, nearest


def campaign_effect(
    crm: Crm,
    campaign_id: str,
    *,
    response_days: int | None = None,
    groups: Mapping[str, pd.Series] | None = None,
    seed: int = 0,
) -> CampaignEffect:
    """What a campaign brought: who answered it, and what its customers spent more than others like them.

    With a control group those contacted are compared with those held out, whoever answered: the difference is the
    campaign's doing. It is adjusted for what each spent before (CUPED); the plain difference stands beside it.
    Without one, each customer is matched with one outside the campaign who looked alike before it began, in
    buying, earlier campaigns and traits. That is weaker: what was not recorded may still tell them apart. So the
    same comparison is made on the time before the campaign, when it must show nothing, and where it does not, the
    result is not trusted.

    Where customers were picked by something unrecorded, matching does not undo it, and the trial shows it in part of
    the cases only. Where they were picked by their spend right before, the trial always shows that: a true effect is
    then not trusted either. Only a control group settles it.

    Parameters
    ----------
    crm : Crm
        With `campaign_contacts`, and `transactions` or won `opportunities`.
    campaign_id : str
    response_days : int, optional
        Days from the campaign's first that count; by default to its own last day, or four weeks. A campaign whose
        time has not ended at ``crm.as_of`` is judged so far.
    groups : mapping of name -> Series customer_id -> group, optional
        To compare by, beside spend before, earlier answers and traits. They must have been known before contact: a
        segment of today may be what the campaign made of it.
    seed : int
        For the order of matching and for drawing customers again.

    Returns
    -------
    CampaignEffect

    Raises
    ------
    ParameterError
        If there is no such campaign (it names the nearest), or `response_days` is no whole number from 1 on.
    SchemaError
        If there are no campaign_contacts, or neither orders nor opportunities.

    References
    ----------
    Deng, A., Xu, Y., Kohavi, R. & Walker, T. (2013). Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data. WSDM.
    Stuart, E. A. (2010). Matching methods for causal inference. Statistical Science 25.

    Examples
    --------
    >>> found = campaign_effect(_little_shop(), "spring")
    >>> found.verdict, found.response.responded, found.comparison.kind
    ('more spend', 12, 'control group')
    >>> print(found.says)
    Of 40 customers contacted 12 answered (30.0 %, likely 18.1 to 45.4). Those contacted spent 5.53 a customer more
    than the control group (likely 5.04 to 6.02).
    """
    windows = campaign_windows(crm, response_days=response_days)
    if windows.empty:
        raise ParameterError("No campaign is known at this closing moment.")
    if campaign_id not in windows.index:
        raise ParameterError(
            f"there is no campaign {campaign_id!r}.{nearest(str(campaign_id), windows.index)}"
        )
    window = windows.loc[campaign_id]
    people = campaign_people(crm, campaign_ids=[campaign_id], response_days=response_days)
    traits = customer_traits(crm)
    least = min_group(crm)
    customers = pd.Index(people["customer_id"].unique(), name="customer_id")
    levels = trait_levels(traits, customers, min_group=least)
    found = judge(window, people, levels, unknown=answers_known(crm), seed=seed, redrawn=True)
    asked = known_groups(people, traits) | dict(groups or {})
    told = {name: "" if pd.isna(window[name]) else str(window[name]) for name in ("name", "kind", "channel")}
    money = _money(window, found)
    return CampaignEffect(
        campaign_id=campaign_id,
        **told,
        begin_on=window["begin_on"],
        until_on=window["until_on"],
        planned_until_on=window["planned_until_on"],
        is_over=bool(window["is_over"]),
        judgement=found,
        groups=who_responds(people, found.response, found.comparison, asked, min_group=least),
        overlap=overlap_of(people, found.comparison),
        money=money,
        power=_power(found, float(money["base_mean"].iloc[0])),
        set_aside=_set_aside(people, found),
        notes=_notes(window, found, response_days),
        says=_says(window, found, crm.currency),
        currency=crm.currency,
    )


def _money(window: pd.Series, found: Judgement) -> pd.DataFrame:
    chosen, comparison = found.comparison.chosen, found.comparison
    n, contacted = comparison.contacted, found.response.contacted
    cost = float(window["cost_amount"])
    shared = cost * n / contacted if contacted and comparison.kind in (CONTROL_GROUP, MATCHED) else np.nan
    kept = comparison.margin_pct / 100 if np.isfinite(comparison.margin_pct) else 1.0
    ends = {"": chosen.value, "_low": chosen.low, "_high": chosen.high}
    row = {
        "effect": chosen.value,
        "low": chosen.low,
        "high": chosen.high,
        **{f"total{end}": value * n for end, value in ends.items()},
        "base_mean": comparison.base_mean,
        "cost_amount": cost,
        "cost_shared": shared,
        "cost_per_contact": cost / contacted if contacted else np.nan,
        "cost_per_response": cost / found.response.responded if found.response.responded else np.nan,
        "margin_pct": comparison.margin_pct,
        **{f"gain{end}": value * n * kept - shared for end, value in ends.items()},
    }
    return pd.DataFrame([row], dtype="float64")


def _power(found: Judgement, base: float) -> pd.DataFrame:
    chosen = found.comparison.chosen
    smallest = chosen.smallest
    row = {
        "smallest_effect": smallest,
        "smallest_pct": 100 * smallest / base if base > 0 else np.nan,
        "tenth_pct": 100 * power_of(base / 10, chosen.error, freedom=chosen.freedom) if base > 0 else np.nan,
        "level": LEVEL,
    }
    return pd.DataFrame([row], dtype="float64")


def _set_aside(people: pd.DataFrame, found: Judgement) -> pd.DataFrame:
    rows = people[people["span"] == DURING]
    ours = rows[rows["arm"] == CONTACTED]
    counted = {
        "a contact on a day on which the campaign cannot have made it": int((rows["arm"] == ASIDE).sum()),
        "an answer before the contact": found.response.early,
        "an answer after the campaign's time": found.response.late,
    }
    if found.comparison.kind == MATCHED:
        new = int(ours["known_days"].isna().sum())
        counted |= {
            "no purchase before the campaign": new,
            "no customer outside the campaign who is near enough": len(ours)
            - new
            - found.comparison.contacted,
        }
    kept = [(what, n) for what, n in counted.items() if n > 0]
    return pd.DataFrame(kept, columns=["what", "customers"])


def _notes(window: pd.Series, found: Judgement, response_days: int | None) -> tuple[str, ...]:
    said = []
    if pd.notna(window["begin_on"]):
        if not window["is_over"]:
            said.append(
                f"It runs to {window['planned_until_on']:%Y-%m-%d} and is judged by what is known up to "
                f"{window['until_on']:%Y-%m-%d}."
            )
        if not window["end_is_known"] and response_days is None:
            said.append("Its end is not known: four weeks are counted.")
        if pd.notna(window["first_order_on"]) and window["first_order_on"] > window["begin_on"]:
            said.append(f"Orders are known from {window['first_order_on']:%Y-%m-%d} on only.")
    if found.response.control_responded:
        n = found.response.control_responded
        said.append(f"Of those held out, {n:,} answered all the same: the groups were not kept apart.")
    if found.comparison.kind == CONTROL_GROUP and differs(found.trial):
        said.append(
            "The control group differed in spend before the campaign; the adjusted figure allows for it."
        )
    return tuple(said)


def _says(window: pd.Series, found: Judgement, currency: str) -> str:
    response, comparison = found.response, found.comparison
    if not response.contacted:
        return "Nobody was contacted."
    said = [f"Of {response.contacted:,} customers contacted"]
    if response.reason:
        said = [f"{response.contacted:,} customers were contacted; who answered is not known."]
    else:
        said[0] += (
            f" {response.responded:,} answered ({response.rate_pct:.1f} %, likely {response.low:.1f} to "
            f"{response.high:.1f})."
        )
    if np.isfinite(comparison.chosen.value):
        said.append(_extra_says(comparison, f" {currency}" if currency else ""))
    else:
        said.append(f"Extra spend is not known: {comparison.reason}")
    if comparison.kind == MATCHED:
        said.append("There was no control group, so this is weaker evidence.")
    if found.doubt:
        said.append(f"It is not trusted: {found.doubt}.")
    return " ".join(said)


def _extra_says(comparison: Comparison, unit: str) -> str:
    chosen, held_out = comparison.chosen, comparison.kind == CONTROL_GROUP
    who, whom = (
        ("contacted", "the control group") if held_out else ("matched", "customers outside it like them")
    )
    if not differs(comparison):
        return (
            f"Those {who} are not shown to have spent more or less than {whom}: the difference is "
            f"{chosen.value:,.2f}{unit} a customer (likely {chosen.low:,.2f} to {chosen.high:,.2f})."
        )
    way, ends = (
        ("more", (chosen.low, chosen.high)) if chosen.value > 0 else ("less", (-chosen.high, -chosen.low))
    )
    return (
        f"Those {who} spent {abs(chosen.value):,.2f}{unit} a customer {way} than {whom} (likely {ends[0]:,.2f} to "
        f"{ends[1]:,.2f})."
    )


def _little_shop() -> Any:
    """Eighty customers, half of them held out; those contacted spend about 6 more."""
    from crmlib.prepare.crm import Crm

    lot = np.random.default_rng(1)
    ids = [f"c{i:02}" for i in range(80)]
    usual = lot.uniform(10, 60, 80)
    lines = []
    for day, extra in (("2024-01-15", 0.0), ("2024-02-10", 0.0), ("2024-03-15", 6.0)):
        lines += [
            (f"{day}-{i}", who, day, round(usual[i] + lot.normal(0, 1) + (extra if i < 40 else 0.0), 2))
            for i, who in enumerate(ids)
        ]
    transactions = pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at", "net_amount"])
    contacts = pd.DataFrame(
        {
            "campaign_id": "spring",
            "customer_id": ids,
            "contacted_on": "2024-03-01",
            "is_control": [i >= 40 for i in range(80)],
            "responded_at": ["2024-03-05 10:00" if i < 12 else None for i in range(80)],
        }
    )
    campaigns = pd.DataFrame(
        {"campaign_id": ["spring"], "started_on": ["2024-03-01"], "ended_on": ["2024-03-31"]}
    )
    return Crm.from_frames(
        as_of="2024-04-30",
        transactions=transactions.assign(product_id="tea"),
        campaigns=campaigns,
        campaign_contacts=contacts,
    )
