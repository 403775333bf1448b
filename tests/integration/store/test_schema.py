"""The schema: made, upgraded, compared with the tables, refused when it does not fit."""

import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from fleetscan.errors import SchemaError, StoreBusyError, StoreError
from fleetscan.store.database import Database
from fleetscan.store.lease import hold_sweep_lease
from fleetscan.store.location import parse_location
from fleetscan.store.revision import SCHEMA_REVISION
from fleetscan.store.schema import (
    SchemaState,
    alembic_config,
    create_database,
    schema_status,
    upgrade_schema,
)
from fleetscan.store.store import open_store
from fleetscan.store.tables import Row
from tests.stored_fleet import NOW

pytest_plugins = ("tests.databases",)


def stamp(url: str, revision: str) -> None:
    with closing(Database(parse_location(url))) as database, database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_the_program_needs_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [SCHEMA_REVISION]


def test_migrations_make_exactly_the_tables_of_the_program(database_url: str) -> None:
    with closing(Database(parse_location(database_url))) as database, database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_the_comparison_of_tables_can_fail(database_url: str) -> None:
    with closing(Database(parse_location(database_url))) as database:
        with database.write() as connection:
            connection.execute(text("ALTER TABLE blob ADD COLUMN forgotten TEXT"))
        with database.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Row.metadata) != []


def test_a_new_database_is_current(empty_database: str) -> None:
    assert schema_status(empty_database).state in (SchemaState.MISSING, SchemaState.EMPTY)
    assert create_database(empty_database).state is SchemaState.CURRENT
    assert schema_status(empty_database).current == SCHEMA_REVISION
    assert upgrade_schema(empty_database, clock=lambda: NOW).state is SchemaState.CURRENT


def test_a_database_is_not_made_over_another(database_url: str) -> None:
    with pytest.raises(StoreError, match=r"exists already|not empty"):
        create_database(database_url)
    assert schema_status(database_url).state is SchemaState.CURRENT


def test_the_schema_can_be_taken_down_and_made_again(database_url: str) -> None:
    with closing(Database(parse_location(database_url))) as database, database.migrate() as connection:
        command.downgrade(alembic_config(connection), "base")
    with pytest.raises(SchemaError, match=f"at revision none, this program needs {SCHEMA_REVISION}") as caught:
        open_store(database_url, clock=lambda: NOW)
    assert caught.value.hint
    assert upgrade_schema(database_url, clock=lambda: NOW).state is SchemaState.CURRENT


def test_a_newer_schema_is_refused_and_not_touched(database_url: str) -> None:
    stamp(database_url, "fffff0000000")
    assert schema_status(database_url).state is SchemaState.UNKNOWN
    with pytest.raises(SchemaError, match="at revision fffff0000000") as caught:
        open_store(database_url, clock=lambda: NOW)
    assert "newer" in caught.value.hint
    with pytest.raises(SchemaError):
        upgrade_schema(database_url, clock=lambda: NOW)
    assert schema_status(database_url).current == "fffff0000000"


def test_an_upgrade_is_refused_while_a_sweep_runs(database_url: str) -> None:
    with closing(Database(parse_location(database_url))) as database:
        with database.migrate() as connection:
            command.downgrade(alembic_config(connection), "base")
        with hold_sweep_lease(database, lambda: NOW), pytest.raises(StoreBusyError):
            upgrade_schema(database_url, clock=lambda: NOW)


def test_a_new_sqlite_file_is_private_and_uses_a_write_ahead_log(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fleet.db"
    create_database(url)
    assert stat.S_IMODE((tmp_path / "fleet.db").stat().st_mode) == 0o600
    with closing(Database(parse_location(url))) as database, database.read() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")]
    assert pragmas == ["wal", 1]


def test_a_schema_that_cannot_be_made_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fleetscan.store.schema.command.upgrade", fail)
    with pytest.raises(StoreError, match="no space left"):
        create_database(f"sqlite:///{tmp_path}/fleet.db")
    assert list(tmp_path.iterdir()) == []
