"""How records are compared: what is looked at, which pairs are looked at, and from which probability they are one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from crmlib.schema.errors import ParameterError, nearest


@dataclass(frozen=True)
class Level:
    """One way in which two values agree: `sql` is over the columns of both records (``phone_l``, ``phone_r``).

    `expected`: share of the pairs of one customer that agree so, before the data have been looked at; `rare`: column
    whose values count the more the rarer they are.
    """

    code: str
    sql: str
    expected: float
    rare: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two records are compared in: the first level that holds counts, without one they are ``other``.

    Where `missing` holds, or none of `columns` is filled, nothing can be said.
    """

    name: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]
    missing: str


@dataclass(frozen=True, kw_only=True)
class Model:
    """How records of one kind are compared: pairs that agree in all expressions of at least one of `blocks`.

    From pairs that agree in the columns of `training` all other comparisons learn.
    """

    comparisons: tuple[Comparison, ...]
    blocks: tuple[tuple[str, ...], ...]
    training: tuple[tuple[str, ...], ...]


def _one(name: str, *levels: Level, columns: tuple[str, ...] = ()) -> Comparison:
    columns = columns or (name,)
    absent = " or ".join(f"({one}_l is null or {one}_r is null)" for one in columns[:1])
    return Comparison(name=name, columns=columns, levels=levels, missing=absent)


def _alike(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def _slips(column: str, most: int) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {most}"


_EMAIL = _one(
    "email",
    Level("same", "email_l = email_r", 0.65),
    Level("close", _slips("email", 2), 0.08),
    Level("user", "email_user_l = email_user_r", 0.05, "email_user"),
    Level("domain", "domain_l = domain_r", 0.1, "domain"),
)
_PHONE = _one(
    "phone",
    Level("same", "phone_l = phone_r or right(phone_l, 9) = right(phone_r, 9)", 0.7),
    Level("close", _slips("phone", 1), 0.06),
)
_TAX = _one("tax", Level("same", "tax_l = tax_r", 0.85), Level("close", _slips("tax", 1), 0.08))
_ADDRESS = _one(
    "address",
    Level("same", "street_l = street_r and numbers_l is not distinct from numbers_r", 0.6, "whole_address"),
    Level(
        "close",
        f"numbers_l is not distinct from numbers_r and {_alike('street', 0.85)} "
        "or split_part(numbers_l, ' ', 1) = split_part(numbers_r, ' ', 1) "
        "and (contains(street_l, street_r) or contains(street_r, street_l))",
        0.15,
    ),
    Level("street", f"street_l = street_r or {_alike('street', 0.92)}", 0.08),
    Level("number", "numbers_l = numbers_r", 0.05, "numbers"),
    columns=("street", "numbers"),
)
_PLACE = Comparison(
    name="place",
    columns=("postcode", "city", "region"),
    missing="(postcode_l is null or postcode_r is null) and (city_l is null or city_r is null) "
    "and (region_l is null or region_r is null)",
    levels=(
        Level("same", "postcode_l = postcode_r and city_l = city_r", 0.6, "postcode"),
        Level("postcode", "postcode_l = postcode_r", 0.12, "postcode"),
        Level("city", "city_l = city_r", 0.12, "city"),
        Level("close", f"{_slips('postcode', 1)} or {_alike('city', 0.9)}", 0.06),
        Level("region", "region_l = region_r", 0.06, "region"),
    ),
)
_NEAR = {0.1: 0.4, 0.5: 0.2, 2: 0.2, 10: 0.1}
"""Kilometres between two spots, and how often those of one customer are so near."""
_FAMILY = _one(
    "family",
    Level("same", "family_l = family_r or whole_l = whole_r", 0.72, "family"),
    Level("sound", "letters_l = letters_r", 0.04, "letters"),
    Level("close", f"{_alike('family', 0.88)} or {_slips('family', 1)} and length(family_l) > 3", 0.14),
    Level("swapped", "family_l = given_r or given_l = family_r", 0.03),
)
_GIVEN = _one(
    "given",
    Level("same", "given_l = given_r or whole_l = whole_r", 0.68, "given"),
    Level("sound", "letters_l = letters_r", 0.04, "letters"),
    Level("short", "list_has_any(nicks_l, nicks_r)", 0.04),
    Level(
        "close",
        f"{_alike('given', 0.86)} or {_slips('given', 1)} and length(given_l) > 3 "
        "or jaro_winkler_similarity(split_part(given_l, ' ', 1), split_part(given_r, ' ', 1)) >= 0.86",
        0.12,
    ),
    Level("initial", "starts_with(given_l, given_r) or starts_with(given_r, given_l)", 0.03),
    Level("swapped", "family_l = given_r or given_l = family_r", 0.03),
)
_BIRTH = _one(
    "birth",
    Level("same", "birth_l = birth_r", 0.84),
    Level("close", _slips("birth", 1), 0.1),
    Level(
        "day_for_month",
        "left(birth_l, 4) = left(birth_r, 4) and substr(birth_l, 5, 2) = substr(birth_r, 7, 2) "
        "and substr(birth_l, 7, 2) = substr(birth_r, 5, 2)",
        0.01,
    ),
    Level(
        "two_parts",
        "(left(birth_l, 4) = left(birth_r, 4))::int + (substr(birth_l, 5, 2) = substr(birth_r, 5, 2))::int "
        "+ (right(birth_l, 2) = right(birth_r, 2))::int = 2",
        0.03,
    ),
    Level(
        "year",
        "left(birth_l, 4) = left(birth_r, 4) and (substr(birth_l, 5) in ('', '0101') "
        "or substr(birth_r, 5) in ('', '0101'))",
        0.02,
    ),
    Level("near", _slips("birth", 2), 0.02),
)
_SOURCE = _one("source", Level("same", "source_system_l = source_system_r", 0.5), columns=("source_system",))
_KM = (
    "111.2 * sqrt(pow(latitude_l::double - latitude_r::double, 2) + pow((longitude_l::double - longitude_r::double) "
    "* cos(radians(latitude_l::double)), 2))"
)
_SPOT = _one(
    "spot",
    *(Level(f"{km}_km", f"{_KM} <= {km}", share) for km, share in _NEAR.items()),
    columns=("latitude", "longitude"),
)
_COMPANY = Comparison(
    name="name",
    columns=("core",),
    missing="core_l is null or core_r is null",
    levels=(
        Level("same", "core_l = core_r", 0.6, "core"),
        Level("sound", "letters_l = letters_r", 0.06, "letters"),
        Level(
            "close",
            f"{_alike('core', 0.95)} or {_slips('core', 1)} and length(core_l) > 3 "
            f"or {_slips('sound', 1)} and length(sound_l) > 6",
            0.12,
        ),
        Level(
            code="part",
            sql="(list_has_all(words_l, words_r) or list_has_all(words_r, words_l) "
            "or starts_with(core_l, core_r) or starts_with(core_r, core_l) "
            # Without spaces, what stands before a name may be a legal form with a slip in it.
            "or strlen(core_l) > length(core_l) and (suffix(core_l, core_r) or suffix(core_r, core_l))) "
            "and least(length(core_l), length(core_r)) > 2",
            expected=0.1,
        ),
        Level(
            "alike",
            f"{_alike('core', 0.85)} or 2 * len(list_intersect(words_l, words_r)) "
            ">= greatest(len(words_l), len(words_r))",
            0.07,
        ),
    ),
)

PEOPLE = Model(
    comparisons=(_FAMILY, _GIVEN, _BIRTH, _ADDRESS, _PLACE, _SPOT, _EMAIL, _PHONE, _TAX, _SOURCE),
    blocks=(
        ("held",),
        ("tax",),
        ("email",),
        ("phone",),
        ("letters",),
        ("birth",),
        ("family", "left(birth, 4)"),
        ("given", "left(birth, 4)"),
        ("family", "right(birth, 4)"),
        ("given", "right(birth, 4)"),
        ("family", "postcode"),
        ("given", "postcode"),
        ("family", "city"),
        ("given", "city"),
        ("family",),
        ("postcode", "left(sound, 1)"),
        ("left(family, 3)", "left(given, 3)"),
        ("street", "numbers"),
    ),
    training=(("birth",), ("family", "given"), ("postcode",), ("email",), ("phone",)),
)
"""People: name in either order, birth, address, e-mail, telephone, tax number."""

COMPANIES = Model(
    comparisons=(_COMPANY, _ADDRESS, _PLACE, _SPOT, _EMAIL, _PHONE, _TAX, _SOURCE),
    blocks=(
        ("held",),
        ("tax",),
        ("email",),
        ("phone",),
        ("domain",),
        ("core",),
        ("letters",),
        ("skeleton",),
        ("left(core, 4)", "city"),
        ("left(core, 4)", "postcode"),
        ("left(sound, 6)",),
        ("left(core, 4)", "region"),
        ("words[1]", "city"),
        ("words[-1]", "city"),
        ("words[1]", "street"),
        ("spot",),
        ("spot_aside",),
        ("postcode", "left(sound, 1)"),
        ("postcode", "right(sound, 2)"),
        ("postcode", "numbers"),
        ("street", "numbers"),
        ("city", "numbers"),
    ),
    training=(("core",), ("phone",), ("email",), ("street", "numbers"), ("postcode",), ("spot",)),
)
"""Companies: name without its legal form, address, e-mail, telephone, tax number."""

GOLDEN_RULES = ("best_source", "newest", "most_common", "longest")
"""How the value of a customer is chosen among those of its records."""


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """Everything that decides which records are one customer.

    Attributes
    ----------
    link_above : float
        Probability from which two records are one customer.
    keep_above : float
        The same for two records that were one customer at the last load: who was joined stays joined, unless the
        records now say something else.
    review_above : float
        Probability from which a pair that is not joined, and below `certain_above` one that is, is for a person
        to decide.
    slips : float
        Of likely pairs, the share up to which another name or birth is taken for a slip of the key, if the data leave
        no doubt that it is not more; else such a pair is for a person to decide.
    keys : tuple of str
        Comparisons of which the same value joins two records at once, if their names do not contradict it.
    key_holders : int
        A key that more records hold is a switchboard or a placeholder, and joins nobody.
    largest_block : int
        Values of a block that more records have are not compared.
    pairs_per_record : float
        What one block may cost on average; of a dearer block the values that most records have are left out.
    one_per_source : tuple of str
        Source systems in which every customer stands once.
    sources : tuple of str
        Source systems, the most trusted first: ids and values are taken from them in this order.
    golden : mapping of column -> rule
        One of `GOLDEN_RULES`; ``"*"`` is for all columns that are not named.
    training_pairs : int
        Pairs from which the model learns at most.
    """

    people: Model = PEOPLE
    companies: Model = COMPANIES
    link_above: float = 0.5
    keep_above: float = 0.2
    review_above: float = 0.1
    certain_above: float = 0.9
    slips: float = 0.02
    keys: tuple[str, ...] = ("tax", "email", "phone")
    key_holders: int = 6
    largest_block: int = 250
    one_per_source: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    golden: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"*": "best_source"}))
    pairs_per_record: float = 4.0
    training_pairs: int = 200_000
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("link_above", "keep_above", "review_above", "certain_above", "slips"):
            if not 0 < getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}: give a probability between 0 and 1.")
        for column, rule in self.golden.items():
            if rule not in GOLDEN_RULES:
                raise ParameterError(
                    f"golden.{column}: there is no rule {rule!r}.{nearest(rule, GOLDEN_RULES)}"
                )
        unknown = [key for key in self.keys if key not in ("tax", "email", "phone")]
        if unknown:
            raise ParameterError(f"keys: {unknown[0]!r} is no key. Choose among tax, email and phone.")

    def model(self, kind: str) -> Model:
        """The model of a kind of customers."""
        return self.people if kind == "person" else self.companies


def settings_from(given: Any) -> IdentitySettings:
    """Settings as they are, or from a mapping of those that differ from the usual ones."""
    if given is None or isinstance(given, IdentitySettings):
        return given or IdentitySettings()
    known = [one.name for one in fields(IdentitySettings)]
    for name in given:
        if name not in known:
            raise ParameterError(f"settings: there is no {name!r}.{nearest(str(name), known)}")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return replace(IdentitySettings(), **values)
