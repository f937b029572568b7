"""What customers leave behind elsewhere: e-mails of orders, handles, visits without a login; and whose each is."""

import numpy as np
import pandas as pd

from crmlib.sample.raw import lots

WEB_EMAIL, GUEST, COLLEAGUE, WEB_PHONE = 0.9, 0.12, 0.2, 0.3
NOT_LOGGED_IN, FORM_WITHOUT_NUMBER, ON_SOCIAL_MEDIA = 0.25, 0.3, 0.4


def make_signs(
    lines: pd.DataFrame,
    events: pd.DataFrame,
    feedback: pd.DataFrame,
    customers: pd.DataFrame,
    contacts: pd.DataFrame,
    *,
    seed: int,
) -> pd.DataFrame:
    """One row an order of the web shop, a visit or an opinion: `source`, `record`, `customer_id`, `is_named`, signs.

    `is_named`: whether the export says whose it is. Who sent goods back is always named with the purchase.
    """
    rng = lots(seed, "signs")
    people = contacts[contacts["customer_id"].isin(customers["customer_id"])]
    parts = [
        _orders(lines, customers, people, rng),
        _visits(events, rng),
        _opinions(feedback, customers, rng),
    ]
    signs = pd.concat(parts, ignore_index=True)
    return signs.fillna({"email": "", "phone": "", "handle": ""}).assign(
        has_order=signs["has_order"].isna() | signs["has_order"].eq(True)
    )


def handles(customers: pd.DataFrame, *, seed: int) -> pd.Series:
    """The account on social media that each customer has, if she has one."""
    rng = lots(seed, "handles")
    there = rng.random(len(customers)) < ON_SOCIAL_MEDIA
    names = [f"@co{number[-6:]}" for number in customers["customer_id"]]
    return pd.Series(np.where(there, names, ""), index=customers.index)


def _orders(
    lines: pd.DataFrame, customers: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    sold = lines[~lines["is_return"]].drop_duplicates("order_id")
    web = sold[sold["channel"] == "web"]
    who = customers.iloc[web["customer"].to_numpy()]
    any_one = people.drop_duplicates("customer_id", keep="last").set_index("customer_id")["email"]
    colleague = who["customer_id"].map(any_one).to_numpy()
    by_colleague = (rng.random(len(web)) < COLLEAGUE) & pd.notna(colleague)
    email = np.where(by_colleague, colleague, who["email"])
    given = rng.random(len(web)) < WEB_EMAIL
    sent_back = set(lines.loc[lines["is_return"], "customer"])
    guest = given & (rng.random(len(web)) < GUEST) & ~web["customer"].isin(sent_back).to_numpy()
    phone = who["phone"].str.replace(r"\D", "", regex=True).to_numpy()
    return pd.DataFrame(
        {
            "source": "transactions",
            "record": [f"B{300_000 + i}" for i in web["order_id"]],
            "customer_id": who["customer_id"].to_numpy(),
            "is_named": ~guest,
            "email": np.where(given, email, ""),
            "phone": np.where(rng.random(len(web)) < WEB_PHONE, phone, ""),
        }
    )


def _visits(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A visitor logs in on the first of its visits at least."""
    visits = events[events["customer_id"] != ""].drop_duplicates("session_id")
    later = visits.duplicated("visitor_id").to_numpy()
    quiet = later & (rng.random(len(visits)) < NOT_LOGGED_IN)
    told = visits[["customer_id"]].assign(source="events", record=visits["session_id"], is_named=~quiet)
    return told.reset_index(drop=True)


def _opinions(feedback: pd.DataFrame, customers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Posts name a handle, forms an e-mail; a post of a handle that no list of customers has follows an order."""
    email = feedback["customer_id"].map(customers.set_index("customer_id")["email"])
    social = (feedback["kind"] == "social").to_numpy()
    form = feedback["kind"].isin(["review", "complaint"]).to_numpy()
    quiet = social | form & (rng.random(len(feedback)) < FORM_WITHOUT_NUMBER)
    handle = [f"https://social.example/co{number[-6:]}" for number in feedback["customer_id"]]
    told = customers.loc[customers["in_crm"] & customers["handle"].ne(""), "customer_id"]
    return pd.DataFrame(
        {
            "source": "feedback",
            "record": feedback["feedback_id"],
            "customer_id": feedback["customer_id"],
            "is_named": ~quiet,
            "has_order": ~quiet | social & ~feedback["customer_id"].isin(told).to_numpy(),
            "email": np.where(form, email, ""),
            "handle": np.where(social, handle, ""),
        }
    )


def without_names(
    raw: pd.DataFrame, signs: pd.DataFrame, *, record: str, customer: str, order: str = ""
) -> pd.DataFrame:
    """An export in which the rows of records that do not say whose they are name nobody, and maybe no order."""
    quiet = raw[record].isin(signs.loc[~signs["is_named"], "record"])
    raw = raw.assign(**{customer: raw[customer].mask(quiet, "")})
    if not order:
        return raw
    return raw.assign(
        **{order: raw[order].mask(raw[record].isin(signs.loc[~signs["has_order"], "record"]), "")}
    )
