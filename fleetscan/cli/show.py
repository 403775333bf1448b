"""`fleetscan timers` and `fleetscan show`: what hosts have."""

from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_time
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, print_records

if TYPE_CHECKING:
    from fleetscan.export.records import TimerRecord


def register(app: typer.Typer) -> None:
    """Add this file's commands."""
    app.command("timers", epilog="Examples: fleetscan timers web-017 | fleetscan timers --format csv > timers.csv")(
        timers
    )
    app.command("show", epilog="Example: fleetscan show web-017")(show)


def timers(
    context: typer.Context,
    host: Annotated[str | None, typer.Argument(help="One host; all that were ever read by default.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List every timer that systemd would run: what it starts, when, as whom, and what that executes."""
    from fleetscan.bootstrap import utc_now
    from fleetscan.operations.list_timers import list_timers

    invocation = invocation_of(context)
    with invocation.store() as store:
        found = list_timers(store, host)
    now = utc_now()
    records = list(found)
    columns: list[Column[TimerRecord]] = [
        Column("host", lambda r: r.host),
        Column("timer", _name),
        Column("when", lambda r: f"{r.schedule}, next {_relative(r.next_at, now)}" if r.next_at else r.schedule),
        Column("last", lambda r: _relative(r.last_at, now)),
        Column("as", lambda r: r.user or "-"),
        Column("executes", lambda r: "\n".join(r.executes) or "-"),
    ]
    shown = columns[1:] if host else columns
    print_records(invocation.terminal, form, "timers", records, shown, empty="no timers; sweep first")


def show(
    context: typer.Context,
    host: Annotated[str, typer.Argument(help="The host's inventory name.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show one host's newest visit: outcome, system, what could not be read; then its timers."""
    from fleetscan.cli.visits import print_visits
    from fleetscan.errors import UsageError
    from fleetscan.model.ids import HostName

    invocation = invocation_of(context)
    with invocation.store() as store:
        visit = store.visits.latest_visit(HostName(host))
        identities = store.visits.read_identities(HostName(host))
    if visit is None:
        raise UsageError(f"{host!r} was never visited", hint="`fleetscan sweep --limit HOST` visits it")
    print_visits(invocation.terminal, form, (visit,))
    if form is Format.TABLE:
        terminal = invocation.terminal
        terminal.say(f"visited {show_time(visit.started_at)} in sweep {visit.sweep}, {visit.duration_s:.1f} s")
        for identity in identities[-1:]:
            terminal.say(f"machine-id {identity.machine_id or 'unknown'}, host key {identity.host_key or 'unknown'}")
        for gap in visit.coverage.gaps:
            terminal.say(
                f"not read: {gap.area.value} {gap.path or gap.scope or ''}: {gap.status.value}: {gap.reason}",
                style="yellow",
            )
        if visit.hint:
            terminal.say(f"hint: {visit.hint}")
        timers(context, host, Format.TABLE)


def _name(record: "TimerRecord") -> str:
    """Name a timer, and say of it only what is out of the ordinary: scope, another unit started, not running."""
    name = record.unit if record.scope == "system" else f"{record.scope}: {record.unit}"
    odd = [word for word in (record.enabled, record.active) if word not in ("", "enabled", "static", "active")]
    if record.activates and record.activates.rpartition(".")[0] != record.unit.rpartition(".")[0]:
        odd.insert(0, f"starts {record.activates}")
    return f"{name} ({', '.join(odd)})" if odd else name


def _relative(at: object, now: object) -> str:
    from datetime import datetime

    if not isinstance(at, datetime) or not isinstance(now, datetime):
        return "-"
    seconds = (at - now).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if size >= length:
            text = f"{size / length:.0f}{unit}"
            break
    else:
        text = f"{size:.0f}s"
    return f"in {text}" if seconds >= 0 else f"{text} ago"
