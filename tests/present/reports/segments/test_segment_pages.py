"""The report on segments, on a hundred customers of two kinds."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from crmlib import segment_customers
from crmlib.present.messages import NBSP
from crmlib.present.reports.segments import say, show


def texts(claims):
    return [str(one).replace(NBSP, " ") for one in claims]


@pytest.fixture(scope="module")
def indicators():
    draw = np.random.default_rng(0).normal
    return pd.DataFrame(
        {
            "spend_total": np.r_[draw(900, 90, 40), draw(100, 10, 60)].round(),
            "order_count": np.r_[draw(14, 3, 40), draw(9, 3, 60)].round(),
        }
    )


@pytest.fixture(scope="module")
def little(indicators):
    return segment_customers(indicators, n_segments=2)


def test_the_answer_and_the_findings(little, indicators):
    answer = texts(say.segmentation_answer(little, indicators))
    spent = indicators["spend_total"].head(40).sum()
    assert answer[0].startswith(
        "Customers who have bought fall into 2 segments; “Top customers”, 40 % of all customers, "
    )
    assert f"bring 85 % of spend ({float(f'{spent:.3g}'):,.0f})." in answer[0]
    assert len(answer) <= 3 and len(" ".join(answer).split()) <= 60
    found = texts(say.segmentation_findings(little, indicators))
    assert found == ["“Top customers” are 40 % of all customers and bring 85 % of spend."]


def test_whom_to_call_first_is_late_and_still_buys(little, indicators):
    late = indicators.assign(gap_overdue_ratio=np.r_[[2.0] * 3, [0.1] * 97])
    states = pd.Series(["lost", *["active"] * 99])
    said = texts(say.segmentation_answer(little, late, states))[-1]
    assert said.startswith(
        "First call the 2 in “Top customers” who have not bought for twice their usual gap"
    )
    assert "neither dormant nor lost" in said
    assert texts(say.segmentation_answer(little, late))[-1].startswith("First call the 3 in “Top customers”")
    figures = show.segmentation_figures(little, late)._text().replace(NBSP, " ")
    assert "Segments: 2" in figures and "Late in “Top customers”: 3" in figures
    figure = show.segmentation_figures(little, late, states).figures[-1]
    assert str(figure.value) == "2" and "neither dormant nor lost" in str(figure.note)


def test_the_paragraphs(little, monkeypatch):
    assert (
        texts(say.computed_paragraph(little))[0]
        == "Segments are made from 2 figures of each customer: net spend and orders."
    )
    assert texts(say.profile_paragraph(little))[0] == "Segments differ most in net spend, then in orders."
    assert texts(say.stability_paragraph(little))[0].startswith(
        "Drawn again, customers fall into the same segments"
    )
    assert texts(say.list_paragraph())[0].startswith("Sort by silence to see whom to call")
    assert len(say.segmentation_limits(little)) >= 3
    monkeypatch.setattr(say, "MOST_LEARNT", 3)
    assert "Of more than 3 customers so many, drawn at random" in " ".join(
        texts(say.segmentation_limits(little))
    )


def test_tables(little, indicators):
    assert show.profile_table(little).frame.columns.tolist()[:4] == [
        *("segment", "customers", "share_pct", "spend_share_pct"),
    ]
    assert show.advice_table(little).frame.columns.tolist() == ["segment", "segment_rule", "like", "advice"]
    assert len(show.list_table(SimpleNamespace(config=None, currency="EUR"), little, indicators).frame) == 100
    ways = show.candidates_table(little).frame
    assert int(ways["chosen"].sum()) == 1 and ways.loc[ways["chosen"], "verdict"].item().startswith("Chosen")
    assert ways["verdict"].str.match("Chosen|Rejected|Holds up").all()
