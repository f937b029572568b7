"""A session of Spark for tests, and the tables of a workspace laid with it."""

import os
import shutil
from dataclasses import is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal


def needs_spark():
    """Skip, visibly, what cannot run here."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: make spark-test")
    if not shutil.which("java"):
        pytest.skip("there is no Java: install a headless one, version 17 (Debian: openjdk-17-jre-headless)")


def opened(master):
    """A session of its own at a master; the one before it has to be stopped."""
    from crmlib.prepare.spark import spark_session

    # Many plans, each carried out once: the second compiler of Java would cost more than it gains.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
    session = spark_session(master=master)
    session.sparkContext.setLogLevel("OFF")
    session.conf.set("spark.sql.shuffle.partitions", "1")
    # Whoever forgets to tell Spark the zone is found out.
    session.conf.set("spark.sql.session.timeZone", "America/New_York")
    return session


def laid_with(session, crm):
    """The same workspace, its tables with Spark."""
    from crmlib.prepare.spark import SparkEngine

    engine = SparkEngine(session)
    for name in crm.tables:
        engine.register(name, crm.engine.to_arrow(f"from {name}"))
    return replace(crm, engine=engine)


def assert_same(found, expected):
    """Equal to the last bit, types and order too; floats to 1e-9."""
    if is_dataclass(expected):
        found, expected = vars(found), vars(expected)
    if isinstance(expected, pd.DataFrame | pd.Series):
        equal = assert_frame_equal if isinstance(expected, pd.DataFrame) else assert_series_equal
        equal(found, expected, rtol=1e-9, atol=1e-9)
        assert_same(dict(found.attrs), dict(expected.attrs))
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for name, value in expected.items():
            assert_same(found[name], value)
    elif isinstance(expected, tuple | list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    elif isinstance(expected, np.ndarray) and expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    elif isinstance(expected, np.ndarray | pd.Index):
        assert np.array_equal(found, expected)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)
    else:
        assert found is expected or found == expected
