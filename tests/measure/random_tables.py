"""Tables drawn by lot for what passes between us and customers; times in UTC with a zone, many of them equal."""

import numpy as np
import pandas as pd

_START = pd.Timestamp("2022-06-01", tz="UTC")


def random_contact_tables(*, seed: int, customers: int, rows: int = 400) -> dict[str, pd.DataFrame]:
    """interactions, events, feedback, service_cases, opportunities, contacts, relations."""
    lot = np.random.default_rng([seed, 1])
    who = np.array([f"c{i:03d}" for i in range(customers + 5)], dtype=object)

    def moments(least=0.0):
        days = lot.integers(0, 520 * 4, rows) / 4
        return (_START + pd.to_timedelta(days + least, unit="D")).to_series(index=range(rows))

    def pick(*values):
        return lot.choice(np.array(values, dtype=object), rows)

    def later(first, share):
        after = first + pd.to_timedelta(lot.integers(0, 100 * 24, rows), unit="h")
        return after.where(lot.random(rows) < share)

    keys = [f"k{i:04d}" for i in lot.permutation(rows)]
    opened, given, created = moments(), moments(), moments()
    score_max = np.where(lot.random(rows) < 0.8, lot.choice([5, 10], rows), np.nan)
    outcome = pick("open", "won", "lost")
    closed = later(created, 1.0).where(outcome != "open")
    return {
        "interactions": pd.DataFrame(
            {
                "interaction_id": keys,
                "customer_id": lot.choice(who, rows),
                "happened_at": moments(),
                "channel": pick("email", "phone", "visit", "chat", None),
                "direction": pick("in", "out", "out", None),
                "purpose": pick("sale", "service", None),
                "duration_minutes": np.where(lot.random(rows) < 0.5, lot.integers(0, 600, rows) / 10, np.nan),
            }
        ),
        "events": pd.DataFrame(
            {
                "event_id": keys,
                "customer_id": pd.Series(lot.choice(who, rows)).mask(lot.random(rows) < 0.1, None),
                "session_id": pick(*[f"s{i}" for i in range(30)], None),
                "happened_at": moments(),
                "event": pick("view", "VIEW", "click", "search", "cart", "download"),
            }
        ),
        "feedback": pd.DataFrame(
            {
                "feedback_id": keys,
                "customer_id": lot.choice(who, rows),
                "given_at": given,
                "kind": pick("nps", "csat", "review", "complaint"),
                "score": np.where(lot.random(rows) < 0.8, lot.integers(0, 11, rows) / 2, np.nan),
                "score_max": score_max,
                "resolved_at": later(given, 0.5),
            }
        ),
        "service_cases": pd.DataFrame(
            {
                "case_id": keys,
                "customer_id": lot.choice(who, rows),
                "opened_at": opened,
                "first_response_at": later(opened, 0.8),
                "closed_at": later(opened, 0.7),
                "priority": pick("High", "low", "1", None),
                "cost_amount": np.where(lot.random(rows) < 0.7, lot.integers(0, 10_000, rows) / 100, np.nan),
                "reopened_count": lot.integers(0, 2, rows),
            }
        ),
        "opportunities": pd.DataFrame(
            {
                "opportunity_id": keys,
                "customer_id": pd.Series(lot.choice(who, rows)).mask(lot.random(rows) < 0.1, None),
                "created_at": created,
                "closed_at": closed,
                "stage": "talks",
                "outcome": outcome,
                "amount": lot.integers(0, 10_000, rows) / 100,
            }
        ),
        "contacts": pd.DataFrame(
            {
                "contact_id": keys,
                "customer_id": lot.choice(who, rows),
                "influence": np.where(lot.random(rows) < 0.5, lot.integers(0, 11, rows) / 10, np.nan),
            }
        ),
        "relations": pd.DataFrame(
            {
                "from_customer_id": lot.choice(who, rows),
                "to_customer_id": lot.choice(who, rows),
                "relation": pick("parent", "referrer", "partner"),
            }
        ).drop_duplicates(ignore_index=True),
    }


def random_customers(names: list[str], *, seed: int) -> pd.DataFrame:
    """A list of customers, some fields empty."""
    lot = np.random.default_rng([seed, 2])
    count = len(names)

    def some(values):
        return pd.Series(lot.choice(np.array(values, dtype=object), count))

    return pd.DataFrame(
        {
            "customer_id": names,
            "kind": some(["person", "company", None]),
            "industry": some(["tea", "tin", None]),
            "company_size": some(["small", "large", None]),
            "country": some(["DE", "TR", None]),
            "region": some(["north", "south", None]),
            "source": some(["fair", "web", None]),
            "employee_count": some([1, 5, 200, None]),
            "annual_revenue": some([1e5, 2e6, None]),
            "household_size": some(["1", "2", "5+", "none known", None]),
            "birth_on": pd.Timestamp("1950-01-01")
            + pd.to_timedelta(lot.integers(0, 20_000, count), unit="D"),
            "signed_up_on": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(lot.integers(0, 900, count), unit="D"),
            "interests": some(["tea; tin", "tea", None]),
            "tags": some(["a;b;c", None]),
            "owner_id": some(["e1", None]),
            "parent_customer_id": some(["c000", None]),
            "campaign_id": some(["k1", None]),
            "payment_terms_days": some([14, 30, None]),
            "credit_limit": some([0.0, 100.0, 5_000.0, None]),
            "email_consent": some([True, False, None]),
            "sms_consent": some([True, False, None]),
            "phone_consent": some([True, False, None]),
        }
    )
