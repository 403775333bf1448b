"""Connections and transactions, alike on both databases."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, Engine, Text, any_, create_engine, event, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.pool import ConnectionPoolEntry

from fleetscan.errors import StoreError
from fleetscan.store.columns import escape_text
from fleetscan.store.faults import translating_faults
from fleetscan.store.location import DatabaseLocation
from fleetscan.store.tables import Row

_BUSY_TIMEOUT_S = 10
_CONNECT_TIMEOUT_S = 10
_WRITES = "fleetscan_writes"

CHUNK = 500
"""Values in one `IN (...)`, far below the limits on bound parameters of both databases."""


class Database:
    """An engine with the two kinds of transaction the store needs.

    A SQLite file is never created by connecting to it.
    """

    def __init__(self, location: DatabaseLocation) -> None:
        self.location = location
        self.engine = _create_engine(location)
        self._writer = self.engine.execution_options(**{_WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a SQLite file."""
        return self.location.path is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction for reading: one consistent view on SQLite, read committed on PostgreSQL.

        Raises:
            StoreError: The database cannot be used.
        """
        with translating_faults(self.location), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction for writing; it is committed at the end, or undone when an exception leaves it.

        Raises:
            StoreError: The database cannot be used or written; nothing of the transaction is kept.
        """
        with translating_faults(self.location), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        """Open a transaction for a change of the schema.

        Raises:
            StoreError: The database cannot be changed; nothing of the transaction is kept.
        """
        with translating_faults(self.location), self._writer.connect() as connection:
            if self.is_sqlite:
                # Neither works inside a transaction. SQLite alters a table by making it anew: foreign keys must be off.
                driver = connection.connection.driver_connection
                if isinstance(driver, sqlite3.Connection):
                    driver.execute("PRAGMA journal_mode = WAL")
                    driver.execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                yield connection
                if self.is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise StoreError(f"the upgrade would break references in {self.location.label}; it was undone")

    def is_one_of(self, column: InstrumentedAttribute[str], values: Collection[str]) -> ColumnElement[bool]:
        """Compare a column of text with any number of values in one bound parameter: one statement for 100,000 rows."""
        texts = [escape_text(value) for value in values]
        if self.is_sqlite:
            each = func.json_each(json.dumps(texts)).table_valued("value")
            return column.in_(select(each.c.value))
        return column == any_(literal(texts, postgresql.ARRAY(Text)))

    def insert_or_ignore(self, table: type[Row]) -> sqlite.Insert | postgresql.Insert:
        """Begin an INSERT that leaves rows alone whose unique key exists."""
        if self.is_sqlite:
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def insert_or_update(
        self, table: type[Row], key: str, changed: tuple[str, ...]
    ) -> sqlite.Insert | postgresql.Insert:
        """Begin an INSERT that overwrites the columns `changed` of a row whose unique column `key` is taken."""
        if self.is_sqlite:
            ours = sqlite.insert(table)
            return ours.on_conflict_do_update(
                index_elements=[key], set_={name: ours.excluded[name] for name in changed}
            )
        theirs = postgresql.insert(table)
        return theirs.on_conflict_do_update(
            index_elements=[key], set_={name: theirs.excluded[name] for name in changed}
        )

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _create_engine(location: DatabaseLocation) -> Engine:
    if location.path is None:
        arguments = {} if "connect_timeout" in location.url.query else {"connect_timeout": _CONNECT_TIMEOUT_S}
        return create_engine(location.url, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)
    engine = create_engine(location.url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_S})
    path = location.path

    @event.listens_for(engine, "do_connect")
    def refuse_missing_file(*_arguments: object) -> None:
        if not path.is_file():
            raise StoreError(f"there is no database {location.label}", hint="make one: fleetscan init")

    @event.listens_for(engine, "connect")
    def prepare_connection(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own transaction handling begins late and only for writes; we begin ourselves, below.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        # A reader that turns writer fails at once when another process wrote meanwhile: writers lock from the start.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
