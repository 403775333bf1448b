"""One sweep at a time on one database, by a lock that dies with its process."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from fleetscan.errors import StoreBusyError
from fleetscan.model.ids import Clock
from fleetscan.store.database import Database
from fleetscan.store.faults import translating_faults

_LOCK_KEY = 0x666C6565_74736361
"""`fleetsca` in ASCII; advisory locks of PostgreSQL are per database, so any fixed number will do."""
_HINT = "wait for it to end; a lease ends with its process, there is nothing to clean up"
_NOTE_LIMIT = 4096

_HOLDER = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory'"
    " AND l.classid = :high AND l.objid = :low AND l.granted AND a.datname = current_database()"
)


@contextmanager
def hold_sweep_lease(database: Database, clock: Clock) -> Iterator[None]:
    """Hold the right to sweep.

    Args:
        database: Which database; the lock file of a SQLite database lies beside it.
        clock: For the note that tells others since when.

    Raises:
        StoreBusyError: Another process has it; the message says which, when that is known.
        StoreError: The lock cannot be taken (read-only folder, no connection).
    """
    since = clock().isoformat(timespec="seconds")
    if database.location.path is not None:
        lock_file = database.location.path.with_name(database.location.path.name + ".sweep-lock")
        with _hold_file(database, lock_file, since):
            yield
    else:
        with _hold_advisory_lock(database, since):
            yield


@contextmanager
def _hold_file(database: Database, lock_file: Path, since: str) -> Iterator[None]:
    with translating_faults(database.location):
        descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with translating_faults(database.location):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _busy(database, _read_note(descriptor)) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "since": since}).encode("ascii"), 0)
        # The file stays: removing it would let two processes lock two files of the same name.
        yield
    finally:
        os.close(descriptor)


def _read_note(descriptor: int) -> str:
    try:
        note = json.loads(os.pread(descriptor, _NOTE_LIMIT, 0))
        return f"process {int(note['pid'])}, since {note['since']}"
    except (ValueError, TypeError, KeyError):
        return ""  # written half, or not by us: the lock counts, not the note


@contextmanager
def _hold_advisory_lock(database: Database, since: str) -> Iterator[None]:
    holder = f"process {os.getpid()} on {socket.gethostname()}, since {since}"
    with translating_faults(database.location):
        # Autocommit: a transaction that stays open for a whole sweep would keep VACUUM from its work.
        connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    try:
        with translating_faults(database.location):
            if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}).scalar():
                raise _busy(database, _read_holder(connection))
            connection.execute(text("SELECT set_config('application_name', :holder, false)"), {"holder": holder[:63]})
        yield
    finally:
        # The server notices a closed connection in its own time; who asks next shall not have to wait for that.
        with suppress(SQLAlchemyError):
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})
        # Not back into the pool: closing the connection is what frees the lock, whatever happened meanwhile.
        connection.invalidate()
        connection.close()


def _read_holder(connection: Connection) -> str:
    key = {"high": _LOCK_KEY >> 32, "low": _LOCK_KEY & 0xFFFFFFFF}
    return connection.execute(_HOLDER, key).scalar() or ""


def _busy(database: Database, holder: str) -> StoreBusyError:
    who = f" ({holder})" if holder else ""
    return StoreBusyError(f"another sweep works on {database.location.label}{who}", hint=_HINT)
