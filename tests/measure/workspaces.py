"""Workspaces for the tests of this floor."""

import atexit
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pandas as pd

from crmlib import Crm
from tests.measure.ledgers import HAND_AS_OF, hand_ledger

ZONE = "America/New_York"
RANDOM_AS_OF = pd.Timestamp("2023-10-02 03:30")  # still 1 October in New York


def from_tables(tables, *, as_of, time_zone="UTC"):
    """A workspace of these frames."""
    return Crm.from_frames(as_of=as_of, time_zone=time_zone, **tables)


@cache
def hand_crm():
    """The workspace of the hand-written ledger, opened once: to be asked, not to be changed."""
    return from_tables(hand_ledger(), as_of=HAND_AS_OF)


def with_own(crm, **declared):
    """The workspace with indicators of its own, as crm.toml would declare them."""
    defaults = {
        "over": "orders",
        "aspect": "finance",
        "unit": "",
        "better": "higher",
        "says": "",
        "empty": None,
    }
    indicators = {name: SimpleNamespace(**(defaults | own)) for name, own in declared.items()}
    return replace(crm, config=SimpleNamespace(indicators=indicators))


def as_utc(moment):
    """A naive moment as one of UTC."""
    return moment.tz_localize("UTC")


@atexit.register
def _let_go():
    hand_crm.cache_clear()
