"""What goes wrong in real exports, put in by lot and counted.

Dirt comes as rows of its own, or as a spoilt value that says nothing about what is to be found again; no
true row is taken away. So the truth stays exact once the dirt has been met.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from crmlib.sample.company import Company, make_company, write_truth
from crmlib.sample.exports import (
    raw_accounts,
    raw_articles,
    raw_cases,
    raw_contacts,
    raw_deal_contacts,
    raw_erp_customers,
    raw_events,
    raw_feedback,
    raw_lines,
    raw_opportunities,
    raw_relations,
    raw_stages,
    raw_touches,
    year_of,
)
from crmlib.sample.raw import iso_dates, lots, moments, write_book, write_csv, yes_or_no
from crmlib.sample.signs import without_names
from crmlib.sample.truths import START

MISSPELT = {
    "Healthcare": "Helthcare", "Manufacturing": "manufacturing", "Electronics": "Electronis", "Logistics": "Logistcs",
}  # fmt: skip
MISSPELT_CATEGORIES = {"Labels": "Lables", "Cleaning": "cleaning "}


class Dirt:
    """Spoils one export after the other and remembers what it did."""

    def __init__(self, seed: int) -> None:
        self._rng = lots(seed, "dirt")
        self._found: list[tuple[str, str, str, int, str]] = []

    def found(self) -> pd.DataFrame:
        """What was put in so far: `table`, `check` ("" where no check looks for it), `column`, `rows`, `says`."""
        return pd.DataFrame(self._found, columns=["table", "check", "column", "rows", "says"])

    def _note(self, table: str, check: str, column: str, rows: int, says: str) -> None:
        self._found.append((table, check, column, int(rows), says))

    def _some(self, raw: pd.DataFrame, share: float) -> np.ndarray:
        """A few rows, at least one, in their order."""
        count = min(len(raw), max(1, round(share * len(raw))))
        return np.sort(self._rng.choice(len(raw), count, replace=False))

    def _copies(self, raw: pd.DataFrame, share: float, **changed: object) -> pd.DataFrame:
        return raw.iloc[self._some(raw, share)].assign(**changed)

    def _mixed_in(self, raw: pd.DataFrame, *parts: pd.DataFrame) -> pd.DataFrame:
        """Rows put in somewhere; a repeated row always comes after its first."""
        table = pd.concat([raw, *parts], ignore_index=True)
        place = np.arange(len(table), dtype=float)
        extra = np.arange(len(raw), len(table))
        place[extra] = self._rng.uniform(0.9, 1.0, len(extra)) * len(raw)
        return table.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)

    def _spoil(self, raw: pd.DataFrame, column: str, share: float, value: str, where: np.ndarray) -> int:
        chosen = np.flatnonzero(where)
        chosen = chosen[self._some(pd.DataFrame(index=chosen), share)] if len(chosen) else chosen
        raw.loc[chosen, column] = value
        return len(chosen)

    def erp_customers(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Staff as "ca. 50", no date of entry."""
        raw = raw.copy()
        every = np.ones(len(raw), dtype=bool)
        n = self._spoil(raw, "MITARBEITER", 0.008, "ca. 50", every)
        self._note("customers", "wrong_type", "employee_count", n, "staff written as ca. 50")
        n = self._spoil(raw, "ANGELEGT", 0.005, "00.00.0000", every)
        self._note("customers", "unparsable_date", "signed_up_on", n, "00.00.0000 instead of a date")
        return raw

    def accounts(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Industries misspelt where no other system knows better; the accounts that both systems have."""
        raw = raw.copy()
        self._note("customers", "merged", "", (raw["ERP No"] != "").sum(), "in both systems under one number")
        twins = raw["Account ID"].str.len() == 6
        self._note(
            "customers", "same_customer", "", twins.sum(), "in both systems under two numbers: duplicates.csv"
        )
        for right, wrong in MISSPELT.items():
            lone = ((raw["ERP No"] == "") & (raw["Industry"] == right) & ~twins).to_numpy()
            n = self._spoil(raw, "Industry", 0.06, wrong, lone)
            self._note("customers", "misspelt", "industry", n, f"{wrong} instead of {right}")
        return raw

    def contacts(self, raw: pd.DataFrame) -> pd.DataFrame:
        """People at customers that nobody knows."""
        lost = self._copies(raw, 0.004, **{"reports to": ""})
        lost["contact"] = [f"P9{i:05d}" for i in range(len(lost))]
        lost["customer"] = [f"18{i:04d}" for i in range(len(lost))]
        self._note(
            "contacts", "orphan_key", "customer_id", len(lost), "people at a customer that is not there"
        )
        return self._mixed_in(raw, lost)

    def articles(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Categories misspelt."""
        raw = raw.copy()
        for right, wrong in MISSPELT_CATEGORIES.items():
            n = self._spoil(raw, "WARENGRUPPE", 0.1, wrong, (raw["WARENGRUPPE"] == right).to_numpy())
            self._note("products", "", "category", n, f"{wrong!r} instead of {right}; crm.toml mends it")
        return raw

    def lines(self, raw: pd.DataFrame) -> dict[int, pd.DataFrame]:
        """Order lines by year, each year's dates in another form, with everything that goes wrong there."""
        sold = raw[raw["BELEG"].str.startswith("B")]
        number = iter(range(1, 10**6))

        def extra(share: float, check: str, column: str, says: str, **changed: object) -> pd.DataFrame:
            part = self._copies(sold, share, is_gap=False, **changed)
            part["BELEG"] = [f"X{next(number):05d}" for _ in range(len(part))]
            self._note("transactions", check, column, len(part), says)
            return part

        nowhere = extra(0.0006, "orphan_key", "product_id", "articles that are not there")
        nowhere["ARTIKEL"] = [f"99{i:04d}" for i in range(len(nowhere))]
        nobody = extra(0.0006, "orphan_key", "customer_id", "customers that are not there")
        nobody["KUNDE"] = [f"19{i:04d}" for i in range(len(nobody))]
        negative = extra(
            0.0005, "negative_price", "", "corrections booked as a negative price", MENGE="1", NETTO="-12,50"
        )
        nothing = extra(
            0.0005,
            "zero_quantity",
            "",
            "lines of no piece",
            MENGE="0",
            NETTO="0,00",
            EINSTAND="0,00",
            RABATT="0,00",
        )
        unknown = extra(0.0004, "missing_required", "product_id", "no article", ARTIKEL="")
        future = extra(0.00002, "after_as_of", "", "year mistyped", DATUM="2052-03-04 10:00")
        undated = extra(0.0006, "unparsable_date", "ordered_at", "no such day", DATUM="2024-02-31 10:15")
        never = self._never_bought(sold, extra)
        twice = self._copies(sold, 0.0015)
        self._note("transactions", "duplicate_key", "", (~twice["is_gap"]).sum(), "lines exported twice")
        table = self._mixed_in(
            raw, nowhere, nobody, negative, nothing, unknown, future, undated, never, twice
        )
        table = table[~table.pop("is_gap").astype("bool")].reset_index(drop=True)
        year = year_of(table["DATUM"]).clip(upper=2025)
        return {one: _dated(table[year == one].reset_index(drop=True), one) for one in (2023, 2024, 2025)}

    def _never_bought(self, sold: pd.DataFrame, extra) -> pd.DataFrame:
        says = "sent back without having been bought"
        part = extra(
            0.0005,
            "refund_without_purchase",
            "",
            says,
            MENGE="-1",
            NETTO="-20,00",
            RABATT="0,00",
            EINSTAND="-9,00",
        )
        bought = set(zip(sold["KUNDE"], sold["ARTIKEL"], strict=True))
        goods = sorted(sold["ARTIKEL"].unique())
        part["ARTIKEL"] = [next(g for g in goods if (who, g) not in bought) for who in part["KUNDE"]]
        return part

    def opportunities(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Deals closed before they were created, exported twice, without a stage, with unknown customers."""
        over = raw[raw["Closed"] != ""]
        early = self._copies(over, 0.004)
        early["Opportunity"] = [f"O-8{i:04d}" for i in range(len(early))]
        early["Closed"], early["Created"] = early["Created"], early["Closed"]
        self._note("opportunities", "closed_before_created", "", len(early), "closed before created")
        blank = self._copies(raw, 0.001, Stage="")
        blank["Opportunity"] = [f"O-7{i:04d}" for i in range(len(blank))]
        self._note("opportunities", "missing_required", "stage", len(blank), "no stage")
        lost = self._copies(over, 0.003)
        lost["Opportunity"] = [f"O-6{i:04d}" for i in range(len(lost))]
        lost["Account"] = [f"A-7{i:05d}" for i in range(len(lost))]
        self._note("opportunities", "orphan_key", "customer_id", len(lost), "customers that are not there")
        twice = self._copies(raw, 0.002)
        self._note("opportunities", "duplicate_key", "", len(twice), "deals exported twice")
        self._note("opportunities", "", "customer_id", (raw["Account"] == "").sum(), "no customer yet")
        return self._mixed_in(raw, early, blank, lost, twice)

    def stages(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Stages entered twice, left before entered, overlapping another, of deals that are not there."""
        over = raw[raw["Left"] != ""]
        twice = self._copies(raw, 0.004)
        self._note("stage_history", "duplicate_key", "", len(twice), "stages entered twice")
        negative = self._copies(over, 0.003)
        negative["Left"] = _moved(negative["Entered"], -3 * 1440)
        negative["Entered"] = _moved(negative["Entered"], 7)
        self._note("stage_history", "left_before_entered", "", len(negative), "left before entered")
        first = over[~raw["Opportunity"].duplicated()[over.index]]
        entered, left = (first[name].to_numpy(dtype="datetime64[m]") for name in ("Entered", "Left"))
        astride = self._copies(first[(left - entered).astype(int) > 4 * 1440], 0.006, Stage="Qualified")
        astride["Left"] = _moved(astride["Entered"], 2 * 1440 + 11)
        astride["Entered"] = _moved(astride["Entered"], -1440)
        self._note(
            "stage_history", "", "", len(astride), "overlapping: left after the next stage was entered"
        )
        lost = self._copies(over, 0.001)
        lost["Opportunity"] = [f"O-5{i:04d}" for i in range(len(lost))]
        self._note("stage_history", "orphan_key", "opportunity_id", len(lost), "deals that are not there")
        return self._mixed_in(raw, twice, negative, astride, lost)

    def touches(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Channels nobody knows, negative minutes, contacts and customers that are not there."""
        plain = raw[(raw["Planned for"] == "") & (raw["Purpose"] == "service")]
        number = iter(range(1, 10**6))

        def extra(share: float, check: str, column: str, says: str, **changed: object) -> pd.DataFrame:
            part = self._copies(plain, share, **changed)
            part["Activity"] = [f"I9{next(number):06d}" for _ in range(len(part))]
            self._note("interactions", check, column, len(part), says)
            return part

        odd = extra(0.010, "not_allowed", "channel", "a channel that is none", Type="Pigeon")
        minutes = extra(0.008, "out_of_range", "duration_minutes", "minutes below 0", Minutes="-5")
        person = extra(0.008, "orphan_key", "contact_id", "people that are not there", Contact="P999999")
        nobody = extra(0.006, "missing_required", "customer_id", "no customer", Account="")
        return self._mixed_in(raw, odd, minutes, person, nobody)

    def events(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Events exported twice, and products that are not there."""
        twice = self._copies(raw, 0.002)
        self._note("events", "duplicate_key", "", len(twice), "events exported twice")
        gone = self._copies(raw, 0.001, product_id="998877")
        gone["event_id"] = [f"Y{i}" for i in range(len(gone))]
        self._note("events", "orphan_key", "product_id", len(gone), "products that are not there")
        return self._mixed_in(raw, twice, gone)

    def cases(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Cases closed before they were opened, and negative costs."""
        early = self._copies(raw[raw["closed"] != ""], 0.006)
        early["case"] = [f"S9{i:04d}" for i in range(len(early))]
        early["closed"] = _moved(early["opened"], -1440)
        self._note("service_cases", "closed_before_opened", "", len(early), "closed before opened")
        cheap = self._copies(raw, 0.004, cost="-15.00")
        cheap["case"] = [f"S8{i:04d}" for i in range(len(cheap))]
        self._note("service_cases", "out_of_range", "cost_amount", len(cheap), "costs below 0")
        return self._mixed_in(raw, early, cheap)

    def feedback(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Scores above the best, and kinds that are none."""
        high = self._copies(raw, 0.008, score="12")
        high["id"] = [f"F9{i:05d}" for i in range(len(high))]
        self._note("feedback", "score_above_best", "", len(high), "12 of 5 or of 10")
        odd = self._copies(raw, 0.006, kind="testimonial")
        odd["id"] = [f"F8{i:05d}" for i in range(len(odd))]
        self._note("feedback", "not_allowed", "kind", len(odd), "a kind that is none")
        return self._mixed_in(raw, high, odd)

    def members(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Customers listed twice in a campaign."""
        twice = self._copies(raw, 0.003)
        self._note("campaign_contacts", "duplicate_key", "", len(twice), "customers listed twice")
        return self._mixed_in(raw, twice)

    def plans(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Periods that end before they begin, and targets still open."""
        turned = self._copies(raw, 0.003, Key="turned")
        turned["From"], turned["To"] = turned["To"], turned["From"]
        self._note("plans", "ends_before_start", "", len(turned), "periods that end before they begin")
        open_ = self._copies(raw, 0.003, Key="open", Target="tbd")
        self._note("plans", "wrong_type", "target", len(open_), "targets written as tbd")
        return pd.concat([raw, turned, open_], ignore_index=True)


def _text(moments: np.ndarray) -> list[str]:
    return [moment.replace("T", " ") for moment in np.datetime_as_string(moments, unit="m").tolist()]


def _moved(moments: pd.Series, minutes: int) -> list[str]:
    return _text(moments.to_numpy(dtype="datetime64[m]") + np.timedelta64(minutes, "m"))


def _dated(lines: pd.DataFrame, year: int) -> pd.DataFrame:
    """The dates of a year's file: 31.01.2023 until 2024, ISO with a T since the ERP system was renewed."""
    if year == 2025:
        return lines.assign(DATUM=[f"{moment[:10]}T{moment[11:]}:00" for moment in lines["DATUM"]])
    turned = {
        name: [f"{d[8:10]}.{d[5:7]}.{d[:4]}{d[10:]}" if d else "" for d in lines[name]]
        for name in ("DATUM", "FAELLIG", "BEZAHLT")
    }
    return lines.assign(**turned)


def write_company(folder: str | Path, *, seed: int = 1, scale: float = 1.0, leaving_pct: float = 0.0) -> None:
    """Write the raw exports of the sample company into ``exports``, and what is true of it into ``truth``."""
    company = make_company(seed=seed, scale=scale, leaving_pct=leaving_pct)
    root = Path(folder)
    dirt = write_exports(company, root / "exports", seed=seed)
    write_truth(company, dirt, root / "truth", seed=seed, scale=scale)


def write_exports(company: Company, folder: Path, *, seed: int) -> pd.DataFrame:
    """Write every export, dirt and all."""
    folder.mkdir(parents=True, exist_ok=True)
    dirt = Dirt(seed)
    buyers = dirt.erp_customers(raw_erp_customers(company))
    write_csv(buyers, folder / "erp_customers.csv", delimiter=";", encoding="utf-8-sig", line_end="\r\n")
    write_csv(dirt.accounts(raw_accounts(company)), folder / "crm_accounts.csv")
    write_csv(dirt.contacts(raw_contacts(company)), folder / "crm_contacts.csv", encoding="gb18030")
    write_csv(raw_relations(company), folder / "crm_relations.csv")
    write_csv(dirt.articles(raw_articles(company)), folder / "erp_articles.csv", delimiter=";")
    for year, lines in dirt.lines(raw_lines(company)).items():
        lines = without_names(lines, company.signs, record="BELEG", customer="KUNDE")
        write_csv(lines, folder / f"erp_order_lines_{year}.csv", delimiter=";")
    write_csv(dirt.opportunities(raw_opportunities(company)), folder / "crm_opportunities.csv")
    write_csv(dirt.stages(raw_stages(company)), folder / "crm_stage_history.csv")
    write_csv(raw_deal_contacts(company), folder / "crm_opportunity_contacts.csv")
    write_csv(dirt.touches(raw_touches(company)), folder / "crm_activities.csv")
    events = dirt.events(raw_events(company))
    events = without_names(events, company.signs, record="session_id", customer="customer_id")
    write_csv(events, folder / "web_events.csv")
    write_csv(dirt.cases(raw_cases(company)), folder / "service_cases.csv", delimiter="\t")
    said = without_names(
        dirt.feedback(raw_feedback(company)), company.signs, record="id", customer="customer", order="order"
    )
    write_csv(said, folder / "feedback.csv")
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
