"""Deals and their stays in stages: how long each lasted, or lasts so far, and where it led."""

from collections.abc import Iterable

import pandas as pd

from crmlib.measure.steps import Steps, ask, columns_here, local_day, local_days, read_table
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

WON, LOST, OPEN = "won", "lost", "open"

END_WORDS = {
    WON: ("won", "closedwon", "wonclosed", "dealwon", "赢单", "成交", "受注"),
    LOST: ("lost", "closedlost", "lostclosed", "deallost", "输单", "丢单", "失注"),
    "closed": ("closed", "close", "done"),
}
"""Names of stages that are ends and no stays, in small letters and without blanks, hyphens and underscores."""

_DEALS = (
    *("opportunity_id", "customer_id", "product_id", "owner_id", "source", "campaign_id", "created_at"),
    *("closed_at", "stage", "outcome", "amount", "expected_close_on", "lost_reason"),
)
_ORDER = (
    "partition by opportunity_id order by entered_at, case when end_kind is null then 0 else 1 end, "
    "exited_at nulls last, stage_key"
)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_PLAIN = "replace(replace(replace(lower(stage), ' ', ''), '-', ''), '_', '')"
_END_KIND = " ".join(f"when {_PLAIN} in ({_listed(words)}) then '{end}'" for end, words in END_WORDS.items())


def deal_steps(crm: Crm) -> Steps:
    """The step `known_deals`, the deals there were at the closing moment."""
    if "opportunities" not in crm and "stage_history" not in crm:
        raise SchemaError(
            f"{crm.name} has neither opportunities nor a stage history, so there are no deals to look at. "
            "Map them in crm.toml, as [tables.opportunities] and [tables.stage_history]."
        )
    columns = columns_here(crm, "opportunities")
    is_dated = "created_at" in columns.get("opportunities", ())
    born = "coalesce(created_at <= $as_of, true)" if is_dated else ""
    return Steps({"known_deals": read_table(columns, "opportunities", _DEALS, where=born)})


def visit_steps(crm: Crm) -> Steps:
    """The steps of `deal_steps`, and from the stage history to `stage_visits`: each stay, and what came next.

    Rows that cannot be right are flagged in `stage_entries` with a `reason` and do not go on: `negative` (left
    before entered), `orphan` (of no deal), `after_close` (a stage entered on a day after the deal was closed)
    and `unclear_end` (closed, and nobody says how). Rows of one stage that follow each other are one stay.
    """
    history = ("opportunity_id", "stage", "entered_at", "exited_at")
    return deal_steps(crm).add(
        _VISITS,
        history=read_table(
            columns_here(crm, "stage_history"), "stage_history", history, where="entered_at <= $as_of"
        ),
        end_kind=_END_KIND,
        orphan="when known_deals.opportunity_id is null then 'orphan'" if "opportunities" in crm else "",
        entered_on=local_day("history.entered_at"),
        closed_on=local_day("known_deals.closed_at"),
        order=_ORDER,
    )


def history_entries(crm: Crm) -> str:
    """SQL of all rows of the stage history, with what is known of their deals now; nothing is set aside."""
    columns = columns_here(crm, "opportunities", "stage_history")
    deals = read_table(columns, "opportunities", ("opportunity_id", "created_at", "closed_at", "outcome"))
    history = read_table(columns, "stage_history", ("opportunity_id", "stage", "entered_at", "exited_at"))
    return Steps().add(_ENTRIES, deals=deals, history=history, end_kind=_END_KIND).sql(_ENTRIES_SQL)


_ENTRIES = {
    "deals_once": """
        select
            opportunity_id,
            min(created_at) as created_at,
            min(closed_at) as closed_at,
            min(outcome) as outcome,
            count(*) as deal_count
        from ({deals}) as deals
        group by opportunity_id
    """,
    "named_entries": """
        select
            opportunity_id,
            trim(stage) as stage,
            lower(trim(stage)) as stage_key,
            entered_at,
            exited_at,
            case {end_kind} end as end_kind
        from ({history}) as history
    """,
}
_ENTRIES_SQL = """
select
    named_entries.*,
    deals_once.created_at,
    deals_once.closed_at,
    deals_once.outcome,
    deals_once.deal_count
from named_entries
left join deals_once on named_entries.opportunity_id = deals_once.opportunity_id
where named_entries.entered_at <= $as_of
"""
_VISITS = {
    "stated_entries": "{history}",
    "named_entries": """
        select
            opportunity_id,
            trim(stage) as stage,
            lower(trim(stage)) as stage_key,
            entered_at,
            case when exited_at <= $as_of then exited_at end as exited_at,
            case {end_kind} end as end_kind
        from stated_entries
    """,
    "stage_entries": """
        select
            history.*,
            known_deals.outcome,
            known_deals.closed_at,
            case
                when history.exited_at < history.entered_at then 'negative'
                {orphan}
                when history.end_kind is null and known_deals.outcome in ('won', 'lost')
                    and {entered_on} > {closed_on} then 'after_close'
                when history.end_kind = 'closed' and not coalesce(known_deals.outcome in ('won', 'lost'), false)
                    then 'unclear_end'
            end as reason
        from named_entries as history
        left join known_deals on history.opportunity_id = known_deals.opportunity_id
    """,
    "placed_entries": """
        select
            *,
            lag(stage_key) over ({order}) as key_before,
            lead(stage_key) over ({order}) as key_after,
            row_number() over ({order}) as row_no
        from stage_entries
        where reason is null
    """,
    "numbered_entries": """
        select
            *,
            sum(case when key_before = stage_key then 0 else 1 end) over (
                partition by opportunity_id order by row_no
            ) as entry_no
        from placed_entries
    """,
    "joined_entries": """
        select
            opportunity_id,
            entry_no,
            stage_key,
            min(stage) as stage,
            min(end_kind) as end_kind,
            min(outcome) as outcome,
            min(closed_at) as closed_at,
            min(entered_at) as entered_at,
            case
                when max(case when exited_at is null and not coalesce(key_after = stage_key, false) then 1 else 0 end)
                    = 0 then max(exited_at)
            end as exited_at,
            count(*) as row_count
        from numbered_entries
        group by opportunity_id, entry_no, stage_key
    """,
    "stage_visits": """
        select
            opportunity_id,
            entry_no,
            stage_key,
            min(stage) over (partition by stage_key) as stage,
            end_kind,
            outcome,
            closed_at,
            entered_at,
            exited_at,
            row_count,
            lead(entered_at) over (partition by opportunity_id order by entry_no) as next_entered_at,
            lead(stage_key) over (partition by opportunity_id order by entry_no) as next_key,
            lead(end_kind) over (partition by opportunity_id order by entry_no) as next_end,
            row_number() over (partition by opportunity_id, stage_key order by entry_no) as visit_no
        from joined_entries
    """,
}


WHOLE_DEAL = "deal"
"""The one stage of a workspace that keeps no history of stages."""

EXITS = ("forward", "back", "won", "lost")
"""How a stay may end."""

STAY_COLUMNS = (
    *("opportunity_id", "stage", "entered_at", "exited_at", "next_stage", "exit", "stay_days", "is_over"),
    "visit_no",
)

_STAYS = {
    "ended_visits": """
        select
            *,
            case
                when exited_at is not null then exited_at
                when next_entered_at is not null then next_entered_at
                when outcome in ('won', 'lost') and closed_at < entered_at then entered_at
                when outcome in ('won', 'lost') then closed_at
            end as left_at,
            case
                when next_end in ('won', 'lost') then next_end
                when next_end = 'closed' then outcome
                when next_key is not null then next_key
                when outcome in ('won', 'lost') then outcome
                else ''
            end as next_stage,
            next_end is not null or next_key is null as is_last
        from stage_visits
        where end_kind is null
    """,
    "judged_stays": """
        select
            opportunity_id,
            stage_key,
            stage,
            entered_at,
            left_at as exited_at,
            next_stage,
            is_last,
            {days} as stay_days,
            left_at is not null as is_over,
            visit_no,
            entry_no,
            row_count,
            case
                when left_at is null and outcome in ('won', 'lost') then 'no_end'
                when left_at is not null and next_stage = '' then 'nowhere'
                when next_entered_at < left_at and (next_end is null or {next_day} < {left_day}) then 'overlapping'
            end as reason
        from ended_visits
    """,
}
_WHOLE = {
    "whole_deals": """
        select
            *,
            case when outcome in ('won', 'lost') then closed_at end as left_at,
            case when outcome in ('won', 'lost') then outcome else '' end as way
        from known_deals
    """,
    "judged_stays": """
        select
            opportunity_id,
            'deal' as stage_key,
            'deal' as stage,
            created_at as entered_at,
            left_at as exited_at,
            way as next_stage,
            true as is_last,
            {days} as stay_days,
            way <> '' as is_over,
            1 as visit_no,
            1 as entry_no,
            1 as row_count,
            case
                when created_at is null then 'no_begin'
                when way <> '' and left_at is null then 'no_end'
                when left_at < created_at then 'negative'
            end as reason
        from whole_deals
    """,
}
_STAY_ROWS = "select * from judged_stays order by opportunity_id, entry_no"
_FLAGGED = """
select reason, count(*) as row_count from stage_entries where reason is not null group by reason
"""
_PREPARED = {"stage_history": "left_before_entered", "opportunities": "closed_before_created"}


def stage_stays(crm: Crm) -> pd.DataFrame:
    """Each stay of a deal in a stage, as it was known at the closing moment.

    A stay ends when the history says so; where it does not say, when the next one begins, or with the deal.
    Rows of one stage that follow each other are one stay; rows whose stage means won, lost or closed are ends.

    Parameters
    ----------
    crm : Crm
        With `stage_history`, and `opportunities` for the outcome. Without a history every deal is one stay in
        a stage "deal", from its opening to its end.

    Returns
    -------
    DataFrame, one row a stay, sorted by deal and time
        `opportunity_id`, `stage`, `entered_at`, `exited_at` (NaT: still there), `next_stage` (a stage, "won",
        "lost", or "" while it is still there), `exit` ("forward", "back", "won", "lost" or ""), `stay_days`
        (to the exit or the closing moment, by the clocks of the workspace's zone, with fractions), `is_over`,
        `visit_no` (1 for the first time in that stage).
        ``.attrs["stages"]``: the stages in their order, by ``[pipeline] stages`` of crm.toml, others by the mean
        place of the first entry. ``.attrs["set_aside"]``: rows that were left out and why, all those of the
        preparation included: "negative" (left before entered), "overlapping" (left after the next stage was
        entered), "orphan" (of no deal), "after_close" (entered after the deal was closed), "unclear_end",
        "no_end" and "no_begin" (no moment for it), "nowhere" (left, and nothing says where to).
        ``.attrs["joined"]``: rows that only repeat the stage of the row before.

    Raises
    ------
    SchemaError
        If there are neither opportunities nor a stage history.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> deals = pd.DataFrame({"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "open"],
    ...                       "created_at": "2024-01-01", "closed_at": ["2024-01-12", None]})
    >>> history = pd.DataFrame({"opportunity_id": ["1", "1", "2"], "stage": ["Talk", "Offer", "Talk"],
    ...                         "entered_at": ["2024-01-01", "2024-01-05", "2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=deals, stage_history=history)
    >>> stays = stage_stays(crm)
    >>> stays[["opportunity_id", "stage", "next_stage", "exit", "stay_days", "is_over"]].round(1)
      opportunity_id  stage next_stage     exit  stay_days  is_over
    0              1   Talk      Offer  forward        4.0     True
    1              1  Offer        won      won        7.0     True
    2              2   Talk                           31.0    False
    >>> stays.attrs["stages"]
    ('Talk', 'Offer')
    """
    found = ask(crm, _STAY_ROWS, steps=stay_steps(crm))
    flagged = pd.Series(dtype="int64")
    if "stage_history" in crm:
        flagged = ask(crm, _FLAGGED, steps=visit_steps(crm)).set_index("reason")["row_count"]
    return _finished(crm, found, flagged)


def stay_steps(crm: Crm) -> Steps:
    """The steps whose last one is `judged_stays`: every stay, with a `reason` where it is set aside."""
    if "stage_history" not in crm:
        return deal_steps(crm).add(_WHOLE, days=local_days("created_at", "coalesce(left_at, $as_of)"))
    days = local_days("entered_at", "coalesce(left_at, $as_of)")
    next_day = local_day("next_entered_at")
    return visit_steps(crm).add(_STAYS, days=days, next_day=next_day, left_day=local_day("left_at"))


def stage_order(crm: Crm, visits: pd.DataFrame) -> tuple[str, ...]:
    """The stages in their order: those of crm.toml, then others by the mean place of their first entry."""
    settings = getattr(getattr(crm, "config", None), "pipeline", None)
    stated = tuple(getattr(settings, "stages", ()))
    taken = {plain_stage(name) for name in stated}
    if all(plain_stage(key) in taken for key in visits["stage_key"].unique()):
        return stated
    names = visits.drop_duplicates("stage_key").set_index("stage_key")["stage"]
    first = visits.groupby(["opportunity_id", "stage_key"], as_index=False)["entry_no"].min()
    first["place"] = first.groupby("opportunity_id")["entry_no"].rank()
    place = first.groupby("stage_key")["place"].mean().reset_index().sort_values(["place", "stage_key"])
    return stated + tuple(names[key] for key in place["stage_key"] if plain_stage(key) not in taken)


def stage_name(crm: Crm, names: pd.Series) -> pd.Series:
    """Stages as crm.toml writes them, whatever the capitals and blanks in the data."""
    settings = getattr(getattr(crm, "config", None), "pipeline", None)
    stated = {plain_stage(name): name for name in getattr(settings, "stages", ())}
    known = {name: stated.get(plain_stage(name), name) for name in names.dropna().unique()}
    return names.map(known).astype("str")


def plain_stage(name: str) -> str:
    """The name of a stage without what capitals and blanks make different."""
    return " ".join(str(name).split()).casefold()


def _finished(crm: Crm, found: pd.DataFrame, flagged: pd.Series) -> pd.DataFrame:
    stages = stage_order(crm, found)
    place = {plain_stage(name): number for number, name in enumerate(stages)}
    written = {plain_stage(name): name for name in stages}
    plain = {name: plain_stage(name) for name in {*found["stage_key"], *found["next_stage"]}}
    here, there = found["stage_key"].map(plain), found["next_stage"].map(plain)
    moved = ~found["is_last"].to_numpy(bool)
    ahead = there.map(place).fillna(-1) > here.map(place).fillna(-1)
    way = ahead.map({True: "forward", False: "back"})
    stays = found.assign(
        stage=here.map(written),
        next_stage=found["next_stage"].where(~moved, there.map(written)),
        exit=way.where(moved, found["next_stage"]),
        entered_at=found["entered_at"].astype("datetime64[us]"),
        exited_at=found["exited_at"].astype("datetime64[us]"),
        stay_days=found["stay_days"].astype("float64"),
        is_over=found["is_over"].astype("bool"),
    )
    reasons = pd.concat([found["reason"].dropna().value_counts(), flagged])
    kept = stays[found["reason"].isna()].reset_index(drop=True)[list(STAY_COLUMNS)]
    kept.attrs = {
        "stages": stages,
        "set_aside": count_set_aside(crm, reasons),
        "joined": int((found["row_count"] - 1).sum()),
    }
    return kept


def count_set_aside(crm: Crm, reasons: pd.Series) -> dict[str, int]:
    """Rows set aside, those of the preparation included."""
    counts = {"negative": 0, "overlapping": 0} | {
        str(reason): int(rows) for reason, rows in reasons.groupby(level=0).sum().items()
    }
    summary = crm.checks.summary
    table = "stage_history" if "stage_history" in crm else "opportunities"
    if len(summary):
        dropped = (
            (summary["table"] == table)
            & (summary["check"] == _PREPARED[table])
            & (summary["policy"] == "set_aside")
        )
        counts["negative"] += int(summary.loc[dropped, "rows"].sum())
    return counts


DEAL_COLUMNS = (
    *("customer_id", "owner_id", "product_id", "source", "campaign_id", "amount", "created_at", "closed_at"),
    *("outcome", "stage", "stage_entered_at", "stage_age_days", "age_days", "expected_close_on"),
    *("lost_reason", "industry", "company_size", "employee_count", "country", "region", "category"),
    *("touch_count", "touch_in_count", "touch_out_count", "last_touch_at", "last_touch_days"),
    *("next_planned_on", "planned_count", "minutes_spent", "cost_spent"),
    *("people_count", "champion_count", "decider_count", "blocker_count", "stance_mean"),
)
"""Of `deals`, in this order, whatever the workspace has."""

UNKNOWN_STAGE = "unknown"

_MOMENTS = (
    *("created_at", "closed_at", "stage_entered_at", "expected_close_on", "last_touch_at", "next_planned_on"),
)
_NUMBERS = (
    *("amount", "stage_age_days", "age_days", "employee_count", "touch_count", "touch_in_count"),
    *("touch_out_count", "last_touch_days", "planned_count", "minutes_spent", "cost_spent"),
    *("people_count", "champion_count", "decider_count", "blocker_count", "stance_mean"),
)
_PARTY = ("customer_id", "industry", "company_size", "employee_count", "country", "region")
_CONTACT = (
    *("opportunity_id", "happened_at", "direction", "planned_for", "duration_minutes", "cost_amount"),
)
_PERSON = ("opportunity_id", "decision_role", "stance")

_LAST_STAGE = {
    "last_visits": """
        select opportunity_id, stage, entered_at
        from (
            select
                opportunity_id,
                stage,
                entered_at,
                row_number() over (partition by opportunity_id order by entry_no desc) as from_the_end
            from stage_visits
            where end_kind is null
        ) as visits
        where from_the_end = 1
    """
}
_NO_STAGE = {
    "last_visits": """
        select
            cast(null as varchar) as opportunity_id,
            cast(null as varchar) as stage,
            cast(null as timestamp) as entered_at
        where false
    """
}
_REST = {
    "parties": """
        select
            customer_id,
            min(industry) as industry,
            min(company_size) as company_size,
            min(employee_count) as employee_count,
            min(country) as country,
            min(region) as region
        from ({customers}) as customers
        group by customer_id
    """,
    "things": """
        select product_id, min(category) as category from ({products}) as products group by product_id
    """,
    "contacts_of_deals": """
        select
            opportunity_id,
            count(case when planned_for is null then 1 end) as touch_count,
            count(case when planned_for is null and direction = 'in' then 1 end) as touch_in_count,
            count(case when planned_for is null and direction = 'out' then 1 end) as touch_out_count,
            max(case when planned_for is null then happened_at end) as last_touch_at,
            min(case when planned_for >= $as_of_on then planned_for end) as next_planned_on,
            count(case when planned_for >= $as_of_on then 1 end) as planned_count,
            sum(case when planned_for is null then duration_minutes end) as minutes_spent,
            sum(case when planned_for is null then cost_amount end) as cost_spent
        from ({contacts}) as contacts
        where opportunity_id is not null and happened_at <= $as_of
        group by opportunity_id
    """,
    "people_of_deals": """
        select
            opportunity_id,
            count(*) as people_count,
            {champions} as champion_count,
            {deciders} as decider_count,
            {blockers} as blocker_count,
            avg(cast(stance as double)) as stance_mean
        from ({people}) as people
        group by opportunity_id
    """,
}
_DEALS_SQL = """
select
    known_deals.opportunity_id,
    known_deals.customer_id,
    known_deals.owner_id,
    known_deals.product_id,
    known_deals.source,
    known_deals.campaign_id,
    cast(known_deals.amount as double) as amount,
    known_deals.created_at,
    known_deals.closed_at,
    known_deals.outcome,
    {stage} as stage,
    last_visits.entered_at as stage_entered_at,
    {stage_age} as stage_age_days,
    {age} as age_days,
    known_deals.expected_close_on,
    known_deals.lost_reason,
    parties.industry,
    parties.company_size,
    parties.employee_count,
    parties.country,
    parties.region,
    things.category,
    contacts_of_deals.touch_count,
    contacts_of_deals.touch_in_count,
    contacts_of_deals.touch_out_count,
    contacts_of_deals.last_touch_at,
    {touched} as last_touch_days,
    contacts_of_deals.next_planned_on,
    contacts_of_deals.planned_count,
    contacts_of_deals.minutes_spent,
    cast(contacts_of_deals.cost_spent as double) as cost_spent,
    people_of_deals.people_count,
    people_of_deals.champion_count,
    people_of_deals.decider_count,
    people_of_deals.blocker_count,
    people_of_deals.stance_mean
from known_deals
left join last_visits on known_deals.opportunity_id = last_visits.opportunity_id
left join parties on known_deals.customer_id = parties.customer_id
left join things on known_deals.product_id = things.product_id
left join contacts_of_deals on known_deals.opportunity_id = contacts_of_deals.opportunity_id
left join people_of_deals on known_deals.opportunity_id = people_of_deals.opportunity_id
order by known_deals.opportunity_id
"""
_COUNTED = {
    "touch_count": "opportunity_id",
    "touch_in_count": "direction",
    "touch_out_count": "direction",
    "planned_count": "planned_for",
    "minutes_spent": "duration_minutes",
    "cost_spent": "cost_amount",
}
"""Sums over contacts, and the column without which they are not known; with it, no contact is 0."""


def deals(crm: Crm) -> pd.DataFrame:
    """Every deal as it was known at the closing moment: where it stands, since when, whose it is, what was done.

    Parameters
    ----------
    crm : Crm
        With `opportunities`. ``crm.at(moment)`` gives the deals as they were known then.

    Returns
    -------
    DataFrame indexed by opportunity_id, sorted
        The columns of `DEAL_COLUMNS`, always all of them, empty where something is not known.
        `outcome` : "open", "won" or "lost"; a deal that closed later is open.
        `stage` : where the deal stands, or last stood before it closed, by the stage history ("unknown" for a
        deal without a row in it); without a history what opportunities say.
        `stage_entered_at`, `created_at`, `closed_at`, `last_touch_at` : moments, naive, in UTC.
        `stage_age_days`, `age_days`, `last_touch_days` : days from then to the end of the deal (the first two) or
        to the closing moment, by the clocks of the workspace's zone, with fractions.
        `amount`, `cost_spent` : account currency. `minutes_spent` : minutes.
        `touch_*` : contacts that took place; `next_planned_on`, `planned_count` : contacts planned for the day of
        the closing moment or later. 0 where contacts are kept and there are none.
        `people_count`, `champion_count`, `decider_count`, `blocker_count` : people named in the decision, and those
        of each role; `stance_mean` : -1 (against us) to 1. Since when a role is known is not kept.

    Raises
    ------
    SchemaError
        If there are no opportunities.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> sold = pd.DataFrame({"opportunity_id": ["1", "2"], "stage": "x", "outcome": ["won", "open"],
    ...                      "created_at": "2024-01-01", "closed_at": ["2024-01-12", None]})
    >>> history = pd.DataFrame({"opportunity_id": ["1", "1", "2"], "stage": ["Talk", "Offer", "Talk"],
    ...                         "entered_at": ["2024-01-01", "2024-01-05", "2024-01-01"]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", opportunities=sold, stage_history=history)
    >>> deals(crm)[["outcome", "stage", "stage_age_days", "age_days"]].round(1)
                   outcome  stage  stage_age_days  age_days
    opportunity_id
    1                  won  Offer             7.0      11.0
    2                 open   Talk            31.0      31.0
    >>> deals(crm.at("2024-01-04"))["outcome"].tolist()
    ['open', 'open']
    """
    if "opportunities" not in crm:
        raise SchemaError(
            f"{crm.name} has no opportunities, so there are no deals. "
            "Map them in crm.toml under [tables.opportunities]."
        )
    table = ask(crm, deals_sql(crm)).set_index("opportunity_id")
    table["stage"] = stage_name(crm, table["stage"])
    for name in _MOMENTS:
        table[name] = pd.to_datetime(table[name]).astype("datetime64[us]")
    table = table.astype(dict.fromkeys(_NUMBERS, "float64"))
    present = set(crm.columns("interactions")) if "interactions" in crm else set()
    for name, needed in _COUNTED.items():
        if {needed, "opportunity_id"} <= present:
            table[name] = table[name].fillna(0.0)
    return table[list(DEAL_COLUMNS)]


def deals_sql(crm: Crm) -> str:
    """The statement behind `deals`."""
    has_history = "stage_history" in crm
    columns = columns_here(crm, "customers", "products", "interactions", "opportunity_contacts")
    has_roles = "decision_role" in columns.get("opportunity_contacts", ())
    role = "count(case when decision_role = '{}' then 1 end)" if has_roles else "cast(null as bigint)"
    end = "case when known_deals.outcome in ('won', 'lost') then known_deals.closed_at else $as_of end"
    stage_end = f"case when {end} < last_visits.entered_at then last_visits.entered_at else {end} end"
    steps = visit_steps(crm).add(_LAST_STAGE) if has_history else deal_steps(crm).add(_NO_STAGE)
    steps = steps.add(
        _REST,
        customers=read_table(columns, "customers", _PARTY),
        products=read_table(columns, "products", ("product_id", "category")),
        contacts=read_table(columns, "interactions", _CONTACT),
        people=read_table(columns, "opportunity_contacts", _PERSON),
        champions=role.format("champion"),
        deciders=role.format("decider"),
        blockers=role.format("blocker"),
    )
    return steps.sql(
        _DEALS_SQL.format(
            stage=f"coalesce(last_visits.stage, '{UNKNOWN_STAGE}')" if has_history else "known_deals.stage",
            stage_age=local_days("last_visits.entered_at", stage_end),
            age=local_days("known_deals.created_at", end),
            touched=local_days("contacts_of_deals.last_touch_at", "$as_of"),
        )
    )
