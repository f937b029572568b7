"""Indicators of contact, deals and characteristics worked out a second time, with pandas, one customer at a time."""

import pandas as pd

NAN = float("nan")
WEEK = 7


def reference_contact(tables: dict[str, pd.DataFrame], customers, *, as_of, time_zone: str) -> pd.DataFrame:
    """Figures of these customers; `as_of` is a naive moment in UTC."""
    zone = _Zone(as_of, time_zone)
    work = {
        "interactions": (_interactions, zone.told(tables["interactions"], "happened_at")),
        "events": (_events, zone.told(tables["events"], "happened_at")),
        "feedback": (_feedback, zone.told(tables["feedback"], "given_at", "resolved_at")),
        "service_cases": (
            _cases,
            zone.told(tables["service_cases"], "opened_at", "first_response_at", "closed_at"),
        ),
        "opportunities": (_deals, zone.told(tables["opportunities"], "created_at", "closed_at")),
        "contacts": (_people, tables["contacts"]),
        "customers": (_record, zone.listed(tables["customers"])),
    }
    rows = []
    for customer in customers:
        row = {"customer_id": customer}
        for figures, table in work.values():
            row |= figures(table[table.customer_id == customer])
        rows.append(row | _ties(tables["relations"], customer))
    return pd.DataFrame(rows).set_index("customer_id")


class _Zone:
    def __init__(self, as_of, time_zone):
        self.as_of, self.name = as_of.tz_localize("UTC"), time_zone
        self.today = self.day(self.as_of)

    def day(self, moments):
        if isinstance(moments, pd.Timestamp):
            return moments.tz_convert(self.name).normalize().tz_localize(None)
        return moments.dt.tz_convert(self.name).dt.normalize().dt.tz_localize(None)

    def told(self, table, time, *outcomes):
        """The rows up to as_of, outcomes after it emptied, with their age and how long outcomes took."""
        table = table.assign(**{name: pd.to_datetime(table[name], utc=True) for name in (time, *outcomes)})
        table = table[table[time] <= self.as_of]
        day = self.day(table[time])
        table = table.assign(day=day, at=table[time], age=(self.today - day).dt.days)
        for name in outcomes:
            known = table[name].where(table[name] <= self.as_of)
            table = table.assign(**{name: known, f"{name}_days": (self.day(known) - day).dt.days})
        return table

    def listed(self, table):
        return table.assign(today=self.today)


def _interactions(own):
    own = own.sort_values(["at", "interaction_id"])
    year, asked, answered = own[own.age < 365], 0, 0
    for place, row in enumerate(own.itertuples()):
        if row.direction == "out" and row.age > WEEK:
            rest = own.iloc[place + 1 :]
            back = rest[rest.direction == "in"].day.min()
            asked += 1
            answered += not pd.isna(back) and (back - row.day).days <= WEEK
    digital = own.channel.isin(["web", "email", "sms", "social", "chat"]).sum()
    return {
        "interaction_count": len(own),
        "interaction_count_90d": (own.age < 90).sum(),
        "interaction_count_365d": len(year),
        "incoming_count_365d": (year.direction == "in").sum(),
        "outgoing_count_365d": (year.direction == "out").sum(),
        "incoming_share_pct": _share((own.direction == "in").sum(), own.direction.notna().sum()),
        "email_count_365d": (year.channel == "email").sum(),
        "phone_count_365d": (year.channel == "phone").sum(),
        "visit_count_365d": (year.channel == "visit").sum(),
        "digital_contact_share_pct": _share(digital, own.channel.notna().sum()),
        "service_contact_share_pct": _share((own.purpose == "service").sum(), own.purpose.notna().sum()),
        "last_contact_days": own.age.min(),
        "last_incoming_days": own.age[own.direction == "in"].min(),
        "reply_rate_pct": _share(answered, asked),
        "contact_minutes_365d": year.duration_minutes.sum(),
    }


def _events(own):
    event, recent = own.event.str.lower(), own.age < 90
    sessions = own.assign(event=event).groupby("session_id")
    size, carts = sessions.size(), sessions.event.apply(lambda events: (events == "cart").any())
    return {
        "event_count_90d": recent.sum(),
        **{f"{name}_count_90d": (recent & (event == name)).sum()
           for name in ("view", "click", "search", "cart", "download")},
        "last_event_days": own.age.min(),
        "session_count_90d": (sessions.age.max() < 90).sum(),
        "session_events_mean": size.mean(),
        "cart_sessions_share_pct": _share(carts.sum(), len(size)),
    }  # fmt: skip


def _feedback(own):
    share = (100 * own.score / own.score_max).round(4)
    complaints = own[own.kind == "complaint"]
    return {
        "feedback_count": len(own),
        "satisfaction_mean": share[own.kind == "csat"].mean(),
        "review_score_mean": share[own.kind == "review"].mean(),
        "nps_mean": own.score[own.kind == "nps"].mean(),
        "complaint_count": len(complaints),
        "complaint_count_365d": (complaints.age < 365).sum(),
        "open_complaint_count": complaints.resolved_at.isna().sum(),
        "last_complaint_days": complaints.age.min(),
        "complaint_days_mean": complaints.resolved_at_days.mean(),
    }


def _cases(own):
    waiting = own[own.closed_at.isna()]
    return {
        "case_count": len(own),
        "case_count_365d": (own.age < 365).sum(),
        "open_case_count": len(waiting),
        "oldest_open_case_days": waiting.age.max(),
        "last_case_days": own.age.min(),
        "first_response_hours_mean": (own.first_response_at - own["at"]).dt.total_seconds().mean() / 3600,
        "days_to_close_mean": own.closed_at_days.mean(),
        "reopened_case_share_pct": _share((own.reopened_count > 0).sum(), len(own)),
        "urgent_case_share_pct": _share(own.priority.isin(["High", "1"]).sum(), len(own)),
        "cost_to_serve_total": _known_sum(own.cost_amount),
        "cost_to_serve_365d": _known_sum(own.cost_amount[own.age < 365]),
    }


def _deals(own):
    outcome = own.outcome.where(own.closed_at.notna(), "open")
    won = own[outcome == "won"]
    return {
        "opportunity_count": len(own),
        "open_opportunity_count": (outcome == "open").sum(),
        "won_opportunity_count": len(won),
        "win_rate_pct": _share(len(won), (outcome != "open").sum()),
        "last_opportunity_days": own.age.min(),
        "days_to_win_mean": won.closed_at_days.mean(),
        "open_opportunity_amount": own.amount[outcome == "open"].sum(),
        "won_amount_total": won.amount.sum(),
        "won_amount_365d": won.amount[won.age - won.closed_at_days < 365].sum(),
    }


def _people(own):
    return {"contact_person_count": len(own), "contact_influence_max": own.influence.max()}


def _ties(relations, customer):
    of, to = relations.from_customer_id == customer, relations.to_customer_id == customer
    return {
        "relation_count": of.sum() + to.sum(),
        "referral_count": (of & (relations.relation == "referrer")).sum(),
    }


def _record(own):
    if own.empty:
        names = ("known_days", "age_years", "household_people", "interest_count", "tag_count", "has_email_consent",
                 "employee_count", "record_completeness_pct", "credit_limit")  # fmt: skip
        return dict.fromkeys(names, NAN) | {"has_owner": 0, "has_parent": 0, "came_by_campaign": 0}
    row = own.iloc[0]
    left_aside = ("customer_id", "today", "tags", "parent_customer_id", "campaign_id", "payment_terms_days",
                  "credit_limit")  # fmt: skip
    asked = row.drop([name for name in left_aside if name in row])
    had = (row.today.month, row.today.day) >= (row.birth_on.month, row.birth_on.day)
    digits = "" if pd.isna(row.household_size) else row.household_size.rstrip("+")
    return {
        "known_days": (row.today - row.signed_up_on).days,
        "age_years": row.today.year - row.birth_on.year - (not had),
        "household_people": int(digits) if digits.isdigit() else NAN,
        "interest_count": 0 if pd.isna(row.interests) else len(row.interests.split(";")),
        "tag_count": 0 if pd.isna(row.tags) else len(row.tags.split(";")),
        "has_email_consent": NAN if pd.isna(row.email_consent) else int(row.email_consent),
        "employee_count": NAN if pd.isna(row.employee_count) else row.employee_count,
        "record_completeness_pct": _share(asked.notna().sum(), len(asked)),
        "credit_limit": NAN if pd.isna(row.credit_limit) else row.credit_limit,
        "has_owner": int(not pd.isna(row.owner_id)),
        "has_parent": int(not pd.isna(row.parent_customer_id)),
        "came_by_campaign": int(not pd.isna(row.campaign_id)),
    }


def _share(part, whole):
    return 100 * float(part) / float(whole) if whole else NAN


def _known_sum(costs):
    return float("nan") if len(costs) and costs.isna().all() else costs.sum()
