"""Shops with a campaign whose effect is known, because it was put there."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib import Crm
from crmlib.analyse.campaigns.effect import campaign_effect, campaign_summary

BEGIN, END, AS_OF = "2024-05-01", "2024-05-31", "2024-06-30"


def shop(*, customers=600, effect=0.0, control=True, confounded=False, seed=0, **columns):
    """Customers with a habit of their own buy every eight days or so; half get the campaign, or the better ones."""
    lot = np.random.default_rng(seed)
    ids = np.array([f"c{i:04}" for i in range(customers)])
    habit = lot.lognormal(2.5, 0.5, customers)
    chance = 1 / (1 + np.exp(-3 * (np.log(habit) - 2.5))) if confounded else 0.5
    treated = lot.random(customers) < chance
    days = np.arange(0, 181, 8)
    who, when = np.repeat(np.arange(customers), len(days)), np.tile(days, customers)
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(when, unit="D")
    amount = habit[who] * lot.lognormal(0, 0.3, len(who))
    within = (moments >= BEGIN) & (moments <= END)
    amount = amount + np.where(treated[who] & within, effect / within.reshape(customers, -1).sum(1)[who], 0)
    lines = pd.DataFrame({"order_id": np.arange(len(who)).astype(str), "customer_id": ids[who],
                          "ordered_at": moments, "net_amount": amount.round(2), "product_id": "tea"})  # fmt: skip
    inside = ids if control else ids[treated]
    contacts = pd.DataFrame({"campaign_id": "may", "customer_id": inside, "contacted_on": BEGIN})
    if control:
        contacts["is_control"] = ~treated
    answered = treated & (lot.random(customers) < np.where(np.arange(customers) % 3 == 0, 0.4, 0.1))
    told = pd.Series(np.where(answered, "2024-05-06 12:00", None), index=ids)
    contacts["responded_at"] = told.reindex(inside).to_numpy()
    towns = pd.Series(np.where(np.arange(customers) % 3 == 0, "north", "south"))
    people = pd.DataFrame({"customer_id": ids, "region": towns.to_numpy()})
    campaigns = pd.DataFrame(
        {"campaign_id": ["may"], "name": ["May <b>offer</b>"], "started_on": BEGIN, "ended_on": END}
        | {name: [value] for name, value in columns.items()}
    )
    return {"transactions": lines, "customers": people, "campaigns": campaigns, "campaign_contacts": contacts}


ARMS = {"none": (0.106, 0.0), "men": (0.183, 6.0), "women": (0.151, 2.0)}
"""Share that visits, and extra spend: visits as in Hillstrom's e-mail test (2008), with a tenth of its customers."""


def three_arms(*, customers=6_000, seed=0):
    """Two e-mails and one group held out from both, each customer in one of the three by lot."""
    lot = np.random.default_rng(seed)
    ids, arm = np.array([f"c{i:05}" for i in range(customers)]), lot.choice(list(ARMS), customers)
    visits, extra = (pd.Series(arm).map({name: known[i] for name, known in ARMS.items()}) for i in (0, 1))
    usual = lot.lognormal(3, 0.4, customers)
    spends = {"2024-03-15": 0.0, "2024-04-10": 0.0, "2024-05-06": extra}
    lines = [
        pd.DataFrame(
            {"order_id": np.char.add(ids, day), "customer_id": ids, "ordered_at": day, "product_id": "tea"}
        ).assign(net_amount=(usual * lot.lognormal(0, 0.2, customers) + amount).round(2))
        for day, amount in spends.items()
    ]
    when = np.where(lot.random(customers) < visits, "2024-05-06 12:00", None)
    when = np.where(np.arange(customers) % 40 == 0, "2024-04-06 12:00", when)  # a visit before: no answer
    sent = pd.DataFrame({"customer_id": ids, "arm": arm, "responded_at": when})
    contacts = [
        sent[sent["arm"].isin([name, "none"])].assign(campaign_id=name, is_control=sent["arm"] == "none")
        for name in ("men", "women")
    ]
    campaigns = pd.DataFrame({"campaign_id": ["men", "women"], "started_on": BEGIN, "ended_on": "2024-05-14"})
    return {"transactions": pd.concat(lines), "campaigns": campaigns,
            "campaign_contacts": pd.concat(contacts).drop(columns="arm").assign(contacted_on=BEGIN)}  # fmt: skip


def crm_of(frames, *, as_of=AS_OF):
    return Crm.from_frames(as_of=as_of, currency="EUR", **frames)


@cache
def effect_of(kind):
    """The effects that several tests look at."""
    frames = {
        "control": lambda: shop(effect=20, cost_amount=600.0),
        "matched": lambda: shop(effect=20, control=False, confounded=True, customers=900),
        "none": lambda: shop(customers=300, seed=5),
        "small": lambda: shop(customers=40),
    }[kind]()
    return campaign_effect(crm_of(frames), "may")


@cache
def little_shop():
    """Eighty customers, half of them held out; those contacted spend about 6 more."""
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


@cache
def little_effect():
    """One campaign with a control group."""
    return campaign_effect(little_shop(), "spring")


@cache
def little_summary():
    """The campaigns of the same shop."""
    return campaign_summary(little_shop())
