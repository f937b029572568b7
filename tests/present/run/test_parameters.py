"""Parameters of notebooks: read, typed, and refused where they are wrong."""

import pytest
from nbformat import v4

from crmlib.present.run.parameters import Parameter, match_parameters, read_parameters, refuse_secret
from crmlib.schema.errors import ParameterError


def notebook(source, tags=("parameters",)):
    return v4.new_notebook(cells=[v4.new_code_cell(source, metadata={"tags": list(tags)})])


def test_declared_parameters_with_their_types_and_comments():
    source = (
        'workspace: str = "../data/retail"  # folder that holds crm.toml\n'
        "n_segments: int | str = 'auto'\n"
        "share = 0.5  # between 0 and 1 — beide\n"
        "names: list[str] = [\n    'a',\n]\n"
        "nothing = None\n"
    )
    found = {parameter.name: parameter for parameter in read_parameters(notebook(source))}
    assert list(found) == ["workspace", "n_segments", "share", "names", "nothing"]
    assert found["workspace"].says == "folder that holds crm.toml"
    assert found["share"] == Parameter(
        name="share", annotation="float", default=0.5, says="between 0 and 1 — beide"
    )
    assert found["names"].default == ["a"]
    assert found["nothing"].value("text") == "text" and found["nothing"].value("") is None


@pytest.mark.parametrize(
    ("annotation", "given", "expected"),
    [
        ("int", "-6", -6),
        ("int", 6, 6),
        ("float", "0.25", 0.25),
        ("float", 3, 3.0),
        ("bool", "yes", True),
        ("bool", "False", False),
        ("bool", True, True),
        ("str", "6", "6"),
        ("list", '["a", 1]', ["a", 1]),
        ("list[int]", ["1", 2], [1, 2]),
        ("int | None", "none", None),
        ("int | None", "7", 7),
        ("str | int", "7", 7),
        ("str | int", "auto", "auto"),
        ("Optional[float]", "", None),
        ("Literal['count', 'share']", "share", "share"),
        ("Literal[1, 2]", "2", 2),
    ],
)
def test_values_become_the_annotated_type(annotation, given, expected):
    value = Parameter(name="x", annotation=annotation).value(given)
    assert value == expected and type(value) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "given", "remedy"),
    [
        ("int", "6.5", "Give a whole number"),
        ("int", True, "Give a whole number"),
        ("float", "nan", "Give a finite number"),
        ("float", "1,5", "with a point"),
        ("bool", "maybe", "Give true or false"),
        ("str", 6, "Give text"),
        ("list", "a, b", "Give a list as JSON"),
        ("list[int]", "[1, 2.5]", "Give a whole number"),
        ("Literal['count', 'share']", "shares", "Did you mean 'share'?"),
        ("dict", "{}", "cannot set a parameter of type dict"),
    ],
)
def test_values_of_the_wrong_type_are_refused_with_a_remedy(annotation, given, remedy):
    with pytest.raises(ParameterError, match="parameter x is") as refused:
        Parameter(name="x", annotation=annotation).value(given)
    assert remedy in str(refused.value)


def test_a_notebook_without_a_tagged_cell_is_refused():
    with pytest.raises(ParameterError, match=r"^03\.ipynb has no cell tagged 'parameters'\. Tag exactly one"):
        read_parameters(notebook("n = 1", tags=()), name="03.ipynb")


def test_two_tagged_cells_are_refused():
    twice = v4.new_notebook(cells=notebook("n = 1").cells + notebook("m = 1").cells)
    with pytest.raises(ParameterError, match="2 cells"):
        read_parameters(twice)


@pytest.mark.parametrize("source", ["import os", "a, b = 1, 2", "print(1)", "a = = 1"])
def test_a_tagged_cell_with_anything_but_assignments_is_refused(source):
    with pytest.raises(ParameterError, match="cell tagged 'parameters'"):
        read_parameters(notebook(source))


def test_an_unknown_parameter_is_refused_with_the_nearest_name():
    declared = read_parameters(notebook("n_segments: int = 6"))
    with pytest.raises(ParameterError, match=r"has no parameter 'n_segment'\. Did you mean 'n_segments'\?"):
        match_parameters(declared, {"n_segment": 5}, name="segmentation")


@pytest.mark.parametrize(
    "name", ["password", "db_password", "token", "API_KEY", "key", "secret_2", "aws_access_key_id"]
)
def test_secrets_are_refused_when_given_and_when_declared(name):
    with pytest.raises(ParameterError, match="environment variable"):
        refuse_secret(name)
    with pytest.raises(ParameterError, match="environment variable"):
        read_parameters(notebook(f"{name} = ''"))


@pytest.mark.parametrize("name", ["keywords", "monkey", "tokenise", "secretary", "key_figures", "n_segments"])
def test_innocent_names_are_not_refused(name):
    refuse_secret(name)


def test_an_address_with_a_password_is_refused():
    with pytest.raises(ParameterError, match="url looks like a secret"):
        refuse_secret("url", "postgresql://reader:hunter2@db/crm")
    refuse_secret("url", "postgresql://reader@db/crm")
