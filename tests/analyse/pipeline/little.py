"""Small pipelines with known numbers, for the examples and the tests of pages."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.leads import LeadScores, score_leads
from crmlib.analyse.pipeline.portrait import Portrait, won_portrait
from crmlib.analyse.pipeline.sources import ChannelConversion, channel_conversion
from crmlib.analyse.voice.concerns import Concerns, concerns
from crmlib.prepare.crm import Crm


def little_history() -> pd.DataFrame:
    """Twenty deals in two stages, for the examples: eight have not left the second."""
    rows, begin = [], pd.Timestamp("2024-03-01")
    for number in range(20):
        name, talk = f"d{number:02d}", begin + pd.Timedelta(days=number // 2)
        offer = talk + pd.Timedelta(days=1 + number % 5 + 3 * (number % 3))
        rows.append((name, "Talk", talk, offer))
        end = offer + pd.Timedelta(days=4 + number % 9)
        rows.append((name, "Offer", offer, end if number < 12 else pd.NaT))
        if number < 12:
            rows.append((name, "Lost", end, pd.NaT))
    return pd.DataFrame(rows, columns=["opportunity_id", "stage", "entered_at", "exited_at"])


@cache
def little_pipeline() -> Crm:
    """Six hundred deals, of which those by referral are won more often, for the examples."""
    lot, n = np.random.default_rng(3), 600
    place = lot.integers(0, 4, n)
    source = lot.choice(["web", "fair", "referral"], n)
    chance = np.select([source == "referral", source == "web"], [0.75, 0.3], 0.45)
    outcome = np.where(lot.random(n) < 0.2, "open", np.where(lot.random(n) < chance, "won", "lost"))
    created = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(lot.integers(0, 330, n)), unit="D")
    closed = created + pd.to_timedelta(lot.integers(5, 60, n), unit="D")
    ids = np.array([f"c{i:03}" for i in range(n)])
    deals = pd.DataFrame(
        {"opportunity_id": np.char.add("o", ids), "customer_id": ids, "source": source, "stage": "deal",
         "outcome": outcome, "created_at": created,
         "closed_at": pd.Series(closed).where(outcome != "open"), "amount": lot.integers(10, 90, n) * 100.0}
    )  # fmt: skip
    parties = pd.DataFrame({"customer_id": ids, "country": np.array(["DE", "FR", "JP", "CN"])[place],
                            "region": np.array(["Europe", "Europe", "Asia", "Asia"])[place]})  # fmt: skip
    return Crm.from_frames(as_of="2024-12-01", currency="EUR", opportunities=deals, customers=parties)


@cache
def little_scores() -> LeadScores:
    return score_leads(little_pipeline(), horizon_days=42, candidates=["logistic_regression"])


@cache
def little_portrait() -> Portrait:
    return won_portrait(little_pipeline(), by=["source", "country", "region"])


@cache
def little_sources() -> ChannelConversion:
    return channel_conversion(little_pipeline())


@cache
def little_concerns() -> Concerns:
    """Sixty deals with a note each."""
    names = [str(i) for i in range(60)]
    deals = pd.DataFrame(
        {"opportunity_id": names, "stage": "x", "outcome": ["lost", "won", "won"] * 20, "created_at": "2024-01-01",
         "closed_at": "2024-03-01", "lost_reason": ["Price", None, None] * 20}
    )  # fmt: skip
    said = ["the price is too high", "the delivery was on time", "service by phone was good"]
    calls = pd.DataFrame(
        {"interaction_id": names, "opportunity_id": names, "customer_id": names, "happened_at": "2024-01-05",
         "notes": said * 20}
    )  # fmt: skip
    return concerns(Crm.from_frames(as_of="2024-06-30", opportunities=deals, interactions=calls))
