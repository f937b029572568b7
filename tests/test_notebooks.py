"""The notebooks as they lie in the tree: a question, parameters, short cells, blocks, no outputs."""

import ast
import base64
import json
import re
from functools import cache
from itertools import islice, takewhile
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from crmlib.present.blocks import Block
from crmlib.present.needs import SkipReport
from crmlib.present.run.parameters import read_parameters
from crmlib.schema.tables import TABLES
from tests.present.consistency import claims_of, faults
from tests.present.report_samples import AS_OF, CANARIES, customer_list, order_lines, product_list
from tests.sample.company import sample_crm, sample_folder

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EVERY = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
BLOCKS = re.compile(
    r"^(page\.(Answer|Prose|Findings|Limits|Picture)\(|(show|show_\w+|tables_\w+)\.\w+\(|picture_of\()"
)
MERGES = {"merge", "join", "concat", "groupby", "pivot_table", "apply"}


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def code_cells(path):
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def tagged(path, tag):
    return [cell for cell in read(path)["cells"] if tag in cell["metadata"].get("tags", [])]


def own_cells(path):
    return [cell for cell in code_cells(path) if "parameters" not in cell["metadata"].get("tags", [])]


def before_folded(path):
    """The cells up to the part that is folded on the page: how it was computed."""
    return list(takewhile(lambda cell: "folded" not in cell["metadata"].get("tags", []), read(path)["cells"]))


def open_cells(path):
    """The cells of code before the folded part, which stands last."""
    kept = before_folded(path)
    return [cell for cell in own_cells(path) if cell in kept]


def test_all_reports_are_there():
    assert [path.stem for path in NOTEBOOKS] == [
        *("01_data_health", "02_customer_profile", "03_segmentation", "04_cross_sell"),
        *("05_customer_value", "06_churn_and_life_cycle", "07_campaigns", "08_sales_pipeline"),
        *(
            "09_forecast_and_plan",
            "10_worklist",
            "11_voice",
            "12_service",
            "13_model_health",
            "14_what_changed",
        ),
    ]


@EVERY
def test_it_is_a_valid_notebook_of_format_4_5(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"crmlib", "kernelspec", "language_info"}
    identifiers = [cell.id for cell in notebook.cells]
    assert len(set(identifiers)) == len(identifiers)


@EVERY
def test_the_question_stands_in_the_metadata_and_in_the_first_cell(path):
    notebook = read(path)
    told = notebook["metadata"]["crmlib"]
    assert set(told) - {"last"} == {"report", "title", "question", "needs", "wants"}
    assert told["report"] == path.stem.partition("_")[2]
    assert told["question"].endswith("?") and told["title"]
    assert source(notebook["cells"][0]) == f"# {told['title']}\n\n{told['question']}"
    assert set(told["needs"]) | set(told["wants"]) <= set(TABLES)


@EVERY
def test_one_cell_of_parameters_each_typed_and_commented(path):
    (cell,) = tagged(path, "parameters")
    assert read(path)["cells"].index(cell) == 1
    parameters = read_parameters(
        {"cells": [{"metadata": cell["metadata"], "source": source(cell)}]}, name=path.name
    )
    assert [parameter.name for parameter in parameters][:2] == ["workspace", "as_of"]
    for statement, line in zip(ast.parse(source(cell)).body, source(cell).splitlines(), strict=True):
        assert isinstance(statement, ast.AnnAssign)
        assert line.partition("#")[2].strip(), line
    assert all(parameter.says for parameter in parameters)


@EVERY
def test_papermill_reads_every_parameter(path):
    from papermill import inspect_notebook

    (cell,) = tagged(path, "parameters")
    seen = inspect_notebook(str(path))
    assert list(seen) == [line.partition(":")[0] for line in source(cell).splitlines()]
    assert all(parameter["help"] for parameter in seen.values())


@EVERY
def test_there_are_no_outputs(path):
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code_cells(path))


@EVERY
def test_cells_are_short_and_hold_no_thinking(path):
    for cell in own_cells(path):
        lines = [line for line in source(cell).splitlines() if line.strip()]
        assert len(lines) <= 5, source(cell)
        for node in ast.walk(ast.parse(source(cell))):
            loops = ast.For | ast.While | ast.comprehension | ast.If | ast.Try | ast.With
            assert not isinstance(node, loops | ast.FunctionDef | ast.ClassDef | ast.Lambda), source(cell)
            assert not (isinstance(node, ast.Attribute) and node.attr in MERGES), source(cell)


@EVERY
def test_every_cell_that_shows_something_ends_with_a_block(path):
    shown = [cell for cell in own_cells(path) if isinstance(ast.parse(source(cell)).body[-1], ast.Expr)]
    calls = [cell for cell in shown if not source(cell).splitlines()[-1].startswith(("require_", "hand_on("))]
    assert calls and all(BLOCKS.match(source(cell).splitlines()[-1]) for cell in calls)


@EVERY
def test_the_answer_comes_first_and_the_limits_last(path):
    ends = [source(cell).splitlines()[-1] for cell in open_cells(path)]
    shown = [end for end in ends if BLOCKS.match(end)]
    assert shown[0].startswith("page.Answer(") and re.match(r"(show|tables_\w+)\.\w+_figures\(", shown[1])
    assert shown[-1].startswith("page.Limits(")
    assert sum(text.startswith("page.Findings(") for text in shown) == 1


@EVERY
def test_four_to_eight_sections_each_a_question_with_words_of_its_own(path):
    cells = before_folded(path)[2:]
    places = [i for i, cell in enumerate(cells) if cell["cell_type"] == "markdown"]
    assert 4 <= len(places) <= 9
    for begin, end in zip(places, [*places[1:], len(cells)], strict=True):
        heading = source(cells[begin])
        asks = heading.endswith("?") or "folded" in cells[begin]["metadata"].get("tags", [])
        assert heading.startswith("## ") and asks and "\n" not in heading
        said = "".join(source(cell) for cell in cells[begin + 1 : end])
        assert re.search(
            r"page\.(Prose|Limits|Findings)|(show|tables_\w+)\.(advice|candidates|rules|actions|prose)", said
        ), heading


@EVERY
def test_no_heading_names_a_library_or_an_algorithm(path):
    headings = " ".join(source(cell) for cell in read(path)["cells"] if cell["cell_type"] == "markdown")
    assert not re.search(r"k-?means|cluster|rfm|pandas|apriori|lift|silhouette", headings, re.IGNORECASE)


@EVERY
def test_it_says_whom_it_asks_before_it_computes(path):
    text = "".join(source(cell) for cell in own_cells(path))
    assert "crmlib.open_workspace(workspace, as_of=as_of or None)" in text
    everybody = {
        path.stem for path in NOTEBOOKS if path.stem[:2] in ("01", "04", "08", "09", "10", "11", "12", "14")
    }
    assert ("require_customers(crm)" in text) == (path.stem not in everybody)


BARE_CASES = ["case_id", "customer_id", "opened_at"]
BARE_DEALS = ["opportunity_id", "stage", "outcome", "created_at", "closed_at"]
OTHERS = {
    ("07_campaigns", "bare"): "bare campaign",
    ("08_sales_pipeline", "bare"): "bare deals",
    ("11_voice", "bare"): "bare feedback",
    ("12_service", "bare"): "bare service",
}


def workspace_of(path, name, workspaces):
    """The sample company has deals and campaigns, which the shop has not."""
    if name == "shop" and path.stem >= "07":
        return str(sample_folder())
    return str(workspaces / OTHERS.get((path.stem, name), name))


@cache
def personal_values(of_company):
    if not of_company:
        return set(CANARIES.values())
    crm = sample_crm()
    wanted = {
        "customers": ["email", "phone", "address"],
        "contacts": ["name", "email", "phone"],
        "employees": ["name"],
    }
    values = [crm.frame(table, columns).stack().dropna() for table, columns in wanted.items()]
    return {value for value in pd.concat(values) if len(value) > 4}


def run(path, **parameters):
    """Execute a notebook's cells in this process, and give what they show."""
    return list(blocks_in_turn(path, **parameters))


def blocks_in_turn(path, **parameters):
    """What the cells of a notebook show; who has seen enough asks for no more, and the rest is not executed."""
    shared = {}
    for cell in code_cells(path):
        tree = ast.parse(source(cell))
        last = tree.body[-1] if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(ast.Module(tree.body[: -1 if last else None], []), path.name, "exec"), shared)
        if "parameters" in cell["metadata"].get("tags", []):
            shared |= parameters
        elif last is not None:
            block = eval(compile(ast.Expression(last.value), path.name, "eval"), shared)
            if block is not None:
                yield block


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory):
    """A shop with everything, and one with order lines alone, as folders of exports."""
    root = tmp_path_factory.mktemp("workspaces")
    lines, products, people = order_lines(), product_list(), customer_list()
    bare = lines.drop(columns=["quantity", "discount_amount"])
    told = pd.DataFrame({"customer_id": people["customer_id"].head(40), "campaign_id": "spring"})
    tables = {
        "shop": {"transactions": lines, "products": products, "customers": people},
        "bare": {"transactions": bare},
        "bare campaign": {"transactions": bare, "campaign_contacts": told},
        "bare deals": {"opportunities": sample_crm().frame("opportunities", BARE_DEALS)},
        "bare feedback": {
            "transactions": bare,
            "feedback": sample_crm().frame("feedback", ["feedback_id", "given_at", "kind"]),
        },
        "bare service": {
            "opportunities": sample_crm().frame("opportunities", BARE_DEALS),
            "service_cases": sample_crm().frame("service_cases", BARE_CASES),
        },
    }
    for name, frames in tables.items():
        folder = root / name
        folder.mkdir()
        toml = [f'name = "{name}"', 'currency = "EUR"', f'as_of = "{AS_OF}"']
        for table, frame in frames.items():
            frame.to_csv(folder / f"{table}.csv", index=False)
            toml.append(f'[tables.{table}]\nfrom = "{table}.csv"')
        (folder / "crm.toml").write_text("\n".join(toml), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def blocks_of(workspaces):
    """What a notebook shows on a workspace, executed once."""
    return cache(lambda path, name: run(path, workspace=workspace_of(path, name, workspaces)))


@pytest.mark.parametrize("name", ["shop", "bare"])
@EVERY
def test_it_runs_and_shows_nothing_but_blocks(path, name, blocks_of):
    blocks = blocks_of(path, name)
    assert all(isinstance(block, Block) for block in blocks)
    kinds = [block.kind for block in blocks]
    assert kinds[:2] == ["answer", "key_figures"] and "limits" in kinds
    after = kinds[kinds.index("limits") + 1 :]
    assert not after or len(open_cells(path)) < len(own_cells(path)), (
        "only what is folded stands after the limits"
    )
    text = "".join(block._text() for block in blocks)
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b", text)


@pytest.mark.parametrize("name", ["shop", "bare"])
def test_no_page_of_a_workspace_contradicts_another(name, blocks_of, workspaces):
    pages = {path: workspace_of(path, name, workspaces) for path in NOTEBOOKS}
    for workspace in dict.fromkeys(pages.values()):
        said = [
            {
                "name": path.stem,
                "claims": [
                    dict(one) | {"block": block.kind}
                    for block in blocks_of(path, name)
                    for one in block._record().get("claims", ())
                ],
            }
            for path in NOTEBOOKS
            if pages[path] == workspace
        ]
        assert any(report["claims"] for report in said)
        as_of = sample_crm().as_of if workspace == str(sample_folder()) else AS_OF
        assert faults(claims_of({"as_of": str(as_of), "reports": said})) == []


@EVERY
def test_no_personal_value_is_on_a_page(path, blocks_of):
    shown = ""
    for block in blocks_of(path, "shop"):
        html, record = str(block._html()), json.dumps(block._record(), default=str)
        shown += html + record
        for part in re.findall(r"base64,([A-Za-z0-9+/=]+)", html):
            shown += base64.b64decode(part).decode("utf-8", errors="ignore")
    assert not [value for value in personal_values(path.stem >= "07") if value in shown]


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem < "08"], ids=lambda path: path.stem)
def test_it_runs_the_same_twice(path, workspaces, blocks_of):
    again = run(path, workspace=workspace_of(path, "shop", workspaces))
    assert [block._record() for block in again] == [block._record() for block in blocks_of(path, "shop")]


def test_the_index_gets_four_to_six_key_figures(blocks_of):
    flagged = [
        block
        for path in NOTEBOOKS
        for block in blocks_of(path, "shop")
        if block.kind == "key_figures" and block.index
    ]
    of_a_period = [block for block in flagged if block.says]
    assert len(of_a_period) == 1 and all(4 <= len(block.figures) <= 6 for block in flagged)


def test_parameters_are_heard(workspaces):
    segmentation = FOLDER / "03_segmentation.ipynb"
    _, figures = islice(
        blocks_in_turn(
            segmentation,
            workspace=str(workspaces / "shop"),
            n_segments=2,
            indicators=["spend_total", "order_count"],
        ),
        2,
    )
    assert figures.figures[0].value == 2
    rules = blocks_in_turn(
        FOLDER / "04_cross_sell.ipynb", workspace=str(workspaces / "shop"), item="category", min_support=5
    )
    assert any("This report looks at categories." in block._text() for block in rules)


def test_too_few_customers_skip_the_segments_with_a_reason(workspaces, tmp_path):
    order_lines(customers=20).to_csv(tmp_path / "transactions.csv", index=False)
    toml = f'currency = "EUR"\nas_of = "{AS_OF}"\n[tables.transactions]\nfrom = "transactions.csv"\n'
    (tmp_path / "crm.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(SkipReport, match="needs at least 50"):
        run(FOLDER / "03_segmentation.ipynb", workspace=str(tmp_path))
