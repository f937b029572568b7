"""Can the data be trusted: what was read, filled in, how fresh it is, what is missing, who is easily recognised.

k-anonymity and what goes with it is named as pyCANON names it, which wants an older pandas:
https://github.com/IFCA-Advanced-Computing/pycanon.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.columns import table_contents
from crmlib.measure.offers.candidates import find_not_goods
from crmlib.prepare.check.findings import CheckReport
from crmlib.prepare.clock import local_time
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.audiences import AUDIENCES
from crmlib.schema.fields import TableSpec
from crmlib.schema.tables import TABLES, table_spec

COLUMNS_THAT_ADD: tuple[str, ...] = (
    "transactions.customer_id",
    "transactions.quantity",
    "transactions.discount_amount",
    "transactions.cost_amount",
    "transactions.channel",
    "products.name",
    "products.category",
    "campaign_contacts.responded_at",
    "campaign_contacts.is_control",
)
"""Optional columns without which a report says less."""


@dataclass(frozen=True, kw_only=True)
class DataHealth:
    """What is known about the data themselves.

    Attributes
    ----------
    as_of : Timestamp
        As the workspace's clocks show it, like all moments here.
    tables : DataFrame, one row a table
        `table`, `row` (what one row is), `rows_read`, `rows_accepted`, `rows_set_aside`, `set_aside_pct`,
        `first_at`, `last_at`, `age_days` (whole days from the last row to `as_of`).
    completeness : DataFrame, one row a mapped column
        `table`, `column`, `says`, `privacy`, `required`, `filled_pct`, `distinct` (missing for personal and
        sensitive columns, of which nothing but their completeness is told).
    missing : DataFrame
        `what`: a table, or table.column.
    not_goods : DataFrame, one row a product
        `product_id`, `name`, `evidence` ("name", "free", "negative", "code"), `lines`: postage, fees, samples and
        the like, which are never offered.
    anonymity : DataFrame, one row an audience that may read of single customers
        `audience`, `columns` (by which others may know a customer), `customers`, `k` (k-anonymity), `alone`
        (customers whom nobody is like), `below` (those with fewer than `minimum` like them), `minimum`,
        `sensitive` (a column, or "") with `l` (l-diversity) and `t` (t-closeness).

    Examples
    --------
    See `data_health`.
    """

    as_of: pd.Timestamp
    currency: str
    checks: CheckReport = field(repr=False)
    tables: pd.DataFrame = field(repr=False)
    completeness: pd.DataFrame = field(repr=False)
    missing: pd.DataFrame = field(repr=False)
    not_goods: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    anonymity: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)

    @property
    def findings(self) -> pd.DataFrame:
        """Checks that found something, the most rows first within what was set aside, mended and warned of.

        Examples
        --------
        >>> from crmlib.prepare.crm import Crm
        >>> crm = Crm.from_frames(as_of="2024-01-31", products=pd.DataFrame({"product_id": ["a", "a"]}))
        >>> data_health(crm).findings["policy"].tolist()
        ['set_aside']
        """
        order = {"set_aside": 0, "mend": 1, "warn": 2}
        found = self.checks.summary
        keys = pd.DataFrame({"policy": found["policy"].map(order), "rows": -found["rows"].astype("int64")})
        return found.loc[keys.sort_values(["policy", "rows"], kind="stable").index].reset_index(drop=True)

    @property
    def rows_later(self) -> int:
        """Rows after the closing date: nothing is wrong with them, they are not yet known."""
        return self._rows_of("after_as_of")

    @property
    def rows_merged(self) -> int:
        """Rows that became part of an earlier one: the workspace asked for that."""
        return self._rows_of("merged")

    @property
    def rows_at_fault(self) -> int:
        """Rows set aside because something is wrong with them."""
        return self.checks.rows_set_aside - self.rows_later - self.rows_merged

    @property
    def rows_mended(self) -> int:
        """Rows that were put right and counted; one that broke two checks counts twice."""
        return int(self.findings.loc[self.findings["policy"] == "mend", "rows"].sum())

    def _rows_of(self, check: str) -> int:
        return int(self.findings.loc[self.findings["check"] == check, "rows"].sum())

    def _repr_html_(self) -> str:
        return self.tables.to_html(index=False)


def data_health(crm: Crm) -> DataHealth:
    """Look at the tables of a workspace as a reader of its reports would want to.

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> people = pd.DataFrame({"customer_id": ["1", "2"], "region": ["north", None],
    ...                        "email": ["a@b.example", None]})
    >>> health = data_health(Crm.from_frames(as_of="2024-01-31", customers=people))
    >>> health.completeness[["column", "filled_pct", "distinct"]]
            column  filled_pct  distinct
    0  customer_id       100.0         2
    1       region        50.0         1
    2        email        50.0      <NA>
    >>> health.missing["what"].head(2).tolist()
    ['contacts', 'products']
    """
    seen = [_look(crm, table_spec(name)) for name in crm.tables]
    return DataHealth(
        as_of=local_time(crm.as_of, time_zone=crm.time_zone),
        currency=crm.currency,
        checks=crm.checks,
        tables=_tables(crm, {name: span for name, _, span in seen}),
        completeness=pd.concat([filled for _, filled, _ in seen], ignore_index=True),
        missing=_missing(crm),
        not_goods=find_not_goods(crm) if "transactions" in crm else pd.DataFrame(),
        anonymity=anonymity(crm),
    )


def _look(crm: Crm, spec: TableSpec) -> tuple[str, pd.DataFrame, tuple[Any, Any]]:
    """Everything about one table in one pass: values of each column, different ones, from when to when."""
    columns = [spec.field(name) for name in crm.columns(spec.name)]
    found = table_contents(crm, spec)
    filled = pd.DataFrame(
        {
            "table": spec.name,
            "column": [column.name for column in columns],
            "says": [column.description for column in columns],
            "privacy": [column.privacy for column in columns],
            "required": [column.required for column in columns],
            "filled_pct": [
                100 * n / found.rows if found.rows else float("nan") for n in found.filled.values()
            ],
            "distinct": pd.array(list(found.distinct.values()), dtype="Int64"),
        }
    )
    span = (found.first_at, found.last_at)
    if spec.time in found.filled and spec.field(spec.time).type == "timestamp":
        span = tuple(local_time(moment, time_zone=crm.time_zone) for moment in span)
    return spec.name, filled, span


def _tables(crm: Crm, spans: Mapping[str, tuple[Any, Any]]) -> pd.DataFrame:
    tables = crm.checks.counts.copy()
    tables.insert(1, "row", [table_spec(name).row for name in tables["table"]])
    tables["set_aside_pct"] = (
        100 * tables["rows_set_aside"] / tables["rows_read"].where(tables["rows_read"] > 0)
    )
    for place, name in enumerate(("first_at", "last_at")):
        moments = [spans.get(table, (None, None))[place] for table in tables["table"]]
        tables[name] = pd.to_datetime(pd.Series(moments, index=tables.index, dtype="object"))
    tables["age_days"] = (local_time(crm.as_of, time_zone=crm.time_zone) - tables["last_at"]).dt.days
    return tables


def _missing(crm: Crm) -> pd.DataFrame:
    what = [name for name in TABLES if name not in crm]
    present = {name: crm.columns(name) for name in crm.tables}
    for column in COLUMNS_THAT_ADD:
        table, _, name = column.partition(".")
        if table in present and name not in present[table]:
            what.append(column)
    return pd.DataFrame({"what": pd.Series(what, dtype="str")})


QUASI_IDENTIFIERS = (
    *("kind", "industry", "company_size", "country", "region", "city", "household_size"),
    *("birth_on", "gender", "income_band"),
)
"""What others may know of a customer, too; of a date of birth the year."""

_AUDIENCES = ("stakeholder", "analyst")
"""Those who may read single customers, but no names."""


def k_anonymity(frame: pd.DataFrame, quasi: Iterable[str]) -> int:
    """The customers in the smallest group of those who are alike in all quasi-identifiers; 0 where there are none.

    Sweeney, L. (2002). k-anonymity: a model for protecting privacy. IJUFKS 10.
    """
    return int(sizes_of_groups(frame, quasi).min()) if len(frame) else 0


def l_diversity(frame: pd.DataFrame, quasi: Iterable[str], sensitive: str) -> int:
    """The fewest different values of a sensitive column in a group of those who are alike; a missing one is a value.

    Machanavajjhala, A. et al. (2007). l-diversity: privacy beyond k-anonymity. ACM TKDD 1.
    """
    values = frame[sensitive].astype("str").where(frame[sensitive].notna(), "")
    return int(values.groupby(_groups(frame, quasi)).nunique().min()) if len(frame) else 0


def t_closeness(frame: pd.DataFrame, quasi: Iterable[str], sensitive: str) -> float:
    """The furthest that a sensitive column of a group lies from that of all: 0 as all have it, 1 nothing in common.

    Between values that have no order, all at the same distance from each other.

    Li, N., Li, T. & Venkatasubramanian, S. (2007). t-closeness: privacy beyond k-anonymity and l-diversity. ICDE.
    """
    if not len(frame):
        return float("nan")
    values = frame[sensitive].astype("str").where(frame[sensitive].notna(), "")
    of_all = values.value_counts(normalize=True)
    within = values.groupby(_groups(frame, quasi)).value_counts(normalize=True)
    # Values that a group lacks differ by their share of all, so half the sum is one less what both have.
    common = np.minimum(within.to_numpy(), of_all.reindex(within.index.get_level_values(1)).to_numpy())
    return float(1 - pd.Series(common).groupby(within.index.get_level_values(0)).sum().min())


def sizes_of_groups(frame: pd.DataFrame, quasi: Iterable[str]) -> pd.Series:
    """How many customers are alike in all quasi-identifiers, one row a group; what is missing is a value, too."""
    return _groups(frame, quasi).value_counts()


def anonymity(crm: Crm) -> pd.DataFrame:
    """How anonymous customers are for those who may read of single ones, one row an audience.

    `audience`, `columns` (a tuple), `customers`, `k`, `alone` (customers whom nobody is like), `below` (customers in
    groups smaller than `min_group`), `minimum`, `sensitive` (a column, or ""), `l`, `t`.
    """
    present = crm.columns("customers") if "customers" in crm else ()
    spec = table_spec("customers")
    rows = []
    for audience in _AUDIENCES:
        quasi = [
            name
            for name in QUASI_IDENTIFIERS
            if name in present and spec.field(name).privacy in AUDIENCES[audience].reads
        ]
        frame = crm.frame("customers", quasi) if quasi else pd.DataFrame()
        if "birth_on" in frame:
            frame["birth_on"] = pd.to_datetime(frame["birth_on"], errors="coerce").dt.year
        told = tuple(name for name in quasi if frame[name].nunique() > 1)
        if told and told not in [row["columns"] for row in rows]:
            rows.append({"audience": audience, **_measured(frame, told, minimum=min_group(crm))})
    columns = ["audience", "columns", "customers", "k", "alone", "below", "minimum", "sensitive", "l", "t"]
    return pd.DataFrame(rows, columns=columns)


def _measured(frame: pd.DataFrame, told: tuple[str, ...], *, minimum: int) -> dict:
    sizes = sizes_of_groups(frame, told)
    sensitive = told[-1] if table_spec("customers").field(told[-1]).privacy == "sensitive" else ""
    others = [name for name in told if name != sensitive]
    known = bool(sensitive and others)
    return {
        "columns": told,
        "customers": len(frame),
        "k": int(sizes.min()),
        "alone": int((sizes == 1).sum()),
        "below": int(sizes[sizes < minimum].sum()),
        "minimum": minimum,
        "sensitive": sensitive,
        "l": l_diversity(frame, others, sensitive) if known else np.nan,
        "t": t_closeness(frame, others, sensitive) if known else np.nan,
    }


def _groups(frame: pd.DataFrame, quasi: Iterable[str]) -> pd.Series:
    return frame.groupby(list(quasi), dropna=False, sort=False).ngroup()
