"""Articles, order lines, deals and their stages as the systems write them."""

import numpy as np
import pandas as pd

from crmlib.sample.company import Company
from crmlib.sample.raw import amounts, german_dates, iso_dates, moments, numbers
from crmlib.sample.truths import DAYS, STAGES, TOPICS

LOST_REASONS = {
    "price": "Price", "delivery time": "Delivery time", "missing feature": "Missing feature",
    "competitor": "Competitor", "budget postponed": "Budget postponed", "service quality": "Service quality", "": "",
}  # fmt: skip


def raw_articles(company: Company) -> pd.DataFrame:
    """Products as the ERP system knows them.

    Examples
    --------
    >>> raw_articles.__name__  # see crmlib.sample.exports.write_exports
    'raw_articles'
    """
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
    """Order lines; the date is still ISO, see `crmlib.sample.dirt.Dirt.lines`.

    Examples
    --------
    >>> raw_lines.__name__  # see crmlib.sample.exports.write_exports
    'raw_lines'
    """
    table = company.lines.sort_values(["day", "minute", "order_id", "line_no"], kind="stable")
    paid = table["paid_on"].to_numpy()
    return pd.DataFrame(
        {
            "BELEG": [
                f"{'G' if back else 'B'}{300_000 + i}"
                for i, back in zip(table["order_id"], table["is_return"], strict=True)
            ],
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
            "FAELLIG": iso_dates(table["due_on"], none=(table["due_on"] < 0).to_numpy()),
            "BEZAHLT": iso_dates(np.minimum(paid, 2 * DAYS), none=paid >= DAYS),
        }
    ).reset_index(drop=True)


def raw_opportunities(company: Company) -> pd.DataFrame:
    """Deals as the CRM shows them at the closing day.

    Examples
    --------
    >>> raw_opportunities.__name__  # see crmlib.sample.exports.write_exports
    'raw_opportunities'
    """
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
    """Every stay that had begun by the closing day.

    Examples
    --------
    >>> raw_stages.__name__  # see crmlib.sample.exports.write_exports
    'raw_stages'
    """
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
    """Who takes part in which decision.

    Examples
    --------
    >>> raw_deal_contacts.__name__  # see crmlib.sample.exports.write_exports
    'raw_deal_contacts'
    """
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
    """The year in front of ISO dates.

    Examples
    --------
    >>> year_of(pd.Series(["2023-01-31 08:05"])).tolist()
    [2023]
    """
    return dates.str[:4].astype(int)
