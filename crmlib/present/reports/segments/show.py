"""Key figures and tables of the report on segments."""

from typing import Any

import pandas as pd

from crmlib.analyse.segments.choice import STABLE
from crmlib.analyse.segments.moves import SegmentMoves, segment_meetings
from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.segment import Segmentation, late_in_segments, segment_advice, segment_list
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.claims import STATE_WORDS, Family, claim, count, date, name, names, number, share, times
from crmlib.present.numbers import capital
from crmlib.present.reports.segments.say import (
    currency_of,
    late_buying,
    like_words,
    members,
    move_reason,
    rule_words,
    segment_word,
    spend_of,
    spend_share,
)
from crmlib.schema.states import DORMANT, LATE_TIMES, LOST

ADVICE_WORDS = Family(
    "advice",
    (
        *("keep", "call", "grow", "remind", "ask_back", "second", "let_be", "invite"),
        *("see_to_margin", "see_to_returns"),
    ),
)
METHOD_WORDS = Family("segments-method", ("kmeans", "mixture"))
VERDICT_WORDS = Family(
    "segments-verdict", ("finest", "best", "found", "sketch", "rejected", "holds_up"), facts=("why",)
)
WHY_WORDS = Family(
    "segments-why",
    (
        *("too_small", "not_stable", "mixed_up"),
        *("describes_less", "overlaps_more", "less_stable", "less_detail", "no_better"),
    ),
    facts=("smallest", "overlap", "needed"),
)


def segmentation_figures(
    segmentation: Segmentation, indicators: pd.DataFrame, states: pd.Series | None = None
) -> KeyFigures:
    """Segments, customers, what the best segment brings, and how many of it are late and not yet dormant."""
    profile, best = segmentation.profile, segmentation.profile.index[0]
    nobody = int(profile["customers"].get(NO_PURCHASE, 0))
    figures = [
        KeyFigure(
            claim("segments-figure-segments"), count(len(segmentation.deviations), at="segments.found")
        ),
        KeyFigure(
            claim("segments-figure-customers"),
            count(int(profile["customers"].sum()), at="customers.all"),
            note=claim("segments-figure-without-purchase", customers=members(segmentation, NO_PURCHASE))
            if nobody
            else "",
        ),
    ]
    spend = spend_of(segmentation, indicators, best)
    if "spend_share_pct" in profile and spend is not None:
        of_spend = claim("segments-figure-of-spend", share=spend_share(segmentation, best))
        label = claim("segments-figure-best", segment=segment_word(best))
        figures.append(KeyFigure(label, spend, note=of_spend))
    if "gap_overdue_ratio" in indicators:
        late = late_in_segments(segmentation, indicators, states).loc[best]
        facts = {"customers": members(segmentation, best), "times": times(LATE_TIMES)}
        if states is None:
            note = claim("segments-figure-late-note", **facts)
        else:
            silent = {"silent": STATE_WORDS.term(DORMANT), "gone": STATE_WORDS.term(LOST)}
            note = claim("segments-figure-late-buying", **facts, **silent)
        label = claim("segments-figure-late", segment=segment_word(best))
        figures.append(KeyFigure(label, late_buying(best, late), note=note, better="lower"))
    return KeyFigures(*figures)


def profile_table(segmentation: Segmentation) -> DataTable:
    """Each segment's size, share of spend and medians."""
    frame = _named(segmentation.profile)
    return DataTable(frame, "segments", claim("segments-table-profile"), currency=currency_of(segmentation))


def advice_table(segmentation: Segmentation) -> DataTable:
    """What the name of each segment means, what its customers are like, and what to do."""
    advice = segment_advice(segmentation)
    frame = pd.DataFrame(
        {
            "segment_rule": [str(rule_words(segmentation.called.get(one, one))) for one in advice.index],
            "like": [str(like_words(segmentation, one) or "") for one in advice.index],
            "advice": [" ".join(str(ADVICE_WORDS.claim(code)) for code in codes) for codes in advice],
        },
        index=advice.index.rename("segment"),
    )
    return DataTable(_named(frame), "what_to_do", claim("segments-table-advice"))


def list_table(crm: Crm, segmentation: Segmentation, indicators: pd.DataFrame) -> DataTable:
    """Every customer with the segment, to work with."""
    frame = segment_list(crm, segmentation, indicators)
    shown = frame.assign(
        segment=frame["segment"].map({one: str(segment_word(one)) for one in frame["segment"].unique()})
    )
    caption = claim("segments-table-list")
    return DataTable(shown, "customers_by_segment", caption, currency=crm.currency, rows=10, about=crm)


def moves_table(segmentation: Segmentation, moves: SegmentMoves) -> DataTable:
    """Who moved from which segment to which, and why."""
    table = moves.table
    frame = pd.DataFrame(
        {
            **{
                side: [str(segment_word(one)) for one in table[side]]
                for side in ("from_segment", "to_segment")
            },
            "customers": table["customers"],
            "spend_365d": table["spend_365d"],
            "moved_why": [capital(str(move_reason(row.figure, row.change_sd))) for row in table.itertuples()],
        }
    )
    caption = claim("segments-table-moves", day=date(moves.since))
    return DataTable(frame, "moves", caption, currency=currency_of(segmentation), rows=8)


def balance_table(moves: SegmentMoves) -> DataTable:
    """What made each segment larger or smaller: new and lost customers, or customers who changed."""
    frame = moves.balance.rename(columns={"then": "segment_then", "now": "segment_now"})
    return DataTable(_named(frame), "balance", claim("segments-table-balance"), download=False)


def meetings_table(crm: Crm, segmentation: Segmentation, states: pd.Series, types: pd.Series) -> DataTable:
    """Where segments meet states and types, in counts; groups too small to be shown count together."""
    fewest = min_group(crm)
    meetings = {
        "in_states": _met(segment_meetings(segmentation, states), STATE_WORDS.term, fewest),
        "in_types": _met(segment_meetings(segmentation, types), name, fewest),
    }
    frame = pd.DataFrame(meetings, index=segmentation.profile.index.rename("segment"))
    return DataTable(_named(frame), "states_and_types", claim("segments-table-meetings"))


def _met(table: pd.DataFrame, word: Any, fewest: int) -> list[str]:
    """Of each row the groups that are large enough, the largest first, and all others together."""
    said = []
    for _, row in table.iterrows():
        found = row[row >= fewest].sort_values(ascending=False, kind="stable")
        parts = [
            claim("segments-met", group=word(group), customers=count(int(n))) for group, n in found.items()
        ]
        if others := int(row.sum() - found.sum()):
            parts.append(claim("segments-met-others", customers=count(others)))
        said.append(str(names(parts)) if parts else "")
    return said


def candidates_table(segmentation: Segmentation) -> DataTable:
    """Every number of segments that was tried, and why it was taken or not."""
    columns = ["n_segments", "method", "silhouette", "smallest_jaccard", "smallest_share_pct", "chosen"]
    tried = segmentation.candidates
    method = [str(METHOD_WORDS.term(one)) for one in tried["method"]]
    frame = tried[columns].assign(method=method, verdict=[_verdict(row) for row in tried.itertuples()])
    return DataTable(frame, "ways_to_cut", claim("segments-table-ways"), rows=8, download=False)


def _verdict(row: Any) -> str:
    facts = {
        "smallest": share(row.smallest_share_pct),
        "overlap": number(round(row.smallest_jaccard, 2)),
        "needed": number(STABLE),
    }
    why = names(WHY_WORDS.claim(code, **facts) for code in row.why)
    return str(VERDICT_WORDS.claim(row.verdict, why=why))


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(pd.Index([str(segment_word(one)) for one in frame.index], name=frame.index.name))
