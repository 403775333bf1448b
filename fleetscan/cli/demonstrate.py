"""`fleetscan demo`: the whole journey on an embedded fleet."""

from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("demo", epilog="Example: fleetscan demo --out demo")(demo)


def demo(
    context: typer.Context,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for everything; what an earlier demo left is replaced.")
    ] = Path("demo"),
    hosts: Annotated[int, typer.Option(help="How many hosts.", min=12, max=200)] = 24,
) -> None:
    """Start an embedded fleet on loopback, sweep it over real SSH, approve a baseline, let an intruder in, sweep again.

    The hosts are in-process SSH servers with generated file trees; the probe that runs on them is the real one.
    """
    from fleetscan.cli.journey import run_journey

    invocation = invocation_of(context)
    run_journey(invocation.terminal, out, hosts)
