"""`fleetscan findings`: what rules say of the fleet, and what people said of that."""

from typing import Annotated

import typer

from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption, SweepOption
from fleetscan.cli.output import Format
from fleetscan.cli.review import review_fleet

findings_app = typer.Typer(name="findings", help="What rules say of the fleet.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.add_typer(findings_app)


IdArgument = Annotated[str, typer.Argument(help="Id of a finding, or the beginning of one.", metavar="FINDING")]


@findings_app.command(
    "list",
    epilog="Examples: fleetscan findings list | fleetscan findings list --host 'web-*' --state new --format json",
)
def list_findings(
    context: typer.Context,
    sweep: SweepOption = None,
    host: Annotated[list[str] | None, typer.Option(help="Only hosts of this name or pattern; repeat.")] = None,
    state: Annotated[
        list[str] | None, typer.Option(help="Only these: new, known, returned, fixed; repeat.", metavar="STATE")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only where this rule matched.", metavar="RULE")] = None,
    min_severity: Annotated[
        str, typer.Option(help="Leave out what is below: info, low, medium, high, critical.")
    ] = "low",
    form: FormatOption = Format.TABLE,
) -> None:
    """List findings, worst first; with `--state fixed` those that are gone.

    Those of the newest sweep come first, then those that are still open and that it could not look for.
    """
    from fleetscan.cli.judged import STYLES, finding_records, print_findings
    from fleetscan.errors import UsageError
    from fleetscan.inventory.selection import matches_name
    from fleetscan.model.finding import FindingState

    if min_severity not in STYLES:
        raise UsageError(f"{min_severity!r} is no severity", hint=f"one of: {', '.join(reversed(STYLES))}")
    states = {word.value for word in FindingState}
    for word in state or ():
        if word not in states:
            raise UsageError(f"{word!r} is no state of a finding", hint=f"one of: {', '.join(sorted(states))}")
    invocation = invocation_of(context)
    inputs = review_fleet(invocation, sweep)
    ranks = list(STYLES)
    asked = set(state or states - {FindingState.FIXED.value})
    records = [
        record
        for record in finding_records(inputs, unseen=True, fixed=FindingState.FIXED.value in asked)
        if ranks.index(record.severity) <= ranks.index(min_severity)
        and record.state in asked
        and (rule is None or rule in record.rules)
        and (not host or any(matches_name(record.host, pattern) for pattern in host))
    ]
    print_findings(invocation.terminal, form, records)


@findings_app.command("show", epilog="Example: fleetscan findings show 3f2a")
def show_finding(
    context: typer.Context, finding: IdArgument, sweep: SweepOption = None, form: FormatOption = Format.TABLE
) -> None:
    """Show one finding: what differs, which rules matched and why, why its severity is what it is, and its life."""
    from fleetscan.cli.finding_page import print_finding
    from fleetscan.cli.judged import finding_records, print_findings, select_record
    from fleetscan.model.finding import FindingId

    invocation = invocation_of(context)
    inputs = review_fleet(invocation, sweep)
    record = select_record(finding_records(inputs, unseen=True, fixed=True), finding)
    if form is not Format.TABLE:
        print_findings(invocation.terminal, form, [record])
        return
    with invocation.store() as store:
        is_kept = bool(store.findings.lives([FindingId(record.id)]))
        events = store.findings.read_finding(record.id).events if is_kept else ()
    found = next((f for f in inputs.findings if f.id == record.id), None)
    print_finding(invocation.terminal, record, found, events)


@findings_app.command("ack", epilog='Example: fleetscan findings ack 3f2a --reason "SEC-123, host is being rebuilt"')
def acknowledge_finding(
    context: typer.Context,
    finding: IdArgument,
    reason: Annotated[str, typer.Option(help="What is being done about it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Take an acknowledgement back.")] = False,
) -> None:
    """Say that a finding is being dealt with. It stays open; other content takes the acknowledgement back."""
    from fleetscan.bootstrap import current_author, utc_now

    invocation = invocation_of(context)
    review_fleet(invocation, None)
    with invocation.store() as store:
        change = store.findings.unacknowledge if undo else store.findings.acknowledge
        found = change(finding, author=current_author(), at=utc_now(), reason=reason)
    invocation.terminal.say(f"{found.id} on {found.host}: {'no longer ' if undo else ''}acknowledged")


@findings_app.command("note", epilog='Example: fleetscan findings note 3f2a "asked the owner on Monday"')
def note_finding(
    context: typer.Context, finding: IdArgument, text: Annotated[str, typer.Argument(help="What to remember.")]
) -> None:
    """Write a note beside a finding; it stands in its history."""
    from fleetscan.bootstrap import current_author, utc_now

    invocation = invocation_of(context)
    review_fleet(invocation, None)
    with invocation.store() as store:
        found = store.findings.add_note(finding, author=current_author(), at=utc_now(), text=text)
    invocation.terminal.say(f"noted beside {found.id} on {found.host}")
