"""Twelve monthly runs of the segments of a shop, each carried on from the last: what stays, who moves, and why.

Each month's end is closed by `Crm.at`; the model of the month before is handed on in memory, as the report does it by
its `.kept` folder. Then the purchases of one customer in ten are cut to a third from a day on, and the moves since are
told again: the planted shift should stand there, with its figure. At last the same customers turn from the category
that sold most to the one that sold second most: both should stand there, with the customers who turned as the cause.

    python benchmarks/segment_months.py                     # data/retail
    python benchmarks/segment_months.py data/b2b --months 12 --cut 2025-10-01
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import crmlib
from crmlib.analyse.segments.names import NO_PURCHASE
from crmlib.analyse.segments.segment import published_of
from crmlib.schema.errors import ParameterError

CUT_SHARE, CUT_TO = 0.1, 1 / 3


def month_ends(crm: crmlib.Crm, months: int) -> list[str]:
    """The last days of so many months up to the closing moment."""
    last = crm.as_of.tz_localize("UTC").tz_convert(crm.time_zone).tz_localize(None).to_period("M")
    return [f"{(last - back).end_time:%Y-%m-%d}" for back in reversed(range(months))]


def followed(crm: crmlib.Crm, days: list[str]) -> pd.DataFrame:
    """One row a run: segments, what became of the model, whether names stayed, whether moves add up."""
    rows, kept, before = [], None, None
    for day in days:
        began = time.process_time()
        then = crm if day == days[-1] else crm.at(day)
        figures = crmlib.compute_indicators(then)
        try:
            found = crmlib.segment_customers(figures, published=kept)
        except ParameterError as error:
            print(day, error)
            continue
        names = [name for name in found.profile.index if name != NO_PURCHASE]
        row = {"day": day, "customers": len(found.labels), "segments": len(names), "verdict": found.carried.verdict,
               "explains_kept": found.carried.kept_pct, "explains_new": found.carried.new_pct}  # fmt: skip
        if before is not None:
            row |= _since(then, found, figures, before)
        rows.append(row | {"names": ", ".join(names), "seconds": time.process_time() - began})
        print(pd.Series(row).to_dict(), names, flush=True)
        kept, before = published_of(found, as_of=day), (day, names)
    return pd.DataFrame(rows)


def _since(then: crmlib.Crm, found: crmlib.Segmentation, figures: pd.DataFrame, before: tuple) -> dict:
    day, names = before
    moves = crmlib.segment_moves(then, found, figures, since=day)
    told = moves.balance
    sums = told["then"] + told["joined"] - told["left"] + told["moved_in"] - told["moved_out"]
    here = list(told.index)
    return {
        "same_names_and_order": here == names,
        "names_carried": len(set(here) & set(names)),
        "adds_up": bool(
            (sums == told["now"]).all() and told["now"].sum() == (found.labels != NO_PURCHASE).sum()
        ),
        "moved": moves.moved,
        "joined": int(told["joined"].sum()),
        "left": int(told["left"].sum()),
    }


def turned(crm: crmlib.Crm, cut: str) -> pd.DataFrame:
    """Sales by category before and since the cut, where every tenth customer turns from one category to another."""
    shelf = crm.frame("products", ["product_id", "category"]).drop_duplicates("product_id")
    sold, told = crm.frame("transactions", ["product_id", "net_amount"]).merge(shelf), {}
    first, second = sold.groupby("category")["net_amount"].sum().nlargest(2).index
    best = sold[sold["category"] == second].groupby("product_id")["net_amount"].sum().idxmax()
    for case, leaves in (
        ("as it was", None),
        ("planted", (shelf.loc[shelf["category"] == first, "product_id"], best)),
    ):
        shop, chosen = planted(crm, cut, turns=leaves)
        groups = crmlib.what_changed(shop, before=shop.at(_day_before(cut)).as_of).split.groups
        told[case] = groups[groups["by"] == "category"].set_index("group").drop(columns="by")
    print(f"{len(chosen)} customers turn from {first} to {second}")
    return pd.concat(told, axis=1).loc[[first, second]].T.unstack(0).reset_index()


def _day_before(day: str) -> str:
    return f"{pd.Timestamp(day) - pd.Timedelta(days=1):%Y-%m-%d}"


def planted(
    crm: crmlib.Crm, cut: str, *, seed: int = 0, turns: tuple | None = ()
) -> tuple[crmlib.Crm, set[str]]:
    """The same shop, where every tenth customer spends a third from a day on, or turns; and who they are.

    `turns`: (products, product): they buy the one instead of the others, at the same money; None: nothing changes.
    """
    wanted = [
        "order_id",
        "customer_id",
        "product_id",
        "ordered_at",
        "quantity",
        "net_amount",
        "discount_amount",
    ]
    names = [name for name in wanted if name in crm.columns("transactions")]
    lines = crm.table("transactions").select(", ".join(names)).df()
    known = np.sort(lines["customer_id"].dropna().unique())
    chosen = np.random.default_rng(seed).choice(known, int(CUT_SHARE * len(known)), replace=False)
    day = pd.Timestamp(cut, tz=crm.time_zone).tz_convert("UTC").tz_localize(None)
    when = pd.to_datetime(lines["ordered_at"])
    less = lines["customer_id"].isin(chosen) & (when >= day)
    if turns:
        lines.loc[less & lines["product_id"].isin(turns[0]), "product_id"] = turns[1]
    for name in ("net_amount", "discount_amount"):
        if name in lines and turns == ():
            lines.loc[less, name] *= CUT_TO
    more = {} if turns == () else {"products": crm.frame("products", ["product_id", "category"])}
    made = crmlib.Crm.from_frames(
        as_of=crm.as_of,
        time_zone=crm.time_zone,
        currency=crm.currency,
        transactions=lines.assign(ordered_at=when),
        **more,
    )
    return made, set(chosen)


def shifted(crm: crmlib.Crm, cut: str) -> list[pd.DataFrame]:
    """Moves since the cut, and the split of the change in sales, as it was and with the planted shift."""
    moved_of, split_of, groups_of = [], [], []
    shifted_shop, chosen = planted(crm, cut)
    for case, shop in (("as it was", crm), ("planted", shifted_shop)):
        before = shop.at(_day_before(cut))
        published = published_of(crmlib.segment_customers(crmlib.compute_indicators(before)), as_of="before")
        figures = crmlib.compute_indicators(shop)
        found = crmlib.segment_customers(figures, published=published)
        told = crmlib.what_changed(shop, before=before.as_of, segmentation=found, indicators=figures)
        moved = set(told.segments.customers.index)
        print(
            f"{case}: {told.segments.moved} moved, {len(moved & chosen)} of the {len(chosen)} chosen and "
            f"{len(moved - chosen)} of the {len(figures) - len(chosen)} others; the model was {found.carried.verdict}"
        )
        moved_of.append(told.segments.table.assign(case=case))
        split_of.append(told.split.customers.rename(case))
        groups = told.split.groups
        groups_of.append(groups[groups["by"] == "segment"].assign(case=case))
    split = pd.concat(split_of, axis=1)
    split["difference"] = split["planted"] - split["as it was"]
    return [pd.concat(moved_of), split.reset_index(), pd.concat(groups_of)]


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("workspace", nargs="?", default="data/retail")
    told.add_argument("--months", type=int, default=12)
    told.add_argument("--cut", default="2017-09-01")
    asked = told.parse_args()
    crm = crmlib.open_workspace(ROOT / asked.workspace)
    pd.set_option("display.width", 250, "display.max_columns", 30, "display.max_colwidth", 120)
    if asked.months:
        print(followed(crm, month_ends(crm, asked.months)).round(1).to_string(index=False))
    for table in [*shifted(crm, asked.cut), turned(crm, asked.cut)]:
        print(table.round(2).to_string(index=False), end="\n\n")


if __name__ == "__main__":
    main()
