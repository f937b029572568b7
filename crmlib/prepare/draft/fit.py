"""How well the values of a column suit a field of ours, whatever its name says."""

from crmlib.prepare.draft.evidence import STATES, is_countries
from crmlib.prepare.draft.names import VIRTUAL, value_key, words
from crmlib.prepare.draft.profile import Column
from crmlib.schema.fields import Field
from crmlib.schema.tables import TABLES

WORDS_OF_FIELD = {
    ("opportunities", "outcome"): "outcome", ("opportunities", "stage"): "outcome",
    ("transactions", "status"): "status", ("customers", "kind"): "kind",
    ("interactions", "channel"): "channel", ("interactions", "direction"): "direction",
    ("interactions", "purpose"): "purpose", ("opportunity_contacts", "decision_role"): "decision_role",
    ("relations", "relation"): "relation", ("feedback", "kind"): "feedback",
}  # fmt: skip
"""Whose values have words of their own in names/words.toml."""

NAMED_BY_NAME = ("customers", "products", "employees", "campaigns")
"""Tables whose rows other exports may name by a name; elsewhere a number of one word is the likelier key."""


def fit_of(table: str, one: Field, column: Column) -> float:
    """How well the values suit a field: 0 forbids, 1 is usual."""
    if column.empty:
        return 0.4 if one.name in TABLES[table].required else 0.9
    kind = VIRTUAL.get(one.name, one.type) if one.description == "" else one.type
    if kind in ("timestamp", "date"):
        return _fit_date(column)
    if kind in ("number", "money", "integer", "share"):
        return _fit_number(one, column, kind)
    if kind == "boolean":
        known = words("boolean") | words("permission")
        seen = column.values and all(value_key(value) in known for value in column.values)
        said = {column.meaning("status", value) for value in column.values}
        return (
            1.0 if seen or (one.name == "cancelled_flag" and "cancelled" in said and len(said) < 3) else 0.0
        )
    if kind == "email":
        return 1.0 if column.emails > 0.6 else 0.0
    if kind == "id":
        return _fit_id(table, one, column)
    return _fit_text(table, one, column)


def _fit_date(column: Column) -> float:
    if column.dates >= 0.9:
        return 1.02
    if column.dates >= 0.6:
        return 0.85
    epoch = column.numbers > 0.95 and column.integers > 0.95 and column.low > 1e8 and column.high < 2e13
    serial = column.numbers > 0.95 and column.low > 20_000 and column.high < 60_000
    return 0.9 if epoch else 0.8 if serial and column.length < 8 else 0.6 if serial else 0.0


def _fit_number(one: Field, column: Column, kind: str) -> float:
    if column.numbers < 0.8 or (column.dates > 0.9 and not column.low < 19_000_000):
        return 0.0
    if one.minimum is not None and column.low < one.minimum and column.negatives > 0.05:
        return 0.6
    if one.maximum is not None and column.high > one.maximum:
        return 0.3
    if kind == "integer" and column.integers < 0.9:
        return 0.4
    return 1.0


def _fit_id(table: str, one: Field, column: Column) -> float:
    if column.length > 70 or (column.dates > 0.9 and column.numbers < 0.9):
        return 0.0
    if column.numbers > 0.95 and column.integers < 0.9 and not padded(column):
        return 0.0
    if column.emails > 0.8 and one.name not in ("customer_id", "contact_id", "owner_id", "employee_id"):
        return 0.0
    spec = TABLES[table]
    if one.name == "product_id" and table == "transactions" and column.unique and column.rows > 30:
        return 0.4
    if one.name == "line_no" and column.numbers < 0.5 and column.distinct < 0.5 * column.filled:
        return 0.5
    once = ("opportunity_id", "campaign_id", *(("product_id",) if table != "transactions" else ()))
    if one.name in once and not one.key and column.unique and column.rows > 20:
        return 0.5
    if one.references == "employees" and column.distinct > 0.8 * column.rows and column.rows > 20:
        return 0.4
    if len(spec.keys) == 1 and one.name == spec.keys[0] and table != "events":
        if column.filled < 0.8 * column.rows:
            return 0.5
        if table not in NAMED_BY_NAME and _told_by_name(column):
            return 0.9
        return 1.0 if column.unique else 0.8 if column.distinct > 0.5 * column.filled else 0.55
    few = 0 < len(column.values) <= 3 and column.rows > 30
    return 0.6 if few and one.name in ("customer_id", "product_id", "order_id") else 1.0


def _told_by_name(column: Column) -> bool:
    """Whether most values are several words, as names are."""
    some = list(column.texts)[:200]
    return sum(" " in text for text in some) > 0.5 * len(some)


def _addresses_of_sites(column: Column) -> float:
    """The share of the values that lead to a page of the web."""
    return sum(text.startswith(("www.", "http")) for text in column.texts) / max(column.distinct, 1)


def _fit_text(table: str, one: Field, column: Column) -> float:
    if column.dates > 0.9 and column.numbers < 0.9:
        return 0.0
    if one.name not in ("page", "handle") and _addresses_of_sites(column) > 0.6:
        return 0.0
    if one.name in ("email",):
        return 1.05 if column.emails > 0.6 else 0.2
    if column.emails > 0.8 and one.name not in ("customer_name", "customer_email"):
        return 0.2
    if one.name in ("phone", "customer_phone"):
        return 1.0 if column.phones > 0.5 or column.numbers > 0.5 else 0.5
    if one.name in DIFFERING and column.distinct <= 2 and column.filled > 10:
        flag = column.numbers > 0.9 or any(value_key(value) in words("boolean") for value in column.values)
        return 0.3 if flag or one.name not in _GROUPS else 0.8
    if one.name in ("name", "customer_name", "brand") and column.numbered:
        return 0.4
    if one.name == "first_name" and sum(len(t.split()) > 1 for t in column.texts) > 0.8 * column.distinct:
        return 0.3
    kind = WORDS_OF_FIELD.get((table, one.name))
    if kind and one.name in ("outcome", "stage", "status"):
        return _fit_state(one.name, kind, column)
    if one.allowed and column.values:
        known = {*map(value_key, one.allowed), *(words(kind) if kind else ())}
        share = sum(n for value, n in column.values.items() if value_key(value) in known) / column.filled
        return 0.45 + 0.6 * share if share else 0.2
    if one.allowed:
        return 0.2
    if one.name in ("city", "region", "customer_city", "customer_region"):
        states = sum(column.meaning("status", value) is not None for value in column.values)
        lands = is_countries(column) and not column.texts <= STATES
        if lands or states > 0.6 * max(len(column.values), 1):
            return 0.3
    wordy = one.name in ("name", "country", "city", "region", "industry", "product_name", "customer_name", "brand",
                         "category", "title", "address", "currency", "lost_reason", "company_size")  # fmt: skip
    if wordy and column.numbers > 0.95:
        return 0.35
    return 0.97 if column.dates > 0.9 else 1.0


DIFFERING = frozenset([
    "tax_id", "title", "phone", "postcode", "address", "subcategory", "name", "email", "customer_email",
    "customer_name", "product_name", "product_category", "category", "industry", "text", "notes",
])  # fmt: skip
"""Columns whose values are not one and the same in all rows."""

_GROUPS = frozenset(["category", "subcategory", "product_category", "industry", "notes", "text"])
"""Of these those that may have two values."""


def _fit_state(name: str, kind: str, column: Column) -> float:
    if not column.values:
        return 0.25
    if column.distinct == 1 and column.rows > 20 and kind == "outcome":
        return 0.4
    meanings = {column.meaning(kind, value) for value in column.values}
    decided = {"won", "lost"} & meanings
    if name == "status":
        return 1.0 if meanings - {None} else 0.7
    if name == "outcome":
        share = sum(n for value, n in column.values.items() if column.meaning(kind, value)) / column.filled
        return 0.5 + 0.52 * share if decided else 0.4
    return 1.0 if len(column.values) > 3 else 0.93


def padded(column: Column) -> bool:
    """Whether some numbers begin with a nought, as those of codes do."""
    return any(text[:1] == "0" and text[1:2].isdigit() for text in column.texts)
