"""Names of columns in seven languages: which of our columns a name may mean, and how surely.

The words lie in ``names/*.toml``, a file a language; ``names/words.toml`` holds the words of values.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from importlib.resources import files

from crmlib.schema.tables import TABLES

ENTITY_OF_TABLE = {
    "customers": "customer", "contacts": "contact", "products": "product", "transactions": "order",
    "opportunities": "deal", "interactions": "activity", "events": "event", "feedback": "feedback",
    "service_cases": "case", "campaigns": "campaign", "employees": "employee",
}  # fmt: skip
ENTITY_OF_FIELD = {
    "customer_id": "customer", "contact_id": "contact", "product_id": "product", "order_id": "order",
    "opportunity_id": "deal", "campaign_id": "campaign", "employee_id": "employee", "owner_id": "employee",
    "store_id": "store", "case_id": "case", "event_id": "event", "feedback_id": "feedback",
    "interaction_id": "activity",
}  # fmt: skip
VIRTUAL = {
    "unit_price": "number", "order_total": "number", "product_name": "text", "product_category": "text",
    "customer_name": "text", "customer_email": "email", "customer_country": "text", "customer_city": "text",
    "customer_region": "text", "customer_postcode": "text", "customer_phone": "text", "customer_address": "text",
    "tax_amount": "number", "shipping_amount": "number", "refunded_amount": "number", "status": "text",
    "test_flag": "boolean", "cancelled_at": "timestamp", "cancelled_flag": "boolean",
    "currency": "text", "deal_name": "text", "is_won": "boolean", "is_closed": "boolean",
    "first_name": "text", "last_name": "text",
    "email_refusal": "boolean", "sms_refusal": "boolean", "phone_refusal": "boolean",
}  # fmt: skip
"""Columns of exports that are none of ours but say something about ours, and what they hold."""

CODES = frozenset([
    "eur", "usd", "gbp", "chf", "cny", "rmb", "jpy", "hkd", "sgd", "aud", "cad", "inr", "brl", "mxn",
    "sek", "nok", "dkk", "pln", "czk", "krw", "twd", "nzd", "zar", "thb", "cent", "centavo", "centime",
    "euro", "lcy", "ht",
])  # fmt: skip
WITH_TAX = re.compile(
    r"\b(?:c/|con |com |mit |avec |with )\s*(?:iva|mwst|ust|tva|imp\w*|vat|tax)\b", re.IGNORECASE
)
GROSS = re.compile(
    r"\b(?:gross|brutt?[aoe]?s?|ttc|incl?|inkl|含税|税込)\b|(?<!不)含税|税込み?|総売上|总销售", re.IGNORECASE
)
NOT_NET, NET_FIELDS = 0.95, frozenset(["net_amount", "unit_price", "discount_amount"])
"""How sure an amount with tax, or before what was taken off, is where the name of another says net."""

SOUNDS = re.compile("カナ|ｶﾅ|フリガナ|ふりがな|よみがな|拼音|kana\\b|phonetic", re.IGNORECASE)
"""Columns that tell how a name is read, beside the name."""

IN_BRACKETS = re.compile(
    r"[(（\[] ?(in|ex)(?:[ck]l?|) ?\.? ?(?:tax|vat|gst|mwst|ust|iva)\w*[)）\]]", re.IGNORECASE
)
TAXES = frozenset(["tax", "taxe", "vat", "tva", "iva", "mwst", "ust", "gst", "imposto", "impuesto"])
ALONE, CUT, SHORTENED = 0.84, 0.93, 0.78
"""How sure a name is: a table's word alone, behind the table's word, and without its first or last word."""

PART_LESS, CUT_SHORT = 0.91, 0.8
"""How sure it is without the word that says what kind of thing it is, and spelt out from its first letters."""

MOST_PIECES = 6
"""Pieces of a value that are looked up together; more are no word for a state."""

OF_ADDRESS = re.compile(
    r" (?:of|de|del|do|da|von|der) (?:the |l')?(?:address|endere[cç]o|direcci[oó]n|adresse)$", re.IGNORECASE
)
"""What Pipedrive puts behind each part of an address: City/town of Address, País de Endereço."""

PERCENT = re.compile(r"%|percent|prozent|pourcent|porcent|\bpct\b|_pct\b|率", re.IGNORECASE)

FEMININE = (("euse", "eur"), ("ienne", "ien"), ("ente", "ent"), ("ora", "or"), ("erin", "er"), ("a", "o"))
"""Endings of words for women who sell or buy, and those that the lists have: vendeuse, clienta, Beraterin."""

KINDS = {
    "id": ("id",), "date": ("date", "timestamp"), "name": ("text",),
    "amount": ("money", "number", "integer", "share"),
}  # fmt: skip
"""Which fields the words of a kind can stand before or behind: "dt", "vlr", "cod", "nom"."""


_WHOLE = ("annual_revenue", "first_name", "last_name")
"""Fields whose words say nothing without that of their kind: 姓名 is no last name."""


@dataclass(frozen=True)
class Names:
    """The words of all languages, ready for looking up.

    Attributes
    ----------
    meanings : table -> key of a name -> our columns with how surely
    tokens : table -> words of a name -> the same
    others : table -> keys of names that are none of our columns
    entities : entity -> keys of its words
    tables : table -> words of names of files and sheets
    parts : kind -> words that say it
    """

    meanings: Mapping[str, Mapping[str, Mapping[str, float]]]
    tokens: Mapping[str, Mapping[frozenset[str], Mapping[str, float]]]
    others: Mapping[str, frozenset[str]]
    entities: Mapping[str, frozenset[str]]
    tables: Mapping[str, tuple[tuple[str, ...], ...]]
    parts: Mapping[str, frozenset[str]]

    def meanings_of(self, table: str, name: str, *, prefix: str = "") -> Mapping[str, float]:
        """Our columns, and the virtual ones, that a name may mean in a table, with how surely."""
        return _meanings(table, name, prefix)

    def looked_up(self, table: str, name: str, prefix: str) -> dict[str, float]:
        """`meanings_of` without memory."""
        found: dict[str, float] = {}
        if SOUNDS.search(name):
            return {}
        name = IN_BRACKETS.sub(r" \1cl", OF_ADDRESS.sub("", WITH_TAX.sub("incl", name)))
        for tokens, sure in self._variants(table, name, prefix):
            for field, strength in self.meanings[table].get("".join(tokens), {}).items():
                if sure not in (CUT, CUT - 0.03) or (field, tokens) != ("first_name", ("名",)):
                    found[field] = max(found.get(field, 0.0), strength * sure)
        words = _tokens(name)
        if "".join(words) in self.others[table]:
            return {field: sure for field, sure in found.items() if sure > 0.97}
        for field, sure in self._of_another(table, words):
            found[field] = max(found.get(field, 0.0), sure)
        for tokens, kind in self._without_kind(words, prefix):
            for field, strength in self.meanings[table].get("".join(tokens), {}).items():
                if type_of(table, field) in KINDS[kind] and field not in _WHOLE:
                    found[field] = max(found.get(field, 0.0), strength * PART_LESS)
        if PERCENT.search(name):
            kept = {"discount_amount"} if table == "transactions" else set()
            found = {
                one: sure for one, sure in found.items() if type_of(table, one) != "money" or one in kept
            }
        if max(found.values(), default=0.0) < 0.6:
            for field, sure in self._spelt_out(table, name, words).items():
                found[field] = max(found.get(field, 0.0), sure)
        if max(found.values(), default=0.0) < 0.7:
            for field, sure in [*self._near(table, words).items(), *self._by_part(table, words).items()]:
                found[field] = max(found.get(field, 0.0), sure)
        less = NOT_NET if says_gross(name) else 1.0
        return {field: sure * (less if field in NET_FIELDS else 1.0) for field, sure in found.items()}

    def _of_another(self, table: str, words: tuple[str, ...]) -> Iterator[tuple[str, float]]:
        """What an order tells of its customer or its product: Cidade Comprador, buyer postcode, item quantity."""
        for entity in ("customer", "product") if table == "transactions" and len(words) > 1 else ():
            for word, rest in ((words[0], words[1:]), (words[-1], words[:-1])):
                key = "".join(rest) if word in self.entities[entity] else ""
                for field, sure in self.meanings[f"{entity}s"].get(key, {}).items():
                    if f"{entity}_{field}" in VIRTUAL:
                        yield f"{entity}_{field}", sure * CUT
                    elif field == f"{entity}_id":
                        yield field, sure * CUT
                for field, sure in self.meanings[table].get(key, {}).items() if entity == "product" else ():
                    if type_of(table, field) in KINDS["amount"] and field != "line_no":
                        yield field, sure * CUT

    def _by_part(self, table: str, words: tuple[str, ...]) -> dict[str, float]:
        """What one word of a name says: the last of characters run together, the only one that tells of a date."""
        found: dict[str, float] = {}
        known, text = self.meanings[table], "".join(words)
        if not text.isascii():
            endings = (text[start:] for start in range(1, len(text) - 1))
            ending = next((one for one in endings if one in known and one not in self.part_words), "")
            found = {field: SHORTENED * sure for field, sure in known.get(ending, {}).items() if sure > ALONE}
        said = {
            field
            for word in words if len(word) > 3
            for field, sure in known.get(word, {}).items()
            if sure > ALONE and type_of(table, field) in KINDS["date"] and field != TABLES[table].time
        }  # fmt: skip
        found |= dict.fromkeys(said, 0.68) if len(said) == 1 else {}
        for word in words[-1:] if table == "transactions" and len(words) > 2 else ():
            money = {one: 0.66 for one in known.get(word, {}) if type_of(table, one) == "money"}
            found = money | found
        return found

    @property
    def part_words(self) -> frozenset[str]:
        """The words that say of what kind a name is."""
        return frozenset().union(*self.parts.values())

    def numbers_only_rows(self, name: str) -> bool:
        """Whether a name says a number, and not of what: Record ID, 记录ID."""
        found = [rest for rest, kind in self._without_kind(_tokens(name), "") if kind == "id"]
        others = frozenset().union(*self.entities.values())
        return bool(found) and not any("".join(rest) in others for rest in found)

    def speaks_of(self, field: str, name: str) -> bool:
        """Whether a name has a word for what a field identifies: Associated Company IDs, ID da organização."""
        known, words = self.entities.get(ENTITY_OF_FIELD.get(field, ""), frozenset()), _tokens(name)
        return any(word in known for word in words) or any(
            entity in word for word in words if not word.isascii() for entity in known if len(entity) > 1
        )

    def _variants(self, table: str, name: str, prefix: str) -> list[tuple[tuple[str, ...], float]]:
        words = _tokens(name)
        found = [(words, 1.0)]
        if len(words) > 2 and words[-1] == "id" and words[-2] in ("name", "company", "person"):
            found.append(((*words[:-2], "id"), 0.99))
        if prefix and len(words) > 1 and words[0] == prefix:
            words = words[1:]
            found.append((words, 0.99))
        if len(words) > 1 and words[-1] in CODES:
            words = words[:-1]
            found.append((words, 0.98))
        taxed = dict.fromkeys(("excl", "exc", "ht", "exkl"), 0.97)
        taxed |= dict.fromkeys(("incl", "inc", "ttc", "inkl"), 0.9)
        if sure := min((taxed[word] for word in words if word in taxed), default=0.0):
            found.append((tuple(word for word in words if word not in {*taxed, *TAXES}), sure))
        if (bare := re.sub(r"\d$", "", words[-1])) and bare != words[-1]:
            words = (*words[:-1], bare)
            found.append((words, 0.96))
        segments = [_tokens(part) for part in re.split(r" ?[/:] ?| [-–] |\[|\]", name) if len(part) > 1]
        segments = segments[1:] if prefix and segments[0] == (prefix,) else segments
        if len(segments) > 1 or "[" in name:
            found += [(segments[-1], 0.94), *((part, 0.92) for part in segments[:-1])]
        last = words[-1]
        ends = (last.removesuffix(a) + b for a, b in FEMININE if len(last) > 5 and last.endswith(a))
        found += [
            ((*words[:-1], one), CUT)
            for one in ends
            if one in self.entities["employee"] | self.entities["customer"]
        ]
        key = "".join(words)
        for entity in self.entities.get(ENTITY_OF_TABLE.get(table, ""), ()):
            whole = len(entity) >= (2 if not entity.isascii() else 5)
            if key != entity and (entity in (words[0], words[-1]) or whole):
                if key.startswith(entity):
                    found.append(((key[len(entity) :].lstrip("の的"),), CUT))
                if key.endswith(entity):
                    found.append(((key[: -len(entity)],), CUT - 0.03))
        if len(words) > 2:
            found += [(words[1:], SHORTENED), (words[:-1], SHORTENED - 0.16)]
        elif len(words) == 2:
            found.append((words[1:], SHORTENED - 0.18))
        return found

    def _without_kind(self, words: tuple[str, ...], prefix: str) -> list[tuple[tuple[str, ...], str]]:
        """The name without a word that tells its kind, such as Datum, cod or 日, and that kind."""
        found = []
        words = words[1:] if prefix and words[0] == prefix and len(words) > 2 else words
        for kind, parts in self.parts.items():
            if len(words) > 1:
                found += [
                    (rest, kind)
                    for word, rest in ((words[0], words[1:]), (words[-1], words[:-1]))
                    if word in parts
                ]
            elif not words[0].isascii():
                for part in parts:
                    if words[0] != part and words[0].endswith(part):
                        found.append(((words[0][: -len(part)],), kind))
        return found

    def _spelt_out(self, table: str, name: str, words: tuple[str, ...]) -> dict[str, float]:
        """What a name of shortened words may mean: Auftr.-Nr., dt_nasc; nothing where they fit several of ours."""
        if not "".join(words).isascii() or ("." not in name and "_" not in name) or len("".join(words)) < 3:
            return {}
        pattern = re.compile(f"^{''.join(re.escape(word) + '[a-z]*' for word in words)}$", re.MULTILINE)
        alike: dict[str, float] = {}
        for key in pattern.findall(_keys_in_lines(table)):
            for field, strength in self.meanings[table][key].items():
                alike[field] = max(alike.get(field, 0.0), strength)
        best = max(alike.values(), default=0.0)
        alike = {field: sure for field, sure in alike.items() if sure > best - 0.05}
        sure = CUT_SHORT if len(alike) == 1 else 0.66
        return dict.fromkeys(alike, sure) if len(alike) <= 3 else {}

    def _near(self, table: str, words: tuple[str, ...]) -> dict[str, float]:
        """Names that share most of their words, or are misspelt."""
        found: dict[str, float] = {}
        mine, key, ordered = frozenset(words), "".join(words), "".join(sorted(words))
        by_word, by_letters = _near_by(table)
        alike = by_letters.get(ordered[:1], []) if len(key) >= 6 and key.isascii() else []
        candidates = {theirs for word in mine for theirs in by_word.get(word, ())}
        for theirs, other in [*((one, "") for one in candidates), *alike]:
            fields, shared, sure = self.tokens[table][theirs], len(mine & theirs), 0.0
            if shared and (theirs < mine or mine < theirs):
                sure = 0.72 * shared / max(len(mine), len(theirs))
            elif other and 9 * len(other) < 11 * len(ordered) < 13.5 * len(other):
                sure = 0.66 if SequenceMatcher(None, ordered, other).ratio() > 0.9 else 0.0
            for field, strength in fields.items() if sure > 0.3 else ():
                found[field] = max(found.get(field, 0.0), sure * strength)
        return found

    def table_of_file(self, entry: str) -> dict[str, float]:
        """Which tables the name of a file or sheet speaks of, with how much of it."""
        found: dict[str, float] = {}
        part = entry.rpartition("#")[2]
        stem = re.sub(r"\.\w{1,8}(\.gz)?$", "", part.split("/")[-1])
        words = tuple(word for word in _tokens(re.sub(r"[\d*]+", " ", stem)) if word not in _FILE_NOISE)
        key = "".join(words)
        for table, names in self.tables.items():
            for name in names:
                run = any(words[i : i + len(name)] == name for i in range(len(words)))
                text = "".join(name)
                inside = not text.isascii() and len(text) > 1 and text in key
                if key and (run or inside or text == key):
                    found[table] = max(found.get(table, 0.0), len(text) / len(key))
        return found


def says_gross(name: str) -> bool:
    """Whether a name says that tax is in an amount, or what was taken off later."""
    return bool(GROSS.search(name.replace("_", " ")))


@cache
def _keys_in_lines(table: str) -> str:
    return "\n".join(key for key in names().meanings[table] if key.isascii())


@cache
def _near_by(
    table: str,
) -> tuple[dict[str, list[frozenset[str]]], dict[str, list[tuple[frozenset[str], str]]]]:
    """Names by each of their words, and by the first of their letters in order, with these."""
    by_word: dict[str, list[frozenset[str]]] = {}
    by_letters: dict[str, list[tuple[frozenset[str], str]]] = {}
    for theirs in names().tokens[table]:
        letters = "".join(sorted(theirs))
        by_letters.setdefault(letters[:1], []).append((theirs, letters))
        for word in theirs:
            by_word.setdefault(word, []).append(theirs)
    return by_word, by_letters


@lru_cache(maxsize=50_000)
def _meanings(table: str, name: str, prefix: str) -> Mapping[str, float]:
    return names().looked_up(table, name, prefix)


_FILE_NOISE = frozenset([
    "export", "exports", "report", "data", "dataset", "list", "csv", "final", "all", "erp", "crm", "v",
    "copy", "download", "file", "full", "the",
])  # fmt: skip


def prefix_of(names: Iterable[str]) -> str:
    """The first word that most names of an export share, such as the export's own; empty where there is none."""
    firsts = [words[0] for name in names if len(words := _tokens(name)) > 1]
    total = len(list(names)) if isinstance(names, list | tuple) else len(firsts)
    for word in set(firsts):
        if firsts.count(word) >= max(3, 0.6 * total):
            return word
    return ""


def shared_firsts(theirs: Sequence[str]) -> dict[str, str]:
    """The first word of names of which three or more share it, such as Postal; never one for what the rows are."""
    firsts = {name: words[0] for name in theirs if len(words := _tokens(name)) > 1}
    counted = Counter(firsts.values())
    known = frozenset().union(*(words for entity, words in names().entities.items() if entity != "order"))
    return {name: word for name, word in firsts.items() if counted[word] > 2 and word not in known}


def plain(text: str) -> str:
    """A word without case, accents, blanks and signs, traditional characters made simplified."""
    return "".join(_tokens(text))


@cache
def names() -> Names:
    """The words of every language, read once."""
    documents = [_document(language) for language in ("en", "de", "fr", "es", "pt", "zh", "ja")]
    parts = {
        kind: _keys(d.get("parts", {}).get(kind, "") for d in documents) for kind in ("id", "name", "date")
    }
    entities = {
        entity: frozenset(_keys(d.get("entities", {}).get(entity, "") for d in documents))
        for entity in documents[0]["entities"]
    }
    dates = tuple(parts["date"])
    created = _keys(d.get("opportunities", {}).get("created_at", "") for d in documents)
    meanings: dict[str, dict[str, dict[str, float]]] = {}
    tokens: dict[str, dict[frozenset[str], dict[str, float]]] = {}
    others: dict[str, frozenset[str]] = {}
    for table, spec in TABLES.items():
        one: dict[str, dict[str, float]] = {}
        said: dict[frozenset[str], dict[str, float]] = {}
        declared = {field.name: field.guesses for field in spec.fields}
        for field, guesses in declared.items():
            _learn(one, said, field, [field, *guesses], 1.0)
        for document in documents:
            for field, words in {**document.get("any", {}), **document.get(table, {})}.items():
                if field != "other" and (field in declared or field in VIRTUAL):
                    both = "|".join(
                        [document.get(table, {}).get(field, ""), document.get("any", {}).get(field, "")]
                    )
                    _learn(one, said, field, both.split("|") if field in declared else words.split("|"), 1.0)
            for field, words in document.get("any", {}).items() if table == "transactions" else ():
                if f"customer_{field}" in VIRTUAL:
                    _learn(one, said, f"customer_{field}", words.split("|"), 0.95)
        _learn_entities(one, table, declared, parts, entities, created)
        for key, known in list(one.items()):  # what is said with 日期 is said with 日 too
            if key.isascii():
                continue
            dated = {f: s for f, s in known.items() if type_of(table, f) in KINDS["date"]}
            ends = [part for part in parts["date"] if key.endswith(part)] if key.endswith(dates) else []
            for short in (key, *(key.removesuffix(part) for part in ends)) if dated or ends else ():
                one[short] = dated | one.get(short, {})
        meanings[table], tokens[table] = one, said
        others[table] = frozenset(_keys(d.get(table, {}).get("other", "") for d in documents))
    tables = {
        table: tuple(
            {
                w
                for d in documents
                for text in d.get("tables", {}).get(table, "").split("|")
                if (w := _tokens(text))
            }
            | {_tokens(table)}
        )
        for table in TABLES
    }
    kinds = {kind: frozenset(_keys(d.get("parts", {}).get(kind, "") for d in documents)) for kind in KINDS}
    return Names(
        meanings=meanings, tokens=tokens, others=others, entities=entities, tables=tables, parts=kinds
    )


@cache
def type_of(table: str, field: str) -> str:
    """What a column of ours holds; of a virtual one, what these hold."""
    spec = TABLES[table]
    return spec.field(field).type if field in spec.names else VIRTUAL.get(field, "text")


def _learn(
    one: dict[str, dict[str, float]],
    said: dict[frozenset[str], dict[str, float]],
    field: str,
    words: Iterable[str],
    strength: float,
) -> None:
    for place, word in enumerate(word for word in words if word.strip()):
        tokens = _tokens(word)
        sure = max(0.9, strength - 0.002 * place)
        for entry in (one.setdefault("".join(tokens), {}), said.setdefault(frozenset(tokens), {})):
            entry[field] = max(entry.get(field, 0.0), sure)


def _learn_entities(
    one: dict[str, dict[str, float]],
    table: str,
    declared: Mapping[str, object],
    parts: Mapping[str, list[str]],
    entities: Mapping[str, frozenset[str]],
    created: Iterable[str],
) -> None:
    """Identifiers and names are said with the word for what they identify: customer no, Kundenname, 客户编号."""

    def add(key: str, field: str, sure: float) -> None:
        entry = one.get(key)
        if entry is None:  # nearly always: hundreds of thousands of keys
            one[key] = {field: sure}
        elif entry.get(field, 0.0) < sure:
            entry[field] = sure

    own = TABLES[table].keys[0]
    for field, entity in ENTITY_OF_FIELD.items():
        for word in entities[entity] if field in declared else ():
            for part in parts["id"]:
                add(word + part, field, 0.98)
                add(part + word, field, 0.96)
            add(word, field, ALONE)
    virtual_names = {"transactions": (("product_name", "product"), ("customer_name", "customer"))}
    own_name = (("name", ENTITY_OF_TABLE.get(table, "")),) if "name" in declared else ()
    for field, entity in (*own_name, *virtual_names.get(table, ())):
        for word in entities.get(entity, ()):
            for part in parts["name"]:
                add(word + part, field, 0.97)
                add(part + word, field, 0.95)
    if TABLES[table].time:
        for word in entities.get(ENTITY_OF_TABLE.get(table, ""), ()):
            for part in parts["date"]:
                add(word + part, TABLES[table].time or "", 0.9)
                add(part + word, TABLES[table].time or "", 0.88)
        for part in parts["date"]:
            add(part, TABLES[table].time or "", 0.86)
        for word in created if table != "transactions" else ():
            add(word, TABLES[table].time or "", 0.8)
    for part in parts["id"]:
        if ENTITY_OF_FIELD.get(own):
            add(part, own, 0.985 if table == "transactions" else 0.92)
    for part in parts["name"]:
        if "name" in declared:
            add(part, "name", 0.9)


@cache
def _document(name: str) -> dict[str, dict[str, str]]:
    text = files("crmlib.prepare.draft").joinpath("names", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def words(kind: str) -> dict[str, str]:
    """Words of values of one kind: plain word -> what it means."""
    found: dict[str, str] = {}
    for meaning, listed in _document("words")[kind].items():
        for word in listed.split("|"):
            found.setdefault(value_key(word), meaning)
    return found


LATIN = "\u2fff"
"""Letters up to here are of scripts that write blanks between words."""


@lru_cache(maxsize=20_000)
def meaning_of(kind: str, value: str) -> str | None:
    """What a value means: by its whole, or by a word of it that stands between blanks or signs."""
    known = words(kind)
    whole = known.get(value_key(value))
    if whole is not None:
        return whole
    pieces = [piece for piece in re.split(r"[^\w]+|_|\d+", _folded(value)) if piece]
    ends = range(1, MOST_PIECES + 1)
    runs = {"".join(pieces[i : i + n]) for i in range(min(len(pieces), 200)) for n in ends}
    said = {known[run] for run in runs if run in known and (len(run) > 2 or not run.isascii())}
    if not said:  # Chinese and Japanese leave no blank behind a word.
        whole = "".join(pieces)
        said = {known[word] for word in known if len(word) > 3 and word[0] > LATIN and whole.startswith(word)}
    firm = said - {"open", "kept"}
    return next(iter(firm)) if len(firm) == 1 else None


def value_key(text: str) -> str:
    """A value as `words` compares it."""
    return re.sub(r"[\s_\-/.:()]+", "", _folded(text))


def _keys(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(key for text in texts for word in text.split("|") if (key := plain(word))))


@cache
def _noise() -> frozenset[str]:
    return frozenset(
        word
        for language in ("en", "de", "fr", "es", "pt", "zh", "ja")
        for word in _document(language).get("parts", {}).get("noise", "").split("|")
    )


@cache
def _simplified() -> dict[int, int]:
    pairs = _document("zh")["characters"]
    return {ord(before): ord(after) for before, after in zip(pairs["from"], pairs["to"], strict=True)}


def simplified(text: str) -> str:
    """A text with traditional Chinese characters made simplified."""
    return text.translate(_simplified())


def _folded(text: str) -> str:
    flat = unicodedata.normalize("NFKD", simplified(unicodedata.normalize("NFKC", text)).casefold())
    return "".join(sign for sign in flat if not unicodedata.combining(sign))


@cache
def _tokens(text: str) -> tuple[str, ...]:
    """The words of a name, folded; what stands in brackets is a unit and is left out."""
    bare = unicodedata.normalize("NFKC", text).strip()
    outside = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）|【[^【】]*】", " ", bare).strip()
    spaced = re.sub(r"(?<=[a-z0-9à-ÿ])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", outside or bare)
    found = [_word(token) for token in re.split(r"[\W_]+", _folded(spaced)) if token]
    found = found or [sign for sign in bare.casefold() if not sign.isspace()]
    kept = tuple(word for word in found if word not in _noise()) or tuple(found)
    # (Do Not Modify) Account: a system keeps the row's number there, for the way back.
    return (*kept, "id") if outside and re.match(r"\([^()]*\s[^()]*\)|\(\W*[^\x00-\x7f]+\)", bare) else kept


def _word(token: str) -> str:
    if not token.isascii():
        return token
    for pair in ("ae", "oe", "ue") if len(token) > 3 else ():  # "due" is no French "du"
        token = token.replace(pair, pair[0])
    return token[:-1] if len(token) > 3 and token.endswith("s") and not token.endswith("ss") else token
