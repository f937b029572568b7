"""A workspace whose tables follow the identities: one row a customer, and every table names customers by one id."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.check.findings import SUMMARY_COLUMNS
from crmlib.prepare.engine import Engine, columns_of, require_columns
from crmlib.prepare.identity.customers import DECISIONS, ranked
from crmlib.prepare.identity.resolve import IdentityMap, resolve_identities
from crmlib.prepare.identity.settings import settings_from
from crmlib.prepare.identity.signs import Told, buyers_who_registered, follow_signs
from crmlib.prepare.private import in_place, private_folder
from crmlib.schema.errors import CrmlibError, ParameterError
from crmlib.schema.fields import TableSpec
from crmlib.schema.tables import table_spec

FOLDER = ".identity"
"""Where a workspace keeps which record was which customer; only its owner opens it."""

_DECIDED = ["record_id_l", "record_id_r", "decision"]
_SHOWN = ("name", "country", "city", "postcode", "address", "email", "phone", "birth_on")


def follow_identities(
    engine: Engine, tables: Sequence[str], *, root: Path, as_of: pd.Timestamp, given: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join the customers of a workspace and let all its tables follow: rows of the report, and counts by source.

    A look back, at a closing moment before that of the last load, takes its ids and is no load itself.
    """
    settings = settings_from({name: value for name, value in given.items() if name != "carriers"})
    carriers = [name for name in tables if name in given.get("carriers", ())]
    records = engine.to_pandas("from customers").rename(columns={"customer_id": "record_id"})
    last, signs = _kept(root, "known"), _kept(root, "signs")
    registered = buyers_who_registered(records, signs, last)
    previous = last
    if last is not None and len(registered):
        previous = pd.concat([last, registered.assign(is_present=False)], ignore_index=True)
    found = resolve_identities(records, previous=previous, decisions=_decided(root), settings=settings)
    order = {record: i for i, record in enumerate(ranked(records.assign(source_system=""), settings))}
    # Whose record is gone is named by other tables still.
    engine.register("identity_map", found.known.assign(place=found.known["record_id"].map(order)))
    engine.execute("create or replace table identities as from identity_map")
    _one_row_a_customer(engine)
    for name in tables:
        _follow(engine, table_spec(name))
    merged = found.log[found.log["event"].eq("merged")]
    customer_id = records["record_id"].map(found.map.set_index("record_id")["customer_id"])
    renamed = dict(zip(merged["from_customer_id"], merged["customer_id"], strict=True))
    told = follow_signs(
        engine, carriers, records=records.assign(customer_id=customer_id), known=signs, renamed=renamed
    )
    back = last is not None and "as_of" in last and pd.Timestamp(last["as_of"].max()) > pd.Timestamp(as_of)
    if not back:
        _keep(found, told, records, root, registered=registered, as_of=as_of)
    return _told(found, None if back else last), _counted(found, told)


def _counted(found: IdentityMap, told: Told) -> pd.DataFrame:
    """How many records of each source are of a customer; the first row is that of the lists of customers."""
    low = 100 * found.quality.set_index("measure")["low"]
    own = {
        "source": "customers",
        "sign": "customer_id",
        "records": len(found.map),
        "joined": found.map["customer_id"].nunique(),
        "shared": 0,
        "rows_named": 0,
        "right_pct": low["precision"],
        "found_pct": low["recall"],
    }
    return pd.concat([pd.DataFrame([own]), told.counts], ignore_index=True)


def _one_row_a_customer(engine: Engine) -> None:
    """Each field from the first record that has it; the day of the first record's entry."""
    columns = [name for name in columns_of(engine.run("from customers")) if name != "customer_id"]
    fields = [
        f"{'min(c.signed_up_on)' if name == 'signed_up_on' else f'arg_min(c.{quoted}, place)'} as {quoted}"
        for name, quoted in ((name, Engine.quote(name)) for name in columns)
    ]
    engine.execute(
        f"create or replace table customers as select {', '.join(['i.customer_id', *fields])} from customers c "
        "join identities i on c.customer_id = i.record_id group by i.customer_id order by min(place)"
    )


def _follow(engine: Engine, spec: TableSpec) -> None:
    """Every column that names a customer names the one that its record became."""
    present = columns_of(engine.run(f"from {spec.name}"))
    own = [field.name for field in spec.fields if field.references == "customers" and field.name in present]
    if not own:
        return
    swaps = ", ".join(f"coalesce(i_{name}.customer_id, t.{name}) as {name}" for name in own)
    joins = " ".join(f"left join identities i_{name} on t.{name} = i_{name}.record_id" for name in own)
    first = f"coalesce(i_{own[0]}.place, 0)"
    query = f"select t.* replace ({swaps}), {first} as _place from {spec.name} t {joins}"
    keys = [field.name for field in spec.fields if field.key and field.name in present]
    only = ""
    if {*keys} & {*own}:
        only = f" qualify row_number() over (partition by {', '.join(keys)} order by _place) = 1"
    query = f"select * exclude (_place) from ({query}){only}"
    if spec.name == "relations":
        query = f"select * from ({query}) where from_customer_id <> to_customer_id"
    if spec.name == "customers":
        own_parent = "nullif(parent_customer_id, customer_id) as parent_customer_id"
        query = f"select * replace ({own_parent}) from ({query})"
    engine.execute(f"create or replace table {spec.name} as {query}")


def _told(found: IdentityMap, last: pd.DataFrame | None) -> pd.DataFrame:
    records, joined = len(found.map), len(found.map) - found.map["customer_id"].nunique()
    doubt = len(found.review)
    rows = [
        ("customers", "same_customer", "", "mend", joined, "are the same customer as another row"),
        ("customers", "perhaps_same_customer", "", "warn", doubt, "may be the same customer as another row"),
        *_changed(found.log, last),
    ]
    table = pd.DataFrame(rows, columns=[name for name in SUMMARY_COLUMNS if name != "share_pct"])
    table["share_pct"] = 100.0 * table["rows"] / max(records, 1)
    return table.loc[table["rows"] > 0, list(SUMMARY_COLUMNS)]


def _changed(log: pd.DataFrame, last: pd.DataFrame | None) -> list[tuple[str, str, str, str, int, str]]:
    """What has become of the customers of the last load; nothing at the first."""
    if last is None:
        return []
    of_last = log[["customer_id", "from_customer_id"]].isin(set(last["customer_id"])).any(axis=1)
    events = log.loc[of_last, "event"].value_counts()
    says = {
        "joined": "have joined a customer that was known at the last load",
        "merged": "were two customers at the last load and are one now",
        "split": "belonged to another customer at the last load",
    }
    return [
        ("customers", f"{event}_since", "", "warn", int(events.get(event, 0)), words)
        for event, words in says.items()
    ]


def write_review(root: Path, file: Path) -> int:
    """Write the pairs that a person should decide, and those already decided, as Excel; how many are open."""
    folder = root / FOLDER
    if not (folder / "review.parquet").is_file():
        raise CrmlibError(
            f"{root}: no identities are kept here. Add [identity] to crm.toml, open the workspace, and try again."
        )
    review = pd.read_parquet(folder / "review.parquet")
    decided = _decided(root)
    decided = pd.DataFrame(columns=_DECIDED) if decided is None else decided
    pairs = review.merge(decided, on=_DECIDED[:2], how="outer")[[*_DECIDED, "probability", "joined", "why"]]
    records = pd.read_parquet(folder / "records.parquet").set_index("record_id")
    for side in "lr":
        for column in _SHOWN:
            if column in records:
                pairs[f"{column}_{side}"] = pairs[f"record_id_{side}"].map(records[column])
    pairs = pairs.sort_values(["decision", "probability"], na_position="first", ignore_index=True)
    # Values stand as text: one that begins with = is no formula.
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}}
    with in_place(file) as aside, pd.ExcelWriter(aside, engine="xlsxwriter", engine_kwargs=options) as book:
        pairs.to_excel(book, sheet_name="Identities", index=False, freeze_panes=(1, 3))
    return int(pairs["decision"].isna().sum())


def read_review(root: Path, file: Path) -> int:
    """Take over the decisions of an Excel file that `write_review` made; how many there are."""
    table = pd.read_excel(file, dtype=str, keep_default_na=False, engine="calamine")
    require_columns(table, _DECIDED, table_name=file.name)
    table = table[list(_DECIDED)].assign(decision=table["decision"].str.strip().str.lower())
    table = table[table["decision"].ne("")].drop_duplicates(ignore_index=True)
    wrong = table.loc[~table["decision"].isin(DECISIONS), "decision"]
    if len(wrong):
        raise ParameterError(
            f"{file.name}: {wrong.iloc[0]!r} is no decision. Write same, different, or nothing."
        )
    _write(root, {"decisions": table})
    return len(table)


def decisions_print(root: Path) -> str:
    """A fingerprint of the decisions: with others, the tables are made anew."""
    file = root / FOLDER / "decisions.parquet"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _decided(root: Path) -> pd.DataFrame | None:
    return _kept(root, "decisions")


def _kept(root: Path, name: str) -> Any:
    file = root / FOLDER / f"{name}.parquet"
    return pd.read_parquet(file) if file.is_file() else None


def _keep(
    found: IdentityMap,
    told: Told,
    records: pd.DataFrame,
    root: Path,
    *,
    registered: pd.DataFrame,
    as_of: pd.Timestamp,
) -> None:
    """The ids of this load, for the next; a workspace that cannot be written to keeps none."""
    if not os.access(root, os.W_OK):
        return
    doubted: list[str] = list(pd.unique(found.review[["record_id_l", "record_id_r"]].to_numpy().ravel()))
    decided = _decided(root)
    if decided is not None:
        doubted = [*doubted, *decided[list(_DECIDED[:2])].to_numpy().ravel()]
    shown = [name for name in ("record_id", *_SHOWN) if name in records]
    asked = records.loc[records["record_id"].isin(doubted), shown].astype(str)
    known = found.known.assign(as_of=str(as_of))
    why = "has the e-mail address of a customer whom only orders knew"
    new = registered.assign(event="joined", from_customer_id="", why=why)
    log = pd.concat([found.log, new[list(found.log)], told.log], ignore_index=True)
    _write(root, {"known": known, "signs": told.known, "review": found.review, "log": log, "records": asked})


def _write(root: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Tables into the private folder, each whole or not at all."""
    folder = private_folder(root / FOLDER)
    for name, table in tables.items():
        with in_place(folder / f"{name}.parquet") as aside:
            table.to_parquet(aside)
