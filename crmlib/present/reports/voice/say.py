"""What the report on customers' voice says: how satisfied they are, what concerns them, what they look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.stats.tests import SURE
from crmlib.analyse.voice.browsing import BOUGHT_DAYS, Browsing
from crmlib.analyse.voice.concerns import Concerns
from crmlib.analyse.voice.satisfaction import (
    DRIVERS,
    GROUPED_BY,
    UNHAPPY_PCT,
    WITHIN_DAYS,
    Satisfaction,
    is_sure,
)
from crmlib.analyse.voice.sentiment import Sentiment
from crmlib.analyse.voice.themes import THEMES
from crmlib.analyse.voice.words import LANGUAGES
from crmlib.analyse.worklist import Worklist
from crmlib.measure.indicators.catalogue import HEAVY_DISCOUNT_PCT
from crmlib.present import messages
from crmlib.present.blocks import Skipped
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    interval,
    name,
    names,
    number,
    points,
    share,
    term,
)
from crmlib.present.needs import or_else

BY_WORDS = Family("voice-by", GROUPED_BY)
"""What opinions are told apart by."""

THIRD_WORDS = Family("voice-third", ("1", "2", "3"))
DRIVER_WORDS = Family("voice-driver", DRIVERS, facts=("off", "within"))
SOURCE_WORDS = Family("voice-source", ("deal_note", "note", "nps", "csat", "review", "complaint", "social"))
"""Where a text comes from."""

THEME_WORDS = Family("voice-theme", THEMES)
"""What customers talk about."""

LANGUAGE_WORDS = Family("voice-language", (*LANGUAGES.values(), "other", "several"))


def subject(theme: str) -> Claim | Fact:
    """A theme of complaints; those that speak of none are "other"."""
    return term("voice-theme-other") if theme == "other" and theme not in THEMES else theme_words(theme)


def group_words(by: str, value: Any, products: Mapping[str, str] | None = None) -> Claim | Fact:
    """A group of customers or opinions, as one would say it."""
    if by == "value_third":
        return THIRD_WORDS.term(str(int(value)))
    if by == "discount":
        return claim("voice-group-discount", off=share(HEAVY_DISCOUNT_PCT))
    return claim("voice-named", name=name((products or {}).get(str(value), str(value))))


def voice_answer(
    result: Satisfaction | Skipped, said: Concerns | Skipped, todo: Worklist | Skipped
) -> list[Claim]:
    """How satisfied customers are, what the lost speak of, and what to do first."""
    told = [_survey_says(result), *_lost_say(said), *_begin(result, todo)]
    return told if len(told) > 1 or not isinstance(result, Skipped) else [claim("voice-answer-nothing")]


def _survey_says(result: Satisfaction | Skipped) -> Claim:
    rows = shown_surveys(result)
    if rows.empty:
        return claim("voice-answer-none")
    row = rows.iloc[0]
    facts = {"score": opinion(row), "likely": _range(row), "n": answers(row)}
    if row["kind"] == "csat":
        return claim("voice-answer-csat", **facts | {"likely": _range(row, "share")})
    if row["weighted"] < row["low"] or row["weighted"] > row["high"]:
        return claim("voice-answer-nps-weighted", weighted=_whole(row["weighted"]), **facts)
    return claim("voice-answer-nps", **facts)


def shown_surveys(result: Satisfaction | Skipped) -> pd.DataFrame:
    """The surveys that enough customers have answered."""
    if isinstance(result, Skipped) or result.surveys.empty:
        return pd.DataFrame(columns=["kind"])
    return result.surveys[result.surveys["customers"] >= result.minimum]


def opinion(row: Any) -> Fact:
    """NPS as a whole number, or the share of the satisfied, of one survey."""
    at = f"feedback.score[{row.kind}]"
    return number(round(row.score), at=at) if row.kind == "nps" else share(row.score, at=at)


def answers(row: Any) -> Fact:
    """How many answered a survey."""
    return count(row.answers, at=f"feedback.answers[{row.kind}]")


def _lost_say(said: Concerns | Skipped) -> list[Claim]:
    sure = pd.DataFrame() if isinstance(said, Skipped) else sure_of_the_lost(said)
    if sure.empty:
        return []
    first = sure.iloc[0]
    facts = {"lost": share(first["lost_share_pct"]), "won": share(first["won_share_pct"])}
    return [claim("voice-answer-lost", topic=theme_words(first["theme"]), **facts)]


def _begin(result: Satisfaction | Skipped, todo: Worklist | Skipped) -> list[Claim]:
    if isinstance(result, Skipped) or isinstance(todo, Skipped) or todo.table.empty:
        return [] if isinstance(result, Skipped) else [claim("voice-answer-watch")]
    waiting = todo.table[todo.table["reason"] == "complaint_open"]
    first = name((waiting if len(waiting) else todo.table)["customer_id"].iloc[0])
    if len(waiting):
        return [claim("voice-answer-open", n=count(len(waiting)), customer=first)]
    return [claim("voice-answer-call", n=count(len(todo.table)), customer=first)]


@or_else(lambda missing: [])
def voice_findings(result: Satisfaction) -> list[Claim]:
    """The sentences that the index repeats: what is surely so."""
    sure = ("voice-drivers-less", "voice-drivers-more", "voice-leaving-sure", "voice-complaints-first")
    found = [
        *drivers_paragraph(result)[:1],
        *leaving_paragraph(result)[-1:],
        *complaints_paragraph(result)[:1],
    ]
    return [one for one in found if one.key in sure]


@or_else(lambda missing: [])
def change_paragraph(result: Satisfaction) -> list[Claim]:
    """Over time, for whom the answers stand, and how many answer."""
    said, change = [], result.change
    if is_sure(change):
        parts = {"before": share(change["before_pct"]), "after": share(change["after_pct"])}
        said = [claim("voice-change-sure", day=date(change["changed_on"]), **parts)]
    if not change:
        said = [claim("voice-change-unknown")]
    if np.isfinite(result.response_pct):
        said.append(claim("voice-response", share=share(result.response_pct)))
    return said


@or_else(lambda missing: [])
def concerns_do(result: Concerns) -> list[Claim]:
    """What to do about what the lost speak of."""
    return [
        claim("voice-topics-do", topic=theme_words(row.theme), open=share(row.open_deals_pct))
        for row in sure_of_the_lost(result).head(1).itertuples()
        if np.isfinite(row.open_deals_pct)
    ]


@or_else(lambda missing: [])
def groups_paragraph(result: Satisfaction, products: Mapping[str, str] | None = None) -> list[Claim]:
    """Which groups are less, and which more satisfied than the others, beyond chance."""
    sure, said = _sure_groups(result), []
    low, high = sure[sure["difference"] < 0], sure[sure["difference"] > 0][::-1]
    if len(low):
        said.append(claim("voice-groups-low", groups=_listed(low, products)))
    if len(high):
        said.append(claim("voice-groups-high", groups=_listed(high, products)))
    return said or [claim("voice-groups-none")]


@or_else(lambda missing: [])
def drivers_paragraph(result: Satisfaction) -> list[Claim]:
    """What goes along with a lower or higher score once customers are alike in the rest."""
    table = result.drivers
    sure = table[table["q_value"] <= SURE]
    if sure.empty:
        return [claim("voice-drivers-none")] if len(table) else []
    said = []
    for row in sure.itertuples():
        who = DRIVER_WORDS.claim(row.driver, off=share(HEAVY_DISCOUNT_PCT), within=days(WITHIN_DAYS))
        ends = sorted((abs(row.low), abs(row.high)))
        facts = {"who": who, "gap": points(abs(row.effect)), "likely": interval(*ends, "points")}
        said.append(
            claim("voice-drivers-less", **facts) if row.effect < 0 else claim("voice-drivers-more", **facts)
        )
    return said


@or_else(lambda missing: [])
def call_paragraph(result: Satisfaction) -> list[Claim]:
    """How many wait for an answer, and how many gave a low score."""
    reasons = result.to_call["reason"].value_counts()
    if reasons.empty:
        return []
    waiting, unhappy = (count(int(reasons.get(key, 0))) for key in ("complaint_open", "unhappy"))
    said = [claim("voice-call", waiting=waiting, unhappy=unhappy, least=share(UNHAPPY_PCT))]
    old = int((result.to_call["reason"].eq("complaint_open") & result.to_call["waited_days"].gt(365)).sum())
    return [*said, claim("voice-call-old", n=count(old))] if old else said


@or_else(lambda missing: [])
def complaints_paragraph(result: Satisfaction) -> list[Claim]:
    """What complaints speak of, how long they take, and who complains again."""
    table = result.complaints[result.complaints["theme"] != "other"]
    said = [claim("voice-complaints-none")]
    if len(table):
        row = table.iloc[0]
        facts = {
            "n": count(row["complaints"]),
            "open": count(row["open"]),
            "time": days(row["resolved_days"]),
        }
        said = [claim("voice-complaints-first", theme=subject(row["theme"]), **facts)]
    again = result.again
    if again and again["complainers"] >= result.minimum:
        said.append(
            claim(
                "voice-complaints-again", n=count(again["complainers"]), share=share(again["again_pct"]),
                within=days(WITHIN_DAYS), likely=interval(again["low"], again["high"], "share"),
            )
        )  # fmt: skip
    return said


@or_else(lambda missing: [])
def leaving_paragraph(result: Satisfaction) -> list[Claim]:
    """Whether a bad score foretells leaving."""
    gap, low, high = result.leaving_gap
    rows = result.leaving.set_index("mood")
    if not np.isfinite(gap) or rows["customers"].min() < result.minimum:
        return [claim("voice-leaving-none")]
    bad, other = rows.loc["unhappy"], rows.loc["others"]
    said = claim(
        "voice-leaving", bad=count(bad["customers"]), gone=share(bad["gone_pct"]), within=days(WITHIN_DAYS),
        other=share(other["gone_pct"]),
    )  # fmt: skip
    likely = interval(low, high, "points")
    if low > 0:
        return [said, claim("voice-leaving-sure", gap=points(gap), likely=likely)]
    return [said, claim("voice-leaving-unsure", likely=likely)]


def posts_paragraph(mood: Sentiment | Skipped, sources: pd.DataFrame) -> list[Claim]:
    """How reviews and social posts sound, and what they speak of most."""
    read, said = pd.DataFrame(columns=["source"]) if isinstance(mood, Skipped) else mood.table, []
    for source in ("review", "social"):
        kind, spoken = SOURCE_WORDS.term(source), sources[sources["source"] == source].head(3)
        for row in read[read["source"] == source].itertuples():
            facts = {"n": count(row.texts), "unhappy": share(row.unhappy_pct)}
            said.append(claim("voice-posts", kind=kind, likely=interval(row.low, row.high, "share"), **facts))
        parts = [(theme_words(row.theme), share(row.share_pct)) for row in spoken.itertuples()]
        if parts:
            themes = names(claim("voice-posts-theme", theme=theme, share=part) for theme, part in parts)
            said.append(claim("voice-posts-speak", kind=kind, themes=themes))
    return said


@or_else(lambda missing: [])
def attitude_paragraph(result: Sentiment) -> list[Claim]:
    """How well attitude can be read from words."""
    if not result.tested:
        return [claim("voice-attitude-none")]
    tested = result.tested
    facts = {
        "right": share(tested["accuracy_pct"]), "n": count(tested["texts"]), "plain": share(tested["majority_pct"]),
        "likely": interval(tested["low"], tested["high"], "share"),
    }  # fmt: skip
    return [
        claim("voice-attitude-earned", **facts) if result.earned else claim("voice-attitude-refused", **facts)
    ]


@or_else(lambda missing: [])
def looks_paragraph(result: Browsing, products: Mapping[str, str]) -> list[Claim]:
    """From look to cart to order, and what is looked at and not bought."""
    if result.funnel.empty:
        return []
    row = result.funnel.iloc[0]
    within = days(BOUGHT_DAYS)
    said = [
        claim(
            "voice-looks", n=count(row["looks"]), cart=share(row["cart_pct"]), order=share(row["order_pct"]),
            likely=_range(row, "share"), within=within,
        )
    ]  # fmt: skip
    left = result.products[result.products["is_left"]]
    if left.empty:
        return [*said, claim("voice-looks-none")]
    first = left.iloc[0]
    facts = {
        "order": share(first["order_pct"]),
        "rest": share(first["rest_pct"]),
        "looks": count(first["looks"]),
    }
    product = group_words("product_id", first["product_id"], products)
    return [*said, claim("voice-looks-left", n=count(len(left)), product=product, **facts)]


def voice_limits(
    result: Satisfaction | Skipped,
    said: Concerns | Skipped,
    looks: Browsing | Skipped,
    posts: list[Claim],
) -> list[Claim]:
    """What is missing, and what the figures cannot say."""
    missing, told = [], []
    if isinstance(result, Skipped):
        missing.append(claim("voice-limits-no-feedback"))
    else:
        least = claim("voice-limits-least", least=count(result.minimum))
        told += [claim("voice-limits-asked"), claim("voice-limits-cause"), least]
        missing += [] if posts else [claim("voice-limits-no-posts")]
    if isinstance(said, Skipped):
        missing.append(claim("voice-limits-no-deals"))
    else:
        told += concerns_limits(said)
    if isinstance(looks, Skipped):
        missing.append(claim("voice-limits-no-looks"))
    else:
        told.append(claim("voice-limits-looks", unknown=share(looks.unknown_pct)))
        told += [] if looks.by_campaign else [claim("voice-limits-no-campaign")]
    return [*missing, *told]


def _sure_groups(result: Satisfaction) -> pd.DataFrame:
    return result.groups[result.groups["q_value"] <= SURE]


def _listed(rows: pd.DataFrame, products: Mapping[str, str] | None) -> Fact:
    said = [
        claim("voice-groups-one", group=group_words(row.by, row.value, products), score=share(row.score_pct))
        for row in rows.head(3).itertuples()
    ]
    return names(said)


def _whole(value: float) -> Fact:
    return number(round(value) if np.isfinite(value) else None)


def _range(row: Any, kind: str = "number") -> Fact:
    low, high = row["low"], row["high"]
    return interval(low, high, kind) if kind != "number" else interval(round(low), round(high))


@or_else(lambda missing: [])
def concerns_paragraph(result: Concerns) -> list[Claim]:
    """What notes of lost deals speak of more than those of won ones, what is on the rise, and what is no theme yet."""
    if result.themes.empty:
        return [_no_topics(result)]
    rising = result.themes[result.themes["trend"] == "rising"]["theme"].head(3)
    said = of_the_lost(result)
    if len(rising):
        topics = names([theme_words(theme) for theme in rising])
        said.append(
            claim("voice-topics-rising", recent=days(result.recent_days), topics=topics, n=count(len(rising)))
        )
    fresh = readable(result.topics[result.topics["difference"] > 0])["topic"].head(3)
    if len(fresh):
        said.append(claim("voice-topics-fresh", topics=names(fresh)))
    return [*said, _languages(result)]


def concerns_limits(result: Concerns) -> list[Claim]:
    """What the words of notes cannot say."""
    said = [
        claim("voice-limits-words", least=count(result.minimum)),
        claim("voice-limits-topics"),
        claim("voice-limits-written"),
    ]
    for language, notes in result.left_out.items():
        said.append(
            claim("voice-limits-not-read", notes=count(notes), language=LANGUAGE_WORDS.term(language))
        )
    return said


def topic_sentence(row: Any) -> Claim:
    """A topic, as one would say it."""
    facts = {
        "topic": theme_words(row["theme"]),
        "lost": share(row["lost_share_pct"]),
        "won": share(row["won_share_pct"]),
        "gap": points(abs(row["difference"])),
    }
    return claim("voice-topic", **facts) if row["difference"] >= 0 else claim("voice-topic-less", **facts)


def readable(topics: pd.DataFrame) -> pd.DataFrame:
    """The topics in the language of the page, which its readers can read."""
    spoken = LANGUAGES.get(messages.language().split("-")[0], "")
    return topics[topics["language"].isin([spoken, "other"])]


def sure_of_the_lost(result: Concerns) -> pd.DataFrame:
    """The themes that notes of lost deals surely speak of more."""
    return result.themes[(result.themes["q_value"] <= SURE) & (result.themes["difference"] > 0)]


def of_the_lost(result: Concerns) -> list[Claim]:
    """What notes of lost deals speak of more than those of won ones."""
    sure = sure_of_the_lost(result)
    if sure.empty:
        return [claim("voice-topics-none-sure")]
    first = sure.iloc[0]
    shares = {"lost": share(first["lost_share_pct"]), "won": share(first["won_share_pct"])}
    said = [claim("voice-topics-lost", topic=theme_words(first["theme"]), **shares)]
    if len(sure) > 1:
        said.append(
            claim("voice-topics-others", topics=names([_theme_shares(row) for row in sure[1:4].itertuples()]))
        )
    return said


def _theme_shares(row: Any) -> Claim:
    shares = {"lost": share(row.lost_share_pct), "won": share(row.won_share_pct)}
    return claim("voice-topics-shares", topic=theme_words(row.theme), **shares)


def theme_words(theme: str) -> Claim | Fact:
    """A theme in the words of the page; one that the workspace added by the name it has there."""
    return THEME_WORDS.term(theme) if theme in THEMES else claim("voice-named", name=name(theme))


def _no_topics(result: Concerns) -> Claim:
    if result.deals.empty:
        return claim("voice-topics-none-kept")
    return claim("voice-topics-too-few", least=count(result.minimum))


def _languages(result: Concerns) -> Claim:
    parts = [
        claim("voice-topics-notes", n=count(row.notes), language=LANGUAGE_WORDS.term(row.language))
        for row in result.deals.itertuples()
    ]
    return claim("voice-topics-read", notes=names(parts))
