"""Reports are notebooks: found, read without executing them, and chosen with what they will be told.

Nothing heavy is imported here, so that bad use of the command line is answered at once.
"""

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import crmlib
from crmlib.present.run.parameters import Parameter, match_parameters, read_parameters, refuse_secret
from crmlib.schema.audiences import DEFAULT, audience_of
from crmlib.schema.errors import ConfigError, ParameterError, nearest
from crmlib.schema.tables import TABLES

_NUMBERED = re.compile(r"^\d+[a-z]?_+(?=.)")
HANDED = "handed"
"""The parameter by which a notebook is told where the reports of its run leave results for one another."""

RESERVED = {"workspace": "name the workspace itself", "as_of": "use --as-of", HANDED: "each run sets it"}


@dataclass(frozen=True, kw_only=True)
class Report:
    """A notebook as a report: what it answers, what it needs, what it can be told.

    Parameters
    ----------
    name : the file's name without its number: ``03_segmentation.ipynb`` is segmentation
    path : the notebook
    title, question : from the notebook's metadata
    needs, wants : tables it cannot, and can, do without
    parameters : those of its tagged cell
    audience : for whom it is, see `crmlib.schema.audiences`; crm.toml may say otherwise
    last : whether it waits for the other reports of the run, to take what they hand on
    """

    name: str
    path: Path
    title: str = ""
    question: str = ""
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    audience: str = DEFAULT
    last: bool = False

    def lacks(self, tables: Any) -> tuple[str, ...]:
        """The needed tables that are not among those given."""
        return tuple(name for name in self.needs if name not in tables)


def notebook_folder(given: str | Path | None = None) -> Path:
    """Where the notebooks are: the given folder, else ``./notebooks``, else those that came with the package."""
    places = [Path(given)] if given else [Path("notebooks"), *_shipped_at()]
    for place in places:
        if place.is_dir():
            return place.resolve()
    raise ConfigError(
        f"There is no folder of notebooks at {' or '.join(map(str, places))}. Name one with --notebooks."
    )


def _shipped_at():
    """In an installed wheel, the package's own folder; in a checkout, the one beside the package's source."""
    package = Path(crmlib.__file__).parent
    return package / "notebooks", package.parent / "notebooks"


def copy_notebooks(folder: str | Path, *, force: bool = False) -> list[Path]:
    """Write editable copies of the notebooks that came with the package; all of them, or none and an error."""
    shipped = next((place for place in _shipped_at() if place.is_dir()), None)
    if shipped is None:
        raise ConfigError("No notebooks came with this installation of crmlib. Install its wheel.")
    folder = Path(folder)
    copies = {source: folder / source.name for source in sorted(shipped.glob("*.ipynb"))}
    if folder.resolve() == shipped.resolve():
        raise ParameterError(f"{folder} is where the notebooks come from. Name another folder.")
    there = [copy.name for copy in copies.values() if copy.exists()]
    if there and not force:
        raise ParameterError(
            f"{folder} holds {', '.join(there)} already. Name another folder, or write over them with --force."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for source, copy in copies.items():
        shutil.copyfile(source, copy)
    return list(copies.values())


def find_reports(folder: str | Path) -> dict[str, Report]:
    """The reports of a folder, in the order of their file names."""
    found: dict[str, Report] = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        report = read_report(path)
        if report.name in found:
            raise ConfigError(
                f"{path.name} and {found[report.name].path.name} are both the report {report.name!r}. "
                "Rename one."
            )
        found[report.name] = report
    return found


def read_report(path: str | Path) -> Report:
    """A notebook's name, question, needs and parameters, without executing it."""
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [
            {"metadata": cell["metadata"], "source": "".join(cell["source"])} for cell in notebook["cells"]
        ]
        told = notebook["metadata"].get("crmlib", {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path.name} is no notebook of version 4 ({type(error).__name__}). Save it again in JupyterLab."
        ) from None
    needs, wants = tuple(told.get("needs", ())), tuple(told.get("wants", ()))
    for table in (*needs, *wants):
        if table not in TABLES:
            raise ConfigError(
                f"{path.name} needs the table {table!r}, which is none.{nearest(table, TABLES)}"
            )
    name = _NUMBERED.sub("", path.stem)
    return Report(
        name=name,
        path=path,
        title=told.get("title") or name.replace("_", " ").capitalize(),
        question=told.get("question", ""),
        needs=needs,
        wants=wants,
        parameters=read_parameters({"cells": cells}, name=path.name),
        audience=_audience(told.get("audience", DEFAULT), path),
        last=bool(told.get("last")),
    )


def _audience(name: Any, path: Path) -> str:
    try:
        return audience_of(str(name)).name
    except ParameterError as error:
        raise ConfigError(f"{path.name}: {error}") from None


def choose_reports(known: Mapping[str, Report], asked: Any = None) -> list[Report]:
    """The reports asked for, in the order of their notebooks; all of them when none is named."""
    names = list(asked or known)
    for name in names:
        if name not in known:
            raise ParameterError(f"There is no report {name!r}.{nearest(name, known)}")
    if not names:
        raise ConfigError("There are no notebooks here, so there is nothing to report.")
    return [report for name, report in known.items() if name in names]


def check_parameters(
    reports: Iterable[Report], parameters: Mapping[str, Any], *, as_of: str | None = None
) -> None:
    """Refuse parameters that no report knows, that are of the wrong type, or that look like a secret."""
    reports = list(reports)
    names = {parameter.name for report in reports for parameter in report.parameters} - set(RESERVED)
    for name, value in parameters.items():
        refuse_secret(name, value)
        if name in RESERVED:
            raise ParameterError(f"{name} is no parameter to set: {RESERVED[name]}.")
        if name not in names:
            asked = ", ".join(report.name for report in reports)
            raise ParameterError(
                f"No report asked for ({asked}) has a parameter {name!r}.{nearest(name, names)}"
            )
    for report in reports:
        given = {"workspace": "."} | ({"as_of": as_of} if as_of else {}) | known_to(report, parameters)
        match_parameters(report.parameters, given, name=report.path.name)


def known_to(report: Report, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the parameters that a report declares."""
    names = {parameter.name for parameter in report.parameters}
    return {name: value for name, value in parameters.items() if name in names}


CONFIG = "crm.toml"


def workspace_folders(given: Iterable[str | Path]) -> list[Path]:
    """The folders of workspaces, checked before anything is started."""
    folders: dict[str, Path] = {}
    for path in given:
        folder = _folder(Path(path))
        if folder.name in folders and folders[folder.name] != folder:
            raise ParameterError(
                f"Two workspaces are named {folder.name}, and their reports would lie in the same place. "
                "Rename one folder, or report them to different places with --out."
            )
        folders[folder.name] = folder
    if not folders:
        raise ParameterError(f"Name at least one workspace: a folder that holds a {CONFIG}.")
    return list(folders.values())


def _folder(path):
    if path.name == CONFIG and path.is_file():
        path = path.parent
    if not path.is_dir():
        known = nearest(str(path), _neighbours(path)) or f" Name a folder that holds a {CONFIG}."
        raise ParameterError(f"There is no workspace {str(path)!r}.{known}")
    if not (path / CONFIG).is_file():
        raise ConfigError(f"{path} holds no {CONFIG}, which says what its exports mean. Write one.")
    return path.resolve()


def _neighbours(path):
    places = {path.parent, Path("data")}
    return [str(found.parent) for place in places for found in sorted(place.glob(f"*/{CONFIG}"))]
