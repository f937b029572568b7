import pytest

from crmlib.schema.errors import CrmlibError, SchemaError, nearest
from crmlib.schema.fields import Field, TableCheck
from crmlib.schema.tables import TABLES, table_spec

PERSONAL = {
    "customers": {"name", "postcode", "address", "email", "phone", "handle"},
    "contacts": {"name", "email", "phone"},
    "interactions": {"notes"},
    "transactions": {"email", "phone"},
    "feedback": {"text", "email", "handle"},
    "employees": {"name"},
}
SENSITIVE = {"customers": {"birth_on", "gender", "income_band", "tax_id"}, "contacts": {"birth_on"}}


def test_the_sixteen_tables_of_the_vocabulary_are_there():
    assert set(TABLES) == {
        "customers", "contacts", "products", "transactions", "interactions", "events", "feedback",
        "service_cases", "opportunities", "stage_history", "opportunity_contacts", "relations", "campaigns",
        "campaign_contacts", "plans", "employees",
    }  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_privacy_classes_are_those_of_the_vocabulary(name):
    spec = TABLES[name]
    assert {f.name for f in spec.fields if f.privacy == "personal"} == PERSONAL.get(name, set())
    assert {f.name for f in spec.fields if f.privacy == "sensitive"} == SENSITIVE.get(name, set())


@pytest.mark.parametrize("name", TABLES)
def test_declarations_hang_together(name):
    spec = TABLES[name]
    assert len(set(spec.names)) == len(spec.names)
    assert spec.time is None or spec.field(spec.time).type in ("timestamp", "date")
    for field in spec.fields:
        assert field.references is None or field.references in TABLES
        assert field.known_from is None or spec.field(field.known_from).type in ("timestamp", "date")
        assert field.description.endswith(".")
        assert field.unit or field.type not in ("money", "share")
    for check in spec.checks:
        assert set(check.needs) <= set(spec.names)


@pytest.mark.parametrize("name", TABLES)
def test_units_stand_in_the_names(name):
    for field in TABLES[name].fields:
        for suffix, unit in (("_days", "days"), ("_pct", "percent"), ("_minutes", "minutes")):
            assert not field.name.endswith(suffix) or field.unit == unit


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(SchemaError, match="Did you mean 'ordered_at'"):
        table_spec("transactions").field("order_at")
    with pytest.raises(SchemaError, match="Did you mean 'customers'"):
        table_spec("customer")


def test_a_declaration_that_cannot_be_is_refused():
    with pytest.raises(SchemaError, match="no type 'strnig'"):
        Field("a", "strnig", "A.")
    with pytest.raises(SchemaError, match="privacy is one of"):
        Field("a", "text", "A.", privacy="secret")
    with pytest.raises(SchemaError, match="policy is one of"):
        TableCheck("c", "a > 1", ("a",), "are wrong", "ignore")


def test_nearest_without_choices_says_nothing():
    assert nearest("a", []) == ""
    assert issubclass(SchemaError, CrmlibError)
