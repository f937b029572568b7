"""Fixtures that every floor's tests share."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that want it skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data: tests on that real data are skipped")
    return SHARED
