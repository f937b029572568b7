"""The valuations on a page: pictures that can be read, sentences that are true, tables that are safe."""

import re
from functools import cache
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from crmlib.analyse.value.valuations import customer_valuations
from crmlib.analyse.worklist import OF_BUYERS, worklist
from crmlib.measure.columns import is_declared
from crmlib.present.blocks import Picture
from crmlib.present.needs import picture_of
from crmlib.present.numbers import money, percent
from crmlib.present.reports.value import draw as plots
from crmlib.present.reports.value import say as claims
from crmlib.present.reports.value import show as made
from crmlib.present.reports.worklist.show import work_table
from crmlib.present.theme import SMALL
from tests.analyse.value.valuation_company import company, future_of
from tests.present.drawn import drawn, faults_of
from tests.present.report_samples import SHOPS

PLOTS = [plots.plot_growth, plots.plot_credit, plots.plot_loyalty]
NAMES = ("company", "shop", "bare", "nobody", "one order")
EVERY = pytest.mark.parametrize("name", NAMES)
EVERY_PLOT = pytest.mark.parametrize(
    ("plot", "name"),
    [(p, n) for p in PLOTS for n in NAMES],
    ids=[f"{p.__name__}-{n}" for p in PLOTS for n in NAMES],
)


@cache
def crm_of(name):
    return company() if name == "company" else SHOPS[name]()


@cache
def worth_of(name):
    crm = crm_of(name)
    future = future_of(crm) if name in ("company", "shop") else SimpleNamespace(table=pd.DataFrame())
    return customer_valuations(crm, future=future)


def ahead_of(name):
    return SimpleNamespace(
        table=worth_of(name)[["future_contribution"]],
        spend_check={},
        currency="EUR",
        horizon_days=365,
        levels={"revenue": SimpleNamespace(is_promised=False)},
    )


@cache
def work_of(name):
    return worklist(crm_of(name), valuations=worth_of(name), only=OF_BUYERS)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def letters(ax):
    ax.figure.draw_without_rendering()
    limits = {ax.xaxis: sorted(ax.get_xlim()), ax.yaxis: sorted(ax.get_ylim())}
    hidden = {
        label
        for axis, (low, high) in limits.items()
        for tick in axis.get_major_ticks()
        if not (low - 1e-9 <= tick.get_loc() <= high + 1e-9) or not ax.axison
        for label in (tick.label1, tick.label2)
    }
    seen = [
        t for t in ax.figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden
    ]
    return {text: Text.get_window_extent(text) for text in seen}


@EVERY_PLOT
def test_pictures_are_described_and_readable_on_a_telephone(plot, name):
    before = dict(matplotlib.rcParams)
    seen = drawn(plot, worth_of, name)
    ax = seen.ax
    title = ax.get_title(loc="left")
    assert len(ax.crmlib_alt) > 20 and ax.crmlib_alt.endswith(".") and title and not title.endswith(".")
    assert not {"nan", "None", "inf"} & set(f"{ax.crmlib_alt} {title}".replace("%", " ").split())
    assert min(text.get_fontsize() for text in seen.words) >= SMALL and seen.picture.width <= 480
    assert not faults_of(ax)
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("plot", PLOTS, ids=[p.__name__ for p in PLOTS])
def test_pictures_draw_where_they_are_told_and_the_same_twice(plot):
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 6))
    assert plot(worth_of("company"), ax=left) is left and not right.has_data() and len(figure.axes) == 2
    assert Picture(plot(worth_of("company"))).image == drawn(plot, worth_of, "company").picture.image


@pytest.mark.parametrize("category", ["x" * 300, "$a_b^{c}$", "<script>alert(1)</script>", "客户 " * 30, ""])
def test_names_of_categories_do_no_harm(category):
    worth = pd.DataFrame({"growth_category": [category, "tea"], "growth_category_amount": [9.0, 2.0]})
    ax = plots.plot_growth(worth)
    page = ax.figure.bbox.padded(2)
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in letters(ax).values())
    assert "<script" not in Picture(ax)._html()


def told(claims):
    return [str(claim) for claim in claims]


def sentences(name):
    worth, work = worth_of(name), work_of(name)
    yield from told(claims.valuations_findings(worth, work))
    yield from told(claims.actions_paragraph(work))
    for part in ("loyalty", "growth", "credit", "profit"):
        yield from told(getattr(claims, f"{part}_paragraph")(worth))
    yield from told(claims.valuations_limits(worth))


@EVERY
def test_sentences_are_whole_and_name_nobody(name):
    said = list(sentences(name))
    assert len(said) > (8 if name in ("company", "shop") else 5)
    for sentence in said:
        assert sentence[-1] in ".?!" and (sentence[0].isupper() or sentence[0].isdigit()), sentence
        assert not re.search(r"\bnan\b|\bNone\b(?! of)|\binf\b|  |\.\.|,\.|\bno no\b", sentence), sentence
        assert not re.search(r"\b[cC]\d{2,3}\b|k-means|pandas|quantile|BG/NBD", sentence), sentence
        plain = re.sub(r"“[^”]*”|\[[^]]*\]", "", sentence)
        for figure in re.findall(r"\d[\d,.]*\d|\d", plain):
            whole = re.fullmatch(r"\d,\d{3}", figure.strip(".,"))
            assert whole or len(re.sub(r"[.,]", "", figure).strip("0")) <= 3, sentence


def test_the_findings_are_true():
    worth, work = worth_of("company"), work_of("company")
    said = " ".join(told(claims.valuations_findings(worth, work)))
    assert (
        money(work.slice("win_back")["at_stake"].sum(), "EUR") in said
        and money(work.slice("develop")["at_stake"].sum(), "EUR") in said
    )
    assert said.replace("\xa0", " ").count(f"{len(work.slice('develop'))} customers who buy as usual") == 1


def test_what_nobody_has_is_not_drawn():
    assert claims.valued(worth_of("company"), "credit_grade") is worth_of("company")
    missing = claims.valued(worth_of("shop"), "credit_grade")
    assert "paid_on" in missing.reason and picture_of(plots.plot_credit, missing) is None
    assert picture_of(plots.plot_credit, claims.valued(worth_of("company"), "credit_grade")) is not None


def test_the_key_figures_are_the_sums_of_the_table():
    worth, work = worth_of("company"), work_of("company")
    future = ahead_of("company")
    shown = {str(it.label): it.value for it in made.valuation_figures(worth, work, future=future).figures}
    for label, name in (("Future contribution", "future_contribution"), ("Room to grow", "growth_potential"),
                        ("Overdue", "overdue_amount"), ("Profit of the last year", "profit_365d")):  # fmt: skip
        assert shown[label] == pytest.approx(worth[name].sum()), label
    assert shown["Customers to win back"] == len(work.slice("win_back"))
    assert "Overdue" not in made.valuation_figures(worth_of("shop"))._text()
    ahead = made.valuation_figures(worth, work, future=future).figures[1]
    assert str(ahead.label) == "Future contribution" and "within 365" in str(ahead.note)


def test_room_outside_the_picture_is_told():
    worth = pd.DataFrame({
        "growth_potential": [100.0], "growth_category": ["tea"], "growth_category_amount": [30.0],
        "spend_365d": [9.0]})  # fmt: skip
    assert "30 together; the other 70 lies in further categories" in " ".join(
        told(claims.growth_paragraph(worth))
    )
    whole = worth.assign(growth_category_amount=100.0)
    assert "further categories" not in " ".join(told(claims.growth_paragraph(whole)))


def test_customers_leave_under_the_names_that_the_workspace_allows(monkeypatch):
    monkeypatch.setenv("CRMLIB_PSEUDONYM_KEY", "a key of sixteen or more")
    crm = SimpleNamespace(config=SimpleNamespace(privacy=SimpleNamespace(pseudonyms=True)), currency="EUR")
    frame = made.valuations_table(crm, worth_of("shop")).frame
    assert frame.customer_id.str.startswith("K-").all() and frame.customer_id.is_unique
    assert not frame.astype(str).stack().str.fullmatch(r"C\d{3}").any()


def test_late_payers_stand_with_the_reason_of_their_grade():
    worth = worth_of("company")
    table = made.credit_table(crm_of("company"), worth)
    poor = worth[worth["credit_grade"].isin(["D", "E"])]
    assert len(table.frame) == min(len(poor), 50) and set(table.frame["credit_grade"]) <= {"D", "E"}
    assert table.frame["overdue_amount"].is_monotonic_decreasing
    assert table.frame["overdue_amount"].max() == pytest.approx(poor["overdue_amount"].max(), abs=0.005)
    assert table.frame["credit_reason"].str.len().min() > 5 and "Overdue amount (EUR)" in table._headers()
    assert made.credit_table(crm_of("shop"), worth_of("shop")) is None
    assert made.credit_table(crm_of("company"), worth.assign(credit_grade="A")) is None


def test_the_probability_of_still_buying_is_told_in_percent():
    table = made.valuations_table(crm_of("shop"), worth_of("shop"))
    assert "Still a customer (%)" in table._headers()
    assert table.frame["alive_pct"].max() == pytest.approx(
        100 * worth_of("shop")["probability_alive"].max(), abs=0.01
    )


def test_the_paragraphs_are_true():
    worth = worth_of("company")
    credit, profit, growth = (
        " ".join(told(getattr(claims, f"{part}_paragraph")(worth))) for part in ("credit", "profit", "growth")
    )
    poor = worth["credit_grade"].isin(["D", "E"])
    assert credit.startswith(f"{poor.sum()} of {worth['credit_grade'].notna().sum()}")
    assert percent(100 * worth["overdue_amount"].sum() / worth["open_amount"].sum()) in credit
    loss = worth.loc[worth["profit_365d"] < 0, "profit_365d"]
    assert money(worth["profit_365d"].sum(), "EUR") in profit and money(-loss.sum(), "EUR") in profit
    assert money(worth["growth_potential"].sum(), "EUR") in growth
    assert f"{(worth['loyalty_decay'] >= claims.FALLING).sum()} of" in " ".join(
        told(claims.loyalty_paragraph(worth))
    )


def test_what_is_missing_is_said_with_its_remedy():
    assert not claims.credit_paragraph(worth_of("shop")) and not claims.growth_paragraph(worth_of("bare"))
    shop, bare = (" ".join(told(claims.valuations_limits(worth_of(name)))) for name in ("shop", "bare"))
    assert "Credit is not known here" in shop and "“paid_on” of the table “transactions”" in shop
    assert "Room to grow is not known here; that would take the table “products”" in bare
    frame = made.missing_table(worth_of("shop")).frame
    assert frame["reason"].str.contains("[tables.transactions.columns]", regex=False).any()
    frame = made.missing_table(worth_of("bare")).frame
    assert frame["reason"].str.contains("[tables.products]", regex=False).any()
    assert {"Credit", "Room to grow", "Profitability"} <= set(frame["valuation"])
    assert made.missing_table(worth_of("company")) is None


@EVERY
def test_tables_are_made_of_what_is_there_and_are_escaped(name):
    crm, worth, work = crm_of(name), worth_of(name), work_of(name)
    blocks = [
        made.valuations_table(crm, worth), work_table(crm, work, "keep"), work_table(crm, work, "develop"),
        work_table(crm, work, "win_back"), made.missing_table(worth),
    ]  # fmt: skip
    for block in filter(None, blocks):
        page = block._html()
        assert "<b>Lamps" not in page and "growth_" not in page and "_pct" not in page
        assert all(is_declared(name) for name in block.frame.columns), block.frame.columns.tolist()
    assert len(blocks[0].frame) == len(worth)
    figures = made.valuation_figures(worth, work)
    assert "nan" not in figures._text() and figures.figures[0].value == len(worth)


def test_amounts_stand_with_their_currency():
    table = work_table(crm_of("company"), work_of("company"), "keep")
    assert "At stake (EUR)" in table._headers() and table.frame["reason"].str.contains("EUR").all()
    assert table.frame["reason"].str.contains(r"days? ago|on the last day|overdue").all()
    assert "Future contribution (EUR)" in made.valuations_table(company(), worth_of("company"))._headers()


def test_what_is_overdue_is_told_of_all_that_is_open():
    """Who has only invoices that are not due yet has no grade, and yet owes them."""
    worth = pd.DataFrame({
        "credit_grade": ["A", None], "open_amount": [100.0, 300.0], "overdue_amount": [100.0, 0.0]})  # fmt: skip
    assert "EUR" not in told(claims.credit_paragraph(worth))[1]
    assert "100 is overdue, 25\u00a0% of what is open" in told(claims.credit_paragraph(worth))[1]


def test_no_room_to_grow_does_not_claim_that_all_buy_as_much_as_others():
    worth = pd.DataFrame({
        "growth_potential": [0.0], "growth_category": [None], "growth_category_amount": [0.0],
        "spend_365d": [9.0]})  # fmt: skip
    assert "buys less" not in told(claims.growth_paragraph(worth))[0]


def test_a_fall_of_activity_stands_beside_what_chance_brings():
    """Half of those with one repeat purchase have it in the earlier half, though nobody slows down."""
    worth = pd.DataFrame({
        "loyalty_score": 50.0, "cadence_kept_pct": 50.0, "loyalty_decay": [0.2, 0.2, -0.2, -0.2, -0.2]})  # fmt: skip
    said = told(claims.loyalty_paragraph(worth))[-1]
    assert "clearly" not in said and said.startswith("2 of 5") and "3 more often" in said


def test_the_caption_of_the_list_to_develop_says_its_own_order():
    work = work_of("bare")
    assert work.slice("develop")["growth_potential"].isna().all()
    assert "room" not in str(work_table(crm_of("bare"), work, "develop").caption)
    assert "most room" in str(work_table(crm_of("company"), work_of("company"), "develop").caption)
