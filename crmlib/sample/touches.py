"""Contacts with customers: about deals, planned and done, for service and in campaigns, and the notes on them."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmlib.sample.deals import Deals
from crmlib.sample.people import LEFT, still_here
from crmlib.sample.raw import lots, pick, pick_name
from crmlib.sample.truths import DAYS, ENGAGEMENT_ON_TOUCHES, FAULTY, FAULTY_FACTOR

LANGUAGES = {"China": "zh", "Japan": "ja", "Germany": "de", "United Kingdom": "en", "France": "en"}
"""Country -> language of the notes; our people in France write English."""

_REACH = {
    "en": "Reach {name} at {phone} or {email}.", "de": "Erreichbar: {name}, {phone}, {email}.",
    "zh": "联系人{name},电话{phone},邮箱{email}。", "ja": "連絡先は{name}様、{phone}、{email}。",
}  # fmt: skip


@cache
def _phrases() -> dict[str, Any]:
    """What notes say: by language `neutral`, and `concerns` by topic."""
    return json.loads(Path(__file__).with_name("phrases.json").read_text(encoding="utf-8"))


def write_notes(
    countries: Sequence[str], topics: Sequence[str], reach: Sequence[dict | None], rng: np.random.Generator
) -> list[str]:
    """One note for each contact, in the language of its country."""
    n = len(countries)
    draws = rng.integers(0, 1 << 30, (n, 2)).tolist()
    order = (rng.random(n) < 0.7).tolist()
    found = []
    for country, topic, who, (one, other), neutral_first in zip(
        countries, topics, reach, draws, order, strict=True
    ):
        language = LANGUAGES[country]
        neutral = _phrases()["neutral"][language]
        parts = [neutral[one % len(neutral)]]
        if topic:
            phrases = _phrases()["concerns"][language][topic]
            parts.insert(1 if neutral_first else 0, phrases[other % len(phrases)])
        if who is not None:
            parts.append(_REACH[language].format(**who))
        found.append(("" if language in ("zh", "ja") else " ").join(parts))
    return found


def language_of(country: str) -> str:
    """The language in which notes on customers of a country are written."""
    return LANGUAGES[country]


OUT_A_DAY, IN_A_DAY, LATE_A_DAY, LATE_FROM = 0.030, 0.018, 0.006, 60
"""Contacts a day of a stay, from us and from a customer of engagement 0; after 60 days only this many from us."""
NAMED_SHARE, PLANNED_SHARE, KEPT_SHARE, NEXT_STEP_SHARE, NEXT_STEP_OF_LEFT = 0.45, 0.20, 0.85, 0.6, 0.15
"""Contacts that name the deal's concern; that had been planned; plans that were kept; open deals with a next step,
and such deals of sellers who have left."""
_CHANNELS = {"email": 0.36, "phone": 0.34, "visit": 0.13, "chat": 0.06, "web": 0.06, "fax": 0.02, "sms": 0.03}
_MINUTES = {"email": 6, "phone": 14, "visit": 75, "chat": 9, "web": 4, "fax": 5, "sms": 2}
_OUTCOMES = ("", "information sent", "call back", "meeting agreed", "no answer")


def make_touches(
    deals: Deals, deal_contacts: pd.DataFrame, contacts: pd.DataFrame, *, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contacts about deals, plans among them, and the truth of the open deals' next steps."""
    rng = lots(seed, "touches")
    done = _done(deals, rng)
    done = done[done["day"] < DAYS].reset_index(drop=True)
    plans = _plans(done, rng)
    steps, next_steps = _next_steps(deals, done, rng)
    table = pd.concat([done, plans, steps], ignore_index=True)
    table = table[table["day"] < DAYS].sort_values(
        ["deal", "day", "minute"], ignore_index=True, kind="stable"
    )
    return _describe(table, deals, deal_contacts, contacts, rng), next_steps


def _done(deals: Deals, rng: np.random.Generator) -> pd.DataFrame:
    """What took place: the first contact at creation, then so many a day of each stay."""
    stays, table = deals.stays, deals.table
    at, last = stays["deal"].to_numpy(), np.minimum(stays["exited"].to_numpy(), DAYS)
    days = np.clip(last - stays["entered"].to_numpy(), 0, None)
    early, late = np.minimum(days, LATE_FROM), np.maximum(days - LATE_FROM, 0)
    eager = np.exp(ENGAGEMENT_ON_TOUCHES * table["engagement"].to_numpy())[at]
    parts = [
        pd.DataFrame(
            {
                "deal": np.arange(len(table)),
                "day": table["created"],
                "minute": table["minute"],
                "direction": "in",
            }
        )
    ]
    parts[0]["direction"] = np.where(table["source"] == "Cold call", "out", "in")
    for direction, mean in (("out", OUT_A_DAY * early + LATE_A_DAY * late), ("in", IN_A_DAY * early * eager)):
        count = rng.poisson(mean)
        which = np.repeat(np.arange(len(stays)), count)
        first = np.where(
            direction == "out", rng.random(len(which)) * days[which], rng.random(len(which)) * early[which]
        )
        day = stays["entered"].to_numpy()[which] + first.astype(np.int64)
        minute = rng.integers(8 * 60, 18 * 60, len(which))
        same = day == table["created"].to_numpy()[at[which]]
        minute = np.where(same, np.maximum(minute, table["minute"].to_numpy()[at[which]] + 1), minute)
        parts.append(pd.DataFrame({"deal": at[which], "day": day, "minute": minute, "direction": direction}))
    found = pd.concat(parts, ignore_index=True).assign(planned=-1)
    return found.sort_values(["deal", "day", "minute"], ignore_index=True, kind="stable")


def _plans(done: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Plans of the past: made at one contact for the next one, some of them not kept."""
    later = done.groupby("deal")["day"].shift(-1)
    gap = (later - done["day"]).to_numpy()
    chosen = (rng.random(len(done)) < PLANNED_SHARE) & (gap >= 2)
    plans = done[chosen].copy()
    aim = later[chosen].to_numpy().astype(np.int64)
    kept = rng.random(len(plans)) < KEPT_SHARE
    missed = plans["day"].to_numpy() + 1 + (rng.random(len(plans)) * (gap[chosen] - 1)).astype(np.int64)
    plans = plans.assign(planned=np.where(kept, aim, missed), direction="out", minute=plans["minute"] + 2)
    return plans[plans["planned"] < DAYS - 1]


def _next_steps(
    deals: Deals, done: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """For some of the open deals a contact planned after the closing day; for the others none."""
    table = deals.table
    is_open = np.flatnonzero(table["closed"].to_numpy() >= DAYS)
    left = table["owner_id"].isin(LEFT).to_numpy()[is_open]
    has = rng.random(len(is_open)) < np.where(left, NEXT_STEP_OF_LEFT, NEXT_STEP_SHARE)
    has &= ~table["is_unknown"].to_numpy()[is_open]
    last = done.groupby("deal")[["day", "minute"]].last().reindex(is_open)
    planned = DAYS + rng.integers(0, 45, len(is_open))
    steps = pd.DataFrame(
        {
            "deal": is_open,
            "day": last["day"].to_numpy(),
            "minute": last["minute"].to_numpy() + 3,
            "direction": "out",
            "planned": planned,
        }
    )[has]
    truth = pd.DataFrame(
        {
            "opportunity_id": table["opportunity_id"].to_numpy()[is_open],
            "has_next_step": has,
            "planned_day": np.where(has, planned, -1),
        }
    )
    return steps, truth


def _describe(
    table: pd.DataFrame,
    deals: Deals,
    deal_contacts: pd.DataFrame,
    contacts: pd.DataFrame,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """By what means, who with whom, and what was said."""
    n, at = len(table), table["deal"].to_numpy()
    deal = deals.table
    ids = deal["opportunity_id"].to_numpy()
    is_plan = (table["planned"] >= 0).to_numpy()
    channel = pick_name(rng, _CHANNELS, n)
    minutes = np.round(pd.Series(channel).map(_MINUTES).to_numpy() * rng.gamma(4.0, 0.25, n)) + 1
    people = deal_contacts.groupby("opportunity_id", sort=False)["contact_id"].agg(list)
    by_deal = [people.get(one, [""]) for one in ids]
    turn = rng.integers(0, 12, n)
    contact = [by_deal[d][t % len(by_deal[d])] for d, t in zip(at.tolist(), turn.tolist(), strict=True)]
    named = (rng.random(n) < NAMED_SHARE) & ~is_plan
    topic = np.where(named, deal["topic"].to_numpy()[at], "")
    given = rng.random(n) < 0.04
    card = contacts.set_index("contact_id")[["name", "phone", "email"]].to_dict("index")
    reach = [card.get(one) if one and yes else None for one, yes in zip(contact, given.tolist(), strict=True)]
    notes = np.array(
        write_notes(deal["country"].to_numpy()[at].tolist(), topic.tolist(), reach, rng), dtype=object
    )
    visit = channel == "visit"
    return pd.DataFrame(
        {
            "customer_id": deal["customer_id"].to_numpy()[at],
            "contact_id": contact,
            "opportunity_id": ids[at],
            "campaign_id": "",
            "employee_id": still_here(deal["owner_id"].to_numpy()[at], table["day"].to_numpy()),
            "day": table["day"],
            "minute": table["minute"],
            "channel": channel,
            "direction": table["direction"],
            "purpose": np.where(rng.random(n) < 0.5, "sale", "follow-up"),
            "subject": np.where(is_plan, "Next step", "Project"),
            "notes": np.where(is_plan, "", notes),
            "template": "",
            "outcome": np.where(
                is_plan, "", np.array(_OUTCOMES, dtype=object)[rng.integers(len(_OUTCOMES), size=n)]
            ),
            "duration_minutes": np.where(is_plan, np.nan, minutes),
            "planned": table["planned"],
            "cost_amount": np.where(visit & ~is_plan, np.round(rng.gamma(3.0, 45.0, n), 2), np.nan),
            "topic": topic,
        }
    )


def make_other_touches(members: pd.DataFrame, cases: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Contacts of service, and the letters of campaigns; same columns as `make_touches` gives."""
    rng = lots(seed, "other touches")
    sent = members[~members["is_control"]]
    letters = pd.DataFrame(
        {
            "customer_id": sent["customer_id"].to_numpy(),
            "campaign_id": sent["campaign_id"].to_numpy(),
            "employee_id": "E38",
            "day": sent["contacted_on"].to_numpy(),
            "channel": "email",
            "direction": "out",
            "purpose": "campaign",
            "subject": "Offer",
            "template": sent["campaign_id"].to_numpy() + "-mail",
        }
    )
    service = pd.DataFrame(
        {
            "customer_id": cases["customer_id"].to_numpy(),
            "campaign_id": "",
            "employee_id": cases["employee_id"].to_numpy(),
            "day": cases["day"].to_numpy(),
            "channel": pick_name(rng, {"phone": 0.6, "email": 0.4}, len(cases)),
            "direction": "in",
            "purpose": "service",
            "subject": "Service",
            "template": "",
        }
    )
    table = pd.concat([letters, service], ignore_index=True)
    minutes = np.where(
        table["purpose"] == "service", np.round(10 * rng.gamma(3.0, 0.4, len(table))) + 1, np.nan
    )
    return table.assign(
        contact_id="", opportunity_id="", minute=rng.integers(8 * 60, 18 * 60, len(table)), notes="", outcome="",
        duration_minutes=minutes, planned=-1, cost_amount=np.nan, topic="",
    )  # fmt: skip


CASE_SHARE, OPINION_SHARE, SESSIONS_AN_ORDER = 0.045, 0.06, 0.45
_EVENTS = {"view": 0.62, "search": 0.16, "download": 0.09, "cart": 0.1, "share": 0.03}
_LIKING = {"key account": 8.6, "regular": 8.0, "seasonal": 7.8, "bargain hunter": 6.6, "occasional": 7.0}


def make_events(
    lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Sessions on the site: before some orders, and by visitors whom nobody knows."""
    rng = lots(seed, "events")
    first = lines[~lines["is_return"]].drop_duplicates("order_id")
    before = first[rng.random(len(first)) < SESSIONS_AN_ORDER]
    n = len(before) + len(before) // 3
    known = np.arange(n) < len(before)
    place = np.minimum(np.arange(n), len(before) - 1)
    day = np.where(known, before["day"].to_numpy()[place] - rng.integers(0, 6, n), rng.integers(0, DAYS, n))
    count = 1 + rng.poisson(1.8, n)
    at = np.repeat(np.arange(n), count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    event = np.where(nth == 0, "view", pick_name(rng, _EVENTS, len(at)))
    wanted = before["product"].to_numpy()[place[at]]
    other = pick(rng, products["popularity"].to_numpy(), len(at))
    product = np.where(known[at] & (nth == 0), wanted, other)
    table = pd.DataFrame(
        {
            "customer_id": np.where(
                known[at], customers["customer_id"].to_numpy()[before["customer"].to_numpy()[place[at]]], ""
            ),
            "visitor_id": [
                f"v{i:06d}"
                for i in np.where(known, before["customer"].to_numpy()[place], 10**5 + np.arange(n))[at]
            ],
            "session": at,
            "day": day[at],
            "minute": rng.integers(7 * 60, 19 * 60, n)[at] + 3 * nth,
            "event": event,
            "product_id": np.where(event == "search", "", products["product_id"].to_numpy()[product]),
            "page": np.where(event == "search", "/search", "/product"),
        }
    )
    table = table[(table["day"] >= 0)].sort_values(
        ["day", "minute", "session"], ignore_index=True, kind="stable"
    )
    table["session_id"] = [f"s{i:06d}" for i in table.pop("session")]
    table.insert(0, "event_id", [f"W{i + 1}" for i in range(len(table))])
    return table.assign(campaign_id="")


def make_cases(
    lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Service requests after purchases of equipment and services; one product fails far more often."""
    rng = lots(seed, "cases")
    faulty = products["label"].to_numpy() == FAULTY
    chance = CASE_SHARE * np.where(faulty, FAULTY_FACTOR, 1.0)[lines["product"]]
    sold = lines[(rng.random(len(lines)) < chance) & ~lines["is_return"]].copy()
    day = sold["day"].to_numpy() + rng.integers(1, 90, len(sold))
    sold, day = sold[day < DAYS], day[day < DAYS]
    n = len(sold)
    customer = customers.iloc[sold["customer"].to_numpy()]
    gold = customer["segment"].to_numpy() == "key account"
    answer = np.round(rng.gamma(1.5, np.where(gold, 90, 260), n)).astype(np.int64) + 5
    length = np.round(rng.gamma(1.2, np.where(gold, 2, 5), n)).astype(np.int64) + 1
    table = pd.DataFrame(
        {
            "customer_id": customer["customer_id"].to_numpy(),
            "product_id": products["product_id"].to_numpy()[sold["product"].to_numpy()],
            "day": day,
            "minute": rng.integers(8 * 60, 18 * 60, n),
            "answer_minutes": answer,
            "closed_day": day + length,
            "priority": pick_name(rng, {"low": 0.3, "normal": 0.5, "high": 0.2}, n),
            "service_level": np.where(gold, "gold", "standard"),
            "kind": pick_name(rng, {"repair": 0.4, "question": 0.35, "complaint": 0.15, "return": 0.1}, n),
            "employee_id": np.array([f"E{i}" for i in range(30, 37)], dtype=object)[rng.integers(7, size=n)],
            "cost_amount": np.round(rng.gamma(2.0, 28.0, n), 2),
            "reopened_count": rng.poisson(0.12, n),
        }
    ).sort_values(["day", "minute"], ignore_index=True, kind="stable")
    table.insert(0, "case_id", [f"S{70_001 + i}" for i in range(n)])
    return table


def make_feedback(
    lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Opinions after orders, on four scales, in four languages; the good ones are better where we are liked."""
    rng = lots(seed, "feedback")
    first = lines[~lines["is_return"]].drop_duplicates("order_id")
    said = first[rng.random(len(first)) < OPINION_SHARE]
    day = said["day"].to_numpy() + rng.integers(2, 30, len(said))
    said, day = said[day < DAYS], day[day < DAYS]
    n = len(said)
    customer = customers.iloc[said["customer"].to_numpy()]
    liking = np.clip(np.round(rng.normal(customer["segment"].map(_LIKING).to_numpy(), 1.6)), 0, 10)
    kind = pick_name(rng, {"nps": 0.4, "csat": 0.25, "review": 0.2, "complaint": 0.1, "social": 0.05}, n)
    liking = np.where(kind == "complaint", np.minimum(liking, 4), liking)
    best = pd.Series(kind).map({"nps": 10, "csat": 5, "review": 5, "complaint": 10, "social": 10}).to_numpy()
    score = np.where(best == 5, np.clip(np.ceil(liking / 2), 1, 5), liking).astype(np.int64)
    topic = pick_name(
        rng, {"price": 0.2, "delivery time": 0.3, "missing feature": 0.1, "service quality": 0.4}, n
    )
    sour = liking <= 6
    draws = rng.integers(0, 1 << 30, n)
    text = []
    for country, one, bad, draw in zip(
        customer["country"], topic, sour.tolist(), draws.tolist(), strict=True
    ):
        language = language_of(country)
        phrases = _phrases()
        bank = phrases["concerns"][language][one] if bad else phrases["neutral"][language]
        text.append(bank[draw % len(bank)])
    solved = np.where((kind == "complaint") & (rng.random(n) < 0.7), day + rng.integers(1, 20, n), -1)
    table = pd.DataFrame(
        {
            "customer_id": customer["customer_id"].to_numpy(),
            "product_id": products["product_id"].to_numpy()[said["product"].to_numpy()],
            "order_id": said["order_id"].to_numpy(),
            "day": day,
            "minute": rng.integers(8 * 60, 20 * 60, n),
            "kind": kind,
            "score": score,
            "score_max": best,
            "text": np.where(
                np.isin(kind, ["review", "complaint", "social"]) | (rng.random(n) < 0.3), text, ""
            ),
            "resolved_day": solved,
            "topic": np.where(sour, topic, ""),
        }
    ).sort_values(["day", "minute"], ignore_index=True, kind="stable")
    table.insert(0, "feedback_id", [f"F{i + 1}" for i in range(n)])
    return table
