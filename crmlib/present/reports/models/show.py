"""Key figures and tables of the report on models."""

import numpy as np
import pandas as pd

from crmlib.analyse.promises import CHURN, OFFERS, VALUE, ModelWatch
from crmlib.measure.columns import column_of
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import claim
from crmlib.present.reports.models.say import MODEL_WORDS, VERDICT_WORDS, Watched

_SCORED = {
    **{name: name for name in ("made_on", "until", "learnt_on", "customers")},
    **{name: f"{name}_pct" for name in ("expected", "low", "high", "actual")},
    "order": "auc",
    "plain_order": "plain_auc",
}
_DRIFT = ["figure", "psi", "distance", "low", "high", "drifted"]


def models_figures(watched: Watched) -> KeyFigures:
    """The verdict on each model that is watched."""
    return KeyFigures(
        *[
            KeyFigure(MODEL_WORDS.claim(model), str(VERDICT_WORDS.term(watch.verdict)))
            for model, watch in watched.items()
        ]
    )


def models_table(watched: Watched) -> DataTable:
    """One row a model: predictions judged and waiting, ranges that held, errors, order, verdict."""
    rows = []
    for model, watch in watched.items():
        held, ranges = watch.covered
        per = {OFFERS: 1.0}.get(model, 100.0)
        order, plain = (per * watch.scored[name].mean() for name in ("order", "plain_order"))
        rows.append(
            {
                "model": str(MODEL_WORDS.claim(model)),
                "verdict": str(VERDICT_WORDS.term(watch.verdict)),
                "due_count": len(watch.scored),
                "waiting_count": watch.waiting,
                "range_count": ranges,
                "held_count": held,
                "error_pct": watch.error_pct(),
                "plain_error_pct": watch.error_pct("plain_expected"),
                "pairs_right_pct": order if model in (CHURN, VALUE, OFFERS) else np.nan,
                "plain_pairs_right_pct": plain,
            }
        )
    shown = pd.DataFrame(rows).dropna(axis=1, how="all")
    return DataTable(shown, "models", claim("models-table-models"))


def scored_table(watch: ModelWatch) -> DataTable | None:
    """Each prediction of who stops, and what came."""
    if watch.scored.empty:
        return None
    shown = watch.scored[list(_SCORED)].rename(columns=_SCORED).dropna(axis=1, how="all")
    return DataTable(shown, "predictions", claim("models-table-scored"))


def drift_table(watch: ModelWatch) -> DataTable | None:
    """How far each figure moved."""
    if watch.drift.empty:
        return None
    shown = watch.drift.reset_index()
    shown["figure"] = [column_of(name).label for name in shown["figure"]]
    return DataTable(shown[_DRIFT], "drift", claim("models-table-drift"))
