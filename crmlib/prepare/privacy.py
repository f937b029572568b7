"""What may leave the house: identifiers as they are, or keyed pseudonyms for them."""

import base64
import hashlib
import hmac
import os
from typing import Any

import pandas as pd

from crmlib.schema.errors import ConfigError

KEY_VARIABLE = "CRMLIB_PSEUDONYM_KEY"
"""Environment variable that holds the secret of the pseudonyms; it never stands in crm.toml."""

MINIMUM_GROUP = 10
"""Customers that a group of a sensitive column has at the least, where it is shown."""

SHORTEST_KEY = 16


def pseudonyms(ids: pd.Series, *, key: str) -> pd.Series:
    """A name for each identifier that only the holder of the key can lead back to it.

    Parameters
    ----------
    ids : Series of str
    key : str
        At least 16 characters. The same key gives the same names in every run.

    Returns
    -------
    Series of str
        ``K-`` and twelve characters, 60 bits of an HMAC-SHA-256; missing identifiers stay missing.

    Raises
    ------
    ConfigError
        If the key is short enough to be guessed.

    References
    ----------
    RFC 2104, HMAC: Keyed-Hashing for Message Authentication.

    Examples
    --------
    >>> pseudonyms(pd.Series(["17850", None]), key="a key of sixteen or more").tolist()
    ['K-N7PXIN6TFBVP', nan]
    """
    if len(key) < SHORTEST_KEY:
        raise ConfigError(f"{KEY_VARIABLE} has {len(key)} characters. Give it at least {SHORTEST_KEY}.")
    secret = key.encode()

    def name(identifier: str) -> str:
        digest = hmac.new(secret, identifier.encode(), hashlib.sha256).digest()
        return "K-" + base64.b32encode(digest)[:12].decode()

    named = {identifier: name(str(identifier)) for identifier in ids.dropna().unique()}
    return ids.map(named).astype("str")


def public_ids(crm: Any, ids: pd.Series) -> pd.Series:
    """Identifiers as a list may show them: as they are, or as pseudonyms where crm.toml says so.

    Parameters
    ----------
    crm : Crm
    ids : Series of str

    Raises
    ------
    ConfigError
        If crm.toml asks for pseudonyms and the environment holds no key.

    Examples
    --------
    >>> from crmlib import Crm
    >>> crm = Crm.from_frames(as_of="2020-01-31", products=pd.DataFrame({"product_id": ["a"]}))
    >>> public_ids(crm, pd.Series(["17850"])).tolist()
    ['17850']
    """
    settings = getattr(crm.config, "privacy", None)
    if settings is None or not settings.pseudonyms:
        return ids
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        raise ConfigError(
            f"privacy.pseudonyms: the environment variable {KEY_VARIABLE} is not set. "
            "Set it to a secret of at least 16 characters, the same for every run."
        )
    return pseudonyms(ids, key=key)
