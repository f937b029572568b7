"""Orders and deals followed a second time, row by row in pandas: what `recount` cannot say in one line of SQL.

Apart from the measures that the pages use: refunds are matched by an as-of join instead of windows, stays are
followed deal by deal, and the share still in a stage is multiplied out by hand.
"""

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmlib.analyse.customers.profile import CUSTOMER_TYPES
from crmlib.analyse.forecast.pipeline import FEWEST_DECIDED, LEARN_DAYS, MOST_PAST
from crmlib.analyse.forecast.series import MOST_ORIGINS, first_origin
from crmlib.analyse.value.pareto import CLASS_BORDERS
from crmlib.measure.deals.stays import END_WORDS
from crmlib.measure.purchases.states import HOUSE_WEIGHT
from crmlib.prepare.clock import closing_day, day_of
from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import public_ids
from crmlib.present.reports.worklist.say import WORK_ACTIONS
from crmlib.schema.errors import SchemaError
from crmlib.schema.states import LATE_TIMES, QUIET_TIMES

_ENDS = {word for words in END_WORDS.values() for word in words}


class Ledger:
    """A workspace's orders and deals at its closing moment, and the quantities that are counted from them.

    A deal is overdue when `overdue_share` of all deals have left its stage sooner. Who belongs to a segment or is in a
    state is read from the list that a run published in `folder`; how many they are and what they bought is counted
    anew. Offers and actions are counted in the lists of them there.
    """

    def __init__(self, crm: Crm, *, overdue_share: float = 0.8, folder: Path | None = None) -> None:
        self._crm, self._overdue_share, self._folder = crm, overdue_share, folder
        self._today = closing_day(crm)

    def __call__(self, name: str, chosen: str) -> Any:
        """The value of a quantity; None where it is not counted here, or not in this workspace."""
        own = {
            **dict.fromkeys(("sales.orders", "baskets.all"), self._order_count),
            "customers.late": self._late,
            **dict.fromkeys(
                (
                    *("customers.bought_once", "customers.buyers", "customers.bought", "customers.came_back"),
                    *("customers.spend_median", "sales.top_share", "customers.top_share"),
                ),
                self._of_buyers,
            ),
            **dict.fromkeys(("customers.late_buying", "sales.late_buying"), self._late_buying),
            **dict.fromkeys(("customers.silent", "customers.buying"), self._silent),
            "customers.type_share": self._type_share,
            "sales.share": self._type_share,
            "customers.in_class": self._in_class,
            **dict.fromkeys(
                ("customers.in_segment", "customers.segment_share", "segments.found"), self._segments
            ),
            **dict.fromkeys(("offers.made", "offers.customers"), self._offered),
            "sales.net_amount": self._of_group,
            "customers.in_state": self._in_state,
            "customers.asked": self._asked,
            **dict.fromkeys(("customers.listed", "worklist.first"), self._actions),
            "retention.share": self._came_back,
            "deals.stage_days": self._half,
            **dict.fromkeys(
                ("deals.overdue", "deals.overdue_amount", "deals.overdue_unplanned"), self._overdue
            ),
            "deals.lost_from": self._lost_from,
            "sales.overdue": self._unpaid,
            "plan.keys": self._missed,
            "forecast.tried": self._tried,
        }.get(name)
        if own is None:
            return None
        try:
            return own(name, chosen)
        except (KeyError, SchemaError):
            return None  # a table or a column that this workspace does not have

    def _days(self, moments: pd.Series) -> pd.Series:
        there = pd.to_datetime(moments).dt.tz_localize("UTC").dt.tz_convert(self._crm.time_zone)
        return there.dt.tz_localize(None).dt.normalize()

    @cached_property
    def _lines(self) -> pd.DataFrame:
        wanted = ["customer_id", "order_id", "product_id", "ordered_at", "net_amount", "quantity"]
        wanted += ["due_on", "paid_on"]
        here = [name for name in wanted if name in self._crm.columns("transactions")]
        lines = self._crm.frame("transactions", here).dropna(subset=["ordered_at"])
        lines["net_amount"] = lines["net_amount"].astype("float64")
        back = lines["net_amount"] < 0
        if "quantity" in here:
            back |= lines["quantity"].astype("float64") < 0
        return lines.assign(back=back)

    @cached_property
    def _purchases(self) -> pd.DataFrame:
        """Orders of which something is left after all that came back: customer, order, day."""
        lines = self._lines.dropna(subset=["customer_id"])
        keys = ["customer_id", "order_id"]
        moments = lines["ordered_at"].where(~lines["back"])
        orders = lines.assign(
            bought=lines["net_amount"].where(~lines["back"], 0.0), moment=moments
        ).groupby(keys)[["bought", "net_amount", "moment"]]  # fmt: skip
        orders = orders.agg({"bought": "sum", "net_amount": "sum", "moment": "min"}).reset_index()
        moved = self._sent_back(lines)
        kept = orders.set_index(keys)["net_amount"]
        for of, sign in (("order_id", -1), ("of_order", 1)):
            sums = moved.groupby(["customer_id", of])["net_amount"].sum().rename_axis(keys)
            kept = kept.add(sign * sums.reindex(kept.index), fill_value=0.0)
        orders["kept"] = kept.to_numpy().round(4)
        found = orders[(orders["bought"] > 0) & (orders["kept"] > 0)]
        return found.assign(day=self._days(found["moment"]))

    def _sent_back(self, lines: pd.DataFrame) -> pd.DataFrame:
        """What came back by another order than the one it was bought with, and which that was."""
        thing = ["customer_id", "product_id"]
        each = lines.groupby([*thing, "order_id", "back"], as_index=False).agg(
            net_amount=("net_amount", "sum"), ordered_at=("ordered_at", "min")
        )
        sold = each[~each["back"] & (each["net_amount"] > 0)]
        first = lines.groupby([*thing, "order_id"])["ordered_at"].min().rename("ordered_at")
        sold = sold.drop(columns="ordered_at").join(first, on=[*thing, "order_id"])
        came = each[each["back"]].drop(columns="ordered_at").join(first, on=[*thing, "order_id"])
        at_once = came.merge(sold[[*thing, "order_id"]], on=[*thing, "order_id"], how="left", indicator=True)
        came = at_once[at_once.pop("_merge") == "left_only"].sort_values("ordered_at")
        sold = sold.sort_values(["ordered_at", "order_id"]).rename(columns={"order_id": "of_order"})
        found = pd.merge_asof(came, sold[[*thing, "ordered_at", "of_order"]], on="ordered_at", by=thing)
        return found.dropna(subset=["of_order"])

    @cached_property
    def _buyers(self) -> pd.DataFrame:
        """One row a customer who has bought: orders, days since the last, spend, silence in own gaps, scores."""
        by = self._purchases.groupby("customer_id")["day"]
        table = pd.DataFrame({"order_count": by.size(), "first": by.min(), "last": by.max()})
        spend = self._lines.dropna(subset=["customer_id"]).groupby("customer_id")["net_amount"].sum()
        table["spend_total"] = spend.reindex(table.index).round(4)
        table["recency_days"] = (self._today - table["last"]).dt.days
        gaps = (table["last"] - table["first"]).dt.days / (table["order_count"] - 1).where(lambda n: n > 0)
        table["silence"] = table["recency_days"] / gaps.where(gaps > 0)
        for score, values in (
            ("r_score", -table["recency_days"]), ("f_score", table["order_count"]), ("m_score", table["spend_total"]),
        ):  # fmt: skip
            ordered = np.sort(values.to_numpy())
            below, upto = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
            table[score] = 1 + np.floor(5 * (below + upto) / (2 * len(ordered))).astype("int64")
        return table

    def _order_count(self, name: str, chosen: str) -> int | None:
        known = self._lines.dropna(subset=["customer_id"])
        return None if chosen or len(known) < len(self._lines) else len(self._purchases)

    def _of_buyers(self, name: str, chosen: str) -> float | None:
        """Figures of all who have bought; shares are of spend above zero, by value the last customer counts in part."""
        orders, spend = self._buyers["order_count"], self._buyers["spend_total"].sort_values(ascending=False)
        if not chosen:
            return {
                "customers.bought_once": int((orders == 1).sum()),
                "customers.came_back": 100.0 * float((orders > 1).mean()),
                "customers.spend_median": float(spend.median()),
            }.get(name, len(orders))
        share, _, measure = chosen.partition(", ")
        if not share.isdigit() or (measure or "spend_total") != "spend_total":
            return None
        spend = spend[spend > 0]
        many = int(share) * len(spend) / 100
        parts = np.clip((np.ceil(many) if name == "sales.top_share" else many) - np.arange(len(spend)), 0, 1)
        return 100.0 * float((spend * parts).sum() / spend.sum())

    def _late(self, name: str, chosen: str) -> int | None:
        silence = self._buyers["silence"]
        if chosen:
            silence = silence[
                self._segment_of.reindex(silence.index) == chosen.removeprefix("segment:").lower()
            ]
        return int((silence >= LATE_TIMES).sum())

    @cached_property
    def _is_silent(self) -> pd.Series:
        """Who has been silent for longer than was to be expected of them, by own and usual gaps between days."""
        days = self._purchases[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
        gaps = days.groupby("customer_id")["day"].diff().dt.days.dropna().groupby(days["customer_id"])
        sums, sizes = (made.reindex(self._buyers.index).fillna(0.0) for made in (gaps.sum(), gaps.size()))
        if not sizes.any():
            raise KeyError("nobody has bought twice")
        usual = np.median((sums / sizes)[sizes > 0])
        own = (HOUSE_WEIGHT * usual + sums) / (HOUSE_WEIGHT + sizes)
        limit = np.maximum(QUIET_TIMES * own, np.quantile(gaps.max(), 0.75))
        return self._buyers["recency_days"] > limit

    def _silent(self, name: str, chosen: str) -> int | None:
        silent = int(self._is_silent.sum())
        return None if chosen else silent if name == "customers.silent" else len(self._buyers) - silent

    def _late_buying(self, name: str, chosen: str) -> float:
        late = self._buyers[(self._buyers["silence"] >= LATE_TIMES) & ~self._is_silent]
        if chosen:
            late = late[self._segment_of.reindex(late.index) == chosen.removeprefix("segment:").lower()]
        return len(late) if name == "customers.late_buying" else float(late["spend_total"].sum())

    @cached_property
    def _segment_of(self) -> pd.Series:
        """Customer -> segment, in small letters, as the run lists it."""
        return self._listed("customers_by_segment", segment=0, shown=1)["segment"].str.lower()

    @cached_property
    def _state_of(self) -> pd.Series:
        """Customer -> state, as the run lists it."""
        return self._listed("customers_by_state", shown=0, state=1)["state"]

    def _file(self, name: str, **columns: int) -> pd.DataFrame:
        """Columns of a list that the run published, under these names."""
        file = next(self._folder.glob(f"*_files/{name}.csv"), None) if self._folder else None
        if file is None:
            raise KeyError(name)
        listed = pd.read_csv(file, dtype="str", usecols=[*columns.values()])
        return listed.set_axis(sorted(columns, key=lambda name: columns[name]), axis=1)

    def _listed(self, name: str, **columns: int) -> pd.DataFrame:
        """A list with the customers that stand in it under their own names, as index."""
        listed = self._file(name, **columns)
        tables = [
            one
            for one in ("customers", "transactions", "opportunities")
            if one in self._crm and "customer_id" in self._crm.columns(one)
        ]
        parts = [self._crm.frame(one, ["customer_id"])["customer_id"] for one in tables]
        real = pd.Series(pd.concat(parts).dropna().unique(), dtype="str")
        shown = dict(zip(public_ids(self._crm, real), real, strict=True)) | dict(zip(real, real, strict=True))
        who = listed["shown"].map(shown)
        if who.isna().any():
            raise KeyError("customers under names that are not known here")
        return listed.set_index(who)

    def _segments(self, name: str, chosen: str) -> float:
        sizes = self._segment_of.value_counts()
        if name == "segments.found":
            return int((self._segment_of[self._segment_of.index.isin(self._buyers.index)]).nunique())
        n = int(sizes[chosen.lower()])
        return n if name == "customers.in_segment" else 100.0 * n / int(sizes.sum())

    def _offered(self, name: str, chosen: str) -> int | None:
        listed = self._file("offers", shown=0, kind=2)
        kept = listed[listed["kind"].eq(chosen)] if chosen else listed
        return kept["shown"].nunique() if name == "offers.customers" else len(kept)

    def _actions(self, name: str, chosen: str) -> int:
        if name == "customers.listed":
            return len(self._file(f"worklist_{chosen}", shown=0))
        return int(self._file("worklist_first", action=0)["action"].eq(str(WORK_ACTIONS.term(chosen))).sum())

    def _in_state(self, name: str, chosen: str) -> int:
        return int((self._state_of == chosen).sum())

    def _asked(self, name: str, chosen: str) -> int:
        return int((self._buyers["recency_days"] < int(chosen.removesuffix("d"))).sum())

    def _came_back(self, name: str, chosen: str) -> float | None:
        """Of all cohorts but the first, which may hold older customers, the share that bought in the n-th period after.

        Periods count that are over.
        """
        group, unit, nth = chosen.replace(",", "").split(" ")
        if group != "all":
            return None
        days = self._purchases[["customer_id", "day"]]
        period = days["day"].dt.to_period(unit[0].upper())
        first = period.groupby(days["customer_id"]).min()
        age = (period - days["customer_id"].map(first)).map(lambda gap: gap.n)
        ends = first.map(lambda one: (one + int(nth)).end_time.normalize())
        seen = first[(first > first.min()) & (ends <= self._today)]
        back = seen.index.isin(days.loc[age == int(nth), "customer_id"])
        return 100.0 * float(back.mean()) if len(seen) else None

    def _of_group(self, name: str, chosen: str) -> float | None:
        """What a state's customers bought in a year, or a segment's ever; or its share of what all did."""
        state = chosen.removeprefix("365d, ")
        if (name == "sales.net_amount" and state == chosen) or chosen.startswith("segment:"):
            return self._of_segment(name, chosen)
        lately = (self._today - self._days(self._lines["ordered_at"])).dt.days < 365
        spend = self._lines[lately].groupby("customer_id")["net_amount"].sum()
        silent = self._is_silent.reindex(spend.index)
        groups = {"silent": silent, "buying": ~silent}
        if state not in groups and state not in set(self._state_of):
            return None
        inside = groups[state] if state in groups else self._state_of.reindex(spend.index) == state
        part = float(spend[inside].sum())
        return part if name == "sales.net_amount" else 100.0 * part / float(spend.sum())

    def _of_segment(self, name: str, chosen: str) -> float | None:
        if not chosen.startswith("segment:"):
            return None
        spend = self._lines.groupby("customer_id")["net_amount"].sum()
        inside = self._segment_of.reindex(spend.index) == chosen.removeprefix("segment:").lower()
        part = float(spend[inside].sum())
        return round(part, 4) if name == "sales.net_amount" else 100.0 * part / float(spend.sum())

    def _type_share(self, name: str, chosen: str) -> float | None:
        wanted = chosen.removeprefix("type:")
        if name == "sales.share" and not chosen.startswith("type:"):
            return self._of_group(name, chosen)
        if getattr(self._crm.config, "customer_types", None):
            return None
        buyers = self._buyers
        weight = pd.Series(1.0, buyers.index) if name == "customers.type_share" else buyers["spend_total"]
        rest = buyers
        for kind in CUSTOMER_TYPES:
            fits = pd.Series(True, index=rest.index)
            for column, low, high in kind.rule:
                fits &= rest[column].ge(-np.inf if low is None else low)
                fits &= rest[column].le(np.inf if high is None else high)
            if kind.name == wanted:
                return 100.0 * float(weight[rest.index[fits]].sum() / weight.sum())
            rest = rest[~fits]
        return None

    def _in_class(self, name: str, chosen: str) -> int | None:
        if chosen != "A":
            return None
        spend = self._buyers["spend_total"]
        ordered = np.sort(spend[spend > 0].to_numpy())[::-1]
        before = np.cumsum(ordered) - ordered
        return int((before < CLASS_BORDERS["A"] / 100 * ordered.sum()).sum())

    def _unpaid(self, name: str, chosen: str) -> float:
        """What is left of orders that were to be paid before the closing day and have a line that is not paid."""
        lines = self._lines[~self._lines["back"]]
        keys = ["customer_id", "order_id"]
        open_ = lines.assign(open=lines["paid_on"].isna()).groupby(keys).agg({"due_on": "min", "open": "any"})
        late = open_[open_["open"] & (pd.to_datetime(open_["due_on"]) < self._today)]
        return float(self._purchases.set_index(keys)["kept"].reindex(late.index).sum())

    def _missed(self, name: str, chosen: str) -> int | None:
        """Targets of a quarter that is over which were not reached, of categories or of employees."""
        measure, dimension, state, when = [*chosen.split(", "), "", ""][:4]
        crm, quarter = self._crm, pd.PeriodIndex([when], freq="Q")[0] if when else None
        if state != "missed" or quarter is None or quarter.end_time > self._today + pd.Timedelta(days=1):
            return None
        if (measure, dimension) == ("net_amount", "category"):
            things = crm.frame("products", ["product_id", "category"]).drop_duplicates("product_id")
            sold = self._lines.merge(things, on="product_id")
            sold, day, amount, key = sold, sold["ordered_at"], sold["net_amount"], sold["category"]
        elif (measure, dimension) == ("won_amount", "employee"):
            sold = crm.frame("opportunities", ["owner_id", "closed_at", "amount", "outcome"])
            sold = sold[sold["outcome"].eq("won") & sold["closed_at"].notna()]
            day, amount, key = (
                sold["closed_at"],
                sold["amount"].astype("float64").fillna(0.0),
                sold["owner_id"],
            )
        else:
            return None
        inside = self._days(day).dt.to_period("Q") == quarter
        came = amount[inside].groupby(key[inside]).sum()
        plans = crm.frame("plans", ["measure", "dimension", "key", "period_start", "period_end", "target"])
        plans = plans[plans["measure"].eq(measure) & plans["dimension"].eq(dimension)]
        ends = [pd.to_datetime(plans[end]).dt.to_period("Q") for end in ("period_start", "period_end")]
        plans = plans[(ends[0] == quarter) & (ends[1] == quarter)]
        targets = plans["target"].astype("float64").groupby(plans["key"]).sum()
        return int((came.reindex(targets.index).fillna(0.0) < targets).sum())

    def _tried(self, name: str, chosen: str) -> int | None:
        """Past days, a month apart, from which a forecast of a quarter could have been made and has since ended."""
        measure, when = chosen.split(", ")
        if when[-2:-1] != "Q":
            return None
        if measure == "net_amount":
            return self._tried_sales()
        deals = self._crm.frame("opportunities", ["created_at", "closed_at", "outcome"])
        ended = self._days(deals.loc[deals["outcome"] != "open", "closed_at"].dropna()).sort_values()
        if len(ended) < FEWEST_DECIDED:
            return None
        learnt = self._days(deals["created_at"].dropna()).min() + pd.Timedelta(days=LEARN_DAYS)
        first = max(learnt, ended.iloc[FEWEST_DECIDED - 1])
        months = range(3, 3 + MOST_PAST)
        return sum(self._today - pd.DateOffset(months=back) >= first for back in months)

    def _tried_sales(self) -> int | None:
        """Whole months of sales, less those that are learnt from first, less those that a quarter reaches ahead."""
        day = self._days(self._lines["ordered_at"])
        months = pd.period_range(day.min(), self._today, freq="M")
        begins_late = (day.min() - months[0].start_time).days > months[0].days_in_month / 10
        whole = len(months) - begins_late - (self._today < months[-1].end_time.normalize())
        least = first_origin(int(whole), periods=3, season=12)
        return min(MOST_ORIGINS, whole - 3 - least + 1) if whole - 3 >= least else None

    @cached_property
    def _stays(self) -> pd.DataFrame:
        """Each stay of a deal in a stage, followed entry by entry: days, whether it is over and another one followed.

        Entries of a day after the deal was closed, and stays that end after the next one began, are left out.
        """
        crm = self._crm
        deals = crm.frame("opportunities", ["opportunity_id", "outcome", "closed_at"])
        ends = {deal: (outcome, closed) for deal, outcome, closed in deals.itertuples(index=False)}
        rows = crm.frame("stage_history", ["opportunity_id", "stage", "entered_at", "exited_at"])
        rows = rows.sort_values(["opportunity_id", "entered_at", "exited_at"], na_position="last")
        rows["on"] = self._days(rows["entered_at"])
        stays: list[list[Any]] = []
        for deal, stage, entered, exited, day in rows.itertuples(index=False):
            outcome, closed = ends.get(deal, (None, None))
            late = outcome in ("won", "lost") and day.date() > self._day(closed)
            if outcome is None or late or stage.strip().lower() in _ENDS:
                continue
            before = stays[-1] if stays and stays[-1][0] == deal else None
            if before and before[1] == stage:
                before[3] = exited
                continue
            if before:
                before[5], before[3] = True, entered if pd.isna(before[3]) else before[3]
                before[6] = before[3] > entered
            stays.append([deal, stage, entered, exited, outcome, False, False])
        columns = ["opportunity_id", "stage", "entered_at", "exited_at", "outcome", "is_followed", "overlaps"]
        table = pd.DataFrame(stays, columns=columns)
        closed = table["opportunity_id"].map({deal: moment for deal, (_, moment) in ends.items()})
        closed = closed.where(table["outcome"] != "open")
        table["exited_at"] = pd.to_datetime(table["exited_at"].fillna(closed))
        clock = [
            moments.dt.tz_localize("UTC").dt.tz_convert(crm.time_zone).dt.tz_localize(None)
            for moments in (table["exited_at"].fillna(crm.as_of), pd.to_datetime(table["entered_at"]))
        ]
        table["days"] = (clock[0] - clock[1]).dt.total_seconds() / 86_400
        return table.assign(over=table["exited_at"].notna())[~table["overlaps"]]

    def _day(self, moment: Any) -> Any:
        return day_of(moment, time_zone=self._crm.time_zone).date()

    def _left_after(self, stage: str, share: float) -> float | None:
        """Days after which such a share has left a stage, deals that are still there counted while they were."""
        own = self._stays[self._stays["stage"] == stage]
        there, waiting = 1.0, len(own)
        for day, here in own.groupby("days"):
            there *= 1 - here["over"].sum() / waiting
            waiting -= len(here)
            if there <= 1 - share + 1e-12:
                return float(day)
        return None

    def _half(self, name: str, chosen: str) -> float | None:
        return self._left_after(chosen, 0.5) if chosen else None

    def _overdue(self, name: str, chosen: str) -> float | None:
        if chosen:
            return None
        last = self._stays[~self._stays["over"] & (self._stays["outcome"] == "open")]
        limits = {stage: self._left_after(stage, self._overdue_share) for stage in last["stage"].unique()}
        late = last[last["days"] > last["stage"].map(limits).astype("float64")]["opportunity_id"]
        if name == "deals.overdue":
            return len(late)
        if name == "deals.overdue_amount":
            amounts = self._crm.frame("opportunities", ["opportunity_id", "amount"])
            return float(amounts.loc[amounts["opportunity_id"].isin(late), "amount"].astype("float64").sum())
        if "planned_for" not in self._crm.columns("interactions"):
            return None
        plans = self._crm.frame("interactions", ["opportunity_id", "planned_for"]).dropna()
        ahead = plans.loc[pd.to_datetime(plans["planned_for"]) >= self._today, "opportunity_id"]
        return int((~late.isin(ahead)).sum())

    def _lost_from(self, name: str, chosen: str) -> int | None:
        """Deals that were in a stage, never went on from it to a later one, and were lost."""
        stages = list(getattr(getattr(self._crm.config, "pipeline", None), "stages", None) or ())
        if chosen not in stages:
            return None
        place = {stage: at for at, stage in enumerate(stages)}
        table = self._stays.assign(at=self._stays["stage"].map(place))
        following = table.groupby("opportunity_id")["at"].shift(-1)
        own = table.assign(on=following > table["at"])[table["stage"] == chosen]
        won = own["outcome"].eq("won") & ~own["is_followed"]
        stuck = ~(own["on"] | won).groupby(own["opportunity_id"]).any()
        return int((stuck & own.groupby("opportunity_id")["outcome"].first().eq("lost")).sum())
