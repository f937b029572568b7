"""Customers, the people there and the ties between them; who works for the company, its campaigns and plans."""

import random
from typing import Any

import numpy as np
import pandas as pd

from crmlib.sample.raw import lots, pick, pick_by_row, pick_name
from crmlib.sample.truths import (
    COUNTRIES,
    CUSTOMERS,
    DAYS,
    INDUSTRY_ODDS,
    INDUSTRY_SHARE,
    PLAN_FACTORS,
    SEGMENTS,
    SIZE_ODDS,
    SOURCE_MIX,
    SOURCE_SHARE,
    START,
)
from crmlib.schema.errors import CrmlibError

_TWIN_SWAPS = (
    (" GmbH", " Gmbh"), (" AG", " A.G."), ("有限公司", "有限责任公司"), ("株式会社", "(株)"), (" Ltd", " Limited"),
    (" PLC", " plc"), (" Inc", " Incorporated"), (" SARL", " S.A.R.L."), (" S.A.", " SA"), (" KG", " K.G."),
)  # fmt: skip


class Register:
    """Draws names and addresses country by country; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        try:
            from faker import Factory
        except ImportError as error:
            raise CrmlibError(
                "The sample company's names come from the package faker. Install it: pip install crmlib[sample]"
            ) from error
        self._faker: dict[str, Any] = {}
        for country, (locale, *_) in COUNTRIES.items():
            self._faker[country] = Factory.create(locale)
            self._faker[country].seed_instance(f"{seed} {locale}")

    def person(self, country: str) -> str:
        """The name of a person."""
        return self._faker[country].name()

    def company(self, country: str) -> str:
        """The name of a company."""
        return self._faker[country].company()

    def place(self, country: str) -> dict[str, str]:
        """City, postcode, street and telephone."""
        faker = self._faker[country]
        return {
            "city": faker.city(),
            "postcode": faker.postcode(),
            "address": faker.street_address().replace("\n", ", "),
            "phone": faker.phone_number(),
        }


def written_otherwise(name: str, rng: random.Random) -> str:
    """A name as another clerk would write it: legal form, case, a slip of the key."""
    for one, other in _TWIN_SWAPS:
        if one in name:
            return name.replace(one, other)
    if rng.random() < 0.3:
        return name.upper()
    place = rng.randrange(1, max(2, len(name) - 1))
    return name[:place] + name[place + 1 :] if rng.random() < 0.5 else name[:place] + name[place - 1 :]


TWIN_SHARE, BOTH_SYSTEMS_SHARE = 0.04, 0.35
_TITLES = (
    ("Managing director", "Management", 0.9), ("Head of purchasing", "Purchasing", 0.75),
    ("Head of production", "Production", 0.6), ("Engineer", "Production", 0.4), ("Buyer", "Purchasing", 0.35),
    ("IT manager", "IT", 0.45), ("Assistant", "Management", 0.15),
)  # fmt: skip
_INTERESTS = ("labels", "safety", "automation", "training", "energy", "cleaning")


def source_shares(industries: np.ndarray) -> np.ndarray:
    """How likely each source is for customers of these industries; one row a customer."""
    shares = np.tile(list(SOURCE_SHARE.values()), (len(industries), 1))
    for (source, industry), factor in SOURCE_MIX.items():
        shares[industries == industry, list(SOURCE_SHARE).index(source)] *= factor
    return shares / shares.sum(axis=1, keepdims=True)


def make_customers(*, seed: int, scale: float, owners: list[str], campaigns: pd.DataFrame) -> pd.DataFrame:
    """Every customer once, under the vocabulary's names and the generator's own."""
    rng = lots(seed, "customers")
    n = max(60, round(CUSTOMERS * scale))
    country = pick_name(rng, {name: row[2] for name, row in COUNTRIES.items()}, n)
    person = rng.random(n) < 0.12
    industry = np.array(list(INDUSTRY_ODDS), dtype=object)[pick(rng, INDUSTRY_SHARE, n)]
    people = np.where(person, rng.integers(1, 4, n), np.round(np.exp(rng.normal(3.9, 1.4, n))) + 1)
    table = pd.DataFrame(
        {
            "kind": np.where(person, "person", "company"),
            "industry": industry,
            "employee_count": people.astype(np.int64),
            "country": country,
            "region": [COUNTRIES[c][3][rng.integers(len(COUNTRIES[c][3]))] for c in country],
            "source": np.array(list(SOURCE_SHARE), dtype=object)[pick_by_row(rng, source_shares(industry))],
            "owner_id": np.array(owners, dtype=object)[rng.integers(len(owners), size=n)],
            "segment": pick_name(rng, {name: row[0] for name, row in SEGMENTS.items()}, n),
        }
    )
    table["company_size"] = np.array(list(SIZE_ODDS), dtype=object)[
        np.searchsorted([10, 50, 250], table["employee_count"], side="right")
    ]
    table["annual_revenue"] = np.round(people * np.exp(rng.normal(11.6, 0.5, n)), -3)
    table = _add_course(table, rng)
    table = _add_terms(table, rng)
    brought = table["source"].isin(["Trade fair", "Advertising"]) & (table["signed_up_on"] >= 0)
    table["campaign_id"] = _campaign_of(campaigns, table["signed_up_on"], table["source"], brought)
    number = 100_001 + np.arange(n)
    table["customer_id"] = [
        f"{i}" if erp else f"A-{i}" for i, erp in zip(number, table["in_erp"], strict=True)
    ]
    return _add_names(table, seed)


def _add_course(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """When each signed up, how readily it orders, and until when."""
    n = len(table)
    old = rng.random(n) < 0.6
    signed = np.where(old, -rng.integers(1, 1800, n), rng.integers(0, DAYS - 20, n))
    start = np.maximum(signed, 0)
    monthly = table["segment"].map({name: row[5] for name, row in SEGMENTS.items()}).to_numpy()
    daily = 1 - (1 - monthly) ** (12 / 365.25)
    life = np.ceil(rng.exponential(1, n) / -np.log1p(-np.maximum(daily, 1e-9)))
    weight = table["segment"].map({name: row[1] for name, row in SEGMENTS.items()}).to_numpy()
    return table.assign(
        signed_up_on=signed,
        first_day=start,
        end_day=np.where(monthly > 0, np.minimum(start + life, 10**6), 10**6).astype(np.int64),
        weight=weight * rng.gamma(4.0, 0.25, n),
        discount=table["segment"].map({name: row[4] for name, row in SEGMENTS.items()}).to_numpy(),
        tardiness=rng.beta(1.5, 4.0, n),
    )


def _add_terms(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    n = len(table)
    limit = np.round(2000 * (1 + table["weight"]) * np.exp(rng.normal(0, 0.6, n)), -2)
    interests = [
        ";".join(name for name, chosen in zip(_INTERESTS, row, strict=True) if chosen)
        for row in rng.random((n, len(_INTERESTS))) < 0.25
    ]
    return table.assign(
        credit_limit=np.where(rng.random(n) < 0.75, limit, np.nan),
        payment_terms_days=np.array([14, 30, 30, 60])[rng.integers(4, size=n)],
        interests=interests,
        tags=np.where(rng.random(n) < 0.1, "newsletter", ""),
        email_consent=rng.random(n) < 0.72,
        sms_consent=rng.random(n) < 0.38,
        phone_consent=rng.random(n) < 0.61,
        gender=np.where(table["kind"] == "person", np.where(rng.random(n) < 0.5, "f", "m"), ""),
        birth_year=rng.integers(1955, 2001, n),
        birth_day=rng.integers(0, 365, n),
        in_erp=table["weight"] > 0,
    ).assign(in_crm=lambda t: (t["weight"] == 0) | (rng.random(n) < BOTH_SYSTEMS_SHARE))


def _campaign_of(
    campaigns: pd.DataFrame, days: pd.Series, sources: pd.Series, brought: pd.Series
) -> np.ndarray:
    """The last campaign of a source's kind that had begun by then, within the last half year."""
    found = np.full(len(days), "", dtype=object)
    for row in campaigns.sort_values("started_on").itertuples():
        fits = brought & (sources == row.source) & days.between(row.started_on, row.started_on + 180)
        found[fits.to_numpy()] = row.campaign_id
    return found


def _add_names(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    register = Register(seed)
    places = [register.place(country) for country in table["country"]]
    names = [
        register.person(country) if kind == "person" else register.company(country)
        for country, kind in zip(table["country"], table["kind"], strict=True)
    ]
    table = pd.concat([table, pd.DataFrame(places)], axis=1).assign(name=names)
    table["email"] = [f"office@c{number[-6:]}.example" for number in table["customer_id"]]
    code = table["country"].map({name: row[1] for name, row in COUNTRIES.items()})
    table["tax_id"] = [
        f"{c}{int(i[-6:]) * 7919 % 10**9:09d}" for c, i in zip(code, table["customer_id"], strict=True)
    ]
    return table.assign(country_code=code)


def make_twins(customers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Customers that were recorded a second time in the CRM, under another number and written otherwise."""
    rng = lots(seed, "twins")
    alone = customers[customers["in_erp"] & ~customers["in_crm"]]
    chosen = np.sort(rng.choice(len(alone), round(len(customers) * TWIN_SHARE), replace=False))
    clerk = random.Random(seed)
    twins = alone.iloc[chosen].copy()
    n = len(twins)
    twins["twin_of"] = twins["customer_id"]
    twins["customer_id"] = [f"A-{5001 + i}" for i in range(n)]
    twins["name"] = [written_otherwise(name, clerk) for name in twins["name"]]
    twins["email"] = np.where(rng.random(n) < 0.6, twins["email"], "")
    twins["phone"] = [
        number.translate(str.maketrans("", "", " -()/.")) if one else ""
        for number, one in zip(twins["phone"], rng.random(n) < 0.7, strict=True)
    ]
    twins["address"] = np.where(rng.random(n) < 0.8, twins["address"], "")
    twins["tax_id"] = ""
    return twins.assign(in_erp=False, in_crm=True)


def make_contacts(customers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """The people at each company: one to four, the first at the top."""
    rng, register = lots(seed, "contacts"), Register(seed + 1)
    count = np.where(customers["kind"] == "person", 1, 1 + rng.binomial(3, 0.35, len(customers)))
    at = np.repeat(np.arange(len(customers)), count)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
    place = np.where(nth == 0, rng.integers(0, 2, len(at)), rng.integers(1, len(_TITLES), len(at)))
    table = pd.DataFrame(
        {
            "contact_id": [f"P{20_001 + i}" for i in range(len(at))],
            "customer_id": customers["customer_id"].to_numpy()[at],
            "title": [_TITLES[i][0] for i in place],
            "department": [_TITLES[i][1] for i in place],
            "influence": np.clip(
                np.array([_TITLES[i][2] for i in place]) + rng.normal(0, 0.08, len(at)), 0, 1
            ).round(2),
            "nth": nth,
        }
    )
    table["name"] = [register.person(country) for country in customers["country"].to_numpy()[at]]
    table["email"] = [
        f"p{i[1:]}@c{c[-6:]}.example" for i, c in zip(table["contact_id"], table["customer_id"], strict=True)
    ]
    table["phone"] = np.where(rng.random(len(at)) < 0.7, customers["phone"].to_numpy()[at], "")
    first = table["contact_id"].to_numpy()[np.repeat(np.cumsum(count) - count, count)]
    table["reports_to_contact_id"] = np.where(nth > 0, first, "")
    table["birth_on"] = rng.integers(-25_000, -9_500, len(at))
    return table


def make_relations(customers: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Groups of companies, suppliers, partners, and who recommended us to whom."""
    rng = lots(seed, "relations")
    ids = customers["customer_id"].to_numpy()
    rows: dict[tuple[str, str, str], float] = {}
    companies = np.flatnonzero(customers["kind"] == "company")
    for child in rng.choice(companies, len(companies) // 12, replace=False):
        parent = companies[rng.integers(max(1, len(companies) // 10))]
        if parent < child:
            rows[ids[parent], ids[child], "parent"] = float(rng.choice([51, 60, 75, 100]))
    for kind, share in (("supplier", 0.08), ("partner", 0.05), ("decision chain", 0.02)):
        for one in rng.choice(companies, int(share * len(companies)), replace=False):
            other = companies[rng.integers(len(companies))]
            if one != other:
                rows[ids[one], ids[other], kind] = np.nan
    signed = customers["signed_up_on"].to_numpy()
    for new in np.flatnonzero(customers["source"] == "Referral"):
        referrer = companies[int(len(companies) * rng.random() ** 2)]
        if signed[referrer] < signed[new]:
            rows[ids[referrer], ids[new], "referrer"] = np.nan
    table = pd.DataFrame(list(rows), columns=["from_customer_id", "to_customer_id", "relation"])
    return table.assign(share_pct=list(rows.values()))


_TEAMS = ("North", "South", "East", "West")
LEFT = {"E07": "2025-06-30", "E13": "2025-09-30", "E20": "2025-11-28"}
"""Sellers who have left; their open deals still carry their name."""

TESTED = {"K09": True, "K10": False}
"""Campaigns with a control group, and whether they had any effect (`SEGMENTS` has its size)."""
ORDERS_WITHIN_DAYS, CONTROL_SHARE = 28, 0.3

_CAMPAIGNS = (
    # id, name, kind, channel, source it brings, first day, days, cost
    ("K01", "Hannover fair 2023", "trade fair", "visit", "Trade fair", "2023-04-17", 5, 42_000),
    ("K02", "Search advertising 2023", "advertising", "web", "Advertising", "2023-02-01", 300, 30_000),
    ("K03", "Shanghai fair 2023", "trade fair", "visit", "Trade fair", "2023-09-19", 5, 38_000),
    ("K04", "Catalogue 2024", "mailing", "mail", "", "2024-02-12", 30, 16_000),
    ("K05", "Hannover fair 2024", "trade fair", "visit", "Trade fair", "2024-04-22", 5, 45_000),
    ("K06", "Search advertising 2024", "advertising", "web", "Advertising", "2024-02-01", 300, 34_000),
    ("K07", "Tokyo fair 2024", "trade fair", "visit", "Trade fair", "2024-10-08", 4, 36_000),
    ("K08", "Filters by e-mail", "e-mail", "email", "", "2025-02-03", 14, 2_500),
    ("K09", "Spring offer 2025", "e-mail", "email", "", "2025-03-10", 28, 6_000),
    ("K10", "Autumn letter 2025", "e-mail", "email", "", "2025-09-15", 28, 6_000),
    ("K11", "Hannover fair 2025", "trade fair", "visit", "Trade fair", "2025-04-07", 5, 47_000),
    ("K12", "Search advertising 2025", "advertising", "web", "Advertising", "2025-02-03", 300, 36_000),
)


def still_here(employees: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Who does the work on a day: the employee, or the head of the team once the employee has left."""
    found = np.array(employees, dtype=object)
    for name, last in LEFT.items():
        gone = (found == name) & (np.asarray(days) > int((np.datetime64(last, "D") - START).astype(int)))
        found[gone] = f"E{25 + (int(name[1:]) - 1) % 4}"
    return found


def make_employees(*, seed: int) -> pd.DataFrame:
    """Forty people: sellers E01 to E24 in four teams, their heads, service and office."""
    register = Register(seed + 2)
    countries = ("Germany", "China", "Japan", "United Kingdom", "France")
    rows = []
    for i in range(1, 41):
        seller = i <= 24
        department = "Sales" if i <= 29 else "Service" if i <= 36 else "Marketing"
        manager = f"E{25 + (i - 1) % 4}" if seller else "E29" if i != 29 else ""
        rows.append(
            {
                "employee_id": f"E{i:02d}",
                "name": register.person(countries[i % 5]),
                "department": department,
                "team": _TEAMS[(i - 1) % 4] if i <= 28 else "",
                "manager_id": manager,
                "left_on": LEFT.get(f"E{i:02d}", ""),
            }
        )
    return pd.DataFrame(rows)


def make_campaigns() -> pd.DataFrame:
    """Twelve campaigns; `source` is the source that deals and customers have who came by it."""
    names = ("campaign_id", "name", "kind", "channel", "source", "started_on", "days", "cost_amount")
    table = pd.DataFrame(_CAMPAIGNS, columns=list(names))
    table["started_on"] = [int((np.datetime64(day, "D") - START).astype(int)) for day in table["started_on"]]
    return table.assign(ended_on=table["started_on"] + table["days"] - 1)


def make_campaign_contacts(customers: pd.DataFrame, campaigns: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Who was in each campaign; those with a control group leave three in ten alone, drawn by lot."""
    rng = lots(seed, "campaign contacts")
    parts = []
    for row in campaigns.itertuples():
        tested = row.campaign_id in TESTED
        share = (
            0.9
            if tested
            else {"mailing": 0.3, "e-mail": 0.2, "trade fair": 0.06, "advertising": 0.0}[row.kind]
        )
        asked = customers[
            (customers["weight"] > 0)
            & (customers["first_day"] <= row.started_on)
            & (customers["end_day"] > row.started_on if tested else True)
            & (rng.random(len(customers)) < share)
        ]
        if len(asked):
            parts.append(
                pd.DataFrame(
                    {
                        "campaign_id": row.campaign_id,
                        "customer_id": asked["customer_id"],
                        "contacted_on": row.started_on,
                        "is_control": (rng.random(len(asked)) < CONTROL_SHARE) & tested,
                        "segment": asked["segment"],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


MISSING = (("region", "France", 1), ("category", "Tools", 2), ("category", "Energy", 3))
"""Targets of 2025 that nobody has set: dimension, key, quarter (0 to 3)."""
_GROUPS = {
    # dimension: (column of lines, measures, months of a period)
    "total": ("all", ("net_amount", "margin", "order_count"), 1),
    "region": ("region", ("net_amount",), 3),
    "department": ("department", ("net_amount", "margin"), 3),
    "category": ("category", ("net_amount", "quantity"), 3),
    "product": ("product_id", ("net_amount", "quantity"), 12),
    "customer": ("customer_id", ("net_amount",), 12),
}


def make_plans(lines: pd.DataFrame, deals: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Targets of 2024 and 2025, and the total's for the first quarter of 2026."""
    rng = lots(seed, "plans")
    month = (START + lines["day"].to_numpy()).astype("datetime64[M]").astype(int) - START.astype(
        "datetime64[M]"
    ).astype(int)
    lines = lines.assign(month=month, margin=lines["net_amount"] - lines["cost_amount"])
    parts = [_of_lines(lines, dimension) for dimension in _GROUPS]
    parts.append(_of_deals(deals))
    table = pd.concat(parts, ignore_index=True)
    table["factor"] = np.array(PLAN_FACTORS)[rng.integers(len(PLAN_FACTORS), size=len(table))]
    table["target"] = np.round(table["actual"] * table["factor"], -1)
    table = pd.concat([table[table["target"] > 0], _next_quarter(table)], ignore_index=True)
    lead = np.where(
        rng.random(len(table)) < 0.08, -rng.integers(5, 40, len(table)), rng.integers(10, 60, len(table))
    )
    table["set_on"] = np.minimum(table["start"] - lead, DAYS - 1)
    table["is_late"] = table["set_on"] > table["start"]
    return table[~_is_missing(table)].reset_index(drop=True)


def _first_day(month: np.ndarray) -> np.ndarray:
    first = (START.astype("datetime64[M]") + np.asarray(month)).astype("datetime64[D]")
    return (first - START).astype(np.int64)


def _of_lines(lines: pd.DataFrame, dimension: str) -> pd.DataFrame:
    column, measures, length = _GROUPS[dimension]
    chosen = lines[lines["month"] >= 12]
    if length == 12:
        largest = (
            lines.groupby(column)["net_amount"].sum().sort_values(ascending=False, kind="stable").index[:25]
        )
        chosen = chosen[chosen[column].isin(largest)]
    keys = [chosen["month"] // length * length, column]
    sums = chosen.groupby(keys)[["net_amount", "quantity", "margin"]].sum()
    sums["order_count"] = chosen[~chosen["is_return"]].groupby(keys)["order_id"].nunique()
    long = sums[list(measures)].stack().rename("actual").reset_index()
    long.columns = ["month", "key", "measure", "actual"]
    return _periods(long, dimension, length)


def _of_deals(deals: pd.DataFrame) -> pd.DataFrame:
    won = deals[deals["won"] & (deals["closed"] < DAYS)]
    month = (START + won["closed"].to_numpy()).astype("datetime64[M]").astype(int) - START.astype(
        "datetime64[M]"
    ).astype(int)
    won = won.assign(month=month // 3 * 3)[month >= 12]
    long = won.groupby(["month", "owner_id"])["amount"].sum().rename("actual").reset_index()
    long.columns = ["month", "key", "actual"]
    return _periods(long.assign(measure="won_amount"), "employee", 3)


def _periods(long: pd.DataFrame, dimension: str, length: int) -> pd.DataFrame:
    month = long["month"].to_numpy()
    return pd.DataFrame(
        {
            "start": _first_day(month),
            "end": _first_day(month + length) - 1,
            "dimension": dimension,
            "key": long["key"].astype(object),
            "measure": long["measure"].astype(object),
            "actual": long["actual"].astype(float),
        }
    )


def _next_quarter(table: pd.DataFrame) -> pd.DataFrame:
    """The first three months of 2026: what 2025 was to reach, and twelve percent more."""
    total = table[(table["dimension"] == "total") & (table["start"].between(_first_day(24), _first_day(26)))]
    month = np.searchsorted(_first_day(np.arange(24, 27)), total["start"].to_numpy()) + 36
    return total.assign(
        start=_first_day(month), end=_first_day(month + 1) - 1, actual=np.nan, factor=np.nan,
        target=np.round(total["target"] * 1.12, -1),
    )  # fmt: skip


def _is_missing(table: pd.DataFrame) -> pd.Series:
    gone = pd.Series(False, index=table.index)
    for dimension, key, quarter in MISSING:
        first = int(_first_day(24 + 3 * quarter))
        gone |= (table["dimension"] == dimension) & (table["key"] == key) & (table["start"] == first)
    return gone
