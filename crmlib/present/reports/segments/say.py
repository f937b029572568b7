"""What the report on segments says, made from its numbers."""

from math import floor

import numpy as np
import pandas as pd

from crmlib.analyse.segments.choice import FIRST, KEPT, MARGIN_POINTS, STABLE
from crmlib.analyse.segments.groups import GroupComparison
from crmlib.analyse.segments.moves import SegmentMoves
from crmlib.analyse.segments.names import AVERAGE, KEY, KINDS, NO_PURCHASE, PHRASES, TOP, name_of, visible
from crmlib.analyse.segments.preparation import MOST_LEARNT
from crmlib.analyse.segments.segment import Segmentation, late_in_segments
from crmlib.measure.columns import label_of, unit_of
from crmlib.present.claims import (
    STATE_WORDS,
    Claim,
    Fact,
    Family,
    claim,
    clause,
    count,
    date,
    days,
    interval,
    money,
    name,
    names,
    number,
    share,
    times,
)
from crmlib.schema.states import DORMANT, LATE_TIMES, LOST

_NAMES = (
    NO_PURCHASE,
    KEY,
    TOP,
    AVERAGE,
    *(kind.name for kind in KINDS),
    *(phrase for pair in PHRASES.values() for phrase in pair),
)
SEGMENT_WORDS = Family("segment", tuple(dict.fromkeys(one.lower() for one in _NAMES)))
"""What segments are called; one that is named after a figure of the user's own is called by its name."""

RULE_WORDS = Family("segment-rule", SEGMENT_WORDS.members)
CLEAR, SOME = 0.5, 0.3
_CORE = ("spend_total", "order_count", "recency_days")
_TELLING = 0.45


def segment_word(segment: str) -> Fact:
    """What a segment is called, as a fact."""
    known = segment.lower() in SEGMENT_WORDS.members
    return SEGMENT_WORDS.term(segment.lower()) if known else name(segment)


def segment_words(segments: list[str]) -> Fact:
    """Several segments, each in quotation marks."""
    return names(claim("list-quoted", name=segment_word(one)) for one in segments)


def rule_words(segment: str) -> Claim:
    """What the name of a segment means."""
    plain = name_of(segment).lower()
    return RULE_WORDS.claim(plain) if plain in RULE_WORDS.members else claim("segments-rule-own")


def place_of(segment: str) -> str:
    """How a fact selects a segment."""
    return segment.lower().replace("[", "(").replace("]", ")")


def customers_share(segmentation: Segmentation, segment: str) -> Fact:
    """The share of all customers that a segment is."""
    value = segmentation.profile.loc[segment, "share_pct"]
    return share(value, at=f"customers.segment_share[{place_of(segment)}]")


def spend_share(segmentation: Segmentation, segment: str) -> Fact:
    """The share of all spend that a segment brings; not known where spend is not."""
    value = segmentation.profile.get("spend_share_pct", pd.Series(dtype="float64")).get(segment)
    return share(value, at=f"sales.share[segment:{place_of(segment)}]")


def members(segmentation: Segmentation, segment: str) -> Fact:
    """How many customers a segment has."""
    value = int(segmentation.profile.loc[segment, "customers"])
    return count(value, at=f"customers.in_segment[{place_of(segment)}]", part_of="customers.all")


def currency_of(segmentation: Segmentation) -> str:
    """The currency of the indicators that the segments were made from."""
    return segmentation.profile.attrs.get("currency", "")


def figure(segmentation: Segmentation, column: str, value: float) -> Fact:
    """A value of a column in its unit."""
    currency = currency_of(segmentation)
    unit = segmentation.profile.attrs.get("units", {}).get(column) or unit_of(column, currency or "currency")
    if unit in ("currency", currency):
        return money(value, currency)
    return {"%": share, "days": days}.get(unit, number)(value)


def figure_word(column: str) -> Fact:
    """What a column is called within a sentence."""
    label = label_of(column)
    return name(label[:1].lower() + label[1:])


def differences(segmentation: Segmentation) -> pd.DataFrame:
    """Where segments lie against the average customer, without what a reader of the medians would not see."""
    medians = segmentation.profile.loc[segmentation.deviations.index, segmentation.deviations.columns]
    return visible(segmentation.deviations, medians, segmentation.everyone).fillna(0.0)


def segmentation_answer(
    segmentation: Segmentation, indicators: pd.DataFrame, states: pd.Series | None = None
) -> list[Claim]:
    """How many segments there are, what the best bring, and whom to call first."""
    best = segmentation.profile.index[0]
    found = len(segmentation.deviations)
    said = {
        "segments": count(found, at="segments.found"),
        "segment": segment_word(best),
        "share": customers_share(segmentation, best),
    }
    spend = spend_of(segmentation, indicators, best)
    first = claim("segments-answer-largest", **said)
    if "spend_share_pct" in segmentation.profile and spend is not None:
        first = claim(
            "segments-answer-best", spend_share=spend_share(segmentation, best), spend=spend, **said
        )
    return [first, *_weak(segmentation), _first_call(segmentation, indicators, states)]


def segmentation_findings(
    segmentation: Segmentation, indicators: pd.DataFrame, states: pd.Series | None = None
) -> list[Claim]:
    """What the index repeats: where besides the best segment money is at stake, else what the best one is."""
    late = late_in_segments(segmentation, indicators, states).drop(index=NO_PURCHASE, errors="ignore")
    others = late.iloc[1:]
    if len(others) and others["spend"].max() > 0:
        worst = others["spend"].idxmax()
        return [_at_stake(segmentation, worst, others.loc[worst])]
    best = segmentation.profile.index[0]
    said = {"segment": segment_word(best), "share": customers_share(segmentation, best)}
    if "spend_share_pct" not in segmentation.profile:
        return [claim("segments-finding-largest", **said)]
    return [claim("segments-finding-best", spend_share=spend_share(segmentation, best), **said)]


def segments_paragraph(segmentation: Segmentation) -> list[Claim]:
    """In which order the segments stand, and who is in none of those that were found."""
    said = [claim("segments-order")]
    if NO_PURCHASE in segmentation.profile.index:
        said.append(claim("segments-no-purchase", customers=members(segmentation, NO_PURCHASE)))
    return said


def profile_paragraph(segmentation: Segmentation) -> list[Claim]:
    """What tells the segments apart most."""
    said = [_apart(segmentation)]
    profile = segmentation.profile.loc[segmentation.deviations.index]
    if "spend_total" in profile and len(profile) > 1:
        best, least = profile.index[0], profile.index[-1]
        high = figure(segmentation, "spend_total", profile.loc[best, "spend_total"])
        low = figure(segmentation, "spend_total", profile.loc[least, "spend_total"])
        said.append(
            claim(
                "segments-apart-spend", best=segment_word(best), high=high, least=segment_word(least), low=low
            )
        )
    return [*said, claim("segments-apart-table")]


def most_telling(segmentation: Segmentation) -> list[str]:
    """The columns, the one in which segments differ most first."""
    sizes = differences(segmentation).abs().mean().sort_values(ascending=False, kind="stable")
    return list(sizes.index[sizes > 0]) or list(sizes.index[:1])


def like_words(segmentation: Segmentation, segment: str) -> Claim | None:
    """The medians of a segment in the figures that matter, beside those of all customers."""
    if segment not in segmentation.deviations.index:
        return None
    sizes = differences(segmentation).loc[segment].abs().sort_values(ascending=False, kind="stable")
    core = [column for column in _CORE if column in segmentation.deviations]
    telling = [column for column in sizes.index[sizes >= _TELLING] if column not in core][:3]
    parts = [_beside_all(segmentation, segment, column) for column in (*core, *telling)]
    return claim("segments-like", figures=names(parts)) if parts else None


def _beside_all(segmentation: Segmentation, segment: str, column: str) -> Claim:
    values = segmentation.profile.loc[segment, column], segmentation.everyone[column]
    says_days = label_of(column).lower().startswith("days ")
    theirs, everyones = (number(x) if says_days else figure(segmentation, column, x) for x in values)
    return claim("segments-like-figure", figure=figure_word(column), theirs=theirs, all=everyones)


def list_paragraph() -> list[Claim]:
    """What the list of customers is for."""
    return [claim("segments-list", times=times(LATE_TIMES))]


def segmentation_limits(segmentation: Segmentation) -> list[Claim]:
    """What segments cannot say."""
    limits = [claim("segments-limits-past"), claim("segments-limits-near")]
    weak = weak_segments(segmentation)
    if weak:
        limits.append(claim("segments-limits-weak", segments=segment_words(weak), n=count(len(weak))))
    if segmentation.silhouette < SOME:
        limits.append(claim("segments-limits-run-into", separation=number(segmentation.silhouette)))
    if len(segmentation.outliers):
        limits.append(claim("segments-limits-capped", customers=count(len(segmentation.outliers))))
    if len(segmentation.model.labels_) > MOST_LEARNT:
        limits.append(claim("segments-limits-drawn", most=count(MOST_LEARNT)))
    if segmentation.missing:
        limits.append(claim("segments-limits-missing", figures=names(map(figure_word, segmentation.missing))))
    if len(segmentation.dropped):
        figures = names(map(figure_word, segmentation.dropped.index), limit=5)
        limits.append(claim("segments-limits-dropped", figures=figures))
    return [*limits, claim("segments-limits-change")]


def computed_paragraph(segmentation: Segmentation) -> list[Claim]:
    """From what the segments are made, and how their number was chosen."""
    features, tried = segmentation.features, segmentation.candidates["n_segments"]
    made = claim("segments-made-from", n=count(len(features)), figures=names(map(figure_word, features)))
    if tried.nunique() == 1:
        return [made, claim("segments-asked-for", n=count(tried.iloc[0]))]
    return [made, claim("segments-tried", fewest=count(tried.min()), most=count(tried.max()))]


def stability_paragraph(segmentation: Segmentation) -> list[Claim]:
    """How far to trust the segments."""
    weak, needed = weak_segments(segmentation), number(STABLE)
    agreement, low, high = segmentation.stability.attrs["adjusted_rand"]
    least = floor(100 * segmentation.stability["jaccard"].min()) / 100
    said = (
        claim("segments-unstable", segments=segment_words(weak), n=count(len(weak)), needed=needed)
        if weak
        else claim("segments-stable", least=number(least), needed=needed)
    )
    whole = claim(
        "segments-agreement",
        agreement=number(round(agreement, 2)),
        range=interval(round(low, 2), round(high, 2)),
    )
    return [said, whole, _separation(segmentation.silhouette)]


def outstanding(comparison: GroupComparison) -> pd.Series | None:
    """The clear difference that is largest, by ratio to all customers."""
    clear = comparison.table[comparison.table["is_clear"] & (comparison.table["index"] > 0)]
    if clear.empty:
        return None
    return clear.loc[np.log(clear["index"] / 100).abs().idxmax()]


def comparison_paragraph(comparison: GroupComparison) -> list[Claim]:
    """Which group stands out most, and in what."""
    most = outstanding(comparison)
    if most is None:
        return [claim("segments-compare-none", over=name(comparison.over))]
    facts = {"group": segment_word(most["group"]), "value": name(most["value"])}
    all_share = most["share_pct"] / (most["index"] / 100)
    return [claim("segments-compare-most", share=share(most["share_pct"]), all=share(all_share), **facts)]


def moves_paragraph(segmentation: Segmentation, moves: SegmentMoves) -> list[Claim]:
    """Since when, how many moved, which move matters most, and who is new."""
    day, balance = date(moves.since), moves.balance
    buyers = count(int(balance["now"].sum()))
    said = [claim("segments-moved", day=day, moved=count(moves.moved), customers=buyers)]
    if len(moves.table):
        row = moves.table.iloc[0]
        said.append(
            claim(
                "segments-moved-most",
                customers=count(int(row["customers"])),
                spend=money(float(row["spend_365d"]), currency_of(segmentation)),
                was=segment_word(row["from_segment"]),
                now=segment_word(row["to_segment"]),
                why=clause(move_reason(row["figure"], row["change_sd"])),
            )
        )
    joined, left = (int(balance[one].sum()) for one in ("joined", "left"))
    said.append(claim("segments-moved-mix", joined=count(joined), left=count(left)))
    return said


def move_reason(column: str, change: float) -> Claim:
    """Which figure of those who moved changed most."""
    if not column:
        return claim("segments-moved-near")
    return claim(
        "segments-moved-rose" if change > 0 else "segments-moved-fell", figure=name(label_of(column))
    )


def carried_paragraph(segmentation: Segmentation) -> list[Claim]:
    """Whether the segments of the last report were kept, and why."""
    carried = segmentation.carried
    if carried.verdict == FIRST:
        return [claim("segments-carried-first")]
    facts = {
        "kept": share(carried.kept_pct),
        "other": share(carried.new_pct),
        "margin": number(MARGIN_POINTS),
    }
    if carried.verdict == KEPT:
        return [claim("segments-carried-kept", day=date(pd.Timestamp(carried.since)), **facts)]
    if not carried.matched:
        return [claim("segments-carried-other")]
    return [claim("segments-carried-new", same=count(len(carried.matched)), **facts)]


def weak_segments(segmentation: Segmentation) -> list[str]:
    """The segments that do not come back when customers are drawn again."""
    return list(segmentation.stability.index[~segmentation.stability["published"].astype(bool)])


def _apart(segmentation: Segmentation) -> Claim:
    first, *others = most_telling(segmentation)
    if not others:
        return claim("segments-apart", first=figure_word(first))
    return claim("segments-apart-then", first=figure_word(first), then=figure_word(others[0]))


def _separation(silhouette: float) -> Claim:
    shown = number(silhouette)
    if silhouette >= CLEAR:
        return claim("segments-clear", separation=shown)
    return claim("segments-some" if silhouette >= SOME else "segments-blurred", separation=shown)


def _weak(segmentation: Segmentation) -> list[Claim]:
    weak = weak_segments(segmentation)
    return [claim("segments-answer-weak", segments=segment_words(weak))] if weak else []


def spend_of(segmentation: Segmentation, indicators: pd.DataFrame, segment: str) -> Fact | None:
    """Net spend of all customers of a segment, where it is known."""
    if "spend_total" not in indicators:
        return None
    inside = segmentation.labels.index[segmentation.labels == segment]
    spent = indicators["spend_total"].reindex(inside).sum()
    at = f"sales.net_amount[segment:{place_of(segment)}]"
    return money(float(spent), currency_of(segmentation), at=at)


def _first_call(segmentation: Segmentation, indicators: pd.DataFrame, states: pd.Series | None) -> Claim:
    late = late_in_segments(segmentation, indicators, states).drop(index=NO_PURCHASE, errors="ignore")
    called = late.index[late["buying"] > 0]
    if not len(called):
        return claim("segments-answer-keep", segment=segment_word(segmentation.profile.index[0]))
    segment = called[0]
    customers = late_buying(segment, late.loc[segment])
    said = {"customers": customers, "segment": segment_word(segment), "times": times(LATE_TIMES)}
    if states is None:
        return claim("segments-answer-call-all", **said)
    return claim(
        "segments-answer-call", dormant=STATE_WORDS.term(DORMANT), lost=STATE_WORDS.term(LOST), **said
    )


def _at_stake(segmentation: Segmentation, segment: str, row: pd.Series) -> Claim:
    at = f"sales.late_buying[segment:{place_of(segment)}]"
    return claim(
        "segments-finding-at-stake",
        segment=segment_word(segment),
        customers=late_buying(segment, row),
        spend=money(float(row["spend"]), currency_of(segmentation), at=at),
        times=times(LATE_TIMES),
    )


def late_buying(segment: str, row: pd.Series) -> Fact:
    """How many of a segment are late by their usual gap and, where states are known, still buy."""
    at = f"customers.late_buying[segment:{place_of(segment)}]"
    return count(int(row["buying"]), at=at, part_of=f"customers.in_segment[{place_of(segment)}]")
