"""One list of themes for all languages: its words are found, a workspace adds its own, nothing looks ahead."""

import numpy as np
import pandas as pd
import pytest

import crmlib
from crmlib.analyse.voice.themes import make_lexicon, small_talk, speaks_of, themes_by_source, within_a_theme
from crmlib.analyse.voice.words import LANGUAGES
from crmlib.prepare.config.read import load_config
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import ConfigError, ParameterError
from tests.analyse.voice.test_concerns import company

SAYINGS = {
    "price": {"English": "It is too expensive.", "German": "Das ist zu teuer.", "French": "C'est trop cher.",
              "Spanish": "El precio es alto.", "Chinese": "价格太高。", "Japanese": "値段が高い。"},
    "budget": {"English": "No funding this year.", "German": "Das Budget fehlt uns.", "French": "Pas de budget.",
               "Spanish": "Sin presupuesto.", "Chinese": "没有预算。", "Japanese": "予算がない。"},
    "competitor": {"English": "They talk to a rival.", "German": "Die Konkurrenz war da.",
                   "French": "Un concurrent est venu.", "Spanish": "La competencia vino.",
                   "Chinese": "竞争对手来过。", "Japanese": "競合が来た。"},
    "trust": {"English": "They do not trust us.", "German": "Das Vertrauen fehlt.", "French": "Plus de confiance.",
              "Spanish": "No hay confianza.", "Chinese": "不信任我们。", "Japanese": "信頼がない。"},
}  # fmt: skip


def said(text, language, lexicon=None):
    lexicon = lexicon or make_lexicon({})
    row = lexicon.themes_of(lexicon.keywords_in([text], [language]))[0]
    return {theme for theme, on in zip(lexicon.themes, row, strict=True) if on}


@pytest.mark.parametrize("theme", SAYINGS)
def test_a_theme_is_found_in_six_languages(theme):
    assert set(SAYINGS[theme]) == set(LANGUAGES.values())
    for language, text in SAYINGS[theme].items():
        assert theme in said(text, language), language


def test_words_are_whole_words_and_small_talk_is_no_theme():
    assert said("They were pricked by a rosebud.", "English") == set()
    assert said("Had a good talk about the project, sent the documents.", "English") == set()
    assert said("Price list please", "other") == {"price"}


def test_a_workspace_adds_words_and_themes(tmp_path):
    text = 'name = "x"\ncurrency = "EUR"\n[tables.transactions]\nfrom = "x.csv"\n'
    text += '[voice.themes.carbon]\nen = ["footprint*"]\n'
    (tmp_path / "crm.toml").write_text(text + '[voice.themes.price]\nen = ["dosh"]\n')
    lexicon = make_lexicon(load_config(tmp_path).voice.themes)
    assert said("Their footprints matter", "English", lexicon) == {"carbon"}
    assert said("Not enough dosh, price!", "English", lexicon) == {"price"}
    assert said("The price", "English", lexicon) == {"price"}
    (tmp_path / "crm.toml").write_text(text.replace("en =", "xx ="))
    with pytest.raises(ConfigError, match="voice"):
        load_config(tmp_path)
    with pytest.raises(ParameterError, match="xx"):
        make_lexicon({"carbon": {"xx": ["a"]}})


def test_a_pattern_of_a_workspace_is_no_regular_expression():
    assert said("anything", "English", make_lexicon({"own": {"en": [".*", "(", "*"]}})) == set()


def test_who_speaks_of_what_is_that_of_a_plain_count():
    frames = company(deals=60)
    crm = Crm.from_frames(as_of="2024-06-30", **frames)
    found = speaks_of(crm, by="opportunity_id").query("theme == 'price'").set_index("opportunity_id")
    notes = frames["interactions"].assign(on=lambda t: t["notes"].str.contains("price|Preis|价格|価格"))
    assert found["texts"].to_dict() == notes[notes["on"]].groupby("opportunity_id").size().to_dict()
    outcome = frames["opportunities"].set_index("opportunity_id")["outcome"][sorted(found.index)]
    decided = outcome[outcome != "open"]
    assert found["decided"].iloc[0] == len(decided)
    assert found["won_pct"].iloc[0] == pytest.approx(100 * (decided == "won").mean())
    assert found["won_low"].iloc[0] < found["won_pct"].iloc[0] < found["won_high"].iloc[0]


def test_nothing_looks_ahead_and_a_note_after_the_close_is_not_read():
    late = [("d0", "c0", "2024-03-02", "the price again"), ("d1", "c1", "2024-12-24", "the price at last")]
    before, after = (
        speaks_of(Crm.from_frames(as_of="2024-06-30", **company(deals=12, more=more))) for more in ((), late)
    )
    pd.testing.assert_frame_equal(before, after)


def test_feedback_and_notes_without_a_deal_are_read_too():
    frames = company(deals=12)
    calls = pd.DataFrame({"interaction_id": ["n"], "customer_id": ["c1"], "happened_at": ["2024-02-02"],
                          "notes": ["our budget is frozen"]})  # fmt: skip
    opinion = pd.DataFrame({"feedback_id": ["f"], "customer_id": ["c9"], "given_at": ["2024-05-01"],
                            "kind": ["review"], "text": ["the delivery was late"]})  # fmt: skip
    crm = Crm.from_frames(
        as_of="2024-06-30", opportunities=frames["opportunities"], interactions=calls, feedback=opinion
    )
    assert speaks_of(crm)[["customer_id", "theme"]].values.tolist() == [["c9", "delivery"], ["c1", "budget"]]
    assert themes_by_source(crm, least=1)[["source", "theme", "of"]].values.tolist() == [
        ["note", "budget", 1],
        ["review", "delivery", 1],
    ]
    nobody = speaks_of(Crm.from_frames(as_of="2024-06-30", opportunities=frames["opportunities"]))
    assert nobody.empty and "won_pct" in nobody


def test_small_talk_is_what_lost_and_won_share_alike():
    table = pd.DataFrame({"lost_share_pct": [12.0, 12.0, 0.4], "won_share_pct": [11.0, 4.0, 0.3],
                          "low": [-2.0, 5.0, -1.0], "high": [4.0, 11.0, 1.2]})  # fmt: skip
    assert small_talk(table).tolist() == [True, False, False]


def test_a_topic_within_one_theme_is_no_news():
    weights = np.array([[1, 0], [1, 1], [1, 1], [0, 1.0]])
    spoken = np.array([[True, False], [True, False], [True, False], [False, False]])
    assert within_a_theme(weights, spoken, share=0.7).tolist() == [True, False]


def test_the_shelf_has_it_and_refuses_another_column():
    with pytest.raises(ParameterError, match="customer_id or opportunity_id"):
        crmlib.speaks_of(Crm.from_frames(as_of="2024-06-30", **company(deals=3)), by="owner_id")
