"""What a reader sees of the life cycle: whole sentences that are true, pictures that can be read."""

import re
from functools import cache

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmlib import Crm, compute_indicators
from crmlib.analyse.customers.states import (
    lifecycle_between,
    lifecycle_stages,
    lifecycle_summary,
    revenue_of_a_year,
)
from crmlib.analyse.retention import retention_curves
from crmlib.present.claims import count, money, share
from crmlib.present.reports.churn import draw as plots
from crmlib.present.reports.churn import say as claims
from crmlib.present.reports.churn import show as tables
from crmlib.present.theme import SMALL
from crmlib.schema.states import BUYING, SILENT
from tests.measure.purchases.lifecycle_cases import AS_OF, SCALE, ledger, one_of_each
from tests.present.drawn import faults_of, words_of
from tests.present.report_samples import CANARIES, SHOPS
from tests.present.test_claims import ALGORITHMS


@cache
def crm_of(name):
    if name == "each":
        return Crm.from_frames(as_of=AS_OF, currency="EUR", **one_of_each())
    if name == "years":
        lines = ledger(seed=4, customers=90)
        return Crm.from_frames(as_of="2024-05-14", currency="EUR", transactions=lines)
    return SHOPS[name]()


@cache
def results(name):
    crm = crm_of(name)
    stages = lifecycle_stages(crm, rhythm=SCALE if name == "each" else None)
    summary = lifecycle_summary(stages, revenue=revenue_of_a_year(crm))
    unit = "week" if name == "each" else "month"
    return (
        crm,
        stages,
        summary,
        lifecycle_between(crm, earlier="2024-02-29"),
        retention_curves(crm, unit=unit),
    )


NAMES = ["each", "years", "shop", "nobody", "one order"]
EVERY = pytest.mark.parametrize("name", NAMES)
PICTURES = [
    (plots.plot_stages, 2),
    (plots.plot_moves, 3),
    (plots.plot_cohorts, 4),
    (plots.plot_retention, 4),
]


def said(name):
    _, _, summary, moves, retention = results(name)
    made = [
        *claims.lifecycle_answer(summary),
        *claims.first_step(summary, None),
        *claims.lifecycle_findings(summary, moves),
        *claims.without_purchase(summary),
        *claims.stages_paragraph(summary),
        *claims.scale_paragraph(summary),
        *claims.moves_paragraph(moves),
        *claims.retention_paragraph(retention),
        *claims.cohorts_paragraph(retention),
        *claims.lifecycle_limits(summary),
        *claims.states_fine_print(summary),
    ]
    return [str(statement) for statement in made]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@EVERY
def test_sentences_are_whole_and_say_nothing_that_is_not_known(name):
    for sentence in said(name):
        assert sentence[-1] == "." and (sentence[0].isupper() or sentence[0].isdigit() or sentence[0] == "“")
        assert not re.search(
            r"\bnan\b|\bNone\b (?!of)|\binf\b|  |\.\.|,\.|\bno no\b|not known\b(?! then)", sentence
        )
        assert not ALGORITHMS.search(sentence) and "churn" not in sentence.lower()
        assert not any(value in sentence for value in CANARIES.values())
        plain = re.sub(r"“[^”]*”|\d+ \w+ 20\d\d|\w+ 20\d\d", "", sentence)
        for figure in re.findall(r"\d[\d,.]*\d|\d", plain):
            whole = re.fullmatch(r"\d,\d{3}", figure.strip(".,"))
            assert whole or len(re.sub(r"[.,]", "", figure).strip("0")) <= 3, sentence


def test_the_answer_is_true():
    _, stages, summary, moves, _ = results("years")
    answer = [
        *map(str, claims.lifecycle_answer(summary)),
        *map(str, claims.lifecycle_findings(summary, moves)),
    ]
    buying, silent = stages.isin(BUYING).sum(), stages.isin(SILENT).sum()
    assert answer[0].startswith(f"{count(buying)} of {count(buying + silent)}\xa0customers still buy")
    assert answer[0].endswith(f"{count(silent)}\xa0have fallen silent.")
    brought = summary.loc[list(SILENT), "revenue"].sum()
    figures = tables.lifecycle_figures(summary)._text()
    assert f"fallen silent: {count(silent)}\n" in figures and str(money(brought, "EUR")) in figures
    fell = moves.matrix.loc[list(BUYING), list(SILENT)].to_numpy().sum()
    assert any(f"{count(fell)}\xa0customer" in sentence for sentence in answer[1:])


def test_the_retention_is_said_as_it_was_measured():
    retention = results("years")[4]
    text = " ".join(map(str, claims.retention_paragraph(retention)))
    staying = retention.overall.share_after(91)["survival"].iloc[0]
    assert f"{share(100 * staying)} of customers" in text and str(share(retention.came_back_pct)) in text
    assert "three months" in text


def test_a_given_silence_is_named():
    made = claims.retention_paragraph(retention_curves(crm_of("years"), silence_days=77))
    text = " ".join(map(str, made))
    assert "77\u00a0days without a purchase" in text and "own usual gap" not in text


def test_one_of_each_stage_is_counted():
    summary = results("each")[2]
    assert str(claims.lifecycle_answer(summary)[0]).startswith("5 of 7\u00a0customers still buy")
    without = str(claims.without_purchase(summary)[0])
    assert without == "2 more are known without a purchase: 1 in touch with us and 1 not in touch."


def test_won_deals_are_called_so():
    deals = pd.DataFrame({"opportunity_id": ["1"], "customer_id": ["ann"], "stage": ["Won"], "outcome": ["won"],
                          "closed_at": ["2024-06-01"], "amount": [9.0]})  # fmt: skip
    crm = Crm.from_frames(as_of=AS_OF, opportunities=deals)
    summary = lifecycle_summary(lifecycle_stages(crm))
    assert any("a deal that was won counts" in str(s) for s in claims.lifecycle_limits(summary))
    assert all("revenue" not in str(s) for s in claims.lifecycle_answer(summary))


@EVERY
@pytest.mark.parametrize(("plot", "place"), PICTURES, ids=[plot.__name__ for plot, _ in PICTURES])
def test_pictures_can_be_read_on_a_telephone(plot, place, name):
    ax = plot(results(name)[place])
    title = ax.get_title(loc="left")
    assert title and not title.endswith(".") and ax.crmlib_alt.endswith(".") and len(ax.crmlib_alt) > 20
    for text in (ax.crmlib_alt, title):
        assert not {"nan", "None", "inf"} & set(text.replace("%", " ").split())
    assert min(text.get_fontsize() for text in words_of(ax)) >= SMALL
    assert not faults_of(ax)


def test_what_is_not_over_yet_stays_white():
    lines = ledger(seed=4, customers=900)
    crm = Crm.from_frames(as_of="2024-05-14", currency="EUR", transactions=lines)
    ax = plots.plot_cohorts(retention_curves(crm, unit="month"))
    drawn = ax.images[0].get_array()
    assert drawn.mask.any() and (drawn.mask.sum() == sum(t.get_text() == "" for t in ax.texts))


def test_curves_end_where_few_are_left_and_show_their_range():
    retention = results("years")[4]
    ax = plots.plot_retention(retention)
    until = retention.survival.medians["shown_until"].dropna()
    assert max(line.get_xdata()[-1] for line in ax.lines) <= until.max()
    assert len(ax.collections) == (until > 0).sum()


@EVERY
def test_tables_hold_what_was_found(name):
    crm, stages, summary, moves, retention = results(name)
    assert tables.stages_table(summary).frame["customers"].sum() == len(stages)
    moved = moves.flows.loc[moves.flows["moved"], "customers"].sum()
    assert tables.moves_table(moves).frame["customers"].sum() == moved
    assert len(tables.cohort_table(retention).frame) == (retention.sizes >= retention.min_group).sum()
    listed = tables.stage_list_table(crm, stages, compute_indicators(crm, ["spend_365d", "recency_days"]))
    assert len(listed.frame) == len(stages) and listed.frame["spend_365d"].is_monotonic_decreasing
    for block in (tables.lifecycle_figures(summary, retention), tables.cohort_table(retention), listed):
        words = re.sub(r"base64,[A-Za-z0-9+/=]+", "", block._html().lower())
        assert "nan" not in words.replace("finance", "")


def test_customers_who_bought_once_are_not_said_to_stay_for_no_days():
    lines = pd.DataFrame({"order_id": [str(i) for i in range(60)], "product_id": "tea", "net_amount": 5.0})
    lines["customer_id"] = "c" + lines["order_id"]
    lines["ordered_at"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(6 * lines.index, unit="D")
    crm = Crm.from_frames(as_of="2024-01-01", transactions=lines)
    summary = lifecycle_summary(lifecycle_stages(crm))
    retention = retention_curves(crm)
    made = [*claims.scale_paragraph(summary), *claims.retention_paragraph(retention)]
    text = " ".join(map(str, made))
    assert "0\xa0days" not in text and "was given" not in text
    assert "assumed scale, because nobody has bought on two days" in text
    figures = tables.lifecycle_figures(summary, retention)._record()["figures"]
    assert not [figure for figure in figures if figure["label"].startswith("Buying on")]
