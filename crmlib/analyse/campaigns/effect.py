"""What one campaign brought: response, extra spend, cost and return, who responds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import (
    CONTROL_GROUP,
    FEWEST,
    LEVEL,
    MATCHED,
    NONE,
    Comparison,
    compare,
    customer_traits,
    power_of,
    trait_levels,
)
from crmlib.analyse.campaigns.groups import Response, answers_known, known_groups, response_of, who_responds
from crmlib.analyse.stats.tests import SURE, benjamini_hochberg
from crmlib.measure.campaigns import ASIDE, BEFORE, CONTACTED, DURING, campaign_people, campaign_windows
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import known_customers, min_group
from crmlib.schema.errors import ParameterError, nearest
from crmlib.schema.fields import MINIMUM_GROUP

MORE, LESS, NO_DIFFERENCE = "more spend", "less spend", "no difference seen"
CHANCE, DOUBTED, FEW = "could be chance", "not trusted", "too few"
NOTHING, NOBODY = "nothing to compare", "nobody contacted"

JUDGED = (MORE, LESS, NO_DIFFERENCE, CHANCE)
"""What may be concluded of a comparison; `CHANCE` only where many campaigns are looked at together."""

NOT_JUDGED = (FEW, NOTHING, NOBODY)
"""Why nothing is concluded. `DOUBTED` is neither: compared, and not trusted."""

NO_DAY, NO_PURCHASES, ORDERS_AFTER, NO_TRIAL = "no day", "no purchases", "orders after", "no trial"
"""Why a campaign's time cannot be compared; the other reasons stand in `comparison`."""

UNLIKE, DIFFERED_BEFORE, NOT_TRIED = "unlike", "differed before", "not tried"
"""Why a comparison is not trusted."""

IMPOSSIBLE_DAY, EARLY_ANSWER, LATE_ANSWER = "impossible day", "early answer", "late answer"
NEW_CUSTOMER, NO_PARTNER_NEAR = "new customer", "no partner near"
"""Why a contact or an answer is set aside."""

END_UNKNOWN, ORDERS_LATER = "end unknown", "orders later"
CONTROL_DIFFERED = "control differed"
"""What to know of a campaign beside its figures."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """One campaign's response and comparison, the trial before it, and what follows.

    `comparison`: Within the campaign's time.
    `trial`: The same on the time before it; of the kind "none" where that was not possible.
    `verdict`: One of `JUDGED`, one of `NOT_JUDGED`, or `DOUBTED`.
    `doubt`: Why a matched comparison is not trusted, in a code; empty where it is, or where there is none.
    """

    response: Response
    comparison: Comparison
    trial: Comparison
    verdict: str
    doubt: str = ""


def judge(
    window: Any,
    people: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    unknown: str = "",
    seed: int = 0,
    redrawn: bool = False,
    min_group: int = MINIMUM_GROUP,
) -> Judgement:
    """Judge one campaign."""
    response = response_of(people, until_on=window.until_on, unknown=unknown)
    reason = _no_time(window)
    if reason or not response.contacted:
        none = Comparison(kind=NONE, reason=reason)
        verdict = NOTHING if response.contacted else NOBODY
        return Judgement(response=response, comparison=none, trial=none, verdict=verdict)
    comparison = compare(people, levels, span=DURING, seed=seed, redrawn=redrawn, min_group=min_group)
    trial = Comparison(kind=NONE, reason=NO_TRIAL)
    if comparison.kind != NONE and (people["span"] == BEFORE).any():
        trial = compare(people, levels, span=BEFORE, seed=seed, min_group=min_group)
    doubt = doubt_of(comparison, trial)
    return Judgement(
        response=response,
        comparison=comparison,
        trial=trial,
        verdict=verdict_of(comparison, doubt),
        doubt=doubt,
    )


def differs(comparison: Comparison) -> bool:
    """Whether the interval of a comparison leaves out 0."""
    found = comparison.chosen
    return bool(np.isfinite(found.value) and (found.low > 0 or found.high < 0))


def doubt_of(comparison: Comparison, trial: Comparison) -> str:
    """Why a matched comparison is not to be trusted."""
    if comparison.kind != MATCHED or not comparison.enough:
        return ""
    if comparison.unlike:
        return UNLIKE
    if differs(trial):
        return DIFFERED_BEFORE
    if trial.kind == NONE and differs(comparison):
        return NOT_TRIED
    return ""


def verdict_of(comparison: Comparison, doubt: str) -> str:
    """What follows from a comparison."""
    if comparison.kind == NONE:
        return FEW if comparison.few else NOTHING
    if not comparison.enough:
        return FEW
    if doubt:
        return DOUBTED
    if not differs(comparison):
        return NO_DIFFERENCE
    return MORE if comparison.chosen.value > 0 else LESS


def overlap_of(people: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """How many customers of either side were in another campaign at the same time."""
    rows = people[people["span"] == DURING]
    found = []
    for side, chosen in (
        (CONTACTED, rows["arm"] == CONTACTED),
        ("compared with", rows["customer_id"].isin(_compared(comparison))),
    ):
        n, both = int(chosen.sum()), int((rows.loc[chosen, "campaigns_overlapping"] > 0).sum())
        if n:
            found.append((side, n, both, 100 * both / n))
    return pd.DataFrame(found, columns=["side", "customers", "overlapping", "share_pct"])


def _compared(comparison: Comparison) -> list[str]:
    units = comparison.units
    if comparison.kind == MATCHED:
        return units["partner_id"].tolist()
    return units.loc[units["side"] == 0, "customer_id"].tolist()


def _no_time(window: Any) -> str:
    if pd.isna(window.begin_on):
        return NO_DAY
    if pd.isna(window.first_order_on):
        return NO_PURCHASES
    if window.until_on < window.first_order_on:
        return ORDERS_AFTER
    return ""


@dataclass(frozen=True, kw_only=True, eq=False)
class CampaignEffect:
    """Who answered one campaign, what it brought in extra spend, and how sure that is.

    Attributes
    ----------
    name, kind, channel : str
        Empty where not known.
    begin_on, until_on, planned_until_on : Timestamp
        First day, last day that counts so far, last day as planned.
    judgement : Judgement
        `response`, `comparison` (with the balance, and every way of working it out), `trial`, `verdict`, `doubt`.
    groups : DataFrame, as `crmlib.analyse.campaigns.groups.who_responds` gives it
    overlap : DataFrame, as `crmlib.analyse.campaigns.effect.overlap_of` gives it
    money : DataFrame, one row: what is known in account currency
        `effect`, `low`, `high` (extra spend a customer), `total`, `total_low`, `total_high` (of all compared),
        `base_mean` (spend of those compared with), `cost_amount`, `cost_shared` (of the customers compared),
        `cost_per_contact`, `cost_per_response`, `margin_pct`, `gain`, `gain_low`, `gain_high` (extra margin, or spend
        where the margin is not known, less cost). NaN where not known.
    power : DataFrame, one row
        `smallest_effect` (a customer; shown with a chance of `POWER`), `smallest_pct` (of `base_mean`),
        `tenth_pct` (chance to see `RISE_PCT` more spend), `level`.
    set_aside : DataFrame
        `what` (a code), `customers`: counted, and not used.
    notes : tuple of str
        Codes of what to know beside the figures; `crmlib.present.reports.campaigns.say` words them.
    """

    campaign_id: str
    name: str
    kind: str
    channel: str
    begin_on: pd.Timestamp
    until_on: pd.Timestamp
    planned_until_on: pd.Timestamp
    is_over: bool
    judgement: Judgement = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    overlap: pd.DataFrame = field(repr=False)
    money: pd.DataFrame = field(repr=False)
    power: pd.DataFrame = field(repr=False)
    set_aside: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...] = ()
    currency: str = ""

    @property
    def response(self) -> Response:
        """Who answered."""
        return self.judgement.response

    @property
    def comparison(self) -> Comparison:
        """Extra spend within the campaign's time."""
        return self.judgement.comparison

    @property
    def trial(self) -> Comparison:
        """The same comparison on the time before."""
        return self.judgement.trial

    @property
    def verdict(self) -> str:
        """What is concluded, one of the words of `crmlib.analyse.campaigns.effect`."""
        return self.judgement.verdict

    @property
    def balance(self) -> pd.DataFrame:
        """How alike the groups were before, and after matching."""
        return self.comparison.balance

    def _repr_html_(self) -> str:
        return self.comparison.effects.round(2).to_html(index=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class CampaignSummary:
    """All campaigns side by side.

    Attributes
    ----------
    table : DataFrame, one row a campaign, the earliest first
        `campaign_id`, `name`, `kind`, `channel`, `begin_on`, `until_on`, `planned_until_on`, `is_over`, `contacted`,
        `control`, `responded`, `response_pct`, `response_low`, `response_high`, `comparison`, `compared` (customers of
        it that are compared), `effect`, `effect_low`, `effect_high` (extra net spend a customer), `p_value`, `q_value`
        (adjusted for the number of campaigns), `base_mean`, `everyone` (the difference from all others, as they are),
        `smallest_effect`, `trial_effect`, `trial_low`, `trial_high`, `total`, `cost_amount`, `overlapping_pct`,
        `verdict`, `doubt`, `reason`.
    responses_unknown : str
        Why answers are not known, in a code; empty where they are.
    """

    table: pd.DataFrame
    responses_unknown: str = ""
    currency: str = ""
    as_of: pd.Timestamp = pd.NaT

    def _repr_html_(self) -> str:
        return self.table.round(2).to_html(index=False)


def campaign_effect(
    crm: Crm,
    campaign_id: str,
    *,
    response_days: int | None = None,
    groups: Mapping[str, pd.Series] | None = None,
    seed: int = 0,
) -> CampaignEffect:
    """What a campaign brought: who answered it, and what its customers spent more than others like them.

    With a control group those contacted are compared with those held out, whoever answered: the difference is the
    campaign's doing. It is adjusted for what each spent before (CUPED); the plain difference stands beside it.
    Without one, each customer is matched with one outside the campaign who looked alike before it began, in
    buying, earlier campaigns and traits. That is weaker: what was not recorded may still tell them apart. So the
    same comparison is made on the time before the campaign, when it must show nothing, and where it does not, the
    result is not trusted.

    Where customers were picked by something unrecorded, matching does not undo it, and the trial shows it in part of
    the cases only. Where they were picked by their spend right before, the trial always shows that: a true effect is
    then not trusted either. Only a control group settles it.

    Parameters
    ----------
    crm : Crm
        With `campaign_contacts`, and `transactions` or won `opportunities`.
    response_days : int, optional
        Days from the campaign's first that count; by default to its own last day, or four weeks. A campaign whose
        time has not ended at ``crm.as_of`` is judged so far.
    groups : mapping of name -> Series customer_id -> group, optional
        To compare by, beside spend before, earlier answers and traits. They must have been known before contact: a
        segment of today may be what the campaign made of it.
    seed : int
        For the order of matching and for drawing customers again.

    Raises
    ------
    ParameterError
        If there is no such campaign (it names the nearest), or `response_days` is no whole number from 1 on.
    SchemaError
        If there are no campaign_contacts, or neither orders nor opportunities.

    References
    ----------
    Deng, A., Xu, Y., Kohavi, R. & Walker, T. (2013). Improving the sensitivity of online controlled experiments
    by utilizing pre-experiment data. WSDM.
    Stuart, E. A. (2010). Matching methods for causal inference. Statistical Science 25.
    """
    windows = campaign_windows(crm, response_days=response_days)
    if windows.empty:
        raise ParameterError("No campaign is known at this closing moment.")
    if campaign_id not in windows.index:
        raise ParameterError(
            f"there is no campaign {campaign_id!r}.{nearest(str(campaign_id), windows.index)}"
        )
    window = windows.loc[campaign_id]
    people = campaign_people(crm, campaign_ids=[campaign_id], response_days=response_days)
    traits = customer_traits(crm)
    least = min_group(crm)
    customers = pd.Index(people["customer_id"].unique(), name="customer_id")
    levels = trait_levels(traits, customers, min_group=least)
    found = judge(
        window, people, levels, unknown=answers_known(crm), seed=seed, redrawn=True, min_group=least
    )
    asked = known_groups(people, traits) | dict(groups or {})
    told = {name: "" if pd.isna(window[name]) else str(window[name]) for name in ("name", "kind", "channel")}
    money = _money(window, found)
    return CampaignEffect(
        campaign_id=campaign_id,
        **told,
        begin_on=window["begin_on"],
        until_on=window["until_on"],
        planned_until_on=window["planned_until_on"],
        is_over=bool(window["is_over"]),
        judgement=found,
        groups=who_responds(people, found.response, found.comparison, asked, min_group=least),
        overlap=overlap_of(people, found.comparison),
        money=money,
        power=_power(found, float(money["base_mean"].iloc[0])),
        set_aside=_set_aside(people, found),
        notes=_notes(window, found, response_days),
        currency=crm.currency,
    )


def _money(window: pd.Series, found: Judgement) -> pd.DataFrame:
    chosen, comparison = found.comparison.chosen, found.comparison
    n, contacted = comparison.contacted, found.response.contacted
    cost = float(window["cost_amount"])
    shared = cost * n / contacted if contacted and comparison.kind in (CONTROL_GROUP, MATCHED) else np.nan
    kept = comparison.margin_pct / 100 if np.isfinite(comparison.margin_pct) else 1.0
    ends = {"": chosen.value, "_low": chosen.low, "_high": chosen.high}
    row = {
        "effect": chosen.value,
        "low": chosen.low,
        "high": chosen.high,
        **{f"total{end}": value * n for end, value in ends.items()},
        "base_mean": comparison.base_mean,
        "cost_amount": cost,
        "cost_shared": shared,
        "cost_per_contact": cost / contacted if contacted else np.nan,
        "cost_per_response": cost / found.response.responded if found.response.responded else np.nan,
        "margin_pct": comparison.margin_pct,
        **{f"gain{end}": value * n * kept - shared for end, value in ends.items()},
    }
    return pd.DataFrame([row], dtype="float64")


RISE_PCT = 10.0
"""A rise of spend of which the chance to be seen is told."""


def _power(found: Judgement, base: float) -> pd.DataFrame:
    chosen = found.comparison.chosen
    smallest = chosen.smallest
    row = {
        "smallest_effect": smallest,
        "smallest_pct": 100 * smallest / base if base > 0 else np.nan,
        "tenth_pct": 100 * power_of(base * RISE_PCT / 100, chosen.error, freedom=chosen.freedom)
        if base > 0
        else np.nan,
        "level": LEVEL,
    }
    return pd.DataFrame([row], dtype="float64")


def _set_aside(people: pd.DataFrame, found: Judgement) -> pd.DataFrame:
    rows = people[people["span"] == DURING]
    ours = rows[rows["arm"] == CONTACTED]
    counted = {
        IMPOSSIBLE_DAY: int((rows["arm"] == ASIDE).sum()),
        EARLY_ANSWER: found.response.early,
        LATE_ANSWER: found.response.late,
    }
    if found.comparison.kind == MATCHED:
        new = int(ours["known_days"].isna().sum())
        counted |= {NEW_CUSTOMER: new, NO_PARTNER_NEAR: len(ours) - new - found.comparison.contacted}
    kept = [(what, n) for what, n in counted.items() if n > 0]
    return pd.DataFrame(kept, columns=["what", "customers"])


def _notes(window: pd.Series, found: Judgement, response_days: int | None) -> tuple[str, ...]:
    begun, first = window["begin_on"], window["first_order_on"]
    holds = {
        END_UNKNOWN: pd.notna(begun) and not window["end_is_known"] and response_days is None,
        ORDERS_LATER: pd.notna(begun) and pd.notna(first) and first > begun,
        CONTROL_DIFFERED: found.comparison.kind == CONTROL_GROUP and differs(found.trial),
    }
    return tuple(note for note, it_does in holds.items() if it_does)


_ROWS_AT_ONCE = 2_000_000
_WINDOW = ("name", "kind", "channel", "begin_on", "until_on", "planned_until_on", "is_over", "cost_amount")


def campaign_summary(crm: Crm, *, response_days: int | None = None, seed: int = 0) -> CampaignSummary:
    """Response and extra spend of every campaign, judged alike.

    Each is judged as `campaign_effect` does. Of many campaigns some differ by chance alone: a difference that does
    not hold against the number of campaigns looked at (Benjamini and Hochberg) is called "could be chance".

    Parameters
    ----------
    crm : Crm
        With `campaign_contacts`, and `transactions` or won `opportunities`.
    response_days : int, optional
        As for `campaign_effect`.

    Raises
    ------
    SchemaError
        If there are no campaign_contacts, or neither orders nor opportunities.
    ParameterError
        If `response_days` is no whole number from 1 on.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57.
    """
    windows = campaign_windows(crm, response_days=response_days)
    unknown = answers_known(crm)
    customers = pd.Index(known_customers(crm), name="customer_id")
    least = min_group(crm)
    levels = trait_levels(customer_traits(crm), customers, min_group=least)
    rows = []
    size = max(1, _ROWS_AT_ONCE // max(2 * len(customers), 1))
    for begin in range(0, len(windows), size):
        ids = list(windows.index[begin : begin + size])
        people = campaign_people(crm, campaign_ids=ids, response_days=response_days)
        parts = dict(tuple(people.groupby("campaign_id", sort=False)))
        for campaign in ids:
            own = parts.get(campaign, people.iloc[:0])
            found = judge(windows.loc[campaign], own, levels, unknown=unknown, seed=seed, min_group=least)
            rows.append(_row(campaign, windows.loc[campaign], own, found))
    table = _among_many(pd.DataFrame(rows, columns=None if rows else [*_row_names()]))
    return CampaignSummary(table=table, responses_unknown=unknown, currency=crm.currency, as_of=crm.as_of)


def main_campaign(summary: CampaignSummary) -> str:
    """The campaign to look at first: the one whose effect is shown, else the one with the most customers compared."""
    if summary.table.empty:
        return ""
    table = summary.table
    shown = table["verdict"].map({MORE: 2, LESS: 1}).fillna(0)
    size = table["total"].abs().where(shown > 0, 0.0)
    table = table.assign(shown=shown, size=size, judged=table["effect"].notna())
    order = ["shown", "size", "judged", "is_over", "contacted"]
    return str(table.sort_values(order, ascending=False, kind="stable")["campaign_id"].iloc[0])


def without_answers(table: pd.DataFrame) -> pd.Series:
    """Which campaigns reached enough customers, and have not one answer on record."""
    return (table["contacted"] >= FEWEST) & (table["responded"] == 0)


def _row(campaign: str, window: pd.Series, people: pd.DataFrame, found: Judgement) -> dict[str, Any]:
    response, comparison, trial = found.response, found.comparison, found.trial.chosen
    chosen = comparison.chosen
    effects = comparison.effects.set_index("way")["effect"]
    overlap = overlap_of(people, comparison).set_index("side")["share_pct"]
    return {
        "campaign_id": campaign,
        **{name: window[name] for name in _WINDOW},
        "contacted": response.contacted,
        "control": int(window["control_count"]),
        "responded": np.nan if response.reason else response.responded,
        "response_pct": response.rate_pct,
        "response_low": response.low,
        "response_high": response.high,
        "comparison": comparison.kind,
        "compared": comparison.contacted if np.isfinite(chosen.value) else 0,
        "effect": chosen.value,
        "effect_low": chosen.low,
        "effect_high": chosen.high,
        "p_value": chosen.p_value,
        "base_mean": comparison.base_mean,
        "everyone": float(effects.get("everyone", np.nan)),
        "smallest_effect": chosen.smallest,
        "trial_effect": trial.value,
        "trial_low": trial.low,
        "trial_high": trial.high,
        "total": chosen.value * comparison.contacted,
        "overlapping_pct": float(overlap.get("contacted", np.nan)),
        "verdict": found.verdict,
        "doubt": found.doubt,
        "reason": comparison.reason,
    }


def _row_names() -> list[str]:
    return [
        "campaign_id", *_WINDOW, "contacted", "control", "responded", "response_pct", "response_low",
        "response_high", "comparison", "compared", "effect", "effect_low", "effect_high", "p_value", "base_mean",
        "everyone", "smallest_effect", "trial_effect", "trial_low", "trial_high", "total", "overlapping_pct",
        "verdict", "doubt", "reason",
    ]  # fmt: skip


def _among_many(table: pd.DataFrame) -> pd.DataFrame:
    """What holds against the number of campaigns; those that are not trusted or too small are no tests."""
    tested = table["p_value"].notna() & ~table["verdict"].isin([DOUBTED, FEW])
    table["q_value"] = np.nan
    if tested.any():
        table.loc[tested, "q_value"] = benjamini_hochberg(table.loc[tested, "p_value"].to_numpy(dtype=float))
    by_chance = table["verdict"].isin([MORE, LESS]) & (table["q_value"] > SURE)
    table.loc[by_chance, "verdict"] = CHANCE
    return table
