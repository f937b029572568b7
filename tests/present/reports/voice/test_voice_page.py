"""The page on what customers say: planted truths in its sentences, whole without any one table, nobody laid bare."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib.analyse.voice.satisfaction import customers_to_call
from crmlib.analyse.voice.themes import WITHIN_A_WEEK, open_deal_themes, themes_by_source, themes_of_customers
from crmlib.analyse.worklist import voice_work, worklist
from crmlib.prepare.crm import Crm
from crmlib.present.needs import SkipReport, fitted, require_texts
from crmlib.present.reports.people.show import CustomerPages
from crmlib.present.reports.voice import draw, say, show
from tests.analyse.voice.test_concerns import company
from tests.analyse.voice.test_satisfaction import opinions, orders
from tests.present.drawn import faults_of
from tests.present.reports.greek import greek, latin_letters  # noqa: F401
from tests.sample.company import sample_crm

EVIL = "<script>alert(1)</script>"


def crm_of(**frames):
    return Crm.from_frames(as_of="2024-12-31", **frames)


def bargains(n=240):
    """Every fourth customer buys at much off, and is less satisfied, whoever spends how much."""
    rng = np.random.default_rng(7)
    heavy = np.arange(n) % 4 == 0
    scores = np.clip(np.round(rng.normal(np.where(heavy, 6, 8), 1.2)), 0, 10)
    lines = orders([f"c{i}" for i in range(n)], "2023-01-01").assign(
        net_amount=rng.permutation(n) + 50.0, discount_amount=np.where(heavy, 60.0, 1.0)
    )
    return {"feedback": opinions(scores, days=0), "transactions": lines}


def complaints():
    """One waits, one is settled, one gave a low score, one a good score since."""
    said = pd.concat(
        [opinions([2, 2], kind="complaint", start="2024-10-01", days=1, text=f"the delivery was late {EVIL}"),
         opinions([9, 9, 3, 2, 9], start="2024-11-01", days=1)]
    )  # fmt: skip
    said["customer_id"] = ["waits", "settled", "waits", "settled", "low", "better", "better"]
    said["resolved_at"] = [pd.NaT, pd.Timestamp("2024-10-05"), *[pd.NaT] * 5]
    return said


def parts(crm):
    found, said = fitted(crmlib.satisfaction, crm), fitted(crmlib.concerns, crm)
    return found, said, fitted(crmlib.browsing, crm), fitted(voice_work, crm, found), themes_by_source(crm)


def page_of(crm):
    """All sentences and tables of the page."""
    found, said, looks, todo, sources = parts(crm)
    mood = fitted(crmlib.attitude, crm)
    posts = say.posts_paragraph(mood, sources)
    claims = [
        say.voice_answer(found, said, todo), say.voice_findings(found), say.call_paragraph(found),
        say.concerns_paragraph(said) if hasattr(said, "themes") else [], say.change_paragraph(found),
        say.concerns_do(said),
        say.groups_paragraph(found, {}), say.drivers_paragraph(found), say.leaving_paragraph(found),
        say.complaints_paragraph(found), say.looks_paragraph(looks, {}), say.voice_limits(found, said, looks, posts),
        say.attitude_paragraph(mood), posts,
    ]  # fmt: skip
    blocks = [
        show.voice_figures(found, said), show.call_table(crm, todo), show.complaints_table(found),
        show.themes_table(said, sources), show.groups_table(found, {}), show.looks_table(looks, {}),
        show.campaigns_table(looks), show.sources_table(sources), show.languages_table(said),
        show.topics_table(said), show.terms_table(said), show.examples_table(said),
    ]  # fmt: skip
    return [one for part in claims for one in part], [block for block in blocks if block is not None]


@pytest.fixture(scope="module")
def sample():
    """The small sample company, and what the page rests on."""
    return sample_crm(), parts(sample_crm())


def test_planted_concerns_are_on_the_page_once_each_and_no_others(sample):
    _, (_, said, _, _, sources) = sample
    told = " ".join(str(one) for one in say.concerns_paragraph(said)[:2])
    assert all(word in told for word in ("competitors", "missing features", "budget"))
    assert "service" not in told and "delivery" not in told
    table = show.themes_table(said, sources).frame.set_index("theme")
    assert (
        table.index.is_unique
        and table["lost_deals_pct"]["Competitors"] > 2 * table["won_deals_pct"]["Competitors"]
    )
    rows = table[["lost_deals_low", "lost_deals_pct", "lost_deals_high"]].dropna().to_numpy()
    assert (np.diff(rows) >= 0).all()
    by_language = said.languages[said.languages["theme"] == "competitor"].set_index("language")["difference"]
    assert (by_language[["English", "Chinese", "Japanese"]] > 3).all()


def test_the_answer_is_short_and_ends_in_what_to_do(sample):
    _, (found, said, _, todo, _) = sample
    answer = say.voice_answer(found, said, todo)
    assert len(answer) == 3 and sum(len(str(one).split()) for one in answer) <= 60
    assert (
        str(answer[-1]).startswith("First answer")
        and todo.table["customer_id"].isin([answer[-1].facts["customer"].value]).any()
    )


def test_what_goes_along_with_the_score_is_found_and_where_nothing_does_none_is():
    found = crmlib.satisfaction(crm_of(**bargains()))
    row = found.drivers.set_index("driver").loc["heavy_discount"]
    assert row["low"] < -20 < row["high"] < -15 and row["q_value"] < 0.001
    said = say.drivers_paragraph(found)
    assert said[0].key == "voice-drivers-less" and "10\u00a0% off" in str(said[0])
    assert "customers who buy at more than" in str(say.groups_paragraph(found)[0])
    frames = bargains()
    frames["feedback"]["score"] = np.random.default_rng(1).permutation(frames["feedback"]["score"])
    shuffled = crmlib.satisfaction(crm_of(**frames))
    assert [one.key for one in say.drivers_paragraph(shuffled)] == ["voice-drivers-none"]


def test_segments_of_the_run_are_groups_and_reviews_and_posts_say_how_they_sound_and_of_what():
    texts = [f"{'bad useless' if i % 3 == 0 else 'great lovely'} price, visit {i}" for i in range(150)]
    said = opinions([2 if i % 3 == 0 else 9 for i in range(150)], kind="review", text=texts)
    said.loc[140:, "kind"] = "social"
    crm = crm_of(feedback=said)
    told = [
        str(one).replace("\u00a0", " ")
        for one in say.posts_paragraph(crmlib.attitude(crm), themes_by_source(crm))
    ]
    assert told[0].startswith("By their words, 34 % of 140 reviews sound unhappy (likely ")
    assert told[1] == "Most often reviews speak of price (100 %)."
    assert told[2].startswith("By their words, 30 % of 10 social posts"), "ten customers are a group"
    few = crm_of(feedback=said.drop(index=149))
    assert "social" not in set(crmlib.attitude(few).table["source"])
    labels = said.set_index("customer_id")["score"].map({2: "Small & sour", 9: "Key accounts"})
    found = crmlib.satisfaction(crm, segmentation=SimpleNamespace(labels=labels))
    assert "Less satisfied than the others: “Small & sour”" in str(say.groups_paragraph(found)[0])
    assert set(show.groups_table(found, {}).frame["grouped_by"]) >= {"Segment"}


def test_who_is_called_stands_on_the_worklist_word_for_word():
    lines = orders(["waits", "low", "better"], "2024-11-01").assign(order_id=list("abc"))
    crm = crm_of(feedback=complaints(), transactions=lines)
    found = customers_to_call(crm).set_index("customer_id")
    assert found["reason"].to_dict() == {"waits": "complaint_open", "low": "unhappy"}
    assert found.loc["waits", ["said_on", "waited_days"]].tolist() == [pd.Timestamp("2024-10-01"), 91]
    todo, whole = voice_work(crm, crmlib.satisfaction(crm)), worklist(crm, only=["follow_up"])
    columns = ["customer_id", "reason", "step", "by_when", "at_stake"]
    mine = whole.table[whole.table["source"] == "voice"][columns].sort_values(
        "customer_id", ignore_index=True
    )
    pd.testing.assert_frame_equal(todo.table[columns].sort_values("customer_id", ignore_index=True), mine)
    text = show.call_table(crm, todo)._text()
    assert "Answer the complaint" in text and "Complained 91 days ago" in text.replace("\u00a0", " ")
    before = Crm.from_frames(as_of="2024-10-03", feedback=complaints())
    assert customers_to_call(before)["reason"].tolist() == ["complaint_open"] * 2


@pytest.mark.parametrize(
    "left", [("feedback",), ("interactions",), ("opportunities",), ("feedback", "interactions")]
)
def test_without_a_table_the_rest_is_told_and_what_is_missing(left):
    frames = company(deals=60) | bargains()
    crm = crm_of(**{name: frame for name, frame in frames.items() if name not in left})
    claims, blocks = page_of(crm)
    keys = {one.key for one in claims}
    assert ("voice-limits-no-feedback" in keys) == ("feedback" in left)
    assert ("voice-limits-no-deals" in keys) == ("opportunities" in left)
    limits = [one.key for one in claims if one.key.startswith("voice-limits-")]
    assert all("-no-" in key for key in limits[: 1 + len(set(left) - {"interactions"})]), (
        "what is missing is in sight"
    )
    assert ("voice-limits-no-posts" in keys) == ("feedback" not in left)
    assert "voice-limits-no-looks" in keys and not any("nan" in str(one) for one in claims)
    assert blocks and not any("nan" in block._text() for block in blocks)


def test_where_nothing_is_said_the_report_is_skipped_with_the_reason():
    with pytest.raises(SkipReport, match="what customers say"):
        require_texts(crm_of(transactions=bargains()["transactions"]))
    require_texts(crm_of(feedback=opinions([9])))


def test_hostile_texts_and_names_do_no_harm_and_secrets_stay_home():
    frames = company(deals=120)
    frames["feedback"] = pd.concat([complaints()] * 12, ignore_index=True).assign(
        feedback_id=lambda t: t.index.astype("str"), customer_id=lambda t: [f"c{i}" for i in t.index],
        product_id=EVIL, kind=lambda t: t["kind"].where(t.index % 2 == 0, "review"), text=f"{EVIL} ann@x.org the price",
    )  # fmt: skip
    claims, blocks = page_of(crm_of(**frames))
    html = "".join(str(block._html()) for block in blocks) + "".join(str(one) for one in claims).replace(
        EVIL, ""
    )
    assert "<script>alert" not in html and "ann@x.org" not in html and "secret" not in html


def test_fewer_customers_than_a_group_needs_are_not_told():
    found = crmlib.satisfaction(crm_of(feedback=opinions([9, 8, 2, 10, 9])))
    assert len(found.surveys) == 1 and say.shown_surveys(found).empty
    assert say.voice_answer(found, found_none(), found_none())[0].key == "voice-answer-none"
    assert show.groups_table(found, {}) is None and "No picture" in draw.plot_quarters(found).crmlib_alt
    nine = opinions([9] * 19, text=["the price"] * 9 + ["the delivery"] * 10)
    table = show.themes_table(found_none(), themes_by_source(crm_of(feedback=nine.assign(kind="complaint"))))
    assert table.frame["theme"].tolist() == ["Delivery"]


def found_none():
    return fitted(crmlib.concerns, crm_of(feedback=opinions([9])))


def test_a_deal_says_what_its_notes_speak_of_and_a_customer_how_such_deals_ended():
    frames = company(deals=90)
    crm = crm_of(**frames)
    themes = open_deal_themes(crm)
    notes = frames["interactions"].merge(frames["opportunities"].query("outcome == 'open'")["opportunity_id"])
    speaks = notes[notes["notes"].str.contains("price|Preis|价格|価格")]["opportunity_id"].unique()
    assert {deal for deal, spoken in themes.items() if "price" in spoken} == set(speaks)
    deal = speaks[0]
    row = next(
        one for one in worklist(crm, only=["follow_up"]).table.itertuples() if one.opportunity_id == deal
    )
    assert "price" in row.themes.split("|")
    _, html = CustomerPages(crm).html(
        frames["opportunities"].set_index("opportunity_id").loc[deal, "customer_id"]
    )
    assert "What they talk about" in html and "decided deals that spoke of it" in html
    assert "Its notes speak of" in html and "secret" not in html


def test_what_won_deals_did_then_is_found_where_it_differs_and_not_where_it_does_not():
    rng = np.random.default_rng(3)
    for effect in (0.5, 0.0):
        sold, calls = [], []
        for i in range(160):
            won = i % 2 == 0
            sold.append((f"d{i}", "x", "won" if won else "lost", "2024-01-01", "2024-03-01"))
            visit = rng.random() < (0.2 + effect if won else 0.2)
            calls += [
                (f"d{i}", "2024-02-01", "phone", "the price"),
                (f"d{i}", "2024-02-12", "visit" if visit else "email", ""),
            ]
        deals = pd.DataFrame(sold, columns=["opportunity_id", "stage", "outcome", "created_at", "closed_at"])
        notes = pd.DataFrame(calls, columns=["opportunity_id", "happened_at", "channel", "notes"])
        notes = notes.assign(customer_id=notes["opportunity_id"], interaction_id=notes.index.astype("str"))
        table = themes_of_customers(crm_of(opportunities=deals, interactions=notes))["followed"].set_index(
            "what"
        )
        assert table.loc[WITHIN_A_WEEK, "won_pct"] == 0
        assert (table.loc["visit", "q_value"] < 0.001) == (effect > 0)


def test_every_sentence_can_be_told_in_another_language(greek):  # noqa: F811
    frames = company(deals=60) | bargains()
    claims, _ = page_of(crm_of(**frames))
    for one in claims:
        assert not latin_letters(one, greek), one.text(greek)


def test_the_picture_of_quarters_is_readable_and_says_a_change():
    scores = np.where(np.arange(200) < 120, 9, 5)
    found = crmlib.satisfaction(crm_of(feedback=opinions(scores)))
    ax = draw.plot_quarters(found)
    assert not faults_of(ax) and "changed about" in ax.get_title(loc="left").replace("\n", " ")
    steady = draw.plot_quarters(replace(found, change={}))
    assert "no more than chance" in steady.get_title(loc="left").replace("\n", " ")
