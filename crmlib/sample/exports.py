"""The exports as a real company would hand them over: two systems, a shop, a workbook, and their dirt."""

from pathlib import Path

import pandas as pd

from crmlib.sample.company import Company, make_company
from crmlib.sample.dirt import Dirt
from crmlib.sample.exports_contact import raw_cases, raw_events, raw_feedback, raw_touches
from crmlib.sample.exports_party import raw_accounts, raw_contacts, raw_erp_customers, raw_relations
from crmlib.sample.exports_sales import (
    raw_articles,
    raw_deal_contacts,
    raw_lines,
    raw_opportunities,
    raw_stages,
)
from crmlib.sample.raw import iso_dates, moments, write_book, write_csv, yes_or_no
from crmlib.sample.truth_files import write_truth
from crmlib.sample.truths import START


def write_company(folder: str | Path, *, seed: int = 1, scale: float = 1.0) -> None:
    """Write the raw exports of the sample company into ``exports``, and what is true of it into ``truth``.

    Parameters
    ----------
    folder : path
        Made where it is missing; files of an earlier run are written over.
    seed : int
    scale : float
        As for `make_company`.

    Raises
    ------
    ParameterError
        If seed or scale is out of range.
    CrmlibError
        If the package faker is missing.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_company(folder, scale=0.02)
    >>> sorted(path.name for path in (folder / "exports").iterdir())[:3]
    ['book.xlsx', 'campaign_members.csv', 'crm_accounts.csv']
    """
    company = make_company(seed=seed, scale=scale)
    root = Path(folder)
    dirt = write_exports(company, root / "exports", seed=seed)
    write_truth(company, dirt, root / "truth", seed=seed, scale=scale)


def write_exports(company: Company, folder: Path, *, seed: int) -> pd.DataFrame:
    """Write every export, dirt and all.

    Returns
    -------
    DataFrame
        What dirt was put in: `table`, `check`, `column`, `rows`, `says`.

    Examples
    --------
    >>> write_exports.__name__  # see crmlib.sample.exports.write_company
    'write_exports'
    """
    folder.mkdir(parents=True, exist_ok=True)
    dirt = Dirt(seed)
    buyers = dirt.erp_customers(raw_erp_customers(company))
    write_csv(buyers, folder / "erp_customers.csv", delimiter=";", encoding="utf-8-sig", line_end="\r\n")
    write_csv(dirt.accounts(raw_accounts(company)), folder / "crm_accounts.csv")
    write_csv(dirt.contacts(raw_contacts(company)), folder / "crm_contacts.csv", encoding="gb18030")
    write_csv(raw_relations(company), folder / "crm_relations.csv")
    write_csv(dirt.articles(raw_articles(company)), folder / "erp_articles.csv", delimiter=";")
    for year, lines in dirt.lines(raw_lines(company)).items():
        write_csv(lines, folder / f"erp_order_lines_{year}.csv", delimiter=";")
    write_csv(dirt.opportunities(raw_opportunities(company)), folder / "crm_opportunities.csv")
    write_csv(dirt.stages(raw_stages(company)), folder / "crm_stage_history.csv")
    write_csv(raw_deal_contacts(company), folder / "crm_opportunity_contacts.csv")
    write_csv(dirt.touches(raw_touches(company)), folder / "crm_activities.csv")
    write_csv(dirt.events(raw_events(company)), folder / "web_events.csv")
    write_csv(dirt.cases(raw_cases(company)), folder / "service_cases.csv", delimiter="\t")
    write_csv(dirt.feedback(raw_feedback(company)), folder / "feedback.csv")
    write_csv(dirt.members(_raw_members(company)), folder / "campaign_members.csv")
    write_book(
        {
            "Employees": _employees(company),
            "Campaigns": _campaigns(company),
            "Targets": dirt.plans(_plans(company)),
        },
        folder / "book.xlsx",
    )
    return dirt.found()


def _raw_members(company: Company) -> pd.DataFrame:
    members = company.members
    never = (members["answered_day"] < 0).to_numpy()
    return pd.DataFrame(
        {
            "campaign": members["campaign_id"],
            "customer": members["customer_id"],
            "contacted": iso_dates(members["contacted_on"]),
            "control": yes_or_no(members["is_control"], ("yes", "no")),
            "responded": moments(iso_dates(members["answered_day"], none=never), members["answered_minute"]),
        }
    )


def _days(days: pd.Series) -> list[pd.Timestamp]:
    return [pd.Timestamp(day) for day in (START + days.to_numpy().astype("int64"))]


def _employees(company: Company) -> pd.DataFrame:
    table = company.employees
    left = [pd.Timestamp(day) if day else None for day in table["left_on"]]
    return pd.DataFrame(
        {
            "Staff no": table["employee_id"], "Name": table["name"], "Department": table["department"],
            "Team": table["team"], "Head": table["manager_id"], "Left on": pd.Series(left, dtype=object),
        }
    )  # fmt: skip


def _campaigns(company: Company) -> pd.DataFrame:
    table = company.campaigns
    return pd.DataFrame(
        {
            "Code": table["campaign_id"], "Name": table["name"], "Kind": table["kind"], "Channel": table["channel"],
            "From": _days(table["started_on"]), "To": _days(table["ended_on"]), "Cost": table["cost_amount"],
        }
    )  # fmt: skip


def _plans(company: Company) -> pd.DataFrame:
    table = company.plans
    return pd.DataFrame(
        {
            "From": _days(table["start"]), "To": _days(table["end"]), "Dimension": table["dimension"],
            "Key": table["key"], "Measure": table["measure"], "Target": table["target"],
            "Set on": _days(table["set_on"]),
        }
    )  # fmt: skip
