"""Clean tables, indicators, labels and the worklist for other tools: Parquet, CSV, Excel or SPSS."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import crmlib
from crmlib.prepare.crm import Crm
from crmlib.prepare.engine import Engine
from crmlib.prepare.privacy import employee_codes, public_ids
from crmlib.prepare.private import in_place, open_to_all
from crmlib.prepare.sources.spss import spss_driver
from crmlib.present.blocks.downloads import EXCEL_ROWS, about_workspace, to_csv_bytes, to_excel_bytes
from crmlib.schema.errors import CrmlibError, ParameterError, nearest
from crmlib.schema.fields import Field
from crmlib.schema.tables import TABLES, table_spec

FORMATS = {"parquet": ".parquet", "csv": ".csv", "excel": ".xlsx", "spss": ".sav"}
MOST_LABELS = 300
"""Different words of a column up to which SPSS gets codes with value labels."""

_SPSS_TEXT = 32_767


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written, a file and its rows each; what was left out, and why ("" where a sheet has too few rows)."""

    files: dict[Path, int]
    left_out: dict[str, str]


def export_workspace(
    crm: Crm, folder: str | Path, *, kind: str = "parquet", personal: bool = False
) -> Exported:
    """Write every table, the indicators, each customer's state and segment, and the worklist as files.

    Without `personal`, personal and sensitive columns are left out and customers have the pseudonyms of the pages;
    with it the house's own numbers stand there, and only the owner may read the files.
    """
    if kind not in FORMATS:
        raise ParameterError(f"{kind!r} is no format.{nearest(kind, FORMATS)}")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    files: dict[Path, int] = {}
    left_out: dict[str, str] = {}
    for name, table in _tables(crm, personal, left_out):
        if kind == "excel" and table.num_rows >= EXCEL_ROWS:
            left_out[name] = ""
            continue
        path = target / f"{name}{FORMATS[kind]}"
        _write(path, table, kind, crm, secret=personal)
        files[path] = table.num_rows
    return Exported(files=files, left_out=left_out)


def _tables(crm: Crm, personal: bool, left_out: dict[str, str]) -> Iterator[tuple[str, pa.Table]]:
    for name in crm.tables:
        spec = table_spec(name)
        columns = [c for c in crm.columns(name) if personal or spec.field(c).privacy == "internal"]
        chosen = ", ".join(Engine.quote(column) for column in columns)
        yield (
            name,
            _masked(crm, crm.engine.to_arrow(f"select {chosen} from {Engine.quote(name)}"), name, personal),
        )
    for name, make in (("indicators", _indicators), ("labels", _labels), ("worklist", _worklist)):
        try:
            made = make(crm, personal)
        except CrmlibError as error:
            left_out[name] = str(error)
            continue
        yield name, _masked(crm, pa.Table.from_pandas(made, preserve_index=False), name, personal)


def _indicators(crm: Crm, personal: bool) -> pd.DataFrame:
    found = crmlib.compute_indicators(crm).reset_index()
    spec = TABLES["customers"]
    private = [c for c in found if c in spec.names and spec.field(c).privacy != "internal"]
    return found if personal else found.drop(columns=private)


def _labels(crm: Crm, personal: bool) -> pd.DataFrame:
    """Each customer's state, and the segment where customers fall into segments."""
    stages = crmlib.lifecycle_stages(crm).rename("state")
    found = stages.rename_axis("customer_id").reset_index()
    try:
        segments = crmlib.segment_customers(crmlib.compute_indicators(crm)).labels
    except CrmlibError:
        return found
    return found.merge(segments.rename("segment"), how="left", left_on="customer_id", right_index=True)


def _worklist(crm: Crm, personal: bool) -> pd.DataFrame:
    table = crmlib.worklist(_plain(crm) if personal else crm).table
    return table.assign(
        **{c: table[c].map(_word) for c in table if table[c].map(type).isin((tuple, list)).any()}
    )


def _word(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, tuple | list) else value


def _plain(crm: Crm) -> Crm:
    """The same workspace, in which customers have their own numbers."""
    if crm.config is None:
        return crm
    privacy = crm.config.privacy.model_copy(update={"pseudonyms": False})
    return replace(crm, config=crm.config.model_copy(update={"privacy": privacy}))


def _masked(crm: Crm, table: pa.Table, name: str, personal: bool) -> pa.Table:
    """Customers by pseudonym, employees without their addresses; the worklist comes so already."""
    if personal or name == "worklist":
        return table
    for i, column in enumerate(table.column_names):
        declared = _declared(name, column)
        target = declared.references if declared else None
        if column == "customer_id" or target == "customers":
            shown = public_ids(crm, table.column(i).to_pandas())
        elif column == "employee_id" or target == "employees":
            shown = employee_codes(crm, table.column(i).to_pandas())
        else:
            continue
        table = table.set_column(i, column, pa.array(shown, pa.string(), from_pandas=True))
    return table


def _declared(table: str, column: str) -> Field | None:
    for name in (table, "customers"):
        if name in TABLES and column in TABLES[name].names:
            return TABLES[name].field(column)
    return None


def write_corrections(table: pd.DataFrame, path: Path) -> None:
    """What to mend, as CSV or Excel for its owner alone: it holds what stands in the exports."""
    excel = path.suffix.lower() == ".xlsx"
    if excel and len(table) >= EXCEL_ROWS:
        raise ParameterError(f"a sheet holds fewer than {len(table):,} rows. Name a .csv file.")
    with in_place(path) as aside:
        aside.write_bytes(to_excel_bytes(table, sheet="corrections") if excel else to_csv_bytes(table))


def _write(path: Path, table: pa.Table, kind: str, crm: Crm, *, secret: bool) -> None:
    """One file, closed to others where it is personal."""
    with in_place(path) as aside:
        if kind == "parquet":
            pq.write_table(table, aside, compression="zstd")
        elif kind == "spss":
            _write_spss(aside, _frame(table), name=path.stem)
        elif kind == "csv":
            aside.write_bytes(to_csv_bytes(_frame(table)))
        else:
            about = about_workspace(crm).items()
            aside.write_bytes(to_excel_bytes(_frame(table), sheet=path.stem, about=about))
    if not secret:
        open_to_all(path)


def _frame(table: pa.Table) -> pd.DataFrame:
    for i, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type):
            table = table.set_column(i, column.name, table.column(i).cast(pa.float64()))
    return table.to_pandas()


def _write_spss(path: Path, frame: pd.DataFrame, *, name: str) -> None:
    """Words become codes with value labels, in alphabetical order; the rest keeps its type."""
    driver = spss_driver()
    values: dict[str, dict[float, str]] = {}
    cells: dict[str, pd.Series] = {}
    for column in frame.columns:
        given = frame[column]
        if pd.api.types.is_bool_dtype(given.dropna().infer_objects()) and given.notna().any():
            values[column] = {0.0: "no", 1.0: "yes"}
            cells[column] = given.astype("float64")
        elif pd.api.types.is_numeric_dtype(given) or pd.api.types.is_datetime64_any_dtype(given):
            moments = pd.api.types.is_datetime64_any_dtype(given)
            cells[column] = given.astype("datetime64[us]") if moments else given
        elif given.map(lambda value: hasattr(value, "isoformat"), na_action="ignore").eq(True).any():
            cells[column] = pd.to_datetime(given).astype("datetime64[us]")
        else:
            words = sorted(given.dropna().astype("str").unique())
            if (
                len(words) <= MOST_LABELS
                and not column.endswith("_id")
                and all(len(w.encode()) <= 120 for w in words)
            ):
                codes = {word: float(i) for i, word in enumerate(words, start=1)}
                values[column] = {code: word for word, code in codes.items()}
                cells[column] = given.astype("str").where(given.notna()).map(codes).astype("float64")
            else:
                cells[column] = given.astype("str").where(given.notna(), "").str.slice(0, _SPSS_TEXT // 4)
    driver.write_sav(pd.DataFrame(cells), str(path), file_label=name[:60], variable_value_labels=values)
