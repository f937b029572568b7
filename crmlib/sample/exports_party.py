"""Customers as the two systems know them, the people there, and the ties."""

import numpy as np
import pandas as pd

from crmlib.sample.company import Company
from crmlib.sample.raw import amounts, german_dates, iso_dates, numbers, yes_or_no

GERMAN_INDUSTRY = {
    "Manufacturing": "Fertigung", "Healthcare": "Gesundheit", "Food": "Lebensmittel", "Electronics": "Elektronik",
    "Logistics": "Logistik", "Construction": "Bau", "Education": "Bildung", "Retail": "Handel",
}  # fmt: skip


def raw_erp_customers(company: Company) -> pd.DataFrame:
    """Buyers as the ERP system knows them: German names, decimal comma, J and N.

    Examples
    --------
    >>> raw_erp_customers.__name__  # see crmlib.sample.exports.write_exports
    'raw_erp_customers'
    """
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
    """Accounts as the CRM knows them: leads, some of the buyers, and twins of others.

    Examples
    --------
    >>> raw_accounts.__name__  # see crmlib.sample.exports.write_exports
    'raw_accounts'
    """
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
    """People at the customers.

    Examples
    --------
    >>> raw_contacts.__name__  # see crmlib.sample.exports.write_exports
    'raw_contacts'
    """
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
    """Ties between customers.

    Examples
    --------
    >>> raw_relations.__name__  # see crmlib.sample.exports.write_exports
    'raw_relations'
    """
    table = company.relations
    return pd.DataFrame(
        {
            "from": table["from_customer_id"],
            "to": table["to_customer_id"],
            "relation": table["relation"],
            "share": numbers(table["share_pct"]),
        }
    )
