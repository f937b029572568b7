"""Built-in indicators of who the customer is."""

from crmlib.measure.indicators.indicator import Indicator

# fmt: off
CHARACTERISTICS = (
    Indicator(
        "tenure_days", "max(age_days) filter (where is_purchase)",
        over="orders", aspect="characteristics", unit="days", better="higher",
        says="Days from the first purchase to as_of.",
    ),
    Indicator(
        "known_days", "max(known_days)",
        over="customers", aspect="characteristics", unit="days", better="higher",
        says="Days from the customer's first record to as_of.",
    ),
    Indicator(
        "record_completeness_pct",
        "100 * cast(max(filled_field_count) as double) / nullif(max(asked_field_count), 0)",
        over="customers", aspect="characteristics", unit="%", better="higher",
        says="Share of the fields about a customer, of those that this workspace has, that are filled.",
    ),
    Indicator(
        "kind", "max(kind)",
        over="customers", aspect="characteristics", unit="name", better=None,
        says="Whether a person or a company.",
    ),
    Indicator(
        "industry", "max(industry)",
        over="customers", aspect="characteristics", unit="name", better=None,
        says="Line of business.",
    ),
    Indicator(
        "company_size", "max(company_size)",
        over="customers", aspect="characteristics", unit="name", better=None,
        says="Size class of the company.",
    ),
    Indicator(
        "country", "max(country)",
        over="customers", aspect="characteristics", unit="name", better=None,
        says="Country.",
    ),
    Indicator(
        "region", "max(region)",
        over="customers", aspect="characteristics", unit="name", better=None,
        says="Region or state.",
    ),
    Indicator(
        "source", "max(source)",
        over="customers", aspect="characteristics", unit="name", better=None,
        says="How the customer came to us.",
    ),
    Indicator(
        "employee_count", "max(employee_count)",
        over="customers", aspect="characteristics", unit="people", better="higher",
        says="People employed by the company.",
    ),
    Indicator(
        "annual_revenue", "max(annual_revenue)",
        over="customers", aspect="characteristics", unit="currency", better="higher",
        says="Yearly revenue of the company.",
    ),
    Indicator(
        "household_people", "max(household_people)",
        over="customers", aspect="characteristics", unit="people", better=None,
        says="People in the household; a band such as 5+ counts as its lower end.",
    ),
    Indicator(
        "age_years", "max(age_years)",
        over="customers", aspect="characteristics", unit="years", better=None,
        says="Full years of age at as_of.",
    ),
    Indicator(
        "interest_count", "max(interest_count)",
        over="customers", aspect="characteristics", unit="interests", better="higher",
        says="Interests that the customer has stated.",
    ),
    Indicator(
        "tag_count", "max(tag_count)",
        over="customers", aspect="characteristics", unit="labels", better=None,
        says="Labels that the customer bears.",
    ),
    Indicator(
        "has_email_consent", "max(has_email_consent)",
        over="customers", aspect="characteristics", unit="0 or 1", better="higher",
        says="1 where the customer may be written to by e-mail, 0 where not; empty where not known.",
    ),
    Indicator(
        "has_sms_consent", "max(has_sms_consent)",
        over="customers", aspect="characteristics", unit="0 or 1", better="higher",
        says="1 where the customer may be sent text messages, 0 where not; empty where not known.",
    ),
    Indicator(
        "has_phone_consent", "max(has_phone_consent)",
        over="customers", aspect="characteristics", unit="0 or 1", better="higher",
        says="1 where the customer may be called, 0 where not; empty where not known.",
    ),
    Indicator(
        "has_owner", "count(owner_id)",
        over="customers", aspect="characteristics", unit="0 or 1", better=None, empty=0,
        says="1 where one of us looks after the customer, else 0.",
    ),
    Indicator(
        "has_parent", "count(parent_customer_id)",
        over="customers", aspect="characteristics", unit="0 or 1", better=None, empty=0,
        says="1 where the customer belongs to another company, else 0.",
    ),
    Indicator(
        "came_by_campaign", "count(campaign_id)",
        over="customers", aspect="characteristics", unit="0 or 1", better=None, empty=0,
        says="1 where a campaign brought the customer, else 0.",
    ),
    Indicator(
        "payment_terms_days", "max(payment_terms_days)",
        over="customers", aspect="characteristics", unit="days", better=None,
        says="Days that the customer is allowed for payment.",
    ),
    Indicator(
        "contact_person_count", "count(*)",
        over="contacts", aspect="characteristics", unit="people", better="higher", empty=0,
        says="People whom we know at the customer.",
    ),
    Indicator(
        "contact_influence_max", "max(influence)",
        over="contacts", aspect="characteristics", unit="0 to 1", better="higher",
        says="Influence on decisions of the most influential person whom we know at the customer.",
    ),
    Indicator(
        "relation_count", "count(*)",
        over="relations", aspect="characteristics", unit="ties", better=None, empty=0,
        says="Ties of the customer to others, of either end.",
    ),
    Indicator(
        "referral_count", "count(*) filter (where relation = 'referrer' and is_from)",
        over="relations", aspect="characteristics", unit="customers", better="higher", empty=0,
        says="Customers whom this customer has brought to us.",
    ),
)
# fmt: on
"""Indicators of the customer's characteristics."""
