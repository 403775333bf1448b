"""The schema is made and changed by Alembic only."""

import os
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect

from fleetscan.errors import SchemaError, StoreError
from fleetscan.model.ids import Clock
from fleetscan.resources import find_resource
from fleetscan.store.database import Database
from fleetscan.store.faults import translating_faults
from fleetscan.store.lease import hold_sweep_lease
from fleetscan.store.location import parse_location
from fleetscan.store.revision import SCHEMA_REVISION, read_revision


class SchemaState(StrEnum):
    """How a database's schema relates to this program."""

    MISSING = "missing"
    """There is no database file."""
    EMPTY = "empty"
    """There is a database without any table."""
    BEHIND = "behind"
    """Older than this program; `fleetscan db upgrade` helps."""
    CURRENT = "current"
    UNKNOWN = "unknown"
    """Made by a newer program, or by another one."""


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The schema of a database and the one that this program needs.

    Attributes:
        current: Revision of the database; empty when it has none.
        head: Revision that this program needs.
    """

    current: str
    head: str
    state: SchemaState


def create_database(url: str) -> SchemaStatus:
    """Make a new database with the current schema.

    A SQLite file is made readable by its owner only. A PostgreSQL database must exist and be empty.

    Raises:
        ConfigError: The URL is wrong.
        StoreError: There is a database already, or it cannot be made; nothing is left behind.
    """
    location = parse_location(url)
    if location.path is not None:
        return _create_file(url, location.path)
    with closing(Database(location)) as database:
        if _read_status(database).state is not SchemaState.EMPTY:
            raise StoreError(f"the database {location.label} is not empty", hint="fleetscan db status")
        _upgrade(database)
        return _read_status(database)


def upgrade_schema(url: str, *, clock: Clock) -> SchemaStatus:
    """Bring the schema of a database to what this program needs; all of it or, when it fails, nothing.

    Raises:
        ConfigError: The URL is wrong.
        SchemaError: The schema is newer than this program, or of another one.
        StoreBusyError: A sweep is running.
        StoreError: There is no database, or it cannot be changed.
    """
    with closing(Database(parse_location(url))) as database:
        status = _read_status(database)
        match status.state:
            case SchemaState.CURRENT:
                return status
            case SchemaState.MISSING:
                raise missing_database(database)
            case SchemaState.UNKNOWN:
                raise unfit_schema(status)
            case SchemaState.EMPTY | SchemaState.BEHIND:
                with hold_sweep_lease(database, clock):
                    _upgrade(database)
        return _read_status(database)


def schema_status(url: str) -> SchemaStatus:
    """Tell how the schema of a database relates to this program; changes nothing.

    Raises:
        ConfigError: The URL is wrong.
        StoreError: The database cannot be read.
    """
    with closing(Database(parse_location(url))) as database:
        return _read_status(database)


def unfit_schema(status: SchemaStatus) -> SchemaError:
    """Build the error for a database that this program cannot work with."""
    message = (
        f"the database is at revision {status.current or 'none'}, this program needs {status.head or SCHEMA_REVISION}"
    )
    if status.state is SchemaState.UNKNOWN:
        return SchemaError(message, hint="it was made by a newer fleetscan or another program: install that version")
    return SchemaError(message, hint="fleetscan db upgrade")


def missing_database(database: Database) -> StoreError:
    """Build the error for a database file that is not there."""
    return StoreError(f"there is no database {database.location.label}", hint="make one: fleetscan init")


def alembic_config(connection: Connection | None = None) -> Config:
    """Give Alembic's configuration, which has no file: where the scripts are, and the connection to use."""
    config = Config()
    config.set_main_option("script_location", str(find_resource("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _create_file(url: str, path: Path) -> SchemaStatus:
    location = parse_location(url)
    with translating_faults(location):
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            raise StoreError(f"{location.label} exists already", hint="fleetscan db status") from None
    try:
        with closing(Database(location)) as database:
            _upgrade(database)
            return _read_status(database)
    except BaseException:
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        raise


def _read_status(database: Database) -> SchemaStatus:
    scripts = ScriptDirectory.from_config(alembic_config())
    head = scripts.get_current_head() or ""
    path = database.location.path
    if path is not None and not path.exists():
        return SchemaStatus("", head, SchemaState.MISSING)
    with database.read() as connection:
        current = read_revision(connection)
        if current is None:
            # Alembic's own table stays behind, empty, when a schema is taken down.
            is_empty = set(inspect(connection).get_table_names()) <= {"alembic_version"}
            return SchemaStatus("", head, SchemaState.EMPTY if is_empty else SchemaState.UNKNOWN)
    if current == head:
        return SchemaStatus(current, head, SchemaState.CURRENT)
    known = {script.revision for script in scripts.walk_revisions()}
    return SchemaStatus(current, head, SchemaState.BEHIND if current in known else SchemaState.UNKNOWN)


def _upgrade(database: Database) -> None:
    try:
        with database.migrate() as connection:
            command.upgrade(alembic_config(connection), "head")
    except CommandError as fault:
        raise SchemaError(f"the schema cannot be upgraded: {fault}", hint="fleetscan db status") from fault
