"""What the report on customers' voice says."""

import numpy as np
import pandas as pd

from crmlib.analyse.voice.satisfaction import WITHIN_DAYS, Satisfaction, is_sure
from crmlib.analyse.voice.sentiment import Sentiment
from crmlib.analyse.voice.themes import THEMES
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
from crmlib.present.reports.leads.say import theme_words

BY_WORDS = Family(
    "voice-by",
    ("product_id", "category", "region", "country", "industry", "order_channel", "value_third"),
)
"""What opinions are told apart by."""

SOURCE_WORDS = Family("voice-source", ("deal_note", "note", "nps", "csat", "review", "complaint", "social"))
"""Where a text comes from."""

_SURE = 0.05


def subject(theme: str) -> Claim | Fact:
    """A theme of complaints; those that speak of none are "other"."""
    return term("voice-theme-other") if theme == "other" and theme not in THEMES else theme_words(theme)


@or_else(lambda missing: [claim("voice-limits-skipped")])
def voice_answer(result: Satisfaction) -> list[Claim]:
    """How satisfied customers are, who is least, and what to do first."""
    first = result.surveys.head(1)
    said = [claim("voice-answer-none")]
    if len(first):
        row = first.iloc[0]
        said = [
            claim(
                "voice-answer-nps", kind=name(row["kind"]), score=number(round(row["score"])),
                likely=interval(row["low"], row["high"]), n=count(row["answers"]),
                weighted=number(_rounded(row["weighted"])),
            )
        ]  # fmt: skip
    low = _sure_groups(result)[lambda t: t["difference"] < 0].head(1)
    said += [
        claim(
            "voice-answer-group",
            by=BY_WORDS.term(row.by),
            value=name(str(row.value)),
            gap=points(-row.difference),
        )
        for row in low.itertuples()
    ]
    waiting = int(result.complaints["open"].sum())
    if waiting:
        return [*said, claim("voice-answer-open", n=count(waiting))]
    if len(result.unhappy):
        return [*said, claim("voice-answer-call", n=count(min(len(result.unhappy), 10)))]
    return [*said, claim("voice-answer-watch")]


@or_else(lambda missing: [])
def voice_findings(result: Satisfaction) -> list[Claim]:
    """The sentences that the index repeats."""
    return [*leaving_paragraph(result)[-1:], *complaints_paragraph(result)[:1]]


@or_else(lambda missing: [])
def change_paragraph(result: Satisfaction) -> list[Claim]:
    """Over time, for whom the answers stand, and how many answer."""
    said, change = [claim("voice-change-none")], result.change
    if is_sure(change):
        parts = {"before": share(change["before_pct"]), "after": share(change["after_pct"])}
        said = [claim("voice-change-sure", day=date(change["changed_on"]), **parts)]
    nps = result.surveys[result.surveys["kind"] == "nps"] if len(result.surveys) else result.surveys
    if len(nps) and nps["weighted"].iloc[0] < nps["low"].iloc[0]:
        row = nps.iloc[0]
        facts = {"weighted": number(_rounded(row["weighted"])), "score": number(_rounded(row["score"]))}
        said.append(claim("voice-weighted", **facts))
    if np.isfinite(result.response_pct):
        said.append(claim("voice-response", share=share(result.response_pct)))
    return said


@or_else(lambda missing: [])
def groups_paragraph(result: Satisfaction) -> list[Claim]:
    """Which groups are less, and which more satisfied than the others, beyond chance."""
    sure, said = _sure_groups(result), []
    for key, part in (("low", sure[sure["difference"] < 0]), ("high", sure[sure["difference"] > 0][::-1])):
        groups = names([_group(row) for row in part.head(3).itertuples()])
        if len(part):
            said.append(
                claim("voice-groups-low", groups=groups)
                if key == "low"
                else claim("voice-groups-high", groups=groups)
            )
    return said or [claim("voice-groups-none")]


@or_else(lambda missing: [])
def complaints_paragraph(result: Satisfaction) -> list[Claim]:
    """What complaints speak of, and who complains again."""
    table = result.complaints[result.complaints["theme"] != "other"]
    said = [claim("voice-complaints-none")]
    if len(table):
        row = table.iloc[0]
        facts = {"n": count(row["complaints"]), "open": count(row["open"])}
        said = [claim("voice-complaints-first", theme=subject(row["theme"]), **facts)]
    if result.again:
        again = result.again
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
def voice_limits(result: Satisfaction) -> list[Claim]:
    """What the figures cannot say."""
    return [
        claim("voice-limits-asked"),
        claim("voice-limits-cause"),
        claim("voice-limits-least", least=count(result.minimum)),
    ]


def _sure_groups(result: Satisfaction) -> pd.DataFrame:
    return result.groups[result.groups["q_value"] <= _SURE]


def _group(row) -> Claim:
    facts = {"by": BY_WORDS.term(row.by), "value": name(str(row.value)), "score": share(row.score_pct)}
    return claim("voice-groups-one", **facts)


def _rounded(value: float) -> float:
    return float(round(value)) if np.isfinite(value) else value
