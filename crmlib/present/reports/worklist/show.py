"""The worklist as tables: what comes first, each action's list, and how much there is to do."""

from functools import lru_cache

import pandas as pd

from crmlib.analyse.worklist import FIRST, OF_DEALS, PRECEDENCE, Worklist
from crmlib.measure.deals.contacts import LOAD_DAYS
from crmlib.measure.sales import FIGURES, MONTHS, Lately
from crmlib.prepare.crm import Crm
from crmlib.present.blocks import DataTable, KeyFigure, KeyFigures
from crmlib.present.blocks.tables import without_empty
from crmlib.present.claims import Claim, Fact, Family, claim, count, date, days, money, share
from crmlib.present.needs import or_else
from crmlib.present.reports.worklist.say import EVIDENCE_WORDS, WORK_ACTIONS, work_reasons, work_step
from crmlib.schema.states import DEVELOP

WORK_TABLES = Family("work-table", PRECEDENCE)
WORK_TABLES_OF_DEALS = Family("work-table-deals", OF_DEALS)


@or_else(lambda missing: None)
def work_table(
    crm: Crm,
    work: Worklist,
    action: str | None = None,
    *,
    about_deals: bool = False,
    rows: int = 10,
    caption: Claim | None = None,
) -> DataTable | None:
    """All rows of one action, or what comes first about each customer and deal; nothing where there is none."""
    said = _in_words(work)
    own = said[work.table["turn"].eq(FIRST)]
    if action is not None:
        own = said.loc[work.slice_index(action, about_deals=about_deals)]
    if own.empty:
        return None
    if caption is None:
        caption = claim("work-table-first") if action is None else WORK_TABLES.claim(action)
    if about_deals:
        caption = WORK_TABLES_OF_DEALS.claim(str(action))
    if action == DEVELOP and not work.slice(action)["reason"].eq("room_to_grow").any():
        caption = claim("work-table-develop-rising")
    return DataTable(
        _shown(own, with_action=action is None),
        f"worklist_{action or 'first'}",
        caption,
        currency=work.currency,
        rows=rows,
        about=crm,
        download_bytes=40_000,
    )


def work_counts(work: Worklist) -> DataTable | None:
    """How many rows each action has, how many come first, and the money at stake in those."""
    if work.table.empty:
        return None
    grouped = work.table.assign(first=work.table["turn"].eq("first")).groupby("action")
    counted = pd.DataFrame(
        {
            "rows": grouped.size(),
            "first_rows": grouped["first"].sum().astype("int64"),
            "at_stake": work.first.groupby("action")["at_stake"].sum(min_count=1),
            "by_when": grouped["by_when"].min(),
        }
    ).reindex([action for action in PRECEDENCE if action in grouped.groups])
    counted.insert(0, "action", [_action_word(action) for action in counted.index])
    return DataTable(
        counted.reset_index(drop=True),
        "worklist_counts",
        claim("work-table-counts"),
        currency=work.currency,
        download=False,
    )


def team_table(team: pd.DataFrame, *, currency: str) -> DataTable | None:
    """What is due from each of us, and how long it takes at the pace of the contacts that each makes."""
    here = team[team.index != ""]
    if here.empty:
        return None
    here = here.drop(columns="fitting_steps")
    shown = without_empty(here if here["shared_deals"].any() else here.drop(columns="shared_deals"))
    return DataTable(
        shown,
        "team",
        claim("work-table-team", within=days(LOAD_DAYS)),
        currency=currency,
        rows=5,
        download=False,
    )


def _shown(own: pd.DataFrame, *, with_action: bool) -> pd.DataFrame:
    """The columns that hold something."""
    shown = own if with_action else own.drop(columns=["action", "also"])
    return shown.loc[:, shown.notna().any()].reset_index(drop=True)


@lru_cache(maxsize=1)
def _in_words(work: Worklist) -> pd.DataFrame:
    """All rows in words, made once for all lists of a page."""
    found = work.table
    alike = found.groupby(
        ["step", "next_step", "growth_category", "product"], dropna=False, sort=False
    ).ngroup()
    kinds = found.loc[~alike.duplicated()]
    step_of = {alike[row.Index]: str(work_step(row)) for row in kinds.itertuples()}
    proof = found["evidence"].astype("str") + "_" + found["strength"].astype("str")
    words = {kind: str(EVIDENCE_WORDS.term(kind)) for kind in proof.unique()}
    others = {also: ", ".join(map(_action_word, also)) or None for also in set(found["also"])}
    return pd.DataFrame(
        {
            "action": found["action"].map(_action_word),
            "customer_id": found["customer_id"],
            "opportunity_id": found["opportunity_id"],
            "by_when": found["by_when"],
            "at_stake": found["at_stake"],
            "step": alike.map(step_of),
            "reason": work_reasons(found, currency=work.currency),
            "owner_id": found["owner_id"],
            "evidence": proof.map(words),
            "also": [others[also] for also in found["also"]],
        },
        index=found.index,
    )


@lru_cache(maxsize=len(PRECEDENCE))
def _action_word(action: str) -> str:
    return str(WORK_ACTIONS.term(action))


LATELY_FIGURES = Family("work-figure", [name for name in FIGURES if name != "plan_reached_pct"])
PLANS = Family("work-figure-plan", ("net_amount", "won_amount"))
LATELY_WORDS = Family("work-lately", tuple(MONTHS), facts=("first", "last"))
_SHOWN_FIRST = ("sales", "plan_reached_pct", "won_amount", "open_amount", "won_deals", "buyers", "orders")
_MOST_FIGURES = 6


def lately_figures(found: Lately | None) -> KeyFigures | None:
    """How the last whole month or quarter went, beside the one before and the same a year earlier."""
    if found is None:
        return None
    names = [name for name in _SHOWN_FIRST if name in found.table.index][:_MOST_FIGURES]
    figures = [
        KeyFigure(
            PLANS.claim(found.plan_measure) if name == "plan_reached_pct" else LATELY_FIGURES.claim(name),
            _figure(name, "now", found),
            note=claim(
                "work-figure-beside",
                before=_figure(name, "before", found),
                ago=_figure(name, "year_ago", found),
            ),
            better="higher",
            history=found.history[name].tolist(),
        )
        for name in names
    ]
    period = LATELY_WORDS.claim(found.freq, first=date(found.first_day), last=date(found.last_day))
    return KeyFigures(*figures, index=True, says=period)


def _figure(name: str, when: str, found: Lately) -> Fact:
    value = found.table.at[name, when]
    at = "" if pd.isna(value) else f"lately.figure[{name}, {found.first_day_of(when):%Y-%m-%d}]"
    if name.endswith("_pct"):
        return share(value, at=at)
    if name in ("orders", "buyers", "won_deals"):
        return count(None if pd.isna(value) else int(value), at=at)
    return money(value, found.currency, at=at)
