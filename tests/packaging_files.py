"""What pyproject.toml, requirements.lock and environment.yml say of the dependencies."""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
NEEDS = ROOT / "tests" / "locked_needs.json"
EXTRAS = ("sample", "text", "databases", "spss", "identity", "encrypt", "test", "build", "lint")
"""Those that are locked; the peers that benchmarks need are not."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "Linux, x86_64": ("linux", "Linux", "posix", "x86_64"),
    "Linux, ARM": ("linux", "Linux", "posix", "aarch64"),
    "macOS, ARM": ("darwin", "Darwin", "posix", "arm64"),
    "Windows, x86_64": ("win32", "Windows", "nt", "AMD64"),
}
WHEELS = {
    "Linux, x86_64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64"),
    "Linux, ARM": ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64"),
    "macOS, ARM": ("macosx_14_0_arm64",),
    "Windows, x86_64": ("win_amd64",),
}
"""Platform -> the tags of the wheels that it takes, as pip names them."""

TARGETS = {
    "Linux, x86_64": "x86_64-manylinux_2_28",
    "Linux, ARM": "aarch64-manylinux_2_28",
    "macOS, ARM": "aarch64-apple-darwin",
    "Windows, x86_64": "x86_64-pc-windows-msvc",
}
"""Platform -> its name in uv."""


def project() -> dict:
    """The project's table of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared() -> list[Requirement]:
    """The direct dependencies, those of the locked extras among them."""
    told = project()
    extras = [entry for extra in EXTRAS for entry in told["optional-dependencies"][extra]]
    return [Requirement(entry) for entry in [*told["dependencies"], *extras]]


def lock_text() -> str:
    """requirements.lock as it lies there."""
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def known_needs() -> dict[str, list[str]]:
    """Pin of every locked package of every locked package -> what it says it requires, as `make lock` wrote it down."""
    return json.loads(NEEDS.read_text(encoding="utf-8"))


@cache
def locked(text: str | None = None) -> dict[str, list[tuple[str, str]]]:
    """Package -> its versions in the lock, each with the marker that says where it holds."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, version, marker in re.findall(
        r"^([a-z0-9._-]+)==([^\s;\\]+)(?: ; ([^\\\n]+?))? \\$", text or lock_text(), re.MULTILINE
    ):
        found.setdefault(name, []).append((version, marker))
    return found


def environments() -> dict[tuple[str, str, str], dict[str, str]]:
    """Python, platform and release -> what markers read there, for the first and a late release of each Python."""
    return {
        (python, platform, release): _environment(f"{python}.{release}", *names)
        for python in PYTHONS
        for release in ("0", "99")
        for platform, names in PLATFORMS.items()
    }


def _environment(version, sys_platform, system, os_name, machine):
    return {
        "python_version": version.rpartition(".")[0],
        "python_full_version": version,
        "implementation_name": "cpython",
        "implementation_version": version,
        "platform_python_implementation": "CPython",
        "sys_platform": sys_platform,
        "platform_system": system,
        "os_name": os_name,
        "platform_machine": machine,
        "platform_release": "",
        "platform_version": "",
        "extra": "",
    }


@cache
def _parsed(entry):
    return Requirement(entry)


def applies(marker: object, environment: dict[str, str], *, extra: str = "") -> bool:
    """Whether a requirement with this marker, or none, holds in an environment."""
    return not marker or marker.evaluate({**environment, "extra": extra})


def pins(text: str, environment: dict[str, str]) -> dict[str, str]:
    """Package -> the version that the lock installs in an environment."""
    return {
        name: version
        for name, versions in locked(text).items()
        for version, marker in versions
        if applies(marker and _parsed(f"{name} ; {marker}").marker, environment)
    }


def holes(text: str, needs: dict[str, list[str]]) -> list[str]:
    """What locked packages, and pyproject.toml, require that the lock does not hold: one sentence each.

    needs: "name==version" -> what that package says it requires.
    """
    found: dict[str, None] = {}
    for (python, platform, _), environment in environments().items():
        installed = pins(text, environment)
        for who, missing in _unmet(installed, needs, environment):
            found[f"Python {python} on {platform}: {who} requires {missing}"] = None
    return list(found)


def _unmet(installed, needs, environment):
    """Walk from what is declared; an extra that somebody asks for counts from there on."""
    open_ends, seen = [("pyproject.toml", requirement) for requirement in declared()], set()
    while open_ends:
        who, requirement = open_ends.pop()
        name = canonicalize_name(requirement.name)
        version = installed.get(name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield who, f"{requirement}, and {f'{version} is locked' if version else 'it is not locked'}"
            continue
        for extra in {"", *requirement.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            entries = map(_parsed, needs.get(f"{name}=={version}", ()))
            open_ends += [(name, r) for r in entries if applies(r.marker, environment, extra=extra)]


def strays(text: str, needs: dict[str, list[str]]) -> set[str]:
    """Locked packages of which the table knows nothing, and packages of the table that are not locked."""
    return {f"{name}=={version}" for name, versions in locked(text).items() for version, _ in versions} ^ set(
        needs
    )


def environment() -> str:
    """environment.yml as it follows from the other two."""
    versions = locked()
    pinned = sorted(
        f"      - {requirement.name}=={version}" + (f" ; {marker}" if marker else "")
        for requirement in declared()
        for version, marker in versions[canonicalize_name(requirement.name)]
    )
    head = [
        "name: crmlib",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python{project()['requires-python']}",
        "  - pip",
        "  - pip:",
    ]
    return "\n".join([*head, *pinned, "      - --editable .", ""])


def ask_needs() -> dict[str, list[str]]:
    """What each locked package says it requires, asked of the index through pip; without extras nobody asks for."""
    text, found = lock_text(), {}
    for (python, platform, _), environment in environments().items():
        new = {f"{name}=={version}" for name, version in pins(text, environment).items()} - {*found}
        if new:
            found |= _ask(sorted(new), python, platform)
    asked = _extras_asked(found)
    return {pin: [entry for entry in found[pin] if _can_hold(entry, asked[pin])] for pin in sorted(found)}


def _ask(wanted, python, platform):
    tags = [word for tag in WHEELS[platform] for word in ("--platform", tag)]
    with tempfile.TemporaryDirectory() as folder:
        listed, report = Path(folder) / "wanted.txt", Path(folder) / "report.json"
        listed.write_text("\n".join(wanted), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--target", folder]
        command += ["--python-version", python, *tags, "--report", report, "--requirement", listed]
        subprocess.run(command, check=True)
        told = [entry["metadata"] for entry in json.loads(report.read_text(encoding="utf-8"))["install"]]
    return {f"{canonicalize_name(m['name'])}=={m['version']}": m.get("requires_dist", []) for m in told}


def _extras_asked(found):
    """Package pin -> the extras that pyproject.toml or any locked package asks of it."""
    everybody = [*declared(), *(Requirement(entry) for entries in found.values() for entry in entries)]
    asked = {pin: {""} for pin in found}
    for requirement in everybody:
        for pin in asked:
            if pin.partition("==")[0] == canonicalize_name(requirement.name):
                asked[pin] |= requirement.extras
    return asked


def _can_hold(entry, extras):
    marker = _parsed(entry).marker
    return any(
        applies(marker, environment, extra=extra)
        for environment in environments().values()
        for extra in extras
    )


def lacking_wheels() -> list[str]:
    """What uv says of each named Python and platform for which a locked package has no wheel."""
    uv = Path(sys.executable).with_name("uv")
    command = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--only-binary",
        ":all:",
        "requirements.lock",
        "-o",
        os.devnull,
    ]
    lacking = []
    for python in PYTHONS:
        for platform, target in TARGETS.items():
            asked = [*command, "--python-version", python, "--python-platform", target]
            tried = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
            if tried.returncode:
                lacking.append(f"Python {python} on {platform}: {tried.stderr}")
    return lacking


if __name__ == "__main__":
    if lacking := lacking_wheels():
        sys.exit("\n".join(lacking))
    NEEDS.write_text(json.dumps(ask_needs(), indent=1) + "\n", encoding="utf-8")
    (ROOT / "environment.yml").write_text(environment(), encoding="utf-8")
