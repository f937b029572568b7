"""Copies of the sample company with one planted change since October each: what page 14 says of it.

Each copy differs from the sample by that one change, so what the page says of the sample as it is stands first. Late
rows come between two runs of one copy. Every case has to bring the sentence that names its cause, which the sample as
it is does not have with that figure; a case without it ends the command with an error.

    python benchmarks/planted_changes.py              # nine runs of one report, about five minutes of processor time
    python benchmarks/planted_changes.py --only late_rows
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from html import unescape
from pathlib import Path
from re import sub

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from crmlib.present.publish.html import without_marks
from crmlib.present.run.runs import run_reports

SAMPLE, SINCE = ROOT / "data" / "b2b", "2025-10-01"
LINES, STAGES, ARTICLES = "erp_order_lines_2025.csv", "crm_stage_history.csv", "erp_articles.csv"
_SEPARATORS = {LINES: ";", ARTICLES: ";", STAGES: ","}


SPRING, SPRING_ENDS = "dearer_group", "2025-06-30"
"""The sample as it is plants a dearer group of products since April; it is looked at at the end of that quarter."""


def amount(text: pd.Series) -> pd.Series:
    return text.str.replace(".", "").str.replace(",", ".").astype(float)


def written(numbers: pd.Series) -> pd.Series:
    return numbers.map("{:.2f}".format).str.replace(".", ",")


def is_late(lines: pd.DataFrame, since: str = SINCE, until: str = "2026") -> pd.Series:
    """Lines of a quarter whose days are written alike; the few others stay as they are."""
    return lines["DATUM"].ge(since) & lines["DATUM"].lt(until)


def prices(lines: pd.DataFrame, articles: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    late = is_late(lines)
    net = amount(lines["NETTO"])
    lines["NETTO"] = lines["NETTO"].where(~late, written(1.1 * net))
    return lines, f"all prices + 10 %: {0.1 * net[late].sum():,.0f}"


def key_account(lines: pd.DataFrame, articles: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    before = is_late(lines, "2025-07-01", SINCE) & lines["KUNDE"].ne("")
    spend = amount(lines["NETTO"])[before].groupby(lines["KUNDE"]).sum()
    gone = is_late(lines) & lines["KUNDE"].eq(spend.idxmax())
    return lines[~gone], f"the largest customer of the quarter before ({spend.max():,.0f}) stays away"


def new_product(lines: pd.DataFrame, articles: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    new = lines[is_late(lines) & ~lines["MENGE"].str.startswith("-")].iloc[::40].head(60)
    new = new.assign(ARTIKEL="009999", MENGE="1", NETTO="2000,00", RABATT="0,00", POS="99")
    return pd.concat([lines, new]), f"a new product, {len(new)} lines of 2,000: {2000 * len(new):,}"


def another_category(lines: pd.DataFrame, articles: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    group = lines["ARTIKEL"].map(articles.set_index("ARTIKEL")["WARENGRUPPE"])
    label = articles.loc[articles["WARENGRUPPE"].eq("Labels"), "ARTIKEL"].iloc[0]
    buyers = sorted(lines.loc[is_late(lines) & group.eq("Filters"), "KUNDE"].unique())[::2]
    turned = is_late(lines) & group.eq("Filters") & lines["KUNDE"].isin(buyers)
    lines["ARTIKEL"] = lines["ARTIKEL"].where(~turned, label)
    moved = amount(lines["NETTO"])[turned].sum()
    return lines, f"{len(buyers)} customers buy Labels where they bought Filters: {moved:,.0f}"


def late_rows(lines: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """What is left out of the first run."""
    held = lines[is_late(lines, "2025-08-01", SINCE)].iloc[::11].head(150)
    return lines.drop(held.index), (
        f"{len(held)} lines of August and September come after a look: {amount(held['NETTO']).sum():,.0f}"
    )


def slower(stages: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Deals that came into Proposal since October stay 2.5 times as long there; later stages move with them."""
    entered, left = (pd.to_datetime(stages[name]) for name in ("Entered", "Left"))
    slow = stages["Stage"].eq("Proposal") & entered.ge(SINCE)
    more = ((left - entered) * 1.5).where(slow)
    shift = more.groupby(stages["Opportunity"]).transform("max").fillna(pd.Timedelta(0))
    began = entered.where(slow).groupby(stages["Opportunity"]).transform("max")
    entered = entered + shift.where(entered.gt(began), pd.Timedelta(0))
    left = left + shift.where(slow | entered.gt(began), pd.Timedelta(0))
    end = pd.Timestamp("2026-01-01")
    text = left.dt.strftime("%Y-%m-%d %H:%M").where(left.lt(end))
    stages = stages.assign(Entered=entered.dt.strftime("%Y-%m-%d %H:%M"), Left=text)
    return stages[entered.lt(end)], f"{int(slow.sum())} deals stay 2.5 times as long in Proposal"


def sentences(folder: Path, out: Path, *, as_of: str) -> list[str]:
    """All sentences of page 14 of a workspace, its notes included."""
    (run,) = run_reports(folder, reports=["what_changed"], as_of=as_of, out=out)
    if run.status != "published":
        raise SystemExit(f"not published: {run.reason}")
    record = json.loads((run.folder / "run.json").read_text(encoding="utf-8"))
    page = without_marks((run.folder / record["reports"][0]["href"]).read_text(encoding="utf-8"))
    page = sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", page)
    text = unescape(sub(r"<(?!/?(b|i|a|em|strong|span|time)\b)[^>]*>", "\n", page)).replace("\xa0", " ")
    return [line.strip() for line in sub(r"<[^>]*>", "", text).splitlines() if line.strip()]


CASES: dict[str, tuple[str, Callable[..., tuple[pd.DataFrame, str]] | None, tuple[str, ...]]] = {
    "as_it_is": (LINES, None, ("igher prices", "Deals leave", "new products", "Prices moved")),
    SPRING: (LINES, None, ("Prices moved most in Filters",)),
    "prices": (LINES, prices, ("igher prices",)),
    "key_account": (LINES, key_account, ("First call",)),
    "new_product": (LINES, new_product, ("ew products",)),
    "another_category": (LINES, another_category, ("category of products", "Filters fell behind")),
    "slower_stage": (STAGES, slower, ("Deals leave “Proposal” later",)),
    "late_rows": (LINES, late_rows, ("the data changed, not the business",)),
}
"""Case -> file, change, what each sentence that names it holds."""


def run_case(name: str, folder: Path) -> tuple[str, list[str]]:
    """What was planted, and the sentences that speak of it."""
    file, change, marks = CASES[name]
    shop = folder / name / "b2b"
    shop.mkdir(parents=True)
    shutil.copy(SAMPLE / "crm.toml", shop)
    shutil.copytree(SAMPLE / "exports", shop / "exports")
    path, told, out = shop / "exports" / file, "the sample as it is", folder / name / "reports"
    if change is not None:
        read = {"sep": _SEPARATORS[file], "dtype": "string", "keep_default_na": False}
        whole = path.read_bytes()
        articles = pd.read_csv(shop / "exports" / ARTICLES, **read | {"sep": ";"})
        table = pd.read_csv(path, **read)
        changed, told = (
            change(table, articles) if file == LINES and change is not late_rows else change(table)
        )
        changed.to_csv(path, sep=_SEPARATORS[file], index=False)
        if change is late_rows:
            sentences(shop, out, as_of="2025-09-30")
            path.write_bytes(whole)
    found = sentences(shop, out, as_of=SPRING_ENDS if name == SPRING else "2025-12-31")
    return told, list(
        dict.fromkeys(one for one in found if len(one) > 25 and any(mark in one for mark in marks))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=list(CASES))
    chosen = parser.parse_args().only
    missing = []
    with tempfile.TemporaryDirectory(prefix="crmlib-planted-") as folder:
        for name in [chosen] if chosen else CASES:
            told, found = run_case(name, Path(folder))
            print(f"\n{name}: {told}", *found, sep="\n  ", flush=True)
            marks = CASES[name][2]
            missing += [
                f"{name}: {mark}"
                for mark in marks
                if name != "as_it_is" and not any(mark in s for s in found)
            ]
    if missing:
        raise SystemExit("Not on the page: " + "; ".join(missing))


if __name__ == "__main__":
    main()
