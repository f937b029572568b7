"""SPSS files (.sav): read with the words of their value labels, by pyreadstat."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pandas as pd

from crmlib.prepare.engine import Engine
from crmlib.prepare.sources.files import FileReference, Part, distinct_names
from crmlib.prepare.sources.text import BATCH, read_rows_part
from crmlib.prepare.sql_guard import first_line
from crmlib.schema.errors import SourceError


def spss_driver() -> Any:
    """The library that reads and writes SPSS files, or what to install."""
    try:
        return import_module("pyreadstat")
    except ImportError as error:
        raise SourceError('SPSS files need a library. Run: pip install "crmlib[spss]"') from error


def read_spss_part(engine: Engine, file: FileReference, *, name: str) -> Part:
    """The rows of a .sav file; a value with a label is read as the label, a user's missing value as nothing."""
    driver = spss_driver()
    try:
        empty, _ = driver.read_sav(str(file.path), metadataonly=True)
        names, renamed = distinct_names(empty.columns)
        notes = [f"{file.shown}: {note}." for note in renamed]
        return read_rows_part(
            engine, _rows(driver, file), names=names, name=name, shown=file.shown, notes=notes
        )
    except (driver.ReadstatError, driver.PyreadstatError, ValueError, OSError) as error:
        reason = first_line(error)
        raise SourceError(
            f"{file.shown} cannot be read as an SPSS file ({reason}). Save it again."
        ) from error


def _rows(driver: Any, file: FileReference) -> Iterator[tuple[int, tuple[Any, ...]]]:
    number = 0
    reader = driver.read_file_in_chunks(
        driver.read_sav, str(file.path), chunksize=BATCH, apply_value_formats=True, formats_as_category=False
    )
    for frame, _ in reader:
        cells = [[_plain(value) for value in frame[column]] for column in frame.columns]
        for row in zip(*cells, strict=True):
            number += 1
            yield number, row


def _plain(value: Any) -> Any:
    if value is None or value == "" or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
