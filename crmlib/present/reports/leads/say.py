"""What the report on leads says: who is won, which open deals are likely to be, where they come from."""

from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.leads import BASE, MODEL, NEWEST, LeadScores, Newcomers
from crmlib.analyse.pipeline.portrait import TRAITS, Portrait
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.analyse.stats.small_groups import NOT_STATED
from crmlib.analyse.stats.tests import SURE
from crmlib.analyse.voice.concerns import Concerns
from crmlib.present.claims import (
    Claim,
    Fact,
    Family,
    claim,
    count,
    date,
    days,
    interval,
    money,
    name,
    names,
    number,
    points,
    share,
    term,
    times,
)
from crmlib.present.needs import or_else
from crmlib.present.reports.voice.say import of_the_lost, sure_of_the_lost

_BY = (
    *("source", "campaign_id", "owner_id", "product_id", "category", "industry", "region", "country"),
    "company_size",
)
_PHRASED = ("touches_before_close", "days_in_first_stage", "champion")
"""Traits whose values are phrases of their own."""
TRAIT_WORDS = Family("leads-trait", tuple(TRAITS))
BY_WORDS = Family("leads-by", _BY)
SEVERAL_WORDS = Family("leads-by-several", _BY)
"""What deals can be told apart by: one, and several."""

BASE_WORDS = Family("leads-base", ("decided", "leads"))
"""What a win rate is of."""

WAY_WORDS = Family(
    "leads-way",
    (
        *("logistic_regression", "decision_tree", "boosted_trees", "neural_net", "stage_alone"),
        *("age_alone", "base_rate"),
    ),
)
"""Ways to predict a win."""

FEATURES = Family(
    "leads-feature",
    (
        *("amount", "age_days", "stage_age_days", "touch_count", "touch_in_count", "touch_out_count"),
        *("last_touch_days", "planned_count", "minutes_spent", "cost_spent", "employee_count"),
        *("days_to_expected_close", "customer_won_count", "customer_lost_count", "stage", "industry"),
        *("company_size", "country", "region", "source", "category", "product_id", "campaign_id", "team"),
        *("people_count", "champion_count", "decider_count", "blocker_count", "stance_mean"),
        *("owner_won_pct", "campaign_won_pct", "product_won_pct", "industry_won_pct", "lost_reason"),
    ),
)
"""What a chance rests on."""

NEWCOMER_WAYS = Family("leads-newcomers-way", (NEWEST, MODEL, BASE), facts=("top",))
"""By what leads without a deal are put in order."""

VERDICTS = ("more_often", "less_often")
WON_THAN_REST = Family("leads-sources", VERDICTS, facts=("groups",))
MOVED = Family("leads-reasons", ("rising", "falling"), facts=("reason", "recent", "time", "earlier"))
_OPEN = ("industry", "region", "product")
_FIRM = 0.6
"""Of the groups, so many must agree with the chances before these are called exact."""


def trait_words(trait: str, value: str) -> Claim:
    """A value of a trait as it stands in a sentence."""
    if trait == "touches_before_close":
        return claim("leads-value-contact" if value == "1" else "leads-value-contacts", value=name(value))
    if trait == "days_in_first_stage":
        return claim("leads-value-day" if value == "1" else "leads-value-days", value=name(value))
    if trait == "champion":
        return claim("leads-value-champion" if value == "yes" else "leads-value-no-champion")
    return claim("leads-value", trait=TRAIT_WORDS.term(trait), value=name(value))


def trait_label(trait: str, value: str) -> Claim:
    """The same beside a mark of a picture or in a table."""
    if trait in _PHRASED:
        return trait_words(trait, value)
    return claim("leads-value-label", value=name(value), trait=TRAIT_WORDS.term(trait))


def group_words(value: str, by: str) -> Claim:
    """The name of a source as it stands in a sentence."""
    if value == NOT_STATED:
        return claim("leads-group-none", by=BY_WORDS.term(by))
    return claim("leads-group", value=name(value))


@or_else(lambda missing: [])
def leads_answer(scores: LeadScores) -> list[Claim]:
    """How many open deals are expected to be won and what they bring, and whether the scores are any good."""
    if not scores.open:
        return [claim("leads-answer-none")]
    expected = float(scores.table["probability"].sum())
    worth = scores.table["expected_value"].sum(min_count=1)
    said = claim(
        "leads-answer-expected",
        won=count(round(expected), at="deals.expected_won"),
        open=count(scores.open, at="deals.open" if not scores.undated else ""),
        horizon=days(scores.horizon_days),
        amount=money(worth, scores.currency, at="deals.expected_amount"),
    )
    return [said, _verdict(scores)]


@or_else(lambda missing: [])
def leads_findings(scores: LeadScores) -> list[Claim]:
    """How the scores did against the strongest plain rule, whichever way it went."""
    plain = strongest_rule(scores)
    facts = _first_facts(scores) | {"rule": WAY_WORDS.term(plain["baseline"])}
    facts["plain"] = _won_first(scores, plain["baseline"])
    if plain["lift_top_decile_low"] > 0:
        return [claim("leads-finding-rule-beaten", **facts)]
    if plain["baseline"] == "base_rate":
        return [claim("leads-finding-chance", **facts)]
    if plain["lift_top_decile_high"] < 0:
        return [claim("leads-finding-rule-wins", **facts)]
    return [claim("leads-finding-rule-equal", **facts)]


def _of_decided(portrait: Portrait, at: str) -> str:
    """The quantity, where the won are compared with the deals that are decided."""
    return at if portrait.base == "decided" else ""


@or_else(lambda missing: [])
def portrait_answer(portrait: Portrait) -> list[Claim]:
    """What sets the won apart most, in one or two sentences."""
    said = claim(
        "leads-portrait-won",
        base=name(portrait.base),
        deals=count(portrait.base_leads, at=_of_decided(portrait, "deals.decided")),
        won=count(portrait.won, at="deals.won"),
        share=share(portrait.win_rate_pct, at=_of_decided(portrait, "deals.won_share")),
    )
    best = _more(portrait).head(2)
    if len(best):
        return [said, claim("leads-portrait-more", values=_with_lifts(best))]
    return [said, claim("leads-portrait-nothing")]


@or_else(lambda missing: [])
def roles_finding(portrait: Portrait) -> list[Claim]:
    """How much more often a deal is won with a champion, where that is more than chance."""
    rows = portrait.table[(portrait.table["trait"] == "champion") & (portrait.table["q"] <= SURE)].set_index(
        "value"
    )
    if not {"yes", "no"} <= set(rows.index) or rows.at["yes", "lift"] < 1:
        return []
    won, without = (share(rows.at[value, "win_rate_pct"]) for value in ("yes", "no"))
    return [claim("leads-finding-champion", won=won, without=without, open=count(rows.at["no", "open"]))]


@or_else(lambda missing: [])
def portrait_paragraph(portrait: Portrait) -> list[Claim]:
    """What the picture of the won means, what is said once, and what it is no reason for."""
    deals = count(portrait.base_leads, at=_of_decided(portrait, "deals.decided"))
    still = count(portrait.open, at="deals.open")
    said = [claim("leads-portrait-compared-decided", deals=deals, open=still)]
    if portrait.base == "leads":
        said = [claim("leads-portrait-compared-all", deals=deals)]
    if portrait.told.empty:
        said.append(claim("leads-portrait-none-differs", values=count(len(portrait.table))))
    less = portrait.told[(portrait.told["lift"] < 1) & portrait.told["at_start"].astype(bool)]
    if len(less):
        said.append(claim("leads-portrait-less", values=_with_lifts(less.iloc[::-1].head(2))))
    for pair in portrait.together.itertuples():
        both = {"one": TRAIT_WORDS.term(pair.trait), "other": TRAIT_WORDS.term(pair.other)}
        said.append(claim("leads-portrait-together", kept=TRAIT_WORDS.term(pair.kept), **both))
    growing = [trait for trait in portrait.table["trait"].unique() if not TRAITS[trait].at_start]
    if growing:
        said.append(claim("leads-portrait-grows", traits=names(map(TRAIT_WORDS.term, growing))))
    return [*said, claim("leads-portrait-no-cause")]


@or_else(lambda missing: [])
def open_paragraph(portrait: Portrait) -> list[Claim]:
    """Which industry, region and product hold the most open opportunity."""
    said = []
    for trait in _OPEN:
        rows = portrait.opportunity[portrait.opportunity["trait"] == trait]
        if len(rows) < 2:
            continue
        top = rows.iloc[0]
        facts = {"value": trait_words(trait, top["value"]), "deals": count(top["open"])}
        if pd.notna(top["expected_value"]):
            worth = {
                "amount": money(top["open_value"], portrait.currency),
                "expected": money(top["expected_value"], portrait.currency),
            }
            said.append(claim("leads-open-most-worth", **facts, **worth))
        else:
            said.append(claim("leads-open-most", **facts))
    if not said:
        return [claim("leads-open-unknown")]
    said.append(claim("leads-open-expected"))
    if portrait.values_estimated_pct > 0:
        said.append(claim("leads-open-estimated", share=share(portrait.values_estimated_pct)))
    return said


@or_else(lambda missing: [])
def scores_paragraph(scores: LeadScores) -> list[Claim]:
    """How the scores were tested, and against what."""
    best, test = scores.chosen, scores.periods[scores.periods["role"] == "test"]
    learnt = scores.periods[scores.periods["role"] == "learn"]
    first = date(learnt["moment"].min())
    last = date(learnt["moment"].max())
    return [
        claim(
            "leads-scores-learnt", learnt=count(len(learnt)), first=first, last=last, tested=count(len(test))
        ),
        claim("leads-scores-won-means", horizon=days(scores.horizon_days)),
        claim(
            "leads-scores-pairs",
            share=share(100 * best["auc"]),
            range=interval(100 * best["auc_low"], 100 * best["auc_high"], "share"),
            coin=share(50),
        ),
        *[_against(row) for row in scores.differences.itertuples() if row.baseline != "base_rate"],
        *_honesty(scores),
        *_rests_on(scores),
    ]


@or_else(lambda missing: [])
def first_group(scores: LeadScores) -> list[Claim]:
    """How many of the open deals that were ranked first were won in the test."""
    top = scores.tenths.iloc[0]
    facts = _first_facts(scores) | {"range": interval(top["low"], top["high"], "share")}
    return [
        claim("leads-scores-first-group", **facts),
        *([claim("leads-scores-do")] if scores.beats_base else []),
    ]


@or_else(lambda missing: [])
def leads_limits(scores: LeadScores) -> list[Claim]:
    """What the chances cannot say."""
    said = [claim("leads-limits-not-turned"), claim("leads-limits-as-now")]
    if not scores.lost_recorded:
        said.append(claim("leads-limits-no-loss"))
    if scores.undated:
        said.append(claim("leads-limits-undated", deals=count(scores.undated)))
    if not scores.beats_base:
        said.append(claim("leads-limits-chance"))
    elif scores.beats_stage is False:
        said.append(claim("leads-limits-stage"))
    if scores.beats_stage is None:
        said.append(claim("leads-limits-no-stage"))
    if scores.refused:
        said.append(
            claim("leads-limits-refused", features=names(map(FEATURES.term, scores.refused), limit=6))
        )
    estimated = int(scores.table["value_estimated"].sum())
    if estimated:
        said.append(claim("leads-limits-estimated", deals=count(estimated)))
    if scores.table["similarity_pct"].isna().all():
        said.append(claim("leads-limits-no-similarity"))
    return said


def strongest_rule(scores: LeadScores) -> pd.Series:
    """The plain rule that finds most wins among the deals it puts first, which is what a list is used for."""
    return scores.differences.loc[scores.differences["lift_top_decile_difference"].fillna(0).idxmin()]


def overall_won(scores: LeadScores) -> float:
    """The share of all open deals of the test that were won, in percent."""
    return float(np.average(scores.tenths["won_pct"], weights=scores.tenths["deals"]))


def part_word(scores: LeadScores) -> Fact:
    """What one of the groups of the test is called."""
    return term("leads-part-tenth" if len(scores.tenths) == 10 else "leads-part-group")


@or_else(lambda missing: [])
def sources_answer(found: ChannelConversion) -> list[Claim]:
    """How many deals are won, and which sources differ."""
    total = found.overall
    said = [
        claim(
            "leads-sources-won",
            won=count(total["won"], at="deals.won"),
            deals=count(total[found.base]),
            base=BASE_WORDS.term(found.base),
            share=share(total["win_rate_pct"]),
            range=interval(total["low"], total["high"], "share"),
        )
    ]
    for verdict in VERDICTS:
        rows = found.table[found.table["verdict"] == verdict]
        rows = rows.sort_values("difference_points", ascending=verdict == "less_often", kind="stable")
        if len(rows):
            groups = names([_rate(row, found.by) for row in rows.itertuples()], limit=3)
            said.append(WON_THAN_REST.claim(verdict, groups=groups))
    if len(said) == 1:
        said.append(claim("leads-sources-no-difference", by=BY_WORDS.term(found.by)))
    return said


@or_else(lambda missing: [])
def sources_findings(found: ChannelConversion) -> list[Claim]:
    """The one sentence that the index repeats."""
    return sources_answer(found)[1:2]


@or_else(lambda missing: [])
def sources_paragraph(found: ChannelConversion) -> list[Claim]:
    """What the picture of sources means: the base, the mix, time and money."""
    return [_base(found), *_mix(found), *_time(found), *_cost(found), *_small(found)]


@or_else(lambda missing: [])
def sources_limits(found: ChannelConversion) -> list[Claim]:
    """What the comparison of sources cannot say."""
    several = SEVERAL_WORDS.term(found.by)
    said = [claim("leads-limits-no-mix", several=several)]
    if len(found.mix):
        said = [claim("leads-limits-easier", mixes=_mixes(found))]
    if found.table["cost"].isna().all():
        said.append(claim("leads-limits-no-cost", several=several))
    elif found.table["cost"].isna().any():
        said.append(claim("leads-limits-some-cost"))
    if found.negative_durations:
        said.append(claim("leads-limits-negative", deals=count(found.negative_durations)))
    return said


def reasons_paragraph(result: Concerns) -> list[Claim]:
    """The reasons that were given for lost deals."""
    table = result.reasons
    if table.empty or table["reason"].iloc[0] == "other":
        return [claim("leads-reasons-none")]
    first = table.iloc[0]
    said = [
        claim(
            "leads-reasons-first",
            reason=name(first["reason"]),
            deals=count(first["deals"], part_of="deals.reason"),
            known=count(int(table["deals"].sum()), at="deals.reason"),
            share=share(first["share_pct"]),
        )
    ]
    for way in MOVED.members:
        moved = table[(table["trend"] == way) & (table["reason"] != "other")].head(2)
        said += [
            MOVED.claim(
                way,
                reason=name(row.reason),
                recent=share(row.recent_share_pct),
                time=days(result.recent_days),
                earlier=share(row.earlier_share_pct),
            )
            for row in moved.itertuples()
        ]
    if result.reasons_known_pct < 99.5:
        said.append(claim("leads-reasons-known", share=share(result.reasons_known_pct)))
    return said


def concerns_findings(result: Concerns) -> list[Claim]:
    """The sentence that the index repeats, if there is one."""
    if len(sure_of_the_lost(result)):
        return of_the_lost(result)[:1]
    said = reasons_paragraph(result)[:1]
    return [one for one in said if one.key == "leads-reasons-first"]


def _first_facts(scores: LeadScores) -> dict[str, Fact]:
    won, every = scores.tenths["won_pct"].iloc[0], overall_won(scores)
    return {"part": part_word(scores), "won": share(won), "all": share(every)}


def _won_first(scores: LeadScores, way: str) -> Fact:
    """The share won among the tenth of deals that a way puts first."""
    row = scores.evaluation.set_index("model").loc[way]
    return share(overall_won(scores) * row["lift_top_decile"])


def _verdict(scores: LeadScores) -> Claim:
    table = scores.differences[scores.differences["baseline"] != "base_rate"]
    better, worse = (
        names(map(WAY_WORDS.term, table.loc[table["better"] == is_better, "baseline"]))
        for is_better in (True, False)
    )
    if not scores.beats_base:
        return claim("leads-verdict-chance")
    if table["better"].all():
        return claim("leads-verdict-better", better=better)
    if not table["better"].any():
        return claim("leads-verdict-not-better", worse=worse)
    return claim("leads-verdict-both", better=better, worse=worse)


def _against(row: Any) -> Claim:
    facts = {
        "rule": WAY_WORDS.term(row.baseline),
        "gain": points(abs(100 * row.auc_difference)),
        "range": interval(100 * row.auc_low, 100 * row.auc_high),
    }
    if row.better:
        return claim("leads-scores-better-more", **facts)
    if row.auc_difference >= 0:
        return claim("leads-scores-not-more", **facts)
    return claim("leads-scores-not-fewer", **facts)


def _honesty(scores: LeadScores) -> list[Claim]:
    table = scores.tenths
    inside = int(table["predicted_pct"].between(table["low"], table["high"]).sum())
    predicted = share(float(np.average(table["predicted_pct"], weights=table["deals"])))
    won = share(overall_won(scores))
    said = claim(
        "leads-scores-honest", predicted=predicted, won=won, agree=count(inside), groups=count(len(table))
    )
    return [said, *([claim("leads-scores-order")] if inside < _FIRM * len(table) else [])]


def _rests_on(scores: LeadScores) -> list[Claim]:
    firm = scores.drivers[scores.drivers["low"] > 0]["indicator"].head(3)
    if not len(firm):
        return []
    said = [claim("leads-scores-rest-on", features=names(map(FEATURES.term, firm)))]
    if scores.carried_by:
        said.append(claim("leads-scores-carried", feature=FEATURES.term(scores.carried_by)))
    return said


def _more(portrait: Portrait) -> pd.DataFrame:
    told = portrait.told
    return told[(told["lift"] > 1) & told["at_start"].astype(bool) & (told["q"] <= SURE)]


def _with_lifts(rows: pd.DataFrame) -> Fact:
    return names(
        claim(
            "leads-portrait-lift",
            value=trait_words(row.trait, row.value),
            lift=times(row.lift_shrunk),
            range=interval(row.low, row.high),
        )
        for row in rows.itertuples()
    )


def _rate(row: Any, by: str) -> Claim:
    group, likely = group_words(row.value, by), interval(row.low, row.high, "share")
    return claim("leads-sources-rate", group=group, share=share(row.win_rate_pct), range=likely)


def _base(found: ChannelConversion) -> Claim:
    if found.base == "leads":
        return claim("leads-sources-base-leads")
    still = int(found.overall["open"])
    if not still:
        return claim("leads-sources-base-decided")
    return claim("leads-sources-base-open", open=count(still, at="deals.open"))


def _mixes(found: ChannelConversion) -> Fact:
    return names(map(BY_WORDS.term, dict.fromkeys(found.mix["mix"])))


def _mix(found: ChannelConversion) -> list[Claim]:
    turned = found.mix[found.mix["turns"]]
    said = [
        claim("leads-mix-turns", crude=points(row.crude_points), **_mix_facts(row, found.by))
        for row in turned.itertuples()
    ]
    hidden = found.mix[~found.mix["turns"] & (found.mix["q"] <= SURE)]
    plain = found.table.set_index("value")["verdict"]
    for row in hidden[hidden["value"].map(plain) == "no_difference"].itertuples():
        if row.standardised_points > 0:
            said.append(claim("leads-mix-more", **_mix_facts(row, found.by)))
        else:
            said.append(claim("leads-mix-less", **_mix_facts(row, found.by)))
    if len(found.mix) and not len(turned):
        said.append(claim("leads-mix-none", mixes=_mixes(found)))
    return said


def _mix_facts(row: Any, by: str) -> dict[str, Any]:
    return {
        "group": group_words(row.value, by),
        "mix": BY_WORDS.term(row.mix),
        "same": points(row.standardised_points),
        "range": interval(row.low, row.high),
    }


def _time(found: ChannelConversion) -> list[Claim]:
    rows = found.table[found.table["judged"] & found.table["days_to_win"].notna()]
    if len(rows) < 2:
        return []
    fast, slow = rows.loc[rows["days_to_win"].idxmin()], rows.loc[rows["days_to_win"].idxmax()]
    return [
        claim(
            "leads-sources-time",
            fast=days(fast["days_to_win"]),
            first=group_words(fast["value"], found.by),
            slow=days(slow["days_to_win"]),
            last=group_words(slow["value"], found.by),
        )
    ]


def _cost(found: ChannelConversion) -> list[Claim]:
    rows = found.table[found.table["return_ratio"].notna()]
    if rows.empty:
        return []
    parts = [
        claim(
            "leads-sources-return",
            amount=money(row.return_ratio, found.currency),
            group=group_words(row.value, found.by),
        )
        for row in rows.sort_values("return_ratio", ascending=False, kind="stable").itertuples()
    ]
    return [claim("leads-sources-cost", one=money(1, found.currency), groups=names(parts, limit=4))]


def _small(found: ChannelConversion) -> list[Claim]:
    rows = found.table[~found.table["judged"]]
    if rows.empty:
        return []
    if len(found.table) == 1:
        return [claim("leads-sources-one", by=BY_WORDS.term(found.by))]
    groups = names([group_words(row.value, found.by) for row in rows.itertuples()], limit=4)
    return [claim("leads-sources-few", groups=groups, sure=share(100 * SURE))]


def reason_words(row: Any) -> Claim:
    """One figure that speaks for or against a deal."""
    feature = FEATURES.term(row.feature)
    if isinstance(row.value, str):
        return claim("leads-speaks-value", feature=feature, value=name(row.value))
    written = share if row.feature.endswith("_pct") else number
    return claim(
        "leads-speaks-number", feature=feature, value=written(row.value), typical=written(row.typical)
    )


@or_else(lambda missing: [])
def newcomers_answer(found: Newcomers) -> list[Claim]:
    """How many leads without a deal are expected to begin, and in which order to speak to them."""
    if found.table.empty:
        return [claim("leads-newcomers-none")]
    row = found.evaluation[found.evaluation["chosen"]].iloc[0]
    begin = count(round(float(found.table["probability"].sum())))
    said = claim("leads-newcomers", leads=count(len(found.table)), begin=begin, days=days(found.horizon_days))
    return [said, NEWCOMER_WAYS.claim(found.way, top=number(round(float(row["lift_top_decile"]), 1)))]
