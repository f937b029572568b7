"""The picture of the rules that are worth most can be read."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd

from crmlib.present.reports.rules.draw import plot_rules_worth
from tests.present.drawn import faults_of


def test_the_words_of_the_rules_that_are_worth_most_do_not_overlap():
    names = ["Icing", "Nitrile gloves basic, box of one hundred", "Tea"]
    rules = pd.DataFrame({"if": names, "then": names[::-1], "lift": 3.0, "confidence_pct": 20.0, "support_pct": 1.0,
                          "count": 70, "extra": 5.0, "expected": [990.0, 120.0, 8.0]})  # fmt: skip
    told = SimpleNamespace(best=rules, currency="EUR", money="margin", holdout_days=91)
    ax = plot_rules_worth(told)
    assert faults_of(ax) == []
    plt.close(ax.figure)
