"""Indicators: figures about each customer, each one line of SQL over a prepared view."""

from crmlib.measure.indicators.catalogue import ASPECTS, INDICATORS, Indicator
from crmlib.measure.indicators.compute import compute_indicators, indicator_catalogue
from crmlib.measure.indicators.views import VIEWS, View, view_catalogue

__all__ = [
    "ASPECTS",
    "INDICATORS",
    "VIEWS",
    "Indicator",
    "View",
    "compute_indicators",
    "indicator_catalogue",
    "view_catalogue",
]
