"""`fleetscan db`: the schema of the database."""

import typer

from fleetscan.cli.invocation import invocation_of

db_app = typer.Typer(help="The database's schema.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(db_app, name="db")


@db_app.command("status", epilog="Example: fleetscan db status")
def show_status(context: typer.Context) -> None:
    """Say whether the database fits this program. Exit code 4 when it does not."""
    from fleetscan.store.schema import SchemaState, schema_status

    invocation = invocation_of(context)
    status = schema_status(invocation.settings.database)
    typer.echo(f"{status.state.value}: database at {status.current or 'no revision'}, this program needs {status.head}")
    if status.state is not SchemaState.CURRENT:
        invocation.terminal.say(
            "hint: `fleetscan init` makes a new database, `fleetscan db upgrade` brings an old one up"
        )
        raise typer.Exit(4)


@db_app.command("upgrade", epilog="Example: fleetscan db upgrade")
def upgrade(context: typer.Context) -> None:
    """Bring the database to the schema of this program; makes the tables of an empty PostgreSQL database."""
    from fleetscan.bootstrap import utc_now
    from fleetscan.store.schema import SchemaState, create_database, schema_status, upgrade_schema

    url = invocation_of(context).settings.database
    if schema_status(url).state in (SchemaState.MISSING, SchemaState.EMPTY):
        status = create_database(url)
    else:
        status = upgrade_schema(url, clock=utc_now)
    typer.echo(f"{status.state.value}: database at {status.current}")
