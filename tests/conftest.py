"""Fixtures that every floor's tests share."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

# How long an example takes depends on what else the machine does: no test fails for that.
settings.register_profile("crmlib", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("crmlib")

NUMERIC_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""What numpy and scikit-learn look for when they are imported."""

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores already. A thread that waits for another, which has no core, spins all that time.
    for variable in NUMERIC_THREADS:
        os.environ.setdefault(variable, "1")
    threadpool_limits(limits=1)  # a plugin of pytest may have imported numpy already

from crmlib.prepare.engine import THREADS_VARIABLE  # noqa: E402  (it imports numpy)
from crmlib.present.run import light_imports  # noqa: E402

with light_imports():
    import nbformat  # noqa: F401  (the first to import it decides)

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault(THREADS_VARIABLE, "1")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that want it skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data: tests on that real data are skipped")
    return SHARED


def pytest_configure(config: pytest.Config) -> None:
    """One folder for all workers of a session, of what is made once for them; see tests/sample/company.py."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        folder = os.environ["CRMLIB_TESTS_SHELF"] = tempfile.mkdtemp(prefix="crmlib-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection() -> None:
    """What is collected stays: there is no garbage to search for."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor need any later search walk the modules and the tests again and again."""
    gc.enable()
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """What was kept from the search is let go in good order."""
    gc.unfreeze()


LONGEST = (
    *("test_suite.py", "present/test_canaries.py", "test_notebooks.py", "prepare/draft/test_made_up.py"),
    *("present/run/test_runs.py", "test_packaging.py", "present/publish/test_publish_killed.py"),
    *("analyse/test_worklist.py", "analyse/test_states_agree.py", "analyse/pipeline/test_lead_scores.py"),
    *("analyse/pipeline/test_portrait.py", "prepare/test_increments.py", "present/test_export.py"),
)
"""The files that take longest come first, so that no worker is alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files, and leave the order within each."""
    folder = Path(__file__).resolve().parent
    place = {folder / name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(LONGEST)))
