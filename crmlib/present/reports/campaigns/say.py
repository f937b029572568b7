"""What the report on campaigns says: made from the numbers, whichever way they went."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns import effect as found
from crmlib.analyse.campaigns.comparison import ALIKE, CONTROL_GROUP, MATCHED, NONE, POWER
from crmlib.analyse.campaigns.effect import (
    CHANCE,
    DOUBTED,
    FEW,
    JUDGED,
    LESS,
    MORE,
    NO_DIFFERENCE,
    NOT_JUDGED,
    RISE_PCT,
    CampaignEffect,
    CampaignSummary,
    main_campaign,
    without_answers,
)
from crmlib.analyse.campaigns.groups import ANSWERED_BAND, CAMPAIGNS_BAND, DISCOUNT_BAND, SPEND_BAND, Response
from crmlib.analyse.stats import FEWEST
from crmlib.analyse.stats.small_groups import NOT_STATED, OTHER
from crmlib.analyse.stats.tests import SURE
from crmlib.measure.campaigns import RECENT_DAYS, USUAL_DAYS
from crmlib.measure.columns import label_of
from crmlib.measure.indicators.catalogue import HEAVY_DISCOUNT_PCT
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
)
from crmlib.present.needs import or_else
from crmlib.present.numbers import capital

VERDICT_WORDS = Family("campaigns-verdict", (*JUDGED, *NOT_JUDGED, DOUBTED))
COMPARED_WORDS = Family("campaigns-compared", (CONTROL_GROUP, MATCHED, NONE))
WHOM_WORDS = Family("campaigns-whom", (CONTROL_GROUP, MATCHED, NONE))
WAY_WORDS = Family("campaigns-way", ("adjusted", "unadjusted", "redrawn", "everyone"))
GROUPING_WORDS = Family(
    "campaigns-grouping", (SPEND_BAND, DISCOUNT_BAND, ANSWERED_BAND, CAMPAIGNS_BAND, "age_band")
)
GROUP_WORDS = Family(
    "campaigns-group",
    (
        *("no purchase yet", "no purchase lately", "lowest third", "middle third", "highest third"),
        *("none", "1 or 2", "3 or more", "yes", "no", "heavy discount", "little discount"),
    ),
    facts=("off",),
)
MEASURE_WORDS = Family(
    "campaigns-measure",
    (
        *("spend_before", "spend_recent", "spend_change", "purchase_days_before", "recency_days"),
        *("known_days", "campaigns_before", "responses_before", "campaigns_running"),
    ),
    facts=("recent",),
)
REASON_WORDS = Family(
    "campaigns-reason",
    (
        *("one contacted", "one held out", "no partner", "short history", "few inside", "few outside"),
        *(found.NO_DAY, found.NO_PURCHASES, found.ORDERS_AFTER),
    ),
    facts=("recent", "fewest"),
)
DOUBT_WORDS = Family("campaigns-doubt", (found.UNLIKE, found.DIFFERED_BEFORE, found.NOT_TRIED))
ASIDE_WORDS = Family(
    "campaigns-aside",
    (
        *(found.IMPOSSIBLE_DAY, found.EARLY_ANSWER, found.LATE_ANSWER),
        *(found.NEW_CUSTOMER, found.NO_PARTNER_NEAR),
    ),
)
NOTE_WORDS = Family(
    "campaigns-note",
    (found.END_UNKNOWN, found.ORDERS_LATER, found.CONTROL_DIFFERED),
    facts=("campaign", "usual"),
)


def called(row: Any) -> Claim:
    """A campaign as a sentence calls it: by its name, or by its number."""
    given = row["name"] if isinstance(row, pd.Series) else row.name
    campaign = row["campaign_id"] if isinstance(row, pd.Series) else row.campaign_id
    if given is None or pd.isna(given) or not str(given).strip():
        return claim("campaigns-called-number", number=name(campaign))
    return claim("campaigns-called-name", name=name(given))


def campaign_label(row: Any) -> str:
    """A campaign as a line of a table or picture calls it."""
    said = called(row)
    return capital(said.facts.get("name", said))


def at(quantity: str, campaign: Any) -> str:
    """Which quantity of which campaign a fact is."""
    selector = re.sub(r"[\[\]]", "", str(campaign)).strip()
    return f"campaigns.{quantity}[{selector}]" if selector else ""


def grouping_name(grouping: str) -> Fact:
    """What customers were grouped by."""
    return GROUPING_WORDS.term(grouping) if grouping in GROUPING_WORDS.members else name(label_of(grouping))


def group_name(group: Any) -> Claim | Fact:
    """One group of customers."""
    if str(group) not in GROUP_WORDS.members:
        return name(group)
    return GROUP_WORDS.claim(str(group), off=share(HEAVY_DISCOUNT_PCT))


def group_line(row: Any) -> Claim:
    """A group with what it was made by."""
    grouping, group = grouping_name(row["grouping"]), group_name(row["group"])
    return claim("campaigns-measure-level", trait=grouping, level=group)


def measure_name(measure: str) -> Claim | Fact:
    """A figure that groups were compared in."""
    if measure in MEASURE_WORDS.members:
        return MEASURE_WORDS.claim(measure, recent=days(RECENT_DAYS))
    trait, colon, level = measure.partition(": ")
    if not colon:
        return name(label_of(measure))
    return claim("campaigns-measure-level", trait=grouping_name(trait), level=group_name(level))


def stated(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups that say something of a customer: not those of whom nothing is known."""
    return groups[~groups["group"].isin([NOT_STATED, OTHER])]


def reason_of(code: str) -> Claim:
    """Why a campaign could not be compared, as the end of a sentence."""
    return REASON_WORDS.claim(code, recent=days(RECENT_DAYS), fewest=count(FEWEST))


def doubt_of(code: str) -> Fact:
    """Why a comparison is not trusted, as the end of a sentence."""
    return DOUBT_WORDS.term(code)


def answered(table: pd.DataFrame) -> pd.DataFrame:
    """The campaigns of which answers are on record, or that were too small to expect one."""
    return table[~without_answers(table)]


def answer_facts(table: pd.DataFrame) -> dict[str, Fact]:
    """How many contacts there were where answers are on record, and the share that brought one."""
    told = answered(table)
    contacts, hits = int(told["contacted"].sum()), int(told["responded"].sum())
    return {
        "contacts": count(contacts, at="campaigns.contacts_with_answers", part_of="campaigns.contacts"),
        "share": share(100 * hits / contacts if contacts else None, at="campaigns.answer_share"),
    }


def effect_fact(row: Any, currency: str) -> Fact:
    """Extra spend a customer of one campaign."""
    return money(row.effect, currency, at=at("effect", row.campaign_id))


def _likely(low: Any, high: Any, currency: str) -> Fact:
    return interval(low, high, "money", unit=currency)


def _likely_share(row: Any) -> Fact:
    return interval(row["response_low"], row["response_high"], "share")


NO_CAMPAIGNS = claim("campaigns-answer-skipped")


@or_else(lambda missing: [NO_CAMPAIGNS])
def campaigns_answer(summary: CampaignSummary) -> list[Claim]:
    """What the surest campaign brought, how many could be judged, and what to do first."""
    table = summary.table
    if not int(table["contacted"].sum()):
        return [claim("campaigns-answer-nobody")]
    raised, lowered = (table[table["verdict"] == verdict] for verdict in (MORE, LESS))
    if len(raised):
        best = _main(summary)
        first = claim(
            "campaigns-answer-best",
            campaign=called(best),
            effect=effect_fact(best, summary.currency),
            likely=_likely(best["effect_low"], best["effect_high"], summary.currency),
            total=money(best["total"], summary.currency, at=at("total", best["campaign_id"])),
        )
        held_out = best["comparison"] == CONTROL_GROUP
        repeat = claim("campaigns-answer-repeat" if held_out else "campaigns-answer-confirm")
        return [first, *_how_many(table), repeat]
    if len(lowered):
        worst = _main(summary)
        less = money(-worst["effect"], summary.currency)
        likely = _likely(-worst["effect_high"], -worst["effect_low"], summary.currency)
        first = claim("campaigns-answer-loss", campaign=called(worst), less=less, likely=likely)
        return [first, *_how_many(table), claim("campaigns-answer-stop")]
    return [*_how_many(table), *_answers(summary), _next(table)]


def _main(summary: CampaignSummary) -> pd.Series:
    return summary.table.set_index("campaign_id", drop=False).loc[main_campaign(summary)]


def _how_many(table: pd.DataFrame) -> list[Claim]:
    verdicts = table["verdict"].value_counts()
    judged = int(table["verdict"].isin(JUDGED).sum())
    more, less = int(verdicts.get(MORE, 0)), int(verdicts.get(LESS, 0))
    of = count(judged, at="campaigns.all")
    if not judged:
        return [claim("campaigns-answer-not-judged")]
    if not more and not less:
        return [claim("campaigns-answer-none-shown", judged=of)]
    if judged == 1:
        return []
    raised = count(more, at="campaigns.raised", part_of="campaigns.all")
    if less:
        return [claim("campaigns-answer-others-less", judged=of, more=raised, less=count(less))]
    return [claim("campaigns-answer-others", judged=of, more=raised)]


def _answers(summary: CampaignSummary) -> list[Claim]:
    if summary.responses_unknown:
        contacts = count(summary.table["contacted"].sum(), at="campaigns.contacts")
        return [claim("campaigns-answer-unknown", contacts=contacts)]
    if not answered(summary.table)["contacted"].sum():
        return []
    return [claim("campaigns-answer-answers", **answer_facts(summary.table))]


def _next(table: pd.DataFrame) -> Claim:
    if table["control"].sum():
        return claim("campaigns-answer-change")
    return claim("campaigns-answer-hold-out")


@or_else(lambda missing: [])
def campaigns_findings(summary: CampaignSummary, effect: CampaignEffect) -> list[Claim]:
    """The sentences that the index repeats: what a campaign earned, or how far the plain comparison misleads."""
    table, currency = summary.table, summary.currency
    row = effect.money.iloc[0]
    chosen = table[table["campaign_id"] == effect.campaign_id]
    if chosen["verdict"].isin([MORE, LESS]).any() and np.isfinite(row["gain"]):
        what = claim("campaigns-what-margin" if np.isfinite(row["margin_pct"]) else "campaigns-what-spend")
        gain = {"campaign": called(effect), "what": what, **_gain(effect)}
        return [claim("campaigns-finding-gain" if row["gain"] > 0 else "campaigns-finding-balance", **gain)]
    plain = table[(table["comparison"] == MATCHED) & (table["everyone"] > 0)]
    plain = plain[plain["everyone"] > plain["effect_high"]]
    if plain.empty:
        return []
    first = plain.sort_values("contacted", ascending=False, kind="stable").iloc[0]
    likely = _likely(first["effect_low"], first["effect_high"], currency)
    everyone = money(first["everyone"], currency)
    facts = {"campaign": called(first), "effect": effect_fact(first, currency), "likely": likely}
    return [claim("campaigns-finding-unalike", everyone=everyone, **facts)]


def _gain(effect: CampaignEffect) -> dict[str, Any]:
    row = effect.money.iloc[0]
    return {
        "gain": money(row["gain"], effect.currency, at=at("gain", effect.campaign_id)),
        "likely": _likely(row["gain_low"], row["gain_high"], effect.currency),
    }


@or_else(lambda missing: [])
def responses_paragraph(summary: CampaignSummary) -> list[Claim]:
    """Which campaigns were answered most, how sure that is, and which have no answer on record."""
    if summary.responses_unknown:
        return [claim("campaigns-responses-unknown")]
    table = answered(summary.table)
    table = table[table["contacted"] >= FEWEST]
    silent = summary.table[without_answers(summary.table)]
    said = (
        _most_and_least(table)
        if len(table)
        else []
        if len(silent)
        else [claim("campaigns-responses-few", fewest=count(FEWEST))]
    )
    if len(silent):
        campaigns = names(_all_called(silent), limit=4)
        said.append(claim("campaigns-responses-silent", n=count(len(silent)), campaigns=campaigns))
    few = int((summary.table["contacted"].between(1, FEWEST - 1)).sum())
    if few and len(table):
        said.append(claim("campaigns-responses-small", n=count(few), fewest=count(FEWEST)))
    return [*said, claim("campaigns-responses-no-proof")] if len(table) else said


def _most_and_least(table: pd.DataFrame) -> list[Claim]:
    order = table.sort_values("response_pct", ascending=False, kind="stable")
    best, last = order.iloc[0], order.iloc[-1]
    if len(order) == 1:
        return [claim("campaigns-responses-one", responded=_responded(best), **_response(best))]
    if last["response_high"] >= best["response_low"]:
        return [claim("campaigns-responses-alike")]
    return [
        claim("campaigns-responses-most", responded=_responded(best), **_response(best)),
        claim("campaigns-responses-least", **_response(last)),
    ]


def _responded(row: pd.Series) -> Fact:
    campaign = row["campaign_id"]
    return count(row["responded"], at=at("answers", campaign), part_of=at("contacts", campaign))


def _response(row: pd.Series) -> dict[str, Any]:
    campaign = row["campaign_id"]
    return {
        "campaign": called(row),
        "contacted": count(row["contacted"], at=at("contacts", campaign)),
        "share": share(row["response_pct"], at=at("answer_share", campaign)),
        "likely": _likely_share(row),
    }


@or_else(lambda missing: [])
def effects_paragraph(summary: CampaignSummary) -> list[Claim]:
    """What stands beside the answer: campaigns with less spend, weaker evidence, and what was not judged."""
    table = summary.table
    said = []
    raised = table[table["verdict"] == MORE]
    if len(raised) > 1:
        said.append(claim("campaigns-effects-more", campaigns=_listed(raised)))
    lowered = table[table["verdict"] == LESS]
    if len(lowered):
        listed = _listed(lowered)
        said.append(claim("campaigns-effects-less", n=count(len(lowered)), campaigns=listed))
    said += _evidence(table)
    chance, doubted = (table[table["verdict"] == verdict] for verdict in (CHANCE, DOUBTED))
    if len(chance):
        said.append(claim("campaigns-effects-chance", n=count(len(chance)), campaigns=_listed(chance)))
    if len(doubted):
        said.append(claim("campaigns-effects-doubted", campaigns=_listed(doubted)))
    left = table[table["verdict"].isin(NOT_JUDGED)]
    if len(left):
        said.append(claim("campaigns-effects-left", n=count(len(left)), campaigns=_listed(left)))
    return said + _smallest(table[table["verdict"] == NO_DIFFERENCE])


def _evidence(table: pd.DataFrame) -> list[Claim]:
    matched = int((table["comparison"] == MATCHED).sum())
    if not matched:
        return []
    if not (table["comparison"] == CONTROL_GROUP).any():
        return [claim("campaigns-effects-no-control")]
    return [claim("campaigns-effects-matched", n=count(matched))]


def _smallest(seen: pd.DataFrame) -> list[Claim]:
    small = (100 * seen["smallest_effect"] / seen["base_mean"].where(seen["base_mean"] > 0)).dropna()
    if small.empty:
        return []
    low, high = share(small.min()), share(small.max())
    if str(low) == str(high):
        return [claim("campaigns-effects-smallest", low=low)]
    return [claim("campaigns-effects-smallest-range", low=low, high=high)]


def _all_called(table: pd.DataFrame) -> Iterable[Claim]:
    return [called(row) for row in table.itertuples()]


def _listed(table: pd.DataFrame, limit: int = 4) -> Fact:
    return names(_all_called(table), limit=limit)


@or_else(lambda missing: [])
def campaigns_limits(summary: CampaignSummary, effect: CampaignEffect) -> list[Claim]:
    """What the report on campaigns cannot say."""
    table = summary.table
    limits = [claim("campaigns-limits-own-time")]
    if (table["comparison"] == MATCHED).any():
        limits += [claim("campaigns-limits-no-control"), claim("campaigns-limits-picked")]
    overlap = table["overlapping_pct"].dropna()
    if len(overlap) and overlap.median() > 0:
        limits.append(claim("campaigns-limits-overlap", share=share(overlap.median())))
    running = int((~table["is_over"] & table["begin_on"].notna()).sum())
    if running:
        limits.append(claim("campaigns-limits-running", n=count(running)))
    if table["cost_amount"].isna().all():
        limits.append(claim("campaigns-limits-no-cost"))
    if (table["reason"] == "short history").any():
        limits.append(claim("campaigns-limits-beginning"))
    return limits + _notes(effect)


def _notes(effect: CampaignEffect) -> list[Claim]:
    campaign = called(effect)
    said = [NOTE_WORDS.claim(note, campaign=campaign, usual=days(USUAL_DAYS)) for note in effect.notes]
    for row in effect.set_aside.itertuples():
        what = ASIDE_WORDS.term(row.what)
        said.append(claim("campaigns-limits-aside", campaign=campaign, n=count(row.customers), what=what))
    return said


@or_else(lambda missing: [])
def campaign_paragraph(effect: CampaignEffect) -> list[Claim]:
    """What one campaign brought, in spend and against its cost, and how small an effect it could have shown."""
    said = [_when(effect)]
    if not effect.response.contacted:
        return [*said, claim("campaigns-one-nobody")]
    said += [_who_answered(effect), *_uplift(effect.response)]
    if not np.isfinite(effect.comparison.chosen.value):
        return [*said, claim("campaigns-one-not-known", reason=reason_of(effect.comparison.reason))]
    said += [_extra(effect), *_power(effect), *_cost(effect)]
    if effect.comparison.kind == MATCHED:
        said.append(claim("campaigns-one-weaker"))
    if effect.verdict == FEW:
        said.append(claim("campaigns-one-few", fewest=count(FEWEST)))
    return said


def _who_answered(effect: CampaignEffect) -> Claim:
    response, campaign = effect.response, effect.campaign_id
    contacted = count(response.contacted, at=at("contacts", campaign))
    if response.reason:
        return claim("campaigns-one-contacted", contacted=contacted)
    if not response.responded and response.contacted >= FEWEST:
        return claim("campaigns-one-silent", contacted=contacted)
    facts = {
        "responded": count(response.responded, at=at("answers", campaign), part_of=at("contacts", campaign)),
        "contacted": contacted,
        "share": share(response.rate_pct, at=at("answer_share", campaign)),
        "likely": interval(response.low, response.high, "share"),
    }
    if not np.isfinite(response.days_median):
        return claim("campaigns-one-answered", **facts)
    return claim("campaigns-one-answered-days", days=days(response.days_median), **facts)


def _uplift(response: Response) -> list[Claim]:
    if np.isnan(response.uplift):
        return []
    likely = interval(response.uplift_low, response.uplift_high, "points")
    shown = {"held": share(response.control_pct), "uplift": points(response.uplift), "likely": likely}
    return [claim("campaigns-one-uplift", **shown)]


def _when(effect: CampaignEffect) -> Claim:
    if pd.isna(effect.begin_on):
        return claim("campaigns-one-no-day", campaign=called(effect))
    facts = {"campaign": called(effect), "begin": date(effect.begin_on), "until": date(effect.until_on)}
    if effect.is_over:
        return claim("campaigns-one-ran", **facts)
    return claim("campaigns-one-runs", planned=date(effect.planned_until_on), **facts)


def _extra(effect: CampaignEffect) -> Claim:
    chosen, row, currency = effect.comparison.chosen, effect.money.iloc[0], effect.currency
    control = effect.comparison.kind == CONTROL_GROUP
    facts: dict[str, Any] = {
        "who": claim("campaigns-who-contacted" if control else "campaigns-who-matched"),
        "whom": WHOM_WORDS.term(effect.comparison.kind),
        "effect": money(chosen.value, currency, at=at("effect", effect.campaign_id)),
        "likely": _likely(chosen.low, chosen.high, currency),
    }
    if effect.judgement.doubt:
        return claim("campaigns-one-doubted", doubt=doubt_of(effect.judgement.doubt), **facts)
    if not found.differs(effect.comparison):
        return claim("campaigns-one-not-shown", **facts)
    if chosen.value < 0:
        facts["effect"] = money(-chosen.value, currency)
        facts["likely"] = _likely(-chosen.high, -chosen.low, currency)
        return claim("campaigns-one-less", **facts)
    facts |= {
        "n": count(effect.comparison.contacted),
        "total": money(row["total"], currency, at=at("total", effect.campaign_id)),
        "all": _likely(row["total_low"], row["total_high"], currency),
    }
    if not row["base_mean"] > 0:
        return claim("campaigns-one-more", **facts)
    base = money(row["base_mean"], currency)
    return claim(
        "campaigns-one-more-base", share=share(100 * chosen.value / row["base_mean"]), base=base, **facts
    )


def _power(effect: CampaignEffect) -> list[Claim]:
    power = effect.power.iloc[0]
    if not power["smallest_effect"] > 0:
        return []
    facts = {"smallest": money(power["smallest_effect"], effect.currency), "power": share(100 * POWER)}
    if not np.isfinite(power["tenth_pct"]):
        return [claim("campaigns-one-power", **facts)]
    chance = share(power["tenth_pct"])
    return [claim("campaigns-one-power-rise", rise=share(RISE_PCT), chance=chance, **facts)]


def _cost(effect: CampaignEffect) -> list[Claim]:
    row, currency = effect.money.iloc[0], effect.currency
    if not np.isfinite(row["cost_amount"]):
        return []
    facts = {
        "cost": money(row["cost_amount"], currency, at=at("cost", effect.campaign_id)),
        "each": money(row["cost_per_contact"], currency),
    }
    said = claim("campaigns-one-cost", **facts)
    if np.isfinite(row["cost_per_response"]):
        said = claim("campaigns-one-cost-answer", answer=money(row["cost_per_response"], currency), **facts)
    margin = np.isfinite(row["margin_pct"])
    gain = claim("campaigns-one-gain-margin" if margin else "campaigns-one-gain-spend", **_gain(effect))
    return [said, gain]


@or_else(lambda missing: [])
def balance_paragraph(effect: CampaignEffect) -> list[Claim]:
    """How alike those compared were, and what the same comparison shows before the campaign."""
    comparison, trial = effect.comparison, effect.trial.chosen
    if comparison.balance.empty:
        return []
    lot = comparison.kind == CONTROL_GROUP
    said = [claim("campaigns-balance-lot")] if lot else _partners(effect)
    if not np.isfinite(trial.value):
        return [*said, claim("campaigns-balance-no-trial"), *_overlap(effect)]
    facts = {
        "effect": money(trial.value, effect.currency),
        "likely": _likely(trial.low, trial.high, effect.currency),
    }
    if trial.low <= 0 <= trial.high:
        said.append(claim("campaigns-balance-trial-none", **facts))
    else:
        said.append(claim("campaigns-balance-trial-differed", **facts))
    return [*said, *_overlap(effect)]


def _partners(effect: CampaignEffect) -> list[Claim]:
    comparison, of = effect.comparison, effect.response.contacted
    contacted = count(of, at=at("contacts", effect.campaign_id))
    n = count(comparison.contacted, part_of=at("contacts", effect.campaign_id))
    said = claim("campaigns-balance-partners", n=n, contacted=contacted)
    far = comparison.balance[~comparison.balance["alike"]]
    if far.empty:
        return [said, claim("campaigns-balance-alike", alike=number(ALIKE))]
    measures = names((measure_name(measure) for measure in far["feature"]), limit=4)
    return [said, claim("campaigns-balance-apart", alike=number(ALIKE), measures=measures)]


def _overlap(effect: CampaignEffect) -> list[Claim]:
    table = effect.overlap.set_index("side")
    if table.empty or not table["overlapping"].any():
        return []
    parts = [
        claim("campaigns-balance-overlap-contacted", share=share(row.share_pct))
        if row.Index == "contacted"
        else claim("campaigns-balance-overlap-compared", share=share(row.share_pct))
        for row in table.itertuples()
    ]
    return [claim("campaigns-balance-overlap", parts=names(parts))]


@or_else(lambda missing: [])
def groups_paragraph(effect: CampaignEffect) -> list[Claim]:
    """Who answered more often, and whether the campaign did more for some than for others."""
    if not effect.response.responded and effect.response.contacted >= FEWEST:
        return _extra_by_group(effect)
    judged = stated(effect.groups[effect.groups["response_judged"].astype(bool)])
    if judged.empty:
        said = [claim("campaigns-groups-few")]
    else:
        firm = judged[judged["response_q"] <= SURE]
        firm = firm.sort_values("response_pct", ascending=False, kind="stable")
        said = [_group_answered(row) for _, row in firm.iloc[[0, -1][: len(firm)]].iterrows()]
        said = said or [claim("campaigns-groups-none")]
    said += _extra_by_group(effect)
    few = int((~effect.groups["response_judged"].astype(bool)).sum())
    if few and len(judged):
        said.append(claim("campaigns-groups-small", n=count(few)))
    return said


def _extra_by_group(effect: CampaignEffect) -> list[Claim]:
    compared = stated(effect.groups[effect.groups["effect_judged"].astype(bool)])
    more = compared[compared["gap_q"] <= SURE]
    if len(compared) and more.empty:
        return [claim("campaigns-groups-no-more", n=count(len(compared)))]
    return [
        claim(
            "campaigns-groups-more",
            group=group_line(row),
            effect=money(row["effect"], effect.currency),
            gap=money(row["gap"], effect.currency),
            likely=_likely(row["gap_low"], row["gap_high"], effect.currency),
        )
        for _, row in more.head(2).iterrows()
    ]


def _group_answered(row: pd.Series) -> Claim:
    return claim(
        "campaigns-groups-answered",
        share=share(row["response_pct"]),
        group=group_line(row),
        responded=count(row["responded"]),
        contacted=count(row["contacted"]),
        likely=_likely_share(row),
    )
