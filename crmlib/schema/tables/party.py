"""Tables of who: customers, the people there, the ties between them, and us."""

from crmlib.schema.fields import Field, TableSpec

# fmt: off
CUSTOMERS = TableSpec(
    "customers",
    "a person or company, lead or buyer",
    (
        Field("customer_id", "id", "The customer.", required=True, key=True,
              guesses=("customerid", "client_id", "account_id", "household_id", "user_id")),
        Field("name", "text", "Name of the person or company.", privacy="personal",
              guesses=("full_name", "customer_name", "company", "account")),
        Field("kind", "text", "Whether a person or a company.", allowed=("person", "company")),
        Field("industry", "text", "Line of business.", guesses=("sector", "branch")),
        Field("company_size", "text", "Size class of the company."),
        Field("employee_count", "integer", "People employed.", unit="people", minimum=0,
              guesses=("employees",)),
        Field("annual_revenue", "money", "Yearly revenue of the company.", unit="account currency",
              guesses=("revenue",)),
        Field("country", "text", "Country."),
        Field("region", "text", "Region or state.", guesses=("state", "province")),
        Field("city", "text", "City.", guesses=("town",)),
        Field("postcode", "text", "Postal code.", privacy="personal",
              guesses=("zip", "zip_code", "postal_code")),
        Field("address", "text", "Street address.", privacy="personal", guesses=("street",)),
        Field("email", "text", "E-mail address.", privacy="personal", guesses=("e_mail", "mail")),
        Field("phone", "text", "Telephone number.", privacy="personal",
              guesses=("telephone", "mobile", "tel")),
        Field("handle", "text", "Account on social media.", privacy="personal"),
        Field("birth_on", "date", "Date of birth.", privacy="sensitive",
              guesses=("birthday", "date_of_birth", "dob")),
        Field("gender", "text", "Gender as recorded.", privacy="sensitive", guesses=("sex",)),
        Field("income_band", "text", "Band of income.", privacy="sensitive", guesses=("income",)),
        Field("household_size", "text", "People in the household; may be a band such as 5+.", unit="people"),
        Field("tax_id", "text", "Tax or registration number.", privacy="sensitive",
              guesses=("vat_id", "vat_number")),
        Field("source", "text", "How the customer came to us.", guesses=("origin", "lead_source")),
        Field("campaign_id", "id", "The campaign that brought the customer.", references="campaigns"),
        Field("signed_up_on", "date", "When the customer was first recorded.",
              guesses=("created_at", "signup_date", "dt_customer")),
        Field("owner_id", "id", "The employee who looks after the customer.", references="employees"),
        Field("parent_customer_id", "id", "The company this one belongs to.", references="customers"),
        Field("credit_limit", "money", "Credit granted.", unit="account currency", minimum=0),
        Field("payment_terms_days", "integer", "Days allowed for payment.", unit="days", minimum=0),
        Field("interests", "list", "Stated interests, separated by semicolons."),
        Field("tags", "list", "Free labels, separated by semicolons."),
        Field("email_consent", "boolean", "May be written to by e-mail."),
        Field("sms_consent", "boolean", "May be sent text messages."),
        Field("phone_consent", "boolean", "May be called."),
    ),
    traps=(
        "A customer may buy without being listed here; customers seen only in transactions are counted too.",
    ),
)

CONTACTS = TableSpec(
    "contacts",
    "a person at a customer",
    (
        Field("contact_id", "id", "The contact person.", required=True, key=True),
        Field("customer_id", "id", "Where the person works.", required=True, references="customers"),
        Field("name", "text", "Name.", privacy="personal"),
        Field("title", "text", "Job title."),
        Field("department", "text", "Department."),
        Field("reports_to_contact_id", "id", "The person's superior.", references="contacts"),
        Field("influence", "share", "Influence on decisions.", unit="0 to 1", minimum=0, maximum=1),
        Field("email", "text", "E-mail address.", privacy="personal"),
        Field("phone", "text", "Telephone number.", privacy="personal"),
        Field("birth_on", "date", "Date of birth.", privacy="sensitive"),
    ),
)

RELATIONS = TableSpec(
    "relations",
    "a tie between two customers",
    (
        Field("from_customer_id", "id", "One end.", required=True, key=True, references="customers"),
        Field("to_customer_id", "id", "The other end.", required=True, key=True, references="customers"),
        Field("relation", "text", "Kind of tie.", required=True, key=True,
              allowed=("parent", "supplier", "partner", "referrer", "decision chain")),
        Field("share_pct", "number", "Share held, for parents.", unit="percent", minimum=0, maximum=100),
    ),
)

EMPLOYEES = TableSpec(
    "employees",
    "one of us",
    (
        Field("employee_id", "id", "The employee.", required=True, key=True,
              guesses=("sales_agent", "agent_id", "rep_id")),
        Field("name", "text", "Name.", privacy="personal"),
        Field("department", "text", "Department."),
        Field("team", "text", "Team."),
        Field("manager_id", "id", "The superior.", references="employees"),
        Field("left_on", "date", "Last working day, if it has come.", known_from="left_on"),
    ),
)

CAMPAIGNS = TableSpec(
    "campaigns",
    "a campaign",
    (
        Field("campaign_id", "id", "The campaign.", required=True, key=True),
        Field("name", "text", "Name."),
        Field("kind", "text", "Kind of campaign.", guesses=("campaign_type", "type")),
        Field("channel", "text", "Main channel."),
        Field("started_on", "date", "First day.", guesses=("start_date",)),
        Field("ended_on", "date", "Last day; may be planned.", guesses=("end_date",)),
        Field("cost_amount", "money", "What it cost.", unit="account currency", minimum=0),
    ),
    time="started_on",
)

CAMPAIGN_CONTACTS = TableSpec(
    "campaign_contacts",
    "who was in a campaign",
    (
        Field("campaign_id", "id", "The campaign.", required=True, key=True, references="campaigns"),
        Field("customer_id", "id", "The customer.", required=True, key=True, references="customers"),
        Field("contacted_on", "date", "When the customer was contacted."),
        Field("is_control", "boolean", "In the group that was left alone, for comparison."),
        Field("responded_at", "timestamp", "When the customer responded.", known_from="responded_at"),
    ),
    time="contacted_on",
)
