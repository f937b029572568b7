"""What pyproject.toml, requirements.lock and environment.yml say of the dependencies."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def declared() -> list[Requirement]:
    """The direct dependencies, those of the extras among them; the peers that benchmarks need are not locked."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [
        entry
        for extra, entries in project["optional-dependencies"].items()
        for entry in entries
        if extra != "bench"
    ]
    return [Requirement(entry) for entry in [*project["dependencies"], *extras]]


def locked() -> dict[str, list[tuple[str, str]]]:
    """Package -> its versions in the lock, each with the marker that says where it holds."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, str]]] = {}
    for name, version, marker in re.findall(
        r"^([a-z0-9._-]+)==([^\s;\\]+)(?: ; ([^\\\n]+?))? \\$", text, re.MULTILINE
    ):
        found.setdefault(name, []).append((version, marker))
    return found


def environment() -> str:
    """environment.yml as it follows from the other two."""
    versions = locked()
    pins = sorted(
        f"      - {requirement.name}=={version}" + (f" ; {marker}" if marker else "")
        for requirement in declared()
        for version, marker in versions[requirement.name.lower()]
    )
    head = [
        "name: crmlib",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        "  - python>=3.11,<3.13",
        "  - pip",
        "  - pip:",
    ]
    return "\n".join([*head, *pins, "      - --editable .", ""])


if __name__ == "__main__":
    print(environment(), end="")
