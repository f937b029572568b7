"""Checks over everything that a run says: its claims, read from run.json, and the lists that its pages offer.

As a program: `python -m tests.present.consistency reports/b2b/latest` names what it finds.
"""

import base64
import io
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isclose
from pathlib import Path

import pandas as pd

from crmlib.analyse.worklist import PRECEDENCE, RULED_OUT
from crmlib.present.claims import STATE_WORDS
from crmlib.present.reports.worklist.say import WORK_ACTIONS
from crmlib.schema.states import SILENT, WIN_BACK

ROUNDING = {"count": 0.5, "share": 0.06, "points": 0.06, "days": 0.5}
"""How far two statements of one quantity may lie apart; of other kinds a thousandth."""

MOST = re.compile(r"\b(most of|mostly|the majority|more than half)\b", re.IGNORECASE)
ARTICLES = re.compile(r"\b[Aa] (?=[aeio](?!ne\b|nce\b|ur))|\b[Aa]n (?=[bcdfgj-np-tv-z][a-z])")
"""An "a" before a vowel, an "an" before a consonant; names in capitals are spoken letter by letter."""

TO_DO = re.compile(r"(?:^|-)(?:do|todo|due|by-when|step)(?:-|$)")
"""Keys of claims that say what is to be done, and when."""

BY_WHEN = ("day", "due", "by_when")
"""What the day by which something is to be done is called in the claims of the worklist."""

BANNED = {
    r"foretold|reckon": "expected, predicted",
    r"taken was": "say what was done",
    r"at an own rate": "say whose rate",
    r"\bthe middle\b": "the median, explained, or half of them",
    r"crm\.toml|\.py\b|\.ipynb\b": "no file on a manager's page",
    r"\ba (?=[aeio])(?!one\b|once\b)": "an",
    r"\ban (?![aeiouhx]|\d|\{)": "a",
    r"\bk-means\b|\bsilhouette\b|\bapriori\b|\bsklearn\b|\bpandas\b|\bduckdb\b": "no library, no algorithm",
}
"""Words that no page says -> what to say instead."""

PARTS = ("in_state", "in_segment", "in_type", "in_class")
"""Groupings in which a customer is in one group."""

STATES = ("State", "Stage")
"""What the column with the state of a customer is called."""

OF_BUYERS = ("worklist_keep", "worklist_develop", "worklist_offer", "customers_at_risk", "customers_to_call")
"""Lists of customers who buy."""


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
    name: str = ""


Lists = Mapping[tuple[str, str], pd.DataFrame]
"""(page, name of the list) -> its rows, as text."""


@dataclass
class Claims:
    """All claims of a run, and the lists of its pages."""

    as_of: pd.Timestamp
    claims: list[dict] = field(default_factory=list)
    lists: Lists = field(default_factory=dict)
    ids: Mapping[str, list[str]] = field(default_factory=dict)

    def facts(self) -> Iterator[Said]:
        """Every fact, those of clauses within claims too."""
        for one in self.claims:
            for fact in facts_in(one):
                yield Said(
                    one.get("report", ""), one["key"], one["text"], fact["kind"], fact.get("at", ""),
                    fact.get("part_of", ""), fact["value"], fact.get("unit", ""), fact.get("name", ""),
                )  # fmt: skip


def run_in(folder: Path) -> Claims:
    """What a published run says."""
    run = claims_of(json.loads((folder / "run.json").read_text(encoding="utf-8")))
    run.lists = lists_in(folder)
    pages = {page.stem: page.read_text(encoding="utf-8") for page in folder.glob("*.html")}
    run.ids = {name: re.findall(r'<[^<>]+?\sid="([^"]*)"', text) for name, text in sorted(pages.items())}
    return run


def lists_in(folder: Path) -> Lists:
    """The lists that the pages of a run offer, whole: from within a page, or from the file beside it."""
    found = {}
    for page in sorted(folder.glob("*.html")):
        for link in re.findall(r"<a [^>]*data:text/csv[^>]*>", page.read_text(encoding="utf-8")):
            (name,), (packed,) = (
                re.findall(r'download="(.+?)\.csv"', link),
                re.findall(r'base64,([^"]+)', link),
            )
            found[page.stem, name] = _rows(base64.b64decode(packed))
        beside = folder / f"{page.stem}_files"
        found |= {(page.stem, path.stem): _rows(path.read_bytes()) for path in sorted(beside.glob("*.csv"))}
    return found


def _rows(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), encoding="utf-8-sig", dtype="str", keep_default_na=False)


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
    for name, fact in claim["facts"].items():
        yield from _unfolded(fact | {"name": name})


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
    """Days before the closing day in claims that say what is to be done, and in the lists of what to do."""
    today = run.as_of.normalize()
    said = [
        f"{fact.report}/{fact.key}: {fact.value} lies before {run.as_of:%Y-%m-%d}"
        for fact in run.facts()
        if fact.kind == "date" and fact.value
        and (TO_DO.search(fact.key) or (fact.key.startswith("work-") and fact.name in BY_WHEN))
        and pd.Timestamp(fact.value) < today
    ]  # fmt: skip
    listed = [
        f"{page}/{name}: {day} lies before {run.as_of:%Y-%m-%d}"
        for (page, name), rows in run.lists.items()
        for day in rows.get("By when", pd.Series(dtype="str")).replace("", None).dropna().unique()
        if pd.Timestamp(day) < today
    ]
    return said + listed


def wrong_articles(run: Claims) -> list[str]:
    """Texts with "a outcome" or "an report"; what stands in quotation marks comes from data."""
    said = {claim["text"]: f"{claim['report']}/{claim['key']}" for claim in run.claims}
    bare = {re.sub(r"“[^”]*”", "“”", text): where for text, where in said.items()}
    return [f"{where}: {text}" for text, where in bare.items() if ARTICLES.search(text)]


def banned_words(run: Claims) -> list[str]:
    """Texts with words that no page says; what stands in quotation marks comes from data."""
    said = {re.sub(r"“[^”]*”", "“”", one["text"]): one for one in run.claims}
    return [
        f"{one['report']}/{one['key']}: say {instead} in {text}"
        for text, one in said.items()
        for word, instead in BANNED.items()
        if not one["key"].startswith("glossary-") and re.search(word, text, flags=re.IGNORECASE)
    ]


def parts_beyond_whole(run: Claims) -> list[str]:
    """Groups of customers, each in one of them, that add up to more than there are."""
    counts = {fact.at: fact.value for fact in run.facts() if fact.kind == "count" and _is_number(fact.value)}
    whole, found = counts.get("customers.all"), []
    for kind in PARTS:
        parts = {at: n for at, n in counts.items() if re.fullmatch(rf"customers\.{kind}\[[^,\]]+\]", at)}
        if whole is not None and sum(parts.values()) > whole:
            found.append(f"{kind}: {sum(parts.values())} in {sorted(parts)}, of {whole} customers")
    return found


def titles_beside_pictures(run: Claims) -> list[str]:
    """Money and counts in the title of a picture that its description, with the same kind of figure, lacks."""
    found = []
    for title, told in pairwise(run.claims):
        is_pair = title["report"] == told["report"] and re.search(r"-alt(-|$)", told["key"])
        if title.get("block") != "picture" or not is_pair or re.search(r"-alt(-|$)", title["key"]):
            continue
        drawn = defaultdict(list)
        for fact in facts_in(told):
            drawn[fact["kind"], fact.get("at", "")].append(fact["value"])
        for fact in facts_in(title):
            beside = drawn[fact["kind"], fact.get("at", "")] if fact.get("at") else []
            if beside and not any(_same(fact["value"], value, fact["kind"]) for value in beside):
                found.append(f"{title['report']}/{title['key']}: {fact['value']} over a picture of {beside}")
    return found


def states_of(lists: Lists) -> dict[str, dict[str, str]]:
    """Customer -> state -> the page that says so."""
    said = defaultdict(dict)
    for (page, name), rows in lists.items():
        column = next((label for label in STATES if label in rows), None)
        if column and "Customer" in rows and "Deal" not in rows:
            for customer, state in zip(rows["Customer"], rows[column], strict=True):
                if state:
                    said[customer].setdefault(state, f"{page}/{name}")
    return said


def two_states(run: Claims) -> list[str]:
    """Customers whom two lists give different states."""
    return [f"{customer} is {said}" for customer, said in states_of(run.lists).items() if len(said) > 1]


def silent_as_buyers(run: Claims) -> list[str]:
    """Customers to win back who are not silent, and silent ones on a list of who buys."""
    states = {customer: set(said) for customer, said in states_of(run.lists).items()}
    silent = {str(STATE_WORDS.term(state)).lower() for state in SILENT}
    quiet = {customer for customer, said in states.items() if {one.lower() for one in said} & silent}
    back, found = f"worklist_{WIN_BACK}", []
    for (page, name), rows in run.lists.items():
        who = set(rows["Customer"]) if "Customer" in rows else set()
        if name in OF_BUYERS and who & quiet:
            found.append(f"{page}/{name} holds the silent {sorted(who & quiet)[:3]}")
        if name == back and (awake := (who & set(states)) - quiet):
            found.append(f"{page}/{name} holds {sorted(awake)[:3]}, who are not silent")
    return found


def two_actions(run: Claims) -> list[str]:
    """Customers of whom two lists want what rules each other out, or another first action, or another step."""
    found, steps = [], {}
    listed = {
        action: {
            (page, name): rows for (page, name), rows in run.lists.items() if name == f"worklist_{action}"
        }
        for action in PRECEDENCE
    }
    who = {
        action: {one for rows in some.values() for one in rows["Customer"] if one}
        for action, some in listed.items()
    }
    for action, others in RULED_OUT.items():
        for other in others:
            if both := who[action] & who[other]:
                found.append(f"{sorted(both)[:3]} are on the lists {action} and {other}")
    for action, some in listed.items():
        for (page, _), rows in some.items():
            for row in rows.to_dict("records"):
                about = action, row["Customer"], row.get("Deal", "")
                said = row["Suggested step"], row["By when"], row.get("Why", "")
                if steps.setdefault(about, (said, page))[0] != said:
                    found.append(f"{about}: {said} on {page}, {steps[about]}")
    return found + _not_first(run.lists, who)


def _not_first(lists: Lists, who: Mapping[str, set[str]]) -> list[str]:
    place = {str(WORK_ACTIONS.term(action)): n for n, action in enumerate(PRECEDENCE)}
    found = []
    for (page, name), rows in lists.items():
        if name != "worklist_first":
            continue
        known = rows[rows["Customer"] != ""]
        if known["Customer"].duplicated().any():
            found.append(
                f"{page}/{name}: two first actions for {known['Customer'][known['Customer'].duplicated()]}"
            )
        for customer, action in zip(known["Customer"], known["What to do"], strict=True):
            before = [other for other in PRECEDENCE[: place[action]] if customer in who[other]]
            if before:
                found.append(f"{page}/{name}: first {action} for {customer}, who is on the list {before[0]}")
    return found


def repeated_ids(run: Claims) -> list[str]:
    """Identifiers that stand twice on a page: of pictures, headings and rows that are linked to."""
    return [
        f"{page}: {name} stands {n} times"
        for page, names in run.ids.items()
        for name, n in Counter(names).items()
        if n > 1
    ]


def faults(run: Claims) -> list[str]:
    """All that the checks find."""
    checks = (
        *(
            contradictions,
            larger_parts,
            parts_beyond_whole,
            false_most,
            past_due,
            wrong_articles,
            banned_words,
        ),
        *(titles_beside_pictures, two_states, silent_as_buyers, two_actions, repeated_ids),
    )
    return [fault for check in checks for fault in check(run)]


def _same(one: object, other: object, kind: str) -> bool:
    if _is_number(one) and _is_number(other):
        return isclose(
            one, other, rel_tol=1e-3 if kind not in ROUNDING else 0, abs_tol=ROUNDING.get(kind, 1e-9)
        )
    return one == other


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


if __name__ == "__main__":
    said = [fault for folder in sys.argv[1:] for fault in faults(run_in(Path(folder)))]
    sys.exit("\n".join(said) or 0)
