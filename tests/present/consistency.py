"""Checks over everything that a run says: its claims, read from run.json."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isclose

import pandas as pd

ROUNDING = {"count": 0.5, "share": 0.06, "points": 0.06, "days": 0.5}
"""How far two statements of one quantity may lie apart; of other kinds a thousandth."""

MOST = re.compile(r"\b(most of|mostly|the majority|more than half)\b", re.IGNORECASE)
ARTICLES = re.compile(r"\b[Aa] (?=[aeio](?!ne\b|nce\b|ur))|\b[Aa]n (?=[bcdfgj-np-tv-z][a-z])")
"""An "a" before a vowel, an "an" before a consonant; names in capitals are spoken letter by letter."""

TO_DO = re.compile(r"(?:^|-)(?:do|todo|due|by-when|step)(?:-|$)")
"""Keys of claims that say what is to be done, and when."""


@dataclass(frozen=True)
class Said:
    """One fact of one claim, and where it stands."""

    report: str
    key: str
    text: str
    kind: str
    at: str
    part_of: str
    value: object
    unit: str = ""


@dataclass
class Claims:
    """All claims of a run."""

    as_of: pd.Timestamp
    claims: list[dict] = field(default_factory=list)

    def facts(self) -> Iterator[Said]:
        """Every fact, those of clauses within claims too."""
        for one in self.claims:
            for fact in facts_in(one):
                yield Said(
                    one.get("report", ""), one["key"], one["text"], fact["kind"], fact.get("at", ""),
                    fact.get("part_of", ""), fact["value"], fact.get("unit", ""),
                )  # fmt: skip


def claims_of(run_json: dict) -> Claims:
    """The claims of a run, each with the report that states it."""
    said = [
        claim | {"report": report.get("name", "")}
        for report in run_json["reports"]
        for claim in report.get("claims", [])
    ]
    return Claims(as_of=pd.Timestamp(run_json["as_of"]).tz_localize(None), claims=said)


def facts_in(claim: dict) -> Iterator[dict]:
    """The facts of a claim, and of the claims and lists within it."""
    for fact in claim["facts"].values():
        yield from _unfolded(fact)


def _unfolded(fact: dict) -> Iterator[dict]:
    value = fact["value"]
    if fact["kind"] == "clause":
        yield from facts_in(value)
    elif fact["kind"] == "names":
        for item in value or []:
            if isinstance(item, dict) and "facts" in item:
                yield from facts_in(item)
            elif isinstance(item, dict) and "kind" in item:
                yield from _unfolded(item)
    else:
        yield fact


def contradictions(run: Claims) -> list[str]:
    """Quantities that two claims state differently."""
    stated = defaultdict(list)
    for fact in run.facts():
        if fact.at and fact.value is not None:
            stated[fact.at, fact.kind].append(fact)
    found = []
    for (at, kind), facts in sorted(stated.items()):
        first = facts[0]
        for other in facts[1:]:
            if other.unit != first.unit or not _same(first.value, other.value, kind):
                found.append(
                    f"{at}: {first.value} in {first.report}/{first.key}, {other.value} in {other.report}/{other.key}"
                )
                break
    return found


def larger_parts(run: Claims) -> list[str]:
    """Parts that are larger than their whole."""
    wholes = {(fact.at, fact.kind): fact.value for fact in run.facts() if fact.at and _is_number(fact.value)}
    return [
        f"{fact.report}/{fact.key}: {fact.value} is part of {fact.part_of}, which is {whole}"
        for fact in run.facts()
        if fact.part_of and _is_number(fact.value) and fact.kind in ("count", "money")
        and (whole := wholes.get((fact.part_of, fact.kind))) is not None
        and fact.value > whole and not _same(fact.value, whole, fact.kind)
    ]  # fmt: skip


def false_most(run: Claims) -> list[str]:
    """Claims that say "most" without a share above one half among their facts."""
    found = []
    for claim in run.claims:
        shares = [fact["value"] for fact in facts_in(claim) if fact["kind"] == "share"]
        if MOST.search(claim["text"]) and not any(_is_number(value) and value > 50 for value in shares):
            found.append(f"{claim['report']}/{claim['key']}: {claim['text']}")
    return found


def past_due(run: Claims) -> list[str]:
    """Days before the closing day in claims that say what is to be done."""
    return [
        f"{fact.report}/{fact.key}: {fact.value} lies before {run.as_of:%Y-%m-%d}"
        for fact in run.facts()
        if fact.kind == "date" and fact.value and TO_DO.search(fact.key)
        and pd.Timestamp(fact.value) < run.as_of.normalize()
    ]  # fmt: skip


def wrong_articles(run: Claims) -> list[str]:
    """Texts with "a outcome" or "an report"; what stands in quotation marks comes from data."""
    said = {claim["text"]: f"{claim['report']}/{claim['key']}" for claim in run.claims}
    bare = {re.sub(r"“[^”]*”", "“”", text): where for text, where in said.items()}
    return [f"{where}: {text}" for text, where in bare.items() if ARTICLES.search(text)]


def faults(run: Claims) -> list[str]:
    """All that the checks find."""
    checks = (contradictions, larger_parts, false_most, past_due, wrong_articles)
    return [fault for check in checks for fault in check(run)]


def _same(one: object, other: object, kind: str) -> bool:
    if _is_number(one) and _is_number(other):
        return isclose(
            one, other, rel_tol=1e-3 if kind not in ROUNDING else 0, abs_tol=ROUNDING.get(kind, 1e-9)
        )
    return one == other


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
