"""The vocabulary: every table of a CRM by its name."""

from crmlib.schema.errors import SchemaError, nearest
from crmlib.schema.fields import TableSpec
from crmlib.schema.tables.contact import EVENTS, FEEDBACK, INTERACTIONS, SERVICE_CASES
from crmlib.schema.tables.party import CAMPAIGN_CONTACTS, CAMPAIGNS, CONTACTS, CUSTOMERS, EMPLOYEES, RELATIONS
from crmlib.schema.tables.sales import (
    OPPORTUNITIES,
    OPPORTUNITY_CONTACTS,
    PLANS,
    PRODUCTS,
    STAGE_HISTORY,
    TRANSACTIONS,
)

TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        CUSTOMERS,
        CONTACTS,
        PRODUCTS,
        TRANSACTIONS,
        INTERACTIONS,
        EVENTS,
        FEEDBACK,
        SERVICE_CASES,
        OPPORTUNITIES,
        STAGE_HISTORY,
        OPPORTUNITY_CONTACTS,
        RELATIONS,
        CAMPAIGNS,
        CAMPAIGN_CONTACTS,
        PLANS,
        EMPLOYEES,
    )
}

CORE_TABLES = ("transactions", "opportunities")
"""A workspace has at least one of these; every other table is optional."""

SIGNS_OF = {
    "customers": ("email", "handle", "phone"),
    "contacts": ("email", "phone"),
    "transactions": ("email", "phone"),
    "events": ("visitor_id",),
    "feedback": ("order_id", "email", "handle"),
}
"""Tables that carry customers, and the columns by which a customer is known there besides the number."""


def table_spec(name: str) -> TableSpec:
    """The declaration of a table."""
    if name not in TABLES:
        raise SchemaError(f"the vocabulary has no table {name!r}.{nearest(name, TABLES)}")
    return TABLES[name]
