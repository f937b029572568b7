"""Key figures and tables of the report on models."""

from crmlib.analyse.promises import ModelWatch
from crmlib.measure.columns import column_of
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import claim, count
from crmlib.present.reports.models.say import VERDICT_WORDS

_SCORED = [
    *(
        "made_on",
        "until",
        "customers",
        "expected_pct",
        "low_pct",
        "high_pct",
        "actual_pct",
        "auc",
        "plain_auc",
    )
]
_DRIFT = ["figure", "psi", "distance", "low", "high", "drifted"]


def models_figures(watch: ModelWatch) -> KeyFigures:
    """The verdict, how many predictions were judged, and how many wait."""
    return KeyFigures(
        KeyFigure(label=claim("models-figure-verdict"), value=str(VERDICT_WORDS.term(watch.verdict))),
        KeyFigure(label=claim("models-figure-due"), value=count(len(watch.scored))),
        KeyFigure(label=claim("models-figure-waiting"), value=count(watch.waiting)),
    )


def scored_table(watch: ModelWatch) -> DataTable | None:
    """Each prediction and what came."""
    if watch.scored.empty:
        return None
    shown = watch.scored[_SCORED].dropna(axis=1, how="all")
    return DataTable(shown, name="predictions", caption=claim("models-table-scored"))


def drift_table(watch: ModelWatch) -> DataTable | None:
    """How far each figure moved."""
    if watch.drift.empty:
        return None
    shown = watch.drift.reset_index()
    shown["figure"] = [column_of(name).label for name in shown["figure"]]
    return DataTable(shown[_DRIFT], name="drift", caption=claim("models-table-drift"))
