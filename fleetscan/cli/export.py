"""`fleetscan export`: findings and the state of the fleet for other programs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import SweepOption
from fleetscan.cli.review import review_fleet


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command(
        "export",
        epilog="Examples: fleetscan export sarif --out fleet.sarif"
        " | fleetscan export prometheus --out /var/lib/node_exporter/fleetscan.prom",
    )(export)


def export(
    context: typer.Context,
    form: Annotated[
        str,
        typer.Argument(
            help="json, jsonl, csv, sarif, prometheus, cef, leef, ocsf, hec or template.",
            metavar="FORMAT",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write, as a whole or not at all; - is standard output.")
    ] = Path("-"),
    sweep: SweepOption = None,
    min_severity: Annotated[
        str, typer.Option(help="Leave out what is below: info, low, medium, high, critical.")
    ] = "low",
    new_only: Annotated[
        bool, typer.Option("--new-only", help="Only what is new, has other content, or returned.")
    ] = False,
    template: Annotated[
        str,
        typer.Option(help="For the format template: a name that ships, or a path with a slash.", metavar="TEMPLATE"),
    ] = "",
) -> None:
    """Write the findings of a sweep in a form that other programs read.

    Those that it shows, those still open that it could not look for, and those that it found fixed. `prometheus` gives
    the numbers of the whole sweep.
    """
    from fleetscan.cli.judged import STYLES
    from fleetscan.errors import UsageError
    from fleetscan.model.drift import Severity
    from fleetscan.operations.export_findings import ExportFormat, render_export, write_atomically

    forms = [known.value for known in ExportFormat]
    if form not in forms:
        raise UsageError(f"there is no format {form!r}", hint=f"one of: {', '.join(forms)}")
    if min_severity not in STYLES:
        raise UsageError(f"{min_severity!r} is no severity", hint=f"one of: {', '.join(reversed(STYLES))}")
    if (form == ExportFormat.TEMPLATE) != bool(template):
        raise UsageError("the format template and --template belong together", hint="give both, or neither")
    text = render_export(
        review_fleet(invocation_of(context), sweep),
        ExportFormat(form),
        min_severity=Severity[min_severity.upper()],
        new_only=new_only,
        template=template,
    )
    if str(out) == "-":
        sys.stdout.write(text)
    else:
        write_atomically(out, text)
