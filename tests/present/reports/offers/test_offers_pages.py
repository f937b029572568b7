"""The report on offers: the first lines are true whichever way the proof went, pictures can be read."""

import re
from dataclasses import replace
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crmlib.analyse.offers.result import REASONS, offer_frame
from crmlib.present.blocks import Picture, Skipped
from crmlib.present.claims import claims_in
from crmlib.present.reports.offers import draw as plots_offers
from crmlib.present.reports.offers import say as claims_offers
from crmlib.present.reports.offers import show as tables_offers
from crmlib.present.theme import SMALL
from tests.analyse.offers.samples import little_offers, little_proof
from tests.present.drawn import faults_of, words_of
from tests.present.test_claims_facts import test_language  # noqa: F401

PROOF_PLOTS = [plots_offers.plot_proof, plots_offers.plot_proof_new, plots_offers.plot_acceptance]
PROOF_CLAIMS = [
    claims_offers.proof_paragraph,
    claims_offers.new_paragraph,
    claims_offers.how_paragraph,
    claims_offers.decile_paragraph,
    claims_offers.kinds_paragraph,
]
OFFER_CLAIMS = [
    claims_offers.offers_paragraph,
    claims_offers.removed_paragraph,
    claims_offers.learnt_paragraph,
]
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
    return replace(little_offers(), table=offer_frame(little_offers().table.head(0)),
                   cold=little_offers().cold.head(0), removed=little_offers().removed.head(0))  # fmt: skip


def nasty_offers():
    offers = little_offers()
    return replace(offers, table=offers.table.assign(product=NASTY, because=NASTY, category=NASTY))


PICTURES = [
    *((plot, full_proof()) for plot in PROOF_PLOTS),
    (plots_offers.plot_proof, little_proof(ahead="no")),
    (plots_offers.plot_offers_by_kind, little_offers()),
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
    told += [claim(proof, offers) for claim in BOTH_CLAIMS]
    return [str(said) for part in told for said in part]


@pytest.mark.parametrize("proof", [*map(full_proof, ("yes", "no", "uncertain")), MISSING], ids=list("abcd"))
@pytest.mark.parametrize("offers", [little_offers(), nasty_offers(), no_offers(), MISSING], ids=list("abcd"))
def test_sentences_are_whole(proof, offers):
    for sentence in said_of(proof, offers):
        assert sentence[0].isupper() or sentence[0].isdigit(), sentence
        assert sentence.endswith(".") and not {"nan", "None", "inf"} & set(sentence.split()), sentence
        for word in ("AUC", "kNN", "nDCG", "bootstrap", "baseline", "popularity"):
            assert word not in sentence


@pytest.mark.parametrize(
    ("ahead", "best", "opening"),
    [
        (
            "yes",
            "own repeats",
            "These offers beat the strongest plain list, what each customer bought most often,",
        ),
        ("no", "popularity", "The best sellers did better than these offers"),
        (
            "uncertain",
            "popularity",
            "These offers tie with the best sellers",
        ),
    ],
)
def test_the_first_lines_name_the_strongest_plain_list_in_points_and_money(ahead, best, opening):
    proof = little_proof(ahead=ahead)
    assert proof.strongest_rival() == best
    answer = claims_offers.offers_answer(proof, little_offers())
    first, last = (str(answer[place]).replace("\u00a0", " ") for place in (0, -1))
    assert first.startswith(opening)
    gap, money = proof.ahead_of(best), proof.ahead_of(best, "revenue_per_customer")
    assert (f"by {abs(gap.difference):g} percentage points" in first) == (ahead != "uncertain")
    ours, theirs = (f"{proof.value('hit_rate_pct', side=side):g}" for side in ("offers", best))
    assert f"{ours[:2]} % of customers" in first or ahead == "no"
    assert f"{theirs[:2]} %" in first and f"{ours[:2]} %" in first
    assert ("in money, too" in first) == (money.ahead == "uncertain")
    assert (f"and EUR {abs(money.difference):.3g} more each" in first) == (money.ahead != "uncertain")
    assert last.startswith("First, ") and len(answer) <= 3
    assert ("best sellers" in last) == (ahead != "yes")
    assert len(f"{first} {last}".split()) <= 60
    limits = " ".join(map(str, claims_offers.offers_limits(proof, little_offers())))
    assert ("not shown to do better than" in limits) == (ahead != "yes")


def test_kinds_add_up_to_all_offers_and_the_picture_says_the_same():
    offers = little_offers()
    many = offers.table.iloc[[0] * 12_251 + [1] * 30 + [2] * 3 + [3] * 33]
    more = replace(offers, table=many.assign(customer_id=[f"c{n // 5}" for n in range(len(many))]))
    said = str(claims_offers.offers_findings(MISSING, more)[-1]).replace("\u00a0", " ")
    assert "12,317 offers: 12,251 repeats, 33 best sellers, 30 cross-sells and 3 up-sells." in said
    title = plots_offers.plot_offers_by_kind(more).get_title(loc="left")
    assert "first of all repeats" in title.replace("\n", " ")


def test_every_reason_has_words_and_fills_them():
    table = little_offers().table
    said = [text.replace("\u00a0", " ") for text in claims_offers.offer_reasons(table, currency="EUR")]
    assert said == [
        "Bought on 4 days, 14 days apart on average, the last on 26 January 2024: due on 9 February 2024.",
        "Bought Tea: of 40 orders with it, 12 have this too, 2.4 times the share among all orders.",
        "Buys Tea at about EUR 5 and has paid up to EUR 8.5 for a piece of this category: "
        "this is a step up at about EUR 9.",
        "No purchase is known yet: of 20 buyers in the last 28 days, 4 bought it.",
    ]
    filled = table.iloc[[0] * len(REASONS)].assign(
        reason=REASONS, because="Tea", orders_before=1.0, baskets=1.0, lift=2.0, step_price=1.0, top_price=2.0,
        buyers=1.0, recent_days=28.0, group_by="income_band", group="North", group_buyers=9.0, replaces="Old {x}",
    )  # fmt: skip
    for text in claims_offers.offer_reasons(filled):
        assert text.endswith("Tea replaces Old {x}, which is no longer offered.")
        assert "\ue010" not in text and "\ue011" not in text and "nan" not in text and "  " not in text
    strange = table.head(1).assign(reason="Because I say so.")
    assert claims_offers.offer_reasons(strange) == ["Because I say so."]
    assert claims_offers.offer_reasons(strange[["reason"]]) == ["Because I say so."]


def every_claim(proof, offers):
    """Every statement of the report's part on offers."""
    told = [claim(proof) for claim in PROOF_CLAIMS] + [claim(offers) for claim in OFFER_CLAIMS]
    told += [claim(proof, offers) for claim in BOTH_CLAIMS]
    yield from (said for part in told for said in part)
    for figure in tables_offers.offers_figures(proof, offers).figures:
        yield from claims_in(figure.label, figure.note)
    made = (tables_offers.offers_table(HERE, offers), tables_offers.proof_table(proof))
    for table in (*made, tables_offers.removed_table(offers), tables_offers.kinds_table(proof)):
        yield from table.claims
    for plot in PROOF_PLOTS:
        yield from plot(proof).crmlib_claims
    yield from plots_offers.plot_offers_by_kind(offers).crmlib_claims


@pytest.mark.parametrize("ahead", ["yes", "no", "uncertain"])
def test_the_report_on_offers_can_be_told_in_another_language(ahead, test_language):  # noqa: F811
    for statement in every_claim(full_proof(ahead), little_offers()):
        text = statement.text(test_language)
        for known in ("Tea", "EUR"):
            text = text.replace(known, "")
        assert not re.search(r"[A-Za-z]", text), statement.text(test_language)


def test_what_could_not_be_tested_is_said_so():
    first = str(claims_offers.offers_answer(MISSING, little_offers())[0])
    assert first.startswith("Whether the offers hold could not be tested. A proof over 28 days needs")
    assert tables_offers.proof_table(MISSING) is None and tables_offers.kinds_table(MISSING) is None
    assert [
        str(figure.label) for figure in tables_offers.offers_figures(MISSING, little_offers()).figures
    ] == ["Customers with offers"]
    assert tables_offers.offers_figures(MISSING, MISSING).figures == ()
    assert tables_offers.offers_table(HERE, MISSING) is MISSING


def test_the_list_holds_every_offer_once_the_best_first():
    offers = little_offers()
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
    table = tables_offers.offers_table(hidden, little_offers())
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
    table = tables_offers.removed_table(little_offers())
    assert table.frame["offers_removed"].sum() == 8
    assert "nothing was left out" in tables_offers.removed_table(no_offers())._text()
    none = replace(little_offers(), removed=little_offers().removed.assign(offers_removed=0))
    assert [str(said) for said in claims_offers.removed_paragraph(none)] == [
        "No possible offer had to be left out."
    ]
    one = replace(little_offers(), removed=little_offers().removed.head(1))
    said = str(claims_offers.removed_paragraph(one)[0]).replace("\u00a0", " ")
    assert said == "One rule took out 3 possible offers: it is no longer sold, and nothing replaces it."


def test_chances_that_later_dates_did_not_bear_out_are_not_shown_and_said_so():
    offers = little_offers()
    shown, bare = (tables_offers.offers_table(HERE, offers, levels=levels).frame for levels in (True, False))
    assert "buy_chance_pct" in shown and not {"buy_chance_pct", "expected_margin"} & set(bare)
    assert "ranking only" in " ".join(map(str, claims_offers.offers_paragraph(offers, levels=False)))
    proof = little_proof()
    wrong = replace(proof, by_decile=proof.by_decile.assign(agrees=False))
    assert not claims_offers.levels_promised(wrong) and not claims_offers.levels_promised(MISSING)
    right = replace(proof, by_decile=proof.by_decile.assign(agrees=True))
    assert claims_offers.levels_promised(right)


def test_a_list_of_one_kind_holds_that_kind_alone():
    offers = little_offers()
    kind = offers.table["kind"].iloc[0]
    table = tables_offers.offers_table(HERE, offers, kind=kind)
    assert len(table.frame) == int((offers.table["kind"] == kind).sum()) > 0
    assert "offer_kind" not in table.frame and table.name == f"{kind}-offers"
    assert tables_offers.offers_table(HERE, no_offers(), kind=kind) is None


def test_of_new_products_the_list_that_did_better_is_recommended_by_name():
    """A lead that may be chance is no reason to take a list that did worse, unless none is clearly beaten."""
    tied = little_proof(ahead="uncertain")
    none_beaten = replace(tied, differences=tied.differences.assign(ahead="uncertain"))
    said = {
        name: str(claims_offers.new_paragraph(proof)[-1]).replace("\u00a0", " ")
        for name, proof in (
            ("ahead", little_proof()),
            ("behind", little_proof(ahead="no")),
            ("leading", tied),
            ("none beaten", none_beaten),
        )
    }
    assert said["ahead"].startswith("Use this list for a campaign") and "chance" not in said["ahead"]
    assert (
        "0.2 percentage points ahead of the best sellers, though that lead may be chance" in said["leading"]
    )
    assert all("take the best sellers first" in said[name] for name in ("behind", "none beaten"))
