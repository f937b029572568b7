"""Tables of what was sold, and what may be."""

from crmlib.schema.fields import Field, TableCheck, TableSpec

# fmt: off
PRODUCTS = TableSpec(
    "products",
    "a thing sold",
    (
        Field("product_id", "id", "The product.", required=True, key=True,
              guesses=("sku", "stockcode", "item_id", "article_id")),
        Field("name", "text", "Name.", guesses=("description", "product_name", "title")),
        Field("category", "text", "Category.", guesses=("product_category", "series")),
        Field("subcategory", "text", "Category within the category.", guesses=("product_type",)),
        Field("department", "text", "Department or main group."),
        Field("brand", "text", "Brand."),
        Field("tier", "integer", "Step of quality within the category; 1 is basic.", minimum=1),
        Field("unit_price", "money", "List price.", unit="account currency", minimum=0,
              guesses=("price", "sales_price", "list_price")),
        Field("unit_cost", "money", "Cost of one.", unit="account currency", minimum=0, guesses=("cost",)),
        Field("life_days", "number", "Expected days until it is bought again.", unit="days", minimum=0),
        Field("launched_on", "date", "First day on sale."),
        Field("retired_on", "date", "Last day on sale; may be planned."),
        Field("replaces_product_id", "id", "The product that this one replaces.", references="products"),
    ),
)

TRANSACTIONS = TableSpec(
    "transactions",
    "an order line",
    (
        Field("order_id", "id", "The order, receipt or invoice.", required=True, key=True,
              guesses=("invoiceno", "invoice_no", "invoice", "basket_id", "order_no", "receipt_id")),
        Field("line_no", "id", "The line within the order.", key=True, guesses=("line", "position")),
        Field("customer_id", "id", "Who bought; empty where not known.", references="customers",
              guesses=("customerid", "client_id", "household_id", "user_id")),
        Field("product_id", "id", "What was bought.", required=True, references="products",
              guesses=("stockcode", "sku", "item_id", "article_id")),
        Field("ordered_at", "timestamp", "When it was bought.", required=True,
              guesses=("invoicedate", "order_date", "date", "timestamp", "transaction_timestamp")),
        Field("quantity", "number", "Pieces; negative where they came back.", unit="pieces",
              guesses=("qty", "units")),
        Field("net_amount", "money", "What was paid for the line; refunds are negative.", required=True,
              unit="account currency", guesses=("amount", "sales_value", "total", "revenue", "line_total")),
        Field("discount_amount", "money", "Given off the price, as a positive amount.",
              unit="account currency", guesses=("discount",)),
        Field("cost_amount", "money", "What the line cost us.", unit="account currency", guesses=("cost",)),
        Field("channel", "text", "Where it was bought: shop, web, phone."),
        Field("store_id", "id", "The shop.", guesses=("store", "shop_id")),
        Field("campaign_id", "id", "The campaign it answers.", references="campaigns"),
        Field("employee_id", "id", "Who sold it.", references="employees"),
        Field("due_on", "date", "When payment is due.", guesses=("due_date",)),
        Field("paid_on", "date", "When it was paid.", known_from="paid_on", guesses=("payment_date",)),
        Field("email", "text", "E-mail address that was given with the order.", privacy="personal"),
        Field("phone", "text", "Telephone number that was given with the order.", privacy="personal"),
    ),
    time="ordered_at",
    traps=(
        "Lines without a customer count for products and baskets, never for customers.",
        "A refund reduces money; it never moves the date of a purchase.",
    ),
    checks=(
        TableCheck("zero_quantity", "quantity = 0", ("quantity",), "have quantity 0"),
        TableCheck("negative_price", "net_amount < 0 and quantity > 0", ("net_amount", "quantity"),
                   "have a price below 0: a positive quantity with a negative amount"),
        TableCheck(
            "sum_of_all",
            """
            select rowid from {rows}
            where net_amount > 0 and 2 * net_amount = (select sum(net_amount) from {rows})
                and (select count(*) from {rows}) >= 5
            """,
            ("net_amount",),
            "have the amount of all other rows together: it looks like a total",
            whole_table=True,
        ),
        TableCheck(
            "refund_without_purchase",
            """
            with refunds as (
                select rowid as refund_row, customer_id, product_id, ordered_at
                from {rows}
                where net_amount < 0 and customer_id is not null
            ),
            first_purchases as (
                select customer_id, product_id, min(ordered_at) as first_at
                from {rows}
                where net_amount > 0 and customer_id in (select customer_id from refunds)
                group by customer_id, product_id
            )
            select refund_row as rowid
            from refunds left join first_purchases using (customer_id, product_id)
            where first_at is null or first_at > ordered_at
            """,
            ("customer_id", "product_id", "ordered_at", "net_amount"),
            "are refunds of something the customer had not bought before in this data",
            whole_table=True,
        ),
    ),
)

OPPORTUNITIES = TableSpec(
    "opportunities",
    "a possible deal",
    (
        Field("opportunity_id", "id", "The opportunity.", required=True, key=True,
              guesses=("deal_id", "mql_id")),
        Field("customer_id", "id", "The customer; empty where not yet known.", references="customers",
              guesses=("account", "account_id")),
        Field("product_id", "id", "What it is about.", references="products", guesses=("product",)),
        Field("owner_id", "id", "Who works on it.", references="employees", guesses=("sales_agent",)),
        Field("source", "text", "How it came to us.", guesses=("origin", "lead_source")),
        Field("campaign_id", "id", "The campaign that brought it.", references="campaigns"),
        Field("created_at", "timestamp", "When it was opened.",
              guesses=("engage_date", "first_contact_date")),
        Field("closed_at", "timestamp", "When it was won or lost.", known_from="closed_at",
              not_before="created_at", expected_as="expected_close_on", guesses=("close_date", "won_date")),
        Field("stage", "text", "Where it stands.", required=True, known_from="closed_at",
              unknown_as="unknown", guesses=("deal_stage",)),
        Field("outcome", "text", "What became of it.", required=True, allowed=("open", "won", "lost"),
              known_from="closed_at", unknown_as="open"),
        Field("amount", "money", "Value of the deal.", unit="account currency", guesses=("close_value",)),
        Field("expected_close_on", "date", "When it is expected to close."),
        Field("lost_reason", "text", "Why it was lost.", known_from="closed_at"),
    ),
    time="created_at",
    traps=("The stage is the one seen at export; what it was earlier stands in stage_history only.",),
    checks=(
        TableCheck("closed_before_created", "closed_at < created_at", ("closed_at", "created_at"),
                   "were closed before they were created: the record is younger than the deal"),
        TableCheck("open_with_closing", "outcome = 'open' and closed_at is not null",
                   ("outcome", "closed_at"),
                   "are open and have a closed_at: it is taken as the day they are expected to close",
                   "mend", column="closed_at"),
        TableCheck("closed_without_day", "outcome in ('won', 'lost') and closed_at is null",
                   ("outcome", "closed_at"),
                   "are won or lost and have no closed_at: they count, but in no period"),
    ),
)

STAGE_HISTORY = TableSpec(
    "stage_history",
    "a stay of an opportunity in a stage",
    (
        Field("opportunity_id", "id", "The opportunity.", required=True, key=True,
              references="opportunities"),
        Field("stage", "text", "The stage.", required=True, key=True),
        Field("entered_at", "timestamp", "When it came into the stage.", required=True, key=True),
        Field("exited_at", "timestamp", "When it left; empty while it is still there.",
              known_from="exited_at", not_before="entered_at"),
    ),
    time="entered_at",
    checks=(
        TableCheck("left_before_entered", "exited_at < entered_at", ("exited_at", "entered_at"),
                   "left a stage before they entered it", "set_aside"),
    ),
)

OPPORTUNITY_CONTACTS = TableSpec(
    "opportunity_contacts",
    "a person's part in a decision",
    (
        Field("opportunity_id", "id", "The opportunity.", required=True, key=True,
              references="opportunities"),
        Field("contact_id", "id", "The person.", required=True, key=True, references="contacts"),
        Field("decision_role", "text", "The part played.",
              allowed=("decider", "approver", "influencer", "champion", "blocker", "user", "buyer")),
        Field("stance", "number", "For or against us.", unit="-1 to 1", minimum=-1, maximum=1),
        Field("influences_contact_id", "id", "Whom the person influences most.", references="contacts"),
    ),
)

PLANS = TableSpec(
    "plans",
    "a target",
    (
        Field("period_start", "date", "First day.", required=True, key=True),
        Field("period_end", "date", "Last day.", required=True, key=True),
        Field("dimension", "text", "What the target is for.", required=True, key=True,
              allowed=("total", "customer", "product", "category", "department", "employee", "region")),
        Field("key", "text", "Which one.", required=True, key=True),
        Field("measure", "text", "What is to be reached.", required=True, key=True,
              allowed=("net_amount", "quantity", "margin", "order_count", "won_amount")),
        Field("target", "number", "How much.", required=True),
        Field("set_on", "date", "When the target was set.", guesses=("agreed_on", "planned_on")),
    ),
    time="set_on",
    checks=(
        TableCheck("ends_before_start", "period_end < period_start", ("period_start", "period_end"),
                   "end before they start", "set_aside"),
    ),
)
