"""The steps from a workspace's tables to deals and to their visits to stages, shared by all that look at deals."""

from collections.abc import Iterable

from crmlib.measure.steps import Steps, columns_here, local_day, read_table
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
