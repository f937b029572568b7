"""What goes wrong in real exports, put in by lot and counted.

Dirt comes as rows of its own, or as a spoilt value that says nothing about what is to be found again; no
true row is taken away. So the truth stays exact once the dirt has been met.
"""

import numpy as np
import pandas as pd

from crmlib.sample.exports_sales import year_of
from crmlib.sample.lots import lots

MISSPELT = {
    "Healthcare": "Helthcare", "Manufacturing": "manufacturing", "Electronics": "Electronis", "Logistics": "Logistcs",
}  # fmt: skip
MISSPELT_CATEGORIES = {"Labels": "Lables", "Cleaning": "cleaning "}


class Dirt:
    """Spoils one export after the other and remembers what it did.

    Parameters
    ----------
    seed : int

    Examples
    --------
    >>> dirt = Dirt(1)
    >>> raw = pd.DataFrame({"campaign": ["K1"] * 9, "customer": list("abcdefghi")})
    >>> len(dirt.members(raw)), dirt.found()[["table", "check", "rows"]].values.tolist()
    (10, [['campaign_contacts', 'duplicate_key', 1]])
    """

    def __init__(self, seed: int) -> None:
        self._rng = lots(seed, "dirt")
        self._found: list[tuple[str, str, str, int, str]] = []

    def found(self) -> pd.DataFrame:
        """What was put in so far: `table`, `check` ("" where no check looks for it), `column`, `rows`, `says`.

        Examples
        --------
        >>> list(Dirt(1).found())
        ['table', 'check', 'column', 'rows', 'says']
        """
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
        """Staff as "ca. 50", no date of entry.

        Examples
        --------
        >>> Dirt.erp_customers.__name__  # see crmlib.sample.exports.write_exports
        'erp_customers'
        """
        raw = raw.copy()
        every = np.ones(len(raw), dtype=bool)
        n = self._spoil(raw, "MITARBEITER", 0.008, "ca. 50", every)
        self._note("customers", "wrong_type", "employee_count", n, "staff written as ca. 50")
        n = self._spoil(raw, "ANGELEGT", 0.005, "00.00.0000", every)
        self._note("customers", "unparsable_date", "signed_up_on", n, "00.00.0000 instead of a date")
        return raw

    def accounts(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Industries misspelt where no other system knows better; the accounts that both systems have.

        Examples
        --------
        >>> Dirt.accounts.__name__  # see crmlib.sample.exports.write_exports
        'accounts'
        """
        raw = raw.copy()
        self._note("customers", "merged", "", (raw["ERP No"] != "").sum(), "in both systems under one number")
        twins = raw["Account ID"].str.len() == 6
        self._note(
            "customers", "", "customer_id", twins.sum(), "in both systems under two numbers: duplicates.csv"
        )
        for right, wrong in MISSPELT.items():
            lone = ((raw["ERP No"] == "") & (raw["Industry"] == right) & ~twins).to_numpy()
            n = self._spoil(raw, "Industry", 0.06, wrong, lone)
            self._note("customers", "", "industry", n, f"{wrong} instead of {right}")
        return raw

    def contacts(self, raw: pd.DataFrame) -> pd.DataFrame:
        """People at customers that nobody knows.

        Examples
        --------
        >>> Dirt.contacts.__name__  # see crmlib.sample.exports.write_exports
        'contacts'
        """
        lost = self._copies(raw, 0.004, **{"reports to": ""})
        lost["contact"] = [f"P9{i:05d}" for i in range(len(lost))]
        lost["customer"] = [f"18{i:04d}" for i in range(len(lost))]
        self._note(
            "contacts", "orphan_key", "customer_id", len(lost), "people at a customer that is not there"
        )
        return self._mixed_in(raw, lost)

    def articles(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Categories misspelt.

        Examples
        --------
        >>> Dirt.articles.__name__  # see crmlib.sample.exports.write_exports
        'articles'
        """
        raw = raw.copy()
        for right, wrong in MISSPELT_CATEGORIES.items():
            n = self._spoil(raw, "WARENGRUPPE", 0.1, wrong, (raw["WARENGRUPPE"] == right).to_numpy())
            self._note("products", "", "category", n, f"{wrong!r} instead of {right}; crm.toml mends it")
        return raw

    def lines(self, raw: pd.DataFrame) -> dict[int, pd.DataFrame]:
        """Order lines by year, each year's dates in another form, with everything that goes wrong there.

        Examples
        --------
        >>> Dirt.lines.__name__  # see crmlib.sample.exports.write_exports
        'lines'
        """
        sold = raw[raw["BELEG"].str.startswith("B")]
        number = iter(range(1, 10**6))

        def extra(share: float, check: str, column: str, says: str, **changed: object) -> pd.DataFrame:
            part = self._copies(sold, share, **changed)
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
        self._note("transactions", "duplicate_key", "", len(twice), "lines exported twice")
        table = self._mixed_in(
            raw, nowhere, nobody, negative, nothing, unknown, future, undated, never, twice
        )
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
        """Deals closed before they were created, exported twice, without a stage, with unknown customers.

        Examples
        --------
        >>> Dirt.opportunities.__name__  # see crmlib.sample.exports.write_exports
        'opportunities'
        """
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
        """Stages entered twice, left before entered, overlapping another, of deals that are not there.

        Examples
        --------
        >>> Dirt.stages.__name__  # see crmlib.sample.exports.write_exports
        'stages'
        """
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
        """Channels nobody knows, negative minutes, contacts and customers that are not there.

        Examples
        --------
        >>> Dirt.touches.__name__  # see crmlib.sample.exports.write_exports
        'touches'
        """
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
        """Events exported twice, and products that are not there.

        Examples
        --------
        >>> Dirt.events.__name__  # see crmlib.sample.exports.write_exports
        'events'
        """
        twice = self._copies(raw, 0.002)
        self._note("events", "duplicate_key", "", len(twice), "events exported twice")
        gone = self._copies(raw, 0.001, product_id="998877")
        gone["event_id"] = [f"Y{i}" for i in range(len(gone))]
        self._note("events", "orphan_key", "product_id", len(gone), "products that are not there")
        return self._mixed_in(raw, twice, gone)

    def cases(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Cases closed before they were opened, and negative costs.

        Examples
        --------
        >>> Dirt.cases.__name__  # see crmlib.sample.exports.write_exports
        'cases'
        """
        early = self._copies(raw[raw["closed"] != ""], 0.006)
        early["case"] = [f"S9{i:04d}" for i in range(len(early))]
        early["closed"] = _moved(early["opened"], -1440)
        self._note("service_cases", "closed_before_opened", "", len(early), "closed before opened")
        cheap = self._copies(raw, 0.004, cost="-15.00")
        cheap["case"] = [f"S8{i:04d}" for i in range(len(cheap))]
        self._note("service_cases", "out_of_range", "cost_amount", len(cheap), "costs below 0")
        return self._mixed_in(raw, early, cheap)

    def feedback(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Scores above the best, and kinds that are none.

        Examples
        --------
        >>> Dirt.feedback.__name__  # see crmlib.sample.exports.write_exports
        'feedback'
        """
        high = self._copies(raw, 0.008, score="12")
        high["id"] = [f"F9{i:05d}" for i in range(len(high))]
        self._note("feedback", "score_above_best", "", len(high), "12 of 5 or of 10")
        odd = self._copies(raw, 0.006, kind="testimonial")
        odd["id"] = [f"F8{i:05d}" for i in range(len(odd))]
        self._note("feedback", "not_allowed", "kind", len(odd), "a kind that is none")
        return self._mixed_in(raw, high, odd)

    def members(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Customers listed twice in a campaign.

        Examples
        --------
        >>> Dirt.members.__name__  # see crmlib.sample.exports.write_exports
        'members'
        """
        twice = self._copies(raw, 0.003)
        self._note("campaign_contacts", "duplicate_key", "", len(twice), "customers listed twice")
        return self._mixed_in(raw, twice)

    def plans(self, raw: pd.DataFrame) -> pd.DataFrame:
        """Periods that end before they begin, and targets still open.

        Examples
        --------
        >>> Dirt.plans.__name__  # see crmlib.sample.exports.write_exports
        'plans'
        """
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
