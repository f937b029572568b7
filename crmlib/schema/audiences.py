"""For whom a report is: who may read which classes of columns, and with which rights its files lie."""

from collections.abc import Iterable
from dataclasses import dataclass

from crmlib.schema.errors import ParameterError, nearest


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Readers of reports; those who come later in `AUDIENCES` may read all that those before them may.

    `name`: what crm.toml, a notebook and the command line call them.
    `reads`: the classes of columns whose single values may stand on their pages, see `crmlib.schema.fields`.
    `customers`: whether lists of single customers may, under pseudonyms or numbers.
    `rights`: of folders; files have the same without the right to enter. None: those that the user's new files have.
    """

    name: str
    reads: tuple[str, ...]
    customers: bool = True
    rights: int | None = None


AUDIENCES = {
    one.name: one
    for one in (
        Audience(name="public", reads=("internal",), customers=False),
        Audience(name="stakeholder", reads=("internal",)),
        Audience(name="analyst", reads=("internal", "sensitive"), rights=0o750),
        Audience(name="operator", reads=("internal", "sensitive", "personal"), rights=0o700),
    )
}
DEFAULT = "stakeholder"


def audience_of(name: str) -> Audience:
    """An audience by its name."""
    if name not in AUDIENCES:
        known = nearest(name, AUDIENCES) or f" There are {', '.join(AUDIENCES)}."
        raise ParameterError(f"There is no audience {name!r}.{known}")
    return AUDIENCES[name]


def may_read(reader: str, declared: str) -> bool:
    """Whether one audience may read what is meant for another."""
    names = list(AUDIENCES)
    return names.index(audience_of(reader).name) >= names.index(audience_of(declared).name)


def widest_first(names: Iterable[str]) -> list[str]:
    """Audiences, each once, those who may read most first."""
    asked = {audience_of(name).name for name in names}
    return [name for name in reversed(AUDIENCES) if name in asked]
