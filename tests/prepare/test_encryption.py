"""What is encrypted opens with its password alone, whole or not at all, and leaves nothing in the open."""

import os

import pytest

pytest.importorskip("cryptography", reason="no cryptography: install the extra crmlib[encrypt]")

from crmlib.prepare import encryption
from crmlib.prepare.encryption import (
    PASSWORD_FILE_VARIABLE,
    PASSWORD_VARIABLE,
    ROUNDS,
    decrypt,
    encrypt,
    encrypted_into,
    stated_password,
)
from crmlib.prepare.private import scratch_folder
from crmlib.schema.errors import ConfigError, ParameterError, SourceError

PASSWORD = "wide grey owls fly at noon"
OTHER = "wide grey owls fly at nine"


@pytest.fixture
def few_rounds(monkeypatch):
    monkeypatch.setattr(encryption, "ROUNDS", 1_000)


def test_the_key_is_as_slow_to_guess_as_owasp_asks_for():
    assert ROUNDS >= 600_000
    assert decrypt(encrypt(b"Ada Lovelace", password=PASSWORD), password=PASSWORD) == b"Ada Lovelace"


@pytest.mark.parametrize("content", [b"", b"\n\n", "名簿, Ada".encode(), os.urandom(70_000)])
def test_what_is_encrypted_comes_back_and_never_looks_the_same(few_rounds, content):
    one, two = (encrypt(content, password=PASSWORD) for _ in range(2))
    assert decrypt(one, password=PASSWORD) == decrypt(two, password=PASSWORD) == content
    assert one.split(b"\n")[1] != two.split(b"\n")[1] and (len(content) < 4 or content not in one)


def test_another_password_opens_nothing(few_rounds):
    with pytest.raises(ParameterError, match="password is another one"):
        decrypt(encrypt(b"Ada", password=PASSWORD), password=OTHER)


def test_no_byte_can_be_changed_and_none_is_missing(few_rounds):
    whole = encrypt(b"Ada Lovelace", password=PASSWORD)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises((ParameterError, SourceError)):
            decrypt(bytes(changed), password=PASSWORD)
    for cut in (0, 5, len(whole) // 2, len(whole) - 1):
        with pytest.raises((ParameterError, SourceError)):
            decrypt(whole[:cut], password=PASSWORD)


def test_a_file_that_asks_for_endless_rounds_is_refused_at_once(few_rounds):
    whole = encrypt(b"Ada", password=PASSWORD).replace(b'"rounds": 1000', b'"rounds": 99999999999')
    with pytest.raises(SourceError, match="damaged"):
        decrypt(whole, password=PASSWORD)


def test_files_lie_encrypted_for_their_owner_alone_and_nothing_is_left_beside_them(few_rounds, tmp_path):
    with encrypted_into(tmp_path / "out", password=PASSWORD) as place:
        assert place.stat().st_mode & 0o077 == 0 and place.is_relative_to(scratch_folder())
        (place / "inner").mkdir()
        (place / "inner" / "list.csv").write_text("Ada Lovelace")
    (written,) = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written.name == "list.csv.encrypted" and written.stat().st_mode & 0o077 == 0
    assert b"Ada Lovelace" not in written.read_bytes()
    assert decrypt(written.read_bytes(), password=PASSWORD) == b"Ada Lovelace"
    assert not place.exists()


def test_nothing_is_left_of_work_that_broke_off(few_rounds, tmp_path):
    with pytest.raises(ZeroDivisionError), encrypted_into(tmp_path / "out", password=PASSWORD) as place:
        (place / "list.csv").write_text("Ada Lovelace")
        raise ZeroDivisionError
    assert not place.exists() and not (tmp_path / "out").exists()


def test_without_a_password_files_lie_where_they_are_wanted(tmp_path):
    with encrypted_into(tmp_path, password=None) as place:
        assert place == tmp_path


def test_the_password_comes_from_the_environment_a_closed_file_or_a_person(tmp_path, monkeypatch):
    for name in (PASSWORD_VARIABLE, PASSWORD_FILE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.isatty", lambda _: False)
    with pytest.raises(ConfigError, match="There is no password"):
        stated_password()
    monkeypatch.setattr("os.isatty", lambda _: True)
    typed = iter([PASSWORD, PASSWORD, PASSWORD, OTHER])
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    assert stated_password(again=True) == PASSWORD
    with pytest.raises(ParameterError, match="differ"):
        stated_password(again=True)
    kept = tmp_path / "password"
    kept.write_text(f"{OTHER}\n")
    kept.chmod(0o644)
    monkeypatch.setenv(PASSWORD_FILE_VARIABLE, str(kept))
    with pytest.raises(ConfigError, match="chmod 600"):
        stated_password()
    kept.chmod(0o600)
    assert stated_password() == stated_password(kept) == OTHER
    monkeypatch.delenv(PASSWORD_FILE_VARIABLE)
    monkeypatch.setenv(PASSWORD_VARIABLE, "aaaaaaaaaaaaaaaaaaaaa")
    with pytest.raises(ConfigError, match=f"{PASSWORD_VARIABLE} can be guessed"):
        stated_password(again=True)


def test_where_the_package_is_missing_the_error_names_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(ConfigError, match=r"crmlib\[encrypt\]"):
        encrypt(b"Ada", password=PASSWORD)
