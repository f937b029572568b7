"""The files of a list: what they hold, and the summary beside them."""

from typing import Any

import pandas as pd

from crmlib.analyse.outreach.channels import CHANNEL_WORDS
from crmlib.analyse.outreach.control import LITTLE_SD
from crmlib.analyse.outreach.result import REASONS
from crmlib.prepare.outbox import CONTACT_COLUMNS
from crmlib.prepare.privacy import public_ids
from crmlib.present.blocks_downloads import to_csv_bytes
from crmlib.present.blocks_downloads_about import about_workspace
from crmlib.present.blocks_downloads_excel import to_excel_bytes

_LABELS = {
    "customer_id": ("Customer", ""),
    "channel": ("Channel", ""),
    "kind": ("Kind of offer", ""),
    "product_id": ("Product number", ""),
    "product": ("Product", ""),
    "category": ("Category", ""),
    "probability_pct": ("Chance of buying (%)", "0.0"),
    "price": ("Price expected", "#,##0.00"),
    "margin": ("Margin of a piece", "#,##0.00"),
    "expected_value": ("Expected value", "#,##0.00"),
    "due_on": ("Due on", "yyyy-mm-dd"),
    "reason": ("Why this offer", ""),
    "channel_reason": ("Why this channel", ""),
    "last_contacted_on": ("Last addressed on", "yyyy-mm-dd"),
}


def contact_rows(plan: Any) -> pd.DataFrame:
    """The plan as rows of `campaign_contacts`, with the house's own customer numbers.

    Both groups carry the day on which they were told apart, so that they are compared over the same time.

    Parameters
    ----------
    plan : OutreachPlan

    Returns
    -------
    DataFrame
        `campaign_id`, `customer_id`, `contacted_on` (date), `is_control`; sorted by customer.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rows = pd.DataFrame({"customer_id": ["bob", "ann"]})
    >>> plan = SimpleNamespace(contacts=rows, control=rows[:0], campaign_id="spring",
    ...                        contacted_on=pd.Timestamp("2024-01-31"))
    >>> contact_rows(plan)["customer_id"].tolist()
    ['ann', 'bob']
    """
    groups = [
        pd.DataFrame({"customer_id": group["customer_id"].astype("str"), "is_control": is_control})
        for group, is_control in ((plan.contacts, False), (plan.control, True))
    ]
    rows = pd.concat(groups)
    rows = rows.assign(campaign_id=plan.campaign_id, contacted_on=plan.contacted_on.date())
    rows = rows.sort_values("customer_id", kind="stable").reset_index(drop=True)
    return rows[list(CONTACT_COLUMNS)].astype({"is_control": bool})


def list_files(crm: Any, plan: Any, *, real_ids: bool = False, drafts: str = "") -> dict[str, bytes]:
    """Every file of a list: the list and the control group as CSV and Excel, who was set aside, the contacts.

    Customers stand there under pseudonyms unless crm.toml says ``[privacy] pseudonyms = false``.

    Parameters
    ----------
    crm : Crm
    plan : OutreachPlan
    real_ids : bool
        The house's own customer numbers all the same.
    drafts : str
        What the summary says of drafts.

    Returns
    -------
    dict of name -> content

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from crmlib import Crm
    >>> from crmlib.analyse.outreach.plan import plan_outreach
    >>> people = pd.DataFrame({"customer_id": ["ann"], "phone_consent": [True]})
    >>> crm = Crm.from_frames(as_of="2024-01-31", customers=people)
    >>> offered = pd.DataFrame({"customer_id": ["ann"], "rank": 1, "kind": "up-sell", "product_id": "p1",
    ...                         "product": "=Tea()", "probability": 0.2, "price": 5.0})
    >>> plan = plan_outreach(crm, SimpleNamespace(table=offered), campaign_id="spring", control_share_pct=0)
    >>> files = list_files(crm, plan)
    >>> list(files)[:3], b",'=Tea()," in files["spring-list.csv"]
    (['spring-list.csv', 'spring-list.xlsx', 'spring-control.csv'], True)
    """

    def shown(ids: pd.Series) -> pd.Series:
        return ids if real_ids else public_ids(crm, ids)

    about = [*about_workspace(crm).items(), ("Campaign", plan.campaign_id), ("What it is", plan.says)]
    name, files = plan.campaign_id, {}
    for part, rows in (("list", plan.contacts), ("control", plan.control)):
        frame, labels, formats = _shown_list(rows.assign(customer_id=shown(rows["customer_id"])), plan)
        files[f"{name}-{part}.csv"] = to_csv_bytes(frame, labels=labels)
        sheet = "List" if part == "list" else "Control group"
        files[f"{name}-{part}.xlsx"] = to_excel_bytes(
            frame, labels=labels, formats=formats, sheet=sheet, about=about
        )
    aside = plan.set_aside
    frame = pd.DataFrame(
        {
            "customer_id": shown(aside["customer_id"]),
            "why": aside["reason"].map(REASONS),
            "says": aside["says"],
        }
    )
    files[f"{name}-set-aside.csv"] = to_csv_bytes(frame, labels=["Customer", "Why", "In detail"])
    rows = contact_rows(plan)
    files[f"{name}-contacts.csv"] = to_csv_bytes(rows.assign(customer_id=shown(rows["customer_id"])))
    files[f"{name}-summary.txt"] = summary_text(crm, plan, drafts=drafts).encode("utf-8", "replace")
    return files


def summary_text(crm: Any, plan: Any, *, drafts: str = "") -> str:
    """What a list is, who is not on it, whether the control group is alike, and how to go on.

    Parameters
    ----------
    crm : Crm
    plan : OutreachPlan
    drafts : str

    Examples
    --------
    See `list_files`, which gives it as a file.

    >>> summary_text.__name__
    'summary_text'
    """
    about = about_workspace(crm) | {
        "Campaign": plan.campaign_id,
        "Day": f"{plan.contacted_on:%Y-%m-%d}",
        "Offers": "of any kind" if plan.kind == "any" else plan.kind,
        "Channel": CHANNEL_WORDS.get(plan.channel, "the one most likely to be answered"),
        "Rest between contacts": f"{plan.quiet_days} {'day' if plan.quiet_days == 1 else 'days'}",
        "Left alone for comparison": f"{plan.control_share_pct:g} % (seed {plan.seed})",
        "Put in order by": plan.value_means,
    }
    lines = [f"{word}: {text}" for word, text in about.items()]
    lines += ["", plan.says, *plan.notes, *([drafts] if drafts else []), "", "Set aside:"]
    lines += [f"  {row.customers:>9,}  {row.says}" for row in plan.counts.itertuples()]
    if len(plan.control):
        lines += ["", "Are the two groups alike?  (contacted, control, difference in standard deviations)"]
        lines += [
            f"  {row.figure:<32}{_figure(row.contacted):>12}{_figure(row.control):>12}{_figure(row.difference_sd):>9}"
            for row in plan.balance.itertuples()
        ]
        lines.append(f"  Below {LITTLE_SD:g} counts as alike; small groups differ more by chance.")
    return "\n".join([*lines, ""])


def _shown_list(rows: pd.DataFrame, plan: Any) -> tuple[pd.DataFrame, list[str], list[str]]:
    frame = rows.assign(
        probability_pct=(rows["probability"].astype("float64") * 100).round(1),
        channel=rows["channel"].map(CHANNEL_WORDS),
        **{name: rows[name].astype("float64").round(2) for name in ("price", "margin")},
        expected_value=rows["expected_value"].astype("float64").round(4),
        **{name: pd.to_datetime(rows[name]).dt.date for name in ("due_on", "last_contacted_on")},
    )
    kept = [name for name in _LABELS if name == "customer_id" or not rows_empty(frame[name])]
    money = {"price", "margin"} | ({"expected_value"} if plan.value_means != "probability" else set())
    words = {name: label for name, (label, _) in _LABELS.items()}
    words["expected_value"] = plan.value_means.capitalize()
    unit = f" ({plan.currency})" if plan.currency else ""
    labels = [f"{words[name]}{unit}" if name in money else words[name] for name in kept]
    return frame[kept].astype({"customer_id": "str"}), labels, [_LABELS[name][1] for name in kept]


def rows_empty(column: pd.Series) -> bool:
    """Whether a column says nothing in a list that has rows.

    Examples
    --------
    >>> rows_empty(pd.Series([None, float("nan")])), rows_empty(pd.Series([], dtype=float))
    (True, False)
    """
    return bool(len(column)) and bool(column.isna().all())


def _figure(value: float) -> str:
    if pd.isna(value):
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
