"""How easily one customer is told from the others by what others may know of them: k-anonymity and what goes with it.

Named as pyCANON names them, which wants an older pandas: https://github.com/IFCA-Advanced-Computing/pycanon.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import min_group
from crmlib.schema.audiences import AUDIENCES
from crmlib.schema.tables import table_spec

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
