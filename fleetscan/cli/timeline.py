"""`fleetscan timeline`: what runs when."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from fleetscan.cli.clock import show_relative, show_time, utc_now
from fleetscan.cli.host_names import count_hosts, name_hosts
from fleetscan.cli.invocation import invocation_of
from fleetscan.cli.options import FormatOption
from fleetscan.cli.output import Column, Format, Terminal, print_records
from fleetscan.export.question_records import TimelineRecord

if TYPE_CHECKING:
    from fleetscan.operations.timeline import Timeline

_HOURS = 24
_MAX_HOURS = 31 * 24
_CHARS = 200
_BASES = {"calendar": "", "list-timers": "", "repeats": "about, "}


def register(app: typer.Typer) -> None:
    """Add this file's command."""
    app.command(
        "timeline",
        epilog="Examples: fleetscan timeline | fleetscan timeline --as root --hours 8 | "
        "fleetscan timeline 'web-*' --format jsonl",
    )(timeline)


def timeline(
    context: typer.Context,
    host: Annotated[
        list[str] | None, typer.Argument(help="Hosts, or globs; all by default.", metavar="[HOST]...")
    ] = None,
    hours: Annotated[int, typer.Option(help="How far to look ahead.", min=1, max=_MAX_HOURS)] = _HOURS,
    user: Annotated[
        list[str] | None,
        typer.Option("--as", help="Only what runs as this user; name or glob, repeat.", metavar="USER"),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tell what timers will run in the next hours: when, as whom, on which hosts.

    Calendars are computed in each host's time zone. What depends on boot or on the last run is known from what systemd
    said was next when the host was visited. Jobs that are the same on several hosts are shown once.
    """
    from fnmatch import fnmatchcase

    from fleetscan.errors import UsageError
    from fleetscan.operations.timeline import TimelineOptions, build_timeline
    from fleetscan.operations.timeline_runs import Window

    now = utc_now()
    invocation = invocation_of(context)
    options = TimelineOptions(
        window=Window(now, now + timedelta(hours=hours)),
        wants_host=lambda name: not host or any(name == p or fnmatchcase(name, p) for p in host),
        wants_user=lambda name: not user or any(fnmatchcase(name, p) for p in user),
    )
    with invocation.store() as store:
        found = build_timeline(store, options)
    if host and not found.hosts:
        raise UsageError(f"no host that was read matches {', '.join(host)}", hint="`fleetscan sweeps show` lists hosts")
    _print_timeline(invocation.terminal, form, found.records)
    if form is Format.TABLE:
        _say_extent(invocation.terminal, found)


def _print_timeline(terminal: Terminal, form: Format, records: Sequence[TimelineRecord]) -> None:
    columns: list[Column[TimelineRecord]] = [
        Column("next", _tell_next),
        Column("runs", lambda r: f"{r.runs}{'+' if r.more_runs else ''}", right=True, no_wrap=True),
        Column("as", lambda r: r.user[:_CHARS] or "-", style=lambda r: "bold" if r.user == "root" else ""),
        Column("what", _tell_what),
        Column("hosts", lambda r: (f"{len(r.hosts)}: " if len(r.hosts) > 1 else "") + name_hosts(r.hosts, 2)),
    ]
    print_records(terminal, form, "timeline", records, columns, empty="nothing runs in that time, as far as was read")


def _tell_next(record: TimelineRecord) -> str:
    lines = [f"{_BASES.get(record.basis, '')}{show_time(record.next_at)}", show_relative(record.next_at, utc_now())]
    if record.latest_next_at != record.next_at:
        lines.append(f"to {show_time(record.latest_next_at)}")
    if record.delay:
        lines.append(f"+ up to {record.delay[:_CHARS]}")
    return _lines(*lines)


def _tell_what(record: TimelineRecord) -> str:
    scope = "" if record.scope == "system" else f" ({record.scope})"
    commands = [command[:_CHARS] for command in record.executes[:2]]
    more = [f"and {len(record.executes) - 2} more"] if len(record.executes) > 2 else []
    return _lines(f"{record.name[:_CHARS]}{scope}", record.schedule[:_CHARS], *commands, *more)


def _lines(*texts: str) -> str:
    """Put texts under one another; a line end that a host put into one is spelled out."""
    return "\n".join(text.replace("\n", "\\n") for text in texts if text)


def _say_extent(terminal: Terminal, found: "Timeline") -> None:
    seen = f", read {show_time(found.oldest_at)} or later" if found.oldest_at is not None else ""
    terminal.say(f"{len(found.records)} jobs on {count_hosts(found.hosts)}{seen}")
    if found.partial:
        terminal.say(f"only partly read, there may be more: {name_hosts(found.partial)}", style="yellow")
