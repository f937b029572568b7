"""Whom a workspace has forgotten: salted marks, by which her rows are left out whenever the exports are read."""

import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from crmlib.prepare.engine import Engine, columns_of
from crmlib.schema.fields import TableSpec

FILE = ".forgotten.json"
ID, EMAIL = "id", "email"
KNOWN_BY = {"email": EMAIL, "handle": "handle", "visitor_id": "visitor", "order_id": "order"}
"""Columns that tell whose a row is, though it names nobody -> the kind of the mark."""
SEPARATORS = re.compile(r"[,;\t|]")


@dataclass(kw_only=True)
class Forgotten:
    """Whom a workspace has forgotten, as salted marks; and, while it is read, which rows went with them."""

    salt: str
    marks: frozenset[str]
    gone: dict[str, set[str]] = field(default_factory=dict)
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def mark(self, kind: str, value: Any) -> str:
        """What stays of a number or an address."""
        plain = str(value).strip().casefold()
        return hmac.digest(self.salt.encode(), f"{kind}\0{plain}".encode("utf-8", "replace"), "sha256").hex()[
            :32
        ]

    def holds(self, kind: str, value: Any) -> bool:
        """Whether a number or an address is of somebody who is forgotten."""
        asked = kind, str(value)
        if asked not in self._known:
            self._known[asked] = self.mark(kind, value) in self.marks
        return self._known[asked]

    def remove_from(self, engine: Engine, name: str, spec: TableSpec) -> None:
        """Take her rows out of a table that was just read, and those that belong to them."""
        present = columns_of(engine.run(f"from {Engine.quote(name)}"))
        for column, kind in own_columns(spec, present):
            values = [
                v
                for (v,) in engine.rows(f"select distinct {Engine.quote(column)} from {name}")
                if v is not None
            ]
            self._delete(engine, name, spec, present, column, [v for v in values if self.holds(kind, v)])
        for one in spec.fields:
            if one.name in present and self.gone.get(one.references or ""):
                self._delete(engine, name, spec, present, one.name, sorted(self.gone[one.references or ""]))

    def _delete(self, engine, name, spec, present, column, values):
        if not values:
            return
        found = f"{Engine.quote(column)} in (select unnest($1))"
        if len(spec.keys) == 1 and spec.keys[0] in present:
            rows = engine.rows(f"select {Engine.quote(spec.keys[0])} from {name} where {found}", [values])
            self.gone.setdefault(spec.name, set()).update(str(key) for (key,) in rows if key is not None)
        engine.execute(f"delete from {name} where {found}", [values])

    def rejects(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Records that could not be read, without hers."""
        hers = frame["text"].map(
            lambda text: any(self._is_hers(part) for part in SEPARATORS.split(str(text)))
        )
        return frame[~hers.astype(bool)].reset_index(drop=True)

    def _is_hers(self, part: str) -> bool:
        plain = part.strip().strip("\"'")
        return bool(plain) and (self.holds(ID, plain) or self.holds(EMAIL, plain))


def forgotten_in(root: Path) -> Forgotten | None:
    """Whom a workspace has forgotten; None where nobody."""
    file = root / FILE
    if not file.is_file():
        return None
    kept = json.loads(file.read_text(encoding="utf-8"))
    return Forgotten(salt=kept["salt"], marks=frozenset(kept["marks"]))


def forgotten_print(root: Path) -> str:
    """A fingerprint of the marks: with others, the tables are made anew."""
    found = forgotten_in(root)
    return found.mark("all", " ".join(sorted(found.marks))) if found else ""


def own_columns(spec: TableSpec, present: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The columns of a table by which a customer is known again, and of what kind they are."""
    for one in spec.fields:
        names_her = one.references == "customers" or (spec.name, one.name) == ("customers", "customer_id")
        if one.name in present and one.name != "parent_customer_id" and names_her:
            yield one.name, ID
        elif one.name in present and one.name in KNOWN_BY:
            yield one.name, KNOWN_BY[one.name]
