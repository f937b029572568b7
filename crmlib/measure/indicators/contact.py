"""Built-in indicators of what passes between us and the customer, the sale itself apart.

A window such as 90d is the last 90 calendar days of the workspace's time zone, the day of as_of among them.
"""

from crmlib.measure.indicators.indicator import Indicator


def _mean(column: str, condition: str = "") -> str:
    chosen = f" filter (where {condition})" if condition else ""
    return f"cast(sum({column}){chosen} as double) / nullif(count({column}){chosen}, 0)"


def _share(condition: str, of: str = "") -> str:
    both = f"{of} and {condition}" if of else condition
    all_of_them = f"count(*) filter (where {of})" if of else "count(*)"
    return f"100 * cast(count(*) filter (where {both}) as double) / nullif({all_of_them}, 0)"


# fmt: off
_CAMPAIGNS = (
    Indicator(
        "campaign_count", "count(*) filter (where is_contacted)",
        over="campaign_contacts", aspect="contact", unit="campaigns", better=None, empty=0,
        says="Campaigns the customer was in, held-out ones left aside.",
    ),
    Indicator(
        "campaign_count_365d", "count(*) filter (where is_contacted and age_days < 365)",
        over="campaign_contacts", aspect="contact", unit="campaigns", better=None, empty=0,
        says="Campaigns of the last 365 days the customer was in.",
    ),
    Indicator(
        "campaign_response_count", "count(*) filter (where is_contacted and has_responded)",
        over="campaign_contacts", aspect="contact", unit="campaigns", better="higher", empty=0,
        says="Campaigns the customer was in that the customer answered.",
    ),
    Indicator(
        "campaign_response_rate_pct", _share("has_responded", "is_contacted"),
        over="campaign_contacts", aspect="contact", unit="%", better="higher",
        says="Share of the campaigns the customer was in that the customer answered.",
    ),
    Indicator(
        "last_campaign_days", "min(age_days) filter (where is_contacted)",
        over="campaign_contacts", aspect="contact", unit="days", better=None,
        says="Days from the last campaign the customer was in to as_of.",
    ),
    Indicator(
        "last_response_days", "min(response_age_days) filter (where is_contacted)",
        over="campaign_contacts", aspect="contact", unit="days", better="lower",
        says="Days from the last answer to a campaign to as_of.",
    ),
    Indicator(
        "days_to_respond_mean", _mean("days_to_respond", "is_contacted"),
        over="campaign_contacts", aspect="contact", unit="days", better="lower",
        says="Mean days from the contact of a campaign to the answer, of the campaigns answered.",
    ),
)

_INTERACTIONS = (
    Indicator(
        "interaction_count", "count(*)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Contacts with the customer, of either direction.",
    ),
    Indicator(
        "interaction_count_90d", "count(*) filter (where age_days < 90)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Contacts in the last 90 days, of either direction.",
    ),
    Indicator(
        "interaction_count_365d", "count(*) filter (where age_days < 365)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Contacts in the last 365 days, of either direction.",
    ),
    Indicator(
        "incoming_count_365d", "count(*) filter (where direction = 'in' and age_days < 365)",
        over="interactions", aspect="contact", unit="contacts", better="higher", empty=0,
        says="Contacts from the customer in the last 365 days.",
    ),
    Indicator(
        "outgoing_count_365d", "count(*) filter (where direction = 'out' and age_days < 365)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Contacts to the customer in the last 365 days.",
    ),
    Indicator(
        "incoming_share_pct", _share("direction = 'in'", "direction in ('in', 'out')"),
        over="interactions", aspect="contact", unit="%", better=None,
        says="Share of the contacts, those of known direction, that came from the customer.",
    ),
    Indicator(
        "email_count_365d", "count(*) filter (where channel = 'email' and age_days < 365)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Contacts by e-mail in the last 365 days.",
    ),
    Indicator(
        "phone_count_365d", "count(*) filter (where channel = 'phone' and age_days < 365)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Telephone calls in the last 365 days.",
    ),
    Indicator(
        "visit_count_365d", "count(*) filter (where channel = 'visit' and age_days < 365)",
        over="interactions", aspect="contact", unit="contacts", better=None, empty=0,
        says="Visits in person in the last 365 days.",
    ),
    Indicator(
        "digital_contact_share_pct",
        _share("channel in ('web', 'email', 'sms', 'social', 'chat')", "channel is not null"),
        over="interactions", aspect="contact", unit="%", better=None,
        says="Share of the contacts, those of known channel, by web, e-mail, text message, social media or chat.",
    ),
    Indicator(
        "service_contact_share_pct", _share("purpose = 'service'", "purpose is not null"),
        over="interactions", aspect="contact", unit="%", better="lower",
        says="Share of the contacts, those of known purpose, that were about service.",
    ),
    Indicator(
        "last_contact_days", "min(age_days)",
        over="interactions", aspect="contact", unit="days", better="lower",
        says="Days from the last contact, of either direction, to as_of.",
    ),
    Indicator(
        "last_incoming_days", "min(age_days) filter (where direction = 'in')",
        over="interactions", aspect="contact", unit="days", better="lower",
        says="Days from the last contact from the customer to as_of.",
    ),
    Indicator(
        "reply_rate_pct", _share("is_answered", "is_asking"),
        over="interactions", aspect="contact", unit="%", better="higher",
        says="Share of our contacts to the customer after which the customer came back to us within 7 days; "
        "those of the day of as_of and the 7 days before it are left out.",
    ),
    Indicator(
        "contact_minutes_365d", "sum(duration_minutes) filter (where age_days < 365)",
        over="interactions", aspect="contact", unit="minutes", better=None, empty=0,
        says="Time that contacts of the last 365 days took.",
    ),
)

_SITE = (
    Indicator(
        "event_count_90d", "count(*) filter (where age_days < 90)",
        over="events", aspect="contact", unit="events", better="higher", empty=0,
        says="What the customer did on our site or app in the last 90 days.",
    ),
    Indicator(
        "view_count_90d", "count(*) filter (where event = 'view' and age_days < 90)",
        over="events", aspect="contact", unit="views", better="higher", empty=0,
        says="Pages or products viewed in the last 90 days.",
    ),
    Indicator(
        "click_count_90d", "count(*) filter (where event = 'click' and age_days < 90)",
        over="events", aspect="contact", unit="clicks", better="higher", empty=0,
        says="Clicks in the last 90 days.",
    ),
    Indicator(
        "search_count_90d", "count(*) filter (where event = 'search' and age_days < 90)",
        over="events", aspect="contact", unit="searches", better="higher", empty=0,
        says="Searches in the last 90 days.",
    ),
    Indicator(
        "cart_count_90d", "count(*) filter (where event = 'cart' and age_days < 90)",
        over="events", aspect="contact", unit="times", better="higher", empty=0,
        says="How often something was put into the cart in the last 90 days.",
    ),
    Indicator(
        "download_count_90d", "count(*) filter (where event = 'download' and age_days < 90)",
        over="events", aspect="contact", unit="downloads", better="higher", empty=0,
        says="Downloads in the last 90 days.",
    ),
    Indicator(
        "last_event_days", "min(age_days)",
        over="events", aspect="contact", unit="days", better="lower",
        says="Days from the last thing the customer did on our site or app to as_of.",
    ),
    Indicator(
        "session_count_90d", "count(*) filter (where age_days < 90)",
        over="sessions", aspect="contact", unit="visits", better="higher", empty=0,
        says="Visits to our site or app in the last 90 days.",
    ),
    Indicator(
        "session_events_mean", _mean("event_count"),
        over="sessions", aspect="contact", unit="events", better="higher",
        says="Mean number of things done in a visit to our site or app.",
    ),
    Indicator(
        "cart_sessions_share_pct", _share("cart_count > 0"),
        over="sessions", aspect="contact", unit="%", better="higher",
        says="Share of the visits to our site or app in which something was put into the cart.",
    ),
)

_OPINIONS = (
    Indicator(
        "feedback_count", "count(*)",
        over="feedback", aspect="contact", unit="opinions", better=None, empty=0,
        says="Opinions and complaints of the customer.",
    ),
    Indicator(
        "satisfaction_mean", _mean("score_pct", "kind = 'csat'"),
        over="feedback", aspect="contact", unit="0 to 100", better="higher",
        says="Mean of the answers on satisfaction, each as a share of the best score.",
    ),
    Indicator(
        "review_score_mean", _mean("score_pct", "kind = 'review'"),
        over="feedback", aspect="contact", unit="0 to 100", better="higher",
        says="Mean score of the customer's reviews, each as a share of the best score.",
    ),
    Indicator(
        "nps_mean", _mean("score", "kind = 'nps'"),
        over="feedback", aspect="contact", unit="0 to 10", better="higher",
        says="Mean answer to how likely the customer is to recommend us: 9 and 10 do, 0 to 6 warn.",
    ),
    Indicator(
        "complaint_count", "count(*) filter (where kind = 'complaint')",
        over="feedback", aspect="contact", unit="complaints", better="lower", empty=0,
        says="Complaints.",
    ),
    Indicator(
        "complaint_count_365d", "count(*) filter (where kind = 'complaint' and age_days < 365)",
        over="feedback", aspect="contact", unit="complaints", better="lower", empty=0,
        says="Complaints in the last 365 days.",
    ),
    Indicator(
        "open_complaint_count", "count(*) filter (where kind = 'complaint' and not is_resolved)",
        over="feedback", aspect="contact", unit="complaints", better="lower", empty=0,
        says="Complaints that were not resolved at as_of.",
    ),
    Indicator(
        "last_complaint_days", "min(age_days) filter (where kind = 'complaint')",
        over="feedback", aspect="contact", unit="days", better="higher",
        says="Days from the last complaint to as_of.",
    ),
    Indicator(
        "complaint_days_mean", _mean("days_to_resolve", "kind = 'complaint'"),
        over="feedback", aspect="contact", unit="days", better="lower",
        says="Mean days until a complaint was resolved, of those that were.",
    ),
)

_SERVICE = (
    Indicator(
        "case_count", "count(*)",
        over="service_cases", aspect="contact", unit="requests", better=None, empty=0,
        says="Service requests.",
    ),
    Indicator(
        "case_count_365d", "count(*) filter (where age_days < 365)",
        over="service_cases", aspect="contact", unit="requests", better=None, empty=0,
        says="Service requests of the last 365 days.",
    ),
    Indicator(
        "open_case_count", "count(*) filter (where is_open)",
        over="service_cases", aspect="contact", unit="requests", better="lower", empty=0,
        says="Service requests that were open at as_of.",
    ),
    Indicator(
        "oldest_open_case_days", "max(age_days) filter (where is_open)",
        over="service_cases", aspect="contact", unit="days", better="lower",
        says="Days that the oldest open service request has waited.",
    ),
    Indicator(
        "last_case_days", "min(age_days)",
        over="service_cases", aspect="contact", unit="days", better=None,
        says="Days from the last service request to as_of.",
    ),
    Indicator(
        "first_response_hours_mean",
        "cast(sum(response_seconds) as double) / nullif(3600 * count(response_seconds), 0)",
        over="service_cases", aspect="contact", unit="hours", better="lower",
        says="Mean hours until our first answer to a service request, of those answered.",
    ),
    Indicator(
        "days_to_close_mean", _mean("days_to_close"),
        over="service_cases", aspect="contact", unit="days", better="lower",
        says="Mean days until a service request was closed, of those that were.",
    ),
    Indicator(
        "reopened_case_share_pct", _share("reopened_count > 0"),
        over="service_cases", aspect="contact", unit="%", better="lower",
        says="Share of the service requests that were opened again.",
    ),
    Indicator(
        "urgent_case_share_pct", _share("is_urgent"),
        over="service_cases", aspect="contact", unit="%", better="lower",
        says="Share of the service requests of high priority.",
    ),
)
# fmt: on

CONTACT = (*_CAMPAIGNS, *_INTERACTIONS, *_SITE, *_OPINIONS, *_SERVICE)
"""Indicators of contact."""
