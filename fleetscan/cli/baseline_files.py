"""Baselines as files, for review in git."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("export", epilog="Example: fleetscan baseline export web/debian-12 > web.yaml")(export_yaml)
    app.command("import", epilog="Example: fleetscan baseline import web.yaml")(import_yaml)


def export_yaml(
    context: typer.Context,
    which: Annotated[
        str | None,
        typer.Argument(help="A cohort, whose current baseline is meant, or a number.", metavar="[COHORT|ID]"),
    ] = None,
) -> None:
    """Write a baseline or proposal as YAML to standard output, to be reviewed and kept in git."""
    from fleetscan.operations.exchange_baselines import export_baseline

    with invocation_of(context).store() as store:
        text = export_baseline(store, which)
    sys.stdout.write(text)


def import_yaml(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A file that `baseline export` wrote, perhaps edited.", metavar="FILE")],
) -> None:
    """Make a proposal of a file. Items and forms may have been removed; all digests are computed anew and must fit."""
    from fleetscan.bootstrap import current_author, utc_now
    from fleetscan.operations.exchange_baselines import import_baseline

    invocation = invocation_of(context)
    with invocation.store() as store:
        saved = import_baseline(store, path, author=current_author(), at=utc_now())
        current = store.baselines.current_baseline(saved.proposal.cohort)
    invocation.terminal.say(f"proposal {saved.id}: {saved.proposal.cohort}: {len(saved.proposal.items)} things")
    if current is not None:
        invocation.terminal.say(f"compare with `fleetscan baseline diff {current.id} {saved.id}`")
    typer.echo(saved.id)
