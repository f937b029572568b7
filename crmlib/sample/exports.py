"""Articles, order lines, deals and their stages as the systems write them."""

import numpy as np
import pandas as pd

from crmlib.sample.company import Company
from crmlib.sample.raw import amounts, german_dates, iso_dates, moments, numbers, yes_or_no
from crmlib.sample.truths import DAYS, STAGES, TOPICS

LOST_REASONS = {
    "price": "Price", "delivery time": "Delivery time", "missing feature": "Missing feature",
    "competitor": "Competitor", "budget postponed": "Budget postponed", "service quality": "Service quality", "": "",
}  # fmt: skip


def raw_articles(company: Company) -> pd.DataFrame:
    """Products as the ERP system knows them."""
    table = company.products
    return pd.DataFrame(
        {
            "ARTIKEL": table["product_id"],
            "BEZEICHNUNG": table["name"],
            "WARENGRUPPE": table["category"],
            "UNTERGRUPPE": table["subcategory"],
            "BEREICH": table["department"],
            "MARKE": table["brand"],
            "STUFE": numbers(table["tier"]),
            "PREIS": amounts(table["unit_price"], point=","),
            "EINSTAND": amounts(table["unit_cost"], point=","),
            "LEBENSDAUER": numbers(table["life_days"]),
            "AB": german_dates(table["launched_on"]),
            "BIS": german_dates(table["retired_on"], none=(table["retired_on"] >= 5 * DAYS).to_numpy()),
            "ERSETZT": table["replaces_product_id"].fillna(""),
        }
    )


def raw_lines(company: Company) -> pd.DataFrame:
    """Order lines; the date is still ISO, see `crmlib.sample.dirt.Dirt.lines`. Those that are `is_gap` were bought
    elsewhere: they are here so that the dirt of all others stays where it is."""
    every = pd.concat([company.lines.assign(is_gap=False), company.unbought.assign(is_gap=True)])
    table = every.sort_values(["day", "minute", "order_id", "line_no"], kind="stable")
    paid = table["paid_on"].to_numpy()
    signs = company.signs.query("source == 'transactions'").set_index("record")
    order = pd.Series(
        [
            f"{'G' if back else 'B'}{300_000 + i}"
            for i, back in zip(table["order_id"], table["is_return"], strict=True)
        ]
    )
    return pd.DataFrame(
        {
            "BELEG": order,
            "POS": numbers(table["line_no"]),
            "KUNDE": company.customers["customer_id"].to_numpy()[table["customer"].to_numpy()],
            "ARTIKEL": company.products["product_id"].to_numpy()[table["product"].to_numpy()],
            "DATUM": moments(iso_dates(table["day"]), table["minute"]),
            "MENGE": numbers(table["quantity"]),
            "NETTO": amounts(table["net_amount"], point=","),
            "RABATT": amounts(table["discount_amount"], point=","),
            "EINSTAND": amounts(table["cost_amount"], point=","),
            "KANAL": table["channel"],
            "LAGER": table["store_id"],
            "AKTION": table["campaign_id"],
            "VERKAEUFER": table["employee_id"],
            "KUNDE_MAIL": order.map(signs["email"]).fillna("").to_numpy(),
            "KUNDE_TEL": order.map(signs["phone"]).fillna("").to_numpy(),
            "FAELLIG": iso_dates(table["due_on"], none=(table["due_on"] < 0).to_numpy()),
            "BEZAHLT": iso_dates(np.minimum(paid, 2 * DAYS), none=paid >= DAYS),
            "is_gap": table["is_gap"].to_numpy(),
        }
    ).reset_index(drop=True)


def raw_opportunities(company: Company) -> pd.DataFrame:
    """Deals as the CRM shows them at the closing day."""
    table, stays = company.deals.table, company.deals.stays
    over = (table["closed"] < DAYS).to_numpy()
    won = table["won"].to_numpy()
    last = stays[stays["entered"] < DAYS].groupby("deal")["stage"].last()
    stage = np.array(STAGES, dtype=object)[last.reindex(np.arange(len(table))).to_numpy()]
    reason = np.where(over & ~won, table["topic"].map(LOST_REASONS), "")
    nothing = ~np.isin(table["topic"].to_numpy(), TOPICS)
    return pd.DataFrame(
        {
            "Opportunity": table["opportunity_id"],
            "Account": np.where(table["is_unknown"], "", table["customer_id"]),
            "Article": table["product_id"],
            "Owner": table["owner_id"],
            "Source": table["source"],
            "Campaign": table["campaign_id"],
            "Created": moments(iso_dates(table["created"]), table["minute"]),
            "Closed": moments(iso_dates(table["closed"], none=~over), table["minute"]),
            "Stage": np.where(over, np.where(won, "Closed Won", "Closed Lost"), stage),
            "Amount": amounts(table["amount"]),
            "Expected Close": iso_dates(table["expected_close"]),
            "Lost Reason": np.where(over & ~won & nothing, "Other", reason),
        }
    )


def raw_stages(company: Company) -> pd.DataFrame:
    """Every stay that had begun by the closing day."""
    stays = company.deals.stays[company.deals.stays["entered"] < DAYS]
    at = stays["deal"].to_numpy()
    minute = company.deals.table["minute"].to_numpy()[at]
    still = (stays["exited"] >= DAYS).to_numpy()
    return pd.DataFrame(
        {
            "Opportunity": company.deals.table["opportunity_id"].to_numpy()[at],
            "Stage": np.array(STAGES, dtype=object)[stays["stage"].to_numpy()],
            "Entered": moments(iso_dates(stays["entered"]), minute),
            "Left": moments(iso_dates(stays["exited"], none=still), minute),
        }
    )


def raw_deal_contacts(company: Company) -> pd.DataFrame:
    """Who takes part in which decision."""
    table = company.deal_contacts
    return pd.DataFrame(
        {
            "Opportunity": table["opportunity_id"],
            "Contact": table["contact_id"],
            "Role": table["decision_role"],
            "Stance": numbers(table["stance"]),
            "Sways": table["influences_contact_id"],
        }
    )


def year_of(dates: pd.Series) -> pd.Series:
    """The year in front of ISO dates."""
    return dates.str[:4].astype(int)


CHANNEL_WORDS = {"email": "E-Mail", "phone": "Call", "visit": "Meeting", "web": "Video"}
"""What the CRM calls a channel, where it differs."""


def raw_touches(company: Company) -> pd.DataFrame:
    """Contacts and plans; a deal whose customer is not yet known has none."""
    deals = company.deals.table
    unknown = set(deals.loc[deals["is_unknown"], "opportunity_id"])
    table = company.touches[~company.touches["opportunity_id"].isin(unknown)]
    return pd.DataFrame(
        {
            "Activity": table["interaction_id"],
            "Account": table["customer_id"],
            "Contact": table["contact_id"],
            "Opportunity": table["opportunity_id"],
            "Campaign": table["campaign_id"],
            "Owner": table["employee_id"],
            "When": moments(iso_dates(table["day"]), table["minute"]),
            "Type": table["channel"].replace(CHANNEL_WORDS),
            "Direction": table["direction"],
            "Purpose": table["purpose"],
            "Subject": table["subject"],
            "Notes": table["notes"],
            "Template": table["template"],
            "Result": table["outcome"],
            "Minutes": numbers(table["duration_minutes"]),
            "Planned for": iso_dates(table["planned"], none=(table["planned"] < 0).to_numpy()),
            "Expenses": amounts(table["cost_amount"]),
        }
    ).reset_index(drop=True)


def raw_events(company: Company) -> pd.DataFrame:
    """Visits to the site."""
    table = company.events
    names = (
        "event_id",
        "customer_id",
        "visitor_id",
        "session_id",
        "event",
        "product_id",
        "page",
        "campaign_id",
    )
    return pd.DataFrame(
        {"happened_at": moments(iso_dates(table["day"]), table["minute"], by="T", end=":00+08:00")}
        | {name: table[name] for name in names}
    )


def raw_cases(company: Company) -> pd.DataFrame:
    """Service requests."""
    table = company.cases
    answered = table["minute"].to_numpy() + table["answer_minutes"].to_numpy()
    answer_day = table["day"].to_numpy() + answered // 1440
    closed = np.maximum(table["closed_day"].to_numpy(), answer_day + 1)
    return pd.DataFrame(
        {
            "case": table["case_id"],
            "customer": table["customer_id"],
            "article": table["product_id"],
            "opened": moments(iso_dates(table["day"]), table["minute"]),
            "answered": moments(iso_dates(answer_day, none=answer_day >= DAYS), answered % 1440),
            "closed": moments(iso_dates(closed, none=closed >= DAYS), table["minute"]),
            "priority": table["priority"],
            "level": table["service_level"],
            "kind": table["kind"],
            "by": table["employee_id"],
            "cost": amounts(table["cost_amount"]),
            "reopened": numbers(table["reopened_count"]),
        }
    )


def raw_feedback(company: Company) -> pd.DataFrame:
    """Opinions."""
    table = company.feedback
    signs = company.signs.query("source == 'feedback'").set_index("record")
    solved = table["resolved_day"].to_numpy()
    return pd.DataFrame(
        {
            "id": table["feedback_id"],
            "customer": table["customer_id"],
            "article": table["product_id"],
            "order": [f"B{300_000 + i}" for i in table["order_id"]],
            "given": moments(iso_dates(table["day"]), table["minute"]),
            "kind": table["kind"],
            "score": numbers(table["score"]),
            "of": numbers(table["score_max"]),
            "text": table["text"],
            "email": table["feedback_id"].map(signs["email"]),
            "account": table["feedback_id"].map(signs["handle"]),
            "resolved": iso_dates(solved, none=(solved < 0) | (solved >= DAYS)),
        }
    )


GERMAN_INDUSTRY = {
    "Manufacturing": "Fertigung", "Healthcare": "Gesundheit", "Food": "Lebensmittel", "Electronics": "Elektronik",
    "Logistics": "Logistik", "Construction": "Bau", "Education": "Bildung", "Retail": "Handel",
}  # fmt: skip


def raw_erp_customers(company: Company) -> pd.DataFrame:
    """Buyers as the ERP system knows them: German names, decimal comma, J and N."""
    table = company.customers[company.customers["in_erp"]]
    ties = company.relations[company.relations["relation"] == "parent"]
    parent = ties.drop_duplicates("to_customer_id").set_index("to_customer_id")["from_customer_id"]
    born = [
        f"{1 + day % 28:02d}.{1 + day % 12:02d}.{year}" if kind == "person" else ""
        for year, day, kind in zip(table["birth_year"], table["birth_day"], table["kind"], strict=True)
    ]
    return pd.DataFrame(
        {
            "KUNDENNR": table["customer_id"],
            "NAME": table["name"],
            "ART": np.where(table["kind"] == "person", "P", "F"),
            "BRANCHE": table["industry"].map(GERMAN_INDUSTRY),
            "GROESSE": table["company_size"],
            "MITARBEITER": numbers(table["employee_count"]),
            "UMSATZ": amounts(table["annual_revenue"], point=",", group="."),
            "LAND": table["country_code"],
            "GEBIET": table["region"],
            "ORT": table["city"],
            "PLZ": table["postcode"],
            "STRASSE": table["address"],
            "EMAIL": table["email"],
            "TELEFON": table["phone"],
            "ANGELEGT": german_dates(table["signed_up_on"]),
            "HERKUNFT": table["source"],
            "AKTION": table["campaign_id"],
            "BETREUER": table["owner_id"],
            "KONZERN": table["customer_id"].map(parent).fillna(""),
            "KREDITLIMIT": amounts(table["credit_limit"], point=",", group="."),
            "ZAHLUNGSZIEL": numbers(table["payment_terms_days"]),
            "UST_ID": table["tax_id"],
            "GEBOREN": born,
            "GESCHLECHT": table["gender"],
            "MAIL_OK": yes_or_no(table["email_consent"], ("J", "N")),
            "SMS_OK": yes_or_no(table["sms_consent"], ("J", "N")),
            "TEL_OK": yes_or_no(table["phone_consent"], ("J", "N")),
        }
    ).reset_index(drop=True)


def raw_accounts(company: Company) -> pd.DataFrame:
    """Accounts as the CRM knows them: leads, some of the buyers, and twins of others."""
    table = pd.concat([company.customers[company.customers["in_crm"]], company.twins], ignore_index=True)
    number = [
        f"A-2{i[-6:]}" if erp else i for i, erp in zip(table["customer_id"], table["in_erp"], strict=True)
    ]
    return pd.DataFrame(
        {
            "Account ID": number,
            "ERP No": np.where(table["in_erp"], table["customer_id"], ""),
            "Account Name": table["name"],
            "Type": table["kind"],
            "Industry": table["industry"],
            "Size": table["company_size"],
            "Staff": numbers(table["employee_count"]),
            "Country": table["country"],
            "Territory": table["region"],
            "City": table["city"],
            "Zip": table["postcode"],
            "Street": table["address"],
            "E-mail": table["email"],
            "Phone": table["phone"],
            "Social": table["handle"],
            "Lead Source": table["source"],
            "Campaign": table["campaign_id"],
            "Created": iso_dates(table["signed_up_on"]),
            "Owner": table["owner_id"],
            "Interests": table["interests"],
            "Tags": table["tags"],
            "Opt-in mail": yes_or_no(table["email_consent"], ("true", "false")),
            "Opt-in SMS": yes_or_no(table["sms_consent"], ("true", "false")),
            "Opt-in phone": yes_or_no(table["phone_consent"], ("true", "false")),
        }
    ).reset_index(drop=True)


def raw_contacts(company: Company) -> pd.DataFrame:
    """People at the customers."""
    table = company.contacts
    return pd.DataFrame(
        {
            "contact": table["contact_id"],
            "customer": table["customer_id"],
            "name": table["name"],
            "title": table["title"],
            "department": table["department"],
            "reports to": table["reports_to_contact_id"],
            "influence": numbers(table["influence"]),
            "e-mail": table["email"],
            "phone": table["phone"],
            "birthday": iso_dates(table["birth_on"], none=(table["nth"] > 0).to_numpy()),
        }
    )


def raw_relations(company: Company) -> pd.DataFrame:
    """Ties between customers."""
    table = company.relations
    return pd.DataFrame(
        {
            "from": table["from_customer_id"],
            "to": table["to_customer_id"],
            "relation": table["relation"],
            "share": numbers(table["share_pct"]),
        }
    )
