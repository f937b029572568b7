"""A session of Spark for tests, and the tables of a workspace laid with it."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal


def needs_spark():
    """Skip, visibly, what cannot run here."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: make spark-test")
    if not shutil.which("java"):
        pytest.skip("there is no Java: install a headless one, version 17 (Debian: openjdk-17-jre-headless)")


def opened(master):
    """A session of its own at a master; the one before it has to be stopped."""
    from crmlib.prepare.spark import spark_session

    session = spark_session(master=master)
    session.sparkContext.setLogLevel("OFF")
    session.conf.set("spark.sql.shuffle.partitions", "2")
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
    if isinstance(expected, pd.DataFrame):
        assert_frame_equal(found, expected, rtol=1e-9, atol=1e-9)
    else:
        assert found == expected
