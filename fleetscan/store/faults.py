"""Foreign database errors, translated once into ours with a line a user understands."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError

from fleetscan.errors import StoreError
from fleetscan.store.location import DatabaseLocation

_FREE_SPACE = "free some space and repeat the command; everything committed so far is kept"
_CHECK_SERVER = "check that PostgreSQL runs, the address, and that this account may log in"

_SQLITE_FAULTS = {
    "SQLITE_FULL": ("there is no space left for the database {label}", _FREE_SPACE),
    "SQLITE_BUSY": ("the database {label} is locked by another program", "wait for it to end, or find it with fuser"),
    "SQLITE_LOCKED": ("the database {label} is locked by another program", "wait for it to end"),
    "SQLITE_READONLY": ("the database {label} cannot be written", "check owner and mode of the file and its folder"),
    "SQLITE_PERM": ("the database {label} cannot be opened", "check owner and mode of the file and its folder"),
    "SQLITE_CANTOPEN": ("the database {label} cannot be opened", "check owner and mode of the file and its folder"),
    "SQLITE_NOTADB": ("{label} is not a SQLite database", "give the right file, or make a database: fleetscan init"),
    "SQLITE_CORRUPT": ("the database {label} is damaged", "restore it from a backup"),
    "SQLITE_IOERR": ("the database {label} cannot be read or written", "check the disk"),
}

_SERVER_FAULTS: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (psycopg.errors.DiskFull, "there is no space left for the database {label}", _FREE_SPACE),
    (
        psycopg.errors.ReadOnlySqlTransaction,
        "the database {label} is read-only",
        "connect to the primary server, not to a standby",
    ),
    (
        psycopg.errors.InsufficientPrivilege,
        "the account may not do this in the database {label}: {reason}",
        "grant the account CREATE on the schema public",
    ),
)


@contextmanager
def translating_faults(location: DatabaseLocation) -> Iterator[None]:
    """Turn every foreign error that a user can do something about into a `StoreError`, keeping the cause.

    Broken SQL and broken constraints are bugs and pass through as they are.
    """
    try:
        yield
    except (SQLAlchemyError, psycopg.Error, sqlite3.Error, OSError) as fault:
        translated = translate_fault(fault, location)
        if translated is None:
            raise
        raise translated from fault


def translate_fault(fault: Exception, location: DatabaseLocation) -> StoreError | None:
    """Describe a database fault in our words; None when it is a bug of ours."""
    original = fault.orig if isinstance(fault, DBAPIError) else fault
    if isinstance(original, OSError):
        return _translate_os_error(original, location)
    reason = location.scrub(str(original).strip().partition("\n")[0])
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")
        for prefix, (message, hint) in _SQLITE_FAULTS.items():
            if name.startswith(prefix):
                return StoreError(message.format(label=location.label), hint=hint)
    for kind, message, hint in _SERVER_FAULTS:
        if isinstance(original, kind):
            return StoreError(message.format(label=location.label, reason=reason), hint=hint)
    if isinstance(fault, (IntegrityError, ProgrammingError)) or not isinstance(
        original, (psycopg.Error, sqlite3.Error, SQLAlchemyError)
    ):
        return None
    if isinstance(original, psycopg.OperationalError):
        return StoreError(f"the database {location.label} cannot be reached: {reason}", hint=_CHECK_SERVER)
    return StoreError(f"the database {location.label} failed: {reason}")


def _translate_os_error(fault: OSError, location: DatabaseLocation) -> StoreError:
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(f"there is no space left for the database {location.label}", hint=_FREE_SPACE)
    return StoreError(
        f"the database {location.label} cannot be used: {(fault.strerror or str(fault)).lower()}",
        hint="check the folder, its owner and its mode",
    )
