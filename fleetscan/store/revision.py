"""Which schema a database has, read without the weight of Alembic (it costs every start 0.1 s)."""

from sqlalchemy import Connection, inspect, text

SCHEMA_REVISION = "d41a7c90be25"
"""The newest revision in `migrations/`; a test holds them together."""


def read_revision(connection: Connection) -> str | None:
    """Give the revision of a database; None when it was never migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
