"""The named steps from what is known of customers, and of what passed between us, to prepared views."""

_LOCAL_DAY = "cast({} at time zone 'UTC' at time zone $time_zone as date)"

CONTACT_STEPS: dict[str, str] = {
    "described_customers": """
        select
            *,
            extract(year from $as_of_on) - extract(year from birth_on)
                - case when 100 * extract(month from birth_on) + extract(day from birth_on)
                    > 100 * extract(month from $as_of_on) + extract(day from $as_of_on)
                    then 1 else 0 end as age_years,
            try_cast(regexp_extract(household_size, '[0-9]+', 0) as integer) as household_people,
            date_diff('day', signed_up_on, $as_of_on) as known_days,
            case when interests is null then 0
                else length(interests) - length(replace(interests, ';', '')) + 1 end as interest_count,
            case when tags is null then 0
                else length(tags) - length(replace(tags, ';', '')) + 1 end as tag_count,
            cast(email_consent as integer) as has_email_consent,
            cast(sms_consent as integer) as has_sms_consent,
            cast(phone_consent as integer) as has_phone_consent
        from known_customers
    """,
    "seen_relations": """
        select
            from_customer_id as customer_id,
            to_customer_id as other_customer_id,
            relation,
            true as is_from
        from listed_relations
        union all
        select
            to_customer_id as customer_id,
            from_customer_id as other_customer_id,
            relation,
            false as is_from
        from listed_relations
    """,
    "dated_opportunities": f"""
        select
            *,
            date_diff('day', created_on, $as_of_on) as age_days,
            date_diff('day', closed_on, $as_of_on) as closed_age_days,
            date_diff('day', created_on, closed_on) as days_to_close
        from (
            select
                *,
                {_LOCAL_DAY.format("created_at")} as created_on,
                {_LOCAL_DAY.format("closed_at")} as closed_on
            from known_opportunities
            where customer_id is not null and (created_at is null or created_at <= $as_of)
        ) as customers_opportunities
    """,
    "campaign_answers": f"""
        select
            *,
            date_diff('day', contacted_on, $as_of_on) as age_days,
            date_diff('day', responded_on, $as_of_on) as response_age_days,
            date_diff('day', contacted_on, responded_on) as days_to_respond,
            not coalesce(is_control, false) as is_contacted,
            responded_at is not null as has_responded
        from (
            select *, {_LOCAL_DAY.format("responded_at")} as responded_on
            from contacted_customers
        ) as answers
        where contacted_on is null or contacted_on <= $as_of_on
    """,
    "dated_interactions": f"""
        select *, date_diff('day', happened_on, $as_of_on) as age_days
        from (
            select *, {_LOCAL_DAY.format("happened_at")} as happened_on
            from seen_interactions
            where happened_at <= $as_of
        ) as known_interactions
    """,
    "interactions_with_replies": """
        select
            *,
            direction = 'out' and age_days > 7 as is_asking,
            coalesce(direction = 'out' and date_diff('day', happened_on, reply_on) <= 7, false) as is_answered
        from (
            select
                *,
                min(case when direction = 'in' then happened_on end) over (
                    partition by customer_id order by happened_at, interaction_id
                    rows between 1 following and unbounded following
                ) as reply_on
            from dated_interactions
        ) as followed_interactions
    """,
    "dated_events": f"""
        select *, date_diff('day', happened_on, $as_of_on) as age_days
        from (
            select *, {_LOCAL_DAY.format("happened_at")} as happened_on
            from seen_events
            where customer_id is not null and happened_at <= $as_of
        ) as known_events
    """,
    "sessions": """
        select
            customer_id,
            session_id,
            count(*) as event_count,
            count(*) filter (where event = 'cart') as cart_count,
            max(age_days) as age_days
        from dated_events
        where session_id is not null
        group by customer_id, session_id
    """,
    "dated_feedback": f"""
        select
            *,
            cast(100 * cast(score as double) / nullif(score_max, 0) as decimal(18, 4)) as score_pct,
            date_diff('day', given_on, $as_of_on) as age_days,
            resolved_at is not null as is_resolved,
            date_diff('day', given_on, resolved_on) as days_to_resolve
        from (
            select
                *,
                {_LOCAL_DAY.format("given_at")} as given_on,
                {_LOCAL_DAY.format("resolved_at")} as resolved_on
            from given_feedback
            where customer_id is not null and given_at <= $as_of
        ) as known_feedback
    """,
    "dated_cases": f"""
        select
            *,
            date_diff('day', opened_on, $as_of_on) as age_days,
            closed_at is null as is_open,
            date_diff('day', opened_on, closed_on) as days_to_close,
            cast(floor(epoch(first_response_at)) - floor(epoch(opened_at)) as bigint) as response_seconds,
            coalesce(lower(priority) in ('high', 'urgent', 'critical', '1'), false) as is_urgent
        from (
            select
                *,
                {_LOCAL_DAY.format("opened_at")} as opened_on,
                {_LOCAL_DAY.format("closed_at")} as closed_on
            from opened_cases
            where opened_at <= $as_of
        ) as known_cases
    """,
}
"""Step -> its SQL; each begins at a source step of the same table."""
