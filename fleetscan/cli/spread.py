"""`fleetscan spread`: where it began, and how it went on."""

from collections.abc import Sequence
from typing import Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.host_names import name_hosts
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.question_records import SpreadRecord

_BAR = 20
_FIRST = 5


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command("spread", epilog="Examples: fleetscan spread 3f2a91bc | fleetscan spread evil.timer --format csv")(
        spread
    )


def spread(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="The beginning of a file's SHA-256, or a unit.", metavar="SHA256|UNIT")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell which host had a file's content or a unit first, and on how many it was seen day by day.

    Hosts are seen when they are visited: the first one seen is where it was first found, and each may have had it since
    its visit before.
    """
    from fleetscan.operations.spread import tell_spread

    invocation = invocation_of(context)
    with invocation.store() as store:
        records = tell_spread(store, what)
    _print_spread(invocation.terminal, form, records)
    if form is Format.TABLE:
        _say_beginning(invocation.terminal, records)


def _print_spread(terminal: Terminal, form: Format, records: Sequence[SpreadRecord]) -> None:
    """Print one row for each day in a table, and one record for each host in the other forms."""
    days: dict[str, list[SpreadRecord]] = {}
    for record in records:
        days.setdefault(record.day, []).append(record)
    columns: list[Column[SpreadRecord]] = [
        Column("day (UTC)", lambda r: r.day, no_wrap=True),
        Column("new", lambda r: f"+{len(days[r.day])}", right=True, no_wrap=True),
        Column("on", lambda r: f"{r.total} of {r.of_hosts}", right=True, no_wrap=True),
        Column("", _draw, style="cyan", no_wrap=True),
        Column("new hosts", lambda r: name_hosts([one.host for one in days[r.day]])),
    ]
    shown = [day[0] for day in days.values()] if form is Format.TABLE else records
    print_records(terminal, form, "spread", shown, columns, empty="it never was anywhere")


def _draw(record: SpreadRecord) -> str:
    return "█" * max(1, round(_BAR * record.total / max(record.of_hosts, 1)))


def _say_beginning(terminal: Terminal, records: Sequence[SpreadRecord]) -> None:
    first = records[0]
    together = [record for record in records if record.first_seen_at == first.first_seen_at][1:]
    others = f" (in the same moment as {name_hosts([r.host for r in together], _FIRST)})" if together else ""
    absent = (
        f"not there yet {show_time(first.last_absent_at)}" if first.last_absent_at else "no visit before proves it away"
    )
    terminal.say(f"first on {first.host}{others}, {show_time(first.first_seen_at)}, {absent}", style="bold")
    terminal.say(f"there: {name_hosts(first.paths)}")
    gone = [record.host for record in records if not record.present]
    terminal.say(f"not in the newest state of: {name_hosts(gone)}" if gone else "still on all of these hosts")
