"""`fleetscan timers` and `fleetscan show`: what hosts have."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_relative, show_time, utc_now
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, Terminal, print_records

if TYPE_CHECKING:
    from fleetscan.export.job_records import TimerRecord
    from fleetscan.model.sweep import Visit
    from fleetscan.store.store import Store


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("timers", epilog="Examples: fleetscan timers web-017 | fleetscan timers --format csv > timers.csv")(
        timers
    )
    app.command(
        "show",
        epilog="Examples: fleetscan show web-017 | fleetscan show web-017 --timer backup | "
        "fleetscan show web-017 --timer 'apt-*' --format json",
    )(show)


def timers(
    context: typer.Context,
    host: Annotated[str | None, typer.Argument(help="One host; all that were ever read by default.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List every timer that systemd would run: what it starts, when, as whom, and what that executes.

    A command is marked when what it runs is not what its package installed (`changed`), is not of a package, or is not
    there.
    """
    from fleetscan.operations.list_timers import list_timers

    invocation = invocation_of(context)
    with invocation.store() as store:
        records = list_timers(store, host)
    _print_timers(invocation.terminal, form, records, with_host=host is None)


def show(
    context: typer.Context,
    host: Annotated[str, typer.Argument(help="The host's inventory name.")],
    timer: Annotated[
        str | None,
        typer.Option("--timer", "-t", help="All that is known of this timer; a name or glob.", metavar="NAME"),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(help="Only timers of this scope: system, global-user, user:NAME, or a glob.", metavar="SCOPE"),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one host's newest visit: outcome, system, what could not be read; then its timers.

    With `--timer`, show the timer down to the files that it would execute: schedule and state, unit files in order of
    application, settings with the line that they stand in, commands and their programs, what else starts its units.
    """
    from fleetscan.errors import UsageError
    from fleetscan.model.ids import HostName

    invocation = invocation_of(context)
    terminal = invocation.terminal
    with invocation.store() as store:
        visit = store.visits.latest_visit(HostName(host))
        if visit is None:
            raise UsageError(f"{host!r} was never visited", hint="`fleetscan sweep --limit HOST` visits it")
        if timer is not None or scope is not None:
            _show_jobs(terminal, form, store, visit, timer or "*", scope or "*")
        else:
            _show_host(terminal, form, store, visit)


def _show_jobs(terminal: Terminal, form: Format, store: "Store", visit: "Visit", timer: str, scope: str) -> None:
    from fleetscan.cli.closure import print_closure
    from fleetscan.operations.describe_job import describe_jobs

    records = describe_jobs(store, visit.host, timer, scope)
    if form is not Format.TABLE:
        print_records(terminal, form, "jobs", records, (), empty="")
        return
    for record in records:
        print_closure(terminal, record, utc_now())
    if not visit.outcome.has_state:
        terminal.say(
            f"the last visit, of {show_time(visit.started_at)}, gave no state: {visit.outcome.value}: {visit.reason}",
            style="yellow",
        )
    elif visit.coverage.gaps:
        count = len(visit.coverage.gaps)
        terminal.say(
            f"{count} {'thing' if count == 1 else 'things'} of this host could not be read; "
            f"`fleetscan show {visit.host}` lists them",
            style="yellow",
        )


def _show_host(terminal: Terminal, form: Format, store: "Store", visit: "Visit") -> None:
    from fleetscan.cli.surroundings import print_surroundings
    from fleetscan.cli.visits import print_visits
    from fleetscan.operations.describe_surroundings import describe_surroundings
    from fleetscan.operations.list_timers import record_timers
    from fleetscan.operations.read_jobs import JobReader

    found = JobReader(store).read(visit.host)
    around = describe_surroundings(found) if found is not None else None
    print_visits(terminal, form, (visit,), around)
    if form is not Format.TABLE:
        return
    terminal.say(f"visited {show_time(visit.started_at)} in sweep {visit.sweep}, {visit.duration_s:.1f} s")
    for identity in store.visits.read_identities(visit.host)[-1:]:
        terminal.say(f"machine-id {identity.machine_id or 'unknown'}, host key {identity.host_key or 'unknown'}")
    for gap in visit.coverage.gaps:
        terminal.say(
            f"not read: {gap.area.value} {gap.path or gap.scope or ''}: {gap.status.value}: {gap.reason}",
            style="yellow",
        )
    if visit.hint:
        terminal.say(f"hint: {visit.hint}")
    if found is None or around is None:
        terminal.say("it was never read: its timers are not known", style="yellow")
        return
    if found.visit.sweep != visit.sweep:
        terminal.say(f"its timers as the visit of {show_time(found.visit.started_at)} saw them:", style="yellow")
    print_surroundings(terminal, around)
    _print_timers(terminal, form, tuple(record_timers(found)), with_host=False)


def _print_timers(terminal: Terminal, form: Format, records: "Sequence[TimerRecord]", *, with_host: bool) -> None:
    now = utc_now()
    columns: list[Column[TimerRecord]] = [
        Column("host", lambda r: r.host),
        Column("timer", _name),
        Column("when", lambda r: f"{r.schedule}, next {show_relative(r.next_at, now)}" if r.next_at else r.schedule),
        Column("last", lambda r: show_relative(r.last_at, now)),
        Column("as", lambda r: r.user or "-"),
        Column("executes", _tell_commands),
    ]
    shown = columns if with_host else columns[1:]
    print_records(terminal, form, "timers", records, shown, empty="no timers; sweep first")


def _tell_commands(record: "TimerRecord") -> str:
    """Give a line for each command, marked where what it runs is out of the ordinary."""
    from fleetscan.cli.provenance import find_marks

    lines = []
    for number, command in enumerate(record.executes):
        marks = find_marks(record.programs, number)
        lines.append(f"{command} ({', '.join(marks)})" if marks else command)
    return "\n".join(lines) or "-"


def _name(record: "TimerRecord") -> str:
    """Name a timer, and say of it only what is out of the ordinary: scope, another unit started, not running."""
    name = record.unit if record.scope == "system" else f"{record.scope}: {record.unit}"
    odd = [word for word in (record.enabled, record.active) if word not in ("", "enabled", "static", "active")]
    if record.activates and record.activates.rpartition(".")[0] != record.unit.rpartition(".")[0]:
        odd.insert(0, f"starts {record.activates}")
    return f"{name} ({', '.join(odd)})" if odd else name
