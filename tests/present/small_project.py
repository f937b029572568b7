"""A project of three tiny notebooks and one workspace; as a program: runs that can be killed."""

import json
import os
import signal
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbformat import v4

SHOW = """\
class Shown:
    def __init__(self, file="", **block):
        self.block, self.file = block, file

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = {"text/plain": self.block["kind"], "application/vnd.crmlib+json": self.block}
        if self.file:
            place = f'<p>{self.block["text"]}<span class="crm-whole" data-file="{self.file}"></span></p>'
            file = {"says": "All rows as CSV", "content": "aWQ="}
            shown |= {"text/html": place, "application/vnd.crmlib.files+json": {self.file: file}}
        return shown
"""
CONFIG = """\
name = "The shop"
currency = "EUR"
as_of = "2020-01-31"

[tables.transactions]
from = "transactions.csv"
"""
PARAMETERS = (
    'workspace: str = "../data/shop"  # folder that holds crm.toml\nas_of: str = ""  # closing moment\n'
)


READER = ("crmlib.present.run.kernel_app", "crmlib.prepare.workspace", "crmlib.present.publish.manifest")
"""What a zygote of tests imports: a kernel without the big libraries, and what reads a workspace."""


def write_notebook(path, *cells, parameters=PARAMETERS, told=None):
    """A notebook whose first code cell is tagged `parameters`; `None` leaves that cell out."""
    code = [v4.new_code_cell(source) for source in cells]
    if parameters is not None:
        code.insert(0, v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# A title"), *code])
    notebook.metadata["crmlib"] = told or {}
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def make_project(root):
    """Notebooks answer, figures and lacking (which needs the table feedback), and the workspace shop."""
    root = Path(root)
    shop = root / "data" / "shop"
    shop.mkdir(parents=True)
    (shop / "crm.toml").write_text(CONFIG)
    (shop / "transactions.csv").write_text(
        "order_id,product_id,customer_id,ordered_at,quantity,net_amount\n"
        "1,tea,ann,2020-01-01,1,5.0\n2,cup,bob,2020-01-02,2,6.0\n"
    )
    notebooks = root / "notebooks"
    write_notebook(
        notebooks / "01_answer.ipynb",
        SHOW,
        'lines = open(f"{workspace}/transactions.csv").read().splitlines()',
        'Shown("orders.csv", kind="answer", text=f"{len(lines) - 1} orders.", sentences=[f"{len(lines) - 1} orders."])',
        told={"title": "The answer", "question": "How many orders?", "needs": ["transactions"]},
    )
    write_notebook(
        notebooks / "02_figures.ipynb",
        SHOW,
        'Shown(kind="key_figures", figures=[{"label": "Factor", "value": factor, "shown": str(factor)}])',
        'Shown(kind="findings", sentences=["Up."], anchors=["finding-1"])',
        parameters=PARAMETERS + "factor: float = 1.5  # what to multiply with\nnames: list[str] = []\n",
        told={"title": "The figures", "wants": ["products"]},
    )
    write_notebook(notebooks / "03_lacking.ipynb", "1 / 0", told={"needs": ["feedback"]})
    return root


def assert_whole(out):
    """The published site is complete: every link leads to a file, every published run is whole."""
    out = Path(out)
    for shelf in (path for path in out.iterdir() if path.is_dir()):
        runs = [path for path in shelf.iterdir() if path.is_dir() and path.name.startswith("2")]
        if (shelf / "latest").is_symlink():
            assert (shelf / "latest").resolve() in [run.resolve() for run in runs]
        for run in [path for path in runs if not path.is_symlink()]:
            record = json.loads((run / "run.json").read_text())
            pages = {report["href"] for report in record["reports"] if report["status"] == "done"}
            names = {path.name for path in run.iterdir() if path.is_file()}
            assert pages and pages | {"index.html", "run.json"} == names
            if "answer.html" in pages:
                assert (run / "answer_files" / "orders.csv").read_bytes() == b"id"
    for page in [*out.glob("index.html"), *out.glob("*/latest/*.html")]:
        for link in links_of(page.read_text()):
            assert (page.parent / link).exists(), f"{page}: {link}"


def links_of(html):
    """The relative links of a page, without their fragments."""
    found = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend(value for name, value in attributes if name in ("href", "src") and value)

    Links().feed(html)
    local = (link.split("#")[0] for link in found if ":" not in link.split("/")[0])
    return [link for link in local if link]


def serve_runs(root, marker):
    """Do a run for each line on standard input; tell its exit code, its seconds, its operations on files.

    ``end`` lets it end, ``time 0.7`` kills it after so many seconds, ``step 12`` before the twelfth change.
    """
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    # Imported once, before all the forks.
    from crmlib import open_workspace
    from crmlib.present.publish import manifest, site  # noqa: F401
    from crmlib.present.run import zygote
    from crmlib.present.run.runs import run_reports

    # What stays the same for the life of a process is read before the forks, too.
    for once in (manifest.code_fingerprint, manifest.versions, manifest._needed):
        once()
    # The second one is no module: it marks the processes of these runs, so that a test can look for them.
    zygote.modules_to_import = lambda: ["crmlib.present.run.kernel_app", marker]
    print("ready", flush=True)
    for line in sys.stdin:
        how, _, number = line.strip().partition(" ")
        began = time.monotonic()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            die_at_step(int(number) if how == "step" else 0, root / "reports", tell=writing)
            try:
                options = {"out": root / "reports", "notebooks": root / "notebooks", "keep": 3}
                options["open_workspace"] = open_workspace
                (run,) = run_reports(root / "data" / "shop", **options)
                os._exit(run.exit_code)
            finally:
                os._exit(99)
        os.close(writing)
        if how == "time":
            time.sleep(float(number))
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading, "rb") as told:
            steps = len(told.read())
        print(os.waitstatus_to_exitcode(status), time.monotonic() - began, steps, flush=True)


def die_at_step(number, folder, *, tell):
    """Count this process's changes to the files of a folder, and kill it before the one of that number."""
    owner, done = os.getpid(), 0

    def watch(event, details):
        nonlocal done
        changes = event in ("os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree")
        changes = changes or (event == "open" and isinstance(details[1], str) and details[1][0] in "wax")
        place = str(details[1] if event == "os.symlink" else details[0]) if changes else ""
        if place.startswith(str(folder)) and os.getpid() == owner:
            done += 1
            os.write(tell, b".")
            if done == number:
                os.kill(owner, signal.SIGKILL)

    sys.addaudithook(watch)


if __name__ == "__main__":
    serve_runs(Path(sys.argv[1]), sys.argv[2])
