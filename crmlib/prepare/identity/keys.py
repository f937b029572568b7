"""E-mail, telephone, tax number, birth date and address in one form, fit to be compared."""

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from crmlib.prepare.identity.names import (
    HANGUL,
    KANA,
    _package,
    _words,
    company_names,
    person_names,
    plain,
    simplified,
    street_words,
)

_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_LANGUAGES = ("en", "de", "fr", "es", "it", "zh", "ja", "ko", "pt", "nl")
_NUMBER = re.compile(r"\d+(?!\d)[a-z]?(?![a-z])")
_STREET = re.compile("(?<=.)strasse$")
_BIRTHDAYS = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_FIELDS = 10
"""Fields of a grid in one degree, each 11 km wide."""
PREPARED = (
    "record_id", "source_system", "kind", "held", "country", "core", "words", "family", "given", "whole", "nicks",
    "sound", "letters", "skeleton", "email", "email_user", "domain", "phone", "tax", "birth", "street", "numbers",
    "whole_address", "postcode", "city", "region", "latitude", "longitude", "spot", "spot_aside",
)  # fmt: skip
"""Columns that records are compared by."""


def prepare(records: pd.DataFrame, *, held: pd.Series | None = None) -> pd.DataFrame:
    """Records in the form in which they are compared: the columns of `PREPARED`, empty where nothing is known."""
    table = pd.DataFrame({"record_id": records["record_id"].astype(str)}).reset_index(drop=True)
    given = records.reset_index(drop=True)
    table["source_system"] = _text(given, "source_system")
    table["kind"] = kinds(given)
    table["held"] = None if held is None else table["record_id"].map(held)
    table["country"] = countries(given)
    people = table["kind"].eq("person")
    named = _text(given, "name")
    sets = [
        make(named[rows], table.loc[rows, "country"])
        for make, rows in ((person_names, people), (company_names, ~people))
        if rows.any()
    ]
    table = table.join(pd.concat(sets) if sets else pd.DataFrame(index=table.index))
    email = _distinct(_text(given, "email"), email_key)
    table["email"], table["email_user"] = email, email.str.partition("@")[0]
    table["domain"] = email.str.partition("@")[2]
    table["phone"] = phones(_text(given, "phone"), table["country"])
    table["tax"] = _pairwise(_text(given, "tax_id"), table["country"], tax_key)
    table["birth"] = births(given)
    address = _distinct(_text(given, "address"), plain)
    address = _distinct(pd.Series(simplified(address), index=address.index, dtype=object), address_key)
    table["street"], table["numbers"] = address.str.partition("|")[0], address.str.partition("|")[2]
    table["whole_address"] = address
    table["postcode"] = _distinct(
        _text(given, "postcode"), lambda text: plain(text).replace(" ", "").lstrip("0")
    )
    for column in ("city", "region"):
        known = _distinct(_text(given, column), plain)
        table[column] = pd.Series(simplified(known), index=known.index, dtype=object)
    table = table.assign(**spots(given)).reindex(columns=list(PREPARED)).astype(object)
    blank = table.drop(columns=["words", "nicks"]).isin(["", "nan"])
    return table.mask(blank.reindex(columns=table.columns, fill_value=False)).where(table.notna(), None)


def spots(records: pd.DataFrame) -> dict[str, pd.Series]:
    """Degrees that can be, and the fields of two grids, one half a field aside of the other, in which they lie."""
    limits = {"latitude": 90, "longitude": 180}
    given = pd.DataFrame({name: pd.to_numeric(_text(records, name), errors="coerce") for name in limits})
    given = given.where(given.abs().le(pd.Series(limits)).all(axis=1) & given.ne(0).any(axis=1))
    found = {name: given[name].map("{:.7f}".format, na_action="ignore") for name in limits}
    for name, shift in (("spot", 0.0), ("spot_aside", 0.5)):
        north, east = (np.floor(given[part] * _FIELDS + shift).astype("Int64").astype(str) for part in limits)
        found[name] = (north + " " + east).where(given["latitude"].notna())
    return found


def kinds(records: pd.DataFrame) -> pd.Series:
    """person or company; where nobody says, a set in which births or genders are told is one of people."""
    stated = _text(records, "kind").str.lower()
    known = stated.isin(["person", "company"])
    told = pd.Series(False, index=records.index)
    for column in ("birth_on", "gender"):
        if column in records:
            told |= records[column].notna() & records[column].astype(str).str.strip().ne("")
    if not known.any():
        return pd.Series("person" if told.mean() > 0.2 else "company", index=records.index, dtype=object)
    return stated.where(known, told.map({True: "person", False: "company"})).astype(object)


def email_key(text: str) -> str:
    """An address in small letters, without what stands behind a plus; nothing if it is no address."""
    address = text.strip().lower().removeprefix("mailto:").strip("<>")
    if not _EMAIL.match(address):
        return ""
    user, _, domain = address.rpartition("@")
    return f"{user.partition('+')[0]}@{domain}"


def phones(texts: pd.Series, country: pd.Series) -> pd.Series:
    """Numbers as +49301234567 where the country is known, else their digits."""
    bare = texts.fillna("").astype(str).str.replace(r"(?i)(?:ext\.?|x|durchwahl)\s*\d+$", "", regex=True)
    return _pairwise(bare.str.translate(_WIDE).str.replace(r"[^\d+]", "", regex=True), country, phone_key)


_WIDE = {0xFF10 + i: str(i) for i in range(10)} | {0xFF0B: "+"}


def phone_key(digits: str, country: str) -> str:
    """A number with its country's code; fewer than six digits are none."""
    if len(digits) < 6 or len(set(digits.lstrip("+"))) < 3:
        return ""
    phonenumbers = _package("phonenumbers")
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    try:
        found = phonenumbers.parse(digits, country or None)
    except phonenumbers.NumberParseException:
        return digits.lstrip("+0")
    return f"+{found.country_code}{found.national_number}"


def tax_key(text: str, country: str) -> str:
    """Letters and digits of a tax or registration number; nothing where its check digits are wrong.

    Known are the unified social credit code of China, Japan's corporate number, Korea's business number and the
    VAT numbers of the European Union; a number of another kind counts as it stands.
    """
    code = re.sub(r"[\W_]+", "", plain(text)).upper()
    if len(code) < 4 or len(set(code)) < 3:
        return ""
    module = _number_module(code, country)
    return "" if module and not _package(f"stdnum.{module}").is_valid(code) else code


def _number_module(code: str, country: str) -> str:
    if len(code) == 18 and country in ("CN", "") and code[:2].isalnum() and code[2:8].isdigit():
        return "cn.uscc"
    if len(code) == 13 and country == "JP" and code.isdigit():
        return "jp.cn"
    if len(code) == 10 and country == "KR" and code.isdigit():
        return "kr.brn"
    return ""


def births(records: pd.DataFrame) -> pd.Series:
    """Dates of birth as eight digits, kept with the slips that they have."""
    if "birth_on" not in records:
        return pd.Series(None, index=records.index, dtype=object)
    column = records["birth_on"]
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.dt.strftime("%Y%m%d")
    return _distinct(_text(records, "birth_on"), birth_key)


def birth_key(text: str) -> str:
    """1980-01-31, 31.01.1980 and 19800131 alike."""
    bare = text.strip()
    if _BIRTHDAYS.match(bare):
        year, month, day = re.findall(r"\d+", bare)[:3]
        return f"{year}{int(month):02d}{int(day):02d}"
    found = re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", bare)
    if found:
        first, second, year = found.groups()
        return f"{year}{int(second):02d}{int(first):02d}"
    return re.sub(r"\D", "", bare)[:8]


def address_key(text: str) -> str:
    """The words of a plain address, its usual words short, before ``|``; its numbers behind."""
    if text in _words("missing_words"):
        return ""
    numbers = _NUMBER.findall(text)
    words = [street_words().get(word, _STREET.sub("str", word)) for word in _NUMBER.sub(" ", text).split()]
    return f"{' '.join(words)}|{' '.join(numbers)}"


def countries(records: pd.DataFrame) -> pd.Series:
    """Codes of two letters; where no country is told, the script of the name tells Japan and Korea."""
    stated = _distinct(_text(records, "country"), country_code).fillna("")
    name = _text(records, "name")
    tells = {"JP": name.str.contains(KANA), "KR": name.str.contains(HANGUL)}
    for code, told in tells.items():
        stated = stated.mask(stated.eq("") & told, code)
    return stated.astype(object)


def country_code(text: str) -> str:
    """The code of a country by its code or its name in one of the larger languages."""
    known = plain(text)
    return known.upper() if len(known) == 2 and known.isascii() else _country_names().get(known, "")


@cache
def _country_names() -> dict[str, str]:
    from babel import Locale

    names = {"uk": "GB", "great britain": "GB", "usa": "US", "england": "GB", "korea": "KR", "prc": "CN"}
    for language in _LANGUAGES:
        territories = Locale(language).territories
        names |= {plain(name): code for code, name in territories.items() if code.isalpha()}
    return names


def _text(records: pd.DataFrame, column: str) -> pd.Series:
    if column not in records:
        return pd.Series("", index=records.index, dtype=object)
    values = records[column]
    return values.astype(object).where(values.notna(), "").astype(str).astype(object)


def _distinct(texts: pd.Series, key: Any) -> pd.Series:
    """`key` of each different text, once."""
    return texts.map({text: key(text) if text.strip() else "" for text in texts.unique()}).astype(object)


def _pairwise(texts: pd.Series, country: pd.Series, key: Any) -> pd.Series:
    pairs = list(zip(texts, country.fillna(""), strict=True))
    made = {pair: key(*pair) if pair[0] else "" for pair in set(pairs)}
    return pd.Series([made[pair] for pair in pairs], index=texts.index, dtype=object)
