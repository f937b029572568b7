"""pyproject.toml is the one place of dependencies; the lock and environment.yml agree with it."""

import re

from tests.packaging_files import ROOT, declared, environment, locked

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
        assert requirement.name.lower() in versions, f"{requirement.name} is not locked: run `make lock`"
        for version, _ in versions[requirement.name.lower()]:
            assert requirement.specifier.contains(version), (
                f"{requirement} is locked at {version}: run `make lock`"
            )


def test_environment_yml_pins_the_same_versions():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment(), "run `make lock`"


def test_the_lock_is_hashed_and_names_no_address():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text and "--index-url" not in text and "--find-links" not in text
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_packages_the_project_stands_on_are_there():
    assert {requirement.name for requirement in declared()} >= NAMED_BY_THE_USER
