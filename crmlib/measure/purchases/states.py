"""Life-cycle figures: what the rules about a customer's stage in life are written over, measured in SQL.

Time is measured on the house's own scale, the rhythm: how long its customers usually wait between two
purchases. A grocer's is days, a machine maker's years.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from numbers import Real

import pandas as pd

from crmlib.measure.indicators.settled import workspace_steps
from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.answers import kept_answer
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.prepare.expressions import parse_expression
from crmlib.schema.errors import ConfigError, ParameterError, SchemaError, nearest
from crmlib.schema.states import QUIET_TIMES

PURCHASES, DEALS = "orders", "won deals"
"""What a purchase is here: an order, or, in a workspace without orders, a deal that was won."""

_ORDER_DAYS = """
        select customer_id, ordered_on, sum(kept_amount) as amount
        from orders
        where is_purchase
        group by customer_id, ordered_on
    """
_DEAL_DAYS = """
        select customer_id, ordered_on, sum(coalesce(amount, 0)) as amount
        from (
            select
                customer_id,
                amount,
                cast(closed_at at time zone 'UTC' at time zone $time_zone as date) as ordered_on
            from ({deals}) as deals
            where customer_id is not null and outcome = 'won' and closed_at <= $as_of
        ) as won_deals
        group by customer_id, ordered_on
    """
_CONTACTS = {
    "opportunities": """
        select customer_id from ({rows}) as deals
        where coalesce(outcome, 'open') = 'open' and coalesce(created_at <= $as_of, true)
    """,
    "campaign_contacts": "select customer_id from ({rows}) as answers where responded_at <= $as_of",
    "interactions": """
        select customer_id from ({rows}) as interactions
        where happened_at <= $as_of
            and not (coalesce(direction, '') = 'out' and coalesce(purpose, '') = 'campaign')
    """,
    "events": "select customer_id from ({rows}) as events where happened_at <= $as_of",
    "transactions": "select distinct customer_id from ({rows}) as orders where ordered_at <= $as_of",
}
_PEOPLE = ("customers", "transactions", "opportunities")


def purchases_are(crm: Crm) -> str:
    """What counts as a purchase in a workspace."""
    if "transactions" in crm:
        return PURCHASES
    if "opportunities" in crm:
        return DEALS
    raise SchemaError(
        f"{crm.name} has neither transactions nor opportunities, so nobody's purchases are known. "
        "Map one of them in crm.toml, as [tables.transactions] or [tables.opportunities]."
    )


def purchase_day_steps(crm: Crm) -> Steps:
    """The steps whose last one is `purchase_days`: one row a customer and day with a purchase."""
    columns = columns_here(crm)
    if purchases_are(crm) == PURCHASES:
        return workspace_steps(crm).add({"purchase_days": _ORDER_DAYS})
    deals = read_table(columns, "opportunities", ("customer_id", "outcome", "closed_at", "amount"))
    return Steps().add({"purchase_days": _DEAL_DAYS}, deals=deals)


def purchase_amounts(crm: Crm, *, days: int) -> pd.Series:
    """What each customer bought in the last days, customer_id -> amount in account currency, sorted."""
    question = """
        select customer_id, cast(sum(amount) as double) as amount
        from purchase_days
        where date_diff('day', ordered_on, $as_of_on) < $days
        group by customer_id
        order by customer_id
    """
    return ask(crm, question, steps=purchase_day_steps(crm), days=days).set_index("customer_id")["amount"]


def contacts_sql(crm: Crm) -> str:
    """One row for every sign that somebody is in touch: an open deal, an answer, a talk, a visit.

    Who has ordered has one more, even if everything came back. A message of ours that belongs to a campaign
    is no such sign, and neither is a deal that was lost.
    """
    columns = columns_here(crm)
    needed = {
        "opportunities": ("customer_id", "outcome", "created_at"),
        "campaign_contacts": ("customer_id", "responded_at"),
        "interactions": ("customer_id", "happened_at", "direction", "purpose"),
        "events": ("customer_id", "happened_at"),
        "transactions": ("customer_id", "ordered_at"),
    }
    parts = [
        sql.format(rows=read_table(columns, table, needed[table]))
        for table, sql in _CONTACTS.items()
        if table in columns
    ]
    return " union all ".join(parts) or "select cast(null as varchar) as customer_id where false"


def people_sql(crm: Crm) -> str:
    """Everybody who has a place in the life cycle: listed, or seen with an order or a deal."""
    columns = columns_here(crm)
    time = {"transactions": "ordered_at", "opportunities": "created_at"}
    parts = []
    for table in _PEOPLE:
        if table in columns:
            moment = time.get(table, "")
            seen = f"coalesce({moment} <= $as_of, true)" if moment in columns[table] else ""
            parts.append(read_table(columns, table, ("customer_id",), where=seen))
    united = " union all ".join(parts)
    return f"select distinct customer_id from ({united}) as everyone where customer_id is not null"


PERIODS = (28, 91, 182, 365, 730, 1826)
"""Days that a period of the life cycle may have: four weeks, a quarter, half a year, one, two, five years."""

GAPS_IN_A_PERIOD = 4
"""A period is long enough for so many usual purchases."""

ASSUMED_GAP_DAYS = 91.0
"""The gap that is taken where nobody has bought twice."""

SEEN_PERIODS = 4
"""The data cover at least so many periods; else hardly anybody's spend could be compared over two of them."""

HOUSE_WEIGHT = 2
"""With how many gaps the house's usual gap stands in a customer's own, so that few purchases say little."""

STAGE_FIGURES: dict[str, str] = {
    "purchase_count": "Days with a purchase (or, without orders, with a deal won).",
    "contact_count": "Open deals, answers to campaigns, talks, visits to our site; one more for having ordered.",
    "tenure_days": "Days since the first purchase.",
    "recency_days": "Days since the last purchase.",
    "usual_gap_days": "Usual days between purchases: the own mean, drawn towards the house's for few purchases.",
    "quiet_limit_days": f"Silence up to which the customer is expected back: {QUIET_TIMES} usual gaps, and at least "
    "what three in four customers never exceed.",
    "silence_ratio": "Days since the last purchase over quiet_limit_days; above 1 is longer than expected.",
    "tenure_periods": "Periods since the first purchase.",
    "history_ratio": "Days of data before the first purchase, over the house's long gap.",
    "return_periods": "Periods since the latest purchase that ended a silence longer than expected.",
    "spend_last_period": "Value of the purchases of the last period.",
    "spend_period_before": "Value of the purchases of the period before.",
    "spend_change": "Their difference over their sum, -1 to 1; 0.1 is a rise of 22 %.",
    "change_score": "Their difference over its standard error; between -2.3 and 2.3 it may well be chance.",
}
"""Figure -> what it is; the names that a stage's rule may use."""

_STEPS = {
    "purchase_series": """
        select
            *,
            row_number() over (partition by customer_id order by ordered_on) as nth,
            min(ordered_on) over (partition by customer_id) as first_on,
            lag(ordered_on) over (partition by customer_id order by ordered_on) as previous_on
        from purchase_days
    """
}
_RHYTHM = {
    "customer_gaps": """
        select
            cast(date_diff('day', min(ordered_on), max(ordered_on)) as double) / (count(*) - 1) as mean_gap,
            max(date_diff('day', previous_on, ordered_on)) as long_gap
        from purchase_series
        group by customer_id
        having count(*) > 1
    """
}
_RHYTHM_SQL = """
select
    (select count(*) from customer_gaps) as repeat_customers,
    (select percentile_cont(0.5) within group (order by mean_gap) from customer_gaps) as gap_days,
    (select percentile_cont(0.75) within group (order by long_gap) from customer_gaps) as long_gap_days,
    (select date_diff('day', min(ordered_on), $as_of_on) from purchase_days) as seen_days
"""
_FIGURES = {
    "awaited": """
        select
            *,
            greatest(
                $quiet_times * ($house_weight * $gap_days + date_diff('day', first_on, previous_on))
                    / ($house_weight + nth - 2),
                $long_gap_days
            ) as limit_before
        from purchase_series
    """,
    "dated": """
        select
            *,
            date_diff('day', ordered_on, $as_of_on) as age_days,
            date_diff('day', previous_on, ordered_on) > limit_before as is_return
        from awaited
    """,
    "bought": """
        select
            customer_id,
            count(*) as purchase_count,
            max(age_days) as tenure_days,
            min(age_days) as recency_days,
            min(age_days) filter (where is_return) / $period_days as return_periods,
            cast(coalesce(sum(amount) filter (where age_days < $period_days), 0) as double) as spend_last_period,
            cast(coalesce(
                sum(amount) filter (where age_days >= $period_days and age_days < 2 * $period_days), 0
            ) as double) as spend_period_before,
            sqrt(
                sum(cast(power(cast(amount as double), 2) as decimal(38, 8)))
                    filter (where age_days < 2 * $period_days)
            ) as change_error
        from dated
        group by customer_id
    """,
    "gaps": """
        select
            *,
            ($house_weight * $gap_days + tenure_days - recency_days)
                / ($house_weight + purchase_count - 1) as usual_gap_days
        from bought
    """,
    "limits": """
        select *, greatest($quiet_times * usual_gap_days, $long_gap_days) as quiet_limit_days
        from gaps
    """,
    "contacts": """
        select customer_id, count(*) as contact_count
        from ({contacts}) as signs
        where customer_id is not null
        group by customer_id
    """,
}
_FIGURES_SQL = """
select
    customer_id,
    coalesce(purchase_count, 0) as purchase_count,
    coalesce(contact_count, 0) as contact_count,
    tenure_days,
    recency_days,
    usual_gap_days,
    quiet_limit_days,
    recency_days / quiet_limit_days as silence_ratio,
    tenure_days / $period_days as tenure_periods,
    ((select max(tenure_days) from bought) - tenure_days) / $long_gap_days as history_ratio,
    return_periods,
    spend_last_period,
    spend_period_before,
    (spend_last_period - spend_period_before)
        / nullif(spend_last_period + spend_period_before, 0) as spend_change,
    (spend_last_period - spend_period_before) / nullif(change_error, 0) as change_score
from ({people}) as people
left join limits using (customer_id)
left join contacts using (customer_id)
order by customer_id
"""


def purchase_rhythm(crm: Crm) -> dict[str, float]:
    """How often the customers of a house buy: the scale on which stages of life are measured."""
    found = kept_answer(crm, "rhythm", make=lambda: _asked_rhythm(crm)).iloc[0]
    gap = float(found["gap_days"]) if found["repeat_customers"] else ASSUMED_GAP_DAYS
    long_gap = float(found["long_gap_days"]) if found["repeat_customers"] else gap
    seen = float(found["seen_days"]) if pd.notna(found["seen_days"]) else 0.0
    return {
        "gap_days": gap,
        "long_gap_days": long_gap,
        "period_days": float(_period(gap, seen)),
        "repeat_customers": float(found["repeat_customers"]),
    }


def stage_figures(crm: Crm, *, rhythm: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The figures of every customer that rules about stages of life are written over."""
    scale = purchase_rhythm(crm) if rhythm is None else read_rhythm(rhythm)
    figures = kept_answer(crm, "stage figures", scale, make=lambda: _asked_figures(crm, scale))
    figures.attrs["rhythm"] = scale
    return figures


def _asked_rhythm(crm: Crm) -> pd.DataFrame:
    return ask(crm, _RHYTHM_SQL, steps=purchase_day_steps(crm).add(_STEPS | _RHYTHM))


def _asked_figures(crm: Crm, scale: Mapping[str, float]) -> pd.DataFrame:
    figures = ask(
        crm,
        _FIGURES_SQL.format(people=people_sql(crm)),
        steps=purchase_day_steps(crm).add(_STEPS | _FIGURES, contacts=contacts_sql(crm)),
        quiet_times=float(QUIET_TIMES),
        house_weight=float(HOUSE_WEIGHT),
        **scale,
    ).set_index("customer_id")
    counts = ["purchase_count", "contact_count"]
    return figures.astype({name: "int64" if name in counts else "float64" for name in figures.columns})


def read_rhythm(rhythm: Mapping[str, float]) -> dict[str, float]:
    """Check a scale that was given."""
    if not isinstance(rhythm, Mapping):
        raise ParameterError(f"rhythm is a mapping as purchase_rhythm(crm) makes it, not {rhythm!r}.")
    names = ("gap_days", "long_gap_days", "period_days")
    for name in rhythm:
        if name not in (*names, "repeat_customers"):
            raise ParameterError(f"rhythm has no {name!r}.{nearest(name, names)}")
    for name in names:
        value = rhythm.get(name)
        if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value) or value <= 0:
            raise ParameterError(f"rhythm: {name} is {value!r}. Give a number of days above 0.")
    scale = {name: float(rhythm[name]) for name in names}
    return {**scale, "repeat_customers": float(rhythm.get("repeat_customers", 0))}


def first_fitting_rule(figures: pd.DataFrame, rules: Sequence[str]) -> pd.Series:
    """Which rule is the first that each customer fulfils."""
    cases = []
    for place, rule in enumerate(rules):
        try:
            checked = parse_expression(
                rule, columns=figures.columns, aggregate=False, key_path=f"rule {place + 1}", context="rule"
            )
        except ConfigError as error:
            raise ParameterError(str(error)) from None
        cases.append(f"when {checked.sql} then {place}")
    decided = f"case {' '.join(cases)} else {len(rules)} end" if cases else "0"
    numbered = figures.reset_index(drop=True).reset_index(names="_row")
    with Engine() as engine:
        engine.register("figures", numbered)
        try:
            found = engine.to_pandas(f"select {decided} as rule from figures order by _row")
        except Exception as error:
            raise ParameterError(f"a rule is no condition: {str(error).strip().splitlines()[0]}") from error
    return pd.Series(found["rule"].to_numpy(), index=figures.index, name="rule", dtype="int64")


def _period(gap_days: float, seen_days: float) -> int:
    wanted = next((days for days in PERIODS if days >= GAPS_IN_A_PERIOD * gap_days), PERIODS[-1])
    fits = [days for days in PERIODS if days <= min(wanted, seen_days / SEEN_PERIODS)]
    return fits[-1] if fits else PERIODS[0]
