"""By what means each customer may be addressed: consent as recorded, and whether an address is usable."""

import re
from typing import Any

import pandas as pd

from crmlib.prepare.crm import Crm
from crmlib.prepare.privacy import known_customers

CONSENT_OF = {
    "email": "email_consent",
    "sms": "sms_consent",
    "phone": "phone_consent",
    "fax": "phone_consent",
}
"""The column of `customers` that must say yes; a fax goes to a telephone, so it takes that consent."""

ADDRESS_OF = {"email": "email", "sms": "phone", "phone": "phone", "fax": "phone"}

CHANNELS = (*CONSENT_OF, "web")
"""Means to address a customer; the web is our own pages, which reach only those who come."""

_EMAIL = re.compile(
    r"[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]{1,64}@[^\s@,;:<>()\[\]\\\"\x00-\x1f\x7f]+\.[^\s@,;:<>()\[\]\\\".\x00-\x1f\x7f]+"
)
_PHONE = re.compile(r"\+?[\d ()./-]{5,30}")


def contact_permissions(crm: Crm) -> pd.DataFrame:
    """For every customer and channel: what was agreed to, and whether the address can be used.

    Parameters
    ----------
    crm : Crm

    Returns
    -------
    DataFrame indexed by customer_id, sorted: every customer that any table speaks of
        For each channel of `CONSENT_OF` two columns: ``<channel>_consent`` ("yes"; "no"; "unknown", nothing
        is written for this customer; "not kept", the workspace has no such column) and
        ``<channel>_reachable`` (False where the column of addresses is there and holds none that is usable).

    Examples
    --------
    >>> from crmlib.prepare.crm import Crm
    >>> people = pd.DataFrame({"customer_id": ["ann", "bob"], "email_consent": [True, None],
    ...                        "email": ["ann@example.org", "bob@example.org\\nBcc: all@example.org"]})
    >>> found = contact_permissions(Crm.from_frames(as_of="2024-01-31", customers=people))
    >>> found[["email_consent", "email_reachable", "sms_consent", "sms_reachable"]]
                email_consent  email_reachable sms_consent  sms_reachable
    customer_id
    ann                   yes             True    not kept           True
    bob               unknown            False    not kept           True
    """
    index = pd.Index(known_customers(crm), name="customer_id")
    asked = {*CONSENT_OF.values(), *ADDRESS_OF.values()}
    present = [name for name in crm.columns("customers") if name in asked] if "customers" in crm else []
    listed = (
        crm.frame("customers", ["customer_id", *present]).drop_duplicates("customer_id")
        if present
        else pd.DataFrame({"customer_id": pd.Series(dtype="str")})
    )
    listed = listed.set_index("customer_id").reindex(index)
    usable = {"email": is_email, "phone": is_phone}
    found = {}
    for channel, column in CONSENT_OF.items():
        found[f"{channel}_consent"] = _consent(listed, column)
        address = ADDRESS_OF[channel]
        reachable = listed[address].map(usable[address]) if address in present else True
        found[f"{channel}_reachable"] = pd.Series(reachable, index=index).astype(bool)
    return pd.DataFrame(found, index=index)


def is_email(value: Any) -> bool:
    """Whether a cell is one e-mail address and nothing else.

    Examples
    --------
    >>> is_email("ann@example.org"), is_email("a@b.de, c@d.de"), is_email("a@b.de\\r\\nBcc: c@d.de"), is_email(None)
    (True, False, False, False)
    """
    # Mail programs would decode "=?...?=" into whatever it hides, other addresses among it.
    return (
        isinstance(value, str)
        and len(value) <= 254
        and "=?" not in value
        and _EMAIL.fullmatch(value) is not None
    )


def is_phone(value: Any) -> bool:
    """Whether a cell is one telephone number and nothing else.

    Examples
    --------
    >>> is_phone("+49 (0)30 / 123-456"), is_phone("ask Ann"), is_phone("12"), is_phone(float("nan"))
    (True, False, False, False)
    """
    return (
        isinstance(value, str)
        and _PHONE.fullmatch(value) is not None
        and sum(sign.isdigit() for sign in value) >= 5
    )


def _consent(listed: pd.DataFrame, column: str) -> pd.Series:
    if column not in listed:
        return pd.Series("not kept", index=listed.index, dtype="str")
    said = listed[column].astype("object")
    words = {True: "yes", False: "no"}
    return said.map(lambda value: "unknown" if pd.isna(value) else words[bool(value)]).astype("str")
