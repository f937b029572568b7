"""From pairs to customers: who is joined, which id lasts, what changed, and which value of which record counts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from crmlib.prepare.identity.match import somebody_else
from crmlib.prepare.identity.settings import IdentitySettings

LOG_COLUMNS = ("event", "customer_id", "record_id", "from_customer_id", "why")
DECISIONS = ("same", "different")


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The number of each record's group, by its id; and the pairs that joined two groups, the strongest first."""

    group: pd.Series
    ties: pd.DataFrame


class _Groups:
    """Groups that grow by pairs, and refuse those that were told apart or would hold a source twice."""

    def __init__(
        self, records: pd.Series, *, apart: pd.DataFrame, unlike: pd.DataFrame, once: pd.Series
    ) -> None:
        self._above = {record: record for record in records}
        self._members = {record: {record} for record in records}
        self._apart: dict[str, set[str]] = {}
        self._unlike: dict[str, set[str]] = {}
        for others, pairs in ((self._apart, apart), (self._unlike, unlike)):
            for left, right in pairs[["record_id_l", "record_id_r"]].itertuples(index=False):
                others.setdefault(left, set()).add(right)
                others.setdefault(right, set()).add(left)
        self._once = {record: {source} for record, source in once.items()}

    def of(self, record: str) -> str:
        """The record that stands for its group."""
        while self._above[record] != record:
            self._above[record] = self._above[self._above[record]]
            record = self._above[record]
        return record

    def join(self, one: str, other: str, *, forced: bool, sure: bool) -> bool:
        """Join two groups, if nothing is against it; whether that changed anything."""
        kept, gone = self.of(one), self.of(other)
        if kept == gone:
            return False
        if len(self._members[kept]) < len(self._members[gone]):
            kept, gone = gone, kept
        against = self._apart.get(gone, set()) | (set() if sure else self._unlike.get(gone, set()))
        if against & self._members[kept]:
            return False
        sources, more = self._once.get(kept, set()), self._once.get(gone, set())
        if not forced and sources & more:
            return False
        self._above[gone] = kept
        self._members[kept] |= self._members.pop(gone)
        for others in (self._apart, self._unlike):
            if gone in others:
                others[kept] = others.get(kept, set()) | others.pop(gone)
        if more:
            self._once[kept] = sources | more
        return True


def join_records(
    records: pd.DataFrame,
    pairs: pd.DataFrame,
    *,
    decisions: pd.DataFrame,
    held: pd.Series,
    settings: IdentitySettings,
) -> Joined:
    """Join records along the pairs that are one customer, the surest first; what a person decided stands above all.

    A pair that is not certain joins no groups of which two records are somebody else's.
    """
    apart = decisions[decisions["decision"].eq("different")]
    unlike = pairs[somebody_else(pairs["why"]) & pairs["probability"].lt(settings.keep_above)]
    told = decisions[decisions["decision"].eq("same")].assign(
        probability=1.0, weight=np.inf, why="decided", key="", held_key="", forced=True
    )
    found = pairs[accepted(pairs, held=held, settings=settings)].assign(forced=False)
    edges = pd.concat([told[found.columns], found], ignore_index=True)
    edges = edges.sort_values(
        ["forced", "key", "weight", "record_id_l", "record_id_r"],
        ascending=[False, True, False, True, True],
        key=lambda column: column.eq("") if column.name == "key" else column,
        kind="stable",
    )
    source = records.set_index("record_id")["source_system"]
    once = source[source.isin(settings.one_per_source)]
    groups = _Groups(records["record_id"], apart=apart, unlike=unlike, once=once)
    edges["sure"] = edges["forced"] | edges["key"].ne("") | edges["probability"].ge(settings.certain_above)
    there = set(records["record_id"])
    kept = [
        left in there and right in there and groups.join(left, right, forced=forced, sure=sure)
        for left, right, forced, sure in edges[["record_id_l", "record_id_r", "forced", "sure"]].to_numpy()
    ]
    roots = pd.Series([groups.of(record) for record in records["record_id"]], index=records["record_id"])
    return Joined(
        group=pd.Series(pd.factorize(roots)[0], index=roots.index), ties=edges[np.array(kept, dtype=bool)]
    )


def accepted(pairs: pd.DataFrame, *, held: pd.Series, settings: IdentitySettings) -> pd.Series:
    """Which pairs are one customer: likely ones, those of a shared key, and those that were one before and may be.

    A house, its telephone and its mail box are shared by those who live there: where names or births are somebody
    else's, no agreement in these makes one customer of two, but the same tax number does.
    """
    left, right = pairs["record_id_l"].map(held), pairs["record_id_r"].map(held)
    before = left.notna() & left.eq(right) & pairs["probability"].ge(settings.keep_above)
    likely = pairs["probability"].ge(settings.link_above)
    why, certain = pairs["why"], pairs["probability"].ge(settings.certain_above)
    others = somebody_else(why) & ~why.str.contains("tax same|tax close")
    company, renamed = why.str.contains("name "), why.str.contains("family other")
    # Who marries keeps her birth and her given name, and needs more than that.
    others &= ~(renamed & certain & why.str.contains("given (?:close|sound|short).*birth same"))
    others |= renamed & ~certain
    for kind in (company, ~company):
        among, slips = (int((likely & kind & one).sum()) for one in (True, others))
        # Where they are surely as rare as slips of the key, they are slips.
        if betaincinv(slips + 1, max(among - slips, 1), 0.975) <= settings.slips:
            others &= ~(kind & certain)
    return (likely | before) & ~others | pairs["key"].ne("")


def lasting_ids(
    records: pd.DataFrame, joined: Joined, *, known: pd.Series, settings: IdentitySettings
) -> pd.Series:
    """The customer of every record: the id that most of its records had, else the id of its first record.

    Records come in their order of trust. An id goes to one group only, and never to another customer later.
    """
    group = joined.group
    order = ranked(records, settings)
    before = pd.DataFrame(
        {"record": order, "group": group.loc[order].to_numpy(), "id": known.reindex(order).to_numpy()}
    )
    votes = (
        before.dropna(subset="id")
        .groupby(["group", "id"], sort=False)["record"]
        .agg(["size", "first"])
        .reset_index()
    )
    votes = votes.sort_values("size", ascending=False, kind="stable")
    ids: dict[int, str] = {}
    taken: set[str] = set()
    for one, former in zip(votes["group"], votes["id"], strict=True):
        if one not in ids and former not in taken:
            ids[one] = former
            taken.add(former)
    used = set(known.dropna()) | taken
    for one, record in zip(before["group"], before["record"], strict=True):
        if one not in ids:
            ids[one] = _free(record, used)
            used.add(ids[one])
    return group.map(ids).rename("customer_id")


def _free(record: str, used: set[str]) -> str:
    """The record's own id, or with a number behind it where another customer has had that."""
    name, number = record, 2
    while name in used:
        name, number = f"{record}-{number}", number + 1
    return name


def ranked(records: pd.DataFrame, settings: IdentitySettings) -> list[str]:
    """Record ids, the most trusted source first, then the order in which they came."""
    rank = {source: i for i, source in enumerate(settings.sources)}
    place = records["source_system"].map(rank).fillna(len(rank))
    return records["record_id"].iloc[np.argsort(place.to_numpy(), kind="stable")].tolist()


def changes(
    ids: pd.Series,
    joined: Joined,
    *,
    pairs: pd.DataFrame,
    known: pd.Series,
    present_before: pd.Index,
    first_load: bool,
) -> pd.DataFrame:
    """What happened to records and customers since the last load, and why."""
    before = known.reindex(ids.index)
    why, parted = _reasons(joined.ties), _reasons(_parted(pairs, ids, known))
    rows: list[tuple[str, str, str, str, str]] = []
    kept = set(ids[before.eq(ids)])
    for record, now, then in zip(ids.index, ids, before, strict=True):
        if pd.isna(then):
            if now != record or now in kept:
                rows.append(("joined", now, record, "", why.get(record, "")))
            elif not first_load:
                rows.append(("added", now, record, "", "like nobody"))
        elif then != now:
            split = then in kept
            told = parted.get(record, "nothing in common") if split else why.get(record, "")
            rows.append(("split" if split else "merged", now, record, then, told))
    gone = known.loc[known.index.isin(present_before.difference(ids.index))]
    rows += [("gone", customer, record, "", "in no source") for record, customer in gone.items()]
    return pd.DataFrame(rows, columns=list(LOG_COLUMNS))


def _parted(pairs: pd.DataFrame, ids: pd.Series, known: pd.Series) -> pd.DataFrame:
    """The pairs that were one customer at the last load and are none now, the likeliest first."""
    ends = [pairs[f"record_id_{side}"] for side in "lr"]
    was, now = (ends[0].map(of).eq(ends[1].map(of)) for of in (known, ids))
    return pairs[was & ~now].sort_values("weight", ascending=False, kind="stable")


def _reasons(pairs: pd.DataFrame) -> Mapping[str, str]:
    """What the first pair of each record says."""
    every = pd.concat([pairs[["why"]].set_axis(pairs[side]) for side in ("record_id_l", "record_id_r")])
    first = every[~every.index.duplicated()]["why"]
    return {str(record): str(why) for record, why in first.items()}


def doubtful(
    pairs: pd.DataFrame,
    ids: pd.Series,
    joined: Joined,
    *,
    decisions: pd.DataFrame,
    settings: IdentitySettings,
) -> pd.DataFrame:
    """Pairs for a person to decide: likely ones that stand apart, and unlikely ones that joined two customers."""
    decided = set(zip(decisions["record_id_l"], decisions["record_id_r"], strict=True))
    together = pairs["record_id_l"].map(ids).eq(pairs["record_id_r"].map(ids))
    tied = set(zip(joined.ties["record_id_l"], joined.ties["record_id_r"], strict=True))
    every = list(zip(pairs["record_id_l"], pairs["record_id_r"], strict=True))
    tie = np.array([pair in tied for pair in every], dtype=bool)
    unsure = pairs["probability"].between(settings.review_above, settings.certain_above)
    wanted = (~together & pairs["probability"].ge(settings.review_above)) | (
        together & tie & unsure & pairs["key"].eq("")
    )
    open_ = [pair not in decided for pair in every]
    found = pairs.assign(joined=together)[wanted & np.array(open_, dtype=bool)]
    doubt = (found["probability"] - 0.5).abs()
    return found.iloc[np.argsort(doubt.to_numpy(), kind="stable")].reset_index(drop=True)


def golden_records(
    records: pd.DataFrame, ids: pd.Series, settings: IdentitySettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a customer, each field by its rule; and the record from which each field comes."""
    columns = [
        c for c in records.columns if c not in ("record_id", "source_system", "same_as", "customer_id")
    ]
    order = {record: i for i, record in enumerate(ranked(records, settings))}
    table = records.assign(customer_id=records["record_id"].map(ids), _rank=records["record_id"].map(order))
    table = table.sort_values("_rank", kind="stable", ignore_index=True)
    best, origin = {}, []
    for column in columns:
        rule = settings.golden.get(column, settings.golden.get("*", "best_source"))
        value = table[column]
        filled = table[value.notna() & value.astype(str).str.strip().ne("")]
        chosen = _by_rule(filled, column, rule).drop_duplicates("customer_id").set_index("customer_id")
        best[column] = chosen[column]
        origin.append(chosen[["record_id", "source_system"]].assign(column=column).reset_index())
    customers = pd.DataFrame(best, index=pd.Index(ids.drop_duplicates(), name="customer_id"))
    came = pd.concat(origin, ignore_index=True) if origin else pd.DataFrame()
    return customers.reset_index(), came.reindex(
        columns=["customer_id", "column", "record_id", "source_system"]
    )


def _by_rule(filled: pd.DataFrame, column: str, rule: str) -> pd.DataFrame:
    """Rows with the one that counts first, for each customer; the most trusted among equals."""
    if rule == "newest" and "signed_up_on" in filled:
        return filled.sort_values("signed_up_on", ascending=False, kind="stable", na_position="last")
    if rule == "longest":
        return filled.assign(_size=filled[column].astype(str).str.len()).sort_values(
            "_size", ascending=False, kind="stable"
        )
    if rule == "most_common":
        size = filled.groupby(["customer_id", filled[column].astype(str)])[column].transform("size")
        return filled.assign(_size=size).sort_values("_size", ascending=False, kind="stable")
    return filled
