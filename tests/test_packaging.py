"""pyproject.toml is the one place of dependencies; the lock and environment.yml agree with it."""

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging_files import (
    PYTHONS,
    ROOT,
    applies,
    declared,
    environment,
    environments,
    holes,
    known_needs,
    lock_text,
    locked,
    project,
    strays,
)

NAMED_BY_THE_USER = {
    "jupyterlab",
    "pandas",
    "matplotlib",
    "seaborn",
    "scikit-learn",
    "mlxtend",
    "papermill",
    "pytest",
}


def test_the_lock_satisfies_every_dependency():
    versions = locked()
    for requirement in declared():
        name = canonicalize_name(requirement.name)
        assert name in versions, f"{requirement.name} is not locked: run `make lock`"
        for version, _ in versions[name]:
            assert requirement.specifier.contains(version), (
                f"{requirement} is locked at {version}: run `make lock`"
            )


def test_environment_yml_pins_the_same_versions():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment(), "run `make lock`"


def test_the_lock_is_hashed_and_names_no_address():
    text = lock_text()
    assert "://" not in text and "--index-url" not in text and "--find-links" not in text
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_packages_the_project_stands_on_are_there():
    assert {requirement.name for requirement in declared()} >= NAMED_BY_THE_USER


def test_the_lock_is_closed_for_every_python_and_platform():
    assert strays(lock_text(), known_needs()) == set(), "run `make lock`"
    assert holes(lock_text(), known_needs()) == []


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ("pytz", "Python 3.11 on Linux, x86_64: fluent-runtime requires pytz, and it is not locked"),
        ("appnope", "Python 3.14 on macOS, ARM: ipykernel requires appnope"),
        ("pywinpty", "Python 3.12 on Windows, x86_64: terminado requires pywinpty"),
        ("aiohttp", "Python 3.12 on Linux, ARM: papermill requires aiohttp"),
        ("pandas", "pyproject.toml requires pandas>="),
    ],
)
def test_a_hole_in_the_lock_is_found_wherever_it_shows(package, says):
    holed = re.sub(rf"^{package}==.*?(?=^[a-z0-9]|\Z)", "", lock_text(), flags=re.MULTILINE | re.DOTALL)
    assert any(says in hole for hole in holes(holed, known_needs()))
    assert all(hole.startswith(package) for hole in strays(holed, known_needs()))


def test_a_hole_that_only_an_extra_needs_is_found():
    asks = {**known_needs()}
    (pin,) = (pin for pin in asks if pin.startswith("pytest-cov=="))
    asks[pin] = [*asks[pin], "pandas[of-no-use]"]
    (pin,) = (pin for pin in asks if pin.startswith("pandas=="))
    asks[pin] = [*asks[pin], 'no-such-package>=2; extra == "of-no-use"']
    found = holes(lock_text(), asks)
    assert len(found) == len(PYTHONS) * 4 and "pandas requires no-such-package>=2" in found[0]


def test_a_version_that_somebody_refuses_is_found():
    asks = {
        **known_needs(),
        (pin := next(p for p in known_needs() if p.startswith("mlxtend=="))): ["numpy<1"],
    }
    assert any("mlxtend requires numpy<1, and 2." in hole for hole in holes(lock_text(), asks)), pin


def test_the_table_of_what_locked_packages_require_says_what_they_say_themselves():
    """Only what is installed here can be compared: packages of other platforms are known from `make lock` alone."""
    seen, here = 0, next(iter(environments().values()))
    for package in distributions():
        pin = f"{canonicalize_name(package.metadata['Name'])}=={package.version}"
        if pin in known_needs():
            told = {str(Requirement(entry)) for entry in package.requires or ()}
            table = {str(Requirement(entry)) for entry in known_needs()[pin]}
            assert table <= told, pin
            assert {entry for entry in told if applies(Requirement(entry).marker, here)} <= table, pin
            seen += 1
    assert seen > 100


def test_what_is_installed_fits_together():
    checked = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_everybody_names_the_same_pythons():
    first, last = PYTHONS[0], PYTHONS[-1]
    beyond = f"3.{int(last.partition('.')[2]) + 1}"
    classifiers = [told.rpartition(":: ")[2] for told in project()["classifiers"] if "Python :: 3." in told]
    assert tuple(classifiers) == PYTHONS
    assert project()["requires-python"] == f">={first},<{beyond}"
    assert f"Python {first} to {last}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("minor", "says"), [(10, "older than 3.11"), (15, "newer than 3.14")])
def test_make_refuses_a_python_that_is_too_old_or_too_new(tmp_path, minor, says):
    python = tmp_path / "python"
    pretend = f"import sys; sys.version_info = (3, {minor}, 0); exec(sys.argv[1])"
    python.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{pretend}' \"$2\"\n")
    python.chmod(0o755)
    command = ["make", "setup", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert made.returncode != 0 and says in made.stdout and "make PYTHON=python3." in made.stdout
    assert not (tmp_path / "venv").exists()


def test_make_lets_python_keep_what_it_has_translated():
    probe = "probe:; @$(PYTHON) -c 'import sys; print(sys.dont_write_bytecode)'"
    command = ["make", "--no-print-directory", f"--eval={probe}", "probe", f"PYTHON={sys.executable}"]
    told = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    made = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    assert made.stdout == "False\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The built wheel, unpacked."""
    built = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", built, ROOT], check=True, capture_output=True)
    (file,) = built.glob("*.whl")
    zipfile.ZipFile(file).extractall(built / "unpacked")
    return built / "unpacked"


def test_the_wheel_carries_everything_that_lies_in_the_package_and_the_notebooks(wheel):
    package = {path.relative_to(ROOT) for path in (ROOT / "crmlib").rglob("*") if path.is_file()}
    package = {path for path in package if "__pycache__" not in path.parts}
    assert {path.suffix for path in package} >= {".py", ".css", ".js", ".j2", ".html"}
    assert [str(path) for path in sorted(package) if not (wheel / path).is_file()] == []
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert (wheel / "crmlib" / "notebooks" / notebook.name).read_bytes() == notebook.read_bytes()


def test_an_installed_wheel_finds_its_notebooks_and_writes_copies(wheel, tmp_path):
    def run(*words):
        told = {**os.environ, "PYTHONPATH": str(wheel)}
        return subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=told, capture_output=True, text=True
        )

    asked = "from crmlib.present.run.reports import notebook_folder; print(notebook_folder())"
    assert run("-c", asked).stdout.strip() == str(wheel / "crmlib" / "notebooks")
    assert "Written: 14 notebooks into notebooks" in run("-m", "crmlib.cli", "notebooks", "notebooks").stdout
    assert run("-c", asked).stdout.strip() == str(tmp_path / "notebooks")
