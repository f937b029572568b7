"""Which column of an export is which of ours: names and values weighed, then settled jointly."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from scipy.optimize import linear_sum_assignment

from crmlib.prepare.draft.evidence import Proofs, codes_of, proofs_of, said_elsewhere
from crmlib.prepare.draft.exports import Export
from crmlib.prepare.draft.fit import DIFFERING, fit_of, padded
from crmlib.prepare.draft.names import VIRTUAL, names, plain, prefix_of, says_gross, shared_firsts
from crmlib.prepare.draft.presets import NAMED, preset_of, told_by
from crmlib.prepare.draft.profile import Column, profile_of
from crmlib.schema.fields import Field
from crmlib.schema.tables import TABLES

TAKEN = 0.44
"""Below this a column is taken for nothing of ours."""

TAKEN_OPTIONAL = {"id": 0.5, "timestamp": 0.5, "date": 0.5}
OTHERWISE = 0.65
"""Below this a name is taken for none of our optional columns, unless its values are keys of another table."""

SURE = 0.75
"""Below this a guess is put as a question."""

STAND_INS = {
    ("transactions", "product_id"): ("product_name",),
    ("transactions", "net_amount"): ("unit_price", "order_total"),
    ("transactions", "order_id"): ("ordered_at",),
    ("transactions", "ordered_at"): ("paid_on",),
    ("opportunities", "outcome"): ("stage", "is_won", "closed_at"),
    ("opportunities", "stage"): ("outcome", "is_won", "closed_at"),
    ("opportunities", "opportunity_id"): ("deal_name",),
    ("customers", "customer_id"): ("email", "name"),
    ("products", "product_id"): ("name",),
    ("employees", "employee_id"): ("name",),
    ("contacts", "contact_id"): ("email", "name"),
    ("campaigns", "campaign_id"): ("name",),
    ("feedback", "kind"): ("score", "text"),
    ("interactions", "interaction_id"): ("happened_at",),
    ("feedback", "feedback_id"): ("order_id", "given_at"),
    ("events", "event"): ("page",),
    ("plans", "dimension"): ("target",),
    ("plans", "key"): ("target",),
    ("plans", "measure"): ("target",),
    ("relations", "relation"): ("to_customer_id",),
}  # fmt: skip
"""A required column that is not there can be made from one of these."""

ONLY_DAY = 0.7
"""How surely the only date of an export whose name says what its rows are is when they happened."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What the exports of a folder say of each other.

    Parameters
    ----------
    keys : table -> values of its key, of the exports that are surely it
    headers : table -> names under which its key stands in these
    used : table -> values of columns that surely name its rows
    links : names of columns that are unique in one export and come again in another
    """

    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    headers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    used: Mapping[str, frozenset[str]] = field(default_factory=dict)
    links: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A column of an export taken for one of ours.

    Parameters
    ----------
    field : ours, or a virtual one
    theirs : the column's name
    sure : 0 to 1
    runner_up, runner_sure : the next best column for it
    """

    field: str
    theirs: str
    sure: float
    runner_up: str = ""
    runner_sure: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Match:
    """An export taken for one of our tables."""

    table: str
    export: Export
    profile: Mapping[str, Column]
    guesses: Mapping[str, Guess]
    score: float
    runner_up: str = ""
    context: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """The profile of the column taken for one of ours."""
        guess = self.guesses.get(name)
        return self.profile[guess.theirs] if guess else None


def matches_of(exports: Sequence[Export]) -> tuple[list[Match], list[tuple[Export, Match | None]]]:
    """Each export with the table it looks like most; those that look like none come last."""
    profiles = said_elsewhere(exports, [profile_of(export.frame) for export in exports])
    links = _links(profiles)
    alone = Folder(links=links)
    pairs = list(zip(exports, profiles, strict=True))
    pairs = [(export, {} if codes_of(export, profile) else profile) for export, profile in pairs]
    proofs: list[dict[str, Proofs]] = [{} for _ in pairs]
    first = [_best(*pair, alone, proved) for pair, proved in zip(pairs, proofs, strict=True)]
    there = [match for match in first if match]
    there = [_as_others_name_it(match, there, alone) for match in there]
    named = [match if _comes_again(match, there) else _key_that_is_named(match, there, ()) for match in there]
    keys = known_keys(named, links=links)
    found: list[Match] = []
    left: list[tuple[Export, Match | None]] = []
    for (export, profile), proved in zip(pairs, proofs, strict=True):
        match = _best(export, profile, keys, proved)
        if match is None:
            left.append((export, None))
        else:
            found.append(match)
    loose = [
        column for export, _ in left for column in profile_of(export.frame).values() if not column.unique
    ]
    found = [_as_others_name_it(match, found, keys) for match in found]
    found = [_people_at_their_place(match, found, keys) for match in found]
    found = [_named_as_known(match, found) for match in found]
    found = [_key_that_is_named(match, found, loose) for match in found]
    keys = known_keys(found, links=links)
    return [_without_names(_customer_that_is_known(match, keys)) for match in found], left


def _as_others_name_it(match: Match, others: Sequence[Match], keys: Folder) -> Match:
    """An export whose rows other exports surely name as owners, goods or campaigns, and never as what it looks like."""
    key, votes = match.column(TABLES[match.table].keys[0]), Counter[str]()
    own = [one.texts for one in ([key] if key else match.profile.values()) if one.unique]
    for other in others if match.table != "transactions" else ():
        for one in TABLES[other.table].fields if other is not match else ():
            named = other.column(one.name) if one.references else None
            sure = named is not None and other.guesses[one.name].sure > 0.9
            if sure and named and any(_within(named, texts) for texts in own):
                votes[one.references or ""] += 1
    said = next((table for table, _ in votes.most_common(1) if not votes[match.table]), "")
    if said not in ("employees", "products", "campaigns"):
        return match
    return match_table(said, match.export, match.profile, keys, 1.0) or match


def _people_at_their_place(match: Match, others: Sequence[Match], keys: Folder) -> Match:
    """Contacts of whom others speak as customers are these; customers who belong to others' customers are contacts."""
    rest = [other for other in others if other is not match]
    masters = [
        key.texts for other in rest if other.table == "customers" and (key := other.column("customer_id"))
    ]
    if match.table == "contacts" and not masters and not _at_customers(match, rest):
        found = match_table("customers", match.export, match.profile, keys, 1.0) or match
        named = {"name": match.guesses["name"]} if "name" in match.guesses else {}
        return replace(found, guesses={**found.guesses, **named})
    for one in match.profile.values() if match.table == "customers" else ():
        if one.distinct < 0.9 * one.filled and any(_within(one, texts) for texts in masters):
            people = match_table("contacts", match.export, match.profile, keys, 1.0)
            if people is not None and "contact_id" in people.guesses:
                guess = Guess(field="customer_id", theirs=one.name, sure=0.9)
                return replace(people, guesses={**people.guesses, "customer_id": guess})
    return match


def _at_customers(match: Match, rest: Sequence[Match]) -> bool:
    """Whether contacts name their customers: not the column under which other exports name the contacts themselves."""
    customer = match.column("customer_id")
    theirs = [one for other in rest for one in other.profile.values()]
    if customer is None or any(_within(one, customer.texts) for one in theirs):
        return customer is not None and not customer.unique
    return not any(_within(one, own.texts) for own in match.profile.values() if own.unique for one in theirs)


def _named_as_known(match: Match, others: Sequence[Match]) -> Match:
    """Rows whose customer or product no export knows as it was guessed, but by another column's words."""
    guesses = dict(match.guesses)
    for name, table in (("customer_id", "customers"), ("product_id", "products")):
        known = [
            one.texts
            for other in others
            for one in other.profile.values()
            if other.table == table and other is not match and one.unique and one.numbers < 0.5
        ]
        now = match.column(name)
        if match.table == table or name not in TABLES[match.table].names:
            continue
        if not known or (
            now is not None and (guesses[name].sure > 0.9 or any(_within(now, k) for k in known))
        ):
            continue
        taken = {
            guess.theirs
            for guess in guesses.values()
            if guess.sure > 0.9 and guess.field in TABLES[match.table].names
        }
        words = [one for one in match.profile.values() if one.name not in taken and one.numbers < 0.5]
        told = [one for one in words if any(_within(one, texts) for texts in known)]
        if told:
            best = max(told, key=lambda one: one.distinct)
            guesses = {field: guess for field, guess in guesses.items() if guess.theirs != best.name}
            guesses[name] = Guess(field=name, theirs=best.name, sure=0.9)
    return replace(match, guesses=guesses)


def _within(one: Column, texts: frozenset[str]) -> bool:
    """Whether a column of codes or names holds hardly other values than these."""
    told = one.distinct > 2 and one.length > 1 and one.dates < 0.5
    return told and len(one.texts & texts) > 0.9 * one.distinct


def _customer_that_is_known(match: Match, keys: Folder) -> Match:
    """Orders whose number of a customer no export knows, but whose address of the customer one does."""
    known, now = keys.keys.get("customers", frozenset()), match.column("customer_id")
    if match.table != "transactions" or now is None or not known or now.texts & known:
        return match
    for name in ("customer_email", "customer_name"):
        column = match.column(name)
        if column is not None and len(column.texts & known) > 0.8 * len(column.texts):
            guesses = {one: guess for one, guess in match.guesses.items() if one != name}
            return replace(
                match, guesses=guesses | {"customer_id": replace(match.guesses[name], field="customer_id")}
            )
    return match


def known_by_contact(matches: Sequence[Match]) -> list[Match]:
    """Customers who have no number and whom orders name by name: their telephone or e-mail tells them better."""
    for people in (match for match in matches if match.table == "customers"):
        key, name = people.column("customer_id"), people.column("name")
        buyers = [match for match in matches if match.table == "transactions" and match is not people]
        if key is None or name is None or not (_named_so(people, key) or key is name):
            continue
        for one in ("phone", "email"):
            own = people.guesses.get(one)
            theirs = [_contact_in(match, one, people) for match in buyers]
            if own is None or not people.profile[own.theirs].unique or not theirs or not all(theirs):
                continue
            told = {id(match): there for match, there in zip(buyers, theirs, strict=True)}
            told[id(people)] = own.theirs
            return [
                replace(match, guesses={**match.guesses, "customer_id": Guess(
                    field="customer_id", theirs=told[id(match)], sure=0.9,
                    runner_up=match.guesses["customer_id"].theirs if "customer_id" in match.guesses else "",
                )}) if id(match) in told else match
                for match in matches
            ]  # fmt: skip
    return list(matches)


def _named_so(people: Match, key: Column) -> bool:
    """Whether a column of customers holds their names, or is called a name itself, as nicknames are."""
    name = people.column("name")
    called = names().meanings_of("customers", key.name).get("name", 0.0) > 0.6 and key.numbers < 0.5
    return called or (name is not None and len(key.texts & name.texts) > 0.9 * key.distinct)


def _contact_in(match: Match, one: str, people: Match) -> str:
    """The column of an export that holds telephones or addresses of these customers, and hardly others."""
    known = people.profile[people.guesses[one].theirs].texts if one in people.guesses else frozenset()
    return next((column.name for column in match.profile.values() if _within(column, known)), "")


def _comes_again(match: Match, others: Sequence[Match]) -> bool:
    """Whether a column of another export holds values of the table's key, and hardly others."""
    key = match.column(TABLES[match.table].keys[0])
    return key is not None and any(
        one.distinct > 2 and len(one.texts & key.texts) > 0.9 * one.distinct
        for other in others
        if other is not match
        for one in other.profile.values()
    )


def _key_that_is_named(match: Match, others: Sequence[Match], loose: Sequence[Column]) -> Match:
    """Of several columns that could be a table's key, the one that the other exports name, or files of no table."""
    key = TABLES[match.table].keys[0]
    now = match.column(key)
    if match.table not in ("customers", "products", "employees", "campaigns"):
        return match
    named = [
        column
        for other in others
        for one in TABLES[other.table].fields
        if other is not match
        and one.references == match.table
        and (column := other.column(one.name) or _named_by_email(other, one.name)) is not None
    ]
    named = [column for column in named if column.distinct > 2]
    texts = [column.texts for column in match.profile.values() if column.unique]
    named = named or [
        one
        for one in loose
        if one.distinct >= 10 and any(len(one.texts & keys) > 0.9 * one.distinct for keys in texts)
    ]
    if not named:
        return match

    def share(column: Column | None) -> float:
        texts = column.texts if column else frozenset()
        return sum(len(one.texts & texts) / len(one.texts) for one in named) / len(named)

    best = max(match.profile.values(), key=lambda column: (share(column), column is now))
    if (
        (share(now) > 0.1 and (share(now) > 0.5 or share(best) < 0.8))
        or share(best) < 0.5
        or best.distinct < 0.9 * best.filled
        or any(guess.theirs == best.name for guess in match.guesses.values() if guess.field in _OF_PLACE)
    ):
        return match
    guess = Guess(
        field=key, theirs=best.name, sure=0.9, runner_up=now.name if now else "",
        runner_sure=match.guesses[key].sure if now else 0.0,
    )  # fmt: skip
    return replace(match, guesses={**match.guesses, key: guess})


def _named_by_email(match: Match, name: str) -> Column | None:
    """Orders that tell of their customer by an address only."""
    return match.column("customer_email") if match.table == "transactions" and name == "customer_id" else None


def _links(profiles: Sequence[Mapping[str, Column]]) -> frozenset[str]:
    """Names of columns that are unique in one export and come again in another, under the same name or as codes."""
    columns = [
        (plain(one.name), one, place)
        for place, profile in enumerate(profiles)
        for one in profile.values()
        if not one.empty and one.dates < 0.5
    ]
    found: set[str] = set()
    for name, key, place in columns:
        if not key.unique or key.distinct < 3 or (key.numbers >= 0.9 and key.integers < 1):
            continue
        said = names().meanings_of("customers", key.name)
        if max((said.get(one, 0.0) for one in _OF_PLACE), default=0.0) > 0.9:
            continue
        code = key.length >= 3 and (key.numbers < 0.9 or padded(key)) and key.distinct >= 5
        for other, one, where in columns:
            near = other == name or (code and where != place and one.distinct >= 4)
            if near and not one.unique and len(one.texts & key.texts) > 0.9 * len(one.texts):
                found |= {name, other}
    return frozenset(found)


def known_keys(matches: Sequence[Match], *, links: frozenset[str] = frozenset()) -> Folder:
    """Values of the key of each table, of the exports that are surely it, and how these call it."""
    keys: dict[str, frozenset[str]] = {}
    headers: dict[str, frozenset[str]] = {}
    used: dict[str, frozenset[str]] = {}
    for match in matches:
        key = TABLES[match.table].keys[0]
        usual = STAND_INS.get((match.table, key), ()) if match.table != "transactions" else ()
        key = next((one for one in (key, *usual) if one in match.guesses), key)
        column = match.column(key)
        if column is not None and column.unique and match.guesses[key].sure >= 0.6 and column.distinct > 1:
            keys[match.table] = keys.get(match.table, frozenset()) | column.texts
            headers[match.table] = headers.get(match.table, frozenset()) | {plain(column.name)}
        for one in TABLES[match.table].fields:
            named = match.column(one.name) if one.references and one.references != match.table else None
            linked = named is not None and plain(named.name) in links
            if named is not None and match.guesses[one.name].sure > (0.65 if linked else 0.93):
                used[one.references or ""] = used.get(one.references or "", frozenset()) | named.texts
    return Folder(keys=keys, headers=headers, used=used, links=links)


def _best(
    export: Export, profile: Mapping[str, Column], keys: Folder, proved: dict[str, Proofs]
) -> Match | None:
    """The table that an export looks like most; what its rows prove is kept in `proved` for the second look."""
    said, preset = names().table_of_file(export.entries[0]) if profile else {}, preset_of(tuple(profile))
    if preset is not None and not preset.table:
        return None
    found = []
    for table in TABLES if profile else ():
        if table not in proved:
            proved[table] = proofs_of(table, export.frame, profile, keys.links)
        match = match_table(table, export, profile, keys, said.get(table, 0.0), proofs=proved[table])
        found += [match] if match is not None else []
    known = preset.table if preset is not None and preset.covers(tuple(profile)) else ""
    ranked = sorted(found, key=lambda match: (match.table != known, -match.score))
    if not ranked:
        return None
    return replace(ranked[0], runner_up=ranked[1].table if len(ranked) > 1 else "")


def match_table(
    table: str,
    export: Export,
    profile: Mapping[str, Column],
    keys: Folder,
    said: float,
    *,
    proofs: Proofs | None = None,
) -> Match | None:
    """The columns of an export settled as those of one table, and how well that fits; None where it does not."""
    proofs = proofs_of(table, export.frame, profile, keys.links) if proofs is None else proofs
    spec = TABLES[table]
    days = [name for name, one in profile.items() if one.dates > 0.9 and one.filled > 0.97 * one.rows]
    if said > 0.5 and spec.time and len(days) == 1 and table != "transactions":
        told = proofs.setdefault(days[0], {})
        told[spec.time] = max(told.get(spec.time, 0.0), ONLY_DAY)
    guesses = assign(table, profile, keys, proofs=proofs)
    preset = preset_of(tuple(profile))
    said = 1.0 if preset and preset.table == table else said
    real = {name: guess for name, guess in guesses.items() if name in spec.names}
    strength = 0.0
    for name in spec.required:
        stand_in = max(
            (guesses[one].sure for one in STAND_INS.get((table, name), ()) if one in guesses), default=0.0
        )
        strength += max(real[name].sure if name in real else 0.0, 0.6 * stand_in)
    required = strength / len(spec.required)
    columns = [column for column in profile.values() if not column.empty] or list(profile.values())
    explained = sum(guess.sure * (1.0 if name in spec.names else 0.7) for name, guess in guesses.items())
    explained /= max(len(columns), 3)
    key = real.get(spec.keys[0])
    own = 0.0
    if key is not None and len(spec.keys) == 1:
        column, known = profile[key.theirs], keys.keys.get(table, frozenset())
        own = 0.25 if column.unique else -0.2
        foreign = table != "transactions" and len(column.texts & known) > 0.9 * len(column.texts)
        own = -1.0 if foreign and not column.unique else own
    if len(real) < min(2, len(profile)) or required + 0.3 * said < 0.45:
        return None
    score = 1.2 * required + 1.4 * explained + 0.9 * said + own + _shape(table, guesses, profile)
    return (
        Match(table=table, export=export, profile=profile, guesses=guesses, score=score)
        if score > 1
        else None
    )


def _without_names(match: Match) -> Match:
    """The match without superiors and parents that are told by name, where the table's key is a number."""
    kept = {name: guess for name, guess in match.guesses.items() if not _by_name(match, guess)}
    return replace(match, guesses=kept)


def _by_name(match: Match, guess: Guess) -> bool:
    """Whether a superior or a parent is told by name, where the table's key is a number."""
    table, guesses, profile = match.table, match.guesses, match.profile
    spec, key = TABLES[table], guesses.get(TABLES[table].keys[0])
    if key is None or guess.field not in spec.names or spec.field(guess.field).references != table:
        return False
    theirs, own = profile[guess.theirs], profile[key.theirs].texts
    blanks = [sum(" " in text for text in texts) > 0.5 * len(texts) for texts in (theirs.texts, own)]
    return len(theirs.texts & own) < 0.1 * theirs.distinct and (
        blanks == [True, False]
        or any(_within(theirs, one.texts) for one in profile.values() if one is not theirs)
    )


def _shape(table: str, guesses: Mapping[str, Guess], profile: Mapping[str, Column]) -> float:
    """What only this table has: a date for what happened, an amount for what was sold, none for master data."""
    if table == "transactions":
        money = {"net_amount", "unit_price", "order_total"} & set(guesses)
        bought = {"customer_id", "customer_name", "customer_email", "quantity"} & set(guesses)
        goods = profile[guesses["product_id"].theirs] if "product_id" in guesses else None
        priced = (
            0.5 if goods is not None and goods.unique and not bought else 0.0
        )  # each product once: a list of prices
        sold = 0.25 if goods is not None and "quantity" in guesses and money else 0.0
        moment = 0.25 if {"ordered_at", "paid_on"} & set(guesses) else -0.3
        return moment + sold - (0.0 if money else 0.5) - priced
    if table in ("products", "employees"):
        return -0.1 * sum(column.dates > 0.8 for column in profile.values())
    if table in ("interactions", "events", "feedback", "service_cases") and TABLES[table].time not in guesses:
        return -0.6
    if table == "contacts" and guesses.get("contact_id") and guesses.get("customer_id"):
        said = 0.6 if names().speaks_of("contact_id", guesses["contact_id"].theirs) else 0.3
        return said if guesses["contact_id"].sure > 0.9 and guesses["customer_id"].sure > 0.7 else 0.0
    if table == "stage_history" and "entered_at" not in guesses:
        return -0.6
    return 0.0


_OF_PLACE = frozenset(["country", "region", "city", "postcode", "address"])
"""Where somebody is names nobody, however few live there."""

_REACHED = _OF_PLACE | {"phone", "email"}
"""What is told more than once of one person or company, with a word in front such as Postal."""


def assign(
    table: str,
    profile: Mapping[str, Column],
    keys: Folder,
    *,
    proofs: Mapping[str, Mapping[str, float]],
    least: float = TAKEN,
) -> dict[str, Guess]:
    """The best joint assignment of an export's columns to those of a table."""
    spec = TABLES[table]
    extra = _virtual(table)
    # What an order tells of its customer goes to the customers; the order's own field is for who resolves identities.
    own = [one for one in spec.fields if f"customer_{one.name}" not in extra]
    fields = [*own, *(Field(name, "text", "") for name in extra if name not in spec.names)]
    theirs = list(profile)
    prefix = prefix_of(theirs)
    scores = np.zeros((len(fields), len(theirs)))
    told = told_by(table, theirs)
    known = names().meanings_of
    net = any(known(table, one).get("net_amount", 0.0) > 0.9 and not says_gross(one) for one in theirs)
    shared = shared_firsts(theirs) if table in ("customers", "contacts", "employees", "products") else {}
    for place, name in enumerate(theirs):
        meanings = known(table, name, prefix=prefix)
        if name in shared and not prefix:
            whole = known(table, name, prefix=shared[name])
            meanings = {**meanings, **{one: sure for one, sure in whole.items() if one in _REACHED}}
        if name in told:
            meanings = {told[name]: NAMED} if told[name] else {}
        seen = {} if name in told else proofs.get(name, {})
        if plain(name) in names().others[table]:
            seen = {field: sure for field, sure in seen.items() if sure > 0.7}
        if says_gross(name) and net:
            seen = {field: sure * (0.9 if field == "net_amount" else 1.0) for field, sure in seen.items()}
        if seen.get("net_amount", 0.0) > 0.8:  # the rows prove that it is the line's
            meanings = {f: s for f, s in meanings.items() if f not in ("order_total", "tax_amount")}
        for row, one in enumerate(fields):
            named = _both(meanings.get(one.name, 0.0), seen.get(one.name, 0.0))
            scores[row, place] = _score(table, one, profile[name], named, keys)
    if table == "transactions":
        _numbers_of_goods(scores, [one.name for one in fields], list(profile.values()))
    for row in (row for row, one in enumerate(fields) if one.name == "customer_id"):
        _numbers_before_names(scores[row], list(profile.values()))
    rows, places = linear_sum_assignment(scores**4, maximize=True)
    taken = {
        int(row): int(place) for row, place in zip(rows, places, strict=True) if scores[row, place] >= least
    }
    found: dict[str, Guess] = {}
    for row, place in taken.items():
        others = [(scores[row, other], other) for other in range(len(theirs)) if other != place]
        runner = max(others, default=(0.0, -1))
        name = fields[row].name
        found[name] = Guess(
            field=name,
            theirs=theirs[place],
            sure=min(0.99, float(scores[row, place])),
            runner_up=theirs[runner[1]] if runner[0] > 0.3 else "",
            runner_sure=float(runner[0]) if runner[0] > 0.3 else 0.0,
        )
    return {one.name: found[one.name] for one in fields if one.name in found}


def _numbers_before_names(scores: np.ndarray, columns: Sequence[Column]) -> None:
    """Who is told by number and by name in one export is known by the number."""
    top = int(scores.argmax())
    numbered = [column.numbered and not column.emails for column in columns]
    named = not columns[top].numbered and not columns[top].emails
    if named and (scores * numbered).max() > 0.95 * scores[top]:
        scores[top] *= 0.95


def _numbers_of_goods(scores: np.ndarray, fields: list[str], columns: list[Column]) -> None:
    """A number that is another for each parcel or line, though the goods have few names, is hardly the product's."""
    named = scores[fields.index("product_name")] if "product_name" in fields else np.zeros(len(columns))
    if not len(named) or named.max() < 0.9:
        return
    goods = columns[int(named.argmax())].distinct
    many = [3 <= goods < 0.3 * one.distinct for one in columns]
    scores[fields.index("product_id"), many] *= 0.4


def _both(named: float, proven: float) -> float:
    """How sure a name and the values are together: more than either, where both say it."""
    return max(named, proven, min(0.9 if named < 0.9 else 0.995, 1 - (1 - named) * (1 - proven)))


@cache
def _virtual(table: str) -> list[str]:
    known = {field for fields in names().meanings[table].values() for field in fields}
    return [name for name in VIRTUAL if name in known]


def _score(table: str, one: Field, column: Column, named: float, keys: Folder) -> float:
    fit = fit_of(table, one, column)
    optional = one.description != "" and one.name not in TABLES[table].required
    if fit <= 0 or (optional and _says_nothing(one, column, named)):
        return 0.0
    within = _containment(one, column, keys)
    named = max(named, _linked(table, one, column, keys, within))
    elsewhere = one.references != table and one.name not in ("customer_id", "product_id")
    if optional and not within and column.distinct > 4 and elsewhere:
        return 0.0
    if one.type == "id" and not one.key and within <= 0.9 and _of_another(one, column, keys):
        named *= 0.5
    if optional and named < TAKEN_OPTIONAL.get(one.type, OTHERWISE) and within <= 0.9:
        named = 0.0
    if named:
        known = 1.08 if within > 0.9 else 0.7 if within < 0.05 and column.distinct > 4 else 1.0
        return min(1.0, named * fit * known * (0.93 + 0.07 * column.filled / max(column.rows, 1)))
    if one.name == "email" and column.emails > 0.9 and table in ("customers", "contacts"):
        return 0.55
    coded = column.distinct >= 2 and column.numbered
    few = one.references == "employees" and (coded or column.distinct >= 4) and column.numbers < 0.5
    many = column.distinct >= 10 or (few and column.length >= 3)
    if within > 0.95 and many and one.references not in (None, table) and column.length >= 2:
        return 0.5
    return 0.0


def _says_nothing(one: Field, column: Column, named: float) -> bool:
    """Whether an optional column is noise: empty behind a vague name, or one and the same where values differ."""
    if column.empty or column.filled < 0.02 * column.rows:
        return (
            named < (0.985 if one.type == "id" else 0.95) or one.name == "planned_for"
        )  # an empty one would say that no row is a plan
    constant = column.distinct == 1 and column.filled > 20
    if constant and one.type == "money" and column.low == 0:
        return True
    constant &= one.type != "list" or column.filled > 0.9 * column.rows  # a label that only some bear
    return constant and (one.name in {*DIFFERING, "gender"} or one.type in ("list", "id") or named < 0.9)


def _linked(table: str, one: Field, column: Column, keys: Folder, within: float) -> float:
    """How surely a column is a field because other exports have its name or its values as a key."""
    spec = TABLES[table]
    name = plain(column.name)
    if one.key and one.name == spec.keys[0] and len(spec.keys) == 1 and column.unique and name in keys.links:
        names_it = [other for other, used in keys.used.items() if len(used & column.texts) > 0.9 * len(used)]
        return 0.9 if table in names_it else 0.3 if names_it else 0.72
    if one.key and spec.keys == (one.name,) and column.unique and column.filled == column.rows > 2:
        return 0.76 if names().numbers_only_rows(column.name) else 0.0
    if one.references in (None, table):
        return 0.0
    if within > 0.9 and name in keys.headers.get(one.references or "", ()):
        return 0.93
    if within > 0.9 and one.references in keys.keys and names().speaks_of(one.name, column.name):
        return 0.9
    used = (
        keys.used.get(one.references or "", frozenset()) if one.references not in keys.keys else frozenset()
    )
    code = column.length >= 2 and column.distinct >= 3 and (column.numbers < 0.9 or padded(column))
    return 0.66 if code and used and len(column.texts & used) > 0.95 * len(column.texts) else 0.0


def _of_another(one: Field, column: Column, keys: Folder) -> bool:
    """Whether a column holds keys of a table that the field does not speak of."""
    others = [
        known
        for other, known in keys.keys.items()
        if one.name != TABLES[other].keys[0] and other != one.references
        and not (one.name == "customer_id" and other == "contacts" and "customers" not in keys.keys)
    ]  # fmt: skip
    return column.distinct >= 10 and column.length >= 3 and any(_within(column, known) for known in others)


def _containment(one: Field, column: Column, keys: Folder) -> float:
    """Share of the column's values that are keys of the table the field refers to; 0.5 where nothing is known."""
    known = keys.keys.get(one.references or "")
    if not known or column.empty or one.key:
        return 0.5
    return len(column.texts & known) / len(column.texts)
