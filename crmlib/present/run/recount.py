"""Quantities of pages counted a second time: plain SQL over the checked tables, beside the library's own path.

Each line says one quantity of `crmlib.schema.quantities` as a query. In it ``{0}``, ``{1}`` … stand for what is in its
brackets, ``{local}``, ``{created}`` and ``{closed}`` for local times, ``{freq}`` for the period of "lately",
``{today}`` and ``{moment}`` for the closing day and moment, ``{dealt}`` for the customers of deals, ``{control}`` for
whether a contact belongs to a control group. What takes more than a query, `ledger` follows row by row; what is in
neither is verified by the library's own path alone.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from crmlib.analyse.stats import FEWEST
from crmlib.prepare.clock import in_zone
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine, EngineError
from crmlib.present.run.ledger import Ledger
from crmlib.schema.tables import TABLES

_BOUGHT = "transactions where customer_id is not null and net_amount > 0"
_BUYERS = f"select distinct customer_id from {_BOUGHT}"
_SPEND = f"select customer_id, sum(net_amount) as spent from transactions where customer_id in ({_BUYERS}) group by 1"
_ORDERS = "case when min(least(quantity, net_amount)) > 0 then count(distinct order_id) end"
"""Where something came back or was free, what an order is takes more than a count."""

_MONTH = "strftime({local}, '%Y-%m')"
_PERIOD = "date_trunc('{freq}', {local})::date"
_CLOSED = "date_trunc('{freq}', {closed})::date"
_ASKED = (
    "(select campaign_id, count(distinct customer_id) as n, count(distinct customer_id) filter (where is_answered) as "
    "answers, bool_and(is_answered is not null) as told from {asked} where not {control} group by 1)"
)
_TOLD = f"answers > 0 or n < {FEWEST}"
_UNPLANNED = (
    "opportunities where outcome = 'open' and opportunity_id not in (select opportunity_id from interactions where "
    "planned_for >= {today}::date and opportunity_id is not null)"
)
_PLANNED = (
    "plans where measure = {0} and dimension = {1} and year(period_start) || '-Q' || quarter(period_start) = {2} and "
    "year(period_end) || '-Q' || quarter(period_end) = {2}"
)

_KEPT: Mapping[str, str] = {
    "customers.buyers": f"select count(*) from ({_BUYERS})",
    "customers.bought": f"select count(*) from ({_BUYERS})",
    "customers.came_back": "select 100.0 * count(*) filter (where n > 1) / count(*) from "
    f"(select customer_id, count(distinct order_id) as n from {_BOUGHT} group by 1)",
    "customers.spend_median": f"select median(spent::double) from ({_SPEND})",
    "sales.top_share[number]": "select 100.0 * sum(spent) filter (where place <= ceil({0}::int * n / 100.0)) "
    "/ sum(spent) from (select spent::double as spent, row_number() over (order by spent desc) as place, "
    "count(*) over () as n "
    f"from ({_SPEND}))",
    "customers.top_share[number, spend_total]": "select 100.0 * sum(spent * least(1, greatest(0, {0}::int * n / "
    "100.0 - place + 1))) / sum(spent) from (select spent::double as spent, "
    "row_number() over (order by spent desc) as place, count(*) over () as n "
    f"from ({_SPEND}))",
}
"""What SQL counts where nothing came back or was free; elsewhere `Ledger` settles the orders first."""

SQL: Mapping[str, str] = {
    **{
        name: f"select case when (select min(least(quantity, net_amount)) from transactions) > 0 then ({sql}) end"
        for name, sql in _KEPT.items()
    },
    "sales.net_amount": "select sum(net_amount) from transactions",
    "sales.net_amount[month]": f"select sum(net_amount) from transactions where {_MONTH} = {{0}}",
    "customers.all": "select count(distinct customer_id) from (select customer_id from customers union select "
    "customer_id from transactions {dealt})",
    "baskets.all": f"select {_ORDERS} from transactions",
    "sales.orders": f"select {_ORDERS} from transactions",
    "products.all": "select count(distinct product_id) from transactions",
    "lately.figure[sales, day]": f"select sum(net_amount) from transactions where {_PERIOD} = {{1}}::date",
    "lately.figure[orders, day]": "select count(distinct order_id) from transactions where net_amount > 0 "
    f"and {_PERIOD} = {{1}}::date",
    "lately.figure[buyers, day]": f"select count(distinct customer_id) from {_BOUGHT} and {_PERIOD} = {{1}}::date",
    "lately.figure[open_amount, day]": "select sum(amount) from opportunities where date_trunc('{freq}', {created}) "
    f"<= {{1}}::date and not coalesce(outcome <> 'open' and {_CLOSED} <= {{1}}::date, false)",
    "lately.figure[won_amount, day]": "select sum(amount) from opportunities where outcome = 'won' "
    f"and {_CLOSED} = {{1}}::date",
    "lately.figure[won_deals, day]": "select count(*) from opportunities where outcome = 'won' "
    f"and {_CLOSED} = {{1}}::date",
    "lately.figure[plan_reached_pct, day]": "select 100.0 * (select sum(net_amount) from transactions "
    f"where {_PERIOD} = {{1}}::date) / sum(target) from plans where measure = 'net_amount' and dimension = 'total' "
    "and date_trunc('{freq}', period_start)::date = {1}::date "
    "and date_trunc('{freq}', period_end)::date = {1}::date",
    "deals.open": "select count(*) from opportunities where outcome = 'open'",
    "deals.open_amount": "select sum(amount) from opportunities where outcome = 'open'",
    "deals.won": "select count(*) from opportunities where outcome = 'won'",
    "deals.won_amount": "select sum(amount) from opportunities where outcome = 'won'",
    "deals.decided": "select count(*) from opportunities where outcome <> 'open'",
    "deals.won_share": "select 100.0 * count(*) filter (where outcome = 'won') / count(*) from opportunities where "
    "outcome <> 'open'",
    "deals.lost": "select count(*) from opportunities where outcome = 'lost'",
    "deals.reason": "select count(*) from opportunities where outcome = 'lost' and lost_reason is not null",
    "deals.came_into[any]": "select count(distinct opportunity_id) from stage_history join opportunities using "
    "(opportunity_id) where stage_history.stage = {0}",
    "deals.to_hand_over": "select count(*) from opportunities join employees on owner_id = employee_id where outcome = "
    "'open' and left_on <= {today}::date",
    "deals.unplanned": f"select count(*) from {_UNPLANNED}",
    "deals.unplanned_amount": f"select sum(amount) from {_UNPLANNED}",
    "plan.target[any, any, quarter]": f"select sum(target) from {_PLANNED}",
    "plan.keys[any, any, quarter]": f"select count(distinct key) from {_PLANNED}",
    "plan.target[any, total, month]": "select sum(target) from plans where measure = {0} and dimension = 'total' "
    "and strftime(period_start, '%Y-%m') = {2} and strftime(period_end, '%Y-%m') = {2}",
    "plan.reached[net_amount, total, month]": f"select sum(net_amount) from transactions where "
    f"{_MONTH.replace('{0}', '{2}')} = {{2}}",
    "cases.open": "select count(*) filter (where closed_at is null or closed_at > {moment}) from service_cases",
    "cases.reopened_share": "select 100.0 * avg((reopened_count > 0)::int) from service_cases",
    "cases.cost[365d]": "select sum(cost_amount) from service_cases where opened_at > {moment} - interval 365 day",
    "complaints.open": "select count(*) from feedback where kind = 'complaint' and given_at <= {moment} "
    "and coalesce(resolved_at > {moment}, true)",
    "feedback.answers[any]": "select count(score / nullif(score_max, 0)) from feedback where kind = {0} and "
    "given_at <= {moment}",
    "feedback.score[nps]": "select round(100 * avg(case when score >= 9 then 1 when score <= 6 then -1 when score < 9 "
    "then 0 end)) "
    "from feedback where kind = 'nps' and score_max = 10 and given_at <= {moment}",
    "feedback.score[csat]": "select 100.0 * avg((score >= 0.8 * score_max)::int) from feedback where kind = 'csat' and "
    "given_at <= {moment}",
    "campaigns.contacts[any]": "select count(distinct customer_id) from campaign_contacts where campaign_id = {0} "
    "and not {control}",
    "campaigns.answers[any]": f"select answers from {_ASKED} where told and campaign_id = {{0}}",
    "campaigns.answer_share[any]": f"select 100.0 * answers / n from {_ASKED} where told and campaign_id = {{0}}",
    "campaigns.contacts": f"select sum(n) from {_ASKED}",
    "campaigns.contacts_with_answers": f"select sum(n) filter (where {_TOLD}) from {_ASKED} having bool_and(told)",
    "campaigns.answer_share": f"select 100.0 * sum(answers) filter (where {_TOLD}) / sum(n) filter (where {_TOLD}) "
    f"from {_ASKED} having bool_and(told)",
    "campaigns.cost[any]": "select sum(cost_amount) from campaigns where campaign_id = {0}",
}
"""Quantity, and the kinds of what may stand in its brackets, -> a query for one value."""

_KINDS: Mapping[str, str] = {
    "month": r"\d{4}-\d{2}",
    "day": r"\d{4}-\d{2}-\d{2}",
    "quarter": r"\d{4}-Q\d",
    "number": r"\d+",
    "any": r"[^,]+",
}


class Recount:
    """A quantity as it stands in a claim -> its value, counted by SQL; None where no query is known.

    Parameters
    ----------
    crm : the workspace, as of the run's closing moment
    told : what else `Ledger` is to know of the run
    """

    def __init__(self, crm: Crm, **told: Any) -> None:
        self._crm = crm
        self._ledger = Ledger(crm, **told)
        self._seen: dict[str, Any] = {}

    def __call__(self, quantity: str) -> Any:
        if quantity not in self._seen:
            self._seen[quantity] = self._plain(self._count(quantity))
        return self._seen[quantity]

    def _count(self, quantity: str) -> Any:
        name, _, rest = quantity.partition("[")
        chosen = rest.removesuffix("]")
        own = {
            "tables": self._of_tables,
            "columns": self._of_columns,
            "data": self._of_data,
            "rows": self._of_rows,
        }
        if (known := own.get(name.partition(".")[0])) is not None:
            return known(name, chosen)
        for pattern, sql in SQL.items():
            told, _, kinds = pattern.partition("[")
            parts = _matching(kinds.removesuffix("]"), chosen) if told == name else None
            if parts is not None and (found := self._ask(sql, parts)) is not None:
                return found
        return self._ledger(name, chosen)

    def _ask(self, sql: str, parts: list[str]) -> Any:
        given = [Engine.literal(part) for part in parts]
        today = in_zone(self._crm.as_of, time_zone=self._crm.time_zone).date()
        control = "coalesce(is_control, false)" if self._has("campaign_contacts", "is_control") else "false"
        text = sql.format(
            *given,
            local=self._local("ordered_at"),
            closed=self._local("closed_at"),
            freq="quarter" if "opportunities" in self._crm else "month",
            dealt="union select customer_id from opportunities" if "opportunities" in self._crm else "",
            created=self._local("created_at"),
            today=Engine.literal(str(today)),
            moment=f"{Engine.literal(str(self._crm.as_of))}::timestamp",
            control=control,
            asked=self._asked(),
        )
        try:
            rows = self._crm.engine.rows(text)
        except EngineError:
            return None  # a column that this workspace does not have
        return rows[0][0] if rows else None

    def _asked(self) -> str:
        """Contacts, and whether each answered in time, by itself or by an order; not known where no end is known."""
        first = "responded_at"
        if self._has("transactions", "campaign_id"):
            own = "own.campaign_id = sent.campaign_id and own.customer_id = sent.customer_id and own.net_amount > 0"
            first = f"least(responded_at, (select min(ordered_at) from transactions as own where {own}))"
        end = "(select max(ended_on) from campaigns as own where own.campaign_id = sent.campaign_id)"
        begin = "(select max(started_on) from campaigns as own where own.campaign_id = sent.campaign_id)"
        if self._has("campaign_contacts", "contacted_on"):
            begin = "contacted_on"
        day = f"{self._local('first_at')}::date"
        is_answered = f"first_at is not null and {day} between coalesce(begin_on, {day}) and ended_on"
        sent = f"select *, {first} as first_at, {begin} as begin_on, {end} as ended_on from campaign_contacts as sent"
        return f"(select *, {is_answered} as is_answered from ({sent}) as sent)"

    def _local(self, column: str) -> str:
        return f"timezone({Engine.literal(self._crm.time_zone)}, timezone('UTC', {column}))"

    def _has(self, table: str, column: str) -> bool:
        return table in self._crm and column in self._crm.columns(table)

    def _of_rows(self, name: str, chosen: str) -> Any:
        """Rows kept, counted by the engine, and rows set aside, one by one; not what the checks have counted."""
        table, *check = chosen.split(".")
        if name == "rows.found_share" and check and check[0] == "orphan_key":
            return self._orphans(table, check[1])
        wanted = [table] if chosen else list(self._crm.tables)
        if check or not set(wanted) <= set(self._crm.tables):
            return None
        kept = sum(self._crm.engine.rows(f"select count(*) from {Engine.quote(one)}")[0][0] for one in wanted)
        united = self._crm.checks.identities.query("source == 'customers' and sign == 'customer_id'")
        if len(united):  # accepted by the checks, then found to be of one customer
            kept += int((united["records"] - united["joined"]).sum()) if "customers" in wanted else 0
            accepted = self._crm.checks.counts.set_index("table")["rows_accepted"]
            if kept < accepted[wanted].sum():
                return None  # rows of other tables became one by that, and how many is not known
        reasons = [frame["reason"] for one, frame in self._crm.checks.set_aside.items() if one in wanted]
        kinds = pd.Series([str(reason).split(":")[0] for one in reasons for reason in one], dtype=object)
        later, merged = int(kinds.eq("after_as_of").sum()), int(kinds.eq("merged").sum())
        found = {"rows.read": kept + len(kinds), "rows.accepted": kept, "rows.set_aside": len(kinds)}
        found |= {"rows.after_closing": later, "rows.up_to_closing": kept + len(kinds) - later}
        return (found | {"rows.at_fault": len(kinds) - later - merged}).get(name)

    def _orphans(self, table: str, column: str) -> float | None:
        spec = TABLES.get(table)
        field = next((one for one in spec.fields if one.name == column), None) if spec else None
        if field is None or field.references not in self._crm.tables:
            return None
        key, other = Engine.quote(column), Engine.quote(field.references)
        there = Engine.quote(TABLES[field.references].keys[0])
        sql = f"select count(*) from {Engine.quote(table)} where {key} not in (select {there} from {other})"
        return 100.0 * self._crm.engine.rows(sql)[0][0] / self._of_rows("rows.read", table)

    def _of_tables(self, name: str, chosen: str) -> Any:
        here = len(self._crm.tables)
        return {"tables.read": here, "tables.known": len(TABLES), "tables.missing": len(TABLES) - here}.get(
            name
        )

    def _of_columns(self, name: str, chosen: str) -> Any:
        if chosen:
            table, _, column = chosen.partition(".")
            frame = self._crm.frame(table, [column])[column]
            filled = 100.0 * frame.notna().mean()
            return {"columns.filled_share": filled, "columns.empty_share": 100.0 - filled}.get(name)
        filled = [
            count == rows
            for table in self._crm.tables
            for rows, *counts in self._crm.engine.rows(
                f"select count(*), count(columns(*)) from {Engine.quote(table)}"
            )
            for count in counts
        ]
        whole = {"columns.mapped": len(filled), "columns.full": sum(filled)}
        return (whole | {"columns.with_gaps": len(filled) - sum(filled)}).get(name)

    def _of_data(self, name: str, chosen: str) -> Any:
        if not chosen and name == "data.last_day":
            known = [
                self._of_data(name, one) for one in ("transactions", "opportunities") if one in self._crm
            ]
            return max(filter(None, known), default=None)
        spec = TABLES.get(chosen)
        if spec is None or not spec.time or name not in ("data.first_day", "data.last_day"):
            return None
        times = self._crm.frame(chosen, [spec.time])[spec.time].dropna()
        found = times.min() if name == "data.first_day" else times.max()
        if spec.field(spec.time).type == "timestamp":
            found = in_zone(found, time_zone=self._crm.time_zone)
        return str(pd.Timestamp(found).date())

    @staticmethod
    def _plain(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else value


def _matching(kinds: str, chosen: str) -> list[str] | None:
    """What stands in the brackets, where it is of these kinds: words stand for themselves."""
    wanted = kinds.split(", ") if kinds else []
    given = chosen.split(", ") if chosen else []
    fits: Callable[[str, str], Any] = lambda kind, one: re.fullmatch(_KINDS.get(kind, re.escape(kind)), one)  # noqa: E731
    return given if len(wanted) == len(given) and all(map(fits, wanted, given)) else None
