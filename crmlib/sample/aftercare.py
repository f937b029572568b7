"""What comes after the sale: visits to the site, service cases, opinions."""

import numpy as np
import pandas as pd

from crmlib.sample.lots import lots, pick, pick_name
from crmlib.sample.phrases import CONCERNS, NEUTRAL, language_of
from crmlib.sample.truths import DAYS, FAULTY, FAULTY_FACTOR, TOPICS

CASE_SHARE, OPINION_SHARE, SESSIONS_AN_ORDER = 0.045, 0.06, 0.45
_EVENTS = {"view": 0.62, "search": 0.16, "download": 0.09, "cart": 0.1, "share": 0.03}
_LIKING = {"key account": 8.6, "regular": 8.0, "seasonal": 7.8, "bargain hunter": 6.6, "occasional": 7.0}


def make_events(
    lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame, *, seed: int
) -> pd.DataFrame:
    """Sessions on the site: before some orders, and by visitors whom nobody knows.

    Examples
    --------
    >>> make_events.__name__  # see crmlib.sample.company.make_company
    'make_events'
    """
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
    """Service requests after purchases of equipment and services; one product fails far more often.

    Examples
    --------
    >>> make_cases.__name__  # see crmlib.sample.company.make_company
    'make_cases'
    """
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
    """Opinions after orders, on four scales, in four languages; the good ones are better where we are liked.

    Examples
    --------
    >>> make_feedback.__name__  # see crmlib.sample.company.make_company
    'make_feedback'
    """
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
        bank = CONCERNS[language][TOPICS.index(one)] if bad else NEUTRAL[language]
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
