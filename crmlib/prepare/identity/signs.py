"""Customers in tables that are no list of customers: an order gives an e-mail, a post a handle, a visit its visitor.

A sign (an e-mail address, a telephone, a handle, a visitor, an order's number) is the customer's whom alone it is seen
with. One that several customers have, such as info@ or a device in the hall, tells nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from crmlib.prepare.check.findings import IDENTITY_COLUMNS
from crmlib.prepare.engine import Engine, columns_of
from crmlib.prepare.identity.customers import LOG_COLUMNS
from crmlib.prepare.identity.keys import email_key
from crmlib.schema.tables import SIGNS_OF, table_spec

SIGNS = ("order_id", "email", "handle", "phone", "visitor_id")
"""What tells a customer, the surest first."""

KNOWN_COLUMNS = ("sign", "value", "customer_id", "is_buyer")
_TOLD = [sign for sign in SIGNS if sign != "order_id"]
_ROUNDS = 4


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the signs told: `KNOWN_COLUMNS` for the next load, counts and a log as `CheckReport` and `IdentityMap`.

    `is_buyer`: a customer whom only orders know; the record of the log is the sign.
    """

    known: pd.DataFrame
    counts: pd.DataFrame
    log: pd.DataFrame


def follow_signs(
    engine: Engine,
    tables: Sequence[str],
    *,
    records: pd.DataFrame,
    known: pd.DataFrame | None,
    renamed: Mapping[str, str],
) -> Told:
    """Name the customer in every row that gives one of her signs; who only ordered becomes a customer of her own.

    All tables, and `records` (the rows of customers as they came), bear the lasting ids already; `known` is what the
    last load told, `renamed` whose id has changed since.
    """
    for source in tables:
        engine.execute(f"alter table {source} add column if not exists customer_id varchar")
    seen = _seen(engine, tables, records)
    before = pd.DataFrame(columns=list(KNOWN_COLUMNS)) if known is None else known
    before = before.assign(customer_id=before["customer_id"].replace(dict(renamed)))
    named, buyers = _named(seen, before)
    for source in (one for one in dict.fromkeys(seen["source"]) if one != "customers"):
        _fill(engine, source, named[named["source"].eq(source) & seen["customer_id"].isna()])
    _add_buyers(engine, named, buyers)
    owners = _owners(named)
    now = _still(owners, before, buyers)
    return Told(known=now, counts=_counts(seen, named), log=_changes(now, owners, known, before))


def buyers_who_registered(
    records: pd.DataFrame, known: pd.DataFrame | None, last: pd.DataFrame | None
) -> pd.DataFrame:
    """New records with the e-mail of a customer whom only orders knew: `record_id`, `customer_id` that she keeps."""
    columns = ["record_id", "customer_id"]
    if known is None or last is None or "email" not in records:
        return pd.DataFrame(columns=columns)
    buyers = known[known["is_buyer"] & known["sign"].eq("email")].set_index("value")["customer_id"]
    new = records[~records["record_id"].isin(last["record_id"])]
    found = new.assign(customer_id=_plain(new["email"], "email").map(buyers))
    return found.dropna(subset=["customer_id"])[columns].reset_index(drop=True)


def _seen(engine: Engine, tables: Sequence[str], records: pd.DataFrame) -> pd.DataFrame:
    """Every combination of a customer and signs in every table, with how many rows have it: raw and `plain`."""
    own = [name for name in ("customer_id", *SIGNS) if name in records]
    parts = [records[own].assign(source="customers", rows=1)]
    for source in (one for one in SIGNS_OF if one in tables and one != "customers"):
        present = columns_of(engine.run(f"from {source}"))
        signs = _signs_of(engine, source, present)
        if not signs:
            continue
        spec = table_spec(source)
        time = spec.time if spec.time in present else "null"
        shown = [f"{sql}::varchar as {name}" for name, sql in signs.items()]
        first = "arg_min(order_id, ordered_at)::varchar" if source == "transactions" else "null"
        parts.append(
            engine.to_pandas(
                f"select '{source}' as source, customer_id::varchar as customer_id, {', '.join(shown)}, "
                f"{_combined(signs)} as combined, count(*) as rows, min({time})::date as first_on, "
                f"{first}::varchar as first_order from {source} group by all order by all"
            )
        )
    seen = pd.concat(parts, ignore_index=True)
    columns = ["source", "customer_id", *SIGNS, "combined", "rows", "first_on", "first_order"]
    seen = seen.reindex(columns=columns).astype(dict.fromkeys(("customer_id", *SIGNS), object))
    return seen.assign(**{f"plain_{sign}": _plain(seen[sign], sign) for sign in SIGNS})


def _signs_of(engine: Engine, source: str, present: Sequence[str]) -> dict[str, str]:
    """The signs of a table -> SQL; an order's number where an opinion that names nobody gives it."""
    signs = {sign: Engine.quote(sign) for sign in SIGNS_OF[source] if sign in present}
    if source == "transactions" and _has(engine, "feedback", "customer_id", "order_id"):
        asked = "select order_id from feedback where customer_id is null"
        signs["order_id"] = f"case when order_id in ({asked}) then order_id end"
    return signs


def _combined(signs: Mapping[str, str]) -> str:
    return "concat_ws(chr(31), " + ", ".join(f"coalesce({sql}::varchar, '')" for sql in signs.values()) + ")"


def _plain(texts: pd.Series, sign: str) -> pd.Series:
    """A sign in the form in which it is compared, None where it is none."""
    plain = {"email": email_key, "phone": _last_digits, "handle": handle_key}.get(sign, str.strip)
    made = {text: plain(str(text)) or None for text in texts.dropna().unique()}
    return texts.map(made).astype(object).where(texts.notna(), None)


def _last_digits(text: str) -> str:
    """The last nine digits of a telephone, which no way of writing its country changes."""
    digits = re.sub(r"\D", "", text)
    return digits[-9:] if len(digits) >= 8 and len(set(digits)) > 2 else ""


def handle_key(text: str) -> str:
    """@Acme, acme and https://x.example/acme alike."""
    return text.strip().rstrip("/").rpartition("/")[2].lstrip("@").casefold()


def _owners(named: pd.DataFrame) -> pd.DataFrame:
    """`sign`, `value`, `customer_id` of every sign, and how many customers have it (`holders`).

    A number that no list of customers has may be mistyped: it counts where no customer of a list has the sign.
    """
    told = named[named["customer_id"].notna()]
    listed = set(told.loc[told["source"].eq("customers"), "customer_id"])
    parts = [
        pd.DataFrame({"sign": sign, "value": told[f"plain_{sign}"], "customer_id": told["customer_id"]})
        for sign in SIGNS
    ]
    pairs = pd.concat(parts, ignore_index=True).dropna(subset=["value"]).drop_duplicates()
    known = pairs["customer_id"].isin(listed)
    pairs = pairs[known | ~known.groupby([pairs["sign"], pairs["value"]]).transform("any")]
    return pairs.assign(holders=pairs.groupby(["sign", "value"])["customer_id"].transform("size"))


def _named(seen: pd.DataFrame, before: pd.DataFrame) -> tuple[pd.DataFrame, set[str]]:
    """The rows with the customer that their signs tell, and the ids of customers whom only orders know."""
    named = _filled(seen, before)
    buyers = set(before.loc[before["is_buyer"].astype(bool), "customer_id"])
    orders = named["source"].eq("transactions") & named["customer_id"].isna()
    address = named["plain_email"].where(named["plain_email"].notna(), named["plain_phone"])
    owners = _owners(named)
    shared = {sign: set(part["value"]) for sign, part in owners[owners["holders"] > 1].groupby("sign")}
    several = named["plain_email"].isin(shared.get("email", set())) | (
        named["plain_email"].isna() & named["plain_phone"].isin(shared.get("phone", set()))
    )
    new = named.assign(address=address)[orders & address.notna() & ~several]
    if len(new):
        first = new.sort_values(["first_on", "first_order"]).groupby("address")["first_order"].first()
        ids = "order-" + first
        named.loc[new.index, "customer_id"] = new["address"].map(ids)
        buyers |= set(ids)
        named = _filled(named, before)
    return named, buyers


def _filled(seen: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Rows that name nobody name whom their signs tell; a row so named may tell whose its other signs are."""
    named = seen.copy()
    for _ in range(_ROUNDS):
        owners = _owners(named)
        told = pd.Series(None, index=named.index, dtype=object)
        for sign in SIGNS:
            here = owners[owners["sign"].eq(sign)]
            one = here[here["holders"].eq(1)].set_index("value")["customer_id"]
            last = before[before["sign"].eq(sign) & ~before["value"].isin(here["value"])]
            whose = pd.concat([one, last.set_index("value")["customer_id"]])
            told = told.where(told.notna(), named[f"plain_{sign}"].map(whose.to_dict()))
        new = named["customer_id"].isna() & told.notna()
        if not new.any():
            break
        named["customer_id"] = named["customer_id"].where(~new, told)
    return named


def _fill(engine: Engine, source: str, named: pd.DataFrame) -> None:
    """Rows of a table that named nobody name the customer that was found."""
    found = named.loc[named["customer_id"].notna(), ["combined", "customer_id"]]
    if found.empty:
        return
    present = columns_of(engine.run(f"from {source}"))
    combined = _combined(_signs_of(engine, source, present))
    engine.register("signs_found", found.drop_duplicates("combined").astype(str))
    engine.execute(
        f"create or replace table {source} as select t.* exclude (combined_signs) replace "
        "(coalesce(t.customer_id, f.customer_id) as customer_id) "
        f"from (select *, {combined} as combined_signs from {source}) t left join signs_found f "
        "on t.customer_id is null and t.combined_signs = f.combined"
    )


def _has(engine: Engine, table: str, *columns: str) -> bool:
    of_these = "table_name = $1 and column_name in (select unnest($2))"
    asked = f"select count(*) from information_schema.columns where {of_these}"
    return engine.rows(asked, [table, list(columns)])[0][0] == len(columns)


def _add_buyers(engine: Engine, named: pd.DataFrame, buyers: set[str]) -> None:
    """A row of `customers` for each customer whom only orders know."""
    listed = {one for (one,) in engine.rows("select customer_id from customers")}
    rows = named[named["source"].eq("transactions") & named["customer_id"].isin(buyers - listed)]
    if rows.empty:
        return
    rows = (
        rows.sort_values("first_on")
        .groupby("customer_id", as_index=False)[["email", "phone", "first_on"]]
        .first()
    )
    rows = rows.rename(columns={"first_on": "signed_up_on"})
    present = columns_of(engine.run("from customers"))
    columns = [name for name in rows.columns if name in present]
    engine.register("new_buyers", rows[columns].astype(dict.fromkeys(columns, object)))
    engine.execute(
        f"create or replace table customers as from customers union all by name "
        f"select {', '.join(columns)} from new_buyers"
    )


def _still(owners: pd.DataFrame, before: pd.DataFrame, buyers: set[str]) -> pd.DataFrame:
    """What is known for the next load: the signs of one customer, and those that nobody speaks of now."""
    one = owners[owners["holders"].eq(1) & owners["sign"].isin(_TOLD)]
    spoken = pd.MultiIndex.from_frame(owners[["sign", "value"]])
    silent = before[~pd.MultiIndex.from_frame(before[["sign", "value"]]).isin(spoken)]
    now = pd.concat([one[["sign", "value", "customer_id"]], silent[["sign", "value", "customer_id"]]])
    now = now.assign(is_buyer=now["customer_id"].isin(buyers))
    return now.sort_values(["sign", "value"], ignore_index=True)[list(KNOWN_COLUMNS)]


def _counts(seen: pd.DataFrame, named: pd.DataFrame) -> pd.DataFrame:
    owners = _owners(named)
    rows = []
    given = named["customer_id"].notna() & seen["customer_id"].isna()
    for source in dict.fromkeys(seen["source"]):
        of = seen["source"].eq(source)
        left = given & of
        for sign in SIGNS:
            values = set(named.loc[of, f"plain_{sign}"].dropna())
            if not values or (sign == "order_id" and source == "transactions"):
                continue
            here = owners[owners["sign"].eq(sign) & owners["value"].isin(values)]
            by_it = left & named[f"plain_{sign}"].isin(set(here.loc[here["holders"].eq(1), "value"]))
            left &= ~by_it
            shared = here.loc[here["holders"] > 1, "value"].nunique()
            joined = int(here["holders"].eq(1).sum())
            rows.append((source, sign, len(values), joined, shared, int(seen.loc[by_it, "rows"].sum())))
    return pd.DataFrame(rows, columns=list(IDENTITY_COLUMNS[:6]))


def _changes(
    now: pd.DataFrame, owners: pd.DataFrame, known: pd.DataFrame | None, before: pd.DataFrame
) -> pd.DataFrame:
    """What has become of the signs since the last load, and why; at the first there is nothing to tell."""
    if known is None:
        return pd.DataFrame(columns=list(LOG_COLUMNS))
    keys = ["sign", "value"]
    both = now.merge(before, on=keys, how="outer", suffixes=("", "_before"))
    holders = owners.drop_duplicates(keys).set_index(keys)["holders"]
    rows = []
    for one in both.itertuples():
        record = f"{one.sign}:{one.value}"
        if pd.isna(one.customer_id_before):
            rows.append(("joined", one.customer_id, record, "", "seen with this customer alone"))
        elif pd.isna(one.customer_id):
            why = f"{holders.get((one.sign, one.value), 0)} customers have it now"
            rows.append(("split", "", record, one.customer_id_before, why))
        elif one.customer_id != one.customer_id_before:
            rows.append(
                ("split", one.customer_id, record, one.customer_id_before, "seen with this customer now")
            )
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS))
