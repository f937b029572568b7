"""What notes speak of: counted anew by hand, in five languages, and nothing that one customer alone said."""

import random

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from crmlib.analyse.voice import words as concern_words
from crmlib.analyse.voice.concerns import concerns
from crmlib.analyse.voice.topics import difference_of_note_shares
from crmlib.analyse.voice.words import languages_of, masked, shareable_words, words_of
from crmlib.measure.deals.contacts import deal_notes
from crmlib.prepare.crm import Crm
from crmlib.present.reports.voice.draw import plot_topics
from crmlib.present.reports.voice.say import concerns_limits
from crmlib.present.reports.voice.show import terms_table, themes_table, topics_table
from crmlib.schema.errors import ParameterError
from tests.present.drawn import faults_of

SAID = {
    "English": ("the price is much too high", "the delivery takes weeks", "they like the service"),
    "German": ("der Preis ist zu hoch", "die Lieferung dauert lange", "der Service ist gut"),
    "Chinese": ("价格太高了，预算不够", "交货时间太长", "服务质量很好"),
    "Japanese": ("価格が高いと言っています", "納期が長いのが心配です", "サービスの品質が良い"),
}
SHARES = {"lost": (0.7, 0.3, 0.1), "open": (0.3, 0.3, 0.3), "won": (0.1, 0.3, 0.6)}


def secret(i):
    return "secret" + "".join("abcdefghij"[int(digit)] for digit in str(i))


def company(*, deals=240, seed=3, more=()):
    """Deals with two notes each; what is said depends on what becomes of the deal."""
    rng = random.Random(seed)
    rows, notes = [], []
    for i in range(deals):
        outcome = ("lost", "open", "won")[i % 3]
        language = list(SAID)[i % 4]
        rows.append({"opportunity_id": f"d{i}", "customer_id": f"c{i}", "stage": "x", "outcome": outcome,
                     "created_at": f"2023-{1 + i % 12:02}-01", "closed_at": None if outcome == "open" else "2024-03-01",
                     "lost_reason": rng.choice(["Price", "price ", "Timing"]) if outcome == "lost" else None,
                     "amount": 100.0})  # fmt: skip
        for k in range(2):
            (said,) = rng.choices(SAID[language], SHARES[outcome])
            notes.append(
                (
                    f"d{i}",
                    f"c{i}",
                    f"2024-0{1 + k}-15",
                    f"{said} {secret(i)} ann{i}@x.org 030 0123 45 {i:03} codename{i}",
                )
            )
    notes += more
    frame = pd.DataFrame(notes, columns=["opportunity_id", "customer_id", "happened_at", "notes"])
    frame["interaction_id"] = [str(i) for i in range(len(frame))]
    return {"opportunities": pd.DataFrame(rows), "interactions": frame}


@pytest.fixture(scope="module")
def found():
    return concerns(Crm.from_frames(as_of="2024-06-30", **company()))


def test_the_shares_of_a_word_are_those_that_a_plain_count_gives(found):
    frames = company()
    joined = frames["interactions"].merge(frames["opportunities"][["opportunity_id", "outcome"]])
    english = joined[joined["customer_id"].str[1:].astype(int) % 4 == 0]
    speaks = english["notes"].str.contains("price")
    row = found.terms.set_index("term").loc["price"]
    assert row["deals"] == english.loc[speaks, "opportunity_id"].nunique()
    for name in SHARES:
        assert row[f"{name}_share_pct"] == pytest.approx(100 * speaks[english["outcome"] == name].mean())
    assert row["low"] < row["difference"] < row["high"] <= 100


def test_errors_are_those_of_a_regression_with_clusters():
    rng = np.random.default_rng(5)
    deals = rng.integers(0, 300, 2_000)
    lost = rng.random(300) < 0.5
    held = rng.random(2_000) < 0.2 + 0.3 * rng.random(300)[deals] + 0.1 * lost[deals]
    gap, error, p_value = difference_of_note_shares(held[:, None], deals, lost[deals], ~lost[deals])
    fit = sm.OLS(held.astype(float), sm.add_constant(lost[deals].astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": deals}
    )
    assert gap[0] == pytest.approx(fit.params[1])
    assert error[0] == pytest.approx(fit.bse[1], rel=0.01)
    assert p_value[0] == pytest.approx(fit.pvalues[1], rel=0.1)


def test_deals_with_many_notes_do_not_seem_to_speak_of_everything():
    """Won deals have four times the notes, and say nothing different."""
    rng = np.random.default_rng(1)
    claimed = 0
    for _ in range(40):
        deals = np.concatenate([np.arange(60), np.repeat(np.arange(60, 120), 4)])
        won = deals >= 60
        held = rng.random((len(deals), 5)) < 0.3
        claimed += (difference_of_note_shares(held, deals, ~won, won)[2] <= 0.05).sum()
    assert claimed <= 20


def test_what_lost_deals_speak_of_is_found_in_every_language(found):
    first = {language: part.iloc[0] for language, part in found.languages.groupby("language", sort=False)}
    assert set(first) == set(SAID)
    assert all(row["theme"] in ("price", "budget") and row["difference"] > 20 for row in first.values())
    price = found.languages[found.languages["theme"] == "price"]
    assert set(price["language"]) == set(SAID) and (price["difference"] > 20).all()
    assert not faults_of(plot_topics(found))
    assert (found.themes["difference"].diff().dropna() <= 0).all()


def test_the_same_concern_is_one_theme_in_all_languages_counted_by_hand(found):
    frames = company()
    joined = frames["interactions"].merge(frames["opportunities"][["opportunity_id", "outcome"]])
    speaks = joined["notes"].str.contains("price|Preis|价格|価格")
    row = found.themes.set_index("theme").loc["price"]
    assert found.themes["theme"].is_unique and row["deals"] == joined.loc[speaks, "opportunity_id"].nunique()
    by_deal = speaks.groupby(joined["opportunity_id"]).any()
    outcome = frames["opportunities"].set_index("opportunity_id")["outcome"]
    for name in SHARES:
        assert row[f"{name}_share_pct"] == pytest.approx(100 * speaks[joined["outcome"] == name].mean())
        assert row[f"{name}_deals_pct"] == pytest.approx(100 * by_deal[outcome == name].mean())
        assert row[f"{name}_low"] < row[f"{name}_share_pct"] < row[f"{name}_high"]
    assert themes_table(found).frame["theme"].tolist()[0].isascii()


def test_what_one_customer_alone_said_is_nowhere(found):
    words = "".join(
        frame.to_csv()
        for frame in (found.themes, found.languages, found.topics, found.terms, found.examples, found.reasons)
    )
    assert (
        "secret" not in words and "@" not in words and "0123" not in words and "ann" not in words.split(",")
    )
    assert "…" in "".join(found.examples["example"])


def test_names_are_never_shown_however_often_they_are_said():
    frames = company(more=[("d0", f"c{i}", "2024-02-01", "Greta Garbo likes the price") for i in range(30)])
    people = pd.DataFrame({"employee_id": ["e"], "name": ["Greta Garbo"]})
    without = concerns(Crm.from_frames(as_of="2024-06-30", **frames))
    told = concerns(Crm.from_frames(as_of="2024-06-30", employees=people, **frames))
    assert "greta" in set(without.terms["term"]), "it would be shown if nobody were called that"
    assert not [term for term in told.terms["term"] if "greta" in term or "garbo" in term]
    assert not told.examples["example"].str.contains("greta|garbo", case=False).any()


@pytest.mark.parametrize("detector", ["installed", "missing"])
def test_each_note_has_its_language(detector, monkeypatch):
    if detector == "missing":
        monkeypatch.setattr(concern_words, "_detector", lambda: None)
    notes = [said for three in SAID.values() for said in three]
    assert languages_of(notes) == [language for language, three in SAID.items() for _ in three]


def test_a_word_that_is_somebodys_name_stays_where_it_is_written_small():
    notes = ["the price, says Price"] + ["a price"] * 9
    allowed = shareable_words([words_of(note, "English") for note in notes], pd.Series(range(10)), texts=notes,
                              names=["Tom Price"], minimum=10)  # fmt: skip
    assert "price" in allowed


def test_what_was_noted_after_the_close_or_later_than_as_of_changes_nothing(found):
    late = [("d0", "c0", "2024-03-02", "the price again"), ("d1", "c1", "2024-12-24", "the price at last")]
    again = concerns(Crm.from_frames(as_of="2024-06-30", **company(more=late)))
    pd.testing.assert_frame_equal(again.themes, found.themes)
    pd.testing.assert_frame_equal(again.topics, found.topics)
    pd.testing.assert_frame_equal(again.terms, found.terms)


def test_reasons_are_counted_whatever_their_spelling_and_rare_ones_together():
    frames = company()
    deals = frames["opportunities"]
    deals.loc[deals.index[deals["outcome"] == "lost"][:3], "lost_reason"] = ["<b>x</b>", "y", None]
    found = concerns(Crm.from_frames(as_of="2024-06-30", **frames))
    lost = deals.loc[deals["outcome"] == "lost", "lost_reason"].str.strip().str.lower()
    table = found.reasons.set_index(found.reasons["reason"].str.lower())
    assert table.loc["price", "deals"] == (lost == "price").sum()
    assert table.loc["timing", "deals"] == (lost == "timing").sum()
    assert table.loc["other", "deals"] == 2 and found.reasons["reason"].iloc[-1] == "other"
    assert found.reasons_known_pct == pytest.approx(100 * lost.notna().mean())
    assert table.loc["price", "amount"] == 100 * table.loc["price", "deals"]


def test_a_topic_that_comes_up_is_rising():
    frames = company(deals=300)
    notes = frames["interactions"]
    notes["happened_at"] = np.where(np.arange(len(notes)) % 2, "2023-01-15", "2024-02-20")
    early = notes["happened_at"] == "2023-01-15"
    notes.loc[early, "notes"] = notes.loc[early, "notes"].str.replace("delivery", "service")
    found = concerns(Crm.from_frames(as_of="2024-06-30", **frames)).terms
    trend = found[found["language"] == "English"].set_index("term")["trend"]
    assert (trend["delivery"], trend["service"], trend["takes"]) == ("rising", "falling", "steady")


def test_notes_that_cannot_be_read_are_counted_and_the_rest_goes_on(monkeypatch):
    def missing():
        raise ImportError("no such package")

    monkeypatch.setattr(concern_words, "_japanese", missing)
    found = concerns(Crm.from_frames(as_of="2024-06-30", **company()))
    assert found.left_out == {"Japanese": 120}
    said = next(one for one in concerns_limits(found) if one.key == "voice-limits-not-read")
    assert str(said).replace("\u00a0", " ").startswith("120 notes in Japanese were not read")
    assert "Japanese" not in set(found.languages["language"]) and len(found.themes)


@pytest.mark.parametrize("lack", ["interactions", "notes", "few"])
def test_without_notes_there_are_no_topics_and_nothing_fails(lack):
    frames = company(deals=12 if lack == "few" else 60)
    if lack == "interactions":
        del frames["interactions"]
    if lack == "notes":
        frames["interactions"] = frames["interactions"].drop(columns="notes")
    found = concerns(Crm.from_frames(as_of="2024-06-30", **frames))
    assert found.themes.empty and found.languages.empty
    assert found.topics.empty and found.terms.empty and found.examples.empty
    assert "No picture" in plot_topics(found).crmlib_alt
    assert terms_table(found) is None and topics_table(found) is None and themes_table(found) is None


def test_the_table_of_words_shows_each_with_its_shares(found):
    text = terms_table(found)._text()
    line = next(line for line in text.splitlines() if line.split()[:1] == ["price"])
    row = found.terms.set_index("term").loc["price"]
    shares = [f"{row[name]:.1f}" for name in ("lost_share_pct", "won_share_pct", "difference")]
    assert line.split()[1:6] == ["English", str(row["deals"]), *shares]
    assert terms_table(found).frame["term"].tolist() == found.terms["term"].tolist()


def test_without_reasons_there_is_no_table():
    frames = company()
    frames["opportunities"] = frames["opportunities"].drop(columns=["lost_reason", "amount"])
    found = concerns(Crm.from_frames(as_of="2024-06-30", **frames))
    assert found.reasons.empty and np.isnan(found.reasons_known_pct)


def test_html_and_formulas_in_notes_do_no_harm():
    text = '<script>alert("price")</script> =HYPERLINK("x") the price'
    assert words_of(text, "English") == [
        "script",
        "alert",
        "price",
        "script",
        "hyperlink",
        "x",
        "the",
        "price",
    ]
    assert masked(text, "English", {"price", "the"}) == "… price … the price"


def test_the_same_notes_in_another_order_say_the_same(found):
    frames = company()
    frames["interactions"] = frames["interactions"].sample(frac=1, random_state=1)
    again = concerns(Crm.from_frames(as_of="2024-06-30", **frames))
    pd.testing.assert_frame_equal(again.terms, found.terms)


def test_a_number_below_one_is_refused():
    with pytest.raises(ParameterError, match="most_topics must be 1 or more"):
        concerns(Crm.from_frames(as_of="2024-06-30", **company(deals=3)), most_topics=0)


def test_only_the_latest_notes_are_read():
    notes = deal_notes(Crm.from_frames(as_of="2024-06-30", **company(deals=12)), most=5)
    assert len(notes) == 5 and notes["happened_at"].is_monotonic_decreasing
