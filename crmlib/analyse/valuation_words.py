"""Figures as they stand in the sentences of the valuations and of the lists for action."""

from math import floor, isfinite, log10
from typing import Any

import pandas as pd


def figure(value: float) -> str:
    """A number with thousands separators and at most three significant digits.

    Parameters
    ----------
    value : float

    Returns
    -------
    str

    Examples
    --------
    >>> figure(5234.6), figure(0.4567), figure(12.0), figure(-1234)
    ('5,230', '0.457', '12', '-1,230')
    """
    if not isfinite(value) or value == 0:
        return "0"
    digits = 2 - floor(log10(abs(value)))
    text = f"{round(value, digits):,.{min(max(digits, 0), 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: float, currency: str = "") -> str:
    """An amount with its currency in front.

    Parameters
    ----------
    value : float
    currency : str

    Returns
    -------
    str

    Examples
    --------
    >>> amount(5234.6, "USD"), amount(12.0)
    ('USD 5,230', '12')
    """
    return f"{currency} {figure(value)}" if currency else figure(value)


def counted(number: float, noun: str) -> str:
    """So many of something, in the singular after exactly one.

    Parameters
    ----------
    number : float
        Shown whole.
    noun : str
        Its plural takes an s.

    Returns
    -------
    str

    Examples
    --------
    >>> counted(1, "day"), counted(12.4, "day"), counted(0, "invoice")
    ('1 day', '12 days', '0 invoices')
    """
    shown = f"{round(number):,}"
    return f"{shown} {noun}" if shown == "1" else f"{shown} {noun}s"


def plain_name(name: Any, *, length: int = 40) -> str:
    """A name from outside in quotation marks: white space closed up, a long one cut.

    Parameters
    ----------
    name : anything
    length : int

    Returns
    -------
    str

    Examples
    --------
    >>> plain_name("  FLUID   MILK "), len(plain_name("x" * 99))
    ('“FLUID MILK”', 42)
    """
    bare = " ".join(str(name).split())
    return f"“{bare if len(bare) <= length else bare[: length - 1].rstrip() + '…'}”"


def known(value: Any) -> bool:
    """Whether there is a value: neither None nor NaN.

    Parameters
    ----------
    value : a cell

    Returns
    -------
    bool

    Examples
    --------
    >>> known(0.0), known(None), known(float("nan"))
    (True, False, False)
    """
    return value is not None and not pd.isna(value)
