"""Database servers of the tests' own: temporary, on the loopback address, run by nobody where the tests run as root."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "s3cret: 'quoted' @ne \\"
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A server that listens on 127.0.0.1, and the address of its database."""

    port: int
    url: str
    folder: Path


def missing(kind: str, program: str | None, variable: str) -> None:
    """Skip the tests of a server that isn't here, or fail where it is required."""
    if program is None:
        reason = f"no {kind} server is installed"
        if os.environ.get(variable) == "yes":
            pytest.fail(f"{variable}=yes, but {reason}")
        pytest.skip(reason)


def program(name: str, *places: str) -> str | None:
    """Where a program of a server lies: on the path, or where Debian puts it."""
    found = [
        str(path) for place in places for path in sorted(Path("/").glob(f"{place}/{name}"), reverse=True)
    ]
    return found[0] if found else shutil.which(name)


@contextmanager
def postgresql() -> Iterator[Server]:
    """A PostgreSQL cluster with a database crm of a user reader, who has a password."""
    initdb = program("initdb", "usr/lib/postgresql/*/bin")
    missing("PostgreSQL", initdb, "CRMLIB_REQUIRE_POSTGRES")
    with _folder("crmlib-pg-") as folder, _free_port() as port:
        secret = _file(folder / "password", PASSWORD)
        owner = ["--username=reader", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8"]
        _run([initdb, "-D", folder / "data", "--locale=C", "--no-sync", *owner])
        server = [initdb.replace("initdb", "postgres"), "-D", folder / "data", "-F", "-k", folder]
        asks = [initdb.replace("initdb", "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        with _started([*server, "-h", "127.0.0.1", "-p", port], folder, port, asks):
            yield Server(port, f"postgresql://reader@127.0.0.1:{port}/postgres", folder)


@contextmanager
def mariadb() -> Iterator[Server]:
    """A MariaDB server with a database crm of a user reader, who has a password."""
    daemon = program("mariadbd", "usr/sbin") or program("mysqld", "usr/sbin")
    install = program("mariadb-install-db", "usr/bin")
    missing("MariaDB", install and daemon, "CRMLIB_REQUIRE_MARIADB")
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
    with _folder("crmlib-my-") as folder, _free_port() as port:
        _run([install, "--no-defaults", f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal",
              "--skip-test-db", *_as_whom("--user=nobody")])  # fmt: skip
        lines = [
            "create database crm character set utf8mb4;",
            f"create user 'reader'@'%' identified by '{quoted}';",
            "grant all on crm.* to 'reader'@'%';",
        ]
        start = _file(folder / "start.sql", "\n".join(lines) + "\n")
        server = [daemon, "--no-defaults", f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}",
                  f"--pid-file={folder / 'pid'}", "--bind-address=127.0.0.1", f"--port={port}",
                  f"--init-file={start}", "--innodb-flush-log-at-trx-commit=0", *_as_whom("--user=nobody")]  # fmt: skip
        with _started(server, folder, port):
            yield Server(port, f"mysql://reader@127.0.0.1:{port}/crm", folder)


def _as_whom(*words: str) -> tuple[str, ...]:
    return words if os.getuid() == 0 else ()


def _nobody() -> dict[str, object]:
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}


def _file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o644)
    return path


def _run(command: list) -> None:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=START_SECONDS, **_nobody()
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    # Not below pytest's own temporary folder, which nobody may not enter; a socket's path has to be short, too.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


@contextmanager
def _started(command: list, folder: Path, port: int, asks: list[str] | None = None) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=log, stderr=log, cwd="/", **_nobody()
        )
    try:
        for _ in range(START_SECONDS * 10):
            with socket.socket() as probe:
                listens = probe.connect_ex(("127.0.0.1", port)) == 0
            # PostgreSQL listens before it answers.
            if listens and (not asks or subprocess.run(asks).returncode == 0):
                break
            assert process.poll() is None, (folder / "log").read_text(errors="replace")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)
