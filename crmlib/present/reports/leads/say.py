"""What the report on leads says: who is won, which open deals are likely to be, where they come from."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.pipeline.concerns import Concerns
from crmlib.analyse.pipeline.lead_features import FEATURE_WORDS
from crmlib.analyse.pipeline.leads import LEAD_MODELS, LeadScores
from crmlib.analyse.pipeline.portrait import SURE, Portrait
from crmlib.analyse.pipeline.sources import SURE as SOURCES_SURE
from crmlib.analyse.pipeline.sources import ChannelConversion
from crmlib.analyse.pipeline.traits import NOT_STATED, TRAITS
from crmlib.present.needs import or_else
from crmlib.present.words import count, date, days, listing, money, number, percent, plural, points, quoted

BY_WORDS = {
    "source": ("source", "sources"),
    "campaign_id": ("campaign", "campaigns"),
    "owner_id": ("owner", "owners"),
    "product_id": ("product", "products"),
    "category": ("product category", "product categories"),
    "industry": ("industry", "industries"),
    "region": ("region", "regions"),
    "country": ("country", "countries"),
}
"""What deals can be told apart by: one, and several."""


def trait_words(trait: str, value: str) -> str:
    """A value of a trait as it stands in a sentence."""
    if trait == "touches_before_close":
        return f"{value} contact{'' if value == '1' else 's'} before the close"
    if trait == "days_in_first_stage":
        return f"{value} day{'' if value == '1' else 's'} in the first stage"
    return f"{TRAITS[trait].says} {quoted(value)}"


def trait_label(trait: str, value: str) -> str:
    """The same beside a mark of a picture or in a table."""
    said = trait_words(trait, value)
    return f"{value} ({TRAITS[trait].says})" if said.startswith(TRAITS[trait].says) else said


def base_words(base: str) -> str:
    """What a win rate is of."""
    return "decided deals" if base == "decided" else "deals, open ones among them"


def group_words(value: str, by: str) -> str:
    """The name of a source as it stands in a sentence."""
    return f"deals without a {by_words(by)[0]}" if value == NOT_STATED else quoted(value)


def by_words(by: str) -> tuple[str, str]:
    """What deals are told apart by, as one and as several."""
    return BY_WORDS.get(by, (by.removesuffix("_id").replace("_", " "), "groups"))


def lift_text(row: pd.Series) -> str:
    """How many times as often, short, as it stands behind a mark."""
    return f"{row['lift_shrunk']:.2f}×"


@cache
def _little_portrait() -> Portrait:
    from crmlib.analyse.pipeline.portrait import _little_pipeline, won_portrait

    return won_portrait(_little_pipeline(), by=["source", "country", "region"])


@cache
def _little_sources() -> ChannelConversion:
    from crmlib.analyse.pipeline.portrait import _little_pipeline
    from crmlib.analyse.pipeline.sources import channel_conversion

    return channel_conversion(_little_pipeline())


def _little_scores() -> LeadScores:
    from crmlib.analyse.pipeline.leads import _little_scores as made

    return made()


_OPEN = ("industry", "region", "product")


@or_else(lambda missing: [])
def leads_answer(scores: LeadScores) -> list[str]:
    """How many open deals are expected to be won, and whether the chances are any good.

    Parameters
    ----------
    scores : LeadScores
    """
    if not scores.open:
        return ["No open deal is there to be scored."]
    expected = float(scores.table["probability"].sum())
    said = [
        f"Of {count(scores.open, 'open deal')}, about {number(round(expected))} "
        f"({percent(100 * expected / scores.open)}) are expected to be won within "
        f"{number(scores.horizon_days)}\u00a0days."
    ]
    value = float(scores.table["expected_value"].sum(min_count=1))
    if np.isfinite(value):
        said.append(
            f"They are worth {money(value, scores.currency)}: for each deal its chance times its value."
        )
    return [*said, _verdict(scores)]


@or_else(lambda missing: [])
def leads_findings(scores: LeadScores) -> list[str]:
    """The sentence that the index repeats.

    Parameters
    ----------
    scores : LeadScores
    """
    return [_first_group(scores)]


@or_else(lambda missing: [])
def portrait_answer(portrait: Portrait) -> list[str]:
    """What sets the won apart most, in one or two sentences.

    Parameters
    ----------
    portrait : Portrait
    """
    said = [
        f"Of {count(portrait.base_leads, _deal(portrait))}, {number(portrait.won)} "
        f"{plural(portrait.won, 'was', 'were')} won ({percent(portrait.win_rate_pct)})."
    ]
    best = _more(portrait).head(2)
    if len(best):
        named = listing([_with_lift(row) for _, row in best.iterrows()])
        return [*said, f"Won more often than others are deals with {named}."]
    return [*said, "Nothing that is known when a deal is opened sets the won apart by more than chance."]


@or_else(lambda missing: [])
def portrait_paragraph(portrait: Portrait) -> list[str]:
    """What the picture of the won means, what is said once, and what it is no reason for.

    Parameters
    ----------
    portrait : Portrait
    """
    apart = f"{count(portrait.open, 'open deal')} {plural(portrait.open, 'is', 'are')} counted apart"
    if portrait.base == "leads":
        apart = "those still open are among them and count as not won, since no loss is recorded"
    said = [
        f"Compared are the won with all {count(portrait.base_leads, _deal(portrait))}; {apart}. The fewer deals there "
        "are of a kind, the closer its figure is drawn to that of all."
    ]
    if portrait.told.empty:
        said[0] = (
            f"{said[0]} No value of the {number(len(portrait.table))} looked at differs by more than chance."
        )
    less = portrait.told[(portrait.told["lift"] < 1) & portrait.told["at_start"].astype(bool)]
    if len(less):
        named = listing([_with_lift(row) for _, row in less.iloc[::-1].head(2).iterrows()])
        said.append(f"Won less often are deals with {named}.")
    for pair in portrait.together.itertuples():
        names = [TRAITS[name].says for name in (pair.trait, pair.other)]
        said.append(
            f"{names[0][:1].upper()}{names[0][1:]} and {names[1]} nearly always go together, so that only "
            f"{TRAITS[pair.kept].says} is told."
        )
    return [
        *said,
        *[note for note in portrait.notes if not note.startswith("No loss")],
        "A trait that goes along with winning need not be why: look for more such deals, but do not expect to turn "
        "a deal by changing the trait.",
    ]


@or_else(lambda missing: [])
def open_paragraph(portrait: Portrait) -> list[str]:
    """Which industry, region and product hold the most open opportunity.

    Parameters
    ----------
    portrait : Portrait
    """
    said = []
    for name in _OPEN:
        rows = portrait.opportunity[portrait.opportunity["trait"] == name]
        if len(rows) < 2:
            continue
        top = rows.iloc[0]
        worth = ""
        if pd.notna(top["expected_value"]):
            worth = (
                f" worth {money(top['open_value'], portrait.currency)}, of which about "
                f"{money(top['expected_value'], portrait.currency)} can be expected"
            )
        said.append(
            f"Most is open in {TRAITS[name].says} {quoted(top['value'])}: "
            f"{count(top['open'], 'deal')}{worth}."
        )
    if not said:
        return [
            "Of the open deals neither industry, region nor product is known, or each has one value only."
        ]
    said.append("Expected is the open value times the win rate of that kind of deal.")
    if portrait.values_estimated_pct > 0:
        said.append(
            f"For {percent(portrait.values_estimated_pct)} of the open deals no value is recorded: the median of like "
            "deals that were won stands in."
        )
    return said


@or_else(lambda missing: ["There are no chances to win here, for the reason above."])
def scores_paragraph(scores: LeadScores) -> list[str]:
    """How the chances were tested, and against what.

    Parameters
    ----------
    scores : LeadScores
    """
    best, test = scores.chosen, scores.periods[scores.periods["role"] == "test"]
    learnt = scores.periods[scores.periods["role"] == "learn"]
    return [
        f"It learnt from deals that were open on {count(len(learnt), 'past day')} from {date(learnt['moment'].min())} "
        f"to {date(learnt['moment'].max())}, with what was known then, and was tested on "
        f"{count(len(test), 'later day')} whose outcomes none of it had seen.",
        *scores.notes[:1],
        _first_group(scores),
        f"Given one deal that was won and one that was not, the chances put the right one first in "
        f"{percent(100 * best['auc'])} of cases (likely {percent(100 * best['auc_low'])} to "
        f"{percent(100 * best['auc_high'])}); tossing a coin does in {percent(50)}.",
        *[_against(row) for row in scores.differences.itertuples() if row.baseline != "base_rate"],
        _honesty(scores),
        *_rests_on(scores),
    ]


@or_else(lambda missing: [])
def leads_limits(scores: LeadScores) -> list[str]:
    """What the chances cannot say.

    Parameters
    ----------
    scores : LeadScores
    """
    limits = [
        "The chances say which deals are likely to be won, not which can be turned by working on them: that takes a "
        "trial.",
        "What the records of customers and deals say is as it is now; where it was changed afterwards, the test looks "
        "better than it should. Fields that are filled in as deals close were left out.",
        *scores.notes[1:],
    ]
    if not scores.beats_base:
        limits.append("On the later days the chances are not shown to rank deals better than tossing a coin.")
    elif scores.beats_stage is False:
        limits.append(
            "The chances are not shown to rank deals better than the win rate of their stage alone."
        )
    if scores.beats_stage is None:
        limits.append(
            "No stage history is kept, so the chances could not be held against the stage of each deal."
        )
    if len(scores.refused):
        names = listing([FEATURE_WORDS.get(name, name) for name in scores.refused.index], limit=6)
        limits.append(f"Refused because they know the outcome: {names}.")
    if scores.table["value_estimated"].any():
        n = int(scores.table["value_estimated"].sum())
        limits.append(
            f"The value of {count(n, 'open deal')} is not recorded; the median of like deals won stands in."
        )
    if scores.portrait_says:
        limits.append(f"How like the won a deal is, is not given: {scores.portrait_says}")
    return limits


def _verdict(scores: LeadScores) -> str:
    table = scores.differences[scores.differences["baseline"] != "base_rate"]
    better, worse = (
        listing([LEAD_MODELS[name] for name in table.loc[table["better"] == is_better, "baseline"]])
        for is_better in (True, False)
    )
    if not scores.beats_base:
        return "On later days the chances are not shown to rank deals better than tossing a coin."
    if table["better"].all():
        return f"On later days they ranked deals better than {better}."
    if not table["better"].any():
        return (
            "On later days they ranked deals better than tossing a coin, but are not shown to do so better than "
            f"{worse}."
        )
    return f"On later days they ranked deals better than {better}, but are not shown to do so better than {worse}."


def _first_group(scores: LeadScores) -> str:
    top, n = scores.tenths.iloc[0], len(scores.tenths)
    part = {10: "tenth", 1: "whole"}.get(n, f"first of {n} parts")
    overall = float(np.average(scores.tenths["won_pct"], weights=scores.tenths["deals"]))
    return (
        f"Of the {part} of open deals with the best chances, {percent(top['won_pct'])} were won in the test (likely "
        f"{percent(top['low'])} to {percent(top['high'])}); of all, {percent(overall)}."
    )


def _against(row: object) -> str:
    gain = points(abs(100 * row.auc_difference))
    way = "more" if row.auc_difference >= 0 else "fewer"
    low, high = (f"{100 * end:+.1f}".replace("-", "−") for end in (row.auc_low, row.auc_high))
    verb = "rank deals better than" if row.better else "are not shown to rank deals better than"
    return f"The chances {verb} {LEAD_MODELS[row.baseline]}: {gain} {way} pairs put right (likely {low} to {high})."


def _honesty(scores: LeadScores) -> str:
    table = scores.tenths
    foretold = float(np.average(table["predicted_pct"], weights=table["deals"]))
    won = float(np.average(table["won_pct"], weights=table["deals"]))
    inside = int(table["predicted_pct"].between(table["low"], table["high"]).sum())
    said = (
        f"All in all {percent(foretold)} were foretold to be won and {percent(won)} were; in {number(inside)} of "
        f"{count(len(table), 'group')} the two agree, as far as chance allows."
    )
    if inside < 0.6 * len(table):
        said += " Read the chances as an order of deals rather than as exact."
    return said


def _rests_on(scores: LeadScores) -> list[str]:
    firm = scores.drivers[scores.drivers["low"] > 0]["indicator"].head(3)
    return [f"They rest most on {listing([FEATURE_WORDS[name] for name in firm])}."] if len(firm) else []


def _more(portrait: Portrait) -> pd.DataFrame:
    told = portrait.told
    return told[(told["lift"] > 1) & told["at_start"].astype(bool) & (told["q"] <= SURE)]


def _with_lift(row: pd.Series) -> str:
    lift, low, high = (f"{row[name]:.1f}" for name in ("lift_shrunk", "low", "high"))
    return f"{trait_words(row['trait'], row['value'])} ({lift} times as often as all, likely {low} to {high})"


def _deal(portrait: Portrait) -> str:
    return "decided deal" if portrait.base == "decided" else "deal"


_MIX = {"category": "product category", "industry": "industry", "region": "region"}


@or_else(lambda missing: [])
def sources_answer(found: ChannelConversion) -> list[str]:
    """How many deals are won, and which sources differ.

    Parameters
    ----------
    found : ChannelConversion
    """
    total = found.overall
    said = [
        f"{number(total['won'])} of {number(total[found.base])} {base_words(found.base)} were won "
        f"({percent(total['win_rate_pct'])}, likely {percent(total['low'])} to {percent(total['high'])})."
    ]
    for verdict in ("more often", "less often"):
        rows = found.table[found.table["verdict"] == verdict]
        rows = rows.sort_values("difference_points", ascending=verdict == "less often", kind="stable")
        if len(rows):
            named = listing([_rate(row, found.by) for row in rows.itertuples()], limit=3, noun="other")
            said.append(f"Won {verdict} than the rest: {named}.")
    if len(said) == 1:
        said.append(f"No {by_words(found.by)[0]} is shown to differ from the rest.")
    return said


@or_else(lambda missing: [])
def sources_findings(found: ChannelConversion) -> list[str]:
    """The one sentence that the index repeats.

    Parameters
    ----------
    found : ChannelConversion
    """
    return sources_answer(found)[1:2]


@or_else(lambda missing: [])
def sources_paragraph(found: ChannelConversion) -> list[str]:
    """What the picture of sources means: the base, the mix, time and money.

    Parameters
    ----------
    found : ChannelConversion
    """
    return [_base(found), *_mix(found), *_time(found), *_cost(found), *_small(found)]


@or_else(lambda missing: [])
def sources_limits(found: ChannelConversion) -> list[str]:
    """What the comparison of sources cannot say.

    Parameters
    ----------
    found : ChannelConversion
    """
    one, several = by_words(found.by)
    limits = [
        f"A {one} that is won more often may simply get the easier deals; the comparison at one mix allows for "
        f"{listing([_MIX.get(name, name) for name in dict.fromkeys(found.mix['mix'])])} only, one at a time."
        if len(found.mix)
        else f"A {one} that is won more often may simply get the easier deals; nothing is known by which {several} "
        "could be compared at one mix."
    ]
    if found.table["cost"].isna().all():
        limits.append(f"What {several} cost is not known.")
    elif found.table["cost"].isna().any():
        limits.append(
            "Costs are those of campaigns that brought deals; other costs are not known, so that what looks free need "
            "not be."
        )
    if found.negative_durations:
        n = found.negative_durations
        limits.append(
            f"{count(n, 'deal')} {plural(n, 'is', 'are')} said to have closed before being "
            "opened, and left out of the days to win."
        )
    return limits


def _rate(row: object, by: str) -> str:
    return (
        f"{group_words(row.value, by)} ({percent(row.win_rate_pct)}, likely {percent(row.low)} to "
        f"{percent(row.high)})"
    )


def _base(found: ChannelConversion) -> str:
    if found.base == "leads":
        return "The win rate is of all leads: one that is still open counts as not won yet."
    n = int(found.overall["open"])
    if not n:
        return "The win rate is of the deals decided; none is open."
    return f"The win rate is of the deals decided; the {count(n, 'open deal')} {plural(n, 'is', 'are')} counted apart."


def _mix(found: ChannelConversion) -> list[str]:
    turned = found.mix[found.mix["turns"]]
    said = [
        f"The picture turns for {group_words(row.value, found.by)} once all are compared at the same mix of "
        f"{_MIX.get(row.mix, row.mix)}: {points(row.crude_points)} against the rest as it is, "
        f"{points(row.standardised_points)} at one mix ({_likely(row)})."
        for row in turned.itertuples()
    ]
    hidden = found.mix[~found.mix["turns"] & (found.mix["q"] <= SOURCES_SURE)]
    plain = found.table.set_index("value")["verdict"]
    hidden = hidden[hidden["value"].map(plain) == "no difference shown"]
    said += [
        f"By itself {group_words(row.value, found.by)} is not shown to differ; at the same mix of "
        f"{_MIX.get(row.mix, row.mix)} it is won {'more' if row.standardised_points > 0 else 'less'} often "
        f"({points(row.standardised_points)}, {_likely(row)})."
        for row in hidden.itertuples()
    ]
    if len(found.mix) and not len(turned):
        names = listing([_MIX.get(name, name) for name in dict.fromkeys(found.mix["mix"])])
        said.append(f"No difference turns when all are compared at the same mix of {names}, one at a time.")
    return said


def _likely(row: object) -> str:
    low, high = (f"{end:+.1f}".replace("-", "−") for end in (row.low, row.high))
    return f"likely {low} to {high}"


def _time(found: ChannelConversion) -> list[str]:
    rows = found.table[found.table["judged"] & found.table["days_to_win"].notna()]
    if len(rows) < 2:
        return []
    fast, slow = rows.loc[rows["days_to_win"].idxmin()], rows.loc[rows["days_to_win"].idxmax()]
    return [
        f"Deals won took {days(fast['days_to_win'])} at the median from {group_words(fast['value'], found.by)} and "
        f"{days(slow['days_to_win'])} from {group_words(slow['value'], found.by)}."
    ]


def _cost(found: ChannelConversion) -> list[str]:
    rows = found.table[found.table["return_ratio"].notna()]
    if rows.empty:
        return []
    named = listing(
        [
            f"{money(row.return_ratio, found.currency)} from {group_words(row.value, found.by)}"
            for row in rows.sort_values("return_ratio", ascending=False, kind="stable").itertuples()
        ],
        limit=4,
        noun="other",
    )
    return [
        f"For each {money(1, found.currency)} that campaigns cost, deals were won worth {named}. That is value won, "
        "not margin."
    ]


def _small(found: ChannelConversion) -> list[str]:
    rows: pd.DataFrame = found.table[~found.table["judged"]]
    if rows.empty:
        return []
    if len(found.table) == 1:
        return [f"All deals have the same {by_words(found.by)[0]}, so there is nothing to compare it with."]
    named = listing([group_words(row.value, found.by) for row in rows.itertuples()], limit=4, noun="other")
    sure = percent(100 * SOURCES_SURE)
    return [
        f"Too few deals to judge: {named}. Of the differences named, about {sure} at most may be due to chance."
    ]


_SURE = 0.05


def concerns_paragraph(result: Concerns) -> list[str]:
    """What notes of lost deals speak of more than those of won ones, and what is on the rise.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str
    """
    if result.topics.empty:
        return [_no_topics(result)]
    sure = result.topics[(result.topics["q_value"] <= _SURE) & (result.topics["difference"] > 0)]
    said = [
        "No topic of the notes stands out among the lost deals: none is clearly more frequent than among the won."
    ]
    if len(sure):
        first = sure.iloc[0]
        said = [
            f"Notes of lost deals speak of {quoted(first['topic'])} more than those of won ones: "
            f"{percent(first['lost_share_pct'])} against {percent(first['won_share_pct'])}."
        ]
        if len(sure) > 1:
            others = listing([quoted(topic) for topic in sure["topic"].iloc[1:4]])
            said.append(f"So do they of {others}.")
    rising = result.topics[result.topics["trend"] == "rising"]
    if len(rising):
        named = listing([quoted(topic) for topic in rising["topic"].head(3)])
        verb = plural(min(len(rising), 3), "comes", "come")
        said.append(
            f"In the last {number(result.recent_days)} days {named} {verb} up more often than before."
        )
    return [*said, _languages(result)]


def reasons_paragraph(result: Concerns) -> list[str]:
    """The reasons that were given for lost deals.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str
    """
    table = result.reasons
    if table.empty or table["reason"].iloc[0] == "other":
        return ["For too few lost deals a reason was written down to say anything."]
    first, deals = table.iloc[0], int(table["deals"].sum())
    said = [
        f"The reason given most often for a lost deal is {quoted(first['reason'])}: {number(first['deals'])} of "
        f"{count(deals, 'deal')} with a reason ({percent(first['share_pct'])})."
    ]
    for word in ("rising", "falling"):
        moved = table[(table["trend"] == word) & (table["reason"] != "other")].head(2)
        said += [
            f"{quoted(row.reason)} is {word}: {percent(row.recent_share_pct)} of the last "
            f"{number(result.recent_days)} days, {percent(row.earlier_share_pct)} before."
            for row in moved.itertuples()
        ]
    if result.reasons_known_pct < 99.5:
        said.append(f"A reason is known for {percent(result.reasons_known_pct)} of the lost deals.")
    return said


def concerns_findings(result: Concerns) -> list[str]:
    """The sentence that the index repeats, if there is one.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str
    """
    sure = result.topics[(result.topics["q_value"] <= _SURE) & (result.topics["difference"] > 0)]
    return concerns_paragraph(result)[:1] if len(sure) else []


def concerns_limits(result: Concerns) -> list[str]:
    """What the words of notes cannot say.

    Parameters
    ----------
    result : Concerns

    Returns
    -------
    list of str
    """
    return [
        f"A word of a note is shown only when notes of at least {count(result.minimum, 'customer')} hold it and it is "
        "part of no name.",
        "Topics are words that stand together; what a note means by them, agreement or complaint, is not read.",
        "Somebody decided what to note and which reason to write down: compare, but do not take them for the cause.",
        *result.left_out.values(),
    ]


def topic_sentence(row: Any) -> str:
    """A topic, as one would say it."""
    gap = row["difference"]
    return (
        f"{quoted(row['topic'])}: {percent(row['lost_share_pct'])} of lost and {percent(row['won_share_pct'])} of won "
        f"deals' notes, {points(abs(gap))} {'more' if gap >= 0 else 'less'}"
    )


def _no_topics(result: Concerns) -> str:
    if result.deals.empty:
        return "No notes are kept by deal, so what customers talk about is not known."
    return (
        "Too few notes have words in common to say what customers talk about: a word must stand in notes of at "
        f"least {count(result.minimum, 'customer')}."
    )


def _languages(result: Concerns) -> str:
    parts = [
        f"{count(row.notes, 'note')} in {row.language if row.language != 'other' else 'other languages'}"
        for row in result.deals.itertuples()
    ]
    return f"Read were {listing(parts)}; shares are of the notes in the same language."


def _little_concerns() -> Concerns:
    """Sixty deals with a note each, for the examples."""
    import pandas as pd

    from crmlib.analyse.pipeline.concerns import concerns
    from crmlib.prepare.crm import Crm

    names = [str(i) for i in range(60)]
    deals = pd.DataFrame(
        {"opportunity_id": names, "stage": "x", "outcome": ["lost", "won", "won"] * 20, "created_at": "2024-01-01",
         "closed_at": "2024-03-01", "lost_reason": ["Price", None, None] * 20}
    )  # fmt: skip
    said = ["the price is too high", "the delivery was on time", "service by phone was good"]
    calls = pd.DataFrame(
        {"interaction_id": names, "opportunity_id": names, "customer_id": names, "happened_at": "2024-01-05",
         "notes": said * 20}
    )  # fmt: skip
    return concerns(Crm.from_frames(as_of="2024-06-30", opportunities=deals, interactions=calls))
