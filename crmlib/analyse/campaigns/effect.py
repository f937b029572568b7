"""What one campaign brought: response, extra spend, cost and return, who responds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.campaigns.comparison import CONTROL_GROUP, MATCHED, NONE, Comparison, compare
from crmlib.analyse.campaigns.estimates import LEVEL, power_of
from crmlib.analyse.campaigns.groups import Response, answers_known, known_groups, response_of, who_responds
from crmlib.analyse.campaigns.matching import customer_traits, trait_levels
from crmlib.analyse.stats.tests import benjamini_hochberg
from crmlib.measure.campaigns import ASIDE, BEFORE, CONTACTED, DURING, campaign_people, campaign_windows
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import known_customers, min_group
from crmlib.schema.errors import ParameterError, nearest

MORE, LESS, NO_DIFFERENCE = "more spend", "less spend", "no difference seen"
CHANCE, DOUBTED, FEW = "could be chance", "not trusted", "too few to judge"
NOTHING, NOBODY = "nothing to compare", "nobody contacted"

JUDGED = (MORE, LESS, NO_DIFFERENCE, CHANCE)
"""What may be concluded of a comparison; `CHANCE` only where many campaigns are looked at together."""

NOT_JUDGED = (FEW, NOTHING, NOBODY)
"""Why nothing is concluded. `DOUBTED` is neither: compared, and not trusted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """One campaign's response and comparison, the trial before it, and what follows.

    Attributes
    ----------
    response : Response
    comparison : Comparison
        Within the campaign's time.
    trial : Comparison
        The same on the time before it; of the kind "none" where that was not possible.
    verdict : str
        One of `JUDGED`, one of `NOT_JUDGED`, or `DOUBTED`.
    doubt : str
        Why a matched comparison is not trusted; empty where it is, or where there is none.
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
) -> Judgement:
    """Judge one campaign."""
    response = response_of(people, until_on=window.until_on, unknown=unknown)
    reason = _no_time(window)
    if reason or not response.contacted:
        none = Comparison(kind=NONE, reason=reason)
        verdict = NOTHING if response.contacted else NOBODY
        return Judgement(response=response, comparison=none, trial=none, verdict=verdict)
    comparison = compare(people, levels, span=DURING, seed=seed, redrawn=redrawn)
    trial = Comparison(kind=NONE, reason="Orders do not reach back far enough.")
    if comparison.kind != NONE and (people["span"] == BEFORE).any():
        trial = compare(people, levels, span=BEFORE, seed=seed)
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
        return "even the best partners bought differently before it"
    if differs(trial):
        return "the same comparison shows a difference before the campaign, when there can be none"
    if trial.kind == NONE and differs(comparison):
        return "the comparison could not be tried on a time before the campaign"
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
        return "No day is known on which it began."
    if pd.isna(window.first_order_on):
        return "Nobody's purchases are known."
    if window.until_on < window.first_order_on:
        return f"Orders begin only after it, on {window.first_order_on:%Y-%m-%d}."
    return ""


@dataclass(frozen=True, kw_only=True, eq=False)
class CampaignEffect:
    """Who answered one campaign, what it brought in extra spend, and how sure that is.

    Attributes
    ----------
    campaign_id : str
    name, kind, channel : str
        Empty where not known.
    begin_on, until_on, planned_until_on : Timestamp
        First day, last day that counts so far, last day as planned.
    is_over : bool
    judgement : Judgement
        `response`, `comparison` (with the balance and the ways to reckon), `trial`, `verdict`, `doubt`.
    groups : DataFrame, as `crmlib.analyse.campaigns.groups.who_responds` gives it
    overlap : DataFrame, as `crmlib.analyse.campaigns.effect.overlap_of` gives it
    money : DataFrame, one row: what is known in account currency
        `effect`, `low`, `high` (extra spend a customer), `total`, `total_low`, `total_high` (of all compared),
        `base_mean` (spend of those compared with), `cost_amount`, `cost_shared` (of the customers compared),
        `cost_per_contact`, `cost_per_response`, `margin_pct`, `gain`, `gain_low`, `gain_high` (extra margin, or spend
        where the margin is not known, less cost). NaN where not known.
    power : DataFrame, one row
        `smallest_effect` (a customer; shown four times in five), `smallest_pct` (of `base_mean`), `tenth_pct` (chance
        to see a tenth more spend), `level`.
    set_aside : DataFrame
        `what`, `customers`: counted, and not used.
    notes : tuple of str
    says : str
    currency : str

    Examples
    --------
    See `crmlib.analyse.campaigns.effect.campaign_effect`.
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
    says: str = ""
    currency: str = ""

    @property
    def response(self) -> Response:
        """Who answered.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.response

    @property
    def comparison(self) -> Comparison:
        """Extra spend within the campaign's time.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.comparison

    @property
    def trial(self) -> Comparison:
        """The same comparison on the time before.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.trial

    @property
    def verdict(self) -> str:
        """What is concluded, one of the words of `crmlib.analyse.campaigns.effect`.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.judgement.verdict

    @property
    def balance(self) -> pd.DataFrame:
        """How alike the groups were before, and after matching.

        Examples
        --------
        See `crmlib.analyse.campaigns.effect.campaign_effect`.
        """
        return self.comparison.balance

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.says)}</p>{self.comparison.effects.round(2).to_html(index=False)}"


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
        Why answers are not known; empty where they are.
    currency : str
    as_of : Timestamp

    Examples
    --------
    See `crmlib.analyse.campaigns.effect.campaign_summary`.
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
    campaign_id : str
    response_days : int, optional
        Days from the campaign's first that count; by default to its own last day, or four weeks. A campaign whose
        time has not ended at ``crm.as_of`` is judged so far.
    groups : mapping of name -> Series customer_id -> group, optional
        To compare by, beside spend before, earlier answers and traits. They must have been known before contact: a
        segment of today may be what the campaign made of it.
    seed : int
        For the order of matching and for drawing customers again.

    Returns
    -------
    CampaignEffect

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
    found = judge(window, people, levels, unknown=answers_known(crm), seed=seed, redrawn=True)
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
        says=_says(window, found, crm.currency),
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


def _power(found: Judgement, base: float) -> pd.DataFrame:
    chosen = found.comparison.chosen
    smallest = chosen.smallest
    row = {
        "smallest_effect": smallest,
        "smallest_pct": 100 * smallest / base if base > 0 else np.nan,
        "tenth_pct": 100 * power_of(base / 10, chosen.error, freedom=chosen.freedom) if base > 0 else np.nan,
        "level": LEVEL,
    }
    return pd.DataFrame([row], dtype="float64")


def _set_aside(people: pd.DataFrame, found: Judgement) -> pd.DataFrame:
    rows = people[people["span"] == DURING]
    ours = rows[rows["arm"] == CONTACTED]
    counted = {
        "a contact on a day on which the campaign cannot have made it": int((rows["arm"] == ASIDE).sum()),
        "an answer before the contact": found.response.early,
        "an answer after the campaign's time": found.response.late,
    }
    if found.comparison.kind == MATCHED:
        new = int(ours["known_days"].isna().sum())
        counted |= {
            "no purchase before the campaign": new,
            "no customer outside the campaign who is near enough": len(ours)
            - new
            - found.comparison.contacted,
        }
    kept = [(what, n) for what, n in counted.items() if n > 0]
    return pd.DataFrame(kept, columns=["what", "customers"])


def _notes(window: pd.Series, found: Judgement, response_days: int | None) -> tuple[str, ...]:
    said = []
    if pd.notna(window["begin_on"]):
        if not window["is_over"]:
            said.append(
                f"It runs to {window['planned_until_on']:%Y-%m-%d} and is judged by what is known up to "
                f"{window['until_on']:%Y-%m-%d}."
            )
        if not window["end_is_known"] and response_days is None:
            said.append("Its end is not known: four weeks are counted.")
        if pd.notna(window["first_order_on"]) and window["first_order_on"] > window["begin_on"]:
            said.append(f"Orders are known from {window['first_order_on']:%Y-%m-%d} on only.")
    if found.response.control_responded:
        n = found.response.control_responded
        said.append(f"Of those held out, {n:,} answered all the same: the groups were not kept apart.")
    if found.comparison.kind == CONTROL_GROUP and differs(found.trial):
        said.append(
            "The control group differed in spend before the campaign; the adjusted figure allows for it."
        )
    return tuple(said)


def _says(window: pd.Series, found: Judgement, currency: str) -> str:
    response, comparison = found.response, found.comparison
    if not response.contacted:
        return "Nobody was contacted."
    said = [f"Of {response.contacted:,} customers contacted"]
    if response.reason:
        said = [f"{response.contacted:,} customers were contacted; who answered is not known."]
    else:
        said[0] += (
            f" {response.responded:,} answered ({response.rate_pct:.1f} %, likely {response.low:.1f} to "
            f"{response.high:.1f})."
        )
    if np.isfinite(comparison.chosen.value):
        said.append(_extra_says(comparison, f" {currency}" if currency else ""))
    else:
        said.append(f"Extra spend is not known: {comparison.reason}")
    if comparison.kind == MATCHED:
        said.append("There was no control group, so this is weaker evidence.")
    if found.doubt:
        said.append(f"It is not trusted: {found.doubt}.")
    return " ".join(said)


def _extra_says(comparison: Comparison, unit: str) -> str:
    chosen, held_out = comparison.chosen, comparison.kind == CONTROL_GROUP
    who, whom = (
        ("contacted", "the control group") if held_out else ("matched", "customers outside it like them")
    )
    if not differs(comparison):
        return (
            f"Those {who} are not shown to have spent more or less than {whom}: the difference is "
            f"{chosen.value:,.2f}{unit} a customer (likely {chosen.low:,.2f} to {chosen.high:,.2f})."
        )
    way, ends = (
        ("more", (chosen.low, chosen.high)) if chosen.value > 0 else ("less", (-chosen.high, -chosen.low))
    )
    return (
        f"Those {who} spent {abs(chosen.value):,.2f}{unit} a customer {way} than {whom} (likely {ends[0]:,.2f} to "
        f"{ends[1]:,.2f})."
    )


def _little_shop() -> Any:
    """Eighty customers, half of them held out; those contacted spend about 6 more."""
    from crmlib.prepare.crm import Crm

    lot = np.random.default_rng(1)
    ids = [f"c{i:02}" for i in range(80)]
    usual = lot.uniform(10, 60, 80)
    lines = []
    for day, extra in (("2024-01-15", 0.0), ("2024-02-10", 0.0), ("2024-03-15", 6.0)):
        lines += [
            (f"{day}-{i}", who, day, round(usual[i] + lot.normal(0, 1) + (extra if i < 40 else 0.0), 2))
            for i, who in enumerate(ids)
        ]
    transactions = pd.DataFrame(lines, columns=["order_id", "customer_id", "ordered_at", "net_amount"])
    contacts = pd.DataFrame(
        {
            "campaign_id": "spring",
            "customer_id": ids,
            "contacted_on": "2024-03-01",
            "is_control": [i >= 40 for i in range(80)],
            "responded_at": ["2024-03-05 10:00" if i < 12 else None for i in range(80)],
        }
    )
    campaigns = pd.DataFrame(
        {"campaign_id": ["spring"], "started_on": ["2024-03-01"], "ended_on": ["2024-03-31"]}
    )
    return Crm.from_frames(
        as_of="2024-04-30",
        transactions=transactions.assign(product_id="tea"),
        campaigns=campaigns,
        campaign_contacts=contacts,
    )


SURE = 0.05
"""Adjusted p-value up to which a difference is more than what chance does among so many campaigns."""

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
    seed : int

    Returns
    -------
    CampaignSummary

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
    levels = trait_levels(customer_traits(crm), customers, min_group=min_group(crm))
    rows = []
    for ids in _portions(list(windows.index), len(customers)):
        people = campaign_people(crm, campaign_ids=ids, response_days=response_days)
        parts = dict(tuple(people.groupby("campaign_id", sort=False)))
        for campaign in ids:
            own = parts.get(campaign, people.iloc[:0])
            found = judge(windows.loc[campaign], own, levels, unknown=unknown, seed=seed)
            rows.append(_row(campaign, windows.loc[campaign], own, found))
    table = _among_many(pd.DataFrame(rows, columns=None if rows else [*_row_names()]))
    return CampaignSummary(table=table, responses_unknown=unknown, currency=crm.currency, as_of=crm.as_of)


def main_campaign(summary: CampaignSummary) -> str:
    """The campaign to look at first: the most customers compared, one that is over before one that is not."""
    if summary.table.empty:
        return ""
    table = summary.table.assign(judged=summary.table["effect"].notna())
    order = ["judged", "is_over", "contacted"]
    return str(table.sort_values(order, ascending=False, kind="stable")["campaign_id"].iloc[0])


def _portions(ids: list[str], customers: int) -> list[list[str]]:
    size = max(1, _ROWS_AT_ONCE // max(2 * customers, 1))
    return [ids[begin : begin + size] for begin in range(0, len(ids), size)]


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
