"""Run migrations on the connection that `fleetscan.store.schema` hands over; it owns the transaction."""

from alembic import context
from sqlalchemy import Connection

from fleetscan.store.tables import Row


def run_migrations(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_connection = context.config.attributes.get("connection")
if not isinstance(_connection, Connection):
    raise SystemExit("use `fleetscan db upgrade`; Alembic's own command line has no connection")
run_migrations(_connection)
