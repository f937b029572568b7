"""Exports of known systems: which headers they have, which of ours they are, and what their rows mean."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

LEAST_MARKS = 0.7
"""An export is of a system if it has this share of the headers that mark it, and at least three."""

NAMED = 0.985
"""How sure a header is of which the system's documentation says what it holds."""


@dataclass(frozen=True)
class Preset:
    """One kind of export of one system.

    Attributes
    ----------
    system : its name and the version whose headers these are
    table : ours
    marks : headers by which it is known
    columns : header -> ours or a virtual one; "" for none of ours
    says : what its rows mean, one sentence
    """

    system: str
    table: str
    marks: frozenset[str]
    columns: Mapping[str, str]
    says: str

    def covers(self, headers: tuple[str, ...]) -> bool:
        """Whether all of its marks are among the headers."""
        return self.marks <= {_key(header) for header in headers}


def _key(header: str) -> str:
    return " ".join(header.split()).casefold()


@cache
def presets() -> tuple[Preset, ...]:
    """Every preset, read once."""
    found = []
    for file in sorted(files("crmlib.prepare.draft").joinpath("presets").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            document = tomllib.loads(file.read_text(encoding="utf-8"))
            system = f"{document['system']} ({document['version']})"
            found += [_preset(system, export) for export in document["export"]]
    return tuple(found)


def _preset(system: str, export: Mapping[str, object]) -> Preset:
    columns = {
        _key(header): ours
        for ours, headers in dict(export["columns"]).items()  # type: ignore[call-overload]
        for header in ([headers] if isinstance(headers, str) else headers)
    }
    columns |= {_key(header): "" for header in export.get("other", ())}  # type: ignore[attr-defined]
    marks = frozenset(_key(header) for header in export["marks"])  # type: ignore[attr-defined]
    return Preset(system, str(export["table"]), marks, columns, str(export["says"]))


@lru_cache(maxsize=1000)
def preset_of(headers: tuple[str, ...]) -> Preset | None:
    """The preset that most of whose marks are among the headers; none where no system is known by them."""
    there = {_key(header) for header in headers}
    fits = [(len(one.marks & there) / len(one.marks), len(one.marks & there), one) for one in presets()]
    fits = [fit for fit in fits if fit[0] >= LEAST_MARKS and fit[1] >= 3]
    return max(fits, key=lambda fit: fit[:2])[2] if fits else None


def told_by(table: str, headers: Sequence[str]) -> dict[str, str]:
    """Header -> ours, as the system's documentation says; nothing for other systems and other tables."""
    preset = preset_of(tuple(headers))
    if preset is None or preset.table != table:
        return {}
    return {header: preset.columns[key] for header in headers if (key := _key(header)) in preset.columns}
