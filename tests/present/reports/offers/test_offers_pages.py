"""The report on offers: the first lines are true whichever way the proof went, pictures can be read."""

from dataclasses import replace
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmlib.analyse.offers.result import _little_offers, offer_frame
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.reports.offers import draw as plots_offers
from crmlib.present.reports.offers import say as claims_offers
from crmlib.present.reports.offers import say as claims_offers_proof
from crmlib.present.reports.offers import show as tables_offers
from crmlib.present.reports.offers.say import little_proof
from crmlib.present.theme import SMALL
from crmlib.present.words import percent
from tests.present.drawn import faults_of, words_of

PROOF_PLOTS = [plots_offers.plot_proof, plots_offers.plot_proof_new, plots_offers.plot_acceptance]
PROOF_CLAIMS = [
    claims_offers_proof.proof_sentences,
    claims_offers_proof.proof_paragraph,
    claims_offers_proof.decile_paragraph,
    claims_offers_proof.kinds_paragraph,
]
OFFER_CLAIMS = [claims_offers.offers_paragraph, claims_offers.removed_paragraph]
BOTH_CLAIMS = [claims_offers.offers_answer, claims_offers.offers_findings, claims_offers.offers_limits]
MISSING = Skipped("a proof over 28 days needs 84 days of orders. There are 40.")
NASTY = "<script>alert(1)</script> =cmd|' /C calc'!A0 $x^{y}$ 茶葉 a very long name that fits no line at all"
HERE = SimpleNamespace(config=None)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def full_proof(ahead="yes"):
    """Ten groups and small differences, as a real proof has them."""
    proof = little_proof(ahead=ahead)
    deciles = pd.DataFrame(
        {
            "decile": range(1, 11),
            "offered": 3700,
            "predicted_pct": [0.4, 1.1, 2.3, 4.0, 7.0, 12.0, 19.0, 30.0, 48.0, 81.0],
            "accepted_pct": [0.3, 1.5, 2.2, 4.1, 7.9, 11.0, 22.5, 31.0, 47.0, 77.0],
        }
    )
    deciles = deciles.assign(low=0.9 * deciles.accepted_pct, high=1.1 * deciles.accepted_pct)
    agrees = deciles.predicted_pct.between(deciles.low, deciles.high)
    return replace(proof, by_decile=deciles.assign(agrees=agrees))


def no_offers():
    return replace(_little_offers(), table=offer_frame(_little_offers().table.head(0)),
                   cold=_little_offers().cold.head(0), removed=_little_offers().removed.head(0))  # fmt: skip


def nasty_offers():
    offers = _little_offers()
    return replace(
        offers, table=offers.table.assign(product=NASTY, reason=f"Bought with {NASTY}.", category=NASTY)
    )


PICTURES = [
    *((plot, full_proof()) for plot in PROOF_PLOTS),
    (plots_offers.plot_proof, little_proof(ahead="no")),
    (plots_offers.plot_offers_by_kind, _little_offers()),
    (plots_offers.plot_offers_by_kind, no_offers()),
]


@pytest.mark.parametrize("place", range(len(PICTURES)))
def test_pictures_are_readable(place):
    plot, result = PICTURES[place]
    before = dict(matplotlib.rcParams)
    ax = plot(result)
    title = ax.get_title(loc="left")
    assert title and not title.endswith(".") and ax.crmlib_alt.endswith(".") and len(ax.crmlib_alt) > 20
    assert not {"nan", "None", "inf"} & set(f"{title} {ax.crmlib_alt}".replace("%", " ").split())
    boxes = list(words_of(ax).items())
    assert min(text.get_fontsize() for text, _ in boxes) >= SMALL and Picture(ax).width <= 480
    assert not faults_of(ax)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("plot", PROOF_PLOTS, ids=lambda plot: plot.__name__)
def test_pictures_are_drawn_on_given_axes(plot):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5))
    assert plot(full_proof(), ax=left) is left
    assert len(figure.axes) == 2 and not right.has_data() and left.crmlib_alt


def said_of(proof, offers):
    told = [claim(proof) for claim in PROOF_CLAIMS] + [claim(offers) for claim in OFFER_CLAIMS]
    return [said for part in (*told, *(claim(proof, offers) for claim in BOTH_CLAIMS)) for said in part]


@pytest.mark.parametrize("proof", [*map(full_proof, ("yes", "no", "uncertain")), MISSING], ids=list("abcd"))
@pytest.mark.parametrize("offers", [_little_offers(), nasty_offers(), no_offers(), MISSING], ids=list("abcd"))
def test_sentences_are_whole(proof, offers):
    for sentence in said_of(proof, offers):
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.split()), sentence
        for word in ("AUC", "kNN", "nDCG", "bootstrap", "baseline", "popularity"):
            assert word not in sentence


@pytest.mark.parametrize(
    ("ahead", "opening"),
    [
        ("yes", "The offers beat the best sellers: "),
        ("no", "The offers do not beat the best sellers: "),
        ("uncertain", "The offers are not shown to beat the best sellers: "),
    ],
)
def test_the_first_lines_say_whether_and_by_how_much(ahead, opening):
    proof = little_proof(ahead=ahead)
    first = claims_offers.offers_answer(proof, _little_offers())[0].replace("\u00a0", " ")
    assert first.startswith(opening)
    gap = proof.ahead_of("popularity")
    assert f"{abs(gap.difference):g} percentage point" in first and "likely" in first
    assert f"{percent(proof.value('hit_rate_pct'))} of customers bought".replace("\u00a0", " ") in first
    assert ("may be chance" in first) == (ahead == "uncertain")
    assert (" less (" in first) == (ahead == "no")
    assert ("better still" in first) == (ahead == "no")
    assert ("does as well" in first) == (ahead == "uncertain")
    assert claims_offers.offers_findings(proof, _little_offers())[0].replace("\u00a0", " ") == first
    limits = " ".join(claims_offers.offers_limits(proof, _little_offers()))
    assert ("not shown to do better than the best sellers" in limits) == (ahead != "yes")


def test_what_could_not_be_tested_is_said_so():
    first = claims_offers.offers_answer(MISSING, _little_offers())[0]
    assert first.startswith("Whether the offers hold could not be tested. A proof over 28 days needs")
    assert tables_offers.proof_table(MISSING) is None and tables_offers.kinds_table(MISSING) is None
    assert [figure.label for figure in tables_offers.offers_figures(MISSING, _little_offers()).figures] == [
        "Offers",
        "Customers with offers",
    ]
    assert tables_offers.offers_figures(MISSING, MISSING).figures == ()
    assert tables_offers.offers_table(HERE, MISSING) is MISSING


def test_the_list_holds_every_offer_once_the_best_first():
    offers = _little_offers()
    table = tables_offers.offers_table(HERE, offers)
    assert len(table.frame) == len(offers.table)
    assert not table.frame.duplicated(["customer_id", "rank"]).any()
    assert table.frame.groupby("customer_id", sort=False)["rank"].agg(list).map(sorted).tolist() == (
        table.frame.groupby("customer_id", sort=False)["rank"].agg(list).tolist()
    )
    first = table.frame[table.frame["rank"] == 1]["expected_margin"].fillna(0)
    assert first.is_monotonic_decreasing
    assert tables_offers.offers_table(HERE, offers, most=1).frame["customer_id"].unique().tolist() == ["ann"]
    html = table._html()
    assert "Download as Excel" in html and "Download as CSV" in html
    bare = offers.table.assign(
        price=float("nan"), expected_margin=float("nan"), product=offers.table.product_id
    )
    plain = tables_offers.offers_table(HERE, replace(offers, table=bare, ranked_by="probability"))
    assert not {"price", "expected_margin", "product_id"} & set(plain.frame)
    assert len(tables_offers.offers_table(HERE, no_offers()).frame) == 0


def test_customers_stand_as_pseudonyms_where_they_are_asked_for(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    hidden = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)))
    table = tables_offers.offers_table(hidden, _little_offers())
    assert table.frame["customer_id"].str.startswith("K-").all()


def test_names_from_outside_do_no_harm():
    html = tables_offers.offers_table(HERE, nasty_offers())._html()
    assert "<script" not in html and "&lt;script" in html
    ax = plots_offers.plot_offers_by_kind(nasty_offers())
    assert "<script" not in ax.crmlib_alt


def test_the_proof_table_has_every_list_and_the_numbers_of_the_proof():
    proof = full_proof()
    frame = tables_offers.proof_table(proof).frame
    assert len(frame) == 4 + 4 + 3 + 3
    ours = frame[(frame["side"] == "These offers") & (frame["question"] == "all offers")].iloc[0]
    row = proof.row("hit_rate_pct")
    assert (ours.hit_rate_pct, ours.hit_rate_low, ours.hit_rate_high) == (row.value, row.low, row.high)
    assert frame["recall_pct"].isna().sum() == 7


def test_what_was_left_out_is_counted():
    table = tables_offers.removed_table(_little_offers())
    assert table.frame["offers_removed"].sum() == 8
    assert "nothing was left out" in tables_offers.removed_table(no_offers())._text()
    none = replace(_little_offers(), removed=_little_offers().removed.assign(offers_removed=0))
    assert claims_offers.removed_paragraph(none) == ["No possible offer had to be left out."]
    one = replace(_little_offers(), removed=_little_offers().removed.head(1))
    said = claims_offers.removed_paragraph(one)[0].replace("\u00a0", " ")
    assert said == "1 rule took out 3 possible offers: no longer sold, and nothing replaces it."
