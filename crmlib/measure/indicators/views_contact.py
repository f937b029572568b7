"""The prepared views of who the customer is and what passed between us."""

from crmlib.measure.indicators.view import View, made_from, of_table, plain

_AGE = "Calendar days from then to as_of, in the workspace's time zone; 0 is the day of as_of."

CUSTOMERS = View(
    name="customers",
    row="a customer of the list of customers",
    table="customers",
    steps=("known_customers", "described_customers"),
    columns=(
        *plain(
            customer_id="The customer.",
            asked_field_count="Fields about a customer that this workspace has.",
            filled_field_count="Those of them that are filled for this customer.",
        ),
        *of_table(
            "customers",
            kind="Whether a person or a company.",
            industry="Line of business.",
            company_size="Size class of the company.",
            employee_count="People employed.",
            annual_revenue="Yearly revenue of the company.",
            country="Country.",
            region="Region or state.",
            city="City.",
            source="How the customer came to us.",
            campaign_id="The campaign that brought the customer.",
            signed_up_on="When the customer was first recorded.",
            owner_id="The employee who looks after the customer.",
            parent_customer_id="The company this one belongs to.",
            credit_limit="Credit granted.",
            payment_terms_days="Days allowed for payment.",
        ),
        *made_from("customers.birth_on", age_years="Full years of age at as_of."),
        *made_from("customers.household_size", household_people="People in the household; 5+ counts as 5."),
        *made_from("customers.signed_up_on", known_days="Calendar days from the first record to as_of."),
        *made_from("customers.interests", interest_count="Number of interests stated."),
        *made_from("customers.tags", tag_count="Number of labels."),
        *made_from("customers.email_consent", has_email_consent="1 with consent to e-mail, 0 refused."),
        *made_from("customers.sms_consent", has_sms_consent="1 with consent to text messages, 0 refused."),
        *made_from("customers.phone_consent", has_phone_consent="1 with consent to calls, 0 refused."),
    ),
)

CONTACTS = View(
    name="contacts",
    row="a person at a customer",
    table="contacts",
    steps=("listed_contacts",),
    columns=(
        *plain(contact_id="The person.", customer_id="Where the person works."),
        *of_table(
            "contacts",
            title="Job title.",
            department="Department.",
            reports_to_contact_id="The person's superior.",
            influence="Influence on decisions, 0 to 1.",
        ),
    ),
)

RELATIONS = View(
    name="relations",
    row="a tie of a customer to another, seen from each end",
    table="relations",
    steps=("listed_relations", "seen_relations"),
    columns=plain(
        customer_id="The customer.",
        other_customer_id="Whom it is tied to.",
        relation="Kind of tie.",
        is_from="Whether the customer stands at the beginning of the tie, as the parent or referrer.",
    ),
)

CAMPAIGN_CONTACTS = View(
    name="campaign_contacts",
    row="a campaign that a customer was in",
    table="campaign_contacts",
    steps=("contacted_customers", "campaign_answers"),
    columns=(
        *plain(
            customer_id="Whom it is about.",
            campaign_id="The campaign.",
            is_contacted="Whether the customer was contacted: not held out for comparison.",
        ),
        *of_table(
            "campaign_contacts",
            contacted_on="When.",
            is_control="Whether the customer was held out for comparison.",
            responded_at="When the customer responded; empty while that lies after as_of.",
        ),
        *made_from(
            "campaign_contacts.responded_at",
            has_responded="Whether the customer has responded by as_of.",
            response_age_days="Calendar days from the response to as_of.",
        ),
        *made_from("campaign_contacts.contacted_on", age_days="Calendar days from the contact to as_of."),
        *made_from(
            "campaign_contacts.contacted_on",
            "campaign_contacts.responded_at",
            days_to_respond="Calendar days from the contact to the response.",
        ),
    ),
)

INTERACTIONS = View(
    name="interactions",
    row="a contact between us and a customer",
    table="interactions",
    steps=("seen_interactions", "dated_interactions", "interactions_with_replies"),
    columns=(
        *plain(customer_id="The customer.", interaction_id="The contact.", age_days=_AGE),
        *of_table(
            "interactions",
            contact_id="The person there.",
            opportunity_id="The deal it was about.",
            campaign_id="The campaign it belongs to.",
            employee_id="Who of us.",
            channel="By what means.",
            direction="From the customer (in) or to the customer (out).",
            purpose="What for.",
            template="The template used.",
            outcome="What came of it.",
            duration_minutes="How long.",
        ),
        *made_from(
            "interactions.direction",
            is_asking="Whether it went out and more than 7 days have passed since.",
            is_answered="Whether the customer came back to us within 7 days after it.",
        ),
    ),
)

EVENTS = View(
    name="events",
    row="something a customer did on our site or app",
    table="events",
    steps=("seen_events", "dated_events"),
    columns=(
        *plain(customer_id="Who did it.", event="What, in small letters: view, click, search, download, cart.",
               age_days=_AGE),
        *of_table(
            "events",
            event_id="The event.",
            visitor_id="The browser or device.",
            session_id="The visit.",
            product_id="The product it was about.",
            page="The page.",
            campaign_id="The campaign that led there.",
        ),
    ),
)  # fmt: skip

SESSIONS = View(
    name="sessions",
    row="a visit of a customer to our site or app",
    table="events",
    steps=("seen_events", "dated_events", "sessions"),
    columns=made_from(
        "events.session_id",
        customer_id="Who came.",
        session_id="The visit.",
        event_count="What was done in it: number of events.",
        cart_count="How often something was put into the cart.",
        age_days="Calendar days from its first event to as_of.",
    ),
)

FEEDBACK = View(
    name="feedback",
    row="an opinion or complaint of a customer",
    table="feedback",
    steps=("given_feedback", "dated_feedback"),
    columns=(
        *plain(customer_id="Who said it.", feedback_id="The opinion.", age_days=_AGE,
               kind="Kind of feedback: nps, csat, review, complaint, social."),
        *of_table(
            "feedback",
            product_id="About which product.",
            order_id="About which order.",
            score="The score given.",
            score_max="The best score possible.",
        ),
        *made_from("feedback.score", "feedback.score_max", score_pct="The score as a share of the best."),
        *made_from(
            "feedback.resolved_at",
            is_resolved="Whether it was resolved by as_of.",
            days_to_resolve="Calendar days until it was resolved; empty while it is not.",
        ),
    ),
)  # fmt: skip

CASES = View(
    name="service_cases",
    row="a service request of a customer",
    table="service_cases",
    steps=("opened_cases", "dated_cases"),
    columns=(
        *plain(customer_id="The customer.", case_id="The request.", age_days=_AGE),
        *of_table(
            "service_cases",
            product_id="The product it was about.",
            priority="Priority.",
            service_level="Service level agreed.",
            kind="Kind of request.",
            employee_id="Who handled it.",
            cost_amount="What it cost us.",
            reopened_count="How often it was opened again, as of the export.",
        ),
        *made_from(
            "service_cases.closed_at",
            is_open="Whether it was not closed by as_of.",
            days_to_close="Calendar days until it was closed; empty while it is open.",
        ),
        *made_from(
            "service_cases.first_response_at",
            response_seconds="Seconds until our first answer; empty while there is none.",
        ),
        *made_from(
            "service_cases.priority",
            is_urgent="Whether its priority is high, urgent, critical or 1.",
        ),
    ),
)
