"""Databases that are missing, broken, full, locked, unreachable, or written by a process that dies."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from fleetscan.errors import ConfigError, StoreBusyError, StoreError
from fleetscan.store import database as database_module
from fleetscan.store.schema import create_database, schema_status
from fleetscan.store.store import Store, open_store
from tests.stored_fleet import DB, NOW, WEB, begin, file, snapshot, sweep_day

pytest_plugins = ("tests.databases",)

_KILLED_WRITER = """
import os, signal, sys
from sqlalchemy import event
from fleetscan.model.ids import HostName, SweepId
from fleetscan.store.store import open_store
from tests.stored_fleet import NOW, VENDOR, file, snapshot

url, statements = sys.argv[1], int(sys.argv[2])
store = open_store(url, clock=lambda: NOW)
seen = []

@event.listens_for(store._database.engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    seen.append(statement)
    if len(seen) == statements:
        os.kill(os.getpid(), signal.SIGKILL)

extra = tuple(file(f"/etc/systemd/system/{number}.timer") for number in range(50))
store.save_outcomes(SweepId(1), [snapshot(HostName(f"h{number}"), (*VENDOR, *extra[number:])) for number in range(20)])
print("committed", flush=True)
"""


def sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def test_a_missing_file_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database") as caught:
        open_store(sqlite_url(tmp_path / "none.db"), clock=lambda: NOW)
    assert "fleetscan init" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("these are notes\n" * 100)
    with pytest.raises(StoreError, match=r"notes\.db is not a SQLite database"):
        open_store(sqlite_url(tmp_path / "notes.db"), clock=lambda: NOW)


def test_a_folder_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such file or directory"):
        create_database(sqlite_url(tmp_path / "none" / "fleet.db"))


@pytest.mark.parametrize(
    "url", ["fleet.db", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d", "postgresql://u:secret@h:x/d"]
)
def test_an_unusable_url_is_a_setting_error_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        schema_status(url)
    assert "secret" not in str(caught.value) + caught.value.hint
    assert caught.value.__cause__ is None


def test_a_read_only_database_can_be_read_and_says_so_when_written(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "fleet.db")
    create_database(url)
    with open_store(url, clock=lambda: NOW) as store:
        sweep_day(store, 0, snapshot())
        event.listen(store._database.engine, "checkout", lambda raw, *_rest: raw.execute("PRAGMA query_only = ON"))
        assert store.visits.latest_state(WEB) is not None
        with pytest.raises(StoreError, match="cannot be written"):
            begin(store)


def test_a_full_disk_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "fleet.db")
    create_database(url)
    with open_store(url, clock=lambda: NOW) as store:
        sweep = sweep_day(store, 0, snapshot())

        @event.listens_for(store._database.engine, "checkout")
        def fill_disk(raw: sqlite3.Connection, *_rest: object) -> None:
            (pages,) = raw.execute("PRAGMA page_count").fetchone()
            raw.execute(f"PRAGMA max_page_count = {pages}")

        unique = tuple(file(f"/etc/systemd/system/{number}.timer") for number in range(500))
        with pytest.raises(StoreError, match="no space left") as caught:
            store.save_outcomes(sweep.id, [snapshot(DB, unique)])
        assert caught.value.hint
        event.remove(store._database.engine, "checkout", fill_disk)
        assert store.sweeps.visited_hosts(sweep.id) == {WEB}
    with open_store(url, clock=lambda: NOW) as store:
        store.save_outcomes(sweep.id, [snapshot(DB, unique)])
        assert store.sweeps.visited_hosts(sweep.id) == {WEB, DB}


def test_ids_of_a_transaction_that_failed_are_forgotten(store: Store) -> None:
    sweep = begin(store)
    engine = store._database.engine

    def fail(*arguments: object) -> None:
        if "host_runtime" in str(arguments[2]):
            raise OSError(28, "No space left on device")

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(StoreError, match="no space left"):
        store.save_outcomes(sweep.id, [snapshot()])
    event.remove(engine, "before_cursor_execute", fail)
    store.save_outcomes(sweep.id, [snapshot()])
    (visit,) = store.visits.read_visits(sweep.id)
    assert visit.manifest is not None
    assert store.visits.read_artifacts(visit.manifest) == snapshot().artifacts


def test_a_locked_database_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_BUSY_TIMEOUT_S", 0)
    url = sqlite_url(tmp_path / "fleet.db")
    create_database(url)
    with (
        open_store(url, clock=lambda: NOW) as store,
        closing(sqlite3.connect(tmp_path / "fleet.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            begin(store)


@pytest.mark.postgres
def test_an_unreachable_server_is_reported_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        open_store(f"postgresql://ann:s3cret@/fleet?host={tmp_path}", clock=lambda: NOW)
    assert "s3cret" not in str(caught.value) + caught.value.hint
    assert "ann" in str(caught.value)


@pytest.mark.parametrize("statements", [3, 8, 14, 18])
def test_a_writer_killed_in_the_middle_leaves_all_or_nothing(database_url: str, statements: int) -> None:
    with open_store(database_url, clock=lambda: NOW) as store:
        sweep = begin(store)
        done = subprocess.run(
            [sys.executable, "-c", _KILLED_WRITER, database_url, str(statements)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr
        assert store.sweeps.visited_hosts(sweep.id) == frozenset()
        resumed = sweep_day(store, 0, snapshot(WEB), snapshot(DB))
        assert store.sweeps.visited_hosts(resumed.id) == {WEB, DB}
        if store._database.is_sqlite:
            with store._database.read() as connection:
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_the_lease_of_a_killed_process_is_free(database_url: str) -> None:
    program = (
        "import sys; from fleetscan.store.store import open_store; from tests.stored_fleet import NOW\n"
        "store = open_store(sys.argv[1], clock=lambda: NOW)\n"
        "with store.sweep_lease():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (
        open_store(database_url, clock=lambda: NOW) as store,
        subprocess.Popen(
            [sys.executable, "-c", program, database_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as holder,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusyError, match=f"process {holder.pid}"), store.sweep_lease():
            pass
        holder.kill()
        holder.wait()
        _wait_for_server_to_notice(store)
        with store.sweep_lease():
            pass


def _wait_for_server_to_notice(store: Store) -> None:
    """PostgreSQL frees an advisory lock when it reads the end of the connection: wait for the lock, not for a time."""
    if not store._database.is_sqlite:
        with store._database.read() as connection:
            connection.exec_driver_sql("SET statement_timeout = '30s'")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7378697629480276833)")
