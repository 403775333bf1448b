"""`fleetscan evidence`: what is kept of one finding, for others to check."""

from pathlib import Path
from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption, SweepOption
from fleetscan.cli.output import Column, Format, print_records
from fleetscan.cli.review import review_fleet
from fleetscan.export.question_records import EvidenceFileRecord

_MISSING = 5


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("evidence", epilog="Example: fleetscan evidence 3f2a --out case-17.zip")(evidence)


def evidence(
    context: typer.Context,
    finding: Annotated[str, typer.Argument(help="Id of a finding, or the beginning of one.", metavar="FINDING")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The zip to write; it must not be there.", metavar="FILE")],
    sweep: SweepOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write a zip with what is kept of a finding.

    It holds the raw bytes of unit files and scripts, owners, modes and times, both clocks, versions, what could not be
    read, the finding itself, and the SHA-256 of each. The same finding and database give the same bytes.
    """
    from fleetscan.cli.judged import finding_records, select_record
    from fleetscan.operations.collect_evidence import collect_evidence, save_evidence

    invocation = invocation_of(context)
    terminal = invocation.terminal
    inputs = review_fleet(invocation, sweep)
    record = select_record(finding_records(inputs, unseen=True, fixed=True), finding)
    found = next(f for f in (*inputs.findings, *inputs.unseen, *inputs.fixed) if f.id == record.id)
    with invocation.store() as store:
        saved = save_evidence(collect_evidence(store, found, record), out, record)
    columns: list[Column[EvidenceFileRecord]] = [
        Column("finding", lambda r: r.finding, no_wrap=True),
        Column("host", lambda r: r.host),
        Column("sweep", lambda r: str(r.sweep), right=True),
        Column("file", lambda r: r.file),
        Column("bytes", lambda r: f"{r.size_bytes:,}", right=True, no_wrap=True),
    ]
    print_records(terminal, form, "evidence", [saved], columns, empty="")
    terminal.say(f"sha256 {saved.sha256}")
    if saved.missing:
        more = f" and {len(saved.missing) - _MISSING} more" if len(saved.missing) > _MISSING else ""
        told = ", ".join(saved.missing[:_MISSING]) + more
        terminal.say(f"of these there is the hash and not the bytes: {told}", style="yellow")
