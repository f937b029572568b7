"""The report suite against papermill, then nbconvert, one notebook after another.

Both sides read the same checked tables (made once before the clock starts), execute the same notebooks with the same
parameters, and must show the same number of blocks. Rounds are interleaved; the ratio of the medians is what counts.

    python benchmarks/suite.py data/retail --rounds 3
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
BLOCK = "application/vnd.crmlib+json"
KEPT = ("answer", "key_figures", "findings", "limits", "skipped")


def run(command: list[str], cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def warm(workspace: Path, folder: Path) -> dict[str, int]:
    tools = Path(sys.executable).parent
    run(
        [
            str(tools / "crmlib"),
            "report",
            str(workspace),
            "--out",
            str(folder / "reports"),
            "--quiet",
            "--fresh",
        ]
    )
    published = json.loads((folder / "reports" / workspace.name / "latest" / "run.json").read_text())
    return {
        report["name"]: sum(block["kind"] in KEPT for block in report["blocks"])
        for report in published["reports"]
    }


def cold(workspace: Path, folder: Path) -> dict[str, int]:
    tools, blocks = Path(sys.executable).parent, {}
    for notebook in NOTEBOOKS:
        done = folder / notebook.name
        run(
            [str(tools / "papermill"), str(notebook), str(done), "-p", "workspace", str(workspace)],
            ROOT / "notebooks",
        )
        run([str(tools / "jupyter"), "nbconvert", "--to", "html", "--no-input", str(done)])
        cells = json.loads(done.read_text())["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        found = [output["data"][BLOCK]["kind"] for output in outputs if BLOCK in output.get("data", {})]
        blocks[notebook.stem.split("_", 1)[1]] = sum(kind in KEPT for kind in found)
    return blocks


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("workspace", type=Path)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    workspace = given.workspace.resolve()
    run([str(Path(sys.executable).parent / "crmlib"), "check", str(workspace)])
    times: dict[str, list[float]] = {"crmlib report": [], "papermill, nbconvert": []}
    for _ in range(given.rounds):
        shown = []
        for name, side in (("crmlib report", warm), ("papermill, nbconvert", cold)):
            folder = Path(tempfile.mkdtemp(prefix="crmlib-bench-"))
            start = time.perf_counter()
            shown.append(side(workspace, folder))
            times[name].append(time.perf_counter() - start)
            shutil.rmtree(folder)
        if shown[0] != shown[1]:
            sys.exit(f"the two sides do not show the same: {shown}")
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    print(
        f"{platform.python_version()}, {os.cpu_count()} cores, {len(NOTEBOOKS)} notebooks, {given.rounds} rounds"
    )
    for name, seconds in times.items():
        print(f"{name:22} median {medians[name]:6.1f} s   ({', '.join(f'{one:.1f}' for one in seconds)})")
    print(f"ratio {medians['crmlib report'] / medians['papermill, nbconvert']:.2f}")


if __name__ == "__main__":
    main()
