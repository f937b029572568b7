"""Files that only who knows their password can read: AES-256-GCM, under a key that is slow to guess.

An encrypted file is a line that says what it is, a line of JSON (rounds, salt, nonce), and the encrypted bytes; whoever
changes a byte of any of them is found out.
"""

import json
import os
import secrets
import shutil
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crmlib.prepare.privacy import check_key, key_in_file, stated_secret
from crmlib.prepare.private import scratch_folder, write_private
from crmlib.schema.errors import ConfigError, ParameterError, SourceError

PASSWORD_VARIABLE = "CRMLIB_PASSWORD"
"""Environment variable that holds the password of encrypted files."""

PASSWORD_FILE_VARIABLE = "CRMLIB_PASSWORD_FILE"
"""Environment variable that names a file with the password, which only its owner can read."""

SUFFIX = ".encrypted"

ROUNDS, MOST_ROUNDS = 1_000_000, 20_000_000
"""Rounds of PBKDF2-HMAC-SHA256 (OWASP asks for 600,000), and those above which a file is no honest one."""

_MARK = b"crmlib encrypted 1\n"
_SALT, _NONCE, _KEY = 16, 12, 32
_LARGEST = 2**31 - 64


def encrypt(content: bytes, *, password: str) -> bytes:
    """Content that only the password opens; the same content twice is not the same bytes twice.

    NIST SP 800-38D (AES-GCM); RFC 8018 (PBKDF2).
    """
    if len(content) > _LARGEST:
        raise SourceError("A file of more than 2 GB cannot be encrypted at once. Write fewer rows.")
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    told = {"rounds": ROUNDS, "salt": b64encode(salt).decode(), "nonce": b64encode(nonce).decode()}
    head = _MARK + json.dumps(told).encode() + b"\n"
    return head + _cipher(password, salt, ROUNDS).encrypt(nonce, content, head)


def decrypt(encrypted: bytes, *, password: str) -> bytes:
    """What was encrypted; an error where the password is another one, or a byte has been changed."""
    try:
        told, body = encrypted.removeprefix(_MARK).split(b"\n", 1)
        given = json.loads(told)
        rounds, salt, nonce = int(given["rounds"]), b64decode(given["salt"]), b64decode(given["nonce"])
        if not encrypted.startswith(_MARK) or not 0 < rounds <= MOST_ROUNDS or len(nonce) != _NONCE:
            raise ValueError
    except (ValueError, TypeError, KeyError) as error:
        raise SourceError("This is no file that crmlib encrypted, or its beginning is damaged.") from error
    cipher = _cipher(password, salt, rounds)
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(nonce, body, encrypted[: len(encrypted) - len(body)])
    except InvalidTag:
        raise ParameterError("The password is another one, or the file has been changed.") from None


def is_encrypted(content: bytes) -> bool:
    """Whether a file begins as encrypted ones do."""
    return content.startswith(_MARK)


def stated_password(file: str | Path | None = None, *, again: bool = False) -> str:
    """The password from a file, the environment, or whoever sits at the terminal; `again`: asked for twice, checked."""
    if file is not None:
        given = key_in_file(Path(file), named="--password-file")
    else:
        given = stated_secret(PASSWORD_VARIABLE, PASSWORD_FILE_VARIABLE)
    given = given or _asked(again=again)
    return check_key(given, named=PASSWORD_VARIABLE) if again else given


@contextmanager
def encrypted_into(folder: str | Path, *, password: str | None) -> Iterator[Path]:
    """Where to write what shall lie in a folder: there, or, with a password, where it is encrypted from afterwards.

    Until then it lies in a folder of this process that only its owner can open, and that is removed in any case.
    """
    if password is None:
        yield Path(folder)
        return
    check_installed()
    aside = Path(tempfile.mkdtemp(prefix="plain-", dir=scratch_folder()))
    try:
        yield aside
        encrypt_files((p for p in aside.rglob("*") if p.is_file()), password=password)
        for path in sorted(aside.rglob(f"*{SUFFIX}")):
            write_private(Path(folder) / path.relative_to(aside), path.read_bytes())
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def encrypt_files(paths: Iterable[Path], *, password: str) -> None:
    """Put what only the password opens in the place of each file."""
    for path in sorted(paths):
        write_private(written_name(path, password=password), encrypt(path.read_bytes(), password=password))
        path.unlink()


def written_name(path: Path, *, password: str | None) -> Path:
    """What a file is called that `encrypted_into` has put into its folder."""
    return path if password is None else path.with_name(path.name + SUFFIX)


def check_installed() -> None:
    """Refuse before the work where the package that encrypts is not there."""
    _aes()


def _cipher(password: str, salt: bytes, rounds: int) -> Any:
    import hashlib

    key = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8"), salt, rounds, dklen=_KEY)
    return _aes()(key)


def _aes() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise ConfigError("Encrypting needs one more package: pip install 'crmlib[encrypt]'.") from error
    return AESGCM


def _asked(*, again: bool) -> str:
    if not os.isatty(0):
        raise ConfigError(
            f"There is no password. Set {PASSWORD_VARIABLE}, let {PASSWORD_FILE_VARIABLE} name a file with it "
            "(chmod 600), or call this at a terminal."
        )
    from getpass import getpass

    given = getpass("Password: ")
    if again and getpass("Once more: ") != given:
        raise ParameterError("The two passwords differ. Begin again.")
    return given
