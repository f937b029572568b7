"""The pipeline as it stood at a past moment: which deals were open, in which stage, and for how long."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmlib.measure.deals.stays import (
    STAY_COLUMNS,
    count_set_aside,
    history_entries,
    plain_stage,
    stage_order,
    stage_stays,
)
from crmlib.measure.steps import Steps, ask, columns_here, read_table
from crmlib.prepare.crm import Crm
from crmlib.schema.errors import SchemaError

_NEVER = np.iinfo("int64").min
_ENDS = ("", "won", "lost", "closed")
_REASONS = (*("negative", "orphan", "after_close", "unclear_end"), *("no_end", "nowhere", "overlapping"))
_DAY = 86_400_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class StayHistory:
    """The history of stages of a workspace, from which the stays known at any earlier moment are cut.

    `entries`: dict of arrays, one place a row of the history; None where it cannot be cut.
    `names` (dict of lists of str): What the numbers of `deal`, `key` and `stage` stand for, each in its
        order.
    """

    crm: Crm
    entries: dict[str, np.ndarray] | None
    names: dict[str, list[str]]

    def at(self, moment: pd.Timestamp) -> pd.DataFrame:
        """What ``stage_stays(crm.at(moment))`` gives, without asking the tables again."""
        if moment == self.crm.as_of:
            return stage_stays(self.crm)
        if self.entries is None:
            return stage_stays(self.crm.at(moment))
        now = int(moment.as_unit("us").to_numpy().astype("int64"))
        rows, reason = _known(self.entries, now)
        visits = _visits({name: cells[reason < 0] for name, cells in rows.items()})
        stays = _stays(visits, time_zone=self.crm.time_zone)
        return self._named(stays, flagged=reason[reason >= 0], now=now)

    def _named(self, stays: dict[str, np.ndarray], *, flagged: np.ndarray, now: int) -> pd.DataFrame:
        stages, written, place = self._stages(stays)
        here, ahead = stays["key"], stays["next_key"]
        moved = ~stays["is_last"]
        # The names of where a stay leads: stages first, then the ends.
        ends = np.array([*written, *_ENDS], dtype=object)
        way = np.array(["back", "forward", *_ENDS], dtype=object)
        leads = np.where(moved, ahead, len(written) + stays["next_end"])
        onward = np.where(moved, place[ahead] > place[here], 2 + stays["next_end"]).astype(int)
        left, entered, fine = stays["left"], stays["entered"], stays["reason"] < 0
        until = np.where(left == _NEVER, now, left)
        table = pd.DataFrame(
            {
                "opportunity_id": _texts(np.array(self.names["deal"], dtype=object), stays["deal"][fine]),
                "stage": _texts(ends, here[fine]),
                "entered_at": _moments(entered[fine]),
                "exited_at": _moments(left[fine]),
                "next_stage": _texts(ends, leads[fine]),
                "exit": _texts(way, onward[fine]),
                "stay_days": (self._seconds(until[fine]) - self._seconds(entered[fine])) / 86_400.0,
                "is_over": (left != _NEVER)[fine],
                "visit_no": stays["visit_no"][fine],
            },
            columns=list(STAY_COLUMNS),
        )
        counts = np.bincount(np.concatenate([flagged, stays["reason"][~fine]]), minlength=len(_REASONS))
        found = pd.Series(counts, index=list(_REASONS))
        table.attrs = {
            "stages": stages,
            "set_aside": count_set_aside(self.crm, found[found > 0]),
            "joined": int((stays["row_count"] - 1).sum()),
        }
        return table

    def _stages(self, stays: dict[str, np.ndarray]) -> tuple[tuple[str, ...], list[str], np.ndarray]:
        """The stages in their order; how each key is written, and its place."""
        keys = self.names["key"]
        spelt = np.full(len(keys), len(self.names["stage"]))
        np.minimum.at(spelt, stays["key"], stays["stage"])
        texts = np.array([*self.names["stage"], ""], dtype=object)[spelt]
        visits = pd.DataFrame(
            {
                "opportunity_id": stays["deal"], "stage_key": _texts(np.array(keys, dtype=object), stays["key"]),
                "stage": _texts(texts, stays["key"]), "entry_no": stays["entry_no"],
            }
        )  # fmt: skip
        stages = stage_order(self.crm, visits)
        place = {plain_stage(name): number for number, name in enumerate(stages)}
        plain = [plain_stage(key) for key in keys]
        named = {plain_stage(name): name for name in stages}
        return (
            stages,
            [named.get(key, "") for key in plain],
            np.array([place.get(key, -1) for key in plain] or [-1]),
        )

    def _seconds(self, moments: np.ndarray) -> np.ndarray:
        return _local(moments, self.crm.time_zone) / 1e6


def stay_history(crm: Crm) -> StayHistory:
    """Read the history of stages once, for the stays at many past moments."""
    if "stage_history" not in crm or "opportunities" not in crm:
        return StayHistory(crm=crm, entries=None, names={})
    table = ask(crm, history_entries(crm))
    if table[["opportunity_id", "stage_key"]].isna().any(axis=None) or table["deal_count"].gt(1).any():
        return StayHistory(crm=crm, entries=None, names={})
    entries, names = {}, {}
    for name, column in (("deal", "opportunity_id"), ("key", "stage_key"), ("stage", "stage")):
        # In the order of their code points, as the tables sort texts.
        values = sorted(table[column].unique().tolist())
        names[name] = values
        entries[name] = pd.Categorical(table[column], categories=values).codes.astype("int64")
    for name in ("entered", "exited", "created", "closed"):
        moments = table[f"{name}_at"].astype("datetime64[us]")
        entries[name] = moments.astype("int64").where(moments.notna(), _NEVER).to_numpy("int64")
    entries["entered_day"] = _local(entries["entered"], crm.time_zone) // _DAY
    entries["closed_day"] = _local(entries["closed"], crm.time_zone) // _DAY
    entries["end"] = (
        table["end_kind"].map({name: n for n, name in enumerate(_ENDS)}).fillna(0).to_numpy("int64")
    )
    entries["outcome"] = table["outcome"].map({"won": 1, "lost": 2}).fillna(0).to_numpy("int64")
    entries["has_deal"] = table["deal_count"].eq(1).to_numpy()
    order = np.lexsort((entries["entered"], entries["deal"]))
    return StayHistory(crm=crm, entries={name: cells[order] for name, cells in entries.items()}, names=names)


def _known(entries: dict[str, np.ndarray], now: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The rows there were at a moment, what came later unknown, and why a row does not go on (-1: it does)."""
    there = entries["entered"] <= now
    rows = {name: cells[there] for name, cells in entries.items()}
    rows["exited"] = np.where(rows["exited"] <= now, rows["exited"], _NEVER)
    is_later = rows["closed"] > now
    rows["closed"] = np.where(is_later, _NEVER, rows["closed"])
    rows["outcome"] = np.where(is_later, 0, rows["outcome"])
    is_born = rows["has_deal"] & (rows["created"] <= now)
    decided = is_born & (rows["outcome"] > 0)
    dated = rows["closed"] != _NEVER
    reason = np.select(
        [
            (rows["exited"] != _NEVER) & (rows["exited"] < rows["entered"]),
            ~is_born,
            (rows["end"] == 0) & decided & dated & (rows["entered_day"] > rows["closed_day"]),
            (rows["end"] == 3) & ~decided,
        ],
        [0, 1, 2, 3],
        default=-1,
    )
    return rows, reason


def _visits(rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rows of one stage that follow each other as one visit, with what comes next."""
    no_exit = rows["exited"] == _NEVER
    order = np.lexsort((rows["key"], rows["exited"], no_exit, rows["end"] > 0, rows["entered"], rows["deal"]))
    rows = {name: cells[order] for name, cells in rows.items()}
    same = (rows["deal"][1:] == rows["deal"][:-1]) & (rows["key"][1:] == rows["key"][:-1])
    first = np.flatnonzero(np.append(True, ~same)[: len(rows["deal"])])
    if not len(first):
        return rows | {"row_count": first, "stays_on": first, "entry_no": first, "visit_no": first + 1}
    goes_on = np.append(same, False)
    unstated = (rows["exited"] == _NEVER) & ~goes_on
    visits = {name: cells[first] for name, cells in rows.items()}
    visits["stage"] = np.minimum.reduceat(rows["stage"], first)
    visits["exited"] = np.where(
        np.logical_or.reduceat(unstated, first), _NEVER, np.maximum.reduceat(rows["exited"], first)
    )
    visits["row_count"] = np.diff(np.append(first, len(rows["deal"])))
    visits["entry_no"] = _numbered(visits["deal"])
    pair = visits["deal"] * (visits["key"].max() + 1) + visits["key"]
    by_pair = np.argsort(pair, kind="stable")
    visits["visit_no"] = np.empty(len(first), dtype="int64")
    visits["visit_no"][by_pair] = _numbered(pair[by_pair])
    return visits


def _stays(visits: dict[str, np.ndarray], *, time_zone: str) -> dict[str, np.ndarray]:
    """How each visit ended, and why a stay is set aside (-1: it is not)."""
    deal, entered, closed, outcome = (visits[name] for name in ("deal", "entered", "closed", "outcome"))
    follows = np.append(deal[1:] == deal[:-1], False)[: len(deal)]
    next_entered, next_key, next_end, next_day = (
        np.append(visits[name][1:], 0)[: len(deal)] for name in ("entered", "key", "end", "entered_day")
    )
    next_end = np.where(follows, next_end, 0)
    decided, is_last = outcome > 0, ~follows | (next_end > 0)
    closing = np.where(closed == _NEVER, _NEVER, np.maximum(closed, entered))
    stated = visits["exited"] != _NEVER
    left = np.select([stated, follows, decided], [visits["exited"], next_entered, closing], _NEVER)
    gone, left_day = left != _NEVER, _local(left, time_zone) // _DAY
    overlaps = follows & (next_entered < left) & ((next_end == 0) | (next_day < left_day))
    reason = np.select([~gone & decided, gone & ~follows & ~decided, overlaps], [4, 5, 6], default=-1)
    by_outcome = (next_end == 3) | (~follows & decided)
    stays = {
        "deal": deal, "key": visits["key"], "entered": entered, "left": left, "next_key": next_key,
        "next_end": np.select([by_outcome, next_end > 0], [outcome, next_end], 0), "is_last": is_last,
        "reason": reason, "stage": visits["stage"], "entry_no": visits["entry_no"],
        "visit_no": visits["visit_no"], "row_count": visits["row_count"],
    }  # fmt: skip
    return {name: cells[visits["end"] == 0] for name, cells in stays.items()}


def _numbered(group: np.ndarray) -> np.ndarray:
    """1, 2, 3 ... within runs of equal numbers."""
    first = np.flatnonzero(np.append(True, group[1:] != group[:-1])[: len(group)])
    return np.arange(len(group)) - np.repeat(first, np.diff(np.append(first, len(group)))) + 1


def _local(moments: np.ndarray, time_zone: str) -> np.ndarray:
    """Moments in UTC as clocks of a zone show them, both in microseconds."""
    index = pd.DatetimeIndex(moments.view("datetime64[us]"))
    return index.tz_localize("UTC").tz_convert(time_zone).tz_localize(None).as_unit("us").asi8


def _moments(values: np.ndarray) -> pd.Series:
    return pd.Series(values.view("datetime64[us]"))


def _texts(names: np.ndarray, places: np.ndarray) -> Any:
    return pd.array(names, dtype="str").take(places)


DEAL_KEYS = ("owner_id", "product_id", "category", "department", "region", "customer_id")
"""What deals may be told apart by."""

_OWN = (
    *("opportunity_id", "customer_id", "owner_id", "product_id", "amount", "created_at", "closed_at"),
    "outcome",
)
_LEDGER = {
    "parties": """
        select customer_id, min(region) as region, min(company_size) as company_size
        from ({customers}) as customers
        group by customer_id
    """,
    "things": """
        select product_id, min(category) as category, min(department) as department
        from ({products}) as products
        group by product_id
    """,
}
_LEDGER_SQL = """
select
    deals.opportunity_id,
    deals.owner_id,
    deals.product_id,
    things.category,
    things.department,
    parties.region,
    deals.customer_id,
    parties.company_size,
    cast(deals.amount as double) as amount,
    deals.created_at,
    deals.closed_at,
    coalesce(deals.outcome, 'open') as outcome
from ({deals}) as deals
left join parties on deals.customer_id = parties.customer_id
left join things on deals.product_id = things.product_id
order by deals.opportunity_id
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class PastPipeline:
    """The deals that were open at a moment, and all stays in stages known then.

    `moment`: Timestamp, naive, in UTC.
    `open` (indexed by opportunity_id): `stage` ("" where no stage is known), `in_stage_days`, `age_days` (to
        the moment), and the ledger's columns.
    `decided` (indexed by opportunity_id): The deals won or lost up to the moment, with a date.
    `stays`: As `stage_stays` gives them.
    `stages`: In their order.
    """

    moment: pd.Timestamp
    open: pd.DataFrame
    decided: pd.DataFrame
    stays: pd.DataFrame
    stages: tuple[str, ...]


def deal_ledger(crm: Crm) -> pd.DataFrame:
    """What is known of every deal, without its contacts: whose it is, what it is about, when it came and went."""
    if "opportunities" not in crm:
        raise SchemaError(
            f"{crm.name} has no opportunities, so there is no pipeline. "
            "Map them in crm.toml under [tables.opportunities]."
        )
    ledger = ask(crm, ledger_sql(crm)).set_index("opportunity_id")
    for name in ("created_at", "closed_at"):
        ledger[name] = pd.to_datetime(ledger[name]).astype("datetime64[us]")
    return ledger.astype({"amount": "float64"})


def ledger_sql(crm: Crm) -> str:
    """The statement behind `deal_ledger`."""
    columns = columns_here(crm, "opportunities", "customers", "products")
    customers = read_table(columns, "customers", ("customer_id", "region", "company_size"))
    products = read_table(columns, "products", ("product_id", "category", "department"))
    steps = Steps().add(_LEDGER, customers=customers, products=products)
    return steps.sql(_LEDGER_SQL.format(deals=read_table(columns, "opportunities", _OWN)))


def past_pipeline(
    crm: Crm, *, moment: pd.Timestamp, ledger: pd.DataFrame | None = None, history: StayHistory | None = None
) -> PastPipeline:
    """The pipeline as ``crm.at(moment)`` knows it."""
    ledger = deal_ledger(crm) if ledger is None else ledger
    stays = (stay_history(crm) if history is None else history).at(moment)
    closed = ledger["outcome"].isin(["won", "lost"])
    there = ledger["created_at"] <= moment
    gone = closed & ~(ledger["closed_at"] > moment)
    open_deals = ledger[there & ~gone].drop(columns=["closed_at", "outcome"])
    last = stays.groupby("opportunity_id").tail(1).set_index("opportunity_id")
    last = last.reindex(open_deals.index)
    left = last["is_over"].eq(True)
    begun = last["entered_at"].where(~left, last["exited_at"])
    inside = ~left | last["next_stage"].isin(stays.attrs["stages"])
    stage = last["stage"].where(~left | ~inside, last["next_stage"]).fillna("")
    in_stage_days = _days(moment - begun.fillna(open_deals["created_at"]))
    age_days = _days(moment - open_deals["created_at"])
    open_deals = open_deals.assign(stage=stage.astype("str"), in_stage_days=in_stage_days, age_days=age_days)
    decided = ledger[closed & (ledger["closed_at"] <= moment)]
    stages = tuple(stays.attrs["stages"])
    return PastPipeline(moment=moment, open=open_deals, decided=decided, stays=stays, stages=stages)


def _days(spans: pd.Series) -> pd.Series:
    return spans.dt.total_seconds() / 86_400
