"""Tables of what passed between us and the customer."""

from crmlib.schema.fields import Field, TableCheck, TableSpec

# fmt: off
INTERACTIONS = TableSpec(
    "interactions",
    "a contact between us and a customer",
    (
        Field("interaction_id", "id", "The contact.", required=True, key=True),
        Field("customer_id", "id", "The customer.", required=True, references="customers"),
        Field("contact_id", "id", "The person there.", references="contacts"),
        Field("opportunity_id", "id", "The deal it was about.", references="opportunities"),
        Field("campaign_id", "id", "The campaign it belongs to.", references="campaigns"),
        Field("employee_id", "id", "Who of us.", references="employees"),
        Field("happened_at", "timestamp", "When.", required=True),
        Field("channel", "text", "By what means.",
              allowed=("web", "email", "sms", "phone", "fax", "visit", "social", "chat")),
        Field("direction", "text", "From the customer (in) or to the customer (out).", allowed=("in", "out")),
        Field("purpose", "text", "What for.", allowed=("sale", "service", "campaign", "follow-up")),
        Field("subject", "text", "Subject line."),
        Field("notes", "text", "What was said.", privacy="personal"),
        Field("template", "text", "The template used."),
        Field("outcome", "text", "What came of it."),
        Field("duration_minutes", "number", "How long.", unit="minutes", minimum=0),
        Field("planned_for", "date",
              "The day for which a contact is planned: the row is then the plan, made at happened_at.",
              guesses=("next_step_on", "follow_up_on")),
        Field("cost_amount", "money", "What it cost us: travel, meals, presents.", unit="account currency",
              minimum=0, guesses=("expense",)),
    ),
    time="happened_at",
    traps=("A row with planned_for is a plan, not a contact that took place.",),
)

EVENTS = TableSpec(
    "events",
    "something a customer did on our site or app",
    (
        Field("event_id", "id", "The event.", key=True),
        Field("customer_id", "id", "The customer; empty where not known.", references="customers"),
        Field("visitor_id", "id", "The browser or device."),
        Field("session_id", "id", "The visit."),
        Field("happened_at", "timestamp", "When.", required=True),
        Field("event", "text", "What: view, click, search, download, cart, share.", required=True),
        Field("product_id", "id", "The product it was about.", references="products"),
        Field("page", "text", "The page."),
        Field("campaign_id", "id", "The campaign that led there.", references="campaigns"),
    ),
    time="happened_at",
)

FEEDBACK = TableSpec(
    "feedback",
    "an opinion or complaint",
    (
        Field("feedback_id", "id", "The opinion.", required=True, key=True),
        Field("customer_id", "id", "Who said it.", references="customers"),
        Field("product_id", "id", "About which product.", references="products"),
        Field("order_id", "id", "About which order."),
        Field("given_at", "timestamp", "When.", required=True),
        Field("kind", "text", "Kind of feedback.", required=True,
              allowed=("nps", "csat", "review", "complaint", "social")),
        Field("score", "number", "The score given."),
        Field("score_max", "number", "The best score possible.", minimum=0),
        Field("text", "text", "What was said.", privacy="personal"),
        Field("email", "text", "E-mail address that was given with it.", privacy="personal"),
        Field("handle", "text", "Account on social media that said it.", privacy="personal"),
        Field("resolved_at", "timestamp", "When a complaint was resolved.", known_from="resolved_at",
              not_before="given_at"),
    ),
    time="given_at",
    checks=(
        TableCheck("score_above_best", "score > score_max", ("score", "score_max"),
                   "have a score above the best that is possible", "set_aside"),
    ),
)

SERVICE_CASES = TableSpec(
    "service_cases",
    "a service request",
    (
        Field("case_id", "id", "The request.", required=True, key=True),
        Field("customer_id", "id", "The customer.", required=True, references="customers"),
        Field("product_id", "id", "The product it was about.", references="products"),
        Field("opened_at", "timestamp", "When it came in.", required=True),
        Field("first_response_at", "timestamp", "When we first answered.", known_from="first_response_at",
              not_before="opened_at"),
        Field("closed_at", "timestamp", "When it was closed.", known_from="closed_at",
              not_before="opened_at"),
        Field("priority", "text", "Priority."),
        Field("service_level", "text", "Service level agreed."),
        Field("kind", "text", "Kind of request."),
        Field("employee_id", "id", "Who handled it.", references="employees"),
        Field("cost_amount", "money", "What it cost us.", unit="account currency", minimum=0),
        Field("reopened_count", "integer", "How often it was opened again.", minimum=0),
    ),
    time="opened_at",
    checks=(
        TableCheck("closed_before_opened", "closed_at < opened_at", ("closed_at", "opened_at"),
                   "were closed before they were opened", "set_aside"),
    ),
)
