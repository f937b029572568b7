"""The house stays in order: imports go down only, modules and functions stay small, there is one clock."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from crmlib.schema.states import LIFE_ORDER

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "crmlib"
FLOORS = {"schema": 0, "prepare": 1, "measure": 2, "analyse": 3, "present": 4, "sample": 4, "cli": 5}
PRESENTATION = {
    "matplotlib",
    "seaborn",
    "papermill",
    "nbconvert",
    "nbclient",
    "jupyter_client",
    "IPython",
    "typer",
    "rich",
}
MAX_MODULE_LINES, MAX_FUNCTION_LINES = 700, 60

MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
OF_A_FLOOR = [path for path in MODULES if path.relative_to(PACKAGE).parts[0].removesuffix(".py") in FLOORS]


def floor_of(path):
    return FLOORS[path.relative_to(PACKAGE).parts[0].removesuffix(".py")]


@pytest.fixture(scope="module", autouse=True)
def trees_are_let_go():
    yield
    for kept in (parsed, nodes_of, imports_of, modules_imported):
        kept.cache_clear()


@cache
def parsed(source):
    return ast.parse(source)


@cache
def nodes_of(source):
    return list(ast.walk(parsed(source)))


@cache
def imports_of(source):
    return list(_imports_of(nodes_of(source)))


def _imports_of(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def upward_imports(source, floor):
    for name in imports_of(source):
        parts = name.split(".")
        if parts[0] == "crmlib" and len(parts) > 1 and FLOORS.get(parts[1], -1) > floor:
            yield name


def identify(path):
    return str(path.relative_to(PACKAGE))


SOURCES = {path: path.read_text(encoding="utf-8") for path in MODULES}


def faults_in(paths, found):
    """Module -> what is found in it and should not be there; `found` gets its source and its path."""
    faults = {identify(path): list(found(SOURCES[path], path)) for path in paths}
    return {name: said for name, said in faults.items() if said}


def test_imports_go_down_only():
    assert not faults_in(OF_A_FLOOR, lambda source, path: upward_imports(source, floor_of(path)))


def test_only_the_engine_knows_who_carries_out_the_sql():
    knowing = [path for path in MODULES if "duckdb" in imports_of(SOURCES[path])]
    assert [identify(path) for path in knowing] == ["prepare/engine.py"]


def strings_of(source):
    """Texts that a module works with: its docstrings are no part of them."""
    said = {
        id(node.value)
        for node in nodes_of(source)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.JoinedStr)
    }
    for node in nodes_of(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_steps_are_composed_in_one_place():
    measuring = [path for path in OF_A_FLOOR if floor_of(path) == FLOORS["measure"]]
    found = faults_in(
        measuring, lambda source, _: [text for text in strings_of(source) if re.match(r"\s*with\s", text)]
    )
    assert {name for name in found if Path(name).name != "steps.py"} == set()


def mines_rules(path):
    """Rules are mined from the long table of baskets and items: the one question floor 3 puts to the engine."""
    return "rule" in identify(path) or path.name == "baskets.py"


def questions_of(source):
    """SQL in a module, and calls of an engine; making, handing on and closing one is none."""
    for text in strings_of(source):
        if re.match(r"\s*select\s", text) or re.search(r"\bselect\s.*\sfrom\s", text, re.S):
            yield text
    for node in nodes_of(source):
        is_call = isinstance(node, ast.Attribute) and node.attr != "close"
        if is_call and ast.unparse(node.value).split(".")[-1] == "engine":
            yield ast.unparse(node)


def test_findings_ask_no_tables():
    finding = [path for path in OF_A_FLOOR if floor_of(path) == FLOORS["analyse"] and not mines_rules(path)]
    assert not faults_in(finding, lambda source, _: questions_of(source))


def test_the_walk_sees_a_question_to_the_engine():
    assert list(questions_of("crm.engine.rows(f'select {x} from {y}')")) == ["select ", "crm.engine.rows"]
    assert not list(questions_of('engine.close()\nnote = \'with so few\'\n"""select a from b"""'))


def module_name(path):
    return ".".join(("crmlib", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


NAMES = {module_name(path) for path in MODULES}


@cache
def modules_imported(source):
    """Modules of ours that are imported: at the top, and inside functions; for type checkers only does not count."""
    found = {False: set(), True: set()}

    def walk(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            found[inside].update(_imports_of([child]))
            walk(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    walk(parsed(source), False)
    return found[False] & NAMES, found[True] & NAMES


def circle_in(graph):
    """The modules of one circle of imports; empty where there is none."""
    left = {module: set(wanted) - {module} for module, wanted in graph.items()}
    while free := {module for module, wanted in left.items() if not wanted & left.keys()}:
        left = {module: wanted for module, wanted in left.items() if module not in free}
    return sorted(left)


def test_imports_run_in_no_circle():
    graph = {module_name(path): modules_imported(source) for path, source in SOURCES.items()}
    # A package's own file lends names out lazily, so it waits for none of its modules.
    packages = {module_name(path) for path in MODULES if path.name == "__init__.py"}
    assert not circle_in({module: top for module, (top, _) in graph.items()})
    assert not circle_in({module: (top | inner) - packages for module, (top, inner) in graph.items()})


def test_the_walk_sees_a_circle():
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c"]
    lazy = "def f():\n    from crmlib.present import theme\n"
    assert modules_imported(lazy)[1] >= {"crmlib.present.theme"} and not modules_imported(lazy)[0]


SMALL_FOR_A_REASON = {
    "crmlib.present.run.kernel_app": "runs as a module of its own, in the kernel's process",
    "crmlib.present.run.papermill_engine": "papermill finds it by its entry point",
}


def served_by_one(graph, lines, *, least=80):
    """Modules under so many lines that a single other module imports: they belong into that one."""
    asked = {module: {who for who, wanted in graph.items() if module in wanted - {who}} for module in graph}
    return sorted(module for module, who in asked.items() if lines[module] < least and len(who) == 1)


def test_small_modules_serve_more_than_one():
    sources = {module_name(path): source for path, source in SOURCES.items() if path.name != "__init__.py"}
    graph = {module: set().union(*modules_imported(source)) for module, source in sources.items()}
    lines = {module: source.count("\n") for module, source in sources.items()}
    assert set(served_by_one(graph, lines)) == set(SMALL_FOR_A_REASON)


def test_the_walk_finds_a_small_module_with_one_caller():
    graph = {"a": {"b", "c"}, "b": {"c", "d"}, "c": set(), "d": set()}
    assert served_by_one(graph, {"a": 5, "b": 90, "c": 5, "d": 5}) == ["d"]


def test_the_walk_sees_an_arrow_that_goes_up():
    source = "def f():\n    from crmlib.present import theme\n"
    assert list(upward_imports(source, FLOORS["analyse"]))
    assert not list(upward_imports(source, FLOORS["cli"]))


def test_floors_0_to_3_know_nothing_of_pages():
    low = [path for path in OF_A_FLOOR if floor_of(path) <= 3]
    assert not faults_in(
        low, lambda source, _: {name.split(".")[0] for name in imports_of(source)} & PRESENTATION
    )


def test_floors_0_to_3_have_no_clock_of_their_own():
    low = [path for path in OF_A_FLOOR if floor_of(path) <= 3]
    assert not faults_in(low, lambda source, _: re.findall(r"\b(?:today|now|utcnow)\(", source))


def too_long(source):
    """A module of too many lines, and its functions of too many."""
    if (lines := source.count("\n")) > MAX_MODULE_LINES:
        yield f"{lines} lines"
    for node in nodes_of(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
            if length > MAX_FUNCTION_LINES:
                yield f"{node.name} has {length} lines"


def test_modules_and_functions_stay_small():
    assert not faults_in(MODULES, lambda source, _: too_long(source))


def without_docstring(source):
    """What others may call, and does not say what it is."""
    for node in parsed(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            methods = node.body if isinstance(node, ast.ClassDef) else ()
            named = [one for one in methods if isinstance(one, ast.FunctionDef) and one.name[0] != "_"]
            for one in (node, *named):
                if not ast.get_docstring(one):
                    yield node.name if one is node else f"{node.name}.{one.name}"


def test_what_others_may_call_carries_a_docstring():
    assert not faults_in(MODULES, lambda source, _: without_docstring(source))


def test_the_walk_sees_what_is_too_long_and_what_is_not_explained():
    body = "    x = 1\n" * MAX_FUNCTION_LINES
    assert list(too_long(f"def f():\n{body}")) == [f"f has {MAX_FUNCTION_LINES + 1} lines"]
    assert list(too_long("x = 1\n" * (MAX_MODULE_LINES + 1))) == [f"{MAX_MODULE_LINES + 1} lines"]
    assert list(without_docstring("class A:\n    def b(self):\n        pass\n    def _c(self): ...\n")) == [
        *("A", "A.b")
    ]


def test_nothing_is_left_unfinished():
    unfinished = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")
    assert not faults_in(MODULES, lambda source, _: unfinished.findall(source))


STATE_WORDS = set(LIFE_ORDER)
HOMONYMS = {
    "lost": ({"won"}, "the outcome of a deal, always beside its other one"),
    "new": (
        {"own", "new_share_pct"},
        "an offered product that was not bought before, beside the customer's own",
    ),
}
"""Word of a state -> words beside which it means something else in a module, and what it means there."""


def states_spelt_out(source):
    """Text constants that are the name of a state, unless the module's other words show another meaning."""
    constants = [
        node for node in nodes_of(source) if isinstance(node, ast.Constant) and node.value is not None
    ]
    words = {node.value for node in constants if isinstance(node.value, str)}
    for node in constants:
        if node.value in STATE_WORDS and not HOMONYMS.get(node.value, (set(), ""))[0] & words:
            yield f"line {node.lineno}: {node.value!r}"


def test_names_of_states_stand_in_the_schema_only():
    others = [
        path
        for path in MODULES
        if path.name != "states.py" and "sample" not in path.relative_to(PACKAGE).parts
    ]
    found = faults_in(others, lambda source, _: states_spelt_out(source))
    assert not found, "import it from schema.states"


def test_the_walk_finds_a_state_that_is_spelt_out():
    assert list(states_spelt_out("gone = stage.isin(['dormant'])")) == ["line 1: 'dormant'"]
    assert list(states_spelt_out("weak = table.loc['lost']")) == ["line 1: 'lost'"]
    assert not list(states_spelt_out("ends = ('won', 'lost')"))
    assert not list(states_spelt_out("def f():\n    'Who is lost.'\n"))


def test_files_stay_under_a_megabyte():
    made = {"reports", "set_aside", "build", "dist", "exports", "truth"}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not made & set(parts) and not any(p.startswith(".") for p in parts[:-1]):
            assert path.stat().st_size <= 1_000_000, path
