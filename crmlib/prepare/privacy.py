"""What may leave the house: identifiers or keyed pseudonyms for them, the way back, what is kept under their key."""

import base64
import hashlib
import hmac
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from math import log2
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd

from crmlib.prepare.answers import kept_answer, place_of, read_frames, write_frames
from crmlib.prepare.engine import Engine
from crmlib.schema.errors import ConfigError, SchemaError
from crmlib.schema.fields import MINIMUM_GROUP
from crmlib.schema.tables import TABLES

KEY_VARIABLE = "CRMLIB_PSEUDONYM_KEY"
"""Environment variable that holds the secret of the pseudonyms; it never stands in crm.toml."""

KEY_FILE_VARIABLE = "CRMLIB_PSEUDONYM_KEY_FILE"
"""Environment variable that names a file with the secret, which only its owner can read."""

SHORTEST_KEY = 16
LEAST_BITS = 48
"""What a secret is worth at the least, by how often its signs, and the steps between them, come again."""

LENGTH = 12

_MARK = "K-"
_FORM = re.compile(rf"{_MARK}[A-Z2-7]{{{LENGTH}}}")
_ADDRESS, _CODE = "@", 8
_CONTEXT = b"crmlib pseudonyms of customers, key from the exports, version 1\0"
_PRINT = b"crmlib print of a key, version 1"
_CONTENT = {
    "transactions": ("customer_id", "order_id", {"ordered_at": "min", "net_amount": "sum"}),
    "opportunities": ("customer_id", "opportunity_id", {"created_at": "min", "amount": "sum"}),
}
"""What only the holder of the exports has: every order, or deal, with its moment and its exact amount."""

_KEYS: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()
MOST_NAMED = 1_000_000
"""So many names are remembered under one key, for as long as the process lasts."""
_NAMED: dict[bytes, pd.Series] = {}


def pseudonyms(ids: pd.Series, *, key: str) -> pd.Series:
    """A name for each identifier that only the holder of the key can lead back to it.

    RFC 2104, HMAC: Keyed-Hashing for Message Authentication.
    """
    check_key(key)
    codes, own = pd.factorize(ids)
    named = _named(own, key.encode())
    if named.nunique() < len(own):
        raise ConfigError(
            "Two customers would get the same pseudonym. "
            f"Set {KEY_VARIABLE} to another secret of at least {SHORTEST_KEY} characters."
        )
    return named.reindex(codes).set_axis(ids.index).rename(ids.name)


def _named(own: Any, secret: bytes) -> pd.Series:
    """The name of each of some identifiers; those that are texts are remembered, since lists ask for them again."""
    if getattr(own, "dtype", None) != "str":
        return pd.Series(_hashed(own, secret), dtype="str")
    known = _NAMED.get(secret, pd.Series(dtype="str", index=own[:0]))
    found = known.reindex(own)
    new = own[found.isna()]
    if len(new):
        named = pd.Series(_hashed(new, secret), index=new, dtype="str")
        _NAMED[secret] = pd.concat([known, named])[-MOST_NAMED:]
        found[new] = named
    return found.reset_index(drop=True)


def _hashed(own: Iterable[Any], secret: bytes) -> list[str]:
    signed = (hmac.digest(secret, str(one).encode("utf-8", "surrogatepass"), "sha256") for one in own)
    return [_MARK + base64.b32encode(digest[:10])[:LENGTH].decode() for digest in signed]


def stated_key() -> str:
    """The secret of the pseudonyms that somebody has set, checked; empty where nobody has."""
    key = stated_secret(KEY_VARIABLE, KEY_FILE_VARIABLE)
    return check_key(key) if key else ""


def stated_secret(variable: str, file_variable: str) -> str:
    """A secret of the environment, or of the file that it names; empty where there is neither."""
    key, file = os.environ.get(variable, ""), os.environ.get(file_variable, "")
    if file and key:
        raise ConfigError(f"{variable} and {file_variable} are both set. Keep one.")
    return key_in_file(Path(file), named=file_variable) if file else key


def check_key(key: str, *, named: str = KEY_VARIABLE) -> str:
    """A secret that cannot be guessed; words beside each other on a keyboard and repetitions count for little."""
    if len(key) < SHORTEST_KEY:
        raise ConfigError(f"{named} has {len(key)} characters. Give it at least {SHORTEST_KEY}.")
    once = re.sub(r"^(.+?)\1+$", r"\1", key)
    steps = [ord(b) - ord(a) for a, b in pairwise(once)]
    if min(_bits(once), _bits(steps)) < LEAST_BITS:
        raise ConfigError(
            f"{named} can be guessed: its signs come again and again, or in a row. "
            'Take a random one: python -c "import secrets; print(secrets.token_urlsafe(32))".'
        )
    return key


def key_print(crm: Any) -> str:
    """A digest by which one key is told from another; runs under different keys cannot be told to be the same."""
    key = stated_key()
    if not key and shows_pseudonyms(crm):
        try:
            key = key_from_exports(crm)
        except SchemaError:
            return ""
    return hmac.digest(key.encode(), _PRINT, "sha256").hex()[:32] if key else ""


def own_keys(crm: Any) -> dict[str, str]:
    """The keys of a workspace's pseudonyms by what they are called; none of them may stand in what is published."""
    found = {KEY_VARIABLE: stated_key()}
    if shows_pseudonyms(crm):
        with suppress(SchemaError):
            found["of the exports"] = key_from_exports(crm)
    return {name: key for name, key in found.items() if key}


def key_in_file(file: Path, *, named: str) -> str:
    """The secret in a file that only its owner, or the system's, can read."""
    try:
        found = file.stat()
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{named} names {file}, which cannot be read ({error}).") from error
    if found.st_mode & 0o077 or found.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"{file} holds a secret and can be read by others. Run: chmod 600 {file}")
    if not key:
        raise ConfigError(f"{file} is empty. Write a secret of at least {SHORTEST_KEY} characters into it.")
    return key


def _bits(signs: Sequence[Any]) -> float:
    counts = Counter(signs).values()
    whole = sum(counts)
    return -sum(n * log2(n / whole) for n in counts)


def are_pseudonyms(values: pd.Series) -> bool:
    """Whether a column holds pseudonyms and nothing else; missing values aside."""
    if not (pd.api.types.is_string_dtype(values.dtype) or values.dtype == object):
        return False
    known = values.dropna()
    begins = bool(len(known)) and looks_like_pseudonym(known.iloc[0])
    return begins and bool(known.astype("str").str.fullmatch(_FORM.pattern).all())


def looks_like_pseudonym(value: Any) -> bool:
    """Whether a cell has the form of a pseudonym."""
    return isinstance(value, str) and bool(_FORM.fullmatch(value))


def min_group(crm: Any) -> int:
    """Customers that a group has at the least where it is shown: ``[privacy] min_group``, or the default."""
    settings = getattr(getattr(crm, "config", None), "privacy", None)
    return getattr(settings, "min_group", MINIMUM_GROUP)


def employee_codes(crm: Any, ids: pd.Series) -> pd.Series:
    """Employees as a page may show them: by their number; what has an "@" in it becomes a neutral code.

    >>> from types import SimpleNamespace
    >>> employee_codes(SimpleNamespace(tables=()), pd.Series(["e1", None])).tolist()
    ['e1', nan]
    """
    codes = {one: _without_address(crm, one) for one in ids.dropna().astype("str").unique()}
    return ids.astype("object").where(ids.isna(), ids.astype("str").map(codes))


def _without_address(crm: Any, identifier: str) -> str:
    if _ADDRESS not in identifier:
        return identifier
    key = stated_key() or key_from_exports(crm)
    code = pseudonyms(pd.Series([identifier]), key=key).iloc[0]
    return f"E-{code.removeprefix(_MARK)[:_CODE]}"


def public_ids(crm: Any, ids: pd.Series) -> pd.Series:
    """Identifiers as a list may show them: as pseudonyms, unless crm.toml says otherwise.

    The key is `stated_key`: of the environment, or of a file. Where there is none, the key comes from the exports
    themselves (`key_from_exports`): nobody who has only the lists can make it, and it changes with the data.
    """
    key = stated_key()
    if not shows_pseudonyms(crm):
        return ids
    if not key and not ids.notna().any():
        return ids
    return pseudonyms(ids, key=key or key_from_exports(crm))


def reveal_ids(crm: Any, names: pd.Series) -> pd.Series:
    """The house's own identifiers behind pseudonyms that `public_ids` gave."""
    own = known_customers(crm)
    lasting = public_ids(crm, own)
    back = dict(zip(lasting, own, strict=True))
    written = names.astype("str").str.strip()
    return written.map(back).fillna(written.str.upper().map(back)).astype("str")


def known_customers(crm: Any) -> pd.Series:
    """Every customer of a workspace once, whatever table speaks of it, sorted."""
    parts = []
    for name in crm.tables:
        declared = {f.name for f in TABLES[name].fields if f.references == "customers"} | {"customer_id"}
        for column in sorted(declared & set(crm.columns(name))):
            quoted = Engine.quote(column)
            parts.append(f"select {quoted} as id from {Engine.quote(name)} where {quoted} is not null")
    if not parts:
        return pd.Series([], dtype="str")
    return crm.engine.to_pandas(f"select distinct id from ({' union all '.join(parts)}) order by id")[
        "id"
    ].astype("str")


def key_from_exports(crm: Any) -> str:
    """A key that only the holder of the exports can make: a digest of every order, or deal.

    Rows may stand in any order. Each order counts once with its customer, moment and exact amount, so that
    what is published of a run, such as sums and the digests of files, does not lead to it. A small workspace
    whose orders others know is better served by a secret in `KEY_VARIABLE`.
    """
    if crm.engine not in _KEYS:
        made = kept_answer(
            crm, "digest of exports", make=lambda: pd.DataFrame({"of": [_digest_of_exports(crm)]})
        )
        _KEYS[crm.engine] = hashlib.sha256(_CONTEXT + str(made["of"].item()).encode()).hexdigest()
    return _KEYS[crm.engine]


def _digest_of_exports(crm: Any) -> str:
    said = []
    for table, (customer, thing, figures) in _CONTENT.items():
        if table not in crm.tables:
            continue
        present = set(crm.columns(table))
        groups = [name for name in (customer, thing) if name in present]
        cells = [*groups, *(f"{how}({name})" for name, how in figures.items() if name in present), "count(*)"]
        written = ", ".join(f"coalesce(cast({cell} as varchar), '')" for cell in cells)
        ((count, digest),) = crm.engine.rows(
            f"select count(*), bit_xor(md5_number(digested)) from (select concat_ws(chr(31), {written}) "
            f"as digested from {table} group by {', '.join(groups)}) as things"
        )
        if count:
            said.append(f"{table} {count} {digest:032x}")
    if not said:
        raise SchemaError(
            "Pseudonyms need a row of transactions or opportunities to take their key from. "
            f"Set {KEY_VARIABLE} to a secret of at least {SHORTEST_KEY} characters."
        )
    return "; ".join(said)


def shows_pseudonyms(crm: Any) -> bool:
    """Whether lists of a workspace show pseudonyms: frames at hand, and `pseudonyms = false`, show identifiers."""
    settings = getattr(getattr(crm, "config", None), "privacy", None)
    return bool(settings is not None and settings.pseudonyms)


def read_kept(crm: Any, name: str) -> dict[str, pd.DataFrame] | None:
    """The frames that this code kept of these tables, at this moment and under this key; None where there are none."""
    return read_frames(_place(crm, name))


def write_kept(crm: Any, name: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Keep frames under a name, whole or not at all; of tables in memory, or on a full disk, nothing is kept."""
    write_frames(_place(crm, name), frames)


def kept_or_made(crm: Any, name: str, make: Callable[[], dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """The frames kept under a name; made, and kept, where there are none."""
    found = read_kept(crm, name)
    if found is None:
        found = make()
        write_kept(crm, name, found)
    return found


def _place(crm: Any, name: str) -> Path | None:
    in_memory = getattr(crm, "root", None) is None or not getattr(crm, "key", "")
    return None if in_memory else place_of(crm, name, key=key_print(crm))
