"""A company with every table of the vocabulary, small, and shaken: cells missing, moments that tie, goods sent back."""

import numpy as np
import pandas as pd

from crmlib import Crm
from crmlib.schema.tables import table_spec
from tests.sample.company import sample_crm

ZONE, AS_OF = "Europe/Berlin", "2025-10-26 00:30"
"""The closing moment lies in the hour that the clocks go through twice."""


def shaken_company(*, seed: int = 7) -> Crm:
    """The sample company at a fiftieth of its size, read in another zone, after a lot has been cast over its cells."""
    crm, lot = sample_crm(scale=0.02), np.random.default_rng(seed)
    frames = {name: _shaken(crm.frame(name), table_spec(name), lot) for name in crm.tables}
    lines = frames["transactions"]
    back = lot.random(len(lines)) < 0.1
    for name in ("quantity", "net_amount", "cost_amount"):
        lines[name] = lines[name].where(~back, -lines[name].abs())
    # Four digits, as tables keep them: a third of a price is no longer one of cents.
    lines["net_amount"] = (lines["net_amount"] / lot.choice([1, 3], len(lines))).round(4)
    free = lines["product_id"].value_counts().index[5]
    lines.loc[lines["product_id"] == free, "net_amount"] = 0.0
    return Crm.from_frames(as_of=pd.Timestamp(AS_OF), time_zone=ZONE, currency="EUR", **frames)


def _shaken(frame: pd.DataFrame, spec, lot) -> pd.DataFrame:
    frame = frame.copy()
    for name in frame:
        field = spec.field(name)
        if field.type == "timestamp":
            tied = lot.random(len(frame)) < 0.5
            frame[name] = frame[name].where(~tied, frame[name].dt.floor("6h"))
        if not (field.required or field.key):
            frame[name] = frame[name].mask(lot.random(len(frame)) < 0.08)
    return frame
